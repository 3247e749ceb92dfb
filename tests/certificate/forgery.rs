//! Every leaf changed in turn, the digests recomputed, and what two verifiers make of it.

use std::collections::BTreeMap;

use creditcheck::certificate::verify::{Refusal, Sealed, digests};
use creditcheck::certificate::{DIGEST_ONLY, digest, verify};
use creditcheck::spec::Limits;
use creditcheck::wire::Document;
use creditcheck::wire::json::Json;
use num_rational::BigRational as Q;

use super::{ALL, CYCLE_GIVEN, LAYERED, certificate_of};

/// A place in a document: the steps that lead to it.
type Path = Vec<Step>;

#[derive(Clone, Debug)]
enum Step {
    Field(usize),
    Item(usize),
}

/// One way to change one value.
#[derive(Clone, Debug)]
enum Change {
    Replace(Json),
    Drop(usize),
    Omit(usize, String),
    Repeat(usize),
    Swap(usize),
}

fn changes(value: &Json) -> Vec<Change> {
    match value {
        Json::Integer(n) => {
            vec![Change::Replace(Json::Integer(n + 1)), Change::Replace(Json::Integer(n - 1))]
        }
        Json::String(text) => {
            let words = ["agree", "disagree", "unchecked"];
            if words.contains(&text.as_str()) {
                let others = words.iter().filter(|word| *word != text);
                return others.map(|word| Change::Replace(Json::text(*word))).collect();
            }
            let number = creditcheck::number::parse(text, &Limits::default());
            match number {
                Ok(number) => {
                    let one = Q::from_integer(1.into());
                    let more = (&number + one).to_string();
                    let double = (&number + &number).to_string();
                    let mut list = vec![Change::Replace(Json::String(more))];
                    if double != *text {
                        list.push(Change::Replace(Json::String(double)));
                    }
                    list
                }
                Err(_) => vec![Change::Replace(Json::String(format!("{text}!")))],
            }
        }
        Json::Array(items) if !items.is_empty() => {
            let last = items.len() - 1;
            let mut list =
                vec![Change::Drop(0), Change::Drop(last), Change::Repeat(0), Change::Repeat(last)];
            if last > 0 && items[0] != items[last] {
                list.push(Change::Swap(last));
            }
            list
        }
        Json::Object(fields) => {
            fields.iter().enumerate().map(|(k, (name, _))| Change::Omit(k, name.clone())).collect()
        }
        _ => Vec::new(),
    }
}

fn visit(value: &Json, path: &mut Path, name: &str, found: &mut Vec<(Path, String, Change)>) {
    for change in changes(value) {
        found.push((path.clone(), name.to_owned(), change));
    }
    match value {
        Json::Array(items) => {
            for (k, item) in items.iter().enumerate() {
                path.push(Step::Item(k));
                visit(item, path, &format!("{name}[{k}]"), found);
                path.pop();
            }
        }
        Json::Object(fields) => {
            for (k, (field, item)) in fields.iter().enumerate() {
                path.push(Step::Field(k));
                let dot = if name.is_empty() { "" } else { "." };
                visit(item, path, &format!("{name}{dot}{field}"), found);
                path.pop();
            }
        }
        _ => {}
    }
}

fn changed(document: &Json, path: &[Step], change: &Change) -> Json {
    let mut copy = document.clone();
    let mut place = &mut copy;
    for step in path {
        place = match (step, place) {
            (Step::Field(k), Json::Object(fields)) => &mut fields[*k].1,
            (Step::Item(k), Json::Array(items)) => &mut items[*k],
            _ => unreachable!(),
        };
    }
    match (change, place) {
        (Change::Replace(new), place) => *place = new.clone(),
        (Change::Drop(k), Json::Array(items)) => drop(items.remove(*k)),
        (Change::Omit(k, _), Json::Object(fields)) => drop(fields.remove(*k)),
        (Change::Repeat(k), Json::Array(items)) => items.insert(*k, items[*k].clone()),
        (Change::Swap(last), Json::Array(items)) => items.swap(0, *last),
        _ => unreachable!(),
    }
    copy
}

/// What a forger does last: the digest of the case, then that of the whole.
fn with_digests_recomputed(document: Json) -> Json {
    let Json::Object(mut fields) = document else { return document };
    fields.retain(|(name, _)| name != "digest");
    let case = fields.iter().find(|(name, _)| name == "case").map(|(_, case)| case.clone());
    if let Some(case) = case
        && let Ok(case) = Document::read(case.pretty().as_bytes(), &Limits::default())
        && let Some((_, value)) = fields.iter_mut().find(|(name, _)| name == "case_digest")
    {
        *value = Json::String(case.digest());
    }
    let digest = digest::sha256(Json::Object(fields.clone()).canonical().as_bytes());
    fields.push(("digest".into(), Json::String(digest)));
    Json::Object(fields)
}

/// How each forgery fared under a verifier.
struct Outcome {
    tried: usize,
    unreadable: usize,
    /// Equation → forgeries that it refused.
    refused: BTreeMap<String, usize>,
    accepted: Vec<String>,
}

fn forge(case: &str, verifier: impl Fn(&Sealed) -> Result<(), Refusal>) -> Outcome {
    let original = certificate_of(case);
    let mut forgeries = Vec::new();
    visit(&original, &mut Vec::new(), "", &mut forgeries);
    let mut outcome =
        Outcome { tried: 0, unreadable: 0, refused: BTreeMap::new(), accepted: Vec::new() };
    for (path, name, change) in forgeries {
        // The digests are what a forger recomputes: changing them changes nothing.
        if name == "digest" || name == "case_digest" {
            continue;
        }
        let forged = with_digests_recomputed(changed(&original, &path, &change));
        if forged == original {
            continue;
        }
        outcome.tried += 1;
        match creditcheck::wire::certificate::from_json(&forged, &Limits::default()) {
            Err(_) => outcome.unreadable += 1,
            Ok(sealed) => match verifier(&sealed) {
                Ok(()) => outcome.accepted.push(match change {
                    Change::Omit(_, field) => format!("{name}.{field}"),
                    _ => name,
                }),
                Err(refusal) => *outcome.refused.entry(refusal.equation).or_insert(0) += 1,
            },
        }
    }
    outcome
}

fn is_digest_only(place: &str) -> bool {
    DIGEST_ONLY.contains(&place)
}

#[test]
fn every_forgery_is_refused_by_an_equation() {
    for case in ALL {
        let outcome = forge(case, |sealed| verify(sealed).map(drop));
        println!(
            "{} forgeries, {} unreadable, {:?}, {} accepted {:?}",
            outcome.tried,
            outcome.unreadable,
            outcome.refused,
            outcome.accepted.len(),
            outcome.accepted
        );
        let wrongly: Vec<_> = outcome.accepted.iter().filter(|p| !is_digest_only(p)).collect();
        assert!(wrongly.is_empty(), "accepted: {wrongly:#?}");
        assert!(!outcome.refused.contains_key("digest"), "digests were recomputed");
        assert!(outcome.refused.values().sum::<usize>() > 100);
    }
}

#[test]
fn a_verifier_without_equations_fails_that_test() {
    let outcome = forge(LAYERED, digests);
    let wrongly = outcome.accepted.iter().filter(|p| !is_digest_only(p)).count();
    assert!(wrongly > 100, "a digest alone stops nobody who can compute one: {wrongly}");
    assert!(outcome.refused.is_empty());
}

/// With a cycle and a balance function that no equation binds, a wrong β would solve every other equation.
#[test]
fn a_cycle_with_a_balance_function_that_is_not_rational_is_refused() {
    let text = certificate_of(CYCLE_GIVEN).pretty();
    let forged = text.replace("\"cubic\"", "\"tanh\"");
    assert_ne!(text, forged, "the case has changed");
    let forged =
        with_digests_recomputed(Json::read(forged.as_bytes(), &Limits::default()).unwrap());
    let sealed = creditcheck::wire::certificate::from_json(&forged, &Limits::default()).unwrap();
    let refusal = verify(&sealed).unwrap_err();
    assert_eq!((refusal.equation.as_str(), refusal.place.as_str()), ("case", "case.network"));
}
