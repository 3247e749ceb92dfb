//! Layered nets, by proptest.

use creditcheck::spec::{Activation, Case, Example, Expect, Layer, Layered, Network, Neuron};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use super::{Q, conventions, place_net_input, quotients, ratio, seed, served, spread_errors};

/// Which activation functions a net may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Functions {
    /// All that the rationals evaluate.
    Exact,
    /// Polynomials only: for interpolation and prime fields.
    Polynomial,
}

/// Which numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// Small integers and quarters.
    Plain,
    /// Six digits over four, nothing in common.
    Wild,
}

/// A runner with a fixed seed; nothing of the environment but `CREDITCHECK_SEED` counts.
pub fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config {
        cases,
        rng_seed: RngSeed::Fixed(seed(20_240_514)),
        failure_persistence: None,
        max_global_rejects: 0,
        ..Config::default()
    })
}

pub fn number(numbers: Numbers) -> BoxedStrategy<Q> {
    match numbers {
        Numbers::Plain => prop_oneof![
            (-3..=3_i64).prop_map(|n| ratio(n, 1)),
            (-9..=9_i64).prop_map(|n| ratio(n, 4))
        ]
        .boxed(),
        Numbers::Wild => {
            (-999_999..=999_999_i64, 1..=9_999_i64).prop_map(|(p, q)| ratio(p, q)).boxed()
        }
    }
}

/// A number that is not ±1.
fn weight(numbers: Numbers) -> impl Strategy<Value = Q> {
    number(numbers).prop_map(|w| match w {
        w if w == ratio(1, 1) => ratio(5, 4),
        w if w == ratio(-1, 1) => ratio(-3, 2),
        w => w,
    })
}

fn activation(functions: Functions) -> impl Strategy<Value = Activation> {
    let polynomial =
        [Activation::Identity, Activation::Square, Activation::Quadratic, Activation::Cubic];
    let others = [
        Activation::Relu,
        Activation::LeakyRelu { slope: ratio(1, 8) },
        Activation::LeakyRelu { slope: ratio(-1, 2) },
        Activation::HardTanh { min: ratio(-1, 1), max: ratio(1, 1) },
        Activation::HardTanh { min: ratio(-1, 2), max: ratio(3, 2) },
        Activation::Relu,
    ];
    let mut all = polynomial.to_vec();
    if functions == Functions::Exact {
        all.extend(others);
        all.extend(quotients());
    }
    select(all)
}

/// Widths ≥ 2 with the input's: half of them all equal, half as they come.
fn widths(numbers: Numbers) -> BoxedStrategy<Vec<usize>> {
    if numbers == Numbers::Wild {
        return prop_oneof![Just(vec![2, 2, 2]), Just(vec![2, 3, 2]), Just(vec![3, 2, 2])].boxed();
    }
    prop_oneof![
        (2..=3_usize, 3..=4_usize).prop_map(|(width, layers)| vec![width; layers]),
        prop::collection::vec(2..=4_usize, 3..=4),
    ]
    .boxed()
}

fn layer(
    inputs: usize,
    width: usize,
    functions: Functions,
    numbers: Numbers,
) -> impl Strategy<Value = Layer> {
    let weights = prop::collection::vec(prop::collection::vec(weight(numbers), inputs), width);
    let biases = prop::option::weighted(0.8, prop::collection::vec(number(numbers), width));
    let kink = prop::option::weighted(0.3, select(conventions()));
    (weights, biases, activation(functions), kink).prop_map(
        |(mut weights, biases, activation, kink)| {
            // No symmetric square: W for Wᵀ must show.
            if weights.len() == weights[0].len() && weights[0][1] == weights[1][0] {
                weights[0][1] += ratio(5, 16);
            }
            let kink = kink.map(|kink| served(kink, [&activation]));
            Layer { weights, biases, activation, kink, balance: None }
        },
    )
}

/// Cases with width, layers and batch ≥ 2, one layer at least quadratic, net inputs at kinks in about half of the
/// nets that have kinks.
pub fn layered(functions: Functions, numbers: Numbers) -> impl Strategy<Value = Case> {
    let rates = [(1, 2), (3, 2), (2, 1), (1, 10), (3, 4), (-1, 3)].map(|(p, q)| ratio(p, q));
    (
        widths(numbers),
        2..=3_usize,
        select(rates.to_vec()),
        any::<prop::sample::Index>(),
        any::<bool>(),
    )
        .prop_flat_map(move |(widths, batch, rate, quadratic, strike)| {
            let layers: Vec<_> = widths
                .windows(2)
                .map(|pair| layer(pair[0], pair[1], functions, numbers).boxed())
                .collect();
            let last = widths[widths.len() - 1];
            let vector = |len| prop::collection::vec(number(numbers), len);
            let example = (vector(widths[0]), vector(last)).prop_map(|(input, target)| Example {
                input,
                target,
                equilibrium: None,
            });
            let examples = prop::collection::vec(example, batch);
            let kink = select(conventions());
            (layers, examples, kink).prop_map(move |(mut layers, examples, kink)| {
                let depth = layers.len();
                layers[quadratic.index(depth)].activation = Activation::Quadratic;
                for layer in &mut layers {
                    layer.kink = layer.kink.map(|kink| served(kink, [&layer.activation]));
                }
                // Of the case it may be about σ without kinks, beside those with two.
                let inherits = layers.iter().filter(|layer| layer.kink.is_none());
                let kinked =
                    inherits.map(|layer| &layer.activation).filter(|f| !f.is_differentiable());
                let kink = served(kink, kinked);
                let mut case = Case {
                    name: None,
                    network: Network::Layered(Layered { layers }),
                    learning_rate: rate.clone(),
                    kink,
                    examples,
                    loss: Default::default(),
                    output_credit: Default::default(),
                    expect: Expect::Agree,
                };
                if strike {
                    strike_kinks(&mut case);
                }
                spread_errors(&mut case);
                case
            })
        })
}

/// Puts the first unit of each kinked layer at its first kink in the first example, and the second unit
/// at its last kink in the last example.
fn strike_kinks(case: &mut Case) {
    let Network::Layered(net) = &case.network else { return };
    let firsts = net.offsets().split_off(1);
    let kinks: Vec<Vec<Q>> = net.layers.iter().map(|layer| layer.activation.kinks()).collect();
    let last = case.examples.len() - 1;
    for (first, kinks) in firsts.into_iter().zip(kinks) {
        if let [low, .., high] | [low @ high] = kinks.as_slice() {
            place_net_input(case, Neuron(first), 0, low);
            place_net_input(case, Neuron(first + 1), last, high);
        }
    }
}
