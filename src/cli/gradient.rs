//! `creditcheck gradient`

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Outcome;
use super::common::{Common, read_case};
use super::progress::Bar;
use crate::certify::gradient::{Rule, gradient};
use crate::error::Error;
use crate::wire::gradient::{NumberKind, Quantity, to_json};

/// Computes one engine's gradient; does not judge it.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  creditcheck gradient case.json --rule backprop --format json -o gradient.json"
)]
pub(super) struct Arguments {
    /// The case
    case: PathBuf,
    /// Which engine
    #[arg(long, value_enum, default_value = "credit")]
    rule: RuleName,
    /// In which arithmetic
    #[arg(long, value_enum, default_value = "exact")]
    number: NumberName,
    /// ∂L/∂W, or the update −η ∂L/∂W
    #[arg(long, value_enum, default_value = "gradient")]
    quantity: QuantityName,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RuleName {
    Credit,
    Backprop,
    Tangent,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum NumberName {
    Exact,
    F64,
    F32,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum QuantityName {
    Gradient,
    Update,
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Error> {
    let limits = common.limits();
    let document = read_case(&arguments.case, &limits)?;
    let rule = match arguments.rule {
        RuleName::Credit => Rule::Credit,
        RuleName::Backprop => Rule::Backprop,
        RuleName::Tangent => Rule::Tangent,
    };
    let number = match arguments.number {
        NumberName::Exact => NumberKind::Exact,
        NumberName::F64 => NumberKind::F64,
        NumberName::F32 => NumberKind::F32,
    };
    let quantity = match arguments.quantity {
        QuantityName::Gradient => Quantity::Gradient,
        QuantityName::Update => Quantity::Update,
    };
    let mut bar = Bar::new(common, 1);
    let found = gradient(&document.case, rule, number, quantity, &limits, &mut bar);
    bar.finish();
    let mut found = found.map_err(|error| error.in_file(arguments.case.display().to_string()))?;
    found.case = Some(document.digest());
    common.write(
        || crate::report::gradient(&found, &document.case),
        || to_json(&found, &document.case),
    )?;
    Ok(Outcome::Agree)
}
