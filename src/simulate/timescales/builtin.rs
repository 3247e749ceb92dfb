//! The networks on which the sweep runs without a case.

use num_rational::BigRational;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::spec::{Activation, Case, Example, Expect, Kink, Layer, Layered, Network};

/// 4-6-3 in tanh, with biases and two examples, drawn from a seed.
///
/// Exactness: all numbers are multiples of 2⁻⁸, weights in [−1, 1), biases in [−1/4, 1/4), inputs and targets in [−1, 1) and
/// [−3/4, 3/4).
#[must_use]
pub fn layered(seed: u64) -> Case {
    drawn("layered-4-6-3", &[4, 6, 3], seed)
}

/// A chain of one neuron a layer, 1-1-1-1 in tanh: the longest way for the fewest synapses.
#[must_use]
pub fn chain() -> Case {
    let one = |weight: i64, bias: i64| Layer {
        weights: vec![vec![eighths(weight)]],
        biases: Some(vec![eighths(bias)]),
        activation: Activation::Tanh,
        kink: None,
        balance: None,
    };
    let example = |input, target| Example {
        input: vec![eighths(input)],
        target: vec![eighths(target)],
        equilibrium: None,
    };
    Case {
        name: Some("chain-1-1-1-1".to_owned()),
        network: Network::Layered(Layered { layers: vec![one(6, 1), one(-7, 2), one(5, -1)] }),
        learning_rate: eighths(1),
        kink: Kink::Left,
        examples: vec![example(5, 6), example(-6, -4)],
        loss: Default::default(),
        output_credit: Default::default(),
        expect: Expect::Agree,
    }
}

fn eighths(value: i64) -> BigRational {
    BigRational::new(value.into(), 8.into())
}

fn drawn(name: &str, widths: &[usize], seed: u64) -> Case {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    // Uniform among the multiples of 2⁻⁸ in [−most, most)/256.
    let mut draw = |most: i64| {
        let draw = i64::from(random.next_u32() >> 8) % (2 * most) - most;
        BigRational::new(draw.into(), 256.into())
    };
    let mut layers = Vec::new();
    for pair in widths.windows(2) {
        let mut row =
            |most: i64, length: usize| (0..length).map(|_| draw(most)).collect::<Vec<_>>();
        layers.push(Layer {
            weights: (0..pair[1]).map(|_| row(256, pair[0])).collect(),
            biases: Some(row(64, pair[1])),
            activation: Activation::Tanh,
            kink: None,
            balance: None,
        });
    }
    let (inputs, outputs) = (widths[0], widths[widths.len() - 1]);
    let mut example = || Example {
        input: (0..inputs).map(|_| draw(256)).collect(),
        target: (0..outputs).map(|_| draw(192)).collect(),
        equilibrium: None,
    };
    Case {
        name: Some(name.to_owned()),
        examples: vec![example(), example()],
        network: Network::Layered(Layered { layers }),
        learning_rate: eighths(1),
        kink: Kink::Left,
        loss: Default::default(),
        output_credit: Default::default(),
        expect: Expect::Agree,
    }
}
