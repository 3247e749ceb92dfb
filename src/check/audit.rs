//! Somebody's floats against exact numbers, in units in the last place.
//!
//! One ulp of an exact value is the distance between neighbouring floats of its binade, in the format of the float that is
//! judged. All distances are computed as fractions: an ulp count is rounded once, upwards, when it is shown.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use super::bounded::when_stored;
use super::nearness::Nearness;
use super::power::{Power, Sight, Unchecked, doubt};
use crate::number::{exact_f64, nearest, nearest_f64};
use crate::spec::Dtype;

/// How many of the worst entries are kept.
pub const KEPT: usize = 5;

/// The bins of a distribution: exact, then powers of two of an ulp.
pub const LOWEST_BIN: i32 = -8;
/// The last bin holds everything beyond.
pub const HIGHEST_BIN: i32 = 40;

/// A block of floats and what is known of it before any is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// Such as `weights of layer 1`.
    pub name: &'a str,
    /// How many entries belong to one postsynaptic neuron; none if they are biases.
    pub columns: Option<usize>,
    /// The format that the floats are values of.
    pub dtype: Dtype,
    /// The floats, row by row.
    pub theirs: &'a [f64],
    /// The rounding bound of each entry, as it is computed and before it is stored.
    pub bounds: &'a [f64],
    /// The arithmetic of those bounds.
    pub arithmetic: Dtype,
}

/// One entry, with everything a reader may want to check by hand.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditedEntry {
    /// The postsynaptic neuron.
    pub post: usize,
    /// The presynaptic neuron; none for biases.
    pub pre: Option<usize>,
    /// What they have.
    pub theirs: f64,
    /// The exact value, rounded once to the format.
    pub rounded: f64,
    /// |theirs − exact| in ulps, rounded up; infinite where the exact value is zero.
    pub ulps: f64,
    /// |theirs − exact| / |exact|, rounded up; infinite where the exact value is zero.
    pub relative: f64,
    /// |theirs − exact| / bound, rounded up.
    pub of_bound: f64,
}

/// What came of one block.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditedBlock {
    /// As in [`Block`].
    pub name: String,
    /// As in [`Block`].
    pub dtype: Dtype,
    /// How many entries there are.
    pub entries: usize,
    /// How many of them are not zero, exactly.
    pub nonzero: usize,
    /// How many of them are not zero in the format.
    pub live: usize,
    /// How many are the float nearest to the exact value.
    pub correctly_rounded: usize,
    /// How many are the exact value.
    pub equal: usize,
    /// How many are zero, exactly, but not theirs.
    pub not_zero: usize,
    /// Entries with an error of more than 2^(k−1) and at most 2^k ulps, from [`LOWEST_BIN`] to [`HIGHEST_BIN`];
    /// everything smaller in the first, everything larger in the last.
    pub distribution: Vec<usize>,
    /// Half of the entries are off by at most this many ulps, half of them by at least this many.
    pub median: f64,
    /// The largest error in ulps.
    pub largest: f64,
    /// The largest relative error.
    pub relative: f64,
    /// The largest error as a share of its bound: at most 1 where every entry is within.
    pub of_bound: f64,
    /// The smallest bound of an entry that is not zero, in ulps of the entry; infinite where there is none.
    pub tightest: f64,
    /// How many are beyond their bound.
    pub beyond: usize,
    /// A mistake of more than this share of the largest entry of the block is refused, whatever the entry.
    pub refuses: f64,
    /// Live entries that are within their own bound: a zero in their place would not be noticed.
    pub blind: usize,
    /// Whether zeros in place of the block would be noticed.
    pub power: Power,
    /// Beyond their bound, the furthest first; at most [`KEPT`].
    pub wrong: Vec<AuditedEntry>,
    /// The largest errors in ulps; at most [`KEPT`].
    pub worst: Vec<AuditedEntry>,
}

impl AuditedBlock {
    /// Why it says nothing that the block is as near as it is, if so.
    #[must_use]
    pub fn doubt(&self) -> Option<String> {
        doubt(self.nearness(), self.power, self.dtype.name())
    }

    /// The worst of its entries.
    #[must_use]
    pub fn nearness(&self) -> Nearness {
        match self {
            _ if self.equal == self.entries => Nearness::Exact,
            _ if self.correctly_rounded == self.entries => Nearness::CorrectlyRounded,
            _ if self.beyond == 0 => Nearness::WithinBound,
            _ => Nearness::Different,
        }
    }
}

/// The worst of all blocks, or why nothing can be said: every exact entry is zero, or zeros in place of some block would pass.
///
/// # Errors
/// [`Unchecked`] with the blocks and their reasons; none where some entry is beyond its bound.
pub fn verdict(blocks: &[AuditedBlock]) -> Result<Nearness, Unchecked> {
    let nearness = blocks.iter().map(AuditedBlock::nearness).max().ok_or(Unchecked::Dead)?;
    let doubts = blocks.iter().map(|block| (block.name.as_str(), Some(block.power), block.doubt()));
    match Unchecked::of(doubts) {
        Some(why) if nearness != Nearness::Different => Err(why),
        _ => Ok(nearness),
    }
}

/// Judges a block. The exact entries are numerators over one positive denominator, all times `scale`.
///
/// A bound counts times |scale|, widened by what the scale itself may be off in the arithmetic, and by the last rounding, to the format in which
/// the block is held.
///
/// Exactness: every count and every verdict is exact; ulps, relative errors and shares of bounds are rounded up.
///
/// ```
/// use creditcheck::check::audit::{Block, audit};
/// use creditcheck::spec::Dtype;
/// let theirs = [0.5, f64::from(0.1f32)];
/// let block = Block { name: "b", columns: None, dtype: Dtype::F32, theirs: &theirs, bounds: &[1e-8; 2],
///     arithmetic: Dtype::F32 };
/// // 1/2 and 1/10
/// let audited = audit(&block, [5.into(), 1.into()].into_iter(), &10.into(), &num_rational::BigRational::from_integer(1.into()));
/// assert_eq!((audited.equal, audited.correctly_rounded, audited.beyond), (1, 2, 0));
/// ```
#[must_use]
pub fn audit(
    block: &Block<'_>,
    exact: impl Iterator<Item = BigInt>,
    denominator: &BigInt,
    scale: &BigRational,
) -> AuditedBlock {
    let denominator = denominator * scale.denom();
    let wider = upward(scale.numer(), scale.denom());
    let scale_off = off(scale, block.arithmetic);
    let mut found = AuditedBlock {
        name: block.name.to_owned(),
        dtype: block.dtype,
        entries: block.theirs.len(),
        nonzero: 0,
        live: 0,
        correctly_rounded: 0,
        equal: 0,
        not_zero: 0,
        distribution: vec![0; bins()],
        median: 0.0,
        largest: 0.0,
        relative: 0.0,
        of_bound: 0.0,
        tightest: f64::INFINITY,
        beyond: 0,
        refuses: 0.0,
        blind: 0,
        power: Power::Zero,
        wrong: Vec::new(),
        worst: Vec::new(),
    };
    let mut all = Vec::with_capacity(block.theirs.len());
    let (mut sight, mut largest_bound) = (Sight::new(), 0.0f64);
    let entries = block.theirs.iter().zip(block.bounds).zip(exact).enumerate();
    for (at, ((theirs, bound), numerator)) in entries {
        let exact = numerator * scale.numer();
        let error = Distance::of(*theirs, &exact, &denominator);
        let rounded = nearest(&exact, &denominator, block.dtype);
        let is_zero = exact.is_zero();
        // A bound of zero stays one: nothing is rounded there.
        let bound = match *bound {
            0.0 => 0.0,
            bound => {
                let size = if is_zero { 0.0 } else { upward(&exact, &denominator) };
                let computed = (bound * wider).next_up();
                let computed = match scale_off {
                    0.0 => computed,
                    off => (computed + (off * (size + computed).next_up()).next_up()).next_up(),
                };
                when_stored(computed, size, block.arithmetic, block.dtype)
            }
        };
        largest_bound = largest_bound.max(bound);
        let unit = ulp(&exact, &denominator, block.dtype);
        let ulps = error.over(&unit);
        if !is_zero {
            if let Some(bound) = exact_f64(bound) {
                let bound = bound / &unit;
                found.tightest = found.tightest.min(upward(bound.numer(), bound.denom()));
            }
            let zero = Distance::of(0.0, &exact, &denominator);
            sight.see(exact.abs(), rounded != 0.0, zero.is_within(bound));
        }
        found.equal += usize::from(error.top.is_zero());
        // Both zeros are zero.
        found.correctly_rounded += usize::from(rounded == *theirs);
        found.not_zero += usize::from(is_zero && !error.top.is_zero());
        found.distribution[bin(&ulps)] += 1;
        let is_beyond = !error.is_within(bound);
        found.beyond += usize::from(is_beyond);
        let or_infinite = |value: f64| match is_zero && !error.top.is_zero() {
            true => f64::INFINITY,
            false => value,
        };
        let relative = match is_zero {
            true => 0.0,
            false => {
                let share = (&error.top * &denominator, &error.bottom * &exact);
                upward(&share.0, &share.1)
            }
        };
        let of_bound = match exact_f64(bound) {
            _ if error.top.is_zero() => 0.0,
            Some(bound) if !bound.is_zero() => {
                let share = error.over(&bound);
                upward(&share.0, &share.1)
            }
            _ => f64::INFINITY,
        };
        let entry = AuditedEntry {
            post: block.columns.map_or(at, |columns| at / columns),
            pre: block.columns.map(|columns| at % columns),
            theirs: *theirs,
            rounded,
            ulps: or_infinite(upward(&ulps.0, &ulps.1)),
            relative: or_infinite(relative),
            of_bound,
        };
        found.relative = found.relative.max(entry.relative);
        found.of_bound = found.of_bound.max(entry.of_bound);
        found.largest = found.largest.max(entry.ulps);
        all.push(entry.ulps);
        if is_beyond {
            keep(&mut found.wrong, &entry, |entry| entry.of_bound);
        }
        if entry.ulps > 0.0 {
            keep(&mut found.worst, &entry, |entry| entry.ulps);
        }
    }
    all.sort_by(f64::total_cmp);
    found.median = all.get(all.len() / 2).copied().unwrap_or(0.0);
    (found.nonzero, found.live, found.blind) = (sight.nonzero, sight.live, sight.blind);
    found.power = sight.power();
    // What is wrong by more than twice its bound leaves it, wherever within it the right float is.
    found.refuses = match nearest(&sight.largest, &denominator, Dtype::F64) {
        0.0 => f64::INFINITY,
        largest => (2.0 * largest_bound / largest).next_up().next_up(),
    };
    found
}

/// How far a scale is off, relatively, when it is put into a format; 0 where that is no more than one rounding, which every bound allows for.
fn off(scale: &BigRational, dtype: Dtype) -> f64 {
    let Some(rounded) = exact_f64(nearest(scale.numer(), scale.denom(), dtype)) else { return 0.0 };
    let off = ((rounded - scale) / scale).abs();
    let one_rounding = power_of_two(-i64::from(dtype.precision()));
    if off <= one_rounding { 0.0 } else { upward(off.numer(), off.denom()) }
}

/// Inserts by descending key, first come first; no more than [`KEPT`].
fn keep(list: &mut Vec<AuditedEntry>, entry: &AuditedEntry, key: impl Fn(&AuditedEntry) -> f64) {
    let at = list.iter().position(|kept| key(kept) < key(entry)).unwrap_or(list.len());
    if at < KEPT {
        list.insert(at, entry.clone());
        list.truncate(KEPT);
    }
}

fn bins() -> usize {
    usize::try_from(HIGHEST_BIN - LOWEST_BIN + 1).unwrap_or(0)
}

/// |theirs − exact| = top / bottom.
struct Distance {
    top: BigInt,
    bottom: BigInt,
}

impl Distance {
    fn of(theirs: f64, numerator: &BigInt, denominator: &BigInt) -> Self {
        // Readers let no other value through; one that came in would be as far off as can be.
        let theirs =
            exact_f64(theirs).unwrap_or_else(|| BigRational::from_integer(BigInt::one() << 2000));
        let top = theirs.numer() * denominator - numerator * theirs.denom();
        Self { top: top.abs(), bottom: theirs.denom() * denominator }
    }

    fn over(&self, unit: &BigRational) -> (BigInt, BigInt) {
        (&self.top * unit.denom(), &self.bottom * unit.numer())
    }

    fn is_within(&self, bound: f64) -> bool {
        exact_f64(bound)
            .is_some_and(|bound| &self.top * bound.denom() <= &self.bottom * bound.numer())
    }
}

/// 2^k with 2^k ≤ p/q < 2^(k+1).
fn binade(p: &BigInt, q: &BigInt) -> i64 {
    let bits = |n: &BigInt| i64::try_from(n.bits()).unwrap_or(i64::MAX / 4);
    let estimate = bits(p) - bits(q);
    if power_at_most(estimate, p, q) { estimate } else { estimate - 1 }
}

/// Whether 2^k ≤ p/q.
fn power_at_most(k: i64, p: &BigInt, q: &BigInt) -> bool {
    match k >= 0 {
        true => q << k.unsigned_abs() <= *p,
        false => *q <= p << k.unsigned_abs(),
    }
}

fn power_of_two(k: i64) -> BigRational {
    let power = BigInt::one() << k.unsigned_abs();
    match k >= 0 {
        true => BigRational::from_integer(power),
        false => BigRational::new_raw(BigInt::one(), power),
    }
}

/// One ulp of an exact value; of zero, the smallest positive number.
fn ulp(numerator: &BigInt, denominator: &BigInt, dtype: Dtype) -> BigRational {
    let smallest = i64::from(dtype.smallest());
    let exponent = match numerator.is_zero() {
        true => smallest,
        false => {
            let lead = binade(&numerator.abs(), denominator);
            (lead + 1 - i64::from(dtype.precision())).max(smallest)
        }
    };
    power_of_two(exponent)
}

/// Which bin a number of ulps falls into.
fn bin((top, bottom): &(BigInt, BigInt)) -> usize {
    if top.is_zero() {
        return 0;
    }
    let lead = binade(top, bottom);
    // The smallest k with top/bottom ≤ 2^k.
    let is_power = match lead >= 0 {
        true => bottom << lead.unsigned_abs() == *top,
        false => *bottom == top << lead.unsigned_abs(),
    };
    let k = if is_power { lead } else { lead + 1 };
    let k = k.clamp(i64::from(LOWEST_BIN), i64::from(HIGHEST_BIN));
    usize::try_from(k - i64::from(LOWEST_BIN)).unwrap_or(0)
}

/// The smallest f64 that is at least |top| / |bottom|.
fn upward(top: &BigInt, bottom: &BigInt) -> f64 {
    let value = BigRational::new_raw(top.abs(), bottom.abs());
    if value.numer().is_zero() {
        return 0.0;
    }
    let near = nearest_f64(&value);
    match exact_f64(near) {
        Some(exact) if exact.numer() * value.denom() < value.numer() * exact.denom() => {
            near.next_up()
        }
        _ => near,
    }
}
