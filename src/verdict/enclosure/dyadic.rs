//! Intervals of dyadic numbers that are not negative, every operation rounded outward.

use num_bigint::{BigInt, BigUint};
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Zero};

/// mantissa · 2^exponent
#[derive(Clone, Debug)]
struct Dyadic {
    mantissa: BigUint,
    exponent: i64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Toward {
    Down,
    Up,
}

impl Dyadic {
    /// At most `bits` bits of mantissa; what is cut off goes in the direction asked for.
    fn rounded(self, bits: u64, toward: Toward) -> Self {
        let Some(excess) = self.mantissa.bits().checked_sub(bits + 1) else { return self };
        let excess = excess + 1;
        let mut mantissa = &self.mantissa >> excess;
        if toward == Toward::Up && (&mantissa << excess) != self.mantissa {
            mantissa += 1u32;
        }
        Self { mantissa, exponent: self.exponent + to_i64(excess) }
    }

    fn add(&self, other: &Self) -> Self {
        if self.mantissa.is_zero() {
            return other.clone();
        }
        if other.mantissa.is_zero() {
            return self.clone();
        }
        let exponent = self.exponent.min(other.exponent);
        let at = |d: &Self| &d.mantissa << (d.exponent - exponent).unsigned_abs();
        Self { mantissa: at(self) + at(other), exponent }
    }

    fn multiply(&self, other: &Self) -> Self {
        let mantissa = &self.mantissa * &other.mantissa;
        Self { mantissa, exponent: self.exponent + other.exponent }
    }

    /// self / other with at least `bits` bits; other is not zero.
    fn divide(&self, other: &Self, bits: u64, toward: Toward) -> Self {
        let shift = (bits + other.mantissa.bits() + 1).saturating_sub(self.mantissa.bits());
        let (mut quotient, rest) = (&self.mantissa << shift).div_rem(&other.mantissa);
        if toward == Toward::Up && !rest.is_zero() {
            quotient += 1u32;
        }
        let exponent = self.exponent - other.exponent - to_i64(shift);
        Self { mantissa: quotient, exponent }.rounded(bits, toward)
    }

    fn exact(&self) -> BigRational {
        // In lowest terms without a greatest common divisor: the denominator is a power of two.
        let zeros = self.mantissa.trailing_zeros().unwrap_or(0);
        let odd = BigInt::from(&self.mantissa >> zeros);
        let exponent = self.exponent + to_i64(zeros);
        let power = BigInt::one() << exponent.unsigned_abs();
        if exponent >= 0 || odd.is_zero() {
            BigRational::from_integer(odd * power)
        } else {
            BigRational::new_raw(odd, power)
        }
    }
}

/// Bit counts of numbers in memory fit.
fn to_i64(bits: u64) -> i64 {
    i64::try_from(bits).unwrap_or(i64::MAX)
}

/// [lower, upper] with 0 ≤ lower.
#[derive(Clone, Debug)]
pub(super) struct Interval {
    lower: Dyadic,
    upper: Dyadic,
}

impl Interval {
    pub(super) fn integer(value: u32) -> Self {
        let point = Dyadic { mantissa: BigUint::from(value), exponent: 0 };
        Self { lower: point.clone(), upper: point }
    }

    /// A rational that is not negative.
    pub(super) fn rational(value: &BigRational, bits: u64) -> Self {
        let part = |n: &BigInt| Dyadic { mantissa: n.magnitude().clone(), exponent: 0 };
        let (p, q) = (part(value.numer()), part(value.denom()));
        Self { lower: p.divide(&q, bits, Toward::Down), upper: p.divide(&q, bits, Toward::Up) }
    }

    pub(super) fn lower(&self) -> BigRational {
        self.lower.exact()
    }

    pub(super) fn upper(&self) -> BigRational {
        self.upper.exact()
    }

    pub(super) fn add(&self, other: &Self, bits: u64) -> Self {
        Self {
            lower: self.lower.add(&other.lower).rounded(bits, Toward::Down),
            upper: self.upper.add(&other.upper).rounded(bits, Toward::Up),
        }
    }

    pub(super) fn multiply(&self, other: &Self, bits: u64) -> Self {
        Self {
            lower: self.lower.multiply(&other.lower).rounded(bits, Toward::Down),
            upper: self.upper.multiply(&other.upper).rounded(bits, Toward::Up),
        }
    }

    /// self / other, where other does not contain zero.
    pub(super) fn divide(&self, other: &Self, bits: u64) -> Self {
        Self {
            lower: self.lower.divide(&other.upper, bits, Toward::Down),
            upper: self.upper.divide(&other.lower, bits, Toward::Up),
        }
    }

    /// self / 2^times, exactly.
    pub(super) fn halved(mut self, times: u64) -> Self {
        self.lower.exponent -= to_i64(times);
        self.upper.exponent -= to_i64(times);
        self
    }

    /// The upper end moved up by that of `rest`.
    pub(super) fn widened_up(mut self, rest: &Self, bits: u64) -> Self {
        self.upper = self.upper.add(&rest.upper).rounded(bits, Toward::Up);
        self
    }

    /// Whether this is below 2^−bits of `whole`, by the magnitudes of the upper ends.
    pub(super) fn is_below(&self, whole: &Self, bits: u64) -> bool {
        let top = |d: &Dyadic| to_i64(d.mantissa.bits()) + d.exponent;
        self.upper.mantissa.is_zero() || top(&self.upper) + to_i64(bits) < top(&whole.upper)
    }
}
