//! Exact sums that reduce once, at the end, and what they may cost together.
//!
//! Trained weights are binary fractions: while every denominator is a power of two, a sum needs shifts
//! only and no greatest common divisor. Anything else goes the plain way.

use std::cell::Cell;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Zero};

use crate::error::Error;
use crate::spec::work::{WORD, Work, plain, reduced};

/// What the arithmetic of a verification may cost.
///
/// Once something was refused, every sum and product is 0 and costs nothing: what then comes of the equations is of no account, and
/// whoever opened this settles it before anything else is said.
pub struct Account {
    left: u64,
    asked: Cell<u64>,
}

impl Account {
    /// What is left of a budget.
    pub fn of(work: &Work) -> Self {
        Self { left: work.limit().saturating_sub(work.spent()), asked: Cell::new(0) }
    }

    /// Charges what was done; an error where more was needed.
    pub fn settle(self, work: &Work) -> Result<(), Error> {
        work.charge(self.asked.get(), "the verification of a certificate")
    }

    /// Whether so much may be done.
    pub fn grants(&self, cost: u64) -> bool {
        let asked = self.asked.get();
        if asked <= self.left {
            self.asked.set(asked.saturating_add(cost));
        }
        self.asked.get() <= self.left
    }

    /// An empty sum.
    pub fn sum(&self) -> Sum<'_> {
        Sum { account: self, numerator: BigInt::zero(), shift: 0, rest: BigRational::zero() }
    }

    /// a − b in lowest terms.
    pub fn difference(&self, a: &BigRational, b: &BigRational) -> BigRational {
        let mut sum = self.sum();
        sum.add(a);
        sum.add(&-b);
        sum.total()
    }

    /// a·b in lowest terms.
    pub fn product(&self, a: &BigRational, b: &BigRational) -> BigRational {
        let mut sum = self.sum();
        sum.add_product(a, b);
        sum.total()
    }
}

/// A sum of rationals and of products of two.
pub struct Sum<'a> {
    account: &'a Account,
    /// The binary fractions so far: `numerator / 2^shift`.
    numerator: BigInt,
    shift: u64,
    /// All the others.
    rest: BigRational,
}

impl Sum<'_> {
    pub fn add(&mut self, value: &BigRational) {
        match exponent(value) {
            Some(shift) => {
                let size = self.binary_bits(value.numer().bits(), shift);
                if self.account.grants(plain(size, 0, 0)) {
                    self.add_binary(value.numer().clone(), shift);
                }
            }
            None => {
                if self.account.grants(reduced(bits(&self.rest), bits(value), 0)) {
                    self.rest += value;
                }
            }
        }
    }

    pub fn add_product(&mut self, a: &BigRational, b: &BigRational) {
        if a.is_zero() || b.is_zero() {
            self.account.grants(WORD);
            return;
        }
        match (exponent(a), exponent(b)) {
            (Some(i), Some(j)) => {
                let (left, right) = (a.numer().bits(), b.numer().bits());
                let size = self.binary_bits(left + right, i + j);
                if self.account.grants(plain(size, left, right)) {
                    self.add_binary(a.numer() * b.numer(), i + j);
                }
            }
            _ => {
                if self.account.grants(reduced(bits(&self.rest), bits(a), bits(b))) {
                    self.rest += a * b;
                }
            }
        }
    }

    /// How many bits the binary part may have after another of so many.
    fn binary_bits(&self, bits: u64, shift: u64) -> u64 {
        let common = shift.max(self.shift);
        (self.numerator.bits() + common - self.shift).max(bits + common - shift) + 1
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
        if self.rest.is_zero() {
            return binary;
        }
        let granted = self.account.grants(reduced(bits(&self.rest), bits(&binary), 0));
        if granted { binary + self.rest } else { BigRational::zero() }
    }
}

/// Bits of numerator and denominator together.
pub fn bits(value: &BigRational) -> u64 {
    value.numer().bits() + value.denom().bits()
}

/// k, where the denominator is 2^k.
fn exponent(value: &BigRational) -> Option<u64> {
    let denominator = value.denom();
    let twos = denominator.trailing_zeros()?;
    (twos + 1 == denominator.bits()).then_some(twos)
}
