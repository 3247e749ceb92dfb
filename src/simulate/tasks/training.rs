//! One network learning one task by one rule.

use super::adam::{Adam, clip};
use super::measured::{End, Measured};
use super::network::draw;
use super::sequences::{empty, fill};
use super::settings::{Condition, Settings, Task};
use crate::error::Error;
use crate::fast::Threads;
use crate::fast::temporal::{Batch, Engine, Evaluation, Loss, TemporalNetwork};
use crate::simulate::experiment::Draws;
use crate::simulate::rounded;
use crate::spec::Steps;

/// How many points of a learning curve are kept.
const POINTS: usize = 50;

/// Trains by Adam, with fresh sequences at every update, and takes the loss over sequences that no update has seen.
///
/// The network, the sequences and those held out depend on the seed alone, and not on the rule. A run whose numbers leave the finite
/// ones ends there, as a result.
///
/// # Errors
/// [`Error::Interrupted`] as soon as `stop` says so; what the engine refuses.
pub fn train(
    task: Task,
    settings: &Settings,
    condition: &Condition,
    seed: u64,
    stop: &dyn Fn() -> bool,
) -> Result<Measured, Error> {
    let mut net = draw(task, settings, condition, seed)?;
    let mut engine = Engine::new(
        &net,
        settings.steps,
        settings.examples,
        &condition.rule,
        Evaluation::Adjoint,
        Threads::ONE,
    )?;
    let mut batch = empty(settings, net.readouts);
    let mut sequences = Draws::of(seed, &[12, 1]);
    let mut learner = Learner::new(&net, settings);
    let mut losses = Vec::with_capacity(settings.iterations);
    let start = held_out(task, settings, seed, &net, &mut engine)?;
    let mut end = End::Finished;
    for iteration in 1..=settings.iterations {
        if stop() {
            return Err(Error::Interrupted);
        }
        fill(task, settings, &mut sequences, &mut batch);
        match engine.step(&net, &batch, kind(task), Steps::Last) {
            Ok(()) => {}
            Err(Error::NotFinite { .. }) => {
                end = End::Diverged { iteration };
                break;
            }
            Err(error) => return Err(error),
        }
        losses.push(shown(task, engine.loss()));
        learner.step(&mut net, engine.gradient());
    }
    let last = match end {
        End::Finished => held_out(task, settings, seed, &net, &mut engine)?,
        End::Diverged { .. } => None,
    };
    if last.is_none() && end == End::Finished {
        end = End::Diverged { iteration: settings.iterations + 1 };
    }
    let curve = curve(&losses, settings.iterations);
    let lowest = curve.iter().map(|(_, loss)| *loss).fold(f64::INFINITY, f64::min);
    let final_loss = match end {
        End::Finished => curve.last().map_or(f64::NAN, |(_, loss)| *loss),
        End::Diverged { .. } => f64::NAN,
    };
    let of = |found: Option<(f64, f64)>| found.unwrap_or((f64::NAN, f64::NAN));
    let mut values = vec![of(last).0, final_loss, lowest, of(start).0];
    if task == Task::Xor {
        values.push(of(last).1);
    }
    Ok(Measured { end, values: values.into_iter().map(rounded).collect(), curve })
}

/// The loss that a task is trained on.
fn kind(task: Task) -> Loss {
    match task {
        Task::Xor => Loss::CrossEntropy,
        _ => Loss::HalfSquaredError,
    }
}

/// The loss as it is reported: the squared error without its ½.
fn shown(task: Task, loss: f64) -> f64 {
    match kind(task) {
        Loss::HalfSquaredError => 2.0 * loss,
        Loss::CrossEntropy => loss,
    }
}

/// Loss, and the share of right classes, over sequences of their own; none if they are not finite.
fn held_out(
    task: Task,
    settings: &Settings,
    seed: u64,
    net: &TemporalNetwork<f64>,
    engine: &mut Engine<f64>,
) -> Result<Option<(f64, f64)>, Error> {
    let mut sequences = Draws::of(seed, &[12, 2]);
    let mut batch = empty(settings, net.readouts);
    let (mut loss, mut right) = (0.0, 0.0);
    for _ in 0..settings.held_out {
        fill(task, settings, &mut sequences, &mut batch);
        match engine.fire(net, &batch, kind(task), Steps::Last) {
            Ok(()) => {}
            Err(Error::NotFinite { .. }) => return Ok(None),
            Err(error) => return Err(error),
        }
        loss += shown(task, engine.loss());
        right += share_right(&batch, engine.readouts(), net.readouts);
    }
    // A handful of batches.
    #[allow(clippy::cast_precision_loss)]
    let batches = settings.held_out as f64;
    let found = (loss / batches, right / batches);
    Ok(found.0.is_finite().then_some(found))
}

/// The share of examples whose largest readout at the last step is that of the target.
// A batch.
#[allow(clippy::cast_precision_loss)]
fn share_right(batch: &Batch<f64>, readouts: &[f64], count: usize) -> f64 {
    let last = batch.steps.saturating_sub(1) * batch.examples * count;
    let largest = |values: &[f64]| {
        let order = |(_, a): &(usize, &f64), (_, b): &(usize, &f64)| a.total_cmp(b);
        values.iter().enumerate().max_by(order).map(|(k, _)| k)
    };
    let pairs = readouts[last..].chunks_exact(count).zip(batch.target[last..].chunks_exact(count));
    let right = pairs.filter(|(y, target)| largest(y) == largest(target)).count();
    right as f64 / batch.examples as f64
}

/// Means over equal parts of the course, each at the update with which it ends.
fn curve(losses: &[f64], iterations: usize) -> Vec<(f64, f64)> {
    let part = iterations.div_ceil(POINTS).max(1);
    let mean = |(k, part_of): (usize, &[f64])| {
        // Updates.
        #[allow(clippy::cast_precision_loss)]
        let (at, count) = ((k * part + part_of.len()) as f64, part_of.len() as f64);
        (at, rounded(part_of.iter().sum::<f64>() / count))
    };
    losses.chunks(part).enumerate().map(mean).collect()
}

/// Adam over what a task trains.
struct Learner {
    moments: Vec<Adam>,
    longest: f64,
    neurons: usize,
}

impl Learner {
    fn new(net: &TemporalNetwork<f64>, settings: &Settings) -> Self {
        let biases = net.readout_biases.as_ref().map_or(0, Vec::len);
        let mut counts = vec![net.recurrent.len()];
        if settings.trains_all {
            counts.extend([net.input.len(), net.readout.len(), biases]);
        }
        let moments = counts.into_iter().map(|count| Adam::new(count, settings.rate)).collect();
        Self { moments, longest: settings.clip, neurons: net.neurons }
    }

    fn step(
        &mut self,
        net: &mut TemporalNetwork<f64>,
        gradient: &crate::fast::temporal::Flat<f64>,
    ) {
        let mut lists = vec![gradient.recurrent.clone()];
        // No neuron has a synapse onto itself, now or later.
        lists[0].iter_mut().step_by(self.neurons + 1).for_each(|g| *g = 0.0);
        let mut parameters: Vec<&mut [f64]> = vec![&mut net.recurrent];
        if self.moments.len() > 1 {
            let rest = [&gradient.input, &gradient.readout, &gradient.readout_biases];
            lists.extend(rest.map(Clone::clone));
            parameters.extend([&mut net.input[..], &mut net.readout[..]]);
            parameters.extend(net.readout_biases.as_deref_mut());
        }
        clip(&mut lists, self.longest);
        for ((adam, parameters), gradient) in self.moments.iter_mut().zip(parameters).zip(&lists) {
            adam.step(parameters, gradient);
        }
    }
}
