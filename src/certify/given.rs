//! Both sides from the same rates, balance factors and external credits.
//!
//! Where σ is transcendental the exact engines cannot evaluate it, but C1 and C2 are still exact identities in
//! W, x, β and e: they are checked with x and β of the float side taken as exact dyadic rationals.
//! The table then reads "given β; slope not checked here".

use num_rational::BigRational;

use crate::check::bridge::same_given;
use crate::error::Error;
use crate::spec::outcome::{
    Adjoint, BackpropExample, BackpropOutcome, Credit, CreditExample, CreditOutcome, Delta,
    GivenCredit,
};
use crate::spec::{Case, Example, Layered, Limits, Neuron, Parameters, PerNeuron, Wiring};
use crate::textbook::backprop::{self, LayerParameters};
use crate::textbook::{credit, firing};

/// Net inputs, and what the credit rule is given.
pub(crate) struct Equilibrium {
    /// s.
    pub net_input: PerNeuron<BigRational>,
    /// x, β and e.
    pub given: GivenCredit<BigRational>,
}

/// The equilibrium of one example, exact but for what σ makes of a net input where σ is transcendental.
///
/// s = Wx + b exactly, in topological order. x and β are exact where σ is rational; elsewhere `transcendental` gives them,
/// of the neuron and its net input. e = t − x is exact.
pub(crate) fn equilibrium(
    wiring: &Wiring,
    parameters: &Parameters<BigRational>,
    example: &Example,
    transcendental: impl Fn(Neuron, &BigRational) -> Result<(BigRational, BigRational), Error>,
) -> Result<Equilibrium, Error> {
    let order = wiring.order.as_ref().ok_or_else(firing::recurrent)?;
    let zero = BigRational::from_integer(0.into());
    let mut net_input = PerNeuron::filled(wiring.neurons(), zero);
    let mut firing_rate = net_input.clone();
    let mut balance_factor = net_input.clone();
    let mut external_credit = net_input.clone();
    for (&neuron, input) in wiring.inputs.iter().zip(&example.input) {
        firing_rate[neuron] = input.clone();
    }
    for &post in order.iter().filter(|neuron| !wiring.is_input[**neuron]) {
        let mut sum = parameters.biases[post].clone();
        for &synapse in &wiring.incoming[post] {
            sum += &parameters.weights[synapse] * &firing_rate[wiring.synapses[synapse].pre];
        }
        let activation = &wiring.activations[post];
        let (rate, factor) = if activation.is_exact() {
            let rate = firing::activate(activation, wiring.kinks[post], &sum)?;
            let factor = credit::balance_factor(wiring, post, &sum, &rate)?;
            (rate, factor)
        } else {
            transcendental(post, &sum)?
        };
        (net_input[post], firing_rate[post], balance_factor[post]) = (sum, rate, factor);
    }
    for (&output, target) in wiring.outputs.iter().zip(&example.target) {
        external_credit[output] = target - &firing_rate[output];
    }
    let given = GivenCredit { firing_rate, balance_factor, external_credit };
    Ok(Equilibrium { net_input, given })
}

/// The equilibrium of every example, with the float side's rates and balance factors, as exact dyadics.
#[cfg(feature = "fast")]
pub(crate) fn equilibria(case: &Case, wiring: &Wiring) -> Result<Vec<Equilibrium>, Error> {
    let parameters = Parameters::of(case);
    let witnesses = crate::fast::credit::witnesses(case)?;
    let examples = witnesses.iter().zip(&case.examples).map(|(float, example)| {
        equilibrium(wiring, &parameters, example, |post, _| {
            Ok((float.firing_rate[post].clone(), float.balance_factor[post].clone()))
        })
    });
    examples.collect()
}

/// Without the float side nobody computes the rates.
#[cfg(not(feature = "fast"))]
pub(crate) fn equilibria(_: &Case, _: &Wiring) -> Result<Vec<Equilibrium>, Error> {
    Err(Error::unsupported(
        "tanh, logistic and softplus need rates from the float side; build with the feature \"fast\"",
    ))
}

/// The credit rule on given equilibria.
pub(crate) fn credit_outcome(
    case: &Case,
    wiring: &Wiring,
    parameters: &Parameters<BigRational>,
    equilibria: &[Equilibrium],
    limits: &Limits,
) -> Result<CreditOutcome<BigRational>, Error> {
    let given: Vec<_> = equilibria.iter().map(|one| one.given.clone()).collect();
    let (credits, update) =
        credit::run_given(wiring, parameters, &case.learning_rate, &given, limits)?;
    let examples = equilibria.iter().zip(credits).map(|(one, credit)| CreditExample {
        net_input: one.net_input.clone(),
        firing_rate: one.given.firing_rate.clone(),
        balance_factor: one.given.balance_factor.clone(),
        external_credit: one.given.external_credit.clone(),
        credit: credit.map(|c| Credit(c.clone())),
    });
    Ok(CreditOutcome { examples: examples.collect(), update })
}

/// Backpropagation on given equilibria: slopes are the given balance factors.
pub(crate) fn backprop_outcome(
    net: &Layered,
    equilibria: &[Equilibrium],
    limits: &Limits,
) -> Result<BackpropOutcome<BigRational>, Error> {
    let parameters = LayerParameters::of(net)?;
    let given: Vec<_> = equilibria.iter().map(|one| same_given(net, &one.given)).collect();
    let backward = backprop::run_given(&parameters, &given, limits)?;
    let mut squares = BigRational::from_integer(0.into());
    for one in &given {
        for error in &one.output_adjoint {
            squares += error * error;
        }
    }
    let halves = BigRational::from_integer((2 * given.len().max(1)).into());
    let offsets = net.offsets();
    let examples =
        given.into_iter().zip(equilibria).zip(backward.adjoint.into_iter().zip(backward.delta));
    let examples = examples.map(|((given, one), (adjoint, delta))| BackpropExample {
        net_input: net
            .layers
            .iter()
            .zip(offsets.iter().skip(1))
            .map(|(layer, &first)| one.net_input.as_slice()[first..first + layer.width()].to_vec())
            .collect(),
        firing_rate: given.firing_rate,
        slope: given.slope,
        adjoint: adjoint.into_iter().map(|l| l.into_iter().map(Adjoint).collect()).collect(),
        delta: delta.into_iter().map(|l| l.into_iter().map(Delta).collect()).collect(),
    });
    let examples = examples.collect();
    Ok(BackpropOutcome { loss: squares / halves, examples, gradient: backward.gradient })
}
