//! HOW, in floats: the credit rule and backpropagation by blocks, batched, through faer.
//!
//! [`credit`] is the layered credit rule, [`relax`] the same rule on any feed-forward
//! graph, [`recurrent`] the same rule at the equilibrium of any graph (D9), [`backprop`] is D5–D7. Each has its own forward pass, its own σ, its own fold over
//! the batch and its own handling of biases; they share the type of number, the
//! data of a [`Network`] and faer's product, whose shapes are checked before
//! and whose result is checked for finiteness after.
//!
//! Exactness: none is promised here. On lattice inputs every result is exact
//! ([`crate::verdict::lattice`]); elsewhere the distance to the exact result is
//! bounded by computation ([`crate::verdict::bounded`], which also states how accurate tanh,
//! logistic and softplus of this room are assumed to be; the tests hold them to it). The bits do not depend on the
//! number of [`Threads`]. They may differ between machines, because faer's kernels do; everything that is not a product is the
//! same on every machine.
//!
//! Memory is taken when a workspace is made; a step takes none.

pub mod backprop;
pub mod credit;
mod elementary;
pub mod feedback_alignment;
mod layout;
mod network;
mod product;
pub mod recurrent;
pub mod relax;
pub mod solve;
pub mod stack;
pub mod temporal;
mod wide;

use num_rational::BigRational;

use crate::error::Error;
use crate::number::{exact_f64, nearest_f32, nearest_f64};
use crate::spec::outcome::{Credit, CreditExample};
use crate::spec::{Case, PerNeuron};

pub use layout::Threads;
pub use network::{Function, Layer, Network};

/// Values that a pass may hold per quantity: neurons × examples.
const MAX_VALUES: u64 = 1 << 27;

/// A float format in which both engines run: `f64` or `f32`.
///
/// It says what the engines need of a *type*: conversion and the elementary
/// functions, which have the same bits on every machine. Formulas built from them stand in each engine.
///
/// ```
/// use creditcheck::fast::Float;
/// let third = creditcheck::number::parse("1/3", &Default::default()).unwrap();
/// assert_eq!(f64::nearest(&third), 1.0 / 3.0);
/// assert_eq!(f32::nearest(&third), 1.0 / 3.0);
/// assert_eq!((0.5f32).exact(), creditcheck::number::parse("1/2", &Default::default()).ok());
/// ```
pub trait Float: faer::traits::RealField + Copy + From<u8> + Into<f64> + Send + Sync {
    /// The name of the format on the command line.
    const NAME: &'static str;
    /// The square root of the largest number over 2²⁷, rounded down to a power of two: what is not larger can be multiplied
    /// by what is not larger, and the products of a batch added up, without overflow.
    const TAME: Self;
    /// The nearest float, ties to even; ±∞ beyond the largest.
    fn nearest(value: &BigRational) -> Self;
    /// The float nearest to a number of examples.
    fn count(number: usize) -> Self;
    /// p/q for 0 ≤ p ≤ q, q not 0, each number and the quotient rounded.
    fn ratio(p: u64, q: u64) -> Self;
    /// The exact value; `None` for NaN and infinities.
    fn exact(self) -> Option<BigRational> {
        exact_f64(self.into())
    }
    /// Whether this is neither NaN nor infinite.
    fn finite(self) -> bool;
    /// |a|
    fn magnitude(self) -> Self;
    /// Whether every |a| is at most [`Self::TAME`]; NaN is not.
    fn all_tame(values: &[Self]) -> bool;
    /// e^−|a|
    fn decay(self) -> Self;
    /// e^−|a| − 1
    fn decay_m1(self) -> Self;
    /// tanh a
    fn tanh(self) -> Self;
    /// ln(1 + a) by `libm`.
    fn ln_1p(self) -> Self;
}

macro_rules! float {
    ($float:ident, $count:ty, $nearest:ident, $tame:literal, $ln_1p:path) => {
        impl Float for $float {
            const NAME: &'static str = stringify!($float);
            const TAME: Self = $float::from_bits($tame);
            fn nearest(value: &BigRational) -> Self {
                $nearest(value)
            }
            fn count(number: usize) -> Self {
                // Rounds to nearest: what the method promises.
                #[allow(clippy::cast_precision_loss)]
                let count = number as Self;
                count
            }
            #[inline(always)]
            fn ratio(p: u64, q: u64) -> Self {
                #[allow(clippy::cast_precision_loss)]
                let (p, q) = (p as Self, q as Self);
                p / q
            }
            // All of these must end up inside the loop that calls them, or it does not vectorise.
            #[inline(always)]
            fn finite(self) -> bool {
                self.is_finite()
            }
            #[inline(always)]
            fn magnitude(self) -> Self {
                self.abs()
            }
            #[inline(always)]
            fn all_tame(values: &[Self]) -> bool {
                // Flags as wide as the numbers: single bits would not vectorise.
                // Asked so that NaN is not tame.
                let tame = |a: &Self| a.abs() <= Self::TAME;
                values.iter().fold(1, |all: $count, a| all & <$count>::from(tame(a))) == 1
            }
            #[inline(always)]
            fn decay(self) -> Self {
                elementary::$float::decay(self)
            }
            #[inline(always)]
            fn decay_m1(self) -> Self {
                elementary::$float::decay_m1(self)
            }
            #[inline(always)]
            fn tanh(self) -> Self {
                elementary::$float::tanh(self)
            }
            #[inline]
            fn ln_1p(self) -> Self {
                $ln_1p(self)
            }
        }
    };
}

// 2⁴⁹⁸ and 2⁵⁰.
float!(f64, u64, nearest_f64, 0x5f10_0000_0000_0000, libm::log1p);
float!(f32, u32, nearest_f32, 0x5880_0000, libm::log1pf);

/// The same numbers as exact dyadic rationals: how rates, net inputs and balance factors become
/// witnesses of the exact tier where σ is transcendental.
///
/// # Errors
/// [`Error::NotFinite`] if any value is NaN or infinite.
pub fn exact_example<F: Float>(
    example: &CreditExample<F>,
) -> Result<CreditExample<BigRational>, Error> {
    let exact = |what: &str, values: &PerNeuron<F>| {
        let values: Option<Vec<_>> = values.iter().map(|value| value.exact()).collect();
        values.map(PerNeuron::new).ok_or_else(|| not_finite(what.to_owned()))
    };
    let credit = exact("credit", &example.credit.map(|credit| credit.0))?;
    Ok(CreditExample {
        net_input: exact("net input", &example.net_input)?,
        firing_rate: exact("firing rate", &example.firing_rate)?,
        balance_factor: exact("balance factor", &example.balance_factor)?,
        external_credit: exact("external credit", &example.external_credit)?,
        credit: credit.map(|credit| Credit(credit.clone())),
    })
}

fn not_finite(what: String) -> Error {
    Error::NotFinite { what }
}

/// Rounds to the format, or says which number has no finite neighbour in it.
fn rounded<F: Float>(value: &BigRational, what: impl FnOnce() -> String) -> Result<F, Error> {
    let nearest = F::nearest(value);
    if nearest.finite() {
        Ok(nearest)
    } else {
        Err(not_finite(format!("{} in {}", what(), F::NAME)))
    }
}

/// Refuses a pass that would take more memory than any input file justifies.
fn within_limits(case: &Case, neurons: usize) -> Result<(), Error> {
    let given = (neurons as u64).saturating_mul(case.examples.len() as u64);
    if given > MAX_VALUES {
        let what = "neurons times examples on the fast side".to_owned();
        return Err(Error::Limit { what, given, limit: MAX_VALUES });
    }
    Ok(())
}
