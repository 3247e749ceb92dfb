//! `creditcheck check`

use std::path::{Path, PathBuf};

use clap::Args;
use num_traits::One;

use super::common::{ArithmeticName, Common, of_case, read_case, scale_of};
use super::files::{Reach, open, read_file, write_file};
use super::outcome::Outcome;
use super::progress::Bar;
use super::tensors::{LayoutName, is_tensors};
use crate::error::Error;
use crate::kinds::Kind;
use crate::number::canonical;
use crate::report;
use crate::spec::Limits;
use crate::verdict::Conclusion;
use crate::verdict::judge::Options;
use crate::verdict::walk::KEPT;
use crate::wire::gradient::{self, Gradient, Subject};
use crate::wire::tensor::{Asked, TensorFile};

/// Is somebody else's gradient or update right?
#[derive(Args, Debug)]
#[command(after_help = "\
MINE needs \"format\": \"creditcheck/gradient/1\" and \"layers\" (or \"synapses\"), with
\"biases\" where the case has them; of a network that runs in time \"recurrent\",
\"input\" and \"readout\", with \"readout_biases\" where the case has them. \"number\"
says how its values are held (exact, f64, f32, bf16, f16, or {\"grid\": \"1/32\"}),
\"quantity\" whether they are a gradient or an update, \"rule\" by which rule they
are to be judged, \"solver\" where equilibria were solved for, and how:
{\"tolerance\": \"0.000001\"}.

Example:
  creditcheck gradient case.json --number f64 -o mine.json
  creditcheck check case.json mine.json --svg how-far.svg")]
pub(super) struct Arguments {
    /// The case
    case: PathBuf,
    /// The gradient or update to be judged: JSON, or tensors in .safetensors, .npz or .npy
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
    /// The arithmetic of their computation: one format, or that of operands and that of sums [default: how MINE is held]
    #[arg(long, value_enum)]
    arithmetic: Option<ArithmeticName>,
    /// With a grid in MINE: everything on the way was rounded to it too, not the result alone
    #[arg(long)]
    grid_everywhere: bool,
    /// MINE as tensors: what the rows of weights are [default: what their names say, X.weight or X.kernel]
    #[arg(long, value_enum)]
    layout: Option<LayoutName>,
    /// MINE as tensors: the layers in their order, by their names [default: the order of the names]
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    layers: Vec<String>,
    /// List every entry that differs
    #[arg(long)]
    all: bool,
    /// A picture of it: theirs against the exact entries, block by block, and of floats the errors
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    #[command(flatten)]
    reach: Reach,
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Error> {
    let limits = common.limits();
    let keep = if arguments.all { usize::MAX } else { KEPT };
    let (scale, rigorous) = (scale_of(&arguments.scale, &limits)?, arguments.rigorous);
    let options = Options {
        scale,
        keep,
        rigorous,
        draw: arguments.svg.is_some(),
        arithmetic: arguments.arithmetic.map(ArithmeticName::meant),
        grid_everywhere: arguments.grid_everywhere,
    };
    let case = read_case(&arguments.case, arguments.reach, &limits)?;
    let name = arguments.mine.display().to_string();
    let digest = case.digest();
    let (mine, notes) = mine(arguments, case.as_ref(), &limits)?;
    notes.iter().for_each(|note| common.note(note));
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
    if let Some(file) = &arguments.svg {
        write_file(file, report::pictured((&name, &title), &judgement).as_bytes())?;
    }
    common.write_or_junit(
        || report::judged((&name, &title), &judgement, &diagnosis, arguments.all),
        || report::judged_json(&digest, &options.scale, &judgement, &diagnosis),
        || report::judged_junit(&scaled(&name), &judgement, &diagnosis, conclusion),
    )?;
    Ok(conclusion.into())
}

/// The gradient to be judged, and what is to be said of how its tensors were read.
fn mine(
    arguments: &Arguments,
    case: &dyn Kind,
    limits: &Limits,
) -> Result<(Gradient, Vec<String>), Error> {
    let file = &arguments.mine;
    let subject = case.subject().map_err(of_case(&arguments.case))?;
    if is_tensors(file) {
        let asked = Asked {
            order: &arguments.layers,
            axes: arguments.layout.map(LayoutName::meant),
            option: "--layout",
            given_by: "--layout",
        };
        let mut opened = TensorFile::read(open(file)?, limits)?;
        return gradient::tensors::read(&mut opened, &subject, case.tensor_names(), &asked, limits);
    }
    let given =
        [(arguments.layout.is_some(), "--layout"), (!arguments.layers.is_empty(), "--layers")];
    if let Some((_, option)) = given.into_iter().find(|(is_given, _)| *is_given) {
        return Err(Error::unsupported(format!(
            "{option} with MINE in JSON, which says it itself"
        )));
    }
    let of_case_file = (arguments.case.as_path(), case.digest());
    let mine = read_mine(file, &subject, (of_case_file.0, &of_case_file.1), limits)?;
    Ok((mine, Vec::new()))
}

/// Reads a gradient of somebody's that belongs to a case, which has a file and a digest.
///
/// # Errors
/// As [`gradient::read`], with the name of the file; [`Error::Input`] for a result that says that it belongs to another case.
pub(super) fn read_mine(
    file: &Path,
    subject: &Subject,
    case: (&Path, &str),
    limits: &Limits,
) -> Result<Gradient, Error> {
    let bytes = read_file(file, limits)?;
    gradient::read(&bytes, subject, limits)
        .and_then(|mine| expect_case(mine, case))
        .map_err(|error| error.in_file(file.display().to_string()))
}

/// Refuses a result that says that it belongs to another case.
fn expect_case(mine: Gradient, (case, digest): (&Path, &str)) -> Result<Gradient, Error> {
    match &mine.case {
        Some(stated) if stated != digest => Err(Error::Input {
            place: "case".into(),
            found: format!("\"{stated}\""),
            expected: format!("\"{digest}\", the digest of {}", case.display()),
            advice: Some(
                "the result belongs to another case; leave the field out if you are sure".into(),
            ),
        }),
        _ => Ok(mine),
    }
}
