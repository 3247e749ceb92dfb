//! The judge, entry by entry, on numbers chosen for it; and the comparisons of residues at the bridge, against integers.

use creditcheck::Error;
use creditcheck::certify::gradient::{Rule, gradient};
use creditcheck::certify::judge::judge;
use creditcheck::certify::{Progress, Silent};
use creditcheck::scalar::{Polynomial, Prime, Rational};
use creditcheck::spec::{Dtype, Limits, Neuron, Number, PerNeuron};
use creditcheck::verdict::bridge;
use creditcheck::verdict::judge::Options as Asked;
use creditcheck::verdict::judge::{BlockJudgement, Judgement, Nearness, Reference};
use creditcheck::verdict::power::Power;
use creditcheck::verdict::walk;
use creditcheck::verdict::{Compared, Comparison, Mismatch, Shown, Verdict};
use creditcheck::wire::Document;
use creditcheck::wire::gradient::{Gradient, Quantity, Subject};
use num_rational::BigRational as Q;
use num_traits::Zero;

fn q(p: i64, q: i64) -> Q {
    Q::new(p.into(), q.into())
}

fn exact(value: &Q, bound: Option<f64>) -> Reference {
    Reference::exactly(value.clone(), bound)
}

fn centre(value: &Q, bound: f64) -> Reference {
    Reference { is_exact: false, ..Reference::exactly(value.clone(), Some(bound)) }
}

/// One block of parameters.
fn judged(held: Number, entries: &[(Q, Reference)]) -> Judgement {
    let block =
        walk::Block { name: "b", held, is_parameters: true, keep: walk::KEPT, threshold: 9.0 };
    let place = |k| (format!("entry {k}"), None);
    let blocks = vec![walk::walk(&block, &place, entries.iter().cloned())];
    Judgement { blocks, declared: None, solver: None }
}

fn block(held: Number, entries: &[(Q, Reference)]) -> BlockJudgement {
    judged(held, entries).blocks.remove(0)
}

#[test]
fn the_first_and_the_worst_entry_are_named() {
    let of = |value: i64, theirs: i64| (q(theirs, 1), exact(&q(value, 1), Some(0.25)));
    let entries = [of(1, 1), of(4, 5), of(0, -3), of(-2, 1), of(8, 8), of(7, 9)];
    let found = judged(Number::Float(Dtype::F64), &entries);
    assert_eq!((found.differing(), found.blocks[0].entries), (4, 6));
    let first = found.first().unwrap();
    assert_eq!((first.words.as_str(), first.ratio()), ("entry 1", Some(q(5, 4))));
    // The first of two that are equally far off.
    let worst = found.furthest().unwrap();
    assert_eq!((worst.words.as_str(), worst.ratio()), ("entry 2", None));
    assert_eq!((&worst.theirs, &worst.exact), (&q(-3, 1), &Q::zero()));
}

#[test]
fn how_near_an_entry_is() {
    let third = q(1, 3);
    let nearest = Q::from_float(1.0 / 3.0).unwrap();
    let next = Q::from_float((1.0_f64 / 3.0).next_up()).unwrap();
    let single = Q::from_float(f64::from(1.0_f32 / 3.0)).unwrap();
    let of = |held, theirs: &Q, reference| block(held, &[(theirs.clone(), reference)]).nearness;
    assert_eq!(of(Number::Float(Dtype::F64), &third, exact(&third, None)), Nearness::Exact);
    assert_eq!(
        of(Number::Float(Dtype::F64), &nearest, exact(&third, None)),
        Nearness::CorrectlyRounded
    );
    assert_eq!(
        of(Number::Float(Dtype::F32), &single, exact(&third, None)),
        Nearness::CorrectlyRounded
    );
    assert_eq!(of(Number::Float(Dtype::F64), &single, exact(&third, None)), Nearness::Unjudged);
    assert_eq!(
        of(Number::Float(Dtype::F64), &next, exact(&third, Some(1e-15))),
        Nearness::WithinBound
    );
    assert_eq!(
        of(Number::Float(Dtype::F64), &next, exact(&third, Some(1e-17))),
        Nearness::Different
    );
    assert_eq!(of(Number::Exact, &nearest, exact(&third, Some(1.0))), Nearness::Different);
    // A centre is no exact value, whatever equals it; what lies on the bound is within it.
    assert_eq!(
        of(Number::Float(Dtype::F64), &nearest, centre(&nearest, 0.0)),
        Nearness::WithinBound
    );
    assert_eq!(
        of(Number::Float(Dtype::F64), &q(3, 2), centre(&q(1, 1), 0.5)),
        Nearness::WithinBound
    );
    assert_eq!(
        of(Number::Float(Dtype::F64), &q(1, 2), centre(&q(1, 1), f64::INFINITY)),
        Nearness::Different
    );
}

#[test]
fn what_a_block_refuses() {
    let two = |exponent: i32| 2.0_f64.powi(exponent);
    let of = |held, bound: f64| {
        let entries = [
            (q(1, 1), exact(&q(1, 1), Some(bound / 2.0))),
            (q(-4, 1), exact(&q(-4, 1), Some(bound))),
        ];
        let found = block(held, &entries);
        (found.refuses, found.is_coarse)
    };
    // Twice the widest bound over the largest entry; coarse from 2⁻³⁰ of the largest on, in f32 from 2⁻¹⁰.
    assert_eq!(of(Number::Float(Dtype::F64), two(-40)), (two(-41).next_up(), false));
    assert_eq!(of(Number::Float(Dtype::F64), two(-29)), (two(-30).next_up(), false));
    assert_eq!(of(Number::Float(Dtype::F64), two(-28)), (two(-29).next_up(), true));
    assert_eq!(of(Number::Float(Dtype::F32), two(-9)), (two(-10).next_up(), false));
    assert_eq!(of(Number::Float(Dtype::F32), two(-8)), (two(-9).next_up(), true));
    assert_eq!(of(Number::Float(Dtype::F64), 0.0), (0.0, false));
    assert_eq!(of(Number::Float(Dtype::F64), f64::INFINITY), (f64::INFINITY, true));
    assert_eq!(of(Number::Exact, two(-8)), (0.0, false));
    let nothing = block(Number::Float(Dtype::F64), &[(Q::zero(), exact(&Q::zero(), Some(1.0)))]);
    assert_eq!((nothing.refuses, nothing.is_coarse), (f64::INFINITY, false));
}

#[test]
fn which_entries_are_looked_at() {
    let of = |held, reference: Reference| {
        let found = block(held, &[(reference.value.clone(), reference)]);
        assert_eq!(found.is_zero(), found.power == Power::Zero);
        (found.power, found.live, found.blind)
    };
    assert_eq!(of(Number::Float(Dtype::F64), exact(&Q::zero(), Some(1.0))), (Power::Zero, 0, 0));
    assert_eq!(of(Number::Float(Dtype::F64), centre(&Q::zero(), 0.0)), (Power::Zero, 0, 0));
    // A centre of zero says nothing about the value.
    assert_eq!(of(Number::Float(Dtype::F64), centre(&Q::zero(), 1.0)), (Power::Underflows, 0, 0));
    assert_eq!(of(Number::Float(Dtype::F64), exact(&q(1, 2), Some(0.25))), (Power::Sees, 1, 0));
    assert_eq!(
        of(Number::Float(Dtype::F64), exact(&q(1, 2), Some(0.5))).0,
        Power::Blind { blind: 1, live: 1 }
    );
    let tiny = Q::new(1.into(), num_bigint::BigInt::from(1) << 1080);
    assert_eq!(of(Number::Float(Dtype::F64), exact(&tiny, Some(0.0))), (Power::Underflows, 0, 0));
    assert_eq!(of(Number::Exact, exact(&tiny, None)), (Power::Sees, 1, 0));
}

#[test]
fn what_is_unjudged_may_be_known_to_differ() {
    let unjudged = (q(1, 2), exact(&q(1, 3), None));
    let mut found = judged(Number::Float(Dtype::F64), std::slice::from_ref(&unjudged));
    assert!(found.blocks[0].doubt.is_some() && found.nearness() == Nearness::Unjudged);
    found.differs_surely();
    assert!(found.blocks[0].doubt.is_none() && found.nearness() == Nearness::Different);
    let mut near = judged(Number::Float(Dtype::F64), &[(q(1, 2), exact(&q(1, 2), None))]);
    near.differs_surely();
    assert_eq!(near.nearness(), Nearness::Exact);
}

#[test]
fn residues_are_compared_as_integers_are() {
    let place = |index: usize| format!("row {index}");
    for (prime, reach) in [(7_u32, 7_i64), (4_194_301, 4)] {
        let p = i64::from(prime);
        let values: Vec<i64> = (-reach..=reach).chain([p - 1, 1 - p, p / 2, -(p / 2)]).collect();
        for factor in [1, 2, p - 1] {
            for left in &values {
                let right = &values[..];
                let mut comparison = Comparison::new();
                let column = vec![*left as f64; right.len()];
                let others: Vec<f64> = right.iter().map(|r| *r as f64).collect();
                bridge::residues_of_update(
                    prime,
                    &place,
                    &column,
                    (factor as f64, &others),
                    &mut comparison,
                );
                let differ = |r: &i64| (left + factor * r) % p != 0;
                let compared = comparison.compared();
                let nonzero = right.iter().filter(|r| **r != 0).count();
                assert_eq!((compared.entries, compared.nonzero), (right.len(), nonzero));
                let verdict = comparison.verdict();
                assert_eq!(
                    verdict.is_disagree(),
                    right.iter().any(differ),
                    "{prime} {factor} {left}"
                );
                let first = right.iter().position(differ);
                let text = format!("{verdict:?}");
                assert!(
                    first.is_none_or(|first| text.contains(&format!("row {first}\""))),
                    "{text}"
                );
                let many = right.iter().filter(|r| differ(r)).count();
                assert!(many == 0 || text.contains(&format!("differing: {many} ")), "{text}");
            }
        }
    }
    // c = −x̄: the factor is 1.
    let of_credit = |adjoint: f64| {
        let mut comparison = Comparison::new();
        bridge::residues_of_credit(7, &place, &[3.0], &[adjoint], &mut comparison);
        comparison.verdict()
    };
    assert!(
        of_credit(-3.0).is_agree() && of_credit(4.0).is_agree() && of_credit(3.0).is_disagree()
    );
    assert_eq!(bridge::output_adjoint_of_residue(3.0), -3.0);
    let credits = [PerNeuron::new(vec![q(1, 2), q(3, 1)]), PerNeuron::new(vec![q(5, 1), q(-7, 1)])];
    let found = bridge::derivatives_at(&[Neuron(1), Neuron(0)], &credits);
    assert_eq!(found, [[q(-3, 1), q(-1, 2)], [q(7, 1), q(-5, 1)]]);
}

/// Counts, first mismatch and verdict of a comparison, to the last word.
#[test]
fn a_comparison_says_what_it_saw() {
    let said = |pairs: &[(i64, i64)]| {
        let mut comparison = Comparison::new();
        for (k, (found, expected)) in pairs.iter().enumerate() {
            comparison.entry(|| format!("place {k}"), &q(*found, 3), &q(*expected, 3));
        }
        comparison
    };
    let mismatch = |verdict: Verdict| match verdict {
        Verdict::Disagree(mismatch) => mismatch.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(said(&[]).verdict(), Verdict::Unchecked("no entry was compared".into()));
    let zeros = "all 2 compared entries are zero, which any dead rule would reproduce";
    assert_eq!(said(&[(0, 0), (0, 0)]).verdict(), Verdict::Unchecked(zeros.into()));
    let agree = |entries, nonzero| Verdict::Agree(Compared { entries, nonzero });
    assert_eq!(said(&[(0, 0), (1, 1), (2, 2)]).verdict(), agree(3, 2));
    let three = said(&[(1, 1), (2, 1), (3, 0), (0, 4)]);
    assert_eq!(mismatch(three.verdict()), "place 1: 2/3 instead of 1/3 (3 entries differ)");
    // What another loop compared is added, and its mismatch comes after one's own.
    let more =
        Mismatch { place: "b".into(), found: "x".into(), expected: "y".into(), differing: 5 };
    let compared = Compared { entries: 7, nonzero: 4 };
    let mut own = said(&[(1, 1), (2, 1)]);
    own.add(compared, Some(more.clone()));
    assert_eq!(own.compared(), Compared { entries: 9, nonzero: 6 });
    assert_eq!(mismatch(own.verdict()), "place 1: 2/3 instead of 1/3 (6 entries differ)");
    let mut right = said(&[(1, 1), (2, 2)]);
    right.add(compared, None);
    assert_eq!(right.clone().verdict(), agree(9, 6));
    right.add(compared, Some(more));
    assert_eq!(mismatch(right.verdict()), "b: x instead of y (5 entries differ)");
    let mut shapes = said(&[(1, 1)]);
    shapes.shape("rows", 2, 2);
    assert_eq!(shapes.clone().verdict(), agree(1, 1));
    shapes.shape("rows", 2, 5);
    shapes.shape("columns", 1, 5);
    assert_eq!(
        mismatch(shapes.verdict()),
        "rows: 2 entries instead of 5 entries (3 entries differ)"
    );
}

#[test]
fn numbers_that_differ_are_shown() {
    let shown = |digits: usize| {
        q(1, 1).shown().len()
            + Q::from_integer(num_bigint::BigInt::from(10).pow(digits as u32))
                .shown()
                .chars()
                .count()
    };
    // A long one by its beginning and its length.
    assert_eq!((shown(46), shown(47)), (1 + 47, 1 + 48));
    let long = Q::from_integer(num_bigint::BigInt::from(10).pow(48)).shown();
    assert_eq!(long, format!("1{}… (49 characters)", "0".repeat(47)));
    assert_eq!(Rational::of(&q(-3, 7)).shown(), "-3/7");
    assert_eq!(Prime::<7>::new(12).shown(), "5 (mod 7)");
    let sum = Polynomial::variable(0) + &Polynomial::variable(1);
    assert_eq!(sum.shown(), "a polynomial of 2 terms");
}

#[test]
fn verdicts_are_joined_by_the_graver() {
    let agree = Verdict::Agree(Compared { entries: 2, nonzero: 1 });
    let unchecked = Verdict::Unchecked("nothing".into());
    let other =
        Mismatch { place: "p".into(), found: "1".into(), expected: "2".into(), differing: 3 };
    let disagree = Verdict::Disagree(other.clone());
    let both = Verdict::Agree(Compared { entries: 4, nonzero: 2 });
    assert_eq!(agree.clone().and(agree.clone()), both);
    let six = Mismatch { differing: 6, ..other };
    assert_eq!(disagree.clone().and(disagree.clone()), Verdict::Disagree(six));
    for lighter in [&agree, &unchecked] {
        assert_eq!(disagree.clone().and(lighter.clone()), disagree);
        assert_eq!(lighter.clone().and(disagree.clone()), disagree);
        assert_eq!(unchecked.clone().and(lighter.clone()), unchecked);
        assert_eq!(lighter.clone().and(unchecked.clone()), unchecked);
    }
    let words = [&agree, &disagree, &unchecked].map(Verdict::word);
    assert_eq!(words, ["agree", "disagree", "unchecked"]);
    assert!(agree.is_agree() && !disagree.is_agree() && !unchecked.is_agree());
    assert!(disagree.is_disagree() && !agree.is_disagree() && !unchecked.is_disagree());
}

/// Writes down what is being done.
#[derive(Default)]
struct Diary(Vec<String>);

impl Progress for Diary {
    fn stage(&mut self, name: &str) -> Result<(), Error> {
        self.0.push(name.to_owned());
        Ok(())
    }
}

const CASE: &str = r#"{"format": "creditcheck/case/1", "network": {"kind": "layered", "layers": [
  {"weights": [["1/2", "-1"], ["1/4", "3/2"]], "biases": ["1/2", "-1/4"], "activation": "quadratic"},
  {"weights": [["2", "-3/4"]], "biases": ["1/8"], "activation": "quadratic"}]},
  "loss": "half_squared_error", "learning_rate": "2/3", "examples": [
  {"input": ["1", "1/2"], "target": ["1"]}, {"input": ["-1/2", "3"], "target": ["1/4"]}]}"#;

/// What is said of a changed gradient of the case, and whether known mistakes were tried.
fn said(text: &str, change: impl FnOnce(&mut Gradient)) -> (Nearness, Vec<String>, bool) {
    let (limits, case) =
        (Limits::default(), Document::read(text.as_bytes(), &Limits::default()).unwrap().case);
    let mut mine =
        gradient(&case, Rule::Backprop, Number::Exact, Quantity::Gradient, &limits, &mut Silent)
            .unwrap();
    change(&mut mine);
    let mut diary = Diary::default();
    let (judgement, names) = judge(&case, &mine, &Asked::default(), &limits, &mut diary).unwrap();
    let tried = diary.0.iter().any(|stage| stage.contains("is it the known mistake"));
    (judgement.nearness(), names, tried)
}

fn negate(mine: &mut Gradient) {
    mine.entries.values_mut().for_each(|entry| *entry = -&*entry);
}

#[test]
fn a_mistake_is_named_by_all_of_its_entries() {
    let (nearness, names, tried) = said(CASE, |_| ());
    assert_eq!((nearness, names.len(), tried), (Nearness::Exact, 0, false));
    let (nearness, names, _) = said(CASE, negate);
    assert_eq!(nearness, Nearness::Different);
    assert!(names.iter().any(|name| name.contains("sign")), "{names:?}");
    // The weights alone, or the biases alone, are no such mistake.
    let (_, names, tried) = said(CASE, |mine| {
        negate(mine);
        mine.entries.blocks[1].entries[0] += q(1, 1);
    });
    assert!(tried && !names.iter().any(|name| name.contains("opposite sign")), "{names:?}");
    // With a balance function of its own there is no truth that a mistake would be off from.
    let own = CASE.replacen(r#""quadratic"}"#, r#""quadratic", "balance": "cubic"}"#, 1);
    let (nearness, names, tried) = said(&own, negate);
    assert_eq!((nearness, tried), (Nearness::Different, false));
    assert_eq!(names.len(), 1, "{names:?}");
    assert!(names[0].contains("are -1 times the exact ones"), "{names:?}");
}

/// A gradient of tanh in floats, by hand: right within the bound, and wrong beyond it.
#[test]
fn floats_are_judged_by_the_centre_of_an_enclosure() {
    const NET: &str = r#"{"format": "creditcheck/case/1", "network": {"kind": "layered", "layers": [
      {"weights": [["1/2"]], "biases": ["1/4"], "activation": "tanh"}]},
      "loss": "half_squared_error", "learning_rate": "1/3", "examples": [{"input": ["3/4"], "target": ["1/8"]}]}"#;
    let case = Document::read(NET.as_bytes(), &Limits::default()).unwrap().case;
    let x = (0.5_f64 * 0.75 + 0.25).tanh();
    let delta = (x - 0.125) * (1.0 - x * x);
    let text = |weight: f64, bias: f64| {
        let [weight, bias] = [weight, bias].map(|entry| Q::from_float(entry).unwrap());
        format!(
            r#"{{"format": "creditcheck/gradient/1", "number": "f64", "quantity": "gradient",
              "layers": [{{"weights": [["{weight}"]], "biases": ["{bias}"]}}]}}"#
        )
    };
    let of = |weight: f64, bias: f64| {
        let mine = creditcheck::wire::gradient::read(
            text(weight, bias).as_bytes(),
            &Subject::of(&case),
            &Limits::default(),
        );
        judge(&case, &mine.unwrap(), &Asked::default(), &Limits::default(), &mut Silent)
            .unwrap()
            .0
            .nearness()
    };
    let right = delta * 0.75;
    assert_eq!(of(right, delta), Nearness::WithinBound);
    assert_eq!(of(right.next_up(), delta), Nearness::WithinBound);
    assert_eq!(of(right * (1.0 + 1e-14), delta), Nearness::Different);
    assert_eq!(of(right, -delta), Nearness::Different);
}
