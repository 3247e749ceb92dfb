//! The program: one file a command.
//!
//! Exit codes: 0 agree, 1 disagree, 2 error, 3 unchecked. Text goes to standard output, progress
//! and errors to standard error.

mod audit;
mod certify;
mod check;
mod common;
mod communities;
mod compare;
mod coq;
mod experiments;
mod files;
mod gradient;
mod interrupt;
mod mutants;
mod outcome;
mod progress;
mod runs;
mod show;
mod simulate;
mod tasks;
mod tensors;
mod usage;
mod vectors;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use common::Common;
use outcome::Outcome;

use crate::error::Error;
use crate::paragraph::WIDTH;

/// Certificates that a local learning rule equals backpropagation: exactly, and with checks that
/// could have failed.
#[derive(Debug, Parser)]
#[command(name = "creditcheck", version, term_width = WIDTH, after_help = AFTER_HELP)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    common: Common,
}

const AFTER_HELP: &str = "\
Without a command: `creditcheck certify` on the built-in suite.

Exit codes: 0 agree · 1 disagree · 2 error · 3 unchecked

Example:
  creditcheck show case.json      both algorithms side by side, in fractions";

#[derive(Debug, Subcommand)]
enum Command {
    /// Check all claims, on the given cases or the built-in suite
    Certify(certify::Arguments),
    /// Compute one engine's gradient
    Gradient(gradient::Arguments),
    /// Is somebody else's gradient or update right?
    Check(check::Arguments),
    /// Rules, and gradients of others, beside the exact gradient
    Compare(compare::Arguments),
    /// How far is somebody else's float gradient from the exact one, in ulps?
    Audit(audit::Arguments),
    /// Check a certificate by substitution, without any engine
    Verify(verify::Arguments),
    /// Show both algorithms side by side, step by step, in fractions
    Show(show::Arguments),
    /// Make the test vectors again, or compare them byte for byte
    Vectors(vectors::Arguments),
    /// The three timescales of the rule, integrated: how far from backpropagation?
    Simulate(simulate::Arguments),
    /// The kill matrix: could these checks have failed?
    Mutants(mutants::Arguments),
    /// Community structure against learning rate, at equal training loss
    Communities(communities::Arguments),
    /// Rules that approximate backpropagation through time, on tasks that need a memory
    Tasks(tasks::Arguments),
}

/// Runs the program on the arguments of the process.
#[must_use]
pub fn run() -> ExitCode {
    let given: Vec<_> = std::env::args_os().collect();
    let Arguments { command, common } = match Arguments::try_parse_from(&given) {
        Ok(arguments) => arguments,
        Err(said) => return usage::answer(&said, &given).code(),
    };
    let sound = interrupt::watch()
        .and_then(|()| usage::expect_once(&given))
        .and_then(|()| usage::expect_used(command.as_ref(), &common));
    if let Err(error) = sound {
        return common.fail(&error).code();
    }
    let own = common.clone();
    let result = interrupt::ending_on_signals(move || dispatch(command, &own));
    progress::clear();
    result.unwrap_or_else(|error: Error| common.fail(&error)).code()
}

fn dispatch(command: Option<Command>, common: &Common) -> Result<Outcome, Error> {
    match command {
        None => certify::run(&certify::Arguments::default(), common),
        Some(Command::Certify(arguments)) => certify::run(&arguments, common),
        Some(Command::Gradient(arguments)) => gradient::run(&arguments, common),
        Some(Command::Check(arguments)) => check::run(&arguments, common),
        Some(Command::Compare(arguments)) => compare::run(&arguments, common),
        Some(Command::Audit(arguments)) => audit::run(&arguments, common),
        Some(Command::Verify(arguments)) => verify::run(&arguments, common),
        Some(Command::Show(arguments)) => show::run(&arguments, common),
        Some(Command::Vectors(arguments)) => vectors::run(&arguments, common),
        Some(Command::Simulate(arguments)) => simulate::run(&arguments, common),
        Some(Command::Mutants(arguments)) => mutants::run(&arguments, common),
        Some(Command::Communities(arguments)) => communities::run(&arguments, common),
        Some(Command::Tasks(arguments)) => tasks::run(&arguments, common),
    }
}
