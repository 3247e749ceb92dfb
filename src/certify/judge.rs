//! Somebody's gradient or update against the truth.

use num_rational::BigRational;
use num_traits::Zero;

use super::gradient::{Rule, gradient};
use crate::certificate::MOST_UNIT_DIRECTIONS;
use crate::check::bounded::{Bound, Bounds, rounding_bound};
use crate::check::judge::{Judge, Judgement, Nearness, Reference, are_those_of};
use crate::check::{bridge, per_block};
use crate::error::Error;
use crate::mutants;
use crate::number::exact_f64;
use crate::progress::{Progress, Silent};
use crate::spec::outcome::Update;
use crate::spec::{Case, Limits, Network, Number, PerBlock, Wiring};
use crate::wire::gradient::{Gradient, Quantity};

/// Judges every entry, and names the known mistakes that would give exactly this result.
///
/// # Errors
/// As [`judgement`].
pub fn judge(
    case: &Case,
    mine: &Gradient,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<(Judgement, Vec<String>), Error> {
    let judgement = judgement(case, mine, limits, progress)?;
    let mut diagnosis = Vec::new();
    if judgement.nearness() == Nearness::Different && case.is_exact() && !case.departs() {
        diagnosis = diagnose(case, mine, limits, progress)?;
    }
    Ok((judgement, diagnosis))
}

/// Judges every entry, block by block.
///
/// The reference is the true gradient of the loss, whatever balance function the case has.
///
/// # Errors
/// As the exact engines; [`Error::Unsupported`] for an exact judgement of a transcendental activation.
pub fn judgement(
    case: &Case,
    mine: &Gradient,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<Judgement, Error> {
    progress.stage("the exact gradient")?;
    let case = &case.under_the_theorem();
    let wiring = Wiring::of(case);
    let truth = Truth::of(case, mine, limits)?;
    let mut judge = Judge::new(mine.number);
    judge.parameters(&per_block(case, &wiring, &mine.entries), truth.entries);
    if let (Some(theirs), Some(loss)) = (&mine.loss, truth.loss) {
        judge.block("loss", false, [("loss".to_owned(), theirs, loss)]);
    }
    if let Some(theirs) = &mine.inputs {
        let rows = theirs.iter().zip(&truth.inputs).enumerate();
        let entries = rows.flat_map(|(b, (row, reference))| {
            row.iter().zip(reference).enumerate().map(move |(k, (theirs, reference))| {
                (format!("inputs: example {b}, input {k}"), theirs, reference.clone())
            })
        });
        judge.block("inputs", false, entries);
    }
    Ok(judge.judgement())
}

/// Which known mistakes give exactly these entries, after rounding to the format they are held in.
fn diagnose(
    case: &Case,
    mine: &Gradient,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<Vec<String>, Error> {
    let mut before = |mutant: &str| progress.stage(&format!("is it the known mistake {mutant}?"));
    let wiring = Wiring::of(case);
    let theirs = per_block(case, &wiring, &mine.entries);
    let is_theirs = |found: &Update<BigRational>| {
        are_those_of(mine.number, &theirs, &per_block(case, &wiring, found), None).is_some()
    };
    let search = match mine.quantity {
        Quantity::Gradient => mutants::diagnose_gradient_by(case, is_theirs, limits, &mut before)?,
        Quantity::Update => mutants::diagnose_by(case, is_theirs, limits, &mut before)?,
    };
    let caveat = search.caveat();
    Ok(search.found.into_iter().map(|diagnosis| diagnosis.sentence).chain(caveat).collect())
}

/// What is right, with bounds where floats are to be judged.
struct Truth {
    entries: PerBlock<Reference>,
    loss: Option<Reference>,
    inputs: Vec<Vec<Reference>>,
}

impl Truth {
    fn of(case: &Case, mine: &Gradient, limits: &Limits) -> Result<Self, Error> {
        let bounds = mine.number.dtype();
        if bounds.is_some() && Wiring::of(case).is_recurrent() {
            return Err(Error::unsupported(
                "judging floats at the equilibrium of a network with a cycle: how far somebody else's iteration went is not known, so no \
                 rounding bound holds for it; give the values exactly (\"number\": \"exact\")",
            ));
        }
        let bounds = bounds.map(|format| rounding_bound(case, format)).transpose()?;
        if case.is_exact() {
            let exact = exact_gradient(case, mine.quantity, limits)?;
            let reference = |value: &BigRational, bound: Option<&Bound>| Reference {
                value: value.clone(),
                is_exact: true,
                bound: bound.map(|bound| bound.bound),
            };
            let wiring = Wiring::of(case);
            let right = per_block(case, &wiring, &exact.entries);
            let entries = match &bounds {
                None => right.map(|value| reference(value, None)),
                Some(bounds) => {
                    let bounds = per_block(case, &wiring, of_quantity(bounds, mine.quantity));
                    right.zip(bounds).map(|(value, bound)| reference(value, Some(bound)))
                }
            };
            let given = exact.inputs.unwrap_or_default();
            let inputs = given.iter().enumerate().map(|(b, row)| {
                let of_example = bounds.as_ref().and_then(|all| all.examples.get(b));
                let inputs = row.iter().zip(&wiring.inputs);
                inputs
                    .map(|(value, n)| reference(value, of_example.map(|e| &e.adjoint[*n])))
                    .collect()
            });
            let inputs = inputs.collect();
            let loss = exact.loss.map(|loss| reference(&loss, bounds.as_ref().map(|b| &b.loss)));
            return Ok(Self { entries, loss, inputs });
        }
        let Some(bounds) = bounds else {
            return Err(Error::unsupported(
                "an exact gradient of tanh, logistic or softplus; say \"number\": \"f64\" or \"f32\" in the file",
            ));
        };
        // No exact value can be had: the centre, and the bound widened by what the centre may be off.
        let centre = |bound: &Bound| Reference {
            value: exact_f64(bound.centre).unwrap_or_else(BigRational::zero),
            is_exact: false,
            bound: Some((bound.bound + bound.radius).next_up()),
        };
        let wiring = Wiring::of(case);
        let inputs = bounds.examples.iter().map(|example| {
            wiring.inputs.iter().map(|neuron| centre(&example.adjoint[*neuron])).collect()
        });
        Ok(Self {
            entries: per_block(case, &wiring, of_quantity(&bounds, mine.quantity)).map(centre),
            loss: Some(centre(&bounds.loss)),
            inputs: inputs.collect(),
        })
    }
}

/// The bounds of what is asked for.
fn of_quantity(bounds: &Bounds, quantity: Quantity) -> &Update<Bound> {
    match quantity {
        Quantity::Gradient => &bounds.gradient,
        Quantity::Update => &bounds.update,
    }
}

/// The gradient of a case under the theorem: by layers where there are layers, else by the arbiter; above its limit by the credit rule,
/// which C2 certifies to be the same.
fn exact_gradient(case: &Case, quantity: Quantity, limits: &Limits) -> Result<Gradient, Error> {
    let rule = match case.network {
        Network::Layered(_) => Rule::Backprop,
        // The arbiter where it is affordable: the credit rule should not be judged by itself.
        Network::Graph(_) if Wiring::of(case).parameters() <= MOST_UNIT_DIRECTIONS => Rule::Tangent,
        Network::Graph(_) => Rule::Credit,
    };
    // −η times the gradient rather than the update itself, so that both quantities have one source.
    let mut found = gradient(case, rule, Number::Exact, Quantity::Gradient, limits, &mut Silent)?;
    if quantity == Quantity::Update {
        found.entries = bridge::update_of_derivatives(&found.entries, &case.learning_rate);
    }
    Ok(found)
}
