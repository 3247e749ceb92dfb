//! `creditcheck communities`

use std::path::PathBuf;

use clap::Args;

use super::common::Common;
use super::experiments::{Sweeping, conduct};
use super::outcome::Outcome;
use crate::error::Error;
use crate::simulate::communities::{Data, Images, Plan, Sweep};
use crate::suite::digits::{self, Digit, PIXELS};

/// Trains all-to-all networks at several learning rates, and compares their community structure at equal training loss.
#[derive(Args, Debug)]
#[command(after_help = "\
The folder then holds runs.jsonl, one line a run, from which a stopped sweep goes on; and
communities.csv, communities.json and communities.svg. Without --full it is a preview: fewer rates
and seeds, no control, no intervals.

Example:
  creditcheck communities --full --out sweep")]
pub(super) struct Arguments {
    /// All rates, ten seeds, intervals over them, and the control
    #[arg(long)]
    full: bool,
    /// Where the runs and results are written, and from where a stopped sweep goes on
    #[arg(long, value_name = "DIR", default_value = "communities")]
    out: PathBuf,
    #[command(flatten)]
    sweeping: Sweeping,
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Error> {
    let plan = if arguments.full { Plan::full(common.seed) } else { Plan::preview(common.seed) };
    let data = data()?;
    conduct(&Sweep { plan: &plan, data: &data }, &arguments.out, &arguments.sweeping, common)
}

/// The digits as floats.
fn data() -> Result<Data, Error> {
    let digits = digits::read()?;
    let images = |digits: &[Digit]| Images {
        pixels: PIXELS,
        rates: digits.iter().flat_map(|d| d.pixels).map(|p| f32::from(p) / 16.0).collect(),
        classes: digits.iter().map(|digit| digit.class).collect(),
    };
    Ok(Data { training: images(&digits.training), held_out: images(&digits.held_out) })
}
