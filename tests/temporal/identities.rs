//! What holds on every net: the four engines of the gradient agree, a rule is the same forwards and against time, and ModProp contains
//! MDGL and e-prop. `==` on every entry.

use std::collections::BTreeMap;

use creditcheck::spec::{
    Feedback, Form, Limits, Modprop, Mu, Steps, Taps, TemporalCase, TemporalRule,
};
use creditcheck::textbook::temporal::{self, Evaluation};
use num_traits::Zero;
use quickcheck::{Arbitrary, Gen};

use super::{gradient, nonzero};
use crate::generators::temporal::{InTime, meets_a_kink, number, variants};
use crate::generators::{Q, seed};

/// 300 nets, the same every time.
fn nets() -> (Gen, Vec<TemporalCase>) {
    let mut g = Gen::from_size_and_seed(100, seed(20_220_602));
    let nets = (0..300).map(|_| InTime::arbitrary(&mut g).0).collect();
    (g, nets)
}

/// BPTT, RTRL, RTRL factorised and the tangent: W, U, V, b and the loss.
#[test]
fn four_engines_of_the_gradient_agree() {
    let (mut entries, mut live) = (0, 0);
    for case in nets().1 {
        let bptt = gradient(&case, &TemporalRule::Bptt, Evaluation::Adjoint);
        for rule in [TemporalRule::Rtrl, TemporalRule::FactorisedRtrl, TemporalRule::Tangent] {
            let found = gradient(&case, &rule, Evaluation::Causal);
            assert_eq!(found, bptt, "{rule:?} on {case:?}");
        }
        entries += nonzero(&bptt);
        live += usize::from(bptt.recurrent.iter().flatten().any(|entry| !entry.is_zero()));
    }
    assert!(entries >= 5_000 && live >= 200, "{entries} entries, {live} live nets");
}

/// Some of the variants on each net, others on the next: each is seen with something to say.
#[test]
fn every_rule_is_the_same_forwards_and_against_time() {
    let (mut g, nets) = nets();
    let (mut entries, mut seen) = (0, BTreeMap::<String, usize>::new());
    for (n, case) in nets.iter().enumerate() {
        for rule in variants(&mut g, case).into_iter().skip(n % 16).step_by(16) {
            let causal = gradient(case, &rule, Evaluation::Causal);
            let adjoint = gradient(case, &rule, Evaluation::Adjoint);
            assert_eq!(causal, adjoint, "{rule:?} on {case:?}");
            let live = nonzero(&causal);
            entries += live;
            *seen.entry(kind(case, &rule)).or_default() += usize::from(live > 0);
        }
    }
    // e-prop; MDGL with three kinds of feedback; ModProp: three forms, three kinds of feedback, three of μ, and where there are taps
    // none, one, some, T, all.
    assert_eq!(seen.len(), 1 + 3 + 2 * 3 * 3 * 5 + 3 * 3, "{seen:?}");
    assert!(seen.values().all(|live| *live >= 2), "{seen:?}");
    assert!(entries >= 30_000, "{entries}");
}

/// Filter with S = 1 and no-leak with μ = 0 are MDGL, autodiff with μ = 0 and no taps at all are e-prop.
#[test]
fn modprop_contains_mdgl_and_eprop() {
    let (mut g, nets) = nets();
    let (mut entries, mut beyond) = (0, 0);
    for (n, case) in nets.into_iter().enumerate() {
        let feedbacks = variants(&mut g, &case).into_iter().filter_map(|rule| match rule {
            TemporalRule::Mdgl { feedback } => Some(feedback),
            _ => None,
        });
        let feedbacks = feedbacks.skip(n % 3).step_by(3);
        let eprop = gradient(&case, &TemporalRule::Eprop, Evaluation::Causal);
        for feedback in feedbacks {
            let mdgl = gradient(&case, &TemporalRule::Mdgl { feedback }, Evaluation::Causal);
            let zero = Mu::Scalar(Q::zero());
            let any = Mu::Scalar(number(&mut g, 6, 4));
            let one_tap = modprop(feedback, Taps::Count(1), any.clone(), Form::Filter);
            let no_relay = modprop(feedback, Taps::All, zero.clone(), Form::NoLeak);
            let no_feedback = modprop(feedback, Taps::All, zero, Form::Autodiff);
            let no_tap = modprop(feedback, Taps::Count(0), any, Form::Filter);
            for evaluation in [Evaluation::Causal, Evaluation::Adjoint] {
                assert_eq!(gradient(&case, &one_tap, evaluation), mdgl, "{case:?}");
                assert_eq!(gradient(&case, &no_relay, evaluation), mdgl, "{case:?}");
                assert_eq!(gradient(&case, &no_feedback, evaluation), eprop, "{case:?}");
                assert_eq!(gradient(&case, &no_tap, evaluation), eprop, "{case:?}");
            }
            entries += nonzero(&mdgl);
            beyond += usize::from(mdgl != eprop);
        }
    }
    assert!(entries >= 5_000 && beyond >= 150, "{entries} entries, {beyond} times not e-prop");
}

/// What the generator makes, so that no restriction makes the checks above blind.
#[test]
fn the_nets_are_of_all_kinds() {
    let (_, nets) = nets();
    let mut seen = BTreeMap::<String, usize>::new();
    let mut count = |what: &str, is: bool| *seen.entry(what.into()).or_default() += usize::from(is);
    for case in &nets {
        let net = &case.network;
        let found =
            temporal::run::<Q>(case, &TemporalRule::Bptt, Evaluation::Adjoint, &Limits::default())
                .unwrap();
        let s = |steps: &Vec<temporal::Step<Q>>| -> Vec<Vec<Q>> {
            steps.iter().map(|step| step.net_input.clone()).collect()
        };
        let s: Vec<_> = found.examples.iter().map(s).collect();
        let exact = &found.gradient.recurrent;
        let local = gradient(case, &TemporalRule::Eprop, Evaluation::Causal).recurrent;
        let types = net.types.as_ref().unwrap();
        count("live", exact.iter().flatten().any(|entry| !entry.is_zero()));
        count("credit from other cells", *exact != local);
        count("at a kink", meets_a_kink(case, &s));
        count("kink right or mean", case.kink != Default::default());
        count("more than one example", case.examples.len() > 1);
        count("U square", net.inputs() == net.neurons());
        count("U rectangular", net.inputs() != net.neurons());
        count("V square", net.readouts() == net.neurons());
        count("more than one readout", net.readouts() > 1);
        count("last step only", case.steps == Steps::Last);
        count("biases", net.readout_biases.is_some());
        count("no biases", net.readout_biases.is_none());
        count("two of a type", (1..types.len()).any(|cell| types[..cell].contains(&types[cell])));
        count("two types", types.iter().any(|kind| *kind != types[0]));
        count("diagonal", net.has_diagonal);
        count("biases of the neurons", net.biases.is_some());
        count("initial states", !case.starts_silent());
        count("some steps", matches!(case.steps, Steps::At(_)));
        count("T = 1", case.duration() == 1);
        count("T = 6", case.duration() == 6);
        count("N = 6", net.neurons() == 6);
        count(&format!("leak {}", net.leak), true);
        count(net.activation.name(), true);
    }
    let least = |what: &str| match what {
        "live" => 200,
        "credit from other cells" => 150,
        "more than one example" => 150,
        _ => 15,
    };
    assert_eq!(seen.len(), 21 + 3 + 4, "{seen:?}");
    assert!(seen.iter().all(|(what, count)| *count >= least(what)), "{seen:?}");
}

fn modprop(feedback: Feedback, taps: Taps, mu: Mu, form: Form) -> TemporalRule {
    TemporalRule::Modprop(Modprop { feedback, taps, mu, form })
}

/// Which of the variants a rule is, whatever its numbers.
fn kind(case: &TemporalCase, rule: &TemporalRule) -> String {
    let TemporalRule::Modprop(rule) = rule else { return format!("{rule:?}") };
    let types = case.network.types.as_ref().unwrap();
    let mu = match &rule.mu {
        Mu::Scalar(_) => "one μ",
        Mu::PerCell(mu) => {
            let first = |cell: usize| types.iter().position(|kind| *kind == types[cell]).unwrap();
            match (0..mu.len()).all(|cell| mu[cell] == mu[first(cell)]) {
                true => "μ per type",
                false => "μ per cell",
            }
        }
    };
    let taps = match rule.taps {
        Taps::All => "all".to_owned(),
        Taps::Count(0) => "none".to_owned(),
        Taps::Count(1) => "one".to_owned(),
        Taps::Count(count) if count == case.duration() => "T".to_owned(),
        Taps::Count(_) => "some".to_owned(),
    };
    format!("{:?} {:?} {mu}, taps {taps}", rule.form, rule.feedback)
}
