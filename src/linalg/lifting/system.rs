//! A square matrix over ℚ as integers, row by row, and the check of a solution.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Zero};

use crate::error::Error;

/// A square matrix over ℚ: each row as integers over one denominator, zeros left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct System {
    rows: Vec<Vec<(usize, BigInt)>>,
    /// What each row was multiplied by, positive.
    scales: Vec<BigInt>,
}

impl System {
    /// The matrix with these entries, (column, value) row by row; entries of the same place are added up.
    ///
    /// # Errors
    /// [`Error::Input`] for a column beyond the number of rows.
    pub fn new(rows: Vec<Vec<(usize, BigRational)>>) -> Result<Self, Error> {
        let order = rows.len();
        let (mut integers, mut scales) = (Vec::with_capacity(order), Vec::with_capacity(order));
        for (number, row) in rows.into_iter().enumerate() {
            if let Some((column, _)) = row.iter().find(|(column, _)| *column >= order) {
                let place = format!("row {number} of a system of order {order}");
                return Err(Error::input(
                    place,
                    format!("column {column}"),
                    "a column of the matrix",
                ));
            }
            let row = summed(row);
            let scale = lcm(row.iter().map(|(_, value)| value.denom()));
            let integer = |(column, value): (usize, BigRational)| {
                (column, value.numer() * (&scale / value.denom()))
            };
            integers.push(row.into_iter().map(integer).collect());
            scales.push(scale);
        }
        Ok(Self { rows: integers, scales })
    }

    /// The matrix with these rows.
    ///
    /// # Errors
    /// [`Error::Input`] for a matrix that is not square.
    pub fn dense(rows: &[Vec<BigRational>]) -> Result<Self, Error> {
        let row = |row: &Vec<BigRational>| row.iter().cloned().enumerate().collect();
        let order = rows.len();
        if let Some(number) = rows.iter().position(|row| row.len() != order) {
            let found = format!("{} columns", rows[number].len());
            return Err(Error::input(format!("row {number}"), found, format!("{order} columns")));
        }
        Self::new(rows.iter().map(row).collect())
    }

    /// n
    #[must_use]
    pub fn order(&self) -> usize {
        self.rows.len()
    }

    /// The integers of every row that are not 0, by column.
    pub(super) fn rows(&self) -> &[Vec<(usize, BigInt)>] {
        &self.rows
    }

    /// A right-hand side as integers that fit the integers of the rows, and what it was multiplied by besides.
    pub(super) fn integers(&self, right: &[BigRational]) -> Result<(Vec<BigInt>, BigInt), Error> {
        if right.len() != self.order() {
            let (found, expected) = (right.len().to_string(), self.order().to_string());
            return Err(Error::input("the length of a right-hand side", found, expected));
        }
        let scaled = right.iter().zip(&self.scales);
        let scaled: Vec<_> = scaled.map(|(value, scale)| value * scale).collect();
        let common = lcm(scaled.iter().map(BigRational::denom));
        let integer = |value: &BigRational| value.numer() * (&common / value.denom());
        let integers = scaled.iter().map(integer).collect();
        Ok((integers, common))
    }

    /// Whether A X = d r over ℤ with d > 0, in every row; all of them integers, A the rows of this system.
    pub(super) fn holds(&self, numerators: &[BigInt], divisor: &BigInt, right: &[BigInt]) -> bool {
        let rows = self.rows.iter().zip(right);
        divisor > &BigInt::zero()
            && (numerators.len(), right.len()) == (self.order(), self.order())
            && rows.into_iter().all(|(row, right)| image(row, numerators) == divisor * right)
    }

    /// Whether the vector is not 0 and A times it is: then A is singular.
    pub(super) fn maps_to_zero(&self, vector: &[BigInt]) -> bool {
        vector.iter().any(|entry| !entry.is_zero())
            && self.rows.iter().all(|row| image(row, vector).is_zero())
    }

    /// The rows `pivots` cut to as many columns, and the next column of the same rows.
    pub(super) fn corner(&self, pivots: &[usize]) -> (Self, Vec<BigRational>) {
        let order = pivots.len();
        let cut = |row: &usize| {
            let entries = self.rows[*row].iter().filter(|(column, _)| *column < order);
            entries.cloned().collect()
        };
        let next = |row: &usize| {
            let entry = self.rows[*row].iter().find(|(column, _)| *column == order);
            entry.map_or_else(BigRational::zero, |(_, value)| BigRational::from(value.clone()))
        };
        let rows = pivots.iter().map(cut).collect();
        let corner = Self { rows, scales: vec![BigInt::one(); order] };
        (corner, pivots.iter().map(next).collect())
    }
}

/// Σ_j a_j x_j
fn image(row: &[(usize, BigInt)], vector: &[BigInt]) -> BigInt {
    let mut sum = BigInt::zero();
    for (column, entry) in row {
        sum += entry * &vector[*column];
    }
    sum
}

/// One entry per column, in their order, none 0.
fn summed(mut row: Vec<(usize, BigRational)>) -> Vec<(usize, BigRational)> {
    row.sort_by_key(|(column, _)| *column);
    let mut sums: Vec<(usize, BigRational)> = Vec::with_capacity(row.len());
    for (column, value) in row {
        match sums.last_mut() {
            Some((last, sum)) if *last == column => *sum += value,
            _ => sums.push((column, value)),
        }
    }
    sums.retain(|(_, value)| !value.is_zero());
    sums
}

fn lcm<'a>(denominators: impl Iterator<Item = &'a BigInt>) -> BigInt {
    let mut common = BigInt::one();
    for denominator in denominators {
        // Most denominators are the same power of two: a division is cheaper than a greatest common divisor.
        if !(&common % denominator).is_zero() {
            common = common.lcm(denominator);
        }
    }
    common
}
