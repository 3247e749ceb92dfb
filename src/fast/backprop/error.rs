//! ℓ and ∂L_b/∂x at the outputs, of every loss, in floats (D0, D6).

use num_traits::Signed;

use crate::error::Error;
use crate::fast::{Float, rounded};
use crate::spec::{Loss, OutputError, Reduction, Share};

/// A loss with its numbers rounded to the format.
#[derive(Clone, Debug)]
pub(super) struct Measure<F> {
    error: Option<Rounded<F>>,
    reduction: Reduction,
}

#[derive(Clone, Debug)]
enum Rounded<F> {
    Square,
    Absolute { kink: Share },
    Huber { delta: F },
    Smooth { beta: F },
    Hinge { margin: F, kink: Share },
}

impl<F: Float> Measure<F> {
    /// ½ Σ (x − t)², the mean over examples.
    pub(super) fn half_squared() -> Self {
        Self { error: None, reduction: Reduction::BatchMean }
    }

    /// Rounds the numbers of a loss.
    ///
    /// # Errors
    /// [`Error::NotFinite`] if one of them is beyond the format.
    pub(super) fn of(loss: &Loss) -> Result<Self, Error> {
        let Loss::Reduced { error, reduction } = loss else { return Ok(Self::half_squared()) };
        let of = |value| rounded(value, || format!("a parameter of the loss {}", error.name()));
        let error = match error {
            OutputError::Mse => Rounded::Square,
            OutputError::SmoothL1 { beta, kink } => match beta.is_positive() {
                true => Rounded::Smooth { beta: of(beta)? },
                false => Rounded::Absolute { kink: *kink },
            },
            OutputError::L1 { kink } => Rounded::Absolute { kink: *kink },
            OutputError::Huber { delta } => Rounded::Huber { delta: of(delta)? },
            OutputError::Hinge { margin, kink } => {
                Rounded::Hinge { margin: of(margin)?, kink: *kink }
            }
        };
        Ok(Self { error: Some(error), reduction: *reduction })
    }

    /// L from Σ ℓ of a batch; of half squared error from Σ r².
    pub(super) fn over(&self, sum: F, (batch, outputs): (usize, usize)) -> F {
        match (&self.error, self.reduction) {
            (None, _) => sum / F::from(2) / F::count(batch),
            (Some(_), Reduction::Sum) => sum,
            (Some(_), Reduction::Mean) => sum / F::count(outputs) / F::count(batch),
            (Some(_), Reduction::BatchMean) => sum / F::count(batch),
        }
    }

    /// ℓ of one output, and ∂L_b/∂x = (B/N) ∂ℓ/∂x; of half squared error r² and r.
    pub(super) fn of_output(&self, x: F, t: F, (batch, outputs): (usize, usize)) -> (F, F) {
        let r = x - t;
        let Some(error) = &self.error else { return (r * r, r) };
        let (value, slope) = value_and_slope(error, r, (x, t));
        let slope = match self.reduction {
            Reduction::Sum => F::count(batch) * slope,
            Reduction::Mean => slope / F::count(outputs),
            Reduction::BatchMean => slope,
        };
        (value, slope)
    }
}

/// ℓ and ∂ℓ/∂x.
fn value_and_slope<F: Float>(error: &Rounded<F>, r: F, (x, t): (F, F)) -> (F, F) {
    let (two, size) = (F::from(2), r.magnitude());
    let sign = if r < F::from(0) { -F::from(1) } else { F::from(1) };
    let at_kink = |kink: &Share| F::ratio(kink.numerator(), kink.denominator());
    match error {
        Rounded::Square => (r * r, two * r),
        Rounded::Absolute { kink } if r == F::from(0) => (size, two * at_kink(kink) - F::from(1)),
        Rounded::Absolute { .. } => (size, sign),
        Rounded::Huber { delta } if size > *delta => {
            (*delta * (size - *delta / two), sign * *delta)
        }
        Rounded::Huber { .. } => (r * r / two, r),
        Rounded::Smooth { beta } if size >= *beta => (size - *beta / two, sign),
        Rounded::Smooth { beta } => (r * r / (two * *beta), r / *beta),
        Rounded::Hinge { margin, kink } => {
            let missing = *margin - t * x;
            if missing > F::from(0) {
                (missing, -t)
            } else if missing < F::from(0) {
                (F::from(0), F::from(0))
            } else {
                (F::from(0), -(t * at_kink(kink)))
            }
        }
    }
}
