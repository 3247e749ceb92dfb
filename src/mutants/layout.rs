//! Which layer and which position a neuron has, for the mutants that confuse them.

use crate::spec::{Case, Network, Neuron, Synapse, Wiring};

/// The places of neurons and synapses in a layered network; a graph has none.
#[derive(Clone, Debug)]
pub struct Layout {
    neurons: usize,
    hidden: Vec<bool>,
    outputs: Vec<Neuron>,
    /// n_0 … n_Λ and the number of the first neuron of each; empty for a graph.
    widths: Vec<usize>,
    offsets: Vec<usize>,
}

impl Layout {
    /// The layout of a case.
    #[must_use]
    pub fn of(case: &Case, wiring: &Wiring) -> Self {
        let (widths, offsets) = match &case.network {
            Network::Layered(net) => (net.widths(), net.offsets()),
            Network::Graph(_) => (Vec::new(), Vec::new()),
        };
        let hidden = wiring.is_input.indexed();
        Self {
            neurons: wiring.neurons(),
            hidden: hidden.map(|(n, input)| !input && !wiring.outputs.contains(&n)).collect(),
            outputs: wiring.outputs.clone(),
            widths,
            offsets,
        }
    }

    pub(super) fn neurons(&self) -> usize {
        self.neurons
    }

    /// Λ; 0 for a graph.
    pub(super) fn layers(&self) -> usize {
        self.widths.len().saturating_sub(1)
    }

    pub(super) fn is_hidden(&self, neuron: Neuron) -> bool {
        self.hidden[neuron.0]
    }

    pub(super) fn is_output(&self, neuron: Neuron) -> bool {
        self.outputs.contains(&neuron)
    }

    /// 0 for inputs, 1..=Λ above; `None` in a graph.
    pub(super) fn layer_of(&self, neuron: Neuron) -> Option<usize> {
        self.offsets.iter().rposition(|&offset| offset <= neuron.0)
    }

    fn position(&self, neuron: Neuron) -> Option<(usize, usize)> {
        self.layer_of(neuron).map(|layer| (layer, neuron.0 - self.offsets[layer]))
    }

    /// The neuron at this position of this layer, if the layer is that wide.
    fn neuron(&self, layer: usize, position: usize) -> Option<Neuron> {
        let width = *self.widths.get(layer)?;
        (position < width).then(|| Neuron(self.offsets[layer] + position))
    }

    /// Whether layer l has as many neurons as presynaptic ones, and more than one.
    pub(super) fn is_square(&self, layer: usize) -> bool {
        layer > 0 && self.widths[layer] == self.widths[layer - 1] && self.widths[layer] > 1
    }

    /// The synapse W_ji of the same layer, if the layer of `post` is square.
    pub(super) fn transposed(&self, post: Neuron, pre: Neuron) -> Option<Synapse> {
        let (layer, row) = self.position(post)?;
        let (_, column) = self.position(pre)?;
        if !self.is_square(layer) {
            return None;
        }
        let before: usize = (1..layer).map(|l| self.widths[l] * self.widths[l - 1]).sum();
        Some(Synapse(before + column * self.widths[layer] + row))
    }

    /// The neuron of the postsynaptic layer at the position of `pre`; `post` itself in a graph.
    pub(super) fn confused_pre(&self, post: Neuron, pre: Neuron) -> Option<Neuron> {
        if self.layers() == 0 {
            return Some(post);
        }
        let (layer, _) = self.position(post)?;
        let (_, column) = self.position(pre)?;
        if self.is_square(layer) { self.neuron(layer, column) } else { None }
    }

    /// The neuron at the same position of the next layer, or else of the one before.
    pub(super) fn neighbour(&self, neuron: Neuron) -> Option<Neuron> {
        let (layer, position) = self.position(neuron)?;
        let before = || (layer > 1).then(|| self.neuron(layer - 1, position)).flatten();
        self.neuron(layer + 1, position).or_else(before)
    }

    /// A neuron of the layer that is so many above, inputs not counted.
    pub(super) fn in_layer(&self, neuron: Neuron, above: isize) -> Option<Neuron> {
        let layer = self.layer_of(neuron)?.checked_add_signed(above)?;
        if layer == 0 { None } else { self.neuron(layer, 0) }
    }

    /// Neurons that could be mixed up: those of one layer, or the hidden ones of a graph.
    pub(super) fn groups(&self) -> Vec<Vec<Neuron>> {
        if self.layers() == 0 {
            return vec![(0..self.neurons).map(Neuron).filter(|n| self.is_hidden(*n)).collect()];
        }
        let layer = |l: usize| (0..self.widths[l]).map(move |k| Neuron(self.offsets[l] + k));
        (1..self.widths.len()).map(|l| layer(l).collect()).collect()
    }
}
