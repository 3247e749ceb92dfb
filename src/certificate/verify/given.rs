//! D1 and D2 where σ is not rational: the rate and the balance factor that are given, held to σ and σ'.
//!
//! ```text
//! |x − σ(s)|  ≤ u ((k + 2) S₁ T + 8|x|) + (k + 2) 2⁻¹⁰⁷⁴      u = 2⁻⁵³, k terms of s, T the sum of their magnitudes
//! |β − σ'(s)| ≤ u ((k + 2) S₂ T + 8m) + (k + 2) 2⁻¹⁰⁷⁴        m = 1 where the slope cancels, else |β|
//! ```
//!
//! That is what one rounding of each number, product and sum allows, with eight half units for σ itself; nothing that was computed
//! otherwise comes near it. S₁ and S₂ are upper bounds of |σ'| and |σ″|.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use super::fold::bits;
use super::interval::{Enclosure, enclosed};
use super::{Ground, Refusal, refusal};
use crate::spec::work::reduced;
use crate::spec::{Class, Neuron, Transcendental};

/// What is left between the given values and σ: the largest distances, and of each the share of what is allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// How many neurons, each example, have a rate that is given.
    pub neurons: usize,
    /// The smallest m with |x − σ(s)| ≤ 2^m at all of them.
    pub rates_within: i64,
    /// The same of |β − σ'(s)|.
    pub factors_within: i64,
    /// The largest |x − σ(s)| or |β − σ'(s)| in 2⁻¹⁶ of what is allowed.
    pub share: u64,
}

/// Bits of both parts of an end of an enclosure; the work at one neuron is that of a few fractions of this size and the given ones.
const ENDS: u64 = 2 * 1432;

/// The smallest power that is told: nothing given is nearer than the enclosures can see.
const LEAST: i64 = -1074;

impl Given {
    /// The larger of both in every respect.
    pub fn and(self, other: Self) -> Self {
        if self.neurons == 0 || other.neurons == 0 {
            return if self.neurons == 0 { other } else { self };
        }
        Self {
            neurons: self.neurons + other.neurons,
            rates_within: self.rates_within.max(other.rates_within),
            factors_within: self.factors_within.max(other.factors_within),
            share: self.share.max(other.share),
        }
    }
}

/// Confirms the rate and the balance factor of a neuron whose σ is not rational.
pub fn check(ground: &Ground<'_>, number: usize, post: Neuron) -> Result<Given, Refusal> {
    let wiring = &ground.wiring;
    let witness = &ground.certificate.witnesses.examples[number];
    let activation = &wiring.activations[post];
    let net_input = &witness.net_input[post];
    let largest = bits(net_input).max(bits(&witness.firing_rate[post]));
    let largest = largest.max(bits(&witness.balance_factor[post]));
    if !ground.account.grants(reduced(largest.saturating_add(ENDS), 0, 0).saturating_mul(8)) {
        return Ok(Given::default());
    }
    let Class::Transcendental(function) = activation.class() else {
        return Ok(Given::default());
    };
    let (of_rate, of_slope) = enclosed(function, net_input);
    let mut terms = ground.account.sum();
    terms.add(&ground.parameters.biases[post].abs());
    for &synapse in &wiring.incoming[post] {
        let pre = wiring.synapses[synapse].pre;
        let term =
            ground.account.product(&ground.parameters.weights[synapse], &witness.firing_rate[pre]);
        terms.add(&term.abs());
    }
    let terms = terms.total();
    let roundings = BigInt::from(wiring.incoming[post].len() + 1 + 2);
    let (rate, factor) = (&witness.firing_rate[post], &witness.balance_factor[post]);
    let (first, second, cancels) = bounds(function);
    let scale = if cancels { BigRational::one() } else { factor.abs() };
    let allowed = |slope: BigRational, scale: BigRational| {
        let relative = slope * &terms * &roundings + scale * BigInt::from(8);
        relative * power(-53) + BigRational::from_integer(roundings.clone()) * power(LEAST)
    };
    let rate = held("D1", "rate", rate, &of_rate, &allowed(first, rate.abs()), (number, post))?;
    let factor =
        held("D2", "balance factor", factor, &of_slope, &allowed(second, scale), (number, post))?;
    Ok(Given {
        neurons: 1,
        rates_within: rate.0,
        factors_within: factor.0,
        share: rate.1.max(factor.1),
    })
}

/// Upper bounds of |σ'| and |σ″|, and whether the slope is a difference of numbers of the size of 1.
fn bounds(function: Transcendental) -> (BigRational, BigRational, bool) {
    let ratio = |p: i32, q: i32| BigRational::new(p.into(), q.into());
    match function {
        // 4/(3√3) = .7698…
        Transcendental::Tanh => (ratio(1, 1), ratio(77, 100), true),
        // 1/(6√3) = .09622…
        Transcendental::Logistic => (ratio(1, 4), ratio(963, 10_000), true),
        Transcendental::Softplus => (ratio(1, 1), ratio(1, 4), false),
    }
}

/// Refuses a value farther off than is allowed; else the power of two that its distance does not exceed, and its share of the allowance.
fn held(
    equation: &str,
    what: &str,
    value: &BigRational,
    truth: &Enclosure,
    allowed: &BigRational,
    (number, post): (usize, Neuron),
) -> Result<(i64, u64), Refusal> {
    let distance = truth.farthest(value);
    if distance > *allowed {
        let exponent = |value: &BigRational| format!("2^{}", at_most(value));
        let place = format!("example {number}, {what} of neuron {}", post.0);
        let found = format!("{}, off by up to {}", super::shown(value), exponent(&distance));
        let expected = format!("at most {} from the function", exponent(allowed));
        return Err(refusal(equation, place, found, expected));
    }
    let share = (distance.clone() * BigInt::from(1 << 16) / allowed).ceil().to_integer();
    let share = u64::try_from(share).unwrap_or(u64::MAX);
    Ok((at_most(&distance), share))
}

/// The smallest m with value ≤ 2^m, but no smaller than that of the smallest float.
fn at_most(value: &BigRational) -> i64 {
    if value.is_zero() {
        return LEAST;
    }
    let bits = |n: &BigInt| i64::try_from(n.bits()).unwrap_or(i64::MAX / 4);
    let estimate = bits(value.numer()) - bits(value.denom());
    // 2^(estimate − 1) < value < 2^(estimate + 1)
    let m = if *value <= power(estimate) { estimate } else { estimate + 1 };
    m.max(LEAST)
}

/// 2^exponent
fn power(exponent: i64) -> BigRational {
    let magnitude = BigInt::one() << exponent.unsigned_abs();
    if exponent >= 0 {
        BigRational::from_integer(magnitude)
    } else {
        BigRational::new(BigInt::one(), magnitude)
    }
}
