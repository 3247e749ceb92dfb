//! The nine claims, positive: on every net that satisfies a condition the rule is the gradient, `==`.

use std::collections::BTreeMap;

use creditcheck::spec::{
    Activation, Diagonal, Feedback, Form, Modprop, Mu, Taps, TemporalCase, TemporalRule,
};
use creditcheck::textbook::temporal::{Evaluation, feedback_weights};
use creditcheck::verdict::temporal::{About, Condition, conditions};
use num_traits::{One, Signed, Zero};
use quickcheck::{Arbitrary, Gen};

use super::{committed_all, gradient, slopes};
use crate::generators::temporal::{InTime, below, number, one_of, variants};
use crate::generators::{Q, ratio, seed};

/// Random nets as they come, and made to satisfy one condition each: whatever is said to hold, holds.
#[test]
fn where_a_condition_holds_the_rule_is_the_gradient() {
    let mut g = Gen::from_size_and_seed(100, seed(20_220_605));
    let mut seen = BTreeMap::new();
    for n in 0..240 {
        let mut case = InTime::arbitrary(&mut g).0;
        let made: Option<fn(&mut Gen, &mut TemporalCase)> = match n % 8 {
            0 => Some(linear),
            1 => Some(all_on),
            2 => Some(gated),
            3 => Some(free_ends),
            4 => Some(without_paths),
            5 => Some(by_blocks),
            _ => None,
        };
        if let Some(made) = made {
            made(&mut g, &mut case);
        }
        if below(&mut g, 3) == 0 {
            case.network.leak = Q::zero();
        }
        let mut rules: Vec<_> =
            variants(&mut g, &case).into_iter().skip(n % 9).step_by(9).collect();
        rules.extend(fitting(&case).into_iter().skip(n / 8 % 3).step_by(3));
        equal_where_it_holds(&case, &rules, &mut seen);
    }
    demand(&seen, 10);
}

/// The same on the committed cases.
#[test]
fn where_a_condition_holds_on_a_committed_case_the_rule_is_the_gradient() {
    let mut g = Gen::from_size_and_seed(100, 1);
    let mut seen = BTreeMap::new();
    for case in committed_all() {
        let mut rules: Vec<_> = variants(&mut g, &case).into_iter().step_by(3).collect();
        rules.extend(fitting(&case));
        equal_where_it_holds(&case, &rules, &mut seen);
    }
    demand(&seen, 1);
}

/// Claim 9 both ways: it is said to hold exactly where Ŵ = W.
#[test]
fn feedback_by_type_is_said_to_be_exact_where_it_is() {
    let mut g = Gen::from_size_and_seed(100, seed(20_220_606));
    let mut held = [0, 0];
    for n in 0..200 {
        let mut case = InTime::arbitrary(&mut g).0;
        match n % 3 {
            0 => by_blocks(&mut g, &mut case),
            1 => case.network.types = Some((0..case.network.neurons()).rev().collect()),
            _ => (),
        }
        for diagonal in [Diagonal::Counted, Diagonal::Excluded] {
            let feedback = Feedback::Type(diagonal);
            let exact = feedback_weights::<Q>(&case.network, feedback).unwrap();
            let found = conditions(&case, &TemporalRule::Mdgl { feedback }, &[]);
            let [ninth] = found.iter().filter(|c| c.number == 9).collect::<Vec<_>>()[..] else {
                panic!("{found:?}")
            };
            assert_eq!(ninth.holds, exact == case.network.recurrent, "{ninth:?} {case:?}");
            held[usize::from(ninth.holds)] += 1;
            // Where a type has two cells, zeros that are counted pull the mean of its own block down.
            let types = case.network.types.as_ref().unwrap();
            let within = |a: usize, b: usize| {
                a != b && types[a] == types[b] && !case.network.recurrent[a][b].is_zero()
            };
            let cells = 0..types.len();
            let own_block = cells.clone().any(|a| cells.clone().any(|b| within(a, b)));
            assert!(!(own_block && diagonal == Diagonal::Counted && ninth.holds), "{case:?}");
        }
    }
    assert!(held.iter().all(|count| *count >= 50), "{held:?}");
}

/// μ for some cells only is no rule: no engine takes it, and no condition holds for it, though what is missing may not matter.
#[test]
fn a_short_list_has_no_condition() {
    let case = super::committed("temporal-golden");
    let slopes = slopes(&case);
    for form in [Form::Filter, Form::NoLeak, Form::Autodiff] {
        for cells in [0, 2, 3, 4] {
            let mu = Mu::PerCell(vec![Q::zero(); cells]);
            let (feedback, taps) = (Feedback::Cell, Taps::All);
            let rule = TemporalRule::Modprop(Modprop { feedback, taps, mu, form });
            assert_eq!(conditions(&case, &rule, &slopes).is_empty(), cells != 3, "{rule:?}");
        }
    }
}

/// ModProp with μ = 0 relays nothing: without leak in its taps it is MDGL, and has its conditions; with no tap it is e-prop.
#[test]
fn modprop_that_relays_nothing_has_the_conditions_of_the_rule_that_it_is() {
    let case = super::committed("temporal-golden");
    let numbers = |taps, mu: Q, form| -> Vec<u8> {
        let mu = Mu::Scalar(mu);
        let rule = TemporalRule::Modprop(Modprop { feedback: Feedback::Cell, taps, mu, form });
        conditions(&case, &rule, &slopes(&case)).iter().map(|found| found.number).collect()
    };
    let has = |taps, mu: Q, form, number| numbers(taps, mu, form).contains(&number);
    for taps in [Taps::All, Taps::Count(1), Taps::Count(2), Taps::Count(5)] {
        assert!(has(taps, Q::zero(), Form::NoLeak, 7), "{taps:?}");
        assert_eq!(has(taps, Q::one(), Form::NoLeak, 7), taps == Taps::Count(1), "{taps:?}");
        assert!(!has(taps, Q::zero(), Form::NoLeak, 8), "{taps:?}");
    }
    assert!(!has(Taps::Count(0), Q::zero(), Form::NoLeak, 7));
    assert!(has(Taps::Count(0), Q::one(), Form::NoLeak, 8));
}

/// Claim, and what it is about, to how often it held where it says something.
type Seen = BTreeMap<(u8, &'static str), usize>;

fn equal_where_it_holds(case: &TemporalCase, rules: &[TemporalRule], seen: &mut Seen) {
    let slopes = slopes(case);
    let exact = gradient(case, &TemporalRule::Bptt, Evaluation::Adjoint);
    let local = gradient(case, &TemporalRule::Eprop, Evaluation::Adjoint);
    for rule in rules {
        let found = conditions(case, rule, &slopes);
        if found.iter().all(|condition| condition.rows.is_empty()) {
            continue;
        }
        let estimate = gradient(case, rule, Evaluation::Adjoint);
        for condition in &found {
            let Condition { number, about, rows, holds, words } = condition;
            assert_eq!(*holds, rows.len() == case.network.neurons(), "{condition:?}");
            assert_eq!(words.starts_with("holds"), !rows.is_empty(), "{condition:?}");
            let (exact, estimate, local, what) = match about {
                About::Recurrent => (&exact.recurrent, &estimate.recurrent, &local.recurrent, "W"),
                About::Input => (&exact.input, &estimate.input, &local.input, "U"),
                About::Feedback => continue,
            };
            for &row in rows {
                assert_eq!(exact[row], estimate[row], "{condition:?}, {rule:?} on {case:?}");
            }
            // It says something where the rows are not all zero and, but for e-prop, other cells matter.
            let says = rows.iter().any(|row| {
                exact[*row].iter().any(|e| !e.is_zero())
                    && (*number == 8 || exact[*row] != local[*row])
            });
            *seen.entry((*number, what)).or_default() += usize::from(says);
        }
    }
}

#[track_caller]
fn demand(seen: &Seen, least: usize) {
    for number in 1..=8 {
        for what in ["W", "U"] {
            let count = seen.get(&(number, what)).copied().unwrap_or(0);
            assert!(count >= least, "claim {number} for {what} held {count} times: {seen:?}");
        }
    }
}

/// Rules that the conditions may fit: taps just enough, μ the slope.
fn fitting(case: &TemporalCase) -> Vec<TemporalRule> {
    let steps = case.duration();
    let neurons = case.network.neurons();
    let slopes = slopes(case);
    // The slope of each cell at the last step but one, where most of them relay.
    let late = slopes[0][steps.saturating_sub(2)].clone();
    let mut ends_free = late.clone();
    for (cell, mu) in ends_free.iter_mut().enumerate() {
        let hears = case.network.recurrent[cell].iter().any(|weight| !weight.is_zero());
        let sends = case.network.recurrent.iter().any(|row| !row[cell].is_zero());
        if !hears || !sends {
            *mu = ratio(7, 3);
        }
    }
    let mus = [
        Mu::Scalar(Q::one()),
        Mu::PerCell(vec![Q::one(); neurons]),
        Mu::PerCell(late),
        Mu::PerCell(ends_free),
    ];
    let taps = [steps.saturating_sub(2), steps.saturating_sub(1)].map(Taps::Count);
    let mut all = vec![TemporalRule::Eprop, TemporalRule::Mdgl { feedback: Feedback::Cell }];
    for feedback in [Feedback::Cell, Feedback::Type(Diagonal::Excluded)] {
        for mu in &mus {
            for form in [Form::Filter, Form::NoLeak, Form::Autodiff] {
                for taps in taps.into_iter().chain([Taps::All]) {
                    if form != Form::Autodiff || taps == Taps::All {
                        let rule = Modprop { feedback, taps, mu: mu.clone(), form };
                        all.push(TemporalRule::Modprop(rule));
                    }
                }
            }
        }
    }
    all
}

fn linear(_: &mut Gen, case: &mut TemporalCase) {
    case.network.activation = Activation::Identity;
}

/// ReLU cells that nothing turns off.
fn all_on(g: &mut Gen, case: &mut TemporalCase) {
    gated(g, case);
    let net = &mut case.network;
    for weight in net.recurrent.iter_mut().chain(&mut net.input).flatten() {
        *weight = weight.abs();
    }
}

/// ReLU cells each of which is on or off all the time: inputs are positive, and so is everything that an active cell hears.
fn gated(g: &mut Gen, case: &mut TemporalCase) {
    let net = &mut case.network;
    net.activation = Activation::Relu;
    for (heard, driven) in net.recurrent.iter_mut().zip(&mut net.input) {
        let off = below(g, 3) == 0;
        for weight in heard.iter_mut().chain(driven) {
            *weight = if off { -weight.abs() } else { weight.abs() };
        }
    }
    for value in case.examples.iter_mut().flat_map(|example| &mut example.input).flatten() {
        *value = value.abs() + ratio(1, 4);
    }
}

/// Sources and sinks that switch, relays that do not.
fn free_ends(g: &mut Gen, case: &mut TemporalCase) {
    all_on(g, case);
    let net = &mut case.network;
    let last = net.recurrent.len() - 1;
    net.recurrent[0].iter_mut().for_each(|weight| *weight = Q::zero());
    net.recurrent.iter_mut().for_each(|row| row[last] = Q::zero());
    for cell in [0, last] {
        let signed = net.input[cell].iter().map(|w| w * one_of(g, &[ratio(1, 1), ratio(-1, 1)]));
        net.input[cell] = signed.collect();
    }
    // The relays hear the other inputs; with one input only, they have the sources alone.
    for row in &mut net.input[1..last] {
        row[0] = Q::zero();
    }
    for x in case.examples.iter_mut().flat_map(|example| &mut example.input) {
        x[0] = number(g, 9, 4);
    }
}

/// No recurrent path of length 2: the first half sends, the other hears.
fn without_paths(_: &mut Gen, case: &mut TemporalCase) {
    let half = case.network.neurons() / 2;
    for (post, row) in case.network.recurrent.iter_mut().enumerate() {
        for (pre, weight) in row.iter_mut().enumerate() {
            if post < half || pre >= half {
                *weight = Q::zero();
            }
        }
    }
}

/// W the same within each block, zero on its diagonal.
fn by_blocks(g: &mut Gen, case: &mut TemporalCase) {
    linear(g, case);
    let types = case.network.types.clone().unwrap();
    let means: Vec<Vec<Q>> =
        types.iter().map(|_| types.iter().map(|_| number(g, 7, 4)).collect()).collect();
    for (post, row) in case.network.recurrent.iter_mut().enumerate() {
        for (pre, weight) in row.iter_mut().enumerate().filter(|(pre, _)| *pre != post) {
            *weight = means[types[post]][types[pre]].clone();
        }
    }
}
