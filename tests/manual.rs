//! The manual tells the truth: what it says of the program, of the proofs and of the sources is looked up.

mod crates;
mod denials;
mod kinks;
mod names;
mod places;
mod readme;

use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// The files below some files and folders, by their names from the root, in order; what is built lies elsewhere.
fn files(starts: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = starts.iter().map(|name| Path::new(ROOT).join(name)).collect();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            let name = path.strip_prefix(ROOT).unwrap().to_str().unwrap();
            found.push(name.replace('\\', "/"));
        }
    }
    found.sort();
    found
}

/// The cells of the rows of all tables of a text, their heads and rules left out.
fn rows(text: &str) -> Vec<Vec<&str>> {
    let lines: Vec<_> = text.lines().collect();
    let is_rule = |line: &str| line.starts_with("|--");
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let is_head = lines.get(at + 1).is_some_and(|next| is_rule(next));
        if line.starts_with('|') && !is_rule(line) && !is_head {
            let inner = line.strip_prefix('|').unwrap_or(line);
            let inner = inner.strip_suffix('|').unwrap_or(inner);
            let mut is_escaped = false;
            let ends = |c: char| {
                let is_end = c == '|' && !is_escaped;
                is_escaped = c == '\\';
                is_end
            };
            found.push(inner.split(ends).map(str::trim).collect());
        }
    }
    found
}

/// The words of a text that stand in backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}
