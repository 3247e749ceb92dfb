//! The vectors of the rules over time, read back: their engines and their equations say the same.

// Exact numbers only, the same without the float side, and long: once is enough.
#[cfg(feature = "fast")]
mod kills;

use std::collections::{BTreeMap, BTreeSet};

use creditcheck::mutants::CATALOGUE_OVER_TIME;
use creditcheck::spec::{
    Diagonal, Feedback, Form, Limits, Modprop, Mu, Steps, Taps, TemporalCase, TemporalRule,
};
use creditcheck::textbook::temporal::{self, Evaluation};
use creditcheck::wire::json::Json;
use creditcheck::wire::{TemporalDocument, sha256};
use num_rational::BigRational;
use num_traits::Zero;

use super::{field, flatten, items, on_disk, text};

type Row = Vec<BigRational>;

pub(super) fn is_over_time(name: &str) -> bool {
    name.contains("/temporal_")
}

fn files() -> Vec<(String, Json)> {
    let over_time = on_disk().into_iter().filter(|(name, _)| is_over_time(name));
    over_time.map(|(name, bytes)| (name, Json::read(&bytes, &Limits::default()).unwrap())).collect()
}

fn tests(file: &Json) -> Vec<&Json> {
    items(field(file, "testGroups")).iter().flat_map(|group| items(field(group, "tests"))).collect()
}

fn case(test: &Json) -> TemporalCase {
    TemporalDocument::from_json(field(test, "case"), &Limits::default()).unwrap().case
}

fn maybe<'a>(json: &'a Json, name: &str) -> Option<&'a Json> {
    let Json::Object(fields) = json else { panic!("{name} of something that is no object") };
    fields.iter().find(|(field, _)| field == name).map(|(_, value)| value)
}

fn numbers(json: &Json) -> Row {
    let mut flat = Vec::new();
    flatten(json, &mut flat);
    flat
}

/// A rule as a vector names it.
fn rule(json: &Json) -> TemporalRule {
    let feedback = || match (text(field(json, "feedback")), maybe(json, "diagonal").map(text)) {
        ("cell", None) => Feedback::Cell,
        ("type", Some("counted")) => Feedback::Type(Diagonal::Counted),
        ("type", Some("excluded")) => Feedback::Type(Diagonal::Excluded),
        other => panic!("{other:?}"),
    };
    match text(field(json, "name")) {
        "bptt" => TemporalRule::Bptt,
        "rtrl" => TemporalRule::Rtrl,
        "eprop" => TemporalRule::Eprop,
        "mdgl" => TemporalRule::Mdgl { feedback: feedback() },
        "modprop" => TemporalRule::Modprop(Modprop {
            feedback: feedback(),
            taps: match field(json, "taps") {
                Json::Integer(count) => Taps::Count(usize::try_from(*count).unwrap()),
                all => {
                    assert_eq!(text(all), "all");
                    Taps::All
                }
            },
            mu: match field(json, "mu") {
                Json::Array(list) => Mu::PerCell(list.iter().flat_map(numbers).collect()),
                one => Mu::Scalar(numbers(one).remove(0)),
            },
            form: match text(field(json, "form")) {
                "filter" => Form::Filter,
                "no-leak" => Form::NoLeak,
                "autodiff" => Form::Autodiff,
                other => panic!("{other}"),
            },
        }),
        other => panic!("{other}"),
    }
}

/// Whether a gradient of a vector is what the engine of a rule gives, in every block that the vector has; and how many numbers other
/// than zero were compared.
fn is_that_of(json: &Json, case: &TemporalCase, rule: &TemporalRule) -> (bool, usize) {
    let limits = Limits::default();
    // Written with the evaluation against time; read with the one forwards.
    let found = temporal::run::<BigRational>(case, rule, Evaluation::Causal, &limits).unwrap();
    let found = found.gradient;
    let blocks = [
        ("recurrent", Some(found.recurrent.concat())),
        ("input", Some(found.input.concat())),
        ("readout", Some(found.readout.concat())),
        ("readout_biases", found.readout_biases),
    ];
    let (mut same, mut live) = (true, 0);
    for (name, block) in blocks {
        let Some(given) = maybe(json, name) else { continue };
        let given = numbers(given);
        same &= block.as_ref() == Some(&given);
        live += given.iter().filter(|number| !number.is_zero()).count();
    }
    (same, live)
}

#[test]
fn vectors_over_time_say_what_is_true() {
    let mut ids = BTreeSet::new();
    let mut shown = BTreeSet::new();
    let mut results: BTreeMap<String, usize> = BTreeMap::new();
    let (mut rules, mut live) = (0, 0);
    for (name, file) in files() {
        let tests = tests(&file);
        assert_eq!(field(&file, "numberOfTests"), &Json::count(tests.len()), "{name}");
        for test in tests {
            let Json::Object(fields) = test else { panic!() };
            let content = Json::object(fields.iter().filter(|(name, _)| name != "id").cloned());
            let id = text(field(test, "id"));
            assert_eq!(id, sha256(content.canonical().as_bytes()), "{name}");
            assert!(ids.insert(id.to_owned()), "{name}: {id} twice");
            let (case, expected) = (case(test), field(test, "expected"));
            let result = text(field(test, "result"));
            *results.entry(result.to_owned()).or_default() += 1;
            let flags = items(field(test, "flags"));
            assert!(flags.iter().all(|flag| maybe(field(&file, "notes"), text(flag)).is_some()));
            if result == "invalid" {
                let rule = rule(field(expected, "rule"));
                let (same, _) = is_that_of(field(expected, "gradient"), &case, &rule);
                assert!(!same, "{name}: {id} is right");
                shown.extend(flags.iter().map(|flag| text(flag).to_owned()));
                continue;
            }
            for exact in [TemporalRule::Rtrl, TemporalRule::FactorisedRtrl, TemporalRule::Tangent] {
                let (same, nonzero) = is_that_of(field(expected, "gradient"), &case, &exact);
                assert!(same && nonzero > 0, "{name}: {id}: {exact:?}");
                live += nonzero;
            }
            for one in items(field(expected, "rules")) {
                let rule = rule(field(one, "rule"));
                let (same, nonzero) = is_that_of(field(one, "gradient"), &case, &rule);
                assert!(same && nonzero > 0, "{name}: {id}: {rule:?}");
                rules += 1;
            }
            live += steps_follow_their_equations(&case, expected);
        }
    }
    // If nothing ran, fail.
    assert!(results["valid"] >= 14 && results["acceptable"] >= 6, "{results:?}");
    assert!(rules >= 14 * 14 && live > 1_000, "{rules} rules, {live} numbers other than zero");
    for entry in &CATALOGUE_OVER_TIME {
        assert!(shown.contains(entry.id), "no vector shows {}", entry.id);
    }
}

/// Every equation of T1 and T2, and Λ, on the numbers of a vector alone.
fn steps_follow_their_equations(case: &TemporalCase, expected: &Json) -> usize {
    let (net, one) = (&case.network, BigRational::from_integer(1.into()));
    let gain = &one - &net.leak;
    let times = |matrix: &[Row], vector: &[BigRational]| -> Row {
        matrix.iter().map(|row| row.iter().zip(vector).map(|(m, v)| m * v).sum()).collect()
    };
    let transposed = |matrix: &[Row]| -> Vec<Row> {
        (0..net.neurons()).map(|c| matrix.iter().map(|row| row[c].clone()).collect()).collect()
    };
    let mix = |old: &[BigRational], new: &[BigRational]| -> Row {
        old.iter().zip(new).map(|(old, new)| &net.leak * old + &gain * new).collect()
    };
    let plus = |a: &[BigRational], b: &[BigRational]| -> Row {
        a.iter().zip(b).map(|(a, b)| a + b).collect()
    };
    let mut live = 0;
    let examples = items(field(expected, "examples"));
    assert_eq!(examples.len(), case.examples.len());
    for (example, given) in case.examples.iter().zip(examples) {
        let steps = items(field(given, "steps"));
        assert_eq!(steps.len(), example.input.len());
        let zero = vec![BigRational::zero(); net.neurons()];
        let at = |t: usize, name: &str| -> Row {
            // Before the first step and after the last there is nothing.
            let step = t.checked_sub(1).and_then(|index| steps.get(index));
            step.map_or_else(|| zero.clone(), |step| numbers(field(step, name)))
        };
        for t in 1..=steps.len() {
            let current = plus(
                &times(&net.recurrent, &at(t - 1, "rates")),
                &times(&net.input, &example.input[t - 1]),
            );
            assert_eq!(at(t, "netInputs"), mix(&at(t - 1, "netInputs"), &current));
            let mut readout = times(&net.readout, &at(t, "rates"));
            if let Some(biases) = &net.readout_biases {
                readout = plus(&readout, biases);
            }
            assert_eq!(at(t, "readouts"), readout);
            let counted = case.steps == Steps::All || t == steps.len();
            let error = readout.iter().zip(&example.target[t - 1]);
            let error: Row =
                error.map(|(y, w)| if counted { y - w } else { BigRational::zero() }).collect();
            assert_eq!(at(t, "readoutErrors"), error);
            assert_eq!(at(t, "learningSignals"), times(&transposed(&net.readout), &error));
            let gated = at(t, "slopes").into_iter().zip(at(t, "learningSignals"));
            assert_eq!(at(t, "gatedSignals"), gated.map(|(h, l)| h * l).collect::<Row>());
            assert_eq!(at(t, "traces"), mix(&at(t - 1, "traces"), &at(t - 1, "rates")));
            let relayed = times(&transposed(&net.recurrent), &at(t + 1, "adjoints"));
            let relayed: Row = relayed.iter().map(|value| &gain * value).collect();
            assert_eq!(at(t, "totalCredits"), plus(&at(t, "learningSignals"), &relayed));
            let own = at(t, "slopes").into_iter().zip(at(t, "totalCredits"));
            let own: Row = own.map(|(h, credit)| h * credit).collect();
            let kept: Row = at(t + 1, "adjoints").iter().map(|g| &net.leak * g).collect();
            assert_eq!(at(t, "adjoints"), plus(&own, &kept));
            live += at(t, "adjoints").iter().filter(|g| !g.is_zero()).count();
        }
    }
    assert!(live > 0);
    live
}

/// The numbers on which two implementations agreed first, as printed.
#[test]
fn the_golden_numbers_stand_in_the_vectors() {
    let (_, file) = files()
        .into_iter()
        .find(|(name, _)| name.ends_with("_relu_test.json") && !name.contains("leaky"))
        .unwrap();
    let golden: Vec<&Json> = tests(&file)
        .into_iter()
        .filter(|test| items(field(test, "flags")).iter().any(|flag| text(flag) == "Golden"))
        .collect();
    assert_eq!(golden.len(), 1);
    let expected = field(golden[0], "expected");
    assert_eq!(text(field(expected, "loss")), "82009321/33554432");
    let entries = |gradient: &Json| {
        let rows = items(field(gradient, "recurrent"));
        [text(&items(&rows[0])[1]).to_owned(), text(&items(&rows[1])[0]).to_owned()]
    };
    let mut found = vec![entries(field(expected, "gradient"))];
    found.extend(
        items(field(expected, "rules")).iter().map(|rule| entries(field(rule, "gradient"))),
    );
    let printed = [
        ["1433207/4194304", "-2487937/8388608"],
        ["66191/262144", "-4381945/8388608"],
        ["154741/524288", "-3308281/8388608"],
        ["9247447/33554432", "-4845983/16777216"],
        ["491076955/2147483648", "-198664413/536870912"],
        ["18502595/67108864", "-7990625/67108864"],
    ];
    for pair in printed {
        assert!(found.iter().any(|entries| *entries == pair), "{pair:?} in {found:?}");
    }
}
