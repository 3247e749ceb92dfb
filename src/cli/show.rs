//! `creditcheck show`

use std::path::PathBuf;

use clap::Args;

use super::common::{Common, Format, of_case, read_case};
use super::files::Reach;
use super::outcome::Outcome;
use super::progress::Bar;
use crate::error::Error;
use crate::report;

/// Shows both algorithms side by side, step by step, in fractions.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  creditcheck show case.json --digits 12 | less")]
pub(super) struct Arguments {
    /// The case
    case: PathBuf,
    /// μ of ModProp, where the network runs in time: one number, or one per cell [default: 1/2]
    #[arg(long, value_name = "P/Q[,P/Q]...", allow_hyphen_values = true)]
    mu: Option<String>,
    /// Show fractions that are longer as decimals of N significant digits, each marked ≈; not in JSON
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    digits: Option<u16>,
    #[command(flatten)]
    reach: Reach,
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Error> {
    let limits = common.limits();
    if arguments.digits.is_some() && common.format() == Format::Json {
        return Err(Error::unsupported("--digits with JSON, whose numbers are exact"));
    }
    let numbers = report::Numbers::new(arguments.digits.map(usize::from), !common.quiet);
    let case = read_case(&arguments.case, arguments.reach, &limits)?;
    let mut bar = Bar::new(common, 1);
    bar.item("both rules, step by step");
    let steps = bar.alone(|_| case.steps(arguments.mu.as_deref(), &limits));
    let steps = steps.map_err(of_case(&arguments.case))?;
    common.write(|| (steps.text)(&numbers), || (steps.json)())?;
    Ok(Outcome::Agree)
}
