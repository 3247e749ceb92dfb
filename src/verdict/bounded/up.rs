//! Numbers that can only be too large, and values with the two errors that are followed through a pass.

use std::ops::{Add, Div, Mul};

use num_rational::BigRational;
use num_traits::Signed;

use super::dyadic::{Grid, SIDES};
use crate::number::{exact_f64, nearest, nearest_f64};
use crate::spec::{self, Dtype, Operands};

/// An upper bound that is not negative: every operation moves its result up by one float.
///
/// Exact zeros stay zero, so that what cannot be wrong has no error.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(in crate::verdict) struct Up(f64);

impl Up {
    pub(in crate::verdict) const ZERO: Self = Self(0.0);
    pub(in crate::verdict) const ONE: Self = Self(1.0);

    /// |value|, exactly.
    pub(in crate::verdict) fn of(value: f64) -> Self {
        Self(value.abs())
    }

    pub(in crate::verdict) fn count(number: usize) -> Self {
        // Counts of things in memory are far below 2⁵³; next_up covers the rest.
        #[allow(clippy::cast_precision_loss)]
        let count = number as f64;
        Self(if number < 1 << 53 { count } else { count.next_up() })
    }

    /// 2^−exponent, at least the smallest float.
    pub(in crate::verdict) fn power(exponent: u32) -> Self {
        let exponent = u64::from(exponent.min(1074));
        // The encoding itself: exact, which repeated multiplication need not be.
        Self(f64::from_bits(match 1022u64.checked_sub(exponent) {
            Some(rest) => (rest + 1) << 52,
            None => 1 << (1074 - exponent),
        }))
    }

    pub(in crate::verdict) fn max(self, other: Self) -> Self {
        // NaN must win: it turns into an error at the end.
        if self.0 >= other.0 || self.0.is_nan() { self } else { other }
    }

    /// The smaller of this and 1.
    pub(in crate::verdict) fn min_one(self) -> Self {
        if self.0 > 1.0 { Self::ONE } else { self }
    }

    pub(in crate::verdict) fn value(self) -> f64 {
        self.0
    }

    /// |a − b| at least, for the question whether something is certainly further apart than a reach.
    pub(in crate::verdict) fn certainly_apart(a: f64, b: f64, reach: Self) -> bool {
        (a - b).abs().next_down() > reach.0
    }
}

impl Add for Up {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        if self.0 == 0.0 {
            other
        } else if other.0 == 0.0 {
            self
        } else {
            Self((self.0 + other.0).next_up())
        }
    }
}

impl Mul for Up {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        if self.0 == 0.0 || other.0 == 0.0 {
            Self::ZERO
        } else {
            Self((self.0 * other.0).next_up())
        }
    }
}

/// By an exact number.
impl Div<f64> for Up {
    type Output = Self;
    fn div(self, other: f64) -> Self {
        if self.0 == 0.0 { self } else { Self((self.0 / other).next_up()) }
    }
}

/// What becomes of an operand of a matrix product before it meets the other.
#[derive(Clone, Copy, Debug)]
pub(in crate::verdict) struct Operand {
    /// How far it is off, relatively.
    pub(in crate::verdict) unit: Up,
    /// How far it is off where it underflows.
    tiny: Up,
    format: Operands,
}

impl Operand {
    pub(in crate::verdict) fn of(format: Operands) -> Self {
        let (unit, tiny) = (Up::power(format.unit()), Up::power(format.underflow()));
        Self { unit, tiny, format }
    }

    /// The same of a number that may have been divided by so much first: then it underflows as much earlier.
    pub(in crate::verdict) fn divided(self, by: Up) -> Self {
        Self { tiny: self.tiny * by, ..self }
    }

    /// Whether hardware may cut it off in place of rounding it: then all are off to one side.
    pub(in crate::verdict) fn may_cut(self) -> bool {
        match self.format {
            Operands::Tf32 => true,
            Operands::Bf16 | Operands::F16 => false,
        }
    }

    /// Whether a number stays as it is.
    pub(in crate::verdict) fn keeps(self, value: f64) -> bool {
        let [smallest, largest] = self.format.exponents();
        let spare = (1u64 << (53 - self.format.precision())) - 1;
        let range = 2f64.powi(smallest)..2f64.powi(largest) * 2.0;
        value == 0.0 || (value.to_bits() & spare == 0 && range.contains(&value.abs()))
    }

    /// By how much the product of two such operands moves, of this magnitude together; and a sum of products, of all their magnitudes,
    /// where `each` is the sum of those of all operands and there are so many terms.
    pub(in crate::verdict) fn moves(self, magnitude: Up, each: Up, terms: usize) -> Up {
        let both = self.unit + self.unit + self.unit * self.unit;
        // Beside what is relative, (a + t)(b + t) − ab = t (a + b) + t²; with (1 + o) on it.
        let underflow = self.tiny * (each + Up::count(terms) * self.tiny);
        both * magnitude + underflow + underflow * self.unit
    }
}

/// What rounding does in one arithmetic.
#[derive(Clone, Copy, Debug)]
pub(in crate::verdict) struct Arithmetic {
    /// u: half the distance from 1 to the next float.
    pub(in crate::verdict) unit: Up,
    /// The smallest positive float: no operation underflows by more.
    pub(in crate::verdict) tiny: Up,
    /// Whose arithmetic it is.
    pub(in crate::verdict) format: Dtype,
    /// What becomes of the operands of matrix products before they meet, if anything.
    pub(in crate::verdict) operands: Option<Operand>,
}

impl Arithmetic {
    /// The same for one whose products may round their operands first, which may have been divided by so many examples.
    pub(in crate::verdict) fn computed(arithmetic: spec::Arithmetic, batch: usize) -> Self {
        let operands =
            arithmetic.operands().map(|format| Operand::of(format).divided(Up::count(batch)));
        Self { operands, ..Self::of(arithmetic.dtype()) }
    }

    pub(in crate::verdict) fn of(format: Dtype) -> Self {
        let (unit, tiny) =
            (Up::power(format.precision()), Up::power(format.smallest().unsigned_abs()));
        Self { unit, tiny, format, operands: None }
    }

    /// γ_n = nu / (1 − nu), which bounds the relative error of n roundings; from nu = ½ on, ∞.
    pub(in crate::verdict) fn gamma(self, roundings: usize) -> Up {
        let nu = Up::count(roundings) * self.unit;
        if nu.0 >= 0.5 {
            return Up(f64::INFINITY);
        }
        // 1/(1 − a) ≤ 1 + 2a for a ≤ ½.
        nu * (Up::ONE + nu + nu)
    }
}

/// A real number by an f64 near it.
#[derive(Clone, Copy, Debug)]
pub(in crate::verdict) struct Value {
    /// The f64.
    pub(in crate::verdict) centre: f64,
    /// How far the true value is from the centre, and how far any evaluation in the format is from the true value.
    pub(in crate::verdict) error: [Up; 2],
}

impl Value {
    pub(in crate::verdict) const ZERO: Self = Self { centre: 0.0, error: [Up::ZERO; 2] };

    /// A number of the case, rounded to nearest in each arithmetic; the errors are computed, not assumed.
    pub(in crate::verdict) fn rounded(value: &BigRational, format: Dtype) -> Self {
        let error = |nearest: f64| match exact_f64(nearest) {
            Some(nearest) if nearest == *value => Up::ZERO,
            Some(nearest) => Up(nearest_f64(&(nearest - value).abs()).next_up()),
            None => Up(f64::INFINITY),
        };
        let centre = nearest_f64(value);
        let radius = error(centre);
        let bound = match format {
            Dtype::F64 => radius,
            Dtype::F32 | Dtype::Bf16 | Dtype::F16 => {
                error(nearest(value.numer(), value.denom(), format))
            }
        };
        Self { centre, error: [radius, bound] }
    }

    pub(in crate::verdict) fn exact(centre: f64) -> Self {
        Self { centre, error: [Up::ZERO; 2] }
    }

    /// At least the magnitude of the true value.
    pub(in crate::verdict) fn magnitude(&self) -> Up {
        Up::of(self.centre) + self.error[0]
    }

    /// At least the magnitude of the value as evaluated.
    pub(in crate::verdict) fn evaluated(&self, side: usize) -> Up {
        self.magnitude() + self.error[side]
    }

    /// The same after so many factors that cancel out exactly, each of which rounds; what underflows by 1/B is multiplied by B again.
    pub(in crate::verdict) fn multiplied(
        self,
        arithmetic: &[Arithmetic; 2],
        factors: usize,
        batch: usize,
    ) -> Self {
        if self.is_zero() {
            return self;
        }
        let format = arithmetic[1];
        let underflow = Up::count(factors * batch) * format.tiny;
        let rounding = format.gamma(factors) * self.evaluated(1) + underflow;
        Self { error: [self.error[0], self.error[1] + rounding], ..self }
    }

    pub(in crate::verdict) fn is_zero(&self) -> bool {
        self.centre == 0.0 && self.error == [Up::ZERO; 2]
    }

    /// Of the centre: whether it is the true value. Of the format: whether every evaluation gives the true value.
    pub(in crate::verdict) fn is_exact(&self, side: usize) -> bool {
        self.error[side] == Up::ZERO
    }
}

impl std::ops::Neg for Value {
    type Output = Self;
    fn neg(self) -> Self {
        Self { centre: -self.centre, ..self }
    }
}

/// Σ of products, in any order, with or without fused multiply-add.
///
/// Where everything fits on a dyadic grid nothing is rounded, and the error is zero.
pub(in crate::verdict) struct Sum<'a> {
    arithmetic: &'a [Arithmetic; 2],
    centre: f64,
    inherited: [Up; 2],
    magnitude: [Up; 2],
    roundings: usize,
    grid: Grid,
}

impl<'a> Sum<'a> {
    pub(in crate::verdict) fn new(arithmetic: &'a [Arithmetic; 2]) -> Self {
        let nothing = [Up::ZERO; 2];
        Self {
            arithmetic,
            centre: 0.0,
            inherited: nothing,
            magnitude: nothing,
            roundings: 0,
            grid: Grid::new(),
        }
    }

    /// One more term. A term that is exactly zero adds no rounding.
    pub(in crate::verdict) fn add(&mut self, factors: &[Value]) {
        self.term(factors, [None; 2]);
    }

    /// One more term of a matrix product, whose two operands, each of some of these factors, may be rounded before they meet.
    pub(in crate::verdict) fn add_product(&mut self, factors: &[Value]) {
        self.term(factors, self.arithmetic.map(|arithmetic| arithmetic.operands));
    }

    fn term(&mut self, factors: &[Value], operands: [Option<Operand>; 2]) {
        if factors.iter().any(Value::is_zero) {
            return;
        }
        self.centre += factors.iter().map(|factor| factor.centre).product::<f64>();
        // One for the addition; those of the product itself are added at the end.
        self.roundings += 1;
        let exact = SIDES.map(|side| factors.iter().all(|factor| factor.is_exact(side)));
        // Two numbers that the operands have room for, and ones.
        let others = || factors.iter().map(|factor| factor.centre).filter(|c| c.abs() != 1.0);
        let is_kept =
            |operand: Operand| others().count() <= 2 && others().all(|c| operand.keeps(c));
        let moved =
            SIDES.map(|side| operands[side].filter(|operand| !(exact[side] && is_kept(*operand))));
        let exact = SIDES.map(|side| exact[side] && moved[side].is_none());
        self.grid.add(factors.iter().map(|factor| factor.centre), exact);
        for side in SIDES {
            let (mut exact, mut error, mut spread) = (Up::ONE, Up::ZERO, Up::ONE);
            for factor in factors {
                let (m, e) = (factor.magnitude(), factor.error[side]);
                // (a + da)(m + e) − am = a·e + da·m + da·e
                error = exact * e + error * m + error * e;
                exact = exact * m;
                spread = spread * (Up::ONE + m + e);
            }
            if let Some(operand) = moved[side] {
                error = error + operand.moves(exact + error, spread + spread, 1);
            }
            if factors.len() > 1 {
                // Each partial product may underflow once and then be multiplied by the others.
                let underflows = Up::count(factors.len() + 2);
                error = error + underflows * self.arithmetic[side].tiny * spread;
            }
            self.inherited[side] = self.inherited[side] + error;
            self.magnitude[side] = self.magnitude[side] + exact + error;
        }
    }

    /// The sum, divided by an exact number; `products` roundings went into each term and its scaling.
    pub(in crate::verdict) fn over(self, divisor: f64, products: usize) -> Value {
        let exact =
            self.grid.is_exact(divisor, self.arithmetic.map(|arithmetic| arithmetic.format));
        let error = SIDES.map(|side| {
            let arithmetic = self.arithmetic[side];
            if self.roundings == 0 || exact[side] {
                return Up::ZERO;
            }
            let rounding = arithmetic.gamma(self.roundings + products) * self.magnitude[side];
            let error = (rounding + self.inherited[side]) / divisor;
            // The scaling itself may underflow.
            if products > 0 { error + arithmetic.tiny + arithmetic.tiny } else { error }
        });
        Value { centre: self.centre / divisor, error }
    }
}
