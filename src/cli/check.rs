//! `creditcheck check`

use std::path::PathBuf;

use clap::Args;

use super::common::{Common, Input, read_input, too_large};
use super::files::{Reach, read_file};
use super::outcome::Outcome;
use super::progress::Bar;
use crate::certify;
use crate::certify::judge::judge;
use crate::check::Conclusion;
use crate::check::judge::Nearness;
use crate::error::Error;
use crate::report;
use crate::wire::{gradient, temporal};

/// Is somebody else's gradient or update right?
#[derive(Args, Debug)]
#[command(after_help = "\
MINE needs \"format\": \"creditcheck/gradient/1\" and \"layers\" (or \"synapses\"), with \"biases\" where the
case has them; of a network that runs in time \"recurrent\", \"input\" and \"readout\", with
\"readout_biases\" where the case has them. \"number\" says how its values are held (exact, f64, f32),
\"quantity\" whether they are a gradient or an update.

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
    #[command(flatten)]
    reach: Reach,
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Error> {
    let limits = common.limits();
    let input = read_input(&arguments.case, arguments.reach, &limits)?;
    let bytes = read_file(&arguments.mine, &limits)?;
    let name = arguments.mine.display().to_string();
    let in_mine = |error: Error| error.in_file(name.clone());
    let mut bar = Bar::new(common, 1);
    let (title, digest, judged) = match &input {
        Input::Temporal(document) => {
            let case = &document.case;
            let mine = temporal::gradient::read(&bytes, case, &limits).map_err(in_mine)?;
            let digest = document.digest();
            expect_case(mine.case.as_deref(), &digest, arguments).map_err(in_mine)?;
            let title = format!("{} ({})", case.title(), report::network_over_time(case));
            (title, digest, certify::temporal::judge(case, &mine, &limits, &mut bar))
        }
        Input::Case(document, _) => {
            let case = &document.case;
            let mine = gradient::read(&bytes, case, &limits).map_err(in_mine)?;
            let digest = document.digest();
            expect_case(mine.case.as_deref(), &digest, arguments).map_err(in_mine)?;
            let title = format!("{} ({})", case.title(), report::network(case));
            (title, digest, judge(case, &mine, &limits, &mut bar))
        }
        Input::Dense(found) => return Err(too_large(found, &arguments.case)),
    };
    bar.finish();
    let (judgement, diagnosis) =
        judged.map_err(|error| error.in_file(arguments.case.display().to_string()))?;
    let conclusion = match judgement.unchecked() {
        _ if judgement.nearness() == Nearness::Different => Conclusion::Disagree,
        Some(why) if !(arguments.allow_unchecked && why.can_be_allowed()) => Conclusion::Unchecked,
        _ => Conclusion::Agree,
    };
    common.write_or_junit(
        || report::judged(&name, &title, &judgement, &diagnosis),
        || report::judged_json(&digest, &judgement, &diagnosis),
        || report::judged_junit(&name, &judgement, &diagnosis, conclusion),
    )?;
    Ok(conclusion.into())
}

/// Refuses a result that says that it belongs to another case.
fn expect_case(stated: Option<&str>, digest: &str, arguments: &Arguments) -> Result<(), Error> {
    match stated {
        Some(stated) if stated != digest => Err(Error::Input {
            place: "case".into(),
            found: format!("\"{stated}\""),
            expected: format!("\"{digest}\", the digest of {}", arguments.case.display()),
            advice: Some(
                "the result belongs to another case; leave the field out if you are sure".into(),
            ),
        }),
        _ => Ok(()),
    }
}
