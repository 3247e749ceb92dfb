//! On which side of its kinks every net input lies: by floats where they can tell, exactly where they cannot.
//!
//! A pass in f64 carries with each number a bound on its distance from the exact one. The standard model gives, for sums of
//! n products in any order, with or without fused multiply-add,
//!
//! ```text
//! |ŝ − s| ≤ Σ_j |W_ij| (γ |x̂_j| + E_j) + γ |b_i| + underflow,    γ = nu/(1 − nu), u = 2⁻⁵³
//! ```
//!
//! and every σ here has a slope that is bounded between x̂ and x. The bound itself is a product of absolute values, rounded
//! up. Where |ŝ − kink| is larger, the side is certain. Everywhere else, NaN and overflow included, the net input is
//! computed exactly: modulo enough primes, layer after layer, with the sides decided so far.
//!
//! Source: Higham, Accuracy and Stability of Numerical Algorithms, chapters 2–3.

use std::cmp::Ordering;

use faer::{Mat, MatRef};
use num_rational::BigRational;

use super::size::LayerSize;
use super::{Watch, fields_for, forward};
use crate::error::Error;
use crate::linalg::product::multiply;
use crate::linalg::zeros;
use crate::modular::dyadic::{Prepared, Reduced};
use crate::modular::{Position, Positions};
use crate::number;
use crate::spec::{Activation, Class, Curved, Dense, DenseLayer, Straight, Tensor};

use crate::linalg::crt::Basis;

/// 2⁻⁵³
const UNIT: f64 = f64::EPSILON / 2.0;
/// More than any handful of roundings takes away.
const UP: f64 = 1.0 + 64.0 * UNIT;

/// A float and how far it may be from the exact number.
#[derive(Clone, Copy, Debug)]
struct Near {
    value: f64,
    error: f64,
}

/// The sides of all net inputs, and how many of them floats could not tell.
///
/// # Errors
/// Those of the products; whatever `watch` says.
pub(super) fn positions(
    dense: &Dense,
    sizes: &[LayerSize],
    watch: &mut Watch<'_>,
) -> Result<(Positions, usize), Error> {
    let kinks: Vec<_> = dense.layers.iter().map(|layer| layer.activation.kinks()).collect();
    let mut positions = Positions { layers: vec![None; dense.layers.len()] };
    let Some(last) = kinks.iter().rposition(|kinks| !kinks.is_empty()) else {
        return Ok((positions, 0));
    };
    let mut undecided: Vec<Vec<usize>> = vec![Vec::new(); dense.layers.len()];
    let (mut value, mut error) = transposed(&dense.inputs);
    for (l, layer) in dense.layers.iter().enumerate().take(last + 1) {
        watch("signs of net inputs", l, last + 1)?;
        sums(layer, &mut value, &mut error);
        let near = near_kinks(&kinks[l]);
        let mut places = Vec::with_capacity(value.nrows() * value.ncols());
        for example in 0..value.ncols() {
            for post in 0..value.nrows() {
                let s = Near { value: value[(post, example)], error: error[(post, example)] };
                let place = place(&near, |kink| side(s, *kink));
                if place.is_none() {
                    undecided[l].push(places.len());
                }
                // A guess where nothing is known; replaced before anybody reads it.
                places.push(place.unwrap_or(Position::Below));
                let x = rate(&layer.activation, s);
                (value[(post, example)], error[(post, example)]) = (x.value, x.error);
            }
        }
        positions.layers[l] = (!near.is_empty()).then_some(places);
    }
    for l in 0..=last {
        if !undecided[l].is_empty() {
            decide(dense, &sizes[l], &kinks[l], &mut positions, l, &undecided[l], watch)?;
        }
    }
    Ok((positions, undecided.iter().map(Vec::len).sum()))
}

/// x ← W x + b with its error.
fn sums(layer: &DenseLayer, value: &mut Mat<f64>, error: &mut Mat<f64>) {
    let Tensor { rows, cols, values, .. } = &layer.weights;
    // Exact for every width that fits into memory.
    #[allow(clippy::cast_precision_loss)]
    let terms = (*cols + 2) as f64;
    let gamma = terms * UNIT / (1.0 - terms * UNIT) * UP;
    let underflow = terms * f64::MIN_POSITIVE;
    for example in 0..value.ncols() {
        for pre in 0..value.nrows() {
            let x = value[(pre, example)].abs();
            let error = &mut error[(pre, example)];
            // What the product loses to underflow a large weight can make large again; a true zero loses nothing.
            let lost = if x == 0.0 && *error == 0.0 { 0.0 } else { f64::MIN_POSITIVE };
            *error = (gamma * x + *error) * UP + lost;
        }
    }
    let mut found = zeros(*rows, value.ncols());
    let mut bound = zeros(*rows, value.ncols());
    let weights = MatRef::from_row_major_slice(values, *rows, *cols);
    multiply(found.as_mut(), weights, value.as_ref(), false);
    let magnitudes: Vec<f64> = values.iter().map(|weight| weight.abs()).collect();
    let magnitudes = MatRef::from_row_major_slice(&magnitudes, *rows, *cols);
    multiply(bound.as_mut(), magnitudes, error.as_ref(), false);
    for example in 0..found.ncols() {
        for post in 0..*rows {
            let bias = layer.biases.as_ref().map_or(0.0, |biases| biases.values[post]);
            let sum = &mut found[(post, example)];
            *sum += bias;
            let bound = &mut bound[(post, example)];
            // The product of magnitudes is itself too small by a factor of at most 1 − γ; the last sum adds one more rounding.
            let exact = *bound * (1.0 + 4.0 * gamma) + gamma * bias.abs() + UNIT * sum.abs();
            *bound = (exact + underflow) * UP;
        }
    }
    (*value, *error) = (found, bound);
}

/// σ of an uncertain net input: continuous, with a slope that is bounded between the two.
fn rate(activation: &Activation, s: Near) -> Near {
    let Near { value, error } = s;
    let most = (value.abs() + error) * UP;
    let (rate, slope) = match activation.class() {
        Class::Straight(Straight::Identity) => (value, 1.0),
        Class::Straight(Straight::Relu) => (value.max(0.0), 1.0),
        Class::Straight(Straight::LeakyRelu { slope }) => {
            let slope = number::nearest_f64(slope);
            (if value < 0.0 { value * slope } else { value }, slope.abs().max(1.0))
        }
        Class::Straight(Straight::HardTanh { min, max }) => {
            (value.max(number::nearest_f64(min)).min(number::nearest_f64(max)), 1.0)
        }
        Class::Curved(Curved::Square) => (value * value, 2.0 * most),
        Class::Curved(Curved::Quadratic) => (value + value * value, 1.0 + 2.0 * most),
        Class::Curved(Curved::Cubic) => (value - value * value * value / 3.0, 1.0 + most * most),
        // `serves` has refused them; NaN decides nothing.
        Class::Quotient | Class::Transcendental(_) => (f64::NAN, f64::NAN),
    };
    // Eight roundings of numbers no larger than these: of the rate, and of the parameters of σ.
    let size = match activation.class() {
        Class::Straight(Straight::Identity | Straight::Relu) => 0.0,
        Class::Curved(Curved::Quadratic) => most + most * most,
        Class::Curved(Curved::Cubic) => most + most * most * most,
        Class::Straight(Straight::LeakyRelu { .. } | Straight::HardTanh { .. })
        | Class::Curved(Curved::Square)
        | Class::Quotient
        | Class::Transcendental(_) => rate.abs().max(value.abs() * slope),
    };
    let rounding = 8.0 * UNIT * size;
    // `max` drops NaN; an undecided number must stay one.
    let rate = if value.is_nan() { value } else { rate };
    Near { value: rate, error: ((slope * error) * UP + rounding + f64::MIN_POSITIVE) * UP }
}

/// The kinks as floats, with how far those may be off.
fn near_kinks(kinks: &[BigRational]) -> Vec<Near> {
    let near = |kink: &BigRational| {
        let value = number::nearest_f64(kink);
        let error = if value == 0.0 && number::exact_f64(value).as_ref() == Some(kink) {
            0.0
        } else {
            value.abs() * UNIT * UP + f64::MIN_POSITIVE
        };
        Near { value, error }
    };
    kinks.iter().map(near).collect()
}

/// On which side of a kink, if that is certain.
fn side(s: Near, kink: Near) -> Option<Ordering> {
    let distance = s.value - kink.value;
    // The difference is rounded once; NaN and infinite errors answer no to every question.
    let certain = distance.abs() > (s.error + kink.error) * UP + distance.abs() * 2.0 * UNIT;
    if !certain {
        return None;
    }
    distance.partial_cmp(&0.0)
}

/// The position among the kinks, once the side of each is known.
fn place<K>(kinks: &[K], side: impl Fn(&K) -> Option<Ordering>) -> Option<Position> {
    let [lower, upper @ ..] = kinks else { return Some(Position::Below) };
    Some(match (side(lower)?, upper.first()) {
        (Ordering::Less, _) => Position::Below,
        (Ordering::Equal, _) => Position::AtLower,
        (Ordering::Greater, None) => Position::Above,
        (Ordering::Greater, Some(upper)) => match side(upper)? {
            Ordering::Less => Position::Between,
            Ordering::Equal => Position::AtUpper,
            Ordering::Greater => Position::Above,
        },
    })
}

/// Decides the entries of one layer exactly.
fn decide(
    dense: &Dense,
    size: &LayerSize,
    kinks: &[BigRational],
    positions: &mut Positions,
    l: usize,
    undecided: &[usize],
    watch: &mut Watch<'_>,
) -> Result<(), Error> {
    let size = &size.net_input;
    let fields = fields_for(dense, size.bits)?;
    let rows = dense.layers[l].weights.rows;
    let prepared = Prepared::of(dense);
    let mut reduced = prepared.room();
    let mut residues: Vec<Vec<u32>> = Vec::with_capacity(fields.len());
    for (k, field) in fields.iter().enumerate() {
        watch("undecided net inputs", k, fields.len())?;
        prepared.modulo(field, &mut reduced)?;
        let Reduced { network, inputs, .. } = &reduced;
        let sums = forward::net_inputs(field, network, inputs.as_ref(), positions, l)?;
        let entries = undecided.iter().map(|index| sums[(index % rows, index / rows)]);
        residues.push(entries.map(|entry| field.canonical(entry)).collect());
    }
    let shape = (undecided.len(), 1);
    let exact = Basis::new(&fields).numerators(&residues, shape, &size.denominator);
    let Some(places) = &mut positions.layers[l] else { return Ok(()) };
    for (k, index) in undecided.iter().enumerate() {
        let s = exact.rational(k);
        // Exact numbers always compare.
        places[*index] = place(kinks, |kink| Some(s.cmp(kink))).unwrap_or(Position::Below);
    }
    Ok(())
}

/// B × n rows as n × B columns, without error.
fn transposed(tensor: &Tensor) -> (Mat<f64>, Mat<f64>) {
    let mut value = zeros(tensor.cols, tensor.rows);
    for row in 0..tensor.rows {
        for (col, x) in tensor.row(row).iter().enumerate() {
            value[(col, row)] = *x;
        }
    }
    (value, zeros(tensor.cols, tensor.rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_certain_side_is_told() {
        let kink = Near { value: 0.0, error: 0.0 };
        let at = |value, error| side(Near { value, error }, kink);
        assert_eq!(at(1e-9, 9e-10), Some(Ordering::Greater));
        assert_eq!(at(-1e-9, 9e-10), Some(Ordering::Less));
        // Within its own bound, on it, and whatever is not a number.
        assert_eq!(at(1e-9, 1e-9), None);
        assert_eq!(at(0.0, 0.0), None);
        assert_eq!(at(f64::NAN, 0.0), None);
        assert_eq!(at(1.0, f64::INFINITY), None);
        assert_eq!(at(1.0, f64::NAN), None);
        let third = near_kinks(&[BigRational::new(1.into(), 3.into())])[0];
        // The float nearest to a third is not a third.
        assert_eq!(side(Near { value: 1.0 / 3.0, error: 0.0 }, third), None);
    }

    #[test]
    fn two_kinks_make_five_places() {
        let kinks = [-1, 1];
        let found = [-2, -1, 0, 1, 2].map(|s: i32| place(&kinks, |kink| Some(s.cmp(kink))));
        let expected = [
            Position::Below,
            Position::AtLower,
            Position::Between,
            Position::AtUpper,
            Position::Above,
        ];
        assert_eq!(found, expected.map(Some));
        assert_eq!(place(&kinks, |_| None), None);
    }
}
