//! How large numbers are.

use crate::fast::Float;

/// The same number in f64.
#[inline(always)]
pub(super) fn wide<F: Float>(value: F) -> f64 {
    value.into()
}

/// max |a|; NaN if any is.
pub(super) fn largest(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().fold(0.0, |most, value| {
        if value.is_nan() || value.abs() > most { value.abs() } else { most }
    })
}

/// A limit that overflowed is none: nothing is settled there.
pub(super) fn finite_or_zero(limit: f64) -> f64 {
    if limit.is_finite() { limit } else { 0.0 }
}
