//! Bounds of a gradient that is so many times ours, computed in one format and stored in another.

use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use super::bounded::when_stored;
use super::ulps::{power_of_two, upward};
use super::walk::Reference;
use crate::number::{exact_f64, nearest};
use crate::spec::{Dtype, Number};

/// What becomes of a rounding bound where the gradient is multiplied by a scale, and stored.
#[derive(Clone, Copy, Debug)]
pub struct Scaled {
    wider: f64,
    off: f64,
    arithmetic: Dtype,
    stored: Dtype,
}

impl Scaled {
    /// In this arithmetic, stored in that format.
    #[must_use]
    pub fn new(scale: &BigRational, arithmetic: Dtype, stored: Dtype) -> Self {
        let wider = upward(scale.numer(), scale.denom());
        Self { wider, off: off(scale, arithmetic), arithmetic, stored }
    }

    /// The bound of an entry from the bound before, times |scale|, widened by what the scale itself may be off in the arithmetic, and by
    /// the last rounding, to the format in which the entry is stored.
    #[must_use]
    pub fn bound(&self, bound: f64, exact: &BigRational) -> f64 {
        if bound == 0.0 {
            // Nothing is rounded there.
            return 0.0;
        }
        let size = upward(exact.numer(), exact.denom());
        let computed = (bound * self.wider).next_up();
        let computed = match self.off {
            0.0 => computed,
            off => (computed + (off * (size + computed).next_up()).next_up()).next_up(),
        };
        when_stored(computed, size, self.arithmetic, self.stored)
    }
}

impl Scaled {
    /// The standard deviation of an entry, times |scale|, with the rounding of that product and of the last format.
    #[must_use]
    pub fn spread(&self, spread: f64, exact: &BigRational) -> f64 {
        let size = upward(exact.numer(), exact.denom());
        let unit = |dtype: Dtype| 2f64.powi(-i32::try_from(dtype.precision()).unwrap_or(0));
        let stored = when_stored(0.0, size, self.arithmetic, self.stored);
        let product = if self.wider == 1.0 { 0.0 } else { unit(self.arithmetic) * size };
        ((spread * self.wider).powi(2) + product.powi(2) + stored.powi(2)).sqrt()
    }
}

impl Reference {
    /// The same of a gradient that is so many times ours, computed and stored as theirs is held.
    #[must_use]
    pub fn times(self, scale: &BigRational, held: Number) -> Self {
        match held {
            Number::Exact | Number::Grid(_) => Self { value: self.value * scale, ..self },
            Number::Float(dtype) => self.computed_in(scale, dtype, dtype),
        }
    }

    /// The same of one that is computed in one format and stored in another.
    #[must_use]
    pub fn computed_in(self, scale: &BigRational, arithmetic: Dtype, stored: Dtype) -> Self {
        if scale.is_one() && arithmetic == stored {
            return self;
        }
        let value = self.value * scale;
        let scaled = Scaled::new(scale, arithmetic, stored);
        let bound = self.bound.map(|bound| scaled.bound(bound, &value));
        let spread = self.spread.map(|spread| scaled.spread(spread, &value));
        Self { value, is_exact: self.is_exact, bound, spread }
    }
}

/// How far a scale is off, relatively, when it is put into a format; 0 where that is no more than one rounding, which every bound allows for.
fn off(scale: &BigRational, dtype: Dtype) -> f64 {
    // Nothing is off in what is multiplied by 0.
    if scale.is_zero() {
        return 0.0;
    }
    let Some(rounded) = exact_f64(nearest(scale.numer(), scale.denom(), dtype)) else { return 0.0 };
    let off = ((rounded - scale) / scale).abs();
    let one_rounding = power_of_two(-i64::from(dtype.precision()));
    if off <= one_rounding { 0.0 } else { upward(off.numer(), off.denom()) }
}
