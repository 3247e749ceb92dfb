//! `creditcheck show`

use std::path::PathBuf;

use clap::Args;

use super::Outcome;
use super::common::{Common, read_case};
use crate::certify::steps;
use crate::error::Error;

/// Shows both algorithms side by side, step by step, in fractions.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  creditcheck show case.json | less")]
pub(super) struct Arguments {
    /// The case
    case: PathBuf,
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Error> {
    let limits = common.limits();
    let document = read_case(&arguments.case, &limits)?;
    let steps = steps::steps(&document.case, &limits)
        .map_err(|error| error.in_file(arguments.case.display().to_string()))?;
    common.write(
        || crate::report::steps(&document.case, &steps),
        || crate::report::steps_json(&document, &steps),
    )?;
    Ok(Outcome::Agree)
}
