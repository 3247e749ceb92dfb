//! Every loss: both rules, the arbiter, floats within their bound, certificates, and what a case may not ask for.

use creditcheck::certificate::verify::{equations, verify};
use creditcheck::certify::{self, Options, Silent};
use creditcheck::spec::{Case, Limits, Loss, Network, OutputError, Reduction, Wiring};
use creditcheck::textbook::{backprop, credit, interpolate, tangent};
use creditcheck::verdict::{CellState, Conclusion, Tier, bridge};
use creditcheck::wire::{Document, certificate};
use num_traits::Zero;
use proptest::prelude::*;
use quickcheck::Arbitrary;

use crate::generators::graphs::{GraphCase, checker};
use crate::generators::layered::{Functions, Numbers, layered, runner};
use crate::generators::losses::{losses, under};
use crate::generators::recurrent::{PiecewiseLinear, Polynomial};
use crate::generators::{Q, Tally, inner, ratio, scaled, still};

const FIXTURES: [(&str, &str); 6] = [
    ("mse-mean", include_str!("../fixtures/cases/loss-mse-mean.json")),
    ("mse-sum", include_str!("../fixtures/cases/loss-mse-sum.json")),
    ("l1", include_str!("../fixtures/cases/loss-l1.json")),
    ("huber", include_str!("../fixtures/cases/loss-huber.json")),
    ("smooth-l1", include_str!("../fixtures/cases/loss-smooth-l1.json")),
    ("hinge", include_str!("../fixtures/cases/loss-hinge.json")),
];

fn limits() -> Limits {
    Limits::default()
}

fn document(text: &str) -> Document {
    Document::read(text.as_bytes(), &limits()).unwrap()
}

/// The derivative of L, and of L_b at every input, from both rules and from the arbiter; whether anything moves.
fn agree(case: &Case) -> bool {
    let wiring = Wiring::of(case);
    let rule = credit::run::<Q>(case, &limits()).unwrap();
    let truth = tangent::gradient::<Q>(case, &limits()).unwrap();
    assert_eq!(rule.update, scaled(&truth, &-case.learning_rate.clone()), "{case:?}");
    let loss = tangent::along::<Q>(case, &still(&wiring), &limits()).unwrap().value;
    let at_inputs = tangent::at_rates::<Q>(case, &wiring.inputs, &limits()).unwrap();
    for (example, rates) in rule.examples.iter().zip(&at_inputs) {
        for (input, rate) in wiring.inputs.iter().zip(rates) {
            assert_eq!(example.credit[*input].0, -rate.clone(), "{case:?}");
        }
    }
    if let Network::Layered(net) = &case.network {
        let found = backprop::run::<Q>(case, &limits()).unwrap();
        assert_eq!(bridge::counted_through(net, &found.gradient), truth, "{case:?}");
        assert_eq!(found.loss, loss, "{case:?}");
        for (example, rates) in found.examples.iter().zip(&at_inputs) {
            let adjoints: Vec<_> = example.adjoint[0].iter().map(|one| one.0.clone()).collect();
            assert_eq!(&adjoints, rates, "{case:?}");
        }
    }
    truth.weights.iter().any(|entry| !entry.is_zero())
}

/// Credit, backpropagation and tangent, `==`, in every loss and reduction, half of them on a kink of the loss.
#[test]
fn credit_backpropagation_and_the_arbiter_agree_on_layers() {
    let (losses, tally) = (losses(), Tally::default());
    let drawn =
        (layered(Functions::Exact, Numbers::Plain), any::<prop::sample::Index>(), any::<bool>());
    let result = runner(240).run(&drawn, |(case, which, strikes)| {
        tally.count(agree(&under(&case, which.get(&losses), strikes)));
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    tally.demand(240, 70);
}

#[test]
fn credit_and_the_arbiter_agree_on_graphs() {
    fn property(GraphCase(case): GraphCase, which: usize, strikes: bool) -> bool {
        let losses = losses();
        agree(&under(&case, &losses[which % losses.len()], strikes));
        true
    }
    checker(120).quickcheck(property as fn(GraphCase, usize, bool) -> bool);
}

#[test]
fn credit_is_the_linear_response_at_an_equilibrium() {
    fn property<C: Into<Case> + Arbitrary>(drawn: C, which: usize, strikes: bool) -> bool {
        let losses = losses();
        let case: Case = drawn.into();
        agree(&under(&case, &losses[which % losses.len()], strikes));
        true
    }
    checker(60).quickcheck(property::<PiecewiseLinear> as fn(PiecewiseLinear, usize, bool) -> bool);
    checker(60).quickcheck(property::<Polynomial> as fn(Polynomial, usize, bool) -> bool);
}

impl From<PiecewiseLinear> for Case {
    fn from(drawn: PiecewiseLinear) -> Self {
        drawn.0
    }
}

impl From<Polynomial> for Case {
    fn from(drawn: Polynomial) -> Self {
        drawn.0
    }
}

/// Squares are interpolated, with any reduction; a loss in pieces is refused, not interpolated all the same.
#[test]
fn interpolation_knows_squares_alone() {
    let drawn = (layered(Functions::Polynomial, Numbers::Plain), any::<prop::sample::Index>());
    let losses = losses();
    let (mut squares, mut refused) = (0, 0);
    let mut runner = runner(60);
    let result = runner.run(&drawn, |(case, which)| {
        let case = under(&case, which.get(&losses), false);
        let mut direction = still(&Wiring::of(&case));
        let mut next = 0;
        direction.weights = direction.weights.map(|_| {
            next += 1;
            ratio(next % 5 - 2, 1)
        });
        let found = interpolate::along(&case, &direction, &limits());
        let squared = Case { loss: square(Reduction::Sum), ..case.clone() };
        for case in [&squared, &case] {
            match interpolate::along(case, &direction, &limits()) {
                Ok(slope) => {
                    let truth = tangent::gradient::<Q>(case, &limits()).unwrap();
                    assert_eq!(inner(&truth, &direction), slope);
                }
                Err(error) => assert!(error.to_string().contains("is no polynomial"), "{error}"),
            }
        }
        assert_eq!(found.is_ok(), case.loss.is_polynomial());
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    for loss in &losses {
        if loss.is_polynomial() { squares += 1 } else { refused += 1 }
    }
    assert!(squares == 3 && refused > 30, "{squares} {refused}");
}

fn square(reduction: Reduction) -> Loss {
    Loss::Reduced { error: OutputError::Mse, reduction }
}

fn reduced(error: &OutputError, reduction: Reduction) -> Loss {
    Loss::Reduced { error: error.clone(), reduction }
}

/// What the names mean, by their relations to one another: B/N, the 1/2 of half squared error, and `smooth_l1` = huber/β.
#[test]
fn losses_are_related_as_their_definitions_say() {
    let document = document(FIXTURES[0].1);
    let with = |loss: Loss| {
        let case = Case { loss, ..document.case.clone() };
        backprop::run::<Q>(&case, &limits()).unwrap()
    };
    let times = |loss: Loss, factor: Q, other: Loss| {
        let (one, other) = (with(loss), with(other));
        assert_eq!(&one.loss * &factor, other.loss);
        let every = |found: &creditcheck::spec::outcome::BackpropOutcome<Q>| {
            found.gradient.weights.iter().flatten().flatten().cloned().collect::<Vec<_>>()
        };
        let scaled: Vec<_> = every(&one).into_iter().map(|entry| entry * &factor).collect();
        assert_eq!(scaled, every(&other));
    };
    let (examples, outputs) = (3, 2);
    let kink = creditcheck::spec::Share::HALF;
    let huber = OutputError::Huber { delta: ratio(1, 2) };
    for error in [OutputError::Mse, OutputError::L1 { kink }, huber.clone()] {
        let of = |reduction| reduced(&error, reduction);
        times(of(Reduction::BatchMean), ratio(examples, 1), of(Reduction::Sum));
        times(of(Reduction::Mean), ratio(outputs, 1), of(Reduction::BatchMean));
    }
    times(Loss::HalfSquaredError, ratio(2, 1), square(Reduction::BatchMean));
    let smooth = |beta: Q| OutputError::SmoothL1 { beta, kink };
    for reduction in Reduction::ALL {
        times(reduced(&huber, reduction), ratio(2, 1), reduced(&smooth(ratio(1, 2)), reduction));
        times(
            reduced(&OutputError::L1 { kink }, reduction),
            ratio(1, 1),
            reduced(&smooth(Q::zero()), reduction),
        );
        // So wide that every error is inside: half squared error, and so narrow that none is.
        let wide = OutputError::Huber { delta: ratio(1000, 1) };
        times(reduced(&wide, reduction), ratio(2, 1), square(reduction));
    }
}

/// Each fixture: certified in the tiers that apply, and confirmed by substitution; the same witnesses say nothing of another loss.
#[test]
fn fixtures_are_certified_and_verified() {
    for (name, text) in FIXTURES {
        let document = document(text);
        assert_eq!(document.case.name.as_deref(), Some(format!("loss-{name}").as_str()));
        let found = certify::certify(&document, &Options::default(), &mut Silent).unwrap();
        assert_eq!(found.table.conclusion(), Conclusion::Agree, "{name}");
        let exact = found.table.cells.iter().filter(|cell| cell.tier == Tier::Exact);
        assert!(exact.filter(|cell| matches!(cell.state, CellState::Checked(_))).count() >= 5);
        let text = certificate::write(&found.certificate);
        verify(&certificate::read(text.as_bytes(), &limits()).unwrap()).unwrap();
        let mut refusals = 0;
        for loss in losses().into_iter().chain([Loss::HalfSquaredError]) {
            let mut forged = found.certificate.clone();
            forged.case = under(&Case { loss: loss.clone(), ..forged.case }, &loss, false);
            // Of two losses with the same e here either is right.
            let same = |case: &Case| {
                let found = credit::run::<Q>(case, &limits()).unwrap();
                found.examples.into_iter().map(|e| e.external_credit).collect::<Vec<_>>()
            };
            let is_same = same(&forged.case) == same(&document.case);
            let verdict = equations(&forged);
            assert_eq!(verdict.is_ok(), is_same, "{name} as {loss:?}");
            if let Err(refusal) = verdict {
                assert_eq!(refusal.equation, "D3", "{refusal:?}");
                refusals += 1;
            }
        }
        assert!(refusals > 40, "{name}: {refusals}");
    }
}

/// Both float engines within the computed bound, in both formats, on kinks of the loss and off them.
#[cfg(feature = "fast")]
#[test]
fn floats_stay_within_the_bound_of_every_loss() {
    use creditcheck::fast::{self, Float};
    use creditcheck::spec::Dtype;
    use creditcheck::verdict::bounded::{
        compare_bounded, compare_bounded_backprop, compare_centre, rounding_bound,
    };

    fn check<F: Float>(case: &Case, format: Dtype) -> Option<f64> {
        let bounds = rounding_bound(case, format).ok()?;
        let float = fast::credit::run::<F>(case).ok()?;
        let exact = credit::run::<Q>(case, &limits()).unwrap();
        let (verdict, tightness) = compare_bounded(&bounds, &float, &exact);
        assert!(!verdict.is_disagree(), "credit: {verdict:?}\n{case:?}");
        assert!(!compare_centre(&bounds, &float).is_disagree(), "centre\n{case:?}");
        let swept = fast::relax::run::<F>(case).unwrap();
        assert!(!compare_bounded(&bounds, &swept, &exact).0.is_disagree(), "sweeps\n{case:?}");
        let float = fast::backprop::run::<F>(case).unwrap();
        let exact = backprop::run::<Q>(case, &limits()).unwrap();
        let (verdict, _) = compare_bounded_backprop(&bounds, &float, &exact);
        assert!(!verdict.is_disagree(), "backprop: {verdict:?}\n{case:?}");
        Some(tightness.median)
    }

    let (losses, medians) = (losses(), std::cell::RefCell::new(Vec::new()));
    for numbers in [Numbers::Plain, Numbers::Wild] {
        let drawn =
            (layered(Functions::Exact, numbers), any::<prop::sample::Index>(), any::<bool>());
        let result = runner(150).run(&drawn, |(case, which, strikes)| {
            let case = under(&case, which.get(&losses), strikes);
            medians.borrow_mut().extend(check::<f64>(&case, Dtype::F64));
            medians.borrow_mut().extend(check::<f32>(&case, Dtype::F32));
            Ok(())
        });
        if let Err(error) = result {
            panic!("{error}");
        }
    }
    let mut medians = medians.into_inner();
    medians.sort_by(f64::total_cmp);
    assert!(medians.len() > 500, "{}", medians.len());
    // A bound that everything fits into would be none.
    assert!(medians[medians.len() / 2] < 100.0, "{}", medians[medians.len() / 2]);
}

/// A case says what is missing, what is not there, and which losses have no engine.
#[test]
fn what_a_case_may_not_ask_for_is_refused_by_name() {
    let (_, text) = FIXTURES[5];
    let with = |loss: &str| {
        let start = text.find("\"loss\":").unwrap();
        let end = start + text[start..].find("\"learning_rate\"").unwrap();
        let text = format!("{}\"loss\": {loss},\n{}", &text[..start], &text[end..]);
        match Document::read(text.as_bytes(), &limits()) {
            Ok(document) => document.case.loss.name().to_owned(),
            Err(error) => error.to_string(),
        }
    };
    let known = "\"half_squared_error\", or an object with a name of \"mse\", \"l1\", \"huber\", \"smooth_l1\", \"hinge\"";
    for (loss, said) in [
        ("\"half_squared_error\"", "half_squared_error".to_owned()),
        (r#"{"name": "huber", "delta": "1", "reduction": "mean", "kink": "left"}"#, "huber".to_owned()),
        (r#"{"name": "smooth_l1", "beta": 0, "reduction": "sum"}"#, "smooth_l1".to_owned()),
        ("\"mse\"", "loss: found \"mse\", expected mse with its reduction".to_owned()),
        ("\"huber\"", "loss: found \"huber\", expected huber with its reduction and its delta".to_owned()),
        (r#"{"name": "mse"}"#, "loss: found no field \"reduction\", expected \"reduction\" is required".to_owned()),
        (r#"{"name": "huber", "reduction": "sum"}"#, "loss: found no field \"delta\", expected \"delta\" is required".to_owned()),
        (r#"{"name": "huber", "delta": "0", "reduction": "sum"}"#, "loss.delta: found \"0\", expected a number greater than 0".to_owned()),
        (r#"{"name": "smooth_l1", "beta": "-1", "reduction": "sum"}"#, "loss.beta: found \"-1\", expected a number not less than 0".to_owned()),
        (r#"{"name": "mse", "reduction": "none"}"#, "loss.reduction: found \"none\", expected \"sum\" or \"mean\" or \"batch_mean\"".to_owned()),
        (r#"{"name": "mse", "reduction": "sum", "delta": "1"}"#, "loss.delta: found an unknown field, expected one of name, reduction".to_owned()),
        (r#"{"name": "l1", "reduction": "sum", "kink": "outer"}"#, "loss.kink: found \"outer\", expected \"left\", \"right\", \"mean\" or a number from 0 to 1: the loss has one kink".to_owned()),
        (r#"{"name": "half_squared_error", "reduction": "mean"}"#, "loss: found an object, expected \"half_squared_error\" as a word: it has no options".to_owned()),
        ("\"nll\"", format!("loss: found \"nll\", expected {known}")),
        ("3", format!("loss: found 3, expected {known}")),
        (r#"{"name": "cross_entropy", "reduction": "mean"}"#, "unsupported: loss: the loss cross_entropy, which no engine has; there is \"half_squared_error\", mse, l1, huber, smooth_l1, hinge".to_owned()),
        ("\"bce_with_logits\"", "unsupported: loss: the loss bce_with_logits, which no engine has; there is \"half_squared_error\", mse, l1, huber, smooth_l1, hinge".to_owned()),
    ] {
        assert_eq!(with(loss), said, "{loss}");
    }
    let other = text.replacen("\"target\": [\"1\", \"-1\"]", "\"target\": [\"1\", \"0\"]", 1);
    let error = Document::read(other.as_bytes(), &limits()).unwrap_err().to_string();
    assert_eq!(
        error,
        "examples[0].target[1]: found \"0\", expected -1 or 1, as hinge has its targets"
    );
}

/// Written and read again it is the same case, and the numbers of a loss are canonical in the document that is hashed.
#[test]
fn a_loss_survives_its_document() {
    let base = document(FIXTURES[1].1).case;
    for loss in losses().into_iter().chain([Loss::HalfSquaredError]) {
        let case = under(&base, &loss, true);
        let written = Document::of(case.clone());
        let text = written.json.canonical();
        let read = Document::read(text.as_bytes(), &limits()).unwrap();
        assert_eq!(read.case, case);
        assert_eq!(read.digest(), written.digest());
    }
    let text = FIXTURES[3].1.replacen("\"3/4\"", "\"0.750\"", 9).replacen(
        "\"delta\": \"3/4\"",
        "\"delta\": \"0.75\"",
        1,
    );
    assert_eq!(document(&text).digest(), document(FIXTURES[3].1).digest());
}

/// What somebody's gradient is who takes one loss for another: a factor where there is one, and the other loss by its name.
#[test]
fn one_loss_taken_for_another_is_named() {
    use creditcheck::certify::gradient::{Rule, gradient};
    use creditcheck::certify::judge::judge;
    use creditcheck::spec::{Dtype, Number, Share};
    use creditcheck::verdict::judge::Options;
    use creditcheck::wire::gradient::Quantity;

    let said = |fixture: usize, taken: Loss, number: Number| {
        // A learning rate that is no factor of anything else.
        let case = Case { learning_rate: ratio(1, 7), ..document(FIXTURES[fixture].1).case };
        let taken = Case { loss: taken, ..case.clone() };
        let quantity = Quantity::Gradient;
        let mut mine =
            gradient(&taken, Rule::Backprop, number, quantity, &limits(), &mut Silent).unwrap();
        (mine.loss, mine.inputs) = (None, None);
        let (judgement, said) =
            judge(&case, &mine, &Options::default(), &limits(), &mut Silent).unwrap();
        assert!(judgement.nearness().is_refused());
        // With two outputs a mean over them is a half too, and is named behind it.
        said.into_iter().take(1).collect::<Vec<_>>()
    };
    let reduced = |error, reduction| Loss::Reduced { error, reduction };
    let (mean, sum) = (Reduction::Mean, Reduction::Sum);
    let huber = |delta| OutputError::Huber { delta };
    let l1 = |kink| OutputError::L1 { kink };
    for number in [Number::Exact, Number::Float(Dtype::F64)] {
        let all = |factor: &str, words: &str| {
            format!(
                "all entries of this gradient are {factor} times the exact ones{words}; if that is meant, say so: --scale {factor}"
            )
        };
        assert_eq!(said(0, square(sum), number), [all("6", ", as with reduction sum")]);
        assert_eq!(
            said(1, reduced(huber(ratio(99, 1)), sum), number),
            [all("1/2", ", as with half squared errors in place of squares")]
        );
        assert_eq!(
            said(4, reduced(huber(ratio(1, 2)), mean), number),
            [all("1/2", ", as with huber in place of smooth_l1 (beta)")]
        );
        assert_eq!(
            said(3, reduced(huber(ratio(99, 1)), Reduction::BatchMean), number),
            ["this is the gradient of huber without clipping: errors beyond delta count in full"]
        );
        assert_eq!(
            said(2, reduced(l1(Share::NONE), mean), number),
            [
                "this is the gradient of l1 with its left slope at the kink, where no slope is wrong: say \"kink\": \"left\" in the loss"
            ]
        );
    }
}

/// Above a few numbers the engines modulo primes take mse as the multiple of half squared error that it is: the textbook has the same.
#[cfg(feature = "fast")]
#[test]
fn mse_modulo_primes_is_that_of_the_textbook() {
    use creditcheck::certify::gradient::{Rule, gradient};
    use creditcheck::spec::{Example, Number};
    use creditcheck::wire::gradient::Quantity;

    let mut case = document(FIXTURES[0].1).case;
    // 12 parameters, 120 examples: enough for primes.
    let many = |b: i64| Example {
        input: vec![ratio(b % 7 - 3, 2), ratio(b % 5 - 2, 4)],
        target: vec![ratio(b % 3, 1), ratio(b % 11, 8)],
        equilibrium: None,
    };
    case.examples = (0..120).map(many).collect();
    for loss in [square(Reduction::Sum), square(Reduction::Mean), square(Reduction::BatchMean)] {
        let case = Case { loss, ..case.clone() };
        let truth = backprop::run::<Q>(&case, &limits()).unwrap();
        let exact: Vec<_> = truth.gradient.weights.iter().zip(&truth.gradient.biases).collect();
        for rule in [Rule::Credit, Rule::Backprop] {
            let (number, quantity) = (Number::Exact, Quantity::Gradient);
            let found = gradient(&case, rule, number, quantity, &limits(), &mut Silent).unwrap();
            assert_eq!(found.loss.as_ref(), Some(&truth.loss));
            let all = exact.iter().flat_map(|(weights, biases)| {
                weights.iter().flatten().chain(biases.iter().flatten())
            });
            assert!(found.entries.values().eq(all), "{rule:?}");
            let inputs = found.inputs.unwrap();
            for (row, example) in inputs.iter().zip(&truth.examples) {
                assert!(row.iter().eq(example.adjoint[0].iter().map(|one| &one.0)));
            }
        }
    }
}
