//! Somebody's gradient against the exact one, block by block.

use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use super::evidence::{self, NEEDED};
use super::factor::last_rounding;
use super::plausible::threshold;
use super::power::Unchecked;
use super::walk::{self, KEPT, walk};
use crate::number::{exact_f64, is_nearest, nearest_f64};
use crate::spec::{Arithmetic, Dtype, Number, PerBlock, Place};

pub use super::nearness::Nearness;
pub use super::point::Point;
pub use super::walk::{BlockJudgement, Entry, Reference};

/// What came of the whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// Block by block.
    pub blocks: Vec<BlockJudgement>,
    /// If it is by a rule that the file declares: which, and how far from the exact gradient that is.
    pub declared: Option<Declared>,
    /// What is taken for granted of the solver of their equilibria; none without a cycle, or of exact numbers.
    pub solver: Option<String>,
}

/// A rule that a file declares, and the judgement of the same entries against the exact gradient.
#[derive(Clone, Debug, PartialEq)]
pub struct Declared {
    /// The rule, with everything that its name leaves open.
    pub rule: String,
    /// Block by block.
    pub blocks: Vec<BlockJudgement>,
}

impl Judgement {
    /// The worst of all blocks.
    #[must_use]
    pub fn nearness(&self) -> Nearness {
        self.blocks.iter().map(|block| block.nearness).max().unwrap_or(Nearness::Different)
    }

    /// How many entries differ, or are unjudged.
    #[must_use]
    pub fn differing(&self) -> usize {
        self.blocks.iter().map(BlockJudgement::differing).sum()
    }

    /// The first of them.
    #[must_use]
    pub fn first(&self) -> Option<&Entry> {
        self.blocks.iter().find_map(|block| block.first.as_ref())
    }

    /// The one with the largest absolute difference.
    #[must_use]
    pub fn furthest(&self) -> Option<&Entry> {
        let by = |entry: &Entry| (&entry.theirs - &entry.exact).abs();
        let all = self.blocks.iter().filter_map(|block| block.furthest.as_ref());
        // The first of several.
        all.reduce(|furthest, entry| if by(entry) > by(furthest) { entry } else { furthest })
    }

    /// Why agreement would say nothing, if so: the whole exact gradient is zero, or of some block nobody can tell, for want of a bound
    /// or of its power. Every block that is given has to have been checked, loss and inputs too.
    #[must_use]
    pub fn unchecked(&self) -> Option<Unchecked> {
        if self.nearness().is_refused() {
            return None;
        }
        Unchecked::of(self.blocks.iter().map(|block| {
            let of_parameters = block.is_parameters.then_some(block.power);
            (block.name.as_str(), of_parameters, block.doubt.clone())
        }))
    }

    /// Takes what was unjudged for different, where it is known to be the result of another rule.
    pub fn differs_surely(&mut self) {
        for block in &mut self.blocks {
            if block.nearness == Nearness::Unjudged {
                block.nearness = Nearness::Different;
                block.doubt = None;
            }
        }
    }
}

/// Judges blocks one by one.
#[derive(Debug)]
pub struct Judge {
    held: Number,
    keep: usize,
    draw: bool,
    threshold: f64,
    judgement: Judgement,
}

impl Judge {
    /// Nothing judged yet.
    #[must_use]
    pub fn new(held: Number, options: &Options) -> Self {
        Self {
            held,
            keep: options.keep,
            draw: options.draw,
            threshold: threshold(1),
            judgement: Judgement { blocks: Vec::new(), declared: None, solver: None },
        }
    }

    /// Judges a block of entries that are no parameters: place, theirs, reference.
    pub fn extra<'a>(
        &mut self,
        name: &str,
        entries: impl IntoIterator<Item = (String, &'a BigRational, Reference)>,
    ) {
        let (mut places, mut both) = (Vec::new(), Vec::new());
        for (place, theirs, reference) in entries {
            places.push(place);
            both.push((theirs.clone(), reference));
        }
        self.judge(name, false, &|index| (places[index].clone(), None), both);
    }

    /// Judges the parameters of a case, block by block.
    pub fn parameters(&mut self, theirs: &PerBlock<BigRational>, right: &PerBlock<Reference>) {
        self.threshold = threshold(theirs.values().count());
        for (block, right) in theirs.blocks.iter().zip(&right.blocks) {
            let place = |index| (block.at(index), Some(block.shape.place(index)));
            let both = || block.entries.iter().cloned().zip(right.entries.iter().cloned());
            self.judge(&block.name(), true, &place, both());
            if self.draw
                && let Some(judged) = self.judgement.blocks.last_mut()
            {
                let about = walk::Block {
                    name: &judged.name.clone(),
                    held: self.held,
                    is_parameters: true,
                    keep: 0,
                    threshold: self.threshold,
                };
                judged.points = both().map(|pair| point(&about, pair)).collect();
            }
        }
    }

    fn judge(
        &mut self,
        name: &str,
        is_parameters: bool,
        place: &dyn Fn(usize) -> (String, Option<Place>),
        entries: impl IntoIterator<Item = (BigRational, Reference)>,
    ) {
        let block = walk::Block {
            name,
            held: self.held,
            is_parameters,
            keep: self.keep,
            threshold: self.threshold,
        };
        self.judgement.blocks.push(walk(&block, place, entries));
    }

    /// The judgement of all blocks.
    #[must_use]
    pub fn judgement(self) -> Judgement {
        self.judgement
    }
}

/// One entry for a picture, judged as a block of its own.
fn point(block: &walk::Block<'_>, (theirs, reference): (BigRational, Reference)) -> Point {
    let numbers = [&theirs, &reference.value].map(nearest_f64);
    let judged = walk(block, &|_| (String::new(), None), [(theirs, reference)]);
    Point {
        theirs: numbers[0],
        exact: numbers[1],
        nearness: judged.nearness,
        ulps: judged.largest,
        of_bound: judged.of_bound,
    }
}

/// How a gradient is to be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Their loss divided by ours.
    pub scale: BigRational,
    /// How many of the wrong and of the worst entries of a block are kept.
    pub keep: usize,
    /// Whether only what is proved counts: no plausible line.
    pub rigorous: bool,
    /// Whether the entries are to be drawn, and so all of them are kept as points.
    pub draw: bool,
    /// In which arithmetic they say that they computed floats; none for that of the format which holds them.
    pub arithmetic: Option<Arithmetic>,
    /// Whether everything that they computed was rounded to their grid, not the result alone.
    pub grid_everywhere: bool,
}

impl Options {
    /// The arithmetic behind floats of this format.
    #[must_use]
    pub fn arithmetic_of(&self, format: Dtype) -> Arithmetic {
        self.arithmetic.unwrap_or(format.into())
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            scale: BigRational::one(),
            keep: KEPT,
            rigorous: false,
            draw: false,
            arithmetic: None,
            grid_everywhere: false,
        }
    }
}

/// How somebody's entries are those of a result that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// As they are, or after rounding to the format they are held in.
    Exactly,
    /// Within the rounding bound of that result.
    UpToRounding,
}

/// Whether somebody's entries are those of another result: exactly, after rounding to the format they are held in, or within its bounds.
#[must_use]
pub fn are_those_of(
    held: Number,
    theirs: &PerBlock<BigRational>,
    result: &PerBlock<&BigRational>,
    bounds: Option<&PerBlock<f64>>,
) -> Option<Match> {
    let mut pairs = result.values().zip(theirs.values());
    if pairs.all(|(exact, theirs)| is_nearest(exact, theirs, held)) {
        return Some(Match::Exactly);
    }
    let mut pairs = result.values().zip(theirs.values()).zip(bounds?.values());
    let near = |((exact, theirs), bound): ((&&BigRational, &BigRational), &f64)| {
        exact_f64(*bound).is_some_and(|bound| (*exact - theirs).abs() <= bound)
    };
    pairs.all(near).then_some(Match::UpToRounding)
}

/// Whether somebody's entries are those of a mistake, for which no bound of its own is known: exactly, or within the room that the bounds
/// of the right result leave.
///
/// ```text
/// room of a block   max b_i · max(1, max |m_i| / max |g_i|) + u |t_i| + tiny
/// ```
///
/// m are the entries of the mistake, g those of the right result with their bounds b, and t theirs. It counts only where that says
/// something ([`evidence`]): the room has to be narrow beside |m_i − g_i|, in one entry or in many together.
#[must_use]
pub fn are_near(
    held: Number,
    theirs: &PerBlock<BigRational>,
    mistake: &PerBlock<&BigRational>,
    right: &PerBlock<Reference>,
) -> Option<Match> {
    if are_those_of(held, theirs, mistake, None).is_some() {
        return Some(Match::Exactly);
    }
    held.dtype()?;
    // As many are tried: a catalogue of less than a hundred, in each of a few layers.
    const MISTAKES: usize = 256;
    let mut said = 0;
    for ((theirs, mistake), right) in theirs.blocks.iter().zip(&mistake.blocks).zip(&right.blocks) {
        let room = room(&mistake.entries, &right.entries)?;
        for ((theirs, mistake), right) in
            theirs.entries.iter().zip(&mistake.entries).zip(&right.entries)
        {
            let room = &room + last_rounding(held, theirs);
            if (*mistake - theirs).abs() > room {
                return None;
            }
            said += evidence::bits(&(*mistake - &right.value), &(&room + &room));
        }
    }
    (said >= NEEDED + evidence::choice(MISTAKES)).then_some(Match::UpToRounding)
}

/// How far the floats of a mistake may be from its exact entries, in one block; none without bounds.
fn room(mistake: &[&BigRational], right: &[Reference]) -> Option<BigRational> {
    let mut widest = BigRational::zero();
    for reference in right {
        widest = widest.max(exact_f64(reference.bound?)?);
    }
    let largest = |values: &mut dyn Iterator<Item = &BigRational>| {
        values.map(Signed::abs).max().unwrap_or_else(BigRational::zero)
    };
    let ours = largest(&mut right.iter().map(|reference| &reference.value));
    let theirs = largest(&mut mistake.iter().copied());
    Some(match theirs > ours && !ours.is_zero() {
        true => widest * theirs / ours,
        false => widest,
    })
}
