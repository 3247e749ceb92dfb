//! `creditcheck simulate`

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::common::{Common, of_case, read_case};
use super::files::{Reach, write_all};
use super::outcome::Outcome;
use super::progress::Bar;
use crate::error::Error;
use crate::report;
use crate::simulate::balance;
use crate::simulate::timescales::{
    self, Net, Record, Settings, Start, Sweep, Times, figure, neurons, record, sweep,
};
use crate::spec::Case;
use crate::suite::{balance as learning, digits};

/// Integrates firing, credit and plasticity on their three timescales, and measures how far the weights end up from backpropagation.
#[derive(Args, Debug)]
#[command(after_help = "\
Firing:      τ_x dx/dt = −x + σ(Wx + b)
Credit:      τ_c dc/dt = −c + Wᵀ(β∘c) + e(x)
Plasticity:  τ_w dW/dt = β_i c_i x_j

One example is shown for a time T, then the next. Without a case: 4-6-3 and a chain, in tanh.

Written into DIR:
  traces.csv, .json, .svg   x, c, w and E, I, s, β of some neurons over time
  deviation.csv, .svg       ‖ΔW/η + g‖/‖g‖ against each ratio of timescales, with its slope
  balance.csv, .json, .svg  with --digits: E, I, |s| and β of the hidden neurons over the epochs

Example:
  creditcheck simulate case.json --tau-c 50 --start previous --neurons 1.0,2.0 --out here")]
pub(super) struct Arguments {
    /// The case [default: the built-in 4-6-3 and chain]
    #[arg(value_name = "CASE")]
    case: Option<PathBuf>,
    /// Train on the digits instead, and follow excitation and inhibition over the epochs
    #[arg(long, conflicts_with_all = [
        "case", "neurons", "no_sweep", "tau_x", "tau_c", "tau_w", "present", "gate", "start", "rtol",
    ])]
    digits: bool,
    /// The folder for the files [default: simulate-NAME]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Whose traces are kept, by name or number [default: the first two of each layer, and one input]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    neurons: Vec<String>,
    /// τ_x of neural firing
    #[arg(long, value_name = "TIME", default_value = "1", allow_negative_numbers = true)]
    tau_x: f64,
    /// τ_c of retrograde signalling
    #[arg(long, value_name = "TIME", default_value = "100", allow_negative_numbers = true)]
    tau_c: f64,
    /// τ_w of plasticity
    #[arg(long, value_name = "TIME", default_value = "1e6", allow_negative_numbers = true)]
    tau_w: f64,
    /// T for which each example is shown
    #[arg(long, value_name = "TIME", default_value = "1e4", allow_negative_numbers = true)]
    present: f64,
    /// Plasticity waits until then in each presentation
    #[arg(long, value_name = "TIME", default_value = "0", allow_negative_numbers = true)]
    gate: f64,
    /// Where firing and credit are when an example appears
    #[arg(long, value_enum, default_value_t = From::Rest)]
    start: From,
    /// The error of a step of the integration, relative to the largest x, c or ΔW/η
    #[arg(long, value_name = "NUMBER", default_value = "1e-8", allow_negative_numbers = true)]
    rtol: f64,
    /// Traces only
    #[arg(long)]
    no_sweep: bool,
    #[command(flatten)]
    reach: Reach,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum From {
    /// x = c = 0
    Rest,
    /// Where the example before left them
    Previous,
    /// Both settled
    Equilibrium,
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Error> {
    if !(1e-13..=1e-2).contains(&arguments.rtol) {
        return Err(Error::input("--rtol", arguments.rtol.to_string(), "from 1e-13 to 1e-2"));
    }
    if arguments.case.is_none() {
        arguments.reach.expect_unused("a case")?;
    }
    if arguments.digits {
        return digits(arguments, common);
    }
    let (case, others) = match &arguments.case {
        Some(file) => {
            let case = read_case(file, arguments.reach, &common.limits())?;
            (case.into_document().map_err(of_case(file))?.case, Vec::new())
        }
        None => (timescales::layered(common.seed), vec![timescales::chain()]),
    };
    let in_file = |error: Error| match &arguments.case {
        Some(file) => error.in_file(file.display().to_string()),
        None => error,
    };
    let (net, _, _) = Net::of(&case).map_err(in_file)?;
    let settings = settings(arguments, &net)?;
    let mut bar = Bar::new(common, 2 + others.len());
    let computed = compute(&case, &others, &settings, !arguments.no_sweep, &mut bar);
    bar.finish();
    let (record, sweeps) = computed.map_err(in_file)?;
    let folder = folder(arguments, case.title().0)?;
    let mut subject =
        report::Simulated { case: &case, record: &record, sweeps: &sweeps, files: &[] };
    let title = format!("{} ({})", case.title(), report::network(&case));
    let mut files = vec![
        ("traces.csv", figure::csv(&record)),
        ("traces.json", report::traces_json(&subject).pretty()),
        ("traces.svg", figure::traces(&title, &record)),
    ];
    if !sweeps.is_empty() {
        files.push(("deviation.csv", figure::deviation_csv(&sweeps)));
        files.push(("deviation.svg", figure::deviation(&sweeps)));
    }
    let files = write_all(&folder, &files)?;
    subject.files = &files;
    common.write(|| report::simulated(&subject), || report::simulated_json(&subject))?;
    Ok(Outcome::Agree)
}

/// What the options ask for, refused before anything is computed.
fn settings(arguments: &Arguments, net: &Net) -> Result<Settings, Error> {
    let times = Times {
        tau_x: arguments.tau_x,
        tau_c: arguments.tau_c,
        tau_w: arguments.tau_w,
        present: arguments.present,
        gate: arguments.gate,
    };
    times.expect_sound()?;
    let start = match arguments.start {
        From::Rest => Start::Rest,
        From::Previous => Start::Previous,
        From::Equilibrium => Start::Equilibrium,
    };
    Ok(Settings { times, start, rtol: arguments.rtol, neurons: neurons(net, &arguments.neurons)? })
}

fn compute(
    case: &Case,
    others: &[Case],
    settings: &Settings,
    sweeping: bool,
    bar: &mut Bar,
) -> Result<(Record, Vec<(String, Sweep)>), Error> {
    bar.item("traces");
    let record = record(case, settings, bar)?;
    bar.done();
    let mut sweeps = Vec::new();
    for case in std::iter::once(case).chain(others).filter(|_| sweeping) {
        bar.item(case.title().0);
        sweeps.push((case.title().0.to_owned(), sweep(case, settings.rtol, bar)?));
        bar.done();
    }
    Ok((record, sweeps))
}

fn digits(arguments: &Arguments, common: &Common) -> Result<Outcome, Error> {
    let digits = digits::read()?;
    let mut bar = Bar::new(common, learning::EPOCHS);
    let followed = learning::follow(&digits, common.seed, &mut bar);
    bar.finish();
    let epochs = followed?;
    let folder = folder(arguments, "digits")?;
    let files = [
        ("balance.csv", balance::csv(&epochs)),
        ("balance.json", report::balance_json(&epochs, &[]).pretty()),
        ("balance.svg", balance::figure(learning::NETWORK, &epochs)),
    ];
    let files = write_all(&folder, &files)?;
    common.write(
        || report::balance(learning::NETWORK, &epochs, &files),
        || report::balance_json(&epochs, &files),
    )?;
    Ok(Outcome::Agree)
}

/// The folder for the files, made if it is not there.
fn folder(arguments: &Arguments, title: &str) -> Result<PathBuf, Error> {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let named =
        || PathBuf::from(format!("simulate-{}", title.chars().map(plain).collect::<String>()));
    let folder = arguments.out.clone().unwrap_or_else(named);
    std::fs::create_dir_all(&folder).map_err(|error| Error::Io {
        what: format!("{}: cannot make the folder: {error}", folder.display()),
    })?;
    Ok(folder)
}
