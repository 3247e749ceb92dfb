//! Tier F: a rounding bound that is computed, not chosen.
//!
//! From the case alone, with its own evaluation in f64 as the centre and no engine, every
//! number of a pass gets a bound on the distance between the exact value and what *any* reasonable
//! float evaluation may give: the numbers of the case rounded to nearest, sums in any order, with or without
//! fused multiply-add, scalings anywhere, β from the rate or from the net input. The standard model
//! with γ_n = nu/(1 − nu) and its underflow term is used throughout, evaluated with outward
//! rounding. If a net input is within its own bound of a kink, the bound on β is the whole jump.
//! Where a sum provably involves no rounding, in any order, its bound is 0: on lattice cases all bounds are,
//! and a kink that is hit exactly is no jump.
//!
//! Assumptions, named here and tested on the implementation used: the ulp bounds of the
//! transcendental functions below. Nothing is bounded if something overflows: then there is an error, never a pass.

mod compare;
mod dense;
mod dyadic;
mod external;
mod grid;
mod neuron;
mod pass;
mod power;
mod recurrent;
mod temporal;
pub(in crate::verdict) mod up;

use num_rational::BigRational;
use num_traits::Zero;

use super::entries::{Entry, Quantity};
use crate::error::Error;
use crate::number::{exact_f64, nearest};
use crate::spec::outcome::Update;
use crate::spec::{Arithmetic, Case, Dtype, FeedbackMatrices, Neuron, PerNeuron, Synapse};

pub use compare::{
    Tightness, compare_bounded, compare_bounded_backprop, compare_centre, compare_centre_backprop,
};

pub use dense::{
    DenseBounds, LayerBounds, dense_rounding_bound, scaled_rounding_bound, when_stored,
};
pub(in crate::verdict) use dense::{Model, Reaction};
pub use grid::{GridBounds, grid_bound};
pub use power::{power, power_in_words, weakest_block};
pub use recurrent::{
    BoundsOfAnybody, EquilibriumBounds, RateOfAnybody, RecurrentBounds, Residuals, Unbounded,
    compare_recurrent, equilibrium_bound_of_anybody, equilibrium_near, rates_of_anybody,
    recurrent_bound,
};
pub use temporal::{
    compare_temporal, stack_bound, temporal_bound, temporal_update_bound, weakest_temporal_block,
};

/// Assumed of σ = tanh: within so many ulps of the exact value at its float argument.
///
/// One ulp of y is the distance between neighbouring floats of the binade of y; below the smallest normal number it is the
/// smallest subnormal. The engines of `fast` are held to this, in both formats, against rational enclosures.
pub const TANH_ULPS: f64 = 4.0;
/// Assumed of σ = logistic: within so many ulps of the exact value at its float argument.
pub const LOGISTIC_ULPS: f64 = 4.0;
/// Assumed of σ = softplus: within so many ulps of the exact value at its float argument.
pub const SOFTPLUS_ULPS: f64 = 4.0;
/// Assumed of eᵃ and eᵃ − 1, from which slopes are computed: so many ulps; a whole number.
pub const EXP_ULPS: f64 = 2.0;

/// What the bound of a case with transcendental activations assumes, in words for a certificate.
#[must_use]
pub fn assumption() -> String {
    format!(
        "tanh, logistic and softplus are within {TANH_ULPS}, {LOGISTIC_ULPS} and {SOFTPLUS_ULPS} ulps, \
         exp and expm1 within {EXP_ULPS}"
    )
}

/// What is known about one number of a pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    /// An f64 near the exact value.
    pub centre: f64,
    /// |centre − exact| is at most this.
    pub radius: f64,
    /// |float − exact| is at most this, for any evaluation in the format.
    pub bound: f64,
}

impl Bound {
    fn of(value: &up::Value) -> Self {
        let [radius, bound] = value.error.map(up::Up::value);
        Self { centre: value.centre, radius, bound }
    }

    fn is_finite(&self) -> bool {
        self.centre.is_finite() && self.radius.is_finite() && self.bound.is_finite()
    }
}

/// Bounds of one example, one entry per neuron.
#[derive(Clone, Debug, PartialEq)]
pub struct ExampleBounds {
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
    /// σ' (D6), whatever the balance function
    pub slope: PerNeuron<Bound>,
    /// x̄ (D6)
    pub adjoint: PerNeuron<Bound>,
    /// δ (D6)
    pub delta: PerNeuron<Bound>,
}

/// Bounds of everything that a float engine reports on a case.
#[derive(Clone, Debug, PartialEq)]
pub struct Bounds {
    /// The format they are for.
    pub format: Dtype,
    /// One entry per example.
    pub examples: Vec<ExampleBounds>,
    /// ΔW and Δb of D4; 0 where there is no bias.
    pub update: Update<Bound>,
    /// ∂L/∂W and ∂L/∂b of D7, by synapse and neuron; η has no part in them.
    pub gradient: Update<Bound>,
    /// L
    pub loss: Bound,
}

/// Bounds of what a rule computes that is not the gradient.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleBounds {
    /// ΔW and Δb of D4; 0 where there is no bias.
    pub update: Update<Bound>,
    /// The gradient that the rule takes them for; η has no part in it.
    pub gradient: Update<Bound>,
    /// L
    pub loss: Bound,
}

/// Bounds every number of the forward pass, of credit and adjoints, of update and gradient.
///
/// Shapes: per neuron and synapse as [`crate::spec::Wiring::of`] counts them; layered networks and
/// feed-forward graphs alike.
///
/// Exactness: every bound is rounded up; overflow in the format is not covered, because the engines
/// report it as an error of their own.
///
/// # Errors
/// [`Error::Unsupported`] for recurrent graphs, for which there is [`recurrent_bound`]; [`Error::NotFinite`] if a bound is not finite, since such a
/// bound would let everything pass.
///
/// Source: Higham, Accuracy and Stability of Numerical Algorithms, chapters 2–3.
pub fn rounding_bound(case: &Case, format: Dtype) -> Result<Bounds, Error> {
    pass::Pass::new(case, format.into(), false)?.bounds()
}

/// The same for anybody's evaluation: the loss may be multiplied by numbers that cancel out, such as the 2/K of a mean over the outputs
/// and the K/2 that undoes it, and the derivatives at inputs by B.
///
/// In f64 and f32, where K and B are powers of two, such factors round nothing, and the bounds are those of [`rounding_bound`]. Elsewhere
/// no sum behind the external credit is free of rounding, however plain the numbers of the case are; and in bf16 and f16 it soon underflows.
/// Operands of products, Wx, Wᵀδ and δxᵀ, may be rounded first.
///
/// # Errors
/// As [`rounding_bound`].
pub fn rounding_bound_of_anybody(
    case: &Case,
    arithmetic: impl Into<Arithmetic>,
) -> Result<Bounds, Error> {
    let arithmetic = arithmetic.into();
    pass::Pass::new(case, arithmetic, may_scale(case, arithmetic))?.bounds()
}

/// [`rounding_bound_of_anybody`] of feedback alignment (G1), whose credit comes back through matrices of its own.
///
/// ```text
/// c^(l−1) = fl(B^l) (β^l ∘ c^l)   in place of   c^(l−1) = fl(W^l)ᵀ (β^l ∘ c^l)
/// ```
///
/// Every entry of B is rounded once, as those of W are; all else is the pass of the gradient. β is that of D2, of a replaced balance
/// function where there is one.
///
/// # Errors
/// [`Error::Unsupported`] for graphs; [`Error::NotFinite`].
pub fn feedback_bound_of_anybody(
    case: &Case,
    feedback: &FeedbackMatrices,
    arithmetic: impl Into<Arithmetic>,
) -> Result<RuleBounds, Error> {
    let arithmetic = arithmetic.into();
    pass::Pass::new(case, arithmetic, may_scale(case, arithmetic))?.aligned(feedback)
}

/// Whether e may have been multiplied by numbers that round, on its way.
fn may_scale(case: &Case, arithmetic: Arithmetic) -> bool {
    let outputs = crate::spec::Wiring::of(case).outputs.len();
    let is_narrow = match arithmetic.dtype() {
        Dtype::F64 | Dtype::F32 => false,
        Dtype::Bf16 | Dtype::F16 => true,
    };
    let counts = [case.examples.len(), outputs];
    is_narrow || counts.iter().any(|count| !count.is_power_of_two())
}

impl RuleBounds {
    fn expect_finite(&self) -> Result<(), Error> {
        expect_finite(&[&self.update, &self.gradient], &self.loss)
    }
}

impl Bounds {
    /// The bound of one entry of an outcome; `None` if the case has no such entry.
    #[must_use]
    pub fn of(&self, entry: &Entry) -> Option<&Bound> {
        let example = |pick: fn(&ExampleBounds) -> &PerNeuron<Bound>| {
            let example = self.examples.get(entry.example?)?;
            pick(example).as_slice().get(entry.index)
        };
        match entry.quantity {
            Quantity::NetInput => example(|bounds| &bounds.net_input),
            Quantity::FiringRate => example(|bounds| &bounds.firing_rate),
            Quantity::BalanceFactor => example(|bounds| &bounds.balance_factor),
            Quantity::ExternalCredit => example(|bounds| &bounds.external_credit),
            Quantity::Credit => example(|bounds| &bounds.credit),
            Quantity::Slope => example(|bounds| &bounds.slope),
            Quantity::Adjoint => example(|bounds| &bounds.adjoint),
            Quantity::Delta => example(|bounds| &bounds.delta),
            Quantity::WeightUpdate => self.update.weights.as_slice().get(entry.index),
            Quantity::BiasUpdate => self.update.biases.as_slice().get(entry.index),
            Quantity::WeightGradient => self.gradient.weights.as_slice().get(entry.index),
            Quantity::BiasGradient => self.gradient.biases.as_slice().get(entry.index),
            Quantity::Loss => Some(&self.loss),
        }
    }

    fn expect_finite(&self) -> Result<(), Error> {
        let refuse = |what: String| Error::NotFinite { what: format!("rounding bound of {what}") };
        for (b, example) in self.examples.iter().enumerate() {
            let quantities = [
                ("net input", &example.net_input),
                ("firing rate", &example.firing_rate),
                ("balance factor", &example.balance_factor),
                ("slope", &example.slope),
                ("credit", &example.credit),
                ("adjoint", &example.adjoint),
                ("delta", &example.delta),
            ];
            for (quantity, bounds) in quantities {
                if let Some((Neuron(n), _)) = bounds.indexed().find(|(_, b)| !b.is_finite()) {
                    return Err(refuse(format!("{quantity} of neuron {n} in example {b}")));
                }
            }
        }
        expect_finite(&[&self.update, &self.gradient], &self.loss)
    }
}

fn expect_finite(updates: &[&Update<Bound>], loss: &Bound) -> Result<(), Error> {
    let refuse = |what: String| Error::NotFinite { what: format!("rounding bound of {what}") };
    for update in updates {
        if let Some((Synapse(n), _)) = update.weights.indexed().find(|(_, b)| !b.is_finite()) {
            return Err(refuse(format!("the change of synapse {n}")));
        }
        if let Some((Neuron(n), _)) = update.biases.indexed().find(|(_, b)| !b.is_finite()) {
            return Err(refuse(format!("the change of the bias of neuron {n}")));
        }
    }
    if loss.is_finite() { Ok(()) } else { Err(refuse("the loss".to_owned())) }
}

/// Whether a float is the nearest one to the exact value, ties to even.
///
/// ```
/// use creditcheck::{verdict::bounded::correctly_rounded, spec::Dtype};
/// let tenth = creditcheck::number::parse("1/10", &Default::default()).unwrap();
/// assert!(correctly_rounded(&tenth, 0.1f64, Dtype::F64));
/// assert!(correctly_rounded(&tenth, 0.1f32, Dtype::F32));
/// assert!(!correctly_rounded(&tenth, 0.1f64.next_up(), Dtype::F64));
/// assert!(!correctly_rounded(&tenth, f64::NAN, Dtype::F64));
/// ```
#[must_use]
pub fn correctly_rounded(exact: &BigRational, float: impl Into<f64>, format: Dtype) -> bool {
    let nearest = nearest(exact.numer(), exact.denom(), format);
    // Compared as rationals: an infinity equals nothing and both zeros are zero.
    match (exact_f64(float.into()), exact_f64(nearest)) {
        (Some(float), Some(nearest)) => (float - nearest).is_zero(),
        _ => false,
    }
}
