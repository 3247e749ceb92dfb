//! Inputs that were got wrong once, here or elsewhere, each with its story.
//!
//! A property that fails prints its shrunk case: it is committed here, by value, before the mistake is mended.

use creditcheck::certify::{Options, Silent, certify, conclusion};
use creditcheck::number::{nearest_f32, nearest_f64, parse};
use creditcheck::scalar::{Prime, Scalar};
use creditcheck::spec::Limits;
use creditcheck::verdict::{Cell, Claim, Conclusion, Mismatch, Tier, Verdict};
use creditcheck::wire::Document;

use crate::generators::{Q, ratio};

/// Rounding an f64 to f32 rounds twice: 1 + 2⁻²⁴ + 2⁻⁶⁰ is above the tie, its f64 is the tie, which goes to 1.
#[test]
fn f32_is_rounded_once() {
    let value = parse("0x1.000001000000001p0", &Limits::default()).unwrap();
    assert_eq!(nearest_f32(&value), 1.0 + f32::EPSILON);
    #[allow(clippy::cast_possible_truncation)]
    let twice = nearest_f64(&value) as f32;
    assert_eq!(twice, 1.0);
}

/// The carry out of the largest subnormal is the smallest normal number.
#[test]
fn the_last_subnormal_carries() {
    let limits = Limits::default();
    let value = parse("0x0.fffffffffffff8p-1022", &limits).unwrap();
    assert_eq!(nearest_f64(&value), f64::MIN_POSITIVE);
    let below = parse("0x0.fffffffffffff7p-1022", &limits).unwrap();
    assert_eq!(nearest_f64(&below).to_bits(), f64::MIN_POSITIVE.to_bits() - 1);
}

/// −0 has the residue 0, not p, which would equal no other 0.
#[test]
fn minus_zero_is_zero_modulo_p() {
    assert!((-Prime::<5>::new(0)).is_zero());
    assert_eq!(Prime::<5>::from_rational(&ratio(-5, 1)), Some(Prime::new(0)));
}

/// Where ReLU is at its kink, the rate 0 does not tell the side: with the right convention β is 1, not 0.
#[test]
fn a_silent_relu_may_be_at_its_kink() {
    let found = both(
        r#"{"format": "creditcheck/case/1", "kink": "right",
            "network": {"kind": "layered", "layers": [
              {"weights": [["1", "-1"], ["2", "1/2"]], "biases": ["0", "1/4"], "activation": "relu"},
              {"weights": [["3/2", "-1/2"], ["1/4", "2"]], "activation": "quadratic"}]},
            "loss": "half_squared_error", "learning_rate": "1/2",
            "examples": [{"input": ["3/4", "3/4"], "target": ["1", "-2"]}]}"#,
    );
    assert!(found.is_agree(), "{found:?}");
}

/// An output that others listen to has credit from its error and from them: both are in c.
#[test]
fn an_output_may_have_outgoing_synapses() {
    let found = both(
        r#"{"format": "creditcheck/case/1",
            "network": {"kind": "graph", "neurons": 4, "inputs": [3], "outputs": [0, 1], "activation": "quadratic",
              "synapses": [[2, 3, "1/2"], [0, 2, "3/4"], [1, 0, "-1/2"], [1, 3, "2"]], "biases": ["1/4", "0", "-1/2", "0"]},
            "loss": "half_squared_error", "learning_rate": "1/2",
            "examples": [{"input": ["3/4"], "target": ["1", "-2"]}]}"#,
    );
    assert!(found.is_agree(), "{found:?}");
}

/// C1 and C2 together in tier Q; and the whole certificate agrees.
fn both(text: &str) -> Verdict {
    let document = Document::read(text.as_bytes(), &Limits::default()).unwrap();
    let certified = certify(&document, &Options::default(), &mut Silent).unwrap();
    assert_eq!(conclusion(&document.case, &certified.table), Conclusion::Agree);
    let verdict =
        |claim| certified.table.cell(claim, Tier::Exact).unwrap().verdict().unwrap().clone();
    verdict(Claim::Credit).and(verdict(Claim::Update))
}

/// `"1/2"` from a program that does not reduce, and a zero with a sign: equal to the plain ones.
#[test]
fn numbers_that_look_different_are_equal() {
    let read = |text| parse(text, &Limits::default()).unwrap();
    let half: Q = ratio(1, 2);
    for text in ["2/4", "0.5", "0.50", "0x1p-1", "0x8p-4", "0x0.8p+0"] {
        assert_eq!(read(text), half, "{text}");
    }
    assert_eq!(read("-0"), read("0"));
    assert_eq!(read("-0/7"), read("0"));
}

/// A network whose deepest path starts at a neuron that only a bias drives: its bias waits for the last sweep.
#[test]
fn a_bias_driven_neuron_settles_one_sweep_later_than_the_rest() {
    let text = r#"{"format": "creditcheck/case/1", "network": {"kind": "graph", "neurons": 4, "inputs": [0],
        "outputs": [3], "activation": "identity", "synapses": [[2, 1, "3/2"], [3, 2, 2], [3, 0, "1/2"]],
        "biases": [0, "1/2", "1/4", 1]}, "loss": "half_squared_error", "learning_rate": "1/2",
        "examples": [{"input": [3], "target": [1]}]}"#;
    let document = Document::read(text.as_bytes(), &Limits::default()).unwrap();
    let table = certify(&document, &Options::default(), &mut Silent).unwrap().table;
    assert_eq!(table.of_claim(Claim::Settling), Some(Conclusion::Agree), "{table:#?}");
    assert_eq!(table.conclusion(), Conclusion::Agree);
}

/// The neuron with f ≠ σ' nearest the output has neither a bias nor a firing presynaptic neuron: C4 says nothing of it.
#[test]
fn necessity_keeps_the_premise_of_the_theorem() {
    let text = r#"{"format": "creditcheck/case/1", "network": {"kind": "layered", "layers": [
        {"weights": [[1], [2]], "biases": [-1, -2], "activation": {"name": "leaky_relu", "slope": "1/8"}},
        {"weights": [[1, 3]], "activation": "identity", "balance": {"name": "leaky_relu", "slope": "1/8"}}]},
        "loss": "half_squared_error", "learning_rate": "1/2", "expect": "disagree",
        "examples": [{"input": [1], "target": [1]}]}"#;
    let document = Document::read(text.as_bytes(), &Limits::default()).unwrap();
    let table = certify(&document, &Options::default(), &mut Silent).unwrap().table;
    assert_eq!(table.of_claim(Claim::Necessity), Some(Conclusion::Agree), "{table:#?}");
    assert_eq!(conclusion(&document.case, &table), Conclusion::Agree, "{table:#?}");
}

/// "expect": "disagree" excuses a replaced balance function and nothing else.
#[test]
fn expecting_a_disagreement_needs_a_reason_for_it() {
    let text = r#"{"format": "creditcheck/case/1", "network": {"kind": "layered", "layers": [
        {"weights": [[1, 2]], "activation": "quadratic"}]}, "loss": "half_squared_error",
        "learning_rate": "1/2", "expect": "disagree", "examples": [{"input": [1, 3], "target": [1]}]}"#;
    let document = Document::read(text.as_bytes(), &Limits::default()).unwrap();
    let table = certify(&document, &Options::default(), &mut Silent).unwrap().table;
    assert_eq!(conclusion(&document.case, &table), Conclusion::Disagree);
    // An engine that is wrong on this plain case must not be excused by it either.
    let mismatch =
        Mismatch { place: "ΔW".into(), found: "1".into(), expected: "2".into(), differing: 1 };
    let mut wrong = table;
    wrong.cells.retain(|cell| (cell.claim, cell.tier) != (Claim::Update, Tier::Exact));
    wrong.cells.push(Cell::checked(Claim::Update, Tier::Exact, Verdict::Disagree(mismatch)));
    assert_eq!(conclusion(&document.case, &wrong), Conclusion::Disagree);
}

/// The smallest 64-bit integer has no positive counterpart.
#[test]
fn the_smallest_integer_is_refused_like_any_other_beyond_two_to_the_53() {
    let text = r#"{"format": "creditcheck/case/1", "network": {"kind": "layered", "layers": [
        {"weights": [[1]], "activation": "identity"}]}, "loss": "half_squared_error",
        "learning_rate": -9223372036854775808, "examples": [{"input": [1], "target": [2]}]}"#;
    let error = Document::read(text.as_bytes(), &Limits::default()).unwrap_err();
    assert!(error.to_string().starts_with("learning_rate: found -9223372036854775808"), "{error}");
}
