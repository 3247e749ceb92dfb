//! Could these checks have failed?
//!
//! One laboratory: the [`CATALOGUE`] of known mistakes, the [`PLAN`] that says on which committed [`witnesses`] each of them must
//! be refused by exact comparison with the textbook engines, the [`kill_matrix`] that says whether they were, and the [`Search`] for
//! the mutant that would have made somebody else's wrong gradient ([`diagnose_by`], [`temporal::mistakes`]).
//!
//! Two references: the plain [`Reference`] of the rule and of backpropagation at equilibrium (D1–D7), and the plain
//! [`temporal::TemporalReference`] of the rules over time (T1–T9), each with its own arithmetic and its own hooks for its mutants.
//! The laboratory sees either as a [`Subject`].
//!
//! ```text
//! fixtures/mutants/*.json ─▶ case ─┬─ textbook engines ─▶ truth, if they agree ─┐
//!                                  └─ reference + Fault ─▶ run, and: did it fire? ┴─▶ Status
//! ```
//!
//! A mutant that was never reached is unapplied, not killed. A mutant that cannot differ in what is
//! compared is equivalent, with the reason.

mod alignment;
mod backprop;
mod catalogue;
mod credit;
mod diagnose;
mod equilibrium;
mod functions;
mod hook;
mod layout;
mod matrix;
mod nonlocal;
mod outputs;
mod plan;
mod recurrent;
mod reference;
mod render;
mod search;
mod status;
mod subject;
pub mod temporal;
mod truth;
pub mod witnesses;

pub use alignment::{Misaligned, misaligned};
pub use catalogue::{CATALOGUE, CATALOGUE_OVER_TIME, Entry, Meaning, Mutant, Side};
pub use credit::{CreditRun, Credits};
pub use diagnose::{diagnose_by, diagnose_gradient_by};
pub use equilibrium::AtEquilibrium;
pub(crate) use functions::rate;
pub use hook::{Fault, Hook, Variant};
pub use matrix::{Baseline, KillMatrix, Row, kill_matrix};
pub use nonlocal::non_local_weight_change;
pub use plan::{Compared, PLAN, Planned};
pub use reference::Reference;
pub use search::{Diagnosis, Search};
pub use status::Status;
pub use subject::{Implementation, Subject};
pub use truth::Truth;
pub use witnesses::Witness;
