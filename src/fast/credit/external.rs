//! The external credit e = −∂L_b/∂x of every loss, in floats (D3).

use crate::error::Error;
use crate::fast::{Float, rounded};
use crate::spec::{Loss, OutputError, Reduction, Share};

/// How an output is pulled, its numbers rounded to the format.
#[derive(Clone, Debug)]
pub(in crate::fast) struct External<F> {
    pull: Pull<F>,
    reduction: Reduction,
}

/// −∂ℓ/∂x
#[derive(Clone, Debug)]
enum Pull<F> {
    HalfSquaredError,
    Mse,
    L1(Share),
    Huber(F),
    SmoothL1(F),
    Hinge(F, Share),
}

impl<F: Float> External<F> {
    /// Half squared error, as the sources have it.
    pub(in crate::fast) fn half_squared() -> Self {
        Self { pull: Pull::HalfSquaredError, reduction: Reduction::BatchMean }
    }

    /// Rounds the numbers of a loss.
    ///
    /// # Errors
    /// [`Error::NotFinite`] if one of them is beyond the format.
    pub(in crate::fast) fn of(loss: &Loss) -> Result<Self, Error> {
        let Loss::Reduced { error, reduction } = loss else { return Ok(Self::half_squared()) };
        let number = |value| rounded(value, || format!("a number of {}", error.name()));
        let pull = match error {
            OutputError::Mse => Pull::Mse,
            OutputError::L1 { kink } => Pull::L1(*kink),
            OutputError::Huber { delta } => Pull::Huber(number(delta)?),
            OutputError::SmoothL1 { beta, kink } if num_traits::Zero::is_zero(beta) => {
                Pull::L1(*kink)
            }
            OutputError::SmoothL1 { beta, .. } => Pull::SmoothL1(number(beta)?),
            OutputError::Hinge { margin, kink } => Pull::Hinge(number(margin)?, *kink),
        };
        Ok(Self { pull, reduction: *reduction })
    }

    /// e of one output among so many, in a batch of so many examples.
    pub(in crate::fast) fn credit(
        &self,
        rate: F,
        target: F,
        (batch, outputs): (usize, usize),
    ) -> F {
        let wanting = target - rate;
        let (zero, one) = (F::from(0), F::from(1));
        let pull = match &self.pull {
            Pull::HalfSquaredError => return wanting,
            Pull::Mse => wanting + wanting,
            Pull::L1(kink) => {
                if wanting > zero {
                    one
                } else if wanting < zero {
                    -one
                } else {
                    let share = share::<F>(*kink);
                    one - share - share
                }
            }
            Pull::Huber(delta) => clipped(wanting, *delta),
            Pull::SmoothL1(beta) => clipped(wanting, *beta) / *beta,
            Pull::Hinge(margin, kink) => {
                let score = target * rate;
                if score < *margin {
                    target
                } else if score > *margin {
                    zero
                } else {
                    share::<F>(*kink) * target
                }
            }
        };
        match self.reduction {
            Reduction::Sum => pull * F::count(batch),
            Reduction::Mean => pull / F::count(outputs),
            Reduction::BatchMean => pull,
        }
    }
}

fn share<F: Float>(kink: Share) -> F {
    F::ratio(kink.numerator(), kink.denominator())
}

fn clipped<F: Float>(value: F, most: F) -> F {
    if value > most {
        most
    } else if value < -most {
        -most
    } else {
        value
    }
}
