//! The exact gradient of a network of floats, by the Chinese remainder theorem.
//!
//! A float is an integer times a power of two, so the gradient of a network of floats is a matrix of integers over one known
//! denominator per layer. How large these integers can be is bounded before anything runs (`size`); on which side of its
//! kinks each net input lies is decided exactly (`filter`); then every prime costs one pass of [`super::credit`] or
//! [`super::backprop`] at the speed of floats, and the residues determine the integers (`crt`).
//!
//! Nothing is rounded on the way; [`Scaled::nearest`] rounds once, at the end.

mod filter;
mod forward;
mod size;
mod upper;

use faer::MatRef;
use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::Zero;

use super::Network;
use super::Positions;
use super::backprop;
use super::credit;
use super::dyadic::{Prepared, Reduced};
use crate::error::Error;
use crate::linalg::lanes::{Pass, widest};
use crate::linalg::{Field, column};
use crate::spec::{Activation, Dense};

use crate::linalg::crt::Basis;
use size::{LayerSize, Size};

pub use crate::linalg::crt::Scaled;

/// Told the stage, how much of it is done and of how much; its error stops the work.
pub type Watch<'a> = dyn FnMut(&str, usize, usize) -> Result<(), Error> + 'a;

/// Which engine runs modulo each prime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The credit rule at η = 1: entries are ΔW and Δb (D4), inputs are credits (D3).
    Credit,
    /// Backpropagation: entries are ∂L/∂W and ∂L/∂b (D7), inputs are adjoints (D6).
    Backprop,
}

/// What one engine computes of a case, exactly.
#[derive(Clone, Debug, PartialEq)]
pub struct Exact {
    /// L of D0.
    pub loss: BigRational,
    /// Layers 1..=Λ.
    pub layers: Vec<ExactLayer>,
    /// c or x̄ at the input neurons, n_0 × B.
    pub inputs: Scaled,
    /// What it took.
    pub facts: Facts,
}

/// The entries of one layer: ΔW at η = 1 or ∂L/∂W, as the [`Rule`] says.
#[derive(Clone, Debug, PartialEq)]
pub struct ExactLayer {
    /// n_l × n_(l−1).
    pub weights: Scaled,
    /// n_l × 1, where the layer has biases.
    pub biases: Option<Scaled>,
}

/// What an exact run took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// How many primes below 2²² there were.
    pub primes: usize,
    /// The bits of the longest integer that the bound allows.
    pub bits: u64,
    /// How many net inputs floats could not place, so that they were computed exactly.
    pub undecided: usize,
    /// How many net inputs have a kink at all.
    pub decided: usize,
}

/// Whether [`run`] serves a σ: polynomials and piecewise-linear functions.
#[must_use]
pub fn serves(activation: &Activation) -> bool {
    activation.is_polynomial() || activation.is_piecewise_linear()
}

/// Runs one engine modulo enough primes and reconstructs every entry.
///
/// Shapes: any layered case of floats. Exactness: exact; products pass Freivalds' check, and the number of primes follows
/// from a bound that is computed beforehand. Sources: D1–D7; Higham, chapters 2–3; Cohen, A Course in Computational
/// Algebraic Number Theory, section 1.3.3.
///
/// ```
/// use creditcheck::{modular::exact::{Rule, run}, spec::{Dense, Limits}, wire::Document};
/// let text = br#"{"format": "creditcheck/case/1", "network": {"kind": "layered", "layers":
///   [{"weights": [["0.5", 2]], "activation": "relu"}]}, "loss": "half_squared_error",
///   "learning_rate": 1, "examples": [{"input": [1, 2], "target": [3]}]}"#;
/// let dense = Dense::of(&Document::read(text, &Limits::default()).unwrap().case).unwrap();
/// let exact = run(&dense, Rule::Backprop, &mut |_, _, _| Ok(())).unwrap();
/// // x = 4.5, x̄ = 1.5: the gradient is (1.5, 3), the loss 9/8.
/// assert_eq!(exact.layers[0].weights.rational(1).to_string(), "3");
/// assert_eq!(exact.loss.to_string(), "9/8");
/// ```
///
/// # Errors
/// [`Error::Unsupported`] for other activations and for a balance function of one's own; [`Error::Limit`] where numerators
/// may have more than 2²⁰ bits; [`Error::WrongProduct`]; whatever `watch` returns.
pub fn run(dense: &Dense, rule: Rule, watch: &mut Watch<'_>) -> Result<Exact, Error> {
    dense.loss.expect_half_squared("the engines modulo primes")?;
    let plan = Plan::of(dense, watch)?;
    let mut residues = vec![Residues::default(); dense.layers.len()];
    let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
    let prepared = Prepared::of(dense);
    let mut reduced = prepared.room();
    let mut engine = Engine::new(rule, &reduced.network, dense.batch())?;
    for (k, field) in plan.fields.iter().enumerate() {
        watch("primes", k, plan.fields.len())?;
        prepared.modulo(field, &mut reduced)?;
        engine.run(field, &reduced, &plan.positions)?;
        for (l, residues) in residues.iter_mut().enumerate() {
            let (weights, biases) = engine.entries(l + 1);
            residues.weights.push(canonical(field, weights));
            let of_biases = |all: &[f64]| all.iter().map(|entry| field.canonical(*entry)).collect();
            residues.biases.extend(biases.map(of_biases));
        }
        let (at_inputs, at_outputs) = engine.ends(dense.layers.len());
        inputs.push(canonical(field, at_inputs));
        outputs.extend(at_outputs.map(|rates| canonical(field, rates)));
    }
    watch("reconstruction", 0, 1)?;
    let layers = residues.into_iter().zip(&plan.sizes).zip(&dense.layers);
    let layers = layers.map(|((residues, size), layer)| {
        let (rows, cols) = (layer.weights.rows, layer.weights.cols);
        let biases = layer.biases.as_ref();
        ExactLayer {
            weights: plan.numerators(&size.weights, (rows, cols), &residues.weights),
            biases: biases.map(|_| plan.numerators(&size.biases, (rows, 1), &residues.biases)),
        }
    });
    let layers = layers.collect();
    let last = plan.sizes.len() - 1;
    let (at_outputs, at_inputs) = (&plan.sizes[last].firing_rate, &plan.sizes[0].adjoint_below);
    let batch = dense.batch();
    let outputs = plan.numerators(at_outputs, (dense.targets.cols, batch), &outputs);
    let inputs = plan.numerators(at_inputs, (dense.inputs.cols, batch), &inputs);
    Ok(Exact { loss: loss(dense, &outputs), layers, inputs, facts: plan.facts() })
}

/// Both engines modulo one prime, and what they ran on.
pub struct Pair<'a> {
    /// 𝔽_p
    pub field: &'a Field,
    /// The residues of the network.
    pub network: &'a Network,
    /// n_0 × B
    pub inputs: MatRef<'a, f64>,
    /// n_Λ × B
    pub targets: MatRef<'a, f64>,
    /// The sides of all net inputs.
    pub positions: &'a Positions,
    /// The credit rule at η = 1.
    pub rule: &'a credit::Workspace,
    /// Backpropagation.
    pub back: &'a backprop::Workspace,
}

/// Runs both engines modulo enough primes to tell any two different gradients apart, and hands each pair to `compare`.
///
/// Equality modulo every prime is equality over ℚ: numerators over the common denominators are bounded, and the primes
/// multiply to more than four times the bound.
///
/// # Errors
/// As [`run`], and whatever `compare` returns.
pub fn both(
    dense: &Dense,
    watch: &mut Watch<'_>,
    compare: &mut dyn FnMut(&Pair<'_>) -> Result<(), Error>,
) -> Result<Facts, Error> {
    let plan = Plan::of(dense, watch)?;
    let prepared = Prepared::of(dense);
    let mut reduced = prepared.room();
    let mut rule = credit::Workspace::new(&reduced.network, dense.batch())?;
    let mut back = backprop::Workspace::new(&reduced.network, dense.batch())?;
    for (k, field) in plan.fields.iter().enumerate() {
        watch("primes", k, plan.fields.len())?;
        prepared.modulo(field, &mut reduced)?;
        let Reduced { network, inputs, targets } = &reduced;
        let (inputs, targets) = (inputs.as_ref(), targets.as_ref());
        let positions = &plan.positions;
        rule.run(field, network, inputs, targets, positions)?;
        back.run(field, network, inputs, targets, positions)?;
        let (rule, back) = (&rule, &back);
        compare(&Pair { field, network, inputs, targets, positions, rule, back })?;
    }
    Ok(plan.facts())
}

/// Everything that is decided before the first prime.
struct Plan {
    sizes: Vec<LayerSize>,
    positions: Positions,
    undecided: usize,
    bits: u64,
    fields: Vec<Field>,
}

impl Plan {
    fn of(dense: &Dense, watch: &mut Watch<'_>) -> Result<Self, Error> {
        for layer in &dense.layers {
            if !serves(&layer.activation) {
                return Err(unsupported(&layer.activation));
            }
            if layer.balance.is_some() {
                return Err(Error::unsupported(
                    "a balance function of one's own in a network of this size; small cases take it",
                ));
            }
        }
        let sizes = size::of(dense)?;
        let (positions, undecided) = filter::positions(dense, &sizes, watch)?;
        // Everything that is reconstructed, or compared modulo every prime; δ is within what its sum over the batch is.
        let of_layer = |size: &LayerSize| {
            let adjoints = size.adjoint.bits.max(size.adjoint_below.bits);
            size.weights.bits.max(size.biases.bits).max(adjoints)
        };
        let outputs = sizes[sizes.len() - 1].firing_rate.bits;
        let bits = sizes.iter().map(of_layer).max().unwrap_or(0).max(outputs);
        Ok(Self { fields: fields_for(dense, bits)?, sizes, positions, undecided, bits })
    }

    /// The values that have these residues, rows × cols; the residues of one prime by columns.
    fn numerators(&self, size: &Size, shape: (usize, usize), residues: &[Vec<u32>]) -> Scaled {
        // A smaller quantity needs fewer of the primes.
        let fields = Basis::enough(self.fields.iter().copied(), size.bits);
        Basis::new(&fields).numerators(residues, shape, &size.denominator)
    }

    fn facts(&self) -> Facts {
        let placed = self.positions.layers.iter().flatten().map(Vec::len).sum();
        Facts {
            primes: self.fields.len(),
            bits: self.bits,
            undecided: self.undecided,
            decided: placed,
        }
    }
}

/// Primes that divide neither the batch nor a parameter of σ, enough for numerators of these bits.
///
/// # Errors
/// [`Error::Limit`] where the primes below 2²² might not suffice.
fn fields_for(dense: &Dense, bits: u64) -> Result<Vec<Field>, Error> {
    size::within(bits)?;
    let avoid = size::odd_denominators(dense);
    let usable =
        |field: &Field| avoid.iter().all(|n| !n.mod_floor(&BigInt::from(field.prime())).is_zero());
    Ok(Basis::enough(Field::largest(&[]).filter(usable), bits))
}

fn unsupported(activation: &Activation) -> Error {
    Error::unsupported(format!(
        "the exact gradient of a large network with {}: it is served for identity, relu, leaky_relu, hard_tanh, square, \
         quadratic and cubic",
        activation.name()
    ))
}

/// L = (1/2B) Σ (x − t)², from the exact rates of the output neurons (n_Λ × B).
fn loss(dense: &Dense, outputs: &Scaled) -> BigRational {
    let rates = outputs.denominator();
    let targets = size::denominator(&dense.targets);
    let common = rates.lcm(&targets);
    let (of_rate, of_target) = (&common / rates, &common / &targets);
    let mut sum = BigInt::zero();
    for example in 0..dense.batch() {
        for (k, target) in dense.targets.row(example).iter().enumerate() {
            let (rate, _) = outputs.fraction(k * dense.batch() + example);
            // A tensor holds finite floats only.
            let target = BigRational::from_float(*target).unwrap_or_else(BigRational::zero);
            let target = target.numer() * (&of_target * &targets / target.denom());
            let error = rate * &of_rate - target;
            sum += &error * &error;
        }
    }
    BigRational::new(sum, &common * &common * BigInt::from(2 * dense.batch()))
}

/// The residues of one layer, one row per prime.
#[derive(Clone, Debug, Default)]
struct Residues {
    weights: Vec<Vec<u32>>,
    biases: Vec<Vec<u32>>,
}

/// One of the two engines.
// One of them is made per run, so what the smaller one wastes is of no account.
#[allow(clippy::large_enum_variant)]
enum Engine {
    Credit(credit::Workspace),
    Backprop(backprop::Workspace),
}

impl Engine {
    fn new(rule: Rule, network: &Network, batch: usize) -> Result<Self, Error> {
        Ok(match rule {
            Rule::Credit => Self::Credit(credit::Workspace::new(network, batch)?),
            Rule::Backprop => Self::Backprop(backprop::Workspace::new(network, batch)?),
        })
    }

    fn run(&mut self, field: &Field, case: &Reduced, at: &Positions) -> Result<(), Error> {
        let Reduced { network, inputs, targets } = case;
        let (inputs, targets) = (inputs.as_ref(), targets.as_ref());
        match self {
            Self::Credit(engine) => engine.run(field, network, inputs, targets, at),
            Self::Backprop(engine) => engine.run(field, network, inputs, targets, at),
        }
    }

    fn entries(&self, layer: usize) -> (MatRef<'_, f64>, Option<&[f64]>) {
        match self {
            Self::Credit(engine) => (engine.weight_update(layer), engine.bias_update(layer)),
            Self::Backprop(engine) => (engine.weight_gradient(layer), engine.bias_gradient(layer)),
        }
    }

    /// What reaches the input neurons, and the rates of the output neurons.
    fn ends(&self, last: usize) -> (MatRef<'_, f64>, Option<MatRef<'_, f64>>) {
        match self {
            Self::Credit(engine) => (engine.credit(0), engine.firing_rate(last)),
            Self::Backprop(engine) => (engine.adjoint(0), engine.firing_rate(last)),
        }
    }
}

/// The residues of a matrix by columns, each in 0..p.
fn canonical(field: &Field, matrix: MatRef<'_, f64>) -> Vec<u32> {
    let (rows, cols) = matrix.shape();
    let mut into = vec![0; rows * cols];
    widest(Canonical { field, matrix, into: &mut into });
    into
}

struct Canonical<'a> {
    field: &'a Field,
    matrix: MatRef<'a, f64>,
    into: &'a mut [u32],
}

impl Pass for Canonical<'_> {
    #[inline(always)]
    fn run(self) {
        let Self { field, matrix, into } = self;
        for (index, into) in into.chunks_exact_mut(matrix.nrows().max(1)).enumerate() {
            for (into, entry) in into.iter_mut().zip(column(matrix, index)) {
                *into = field.canonical(*entry);
            }
        }
    }
}
