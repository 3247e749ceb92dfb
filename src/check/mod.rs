//! Comparison only; calls no engine.

mod verdict;

pub use verdict::{Compared, Mismatch, Verdict};
