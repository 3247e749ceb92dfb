//! Certificates: what is issued is confirmed, and what is changed is refused by an equation.

use creditcheck::certificate::verify::{Refusal, Sealed, equations};
use creditcheck::certificate::{Certificate, Report, issue, verify};
use creditcheck::spec::{Kink, Limits, Neuron, PerNeuron, Synapse};
use creditcheck::verdict::{Claim, Conclusion, Tier};
use creditcheck::wire::Document;
use creditcheck::wire::certificate::{read, to_json, write};
use creditcheck::wire::json::Json;
use num_rational::BigRational as Q;

use crate::evidence::{gather, wide};

mod admitted;
mod forgery;
mod given;
mod golden;
mod interval;
mod liars;
mod residues;
mod searched;
mod told;
mod vacuous;

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

/// A cycle, two self-synapses, an output that feeds back; its equilibrium is found.
const CYCLE: &str = r#"{"format": "creditcheck/case/1", "name": "cycle",
  "network": {"kind": "graph", "neurons": 5, "inputs": [2], "outputs": [4, 0],
    "activation": [{"name": "leaky_relu", "slope": "1/2"}, "hard_tanh", "identity", {"name": "leaky_relu", "slope": "1/4"}, "identity"],
    "synapses": [[1, 2, "1/2"], [1, 4, "1/4"], [3, 1, "-3/4"], [3, 3, "1/4"], [4, 3, "5/8"], [4, 4, "-1/2"], [0, 1, "3/8"], [0, 4, "1/8"], [3, 0, "1/2"]],
    "biases": ["-2", "1/8", "0", "-1/8", "1/2"]},
  "loss": "half_squared_error", "learning_rate": "2/3", "examples": [
    {"input": ["1"], "target": ["1", "-1"]}, {"input": ["-1/2"], "target": ["1/4", "2"]}]}"#;

/// Polynomials on a cycle at a given equilibrium, and a balance function of its own.
const CYCLE_GIVEN: &str = r#"{"format": "creditcheck/case/1", "name": "cycle, given", "expect": "disagree",
  "network": {"kind": "graph", "neurons": 4, "inputs": [0, 1], "outputs": [3],
    "activation": ["identity", "identity", "quadratic", "square"], "balance": [null, null, "cubic", null],
    "synapses": [[2, 0, "1/2"], [2, 3, "-1/4"], [3, 1, "2"], [3, 2, "1/2"], [2, 2, "1/4"]], "biases": ["0", "0", "1/8", "-1/4"]},
  "loss": "half_squared_error", "learning_rate": "1/2", "examples": [{"input": ["177/128", "3/16"], "target": ["1"]}],
  "equilibrium": [["177/128", "3/16", "2", "81/64"]]}"#;

const ALL: [&str; 8] = [LAYERED, KINKED, SKIP, OWN_BALANCE, GIVEN, DEAD, CYCLE, CYCLE_GIVEN];

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
    report.claims.iter().find(|row| row.claim == claim && row.tier == tier)?.verdict
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
            "own balance" | "cycle, given" => Conclusion::Disagree,
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
    assert!(text.contains("given β: x and β are held to σ and σ′"), "{text}");
    let dead = verify(&opened(&certificate_of(DEAD))).unwrap();
    assert_eq!(verdict(&dead, Claim::Credit, Tier::Exact), Some(Conclusion::Unchecked));
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
    let refusal = refusal_of(OWN_BALANCE, |c| c.claims[1].verdict = Some(Conclusion::Agree));
    assert_eq!((refusal.equation.as_str(), refusal.place.as_str()), ("C2", "row C2 at Q, verdict"));
    let refusal = refusal_of(KINKED, |c| c.case.kink = Kink::Left);
    assert_eq!((refusal.equation.as_str(), refusal.found.as_str()), ("D2", "1"));
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

/// A network of the size that the suite trains on digits: its certificate must fit into a file.
#[test]
fn a_network_of_2410_parameters_has_a_small_certificate() {
    const BATCH: usize = 4;
    let case = wide(&[64, 32, 10], BATCH, 53, "relu");
    let document = Document::read(case.as_bytes(), &Limits::default()).unwrap();
    let evidence = gather(&document.case, &document.digest(), SEED);
    let certificate = issue(&document.case, document.json.canonical(), SEED, evidence).unwrap();
    let text = write(&certificate);
    let sealed = read(text.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(verify(&sealed).unwrap().conclusion(), Conclusion::Agree);
    assert!(text.len() < 4 << 20, "{} bytes", text.len());
}
