//! A JSON document as a tree, and a cursor into it that knows its own path.
//!
//! Reading goes through serde_json, with three things refused that it would let pass:
//! a field given twice, brackets nested too deeply, and a number with a fraction or an
//! exponent (kept as text until somebody asks for it, so that the message can name its place).

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::kind;
use crate::error::Error;
use crate::foreign::{is_shapeless, shortened};
use crate::spec::Limits;

/// A JSON value; objects keep the order of their fields.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number without fraction or exponent that fits into 64 bits.
    Integer(i64),
    /// Any other number; only what simulations write holds one.
    Float(f64),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// An object.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a document.
    ///
    /// # Errors
    /// [`Error::Input`] with line and column where the text is no JSON, [`Error::Limit`] where it is too large or too deep.
    ///
    /// ```
    /// use creditcheck::{spec::Limits, wire::json::Json};
    /// assert!(Json::read(br#"{"a": 1, "a": 2}"#, &Limits::default()).is_err());
    /// ```
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Self, Error> {
        Self::expect_text(bytes)?;
        let size = bytes.len() as u64;
        if size > limits.file_bytes {
            return Err(Error::Limit {
                what: "bytes in the file".into(),
                given: size,
                limit: limits.file_bytes,
            });
        }
        check_nesting(bytes, limits)?;
        serde_json::from_slice(bytes).map_err(|error| {
            let mut text = error.to_string();
            // The position moves to the front, where the place of every other error stands.
            if let Some(at) = text.rfind(" at line ") {
                text.truncate(at);
            }
            let place = format!("line {}, column {}", error.line(), error.column());
            let found = if error.is_eof() { "the end of the file".into() } else { text };
            Error::input(place, found, "a JSON document")
        })
    }

    /// Refuses a file whose first bytes say that it is of another kind: no JSON begins so.
    ///
    /// # Errors
    /// [`Error::Input`] with what it is, and what to do about it.
    pub fn expect_text(bytes: &[u8]) -> Result<(), Error> {
        match kind::of_bytes(bytes) {
            None => Ok(()),
            Some(kind) => Err(Error::Input {
                place: "the first bytes".into(),
                found: kind.what.into(),
                expected: "a JSON document".into(),
                advice: Some(kind.advice.into()),
            }),
        }
    }

    /// A string value.
    #[must_use]
    pub fn text(value: impl Into<String>) -> Self {
        Self::String(value.into())
    }

    /// A count.
    #[must_use]
    pub fn count(value: usize) -> Self {
        // No count of this program reaches 2⁶³.
        Self::Integer(i64::try_from(value).unwrap_or(i64::MAX))
    }

    /// An array of what `value` makes of each item.
    pub fn array<T>(items: impl IntoIterator<Item = T>, value: impl FnMut(T) -> Self) -> Self {
        Self::Array(items.into_iter().map(value).collect())
    }

    /// An object with these fields in this order.
    pub fn object<K: Into<String>>(fields: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Object(fields.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }

    /// The document as text: two spaces of indent, and anything short on one line, so
    /// that rows of numbers stay rows. The same tree gives the same bytes; strings are as they are, and whatever has no shape of
    /// its own is written as `\u` and its number, so that the text may go to a terminal too.
    #[must_use]
    pub fn pretty(&self) -> String {
        let mut text = String::new();
        self.write_pretty(0, &mut text);
        text.push('\n');
        text
    }

    /// The document on one line without spaces, fields sorted by name: RFC 8785 (JCS) for
    /// documents whose field names are ASCII and whose numbers are integers.
    #[must_use]
    pub fn canonical(&self) -> String {
        let sorted = self.sorted();
        serde_json::to_string(&sorted).unwrap_or_default()
    }

    fn sorted(&self) -> Self {
        match self {
            Self::Array(items) => Self::array(items, Self::sorted),
            Self::Object(fields) => {
                let mut fields: Vec<_> =
                    fields.iter().map(|(name, value)| (name.clone(), value.sorted())).collect();
                fields.sort_by(|a, b| a.0.cmp(&b.0));
                Self::Object(fields)
            }
            other => other.clone(),
        }
    }

    fn write_pretty(&self, indent: usize, text: &mut String) {
        const WIDTH: usize = 100;
        let (open, close, len) = match self {
            Self::Array(items) => ('[', ']', items.len()),
            Self::Object(fields) => ('{', '}', fields.len()),
            scalar => {
                scalar.write_scalar(text);
                return;
            }
        };
        if let Some(line) = self.one_line(WIDTH.saturating_sub(indent)) {
            text.push_str(&line);
            return;
        }
        text.push(open);
        for k in 0..len {
            text.push('\n');
            text.extend(std::iter::repeat_n(' ', indent + 2));
            match self {
                Self::Array(items) => items[k].write_pretty(indent + 2, text),
                Self::Object(fields) => {
                    let (name, value) = &fields[k];
                    Self::text(name).write_scalar(text);
                    text.push_str(": ");
                    value.write_pretty(indent + 2, text);
                }
                _ => {}
            }
            if k + 1 < len {
                text.push(',');
            }
        }
        text.push('\n');
        text.extend(std::iter::repeat_n(' ', indent));
        text.push(close);
    }

    /// What is neither an array nor an object.
    fn write_scalar(&self, text: &mut String) {
        let mut units = [0; 2];
        for c in serde_json::to_string(self).unwrap_or_default().chars() {
            if is_shapeless(c) {
                text.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
            } else {
                text.push(c);
            }
        }
    }

    /// The value on one line, if it fits into `width`; gives up as soon as it does not.
    fn one_line(&self, width: usize) -> Option<String> {
        let mut line = String::new();
        self.write_line(width, &mut line).then_some(line)
    }

    fn write_line(&self, width: usize, line: &mut String) -> bool {
        match self {
            Self::Array(items) => {
                line.push('[');
                for (k, item) in items.iter().enumerate() {
                    line.push_str(if k == 0 { "" } else { ", " });
                    if !item.write_line(width, line) {
                        return false;
                    }
                }
                line.push(']');
            }
            Self::Object(fields) => {
                line.push('{');
                for (k, (name, value)) in fields.iter().enumerate() {
                    line.push_str(if k == 0 { "" } else { ", " });
                    Self::text(name).write_scalar(line);
                    line.push_str(": ");
                    if !value.write_line(width, line) {
                        return false;
                    }
                }
                line.push('}');
            }
            scalar => scalar.write_scalar(line),
        }
        line.len() <= width
    }
}

/// Counts brackets outside strings, before anything is built from them.
fn check_nesting(bytes: &[u8], limits: &Limits) -> Result<(), Error> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for &byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                if depth > limits.nesting {
                    return Err(Error::Limit {
                        what: "brackets within brackets".into(),
                        given: depth as u64,
                        limit: limits.nesting as u64,
                    });
                }
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        // Above 2⁶³ no format accepts an integer anyway; the float keeps its magnitude for the message.
        #[allow(clippy::cast_precision_loss)]
        Ok(i64::try_from(value).map_or(Json::Float(value as f64), Json::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element()? {
            array.push(item);
        }
        Ok(Json::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut fields: Vec<(String, Json)> = Vec::new();
        let mut names = std::collections::HashSet::new();
        while let Some((name, value)) = entries.next_entry::<String, Json>()? {
            if !names.insert(name.clone()) {
                return Err(A::Error::custom(format!("the field \"{}\" twice", shortened(&name))));
            }
            fields.push((name, value));
        }
        Ok(Json::Object(fields))
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Integer(value) => serializer.serialize_i64(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::String(value) => serializer.serialize_str(value),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, value) in fields {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}
