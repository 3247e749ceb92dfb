//! What a standard deviation asks of the model of rounding, in plain floats.

use super::Model;
use super::function::Function;
use super::model::rounds;
use crate::error::Error;
use crate::spec::{Activation, Arithmetic, Dtype, Kink, Tensor};
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

    /// How far an operand of a matrix product is off, relatively, before it meets the other.
    pub(in crate::verdict) fn operand_unit(&self) -> f64 {
        self.operands.map_or(0.0, |operand| operand.unit.value())
    }

    /// How far operands may all be off to one side, relatively.
    pub(in crate::verdict) fn operand_bias(&self) -> f64 {
        self.operands
            .filter(|operand| operand.may_cut())
            .map_or(0.0, |operand| operand.unit.value())
    }

    /// Whether some number of a tensor is none of the format.
    pub(in crate::verdict) fn rounds(&self, tensor: &Tensor) -> bool {
        rounds(tensor, self.dtype)
    }
}

/// An activation, as it carries on what a net input may be off.
pub(in crate::verdict) enum Reaction {
    /// Polynomials and pieces, by their bounds.
    Bounded {
        /// σ and its slope.
        function: Function,
        /// The arithmetic of the centre, and of what is judged.
        models: [Model; 2],
    },
    /// Functions without a bound at this size.
    Smooth {
        /// σ.
        function: Smooth,
        /// u of what is stored.
        unit: f64,
    },
}

/// A kink that is so many deviations away is out of reach.
const FAR: f64 = 8.0;

/// σ that is evaluated by a library, or is a quotient.
#[derive(Clone, Copy, Debug)]
pub(in crate::verdict) enum Smooth {
    Tanh,
    Logistic,
    Softplus,
    Softsign,
    EluRational,
}

impl Reaction {
    /// In an arithmetic.
    ///
    /// # Errors
    /// [`Error::Unsupported`] as for the bound of polynomials and pieces.
    pub(in crate::verdict) fn of(
        activation: &Activation,
        kink: Kink,
        arithmetic: impl Into<Arithmetic>,
    ) -> Result<Self, Error> {
        let models = [Model::of(Dtype::F64), Model::of(arithmetic)];
        let smooth = |function| Ok(Self::Smooth { function, unit: models[1].store_unit() });
        match activation {
            Activation::Tanh => smooth(Smooth::Tanh),
            Activation::Logistic => smooth(Smooth::Logistic),
            Activation::Softplus => smooth(Smooth::Softplus),
            Activation::Softsign => smooth(Smooth::Softsign),
            Activation::EluRational => smooth(Smooth::EluRational),
            Activation::Identity
            | Activation::Relu
            | Activation::LeakyRelu { .. }
            | Activation::HardTanh { .. }
            | Activation::Square
            | Activation::Quadratic
            | Activation::Cubic => {
                let function = Function::of(activation, kink, models)?;
                Ok(Self::Bounded { function, models })
            }
        }
    }

    /// σ(s) and σ'(s), each with what it is off if s is off by a deviation; within eight deviations of a kink the whole jump, and an
    /// eighth of what σ is off on the far side: a neuron that is off may be on in floats, with a rate where the exact one is zero.
    pub(in crate::verdict) fn at(&self, s: f64, deviation: f64) -> [(f64, f64); 2] {
        match self {
            Self::Bounded { function, models } => {
                let fire = |off: f64| function.fire(s, [Up::ZERO, Up::of(off)], *models);
                let (near, far) = (fire(deviation), fire(FAR * deviation));
                let (near_rate, near_slope) = (near.rate_error[1].value(), near.slope_error[1]);
                let (rate_off, slope_off) = match far.is_uncertain {
                    true => (near_rate.max(far.rate_error[1].value() / FAR), far.slope_error[1]),
                    false => (near_rate, near_slope),
                };
                [(near.rate, rate_off), (near.slope, slope_off.value())]
            }
            Self::Smooth { function, unit } => function.at(s, deviation, *unit),
        }
    }
}

/// σ and σ' at a net input, to first order in what it is off by.
#[derive(Clone, Copy, Debug)]
pub(in crate::verdict) struct FirstOrder {
    /// σ(s)
    pub rate: f64,
    /// What is rounded there, and what s does to it in second order.
    pub rate_off: f64,
    /// σ'(s)
    pub slope: f64,
    /// The same of it; the whole jump where a kink is within reach.
    pub slope_off: f64,
    /// σ''(s)
    pub bend: f64,
    /// Whether σ is curved, so that first order holds near s only.
    pub is_curved: bool,
    /// Whether a kink is within reach.
    pub is_uncertain: bool,
}

impl Reaction {
    /// What [`Self::at`] says, with what s brings in apart from what is rounded here.
    pub(in crate::verdict) fn to_first_order(&self, s: f64, deviation: f64) -> FirstOrder {
        let second = deviation * deviation;
        match self {
            Self::Bounded { function, models } => {
                let fire = |off: f64| function.fire(s, [Up::ZERO, Up::of(off)], *models);
                let (own, far) = (fire(0.0), fire(FAR * deviation));
                let (bend, is_curved) = match function {
                    Function::Identity | Function::Pieces { .. } => (0.0, false),
                    Function::Square | Function::Quadratic => (2.0, true),
                    Function::Cubic => (-2.0 * s, true),
                };
                let is_uncertain = far.is_uncertain;
                let jump = if is_uncertain { far.slope_error[1].value() } else { 0.0 };
                let curved = if is_curved { (bend.abs() + 1.0) * second } else { 0.0 };
                FirstOrder {
                    rate: own.rate,
                    rate_off: own.rate_error[1].value() + curved + jump * deviation,
                    slope: own.slope,
                    slope_off: own.slope_error[1].value().max(jump)
                        + if is_curved { second } else { 0.0 },
                    bend,
                    is_curved,
                    is_uncertain,
                }
            }
            Self::Smooth { function, unit } => {
                let [(rate, rate_off), (slope, slope_off)] = function.at(s, 0.0, *unit);
                FirstOrder {
                    rate,
                    rate_off: rate_off + second,
                    slope,
                    slope_off: slope_off + second,
                    bend: function.bend(s, FAR * deviation),
                    is_curved: true,
                    is_uncertain: false,
                }
            }
        }
    }
}

impl Smooth {
    /// σ''(s); of a σ'' with a jump within reach the larger side.
    fn bend(self, s: f64, reach: f64) -> f64 {
        let tail = (-s.abs()).exp();
        let of_logistic = tail / ((1.0 + tail) * (1.0 + tail));
        let logistic = if s < 0.0 { tail / (1.0 + tail) } else { 1.0 / (1.0 + tail) };
        let far = 1.0 + s.abs();
        match self {
            Self::Tanh => {
                let double = (-2.0 * s.abs()).exp();
                -2.0 * s.tanh() * 4.0 * double / ((1.0 + double) * (1.0 + double))
            }
            Self::Logistic => of_logistic * (1.0 - 2.0 * logistic),
            Self::Softplus => of_logistic,
            Self::Softsign => -2.0 * s.signum() / (far * far * far),
            Self::EluRational if s > reach => 0.0,
            Self::EluRational => 2.0 / (far * far * far),
        }
    }

    /// σ(s + d) ≈ σ + σ' d + ½ d², σ'(s + d) ≈ σ' + σ'' d + d², and the roundings of the usual formulas: σ by a library, within four
    /// ulps, and σ' as frameworks have it of σ, with what cancels there.
    fn at(self, s: f64, deviation: f64, unit: f64) -> [(f64, f64); 2] {
        const LIBRARY: f64 = 4.0;
        let far = 1.0 + s.abs();
        let tail = (-s.abs()).exp();
        let of_logistic = tail / ((1.0 + tail) * (1.0 + tail));
        let logistic = if s < 0.0 { tail / (1.0 + tail) } else { 1.0 / (1.0 + tail) };
        let quotient = (s / far, 1.0 / (far * far), 2.0 / (far * far * far));
        let (rate, slope, bend) = match self {
            Self::Tanh => {
                let double = (-2.0 * s.abs()).exp();
                let slope = 4.0 * double / ((1.0 + double) * (1.0 + double));
                (s.tanh(), slope, 2.0 * s.tanh().abs() * slope)
            }
            Self::Logistic => (logistic, of_logistic, of_logistic),
            Self::Softplus => (s.max(0.0) + tail.ln_1p(), logistic, of_logistic),
            Self::EluRational if s > 0.0 => (s, 1.0, 0.0),
            Self::Softsign | Self::EluRational => quotient,
        };
        let rounded = match self {
            // 1 − y², y (1 − y): what y is off, and the roundings.
            Self::Tanh => 2.0 * LIBRARY * rate * rate + 2.0 * slope,
            Self::Logistic => LIBRARY * rate + 2.0 * slope,
            Self::Softplus => 2.0 * LIBRARY * slope,
            Self::EluRational if s > 0.0 => 0.0,
            // 1/(1 + |s|) − |s|/(1 + |s|)²
            Self::Softsign | Self::EluRational => 3.0 / far,
        };
        let second = deviation * deviation;
        let rate_off = slope * deviation + second / 2.0 + LIBRARY * unit * rate.abs();
        [(rate, rate_off), (slope, bend * deviation + second + unit * rounded)]
    }
}
