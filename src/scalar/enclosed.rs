//! Real numbers by a ball that contains them: a dyadic centre and a radius.
//!
//! Functions such as tanh have no rational values, but every engine of the textbook runs on balls, and what comes out contains the exact
//! result. Each operation takes the exact result on the centres, cuts it to so many bits, and counts into the radius what was cut
//! off and how far the operands may be from their centres:
//!
//! ```text
//! |ab − a'b'| ≤ |a'| r_b + |b'| r_a + r_a r_b        |σ(s) − σ(s')| ≤ (|σ'(s')| + r_s) r_s,  |σ''| ≤ 1
//! ```
//!
//! No float occurs.

use std::cmp::Ordering;
use std::ops::{Add, Mul, Neg, Sub};

use num_bigint::{BigInt, Sign};
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use super::Scalar;
use crate::spec::Transcendental;
use crate::verdict::enclosure::{self, Enclosure};

/// Bits of a centre: what three times the digits of a double leave is room for the growth of radii.
const BITS: u64 = 192;
/// Exponents further apart than this are not aligned: the smaller number goes into the radius.
const APART: i64 = 4_096;
/// What an operation costs, in limb products: a few of three limbs, and memory.
const OPERATION: u64 = 256;

/// A ball that contains a real number.
///
/// ```
/// use creditcheck::scalar::{Enclosed, Scalar};
/// use creditcheck::spec::Transcendental;
/// use num_rational::BigRational;
/// let half = Enclosed::from_rational(&BigRational::new(1.into(), 2.into())).unwrap();
/// let tanh = half.transcendental(Transcendental::Tanh).unwrap();
/// let off = (tanh.centre() - BigRational::from_float(0.5f64.tanh()).unwrap()).abs();
/// assert!(off < BigRational::new(1.into(), (1_u64 << 53).into()));
/// assert!(tanh.radius() < BigRational::new(1.into(), num_bigint::BigInt::from(1) << 180));
/// # use num_traits::Signed;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enclosed {
    /// The centre is mantissa · 2^exponent.
    mantissa: BigInt,
    exponent: i64,
    radius: Radius,
}

/// An upper bound, mantissa · 2^exponent, with a mantissa of at most 32 bits; every operation rounds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Radius {
    mantissa: u64,
    exponent: i64,
}

impl Radius {
    const ZERO: Self = Self { mantissa: 0, exponent: 0 };

    fn up(mantissa: u128, exponent: i64) -> Self {
        if mantissa == 0 {
            return Self::ZERO;
        }
        let excess = (u128::BITS - mantissa.leading_zeros()).saturating_sub(32);
        let cut = mantissa >> excess;
        let lost = u64::from(cut << excess != mantissa);
        // 32 bits, and one more at most.
        let cut = u64::try_from(cut).unwrap_or(u64::MAX - 1);
        Self { mantissa: cut + lost, exponent: exponent + i64::from(excess) }
    }

    /// |mantissa| · 2^exponent at least.
    fn of(mantissa: &BigInt, exponent: i64) -> Self {
        let excess = mantissa.bits().saturating_sub(64);
        let cut = mantissa.magnitude() >> excess;
        let lost = u128::from(mantissa.magnitude().trailing_zeros().unwrap_or(0) < excess);
        let cut = cut.iter_u64_digits().next().unwrap_or(0);
        Self::up(u128::from(cut) + lost, exponent + to_i64(excess))
    }

    fn plus(self, other: Self) -> Self {
        let (high, low) =
            if self.exponent >= other.exponent { (self, other) } else { (other, self) };
        if high.mantissa == 0 || low.mantissa == 0 {
            return if high.mantissa == 0 { low } else { high };
        }
        match high.exponent - low.exponent {
            // Of at most 33 bits, the lower one is less than a unit of the higher.
            gap @ 0..=64 => {
                let aligned = u128::from(high.mantissa) << gap;
                Self::up(aligned + u128::from(low.mantissa), low.exponent)
            }
            _ => Self::up(u128::from(high.mantissa) + 1, high.exponent),
        }
    }

    fn times(self, other: Self) -> Self {
        let mantissa = u128::from(self.mantissa) * u128::from(other.mantissa);
        Self::up(mantissa, self.exponent + other.exponent)
    }

    fn exact(self) -> BigRational {
        dyadic(&BigInt::from(self.mantissa), self.exponent)
    }
}

/// Bit counts of numbers in memory fit.
fn to_i64(bits: u64) -> i64 {
    i64::try_from(bits).unwrap_or(i64::MAX)
}

/// mantissa · 2^exponent in lowest terms, without a greatest common divisor.
fn dyadic(mantissa: &BigInt, exponent: i64) -> BigRational {
    let zeros = mantissa.trailing_zeros().unwrap_or(0);
    let (odd, exponent) = (mantissa >> zeros, exponent + to_i64(zeros));
    let power = BigInt::one() << exponent.unsigned_abs();
    match exponent < 0 && !odd.is_zero() {
        true => BigRational::new_raw(odd, power),
        false => BigRational::from_integer(odd * power),
    }
}

impl Enclosed {
    /// The middle of the ball.
    #[must_use]
    pub fn centre(&self) -> BigRational {
        dyadic(&self.mantissa, self.exponent)
    }

    /// How far the number may be from it.
    #[must_use]
    pub fn radius(&self) -> BigRational {
        self.radius.exact()
    }

    /// Whether this number is in the ball.
    #[must_use]
    pub fn contains(&self, number: &BigRational) -> bool {
        (self.centre() - number).abs() <= self.radius()
    }

    /// Cuts the centre to its bits.
    fn rounded(mantissa: BigInt, exponent: i64, radius: Radius) -> Self {
        let excess = mantissa.bits().saturating_sub(BITS);
        let zeros = mantissa.trailing_zeros().unwrap_or(0);
        if excess == 0 || mantissa.is_zero() {
            return Self { mantissa, exponent, radius };
        }
        let exponent = exponent + to_i64(excess);
        let lost = if zeros < excess { Radius::up(1, exponent) } else { Radius::ZERO };
        Self { mantissa: mantissa >> excess, exponent, radius: radius.plus(lost) }
    }

    /// A rational, and what is known besides.
    fn of(value: &BigRational, radius: Radius) -> Self {
        let (p, q) = (value.numer(), value.denom());
        let zeros = q.trailing_zeros().unwrap_or(0);
        if q.bits() == zeros + 1 {
            return Self::rounded(p.clone(), -to_i64(zeros), radius);
        }
        let shift = (BITS + q.bits() + 1).saturating_sub(p.bits());
        // A division of big integers goes towards zero: less than a unit is lost.
        let mantissa = (p << shift) / q;
        let exponent = -to_i64(shift);
        Self::rounded(mantissa, exponent, radius.plus(Radius::up(1, exponent)))
    }

    /// At least the magnitude.
    fn reached(&self) -> Radius {
        Radius::of(&self.mantissa, self.exponent).plus(self.radius)
    }

    /// What is between two numbers, and so far from there.
    fn between(lower: &Self, upper: &Self, further: Radius) -> Self {
        let halved = |all: Self| Self {
            exponent: all.exponent - 1,
            radius: all.radius.times(Radius { mantissa: 1, exponent: -1 }),
            ..all
        };
        let middle = halved(lower.clone() + upper);
        let half = halved(upper.clone() - lower).reached();
        Self { radius: middle.radius.plus(half).plus(further), ..middle }
    }
}

impl Add<&Self> for Enclosed {
    type Output = Self;
    fn add(self, other: &Self) -> Self {
        let radius = self.radius.plus(other.radius);
        if self.mantissa.is_zero() {
            return Self { radius, ..other.clone() };
        }
        if other.mantissa.is_zero() {
            return Self { radius, ..self };
        }
        let (high, low) =
            if self.exponent >= other.exponent { (&self, other) } else { (other, &self) };
        let gap = high.exponent - low.exponent;
        if gap > APART {
            // No mantissa has as many bits.
            let lost = Radius::of(&low.mantissa, low.exponent);
            return Self { radius: radius.plus(lost), ..high.clone() };
        }
        let sum = (&high.mantissa << gap.unsigned_abs()) + &low.mantissa;
        Self::rounded(sum, low.exponent, radius)
    }
}

impl Sub<&Self> for Enclosed {
    type Output = Self;
    fn sub(self, other: &Self) -> Self {
        self + &-other.clone()
    }
}

impl Mul<&Self> for Enclosed {
    type Output = Self;
    fn mul(self, other: &Self) -> Self {
        let mut radius = self.radius.times(other.radius);
        if self.radius != Radius::ZERO {
            radius = radius.plus(Radius::of(&other.mantissa, other.exponent).times(self.radius));
        }
        if other.radius != Radius::ZERO {
            radius = radius.plus(Radius::of(&self.mantissa, self.exponent).times(other.radius));
        }
        Self::rounded(self.mantissa * &other.mantissa, self.exponent + other.exponent, radius)
    }
}

impl Neg for Enclosed {
    type Output = Self;
    fn neg(self) -> Self {
        Self { mantissa: -self.mantissa, ..self }
    }
}

impl Scalar for Enclosed {
    fn zero() -> Self {
        Self { mantissa: BigInt::zero(), exponent: 0, radius: Radius::ZERO }
    }

    fn one() -> Self {
        Self { mantissa: BigInt::one(), exponent: 0, radius: Radius::ZERO }
    }

    fn is_zero(&self) -> bool {
        self.mantissa.is_zero() && self.radius == Radius::ZERO
    }

    /// None: no engine of a σ without rational values divides.
    fn try_recip(&self) -> Option<Self> {
        None
    }

    fn sign(&self) -> Option<Ordering> {
        if self.is_zero() {
            return Some(Ordering::Equal);
        }
        let is_apart = self.centre().abs() > self.radius();
        is_apart.then_some(match self.mantissa.sign() {
            Sign::Minus => Ordering::Less,
            Sign::NoSign => Ordering::Equal,
            Sign::Plus => Ordering::Greater,
        })
    }

    fn from_rational(value: &BigRational) -> Option<Self> {
        Some(Self::of(value, Radius::ZERO))
    }

    fn step(&self, _: &Self, _: &Self) -> u64 {
        OPERATION
    }

    fn transcendental(&self, function: Transcendental) -> Option<Self> {
        let centre = self.centre();
        let Enclosure { lower, upper } = match function {
            Transcendental::Tanh => enclosure::tanh(&centre, BITS),
            Transcendental::Logistic => enclosure::logistic(&centre, BITS),
            Transcendental::Softplus => enclosure::softplus(&centre, BITS),
        };
        let [lower, upper] = [lower, upper].map(|end| Self::of(&end, Radius::ZERO));
        let one = Self::one();
        let value = Self::between(&lower, &upper, Radius::ZERO);
        // |σ'| at the centre, from the value there.
        let slope = match function {
            Transcendental::Tanh => one - &(value.clone() * &value),
            Transcendental::Logistic => value.clone() * &(one - &value),
            Transcendental::Softplus => one,
        };
        let moved = match self.radius {
            Radius::ZERO => Radius::ZERO,
            radius => slope.reached().plus(radius).times(radius),
        };
        Some(Self { radius: value.radius.plus(moved), ..value })
    }
}
