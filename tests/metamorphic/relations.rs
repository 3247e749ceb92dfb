//! The relations: a case, and the same case said in another way, with what that does to every number of a result.

use creditcheck::spec::outcome::Update;
use creditcheck::spec::{
    Activation, Case, Ends, Graph, Layer, Layered, Network, Neuron, PerBlock, PerNeuron,
    PerSynapse, Synapse, Wiring,
};
use creditcheck::verdict::{blocks, per_block};
use creditcheck::wire::gradient::{Gradient, Quantity};
use num_rational::BigRational as Q;
use num_traits::Zero;

use crate::generators::{as_graph, ratio};

/// A case said in another way. Every list is over what the new case has, and says what it was.
#[derive(Clone, Debug)]
pub struct Moved {
    pub relation: &'static str,
    pub case: Case,
    old: Case,
    /// None where a synapse, a neuron or an input is new, and its derivative zero.
    synapses: Vec<Option<Synapse>>,
    neurons: Vec<Option<Neuron>>,
    examples: Vec<usize>,
    /// Per input of the new case, which input it was.
    inputs: Vec<usize>,
    factors: Factors,
}

/// What numbers are multiplied by.
#[derive(Clone, Debug)]
struct Factors {
    weights: Q,
    biases: Q,
    loss: Q,
    inputs: Q,
    /// Of the update beyond that of the gradient.
    update: Q,
}

impl Moved {
    /// The same case.
    fn of(relation: &'static str, case: &Case) -> Self {
        let wiring = Wiring::of(case);
        let one = || ratio(1, 1);
        Self {
            relation,
            case: case.clone(),
            old: case.clone(),
            synapses: (0..wiring.synapses.len()).map(|s| Some(Synapse(s))).collect(),
            neurons: (0..wiring.neurons()).map(|n| Some(Neuron(n))).collect(),
            examples: (0..case.examples.len()).collect(),
            inputs: (0..wiring.inputs.len()).collect(),
            factors: Factors {
                weights: one(),
                biases: one(),
                loss: one(),
                inputs: one(),
                update: one(),
            },
        }
    }

    /// What a result on the old case is on the new one.
    pub fn result(&self, old: &Gradient) -> Gradient {
        let update = match old.quantity {
            Quantity::Gradient => ratio(1, 1),
            Quantity::Update => self.factors.update.clone(),
        };
        let Factors { weights, biases, loss, inputs, .. } = &self.factors;
        let entries = on_the_graph(&self.old, &old.entries);
        let weights = self.synapses.iter().map(|from| match from {
            Some(synapse) => &entries.weights[*synapse] * weights * &update,
            None => Q::zero(),
        });
        let biases = self.neurons.iter().map(|from| match from {
            Some(neuron) => &entries.biases[*neuron] * biases * &update,
            None => Q::zero(),
        });
        let row = |b: &usize, rows: &Vec<Vec<Q>>| -> Vec<Q> {
            self.inputs.iter().map(|k| &rows[*b][*k] * inputs).collect()
        };
        let entries = Update {
            weights: PerSynapse::new(weights.collect()),
            biases: PerNeuron::new(biases.collect()),
        };
        Gradient {
            entries: per_block(&self.case, &entries).map(Q::clone),
            loss: old.loss.as_ref().map(|old| old * loss),
            inputs: old
                .inputs
                .as_ref()
                .map(|rows| self.examples.iter().map(|b| row(b, rows)).collect()),
            ..old.clone()
        }
    }
}

/// Entries by synapse and by neuron; 0 where a neuron has no bias.
fn on_the_graph(case: &Case, entries: &PerBlock<Q>) -> Update<Q> {
    let wiring = Wiring::of(case);
    let mut update = Update {
        weights: PerSynapse::filled(wiring.synapses.len(), Q::zero()),
        biases: PerNeuron::filled(wiring.neurons(), Q::zero()),
    };
    for (members, block) in blocks(case).iter().zip(&entries.blocks) {
        let mut entries = block.entries.iter().cloned();
        members.synapses.iter().zip(&mut entries).for_each(|(s, entry)| update.weights[*s] = entry);
        members.biases.iter().zip(entries).for_each(|(n, entry)| update.biases[*n] = entry);
    }
    update
}

/// All relations that a case admits.
pub fn relations(case: &Case) -> Vec<Moved> {
    let mut all = vec![examples_reversed(case), batch_doubled(case), rate_scaled(case)];
    all.extend(numbers_scaled(case));
    match &case.network {
        Network::Layered(net) => {
            all.push(units_permuted(case, net));
            all.push(dead_units_added(case, net));
            all.extend(layers_as_graph(case, net));
        }
        Network::Graph(net) => {
            all.push(neurons_permuted(case, net));
            all.push(synapses_permuted(case, net));
            all.push(isolated_neurons_added(case, net));
        }
    }
    all
}

fn examples_reversed(case: &Case) -> Moved {
    let mut moved = Moved::of("examples permuted", case);
    moved.case.examples.reverse();
    moved.examples.reverse();
    moved
}

fn batch_doubled(case: &Case) -> Moved {
    let mut moved = Moved::of("batch doubled", case);
    moved.case.examples.extend(case.examples.clone());
    moved.examples.extend(0..case.examples.len());
    moved
}

fn rate_scaled(case: &Case) -> Moved {
    let mut moved = Moved::of("learning rate times 1/8", case);
    moved.case.learning_rate *= ratio(1, 8);
    moved.factors.update = ratio(1, 8);
    moved
}

/// σ(2s) = 2σ(s): with inputs, biases and targets so do rates, credits and derivatives of biases, and those of weights and the loss twice over.
fn numbers_scaled(case: &Case) -> Option<Moved> {
    let is_homogeneous = |function: &Activation| {
        matches!(function, Activation::Identity | Activation::Relu | Activation::LeakyRelu { .. })
    };
    let wiring = Wiring::of(case);
    let all = wiring.activations.indexed().filter(|(neuron, _)| !wiring.is_input[*neuron]);
    // A balance function of its own scales otherwise.
    if case.has_own_balance() || !all.into_iter().all(|(_, function)| is_homogeneous(function)) {
        return None;
    }
    let (once, twice) = (ratio(16, 1), ratio(256, 1));
    let mut moved = Moved::of("numbers times 16", case);
    crate::generators::edit(&mut moved.case, |_, _| {}, |_, bias| *bias *= &once);
    for example in &mut moved.case.examples {
        let given = example.input.iter_mut().chain(&mut example.target);
        given.for_each(|number| *number *= &once);
        example.equilibrium = example.equilibrium.as_ref().map(|x| x.map(|x| x * &once));
    }
    moved.factors = Factors {
        weights: twice.clone(),
        biases: once.clone(),
        loss: twice,
        inputs: once,
        update: ratio(1, 1),
    };
    Some(moved)
}

/// The units of every layer turned round: inputs, hidden and outputs.
fn units_permuted(case: &Case, net: &Layered) -> Moved {
    let mut moved = Moved::of("units permuted", case);
    let Network::Layered(new) = &mut moved.case.network else { unreachable!() };
    for layer in &mut new.layers {
        layer.weights.iter_mut().for_each(|row| row.reverse());
        layer.weights.reverse();
        layer.biases.iter_mut().for_each(|biases| biases.reverse());
    }
    for example in &mut moved.case.examples {
        example.input.reverse();
        example.target.reverse();
    }
    let (mut first, mut synapse) = (0, 0);
    for width in net.widths() {
        moved.neurons[first..first + width].reverse();
        first += width;
    }
    for layer in &net.layers {
        let count = layer.width() * layer.inputs();
        // Rows and columns turned round: the whole list is.
        moved.synapses[synapse..synapse + count].reverse();
        synapse += count;
    }
    moved.inputs.reverse();
    moved
}

/// One unit more in each hidden layer, with nothing but zeros around it.
fn dead_units_added(case: &Case, net: &Layered) -> Moved {
    let mut moved = Moved::of("dead units added", case);
    let last = net.layers.len() - 1;
    let with_dead = |l: usize, layer: &Layer| {
        let mut layer = layer.clone();
        if l > 0 {
            layer.weights.iter_mut().for_each(|row| row.push(Q::zero()));
        }
        if l < last {
            layer.weights.push(vec![Q::zero(); layer.inputs()]);
            layer.biases.iter_mut().for_each(|biases| biases.push(Q::zero()));
        }
        layer
    };
    let layers: Vec<_> =
        net.layers.iter().enumerate().map(|(l, layer)| with_dead(l, layer)).collect();
    let (mut synapses, mut old) = (Vec::new(), 0);
    for (before, after) in net.layers.iter().zip(&layers) {
        for post in 0..after.width() {
            for pre in 0..after.inputs() {
                let is_old = post < before.width() && pre < before.inputs();
                synapses.push(is_old.then(|| {
                    old += 1;
                    Synapse(old - 1)
                }));
            }
        }
    }
    let (mut neurons, mut next) = (Vec::new(), 0);
    for (l, width) in net.widths().into_iter().enumerate() {
        neurons.extend((next..next + width).map(|n| Some(Neuron(n))));
        next += width;
        if l > 0 && l <= last {
            neurons.push(None);
        }
    }
    (moved.synapses, moved.neurons) = (synapses, neurons);
    moved.case.network = Network::Layered(Layered { layers });
    moved
}

/// The same network as a graph, where all layers have biases or none has, and one kink convention holds.
fn layers_as_graph(case: &Case, net: &Layered) -> Option<Moved> {
    let biased = net.layers.iter().filter(|layer| layer.biases.is_some()).count();
    if biased != 0 && biased != net.layers.len() {
        return None;
    }
    let mut moved = Moved::of("layers as a graph", case);
    moved.case = as_graph(case)?;
    Some(moved)
}

/// The neurons of a graph with other numbers.
fn neurons_permuted(case: &Case, net: &Graph) -> Moved {
    let mut moved = Moved::of("neurons permuted", case);
    // n ↦ 5n + 3 modulo a number that 5 does not divide, or else the other way round.
    let count = net.neurons;
    let new_of = |old: Neuron| match count % 5 {
        0 => Neuron(count - 1 - old.0),
        _ => Neuron((5 * old.0 + 3) % count),
    };
    let mut old_of = vec![Neuron(0); count];
    (0..count).for_each(|old| old_of[new_of(Neuron(old)).0] = Neuron(old));
    fn renamed<T: Clone>(old_of: &[Neuron], values: &PerNeuron<T>) -> PerNeuron<T> {
        PerNeuron::from_fn(old_of.len(), |new| values[old_of[new.0]].clone())
    }
    let names = |list: &[Neuron]| list.iter().map(|n| new_of(*n)).collect::<Vec<_>>();
    moved.case.network = Network::Graph(Graph {
        inputs: names(&net.inputs),
        outputs: names(&net.outputs),
        activations: renamed(&old_of, &net.activations),
        balances: renamed(&old_of, &net.balances),
        synapses: net.synapses.map(|ends| Ends { post: new_of(ends.post), pre: new_of(ends.pre) }),
        biases: net.biases.as_ref().map(|biases| renamed(&old_of, biases)),
        ..net.clone()
    });
    for example in &mut moved.case.examples {
        example.equilibrium = example.equilibrium.as_ref().map(|x| renamed(&old_of, x));
    }
    moved.neurons = old_of.into_iter().map(Some).collect();
    moved
}

fn synapses_permuted(case: &Case, net: &Graph) -> Moved {
    let mut moved = Moved::of("synapses permuted", case);
    let reversed = |s: Synapse| Synapse(net.synapses.len() - 1 - s.0);
    moved.case.network = Network::Graph(Graph {
        synapses: PerSynapse::from_fn(net.synapses.len(), |s| net.synapses[reversed(s)]),
        weights: PerSynapse::from_fn(net.synapses.len(), |s| net.weights[reversed(s)].clone()),
        ..net.clone()
    });
    moved.synapses.reverse();
    moved
}

/// Three neurons without synapses, after the others.
fn isolated_neurons_added(case: &Case, net: &Graph) -> Moved {
    const MORE: usize = 3;
    // The identity has no kink at the net input of 0 that they have: with a cycle there would be no derivative on one.
    let mut moved = Moved::of("isolated neurons added", case);
    let count = net.neurons + MORE;
    fn longer<T: Clone>(values: &PerNeuron<T>, count: usize, more: T) -> PerNeuron<T> {
        PerNeuron::from_fn(count, |n| values.as_slice().get(n.0).unwrap_or(&more).clone())
    }
    moved.case.network = Network::Graph(Graph {
        neurons: count,
        activations: longer(&net.activations, count, Activation::Identity),
        balances: longer(&net.balances, count, None),
        biases: net.biases.as_ref().map(|biases| longer(biases, count, Q::zero())),
        ..net.clone()
    });
    for example in &mut moved.case.examples {
        example.equilibrium = example.equilibrium.as_ref().map(|x| longer(x, count, Q::zero()));
    }
    moved.neurons.extend([None; MORE]);
    moved
}
