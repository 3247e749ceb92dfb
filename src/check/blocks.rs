//! The blocks in which parameters are judged: weights and biases, layer by layer.

use crate::spec::outcome::Update;
use crate::spec::{Block, Case, Network, Neuron, PerBlock, Place, Synapse, Wiring};

/// Who belongs to a block of parameters: to the weights or the biases of a layer, or of a whole graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Members {
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
pub fn blocks(case: &Case, wiring: &Wiring) -> Vec<Members> {
    let with_bias = |range: std::ops::Range<usize>| -> Vec<Neuron> {
        range.map(Neuron).filter(|neuron| wiring.has_bias[*neuron]).collect()
    };
    let mut blocks = Vec::new();
    let mut add =
        |name: String, [pre, post]: [usize; 2], synapses: Vec<Synapse>, biases: Vec<Neuron>| {
            if !synapses.is_empty() {
                let name = format!("weights of {name}");
                blocks.push(Members { name, synapses, biases: Vec::new(), post, pre });
            }
            if !biases.is_empty() {
                let name = format!("biases of {name}");
                blocks.push(Members { name, synapses: Vec::new(), biases, post, pre });
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

/// The entries of a gradient or an update, block by block.
#[must_use]
pub fn per_block<'a, T>(case: &Case, wiring: &Wiring, update: &'a Update<T>) -> PerBlock<&'a T> {
    let block = |members: Members| {
        let weight = |synapse: &Synapse| {
            let ends = wiring.synapses[*synapse];
            let (post, pre) = (ends.post.0 - members.post, ends.pre.0 - members.pre);
            (Place { post, pre: Some(pre) }, &update.weights[*synapse])
        };
        let bias = |neuron: &Neuron| {
            (Place { post: neuron.0 - members.post, pre: None }, &update.biases[*neuron])
        };
        let weights = members.synapses.iter().map(weight);
        let entries = weights.chain(members.biases.iter().map(bias)).collect();
        let symbol = if members.biases.is_empty() { "W" } else { "b" };
        Block { name: members.name.clone(), symbol, axes: ["post", "pre"], entries }
    };
    PerBlock { blocks: blocks(case, wiring).into_iter().map(block).collect() }
}
