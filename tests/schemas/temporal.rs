//! Networks that run in time: their cases, gradients, comparisons and vectors.

use std::fs;
use std::path::{Path, PathBuf};

use creditcheck::spec::{Dtype, Limits, Number};
use creditcheck::wire::gradient::Quantity;
use creditcheck::wire::{StackDocument, TemporalDocument};

#[cfg(feature = "cli")]
use super::printed;
use super::{FIXTURES, assert_valid, files, is_temporal, read, refused, schema, value};

/// Whether a case has layers in time, or a leak that is a parameter.
fn is_stack(path: &Path) -> bool {
    let network = &read(path)["network"];
    network.get("stack").is_some() || network.get("leak_trainable").is_some()
}

#[test]
fn cases_over_time_follow_the_schema_and_the_reader_agrees_with_it() {
    let schema = schema("case.schema.json");
    let all = ["cases", "mutants"].into_iter().flat_map(files);
    let over_time: Vec<PathBuf> = all.filter(|path| is_temporal(path)).collect();
    assert!(over_time.len() >= 5, "{over_time:?}");
    for path in &over_time {
        let name = path.display().to_string();
        let bytes = fs::read(path).unwrap();
        if is_stack(path) {
            let document = StackDocument::read(&bytes, &Limits::default()).unwrap();
            assert_valid(&schema, &value(&document.json.canonical()), &name);
            continue;
        }
        let document = TemporalDocument::read(&bytes, &Limits::default()).unwrap();
        assert_valid(&schema, &value(&document.json.canonical()), &name);
        assert_valid(&schema, &value(&TemporalDocument::of(document.case).json.pretty()), &name);
    }
    let right = read(&Path::new(FIXTURES).join("cases/temporal-golden.json"));
    let wrongs = [
        ("/steps", "\"first\""),
        ("/steps", "[]"),
        ("/steps", "[0, 1]"),
        ("/steps", "[1, 1]"),
        ("/network/leak", "0.5"),
        ("/network/recurrent", "[]"),
        ("/network/input/0", "\"1\""),
        ("/network/types/0", "-1"),
        ("/examples/0/input", "[\"1\", \"2\"]"),
        ("/examples/0/target", "[]"),
        ("/kink", "\"middle\""),
    ];
    for (pointer, wrong) in wrongs {
        let mut document = right.clone();
        match document.pointer_mut(pointer) {
            Some(place) => *place = value(wrong),
            None => document["kink"] = value(wrong),
        }
        assert!(!schema.is_valid(&document), "the schema accepts {wrong} at {pointer}");
        let read = TemporalDocument::read(document.to_string().as_bytes(), &Limits::default());
        assert!(read.is_err(), "the reader accepts {wrong} at {pointer}");
    }
    // Steps belong to networks that run in time, and they cannot do without.
    let mut without = right;
    without.as_object_mut().unwrap().remove("steps");
    assert!(!schema.is_valid(&without));
    let mut still = read(&Path::new(FIXTURES).join("cases/worked-example.json"));
    still["steps"] = value("\"all\"");
    assert!(!schema.is_valid(&still));
}

/// Networks that run in time: the case as written, and every rule's gradient of it.
#[test]
fn temporal_cases_and_their_gradients_follow_their_schemas() {
    use creditcheck::certify::temporal;
    use creditcheck::spec::{Diagonal, Feedback, Form, Modprop, Mu, Taps, TemporalRule};
    use creditcheck::wire::gradient::to_json;

    let (cases, gradients) = (schema("case.schema.json"), schema("gradient.schema.json"));
    let limits = Limits::default();
    let mut written = 0;
    let of_one = |path: &PathBuf| is_temporal(path) && !is_stack(path);
    for path in files("cases").into_iter().filter(of_one) {
        let name = path.display().to_string();
        let document = TemporalDocument::read(&fs::read(&path).unwrap(), &limits).unwrap();
        assert_valid(&cases, &value(&document.json.canonical()), &name);
        let again = TemporalDocument::of(document.case.clone()).json;
        assert_valid(&cases, &value(&again.pretty()), &name);
        let per_cell = vec![document.case.learning_rate.clone(); document.case.network.neurons()];
        let feedback = match document.case.network.types {
            Some(_) => Feedback::Type(Diagonal::Excluded),
            None => Feedback::Cell,
        };
        let (taps, form) = (Taps::Count(2), Form::NoLeak);
        let modprop = Modprop { feedback, taps, mu: Mu::PerCell(per_cell), form };
        for rule in [
            TemporalRule::Bptt,
            TemporalRule::Eprop,
            TemporalRule::Mdgl { feedback },
            TemporalRule::Modprop(modprop),
        ] {
            for number in [Number::Exact, Number::Float(Dtype::F64), Number::Float(Dtype::F32)] {
                for quantity in [Quantity::Gradient, Quantity::Update] {
                    // Transcendental activations have no exact gradient, and builds without floats no other.
                    let found =
                        temporal::gradient(&document.case, &rule, number, quantity, &limits);
                    let Ok(found) = found else { continue };
                    assert_valid(&gradients, &value(&to_json(&found).pretty()), &name);
                    written += 1;
                }
            }
        }
    }
    let least = if cfg!(feature = "fast") { 24 } else { 8 };
    assert!(written >= least, "only {written}");
}

#[test]
fn wrong_temporal_cases_are_refused_by_schema_and_reader() {
    let schema = schema("case.schema.json");
    let right = read(&Path::new(FIXTURES).join("cases/temporal-golden.json"));
    let wrongs = [
        ("/steps", "\"first\""),
        ("/network/leak", "0.5"),
        ("/network/recurrent", "[]"),
        ("/network/readout/0", "[]"),
        ("/network/types/0", "\"0\""),
        ("/network/activation", "[\"relu\"]"),
        ("/examples/0/input", "[\"1\"]"),
        ("/examples/0/target/0", "\"1\""),
        ("/examples/0", "{\"input\": [[1]]}"),
    ];
    for (pointer, wrong) in wrongs {
        let mut document = right.clone();
        *document.pointer_mut(pointer).expect(pointer) = value(wrong);
        assert!(!schema.is_valid(&document), "the schema accepts {wrong} at {pointer}");
        let bytes = document.to_string();
        let read = TemporalDocument::read(bytes.as_bytes(), &Limits::default());
        assert!(read.is_err(), "the reader accepts {wrong} at {pointer}");
    }
    // Time is for temporal networks, and they need it.
    let mut without = right.clone();
    assert!(without.as_object_mut().unwrap().remove("steps").is_some());
    assert!(!schema.is_valid(&without));
    let mut layered = read(&Path::new(FIXTURES).join("cases/worked-example.json"));
    layered["steps"] = value("\"all\"");
    assert!(!schema.is_valid(&layered));
}

#[cfg(feature = "cli")]
#[test]
fn comparisons_follow_their_schema() {
    let schema = schema("comparison.schema.json");
    let golden = Path::new(FIXTURES).join("cases/temporal-golden.json");
    let document = printed(&["compare", golden.to_str().unwrap(), "--mu", "1,1/2,0"]);
    assert_valid(&schema, &document, "comparison");
    for field in document.as_object().unwrap().keys() {
        let mut without = document.clone();
        without.as_object_mut().unwrap().remove(field);
        assert!(!schema.is_valid(&without), "a comparison without {field}");
    }
    refused(
        &schema,
        &document,
        &[
            ("/verdict", Some("\"perhaps\"")),
            ("/exact", Some("[]")),
            ("/rules", Some("[]")),
            ("/exact/0/equal", None),
            ("/rules/0/recurrent", None),
            ("/rules/0/recurrent/largest_difference", Some("\"0.5\"")),
            ("/rules/0/recurrent/cosine", Some("0.5")),
            ("/rules/0/conditions/0/claim", Some("10")),
            ("/rules/1/options/feedback", Some("\"neuron\"")),
        ],
    );
    // Of a network without time, with the gradient of a file.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/judge.in");
    let at = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let document = printed(&["compare", &at("case.json"), &at("one-wrong.json")]);
    assert_valid(&schema, &document, "comparison of layers");
    refused(
        &schema,
        &document,
        &[
            ("/gradients", None),
            ("/gradients/3/source", Some("\"somebody\"")),
            ("/gradients/3/whole/relative", Some("0.5")),
            ("/gradients/3/blocks/0/name", None),
            ("/gradients/3/blocks/0/nonzero", Some("-1")),
            ("/gradients/3/number", None),
        ],
    );
}

#[test]
fn wrong_vectors_over_time_are_refused() {
    let right = read(&Path::new(FIXTURES).join("vectors/v1/temporal_relu_test.json"));
    let expected = "/testGroups/0/tests/0/expected";
    let at = |rest: &str| format!("{expected}{rest}");
    let paths = [
        at("/gradient"),
        at("/rules"),
        at("/examples/0/steps/1/adjoints"),
        at("/examples/0/steps/1/traces/0"),
        at("/rules/0/totalCredits"),
        at("/rules/0/rule/name"),
        at("/gradient/recurrent/0/1"),
    ];
    refused(
        &schema("temporal-vectors.schema.json"),
        &right,
        &[
            (&paths[0], None),
            (&paths[1], None),
            (&paths[2], None),
            (&paths[3], Some("0.5")),
            (&paths[4], None),
            (&paths[5], Some("\"dfa\"")),
            (&paths[6], Some("\"1/2/3\"")),
            ("/testGroups/0/tests/0/result", Some("\"invalid\"")),
            ("/numberOfTests", Some("0")),
        ],
    );
}

/// Layers in time: every rule's gradient follows the schema, and what is wrong is refused by it and by the reader.
#[test]
fn layers_in_time_and_their_gradients_follow_their_schemas() {
    use creditcheck::certify::temporal::stack::gradient;
    use creditcheck::spec::TemporalRule;
    use creditcheck::wire::gradient::{Subject, read as read_gradient, to_json};

    let (cases, gradients) = (schema("case.schema.json"), schema("gradient.schema.json"));
    let limits = Limits::default();
    for path in files("cases").into_iter().filter(|path| is_stack(path)) {
        let name = path.display().to_string();
        let case = StackDocument::read(&fs::read(&path).unwrap(), &limits).unwrap().case;
        let (number, quantity) = (Number::Exact, Quantity::Gradient);
        let found = gradient(&case, &TemporalRule::Bptt, number, quantity, &limits).unwrap();
        let right = value(&to_json(&found).pretty());
        assert_valid(&gradients, &right, &name);
        let subject = Subject::of_stack(&case);
        let wrongs = [
            ("/stack/0/leak", "[\"1\"]"),
            ("/leak", "0.5"),
            ("/stack", "[]"),
            ("/stack/1/recurrent", "\"1\""),
            ("/layers", "[]"),
        ];
        for (pointer, wrong) in wrongs {
            let mut document = right.clone();
            match document.pointer_mut(pointer) {
                Some(place) => *place = value(wrong),
                None => document[pointer.trim_start_matches('/')] = value(wrong),
            }
            assert!(!gradients.is_valid(&document), "the schema accepts {wrong} at {pointer}");
            let read = read_gradient(document.to_string().as_bytes(), &subject, &limits);
            assert!(read.is_err(), "the reader accepts {wrong} at {pointer}");
        }
    }
    let right = read(&Path::new(FIXTURES).join("cases/layers-in-time.json"));
    for (pointer, wrong) in [
        ("/network/stack", "[]"),
        ("/network/stack", "{}"),
        ("/network/stack/0/input", "[]"),
        ("/network/stack/0/leak_trainable", "1"),
        ("/network/stack/1/recurrent/0", "\"1\""),
        ("/network/stack/1/initial", "[]"),
    ] {
        let mut document = right.clone();
        *document.pointer_mut(pointer).unwrap() = value(wrong);
        assert!(!cases.is_valid(&document), "the schema accepts {wrong} at {pointer}");
        let read = StackDocument::read(document.to_string().as_bytes(), &limits);
        assert!(read.is_err(), "the reader accepts {wrong} at {pointer}");
    }
}
