//! A case: one network, one loss, one learning rate, some examples.

use std::collections::HashSet;

use num_rational::BigRational;

use super::activation::Activation;
use super::indices::{Neuron, PerNeuron};
use super::kink::Kink;
use super::loss::Loss;
use super::network::Network;
use crate::foreign::Foreign;

/// Everything that an engine needs to know, validated and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// What the case is called in reports; covered by the digest, read by no engine.
    pub name: Option<String>,
    /// The network with its parameters.
    pub network: Network,
    /// ℓ and N of D0.
    pub loss: Loss,
    /// η of D4.
    pub learning_rate: BigRational,
    /// The kink convention of D0, where a layer names none.
    pub kink: Kink,
    /// The batch; never empty.
    pub examples: Vec<Example>,
    /// What an output neuron makes of the credit that comes back to it (D3).
    pub output_credit: OutputCredit,
    /// What the author of the case expects of C2.
    pub expect: Expect,
}

/// One example of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The rates of the clamped neurons, in the order of the network's inputs.
    pub input: Vec<BigRational>,
    /// t of D0, in the order of the network's outputs.
    pub target: Vec<BigRational>,
    /// The firing rates of all neurons at the equilibrium that is meant (D9); in networks with a cycle only,
    /// where it may be one of several or one that nobody can find exactly.
    pub equilibrium: Option<PerNeuron<BigRational>>,
}

/// Whether the rule is expected to equal backpropagation on a case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expect {
    /// The rule should equal the gradient. The default.
    #[default]
    Agree,
    /// A replaced balance function should make it differ (C4).
    Disagree,
}

/// What an output neuron makes of the credit that comes back to it through its outgoing synapses, a convention of D3.
///
/// ```text
/// add     c_j = Σ_i W_ij β_i c_i + e_j      the gradient, whatever the wiring
/// clamp   c_j = e_j on output neurons       as implementations do that set the credit of the last layer
/// ```
///
/// The two are one rule wherever no output neuron drives another, so in every layered network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutputCredit {
    /// e is added to what comes back. The default.
    #[default]
    Add,
    /// e stands in place of what comes back.
    Clamp,
}

impl OutputCredit {
    /// The word in the file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Clamp => "clamp",
        }
    }
}

impl Case {
    /// The activations and balance functions that take the kink convention of the case: those of layers that have none of
    /// their own, and of all neurons of a graph but its inputs.
    pub fn under_its_kink(&self) -> impl Iterator<Item = &Activation> {
        let (layers, graph) = match &self.network {
            Network::Layered(net) => (Some(net), None),
            Network::Graph(net) => (None, Some(net)),
        };
        let layers = layers.into_iter().flat_map(|net| &net.layers);
        let inherits = layers.filter(|layer| layer.kink.is_none());
        let neurons = graph.into_iter().flat_map(|net| {
            let inputs: HashSet<Neuron> = net.inputs.iter().copied().collect();
            let neurons = (0..net.neurons).map(Neuron).filter(move |n| !inputs.contains(n));
            neurons.flat_map(|n| std::iter::once(&net.activations[n]).chain(&net.balances[n]))
        });
        inherits
            .flat_map(|layer| std::iter::once(&layer.activation).chain(&layer.balance))
            .chain(neurons)
    }

    /// The name for reports, in the words of whoever wrote the case.
    #[must_use]
    pub fn title(&self) -> Foreign<'_> {
        Foreign(self.name.as_deref().unwrap_or("(unnamed)"))
    }

    /// Whether any balance function is replaced, so that the rule need not equal backpropagation.
    #[must_use]
    pub fn has_own_balance(&self) -> bool {
        match &self.network {
            Network::Layered(net) => net.layers.iter().any(|layer| layer.balance.is_some()),
            Network::Graph(net) => net.balances.iter().any(Option::is_some),
        }
    }

    /// Whether some output neuron refuses credit that comes back to it, so that the rule need not equal backpropagation.
    #[must_use]
    pub fn clamps_credit(&self) -> bool {
        match (&self.network, self.output_credit) {
            (Network::Layered(_), _) | (Network::Graph(_), OutputCredit::Add) => false,
            (Network::Graph(net), OutputCredit::Clamp) => {
                net.synapses.iter().any(|ends| net.outputs.contains(&ends.pre))
            }
        }
    }

    /// Whether the rule of the case is another than that of the theorem: a replaced balance function, or clamped credit.
    #[must_use]
    pub fn departs(&self) -> bool {
        self.has_own_balance() || self.clamps_credit()
    }

    /// The same case under the rule of the theorem: f = σ' at every neuron, and credit added at every output.
    #[must_use]
    pub fn under_the_theorem(&self) -> Self {
        let mut case = Self { output_credit: OutputCredit::Add, ..self.clone() };
        match &mut case.network {
            Network::Layered(net) => net.layers.iter_mut().for_each(|layer| layer.balance = None),
            Network::Graph(net) => net.balances = PerNeuron::filled(net.neurons, None),
        }
        case
    }

    /// The activations that neurons receiving synapses use, one entry per layer or neuron.
    pub fn activations(&self) -> impl Iterator<Item = &Activation> {
        let (layers, neurons) = match &self.network {
            Network::Layered(net) => (Some(net), None),
            Network::Graph(net) => (None, Some(net)),
        };
        let layers = layers.into_iter().flat_map(|net| net.layers.iter().map(|l| &l.activation));
        let neurons = neurons.into_iter().flat_map(|net| {
            net.activations
                .indexed()
                .filter(|(neuron, _)| !net.inputs.contains(neuron))
                .map(|(_, activation)| activation)
        });
        layers.chain(neurons)
    }

    /// Whether σ of every neuron can be evaluated on rationals.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.activations().all(Activation::is_exact)
    }

    /// Whether σ of every neuron is a polynomial.
    #[must_use]
    pub fn is_polynomial(&self) -> bool {
        self.activations().all(Activation::is_polynomial)
    }
}
