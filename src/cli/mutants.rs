//! `creditcheck mutants`

use clap::Args;

use super::common::Common;
use super::outcome::Outcome;
use super::progress::Bar;
use crate::error::Error;
use crate::mutants::kill_matrix;

/// The kill matrix: could these checks have failed?
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  creditcheck mutants --format json -o matrix.json")]
pub(super) struct Arguments {}

pub(super) fn run(_: &Arguments, common: &Common) -> Result<Outcome, Error> {
    let limits = common.limits();
    let mut bar = Bar::new(common, 1);
    bar.item("every mutant on its witnesses");
    let matrix = bar.alone(move |_| kill_matrix(&limits))?;
    common.write(|| matrix.text(), || matrix.to_json())?;
    Ok(if matrix.is_good() { Outcome::Agree } else { Outcome::Disagree })
}
