//! The table: one row per run, control and loss, and what several runs say together.

use super::draws::Draws;
use super::measure::{Checkpoint, GRAPHS, columns, to_six_digits};
use super::network::Arm;
use super::partitions::adjusted_mutual_information;
use super::settings::{Key, Plan};
use super::sweep::Run;
use super::training::End;
use crate::error::Error;

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
        let mut rows = Vec::new();
        for is_control in [false, true] {
            for key in &plan.keys {
                let Some(run) = runs.iter().find(|run| run.key == *key) else { continue };
                let last = plan.settings.losses.last();
                for asked in &plan.settings.losses {
                    // The control is the same run until the last loss.
                    if is_control && (Some(asked) != last || plan.settings.finish.is_none()) {
                        continue;
                    }
                    let checkpoint = at(run, is_control, *asked);
                    let mut values =
                        checkpoint.map_or(vec![f64::NAN; columns().len()], |c| c.values.clone());
                    let is_last = Some(asked) == last;
                    let similar = match checkpoint {
                        Some(found) if is_last => similarities(plan, runs, run, is_control, found)?,
                        _ => vec![f64::NAN; 3 * GRAPHS.len()],
                    };
                    values.extend(similar);
                    let end = if is_control {
                        run.control.as_ref().map_or(run.end, |control| control.end)
                    } else {
                        run.end
                    };
                    rows.push(Row { key: *key, is_control, end, asked: *asked, values });
                }
            }
        }
        Ok(Self { columns: names, rows })
    }

    /// The place of a column.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// The table as comma-separated values with a line of names; numbers to six digits, an empty field where there is none.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut text = String::from("arm,rate,control,seed,end,residual,loss_asked");
        for column in &self.columns {
            text.push(',');
            text.push_str(column);
        }
        text.push('\n');
        for row in &self.rows {
            let (word, residual) = words(&row.end);
            let Key { arm, rate, seed, .. } = row.key;
            let control = if row.is_control { "yes" } else { "no" };
            let residual = residual.map_or(String::new(), |residual| format!("{residual:.3e}"));
            let asked = row.asked;
            text.push_str(&format!("{arm:?},{rate},{control},{seed},{word},{residual},{asked}"));
            for value in &row.values {
                text.push(',');
                if !value.is_nan() {
                    text.push_str(&value.to_string());
                }
            }
            text.push('\n');
        }
        text
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
            list.push(to_six_digits(Statistic::of(&values).mean));
        }
    }
    Ok([same, across, floor].concat())
}

/// Mean and 95 % interval of independent numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Statistic {
    /// NaN of none.
    pub mean: f64,
    /// Half the width of Student's 95 % interval, t(n − 1) · s/√n; NaN below two numbers.
    pub half_width: f64,
    /// How many numbers there were; those that are NaN are left out.
    pub count: usize,
}

impl Statistic {
    /// Of these numbers.
    ///
    /// ```
    /// use creditcheck::simulate::communities::Statistic;
    /// let found = Statistic::of(&[1.0, 2.0, 3.0]);
    /// // t = 4.303, s = 1
    /// assert!((found.mean - 2.0).abs() < 1e-12 && (found.half_width - 2.484).abs() < 1e-3);
    /// ```
    #[must_use]
    // A few seeds.
    #[allow(clippy::cast_precision_loss)]
    pub fn of(values: &[f64]) -> Self {
        let values: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
        let count = values.len();
        let n = count as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let half_width =
            if count < 2 { f64::NAN } else { student(count - 1) * (variance / n).sqrt() };
        Self { mean, half_width, count }
    }

    /// Whether the interval leaves 0 out.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.mean.abs() > self.half_width
    }
}

/// The 97.5 % quantile of Student's distribution.
fn student(freedom: usize) -> f64 {
    const TABLE: [f64; 20] = [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
        2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    ];
    // Beyond the table, to three digits.
    #[allow(clippy::cast_precision_loss)]
    let beyond = 1.96 + 2.45 / freedom as f64;
    freedom.checked_sub(1).and_then(|k| TABLE.get(k)).copied().unwrap_or(beyond)
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
    /// How many runs there are, and how many of them reached it.
    pub runs: usize,
    /// How many of them reached it.
    pub reached: usize,
    /// One for each column of the table, over the seeds that reached it.
    pub statistics: Vec<Statistic>,
}

impl Table {
    /// The groups, in the order of the rows.
    #[must_use]
    pub fn groups(&self) -> Vec<Group> {
        let mut groups: Vec<(Group, Vec<&Row>)> = Vec::new();
        for row in &self.rows {
            let Key { arm, rate, .. } = row.key;
            let fits = |(group, _): &&mut (Group, _)| {
                (group.arm, group.rate, group.is_control, group.asked)
                    == (arm, rate, row.is_control, row.asked)
            };
            if let Some((_, rows)) = groups.iter_mut().find(fits) {
                rows.push(row);
            } else {
                let (is_control, asked) = (row.is_control, row.asked);
                let statistics = Vec::new();
                let group = Group { arm, rate, is_control, asked, runs: 0, reached: 0, statistics };
                groups.push((group, vec![row]));
            }
        }
        let summed = |(group, rows): (Group, Vec<&Row>)| {
            let of_column = |k: usize| {
                let values: Vec<f64> = rows.iter().map(|row| row.values[k]).collect();
                Statistic::of(&values)
            };
            Group {
                runs: rows.len(),
                reached: rows.iter().filter(|row| row.is_reached()).count(),
                statistics: (0..self.columns.len()).map(of_column).collect(),
                ..group
            }
        };
        groups.into_iter().map(summed).collect()
    }

    /// The lowest rate of an arm, and the highest at which every seed reached the last loss; none if there are not two.
    #[must_use]
    pub fn range(&self, plan: &Plan, arm: Arm) -> Option<(f64, f64)> {
        let last = plan.settings.losses.last();
        let groups = self.groups();
        let reached = groups.iter().filter(|group| {
            (group.arm, group.is_control) == (arm, false)
                && Some(&group.asked) == last
                && group.reached == group.runs
        });
        let rates: Vec<f64> = reached.map(|group| group.rate).collect();
        let low = rates.iter().copied().fold(f64::INFINITY, f64::min);
        let high = rates.iter().copied().fold(0.0, f64::max);
        (low < high).then_some((low, high))
    }

    /// The differences of a column between two rates, seed by seed: `rate` less `base`, of runs of the same seed.
    #[must_use]
    pub fn paired(
        &self,
        column: &str,
        (arm, is_control, asked): (Arm, bool, f64),
        rate: f64,
        base: f64,
    ) -> Statistic {
        let Some(column) = self.column(column) else { return Statistic::of(&[]) };
        let of_rate = |wanted: f64| {
            self.rows.iter().filter(move |row| {
                (row.key.arm, row.is_control, row.asked) == (arm, is_control, asked)
                    && row.key.rate == wanted
            })
        };
        let difference = |row: &Row| {
            let other = of_rate(base).find(|other| other.key.seed == row.key.seed)?;
            Some(row.values[column] - other.values[column])
        };
        Statistic::of(&of_rate(rate).filter_map(difference).collect::<Vec<_>>())
    }
}
