//! Comparison only; calls no engine.
//!
//! Equality is decided in two places: [`Comparison`], exactly, with the first mismatch, and [`walk`], which judges what others bring in; [`bridge`] the one place where
//! credits meet adjoints, [`Verdict`] what a comparison concludes, [`Table`] what a run amounts to, [`temporal`] when rules over time are exact.

mod blocks;
pub mod bounded;
pub mod bridge;
mod compared;
pub mod direction;
pub mod enclosure;
pub mod entries;
pub mod evidence;
mod exact;
pub mod factor;
pub mod freivalds;
pub mod judge;
pub mod lattice;
pub mod locality;
mod nearness;
pub mod plausible;
mod point;
pub mod power;
pub mod reading;
pub mod rearranged;
pub mod scaled;
mod table;
pub mod temporal;
pub mod ulps;
pub mod walk;
pub mod whole;

pub use blocks::{Members, blocks, per_block};
pub use compared::{Compared, Mismatch, Verdict};
pub use exact::{Comparison, Shown};
pub use table::{Cell, CellState, Claim, Conclusion, Table, Tier};
