//! `f64` as a scalar, for illustration only: no verdict is ever drawn from it.

use std::cmp::Ordering;

use num_rational::BigRational;

use super::Scalar;
use crate::number::nearest_f64;

impl Scalar for f64 {
    fn zero() -> Self {
        0.0
    }

    fn one() -> Self {
        1.0
    }

    fn is_zero(&self) -> bool {
        *self == 0.0
    }

    fn try_recip(&self) -> Option<Self> {
        (*self != 0.0 && self.is_finite()).then(|| self.recip())
    }

    fn sign(&self) -> Option<Ordering> {
        self.partial_cmp(&0.0)
    }

    fn from_rational(value: &BigRational) -> Option<Self> {
        let nearest = nearest_f64(value);
        nearest.is_finite().then_some(nearest)
    }
}
