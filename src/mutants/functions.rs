//! σ and σ' for the reference implementation, straight from the table of activations.

use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use crate::spec::{Activation, Kink};

fn integer(value: i64) -> BigRational {
    BigRational::from_integer(value.into())
}

/// σ(s); `None` where σ is not rational.
pub(crate) fn rate(activation: &Activation, s: &BigRational) -> Option<BigRational> {
    Some(match activation {
        Activation::Identity => s.clone(),
        Activation::Relu if s.is_positive() => s.clone(),
        Activation::Relu => BigRational::zero(),
        Activation::LeakyRelu { .. } if s.is_positive() => s.clone(),
        Activation::LeakyRelu { slope } => slope * s,
        Activation::HardTanh { min, .. } if s < min => min.clone(),
        Activation::HardTanh { max, .. } if s > max => max.clone(),
        Activation::HardTanh { .. } => s.clone(),
        Activation::Square => s * s,
        Activation::Quadratic => s + s * s,
        Activation::Cubic => s - s * s * s / integer(3),
        Activation::Softsign => s / (BigRational::one() + s.abs()),
        Activation::Tanh | Activation::Logistic | Activation::Softplus => return None,
    })
}

/// The slopes of σ just left and just right of s.
fn one_sided(activation: &Activation, s: &BigRational) -> Option<(BigRational, BigRational)> {
    let one = BigRational::one;
    let step = |low: &BigRational, high: bool| if high { one() } else { low.clone() };
    let smooth = |slope: BigRational| (slope.clone(), slope);
    let zero = BigRational::zero();
    Some(match activation {
        Activation::Identity => smooth(one()),
        Activation::Relu => (step(&zero, *s > zero), step(&zero, *s >= zero)),
        Activation::LeakyRelu { slope } => (step(slope, *s > zero), step(slope, *s >= zero)),
        Activation::HardTanh { min, max } => {
            (step(&zero, min < s && s <= max), step(&zero, min <= s && s < max))
        }
        Activation::Square => smooth(integer(2) * s),
        Activation::Quadratic => smooth(one() + integer(2) * s),
        Activation::Cubic => smooth(one() - s * s),
        Activation::Softsign => {
            let root = one() + s.abs();
            smooth((&root * &root).recip())
        }
        Activation::Tanh | Activation::Logistic | Activation::Softplus => return None,
    })
}

/// σ'(s) with the kink convention; `None` where σ' is not rational.
pub(super) fn slope(activation: &Activation, kink: Kink, s: &BigRational) -> Option<BigRational> {
    let (left, right) = one_sided(activation, s)?;
    Some(match kink {
        Kink::Left => left,
        Kink::Right => right,
        Kink::Mean => (left + right) / integer(2),
    })
}

/// The convention that M16 has in place of this one.
pub(super) fn other_side(kink: Kink) -> Kink {
    match kink {
        Kink::Left | Kink::Mean => Kink::Right,
        Kink::Right => Kink::Left,
    }
}

/// A fixed nonzero integer between −3 and 3 for each synapse: the feedback weights of M21.
pub(super) fn fixed_random(synapse: usize) -> BigRational {
    // SplitMix64: a published mixing function, so that every machine draws the same weights.
    let mut z = (synapse as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    let draws = [-3, -2, -1, 1, 2, 3];
    integer(draws[usize::try_from(z % 6).unwrap_or(0)])
}
