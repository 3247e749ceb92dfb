//! Every activation, kink convention and replaced balance function, where floats are exact.

use creditcheck::error::Error;
use creditcheck::fast;
use creditcheck::spec::{
    Activation, Case, Class, Curved, Dtype, Ends, Graph, Kink, Layer, Limits, Network, Neuron,
    PerNeuron, PerSynapse,
};
use creditcheck::textbook;
use creditcheck::verdict::lattice::{compare_bits, compare_bits_backprop};
use num_rational::BigRational;

use super::nets::{Draw, Recipe, ratio};
use crate::generators::{between, conventions, quotients};

fn exact_functions() -> Vec<Activation> {
    let others = [
        Activation::Identity,
        Activation::Relu,
        Activation::LeakyRelu { slope: ratio(1, 4) },
        Activation::LeakyRelu { slope: ratio(-1, 2) },
        Activation::LeakyRelu { slope: ratio(0, 1) },
        Activation::HardTanh { min: ratio(-1, 1), max: ratio(1, 1) },
        Activation::HardTanh { min: ratio(-1, 2), max: ratio(2, 1) },
        Activation::Square,
        Activation::Quadratic,
        Activation::Cubic,
    ];
    others.into_iter().chain(quotients()).collect()
}

/// One neuron whose net input is the input: on, beside and between all kinks, by every convention.
#[test]
fn kinks_are_exact() {
    // Quotients and cubic are exact where 1 + |s| is a power of two and s is a multiple of 3.
    let inputs = [-3, -2, -1, 0, 1, 2, 3, 4].map(|k| ratio(k, 1));
    let halves = [ratio(-1, 2), ratio(1, 2), ratio(1, 1024), ratio(-1, 1024)];
    for activation in exact_functions() {
        for balance in std::iter::once(None).chain(exact_functions().into_iter().map(Some)) {
            // A θ that is no float is for the bounds.
            let thirds = between(2, 3);
            for kink in conventions().into_iter().filter(|kink| *kink != thirds) {
                for s in inputs.iter().chain(&halves) {
                    let dyadic = |f: &Activation| match f.class() {
                        Class::Quotient => [-3, -1, 0, 1, 3].iter().any(|k| *s == ratio(*k, 1)),
                        Class::Curved(Curved::Cubic) => {
                            [-3, 0, 3].iter().any(|k| *s == ratio(*k, 1))
                        }
                        _ => true,
                    };
                    if !dyadic(&activation) || !balance.as_ref().is_none_or(dyadic) {
                        continue;
                    }
                    check(&activation, balance.as_ref(), kink, s);
                }
            }
        }
    }
}

fn check(activation: &Activation, balance: Option<&Activation>, kink: Kink, s: &BigRational) {
    let layer = Layer {
        weights: vec![vec![ratio(1, 1)]],
        biases: Some(vec![ratio(0, 1)]),
        activation: activation.clone(),
        kink: Some(kink),
        balance: balance.cloned(),
    };
    let case = Case {
        name: None,
        network: Network::Layered(creditcheck::spec::Layered { layers: vec![layer] }),
        learning_rate: ratio(1, 2),
        kink: Kink::Left,
        examples: vec![creditcheck::spec::Example {
            input: vec![s.clone()],
            target: vec![ratio(64, 1)],
            equilibrium: None,
        }],
        loss: Default::default(),
        output_credit: Default::default(),
        expect: Default::default(),
    };
    let exact = textbook::credit::run::<BigRational>(&case, &Limits::default()).unwrap();
    for float in [fast::credit::run::<f64>(&case).unwrap(), fast::relax::run(&case).unwrap()] {
        let verdict = compare_bits(&exact, &float);
        assert!(verdict.is_agree(), "{activation:?} {balance:?} {kink:?} at {s}: {verdict:?}");
    }
    let exact = textbook::backprop::run::<BigRational>(&case, &Limits::default()).unwrap();
    let float = fast::backprop::run::<f64>(&case).unwrap();
    let verdict = compare_bits_backprop(&exact, &float);
    assert!(verdict.is_agree(), "{activation:?} {kink:?} at {s}: {verdict:?}");
}

/// What the float side does not serve it says so: cycles, graphs in layers, numbers out of range.
#[test]
fn refusals() {
    let recipe = Recipe {
        depth: (1, 2),
        width: (2, 3),
        batches: &[2],
        activations: &[Activation::Relu],
        number: |draw| draw.dyadic(8, 3),
        learning_rate: |_| ratio(1, 2),
    };
    let graph = recipe.graph(&mut Draw::new(1));
    assert!(matches!(fast::backprop::run::<f64>(&graph), Err(Error::Unsupported { .. })));
    let cyclic = Graph {
        neurons: 3,
        inputs: vec![Neuron(0)],
        outputs: vec![Neuron(2)],
        activations: PerNeuron::filled(3, Activation::Identity),
        balances: PerNeuron::filled(3, None),
        synapses: PerSynapse::new(vec![
            Ends { post: Neuron(1), pre: Neuron(0) },
            Ends { post: Neuron(2), pre: Neuron(1) },
            Ends { post: Neuron(1), pre: Neuron(2) },
        ]),
        weights: PerSynapse::filled(3, ratio(1, 2)),
        biases: None,
    };
    let mut case = graph.clone();
    case.network = Network::Graph(cyclic);
    assert!(matches!(fast::credit::run::<f64>(&case), Err(Error::Unsupported { .. })));
    let format = Dtype::F64;
    assert!(creditcheck::verdict::bounded::rounding_bound(&case, format).is_err());

    let huge = BigRational::from_integer(num_bigint::BigInt::from(10).pow(200));
    let mut case = recipe.case(&mut Draw::new(2));
    case.examples[0].input[0] = huge.clone();
    let refused = fast::credit::run::<f32>(&case).unwrap_err().to_string();
    assert!(refused.contains("examples[0].input"), "{refused}");
    case.examples[0].target[0] = huge;
    let refused = fast::backprop::run::<f64>(&case).unwrap_err().to_string();
    assert!(refused.contains("not finite"), "{refused}");
}
