//! What each command writes follows its schema, and no schema takes a document with a field too few, too many or of another type.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use creditcheck::mutants::kill_matrix;
use creditcheck::report::{self, Row, Training};
use creditcheck::spec::Limits;
use creditcheck::vectors;
use creditcheck::verdict::Conclusion;
use jsonschema::Validator;
use serde_json::{Value, json};

use super::{FIXTURES, assert_valid, read, schema, value};

const GOOD: &str = "fixtures/cases/worked-example.json";

/// Exit code and document of a command.
fn written(arguments: &[&str]) -> (i32, Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_creditcheck"))
        .args(arguments)
        .args(["--format", "json", "--quiet"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let document = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{arguments:?}: {text}"));
    (output.status.code().unwrap(), document)
}

fn folder(name: &str) -> PathBuf {
    crate::generators::empty_folder(&format!("outputs/{name}"))
}

/// Every place of a document (two entries of a list stand for all), and its path with `*` for their numbers.
fn places(at: &Value, pointer: &str, path: &str, found: &mut Vec<(String, String)>) {
    found.push((pointer.to_owned(), path.to_owned()));
    match at {
        Value::Object(fields) => {
            for (name, inner) in fields {
                places(inner, &format!("{pointer}/{name}"), &format!("{path}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (k, inner) in items.iter().enumerate().take(2) {
                places(inner, &format!("{pointer}/{k}"), &format!("{path}/*"), found);
            }
        }
        _ => {}
    }
}

fn of_another_type(of: &Value) -> Value {
    match of {
        Value::String(_) => json!(7.5),
        _ => json!("another\ntype"),
    }
}

/// Changes each place: its type, a field more, a field less; and returns which changes the schema takes.
fn accepted(schema: &Validator, document: &Value) -> (BTreeSet<String>, usize) {
    let (mut found, mut tried, mut taken) = (Vec::new(), 0, BTreeSet::new());
    places(document, "", "", &mut found);
    let mut attempt = |changed: &Value, what: String| {
        tried += 1;
        if schema.is_valid(changed) {
            taken.insert(what);
        }
    };
    for (pointer, path) in &found {
        let mut changed = document.clone();
        let place = changed.pointer_mut(pointer).unwrap();
        *place = of_another_type(place);
        attempt(&changed, format!("type of {path}"));
        let Value::Object(fields) = document.pointer(pointer).unwrap() else { continue };
        let mut changed = document.clone();
        changed.pointer_mut(pointer).unwrap()["surplus"] = json!([null]);
        attempt(&changed, format!("{path}/surplus"));
        for field in fields.keys() {
            let mut changed = document.clone();
            changed.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(field);
            attempt(&changed, format!("without {path}/{field}"));
        }
    }
    (taken, tried)
}

/// A document is valid, and its schema takes no change but these.
fn assert_tight(name: &str, document: &Value, free: &[&str]) {
    let schema = schema(&format!("{name}.schema.json"));
    assert_valid(&schema, document, name);
    let (taken, tried) = accepted(&schema, document);
    let free: BTreeSet<String> = free.iter().map(|what| (*what).to_owned()).collect();
    assert_eq!(taken, free, "{name}: changes that the schema takes");
    assert!(tried >= 8, "{name}: {tried} changes");
}

#[test]
fn judgements_follow_their_schema() {
    let mine = "tests/cli/judge.in";
    let (case, over_time) = (format!("{mine}/case.json"), "tests/cli/temporal.in");
    let mut verdicts = BTreeMap::new();
    for (case, mine) in [
        (case.clone(), format!("{mine}/exact.json")),
        (case.clone(), format!("{mine}/one-wrong.json")),
        (case, format!("{mine}/sign.json")),
        (format!("{over_time}/case.json"), format!("{over_time}/right.json")),
        (format!("{over_time}/case.json"), format!("{over_time}/one-wrong.json")),
    ] {
        let (code, document) = written(&["check", &case, &mine]);
        assert_tight("judgement", &document, &[]);
        let verdict = document["verdict"].as_str().unwrap().to_owned();
        assert_eq!(code, i32::from(verdict == "different"), "{mine}");
        *verdicts.entry(verdict).or_insert(0) += 1;
    }
    assert!(verdicts.len() >= 2, "{verdicts:?}");
}

#[test]
fn what_verify_finds_follows_its_schema() {
    let path = folder("verified").join("certificate.json");
    let certificate = path.to_str().unwrap();
    for (case, expected) in [
        (GOOD, "agree"),
        ("fixtures/cases/dead-relu.json", "unchecked"),
        ("fixtures/cases/own-balance-square.json", "agree"),
        ("fixtures/cases/recurrent-cycle.json", "agree"),
    ] {
        let (_, issued) = written(&["certify", case]);
        fs::write(&path, issued.to_string()).unwrap();
        let (_, document) = written(&["verify", certificate]);
        // Which equations there are depends on the certificate.
        let equations = document["substitutions"].as_object().unwrap().keys();
        let equations: Vec<_> =
            equations.map(|name| format!("without /substitutions/{name}")).collect();
        let equations: Vec<_> = equations.iter().map(String::as_str).collect();
        assert_tight("verified", &document, &equations);
        assert_eq!(document["conclusion"], expected, "{case}");
        // Refused: by its digest, and by an equation.
        let mut forged = issued.clone();
        forged["seed"] = json!("2");
        fs::write(&path, forged.to_string()).unwrap();
        let (code, document) = written(&["verify", certificate]);
        assert_tight("verified", &document, &[]);
        assert_eq!((code, &document["equation"]), (1, &json!("digest")));
    }
}

#[test]
fn reports_follow_their_schema() {
    let cases = [
        GOOD,
        "fixtures/cases/activation-tanh.json",
        "fixtures/cases/own-balance-square.json",
        "fixtures/cases/dead-relu.json",
        "no-such-file.json",
    ];
    let (code, document) = written(&[&["certify"], &cases[..]].concat());
    assert_eq!(code, 2);
    for k in 0..cases.len() {
        let mut one = document.clone();
        one["cases"] = json!([document["cases"][k]]);
        // Every cell of a case, not the first two.
        let cells = one["cases"][0]["cells"].as_array().cloned().unwrap_or_default();
        assert_tight("report", &one, &[]);
        for cell in cells {
            one["cases"][0]["cells"] = json!([cell]);
            assert_tight("report", &one, &[]);
        }
    }
    let training = Training { sentence: "93 % of the held-out digits".into(), learned: true };
    let found = report::Found {
        network: "64-12-10 relu".into(),
        parameters: 910,
        examples: 10,
        digest: format!("sha256:{}", "0".repeat(64)),
        expect: creditcheck::spec::Expect::Agree,
        table: creditcheck::verdict::Table::default(),
    };
    let conclusion = Some(Conclusion::Unchecked);
    let row =
        Row { name: "digits".into(), result: Ok(found), training: Some(training), conclusion };
    let document = value(&report::many_json(1, &[row]).pretty());
    assert_tight("report", &document, &["without /cases/*/training"]);
}

#[test]
fn steps_follow_their_schema() {
    for case in [
        "worked-example",
        "kink-by-layer",
        "activation-tanh",
        "graph-skip-dead-end",
        "recurrent-cycle",
        "own-balance-square",
    ] {
        let (_, document) = written(&["show", &format!("fixtures/cases/{case}.json")]);
        assert_tight("steps", &document, &[]);
    }
    let over_time = "fixtures/cases/temporal-golden.json";
    for options in [&[][..], &["--mu", "-1/3"], &["--mu", "1,1/2,0"]] {
        let (_, document) = written(&[&["show", over_time], options].concat());
        assert_tight("steps", &document, &[]);
    }
}

#[test]
fn the_kill_matrix_follows_its_schema() {
    let document = value(&kill_matrix(&Limits::default()).unwrap().to_json().pretty());
    let runs = |mutant: &Value| mutant["runs"].as_array().unwrap().clone();
    let mutants = document["mutants"].as_array().unwrap();
    assert_valid(&schema("mutants.schema.json"), &document, "mutants");
    let equivalent = |run: &Value| run["status"] == "equivalent";
    let has_both = |mutant: &&Value| {
        let runs = runs(mutant);
        runs.iter().any(equivalent) && !runs.iter().all(equivalent)
    };
    let mut tried = 0;
    for kind in ["M", "K", "T"] {
        let of_kind = |mutant: &&Value| mutant["id"].as_str().unwrap().starts_with(kind);
        let Some(mutant) = mutants.iter().filter(of_kind).find(has_both) else { continue };
        for wanted in [true, false] {
            let mut one = document.clone();
            one["mutants"] = json!([mutant]);
            let run = runs(mutant).into_iter().find(|run| equivalent(run) == wanted).unwrap();
            one["mutants"][0]["runs"] = json!([run]);
            assert_tight("mutants", &one, &[]);
            tried += 1;
        }
    }
    assert!(tried >= 4, "{tried}");
}

#[test]
fn what_vectors_make_and_differ_in_follows_its_schema() {
    let file = "v1/identity_square_test.json";
    let text = fs::read_to_string(Path::new(FIXTURES).join("vectors").join(file)).unwrap();
    let made = BTreeMap::from([(file.to_owned(), text.clone())]);
    for (on_disk, differs) in [
        (BTreeMap::from([(file.to_owned(), text.clone().into_bytes())]), false),
        (BTreeMap::from([(file.to_owned(), text.replacen('1', "2", 1).into_bytes())]), true),
        (BTreeMap::new(), true),
    ] {
        let differences = vectors::compare(&on_disk, &made);
        assert_eq!(!differences.is_empty(), differs);
        let document = value(&report::vectors_checked_json(made.len(), &differences).pretty());
        assert_tight("vectors-check", &document, &[]);
    }
    let document = value(&report::vectors_generated_json(made.keys(), text.len()).pretty());
    assert_tight("vectors-generate", &document, &[]);
}

#[test]
fn lines_of_runs_follow_their_schemas() {
    let lines = |path: &str| -> Vec<Value> {
        let text = fs::read_to_string(Path::new(FIXTURES).join(path)).unwrap();
        text.lines().map(value).collect()
    };
    for task in ["alignment", "recall", "xor", "blocks"] {
        let lines = lines(&format!("tasks/{task}/runs.jsonl"));
        let is_training = ["recall", "xor"].contains(&task);
        let schema = schema("tasks-runs.schema.json");
        lines.iter().for_each(|line| assert_valid(&schema, line, task));
        assert_tight("tasks-runs", &lines[0], &[]);
        let curve = ["without /checksum", "without /curve"];
        assert_tight("tasks-runs", &lines[1], &curve[..1 + usize::from(is_training)]);
    }
    let lines = lines("communities/runs.jsonl");
    let schema = schema("communities-runs.schema.json");
    lines.iter().for_each(|line| assert_valid(&schema, line, "communities"));
    assert_tight("communities-runs", &lines[0], &[]);
    let fields = ["checksum", "control", "curve", "picture"];
    for field in fields {
        let line = lines.iter().skip(1).find(|line| line.get(field).is_some()).unwrap();
        let optional = fields.into_iter().filter(|field| line.get(field).is_some());
        let optional: Vec<_> = optional.map(|field| format!("without /{field}")).collect();
        let optional: Vec<_> = optional.iter().map(String::as_str).collect();
        assert_tight("communities-runs", line, &optional);
    }
}

/// The format of each document is the title of its schema, and every field says what it is, or its name does.
#[test]
fn every_field_of_these_formats_is_described() {
    for name in [
        "error",
        "judgement",
        "verified",
        "report",
        "steps",
        "mutants",
        "vectors-check",
        "vectors-generate",
        "tasks-runs",
        "communities-runs",
    ] {
        let text = read(&Path::new(FIXTURES).join(format!("schema/{name}.schema.json")));
        assert_eq!(text["title"], json!(format!("creditcheck/{name}/1")));
        assert!(text.to_string().contains(&json!({"const": text["title"]}).to_string()), "{name}");
        let mut found = Vec::new();
        places(&text, "", "", &mut found);
        let mut described = 0;
        for (pointer, _) in found {
            let Some((_, field)) = pointer.rsplit_once("/properties/") else { continue };
            let parents = ["/oneOf", "/allOf", "/if", "/then", "/not"];
            if field.contains('/')
                || field == "format"
                || parents.iter().any(|p| pointer.contains(p))
            {
                continue;
            }
            let property = text.pointer(&pointer).unwrap();
            let said = property.get("description").is_some() || property.get("$ref").is_some();
            assert!(said, "{name}: {pointer}");
            described += 1;
        }
        assert!(described >= 2, "{name}");
    }
}
