//! Which equilibrium a certificate is about: the one that is found from rest, whatever else solves D1.
//!
//! Networks with cycles are drawn, and all their equilibria found by trying every piece of every neuron. That from rest is confirmed. Of every
//! other one the case may name it; without the name the same certificate is refused.

use std::collections::BTreeSet;

use creditcheck::certificate::verify::equations;
use creditcheck::certificate::{Certificate, issue};
use creditcheck::certify::{Options, Silent, certify};
use creditcheck::spec::{Activation, Case, Limits, Network, Neuron, Parameters, PerNeuron, Wiring};
use creditcheck::textbook::equilibrium;
use creditcheck::verdict::Conclusion;
use creditcheck::wire::Document;
use num_rational::BigRational as Q;
use num_traits::{One, Zero};

use crate::evidence::gather;
use crate::forger::Dice;
use crate::forger::bases::{SEED, reissued};

/// One input, and this many neurons behind it.
const FREE: usize = 3;

fn drawn(dice: &mut Dice) -> Case {
    let activations = [
        r#""relu""#,
        r#"{"name": "leaky_relu", "slope": "1/4"}"#,
        r#"{"name": "leaky_relu", "slope": "-1/2"}"#,
        r#"{"name": "hard_tanh", "min": "-1/2", "max": "2"}"#,
        r#""hard_tanh""#,
        r#""identity""#,
    ];
    let mut synapses = Vec::new();
    for post in 1..=FREE {
        for pre in 0..=FREE {
            // The first two make a cycle.
            let needed = (post, pre) == (1, 2) || (post, pre) == (2, 1);
            if needed || dice.roll(3) > 0 {
                let weight = dice.roll(33) as i64 - 16;
                let weight = if weight == 0 { 3 } else { weight };
                synapses.push(format!(r#"[{post}, {pre}, "{weight}/4"]"#));
            }
        }
    }
    let mut activation = vec![r#""identity""#];
    activation.extend((0..FREE).map(|_| activations[dice.roll(activations.len())]));
    let mut biases = vec![r#""0""#.to_owned()];
    biases.extend((0..FREE).map(|_| format!(r#""{}/8""#, dice.roll(17) as i64 - 8)));
    let text = format!(
        r#"{{"format": "creditcheck/case/1", "network": {{"kind": "graph", "neurons": {}, "inputs": [0], "outputs": [{FREE}],
          "activation": [{}], "synapses": [{}], "biases": [{}]}}, "loss": "half_squared_error", "learning_rate": "1/2",
          "examples": [{{"input": ["{}/2"], "target": ["1"]}}]}}"#,
        FREE + 1,
        activation.join(", "),
        synapses.join(", "),
        biases.join(", "),
        dice.roll(9) as i64 - 4,
    );
    Document::read(text.as_bytes(), &Limits::default()).unwrap().case
}

/// Slope and offset of every piece, and where the pieces meet.
fn pieces(activation: &Activation) -> (Vec<(Q, Q)>, Vec<Q>) {
    let (zero, one) = (Q::zero(), Q::one());
    match activation {
        Activation::Identity => (vec![(one, zero)], vec![]),
        Activation::Relu => (vec![(zero.clone(), zero.clone()), (one, zero.clone())], vec![zero]),
        Activation::LeakyRelu { slope } => {
            (vec![(slope.clone(), zero.clone()), (one, zero.clone())], vec![zero])
        }
        Activation::HardTanh { min, max } => (
            vec![(zero.clone(), min.clone()), (one, zero.clone()), (zero, max.clone())],
            vec![min.clone(), max.clone()],
        ),
        other => panic!("{}", other.name()),
    }
}

/// The rates of all equilibria that lie off the kinks; nothing where a system is singular, so that there may be more than are counted.
fn all_equilibria(case: &Case) -> Option<Vec<Vec<Q>>> {
    let Network::Graph(net) = &case.network else { panic!("a graph") };
    let parts: Vec<_> = (1..=FREE).map(|k| pieces(&net.activations[Neuron(k)])).collect();
    let mut weights = vec![vec![Q::zero(); FREE + 1]; FREE];
    for (ends, weight) in net.synapses.iter().zip(net.weights.iter()) {
        weights[ends.post.0 - 1][ends.pre.0] += weight;
    }
    let biases = net.biases.as_ref().unwrap();
    let input = &case.examples[0].input[0];
    let mut found = Vec::new();
    let patterns: usize = parts.iter().map(|(pieces, _)| pieces.len()).product();
    for pattern in 0..patterns {
        let mut rest = pattern;
        let chosen: Vec<usize> = parts
            .iter()
            .map(|(pieces, _)| {
                let piece = rest % pieces.len();
                rest /= pieces.len();
                piece
            })
            .collect();
        // x = a (W x + w₀ u + b) + k
        let mut rows = Vec::new();
        for k in 0..FREE {
            let (slope, offset) = &parts[k].0[chosen[k]];
            let mut row: Vec<Q> = (1..=FREE).map(|j| -(slope * &weights[k][j])).collect();
            row[k] += Q::one();
            row.push(slope * (&weights[k][0] * input + &biases[Neuron(k + 1)]) + offset);
            rows.push(row);
        }
        let rates = solve(rows)?;
        let inside = (0..FREE).all(|k| {
            let s = (0..FREE).fold(&weights[k][0] * input + &biases[Neuron(k + 1)], |s, j| {
                s + &weights[k][j + 1] * &rates[j]
            });
            let kinks = &parts[k].1;
            let above = chosen[k] == 0 || kinks[chosen[k] - 1] < s;
            above && kinks.get(chosen[k]).is_none_or(|kink| s < *kink)
        });
        if inside {
            found.push([vec![input.clone()], rates].concat());
        }
    }
    Some(found)
}

/// By Cramer's rule, which shares nothing with an elimination.
fn solve(rows: Vec<Vec<Q>>) -> Option<Vec<Q>> {
    let minor = |column: Option<usize>| {
        let at = |r: usize, c: usize| &rows[r][if Some(c) == column { FREE } else { c }];
        at(0, 0) * (at(1, 1) * at(2, 2) - at(1, 2) * at(2, 1))
            - at(0, 1) * (at(1, 0) * at(2, 2) - at(1, 2) * at(2, 0))
            + at(0, 2) * (at(1, 0) * at(2, 1) - at(1, 1) * at(2, 0))
    };
    let whole = minor(None);
    let unique = !whole.is_zero();
    unique.then(|| (0..FREE).map(|c| minor(Some(c)) / &whole).collect())
}

/// The certificate of the case at an equilibrium that it names, or at that from rest.
fn certificate(case: &Case, named: Option<&Vec<Q>>) -> Certificate {
    let mut case = case.clone();
    case.examples[0].equilibrium =
        named.map(|rates| PerNeuron::from_fn(FREE + 1, |k| rates[k.0].clone()));
    let document = Document::of(case);
    let found = gather(&document.case, &document.digest(), SEED);
    issue(&document.case, document.json.canonical(), SEED, found).unwrap()
}

#[test]
fn only_the_equilibrium_from_rest_needs_no_name() {
    let (mut dice, limits) = (Dice::new(9), Limits::default());
    let (mut from_rest, mut others, mut unsettled) = (0, 0, 0);
    let mut words = BTreeSet::new();
    for _ in 0..150 {
        let case = drawn(&mut dice);
        let Some(all) = all_equilibria(&case) else { continue };
        let Ok(rest) = equilibrium::of_example(
            &Wiring::of(&case),
            &Parameters::of(&case),
            &case.examples[0],
            &limits,
        ) else {
            unsettled += 1;
            continue;
        };
        let rest: Vec<Q> = rest.firing_rate.iter().cloned().collect();
        assert!(all.contains(&rest), "{rest:?} of {all:?}");
        equations(&certificate(&case, None)).unwrap_or_else(|refusal| panic!("{refusal}"));
        from_rest += 1;
        for other in all.iter().filter(|rates| **rates != rest) {
            let there = certificate(&case, Some(other));
            equations(&there).unwrap_or_else(|refusal| panic!("{refusal}"));
            let document = Document::of(there.case.clone());
            let found = gather(&document.case, &document.digest(), SEED);
            let forged = reissued(case.clone(), found).unwrap();
            let refusal = equations(&forged).unwrap_err();
            assert_eq!((&*refusal.equation, &*refusal.place), ("D9", "example 0, rates"));
            words.insert(refusal.found);
            others += 1;
        }
    }
    println!("{from_rest} from rest, {others} others, {unsettled} that nobody finds");
    assert!(from_rest >= 80 && others >= 50, "{from_rest} {others}");
    assert_eq!(words.into_iter().collect::<Vec<_>>(), ["another equilibrium than that from rest"]);
}

/// Where a number is beyond the floats, nothing is proposed but the first pieces, and the search goes on from there.
#[test]
fn beyond_the_floats_the_first_pieces_are_proposed() {
    // x = −1 and x = −1/2 solve x = hard_tanh(2x + 1/2), and the sweeps of a network within the floats come to a third.
    let far = format!("1{}", "0".repeat(400));
    let text = format!(
        r#"{{"format": "creditcheck/case/1", "network": {{"kind": "graph", "neurons": 2, "inputs": [0], "outputs": [1],
          "activation": ["identity", {{"name": "hard_tanh", "min": "-1", "max": "{far}"}}],
          "synapses": [[1, 0, "1"], [1, 1, "2"]], "biases": ["0", "0"]}}, "loss": "half_squared_error", "learning_rate": "1/2",
          "examples": [{{"input": ["1/2"], "target": ["1"]}}]}}"#,
    );
    let case = Document::read(text.as_bytes(), &Limits::default()).unwrap().case;
    let (wiring, parameters) = (Wiring::of(&case), Parameters::of(&case));
    let rest = equilibrium::of_example(&wiring, &parameters, &case.examples[0], &Limits::default())
        .unwrap();
    assert_eq!(rest.firing_rate[Neuron(1)], -Q::one());
    let document = Document::of(case.clone());
    let found = gather(&case, &document.digest(), SEED);
    equations(&issue(&case, document.json.canonical(), SEED, found).unwrap()).unwrap();
}

/// Given rates are held to their own equilibrium: nobody searches for them among straight pieces.
#[test]
#[cfg_attr(not(feature = "fast"), ignore = "rates of tanh come from the float side")]
fn given_rates_are_not_searched_for() {
    // The tanh saturates, so that the relu behind it is silent; a straight line in its place would drive it.
    const CASE: &str = r#"{"format": "creditcheck/case/1", "network": {"kind": "graph", "neurons": 4, "inputs": [0], "outputs": [3],
      "activation": ["identity", "tanh", "relu", "identity"],
      "synapses": [[1, 0, "4"], [1, 1, "1/2"], [2, 1, "1"], [3, 1, "1/2"], [3, 2, "1"]], "biases": ["0", "0", "-2", "1/4"]},
      "loss": "half_squared_error", "learning_rate": "1/2", "examples": [{"input": ["1"], "target": ["1"]}]}"#;
    let document = Document::read(CASE.as_bytes(), &Limits::default()).unwrap();
    let found = certify(&document, &Options::default(), &mut Silent).unwrap();
    let report = equations(&found.certificate).unwrap();
    assert_eq!(report.conclusion(), Conclusion::Agree);
    assert_eq!(report.given.unwrap().neurons, 1);
}
