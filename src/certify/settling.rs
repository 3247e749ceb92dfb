//! C5: relaxation is exact, not almost, after as many sweeps as the paths are long.

use num_rational::BigRational;

use super::Options;
use super::evidence::Evidence;
use crate::certificate::digest;
use crate::error::Error;
use crate::scalar::Rational;
use crate::spec::outcome::Update;
use crate::spec::{Limits, Neuron, PerNeuron, PerSynapse, Wiring};
use crate::textbook::plasticity::{bias_change, weight_change};
use crate::textbook::{Equilibrium, relax};
use crate::verdict::{Cell, Claim, Comparison, Tier, Verdict};

/// The cell of C5.
pub(super) struct Settled {
    /// C5, tier Q.
    pub cell: Cell,
    /// The credits after 0, 1, …, depth + 1 sweeps, per example.
    pub sweeps: Vec<Vec<PerNeuron<BigRational>>>,
}

/// Relaxes from a start full of random integers and holds every neuron to its own deadline.
///
/// ```text
/// C5   neuron j is exact after h(j)+1 sweeps; all updates when every neuron with a parameter is:
///      after depth sweeps, unless a neuron that only a bias drives starts a longest path
/// ```
pub(super) fn run(
    wiring: &Wiring,
    evidence: &Evidence<Rational>,
    case_digest: &str,
    options: &Options,
) -> Result<Settled, Error> {
    let Some(heights) = wiring.heights() else {
        let why = "with a cycle relaxation is exact in the limit only, and only where it settles";
        let cell = Cell::not_applicable(Claim::Settling, Tier::Exact, why);
        return Ok(Settled { cell, sweeps: Vec::new() });
    };
    let depth = heights.iter().copied().max().unwrap_or(0);
    // A neuron whose credit moves no parameter need not have settled: the inputs, as a rule. A neuron that only a
    // bias drives may start a longest path itself; then its bias waits for the last sweep.
    let moves = |neuron: &Neuron| !wiring.incoming[*neuron].is_empty() || wiring.has_bias[*neuron];
    let waiting = (0..wiring.neurons()).map(Neuron).filter(moves).map(|neuron| heights[neuron] + 1);
    let deadline = waiting.max().unwrap_or(0);
    let start = digest::start(case_digest, options.seed, wiring).map(Rational::of);
    let mut comparison = Comparison::new();
    let (mut one_fewer, mut late_update) = (false, false);
    let mut all_sweeps = Vec::new();
    for (b, example) in evidence.credit.examples.iter().enumerate() {
        let exact = example.credit.map(|credit| credit.0.clone());
        let mut sweeps = vec![start.clone()];
        for before in 0..=depth {
            let view = evidence.view(example, &sweeps[before]);
            afford_sweep(&view, &options.limits)?;
            sweeps.push(relax::sweep(&view));
        }
        for (count, credit) in sweeps.iter().enumerate() {
            for (neuron, height) in heights.indexed() {
                if count > *height {
                    let place = || {
                        format!("example {b}, credit of neuron {} after {count} sweeps", neuron.0)
                    };
                    comparison.entry(place, &credit[neuron], &exact[neuron]);
                } else if count == depth && count > 0 {
                    // Only the neurons of greatest height are still waiting for the last sweep; the start itself shows nothing.
                    one_fewer |= credit[neuron] != exact[neuron];
                }
            }
        }
        let expected = changes(wiring, &evidence.view(example, &exact));
        let found = changes(wiring, &evidence.view(example, &sweeps[deadline]));
        crate::verdict::bridge::compare_updates(wiring, &found, &expected, &mut comparison);
        // One example that shows it is enough.
        if let (false, Some(early)) = (late_update, deadline.checked_sub(1)) {
            late_update = changes(wiring, &evidence.view(example, &sweeps[early])) != expected;
        }
        all_sweeps.push(sweeps.iter().map(|sweep| sweep.map(Rational::plain)).collect());
    }
    let verdict = match comparison.verdict() {
        Verdict::Agree(_) if !one_fewer => {
            Verdict::Unchecked(crate::certificate::words::NO_SHORT_WITNESS.into())
        }
        verdict => verdict,
    };
    let witness = |seen: bool| {
        if seen {
            "one sweep fewer was wrong"
        } else {
            "this start does not show that one sweep fewer is too few"
        }
    };
    let cell = Cell::checked(Claim::Settling, Tier::Exact, verdict)
        .note(format!(
            "credits after {} sweeps from a random start: {}",
            depth + 1,
            witness(one_fewer)
        ))
        .note(format!("updates after {deadline} sweeps: {}", witness(late_update)));
    Ok(Settled { cell, sweeps: all_sweeps })
}

/// Asks for a sweep before it is done: two products and a sum for each synapse.
///
/// # Errors
/// [`Error::Limit`].
pub(super) fn afford_sweep(view: &Equilibrium<'_, Rational>, limits: &Limits) -> Result<(), Error> {
    for (synapse, ends) in view.wiring.synapses.indexed() {
        let (balance, credit) = (&view.balance_factor[ends.post], &view.credit[ends.post]);
        let cost = view.credit[ends.pre].step(balance, credit);
        let cost = cost.saturating_add(credit.step(&view.parameters.weights[synapse], balance));
        limits.work.charge(cost, "a sweep of credits")?;
    }
    Ok(())
}

/// What plasticity would do now, on one example.
fn changes(wiring: &Wiring, view: &Equilibrium<'_, Rational>) -> Update<Rational> {
    let zero = Rational::zero();
    Update {
        weights: PerSynapse::new(
            wiring.synapses.indexed().map(|(synapse, _)| weight_change(view, synapse)).collect(),
        ),
        biases: PerNeuron::from_fn(wiring.neurons(), |post| {
            if wiring.has_bias[post] { bias_change(view, post) } else { zero.clone() }
        }),
    }
}
