//! The second arbiter: a derivative with no differentiation rule at all (D8).
//!
//! With polynomial activations t ↦ L(W + tH) is a polynomial in t of known degree d, and its
//! values at d + 1 points determine it, its derivative at 0 included.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Zero};

use super::firing::firing;
use crate::error::Error;
use crate::spec::{Activation, Case, Limits, Parameters, PerNeuron, PerSynapse, Wiring};

/// An upper bound on the degree in t of L(W + tH).
///
/// ```text
/// deg s_i = max(1, max_j deg x_j + 1),   deg x_i = deg σ · deg s_i,   deg L = 2 max_k deg x_k
/// ```
///
/// # Errors
/// [`Error::Unsupported`] where some activation is no polynomial, or there is a cycle.
pub fn degree(case: &Case) -> Result<u32, Error> {
    let wiring = Wiring::of(case);
    let order = wiring.order.as_ref().ok_or_else(super::firing::recurrent)?;
    let mut of_rate = PerNeuron::filled(wiring.neurons(), 0_u32);
    for &post in order.iter().filter(|neuron| !wiring.is_input[**neuron]) {
        let presynaptic = wiring.incoming[post].iter().map(|s| of_rate[wiring.synapses[*s].pre]);
        let of_net_input = presynaptic.max().map_or(1, |most| most.saturating_add(1));
        let of_activation = match &wiring.activations[post] {
            Activation::Identity => 1,
            Activation::Square | Activation::Quadratic => 2,
            Activation::Cubic => 3,
            other => {
                return Err(Error::unsupported(format!(
                    "interpolation: {} is no polynomial",
                    other.name()
                )));
            }
        };
        of_rate[post] = of_net_input.saturating_mul(of_activation);
    }
    let output = wiring.outputs.iter().map(|output| of_rate[*output]).max().unwrap_or(0);
    Ok(output.saturating_mul(2))
}

/// The derivative at 0 of t ↦ L(W + tH), from the values at t = 0, 1, …, d.
///
/// ```text
/// p'(0) = Σ_{k=1..d} (−1)^(k+1) C(d,k) (p(k) − p(0)) / k      for every polynomial p of degree ≤ d
/// ```
///
/// # Errors
/// As [`degree`]; [`Error::Limit`].
pub fn along(
    case: &Case,
    direction: &Parameters<BigRational>,
    limits: &Limits,
) -> Result<BigRational, Error> {
    let degree = degree(case)?;
    let wiring = Wiring::of(case);
    let base = Parameters::of(case);
    let at_zero = loss_at(case, &wiring, &base, direction, 0, limits)?;
    let mut derivative = BigRational::zero();
    let mut binomial = BigInt::one();
    for k in 1..=degree {
        binomial = binomial * (degree - k + 1) / k;
        let value = loss_at(case, &wiring, &base, direction, k, limits)? - &at_zero;
        let weight = BigRational::new(binomial.clone(), k.into());
        if k % 2 == 1 {
            derivative += weight * value;
        } else {
            derivative -= weight * value;
        }
    }
    Ok(derivative)
}

fn loss_at(
    case: &Case,
    wiring: &Wiring,
    base: &Parameters<BigRational>,
    direction: &Parameters<BigRational>,
    t: u32,
    limits: &Limits,
) -> Result<BigRational, Error> {
    let t = BigRational::from_integer(t.into());
    let step = |(value, along): (&BigRational, &BigRational)| value + &t * along;
    let moved = Parameters {
        weights: PerSynapse::new(
            base.weights.iter().zip(direction.weights.iter()).map(step).collect(),
        ),
        biases: PerNeuron::new(base.biases.iter().zip(direction.biases.iter()).map(step).collect()),
    };
    let mut squares = BigRational::zero();
    for example in &case.examples {
        let rates = firing(wiring, &moved, &example.input, limits)?.firing_rate;
        for (&output, target) in wiring.outputs.iter().zip(&example.target) {
            let difference = &rates[output] - target;
            squares += &difference * &difference;
        }
    }
    Ok(squares / BigRational::from_integer((2 * case.examples.len()).into()))
}
