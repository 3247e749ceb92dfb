//! What `check` says of somebody else's result.

use std::fmt::Write;

use super::{counted, drawn, grid, network};
use crate::check::judge::{Difference, Judgement};
use crate::number::{canonical, hex, nearest_f64};
use crate::spec::Case;
use crate::wire::json::Json;

/// The judgement as text.
#[must_use]
pub fn judged(file: &str, case: &Case, judgement: &Judgement, diagnosis: &[String]) -> String {
    let mut text = format!("{file} against {} ({})\n\n", case.title(), network(case));
    let mut table = grid();
    table.set_header(vec!["block", "entries", "verdict"]);
    for block in &judgement.blocks {
        let note = if block.is_zero { " (all exact entries are zero)" } else { "" };
        table.add_row(vec![
            block.name.clone(),
            block.entries.to_string(),
            format!("{}{note}", block.nearness.words()),
        ]);
    }
    text.push_str(&drawn(table));
    for (word, difference) in [("first", &judgement.first), ("worst", &judgement.worst)] {
        let Some(difference) = difference else { continue };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n{word} differing entry: {}", difference.place);
        let _ = writeln!(text, "  theirs  {}", long(&difference.theirs));
        let _ = writeln!(text, "  exact   {}", long(&difference.exact));
        if let Some(ratio) = &difference.ratio {
            let _ = writeln!(text, "  ratio   {}", long(ratio));
        }
    }
    if judgement.differing > 0 {
        let _ = writeln!(
            text,
            "\n{} in all",
            counted(judgement.differing, "differing entry").replace("entrys", "entries")
        );
    }
    for sentence in diagnosis {
        let _ = writeln!(text, "{sentence}");
    }
    let verdict = if judgement.is_zero() {
        "unchecked: the whole exact gradient is zero, which any dead rule reproduces"
    } else {
        judgement.nearness().words()
    };
    let _ = writeln!(text, "\nverdict: {verdict}");
    text
}

/// A fraction, with a decimal beside it where it is long.
fn long(value: &num_rational::BigRational) -> String {
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
pub fn judged_json(digest: &str, judgement: &Judgement, diagnosis: &[String]) -> Json {
    let difference = |difference: &Option<Difference>| match difference {
        None => Json::Null,
        Some(found) => Json::object([
            ("place", Json::text(&found.place)),
            ("theirs", Json::text(canonical(&found.theirs))),
            ("exact", Json::text(canonical(&found.exact))),
            ("ratio", found.ratio.as_ref().map_or(Json::Null, |r| Json::text(canonical(r)))),
        ]),
    };
    let verdict = if judgement.is_zero() { "unchecked" } else { judgement.nearness().words() };
    Json::object([
        ("format", Json::text("creditcheck/judgement/1")),
        ("case", Json::text(digest)),
        ("verdict", Json::text(verdict)),
        (
            "blocks",
            Json::array(&judgement.blocks, |block| {
                Json::object([
                    ("name", Json::text(&block.name)),
                    ("entries", Json::count(block.entries)),
                    ("verdict", Json::text(block.nearness.words())),
                    ("all_zero", Json::Bool(block.is_zero)),
                ])
            }),
        ),
        ("differing", Json::count(judgement.differing)),
        ("first", difference(&judgement.first)),
        ("worst", difference(&judgement.worst)),
        ("diagnosis", Json::array(diagnosis, Json::text)),
    ])
}
