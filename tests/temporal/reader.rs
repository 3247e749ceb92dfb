//! What the readers of temporal cases and their gradients refuse: where, what was found and what was expected.

use std::panic::{AssertUnwindSafe, catch_unwind};

use creditcheck::spec::{Feedback, Limits, Modprop, Mu, Number, Taps, TemporalRule};
use creditcheck::wire::gradient::{self, Quantity, Subject};
use creditcheck::wire::{Document, TemporalDocument};
use num_rational::BigRational;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::Value;

/// Pointer, what is put there, and the message.
const CASES: &[(&str, &str, &str)] = &[
    // no leak is 1
    (
        "/network/leak",
        r#""1""#,
        r#"network.leak: found "1", expected a leak of at least 0 and less than 1"#,
    ),
    // nor below 0
    (
        "/network/leak",
        r#""-1/2""#,
        r#"network.leak: found "-1/2", expected a leak of at least 0 and less than 1"#,
    ),
    // a ragged W
    (
        "/network/recurrent/2",
        r#"["1", "2"]"#,
        r#"network.recurrent[2]: found an array of 2, expected 3 weights, one per presynaptic neuron"#,
    ),
    // a W that is not square
    (
        "/network/recurrent",
        r#"[["0", "1"], ["1", "0"]]"#,
        r#"network.input: found an array of 3, expected 2 rows of weights, one per neuron"#,
    ),
    // no neuron
    (
        "/network/recurrent",
        r#"[]"#,
        r#"network.recurrent: found an array of 0, expected at least one row of weights, one per postsynaptic neuron"#,
    ),
    // a short U
    (
        "/network/input",
        r#"[["1"]]"#,
        r#"network.input: found an array of 1, expected 3 rows of weights, one per neuron"#,
    ),
    // a ragged U
    (
        "/network/input/1",
        r#"["1", "2"]"#,
        r#"network.input[1]: found an array of 2, expected 1 weights, one per input, as in the first row"#,
    ),
    // no input
    (
        "/network/input/0",
        r#"[]"#,
        r#"network.input[0]: found an array of 0, expected at least one weight, one per input"#,
    ),
    // a short V
    (
        "/network/readout/0",
        r#"["1"]"#,
        r#"network.readout[0]: found an array of 1, expected 3 weights, one per neuron"#,
    ),
    // no readout
    (
        "/network/readout",
        r#"[]"#,
        r#"network.readout: found an array of 0, expected at least one row of weights, one per readout"#,
    ),
    // too many readout biases
    (
        "/network/readout_biases",
        r#"["1", "2"]"#,
        r#"network.readout_biases: found an array of 2, expected 1 biases, one per readout"#,
    ),
    // a type out of range
    ("/network/types/0", r#"3"#, r#"network.types[0]: found 3, expected a type from 0 to 2"#),
    // a type in quotes
    ("/network/types/0", r#""0""#, r#"network.types[0]: found "0", expected a type from 0 to 2"#),
    // too few types
    (
        "/network/types",
        r#"[0, 1]"#,
        r#"network.types: found an array of 2, expected 3 types, one per neuron"#,
    ),
    // one activation per neuron
    (
        "/network/activation",
        r#"["relu", "relu", "relu"]"#,
        r#"network.activation: found an array of 3, expected the name of an activation, or an object with its name"#,
    ),
    // a field of another kind
    (
        "/network/layers",
        r#"[]"#,
        r#"network.layers: found an unknown field, expected one of kind, leak, leak_trainable, activation, recurrent, diagonal, input, biases, readout, readout_biases, types"#,
    ),
    // unequal lengths
    (
        "/examples/0/target",
        r#"[["0"], ["1"]]"#,
        r#"examples[0].target: found an array of 2, expected 5 rows, one per time step"#,
    ),
    // a short step
    (
        "/examples/0/input/1",
        r#"[]"#,
        r#"examples[0].input[1]: found an array of 0, expected 1 numbers, one per input"#,
    ),
    // rates without time
    ("/examples/0/input/0", r#""2""#, r#"examples[0].input[0]: found "2", expected an array"#),
    // no step
    (
        "/examples/0/input",
        r#"[]"#,
        r#"examples[0].input: found an array of 0, expected at least one row, one per time step"#,
    ),
    // no example
    ("/examples", r#"[]"#, r#"examples: found an array of 0, expected at least one example"#),
    // a word that is neither
    ("/steps", r#""first""#, r#"steps: found "first", expected "all", "last" or a list of steps"#),
    // a list of steps that is none
    ("/steps", r#"[]"#, r#"steps: found an array of 0, expected at least one step"#),
    ("/steps", r#"[0]"#, r#"steps[0]: found 0, expected a step from 1 to 5"#),
    ("/steps", r#"[2, 6]"#, r#"steps[1]: found 6, expected a step from 1 to 5"#),
    ("/steps", r#"[3, 2]"#, r#"steps[1]: found 2, expected steps in ascending order, each once"#),
    // biases of the neurons
    (
        "/network/biases",
        r#"["1"]"#,
        r#"network.biases: found an array of 1, expected 3 biases, one per neuron"#,
    ),
    // a diagonal that is no word of yes or no
    ("/network/diagonal", r#""yes""#, r#"network.diagonal: found "yes", expected true or false"#),
    // initial states of too few neurons, and of no example
    (
        "/initial",
        r#"[["1"]]"#,
        r#"initial[0]: found an array of 1, expected 3 numbers, one per neuron"#,
    ),
    ("/initial", r#"[]"#, r#"initial: found an array of 0, expected 1 rows, one per example"#),
    // what is not there yet
    (
        "/network/stack",
        r#"[]"#,
        r#"unsupported: network.stack: several layers in time, where one is expected"#,
    ),
    (
        "/network/leak_trainable",
        r#"true"#,
        r#"unsupported: network.leak_trainable: a trainable leak, where a constant is expected"#,
    ),
    // a binary fraction
    ("/network/leak", r#"0.5"#, r#"network.leak: found 0.5, expected an exact number in quotes"#),
    // an equilibrium
    (
        "/equilibrium",
        r#"[]"#,
        r#"equilibrium: found an unknown field, expected one of format, name, network, loss, learning_rate, kink, steps, initial, examples"#,
    ),
];

/// The same of a gradient.
const GRADIENTS: &[(&str, &str, &str)] = &[
    (
        "/recurrent/0",
        r#"["1"]"#,
        r#"recurrent[0]: found an array of 1, expected 3 entries, one per presynaptic neuron"#,
    ),
    (
        "/recurrent",
        r#"[]"#,
        r#"recurrent: found an array of 0, expected 3 rows, one per postsynaptic neuron"#,
    ),
    ("/input/2", r#"[]"#, r#"input[2]: found an array of 0, expected 1 entries, one per input"#),
    (
        "/readout",
        r#"[["1","2","3"],["1","2","3"]]"#,
        r#"readout: found an array of 2, expected 1 rows, one per readout"#,
    ),
    (
        "/readout_biases",
        r#"["1", "2"]"#,
        r#"readout_biases: found an array of 2, expected 1 entries, one per readout"#,
    ),
    (
        "/layers",
        r#"[]"#,
        r#"layers: found an array of 0, expected no such field for a network that runs in time: it has "recurrent", "input", "biases", "readout" and "readout_biases""#,
    ),
    (
        "/inputs",
        r#"[]"#,
        r#"inputs: found an array of 0, expected no such field for a network that runs in time: it has "recurrent", "input", "biases", "readout" and "readout_biases""#,
    ),
    (
        "/options/mu",
        r#"["1"]"#,
        r#"options.mu: found an array of 1, expected 3 values of μ, one per neuron"#,
    ),
    (
        "/options/taps",
        r#""some""#,
        r#"options.taps: found "some", expected "all", or a number of taps from 0 to 1048575"#,
    ),
    (
        "/options/form",
        r#""open""#,
        r#"options.form: found "open", expected "filter" or "no-leak" or "autodiff""#,
    ),
    (
        "/options/slope",
        r#"1"#,
        r#"options.slope: found an unknown field, expected one of feedback, diagonal, taps, mu, form"#,
    ),
    ("/number", r#""f32""#, r#"input[0][0]: found "152578407/67108864", expected a value of f32"#),
    ("/quantity", r#""delta""#, r#"quantity: found "delta", expected "gradient" or "update""#),
];

fn golden() -> Vec<u8> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/cases/temporal-golden.json");
    std::fs::read(file).unwrap()
}

fn refusal(bytes: &[u8]) -> String {
    TemporalDocument::read(bytes, &Limits::default()).expect_err("accepted").to_string()
}

/// A gradient as the program writes it, with everything that there may be.
fn written() -> String {
    let case = super::committed("temporal-golden");
    let mu = Mu::Scalar(BigRational::new(1.into(), 2.into()));
    let form = creditcheck::spec::Form::Filter;
    let rule =
        TemporalRule::Modprop(Modprop { feedback: Feedback::Cell, taps: Taps::All, mu, form });
    let (number, quantity) = (Number::Exact, Quantity::Gradient);
    let found = creditcheck::certify::temporal::gradient(
        &case,
        &rule,
        number,
        quantity,
        &Limits::default(),
    );
    gradient::to_json(&found.unwrap()).pretty()
}

fn changed(right: &[u8], pointer: &str, wrong: &str) -> Vec<u8> {
    let mut document: Value = serde_json::from_slice(right).unwrap();
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    let wrong: Value = serde_json::from_str(wrong).unwrap();
    match document.pointer_mut(parent).unwrap() {
        Value::Object(fields) => drop(fields.insert(field.into(), wrong)),
        list => list[field.parse::<usize>().unwrap()] = wrong,
    }
    document.to_string().into_bytes()
}

#[test]
fn each_refusal_says_where_what_and_why() {
    for (pointer, wrong, expected) in CASES {
        assert_eq!(refusal(&changed(&golden(), pointer, wrong)), *expected, "{wrong} at {pointer}");
    }
    let case = super::committed("temporal-golden");
    let right = written();
    gradient::read(right.as_bytes(), &Subject::over_time(&case), &Limits::default()).unwrap();
    for (pointer, wrong, expected) in GRADIENTS {
        let bytes = changed(right.as_bytes(), pointer, wrong);
        let error = gradient::read(&bytes, &Subject::over_time(&case), &Limits::default())
            .expect_err("accepted");
        assert_eq!(error.to_string(), *expected, "{wrong} at {pointer}");
    }
}

#[test]
fn what_is_missing_or_too_short_is_named() {
    let mut document: Value = serde_json::from_slice(&golden()).unwrap();
    let mut shorter = document["examples"][0].clone();
    for rows in ["input", "target"] {
        shorter[rows].as_array_mut().unwrap().pop();
    }
    document["examples"].as_array_mut().unwrap().push(shorter);
    assert_eq!(
        refusal(document.to_string().as_bytes()),
        "examples[1].input: found an array of 4, expected 5 rows, one per time step, as in example 0"
    );
    for field in ["format", "network", "loss", "learning_rate", "steps", "examples"] {
        let mut document: Value = serde_json::from_slice(&golden()).unwrap();
        document.as_object_mut().unwrap().remove(field).unwrap();
        let expected = format!("no field \"{field}\"");
        assert!(refusal(document.to_string().as_bytes()).contains(&expected), "{field}");
    }
    let case = super::committed("temporal-golden");
    for field in ["format", "recurrent", "input", "readout", "readout_biases"] {
        let mut document: Value = serde_json::from_str(&written()).unwrap();
        document.as_object_mut().unwrap().remove(field).unwrap();
        let read = gradient::read(
            document.to_string().as_bytes(),
            &Subject::over_time(&case),
            &Limits::default(),
        );
        let message = read.expect_err("accepted").to_string();
        assert!(message.contains(&format!("no field \"{field}\"")), "{message}");
    }
}

/// The reader of the other networks names the commands that take this one.
#[test]
fn other_readers_say_who_takes_it() {
    let error = Document::read(&golden(), &Limits::default()).unwrap_err().to_string();
    assert!(
        error.contains("`creditcheck compare`, `gradient`, `check` and `show` take it"),
        "{error}"
    );
}

/// Flipped, cut and doubled bytes: the readers answer, and never panic.
#[test]
fn no_bytes_make_the_readers_panic() {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let case = super::committed("temporal-golden");
    let (mut cases, mut gradients, mut refused) = (0, 0, 0);
    for original in [golden(), written().into_bytes()] {
        for _ in 0..5_000 {
            let mut bytes = original.clone();
            for _ in 0..1 + random.next_u64() % 3 {
                let at = usize::try_from(random.next_u64() % bytes.len() as u64).unwrap();
                match random.next_u64() % 4 {
                    0 => bytes[at] ^= 1 << (random.next_u64() % 8),
                    1 => drop(bytes.remove(at)),
                    2 => bytes.insert(at, b"019-/[]{},\"x"[at % 12]),
                    _ if at > 0 && random.next_u64() % 8 == 0 => bytes.truncate(at),
                    _ => bytes[at] = b"0123456789"[at % 10],
                }
            }
            let read = catch_unwind(AssertUnwindSafe(|| {
                let limits = Limits::default();
                let is_case = TemporalDocument::read(&bytes, &limits).is_ok();
                (is_case, gradient::read(&bytes, &Subject::over_time(&case), &limits).is_ok())
            }));
            let (is_case, is_gradient) = read.expect("a reader panics");
            cases += usize::from(is_case);
            gradients += usize::from(is_gradient);
            refused += usize::from(!is_case && !is_gradient);
        }
    }
    assert!(cases > 100 && gradients > 100 && refused > 1_000, "{cases} {gradients} {refused}");
}
