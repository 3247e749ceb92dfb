//! The table: one row per run, control and loss, and what several runs say together.

use super::measure::{Checkpoint, GRAPHS, columns};
use super::network::Arm;
use super::partitions::adjusted_mutual_information;
use super::settings::{Key, Plan};
use super::sweep::Run;
use super::training::End;
use crate::error::Error;
use crate::simulate::experiment::{Draws, Statistic};
use crate::simulate::rows::{Rows, to_digits};

/// How often labels are shuffled for the floor of an AMI.
const SHUFFLES: usize = 3;

/// A row.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The run.
    pub key: Key,
    /// Whether it is the control that was finished at another rate.
    pub is_control: bool,
    /// How the run ended; also in the rows of the losses that it did reach.
    pub end: End,
    /// The loss that had to be reached.
    pub asked: f64,
    /// One number for each column of the table; NaN in a row that was not reached, and where a number does not exist.
    pub values: Vec<f64>,
}

impl Row {
    /// Whether the loss was reached.
    #[must_use]
    pub fn is_reached(&self) -> bool {
        self.values.first().is_some_and(|loss| !loss.is_nan())
    }
}

/// All rows in the order of the plan, and the names of their numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The names.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Row>,
    /// The last loss asked for: what is compared is compared there.
    pub last: f64,
    groups: Vec<Group>,
}

impl Table {
    /// The table of the runs of a plan that are there.
    ///
    /// # Errors
    /// [`Error::Input`] if partitions of two runs have different numbers of neurons.
    pub fn of(plan: &Plan, runs: &[Run]) -> Result<Self, Error> {
        let mut names = columns();
        for measure in ["ami_same_seed", "ami_across_seeds", "ami_shuffled"] {
            names.extend(GRAPHS.iter().map(|(graph, ..)| format!("{graph}_{measure}")));
        }
        let last = plan.settings.losses.last().copied().unwrap_or(f64::NAN);
        let mut rows = Vec::new();
        for is_control in [false, true] {
            for key in &plan.keys {
                let Some(run) = runs.iter().find(|run| run.key == *key) else { continue };
                for asked in &plan.settings.losses {
                    // The control is the same run until the last loss.
                    if is_control && (*asked != last || plan.settings.finish.is_none()) {
                        continue;
                    }
                    let checkpoint = at(run, is_control, *asked);
                    let mut values =
                        checkpoint.map_or(vec![f64::NAN; columns().len()], |c| c.values.clone());
                    let similar = match checkpoint {
                        Some(found) if *asked == last => {
                            similarities(plan, runs, run, is_control, found)?
                        }
                        _ => vec![f64::NAN; 3 * GRAPHS.len()],
                    };
                    values.extend(similar);
                    let end = match &run.control {
                        Some(control) if is_control => control.end,
                        _ => run.end,
                    };
                    rows.push(Row { key: *key, is_control, end, asked: *asked, values });
                }
            }
        }
        let groups = groups(&rows, names.len());
        Ok(Self { columns: names, rows, last, groups })
    }

    /// The place of a column.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// The groups, in the order of the rows.
    #[must_use]
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The groups of an arm at the last loss, or their controls.
    pub fn at_last(&self, arm: Arm, is_control: bool) -> impl Iterator<Item = &Group> {
        self.groups.iter().filter(move |group| {
            (group.arm, group.is_control, group.asked) == (arm, is_control, self.last)
        })
    }

    /// Those of them that every seed reached.
    pub fn whole(&self, arm: Arm) -> impl Iterator<Item = &Group> {
        self.at_last(arm, false).filter(|group| group.reached == group.runs)
    }

    /// The lowest rate of an arm, and the highest at which every seed reached the last loss; none if there are not two.
    #[must_use]
    pub fn range(&self, arm: Arm) -> Option<(f64, f64)> {
        let rates = || self.whole(arm).map(|group| group.rate);
        let (low, high) = (rates().fold(f64::INFINITY, f64::min), rates().fold(0.0, f64::max));
        (low < high).then_some((low, high))
    }

    /// A column at the last loss, over the seeds.
    #[must_use]
    pub fn statistic(&self, arm: Arm, rate: f64, column: &str) -> Option<Statistic> {
        let column = self.column(column)?;
        let group = self.at_last(arm, false).find(|group| group.rate == rate)?;
        Some(group.statistics[column])
    }

    /// The differences of a column at the last loss between two rates, seed by seed: `rate` less `base`, of runs of the same seed.
    #[must_use]
    pub fn paired(
        &self,
        column: &str,
        (arm, is_control): (Arm, bool),
        (base, rate): (f64, f64),
    ) -> Statistic {
        let Some(column) = self.column(column) else { return Statistic::of(&[]) };
        let of_rate = |wanted: f64| {
            self.rows.iter().filter(move |row| {
                (row.key.arm, row.is_control, row.asked) == (arm, is_control, self.last)
                    && row.key.rate == wanted
            })
        };
        let difference = |row: &Row| {
            let other = of_rate(base).find(|other| other.key.seed == row.key.seed)?;
            Some(row.values[column] - other.values[column])
        };
        Statistic::of(&of_rate(rate).filter_map(difference).collect::<Vec<_>>())
    }

    /// The table as comma-separated values with a line of names; numbers to six digits, an empty field where there is none.
    #[must_use]
    pub fn csv(&self) -> String {
        let first = ["arm", "rate", "control", "seed", "end", "residual", "loss_asked"];
        let names: Vec<&str> =
            first.into_iter().chain(self.columns.iter().map(String::as_str)).collect();
        let mut rows = Rows::new(&names);
        for row in &self.rows {
            let (word, residual) = words(&row.end);
            let fields = [
                format!("{:?}", row.key.arm),
                row.key.rate.to_string(),
                if row.is_control { "yes" } else { "no" }.to_owned(),
                row.key.seed.to_string(),
                word.to_owned(),
                residual.map_or(String::new(), |residual| format!("{residual:.3e}")),
                row.asked.to_string(),
            ];
            rows.row(&fields, row.values.iter().copied());
        }
        rows.text()
    }
}

/// A word for how a run ended, and the residual if that is why.
#[must_use]
pub fn words(end: &End) -> (&'static str, Option<f64>) {
    match end {
        End::Reached => ("reached", None),
        End::RatesUnsettled { residual } => ("rates_unsettled", Some(*residual)),
        End::CreditsUnsettled { residual } => ("credits_unsettled", Some(*residual)),
        End::Unfinished => ("unfinished", None),
    }
}

fn at(run: &Run, is_control: bool, asked: f64) -> Option<&Checkpoint> {
    if is_control {
        run.control.as_ref().and_then(|control| control.checkpoint.as_ref())
    } else {
        run.checkpoints.iter().find(|checkpoint| checkpoint.asked == asked)
    }
}

/// AMI of a run's partitions with those of the lowest rate of its arm: of the same seed, mean over other seeds, and the floor,
/// mean after its own labels were shuffled. The lowest rate itself has only the second.
fn similarities(
    plan: &Plan,
    runs: &[Run],
    run: &Run,
    is_control: bool,
    found: &Checkpoint,
) -> Result<Vec<f64>, Error> {
    let lowest = plan.keys.iter().filter(|key| key.arm == run.key.arm).map(|key| key.rate);
    let lowest = lowest.fold(f64::INFINITY, f64::min);
    let others: Vec<(u64, &Checkpoint)> = runs
        .iter()
        .filter(|other| other.key.arm == run.key.arm && other.key.rate == lowest)
        .filter_map(|other| Some((other.key.seed, at(other, is_control, found.asked)?)))
        .collect();
    let [mut same, mut across, mut floor] = [Vec::new(), Vec::new(), Vec::new()];
    let mut draws = Draws::of(run.key.seed, &[4]);
    for (number, graph) in found.graphs.iter().enumerate() {
        let [mut same_seed, mut other_seeds, mut shuffled] = [Vec::new(), Vec::new(), Vec::new()];
        for (seed, other) in &others {
            let labels = &other.graphs[number].labels;
            if *seed != run.key.seed {
                other_seeds.push(adjusted_mutual_information(&graph.labels, labels)?);
            } else if run.key.rate != lowest {
                same_seed.push(adjusted_mutual_information(&graph.labels, labels)?);
                for _ in 0..SHUFFLES {
                    let mut own = graph.labels.clone();
                    draws.shuffle(&mut own);
                    shuffled.push(adjusted_mutual_information(&own, labels)?);
                }
            }
        }
        for (list, values) in
            [(&mut same, same_seed), (&mut across, other_seeds), (&mut floor, shuffled)]
        {
            list.push(to_digits(Statistic::of(&values).mean, 6));
        }
    }
    Ok([same, across, floor].concat())
}

/// All rows of an arm, rate and loss together.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Which synapses exist.
    pub arm: Arm,
    /// η.
    pub rate: f64,
    /// Whether these are the controls.
    pub is_control: bool,
    /// The loss that had to be reached.
    pub asked: f64,
    /// How many runs there are.
    pub runs: usize,
    /// How many of them reached it.
    pub reached: usize,
    /// One for each column of the table, over the seeds that reached it.
    pub statistics: Vec<Statistic>,
}

/// The rows of one arm, rate and loss together, in the order of the first of them.
fn groups(rows: &[Row], columns: usize) -> Vec<Group> {
    let kind = |row: &Row| (row.key.arm, row.key.rate, row.is_control, row.asked);
    let mut found: Vec<Vec<&Row>> = Vec::new();
    for row in rows {
        match found.iter_mut().find(|rows| kind(rows[0]) == kind(row)) {
            Some(rows) => rows.push(row),
            None => found.push(vec![row]),
        }
    }
    let summed = |rows: Vec<&Row>| {
        let (arm, rate, is_control, asked) = kind(rows[0]);
        let of_column = |k: usize| {
            let values: Vec<f64> = rows.iter().map(|row| row.values[k]).collect();
            Statistic::of(&values)
        };
        let reached = rows.iter().filter(|row| row.is_reached()).count();
        let statistics = (0..columns).map(of_column).collect();
        Group { arm, rate, is_control, asked, runs: rows.len(), reached, statistics }
    };
    found.into_iter().map(summed).collect()
}
