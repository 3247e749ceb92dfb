//! [`Rational`] wherever the standard library lets a number stand: operators, order, conversions, text.

use std::cmp::Ordering;
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::Zero;

use super::Rational;

impl From<&BigRational> for Rational {
    fn from(value: &BigRational) -> Self {
        Self::of(value)
    }
}

impl From<BigRational> for Rational {
    fn from(value: BigRational) -> Self {
        Self::of(&value)
    }
}

impl From<Rational> for BigRational {
    fn from(value: Rational) -> Self {
        value.plain()
    }
}

impl fmt::Display for Rational {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.plain().fmt(f)
    }
}

impl Default for Rational {
    fn default() -> Self {
        Self::zero()
    }
}

impl PartialOrd for Rational {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Rational {
    fn cmp(&self, other: &Self) -> Ordering {
        let difference = self.clone() - other;
        difference.numerator.cmp(&BigInt::zero())
    }
}

/// One operation in every combination of owned and borrowed, and in place.
macro_rules! operation {
    ($trait:ident $name:ident, $assign:ident $in_place:ident, $owned:expr, $borrowed:expr) => {
        impl $trait<&Rational> for Rational {
            type Output = Rational;
            fn $name(self, other: &Rational) -> Rational {
                $owned(self, other)
            }
        }

        impl $trait for Rational {
            type Output = Rational;
            fn $name(self, other: Rational) -> Rational {
                self.$name(&other)
            }
        }

        impl $trait for &Rational {
            type Output = Rational;
            fn $name(self, other: &Rational) -> Rational {
                $borrowed(self, other)
            }
        }

        impl $trait<Rational> for &Rational {
            type Output = Rational;
            fn $name(self, other: Rational) -> Rational {
                self.$name(&other)
            }
        }

        impl $assign<&Rational> for Rational {
            fn $in_place(&mut self, other: &Rational) {
                *self = std::mem::take(self).$name(other);
            }
        }

        impl $assign for Rational {
            fn $in_place(&mut self, other: Rational) {
                self.$in_place(&other);
            }
        }
    };
}

operation! {
    Add add, AddAssign add_assign,
    |left: Self, right| left.combined(right, |a, b| *a += b),
    |left: Self, right| left.clone().combined(right, |a, b| *a += b)
}
operation! {
    Sub sub, SubAssign sub_assign,
    |left: Self, right| left.combined(right, |a, b| *a -= b),
    |left: Self, right| left.clone().combined(right, |a, b| *a -= b)
}
operation! {
    Mul mul, MulAssign mul_assign,
    |left: Self, right| left.product(right),
    |left: Self, right| left.product(right)
}

impl Neg for Rational {
    type Output = Self;
    fn neg(self) -> Self {
        Self { numerator: -self.numerator, ..self }
    }
}

impl Sum for Rational {
    fn sum<I: Iterator<Item = Self>>(terms: I) -> Self {
        terms.fold(Self::zero(), |sum, term| sum + term)
    }
}

impl<'a> Sum<&'a Self> for Rational {
    fn sum<I: Iterator<Item = &'a Self>>(terms: I) -> Self {
        terms.fold(Self::zero(), |sum, term| sum + term)
    }
}
