//! The runs of a community sweep, one a line.
//!
//! A file of runs begins with a line that names the format, the plan and the columns. Every other line is a run; a run is finished
//! when its line is whole. Numbers are JSON numbers here, not exact fractions: nothing in these files is certified.

use crate::error::Error;
use crate::report::lines::{self, Reader, float};
use crate::simulate::communities::{
    Arm, Checkpoint, Communities, Control, End, GRAPHS, Key, LEVELS, Picture, Plan, Run, Settings,
    columns, words,
};
use crate::spec::Limits;
use crate::wire::json::Json;

/// What a file of runs calls itself.
pub const RUNS_FORMAT: &str = "creditcheck/communities-runs/1";
/// The digits of partitions and pictures: one character a neuron or synapse.
const DIGITS: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

pub(super) fn arm(arm: Arm) -> Json {
    Json::text(format!("{arm:?}"))
}

/// The parameters of a sweep.
#[must_use]
pub fn settings(settings: &Settings) -> Json {
    Json::object([
        ("hidden_neurons", Json::count(settings.hidden)),
        ("output_neurons", Json::count(settings.outputs)),
        ("gain", float(settings.gain)),
        ("batch", Json::count(settings.batch)),
        ("damping", float(decimal(settings.damping))),
        ("tolerance", float(decimal(settings.tolerance))),
        ("sweeps", Json::count(settings.sweeps)),
        ("clip", float(settings.clip)),
        ("losses", Json::array(&settings.losses, |loss| float(*loss))),
        ("loss_taken_every", float(settings.every)),
        ("longest", float(settings.longest)),
        ("control_finishes_at", settings.finish.map_or(Json::Null, float)),
        ("leiden_best_of", Json::count(settings.best_of)),
        ("null_draws", Json::count(settings.nulls)),
        ("eigenvalue_examples", Json::count(settings.eigenvalues)),
    ])
}

/// An f32 by its shortest decimal, so that 0.7 is not printed as 0.699999988.
fn decimal(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}

/// The first line of a file of runs, with its end: the same for the same plan, and for no other.
#[must_use]
pub fn header(plan: &Plan) -> String {
    let key = |key: &Key| {
        Json::Array(vec![arm(key.arm), float(key.rate), Json::text(key.seed.to_string())])
    };
    lines::line([
        ("format", Json::text(RUNS_FORMAT)),
        ("settings", settings(&plan.settings)),
        ("preview", Json::Bool(plan.preview)),
        ("runs", Json::array(&plan.keys, key)),
        ("columns", Json::array(columns(), Json::text)),
    ])
}

/// A finished run as a line, with its end.
#[must_use]
pub fn line(run: &Run) -> String {
    let mut fields = vec![
        ("arm", arm(run.key.arm)),
        ("rate", float(run.key.rate)),
        ("seed", Json::text(run.key.seed.to_string())),
        ("end", end(&run.end)),
        ("steps", Json::count(run.steps)),
        ("checkpoints", Json::array(&run.checkpoints, checkpoint)),
    ];
    if let Some(control) = &run.control {
        let at = control.checkpoint.as_ref().map_or(Json::Null, checkpoint);
        fields.push(("control", Json::object([("end", end(&control.end)), ("checkpoint", at)])));
    }
    if !run.curve.is_empty() {
        fields.push(("curve", lines::curve(&run.curve)));
    }
    if let Some(picture) = &run.picture {
        let digit = |level: &i32| digit(usize::try_from(level + LEVELS).unwrap_or(0));
        fields.push(("picture", Json::text(picture.levels.iter().map(digit).collect::<String>())));
    }
    lines::line(fields)
}

fn end(end: &End) -> Json {
    let (word, residual) = words(end);
    let residual = residual.map(|residual| ("residual", float(residual)));
    Json::object([("how", Json::text(word))].into_iter().chain(residual))
}

fn checkpoint(checkpoint: &Checkpoint) -> Json {
    let graph = |found: &Communities| {
        Json::text(found.labels.iter().map(|label| digit(*label)).collect::<String>())
    };
    Json::object([
        ("loss", float(checkpoint.asked)),
        ("values", Json::array(&checkpoint.values, |value| float(*value))),
        ("communities", Json::array(&checkpoint.graphs, graph)),
    ])
}

/// Beyond 62 communities, which no graph of this room has, they would share the last digit.
fn digit(value: usize) -> char {
    char::from(DIGITS[value.min(DIGITS.len() - 1)])
}

/// Reads what [`line()`] wrote.
///
/// # Errors
/// [`Error::Input`] with the place of what is not as it should be.
pub fn read_line(text: &str, limits: &Limits) -> Result<Run, Error> {
    let json = Json::read(text.as_bytes(), limits)?;
    let run = Reader::of(&json);
    let list = run.get("checkpoints")?;
    let checkpoints: Result<Vec<_>, _> = list.items()?.iter().map(Reader::checkpoint).collect();
    let mut control = None;
    if let Some(found) = run.find("control") {
        let at = found.get("checkpoint")?;
        let checkpoint = (*at.value != Json::Null).then(|| at.checkpoint()).transpose()?;
        control = Some(Control { end: found.get("end")?.end()?, checkpoint });
    }
    let curve = run.curve("curve", "η·steps and a loss")?;
    let level = |digit: usize| i32::try_from(digit).unwrap_or(0) - LEVELS;
    let picture = match run.find("picture") {
        Some(text) => Some(Picture { levels: text.digits()?.into_iter().map(level).collect() }),
        None => None,
    };
    Ok(Run {
        key: Key {
            arm: run.get("arm")?.arm()?,
            rate: run.get("rate")?.float()?,
            seed: run.get("seed")?.seed()?,
        },
        end: run.get("end")?.end()?,
        steps: run.get("steps")?.count()?,
        checkpoints: checkpoints?,
        control,
        curve,
        picture,
    })
}

impl Reader<'_> {
    fn arm(&self) -> Result<Arm, Error> {
        match self.text()? {
            "A" => Ok(Arm::A),
            "B" => Ok(Arm::B),
            _ => Err(self.error("A or B")),
        }
    }

    fn end(&self) -> Result<End, Error> {
        let residual = || self.get("residual")?.float();
        Ok(match self.get("how")?.text()? {
            "reached" => End::Reached,
            "rates_unsettled" => End::RatesUnsettled { residual: residual()? },
            "credits_unsettled" => End::CreditsUnsettled { residual: residual()? },
            "unfinished" => End::Unfinished,
            _ => return Err(self.error("how the run ended")),
        })
    }

    fn digits(&self) -> Result<Vec<usize>, Error> {
        let digit = |byte: u8| DIGITS.iter().position(|digit| *digit == byte);
        let digits: Option<Vec<usize>> = self.text()?.bytes().map(digit).collect();
        digits.ok_or_else(|| self.error("letters and digits"))
    }

    fn checkpoint(&self) -> Result<Checkpoint, Error> {
        let values = self.get("values")?.floats()?;
        let names = columns();
        if values.len() != names.len() {
            return Err(self.error(&format!("{} values", names.len())));
        }
        let labels: Result<Vec<_>, _> =
            self.get("communities")?.items()?.iter().map(Reader::digits).collect();
        let labels = labels?;
        if labels.len() != GRAPHS.len() {
            return Err(self.error(&format!("communities of {} graphs", GRAPHS.len())));
        }
        Ok(Checkpoint {
            asked: self.get("loss")?.float()?,
            values,
            graphs: labels.into_iter().map(|labels| Communities { labels }).collect(),
        })
    }
}
