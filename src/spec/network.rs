//! Networks as plain validated data: a list of layers, or a graph.

use num_rational::BigRational;

use super::activation::Activation;
use super::indices::{Neuron, PerNeuron, PerSynapse};
use super::kink::Kink;

/// A network: the only two kinds that a case can hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Network {
    /// Layers, each fully connected to the one before.
    Layered(Layered),
    /// Any set of synapses between numbered neurons.
    Graph(Graph),
}

impl Network {
    /// How many neurons there are, the input neurons included.
    #[must_use]
    pub fn neurons(&self) -> usize {
        match self {
            Self::Layered(net) => net.widths().iter().sum(),
            Self::Graph(net) => net.neurons,
        }
    }
}

/// Layers l = 1..Λ, each fed by the one before (D5).
///
/// Shapes: layer l has `weights` n_l × n_(l−1), row = post, column = pre. There is at
/// least one layer, every layer has at least one neuron and at least one input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layered {
    /// The layers from the first hidden one to the output.
    pub layers: Vec<Layer>,
}

/// One layer of a layered network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// `weights[post][pre]`, the synapse from `pre` in the layer before to `post` in this one.
    pub weights: Vec<Vec<BigRational>>,
    /// `biases[post]`, or none: then the layer has no bias parameters at all.
    pub biases: Option<Vec<BigRational>>,
    /// σ of the whole layer.
    pub activation: Activation,
    /// The kink convention of this layer, if it differs from that of the case.
    pub kink: Option<Kink>,
    /// A balance function f = slope of this activation, in place of σ' (D2).
    pub balance: Option<Activation>,
}

impl Layer {
    /// How many neurons the layer has.
    #[must_use]
    pub fn width(&self) -> usize {
        self.weights.len()
    }

    /// How many presynaptic neurons each of them has.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.weights.first().map_or(0, Vec::len)
    }
}

impl Layered {
    /// The widths n_0, n_1, …, n_Λ, the input first.
    #[must_use]
    pub fn widths(&self) -> Vec<usize> {
        let input = self.layers.first().map_or(0, Layer::inputs);
        std::iter::once(input).chain(self.layers.iter().map(Layer::width)).collect()
    }

    /// The number of the first neuron of each layer 0..=Λ when the layers are counted through.
    #[must_use]
    pub fn offsets(&self) -> Vec<usize> {
        let mut next = 0;
        self.widths()
            .iter()
            .map(|width| {
                let offset = next;
                next += width;
                offset
            })
            .collect()
    }
}

/// A network of numbered neurons (D1): feed-forward with skip connections, or recurrent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    /// How many neurons there are, the input neurons included.
    pub neurons: usize,
    /// The clamped neurons, in the order of `input` in the examples.
    pub inputs: Vec<Neuron>,
    /// The neurons that have a target, in the order of `target` in the examples.
    pub outputs: Vec<Neuron>,
    /// σ of each neuron; ignored on inputs.
    pub activations: PerNeuron<Activation>,
    /// A replaced balance function per neuron (D2).
    pub balances: PerNeuron<Option<Activation>>,
    /// Which neurons each synapse joins, in the order of the case.
    pub synapses: PerSynapse<Ends>,
    /// The weight of each synapse.
    pub weights: PerSynapse<BigRational>,
    /// One bias per neuron, 0 on inputs; or none: then there are no bias parameters.
    pub biases: Option<PerNeuron<BigRational>>,
}

/// The two neurons that a synapse joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ends {
    /// The postsynaptic neuron i of W_ij.
    pub post: Neuron,
    /// The presynaptic neuron j of W_ij.
    pub pre: Neuron,
}
