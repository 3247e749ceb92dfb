//! Every block of output in the README is a test.

use super::{ROOT, read};
use std::path::Path;

/// The fenced blocks of a page: the line before, the language, the lines.
fn blocks(text: &str) -> Vec<(&str, &str, Vec<&str>)> {
    let (mut found, mut before) = (Vec::new(), "");
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            found.push((
                before,
                language,
                lines.by_ref().take_while(|l| l.trim() != "```").collect(),
            ));
        }
        before = line;
    }
    found
}

/// What tests a block, or why it needs none; an error names the block.
fn tested_by(before: &str, language: &str, lines: &[&str]) -> Result<String, String> {
    let first = lines.first().copied().unwrap_or_default();
    let block = format!("the block that begins with {first:?}");
    match language {
        // tests/cli.rs runs sessions, and counts them.
        "console" if first.starts_with("$ ") => Ok("tests/cli.rs".into()),
        // What somebody types, without an answer; and programs.
        "sh" | "python" | "rust" => Ok(String::new()),
        "text" => {
            let named =
                before.strip_prefix("<!-- tested by ").and_then(|rest| rest.strip_suffix(" -->"));
            let name = named.ok_or_else(|| format!("{block} does not say by what it is tested"))?;
            match Path::new(ROOT).join(name).is_file() && read(name).contains(before) {
                true => Ok(name.to_owned()),
                false => Err(format!("{block} is tested by {name}, which knows nothing of it")),
            }
        }
        _ => Err(format!("{block} is in no language of which it is known whether it is output")),
    }
}

#[test]
fn every_block_of_output_is_a_test() {
    let readme = read("README.md");
    let blocks = blocks(&readme);
    let found: Result<Vec<_>, _> =
        blocks.iter().map(|(b, l, lines)| tested_by(b, l, lines)).collect();
    let testers = found.unwrap_or_else(|why| panic!("{why}"));
    let outputs = testers.iter().filter(|name| !name.is_empty()).count();
    assert!(outputs >= 7, "only {outputs} of {} blocks are output", testers.len());
}

#[test]
fn a_block_that_nothing_tests_is_found() {
    let page = "```text\n31 cases\n```\n<!-- tested by tests/lib.rs -->\n```text\n31 cases\n```\n```\n31\n```\n";
    let refused =
        blocks(page).iter().filter(|(b, l, lines)| tested_by(b, l, lines).is_err()).count();
    assert_eq!(refused, 3);
}

/// The front page of the library has a line for each of its rooms.
#[test]
fn every_room_stands_on_the_front_page() {
    let front = read("src/lib.rs");
    let (page, code) = front.split_once("#![deny(unsafe_code)]").unwrap();
    let rooms = code.lines().filter_map(|line| line.strip_suffix(';')?.split("mod ").nth(1));
    let rooms: Vec<_> = rooms.collect();
    assert!(rooms.len() >= 18, "{rooms:?}");
    for room in rooms {
        let begins = |line: &str| {
            line.contains(&format!("| [`{room}`] | ")) || line.contains(&format!("| `{room}` | "))
        };
        assert!(page.lines().any(begins), "{room} has no line");
    }
}

/// The first steps of the library's front page: each command of the program ends well.
#[cfg(feature = "cli")]
#[test]
fn the_first_steps_of_the_front_page_run() {
    let front = read("src/lib.rs").replace("//! ", "");
    let (_, steps) = front.split_once("# First steps").unwrap();
    let rows = super::rows(steps);
    let commands: Vec<_> = rows.iter().filter(|cells| cells.len() == 3).map(|c| c[1]).collect();
    assert_eq!(commands.len(), 5, "five people: {commands:?}");
    for command in commands {
        let words: Vec<_> = command.trim_matches('`').split(' ').collect();
        if words[0] == "cargo" {
            assert_eq!(words, ["cargo", "bench", "-p", "creditcheck-benches"]);
            assert!(read("benches/Cargo.toml").contains("name = \"creditcheck-benches\""));
            continue;
        }
        assert_eq!(words[0], "creditcheck");
        // The bare command is the table of claims, which has a test of its own.
        let arguments = if words.len() > 1 { &words[1..] } else { &["--version"] };
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_creditcheck"));
        let ran = program.args(arguments).current_dir(ROOT).output().unwrap();
        assert!(ran.status.success(), "{command}: {}", String::from_utf8_lossy(&ran.stderr));
    }
}

/// The command that makes the program which the sessions call, before they call it; and those of the engineer.
#[test]
fn the_readme_says_how_its_program_comes_to_be_and_what_it_uses() {
    let readme = read("README.md");
    let first = readme.find("$ creditcheck").unwrap();
    let installed = readme.find("cargo install --path .").unwrap();
    assert!(installed < first, "the program is used before it is installed");
    assert!(readme.contains("cargo bench -p creditcheck-benches"));
}
