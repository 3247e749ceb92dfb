//! `creditcheck tasks`

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::common::Common;
use super::files::write_file;
use super::interrupt::interrupted;
use super::outcome::Outcome;
use super::progress::Bar;
use super::runs::Runs;
use crate::error::Error;
use crate::report::tasks as report;
use crate::simulate::tasks::{Key, Options, Plan, Run, Table, Task, page, rule, sentences, sweep};

/// Tries rules that approximate backpropagation through time on tasks that need a memory, all on the same networks and sequences.
#[derive(Args, Debug)]
#[command(after_help = "\
The folder then holds runs.jsonl, one line a run, from which a stopped command goes on; NAME.csv,
NAME.json and NAME.svg; and for recall and xor NAME-curves.csv. Without --full it is a preview:
fewer seeds and updates, no claims.

A rule is bptt, eprop, mdgl or modprop. After a colon: mdgl:type, modprop:type, modprop:taps=8,
modprop:mu=1/4, modprop:no-leak, modprop:autodiff. With :type:excluded the diagonal is left out of
the means over types.

Example:
  creditcheck tasks recall --rules bptt,modprop,modprop:taps=8,mdgl,eprop --full --out recall")]
pub(super) struct Arguments {
    /// The task
    #[arg(value_enum, value_name = "NAME")]
    task: Name,
    /// How many networks, each with its own sequences
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    seeds: Option<u16>,
    /// Updates of recall and xor
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    iterations: Option<u32>,
    /// The rules of recall and xor
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    rules: Vec<String>,
    /// All seeds and updates
    #[arg(long)]
    full: bool,
    /// Where the runs and results are written, and from where a stopped command goes on [default: tasks-NAME]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Runs at the same time; the results do not depend on it
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: u16,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Name {
    /// The cosine of each rule's gradient with that of BPTT, before learning
    Alignment,
    /// Say at step 30 the number that was seen at steps 1 and 2
    Recall,
    /// Say at step 90 whether two cues were equal
    Xor,
    /// The cosine where W is constant on blocks of types, plus noise
    Blocks,
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Error> {
    let task = match arguments.task {
        Name::Alignment => Task::Alignment,
        Name::Recall => Task::Recall,
        Name::Xor => Task::Xor,
        Name::Blocks => Task::Blocks,
    };
    let rules = arguments.rules.iter().map(|text| rule(text)).collect::<Result<Vec<_>, _>>()?;
    let options = Options {
        full: arguments.full,
        seeds: arguments.seeds.map(u64::from),
        iterations: arguments.iterations.map(|iterations| iterations as usize),
        rules: (!rules.is_empty()).then_some(rules),
    };
    let plan = Plan::of(task, common.seed, &options)?;
    let name = task.name();
    let folder = arguments.out.clone().unwrap_or_else(|| format!("tasks-{name}").into());
    let limits = common.limits();
    let read_line = |line: &str| report::read_line(line, &plan, &limits);
    let runs = Runs::open(&folder, &report::header(&plan), &limits, read_line)?;
    let (runs, unsealed) = finish(runs, &plan, arguments.threads.into(), common)?.finished();
    let table = Table::of(&plan, &runs);
    let sentences = sentences(&table);
    let document = unsealed.mark(report::document(&table, &sentences));
    let write = |name: String, text: String| write_file(&folder.join(name), text.as_bytes());
    write(format!("{name}.csv"), table.csv())?;
    if let Some(curves) = table.curves_csv() {
        write(format!("{name}-curves.csv"), curves)?;
    }
    write(format!("{name}.json"), document.pretty())?;
    write(format!("{name}.svg"), page(&table))?;
    common.write(|| unsealed.mark_text(report::text(&table, &sentences)), || document.clone())?;
    Ok(Outcome::Agree)
}

/// Does the runs that are missing.
fn finish(
    mut runs: Runs<Run>,
    plan: &Plan,
    threads: usize,
    common: &Common,
) -> Result<Runs<Run>, Error> {
    let all = plan.conditions.len() * plan.seeds.len();
    let done: Vec<Key> = runs.done.iter().map(|run| run.key.clone()).collect();
    let mut bar = Bar::new(common, all);
    done.iter().for_each(|_| bar.done());
    bar.item(plan.task.name());
    let is_done = |key: &Key| done.contains(key);
    let result = sweep(plan, is_done, threads, &interrupted, |run| {
        bar.item(&format!("{}, seed {}", run.key.condition, run.key.seed));
        bar.done();
        runs.push(&report::line(&run), run)
    });
    bar.finish();
    if result == Err(Error::Interrupted) {
        runs.interrupted(all, common);
    }
    result?;
    Ok(runs)
}
