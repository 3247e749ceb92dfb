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

use super::evidence::bits;
use super::ulps::power_of_two;
use super::walk::Reference;
use crate::number::exact_f64;
use crate::spec::{Dtype, Number};

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
    /// How much they say, in bits.
    pub evidence: u32,
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
        Self::within(&BigRational::one(), number, entries)
    }

    /// The factors that fit nearly as well as the best ones do: of those that a wide bound lets pass, the likely ones.
    ///
    /// The bounds are halved together for as long as there is a common factor; then a few halvings are taken back, more of them where few
    /// entries fit well by accident.
    ///
    /// ```
    /// use creditcheck::verdict::{factor::Factor, walk::Reference};
    /// use creditcheck::spec::{Dtype, Number};
    /// use num_rational::BigRational;
    /// let number = Number::Float(Dtype::F64);
    /// let third = |off: f64| {
    ///     let one = BigRational::from_integer(1.into());
    ///     (one + BigRational::from_float(off).unwrap()) / BigRational::from_integer(3.into())
    /// };
    /// let right = [1.0, 1.0].map(|one| Reference::exactly(BigRational::from_float(one).unwrap(), Some(2f64.powi(-30))));
    /// // Both are off by a thousandth of their bound, and by much the same.
    /// let theirs = [third(2f64.powi(-40)), third(1.5 * 2f64.powi(-40))];
    /// let both = || theirs.iter().zip(&right);
    /// let (wide, unlikely) = (Factor::of(number, both()).unwrap(), third(0.9 * 2f64.powi(-30)));
    /// let found = wide.clone().sharpened(number, both());
    /// assert!(wide.admits(&unlikely) && !found.admits(&unlikely));
    /// assert!(found.admits(&third(0.0)));
    /// ```
    #[must_use]
    pub fn sharpened<'a>(
        self,
        number: Number,
        entries: impl IntoIterator<Item = (&'a BigRational, &'a Reference)> + Clone,
    ) -> Self {
        const HALVINGS: i64 = 40;
        let margin = 2 + 12_usize.div_ceil(self.entries.max(1));
        let mut found = vec![self];
        for halvings in 1..=HALVINGS {
            let Some(next) = Self::within(&power_of_two(-halvings), number, entries.clone()) else {
                break;
            };
            // Where the last rounding alone is left, nothing becomes narrower.
            let is_same =
                found.last().is_some_and(|f| (&f.low, &f.high) == (&next.low, &next.high));
            if is_same {
                break;
            }
            found.push(next);
        }
        let at = found.len().saturating_sub(1 + margin);
        found.swap_remove(at)
    }

    /// The same where the bounds are so many times as wide.
    fn within<'a>(
        share: &BigRational,
        number: Number,
        entries: impl IntoIterator<Item = (&'a BigRational, &'a Reference)> + Clone,
    ) -> Option<Self> {
        let mut found: Option<(BigRational, BigRational)> = None;
        let mut count = 0;
        // The sign is that of the entry that is largest beside its bound; without bounds, of any that is not zero.
        let is_negative = sign(number, entries.clone().into_iter())?;
        let mut floor = BigRational::zero();
        for (theirs, reference) in entries.clone() {
            let bound = share_of(share, number, reference)?;
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
        if floor > high || !high.is_positive() {
            return None;
        }
        let found = Self { low: floor, high, is_negative, entries: count, evidence: 0 };
        Some(Self { evidence: found.evidence(share, number, entries), ..found })
    }

    /// What the entries say: each how much narrower the room is that it leaves than f itself, or than f − 1 where that is less.
    ///
    /// A share of the bounds that was chosen so that they fit costs a few bits.
    fn evidence<'a>(
        &self,
        share: &BigRational,
        number: Number,
        entries: impl IntoIterator<Item = (&'a BigRational, &'a Reference)>,
    ) -> u32 {
        const CHOSEN: u32 = 4;
        let away = match self.is_negative {
            true => self.low.clone(),
            false => self.low.clone().min((&self.low - BigRational::one()).abs()),
        };
        let of_entry = |(theirs, reference): (&BigRational, &Reference)| {
            // f b + u |t| + tiny, on either side.
            let room =
                &self.high * share_of(share, number, reference)? + last_rounding(number, theirs);
            Some(bits(&(&away * reference.value.abs()), &(&room + &room)))
        };
        let said = entries.into_iter().filter_map(of_entry).fold(0, u32::saturating_add);
        if share.is_one() { said } else { said.saturating_sub(CHOSEN) }
    }

    /// Those that are in both, if any are: the factor of two blocks together.
    #[must_use]
    pub fn and(&self, other: &Self) -> Option<Self> {
        let low = self.low.clone().max(other.low.clone());
        let high = self.high.clone().min(other.high.clone());
        let is_one = self.is_negative == other.is_negative && low <= high;
        let entries = self.entries + other.entries;
        let evidence = self.evidence.saturating_add(other.evidence);
        is_one.then_some(Self { low, high, is_negative: self.is_negative, entries, evidence })
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

/// A share of the bound of an entry, and no less of it than a few roundings of the entry itself, which anybody may have.
fn share_of(share: &BigRational, number: Number, reference: &Reference) -> Option<BigRational> {
    // Of a narrow format as many are no longer few: a sixteenth of the number.
    let roundings = match number.dtype() {
        Some(Dtype::F64 | Dtype::F32) => 16,
        Some(Dtype::Bf16 | Dtype::F16) | None => 0,
    };
    let bound = room(number, reference)?;
    let few = last_rounding(number, &reference.value) * BigRational::from_integer(roundings.into());
    Some((&bound * share).max(bound.min(few)))
}

/// The bound of an entry; none where it has none and needs one.
fn room(number: Number, reference: &Reference) -> Option<BigRational> {
    match number {
        Number::Exact => Some(BigRational::zero()),
        Number::Grid(_) => exact_f64(reference.bound.unwrap_or(0.0)),
        Number::Float(_) => exact_f64(reference.bound?),
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
            Number::Grid(grid) => grid.step(),
            Number::Exact | Number::Float(_) => room(number, reference)?,
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

/// u |t| + tiny, and half a step of a grid: what one more rounding may do.
pub(crate) fn last_rounding(number: Number, theirs: &BigRational) -> BigRational {
    let dtype = match number {
        Number::Exact => return BigRational::zero(),
        Number::Grid(grid) => return grid.step() / BigInt::from(2),
        Number::Float(dtype) => dtype,
    };
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
