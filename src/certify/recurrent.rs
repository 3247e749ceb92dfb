//! C7, tier Q: at this equilibrium the rule is the gradient, because the linear response says so and there is no other credit.

use super::both_sides::linear_response;
use super::evidence::Evidence;
use super::exact::{counting_direction, inner};
use super::gates;
use crate::error::Error;
use crate::scalar::Rational;
use crate::spec::outcome::{CreditExample, GivenCredit};
use crate::spec::{Case, Limits, Neuron};
use crate::textbook::interpolate;
use crate::verdict::bridge::{update_of_derivatives, updates_agree};
use crate::verdict::{Cell, Claim, Comparison, Tier, Verdict};

/// The cell of C7.
///
/// ```text
/// C7   (I − Wᵀ diag β) M = I,   c = M e,   ⟨ΔW, H⟩ = −η dL along every direction H of the arbiter
/// ```
///
/// M is computed apart from the credit, as the transposed linear response. With piecewise-linear activations the derivative along one more
/// direction is found again from values of the loss alone, through the determinant.
pub(super) fn cell(
    case: &Case,
    evidence: &Evidence<Rational>,
    limits: &Limits,
) -> Result<Cell, Error> {
    let Some(inverses) = &evidence.inverses else {
        let why = "the network is feed-forward";
        return Ok(Cell::not_applicable(Claim::Recurrent, Tier::Exact, why));
    };
    let mut comparison = Comparison::new();
    for (b, (example, inverse)) in evidence.credit.examples.iter().zip(inverses).enumerate() {
        let inverse = inverse.credit.iter().map(|row| row.iter().map(Rational::of).collect());
        multiplied_back(evidence, b, example, &inverse.collect::<Vec<_>>(), &mut comparison);
    }
    let mut verdict = comparison.verdict();
    let mut notes = vec![format!(
        "at this equilibrium: I − Wᵀ diag β inverted and multiplied back ({0} × {0}, each example), so the credit is the only one",
        evidence.wiring.neurons()
    )];
    if evidence.evaluated {
        verdict = verdict.and(evidence.along_directions(&evidence.credit.update, limits)?);
        let count = evidence.directions.len();
        notes.push(format!(
            "ΔW against the linear response on dual numbers along {count} directions"
        ));
        if let Some(interpolated) = interpolated(case, evidence, limits)? {
            verdict = verdict.and(interpolated);
            notes.push("and along one more by interpolation through det(I − diag a · W), with no differentiation rule".into());
        }
    } else {
        verdict = verdict.and(against_response(evidence, limits)?);
        notes.push("ΔW against the linear response at the given β".into());
        notes.push(super::exact::GIVEN.into());
    }
    let verdict = match (gates::liveness(&evidence.wiring, &evidence.credit), verdict) {
        (Some(reason), Verdict::Agree(_)) => Verdict::Unchecked(reason),
        (_, verdict) => verdict,
    };
    let mut cell = Cell::checked(Claim::Recurrent, Tier::Exact, verdict);
    cell.notes = notes;
    Ok(cell)
}

/// (I − Wᵀ diag β) M against I, and M e against the credits.
fn multiplied_back(
    evidence: &Evidence<Rational>,
    number: usize,
    example: &CreditExample<Rational>,
    inverse: &[Vec<Rational>],
    comparison: &mut Comparison,
) {
    let wiring = &evidence.wiring;
    for (pre, row) in inverse.iter().enumerate() {
        for (column, entry) in row.iter().enumerate() {
            let mut sum = entry.clone();
            for &synapse in &wiring.outgoing[Neuron(pre)] {
                let post = wiring.synapses[synapse].post;
                let signal = &evidence.parameters.weights[synapse] * &example.balance_factor[post];
                sum -= signal * &inverse[post.0][column];
            }
            let expected = if pre == column { Rational::one() } else { Rational::zero() };
            let place =
                || format!("example {number}, (I − Wᵀ diag β) M at row {pre}, column {column}");
            comparison.entry(place, &sum, &expected);
        }
        let external = row.iter().zip(example.external_credit.iter());
        let credit = external.fold(Rational::zero(), |sum, (entry, e)| sum + entry * e);
        let place = || format!("example {number}, credit of neuron {pre} against M e");
        comparison.entry(place, &example.credit[Neuron(pre)].0, &credit);
    }
}

/// ΔW against −η ⟨∂L_b/∂x_i β_i x_j⟩ of the linear response, where x and β are given.
fn against_response(evidence: &Evidence<Rational>, limits: &Limits) -> Result<Verdict, Error> {
    let given = evidence.credit.examples.iter().map(|example| GivenCredit {
        firing_rate: example.firing_rate.clone(),
        balance_factor: example.balance_factor.clone(),
        external_credit: example.external_credit.clone(),
    });
    let given: Vec<_> = given.collect();
    let (_, gradient) = linear_response(&evidence.wiring, &evidence.parameters, &given, limits)?;
    let expected = update_of_derivatives(&gradient, &evidence.learning_rate);
    Ok(updates_agree(&evidence.wiring, &evidence.credit.update, &expected))
}

/// The second arbiter, where it applies and its one number is not zero.
fn interpolated(
    case: &Case,
    evidence: &Evidence<Rational>,
    limits: &Limits,
) -> Result<Option<Verdict>, Error> {
    let direction = counting_direction(&evidence.wiring);
    let derivative =
        match interpolate::along_equilibrium(case, &direction.map(Rational::plain), limits) {
            Ok(derivative) => Rational::from(derivative),
            Err(Error::Unsupported { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
    let mut comparison = Comparison::new();
    let found = inner(&evidence.credit.update, &direction, limits)?;
    let expected = -(&evidence.learning_rate * derivative);
    comparison.entry(|| "⟨ΔW, H⟩ against interpolation".into(), &found, &expected);
    // One number that happens to be zero says nothing, and is no reason to doubt the others.
    Ok(Some(comparison.verdict()).filter(|verdict| !matches!(verdict, Verdict::Unchecked(_))))
}
