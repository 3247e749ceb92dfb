//! All rules against the exact gradient, and somebody's gradient against it.

use creditcheck::certify::Silent;
use creditcheck::certify::temporal::{Comparison, compare, gradient, judge, of_rule};
use creditcheck::spec::{
    Activation, Diagonal, Dtype, Feedback, Form, Limits, Modprop, Mu, Number, Taps, TemporalCase,
    TemporalRule,
};
use creditcheck::verdict::Conclusion;
#[cfg(feature = "fast")]
use creditcheck::verdict::bounded::power;
use creditcheck::verdict::judge::Options as Asked;
use creditcheck::verdict::judge::{Judgement, Nearness};
use creditcheck::wire::gradient::{Gradient, Quantity};
use num_rational::BigRational;
use num_traits::Zero;

use super::committed;

fn half() -> Mu {
    Mu::Scalar(BigRational::new(1.into(), 2.into()))
}

fn one() -> BigRational {
    BigRational::from_integer(1.into())
}

fn compared(case: &TemporalCase, mu: &Mu) -> Comparison {
    compare(case, mu, &Limits::default(), &mut Silent).unwrap()
}

/// Every exact engine runs on the golden vector, and no approximate rule is exact there.
#[test]
fn the_golden_vector_is_compared_whole() {
    let found = compared(&committed("temporal-golden"), &half());
    assert_eq!(found.conclusion(), Conclusion::Agree);
    assert_eq!(found.exact.len(), 4);
    assert!(found.exact.iter().all(|engine| engine.equal == Ok(true)));
    assert_eq!(found.rows.len(), 12);
    for row in &found.rows {
        assert!(!row.recurrent.is_zero() && !row.input.is_zero(), "{}", row.rule);
        assert_eq!((row.recurrent.nonzero, row.recurrent.entries), (8, 9));
        assert!(row.conditions.iter().all(|condition| !condition.holds), "{}", row.rule);
        assert!(!row.taps_grow(), "{}", row.rule);
    }
    // S ≥ T − 1 is all of them, S = 1 is MDGL.
    let row = |text: &str| found.rows.iter().find(|row| row.rule.to_string() == text).unwrap();
    let mdgl = &row("MDGL, cell-specific").recurrent;
    assert_eq!(&row("ModProp, filter form, cell-specific, 1 tap, μ = 1/2").recurrent, mdgl);
    assert_eq!(mdgl.same_sign, 7);
}

/// A linear network with μ = 1 (claim 1): every delay counts, and one tap less does not do.
#[test]
fn conditions_that_hold_are_borne_out() {
    let mut case = committed("temporal-golden");
    case.network.activation = Activation::Identity;
    let found = compared(&case, &Mu::Scalar(one()));
    assert_eq!(found.conclusion(), Conclusion::Agree);
    let mut exact = Vec::new();
    for row in &found.rows {
        let holds = row.conditions.iter().any(|c| c.holds && c.rows.len() == 3);
        assert!(!holds || row.recurrent.is_zero() || row.input.is_zero(), "{}", row.rule);
        if row.recurrent.is_zero() {
            exact.push(row.rule.to_string());
            assert!(holds, "{}", row.rule);
        }
    }
    assert!(exact.len() >= 3, "{exact:?}");
    assert!(exact.iter().all(|rule| !rule.contains("2 taps")), "{exact:?}");
}

/// Without any signal there is nothing to compare, and a wide relay is warned of.
#[test]
fn dead_networks_are_unchecked_and_growing_taps_are_seen() {
    let mut dead = committed("temporal-golden");
    for weight in dead.network.readout.iter_mut().flatten() {
        weight.set_zero();
    }
    let found = compared(&dead, &half());
    assert_eq!(found.conclusion(), Conclusion::Unchecked);
    assert_eq!(found.dead_blocks(), ["W", "U"]);

    // At one step no recurrent synapse has carried anything, though inputs have.
    let mut short = committed("temporal-golden");
    for example in &mut short.examples {
        example.input.truncate(1);
        example.target.truncate(1);
    }
    let found = compared(&short, &half());
    assert_eq!(found.conclusion(), Conclusion::Unchecked);
    assert_eq!(found.dead_blocks(), ["W"]);

    let mut wide = committed("temporal-golden");
    wide.network.recurrent[0][1] = BigRational::from_integer(4.into());
    wide.network.recurrent[1][0] = BigRational::from_integer(4.into());
    let found = compared(&wide, &Mu::Scalar(one()));
    // Eigenvalues are floats: without the float side there is no warning.
    let warned = found.rows.iter().any(creditcheck::certify::temporal::Row::taps_grow);
    assert_eq!(warned, cfg!(feature = "fast"));
    // Beyond the floats there is no warning either, and the comparison is exact all the same.
    let mut vast = wide.clone();
    vast.network.recurrent[0][1] = num_traits::pow(BigRational::from_integer(10.into()), 400);
    let found = compared(&vast, &Mu::Scalar(one()));
    assert_eq!(found.conclusion(), Conclusion::Agree);
    assert!(found.rows.iter().any(|row| !row.recurrent.is_zero()));

    let slight = compared(&wide, &Mu::Scalar(BigRational::new(1.into(), 100.into())));
    assert!(!slight.rows.iter().any(creditcheck::certify::temporal::Row::taps_grow));
}

fn modprop(feedback: Feedback, form: Form) -> TemporalRule {
    TemporalRule::Modprop(Modprop { feedback, taps: Taps::All, mu: half(), form })
}

/// Every approximate rule is told from the gradient, and by its name.
#[test]
fn other_rules_are_recognised() {
    let case = committed("temporal-golden");
    let limits = Limits::default();
    let typed = Feedback::Type(Diagonal::Excluded);
    let rules = [
        TemporalRule::Eprop,
        TemporalRule::Mdgl { feedback: Feedback::Cell },
        TemporalRule::Mdgl { feedback: typed },
        modprop(Feedback::Cell, Form::Filter),
        modprop(typed, Form::Filter),
        modprop(Feedback::Cell, Form::NoLeak),
        modprop(Feedback::Cell, Form::Autodiff),
    ];
    for rule in &rules {
        for quantity in [Quantity::Gradient, Quantity::Update] {
            let mut theirs = gradient(&case, rule, Number::Exact, quantity, &limits).unwrap();
            // Nothing but the numbers may tell.
            (theirs.rule, theirs.options) = (None, Vec::new());
            let (judgement, diagnosis) =
                judge(&case, &theirs, &Asked::default(), &limits, &mut Silent).unwrap();
            assert_eq!(judgement.nearness(), Nearness::Different, "{rule}");
            let expected = format!("this is the {} of {rule}", quantity.name());
            assert!(diagnosis.contains(&expected), "{rule}: {diagnosis:?}");
            let rules = diagnosis.iter().filter(|sentence| !sentence.contains("(mutant "));
            assert_eq!(rules.count(), 1, "{diagnosis:?}");
        }
    }
    for rule in [TemporalRule::Bptt, TemporalRule::Rtrl, TemporalRule::FactorisedRtrl] {
        let theirs = gradient(&case, &rule, Number::Exact, Quantity::Update, &limits).unwrap();
        let (judgement, diagnosis) =
            judge(&case, &theirs, &Asked::default(), &limits, &mut Silent).unwrap();
        assert_eq!((judgement.nearness(), diagnosis.len()), (Nearness::Exact, 0));
        let mut wrong = theirs.clone();
        wrong.entries.blocks[0].entries[3 + 2] += BigRational::new(1.into(), 1_000_000.into());
        let (judgement, _) = judge(&case, &wrong, &Asked::default(), &limits, &mut Silent).unwrap();
        assert_eq!((judgement.nearness(), judgement.differing()), (Nearness::Different, 1));
        assert_eq!(judgement.first().unwrap().words, "recurrent: post 1, pre 2");
    }
}

/// Every mutant of BPTT that changes the golden vector is named.
#[test]
fn known_mistakes_are_recognised() {
    use creditcheck::mutants::temporal::{Host, TemporalReference};
    use creditcheck::mutants::{CATALOGUE_OVER_TIME, Hook};
    use creditcheck::textbook::temporal::Evaluation;

    let case = committed("temporal-golden");
    let limits = Limits::default();
    let reference = TemporalReference::new(&case, &limits);
    let host = Host { rule: TemporalRule::Bptt, evaluation: Evaluation::Adjoint };
    let truth = reference.gradient(&host, &Hook::none()).unwrap();
    let mut named = 0;
    for entry in CATALOGUE_OVER_TIME.iter().filter(|e| e.mutant.has_meaning_in(&host)) {
        let found = reference.gradient(&host, &Hook::plant(entry.mutant)).unwrap();
        let entries = |g: &creditcheck::spec::TemporalGradient<BigRational>| {
            (g.recurrent.clone(), g.input.clone(), g.readout.clone(), g.readout_biases.clone())
        };
        if entries(&found) == entries(&truth) {
            continue;
        }
        let (number, quantity) = (Number::Exact, Quantity::Gradient);
        let mut theirs = of_rule(&case, &TemporalRule::Bptt, (number, quantity), &found);
        theirs.loss = None;
        let (judgement, diagnosis) =
            judge(&case, &theirs, &Asked::default(), &limits, &mut Silent).unwrap();
        assert_eq!(judgement.nearness(), Nearness::Different, "{}", entry.id);
        let id = format!("(mutant {})", entry.id);
        assert!(diagnosis.iter().any(|sentence| sentence.contains(&id)), "{id}: {diagnosis:?}");
        named += 1;
    }
    assert!(named >= 5, "{named}");
}

/// The golden case with a leak that no float holds.
fn fifth() -> TemporalCase {
    let mut case = committed("temporal-golden");
    case.network.leak = BigRational::new(1.into(), 5.into());
    case
}

fn judged(case: &TemporalCase, theirs: &Gradient) -> (Judgement, Vec<String>) {
    judge(case, theirs, &Asked::default(), &Limits::default(), &mut Silent).unwrap()
}

/// The exact gradient as the nearest floats.
fn rounded(case: &TemporalCase) -> Gradient {
    let (number, quantity) = (Number::Exact, Quantity::Gradient);
    let mut found =
        gradient(case, &TemporalRule::Bptt, number, quantity, &Limits::default()).unwrap();
    found.number = Number::Float(Dtype::F64);
    found.loss = None;
    each(&mut found, |value| value);
    found
}

/// Every entry as another float.
fn each(theirs: &mut Gradient, to: impl Fn(f64) -> f64) {
    for entry in theirs.entries.values_mut() {
        let float = to(creditcheck::number::nearest_f64(entry));
        *entry = creditcheck::number::exact_f64(float).unwrap();
    }
}

/// Floats of every exact rule and both formats are within their bounds, as gradients and as updates.
#[cfg(feature = "fast")]
#[test]
fn floats_are_judged_within_their_bounds() {
    let case = fifth();
    let mut within = 0;
    for number in [Number::Float(Dtype::F64), Number::Float(Dtype::F32)] {
        for quantity in [Quantity::Gradient, Quantity::Update] {
            for rule in [TemporalRule::Bptt, TemporalRule::Rtrl] {
                let theirs = gradient(&case, &rule, number, quantity, &Limits::default()).unwrap();
                let (judgement, diagnosis) = judged(&case, &theirs);
                assert!(judgement.nearness() <= Nearness::WithinBound, "{judgement:?}");
                assert_eq!((judgement.unchecked(), diagnosis.len()), (None, 0), "{judgement:?}");
                within += usize::from(judgement.nearness() == Nearness::WithinBound);
            }
        }
    }
    assert!(within >= 4, "{within}");
}

/// One entry wrong, a dead block, another rule: outside, and the rule is named.
#[cfg(feature = "fast")]
#[test]
fn wrong_floats_are_outside_their_bounds() {
    let case = fifth();
    let limits = Limits::default();
    for (number, quantity, format) in [
        (Number::Float(Dtype::F64), Quantity::Gradient, Dtype::F64),
        (Number::Float(Dtype::F32), Quantity::Update, Dtype::F32),
    ] {
        let theirs = gradient(&case, &TemporalRule::Bptt, number, quantity, &limits).unwrap();
        // Twice what any bound with power refuses.
        let mut wrong = theirs.clone();
        wrong.entries.blocks[0].entries[3 + 2] +=
            &theirs.entries.blocks[0].entries[0] * power(format) * (one() + one());
        let (judgement, _) = judged(&case, &wrong);
        assert_eq!((judgement.nearness(), judgement.differing()), (Nearness::Different, 1));
        assert_eq!(judgement.first().unwrap().words, "recurrent: post 1, pre 2");
        let mut dead = theirs.clone();
        dead.entries.blocks[1].entries.iter_mut().for_each(Zero::set_zero);
        assert_eq!(judged(&case, &dead).0.nearness(), Nearness::Different);
        let rule = TemporalRule::Mdgl { feedback: Feedback::Cell };
        let mut other = gradient(&case, &rule, number, quantity, &limits).unwrap();
        (other.rule, other.options) = (None, Vec::new());
        let (judgement, diagnosis) = judged(&case, &other);
        assert_eq!(judgement.nearness(), Nearness::Different);
        let expected = format!("this is the {} of {rule}, up to rounding", quantity.name());
        assert!(diagnosis.contains(&expected), "{diagnosis:?}");
    }
}

/// The float next to the nearest is not correctly rounded, and within the bound; what is wrong is neither.
#[test]
fn neighbours_of_the_nearest_floats_are_within_the_bound() {
    let case = fifth();
    let mut theirs = rounded(&case);
    let (judgement, _) = judged(&case, &theirs);
    assert_eq!(judgement.nearness(), Nearness::CorrectlyRounded);
    assert_eq!(judgement.unchecked(), None);
    each(&mut theirs, |value| if value == 0.0 { value } else { value.next_up() });
    let (judgement, _) = judged(&case, &theirs);
    assert_eq!(judgement.nearness(), Nearness::WithinBound);
    assert_eq!(judgement.unchecked(), None);
    each(&mut theirs, |value| value * (1.0 + 1e-6));
    assert_eq!(judged(&case, &theirs).0.nearness(), Nearness::Different);
}

/// A slope that may be either of two makes a bound of which zeros are within: of one block, and nothing is checked.
#[test]
fn a_bound_without_power_in_one_block_is_unchecked() {
    // s_1 = 9/10 (1/3 · 3/7 − 1/7) = 0, which floats may miss on either side.
    let text = br#"{"format": "creditcheck/case/1", "network": {"kind": "temporal", "leak": "1/10",
      "activation": "relu", "recurrent": [["0"]], "input": [["1/3", "1/7"]], "readout": [["5/3"]],
      "readout_biases": ["1/9"]}, "loss": "half_squared_error", "learning_rate": "1", "steps": "all",
      "examples": [{"input": [["3/7", "-1"], ["1", "0"]], "target": [["1"], ["1"]]}]}"#;
    let case = creditcheck::wire::TemporalDocument::read(text, &Limits::default()).unwrap().case;
    let mut theirs = rounded(&case);
    assert!(!theirs.entries.blocks[1].entries[0].is_zero());
    assert_eq!(judged(&case, &theirs).0.unchecked(), None);
    theirs.entries.blocks[1].entries[0] += BigRational::new(1.into(), 1024.into());
    let (judgement, _) = judged(&case, &theirs);
    assert_eq!(judgement.nearness(), Nearness::WithinBound);
    let powerless = |block: &&creditcheck::verdict::judge::BlockJudgement| block.doubt.is_some();
    let names: Vec<_> = judgement.blocks.iter().filter(powerless).map(|b| &b.name).collect();
    assert_eq!(names, ["input"]);
    let why = judgement.unchecked().unwrap().words();
    assert!(why.starts_with("input: a bound without power: zeros would pass"), "{why}");
}

/// Known mistakes in floats that no exact mistake gives to the last bit.
#[test]
fn known_mistakes_are_recognised_up_to_rounding() {
    use creditcheck::mutants::temporal::{Host, TemporalReference};
    use creditcheck::mutants::{CATALOGUE_OVER_TIME, Hook};
    use creditcheck::textbook::temporal::Evaluation;

    let case = fifth();
    let limits = Limits::default();
    let reference = TemporalReference::new(&case, &limits);
    let host = Host { rule: TemporalRule::Bptt, evaluation: Evaluation::Adjoint };
    let mut named = 0;
    for entry in CATALOGUE_OVER_TIME.iter().filter(|e| e.mutant.has_meaning_in(&host)).take(6) {
        let found = reference.gradient(&host, &Hook::plant(entry.mutant)).unwrap();
        let (number, quantity) = (Number::Float(Dtype::F64), Quantity::Gradient);
        let mut theirs = of_rule(&case, &TemporalRule::Bptt, (number, quantity), &found);
        theirs.loss = None;
        each(&mut theirs, |value| if value == 0.0 { value } else { value.next_down() });
        let (judgement, diagnosis) = judged(&case, &theirs);
        if judgement.nearness() != Nearness::Different {
            continue;
        }
        let id = format!("(mutant {}), up to rounding", entry.id);
        assert!(diagnosis.iter().any(|sentence| sentence.contains(&id)), "{id}: {diagnosis:?}");
        named += 1;
    }
    assert!(named >= 3, "{named}");
}
