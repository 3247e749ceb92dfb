//! ℚ, as the exact engines compute in it: shifts where a denominator is a power of two.
//!
//! A greatest common divisor of big integers costs the square of their bits, even with 1. Nearly all numbers here are binary
//! fractions, so the power of two in a denominator is kept apart from its odd part: it is cancelled by counting zeros, and only odd
//! parts, which most numbers do not have, meet a divisor.

mod operators;

use std::borrow::Cow;
use std::cmp::Ordering;

use num_bigint::{BigInt, BigUint};
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};

use super::{ExactScalar, Scalar};
use crate::spec::work;

/// A rational number n / (2ᵏ d), d odd and positive, always in lowest terms.
///
/// The same numbers as [`BigRational`], which is the type of every interface; this one is for computing.
///
/// ```
/// use creditcheck::scalar::Rational;
/// use num_rational::BigRational;
/// let of = |p: i64, q: i64| BigRational::new(p.into(), q.into());
/// let sum = Rational::from(of(1, 6)) + &Rational::from(of(1, 10));
/// assert_eq!(BigRational::from(sum), of(4, 15));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rational {
    /// n; odd unless k = 0
    numerator: BigInt,
    /// k; 0 for zero
    twos: u64,
    /// d, without a factor in common with n; none stands for 1
    odd: Option<BigUint>,
}

impl Rational {
    /// An integer.
    #[must_use]
    pub fn integer(value: impl Into<BigInt>) -> Self {
        Self { numerator: value.into(), twos: 0, odd: None }
    }

    /// 1/n of so many; of none 1.
    #[must_use]
    pub fn one_over(count: usize) -> Self {
        let (twos, odd) = split(&BigUint::from(count)).unwrap_or((0, None));
        Self { numerator: BigInt::one(), twos, odd }
    }

    /// The same number; it must be in lowest terms, as every [`BigRational`] is that was not made raw.
    #[must_use]
    pub fn of(value: &BigRational) -> Self {
        let (twos, odd) = split(value.denom().magnitude()).unwrap_or((0, None));
        Self { numerator: value.numer().clone(), twos, odd }
    }

    /// The same number as num-rational has it.
    #[must_use]
    pub fn plain(&self) -> BigRational {
        BigRational::new_raw(self.numerator.clone(), self.denominator().into())
    }

    /// 0
    #[must_use]
    pub fn zero() -> Self {
        Self::integer(0)
    }

    /// 1
    #[must_use]
    pub fn one() -> Self {
        Self::integer(1)
    }

    /// Whether this is 0.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.numerator.is_zero()
    }

    /// Whether this is greater than 0.
    #[must_use]
    pub fn is_positive(&self) -> bool {
        self.numerator.is_positive()
    }

    /// Whether this is less than 0.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.numerator.is_negative()
    }

    /// |x|
    #[must_use]
    pub fn abs(&self) -> Self {
        Self { numerator: self.numerator.abs(), ..self.clone() }
    }

    /// −1, 0 or 1.
    #[must_use]
    pub fn signum(&self) -> Self {
        Self::integer(self.numerator.signum())
    }

    /// How many bits numerator and denominator have together.
    #[must_use]
    pub fn bits(&self) -> u64 {
        self.numerator.bits() + self.twos + self.odd.as_ref().map_or(1, BigUint::bits)
    }

    /// What `self + left · right` costs at most, for [`crate::spec::Limits::work`]; binary fractions need no divisor.
    #[must_use]
    pub fn step(&self, left: &Self, right: &Self) -> u64 {
        let dyadic = [self, left, right].iter().all(|number| number.odd.is_none());
        let cost = if dyadic { work::plain } else { work::reduced };
        cost(self.bits(), left.bits(), right.bits())
    }

    /// 1/x, or `None` of 0.
    #[must_use]
    pub fn try_recip(&self) -> Option<Self> {
        let (twos, odd) = split(self.numerator.magnitude())?;
        let numerator = BigInt::from_biguint(self.numerator.sign(), self.denominator());
        Some(Self { numerator, twos, odd })
    }

    /// n / (2ᵏ d) with the powers of two that n and 2ᵏ share taken out.
    fn halved(mut numerator: BigInt, twos: u64, odd: Option<BigUint>) -> Self {
        let Some(zeros) = numerator.trailing_zeros() else { return Self::zero() };
        let shared = zeros.min(twos);
        if shared > 0 {
            numerator >>= shared;
        }
        Self { numerator, twos: twos - shared, odd }
    }

    /// a + b or a − b.
    ///
    /// ```text
    /// n/d ± m/e = (n (e/g) ± m (d/g)) / (d (e/g)),   g = gcd(d, e);   all that is left to cancel is a factor of g
    /// ```
    fn combined(mut self, other: &Self, combine: fn(&mut BigInt, &BigInt)) -> Self {
        let mut right = Cow::Borrowed(&other.numerator);
        let mut shared = None;
        match (&self.odd, &other.odd) {
            (None, None) => {}
            (Some(d), None) => *right.to_mut() *= BigInt::from(d.clone()),
            (None, Some(e)) => {
                self.numerator *= BigInt::from(e.clone());
                self.odd = Some(e.clone());
            }
            (Some(d), Some(e)) if d == e => shared = Some(d.clone()),
            (Some(d), Some(e)) => {
                shared = common(d, e);
                let (of_left, of_right) = (without(e, &shared), without(d, &shared));
                self.odd = Some(d * &of_left);
                self.numerator *= BigInt::from(of_left);
                *right.to_mut() *= BigInt::from(of_right);
            }
        }
        match self.twos.cmp(&other.twos) {
            Ordering::Less => self.numerator <<= other.twos - self.twos,
            Ordering::Greater => right = Cow::Owned(&*right << (self.twos - other.twos)),
            Ordering::Equal => {}
        }
        combine(&mut self.numerator, &right);
        let mut sum = Self::halved(self.numerator, self.twos.max(other.twos), self.odd);
        if let Some(shared) = shared {
            sum.divide_out(&shared);
        }
        sum
    }

    /// Takes out of n and d what they share, which must divide `among`.
    fn divide_out(&mut self, among: &BigUint) {
        let Some(d) = &self.odd else { return };
        if let Some(factor) = common(self.numerator.magnitude(), among) {
            let odd = d / &factor;
            self.numerator /= BigInt::from(factor);
            self.odd = (!odd.is_one()).then_some(odd);
        }
    }

    /// a · b
    ///
    /// ```text
    /// n/d · m/e = (n/g)(m/h) / ((d/h)(e/g)),   g = gcd(n, e), h = gcd(m, d)
    /// ```
    fn product(&self, other: &Self) -> Self {
        if let (None, None) = (&self.odd, &other.odd) {
            let numerator = &self.numerator * &other.numerator;
            return Self::halved(numerator, self.twos + other.twos, None);
        }
        let (mut left, mut right) = (self.numerator.clone(), other.numerator.clone());
        let cancelled = |numerator: &mut BigInt, odd: &Option<BigUint>| {
            let odd = odd.as_ref()?;
            let shared = common(numerator.magnitude(), odd);
            let rest = without(odd, &shared);
            if let Some(shared) = shared {
                *numerator /= BigInt::from(shared);
            }
            (!rest.is_one()).then_some(rest)
        };
        let of_other = cancelled(&mut left, &other.odd);
        let of_self = cancelled(&mut right, &self.odd);
        let odd = match (of_self, of_other) {
            (Some(d), Some(e)) => Some(d * e),
            (d, e) => d.or(e),
        };
        Self::halved(left * right, self.twos + other.twos, odd)
    }

    /// 2ᵏ d
    fn denominator(&self) -> BigUint {
        match &self.odd {
            None => BigUint::one() << self.twos,
            Some(odd) => odd << self.twos,
        }
    }
}

/// (k, d) with a number = 2ᵏ d, d odd and none standing for 1; `None` of 0.
fn split(number: &BigUint) -> Option<(u64, Option<BigUint>)> {
    let twos = number.trailing_zeros()?;
    let is_power = twos + 1 == number.bits();
    Some((twos, (!is_power).then(|| number >> twos)))
}

/// gcd(a, d) where it is not 1; d is not 0.
fn common(a: &BigUint, d: &BigUint) -> Option<BigUint> {
    let shared = match d.to_u64() {
        Some(d) => BigUint::from((a % d).to_u64().unwrap_or(0).gcd(&d)),
        None => a.gcd(d),
    };
    (!shared.is_one()).then_some(shared)
}

/// d / g
fn without(d: &BigUint, shared: &Option<BigUint>) -> BigUint {
    shared.as_ref().map_or_else(|| d.clone(), |shared| d / shared)
}

impl Scalar for Rational {
    fn zero() -> Self {
        Self::zero()
    }

    fn one() -> Self {
        Self::one()
    }

    fn is_zero(&self) -> bool {
        self.is_zero()
    }

    fn try_recip(&self) -> Option<Self> {
        self.try_recip()
    }

    fn sign(&self) -> Option<Ordering> {
        Some(self.numerator.cmp(&BigInt::zero()))
    }

    fn from_rational(value: &BigRational) -> Option<Self> {
        Some(value.into())
    }

    fn bits(&self) -> u64 {
        self.bits()
    }

    fn step(&self, left: &Self, right: &Self) -> u64 {
        self.step(left, right)
    }
}

impl ExactScalar for Rational {}
