//! `creditcheck verify`

use std::path::PathBuf;

use clap::Args;

use super::Outcome;
use super::common::{Common, read_file};
use crate::error::Error;

/// Checks a certificate by substitution, without any engine.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  creditcheck certify case.json -o certificate.json\n  creditcheck verify certificate.json"
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
    common.write(
        || crate::report::verified(&name, &certificate, &verified),
        || crate::report::verified_json(&certificate, &verified),
    )?;
    Ok(match &verified {
        Err(_) => Outcome::Disagree,
        Ok(_) => Outcome::Agree,
    })
}
