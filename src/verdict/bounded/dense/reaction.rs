//! What a standard deviation asks of the model of rounding, in plain floats.

use super::function::Function;
use super::{Model, rounds};
use crate::error::Error;
use crate::spec::{Activation, Dtype, Kink, Tensor};
use crate::verdict::bounded::up::Up;

impl Model {
    /// u of accumulation.
    pub(in crate::verdict) fn sum_unit(&self) -> f64 {
        self.sum.value()
    }

    /// u of what is stored.
    pub(in crate::verdict) fn store_unit(&self) -> f64 {
        self.unit.value()
    }

    /// The smallest positive number.
    pub(in crate::verdict) fn smallest(&self) -> f64 {
        self.tiny.value()
    }

    /// At least how far a number is off once it is put into the format.
    pub(in crate::verdict) fn misfit(&self, value: f64) -> f64 {
        self.rounding(value).value()
    }

    /// Whether some number of a tensor is none of the format.
    pub(in crate::verdict) fn rounds(&self, tensor: &Tensor) -> bool {
        rounds(tensor, self.dtype)
    }
}

/// An activation, as it carries on what a net input may be off.
pub(in crate::verdict) struct Reaction {
    function: Function,
    models: [Model; 2],
}

impl Reaction {
    /// In an arithmetic.
    ///
    /// # Errors
    /// [`Error::Unsupported`] as for [`dense_rounding_bound`].
    pub(in crate::verdict) fn of(
        activation: &Activation,
        kink: Kink,
        dtype: Dtype,
    ) -> Result<Self, Error> {
        let models = [Model::of(Dtype::F64), Model::of(dtype)];
        Ok(Self { function: Function::of(activation, kink, models)?, models })
    }

    /// σ(s) and σ'(s), each with what it is off if s is off by a deviation; within eight deviations of a kink the whole jump.
    pub(in crate::verdict) fn at(&self, s: f64, deviation: f64) -> [(f64, f64); 2] {
        const FAR: f64 = 8.0;
        let fire = |off: f64| self.function.fire(s, [Up::ZERO, Up::of(off)], self.models);
        let (near, far) = (fire(deviation), fire(FAR * deviation));
        let slope_off = if far.is_uncertain { far.slope_error[1] } else { near.slope_error[1] };
        [(near.rate, near.rate_error[1].value()), (near.slope, slope_off.value())]
    }
}
