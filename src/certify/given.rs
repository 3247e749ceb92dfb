//! Both sides from the same rates, balance factors and external credits.
//!
//! Where σ is transcendental the exact engines cannot evaluate it, but C1 and C2 are still exact identities in
//! W, x, β and e: they are checked with x and β of the float side taken as exact dyadic rationals.
//! The table then reads "given β; slope not checked here".

use crate::error::Error;
#[cfg(feature = "fast")]
use crate::number::{exact_f64, nearest_f64};
use crate::scalar::Rational;
use crate::spec::outcome::{
    Adjoint, BackpropExample, BackpropOutcome, Credit, CreditExample, CreditOutcome, Delta,
    GivenCredit,
};
use crate::spec::{Case, Example, Layered, Limits, Neuron, Parameters, PerNeuron, Wiring};
use crate::textbook::backprop::{self, LayerParameters};
#[cfg(feature = "fast")]
use crate::textbook::equilibrium;
use crate::textbook::{Measure, credit, firing};
use crate::verdict::bridge::same_given;

/// Net inputs, and what the credit rule is given.
pub(crate) struct Equilibrium {
    /// s.
    pub net_input: PerNeuron<Rational>,
    /// x, β and e.
    pub given: GivenCredit<Rational>,
}

/// The equilibrium of one example, exact but for what σ makes of a net input where σ is transcendental.
///
/// s = Wx + b exactly, in topological order. x and β are exact where σ is rational; elsewhere `transcendental` gives them,
/// of the neuron and its net input. e is exact.
pub(crate) fn equilibrium(
    wiring: &Wiring,
    parameters: &Parameters<Rational>,
    (case, example): (&Case, &Example),
    transcendental: impl Fn(Neuron, &Rational) -> Result<(Rational, Rational), Error>,
) -> Result<Equilibrium, Error> {
    let order = wiring.order.as_ref().ok_or_else(firing::recurrent)?;
    let zero = Rational::zero();
    let mut net_input = PerNeuron::filled(wiring.neurons(), zero);
    let mut firing_rate = net_input.clone();
    let mut balance_factor = net_input.clone();
    for (&neuron, input) in wiring.inputs.iter().zip(&example.input) {
        firing_rate[neuron] = input.into();
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
    let target: Vec<_> = example.target.iter().map(Rational::of).collect();
    let external_credit = credit::external_credit(case, wiring, &firing_rate, &target)?;
    let given = GivenCredit { firing_rate, balance_factor, external_credit };
    Ok(Equilibrium { net_input, given })
}

/// The equilibrium of every example, with the float side's rates and balance factors, as exact dyadics.
#[cfg(feature = "fast")]
pub(crate) fn equilibria(case: &Case, wiring: &Wiring) -> Result<Vec<Equilibrium>, Error> {
    let parameters = Parameters::of(case).map(Rational::of);
    if wiring.is_recurrent() {
        return on_cycles(case, wiring, &parameters);
    }
    let witnesses = crate::fast::credit::witnesses(case)?;
    let behind = behind_exact(wiring);
    let examples = witnesses.iter().zip(&case.examples).map(|(float, example)| {
        equilibrium(wiring, &parameters, (case, example), |post, s| {
            if !behind[post] {
                return Ok((
                    (&float.firing_rate[post]).into(),
                    (&float.balance_factor[post]).into(),
                ));
            }
            let nearest = nearest_f64(&s.plain());
            let (activation, kink) = (&wiring.activations[post], wiring.kinks[post]);
            let (rate, factor) = crate::fast::credit::neuron_at(activation, kink, nearest)?;
            let exact =
                |value| exact_f64(value).map(Rational::from).ok_or_else(|| not_finite(post));
            Ok((exact(rate)?, exact(factor)?))
        })
    });
    examples.collect()
}

/// Which neurons listen, however far away, to one whose rate is rational and computed: that rate is exact here and was rounded on the
/// float side, and a sum in which much cancels shows the difference many times over. Their σ is asked at the exact net input.
#[cfg(feature = "fast")]
fn behind_exact(wiring: &Wiring) -> PerNeuron<bool> {
    let mut behind = PerNeuron::filled(wiring.neurons(), false);
    for &post in wiring.order.iter().flatten() {
        behind[post] = wiring.incoming[post].iter().any(|synapse| {
            let pre = wiring.synapses[*synapse].pre;
            behind[pre] || (!wiring.is_input[pre] && wiring.activations[pre].is_exact())
        });
    }
    behind
}

#[cfg(feature = "fast")]
fn not_finite(post: Neuron) -> Error {
    Error::NotFinite { what: format!("the rate of neuron {}", post.0) }
}

/// With a cycle: the float side's equilibrium gives x and β wherever σ is transcendental; the other neurons are evaluated after
/// all that they listen to, and s = Wx + b of every neuron is exact.
#[cfg(feature = "fast")]
fn on_cycles(
    case: &Case,
    wiring: &Wiring,
    parameters: &Parameters<Rational>,
) -> Result<Vec<Equilibrium>, Error> {
    if case.examples.iter().any(|example| example.equilibrium.is_some()) {
        return Err(Error::unsupported(
            "a given equilibrium with tanh, logistic or softplus: it is not rational; leave \"equilibrium\" out",
        ));
    }
    let outcome = crate::fast::recurrent::run::<f64>(case, &Default::default())?;
    let examples = outcome.equilibrium.examples.iter().zip(&case.examples);
    let examples = examples.map(|(float, example)| {
        let float = crate::fast::exact_example(float)?;
        let mut known = wiring.is_input.clone();
        let zero = Rational::zero();
        let mut rate = PerNeuron::filled(wiring.neurons(), zero.clone());
        for (&neuron, input) in wiring.inputs.iter().zip(&example.input) {
            rate[neuron] = input.into();
        }
        for (post, activation) in wiring.activations.indexed() {
            if !wiring.is_input[post] && !activation.is_exact() {
                rate[post] = Rational::of(&float.firing_rate[post]);
                known[post] = true;
            }
        }
        let net_input = |rate: &PerNeuron<Rational>, post: Neuron| {
            wiring.incoming[post].iter().fold(parameters.biases[post].clone(), |sum, &synapse| {
                sum + &parameters.weights[synapse] * &rate[wiring.synapses[synapse].pre]
            })
        };
        let ready = |known: &PerNeuron<bool>, post: Neuron| {
            !known[post] && wiring.incoming[post].iter().all(|s| known[wiring.synapses[*s].pre])
        };
        let neurons = || (0..wiring.neurons()).map(Neuron);
        while let Some(post) = neurons().find(|post| ready(&known, *post)) {
            let s = net_input(&rate, post);
            rate[post] = firing::activate(&wiring.activations[post], wiring.kinks[post], &s)?;
            known[post] = true;
        }
        if known.iter().any(|known| !known) {
            return Err(Error::unsupported(
                "a cycle of neurons with rational activations in a network that also has tanh, logistic or softplus",
            ));
        }
        let mut found = Equilibrium {
            net_input: PerNeuron::filled(wiring.neurons(), zero.clone()),
            given: GivenCredit {
                firing_rate: rate,
                balance_factor: PerNeuron::filled(wiring.neurons(), zero.clone()),
                external_credit: PerNeuron::filled(wiring.neurons(), zero.clone()),
            },
        };
        for post in neurons().filter(|post| !wiring.is_input[*post]) {
            let s = net_input(&found.given.firing_rate, post);
            equilibrium::off_kinks(wiring, post, &s)?;
            found.given.balance_factor[post] = if wiring.activations[post].is_exact() {
                credit::balance_factor(wiring, post, &s, &found.given.firing_rate[post])?
            } else {
                Rational::of(&float.balance_factor[post])
            };
            found.net_input[post] = s;
        }
        let target: Vec<_> = example.target.iter().map(Rational::of).collect();
        let rates = &found.given.firing_rate;
        found.given.external_credit = credit::external_credit(case, wiring, rates, &target)?;
        Ok(found)
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
    parameters: &Parameters<Rational>,
    equilibria: &[Equilibrium],
    limits: &Limits,
) -> Result<CreditOutcome<Rational>, Error> {
    let given: Vec<_> = equilibria.iter().map(|one| one.given.clone()).collect();
    let (credits, update) =
        credit::run_given(wiring, parameters, &(&case.learning_rate).into(), &given, limits)?;
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
    case: &Case,
    net: &Layered,
    equilibria: &[Equilibrium],
    limits: &Limits,
) -> Result<BackpropOutcome<Rational>, Error> {
    let parameters = LayerParameters::of(net)?;
    let given: Vec<_> = equilibria.iter().map(|one| same_given(net, &one.given)).collect();
    let backward = backprop::run_given(&parameters, &given, limits)?;
    let last = net.layers.len();
    let measure = Measure::of(&case.loss, given.len(), net.widths()[last])?;
    let mut loss = Rational::zero();
    for (one, example) in given.iter().zip(&case.examples) {
        let outputs = one.firing_rate[last].iter().cloned();
        let pairs = outputs.zip(example.target.iter().map(Rational::of));
        loss += measure.of_example(pairs, limits)?;
    }
    let loss = loss * Rational::one_over(given.len());
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
    Ok(BackpropOutcome { loss, examples, gradient: backward.gradient })
}
