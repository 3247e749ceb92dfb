//! σ and σ' as backpropagation has them: both from the net input.

use crate::fast::{Float, Function};
use crate::spec::Kink;

/// x = σ(s) (D5); NaN stays NaN.
#[inline(always)]
pub(in crate::fast) fn activate<F: Float>(activation: &Function<F>, s: F) -> F {
    let (zero, one, two, three) = (F::from(0), F::from(1), F::from(2), F::from(3));
    match activation {
        Function::Identity => s,
        Function::Relu => {
            if s < zero {
                zero
            } else {
                s
            }
        }
        Function::LeakyRelu { slope } => {
            if s < zero {
                s * *slope
            } else {
                s
            }
        }
        Function::HardTanh { min, max } => match s {
            s if s > *max => *max,
            s if s < *min => *min,
            s => s,
        },
        Function::Square => s * s,
        Function::Quadratic => s * (one + s),
        Function::Cubic => s * (three - s * s) / three,
        Function::Softsign => {
            let x = s.magnitude() / (s.magnitude() + one);
            with_sign_of(s, x)
        }
        Function::EluRational => {
            let r = one / (one - s);
            if s > zero { s } else { s * r }
        }
        Function::Tanh => {
            // e^(−2|s|) − 1 lies in [−1, 0]: nothing overflows and nothing cancels.
            let below = (two * s).decay_m1();
            let r = one / (below + two);
            with_sign_of(s, -below * r)
        }
        Function::Logistic => {
            let e = s.decay();
            let x = one / (one + e);
            if s < zero { e * x } else { x }
        }
        Function::Softplus => {
            let excess = Float::ln_1p(s.decay());
            if s < zero { excess } else { s + excess }
        }
    }
}

/// σ'(s) (D6) from the net input; NaN stays NaN.
#[inline(always)]
pub(in crate::fast) fn slope<F: Float>(activation: &Function<F>, kink: Kink, s: F) -> F {
    let (zero, one, two) = (F::from(0), F::from(1), F::from(2));
    match activation {
        Function::Identity => one,
        Function::Relu => piece(s, zero, one, s == zero, kink),
        Function::LeakyRelu { slope } => piece(s, *slope, one, s == zero, kink),
        Function::HardTanh { min, .. } if s == *min => corner(zero, one, one, kink),
        Function::HardTanh { max, .. } if s == *max => corner(one, zero, one, kink),
        Function::HardTanh { min, max } => {
            if s > *min && s < *max {
                one
            } else if s.finite() {
                zero
            } else {
                s
            }
        }
        Function::Square => two * s,
        Function::Quadratic => two * s + one,
        Function::Cubic => (one - s) * (one + s),
        Function::Softsign => {
            let r = one / (one + s.magnitude());
            r * r
        }
        Function::EluRational => {
            let r = one / (one - s);
            if s > zero { one } else { r * r }
        }
        Function::Tanh => {
            // 1 − tanh² = 4q/(1+q)² with q = e^(−2|s|), without the cancellation of the difference.
            // 1 + q is had as 2 + (q − 1), as it is for σ.
            let q = (two * s).decay();
            let r = one / ((two * s).decay_m1() + two);
            F::from(4) * q * (r * r)
        }
        Function::Logistic => {
            let q = s.decay();
            let r = one / (one + q);
            q * (r * r)
        }
        Function::Softplus => {
            let q = s.decay();
            if s < zero { q / (q + one) } else { one / (q + one) }
        }
    }
}

/// The slope of a function with two pieces, the middle one on the right; `s` of the wrong kind (NaN) is handed on.
#[inline(always)]
fn piece<F: Float>(s: F, left: F, right: F, on_kink: bool, kink: Kink) -> F {
    let zero = F::from(0);
    let beside = if s > zero { right } else { s };
    let beside = if s < zero { left } else { beside };
    if on_kink { corner(left, right, right, kink) } else { beside }
}

/// The slope at a kink; `middle` is that of the middle piece, the other one of the two being that of the outer piece.
#[inline(always)]
fn corner<F: Float>(left: F, right: F, middle: F, kink: Kink) -> F {
    match kink {
        Kink::Left => left,
        Kink::Right => right,
        Kink::Mean => (left + right) / F::from(2),
        Kink::Inner => middle,
        Kink::Outer => left + right - middle,
        Kink::Between(share) => {
            left + F::ratio(share.numerator(), share.denominator()) * (right - left)
        }
    }
}

#[inline(always)]
fn with_sign_of<F: Float>(s: F, magnitude: F) -> F {
    if s < F::from(0) { -magnitude } else { magnitude }
}
