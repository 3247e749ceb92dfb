//! What rounding does to a number, by the arithmetic.

use num_rational::BigRational;
use num_traits::Signed;

use crate::number::nearest_f64;
use crate::spec::{Arithmetic, Dtype, Tensor};
use crate::verdict::bounded::up::{Operand, Up};

/// Rounding in one arithmetic.
#[derive(Clone, Copy, Debug)]
pub(in crate::verdict) struct Model {
    /// u of what is stored.
    pub(super) unit: Up,
    /// u of accumulation.
    pub(super) sum: Up,
    pub(super) tiny: Up,
    pub(super) dtype: Dtype,
    pub(super) operands: Option<Operand>,
}

impl Model {
    pub(in crate::verdict) fn of(arithmetic: impl Into<Arithmetic>) -> Self {
        let arithmetic = arithmetic.into();
        let dtype = arithmetic.dtype();
        let summed = match dtype {
            Dtype::F64 => Dtype::F64,
            Dtype::F32 | Dtype::Bf16 | Dtype::F16 => Dtype::F32,
        };
        let tiny = Up::power(dtype.smallest().unsigned_abs());
        Self {
            unit: Up::power(dtype.precision()),
            sum: Up::power(summed.precision()),
            tiny,
            dtype,
            operands: arithmetic.operands().map(Operand::of),
        }
    }

    /// γ_n of accumulation, and one rounding of what is stored.
    pub(super) fn gamma(self, roundings: usize) -> Up {
        gamma(roundings, self.sum) + self.unit + self.unit
    }

    /// γ_n where every step is stored.
    pub(super) fn stored(self, roundings: usize) -> Up {
        gamma(roundings, self.unit)
    }

    /// The same where everything is multiplied by a scale first: in units of the unscaled, what underflows is larger.
    pub(super) fn scaled(self, scale: &BigRational) -> Self {
        let one = BigRational::from_integer(1.into());
        match scale.abs() < one {
            true => {
                let larger = Up::of(nearest_f64(&scale.abs().recip()).next_up());
                let operands = self.operands.map(|operand| operand.divided(larger));
                Self { tiny: self.tiny * larger, operands, ..self }
            }
            false => self,
        }
    }

    /// The same where an operand of a product may have been divided by so many examples.
    pub(super) fn divided(self, batch: usize) -> Self {
        Self { operands: self.operands.map(|operand| operand.divided(Up::count(batch))), ..self }
    }

    /// The error of a number when it is put into the format.
    pub(super) fn rounding(self, value: f64) -> Up {
        if fits(value, self.dtype) { Up::ZERO } else { self.unit * Up::of(value) + self.tiny }
    }
}

fn gamma(roundings: usize, unit: Up) -> Up {
    let nu = Up::count(roundings) * unit;
    if nu.value() >= 0.5 {
        return Up::of(f64::INFINITY);
    }
    // 1/(1 − a) ≤ 1 + 2a for a ≤ ½.
    nu * (Up::ONE + nu + nu)
}

/// Whether a value is one of a format.
fn fits(value: f64, dtype: Dtype) -> bool {
    let lowest = 2f64.powi(dtype.smallest() + i32::try_from(dtype.precision()).unwrap_or(0) - 1);
    // The bits that the format has not.
    let spare = (1u64 << (53 - dtype.precision())) - 1;
    value == 0.0
        || dtype == Dtype::F64
        || (value.to_bits() & spare == 0
            && value.abs() >= lowest
            && value.abs() < 2f64.powi(dtype.largest()) * 2.0)
}

/// Whether some number of a tensor is none of a format.
pub(super) fn rounds(tensor: &Tensor, dtype: Dtype) -> bool {
    !tensor.values.iter().all(|value| fits(*value, dtype))
}

/// Whether some number of a tensor is rounded as an operand of a product.
pub(super) fn moves(tensor: &Tensor, model: Model) -> bool {
    let is_moved = |operand: Operand| tensor.values.iter().any(|value| !operand.keeps(*value));
    model.operands.is_some_and(is_moved)
}
