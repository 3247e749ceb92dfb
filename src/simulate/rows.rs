//! Rows of numbers, as the experiments write them.

use crate::foreign::Foreign;

/// Comma-separated values under a line of names; every line ends.
pub(super) struct Rows {
    text: String,
}

impl Rows {
    /// The line of names.
    pub fn new(names: &[&str]) -> Self {
        Self { text: names.join(",") + "\n" }
    }

    /// A row: its first fields as they are, and then numbers to nine digits.
    pub fn row<F: AsRef<str>>(&mut self, fields: &[F], numbers: impl IntoIterator<Item = f64>) {
        let fields = fields.iter().map(|field| field.as_ref().to_owned());
        let all: Vec<String> = fields.chain(numbers.into_iter().map(digits)).collect();
        self.text.push_str(&all.join(","));
        self.text.push('\n');
    }

    /// The whole.
    pub fn text(self) -> String {
        self.text
    }
}

/// Foreign text as a field of a row; one that holds a comma or a quotation mark stands in quotation marks.
pub(super) fn field(text: &str) -> String {
    let shown = Foreign(text).to_string();
    if shown.contains([',', '"']) { format!("\"{}\"", shown.replace('"', "\"\"")) } else { shown }
}

/// Nine significant digits, in the shortest form; empty for what is no number.
///
/// Rounded, so that the last bits of a logarithm or a matrix product do not tell machines apart.
pub(super) fn digits(value: f64) -> String {
    if value.is_finite() { rounded(value).to_string() } else { String::new() }
}

/// The float nearest to the first nine digits, which are the same on every machine.
///
/// ```
/// assert_eq!(creditcheck::simulate::rounded(1.0 / 3.0), 0.333333333);
/// ```
#[must_use]
pub fn rounded(value: f64) -> f64 {
    to_digits(value, 9)
}

/// The float nearest to so many first digits.
#[must_use]
pub fn to_digits(value: f64, digits: usize) -> f64 {
    format!("{value:.*e}", digits.saturating_sub(1)).parse().unwrap_or(value)
}
