//! The last that `cargo test` shows: the table of claims that a passing run stands for.
//!
//! It has no harness, because what a test prints that passes is not shown; it comes after the others, because cargo runs
//! targets in the order of their names and stops where one fails.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::{env, fs};

const NAME: &str = "table_of_claims";
const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
const MARK: &str = "<!-- tested by tests/table_of_claims.rs -->\n```text\n";

fn main() -> ExitCode {
    let given: Vec<String> = env::args().skip(1).collect();
    // The two questions that runners of tests ask.
    if given.iter().any(|word| word == "--list") {
        if !given.iter().any(|word| word == "--ignored") {
            println!("{NAME}: test");
        }
        return ExitCode::SUCCESS;
    }
    // A run of some tests stands for no table.
    let mut filters = given.iter().filter(|word| !word.starts_with('-')).peekable();
    if filters.peek().is_some() && !filters.any(|filter| NAME.contains(filter.as_str())) {
        return ExitCode::SUCCESS;
    }
    match table() {
        Ok(said) => {
            println!("\n{said}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// What the program says of the built-in suite and of its mutants, if all of it is well and the README shows it.
fn table() -> Result<String, String> {
    let claims = answer(&[])?;
    let mutants = answer(&["mutants"])?;
    let killed = mutants.lines().last().unwrap_or_default();
    let readme = fs::read_to_string(README).map_err(|error| format!("{README}: {error}"))?;
    let shown = readme.split_once(MARK).and_then(|(_, rest)| rest.split_once("\n```"));
    let (shown, _) = shown.ok_or("the README shows no table of claims")?;
    if !is_shortened(&shown.lines().collect::<Vec<_>>(), &claims.lines().collect::<Vec<_>>()) {
        return Err(format!("the README shows another table than this:\n\n{claims}"));
    }
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("claims.txt");
    let text = format!("{claims}\n{killed}\n");
    fs::write(&file, &text).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(format!(
        "The tests above passed. What they stand for, computed by the program that they tested\n\
         (also in {}):\n\n{text}",
        file.display()
    ))
}

/// What the program prints, if it exits with 0.
fn answer(arguments: &[&str]) -> Result<String, String> {
    let program = env!("CARGO_BIN_EXE_creditcheck");
    let ran = Command::new(program).args(arguments).output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&ran.stdout).into_owned();
    if !ran.status.success() {
        let errors = String::from_utf8_lossy(&ran.stderr);
        return Err(format!(
            "creditcheck {arguments:?} exits with {}:\n{text}{errors}",
            ran.status
        ));
    }
    Ok(text)
}

/// Whether these are the lines of the whole, with `...` for any number of them.
fn is_shortened(shown: &[&str], whole: &[&str]) -> bool {
    match shown.split_first() {
        None => whole.is_empty(),
        Some((&"...", rest)) => (0..=whole.len()).any(|skip| is_shortened(rest, &whole[skip..])),
        Some((line, rest)) => whole
            .split_first()
            .is_some_and(|(first, others)| first.trim_end() == *line && is_shortened(rest, others)),
    }
}
