//! Who may know whom: the files are parsed, their paths resolved through re-exports, and the edges compared with a table.

mod arms;
mod edges;
mod reader;
mod self_test;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use reader::{Source, Tree};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn sources() -> Tree {
    let mut files = Vec::new();
    collect(&Path::new(ROOT).join("src"), &mut files);
    assert!(files.len() > 80, "only {} source files found", files.len());
    Tree::of(files)
}

/// The files of the library as syntax trees.
fn parsed() -> Vec<(String, syn::File)> {
    let mut files = Vec::new();
    collect(&Path::new(ROOT).join("src"), &mut files);
    let parse = |source: Source| (source.name, syn::parse_file(&source.text).unwrap());
    files.into_iter().map(parse).collect()
}

fn collect(folder: &Path, files: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(Path::new(ROOT).join("src")).unwrap();
            let name = name.to_str().unwrap().replace('\\', "/");
            files.push(Source { name, text: fs::read_to_string(&path).unwrap() });
        }
    }
}

/// Every edge is in the table, and every edge of the table is there: set `WRITE` to see the table as it should stand.
#[test]
fn edges_are_those_of_the_table() {
    let found = sources().edges();
    let table = edges::table();
    if std::env::var_os("WRITE").is_some() {
        for (from, to) in &found {
            let to: Vec<_> = to.iter().map(String::as_str).collect();
            println!("    {from}: {}", to.join(" "));
        }
    }
    assert_eq!(edges::differences(&found, &table), Vec::<String>::new());
}

#[test]
fn borders_hold() {
    assert_eq!(edges::crossings(&sources().edges()), Vec::<String>::new());
}

#[test]
fn no_files_name_each_other() {
    assert_eq!(sources().circles(), Vec::<String>::new());
}

#[test]
fn foreign_crates_stay_in_their_rooms() {
    assert_eq!(sources().foreign(), Vec::<String>::new());
}

#[test]
fn nothing_is_unsafe_or_unfinished_or_too_long() {
    assert_eq!(sources().blemishes(), Vec::<String>::new());
}

/// Arms that hand on what they were given to the same function as the others: a loop without a choice in it for some,
/// with it for the rest.
const HANDED_ON: [&str; 4] = [
    "fast/backprop/passes.rs: run: an arm takes any Function",
    "fast/credit/passes.rs: run: an arm takes any Function",
    "fast/temporal/bptt.rs: run: an arm takes any Function",
    "fast/temporal/passes.rs: run: an arm takes any Function",
];

#[test]
fn no_arm_takes_variants_of_spec_unnamed() {
    let files = parsed();
    let watched = arms::watched(&files);
    for name in ["Activation", "Class", "Expect", "Kink", "Network", "TemporalRule", "Function"] {
        assert!(watched.contains_key(name), "{name} is not among {:?}", watched.keys());
    }
    let mut swallowed = arms::swallowed(&files);
    swallowed.sort();
    assert_eq!(swallowed, HANDED_ON);
}

/// A new σ has a name, the case format reads it, and those who do not ask the compiler know it too.
#[test]
fn every_activation_is_known_by_name_where_no_compiler_asks() {
    use creditcheck::spec::{ACTIVATION_NAMES, Limits};
    let variants = arms::watched(&parsed())["Activation"].len();
    assert_eq!(ACTIVATION_NAMES.len(), variants, "names, and variants of Activation");
    let places = [
        "fixtures/schema/case.schema.json",
        "fixtures/verifier/functions.py",
        "tests/oracle/exact.py",
        "src/docs/definitions.md",
    ];
    for name in ACTIVATION_NAMES {
        if name != "leaky_relu" {
            let read = creditcheck::wire::case::activation_of(name, &Limits::default());
            assert_eq!(read.unwrap().name(), name);
        }
        for place in places {
            let text = fs::read_to_string(Path::new(ROOT).join(place)).unwrap();
            let known = text.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|w| w == name);
            // The oracle has no rational values of these.
            let no_value = place == "tests/oracle/exact.py"
                && ["tanh", "logistic", "softplus"].contains(&name);
            assert!(known || no_value, "{place} does not know {name}");
        }
    }
}

/// Both newtypes are named together only where they are defined and where each engine's result is wrapped; the bridge
/// and the comparisons take whole outcomes.
#[test]
fn credits_meet_adjoints_in_few_files() {
    let allowed = [
        ("certify/given.rs", "wraps what each engine made of the same x and β"),
        ("spec/outcome.rs", "defines both"),
    ];
    let allowed: BTreeSet<_> = allowed.iter().map(|(file, _)| (*file).to_owned()).collect();
    assert_eq!(sources().naming_both("Credit", "Adjoint"), allowed);
}

#[test]
fn top_level_entries_are_the_agreed_ones() {
    let allowed = [
        "Cargo.toml",
        "Cargo.lock",
        "src",
        "proofs",
        "tests",
        "benches",
        "fixtures",
        "README.md",
        "LICENSE-MIT",
        "LICENSE-APACHE",
        "target",
    ];
    for entry in fs::read_dir(ROOT).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            allowed.contains(&name.as_str()) || name.starts_with('.'),
            "{name} at the top level"
        );
    }
}

/// What the README names in backticks or links to exists.
#[test]
fn folders_of_the_readme_exist() {
    let readme = fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    let mut named = BTreeSet::new();
    for part in readme.split(['`', '(', ')', ' ', '\n', '"', ',']) {
        let folders = ["src/", "fixtures/", "tests/", "proofs/", "benches/"];
        if folders.iter().any(|folder| part.starts_with(folder)) && !part.contains('*') {
            named.insert(part.trim_end_matches(['.', ':', ';']));
        }
    }
    assert!(named.len() > 5, "the README names only {named:?}");
    for name in named {
        assert!(Path::new(ROOT).join(name).exists(), "the README names {name}");
    }
}

/// A tree of made-up files, for the tests of the reader itself.
fn made_up(files: &[(&str, &str)]) -> Tree {
    Tree::of(files.iter().map(|(name, text)| Source { name: (*name).into(), text: (*text).into() }))
}

type Edges = BTreeMap<String, BTreeSet<String>>;

/// The library itself is compiled without its unit tests (`test = false`): `tests/inside` compiles their files again.
#[test]
fn every_unit_test_of_the_library_runs_in_tests_inside() {
    let mut included = Vec::new();
    for file in files_below(&Path::new(ROOT).join("tests/inside")) {
        let text = fs::read_to_string(file).unwrap();
        let paths = text.split("#[path = \"").skip(1).filter_map(|rest| rest.split('"').next());
        included.extend(paths.map(|path| path.trim_start_matches("../").to_owned()));
    }
    let mut with_tests = 0;
    for file in files_below(&Path::new(ROOT).join("src")) {
        if !fs::read_to_string(&file).unwrap().contains("#[test]") {
            continue;
        }
        with_tests += 1;
        let name = file.strip_prefix(ROOT).unwrap().to_str().unwrap().replace('\\', "/");
        let runs = |path: &String| match path.strip_suffix("mod.rs") {
            Some(folder) => name.starts_with(folder),
            None => *path == name,
        };
        assert!(included.iter().any(runs), "the tests of {name} run nowhere");
    }
    assert!(with_tests > 10, "{with_tests} files with tests");
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
