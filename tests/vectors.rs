//! `fixtures/vectors` are the bytes that this program makes, and they say what they claim.

// The path holds whether this file is a module of tests/lib.rs or a test of its own.
#[path = "vectors/temporal.rs"]
mod temporal;

#[path = "vectors/kinked.rs"]
mod kinked;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use creditcheck::mutants::CATALOGUE;
use creditcheck::number::parse;
use creditcheck::spec::outcome::{GivenCredit, Update};
use creditcheck::spec::{Case, Limits, Parameters, PerBlock, PerNeuron, Wiring};
use creditcheck::textbook;
use creditcheck::vectors::{self, Difference};
use creditcheck::wire::gradient::Subject;
use creditcheck::wire::json::Json;
use creditcheck::wire::{self, gradient, sha256};
use num_rational::BigRational;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/vectors");

fn on_disk() -> BTreeMap<String, Vec<u8>> {
    let of = |set: vectors::Set| {
        let folder = Path::new(FOLDER).join(set.name());
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
        let entries = entries.filter(|entry| entry.file_name() != vectors::ABOUT);
        entries.map(move |entry| {
            let name = format!("{}/{}", set.name(), entry.file_name().into_string().unwrap());
            (name, fs::read(entry.path()).unwrap())
        })
    };
    vectors::Set::ALL.into_iter().flat_map(of).collect()
}

fn field<'a>(json: &'a Json, name: &str) -> &'a Json {
    let Json::Object(fields) = json else { panic!("{name} of something that is no object") };
    &fields.iter().find(|(field, _)| field == name).unwrap_or_else(|| panic!("no {name}")).1
}

fn items(json: &Json) -> &[Json] {
    let Json::Array(items) = json else { panic!("no array") };
    items
}

fn text(json: &Json) -> &str {
    let Json::String(text) = json else { panic!("no string") };
    text
}

/// The updates of a test, read by the reader for other people's updates.
fn updates(test: &Json, case: &Case) -> PerBlock<BigRational> {
    let Json::Object(fields) = field(field(test, "expected"), "updates") else { panic!() };
    let head = [("format", Json::text(gradient::FORMAT)), ("quantity", Json::text("update"))];
    let head = head.map(|(name, value)| (name.to_owned(), value));
    let document = Json::object(head.into_iter().chain(fields.iter().cloned()));
    gradient::read(document.pretty().as_bytes(), &Subject::of(case), &Limits::default())
        .unwrap()
        .entries
}

/// What the credit rule makes of the rates and balance factors that a vector gives.
fn from_given(case: &Case, expected: &Json) -> Update<BigRational> {
    let wiring = Wiring::of(case);
    let numbers = |json: &Json| {
        let mut flat = Vec::new();
        flatten(json, &mut flat);
        flat
    };
    let given: Vec<_> = items(field(expected, "examples"))
        .iter()
        .map(|example| {
            let mut factors = numbers(field(example, "balanceFactors"));
            // In a layered network the inputs have no entry here.
            while factors.len() < wiring.neurons() {
                factors.insert(0, BigRational::from_integer(0.into()));
            }
            GivenCredit {
                firing_rate: PerNeuron::new(numbers(field(example, "rates"))),
                balance_factor: PerNeuron::new(factors),
                external_credit: PerNeuron::new(numbers(field(example, "externalCredits"))),
            }
        })
        .collect();
    for (one, example) in given.iter().zip(&case.examples) {
        for (output, target) in wiring.outputs.iter().zip(&example.target) {
            assert_eq!(one.external_credit[*output], target - &one.firing_rate[*output]);
        }
    }
    let parameters = Parameters::of(case);
    let limits = Limits::default();
    textbook::credit::run_given(&wiring, &parameters, &case.learning_rate, &given, &limits)
        .unwrap()
        .1
}

fn flatten(json: &Json, numbers: &mut Vec<BigRational>) {
    match json {
        Json::Array(items) => items.iter().for_each(|item| flatten(item, numbers)),
        number => numbers.push(parse(text(number), &Limits::default()).unwrap()),
    }
}

/// Set `WRITE` to accept what this program makes.
#[test]
fn committed_vectors_are_those_of_this_version() {
    let plan = vectors::plan();
    let made: BTreeMap<String, String> =
        plan.iter().map(|file| (file.name(), file.text().unwrap())).collect();
    if std::env::var_os("WRITE").is_some() {
        for (name, text) in &made {
            let file = Path::new(FOLDER).join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
    }
    let mut files = on_disk();
    let differences = vectors::compare(&files, &made);
    assert!(differences.is_empty(), "{differences:?}\naccept with: {}", vectors::COMMAND);

    // The comparison could have failed: one byte, one file too few, one too many.
    let name = plan[0].name();
    *files.get_mut(&name).unwrap().last_mut().unwrap() = b' ';
    let lines = made[&name].lines().count();
    assert_eq!(vectors::compare(&files, &made), [Difference::Changed(name.clone(), lines)]);
    files.remove(&name);
    assert_eq!(vectors::compare(&files, &made), [Difference::Missing(name)]);
    let mut files = on_disk();
    files.insert("v1/other.json".into(), Vec::new());
    assert_eq!(vectors::compare(&files, &made), [Difference::Unknown("v1/other.json".into())]);
}

#[test]
fn every_vector_says_what_is_true() {
    let limits = Limits::default();
    let mut ids = BTreeSet::new();
    let mut killed = BTreeSet::new();
    let mut results: BTreeMap<String, usize> = BTreeMap::new();
    for (name, bytes) in on_disk().into_iter().filter(|(name, _)| !temporal::is_over_time(name)) {
        let file = Json::read(&bytes, &limits).unwrap();
        let groups = items(field(&file, "testGroups"));
        let tests: Vec<&Json> =
            groups.iter().flat_map(|group| items(field(group, "tests"))).collect();
        assert_eq!(field(&file, "numberOfTests"), &Json::count(tests.len()), "{name}");
        for test in tests {
            let Json::Object(fields) = test else { panic!() };
            let content = Json::object(fields.iter().filter(|(name, _)| name != "id").cloned());
            let id = text(field(test, "id"));
            assert_eq!(id, sha256(content.canonical().as_bytes()), "{name}");
            assert!(ids.insert(id.to_owned()), "{name}: {id} twice");

            let case = wire::case::from_json(field(test, "case"), &limits).unwrap();
            let truth = if case.is_exact() {
                textbook::credit::run::<BigRational>(&case, &limits).unwrap().update
            } else {
                from_given(&case, field(test, "expected"))
            };
            let result = text(field(test, "result"));
            let truth = creditcheck::verdict::per_block(&case, &truth);
            let same = updates(test, &case).as_ref() == truth;
            assert_eq!(same, result != "invalid", "{name}: {id}");
            *results.entry(result.to_owned()).or_default() += 1;

            for flag in items(field(test, "flags")) {
                let note = field(field(&file, "notes"), text(flag));
                if result != "valid" {
                    let set = if name.starts_with("v1/") { "v1/" } else { "v2/" };
                    let ids = items(field(note, "kills")).iter().map(|id| text(id).to_owned());
                    killed.extend(ids.map(|id| (set, id)));
                }
            }
        }
    }
    // If nothing ran, fail.
    assert_eq!(results.len(), 3, "{results:?}");
    assert!(results["valid"] >= 6 * 44 && results["acceptable"] >= 60, "{results:?}");
    // Whatever has an update of its own stands in the set; the others differ on the way only.
    let silent = ["K02", "K03", "K10", "K11"];
    // Version 1 is frozen, and older than these.
    let newer = ["M30", "M31", "M32"];
    // Mistakes of solvers came after both, and those that were found in public reports.
    let silent = [&silent[..], &["R06", "R07", "R08", "M33", "M34", "M35"]].concat();
    for (set, silent) in [("v1/", [&silent[..], &newer].concat()), ("v2/", silent.clone())] {
        for entry in CATALOGUE.iter().filter(|entry| !silent.contains(&entry.id)) {
            let shown = killed.iter().any(|(of, id)| *of == set && id == entry.id);
            assert!(shown, "no vector of {set} shows {}", entry.id);
        }
    }
}
