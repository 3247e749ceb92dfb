//! What `vectors` made or compared, as documents.

use std::fmt::Display;

use crate::wire::json::Json;

/// `creditcheck/vectors-check/1`: how many files there should be, and the differences in words.
#[must_use]
pub fn vectors_checked_json(files: usize, differences: &[impl Display]) -> Json {
    let verdict = if differences.is_empty() { "agree" } else { "disagree" };
    Json::object([
        ("format", Json::text("creditcheck/vectors-check/1")),
        ("verdict", Json::text(verdict)),
        ("files", Json::count(files)),
        ("differences", Json::array(differences, |found| Json::text(found.to_string()))),
    ])
}

/// `creditcheck/vectors-generate/1`: the files that were written, and their size together.
#[must_use]
pub fn vectors_generated_json<'a>(
    names: impl IntoIterator<Item = &'a String>,
    bytes: usize,
) -> Json {
    Json::object([
        ("format", Json::text("creditcheck/vectors-generate/1")),
        ("files", Json::array(names, Json::text)),
        ("bytes", Json::count(bytes)),
    ])
}
