//! What one neuron does in the simulation: σ, its slope, and the balance function.
//!
//! Own formulas, from the net input alone: neither the credit engine nor backpropagation can agree with the simulation by sharing one.

use crate::error::Error;
use crate::fast::{Float, Function};
use crate::spec::{Activation, Kink};

/// σ of one neuron with its kink convention.
#[derive(Clone, Debug)]
pub(super) struct Sigma {
    function: Function<f64>,
    kink: Kink,
}

impl Sigma {
    pub(super) fn of(activation: &Activation, kink: Kink) -> Result<Self, Error> {
        Ok(Self { function: Function::of(activation)?, kink })
    }

    /// σ(s).
    pub(super) fn rate(&self, s: f64) -> f64 {
        match self.function {
            Function::Identity => s,
            Function::Relu => s.max(0.0),
            Function::LeakyRelu { slope } => s * if s > 0.0 { 1.0 } else { slope },
            Function::HardTanh { min, max } => s.max(min).min(max),
            Function::Square => s * s,
            Function::Quadratic => s * (1.0 + s),
            Function::Cubic => s * (1.0 - s * s / 3.0),
            Function::Softsign => s / (1.0 + s.abs()),
            Function::EluRational => s / (1.0 - s.min(0.0)),
            Function::Tanh => Float::tanh(s),
            Function::Logistic => logistic(s),
            Function::Softplus => s.max(0.0) + Float::ln_1p(s.decay()),
        }
    }

    /// σ'(s).
    pub(super) fn slope(&self, s: f64) -> f64 {
        match self.function {
            Function::Identity => 1.0,
            Function::Relu => self.step(s, 0.0, [0.0, 1.0], 0),
            Function::LeakyRelu { slope } => self.step(s, 0.0, [slope, 1.0], 0),
            Function::HardTanh { min, .. } if s <= min => self.step(s, min, [0.0, 1.0], 0),
            Function::HardTanh { max, .. } => self.step(s, max, [1.0, 0.0], 1),
            Function::Square => 2.0 * s,
            Function::Quadratic => 1.0 + 2.0 * s,
            Function::Cubic => (1.0 - s) * (1.0 + s),
            Function::Softsign => (1.0 + s.abs()).powi(-2),
            Function::EluRational => (1.0 - s.min(0.0)).powi(-2),
            Function::Tanh => {
                let rate = Float::tanh(s);
                (1.0 - rate) * (1.0 + rate)
            }
            Function::Logistic => logistic(s) * logistic(-s),
            Function::Softplus => logistic(s),
        }
    }

    /// `below` the kink of this number, `above` it, and on it what the convention says: of two kinks, the inner slope is above the first.
    fn step(&self, s: f64, kink: f64, [below, above]: [f64; 2], number: usize) -> f64 {
        if s < kink {
            return below;
        }
        if s > kink {
            return above;
        }
        match (self.kink, number) {
            (Kink::Left, _) | (Kink::Outer, 0) | (Kink::Inner, 1..) => below,
            (Kink::Right, _) | (Kink::Inner, 0) | (Kink::Outer, 1..) => above,
            (Kink::Mean, _) => f64::midpoint(below, above),
            (Kink::Between(share), _) => {
                let share = f64::ratio(share.numerator(), share.denominator());
                (1.0 - share) * below + share * above
            }
        }
    }
}

/// 1 / (1 + e⁻ˢ) without overflow.
fn logistic(s: f64) -> f64 {
    let decay = s.decay();
    if s < 0.0 { decay / (1.0 + decay) } else { 1.0 / (1.0 + decay) }
}
