//! Is everything off by one factor, and what would that factor be?
//!
//! ```text
//! |t_i − f g_i| ≤ |f| b_i + u |t_i| + tiny        for every entry i
//! ```
//!
//! t are their entries, g the exact ones, b the bounds of g: whoever computes f g instead of g makes |f| times the rounding errors, and
//! one more rounding where f itself is a factor of its own. All f with this property are an interval; an exact t leaves one number.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use super::ulps::power_of_two;
use super::walk::Reference;
use crate::number::exact_f64;
use crate::spec::Number;

/// The factors between which the common one lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factor {
    /// The smallest magnitude.
    pub low: BigRational,
    /// The largest magnitude.
    pub high: BigRational,
    /// Whether it is negative.
    pub is_negative: bool,
    /// How many entries say so: those that are larger than their bounds.
    pub entries: usize,
}

impl Factor {
    /// The common factor of all entries, if there is one that is not zero.
    ///
    /// Exactness: the interval is exact, given the bounds.
    ///
    /// ```
    /// use creditcheck::verdict::{factor::Factor, walk::Reference};
    /// use creditcheck::spec::Number;
    /// let q = |p: i64, q: i64| num_rational::BigRational::new(p.into(), q.into());
    /// let right = [q(1, 3), q(0, 1), q(-2, 1)].map(|value| Reference::exactly(value, None));
    /// let theirs = [q(-1, 6), q(0, 1), q(1, 1)];
    /// let found = Factor::of(Number::Exact, theirs.iter().zip(&right)).unwrap();
    /// assert_eq!((found.simplest(), found.entries), (q(-1, 2), 2));
    /// ```
    pub fn of<'a>(
        number: Number,
        entries: impl IntoIterator<Item = (&'a BigRational, &'a Reference)> + Clone,
    ) -> Option<Self> {
        let mut found: Option<(BigRational, BigRational)> = None;
        let mut count = 0;
        // The sign is that of the entry that is largest beside its bound; without bounds, of any that is not zero.
        let is_negative = sign(number, entries.clone().into_iter())?;
        let mut floor = BigRational::zero();
        for (theirs, reference) in entries {
            let bound = match (number, reference.bound) {
                (Number::Exact, _) => BigRational::zero(),
                (Number::Float(_), bound) => exact_f64(bound?)?,
            };
            let width = last_rounding(number, theirs);
            // With g ≥ 0 and f > 0.
            let is_turned = reference.value.is_negative();
            let exact = reference.value.abs();
            let theirs = if is_turned == is_negative { theirs.clone() } else { -theirs };
            let (most, least) = (&exact + &bound, &exact - &bound);
            let (lower, upper) = (&theirs - &width, &theirs + &width);
            if most.is_zero() {
                if lower.is_positive() || upper.is_negative() {
                    return None;
                }
                continue;
            }
            floor = floor.max(lower / &most);
            if least.is_positive() {
                count += 1;
                let ceiling = upper / &least;
                found = Some(match found {
                    None => (floor.clone(), ceiling),
                    Some((_, high)) => (floor.clone(), high.min(ceiling)),
                });
            } else if least.is_negative() {
                floor = floor.max(-upper / -least);
            }
        }
        let (_, high) = found?;
        let is_found = floor <= high && high.is_positive();
        is_found.then_some(Self { low: floor, high, is_negative, entries: count })
    }

    /// Those that are in both, if any are: the factor of two blocks together.
    #[must_use]
    pub fn and(&self, other: &Self) -> Option<Self> {
        let low = self.low.clone().max(other.low.clone());
        let high = self.high.clone().min(other.high.clone());
        let is_one = self.is_negative == other.is_negative && low <= high;
        let entries = self.entries + other.entries;
        is_one.then_some(Self { low, high, is_negative: self.is_negative, entries })
    }

    /// Whether a number is among them.
    #[must_use]
    pub fn admits(&self, value: &BigRational) -> bool {
        let magnitude = value.abs();
        value.is_negative() == self.is_negative && self.low <= magnitude && magnitude <= self.high
    }

    /// Whether they are so near to each other that one of them may be named without a word of doubt: within a thousandth.
    #[must_use]
    pub fn is_sharp(&self) -> bool {
        (&self.high - &self.low) * BigRational::from_integer(1_000.into()) <= self.low
    }

    /// The fraction with the smallest denominator among them.
    #[must_use]
    pub fn simplest(&self) -> BigRational {
        let magnitude = simplest_between(&self.low, &self.high);
        if self.is_negative { -magnitude } else { magnitude }
    }
}

fn sign<'a>(
    number: Number,
    entries: impl Iterator<Item = (&'a BigRational, &'a Reference)>,
) -> Option<bool> {
    let mut best: Option<(BigRational, bool)> = None;
    for (theirs, reference) in entries {
        let exact = reference.value.abs();
        if exact.is_zero() || theirs.is_zero() {
            continue;
        }
        let is_negative = theirs.is_negative() != reference.value.is_negative();
        let bound = match number {
            Number::Exact => return Some(is_negative),
            Number::Float(_) => exact_f64(reference.bound?)?,
        };
        if bound.is_zero() {
            return Some(is_negative);
        }
        let size = exact / bound;
        if best.as_ref().is_none_or(|(largest, _)| size > *largest) {
            best = Some((size, is_negative));
        }
    }
    best.map(|(_, is_negative)| is_negative)
}

/// u |t| + tiny: what one more rounding may do.
pub(crate) fn last_rounding(number: Number, theirs: &BigRational) -> BigRational {
    let Number::Float(dtype) = number else { return BigRational::zero() };
    let unit = power_of_two(-i64::from(dtype.precision()));
    theirs.abs() * unit + power_of_two(i64::from(dtype.smallest()))
}

/// The fraction with the smallest denominator from `low` to `high`, both at least 0.
pub(crate) fn simplest_between(low: &BigRational, high: &BigRational) -> BigRational {
    let whole = low.ceil();
    if whole <= *high {
        return if whole.is_zero() && high >= &BigRational::one() {
            BigRational::one()
        } else {
            whole
        };
    }
    let floor = low.floor();
    // Both are between two neighbouring integers: go on with one over what is left.
    let rest = simplest_between(&(high - &floor).recip(), &(low - &floor).recip());
    floor + BigRational::from_integer(BigInt::one()) / rest
}
