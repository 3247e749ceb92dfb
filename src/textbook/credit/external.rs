//! The external credit of every loss: what an output neuron is told (D3).

use std::cmp::Ordering;

use num_rational::BigRational;
use num_traits::Signed;

use crate::error::Error;
use crate::scalar::Scalar;
use crate::spec::{Case, Loss, OutputError, PerNeuron, Reduction, Share, Wiring};
use crate::textbook::{embed, no_sign};

/// e of D3 on output neurons, 0 elsewhere.
///
/// ```text
/// e_k = −(B/N) ∂ℓ/∂x_k:   t − x;   2 (t − x);   ∓1;   t − x clipped to ±δ;   (t − x)/β clipped to ±1;   t where t x < m
/// ```
///
/// # Errors
/// [`Error::Unsupported`] where a piece of ℓ is to be chosen in a number type without order, and where a number has no image in it.
pub(crate) fn external_credit<S: Scalar>(
    case: &Case,
    wiring: &Wiring,
    firing_rate: &PerNeuron<S>,
    target: &[S],
) -> Result<PerNeuron<S>, Error> {
    let mut external = PerNeuron::filled(wiring.neurons(), S::zero());
    let outputs = wiring.outputs.iter().zip(target);
    match &case.loss {
        Loss::HalfSquaredError => {
            for (&output, wanted) in outputs {
                external[output] = wanted.clone() - &firing_rate[output];
            }
        }
        Loss::Reduced { error, reduction } => {
            let (examples, outputs_each) = (case.examples.len(), wiring.outputs.len());
            let weight = match reduction {
                Reduction::Sum => BigRational::from_integer(examples.into()),
                Reduction::Mean => BigRational::new(1.into(), outputs_each.max(1).into()),
                Reduction::BatchMean => BigRational::from_integer(1.into()),
            };
            let weight: S = embed(&weight, "B/N of the loss")?;
            for (&output, wanted) in outputs {
                external[output] = pull(error, &firing_rate[output], wanted)? * &weight;
            }
        }
    }
    Ok(external)
}

/// −∂ℓ/∂x: where the output is pulled, and how hard.
fn pull<S: Scalar>(error: &OutputError, rate: &S, target: &S) -> Result<S, Error> {
    let wanting = target.clone() - rate;
    match error {
        OutputError::Mse => Ok(wanting.clone() + &wanting),
        OutputError::L1 { kink } => direction(&wanting, *kink),
        OutputError::Huber { delta } => clipped(wanting, &embed(delta, "delta of huber")?),
        OutputError::SmoothL1 { beta, kink } if !beta.is_positive() => direction(&wanting, *kink),
        OutputError::SmoothL1 { beta, .. } => {
            let per_beta: S = embed(&beta.recip(), "1/beta of smooth_l1")?;
            clipped(wanting * &per_beta, &S::one())
        }
        OutputError::Hinge { margin, kink } => {
            let margin: S = embed(margin, "margin of hinge")?;
            let missing = margin - &(target.clone() * rate);
            match missing.sign().ok_or_else(|| no_sign("hinge"))? {
                Ordering::Less => Ok(S::zero()),
                Ordering::Greater => Ok(target.clone()),
                Ordering::Equal => {
                    Ok(target.clone() * &embed(&kink.exact(), "the share of a kink convention")?)
                }
            }
        }
    }
}

/// The sign of t − x; where they are equal 1 − 2θ, because x goes up through t where t − x comes down.
fn direction<S: Scalar>(wanting: &S, kink: Share) -> Result<S, Error> {
    match wanting.sign().ok_or_else(|| no_sign("l1"))? {
        Ordering::Less => Ok(-S::one()),
        Ordering::Greater => Ok(S::one()),
        Ordering::Equal => {
            let share: S = embed(&kink.exact(), "the share of a kink convention")?;
            Ok(S::one() - &share - &share)
        }
    }
}

/// The value, or the end of ±`most` that it lies beyond.
fn clipped<S: Scalar>(value: S, most: &S) -> Result<S, Error> {
    let sign = |value: S| value.sign().ok_or_else(|| no_sign("a loss in pieces"));
    if sign(value.clone() - most)? == Ordering::Greater {
        return Ok(most.clone());
    }
    if sign(value.clone() + most)? == Ordering::Less {
        return Ok(-most.clone());
    }
    Ok(value)
}
