//! Rules over time: the golden vector, the identities, the claims.

mod compare;
mod golden;
mod reader;

use creditcheck::spec::{Limits, TemporalCase, TemporalGradient, TemporalRule};
use creditcheck::textbook::temporal::{self, Evaluation};
use creditcheck::wire::TemporalDocument;
use num_rational::BigRational;

/// A committed case.
fn committed(name: &str) -> TemporalCase {
    let file = format!("{}/fixtures/cases/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(&file).unwrap();
    TemporalDocument::read(&bytes, &Limits::default()).unwrap().case
}

/// What a rule makes of a case.
fn gradient(
    case: &TemporalCase,
    rule: &TemporalRule,
    evaluation: Evaluation,
) -> TemporalGradient<BigRational> {
    temporal::run(case, rule, evaluation, &Limits::default()).unwrap().gradient
}
