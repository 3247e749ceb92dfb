//! Rules over time: the golden vector, the identities, the claims.

mod golden;
mod identities;
mod residues;

use creditcheck::spec::{Limits, TemporalCase, TemporalGradient, TemporalRule};
use creditcheck::textbook::temporal::{self, Evaluation};
use creditcheck::wire::TemporalDocument;
use num_rational::BigRational;
use num_traits::Zero;

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

/// How many entries of a gradient, of all parameters, are not zero.
fn nonzero(found: &TemporalGradient<BigRational>) -> usize {
    let matrices = [&found.recurrent, &found.input, &found.readout];
    let entries =
        matrices.into_iter().flatten().flatten().chain(found.readout_biases.iter().flatten());
    entries.filter(|entry| !entry.is_zero()).count()
}
