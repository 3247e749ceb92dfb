//! `creditcheck communities`

use std::path::PathBuf;

use clap::Args;

use super::common::Common;
use super::files::write_file;
use super::interrupt::interrupted;
use super::outcome::Outcome;
use super::progress::Bar;
use super::runs::Runs;
use crate::error::Error;
use crate::report::communities as report;
use crate::simulate::communities::{Data, Images, Key, Plan, Run, Table, page, sentences, sweep};
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
    /// Runs at the same time; the results do not depend on it
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: u16,
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Error> {
    let plan = if arguments.full { Plan::full(common.seed) } else { Plan::preview(common.seed) };
    let limits = common.limits();
    let read_line = |line: &str| report::read_line(line, &limits);
    let runs = Runs::open(&arguments.out, &report::header(&plan), &limits, read_line)?;
    let (runs, unsealed) = finish(runs, &plan, arguments.threads.into(), common)?.finished();
    let table = Table::of(&plan, &runs)?;
    let sentences = sentences(&plan, &table);
    let document = unsealed.mark(report::document(&plan, &table, &sentences));
    let write = |name: &str, text: String| write_file(&arguments.out.join(name), text.as_bytes());
    write("communities.csv", table.csv())?;
    write("communities.json", document.pretty())?;
    write("communities.svg", page(&plan, &table, &runs))?;
    common.write(
        || unsealed.mark_text(report::text(&plan, &table, &sentences)),
        || document.clone(),
    )?;
    Ok(Outcome::Agree)
}

/// Does the runs that are missing.
fn finish(
    mut runs: Runs<Run>,
    plan: &Plan,
    threads: usize,
    common: &Common,
) -> Result<Runs<Run>, Error> {
    let done: Vec<Key> = runs.done.iter().map(|run| run.key).collect();
    let mut bar = Bar::new(common, plan.keys.len());
    done.iter().for_each(|_| bar.done());
    bar.item("training and measuring");
    let data = data()?;
    let is_done = |key: &Key| done.contains(key);
    let result = sweep(plan, &data, is_done, threads, &interrupted, |run| {
        bar.item(&format!("arm {:?}, η = {}, seed {}", run.key.arm, run.key.rate, run.key.seed));
        bar.done();
        runs.push(&report::line(&run), run)
    });
    bar.finish();
    if result == Err(Error::Interrupted) {
        runs.interrupted(plan.keys.len(), common);
    }
    result?;
    Ok(runs)
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
