//! num-rational's big rationals, as they are: the slow twin that [`Rational`](super::Rational) is held to.

use std::cmp::Ordering;

use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use super::{ExactScalar, Scalar};
use crate::spec::work;

impl Scalar for BigRational {
    fn zero() -> Self {
        Zero::zero()
    }

    fn one() -> Self {
        One::one()
    }

    fn is_zero(&self) -> bool {
        Zero::is_zero(self)
    }

    fn try_recip(&self) -> Option<Self> {
        (!Zero::is_zero(self)).then(|| self.recip())
    }

    fn sign(&self) -> Option<Ordering> {
        Some(if Zero::is_zero(self) {
            Ordering::Equal
        } else if self.is_positive() {
            Ordering::Greater
        } else {
            Ordering::Less
        })
    }

    fn from_rational(value: &BigRational) -> Option<Self> {
        Some(value.clone())
    }

    fn bits(&self) -> u64 {
        self.numer().bits() + self.denom().bits()
    }

    fn step(&self, left: &Self, right: &Self) -> u64 {
        work::step(self, left, right)
    }
}

impl ExactScalar for BigRational {}
