//! Comparison only; calls no engine.
//!
//! [`Comparison`] is exact equality with the first mismatch, [`bridge`] the one place where
//! credits meet adjoints, [`Verdict`] what a comparison concludes.

pub mod bridge;
mod exact;
mod verdict;

pub use exact::{Comparison, Shown};
pub use verdict::{Compared, Mismatch, Verdict};
