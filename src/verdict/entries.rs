//! Outcomes as lists of named entries, so that a comparison is one loop over all of them.

use std::fmt;

use crate::spec::PerNeuron;
use crate::spec::outcome::{BackpropOutcome, CreditOutcome};

/// What an entry is an entry of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Quantity {
    /// s
    NetInput,
    /// x
    FiringRate,
    /// β
    BalanceFactor,
    /// e
    ExternalCredit,
    /// c
    Credit,
    /// ΔW
    WeightUpdate,
    /// Δb
    BiasUpdate,
    /// σ'
    Slope,
    /// x̄
    Adjoint,
    /// δ
    Delta,
    /// ∂L/∂W
    WeightGradient,
    /// ∂L/∂b
    BiasGradient,
    /// L
    Loss,
}

impl Quantity {
    /// The name in messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NetInput => "net input",
            Self::FiringRate => "firing rate",
            Self::BalanceFactor => "balance factor",
            Self::ExternalCredit => "external credit",
            Self::Credit => "credit",
            Self::WeightUpdate => "weight update",
            Self::BiasUpdate => "bias update",
            Self::Slope => "slope",
            Self::Adjoint => "adjoint",
            Self::Delta => "delta",
            Self::WeightGradient => "weight gradient",
            Self::BiasGradient => "bias gradient",
            Self::Loss => "loss",
        }
    }
}

/// One entry: which quantity, of which example, at which neuron or synapse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// What it is an entry of.
    pub quantity: Quantity,
    /// The example, for quantities that every example has.
    pub example: Option<usize>,
    /// The neuron or synapse, counted through; 0 for the loss.
    pub index: usize,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(example) = self.example {
            write!(f, "example {example}, ")?;
        }
        let name = self.quantity.name();
        match self.quantity {
            Quantity::Loss => write!(f, "{name}"),
            Quantity::WeightUpdate | Quantity::WeightGradient => {
                write!(f, "{name} of synapse {}", self.index)
            }
            _ => write!(f, "{name} of neuron {}", self.index),
        }
    }
}

/// Every entry of a credit outcome.
#[must_use]
pub fn of_credit<S>(outcome: &CreditOutcome<S>) -> Vec<(Entry, &S)> {
    let mut entries = Vec::new();
    for (b, example) in outcome.examples.iter().enumerate() {
        per_neuron(&mut entries, Quantity::NetInput, b, &example.net_input);
        per_neuron(&mut entries, Quantity::FiringRate, b, &example.firing_rate);
        per_neuron(&mut entries, Quantity::BalanceFactor, b, &example.balance_factor);
        per_neuron(&mut entries, Quantity::ExternalCredit, b, &example.external_credit);
        let credits = example.credit.iter().enumerate();
        entries.extend(credits.map(|(index, credit)| {
            (Entry { quantity: Quantity::Credit, example: Some(b), index }, &credit.0)
        }));
    }
    whole(&mut entries, Quantity::WeightUpdate, 0, outcome.update.weights.iter());
    whole(&mut entries, Quantity::BiasUpdate, 0, outcome.update.biases.iter());
    entries
}

/// Every entry of a backpropagation outcome, neurons and synapses counted through.
///
/// Where a layer has no biases there is no entry.
#[must_use]
pub fn of_backprop<S>(outcome: &BackpropOutcome<S>) -> Vec<(Entry, &S)> {
    let mut entries = Vec::new();
    let mut inputs = 0;
    for (b, example) in outcome.examples.iter().enumerate() {
        inputs = example.firing_rate.first().map_or(0, Vec::len);
        let example_entry = |quantity, index| Entry { quantity, example: Some(b), index };
        let mut push = |quantity, first: usize, values: Vec<_>| {
            let values = values.into_iter().enumerate();
            entries.extend(values.map(|(n, value)| (example_entry(quantity, first + n), value)));
        };
        push(Quantity::NetInput, inputs, example.net_input.iter().flatten().collect());
        push(Quantity::FiringRate, 0, example.firing_rate.iter().flatten().collect());
        push(Quantity::Slope, inputs, example.slope.iter().flatten().collect());
        push(Quantity::Adjoint, 0, example.adjoint.iter().flatten().map(|a| &a.0).collect());
        push(Quantity::Delta, inputs, example.delta.iter().flatten().map(|d| &d.0).collect());
    }
    let gradient = &outcome.gradient;
    whole(&mut entries, Quantity::WeightGradient, 0, gradient.weights.iter().flatten().flatten());
    let mut first = inputs;
    for (weights, biases) in gradient.weights.iter().zip(&gradient.biases) {
        whole(&mut entries, Quantity::BiasGradient, first, biases.iter().flatten());
        first += weights.len();
    }
    whole(&mut entries, Quantity::Loss, 0, std::iter::once(&outcome.loss));
    entries
}

fn per_neuron<'a, S>(
    entries: &mut Vec<(Entry, &'a S)>,
    quantity: Quantity,
    b: usize,
    values: &'a PerNeuron<S>,
) {
    let values = values.iter().enumerate();
    entries
        .extend(values.map(|(index, value)| (Entry { quantity, example: Some(b), index }, value)));
}

fn whole<'a, S: 'a>(
    entries: &mut Vec<(Entry, &'a S)>,
    quantity: Quantity,
    first: usize,
    values: impl Iterator<Item = &'a S>,
) {
    let values = values.enumerate();
    entries.extend(
        values.map(|(n, value)| (Entry { quantity, example: None, index: first + n }, value)),
    );
}
