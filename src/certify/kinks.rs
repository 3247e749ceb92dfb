//! Would another kink convention explain somebody's numbers?
//!
//! At a kink a slope is a convention, so that two right gradients may differ there and nowhere else. Tried are one convention for all, one
//! per layer, and a θ that the numbers themselves ask for; what explains them is the convention under which every entry is right.

use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use crate::error::Error;
use crate::number::{canonical, exact_f64};
use crate::spec::{Activation, Class, Kink, Number, PerBlock, Share, Straight};
use crate::verdict::evidence::{NEEDED, bits, choice};
use crate::verdict::factor::{last_rounding, simplest_between};
use crate::verdict::judge::Nearness;
use crate::verdict::walk::Reference;
use crate::wire::gradient::Gradient;

/// Conventions that are tried before the search gives up.
const MOST_TRIED: usize = 100;
/// Net inputs that are listed.
const LISTED: usize = 4;

/// The conventions that have a word, in the order in which they are named if several fit.
const WORDS: [Kink; 5] = [Kink::Left, Kink::Right, Kink::Mean, Kink::Inner, Kink::Outer];

/// How near theirs is to what is right of a case, and that.
pub(super) type Near = Result<(Nearness, PerBlock<Reference>), Error>;

/// A part of a network that has one convention, and stands on a kink somewhere.
#[derive(Debug)]
pub(super) struct Group {
    /// Counted from 0; none of a network that has one convention for all.
    pub layer: Option<usize>,
    /// What the case says.
    pub declared: Kink,
    /// The σ that take it.
    pub functions: Vec<Activation>,
}

/// A net input on a kink.
#[derive(Clone, Debug)]
pub(super) struct Stand {
    /// Of which group.
    pub group: usize,
    /// Example and neuron, for whoever made it.
    pub who: (usize, usize),
    /// Such as `layer 1, post 0, example 3`.
    pub words: String,
    /// σ of the neuron.
    pub function: Activation,
    /// The kink.
    pub at: BigRational,
}

/// Where a network stands on kinks.
#[derive(Debug)]
pub(super) struct Ground {
    /// Those that stand on one.
    pub groups: Vec<Group>,
    /// All such net inputs, in order.
    pub stands: Vec<Stand>,
    /// The σ elsewhere that would take a convention of the case; none if it cannot be said of the whole case.
    pub others: Option<Vec<Activation>>,
}

/// What came of the search.
#[derive(Debug)]
pub(super) enum Found {
    /// Conventions, one per group, each of which explains everything.
    Conventions(Vec<Vec<Kink>>),
    /// The budget ended first.
    Stopped(Error),
    /// None explains it.
    Nothing,
}

/// What is right under conventions of the groups, and how near theirs is to it.
pub(super) type Judged<'a> = dyn FnMut(&[Kink]) -> Near + 'a;

/// Looks for the conventions under which theirs is right; `declared` is what is right under that of the case.
///
/// # Errors
/// [`Error::Interrupted`].
pub(super) fn search(
    ground: &Ground,
    mine: &Gradient,
    declared: &PerBlock<Reference>,
    judged: &mut Judged<'_>,
) -> Result<Found, Error> {
    if ground.groups.is_empty() {
        return Ok(Found::Nothing);
    }
    let mut search = Search { ground, mine, declared, judged, seen: Vec::new() };
    let found = match search.words() {
        Ok(found) if found.is_empty() => search.solved(),
        found => found,
    };
    match found {
        Ok(found) if found.is_empty() => Ok(Found::Nothing),
        Ok(found) => Ok(Found::Conventions(found)),
        Err(error) if error.is_out_of_work() => Ok(Found::Stopped(error)),
        Err(error) => Err(error),
    }
}

/// What was tried of a choice: whether it explains theirs, and what is right under it; none where nobody can say.
type Tried = (Vec<Kink>, Option<(bool, PerBlock<Reference>)>);

struct Search<'a, 'b> {
    ground: &'a Ground,
    mine: &'a Gradient,
    declared: &'a PerBlock<Reference>,
    judged: &'a mut Judged<'b>,
    seen: Vec<Tried>,
}

impl Search<'_, '_> {
    fn of_case(&self) -> Vec<Kink> {
        self.ground.groups.iter().map(|group| group.declared).collect()
    }

    /// Tries a choice, once; its number among those that were tried.
    fn try_out(&mut self, kinks: &[Kink]) -> Result<usize, Error> {
        if let Some(at) = self.seen.iter().position(|(seen, _)| seen == kinks) {
            return Ok(at);
        }
        let found = match (self.judged)(kinks) {
            Ok((nearness, right)) => {
                Some((nearness < Nearness::Unjudged && self.says_enough(&right), right))
            }
            Err(Error::Interrupted) => return Err(Error::Interrupted),
            Err(error) if error.is_out_of_work() => return Err(error),
            // What cannot be computed explains nothing.
            Err(_) => None,
        };
        self.seen.push((kinks.to_vec(), found));
        Ok(self.seen.len() - 1)
    }

    /// Whether it is no accident that numbers which are not right are right under another convention: the entries that it moves
    /// have to move far beside their room.
    fn says_enough(&self, right: &PerBlock<Reference>) -> bool {
        let says = |(declared, other): (&Reference, &Reference)| {
            let room = match (self.mine.number, other.bound) {
                (Number::Exact, _) => BigRational::zero(),
                (Number::Float(_), Some(bound)) => exact_f64(2.0 * bound)?,
                (Number::Float(_), None) => return None,
                (Number::Grid(_), bound) => exact_f64(bound.unwrap_or(0.0))?,
            };
            let way = (&declared.value - &other.value).abs();
            Some(bits(&way, &(room + last_rounding(self.mine.number, &other.value))))
        };
        let said = self.declared.values().zip(right.values()).filter_map(says);
        said.fold(0, u32::saturating_add) >= NEEDED + choice(MOST_TRIED)
    }

    fn explains(&mut self, kinks: &[Kink]) -> Result<bool, Error> {
        let at = self.try_out(kinks)?;
        Ok(self.seen[at].1.as_ref().is_some_and(|(fits, _)| *fits))
    }

    /// The words that a group may have.
    fn of_group(&self, group: usize) -> Vec<Kink> {
        let functions = &self.ground.groups[group].functions;
        let serves = |kink: &Kink| functions.iter().all(|f| kink.refusal(f).is_none());
        WORDS.into_iter().filter(serves).collect()
    }

    /// One word for all groups, every one that fits; else words of fewest groups, the first that fits.
    fn words(&mut self) -> Result<Vec<Vec<Kink>>, Error> {
        let declared = self.of_case();
        let count = declared.len();
        let mut found = Vec::new();
        for kink in WORDS {
            let serves = (0..count).all(|group| self.of_group(group).contains(&kink));
            let all = vec![kink; count];
            if serves && all != declared && self.explains(&all)? {
                found.push(all);
            }
        }
        if !found.is_empty() || count == 1 {
            return Ok(found);
        }
        let mut frontier = vec![(declared, 0)];
        while !frontier.is_empty() {
            let mut next = Vec::new();
            for (kinks, from) in frontier {
                for group in from..count {
                    for kink in self.of_group(group).into_iter().filter(|k| *k != kinks[group]) {
                        let mut other = kinks.clone();
                        other[group] = kink;
                        if self.seen.len() >= MOST_TRIED {
                            return Ok(Vec::new());
                        }
                        if self.explains(&other)? {
                            return Ok(vec![other]);
                        }
                        next.push((other, group + 1));
                    }
                }
            }
            frontier = next;
        }
        Ok(Vec::new())
    }

    /// θ of all groups, or of one.
    fn solved(&mut self) -> Result<Vec<Vec<Kink>>, Error> {
        let declared = self.of_case();
        let count = declared.len();
        let all = (0..count).map(Some);
        let mut frees: Vec<Option<usize>> = vec![None];
        if count > 1 {
            frees.extend(all);
        }
        for free in frees {
            let with = |kink: Kink| -> Vec<Kink> {
                let is_free = |group: usize| free.is_none_or(|only| only == group);
                let of = |(group, declared): (usize, &Kink)| {
                    if is_free(group) { kink } else { *declared }
                };
                declared.iter().enumerate().map(of).collect()
            };
            let mut ends = [0; 3];
            for (end, kink) in ends.iter_mut().zip([Kink::Left, Kink::Mean, Kink::Right]) {
                *end = self.try_out(&with(kink))?;
            }
            let Some(share) = self.share(ends) else { continue };
            let kinks = with(Kink::Between(share));
            if self.explains(&kinks)? {
                return Ok(vec![kinks]);
            }
        }
        Ok(Vec::new())
    }

    /// The θ that theirs ask for, given what is right on the left, in the middle and on the right:
    ///
    /// ```text
    /// t = g(0) + θ (g(1) − g(0))    of every entry that is straight in θ: g(1/2) = (g(0) + g(1)) / 2
    /// ```
    fn share(&self, ends: [usize; 3]) -> Option<Share> {
        // Of one entry any number would make a θ.
        const ENOUGH: usize = 2;
        const MANY: usize = 3;
        let right = |end: usize| self.seen[end].1.as_ref().map(|(_, right)| right);
        let [left, middle, right] = [right(ends[0])?, right(ends[1])?, right(ends[2])?];
        let (mut low, mut high) = (BigRational::zero(), BigRational::one());
        let mut entries = 0;
        let rows = left.values().zip(middle.values()).zip(right.values());
        for (theirs, ((left, middle), right)) in self.mine.entries.values().zip(rows) {
            let slack = |reference: &Reference| match self.mine.number {
                Number::Exact => Some(BigRational::zero()),
                Number::Float(_) => exact_f64(reference.bound?),
                Number::Grid(_) => exact_f64(reference.bound.unwrap_or(0.0)),
            };
            let [Some(a), Some(b), Some(c)] = [slack(left), slack(middle), slack(right)] else {
                continue;
            };
            let way = &right.value - &left.value;
            let bend = (&left.value + &right.value - &middle.value - &middle.value).abs();
            // An entry that does not move says nothing of θ, and one that turns says it in another way.
            let is_straight = bend.is_zero() || !left.is_exact && bend <= &a + &b + &b + &c;
            if way.abs() <= &a + &c || !is_straight {
                continue;
            }
            let room = a.max(c) + last_rounding(self.mine.number, theirs);
            let off = theirs - &left.value;
            let [one, other] = [(&off - &room) / &way, (&off + &room) / &way];
            low = low.max(one.clone().min(other.clone()));
            high = high.min(one.max(other));
            entries += 1;
        }
        if low > high || entries < ENOUGH {
            return None;
        }
        let share = if low == high { low.clone() } else { simplest_between(&low, &high) };
        let is_plain = canonical(&share).len() <= 5;
        let is_sharp =
            (&high - &low) * BigRational::from_integer(1_000.into()) <= BigRational::one();
        let is_said = is_plain && is_sharp || low == high && entries >= MANY;
        Share::of(&share).filter(|_| is_said)
    }
}

/// What is said where the budget ended.
pub(super) fn stopped(error: &Error) -> String {
    format!(
        "the search for another kink convention came to no end: {error}; raise it with --max-work N"
    )
}

/// What is said of the conventions that were found; `live` are the stands whose slope matters.
pub(super) fn sentence(ground: &Ground, found: &[Vec<Kink>], live: &[Stand]) -> Option<String> {
    let first = found.first()?;
    let declared = ground.groups.iter().map(|group| group.declared);
    let changed: Vec<usize> =
        declared.zip(first).enumerate().filter(|(_, (a, b))| a != *b).map(|(g, _)| g).collect();
    let live: Vec<_> = live.iter().filter(|stand| changed.contains(&stand.group)).collect();
    let listed: Vec<_> = live.iter().take(LISTED).map(|stand| stand.words.as_str()).collect();
    let more = match live.len().saturating_sub(LISTED) {
        0 => String::new(),
        count => format!("; and {count} more"),
    };
    let count = match live.len() {
        1 => "one net input that is".to_owned(),
        count => format!("{count} net inputs that are"),
    };
    Some(format!(
        "all that differs comes from {count} exactly on a kink, where the slope is a convention ({}{more}): with {} every entry is \
         right; if that is meant, say so: {}",
        listed.join("; "),
        slopes(first, &live),
        remedies(ground, found, &changed),
    ))
}

/// Such as `the slope 1/2 of relu at 0`.
fn slopes(kinks: &[Kink], live: &[&Stand]) -> String {
    let mut said: Vec<String> = Vec::new();
    for stand in live {
        let Some(slope) = slope(&stand.function, &stand.at, kinks[stand.group]) else { continue };
        let [slope, at] = [canonical(&slope), canonical(&stand.at)];
        let words = format!("the slope {slope} of {} at {at}", stand.function.name());
        if !said.contains(&words) {
            said.push(words);
        }
    }
    match said.len() {
        0..=3 => said.join(" and "),
        _ => "other slopes there".to_owned(),
    }
}

/// The slope at a kink under a convention, as it is told.
fn slope(function: &Activation, at: &BigRational, kink: Kink) -> Option<BigRational> {
    let (zero, one) = (BigRational::zero(), BigRational::one());
    let (left, right, is_lower) = match function.class() {
        Class::Straight(Straight::Relu) => (zero, one, true),
        Class::Straight(Straight::LeakyRelu { slope }) => (slope.clone(), one, true),
        Class::Straight(Straight::HardTanh { min, .. }) if at == min => (zero, one, true),
        Class::Straight(Straight::HardTanh { .. }) => (one, zero, false),
        Class::Straight(Straight::Identity)
        | Class::Curved(_)
        | Class::Quotient
        | Class::Transcendental(_) => return None,
    };
    let share = match kink {
        Kink::Left => BigRational::zero(),
        Kink::Right => BigRational::one(),
        Kink::Mean => BigRational::new(1.into(), 2.into()),
        Kink::Inner => BigRational::from_integer(i32::from(is_lower).into()),
        Kink::Outer => BigRational::from_integer(i32::from(!is_lower).into()),
        Kink::Between(share) => share.exact(),
    };
    Some(&left + share * (right - &left))
}

/// How a case asks for it; of several conventions these numbers do not tell which.
fn remedies(ground: &Ground, found: &[Vec<Kink>], changed: &[usize]) -> String {
    let of = |kinks: &Vec<Kink>| {
        let one = kinks.first().copied().filter(|first| kinks.iter().all(|kink| kink == first));
        let serves = |kink: &Kink| {
            let others = ground.others.as_ref();
            others.is_some_and(|others| others.iter().all(|f| kink.refusal(f).is_none()))
        };
        if let Some(kink) = one.filter(serves) {
            return format!("\"kink\": \"{kink}\" in the case");
        }
        let of_group = |g: &usize| match ground.groups[*g].layer {
            Some(layer) => format!("\"kink\": \"{}\" on layer {}", kinks[*g], layer + 1),
            None => format!("\"kink\": \"{}\" in the case", kinks[*g]),
        };
        changed.iter().map(of_group).collect::<Vec<_>>().join(" and ")
    };
    let all: Vec<_> = found.iter().map(of).collect();
    match all.as_slice() {
        [one] => one.clone(),
        all => format!("{} (these numbers do not tell which)", all.join(", or ")),
    }
}
