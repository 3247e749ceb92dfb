//! Matrices column by column, with leading dimensions that do not alias in cache.

use faer::{Mat, MatMut, MatRef};

use crate::error::Error;

/// A matrix of zeros whose columns lie a padded distance apart: columns a power of two apart fall into the same cache sets.
///
/// ```
/// let matrix = creditcheck::linalg::zeros(1024, 3);
/// assert_eq!((matrix.nrows(), matrix.ncols(), matrix.col_stride()), (1024, 3, 1040));
/// ```
#[must_use]
pub fn zeros(rows: usize, columns: usize) -> Mat<f64> {
    let lines = rows.next_multiple_of(16) + 16;
    let stride = if lines >= 128 && lines.is_power_of_two() { lines + 16 } else { lines };
    let mut matrix = Mat::with_capacity(stride, columns);
    matrix.resize_with(rows, columns, |_, _| 0.0);
    matrix
}

/// How many bytes a matrix takes, padding included.
pub(crate) fn bytes(matrix: &Mat<f64>) -> usize {
    matrix.col_stride().unsigned_abs() * matrix.ncols() * size_of::<f64>()
}

/// One column as a slice; empty where entries of a column do not lie side by side, which no matrix of this room does.
#[inline(always)]
#[must_use]
pub fn column(matrix: MatRef<'_, f64>, index: usize) -> &[f64] {
    matrix.col(index).try_as_col_major().map_or(&[], |column| column.as_slice())
}

/// [`column()`], to write.
#[inline(always)]
#[must_use]
pub fn column_mut<'a>(matrix: &'a mut MatMut<'_, f64>, index: usize) -> &'a mut [f64] {
    let column = matrix.as_mut().col_mut(index).try_as_col_major_mut();
    column.map_or(&mut [], |column| column.as_slice_mut())
}

/// Refuses a matrix of another shape.
///
/// # Errors
/// [`Error::Input`] with both shapes.
pub(crate) fn expect_shape(
    place: &str,
    matrix: MatRef<'_, f64>,
    rows: usize,
    columns: usize,
) -> Result<(), Error> {
    if matrix.shape() == (rows, columns) && matrix.row_stride() == 1 {
        return Ok(());
    }
    let found = format!("{} × {}", matrix.nrows(), matrix.ncols());
    Err(Error::input(place, found, format!("{rows} × {columns}, by columns")))
}
