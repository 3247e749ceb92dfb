//! `creditcheck verify`

use std::path::{Path, PathBuf};

use clap::Args;

use super::Outcome;
use super::common::Common;
use super::files::{Reach, read_file};
use crate::certificate::large::Shape;
use crate::certificate::verify::Report;
use crate::certificate::verify::large::SealedLarge;
use crate::check::{Claim, Conclusion, Tier};
use crate::error::Error;
use crate::spec::{Case, Expect, Limits};
use crate::wire::json::Json;
use crate::wire::{dense, large};

/// Checks a certificate by substitution, without any engine.
#[derive(Args, Debug)]
#[command(
    after_help = "Exits by the verdict that it confirms; a certificate that is refused exits 1.\n\nExample:\n  creditcheck certify case.json -o certificate.json\n  creditcheck verify certificate.json"
)]
pub(super) struct Arguments {
    /// The certificate
    certificate: PathBuf,
    /// Where the files are that the case of a large network names: their digests and the shapes in them are confirmed too
    #[arg(long, value_name = "FOLDER")]
    files: Option<PathBuf>,
    #[command(flatten)]
    reach: Reach,
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Error> {
    let limits = common.limits();
    if arguments.files.is_none() {
        arguments.reach.expect_unused("--files")?;
    }
    let bytes = read_file(&arguments.certificate, &limits)?;
    let name = arguments.certificate.display().to_string();
    if let Some(sealed) = large_certificate(&bytes, &limits, &name)? {
        let shape = arguments
            .files
            .as_deref()
            .map(|folder| shape_in(folder, arguments.reach, &sealed, &limits));
        let shape = shape.transpose().map_err(|error| error.in_file(name.clone()))?;
        let verified = crate::certificate::verify::large::verify(&sealed, shape.as_ref());
        let conclusion = verified.as_ref().map_or(Conclusion::Disagree, Report::conclusion);
        common.write_or_junit(
            || {
                let confirmed = shape.is_some();
                crate::report::verified_large(&name, &sealed, &verified, conclusion, confirmed)
            },
            || crate::report::verified_json(&sealed.certificate.case_digest, &verified, conclusion),
            || crate::report::verified_junit(&name, &verified, conclusion),
        )?;
        return Ok(conclusion.into());
    }
    if arguments.files.is_some() {
        let what = "--files for the certificate of a small case, which holds every number itself";
        return Err(Error::unsupported(what).in_file(name));
    }
    let certificate = crate::wire::certificate::read(&bytes, &limits)
        .map_err(|error| error.in_file(name.clone()))?;
    let verified = crate::certificate::verify(&certificate);
    let conclusion = match &verified {
        Err(_) => Conclusion::Disagree,
        Ok(report) => conclusion(&certificate.certificate.case, report),
    };
    common.write_or_junit(
        || crate::report::verified(&name, &certificate, &verified, conclusion),
        || {
            crate::report::verified_json(
                &certificate.certificate.case_digest,
                &verified,
                conclusion,
            )
        },
        || crate::report::verified_junit(&name, &verified, conclusion),
    )?;
    Ok(conclusion.into())
}

/// The shape of the case that a certificate names, read from the files themselves, whose digests must be those of the certificate.
fn shape_in(
    folder: &Path,
    reach: Reach,
    sealed: &SealedLarge,
    limits: &Limits,
) -> Result<Shape, Error> {
    let certificate = &sealed.certificate;
    let json = Json::read(certificate.case_text.as_bytes(), limits)?;
    let found = dense::read(&json, limits, &mut |name| reach.open(folder, name))?;
    let stated: Vec<_> = certificate.files.iter().map(|f| (&f.name, &f.digest)).collect();
    let read: Vec<_> = found.files.iter().map(|f| (&f.file, &f.sha256)).collect();
    if stated != read {
        let all = |files: &[(&String, &String)]| {
            files
                .iter()
                .map(|(name, digest)| format!("{name} {digest}"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        return Err(Error::input("files", all(&stated), all(&read)));
    }
    let layers = &found.dense.layers;
    Ok(Shape {
        widths: found.dense.widths(),
        biases: layers.iter().map(|layer| layer.biases.is_some()).collect(),
        batch: found.dense.batch(),
    })
}

/// The certificate of a large network, if it is one.
fn large_certificate(
    bytes: &[u8],
    limits: &Limits,
    name: &str,
) -> Result<Option<SealedLarge>, Error> {
    let read = || {
        let json = Json::read(bytes, limits)?;
        large::is_large(&json).then(|| large::read(&json, limits)).transpose()
    };
    read().map_err(|error: Error| error.in_file(name.to_owned()))
}

/// What a confirmed certificate amounts to, given what the author of the case expects: as
/// [`crate::certify::conclusion`] judges the table.
fn conclusion(case: &Case, report: &Report) -> Conclusion {
    if case.expect == Expect::Agree {
        return report.conclusion();
    }
    let foreseen = |row: &&(Claim, Tier, Conclusion)| {
        let (claim, tier, verdict) = **row;
        tier == Tier::Exact
            && matches!(claim, Claim::Credit | Claim::Update | Claim::Truth)
            && verdict == Conclusion::Disagree
    };
    let mut refuted = report.claims.iter().filter(foreseen);
    if !case.has_own_balance() || !refuted.any(|(claim, _, _)| *claim == Claim::Update) {
        return Conclusion::Disagree;
    }
    let rest = report.claims.iter().filter(|row| !foreseen(row)).map(|(_, _, verdict)| *verdict);
    rest.max().unwrap_or(Conclusion::Unchecked)
}
