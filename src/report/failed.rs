//! An error as a document, for programs that run this one.

use super::junit::{self, Case, State, Suite};
use crate::error::Error;
use crate::wire::json::Json;

/// Why there is no result, field by field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// `usage`, or the variant of [`Error`].
    pub kind: &'static str,
    /// The whole message, as people read it.
    pub message: String,
    /// The file as the user named it.
    pub file: Option<String>,
    /// The JSON path, the option or the field.
    pub place: Option<String>,
    /// What stands there.
    pub found: Option<String>,
    /// What should stand there.
    pub expected: Option<String>,
    /// What was measured, how much of it there is, and how much is allowed.
    pub limit: Option<(String, u64, u64)>,
    /// How to mend it.
    pub advice: Option<String>,
}

impl Failure {
    /// The fields of an error.
    #[must_use]
    pub fn of(error: &Error) -> Self {
        let advice = error.advice().map(str::to_owned);
        Self { message: error.to_string(), advice, ..Self::inside(error) }
    }

    /// Without what is said of the whole.
    fn inside(error: &Error) -> Self {
        let of = |kind| Self { kind, ..Self::default() };
        match error {
            Error::Input { place, found, expected, advice: _ } => Self {
                place: Some(place.clone()),
                found: Some(found.clone()),
                expected: Some(expected.clone()),
                ..of("input")
            },
            Error::Limit { what, given, limit } => {
                Self { limit: Some((what.clone(), *given, *limit)), ..of("limit") }
            }
            Error::Unsupported { .. } => of("unsupported"),
            Error::NoEquilibrium { .. } => of("no_equilibrium"),
            Error::Singular { .. } => of("singular"),
            Error::NotConverged { .. } => of("not_converged"),
            Error::Ambiguous { .. } => of("ambiguous"),
            Error::NotFinite { .. } => of("not_finite"),
            Error::WrongProduct { .. } => of("wrong_product"),
            // What the system refused is named first.
            Error::Io { what } => {
                let file = what.split_once(": cannot ").map(|(file, _)| file.to_owned());
                Self { file, ..of("io") }
            }
            Error::InFile { file, error } => {
                Self { file: Some(file.clone()), ..Self::inside(error) }
            }
            Error::Named { place, error } => {
                Self { place: Some(place.clone()), ..Self::inside(error) }
            }
            Error::Interrupted => of("interrupted"),
        }
    }

    /// `creditcheck/error/1`; a field that says nothing is left out.
    #[must_use]
    pub fn json(&self) -> Json {
        let mut fields = vec![
            ("format", Json::text("creditcheck/error/1")),
            ("kind", Json::text(self.kind)),
            ("message", Json::text(&self.message)),
        ];
        let optional = [
            ("file", &self.file),
            ("place", &self.place),
            ("found", &self.found),
            ("expected", &self.expected),
            ("advice", &self.advice),
        ];
        let given = |(name, value): (_, &Option<String>)| Some((name, Json::text(value.as_ref()?)));
        fields.extend(optional.into_iter().filter_map(given));
        if let Some((what, given, limit)) = &self.limit {
            let limit = Json::object([
                ("what", Json::text(what)),
                ("given", Json::text(given.to_string())),
                ("limit", Json::text(limit.to_string())),
            ]);
            fields.push(("limit", limit));
        }
        Json::object(fields)
    }

    /// One test case with an error.
    #[must_use]
    pub fn junit(&self) -> String {
        let name = self.file.as_deref().unwrap_or(self.kind);
        let case = Case::new(name, self.kind, self.state());
        junit::document("creditcheck", &[Suite::new(name, "error", vec![case])])
    }

    /// The error as the state of a test case.
    #[must_use]
    pub fn state(&self) -> State {
        State::Error {
            kind: self.kind.to_owned(),
            message: self.message.clone(),
            detail: self.advice.clone().unwrap_or_default(),
        }
    }
}
