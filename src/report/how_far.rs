//! How far somebody's numbers are from the exact ones, block by block: the figures of `check` and `audit`.

use num_rational::BigRational;

use super::{drawn, grid, hanging};
use crate::number::{canonical, hex, nearest, nearest_f64};
use crate::spec::{Dtype, Number};
use crate::verdict::judge::{BlockJudgement, Entry};
use crate::wire::json::Json;

/// Three digits, whatever the magnitude.
pub(super) fn short(value: f64) -> String {
    match value {
        0.0 => "0".to_owned(),
        v if v.is_infinite() => "∞".to_owned(),
        v if !(1e-2..1e4).contains(&v) => format!("{v:.1e}"),
        v if v >= 100.0 => format!("{v:.0}"),
        v if v >= 10.0 => format!("{v:.1}"),
        v => format!("{v:.2}"),
    }
}

/// A cosine: by its distance from 1 where that is what tells.
pub(super) fn cosine(value: Option<f64>) -> String {
    match value {
        None => "—".to_owned(),
        Some(1.0) => "1".to_owned(),
        Some(value) if value > 0.999 => format!("1−{:.0e}", 1.0 - value),
        Some(value) => format!("{value:.3}"),
    }
}

/// One line a block: how many entries differ, by how much, and how the block points.
pub(super) fn figures(blocks: &[BlockJudgement]) -> String {
    let has_units = blocks.iter().any(|block| block.held.is_rounded());
    let is_grid = |block: &BlockJudgement| matches!(block.held, Number::Grid(_));
    let units =
        if blocks.iter().any(is_grid) { "most steps\nof the grid" } else { "largest\nulps" };
    let mut table = grid();
    let mut head = vec!["block", "entries\nthat differ", "largest\nrelative"];
    head.extend(has_units.then_some(units));
    head.extend(["off, of\nits length", "cosine", "right\nsigns"]);
    table.set_header(head);
    for block in blocks {
        let direction = &block.direction;
        let mut row = vec![
            block.name.clone(),
            format!("{} of {}", block.differing(), block.entries),
            short(block.relative),
        ];
        row.extend(has_units.then(|| short(block.largest)));
        row.extend([
            direction.relative().map_or("—".to_owned(), short),
            cosine(direction.cosine()),
            format!("{} of {}", direction.signs, direction.of),
        ]);
        table.add_row(row);
    }
    drawn(table)
}

/// Every entry that is kept as wrong, each with both numbers.
pub(super) fn list(blocks: &[BlockJudgement]) -> String {
    let entry = |entry: &Entry| {
        let (theirs, exact) = (decimal(&entry.theirs), decimal(&entry.exact));
        let ratio = entry
            .ratio()
            .map_or(String::new(), |ratio| format!(", {} times as large", decimal(&ratio)));
        hanging(2, 4, &format!("{}: {theirs}, exact {exact}{ratio}", entry.words))
    };
    blocks.iter().flat_map(|block| &block.wrong).map(entry).collect()
}

/// A fraction, or a decimal where that is shorter.
fn decimal(value: &BigRational) -> String {
    const SHORT: usize = 12;
    let exact = canonical(value);
    match exact.len() {
        0..=SHORT => exact,
        _ => format!("≈{:e}", nearest_f64(value)),
    }
}

/// A float in a document.
pub(super) fn number(value: f64) -> Json {
    match value.is_finite() {
        true => Json::text(hex(value)),
        false => Json::text("infinite"),
    }
}

/// One entry in a document, after its place; floats as values of the format that holds them, fractions as they are.
pub(super) fn entry_json(held: Number, entry: &Entry, place: Vec<(&'static str, Json)>) -> Json {
    let shown = |value: &BigRational| match held.dtype() {
        Some(dtype) => number(nearest(value.numer(), value.denom(), dtype)),
        None => Json::text(canonical(value)),
    };
    Json::object(place.into_iter().chain([
        ("theirs", shown(&entry.theirs)),
        ("rounded", shown(&entry.exact)),
        ("ulps", number(entry.ulps)),
        ("relative", number(entry.relative)),
        ("of_bound", number(entry.of_bound)),
    ]))
}

/// The place of an entry in numbers, for documents that know of parameters alone.
pub(super) fn place_json(entry: &Entry) -> Vec<(&'static str, Json)> {
    let post = entry.place.iter().map(|at| ("post", Json::count(at.post)));
    let pre = entry.place.iter().filter_map(|at| at.pre).map(|pre| ("pre", Json::count(pre)));
    post.chain(pre).collect()
}

/// The nearest value of the format: as hex, and as the shortest decimal that is read back as it.
pub(super) fn float(value: &BigRational, held: Number) -> String {
    let dtype = held.dtype().unwrap_or(Dtype::F64);
    let value = nearest(value.numer(), value.denom(), dtype);
    // The value is one of the format, so nothing is lost.
    #[allow(clippy::cast_possible_truncation)]
    match dtype {
        Dtype::F64 => format!("{} ({value:e})", hex(value)),
        Dtype::F32 | Dtype::Bf16 | Dtype::F16 => format!("{} ({:e})", hex(value), value as f32),
    }
}

/// The figures of a block in a document.
pub(super) fn figures_json(block: &BlockJudgement) -> Vec<(&'static str, Json)> {
    let optional = |value: Option<f64>| value.map_or(Json::Null, number);
    vec![
        ("differing", Json::count(block.differing())),
        ("largest_relative", number(block.relative)),
        ("median_ulps", number(block.median)),
        ("largest_ulps", number(block.largest)),
        ("of_bound", number(block.of_bound)),
        ("relative", optional(block.direction.relative())),
        ("cosine", optional(block.direction.cosine())),
        ("right_signs", Json::count(block.direction.signs)),
        ("nonzero", Json::count(block.nonzero)),
        ("plausible", plausible_json(block)),
        (
            "wrong",
            Json::array(&block.wrong, |entry| {
                entry_json(block.held, entry, vec![("place", Json::text(&entry.words))])
            }),
        ),
    ]
}

/// The plausible line of a block in a document; null where none was computed.
pub(super) fn plausible_json(block: &BlockJudgement) -> Json {
    block.plausible.map_or(Json::Null, |plausible| {
        Json::object([
            ("deviations", number(plausible.largest)),
            ("threshold", number(plausible.threshold)),
            ("beyond", Json::count(plausible.beyond)),
        ])
    })
}

/// What independent roundings would explain of the whole, in words; none where no deviation was computed.
pub(super) fn third_line(blocks: &[BlockJudgement]) -> Option<String> {
    let all: Vec<_> = blocks.iter().filter_map(|block| block.plausible).collect();
    let threshold = all.first()?.threshold;
    let largest = all.iter().map(|plausible| plausible.largest).fold(0.0, f64::max);
    let beyond: usize = all.iter().map(|plausible| plausible.beyond).sum();
    let counted = match beyond {
        0 => "none is".to_owned(),
        1 => "1 entry is".to_owned(),
        more => format!("{more} entries are"),
    };
    Some(format!(
        "If roundings are independent (an assumption, nothing proved), the largest error is {} standard deviations; \
         {counted} beyond {threshold:.1}, which no such rounding would explain.",
        short(largest)
    ))
}
