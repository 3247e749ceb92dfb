//! Gradients beside the exact one: the table of `compare`.

use super::how_far::{cosine, number, short};
use super::{drawn, grid, hanging, network, wrapped};
use crate::certify::compare::Comparison;
use crate::certify::measured::{Measured, Source};
use crate::foreign::Foreign;
use crate::number::canonical;
use crate::spec::Case;
use crate::verdict::Conclusion;
use crate::verdict::judge::{BlockJudgement, Nearness};
use crate::verdict::whole::Whole;
use crate::wire::Document;
use crate::wire::gradient::Quantity;
use crate::wire::json::Json;

/// The engines and the files of a case beside its exact gradient, as text.
#[must_use]
pub fn beside(case: &Case, comparison: &Comparison) -> String {
    let mut text = wrapped(0, &format!("{} · {}", case.title(), network(case)));
    if let Some(loss) = &comparison.loss {
        text.push_str(&hanging(0, 4, &format!("L = {}", canonical(loss))));
    }
    text.push_str(&measured(&comparison.rows));
    if !comparison.not_run.is_empty() {
        text.push('\n');
    }
    for (rule, why) in &comparison.not_run {
        text.push_str(&hanging(0, 2, &format!("{} was not run: {why}", rule.name())));
    }
    text.push('\n');
    text.push_str(&wrapped(0, &format!("verdict: {}", verdict(comparison))));
    text
}

/// How far each is from the exact gradient: of all parameters, and block by block where it is not that gradient throughout.
pub(super) fn measured(rows: &[Measured]) -> String {
    let mut text = String::new();
    if rows.is_empty() {
        return text;
    }
    text.push_str("\nagainst the exact gradient, all parameters\n");
    text.push_str(&table(rows.iter(), |row| Some(Whole::of(&row.judgement.blocks))));
    let is_off = |row: &&Measured| row.judgement.nearness() != Nearness::Exact;
    let off = || rows.iter().filter(is_off);
    let Some(first) = off().next() else { return text };
    if first.judgement.blocks.len() > 1 {
        for (k, block) in first.judgement.blocks.iter().enumerate() {
            text.push_str(&format!("\n{}\n", block.name));
            text.push_str(&table(off(), |row| row.judgement.blocks.get(k).map(Whole::of_block)));
        }
    }
    text
}

/// One line a gradient.
fn table<'a>(
    rows: impl Iterator<Item = &'a Measured> + Clone,
    figures: impl Fn(&Measured) -> Option<Whole>,
) -> String {
    let has_floats = rows.clone().any(|row| row.number.dtype().is_some());
    let mut table = grid();
    let mut head = vec!["gradient", "held", "differ", "largest\nrelative"];
    head.extend(has_floats.then_some("largest\nulps"));
    head.extend(["off, of\nlength", "cosine", "right\nsigns"]);
    table.set_header(head);
    for row in rows {
        let Some(figures) = figures(row) else { continue };
        let direction = &figures.direction;
        let mut cells = vec![
            title(row),
            row.number.name().to_owned(),
            format!("{}/{}", figures.differing, figures.entries),
            short(figures.relative),
        ];
        cells.extend(has_floats.then(|| match row.number.dtype() {
            Some(_) => short(figures.ulps),
            None => "—".to_owned(),
        }));
        cells.extend([
            direction.relative().map_or("—".to_owned(), short),
            cosine(direction.cosine()),
            format!("{}/{}", direction.signs, direction.of),
        ]);
        table.add_row(cells);
    }
    drawn(table)
}

/// What a line is called: a file with the rule that it declares, and whether it is an update.
fn title(row: &Measured) -> String {
    let mut title = Foreign(&row.name).to_string();
    if let (Source::File, Some(rule)) = (row.source, &row.rule) {
        title.push_str(&format!(", {}", Foreign(rule)));
    }
    match row.quantity {
        Quantity::Gradient => title,
        Quantity::Update => title + ", update",
    }
}

fn verdict(comparison: &Comparison) -> String {
    let named = |is_right: bool| {
        let rows = comparison.rows.iter();
        let rows = rows.filter(|row| comparison.is_right(row) == Some(is_right));
        rows.map(|row| row.name.as_str()).collect::<Vec<_>>()
    };
    match comparison.conclusion() {
        Conclusion::Disagree => {
            format!("DISAGREE: not the exact gradient by {}", named(false).join(" and "))
        }
        Conclusion::Unchecked => format!(
            "unchecked: every exact entry of the {} is zero, which any dead rule reproduces",
            comparison.dead_blocks().join(" and the ")
        ),
        Conclusion::Agree => {
            format!(
                "agree: one gradient, {}; `check` judges those of files",
                named(true).join(" = ")
            )
        }
    }
}

/// The same as a document.
#[must_use]
pub fn beside_json(document: &Document, comparison: &Comparison) -> Json {
    let ran = comparison.rows.iter().filter(|row| row.source == Source::Engine);
    let ran = ran.map(|row| {
        let is_equal = !row.judgement.nearness().is_refused();
        Json::object([("rule", Json::text(&row.name)), ("equal", Json::Bool(is_equal))])
    });
    let not_run = comparison.not_run.iter().map(|(rule, why)| {
        Json::object([("rule", Json::text(rule.name())), ("not_run", Json::text(why))])
    });
    let mut fields = vec![
        ("format", Json::text("creditcheck/comparison/1")),
        ("case", Json::text(document.digest())),
        ("verdict", Json::text(comparison.conclusion().word())),
    ];
    fields.extend(comparison.loss.iter().map(|loss| ("loss", Json::text(canonical(loss)))));
    fields.push(("exact", Json::Array(ran.chain(not_run).collect())));
    fields.push(("gradients", Json::array(&comparison.rows, measured_json)));
    Json::object(fields)
}

/// One gradient in a document.
pub(super) fn measured_json(row: &Measured) -> Json {
    let mut fields = vec![
        ("name", Json::text(&row.name)),
        ("source", Json::text(row.source.name())),
        ("number", Json::text(row.number.name())),
        ("quantity", Json::text(row.quantity.name())),
    ];
    fields.extend(row.rule.iter().map(|rule| ("rule", Json::text(rule))));
    fields.push(("whole", Json::object(figures_json(&Whole::of(&row.judgement.blocks)))));
    let block = |block: &BlockJudgement| {
        let name = [("name", Json::text(&block.name))];
        Json::object(name.into_iter().chain(figures_json(&Whole::of_block(block))))
    };
    fields.push(("blocks", Json::array(&row.judgement.blocks, block)));
    Json::object(fields)
}

fn figures_json(figures: &Whole) -> Vec<(&'static str, Json)> {
    let optional = |value: Option<f64>| value.map_or(Json::Null, number);
    vec![
        ("entries", Json::count(figures.entries)),
        ("differing", Json::count(figures.differing)),
        ("largest_relative", number(figures.relative)),
        ("largest_ulps", number(figures.ulps)),
        ("relative", optional(figures.direction.relative())),
        ("cosine", optional(figures.direction.cosine())),
        ("right_signs", Json::count(figures.direction.signs)),
        ("nonzero", Json::count(figures.direction.of)),
    ]
}
