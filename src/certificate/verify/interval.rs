//! tanh, logistic, softplus and their slopes, enclosed by the verifier's own arithmetic.
//!
//! Integers count units of 2⁻ᶠ, every operation is rounded outward, and everything starts from y = e^−|s|, which lies in
//! (0, 1] whatever s is:
//!
//! ```text
//! tanh |s| = (1 − y²)/(1 + y²)     slope 4y²/(1 + y²)²
//! logistic s = 1/(1 + y), or y/(1 + y) for s < 0     slope y/(1 + y)²
//! softplus s = max(s, 0) + ln(1 + y)     slope logistic s
//! ```
//!
//! f grows with 1/|s|, so that the enclosure of a small tanh is as narrow as that of a large one.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use crate::spec::Transcendental;

/// A closed interval that contains a real number.
#[derive(Clone, Debug)]
pub struct Enclosure {
    /// The lower end.
    pub lower: BigRational,
    /// The upper end.
    pub upper: BigRational,
}

impl Enclosure {
    /// An upper bound on the distance from a number to the one enclosed.
    #[must_use]
    pub fn farthest(&self, value: &BigRational) -> BigRational {
        (value - &self.lower).abs().max((value - &self.upper).abs())
    }

    fn negated(self) -> Self {
        Self { lower: -self.upper, upper: -self.lower }
    }

    fn moved(self, by: &BigRational) -> Self {
        Self { lower: self.lower + by, upper: self.upper + by }
    }
}

/// σ(s) and σ'(s).
///
/// Exactness: guaranteed enclosures, for every rational s.
#[must_use]
pub fn enclosed(function: Transcendental, s: &BigRational) -> (Enclosure, Enclosure) {
    let unit = Unit::of(s);
    let y = unit.decay(&s.abs());
    let (one, two) = (unit.whole(1), unit.whole(2));
    match function {
        Transcendental::Tanh => {
            let square = unit.product(&y, &y);
            let sum = one.plus(&square);
            let rate = unit.exact(&unit.quotient(&one.minus(&square), &sum));
            let slope =
                unit.quotient(&unit.product(&unit.whole(4), &square), &unit.product(&sum, &sum));
            let rate = if s.is_negative() { rate.negated() } else { rate };
            (rate, unit.exact(&slope))
        }
        Transcendental::Logistic => {
            let sum = one.plus(&y);
            let slope = unit.quotient(&y, &unit.product(&sum, &sum));
            (unit.exact(&unit.logistic(s, &y)), unit.exact(&slope))
        }
        Transcendental::Softplus => {
            // ln(1 + y) = 2 artanh(y/(2 + y)), whose argument is at most 1/3.
            let excess = unit.artanh(&unit.quotient(&y, &two.plus(&y)));
            let rate = unit.exact(&excess.plus(&excess));
            let rate = if s.is_positive() { rate.moved(s) } else { rate };
            (rate, unit.exact(&unit.logistic(s, &y)))
        }
    }
}

/// Not negative, in units.
#[derive(Clone)]
struct Interval {
    lower: BigInt,
    upper: BigInt,
}

impl Interval {
    fn plus(&self, other: &Self) -> Self {
        Self { lower: &self.lower + &other.lower, upper: &self.upper + &other.upper }
    }

    /// The difference, which is known not to be negative.
    fn minus(&self, other: &Self) -> Self {
        let lower = &self.lower - &other.upper;
        let lower = if lower.is_negative() { BigInt::zero() } else { lower };
        Self { lower, upper: &self.upper - &other.lower }
    }

    fn divided(&self, by: u32) -> Self {
        let by = BigInt::from(by);
        Self { lower: self.lower.div_floor(&by), upper: self.upper.div_ceil(&by) }
    }
}

/// 2⁻ᶠ
struct Unit {
    bits: u64,
}

/// e^−|s| from here on is less than 2⁻¹⁴⁷⁷, which no float holds.
const GONE: u32 = 1024;

impl Unit {
    /// The precision for a net input: 232 bits, and as many more as |s| is small, down to where no float is.
    fn of(s: &BigRational) -> Self {
        const MOST: u64 = 1200;
        let small = s.denom().bits().saturating_sub(s.numer().bits()).min(MOST);
        Self { bits: 232 + small }
    }

    fn whole(&self, value: u32) -> Interval {
        let units = BigInt::from(value) << self.bits;
        Interval { lower: units.clone(), upper: units }
    }

    /// A rational that is not negative, divided by 2^halvings.
    fn rational(&self, value: &BigRational, halvings: u64) -> Interval {
        let (units, rest) = (value.numer() << self.bits).div_rem(&(value.denom() << halvings));
        let upper = if rest.is_zero() { units.clone() } else { &units + 1 };
        Interval { lower: units, upper }
    }

    fn exact(&self, interval: &Interval) -> Enclosure {
        let rational = |units: &BigInt| BigRational::new(units.clone(), BigInt::one() << self.bits);
        Enclosure { lower: rational(&interval.lower), upper: rational(&interval.upper) }
    }

    fn product(&self, a: &Interval, b: &Interval) -> Interval {
        // Shifts round down; the negative of one rounds up.
        let up = |units: BigInt| -((-units) >> self.bits);
        Interval { lower: (&a.lower * &b.lower) >> self.bits, upper: up(&a.upper * &b.upper) }
    }

    /// a/b, where b is at least 1.
    fn quotient(&self, a: &Interval, b: &Interval) -> Interval {
        Interval {
            lower: (&a.lower << self.bits).div_floor(&b.upper),
            upper: (&a.upper << self.bits).div_ceil(&b.lower),
        }
    }

    /// e^−a for a ≥ 0.
    fn decay(&self, a: &BigRational) -> Interval {
        if *a >= BigRational::from_integer(GONE.into()) {
            return Interval { lower: BigInt::zero(), upper: BigInt::one() };
        }
        // a/2^halvings < 2⁻⁸.
        let halvings = a.to_integer().bits() + 8;
        let r = self.rational(a, halvings);
        let (mut term, mut sum) = (r.clone(), self.whole(1).plus(&r));
        let mut k = 2;
        // Once a term is a unit, the rest is less than that.
        while term.upper > BigInt::one() {
            term = self.product(&term, &r).divided(k);
            sum = sum.plus(&term);
            k += 1;
        }
        sum.upper += term.upper;
        let mut y = self.quotient(&self.whole(1), &sum);
        for _ in 0..halvings {
            y = self.product(&y, &y);
        }
        y
    }

    /// 1/(1 + e⁻ˢ) from y = e^−|s|.
    fn logistic(&self, s: &BigRational, y: &Interval) -> Interval {
        let one = self.whole(1);
        let above = if s.is_negative() { y } else { &one };
        self.quotient(above, &one.plus(y))
    }

    /// z + z³/3 + z⁵/5 + … for 0 ≤ z ≤ 1/3.
    fn artanh(&self, z: &Interval) -> Interval {
        let square = self.product(z, z);
        let (mut power, mut sum) = (z.clone(), z.clone());
        let mut k = 3;
        // Each power is about a ninth of the one before, so the rest is less than a unit once one is.
        while power.upper > BigInt::one() {
            power = self.product(&power, &square);
            sum = sum.plus(&power.divided(k));
            k += 2;
        }
        sum.upper += power.upper;
        sum
    }
}
