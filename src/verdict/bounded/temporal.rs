//! Tier F in time: how far any float evaluation of a rule over time may be from the exact one.
//!
//! Forwards in time every number is followed step by step, as in a feed-forward pass. What comes after is a polynomial with
//! positive coefficients in the magnitudes of slopes, rates, traces and readout errors, whatever the order: adjoint, causal with
//! taps, channels of types, or the sensitivities of RTRL expand to the same monomials. So one recursion gives the sum M of their
//! magnitudes and what M inherits from its factors, E; no monomial passes through more than n roundings, and
//!
//! ```text
//! |float − exact| ≤ E + γ_n (M + E) + underflow
//! ```
//!
//! Channels of types reach the zero diagonal of Ŵ as a mean minus itself; both are counted. If a net input is within its own bound
//! of a kink, the error of its slope is the whole jump.

mod credit;
mod forward;
mod stack;

use num_rational::BigRational;
use num_traits::{Signed, Zero};

use super::Bound;
use super::compare::Tightness;
use super::power::power;
use super::up::{Arithmetic, Sum, Up, Value};
use crate::error::Error;
use crate::number::{canonical, exact_f64, hex, nearest_f64};
use crate::spec::{Dtype, TemporalCase, TemporalGradient, TemporalRule};
use crate::verdict::{Compared, Mismatch, Verdict};
use credit::Credit;
use forward::{Numbers, Passed};

pub use stack::stack_bound;

/// |float − exact| at most, for the loss and every entry of the gradient that a rule gives.
///
/// For BPTT, RTRL and the approximate rules with the squared loss; numbers of the case and μ rounded to nearest, sums in any order, with or
/// without fused multiply-add, forwards or against time. For loss and readouts alone the rule does not matter.
///
/// Shapes: those of the parameters. Exactness: every bound is rounded up; overflow is not covered, because engines report it as an
/// error. Nothing is given by the engine that is judged.
///
/// # Errors
/// [`Error::Unsupported`] for the tangent, for type-specific feedback in a network without types, and where no enclosure of an
/// activation is known; [`Error::NotFinite`] if a bound is not finite, since it would let everything pass.
///
/// Source: Higham, Accuracy and Stability of Numerical Algorithms, chapters 2–3.
pub fn temporal_bound(
    case: &TemporalCase,
    rule: &TemporalRule,
    format: Dtype,
) -> Result<TemporalGradient<f64>, Error> {
    bounds(case, rule, format, None)
}

/// The same for the update −η ∂L/∂W and so on, wherever η is multiplied in; the loss is that of the gradient.
///
/// # Errors
/// As [`temporal_bound`].
pub fn temporal_update_bound(
    case: &TemporalCase,
    rule: &TemporalRule,
    format: Dtype,
) -> Result<TemporalGradient<f64>, Error> {
    bounds(case, rule, format, Some(Value::rounded(&case.learning_rate, format)))
}

fn bounds(
    case: &TemporalCase,
    rule: &TemporalRule,
    format: Dtype,
    scale: Option<Value>,
) -> Result<TemporalGradient<f64>, Error> {
    if *rule == TemporalRule::Tangent {
        return Err(Error::unsupported("a rounding bound of the tangent; use that of bptt"));
    }
    let numbers = Numbers::of(case, format);
    let passed = (0..case.examples.len())
        .map(|b| numbers.forward(case, b))
        .collect::<Result<Vec<Passed>, Error>>()?;
    let credit = Credit::of(case, &numbers, rule, format)?;
    let (recurrent, mut input) = credit.bounds(&passed, scale.as_ref());
    let of_neurons = || input.iter_mut().filter_map(Vec::pop).collect();
    let biases = case.network.biases.is_some().then(of_neurons);
    let arithmetic = &numbers.neurons.arithmetic;
    let readouts = case.network.readouts();
    // B is a count of examples in memory.
    #[allow(clippy::cast_precision_loss)]
    let batch = passed.len() as f64;
    let steps = || passed.iter().flat_map(|example| &example.steps);
    let bound_of = |sum: Sum, divisor: f64| Bound::of(&sum.over(divisor, 6)).bound;
    let scaled =
        |factors: &[Value]| -> Vec<Value> { factors.iter().copied().chain(scale).collect() };
    let of_weight = |k: usize, pre: usize| {
        let mut sum = Sum::new(arithmetic);
        steps().for_each(|step| sum.add(&scaled(&[step.readout_error[k], step.rate[pre]])));
        bound_of(sum, batch)
    };
    let readout = (0..readouts)
        .map(|k| (0..case.network.neurons()).map(|pre| of_weight(k, pre)).collect())
        .collect();
    let of_bias = |k: usize| {
        let mut sum = Sum::new(arithmetic);
        steps().for_each(|step| sum.add(&scaled(&[step.readout_error[k]])));
        bound_of(sum, batch)
    };
    let mut loss = Sum::new(arithmetic);
    for error in steps().flat_map(|step| &step.readout_error) {
        loss.add(&[*error, *error]);
    }
    let bounds = TemporalGradient {
        loss: bound_of(loss, 2.0 * batch),
        recurrent,
        input,
        biases,
        readout,
        readout_biases: case
            .network
            .readout_biases
            .as_ref()
            .map(|_| (0..readouts).map(of_bias).collect()),
    };
    match entries(&bounds).iter().find(|(.., bound)| !bound.is_finite()) {
        Some((block, index, _)) => {
            Err(Error::NotFinite { what: format!("rounding bound of {}", place(block, *index)) })
        }
        None => Ok(bounds),
    }
}

/// Every float of a gradient within its bound of the exact value, and how much room there was.
///
/// Unchecked where a block of parameters (W, U, V, c or b) is zero in all its entries: a dead rule has them too. The loss, which every
/// rule has, makes up for none.
#[must_use]
pub fn compare_temporal<F: Copy + Into<f64>>(
    bounds: &TemporalGradient<f64>,
    float: &TemporalGradient<F>,
    exact: &TemporalGradient<BigRational>,
) -> (Verdict, Tightness) {
    let (bounds, float, exact) = (entries(bounds), entries(float), entries(exact));
    let same = |index: usize| {
        let (block, number, _) = exact[index];
        (bounds[index].0, bounds[index].1) == (block, number)
            && (float[index].0, float[index].1) == (block, number)
    };
    let lengths = [bounds.len(), float.len(), exact.len()];
    if lengths.iter().any(|length| *length != exact.len()) || !(0..exact.len()).all(same) {
        return (
            Verdict::Unchecked("the two sides have other parameters".to_owned()),
            Tightness::default(),
        );
    }
    let (mut first, mut differing, mut ratios) = (None, 0, Vec::new());
    for ((&(block, number, exact), (.., float)), (.., allowed)) in
        exact.iter().zip(&float).zip(&bounds)
    {
        let found: f64 = (**float).into();
        let error = exact_f64(found).map(|found| (found - exact).abs());
        match (exact_f64(**allowed), &error) {
            (Some(allowed), Some(error)) if *error <= allowed => {}
            _ => {
                differing += 1;
                first.get_or_insert_with(|| Mismatch {
                    place: place(block, number),
                    found: hex(found),
                    expected: format!("{} ± {allowed:e}", canonical(exact)),
                    differing: 0,
                });
            }
        }
        if let Some(error) = error.filter(|error| !error.is_zero()) {
            ratios.push(**allowed / nearest_f64(&error));
        }
    }
    let compared = Compared {
        entries: exact.len(),
        nonzero: exact.iter().filter(|(.., entry)| !entry.is_zero()).count(),
    };
    let is_dead = |block: &&&str| {
        let mut of_block = exact.iter().filter(|(name, ..)| *name == **block).peekable();
        of_block.peek().is_some() && of_block.all(|(.., entry)| entry.is_zero())
    };
    let verdict = match (first, BLOCKS[1..].iter().find(is_dead)) {
        (Some(first), _) => Verdict::Disagree(Mismatch { differing, ..first }),
        (None, Some(block)) => {
            Verdict::Unchecked(format!("{block}: every entry of this block is zero"))
        }
        (None, None) => Verdict::Agree(compared),
    };
    (verdict, Tightness::of(ratios))
}

/// A block of parameters whose bound would let some entry, wrong by 2⁻³⁰ (f32: 2⁻¹⁰) of the largest of its block, pass; blocks of zeros are none.
#[must_use]
pub fn weakest_temporal_block<F: Copy + Into<f64>>(
    format: Dtype,
    bounds: &TemporalGradient<f64>,
    float: &TemporalGradient<F>,
    exact: &TemporalGradient<BigRational>,
) -> Option<&'static str> {
    let (bounds, float, exact) = (entries(bounds), entries(float), entries(exact));
    let all: Vec<_> = exact.iter().zip(&float).zip(&bounds).collect();
    BLOCKS.into_iter().find(|block| {
        let of_block = || all.iter().filter(|((entry, _), _)| entry.0 == *block);
        let largest = of_block().map(|(((.., exact), _), _)| exact.abs()).max();
        let Some(largest) = largest.filter(|largest| !largest.is_zero()) else { return false };
        let wrong_by = largest * power(format);
        of_block().any(|(((.., exact), (.., float)), (.., allowed))| {
            let (Some(found), Some(allowed)) = (exact_f64((**float).into()), exact_f64(**allowed))
            else {
                return true;
            };
            // Whichever sign the mistake has, it must leave the bound.
            let error = found - *exact;
            (&error + &wrong_by).abs() <= allowed || (&error - &wrong_by).abs() <= allowed
        })
    })
}

const BLOCKS: [&str; 6] = ["loss", "recurrent", "input", "readout", "biases", "readout_biases"];

/// Every number of a gradient with its block and its place there.
fn entries<T>(gradient: &TemporalGradient<T>) -> Vec<(&'static str, [usize; 2], &T)> {
    let mut all = vec![(BLOCKS[0], [0, 0], &gradient.loss)];
    let matrices = [&gradient.recurrent, &gradient.input, &gradient.readout];
    for (block, matrix) in BLOCKS[1..].iter().zip(matrices) {
        for (row, entries) in matrix.iter().enumerate() {
            all.extend(entries.iter().enumerate().map(|(n, entry)| (*block, [row, n], entry)));
        }
    }
    for (block, biases) in BLOCKS[4..].iter().zip([&gradient.biases, &gradient.readout_biases]) {
        let biases = biases.iter().flatten().enumerate();
        all.extend(biases.map(|(n, entry)| (*block, [n, 0], entry)));
    }
    all
}

fn place(block: &str, [row, column]: [usize; 2]) -> String {
    match block {
        "loss" => "the loss".to_owned(),
        "biases" | "readout_biases" => format!("{block}[{row}]"),
        _ => format!("{block}[{row}][{column}]"),
    }
}
