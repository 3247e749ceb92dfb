//! Vectors and kinks: the errata of the first set are what is computed here, and the second has none.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use creditcheck::spec::outcome::CreditExample;
use creditcheck::spec::{Case, Limits, Network, TemporalRule, Wiring};
use creditcheck::textbook::temporal::Evaluation;
use creditcheck::wire::json::Json;
use creditcheck::wire::{self, TemporalDocument};
use num_rational::BigRational as Q;
use num_traits::Zero;

use super::{FOLDER, field, items, on_disk, text};
use crate::engines;

/// Whether a net input is exactly on a kink of its σ where credit arrives: then the answer depends on the convention.
fn stands_on_a_live_kink(case: &Case) -> bool {
    let wiring = Wiring::of(case);
    let kinks = |n| wiring.activations[n].kinks();
    let on = |example: &CreditExample<Q>| {
        let mut net_inputs = example.net_input.indexed().filter(|(n, _)| !wiring.is_input[*n]);
        net_inputs.any(|(n, s)| kinks(n).contains(s) && !example.credit[n].0.is_zero())
    };
    engines::credit(case, &Limits::default()).unwrap().examples.iter().any(on)
}

/// The valid vectors of a set that stand on a live kink: file → their places in it.
fn kinked(set: &str) -> BTreeMap<String, Vec<usize>> {
    let limits = Limits::default();
    let mut found: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut asked = 0;
    for (name, bytes) in on_disk().into_iter().filter(|(name, _)| name.starts_with(set)) {
        let file = Json::read(&bytes, &limits).unwrap();
        for (place, test) in
            items(field(&items(field(&file, "testGroups"))[0], "tests")).iter().enumerate()
        {
            if text(field(test, "result")) != "valid" {
                continue;
            }
            let case = field(test, "case");
            let is_kinked = if super::temporal::is_over_time(&name) {
                let case = TemporalDocument::from_json(case, &limits).unwrap().case;
                let kinks = case.network.activation.kinks();
                let run =
                    engines::over_time(&case, &TemporalRule::Bptt, Evaluation::Adjoint).unwrap();
                let mut steps = run.examples.iter().flatten();
                steps.any(|step| {
                    let credit = step.total_credit.as_ref().unwrap();
                    step.net_input
                        .iter()
                        .zip(credit)
                        .any(|(s, c)| kinks.contains(s) && !c.is_zero())
                })
            } else {
                let case = wire::case::from_json(case, &limits).unwrap();
                // The others have no kinks.
                case.is_exact() && stands_on_a_live_kink(&case)
            };
            asked += 1;
            if is_kinked {
                let short = name.strip_prefix(set).unwrap().strip_suffix("_test.json").unwrap();
                found.entry(short.to_owned()).or_default().push(place);
            }
        }
    }
    assert!(asked > 100, "only {asked} valid vectors in {set}");
    found
}

#[test]
fn the_errata_of_the_first_set_are_those_that_stand_on_a_kink() {
    let found = kinked("v1/");
    let readme = fs::read_to_string(Path::new(FOLDER).join("v1/README.md")).unwrap();
    let mut told: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for line in readme.lines().filter_map(|line| line.strip_prefix("| `")) {
        let (file, rest) = line.split_once("_test.json` | ").unwrap();
        let places = rest.split(" |").next().unwrap().split(", ");
        told.insert(file.to_owned(), places.map(|place| place.parse().unwrap()).collect());
    }
    assert_eq!(told, found);
    assert_eq!(found.values().map(Vec::len).sum::<usize>(), 10);
}

#[test]
fn no_valid_vector_of_the_second_set_stands_on_a_live_kink() {
    assert_eq!(kinked("v2/"), BTreeMap::new());
}

/// K = 2 hides the factor 2/K: few valid vectors have two outputs, and those that have say so.
#[test]
fn two_outputs_are_few_and_say_what_they_hide() {
    let limits = Limits::default();
    let (mut layered, mut two, mut flagged) = (0, 0, 0);
    for (name, bytes) in on_disk().into_iter().filter(|(name, _)| name.starts_with("v2/")) {
        let file = Json::read(&bytes, &limits).unwrap();
        for test in items(field(&items(field(&file, "testGroups"))[0], "tests")) {
            if text(field(test, "result")) != "valid" {
                continue;
            }
            let case = wire::case::from_json(field(test, "case"), &limits).unwrap();
            let outputs = Wiring::of(&case).outputs.len();
            let is_told = items(field(test, "flags")).iter().any(|flag| text(flag) == "TwoOutputs");
            let comment = text(field(test, "comment"));
            assert_eq!(is_told, outputs == 2, "{name}: {comment}");
            assert_eq!(
                comment.contains("a factor 2/K cannot be seen"),
                is_told,
                "{name}: {comment}"
            );
            if matches!(case.network, Network::Layered(_)) {
                layered += 1;
                two += usize::from(outputs == 2);
            }
            flagged += usize::from(is_told);
        }
    }
    assert!(
        layered >= 100 && two * 4 < layered && two > 0 && flagged > two,
        "{two} of {layered}, {flagged}"
    );
}

/// What is acceptable shows every convention, numbers among them, and at both ends of a σ with two kinks.
#[test]
fn the_second_set_shows_every_convention() {
    let limits = Limits::default();
    let mut shown: BTreeMap<String, usize> = BTreeMap::new();
    for (_, bytes) in on_disk().into_iter().filter(|(name, _)| name.starts_with("v2/")) {
        let file = Json::read(&bytes, &limits).unwrap();
        for test in items(field(&items(field(&file, "testGroups"))[0], "tests")) {
            if text(field(test, "result")) == "acceptable" {
                let case = wire::case::from_json(field(test, "case"), &limits).unwrap();
                assert!(stands_on_a_live_kink(&case));
                *shown.entry(case.kink.name()).or_default() += 1;
            }
        }
    }
    let names: Vec<_> = shown.keys().map(String::as_str).collect();
    assert_eq!(names, ["1/4", "inner", "left", "mean", "outer", "right"]);
}
