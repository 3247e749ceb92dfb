//! Feedback alignment (G1): when it is backpropagation and when it is not, its bound in floats, and what `check` says of it.

use creditcheck::certify::Silent;
use creditcheck::certify::gradient::{Rule, aligned, gradient};
use creditcheck::certify::judge::judge;
use creditcheck::error::Error;
use creditcheck::mutants::{Misaligned, misaligned};
use creditcheck::number::held;
use creditcheck::scalar::Rational;
use creditcheck::spec::{Case, Dtype, FeedbackMatrices, Layered, Limits, Network, Number};
use creditcheck::textbook::backprop;
use creditcheck::verdict::judge::{Judgement, Nearness, Options};
use creditcheck::verdict::per_block;
use creditcheck::wire::Document;
use creditcheck::wire::gradient::{Gradient, Quantity, Subject, read, to_json};
use num_rational::BigRational as Q;
use num_traits::Zero;
use proptest::strategy::{Strategy, ValueTree};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::generators::layered::{Functions, Numbers, layered, runner};

fn q(p: i64, q: i64) -> Q {
    Q::new(p.into(), q.into())
}

fn net(case: &Case) -> &Layered {
    match &case.network {
        Network::Layered(net) => net,
        Network::Graph(_) => panic!("a layered case"),
    }
}

/// ∂L/∂W by layers as backpropagation has it.
fn by_backprop(case: &Case) -> Gradient {
    let (exact, limits) = (Number::Exact, Limits::default());
    gradient(case, Rule::Backprop, exact, Quantity::Gradient, &limits, &mut Silent).unwrap()
}

fn by_alignment(case: &Case, matrices: &FeedbackMatrices) -> Gradient {
    aligned(case, matrices, (Number::Exact, Quantity::Gradient), &Limits::default()).unwrap()
}

/// Random nets, all exact functions.
fn nets(count: u32) -> impl Iterator<Item = Case> {
    let mut runner = runner(1);
    let strategy = layered(Functions::Exact, Numbers::Plain);
    (0..count).map(move |_| strategy.new_tree(&mut runner).unwrap().current())
}

/// Square layers, so that a matrix can be turned and lent; every layer curved; two examples.
const WITNESS: &str = r#"{"format": "creditcheck/case/1", "network": {"kind": "layered", "layers": [
  {"weights": [["1/2", "-1"], ["3/4", "1/4"]], "biases": ["1/8", "-1/4"], "activation": "quadratic"},
  {"weights": [["1", "-1/2"], ["1/4", "3/2"]], "biases": ["0", "1/2"], "activation": "cubic"},
  {"weights": [["-1/2", "1"], ["2", "1/4"]], "biases": ["1/4", "-1/8"], "activation": "quadratic"}]},
 "loss": "half_squared_error", "learning_rate": "1/4",
 "examples": [{"input": ["1", "1/2"], "target": ["1", "0"]}, {"input": ["-1/2", "1"], "target": ["1/2", "-1"]}]}"#;

fn witness() -> Case {
    Document::read(WITNESS.as_bytes(), &Limits::default()).unwrap().case
}

fn feedback(case: &Case) -> FeedbackMatrices {
    let matrices = vec![
        vec![vec![q(1, 3), q(-2, 1)], vec![q(1, 1), q(3, 4)]],
        vec![vec![q(-1, 1), q(1, 2)], vec![q(2, 3), q(-3, 2)]],
    ];
    FeedbackMatrices::new(&net(case).widths(), matrices).unwrap()
}

/// With B^l = (W^l)ᵀ it is backpropagation, entry by entry; the loss too.
#[test]
fn with_transposed_weights_it_is_backpropagation() {
    let mut live = 0;
    for case in nets(60) {
        let found = by_alignment(&case, &FeedbackMatrices::transposed(net(&case)));
        let exact = by_backprop(&case);
        assert_eq!((&found.entries, &found.loss), (&exact.entries, &exact.loss), "{case:?}");
        live += found.entries.values().filter(|entry| !entry.is_zero()).count();
    }
    assert!(live > 500, "{live} entries are not zero");
}

/// β^(l−1) ∘ (B^l − (W^l)ᵀ) d^l = 0 for all l ≥ 2, d of backpropagation; of one example.
fn condition(case: &Case, matrices: &FeedbackMatrices) -> bool {
    let found = backprop::run::<Rational>(case, &Limits::default()).unwrap().map(Rational::plain);
    let (net, example) = (net(case), &found.examples[0]);
    (2..=net.layers.len()).all(|l| {
        let (delta, slope) = (&example.delta[l - 1], &example.slope[l - 2]);
        matrices.of_layer(l).iter().zip(slope).enumerate().all(|(pre, (row, slope))| {
            let gap = row.iter().zip(&net.layers[l - 1].weights).zip(delta);
            let sum: Q = gap.map(|((way, weights), delta)| (way - &weights[pre]) * &delta.0).sum();
            (sum * slope).is_zero()
        })
    })
}

/// The theorem in both directions: one example, biases everywhere, B equal to Wᵀ in some rows and not in others.
#[test]
fn it_is_backpropagation_iff_no_difference_of_b_meets_a_drive() {
    let mut draws = ChaCha8Rng::seed_from_u64(5);
    let (mut same, mut same_by_chance, mut other) = (0, 0, 0);
    for mut case in nets(300) {
        case.examples.truncate(1);
        if let Network::Layered(net) = &mut case.network {
            for layer in &mut net.layers {
                layer.biases.get_or_insert_with(|| vec![q(1, 4); layer.weights.len()]);
            }
        }
        let plain = FeedbackMatrices::transposed(net(&case));
        let mut matrices = plain.matrices().to_vec();
        for entry in matrices.iter_mut().flatten().flatten() {
            if draws.next_u32() % 6 == 0 {
                *entry += q(1, 2);
            }
        }
        let matrices = FeedbackMatrices::new(&net(&case).widths(), matrices).unwrap();
        let is_bp = by_alignment(&case, &matrices).entries == by_backprop(&case).entries;
        assert_eq!(is_bp, condition(&case, &matrices), "{case:?} {matrices:?}");
        match (is_bp, matrices == plain) {
            (true, true) => same += 1,
            (true, false) => same_by_chance += 1,
            (false, _) => other += 1,
        }
    }
    // Drives and slopes that are zero hide a B that is not Wᵀ.
    assert!(same_by_chance >= 10 && other >= 100, "{same}, {same_by_chance}, {other}");
}

/// The reference of the mistakes, without one, is the engine; and each mistake is seen on the committed witness.
#[test]
fn each_mistake_is_seen_and_named() {
    let (case, limits) = (witness(), Limits::default());
    let matrices = feedback(&case);
    let right = by_alignment(&case, &matrices);
    let plain = misaligned(&case, &matrices, None, &limits).unwrap().unwrap();
    assert_eq!(per_block(&case, &plain).map(Q::clone), right.entries);
    for number in [Number::Exact, Number::Float(Dtype::F64), Number::Float(Dtype::F32)] {
        for quantity in [Quantity::Gradient, Quantity::Update] {
            for mistake in Misaligned::ALL {
                let wrong = misaligned(&case, &matrices, Some(mistake), &limits).unwrap().unwrap();
                let entries = per_block(&case, &wrong).map(Q::clone);
                assert_ne!(entries, right.entries, "{mistake:?}");
                let mut mine = Gradient { number, quantity, loss: None, entries, ..right.clone() };
                if quantity == Quantity::Update {
                    mine.entries = mine.entries.map(|entry| entry * q(-1, 4));
                }
                mine.entries = mine.entries.map(|entry| held(&entry, number).unwrap());
                let (found, said) = judged(&case, &mine);
                assert_eq!(found.nearness(), Nearness::Different, "{mistake:?}");
                let named = format!("this is feedback alignment {}", mistake.words());
                assert!(said.iter().any(|s| s.starts_with(&named)), "{mistake:?}: {said:?}");
                let names = said.iter().filter(|s| s.starts_with("this is")).count();
                assert_eq!(names, 1, "{mistake:?}: {said:?}");
            }
        }
    }
}

fn judged(case: &Case, mine: &Gradient) -> (Judgement, Vec<String>) {
    judge(case, mine, &Options::default(), &Limits::default(), &mut Silent).unwrap()
}

/// What the program writes is judged right under its declaration, and its distance from the gradient stands beside it; without the
/// declaration, or with another matrix, it is wrong.
#[test]
fn a_declared_rule_is_judged_by_that_rule() {
    let (case, limits) = (witness(), Limits::default());
    let matrices = feedback(&case);
    for number in [Number::Exact, Number::Float(Dtype::F64), Number::Float(Dtype::F32)] {
        if number != Number::Exact && !cfg!(feature = "fast") {
            continue;
        }
        for quantity in [Quantity::Gradient, Quantity::Update] {
            let ours = aligned(&case, &matrices, (number, quantity), &limits).unwrap();
            let text = to_json(&ours).pretty();
            let mine = read(text.as_bytes(), &Subject::of(&case), &limits).unwrap();
            let (found, said) = judged(&case, &mine);
            assert!(!found.nearness().is_refused() && said.is_empty(), "{said:?}");
            assert_eq!(found.unchecked(), None, "{number:?}");
            let declared = found.declared.as_ref().unwrap();
            // The output layer is right, and the others are not.
            let far: Vec<_> = declared.blocks.iter().map(|b| b.differing() > 0).collect();
            let hidden = [true, true, true, true];
            assert_eq!(far[..4], hidden, "{number:?}");
            let cosine = declared.blocks[0].direction.cosine().unwrap();
            assert!(cosine < 0.99, "{cosine}");

            let undeclared = Gradient { rule: None, options: Vec::new(), ..mine.clone() };
            assert_eq!(judged(&case, &undeclared).0.nearness(), Nearness::Different);
            let plain = FeedbackMatrices::transposed(net(&case));
            let options = creditcheck::wire::gradient::feedback::options(&plain);
            let (found, said) = judged(&case, &Gradient { options, ..mine });
            assert_eq!(found.nearness(), Nearness::Different);
            assert!(said[0].contains("declares feedback alignment"), "{said:?}");
        }
    }
}

/// The bound of the rule holds the engine in floats to the exact result, on random nets with random matrices, and refuses one entry that
/// is off; transcendental functions are held to its centre.
#[cfg(feature = "fast")]
#[test]
fn floats_are_within_the_bound_of_the_rule() {
    let mut draws = ChaCha8Rng::seed_from_u64(11);
    let mut entry = || q(i64::from(draws.next_u32() % 13) - 6, 8);
    let (mut blocks, mut rounded, mut most) = (0, 0, 0.0_f64);
    for case in nets(40) {
        let shapes = FeedbackMatrices::transposed(net(&case));
        let mut matrices = shapes.matrices().to_vec();
        matrices.iter_mut().flatten().flatten().for_each(|way| *way = entry());
        let matrices = FeedbackMatrices::new(&net(&case).widths(), matrices).unwrap();
        for dtype in [Dtype::F64, Dtype::F32] {
            let asked = (Number::Float(dtype), Quantity::Gradient);
            let ours = aligned(&case, &matrices, asked, &Limits::default()).unwrap();
            let (found, _) = judged(&case, &ours);
            assert!(!found.nearness().is_refused(), "{case:?} {:?}", found.furthest());
            blocks += found.blocks.len();
            rounded += usize::from(found.nearness() == Nearness::WithinBound);
            let lines = found.blocks.iter().filter_map(|block| block.plausible);
            most = lines.map(|line| line.largest).fold(most, f64::max);
            let mut wrong = ours.clone();
            let Some(entry) = wrong.entries.values_mut().find(|e| !e.is_zero()) else { continue };
            *entry = held(&(&*entry * q(9, 8)), wrong.number).unwrap();
            let (found, _) = judged(&case, &wrong);
            assert!(found.nearness().is_refused() || found.blocks.iter().any(|b| b.is_coarse));
        }
    }
    assert!(blocks > 200 && rounded > 20, "{blocks} {rounded}");
    // Of independent roundings, what is right is no more than a few deviations off.
    assert!(most > 0.1 && most < 5.0, "{most}");
    let mut case = witness();
    if let Network::Layered(net) = &mut case.network {
        net.layers.iter_mut().for_each(|l| l.activation = creditcheck::spec::Activation::Tanh);
    }
    let matrices = feedback(&case);
    let asked = (Number::Float(Dtype::F64), Quantity::Gradient);
    let ours = aligned(&case, &matrices, asked, &Limits::default()).unwrap();
    assert!(!judged(&case, &ours).0.nearness().is_refused());
    let wrong = misaligned(&case, &matrices, Some(Misaligned::SlopeAtRate), &Limits::default());
    let entries =
        per_block(&case, &wrong.unwrap().unwrap()).map(|entry| held(entry, ours.number).unwrap());
    let (found, said) = judged(&case, &Gradient { entries, loss: None, ..ours });
    assert_eq!(found.nearness(), Nearness::Different);
    assert!(said.iter().any(|s| s.contains("slopes taken at the rate")), "{said:?}");
}

/// What a file may not say: the place is named, and what was expected there.
#[test]
fn options_are_held_to_the_layers() {
    let (case, limits) = (witness(), Limits::default());
    let layers = r#""layers": [{"weights": [["0", "0"], ["0", "0"]], "biases": ["0", "0"]},
      {"weights": [["0", "0"], ["0", "0"]], "biases": ["0", "0"]}, {"weights": [["0", "0"], ["0", "0"]], "biases": ["0", "0"]}]"#;
    let refused = |said: &str| {
        let text = format!(r#"{{"format": "creditcheck/gradient/1", {said}, {layers}}}"#);
        match read(text.as_bytes(), &Subject::of(&case), &limits) {
            Err(Error::Input { place, expected, .. }) => format!("{place}: {expected}"),
            other => panic!("{said}: {other:?}"),
        }
    };
    for (said, expected) in [
        (r#""rule": "feedback_alignment""#, r#"the document: "options" is required"#),
        (r#""rule": "feedback_alignment", "options": {}"#, r#"options: "feedback" is required"#),
        (
            r#""rule": "feedback_alignment", "options": {"feedback": []}"#,
            "options.feedback: 2 matrices B^l, one per layer but the first",
        ),
        (
            r#""rule": "feedback_alignment", "options": {"feedback": [[["1", "1"]], [["1", "1"], ["1", "1"]]]}"#,
            "options.feedback[0]: 2 rows, one per neuron of the layer below",
        ),
        (
            r#""rule": "feedback_alignment", "options": {"feedback": [[["1", "1"], ["1"]], [["1", "1"], ["1", "1"]]]}"#,
            "options.feedback[0][1]: 2 numbers, one per neuron of the layer above",
        ),
        (
            r#""rule": "feedback_alignment", "options": {"feedback": [], "mu": "1"}"#,
            "options.mu: one of feedback",
        ),
        (
            r#""rule": "backprop", "options": {"feedback": []}"#,
            r#"options: no such field: here the rule "feedback_alignment" alone has options"#,
        ),
        (
            r#""rule": "direct", "options": {}"#,
            r#"rule: "credit" or "backprop" or "tangent" or "feedback_alignment""#,
        ),
    ] {
        assert_eq!(refused(said), expected);
    }
    let ones = r#"[["1", "1"], ["1", "1"]]"#;
    let said = format!(
        r#""rule": "feedback_alignment", "options": {{"feedback": [{ones}, {ones}]}}, "inputs": [["0", "0"], ["0", "0"]]"#
    );
    assert!(refused(&said).contains("nothing comes back to the inputs"));
}
