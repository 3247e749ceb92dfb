//! e = −∂L_b/∂x at the outputs, from the rates and targets of a certificate (D3).

use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use crate::spec::{Case, Loss, Neuron, OutputError, Reduction, Share};

/// e of each output of one example.
///
/// ```text
/// e_k = (B/N) (−∂ℓ/∂x_k)
/// ```
pub(super) fn of_outputs(
    case: &Case,
    example: usize,
    outputs: &[Neuron],
    rate: impl Fn(Neuron) -> BigRational,
) -> Vec<BigRational> {
    let targets = case.examples[example].target.iter();
    let pairs = outputs.iter().zip(targets).map(|(&output, target)| (rate(output), target));
    let (error, reduction) = match &case.loss {
        Loss::HalfSquaredError => return pairs.map(|(rate, target)| target - rate).collect(),
        Loss::Reduced { error, reduction } => (error, reduction),
    };
    let whole = |number: usize| BigRational::from_integer(number.into());
    let factor = match reduction {
        Reduction::Sum => whole(case.examples.len()),
        Reduction::Mean => whole(outputs.len().max(1)).recip(),
        Reduction::BatchMean => whole(1),
    };
    pairs.map(|(rate, target)| &factor * one(error, &rate, target)).collect()
}

/// −∂ℓ/∂x.
fn one(error: &OutputError, rate: &BigRational, target: &BigRational) -> BigRational {
    let missing = target - rate;
    match error {
        OutputError::Mse => &missing + &missing,
        OutputError::L1 { kink } => upwards(&missing, *kink),
        OutputError::Huber { delta } if missing.abs() <= *delta => missing,
        OutputError::Huber { delta } => missing.signum() * delta,
        OutputError::SmoothL1 { beta, .. } if missing.abs() < *beta => missing / beta,
        OutputError::SmoothL1 { kink, .. } => upwards(&missing, *kink),
        OutputError::Hinge { margin, kink } => {
            let room = margin - target * rate;
            if room.is_zero() {
                target * kink.exact()
            } else if room.is_positive() {
                target.clone()
            } else {
                BigRational::zero()
            }
        }
    }
}

/// The way to the target; on it −(2θ − 1).
fn upwards(missing: &BigRational, kink: Share) -> BigRational {
    match missing.is_zero() {
        false => missing.signum(),
        true => BigRational::one() - kink.exact() - kink.exact(),
    }
}
