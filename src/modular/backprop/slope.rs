//! σ and its slope over 𝔽_p, both from the net input, as backpropagation wants them (D5, D6).

use super::super::Position;
use super::super::network::{Function, Layer, parts, reciprocal};
use super::Forward;
use crate::error::Error;
use crate::linalg::Field;
use crate::linalg::lanes::{Pass, widest};
use crate::linalg::matrix::{column, column_mut};
use crate::spec::Kink;

/// x = σ(s + b) and σ'(s + b), after `forward.net_input` has been given W x.
///
/// # Errors
/// [`Error::Unsupported`] where a constant of σ has no image, and for a piecewise σ without positions.
pub(super) fn activate(
    field: &Field,
    layer: &Layer,
    positions: Option<&[Position]>,
    forward: &mut Forward,
) -> Result<(), Error> {
    let biases = layer.biases.as_deref();
    let function = layer.activation;
    if function.is_polynomial() {
        let is_cubic = function == Function::Cubic;
        let third = if is_cubic { reciprocal(3, "the 1/3 of cubic", field)? } else { 0.0 };
        widest(Polynomial { field, function, third, biases, forward });
        return Ok(());
    }
    let positions =
        positions.filter(|all| all.len() == forward.net_input.nrows() * forward.net_input.ncols());
    let Some(positions) = positions else {
        let what = "a piecewise linear σ over a finite field without positions of its net inputs";
        return Err(Error::unsupported(what));
    };
    let corner = Corner::new(field, layer.kink)?;
    let width = forward.net_input.nrows();
    for example in 0..forward.net_input.ncols() {
        let mut net_input = forward.net_input.as_mut();
        let mut rate = forward.firing_rate.as_mut();
        let mut slope = forward.slope.as_mut();
        let s = column_mut(&mut net_input, example);
        let x = column_mut(&mut rate, example);
        let d = column_mut(&mut slope, example);
        for unit in 0..width {
            if let Some(biases) = biases {
                s[unit] = field.reduce(s[unit] + biases[unit]);
            }
            let position = positions[example * width + unit];
            (x[unit], d[unit]) = value_and_slope(field, function, &corner, position, s[unit]);
        }
    }
    Ok(())
}

/// How much of the slopes left and right of a kink counts at the kink: first of the lower, then of the upper.
struct Corner {
    lower: (f64, f64),
    upper: (f64, f64),
}

impl Corner {
    fn new(field: &Field, kink: Kink) -> Result<Self, Error> {
        let both = |parts| (parts, parts);
        let (lower, upper) = match kink {
            Kink::Left => both((1.0, 0.0)),
            Kink::Right => both((0.0, 1.0)),
            Kink::Mean => {
                let half = reciprocal(2, "the 1/2 of the mean of two slopes", field)?;
                both((half, half))
            }
            Kink::Inner => ((0.0, 1.0), (1.0, 0.0)),
            Kink::Outer => ((1.0, 0.0), (0.0, 1.0)),
            Kink::Between(share) => {
                let [left, right] = parts(share, field)?;
                both((left, right))
            }
        };
        Ok(Self { lower, upper })
    }

    fn at_lower(&self, field: &Field, left: f64, right: f64) -> f64 {
        Self::between(self.lower, field, left, right)
    }

    fn at_upper(&self, field: &Field, left: f64, right: f64) -> f64 {
        Self::between(self.upper, field, left, right)
    }

    fn between((l, r): (f64, f64), field: &Field, left: f64, right: f64) -> f64 {
        field.reduce(field.times(l, left) + field.times(r, right))
    }
}

fn value_and_slope(
    field: &Field,
    function: Function,
    corner: &Corner,
    position: Position,
    s: f64,
) -> (f64, f64) {
    use Position::{Above, AtLower, AtUpper, Below, Between};
    match function {
        Function::Relu => match position {
            Below => (0.0, 0.0),
            AtLower => (0.0, corner.at_lower(field, 0.0, 1.0)),
            Between | AtUpper | Above => (s, 1.0),
        },
        Function::LeakyRelu { slope } => match position {
            Below => (field.times(slope, s), slope),
            AtLower => (0.0, corner.at_lower(field, slope, 1.0)),
            Between | AtUpper | Above => (s, 1.0),
        },
        Function::HardTanh { min, max } => match position {
            Below => (min, 0.0),
            AtLower => (min, corner.at_lower(field, 0.0, 1.0)),
            Between => (s, 1.0),
            AtUpper => (max, corner.at_upper(field, 1.0, 0.0)),
            Above => (max, 0.0),
        },
        // The caller has dealt with polynomials.
        Function::Identity | Function::Square | Function::Quadratic | Function::Cubic => {
            polynomial(field, function, 0.0, s)
        }
    }
}

/// A polynomial and its derivative, as printed in the table of activations.
#[inline(always)]
fn polynomial(field: &Field, function: Function, third: f64, s: f64) -> (f64, f64) {
    let square = field.times(s, s);
    match function {
        Function::Square => (square, field.reduce(s + s)),
        Function::Quadratic => (field.reduce(s + square), field.reduce(1.0 + 2.0 * s)),
        Function::Cubic => {
            let cube = field.times(square, s);
            (field.reduce(s - cube * third), field.reduce(1.0 - square))
        }
        Function::Identity => (s, 1.0),
        // What has kinks has its value and slope from its position.
        Function::Relu | Function::LeakyRelu { .. } | Function::HardTanh { .. } => (s, 1.0),
    }
}

/// The same for a whole layer, with the choice outside the loop.
struct Polynomial<'a> {
    field: &'a Field,
    function: Function,
    third: f64,
    biases: Option<&'a [f64]>,
    forward: &'a mut Forward,
}

impl Pass for Polynomial<'_> {
    #[inline(always)]
    fn run(self) {
        let (field, third) = (self.field, self.third);
        match self.function {
            Function::Square => self.each(|s| polynomial(field, Function::Square, third, s)),
            Function::Quadratic => self.each(|s| polynomial(field, Function::Quadratic, third, s)),
            Function::Cubic => self.each(|s| polynomial(field, Function::Cubic, third, s)),
            Function::Identity => self.each(|s| (s, 1.0)),
            // What has kinks does not come here.
            Function::Relu | Function::LeakyRelu { .. } | Function::HardTanh { .. } => {
                self.each(|s| (s, 1.0));
            }
        }
    }
}

impl Polynomial<'_> {
    #[inline(always)]
    fn each(self, of: impl Fn(f64) -> (f64, f64)) {
        let Self { field, biases, forward, .. } = self;
        let mut net_input = forward.net_input.as_mut();
        if let Some(biases) = biases {
            for example in 0..net_input.ncols() {
                for (s, b) in column_mut(&mut net_input, example).iter_mut().zip(biases) {
                    *s = field.reduce(*s + b);
                }
            }
        }
        let mut rate = forward.firing_rate.as_mut();
        let mut slope = forward.slope.as_mut();
        for example in 0..net_input.ncols() {
            let s = column(forward.net_input.as_ref(), example);
            let both = column_mut(&mut rate, example).iter_mut();
            let both = both.zip(column_mut(&mut slope, example));
            for ((x, d), s) in both.zip(s) {
                (*x, *d) = of(*s);
            }
        }
    }
}
