//! The program as a user meets it: standard output, standard error and exit codes.

mod failures;
#[cfg(unix)]
mod files;
#[cfg(unix)]
mod hostile;
mod junit;
mod options;
#[cfg(unix)]
mod outside;
#[cfg(unix)]
mod signals;
mod temporal;
mod width;

use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};

fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_creditcheck"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that does not read its input closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn code(arguments: &[&str]) -> i32 {
    run(arguments, b"").status.code().unwrap()
}

/// What each command prints. `TRYCMD=overwrite` accepts what it prints now.
#[test]
fn sessions() {
    trycmd::TestCases::new().case("tests/cli/*.trycmd").case("tests/cli/*.toml").run();
}

/// Every `console` block of the README, in a folder of its own: the program writes files there.
#[test]
fn sessions_of_the_readme() {
    let readme = fs::read_to_string("README.md").unwrap();
    let blocks = readme.lines().filter(|line| line.trim_start().starts_with("```console")).count();
    let sessions =
        readme.split("```console\n").skip(1).filter(|block| block.starts_with("$ ")).count();
    assert!(blocks > 0 && sessions == blocks, "{sessions} of {blocks} blocks are sessions");
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme");
    let _ = fs::remove_dir_all(&folder);
    let folders = ["cases", "vectors/v1", "mutants"];
    for name in folders.into_iter().chain(["audit/digits-64-32-10", "audit/digits-784-128-64-10"]) {
        let to = folder.join("README.in/fixtures").join(name);
        fs::create_dir_all(&to).unwrap();
        for entry in fs::read_dir(std::path::Path::new("fixtures").join(name)).unwrap() {
            let from = entry.unwrap().path();
            if from.is_file() {
                fs::copy(&from, to.join(from.file_name().unwrap())).unwrap();
            }
        }
    }
    fs::create_dir_all(folder.join("README.out")).unwrap();
    fs::write(folder.join("README.out/.keep"), "").unwrap();
    fs::write(folder.join("README.md"), readme).unwrap();
    trycmd::TestCases::new().case(folder.join("README.md")).run();
}

const GOOD: &str = "fixtures/cases/worked-example.json";
const DIFFERS: &str = "fixtures/cases/own-balance-square.json";
const DEAD: &str = "fixtures/cases/dead-relu.json";

/// The worst of several files in the order 2, 1, 3, 0; a bad one does not stop the others.
#[test]
fn the_worst_file_decides() {
    let folder = std::env::temp_dir().join(format!("creditcheck-order-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let text = fs::read_to_string(DIFFERS).unwrap();
    let unforeseen = text.replace("\"expect\": \"disagree\"", "\"expect\": \"agree\"");
    assert_ne!(text, unforeseen, "the fixture has changed");
    let disagrees = folder.join("disagrees.json");
    fs::write(&disagrees, unforeseen).unwrap();
    let disagrees = disagrees.to_str().unwrap();
    let unserved = folder.join("unserved.json");
    let cycle = fs::read_to_string("fixtures/cases/recurrent-cycle.json").unwrap();
    let curved = cycle.replace(r#"{"name": "leaky_relu", "slope": "1/8"}"#, "\"quadratic\"");
    assert_ne!(cycle, curved, "the fixture has changed");
    fs::write(&unserved, curved).unwrap();
    let unserved = unserved.to_str().unwrap();
    for (files, expected) in [
        (&[GOOD][..], 0),
        (&[DIFFERS], 0),
        (&[DEAD], 3),
        (&[disagrees], 1),
        (&[unserved], 2),
        (&[GOOD, DEAD], 3),
        (&[DEAD, disagrees, GOOD], 1),
        (&[unserved, disagrees, DEAD, GOOD], 2),
    ] {
        let arguments: Vec<_> = ["certify", "--quiet"].iter().chain(files).copied().collect();
        let output = run(&arguments, b"");
        assert_eq!(output.status.code(), Some(expected), "{files:?}");
        if files.len() > 1 {
            let text = String::from_utf8(output.stdout).unwrap();
            assert!(files.iter().all(|file| text.contains(file)), "{text}");
        }
    }
    // A verified certificate exits by the verdict that it confirms.
    for (file, expected) in [(GOOD, 0), (DIFFERS, 0), (DEAD, 3), (disagrees, 1)] {
        let certificate = folder.join("certificate.json");
        let certificate = certificate.to_str().unwrap();
        assert_eq!(code(&["certify", file, "-o", certificate]), expected, "{file}");
        assert_eq!(code(&["verify", certificate]), expected, "the certificate of {file}");
        let text = fs::read_to_string(certificate).unwrap();
        fs::write(certificate, text.replacen("\"seed\": \"1\"", "\"seed\": \"2\"", 1)).unwrap();
        assert_eq!(code(&["verify", certificate]), 1, "tampered, of {file}");
    }
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_case_may_come_through_standard_input() {
    let output = run(&["gradient", "-", "--format", "json"], &fs::read(GOOD).unwrap());
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8(output.stdout).unwrap().contains("\"961/8192\""));
}

#[test]
fn json_is_one_document_and_quiet_is_quiet() {
    for arguments in [
        &["certify", GOOD][..],
        &["certify", GOOD, DIFFERS],
        &["gradient", GOOD],
        &["show", GOOD],
        &["mutants"],
    ] {
        let arguments: Vec<_> =
            arguments.iter().chain(&["--format", "json", "--quiet"]).copied().collect();
        let output = run(&arguments, b"");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(output.stderr.is_empty(), "{arguments:?}");
        let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(value["format"].as_str().unwrap().starts_with("creditcheck/"), "{arguments:?}");
    }
}

#[test]
fn a_place_that_cannot_be_written_is_an_error() {
    let output = run(&["gradient", GOOD, "-o", "/nowhere/at/all.json"], b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8(output.stderr).unwrap().contains("/nowhere/at/all.json: cannot write")
    );
}

/// `creditcheck show … | head` is no failure.
#[test]
fn a_reader_that_leaves_is_no_failure() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_creditcheck"))
        .args(["certify", GOOD])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The files decide what the shapes are: those of another network are refused, and small certificates name none.
#[test]
fn a_large_certificate_is_held_against_its_files() {
    let folder = std::env::temp_dir().join(format!("creditcheck-files-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let at = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (large, small) = (at("large.json"), at("small.json"));
    let own = "fixtures/audit/digits-784-128-64-10";
    assert_eq!(code(&["certify", &format!("{own}/case.json"), "-o", &large]), 0);
    assert_eq!(code(&["certify", GOOD, "-o", &small]), 0);
    let printed = run(&["verify", &large, "--files", own], b"");
    let text = String::from_utf8(printed.stdout).unwrap();
    assert!(
        text.contains("confirmed from the files") && !text.contains("the shapes are those"),
        "{text}"
    );
    let other = run(&["verify", &large, "--files", "fixtures/audit/digits-64-32-10"], b"");
    let text = String::from_utf8(other.stdout).unwrap();
    assert_eq!(other.status.code(), Some(1), "{text}");
    assert!(text.contains("refused by digest: the files themselves"), "{text}");
    assert_eq!(code(&["verify", &small, "--files", own]), 2);
    // Without the files, or where one of them is not there, nothing of the shape is known.
    for arguments in [vec!["verify", &large], vec!["verify", &large, "--files", "fixtures/cases"]] {
        let blind = run(&arguments, b"");
        let text = String::from_utf8(blind.stdout).unwrap();
        assert_eq!(blind.status.code(), Some(3), "{text}");
        assert!(text.contains("the verdict: unchecked"), "{text}");
        assert!(text.contains("the shapes are those of the files"), "{text}");
    }
    fs::remove_dir_all(&folder).unwrap();
}

/// A file that is there already is replaced if an earlier run wrote it, and left alone if not; two cases cannot share one.
#[test]
fn files_for_coq_replace_only_their_own() {
    let folder = std::env::temp_dir().join(format!("creditcheck-coq-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    let certify = |files: &[&str]| {
        let mut arguments = vec!["certify", "--coq", folder.to_str().unwrap(), "--quiet"];
        arguments.extend(files);
        run(&arguments, b"")
    };
    // Messages are wrapped for people.
    let message = |output: Output| String::from_utf8(output.stderr).unwrap().replace("\n  │ ", " ");
    let file = folder.join("worked_example.v");
    assert_eq!(certify(&[GOOD]).status.code(), Some(0));
    let written = fs::read_to_string(&file).unwrap();
    assert!(written.starts_with("(* Written by creditcheck certify --coq"), "{written}");
    fs::write(&file, written.replace("217", "218")).unwrap();
    assert_eq!(certify(&[GOOD]).status.code(), Some(0));
    assert_eq!(fs::read_to_string(&file).unwrap(), written);
    for foreign in ["Theorem mine : True. Proof. exact I. Qed.\n", "", "(* W"] {
        fs::write(&file, foreign).unwrap();
        let refused = certify(&[GOOD]);
        assert_eq!(refused.status.code(), Some(2));
        let message = message(refused);
        assert!(message.contains("creditcheck did not write it"), "{message}");
        assert_eq!(fs::read_to_string(&file).unwrap(), foreign);
    }
    fs::remove_file(&file).unwrap();
    let twice = certify(&[GOOD, GOOD]);
    assert_eq!(twice.status.code(), Some(2));
    let message = message(twice);
    assert!(message.contains("two cases whose certificate would be worked_example.v"), "{message}");
    fs::remove_dir_all(&folder).unwrap();
}
