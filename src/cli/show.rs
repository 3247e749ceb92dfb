//! `creditcheck show`

use std::path::PathBuf;

use clap::Args;

use super::common::{Common, Format, Input, read_input, too_large};
use super::files::Reach;
use super::gradient::temporal::mu_of;
use super::outcome::Outcome;
use super::progress::Bar;
use crate::certify::{self, steps};
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
    let in_file = |error: Error| error.in_file(arguments.case.display().to_string());
    let input = read_input(&arguments.case, arguments.reach, &limits)?;
    let mut bar = Bar::new(common, 1);
    bar.item("both rules, step by step");
    match input {
        Input::Case(document, _) => {
            if arguments.mu.is_some() {
                return Err(in_file(Error::unsupported(
                    "--mu on a network that does not run in time",
                )));
            }
            let case = document.case.clone();
            let steps = bar.alone(move |_| steps::steps(&case, &limits)).map_err(in_file)?;
            common.write(
                || report::steps(&document.case, &steps, &numbers),
                || report::steps_json(&document, &steps),
            )?;
        }
        Input::Temporal(document) => {
            let case = &document.case;
            let mu = arguments.mu.as_deref().unwrap_or("1/2");
            let mu = mu_of(mu, case.network.neurons(), &limits)?;
            let own = case.clone();
            let steps = bar.alone(move |_| certify::temporal::steps(&own, &mu, &limits));
            let steps = steps.map_err(in_file)?;
            common.write(
                || report::steps_over_time(case, &steps, &numbers),
                || report::steps_over_time_json(&document, &steps),
            )?;
        }
        Input::Dense(found) => return Err(too_large(&found, &arguments.case)),
    }
    Ok(Outcome::Agree)
}
