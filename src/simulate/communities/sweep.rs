//! One run of a sweep from its start to its last number.

use super::measure::{Checkpoint, measure};
use super::network::Network;
use super::settings::{Key, Plan};
use super::training::{Course, Data, End, train};
use crate::error::Error;
use crate::simulate::experiment::Experiment;
use crate::simulate::rows::to_digits;

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

/// A plan, and what its networks learn.
#[derive(Clone, Copy, Debug)]
pub struct Sweep<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The images.
    pub data: &'a Data,
}

impl Experiment for Sweep<'_> {
    type Key = Key;
    type Run = Run;

    /// All rates of a seed before the next seed.
    fn keys(&self) -> Vec<Key> {
        let mut keys = self.plan.keys.clone();
        keys.sort_by_key(|key| key.seed);
        keys
    }

    fn key(run: &Run) -> &Key {
        &run.key
    }

    /// Trains a network, and measures it at each loss that it reached.
    fn run(&self, key: &Key, stop: &dyn Fn() -> bool) -> Result<Run, Error> {
        let (settings, data) = (&self.plan.settings, self.data);
        let is_first_seed = self.plan.first_seed() == Some(key.seed);
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
            let last = branch.saved.last().filter(|_| branch.end == End::Reached);
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
}

fn thinned(course: &Course) -> Vec<(f64, f64)> {
    let every = course.curve.len().div_ceil(POINTS).max(1);
    let last = course.curve.len().saturating_sub(1);
    let kept = course.curve.iter().enumerate().filter(|(k, _)| k % every == 0 || *k == last);
    kept.map(|(_, (time, loss))| (to_digits(*time, 6), to_digits(*loss, 6))).collect()
}
