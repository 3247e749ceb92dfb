//! Which gradient is asked for.

use crate::spec::{Diagonal, Form, Number};
use crate::wire::gradient::Quantity;
use crate::wire::json::Json;

/// Which gradient is asked for.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The rule, by name; none for the one that the kind takes first.
    pub rule: Option<String>,
    /// What the name of the rule leaves open.
    pub options: RuleOptions,
    /// The same as a document, where it was given as one.
    pub file: Option<OptionsFile>,
    /// In which arithmetic.
    pub number: Number,
    /// The gradient, or the update.
    pub quantity: Quantity,
}

/// The options of a rule in a file of their own, as they stand in the field `options` of a gradient.
#[derive(Clone, Debug)]
pub struct OptionsFile {
    /// What the file is called.
    pub name: String,
    /// What stands in it.
    pub json: Json,
}

/// What the name of a rule leaves open, as far as it was said.
#[derive(Clone, Debug, Default)]
pub struct RuleOptions {
    /// Whether the feedback weights are means from type to type.
    pub by_type: Option<bool>,
    /// Whether such a mean counts the zeros of the diagonal.
    pub diagonal: Option<Diagonal>,
    /// A number of taps, or `all`.
    pub taps: Option<String>,
    /// One number, or one per cell.
    pub mu: Option<String>,
    /// How a tap is made.
    pub form: Option<Form>,
}

impl RuleOptions {
    /// The first option that was given, if any.
    #[must_use]
    pub fn first(&self) -> Option<&'static str> {
        [
            (self.by_type.is_some(), "--feedback"),
            (self.diagonal.is_some(), "--diagonal"),
            (self.taps.is_some(), "--taps"),
            (self.mu.is_some(), "--mu"),
            (self.form.is_some(), "--form"),
        ]
        .into_iter()
        .find_map(|(given, option)| given.then_some(option))
    }
}
