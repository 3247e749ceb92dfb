//! The firing equilibrium of a feed-forward graph (D1).

use std::cmp::Ordering;

use num_rational::BigRational;

use super::{afford, afford_function, embed, no_sign, within};
use crate::error::Error;
use crate::scalar::Scalar;
use crate::spec::outcome::Firing;
use crate::spec::{
    Activation, Kink, Limits, Neuron, Parameters, PerNeuron, Transcendental, Wiring,
};

/// The firing equilibrium of one example.
///
/// ```text
/// D1   s_i = Σ_j W_ij x_j + b_i,   x_i = σ_i(s_i),   inputs clamped
/// ```
///
/// Each neuron is evaluated once, after all its presynaptic neurons; synchronous sweeps would
/// reach the same values after as many sweeps as the longest path has edges.
///
/// # Errors
/// [`Error::Unsupported`] for a network with a cycle, for an activation that this number type
/// cannot evaluate; [`Error::Limit`] when numbers grow beyond the limit.
pub fn firing<S: Scalar>(
    wiring: &Wiring,
    parameters: &Parameters<S>,
    input: &[S],
    limits: &Limits,
) -> Result<Firing<S>, Error> {
    firing_with(wiring, parameters, input, limits, |_, rate| rate)
}

/// [`firing`], with every rate passed through `disturb` before anybody sees it.
///
/// # Errors
/// As [`firing`].
pub fn firing_with<S: Scalar>(
    wiring: &Wiring,
    parameters: &Parameters<S>,
    input: &[S],
    limits: &Limits,
    disturb: impl Fn(Neuron, S) -> S,
) -> Result<Firing<S>, Error> {
    let order = wiring.order.as_ref().ok_or_else(recurrent)?;
    let mut net_input = PerNeuron::filled(wiring.neurons(), S::zero());
    let mut firing_rate = PerNeuron::filled(wiring.neurons(), S::zero());
    for (&neuron, rate) in wiring.inputs.iter().zip(input) {
        firing_rate[neuron] = disturb(neuron, rate.clone());
    }
    for &post in order.iter().filter(|neuron| !wiring.is_input[**neuron]) {
        let mut sum = parameters.biases[post].clone();
        for &synapse in &wiring.incoming[post] {
            let pre = wiring.synapses[synapse].pre;
            afford(&sum, &parameters.weights[synapse], &firing_rate[pre], limits, "a net input")?;
            sum = sum + &(parameters.weights[synapse].clone() * &firing_rate[pre]);
        }
        within(&sum, limits, "a net input")?;
        afford_function(&wiring.activations[post], &sum, limits)?;
        let rate = activate(&wiring.activations[post], wiring.kinks[post], &sum)?;
        within(&rate, limits, "a firing rate")?;
        net_input[post] = sum;
        firing_rate[post] = disturb(post, rate);
    }
    Ok(Firing { net_input, firing_rate })
}

/// The answer of what goes from neuron to neuron in order: with a cycle there is none, and the rates are those of an equilibrium.
pub(crate) fn recurrent() -> Error {
    Error::unsupported(
        "neuron by neuron a network with a cycle, which has no such order: its rates are those of an equilibrium",
    )
}

/// σ(s). At a kink both pieces have the same value but not the same dual part: the piece is
/// chosen by the convention of D0.
pub(crate) fn activate<S: Scalar>(activation: &Activation, kink: Kink, s: &S) -> Result<S, Error> {
    let no_value = || {
        Error::unsupported(format!(
            "{} of a rational is not rational: the exact engines take its rates and balance factors as given",
            activation.name()
        ))
    };
    match activation {
        Activation::Identity => Ok(s.clone()),
        Activation::Relu => pieces(s, &S::zero(), (kink, End::Lower), |_| S::zero(), S::clone),
        Activation::LeakyRelu { slope } => {
            let slope: S = embed(slope, "the slope of leaky_relu")?;
            pieces(s, &S::zero(), (kink, End::Lower), |s| slope.clone() * s, S::clone)
        }
        Activation::HardTanh { min, max } => {
            let (min, max): (S, S) =
                (embed(min, "min of hard_tanh")?, embed(max, "max of hard_tanh")?);
            let lower = pieces(s, &min, (kink, End::Lower), |_| min.clone(), S::clone)?;
            // Above min the lower kink has passed `s` through unchanged; at or below it the
            // value is min < max, so the upper kink cannot be met twice.
            pieces(&lower, &max, (kink, End::Upper), S::clone, |_| max.clone())
        }
        Activation::Square => Ok(s.clone() * s),
        Activation::Quadratic => Ok(s.clone() * s + s),
        Activation::Cubic => {
            let third: S = embed(&BigRational::new(1.into(), 3.into()), "the 1/3 of cubic")?;
            Ok(s.clone() - &(third * s * s * s))
        }
        Activation::Softsign => {
            let magnitude = match s.sign().ok_or_else(|| no_sign("softsign"))? {
                Ordering::Less => -s.clone(),
                _ => s.clone(),
            };
            let reciprocal =
                (S::one() + &magnitude).try_recip().ok_or_else(|| no_sign("softsign"))?;
            Ok(reciprocal * s)
        }
        Activation::EluRational => match s.sign().ok_or_else(|| no_sign("elu_rational"))? {
            Ordering::Greater => Ok(s.clone()),
            // Both pieces have the slope 1 at 0: either may serve there.
            Ordering::Less | Ordering::Equal => {
                let reciprocal =
                    (S::one() - s).try_recip().ok_or_else(|| no_sign("elu_rational"))?;
                Ok(s.clone() * &reciprocal)
            }
        },
        Activation::Tanh => s.transcendental(Transcendental::Tanh).ok_or_else(no_value),
        Activation::Logistic => s.transcendental(Transcendental::Logistic).ok_or_else(no_value),
        Activation::Softplus => s.transcendental(Transcendental::Softplus).ok_or_else(no_value),
    }
}

/// Which end of the straight piece in the middle a kink is; an only kink is the lower end of what has no upper.
#[derive(Clone, Copy)]
enum End {
    Lower,
    Upper,
}

/// A function with one kink: `left` below it, `right` above it, and on it the mixture of both that the convention names.
fn pieces<S: Scalar>(
    s: &S,
    at: &S,
    (kink, end): (Kink, End),
    left: impl Fn(&S) -> S,
    right: impl Fn(&S) -> S,
) -> Result<S, Error> {
    let side = (s.clone() - at).sign().ok_or_else(|| no_sign("a kinked activation"))?;
    let convention = match side {
        Ordering::Less => return Ok(left(s)),
        Ordering::Greater => return Ok(right(s)),
        Ordering::Equal => (kink, end),
    };
    match convention {
        (Kink::Left, _) | (Kink::Inner, End::Upper) | (Kink::Outer, End::Lower) => Ok(left(s)),
        (Kink::Right, _) | (Kink::Inner, End::Lower) | (Kink::Outer, End::Upper) => Ok(right(s)),
        (Kink::Mean, _) => {
            let half: S =
                embed(&BigRational::new(1.into(), 2.into()), "the 1/2 of the mean convention")?;
            Ok((left(s) + &right(s)) * &half)
        }
        (Kink::Between(share), _) => {
            let share: S = embed(&share.exact(), "the share of a kink convention")?;
            Ok((S::one() - &share) * &left(s) + &(share * &right(s)))
        }
    }
}
