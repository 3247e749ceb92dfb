//! What the engines of this room report.

use crate::spec::TemporalGradient;

/// In which order a rule is evaluated; the result is the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Evaluation {
    /// Forwards in time: what a synapse does with what has happened.
    #[default]
    Causal,
    /// Against time: one recursion over the future.
    Adjoint,
}

/// The gradient of a rule, and what it saw on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemporalOutcome<S> {
    /// L and the derivatives, or the rule's estimate of them, averaged over the examples.
    pub gradient: TemporalGradient<S>,
    /// `examples[b][t − 1]`: the quantities of step t, without 1/B.
    pub examples: Vec<Vec<Step<S>>>,
}

/// The quantities of one time step of one example.
///
/// Shapes: N numbers each, but K in `readout` and `readout_error`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step<S> {
    /// s_t
    pub net_input: Vec<S>,
    /// z_t
    pub firing_rate: Vec<S>,
    /// h_t = σ'(s_t)
    pub slope: Vec<S>,
    /// y_t
    pub readout: Vec<S>,
    /// ϵ_t = w_t (y_t − y*_t)
    pub readout_error: Vec<S>,
    /// ℓ_t = Vᵀ ϵ_t
    pub learning_signal: Vec<S>,
    /// a_t = h_t ∘ ℓ_t
    pub gated_signal: Vec<S>,
    /// ε_t = λ ε_{t−1} + (1−λ) z_{t−1}, one per presynaptic neuron; of rules that have traces.
    pub trace: Option<Vec<S>>,
    /// Λ_t, or the rule's Λ̂_t; of rules that have one.
    pub total_credit: Option<Vec<S>>,
    /// g_t = ∂L_b/∂s_t, or the ĝ_t of the autodiff form; of rules that have one.
    pub adjoint: Option<Vec<S>>,
}

impl<S> Step<S> {
    /// The same in another number type.
    #[must_use]
    pub fn map<T>(&self, to: impl Fn(&S) -> T) -> Step<T> {
        let row = |values: &Vec<S>| values.iter().map(&to).collect();
        Step {
            net_input: row(&self.net_input),
            firing_rate: row(&self.firing_rate),
            slope: row(&self.slope),
            readout: row(&self.readout),
            readout_error: row(&self.readout_error),
            learning_signal: row(&self.learning_signal),
            gated_signal: row(&self.gated_signal),
            trace: self.trace.as_ref().map(row),
            total_credit: self.total_credit.as_ref().map(row),
            adjoint: self.adjoint.as_ref().map(row),
        }
    }
}

impl<S> TemporalOutcome<S> {
    /// The same in another number type.
    #[must_use]
    pub fn map<T>(&self, to: impl Fn(&S) -> T) -> TemporalOutcome<T> {
        let steps = |steps: &Vec<Step<S>>| steps.iter().map(|step| step.map(&to)).collect();
        TemporalOutcome {
            gradient: self.gradient.map(&to),
            examples: self.examples.iter().map(steps).collect(),
        }
    }
}
