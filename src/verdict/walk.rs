//! The one walk over the entries of a block: theirs beside the exact values, and what follows.
//!
//! Every judge goes through here, whether a gradient is exact or in floats, small or large, so that a verdict and its figures mean the
//! same in all commands. A mistake in it would be one in all of them: the oracles in Python judge the same documents by their own.

use num_rational::BigRational;
use num_traits::{Signed, Zero};

use super::bounded::{Bound, power};
use super::direction::Direction;
use super::nearness::Nearness;
use super::point::Point;
use super::power::{Power, Sight, doubt};
use super::ulps::{self, bins, upward};
use crate::number::{exact_f64, nearest_and_live, nearest_f64};
use crate::spec::{Number, Place};

/// How many of the worst entries are kept, where nobody asks for all.
pub const KEPT: usize = 5;

/// What is right, and how far a float may be from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// The exact value; where it cannot be had, the centre of its enclosure. It need not be in lowest terms.
    pub value: BigRational,
    /// Whether `value` is exact.
    pub is_exact: bool,
    /// The computed bound around `value`; none where none was computed: then a float that is not the nearest is unjudged.
    pub bound: Option<f64>,
    /// The standard deviation of `super::plausible`; none where none was computed.
    pub spread: Option<f64>,
}

impl Reference {
    /// A value that is known exactly, and its bound.
    #[must_use]
    pub fn exactly(value: BigRational, bound: Option<f64>) -> Self {
        Self { value, is_exact: true, bound, spread: None }
    }

    /// What stands for a value that cannot be had: the centre, with the bound widened by how far it may be off.
    #[must_use]
    pub fn centre(bound: &Bound) -> Self {
        Self {
            value: exact_f64(bound.centre).unwrap_or_else(BigRational::zero),
            is_exact: false,
            bound: Some((bound.bound + bound.radius).next_up()),
            spread: None,
        }
    }
}

/// One entry, with everything a reader may want to check by hand.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Such as `weights of layer 1: post 0, pre 2`.
    pub words: String,
    /// The same in numbers; none of a loss and of derivatives at inputs.
    pub place: Option<Place>,
    /// What they have.
    pub theirs: BigRational,
    /// What is right; the centre of the bound where no exact value can be had.
    pub exact: BigRational,
    /// |theirs − exact| in ulps or steps of a grid, rounded up; infinite where a float should be zero, and 0 of exact numbers.
    pub ulps: f64,
    /// |theirs − exact| / |exact|, rounded up; infinite where the exact value is zero.
    pub relative: f64,
    /// |theirs − exact| / bound, rounded up; infinite where there is no bound.
    pub of_bound: f64,
    /// |theirs − exact| in standard deviations; none where none was computed.
    pub deviations: Option<f64>,
}

impl Entry {
    /// theirs / exact; none where exact is 0.
    #[must_use]
    pub fn ratio(&self) -> Option<BigRational> {
        (!self.exact.is_zero()).then(|| &self.theirs / &self.exact)
    }
}

/// What came of one block.
#[derive(Clone, Debug, PartialEq)]
pub struct BlockJudgement {
    /// Such as `weights of layer 2`.
    pub name: String,
    /// How their entries are held.
    pub held: Number,
    /// Whether the block holds parameters; loss and inputs are extras.
    pub is_parameters: bool,
    /// The worst of its entries.
    pub nearness: Nearness,
    /// How many entries there are.
    pub entries: usize,
    /// How many of them are not zero, exactly.
    pub nonzero: usize,
    /// How many of them are not zero in the format.
    pub live: usize,
    /// Live entries that are within their own bound: a zero in their place would not be noticed.
    pub blind: usize,
    /// How many are the exact value.
    pub equal: usize,
    /// How many are the float nearest to the exact value.
    pub correctly_rounded: usize,
    /// How many are beyond their bound, or differ where there is none to be allowed.
    pub beyond: usize,
    /// How many are not the nearest float, where no bound says how far they may be.
    pub unjudged: usize,
    /// Entries with an error of more than 2^(k−1) and at most 2^k ulps, from [`ulps::LOWEST_BIN`] to [`ulps::HIGHEST_BIN`];
    /// everything smaller in the first, everything larger in the last. Empty of exact numbers.
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
    /// How the whole block points, beside the exact one.
    pub direction: Direction,
    /// The largest error in standard deviations, and how far that is plausible; none where none was computed.
    pub plausible: Option<Plausible>,
    /// Whether zeros in place of the block would be noticed.
    pub power: Power,
    /// A mistake of more than this share of the largest entry of the block is refused, whatever the entry.
    pub refuses: f64,
    /// Whether that is more than 2⁻³⁰ (f32: 2⁻¹⁰), the share that a certificate would ask for.
    pub is_coarse: bool,
    /// Why it says nothing that the block is as near as this, if so.
    pub doubt: Option<String>,
    /// The first entry that differs, is unjudged or is implausible.
    pub first: Option<Entry>,
    /// The one of these with the largest absolute difference.
    pub furthest: Option<Entry>,
    /// Those beyond their bound, the furthest by their bounds first; as many as are kept.
    pub wrong: Vec<Entry>,
    /// The largest errors in ulps; as many as are kept.
    pub worst: Vec<Entry>,
    /// Every entry as a point, where there is to be a picture; else none.
    pub points: Vec<Point>,
}

/// The plausible line of a block: what independent roundings would explain. Nothing proved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plausible {
    /// The largest error, in standard deviations.
    pub largest: f64,
    /// From how many on an error is implausible, among all entries that are compared.
    pub threshold: f64,
    /// How many entries are beyond that.
    pub beyond: usize,
    /// Whether zeros in place of the block would be implausible.
    pub power: Power,
}

impl BlockJudgement {
    /// Whether every exact entry is zero, so that the block says little.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.power == Power::Zero
    }

    /// Takes what independent roundings explain into the verdict: it refuses what a bound lets pass, and vouches for what has no bound
    /// with power.
    fn weigh(&mut self, plausible: Plausible) {
        let is_blind = match self.power {
            Power::Blind { .. } => true,
            Power::Zero | Power::Underflows | Power::Sees => self.nearness == Nearness::Unjudged,
        };
        if plausible.beyond > 0 && !self.nearness.is_refused() {
            (self.nearness, self.doubt) = (Nearness::Implausible, None);
        } else if self.doubt.is_some() && is_blind && plausible.power == Power::Sees {
            (self.nearness, self.doubt) = (Nearness::Plausible, None);
        }
    }

    /// How many entries differ, or are unjudged.
    #[must_use]
    pub fn differing(&self) -> usize {
        self.beyond + self.unjudged
    }
}

/// Judges a block, entry by entry.
///
/// Exactness: every count and every verdict is exact; ulps, relative errors and shares of bounds are rounded up.
///
/// ```
/// use creditcheck::verdict::walk::{Block, Reference, KEPT, walk};
/// use creditcheck::number::exact_f64;
/// use creditcheck::spec::{Dtype, Number};
/// use num_rational::BigRational;
/// let right = |q: i64| Reference::exactly(BigRational::new(1.into(), q.into()), Some(1e-8));
/// let theirs = [0.5, f64::from(0.1f32)].map(|value| exact_f64(value).unwrap());
/// let block = Block { name: "b", held: Number::Float(Dtype::F32), is_parameters: true, keep: KEPT, threshold: 9.0 };
/// let judged = walk(&block, &|k| (format!("b: {k}"), None), theirs.into_iter().zip([right(2), right(10)]));
/// assert_eq!((judged.equal, judged.correctly_rounded, judged.beyond), (1, 2, 0));
/// ```
pub fn walk(
    block: &Block<'_>,
    place: &dyn Fn(usize) -> (String, Option<Place>),
    entries: impl IntoIterator<Item = (BigRational, Reference)>,
) -> BlockJudgement {
    let mut walk = Walk::new(block);
    for (index, (theirs, reference)) in entries.into_iter().enumerate() {
        walk.entry(&|| place(index), theirs, reference);
    }
    walk.judgement()
}

/// A block that is to be judged.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// Such as `weights of layer 2`.
    pub name: &'a str,
    /// How their entries are held.
    pub held: Number,
    /// Whether they are parameters.
    pub is_parameters: bool,
    /// How many of the wrong and of the worst entries are kept.
    pub keep: usize,
    /// From how many standard deviations on an error is implausible.
    pub threshold: f64,
}

struct Walk {
    found: BlockJudgement,
    keep: usize,
    sight: Sight<BigRational>,
    widest: f64,
    threshold: f64,
    plausible: Option<(f64, usize)>,
    /// Whether some entry has no deviation: then the block has no plausible line.
    is_partial: bool,
    plausible_sight: Sight<BigRational>,
    /// |theirs − exact| of `found.furthest`.
    by: BigRational,
    all: Vec<f64>,
}

impl Walk {
    fn new(block: &Block<'_>) -> Self {
        let found = BlockJudgement {
            name: block.name.to_owned(),
            held: block.held,
            is_parameters: block.is_parameters,
            nearness: Nearness::Exact,
            entries: 0,
            nonzero: 0,
            live: 0,
            blind: 0,
            equal: 0,
            correctly_rounded: 0,
            beyond: 0,
            unjudged: 0,
            distribution: if block.held.is_rounded() { vec![0; bins()] } else { Vec::new() },
            median: 0.0,
            largest: 0.0,
            relative: 0.0,
            of_bound: 0.0,
            tightest: f64::INFINITY,
            direction: Direction::default(),
            plausible: None,
            power: Power::Zero,
            refuses: 0.0,
            is_coarse: false,
            doubt: None,
            first: None,
            furthest: None,
            wrong: Vec::new(),
            worst: Vec::new(),
            points: Vec::new(),
        };
        let by = BigRational::zero();
        Self {
            found,
            keep: block.keep,
            sight: Sight::new(),
            widest: 0.0,
            threshold: block.threshold,
            plausible: None,
            is_partial: false,
            plausible_sight: Sight::new(),
            by,
            all: Vec::new(),
        }
    }

    fn entry(
        &mut self,
        place: &dyn Fn() -> (String, Option<Place>),
        theirs: BigRational,
        reference: Reference,
    ) {
        let number = self.found.held;
        let Reference { value: exact, is_exact, bound, .. } = &reference;
        let off = difference(&theirs, exact);
        let (is_nearest, is_live) = nearest_and_live(exact, &theirs, number);
        let is_nearest = *is_exact && is_nearest;
        let nearness = match bound {
            _ if *is_exact && off.is_zero() => Nearness::Exact,
            _ if number == Number::Exact => Nearness::Different,
            _ if is_nearest => Nearness::CorrectlyRounded,
            None if number.dtype().is_none() => Nearness::Different,
            None => Nearness::Unjudged,
            Some(bound) if is_within(&off, *bound) => Nearness::WithinBound,
            Some(_) => Nearness::Different,
        };
        let deviations = self.deviations(&reference, &off, nearness);
        self.look(&reference, is_live);
        self.widest = self.widest.max(bound.unwrap_or(0.0));
        let found = &mut self.found;
        found.entries += 1;
        found.nearness = found.nearness.max(nearness);
        found.equal += usize::from(nearness == Nearness::Exact);
        found.correctly_rounded += usize::from(is_nearest);
        found.beyond += usize::from(nearness == Nearness::Different);
        found.unjudged += usize::from(nearness == Nearness::Unjudged);
        found.direction.see(&theirs, exact, &off);
        let (ulps, relative, of_bound) = self.sizes(&reference, &off);
        let is_implausible = deviations.is_some_and(|found| found > self.threshold);
        let differs = nearness >= Nearness::Unjudged || is_implausible;
        let is_first = differs && self.found.first.is_none();
        let is_furthest = differs && (off > self.by || self.found.furthest.is_none());
        let among = |list: &[Entry], key: fn(&Entry) -> f64, value: f64| {
            list.len() < self.keep || list.last().is_some_and(|last| key(last) < value)
        };
        let is_wrong = nearness == Nearness::Different
            && among(&self.found.wrong, |entry| entry.of_bound, of_bound);
        let is_worst = ulps > 0.0 && among(&self.found.worst, |entry| entry.ulps, ulps);
        if !(is_first || is_furthest || is_wrong || is_worst) {
            return;
        }
        let (words, place) = place();
        let exact = exact.reduced();
        let entry = Entry { words, place, theirs, exact, ulps, relative, of_bound, deviations };
        if is_wrong {
            keep(&mut self.found.wrong, self.keep, &entry, |entry| entry.of_bound);
        }
        if is_worst {
            keep(&mut self.found.worst, self.keep, &entry, |entry| entry.ulps);
        }
        if is_furthest {
            (self.by, self.found.furthest) = (off, Some(entry.clone()));
        }
        if is_first {
            self.found.first = Some(entry);
        }
    }

    /// Looks at an exact entry: whether it is zero, whether it is in the format, and whether zero would pass for it.
    fn look(&mut self, reference: &Reference, is_live: bool) {
        let Reference { value, is_exact, bound, spread } = reference;
        // Of a value that is known by its centre alone a bound of zero says that the centre is exact.
        if value.is_zero() && (*is_exact || *bound == Some(0.0)) {
            return;
        }
        let magnitude = BigRational::new_raw(value.numer().abs(), value.denom().clone());
        let zero_passes = bound.is_some_and(|bound| is_within(&magnitude, bound));
        if let Some(spread) = spread {
            let is_plausible = is_within(&magnitude, self.threshold * spread);
            self.plausible_sight.see(magnitude.clone(), is_live, is_plausible);
        }
        self.sight.see(magnitude, is_live, zero_passes);
    }

    /// The error in standard deviations; what is exact, or the nearest float, is no error of any.
    fn deviations(
        &mut self,
        reference: &Reference,
        off: &BigRational,
        nearness: Nearness,
    ) -> Option<f64> {
        let spread = reference.spread.filter(|spread| spread.is_finite());
        let Some(spread) = spread else {
            self.is_partial = true;
            return None;
        };
        let found = match nearness {
            Nearness::Exact | Nearness::CorrectlyRounded => 0.0,
            _ if off.is_zero() => 0.0, // the centre of an enclosure, hit
            _ if spread == 0.0 => f64::INFINITY,
            _ => nearest_f64(off) / spread,
        };
        let (largest, beyond) = self.plausible.unwrap_or_default();
        let beyond = beyond + usize::from(found > self.threshold);
        self.plausible = Some((largest.max(found), beyond));
        Some(found)
    }

    /// The error in ulps, relatively, and as a share of its bound; all rounded up.
    fn sizes(&mut self, reference: &Reference, off: &BigRational) -> (f64, f64, f64) {
        let found = &mut self.found;
        let Reference { value: exact, bound, .. } = reference;
        let share =
            |of: &BigRational| upward(&(off.numer() * of.denom()), &(off.denom() * of.numer()));
        let or_infinite = |value: f64| match exact.is_zero() && !off.is_zero() {
            true => f64::INFINITY,
            false => value,
        };
        let mut ulps = 0.0;
        if let Some(unit) = ulps::unit(exact, found.held) {
            let raw = (off.numer() * unit.denom(), off.denom() * unit.numer());
            found.distribution[ulps::bin(&BigRational::new_raw(raw.0, raw.1))] += 1;
            let is_float = found.held.dtype().is_some();
            ulps = if is_float { or_infinite(share(&unit)) } else { share(&unit) };
            if let Some(bound) = bound.and_then(exact_f64).filter(|_| !exact.is_zero()) {
                let bound = bound / &unit;
                found.tightest = found.tightest.min(upward(bound.numer(), bound.denom()));
            }
            self.all.push(ulps);
        }
        let relative = if exact.is_zero() { or_infinite(0.0) } else { share(exact) };
        let of_bound = match bound.and_then(exact_f64) {
            _ if off.is_zero() => 0.0,
            Some(bound) if !bound.is_zero() => share(&bound),
            _ => f64::INFINITY,
        };
        found.largest = found.largest.max(ulps);
        found.relative = found.relative.max(relative);
        found.of_bound = found.of_bound.max(of_bound);
        (ulps, relative, of_bound)
    }

    fn judgement(mut self) -> BlockJudgement {
        self.all.sort_by(f64::total_cmp);
        if self.keep == usize::MAX {
            self.found.wrong.sort_by(|a, b| b.of_bound.total_cmp(&a.of_bound));
            self.found.worst.sort_by(|a, b| b.ulps.total_cmp(&a.ulps));
        }
        let found = &mut self.found;
        found.median = self.all.get(self.all.len() / 2).copied().unwrap_or(0.0);
        let Sight { nonzero, live, blind, .. } = self.sight;
        (found.nonzero, found.live, found.blind) = (nonzero, live, blind);
        found.power = self.sight.power();
        let whole = self.plausible.filter(|_| !self.is_partial);
        found.plausible = whole.map(|(largest, beyond)| Plausible {
            largest,
            threshold: self.threshold,
            beyond,
            power: self.plausible_sight.power(),
        });
        (found.refuses, found.is_coarse) = refused(found.held, self.widest, &self.sight.largest);
        found.doubt = doubt(found.nearness, found.power, &found.held.in_words());
        if let Some(plausible) = found.plausible {
            found.weigh(plausible);
        }
        self.found
    }
}

/// |theirs − exact|, not in lowest terms.
fn difference(theirs: &BigRational, exact: &BigRational) -> BigRational {
    let top = theirs.numer() * exact.denom() - exact.numer() * theirs.denom();
    BigRational::new_raw(top.abs(), theirs.denom() * exact.denom())
}

fn is_within(off: &BigRational, bound: f64) -> bool {
    exact_f64(bound).is_some_and(|bound| off.numer() * bound.denom() <= off.denom() * bound.numer())
}

/// Inserts by descending key, first come first; no more than so many.
fn keep(list: &mut Vec<Entry>, most: usize, entry: &Entry, key: impl Fn(&Entry) -> f64) {
    if most == usize::MAX {
        return list.push(entry.clone());
    }
    let at = list.iter().position(|kept| key(kept) < key(entry)).unwrap_or(list.len());
    if at < most {
        list.insert(at, entry.clone());
        list.truncate(most);
    }
}

/// The share of the largest entry from which on every mistake is refused, and whether it is more than a certificate would allow.
fn refused(held: Number, widest: f64, largest: &BigRational) -> (f64, bool) {
    if held == Number::Exact {
        return (0.0, false);
    }
    if largest.is_zero() {
        return (f64::INFINITY, false);
    }
    // What is wrong by more than twice its bound leaves it, wherever within it the right float is.
    exact_f64(widest).map_or((f64::INFINITY, true), |widest| {
        let share = nearest_f64(&((&widest + &widest) / largest));
        let share = if widest.is_zero() { 0.0 } else { share.next_up() };
        match held {
            // A step of the grid is never so small beside the numbers on it.
            Number::Exact | Number::Grid(_) => (share, true),
            Number::Float(format) => (share, widest >= largest * power(format)),
        }
    })
}
