//! What somebody says of the solver behind a gradient at an equilibrium.

use num_rational::BigRational;

use super::indices::PerNeuron;

/// The largest tolerance that a file may state, as 1 over this: with a coarser one every gradient would pass.
pub const FINEST_OF_TOLERANCES: u32 = 100;

/// How somebody's equilibrium was found, as far as the bound of their floats needs it.
///
/// ```text
/// |x − σ(Wx + b)| ≤ tolerance · max(1, ‖x‖₂)          in every neuron, ‖·‖₂ over neurons and examples
/// |c − Wᵀ(β∘c) − e| ≤ credit_tolerance · max(B, ‖e‖₂)
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Solver {
    /// The tolerance of firing; none where it went on until rounding stopped it.
    pub tolerance: Option<BigRational>,
    /// That of credit.
    pub credit_tolerance: Option<BigRational>,
    /// The firing rates at which it stopped, one entry per example.
    pub equilibrium: Option<Vec<PerNeuron<BigRational>>>,
}

impl Solver {
    /// One that is said to stop at this residual, of firing and of credit.
    #[must_use]
    pub fn stopping_at(tolerance: BigRational) -> Self {
        Self {
            credit_tolerance: Some(tolerance.clone()),
            tolerance: Some(tolerance),
            equilibrium: None,
        }
    }

    /// Whether nothing is said.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        *self == Self::default()
    }
}
