//! Names that try to write on the screen: whatever file they come from, whichever command reads it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use creditcheck::foreign::is_shapeless;
use creditcheck::spec::Dtype;
use creditcheck::wire::tensor::{Written, safetensors};
use serde_json::{Value, json};

use super::run;

/// Hides what follows, forges a line, turns it around, ends a comment and a string, opens a tag.
const NAME: &str =
    "n\u{1b}[8m\nverified: agree\u{202e}\u{9b}2J\t\u{200b}\r*) Qed. \"$x$&<b>,\u{7f}\u{ffff}";

/// The same as the name of a file, where no system forbids it.
const FILE: &str = "f\u{1b}[8m\nverified: agree\u{202e}\u{85}";

struct Room {
    folder: PathBuf,
}

impl Room {
    fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("creditcheck-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        let folder = folder.join(FILE);
        fs::create_dir_all(&folder).unwrap();
        Self { folder }
    }

    fn at(&self, name: &str) -> String {
        self.folder.join(name).to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        fs::write(self.folder.join(name), bytes).unwrap();
        self.at(name)
    }

    fn json(&self, name: &str, value: &Value) -> String {
        self.write(name, value.to_string())
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.folder.parent().unwrap());
    }
}

fn fixture(name: &str) -> Value {
    serde_json::from_slice(&fs::read(Path::new("fixtures").join(name)).unwrap()).unwrap()
}

/// Fails if a text could do anything but be read.
fn assert_harmless(text: &[u8], what: &str) {
    let text = std::str::from_utf8(text).unwrap_or_else(|error| panic!("{what}: {error}"));
    let found = text.chars().find(|c| *c != '\n' && is_shapeless(*c));
    assert_eq!(found, None, "{what}: {text:?}");
    let forged = text.lines().find(|line| line.trim_start().starts_with("verified: agree"));
    assert_eq!(forged, None, "{what}: {text:?}");
}

/// Runs a command and scans what it prints.
fn scanned(arguments: &[&str], codes: &[i32]) -> Output {
    let output = run(arguments, b"");
    let what = format!("{arguments:?}");
    assert_harmless(&output.stdout, &what);
    assert_harmless(&output.stderr, &what);
    let code = output.status.code().unwrap();
    assert!(codes.contains(&code), "{what}: {code}, {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// Text files of a folder and below, scanned; how many.
fn scan_files(folder: &Path) -> usize {
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            count += scan_files(&path);
        } else {
            assert_harmless(&fs::read(&path).unwrap(), &path.display().to_string());
            count += 1;
        }
    }
    count
}

#[test]
fn names_of_cases() {
    let room = Room::new("names");
    for name in ["worked-example", "graph-interface-example", "activation-tanh", "temporal-golden"]
    {
        let mut case = fixture(&format!("cases/{name}.json"));
        case["name"] = NAME.into();
        let case = room.json(&format!("{name}-{FILE}.json"), &case);
        let temporal = name.starts_with("temporal");
        for format in ["text", "json"] {
            let mut mine = vec!["gradient", &case, "--format", format];
            if name.ends_with("tanh") {
                mine.extend(["--number", "f64"]);
            }
            scanned(&mine, &[0]);
            if temporal {
                scanned(&["compare", &case, "--format", format], &[0, 1, 3]);
            } else {
                scanned(&["certify", &case, "--format", format], &[0, 3]);
                scanned(&["certify", &case, &case, "no\u{1b}file", "--format", format], &[2]);
            }
            if !name.ends_with("tanh") {
                scanned(&["show", &case, "--format", format], &[0]);
            }
        }
        let mine = room.at("mine.json");
        scanned(&["gradient", &case, "--number", "f64", "-o", &mine], &[0]);
        let mut gradient: Value = serde_json::from_slice(&fs::read(&mine).unwrap()).unwrap();
        let mine = room.json(&format!("mine-{FILE}.json"), &gradient);
        scanned(&["check", &case, &mine], &[0, 3]);
        let rule = std::mem::replace(&mut gradient["rule"], NAME.into());
        scanned(&["check", &case, &room.json("rule.json", &gradient)], &[2]);
        gradient["rule"] = rule;
        gradient["case"] = NAME.into();
        scanned(&["check", &case, &room.json("other.json", &gradient)], &[2]);
    }
}

#[test]
fn names_in_certificates_and_files_for_coq() {
    let room = Room::new("certified");
    let mut case = fixture("cases/worked-example.json");
    case["name"] = NAME.into();
    let case = room.json("case.json", &case);
    let (certificate, coq) = (room.at(&format!("c-{FILE}.json")), room.at("coq"));
    scanned(&["certify", &case, "-o", &certificate, "--coq", &coq], &[0]);
    scanned(&["verify", &certificate], &[0]);
    scanned(&["verify", &certificate, "--format", "json"], &[0]);
    let mut text: Value = serde_json::from_slice(&fs::read(&certificate).unwrap()).unwrap();
    assert_eq!(text["case"]["name"], NAME, "kept as it is in the document");
    for place in ["/case_digest", "/kink", "/versions/creditcheck", "/claims/0/compared", "/seed"] {
        let mut forged = text.clone();
        *forged.pointer_mut(place).unwrap() = NAME.into();
        scanned(&["verify", &room.json("forged.json", &forged)], &[1, 2]);
    }
    text[NAME] = 1.into();
    scanned(&["verify", &room.json("forged.json", &text)], &[2]);
    assert_eq!(scan_files(Path::new(&coq)), 1);
    let file = fs::read_dir(&coq).unwrap().next().unwrap().unwrap().path();
    let file = fs::read_to_string(file).unwrap();
    assert!(file.contains("Qed.") && !file.contains("*) Qed. \""), "{file}");
}

#[test]
fn names_in_figures_and_tables_of_numbers() {
    let room = Room::new("pictures");
    let mut case = fixture("cases/worked-example.json");
    case["name"] = NAME.into();
    let case = room.json("case.json", &case);
    let out = room.at(&format!("out-{FILE}"));
    scanned(&["simulate", &case, "--out", &out], &[0]);
    assert_eq!(scan_files(Path::new(&out)), 5);
    let svg = fs::read_to_string(Path::new(&out).join("traces.svg")).unwrap();
    assert!(svg.contains("$x$&amp;&lt;b&gt;") && !svg.contains("<b>"), "{svg}");
    let csv = fs::read_to_string(Path::new(&out).join("deviation.csv")).unwrap();
    let row = csv.lines().nth(1).unwrap();
    assert!(row.starts_with("\"n\\u{1b}") && row.contains("\"\"$x$"), "{row}");
    let traces = fs::read(Path::new(&out).join("traces.json")).unwrap();
    assert!(serde_json::from_slice::<Value>(&traces).is_ok());
}

#[test]
fn names_of_tensors() {
    let room = Room::new("tensors");
    let tensor = |name: String, rows: usize, cols: usize| Written {
        name,
        shape: if cols == 0 { vec![rows] } else { vec![rows, cols] },
        dtype: Dtype::F32,
        values: (0..rows * cols.max(1)).map(|k| k as f64 / 8.0 - 0.25).collect(),
    };
    let layers =
        || vec![tensor(format!("{NAME}.weight"), 2, 2), tensor(format!("{NAME}.bias"), 2, 0)];
    let net = room.write(&format!("{FILE}.safetensors"), safetensors(&layers(), NAME).unwrap());
    let data = [tensor("inputs".into(), 3, 2), tensor("targets".into(), 3, 2)];
    let data = room.write("data.safetensors", safetensors(&data, "").unwrap());
    let other = [tensor(format!("{NAME}other"), 2, 2)];
    let other = room.write("other.safetensors", safetensors(&other, "").unwrap());
    let svg = room.at("ulps.svg");
    for format in ["text", "json"] {
        let audit = ["audit", &net, &data, &net, "--format", format, "--svg", &svg];
        scanned(&audit, &[0, 1, 3]);
    }
    assert_harmless(&fs::read(&svg).unwrap(), "the picture");
    assert!(!fs::read_to_string(&svg).unwrap().contains("<b>"));
    scanned(&["audit", &net, &data, &other], &[2]);
    scanned(&["audit", &other, &data, &net], &[2]);
    scanned(&["audit", &net, &net, &net], &[2]);
    scanned(&["audit", &net, &data, &net, "--activation", NAME], &[2]);
    let mut case = fixture("cases/worked-example.json");
    case["network"]["layers"][0]["weights"] = json!({"file": "other.safetensors", "tensor": NAME});
    scanned(&["gradient", &room.json("named.json", &case)], &[2]);
    for file in [NAME, "", "a\0b", "../\u{1b}[8m", "/\u{202e}", "C:\\\u{1b}"] {
        case["network"]["layers"][0]["weights"] = json!({"file": file, "tensor": "w"});
        scanned(&["gradient", &room.json("named.json", &case)], &[2]);
    }
}

#[test]
fn what_errors_quote() {
    let room = Room::new("quoted");
    let case = fixture("cases/worked-example.json");
    let places =
        ["/name", "/loss", "/learning_rate", "/format", "/network/kind", "/kink", "/expect"];
    for place in
        places.into_iter().chain(["/network/layers/0/activation", "/network/layers/0/weights/0/0"])
    {
        for value in [json!(NAME), json!({NAME: NAME}), json!([NAME])] {
            let mut wrong = case.clone();
            let (parent, field) = place.rsplit_once('/').unwrap();
            let parent = wrong.pointer_mut(parent).unwrap();
            match parent {
                Value::Array(items) => items[field.parse::<usize>().unwrap()] = value,
                parent => parent[field] = value,
            }
            let wrong = room.json(&format!("{FILE}.json"), &wrong);
            for command in ["certify", "gradient", "show", "verify", "compare", "simulate"] {
                let out = room.at("out");
                let mut arguments = vec![command, &wrong];
                if command == "simulate" {
                    arguments.extend(["--out", &out, "--no-sweep"]);
                }
                scanned(&arguments, &[0, 2]);
            }
        }
    }
    for text in [
        format!("{{{0:?}: 1, {0:?}: 1}}", "a\u{1b}[8m\u{202e}"),
        NAME.into(),
        format!("{{\"a\": {NAME}"),
    ] {
        scanned(&["certify", &room.write("broken.json", text)], &[2]);
    }
    for arguments in [
        &["certify", "--seed", NAME][..],
        &[NAME],
        &["simulate", "--neurons", NAME],
        &["tasks", NAME],
    ] {
        // Usage is said in lines of clap's, which quote what was typed.
        let output = run(arguments, b"");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(!text.chars().any(|c| c != '\n' && is_shapeless(c)), "{text:?}");
    }
}

#[test]
fn names_of_folders_and_runs() {
    let room = Room::new("folders");
    fs::create_dir_all(room.folder.join("v1")).unwrap();
    room.write(&format!("v1/{FILE}.json"), "{}");
    for (name, contents) in [("mine", NAME), ("empty", "{}\n")] {
        let folder = room.at(&format!("{name}-{FILE}"));
        fs::create_dir_all(&folder).unwrap();
        fs::write(Path::new(&folder).join("runs.jsonl"), contents).unwrap();
        scanned(&["communities", "--out", &folder], &[2]);
        scanned(&["tasks", "blocks", "--out", &folder], &[2]);
        assert_eq!(fs::read_to_string(Path::new(&folder).join("runs.jsonl")).unwrap(), contents);
    }
    let none = room.at(&format!("none/{FILE}"));
    scanned(&["vectors", "check", &none], &[2]);
    scanned(&["certify", &none], &[2]);
    scanned(&["gradient", "fixtures/cases/worked-example.json", "-o", &format!("{none}/x")], &[2]);
}
