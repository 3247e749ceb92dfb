//! The runs of a plan.

use super::alignment::align;
use super::measured::Measured;
use super::settings::{Condition, Plan};
use super::training::train;
use crate::error::Error;
use crate::simulate::experiment::Experiment;

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

impl Experiment for Plan {
    type Key = Key;
    type Run = Run;

    /// All rules of a seed before the next seed.
    fn keys(&self) -> Vec<Key> {
        let names: Vec<String> = self.conditions.iter().map(Condition::name).collect();
        let of_seed = |seed: &u64| {
            let seed = *seed;
            names.iter().map(move |condition| Key { condition: condition.clone(), seed })
        };
        self.seeds.iter().flat_map(of_seed).collect()
    }

    fn key(run: &Run) -> &Key {
        &run.key
    }

    fn run(&self, key: &Key, stop: &dyn Fn() -> bool) -> Result<Run, Error> {
        if stop() {
            return Err(Error::Interrupted);
        }
        let condition = self.conditions.iter().find(|condition| condition.name() == key.condition);
        let condition = condition.ok_or_else(|| {
            Error::input("the run", key.condition.clone(), "a condition of the plan")
        })?;
        let measured = if self.task.is_training() {
            train(self.task, &self.settings, condition, key.seed, stop)?
        } else {
            align(self.task, &self.settings, condition, key.seed)?
        };
        Ok(Run { key: key.clone(), measured })
    }
}
