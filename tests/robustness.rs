//! Hostile input: no reader panics, and every refusal says where, what was found and what was expected.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use creditcheck::Error;
use creditcheck::certify::{Options, Silent, certify};
use creditcheck::spec::{Limits, Work};
use creditcheck::wire::gradient::Subject;
use creditcheck::wire::{Document, TemporalDocument, certificate, gradient};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::Value;

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/cases");

/// Document, pointer, what is put there, and the message.
const REFUSALS: &[(&str, &str, &str, &str)] = &[
    // ragged weights
    (
        "layered",
        "/network/layers/0/weights/1",
        r#"["1/4"]"#,
        r#"network.layers[0].weights[1]: found an array of 1, expected 2 weights, as many as in the first row"#,
    ),
    // a layer that does not fit the one before
    (
        "layered",
        "/network/layers/1/weights/0",
        r#"["1", "2", "3"]"#,
        r#"network.layers[1].weights[0]: found an array of 3, expected 2 weights, one per neuron of the layer before"#,
    ),
    // too many biases
    (
        "layered",
        "/network/layers/0/biases",
        r#"["1", "2", "3"]"#,
        r#"network.layers[0].biases: found an array of 3, expected 2 biases, one per row of weights"#,
    ),
    // a short input
    (
        "layered",
        "/examples/0/input",
        r#"["1"]"#,
        r#"examples[0].input: found an array of 1, expected 2 numbers, one per input neuron"#,
    ),
    // a long target
    (
        "layered",
        "/examples/0/target",
        r#"["1", "2"]"#,
        r#"examples[0].target: found an array of 2, expected 1 numbers, one per output neuron"#,
    ),
    // an unknown activation
    (
        "layered",
        "/network/layers/0/activation",
        r#""swish""#,
        r#"network.layers[0].activation: found "swish", expected an activation: one of identity, relu, leaky_relu, hard_tanh, square, quadratic, cubic, softsign, elu_rational, tanh, logistic, softplus"#,
    ),
    // leaky_relu without slope
    (
        "layered",
        "/network/layers/0/activation",
        r#""leaky_relu""#,
        r#"network.layers[0].activation: found "leaky_relu", expected leaky_relu with its slope"#,
    ),
    // hard_tanh upside down
    (
        "layered",
        "/network/layers/0/activation",
        r#"{"name": "hard_tanh", "min": "2", "max": "1"}"#,
        r#"network.layers[0].activation: found an object, expected hard_tanh with min less than max"#,
    ),
    // a zero denominator
    (
        "layered",
        "/network/layers/0/weights/0/0",
        r#""1/0""#,
        r#"network.layers[0].weights[0][0]: found "1/0", expected a denominator that is not zero"#,
    ),
    // NaN
    (
        "layered",
        "/network/layers/0/weights/0/0",
        r#""NaN""#,
        r#"network.layers[0].weights[0][0]: found "NaN", expected a number such as "3", "-7/4", "0.125" or "0x1.8p-3""#,
    ),
    // infinity
    (
        "layered",
        "/learning_rate",
        r#""Infinity""#,
        r#"learning_rate: found "Infinity", expected a number such as "3", "-7/4", "0.125" or "0x1.8p-3""#,
    ),
    // a JSON float
    (
        "layered",
        "/learning_rate",
        r#"0.1"#,
        r#"learning_rate: found 0.1, expected an exact number in quotes"#,
    ),
    // a large integer
    (
        "layered",
        "/learning_rate",
        r#"9007199254740993"#,
        r#"learning_rate: found 9007199254740993, expected an integer within ±2^53"#,
    ),
    // a large exponent
    (
        "layered",
        "/learning_rate",
        r#""0x1p16385""#,
        r#"learning_rate: found "0x1p16385", expected a binary exponent of at most ±16384"#,
    ),
    // a decimal exponent
    (
        "layered",
        "/learning_rate",
        r#""1e5""#,
        r#"learning_rate: found "1e5", expected a number such as "3", "-7/4", "0.125" or "0x1.8p-3""#,
    ),
    // no layers
    (
        "layered",
        "/network/layers",
        r#"[]"#,
        r#"network.layers: found an array of 0, expected at least one layer"#,
    ),
    // no rows
    (
        "layered",
        "/network/layers/0/weights",
        r#"[]"#,
        r#"network.layers[0].weights: found an array of 0, expected at least one row of weights, one per postsynaptic neuron"#,
    ),
    // empty rows
    (
        "layered",
        "/network/layers/0/weights",
        r#"[[], []]"#,
        r#"network.layers[0].weights[0]: found an array of 0, expected at least one weight, one per presynaptic neuron"#,
    ),
    // no examples
    (
        "layered",
        "/examples",
        r#"[]"#,
        r#"examples: found an array of 0, expected at least one example"#,
    ),
    // another loss
    (
        "layered",
        "/loss",
        r#""cross_entropy""#,
        r#"unsupported: loss: the loss cross_entropy, which no engine has; there is "half_squared_error", mse, l1, huber, smooth_l1, hinge"#,
    ),
    // another version
    (
        "layered",
        "/format",
        r#""creditcheck/case/2""#,
        r#"format: found "creditcheck/case/2", expected "creditcheck/case/1""#,
    ),
    // another kind
    (
        "layered",
        "/network/kind",
        r#""lattice""#,
        r#"network.kind: found "lattice", expected "layered", "graph" or "temporal""#,
    ),
    // temporal
    (
        "layered",
        "/network/kind",
        r#""temporal""#,
        r#"unsupported: a network of kind "temporal" here; `creditcheck compare`, `gradient`, `check` and `show` take it"#,
    ),
    // kink
    (
        "layered",
        "/network/layers/0/kink",
        r#""middle""#,
        r#"network.layers[0].kink: found "middle", expected "left", "right", "mean", "inner", "outer", or a number from 0 to 1, the share of the slope on the right"#,
    ),
    // a share of more than all
    (
        "layered",
        "/network/layers/0/kink",
        r#""5/4""#,
        r#"network.layers[0].kink: found "5/4", expected "left", "right", "mean", "inner", "outer", or a number from 0 to 1, the share of the slope on the right"#,
    ),
    // null
    ("layered", "/network", r#"null"#, r#"network: found null, expected an object"#),
    // a second synapse
    (
        "graph",
        "/network/synapses/1",
        r#"[2, 0, "1/2"]"#,
        r#"network.synapses[1]: found a second synapse from 0 to 2, expected each pair of neurons at most once"#,
    ),
    // a neuron both input and output
    (
        "graph",
        "/network/outputs",
        r#"[0]"#,
        r#"network.outputs[0]: found 0, expected a neuron that is not also an input"#,
    ),
    // a synapse onto an input
    (
        "graph",
        "/network/synapses/0",
        r#"[0, 2, "1"]"#,
        r#"network.synapses[0][0]: found 0, expected a postsynaptic neuron that is not an input: inputs are clamped"#,
    ),
    // a bias of an input
    (
        "graph",
        "/network/biases",
        r#"["1", "0", "0", "0", "0"]"#,
        r#"network.biases[0]: found "1", expected 0: an input neuron has no bias"#,
    ),
    // an index out of range
    (
        "graph",
        "/network/synapses/0",
        r#"[9, 0, "1"]"#,
        r#"network.synapses[0][0]: found 9, expected a postsynaptic neuron from 0 to 4"#,
    ),
    // a negative index
    (
        "graph",
        "/network/inputs",
        r#"[-1, 1]"#,
        r#"network.inputs[0]: found -1, expected a neuron from 0 to 4"#,
    ),
    // an input twice
    (
        "graph",
        "/network/inputs",
        r#"[0, 0]"#,
        r#"network.inputs[1]: found 0, expected each neuron at most once"#,
    ),
    // no outputs
    (
        "graph",
        "/network/outputs",
        r#"[]"#,
        r#"network.outputs: found an array of 0, expected at least one neuron"#,
    ),
    // activations that do not match
    (
        "graph",
        "/network/activation",
        r#"["relu"]"#,
        r#"network.activation: found an array of 1, expected 5 entries, one per neuron"#,
    ),
    // too many neurons
    (
        "graph",
        "/network/neurons",
        r#"262145"#,
        r#"network.neurons: neurons: 262145 is over the limit of 262144"#,
    ),
    // absurdly many neurons
    (
        "graph",
        "/network/neurons",
        r#"99999999999"#,
        r#"network.neurons: neurons: 99999999999 is over the limit of 262144"#,
    ),
];

fn fixture(name: &str) -> Vec<u8> {
    fs::read(Path::new(CASES).join(name)).unwrap()
}

fn read(bytes: &[u8]) -> Result<Document, Error> {
    Document::read(bytes, &Limits::default())
}

fn message(bytes: &[u8]) -> String {
    read(bytes).expect_err("accepted").to_string()
}

#[test]
fn each_refusal_says_where_what_and_why() {
    for (kind, pointer, wrong, expected) in REFUSALS {
        let name =
            if *kind == "graph" { "graph-interface-example.json" } else { "worked-example.json" };
        let mut document: Value = serde_json::from_slice(&fixture(name)).unwrap();
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        let wrong_value: Value = serde_json::from_str(wrong).unwrap();
        match document.pointer_mut(parent).unwrap() {
            Value::Object(fields) => drop(fields.insert(field.into(), wrong_value)),
            list => list[field.parse::<usize>().unwrap()] = wrong_value,
        }
        assert_eq!(message(document.to_string().as_bytes()), *expected, "{wrong} at {pointer}");
    }
}

#[test]
fn text_that_is_no_document_is_refused() {
    let right = fixture("worked-example.json");
    assert!(
        message(&right[..right.len() / 2])
            .contains("found the end of the file, expected a JSON document")
    );
    assert!(message(b"").contains("expected a JSON document"));
    assert!(message(br#"{"format": 1, "format": 2}"#).contains("found the field \"format\" twice"));
    assert_eq!(message(b"[]"), "the document: found an array of 0, expected an object");
    let deep = [b"[".repeat(65), b"]".repeat(65)].concat();
    assert_eq!(message(&deep), "brackets within brackets: 65 is over the limit of 64");
    assert!(!message(&[b"[".repeat(64), b"]".repeat(64)].concat()).contains("brackets within"));
    let field = String::from_utf8(right.clone()).unwrap().replacen("{", "{\"extra\": 1,", 1);
    assert!(
        message(field.as_bytes())
            .starts_with("extra: found an unknown field, expected one of format, name")
    );
    let small = Limits { file_bytes: 10, ..Limits::default() };
    let error = Document::read(&right, &small).unwrap_err().to_string();
    assert_eq!(error, format!("bytes in the file: {} is over the limit of 10", right.len()));
}

#[test]
fn ten_megabytes_of_digits_are_refused_before_they_are_read() {
    let digits = "7".repeat(10 << 20);
    let text = String::from_utf8(fixture("worked-example.json")).unwrap();
    let text =
        text.replacen("\"learning_rate\": \"1\"", &format!("\"learning_rate\": \"{digits}\""), 1);
    assert!(text.len() > 10 << 20, "the fixture has changed");
    let shown = "7".repeat(40);
    assert_eq!(
        message(text.as_bytes()),
        format!(
            "learning_rate: found \"{shown}…\" (10485760 characters), expected at most 10000 characters in a number"
        )
    );
}

/// N² entries would be terabytes: refused before they are allocated.
#[test]
fn many_neurons_are_refused_by_the_elimination() {
    let text = r#"{"format": "creditcheck/case/1", "network": {"kind": "graph", "neurons": 200000, "inputs": [0],
        "outputs": [1], "activation": "identity", "synapses": [[1, 0, 2]]}, "loss": "half_squared_error",
        "learning_rate": 1, "examples": [{"input": [1], "target": [1]}]}"#;
    let document = read(text.as_bytes()).unwrap();
    let error = certify(&document, &Options::default(), &mut Silent).unwrap_err();
    assert_eq!(error.to_string(), "neurons in one elimination: 200000 is over the limit of 2048");
}

/// A cycle of quadratic neurons without a given equilibrium: nobody can say that it is rational.
#[test]
fn an_equilibrium_that_nobody_can_find_is_refused_with_advice() {
    let text = String::from_utf8(fixture("recurrent-cycle.json")).unwrap();
    let curved = text.replace(r#"{"name": "leaky_relu", "slope": "1/8"}"#, "\"quadratic\"");
    assert_ne!(text, curved, "the fixture has changed");
    let document = read(curved.as_bytes()).unwrap();
    let error = certify(&document, &Options::default(), &mut Silent).unwrap_err();
    assert!(matches!(error, Error::Unsupported { .. }), "{error}");
    assert!(error.to_string().contains("\"equilibrium\""), "{error}");
}

/// Numbers that square themselves layer by layer run into the limit on bits.
#[test]
fn growing_numbers_run_into_the_limit() {
    let layer = r#"{"weights": [["0x1p16384"]], "activation": "square"}"#;
    let layers = [layer; 12].join(", ");
    let text = format!(
        r#"{{"format": "creditcheck/case/1", "network": {{"kind": "layered", "layers": [{layers}]}},
        "loss": "half_squared_error", "learning_rate": 1, "examples": [{{"input": ["3/7"], "target": [1]}}]}}"#
    );
    let document = read(text.as_bytes()).unwrap();
    // The budget of work would end it before.
    let limits = Limits { work: Work::up_to(u64::MAX), ..Limits::default() };
    let error = certify(&document, &Options { limits, seed: 1 }, &mut Silent).unwrap_err();
    assert!(matches!(error, Error::Limit { limit: 1_048_576, .. }), "{error}");
}

fn originals() -> Vec<Vec<u8>> {
    let entries = fs::read_dir(CASES).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = entries.collect();
    paths.sort();
    assert!(paths.len() > 40);
    let texts = paths.iter().map(|path| fs::read(path).unwrap());
    // Networks that run in time have a reader of their own, and it trials of its own.
    texts.filter(|bytes| TemporalDocument::read(bytes, &Limits::default()).is_err()).collect()
}

fn below(random: &mut ChaCha8Rng, most: usize) -> usize {
    usize::try_from(random.next_u64() % most.max(1) as u64).unwrap()
}

/// One to three changes: flip, delete, duplicate, cut off, or another number in place of a digit.
fn mutated(original: &[u8], random: &mut ChaCha8Rng) -> Vec<u8> {
    const NUMBERS: [&str; 8] =
        ["0", "-1", "1/0", "0x1p16384", "99999999999999999999", "0.5", "NaN", "1/3"];
    let mut bytes = original.to_vec();
    for _ in 0..=below(random, 3) {
        let at = below(random, bytes.len());
        let length = below(random, 12.min(bytes.len() - at + 1));
        match below(random, 5) {
            0 if at < bytes.len() => bytes[at] ^= 1 << below(random, 8),
            1 => drop(bytes.drain(at..at + length)),
            2 => {
                let copy = bytes[at..at + length].to_vec();
                bytes.splice(at..at, copy);
            }
            3 if below(random, 8) == 0 => bytes.truncate(at),
            _ => {
                if let Some(digit) = bytes[at..].iter().position(u8::is_ascii_digit) {
                    let number = NUMBERS[below(random, NUMBERS.len())];
                    bytes.splice(at + digit..=at + digit, number.bytes());
                }
            }
        }
    }
    bytes
}

/// Every reader on these bytes; whether it was a case.
fn readers(bytes: &[u8], other: &Document) -> bool {
    let limits = Limits::default();
    let parsed = Document::read(bytes, &limits).is_ok();
    let _ = gradient::read(bytes, &Subject::of(&other.case), &limits);
    let _ = certificate::read(bytes, &limits);
    parsed
}

#[test]
fn no_bytes_make_a_reader_panic() {
    const TRIALS: usize = 100_000;
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let originals = originals();
    let other = read(&fixture("worked-example.json")).unwrap();
    let (mut panics, mut parsed) = (0, 0);
    for trial in 0..TRIALS {
        let bytes = if trial % 4 == 0 {
            (0..below(&mut random, 200)).map(|_| random.next_u64().to_le_bytes()[0]).collect()
        } else {
            mutated(&originals[trial % originals.len()], &mut random)
        };
        match catch_unwind(AssertUnwindSafe(|| readers(&bytes, &other))) {
            Ok(is_case) => parsed += usize::from(is_case),
            Err(_) => panics += 1,
        }
    }
    assert_eq!(panics, 0);
    // The mutations are mild enough that readers get past the syntax.
    assert!(parsed > TRIALS / 50, "only {parsed} of {TRIALS} were cases");
}

/// With small limits the work on any of these is bounded; none panics.
#[test]
fn mutated_cases_are_certified_or_refused() {
    const WANTED: usize = 1_000;
    let mut random = ChaCha8Rng::seed_from_u64(2);
    let originals = originals();
    let options =
        Options { limits: Limits { bits: 1 << 14, neurons: 64, ..Limits::default() }, seed: 1 };
    let (mut done, mut served, mut slowest) = (0, 0, (std::time::Duration::ZERO, String::new()));
    // Set `TRIALS` for the long run.
    let wanted = std::env::var("TRIALS").map_or(WANTED, |text| text.parse().unwrap());
    while done < wanted {
        let bytes = mutated(&originals[below(&mut random, originals.len())], &mut random);
        let Ok(document) = read(&bytes) else { continue };
        let start = std::time::Instant::now();
        let result = catch_unwind(AssertUnwindSafe(|| certify(&document, &options, &mut Silent)));
        slowest = slowest.max((start.elapsed(), document.case.title().to_string()));
        served += usize::from(
            result.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&bytes))).is_ok(),
        );
        done += 1;
    }
    println!("{served} of {done} served, the slowest {slowest:?}");
    assert!(served * 2 > done, "only {served} of {done} served");
}
