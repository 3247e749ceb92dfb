//! Every dependency has its reason in `design.md`.

use super::read;

/// The crates that a manifest takes from elsewhere.
fn dependencies(manifest: &str) -> Vec<&str> {
    let (mut found, mut within) = (Vec::new(), false);
    for line in manifest.lines() {
        if line.starts_with('[') {
            within = line == "[dependencies]" || line == "[dev-dependencies]";
        } else if let Some((name, _)) = line.split_once(" = ").filter(|_| within) {
            found.push(name);
        }
    }
    found
}

/// Those that a page does not name.
fn unexplained<'a>(crates: &[&'a str], page: &str) -> Vec<&'a str> {
    let (_, answer) = page.split_once("# What does each dependency do?").expect("the question");
    let is_of_name = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let words: Vec<_> = answer.split(|c| !is_of_name(c)).collect();
    crates.iter().filter(|name| !words.contains(*name)).copied().collect()
}

#[test]
fn every_dependency_has_its_reason() {
    let (ours, benches) = (read("Cargo.toml"), read("benches/Cargo.toml"));
    let mut crates = dependencies(&ours);
    crates.extend(dependencies(&benches).into_iter().filter(|name| *name != "creditcheck"));
    assert!(crates.len() > 30, "only {crates:?}");
    assert_eq!(unexplained(&crates, &read("src/docs/design.md")), Vec::<&str>::new());
}

#[test]
fn a_dependency_without_a_reason_is_found() {
    let crates = dependencies(
        "[package]\nname = \"x\"\n[dependencies]\nserde = \"1\"\ngemm = \"1\"\n[lib]\nbench = false\n",
    );
    assert_eq!(crates, ["serde", "gemm"]);
    let page = "gemm\n# What does each dependency do?\n| serde_json | JSON |\n**gemm-common**\n";
    assert_eq!(unexplained(&crates, page), crates);
}
