//! How far a computation may be off whose every product is rounded to a fixed-point grid.
//!
//! ```text
//! product   |âb̂ − ab| ≤ |a| e_b + |b| e_a + e_a e_b + h/2        sum   Σ e: multiples of h add up to multiples of h
//! ```
//!
//! h is the step of the grid and e what a number may be off. Errors are absolute, as there is no exponent: a number that is far smaller
//! than h is all error. Numbers of the case are rounded to the nearest multiple first, and so is every product and every quotient, ties
//! either way; a product with a whole number rounds nothing. δ = σ'(s) c is formed before it meets a rate or a weight; 1/B may stand
//! anywhere, as a division. Whoever accumulates exact products and rounds their sum makes fewer errors, and is covered.
//!
//! Not modelled: saturation (a number beyond the largest of the word), cutting off in place of rounding, a product with a rounded 1/B.

use std::ops::Add;

use num_rational::BigRational;
use num_traits::{Signed, Zero};

use super::up::Up;
use super::{Bound, Bounds, rounding_bound};
use crate::error::Error;
use crate::number::{held, nearest_f64};
use crate::spec::outcome::Update;
use crate::spec::{
    Activation, Case, Dtype, Grid, Neuron, Number, Parameters, PerNeuron, PerSynapse, Wiring,
};

/// How far each number may be off.
#[derive(Clone, Debug, PartialEq)]
pub struct GridBounds {
    /// ∂L/∂W and ∂L/∂b (D7)
    pub gradient: Update<f64>,
    /// x̄ (D6), one entry per example; of interest are those at the inputs
    pub adjoint: Vec<PerNeuron<f64>>,
    /// L
    pub loss: f64,
}

/// Bounds the gradient of a computation on a grid, from the magnitudes of the case alone.
///
/// Shapes: per neuron and synapse as [`Wiring::of`] counts them.
///
/// Exactness: rounded up. Saturation is not covered.
///
/// # Errors
/// [`Error::Unsupported`] for a cycle, and for activations with a quotient or an exponential; [`Error::NotFinite`].
///
/// ```
/// use creditcheck::{spec::{Grid, Limits}, verdict::bounded::grid_bound, wire::Document};
/// let text = br#"{"format": "creditcheck/case/1", "network": {"kind": "layered", "layers":
///   [{"weights": [["1/4"]], "activation": "identity"}]}, "loss": "half_squared_error",
///   "learning_rate": "1", "examples": [{"input": ["1/4"], "target": [1]}]}"#;
/// let case = Document::read(text, &Limits::default()).unwrap().case;
/// let eighth = Grid::of(&num_rational::BigRational::new(1.into(), 8.into())).unwrap();
/// // wx is off by 1/16, and so is its product with x, by a quarter of that and another 1/16.
/// let bound = grid_bound(&case, eighth).unwrap().gradient.weights.as_slice()[0];
/// assert!(bound >= 0.078125 && bound < 0.0782);
/// ```
pub fn grid_bound(case: &Case, grid: Grid) -> Result<GridBounds, Error> {
    case.loss.expect_half_squared("--grid-everywhere")?;
    let wiring = Wiring::of(case);
    let Some(order) = wiring.order.clone() else {
        return Err(Error::unsupported("--grid-everywhere on a network with a cycle"));
    };
    let step = grid.step();
    let (half, parameters) = (upward(&step) / 2.0, Parameters::of(case));
    let pass = Pass { case, grid, half, exact: rounding_bound(case, Dtype::F64)?, wiring, order };
    let weights = parameters.weights.map(|weight| pass.given(weight));
    let biases = parameters.biases.map(|bias| pass.given(bias));
    let found = pass.bounds(&weights, &biases)?;
    let mut all = found.gradient.weights.iter().chain(found.gradient.biases.iter());
    match found.loss.is_finite() && all.all(|bound| bound.is_finite()) {
        true => Ok(found),
        false => Err(Error::NotFinite { what: "a bound on a grid".into() }),
    }
}

/// A number of the computation: at least its exact magnitude, and how far it may be off.
#[derive(Clone, Copy)]
struct Size {
    most: Up,
    off: Up,
    /// Whether it is a whole number, and exact: a product with it is a multiple of the grid.
    is_whole: bool,
}

impl Size {
    const ZERO: Self = Self { most: Up::ZERO, off: Up::ZERO, is_whole: true };

    fn is_zero(self) -> bool {
        self.most == Up::ZERO && self.off == Up::ZERO
    }

    fn of(bound: &Bound, off: Up) -> Self {
        let is_whole = bound.radius == 0.0 && off == Up::ZERO && bound.centre.fract() == 0.0;
        Self { most: most(bound), off, is_whole }
    }

    /// What a product may be off, rounded by this much at the end.
    fn times(self, other: Self, rounding: Up) -> Up {
        if self.is_zero() || other.is_zero() {
            return Up::ZERO;
        }
        let carried = self.most * other.off + other.most * self.off + self.off * other.off;
        if self.is_whole || other.is_whole { carried } else { carried + rounding }
    }
}

/// At least the magnitude of a fraction.
fn upward(value: &BigRational) -> Up {
    if value.is_zero() { Up::ZERO } else { Up::of(nearest_f64(&value.abs()).next_up()) }
}

/// At least the magnitude of the exact value.
fn most(bound: &Bound) -> Up {
    Up::of(bound.centre) + Up::of(bound.radius)
}

struct Pass<'a> {
    case: &'a Case,
    grid: Grid,
    /// h/2
    half: Up,
    /// The exact values, by a centre and a radius each.
    exact: Bounds,
    wiring: Wiring,
    order: Vec<Neuron>,
}

/// How far the numbers of one example may be off.
struct Followed {
    rate: PerNeuron<Size>,
    credit: PerNeuron<Size>,
    delta: PerNeuron<Size>,
    external: Up,
}

impl Pass<'_> {
    /// A number of the case, which is rounded to the grid.
    fn given(&self, value: &BigRational) -> Size {
        let nearest = held(value, Number::Grid(self.grid)).unwrap_or_else(BigRational::zero);
        let (off, most) = (upward(&(nearest - value)), upward(value));
        Size { most, off, is_whole: value.is_integer() && off == Up::ZERO }
    }

    /// A rounding on the way back, in units of what is not divided by B yet: of the product, and of the division if it is here.
    fn rounding(&self) -> Up {
        match self.case.examples.len() {
            1 => self.half,
            batch => self.half * Up::count(batch + 1),
        }
    }

    /// That of the division alone.
    fn division(&self) -> Up {
        match self.case.examples.len() {
            1 => Up::ZERO,
            batch => self.half * Up::count(batch),
        }
    }

    fn bounds(
        &self,
        weights: &PerSynapse<Size>,
        biases: &PerNeuron<Size>,
    ) -> Result<GridBounds, Error> {
        let examples = 0..self.case.examples.len();
        let followed = examples.map(|b| self.follow(b, weights, biases));
        let followed = followed.collect::<Result<Vec<_>, Error>>()?;
        // B is a count of examples in memory.
        #[allow(clippy::cast_precision_loss)]
        let batch = followed.len() as f64;
        let last = if followed.len() == 1 { Up::ZERO } else { self.half };
        let mean = |terms: Vec<Up>| {
            let sum = terms.into_iter().fold(Up::ZERO, Up::add);
            if sum == Up::ZERO { 0.0 } else { (sum / batch + last).value() }
        };
        let divided = |delta: Size| match delta.is_zero() || self.division() == Up::ZERO {
            true => delta,
            false => Size { off: delta.off + self.division(), is_whole: false, ..delta },
        };
        let weights = self.wiring.synapses.map(|ends| {
            let term = |example: &Followed| {
                divided(example.delta[ends.post]).times(example.rate[ends.pre], self.rounding())
            };
            mean(followed.iter().map(term).collect())
        });
        let biases =
            PerNeuron::from_fn(self.wiring.neurons(), |post| match self.wiring.has_bias[post] {
                true => mean(followed.iter().map(|e| divided(e.delta[post]).off).collect()),
                false => 0.0,
            });
        // ½ Σ e², halved and divided anywhere.
        let losses = followed.iter().map(|example| example.external + self.half);
        let loss = losses.fold(Up::ZERO, Up::add) / batch + self.half + self.half;
        Ok(GridBounds {
            gradient: Update { weights, biases },
            adjoint: followed.iter().map(|e| e.credit.map(|size| size.off.value())).collect(),
            loss: loss.value(),
        })
    }

    fn follow(
        &self,
        b: usize,
        weights: &PerSynapse<Size>,
        biases: &PerNeuron<Size>,
    ) -> Result<Followed, Error> {
        let (wiring, exact, example) =
            (&self.wiring, &self.exact.examples[b], &self.case.examples[b]);
        let nothing = || PerNeuron::filled(wiring.neurons(), Size::ZERO);
        let (mut rate, mut slope) = (nothing(), nothing());
        for (&neuron, x) in wiring.inputs.iter().zip(&example.input) {
            rate[neuron] = self.given(x);
        }
        for &post in self.order.iter().filter(|&&post| !wiring.is_input[post]) {
            let terms = wiring.incoming[post].iter().map(|&synapse| {
                weights[synapse].times(rate[wiring.synapses[synapse].pre], self.half)
            });
            let off = terms.fold(biases[post].off, Up::add);
            let s = (&exact.net_input[post], off);
            let [of_rate, of_slope] =
                self.fire(&wiring.activations[post], s, &exact.slope[post])?;
            rate[post] = Size::of(&exact.firing_rate[post], of_rate);
            slope[post] = Size::of(&exact.slope[post], of_slope);
        }
        let (mut credit, mut external) = (nothing(), Up::ZERO);
        for (&neuron, target) in wiring.outputs.iter().zip(&example.target) {
            let off = self.given(target).off + rate[neuron].off;
            let e = Size::of(&exact.external_credit[neuron], off);
            external = external + e.times(e, self.rounding()) / 2.0;
            let scaled = if e.is_zero() { e } else { Size { off: off + self.division(), ..e } };
            credit[neuron] = scaled;
        }
        let mut delta = nothing();
        for &pre in self.order.iter().rev() {
            let terms = wiring.outgoing[pre].iter().map(|&synapse| {
                weights[synapse].times(delta[wiring.synapses[synapse].post], self.rounding())
            });
            let off = terms.fold(credit[pre].off, Up::add);
            credit[pre] = Size::of(&exact.adjoint[pre], off);
            let off = slope[pre].times(credit[pre], self.rounding());
            delta[pre] = Size::of(&exact.delta[pre], off);
        }
        Ok(Followed { rate, credit, delta, external })
    }

    /// What σ(s) and σ'(s) may be off, where s may be off so much.
    fn fire(
        &self,
        function: &Activation,
        (s, off): (&Bound, Up),
        slope: &Bound,
    ) -> Result<[Up; 2], Error> {
        let (half, two) = (self.half, Up::ONE + Up::ONE);
        // At least the magnitude of any s that is met.
        let m = most(s) + off;
        let zero = self.given(&BigRational::zero());
        Ok(match function {
            Activation::Identity => [off, Up::ZERO],
            Activation::Relu => {
                let jump = self.jumps(s, off, &[(0.0, zero, Up::ONE)]);
                [off, jump + self.of_mean(slope)]
            }
            Activation::LeakyRelu { slope: below } => {
                let given = self.given(below);
                let steepest = if given.most > Up::ONE { given.most } else { Up::ONE };
                let jump = self.jumps(s, off, &[(0.0, zero, Up::ONE + given.most)]);
                let is_above = slope.radius == 0.0 && slope.centre == 1.0;
                let of_mean = if slope.centre == nearest_f64(below) { Up::ZERO } else { half };
                match is_above && jump == Up::ZERO {
                    true => [off, Up::ZERO],
                    false => [steepest * off + given.off * m + half, jump + given.off + of_mean],
                }
            }
            Activation::HardTanh { min, max } => {
                let ends = [min, max].map(|end| (nearest_f64(end), self.given(end), Up::ONE));
                let jump = self.jumps(s, off, &ends);
                [off + ends[0].1.off + ends[1].1.off, jump + self.of_mean(slope)]
            }
            Activation::Square => [off * (m + m) + half, two * off],
            // s + s·s, or s (1 + s)
            Activation::Quadratic => [off * (Up::ONE + m + m) + half, two * off],
            // s − s·s·s/3: both products and the quotient, in any order
            Activation::Cubic => [
                off * (Up::ONE + m * m) + (half + half) * (m * m + m + Up::ONE),
                two * m * off + half,
            ],
            Activation::Softsign
            | Activation::EluRational
            | Activation::Tanh
            | Activation::Logistic
            | Activation::Softplus => {
                return Err(Error::unsupported(format!(
                    "--grid-everywhere with {}: how fixed-point hardware computes it is not known; there is a bound of \
                     polynomials, relu, leaky_relu and hard_tanh",
                    function.name()
                )));
            }
        })
    }

    /// A slope that is neither 0 nor 1, by the convention of a kink, is rounded.
    fn of_mean(&self, slope: &Bound) -> Up {
        let is_plain = slope.radius == 0.0 && slope.centre.fract() == 0.0;
        if is_plain { Up::ZERO } else { self.half }
    }

    /// The jumps of the slope at kinks, each at a place that is rounded too, that are within reach of s.
    fn jumps(&self, s: &Bound, off: Up, kinks: &[(f64, Size, Up)]) -> Up {
        let reached = kinks.iter().filter(|(place, size, _)| {
            let moved = off + size.off;
            // The nearest f64 of the place is off by less than a part of 2⁻⁵² of it.
            let reach = moved + Up::of(s.radius) + size.most * Up::power(52);
            moved != Up::ZERO && !Up::certainly_apart(s.centre, *place, reach)
        });
        reached.fold(Up::ZERO, |sum, (_, _, jump)| sum + *jump)
    }
}
