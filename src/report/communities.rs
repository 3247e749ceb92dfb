//! What `communities` found: as text, as a document, and its runs as lines.

mod runs;

use super::experiments::{Reported, Results};
use super::lines::{self, float};
use super::{drawn_by, grid, wrapped};
use crate::error::Error;
use crate::simulate::communities::{
    Arm, Group, Key, Plan, Run, Statistic, Sweep, Table, page, sentences,
};
use crate::simulate::to_digits;
use crate::spec::Limits;
use crate::wire::json::Json;

pub use runs::{RUNS_FORMAT, header, line, read_line, settings};

/// What the document calls itself.
pub const FORMAT: &str = "creditcheck/communities/1";

/// What the summary shows: head and column.
const SHOWN: [(&str, &str); 9] = [
    ("η·steps", "rate_times_steps"),
    ("hidden comm.", "w_effective_hidden"),
    ("largest", "w_largest_hidden"),
    ("Q−shuffled", "change_hidden_q_above_shuffled"),
    ("Q−strengths", "change_hidden_q_above_strengths"),
    ("Re eig", "re_eigenvalue_mean"),
    ("reciprocity", "reciprocity"),
    ("held out", "held_out_accuracy"),
    ("cut", "held_out_accuracy_cut"),
];

/// The summary table at the last loss, and the sentences.
#[must_use]
pub fn text(plan: &Plan, table: &Table, sentences: &[String]) -> String {
    let mut rows = grid();
    let mut head = vec!["arm".to_owned(), "η".into(), "reached".into()];
    head.extend(SHOWN.iter().map(|(name, _)| (*name).to_owned()));
    rows.set_header(head);
    for group in Arm::ALL.into_iter().flat_map(|arm| table.at_last(arm, false)) {
        let mut row = vec![
            format!("{:?}", group.arm),
            group.rate.to_string(),
            format!("{}/{}", group.reached, group.runs),
        ];
        let cell = |(_, column): &(&str, &str)| {
            table
                .column(column)
                .map_or(String::new(), |column| shown(plan, group.statistics[column]))
        };
        row.extend(SHOWN.iter().map(cell));
        rows.add_row(row);
    }
    let kind = if plan.preview {
        "means over seeds, a preview"
    } else {
        "means over seeds ± half a 95 % interval"
    };
    let mut text = wrapped(
        0,
        &format!(
            "Community structure against learning rate, at a full training loss of {} ({kind}).",
            table.last
        ),
    );
    text.push_str(&format!("\n{}\n", drawn_by(rows, 2)));
    let legend = "hidden comm.: effective number of communities of hidden neurons in the best partition of |W|, and the share of the \
                  largest; Q: best modularity of hidden |W−W₀| less that of its null models; cut: held-out accuracy without synapses \
                  between hidden neurons.";
    text.push_str(&wrapped(0, legend));
    for sentence in sentences {
        text.push('\n');
        text.push_str(&wrapped(0, sentence));
    }
    text
}

fn shown(plan: &Plan, statistic: Statistic) -> String {
    let places = if statistic.mean.abs() >= 10.0 {
        1
    } else if statistic.mean.abs() >= 1.0 {
        2
    } else {
        3
    };
    match (statistic.count, plan.preview || statistic.half_width.is_nan()) {
        (0, _) => "–".into(),
        (_, true) => format!("{:.places$}", statistic.mean),
        (_, false) => format!("{:.places$}±{:.places$}", statistic.mean, statistic.half_width),
    }
}

/// The result as a document.
#[must_use]
pub fn document(plan: &Plan, table: &Table, sentences: &[String]) -> Json {
    let statistic = |found: &Statistic| match found.count {
        0 => Json::Null,
        _ => {
            let half_width = if plan.preview { f64::NAN } else { found.half_width };
            let numbers = [rounded(found.mean), rounded(half_width), Json::count(found.count)];
            Json::Array(numbers.into())
        }
    };
    let group = |group: &Group| {
        Json::object([
            ("arm", runs::arm(group.arm)),
            ("rate", float(group.rate)),
            ("control", Json::Bool(group.is_control)),
            ("loss", float(group.asked)),
            ("runs", Json::count(group.runs)),
            ("reached", Json::count(group.reached)),
            ("statistics", Json::array(&group.statistics, statistic)),
        ])
    };
    let intervals = if plan.preview {
        "none: this is a preview"
    } else {
        "half the width of Student's 95 % interval over seeds, t(n-1) s/sqrt(n)"
    };
    Json::object([
        ("format", Json::text(FORMAT)),
        ("preview", Json::Bool(plan.preview)),
        ("settings", settings(&plan.settings)),
        ("seeds", lines::seeds(&plan.seeds())),
        ("sentences", Json::array(sentences, Json::text)),
        ("statistic", Json::text("[mean, half width of the interval, number of seeds]")),
        ("intervals", Json::text(intervals)),
        ("columns", Json::array(&table.columns, Json::text)),
        ("groups", Json::array(table.groups(), group)),
    ])
}

fn rounded(value: f64) -> Json {
    float(to_digits(value, 6))
}

impl Reported for Sweep<'_> {
    fn name(&self) -> &str {
        "communities"
    }

    fn shown(&self, key: &Key) -> String {
        format!("arm {:?}, η = {}, seed {}", key.arm, key.rate, key.seed)
    }

    fn header(&self) -> String {
        header(self.plan)
    }

    fn line(&self, run: &Run) -> String {
        line(run)
    }

    fn read_line(&self, text: &str, limits: &Limits) -> Result<Run, Error> {
        read_line(text, limits)
    }

    fn results(&self, runs: &[Run]) -> Result<Results, Error> {
        let plan = self.plan;
        let table = Table::of(plan, runs)?;
        let sentences = sentences(plan, &table);
        let files = vec![
            ("communities.csv".to_owned(), table.csv()),
            ("communities.svg".to_owned(), page(plan, &table, runs)),
        ];
        let document = document(plan, &table, &sentences);
        Ok(Results { text: text(plan, &table, &sentences), document, files })
    }
}
