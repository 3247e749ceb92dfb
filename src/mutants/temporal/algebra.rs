//! Rows and matrices of rationals.

use num_rational::BigRational;
use num_traits::{One, Zero};

pub(super) type Row = Vec<BigRational>;
pub(super) type Matrix = Vec<Row>;

pub(super) fn zeros(rows: usize, columns: usize) -> Matrix {
    vec![vec![BigRational::zero(); columns]; rows]
}

/// M v
pub(super) fn times(matrix: &Matrix, vector: &[BigRational]) -> Row {
    matrix.iter().map(|row| row.iter().zip(vector).map(|(m, v)| m * v).sum()).collect()
}

/// Mᵀ
pub(super) fn transposed(matrix: &Matrix) -> Matrix {
    let columns = matrix.first().map_or(0, Vec::len);
    (0..columns).map(|c| matrix.iter().map(|row| row[c].clone()).collect()).collect()
}

/// A B
pub(super) fn product(left: &Matrix, right: &Matrix) -> Matrix {
    let columns = transposed(right);
    left.iter().map(|row| times(&columns, row)).collect()
}

/// c M
pub(super) fn scaled(matrix: &Matrix, factor: &BigRational) -> Matrix {
    matrix.iter().map(|row| scale(row, factor)).collect()
}

/// c v
pub(super) fn scale(row: &[BigRational], factor: &BigRational) -> Row {
    row.iter().map(|value| value * factor).collect()
}

/// u + v
pub(super) fn sum(one: &[BigRational], other: &[BigRational]) -> Row {
    one.iter().zip(other).map(|(a, b)| a + b).collect()
}

/// u ∘ v
pub(super) fn by_entry(one: &[BigRational], other: &[BigRational]) -> Row {
    one.iter().zip(other).map(|(a, b)| a * b).collect()
}

/// M ← M + u vᵀ
pub(super) fn add_outer(matrix: &mut Matrix, column: &[BigRational], row: &[BigRational]) {
    for (entries, a) in matrix.iter_mut().zip(column) {
        for (entry, b) in entries.iter_mut().zip(row) {
            *entry += a * b;
        }
    }
}

/// M ← M + N
pub(super) fn add(matrix: &mut Matrix, other: &Matrix) {
    for (entry, more) in matrix.iter_mut().flatten().zip(other.iter().flatten()) {
        *entry += more;
    }
}

/// diag v
pub(super) fn diagonal(values: &[BigRational]) -> Matrix {
    let mut matrix = zeros(values.len(), values.len());
    for (k, value) in values.iter().enumerate() {
        matrix[k][k] = value.clone();
    }
    matrix
}

/// A power with a whole exponent, of a square matrix.
pub(super) fn power(matrix: &Matrix, exponent: usize) -> Matrix {
    let one = diagonal(&vec![BigRational::one(); matrix.len()]);
    (0..exponent).fold(one, |so_far, _| product(&so_far, matrix))
}
