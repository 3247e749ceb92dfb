//! `creditcheck certify`, and the bare command.

use std::path::PathBuf;

use clap::Args;

use super::common::{Common, Format, read_case};
use super::coq::{Wanted, Written};
use super::files::Reach;
use super::outcome::Outcome;
use super::progress::Bar;
use crate::certify::Options;
use crate::error::Error;
use crate::kinds::{Certified, Exact, Issued, Kind};
use crate::report::{self, Row, Training};
use crate::suite::{self, Hidden, digits};
use crate::wire;

/// Checks all claims, on the given cases or the built-in suite.
#[derive(Args, Debug, Default)]
#[command(after_help = "\
With one case, --format json writes its certificate, which `creditcheck verify` confirms; with several, a report.

With --coq, the file that is written proves its numbers where Coq accepts it: proofs/accept DIR/<name>.v

Example:
  creditcheck certify case.json -o certificate.json")]
pub(super) struct Arguments {
    /// The cases; none for the built-in suite
    cases: Vec<PathBuf>,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    coq: Wanted,
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Error> {
    let options = Options { limits: common.limits(), seed: common.seed };
    if arguments.cases.is_empty() {
        arguments.reach.expect_unused("a case")?;
        return run_suite(common, &options);
    }
    let mut bar = Bar::new(common, arguments.cases.len());
    let (mut rows, mut issued) = (Vec::new(), None);
    let mut written = Written::new(&arguments.coq);
    for file in &arguments.cases {
        let name = file.display().to_string();
        bar.item(&name);
        let options = Options { limits: options.limits.renewed(), ..options };
        let result = read_case(file, arguments.reach, &options.limits)
            .and_then(|case| case.certify(&options, written.wanted(), &mut bar))
            .and_then(|found| match &found.certificate {
                Some(Issued::Small(certificate)) => {
                    written.add(file, certificate, common).map(|()| found)
                }
                Some(Issued::Large(_)) | None => Ok(found),
            })
            .map_err(|error| error.in_file(name.clone()));
        if result.as_ref().is_err_and(|error| *error == Error::Interrupted) {
            return Err(Error::Interrupted);
        }
        let (row, certificate) = row(name, result, None);
        rows.push(row);
        issued = certificate;
        bar.done();
    }
    bar.finish();
    for row in &rows {
        match &row.result {
            // Of one case there is nothing else to say, in any form.
            Err(error) if rows.len() == 1 => return Ok(common.fail(error)),
            Err(error) => super::common::report(error),
            Ok(_) => continue,
        };
    }
    let [only] = rows.as_slice() else {
        let title = format!("{} cases, seed {}", rows.len(), common.seed);
        common.write_or_junit(
            || report::many(&title, &rows, !common.quiet, common.ink()),
            || report::many_json(common.seed, &rows),
            || report::certified_junit(&rows),
        )?;
        return Ok(worst(&rows));
    };
    if let (Ok(found), Some(conclusion), Some(issued)) = (&only.result, only.conclusion, issued) {
        let name = issued.name.as_deref().unwrap_or(&only.name);
        let json = match &issued.certificate {
            Some(Issued::Small(certificate)) => wire::certificate::to_json(certificate),
            Some(Issued::Large(certificate)) => wire::large::to_json(certificate)?,
            // Nothing is certified where the two rules do not agree; the report says what was found.
            None => report::many_json(common.seed, &rows),
        };
        common.write_or_junit(
            || report::one(name, found, conclusion, !common.quiet, common.ink()),
            || json,
            || report::certified_junit(&rows),
        )?;
    }
    Ok(worst(&rows))
}

/// What one case leaves: its own name, and a certificate.
struct Leaves {
    name: Option<String>,
    certificate: Option<Issued>,
}

fn row(
    name: String,
    result: Result<Certified, Error>,
    training: Option<Training>,
) -> (Row, Option<Leaves>) {
    let (result, conclusion, leaves) = match result {
        Ok(Certified { found, conclusion, name, certificate }) => {
            (Ok(found), Some(conclusion), Some(Leaves { name, certificate }))
        }
        Err(error) => (Err(error), None, None),
    };
    (Row { name, result, training, conclusion }, leaves)
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
        let options = &Options { limits: options.limits.renewed(), ..*options };
        let document = suite::document(text, &options.limits)?;
        rows.push(
            row((*name).into(), Exact::of(document).certify(options, false, &mut bar), None).0,
        );
        bar.done();
    }
    let images = digits::read()?;
    let mut learned = true;
    for (name, hidden) in [("digits-relu", Hidden::Relu), ("digits-tanh", Hidden::Tanh)] {
        bar.item(name);
        let options = &Options { limits: options.limits.renewed(), ..*options };
        let trained = suite::train(&images, hidden, common.seed, &mut bar)?;
        let training = Training { sentence: trained.sentence(), learned: trained.is_good() };
        learned &= training.learned;
        let found = Exact::of(trained.document).certify(options, false, &mut bar)?;
        rows.push(row(name.into(), Ok(found), Some(training)).0);
        bar.done();
    }
    bar.finish();
    let title = format!(
        "creditcheck {}: is the credit rule backpropagation? Built-in suite, seed {}",
        env!("CARGO_PKG_VERSION"),
        common.seed
    );
    common.write_or_junit(
        || report::many(&title, &rows, !common.quiet, common.ink()),
        || report::many_json(common.seed, &rows),
        || report::certified_junit(&rows),
    )?;
    if common.format() == Format::Text {
        common.note("next: creditcheck mutants (could these checks have failed?)");
        common.note("      creditcheck show CASE.json (both algorithms, step by step)");
    }
    // A network that did not learn is no real input, whatever its certificate says.
    Ok(worst(&rows).max(if learned { Outcome::Agree } else { Outcome::Disagree }))
}
