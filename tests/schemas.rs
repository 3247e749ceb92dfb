//! Every document that this crate reads or writes is what `fixtures/schema/` says.

#[cfg(feature = "cli")]
mod outputs;
#[cfg(feature = "simulate")]
mod simulated;
mod temporal;

use std::fs;
use std::path::{Path, PathBuf};

use creditcheck::certify::gradient::{Rule, gradient};
use creditcheck::certify::{Options, Silent, certify};
use creditcheck::spec::{Dtype, Limits, Number};
use creditcheck::wire::Document;
use creditcheck::wire::certificate;
use creditcheck::wire::gradient::{Quantity, to_json};
use creditcheck::wire::json::Json;
use jsonschema::{Registry, Validator};
use serde_json::Value;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn read(path: &Path) -> Value {
    value(&fs::read_to_string(path).unwrap())
}

/// A schema; those that it refers to by file name stand beside it.
fn schema(name: &str) -> Validator {
    let folder = Path::new(FIXTURES).join("schema");
    // References are resolved against this base; nothing is fetched.
    let uri = |name: &str| format!("creditcheck:///{name}");
    let mut root = read(&folder.join(name));
    root["$id"] = Value::String(uri(name));
    let mut registry = Registry::new();
    for other in ["case.schema.json", "tasks.schema.json", "communities.schema.json"] {
        let mut text = read(&folder.join(other));
        text["$id"] = Value::String(uri(other));
        registry = registry.add(uri(other), text).unwrap();
    }
    let registry = registry.prepare().unwrap();
    jsonschema::options().with_registry(&registry).build(&root).unwrap()
}

fn assert_valid(schema: &Validator, document: &Value, what: &str) {
    let errors: Vec<_> =
        schema.iter_errors(document).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{what}:\n{}", errors.join("\n"));
}

/// Files of a folder, and fails if there are none.
fn files(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(Path::new(FIXTURES).join(folder)).unwrap();
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no file in {folder}");
    files
}

/// Whether a case runs in time: such cases have a reader, rules and outputs of their own.
fn is_temporal(path: &Path) -> bool {
    read(path)["network"]["kind"] == "temporal"
}

/// The committed cases of the other kinds.
fn untimed() -> Vec<PathBuf> {
    files("cases").into_iter().filter(|path| !is_temporal(path)).collect()
}

#[test]
fn schemas_are_schemas() {
    let mut number = 0;
    for path in files("schema") {
        let name = path.file_name().unwrap().to_str().unwrap();
        if name == "digest-vectors.json" {
            continue;
        }
        let text = read(&path);
        assert!(jsonschema::meta::is_valid(&text), "{name}");
        assert_eq!(text["$id"], name);
        schema(name);
        number += 1;
    }
    assert!(number >= 23, "{number} schemas");
}

#[test]
fn cases_follow_their_schema() {
    let schema = schema("case.schema.json");
    for folder in ["cases", "mutants", "mutants/blind", "tensors"] {
        for path in files(folder) {
            assert_valid(&schema, &read(&path), &path.display().to_string());
        }
    }
}

#[test]
fn cases_as_this_crate_writes_them_follow_their_schema() {
    let schema = schema("case.schema.json");
    for path in untimed() {
        let document = Document::read(&fs::read(&path).unwrap(), &Limits::default()).unwrap();
        assert_valid(&schema, &value(&document.json.canonical()), &path.display().to_string());
        let written = Document::of(document.case).json;
        assert_valid(&schema, &value(&written.pretty()), &path.display().to_string());
    }
}

#[test]
fn gradients_and_certificates_of_every_case_follow_their_schema() {
    let (gradients, certificates) =
        (schema("gradient.schema.json"), schema("certificate.schema.json"));
    let mut numbers = [0, 0];
    for path in untimed() {
        let name = path.display().to_string();
        if is_temporal(&path) {
            continue;
        }
        let document = Document::read(&fs::read(&path).unwrap(), &Limits::default()).unwrap();
        for number in [Number::Exact, Number::Float(Dtype::F64)] {
            for quantity in [Quantity::Gradient, Quantity::Update] {
                // Recurrent networks have no gradient yet, transcendental activations no exact one.
                let found = gradient(
                    &document.case,
                    Rule::Credit,
                    number,
                    quantity,
                    &Limits::default(),
                    &mut Silent,
                );
                let Ok(found) = found else { continue };
                let written = to_json(&found).pretty();
                assert_valid(&gradients, &value(&written), &name);
                numbers[0] += 1;
            }
        }
        let Ok(certified) = certify(&document, &Options::default(), &mut Silent) else { continue };
        assert_valid(&certificates, &value(&certificate::write(&certified.certificate)), &name);
        numbers[1] += 1;
    }
    let all = untimed().len();
    // Without the float side there are exact gradients only, and none of transcendental activations.
    let least = if cfg!(feature = "fast") { [3 * all, all - 1] } else { [all, all - 8] };
    assert!(numbers[0] >= least[0] && numbers[1] >= least[1], "only {numbers:?} of {all} cases");
}

#[test]
fn vectors_follow_their_schema() {
    let schemas = ["vectors.schema.json", "temporal-vectors.schema.json"];
    let schemas = schemas.map(|name| (name, schema(name)));
    let mut numbers = [0, 0];
    for path in files("vectors/v1").into_iter().chain(files("vectors/v2")) {
        let document = read(&path);
        let named = schemas.iter().position(|(name, _)| document["schema"] == *name).unwrap();
        assert_valid(&schemas[named].1, &document, &path.display().to_string());
        numbers[named] += 1;
    }
    assert!(numbers[0] >= 100 && numbers[1] >= 4, "{numbers:?}");
}

#[test]
fn digests_are_those_of_the_vectors() {
    let file = read(&Path::new(FIXTURES).join("schema/digest-vectors.json"));
    let vectors = file["vectors"].as_array().unwrap();
    assert!(vectors.len() >= 2);
    for vector in vectors {
        let text = vector["case"].to_string();
        let document = Document::read(text.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(document.digest(), vector["digest"].as_str().unwrap());
        let hashed = vector.as_object().unwrap().values().filter_map(Value::as_str);
        assert!(hashed.into_iter().any(|text| text == document.json.canonical()));
    }
}

/// Whatever the schema of cases accepts in these, the reader must judge too, and the other way round.
#[test]
fn what_is_wrong_is_refused_by_schema_and_reader() {
    let schema = schema("case.schema.json");
    let right = read(&Path::new(FIXTURES).join("cases/worked-example.json"));
    assert_valid(&schema, &right, "the worked example");
    let wrongs: [(&str, &str); 12] = [
        ("/format", "\"creditcheck/case/2\""),
        ("/loss", "\"cross_entropy\""),
        ("/learning_rate", "0.5"),
        ("/learning_rate", "\"1e3\""),
        ("/learning_rate", "\"NaN\""),
        ("/learning_rate", "null"),
        ("/network/kind", "\"lattice\""),
        ("/network/layers", "[]"),
        ("/network/layers/0/activation", "\"swish\""),
        ("/network/layers/0/activation", "\"leaky_relu\""),
        ("/examples", "[]"),
        ("/examples/0", "{\"input\": [1, 2], \"target\": [1], \"weight\": 1}"),
    ];
    for (pointer, wrong) in wrongs {
        let mut document = right.clone();
        *document.pointer_mut(pointer).unwrap() = value(wrong);
        assert!(!schema.is_valid(&document), "the schema accepts {wrong} at {pointer}");
        let read = Document::read(document.to_string().as_bytes(), &Limits::default());
        assert!(read.is_err(), "the reader accepts {wrong} at {pointer}");
    }
}

/// References to tensor files: what a schema can say of them.
#[test]
fn wrong_references_are_refused() {
    let right = read(&Path::new(FIXTURES).join("tensors/another-file.json"));
    let layer = "/network/layers/0";
    let at = |rest: &str| format!("{layer}{rest}");
    let paths = [at("/weights/file"), at("/weights/sha256"), at("/weights"), at("/biases")];
    refused(
        &schema("case.schema.json"),
        &right,
        &[
            (&paths[0], None),
            (&paths[0], Some("3")),
            (&paths[1], Some("\"0000\"")),
            (&paths[2], Some("{\"file\": \"w.npy\", \"shape\": [2, 2]}")),
            (&paths[3], Some("\"b.npy\"")),
            ("/examples/inputs", None),
            ("/examples/inputs", Some("[]")),
            ("/examples/targets", Some("{\"tensor\": \"t\"}")),
        ],
    );
}

fn refused(schema: &Validator, right: &Value, wrongs: &[(&str, Option<&str>)]) {
    assert_valid(schema, right, "unchanged");
    for (pointer, wrong) in wrongs {
        let mut document = right.clone();
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        match wrong {
            Some(wrong) => *document.pointer_mut(pointer).expect(pointer) = value(wrong),
            None => {
                let parent = document.pointer_mut(parent).unwrap().as_object_mut().unwrap();
                assert!(parent.remove(field).is_some(), "nothing at {pointer}");
            }
        }
        assert!(!schema.is_valid(&document), "accepted: {wrong:?} at {pointer}");
    }
}

#[test]
fn wrong_vectors_are_refused() {
    let right = read(&Path::new(FIXTURES).join("vectors/v1/quadratic_square_test.json"));
    let test = "/testGroups/0/tests/0";
    let at = |rest: &str| format!("{test}{rest}");
    let paths = [
        at("/expected/updates"),
        at("/expected/examples/0/rates"),
        at("/expected/examples/0/creditsAfterSweeps"),
        at("/expected/examples/0/rates/0/0"),
        at("/result"),
        at("/id"),
    ];
    refused(
        &schema("vectors.schema.json"),
        &right,
        &[
            (&paths[0], None),
            (&paths[1], None),
            (&paths[2], None),
            (&paths[3], Some("0.5")),
            (&paths[3], Some("\"2/4/1\"")),
            (&paths[4], Some("\"maybe\"")),
            (&paths[5], None),
            ("/numberOfTests", Some("0")),
            ("/testGroups", Some("[]")),
        ],
    );
}

#[test]
fn wrong_certificates_and_gradients_are_refused() {
    let path = Path::new(FIXTURES).join("cases/worked-example.json");
    let document = Document::read(&fs::read(path).unwrap(), &Limits::default()).unwrap();
    let certified = certify(&document, &Options::default(), &mut Silent).unwrap();
    refused(
        &schema("certificate.schema.json"),
        &value(&certificate::write(&certified.certificate)),
        &[
            ("/case_digest", Some("\"sha256:abc\"")),
            ("/case/loss", Some("\"another\"")),
            ("/claims/0/verdict", Some("\"perhaps\"")),
            ("/claims/0/tier", None),
            ("/witnesses", None),
            ("/digest", None),
        ],
    );
    let rule = Rule::Credit;
    let exact = gradient(
        &document.case,
        rule,
        Number::Exact,
        Quantity::Gradient,
        &Limits::default(),
        &mut Silent,
    );
    let written: Json = to_json(&exact.unwrap());
    refused(
        &schema("gradient.schema.json"),
        &value(&written.pretty()),
        &[
            ("/format", None),
            ("/layers", None),
            ("/quantity", Some("\"derivative\"")),
            ("/number", Some("\"f8\"")),
            ("/layers/0/weights/0/0", Some("0.5")),
        ],
    );
}

/// Feedback alignment has its matrices, and no other rule of layers has options.
#[test]
fn the_options_of_a_rule_follow_their_schema() {
    use creditcheck::certify::gradient::aligned;
    use creditcheck::spec::{FeedbackMatrices, Network};
    let path = Path::new(FIXTURES).join("cases/worked-example.json");
    let case = Document::read(&fs::read(path).unwrap(), &Limits::default()).unwrap().case;
    let Network::Layered(net) = &case.network else { panic!("layers") };
    let matrices = FeedbackMatrices::transposed(net);
    let asked = (Number::Exact, Quantity::Update);
    let found = aligned(&case, &matrices, asked, &Limits::default()).unwrap();
    let (schema, written) = (schema("gradient.schema.json"), to_json(&found).pretty());
    assert_valid(&schema, &value(&written), "feedback alignment");
    refused(
        &schema,
        &value(&written),
        &[
            ("/options", None),
            ("/options/feedback", None),
            ("/options/feedback/0/0/0", Some("0.5")),
            ("/options/feedback/0/0", Some("[]")),
            ("/options", Some(r#"{"feedback": "cell"}"#)),
            ("/rule", Some("\"backprop\"")),
            ("/rule", None),
        ],
    );
}

/// What the program prints with these arguments, in the folder of the large network of the audit.
#[cfg(feature = "cli")]
fn printed(arguments: &[&str]) -> Value {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_creditcheck"))
        .args(arguments)
        .args(["--format", "json"])
        .current_dir(Path::new(FIXTURES).join("audit/digits-784-128-64-10"))
        .output()
        .unwrap();
    value(&String::from_utf8(output.stdout).unwrap())
}

#[cfg(feature = "cli")]
#[test]
fn large_certificates_and_audits_follow_their_schemas() {
    let audit = ["audit", "net.safetensors", "data.safetensors", "jax.safetensors"];
    let certify = ["certify", "case.json"];
    for (name, arguments) in [("audit", audit.as_slice()), ("large-certificate", &certify)] {
        let schema = schema(&format!("{name}.schema.json"));
        let document = printed(arguments);
        assert_valid(&schema, &document, name);
        // No field may be left out, and none added.
        for field in document.as_object().unwrap().keys() {
            let mut without = document.clone();
            without.as_object_mut().unwrap().remove(field);
            assert!(!schema.is_valid(&without), "{name} without {field}");
        }
        let mut more = document.clone();
        more["more"] = Value::Null;
        assert!(!schema.is_valid(&more), "{name} with another field");
    }
}
