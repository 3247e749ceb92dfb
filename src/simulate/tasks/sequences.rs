//! What the networks see, and what they should say at the end.

use super::network::INPUTS;
use super::settings::{Settings, Task};
use crate::fast::temporal::Batch;
use crate::simulate::experiment::Draws;

/// The second input at every step.
const CONSTANT: f64 = 0.5;

/// A batch of zeros, to be filled.
#[must_use]
pub fn empty(settings: &Settings, readouts: usize) -> Batch<f64> {
    let (steps, examples) = (settings.steps, settings.examples);
    Batch {
        steps,
        examples,
        input: vec![0.0; steps * examples * INPUTS],
        target: vec![0.0; steps * examples * readouts],
        initial: None,
    }
}

/// Draws a batch.
///
/// | task | input 1 | target at the last step |
/// |---|---|---|
/// | recall (also alignment, blocks) | v ~ N(0, 1) while the cue is shown from step 1 on, else 0 | v |
/// | xor | two cues, each −1 or 1 | onehot: equal, different |
///
/// Input 2 is ½; to both comes independent normal noise at every step. Targets of other steps are 0 and counted by nobody.
pub fn fill(task: Task, settings: &Settings, draws: &mut Draws, batch: &mut Batch<f64>) {
    let Batch { steps, examples, .. } = *batch;
    let readouts = batch.target.len() / (steps * examples).max(1);
    for example in 0..examples {
        let mut cue = || match task {
            Task::Xor => [-1.0, 1.0][draws.below(2)],
            _ => draws.normal(),
        };
        let (first, second) = (cue(), if settings.between > 0 { cue() } else { 0.0 });
        for t in 0..steps {
            let is_within = |start: usize| t >= start && t < start + settings.cue;
            let shown = match () {
                () if is_within(0) => first,
                () if settings.between > 0 && is_within(settings.between) => second,
                () => 0.0,
            };
            let at = (t * examples + example) * INPUTS;
            batch.input[at] = shown + settings.noise * draws.normal();
            batch.input[at + 1] = CONSTANT + settings.noise * draws.normal();
        }
        let last = (steps.saturating_sub(1) * examples + example) * readouts;
        match task {
            Task::Xor => {
                let class = usize::from(first != second);
                for (k, target) in batch.target[last..last + readouts].iter_mut().enumerate() {
                    *target = if k == class { 1.0 } else { 0.0 };
                }
            }
            _ => batch.target[last] = first,
        }
    }
}
