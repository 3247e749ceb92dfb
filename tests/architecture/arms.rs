//! A match on an enum of `spec` names every variant, so that the compiler points at each when one is added.
//!
//! Watched are the enums that `src/spec` declares and their mirrors: enums of other rooms with the same variants,
//! which the engines hold instead. A row of a match takes a new variant if it has `_` or a name in its place, and if the
//! rows that do are complete elsewhere: `(Less, _)` beside `(Equal, Kink::Left)` is none, with `(Equal, _)` it is one.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};

use super::reader::is_for_tests;

/// An enum with as many variants of one of `spec` is its mirror.
const SHARED_BY_A_MIRROR: usize = 5;

/// The variants of each enum that is watched; enums of one name are watched as one.
pub(super) type Enums = BTreeMap<String, BTreeSet<String>>;

/// The enums of `spec` and their mirrors, in files by their names below `src`.
pub(super) fn watched(files: &[(String, syn::File)]) -> Enums {
    let (mut watched, mut others) = (Enums::new(), Vec::new());
    for (name, file) in files {
        for item in &file.items {
            let syn::Item::Enum(item) = item else { continue };
            let variants: BTreeSet<_> = item.variants.iter().map(|v| v.ident.to_string()).collect();
            if name.starts_with("spec/") {
                watched.entry(item.ident.to_string()).or_default().extend(variants);
            } else {
                others.push((item.ident.to_string(), variants));
            }
        }
    }
    others.retain(|(_, variants)| {
        watched.values().any(|of| of.intersection(variants).count() >= SHARED_BY_A_MIRROR)
    });
    for (name, variants) in others {
        watched.entry(name).or_default().extend(variants);
    }
    watched
}

/// What would swallow a new variant of a watched enum.
pub(super) fn swallowed(files: &[(String, syn::File)]) -> Vec<String> {
    let enums = watched(files);
    let mut found = Vec::new();
    for (name, file) in files {
        let mut reader = Reader {
            name,
            enums: &enums,
            aliases: BTreeMap::new(),
            of_self: Vec::new(),
            within: Vec::new(),
            found: &mut found,
        };
        reader.visit_file(file);
    }
    found
}

struct Reader<'a> {
    name: &'a str,
    enums: &'a Enums,
    /// Names that the file gives to what it imports.
    aliases: BTreeMap<String, String>,
    /// The types of the `impl`s around.
    of_self: Vec<String>,
    /// The functions around.
    within: Vec<String>,
    found: &'a mut Vec<String>,
}

/// One alternative of an arm, or several: what it asks for at each place, and where it takes anything.
#[derive(Default)]
struct Row {
    asked: BTreeMap<Place, BTreeSet<String>>,
    anything: BTreeSet<Place>,
    /// A row with a condition cannot be the one that makes a match complete.
    is_guarded: bool,
}

/// Where a pattern stands within that of its arm: constructors and fields, from the outside in.
type Place = Vec<String>;

impl Row {
    fn takes_anything_at(&self, place: &Place) -> bool {
        self.anything.iter().any(|anything| place.starts_with(anything))
    }
}

/// Whether a new variant at `place` would find its row: one that takes anything there, and among them such rows
/// that nothing is missing elsewhere.
fn is_swallowed(place: &Place, rows: &[Row]) -> bool {
    let taking: Vec<_> =
        rows.iter().filter(|row| !row.is_guarded && row.takes_anything_at(place)).collect();
    let elsewhere = rows.iter().flat_map(|row| &row.asked);
    let mut elsewhere =
        elsewhere.filter(|(at, _)| !at.starts_with(place) && !place.starts_with(at));
    !taking.is_empty()
        && elsewhere.all(|(at, asked)| {
            let served = |asked: &String| {
                taking.iter().any(|row| {
                    row.takes_anything_at(at)
                        || row.asked.get(at).is_some_and(|served| served.contains(asked))
                })
            };
            asked.iter().all(served)
        })
}

impl Reader<'_> {
    fn report(&mut self, what: &str) {
        let function = self.within.last().map_or("", String::as_str);
        self.found.push(format!("{}: {function}: {what}", self.name));
    }

    /// The watched enum of which a path names a variant.
    fn of_variant(&self, path: &str) -> Option<String> {
        let mut names = path.rsplit("::");
        let (variant, of) = (names.next()?, names.next()?);
        let of = if of == "Self" { self.of_self.last()? } else { of };
        let of = self.aliases.get(of).map_or(of, String::as_str);
        self.enums.get(of).is_some_and(|variants| variants.contains(variant)).then(|| of.to_owned())
    }

    /// The first watched enum that some row would take a new variant of.
    fn swallowed(&self, rows: &[Row]) -> Option<String> {
        let asked = rows.iter().flat_map(|row| &row.asked);
        let mut asked = asked.filter(|(place, _)| is_swallowed(place, rows));
        asked.find_map(|(_, asked)| asked.iter().find_map(|path| self.of_variant(path)))
    }
}

/// Adds what a pattern says to a row; what `..` leaves out is not looked at.
fn read(pattern: &syn::Pat, place: &Place, row: &mut Row) {
    let mut inside = |of: &str, fields: &mut dyn Iterator<Item = (String, &syn::Pat)>| {
        for (field, pattern) in fields {
            let mut place = place.clone();
            place.extend([of.to_owned(), field]);
            read(pattern, &place, row);
        }
    };
    let asked = match pattern {
        syn::Pat::Wild(_) => {
            row.anything.insert(place.clone());
            return;
        }
        syn::Pat::Ident(name) => match &name.subpat {
            Some((_, pattern)) => return read(pattern, place, row),
            // `None` and constants are names of something.
            None if name.ident.to_string().starts_with(char::is_uppercase) => {
                name.ident.to_string()
            }
            None => {
                row.anything.insert(place.clone());
                return;
            }
        },
        syn::Pat::Paren(inner) => return read(&inner.pat, place, row),
        syn::Pat::Reference(inner) => return read(&inner.pat, place, row),
        syn::Pat::Or(inner) => return inner.cases.iter().for_each(|case| read(case, place, row)),
        syn::Pat::Tuple(inner) => return inside("", &mut numbered(&inner.elems)),
        syn::Pat::Slice(inner) => return inside("", &mut numbered(&inner.elems)),
        syn::Pat::Path(path) => text(&path.path),
        syn::Pat::TupleStruct(inner) => {
            inside(&text(&inner.path), &mut numbered(&inner.elems));
            text(&inner.path)
        }
        syn::Pat::Struct(inner) => {
            let named = |field: &syn::Member| match field {
                syn::Member::Named(name) => name.to_string(),
                syn::Member::Unnamed(index) => index.index.to_string(),
            };
            let mut fields = inner.fields.iter().map(|field| (named(&field.member), &*field.pat));
            inside(&text(&inner.path), &mut fields);
            text(&inner.path)
        }
        syn::Pat::Lit(literal) => match &literal.lit {
            syn::Lit::Bool(value) => value.value.to_string(),
            syn::Lit::Int(value) => value.to_string(),
            syn::Lit::Str(value) => value.value(),
            _ => "another literal".into(),
        },
        _ => "another pattern".into(),
    };
    row.asked.entry(place.clone()).or_default().insert(asked);
}

type Patterns = syn::punctuated::Punctuated<syn::Pat, syn::Token![,]>;

fn numbered(patterns: &Patterns) -> impl Iterator<Item = (String, &syn::Pat)> {
    let patterns = patterns.iter().enumerate().filter(|(_, p)| !matches!(p, syn::Pat::Rest(_)));
    patterns.map(|(n, pattern)| (n.to_string(), pattern))
}

fn text(path: &syn::Path) -> String {
    let names: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    names.join("::")
}

/// The alternatives of an arm.
fn alternatives(pattern: &syn::Pat) -> Vec<&syn::Pat> {
    match pattern {
        syn::Pat::Or(all) => all.cases.iter().flat_map(alternatives).collect(),
        one => vec![one],
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_for_tests(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let name = match &*item.self_ty {
            syn::Type::Path(path) => path.path.segments.last().map(|s| s.ident.to_string()),
            _ => None,
        };
        self.of_self.push(name.unwrap_or_default());
        visit::visit_item_impl(self, item);
        self.of_self.pop();
    }

    fn visit_signature(&mut self, item: &'ast syn::Signature) {
        self.within.push(item.ident.to_string());
        visit::visit_signature(self, item);
    }

    fn visit_expr_match(&mut self, item: &'ast syn::ExprMatch) {
        let mut rows = Vec::new();
        for arm in &item.arms {
            for pattern in alternatives(&arm.pat) {
                let mut row = Row { is_guarded: arm.guard.is_some(), ..Row::default() };
                read(pattern, &Place::new(), &mut row);
                rows.push(row);
            }
        }
        if let Some(of) = self.swallowed(&rows) {
            self.report(&format!("an arm takes any {of}"));
        }
        visit::visit_expr_match(self, item);
    }

    /// A list of variants in `matches!` is a match with `_ => false`.
    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        if !item.path.is_ident("matches") {
            return;
        }
        let pattern = |input: syn::parse::ParseStream| {
            input.parse::<syn::Expr>()?;
            input.parse::<syn::Token![,]>()?;
            let pattern = syn::Pat::parse_multi_with_leading_vert(input)?;
            if input.parse::<Option<syn::Token![if]>>()?.is_some() {
                input.parse::<syn::Expr>()?;
            }
            input.parse::<Option<syn::Token![,]>>()?;
            Ok(pattern)
        };
        let mut row = Row::default();
        read(&item.parse_body_with(pattern).unwrap(), &Place::new(), &mut row);
        for asked in row.asked.values() {
            let of: Vec<_> = asked.iter().filter_map(|path| self.of_variant(path)).collect();
            if let [of, _, ..] = of.as_slice() {
                self.report(&format!("matches! lists variants of {of}"));
            }
        }
    }

    /// What is imported from other crates is none of ours.
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let syn::UseTree::Path(first) = &item.tree else { return };
        if ["crate", "super", "self"].iter().any(|ours| first.ident == ours) {
            visit::visit_item_use(self, item);
        }
    }

    /// Variants are written with their enum: that is how they are known.
    fn visit_use_path(&mut self, item: &'ast syn::UsePath) {
        let of = item.ident.to_string();
        if self.enums.contains_key(&of) {
            self.report(&format!("imports variants of {of}"));
        }
        visit::visit_use_path(self, item);
    }

    fn visit_use_rename(&mut self, item: &'ast syn::UseRename) {
        self.aliases.insert(item.rename.to_string(), item.ident.to_string());
    }
}
