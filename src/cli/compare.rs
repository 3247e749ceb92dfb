//! `creditcheck compare`

use std::path::PathBuf;

use clap::Args;

use super::common::{Common, Input, read_input};
use super::files::Reach;
use super::gradient::temporal::mu_of;
use super::outcome::Outcome;
use super::progress::Bar;
use crate::certify::temporal::compare;
use crate::error::Error;
use crate::report;

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
    let name = arguments.case.display().to_string();
    let Input::Temporal(document) = read_input(&arguments.case, Reach::default(), &limits)? else {
        let error = Error::unsupported(
            "a network that does not run in time in this command; `creditcheck certify` compares the rules that it has",
        );
        return Err(error.in_file(name));
    };
    let mu = mu_of(&arguments.mu, document.case.network.neurons(), &limits)?;
    let case = document.case.clone();
    let found = Bar::new(common, 1).alone(move |bar| compare(&case, &mu, &limits, bar));
    let found = found.map_err(|error| error.in_file(name))?;
    common.write(
        || report::compared(&document.case, &found),
        || report::compared_json(&document, &found),
    )?;
    Ok(found.conclusion().into())
}
