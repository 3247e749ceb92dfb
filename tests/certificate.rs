//! Certificates: what is issued is confirmed, and what is changed is refused by an equation.

use std::collections::BTreeMap;
use std::time::Instant;

use creditcheck::certificate::verify::{Refusal, Sealed, digests, equations};
use creditcheck::certificate::{Certificate, DIGEST_ONLY, Evidence, Report, digest, issue, verify};
use creditcheck::check::{Claim, Conclusion, Tier};
use creditcheck::spec::outcome::{Credit, CreditExample};
use creditcheck::spec::{Kink, Limits, Neuron, PerNeuron, Synapse, Wiring};
use creditcheck::wire::Document;
use creditcheck::wire::certificate::{read, to_json, write};
use creditcheck::wire::json::Json;

use num_rational::BigRational as Q;

use crate::evidence::{gather, wide};

const SEED: u64 = 7;

/// Layered, square, B = 2, biases, a σ that does not keep signs, η ∉ {0, 1}.
const LAYERED: &str = r#"{"format": "creditcheck/case/1", "name": "layered",
  "network": {"kind": "layered", "layers": [
    {"weights": [["1/2", "-1"], ["1/4", "3/2"]], "biases": ["1/2", "-1/4"], "activation": "quadratic"},
    {"weights": [["2", "-3/4"], ["1/3", "1"]], "biases": ["1/8", "1"], "activation": "cubic"}]},
  "loss": "half_squared_error", "learning_rate": "2/3", "examples": [
    {"input": ["1", "1/2"], "target": ["1", "-1"]}, {"input": ["-1/2", "3"], "target": ["1/4", "2"]}]}"#;

/// Rectangular, three layers, one of them without biases, two neurons exactly at a kink.
const KINKED: &str = r#"{"format": "creditcheck/case/1", "name": "kinked", "kink": "right",
  "network": {"kind": "layered", "layers": [
    {"weights": [["1", "-1"], ["1/2", "3/4"], ["-1", "3"]], "biases": ["0", "-1/4", "1"], "activation": "relu"},
    {"weights": [["1/2", "2", "-1/4"], ["-3", "1/2", "5/4"]], "activation": {"name": "leaky_relu", "slope": "1/8"}, "kink": "mean"},
    {"weights": [["3/2", "-1/2"]], "biases": ["1/8"], "activation": {"name": "hard_tanh", "min": "-20", "max": "20"}}]},
  "loss": "half_squared_error", "learning_rate": "1/4", "examples": [
    {"input": ["1", "1"], "target": ["1/2"]}, {"input": ["2", "-1/2"], "target": ["3"]}]}"#;

/// A graph with a skip connection and an output that feeds another output.
const SKIP: &str = r#"{"format": "creditcheck/case/1", "name": "skip",
  "network": {"kind": "graph", "neurons": 6, "inputs": [1, 4], "outputs": [0, 5],
    "activation": ["cubic", "identity", "quadratic", "softsign", "identity", "square"],
    "synapses": [[2, 1, "1/2"], [2, 4, "-3/2"], [3, 2, "2"], [3, 1, "1/4"], [0, 3, "-3"], [0, 1, "5/4"], [5, 0, "1/2"], [5, 2, "-2"], [5, 4, "1/3"]],
    "biases": ["1/4", "0", "1/8", "-1/2", "0", "1"]},
  "loss": "half_squared_error", "learning_rate": "3/2", "examples": [
    {"input": ["1", "-1/2"], "target": ["1", "2"]}, {"input": ["3/4", "2"], "target": ["-1", "1/2"]}]}"#;

/// A balance function of its own: C2 has to disagree.
const OWN_BALANCE: &str = r#"{"format": "creditcheck/case/1", "name": "own balance", "expect": "disagree",
  "network": {"kind": "layered", "layers": [
    {"weights": [["1/2", "-1"], ["1/4", "3/2"]], "biases": ["1/2", "-1/4"], "activation": "quadratic", "balance": "cubic"},
    {"weights": [["2", "-3/4"]], "biases": ["1/8"], "activation": "quadratic"}]},
  "loss": "half_squared_error", "learning_rate": "2/3", "examples": [
    {"input": ["1", "1/2"], "target": ["1"]}, {"input": ["-1/2", "3"], "target": ["1/4"]}]}"#;

/// x and β are given: tanh has no rational values.
const GIVEN: &str = r#"{"format": "creditcheck/case/1", "name": "given",
  "network": {"kind": "layered", "layers": [
    {"weights": [["1/2", "-1"], ["1/4", "3/2"]], "biases": ["1/2", "-1/4"], "activation": "tanh"},
    {"weights": [["2", "-3/4"]], "biases": ["1/8"], "activation": "identity"}]},
  "loss": "half_squared_error", "learning_rate": "2/3", "examples": [
    {"input": ["1", "1/2"], "target": ["1"]}]}"#;

/// Every hidden neuron is silent.
const DEAD: &str = r#"{"format": "creditcheck/case/1", "name": "dead",
  "network": {"kind": "layered", "layers": [
    {"weights": [["-1", "-1"], ["-2", "-1"]], "activation": "relu"},
    {"weights": [["2", "-3/4"]], "biases": ["1/8"], "activation": "identity"}]},
  "loss": "half_squared_error", "learning_rate": "1", "examples": [
    {"input": ["1", "1/2"], "target": ["1"]}]}"#;

const ALL: [&str; 6] = [LAYERED, KINKED, SKIP, OWN_BALANCE, GIVEN, DEAD];

fn certificate_of(case: &str) -> Json {
    let document = Document::read(case.as_bytes(), &Limits::default()).unwrap();
    let evidence = gather(&document.case, &document.digest(), SEED);
    let text = document.json.canonical();
    to_json(&issue(&document.case, text, SEED, evidence).unwrap())
}

fn opened(json: &Json) -> Sealed {
    read(json.pretty().as_bytes(), &Limits::default()).unwrap()
}

fn verdict(report: &Report, claim: Claim, tier: Tier) -> Option<Conclusion> {
    report.claims.iter().find(|(c, t, _)| *c == claim && *t == tier).map(|row| row.2)
}

#[test]
fn what_is_issued_is_confirmed_and_survives_the_file() {
    for case in ALL {
        let json = certificate_of(case);
        let sealed = opened(&json);
        assert_eq!(write(&sealed.certificate), json.pretty());
        let report = verify(&sealed).unwrap_or_else(|refusal| panic!("{case}\n{refusal}"));
        println!("{} {:?}", report.title, report.substitutions);
        let expected = match report.title.as_str() {
            "own balance" => Conclusion::Disagree,
            "dead" => Conclusion::Unchecked,
            _ => Conclusion::Agree,
        };
        assert_eq!(report.conclusion(), expected, "{:#?}", sealed.certificate.claims);
    }
}

#[test]
fn rows_say_what_was_found() {
    let report = verify(&opened(&certificate_of(OWN_BALANCE))).unwrap();
    assert_eq!(verdict(&report, Claim::Update, Tier::Exact), Some(Conclusion::Disagree));
    assert_eq!(verdict(&report, Claim::Settling, Tier::Exact), Some(Conclusion::Agree));
    assert_eq!(verdict(&report, Claim::Update, Tier::Identity), Some(Conclusion::Agree));
    let given = opened(&certificate_of(GIVEN));
    assert_eq!(verdict(&verify(&given).unwrap(), Claim::Truth, Tier::Exact), None);
    let text = given.certificate.claims[0].assumptions.join(" ");
    assert!(text.contains("given β; slope not checked here"), "{text}");
    let dead = verify(&opened(&certificate_of(DEAD))).unwrap();
    assert_eq!(verdict(&dead, Claim::Credit, Tier::Exact), Some(Conclusion::Unchecked));
}

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

fn refusal_of(case: &str, change: impl FnOnce(&mut Certificate)) -> Refusal {
    let mut certificate = opened(&certificate_of(case)).certificate;
    change(&mut certificate);
    equations(&certificate).unwrap_err()
}

#[test]
fn a_refusal_names_the_equation_and_the_neuron() {
    let one = Q::from_integer(1.into());
    let refusal = refusal_of(LAYERED, |c| c.witnesses.examples[1].credit[Neuron(2)] += &one);
    assert_eq!(
        (refusal.equation.as_str(), refusal.place.as_str()),
        ("D3", "example 1, credit of neuron 2")
    );
    let refusal = refusal_of(LAYERED, |c| {
        c.witnesses.examples[0].backprop.as_mut().unwrap().adjoint[Neuron(3)] += &one;
    });
    assert_eq!(
        (refusal.equation.as_str(), refusal.place.as_str()),
        ("D6", "example 0, adjoint of neuron 3")
    );
    let refusal = refusal_of(LAYERED, |c| c.witnesses.update.weights[Synapse(5)] += &one);
    assert_eq!(
        (refusal.equation.as_str(), refusal.place.as_str()),
        ("D4", "synapse 5 (post 4, pre 3)")
    );
    let refusal = refusal_of(OWN_BALANCE, |c| c.claims[1].verdict = Conclusion::Agree);
    assert_eq!((refusal.equation.as_str(), refusal.place.as_str()), ("C2", "row C2 at Q, verdict"));
    let refusal = refusal_of(KINKED, |c| c.case.kink = Kink::Left);
    assert_eq!((refusal.equation.as_str(), refusal.found.as_str()), ("D2", "1"));
}

/// A graph whose hidden neuron has a balance function of its own.
const OWN_GRAPH: &str = r#"{"format": "creditcheck/case/1", "name": "own graph", "expect": "disagree",
  "network": {"kind": "graph", "neurons": 4, "inputs": [0, 1], "outputs": [3], "activation": "quadratic",
    "balance": [null, null, "cubic", null],
    "synapses": [[2, 0, "1/2"], [2, 1, "-3/2"], [3, 2, "2"], [3, 1, "1/4"]]},
  "loss": "half_squared_error", "learning_rate": "3/2", "examples": [
    {"input": ["1", "-1/2"], "target": ["2"]}, {"input": ["3/4", "2"], "target": ["1/2"]}]}"#;

/// Whoever has an engine of their own can issue: every row then follows from the forged evidence.
fn refusal_of_a_liar(case: &str, lie: impl FnOnce(&mut Evidence, &Document)) -> (String, String) {
    let document = Document::read(case.as_bytes(), &Limits::default()).unwrap();
    let mut evidence = gather(&document.case, &document.digest(), SEED);
    lie(&mut evidence, &document);
    let text = document.json.canonical();
    let lying = issue(&document.case, text, SEED, evidence).unwrap();
    assert!(lying.claims.iter().all(|row| row.verdict == Conclusion::Agree), "a liar agrees");
    let refusal = verify(&opened(&to_json(&lying))).unwrap_err();
    (refusal.equation, refusal.place)
}

#[test]
fn a_liar_whose_rows_all_agree_is_refused() {
    let minus_one = Q::from_integer((-1).into());
    // Backpropagation is made to say what the rule with the wrong balance function says.
    let refusal = refusal_of_a_liar(OWN_BALANCE, |found, document| {
        let backward = found.backprop.as_mut().unwrap();
        for (example, credit) in backward.examples.iter_mut().zip(&found.credit.examples) {
            let mut credits = credit.credit.iter().map(|c| -c.0.clone());
            let signals = credit.credit.iter().zip(credit.balance_factor.iter());
            let mut signals = signals.map(|(c, b)| -(&c.0 * b)).skip(2);
            let adjoints = example.adjoint.iter_mut().flatten();
            adjoints.for_each(|adjoint| adjoint.0 = credits.next().unwrap());
            example.delta.iter_mut().flatten().for_each(|d| d.0 = signals.next().unwrap());
        }
        let scale = &minus_one / &document.case.learning_rate;
        let mut weights = found.credit.update.weights.iter().map(|w| w * &scale);
        let mut biases = found.credit.update.biases.iter().skip(2).map(|b| b * &scale);
        let gradient = &mut backward.gradient;
        gradient.weights.iter_mut().flatten().flatten().for_each(|w| *w = weights.next().unwrap());
        gradient.biases.iter_mut().flatten().flatten().for_each(|b| *b = biases.next().unwrap());
        let along: Vec<Q> = found.credit.update.weights.iter().map(|w| w * &scale).collect();
        let biases = found.credit.update.biases.iter().skip(2).map(|b| b * &scale);
        found.tangent.as_mut().unwrap().derivatives = along.into_iter().chain(biases).collect();
    });
    assert_eq!(refusal.0, "D6", "{refusal:?}");
    // The same with the arbiter of a graph.
    let refusal = refusal_of_a_liar(OWN_GRAPH, |found, document| {
        let scale = &minus_one / &document.case.learning_rate;
        let tangent = found.tangent.as_mut().unwrap();
        tangent.derivatives = found.credit.update.weights.iter().map(|w| w * &scale).collect();
        let opposite = |e: &CreditExample<Q>| e.credit.map(|c| -c.0.clone());
        tangent.responses = Some(found.credit.examples.iter().map(opposite).collect());
    });
    assert_eq!(refusal.0, "D8", "{refusal:?}");
    // Loss without its half: everything is twice as large.
    let refusal = refusal_of_a_liar(SKIP, |found, _| {
        let two = Q::from_integer(2.into());
        for example in &mut found.credit.examples {
            example.credit = example.credit.map(|c| Credit(&c.0 * &two));
        }
        let update = &mut found.credit.update;
        update.weights = update.weights.map(|w| w * &two);
        update.biases = update.biases.map(|b| b * &two);
        let tangent = found.tangent.as_mut().unwrap();
        tangent.derivatives.iter_mut().for_each(|d| *d *= &two);
        for response in tangent.responses.iter_mut().flatten() {
            *response = response.map(|r| r * &two);
        }
        for sweeps in &mut found.settling.sweeps {
            sweeps.iter_mut().for_each(|credits| *credits = credits.map(|c| c * &two));
        }
    });
    assert_eq!(refusal.0, "D3", "{refusal:?}");
    // Draws copied from another seed agree with each other, not with these points.
    let refusal = refusal_of_a_liar(LAYERED, |found, document| {
        found.draws = gather(&document.case, &document.digest(), SEED + 1).draws;
        make_updates_agree(found, document);
    });
    assert_eq!(refusal.0, "P (D3)", "{refusal:?}");
}

/// ΔW := −η ∂L/∂W at the points of this seed.
fn make_updates_agree(found: &mut Evidence, document: &Document) {
    let wiring = Wiring::of(&document.case);
    for (number, draw) in found.draws.iter_mut().enumerate() {
        let rate = digest::point(&document.digest(), SEED, number, &wiring).learning_rate;
        let descent = |value: &u64| {
            let product = u128::from(rate) * u128::from(*value) % u128::from(digest::PRIME);
            (digest::PRIME - u64::try_from(product).unwrap()) % digest::PRIME
        };
        let gradient = draw.gradient.as_ref().unwrap();
        draw.update.weights = gradient.weights.map(descent);
        draw.update.biases = gradient.biases.map(descent);
    }
}

#[test]
fn a_certificate_of_the_wrong_shape_is_refused_before_it_is_indexed() {
    let short = PerNeuron::new(Vec::new());
    let refusal = refusal_of(SKIP, |c| c.witnesses.examples[0].credit = short);
    assert_eq!(refusal.equation, "shape");
    assert_eq!(refusal_of(SKIP, |c| c.witnesses.examples.clear()).equation, "shape");
    assert_eq!(refusal_of(LAYERED, |c| c.witnesses.draws.clear()).equation, "shape");
    let large = |c: &mut Certificate| c.witnesses.draws[0].update.weights[Synapse(0)] = u64::MAX;
    assert_eq!(refusal_of(LAYERED, large).equation, "shape");
}

#[test]
fn a_change_without_the_digests_is_refused_by_the_digest() {
    let json = certificate_of(LAYERED);
    let text = json.pretty().replacen(
        "\"versions\": {\"creditcheck\": \"",
        "\"versions\": {\"creditcheck\": \"9",
        1,
    );
    assert_ne!(text, json.pretty());
    let sealed = read(text.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(verify(&sealed).unwrap_err().equation, "digest");
}

#[test]
fn damaged_files_never_panic() {
    let text = certificate_of(SKIP).pretty().into_bytes();
    let mut state = 1_u64;
    for round in 0..400 {
        let mut bytes = text.clone();
        for _ in 0..=round % 3 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let at = usize::try_from(state >> 33).unwrap() % bytes.len();
            match state % 4 {
                0 => bytes[at] = b'0' + (state % 10) as u8,
                1 => drop(bytes.remove(at)),
                2 => bytes.truncate(at),
                _ => bytes.insert(at, b"\"[]{},-/9"[at % 9]),
            }
            if bytes.is_empty() {
                break;
            }
        }
        if bytes == text {
            continue;
        }
        if let Ok(sealed) = read(&bytes, &Limits::default()) {
            assert!(verify(&sealed).is_err() || sealed == opened(&certificate_of(SKIP)));
        }
    }
}

/// The size of the trained digits network; times are printed, and asserted loosely only in release.
#[test]
fn a_network_of_2410_parameters_stays_small_and_quick() {
    let batch = if cfg!(debug_assertions) { 4 } else { 32 };
    let case = wide(&[64, 32, 10], batch, 53, "relu");
    let document = Document::read(case.as_bytes(), &Limits::default()).unwrap();
    let clock = Instant::now();
    let evidence = gather(&document.case, &document.digest(), SEED);
    let engines = clock.elapsed();
    let clock = Instant::now();
    let certificate = issue(&document.case, document.json.canonical(), SEED, evidence).unwrap();
    let issued = clock.elapsed();
    let clock = Instant::now();
    let text = write(&certificate);
    let written = clock.elapsed();
    let clock = Instant::now();
    let sealed = read(text.as_bytes(), &Limits::default()).unwrap();
    let reading = clock.elapsed();
    let clock = Instant::now();
    let report = verify(&sealed).unwrap();
    println!(
        "batch {batch}: engines {engines:?}, issue {issued:?}, write {written:?}, read {reading:?}, \
         verify {:?}, {} bytes, {:?}",
        clock.elapsed(),
        text.len(),
        report.substitutions
    );
    assert_eq!(report.conclusion(), Conclusion::Agree);
    assert!(text.len() < 16 << 20);
}
