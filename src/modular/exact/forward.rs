//! Net inputs modulo a prime, for the entries that floats cannot place: a forward pass of its own (D1).

use faer::{Mat, MatRef};

use crate::error::Error;
use crate::linalg::{Field, Products, zeros};
use crate::modular::{Function, Network, Position, Positions};

/// s^l of layer `last`, counted from 0, n_l × B; the positions of every layer below must be known.
///
/// # Errors
/// Those of the products, and [`Error::Unsupported`] for a cubic modulo 3.
pub(super) fn net_inputs(
    field: &Field,
    network: &Network,
    inputs: MatRef<'_, f64>,
    positions: &Positions,
    last: usize,
) -> Result<Mat<f64>, Error> {
    let mut products = Products::default();
    let mut rates = inputs.to_owned();
    for (l, layer) in network.layers.iter().enumerate().take(last + 1) {
        let mut sums = zeros(layer.weights.nrows(), inputs.ncols());
        let name = ("an undecided net input", l + 1);
        products.product(field, name, sums.as_mut(), layer.weights.as_ref(), rates.as_ref())?;
        for example in 0..sums.ncols() {
            for post in 0..sums.nrows() {
                let bias = layer.biases.as_ref().map_or(0.0, |biases| biases[post]);
                sums[(post, example)] = field.reduce(sums[(post, example)] + bias);
            }
        }
        if l == last {
            return Ok(sums);
        }
        let known = positions.layers.get(l).and_then(Option::as_deref);
        let third = field.invert(3.0);
        for example in 0..sums.ncols() {
            for post in 0..sums.nrows() {
                let position = known.map(|known| known[post + example * sums.nrows()]);
                let s = sums[(post, example)];
                sums[(post, example)] = rate(field, &layer.activation, position, s, third)?;
            }
        }
        rates = sums;
    }
    Ok(rates)
}

fn rate(
    field: &Field,
    function: &Function,
    position: Option<Position>,
    s: f64,
    third: Option<f64>,
) -> Result<f64, Error> {
    Ok(match (function, position) {
        (Function::Identity, _)
        | (Function::Relu | Function::LeakyRelu { .. }, Some(Position::Above))
        | (Function::HardTanh { .. }, Some(Position::Between)) => s,
        (Function::Relu | Function::LeakyRelu { .. }, Some(Position::AtLower))
        | (Function::Relu, Some(_)) => 0.0,
        (Function::LeakyRelu { slope }, Some(_)) => field.times(*slope, s),
        (Function::HardTanh { min, .. }, Some(Position::Below | Position::AtLower)) => *min,
        (Function::HardTanh { max, .. }, Some(_)) => *max,
        (Function::Square, _) => field.times(s, s),
        (Function::Quadratic, _) => field.reduce(s + field.times(s, s)),
        (Function::Cubic, _) => {
            let third = third.ok_or_else(|| Error::unsupported("a cubic modulo 3"))?;
            let cube = field.times(field.times(s, s), s);
            field.reduce(s - field.times(cube, third))
        }
        (Function::Relu | Function::LeakyRelu { .. } | Function::HardTanh { .. }, None) => {
            return Err(Error::unsupported("a piecewise σ without positions"));
        }
    })
}
