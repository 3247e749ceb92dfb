//! What the table says, in sentences that are made from its numbers and would read otherwise if the numbers were others.

use super::network::Arm;
use super::settings::Plan;
use super::table::{Group, Statistic, Table};

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
    let told =
        Told { plan, table, groups: table.groups(), last: plan.settings.losses.last().copied() };
    let mut said = Vec::new();
    if plan.preview {
        said.push("A preview: fewer rates and seeds, no intervals, no claims; --full makes the table that has them.".into());
    }
    said.extend([Arm::A, Arm::B].into_iter().filter_map(|arm| told.headline(arm)));
    said.extend(told.nulls());
    if !plan.preview {
        said.extend([Arm::A, Arm::B].into_iter().filter_map(|arm| told.others(arm)));
        said.extend(told.control());
    }
    said.extend(told.unstable());
    said
}

struct Told<'a> {
    plan: &'a Plan,
    table: &'a Table,
    groups: Vec<Group>,
    last: Option<f64>,
}

impl Told<'_> {
    fn group(&self, arm: Arm, rate: f64) -> Option<&Group> {
        self.groups.iter().find(|group| {
            (group.arm, group.rate, group.is_control) == (arm, rate, false)
                && Some(group.asked) == self.last
        })
    }

    fn mean(&self, arm: Arm, rate: f64, column: &str) -> Option<Statistic> {
        let column = self.table.column(column)?;
        self.group(arm, rate).map(|group| group.statistics[column])
    }

    fn difference(
        &self,
        arm: Arm,
        is_control: bool,
        column: &str,
        low: f64,
        high: f64,
    ) -> Statistic {
        let asked = self.last.unwrap_or(f64::NAN);
        self.table.paired(column, (arm, is_control, asked), high, low)
    }

    fn headline(&self, arm: Arm) -> Option<String> {
        let (low, high) = self.table.range(self.plan, arm)?;
        let clause = |(words, column): &(&str, &str)| {
            let (from, to) = (self.mean(arm, low, column)?, self.mean(arm, high, column)?);
            let difference = self.difference(arm, false, column, low, high);
            let verb = match () {
                () if self.plan.preview => "goes",
                () if !difference.is_clear() => "does not clearly change,",
                () if difference.mean < 0.0 => "falls",
                () => "rises",
            };
            let by = if self.plan.preview {
                String::new()
            } else {
                format!(
                    " ({} per seed{})",
                    with_interval(difference),
                    self.first_clear(arm, column, low)
                )
            };
            Some(format!("{words} {verb} from {} to {}{by}", self.shown(from), self.shown(to)))
        };
        let clauses: Vec<String> = HEADLINES.iter().filter_map(clause).collect();
        Some(format!("Arm {arm:?}, η {low} → {high} at equal loss: {}.", clauses.join("; ")))
    }

    /// From which rate on the difference to the lowest is clear.
    fn first_clear(&self, arm: Arm, column: &str, low: f64) -> String {
        let rates = self.groups.iter().filter(|group| {
            (group.arm, group.is_control) == (arm, false)
                && Some(group.asked) == self.last
                && group.rate > low
        });
        let mut first = None;
        for group in rates {
            let is_clear = self.difference(arm, false, column, low, group.rate).is_clear();
            match (is_clear, first) {
                (true, None) => first = Some(group.rate),
                // A rate without a clear difference above one with it takes that back.
                (false, Some(_)) if group.reached == group.runs => first = None,
                _ => {}
            }
        }
        first.map_or(String::new(), |rate| format!(", clear from η = {rate} on"))
    }

    fn nulls(&self) -> Option<String> {
        let mut clauses = Vec::new();
        for arm in [Arm::A, Arm::B] {
            for (words, column) in [("whole-network |W|", "w"), ("hidden |W−W₀|", "change_hidden")]
            {
                let rates = self.groups.iter().filter(|group| {
                    (group.arm, group.is_control) == (arm, false)
                        && Some(group.asked) == self.last
                        && group.reached == group.runs
                });
                let (mut above, mut below, mut all) = (0, 0, 0);
                for group in rates {
                    let of = |null: &str| {
                        let column = self.table.column(&format!("{column}_q_above_{null}"));
                        column.map(|column| group.statistics[column])
                    };
                    let (shuffled, strengths) = (of("shuffled")?, of("strengths")?);
                    let both = |sign: f64| {
                        [shuffled, strengths].iter().all(|s| {
                            let margin = if self.plan.preview { 0.0 } else { s.half_width };
                            sign * s.mean > margin
                        })
                    };
                    all += 1;
                    above += usize::from(both(1.0));
                    below += usize::from(both(-1.0));
                }
                let how = match () {
                    () if all == 0 => continue,
                    () if below == all => {
                        "less modular than both null models at every rate".to_owned()
                    }
                    () if above == all => {
                        "more modular than both null models at every rate".to_owned()
                    }
                    () => format!(
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
        let unclear =
            if self.plan.preview { " (by their means)" } else { " (beyond the intervals)" };
        (!clauses.is_empty()).then(|| format!("Against chance{unclear}: {}.", clauses.join("; ")))
    }

    fn others(&self, arm: Arm) -> Option<String> {
        let (low, high) = self.table.range(self.plan, arm)?;
        let (mut clear, mut unclear) = (Vec::new(), Vec::new());
        for (words, column) in OTHERS {
            let difference = self.difference(arm, false, column, low, high);
            let (Some(from), Some(to)) =
                (self.mean(arm, low, column), self.mean(arm, high, column))
            else {
                continue;
            };
            // A block that an arm does not have is 0 throughout.
            if from.mean == 0.0 && to.mean == 0.0 {
                continue;
            }
            if difference.is_clear() {
                clear.push(format!("{words} {} → {}", self.shown(from), self.shown(to)));
            } else {
                unclear.push(format!("{words} ({})", with_interval(difference)));
            }
        }
        let list = |items: &[String]| {
            if items.is_empty() {
                "nothing else that is listed here".to_owned()
            } else {
                items.join(", ")
            }
        };
        Some(format!(
            "Arm {arm:?} also depends on the rate in {}; within the interval of no change are {}.",
            list(&clear),
            list(&unclear)
        ))
    }

    fn control(&self) -> Option<String> {
        let finish = self.plan.settings.finish?;
        let mut clauses = Vec::new();
        for arm in [Arm::A, Arm::B] {
            let Some((low, high)) = self.table.range(self.plan, arm) else { continue };
            for (words, column) in [
                ("effective hidden communities in |W|", "w_effective_hidden"),
                ("hidden |W−W₀| above shuffled", "change_hidden_q_above_shuffled"),
            ] {
                let plain = self.difference(arm, false, column, low, high);
                let control = self.difference(arm, true, column, low, high);
                let left = if control.is_clear() { "still clear" } else { "no longer clear" };
                if plain.is_clear() && control.count > 1 {
                    clauses.push(format!(
                        "{words} of arm {arm:?} {} instead of {}, {left}",
                        with_interval(control),
                        with_interval(plain)
                    ));
                }
            }
        }
        (!clauses.is_empty()).then(|| {
            format!(
                "If the last stretch of every run is trained at η = {finish}, the difference between those two rates is: {}.",
                clauses.join("; ")
            )
        })
    }

    fn unstable(&self) -> Option<String> {
        let missed: Vec<String> = self
            .groups
            .iter()
            .filter(|group| {
                !group.is_control && Some(group.asked) == self.last && group.reached < group.runs
            })
            .map(|group| {
                format!("{:?} η = {}: {} of {}", group.arm, group.rate, group.reached, group.runs)
            })
            .collect();
        let last = self.last?;
        (!missed.is_empty()).then(|| {
            format!("Not every run came to a loss of {last}; these did: {}. They are rows of the table.", missed.join(", "))
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
