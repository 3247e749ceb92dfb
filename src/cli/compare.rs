//! `creditcheck compare`

use std::path::PathBuf;

use clap::Args;

use super::check::read_mine;
use super::common::{Common, of_case, read_case};
use super::files::Reach;
use super::outcome::Outcome;
use super::progress::Bar;
use crate::certify::measured::{Source, Theirs};
use crate::error::Error;
use crate::report::Numbers;

/// Rules, and gradients of others, beside the exact gradient: how far off each is.
#[derive(Args, Debug)]
#[command(after_help = "\
Of a network that runs in time (\"kind\": \"temporal\") the exact gradient is that
of BPTT, RTRL, factorised RTRL and the tangent (dual numbers), which must agree.
Of every other rule:

  largest difference   from the exact ∂L/∂W, as a fraction where it is short
  relative             the same over the largest exact entry
  cosine               over all N² entries of ∂L/∂W, the diagonal too
  signs                how many nonzero entries of it have the right sign
  U                    whether ∂L/∂U is equal

and which of the conditions hold that make the rule exact, or what is missing.
On layers and graphs the exact gradient is that of backpropagation, the credit
rule and the tangent, as far as the case has them.

Each MINE, a gradient as `creditcheck check` reads it, has a line of its own, of
all parameters and block by block: how many entries differ, the largest relative
error and the largest in ulps, the distance over the length of the exact block,
cosine and signs. Whatever rule it declares, that is against the exact gradient.

Exits 0 if the exact engines agree, 1 if they do not, 3 if a block of the exact
gradient is zero. How far MINE is off changes nothing in that: `creditcheck
check` judges it.

Example:
  creditcheck compare fixtures/cases/temporal-golden.json --mu 1/2
  creditcheck compare case.json torch.json jax.json")]
pub(super) struct Arguments {
    /// The case
    case: PathBuf,
    /// Gradients or updates of others, in the format of `gradient`
    mine: Vec<PathBuf>,
    /// What stands for the slopes of the cells that relay, in ModProp: one number, or one per cell [default: 1/2]
    #[arg(long, value_name = "P/Q[,P/Q]...", allow_hyphen_values = true)]
    mu: Option<String>,
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Error> {
    let limits = common.limits();
    let case = read_case(&arguments.case, Reach::default(), &limits)?;
    let subject = case.subject().map_err(of_case(&arguments.case))?;
    let digest = case.digest();
    let read = |file: &PathBuf| -> Result<Theirs, Error> {
        let gradient = read_mine(file, &subject, (arguments.case.as_path(), &digest), &limits)?;
        Ok(Theirs { name: file.display().to_string(), source: Source::File, gradient })
    };
    let theirs = arguments.mine.iter().map(read).collect::<Result<Vec<_>, Error>>()?;
    let mu = arguments.mu.as_deref();
    let found = Bar::new(common, 1).alone(|bar| case.compare(mu, theirs, &limits, bar));
    let (found, conclusion) = found.map_err(of_case(&arguments.case))?;
    let numbers = Numbers::new(None, false);
    common.write(|| (found.text)(&numbers), || (found.json)())?;
    Ok(conclusion.into())
}
