//! What the engines report, each in its own quantities.
//!
//! Credit engines report [`Credit`]s, backpropagation reports [`Adjoint`]s; neither type
//! turns into the other except in `verdict::bridge`.

use super::indices::{PerNeuron, PerSynapse};

/// c, the credit of a neuron (D3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credit<S>(pub S);

/// x̄ = ∂L_b/∂x, the adjoint of a firing rate (D6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adjoint<S>(pub S);

/// δ = ∂L_b/∂s, the adjoint of a net input (D6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delta<S>(pub S);

/// The firing equilibrium of one example (D1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firing<S> {
    /// s; 0 on input neurons, which have none.
    pub net_input: PerNeuron<S>,
    /// x.
    pub firing_rate: PerNeuron<S>,
}

/// What the credit rule is given when both sides must start from the same numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenCredit<S> {
    /// x.
    pub firing_rate: PerNeuron<S>,
    /// β; never read on input neurons.
    pub balance_factor: PerNeuron<S>,
    /// e.
    pub external_credit: PerNeuron<S>,
}

/// What the credit rule found for one example (D1–D3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditExample<S> {
    /// s; 0 on input neurons.
    pub net_input: PerNeuron<S>,
    /// x.
    pub firing_rate: PerNeuron<S>,
    /// β; 0 on input neurons, which have none.
    pub balance_factor: PerNeuron<S>,
    /// e.
    pub external_credit: PerNeuron<S>,
    /// c.
    pub credit: PerNeuron<Credit<S>>,
}

/// ΔW and Δb of D4, the mean over examples already taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update<S> {
    /// ΔW_ij per synapse.
    pub weights: PerSynapse<S>,
    /// Δb_i per neuron, 0 where there is no bias.
    pub biases: PerNeuron<S>,
}

/// The whole result of the credit rule on a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditOutcome<S> {
    /// One entry per example.
    pub examples: Vec<CreditExample<S>>,
    /// The weight update of the batch.
    pub update: Update<S>,
}

/// What backpropagation is given when both sides must start from the same numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenBackprop<S> {
    /// x⁰ … x^Λ.
    pub firing_rate: Vec<Vec<S>>,
    /// σ'_1 … σ'_Λ.
    pub slope: Vec<Vec<S>>,
    /// x̄^Λ.
    pub output_adjoint: Vec<S>,
}

/// What backpropagation found for one example (D5–D6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackpropExample<S> {
    /// s¹ … s^Λ.
    pub net_input: Vec<Vec<S>>,
    /// x⁰ … x^Λ.
    pub firing_rate: Vec<Vec<S>>,
    /// σ'_l(s^l) for l = 1..Λ.
    pub slope: Vec<Vec<S>>,
    /// x̄⁰ … x̄^Λ.
    pub adjoint: Vec<Vec<Adjoint<S>>>,
    /// δ¹ … δ^Λ.
    pub delta: Vec<Vec<Delta<S>>>,
}

/// ∂L/∂W and ∂L/∂b by layer (D7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayeredGradient<S> {
    /// `weights[layer][post][pre]`.
    pub weights: Vec<Vec<Vec<S>>>,
    /// `biases[layer][post]`; `None` where the layer has no bias.
    pub biases: Vec<Option<Vec<S>>>,
}

/// The whole result of backpropagation on a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackpropOutcome<S> {
    /// L, the mean over examples.
    pub loss: S,
    /// One entry per example.
    pub examples: Vec<BackpropExample<S>>,
    /// The gradient of the batch.
    pub gradient: LayeredGradient<S>,
}

impl<S> Firing<S> {
    /// The same in another number type.
    #[must_use]
    pub fn map<T>(&self, to: impl Fn(&S) -> T) -> Firing<T> {
        Firing { net_input: self.net_input.map(&to), firing_rate: self.firing_rate.map(&to) }
    }
}

impl<S> GivenCredit<S> {
    /// The same in another number type.
    #[must_use]
    pub fn map<T>(&self, to: impl Fn(&S) -> T) -> GivenCredit<T> {
        GivenCredit {
            firing_rate: self.firing_rate.map(&to),
            balance_factor: self.balance_factor.map(&to),
            external_credit: self.external_credit.map(&to),
        }
    }
}

impl<S> CreditExample<S> {
    /// The same in another number type.
    #[must_use]
    pub fn map<T>(&self, to: impl Fn(&S) -> T) -> CreditExample<T> {
        CreditExample {
            net_input: self.net_input.map(&to),
            firing_rate: self.firing_rate.map(&to),
            balance_factor: self.balance_factor.map(&to),
            external_credit: self.external_credit.map(&to),
            credit: self.credit.map(|credit| Credit(to(&credit.0))),
        }
    }
}

impl<S> Update<S> {
    /// The same in another number type.
    #[must_use]
    pub fn map<T>(&self, to: impl Fn(&S) -> T) -> Update<T> {
        Update { weights: self.weights.map(&to), biases: self.biases.map(&to) }
    }
}

impl<S> CreditOutcome<S> {
    /// The same in another number type.
    #[must_use]
    pub fn map<T>(&self, to: impl Fn(&S) -> T) -> CreditOutcome<T> {
        CreditOutcome {
            examples: self.examples.iter().map(|example| example.map(&to)).collect(),
            update: self.update.map(&to),
        }
    }
}

impl<S> BackpropExample<S> {
    /// The same in another number type.
    #[must_use]
    pub fn map<T>(&self, to: impl Fn(&S) -> T) -> BackpropExample<T> {
        BackpropExample {
            net_input: rows(&self.net_input, &to),
            firing_rate: rows(&self.firing_rate, &to),
            slope: rows(&self.slope, &to),
            adjoint: rows(&self.adjoint, |adjoint| Adjoint(to(&adjoint.0))),
            delta: rows(&self.delta, |delta| Delta(to(&delta.0))),
        }
    }
}

impl<S> LayeredGradient<S> {
    /// The same in another number type.
    #[must_use]
    pub fn map<T>(&self, to: impl Fn(&S) -> T) -> LayeredGradient<T> {
        let biases =
            self.biases.iter().map(|biases| Some(biases.as_ref()?.iter().map(&to).collect()));
        LayeredGradient {
            weights: self.weights.iter().map(|layer| rows(layer, &to)).collect(),
            biases: biases.collect(),
        }
    }
}

impl<S> BackpropOutcome<S> {
    /// The same in another number type.
    #[must_use]
    pub fn map<T>(&self, to: impl Fn(&S) -> T) -> BackpropOutcome<T> {
        BackpropOutcome {
            loss: to(&self.loss),
            examples: self.examples.iter().map(|example| example.map(&to)).collect(),
            gradient: self.gradient.map(&to),
        }
    }
}

fn rows<S, T>(rows: &[Vec<S>], to: impl Fn(&S) -> T) -> Vec<Vec<T>> {
    rows.iter().map(|row| row.iter().map(&to).collect()).collect()
}
