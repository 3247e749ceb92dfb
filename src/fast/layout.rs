//! Where the numbers of a matrix lie, what is known about their size, and how many threads work on them.

use std::num::NonZeroUsize;

use faer::Mat;

use super::{Float, not_finite};
use crate::error::Error;

/// Numbers in one cache line of f32; two lines of f64.
const LINE: usize = 16;

/// How many threads share a product: one unless more are asked for.
///
/// Exactness: the bits of a result do not depend on it.
///
/// ```
/// use creditcheck::fast::Threads;
/// assert_eq!(Threads::default(), Threads::ONE);
/// assert_eq!(Threads::rayon(0), Threads::ONE);
/// assert_eq!(Threads::rayon(2).count(), 2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threads(NonZeroUsize);

impl Threads {
    /// The calling thread alone.
    pub const ONE: Self = Self(NonZeroUsize::MIN);

    /// At most so many threads of rayon's pool; none is taken for one.
    #[must_use]
    pub fn rayon(threads: usize) -> Self {
        Self(NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN))
    }

    /// How many threads there may be.
    #[must_use]
    pub fn count(self) -> usize {
        self.0.get()
    }
}

impl Default for Threads {
    fn default() -> Self {
        Self::ONE
    }
}

/// The column stride for so many rows: whole cache lines, and one line more.
///
/// A stride that is a power of two puts all columns into the same few sets of a cache.
pub(super) fn stride(rows: usize) -> usize {
    let lines = rows.div_ceil(LINE) * LINE + LINE;
    // Below 1 KiB nothing aliases.
    if lines >= 128 && lines.is_power_of_two() { lines + LINE } else { lines }
}

/// A matrix with padded columns, filled by a function of row and column.
pub(super) fn padded<F: Float>(
    rows: usize,
    columns: usize,
    value: impl FnMut(usize, usize) -> F,
) -> Mat<F> {
    let mut matrix = Mat::with_capacity(stride(rows), columns);
    matrix.resize_with(rows, columns, value);
    matrix
}

/// A padded matrix of zeros.
pub(super) fn zeros<F: Float>(rows: usize, columns: usize) -> Mat<F> {
    padded(rows, columns, |_, _| F::from(0))
}

/// Refuses values of which one is NaN or infinite.
///
/// # Errors
/// [`Error::NotFinite`] with the quantity and its layer.
pub(super) fn expect_finite<F: Float>(
    values: &[F],
    quantity: &str,
    layer: usize,
) -> Result<(), Error> {
    if values.iter().all(|value| value.finite()) {
        return Ok(());
    }
    Err(not_finite(format!("{quantity} of layer {layer} in {}", F::NAME)))
}

/// The same for the first columns of a matrix.
///
/// # Errors
/// As [`expect_finite`].
pub(super) fn expect_finite_columns<F: Float>(
    matrix: &Mat<F>,
    columns: usize,
    quantity: &str,
    layer: usize,
) -> Result<(), Error> {
    (0..columns).try_for_each(|b| expect_finite(matrix.col_as_slice(b), quantity, layer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_where_they_were_meant() {
        for rows in 1..4096 {
            let stride = stride(rows);
            assert!(stride >= rows + LINE && stride.is_multiple_of(LINE), "{rows}");
            assert!(stride < 128 || !stride.is_power_of_two(), "{rows} rows are {stride} apart");
        }
        for (rows, expected) in
            [(1, 32), (1000, 1040), (10, 32), (16, 32), (17, 48), (784, 800), (1024, 1040)]
        {
            assert_eq!(stride(rows), expected);
            let matrix = padded(rows, 3, |row, column| (row + rows * column) as f32);
            assert_eq!(matrix.as_ref().col_stride(), expected as isize);
            assert_eq!(matrix.as_ref().row_stride(), 1);
            assert_eq!(matrix[(rows - 1, 2)], (3 * rows - 1) as f32);
            let matrix = zeros::<f64>(rows, 3);
            assert_eq!(matrix.as_ref().col_stride(), expected as isize);
        }
    }
}
