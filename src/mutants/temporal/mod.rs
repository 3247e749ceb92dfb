//! The reference of the rules over time.
//!
//! One plain [`TemporalReference`] of the model and its rules (T1–T9) with one hook per mutant, each planted in every
//! rule in which it has a meaning.

mod algebra;
mod diagnose;
mod host;
mod reference;
mod stack;
mod subject;
mod truth;

pub use diagnose::{mistakes, truncated};
pub use host::{Family, Host, hosts};
pub use reference::{Cut, TemporalReference};
pub use stack::{Slip, StackReference, slips};
pub use subject::OverTime;
pub use truth::{TemporalTruth, compare, compare_recurrent};
