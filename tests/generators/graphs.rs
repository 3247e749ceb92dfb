//! Feed-forward graphs with skip connections, dead ends and shuffled neuron numbers, by quickcheck.

use creditcheck::spec::{
    Activation, Case, Class, Ends, Example, Expect, Graph, Network, Neuron, PerNeuron, PerSynapse,
    Synapse, Wiring,
};
use num_traits::Zero;
use quickcheck::{Arbitrary, Gen, QuickCheck};

use super::{Q, conventions, place_net_input, quotients, ratio, seed, spread_errors};

/// How many neurons a graph has at most.
const SIZE: usize = 9;

/// A graph case.
#[derive(Clone, Debug)]
pub struct GraphCase(pub Case);

/// A checker that wants this many cases to pass: no property may discard its way through, which
/// quickcheck's own default of 0 allows.
pub fn checker(cases: u64) -> QuickCheck {
    QuickCheck::new()
        .rng(Gen::from_size_and_seed(SIZE, seed(19_860_409)))
        .tests(cases)
        .max_tests(cases * 2)
        .min_tests_passed(cases)
}

fn pick<T: Clone>(g: &mut Gen, all: &[T]) -> T {
    g.choose(all).unwrap().clone()
}

fn below(g: &mut Gen, bound: usize) -> usize {
    let all: Vec<usize> = (0..bound).collect();
    pick(g, &all)
}

/// True once in so many times.
fn once_in(g: &mut Gen, times: usize) -> bool {
    below(g, times) == 0
}

/// Halves, thirds and eighths; never ±1.
fn number(g: &mut Gen) -> Q {
    let numerator = i64::try_from(below(g, 31)).unwrap() - 15;
    let value = ratio(numerator, pick(g, &[2, 3, 8, 8]));
    if value.is_integer() && !value.is_zero() { value * ratio(3, 2) } else { value }
}

fn activation(g: &mut Gen) -> Activation {
    let mut all = vec![
        Activation::Identity,
        Activation::Relu,
        Activation::LeakyRelu { slope: ratio(1, 4) },
        Activation::LeakyRelu { slope: ratio(-2, 1) },
        Activation::HardTanh { min: ratio(-2, 1), max: ratio(1, 2) },
        Activation::Square,
        Activation::Quadratic,
        Activation::Quadratic,
        Activation::Quadratic,
        Activation::Cubic,
    ];
    all.extend(quotients());
    pick(g, &all)
}

impl Arbitrary for GraphCase {
    fn arbitrary(g: &mut Gen) -> Self {
        let neurons = 6 + below(g, g.size().max(6) - 5);
        let mut place: Vec<Neuron> = (0..neurons).map(Neuron).collect();
        for k in (1..neurons).rev() {
            let other = below(g, k + 1);
            place.swap(k, other);
        }
        // The third last neuron of the order may be an output that others listen to.
        let outputs = if once_in(g, 3) { 3 } else { 2 };
        let outputs = place[neurons - outputs..].to_vec();
        let mut synapses = Vec::new();
        for post in 2..neurons {
            // The neuron just before is always heard, so that no neuron is without input.
            for pre in
                (0..post).filter(|pre| pre + 1 == post || below(g, 5) < 2).collect::<Vec<_>>()
            {
                synapses.push(Ends { post: place[post], pre: place[pre] });
            }
        }
        if once_in(g, 2) {
            // A dead end: a hidden neuron whose signals nobody receives.
            let end = place[2 + below(g, neurons - 4)];
            synapses.retain(|ends| ends.pre != end || outputs.contains(&end));
        }
        let start = below(g, synapses.len());
        synapses.rotate_left(start);
        let with_biases = !once_in(g, 5);
        let biases = PerNeuron::from_fn(neurons, |neuron| {
            if place[..2].contains(&neuron) { Q::zero() } else { number(g) }
        });
        let weights = PerSynapse::from_fn(synapses.len(), |_| number(g));
        let mut activations = PerNeuron::from_fn(neurons, |_| activation(g));
        tame(&place[2..], &synapses, &mut activations);
        let batch = 2 + below(g, 2);
        let examples = (0..batch)
            .map(|_| Example {
                input: vec![number(g), number(g)],
                target: outputs.iter().map(|_| number(g)).collect(),
                equilibrium: None,
            })
            .collect();
        let mut case = Case {
            name: None,
            network: Network::Graph(Graph {
                neurons,
                inputs: place[..2].to_vec(),
                outputs,
                activations,
                balances: PerNeuron::filled(neurons, None),
                synapses: PerSynapse::new(synapses),
                weights,
                biases: with_biases.then_some(biases),
            }),
            learning_rate: pick(g, &[ratio(1, 2), ratio(5, 3), ratio(7, 1), ratio(-2, 1)]),
            kink: pick(g, &conventions()),
            examples,
            loss: Default::default(),
            output_credit: Default::default(),
            expect: Expect::Agree,
        };
        clip_what_has_one_kink(&mut case);
        if once_in(g, 2) {
            strike_kinks(g, &mut case);
        }
        spread_errors(&mut case);
        Self(case)
    }

    /// Without one synapse, without one example, or with one weight or bias 0.
    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        let mut smaller = Vec::new();
        let Network::Graph(net) = &self.0.network else { return quickcheck::empty_shrinker() };
        let with = |net: Graph| Self(Case { network: Network::Graph(net), ..self.0.clone() });
        if self.0.examples.len() > 1 {
            for b in 0..self.0.examples.len() {
                let mut case = self.0.clone();
                case.examples.remove(b);
                smaller.push(Self(case));
            }
        }
        for gone in 0..net.synapses.len() {
            let kept = || (0..net.synapses.len()).filter(|s| *s != gone).map(Synapse);
            let mut smaller_net = net.clone();
            smaller_net.weights = PerSynapse::new(kept().map(|s| net.weights[s].clone()).collect());
            smaller_net.synapses = PerSynapse::new(kept().map(|s| net.synapses[s]).collect());
            smaller.push(with(smaller_net));
        }
        for n in (0..net.neurons).map(Neuron) {
            if net.biases.as_ref().is_some_and(|biases| !biases[n].is_zero()) {
                let mut net = net.clone();
                net.biases.as_mut().unwrap()[n] = Q::zero();
                smaller.push(with(net));
            }
        }
        Box::new(smaller.into_iter())
    }
}

/// Makes neurons linear where the degree, and with it the digits, would grow beyond reason: neurons in a row
/// multiply theirs. `order` is without the inputs, which have degree 1.
fn tame(order: &[Neuron], synapses: &[Ends], activations: &mut PerNeuron<Activation>) {
    const MOST: usize = 12;
    let mut degree = activations.map(|_| 1_usize);
    for &post in order {
        let heard = synapses.iter().filter(|ends| ends.post == post).map(|ends| degree[ends.pre]);
        let of_input = heard.max().unwrap_or(1);
        let factor = match activations[post].class() {
            Class::Quotient => 6,
            _ => activations[post].degree().map_or(1, |degree| degree as usize),
        };
        degree[post] = of_input * factor;
        if degree[post] > MOST {
            degree[post] = of_input;
            activations[post] = Activation::LeakyRelu { slope: ratio(3, 4) };
        }
    }
}

/// A convention that is about both ends of a σ has such a σ wherever there are kinks.
fn clip_what_has_one_kink(case: &mut Case) {
    let kink = case.kink;
    let Network::Graph(net) = &mut case.network else { return };
    net.activations = net.activations.map(|function| match kink.refusal(function) {
        Some(_) => Activation::HardTanh { min: ratio(-1, 2), max: ratio(3, 2) },
        None => function.clone(),
    });
}

/// Puts about every second neuron that has kinks exactly at one of them, in one of the examples.
fn strike_kinks(g: &mut Gen, case: &mut Case) {
    let wiring = Wiring::of(case);
    let batch = case.examples.len();
    for &neuron in wiring.order.as_ref().unwrap() {
        let kinks = wiring.activations[neuron].kinks();
        if wiring.is_input[neuron] || kinks.is_empty() || once_in(g, 2) {
            continue;
        }
        let (at, example) = (pick(g, &kinks), below(g, batch));
        place_net_input(case, neuron, example, &at);
    }
}
