//! C4: with another balance function the rule differs, exactly where the theorem says.

use super::evidence::Evidence;
use crate::error::Error;
use crate::progress::Progress;
use crate::scalar::Rational;
use crate::spec::outcome::{CreditExample, GivenCredit, Update};
use crate::spec::{Case, Limits, Neuron, PerNeuron, PerSynapse, Synapse, Wiring};
use crate::textbook::credit;
use crate::verdict::bridge::updates_agree;
use crate::verdict::{Cell, Claim, Comparison, Mismatch, Tier, Verdict};

/// Neurons at which f is replaced; each costs a run of the rule.
const MOST_NEURONS: usize = 64;

/// Replaces f at one neuron at a time, each on an example in which it matters, and predicts every entry of the update.
///
/// ```text
/// β_i ← β_i + 1:   m_i = c_i,   m_k = β_k Σ_post W_post,k m_post elsewhere,   ΔW_kj changes by η m_k x_j
/// ```
///
/// m is the change of β∘c. It vanishes at every neuron that is not i and has no path to i, so those
/// entries must stay, and i itself changes wherever x_j ≠ 0.
pub(super) fn cell(
    case: &Case,
    wiring: &Wiring,
    evidence: &Evidence<Rational>,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<Cell, Error> {
    if wiring.is_recurrent() {
        let why =
            "stated for feed-forward networks: on a cycle no neuron is the one nearest the output";
        return Ok(Cell::not_applicable(Claim::Necessity, Tier::Exact, why));
    }
    if evidence.learning_rate.is_zero() {
        return Ok(unchecked("the learning rate is zero: no balance function could matter"));
    }
    let examples = &evidence.credit.examples;
    if examples.iter().all(|example| receivers(wiring, example).next().is_none()) {
        return Ok(unchecked("no neuron receives credit: no balance function could matter"));
    }
    let mut comparison = Comparison::new();
    let (mut tried, mut changed, mut stayed) = (0_usize, 0_usize, 0_usize);
    // Of the example that was last in use, the update before.
    let mut last: Option<(usize, Update<Rational>)> = None;
    for (neuron, b) in witnesses(wiring, examples).take(MOST_NEURONS) {
        progress.stage("necessity")?;
        let example = &examples[b];
        let mut given = GivenCredit {
            firing_rate: example.firing_rate.clone(),
            balance_factor: example.balance_factor.clone(),
            external_credit: example.external_credit.clone(),
        };
        let run = |given: &GivenCredit<Rational>| {
            let given = std::slice::from_ref(given);
            credit::run_given(wiring, &evidence.parameters, &evidence.learning_rate, given, limits)
        };
        let before = match last.take() {
            Some((of, before)) if of == b => before,
            _ => run(&given)?.1,
        };
        given.balance_factor[neuron] += Rational::one();
        let (_, found) = run(&given)?;
        let expected = predicted(wiring, evidence, example, neuron, &before);
        crate::verdict::bridge::compare_updates(wiring, &found, &expected, &mut comparison);
        let entries = expected.weights.iter().zip(before.weights.iter());
        for (after, before) in entries.chain(expected.biases.iter().zip(before.biases.iter())) {
            if after == before { stayed += 1 } else { changed += 1 }
        }
        tried += 1;
        last = Some((b, before));
    }
    if tried == 0 {
        return Ok(unchecked("no neuron with credit has a bias or a firing presynaptic neuron"));
    }
    let mut verdict = comparison.verdict();
    let mut cell_notes = vec![format!(
        "f replaced at {tried} neurons in turn: {changed} entries predicted to change and {stayed} to stay, each exactly"
    )];
    if case.departs() {
        let (own, note) = own_rule(case, wiring, evidence, limits)?;
        verdict = verdict.and(own);
        cell_notes.push(note);
    }
    let mut cell = Cell::checked(Claim::Necessity, Tier::Exact, verdict);
    cell.notes = cell_notes;
    Ok(cell)
}

fn unchecked(why: &str) -> Cell {
    Cell::checked(Claim::Necessity, Tier::Exact, Verdict::Unchecked(why.into()))
}

/// The neurons at which a balance function can matter: not clamped, with credit.
fn receivers<'a>(
    wiring: &'a Wiring,
    example: &'a CreditExample<Rational>,
) -> impl Iterator<Item = Neuron> + 'a {
    let neurons = (0..wiring.neurons()).map(Neuron);
    neurons.filter(|n| !wiring.is_input[*n] && !example.credit[*n].0.is_zero())
}

/// Each neuron at which a balance function can matter, with the number of the first example in which it does: it has credit there, and a bias or a firing
/// presynaptic neuron. Which neurons these are does not depend on the order of the examples.
fn witnesses<'a>(
    wiring: &'a Wiring,
    examples: &'a [CreditExample<Rational>],
) -> impl Iterator<Item = (Neuron, usize)> + 'a {
    let neurons = (0..wiring.neurons()).map(Neuron).filter(|neuron| !wiring.is_input[*neuron]);
    neurons.filter_map(move |neuron| {
        let matters = |example: &CreditExample<Rational>| {
            !example.credit[neuron].0.is_zero() && has_premise(wiring, example, neuron)
        };
        examples.iter().position(matters).map(|b| (neuron, b))
    })
}

/// The premise of C4: the neuron has a bias, or some presynaptic neuron fires.
fn has_premise(wiring: &Wiring, example: &CreditExample<Rational>, neuron: Neuron) -> bool {
    let fires = |s: &Synapse| !example.firing_rate[wiring.synapses[*s].pre].is_zero();
    wiring.has_bias[neuron] || wiring.incoming[neuron].iter().any(fires)
}

/// The update with β_i + 1 at one neuron, from the update before and the change of β∘c.
fn predicted(
    wiring: &Wiring,
    evidence: &Evidence<Rational>,
    example: &CreditExample<Rational>,
    replaced: Neuron,
    before: &Update<Rational>,
) -> Update<Rational> {
    let mut change = PerNeuron::filled(wiring.neurons(), Rational::zero());
    let order = wiring.order.as_deref().unwrap_or_default();
    for &pre in order.iter().rev().filter(|neuron| !wiring.is_input[**neuron]) {
        change[pre] = if pre == replaced {
            example.credit[pre].0.clone()
        } else {
            let mut sum = Rational::zero();
            for &synapse in &wiring.returning[pre] {
                let post = wiring.synapses[synapse].post;
                if !change[post].is_zero() {
                    sum += &evidence.parameters.weights[synapse] * &change[post];
                }
            }
            sum * &example.balance_factor[pre]
        };
    }
    let step = |post: Neuron| &evidence.learning_rate * &change[post];
    Update {
        weights: PerSynapse::from_fn(wiring.synapses.len(), |synapse| {
            let ends = wiring.synapses[synapse];
            &before.weights[synapse] + step(ends.post) * &example.firing_rate[ends.pre]
        }),
        biases: PerNeuron::from_fn(wiring.neurons(), |post| {
            if wiring.has_bias[post] {
                &before.biases[post] + step(post)
            } else {
                before.biases[post].clone()
            }
        }),
    }
}

/// A case whose rule is another than the theorem's.
///
/// Restoring f = σ', and adding credit at the outputs, must restore C2 exactly, whatever the batch: the "if" of the theorem. Of a replaced
/// balance function and one example the
/// "only if" says more: if f ≠ σ' at a neuron with credit that has a bias or a firing presynaptic neuron, C2 fails, and it
/// fails at the one nearest the output.
fn own_rule(
    case: &Case,
    wiring: &Wiring,
    evidence: &Evidence<Rational>,
    limits: &Limits,
) -> Result<(Verdict, String), Error> {
    let Some(reference) = evidence.reference_update(case) else {
        let why = "this case: no reference without layers above 200 parameters";
        return Ok((Verdict::Unchecked(why.into()), why.into()));
    };
    let restored = credit::run(&case.under_the_theorem(), limits)?;
    let verdict = updates_agree(wiring, &restored.update, &reference);
    if case.clamps_credit() {
        let note = "this case: with f = σ' and the credit that comes back to outputs added, C2 holds exactly";
        return Ok((verdict, note.into()));
    }
    let note = "this case: with f = σ' restored, C2 holds exactly";
    let [example] = evidence.credit.examples.as_slice() else {
        return Ok((verdict, format!("{note}; the theorem says \"only if\" for one example")));
    };
    let slopes = &restored.examples[0].balance_factor;
    let heights = wiring.heights().unwrap_or_else(|| PerNeuron::filled(wiring.neurons(), 0));
    let wrong: Vec<Neuron> = receivers(wiring, example)
        .filter(|neuron| slopes[*neuron] != example.balance_factor[*neuron])
        .collect();
    if !wrong.iter().all(|neuron| has_premise(wiring, example, *neuron)) {
        return Ok((
            verdict,
            format!(
                "{note}; a neuron with f ≠ σ' has neither a bias nor a firing presynaptic neuron, so the theorem says no more"
            ),
        ));
    }
    let found = &evidence.credit.update;
    let differs = |neuron: Neuron| {
        let weights = wiring.incoming[neuron].iter();
        weights.into_iter().any(|s| reference.weights[*s] != found.weights[*s])
            || reference.biases[neuron] != found.biases[neuron]
    };
    let contradiction = |place: String, found: &str, expected: &str| {
        Verdict::Disagree(Mismatch {
            place,
            found: found.into(),
            expected: expected.into(),
            differing: 1,
        })
    };
    Ok(match wrong.into_iter().min_by_key(|neuron| heights[*neuron]) {
        Some(neuron) if differs(neuron) => (
            verdict,
            format!(
                "{note}; f ≠ σ' at neuron {}, the nearest to the output, and C2 fails there as predicted",
                neuron.0
            ),
        ),
        Some(neuron) => (
            contradiction(
                format!("ΔW onto neuron {}", neuron.0),
                "C2 holds",
                "C2 fails, because f ≠ σ' and c ≠ 0",
            ),
            "this case contradicts the theorem".into(),
        ),
        None if reference == *found => {
            (verdict, format!("{note}; f = σ' wherever credit arrives, and C2 holds as predicted"))
        }
        None => (
            contradiction(
                "the update".into(),
                "C2 fails",
                "C2 holds, because f = σ' wherever it matters",
            ),
            "this case contradicts the theorem".into(),
        ),
    })
}
