//! `creditcheck verify`

use std::path::{Path, PathBuf};

use clap::Args;

use super::common::Common;
use super::files::{Reach, read_file};
use super::outcome::Outcome;
use crate::certificate::verify::large::{self, Numbers, SealedLarge};
use crate::certificate::verify::{Refusal, Report, Row, verify_within};
use crate::error::Error;
use crate::spec::{Case, Expect, Limits};
use crate::verdict::{Claim, Conclusion, Tier};
use crate::wire::{self, json::Json};

/// Checks a certificate by substitution, without any engine.
#[derive(Args, Debug)]
#[command(
    after_help = "Exits by the verdict that it confirms. Refused: 1; of a case that has no certificate: 2; files that are not there: 3.\n\nExample:\n  creditcheck certify case.json -o certificate.json\n  creditcheck verify certificate.json"
)]
pub(super) struct Arguments {
    /// The certificate
    certificate: PathBuf,
    /// Where the files are that the case of a large network names: without them nothing is more than unchecked
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
        return of_large(arguments, common, &sealed, &name);
    }
    if arguments.files.is_some() {
        let what = "--files for the certificate of a small case, which holds every number itself";
        return Err(Error::unsupported(what).in_file(name));
    }
    let sealed =
        wire::certificate::read(&bytes, &limits).map_err(|error| error.in_file(name.clone()))?;
    let verified = verify_within(&sealed, &limits).map_err(|error| error.in_file(&*name))?;
    let verified = unless_of_case(verified, &name)?;
    let case = &sealed.certificate.case;
    let conclusion =
        verified.as_ref().map_or(Conclusion::Disagree, |report| conclusion(case, report));
    let digest = &sealed.certificate.case_digest;
    common.write_or_junit(
        || crate::report::verified(&name, &sealed, &verified, conclusion),
        || crate::report::verified_json(digest, &verified, conclusion),
        || crate::report::verified_junit(&name, &verified, conclusion),
    )?;
    Ok(conclusion.into())
}

fn of_large(
    arguments: &Arguments,
    common: &Common,
    sealed: &SealedLarge,
    name: &str,
) -> Result<Outcome, Error> {
    let certificate = &sealed.certificate;
    let numbers = &sealed.subject.numbers;
    let shown = match (&arguments.files, numbers) {
        (Some(folder), Numbers::Files(_)) if are_there(folder, sealed) => {
            let mut open = |file: &str| arguments.reach.open(folder, file);
            let shown = wire::large::shown(certificate, &common.limits(), &mut open);
            Some(shown.map_err(|error| error.in_file(name))?)
        }
        _ => None,
    };
    let verified = large::verify_within(sealed, shown.as_ref(), &common.limits())
        .map_err(|error| error.in_file(name))?;
    let verified = unless_of_case(verified, name)?;
    if verified.is_ok() && arguments.files.is_some() && matches!(numbers, Numbers::Here(_)) {
        let what = "--files for a certificate whose case names no file";
        return Err(Error::unsupported(what).in_file(name));
    }
    let conclusion = verified.as_ref().map_or(Conclusion::Disagree, Report::conclusion);
    common.write_or_junit(
        || crate::report::verified_large(name, sealed, &verified, conclusion, shown.is_some()),
        || crate::report::verified_json(&certificate.case_digest, &verified, conclusion),
        || crate::report::verified_junit(name, &verified, conclusion),
    )?;
    Ok(conclusion.into())
}

/// Whether every file that a certificate lists is in the folder; what is not there cannot be confirmed, and is no mistake of its own.
fn are_there(folder: &Path, sealed: &SealedLarge) -> bool {
    sealed.certificate.files.iter().all(|file| folder.join(&file.name).exists())
}

/// A case of which no certificate is issued is an error, as it is for `certify`; any other refusal is an answer.
fn unless_of_case(
    verified: Result<Report, Refusal>,
    name: &str,
) -> Result<Result<Report, Refusal>, Error> {
    match verified {
        Err(refusal) if refusal.is_of_case() => {
            let Refusal { place, found, expected, .. } = refusal;
            Err(Error::Input { place, found, expected, advice: Some(NONE_ISSUED.into()) }
                .in_file(name))
        }
        other => Ok(other),
    }
}

const NONE_ISSUED: &str =
    "no certificate is issued of such a case: no equation would bind what it claims";

/// The certificate of a large network, if it is one.
fn large_certificate(
    bytes: &[u8],
    limits: &Limits,
    name: &str,
) -> Result<Option<SealedLarge>, Error> {
    let read = || {
        let json = Json::read(bytes, limits)?;
        wire::large::is_large(&json).then(|| wire::large::read(&json, limits)).transpose()
    };
    read().map_err(|error: Error| error.in_file(name.to_owned()))
}

/// What a confirmed certificate amounts to, given what the author of the case expects: as
/// [`crate::certify::conclusion`] judges the table.
fn conclusion(case: &Case, report: &Report) -> Conclusion {
    if case.expect == Expect::Agree {
        return report.conclusion();
    }
    let foreseen = |row: &Row| {
        let refutable = [Claim::Credit, Claim::Update, Claim::Truth, Claim::Recurrent];
        (row.tier == Tier::Exact || (case.clamps_credit() && row.tier == Tier::Identity))
            && refutable.contains(&row.claim)
            && row.verdict == Some(Conclusion::Disagree)
    };
    let refuted = report
        .claims
        .iter()
        .any(|row| (row.claim, row.tier) == (Claim::Update, Tier::Exact) && foreseen(row));
    if !case.departs() || !refuted {
        return Conclusion::Disagree;
    }
    // C2 was refuted, as the case expects; with a cycle nothing else may be left that has a verdict.
    report.worst(|row| !foreseen(row)).unwrap_or(Conclusion::Agree)
}
