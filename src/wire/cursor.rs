//! A place in a JSON document: every question that fails answers with its path.

use num_rational::BigRational;

use super::json::Json;
use crate::error::Error;
use crate::foreign::{SHOWN, shortened};
use crate::number;
use crate::spec::Limits;

/// 2⁵³: the integers up to here are the same in every JSON reader.
const LARGEST_INTEGER: u64 = 1 << 53;

/// A JSON value together with the path that leads to it.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    value: &'a Json,
    path: String,
    limits: &'a Limits,
}

impl<'a> Cursor<'a> {
    /// The whole document.
    #[must_use]
    pub fn root(value: &'a Json, limits: &'a Limits) -> Self {
        Self { value, path: String::new(), limits }
    }

    /// The value itself.
    #[must_use]
    pub fn value(&self) -> &'a Json {
        self.value
    }

    /// The limits in force.
    #[must_use]
    pub fn limits(&self) -> &'a Limits {
        self.limits
    }

    /// The same place under other limits.
    #[must_use]
    pub fn within<'b>(&self, limits: &'b Limits) -> Cursor<'b>
    where
        'a: 'b,
    {
        Cursor { value: self.value, path: self.path.clone(), limits }
    }

    /// The path, such as `network.layers[1].weights[0][3]`.
    #[must_use]
    pub fn path(&self) -> &str {
        if self.path.is_empty() { "the document" } else { &self.path }
    }

    /// An error about this place.
    #[must_use]
    pub fn error(&self, expected: impl Into<String>) -> Error {
        Error::input(self.path(), self.describe(), expected)
    }

    /// An error about this place, with a word on how to mend it.
    #[must_use]
    pub fn error_with(&self, expected: impl Into<String>, advice: impl Into<String>) -> Error {
        Error::Input {
            place: self.path().to_owned(),
            found: self.describe(),
            expected: expected.into(),
            advice: Some(advice.into()),
        }
    }

    /// What stands here, in a few words.
    #[must_use]
    pub fn describe(&self) -> String {
        match self.value {
            Json::Null => "null".into(),
            Json::Bool(value) => value.to_string(),
            Json::Integer(value) => value.to_string(),
            Json::Float(value) => value.to_string(),
            Json::String(text) => match text.chars().count() {
                0..=SHOWN => format!("\"{text}\""),
                all => format!("\"{}\" ({all} characters)", shortened(text)),
            },
            Json::Array(items) => format!("an array of {}", items.len()),
            Json::Object(_) => "an object".into(),
        }
    }

    fn child(&self, value: &'a Json, step: &str) -> Self {
        Self { value, path: format!("{}{step}", self.path), limits: self.limits }
    }

    /// The fields of an object; any field that is not among `known` is an error.
    ///
    /// # Errors
    /// [`Error::Input`] if this is no object or has an unknown field.
    pub fn object(&self, known: &[&str]) -> Result<(), Error> {
        let Json::Object(fields) = self.value else {
            return Err(self.error("an object"));
        };
        for (name, value) in fields {
            if !known.contains(&name.as_str()) {
                let point = if self.path.is_empty() { "" } else { "." };
                let place = self.child(value, &format!("{point}{}", shortened(name)));
                return Err(Error::input(
                    place.path(),
                    "an unknown field",
                    format!("one of {}", known.join(", ")),
                ));
            }
        }
        Ok(())
    }

    /// A field that may be absent.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<Self> {
        let Json::Object(fields) = self.value else { return None };
        let (_, value) = fields.iter().find(|(field, _)| field == name)?;
        let step = if self.path.is_empty() { name.to_owned() } else { format!(".{name}") };
        Some(self.child(value, &step))
    }

    /// A field that must be there.
    ///
    /// # Errors
    /// [`Error::Input`] if it is not.
    pub fn required(&self, name: &str) -> Result<Self, Error> {
        self.field(name).ok_or_else(|| {
            Error::input(
                self.path(),
                format!("no field \"{name}\""),
                format!("\"{name}\" is required"),
            )
        })
    }

    /// The items of an array.
    ///
    /// # Errors
    /// [`Error::Input`] if this is no array.
    pub fn items(&self) -> Result<Vec<Self>, Error> {
        let Json::Array(items) = self.value else {
            return Err(self.error("an array"));
        };
        Ok(items.iter().enumerate().map(|(k, item)| self.child(item, &format!("[{k}]"))).collect())
    }

    /// The items of an array of a known length.
    ///
    /// # Errors
    /// [`Error::Input`] if it is another.
    pub fn exactly(&self, len: usize, of_what: &str) -> Result<Vec<Self>, Error> {
        let items = self.items()?;
        if items.len() != len {
            return Err(self.error(format!("{len} {of_what}")));
        }
        Ok(items)
    }

    /// A string.
    ///
    /// # Errors
    /// [`Error::Input`] if this is none.
    pub fn text(&self) -> Result<&'a str, Error> {
        match self.value {
            Json::String(text) => Ok(text),
            _ => Err(self.error("a string")),
        }
    }

    /// One of a few words.
    ///
    /// # Errors
    /// [`Error::Input`] with the list of words.
    pub fn choice<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, Error> {
        let text = self.text()?;
        words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value).ok_or_else(|| {
            let all: Vec<_> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
            self.error(all.join(" or "))
        })
    }

    /// An index or a count.
    ///
    /// # Errors
    /// [`Error::Input`] if this is no integer from 0 to `below − 1`.
    pub fn index(&self, below: usize, what: &str) -> Result<usize, Error> {
        let expected = || match below.checked_sub(1) {
            Some(last) => format!("{what} from 0 to {last}"),
            None => format!("{what}, of which there are none"),
        };
        match self.value {
            Json::Integer(value) => usize::try_from(*value)
                .ok()
                .filter(|v| *v < below)
                .ok_or_else(|| self.error(expected())),
            _ => Err(self.error(expected())),
        }
    }

    /// A number, exact: a string in one of the four forms, or an integer within ±2⁵³.
    ///
    /// # Errors
    /// [`Error::Input`] for anything else; a JSON float is refused with the reason.
    pub fn number(&self) -> Result<BigRational, Error> {
        match self.value {
            Json::Integer(value) if value.unsigned_abs() <= LARGEST_INTEGER => {
                Ok(BigRational::from_integer((*value).into()))
            }
            Json::Integer(_) => Err(self.error_with(
                "an integer within ±2^53",
                "put it in quotes: JSON readers do not agree on larger integers",
            )),
            Json::Float(value) => Err(self.error_with(
                "an exact number in quotes",
                format!(
                    "a JSON number with a fraction or an exponent is read as binary floating point, in which \
                     0.1 is not 1/10; write \"{value}\" for the decimal, or \"{}\" for the float",
                    number::hex(*value)
                ),
            )),
            Json::String(text) => {
                number::parse(text, self.limits)
                    .map_err(|error| error.limit.unwrap_or_else(|| self.error(error.expected)))
            }
            _ => Err(self.error("a number such as 3, \"-7/4\", \"0.125\" or \"0x1.8p-3\"")),
        }
    }

    /// A list of numbers.
    ///
    /// # Errors
    /// As [`Cursor::exactly`] and [`Cursor::number`].
    pub fn numbers(&self, len: usize, of_what: &str) -> Result<Vec<BigRational>, Error> {
        self.exactly(len, of_what)?.iter().map(Self::number).collect()
    }
}
