//! Gauss–Jordan elimination, for the firing equilibrium and the linear response.
//!
//! The credit rule eliminates for itself, in [`super::credit`]: what it is held to must not be solved by its own hand.

use super::{afford, within};
use crate::error::Error;
use crate::scalar::Scalar;
use crate::spec::Limits;

/// Solves `A X = R` for every column of `R` at once.
///
/// Shapes: `matrix` n × n by rows, `right` n × m by rows; the solution is n × m. Exactness: exact over every field, and
/// over dual numbers wherever the value part of a pivot is no zero.
///
/// # Errors
/// [`Error::Singular`] naming `what` and the column without a pivot; [`Error::Limit`].
pub fn solve<S: Scalar>(
    mut matrix: Vec<Vec<S>>,
    mut right: Vec<Vec<S>>,
    what: &str,
    limits: &Limits,
) -> Result<Vec<Vec<S>>, Error> {
    let size = matrix.len();
    if size > limits.neurons {
        return Err(Error::Limit {
            what: format!("rows of {what}"),
            given: size as u64,
            limit: limits.neurons as u64,
        });
    }
    for column in 0..size {
        let (pivot, reciprocal) = (column..size)
            .find_map(|row| Some((row, matrix[row][column].try_recip()?)))
            .ok_or_else(|| Error::Singular { what: format!("{what}, at column {column}") })?;
        matrix.swap(pivot, column);
        right.swap(pivot, column);
        // Left of the pivot the row is already that of the identity.
        for entry in matrix[column].iter_mut().skip(column).chain(&mut right[column]) {
            if !entry.is_zero() {
                afford(entry, entry, &reciprocal, limits, what)?;
                *entry = entry.clone() * &reciprocal;
                within(entry, limits, what)?;
            }
        }
        let (pivot_row, pivot_right) = (matrix[column].clone(), right[column].clone());
        for row in (0..size).filter(|row| *row != column) {
            let factor = matrix[row][column].clone();
            if factor.is_zero() {
                continue;
            }
            let left = matrix[row].iter_mut().zip(&pivot_row).skip(column);
            for (entry, above) in left.chain(right[row].iter_mut().zip(&pivot_right)) {
                if !above.is_zero() {
                    afford(entry, &factor, above, limits, what)?;
                    *entry = entry.clone() - &(factor.clone() * above);
                }
            }
        }
    }
    Ok(right)
}

/// `A⁻¹`.
///
/// # Errors
/// As [`solve`].
pub fn inverse<S: Scalar>(
    matrix: Vec<Vec<S>>,
    what: &str,
    limits: &Limits,
) -> Result<Vec<Vec<S>>, Error> {
    let identity = identity(matrix.len());
    solve(matrix, identity, what, limits)
}

/// The identity matrix.
#[must_use]
pub fn identity<S: Scalar>(size: usize) -> Vec<Vec<S>> {
    let entry = |row, column| if row == column { S::one() } else { S::zero() };
    (0..size).map(|row| (0..size).map(|column| entry(row, column)).collect()).collect()
}
