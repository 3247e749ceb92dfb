//! What the table says, in sentences that are made from its numbers and would read otherwise if the numbers were others.

use super::network::Arm;
use super::settings::Plan;
use super::table::{Group, Table};
use crate::simulate::experiment::Statistic;
use crate::simulate::experiment::story::sentence;

/// What is said of each arm first: the words for it, and the column.
const HEADLINES: [(&str, &str); 3] = [
    ("the effective number of communities of the hidden neurons in |W|", "w_effective_hidden"),
    ("the share of hidden neurons in their largest community", "w_largest_hidden"),
    (
        "the modularity of hidden |W−W₀| above that of shuffled weights",
        "change_hidden_q_above_shuffled",
    ),
];
/// What may or may not depend on the rate.
const OTHERS: [(&str, &str); 12] = [
    ("max Re eig(diag β·W)", "re_eigenvalue_mean"),
    ("reciprocity of W−W₀", "reciprocity"),
    ("symmetry of W−W₀", "symmetry"),
    ("‖W−W₀‖ input→hidden", "change_input_to_hidden"),
    ("‖W−W₀‖ input→output", "change_input_to_output"),
    ("‖W−W₀‖ hidden→hidden", "change_hidden_to_hidden"),
    ("held-out accuracy", "held_out_accuracy"),
    ("accuracy left after cutting hidden–hidden", "held_out_accuracy_cut"),
    ("communities of hidden |W−W₀| in effect", "change_hidden_effective"),
    ("communities of hidden |W| in effect", "w_hidden_effective"),
    ("communities of all |W−W₀| in effect", "change_effective"),
    ("signed modularity of hidden W−W₀", "change_hidden_q_signed"),
];

/// What depends on the learning rate and what does not, at the last loss; from paired differences of the same seed.
///
/// "Clear" is an effect whose 95 % interval leaves 0 out; there are many columns and no correction for that. A preview has too
/// few seeds and claims nothing.
#[must_use]
pub fn sentences(plan: &Plan, table: &Table) -> Vec<String> {
    let told = Told { plan, table };
    let mut said = Vec::new();
    if plan.preview {
        said.push("A preview: fewer rates and seeds, no intervals, no claims; --full makes the table that has them.".into());
    }
    said.extend(Arm::ALL.into_iter().filter_map(|arm| told.headline(arm)));
    said.extend(told.nulls());
    if !plan.preview {
        said.extend(Arm::ALL.into_iter().filter_map(|arm| told.others(arm)));
        said.extend(told.control());
    }
    said.extend(told.unstable());
    said
}

struct Told<'a> {
    plan: &'a Plan,
    table: &'a Table,
}

impl Told<'_> {
    fn headline(&self, arm: Arm) -> Option<String> {
        let (low, high) = self.table.range(arm)?;
        let clause = |(words, column): (&str, &str)| {
            let at = |rate| Some(self.shown(self.table.statistic(arm, rate, column)?));
            let (from, to) = (at(low)?, at(high)?);
            if self.plan.preview {
                return Some(format!("{words} goes from {from} to {to}"));
            }
            let difference = self.table.paired(column, (arm, false), (low, high));
            let verb = match difference.mean < 0.0 {
                _ if !difference.is_clear() => "does not clearly change,",
                true => "falls",
                false => "rises",
            };
            let by = with_interval(difference);
            let first = self.first_clear(arm, column, low);
            Some(format!("{words} {verb} from {from} to {to} ({by} per seed{first})"))
        };
        let clauses: Vec<String> = HEADLINES.into_iter().filter_map(clause).collect();
        Some(format!("Arm {arm:?}, η {low} → {high} at equal loss: {}.", clauses.join("; ")))
    }

    /// From which rate on the difference to the lowest is clear.
    fn first_clear(&self, arm: Arm, column: &str, low: f64) -> String {
        let mut first = None;
        for group in self.table.at_last(arm, false).filter(|group| group.rate > low) {
            match self.table.paired(column, (arm, false), (low, group.rate)).is_clear() {
                true => first = first.or(Some(group.rate)),
                // A rate without a clear difference above one with it takes that back.
                false if group.reached == group.runs => first = None,
                false => {}
            }
        }
        first.map_or(String::new(), |rate| format!(", clear from η = {rate} on"))
    }

    fn nulls(&self) -> Option<String> {
        let mut clauses = Vec::new();
        for arm in Arm::ALL {
            for (words, column) in [("whole-network |W|", "w"), ("hidden |W−W₀|", "change_hidden")]
            {
                let [shuffled, strengths] = ["shuffled", "strengths"]
                    .map(|null| self.table.column(&format!("{column}_q_above_{null}")));
                let nulls = [shuffled?, strengths?];
                let beyond = |sign: f64| {
                    self.table.whole(arm).filter(|group| self.is_beyond(group, nulls, sign)).count()
                };
                let (above, below) = (beyond(1.0), beyond(-1.0));
                let all = self.table.whole(arm).count();
                let how = match all {
                    0 => continue,
                    _ if below == all => "less modular than both null models at every rate".into(),
                    _ if above == all => "more modular than both null models at every rate".into(),
                    _ => format!(
                        "more modular than both null models at {above} of {all} rates, less at {below}"
                    ),
                };
                // What is less modular than chance has no communities to be counted, whatever their number.
                let caveat = if column == "w" && below == all {
                    " (so the number of its communities says where strength is gathered, and not that it has any)"
                } else {
                    ""
                };
                clauses.push(format!("{words} of arm {arm:?} is {how}{caveat}"));
            }
        }
        let by = if self.plan.preview { "by their means" } else { "beyond the intervals" };
        sentence(&format!("Against chance ({by}): …."), &clauses)
    }

    /// Whether both numbers are on this side of zero, with their intervals.
    fn is_beyond(&self, group: &Group, columns: [usize; 2], sign: f64) -> bool {
        columns.into_iter().all(|column| {
            let found = group.statistics[column];
            sign * found.mean > if self.plan.preview { 0.0 } else { found.half_width }
        })
    }

    fn others(&self, arm: Arm) -> Option<String> {
        let (low, high) = self.table.range(arm)?;
        let (mut clear, mut unclear) = (Vec::new(), Vec::new());
        for (words, column) in OTHERS {
            let at = |rate| self.table.statistic(arm, rate, column);
            let (Some(from), Some(to)) = (at(low), at(high)) else { continue };
            // A block that an arm does not have is 0 throughout.
            if from.mean == 0.0 && to.mean == 0.0 {
                continue;
            }
            let difference = self.table.paired(column, (arm, false), (low, high));
            if difference.is_clear() {
                clear.push(format!("{words} {} → {}", self.shown(from), self.shown(to)));
            } else {
                unclear.push(format!("{words} ({})", with_interval(difference)));
            }
        }
        let list = |items: Vec<String>| match items.is_empty() {
            true => "nothing else that is listed here".to_owned(),
            false => items.join(", "),
        };
        Some(format!(
            "Arm {arm:?} also depends on the rate in {}; within the interval of no change are {}.",
            list(clear),
            list(unclear)
        ))
    }

    fn control(&self) -> Option<String> {
        let finish = self.plan.settings.finish?;
        let mut clauses = Vec::new();
        for (arm, range) in Arm::ALL.map(|arm| (arm, self.table.range(arm))) {
            let Some(range) = range else { continue };
            for (words, column) in [
                ("effective hidden communities in |W|", "w_effective_hidden"),
                ("hidden |W−W₀| above shuffled", "change_hidden_q_above_shuffled"),
            ] {
                let [plain, control] = [false, true]
                    .map(|is_control| self.table.paired(column, (arm, is_control), range));
                let left = if control.is_clear() { "still clear" } else { "no longer clear" };
                if plain.is_clear() && control.count > 1 {
                    let [control, plain] = [control, plain].map(with_interval);
                    clauses.push(format!(
                        "{words} of arm {arm:?} {control} instead of {plain}, {left}"
                    ));
                }
            }
        }
        let frame = format!(
            "If the last stretch of every run is trained at η = {finish}, the difference between those two rates is: …."
        );
        sentence(&frame, &clauses)
    }

    fn unstable(&self) -> Option<String> {
        let all = Arm::ALL.into_iter().flat_map(|arm| self.table.at_last(arm, false));
        let missed = all.filter(|group| group.reached < group.runs).map(|group| {
            format!("{:?} η = {}: {} of {}", group.arm, group.rate, group.reached, group.runs)
        });
        let missed: Vec<String> = missed.collect();
        (!missed.is_empty()).then(|| {
            let (last, missed) = (self.table.last, missed.join(", "));
            format!("Not every run came to a loss of {last}; these did: {missed}. They are rows of the table.")
        })
    }

    fn shown(&self, statistic: Statistic) -> String {
        if self.plan.preview { short(statistic.mean) } else { with_interval(statistic) }
    }
}

/// The mean with its interval.
pub(crate) fn with_interval(statistic: Statistic) -> String {
    if statistic.half_width.is_nan() {
        return short(statistic.mean);
    }
    let places = places(statistic.mean.abs().max(statistic.half_width));
    format!("{:.places$} ± {:.places$}", statistic.mean, statistic.half_width)
}

/// Three digits or so.
pub(crate) fn short(value: f64) -> String {
    let places = places(value.abs());
    format!("{value:.places$}")
}

fn places(size: f64) -> usize {
    match size {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 3,
    }
}
