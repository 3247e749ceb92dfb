//! Graphs with cycles and self-synapses, by quickcheck: piecewise linear, whose equilibrium has to be found, and
//! polynomial, whose equilibrium the case gives.

use creditcheck::spec::{
    Activation, Case, Ends, Example, Expect, Graph, Kink, Limits, Network, Neuron, Parameters,
    PerNeuron, PerSynapse, Wiring,
};
use creditcheck::textbook::{credit, firing};
use num_traits::Zero;
use quickcheck::{Arbitrary, Gen};

use super::{Q, ratio};

/// How many neurons a network has at most, the inputs included.
const MOST_NEURONS: usize = 12;

/// A network of identity, ReLU, leaky ReLU and hard tanh neurons that has an equilibrium.
#[derive(Clone, Debug)]
pub struct PiecewiseLinear(pub Case);

/// A network of polynomial neurons with a given rational equilibrium.
#[derive(Clone, Debug)]
pub struct Polynomial(pub Case);

fn below(g: &mut Gen, bound: usize) -> usize {
    let all: Vec<usize> = (0..bound).collect();
    *g.choose(&all).unwrap()
}

fn number(g: &mut Gen, reach: i64, denominator: i64) -> Q {
    let numerator = i64::try_from(below(g, usize::try_from(2 * reach + 1).unwrap())).unwrap();
    ratio(numerator - reach, denominator)
}

/// Anatomy and numbers without an equilibrium yet: dense, sparse, with and without self-synapses.
fn draw(g: &mut Gen, activation: impl Fn(&mut Gen) -> Activation) -> Case {
    let neurons = 3 + below(g, MOST_NEURONS - 2);
    let clamped = 1 + below(g, (neurons - 2).min(2));
    let mut place: Vec<Neuron> = (0..neurons).map(Neuron).collect();
    for k in (1..neurons).rev() {
        place.swap(k, below(g, k + 1));
    }
    let inputs = place[..clamped].to_vec();
    let outputs = place[neurons - 1 - below(g, (neurons - clamped).min(2))..].to_vec();
    let sparse = below(g, 3);
    let with_loops = below(g, 2) == 0;
    let mut synapses = Vec::new();
    for post in (0..neurons).map(Neuron).filter(|post| !inputs.contains(post)) {
        for pre in (0..neurons).map(Neuron) {
            let wanted = if pre == post { with_loops } else { below(g, 3) >= sparse };
            if wanted {
                synapses.push(Ends { post, pre });
            }
        }
    }
    // A ring through all that are not clamped: there is a cycle, and everybody hears somebody.
    for k in clamped..neurons {
        let pre = if k + 1 < neurons { place[k + 1] } else { place[clamped] };
        let ends = Ends { post: place[k], pre };
        if !synapses.contains(&ends)
            && (ends.post != ends.pre || with_loops || neurons == clamped + 1)
        {
            synapses.push(ends);
        }
    }
    let heard = Ends { post: place[clamped], pre: place[0] };
    if !synapses.contains(&heard) {
        synapses.push(heard);
    }
    // Weak enough that most of them settle, strong enough that the credit goes round more than once.
    let denominator = [8, 16, 16, 32][below(g, 4)];
    let weights = PerSynapse::from_fn(synapses.len(), |_| {
        loop {
            let weight = number(g, 9, denominator);
            if !weight.is_zero() {
                break weight;
            }
        }
    });
    let biases = PerNeuron::from_fn(neurons, |neuron| {
        if inputs.contains(&neuron) { Q::zero() } else { number(g, 7, 4) }
    });
    let batch = 2 + below(g, 2);
    let examples = (0..batch).map(|_| Example {
        input: inputs.iter().map(|_| number(g, 9, 4)).collect(),
        target: outputs.iter().map(|_| number(g, 9, 4)).collect(),
        equilibrium: None,
    });
    let examples = examples.collect();
    Case {
        name: None,
        network: Network::Graph(Graph {
            neurons,
            activations: PerNeuron::from_fn(neurons, |_| activation(g)),
            balances: PerNeuron::filled(neurons, None),
            synapses: PerSynapse::new(synapses),
            weights,
            biases: Some(biases),
            inputs,
            outputs,
        }),
        learning_rate: ratio(3, 8),
        kink: Kink::Left,
        examples,
        loss: Default::default(),
        output_credit: Default::default(),
        expect: Expect::Agree,
    }
}

/// Whether the rule can be run and moves something.
fn is_live(case: &Case) -> bool {
    let found = credit::run::<Q>(case, &Limits::default());
    found.is_ok_and(|found| found.update.weights.iter().any(|change| !change.is_zero()))
}

impl Arbitrary for PiecewiseLinear {
    fn arbitrary(g: &mut Gen) -> Self {
        let kinds = [
            Activation::Relu,
            Activation::Relu,
            Activation::LeakyRelu { slope: ratio(1, 4) },
            Activation::HardTanh { min: ratio(-1, 1), max: ratio(3, 4) },
            Activation::Identity,
        ];
        loop {
            let case = draw(g, |g| g.choose(&kinds).unwrap().clone());
            if Wiring::of(&case).is_recurrent() && is_live(&case) {
                return Self(case);
            }
        }
    }
}

impl Arbitrary for Polynomial {
    /// Rates come first, and the biases after them: b = s − Wx with s drawn and x = σ(s).
    fn arbitrary(g: &mut Gen) -> Self {
        let kinds =
            [Activation::Square, Activation::Quadratic, Activation::Quadratic, Activation::Cubic];
        loop {
            let mut case = draw(g, |g| g.choose(&kinds).unwrap().clone());
            case.examples.truncate(1);
            let wiring = Wiring::of(&case);
            let mut net_input = PerNeuron::filled(wiring.neurons(), Q::zero());
            let mut rates = net_input.clone();
            let Network::Graph(net) = &mut case.network else { unreachable!("a graph") };
            let isolated = Limits::default();
            for (neuron, clamped) in wiring.is_input.indexed() {
                if *clamped {
                    let which = wiring.inputs.iter().position(|input| *input == neuron).unwrap();
                    rates[neuron] = case.examples[0].input[which].clone();
                } else {
                    net_input[neuron] = number(g, 7, 4);
                    rates[neuron] =
                        evaluated(&net.activations[neuron], &net_input[neuron], &isolated);
                }
            }
            let weights = &net.weights;
            net.biases = Some(PerNeuron::from_fn(wiring.neurons(), |post| {
                wiring.incoming[post].iter().fold(net_input[post].clone(), |rest, &synapse| {
                    rest - &weights[synapse] * &rates[wiring.synapses[synapse].pre]
                })
            }));
            case.examples[0].equilibrium = Some(rates);
            if wiring.is_recurrent() && is_live(&case) {
                return Self(case);
            }
        }
    }
}

/// σ(s), by a network of one synapse of weight 1.
fn evaluated(activation: &Activation, s: &Q, limits: &Limits) -> Q {
    let (pre, post) = (Neuron(0), Neuron(1));
    let case = Case {
        name: None,
        network: Network::Graph(Graph {
            neurons: 2,
            inputs: vec![pre],
            outputs: vec![post],
            activations: PerNeuron::filled(2, activation.clone()),
            balances: PerNeuron::filled(2, None),
            synapses: PerSynapse::new(vec![Ends { post, pre }]),
            weights: PerSynapse::new(vec![ratio(1, 1)]),
            biases: None,
        }),
        learning_rate: ratio(1, 1),
        kink: Kink::Left,
        examples: Vec::new(),
        loss: Default::default(),
        output_credit: Default::default(),
        expect: Expect::Agree,
    };
    let (wiring, parameters) = (Wiring::of(&case), Parameters::of(&case));
    firing::firing(&wiring, &parameters, std::slice::from_ref(s), limits).unwrap().firing_rate[post]
        .clone()
}
