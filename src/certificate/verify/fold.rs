//! Exact sums that reduce once, at the end.
//!
//! Trained weights are binary fractions: while every denominator is a power of two, a sum needs shifts
//! only and no greatest common divisor. Anything else goes the plain way.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Zero};

/// A sum of rationals and of products of two.
pub struct Sum {
    /// The binary fractions so far: `numerator / 2^shift`.
    numerator: BigInt,
    shift: u64,
    /// All the others.
    rest: BigRational,
}

impl Sum {
    pub fn zero() -> Self {
        Self { numerator: BigInt::zero(), shift: 0, rest: BigRational::zero() }
    }

    pub fn add(&mut self, value: &BigRational) {
        match exponent(value) {
            Some(shift) => self.add_binary(value.numer().clone(), shift),
            None => self.rest += value,
        }
    }

    pub fn add_product(&mut self, a: &BigRational, b: &BigRational) {
        if a.is_zero() || b.is_zero() {
            return;
        }
        match (exponent(a), exponent(b)) {
            (Some(i), Some(j)) => self.add_binary(a.numer() * b.numer(), i + j),
            _ => self.rest += a * b,
        }
    }

    fn add_binary(&mut self, numerator: BigInt, shift: u64) {
        if shift > self.shift {
            self.numerator <<= shift - self.shift;
            self.shift = shift;
            self.numerator += numerator;
        } else {
            self.numerator += numerator << (self.shift - shift);
        }
    }

    /// The value in lowest terms.
    pub fn total(self) -> BigRational {
        let Some(twos) = self.numerator.trailing_zeros() else { return self.rest };
        let common = twos.min(self.shift);
        // Lowest terms: either nothing is left to halve, or the numerator is odd.
        let binary =
            BigRational::new_raw(self.numerator >> common, BigInt::one() << (self.shift - common));
        if self.rest.is_zero() { binary } else { binary + self.rest }
    }
}

/// k, where the denominator is 2^k.
fn exponent(value: &BigRational) -> Option<u64> {
    let denominator = value.denom();
    let twos = denominator.trailing_zeros()?;
    (twos + 1 == denominator.bits()).then_some(twos)
}

/// a·b in lowest terms.
pub fn product(a: &BigRational, b: &BigRational) -> BigRational {
    let mut sum = Sum::zero();
    sum.add_product(a, b);
    sum.total()
}
