//! A case together with the document it was read from, and the digest of that document.

use sha2::{Digest, Sha256};

use super::case;
use super::json::Json;
use crate::error::Error;
use crate::number;
use crate::spec::{Case, Limits, Work};

/// A validated case and its document, every number in canonical form.
///
/// The document is kept because the digest is that of the file *as given*: no default
/// is filled in, no order is changed, and the name counts.
///
/// ```
/// use creditcheck::{spec::Limits, wire::Document};
/// let text = br#"{"format": "creditcheck/case/1", "network": {"kind": "layered", "layers":
///   [{"weights": [[2]], "activation": "identity"}]}, "loss": "half_squared_error",
///   "learning_rate": "2/2", "examples": [{"input": [1], "target": ["0.5"]}]}"#;
/// let document = Document::read(text, &Limits::default()).unwrap();
/// assert_eq!(document.case.examples[0].target[0].to_string(), "1/2");
/// assert!(document.digest().starts_with("sha256:"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The case.
    pub case: Case,
    /// The file as given, every number replaced by its canonical string.
    pub json: Json,
}

impl Document {
    /// Reads and validates a case file.
    ///
    /// # Errors
    /// As [`case::read`].
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Self, Error> {
        Self::from_json(&Json::read(bytes, limits)?, limits)
    }

    /// The document of a case file that is already a tree.
    ///
    /// # Errors
    /// As [`case::from_json`].
    pub fn from_json(json: &Json, limits: &Limits) -> Result<Self, Error> {
        let case = case::from_json(json, limits)?;
        Ok(Self { case, json: canonical_numbers(json, limits) })
    }

    /// The document of a case that was built in memory.
    #[must_use]
    pub fn of(case: Case) -> Self {
        let json = case::to_json(&case);
        Self { case, json }
    }

    /// SHA-256 of the RFC 8785 form of the document, as `sha256:` and 64 hex digits.
    #[must_use]
    pub fn digest(&self) -> String {
        sha256(self.json.canonical().as_bytes())
    }
}

/// SHA-256 as certificates write it.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::from("sha256:");
    for byte in Sha256::digest(bytes) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Replaces the numbers of a valid case by their canonical strings. Indices of neurons
/// are structure, not numbers: they stay JSON integers.
pub(super) fn canonical_numbers(case: &Json, limits: &Limits) -> Json {
    // A kink convention is a number or a word, and a word stays.
    // They are those that were read just now: the budget has granted them once.
    let limits = &Limits { work: Work::up_to(u64::MAX), ..limits.clone() };
    let number = |value: &Json| everywhere(value, limits);
    fields(case, |name, value| match name {
        "learning_rate" | "kink" | "initial" => number(value),
        "loss" => function(value, limits),
        "examples" => items(value, |example| fields(example, |_, list| number(list))),
        "network" => fields(value, |name, value| match name {
            "layers" => items(value, |layer| {
                fields(layer, |name, value| match name {
                    "weights" | "biases" | "kink" => number(value),
                    "activation" | "balance" => function(value, limits),
                    _ => value.clone(),
                })
            }),
            "biases" | "leak" | "recurrent" | "input" | "readout" | "readout_biases" => {
                number(value)
            }
            "activation" | "balance" => match value {
                Json::Array(_) => items(value, |one| function(one, limits)),
                one => function(one, limits),
            },
            "synapses" => items(value, |synapse| match synapse {
                Json::Array(parts) => {
                    let mut parts = parts.clone();
                    if let Some(weight) = parts.last_mut() {
                        *weight = number(weight);
                    }
                    Json::Array(parts)
                }
                other => other.clone(),
            }),
            _ => value.clone(),
        }),
        _ => value.clone(),
    })
}

/// The parameters of an activation or a loss are numbers, its words are not.
fn function(function: &Json, limits: &Limits) -> Json {
    fields(function, |name, value| match name {
        "name" | "reduction" => value.clone(),
        _ => everywhere(value, limits),
    })
}

/// Every leaf of a value in which there are only numbers.
fn everywhere(value: &Json, limits: &Limits) -> Json {
    match value {
        Json::Array(list) => Json::array(list, |item| everywhere(item, limits)),
        Json::Integer(integer) => Json::String(integer.to_string()),
        Json::String(text) => match number::parse(text, limits) {
            Ok(value) => Json::String(number::canonical(&value)),
            Err(_) => value.clone(),
        },
        other => other.clone(),
    }
}

pub(super) fn fields(object: &Json, mut value_of: impl FnMut(&str, &Json) -> Json) -> Json {
    match object {
        Json::Object(fields) => Json::Object(
            fields.iter().map(|(name, value)| (name.clone(), value_of(name, value))).collect(),
        ),
        other => other.clone(),
    }
}

pub(super) fn items(array: &Json, item: impl FnMut(&Json) -> Json) -> Json {
    match array {
        Json::Array(list) => Json::Array(list.iter().map(item).collect()),
        other => other.clone(),
    }
}
