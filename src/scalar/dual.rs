//! Dual numbers a + bε with ε² = 0: evaluation on them is differentiation (D8).

use std::cmp::Ordering;
use std::ops::{Add, Mul, Neg, Sub};

use num_rational::BigRational;

use super::{ExactScalar, Scalar};
use crate::spec::Transcendental;

/// A value and its derivative along one direction.
///
/// ```
/// use creditcheck::scalar::{Dual, Prime};
/// let s = Dual { value: Prime::<101>::new(3), tangent: Prime::new(1) };
/// assert_eq!((s.clone() * &s).tangent, Prime::new(6)); // (s²)' = 2s
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dual<S> {
    /// a
    pub value: S,
    /// b
    pub tangent: S,
}

impl<S: Scalar> Dual<S> {
    /// a + 0ε
    #[must_use]
    pub fn constant(value: S) -> Self {
        Self { value, tangent: S::zero() }
    }
}

impl<S: Scalar> Add<&Self> for Dual<S> {
    type Output = Self;
    fn add(self, other: &Self) -> Self {
        Self { value: self.value + &other.value, tangent: self.tangent + &other.tangent }
    }
}

impl<S: Scalar> Sub<&Self> for Dual<S> {
    type Output = Self;
    fn sub(self, other: &Self) -> Self {
        Self { value: self.value - &other.value, tangent: self.tangent - &other.tangent }
    }
}

impl<S: Scalar> Mul<&Self> for Dual<S> {
    type Output = Self;
    fn mul(self, other: &Self) -> Self {
        let cross = self.value.clone() * &other.tangent;
        Self { tangent: cross + &(self.tangent * &other.value), value: self.value * &other.value }
    }
}

impl<S: Scalar> Neg for Dual<S> {
    type Output = Self;
    fn neg(self) -> Self {
        Self { value: -self.value, tangent: -self.tangent }
    }
}

impl<S: Scalar> Scalar for Dual<S> {
    fn zero() -> Self {
        Self::constant(S::zero())
    }

    fn one() -> Self {
        Self::constant(S::one())
    }

    fn is_zero(&self) -> bool {
        self.value.is_zero() && self.tangent.is_zero()
    }

    /// (a + bε)⁻¹ = a⁻¹ − b a⁻² ε
    fn try_recip(&self) -> Option<Self> {
        let value = self.value.try_recip()?;
        let tangent = -(self.tangent.clone() * &value * &value);
        Some(Self { value, tangent })
    }

    fn sign(&self) -> Option<Ordering> {
        self.value.sign()
    }

    fn from_rational(value: &BigRational) -> Option<Self> {
        S::from_rational(value).map(Self::constant)
    }

    /// σ(a) + σ'(a) bε
    fn transcendental(&self, function: Transcendental) -> Option<Self> {
        let value = self.value.transcendental(function)?;
        let slope = match function {
            Transcendental::Tanh => S::one() - &(value.clone() * &value),
            Transcendental::Logistic => value.clone() * &(S::one() - &value),
            Transcendental::Softplus => self.value.transcendental(Transcendental::Logistic)?,
        };
        Some(Self { tangent: slope * &self.tangent, value })
    }

    fn bits(&self) -> u64 {
        self.value.bits().max(self.tangent.bits())
    }

    fn step(&self, left: &Self, right: &Self) -> u64 {
        let value = self.value.step(&left.value, &right.value);
        let across = self.tangent.step(&left.value, &right.tangent);
        value.saturating_add(across).saturating_add(self.tangent.step(&left.tangent, &right.value))
    }
}

impl<S: ExactScalar> ExactScalar for Dual<S> {}
