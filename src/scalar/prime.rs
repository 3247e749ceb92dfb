//! 𝔽_p: integers modulo a prime below 2⁶³.

use std::cmp::Ordering;
use std::ops::{Add, Mul, Neg, Sub};

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::ToPrimitive;

use super::{ExactScalar, Scalar};

/// The Mersenne prime 2⁶¹ − 1, the field of the identity tests.
pub const MERSENNE_61: u64 = (1 << 61) - 1;

/// A residue modulo the prime P, always in `0..P`.
///
/// ```
/// use creditcheck::scalar::Prime;
/// assert_eq!(Prime::<5>::new(3) + &Prime::new(4), Prime::new(2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Prime<const P: u64>(u64);

impl<const P: u64> Prime<P> {
    /// The residue of an integer.
    #[must_use]
    pub fn new(value: u64) -> Self {
        Self(value % P)
    }

    /// The representative in `0..P`.
    #[must_use]
    pub fn residue(self) -> u64 {
        self.0
    }

    fn power(self, mut exponent: u64) -> Self {
        let mut base = self;
        let mut result = Self(1 % P);
        while exponent > 0 {
            if exponent & 1 == 1 {
                result = result * &base;
            }
            base = base * &base;
            exponent >>= 1;
        }
        result
    }

    fn of_integer(value: &BigInt) -> Self {
        // `mod_floor` by a positive modulus lies in 0..P, which fits.
        Self(value.mod_floor(&BigInt::from(P)).to_u64().unwrap_or(0))
    }
}

impl<const P: u64> Add<&Self> for Prime<P> {
    type Output = Self;
    fn add(self, other: &Self) -> Self {
        // P < 2⁶³, so the sum of two residues cannot overflow.
        let sum = self.0 + other.0;
        Self(if sum >= P { sum - P } else { sum })
    }
}

impl<const P: u64> Sub<&Self> for Prime<P> {
    type Output = Self;
    fn sub(self, other: &Self) -> Self {
        self + &-*other
    }
}

impl<const P: u64> Mul<&Self> for Prime<P> {
    type Output = Self;
    fn mul(self, other: &Self) -> Self {
        let product = u128::from(self.0) * u128::from(other.0) % u128::from(P);
        // A residue below P fits into 64 bits.
        #[allow(clippy::cast_possible_truncation)]
        Self(product as u64)
    }
}

impl<const P: u64> Neg for Prime<P> {
    type Output = Self;
    fn neg(self) -> Self {
        Self(if self.0 == 0 { 0 } else { P - self.0 })
    }
}

impl<const P: u64> Scalar for Prime<P> {
    fn zero() -> Self {
        Self(0)
    }

    fn one() -> Self {
        Self(1 % P)
    }

    fn is_zero(&self) -> bool {
        self.0 == 0
    }

    /// Fermat: a^(p−2) is the inverse of a ≠ 0.
    fn try_recip(&self) -> Option<Self> {
        (self.0 != 0).then(|| self.power(P - 2))
    }

    /// A finite field has no order that its operations respect.
    fn sign(&self) -> Option<Ordering> {
        None
    }

    /// No image where p divides the denominator.
    fn from_rational(value: &BigRational) -> Option<Self> {
        let denominator = Self::of_integer(value.denom()).try_recip()?;
        Some(Self::of_integer(value.numer()) * &denominator)
    }
}

impl<const P: u64> ExactScalar for Prime<P> {}
