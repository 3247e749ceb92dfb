//! `creditcheck check`

use std::path::PathBuf;

use clap::Args;

use super::Outcome;
use super::common::{Common, read_case, read_file};
use super::progress::Bar;
use crate::certify::judge::judge;
use crate::check::judge::Nearness;
use crate::error::Error;
use crate::report;
use crate::wire::gradient;

/// Is somebody else's gradient or update right?
#[derive(Args, Debug)]
#[command(after_help = "\
MINE needs \"format\": \"creditcheck/gradient/1\" and \"layers\" (or \"synapses\"), with \"biases\" where the case has them;
\"number\" says how its values are held (exact, f64, f32), \"quantity\" whether they are a gradient or an update.

Example:
  creditcheck gradient case.json --number f64 -o mine.json
  creditcheck check case.json mine.json")]
pub(super) struct Arguments {
    /// The case
    case: PathBuf,
    /// The gradient or update to be judged
    mine: PathBuf,
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Error> {
    let limits = common.limits();
    let document = read_case(&arguments.case, &limits)?;
    let name = arguments.mine.display().to_string();
    let bytes = read_file(&arguments.mine, &limits)?;
    let mine = gradient::read(&bytes, &document.case, &limits)
        .map_err(|error| error.in_file(name.clone()))?;
    let digest = document.digest();
    if let Some(stated) = mine.case.as_ref().filter(|stated| **stated != digest) {
        let error = Error::Input {
            place: "case".into(),
            found: format!("\"{stated}\""),
            expected: format!("\"{digest}\", the digest of {}", arguments.case.display()),
            advice: Some(
                "the result belongs to another case; leave the field out if you are sure".into(),
            ),
        };
        return Err(error.in_file(name));
    }
    let mut bar = Bar::new(common, 1);
    let judged = judge(&document.case, &mine, &limits, &mut bar);
    bar.finish();
    let (judgement, diagnosis) =
        judged.map_err(|error| error.in_file(arguments.case.display().to_string()))?;
    common.write(
        || report::judged(&name, "", &judgement, &diagnosis),
        || report::judged_json(&digest, &judgement, &diagnosis),
    )?;
    Ok(if judgement.nearness() == Nearness::Different {
        Outcome::Disagree
    } else if judgement.is_vacuous().is_some() {
        Outcome::Unchecked
    } else {
        Outcome::Agree
    })
}
