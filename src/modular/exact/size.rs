//! How large the exact gradient can be: one denominator per quantity, and a bound on every numerator, before any run.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Signed};

use super::upper::Upper;
use crate::error::Error;
use crate::linalg::parts;
use crate::spec::{Class, Curved, Dense, DenseLayer, Kink, Limits, Straight, Tensor};

/// Numbers whose numerators over a common denominator are at most 2^bits.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Size {
    /// Every value times this is an integer.
    pub denominator: BigInt,
    /// That integer is at most 2^bits in magnitude.
    pub bits: u64,
}

impl Size {
    fn new(denominator: BigInt, magnitude: Upper) -> Self {
        // The denominator is below 2^its bits; a bound of zero has no bits at all.
        let bits = |bits: i64| bits + i64::try_from(denominator.bits()).unwrap_or(i64::MAX / 4);
        let bits = magnitude.bits().map_or(0, bits);
        Self { bits: u64::try_from(bits).unwrap_or(0), denominator }
    }
}

/// The sizes of what is reconstructed from one layer.
#[derive(Clone, Debug)]
pub(super) struct LayerSize {
    /// s^l
    pub net_input: Size,
    /// x^l
    pub firing_rate: Size,
    /// ∂L/∂W^l
    pub weights: Size,
    /// ∂L/∂b^l
    pub biases: Size,
    /// x̄^l
    pub adjoint: Size,
    /// x̄^(l−1)
    pub adjoint_below: Size,
}

/// What is known of σ of one layer, given the size of its net inputs.
struct Through {
    rate_denominator: BigInt,
    rate: Vec<Upper>,
    slope_denominator: BigInt,
    slope: Vec<Upper>,
}

/// Refuses numerators that the primes below 2²² may not reach: all of them together have some six million bits, and those
/// used up to here stay above 2²¹.
///
/// # Errors
/// [`Error::Limit`]
pub(super) fn within(bits: u64) -> Result<(), Error> {
    let limit = Limits::default().bits;
    if bits <= limit {
        return Ok(());
    }
    Err(Error::Limit {
        what: "bits of a numerator of the exact gradient".into(),
        given: bits,
        limit,
    })
}

/// Bounds by norms: |s_i| ≤ Σ_j |W_ij| X_j + |b_i| with X_j over the whole batch, and so on through D5–D7.
///
/// # Errors
/// [`Error::Unsupported`] for a σ that is neither a polynomial nor piecewise linear; [`Error::Limit`].
pub(super) fn of(dense: &Dense) -> Result<Vec<LayerSize>, Error> {
    let mut below = (denominator(&dense.inputs), largest_by_column(&dense.inputs));
    let mut sizes = Vec::new();
    let mut layers = Vec::new();
    for (l, layer) in dense.layers.iter().enumerate() {
        let weights = denominator(&layer.weights);
        let biases = layer.biases.as_ref().map_or_else(BigInt::one, denominator);
        let sum_denominator = (&weights * &below.0).lcm(&biases);
        let bias = |post: usize| {
            layer.biases.as_ref().map_or(Upper::ZERO, |biases| Upper::of(biases.values[post]))
        };
        let mut sums = through_rows(&layer.weights, &below.1);
        sums.iter_mut().enumerate().for_each(|(post, sum)| *sum = *sum + bias(post));
        let through = through(layer, dense.kink(l), &sum_denominator, &sums)?;
        let net_input = Size::new(sum_denominator, largest(&sums));
        let firing_rate = Size::new(through.rate_denominator.clone(), largest(&through.rate));
        // Before the next layer can multiply them: powers of powers would outgrow the memory and the exponents.
        within(firing_rate.bits.max(firing_rate.denominator.bits()))?;
        within(largest(&through.rate).bits().map_or(0, i64::unsigned_abs))?;
        sizes.push((net_input, firing_rate));
        let next = (through.rate_denominator, through.rate);
        layers.push((weights, below, through.slope_denominator, through.slope));
        below = next;
    }
    let targets = largest_by_column(&dense.targets);
    let mut adjoint_denominator = below.0.lcm(&denominator(&dense.targets));
    let mut adjoint: Vec<_> = below.1.iter().zip(&targets).map(|(x, t)| *x + *t).collect();
    let batch = BigInt::from(dense.batch());
    let mut found = Vec::new();
    let parts = layers.into_iter().zip(sizes).zip(&dense.layers).rev();
    for (((weights, below, slope_denominator, slope), (net_input, firing_rate)), layer) in parts {
        let above = Size::new(adjoint_denominator.clone(), largest(&adjoint));
        let delta_denominator = slope_denominator * adjoint_denominator;
        let delta: Vec<_> = slope.iter().zip(&adjoint).map(|(f, a)| *f * *a).collect();
        let most = largest(&delta);
        adjoint_denominator = weights * &delta_denominator;
        adjoint = through_columns(&layer.weights, &delta);
        found.push(LayerSize {
            net_input,
            firing_rate,
            weights: Size::new(&delta_denominator * below.0 * &batch, most * largest(&below.1)),
            biases: Size::new(delta_denominator * &batch, most),
            adjoint: above,
            adjoint_below: Size::new(adjoint_denominator.clone(), largest(&adjoint)),
        });
    }
    found.reverse();
    Ok(found)
}

fn through(
    layer: &DenseLayer,
    kink: Kink,
    denominator: &BigInt,
    sums: &[Upper],
) -> Result<Through, Error> {
    let all = |of: &dyn Fn(Upper) -> Upper| sums.iter().map(|s| of(*s)).collect::<Vec<_>>();
    let (one, two) = (Upper::ONE, Upper::ONE + Upper::ONE);
    let ones = || all(&|_| one);
    // Half the sum of two slopes at a kink, or another mixture of them.
    let halves = match kink {
        Kink::Left | Kink::Right | Kink::Inner | Kink::Outer => BigInt::one(),
        Kink::Mean => BigInt::from(2),
        Kink::Between(share) => BigInt::from(share.denominator()),
    };
    let (rate_denominator, rate, slope_denominator, slope) = match layer.activation.class() {
        Class::Straight(Straight::Identity) => {
            (denominator.clone(), sums.to_vec(), BigInt::one(), ones())
        }
        Class::Straight(Straight::Relu) => (denominator.clone(), sums.to_vec(), halves, ones()),
        Class::Straight(Straight::LeakyRelu { slope }) => {
            let most = Upper::of_rational(slope).max(one);
            let rate = all(&|s| s * most);
            (denominator * slope.denom(), rate, halves * slope.denom(), all(&|_| most))
        }
        Class::Straight(Straight::HardTanh { min, max }) => {
            let most = Upper::of_rational(min).max(Upper::of_rational(max));
            (denominator.lcm(min.denom()).lcm(max.denom()), all(&|_| most), halves, ones())
        }
        Class::Curved(Curved::Square) => {
            let rate = all(&|s| s * s);
            (denominator * denominator, rate, denominator.clone(), all(&|s| two * s))
        }
        Class::Curved(Curved::Quadratic) => {
            let (rate, slope) = (all(&|s| s + s * s), all(&|s| one + two * s));
            (denominator * denominator, rate, denominator.clone(), slope)
        }
        Class::Curved(Curved::Cubic) => {
            let (rate, slope) = (all(&|s| s + s * s * s), all(&|s| one + s * s));
            let square = denominator * denominator;
            (&square * denominator * BigInt::from(3), rate, square, slope)
        }
        Class::Quotient | Class::Transcendental(_) => {
            return Err(super::unsupported(&layer.activation));
        }
    };
    Ok(Through { rate_denominator, rate, slope_denominator, slope })
}

/// Denominators of parameters of activations and of kink conventions: no prime may divide one.
pub(super) fn odd_denominators(dense: &Dense) -> Vec<BigInt> {
    let of = |value: &BigRational| value.denom().abs();
    let parameters = dense.layers.iter().flat_map(|layer| layer.activation.parameters());
    let layers = parameters.map(|(_, value)| of(value));
    let kinks = (0..dense.layers.len()).filter_map(|l| match dense.kink(l) {
        Kink::Between(share) => Some(BigInt::from(share.denominator())),
        Kink::Left | Kink::Right | Kink::Mean | Kink::Inner | Kink::Outer => None,
    });
    layers.chain(kinks).chain([BigInt::from(dense.batch())]).collect()
}

/// Σ_j |W_ij| x_j for every row.
fn through_rows(weights: &Tensor, x: &[Upper]) -> Vec<Upper> {
    let rows = (0..weights.rows).map(|row| weights.row(row));
    if let Some(x) = moderate(weights, x) {
        // Four sums side by side, because one would wait for itself.
        let dot = |row: &[f64]| {
            let mut sums = [0.0; 4];
            for (weights, x) in row.chunks(4).zip(x.chunks(4)) {
                for (sum, (weight, x)) in sums.iter_mut().zip(weights.iter().zip(x)) {
                    *sum += weight.abs() * x;
                }
            }
            raised(sums.iter().sum())
        };
        return rows.map(dot).collect();
    }
    let dot = |row: &[f64]| {
        let terms = row.iter().zip(x).map(|(weight, x)| Upper::of(*weight) * *x);
        terms.fold(Upper::ZERO, |sum, term| sum + term)
    };
    rows.map(dot).collect()
}

/// Σ_i |W_ij| x_i for every column.
fn through_columns(weights: &Tensor, x: &[Upper]) -> Vec<Upper> {
    let rows = (0..weights.rows).map(|row| weights.row(row));
    if let Some(x) = moderate(weights, x) {
        let mut sums = vec![0.0; weights.cols];
        for (row, x) in rows.zip(x) {
            sums.iter_mut().zip(row).for_each(|(sum, weight)| *sum += weight.abs() * x);
        }
        return sums.into_iter().map(raised).collect();
    }
    let mut sums = vec![Upper::ZERO; weights.cols];
    for (row, x) in rows.zip(x) {
        let terms = row.iter().map(|weight| Upper::of(*weight) * *x);
        sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum = *sum + term);
    }
    sums
}

/// The bounds as floats, if sums of their products with these weights neither overflow nor underflow.
fn moderate(weights: &Tensor, x: &[Upper]) -> Option<Vec<f64>> {
    // 2⁴⁰⁰: products lie between 2⁻⁸⁰⁰ and 2⁸⁰⁰, and no memory holds 2²⁰⁰ of them.
    let most = f64::from_bits((1023 + 400) << 52);
    let is_moderate = |value: &f64| {
        let size = value.abs();
        size == 0.0 || (1.0 / most <= size && size <= most)
    };
    let x: Vec<_> = x.iter().map(|bound| bound.to_f64()).collect::<Option<_>>()?;
    (weights.values.iter().all(is_moderate) && x.iter().all(is_moderate)).then_some(x)
}

/// A sum of non-negative products, of fewer than 2⁴⁰ terms, can be too small by a factor of 1 − 2⁻¹² at most: each term goes
/// through fewer than 2⁴⁰ roundings by 2⁻⁵³.
fn raised(sum: f64) -> Upper {
    Upper::of(sum * (1.0 + 1.0 / 2048.0))
}

fn largest(values: &[Upper]) -> Upper {
    values.iter().fold(Upper::ZERO, |most, value| most.max(*value))
}

fn largest_by_column(tensor: &Tensor) -> Vec<Upper> {
    let mut most = vec![0.0_f64; tensor.cols];
    for row in 0..tensor.rows {
        for (most, value) in most.iter_mut().zip(tensor.row(row)) {
            *most = most.max(value.abs());
        }
    }
    most.into_iter().map(Upper::of).collect()
}

/// The power of two that clears every fraction of a tensor.
pub(super) fn denominator(tensor: &Tensor) -> BigInt {
    let shift = tensor.values.iter().filter(|value| **value != 0.0).filter_map(|value| {
        let (mantissa, exponent) = parts(*value)?;
        // An integer below 2⁵³.
        #[allow(clippy::cast_possible_truncation)]
        let zeros = (mantissa as i64).trailing_zeros();
        Some(-(exponent + i32::try_from(zeros).ok()?))
    });
    BigInt::one() << shift.max().unwrap_or(0).max(0).unsigned_abs()
}
