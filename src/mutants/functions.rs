//! σ and σ' for the reference implementation, straight from the table of activations.

use crate::number::{exact_f64, nearest_f64};
use crate::scalar::Rational;
use crate::spec::{Activation, Kink};

fn integer(value: i64) -> Rational {
    Rational::integer(value)
}

/// σ(s); of tanh, logistic and softplus by f64. `None` where the number is beyond every float.
pub(crate) fn rate(activation: &Activation, s: &Rational) -> Option<Rational> {
    Some(match activation {
        Activation::Identity => s.clone(),
        Activation::Relu if s.is_positive() => s.clone(),
        Activation::Relu => Rational::zero(),
        Activation::LeakyRelu { .. } if s.is_positive() => s.clone(),
        Activation::LeakyRelu { slope } => Rational::of(slope) * s,
        Activation::HardTanh { min, max } => s.clone().max(min.into()).min(max.into()),
        Activation::Square => s * s,
        Activation::Quadratic => s + s * s,
        Activation::Cubic => s - s * s * s * Rational::one_over(3),
        Activation::Softsign => s * (Rational::one() + s.abs()).try_recip()?,
        Activation::EluRational if s.is_positive() => s.clone(),
        Activation::EluRational => s * (Rational::one() - s).try_recip()?,
        Activation::Tanh | Activation::Logistic | Activation::Softplus => {
            near(activation, s)?[0].clone()
        }
    })
}

/// σ(s) and σ'(s) where they are not rational: by f64, and so good enough to tell mistakes apart, and for nothing else.
fn near(activation: &Activation, s: &Rational) -> Option<[Rational; 2]> {
    let s = nearest_f64(&s.plain());
    // Of e^−|s| nothing overflows.
    let small = (-s.abs()).exp();
    let (logistic, slope) = (1.0 / (1.0 + small), small / (1.0 + small).powi(2));
    let logistic = if s < 0.0 { small / (1.0 + small) } else { logistic };
    let values = match activation {
        Activation::Tanh => [s.tanh(), (4.0 * small * small) / (1.0 + small * small).powi(2)],
        Activation::Logistic => [logistic, slope],
        Activation::Softplus => [s.max(0.0) + small.ln_1p(), logistic],
        Activation::Identity
        | Activation::Relu
        | Activation::LeakyRelu { .. }
        | Activation::HardTanh { .. }
        | Activation::Square
        | Activation::Quadratic
        | Activation::Cubic
        | Activation::Softsign
        | Activation::EluRational => return None,
    };
    let [rate, slope] = values.map(exact_f64);
    Some([Rational::of(&rate?), Rational::of(&slope?)])
}

/// The slopes of σ just left and just right of s.
fn one_sided(activation: &Activation, s: &Rational) -> Option<(Rational, Rational)> {
    let one = Rational::one;
    let step = |low: &Rational, high: bool| if high { one() } else { low.clone() };
    let smooth = |slope: Rational| (slope.clone(), slope);
    let zero = Rational::zero();
    Some(match activation {
        Activation::Identity => smooth(one()),
        Activation::Relu => (step(&zero, *s > zero), step(&zero, *s >= zero)),
        Activation::LeakyRelu { slope } => {
            let slope = slope.into();
            (step(&slope, *s > zero), step(&slope, *s >= zero))
        }
        Activation::HardTanh { min, max } => {
            let (min, max) = (&Rational::of(min), &Rational::of(max));
            (step(&zero, min < s && s <= max), step(&zero, min <= s && s < max))
        }
        Activation::Square => smooth(integer(2) * s),
        Activation::Quadratic => smooth(one() + integer(2) * s),
        Activation::Cubic => smooth(one() - s * s),
        Activation::Softsign => {
            let root = one() + s.abs();
            smooth((&root * &root).try_recip()?)
        }
        Activation::EluRational if s.is_positive() => smooth(one()),
        Activation::EluRational => {
            let root = one() - s;
            smooth((&root * &root).try_recip()?)
        }
        Activation::Tanh | Activation::Logistic | Activation::Softplus => {
            smooth(near(activation, s)?[1].clone())
        }
    })
}

/// σ'(s) with the kink convention; `None` as for [`rate`].
pub(super) fn slope(activation: &Activation, kink: Kink, s: &Rational) -> Option<Rational> {
    let (left, right) = one_sided(activation, s)?;
    // On the upper of two kinks the middle piece ends, on any other it begins.
    let ends = activation.kinks().get(1).is_some_and(|upper| Rational::of(upper) == *s);
    Some(match kink {
        Kink::Left => left,
        Kink::Right => right,
        Kink::Mean => (left + right) * Rational::one_over(2),
        Kink::Inner => {
            if ends {
                left
            } else {
                right
            }
        }
        Kink::Outer => {
            if ends {
                right
            } else {
                left
            }
        }
        Kink::Between(share) => {
            let share = Rational::of(&share.exact());
            left.clone() + share * (right - left)
        }
    })
}

/// The convention that M16 has in place of this one.
pub(super) fn other_side(kink: Kink) -> Kink {
    match kink {
        Kink::Left | Kink::Mean => Kink::Right,
        Kink::Right => Kink::Left,
        Kink::Inner => Kink::Outer,
        Kink::Outer => Kink::Inner,
        Kink::Between(share) if share.numerator() == share.denominator() => Kink::Left,
        Kink::Between(_) => Kink::Right,
    }
}

/// A fixed nonzero integer between −3 and 3 for each synapse: the feedback weights of M21.
pub(super) fn fixed_random(synapse: usize) -> Rational {
    // SplitMix64: a published mixing function, so that every machine draws the same weights.
    let mut z = (synapse as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    let draws = [-3, -2, -1, 1, 2, 3];
    integer(draws[usize::try_from(z % 6).unwrap_or(0)])
}
