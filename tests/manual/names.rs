//! Each definition and each claim has its function here and its theorem in Coq, by names that exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{ROOT, quoted, read, rows};

const PAGE: &str = "src/docs/definitions.md";

/// What is wrong with the table of names on a page, line by line.
fn faults(page: &str) -> Vec<String> {
    let (mut found, mut named) = (Vec::new(), BTreeSet::new());
    for cells in rows(page) {
        let id = cells[0].split(' ').next().unwrap_or_default();
        let [_, program, defined, proved] = cells.as_slice() else { continue };
        if !is_id(id) {
            continue;
        }
        named.insert(id.to_owned());
        let functions: Vec<_> = quoted(program).collect();
        if functions.is_empty() {
            found.push(format!("{id}: no function"));
        }
        found.extend(
            functions.iter().filter(|p| !is_item(p)).map(|p| format!("{id}: no pub item {p}")),
        );
        for (column, kinds) in [(defined, &DEFINITIONS[..]), (proved, &THEOREMS)] {
            let names: Vec<_> = quoted(column).collect();
            // Where there is nothing, a reason stands.
            if names.is_empty() && !column.starts_with("— (") {
                found.push(format!("{id}: neither a name in Coq nor a reason: {column:?}"));
            }
            found.extend(names.iter().filter_map(|name| in_coq(name, kinds).err()));
        }
    }
    let wanted = ids(page);
    found.extend(wanted.difference(&named).map(|id| format!("{id}: not in the table of names")));
    found
}

const DEFINITIONS: [&str; 2] = ["Definition", "Fixpoint"];
const THEOREMS: [&str; 3] = ["Theorem", "Corollary", "Lemma"];

/// `D3`, `C7`
fn is_id(word: &str) -> bool {
    let digits = word.strip_prefix(['C', 'D']).unwrap_or_default();
    !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())
}

/// The definitions that have a heading (`# D5–D7 …` is three) and the claims of the table of claims.
fn ids(page: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in page.lines() {
        let Some(word) = line.strip_prefix("# ").and_then(|rest| rest.split(' ').next()) else {
            continue;
        };
        let ends: Vec<&str> = word.split('–').collect();
        if ends.iter().all(|end| is_id(end)) {
            let number = |end: &str| end[1..].parse::<u32>().unwrap();
            let range = number(ends[0])..=number(ends[ends.len() - 1]);
            found.extend(range.map(|number| format!("D{number}")));
        }
    }
    let claims = rows(page).into_iter().filter(|cells| cells.len() == 2);
    let claims = claims.filter_map(|cells| cells[0].split(' ').next());
    found.extend(claims.filter(|word| is_id(word) && word.starts_with('C')).map(str::to_owned));
    found
}

/// Whether an item of this path is there, and is not private: a claim may be decided in a room of its own.
fn is_item(path: &str) -> bool {
    let Some((module, name)) = path.rsplit_once("::") else { return false };
    let module = Path::new(ROOT).join("src").join(module.replace("::", "/"));
    let files = [module.with_extension("rs"), module.join("mod.rs")];
    let Some(text) = files.iter().find_map(|file| fs::read_to_string(file).ok()) else {
        return false;
    };
    let is_open = |vis: &syn::Visibility| !matches!(vis, syn::Visibility::Inherited);
    let is_wanted = |vis: &syn::Visibility, ident: &syn::Ident| *ident == name && is_open(vis);
    syn::parse_file(&text).unwrap().items.iter().any(|item| match item {
        syn::Item::Fn(item) => is_wanted(&item.vis, &item.sig.ident),
        syn::Item::Enum(item) => is_wanted(&item.vis, &item.ident),
        syn::Item::Struct(item) => is_wanted(&item.vis, &item.ident),
        syn::Item::Use(item) => is_open(&item.vis) && passes_on(&item.tree, name),
        _ => false,
    })
}

/// Whether a `use` gives this name to others.
fn passes_on(tree: &syn::UseTree, name: &str) -> bool {
    match tree {
        syn::UseTree::Path(step) => passes_on(&step.tree, name),
        syn::UseTree::Group(group) => group.items.iter().any(|tree| passes_on(tree, name)),
        syn::UseTree::Name(leaf) => leaf.ident == name,
        syn::UseTree::Rename(leaf) => leaf.rename == name,
        syn::UseTree::Glob(_) => false,
    }
}

/// Whether `File.name` is a sentence of one of these kinds in `proofs/theories`; of exported ones, whether they are audited.
fn in_coq(name: &str, kinds: &[&str]) -> Result<(), String> {
    let (file, sentence) = name.split_once('.').ok_or_else(|| format!("{name} names no file"))?;
    let file = Path::new(ROOT).join("proofs/theories").join(file).with_extension("v");
    let text = fs::read_to_string(&file).map_err(|_| format!("{name}: no such file"))?;
    let begins = |line: &str, kind: &&&str| {
        let rest = line.strip_prefix(**kind).and_then(|rest| rest.strip_prefix(' '));
        let word = rest.and_then(|rest| rest.split(|c: char| !is_of_name(c)).next());
        word == Some(sentence)
    };
    let kind = text.lines().find_map(|line| kinds.iter().find(|kind| begins(line, kind)));
    let kind = *kind.ok_or_else(|| format!("{name} is no {}", kinds.join(" or ")))?;
    let audited = || read("proofs/audit.expected").contains(&format!("{name}: "));
    match ["Theorem", "Corollary"].contains(&kind) && !audited() {
        true => Err(format!("{name} is not audited")),
        false => Ok(()),
    }
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '\''
}

#[test]
fn each_definition_and_each_claim_has_its_function_and_its_theorem() {
    let page = read(PAGE);
    assert!(ids(&page).len() >= 17, "only {:?} are defined", ids(&page));
    assert_eq!(faults(&page), Vec::<String>::new());
}

#[test]
fn names_that_are_not_there_are_found() {
    let page = "# D1 Firing\n# D2–D3 Balance\n\n| id | claim |\n|---|---|\n| C1 credit | c = −x̄ |\n\n\
        | id | in the program | defined in Coq | proved in Coq |\n|---|---|---|---|\n\
        | D1 | `textbook::firing::unfiring` | `Layers.rates` | — (why) |\n\
        | D3 | `textbook::credit::embed_all` | `Layers.rate` | — |\n\
        | C1 | | — (why) | `Layers.credits`, `Nowhere.at_all`, `Settling.sweep_local` |\n";
    assert_eq!(
        faults(page),
        [
            "D1: no pub item textbook::firing::unfiring",
            "D3: no pub item textbook::credit::embed_all",
            "Layers.rate is no Definition or Fixpoint",
            "D3: neither a name in Coq nor a reason: \"—\"",
            "C1: no function",
            "Layers.credits is no Theorem or Corollary or Lemma",
            "Nowhere.at_all: no such file",
            "D2: not in the table of names",
        ]
    );
}
