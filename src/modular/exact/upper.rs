//! Upper bounds of magnitudes that neither overflow nor come out too small.

use std::ops::{Add, Mul};

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive, Zero};

use crate::linalg::parts;

/// At most m · 2ᵉ, with m < 2³²; every operation rounds up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Upper {
    mantissa: u64,
    exponent: i64,
}

impl Upper {
    pub(super) const ZERO: Self = Self { mantissa: 0, exponent: 0 };
    pub(super) const ONE: Self = Self { mantissa: 1, exponent: 0 };

    fn rounded_up(mantissa: u128, exponent: i64) -> Self {
        let excess = (128 - mantissa.leading_zeros()).saturating_sub(32);
        let kept = mantissa >> excess;
        let lost = kept << excess != mantissa;
        // 32 bits, or 2³² after rounding up: both fit.
        let mantissa = u64::try_from(kept).unwrap_or(u64::MAX) + u64::from(lost);
        Self { mantissa, exponent: exponent + i64::from(excess) }
    }

    /// |value|; a value that is not finite has none, and no reader lets one through.
    pub(super) fn of(value: f64) -> Self {
        let (mantissa, exponent) = parts(value).unwrap_or((f64::MAX, 0));
        // An integer below 2⁵³.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let mantissa = mantissa.abs() as u64;
        Self::rounded_up(u128::from(mantissa), i64::from(exponent))
    }

    pub(super) fn of_rational(value: &BigRational) -> Self {
        let bits = |n: &BigInt| i64::try_from(n.bits()).unwrap_or(i64::MAX / 4);
        let shift = bits(value.denom()) - bits(value.numer()) + 40;
        let numerator = value.numer().abs();
        let (above, below) = if shift >= 0 {
            (numerator << shift.unsigned_abs(), value.denom().clone())
        } else {
            (numerator, value.denom() << shift.unsigned_abs())
        };
        // About 40 bits, one more for what the division drops.
        let quotient = (above / below).to_u128().unwrap_or(u128::MAX >> 1) + 1;
        if value.is_zero() { Self::ZERO } else { Self::rounded_up(quotient, -shift) }
    }

    /// The bound itself, where it is a normal float: 33 bits fit.
    pub(super) fn to_f64(self) -> Option<f64> {
        if self.mantissa == 0 {
            return Some(0.0);
        }
        let exponent =
            u64::try_from(1023 + self.exponent).ok().filter(|e| (1..2000).contains(e))?;
        // At most 2³².
        #[allow(clippy::cast_precision_loss)]
        let value = self.mantissa as f64 * f64::from_bits(exponent << 52);
        Some(value)
    }

    pub(super) fn max(self, other: Self) -> Self {
        if self.exceeds(other) { self } else { other }
    }

    fn exceeds(self, other: Self) -> bool {
        if self.mantissa == 0 || other.mantissa == 0 {
            return self.mantissa > other.mantissa;
        }
        let top = |u: Self| u.exponent + i64::from(64 - u.mantissa.leading_zeros());
        let aligned = |u: Self| u128::from(u.mantissa) << (u.mantissa.leading_zeros());
        (top(self), aligned(self)) > (top(other), aligned(other))
    }

    /// The smallest n for which the bound is at most 2ⁿ, or one more; none for zero.
    pub(super) fn bits(self) -> Option<i64> {
        let length = i64::from(64 - self.mantissa.leading_zeros());
        (self.mantissa != 0).then_some(self.exponent + length)
    }
}

impl Add for Upper {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        if self.mantissa == 0 {
            return other;
        }
        if other.mantissa == 0 {
            return self;
        }
        let (high, low) =
            if self.exponent >= other.exponent { (self, other) } else { (other, self) };
        // The higher one moves down as far as 64 bits allow, the rest is rounded up.
        let gap = high.exponent - low.exponent;
        if gap <= 64 {
            let sum = (u128::from(high.mantissa) << gap) + u128::from(low.mantissa);
            return Self::rounded_up(sum, low.exponent);
        }
        Self::rounded_up((u128::from(high.mantissa) << 64) + 1, high.exponent - 64)
    }
}

impl Mul for Upper {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let product = u128::from(self.mantissa) * u128::from(other.mantissa);
        Self::rounded_up(product, self.exponent + other.exponent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(bound: Upper) -> BigRational {
        let power = i32::try_from(bound.exponent).unwrap();
        BigRational::from_integer(bound.mantissa.into())
            * BigRational::from_integer(2.into()).pow(power)
    }

    #[test]
    fn no_bound_is_too_small_and_none_is_wide() {
        let values = [0.0, 1.0, -1.5, 0.1, 5e-324, f64::MAX, 1e-200, 4_294_967_295.5, 3.0e9];
        let tight = BigRational::new(((1_i64 << 29) + 1).into(), (1_i64 << 29).into());
        let holds = |bound: Upper, value: BigRational| {
            assert!(exact(bound) >= value, "{bound:?} for {value}");
            assert!(exact(bound) <= &value * &tight, "{bound:?} is wide for {value}");
        };
        for a in values {
            let x = BigRational::from_float(a).unwrap().abs();
            holds(Upper::of(a), x.clone());
            holds(Upper::of_rational(&-x.clone()), x.clone());
            if let Some(float) = Upper::of(a).to_f64() {
                assert_eq!(BigRational::from_float(float).unwrap(), exact(Upper::of(a)));
            }
            for b in values {
                let y = BigRational::from_float(b).unwrap().abs();
                holds(Upper::of(a) + Upper::of(b), &x + &y);
                holds(Upper::of(a) * Upper::of(b), &x * &y);
                holds(Upper::of(a).max(Upper::of(b)), x.clone().max(y));
            }
            if let Some(bits) = Upper::of(a).bits() {
                let power = BigRational::from_integer(2.into()).pow(i32::try_from(bits).unwrap());
                assert!(x <= power && x * BigRational::from_integer(3.into()) > power);
            }
        }
        assert_eq!(Upper::ZERO.bits(), None);
    }
}
