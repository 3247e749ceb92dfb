//! What `check` says of somebody else's result.

use std::fmt::Write;

use num_rational::BigRational;

use super::how_far::{figures, figures_json, list, third_line};
use super::{counted, drawn, grid, hanging, wrapped};
use crate::number::{canonical, hex, nearest_f64};
use crate::verdict::judge::{BlockJudgement, Entry, Judgement, Nearness};
use crate::wire::json::Json;

/// The judgement of a file against a case, which is given in a few words, as text; with every entry that differs if asked for.
#[must_use]
pub fn judged(
    (file, case): (&str, &str),
    judgement: &Judgement,
    diagnosis: &[String],
    all: bool,
) -> String {
    let mut text = format!("{}\n", wrapped(0, &format!("{file} against {case}")));
    let mut table = grid();
    table.set_header(vec!["block", "entries", "verdict"]);
    for block in &judgement.blocks {
        table.add_row(vec![block.name.clone(), block.entries.to_string(), of_block(block)]);
    }
    text.push_str(&drawn(table));
    if judgement.nearness() > Nearness::CorrectlyRounded {
        text.push('\n');
        text.push_str(&figures(&judgement.blocks));
        if let Some(line) = third_line(&judgement.blocks) {
            text.push('\n');
            text.push_str(&wrapped(0, &line));
        }
    }
    if let Some(declared) = &judgement.declared {
        text.push('\n');
        let said = format!("judged by {}; how far that is from the exact gradient", declared.rule);
        text.push_str(&wrapped(0, &said));
        text.push_str(&figures(&declared.blocks));
    }
    if all && judgement.differing() > 0 {
        text.push_str("\nentries that differ, block by block\n");
        text.push_str(&list(&judgement.blocks));
    }
    let differences = match (judgement.first(), judgement.furthest()) {
        (Some(first), Some(worst)) if first == worst => vec![("first and worst", first)],
        (first, worst) => [("first", first), ("worst", worst)]
            .into_iter()
            .filter_map(|(word, difference)| Some((word, difference?)))
            .collect(),
    };
    let entry = match judgement.nearness() {
        Nearness::Unjudged => "entry that is not the nearest float",
        Nearness::Implausible => "implausible entry",
        _ => "differing entry",
    };
    for (word, difference) in differences {
        text.push('\n');
        text.push_str(&hanging(0, 2, &format!("{word} {entry}: {}", difference.words)));
        let mut line = |word: &str, value: &BigRational| {
            text.push_str(&hanging(2, 10, &format!("{word:<7} {}", long(value))));
        };
        line("theirs", &difference.theirs);
        line("exact", &difference.exact);
        if let Some(ratio) = difference.ratio() {
            line("ratio", &ratio);
        }
    }
    if judgement.differing() > 0 {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "\n{} in all",
            match judgement.nearness() {
                Nearness::Unjudged => format!(
                    "{} not the nearest float",
                    counted(judgement.differing(), "entry is").replace("entry iss", "entries are")
                ),
                _ => counted(judgement.differing(), "differing entry").replace("entrys", "entries"),
            }
        );
    }
    for sentence in diagnosis {
        text.push_str(&wrapped(0, sentence));
    }
    if let Some(solver) = &judgement.solver {
        text.push('\n');
        text.push_str(&wrapped(0, solver));
    }
    let verdict = match judgement.unchecked() {
        Some(why) => format!("unchecked: {}", why.words()),
        None => judgement.nearness().words().to_owned(),
    };
    text.push('\n');
    let declared = judgement.declared.as_ref();
    let of = declared.map_or(String::new(), |declared| format!(", judged by {}", declared.rule));
    text.push_str(&wrapped(0, &format!("verdict: {verdict}{of}")));
    text
}

/// The verdict of a block, with what is to be said about it.
fn of_block(block: &BlockJudgement) -> String {
    let words = block.nearness.words();
    match &block.doubt {
        // An unjudged block says so itself.
        Some(_) if block.nearness == Nearness::Unjudged => words.into(),
        Some(why) => format!("unchecked: {why}"),
        None if block.is_zero() => format!("{words} (all exact entries are zero)"),
        None if block.nearness == Nearness::WithinBound && block.is_coarse => {
            format!("{words} (a mistake of {:.1e} of its largest entry may pass)", block.refuses)
        }
        None => words.into(),
    }
}

/// A fraction, with a decimal beside it where it is long.
fn long(value: &BigRational) -> String {
    const SHORT: usize = 24;
    let exact = canonical(value);
    let float = nearest_f64(value);
    match exact.len() {
        0..SHORT => exact,
        SHORT..80 => format!("{exact} ≈ {float:e}"),
        _ => format!("≈ {float:e} ({})", hex(float)),
    }
}

/// The judgement as a document.
#[must_use]
pub fn judged_json(
    digest: &str,
    scale: &BigRational,
    judgement: &Judgement,
    diagnosis: &[String],
) -> Json {
    let difference = |difference: Option<&Entry>| match difference {
        None => Json::Null,
        Some(found) => Json::object([
            ("place", Json::text(&found.words)),
            ("theirs", Json::text(canonical(&found.theirs))),
            ("exact", Json::text(canonical(&found.exact))),
            ("ratio", found.ratio().map_or(Json::Null, |ratio| Json::text(canonical(&ratio)))),
        ]),
    };
    let unchecked = judgement.unchecked();
    let verdict = if unchecked.is_some() { "unchecked" } else { judgement.nearness().words() };
    Json::object([
        ("format", Json::text("creditcheck/judgement/1")),
        ("case", Json::text(digest)),
        ("scale", Json::text(canonical(scale))),
        ("verdict", Json::text(verdict)),
        ("reason", unchecked.map_or(Json::Null, |why| Json::text(why.words()))),
        ("blocks", Json::array(&judgement.blocks, block_json)),
        (
            "declared",
            judgement.declared.as_ref().map_or(Json::Null, |declared| {
                Json::object([
                    ("rule", Json::text(&declared.rule)),
                    ("from_gradient", Json::array(&declared.blocks, block_json)),
                ])
            }),
        ),
        ("solver", judgement.solver.as_ref().map_or(Json::Null, Json::text)),
        ("differing", Json::count(judgement.differing())),
        ("first", difference(judgement.first())),
        ("worst", difference(judgement.furthest())),
        ("diagnosis", Json::array(diagnosis, Json::text)),
    ])
}

fn block_json(block: &BlockJudgement) -> Json {
    let verdict = if block.doubt.is_some() { "unchecked" } else { block.nearness.words() };
    let refuses = match block.refuses.is_finite() {
        true => hex(block.refuses),
        false => "infinite".into(),
    };
    let mut fields = vec![
        ("name", Json::text(&block.name)),
        ("entries", Json::count(block.entries)),
        ("verdict", Json::text(verdict)),
        ("reason", block.doubt.as_ref().map_or(Json::Null, Json::text)),
        ("all_zero", Json::Bool(block.is_zero())),
        ("live", Json::count(block.live)),
        ("blind", Json::count(block.blind)),
        ("refuses", Json::text(refuses)),
    ];
    fields.extend(figures_json(block));
    Json::object(fields)
}
