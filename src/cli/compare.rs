//! `creditcheck compare`

use std::path::PathBuf;

use clap::Args;

use super::common::{Common, of_case, read_case};
use super::files::Reach;
use super::outcome::Outcome;
use super::progress::Bar;
use crate::error::Error;
use crate::report::Numbers;

/// All rules over time against the exact gradient: how far off, and which conditions would make them exact.
#[derive(Args, Debug)]
#[command(after_help = "\
The case is a network that runs in time (\"kind\": \"temporal\"). The exact gradient is that of BPTT,
RTRL, factorised RTRL and the tangent (dual numbers), which must agree. Of every other rule:

  largest difference   from the exact ∂L/∂W, as a fraction where it is short
  relative             the same over the largest exact entry
  cosine               over all N² entries of ∂L/∂W, the diagonal too
  signs                how many nonzero entries of it have the right sign
  U                    whether ∂L/∂U is equal

and which of the conditions hold that make the rule exact, or what is missing.

Exits 0 if the exact engines agree, 1 if they do not, 3 if the exact gradient of some block (W, U,
V or b) is zero.

Example:
  creditcheck compare fixtures/cases/temporal-golden.json --mu 1/2")]
pub(super) struct Arguments {
    /// The case
    case: PathBuf,
    /// What stands for the slopes of the cells that relay, in ModProp: one number, or one per cell
    #[arg(long, value_name = "P/Q[,P/Q]...", default_value = "1/2", allow_hyphen_values = true)]
    mu: String,
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Error> {
    let limits = common.limits();
    let case = read_case(&arguments.case, Reach::default(), &limits)?;
    let found = Bar::new(common, 1).alone(|bar| case.compare(&arguments.mu, &limits, bar));
    let (found, conclusion) = found.map_err(of_case(&arguments.case))?;
    let numbers = Numbers::new(None, false);
    common.write(|| (found.text)(&numbers), || (found.json)())?;
    Ok(conclusion.into())
}
