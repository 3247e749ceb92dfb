//! Derivatives at the inputs in another order of the examples.

use num_rational::BigRational;

use crate::number::exact_f64;
use crate::spec::Number;
use crate::verdict::walk::Reference;
use crate::wire::gradient::Gradient;

/// The most examples whose order is told one by one.
const MOST_TOLD: usize = 12;

/// Says so if the rows of `inputs` are the right ones of other examples, each of one and of one alone: all of them, in another order.
///
/// A mean over the batch knows of no order; only what stands per example can be in a wrong one.
pub(super) fn of_examples(mine: &Gradient, right: &[Vec<Reference>]) -> Option<String> {
    let rows = mine.inputs.as_ref()?;
    let fits = |row: &Vec<BigRational>, of: &Vec<Reference>| {
        row.iter().zip(of).all(|(theirs, right)| is_within(mine.number, theirs, right))
    };
    let mut order = Vec::with_capacity(rows.len());
    for row in rows {
        let mut all = (0..right.len()).filter(|example| fits(row, &right[*example]));
        let example = all.next()?;
        // A row that could be of two examples tells nothing.
        if all.next().is_some() || order.contains(&example) {
            return None;
        }
        order.push(example);
    }
    if order.is_sorted() || order.len() != right.len() {
        return None;
    }
    let told: Vec<_> = order.iter().map(ToString::to_string).collect();
    let told = match told.len() {
        0..=MOST_TOLD => format!(" {}", told.join(", ")),
        _ => " another than that of the case".to_owned(),
    };
    Some(format!(
        "the rows of \"inputs\" are those of the examples in the order{told}: each is right, in the place of another"
    ))
}

/// Whether a number is the right one, or within its bound.
fn is_within(number: Number, theirs: &BigRational, right: &Reference) -> bool {
    if right.is_exact && theirs == &right.value {
        return true;
    }
    let bound = right.bound.filter(|_| number != Number::Exact).and_then(exact_f64);
    bound.is_some_and(|bound| {
        let off = theirs - &right.value;
        off <= bound && -off <= bound
    })
}
