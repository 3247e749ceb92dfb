//! Tier F with cycles (D9): how far the floats of an equilibrium are from the exact one, by their own residual.
//!
//! Nothing settles in a number of roundings that could be counted beforehand, so the bound starts from the residual
//! ρ = x̂ − σ(Wx̂ + b) of the *float* rates in the *exact* weights, computed in rationals: the rounding of the case's numbers is part
//! of it. With D_i the secant of σ_i from the float to the exact net input, (I − diag D · W)(x̂ − x) = ρ without any
//! remainder; likewise (I − Wᵀ diag β)(ĉ − c) = ρ_c. Both systems are bounded through T7r or a verified inverse
//! (`majorant`); what is then left, s, β, e and the update, is one evaluation each, followed as in a
//! feed-forward pass. A residual of its own making would excuse any float, so the residual that the engine *reports* is held
//! against what its floats give, and a bound without power is no agreement.

mod anybody;
mod follow;
mod majorant;

use std::fmt;

use num_rational::BigRational;
use num_traits::Zero;

use super::Bound;
use super::compare::{Tightness, compare_by};
use super::power::weakest_block_of;
use super::up::Value;
use crate::spec::outcome::{CreditOutcome, Update};
use crate::spec::{Case, Dtype, Loss, PerNeuron};
use crate::verdict::entries::{Entry, Quantity};
use crate::verdict::{Mismatch, Verdict};
pub use anybody::{
    BoundsOfAnybody, RateOfAnybody, equilibrium_bound_of_anybody, equilibrium_near,
    rates_of_anybody,
};
use follow::{Floats, Followed, View};

/// What an engine reports of one equilibrium, beside its numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Residuals {
    /// max |x − σ(Wx + b)|
    pub firing: f64,
    /// max |c − Wᵀ(β∘c) − e|
    pub credit: f64,
}

/// Bounds of one example at its equilibrium, one entry per neuron.
#[derive(Clone, Debug, PartialEq)]
pub struct EquilibriumBounds {
    /// s (D1)
    pub net_input: PerNeuron<Bound>,
    /// x (D1)
    pub firing_rate: PerNeuron<Bound>,
    /// β (D2), of the replaced balance function where there is one
    pub balance_factor: PerNeuron<Bound>,
    /// e (D3)
    pub external_credit: PerNeuron<Bound>,
    /// c (D3)
    pub credit: PerNeuron<Bound>,
}

impl EquilibriumBounds {
    fn of(followed: &Followed) -> Self {
        let bound = |values: &PerNeuron<Value>| values.map(Bound::of);
        Self {
            net_input: bound(&followed.net_input),
            firing_rate: bound(&followed.firing_rate),
            balance_factor: bound(&followed.balance_factor),
            external_credit: bound(&followed.external_credit),
            credit: bound(&followed.credit),
        }
    }
}

/// Bounds of everything that a float engine reports of the equilibria of a case.
#[derive(Clone, Debug, PartialEq)]
pub struct RecurrentBounds {
    /// The format they are for.
    pub format: Dtype,
    /// One entry per example.
    pub examples: Vec<EquilibriumBounds>,
    /// ΔW and Δb of D4; 0 where there is no bias.
    pub update: Update<Bound>,
}

/// Why there is no finite bound, hence nothing was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unbounded {
    /// The two sides are not about the same neurons and examples.
    Shapes,
    /// Another loss than half squared error, of which nothing is bounded at an equilibrium.
    Loss,
    /// σ has no exact value.
    Transcendental,
    /// A float that is NaN or infinite.
    NotFinite,
    /// The float net input may be on another side of a kink than the exact one.
    Pieces {
        /// Whose net input.
        neuron: usize,
        /// In which example.
        example: usize,
    },
    /// Near the rates that were found no equilibrium is proved to be.
    NoEquilibrium {
        /// In which example.
        example: usize,
    },
    /// Neither T7r nor a verified inverse bounds the system.
    Singular {
        /// Whether that of firing or of credit.
        system: &'static str,
        /// In which example.
        example: usize,
    },
}

impl fmt::Display for Unbounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shapes => write!(f, "the two sides are not about the same neurons and examples"),
            Self::Loss => {
                write!(f, "no bound: at an equilibrium there is one of half squared error alone")
            }
            Self::Transcendental => write!(f, "no bound: an activation has no exact value"),
            Self::NotFinite => write!(f, "no bound: a float is not finite"),
            Self::Pieces { neuron, example } => write!(
                f,
                "no bound: net input of neuron {neuron} in example {example} is within its bound of a kink"
            ),
            Self::NoEquilibrium { example } => write!(
                f,
                "no bound: near the rates that were found for example {example} no equilibrium is proved to be"
            ),
            Self::Singular { system, example } => write!(
                f,
                "no bound: the system of {system} in example {example} cannot be told from a singular one"
            ),
        }
    }
}

/// |float − exact| at most, for x, c and the update of every equilibrium, computed from the float's own residual.
///
/// Given the exact equilibrium that the float one is near: its net inputs say which pieces hold, its balance factors are those of
/// the system of credit. Not proved here is that it *is* an equilibrium; if it is not, the comparison shows it.
///
/// Shapes: per neuron and synapse as [`crate::spec::Wiring::of`] counts them; with cycles or without.
///
/// Exactness: residuals in rationals, everything else rounded up. Source: T7r (a vector b > |W|ᵀ|β| b + ρ, Collatz 1942), and
/// Rump's verified inverse (Acta Numerica 2010, section 10).
///
/// # Errors
/// [`Unbounded`] where no finite bound is found: then nothing is known, and nothing was checked.
pub fn recurrent_bound<F: Copy + Into<f64>>(
    case: &Case,
    format: Dtype,
    float: &CreditOutcome<F>,
    exact: &CreditOutcome<BigRational>,
) -> Result<RecurrentBounds, Unbounded> {
    if matches!(case.loss, Loss::Reduced { .. }) {
        return Err(Unbounded::Loss);
    }
    let view = View::of(case, format);
    let batch = case.examples.len();
    if float.examples.len() != batch || exact.examples.len() != batch {
        return Err(Unbounded::Shapes);
    }
    let mut followed = Vec::with_capacity(batch);
    for (b, (float, exact)) in float.examples.iter().zip(&exact.examples).enumerate() {
        followed.push(view.follow(b, &Floats::of(float, &view.wiring)?, exact)?);
    }
    let examples = followed.iter().map(EquilibriumBounds::of).collect();
    let bounds = RecurrentBounds { format, examples, update: view.update(&followed) };
    if bounds.is_finite() { Ok(bounds) } else { Err(Unbounded::NotFinite) }
}

/// Every float of an equilibrium within its bound of the exact value, with power, and residuals that are as reported.
///
/// Disagreement: an entry outside its bound, or a residual larger than reported. Unchecked: no finite bound; a bound that
/// would let an entry of the update pass that is wrong by the share of [`super::power`]; or nothing but zeros.
///
/// Exactness and shapes as of [`recurrent_bound`].
#[must_use]
pub fn compare_recurrent<F: Copy + Into<f64>>(
    case: &Case,
    format: Dtype,
    float: &CreditOutcome<F>,
    residuals: &[Residuals],
    exact: &CreditOutcome<BigRational>,
) -> (Verdict, Tightness) {
    let unchecked = |why: String| (Verdict::Unchecked(why), Tightness::default());
    if let Some(mismatch) = dishonest(case, format, float, residuals) {
        return (Verdict::Disagree(mismatch), Tightness::default());
    }
    let bounds = match recurrent_bound(case, format, float, exact) {
        Ok(bounds) => bounds,
        Err(unbounded) => return unchecked(unbounded.to_string()),
    };
    let (verdict, tightness) = compare_by(|entry| bounds.of(entry), float, exact);
    if verdict.is_agree() {
        if exact.update.weights.iter().all(Zero::is_zero) {
            return unchecked("every weight update is zero".to_owned());
        }
        let (update, wrong) = (&bounds.update, &float.update);
        if let Some(block) = weakest_block_of(case, format, update, &exact.update, wrong, true) {
            return unchecked(format!("the bound of the {block} has no power"));
        }
    }
    (verdict, tightness)
}

/// The first residual that is larger than what the engine reports and its rounding explains.
fn dishonest<F: Copy + Into<f64>>(
    case: &Case,
    format: Dtype,
    float: &CreditOutcome<F>,
    residuals: &[Residuals],
) -> Option<Mismatch> {
    let view = View::of(case, format);
    if residuals.len() != float.examples.len() || residuals.len() != case.examples.len() {
        return Some(Mismatch {
            place: "the list of residuals".to_owned(),
            found: format!("{} examples and {} residuals", float.examples.len(), residuals.len()),
            expected: format!("{} of each", case.examples.len()),
            differing: 1,
        });
    }
    float.examples.iter().zip(residuals).enumerate().find_map(|(b, (example, reported))| {
        // Reports without floats, or of numbers that are none, are refused elsewhere.
        let floats = Floats::of(example, &view.wiring).ok()?;
        view.excess(b, &floats, reported)
    })
}

impl RecurrentBounds {
    /// The bound of one entry of an outcome; `None` if the case has no such entry.
    #[must_use]
    pub fn of(&self, entry: &Entry) -> Option<&Bound> {
        let example = |pick: fn(&EquilibriumBounds) -> &PerNeuron<Bound>| {
            let example = self.examples.get(entry.example?)?;
            pick(example).as_slice().get(entry.index)
        };
        match entry.quantity {
            Quantity::NetInput => example(|bounds| &bounds.net_input),
            Quantity::FiringRate => example(|bounds| &bounds.firing_rate),
            Quantity::BalanceFactor => example(|bounds| &bounds.balance_factor),
            Quantity::ExternalCredit => example(|bounds| &bounds.external_credit),
            Quantity::Credit => example(|bounds| &bounds.credit),
            Quantity::WeightUpdate => self.update.weights.as_slice().get(entry.index),
            Quantity::BiasUpdate => self.update.biases.as_slice().get(entry.index),
            _ => None,
        }
    }

    fn is_finite(&self) -> bool {
        let examples = self.examples.iter().flat_map(|all| {
            [
                &all.net_input,
                &all.firing_rate,
                &all.balance_factor,
                &all.external_credit,
                &all.credit,
            ]
        });
        let neurons = examples.chain([&self.update.biases]).flat_map(PerNeuron::iter);
        neurons.chain(self.update.weights.iter()).all(Bound::is_finite)
    }
}
