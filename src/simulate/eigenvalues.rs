//! Eigenvalues of a real matrix.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{self, ComputeEigenvectors};
use faer::{Mat, Par};

/// Real and imaginary parts, on one thread whatever faer's setting for the program is.
pub(super) fn eigenvalues(matrix: &Mat<f64>) -> Option<impl Iterator<Item = (f64, f64)>> {
    let n = matrix.nrows();
    let (mut real, mut imaginary) = (Mat::zeros(n, 1), Mat::zeros(n, 1));
    let (none, params) = (ComputeEigenvectors::No, faer::prelude::default());
    let mut memory = MemBuffer::new(evd::evd_scratch::<f64>(n, none, none, Par::Seq, params));
    evd::evd_real(
        matrix.as_ref(),
        real.col_mut(0).as_diagonal_mut(),
        imaginary.col_mut(0).as_diagonal_mut(),
        None,
        None,
        Par::Seq,
        MemStack::new(&mut memory),
        params,
    )
    .ok()?;
    Some((0..n).map(move |k| (real[(k, 0)], imaginary[(k, 0)])))
}
