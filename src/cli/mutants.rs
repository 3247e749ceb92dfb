//! `creditcheck mutants`

use clap::Args;

use super::Outcome;
use super::common::Common;
use crate::error::Error;
use crate::mutants::kill_matrix;

/// The kill matrix: could these checks have failed?
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  creditcheck mutants --format json -o matrix.json")]
pub(super) struct Arguments {}

pub(super) fn run(_: &Arguments, common: &Common) -> Result<Outcome, Error> {
    let matrix = kill_matrix(&common.limits())?;
    common.write(|| matrix.text(), || matrix.to_json())?;
    Ok(if matrix.is_good() { Outcome::Agree } else { Outcome::Disagree })
}
