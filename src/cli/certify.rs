//! `creditcheck certify`, and the bare command.

use std::path::PathBuf;

use clap::Args;

use super::Outcome;
use super::common::{Common, Format, read_case};
use super::progress::Bar;
use crate::certify::{self, Options, Progress};
use crate::error::Error;
use crate::report::{self, Row};
use crate::suite::{self, Hidden, digits};
use crate::wire::Document;

/// Checks all claims, on the given cases or the built-in suite.
#[derive(Args, Debug, Default)]
#[command(after_help = "\
With one case, --format json writes its certificate, which `creditcheck verify` confirms; with several, a report.

Example:
  creditcheck certify case.json -o certificate.json")]
pub(super) struct Arguments {
    /// The cases; none for the built-in suite
    cases: Vec<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Error> {
    let options = Options { limits: common.limits(), seed: common.seed };
    if arguments.cases.is_empty() {
        return run_suite(common, &options);
    }
    let mut bar = Bar::new(common, arguments.cases.len());
    let mut rows = Vec::new();
    for file in &arguments.cases {
        let name = file.display().to_string();
        bar.item(&name);
        let result = read_case(file, &options.limits)
            .and_then(|document| certified(document, &options, &mut bar))
            .map_err(|error| error.in_file(name.clone()));
        if result.as_ref().is_err_and(|error| *error == Error::Interrupted) {
            return Err(Error::Interrupted);
        }
        rows.push(row(name, result, None));
        bar.done();
    }
    bar.finish();
    for row in &rows {
        if let Err(error) = &row.result {
            super::common::report(error);
        }
    }
    let [only] = rows.as_slice() else {
        let title = format!("{} cases, seed {}", rows.len(), common.seed);
        common.write(
            || report::many(&title, &rows, !common.quiet),
            || report::many_json(common.seed, &rows),
        )?;
        return Ok(worst(&rows));
    };
    if let (Ok((case, digest, found)), Some(conclusion)) = (&only.result, only.conclusion) {
        let name = case.name.as_deref().unwrap_or(&only.name);
        common.write(
            || report::one(name, case, digest, found, conclusion, !common.quiet),
            || crate::wire::certificate::to_json(&found.certificate),
        )?;
    }
    Ok(worst(&rows))
}

type Result3 = (crate::spec::Case, String, certify::Certified);

fn certified(
    document: Document,
    options: &Options,
    progress: &mut dyn Progress,
) -> Result<Result3, Error> {
    let found = certify::certify(&document, options, progress)?;
    let digest = document.digest();
    Ok((document.case, digest, found))
}

fn row(name: String, result: Result<Result3, Error>, training: Option<String>) -> Row {
    let conclusion =
        result.as_ref().ok().map(|(case, _, found)| certify::conclusion(case, &found.table));
    Row { name, result, training, conclusion }
}

/// In the order 2, 1, 3, 0.
fn worst(rows: &[Row]) -> Outcome {
    let outcome = |row: &Row| row.conclusion.map_or(Outcome::Failed, Outcome::from);
    rows.iter().map(outcome).max().unwrap_or(Outcome::Unchecked)
}

fn run_suite(common: &Common, options: &Options) -> Result<Outcome, Error> {
    let mut bar = Bar::new(common, suite::CASES.len() + 2);
    let mut rows = Vec::new();
    for (name, text) in suite::CASES {
        bar.item(name);
        let document = suite::document(text, &options.limits)?;
        rows.push(row((*name).into(), Ok(certified(document, options, &mut bar)?), None));
        bar.done();
    }
    let images = digits::read()?;
    let mut learned = true;
    for (name, hidden) in [("digits-relu", Hidden::Relu), ("digits-tanh", Hidden::Tanh)] {
        bar.item(name);
        let trained = suite::train(&images, hidden, common.seed, &mut bar)?;
        learned &= trained.is_good();
        let sentence = trained.sentence();
        let found = certified(trained.document, options, &mut bar)?;
        rows.push(row(name.into(), Ok(found), Some(sentence)));
        bar.done();
    }
    bar.finish();
    let title = format!(
        "creditcheck {}: is the credit rule backpropagation? Built-in suite, seed {}",
        env!("CARGO_PKG_VERSION"),
        common.seed
    );
    common.write(
        || report::many(&title, &rows, !common.quiet),
        || report::many_json(common.seed, &rows),
    )?;
    if common.format() == Format::Text && !common.quiet {
        eprintln!(
            "next: creditcheck mutants (could these checks have failed?), creditcheck show CASE.json"
        );
    }
    // A network that did not learn is no real input, whatever its certificate says.
    Ok(worst(&rows).max(if learned { Outcome::Agree } else { Outcome::Disagree }))
}
