//! The blocks in which parameters are judged: weights and biases, layer by layer.

use crate::spec::outcome::Update;
use crate::spec::{Block, Case, Layout, Network, Neuron, Part, PerBlock, Synapse};

/// Who belongs to a block of parameters: to the weights or the biases of a layer, or of a whole graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Members {
    /// Such as `weights of layer 2`.
    pub name: String,
    /// Its synapses.
    pub synapses: Vec<Synapse>,
    /// Its biases, by neuron.
    pub biases: Vec<Neuron>,
}

/// The blocks of a case, in the order of its layers, as [`Layout::of`] has them.
#[must_use]
pub fn blocks(case: &Case) -> Vec<Members> {
    let offsets = match &case.network {
        Network::Layered(net) => net.offsets(),
        Network::Graph(_) => Vec::new(),
    };
    let mut next = 0;
    let members = |block: &Block<()>| {
        let count = block.shape.count();
        let name = block.name();
        if !block.shape.is_of_biases() {
            let synapses = (next..next + count).map(Synapse).collect();
            next += count;
            return Members { name, synapses, biases: Vec::new() };
        }
        let first = match block.part {
            Part::Layer(layer) => offsets[layer + 1],
            Part::Graph | Part::Field(_) | Part::Stacked(..) => 0,
        };
        let of = block.places().map(|(place, ())| Neuron(first + place.post));
        Members { name, synapses: Vec::new(), biases: of.collect() }
    };
    Layout::of(case).blocks.iter().map(members).collect()
}

/// The entries of a gradient or an update, block by block.
#[must_use]
pub fn per_block<'a, T>(case: &Case, update: &'a Update<T>) -> PerBlock<&'a T> {
    let of_block = |Members { synapses, biases, .. }: Members| {
        let weights = synapses.into_iter().map(|synapse| &update.weights[synapse]);
        weights.chain(biases.into_iter().map(|neuron| &update.biases[neuron])).collect::<Vec<_>>()
    };
    Layout::of(case).hold(blocks(case).into_iter().flat_map(of_block))
}
