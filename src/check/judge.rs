//! Somebody's gradient against the exact one: entry by entry, block by block.

use num_rational::BigRational;
use num_traits::{Signed, Zero};

use super::blocks::Block;
use super::bounded::{Format, power};
use crate::number::{exact_f64, nearest_f32, nearest_f64};
use crate::spec::outcome::Update;
use crate::spec::{Synapse, Wiring};

/// How a number is held, and so what can be asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// As a rational: `==` or different.
    Exactly,
    /// As binary64.
    F64,
    /// As binary32.
    F32,
}

/// How near an entry, a block or the whole is; the order is that of gravity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nearness {
    /// Every entry is the exact value.
    Exact,
    /// Every entry is the float nearest to the exact value.
    CorrectlyRounded,
    /// Every entry is within the computed rounding bound.
    WithinBound,
    /// Some float is not the nearest one, and no bound says how far it may be.
    Unjudged,
    /// Some entry is none of these.
    Different,
}

impl Nearness {
    /// The verdict in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::CorrectlyRounded => "correctly rounded",
            Self::WithinBound => "within the computed rounding bound",
            Self::Unjudged => "unchecked: not correctly rounded",
            Self::Different => "different",
        }
    }
}

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockJudgement {
    /// Such as `weights of layer 2`.
    pub name: String,
    /// The worst of its entries.
    pub nearness: Nearness,
    /// How many entries it has.
    pub entries: usize,
    /// Whether every exact entry is zero, so that the block says little.
    pub is_zero: bool,
    /// Whether the block holds parameters; loss and inputs are extras.
    pub is_parameters: bool,
    /// Whether the bound of every entry would refuse a mistake of 2⁻³⁰ (f32: 2⁻¹⁰) of the block's
    /// largest entry; a bound without power would let zeros pass.
    pub has_power: bool,
}

/// What came of the whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Block by block.
    pub blocks: Vec<BlockJudgement>,
    /// How many entries differ, or are unjudged.
    pub differing: usize,
    /// The first of them.
    pub first: Option<Difference>,
    /// The one with the largest absolute difference.
    pub worst: Option<Difference>,
    /// Whether every block must have been checked, not one of them at least.
    pub every_block: bool,
}

impl Judgement {
    /// The worst of all blocks.
    #[must_use]
    pub fn nearness(&self) -> Nearness {
        self.blocks.iter().map(|block| block.nearness).max().unwrap_or(Nearness::Different)
    }

    /// Whether the whole exact gradient is zero: then nothing was checked.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.parameters().all(|block| block.is_zero)
    }

    /// Why agreement would say nothing, if so: the whole exact gradient is zero, it is only within bounds that have no power (in all
    /// blocks, or in any where every one must have been checked), or there is no bound.
    #[must_use]
    pub fn is_vacuous(&self) -> Option<&'static str> {
        if self.nearness() == Nearness::Unjudged {
            return Some(
                "the rounding bound of this network is not finite, and some float is not the one nearest to the exact value",
            );
        }
        if self.is_zero() {
            return Some("the whole exact gradient is zero, which any dead rule reproduces");
        }
        let vacuous = |block: &BlockJudgement| {
            block.is_zero || (block.nearness == Nearness::WithinBound && !block.has_power)
        };
        let blind = |block: &BlockJudgement| !block.is_zero && vacuous(block);
        if self.every_block && self.parameters().any(blind) {
            return Some(
                "the computed rounding bound of some block is so wide that zeros would pass there",
            );
        }
        if self.parameters().all(vacuous) {
            return Some("the computed rounding bound is so wide here that zeros would pass");
        }
        None
    }

    /// Takes what was unjudged for different, where it is known to be the result of another rule.
    pub fn differs_surely(&mut self) {
        for block in &mut self.blocks {
            if block.nearness == Nearness::Unjudged {
                block.nearness = Nearness::Different;
            }
        }
    }

    fn parameters(&self) -> impl Iterator<Item = &BlockJudgement> {
        self.blocks.iter().filter(|block| block.is_parameters)
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
    held: Held,
    judgement: Judgement,
    worst_by: BigRational,
}

impl Judge {
    /// Nothing judged yet.
    #[must_use]
    pub fn new(held: Held) -> Self {
        let judgement = Judgement {
            blocks: Vec::new(),
            differing: 0,
            first: None,
            worst: None,
            every_block: false,
        };
        Self { held, judgement, worst_by: BigRational::zero() }
    }

    /// Asks that every block be checked, as where some are right in any rule.
    #[must_use]
    pub fn of_every_block(mut self) -> Self {
        self.judgement.every_block = true;
        self
    }

    /// Judges a block of entries: place, theirs, reference.
    pub fn block<'a>(
        &mut self,
        name: &str,
        is_parameters: bool,
        entries: impl IntoIterator<Item = (String, &'a BigRational, Reference)>,
    ) {
        let mut block = BlockJudgement {
            name: name.to_owned(),
            nearness: Nearness::Exact,
            entries: 0,
            is_zero: true,
            is_parameters,
            has_power: true,
        };
        let (mut largest, mut widest) = (BigRational::zero(), 0.0_f64);
        for (place, theirs, reference) in entries {
            let nearness = nearness(self.held, theirs, &reference);
            block.entries += 1;
            block.is_zero &= reference.is_exact && reference.value.is_zero();
            block.nearness = block.nearness.max(nearness);
            largest = largest.max(reference.value.abs());
            widest = widest.max(reference.bound.unwrap_or(0.0));
            if nearness >= Nearness::Unjudged {
                self.differs(place, theirs, reference.value);
            }
        }
        let share = match self.held {
            Held::F32 => Format::F32,
            Held::F64 | Held::Exactly => Format::F64,
        };
        let wrong_by = largest * power(share);
        block.has_power = exact_f64(widest).is_some_and(|widest| widest < wrong_by);
        self.judgement.blocks.push(block);
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

fn nearness(held: Held, theirs: &BigRational, reference: &Reference) -> Nearness {
    if reference.is_exact && *theirs == reference.value {
        return Nearness::Exact;
    }
    let rounded = match held {
        Held::Exactly => return Nearness::Different,
        Held::F64 => exact_f64(nearest_f64(&reference.value)),
        Held::F32 => exact_f64(f64::from(nearest_f32(&reference.value))),
    };
    if reference.is_exact && rounded.as_ref() == Some(theirs) {
        return Nearness::CorrectlyRounded;
    }
    let Some(bound) = reference.bound else { return Nearness::Unjudged };
    if exact_f64(bound).is_some_and(|bound| (theirs - &reference.value).abs() <= bound) {
        return Nearness::WithinBound;
    }
    Nearness::Different
}

/// Judges weights and biases by the blocks of a case.
pub fn judge_parameters(
    judge: &mut Judge,
    wiring: &Wiring,
    blocks: &[Block],
    theirs: &Update<BigRational>,
    reference: &Update<Reference>,
) {
    for block in blocks {
        let weight = |synapse: &Synapse| {
            let ends = wiring.synapses[*synapse];
            let place = format!(
                "{}: post {}, pre {}",
                block.name,
                ends.post.0 - block.post,
                ends.pre.0 - block.pre
            );
            (place, &theirs.weights[*synapse], reference.weights[*synapse].clone())
        };
        let bias = |neuron: &crate::spec::Neuron| {
            let place = format!("{}: post {}", block.name, neuron.0 - block.post);
            (place, &theirs.biases[*neuron], reference.biases[*neuron].clone())
        };
        judge.block(
            &block.name,
            true,
            block.synapses.iter().map(weight).chain(block.biases.iter().map(bias)),
        );
    }
}
