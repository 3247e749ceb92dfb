//! The rounding bound of a gradient of a large network, layer by layer in plain loops.
//!
//! The same model as for small cases: sums in any order, fused or not, scalings anywhere, γ_n = nu/(1 − nu) and an
//! underflow term. What the small bound does number by number is done here for whole rows, with one loosening: a sum that
//! happens to be exact is not recognised as such, unless all its terms are zero. Every bound is rounded up.
//!
//! bf16 and f16: every number that is stored is rounded to the format, sums are accumulated in f32, as hardware does it.
//!
//! tf32-f32 and its like: the operands of the products Wx, Wᵀδ and δxᵀ are rounded, or cut off, before they meet; all else is f32.
//!
//! ```text
//! |âb̂ − ab| ≤ (2o + o²) |a||b| + t (|a| + |b| + t)        o, t: how far an operand is off relatively, and where it underflows
//! ```

mod function;
mod model;
mod reaction;

use num_rational::BigRational;

use super::dyadic::SIDES;
use super::up::Up;
use crate::error::Error;
use crate::spec::{Arithmetic, Dense, Dtype, Tensor};

use function::Function;
use model::{moves, rounds};

pub(in crate::verdict) use model::Model;
pub(in crate::verdict) use reaction::Reaction;

/// Bounds of a gradient, in the shape of the network.
#[derive(Clone, Debug, PartialEq)]
pub struct DenseBounds {
    /// The arithmetic that they are for.
    pub arithmetic: Arithmetic,
    /// One entry per layer.
    pub layers: Vec<LayerBounds>,
}

/// Bounds of one layer: |float − exact| of each entry of the gradient is at most this.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerBounds {
    /// n_l × n_(l−1), row by row.
    pub weights: Vec<f64>,
    /// n_l
    pub biases: Vec<f64>,
    /// Net inputs so near a kink that the arithmetic may take either slope.
    pub uncertain: usize,
    /// Net inputs of all examples.
    pub net_inputs: usize,
}

/// Values of one layer for all examples, row by example: centres, and what centre and format may be off.
struct Values {
    cols: usize,
    centre: Vec<f64>,
    error: [Vec<f64>; 2],
    /// At least the magnitude of the exact value, of the centre, and of any evaluation.
    reach: Vec<f64>,
}

impl Values {
    fn new(rows: usize, cols: usize) -> Self {
        let zeros = || vec![0.0; rows * cols];
        Self { cols, centre: zeros(), error: [zeros(), zeros()], reach: zeros() }
    }

    fn of(tensor: &Tensor, models: [Model; 2]) -> Self {
        let mut values = Self::new(tensor.rows, tensor.cols);
        for (at, value) in tensor.values.iter().enumerate() {
            values.set(at, *value, models.map(|model| model.rounding(*value)));
        }
        values
    }

    fn set(&mut self, at: usize, centre: f64, error: [Up; 2]) {
        self.centre[at] = centre;
        for side in SIDES {
            self.error[side][at] = error[side].value();
        }
        self.reach[at] = (Up::of(centre) + error[0] + error[0].max(error[1])).value();
    }

    fn error(&self, at: usize) -> [Up; 2] {
        SIDES.map(|side| Up::of(self.error[side][at]))
    }

    fn row(&self, of: usize) -> std::ops::Range<usize> {
        of * self.cols..(of + 1) * self.cols
    }
}

/// A sum of so many products of numbers ≥ 0, made larger than any rounding in it made it smaller.
fn raised(sum: f64, terms: usize) -> Up {
    Up::of(sum) * (Up::ONE + Up::count(terms + 4) * Up::power(52))
        + Up::count(terms) * Up::power(1074)
}

/// What three plain sums over the same terms say of one sum.
struct Summed {
    centre: f64,
    /// Σ |a||x|
    magnitude: f64,
    /// Σ |a| dx per side
    inherited: [f64; 2],
    terms: usize,
    /// Σ |a| of a matrix product whose operands are rounded first; none where all of them stay as they are.
    operands: Option<f64>,
}

impl Summed {
    /// The errors of Σ a x (+ a start of known error), a itself rounded if `rounds`; `reach` is Σ |x|.
    fn error(&self, models: [Model; 2], start: (f64, [Up; 2]), rounds: bool, reach: Up) -> [Up; 2] {
        let terms = self.terms + usize::from(start.0 != 0.0);
        if self.terms == 0 {
            return start.1;
        }
        SIDES.map(|side| {
            let model = models[side];
            let inherited = raised(self.inherited[side], self.terms) + start.1[side];
            let magnitude = raised(self.magnitude, self.terms) + Up::of(start.0) + start.1[side];
            let moved = match rounds && side == 1 {
                true => model.unit * magnitude + model.tiny * reach,
                false => Up::ZERO,
            };
            let moved = match (model.operands, self.operands) {
                (Some(operand), Some(size)) => {
                    let size = raised(size, self.terms);
                    let each =
                        reach + size + size * model.unit + Up::count(self.terms) * model.tiny;
                    moved + operand.moves(magnitude + moved, each, self.terms)
                }
                _ => moved,
            };
            let inherited = inherited + inherited * model.unit;
            // What is rounded is at most all magnitudes together, those of the moved factors included.
            model.gamma(terms + 2) * (magnitude + moved)
                + inherited
                + moved
                + Up::count(terms + 2) * model.tiny
        })
    }
}

/// Bounds every entry of ∂L/∂W and ∂L/∂b (D7) for any reasonable evaluation in a format.
///
/// Numbers of the case that the format does not have are rounded to it first, and that is in the bound. Where a net input is
/// within its own bound of a kink, the bound takes the whole jump of the slope; how many there are is reported.
///
/// Shapes: as the network. Exactness: rounded up; overflow in the format is not covered.
///
/// # Errors
/// [`Error::Unsupported`] for activations that have no exact gradient at this size; [`Error::NotFinite`] if a bound is not finite.
///
/// ```
/// use creditcheck::{verdict::bounded::dense_rounding_bound, spec::{Dense, Dtype}, wire::Document};
/// let text = br#"{"format": "creditcheck/case/1", "network": {"kind": "layered", "layers":
///   [{"weights": [["0.5", 2]], "activation": "relu"}]}, "loss": "half_squared_error",
///   "learning_rate": "1", "examples": [{"input": [1, 2], "target": [3]}]}"#;
/// let case = Document::read(text, &Default::default()).unwrap().case;
/// let bounds = dense_rounding_bound(&Dense::of(&case).unwrap(), Dtype::F64).unwrap();
/// assert!(bounds.layers[0].weights.iter().all(|bound| *bound < 1e-13));
/// ```
pub fn dense_rounding_bound(
    dense: &Dense,
    arithmetic: impl Into<Arithmetic>,
) -> Result<DenseBounds, Error> {
    scaled_rounding_bound(dense, arithmetic, &BigRational::from_integer(1.into()))
}

/// The same for a loss that is multiplied by a scale, anywhere on the way: times |scale|, these bound the scaled gradient.
///
/// What is rounded grows with the scale, what underflows does not: below 1 the bound of the underflow is divided by |scale|.
///
/// # Errors
/// As [`dense_rounding_bound`].
pub fn scaled_rounding_bound(
    dense: &Dense,
    arithmetic: impl Into<Arithmetic>,
    scale: &BigRational,
) -> Result<DenseBounds, Error> {
    dense.loss.expect_half_squared("a rounding bound at this size")?;
    let arithmetic = arithmetic.into();
    let dtype = arithmetic.dtype();
    let models = [Model::of(Dtype::F64), Model::of(arithmetic)];
    let batch = dense.batch();
    let mut rates = vec![Values::of(&dense.inputs, models)];
    let (mut slopes, mut uncertain) = (Vec::new(), Vec::new());
    for (l, layer) in dense.layers.iter().enumerate() {
        let function = Function::of(&layer.activation, dense.kink(l), models)?;
        let before = &rates[l];
        let posts = layer.weights.rows;
        let rounds = rounds(&layer.weights, dtype);
        let moves = moves(&layer.weights, models[1]) || l > 0 || moves(&dense.inputs, models[1]);
        let (mut rate, mut slope) = (Values::new(batch, posts), Values::new(batch, posts));
        let mut unsure = 0;
        for b in 0..batch {
            let row = before.row(b);
            let (x, reach) = (&before.centre[row.clone()], &before.reach[row.clone()]);
            let errors = SIDES.map(|side| &before.error[side][row.clone()]);
            let all = raised(reach.iter().sum(), reach.len());
            let live: Vec<usize> = (0..x.len()).filter(|j| reach[*j] != 0.0).collect();
            for post in 0..posts {
                let mut summed = forward(layer.weights.row(post), x, reach, errors, &live);
                if moves {
                    summed.operands = Some(layer.weights.row(post).iter().map(|w| w.abs()).sum());
                }
                let bias = layer.biases.as_ref().map_or(0.0, |biases| biases.values[post]);
                let start = (bias, models.map(|model| model.rounding(bias)));
                let error = summed.error(models, start, rounds, all);
                let fired = function.fire(summed.centre + bias, error, models);
                let at = b * posts + post;
                rate.set(at, fired.rate, fired.rate_error);
                slope.set(at, fired.slope, fired.slope_error);
                unsure += usize::from(fired.is_uncertain);
            }
        }
        rates.push(rate);
        slopes.push(slope);
        uncertain.push(unsure);
    }
    let models = [models[0], models[1].scaled(scale)];
    let mut credit = external(&rates[dense.layers.len()], &dense.targets, models);
    let mut layers = Vec::new();
    for (l, layer) in dense.layers.iter().enumerate().rev() {
        let delta = folded(&slopes[l], &credit, models, batch);
        let (weights, biases) = mean(&delta, &rates[l], models[1], batch);
        finite(&weights, l, "weights")?;
        finite(&biases, l, "biases")?;
        layers.push(LayerBounds {
            weights,
            biases,
            uncertain: uncertain[l],
            net_inputs: batch * layer.weights.rows,
        });
        if l > 0 {
            credit = backward(&layer.weights, &delta, models, batch, rounds(&layer.weights, dtype));
        }
    }
    layers.reverse();
    Ok(DenseBounds { arithmetic, layers })
}

/// A bound after the last rounding, by which a number of at most this magnitude is stored in another format than it was computed in.
///
/// ```text
/// b + u (|v| + b) + ½ tiny
/// ```
///
/// Nothing is added where every number of the arithmetic is one of the format.
///
/// ```
/// use creditcheck::{verdict::bounded::when_stored, spec::Dtype};
/// assert_eq!(when_stored(1e-9, 1.0, Dtype::F16, Dtype::F32), 1e-9);
/// assert!(when_stored(1e-9, 1.0, Dtype::F32, Dtype::F16) >= 2f64.powi(-11));
/// ```
#[must_use]
pub fn when_stored(bound: f64, magnitude: f64, arithmetic: Dtype, format: Dtype) -> f64 {
    let holds = arithmetic.precision() <= format.precision()
        && arithmetic.smallest() >= format.smallest()
        && arithmetic.largest() <= format.largest();
    if holds {
        return bound;
    }
    let (bound, model) = (Up::of(bound), Model::of(format));
    (bound + model.unit * (Up::of(magnitude) + bound) + model.tiny / 2.0).value()
}

fn finite(bounds: &[f64], l: usize, what: &str) -> Result<(), Error> {
    match bounds.iter().all(|bound| bound.is_finite()) {
        true => Ok(()),
        false => Err(Error::NotFinite {
            what: format!("rounding bound of the {what} of layer {}", l + 1),
        }),
    }
}

fn forward(w: &[f64], x: &[f64], reach: &[f64], errors: [&[f64]; 2], live: &[usize]) -> Summed {
    let mut sums =
        Summed { centre: 0.0, magnitude: 0.0, inherited: [0.0; 2], terms: 0, operands: None };
    for &j in live {
        let size = w[j].abs();
        sums.centre += w[j] * x[j];
        sums.magnitude += size * reach[j];
        sums.inherited[0] += size * errors[0][j];
        sums.inherited[1] += size * errors[1][j];
        sums.terms += usize::from(size != 0.0);
    }
    sums
}

/// e = t − x, and times 1/B and the scale where an evaluation has them in front.
fn external(rates: &Values, targets: &Tensor, models: [Model; 2]) -> Values {
    let batch = targets.rows;
    let mut credit = Values::new(batch, targets.cols);
    for (at, target) in targets.values.iter().enumerate() {
        let (x, e) = (rates.centre[at], rates.error(at));
        let error = SIDES.map(|side| {
            let moved = models[side].rounding(*target);
            let size = Up::of(rates.reach[at]) + Up::of(*target) + moved;
            // What underflows here is multiplied by all that follows.
            let underflow = match size == Up::ZERO {
                true => Up::ZERO,
                false => Up::count(batch) * models[side].tiny,
            };
            e[side] + moved + models[side].stored(1) * size + underflow
        });
        credit.set(at, target - x, error);
    }
    credit
}

/// f c at every neuron.
fn folded(slopes: &Values, credit: &Values, models: [Model; 2], batch: usize) -> Values {
    let mut delta = Values::new(batch, slopes.cols);
    for at in 0..slopes.centre.len() {
        let (f, df, c, dc) =
            (slopes.centre[at], slopes.error(at), credit.centre[at], credit.error(at));
        let (reach_f, reach_c) = (Up::of(slopes.reach[at]), Up::of(credit.reach[at]));
        let error = SIDES.map(|side| {
            let inherited = reach_f * dc[side] + df[side] * reach_c;
            // Nothing is rounded by a factor of 0 or 1.
            let trivial = df[side] == Up::ZERO && (f == 0.0 || f == 1.0);
            if trivial || reach_c == Up::ZERO {
                return inherited;
            }
            let model = models[side];
            inherited + model.stored(1) * reach_f * reach_c + Up::count(2 * batch) * model.tiny
        });
        delta.set(at, f * c, error);
    }
    delta
}

/// Wᵀ (f c)
fn backward(
    weights: &Tensor,
    delta: &Values,
    models: [Model; 2],
    batch: usize,
    rounds: bool,
) -> Values {
    let mut credit = Values::new(batch, weights.cols);
    let models = models.map(|model| model.divided(batch));
    for b in 0..batch {
        let row = delta.row(b);
        let all = raised(delta.reach[row.clone()].iter().sum(), delta.cols);
        let zeros = || vec![0.0; weights.cols];
        let (mut centre, mut magnitude, mut inherited) = (zeros(), zeros(), [zeros(), zeros()]);
        let (mut terms, mut sizes) = (0, zeros());
        for (post, at) in row.enumerate() {
            if delta.reach[at] == 0.0 {
                continue;
            }
            terms += 1;
            for (pre, w) in weights.row(post).iter().enumerate() {
                let size = w.abs();
                sizes[pre] += size;
                centre[pre] += w * delta.centre[at];
                magnitude[pre] += size * delta.reach[at];
                inherited[0][pre] += size * delta.error[0][at];
                inherited[1][pre] += size * delta.error[1][at];
            }
        }
        for pre in 0..weights.cols {
            let inherited = [inherited[0][pre], inherited[1][pre]];
            let summed = Summed {
                centre: centre[pre],
                magnitude: magnitude[pre],
                inherited,
                terms,
                operands: Some(sizes[pre]),
            };
            let error = summed.error(models, (0.0, [Up::ZERO; 2]), rounds, all);
            // If 1/B comes before this sum, it underflows B times as early.
            let error = SIDES.map(|side| match terms {
                0 => Up::ZERO,
                _ => error[side] + Up::count(batch * (terms + 2)) * models[side].tiny,
            });
            credit.set(b * weights.cols + pre, summed.centre, error);
        }
    }
    credit
}

/// ⟨δ x⟩ and ⟨δ⟩: only what any evaluation may be off.
fn mean(delta: &Values, rates: &Values, model: Model, batch: usize) -> (Vec<f64>, Vec<f64>) {
    // Two products in a term, and at most five roundings in the scale and its use.
    const PRODUCTS: usize = 8;
    // B is a count of examples in memory.
    #[allow(clippy::cast_precision_loss)]
    let divisor = batch as f64;
    let rounding = model.gamma(batch + PRODUCTS) + model.stored(PRODUCTS);
    let bound = |magnitude: Up, inherited: Up| {
        let underflow = Up::count(batch * (batch + PRODUCTS)) * model.tiny;
        ((rounding * magnitude + inherited + underflow) / divisor).value()
    };
    let (posts, pres) = (delta.cols, rates.cols);
    let operands = model.divided(batch).operands;
    let moved = |magnitude: Up, each: Up| {
        operands.map_or(Up::ZERO, |operand| operand.moves(magnitude, each, batch))
    };
    let (mut weights, mut biases) = (Vec::with_capacity(posts * pres), Vec::with_capacity(posts));
    for post in 0..posts {
        let (mut magnitude, mut inherited) = (vec![0.0; pres], vec![0.0; pres]);
        let (mut live, mut each) = (vec![false; pres], vec![0.0; pres]);
        let (mut size, mut off) = (Up::ZERO, Up::ZERO);
        for b in 0..batch {
            let at = b * posts + post;
            let (d, e) = (delta.reach[at], delta.error[1][at]);
            if d == 0.0 {
                continue;
            }
            (size, off) = (size + Up::of(d), off + Up::of(e));
            for (pre, at) in rates.row(b).enumerate() {
                let reach = rates.reach[at];
                magnitude[pre] += d * reach;
                inherited[pre] += e * reach + d * rates.error[1][at];
                each[pre] += d + reach;
                live[pre] |= reach != 0.0;
            }
        }
        weights.extend((0..pres).map(|pre| match live[pre] {
            // Each term has a factor that is exactly zero.
            false => 0.0,
            true => {
                let magnitude = raised(magnitude[pre], 2 * batch);
                let moved = moved(magnitude, raised(each[pre], 2 * batch));
                bound(magnitude + moved, raised(inherited[pre], 2 * batch) + moved)
            }
        }));
        biases.push(if size == Up::ZERO { 0.0 } else { bound(size, off) });
    }
    (weights, biases)
}
