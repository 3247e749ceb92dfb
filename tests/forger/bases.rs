//! Valid certificates of every kind of small case, to forge from.

use creditcheck::certificate::{Certificate, Evidence, issue};
use creditcheck::spec::{Case, Limits};
use creditcheck::wire::Document;

use crate::evidence::{gather, settled};

/// Where every base draws its points.
pub const SEED: u64 = 1;

/// A case, what engines found on it, and the certificate.
pub struct Base {
    pub case: Case,
    pub evidence: Evidence,
    pub certificate: Certificate,
}

const TEXTS: [&str; 8] = [
    // Layers, B = 2, not symmetric, η ∉ {0, 1}.
    r#"{"format": "creditcheck/case/1", "network": {"kind": "layered", "layers": [
      {"weights": [["1/2", "-1"], ["1/4", "3/2"]], "biases": ["1/2", "-1/4"], "activation": "quadratic"},
      {"weights": [["2", "-3/4"]], "biases": ["1/8"], "activation": "quadratic"}]},
      "loss": "half_squared_error", "learning_rate": "2/3", "examples": [
      {"input": ["1", "1/2"], "target": ["1"]}, {"input": ["-1/2", "3"], "target": ["1/4"]}]}"#,
    // A neuron on its kink.
    r#"{"format": "creditcheck/case/1", "kink": "right", "network": {"kind": "layered", "layers": [
      {"weights": [["1", "-1"], ["1/2", "3/4"]], "biases": ["0", "-1/4"], "activation": "relu"},
      {"weights": [["1/2", "2"], ["-3", "1/2"]], "activation": {"name": "leaky_relu", "slope": "1/8"}, "kink": "mean"}]},
      "loss": "half_squared_error", "learning_rate": "1/4", "examples": [{"input": ["1", "1"], "target": ["1/2", "2"]}]}"#,
    // tanh: rates and balance factors are given.
    r#"{"format": "creditcheck/case/1", "network": {"kind": "layered", "layers": [
      {"weights": [["1/2", "-1"], ["1/4", "3/2"]], "biases": ["1/2", "-1/4"], "activation": "tanh"},
      {"weights": [["2", "-3/4"]], "biases": ["1/8"], "activation": "identity"}]},
      "loss": "half_squared_error", "learning_rate": "2/3", "examples": [
      {"input": ["1", "1/2"], "target": ["1"]}, {"input": ["1/4", "-1/2"], "target": ["-1"]}]}"#,
    // A balance function of its own.
    r#"{"format": "creditcheck/case/1", "expect": "disagree", "network": {"kind": "layered", "layers": [
      {"weights": [["1/2", "-1"], ["1/4", "3/2"]], "biases": ["1/2", "-1/4"], "activation": "quadratic", "balance": "cubic"},
      {"weights": [["2", "-3/4"]], "biases": ["1/8"], "activation": "quadratic"}]},
      "loss": "half_squared_error", "learning_rate": "2/3", "examples": [{"input": ["1", "1/2"], "target": ["1"]}]}"#,
    // Hidden neurons that are silent: nothing is checked.
    r#"{"format": "creditcheck/case/1", "network": {"kind": "layered", "layers": [
      {"weights": [["-1", "-1"], ["-2", "-1"]], "activation": "relu"},
      {"weights": [["2", "-3/4"]], "biases": ["1/8"], "activation": "identity"}]},
      "loss": "half_squared_error", "learning_rate": "1", "examples": [{"input": ["1", "1/2"], "target": ["1"]}]}"#,
    // A graph with a skip connection.
    r#"{"format": "creditcheck/case/1", "network": {"kind": "graph", "neurons": 5, "inputs": [1, 4], "outputs": [0],
      "activation": ["cubic", "identity", "quadratic", "square", "identity"],
      "synapses": [[2, 1, "1/2"], [2, 4, "-3/2"], [3, 2, "2"], [3, 1, "1/4"], [0, 3, "-3"], [0, 1, "5/4"]],
      "biases": ["1/4", "0", "1/8", "-1/2", "0"]}, "loss": "half_squared_error", "learning_rate": "3/2",
      "examples": [{"input": ["1", "-1/2"], "target": ["1"]}]}"#,
    // A cycle, whose equilibrium is found from rest.
    r#"{"format": "creditcheck/case/1", "network": {"kind": "graph", "neurons": 4, "inputs": [0], "outputs": [3],
      "activation": ["identity", {"name": "leaky_relu", "slope": "1/4"}, "hard_tanh", "identity"],
      "synapses": [[1, 0, "1/2"], [1, 3, "1/4"], [2, 1, "-3/4"], [2, 2, "1/4"], [3, 2, "5/8"], [3, 1, "1/8"]],
      "biases": ["0", "1/8", "-1/8", "1/2"]}, "loss": "half_squared_error", "learning_rate": "2/3",
      "examples": [{"input": ["1"], "target": ["-1"]}]}"#,
    // Polynomials on a cycle at an equilibrium that is named.
    r#"{"format": "creditcheck/case/1", "network": {"kind": "graph", "neurons": 4, "inputs": [0, 1], "outputs": [3],
      "activation": ["identity", "identity", "quadratic", "square"],
      "synapses": [[2, 0, "1/2"], [2, 3, "-1/4"], [3, 1, "2"], [3, 2, "1/2"], [2, 2, "1/4"]], "biases": ["0", "0", "1/8", "-1/4"]},
      "loss": "half_squared_error", "learning_rate": "1/2", "examples": [{"input": ["177/128", "3/16"], "target": ["1"]}],
      "equilibrium": [["177/128", "3/16", "2", "81/64"]]}"#,
];

pub fn all() -> Vec<Base> {
    let bases = TEXTS.iter().map(|text| {
        let document = Document::read(text.as_bytes(), &Limits::default()).unwrap();
        let evidence = gather(&document.case, &document.digest(), SEED);
        let text = document.json.canonical();
        let certificate = issue(&document.case, text, SEED, evidence.clone()).unwrap();
        Base { case: document.case, evidence, certificate }
    });
    bases.collect()
}

/// What a prover issues of this case when this is what the engines are said to have found: points, start and counts made anew.
pub fn reissued(case: Case, found: Evidence) -> Option<Certificate> {
    let document = Document::of(case);
    let found = settled(&document.case, &document.digest(), SEED, found);
    issue(&document.case, document.json.canonical(), SEED, found).ok()
}
