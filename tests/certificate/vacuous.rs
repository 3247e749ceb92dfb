//! Rows that are true and say nothing: issuer and verifier, which decide it apart, agree on the verdict and on the reason.

use creditcheck::certificate::verify::equations;
use creditcheck::certificate::{issue, words};
use creditcheck::spec::Limits;
use creditcheck::verdict::{Claim, Conclusion, Tier};
use creditcheck::wire::Document;

use crate::evidence::gather;

/// The verdict and the reason in tier Q, as both have them.
fn row(text: &str, claim: Claim) -> (Option<Conclusion>, Option<String>) {
    let document = Document::read(text.as_bytes(), &Limits::default()).unwrap();
    let evidence = gather(&document.case, &document.digest(), 1);
    let certificate = issue(&document.case, document.json.canonical(), 1, evidence).unwrap();
    equations(&certificate).unwrap_or_else(|refusal| panic!("{refusal}\n{text}"));
    let mut rows = certificate.claims.into_iter();
    let row = rows.find(|row| row.claim == claim && row.tier == Tier::Exact).unwrap();
    (row.verdict, row.reason)
}

fn unchecked(text: &str, claim: Claim, reason: &str) {
    let (verdict, found) = row(text, claim);
    assert_eq!(verdict, Some(Conclusion::Unchecked), "{text}");
    let found = found.unwrap();
    assert!(found.contains(reason), "{found}");
}

fn layers(layers: &str, rate: &str, examples: &str) -> String {
    format!(
        r#"{{"format": "creditcheck/case/1", "network": {{"kind": "layered", "layers": [{layers}]}},
          "loss": "half_squared_error", "learning_rate": "{rate}", "examples": [{examples}]}}"#
    )
}

/// Inputs, all of them with the same value, that drive one output.
fn graph(inputs: usize, value: &str, activation: &str, more: &str, rate: &str) -> String {
    let numbers = |k: usize| (0..k).map(|k| k.to_string()).collect::<Vec<_>>().join(", ");
    let synapses: Vec<_> = (0..inputs).map(|k| format!(r#"[{inputs}, {k}, "1/2"]"#)).collect();
    let input = vec![format!(r#""{value}""#); inputs].join(", ");
    format!(
        r#"{{"format": "creditcheck/case/1", "network": {{"kind": "graph", "neurons": {}, "inputs": [{}], "outputs": [{inputs}],
          "activation": [{}"{activation}"], "synapses": [{}]{more}}}, "loss": "half_squared_error", "learning_rate": "{rate}",
          "examples": [{{"input": [{input}], "target": ["5"]}}]}}"#,
        inputs + 1,
        numbers(inputs),
        r#""identity", "#.repeat(inputs),
        synapses.join(", "),
    )
}

fn biases(neurons: usize) -> String {
    format!(r#", "biases": [{}"1/4"]"#, r#""0", "#.repeat(neurons - 1))
}

const ZEROS: &str = "every compared entry is zero";

#[test]
fn nothing_moves() {
    // Without a learning rate no update moves anything, whatever the derivatives are.
    unchecked(&graph(2, "1", "quadratic", "", "0"), Claim::Truth, ZEROS);
    assert_eq!(row(&graph(2, "1", "quadratic", "", "1"), Claim::Truth).0, Some(Conclusion::Agree));
    // A silent output has a credit, and no direction changes the loss.
    unchecked(&graph(2, "-1", "relu", "", "1"), Claim::Truth, ZEROS);
    let net = r#"{"weights": [["1/2", "1"]], "activation": "quadratic"}"#;
    let there = r#"{"input": ["2", "0"], "target": ["2"]}"#;
    unchecked(&layers(net, "1", there), Claim::Truth, ZEROS);
    // On layers the gradient itself is compared with the derivatives.
    let off = r#"{"input": ["2", "0"], "target": ["1"]}"#;
    assert_eq!(row(&layers(net, "0", off), Claim::Truth).0, Some(Conclusion::Agree));
    let given = r#"{"weights": [["1/2", "1"]], "activation": "tanh"}"#;
    let nothing = r#"{"input": ["0", "0"], "target": ["0"]}"#;
    unchecked(&layers(given, "1", nothing), Claim::Update, ZEROS);
}

#[test]
fn a_block_of_zeros() {
    // The hidden rates are 0 and their slopes are not: the second layer learns nothing, and the first does.
    let hidden =
        r#"{"weights": [["1", "-1"], ["2", "-2"], ["1/2", "-1/2"]], "activation": "quadratic"}"#;
    let silent = format!(r#"{hidden}, {{"weights": [["1", "2", "3"]], "activation": "identity"}}"#);
    let example = r#"{"input": ["1", "1"], "target": ["1"]}"#;
    unchecked(&layers(&silent, "1", example), Claim::Update, "weights of layer 2");
    // Two errors that cancel leave a bias without gradient.
    let biased = r#"{"weights": [["1"]], "biases": ["0"], "activation": "identity"}"#;
    let cancel = r#"{"input": ["1"], "target": ["2"]}, {"input": ["2"], "target": ["1"]}"#;
    unchecked(&layers(biased, "1", cancel), Claim::Update, "biases of layer 1");
    let alive = r#"{"input": ["1"], "target": ["2"]}, {"input": ["2"], "target": ["7/4"]}"#;
    assert_eq!(row(&layers(biased, "1", alive), Claim::Update).0, Some(Conclusion::Agree));
}

#[test]
fn a_block_of_zeros_in_a_graph() {
    // As many directions as parameters up to 200, and above that no parameter is looked at alone.
    for inputs in [2, 199] {
        let silent = graph(inputs, "0", "identity", &biases(inputs + 1), "1");
        unchecked(&silent, Claim::Update, "weights of the graph");
    }
    let many = graph(200, "0", "identity", &biases(201), "1");
    assert_eq!(row(&many, Claim::Update).0, Some(Conclusion::Agree));
    // No biases are no block of zeros.
    assert_eq!(row(&graph(2, "1", "identity", "", "1"), Claim::Update).0, Some(Conclusion::Agree));
}

#[test]
fn no_neuron_needs_every_sweep() {
    // The output is silent: two sweeps settle what the first one left wrong, and so would one fewer than the longest path has.
    let net = r#"{"weights": [["2"]], "activation": "identity"}, {"weights": [["-1"]], "activation": "relu"}"#;
    let example = r#"{"input": ["1"], "target": ["1"]}"#;
    unchecked(&layers(net, "1", example), Claim::Settling, words::NO_SHORT_WITNESS);
}
