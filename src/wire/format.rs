//! What a document is that is not the one asked for, by its fields, and what to do about it.

use super::cursor::Cursor;
use super::json::Json;
use super::kind::CONVERTED;
use crate::error::Error;

/// The formats of this program without their version, and who reads such a document.
const DOCUMENTS: [(&str, &str); 17] = [
    (
        "case",
        "this is a case; `creditcheck certify`, `gradient`, `check`, `show` and `compare` take one",
    ),
    ("certificate", "this is a certificate; `creditcheck verify` takes it"),
    ("gradient", "this is a gradient; `creditcheck check CASE.json MINE.json` takes it as MINE"),
    ("report", "this is what `creditcheck certify` found in several cases; no command reads it"),
    ("verified", "this is what `creditcheck verify` found; no command reads it"),
    ("judgement", "this is what `creditcheck check` found; no command reads it"),
    ("audit", "this is what `creditcheck audit` found; no command reads it"),
    ("comparison", "this is what `creditcheck compare` found; no command reads it"),
    ("steps", "this is what `creditcheck show` wrote; no command reads it"),
    ("mutants", "this is the matrix of `creditcheck mutants`; no command reads it"),
    ("simulation", "this is what `creditcheck simulate` found; no command reads it"),
    ("traces", "these are traces of `creditcheck simulate`; no command reads them"),
    ("balance", "this is what `creditcheck simulate --digits` found; no command reads it"),
    ("communities", "this is what `creditcheck communities` found; no command reads it"),
    ("tasks", "this is what `creditcheck tasks` found; no command reads it"),
    (
        "communities-runs",
        "these are runs of `creditcheck communities`, which goes on from them with --out",
    ),
    ("tasks-runs", "these are runs of `creditcheck tasks`, which goes on from them with --out"),
];

/// Documents without a format of ours: a field that only they have, what they are, and what to do with one.
const OTHERS: [(&str, &str, &str); 5] = [
    (
        "testGroups",
        "a file of test vectors",
        "each of its tests holds a case: take one out, testGroups[0].tests[0].case; `creditcheck vectors check` compares whole folders",
    ),
    ("$schema", "a JSON Schema", "it says how such documents look, and is none itself"),
    (
        "weight_map",
        "the index of a model in several files",
        "a case names the safetensors files themselves",
    ),
    ("nbformat", "a notebook", "give the document that this command reads"),
    ("modelTopology", "a model of TensorFlow.js", CONVERTED),
];

/// Refuses a document of another format, and says what it is.
///
/// # Errors
/// [`Error::Input`]
pub(super) fn expect_format(root: &Cursor<'_>, known: &[&str]) -> Result<(), Error> {
    let expected = known.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(" or ");
    let Some(format) = root.field("format") else {
        for (field, what, advice) in OTHERS {
            if root.field(field).is_some() {
                return Err(Error::Input {
                    place: root.path().to_owned(),
                    found: what.into(),
                    expected: format!("\"format\": {expected}"),
                    advice: Some(advice.into()),
                });
            }
        }
        // Any other document hears of the field that it lacks, or of those that it should not have.
        return Ok(());
    };
    let stated = match format.value() {
        Json::String(stated) if known.contains(&stated.as_str()) => return Ok(()),
        Json::String(stated) => stated.as_str(),
        _ => "",
    };
    let kind = stated.strip_prefix("creditcheck/").and_then(|rest| rest.split('/').next());
    let own = known.iter().find_map(|name| name.strip_prefix("creditcheck/")?.split('/').next());
    let advice = DOCUMENTS.iter().find(|(name, _)| Some(*name) == kind && kind != own);
    Err(match advice {
        Some((_, advice)) => format.error_with(expected, *advice),
        None => format.error(expected),
    })
}
