//! JUnit XML, read by an XML parser that is not ours.

use std::fs;
use std::path::{Path, PathBuf};

use creditcheck::report::junit::{Case, State, Suite, document};
use proptest::prelude::*;
use roxmltree::{Document, Node};

use super::{DEAD, DIFFERS, GOOD, run};

/// Exit code and standard output.
fn junit(arguments: &[&str]) -> (i32, String) {
    let output = run(&[arguments, &["--format", "junit", "--quiet"]].concat(), b"");
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

fn named<'a>(document: &'a Document<'_>, name: &str) -> Vec<Node<'a, 'a>> {
    document.descendants().filter(|node| node.has_tag_name(name)).collect()
}

/// Whether every count is that of its elements; and tests, failures, errors and skipped of the whole.
fn counts(document: &Document<'_>) -> [usize; 4] {
    let count = |node: &Node<'_, '_>, name: &str| {
        node.descendants().filter(|inner| inner.has_tag_name(name)).count()
    };
    let of = |node: &Node<'_, '_>| {
        let stated = ["tests", "failures", "errors", "skipped"]
            .map(|name| node.attribute(name).unwrap().parse::<usize>().unwrap());
        let found = ["testcase", "failure", "error", "skipped"].map(|name| count(node, name));
        assert_eq!(stated, found);
        found
    };
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "testsuites");
    let suites = named(document, "testsuite");
    suites.iter().for_each(|suite| {
        of(suite);
        let verdict = suite.descendants().find(|node| node.has_tag_name("property")).unwrap();
        assert_eq!(verdict.attribute("name"), Some("verdict"));
    });
    for case in named(document, "testcase") {
        assert!(!case.attribute("name").unwrap().is_empty());
        assert!(!case.attribute("classname").unwrap().is_empty());
    }
    of(&root)
}

fn verdicts(document: &Document<'_>) -> Vec<String> {
    let all = named(document, "property").into_iter();
    all.map(|property| property.attribute("value").unwrap().to_owned()).collect()
}

fn file(name: &str, text: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("junit");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join(name);
    fs::write(&file, text).unwrap();
    file
}

/// One test case a cell, and a suite a case; the exit code follows from what a reader of the document sees.
#[test]
fn certify_says_cell_by_cell_what_its_exit_code_says() {
    let own = fs::read_to_string(DIFFERS).unwrap();
    let unforeseen = own.replace("\"expect\": \"disagree\"", "\"expect\": \"agree\"");
    let unforeseen = file("unforeseen.json", &unforeseen);
    let good = fs::read_to_string(GOOD).unwrap();
    let expecting = good.replacen('{', "{\"expect\": \"disagree\",", 1);
    let expecting = file("expecting.json", &expecting);
    let (unforeseen, expecting) = (unforeseen.to_str().unwrap(), expecting.to_str().unwrap());
    let large = "fixtures/audit/digits-784-128-64-10/case.json";
    for (files, expected, wanted) in [
        (&[GOOD][..], 0, &["agree"][..]),
        (&[DIFFERS], 0, &["agree"]),
        (&[DEAD], 3, &["unchecked"]),
        (&[unforeseen], 1, &["disagree"]),
        (&[expecting], 1, &["disagree"]),
        (&[large], 0, &["agree"]),
        (&["fixtures/cases/recurrent-cycle.json"], 0, &["agree"]),
        (&["fixtures/cases/activation-tanh.json"], 0, &["agree"]),
        (&["no-such-file.json"], 2, &["error"]),
        (
            &[GOOD, DEAD, unforeseen, "no-such-file.json"],
            2,
            &["agree", "unchecked", "disagree", "error"],
        ),
    ] {
        let (code, text) = junit(&[&["certify"], files].concat());
        assert_eq!(code, expected, "{files:?}");
        let document = Document::parse(&text).unwrap();
        let [tests, failures, errors, _] = counts(&document);
        assert_eq!(verdicts(&document), wanted, "{files:?}");
        let unchecked = named(&document, "skipped").into_iter().filter(|skipped| {
            let why = skipped.attribute("message").unwrap();
            assert!(why.starts_with("unchecked: ") || why.starts_with("not applicable: "), "{why}");
            why.starts_with("unchecked: ")
        });
        let seen = match (errors, failures, unchecked.count()) {
            (1.., ..) => 2,
            (0, 1.., _) => 1,
            (0, 0, 1..) => 3,
            (0, 0, 0) => 0,
        };
        assert_eq!(seen, code, "{files:?}: {text}");
        let json =
            run(&[&["certify", "--format", "json", "--quiet", DIFFERS], files].concat(), b"");
        let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
        let cases = json["cases"].as_array().unwrap();
        let cells: usize =
            cases[1..].iter().map(|case| case["cells"].as_array().map_or(1, Vec::len)).sum();
        // The expectation that nothing meets is a test case of its own.
        assert_eq!(tests, cells + usize::from(files == [expecting]), "{files:?}");
    }
}

#[test]
fn check_says_block_by_block_what_its_exit_code_says() {
    let folder = "tests/cli/judge.in";
    let case = format!("{folder}/case.json");
    for (mine, expected, failing) in [("exact", 0, 0), ("one-wrong", 1, 1), ("sign", 1, 4)] {
        let (code, text) = junit(&["check", &case, &format!("{folder}/{mine}.json")]);
        let document = Document::parse(&text).unwrap();
        let [tests, failures, errors, skipped] = counts(&document);
        assert_eq!((code, failures, errors, skipped), (expected, failing, 0, 0), "{text}");
        assert!(tests >= 4, "{text}");
        for failure in named(&document, "failure") {
            assert_eq!(failure.attribute("message"), Some("different"));
            assert!(failure.text().unwrap().contains("instead of"), "{text}");
        }
    }
    let (_, dead) = {
        let output = run(&["gradient", DEAD, "--format", "json"], b"");
        (output.status, String::from_utf8(output.stdout).unwrap())
    };
    let dead = file("dead.json", &dead);
    let (code, text) = junit(&["check", DEAD, dead.to_str().unwrap()]);
    let document = Document::parse(&text).unwrap();
    assert_eq!(
        (code, counts(&document)[3] > 0, verdicts(&document)),
        (3, true, vec!["unchecked".into()])
    );
}

#[test]
fn verify_says_row_by_row_what_its_exit_code_says() {
    for (case, expected) in [(GOOD, 0), (DIFFERS, 0), (DEAD, 3)] {
        let output = run(&["certify", case, "--format", "json", "--quiet"], b"");
        let issued = String::from_utf8(output.stdout).unwrap();
        let certificate = file("certificate.json", &issued);
        let certificate = certificate.to_str().unwrap();
        let (code, text) = junit(&["verify", certificate]);
        assert_eq!(code, expected, "{case}: {text}");
        let document = Document::parse(&text).unwrap();
        let [tests, failures, errors, skipped] = counts(&document);
        let rows: serde_json::Value = serde_json::from_str(&issued).unwrap();
        let rows = rows["claims"].as_array().unwrap().len();
        let equations = named(&document, "testcase").into_iter();
        let equations =
            equations.filter(|case| case.attribute("name").unwrap().starts_with("equation "));
        assert!(equations.count() + rows <= tests, "{text}");
        // C6 is skipped always: of what the issuer observed a verifier has no verdict.
        assert_eq!((failures, errors, skipped > 1), (0, 0, expected == 3), "{text}");
        // A digest that is none of it fails in a test case that names it.
        file("certificate.json", &issued.replacen("\"seed\": \"1\"", "\"seed\": \"2\"", 1));
        let (code, text) = junit(&["verify", certificate]);
        let document = Document::parse(&text).unwrap();
        assert_eq!((code, counts(&document)), (1, [1, 1, 0, 0]), "{text}");
        let names = named(&document, "testcase");
        assert_eq!(names[0].attribute("name"), Some("equation digest"));
    }
}

/// Names of files and cases come from somebody else.
#[test]
fn what_a_file_calls_itself_cannot_break_the_document() {
    let case = fs::read_to_string(GOOD).unwrap();
    let name = r#"]]> \"<&'\u0000\u001b[2J\u0085\u202e\ufffe\uffff\n"#;
    let case = case.replace("\"worked-example\"", &format!("\"{name}\""));
    let hostile = file("a<b>&\"'\u{1b}[0m\u{202e}.json", &case);
    for command in ["certify", "verify"] {
        let (_, text) = junit(&[command, hostile.to_str().unwrap()]);
        let document = Document::parse(&text).unwrap();
        counts(&document);
        let shown = named(&document, "testcase")[0].attribute("classname").unwrap().to_owned();
        assert!(shown.contains(r#"a<b>&"'\u{1b}[0m\u{202e}.json"#), "{shown}");
        let control = |c: char| c.is_control() && c != '\n';
        assert!(!text.contains(control) && !text.contains('\u{202e}'), "{text}");
    }
}

proptest! {
    /// Whatever the text: well-formed, and what a parser gives back is the text, with what XML cannot hold escaped.
    #[test]
    fn any_text_is_well_formed(texts in prop::collection::vec(any::<String>(), 6), kind in 0..4_u8) {
        let [a, b, c, d, e, f]: [String; 6] = texts.try_into().unwrap();
        let state = match kind {
            0 => State::Passed(c.clone()),
            1 => State::Skipped(c.clone()),
            2 => State::Failed { message: c.clone(), detail: d.clone() },
            _ => State::Error { kind: e, message: c.clone(), detail: d.clone() },
        };
        let case = Case::new(a.clone(), b, state);
        let text = document(&f, &[Suite::new(a.clone(), "agree", vec![case])]);
        let parsed = Document::parse(&text).unwrap();
        counts_of_any(&parsed);
        let is_plain = |text: &str| !text.chars().any(|c| {
            c.is_control() || ('\u{61c}'..'\u{3000}').contains(&c) || c >= '\u{f000}'
        });
        if is_plain(&a) {
            let suites = named(&parsed, "testsuite");
            prop_assert_eq!(suites[0].attribute("name"), Some(a.as_str()));
        }
        if is_plain(&c) && kind > 0 {
            let name = ["", "skipped", "failure", "error"][usize::from(kind)];
            prop_assert_eq!(named(&parsed, name)[0].attribute("message"), Some(c.as_str()));
        }
        if is_plain(&d) && kind > 1 && !d.is_empty() {
            let name = ["", "", "failure", "error"][usize::from(kind)];
            prop_assert_eq!(named(&parsed, name)[0].text(), Some(d.as_str()));
        }
    }
}

fn counts_of_any(document: &Document<'_>) {
    let root = document.root_element();
    assert_eq!(root.attribute("tests"), Some("1"));
    assert_eq!(named(document, "testcase").len(), 1);
}
