//! `creditcheck verify`

use std::path::PathBuf;

use clap::Args;

use super::Outcome;
use super::common::{Common, read_file};
use crate::certificate::verify::Report;
use crate::check::{Claim, Conclusion, Tier};
use crate::error::Error;
use crate::spec::{Case, Expect};

/// Checks a certificate by substitution, without any engine.
#[derive(Args, Debug)]
#[command(
    after_help = "Exits by the verdict that it confirms; a certificate that is refused exits 1.\n\nExample:\n  creditcheck certify case.json -o certificate.json\n  creditcheck verify certificate.json"
)]
pub(super) struct Arguments {
    /// The certificate
    certificate: PathBuf,
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Error> {
    let limits = common.limits();
    let bytes = read_file(&arguments.certificate, &limits)?;
    let name = arguments.certificate.display().to_string();
    let certificate = crate::wire::certificate::read(&bytes, &limits)
        .map_err(|error| error.in_file(name.clone()))?;
    let verified = crate::certificate::verify(&certificate);
    let conclusion = match &verified {
        Err(_) => Conclusion::Disagree,
        Ok(report) => conclusion(&certificate.certificate.case, report),
    };
    common.write(
        || crate::report::verified(&name, &certificate, &verified, conclusion),
        || crate::report::verified_json(&certificate, &verified, conclusion),
    )?;
    Ok(conclusion.into())
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
