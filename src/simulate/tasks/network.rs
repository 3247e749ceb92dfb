//! The networks at the start, and what they do without any rule.

use faer::Mat;

use super::settings::{Condition, Settings, Task};
use crate::error::Error;
use crate::fast::Function;
use crate::fast::temporal::{Batch, TemporalNetwork};
use crate::simulate::eigenvalues::eigenvalues;
use crate::simulate::experiment::Draws;
use crate::simulate::rounded;
use crate::spec::Kink;

/// Inputs: the cue, and a constant.
pub(super) const INPUTS: usize = 2;

/// The network of a seed (T1): W of noise, or of blocks with noise (ς), its diagonal zero and its largest |eigenvalue| as the settings
/// have it; U and V of independent normal numbers; b zero.
///
/// The same for every rule; with another ς the same blocks and the same noise in another mixture.
///
/// # Errors
/// [`Error::NotFinite`] if the eigenvalues of W cannot be found.
pub fn draw(
    task: Task,
    settings: &Settings,
    condition: &Condition,
    seed: u64,
) -> Result<TemporalNetwork<f64>, Error> {
    let n = settings.neurons;
    let readouts = if task == Task::Xor { 2 } else { 1 };
    let types = condition.types.map(|types| (0..n).map(|i| i * types / n).collect::<Vec<_>>());
    let mut draws = Draws::of(seed, &[11, 1]);
    let mut recurrent: Vec<f64> = (0..n * n).map(|_| draws.normal()).collect();
    if let (Some(spread), Some(types)) = (condition.spread, &types) {
        let count = condition.types.unwrap_or(1);
        let mut draws = Draws::of(seed, &[11, 2]);
        let means: Vec<f64> = (0..count * count).map(|_| draws.normal()).collect();
        for (k, weight) in recurrent.iter_mut().enumerate() {
            *weight = means[types[k / n] * count + types[k % n]] + spread * *weight;
        }
    }
    recurrent.iter_mut().step_by(n + 1).for_each(|weight| *weight = 0.0);
    let scale = settings.radius / radius(n, &recurrent)?;
    recurrent.iter_mut().for_each(|weight| *weight *= scale);
    let mut draws = Draws::of(seed, &[11, 3]);
    let input = (0..n * INPUTS).map(|_| settings.input_scale * draws.normal()).collect();
    let mut draws = Draws::of(seed, &[11, 4]);
    // A count of neurons.
    #[allow(clippy::cast_precision_loss)]
    let scale = settings.readout_scale / (n as f64).sqrt();
    let readout = (0..readouts * n).map(|_| scale * draws.normal()).collect();
    Ok(TemporalNetwork {
        neurons: n,
        inputs: INPUTS,
        readouts,
        leak: settings.leak,
        activation: if condition.is_linear { Function::Identity } else { Function::Relu },
        kink: Kink::Left,
        recurrent,
        has_diagonal: false,
        input,
        readout,
        readout_biases: Some(vec![0.0; readouts]),
        types,
    })
}

/// The largest |eigenvalue|, to nine digits: the same on every machine.
fn radius(n: usize, matrix: &[f64]) -> Result<f64, Error> {
    let failed = || Error::NotFinite { what: "the eigenvalues of W at the start".into() };
    let matrix = Mat::from_fn(n, n, |post, pre| matrix[post * n + pre]);
    let sizes = eigenvalues(&matrix).ok_or_else(failed)?.map(|(re, im)| re * re + im * im);
    let radius = rounded(sizes.fold(0.0, f64::max).sqrt());
    if radius.is_finite() && radius > 0.0 { Ok(radius) } else { Err(failed()) }
}

/// σ' averaged over neurons, steps and examples: of a ReLU the share of it that is on. A plain forward pass (T1).
#[must_use]
pub fn mean_slope(net: &TemporalNetwork<f64>, batch: &Batch<f64>) -> f64 {
    let is_relu = net.activation == Function::Relu;
    if !is_relu {
        return 1.0;
    }
    let (mut on, mut all) = (0_u32, 0_u32);
    for example in 0..batch.examples {
        let (mut s, mut z) = (vec![0.0; net.neurons], vec![0.0; net.neurons]);
        for t in 0..batch.steps {
            let at = (t * batch.examples + example) * net.inputs;
            let x = &batch.input[at..at + net.inputs];
            for (post, s) in s.iter_mut().enumerate() {
                let row = |matrix: &[f64], from: &[f64]| -> f64 {
                    let row = &matrix[post * from.len()..(post + 1) * from.len()];
                    row.iter().zip(from).map(|(w, z)| w * z).sum()
                };
                let net_input = row(&net.recurrent, &z) + row(&net.input, x);
                *s = net.leak * *s + (1.0 - net.leak) * net_input;
            }
            for (z, s) in z.iter_mut().zip(&s) {
                *z = s.max(0.0);
                on += u32::from(*s > 0.0);
                all += 1;
            }
        }
    }
    f64::from(on) / f64::from(all.max(1))
}
