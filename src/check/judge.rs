//! Somebody's gradient against the exact one: entry by entry, block by block.

use num_rational::BigRational;
use num_traits::{Signed, Zero};

use super::bounded::power;
use super::power::{Power, Sight, Unchecked, doubt};
use crate::number::{self, exact_f64, nearest_f64};
use crate::spec::{Dtype, Number, PerBlock};

pub use super::nearness::Nearness;

/// One entry in which somebody's result differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Such as `layer 1, post 0, pre 2`.
    pub place: String,
    /// What they have.
    pub theirs: BigRational,
    /// What is right; the centre of the bound where no exact value can be had.
    pub exact: BigRational,
    /// theirs / exact; none where exact is 0.
    pub ratio: Option<BigRational>,
}

/// What came of one block.
#[derive(Clone, Debug, PartialEq)]
pub struct BlockJudgement {
    /// Such as `weights of layer 2`.
    pub name: String,
    /// The worst of its entries.
    pub nearness: Nearness,
    /// How many entries it has.
    pub entries: usize,
    /// Whether the block holds parameters; loss and inputs are extras.
    pub is_parameters: bool,
    /// Whether zeros in place of the block would be noticed.
    pub power: Power,
    /// How many entries are not zero in the format.
    pub live: usize,
    /// In how many of them zero would pass for within the bound.
    pub blind: usize,
    /// A mistake of more than this share of the largest entry of the block is refused, whatever the entry.
    pub refuses: f64,
    /// Whether that is more than 2⁻³⁰ (f32: 2⁻¹⁰), the share that a certificate would ask for.
    pub is_coarse: bool,
    /// Why it says nothing that the block is as near as this, if so.
    pub doubt: Option<String>,
}

impl BlockJudgement {
    /// Whether every exact entry is zero, so that the block says little.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.power == Power::Zero
    }
}

/// What came of the whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// Block by block.
    pub blocks: Vec<BlockJudgement>,
    /// How many entries differ, or are unjudged.
    pub differing: usize,
    /// The first of them.
    pub first: Option<Difference>,
    /// The one with the largest absolute difference.
    pub worst: Option<Difference>,
}

impl Judgement {
    /// The worst of all blocks.
    #[must_use]
    pub fn nearness(&self) -> Nearness {
        self.blocks.iter().map(|block| block.nearness).max().unwrap_or(Nearness::Different)
    }

    /// Why agreement would say nothing, if so: the whole exact gradient is zero, or of some block nobody can tell, for want of a bound
    /// or of its power. Every block that is given has to have been checked, loss and inputs too.
    #[must_use]
    pub fn unchecked(&self) -> Option<Unchecked> {
        if self.nearness() == Nearness::Different {
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

/// What is right, and how far a float may be from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// The exact value; where it cannot be had, the centre of its enclosure.
    pub value: BigRational,
    /// Whether `value` is exact.
    pub is_exact: bool,
    /// The computed bound around `value`; none where none was computed: then a float that is not the nearest is unjudged.
    pub bound: Option<f64>,
}

/// Judges entries one by one.
#[derive(Debug)]
pub struct Judge {
    held: Number,
    judgement: Judgement,
    worst_by: BigRational,
}

impl Judge {
    /// Nothing judged yet.
    #[must_use]
    pub fn new(held: Number) -> Self {
        let judgement = Judgement { blocks: Vec::new(), differing: 0, first: None, worst: None };
        Self { held, judgement, worst_by: BigRational::zero() }
    }

    /// Judges a block of entries: place, theirs, reference.
    pub fn block<'a>(
        &mut self,
        name: &str,
        is_parameters: bool,
        entries: impl IntoIterator<Item = (String, &'a BigRational, Reference)>,
    ) {
        let (mut count, mut worst) = (0, Nearness::Exact);
        let (mut sight, mut widest) = (Sight::new(), 0.0_f64);
        for (place, theirs, reference) in entries {
            let nearness = nearness(self.held, theirs, &reference);
            count += 1;
            worst = worst.max(nearness);
            look(&mut sight, self.held, &reference);
            widest = widest.max(reference.bound.unwrap_or(0.0));
            if nearness >= Nearness::Unjudged {
                self.differs(place, theirs, reference.value);
            }
        }
        let format = self.held.dtype().map_or("fractions", Dtype::name);
        let (refuses, is_coarse) = refused(self.held, widest, &sight.largest);
        self.judgement.blocks.push(BlockJudgement {
            name: name.to_owned(),
            nearness: worst,
            entries: count,
            is_parameters,
            power: sight.power(),
            live: sight.live,
            blind: sight.blind,
            refuses,
            is_coarse,
            doubt: doubt(worst, sight.power(), format),
        });
    }

    /// Judges the parameters of a case, block by block.
    pub fn parameters(&mut self, theirs: &PerBlock<&BigRational>, right: PerBlock<Reference>) {
        for (block, right) in theirs.blocks.iter().zip(right.blocks) {
            let both = block.entries.iter().zip(right.entries);
            let entries =
                both.map(|((place, theirs), (_, right))| (block.at(*place), *theirs, right));
            self.block(&block.name, true, entries);
        }
    }

    fn differs(&mut self, place: String, theirs: &BigRational, exact: BigRational) {
        self.judgement.differing += 1;
        let by = (theirs - &exact).abs();
        let ratio = (!exact.is_zero()).then(|| theirs / &exact);
        let difference = Difference { place, theirs: theirs.clone(), exact, ratio };
        if self.judgement.first.is_none() {
            self.judgement.first = Some(difference.clone());
        }
        if by > self.worst_by {
            self.worst_by = by;
            self.judgement.worst = Some(difference);
        }
    }

    /// The judgement of all blocks.
    #[must_use]
    pub fn judgement(self) -> Judgement {
        self.judgement
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
    theirs: &PerBlock<&BigRational>,
    result: &PerBlock<&BigRational>,
    bounds: Option<&PerBlock<f64>>,
) -> Option<Match> {
    let mut pairs = result.values().zip(theirs.values());
    if pairs.all(|(exact, theirs)| number::held(exact, held).as_ref() == Some(*theirs)) {
        return Some(Match::Exactly);
    }
    let mut pairs = result.values().zip(theirs.values()).zip(bounds?.values());
    let near = |((exact, theirs), bound): ((&&BigRational, &&BigRational), &f64)| {
        exact_f64(*bound).is_some_and(|bound| (*exact - *theirs).abs() <= bound)
    };
    pairs.all(near).then_some(Match::UpToRounding)
}

/// Looks at an exact entry: whether it is zero, whether it is in the format, and whether zero would pass for it.
fn look(sight: &mut Sight<BigRational>, held: Number, reference: &Reference) {
    let Reference { value, is_exact, bound } = reference;
    // Of a value that is known by its centre alone a bound of zero says that the centre is exact.
    if value.is_zero() && (*is_exact || *bound == Some(0.0)) {
        return;
    }
    let is_live = number::held(value, held).is_none_or(|rounded| !rounded.is_zero());
    let zero_passes = bound.and_then(exact_f64).is_some_and(|bound| value.abs() <= bound);
    sight.see(value.abs(), is_live, zero_passes);
}

/// The share of the largest entry from which on every mistake is refused, and whether it is more than a certificate would allow.
fn refused(held: Number, widest: f64, largest: &BigRational) -> (f64, bool) {
    let Some(format) = held.dtype() else { return (0.0, false) };
    if largest.is_zero() {
        return (f64::INFINITY, false);
    }
    // What is wrong by more than twice its bound leaves it, wherever within it the right float is.
    exact_f64(widest).map_or((f64::INFINITY, true), |widest| {
        let share = nearest_f64(&((&widest + &widest) / largest));
        let share = if widest.is_zero() { 0.0 } else { share.next_up() };
        (share, widest >= largest * power(format))
    })
}

fn nearness(held: Number, theirs: &BigRational, reference: &Reference) -> Nearness {
    if reference.is_exact && *theirs == reference.value {
        return Nearness::Exact;
    }
    if held == Number::Exact {
        return Nearness::Different;
    }
    if reference.is_exact && number::held(&reference.value, held).as_ref() == Some(theirs) {
        return Nearness::CorrectlyRounded;
    }
    let Some(bound) = reference.bound else { return Nearness::Unjudged };
    if exact_f64(bound).is_some_and(|bound| (theirs - &reference.value).abs() <= bound) {
        return Nearness::WithinBound;
    }
    Nearness::Different
}
