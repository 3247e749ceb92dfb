//! Layers in time, by quickcheck: the first as the generator of networks in time has it, one or two above it.

use creditcheck::spec::{Activation, Stack, StackCase, StackLayer, TemporalCase};
use num_traits::Zero;
use quickcheck::{Arbitrary, Gen};

use super::temporal::{InTime, below, number, one_of, weight};
use super::{Q, ratio};

/// One to three layers, each with a leak of its own, that is a parameter in some; all else that a layer may have, too.
#[derive(Clone, Debug)]
pub struct InLayers(pub StackCase);

impl Arbitrary for InLayers {
    fn arbitrary(g: &mut Gen) -> Self {
        let case = InTime::arbitrary(g).0;
        let more = one_of(g, &[0, 1, 1, 1, 2]);
        let has_initial = case.examples.iter().any(|example| example.initial.is_some());
        let mut found = of_one(&case);
        found.network.layers[0].is_leak_trainable = bool::arbitrary(g);
        found.network.is_listed = more > 0 || bool::arbitrary(g);
        for _ in 0..more {
            let layer = layer(g, found.network.layers.last().unwrap().neurons());
            for example in found.examples.iter_mut().filter(|_| has_initial) {
                let state = example.initial.get_or_insert_default();
                // The first layer has its numbers already, in every example or in none.
                state.extend((0..layer.neurons()).map(|_| number(g, 5, 4)));
            }
            found.network.layers.push(layer);
        }
        let neurons = found.network.layers.last().unwrap().neurons();
        for row in &mut found.network.readout {
            row.resize_with(neurons, || weight(g));
        }
        Self(found)
    }
}

/// A network of one layer as a stack of one; its types are left behind.
pub fn of_one(case: &TemporalCase) -> StackCase {
    let net = case.network.clone();
    let layer = StackLayer {
        leak: net.leak,
        is_leak_trainable: false,
        activation: net.activation,
        recurrent: net.recurrent,
        has_diagonal: net.has_diagonal,
        input: net.input,
        biases: net.biases,
    };
    StackCase {
        name: None,
        network: Stack {
            layers: vec![layer],
            is_listed: false,
            readout: net.readout,
            readout_biases: net.readout_biases,
        },
        steps: case.steps.clone(),
        learning_rate: case.learning_rate.clone(),
        kink: case.kink,
        examples: case.examples.clone(),
    }
}

/// A layer above so many neurons; its σ lets no digits double.
fn layer(g: &mut Gen, inputs: usize) -> StackLayer {
    let neurons = 1 + below(g, 3);
    let kinds = [
        Activation::Identity,
        Activation::Relu,
        Activation::LeakyRelu { slope: ratio(-1, 2) },
        Activation::HardTanh { min: ratio(-1, 1), max: ratio(1, 1) },
    ];
    let has_diagonal = bool::arbitrary(g);
    let entry = |g: &mut Gen, own: bool| match own && !has_diagonal {
        true => Q::zero(),
        false => weight(g),
    };
    let row = |post| (0..neurons).map(|pre| entry(g, pre == post)).collect();
    let recurrent = (0..neurons).map(row).collect();
    StackLayer {
        leak: one_of(g, &[Q::zero(), ratio(1, 2), ratio(1, 4)]),
        is_leak_trainable: bool::arbitrary(g),
        activation: one_of(g, &kinds),
        recurrent,
        has_diagonal,
        input: (0..neurons).map(|_| (0..inputs).map(|_| weight(g)).collect()).collect(),
        biases: bool::arbitrary(g).then(|| (0..neurons).map(|_| number(g, 5, 4)).collect()),
    }
}
