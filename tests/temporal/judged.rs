//! What the judge over time says beside the verdict: μ of the file, the nearest rule, when a search ends, what explains entries without a bound.

use creditcheck::certify::Silent;
use creditcheck::certify::temporal::{gradient, judge, judgement};
use creditcheck::number::{exact_f64, nearest_f64};
use creditcheck::spec::{
    Dtype, Feedback, Form, Limits, Modprop, Mu, Number, Taps, TemporalCase, TemporalRule, Work,
};
use creditcheck::verdict::judge::{Judgement, Nearness, Options as Asked};
use creditcheck::wire::gradient::{Gradient, Quantity};
use creditcheck::wire::json::Json;
use num_rational::BigRational;
use num_traits::Zero;

use super::committed;

fn q(p: i64, q: i64) -> BigRational {
    BigRational::new(p.into(), q.into())
}

fn modprop(mu: Mu) -> TemporalRule {
    let (feedback, form) = (Feedback::Cell, Form::Filter);
    TemporalRule::Modprop(Modprop { feedback, taps: Taps::All, mu, form })
}

fn exact(case: &TemporalCase, rule: &TemporalRule, quantity: Quantity) -> Gradient {
    gradient(case, rule, Number::Exact, quantity, &Limits::default()).unwrap()
}

fn judged(case: &TemporalCase, theirs: &Gradient) -> (Nearness, Vec<String>) {
    let (judgement, said) =
        judge(case, theirs, &Asked::default(), &Limits::default(), &mut Silent).unwrap();
    (judgement.nearness(), said)
}

fn judge_of(case: &TemporalCase, theirs: &Gradient) -> Judgement {
    judge(case, theirs, &Asked::default(), &Limits::default(), &mut Silent).unwrap().0
}

/// Every entry as a float.
fn held(mut theirs: Gradient, to: impl Fn(f64) -> f64) -> Gradient {
    theirs.number = Number::Float(Dtype::F64);
    theirs.loss = None;
    for entry in theirs.entries.values_mut() {
        *entry = exact_f64(to(nearest_f64(entry))).unwrap();
    }
    theirs
}

/// A μ that nobody would guess is tried because the file names it: a number, a fraction, one per cell.
#[test]
fn the_mu_of_the_file_is_tried() {
    let case = committed("temporal-golden");
    let per_cell = Mu::PerCell(vec![q(1, 2), q(2, 7), q(3, 1)]);
    for mu in [Mu::Scalar(q(3, 1)), Mu::Scalar(q(2, 7)), per_cell] {
        let rule = modprop(mu);
        let mut theirs = exact(&case, &rule, Quantity::Gradient);
        let declared = judge_of(&case, &theirs);
        assert_eq!(declared.nearness(), Nearness::Exact);
        assert_eq!(declared.declared.unwrap().rule, rule.to_string());
        theirs.rule = None;
        let (nearness, said) = judged(&case, &theirs);
        assert_eq!(nearness, Nearness::Different);
        assert_eq!(said, [format!("this is the gradient of {rule}")]);
        theirs.options.retain(|(name, _)| *name != "mu");
        assert_eq!(judged(&case, &theirs).1, [""; 0]);
    }
    // As a number of JSON too; and one that does not fit the network is none, and no end of the search.
    let rule = modprop(Mu::Scalar(q(3, 1)));
    let mut theirs = exact(&case, &rule, Quantity::Gradient);
    theirs.rule = None;
    theirs.options = vec![("mu", Json::Integer(3))];
    assert_eq!(judged(&case, &theirs).1, [format!("this is the gradient of {rule}")]);
    let rule = modprop(Mu::Scalar(q(1, 4)));
    let mut theirs = exact(&case, &rule, Quantity::Gradient);
    theirs.rule = None;
    theirs.options = vec![("mu", Json::Array(vec![Json::text("1/3"), Json::text("1/5")]))];
    assert_eq!(judged(&case, &theirs).1, [format!("this is the gradient of {rule}")]);
}

/// With η = 0 every mistake is the update of every other: none is named, though a gradient's are.
#[test]
fn without_a_learning_rate_no_mistake_has_a_name() {
    let mut case = committed("temporal-golden");
    let wrong = |case: &TemporalCase, quantity| {
        let mut theirs = exact(case, &TemporalRule::Bptt, quantity);
        for entry in theirs.entries.values_mut() {
            *entry = -&*entry;
        }
        theirs.loss = None;
        (theirs.clone(), judged(case, &theirs).1)
    };
    assert!(wrong(&case, Quantity::Update).1.iter().any(|said| said.contains("(mutant ")));
    case.learning_rate.set_zero();
    assert!(wrong(&case, Quantity::Gradient).1.iter().any(|said| said.contains("(mutant ")));
    let (mut theirs, _) = wrong(&case, Quantity::Update);
    theirs.entries.blocks[1].entries[0] = q(1, 1);
    assert_eq!(judged(&case, &theirs), (Nearness::Different, vec![]));
    // Rounded to floats, they are those of no rule either.
    let theirs = held(theirs, |value| value);
    assert_eq!(judged(&case, &theirs), (Nearness::Different, vec![]));
}

/// Floats that no rule gives are told from the nearest one, and exact numbers are not: what is exact is a rule's or is not.
#[test]
fn the_nearest_rule_is_told_of_floats() {
    let case = committed("temporal-golden");
    let rule = modprop(Mu::Scalar(q(1, 2)));
    let mut theirs = exact(&case, &rule, Quantity::Gradient);
    let truth = exact(&case, &TemporalRule::Bptt, Quantity::Gradient);
    let all = |g: &Gradient| g.entries.values().cloned().collect::<Vec<_>>();
    let (given, right) = (all(&theirs), all(&truth));
    let pairs = given.iter().zip(&right);
    let furthest = pairs.map(|(a, b)| nearest_f64(&(a - b)).abs()).fold(0.0, f64::max);
    theirs.entries.blocks[0].entries[1] += q(1, 1 << 20);
    (theirs.loss, theirs.rule, theirs.options) = (None, None, Vec::new());
    assert_eq!(judged(&case, &theirs), (Nearness::Different, vec![]));
    let (nearness, said) = judged(&case, &held(theirs, |value| value));
    assert_eq!((nearness, said.len()), (Nearness::Different, 1), "{said:?}");
    let expected =
        format!("nearest to it is that of {rule}: no entry is further off than 9.5e-7; ");
    assert!(said[0].starts_with(&expected), "{said:?}");
    let from = format!("from the exact gradient up to {furthest:.1e}");
    assert!(said[0].ends_with(&from), "{said:?}: {from}");
    // Nearest to the truth: no rule is named.
    let mut near = truth.clone();
    near.entries.blocks[0].entries[1] += q(1, 1 << 20);
    let (nearness, said) = judged(&case, &held(near, |value| value));
    assert_eq!(nearness, Nearness::Different);
    assert!(said.iter().all(|said| said.starts_with("every value is a value of f32")), "{said:?}");
}

/// The search is told where it ends, and the verdict stays.
#[test]
fn a_search_without_work_says_where_it_stopped() {
    let case = committed("temporal-golden");
    let mut theirs = exact(&case, &TemporalRule::Bptt, Quantity::Gradient);
    theirs.entries.blocks[1].entries[0] += q(1, 3);
    theirs.loss = None;
    let within = |work| Limits { work: Work::up_to(work), ..Limits::default() };
    let all = within(u64::MAX);
    let unlimited = judge(&case, &theirs, &Asked::default(), &all, &mut Silent).unwrap();
    let reference = within(u64::MAX);
    judgement(&case, &theirs, &reference, &mut Silent).unwrap();
    let (needed, spent) = (all.work.spent(), reference.work.spent());
    assert!(spent < needed, "{spent} of {needed}");
    let (judgement, said) =
        judge(&case, &theirs, &Asked::default(), &within(spent + 1), &mut Silent).unwrap();
    assert_eq!((judgement.nearness(), judgement.differing()), (Nearness::Different, 1));
    assert_eq!(judgement.first(), unlimited.0.first());
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with("the search stopped at e-prop: "), "{said:?}");
    assert!(said[0].ends_with("; raise it with --max-work N"), "{said:?}");
}

/// Where no bound is finite, only what another rule gives to the last bit is surely wrong.
#[test]
fn without_a_bound_another_rule_decides() {
    let mut case = committed("temporal-golden");
    for target in case.examples.iter_mut().flat_map(|example| &mut example.target) {
        target.iter_mut().for_each(|value| *value *= num_traits::pow(q(10, 1), 160));
    }
    case.network.readout.iter_mut().flatten().for_each(|w| *w *= num_traits::pow(q(10, 1), 140));
    let right = exact(&case, &TemporalRule::Bptt, Quantity::Gradient);
    let rounded = held(right.clone(), |value| value);
    assert_eq!(judged(&case, &rounded), (Nearness::CorrectlyRounded, vec![]));
    let near = held(right, |value| value * (1.0 + 1e-9));
    assert_eq!(judged(&case, &near).0, Nearness::Unjudged);
    let rule = TemporalRule::Eprop;
    let mut other = held(exact(&case, &rule, Quantity::Gradient), |value| value);
    other.rule = None;
    let (nearness, said) = judged(&case, &other);
    assert_eq!(nearness, Nearness::Different);
    assert!(said.contains(&format!("this is the gradient of {rule}")), "{said:?}");
}

/// Formats that are judged and in which nothing is computed are refused by name, over time and without it.
#[test]
fn no_engine_computes_in_half_precision() {
    let limits = Limits::default();
    let over_time = committed("temporal-golden");
    let text = std::fs::read("fixtures/cases/worked-example.json").unwrap();
    let layers = creditcheck::wire::Document::read(&text, &limits).unwrap().case;
    for (dtype, name) in [(Dtype::Bf16, "bf16"), (Dtype::F16, "f16")] {
        let (number, quantity) = (Number::Float(dtype), Quantity::Gradient);
        let of_layers = creditcheck::certify::gradient::gradient(
            &layers,
            creditcheck::certify::gradient::Rule::Credit,
            number,
            quantity,
            &limits,
            &mut Silent,
        );
        let of_steps = gradient(&over_time, &TemporalRule::Bptt, number, quantity, &limits);
        for error in [of_layers.unwrap_err(), of_steps.unwrap_err()] {
            let expected = format!("an engine in {name}: they compute in f64 and f32");
            assert!(error.to_string().contains(&expected), "{error}");
        }
    }
}
