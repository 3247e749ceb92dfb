//! The blocks in which parameters are judged: weights and biases, layer by layer.

use crate::spec::{Case, Network, Neuron, Synapse, Wiring};

/// One block of parameters: the weights or the biases of a layer, or of a whole graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Such as `weights of layer 2`.
    pub name: String,
    /// Its synapses.
    pub synapses: Vec<Synapse>,
    /// Its biases, by neuron.
    pub biases: Vec<Neuron>,
    /// The number of the first postsynaptic neuron of its layer; 0 in a graph.
    pub post: usize,
    /// The number of the first presynaptic neuron of its layer; 0 in a graph.
    pub pre: usize,
}

/// The blocks of a case, in the order of its layers; blocks without parameters are left out.
#[must_use]
pub fn blocks(case: &Case, wiring: &Wiring) -> Vec<Block> {
    let with_bias = |range: std::ops::Range<usize>| -> Vec<Neuron> {
        range.map(Neuron).filter(|neuron| wiring.has_bias[*neuron]).collect()
    };
    let mut blocks = Vec::new();
    let mut add =
        |name: String, [pre, post]: [usize; 2], synapses: Vec<Synapse>, biases: Vec<Neuron>| {
            if !synapses.is_empty() {
                let name = format!("weights of {name}");
                blocks.push(Block { name, synapses, biases: Vec::new(), post, pre });
            }
            if !biases.is_empty() {
                let name = format!("biases of {name}");
                blocks.push(Block { name, synapses: Vec::new(), biases, post, pre });
            }
        };
    match &case.network {
        Network::Layered(net) => {
            let offsets = net.offsets();
            let mut next = 0;
            for (l, layer) in net.layers.iter().enumerate() {
                let count = layer.width() * layer.inputs();
                let synapses = (next..next + count).map(Synapse).collect();
                next += count;
                let first = offsets[l + 1];
                let firsts = [offsets[l], first];
                add(
                    format!("layer {}", l + 1),
                    firsts,
                    synapses,
                    with_bias(first..first + layer.width()),
                );
            }
        }
        Network::Graph(_) => {
            let synapses = (0..wiring.synapses.len()).map(Synapse).collect();
            add("the graph".into(), [0, 0], synapses, with_bias(0..wiring.neurons()));
        }
    }
    blocks
}
