//! One run of a sweep from its start to its last number, and all of them on a few threads.

use super::measure::{Checkpoint, measure, to_six_digits};
use super::network::Network;
use super::settings::{Key, Plan, Settings};
use super::training::{Course, Data, End, train};
use crate::error::Error;
use crate::simulate::jobs::each;

/// Levels of either sign in a [`Picture`].
pub const LEVELS: i32 = 30;
/// How many points of a curve are kept.
const POINTS: usize = 60;

/// A finished run.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Which.
    pub key: Key,
    /// How it ended.
    pub end: End,
    /// Updates in all.
    pub steps: usize,
    /// At each loss that was reached.
    pub checkpoints: Vec<Checkpoint>,
    /// The control, if the run came to where it begins.
    pub control: Option<Control>,
    /// η·steps and loss, thinned out; of the first seed alone.
    pub curve: Vec<(f64, f64)>,
    /// The weights at the last loss, for the eye; of the first seed alone.
    pub picture: Option<Picture>,
}

/// The same run finished at another rate.
#[derive(Clone, Debug, PartialEq)]
pub struct Control {
    /// How it ended.
    pub end: End,
    /// At the last loss, if it was reached.
    pub checkpoint: Option<Checkpoint>,
}

/// W among the neurons that are not clamped, coarsely: a figure can be drawn from it, and nothing computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// ±[`LEVELS`] · √(|W_ij| / largest), R × R by rows, rounded.
    pub levels: Vec<i32>,
}

impl Picture {
    fn of(network: &Network) -> Self {
        let inputs = network.shape.inputs;
        let rows = network.weights.chunks_exact(network.shape.neurons());
        let among: Vec<f32> = rows.flat_map(|row| &row[inputs..]).copied().collect();
        let largest = among.iter().fold(f32::MIN_POSITIVE, |a, b| a.max(b.abs()));
        let level = |weight: &f32| {
            // Within ±LEVELS.
            #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
            let level = (LEVELS as f32 * (weight.abs() / largest).sqrt()).round() as i32;
            if *weight < 0.0 { -level } else { level }
        };
        Self { levels: among.iter().map(level).collect() }
    }
}

/// Trains and measures one run.
///
/// # Errors
/// [`Error::Interrupted`] as soon as `stop` says so, [`Error::NotFinite`].
pub fn run(
    settings: &Settings,
    data: &Data,
    key: &Key,
    is_first_seed: bool,
    stop: &dyn Fn() -> bool,
) -> Result<Run, Error> {
    let course = train(settings, data, key, stop)?;
    let mut checkpoints = Vec::new();
    for saved in &course.saved {
        if stop() {
            return Err(Error::Interrupted);
        }
        checkpoints.push(measure(settings, data, key, &course.start, saved)?);
    }
    let mut control = None;
    if let Some(branch) = &course.control {
        let last = match branch.end {
            End::Reached => branch.saved.last(),
            _ => None,
        };
        let checkpoint = last.map(|saved| measure(settings, data, key, &course.start, saved));
        control = Some(Control { end: branch.end, checkpoint: checkpoint.transpose()? });
    }
    let last = course.saved.last().filter(|_| course.end == End::Reached && is_first_seed);
    Ok(Run {
        key: *key,
        end: course.end,
        steps: course.steps,
        checkpoints,
        control,
        curve: if is_first_seed { thinned(&course) } else { Vec::new() },
        picture: last.map(|saved| Picture::of(&saved.network)),
    })
}

fn thinned(course: &Course) -> Vec<(f64, f64)> {
    let every = course.curve.len().div_ceil(POINTS).max(1);
    let last = course.curve.len().saturating_sub(1);
    let kept = course.curve.iter().enumerate().filter(|(k, _)| k % every == 0 || *k == last);
    kept.map(|(_, (time, loss))| (to_six_digits(*time), to_six_digits(*loss))).collect()
}

/// All runs of a plan that are not done, each handed on as soon as it is finished; in whatever order, with the same content
/// for any number of threads.
///
/// # Errors
/// [`Error::Interrupted`] after `stop`, [`Error::Io`] if no threads are to be had, and the first error of a run or of `finished`; whatever was handed on before is whole.
pub fn sweep(
    plan: &Plan,
    data: &Data,
    is_done: impl Fn(&Key) -> bool,
    threads: usize,
    stop: &(dyn Fn() -> bool + Sync),
    finished: impl FnMut(Run) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut open: Vec<&Key> = plan.keys.iter().filter(|key| !is_done(key)).collect();
    // All rates of a seed before the next seed: what a stopped sweep has can already be compared.
    open.sort_by_key(|key| key.seed);
    let first = plan.keys.first().map(|key| key.seed);
    let job = |key: &&Key, stop: &dyn Fn() -> bool| {
        run(&plan.settings, data, key, first == Some(key.seed), stop)
    };
    each(&open, threads, stop, job, finished)
}
