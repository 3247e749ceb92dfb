//! An option that a command does not use is refused, with its name and the reason: never ignored.

use super::{GOOD, run};

const TIMED: &str = "fixtures/cases/temporal-golden.json";
const NET: &str = "fixtures/audit/digits-64-32-10/net.safetensors";
const DATA: &str = "fixtures/audit/digits-64-32-10/data.safetensors";
const MINE: &str = "fixtures/audit/digits-64-32-10/torch.safetensors";
const MINE_JSON: &str = "tests/cli/options/exact.json";
const SINGLE: &str = "tests/cli/options/single.safetensors";

/// What each option needs beside it to say anything: the arguments, and what the message must contain.
const UNUSED: &[(&[&str], &[&str])] = &[
    // Of cases, where there is none.
    (&["certify", "--allow-outside"], &["--allow-outside", "without a case"]),
    (&["simulate", "--allow-outside"], &["--allow-outside", "without a case"]),
    (&["verify", GOOD, "--allow-outside"], &["--allow-outside", "without --files"]),
    // Of rules over time, on a network without time.
    (&["gradient", GOOD, "--feedback", "type"], &["--feedback", "does not run in time"]),
    (&["gradient", GOOD, "--diagonal", "counted"], &["--diagonal", "does not run in time"]),
    (&["gradient", GOOD, "--taps", "3"], &["--taps", "does not run in time"]),
    (&["gradient", GOOD, "--mu", "1/2"], &["--mu", "does not run in time"]),
    (&["gradient", GOOD, "--form", "filter"], &["--form", "does not run in time"]),
    (&["gradient", GOOD, "--rule", "tangent", "--mu", "1"], &["--mu", "does not run in time"]),
    (&["show", GOOD, "--mu", "1/2"], &["--mu", "does not run in time"]),
    (&["show", GOOD, "--digits", "6", "--format", "json"], &["--digits", "JSON"]),
    // Of one rule, with another.
    (&["gradient", TIMED, "--mu", "1/2"], &["--mu", "bptt"]),
    (&["gradient", TIMED, "--rule", "bptt", "--taps", "2"], &["--taps", "bptt"]),
    (&["gradient", TIMED, "--rule", "rtrl", "--feedback", "cell"], &["--feedback", "rtrl"]),
    (&["gradient", TIMED, "--rule", "factorised-rtrl", "--form", "filter"], &["--form", "rtrl"]),
    (&["gradient", TIMED, "--rule", "eprop", "--diagonal", "counted"], &["--diagonal", "eprop"]),
    (&["gradient", TIMED, "--rule", "tangent", "--mu", "1"], &["--mu", "tangent"]),
    (&["gradient", TIMED, "--rule", "mdgl", "--mu", "1"], &["--mu", "mdgl"]),
    (&["gradient", TIMED, "--rule", "mdgl", "--taps", "1"], &["--taps", "mdgl"]),
    (&["gradient", TIMED, "--rule", "mdgl", "--form", "filter"], &["--form", "mdgl"]),
    (&["gradient", TIMED, "--rule", "mdgl", "--diagonal", "counted"], &["--diagonal", "mean"]),
    (
        &["gradient", TIMED, "--rule", "modprop", "--mu", "1", "--diagonal", "counted"],
        &["--diagonal", "mean"],
    ),
    (
        &["gradient", TIMED, "--rule", "modprop", "--mu", "1", "--form", "autodiff", "--taps", "2"],
        &["taps", "autodiff"],
    ),
    // Tensors are written by one command, and in one form.
    (&["gradient", GOOD, "--format", "json", "-o", "x.safetensors"], &["--format", "-o FILE.saf"]),
    (&["gradient", GOOD, "--format", "text", "-o", "x.safetensors"], &["--format", "-o FILE.saf"]),
    (&["gradient", TIMED, "-o", "x.safetensors"], &["tensors", "in time"]),
    (&["certify", GOOD, "-o", "x.safetensors"], &["-o FILE.safetensors", "gradient"]),
    (&["-o", "x.safetensors"], &["-o FILE.safetensors", "gradient"]),
    (&["check", GOOD, GOOD, "-o", "x.safetensors"], &["-o FILE.safetensors", "gradient"]),
    (&["compare", TIMED, "-o", "x.safetensors"], &["-o FILE.safetensors", "gradient"]),
    (&["audit", NET, DATA, MINE, "-o", "x.safetensors"], &["-o FILE.safetensors", "gradient"]),
    (&["verify", GOOD, "-o", "x.safetensors"], &["-o FILE.safetensors", "gradient"]),
    (&["show", GOOD, "-o", "x.safetensors"], &["-o FILE.safetensors", "gradient"]),
    (&["vectors", "check", "-o", "x.safetensors"], &["-o FILE.safetensors", "gradient"]),
    (&["simulate", "-o", "x.safetensors"], &["-o FILE.safetensors", "gradient"]),
    (&["mutants", "-o", "x.safetensors"], &["-o FILE.safetensors", "gradient"]),
    (&["communities", "-o", "x.safetensors"], &["-o FILE.safetensors", "gradient"]),
    (&["tasks", "xor", "-o", "x.safetensors"], &["-o FILE.safetensors", "gradient"]),
    // JUnit is for lists of checks.
    (&["gradient", GOOD, "--format", "junit"], &["--format junit", "certify, check and verify"]),
    (&["compare", TIMED, "--format", "junit"], &["--format junit"]),
    (&["audit", NET, DATA, MINE, "--format", "junit"], &["--format junit"]),
    (&["show", GOOD, "--format", "junit"], &["--format junit"]),
    (&["vectors", "check", "--format", "junit"], &["--format junit"]),
    (&["simulate", "--format", "junit"], &["--format junit"]),
    (&["mutants", "--format", "junit"], &["--format junit"]),
    (&["communities", "--format", "junit"], &["--format junit"]),
    (&["tasks", "xor", "--format", "junit"], &["--format junit"]),
    // The certificate for Coq.
    (&["certify", GOOD, "--number", "exact"], &["--coq"]),
    (&["certify", "--coq", "x"], &["<CASES>"]),
    (&["certify", TIMED, "--coq", "x"], &["in time"]),
    // The σ of a network is in its case.
    (&["audit", GOOD, "-", MINE, "--activation", "relu"], &["--activation", "case"]),
    (&["audit", GOOD, "-", MINE, "--output-activation", "relu"], &["--output-activation", "case"]),
    (&["audit", SINGLE, DATA, MINE, "--activation", "tanh"], &["--activation", "single layer"]),
    // How tensors are read, where there are none.
    (&["audit", GOOD, "-", MINE_JSON, "--layout", "inputs-by-outputs"], &["--layout", "JSON"]),
    (
        &["audit", GOOD, "-", MINE_JSON, "--layout-of-mine", "inputs-by-outputs"],
        &["--layout-of-mine", "JSON"],
    ),
    (&["audit", GOOD, "-", MINE_JSON, "--layers", "a,b"], &["--layers", "JSON"]),
    (&["check", GOOD, MINE_JSON, "--layout", "inputs-by-outputs"], &["--layout", "JSON"]),
    (&["check", GOOD, MINE_JSON, "--layers", "a,b"], &["--layers", "JSON"]),
    // Floats are computed in an arithmetic, and a grid is something else.
    (&["check", GOOD, MINE_JSON, "--arithmetic", "f32"], &["--arithmetic", "no floats"]),
    (&["check", GOOD, MINE_JSON, "--grid-everywhere"], &["--grid-everywhere", "without a grid"]),
    // Files of a certificate that holds its numbers.
    (
        &["verify", "fixtures/certificates/worked-example.json", "--files", "."],
        &["--files", "small"],
    ),
    // Traces of timescales, where epochs are followed.
    (&["simulate", "--digits", GOOD], &["--digits", "[CASE]"]),
    (&["simulate", "--digits", "--neurons", "1"], &["--digits", "--neurons"]),
    (&["simulate", "--digits", "--no-sweep"], &["--digits", "--no-sweep"]),
    (&["simulate", "--digits", "--tau-x", "1"], &["--digits", "--tau-x"]),
    (&["simulate", "--digits", "--tau-c", "1"], &["--digits", "--tau-c"]),
    (&["simulate", "--digits", "--tau-w", "1"], &["--digits", "--tau-w"]),
    (&["simulate", "--digits", "--present", "1"], &["--digits", "--present"]),
    (&["simulate", "--digits", "--gate", "0"], &["--digits", "--gate"]),
    (&["simulate", "--digits", "--start", "rest"], &["--digits", "--start"]),
    (&["simulate", "--digits", "--rtol", "1e-8"], &["--digits", "--rtol"]),
    // Nothing is learned there.
    (&["tasks", "alignment", "--iterations", "3"], &["--iterations", "alignment"]),
    (&["tasks", "blocks", "--iterations", "3"], &["--iterations", "blocks"]),
    (&["tasks", "alignment", "--rules", "bptt"], &["--rules", "alignment"]),
    (&["tasks", "blocks", "--rules", "eprop"], &["--rules", "blocks"]),
    (&["gradient", GOOD, "--options", GOOD], &["--options", "credit", "feedback_alignment"]),
    // Given twice, one of them would be ignored.
    (&["--seed", "1", "gradient", GOOD, "--seed", "2"], &["--seed", "twice"]),
    (&["--format", "text", "show", GOOD, "--format", "json"], &["--format", "twice"]),
    (&["--max-bits", "10", "show", GOOD, "--max-bits", "1000000"], &["--max-bits", "twice"]),
    (&["-o", "a.txt", "show", GOOD, "--output", "b.txt"], &["--output", "twice"]),
];

#[test]
fn what_is_not_used_is_refused() {
    for (arguments, parts) in UNUSED {
        let output = run(arguments, b"");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        let said = said.replace("\n  │ ", " ").replace("\n", " ");
        for part in *parts {
            assert!(said.contains(part), "{arguments:?}: no {part:?} in {said}");
        }
        assert!(!std::path::Path::new("x.safetensors").exists(), "{arguments:?}");
    }
}

/// Every option of every command stands in the table above or below, so that a new one is thought of.
#[test]
fn every_option_is_in_the_table() {
    // Used wherever their command runs.
    const ALWAYS: &[(&str, &str)] = &[
        ("gradient", "--allow-outside"),
        ("check", "--allow-outside"),
        ("audit", "--allow-outside"),
        ("show", "--allow-outside"),
        ("certify", "--coq"),
        ("gradient", "--rule"),
        ("gradient", "--number"),
        ("gradient", "--quantity"),
        ("compare", "--mu"),
        ("check", "--allow-unchecked"),
        ("audit", "--allow-unchecked"),
        ("audit", "--scale"),
        ("audit", "--rigorous"),
        ("check", "--scale"),
        ("check", "--rigorous"),
        ("check", "--all"),
        ("check", "--svg"),
        ("audit", "--arithmetic"),
        ("audit", "--svg"),
        ("simulate", "--out"),
        ("simulate", "--digits"),
        ("communities", "--full"),
        ("communities", "--out"),
        ("communities", "--threads"),
        ("tasks", "--seeds"),
        ("tasks", "--full"),
        ("tasks", "--out"),
        ("tasks", "--threads"),
    ];
    const COMMON: [&str; 9] = [
        "--format",
        "--output",
        "--seed",
        "--max-bits",
        "--max-work",
        "--max-values",
        "--quiet",
        "--help",
        "--version",
    ];
    let commands = [
        "certify",
        "gradient",
        "check",
        "compare",
        "audit",
        "verify",
        "show",
        "vectors",
        "simulate",
        "mutants",
        "communities",
        "tasks",
    ];
    let all = String::from_utf8(run(&["--help"], b"").stdout).unwrap();
    let listed = all.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    // What a command does goes on further in.
    let listed = listed.lines().filter_map(|line| line.strip_prefix("  "));
    let listed = listed.filter(|line| !line.starts_with(' '));
    let listed: Vec<_> = listed.filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(listed, [&commands[..], &["help"]].concat());
    let mut options = 0;
    for command in commands {
        let help = String::from_utf8(run(&[command, "-h"], b"").stdout).unwrap();
        for line in help.lines() {
            let Some(option) = line.split_whitespace().find(|word| word.starts_with("--")) else {
                continue;
            };
            let starts = line.trim_start().starts_with('-');
            if !starts || COMMON.contains(&option) {
                continue;
            }
            let in_table = UNUSED
                .iter()
                .any(|(arguments, _)| arguments[0] == command && arguments.contains(&option));
            let always = ALWAYS.contains(&(command, option));
            assert!(in_table || always, "{command} {option} is in no table");
            options += 1;
        }
    }
    assert!(options >= 35, "{options} options");
}
