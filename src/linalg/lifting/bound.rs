//! How long a solution can be: Cramer's rule with Hadamard's inequality.

use num_bigint::BigInt;
use num_traits::{ToPrimitive, Zero};

use super::System;

/// The bits of 2 · |numerator| · |denominator| at their largest, which determine a fraction from its residue.
///
/// ```text
/// x_j = det(A with r in place of column j) / det A,   |det| ≤ Π_i ‖row i‖ and ≤ Π_j ‖column j‖
/// ```
///
/// Exactness: an upper bound; logarithms are rounded up by more than they can err.
/// Source: Cohen, A Course in Computational Algebraic Number Theory, section 2.2.
pub(super) fn bits(system: &System, right: &[&[BigInt]]) -> u64 {
    let order = system.order();
    let mut columns = vec![BigInt::zero(); order];
    let mut rows = vec![BigInt::zero(); order];
    for (row, entries) in rows.iter_mut().zip(system.rows()) {
        for (column, entry) in entries {
            let square = entry * entry;
            *row += &square;
            columns[*column] += square;
        }
    }
    let by_rows: f64 = rows.iter().map(half_log).sum();
    let by_columns: f64 = columns.iter().map(half_log).sum();
    let shortest = columns.iter().map(half_log).fold(f64::INFINITY, f64::min);
    let numerator = |right: &&[BigInt]| {
        let squares = right.iter().map(|entry| entry * entry);
        let widened = rows.iter().zip(right.iter()).map(|(row, entry)| row + entry * entry);
        let by_rows: f64 = widened.map(|square| half_log(&square)).sum();
        (half_log(&squares.sum()) + by_columns - shortest).min(by_rows)
    };
    let numerator = right.iter().map(numerator).fold(0.0, f64::max);
    let bits = (1.0 + numerator + by_rows.min(by_columns)).max(1.0);
    // Far below 2⁵³; a thousandth per unknown and a bit are more than the logarithms err.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    let bits = (bits + 0.001 * order as f64 + 1.0).ceil() as u64;
    bits
}

/// log₂ √square, at least 0.
fn half_log(square: &BigInt) -> f64 {
    let beyond = square.bits().saturating_sub(64);
    let leading = (square >> beyond).to_f64().unwrap_or(0.0);
    // The bits of an integer in memory are far below 2⁵³.
    #[allow(clippy::cast_precision_loss)]
    let beyond = beyond as f64;
    ((leading.log2() + beyond) / 2.0).max(0.0)
}
