//! One search for the equilibrium, one answer: whatever the size of the network, and whoever asks.

use creditcheck::Error;
use creditcheck::certify::gradient::{Rule, gradient};
use creditcheck::certify::{Options, Silent, certify, judge::judge, steps};
use creditcheck::spec::{Case, Limits, Number};
use creditcheck::textbook::credit;
use creditcheck::verdict::Conclusion;
use creditcheck::verdict::judge::Nearness;
use creditcheck::verdict::judge::Options as Asked;
use creditcheck::wire::Document;
use creditcheck::wire::gradient::{Gradient, Quantity};
use num_rational::BigRational;

/// A neuron that inhibits itself so strongly that only small steps lead to its equilibrium, one that listens, and isolated ones.
fn network(isolated: usize, weight: &str, activation: &str, input: &str) -> Document {
    let text = format!(
        r#"{{"format": "creditcheck/case/1", "network": {{"kind": "graph", "neurons": {}, "inputs": [0],
            "outputs": [2], "activation": {activation},
            "synapses": [[1, 0, "3/4"], [1, 1, "{weight}"], [2, 1, "2/3"], [1, 2, "1/5"]]}},
            "loss": "half_squared_error", "learning_rate": "1/2",
            "examples": [{{"input": ["{input}"], "target": ["1"]}}]}}"#,
        3 + isolated
    );
    Document::read(text.as_bytes(), &Limits::default()).unwrap()
}

const CLIPPED: &str = r#""hard_tanh""#;

fn exact(case: &Case) -> Result<Gradient, Error> {
    let limits = Limits::default();
    gradient(case, Rule::Credit, Number::Exact, Quantity::Gradient, &limits, &mut Silent)
}

#[test]
fn isolated_neurons_change_no_answer() {
    let limits = Limits::default();
    // From a weight that half steps settle to one that takes steps of 1/64.
    for weight in ["-2", "-9/2", "-13", "-40", "-100"] {
        let small = network(0, weight, CLIPPED, "1/2");
        let expected = exact(&small.case).unwrap();
        assert!(expected.entries.values().any(|entry| entry.numer() != &0.into()));
        for isolated in [1, 20, 40] {
            let padded = network(isolated, weight, CLIPPED, "1/2");
            let found = exact(&padded.case).unwrap();
            assert_eq!(found.loss, expected.loss, "{weight}, {isolated} isolated neurons");
            assert!(found.entries.values().eq(expected.entries.values()), "{weight}, {isolated}");
            // The textbook and the engine at scale, on the same network.
            let textbook = credit::run::<BigRational>(&padded.case, &limits).unwrap();
            let [example] = textbook.examples.as_slice() else { panic!() };
            assert!(example.firing_rate.as_slice()[1] < BigRational::from_integer(1.into()));
        }
        let certified = certify(&small, &Options::default(), &mut Silent).unwrap();
        assert_eq!(certified.table.conclusion(), Conclusion::Agree, "{weight}");
        let (judgement, _) =
            judge(&small.case, &expected, &Asked::default(), &limits, &mut Silent).unwrap();
        assert_eq!(judgement.nearness(), Nearness::Exact, "{weight}");
        let shown = steps::steps(&small.case, &limits).unwrap();
        let update = &shown.evidence.credit.update.weights;
        let half = BigRational::new((-1).into(), 2.into());
        let scaled: Vec<_> = expected.entries.values().map(|entry| entry * &half).collect();
        assert_eq!(update.as_slice(), scaled, "{weight}");
    }
}

/// A refusal is the same too: no equilibrium at all, and one exactly on a kink.
#[test]
fn isolated_neurons_change_no_refusal() {
    for (weight, activation, input, words) in [
        ("2", r#""relu""#, "1", "grow beyond every float"),
        // x₁ = 1 where ¾ · 172/45 − 2 + ⅕ · ⅔ = 1.
        ("-2", CLIPPED, "172/45", "the net input of neuron 1 is exactly 1, a kink"),
    ] {
        let refusal = |isolated| {
            exact(&network(isolated, weight, activation, input).case).unwrap_err().to_string()
        };
        let expected = refusal(0);
        assert!(expected.contains(words), "{expected}");
        for isolated in [1, 20, 40] {
            assert_eq!(refusal(isolated), expected, "{isolated} isolated neurons");
        }
    }
}
