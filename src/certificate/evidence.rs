//! What the engines found, as a certificate takes it.

use num_rational::BigRational;

use super::{Draw, Inverses};
use crate::spec::PerNeuron;
use crate::spec::outcome::{BackpropOutcome, CreditOutcome};
use crate::verdict::Verdict;

/// What the engines found, each in its own quantities.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// The credit rule; with x and β as exact dyadics where σ is not rational.
    pub credit: CreditOutcome<BigRational>,
    /// Backpropagation; on layered networks only, and there always.
    pub backprop: Option<BackpropOutcome<BigRational>>,
    /// The arbiter; wherever σ is rational.
    pub tangent: Option<TangentEvidence>,
    /// Claim C5.
    pub settling: Settling,
    /// Claim C6: what the audit of the rule's reads concluded.
    pub locality: Verdict,
    /// The inverses of each example; on networks with a cycle, and there always.
    pub inverses: Option<Vec<Inverses>>,
    /// Tier P, one entry per draw of [`super::digest::draws`]; on a graph there may be none.
    pub draws: Vec<Draw>,
}

/// What the arbiter found (D8).
#[derive(Clone, Debug)]
pub struct TangentEvidence {
    /// The derivative of L along each of [`super::digest::directions`].
    pub derivatives: Vec<BigRational>,
    /// ∂L_b/∂x_j per example and neuron; graph networks only.
    pub responses: Option<Vec<PerNeuron<BigRational>>>,
}

/// The relaxation of every example from [`super::digest::start`]: the credits after 0, 1, …, depth + 1 sweeps.
#[derive(Clone, Debug)]
pub struct Settling {
    /// `sweeps[example][sweep]`.
    pub sweeps: Vec<Vec<PerNeuron<BigRational>>>,
}
