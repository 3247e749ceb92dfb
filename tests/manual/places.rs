//! `contributing.md` lists what a new σ, loss, rule, kind of case, mutant or command touches: those places are looked up.

use std::collections::BTreeSet;

use super::{files, quoted, read, rows};

const PAGE: &str = "src/docs/contributing.md";

/// One list of the page: where what is already there of its kind is found, and the files that are said to hold it.
#[derive(Debug)]
struct List<'a> {
    name: &'a str,
    words: Vec<&'a str>,
    roots: Vec<&'a str>,
    count: usize,
    listed: BTreeSet<&'a str>,
}

/// The lists of a page: under a heading, `Found by … in …: N files.` and a table with the files in its first column.
fn lists(page: &str) -> Vec<List<'_>> {
    let sections = page.split("\n# ").skip(1);
    let of = |section| {
        let (name, body) = str::split_once(section, '\n')?;
        let line = body.lines().find(|line| line.starts_with("Found by "))?;
        let (words, rest) = line.split_once(" in ").expect("where to look");
        let (roots, count) = rest.split_once(": ").expect("how many files there are");
        let listed = rows(body).into_iter().flat_map(|cells| quoted(cells[0]).collect::<Vec<_>>());
        Some(List {
            name,
            words: quoted(words).collect(),
            roots: quoted(roots).collect(),
            count: count.split(' ').next().unwrap().parse().expect("a number of files"),
            listed: listed.collect(),
        })
    };
    sections.filter_map(of).collect()
}

/// Whether a text has one of the words, not within a longer one; case does not matter.
fn has(text: &str, words: &[&str]) -> bool {
    let text = text.to_lowercase();
    let is_inner = |c: char| c.is_alphanumeric() || c == '_';
    words.iter().map(|word| word.to_lowercase()).any(|word| {
        text.match_indices(&word).any(|(at, _)| {
            let before = text[..at].chars().next_back().is_some_and(is_inner);
            let after = text[at + word.len()..].chars().next().is_some_and(is_inner);
            let goes_on = before && word.starts_with(is_inner);
            !(goes_on || after && word.ends_with(is_inner))
        })
    })
}

/// The text of a file; some are images and tensors.
fn lossy(name: &str) -> String {
    let bytes = std::fs::read(std::path::Path::new(super::ROOT).join(name)).unwrap();
    String::from_utf8(bytes).unwrap_or_default()
}

/// What is wrong with a list.
fn faults(list: &List<'_>) -> Vec<String> {
    let all = files(&list.roots);
    let text = all.iter().filter(|name| !name.ends_with(".pyc") && *name != PAGE);
    let found: BTreeSet<_> =
        text.filter(|name| has(&lossy(name), &list.words)).map(String::as_str).collect();
    let mut lines: Vec<_> =
        found.difference(&list.listed).map(|name| format!("not listed: {name}")).collect();
    lines.extend(list.listed.difference(&found).map(|name| format!("listed for nothing: {name}")));
    if list.count != found.len() {
        lines.push(format!("{} files, and the page says {}", found.len(), list.count));
    }
    lines
}

#[test]
fn what_a_new_one_touches_is_listed() {
    let page = read(PAGE);
    let lists = lists(&page);
    let names: Vec<_> = lists.iter().map(|list| list.name).collect();
    let wanted = [
        "An activation",
        "A kink convention",
        "A loss",
        "A rule",
        "A kind of case",
        "A mutant",
        "A command",
    ];
    assert_eq!(names, wanted);
    for list in &lists {
        assert_eq!(faults(list), Vec::<String>::new(), "{}", list.name);
    }
}

#[test]
fn a_place_too_many_or_too_few_is_found() {
    let page = "Text.\n\n# A lamp\n\nFound by `Levers`, `unlikely word` in `tests/manual`, `Cargo.toml`: 2 files.\n\n\
        | file | what |\n|---|---|\n| `Cargo.toml` | nothing |\n\n# No list\n\nText.\n";
    let lists = lists(page);
    let [list] = lists.as_slice() else { panic!("{lists:?}") };
    assert_eq!(
        faults(list),
        [
            "not listed: tests/manual/places.rs",
            "listed for nothing: Cargo.toml",
            "1 files, and the page says 2",
        ]
    );
    assert!(has("a Mdgl,", &["mdgl"]) && !has("a Mdgls", &["mdgl"]) && !has("xmdgl", &["mdgl"]));
    assert!(has("case.target[0]", &[".target"]) && !has("case.targets", &[".target"]));
}
