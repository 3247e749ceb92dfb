//! The same two engines modulo primes, and the Chinese remainder theorem: as exact, and faster where there is much to do.

use num_rational::BigRational;
use num_traits::One;

use super::{Computed, Quantity, Rule, asked_for};
use crate::certify::squared::as_half_squared;
use crate::error::Error;
use crate::modular::exact::{self, Scaled};
use crate::modular::recurrent;
use crate::progress::Progress;
use crate::scalar::Scalar;
use crate::spec::outcome::{CreditOutcome, Update};
use crate::spec::{Activation, Case, Dense, Limits, Loss, Neuron, PerNeuron, PerSynapse, Wiring};
use crate::verdict::bridge::{derivatives_at, gradient_of_update};

/// Parameters times examples from which on primes are used; below, fractions take a few milliseconds at most.
const MANY: usize = 1_000;

/// The case as floats, if it is large enough and every part of it has a meaning modulo primes.
pub(super) fn served(case: &Case, rule: Rule) -> Option<Dense> {
    let plain = rule == Rule::Backprop || (rule == Rule::Credit && !case.has_own_balance());
    let plain = plain && case.loss.is_polynomial();
    let mut dense = Dense::of(case).filter(|_| plain)?;
    // Backpropagation differentiates the loss, whatever the balance function.
    dense.layers.iter_mut().for_each(|layer| layer.balance = None);
    let many = dense.parameters() * dense.batch() >= MANY;
    (many && case.activations().all(exact::serves)).then_some(dense)
}

/// Neurons on which the credit of a network with a cycle is solved by lifting; fewer take milliseconds in fractions.
const MANY_NEURONS: usize = 24;

/// Whether the credit rule runs by lifting: many straight neurons with a cycle, whose equilibrium is to be found.
pub(super) fn lifted(case: &Case, rule: Rule) -> bool {
    let wiring = Wiring::of(case);
    rule == Rule::Credit
        && !matches!(case.loss, Loss::Reduced { .. })
        && wiring.is_recurrent()
        && wiring.neurons() - wiring.inputs.len() >= MANY_NEURONS
        && case.examples.iter().all(|example| example.equilibrium.is_none())
        && case
            .activations()
            .chain(wiring.balances.iter().flatten())
            .all(Activation::is_piecewise_linear)
}

/// The credit rule at the equilibrium of a large network, by lifting.
pub(super) fn at_equilibrium(
    case: &Case,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<CreditOutcome<BigRational>, Error> {
    let mut watch = |stage: &str| progress.stage(stage);
    let recurrent::Outcome { examples, update, .. } = recurrent::run(case, limits, &mut watch)?;
    Ok(CreditOutcome { examples, update })
}

/// One engine's gradient or update.
pub(super) fn run(
    case: &Case,
    dense: &Dense,
    rule: Rule,
    quantity: Quantity,
    progress: &mut dyn Progress,
) -> Result<Computed, Error> {
    let mut watch = |stage: &str, done: usize, of: usize| {
        progress.stage(&format!("{stage}, {} of {of}", (done + 1).min(of)))
    };
    let engine = match rule {
        Rule::Credit => exact::Rule::Credit,
        Rule::Backprop | Rule::Tangent => exact::Rule::Backprop,
    };
    let (times, squares) = as_half_squared(dense, "the engines modulo primes")?;
    let found = exact::run(&squares, engine, &mut watch)?;
    let times = |value: BigRational| if times.is_one() { value } else { value * &times };
    let entry = |scaled: &Scaled, at: usize| times(scaled.rational(at));
    let all = |scaled: &Scaled| (0..scaled.len()).map(|at| entry(scaled, at)).collect::<Vec<_>>();
    let zero = <BigRational as Scalar>::zero;
    let mut weights = Vec::new();
    let mut biases = vec![zero(); dense.inputs.cols];
    for layer in &found.layers {
        weights.extend(all(&layer.weights));
        biases.extend(layer.biases.as_ref().map_or_else(|| vec![zero(); layer.weights.rows], all));
    }
    let entries = Update { weights: PerSynapse::new(weights), biases: PerNeuron::new(biases) };
    let batch = dense.batch();
    let of_example = |example: usize| -> Vec<_> {
        (0..dense.inputs.cols).map(|pre| entry(&found.inputs, pre * batch + example)).collect()
    };
    let at_inputs: Vec<_> = (0..batch).map(of_example).collect();
    let (gradient, inputs) = match engine {
        exact::Rule::Backprop => (Some(entries), at_inputs),
        exact::Rule::Credit => {
            let neurons: Vec<_> = (0..dense.inputs.cols).map(Neuron).collect();
            let credits: Vec<_> = at_inputs.into_iter().map(PerNeuron::new).collect();
            let one = <BigRational as Scalar>::one();
            (gradient_of_update(&entries, &one), derivatives_at(&neurons, &credits))
        }
    };
    let gradient = gradient.ok_or_else(|| Error::unsupported("a gradient at learning rate 0"))?;
    let loss = times(found.loss.clone());
    Ok(Computed { loss, entries: asked_for(gradient, quantity, case), inputs })
}
