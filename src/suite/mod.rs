//! The built-in suite: hand-written cases, and networks trained on real digits.

pub mod balance;
pub mod digits;
mod training;

use crate::error::Error;
use crate::spec::Limits;
use crate::wire::Document;

pub use training::{Hidden, Trained, train};

macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../fixtures/cases/", $name, ".json")))),*]
    };
}

/// The hand-written cases of the suite: name and text, in the order of the report.
pub const CASES: &[(&str, &str)] = embedded![
    "worked-example",
    "activation-identity",
    "activation-relu",
    "activation-leaky-relu",
    "activation-hard-tanh",
    "activation-square",
    "activation-quadratic",
    "activation-cubic",
    "activation-softsign",
    "activation-tanh",
    "activation-logistic",
    "activation-softplus",
    "square-2-2-2-2-relu",
    "square-2-3-3-2-quadratic",
    "square-3-3-3-cubic",
    "rectangular-1-5-2-leaky-relu",
    "rectangular-4-2-3-quadratic",
    "mixed-activations",
    "some-biases",
    "deep-7-layers-leaky-relu",
    "graph-interface-example",
    "graph-skip-dead-end",
    "kink-relu-left",
    "kink-relu-right",
    "kink-relu-mean",
    "kink-leaky-relu-mean",
    "kink-hard-tanh-left",
    "kink-hard-tanh-right",
    "own-balance-square",
    "recurrent-cycle",
    "recurrent-dense-8",
    "recurrent-self-loops-relu",
    "recurrent-two-equilibria",
    "recurrent-given-polynomial",
    "recurrent-own-balance",
];

/// A hand-written case of the suite.
///
/// # Errors
/// As [`Document::read`]; a test reads every one of them.
pub fn document(text: &str, limits: &Limits) -> Result<Document, Error> {
    Document::read(text.as_bytes(), limits)
}
