//! A network seen as a graph: how every network looks to the credit rule.

use num_rational::BigRational;

use super::activation::Activation;
use super::case::Case;
use super::indices::{Neuron, PerNeuron, PerSynapse, Synapse};
use super::kink::Kink;
use super::network::{Ends, Layered, Network};

/// Who is joined to whom, and which functions each neuron has; no numbers.
#[derive(Clone, Debug)]
pub struct Wiring {
    /// The clamped neurons, in the order of the examples' inputs.
    pub inputs: Vec<Neuron>,
    /// The neurons with a target, in the order of the examples' targets.
    pub outputs: Vec<Neuron>,
    /// Which neurons each synapse joins.
    pub synapses: PerSynapse<Ends>,
    /// The synapses onto each neuron.
    pub incoming: PerNeuron<Vec<Synapse>>,
    /// The synapses through which credit comes back to each neuron (D3): those out of it, but none to an output that clamps its credit.
    pub returning: PerNeuron<Vec<Synapse>>,
    /// The synapses out of each neuron.
    pub outgoing: PerNeuron<Vec<Synapse>>,
    /// σ of each neuron.
    pub activations: PerNeuron<Activation>,
    /// The replaced balance function of each neuron, if any.
    pub balances: PerNeuron<Option<Activation>>,
    /// The kink convention of each neuron.
    pub kinks: PerNeuron<Kink>,
    /// Whether the neuron has a bias that plasticity may change.
    pub has_bias: PerNeuron<bool>,
    /// Whether the neuron is clamped.
    pub is_input: PerNeuron<bool>,
    /// Every neuron after all its presynaptic ones; `None` when there is a cycle.
    pub order: Option<Vec<Neuron>>,
}

/// The numbers that plasticity changes, on a [`Wiring`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters<S> {
    /// W, one entry per synapse.
    pub weights: PerSynapse<S>,
    /// b, one entry per neuron, 0 where there is no bias.
    pub biases: PerNeuron<S>,
}

impl Wiring {
    /// The graph of a case; a layered network is counted through, inputs first.
    #[must_use]
    pub fn of(case: &Case) -> Self {
        match &case.network {
            Network::Layered(net) => Self::of_layers(net, case.kink),
            Network::Graph(net) => {
                let is_input = membership(net.neurons, &net.inputs);
                let has_bias = PerNeuron::from_fn(net.neurons, |neuron| {
                    net.biases.is_some() && !is_input[neuron]
                });
                let mut wiring = Self::new(
                    net.inputs.clone(),
                    net.outputs.clone(),
                    net.synapses.clone(),
                    net.activations.clone(),
                    net.balances.clone(),
                    PerNeuron::filled(net.neurons, case.kink),
                    has_bias,
                );
                if case.clamps_credit() {
                    net.outputs.iter().for_each(|output| wiring.returning[*output].clear());
                }
                wiring
            }
        }
    }

    fn of_layers(net: &Layered, kink: Kink) -> Self {
        let widths = net.widths();
        let offsets = net.offsets();
        let neurons: usize = widths.iter().sum();
        let layer_of = |neuron: Neuron| {
            let layer = offsets.iter().rposition(|&offset| offset <= neuron.0).unwrap_or(0);
            layer.checked_sub(1).and_then(|l| net.layers.get(l))
        };
        let mut synapses = Vec::new();
        for (l, layer) in net.layers.iter().enumerate() {
            for (post, row) in layer.weights.iter().enumerate() {
                for pre in 0..row.len() {
                    synapses.push(Ends {
                        post: Neuron(offsets[l + 1] + post),
                        pre: Neuron(offsets[l] + pre),
                    });
                }
            }
        }
        let last = widths.len() - 1;
        Self::new(
            (0..widths[0]).map(Neuron).collect(),
            (0..widths[last]).map(|k| Neuron(offsets[last] + k)).collect(),
            PerSynapse::new(synapses),
            PerNeuron::from_fn(neurons, |n| {
                layer_of(n).map_or(Activation::Identity, |layer| layer.activation.clone())
            }),
            PerNeuron::from_fn(neurons, |n| layer_of(n).and_then(|layer| layer.balance.clone())),
            PerNeuron::from_fn(neurons, |n| {
                layer_of(n).and_then(|layer| layer.kink).unwrap_or(kink)
            }),
            PerNeuron::from_fn(neurons, |n| {
                layer_of(n).is_some_and(|layer| layer.biases.is_some())
            }),
        )
    }

    fn new(
        inputs: Vec<Neuron>,
        outputs: Vec<Neuron>,
        synapses: PerSynapse<Ends>,
        activations: PerNeuron<Activation>,
        balances: PerNeuron<Option<Activation>>,
        kinks: PerNeuron<Kink>,
        has_bias: PerNeuron<bool>,
    ) -> Self {
        let neurons = activations.len();
        let mut incoming = PerNeuron::filled(neurons, Vec::new());
        let mut outgoing = PerNeuron::filled(neurons, Vec::new());
        for (synapse, ends) in synapses.indexed() {
            incoming[ends.post].push(synapse);
            outgoing[ends.pre].push(synapse);
        }
        let is_input = membership(neurons, &inputs);
        let mut wiring = Self {
            inputs,
            outputs,
            synapses,
            incoming,
            returning: outgoing.clone(),
            outgoing,
            activations,
            balances,
            kinks,
            has_bias,
            is_input,
            order: None,
        };
        wiring.order = wiring.topological_order();
        wiring
    }

    /// How many neurons there are.
    #[must_use]
    pub fn neurons(&self) -> usize {
        self.activations.len()
    }

    /// How many parameters plasticity may change: synapses and biases.
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.synapses.len() + self.has_bias.iter().filter(|has| **has).count()
    }

    /// Whether there is a cycle or a synapse of a neuron onto itself.
    #[must_use]
    pub fn is_recurrent(&self) -> bool {
        self.order.is_none()
    }

    /// h(j) of D3: edges of the longest path that starts at j and along which credit comes back, wherever it ends; `None` with a cycle.
    #[must_use]
    pub fn heights(&self) -> Option<PerNeuron<usize>> {
        let order = self.order.as_ref()?;
        let mut height = PerNeuron::filled(self.neurons(), 0);
        for &pre in order.iter().rev() {
            for &synapse in &self.returning[pre] {
                height[pre] = height[pre].max(height[self.synapses[synapse].post] + 1);
            }
        }
        Some(height)
    }

    /// Edges of the longest path, which is max h of D3 where no output clamps its credit; `None` with a cycle.
    #[must_use]
    pub fn depth(&self) -> Option<usize> {
        let mut edges = PerNeuron::filled(self.neurons(), 0);
        for &post in self.order.as_ref()? {
            let arriving = self.incoming[post].iter();
            let longest = arriving.map(|&synapse| edges[self.synapses[synapse].pre] + 1).max();
            edges[post] = longest.unwrap_or(0);
        }
        edges.iter().copied().max()
    }

    /// Kahn's order: neurons with no unplaced presynaptic neuron, lowest number first.
    fn topological_order(&self) -> Option<Vec<Neuron>> {
        let mut missing = self.incoming.map(Vec::len);
        let mut ready: std::collections::BTreeSet<Neuron> =
            missing.indexed().filter(|(_, count)| **count == 0).map(|(neuron, _)| neuron).collect();
        let mut order = Vec::with_capacity(self.neurons());
        while let Some(pre) = ready.pop_first() {
            order.push(pre);
            for &synapse in &self.outgoing[pre] {
                let post = self.synapses[synapse].post;
                missing[post] -= 1;
                if missing[post] == 0 {
                    ready.insert(post);
                }
            }
        }
        (order.len() == self.neurons()).then_some(order)
    }
}

impl<S> Parameters<S> {
    /// The same in another number type.
    #[must_use]
    pub fn map<T>(&self, to: impl Fn(&S) -> T) -> Parameters<T> {
        Parameters { weights: self.weights.map(&to), biases: self.biases.map(&to) }
    }
}

impl Parameters<BigRational> {
    /// The weights and biases of a case on [`Wiring::of`] it.
    #[must_use]
    pub fn of(case: &Case) -> Self {
        let zero = || BigRational::new_raw(0.into(), 1.into());
        match &case.network {
            Network::Layered(net) => {
                let rows = net.layers.iter().flat_map(|layer| layer.weights.iter().flatten());
                let input = vec![zero(); net.widths()[0]];
                let biases = net.layers.iter().flat_map(|layer| {
                    layer.biases.clone().unwrap_or_else(|| vec![zero(); layer.width()])
                });
                Self {
                    weights: PerSynapse::new(rows.cloned().collect()),
                    biases: PerNeuron::new(input.into_iter().chain(biases).collect()),
                }
            }
            Network::Graph(net) => Self {
                weights: net.weights.clone(),
                biases: net
                    .biases
                    .clone()
                    .unwrap_or_else(|| PerNeuron::filled(net.neurons, zero())),
            },
        }
    }
}

fn membership(neurons: usize, members: &[Neuron]) -> PerNeuron<bool> {
    let mut is_member = PerNeuron::filled(neurons, false);
    for &neuron in members {
        is_member[neuron] = true;
    }
    is_member
}
