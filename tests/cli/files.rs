//! What the program writes and where: whole files, kept modes, links, locks; and full disks.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{GOOD, code, run};

fn room(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("creditcheck-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// In a shell with this mask, or with other redirections.
fn shell(script: &str, arguments: &[&str]) -> std::process::Output {
    Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_creditcheck")])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[test]
fn a_replaced_file_keeps_its_mode_and_a_new_one_has_that_of_new_files() {
    let folder = room("modes");
    let old = folder.join("old.json");
    for kept in [0o600, 0o640, 0o664, 0o755] {
        fs::write(&old, "old").unwrap();
        fs::set_permissions(&old, fs::Permissions::from_mode(kept)).unwrap();
        assert_eq!(code(&["gradient", GOOD, "-o", text(&old)]), 0);
        assert_eq!(mode(&old), kept);
        assert!(fs::read_to_string(&old).unwrap().contains("961/8192"));
    }
    for (mask, expected) in [("022", 0o644), ("077", 0o600), ("002", 0o664)] {
        let new = folder.join(format!("new-{mask}.json"));
        let script = format!("umask {mask}; \"$0\" gradient {GOOD} -o \"$1\"");
        assert!(shell(&script, &[text(&new)]).status.success());
        assert_eq!(mode(&new), expected, "{mask}");
    }
    assert_eq!(names(&folder), ["new-002.json", "new-022.json", "new-077.json", "old.json"]);
    fs::remove_dir_all(&folder).unwrap();
}

/// What a link leads to is replaced, and the link stays; a name that somebody put in the way leads nowhere.
#[test]
fn links_are_followed_once() {
    let folder = room("links");
    let (home, away) = (folder.join("home"), folder.join("away"));
    fs::create_dir_all(&home).unwrap();
    fs::create_dir_all(&away).unwrap();
    let target = away.join("target.json");
    fs::write(&target, "old").unwrap();
    for (name, to) in [("one", "../away/target.json"), ("two", "one"), ("new", "../away/new.json")]
    {
        symlink(to, home.join(name)).unwrap();
        assert_eq!(code(&["gradient", GOOD, "--format", "json", "-o", text(&home.join(name))]), 0);
        assert!(fs::symlink_metadata(home.join(name)).unwrap().is_symlink(), "{name}");
        let written = away.join(if name == "new" { "new.json" } else { "target.json" });
        assert!(fs::read_to_string(&written).unwrap().contains("961/8192"), "{name}");
        fs::write(&target, "old").unwrap();
    }
    assert_eq!(names(&away), ["new.json", "target.json"]);
    // The name that earlier versions wrote to first.
    let precious = away.join("precious");
    fs::write(&precious, "mine").unwrap();
    symlink(&precious, home.join("out.json.part")).unwrap();
    assert_eq!(code(&["gradient", GOOD, "-o", text(&home.join("out.json"))]), 0);
    assert_eq!(fs::read_to_string(&precious).unwrap(), "mine");
    symlink("round", home.join("round")).unwrap();
    assert_eq!(code(&["gradient", GOOD, "-o", text(&home.join("round"))]), 2);
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn nothing_is_left_behind() {
    let folder = room("failures");
    let inner = folder.join("inner");
    fs::create_dir_all(&inner).unwrap();
    for place in [inner.clone(), inner.join("none/at/all.json"), folder.join("inner/")] {
        let output = run(&["gradient", GOOD, "-o", text(&place)], b"");
        assert_eq!(output.status.code(), Some(2), "{place:?}");
        let message = String::from_utf8(output.stderr).unwrap().replace("\n  │ ", "");
        assert!(message.contains("cannot write"), "{message}");
    }
    assert_eq!(names(&folder), ["inner"]);
    assert!(names(&inner).is_empty());
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn writers_at_the_same_time_leave_one_whole_file() {
    let folder = room("parallel");
    let file = folder.join("out.json");
    let start = |_| {
        Command::new(env!("CARGO_BIN_EXE_creditcheck"))
            .args(["gradient", GOOD, "-o", text(&file)])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .spawn()
            .unwrap()
    };
    let children: Vec<_> = (0..12).map(start).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let expected = run(&["gradient", GOOD, "--format", "json"], b"").stdout;
    assert_eq!(fs::read(&file).unwrap(), expected);
    assert_eq!(names(&folder), ["out.json"]);
    fs::remove_dir_all(&folder).unwrap();
}

/// Pipes and devices are written to, not replaced.
#[test]
fn pipes_and_devices_are_written_to() {
    let folder = room("pipes");
    let pipe = folder.join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::read_to_string(pipe).unwrap()
    });
    assert_eq!(code(&["gradient", GOOD, "--format", "json", "-o", text(&pipe)]), 0);
    assert!(reader.join().unwrap().contains("961/8192"));
    assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
    assert_eq!(code(&["gradient", GOOD, "-o", "/dev/null"]), 0);
    let output = shell("\"$0\" gradient \"$1\" -o /dev/stdout --format json | cat", &[GOOD]);
    assert!(String::from_utf8(output.stdout).unwrap().contains("961/8192"));
    fs::remove_dir_all(&folder).unwrap();
}

/// A disk that is full is an error where the result goes, and none where only remarks go; nothing panics.
#[test]
#[cfg(target_os = "linux")]
fn full_disks() {
    let folder = room("full");
    let missing = ["certify", "no-such-file.json"];
    for (script, arguments, expected) in [
        ("\"$0\" \"$@\" >/dev/full", &["gradient", GOOD][..], 2),
        ("\"$0\" \"$@\" >/dev/full", &["--help"], 2),
        ("\"$0\" \"$@\" >/dev/full", &["--version"], 2),
        ("\"$0\" \"$@\" >/dev/full", &["certify", "--help"], 2),
        ("\"$0\" \"$@\" >/dev/full 2>&1", &["certify", "-h"], 2),
        ("\"$0\" \"$@\" 2>/dev/full", &["gradient", GOOD], 0),
        ("\"$0\" \"$@\" 2>/dev/full", &missing, 2),
        ("\"$0\" \"$@\" 2>/dev/full", &["nonsense"], 2),
        ("\"$0\" \"$@\" 2>/dev/full", &["certify", GOOD, "--coq", text(&folder)], 0),
        ("\"$0\" \"$@\" 2>&-", &["certify", GOOD, "--coq", text(&folder)], 0),
        ("\"$0\" \"$@\" >/dev/null", &["gradient", GOOD, "-o", "/dev/full"], 2),
    ] {
        let output = shell(script, arguments);
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(expected), "{script} {arguments:?}: {message}");
        assert!(!message.contains("panicked"), "{message}");
        if script.ends_with(">/dev/full") && !script.contains('2') {
            assert!(message.contains("cannot write to standard output"), "{message}");
        }
    }
    // A reader that leaves is none.
    for arguments in [&["--help"][..], &["--version"], &["certify", GOOD]] {
        let output = shell("{ \"$0\" \"$@\"; echo $? >&2; } | true", arguments);
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "0\n", "{arguments:?}");
    }
    fs::remove_dir_all(&folder).unwrap();
}

/// What looks like an escape code in a name is text like any other, and nothing after it is lost.
#[test]
fn files_and_plain_terminals_get_the_whole_text() {
    let folder = room("whole");
    let case = fs::read_to_string(GOOD).unwrap();
    let case = case.replace("\"worked-example\"", "\"a\\u001b[b\\u001b[31c m d\"");
    let file = folder.join("case.json");
    fs::write(&file, &case).unwrap();
    let printed = run(&["certify", text(&file)], b"").stdout;
    let out = folder.join("report.txt");
    assert_eq!(code(&["certify", text(&file), "-o", text(&out)]), 0);
    assert_eq!(fs::read(&out).unwrap(), printed);
    let printed = String::from_utf8(printed).unwrap();
    assert!(printed.starts_with(r"a\u{1b}[b\u{1b}[31c m d · 2-2-1 quadratic"), "{printed}");
    assert!(printed.ends_with("with the reason\n"), "{printed}");
    fs::remove_dir_all(&folder).unwrap();
}

fn tasks(folder: &Path) -> std::process::Output {
    let out = text(folder);
    run(
        &[
            "tasks",
            "recall",
            "--seeds",
            "2",
            "--iterations",
            "2",
            "--rules",
            "bptt,eprop",
            "--out",
            out,
        ],
        b"",
    )
}

fn refused(folder: &Path, with: &str) {
    let before = fs::read(folder.join("runs.jsonl")).unwrap();
    let output = tasks(folder);
    let message = String::from_utf8(output.stderr).unwrap().replace("\n  │ ", " ");
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(message.contains(with) && message.contains("runs.jsonl"), "{message}");
    assert_eq!(fs::read(folder.join("runs.jsonl")).unwrap(), before, "the file is as it was");
}

#[test]
fn runs_that_are_not_ours_are_left_alone() {
    let folder = room("foreign-runs");
    let runs = folder.join("runs.jsonl");
    for foreign in [
        &b"my notes, without an end of line"[..],
        b"my notes\n",
        b"\n",
        b"{\"format\":\"somebody/else/1\"}\n{}\n",
        b"\0\0\0\0",
        b"\xff\xfe{\0",
    ] {
        fs::write(&runs, foreign).unwrap();
        refused(&folder, "a file that this command did not write");
    }
    fs::remove_file(&runs).unwrap();
    assert!(Command::new("mkfifo").arg(&runs).status().unwrap().success());
    let output = tasks(&folder);
    assert_eq!(output.status.code(), Some(2));
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn lines_of_runs_carry_checksums() {
    let folder = room("sealed-runs");
    let runs = folder.join("runs.jsonl");
    let first = tasks(&folder);
    assert_eq!(first.status.code(), Some(0), "{}", String::from_utf8_lossy(&first.stderr));
    let whole = fs::read_to_string(&runs).unwrap();
    let lines: Vec<_> = whole.lines().collect();
    assert_eq!(lines.len(), 5);
    for line in &lines[1..] {
        let (line, checksum) = line.split_once(",\"checksum\":\"").unwrap();
        let digest = creditcheck::wire::sha256(format!("{line}}}").as_bytes());
        assert_eq!(checksum, format!("{digest}\"}}"));
    }
    // Nothing is done again, and the result is the same.
    let again = tasks(&folder);
    assert_eq!(
        (again.stdout, fs::read_to_string(&runs).unwrap()),
        (first.stdout.clone(), whole.clone())
    );
    // A killed program leaves half a line: its run is done again.
    for cut in [1, 20] {
        fs::write(&runs, &whole[..whole.len() - cut]).unwrap();
        assert_eq!(tasks(&folder).stdout, first.stdout);
        let mut after: Vec<_> =
            fs::read_to_string(&runs).unwrap().lines().map(str::to_owned).collect();
        let mut before: Vec<_> = lines.iter().map(|line| (*line).to_owned()).collect();
        after.sort();
        before.sort();
        assert_eq!(after, before, "{cut}");
    }
    // Half a header is no more than that.
    fs::write(&runs, &whole[..30]).unwrap();
    assert_eq!(tasks(&folder).stdout, first.stdout);
    // One digit elsewhere, a lost end of line, a line that is no run.
    let digit = whole.find("\"values\":[").unwrap() + 13;
    let mut changed = whole.clone().into_bytes();
    changed[digit] = if changed[digit] == b'1' { b'2' } else { b'1' };
    fs::write(&runs, changed).unwrap();
    refused(&folder, "line 2: checksum: found");
    let merged = whole.replacen("}\n{\"condition", "}{\"condition", 2).replacen("}{", "}\n{", 1);
    fs::write(&runs, merged).unwrap();
    refused(&folder, "line 2");
    fs::write(&runs, format!("{}\nnothing\n{}\n", lines[0], lines[1])).unwrap();
    refused(&folder, "line 2");
    // What an earlier version wrote has none: it is read, and the results say so.
    let old: Vec<_> = lines
        .iter()
        .map(|line| match line.split_once(",\"checksum\"") {
            Some((line, _)) => format!("{line}}}\n"),
            None => format!("{line}\n"),
        })
        .collect();
    fs::write(&runs, old.concat()).unwrap();
    let marked = String::from_utf8(tasks(&folder).stdout).unwrap();
    assert!(
        marked.contains("4 of the 4 runs in") && marked.contains("have no checksum"),
        "{marked}"
    );
    let document = fs::read_to_string(folder.join("recall.json")).unwrap();
    assert!(document.contains("\"runs_without_checksum\": 4"), "{document}");
    assert_eq!(fs::read_to_string(&runs).unwrap(), old.concat());
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn one_process_at_a_time() {
    let folder = room("locked-runs");
    let runs = folder.join("runs.jsonl");
    let mut held = fs::File::create(&runs).unwrap();
    held.lock().unwrap();
    refused(&folder, "another creditcheck is at work in this folder");
    held.write_all(b"").unwrap();
    drop(held);
    assert_eq!(tasks(&folder).status.code(), Some(0));
    fs::remove_dir_all(&folder).unwrap();
}
