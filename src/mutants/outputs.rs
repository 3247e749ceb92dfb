//! e and the slope of the loss at the outputs of the reference, by hand of nobody else.

use num_traits::Zero;

use crate::scalar::Rational;
use crate::spec::{Loss, OutputError, Reduction, Share};

use super::reference::Reference;

impl Reference<'_> {
    /// ∂L_b/∂x of an output.
    pub(super) fn slope_of_loss(&self, rate: &Rational, target: &Rational) -> Rational {
        let r = rate - target;
        let (error, reduction) = match &self.case.loss {
            Loss::HalfSquaredError => return r,
            Loss::Reduced { error, reduction } => (error, reduction),
        };
        slope(error, &r, (rate, target)) * self.weight(*reduction)
    }

    /// B/N.
    fn weight(&self, reduction: Reduction) -> Rational {
        match reduction {
            Reduction::Sum => Rational::integer(self.case.examples.len()),
            Reduction::Mean => Rational::one_over(self.wiring.outputs.len()),
            Reduction::BatchMean => Rational::one(),
        }
    }
}

/// ∂ℓ/∂x.
fn slope(error: &OutputError, r: &Rational, (rate, target): (&Rational, &Rational)) -> Rational {
    match error {
        OutputError::Mse => r * Rational::integer(2),
        OutputError::L1 { kink } => sign(r, *kink),
        OutputError::Huber { delta } => within(r, &Rational::of(delta)),
        OutputError::SmoothL1 { beta, kink } => match beta.is_zero() {
            true => sign(r, *kink),
            false => {
                let beta = Rational::of(beta);
                let part = within(r, &beta);
                beta.try_recip().map_or_else(Rational::zero, |recip| part * recip)
            }
        },
        OutputError::Hinge { margin, kink } => {
            let reached = target * rate - Rational::of(margin);
            if reached.is_negative() {
                -target.clone()
            } else if reached.is_zero() {
                -(target * Rational::of(&kink.exact()))
            } else {
                Rational::zero()
            }
        }
    }
}

fn sign(r: &Rational, kink: Share) -> Rational {
    match r.is_zero() {
        true => Rational::of(&kink.exact()) * Rational::integer(2) - Rational::one(),
        false => r.signum(),
    }
}

fn within(r: &Rational, most: &Rational) -> Rational {
    match (r.abs() - most).is_positive() {
        true => r.signum() * most,
        false => r.clone(),
    }
}
