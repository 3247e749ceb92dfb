//! What `tasks` found: as text, as a document, and its runs as lines.

use super::experiments::{Reported, Results};
use super::lines::{self, Reader, float};
use super::{counted, drawn, drawn_by, grid, wrapped};
use crate::error::Error;
use crate::simulate::rounded;
use crate::simulate::tasks::{
    Condition, End, Key, Measured, Paired, Plan, Quartiles, Run, Table, Task, name, page,
    sentences, title,
};
use crate::spec::Limits;
use crate::wire::json::Json;

/// What the document calls itself.
pub const FORMAT: &str = "creditcheck/tasks/1";
/// What a file of runs calls itself.
pub const RUNS_FORMAT: &str = "creditcheck/tasks-runs/1";

/// The tables, and the sentences.
#[must_use]
pub fn text(table: &Table<'_>, sentences: &[String]) -> String {
    let plan = table.plan;
    let seeds = plan.seeds.len();
    let size = if plan.preview { "a preview; " } else { "" };
    let medians = match seeds {
        1 => "1 seed".to_owned(),
        _ => format!("medians over {}, quartiles in brackets", counted(seeds, "seed")),
    };
    let mut text = match plan.task {
        Task::Alignment => format!(
            "{}\n{}",
            wrapped(
                0,
                &format!(
                    "Cosine of each rule's ∂L/∂W with that of BPTT before learning, μ = 1/2 ({size}{medians})."
                )
            ),
            aligned(table)
        ),
        Task::Blocks => format!(
            "{}\n{}",
            wrapped(
                0,
                &format!(
                    "Cosine with BPTT where W is constant on {} blocks of types, plus noise of size ς ({size}medians over {}).",
                    crate::simulate::tasks::TYPES.pow(2),
                    counted(seeds, "seed"),
                )
            ),
            blocks(table)
        ),
        Task::Recall | Task::Xor => format!(
            "{}\n{}{}",
            wrapped(
                0,
                &format!(
                    "{} after {} updates ({size}{medians}).",
                    if plan.task == Task::Recall {
                        "Delayed recall: squared error of sequences held out"
                    } else {
                        "Delayed XOR: cross-entropy of sequences held out"
                    },
                    plan.settings.iterations,
                )
            ),
            trained(table),
            pairs(table)
        ),
    };
    for sentence in sentences {
        text.push('\n');
        text.push_str(&wrapped(0, sentence));
    }
    text
}

fn aligned(table: &Table<'_>) -> String {
    let mut rows = grid();
    let mut head = vec!["rule", "types", "cosine", "", "length"];
    head.extend(head_of_known(table));
    rows.set_header(head);
    for (k, condition) in table.plan.conditions.iter().enumerate() {
        // The sweep of μ is in the figure and in the sentences.
        if name(&condition.rule).contains(":mu=") {
            continue;
        }
        let types = condition.types.map_or(String::new(), |types| types.to_string());
        let [median, range] = shown(table.quartiles(k, "cosine"));
        let length = shown(table.quartiles(k, "length_ratio"))[0].clone();
        let mut row = vec![title(&condition.rule), types, median, range, length];
        row.extend(head_of_known(table).map(|_| known(table, condition)));
        rows.add_row(row);
    }
    drawn(rows)
}

fn blocks(table: &Table<'_>) -> String {
    let mut rows = grid();
    let plan = table.plan;
    let mut rules: Vec<String> = Vec::new();
    // μ differs between the activations, and is said in a sentence.
    let short = |condition: &Condition| title(&condition.rule).replace(", μ = 1", "");
    for condition in &plan.conditions {
        if !rules.contains(&short(condition)) {
            rules.push(short(condition));
        }
    }
    let heads = rules.iter().map(|rule| rule.replace(", all taps", "").replace(" (", "\n("));
    rows.set_header(["σ".to_owned(), "ς".into()].into_iter().chain(heads));
    let mut seen: Vec<(bool, Option<f64>)> = Vec::new();
    for condition in &plan.conditions {
        let at = (condition.is_linear, condition.spread);
        if seen.contains(&at) {
            continue;
        }
        seen.push(at);
        let spread = at.1.map_or(String::new(), |spread| spread.to_string());
        let mut row = vec![if at.0 { "linear".to_owned() } else { "ReLU".into() }, spread];
        for rule in &rules {
            let place = plan
                .conditions
                .iter()
                .position(|other| (other.is_linear, other.spread) == at && short(other) == *rule);
            let median = |k| shown(table.quartiles(k, "cosine"))[0].clone();
            row.push(place.map_or(String::new(), median));
        }
        rows.add_row(row);
    }
    drawn_by(rows, 2)
}

fn trained(table: &Table<'_>) -> String {
    let plan = table.plan;
    let is_xor = plan.task == Task::Xor;
    let mut rows = grid();
    let mut head = vec!["rule", "loss", "", "lowest on the way", "below"];
    head.extend(if is_xor { Some("accuracy") } else { head_of_known(table) });
    let below = format!("below {}", plan.settings.solved);
    head[4] = &below;
    rows.set_header(head);
    for (k, condition) in plan.conditions.iter().enumerate() {
        let [median, range] = shown(table.quartiles(k, "held_out_loss"));
        let lowest = shown(table.quartiles(k, "lowest_loss"))[0].clone();
        let solved = format!("{}/{}", table.solved(k), plan.seeds.len());
        let mut row = vec![title(&condition.rule), median, range, lowest, solved];
        row.extend(if is_xor {
            Some(shown(table.quartiles(k, "held_out_accuracy"))[0].clone())
        } else {
            head_of_known(table).map(|_| known(table, condition))
        });
        rows.add_row(row);
    }
    drawn(rows)
}

/// Every two rules, in the order of the table; nothing of one rule.
fn pairs(table: &Table<'_>) -> String {
    if table.plan.conditions.len() < 2 {
        return String::new();
    }
    let mut rows = grid();
    rows.set_header(vec!["seed by seed", "against", "lower in", "sign test p", "Wilcoxon p"]);
    for (a, b, found) in all_pairs(table) {
        let [a, b] = [a, b].map(|k| title(&table.plan.conditions[k].rule));
        let wins = format!("{}/{}", found.wins, found.pairs);
        rows.add_row(vec![a, b, wins, number(found.sign), number(found.wilcoxon)]);
    }
    format!("\n{}", drawn(rows))
}

fn all_pairs<'a>(table: &'a Table<'_>) -> impl Iterator<Item = (usize, usize, Paired)> + 'a {
    let count = table.plan.conditions.len();
    (0..count).flat_map(move |a| (a + 1..count).map(move |b| (a, b, table.paired(a, b))))
}

/// What the prototype found, where the two can be compared.
fn known(table: &Table<'_>, condition: &Condition) -> String {
    table.prototype(condition).map_or(String::new(), |median| median.to_string())
}

/// The head of that column, if there is one.
fn head_of_known(table: &Table<'_>) -> Option<&'static str> {
    let known = table.plan.conditions.iter().any(|c| table.prototype(c).is_some());
    known.then_some("prototype")
}

/// The median, and the quartiles in brackets if there are two numbers.
fn shown(found: Quartiles) -> [String; 2] {
    match found.count {
        0 => ["–".into(), String::new()],
        1 => [number(found.median), String::new()],
        _ => [number(found.median), format!("[{}, {}]", number(found.lower), number(found.upper))],
    }
}

/// Three significant digits.
fn number(value: f64) -> String {
    match value.abs() {
        _ if value.is_infinite() => "diverged".into(),
        0.0 => "0".into(),
        size if !(0.001..1000.0).contains(&size) => format!("{value:.1e}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 0.1 => format!("{value:.3}"),
        _ => format!("{value:.4}"),
    }
}

/// The result as a document.
#[must_use]
pub fn document(table: &Table<'_>, sentences: &[String]) -> Json {
    let plan = table.plan;
    let quartiles = |found: Quartiles| {
        let numbers = [found.lower, found.median, found.upper].map(|value| float(rounded(value)));
        Json::Array(numbers.into_iter().chain([Json::count(found.count)]).collect())
    };
    let group = |(k, condition): (usize, &Condition)| {
        let columns = plan.task.columns().iter();
        let statistics = columns.map(|column| (*column, quartiles(table.quartiles(k, column))));
        let mut fields = vec![
            ("condition", Json::text(condition.name())),
            ("rule", Json::text(title(&condition.rule))),
            ("prototype", table.prototype(condition).map_or(Json::Null, float)),
            ("statistics", Json::object(statistics)),
        ];
        if plan.task.is_training() {
            fields.push(("solved", Json::count(table.solved(k))));
            let lost = |run: &&Run| run.measured.end != End::Finished;
            fields.push(("diverged", Json::count(table.runs(k).filter(lost).count())));
        }
        Json::object(fields)
    };
    let mut fields = vec![
        ("format", Json::text(FORMAT)),
        ("task", Json::text(plan.task.name())),
        ("preview", Json::Bool(plan.preview)),
        ("settings", settings(plan)),
        ("seeds", lines::seeds(&plan.seeds)),
        ("sentences", Json::array(sentences, Json::text)),
        (
            "statistic",
            Json::text(
                "[lower quartile, median, upper quartile, number of seeds]; null is infinite: diverged",
            ),
        ),
        ("groups", Json::array(plan.conditions.iter().enumerate(), group)),
    ];
    if plan.task.is_training() {
        let pair = |(a, b, found): (usize, usize, Paired)| {
            Json::object([
                ("rule", Json::text(plan.conditions[a].name())),
                ("against", Json::text(plan.conditions[b].name())),
                ("pairs", Json::count(found.pairs)),
                ("wins", Json::count(found.wins)),
                ("ties", Json::count(found.ties)),
                ("sign_test_p", float(rounded(found.sign))),
                ("wilcoxon_p", float(rounded(found.wilcoxon))),
            ])
        };
        fields.push(("paired", Json::array(all_pairs(table), pair)));
    }
    Json::object(fields)
}

fn settings(plan: &Plan) -> Json {
    let settings = &plan.settings;
    Json::object([
        ("neurons", Json::count(settings.neurons)),
        ("steps", Json::count(settings.steps)),
        ("examples", Json::count(settings.examples)),
        ("leak", float(settings.leak)),
        ("spectral_radius", float(settings.radius)),
        ("input_scale", float(settings.input_scale)),
        ("readout_scale", float(settings.readout_scale)),
        ("noise", float(settings.noise)),
        ("cue", Json::count(settings.cue)),
        ("between", Json::count(settings.between)),
        ("trains_all", Json::Bool(settings.trains_all)),
        ("iterations", Json::count(settings.iterations)),
        ("rate", float(settings.rate)),
        ("clip", float(settings.clip)),
        ("held_out", Json::count(settings.held_out)),
        ("solved", float(settings.solved)),
    ])
}

/// The first line of a file of runs, with its end: the same for the same plan, and for no other.
#[must_use]
pub fn header(plan: &Plan) -> String {
    lines::line([
        ("format", Json::text(RUNS_FORMAT)),
        ("task", Json::text(plan.task.name())),
        ("preview", Json::Bool(plan.preview)),
        ("settings", settings(plan)),
        ("seeds", lines::seeds(&plan.seeds)),
        ("conditions", Json::array(&plan.conditions, |condition| Json::text(condition.name()))),
        ("columns", Json::array(plan.task.columns(), |column| Json::text(*column))),
    ])
}

/// A finished run as a line, with its end.
#[must_use]
pub fn line(run: &Run) -> String {
    let Measured { end, values, curve } = &run.measured;
    let mut fields = vec![
        ("condition", Json::text(&run.key.condition)),
        ("seed", Json::text(run.key.seed.to_string())),
        ("values", Json::array(values, |value| float(*value))),
    ];
    if let End::Diverged { iteration } = end {
        fields.push(("diverged", Json::count(*iteration)));
    }
    if !curve.is_empty() {
        fields.push(("curve", lines::curve(curve)));
    }
    lines::line(fields)
}

/// Reads what [`line()`] wrote, of a run of this plan.
///
/// # Errors
/// [`Error::Input`] with the place of what is not as it should be.
pub fn read_line(text: &str, plan: &Plan, limits: &Limits) -> Result<Run, Error> {
    let json = Json::read(text.as_bytes(), limits)?;
    let run = Reader::of(&json);
    let condition = run.get("condition")?;
    let key = Key { condition: condition.text()?.to_owned(), seed: run.get("seed")?.seed()? };
    if !plan.conditions.iter().any(|condition| condition.name() == key.condition) {
        return Err(condition.error("a condition of the first line"));
    }
    let list = run.get("values")?;
    let values = list.floats()?;
    let columns = plan.task.columns().len();
    if values.len() != columns {
        return Err(list.error(&format!("{columns} values")));
    }
    let curve = run.curve("curve", "an update and a loss")?;
    let end = match run.find("diverged") {
        Some(iteration) => End::Diverged { iteration: iteration.count()? },
        None => End::Finished,
    };
    Ok(Run { key, measured: Measured { end, values, curve } })
}

impl Reported for Plan {
    fn name(&self) -> &str {
        self.task.name()
    }

    fn shown(&self, key: &Key) -> String {
        format!("{}, seed {}", key.condition, key.seed)
    }

    fn header(&self) -> String {
        header(self)
    }

    fn line(&self, run: &Run) -> String {
        line(run)
    }

    fn read_line(&self, text: &str, limits: &Limits) -> Result<Run, Error> {
        read_line(text, self, limits)
    }

    fn results(&self, runs: &[Run]) -> Result<Results, Error> {
        let table = Table::of(self, runs);
        let sentences = sentences(&table);
        let name = self.task.name();
        let mut files = vec![(format!("{name}.csv"), table.csv())];
        files.extend(table.curves_csv().map(|curves| (format!("{name}-curves.csv"), curves)));
        files.push((format!("{name}.svg"), page(&table)));
        let document = document(&table, &sentences);
        Ok(Results { text: text(&table, &sentences), document, files })
    }
}
