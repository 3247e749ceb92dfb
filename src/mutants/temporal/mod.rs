//! Could the checks of the rules over time have failed?
//!
//! One plain [`TemporalReference`] of the model and its rules (T1–T9) with one hook per [`TemporalMutant`], planted in every
//! rule in which it has a meaning; committed witnesses; and the diagnosis of somebody else's wrong gradient.
//!
//! ```text
//! fixtures/mutants/temporal_*.json ─▶ TemporalCase ─┬─ textbook engines ─▶ gradient of the rule, if they agree ─┐
//!                                                   └─ reference + mutant ─▶ gradient, and: did it fire? ──────┴─▶ Status
//! ```

mod algebra;
mod catalogue;
mod diagnose;
mod host;
mod matrix;
mod plan;
mod reference;
mod render;
mod truth;

pub use catalogue::{TEMPORAL_CATALOGUE, TemporalEntry, TemporalMutant};
pub use diagnose::{diagnose, diagnose_as, mistakes};
pub use host::{Family, Host, hosts};
pub use matrix::{TemporalBaseline, TemporalMatrix, TemporalRow, temporal_fate, temporal_matrix};
pub use plan::{Part, TEMPORAL_PLAN, TEMPORAL_WITNESSES, TemporalPlanned, TemporalWitness};
pub use reference::{TemporalHook, TemporalReference};
pub use truth::{TemporalTruth, compare};
