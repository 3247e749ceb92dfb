//! What people see fits a window of 80 columns, whatever the window, and is the same in all.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

const WIDTH: usize = 80;

/// Each line of these is run, one after the other, in a folder of its own; the exit code stands before it. `@` is `fixtures/`.
const SESSIONS: &str = "
0 --help
0 -h
0 --version
2 --no-such-option
0 certify @cases/worked-example.json
0 certify @cases/activation-softplus.json
0 certify @cases/graph-skip-dead-end.json
0 certify @cases/recurrent-dense-8.json
0 certify @cases/own-balance-square.json
3 certify @cases/dead-relu.json
0 certify @audit/digits-784-128-64-10/case.json
2 certify @cases/graph-skip-dead-end.json @cases/own-balance-square.json @cases/dead-relu.json @refused/recurrent-singular.json
0 certify @cases/worked-example.json --coq certs
0 certify @cases/recurrent-given-polynomial.json -o given.json
0 verify given.json
0 verify @certificates/graph-skip-dead-end.json
0 verify @certificates/activation-softplus.json
0 verify @certificates/large-6-3000-1.json
1 verify @forgeries/tanh-rate.json
1 verify @forgeries/another-kink.json
0 gradient @cases/square-3-3-3-cubic.json
0 gradient @cases/graph-skip-dead-end.json --quantity update
0 gradient @cases/activation-tanh.json --number f64
0 gradient @cases/recurrent-dense-8.json --number f32
0 gradient @cases/temporal-9-columns.json --rule modprop --mu 1/2
2 gradient @cases/worked-example.json --rule magic
2 gradient @tensors/wrong-name.json
2 gradient @refused/recurrent-on-a-kink.json
2 gradient @audit/digits-784-128-64-10/case.json
0 gradient @cases/square-3-3-3-cubic.json --number f32 -o mine.json
0 gradient @cases/square-3-3-3-cubic.json --quantity update -o update.json
0 check @cases/square-3-3-3-cubic.json mine.json
1 check @cases/square-2-2-2-2-relu.json sign.json
2 check @cases/worked-example.json mine.json
0 compare @cases/temporal-golden.json
0 compare @cases/temporal-relay-gate.json
0 compare @cases/worked-example.json
0 audit @audit/digits-64-32-10/net.safetensors @audit/digits-64-32-10/data.safetensors @audit/digits-64-32-10/torch.safetensors
1 audit @audit/digits-64-32-10/net.safetensors @audit/digits-64-32-10/data.safetensors @audit/digits-64-32-10/torch.safetensors --scale 2
0 show @cases/worked-example.json
0 show @cases/activation-tanh.json
0 show @cases/activation-tanh.json --digits 12
0 show @cases/deep-7-layers-leaky-relu.json
0 show @cases/recurrent-dense-8.json
0 show @cases/temporal-9-columns.json
2 show @cases/temporal-9-columns.json --digits 0
0 mutants
0 simulate @cases/worked-example.json --out simulated
0 simulate @cases/graph-interface-example.json --no-sweep --out simulated-graph
0 tasks recall --seeds 2 --iterations 3 --rules bptt,modprop:taps=2:mu=1/4,eprop --out recall
0 tasks alignment --seeds 2 --out alignment
0 tasks blocks --seeds 2 --out blocks
1 vectors check vectors
2 vectors check no-such-folder
2 communities --threads 0
";

fn run(arguments: &[String], folder: &PathBuf, columns: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_creditcheck"))
        .args(arguments)
        .current_dir(folder)
        .env("COLUMNS", columns)
        .output()
        .unwrap()
}

/// Columns that a line takes; the only marks without a column of their own that the program writes are those above letters.
fn columns(line: &str) -> usize {
    line.chars().filter(|c| !('\u{300}'..='\u{36f}').contains(c)).count()
}

#[test]
fn what_is_printed_fits_eighty_columns() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("width");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("vectors/v1")).unwrap();
    fs::create_dir_all(folder.join("vectors/v2")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures"),
        folder.join("fixtures"),
    )
    .unwrap();
    let help = String::from_utf8(run(&["--help".into()], &folder, "80").stdout).unwrap();
    let commands = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let commands = commands
        .lines()
        .filter_map(|line| line.strip_prefix("  "))
        .filter(|line| !line.starts_with(' '))
        .filter_map(|line| line.split(' ').next());
    let commands: Vec<_> = commands.filter(|command| *command != "help").collect();
    assert!(commands.len() >= 12, "{help}");
    let sessions = SESSIONS.trim().lines().map(str::to_owned);
    let of_help = commands.iter().map(|command| format!("0 {command} --help"));
    let sessions: Vec<String> = sessions.chain(of_help).collect();
    for command in &commands {
        let is_run =
            |line: &&String| line.split(' ').nth(1) == Some(*command) && !line.ends_with("--help");
        assert!(sessions.iter().any(|line| is_run(&line)), "no session of {command}");
    }
    // A gradient whose every sign is wrong.
    let net = "fixtures/cases/square-2-2-2-2-relu.json".to_owned();
    let update = ["gradient".into(), net, "--quantity".into(), "update".into()];
    let negated = run(&[&update[..], &["--format".into(), "json".into()]].concat(), &folder, "80");
    let negated = String::from_utf8(negated.stdout).unwrap();
    fs::write(folder.join("sign.json"), negated.replace("\"update\"", "\"gradient\"")).unwrap();
    let mut wide = Vec::new();
    for session in &sessions {
        let (code, arguments) = session.split_once(' ').unwrap();
        let arguments: Vec<_> =
            arguments.split(' ').map(|word| word.replace('@', "fixtures/")).collect();
        let output = run(&arguments, &folder, "80");
        assert_eq!(output.status.code().unwrap().to_string(), code, "{session}: {output:?}");
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8(text).unwrap();
        let lines = text.lines().filter(|line| columns(line) > WIDTH);
        wide.extend(lines.map(|line| format!("{session}: {}: {line}", columns(line))));
    }
    assert!(wide.is_empty(), "{}", wide.join("\n"));
    // A wider window changes nothing.
    for arguments in ["--help", "show fixtures/cases/activation-tanh.json", "audit --help"] {
        let arguments: Vec<_> = arguments.split(' ').map(str::to_owned).collect();
        let [narrow, wide] = ["80", "120"].map(|columns| run(&arguments, &folder, columns).stdout);
        assert_eq!(narrow, wide, "{arguments:?}");
    }
}

/// The digits that `show` keeps: exact ones stay, longer ones are the nearest decimal, and JSON takes none.
#[test]
fn show_shortens_fractions_when_asked() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let show = |more: &[&str]| {
        let first = ["show", "fixtures/cases/square-2-3-3-2-quadratic.json"];
        let arguments: Vec<String> =
            first.iter().chain(more).map(|word| (*word).to_owned()).collect();
        run(&arguments, &folder, "80")
    };
    let exact = String::from_utf8(show(&[]).stdout).unwrap();
    assert!(exact.ends_with("\nlong fractions: --digits 12 shows them as decimals\n"), "{exact}");
    assert!(!exact.contains('≈'));
    let short = String::from_utf8(show(&["--digits", "6"]).stdout).unwrap();
    let marked = short.split_whitespace().filter(|word| word.starts_with('≈')).count();
    assert!(marked > 100, "{marked}");
    assert!(short.contains("\nL ≈ ") && !short.contains("= ≈"), "{short}");
    assert!(short.lines().count() < exact.lines().count());
    let quiet = String::from_utf8(show(&["--quiet"]).stdout).unwrap();
    assert_eq!(exact.strip_prefix(&quiet).unwrap().lines().count(), 2, "the advice is a hint");
    let refused = show(&["--digits", "6", "--format", "json"]);
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("--digits with JSON, whose numbers are exact"), "{said}");
}
