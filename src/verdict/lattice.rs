//! Tier L: inputs on which float arithmetic is exact, and the comparison without tolerance.
//!
//! A sum whose terms are integers on a common dyadic grid is exact in any order, with or
//! without fused multiply-add, as long as Σ|terms| stays below 2^precision grid units: then every partial sum
//! is a float. [`admit()`] computes that for every sum that the float side forms, from the exact result; on an admitted
//! case the float result must equal the exact one bit for bit.

mod admission;

use num_rational::BigRational;
use num_traits::Zero;

use super::entries::{Entry, of_backprop, of_credit};
use super::{Compared, Mismatch, Verdict};
use crate::number::{canonical, exact_f64, hex};
use crate::spec::outcome::{BackpropOutcome, CreditOutcome};

pub use admission::admit;
pub(super) use admission::admit_activation;

/// Every float of a credit outcome, as the rational that it is, `==` the exact one.
#[must_use]
pub fn compare_bits<F: Copy + Into<f64>>(
    exact: &CreditOutcome<BigRational>,
    float: &CreditOutcome<F>,
) -> Verdict {
    compare(&of_credit(exact), &of_credit(float))
}

/// Every float of a backpropagation outcome, as the rational that it is, `==` the exact one; the loss too.
#[must_use]
pub fn compare_bits_backprop<F: Copy + Into<f64>>(
    exact: &BackpropOutcome<BigRational>,
    float: &BackpropOutcome<F>,
) -> Verdict {
    compare(&of_backprop(exact), &of_backprop(float))
}

fn compare<F: Copy + Into<f64>>(exact: &[(Entry, &BigRational)], float: &[(Entry, &F)]) -> Verdict {
    if let Some(verdict) = other_entries(exact, float) {
        return verdict;
    }
    let mut first = None;
    let mut differing = 0;
    for ((entry, exact), (_, float)) in exact.iter().zip(float) {
        let found: f64 = (**float).into();
        // NaN and infinities have no exact value and so equal nothing.
        if exact_f64(found).as_ref() != Some(*exact) {
            differing += 1;
            first.get_or_insert_with(|| (entry.to_string(), hex(found), canonical(exact)));
        }
    }
    match first {
        Some((place, found, expected)) => {
            Verdict::Disagree(Mismatch { place, found, expected, differing })
        }
        None => agreement(exact),
    }
}

/// The verdict where the two sides do not even have the same entries.
pub(super) fn other_entries<A, B>(exact: &[(Entry, A)], float: &[(Entry, B)]) -> Option<Verdict> {
    let same = exact.iter().zip(float).all(|((a, _), (b, _))| a == b);
    if same && exact.len() == float.len() {
        return None;
    }
    Some(Verdict::Disagree(Mismatch {
        place: "the list of entries".to_owned(),
        found: format!("{} entries", float.len()),
        expected: format!("the same {} entries", exact.len()),
        differing: exact.len().abs_diff(float.len()).max(1),
    }))
}

/// Agreement, unless there was nothing that could have disagreed.
pub(super) fn agreement(exact: &[(Entry, &BigRational)]) -> Verdict {
    let nonzero = exact.iter().filter(|(_, value)| !value.is_zero()).count();
    if nonzero == 0 {
        return Verdict::Unchecked("every compared entry is zero".to_owned());
    }
    Verdict::Agree(Compared { entries: exact.len(), nonzero })
}
