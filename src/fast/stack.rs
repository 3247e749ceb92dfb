//! Backpropagation through time and layers in floats (S2): layers above each other, and the derivative of a leak.
//!
//! One example after the other, in plain loops over rows: as large as a case in a file may be, and no larger.

use num_rational::BigRational;

use crate::error::Error;
use crate::fast::backprop::slope::{activate, slope};
use crate::fast::{Float, Function, MAX_VALUES, not_finite, rounded};
use crate::spec::{Kink, Sequence, StackCase, StackGradient, StackLayer, StackLayerGradient};

/// One layer, every number the nearest float.
struct Layer<F> {
    leak: F,
    gain: F,
    activation: Function<F>,
    recurrent: Vec<Vec<F>>,
    input: Vec<Vec<F>>,
    biases: Option<Vec<F>>,
}

/// What a layer did at a step.
struct Cells<F> {
    drive: Vec<F>,
    state: Vec<F>,
    rate: Vec<F>,
    slope: Vec<F>,
}

/// L and its gradient, by BPTT.
///
/// ```text
/// S2   g^l_t = h^l_t ∘ ((1−λ_l) W^lᵀ g^l_{t+1} + (1−λ_{l+1}) U^{l+1}ᵀ g^{l+1}_t) + λ_l g^l_{t+1}
/// ```
///
/// Exactness: rounded.
///
/// # Errors
/// [`Error::NotFinite`] where a number is beyond the format, or becomes so; [`Error::Limit`] for what would not fit into memory.
pub fn bptt<F: Float>(case: &StackCase) -> Result<StackGradient<F>, Error> {
    let net = &case.network;
    let kept = (net.neurons() as u64).saturating_mul(4).saturating_mul(case.duration() as u64);
    if kept > MAX_VALUES {
        let what = "numbers of all steps".to_owned();
        return Err(Error::Limit { what, given: kept, limit: MAX_VALUES });
    }
    let layers = net.layers.iter().enumerate().map(|(l, layer)| Layer::of(layer, l));
    let layers = layers.collect::<Result<Vec<Layer<F>>, _>>()?;
    let readout = matrix(&net.readout, "readout")?;
    let biases = net.readout_biases.as_ref().map(|list| numbers(list, "readout_biases"));
    let biases: Option<Vec<F>> = biases.transpose()?;
    let (zero, one) = (F::from(0), F::from(1));
    let mut found = StackGradient::filled(net, &zero);
    for (b, example) in case.examples.iter().enumerate() {
        let place = |what: &str| format!("examples[{b}].{what}");
        let start = initial(&layers, example, &place("initial"))?;
        let x: Vec<Vec<F>> = matrix(&example.input, &place("input"))?;
        let wanted: Vec<Vec<F>> = matrix(&example.target, &place("target"))?;
        let steps = fire(&layers, case.kink, &start, &x);
        let mut later: Vec<Vec<F>> = layers.iter().map(|l| vec![zero; l.recurrent.len()]).collect();
        for t in (0..steps.len()).rev() {
            let top = steps[t].last().map_or(&[][..], |cells| &cells.rate);
            let mut arriving = vec![zero; top.len()];
            if case.steps.count(t + 1, steps.len()) {
                for (k, row) in readout.iter().enumerate() {
                    let mut y = dot(row, top);
                    if let Some(biases) = &biases {
                        y += biases[k];
                    }
                    let error = y - wanted[t][k];
                    found.loss += error * error / F::from(2);
                    add_times(&mut arriving, error, row);
                    add_times(&mut found.readout[k], error, top);
                    if let Some(bias) = found.readout_biases.as_mut().and_then(|b| b.get_mut(k)) {
                        *bias += error;
                    }
                }
            }
            for (l, layer) in layers.iter().enumerate().rev() {
                let now = layer.adjoint(&steps[t][l].slope, arriving, &later[l]);
                let (state, rate) = match t.checked_sub(1) {
                    Some(before) => (&steps[before][l].state, &steps[before][l].rate),
                    None => (&start[l], &start[l]),
                };
                let below = l.checked_sub(1).map_or(&x[t], |below| &steps[t][below].rate);
                let drive = &steps[t][l].drive;
                learn(&mut found.layers[l], layer.gain, &now, [rate, below], [state, drive]);
                arriving = vec![zero; below.len()];
                for (row, g) in layer.input.iter().zip(&now) {
                    add_times(&mut arriving, layer.gain * *g, row);
                }
                later[l] = now;
            }
        }
    }
    let share = one / F::count(case.examples.len());
    for value in found.all_mut() {
        *value *= share;
        if !value.finite() {
            return Err(not_finite(format!("loss or gradient of the layers in {}", F::NAME)));
        }
    }
    Ok(found)
}

impl<F: Float> Layer<F> {
    fn of(layer: &StackLayer, l: usize) -> Result<Self, Error> {
        let place = |what: &str| format!("{what} of layer {}", l + 1);
        let leak: F = rounded(&layer.leak, || place("the leak"))?;
        let biases = layer.biases.as_ref().map(|list| numbers(list, &place("biases")));
        Ok(Self {
            leak,
            gain: F::from(1) - leak,
            activation: Function::of(&layer.activation)?,
            recurrent: matrix(&layer.recurrent, &place("recurrent"))?,
            input: matrix(&layer.input, &place("input"))?,
            biases: biases.transpose()?,
        })
    }

    /// g_t = h_t ∘ (what arrives + (1−λ) Wᵀ g_{t+1}) + λ g_{t+1}
    fn adjoint(&self, slope: &[F], mut arriving: Vec<F>, later: &[F]) -> Vec<F> {
        for (row, g) in self.recurrent.iter().zip(later) {
            add_times(&mut arriving, self.gain * *g, row);
        }
        for ((total, h), g) in arriving.iter_mut().zip(slope).zip(later) {
            *total = *h * *total + self.leak * *g;
        }
        arriving
    }
}

/// S1, step by step and layer by layer.
fn fire<F: Float>(
    layers: &[Layer<F>],
    kink: Kink,
    start: &[Vec<F>],
    input: &[Vec<F>],
) -> Vec<Vec<Cells<F>>> {
    let mut steps: Vec<Vec<Cells<F>>> = Vec::new();
    for x in input {
        let mut now: Vec<Cells<F>> = Vec::new();
        for (l, layer) in layers.iter().enumerate() {
            let (states, rates) = match steps.last() {
                Some(before) => (&before[l].state, &before[l].rate),
                None => (&start[l], &start[l]),
            };
            let below = now.last().map_or(x, |cells| &cells.rate);
            let drive_of = |post: usize| {
                let sum = dot(&layer.recurrent[post], rates) + dot(&layer.input[post], below);
                layer.biases.as_ref().map_or(sum, |biases| sum + biases[post])
            };
            let drive: Vec<F> = (0..states.len()).map(drive_of).collect();
            let mix = |(s, d): (&F, &F)| layer.leak * *s + layer.gain * *d;
            let state: Vec<F> = states.iter().zip(&drive).map(mix).collect();
            let rate = state.iter().map(|s| activate(&layer.activation, *s)).collect();
            let slope = state.iter().map(|s| slope(&layer.activation, kink, *s)).collect();
            now.push(Cells { drive, state, rate, slope });
        }
        steps.push(now);
    }
    steps
}

/// One step's part of the derivatives of a layer.
fn learn<F: Float>(
    into: &mut StackLayerGradient<F>,
    gain: F,
    adjoint: &[F],
    [before, below]: [&[F]; 2],
    [state, drive]: [&[F]; 2],
) {
    for (post, g) in adjoint.iter().enumerate() {
        let scaled = gain * *g;
        add_times(&mut into.recurrent[post], scaled, before);
        add_times(&mut into.input[post], scaled, below);
        if let Some(bias) = into.biases.as_mut().and_then(|biases| biases.get_mut(post)) {
            *bias += scaled;
        }
        if let Some(leak) = &mut into.leak {
            *leak += *g * (state[post] - drive[post]);
        }
    }
}

/// s_0 of each layer.
fn initial<F: Float>(
    layers: &[Layer<F>],
    example: &Sequence,
    place: &str,
) -> Result<Vec<Vec<F>>, Error> {
    let given = example.initial.as_ref().map(|state| numbers(state, place)).transpose()?;
    let mut given = given.into_iter().flatten();
    let state = |layer: &Layer<F>| {
        let mut own: Vec<F> = given.by_ref().take(layer.recurrent.len()).collect();
        own.resize(layer.recurrent.len(), F::from(0));
        own
    };
    Ok(layers.iter().map(state).collect())
}

fn dot<F: Float>(row: &[F], values: &[F]) -> F {
    let mut sum = F::from(0);
    for (weight, value) in row.iter().zip(values) {
        sum += *weight * *value;
    }
    sum
}

/// sums ← sums + factor · row
fn add_times<F: Float>(sums: &mut [F], factor: F, row: &[F]) {
    for (sum, other) in sums.iter_mut().zip(row) {
        *sum += factor * *other;
    }
}

fn matrix<F: Float>(rows: &[Vec<BigRational>], place: &str) -> Result<Vec<Vec<F>>, Error> {
    rows.iter().map(|row| numbers(row, place)).collect()
}

fn numbers<F: Float>(values: &[BigRational], place: &str) -> Result<Vec<F>, Error> {
    values.iter().map(|value| rounded(value, || place.to_owned())).collect()
}
