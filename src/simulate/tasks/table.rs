//! The table: one row per run, and what several seeds say together.

use super::measured::End;
use super::rules::{name, rule};
use super::settings::{Condition, Plan, Settings, Task};
use super::sweep::{Key, Run};
use crate::simulate::experiment::{Paired, Quartiles};
use crate::simulate::rows::Rows;

/// All runs of a plan that are there, in its order.
#[derive(Clone, Debug)]
pub struct Table<'a> {
    /// The plan.
    pub plan: &'a Plan,
    runs: Vec<Vec<Option<&'a Run>>>,
}

impl<'a> Table<'a> {
    /// Puts the runs in order.
    #[must_use]
    pub fn of(plan: &'a Plan, runs: &'a [Run]) -> Self {
        let found = |condition: &Condition, seed: u64| {
            let key = Key { condition: condition.name(), seed };
            runs.iter().find(|run| run.key == key)
        };
        let row = |condition| plan.seeds.iter().map(|seed| found(condition, *seed)).collect();
        Self { plan, runs: plan.conditions.iter().map(row).collect() }
    }

    /// The runs of a condition, one per seed.
    pub fn runs(&self, condition: usize) -> impl Iterator<Item = &'a Run> + '_ {
        self.runs.get(condition).into_iter().flatten().filter_map(|run| *run)
    }

    /// A number of each seed, NaN where the run is missing; the loss of a run that diverged is infinite.
    #[must_use]
    pub fn values(&self, condition: usize, column: &str) -> Vec<f64> {
        let place = self.plan.task.columns().iter().position(|name| *name == column);
        let value = |run: &Option<&Run>| {
            let Some((run, place)) = run.zip(place) else { return f64::NAN };
            let value = run.measured.values.get(place).copied().unwrap_or(f64::NAN);
            let is_lost = matches!(run.measured.end, End::Diverged { .. });
            if is_lost && value.is_nan() && column.ends_with("loss") {
                f64::INFINITY
            } else {
                value
            }
        };
        self.runs.get(condition).map_or(Vec::new(), |row| row.iter().map(value).collect())
    }

    /// Median and quartiles over the seeds.
    #[must_use]
    pub fn quartiles(&self, condition: usize, column: &str) -> Quartiles {
        Quartiles::of(&self.values(condition, column))
    }

    /// The main number of the task, of a rule by its short name (the first condition that has it).
    #[must_use]
    pub fn median(&self, rule: &str) -> Option<f64> {
        let column = self.main();
        self.place(rule).map(|place| self.quartiles(place, column).median)
    }

    /// The place of the first condition with a rule of this name.
    #[must_use]
    pub fn place(&self, rule: &str) -> Option<usize> {
        self.plan.conditions.iter().position(|condition| name(&condition.rule) == rule)
    }

    /// The column that the task is about.
    #[must_use]
    pub fn main(&self) -> &'static str {
        self.plan.task.columns().first().copied().unwrap_or_default()
    }

    /// How many runs of a condition are solved: their final loss is below that of the settings.
    #[must_use]
    pub fn solved(&self, condition: usize) -> usize {
        let losses = self.values(condition, self.main());
        losses.iter().filter(|loss| **loss < self.plan.settings.solved).count()
    }

    /// Two rules compared seed by seed: the first wins where its final loss is lower, or its cosine higher.
    #[must_use]
    pub fn ahead(&self, first: usize, second: usize) -> Paired {
        match self.plan.task.is_training() {
            true => self.paired(first, second),
            false => self.paired(second, first),
        }
    }

    /// How many runs of the plan are not there.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.runs.iter().flatten().filter(|run| run.is_none()).count()
    }

    /// Whether there are enough seeds to claim anything, with all their runs; a preview claims nothing.
    #[must_use]
    pub fn supports_claims(&self) -> bool {
        let plan = self.plan;
        !plan.preview && plan.seeds.len() >= plan.task.seeds_for_claims() && self.missing() == 0
    }

    /// What the prototype found for this condition, if the settings are those of the task, so that the two can be compared.
    #[must_use]
    pub fn prototype(&self, condition: &Condition) -> Option<f64> {
        let plan = self.plan;
        let is_same = plan.settings == Settings::of(plan.task) && self.supports_claims();
        is_same.then(|| prototype(plan.task, condition)).flatten()
    }

    /// The final losses of two rules compared seed by seed.
    #[must_use]
    pub fn paired(&self, first: usize, second: usize) -> Paired {
        let (a, b) = (self.values(first, self.main()), self.values(second, self.main()));
        Paired::of(&a.into_iter().zip(b).collect::<Vec<_>>())
    }

    /// The table as comma-separated values with a line of names; numbers to nine digits, an empty field where there is none.
    #[must_use]
    pub fn csv(&self) -> String {
        let names = ["rule", "activation", "types", "block_noise", "seed", "end"];
        let mut rows = Rows::new(&[&names, self.plan.task.columns()].concat());
        for (condition, run) in self.all() {
            let activation = if condition.is_linear { "identity" } else { "relu" };
            let end = match run.measured.end {
                End::Finished => "finished".to_owned(),
                End::Diverged { iteration } => format!("diverged at {iteration}"),
            };
            let fields = [
                name(&condition.rule),
                activation.to_owned(),
                condition.types.map_or(String::new(), |types| types.to_string()),
                condition.spread.map_or(String::new(), |spread| spread.to_string()),
                run.key.seed.to_string(),
                end,
            ];
            rows.row(&fields, run.measured.values.iter().copied());
        }
        rows.text()
    }

    /// The learning curves: the mean loss of each part of the course, one row per point; none where nothing is learned.
    #[must_use]
    pub fn curves_csv(&self) -> Option<String> {
        if !self.plan.task.is_training() {
            return None;
        }
        let mut rows = Rows::new(&["rule", "seed", "iteration", "loss"]);
        for (condition, run) in self.all() {
            for (at, loss) in &run.measured.curve {
                let place = [name(&condition.rule), run.key.seed.to_string(), at.to_string()];
                rows.row(&place, [*loss]);
            }
        }
        Some(rows.text())
    }

    fn all(&self) -> impl Iterator<Item = (&Condition, &'a Run)> {
        let rows = self.plan.conditions.iter().zip(&self.runs);
        rows.flat_map(|(condition, runs)| runs.iter().flatten().map(move |run| (condition, *run)))
    }
}

/// What a numpy prototype of the same task found: the median of the main number. Its networks and sequences were others.
fn prototype(task: Task, condition: &Condition) -> Option<f64> {
    let known: &[(&str, f64)] = match task {
        Task::Alignment if condition.types.is_none() => &[
            ("eprop", 0.80),
            ("mdgl", 0.90),
            ("modprop:taps=2", 0.93),
            ("modprop:taps=4", 0.957),
            ("modprop", 0.966),
        ],
        Task::Recall => &[
            ("bptt", 0.0037),
            ("modprop", 0.0088),
            ("modprop:taps=8", 0.034),
            ("mdgl", 0.98),
            ("eprop", 0.99),
        ],
        _ => &[],
    };
    let own = |(name, _): &&(&str, f64)| rule(name).is_ok_and(|rule| rule == condition.rule);
    known.iter().find(own).map(|(_, median)| *median)
}
