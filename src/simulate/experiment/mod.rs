//! What the experiments have in common: many runs that depend on nothing but a plan and a key, and what is made of all of them.
//!
//! ```text
//! plan ─ keys ─▶ sweep ─ run ─▶ runs ─▶ table ─┬─▶ rows (CSV)
//!                (a few threads)               ├─▶ sentences
//!                                              └─▶ page (SVG)
//! ```
//!
//! An experiment fills in [`Experiment`]; how its runs stand in a file and what is written of them is said where its report is.

mod draws;
mod statistics;
pub(super) mod story;
mod sweep;

pub use draws::Draws;
pub use statistics::{Paired, Quartiles, Statistic};
pub use sweep::sweep;

use crate::error::Error;

/// A plan of independent runs.
pub trait Experiment: Sync {
    /// Which run.
    type Key: Clone + PartialEq + Sync;
    /// A finished run.
    type Run: Send;

    /// All runs of the plan, in the order in which they are done: a sweep that was stopped should have what can be compared.
    fn keys(&self) -> Vec<Self::Key>;

    /// Which run this is.
    fn key(run: &Self::Run) -> &Self::Key;

    /// Does one run, which depends on the plan and the key alone.
    ///
    /// # Errors
    /// [`Error::Interrupted`] as soon as `stop` says so; that the numbers of a run leave the finite ones is a result and no error.
    fn run(&self, key: &Self::Key, stop: &dyn Fn() -> bool) -> Result<Self::Run, Error>;
}
