//! Networks in time on the command line: floats that overflow, and Ctrl-C.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{GOOD, run};

const GOLDEN: &str = "fixtures/cases/temporal-golden.json";
const LAYERED: [&[&str]; 2] = [&["--rule", "credit"], &["--rule", "backprop"]];
const IN_TIME: [&[&str]; 4] = [
    &["--rule", "bptt"],
    &["--rule", "rtrl"],
    &["--rule", "eprop"],
    &["--rule", "modprop", "--mu", "1/2", "--feedback", "type"],
];

/// An update at this learning rate; both kinds of networks alike.
fn update(file: &str, rule: &[&str], number: &str, learning_rate: &str) -> (i32, String, String) {
    let mut case: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    case["learning_rate"] = learning_rate.into();
    let mut arguments =
        vec!["gradient", "-", "--quantity", "update", "--number", number, "--format", "json"];
    arguments.extend(rule);
    let output = run(&arguments, case.to_string().as_bytes());
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn all_rules() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    let layered = LAYERED.iter().map(|rule| (GOOD, *rule));
    layered.chain(IN_TIME.iter().map(|rule| (GOLDEN, *rule)))
}

/// η beyond the format, and η within it whose product with the gradient is not: never 0, never ∞.
#[test]
fn an_update_beyond_the_format_is_refused_by_name() {
    let (over_f64, over_f32) = (format!("1{}", "0".repeat(310)), format!("1{}", "0".repeat(39)));
    let near = |digits: usize| format!("17{}", "0".repeat(digits));
    let near = [near(307), near(37)];
    let rates = [("f64", &over_f64), ("f32", &over_f32), ("f64", &near[0]), ("f32", &near[1])];
    for (number, learning_rate) in rates {
        for (file, rule) in all_rules() {
            let (code, printed, error) = update(file, rule, number, learning_rate);
            let failure: serde_json::Value = serde_json::from_str(&printed).unwrap();
            assert_eq!((code, &failure["kind"]), (2, &"not_finite".into()), "{rule:?} {number}");
            let error = error.replace("\n  │ ", " ");
            let named = ["the learning rate", "weight update", "update of the "];
            assert!(named.iter().any(|what| error.contains(what)), "{rule:?}: {error}");
            assert!(
                error.contains(&format!(" in {number}")) && error.contains("not finite"),
                "{error}"
            );
        }
    }
    // What f32 cannot hold f64 can.
    for (file, rule) in all_rules() {
        let (code, printed, error) = update(file, rule, "f64", &over_f32);
        assert!(code == 0 && printed.contains("p+1"), "{rule:?}: {error}");
    }
}

/// The float nearest to what is too small is 0: no error, and the same for both kinds of networks.
#[test]
fn an_update_below_the_format_is_the_nearest_float() {
    let small = format!("1/1{}", "0".repeat(50));
    for (file, rule) in all_rules() {
        let (code, printed, error) = update(file, rule, "f32", &small);
        assert_eq!(code, 0, "{rule:?}: {error}");
        let value: serde_json::Value = serde_json::from_str(&printed).unwrap();
        let weights = value.get("recurrent").unwrap_or(&value["layers"][0]["weights"]);
        for entry in weights.as_array().unwrap().iter().flat_map(|row| row.as_array().unwrap()) {
            assert_eq!(entry, "0x0p+0", "{rule:?}");
        }
        let (code, printed, _) = update(file, rule, "f64", &small);
        assert!(code == 0 && printed.contains("p-16"), "{rule:?}: {printed}");
    }
}

/// A network that takes minutes in fractions: every weight and every step adds digits.
#[cfg(unix)]
fn long() -> String {
    const NEURONS: usize = 40;
    const STEPS: usize = 300;
    let weight = |k: usize| format!("{}/7", i64::try_from(k * 37 % 11).unwrap() - 5);
    let row = |post: usize| -> Vec<String> {
        let entry = |pre| if pre == post { "0".into() } else { weight(post * NEURONS + pre) };
        (0..NEURONS).map(entry).collect()
    };
    let recurrent: Vec<_> = (0..NEURONS).map(row).collect();
    let input: Vec<_> = (0..NEURONS).map(|k| vec![weight(k + 1)]).collect();
    let readout = vec![(0..NEURONS).map(|k| weight(k + 3)).collect::<Vec<_>>()];
    let steps: Vec<_> = (0..STEPS).map(|t| vec![weight(t)]).collect();
    serde_json::json!({
        "format": "creditcheck/case/1",
        "network": {"kind": "temporal", "leak": "1/3", "activation": "identity", "recurrent": recurrent,
            "input": input, "readout": readout},
        "loss": "half_squared_error", "learning_rate": "1", "steps": "all",
        "examples": [{"input": steps, "target": steps}],
    })
    .to_string()
}

/// Ctrl-C is heard in the middle of one engine's work.
#[cfg(unix)]
#[test]
fn long_work_over_time_can_be_interrupted() {
    let folder = std::env::temp_dir().join(format!("creditcheck-long-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("long.json");
    fs::write(&file, long()).unwrap();
    let commands: [&[&str]; 4] =
        [&["gradient"], &["gradient", "--rule", "tangent"], &["show"], &["compare"]];
    for command in commands {
        let mut child = Command::new(env!("CARGO_BIN_EXE_creditcheck"))
            .args(command)
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_secs(2));
        assert_eq!(child.try_wait().unwrap(), None, "{command:?} was not long");
        let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        let since = Instant::now();
        let mut status = None;
        while status.is_none() && since.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(20));
            status = child.try_wait().unwrap();
        }
        if status.is_none() {
            child.kill().unwrap();
        }
        let output = child.wait_with_output().unwrap();
        assert!(status.is_some(), "{command:?} did not hear Ctrl-C");
        assert_eq!(output.status.code(), Some(2), "{command:?}");
        assert_eq!(
            String::from_utf8(output.stderr).unwrap(),
            "error: interrupted\n",
            "{command:?}"
        );
    }
    fs::remove_dir_all(&folder).unwrap();
}

/// A file of runs that is too large to be read is left as it is: nothing of it may be cut off.
#[test]
fn runs_beyond_the_limit_are_kept() {
    let folder = std::env::temp_dir().join(format!("creditcheck-runs-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("runs.jsonl");
    fs::write(&file, "{}\n").unwrap();
    let length = (64 << 20) + 10;
    fs::File::options().write(true).open(&file).unwrap().set_len(length).unwrap();
    let out = folder.to_str().unwrap();
    let output = run(&["tasks", "recall", "--seeds", "1", "--iterations", "1", "--out", out], b"");
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("runs.jsonl") && error.contains("67108864"), "{error}");
    assert_eq!(fs::metadata(&file).unwrap().len(), length);
    fs::remove_dir_all(&folder).unwrap();
}
