//! `creditcheck certify`, and the bare command.

use std::path::PathBuf;

use clap::Args;

use super::common::{Common, Format, Input, not_over_time, read_input};
use super::coq::{Wanted, Written};
use super::files::Reach;
use super::outcome::Outcome;
use super::progress::Bar;
use crate::certificate::Certificate;
use crate::certificate::large::{File, Large};
use crate::certify::{self, Options};
use crate::check::Conclusion;
use crate::error::Error;
use crate::progress::Progress;
use crate::report::{self, Row, Training};
use crate::spec::Dense;
use crate::suite::{self, Hidden, digits};
use crate::wire::json::Json;
use crate::wire::tensor::FileDigest;
use crate::wire::{self, Document};

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
        let result = read_input(file, arguments.reach, &options.limits)
            .and_then(|input| any_size(input, &options, &written, &mut bar))
            .and_then(|found| match &found.2.certificate {
                Kind::Small(certificate) => written.add(file, certificate, common).map(|()| found),
                Kind::Large(_) => Ok(found),
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
        let name = issued.title.as_deref().unwrap_or(&only.name);
        let json = match &issued.certificate {
            Kind::Small(certificate) => wire::certificate::to_json(certificate),
            Kind::Large(Some(certificate)) => wire::large::to_json(certificate)?,
            // Nothing is certified where the two rules do not agree; the report says what was found.
            Kind::Large(None) => report::many_json(common.seed, &rows),
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
struct Issued {
    title: Option<String>,
    certificate: Kind,
}

enum Kind {
    Small(Box<Certificate>),
    Large(Option<Box<Large>>),
}

/// What came of a case, what it amounts to, and what is issued.
type Certified = (report::Found, Conclusion, Issued);

/// A case of fractions through every tier; a large one of floats through those that are made for it.
fn any_size(
    input: Input,
    options: &Options,
    written: &Written,
    progress: &mut dyn Progress,
) -> Result<Certified, Error> {
    match input {
        Input::Case(document, _) => {
            let dense = Dense::of(&document.case);
            match dense.filter(|dense| dense.parameters() > wire::dense::MOST_PARAMETERS) {
                Some(dense) => {
                    written.not_large()?;
                    large(&dense, &document.json, &[], options, progress)
                }
                None => certified(*document, options, progress),
            }
        }
        Input::Dense(found) => {
            written.not_large()?;
            large(&found.dense, &found.json, &found.files, options, progress)
        }
        Input::Temporal(_) => Err(not_over_time()),
    }
}

fn large(
    dense: &Dense,
    json: &Json,
    files: &[FileDigest],
    options: &Options,
    progress: &mut dyn Progress,
) -> Result<Certified, Error> {
    let files: Vec<_> = files
        .iter()
        .map(|file| File { name: file.file.clone(), digest: file.sha256.clone() })
        .collect();
    let text = json.canonical();
    let found = certify::large::certify(dense, &text, &files, options, progress)?;
    let conclusion = certify::large::conclusion(&found.table);
    let subject = report::Found {
        network: report::dense_network(dense),
        parameters: dense.parameters(),
        examples: dense.batch(),
        digest: wire::sha256(text.as_bytes()),
        expect: dense.expect,
        table: found.table,
    };
    let issued = Issued {
        title: dense.name.clone(),
        certificate: Kind::Large(found.certificate.map(Box::new)),
    };
    Ok((subject, conclusion, issued))
}

fn certified(
    document: Document,
    options: &Options,
    progress: &mut dyn Progress,
) -> Result<Certified, Error> {
    let found = certify::certify(&document, options, progress)?;
    let conclusion = certify::conclusion(&document.case, &found.table);
    let subject = report::Found::of(&document.case, document.digest(), found.table);
    let certificate = Kind::Small(Box::new(found.certificate));
    Ok((subject, conclusion, Issued { title: document.case.name, certificate }))
}

fn row(
    name: String,
    result: Result<Certified, Error>,
    training: Option<Training>,
) -> (Row, Option<Issued>) {
    let (result, conclusion, issued) = match result {
        Ok((found, conclusion, issued)) => (Ok(found), Some(conclusion), Some(issued)),
        Err(error) => (Err(error), None, None),
    };
    (Row { name, result, training, conclusion }, issued)
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
        rows.push(row((*name).into(), Ok(certified(document, options, &mut bar)?), None).0);
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
        let found = certified(trained.document, options, &mut bar)?;
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
