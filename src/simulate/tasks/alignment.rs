//! How far the gradient of a rule points away from that of backpropagation through time, before any learning.

use super::measured::{End, Measured};
use super::network::{draw, mean_slope};
use super::sequences::{empty, fill};
use super::settings::{Condition, Settings, Task};
use crate::error::Error;
use crate::fast::Threads;
use crate::fast::temporal::{Batch, Engine, Evaluation, Loss, TemporalNetwork};
use crate::simulate::experiment::Draws;
use crate::simulate::rounded;
use crate::spec::{Steps, TemporalRule};

/// Cosine, relative deviation ‖G − g‖/‖g‖ and ratio of lengths ‖G‖/‖g‖ of a rule's derivatives G of all of W, its diagonal too, against those of
/// BPTT, g; and the mean slope. Of one batch of the recall task.
///
/// # Errors
/// What the engine refuses.
pub fn align(
    task: Task,
    settings: &Settings,
    condition: &Condition,
    seed: u64,
) -> Result<Measured, Error> {
    let net = draw(task, settings, condition, seed)?;
    let mut batch = empty(settings, net.readouts);
    fill(task, settings, &mut Draws::of(seed, &[12, 1]), &mut batch);
    let exact = gradient(&net, &batch, &TemporalRule::Bptt)?;
    let found = gradient(&net, &batch, &condition.rule)?;
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let difference: Vec<f64> = found.iter().zip(&exact).map(|(a, b)| a - b).collect();
    let [length, own, apart] =
        [&exact, &found, &difference].map(|gradient| dot(gradient, gradient).sqrt());
    // Where a gradient is zero there is no angle: 0/0.
    let values = [
        dot(&found, &exact) / (own * length),
        apart / length,
        own / length,
        mean_slope(&net, &batch),
    ];
    Ok(Measured { end: End::Finished, values: values.map(rounded).into(), curve: Vec::new() })
}

fn gradient(
    net: &TemporalNetwork<f64>,
    batch: &Batch<f64>,
    rule: &TemporalRule,
) -> Result<Vec<f64>, Error> {
    let (steps, examples) = (batch.steps, batch.examples);
    let mut engine = Engine::new(net, steps, examples, rule, Evaluation::Adjoint, Threads::ONE)?;
    engine.step(net, batch, Loss::HalfSquaredError, Steps::Last)?;
    Ok(engine.gradient().recurrent.clone())
}
