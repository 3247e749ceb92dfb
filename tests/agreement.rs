//! The engines against each other and against numbers computed by hand.

use creditcheck::spec::{Limits, Neuron, Synapse};
use creditcheck::textbook::{backprop, credit, tangent};
use creditcheck::wire::Document;
use num_rational::BigRational;

const WORKED_EXAMPLE: &str = r#"{
  "format": "creditcheck/case/1", "name": "worked-example",
  "network": {"kind": "layered", "layers": [
    {"weights": [["1/2", "-1"], ["1/4", "1/2"]], "biases": ["1/2", "-1/4"], "activation": "quadratic"},
    {"weights": [["1", "-2"]], "biases": ["1/4"], "activation": "quadratic"}]},
  "loss": "half_squared_error", "learning_rate": "1",
  "examples": [{"input": ["1", "1/2"], "target": ["1"]}]}"#;

fn texts<'a>(values: impl IntoIterator<Item = &'a BigRational>) -> Vec<String> {
    values.into_iter().map(ToString::to_string).collect()
}

/// Every number of the worked example in the manual, which was done by hand.
#[test]
fn the_worked_example_comes_out_as_by_hand() {
    let limits = Limits::default();
    let case = Document::read(WORKED_EXAMPLE.as_bytes(), &limits).unwrap().case;
    let outcome = credit::run::<BigRational>(&case, &limits).unwrap();
    let example = &outcome.examples[0];
    assert_eq!(texts(example.net_input.iter()), ["0", "0", "1/2", "1/4", "3/8"]);
    assert_eq!(texts(example.firing_rate.iter()), ["1", "1/2", "3/4", "5/16", "33/64"]);
    assert_eq!(texts(example.balance_factor.iter()), ["0", "0", "2", "3/2", "7/4"]);
    assert_eq!(example.external_credit[Neuron(4)].to_string(), "31/64");
    assert_eq!(example.credit[Neuron(2)].0.to_string(), "217/256");
    assert_eq!(example.credit[Neuron(3)].0.to_string(), "-217/128");
    assert_eq!(
        texts(outcome.update.weights.iter()),
        ["217/128", "217/256", "-651/256", "-651/512", "651/1024", "1085/4096"]
    );
    assert_eq!(texts(outcome.update.biases.iter()), ["0", "0", "217/128", "-651/256", "217/256"]);

    let backward = backprop::run::<BigRational>(&case, &limits).unwrap();
    assert_eq!(backward.loss.to_string(), "961/8192");
    assert_eq!(backward.gradient.weights[0][0][0].to_string(), "-217/128");
    let gradient = tangent::gradient::<BigRational>(&case, &limits).unwrap();
    assert_eq!(gradient.weights[Synapse(0)].to_string(), "-217/128");
}
