//! Activations that are straight lines piece by piece, and on which piece a net input lies.

use std::cmp::Ordering;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Zero};

use crate::error::Error;
use crate::spec::{Activation, Class, Straight};

/// One straight piece: σ(s) = slope · s + offset where low < s < high.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) slope: BigRational,
    pub(super) offset: BigRational,
    low: Option<BigRational>,
    high: Option<BigRational>,
}

/// Where an exact net input lies, seen from the piece that was assumed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Strictly within it.
    Within,
    /// On this kink, where the piece of this number and the next one meet.
    AtKink(BigRational, usize),
    /// Within, or at the upper end of, the piece of this number.
    Other(usize),
}

/// The pieces of a σ from left to right.
///
/// # Errors
/// [`Error::Unsupported`] for a σ that is not piecewise linear.
pub(super) fn pieces(activation: &Activation) -> Result<Vec<Piece>, Error> {
    let (zero, one) = (BigRational::zero, BigRational::one);
    let lines = match activation.class() {
        Class::Straight(Straight::Identity) => vec![(one(), zero())],
        Class::Straight(Straight::Relu) => vec![(zero(), zero()), (one(), zero())],
        Class::Straight(Straight::LeakyRelu { slope }) => {
            vec![(slope.clone(), zero()), (one(), zero())]
        }
        Class::Straight(Straight::HardTanh { min, max }) => {
            vec![(zero(), min.clone()), (one(), zero()), (zero(), max.clone())]
        }
        Class::Curved(_) | Class::Quotient | Class::Transcendental(_) => {
            return Err(Error::unsupported(format!(
                "a large recurrent network with {}: the exact equilibrium is served for identity, relu, leaky_relu and hard_tanh",
                activation.name()
            )));
        }
    };
    let kinks = activation.kinks();
    let piece = |(k, (slope, offset)): (usize, (BigRational, BigRational))| Piece {
        slope,
        offset,
        low: k.checked_sub(1).and_then(|below| kinks.get(below).cloned()),
        high: kinks.get(k).cloned(),
    };
    Ok(lines.into_iter().enumerate().map(piece).collect())
}

/// Where s = numerator / denominator lies, the denominator positive.
pub(super) fn side(
    pieces: &[Piece],
    assumed: usize,
    numerator: &BigInt,
    denominator: &BigInt,
) -> Side {
    let against =
        |kink: &BigRational| (numerator * kink.denom()).cmp(&(denominator * kink.numer()));
    let Piece { low, high, .. } = &pieces[assumed];
    for kink in [low, high].into_iter().flatten() {
        if against(kink) == Ordering::Equal {
            let left = pieces.iter().position(|piece| piece.high.as_ref() == Some(kink));
            return Side::AtKink(kink.clone(), left.unwrap_or(assumed));
        }
    }
    let is_below =
        |piece: &Piece| piece.high.as_ref().is_some_and(|kink| against(kink) == Ordering::Greater);
    let found = pieces.iter().position(|piece| !is_below(piece)).unwrap_or(assumed);
    if found == assumed { Side::Within } else { Side::Other(found) }
}

/// Whether slope · S/D + offset = X/E over ℤ, with positive D and E.
pub(super) fn maps(
    piece: &Piece,
    (numerator, denominator): (&BigInt, &BigInt),
    (rate, of_rate): (&BigInt, &BigInt),
) -> bool {
    let Piece { slope, offset, .. } = piece;
    let value =
        slope.numer() * numerator * offset.denom() + offset.numer() * slope.denom() * denominator;
    value * of_rate == rate * slope.denom() * offset.denom() * denominator
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_net_input_is_placed_strictly() {
        let q = |n: i64, d: i64| BigRational::new(n.into(), d.into());
        let clip = pieces(&Activation::HardTanh { min: q(-1, 1), max: q(1, 3) }).unwrap();
        let at = |assumed, s: BigRational| side(&clip, assumed, s.numer(), s.denom());
        assert_eq!(at(0, q(-7, 6)), Side::Within);
        assert_eq!(at(1, q(-7, 6)), Side::Other(0));
        assert_eq!(at(0, q(-1, 1)), Side::AtKink(q(-1, 1), 0));
        assert_eq!(at(1, q(-1, 1)), Side::AtKink(q(-1, 1), 0));
        assert_eq!(at(2, q(-1, 1)), Side::Other(0));
        assert_eq!(at(1, q(1, 4)), Side::Within);
        assert_eq!(at(1, q(1, 2)), Side::Other(2));
        assert_eq!(at(2, q(1, 2)), Side::Within);
        // As far from the kink as no float can tell.
        let tiny = BigRational::new(1.into(), BigInt::one() << 5000);
        assert_eq!(at(1, q(1, 3) - &tiny), Side::Within);
        assert_eq!(at(1, q(1, 3) + &tiny), Side::Other(2));
        let one = BigInt::one();
        let half = (&one, &BigInt::from(2));
        assert!(maps(&clip[1], half, half) && !maps(&clip[0], half, half));
        assert!(maps(&clip[2], half, (&one, &BigInt::from(3))));
        assert!(pieces(&Activation::Cubic).is_err());
    }
}
