//! What to declare at the kinks of frameworks: the second table of `numbers` is made from what was measured.

use serde_json::Value;

use super::{read, rows};

/// The functions of the table, each with its kinks as they are called in `kinks.json`.
const FUNCTIONS: [(&str, &[&str]); 6] = [
    ("relu", &["relu at 0"]),
    ("maximum(s, 0)", &["maximum(s, 0) at 0"]),
    ("where(s > 0, s, 0)", &["where(s > 0, s, 0) at 0"]),
    ("leaky relu (0.01)", &["leaky relu (0.01) at 0"]),
    ("hard tanh", &["hard tanh at −1", "hard tanh at 1"]),
    ("clip(s, −1, 1)", &["clip(s, −1, 1) at −1", "clip(s, −1, 1) at 1"]),
];

const FRAMEWORKS: [&str; 10] = [
    "PyTorch",
    "JAX",
    "TensorFlow",
    "Keras",
    "tinygrad",
    "autograd",
    "Paddle",
    "MLX",
    "MXNet",
    "Chainer",
];

/// One word for the slopes at all kinks, if there is one.
fn declared(slopes: &[&str]) -> String {
    match slopes {
        ["left", "right"] => "outer".to_owned(),
        ["right", "left"] => "inner".to_owned(),
        [first, rest @ ..] if rest.iter().all(|slope| slope == first) => (*first).to_owned(),
        _ => panic!("no convention has {slopes:?}"),
    }
}

#[test]
fn the_conventions_of_frameworks_are_those_that_were_measured() {
    let measured: Value = serde_json::from_str(&read("fixtures/audit/kinks.json")).unwrap();
    let page = read("src/docs/numbers.md");
    let (_, section) = page.split_once("What to declare as").unwrap();
    let told = rows(section);
    for (function, kinks) in FUNCTIONS {
        let row = told.iter().find(|cells| cells[0] == function).expect(function);
        for (framework, cell) in FRAMEWORKS.iter().zip(&row[1..]) {
            let slopes = &measured["frameworks"][framework]["slopes"];
            let found: Option<Vec<_>> = kinks.iter().map(|k| slopes[k]["is"].as_str()).collect();
            let expected = found.map_or(String::new(), |found| declared(&found));
            assert_eq!(*cell, expected, "{function} in {framework}");
        }
    }
}
