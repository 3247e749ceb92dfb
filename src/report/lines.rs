//! Lines of numbers as JSON: what the simulations keep of a finished run, written and read again.
//!
//! Numbers are JSON numbers here, not exact fractions: nothing in these files is certified.

use crate::error::Error;
use crate::wire::json::Json;

/// A number; `null` for what is none.
pub(super) fn float(value: f64) -> Json {
    if value.is_finite() { Json::Float(value) } else { Json::Null }
}

/// Fields as a line of a file, with its end.
pub(super) fn line<'a>(fields: impl IntoIterator<Item = (&'a str, Json)>) -> String {
    Json::object(fields).canonical() + "\n"
}

/// Pairs of numbers.
pub(super) fn curve(points: &[(f64, f64)]) -> Json {
    Json::array(points, |(at, value)| Json::Array(vec![float(*at), float(*value)]))
}

/// Seeds, in quotes: not every one is a float.
pub(super) fn seeds<'a>(seeds: impl IntoIterator<Item = &'a u64>) -> Json {
    Json::array(seeds, |seed| Json::text(seed.to_string()))
}

/// A place in a line that knows its path; the exact cursor of `wire` has no floats.
pub(super) struct Reader<'a> {
    /// What stands there.
    pub value: &'a Json,
    path: String,
}

impl<'a> Reader<'a> {
    /// The whole line.
    pub fn of(value: &'a Json) -> Self {
        Self { value, path: String::new() }
    }

    pub fn error(&self, expected: &str) -> Error {
        let found: String = self.value.canonical().chars().take(60).collect();
        Error::input(self.path.trim_start_matches('.'), found, expected)
    }

    pub fn find(&self, name: &str) -> Option<Self> {
        let Json::Object(fields) = self.value else { return None };
        let (_, value) = fields.iter().find(|(field, _)| field == name)?;
        Some(Self { value, path: format!("{}.{name}", self.path) })
    }

    pub fn get(&self, name: &str) -> Result<Self, Error> {
        self.find(name).ok_or_else(|| self.error(&format!("a field {name}")))
    }

    pub fn items(&self) -> Result<Vec<Self>, Error> {
        let Json::Array(items) = self.value else { return Err(self.error("an array")) };
        let item = |(k, value)| Self { value, path: format!("{}[{k}]", self.path) };
        Ok(items.iter().enumerate().map(item).collect())
    }

    pub fn text(&self) -> Result<&'a str, Error> {
        match self.value {
            Json::String(text) => Ok(text),
            _ => Err(self.error("a string")),
        }
    }

    /// A number; `null` is NaN.
    pub fn float(&self) -> Result<f64, Error> {
        match self.value {
            Json::Float(value) => Ok(*value),
            // Integers of these files are small.
            #[allow(clippy::cast_precision_loss)]
            Json::Integer(value) => Ok(*value as f64),
            Json::Null => Ok(f64::NAN),
            _ => Err(self.error("a number")),
        }
    }

    pub fn count(&self) -> Result<usize, Error> {
        match self.value {
            Json::Integer(value) => usize::try_from(*value).map_err(|_| self.error("a count")),
            _ => Err(self.error("a count")),
        }
    }

    pub fn floats(&self) -> Result<Vec<f64>, Error> {
        self.items()?.iter().map(Reader::float).collect()
    }

    /// The pairs of numbers in a field, `what` they are; none without the field.
    pub fn curve(&self, name: &str, what: &str) -> Result<Vec<(f64, f64)>, Error> {
        let Some(curve) = self.find(name) else { return Ok(Vec::new()) };
        let pair = |point: &Self| match point.items()?.as_slice() {
            [at, value] => Ok((at.float()?, value.float()?)),
            _ => Err(point.error(what)),
        };
        curve.items()?.iter().map(pair).collect()
    }

    pub fn seed(&self) -> Result<u64, Error> {
        self.text()?.parse().map_err(|_| self.error("a seed in quotes"))
    }
}
