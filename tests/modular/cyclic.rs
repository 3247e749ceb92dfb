//! Dense networks with cycles that settle: shared by the tests and the benches.

use creditcheck::spec::{
    Activation, Case, Ends, Example, Expect, Graph, Kink, Network, Neuron, PerNeuron, PerSynapse,
};
use num_rational::BigRational;

/// Integers from −128 to 127 (a linear congruential generator; its upper bits).
pub struct Draw(pub u64);

impl Draw {
    pub fn byte(&mut self) -> i64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.0 >> 56).unwrap() - 128
    }

    pub fn below(&mut self, bound: i64) -> i64 {
        self.byte();
        i64::try_from(self.0 >> 33).unwrap() % bound
    }
}

pub fn ratio(numerator: i64, denominator: i64) -> BigRational {
    BigRational::new(numerator.into(), denominator.into())
}

/// `inputs` clamped neurons and `neurons` others, every one of which hears all neurons, itself too, with eight-bit weights
/// k/256 times a power of two with which the firing settles; the last four are outputs.
pub fn cyclic(
    inputs: usize,
    neurons: usize,
    batch: usize,
    activation: &Activation,
    seed: u64,
) -> Case {
    let all = inputs + neurons;
    let mut draw = Draw(seed);
    // The spectral radius of weights k/256 is about √neurons · 74/256; it becomes a fifth to two fifths.
    let mut scale = 1;
    while scale * scale < 3 * i64::try_from(neurons).unwrap() {
        scale *= 2;
    }
    let posts = inputs..all;
    let synapses = posts
        .flat_map(|post| (0..all).map(move |pre| Ends { post: Neuron(post), pre: Neuron(pre) }));
    let synapses = PerSynapse::new(synapses.collect());
    let weights = synapses.iter().map(|ends| {
        let scale = if ends.pre.0 < inputs { 1 } else { scale };
        ratio(draw.byte(), 256 * scale)
    });
    let weights = PerSynapse::new(weights.collect());
    let biases = PerNeuron::from_fn(all, |neuron| {
        if neuron.0 < inputs { ratio(0, 1) } else { ratio(draw.byte(), 256) }
    });
    let outputs: Vec<_> = (all - neurons.min(4)..all).map(Neuron).collect();
    let mut numbers = |count: usize| (0..count).map(|_| ratio(draw.byte(), 64)).collect();
    let examples = (0..batch)
        .map(|_| Example {
            input: numbers(inputs),
            target: numbers(outputs.len()),
            equilibrium: None,
        })
        .collect();
    Case {
        name: None,
        network: Network::Graph(Graph {
            neurons: all,
            inputs: (0..inputs).map(Neuron).collect(),
            outputs,
            activations: PerNeuron::filled(all, activation.clone()),
            balances: PerNeuron::filled(all, None),
            synapses,
            weights,
            biases: Some(biases),
        }),
        learning_rate: ratio(3, 10),
        kink: Kink::Left,
        examples,
        loss: Default::default(),
        output_credit: Default::default(),
        expect: Expect::Agree,
    }
}
