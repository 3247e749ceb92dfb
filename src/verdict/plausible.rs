//! What rounding errors of independent signs would add up to: a standard deviation for every entry of a gradient.
//!
//! A worst-case bound adds all roundings up as if they conspired. For a network of a million parameters in f32 it is then wider than
//! the gradient, and a gradient that is wrong by a tenth passes. Here every rounding is a random number of its own: mean 0, uniform in
//! ±u of what is rounded; variances add up where bounds would. **This is an assumption, and nothing proved**; what is said by it is
//! called plausible.
//!
//! ```text
//! Σ of k products a_j x_j   v = Σ a_j² v_j + u²/3 · ((k/2 + 1) Σ (a_j x_j)² + (k/3 + 1) s²)
//! φ(s)                      v = φ'(s)² v_s + …        f c       v = f² v_c + c² v_f + u²/3 · (f c)²
//! ```
//!
//! An operand of a matrix product that is rounded first (TF32 and its like) is off by a number uniform in ±o of it, the same in all
//! examples, which then add linearly; where hardware may cut off instead, a sum of such products is off by o of itself to one side.
//!
//! Equal terms err alike and add linearly: the same example twice, equal neurons, equal inputs. A weight that the arithmetic rounds
//! first errs alike in all examples: then examples add linearly too.
//!
//! Over time and in graphs the deviations are those of whole evaluations whose roundings are drawn: [`temporal_spread`], [`graph_spread`].
//!
//! Source: Higham and Mary, A new approach to probabilistic rounding error analysis (2019), for the assumption; the constants are those
//! of sums from left to right, the least favourable of the usual orders.

mod drawn;
mod graph;
mod temporal;

use std::collections::HashMap;

use super::bounded::{Model, Reaction};
use crate::error::Error;
use crate::number::{exact_f64, nearest_f64};
use crate::spec::{Arithmetic, Dense, DenseLayer, FeedbackMatrices, Tensor};
use num_rational::BigRational;

pub use graph::graph_spread;
pub use temporal::temporal_spread;

/// A standard deviation for every entry of a gradient, in the shape of the network.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// Weights row by row, and biases, layer by layer.
    pub layers: Vec<[Vec<f64>; 2]>,
}

/// From how many standard deviations on an error is implausible, among so many entries.
///
/// ```text
/// n · 2 exp(−t²/2) = 10⁻¹²
/// ```
#[must_use]
pub fn threshold(entries: usize) -> f64 {
    // A count of entries in memory.
    #[allow(clippy::cast_precision_loss)]
    let entries = entries.max(1) as f64;
    (2.0 * (2.0 * entries / 1e-12).ln()).sqrt()
}

/// Values of a layer, row by example, with their variances.
struct Values {
    cols: usize,
    value: Vec<f64>,
    variance: Vec<f64>,
}

impl Values {
    fn zeros(rows: usize, cols: usize) -> Self {
        Self { cols, value: vec![0.0; rows * cols], variance: vec![0.0; rows * cols] }
    }

    fn row(&self, of: usize) -> (&[f64], &[f64]) {
        let range = of * self.cols..(of + 1) * self.cols;
        (&self.value[range.clone()], &self.variance[range])
    }
}

/// Terms of a sum that err alike, because they are equal: indices by group, those of one alone left out.
fn equal_terms(values: &[f64], variances: &[f64]) -> Vec<Vec<usize>> {
    let mut groups: HashMap<(u64, u64), Vec<usize>> = HashMap::new();
    for (index, (value, variance)) in values.iter().zip(variances).enumerate() {
        if *variance > 0.0 {
            groups.entry((value.to_bits(), variance.to_bits())).or_default().push(index);
        }
    }
    let mut groups: Vec<_> = groups.into_values().filter(|group| group.len() > 1).collect();
    // The order of a hash map is nobody's.
    groups.sort();
    groups
}

/// A sum of products as it grows.
#[derive(Clone, Copy, Default)]
struct Sum {
    total: f64,
    squares: f64,
    inherited: f64,
    terms: usize,
}

impl Sum {
    fn add(&mut self, product: f64, variance: f64) {
        self.total += product;
        self.squares += product * product;
        self.inherited += variance;
        self.terms += usize::from(product != 0.0);
    }

    /// The variance of a matrix product, whose operands may be rounded first.
    fn of_product(&self, model: &Model) -> f64 {
        let independent = square(model.operand_unit()) * 2.0 * self.squares / 3.0;
        self.variance(model) + independent + square(model.operand_bias() * self.total)
    }

    /// The variance of the sum.
    fn variance(&self, model: &Model) -> f64 {
        // Counts of terms in memory.
        #[allow(clippy::cast_precision_loss)]
        let k = self.terms as f64;
        let square = self.total * self.total;
        let summed = match self.terms {
            0 => 0.0,
            _ => (k / 2.0 + 1.0) * self.squares + (k / 3.0 + 1.0) * square,
        };
        let (sum, unit) = (model.sum_unit(), model.store_unit());
        let underflow = model.smallest();
        self.inherited + (sum * sum * summed + unit * unit * square + underflow * underflow) / 3.0
    }
}

/// The spread of ∂L/∂W and ∂L/∂b (D7) in an arithmetic.
///
/// Shapes: as the network. Exactness: an estimate in f64 under the assumption above.
///
/// # Errors
/// [`Error::Unsupported`] for activations that have no rounding bound at this size; [`Error::NotFinite`] where some number is so large or
/// so small that products of squares leave f64: a deviation of 0 or ∞ that comes from there would say something false.
pub fn spread(dense: &Dense, arithmetic: impl Into<Arithmetic>) -> Result<Spread, Error> {
    through(dense, &[], arithmetic.into())
}

/// The same of what feedback alignment (G1) takes for the gradient, with B^l in place of (W^l)ᵀ on the way back.
///
/// # Errors
/// As [`spread`]; [`Error::Unsupported`] where some number of the matrices is no f64.
pub fn aligned_spread(
    dense: &Dense,
    feedback: &FeedbackMatrices,
    arithmetic: impl Into<Arithmetic>,
) -> Result<Spread, Error> {
    let way = |(matrix, layer): (&Vec<Vec<BigRational>>, &DenseLayer)| {
        let (rows, cols) = (layer.weights.rows, layer.weights.cols);
        let value = |at: usize| {
            let exact = &matrix[at % cols][at / cols];
            let value = nearest_f64(exact);
            let is_float = exact_f64(value).as_ref() == Some(exact);
            let other = || Error::unsupported("standard deviations with feedback that is no f64");
            is_float.then_some(value).ok_or_else(other)
        };
        let values = (0..rows * cols).map(value).collect::<Result<_, _>>()?;
        Ok(Tensor { rows, cols, dtype: layer.weights.dtype, values })
    };
    let layers = dense.layers.iter().skip(1);
    let ways =
        feedback.matrices().iter().zip(layers).map(way).collect::<Result<Vec<_>, Error>>()?;
    through(dense, &ways, arithmetic.into())
}

/// The spread with these in place of the weights of the layers after the first, on the way back; the weights themselves where there are none.
fn through(dense: &Dense, ways: &[Tensor], arithmetic: Arithmetic) -> Result<Spread, Error> {
    dense.loss.expect_half_squared("the plausible line")?;
    let model = Model::of(arithmetic);
    let batch = dense.batch();
    let alike = examples_alike(dense);
    let rounds =
        dense.layers.iter().map(|layer| &layer.weights).chain(ways).any(|w| model.rounds(w))
            || model.operand_unit() > 0.0;
    let tensors = dense.layers.iter().flat_map(|l| [Some(&l.weights), l.biases.as_ref()]).flatten();
    for tensor in tensors.chain([&dense.inputs, &dense.targets]).chain(ways) {
        expect_middling(&tensor.values)?;
    }
    let mut rates = vec![given(&dense.inputs, &model)];
    let mut slopes = Vec::new();
    for (l, layer) in dense.layers.iter().enumerate() {
        let reaction = Reaction::of(&layer.activation, dense.kink(l), arithmetic)?;
        let (rate, slope) = fired(&rates[l], (&layer.weights, &layer.biases), &reaction, &model);
        expect_middling(&rate.value)?;
        expect_middling(&slope.value)?;
        rates.push(rate);
        slopes.push(slope);
    }
    let mut credit = external(&rates[dense.layers.len()], &dense.targets, &model);
    let mut layers = Vec::new();
    for (l, layer) in dense.layers.iter().enumerate().rev() {
        let delta = folded(&slopes[l], &credit, &model);
        expect_middling(&credit.value)?;
        expect_middling(&delta.value)?;
        layers.push(mean(&delta, &rates[l], (&alike, rounds), &model));
        if l > 0 {
            let way = ways.get(l - 1).unwrap_or(&layer.weights);
            credit = backward(way, &delta, batch, &model);
        }
    }
    layers.reverse();
    Ok(Spread { layers })
}

/// Refuses what is neither zero nor of a size whose square, times two more squares and a rounding's, is still a normal f64.
fn expect_middling(values: &[f64]) -> Result<(), Error> {
    const SIZES: std::ops::Range<f64> = 1e-40..1e40;
    match values.iter().all(|value| *value == 0.0 || SIZES.contains(&value.abs())) {
        true => Ok(()),
        false => Err(Error::NotFinite { what: "a standard deviation".into() }),
    }
}

/// How often each example is there, at the first of those that are equal; 0 at the others.
fn examples_alike(dense: &Dense) -> Vec<usize> {
    let mut first: HashMap<Vec<u64>, usize> = HashMap::new();
    let mut count = vec![0; dense.batch()];
    for b in 0..dense.batch() {
        let row = |tensor: &Tensor| tensor.row(b).iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        let key = [row(&dense.inputs), row(&dense.targets)].concat();
        count[*first.entry(key).or_insert(b)] += 1;
    }
    count
}

fn given(tensor: &Tensor, model: &Model) -> Values {
    let variance = tensor.values.iter().map(|value| square(model.misfit(*value)));
    Values { cols: tensor.cols, variance: variance.collect(), value: tensor.values.clone() }
}

fn square(value: f64) -> f64 {
    value * value
}

fn fired(
    before: &Values,
    (weights, biases): (&Tensor, &Option<Tensor>),
    reaction: &Reaction,
    model: &Model,
) -> (Values, Values) {
    let batch = before.value.len() / before.cols;
    let posts = weights.rows;
    let (mut rate, mut slope) = (Values::zeros(batch, posts), Values::zeros(batch, posts));
    let rounds = model.rounds(weights);
    for b in 0..batch {
        let (x, variance) = before.row(b);
        let groups = equal_terms(x, variance);
        for post in 0..posts {
            let mut sum = Sum::default();
            let w = weights.row(post);
            for ((w, x), v) in w.iter().zip(x).zip(variance) {
                let product = w * x;
                let moved = if rounds { square(model.misfit(*w) * x) } else { 0.0 };
                sum.add(product, w * w * v + moved);
            }
            sum.inherited += together(&groups, variance, |j| w[j]);
            if let Some(biases) = biases {
                let bias = biases.values[post];
                sum.add(bias, square(model.misfit(bias)));
            }
            let (at, deviation) = (b * posts + post, sum.of_product(model).sqrt());
            let [(x, dx), (f, df)] = reaction.at(sum.total, deviation);
            (rate.value[at], rate.variance[at]) = (x, dx * dx);
            (slope.value[at], slope.variance[at]) = (f, df * df);
        }
    }
    (rate, slope)
}

/// What equal terms add beyond their squares: (Σ |w|)² v in place of Σ w² v.
fn together(groups: &[Vec<usize>], variance: &[f64], weight: impl Fn(usize) -> f64) -> f64 {
    let of_group = |group: &Vec<usize>| {
        let sum: f64 = group.iter().map(|j| weight(*j).abs()).sum();
        let squares: f64 = group.iter().map(|j| square(weight(*j))).sum();
        (sum * sum - squares).max(0.0) * variance[group[0]]
    };
    groups.iter().map(of_group).sum()
}

fn external(rates: &Values, targets: &Tensor, model: &Model) -> Values {
    let unit = square(model.store_unit()) / 3.0;
    let mut credit = Values::zeros(targets.rows, targets.cols);
    for (at, target) in targets.values.iter().enumerate() {
        let e = target - rates.value[at];
        credit.value[at] = e;
        // One rounding of the difference, and those of the usual factors.
        credit.variance[at] =
            rates.variance[at] + square(model.misfit(*target)) + 3.0 * unit * e * e;
    }
    credit
}

fn folded(slopes: &Values, credit: &Values, model: &Model) -> Values {
    let unit = square(model.store_unit()) / 3.0;
    let mut delta = Values::zeros(slopes.value.len() / slopes.cols, slopes.cols);
    for at in 0..slopes.value.len() {
        let (f, c) = (slopes.value[at], credit.value[at]);
        let rounding = if f == 0.0 || f == 1.0 { 0.0 } else { unit * square(f * c) };
        delta.value[at] = f * c;
        delta.variance[at] = f * f * credit.variance[at]
            + (c * c + credit.variance[at]) * slopes.variance[at]
            + rounding;
    }
    delta
}

fn backward(weights: &Tensor, delta: &Values, batch: usize, model: &Model) -> Values {
    let mut credit = Values::zeros(batch, weights.cols);
    let rounds = model.rounds(weights);
    for b in 0..batch {
        let (d, variance) = delta.row(b);
        let groups = equal_terms(d, variance);
        let mut sums = vec![Sum::default(); weights.cols];
        for (post, (d, v)) in d.iter().zip(variance).enumerate() {
            if *d == 0.0 && *v == 0.0 {
                continue;
            }
            for (sum, w) in sums.iter_mut().zip(weights.row(post)) {
                let moved = if rounds { square(model.misfit(*w) * d) } else { 0.0 };
                sum.add(w * d, w * w * v + moved);
            }
        }
        for (pre, mut sum) in sums.into_iter().enumerate() {
            let at = b * weights.cols + pre;
            sum.inherited += together(&groups, variance, |post| weights.row(post)[pre]);
            (credit.value[at], credit.variance[at]) = (sum.total, sum.of_product(model));
        }
    }
    credit
}

/// The deviations of ⟨δ x⟩ and ⟨δ⟩.
fn mean(
    delta: &Values,
    rates: &Values,
    (alike, linear): (&[usize], bool),
    model: &Model,
) -> [Vec<f64>; 2] {
    // A count of examples in memory.
    #[allow(clippy::cast_precision_loss)]
    let divisor = alike.len() as f64;
    let (posts, pres) = (delta.cols, rates.cols);
    let (mut weights, mut biases) = (Vec::new(), Vec::new());
    for post in 0..posts {
        let mut sums = vec![Mean::default(); pres];
        let mut alone = Mean::default();
        for (b, count) in alike.iter().enumerate().filter(|(_, count)| **count > 0) {
            let at = b * posts + post;
            let (d, v) = (delta.value[at], delta.variance[at]);
            if d == 0.0 && v == 0.0 {
                continue;
            }
            alone.add(d, v, *count);
            let (x, of_x) = rates.row(b);
            for ((sum, x), of_x) in sums.iter_mut().zip(x).zip(of_x) {
                sum.add(d * x, d * d * of_x + v * (x * x + of_x), *count);
            }
        }
        let product = |sum: &Mean| {
            let moved = sum.sum.of_product(model) - sum.sum.variance(model);
            (sum.variance(linear, model) + moved).sqrt() / divisor
        };
        weights.extend(sums.iter().map(product));
        biases.push(alone.variance(linear, model).sqrt() / divisor);
    }
    [weights, biases]
}

/// A sum over examples as it grows.
#[derive(Clone, Copy, Default)]
struct Mean {
    sum: Sum,
    /// Σ of deviations, where they add up linearly.
    linear: f64,
    /// How many terms are equal to another, and their magnitude together.
    equal: f64,
    equal_size: f64,
}

impl Mean {
    fn add(&mut self, product: f64, variance: f64, count: usize) {
        if product == 0.0 && variance == 0.0 {
            return;
        }
        // A count of examples in memory.
        #[allow(clippy::cast_precision_loss)]
        let m = count as f64;
        self.sum.total += m * product;
        self.sum.squares += m * product * product;
        self.sum.inherited += m * m * variance;
        self.sum.terms += count;
        self.linear += m * variance.sqrt();
        if count > 1 {
            self.equal += m;
            self.equal_size += m * product.abs();
        }
    }

    fn variance(&self, linear: bool, model: &Model) -> f64 {
        let inherited = if linear { square(self.linear) } else { self.sum.inherited };
        let sum = Sum { inherited, ..self.sum };
        // Equal terms round alike as they are added, so that roundings add up too.
        let alike = square(model.sum_unit() * self.equal * self.equal_size);
        let scaling = square(model.store_unit() * self.sum.total);
        sum.variance(model) + alike + scaling
    }
}
