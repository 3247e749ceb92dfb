//! `creditcheck tasks`

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::common::Common;
use super::experiments::{Sweeping, conduct};
use super::outcome::Outcome;
use crate::error::Error;
use crate::simulate::tasks::{Options, Plan, Task, rule};

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
    #[command(flatten)]
    sweeping: Sweeping,
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
    let folder = arguments.out.clone().unwrap_or_else(|| format!("tasks-{}", task.name()).into());
    conduct(&plan, &folder, &arguments.sweeping, common)
}
