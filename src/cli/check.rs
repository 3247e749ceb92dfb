//! `creditcheck check`

use std::path::PathBuf;

use clap::Args;
use num_traits::One;

use super::common::{Common, of_case, read_case, scale_of};
use super::files::{Reach, read_file};
use super::outcome::Outcome;
use super::progress::Bar;
use crate::error::Error;
use crate::number::canonical;
use crate::report;
use crate::verdict::Conclusion;
use crate::verdict::judge::Options;
use crate::verdict::walk::KEPT;
use crate::wire::gradient::{self, Gradient};

/// Is somebody else's gradient or update right?
#[derive(Args, Debug)]
#[command(after_help = "\
MINE needs \"format\": \"creditcheck/gradient/1\" and \"layers\" (or \"synapses\"), with
\"biases\" where the case has them; of a network that runs in time \"recurrent\",
\"input\" and \"readout\", with \"readout_biases\" where the case has them. \"number\"
says how its values are held (exact, f64, f32, bf16, f16), \"quantity\" whether
they are a gradient or an update, \"rule\" by which rule they are to be judged.

Example:
  creditcheck gradient case.json --number f64 -o mine.json
  creditcheck check case.json mine.json")]
pub(super) struct Arguments {
    /// The case
    case: PathBuf,
    /// The gradient or update to be judged
    mine: PathBuf,
    /// Exit 0, not 3, where a block has no bound or one without power; not where the whole exact gradient is zero
    #[arg(long)]
    allow_unchecked: bool,
    /// Their loss divided by ours: 2/10 for a mean of the squares over 10 outputs, -1 for the other sign
    #[arg(long, value_name = "P/Q", default_value = "1", allow_hyphen_values = true)]
    scale: String,
    /// Only what is proved: no verdict that assumes independent roundings
    #[arg(long)]
    rigorous: bool,
    /// List every entry that differs
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    reach: Reach,
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Error> {
    let limits = common.limits();
    let keep = if arguments.all { usize::MAX } else { KEPT };
    let (scale, rigorous) = (scale_of(&arguments.scale, &limits)?, arguments.rigorous);
    let options = Options { scale, keep, rigorous };
    let case = read_case(&arguments.case, arguments.reach, &limits)?;
    let subject = case.subject().map_err(of_case(&arguments.case))?;
    let name = arguments.mine.display().to_string();
    let bytes = read_file(&arguments.mine, &limits)?;
    let digest = case.digest();
    let mine = gradient::read(&bytes, &subject, &limits)
        .and_then(|mine| expect_case(mine, &digest, arguments))
        .map_err(|error| error.in_file(name.clone()))?;
    let judged = Bar::new(common, 1).alone(|bar| case.judge(&mine, &options, &limits, bar));
    let (judgement, diagnosis) = judged.map_err(of_case(&arguments.case))?;
    let conclusion = match judgement.unchecked() {
        _ if judgement.nearness().is_refused() => Conclusion::Disagree,
        Some(why) if !(arguments.allow_unchecked && why.can_be_allowed()) => Conclusion::Unchecked,
        _ => Conclusion::Agree,
    };
    let scaled = |text: &str| match options.scale.is_one() {
        true => text.to_owned(),
        false => format!("{text}, loss × {}", canonical(&options.scale)),
    };
    let title = scaled(&case.title());
    common.write_or_junit(
        || report::judged((&name, &title), &judgement, &diagnosis, arguments.all),
        || report::judged_json(&digest, &options.scale, &judgement, &diagnosis),
        || report::judged_junit(&scaled(&name), &judgement, &diagnosis, conclusion),
    )?;
    Ok(conclusion.into())
}

/// Refuses a result that says that it belongs to another case.
fn expect_case(mine: Gradient, digest: &str, arguments: &Arguments) -> Result<Gradient, Error> {
    match &mine.case {
        Some(stated) if stated != digest => Err(Error::Input {
            place: "case".into(),
            found: format!("\"{stated}\""),
            expected: format!("\"{digest}\", the digest of {}", arguments.case.display()),
            advice: Some(
                "the result belongs to another case; leave the field out if you are sure".into(),
            ),
        }),
        _ => Ok(mine),
    }
}
