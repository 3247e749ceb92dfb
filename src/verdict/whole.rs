//! What the blocks of a gradient come to together.

use super::direction::Direction;
use super::walk::BlockJudgement;

/// The figures of all parameters together, in the sense that those of a block have.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Whole {
    /// How many entries there are.
    pub entries: usize,
    /// How many differ, or are unjudged.
    pub differing: usize,
    /// The largest relative error.
    pub relative: f64,
    /// The largest error in ulps.
    pub ulps: f64,
    /// How it points, beside the exact gradient.
    pub direction: Direction,
}

impl Whole {
    /// The blocks of parameters together; a loss and derivatives at inputs are none.
    #[must_use]
    pub fn of(blocks: &[BlockJudgement]) -> Self {
        let mut whole = Self::default();
        for block in blocks.iter().filter(|block| block.is_parameters) {
            whole = whole.and(&Self::of_block(block));
        }
        whole
    }

    /// The same figures of one block.
    #[must_use]
    pub fn of_block(block: &BlockJudgement) -> Self {
        Self {
            entries: block.entries,
            differing: block.differing(),
            relative: block.relative,
            ulps: block.largest,
            direction: block.direction,
        }
    }

    fn and(&self, other: &Self) -> Self {
        Self {
            entries: self.entries + other.entries,
            differing: self.differing + other.differing,
            relative: self.relative.max(other.relative),
            ulps: self.ulps.max(other.ulps),
            direction: self.direction.and(&other.direction),
        }
    }
}
