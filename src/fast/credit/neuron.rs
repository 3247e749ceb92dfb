//! What one neuron does on the credit side: its firing rate and its balance factor.

use crate::fast::{Float, Function};
use crate::spec::Kink;

use Way::{Closes, Opens};

/// x = σ(s) (D1); NaN stays NaN.
#[inline(always)]
pub(in crate::fast) fn firing_rate<F: Float>(activation: &Function<F>, s: F) -> F {
    let (zero, one) = (F::from(0), F::from(1));
    match activation {
        Function::Identity => s,
        // Written so that NaN takes the branch that keeps it.
        Function::Relu => {
            if s <= zero {
                zero
            } else {
                s
            }
        }
        Function::LeakyRelu { slope } => {
            if s <= zero {
                *slope * s
            } else {
                s
            }
        }
        Function::HardTanh { min, max } => {
            if s < *min {
                *min
            } else if s > *max {
                *max
            } else {
                s
            }
        }
        Function::Square => s * s,
        Function::Quadratic => s + s * s,
        Function::Cubic => s - s * s * s / F::from(3),
        Function::Softsign => s / (one + s.magnitude()),
        Function::EluRational => {
            if s <= zero {
                s / (one - s)
            } else {
                s
            }
        }
        Function::Tanh => Float::tanh(s),
        Function::Logistic => {
            if s < zero {
                let e = s.decay();
                e / (one + e)
            } else {
                one / (one + s.decay())
            }
        }
        Function::Softplus => {
            if s > zero {
                s + Float::ln_1p(s.decay())
            } else {
                Float::ln_1p(s.decay())
            }
        }
    }
}

/// β = σ'(s) (D2), from the rate alone where the rate determines it.
#[inline(always)]
pub(in crate::fast) fn balance_factor<F: Float>(
    activation: &Function<F>,
    kink: Kink,
    s: F,
    x: F,
) -> F {
    let (zero, one) = (F::from(0), F::from(1));
    match activation {
        Function::Identity => one,
        Function::Relu if kink == Kink::Left => at_kink(x, zero, kink, zero, one, Opens),
        Function::Relu => at_kink(s, zero, kink, zero, one, Opens),
        Function::LeakyRelu { slope } if kink == Kink::Left && *slope > zero => {
            at_kink(x, zero, kink, *slope, one, Opens)
        }
        Function::LeakyRelu { slope } => at_kink(s, zero, kink, *slope, one, Opens),
        Function::HardTanh { min, max } => {
            if s < *max {
                at_kink(s, *min, kink, zero, one, Opens)
            } else {
                at_kink(s, *max, kink, one, zero, Closes)
            }
        }
        Function::Square => s + s,
        Function::Quadratic => one + (s + s),
        Function::Cubic => one - s * s,
        Function::Softsign => {
            let distance = one - x.magnitude();
            distance * distance
        }
        Function::EluRational => {
            // x = s/(1 − s) makes 1 + x = 1/(1 − s); NaN takes the branch that keeps it.
            let distance = one + x;
            if x > zero { one } else { distance * distance }
        }
        Function::Tanh => one - x * x,
        Function::Logistic => x * (one - x),
        // The rate is never below 0.
        Function::Softplus => -x.decay_m1(),
    }
}

/// f(s) of a replaced balance function (D2): that of a neuron which had this activation.
#[inline(always)]
pub(in crate::fast) fn replaced_balance<F: Float>(balance: &Function<F>, kink: Kink, s: F) -> F {
    balance_factor(balance, kink, s, firing_rate(balance, s))
}

/// Whether the inner piece begins at a kink or ends there; at an only kink it begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Opens,
    Closes,
}

/// The slope on either side of a kink, or what the convention says on it.
///
/// Everything that may be asked for is computed, and then chosen: a loop over this has no jumps.
#[inline(always)]
fn at_kink<F: Float>(value: F, place: F, kink: Kink, left: F, right: F, way: Way) -> F {
    let (mean, opens) = ((left + right) / F::from(2), way == Opens);
    let on_kink = match kink {
        Kink::Left => left,
        Kink::Right => right,
        Kink::Mean => mean,
        Kink::Inner => [left, right][usize::from(opens)],
        Kink::Outer => [right, left][usize::from(opens)],
        Kink::Between(share) => {
            let (p, q) = (share.numerator(), share.denominator());
            F::ratio(q - p, q) * left + F::ratio(p, q) * right
        }
    };
    if value < place {
        left
    } else if value > place {
        right
    } else if value == place {
        on_kink
    } else {
        // Not comparable: NaN stays NaN.
        value
    }
}
