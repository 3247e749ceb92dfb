//! The error of one neuron: of σ(s), and of σ'(s) by either of the two ways to compute it.

use num_rational::BigRational;
use num_traits::Signed;

use super::dyadic::SIDES;
use super::up::{Arithmetic, Sum, Up, Value};
use super::{EXP_ULPS, LOGISTIC_ULPS, SOFTPLUS_ULPS, TANH_ULPS};
use crate::error::Error;
use crate::number::{exact_f64, nearest_f64};
use crate::spec::{Activation, Dtype, Kink, Share};
use crate::verdict::enclosure::{self, Enclosure};
use crate::verdict::lattice::admit_activation;

/// Bits of the enclosures from which the centres are rounded: more than any format has.
const BITS: u64 = 64;

/// Roundings of a mixture of two slopes: numerator, denominator and quotient of θ or 1 − θ, and what a sum has.
const MIXED: usize = 5;

/// Arithmetic of the centre and of the format, and the format itself.
pub(super) struct Neurons {
    pub(super) arithmetic: [Arithmetic; 2],
    pub(super) format: Dtype,
}

/// σ and its slope with their errors.
pub(super) struct Fired {
    pub(super) rate: Value,
    pub(super) slope: Value,
}

/// σ(s), σ'(s) at the centre, and a bound on |σ''| between there and any s of interest.
struct Local {
    rate: f64,
    slope: f64,
    curvature: Up,
}

impl Neurons {
    /// σ and σ' at a net input.
    pub(super) fn fire(
        &self,
        function: &Activation,
        kink: Kink,
        s: &Value,
    ) -> Result<Fired, Error> {
        let zero = Value::ZERO;
        let one = Value::exact(1.0);
        Ok(match function {
            Activation::Identity => Fired { rate: *s, slope: one },
            Activation::Relu => self.pieces(&[(zero, zero, one)], kink, s, &[zero, *s]),
            Activation::LeakyRelu { slope } => {
                let slope = Value::rounded(slope, self.format);
                let below = self.product(&slope, s);
                self.pieces(&[(zero, slope, one)], kink, s, &[below, *s])
            }
            Activation::HardTanh { min, max } => {
                let min = Value::rounded(min, self.format);
                let max = Value::rounded(max, self.format);
                let kinks = [(min, zero, one), (max, one, zero)];
                self.pieces(&kinks, kink, s, &[min, *s, max])
            }
            Activation::Square
            | Activation::Quadratic
            | Activation::Cubic
            | Activation::Softsign
            | Activation::EluRational
            | Activation::Tanh
            | Activation::Logistic
            | Activation::Softplus => self.smooth(function, kink, s)?,
        })
    }

    fn product(&self, a: &Value, b: &Value) -> Value {
        let mut sum = Sum::new(&self.arithmetic);
        sum.add(&[*a, *b]);
        sum.over(1.0, 1)
    }

    /// A function with kinks (place, slope on the left, slope on the right) and one rate per piece.
    ///
    /// Where a kink is within reach of the error of s, the slope may be wrong by the whole jump.
    fn pieces(
        &self,
        kinks: &[(Value, Value, Value)],
        convention: Kink,
        s: &Value,
        rates: &[Value],
    ) -> Fired {
        let piece = kinks.iter().filter(|(place, ..)| s.centre > place.centre).count();
        let mut slope = match kinks.get(piece) {
            Some((place, left, right)) if place.centre == s.centre => match (convention, piece) {
                (Kink::Left, _) => *left,
                (Kink::Right, _) => *right,
                (Kink::Mean, _) => {
                    let mut sum = Sum::new(&self.arithmetic);
                    sum.add(&[*left]);
                    sum.add(&[*right]);
                    sum.over(2.0, 1)
                }
                // The inner piece is on the right of the first kink and on the left of the second.
                (Kink::Inner, 0) | (Kink::Outer, 1..) => *right,
                (Kink::Outer, 0) | (Kink::Inner, 1..) => *left,
                (Kink::Between(share), _) => self.mixed(share, *left, *right),
            },
            Some((_, left, _)) => *left,
            None => kinks.last().map_or(Value::ZERO, |(.., right)| *right),
        };
        let mut rate = rates[piece.min(rates.len() - 1)];
        for side in SIDES {
            for (k, (place, left, right)) in kinks.iter().enumerate() {
                let reach = s.error[0] + s.error[side] + place.error[0] + place.error[side];
                // With nothing in error both sides are on the kink, or on the same side of it.
                if reach == Up::ZERO || Up::certainly_apart(s.centre, place.centre, reach) {
                    continue;
                }
                let steepness = Up::ONE + left.magnitude() + right.magnitude();
                let parameters =
                    left.error[0] + left.error[side] + right.error[0] + right.error[side];
                // The mean of both slopes is rounded too, and any other mixture of them more often.
                let roundings = match convention {
                    Kink::Left | Kink::Right | Kink::Mean | Kink::Inner | Kink::Outer => 2,
                    Kink::Between(_) => 2 * MIXED,
                };
                let rounding = self.arithmetic[side].gamma(roundings) * steepness;
                let jump = Up::of(right.centre - left.centre) * (Up::ONE + Up::power(52));
                slope.error[side] = slope.error[side] + jump + parameters + rounding;
                // Both pieces meet at the kink, so either rate is off by no more than both errors
                // together and the shift of the kink.
                let both = rates[k].error[side] + rates[k + 1].error[side];
                let shift = (place.error[0] + place.error[side]) * steepness;
                rate.error[side] = rate.error[side].max(both + shift + s.error[side] * steepness);
            }
        }
        Fired { rate, slope }
    }

    /// (1 − θ) left + θ right, or left + θ (right − left): the terms of both, with θ a quotient of two rounded numbers.
    fn mixed(&self, share: Share, left: Value, right: Value) -> Value {
        let of_right = Value::rounded(&share.exact(), self.format);
        let mut sum = Sum::new(&self.arithmetic);
        sum.add(&[left]);
        sum.add(&[of_right, right]);
        sum.add(&[-of_right, left]);
        sum.over(1.0, MIXED)
    }

    fn smooth(&self, function: &Activation, kink: Kink, s: &Value) -> Result<Fired, Error> {
        let local = local(function, s)?;
        let radius = s.error[0];
        // |σ'| at the true s.
        let steepness = Up::of(local.slope) + local.curvature * radius;
        let mut rate = Value { centre: local.rate, error: [Up::ZERO; 2] };
        let mut slope = Value { centre: local.slope, error: [Up::ZERO; 2] };
        for side in SIDES {
            let (arithmetic, e) = (self.arithmetic[side], s.error[side]);
            let moved = (steepness + local.curvature * e) * e;
            let reached = Up::of(local.rate) + steepness * radius + moved;
            let m = s.evaluated(side);
            rate.error[side] = moved + rate_rounding(function, arithmetic, m, reached);
            let turned = local.curvature * e;
            let steepest = steepness + turned;
            slope.error[side] = turned + slope_rounding(function, arithmetic, m, steepest);
        }
        // Only an engine computes σ' from the rate; the centre never does.
        let by_rate = slope_by_rate(function, self.arithmetic[1], &rate);
        slope.error[1] = slope.error[1].max(by_rate);
        let exact = exact_f64(s.centre).filter(|_| s.is_exact(0) && function.is_polynomial());
        for side in SIDES.iter().filter(|&&side| s.is_exact(side)) {
            // By the very rule by which tier L admits: every way to compute σ and σ' is then exact.
            let format = self.arithmetic[*side].format;
            if exact.as_ref().is_some_and(|s| admit_activation(format, function, kink, s).is_ok()) {
                rate.error[*side] = Up::ZERO;
                slope.error[*side] = Up::ZERO;
            }
        }
        Ok(Fired { rate, slope })
    }
}

/// Roundings of σ at a float of magnitude m, where |σ| ≤ `reached`.
fn rate_rounding(function: &Activation, arithmetic: Arithmetic, m: Up, reached: Up) -> Up {
    let tiny = |ops: usize| Up::count(ops) * arithmetic.tiny * (Up::ONE + m) * (Up::ONE + m);
    // One ulp of y is at most 2u|y|, or the smallest subnormal.
    let ulps = |count: f64| {
        Up::of(count) * (arithmetic.unit + arithmetic.unit) * reached
            + Up::of(count) * arithmetic.tiny
    };
    match function {
        Activation::Square => arithmetic.gamma(1) * m * m + tiny(1),
        Activation::Quadratic => arithmetic.gamma(2) * (m + m * m) + tiny(2),
        Activation::Cubic => arithmetic.gamma(5) * (m + m * m * m / 3.0) + tiny(6),
        // A sum, and a quotient or a reciprocal and a product.
        Activation::Softsign | Activation::EluRational => arithmetic.gamma(3) * reached + tiny(1),
        Activation::Tanh => ulps(TANH_ULPS),
        Activation::Logistic => ulps(LOGISTIC_ULPS),
        Activation::Softplus => ulps(SOFTPLUS_ULPS),
        // The piecewise-linear ones do not come here.
        Activation::Identity
        | Activation::Relu
        | Activation::LeakyRelu { .. }
        | Activation::HardTanh { .. } => Up::ZERO,
    }
}

/// Roundings of σ' computed from a net input of magnitude m, where |σ'| ≤ `steepest`.
fn slope_rounding(function: &Activation, arithmetic: Arithmetic, m: Up, steepest: Up) -> Up {
    let tiny = |ops: usize| Up::count(ops) * arithmetic.tiny * (Up::ONE + m);
    // An ulp of an exponential is two roundings; it enters at most twice, and six operations follow.
    // EXP_ULPS is a small whole number.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let exponential = 4 * (EXP_ULPS as usize) + 8;
    match function {
        Activation::Square => arithmetic.gamma(1) * steepest + tiny(1),
        Activation::Quadratic => arithmetic.gamma(2) * (Up::ONE + m + m) + tiny(1),
        Activation::Cubic => arithmetic.gamma(4) * (Up::ONE + m * m) + tiny(4),
        Activation::Softsign | Activation::EluRational => arithmetic.gamma(6) * steepest + tiny(2),
        Activation::Tanh | Activation::Logistic | Activation::Softplus => {
            arithmetic.gamma(exponential) * steepest + Up::count(8) * arithmetic.tiny
        }
        Activation::Identity
        | Activation::Relu
        | Activation::LeakyRelu { .. }
        | Activation::HardTanh { .. } => Up::ZERO,
    }
}

/// The error of σ' computed from the rate, where that is possible.
fn slope_by_rate(function: &Activation, arithmetic: Arithmetic, rate: &Value) -> Up {
    let dx = rate.error[1];
    let m = rate.magnitude() + dx;
    let tiny = Up::count(3) * arithmetic.tiny;
    match function {
        // 1 − x²
        Activation::Tanh => dx * (m + m) + arithmetic.gamma(3) * (Up::ONE + m * m) + tiny,
        // x(1 − x), whose derivative is at most 1 on [0, 1]
        Activation::Logistic => dx * (Up::ONE + dx + dx) + arithmetic.gamma(3) * m + tiny,
        // 1 − e⁻ˣ, whose derivative is at most 1 for x ≥ 0 and whose value is at most x
        Activation::Softplus => {
            let ulps = Up::of(2.0 * EXP_ULPS) * arithmetic.unit;
            dx + ulps * m.min_one() + Up::of(EXP_ULPS) * tiny
        }
        // (1 − |x|)²
        Activation::Softsign => {
            let distance = Up::of(1.0 - rate.centre.abs()) + Up::power(53) + rate.error[0] + dx;
            dx * (distance + distance) + arithmetic.gamma(4) * distance * distance + tiny
        }
        // (1 + x)² for x ≤ 0 and 1 above: continuous, and no steeper than 2(1 + min(x, 0)) on the way
        Activation::EluRational => {
            let distance = Up::of(1.0 + rate.centre.min(0.0)) + Up::power(53) + rate.error[0] + dx;
            dx * (distance + distance) + arithmetic.gamma(4) * distance * distance + tiny
        }
        Activation::Identity
        | Activation::Relu
        | Activation::LeakyRelu { .. }
        | Activation::HardTanh { .. }
        | Activation::Square
        | Activation::Quadratic
        | Activation::Cubic => Up::ZERO,
    }
}

/// A bound on |σ''| within δ of the centre: `everywhere`, or `here` grown to here·(1 + growth·δ) if δ ≤ ¼.
fn nearby(everywhere: Up, here: Up, growth: usize, s: &Value) -> Up {
    let reach = s.error[0] + s.error[0] + s.error[1];
    if reach > Up::power(2) {
        return everywhere;
    }
    // `here` was computed in f64, in far fewer than 2¹² roundings, and may have underflowed.
    let here = here * (Up::ONE + Up::power(40)) + Up::power(1074);
    let grown = here * (Up::ONE + Up::count(growth) * reach);
    if grown < everywhere { grown } else { everywhere }
}

/// σ, σ' and a bound on |σ''|; everything at the centre, in f64.
fn local(function: &Activation, s: &Value) -> Result<Local, Error> {
    let c = s.centre;
    let beyond = || Error::NotFinite { what: "the centre of a rounding bound".to_owned() };
    let exact = exact_f64(c).ok_or_else(beyond)?;
    let nearest = |enclosure: &Enclosure| nearest_f64(&enclosure.lower);
    // e^−k|s|; below the smallest float where no enclosure is given.
    let decay = |k: u32| {
        let x = -exact.abs() * BigRational::from_integer(k.into());
        enclosure::exp(&x, BITS).map_or(0.0, |enclosure| nearest(&enclosure))
    };
    let (rate, slope, curvature) = match function {
        Activation::Square => (c * c, 2.0 * c, Up::of(2.0)),
        Activation::Quadratic => (c + c * c, 1.0 + 2.0 * c, Up::of(2.0)),
        Activation::Cubic => {
            let reach = s.magnitude() + s.error[0] + s.error[1];
            (c - c * c * c / 3.0, 1.0 - c * c, reach + reach)
        }
        Activation::Softsign => {
            let r = 1.0 / (1.0 + c.abs());
            // |softsign''| = 2/(1 + |s|)³, and (1 + 2δ)³ ≤ 1 + 10δ for δ ≤ ¼
            let rate = c / (1.0 + c.abs());
            (rate, r * r, nearby(Up::of(2.0), Up::of(2.0 * r * r * r), 10, s))
        }
        Activation::EluRational if c > 0.0 => {
            // Straight as far as 0, and |σ''| ≤ 2 beyond.
            let reach = s.error[0] + s.error[0] + s.error[1];
            let straight = Up::certainly_apart(c, 0.0, reach);
            (c, 1.0, if straight { Up::ZERO } else { Up::of(2.0) })
        }
        Activation::EluRational => {
            let r = 1.0 / (1.0 - c);
            // |σ''| = 2/(1 − s)³ where it is not 0: as for softsign
            (c / (1.0 - c), r * r, nearby(Up::of(2.0), Up::of(2.0 * r * r * r), 10, s))
        }
        Activation::Tanh => {
            let q = decay(2);
            let r = 1.0 / (1.0 + q);
            let slope = 4.0 * q * (r * r);
            // |tanh''| ≤ 4/√27 < 0.77 and |tanh''| ≤ 2 tanh', which grows by at most e^2δ
            let curvature = nearby(Up::of(0.77), Up::of(2.0 * slope), 4, s);
            (nearest(&enclosure::tanh(&exact, BITS)), slope, curvature)
        }
        Activation::Logistic => {
            let q = decay(1);
            let r = 1.0 / (1.0 + q);
            let slope = q * (r * r);
            // |logistic''| ≤ 1/√108 < 0.0963 and |logistic''| ≤ logistic', which grows by at most e^δ
            let curvature = nearby(Up::of(0.0963), Up::of(slope), 4, s);
            (nearest(&enclosure::logistic(&exact, BITS)), slope, curvature)
        }
        Activation::Softplus => {
            let q = decay(1);
            let slope = if exact.is_negative() { q / (1.0 + q) } else { 1.0 / (1.0 + q) };
            // softplus'' = logistic' ≤ ¼ and ≤ softplus', which grows by at most e^δ
            let curvature = nearby(Up::of(0.25), Up::of(slope), 4, s);
            (nearest(&enclosure::softplus(&exact, BITS)), slope, curvature)
        }
        // The piecewise-linear ones do not come here.
        Activation::Identity
        | Activation::Relu
        | Activation::LeakyRelu { .. }
        | Activation::HardTanh { .. } => (c, 1.0, Up::ZERO),
    };
    Ok(Local { rate, slope, curvature })
}
