//! How large the exact gradient can be: one denominator per quantity, and a bound on every numerator, before any run.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Signed};

use super::upper::Upper;
use crate::error::Error;
use crate::modular::parts;
use crate::spec::{Activation, Dense, DenseLayer, Kink, Limits, Tensor};

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
        let sums: Vec<_> = (0..layer.weights.rows)
            .map(|post| dot(layer.weights.row(post), &below.1) + bias(post))
            .collect();
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
        let delta_denominator = slope_denominator * adjoint_denominator;
        let delta: Vec<_> = slope.iter().zip(&adjoint).map(|(f, a)| *f * *a).collect();
        let most = largest(&delta);
        adjoint_denominator = weights * &delta_denominator;
        adjoint = vec![Upper::ZERO; layer.weights.cols];
        for (post, delta) in delta.iter().enumerate() {
            for (sum, weight) in adjoint.iter_mut().zip(layer.weights.row(post)) {
                *sum = *sum + Upper::of(*weight) * *delta;
            }
        }
        found.push(LayerSize {
            net_input,
            firing_rate,
            weights: Size::new(&delta_denominator * below.0 * &batch, most * largest(&below.1)),
            biases: Size::new(delta_denominator * &batch, most),
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
    // Half the sum of two slopes at a kink.
    let halves = BigInt::from(if kink == Kink::Mean { 2 } else { 1 });
    let (rate_denominator, rate, slope_denominator, slope) = match &layer.activation {
        Activation::Identity => (denominator.clone(), sums.to_vec(), BigInt::one(), ones()),
        Activation::Relu => (denominator.clone(), sums.to_vec(), halves, ones()),
        Activation::LeakyRelu { slope } => {
            let most = Upper::of_rational(slope).max(one);
            let rate = all(&|s| s * most);
            (denominator * slope.denom(), rate, halves * slope.denom(), all(&|_| most))
        }
        Activation::HardTanh { min, max } => {
            let most = Upper::of_rational(min).max(Upper::of_rational(max));
            (denominator.lcm(min.denom()).lcm(max.denom()), all(&|_| most), halves, ones())
        }
        Activation::Square => {
            let rate = all(&|s| s * s);
            (denominator * denominator, rate, denominator.clone(), all(&|s| two * s))
        }
        Activation::Quadratic => {
            let (rate, slope) = (all(&|s| s + s * s), all(&|s| one + two * s));
            (denominator * denominator, rate, denominator.clone(), slope)
        }
        Activation::Cubic => {
            let (rate, slope) = (all(&|s| s + s * s * s), all(&|s| one + s * s));
            let square = denominator * denominator;
            (&square * denominator * BigInt::from(3), rate, square, slope)
        }
        other => return Err(super::unsupported(other)),
    };
    Ok(Through { rate_denominator, rate, slope_denominator, slope })
}

/// Denominators of parameters of activations: no prime may divide one.
pub(super) fn odd_denominators(dense: &Dense) -> Vec<BigInt> {
    let of = |value: &BigRational| value.denom().abs();
    let layers = dense.layers.iter().flat_map(|layer| match &layer.activation {
        Activation::LeakyRelu { slope } => vec![of(slope)],
        Activation::HardTanh { min, max } => vec![of(min), of(max)],
        _ => Vec::new(),
    });
    layers.chain([BigInt::from(dense.batch())]).collect()
}

fn dot(weights: &[f64], rates: &[Upper]) -> Upper {
    let terms = weights.iter().zip(rates).map(|(weight, rate)| Upper::of(*weight) * *rate);
    terms.fold(Upper::ZERO, |sum, term| sum + term)
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
fn denominator(tensor: &Tensor) -> BigInt {
    let shift = tensor.values.iter().filter(|value| **value != 0.0).filter_map(|value| {
        let (mantissa, exponent) = parts(*value)?;
        // An integer below 2⁵³.
        #[allow(clippy::cast_possible_truncation)]
        let zeros = (mantissa as i64).trailing_zeros();
        Some(-(exponent + i32::try_from(zeros).ok()?))
    });
    BigInt::one() << shift.max().unwrap_or(0).max(0).unsigned_abs()
}
