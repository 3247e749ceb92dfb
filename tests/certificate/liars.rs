//! Evidence forged as a whole, with rows that follow from it.

use creditcheck::certificate::{Evidence, digest, issue, verify};
use creditcheck::spec::outcome::{Credit, CreditExample};
use creditcheck::spec::{Limits, Wiring};
use creditcheck::verdict::Conclusion;
use creditcheck::wire::Document;
use creditcheck::wire::certificate::to_json;
use num_rational::BigRational as Q;

use super::{LAYERED, OWN_BALANCE, SEED, SKIP, opened};
use crate::evidence::gather;

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
    assert!(
        lying.claims.iter().all(|row| row.verdict.is_none_or(|v| v == Conclusion::Agree)),
        "a liar agrees"
    );
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
