//! Seeded cases, numbers drawn as integers over powers of two.

use creditcheck::fast::{Float, Function, Layer as FloatLayer, Network as FloatNetwork};
use creditcheck::number::exact_f64;
use creditcheck::spec::{
    Activation, Case, Ends, Example, Expect, Graph, Kink, Layer, Layered, Network, Neuron,
    PerNeuron, PerSynapse,
};
use num_bigint::BigInt;
use num_rational::BigRational;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::generators::{between, conventions};

pub struct Draw(ChaCha8Rng);

impl Draw {
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// An integer of low..=high.
    pub fn integer(&mut self, low: i64, high: i64) -> i64 {
        let span = (high - low + 1) as u64;
        low + (self.0.next_u64() % span) as i64
    }

    pub fn chance(&mut self, out_of: i64) -> bool {
        self.integer(1, out_of) == 1
    }

    /// k/2^bits with |k| ≤ most.
    pub fn dyadic(&mut self, most: i64, bits: u32) -> BigRational {
        ratio(self.integer(-most, most), 1 << bits)
    }

    pub fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.integer(0, all.len() as i64 - 1) as usize]
    }
}

pub fn ratio(p: i64, q: i64) -> BigRational {
    BigRational::new(BigInt::from(p), BigInt::from(q))
}

pub fn exact(value: f64) -> BigRational {
    exact_f64(value).unwrap()
}

/// Numbers k/2¹² within ±½.
pub fn matrix<F: Float>(rows: usize, columns: usize, seed: u64) -> faer::Mat<F> {
    let mut draw = Draw::new(seed);
    let scale = F::count(1 << 12);
    faer::Mat::from_fn(rows, columns, |_, _| {
        (F::count(draw.integer(0, 1 << 12) as usize) - F::count(1 << 11)) / scale
    })
}

/// Layers with this activation, the last with the identity; weights small enough that no rate grows.
pub fn network<F: Float>(widths: &[usize], activation: &Function<F>, seed: u64) -> FloatNetwork<F> {
    let last = widths.len() - 2;
    let layers = widths.windows(2).enumerate().map(|(l, pair)| FloatLayer {
        weights: matrix::<F>(pair[1], pair[0], seed + 100 * l as u64)
            * faer::Scale(F::from(1) / F::from(8)),
        biases: Some(matrix::<F>(pair[1], 1, seed + 77).col_as_slice(0).to_vec()),
        activation: if l == last { Function::Identity } else { activation.clone() },
        balance: None,
        kink: Kink::Left,
    });
    FloatNetwork { layers: layers.collect() }
}

/// What numbers and functions a layered case is drawn from.
pub struct Recipe<'a> {
    pub depth: (i64, i64),
    pub width: (i64, i64),
    pub batches: &'a [i64],
    pub activations: &'a [Activation],
    /// Draws one number of the case.
    pub number: fn(&mut Draw) -> BigRational,
    pub learning_rate: fn(&mut Draw) -> BigRational,
}

/// Without a θ that no float holds: what is to be exact in floats keeps to these.
fn dyadic_conventions() -> Vec<Kink> {
    let thirds = between(2, 3);
    conventions().into_iter().filter(|kink| *kink != thirds).collect()
}

impl Recipe<'_> {
    pub fn case(&self, draw: &mut Draw) -> Case {
        let depth = draw.integer(self.depth.0, self.depth.1) as usize;
        let square = draw.chance(3);
        let common = draw.integer(self.width.0, self.width.1) as usize;
        let mut width = || match square {
            true => common,
            false => draw.integer(self.width.0, self.width.1) as usize,
        };
        let widths: Vec<usize> = (0..=depth).map(|_| width()).collect();
        let batch = *draw.pick(self.batches) as usize;
        let numbers = |draw: &mut Draw, len| (0..len).map(|_| (self.number)(draw)).collect();
        let layer = |draw: &mut Draw, l: usize| Layer {
            weights: (0..widths[l + 1]).map(|_| numbers(draw, widths[l])).collect(),
            biases: (!draw.chance(5)).then(|| numbers(draw, widths[l + 1])),
            activation: draw.pick(self.activations).clone(),
            kink: Some(*draw.pick(&dyadic_conventions())),
            balance: None,
        };
        let layers = (0..depth).map(|l| layer(draw, l)).collect();
        Case {
            name: None,
            network: Network::Layered(Layered { layers }),
            learning_rate: (self.learning_rate)(draw),
            kink: Kink::Left,
            examples: (0..batch)
                .map(|_| Example {
                    input: numbers(draw, widths[0]),
                    target: numbers(draw, widths[depth]),
                    equilibrium: None,
                })
                .collect(),
            loss: Default::default(),
            output_credit: Default::default(),
            expect: Expect::Agree,
        }
    }

    /// A feed-forward graph with skip connections, dead ends and shuffled neuron numbers.
    pub fn graph(&self, draw: &mut Draw) -> Case {
        let neurons = draw.integer(4, 12) as usize;
        let mut place: Vec<usize> = (0..neurons).collect();
        for k in (1..neurons).rev() {
            place.swap(k, draw.integer(0, k as i64) as usize);
        }
        let inputs: Vec<Neuron> = place[..2].iter().map(|&n| Neuron(n)).collect();
        let outputs: Vec<Neuron> = place[neurons - 2..].iter().map(|&n| Neuron(n)).collect();
        let mut synapses = Vec::new();
        for post in 2..neurons {
            for pre in 0..post {
                if !draw.chance(3) {
                    synapses.push(Ends { post: Neuron(place[post]), pre: Neuron(place[pre]) });
                }
            }
        }
        let batch = *draw.pick(self.batches) as usize;
        let numbers = |draw: &mut Draw, len: usize| -> Vec<BigRational> {
            (0..len).map(|_| (self.number)(draw)).collect()
        };
        let weights = PerSynapse::new(numbers(draw, synapses.len()));
        let biases = PerNeuron::from_fn(neurons, |n| match inputs.contains(&n) {
            true => ratio(0, 1),
            false => (self.number)(draw),
        });
        let examples = (0..batch)
            .map(|_| Example {
                input: numbers(draw, 2),
                target: numbers(draw, 2),
                equilibrium: None,
            })
            .collect();
        Case {
            name: None,
            network: Network::Graph(Graph {
                neurons,
                inputs,
                outputs,
                activations: PerNeuron::from_fn(neurons, |_| draw.pick(self.activations).clone()),
                balances: PerNeuron::filled(neurons, None),
                synapses: PerSynapse::new(synapses),
                weights,
                biases: Some(biases),
            }),
            learning_rate: (self.learning_rate)(draw),
            kink: *draw.pick(&dyadic_conventions()),
            examples,
            loss: Default::default(),
            output_credit: Default::default(),
            expect: Expect::Agree,
        }
    }
}
