//! Ctrl-C and SIGTERM: every command ends, whatever it is doing, and leaves its files as they were.
//!
//! Nothing here depends on time: a command that reads a pipe waits for ever, and one whose work has no limit works for hours. How the
//! test knows that the command listens to signals: somebody has taken bytes out of the pipe.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// More than a pipe holds, so that writing it ends only if somebody reads.
const MORE_THAN_A_PIPE: usize = 1 << 18;

/// A test that would never end is stopped then.
const NEVER: Duration = Duration::from_secs(120);

const OLD: &str = "what was there before\n";

/// An empty folder.
fn folder(name: &str) -> PathBuf {
    crate::generators::empty_folder(&format!("signals/{name}"))
}

fn begin(folder: &Path, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_creditcheck"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn send(signal: &str, child: &Child) {
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

fn end(mut child: Child, what: &str) -> Output {
    let since = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if since.elapsed() > NEVER {
            child.kill().unwrap();
            panic!("{what} does not end");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.wait_with_output().unwrap()
}

/// Code 2, one line on standard error, none on standard output, and no file but the old one.
fn expect_interrupted(output: &Output, folder: &Path, files: &[&str], what: &str) {
    assert_eq!(output.status.code(), Some(2), "{what}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "error: interrupted\n", "{what}");
    assert!(output.stdout.is_empty(), "{what}");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut found: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
    found.sort();
    assert_eq!(found, files, "{what}");
    if files.contains(&"old") {
        assert_eq!(fs::read_to_string(folder.join("old")).unwrap(), OLD, "{what}");
    }
}

/// A case whose numbers triple in length at each layer.
fn endless() -> String {
    let layer = r#"{"weights": [["4/5"]], "activation": "cubic"}"#;
    let layers = [layer; 12].join(", ");
    format!(
        r#"{{"format": "creditcheck/case/1", "network": {{"kind": "layered", "layers": [{layers}]}},
            "loss": "half_squared_error", "learning_rate": "1",
            "examples": [{{"input": ["2/7"], "target": ["1"]}}]}}"#
    )
}

#[test]
fn work_without_a_limit_ends() {
    let most = u64::MAX.to_string();
    for (command, rest) in
        [("certify", &["-"][..]), ("gradient", &["-"]), ("show", &["-"]), ("check", &["-", "mine"])]
    {
        for signal in ["-INT", "-TERM"] {
            let folder = folder(&format!("work{signal}-{command}"));
            fs::write(folder.join("old"), OLD).unwrap();
            fs::write(folder.join("mine"), r#"{"format": "creditcheck/gradient/1", "layers": []}"#)
                .unwrap();
            let mut arguments = vec![command];
            arguments.extend(rest);
            arguments.extend(["-o", "old", "--max-work", &most, "--max-bits", &most]);
            let mut child = begin(&folder, &arguments);
            let mut input = child.stdin.take().unwrap();
            if command == "check" {
                // It asks for its second file after the first, so the first never ends here.
                input.write_all(&vec![b' '; MORE_THAN_A_PIPE]).unwrap();
                send(signal, &child);
                expect_interrupted(&end(child, command), &folder, &["mine", "old"], command);
                continue;
            }
            input.write_all(&vec![b' '; MORE_THAN_A_PIPE]).unwrap();
            input.write_all(endless().as_bytes()).unwrap();
            drop(input);
            send(signal, &child);
            expect_interrupted(&end(child, command), &folder, &["mine", "old"], command);
        }
    }
}

#[test]
fn a_pipe_that_nobody_ends_is_left() {
    for (command, rest) in [
        ("certify", &["pipe"][..]),
        ("gradient", &["pipe"]),
        ("show", &["pipe"]),
        ("check", &["pipe", "pipe"]),
        ("compare", &["pipe"]),
        ("verify", &["pipe"]),
        ("simulate", &["pipe", "--out", "traces"]),
        ("audit", &["pipe", "pipe", "pipe"]),
    ] {
        let folder = folder(&format!("pipe-{command}"));
        let pipe = folder.join("pipe");
        let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        fs::write(folder.join("old"), OLD).unwrap();
        let mut arguments = vec![command];
        arguments.extend(rest);
        arguments.extend(["-o", "old"]);
        let child = begin(&folder, &arguments);
        // Opening for writing waits for the reader.
        let mut writer = fs::OpenOptions::new().write(true).open(&pipe).unwrap();
        writer.write_all(b"{").unwrap();
        send("-INT", &child);
        expect_interrupted(&end(child, command), &folder, &["old", "pipe"], command);
    }
}

#[test]
fn an_output_that_takes_nothing_is_left() {
    let folder = folder("output");
    let pipe = folder.join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let case = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/cases/worked-example.json");
    let mut child = begin(&folder, &["gradient", "-", "-o", "pipe"]);
    let mut input = child.stdin.take().unwrap();
    input.write_all(&vec![b' '; MORE_THAN_A_PIPE]).unwrap();
    input.write_all(&fs::read(case).unwrap()).unwrap();
    drop(input);
    send("-TERM", &child);
    expect_interrupted(&end(child, "gradient"), &folder, &["pipe"], "gradient");
}
