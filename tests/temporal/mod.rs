//! Rules over time: the golden vector, the identities, the claims.

mod claims;
mod compare;
mod golden;
mod identities;
mod judged;
mod limits;
mod plausible;
mod reader;
mod residues;
mod rnn;
mod stack;
mod witnesses;

use creditcheck::spec::{Limits, TemporalCase, TemporalGradient, TemporalRule};
use creditcheck::textbook::temporal::{Evaluation, Step};
use creditcheck::wire::TemporalDocument;
use num_rational::BigRational;
use num_traits::Zero;

use crate::engines;

/// A committed case.
pub fn committed(name: &str) -> TemporalCase {
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
    engines::over_time(case, rule, evaluation).unwrap().gradient
}

/// How many entries of a gradient, of all parameters, are not zero.
fn nonzero(found: &TemporalGradient<BigRational>) -> usize {
    let matrices = [&found.recurrent, &found.input, &found.readout];
    let biases = [&found.biases, &found.readout_biases].into_iter().flatten().flatten();
    let entries = matrices.into_iter().flatten().flatten().chain(biases);
    entries.filter(|entry| !entry.is_zero()).count()
}

/// All committed cases that run in time; those with types, which every rule can be asked for.
fn committed_all() -> Vec<TemporalCase> {
    let folder = format!("{}/fixtures/cases", env!("CARGO_MANIFEST_DIR"));
    let names = std::fs::read_dir(folder).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name.starts_with("temporal-")).collect();
    names.sort();
    let cases = names.iter().map(|name| committed(name.strip_suffix(".json").unwrap()));
    cases.filter(|case| case.network.types.is_some()).collect()
}

/// h_t of every example, step and cell.
fn slopes(case: &TemporalCase) -> Vec<Vec<Vec<BigRational>>> {
    let run = engines::over_time(case, &TemporalRule::Bptt, Evaluation::Adjoint);
    let of_example =
        |steps: Vec<Step<BigRational>>| steps.into_iter().map(|step| step.slope).collect();
    run.unwrap().examples.into_iter().map(of_example).collect()
}
