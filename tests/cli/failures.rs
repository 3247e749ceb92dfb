//! Errors for programs: a document on standard output in the form that was asked for, the text on standard error, exit code 2.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use super::{GOOD, run};

fn schema() -> jsonschema::Validator {
    let text = fs::read_to_string("fixtures/schema/error.schema.json").unwrap();
    jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Arguments, standard input, the kind of error, and fields of its document with a part of what they say.
type Failing =
    (&'static [&'static str], &'static [u8], &'static str, &'static [(&'static str, &'static str)]);

const FAILURES: [Failing; 22] = [
    (&["gradient"], b"", "usage", &[("message", "<CASE>"), ("place", "<CASE>")]),
    (
        &["gradient", GOOD, "--rule", "magic"],
        b"",
        "usage",
        &[("place", "--rule"), ("found", "magic"), ("expected", "backprop")],
    ),
    (&["nonsense"], b"", "usage", &[("place", "nonsense")]),
    (&["certify", GOOD, "--swift"], b"", "usage", &[("place", "--swift"), ("advice", "Usage")]),
    (&["certify", GOOD, "--number", "f64"], b"", "usage", &[("message", "--coq")]),
    (&["tasks", "recall", "--seeds", "0"], b"", "usage", &[("place", "--seeds"), ("found", "0")]),
    (
        &["certify", "no-such-file.json"],
        b"",
        "io",
        &[("file", "no-such-file.json"), ("message", "no-such-file.json: cannot read")],
    ),
    (&["verify", "no-such-file.json"], b"", "io", &[("message", "no-such-file.json")]),
    (&["audit", "no.safetensors", "no", "no"], b"", "io", &[("message", "no.safetensors")]),
    (
        &["gradient", GOOD, "-o", "/nowhere/at/all.json"],
        b"",
        "io",
        &[("file", "/nowhere/at/all.json")],
    ),
    (&["show", "-"], b"{\"format\": 1}", "input", &[("file", "-"), ("place", "format")]),
    (&["certify", "-"], b"[1, 2", "input", &[("place", "line 1"), ("found", "end of the file")]),
    (
        &["check", GOOD, GOOD],
        b"",
        "input",
        &[
            ("file", GOOD),
            ("place", "format"),
            ("found", "creditcheck/case/1"),
            ("expected", "gradient"),
        ],
    ),
    (
        &["certify", "fixtures/cases/square-3-3-3-cubic.json", "--max-bits", "100"],
        b"",
        "limit",
        &[("file", "square-3-3-3-cubic.json"), ("advice", "--max-bits")],
    ),
    (
        &["verify", "fixtures/certificates/worked-example.json", "--max-work", "1000"],
        b"",
        "limit",
        &[("file", "worked-example.json"), ("advice", "--max-work")],
    ),
    (
        &["verify", "fixtures/certificates/large-6-3000-1.json", "--max-work", "1000"],
        b"",
        "limit",
        &[("file", "large-6-3000-1.json"), ("advice", "--max-work")],
    ),
    (
        &["gradient", "fixtures/cases/activation-tanh.json"],
        b"",
        "unsupported",
        &[("file", "activation-tanh.json"), ("message", "no rational")],
    ),
    (&["certify", "fixtures/refused/recurrent-runaway.json"], b"", "no_equilibrium", &[]),
    (&["certify", "fixtures/refused/recurrent-singular.json"], b"", "singular", &[]),
    (
        &["compare", "fixtures/cases/temporal-golden.json", "--mu", "1,2"],
        b"",
        "input",
        &[("place", "--mu"), ("found", "2 numbers")],
    ),
    (&["tasks", "alignment", "--iterations", "3"], b"", "input", &[("place", "--iterations")]),
    (&["simulate", "--rtol", "1"], b"", "input", &[("place", "--rtol")]),
];

fn is_exit_two(output: &Output, what: &[&str]) -> String {
    assert_eq!(output.status.code(), Some(2), "{what:?}");
    let error = text(&output.stderr);
    assert!(error.starts_with("error: "), "{what:?}: {error}");
    error
}

#[test]
fn an_error_is_a_document_where_documents_are_asked_for() {
    let schema = schema();
    let mut kinds = BTreeSet::new();
    for (arguments, input, kind, fields) in FAILURES {
        let plain = run(arguments, input);
        let said = is_exit_two(&plain, arguments);
        let is_json = arguments.contains(&"-o");
        assert!(is_json || plain.stdout.is_empty(), "{arguments:?}");
        for form in
            [&["--format", "json"][..], &["--format=json"], &["-o", "x/y.json"], &["-ox.json"]]
        {
            if is_json && form[0].starts_with("-o") {
                continue;
            }
            let arguments = [arguments, form].concat();
            let output = run(&arguments, input);
            // What is said to people does not depend on the form; a usage line shows the options that were given.
            let again = is_exit_two(&output, &arguments);
            let first = |text: &str| text.lines().next().unwrap_or_default().to_owned();
            match kind {
                "usage" => assert_eq!(first(&again), first(&said)),
                _ => assert_eq!(again, said),
            }
            let document: Value = serde_json::from_slice(&output.stdout).unwrap();
            let errors: Vec<_> = schema.iter_errors(&document).map(|e| e.to_string()).collect();
            assert!(errors.is_empty(), "{arguments:?}: {errors:?}\n{document:#}");
            assert_eq!(document["kind"], kind, "{arguments:?}");
            for (field, part) in fields {
                let value = document[field].as_str().unwrap_or_default();
                assert!(value.contains(part), "{arguments:?}: {field}: {document:#}");
            }
            assert!(!Path::new("x.json").exists());
        }
        kinds.insert(kind);
    }
    assert_eq!(kinds.len(), 7, "{kinds:?}");
}

#[test]
fn an_error_is_a_test_case_where_junit_is_asked_for() {
    for (arguments, input, kind, _) in FAILURES {
        if arguments.contains(&"-o") {
            continue;
        }
        let output = run(&[arguments, &["--format", "junit"]].concat(), input);
        is_exit_two(&output, arguments);
        let text = text(&output.stdout);
        let document = roxmltree::Document::parse(&text).unwrap();
        let errors: Vec<_> = document.descendants().filter(|n| n.has_tag_name("error")).collect();
        assert_eq!(errors.len(), 1, "{arguments:?}: {text}");
        let is_refused = matches!(arguments[0], "certify" | "check" | "verify") || kind == "usage";
        let expected = if is_refused { kind } else { "unsupported" };
        assert_eq!(errors[0].attribute("type"), Some(expected), "{arguments:?}");
        assert!(!errors[0].attribute("message").unwrap().is_empty());
    }
}

/// The file of `-o` is left as it is.
#[test]
fn an_error_leaves_the_output_file_alone() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kept.json");
    fs::write(&file, "kept").unwrap();
    let output = run(&["gradient", "no-such-file.json", "-o", file.to_str().unwrap()], b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stdout).contains("creditcheck/error/1"));
    assert_eq!(fs::read_to_string(&file).unwrap(), "kept");
}

/// Small changes of an error document are refused.
#[test]
fn wrong_errors_are_refused() {
    let schema = schema();
    let limit = run(&["show", GOOD, "--max-bits", "1", "--format", "json"], b"");
    let limit: Value = serde_json::from_slice(&limit.stdout).unwrap();
    assert!(schema.is_valid(&limit), "{limit:#}");
    for (field, optional) in [
        ("format", false),
        ("kind", false),
        ("message", false),
        ("limit", false),
        ("file", true),
        ("advice", true),
    ] {
        let mut changed = limit.clone();
        assert!(changed.as_object_mut().unwrap().remove(field).is_some(), "{field}: {limit:#}");
        assert_eq!(schema.is_valid(&changed), optional, "without {field}");
        changed[field] = 1.into();
        assert!(!schema.is_valid(&changed), "{field}");
    }
    for (field, wrong) in [("kind", "\"mishap\""), ("kind", "\"io\""), ("surplus", "null")] {
        let mut changed = limit.clone();
        changed[field] = serde_json::from_str(wrong).unwrap();
        assert!(!schema.is_valid(&changed), "{field}: {wrong}");
    }
    for field in ["what", "given", "limit"] {
        let mut changed = limit.clone();
        changed["limit"].as_object_mut().unwrap().remove(field);
        assert!(!schema.is_valid(&changed), "{field}");
    }
}

/// Without anything behind it, such a command is answered by its help, which is an error all the same.
#[test]
fn half_a_command_is_an_error() {
    let output = run(&["vectors"], b"");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    assert!(text(&output.stderr).contains("Usage: creditcheck vectors"));
    let output = run(&["vectors", "--format", "json"], b"");
    assert!(is_exit_two(&output, &["vectors"]).contains("requires a subcommand"));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(schema().is_valid(&document), "{document:#}");
    assert_eq!(document["kind"], "usage");
    // clap says it with its help or in a sentence.
    let message = document["message"].as_str().unwrap();
    let said = ["something is missing; see --help", "requires a subcommand"];
    assert!(said.iter().any(|words| message.contains(words)), "{message}");
}
