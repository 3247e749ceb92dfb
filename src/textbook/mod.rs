//! The exact side: the definitions as printed, generic over [`Scalar`].
//!
//! One engine, one file. [`credit`] sees a graph with an equilibrium, [`backprop`] a list of
//! layers with its own forward pass, [`tangent`] and [`interpolate`] know only the loss.
//! [`relax`] and [`plasticity`] are the local rule: they get every number through a [`View`].

pub mod backprop;
pub mod credit;
mod directions;
mod elimination;
pub mod equilibrium;
pub mod feedback_alignment;
pub mod firing;
pub mod interpolate;
mod loss;
pub mod plasticity;
pub mod relax;
pub mod response;
pub mod stack;
pub mod tangent;
pub mod temporal;
mod view;

use num_rational::BigRational;

use crate::error::Error;
use crate::scalar::Scalar;
use crate::spec::{Activation, Class, Limits, Parameters};

pub(crate) use loss::Measure;
pub use view::{Equilibrium, Recorder, View};

/// The image of a rational in the ring of the engine, or the reason why there is none.
pub(crate) fn embed<S: Scalar>(value: &BigRational, what: &str) -> Result<S, Error> {
    S::from_rational(value).ok_or_else(|| {
        Error::unsupported(format!("{what}: {value} has no image in this number type"))
    })
}

/// The parameters of a case in the ring of the engine.
///
/// # Errors
/// [`Error::Unsupported`] where a number has no image in the ring (a denominator divisible by p).
pub fn embed_parameters<S: Scalar>(
    parameters: &Parameters<BigRational>,
) -> Result<Parameters<S>, Error> {
    let weights = parameters.weights.iter().map(|weight| embed(weight, "a weight"));
    let biases = parameters.biases.iter().map(|bias| embed(bias, "a bias"));
    Ok(Parameters {
        weights: crate::spec::PerSynapse::new(weights.collect::<Result<_, _>>()?),
        biases: crate::spec::PerNeuron::new(biases.collect::<Result<_, _>>()?),
    })
}

/// Refuses an intermediate result that has grown beyond the limit.
pub(crate) fn within<S: Scalar>(value: &S, limits: &Limits, what: &str) -> Result<(), Error> {
    let given = value.bits();
    if given > limits.bits {
        return Err(Error::Limit { what: format!("bits of {what}"), given, limit: limits.bits });
    }
    Ok(())
}

/// Asks the budget for `sum + left · right`, before it is computed.
pub(crate) fn afford<S: Scalar>(
    sum: &S,
    left: &S,
    right: &S,
    limits: &Limits,
    what: &str,
) -> Result<(), Error> {
    limits.work.charge(sum.step(left, right), what)
}

/// Asks the budget for σ(s), σ'(s) or f(s): a comparison or two on straight pieces, a few products elsewhere, and series of them.
pub(crate) fn afford_function<S: Scalar>(
    activation: &Activation,
    s: &S,
    limits: &Limits,
) -> Result<(), Error> {
    /// As many as the longest formula has, s (1 − s²/3) with its growing powers.
    const PRODUCTS: u64 = 4;
    /// The terms of a few exponential series.
    const SERIES: u64 = 512;
    let cost = match activation.class() {
        Class::Straight(_) => s.step(s, &S::one()),
        Class::Curved(_) | Class::Quotient => s.step(s, s).saturating_mul(PRODUCTS),
        Class::Transcendental(_) => s.step(s, s).saturating_mul(SERIES),
    };
    limits.work.charge(cost, activation.name())
}

/// Refuses more numbers of all neurons and examples than the limit, before memory for any is taken.
pub(crate) fn holds(factors: &[usize], limits: &Limits, what: &str) -> Result<(), Error> {
    let product = |all: u64, factor: &usize| all.saturating_mul(*factor as u64);
    let given = factors.iter().fold(1, product);
    if given > limits.values {
        let limit = limits.values;
        return Err(Error::Limit { what: format!("numbers of {what}"), given, limit });
    }
    Ok(())
}

/// Refuses more numbers of a rule over time than the limit, before memory for any is taken.
pub(crate) fn fits(factors: &[usize], limits: &Limits, what: &str) -> Result<(), Error> {
    let product = |all: u64, factor: &usize| all.saturating_mul(*factor as u64);
    let given = factors.iter().fold(1, product);
    if given > limits.temporal_values {
        let limit = limits.temporal_values;
        return Err(Error::Limit { what: format!("numbers of {what}"), given, limit });
    }
    Ok(())
}

pub(crate) fn no_sign(what: &str) -> Error {
    Error::unsupported(format!(
        "{what} needs the sign of a number, and this number type has no order"
    ))
}
