//! The arbiter over 𝔽_p: the forward pass on dual numbers (D8); σ with kinks by the pieces on which its net inputs lie.
//!
//! No slope formula, no transpose and no chain rule: ε² = 0 does all of it.

use faer::{Mat, MatRef};

use super::Network;
use super::Position;
use super::Positions;
use super::network::{Function, parts, reciprocal};
use crate::error::Error;
use crate::linalg::{Field, Products, zeros};
use crate::spec::Kink;

/// A direction H in the space of the parameters.
#[derive(Clone, Debug)]
pub struct Direction {
    /// Per layer n_l × n_(l−1).
    pub weights: Vec<Mat<f64>>,
    /// Per layer n_l, or none where the layer has no biases.
    pub biases: Vec<Option<Vec<f64>>>,
}

/// a + εa'
#[derive(Clone, Copy)]
struct Dual(f64, f64);

impl Dual {
    fn plus(self, other: Self, field: &Field) -> Self {
        Self(field.reduce(self.0 + other.0), field.reduce(self.1 + other.1))
    }

    fn times(self, other: Self, field: &Field) -> Self {
        Self(field.times(self.0, other.0), field.reduce(self.0 * other.1 + self.1 * other.0))
    }
}

/// The derivative of the loss along a direction.
///
/// ```text
/// D8   L(W + εH) = L(W) + ε ⟨∂L/∂W, H⟩
/// ```
///
/// Shapes: inputs n_0 × B, targets n_Λ × B, reduced. Exactness: exact over 𝔽_p; every product passes Freivalds' check.
///
/// # Errors
/// [`Error::Unsupported`] for activations with kinks but no positions, and where p divides 2, B or a constant of σ;
/// [`Error::Input`] on wrong shapes; [`Error::WrongProduct`].
pub fn along(
    field: &Field,
    network: &Network,
    direction: &Direction,
    inputs: MatRef<'_, f64>,
    targets: MatRef<'_, f64>,
    positions: &Positions,
) -> Result<f64, Error> {
    for (l, layer) in network.layers.iter().enumerate() {
        let placed = positions.layers.get(l).is_some_and(Option::is_some);
        if !placed && !layer.activation.is_polynomial() {
            return Err(Error::unsupported("dual numbers over a finite field where σ has kinks"));
        }
    }
    let batch = inputs.ncols();
    let third = network.layers.iter().any(|layer| layer.activation == Function::Cubic);
    let third = if third { reciprocal(3, "the 1/3 of cubic", field)? } else { 0.0 };
    let mut products = Products::default();
    let (mut values, mut moves) = (inputs.to_owned(), zeros(inputs.nrows(), batch));
    for (l, layer) in network.layers.iter().enumerate() {
        let width = layer.weights.nrows();
        let (along, bias_along) = (&direction.weights[l], direction.biases[l].as_ref());
        let mut made = [zeros(width, batch), zeros(width, batch), zeros(width, batch)];
        let factors = [(&layer.weights, &values), (&layer.weights, &moves), (along, &values)];
        for (made, (left, right)) in made.iter_mut().zip(factors) {
            let name = ("a dual net input", l + 1);
            products.product(field, name, made.as_mut(), left.as_ref(), right.as_ref())?;
        }
        let [mut value, mut moved, by_weights] = made;
        let places = positions.layers.get(l).and_then(Option::as_deref);
        // Half of each slope, or the parts that the convention names.
        let shares = match layer.kink {
            Kink::Between(share) if places.is_some() => parts(share, field)?,
            Kink::Left
            | Kink::Right
            | Kink::Mean
            | Kink::Inner
            | Kink::Outer
            | Kink::Between(_) => [field.invert(2.0).unwrap_or(0.0); 2],
        };
        for example in 0..batch {
            for post in 0..width {
                let bias = layer.biases.as_ref().map_or(0.0, |biases| biases[post]);
                let bias_moves = bias_along.map_or(0.0, |biases| biases[post]);
                let at = (post, example);
                let sum = Dual(value[at], field.reduce(moved[at] + by_weights[at]));
                let sum = sum.plus(Dual(bias, bias_moves), field);
                Dual(value[at], moved[at]) = match places {
                    Some(places) => {
                        let place = places[post + example * width];
                        let at = (layer.kink, place, shares);
                        on_piece(layer.activation, at, third, sum, field)
                    }
                    None => activate(layer.activation, third, sum, field),
                };
            }
        }
        (values, moves) = (value, moved);
    }
    // ½ (x − t)², summed over outputs and averaged over examples.
    let half = reciprocal(2, "the 1/2 of the loss", field)?;
    let mean = reciprocal(batch, "1/B, B the number of examples,", field)?;
    let mut loss = Dual(0.0, 0.0);
    for example in 0..batch {
        for output in 0..values.nrows() {
            let at = (output, example);
            let difference = Dual(field.reduce(values[at] - targets[at]), moves[at]);
            loss = loss.plus(difference.times(difference, field), field);
        }
    }
    Ok(field.times(field.times(loss.1, half), mean))
}

fn activate(function: Function, third: f64, s: Dual, field: &Field) -> Dual {
    match function {
        Function::Square => s.times(s, field),
        Function::Quadratic => s.plus(s.times(s, field), field),
        Function::Cubic => {
            let cube = s.times(s, field).times(s, field);
            s.plus(cube.times(Dual(-third, 0.0), field), field)
        }
        Function::Identity => s,
        // The caller has refused what has kinks.
        Function::Relu | Function::LeakyRelu { .. } | Function::HardTanh { .. } => s,
    }
}

/// σ by the piece that a net input lies on; at a kink by the one that the convention names, or by a mixture of both.
fn on_piece(
    function: Function,
    (kink, place, shares): (Kink, Position, [f64; 2]),
    third: f64,
    s: Dual,
    field: &Field,
) -> Dual {
    // The pieces on the left and on the right of the lower kink, and on the right of the upper.
    let pieces = match function {
        Function::LeakyRelu { slope } => [s.times(Dual(slope, 0.0), field), s, s],
        Function::HardTanh { min, max } => [Dual(min, 0.0), s, Dual(max, 0.0)],
        Function::Relu => [Dual(0.0, 0.0), s, s],
        // What has no kinks is the same on every piece, and has no positions.
        Function::Identity | Function::Square | Function::Quadratic | Function::Cubic => {
            return activate(function, third, s, field);
        }
    };
    let at = |left: Dual, right: Dual| match (kink, place == Position::AtUpper) {
        (Kink::Left, _) | (Kink::Inner, true) | (Kink::Outer, false) => left,
        (Kink::Right, _) | (Kink::Inner, false) | (Kink::Outer, true) => right,
        (Kink::Mean | Kink::Between(_), _) => {
            let [left, right] = [(left, shares[0]), (right, shares[1])]
                .map(|(s, of)| s.times(Dual(of, 0.0), field));
            left.plus(right, field)
        }
    };
    match place {
        Position::Below => pieces[0],
        Position::AtLower => at(pieces[0], pieces[1]),
        Position::Between => pieces[1],
        Position::AtUpper => at(pieces[1], pieces[2]),
        Position::Above => pieces[2],
    }
}
