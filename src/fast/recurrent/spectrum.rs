//! Whether the dynamics settle (D9): the largest real part among the eigenvalues of diag β · W.

use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{ComputeEigenvectors, evd_real, evd_scratch};
use faer::{Mat, MatRef, Par};

use super::size::{largest, wide};
use crate::error::Error;
use crate::fast::product::expect_shape;
use crate::fast::{Float, not_finite};
use crate::spec::{PerNeuron, PerSynapse, Wiring};

/// max Re eig(diag β · W): the dynamics settle only if it is below 1 (D9), and no damping restores it.
///
/// Firing, τ_x dx/dt = −x + σ(Wx + b), and credit, τ_c dc/dt = −c + Wᵀ(β∘c) + e, have the same spectrum near the
/// equilibrium, −1 + eig(diag β · W), so they lose stability together. The credit equilibrium itself may well exist beyond.
///
/// Shapes: W N × N with row = post and column = pre, β of N neurons, 0 at clamped ones.
///
/// Exactness: rounded, in f64 for both formats; on one thread.
///
/// # Errors
/// [`Error::Input`] on wrong shapes, [`Error::NotFinite`] for numbers that are not finite or eigenvalues that are not found.
///
/// ```
/// use creditcheck::fast::recurrent::spectral_abscissa;
/// // A pair ±2i: it turns, and dies away.
/// let weights = faer::mat![[0.0, 2.0], [-2.0, 0.0]];
/// assert!(spectral_abscissa(weights.as_ref(), &[1.0, 1.0]).unwrap().abs() < 1e-12);
/// assert_eq!(spectral_abscissa(faer::mat![[1.5]].as_ref(), &[1.0]).unwrap(), 1.5);
/// ```
pub fn spectral_abscissa<F: Float>(
    weights: MatRef<'_, F>,
    balance_factor: &[F],
) -> Result<f64, Error> {
    let n = balance_factor.len();
    expect_shape("weights", weights, n, n)?;
    let scaled =
        Mat::from_fn(n, n, |post, pre| wide(balance_factor[post]) * wide(weights[(post, pre)]));
    let entries = scaled.col_iter().flat_map(|column| column.iter().copied());
    if !largest(entries).is_finite() {
        return Err(not_finite(format!("β W of a synapse in {}", F::NAME)));
    }
    let found = eigenvalues(scaled.as_ref(), "diag β W")?;
    let most = found.into_iter().map(|(real, _)| real).fold(f64::NEG_INFINITY, f64::max);
    // Without neurons there is nothing to settle.
    Ok(if n == 0 { 0.0 } else { most })
}

/// max |eig(D)|: the powers of D grow from 1 on, and vanish below.
///
/// Exactness: rounded, on one thread.
///
/// # Errors
/// [`Error::NotFinite`] for numbers that are not finite or eigenvalues that are not found; [`Error::Input`] for a matrix that is not square.
///
/// ```
/// use creditcheck::fast::recurrent::spectral_radius;
/// // A pair ±2i.
/// let found = spectral_radius(&[vec![0.0, 2.0], vec![-2.0, 0.0]]).unwrap();
/// assert!((found - 2.0).abs() < 1e-12);
/// ```
pub fn spectral_radius(rows: &[Vec<f64>]) -> Result<f64, Error> {
    let n = rows.len();
    if let Some(row) = rows.iter().find(|row| row.len() != n) {
        return Err(Error::input("matrix", format!("a row of {}", row.len()), n.to_string()));
    }
    let matrix = Mat::from_fn(n, n, |post, pre| rows[post][pre]);
    if !largest(rows.iter().flatten().copied()).is_finite() {
        return Err(not_finite("an entry of a matrix of which eigenvalues are wanted".to_owned()));
    }
    let found = eigenvalues(matrix.as_ref(), "a matrix")?;
    Ok(found.into_iter().map(|(real, imaginary)| real.hypot(imaginary)).fold(0.0, f64::max))
}

/// Real and imaginary parts of all eigenvalues.
fn eigenvalues(matrix: MatRef<'_, f64>, what: &str) -> Result<Vec<(f64, f64)>, Error> {
    let n = matrix.nrows();
    let (mut real, mut imaginary) = (Diag::<f64>::zeros(n), Diag::<f64>::zeros(n));
    let no = ComputeEigenvectors::No;
    let request = evd_scratch::<f64>(n, no, no, Par::Seq, faer::prelude::default());
    evd_real(
        matrix,
        real.as_mut(),
        imaginary.as_mut(),
        None,
        None,
        Par::Seq,
        MemStack::new(&mut MemBuffer::new(request)),
        faer::prelude::default(),
    )
    .map_err(|_| not_finite(format!("the eigenvalues of {what}")))?;
    let (real, imaginary) = (real.column_vector(), imaginary.column_vector());
    Ok(real.iter().copied().zip(imaginary.iter().copied()).collect())
}

/// The same on a graph: one weight per synapse, one β per neuron, 0 where a neuron is clamped.
///
/// # Errors
/// As [`spectral_abscissa`].
pub fn spectral_abscissa_of(
    wiring: &Wiring,
    weights: &PerSynapse<f64>,
    balance_factor: &PerNeuron<f64>,
) -> Result<f64, Error> {
    let mut dense = Mat::<f64>::zeros(wiring.neurons(), wiring.neurons());
    for (synapse, ends) in wiring.synapses.indexed() {
        dense[(ends.post.0, ends.pre.0)] = weights[synapse];
    }
    spectral_abscissa(dense.as_ref(), balance_factor.as_slice())
}
