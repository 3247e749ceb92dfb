//! Rows and matrices of rationals.

use num_rational::BigRational;

use crate::scalar::Rational;

pub(super) type Row = Vec<Rational>;
pub(super) type Matrix = Vec<Row>;

/// The numbers of a case.
pub(super) fn row_of(values: &[BigRational]) -> Row {
    values.iter().map(Rational::of).collect()
}

/// The numbers of a case, by rows.
pub(super) fn rationals(rows: &[Vec<BigRational>]) -> Matrix {
    rows.iter().map(|row| row_of(row)).collect()
}

pub(super) fn zeros(rows: usize, columns: usize) -> Matrix {
    vec![vec![Rational::zero(); columns]; rows]
}

/// M v
pub(super) fn times(matrix: &Matrix, vector: &[Rational]) -> Row {
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
pub(super) fn scaled(matrix: &Matrix, factor: &Rational) -> Matrix {
    matrix.iter().map(|row| scale(row, factor)).collect()
}

/// c v
pub(super) fn scale(row: &[Rational], factor: &Rational) -> Row {
    row.iter().map(|value| value * factor).collect()
}

/// u + v
pub(super) fn sum(one: &[Rational], other: &[Rational]) -> Row {
    one.iter().zip(other).map(|(a, b)| a + b).collect()
}

/// u ∘ v
pub(super) fn by_entry(one: &[Rational], other: &[Rational]) -> Row {
    one.iter().zip(other).map(|(a, b)| a * b).collect()
}

/// M ← M + u vᵀ
pub(super) fn add_outer(matrix: &mut Matrix, column: &[Rational], row: &[Rational]) {
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
pub(super) fn diagonal(values: &[Rational]) -> Matrix {
    let mut matrix = zeros(values.len(), values.len());
    for (k, value) in values.iter().enumerate() {
        matrix[k][k] = value.clone();
    }
    matrix
}

/// A power with a whole exponent, of a square matrix.
pub(super) fn power(matrix: &Matrix, exponent: usize) -> Matrix {
    let one = diagonal(&vec![Rational::one(); matrix.len()]);
    (0..exponent).fold(one, |so_far, _| product(&so_far, matrix))
}
