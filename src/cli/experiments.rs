//! What the commands that experiment have in common: runs in a folder, a sweep over those that are missing, and the files of the results.

use std::path::Path;

use clap::Args;

use super::common::Common;
use super::files::write_all;
use super::interrupt::interrupted;
use super::outcome::Outcome;
use super::progress::Bar;
use super::runs::Runs;
use crate::error::Error;
use crate::report::experiments::{Reported, Results};
use crate::simulate::experiment::sweep;

/// How runs are done.
#[derive(Args, Debug)]
pub(super) struct Sweeping {
    /// Runs at the same time; the results do not depend on it
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: u16,
}

/// Does the runs that the folder lacks, and writes what all of them say.
///
/// # Errors
/// [`Error::Interrupted`] with a note how far it came; what a run, a file or the results find wrong.
pub(super) fn conduct<E: Reported>(
    experiment: &E,
    folder: &Path,
    sweeping: &Sweeping,
    common: &Common,
) -> Result<Outcome, Error> {
    let limits = common.limits();
    let read_line = |line: &str| experiment.read_line(line, &limits);
    let runs = Runs::open(folder, &experiment.header(), &limits, read_line)?;
    let (runs, unsealed) = finish(runs, experiment, sweeping, common)?.finished();
    let Results { text, document, mut files } = experiment.results(&runs)?;
    let document = unsealed.mark(document);
    files.push((format!("{}.json", experiment.name()), document.pretty()));
    write_all(folder, &files)?;
    common.write(|| unsealed.mark_text(text), || document)?;
    Ok(Outcome::Agree)
}

/// Does the runs that are missing.
fn finish<E: Reported>(
    mut runs: Runs<E::Run>,
    experiment: &E,
    sweeping: &Sweeping,
    common: &Common,
) -> Result<Runs<E::Run>, Error> {
    let all = experiment.keys().len();
    let done: Vec<E::Key> = runs.done.iter().map(|run| E::key(run).clone()).collect();
    let mut bar = Bar::new(common, all);
    done.iter().for_each(|_| bar.done());
    bar.item(experiment.name());
    let is_done = |key: &E::Key| done.contains(key);
    let result = sweep(experiment, is_done, sweeping.threads.into(), &interrupted, |run| {
        bar.item(&experiment.shown(E::key(&run)));
        bar.done();
        runs.push(&experiment.line(&run), run)
    });
    bar.finish();
    if result == Err(Error::Interrupted) {
        runs.interrupted(all, common);
    }
    result?;
    Ok(runs)
}
