//! ℓ of the outputs, for engines that know the loss alone (D0): on dual numbers its slope comes by itself.

use std::cmp::Ordering;

use num_rational::BigRational;

use super::{afford, embed, no_sign};
use crate::error::Error;
use crate::scalar::Scalar;
use crate::spec::{Limits, Loss, OutputError, Reduction, Share};

/// L_b of the outputs of one example, for any of B examples.
///
/// ```text
/// D0   L_b = (B/N) Σ_k ℓ(x_k, t_k)
/// ```
#[derive(Clone, Debug)]
pub(crate) struct Measure<'a, S> {
    loss: &'a Loss,
    /// B/N, and the 1/2 of half squared error.
    factor: S,
}

impl<'a, S: Scalar> Measure<'a, S> {
    /// The measure of a batch of so many examples and outputs.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the factor has no image in the ring.
    pub(crate) fn of(loss: &'a Loss, examples: usize, outputs: usize) -> Result<Self, Error> {
        let (over, under) = match loss {
            Loss::HalfSquaredError => (1, 2),
            Loss::Reduced { reduction: Reduction::Sum, .. } => (examples, 1),
            Loss::Reduced { reduction: Reduction::Mean, .. } => (1, outputs),
            Loss::Reduced { reduction: Reduction::BatchMean, .. } => (1, 1),
        };
        let factor = BigRational::new(over.into(), under.max(1).into());
        Ok(Self { loss, factor: embed(&factor, "the factor of the loss")? })
    }

    /// L_b from the rates of the output neurons and their targets.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where a piece of ℓ is to be chosen in a number type without order; [`Error::Limit`].
    pub(crate) fn of_example(
        &self,
        outputs: impl IntoIterator<Item = (S, S)>,
        limits: &Limits,
    ) -> Result<S, Error> {
        let mut sum = S::zero();
        for (rate, target) in outputs {
            let difference = rate.clone() - &target;
            afford(&sum, &difference, &difference, limits, "the loss")?;
            sum = sum
                + &match self.loss {
                    Loss::HalfSquaredError | Loss::Reduced { error: OutputError::Mse, .. } => {
                        difference.clone() * &difference
                    }
                    Loss::Reduced { error: OutputError::L1 { kink }, .. } => {
                        magnitude(&difference, *kink)?
                    }
                    Loss::Reduced { error: OutputError::Huber { delta }, .. } => {
                        let delta: S = embed(delta, "delta of huber")?;
                        bowl(&difference, &delta)?
                    }
                    Loss::Reduced { error: OutputError::SmoothL1 { beta, kink }, .. } => {
                        match Scalar::try_recip(beta) {
                            None => magnitude(&difference, *kink)?,
                            Some(reciprocal) => {
                                let beta: S = embed(beta, "beta of smooth_l1")?;
                                bowl(&difference, &beta)?
                                    * &embed(&reciprocal, "1/beta of smooth_l1")?
                            }
                        }
                    }
                    Loss::Reduced { error: OutputError::Hinge { margin, kink }, .. } => {
                        let margin: S = embed(margin, "margin of hinge")?;
                        let missing = margin - &(target * &rate);
                        pieces(&missing, *kink, S::zero(), missing.clone())?
                    }
                };
        }
        Ok(sum * &self.factor)
    }
}

/// |r|
fn magnitude<S: Scalar>(r: &S, kink: Share) -> Result<S, Error> {
    pieces(r, kink, -r.clone(), r.clone())
}

/// ½ r² up to |r| = w, and the tangents from there on: w (|r| − ½ w).
fn bowl<S: Scalar>(r: &S, width: &S) -> Result<S, Error> {
    let half: S = embed(&BigRational::new(1.into(), 2.into()), "the 1/2 of the loss")?;
    let straight = |magnitude: S| width.clone() * &(magnitude - &(half.clone() * width));
    let sign = |value: S| value.sign().ok_or_else(|| no_sign("a loss in pieces"));
    if sign(r.clone() - width)? == Ordering::Greater {
        return Ok(straight(r.clone()));
    }
    if sign(r.clone() + width)? == Ordering::Less {
        return Ok(straight(-r.clone()));
    }
    Ok(half * r * r)
}

/// `left` below 0, `right` above, and at 0 the mixture of both that the convention names.
fn pieces<S: Scalar>(at: &S, kink: Share, left: S, right: S) -> Result<S, Error> {
    match at.sign().ok_or_else(|| no_sign("a loss in pieces"))? {
        Ordering::Less => Ok(left),
        Ordering::Greater => Ok(right),
        Ordering::Equal => {
            let share: S = embed(&kink.exact(), "the share of a kink convention")?;
            Ok((S::one() - &share) * &left + &(share * &right))
        }
    }
}
