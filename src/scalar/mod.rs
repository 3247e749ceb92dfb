//! The number kernel: the ring operations that the textbook is written in.
//!
//! One textbook text compiles over [rationals](Rational), [prime fields](Prime),
//! [dual numbers](Dual), [polynomials](Polynomial), [balls](Enclosed) and `f64`. There is no division
//! and no order: an algorithm that needs a reciprocal or a sign asks for it and must
//! say what happens when there is none. There are no sums either: each engine
//! writes its own fold, so that a wrong one cannot be everybody's.

mod dual;
mod enclosed;
mod float;
mod plain;
mod polynomial;
mod prime;
mod rational;

use std::cmp::Ordering;
use std::fmt::Debug;
use std::ops::{Add, Mul, Neg, Sub};

use num_rational::BigRational;

use crate::spec::{Transcendental, work};

pub use dual::Dual;
pub use enclosed::Enclosed;
pub use polynomial::Polynomial;
pub use prime::{MERSENNE_61, Prime};
pub use rational::Rational;

/// A commutative ring with the few partial operations that the definitions need.
///
/// Laws (tested in `tests/laws.rs`): addition and multiplication are associative,
/// commutative and distributive with `zero` and `one`; `a + (−a) = 0`; `a·a⁻¹ = 1`
/// where [`try_recip`](Self::try_recip) answers; [`from_rational`](Self::from_rational)
/// is a ring homomorphism where it answers. `f64` and [`Enclosed`] keep them only up to rounding and
/// are therefore no [`ExactScalar`].
///
/// ```
/// use creditcheck::scalar::{Prime, Scalar};
/// let two = Prime::<101>::one() + &Prime::one();
/// assert_eq!(two.try_recip().unwrap() * &two, Prime::one());
/// ```
pub trait Scalar:
    Clone
    + Debug
    + PartialEq
    + for<'a> Add<&'a Self, Output = Self>
    + for<'a> Sub<&'a Self, Output = Self>
    + for<'a> Mul<&'a Self, Output = Self>
    + Neg<Output = Self>
{
    /// The neutral element of addition.
    fn zero() -> Self;
    /// The neutral element of multiplication.
    fn one() -> Self;
    /// Whether this is [`zero`](Self::zero).
    fn is_zero(&self) -> bool;
    /// The multiplicative inverse, if there is one in this ring.
    fn try_recip(&self) -> Option<Self>;
    /// The sign, if the ring is ordered; that of a dual number is the sign of its value part.
    fn sign(&self) -> Option<Ordering>;
    /// The image of a rational number, if it has one.
    fn from_rational(value: &BigRational) -> Option<Self>;
    /// σ of it where σ has no rational values, of number types that can hold one.
    fn transcendental(&self, function: Transcendental) -> Option<Self> {
        let _ = function;
        None
    }
    /// How many bits the representation takes, for [`crate::spec::Limits::bits`].
    fn bits(&self) -> u64 {
        0
    }
    /// What `self + left · right` costs at most, for [`crate::spec::Limits::work`].
    fn step(&self, left: &Self, right: &Self) -> u64 {
        let _ = (left, right);
        work::WORD
    }
}

/// The scalars on which `==` is a verdict.
pub trait ExactScalar: Scalar + Eq {}
