//! Reads source files with `syn` and resolves every path in them.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};

use super::Edges;

/// One source file.
pub(super) struct Source {
    /// Its path below `src`, with slashes.
    pub name: String,
    /// What stands in it.
    pub text: String,
}

/// A path as it stands in a file, resolved to the root of this crate, or foreign.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Resolved {
    Ours(Vec<String>),
    Foreign(Vec<String>),
}

/// What one file says.
#[derive(Default)]
struct Facts {
    /// The module the file is.
    module: Vec<String>,
    /// Paths in the order of the file, with the module in which they stand.
    paths: Vec<(Vec<String>, Vec<String>)>,
    /// Names that this file gives to others, and the paths behind them.
    reexports: Vec<(Vec<String>, String, Vec<String>)>,
    /// `unsafe` of any kind.
    is_unsafe: bool,
}

/// All files.
pub(super) struct Tree {
    files: BTreeMap<String, (String, Facts)>,
    modules: BTreeSet<Vec<String>>,
    reexports: BTreeMap<Vec<String>, Vec<String>>,
}

/// Rooms in which every file is a unit of its own.
const BY_FILE: [&str; 6] = ["textbook", "fast", "linalg", "modular", "verdict", "certificate"];
/// Rooms within those, with borders of their own.
const OVER_TIME: [&str; 2] = ["temporal", "stack"];

/// The crates that one room keeps to itself.
const FOREIGN: [(&str, &[&str]); 20] = [
    ("serde", &["wire/"]),
    ("serde_json", &["wire/"]),
    ("faer", &["fast/", "linalg/", "modular/", "certify/large", "simulate/", "suite/training.rs"]),
    ("gemm", &["fast/", "linalg/"]),
    ("clap", &["cli/"]),
    ("miette", &["cli/"]),
    ("indicatif", &["cli/"]),
    ("ctrlc", &["cli/"]),
    ("tempfile", &["cli/"]),
    ("comfy_table", &["report/"]),
    ("unicode_width", &["paragraph.rs"]),
    ("flate2", &["suite/digits.rs"]),
    ("libm", &["fast/", "report/audited.rs", "simulate/"]),
    ("rayon", &["fast/", "simulate/"]),
    (
        "sha2",
        &[
            "wire/document.rs",
            "wire/tensor/mod.rs",
            "certificate/digest.rs",
            "certificate/residues.rs",
        ],
    ),
    ("safetensors", &["wire/tensor/"]),
    ("npyz", &["wire/tensor/"]),
    ("half", &["wire/tensor/"]),
    ("kuva", &["picture/", "report/audited.rs", "report/pictured.rs", "simulate/"]),
    ("leiden_rs", &["simulate/communities/"]),
];

/// Parts of the standard library that reach outside the process.
const OUTSIDE: [&str; 7] = ["fs", "io", "net", "env", "process", "time", "thread"];

/// Where they may be named; the digits are read from bytes embedded in the program.
const MAY_REACH_OUTSIDE: [&str; 3] = ["cli/", "main.rs", "suite/digits.rs"];

/// Tensor files are read through these traits from whatever the program opened.
const READING: [&str; 6] = ["Read", "Seek", "SeekFrom", "Error", "ErrorKind", "Result"];
const MAY_READ: [&str; 1] = ["wire/tensor/"];

impl Tree {
    pub fn of(files: impl IntoIterator<Item = Source>) -> Self {
        let mut tree =
            Self { files: BTreeMap::new(), modules: BTreeSet::new(), reexports: BTreeMap::new() };
        for Source { name, text } in files {
            let parsed = syn::parse_file(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
            let module = module_of(&name);
            let mut reader = Reader {
                here: module.clone(),
                facts: Facts { module: module.clone(), ..Facts::default() },
            };
            reader.visit_file(&parsed);
            tree.modules.insert(module);
            tree.files.insert(name, (text, reader.facts));
        }
        let mut reexports = BTreeMap::new();
        for (_, facts) in tree.files.values() {
            for (module, name, path) in &facts.reexports {
                assert!(
                    name != "*",
                    "{}: a re-export of everything hides edges",
                    module.join("::")
                );
                if let Resolved::Ours(target) = tree.resolve(module, path) {
                    let mut source = module.clone();
                    source.push(name.clone());
                    reexports.insert(source, target);
                }
            }
        }
        tree.reexports = reexports;
        tree
    }

    fn resolve(&self, here: &[String], path: &[String]) -> Resolved {
        let mut module = here.to_vec();
        let mut rest = path;
        match path[0].as_str() {
            "crate" | "creditcheck" => (module, rest) = (Vec::new(), &path[1..]),
            "self" => rest = &path[1..],
            "super" => {
                while rest.first().is_some_and(|segment| segment == "super") {
                    module.pop();
                    rest = &rest[1..];
                }
            }
            first => {
                module.push(first.to_owned());
                if !self.modules.contains(&module) {
                    return Resolved::Foreign(path.to_vec());
                }
                rest = &path[1..];
            }
        }
        for segment in rest {
            module.push(segment.clone());
            // A name that a module passes on belongs to where it is defined.
            let mut steps = 0;
            while let Some(target) = self.reexports.get(&module) {
                module = target.clone();
                steps += 1;
                assert!(steps < 10, "re-exports in a circle at {}", module.join("::"));
            }
        }
        Resolved::Ours(module)
    }

    /// The unit in which a path ends: the longest module that begins it, as coarse as the table.
    fn unit(&self, path: &[String]) -> String {
        let module = (0..=path.len()).rev().map(|n| &path[..n]);
        let module = module.into_iter().find(|m| self.modules.contains(*m)).unwrap_or(&[]);
        match module {
            [] => "crate".into(),
            // The rules over time are a room within a room, with borders of their own.
            [room, part, file, ..]
                if OVER_TIME.contains(&part.as_str()) && BY_FILE.contains(&room.as_str()) =>
            {
                format!("{room}::{part}::{file}")
            }
            [room, file, ..] if BY_FILE.contains(&room.as_str()) => format!("{room}::{file}"),
            [room, ..] => room.clone(),
        }
    }

    /// From each unit to the units that it names.
    pub fn edges(&self) -> Edges {
        let mut edges = Edges::new();
        for (_, facts) in self.files.values() {
            let from = self.unit(&facts.module);
            let targets = edges.entry(from.clone()).or_default();
            for (here, path) in &facts.paths {
                if let Resolved::Ours(path) = self.resolve(here, path) {
                    let to = self.unit(&path);
                    if to != from {
                        targets.insert(to);
                    }
                }
            }
        }
        edges.retain(|_, to| !to.is_empty());
        edges
    }

    /// Files that name one another, directly or through others, though none is a part of the other: such files are one.
    pub fn circles(&self) -> Vec<String> {
        let mut named: BTreeMap<&[String], BTreeSet<&[String]>> = BTreeMap::new();
        for (_, facts) in self.files.values() {
            let from = facts.module.as_slice();
            for (here, path) in &facts.paths {
                let Resolved::Ours(path) = self.resolve(here, path) else { continue };
                let prefixes = (0..=path.len()).rev().map(|n| &path[..n]);
                let to = prefixes.into_iter().find_map(|prefix| self.modules.get(prefix));
                let to = to.map_or(&[][..], Vec::as_slice);
                if !from.starts_with(to) && !to.starts_with(from) {
                    named.entry(from).or_default().insert(to);
                }
            }
        }
        let reaches = |from: &[String], to: &[String]| {
            let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
            while let Some(file) = open.pop() {
                let next = named.get(file).into_iter().flatten();
                open.extend(next.filter(|file| seen.insert(**file)).copied());
            }
            seen.contains(to)
        };
        let edges = named.iter().flat_map(|(from, all)| all.iter().map(move |to| (*from, *to)));
        let in_circles = edges.filter(|(from, to)| reaches(to, from));
        in_circles.map(|(from, to)| format!("{} -> {}", from.join("::"), to.join("::"))).collect()
    }

    /// Foreign crates and the outside world where they should not be.
    pub fn foreign(&self) -> Vec<String> {
        let mut found = BTreeSet::new();
        let within = |name: &str, rooms: &[&str]| rooms.iter().any(|room| name.starts_with(room));
        for (name, (_, facts)) in &self.files {
            for (here, path) in &facts.paths {
                let Resolved::Foreign(path) = self.resolve(here, path) else { continue };
                for (foreign, rooms) in FOREIGN {
                    if path[0] == foreign && !within(name, rooms) {
                        found.insert(format!("{name}: {foreign}"));
                    }
                }
                let outside = path[0] == "std"
                    && path.get(1).is_some_and(|part| OUTSIDE.contains(&part.as_str()));
                let reads = path.get(1).is_some_and(|part| part == "io")
                    && path.get(2).is_some_and(|part| READING.contains(&part.as_str()))
                    && within(name, &MAY_READ);
                let prints = ["println", "print", "eprintln", "eprint", "dbg"]
                    .contains(&path[0].as_str())
                    && path.len() == 2
                    && path[1] == "!";
                if (outside && !reads || prints) && !within(name, &MAY_REACH_OUTSIDE) {
                    found.insert(format!("{name}: {}", path.join("::")));
                }
            }
        }
        found.into_iter().collect()
    }

    /// What no source file may have.
    pub fn blemishes(&self) -> Vec<String> {
        const MOST_LINES: usize = 500;
        let mut found = Vec::new();
        for (name, (text, facts)) in &self.files {
            let lines = text.lines().count();
            if lines > MOST_LINES {
                found.push(format!("{name}: {lines} lines"));
            }
            if facts.is_unsafe
                && !(["fast/", "linalg/", "modular/"].iter().any(|room| name.starts_with(room)))
            {
                found.push(format!("{name}: unsafe"));
            }
            for word in ["TODO", "FIXME", "XXX", "todo!", "unimplemented!", "unreachable!"] {
                if text.contains(word) {
                    found.push(format!("{name}: {word}"));
                }
            }
        }
        found
    }

    /// The files that name both of two types of `spec::outcome`.
    pub fn naming_both(&self, one: &str, other: &str) -> BTreeSet<String> {
        let names = |facts: &Facts, wanted: &str| {
            facts.module == ["spec", "outcome"]
                || facts.paths.iter().any(|(here, path)| {
                    let wanted = ["spec", "outcome", wanted];
                    matches!(self.resolve(here, path), Resolved::Ours(path) if path.starts_with(&wanted.map(str::to_owned)))
                })
        };
        let files = self.files.iter();
        let files = files.filter(|(_, (_, facts))| names(facts, one) && names(facts, other));
        files.map(|(name, _)| name.clone()).collect()
    }
}

fn module_of(name: &str) -> Vec<String> {
    let mut module: Vec<String> =
        name.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if matches!(module.last().map(String::as_str), Some("mod" | "lib")) {
        module.pop();
    }
    module
}

struct Reader {
    here: Vec<String>,
    facts: Facts,
}

impl Reader {
    fn add(&mut self, path: Vec<String>) {
        self.facts.paths.push((self.here.clone(), path));
    }

    fn tree(&mut self, tree: &syn::UseTree, before: &[String], is_public: bool) {
        let mut path = before.to_vec();
        match tree {
            syn::UseTree::Path(step) => {
                path.push(step.ident.to_string());
                self.tree(&step.tree, &path, is_public);
            }
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.tree(tree, before, is_public);
                }
            }
            syn::UseTree::Name(name) => {
                // `x::{self}` is x.
                if name.ident != "self" || path.is_empty() {
                    path.push(name.ident.to_string());
                }
                self.imported(path, None, is_public);
            }
            syn::UseTree::Rename(name) => {
                if name.ident != "self" {
                    path.push(name.ident.to_string());
                }
                self.imported(path, Some(name.rename.to_string()), is_public);
            }
            syn::UseTree::Glob(_) => self.imported(path, Some("*".into()), is_public),
        }
    }

    fn imported(&mut self, path: Vec<String>, name: Option<String>, is_public: bool) {
        if is_public {
            let name = name.unwrap_or_else(|| path[path.len() - 1].clone());
            self.facts.reexports.push((self.here.clone(), name, path));
        } else {
            self.add(path);
        }
    }

    /// Paths inside the arguments of a macro, where there is no syntax tree.
    fn tokens(&mut self, text: &str) {
        let mut words: Vec<&str> = Vec::new();
        for word in text.split_inclusive(|c: char| !(c.is_alphanumeric() || c == '_')) {
            let cut = word.trim_end_matches(|c: char| !(c.is_alphanumeric() || c == '_'));
            words.push(cut);
            words.push(word[cut.len()..].trim());
        }
        words.retain(|word| !word.is_empty());
        let is_name = |word: &&str| word.chars().all(|c| c.is_alphanumeric() || c == '_');
        let mut at = 0;
        while at < words.len() {
            if words[at] == "unsafe" {
                self.facts.is_unsafe = true;
            }
            let mut path = Vec::new();
            if is_name(&words[at]) {
                path.push(words[at].to_owned());
                while words
                    .get(at + 1..at + 4)
                    .is_some_and(|w| w[0] == ":" && w[1] == ":" && is_name(&w[2]))
                {
                    path.push(words[at + 3].to_owned());
                    at += 3;
                }
            }
            if path.len() > 1 {
                self.add(path);
            }
            at += 1;
        }
    }
}

/// Whether an item is compiled for tests alone.
pub(super) fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|ident| ident == "test")
    })
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        // Unit tests may compare anything with anything.
        if item.content.is_none() || is_for_tests(&item.attrs) {
            return;
        }
        self.here.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.here.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let is_public = !matches!(item.vis, syn::Visibility::Inherited);
        self.tree(&item.tree, &[], is_public);
    }

    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {
        // `pub(crate)` names nobody.
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        // A name alone is local, or was imported under the eyes of `visit_item_use`.
        if path.segments.len() > 1 {
            self.add(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        let name: Vec<_> = item.path.segments.iter().map(|s| s.ident.to_string()).collect();
        if let [name] = name.as_slice() {
            self.add(vec![name.clone(), "!".into()]);
        } else {
            self.add(name);
        }
        self.tokens(&item.tokens.to_string());
    }

    fn visit_expr_unsafe(&mut self, item: &'ast syn::ExprUnsafe) {
        self.facts.is_unsafe = true;
        visit::visit_expr_unsafe(self, item);
    }

    fn visit_signature(&mut self, item: &'ast syn::Signature) {
        self.facts.is_unsafe |= item.unsafety.is_some();
        visit::visit_signature(self, item);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        self.facts.is_unsafe |= item.unsafety.is_some();
        visit::visit_item_impl(self, item);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.facts.is_unsafe |= item.unsafety.is_some();
        visit::visit_item_trait(self, item);
    }

    fn visit_item_foreign_mod(&mut self, item: &'ast syn::ItemForeignMod) {
        self.facts.is_unsafe = true;
        visit::visit_item_foreign_mod(self, item);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        if attribute.path().is_ident("allow")
            && let syn::Meta::List(list) = &attribute.meta
            && list.tokens.to_string().contains("unsafe_code")
        {
            self.facts.is_unsafe = true;
        }
    }
}
