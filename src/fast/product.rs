//! faer's product with its shapes checked before and its result checked after.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

use super::{Float, not_finite};
use crate::error::Error;

/// dst ← (dst if `accum` adds) + alpha · left · right.
///
/// # Errors
/// [`Error::Input`] if the shapes do not fit (faer itself would panic).
pub(super) fn product<F: Float>(
    dst: MatMut<'_, F>,
    accum: Accum,
    left: MatRef<'_, F>,
    right: MatRef<'_, F>,
    alpha: F,
) -> Result<(), Error> {
    expect_shape("left factor", left, dst.nrows(), right.nrows())?;
    expect_shape("right factor", right, left.ncols(), dst.ncols())?;
    matmul(dst, accum, left, right, alpha, Par::Seq);
    Ok(())
}

/// Refuses a matrix that does not have this shape.
///
/// # Errors
/// [`Error::Input`] with both shapes.
pub(super) fn expect_shape<F: Float>(
    place: &str,
    matrix: MatRef<'_, F>,
    rows: usize,
    columns: usize,
) -> Result<(), Error> {
    if matrix.shape() == (rows, columns) {
        return Ok(());
    }
    let found = format!("{} × {}", matrix.nrows(), matrix.ncols());
    Err(Error::input(place, found, format!("{rows} × {columns}")))
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
