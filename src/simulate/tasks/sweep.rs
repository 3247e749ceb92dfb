//! All runs of a plan.

use super::alignment::align;
use super::measured::Measured;
use super::settings::{Condition, Plan};
use super::training::train;
use crate::error::Error;
use crate::simulate::jobs::each;

/// Which run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// [`Condition::name`]
    pub condition: String,
    /// The seed of its network and sequences.
    pub seed: u64,
}

/// A finished run.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Which.
    pub key: Key,
    /// What it found.
    pub measured: Measured,
}

/// All runs of a plan that are not done, each handed on as soon as it is finished; in whatever order, with the same content for any
/// number of threads.
///
/// # Errors
/// [`Error::Interrupted`] after `stop`, [`Error::Io`] if no threads are to be had, and the first error of a run or of `finished`;
/// whatever was handed on before is whole.
pub fn sweep(
    plan: &Plan,
    is_done: impl Fn(&Key) -> bool,
    threads: usize,
    stop: &(dyn Fn() -> bool + Sync),
    finished: impl FnMut(Run) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut open: Vec<(&Condition, Key)> = Vec::new();
    // All rules of a seed before the next seed: what a stopped sweep has can already be compared.
    for seed in &plan.seeds {
        for condition in &plan.conditions {
            let key = Key { condition: condition.name(), seed: *seed };
            if !is_done(&key) {
                open.push((condition, key));
            }
        }
    }
    let run = |(condition, key): &(&Condition, Key), stop: &dyn Fn() -> bool| {
        if stop() {
            return Err(Error::Interrupted);
        }
        let measured = if plan.task.is_training() {
            train(plan.task, &plan.settings, condition, key.seed, stop)?
        } else {
            align(plan.task, &plan.settings, condition, key.seed)?
        };
        Ok(Run { key: key.clone(), measured })
    };
    each(&open, threads, stop, run, finished)
}
