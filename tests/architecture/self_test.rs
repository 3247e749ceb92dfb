//! The checker itself: it must see violations, however they are spelled.

use super::{arms, edges, made_up};

fn crossings(engine: &str) -> Vec<String> {
    let tree = made_up(&[
        ("lib.rs", "pub mod textbook; pub mod fast;"),
        ("textbook/mod.rs", "pub mod credit; pub mod backprop; pub use backprop::run as other;"),
        ("textbook/backprop.rs", "pub fn run() {}"),
        ("textbook/credit.rs", engine),
        ("fast/mod.rs", "pub mod credit;"),
        ("fast/credit.rs", "pub fn run() {}"),
    ]);
    edges::crossings(&tree.edges())
}

#[test]
fn every_spelling_of_a_crossing_is_seen() {
    let spellings = [
        "use crate::textbook::backprop::run;",
        "use super::backprop;",
        "use super::{self as room, backprop::{self, run as go}};",
        "use crate::textbook::other;",
        "fn f() { crate::textbook::backprop::run(); }",
        "fn f() { super::backprop::run() }",
        "fn f(x: crate::textbook::backprop::Outcome) {}",
        "fn f() -> Vec<super::backprop::Outcome> { Vec::new() }",
        "fn f() { println!(\"{}\", super::backprop::run()); }",
        "impl crate::textbook::backprop::Engine for u8 {}",
        "mod inner { use super::super::backprop::run; }",
        "mod inner { use crate::textbook::*; fn f() { super::super::backprop::run() } }",
    ];
    for text in spellings {
        assert_eq!(crossings(text), ["textbook::credit reaches textbook::backprop"], "{text}");
    }
    let fast = ["use crate::fast::credit::run;", "fn f() { assert!(crate::fast::credit::run()) }"];
    for text in fast {
        assert_eq!(crossings(text), ["textbook::credit reaches fast::credit"], "{text}");
    }
    assert!(crossings("//! crate::textbook::backprop\nfn f() {}").is_empty());
    assert!(crossings("#[cfg(test)] mod tests { use super::super::backprop; }").is_empty());
}

#[test]
fn two_sides_that_call_one_engine_are_seen() {
    let tree = made_up(&[
        ("lib.rs", ""),
        ("fast/mod.rs", "pub mod credit; pub mod backprop;"),
        ("fast/credit/mod.rs", "mod workspace;"),
        ("fast/credit/workspace.rs", "use crate::shared::run;"),
        ("fast/backprop.rs", ""),
        ("shared.rs", "pub fn run() { crate::fast::backprop::run() }"),
    ]);
    assert_eq!(edges::crossings(&tree.edges()), ["fast::credit reaches fast::backprop"]);
}

#[test]
fn files_that_name_each_other_are_seen() {
    let tree = |last: &str| {
        made_up(&[
            ("lib.rs", ""),
            ("a/mod.rs", "mod part; pub fn run() { part::run() }"),
            ("a/part.rs", "use super::run; use crate::b::other;"),
            ("b.rs", "pub use crate::c::run as other; use crate::c;"),
            ("c.rs", last),
        ])
    };
    assert_eq!(tree("").circles(), [""; 0]);
    assert_eq!(tree("use crate::a;").circles(), [""; 0], "a part names what the whole does not");
    let found = tree("use crate::a::part::run;").circles();
    assert_eq!(found, ["a::part -> c", "c -> a::part"]);
}

#[test]
fn a_verifier_that_computes_is_seen() {
    let tree = made_up(&[
        ("lib.rs", ""),
        ("scalar/mod.rs", "pub trait Scalar {}"),
        ("verdict/mod.rs", "mod exact; mod table; pub use exact::compare; pub use table::Claim;"),
        ("verdict/exact.rs", "use crate::scalar::Scalar;"),
        ("verdict/table.rs", ""),
        ("certificate/mod.rs", "pub mod verify;"),
        ("certificate/verify.rs", "mod fold; use crate::verdict::Claim;"),
        ("certificate/verify/fold.rs", "use crate::verdict::compare;"),
    ]);
    assert_eq!(edges::crossings(&tree.edges()), ["certificate::verify reaches scalar"]);
}

#[test]
fn edges_in_and_out_of_the_table_are_seen() {
    let tree = made_up(&[("lib.rs", ""), ("spec.rs", ""), ("wire.rs", "use crate::spec::Case;")]);
    let none = edges::differences(&tree.edges(), &super::Edges::new());
    assert_eq!(none, ["not allowed: wire -> spec"]);
    let gone = edges::differences(&super::Edges::new(), &tree.edges());
    assert_eq!(gone, ["no longer there: wire -> spec"]);
}

#[test]
fn foreign_crates_and_the_outside_are_seen() {
    let bad = [
        ("use serde::Serialize;", "spec.rs: serde"),
        ("#[derive(Clone)] struct A; impl serde::Serialize for A {}", "spec.rs: serde"),
        ("fn f() { serde_json::json!({}); }", "spec.rs: serde_json"),
        ("fn f() { assert!(faer::Mat::new()) }", "spec.rs: faer"),
        ("use std::{fmt, fs};", "spec.rs: std::fs"),
        ("fn f() { std::io::stdout(); }", "spec.rs: std::io::stdout"),
        ("fn f() { println!(\"x\") }", "spec.rs: println::!"),
        ("use std::time::Instant;", "spec.rs: std::time::Instant"),
    ];
    for (text, line) in bad {
        assert_eq!(made_up(&[("lib.rs", ""), ("spec.rs", text)]).foreign(), [line], "{text}");
    }
    let good =
        made_up(&[("wire/json.rs", "use serde::Serialize;"), ("cli/mod.rs", "use std::fs;")]);
    assert!(good.foreign().is_empty());
    // Readers of tensors take what was opened for them; they open nothing and print nothing.
    let reader = |text: &str| made_up(&[("wire/tensor/npy.rs", text)]).foreign();
    assert!(reader("use std::io::{Read, Seek};").is_empty());
    assert_eq!(reader("fn f() { std::io::stdin(); }"), ["wire/tensor/npy.rs: std::io::stdin"]);
    assert_eq!(reader("use std::fs::File;"), ["wire/tensor/npy.rs: std::fs::File"]);
    assert_eq!(made_up(&[("wire/json.rs", "use std::io::Read;")]).foreign().len(), 1);
}

#[test]
fn blemishes_are_seen() {
    let long = "\n".repeat(501);
    let bad = [
        ("fn f() { unsafe { g() } }", "spec.rs: unsafe"),
        ("unsafe fn f() {}", "spec.rs: unsafe"),
        ("unsafe impl Send for A {}", "spec.rs: unsafe"),
        ("extern \"C\" { fn f(); }", "spec.rs: unsafe"),
        ("fn f() { vec![unsafe { g() }]; }", "spec.rs: unsafe"),
        ("#[allow(unsafe_code)] fn f() {}", "spec.rs: unsafe"),
        ("fn f() { todo!() }", "spec.rs: todo!"),
        (long.as_str(), "spec.rs: 501 lines"),
    ];
    for (text, line) in bad {
        assert_eq!(made_up(&[("spec.rs", text)]).blemishes(), [line]);
    }
    assert!(made_up(&[("fast/mod.rs", "unsafe fn f() {}")]).blemishes().is_empty());
}

#[test]
fn meeting_newtypes_are_seen() {
    let tree = made_up(&[
        ("spec/mod.rs", "pub mod outcome;"),
        ("spec/outcome.rs", "pub struct Credit; pub struct Adjoint;"),
        ("a.rs", "use crate::spec::outcome::{Adjoint, Credit};"),
        ("b.rs", "use crate::spec::outcome::Adjoint; fn f() { crate::spec::outcome::Credit; }"),
        ("c.rs", "use crate::spec::outcome::Adjoint; fn f() { Claim::Credit; }"),
    ]);
    let both = tree.naming_both("Credit", "Adjoint");
    assert_eq!(both.into_iter().collect::<Vec<_>>(), ["a.rs", "b.rs", "spec/outcome.rs"]);
}

/// What is found in one function over two enums of `spec` and a mirror of one.
fn swallowed(arms: &str) -> Vec<String> {
    let spec = "pub enum Kink { Left, Right, Mean } pub enum Wide { A, B, C, D, E }";
    let engine =
        format!("enum Mirror {{ A, B, C, D, E }} enum Other {{ A, B }} fn f() {{ {arms} }}");
    let files = [("spec/kink.rs", spec), ("fast/mod.rs", engine.as_str())];
    let parse = |(name, text): (&str, &str)| (name.to_owned(), syn::parse_file(text).unwrap());
    arms::swallowed(&files.map(parse))
}

#[test]
fn arms_that_take_a_new_variant_are_seen() {
    let any_kink = [
        "match k { Kink::Left => 1, _ => 2 }",
        "match k { Kink::Left => 1, other => g(other) }",
        "match k { Kink::Left => 1, Kink::Mean if x => 2, ref other => 3 }",
        "match k { crate::spec::Kink::Left | crate::spec::Kink::Mean => 1, _ => 2 }",
        "match (k, x) { (Kink::Left, true) => 1, (_, true) => 2, (_, false) => 3 }",
        "match (k, x) { (Kink::Left, true) => 1, (_, true) | (_, false) => 2 }",
        "match k { Some(Kink::Left) => 1, Some(_) | None => 2 }",
        "match c { C { k: Kink::Left, .. } => 1, C { k: any, .. } => 2 }",
        "match k { &Kink::Left => 1, &_ => 2 }",
        "match k { one @ Kink::Left => 1, rest @ _ => 2 }",
        "g(|| match k { Kink::Left => 1, _ => 2 })",
    ];
    for text in any_kink {
        assert_eq!(swallowed(text), ["fast/mod.rs: f: an arm takes any Kink"], "{text}");
    }
    let others = [
        ("match m { Mirror::A => 1, _ => 2 }", "an arm takes any Mirror"),
        ("matches!(k, Kink::Left | Kink::Right)", "matches! lists variants of Kink"),
        ("matches!(k, Kink::Left | Kink::Right if x)", "matches! lists variants of Kink"),
        ("use crate::spec::Kink::{Left, Right};", "imports variants of Kink"),
        (
            "use crate::spec::Kink as Corner; match k { Corner::Left => 1, _ => 2 }",
            "an arm takes any Kink",
        ),
    ];
    for (text, what) in others {
        assert_eq!(swallowed(text), [format!("fast/mod.rs: f: {what}")], "{text}");
    }
    let complete = [
        "match k { Kink::Left => 1, Kink::Right | Kink::Mean => 2 }",
        "match (x, k) { (Less, _) | (Equal, Kink::Left) => 1, (Greater, _) | (Equal, Kink::Right) => 2, (Equal, Kink::Mean) => 3 }",
        "match k { Some(Kink::Left) => 1, Some(Kink::Right | Kink::Mean) => 2, None => 3 }",
        "match k { Kink::Left => 1, _ if x => 2, Kink::Right | Kink::Mean => 3 }",
        "match o { Other::A => 1, _ => 2 }",
        "match n { 1 => 1, _ => 2 }",
        "matches!(k, Kink::Left)",
    ];
    for text in complete {
        assert!(swallowed(text).is_empty(), "{text}: {:?}", swallowed(text));
    }
    let of_itself = "impl Kink { fn f(self) { match self { Self::Left => 1, _ => 2 } } }";
    assert_eq!(swallowed(of_itself), ["fast/mod.rs: f: an arm takes any Kink"]);
    assert!(
        swallowed("} #[cfg(test)] mod tests { fn g() { match k { Kink::Left => 1, _ => 2 } }")
            .is_empty()
    );
}
