//! What a neuron does over 𝔽_p, as the credit rule says it: firing rate (D1) and balance factor (D2).

use faer::{MatMut, MatRef};

use super::super::Position;
use super::super::network::{Function, Layer, parts, reciprocal};
use crate::error::Error;
use crate::linalg::Field;
use crate::linalg::lanes::{Pass, widest};
use crate::linalg::matrix::{column, column_mut};
use crate::spec::Kink;

/// The matrices of one layer, all n_l × B.
pub(super) struct Neurons<'a> {
    /// W x on entry, s on return.
    pub net_input: MatMut<'a, f64>,
    /// x
    pub firing_rate: MatMut<'a, f64>,
    /// β
    pub balance_factor: MatMut<'a, f64>,
}

/// s ← s + b, x ← σ(s), β ← f(s).
///
/// # Errors
/// [`Error::Unsupported`] where a constant of σ has no image, where σ is piecewise and has no positions, and for
/// piecewise balance functions in place of σ'.
pub(super) fn fire(
    field: &Field,
    layer: &Layer,
    positions: Option<&[Position]>,
    neurons: Neurons<'_>,
) -> Result<(), Error> {
    let Neurons { mut net_input, mut firing_rate, mut balance_factor } = neurons;
    if let Some(biases) = &layer.biases {
        widest(Excite { field, biases, net_input: net_input.as_mut() });
    }
    let net_input = net_input.as_ref();
    let form = Form::of_rate(field, layer.activation)?;
    form.evaluate(field, positions, net_input, firing_rate.as_mut())?;
    let balance = match layer.balance {
        Some(other) if !other.is_polynomial() => {
            return Err(Error::unsupported(
                "a piecewise balance function in place of σ' over a finite field",
            ));
        }
        Some(other) => Form::of_balance(field, other, layer.kink)?,
        None => Form::of_balance(field, layer.activation, layer.kink)?,
    };
    balance.evaluate(field, positions, net_input, balance_factor.as_mut())
}

/// A function of the net input: a polynomial a₀ + a₁s + a₂s² + a₃s³, or one piece a₀ + a₁s per position.
enum Form {
    Polynomial([f64; 4]),
    Pieces([(f64, f64); 5]),
}

/// a₀ and a₁ by [`Position`]: one kink leaves `Between` and `AtUpper` without use.
fn one_kink(below: (f64, f64), at: (f64, f64), above: (f64, f64)) -> Form {
    Form::Pieces([below, at, above, above, above])
}

impl Form {
    /// σ
    fn of_rate(field: &Field, activation: Function) -> Result<Self, Error> {
        Ok(match activation {
            Function::Identity => Self::Polynomial([0.0, 1.0, 0.0, 0.0]),
            Function::Square => Self::Polynomial([0.0, 0.0, 1.0, 0.0]),
            Function::Quadratic => Self::Polynomial([0.0, 1.0, 1.0, 0.0]),
            Function::Cubic => {
                let third = reciprocal(3, "the 1/3 of cubic", field)?;
                Self::Polynomial([0.0, 1.0, 0.0, -third])
            }
            Function::Relu => one_kink((0.0, 0.0), (0.0, 0.0), (0.0, 1.0)),
            Function::LeakyRelu { slope } => one_kink((0.0, slope), (0.0, 0.0), (0.0, 1.0)),
            Function::HardTanh { min, max } => {
                Self::Pieces([(min, 0.0), (min, 0.0), (0.0, 1.0), (max, 0.0), (max, 0.0)])
            }
        })
    }

    /// f = σ'. No function with a meaning over 𝔽_p but identity has a β that its rate determines without an order.
    fn of_balance(field: &Field, function: Function, kink: Kink) -> Result<Self, Error> {
        // Of the inner piece it asks at which of two kinks; an only one is the lower.
        let at = |left: f64, right: f64, is_lower: bool| match (kink, is_lower) {
            (Kink::Left, _) | (Kink::Inner, false) | (Kink::Outer, true) => Ok((left, 0.0)),
            (Kink::Right, _) | (Kink::Inner, true) | (Kink::Outer, false) => Ok((right, 0.0)),
            (Kink::Mean, _) => {
                let half = reciprocal(2, "the 1/2 of the mean convention", field)?;
                Ok::<_, Error>((field.times(left + right, half), 0.0))
            }
            (Kink::Between(share), _) => {
                let [of_left, of_right] = parts(share, field)?;
                Ok((field.reduce(field.times(of_left, left) + field.times(of_right, right)), 0.0))
            }
        };
        let (none, all) = ((0.0, 0.0), (1.0, 0.0));
        Ok(match function {
            Function::Identity => Self::Polynomial([1.0, 0.0, 0.0, 0.0]),
            Function::Square => Self::Polynomial([0.0, 2.0, 0.0, 0.0]),
            Function::Quadratic => Self::Polynomial([1.0, 2.0, 0.0, 0.0]),
            Function::Cubic => Self::Polynomial([1.0, 0.0, -1.0, 0.0]),
            Function::Relu => one_kink(none, at(0.0, 1.0, true)?, all),
            Function::LeakyRelu { slope } => one_kink((slope, 0.0), at(slope, 1.0, true)?, all),
            Function::HardTanh { .. } => {
                Self::Pieces([none, at(0.0, 1.0, true)?, all, at(1.0, 0.0, false)?, none])
            }
        })
    }

    fn evaluate(
        self,
        field: &Field,
        positions: Option<&[Position]>,
        net_input: MatRef<'_, f64>,
        result: MatMut<'_, f64>,
    ) -> Result<(), Error> {
        match (self, positions) {
            (Self::Polynomial(coefficients), _) => {
                let coefficients = coefficients.map(|a| field.reduce(a));
                widest(Horner { field, coefficients, net_input, result });
            }
            (Self::Pieces(pieces), Some(positions))
                if positions.len() == net_input.nrows() * net_input.ncols() =>
            {
                piecewise(field, pieces, positions, net_input, result);
            }
            (Self::Pieces(_), _) => {
                return Err(Error::unsupported(
                    "a piecewise linear σ over a finite field without the positions of its net inputs",
                ));
            }
        }
        Ok(())
    }
}

fn piecewise(
    field: &Field,
    pieces: [(f64, f64); 5],
    positions: &[Position],
    net_input: MatRef<'_, f64>,
    mut result: MatMut<'_, f64>,
) {
    for (index, of_example) in positions.chunks_exact(net_input.nrows()).enumerate() {
        let entries = column_mut(&mut result, index).iter_mut().zip(column(net_input, index));
        for ((entry, s), position) in entries.zip(of_example) {
            let (constant, linear) = pieces[*position as usize];
            *entry = field.reduce(linear * s + constant);
        }
    }
}

/// s ← s + b
struct Excite<'a> {
    field: &'a Field,
    biases: &'a [f64],
    net_input: MatMut<'a, f64>,
}

impl Pass for Excite<'_> {
    #[inline(always)]
    fn run(self) {
        let Self { field, biases, mut net_input } = self;
        for index in 0..net_input.ncols() {
            for (sum, bias) in column_mut(&mut net_input, index).iter_mut().zip(biases) {
                *sum = field.reduce(*sum + bias);
            }
        }
    }
}

struct Horner<'a> {
    field: &'a Field,
    coefficients: [f64; 4],
    net_input: MatRef<'a, f64>,
    result: MatMut<'a, f64>,
}

impl Pass for Horner<'_> {
    #[inline(always)]
    fn run(self) {
        let Self { field, coefficients: [a0, a1, a2, a3], net_input, mut result } = self;
        for index in 0..net_input.ncols() {
            let of_example = column(net_input, index);
            for (entry, s) in column_mut(&mut result, index).iter_mut().zip(of_example) {
                let upper = field.reduce(a3 * s + a2);
                let middle = field.reduce(upper * s + a1);
                *entry = field.reduce(middle * s + a0);
            }
        }
    }
}
