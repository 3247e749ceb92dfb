//! Comparison only; calls no engine.
//!
//! [`Comparison`] is exact equality with the first mismatch, [`bridge`] the one place where
//! credits meet adjoints, [`Verdict`] what a comparison concludes, [`Table`] what a run amounts to, [`temporal`] when rules over time are exact.

pub mod audit;
mod blocks;
pub mod bounded;
pub mod bridge;
pub mod enclosure;
pub mod entries;
mod exact;
pub mod freivalds;
pub mod judge;
pub mod lattice;
pub mod locality;
mod nearness;
pub mod power;
mod table;
pub mod temporal;
mod verdict;

pub use blocks::{Members, blocks, per_block};
pub use exact::{Comparison, Shown};
pub use table::{Cell, CellState, Claim, Conclusion, Table, Tier};
pub use verdict::{Compared, Mismatch, Verdict};
