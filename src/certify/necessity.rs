//! C4: with another balance function the rule differs, exactly where the theorem says.

use num_rational::BigRational;
use num_traits::{One, Zero};

use super::Progress;
use super::evidence::Evidence;
use crate::check::{Cell, Claim, Comparison, Tier, Verdict};
use crate::error::Error;
use crate::spec::outcome::{CreditExample, GivenCredit, Update};
use crate::spec::{Case, Limits, Neuron, PerNeuron, PerSynapse, Wiring};
use crate::textbook::credit;

/// Neurons at which f is replaced; each costs a run of the rule.
const MOST_NEURONS: usize = 64;

/// Replaces f at one neuron at a time, on one example, and predicts every entry of the update.
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
    evidence: &Evidence,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<Cell, Error> {
    if case.learning_rate.is_zero() {
        return Ok(unchecked("the learning rate is zero: no balance function could matter"));
    }
    let live =
        evidence.credit.examples.iter().find(|example| receivers(wiring, example).next().is_some());
    let Some(example) = live else {
        return Ok(unchecked("no neuron receives credit: no balance function could matter"));
    };
    let given = GivenCredit {
        firing_rate: example.firing_rate.clone(),
        balance_factor: example.balance_factor.clone(),
        external_credit: example.external_credit.clone(),
    };
    let run = |given: GivenCredit<BigRational>| {
        credit::run_given(wiring, &evidence.parameters, &case.learning_rate, &[given], limits)
    };
    let (_, before) = run(given.clone())?;
    let mut comparison = Comparison::new();
    let (mut tried, mut changed, mut stayed) = (0_usize, 0_usize, 0_usize);
    for neuron in receivers(wiring, example).take(MOST_NEURONS) {
        progress.stage("necessity")?;
        let mut replaced = given.clone();
        replaced.balance_factor[neuron] += BigRational::one();
        let (_, found) = run(replaced)?;
        let expected = predicted(case, wiring, evidence, example, neuron, &before);
        crate::check::bridge::compare_updates(wiring, &found, &expected, &mut comparison);
        let entries = expected.weights.iter().zip(before.weights.iter());
        for (after, before) in entries.chain(expected.biases.iter().zip(before.biases.iter())) {
            if after == before { stayed += 1 } else { changed += 1 }
        }
        tried += 1;
        if expected == before {
            // No bias and only silent presynaptic neurons: the theorem excludes such a neuron.
            tried -= 1;
        }
    }
    if tried == 0 {
        return Ok(unchecked("no neuron with credit has a bias or a firing presynaptic neuron"));
    }
    let mut verdict = comparison.verdict();
    let mut cell_notes = vec![format!(
        "f replaced at {tried} neurons in turn: {changed} entries predicted to change and {stayed} to stay, each exactly"
    )];
    if case.has_own_balance() {
        let (own, note) = own_balance(case, wiring, evidence);
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
    example: &'a CreditExample<BigRational>,
) -> impl Iterator<Item = Neuron> + 'a {
    let neurons = (0..wiring.neurons()).map(Neuron);
    neurons.filter(|n| !wiring.is_input[*n] && !example.credit[*n].0.is_zero())
}

/// The update with β_i + 1 at one neuron, from the update before and the change of β∘c.
fn predicted(
    case: &Case,
    wiring: &Wiring,
    evidence: &Evidence,
    example: &CreditExample<BigRational>,
    replaced: Neuron,
    before: &Update<BigRational>,
) -> Update<BigRational> {
    let mut change = PerNeuron::filled(wiring.neurons(), BigRational::zero());
    let order = wiring.order.as_deref().unwrap_or_default();
    for &pre in order.iter().rev().filter(|neuron| !wiring.is_input[**neuron]) {
        change[pre] = if pre == replaced {
            example.credit[pre].0.clone()
        } else {
            let mut sum = BigRational::zero();
            for &synapse in &wiring.outgoing[pre] {
                let post = wiring.synapses[synapse].post;
                if !change[post].is_zero() {
                    sum += &evidence.parameters.weights[synapse] * &change[post];
                }
            }
            sum * &example.balance_factor[pre]
        };
    }
    let step = |post: Neuron| &case.learning_rate * &change[post];
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

/// A case that brings its own balance function: for B = 1 the theorem says whether C2 holds, and if
/// not, at which neuron it fails for certain.
fn own_balance(case: &Case, wiring: &Wiring, evidence: &Evidence) -> (Verdict, String) {
    let (Some(backprop), [example]) = (&evidence.backprop, evidence.credit.examples.as_slice())
    else {
        let note = "the theorem says \"only if\" for layered cases of one example; this one is not";
        return (Verdict::Agree(crate::check::Compared::default()), note.into());
    };
    let slopes: Vec<BigRational> = std::iter::repeat_n(BigRational::zero(), wiring.inputs.len())
        .chain(backprop.examples.iter().flat_map(|one| one.slope.iter().flatten().cloned()))
        .collect();
    let heights = wiring.heights().unwrap_or_else(|| PerNeuron::filled(wiring.neurons(), 0));
    let wrong = receivers(wiring, example).filter(|n| slopes[n.0] != example.balance_factor[*n]);
    let nearest = wrong.min_by_key(|neuron| heights[*neuron]);
    let reference = evidence.reference_update(case);
    let differs = |neuron: Neuron| {
        reference.as_ref().is_some_and(|reference| {
            let weights = wiring.incoming[neuron].iter();
            weights.into_iter().any(|s| reference.weights[*s] != evidence.credit.update.weights[*s])
                || reference.biases[neuron] != evidence.credit.update.biases[neuron]
        })
    };
    let compared = crate::check::Compared { entries: 1, nonzero: 1 };
    let mismatch = |place: String, found: &str, expected: &str| {
        Verdict::Disagree(crate::check::Mismatch {
            place,
            found: found.into(),
            expected: expected.into(),
            differing: 1,
        })
    };
    match nearest {
        Some(neuron) if differs(neuron) => (
            Verdict::Agree(compared),
            format!(
                "this case: f ≠ σ' at neuron {}, the nearest to the output, and C2 fails there as predicted",
                neuron.0
            ),
        ),
        Some(neuron) => (
            mismatch(
                format!("neuron {}", neuron.0),
                "C2 holds",
                "C2 fails, because f ≠ σ' and c ≠ 0",
            ),
            "this case contradicts the theorem".into(),
        ),
        None if reference.as_ref() == Some(&evidence.credit.update) => (
            Verdict::Agree(compared),
            "this case: f = σ' wherever credit arrives, and C2 holds as predicted".into(),
        ),
        None => (
            mismatch(
                "the update".into(),
                "C2 fails",
                "C2 holds, because f = σ' wherever credit arrives",
            ),
            "this case contradicts the theorem".into(),
        ),
    }
}
