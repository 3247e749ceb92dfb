//! The nine claims, negative: for each condition a committed net of at least four steps that violates it alone, and differs; and the
//! counterexamples that the conditions must not hide.

use creditcheck::spec::{
    Diagonal, Feedback, Form, Modprop, Mu, Steps, Taps, TemporalCase, TemporalGradient,
    TemporalRule,
};
use creditcheck::textbook::temporal::{Evaluation, feedback_weights};
use creditcheck::verdict::temporal::{About, Condition, conditions};
use num_traits::{One, Signed, Zero};

use super::{committed, gradient, slopes};
use crate::generators::{Q, ratio};

/// A case, a rule on it, a claim, and the only part of its condition that is missing.
type Witness = (&'static str, TemporalRule, u8, &'static str);

const MEAN: &str =
    "the mean weight from type 1 to type 0 is 5/8, that from neuron 1 to neuron 0 is 3/4";

fn witnesses() -> Vec<Witness> {
    let (all, one) = (Taps::All, ratio(1, 1));
    let half = ratio(1, 2);
    let cell = Feedback::Cell;
    let typed = Feedback::Type(Diagonal::Excluded);
    let scalar =
        |feedback, taps, mu: &Q, form| modprop(feedback, taps, Mu::Scalar(mu.clone()), form);
    let filter = |feedback, taps, mu: &Q| scalar(feedback, taps, mu, Form::Filter);
    let autodiff = |feedback, mu: &Q| scalar(feedback, all, mu, Form::Autodiff);
    let no_leak = |feedback, taps, mu: &Q| scalar(feedback, taps, mu, Form::NoLeak);
    let gates = Mu::PerCell([1, 1, 1, 0].map(|mu| ratio(mu, 1)).to_vec());
    let on = Mu::PerCell(vec![ratio(1, 1); 5]);
    let ends = Mu::PerCell([3, 1, 1, -2].map(|mu| ratio(mu, 1)).to_vec());
    vec![
        ("1-relu", filter(cell, all, &one), 1, "relu is not linear"),
        ("1-relu", autodiff(cell, &one), 1, "relu is not linear"),
        ("1-linear", filter(cell, all, &half), 1, "μ = 1/2 at neuron 0 is not 1"),
        ("1-linear", autodiff(cell, &half), 1, "μ = 1/2 at neuron 0 is not 1"),
        ("1-linear", filter(typed, all, &one), 1, MEAN),
        ("1-linear", autodiff(typed, &one), 1, MEAN),
        (
            "1-linear",
            filter(cell, Taps::Count(2), &one),
            1,
            "S = 2 does not reach T − 2 = 3 steps back",
        ),
        ("2-relu", no_leak(cell, all, &one), 2, "relu is not linear"),
        ("2-linear", no_leak(cell, all, &half), 2, "μ = 1/2 at neuron 0 is not 1"),
        ("2-linear", no_leak(typed, all, &one), 2, MEAN),
        (
            "2-linear",
            no_leak(cell, Taps::Count(2), &one),
            2,
            "S = 2 does not reach T − 2 = 3 steps back",
        ),
        ("1-linear", no_leak(cell, all, &one), 2, "λ = 1/2 is not 0"),
        (
            "1-relu",
            filter(cell, all, &one),
            3,
            "at step 2 of example 0 the slope of neuron 2 is 0, and an active cell has 1",
        ),
        ("3-on", filter(cell, all, &half), 3, "μ = 1/2 at neuron 0 is not 1"),
        ("3-on", filter(typed, all, &one), 3, MEAN),
        (
            "3-on",
            filter(cell, Taps::Count(2), &one),
            3,
            "S = 2 does not reach T − 2 = 3 steps back",
        ),
        (
            "4-gates",
            filter(cell, all, &one),
            4,
            "at step 1 of example 0 the slope of neuron 3 is 0, not its μ",
        ),
        (
            "relay-gate",
            modprop(cell, all, on.clone(), Form::Filter),
            4,
            "at step 4 of example 0 the slope of neuron 3 is 0, not its μ",
        ),
        (
            "4-gates",
            modprop(cell, Taps::Count(1), gates.clone(), Form::Filter),
            4,
            "S = 1 does not reach T − 2 = 2 steps back",
        ),
        (
            "4-gates",
            modprop(typed, all, gates, Form::Filter),
            4,
            "the mean weight from type 1 to type 0 is 1/16, that from neuron 1 to neuron 0 is 3/4",
        ),
        (
            "relay-gate",
            modprop(cell, all, on, Form::Filter),
            5,
            "at step 4 of example 0 the slope of neuron 3 is 0, not its μ",
        ),
        (
            "5-source",
            modprop(cell, all, ends.clone(), Form::Autodiff),
            5,
            "at step 2 of example 0 the slope of neuron 0 is 1, not its μ",
        ),
        (
            "5-source",
            modprop(cell, Taps::Count(1), ends.clone(), Form::Filter),
            5,
            "S = 1 does not reach T − 2 = 3 steps back",
        ),
        (
            "5-source",
            modprop(typed, all, ends, Form::Filter),
            5,
            "the mean weight from type 0 to type 1 is 5/8, that from neuron 0 to neuron 1 is 1/2",
        ),
        (
            "1-relu",
            filter(cell, all, &half),
            6,
            "T = 5 is more than 3; a recurrent path of length 2 leads through neuron 0",
        ),
        (
            "6-star",
            filter(cell, Taps::Count(2), &half),
            6,
            "S = 2 does not reach T − 2 = 3 steps back",
        ),
        (
            "6-star",
            filter(typed, all, &half),
            6,
            "the mean weight from type 1 to type 0 is 5/16, that from neuron 1 to neuron 0 is 0",
        ),
        (
            "6-star",
            TemporalRule::Mdgl { feedback: cell },
            7,
            "T = 5 is more than 3; λ = 1/2 is not 0",
        ),
        (
            "2-relu",
            TemporalRule::Mdgl { feedback: cell },
            7,
            "T = 5 is more than 3; a recurrent path of length 2 leads through neuron 0",
        ),
        (
            "7-star",
            TemporalRule::Mdgl { feedback: typed },
            7,
            "the mean weight from type 1 to type 0 is 5/16, that from neuron 1 to neuron 0 is 0",
        ),
        ("6-star", TemporalRule::Eprop, 8, "T = 5 is more than 2"),
        (
            "9-blocks",
            filter(Feedback::Type(Diagonal::Counted), all, &one),
            9,
            "the mean weight from type 0 to type 0 is 3/8, that from neuron 1 to neuron 0 is 3/4",
        ),
        ("3-on", filter(typed, all, &one), 9, MEAN),
    ]
}

#[test]
fn each_condition_has_a_witness_that_violates_it_alone() {
    let (mut claims, mut failures) = (Vec::new(), Vec::new());
    for (name, rule, number, missing) in witnesses() {
        let case = committed(&format!("temporal-{name}"));
        assert!(case.duration() >= 4, "{name}");
        let found = recurrent_conditions(&case, &rule);
        let claim = found.iter().find(|condition| condition.number == number).unwrap();
        if claim.words != format!("not met: {missing}") || !claim.rows.is_empty() {
            failures.push(format!("{name} {number}: {claim:?}"));
        }
        let [exact, estimate] = both(&case, &rule);
        if exact.recurrent == estimate.recurrent {
            failures.push(format!("{name} {number}: equal"));
        }
        claims.push(number);
    }
    assert!(failures.is_empty(), "{failures:#?}");
    claims.dedup();
    assert_eq!(claims, (1..=9).collect::<Vec<u8>>());
}

/// The same nets with what was missing put right: the witnesses differ for that reason.
#[test]
fn each_witness_is_exact_once_its_condition_is_met() {
    let (one, two) = (Mu::Scalar(ratio(1, 1)), Mu::Scalar(ratio(2, 1)));
    let cells = |mu: &[i64]| Mu::PerCell(mu.iter().map(|mu| ratio(*mu, 1)).collect());
    let filter = |taps, mu: &Mu| modprop(Feedback::Cell, taps, mu.clone(), Form::Filter);
    let excluded = Feedback::Type(Diagonal::Excluded);
    let mdgl = TemporalRule::Mdgl { feedback: Feedback::Cell };
    let repaired = [
        ("1-linear", filter(Taps::Count(3), &one), 1),
        ("1-linear", modprop(Feedback::Cell, Taps::All, one.clone(), Form::Autodiff), 1),
        ("2-linear", modprop(Feedback::Cell, Taps::Count(3), one.clone(), Form::NoLeak), 2),
        ("3-on", filter(Taps::Count(3), &one), 3),
        ("4-gates", filter(Taps::Count(2), &cells(&[1, 1, 1, 0])), 4),
        ("5-source", filter(Taps::Count(3), &cells(&[3, 1, 1, -2])), 5),
        ("6-star", filter(Taps::Count(3), &two), 6),
        ("7-star", mdgl, 7),
        ("9-blocks", modprop(excluded, Taps::All, one, Form::Filter), 1),
    ];
    for (name, rule, number) in repaired {
        let case = committed(&format!("temporal-{name}"));
        let found = recurrent_conditions(&case, &rule);
        assert!(found.iter().any(|c| c.number == number && c.holds), "{name}: {found:?}");
        let [exact, estimate] = both(&case, &rule);
        assert_eq!(exact.recurrent, estimate.recurrent, "{name}");
        let local = gradient(&case, &TemporalRule::Eprop, Evaluation::Causal);
        assert_ne!(exact.recurrent, local.recurrent, "{name}: no credit comes from other cells");
    }
    // Leaky taps stay exact on the star, whatever its leak; e-prop is exact in the rows that send nothing, and only there.
    let star = committed("temporal-6-star");
    let [exact, local] = both(&star, &TemporalRule::Eprop);
    assert!((2..4).all(|row| exact.recurrent[row] == local.recurrent[row]));
    assert!((2..4).all(|row| exact.recurrent[row].iter().any(|entry| !entry.is_zero())));
    assert!((0..2).all(|row| exact.recurrent[row] != local.recurrent[row]));
    // For U one tap more is needed than for W.
    let linear = committed("temporal-1-linear");
    let [exact, estimate] = both(&linear, &filter(Taps::Count(3), &Mu::Scalar(ratio(1, 1))));
    assert_ne!(exact.input, estimate.input);
    let [exact, estimate] = both(&linear, &filter(Taps::Count(4), &Mu::Scalar(ratio(1, 1))));
    assert_eq!(exact.input, estimate.input);
}

/// Claim 4: with one relay on and another off no single μ will do, not even the best: two entries each need another one.
#[test]
fn no_single_mu_stands_for_two_constant_gates() {
    let case = committed("temporal-4-gates");
    // T = 4, so that a relay enters at most once and the filter form is linear in μ.
    let needed = needed_mu(&case);
    let distinct: Vec<_> = needed.iter().flatten().collect();
    assert!(distinct.len() >= 2 && distinct.iter().any(|mu| *mu != distinct[0]), "{needed:?}");
}

/// A relay that switches off once: three readout times need μ = 1, 0, 1, so no constant works.
#[test]
fn a_relay_that_switches_needs_another_mu_at_each_readout_time() {
    let case = committed("temporal-relay-gate");
    let mut found = Vec::new();
    for last in [4, 5, 6] {
        let mut until = case.clone();
        until.steps = Steps::Last;
        for example in &mut until.examples {
            example.input.truncate(last);
            example.target.truncate(last);
        }
        // Row 2 reaches the readout through the relay alone; without leak that is one path, linear in μ.
        let needed: Vec<_> = needed_mu(&until)[2 * 5..2 * 5 + 2].to_vec();
        assert_eq!(needed[0], needed[1]);
        found.push(needed[0].clone());
    }
    assert_eq!(found, [1, 0, 1].map(|mu| Some(ratio(mu, 1))));
    // And where all steps count, its two synapses would each want a mean of their own.
    let needed = needed_mu(&case);
    assert!(needed[10].is_some() && needed[11].is_some() && needed[10] != needed[11], "{needed:?}");
}

/// Claim 9, the other side: with equal type column sums, a type-constant V and linear σ the gradients agree although Ŵ ≠ W.
#[test]
fn type_specific_feedback_can_be_exact_beyond_its_condition() {
    let case = committed("temporal-9-columns");
    let excluded = Feedback::Type(Diagonal::Excluded);
    assert_ne!(feedback_weights::<Q>(&case.network, excluded).unwrap(), case.network.recurrent);
    for form in [Form::Filter, Form::Autodiff] {
        let rule = modprop(excluded, Taps::All, Mu::Scalar(Q::one()), form);
        let [exact, estimate] = both(&case, &rule);
        assert_eq!(exact, estimate);
        // No condition is met, and none says that the rule differs.
        let found = conditions(&case, &rule, &slopes(&case));
        assert!(found.iter().all(|condition| !condition.holds), "{found:?}");
        assert!(found.iter().all(|condition| !condition.words.contains("differ")), "{found:?}");
    }
    // The two conventions are not the same: with the zeros counted the gradients differ.
    let counted =
        modprop(Feedback::Type(Diagonal::Counted), Taps::All, Mu::Scalar(Q::one()), Form::Filter);
    let [exact, estimate] = both(&case, &counted);
    assert_ne!(exact.recurrent, estimate.recurrent);
}

/// "ModProp is closer than MDGL" is no theorem: on the golden vector it is further, in angle.
#[test]
fn modprop_can_be_further_than_mdgl() {
    let case = committed("temporal-golden");
    let dot = |a: &TemporalGradient<Q>, b: &TemporalGradient<Q>| -> Q {
        let (a, b) = (a.recurrent.iter().flatten(), b.recurrent.iter().flatten());
        a.zip(b).map(|(a, b)| a * b).sum()
    };
    // cos² against the exact gradient, without its length; both cosines are positive.
    let square = |rule: TemporalRule| {
        let [exact, estimate] = both(&case, &rule);
        let inner = dot(&exact, &estimate);
        assert!(inner.is_positive());
        inner.clone() * inner / dot(&estimate, &estimate)
    };
    let half = Mu::Scalar(ratio(1, 2));
    let mdgl = square(TemporalRule::Mdgl { feedback: Feedback::Cell });
    assert!(square(modprop(Feedback::Cell, Taps::All, half.clone(), Form::Filter)) < mdgl);
    assert!(square(modprop(Feedback::Cell, Taps::All, half, Form::Autodiff)) < mdgl);
}

fn modprop(feedback: Feedback, taps: Taps, mu: Mu, form: Form) -> TemporalRule {
    TemporalRule::Modprop(Modprop { feedback, taps, mu, form })
}

fn recurrent_conditions(case: &TemporalCase, rule: &TemporalRule) -> Vec<Condition> {
    let found = conditions(case, rule, &slopes(case));
    found.into_iter().filter(|condition| condition.about != About::Input).collect()
}

/// The exact gradient, and what a rule makes of the case.
fn both(case: &TemporalCase, rule: &TemporalRule) -> [TemporalGradient<Q>; 2] {
    [TemporalRule::Tangent, rule.clone()].map(|rule| gradient(case, &rule, Evaluation::Causal))
}

/// The μ at which each entry of the filter form, linear in μ, is exact; none where μ does not matter.
fn needed_mu(case: &TemporalCase) -> Vec<Option<Q>> {
    let at = |mu: i64| {
        let mu = Mu::Scalar(ratio(mu, 1));
        let [exact, estimate] = both(case, &modprop(Feedback::Cell, Taps::All, mu, Form::Filter));
        let entries = |found: &TemporalGradient<Q>| -> Vec<Q> {
            found.recurrent.iter().flatten().cloned().collect()
        };
        [entries(&exact), entries(&estimate)]
    };
    let ([exact, at_zero], [_, at_one], [_, at_two]) = (at(0), at(1), at(2));
    let needed = |n: usize| {
        let slope = &at_one[n] - &at_zero[n];
        let is_linear = &at_two[n] - &at_one[n] == slope;
        (is_linear && !slope.is_zero()).then(|| (&exact[n] - &at_zero[n]) / slope)
    };
    (0..exact.len()).map(needed).collect()
}
