//! C7: at an equilibrium the rule is the gradient of the loss at that equilibrium, cycles and self-synapses included.

use std::cell::Cell;

use creditcheck::error::Error;
use creditcheck::spec::outcome::Update;
use creditcheck::spec::{
    Activation, Case, Limits, Network, Neuron, Parameters, PerNeuron, PerSynapse, Wiring,
};
use creditcheck::textbook::{equilibrium, interpolate};
use num_traits::Zero;
use quickcheck::{Arbitrary, Gen};

use crate::engines;
use crate::generators::recurrent::{PiecewiseLinear, Polynomial};
use crate::generators::{Q, graphs, ratio};

fn limits() -> Limits {
    Limits::default()
}

/// ΔW, Δb and c of the rule against the arbiter: every synapse, every bias, every neuron of every example.
fn equals_the_gradient(case: &Case) -> Result<usize, String> {
    let found = engines::credit(case, &limits()).map_err(|error| error.to_string())?;
    let gradient = engines::arbiter(case, &limits()).map_err(|error| error.to_string())?;
    let descent = |value: &Q| -(&case.learning_rate * value);
    let expected =
        Update { weights: gradient.weights.map(descent), biases: gradient.biases.map(descent) };
    if found.update != expected {
        return Err(format!("{:?} is not {expected:?}", found.update));
    }
    let neurons: Vec<_> = (0..found.update.biases.len()).map(Neuron).collect();
    let rates = engines::at_rates(case, &neurons, &limits()).unwrap();
    for (example, rates) in found.examples.iter().zip(rates) {
        for (credit, rate) in example.credit.iter().zip(rates) {
            if credit.0 != -rate.clone() {
                return Err(format!("the credit {} is not minus {rate}", credit.0));
            }
        }
    }
    Ok(expected.weights.iter().filter(|change| !change.is_zero()).count())
}

fn checked<T: Arbitrary + std::fmt::Debug>(cases: u64, property: fn(T) -> bool) {
    graphs::checker(cases).quickcheck(property);
}

/// 500 random piecewise-linear networks with cycles, N from 3 to 12, `==` on every synapse.
#[test]
fn the_rule_is_the_gradient_at_the_equilibrium() {
    fn property(PiecewiseLinear(case): PiecewiseLinear) -> bool {
        let nonzero = equals_the_gradient(&case).unwrap();
        nonzero > 0
    }
    checked(500, property);
}

/// The same with polynomials at given equilibria, where the balance factor is another at each neuron.
#[test]
fn the_rule_is_the_gradient_at_a_given_equilibrium() {
    fn property(Polynomial(case): Polynomial) -> bool {
        equals_the_gradient(&case).unwrap() > 0
    }
    checked(150, property);
}

/// With no derivative rule at all: the determinant and the loss as polynomials of the step.
#[test]
fn interpolation_through_the_determinant_agrees() {
    fn property(PiecewiseLinear(case): PiecewiseLinear) -> bool {
        let found = engines::credit(&case, &limits()).unwrap().update;
        let wiring = Wiring::of(&case);
        let mut next = 0;
        let mut count = || {
            next += 1;
            ratio(next, 1)
        };
        let direction = Parameters {
            weights: PerSynapse::from_fn(wiring.synapses.len(), |_| count()),
            biases: PerNeuron::from_fn(wiring.neurons(), |neuron| {
                if wiring.has_bias[neuron] { count() } else { Q::zero() }
            }),
        };
        let derivative = interpolate::along_equilibrium(&case, &direction, &limits()).unwrap();
        let terms = found.weights.iter().zip(direction.weights.iter());
        let terms = terms.chain(found.biases.iter().zip(direction.biases.iter()));
        let along = terms.fold(Q::zero(), |sum, (change, step)| sum + change * step);
        along == -(&case.learning_rate * derivative)
    }
    checked(60, property);
}

/// The generators reach what they are meant to reach.
#[test]
fn the_generators_reach_every_kind() {
    let mut g = Gen::from_size_and_seed(9, 5);
    let (mut loops, mut dense, mut sizes, mut silent, mut clipped, mut strong) =
        (0, 0, std::collections::BTreeSet::new(), 0, 0, 0);
    for _ in 0..150 {
        let PiecewiseLinear(case) = PiecewiseLinear::arbitrary(&mut g);
        let Network::Graph(net) = &case.network else { unreachable!("graphs only") };
        loops += usize::from(net.synapses.iter().any(|ends| ends.post == ends.pre));
        let free = net.neurons - net.inputs.len();
        dense += usize::from(net.synapses.len() >= free * (net.neurons - 1));
        sizes.insert(net.neurons);
        let found = engines::credit(&case, &limits()).unwrap();
        for example in &found.examples {
            for (neuron, factor) in example.balance_factor.indexed() {
                let off = factor.is_zero() && !net.inputs.contains(&neuron);
                silent += usize::from(off && net.activations[neuron] == Activation::Relu);
                clipped += usize::from(
                    off && matches!(net.activations[neuron], Activation::HardTanh { .. }),
                );
            }
            // A credit that one relaxation sweep from the external credit does not reach.
            strong += usize::from(example.credit.iter().filter(|c| !c.0.is_zero()).count() > 3);
        }
    }
    assert_eq!(sizes.len(), 10, "{sizes:?}");
    for (what, count) in [
        ("self-synapses", loops),
        ("dense", dense),
        ("silent", silent),
        ("clipped", clipped),
        ("far credit", strong),
    ] {
        assert!(count >= 15, "{what}: {count}");
    }
}

fn case(text: &str) -> Case {
    let text = format!(
        r#"{{"format": "creditcheck/case/1", {text}, "loss": "half_squared_error", "learning_rate": "1/2"}}"#
    );
    creditcheck::wire::case::read(text.as_bytes(), &limits()).unwrap()
}

fn graph(activation: &str, synapses: &str, rest: &str) -> Case {
    case(&format!(
        r#""network": {{"kind": "graph", "neurons": 3, "inputs": [0], "outputs": [2],
            "activation": {activation}, "synapses": {synapses}}}, {rest}"#
    ))
}

fn refusal(case: &Case) -> Error {
    engines::credit(case, &limits()).unwrap_err()
}

const ONE: &str = r#""examples": [{"input": [1], "target": [1]}]"#;

/// A self-synapse of weight 1 on a linear neuron: neither the rate nor the credit is determined.
#[test]
fn a_singular_network_is_refused() {
    let singular = graph(r#""identity""#, "[[1, 0, 1], [1, 1, 1], [2, 1, 1]]", ONE);
    assert!(matches!(refusal(&singular), Error::Singular { .. } | Error::NoEquilibrium { .. }));
    // The equilibrium is given and confirmed, and still the credit has no unique solution.
    let given = graph(
        r#""identity""#,
        "[[1, 0, 1], [1, 1, 1], [2, 1, 1]]",
        r#""examples": [{"input": [0], "target": [1]}], "equilibrium": [[0, 5, 5]]"#,
    );
    let Error::Singular { what } = refusal(&given) else { panic!("{}", refusal(&given)) };
    assert!(what.contains("credit"), "{what}");
}

/// A neuron that excites itself threefold: from rest its rate grows without end.
#[test]
fn no_equilibrium_is_said_with_what_was_left() {
    let runaway = graph(r#""relu""#, "[[1, 0, 1], [1, 1, 3], [2, 1, 1]]", ONE);
    let Error::NoEquilibrium { what } = refusal(&runaway) else { panic!("{}", refusal(&runaway)) };
    assert!(what.contains("sweeps"), "{what}");
}

/// A net input exactly on its kink has two slopes: there is no gradient to be equal to.
#[test]
fn an_equilibrium_on_a_kink_is_refused() {
    let kink = graph(
        r#""relu""#,
        r#"[[1, 0, 1], [1, 2, "1/2"], [2, 1, "-1"]]"#,
        r#""examples": [{"input": [0], "target": [1]}]"#,
    );
    let Error::NoEquilibrium { what } = refusal(&kink) else { panic!("{}", refusal(&kink)) };
    assert!(what.contains("kink"), "{what}");
}

/// Polynomials need their equilibrium given, and a wrong one is refused with the neuron.
#[test]
fn a_given_equilibrium_is_confirmed() {
    let synapses = r#"[[1, 0, 1], [1, 2, "1/2"], [2, 1, "1/4"]]"#;
    let examples = r#""examples": [{"input": [1], "target": [3]}]"#;
    let asked = graph(r#""square""#, synapses, examples);
    assert!(refusal(&asked).to_string().contains("\"equilibrium\""), "{}", refusal(&asked));
    let wrong = graph(
        r#""square""#,
        synapses,
        r#""examples": [{"input": [1], "target": [3]}], "equilibrium": [[1, 1, 2]]"#,
    );
    assert!(refusal(&wrong).to_string().contains("neuron 1"), "{}", refusal(&wrong));
    let short = r#"{"format": "creditcheck/case/1", "network": {"kind": "graph", "neurons": 3, "inputs": [0], "outputs": [2],
        "activation": "square", "synapses": [[1, 0, 1], [1, 2, 1], [2, 1, 1]]}, "loss": "half_squared_error", "learning_rate": 1,
        "examples": [{"input": [1], "target": [3]}], "equilibrium": [[1, 1]]}"#;
    let found = creditcheck::wire::case::read(short.as_bytes(), &limits()).unwrap_err();
    assert!(found.to_string().contains("equilibrium[0]"), "{found}");
}

/// Two stable equilibria of one network have two gradients, and the case says which is meant.
#[test]
fn the_case_may_choose_among_several_equilibria() {
    // x₁ = hard_tanh(2 x₁ + u/8): near −1 and near 1, both stable.
    let with = |rates: &str| {
        graph(
            r#""hard_tanh""#,
            r#"[[1, 0, "1/8"], [1, 1, 2], [2, 1, "1/2"], [2, 0, "1/4"]]"#,
            &format!(r#""examples": [{{"input": [1], "target": [1]}}], "equilibrium": [{rates}]"#),
        )
    };
    let up = engines::credit(&with(r#"[1, 1, "3/4"]"#), &limits()).unwrap();
    let down = engines::credit(&with(r#"[1, -1, "-1/4"]"#), &limits()).unwrap();
    assert_ne!(up.update, down.update);
    for rates in [r#"[1, 1, "3/4"]"#, r#"[1, -1, "-1/4"]"#] {
        equals_the_gradient(&with(rates)).unwrap();
    }
}

/// The float iteration proposes and decides nothing: its proposal is the same wherever it runs.
#[test]
fn equilibria_satisfy_the_definition() {
    let seen = Cell::new(0);
    let mut g = Gen::from_size_and_seed(9, 11);
    for _ in 0..40 {
        let PiecewiseLinear(case) = PiecewiseLinear::arbitrary(&mut g);
        let (wiring, parameters) = (Wiring::of(&case), Parameters::of(&case));
        for example in &case.examples {
            let found = equilibrium::of_example(&wiring, &parameters, example, &limits()).unwrap();
            for (post, s) in found.net_input.indexed().filter(|(n, _)| !wiring.is_input[*n]) {
                let sum = wiring.incoming[post].iter().fold(
                    parameters.biases[post].clone(),
                    |sum, &synapse| {
                        let pre = wiring.synapses[synapse].pre;
                        sum + &parameters.weights[synapse] * &found.firing_rate[pre]
                    },
                );
                assert_eq!(*s, sum);
                let rate = match &wiring.activations[post] {
                    Activation::Relu => sum.clone().max(Q::zero()),
                    Activation::LeakyRelu { slope } => (&sum * slope).max(sum.clone()),
                    Activation::HardTanh { min, max } => {
                        sum.clone().max(min.clone()).min(max.clone())
                    }
                    _ => sum.clone(),
                };
                assert_eq!(found.firing_rate[post], rate);
                seen.set(seen.get() + 1);
            }
        }
    }
    assert!(seen.get() > 300, "{}", seen.get());
}

/// A layered network embedded in a graph gives the same update, number for number, as the program writes it.
#[test]
fn a_layered_case_and_its_graph_have_byte_identical_updates() {
    use creditcheck::spec::Graph;

    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases");
    let mut compared = 0;
    for name in ["worked-example", "square-2-3-3-2-quadratic", "mixed-activations", "some-biases"] {
        let text = std::fs::read(folder.join(format!("{name}.json"))).unwrap();
        let layered = creditcheck::wire::case::read(&text, &limits()).unwrap();
        let wiring = Wiring::of(&layered);
        let parameters = Parameters::of(&layered);
        // A neuron that excites only itself, apart from all others, makes the graph one with a cycle.
        for with_cycle in [false, true] {
            let mut synapses = wiring.synapses.as_slice().to_vec();
            let mut weights = parameters.weights.as_slice().to_vec();
            let mut activations = wiring.activations.as_slice().to_vec();
            let mut biases = parameters.biases.as_slice().to_vec();
            let apart = Neuron(wiring.neurons());
            if with_cycle {
                synapses.push(creditcheck::spec::Ends { post: apart, pre: apart });
                weights.push(ratio(1, 2));
                activations.push(Activation::Identity);
                biases.push(ratio(1, 1));
            }
            let neurons = activations.len();
            let graph = Graph {
                neurons,
                inputs: wiring.inputs.clone(),
                outputs: wiring.outputs.clone(),
                activations: PerNeuron::new(activations),
                balances: PerNeuron::filled(neurons, None),
                synapses: PerSynapse::new(synapses),
                weights: PerSynapse::new(weights),
                biases: Some(PerNeuron::new(biases)),
            };
            let mut embedded = Case { network: Network::Graph(graph), ..layered.clone() };
            let plain = engines::credit(&layered, &limits()).unwrap();
            if with_cycle {
                for (example, found) in embedded.examples.iter_mut().zip(&plain.examples) {
                    let mut rates = found.firing_rate.as_slice().to_vec();
                    rates.push(ratio(2, 1));
                    example.equilibrium = Some(PerNeuron::new(rates));
                }
            }
            assert_eq!(Wiring::of(&embedded).is_recurrent(), with_cycle);
            let found = engines::credit(&embedded, &limits()).unwrap();
            let written = |values: &[Q]| values.iter().map(Q::to_string).collect::<Vec<_>>();
            let expected = written(plain.update.weights.as_slice());
            assert_eq!(written(&found.update.weights.as_slice()[..expected.len()]), expected);
            for (post, _) in wiring.has_bias.indexed().filter(|(_, has)| **has) {
                assert_eq!(
                    found.update.biases[post].to_string(),
                    plain.update.biases[post].to_string()
                );
            }
            compared += expected.len();
        }
    }
    assert!(compared > 100, "{compared}");
}
