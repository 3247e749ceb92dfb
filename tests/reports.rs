//! The gradients of public reports: what `check` answers to each file of `fixtures/reports`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/reports");

/// The case, the gradient, what is asked besides, the exit, and what the only thing, or the first, that is said of it has in it; nothing is
/// said where that is empty.
type Answer = (&'static str, &'static str, &'static [&'static str], i32, &'static str);

/// What is wrong, or right under what it declares; `right.json` is asked for in every folder.
#[rustfmt::skip] // A table.
const ANSWERS: &[Answer] = &[
    ("bias-averaged-twice/case", "wrong", &[], 1, "the biases of layer 1 are 1/4 times the exact ones, as with 1/B once more"),
    ("biases-for-their-gradients/case", "wrong", &[], 1, "the biases of layer 1 and the biases of layer 2 are the numbers that the case has there"),
    ("biases-stay-zero/case", "wrong", &[], 1, "the biases of layer 1 are all zero"),
    ("biases-summed-from-the-weights/case", "wrong", &[], 1, "the biases of layer 1 are the sums of the rows"),
    ("clipped-to-one/case", "wrong", &[], 1, "10 entries are cut at ±1: clipped by value"),
    ("delta-of-the-layer-below/case", "proposed", &[], 1, ""),
    ("differences-in-f32/case", "differences", &[], 1, ""),
    ("direct-term-only/case", "wrong", &[], 1, "the direct term only: BPTT with the state detached at every step"),
    ("ends-of-clamp/case", "inner", &[], 1, "\"kink\": \"inner\""),
    ("ends-of-clamp/case", "outer", &[], 1, "\"kink\": \"outer\""),
    ("ends-of-clamp/case-inner", "inner", &[], 0, ""),
    ("ends-of-clamp/case-outer", "outer", &[], 0, ""),
    ("gradient-for-the-weight/case", "proposed", &[], 1, ""),
    ("last-example-only/case", "proposed", &[], 1, "keeps the contribution of the last example only"),
    ("leaky-as-relu/case", "wrong", &[], 1, "takes the slope of ReLU for the balance factor in layer 1"),
    ("logistic-of-logistic/case", "proposed", &[], 1, "takes the balance factor at the rate instead of the net input"),
    ("logistic-slope-everywhere/case", "wrong", &[], 1, "takes x (1 − x), the slope of the logistic function, for the balance factor in layer 1"),
    ("mean-over-outputs/case", "wrong", &[], 1, "2/3 times the exact ones, as with the mean of the squares over batch and outputs (2/K)"),
    ("mean-over-outputs/case", "wrong", &["--scale", "2/3"], 0, ""),
    ("one-step-for-the-solve/case", "wrong", &[], 1, "relaxes the credit once instead of to its equilibrium"),
    ("one-step-too-old/case", "wrong", &[], 1, "this is the update of the weights before the step of η = 1/2"),
    ("one-sum-for-all-biases/case", "wrong", &[], 1, "is the sum of all of them: one number in place of 3"),
    ("raw-error-passed-on/case", "wrong", &[], 1, "passes credit on without the balance factor in layer 2"),
    ("relu-with-slope-one/case", "wrong", &[], 1, "leaves out the balance factor in layer 1"),
    ("shuffled-apart/case", "wrong", &[], 1, "the targets in another order than the inputs: those of the examples 2, 0, 3, 1"),
    ("slope-of-the-credit/case", "wrong", &[], 1, ""),
    ("softsign-of-its-output/case", "wrong", &[], 1, "takes the balance factor at the rate instead of the net input in layer 1"),
    ("system-not-transposed/case", "wrong", &[], 1, "the Jacobian of the equilibrium in place of its transpose"),
    ("tan-for-tanh/case", "proposed", &[], 1, ""),
    ("tf32/case", "tensor-cores", &[], 1, "it fits --arithmetic tf32-f32"),
    ("tf32/case", "tensor-cores", &["--arithmetic", "tf32-f32"], 0, ""),
    ("ties-shared-at-six/case", "mean", &[], 1, "\"kink\": \"mean\""),
    ("ties-shared-at-six/case", "outer", &[], 1, "\"kink\": \"outer\""),
    ("ties-shared-at-six/case-mean", "mean", &[], 0, ""),
    ("ties-shared-at-six/case-outer", "outer", &[], 0, ""),
    ("updated-before-it-is-passed/case", "wrong", &[], 1, "changes the weights before the credit has passed them"),
    ("weights-not-transposed-in-time/case", "wrong", &[], 1, "instead of their transpose"),
    ("weights-summed-biases-averaged/case", "wrong", &[], 1, "the weights of layer 1 and the weights of layer 2 are 4 times the exact ones"),
    ("without-minus-x/case", "wrong", &[], 1, "differentiates f(x) where the equilibrium is a root of f(x) − x"),
];

/// The exit, and what is said of it.
fn check(case: &str, mine: &str, options: &[&str]) -> (i32, Vec<String>) {
    let output = Command::new(env!("CARGO_BIN_EXE_creditcheck"))
        .current_dir(FOLDER)
        .args(["check", "--quiet", "--format", "json", case, mine])
        .args(options)
        .output()
        .unwrap();
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let said = found["diagnosis"].as_array().unwrap().iter();
    let said = said.map(|sentence| sentence.as_str().unwrap().to_owned()).collect();
    (output.status.code().unwrap(), said)
}

#[test]
fn each_is_answered_as_the_table_says() {
    let mut otherwise = Vec::new();
    for &(case, mine, options, exit, says) in ANSWERS {
        let folder = Path::new(case).parent().unwrap().display();
        let (code, said) =
            check(&format!("{case}.json"), &format!("{folder}/{mine}.json"), options);
        let is_said =
            said.first().map_or(says.is_empty(), |first| !says.is_empty() && first.contains(says));
        // What is near is no news where it is known what it is.
        let is_near = said.iter().any(|sentence| sentence.starts_with("nearest to it"));
        if code != exit || !is_said || is_near {
            otherwise.push(format!("{case} {mine} {options:?}: {code}, {said:?}"));
        }
    }
    assert!(otherwise.is_empty(), "{}", otherwise.join("\n"));
}

/// What the same code gives without the mistake is right, and nothing is said of it.
#[test]
fn what_is_right_is_right() {
    let mut asked = 0;
    for report in reports() {
        if Path::new(FOLDER).join(&report).join("right.json").exists() {
            let found = check(&format!("{report}/case.json"), &format!("{report}/right.json"), &[]);
            assert_eq!(found, (0, Vec::new()), "{report}");
            asked += 1;
        }
    }
    assert_eq!(asked, 29);
}

fn reports() -> BTreeSet<String> {
    let entries = fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap());
    let folders = entries.filter(|entry| entry.file_type().unwrap().is_dir());
    folders.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

/// No file is left out of the table, and no report of the list with its sources.
#[test]
fn every_file_is_asked_about() {
    let readme = fs::read_to_string(Path::new(FOLDER).join("README.md")).unwrap();
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| `"));
    let listed: Vec<&str> = rows.filter_map(|row| row.split('`').next()).collect();
    assert_eq!(listed, reports().iter().collect::<Vec<_>>());
    for report in reports() {
        for entry in fs::read_dir(Path::new(FOLDER).join(&report)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let name = name.strip_suffix(".json").unwrap();
            let mut all = ANSWERS.iter().filter(|row| row.0.starts_with(&format!("{report}/")));
            let is_asked = match name.strip_prefix("case") {
                Some(_) => all.any(|row| row.0 == format!("{report}/{name}")),
                None => name == "right" || all.any(|row| row.1 == name),
            };
            assert!(is_asked, "{report}/{name}.json");
        }
    }
}
