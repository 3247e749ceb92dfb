//! Mean squared error by way of half squared error, of which it is a multiple.

use num_rational::BigRational;

use crate::error::Error;
use crate::spec::{Dense, Loss, OutputError, Reduction};

/// How many times half squared error the loss of a case is, and the case with half squared error.
///
/// ```text
/// (1/N) Σ_b Σ_k r² = (2B/N) · (1/B) Σ_b ½ Σ_k r²:   2B of sum, 2/K of mean, 2 of batch_mean
/// ```
///
/// # Errors
/// [`Error::Unsupported`] for a loss in pieces, which is no multiple of it.
pub fn as_half_squared(dense: &Dense, who: &str) -> Result<(BigRational, Dense), Error> {
    let q = |p: usize, q: usize| BigRational::new(p.into(), q.max(1).into());
    let times = match &dense.loss {
        Loss::HalfSquaredError => q(1, 1),
        Loss::Reduced { error: OutputError::Mse, reduction } => match reduction {
            Reduction::Sum => q(2 * dense.batch(), 1),
            Reduction::Mean => q(2, dense.targets.cols),
            Reduction::BatchMean => q(2, 1),
        },
        Loss::Reduced {
            error:
                OutputError::L1 { .. }
                | OutputError::Huber { .. }
                | OutputError::SmoothL1 { .. }
                | OutputError::Hinge { .. },
            ..
        } => {
            let name = dense.loss.name();
            let what = format!("the loss {name} in {who}, which has half_squared_error and mse");
            return Err(Error::unsupported(what));
        }
    };
    Ok((times, Dense { loss: Loss::HalfSquaredError, ..dense.clone() }))
}
