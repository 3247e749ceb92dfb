//! What the network should have said: the loss of one step and its derivative by the readouts.

use crate::fast::Float;
use crate::spec::Steps;

/// The runs of steps that count, each from its first to before its end; steps are counted from 0 here.
pub(super) fn runs(counted: &Steps, steps: usize) -> impl Iterator<Item = (usize, usize)> {
    let (whole, list) = match counted {
        Steps::All => (Some((0, steps)), &[][..]),
        Steps::Last => (Some((steps - 1, steps)), &[][..]),
        Steps::At(list) => (None, list.as_slice()),
    };
    let single = list.iter().filter(move |t| (1..=steps).contains(*t)).map(|t| (t - 1, *t));
    whole.into_iter().chain(single)
}

/// What the loss measures at the steps that count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Loss {
    /// ½ Σ_k (y_k − y*_k)², with ϵ = y − y*.
    #[default]
    HalfSquaredError,
    /// −Σ_k y*_k ln p_k with p = softmax(y), and ϵ = (Σ_k y*_k) p − y*: for a one-hot target ϵ = p − y*, and
    /// where the target of a step is all zeros the step does not count.
    CrossEntropy,
}

impl Loss {
    /// Writes ϵ of some columns of readouts, one after the other, and returns the sum of their losses.
    pub(super) fn differentiate<F: Float>(
        self,
        readouts: usize,
        y: &[F],
        target: &[F],
        external: &mut [F],
    ) -> F {
        let mut sum = F::from(0);
        let columns = y.chunks_exact(readouts).zip(target.chunks_exact(readouts));
        for ((y, target), external) in columns.zip(external.chunks_exact_mut(readouts)) {
            sum += match self {
                Self::HalfSquaredError => squares(y, target, external) / F::from(2),
                Self::CrossEntropy => entropy(y, target, external),
            };
        }
        sum
    }
}

fn squares<F: Float>(y: &[F], target: &[F], external: &mut [F]) -> F {
    let mut sum = F::from(0);
    for (external, (y, target)) in external.iter_mut().zip(y.iter().zip(target)) {
        *external = *y - *target;
        sum += *external * *external;
    }
    sum
}

fn entropy<F: Float>(y: &[F], target: &[F], external: &mut [F]) -> F {
    let zero = F::from(0);
    let mut largest = 0;
    for (k, value) in y.iter().enumerate() {
        if *value > y[largest] {
            largest = k;
        }
    }
    // Σ e^(y − max) without the 1 of the largest: its logarithm is had to the last digit.
    let (mut others, mut whole, mut score) = (zero, zero, zero);
    for (k, (external, (value, target))) in
        external.iter_mut().zip(y.iter().zip(target)).enumerate()
    {
        let below = *value - y[largest];
        // NaN is kept: −|NaN| is NaN.
        *external = below.decay();
        if k != largest {
            others += *external;
        }
        whole += *target;
        score += *target * below;
    }
    let sum = others + F::from(1);
    for (external, target) in external.iter_mut().zip(target) {
        *external = whole * (*external / sum) - *target;
    }
    whole * Float::ln_1p(others) - score
}
