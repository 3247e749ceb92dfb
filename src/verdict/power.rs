//! What it is worth that a block passed: would zeros in its place have passed too?
//!
//! ```text
//! v_i, r_i   the exact value of entry i, and v_i rounded once to the format in which theirs are held
//! nonzero    v_i ≠ 0
//! live       r_i ≠ 0
//! blind      live, and zero is within the bound of the entry: |v_i| ≤ b_i
//! ```
//!
//! A block has **power** if it has live entries, fewer than half of them are blind, and each blind one is less than half as large as
//! the largest entry. So zeros are refused in place of the whole block, of half of its live entries, and of any entry of at least half
//! the largest magnitude. A block whose entries all equal the exact values, or all the floats nearest to them, needs no bound: zeros
//! are not equal to what is live.

use std::ops::Add;

use num_traits::Zero;

use super::nearness::Nearness;

/// Whether zeros in place of a block would be noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Power {
    /// Every exact entry is zero: nothing can be noticed, and nothing is missed.
    Zero,
    /// Some exact entries are not zero, and all of them round to zero: zeros are the right floats.
    Underflows,
    /// Zero is within the bounds of too many entries, or of too large ones.
    Blind {
        /// How many entries may be zero unnoticed.
        blind: usize,
        /// Out of so many that are not zero in the format.
        live: usize,
    },
    /// Zeros would be refused.
    Sees,
}

/// What has been seen of a block, entry by entry; `T` is exact and counts magnitudes.
#[derive(Clone, Debug)]
pub struct Sight<T> {
    /// Entries that are not zero, exactly.
    pub nonzero: usize,
    /// Entries that are not zero in the format.
    pub live: usize,
    /// Live entries within whose bound zero is.
    pub blind: usize,
    /// The largest magnitude.
    pub largest: T,
    largest_blind: T,
}

impl<T: Clone + Ord + Zero + Add<Output = T>> Sight<T> {
    /// Nothing seen yet.
    #[must_use]
    pub fn new() -> Self {
        let zero = T::zero;
        Self { nonzero: 0, live: 0, blind: 0, largest: zero(), largest_blind: zero() }
    }

    /// One more entry that is not zero, by its magnitude: whether it is live, and whether zero is within its bound.
    pub fn see(&mut self, magnitude: T, is_live: bool, zero_passes: bool) {
        self.nonzero += 1;
        self.live += usize::from(is_live);
        if is_live && zero_passes {
            self.blind += 1;
            self.largest_blind = self.largest_blind.clone().max(magnitude.clone());
        }
        self.largest = self.largest.clone().max(magnitude);
    }

    /// Whether zeros in place of the block would be noticed.
    #[must_use]
    pub fn power(&self) -> Power {
        let twice = || self.largest_blind.clone() + self.largest_blind.clone();
        match (self.nonzero, self.live) {
            (0, _) => Power::Zero,
            (_, 0) => Power::Underflows,
            _ if 2 * self.blind < self.live && twice() < self.largest => Power::Sees,
            (_, live) => Power::Blind { blind: self.blind, live },
        }
    }
}

impl<T: Clone + Ord + Zero + Add<Output = T>> Default for Sight<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// Why it says nothing that a block is as near as this, if so; a block that is zero exactly is a note and no doubt.
#[must_use]
pub fn doubt(nearness: Nearness, power: Power, format: &str) -> Option<String> {
    match (nearness, power) {
        (Nearness::Implausible | Nearness::Different, _) | (_, Power::Zero) => None,
        (Nearness::Unjudged, _) => Some(
            "its rounding bound is not finite, and some float is not the one nearest to the exact value".into(),
        ),
        (_, Power::Underflows) => {
            Some(format!("every exact entry rounds to zero in {format}, so that zeros would pass"))
        }
        (Nearness::Exact | Nearness::CorrectlyRounded | Nearness::Plausible, _)
        | (Nearness::WithinBound, Power::Sees) => None,
        (Nearness::WithinBound, Power::Blind { blind, live }) if blind == live => {
            Some("a bound without power: zeros would pass".into())
        }
        (Nearness::WithinBound, Power::Blind { blind, live }) => Some(format!(
            "a bound without power: zeros would pass in {blind} of its {live} entries that are not zero"
        )),
    }
}

/// Why the whole is unchecked although no entry differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unchecked {
    /// Every exact entry of every block is zero.
    Dead,
    /// These blocks, by name and reason.
    Blocks(Vec<(String, String)>),
}

impl Unchecked {
    /// What is to be said of blocks, each with its name, whether it is zero exactly and belongs to the parameters, and its doubt.
    pub fn of<'a>(
        blocks: impl Iterator<Item = (&'a str, Option<Power>, Option<String>)>,
    ) -> Option<Self> {
        let (mut is_dead, mut doubts) = (true, Vec::new());
        for (name, of_parameters, doubt) in blocks {
            is_dead &= of_parameters.is_none_or(|power| power == Power::Zero);
            doubts.extend(doubt.map(|why| (name.to_owned(), why)));
        }
        match (is_dead, doubts.is_empty()) {
            (true, _) => Some(Self::Dead),
            (false, true) => None,
            (false, false) => Some(Self::Blocks(doubts)),
        }
    }

    /// Whether `--allow-unchecked` lets it pass: not where there was nothing to check.
    #[must_use]
    pub fn can_be_allowed(&self) -> bool {
        match self {
            Self::Dead => false,
            Self::Blocks(_) => true,
        }
    }

    /// The reason in words, with the blocks named.
    #[must_use]
    pub fn words(&self) -> String {
        const MOST: usize = 8;
        match self {
            Self::Dead => "the whole exact gradient is zero, which any dead rule reproduces".into(),
            Self::Blocks(blocks) => {
                let named = blocks.iter().take(MOST).map(|(name, why)| format!("{name}: {why}"));
                let mut words = named.collect::<Vec<_>>().join("; ");
                if let Some(more @ 1..) = blocks.len().checked_sub(MOST) {
                    words.push_str(&format!("; and {more} more"));
                }
                words
            }
        }
    }
}
