//! Could these checks have failed?
//!
//! One plain [`Reference`] implementation of the rule and of backpropagation with one [`Hook`] per
//! [`Mutant`]; the committed [`witnesses`] on which each of them must be refused by exact comparison
//! with the textbook engines; the [`kill_matrix`] that says so; and the [`diagnose`] of somebody
//! else's wrong gradient by the mutant that would have made it.
//!
//! ```text
//! fixtures/mutants/*.json ─▶ Case ─┬─ textbook engines ─▶ Truth, if they agree ─┐
//!                                  └─ Reference + Fault ─▶ run, and: did it fire? ┴─▶ Status
//! ```
//!
//! A mutant that was never reached is unapplied, not killed. A mutant that cannot differ in what is
//! compared is equivalent, with the reason.

mod backprop;
mod catalogue;
mod credit;
mod diagnose;
mod functions;
mod hook;
mod layout;
mod matrix;
mod nonlocal;
mod plan;
mod recurrent;
mod reference;
mod render;
mod status;
pub mod temporal;
mod truth;
pub mod witnesses;

pub use backprop::BackpropRun;
pub use catalogue::{CATALOGUE, Entry, Mutant, Side};
pub use credit::{CreditRun, Credits};
pub use diagnose::{
    Diagnosis, Search, diagnose, diagnose_by, diagnose_gradient, diagnose_gradient_by,
};
pub(crate) use functions::rate;
pub use hook::{Fault, Hook, Variant};
pub use matrix::{Baseline, KillMatrix, Row, fate, kill_matrix};
pub use nonlocal::non_local_weight_change;
pub use plan::{Compared, PLAN, Planned};
pub use reference::Reference;
pub use status::Status;
pub use truth::Truth;
pub use witnesses::Witness;
