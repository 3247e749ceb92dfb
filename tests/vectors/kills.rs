//! What a note says a flag kills, planted anew in every rule of every test that has the flag.

use std::collections::{BTreeMap, BTreeSet};

use creditcheck::mutants::temporal::{Host, TemporalReference};
use creditcheck::mutants::{CATALOGUE_OVER_TIME, Mutant};
use creditcheck::spec::{Limits, TemporalCase, TemporalGradient, TemporalRule};
use creditcheck::wire::json::Json;
use num_rational::BigRational;

use super::{case, field, files, items, maybe, numbers, rule, tests, text};

/// Whether every block that stands in the vector is the same.
fn is_the_same(found: &TemporalGradient<BigRational>, json: &Json) -> bool {
    let blocks = [
        ("recurrent", Some(found.recurrent.concat())),
        ("input", Some(found.input.concat())),
        ("readout", Some(found.readout.concat())),
        ("readout_biases", found.readout_biases.clone()),
    ];
    blocks.into_iter().all(|(name, block)| match maybe(json, name) {
        Some(given) => block == Some(numbers(given)),
        None => true,
    })
}

/// What every mutant makes of a rule on a case, in both orders; most tests of a file ask for the same.
#[derive(Default)]
struct Made(Vec<(TemporalCase, TemporalRule, Vec<Mutated>)>);

type Mutated = (&'static str, TemporalGradient<BigRational>);

impl Made {
    fn of(&mut self, case: &TemporalCase, rule: &TemporalRule) -> &[Mutated] {
        let is_it = |made: &(TemporalCase, TemporalRule, _)| made.1 == *rule && made.0 == *case;
        let place = self.0.iter().position(is_it).unwrap_or_else(|| {
            let all = CATALOGUE_OVER_TIME.iter().flat_map(|entry| {
                // Each has a budget of its own.
                let of = move |host: Host| {
                    let reference = TemporalReference::new(case, &Limits::default());
                    reference.mutated(&host, entry.mutant).unwrap()
                };
                Host::both(rule).into_iter().filter_map(of).map(|gradient| (entry.id, gradient))
            });
            let all = all.collect();
            self.0.push((case.clone(), rule.clone(), all));
            self.0.len() - 1
        });
        &self.0[place].2
    }
}

/// The mutants that a test was found to kill.
fn killed(test: &Json, made: &mut Made) -> BTreeSet<&'static str> {
    let (case, expected) = (case(test), field(test, "expected"));
    let is_invalid = text(field(test, "result")) == "invalid";
    let gradient = field(expected, "gradient");
    let mut rules = Vec::new();
    if is_invalid {
        rules.push((rule(field(expected, "rule")), gradient));
    } else {
        rules.extend([TemporalRule::Bptt, TemporalRule::Rtrl].map(|exact| (exact, gradient)));
        let listed = items(field(expected, "rules")).iter();
        rules.extend(listed.map(|one| (rule(field(one, "rule")), field(one, "gradient"))));
    }
    let mut killed = BTreeSet::new();
    for (rule, given) in rules {
        // To be differed from: whoever makes these very numbers. To be reproduced: whoever does not, in one rule at least.
        let shows = |(_, found): &&Mutated| is_the_same(found, given) == is_invalid;
        killed.extend(made.of(&case, &rule).iter().filter(shows).map(|(id, _)| *id));
    }
    killed
}

/// Of one file; each has a test of its own, for they take long.
fn notes_list_what_tests_kill(wanted: &str) {
    let (name, file) = files().into_iter().find(|(name, _)| name.contains(wanted)).unwrap();
    let (mut flags, mut partial) = (0, 0);
    let (mut found, mut made) = (BTreeMap::<&str, BTreeSet<&str>>::new(), Made::default());
    for test in tests(&file) {
        let killed = killed(test, &mut made);
        for flag in items(field(test, "flags")) {
            found.entry(text(flag)).or_default().extend(&killed);
        }
    }
    let Json::Object(notes) = field(&file, "notes") else { panic!("{name}") };
    let said: BTreeMap<&str, BTreeSet<&str>> = notes
        .iter()
        .map(|(flag, note)| (flag.as_str(), items(field(note, "kills")).iter().map(text).collect()))
        .collect();
    for (flag, kills) in &found {
        assert_eq!(said.get(flag), Some(kills), "{name}: {flag}");
        // Whoever is named by a flag is among those that it kills.
        assert!(!kills.is_empty() && (Mutant::from_id(flag).is_none() || kills.contains(flag)));
        flags += 1;
        partial += usize::from(kills.len() > 1 && kills.len() < CATALOGUE_OVER_TIME.len());
    }
    assert_eq!(said.len(), found.len(), "{name}: a note without a test");
    assert!(flags > 30 && partial >= 2, "{name}: {flags} flags, {partial} of some of the mutants");
}

#[test]
fn notes_of_the_linear_file() {
    notes_list_what_tests_kill("temporal_identity");
}

#[test]
fn notes_of_the_leaky_relu_file() {
    notes_list_what_tests_kill("temporal_leaky_relu");
}

#[test]
fn notes_of_the_quadratic_file() {
    notes_list_what_tests_kill("temporal_quadratic");
}

#[test]
fn notes_of_the_relu_file() {
    notes_list_what_tests_kill("temporal_relu");
}

#[test]
fn every_file_has_its_test() {
    assert_eq!(files().len(), 4);
}
