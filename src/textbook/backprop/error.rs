//! ℓ and its slope at the outputs, of every loss but the one of the sources (D6).

use std::cmp::Ordering;

use num_rational::BigRational;
use num_traits::Signed;

use crate::error::Error;
use crate::scalar::Scalar;
use crate::spec::{OutputError, Reduction};
use crate::textbook::{embed, no_sign};

/// B/N.
pub(super) fn batch_over_count<S: Scalar>(
    reduction: Reduction,
    (batch, outputs): (usize, usize),
) -> Result<S, Error> {
    let count = match reduction {
        Reduction::Sum => 1,
        Reduction::Mean => batch * outputs,
        Reduction::BatchMean => batch,
    };
    embed(
        &BigRational::new(batch.into(), count.max(1).into()),
        "B/N, N the count of the reduction,",
    )
}

/// ℓ and ∂ℓ/∂x of one output.
///
/// ```text
/// mse r², 2r      l1 |r|, sgn r      huber ½ r², r | δ|r| − ½ δ², δ sgn r      smooth_l1 the same over β, of δ = β      hinge m − t x, −t | 0, 0
/// ```
pub(super) fn value_and_slope<S: Scalar>(
    error: &OutputError,
    rate: &S,
    target: &S,
) -> Result<(S, S), Error> {
    let r = rate.clone() - target;
    let sign = |value: &S| value.sign().ok_or_else(|| no_sign(error.name()));
    match error {
        OutputError::Mse => Ok((r.clone() * &r, r.clone() + &r)),
        OutputError::L1 { kink } => absolute(&r, sign(&r)?, &kink.exact()),
        OutputError::SmoothL1 { beta, kink } if !beta.is_positive() => {
            absolute(&r, sign(&r)?, &kink.exact())
        }
        OutputError::Huber { delta } => {
            let (positive, signed) = match sign(&r)? {
                Ordering::Less => (-r.clone(), -S::one()),
                Ordering::Equal | Ordering::Greater => (r.clone(), S::one()),
            };
            let (delta, half): (S, S) = (embed(delta, "delta")?, embed(&half(), "1/2")?);
            Ok(match sign(&(positive.clone() - &delta))? {
                Ordering::Less | Ordering::Equal => (r.clone() * &r * &half, r),
                Ordering::Greater => {
                    let value = delta.clone() * &positive - &(delta.clone() * &delta * &half);
                    (value, delta * &signed)
                }
            })
        }
        OutputError::SmoothL1 { beta, .. } => {
            let huber = OutputError::Huber { delta: beta.clone() };
            let (value, slope) = value_and_slope(&huber, rate, target)?;
            let share: S = embed(&beta.recip(), "1/beta")?;
            Ok((value * &share, slope * &share))
        }
        OutputError::Hinge { margin, kink } => {
            let score = target.clone() * rate;
            let short = embed::<S>(margin, "margin")? - &score;
            Ok(match sign(&short)? {
                Ordering::Greater => (short, -target.clone()),
                Ordering::Less => (S::zero(), S::zero()),
                Ordering::Equal => {
                    (S::zero(), -(embed::<S>(&kink.exact(), "θ of a kink convention")? * target))
                }
            })
        }
    }
}

/// |r| and its slope: ±1, and at 0 the mixture θ − (1 − θ).
fn absolute<S: Scalar>(r: &S, side: Ordering, share: &BigRational) -> Result<(S, S), Error> {
    Ok(match side {
        Ordering::Less => (-r.clone(), -S::one()),
        Ordering::Greater => (r.clone(), S::one()),
        Ordering::Equal => {
            let share: S = embed(share, "θ of a kink convention")?;
            (S::zero(), share.clone() - &(S::one() - &share))
        }
    })
}

fn half() -> BigRational {
    BigRational::new(1.into(), 2.into())
}
