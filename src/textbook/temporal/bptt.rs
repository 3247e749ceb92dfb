//! Backpropagation through time, exactly, with a forward pass and slopes of its own (T2).

use num_rational::BigRational;

use super::outcome::{Step, TemporalOutcome};
use super::parameters::{Rows, TemporalParameters, rows};
use crate::error::Error;
use crate::scalar::Scalar;
use crate::spec::{Limits, TemporalCase, TemporalGradient};
use crate::textbook::backprop::value_and_slope;
use crate::textbook::{afford, afford_function, embed, fits, within};

/// L and its gradient.
///
/// ```text
/// T2   g_{T+1} = 0,  g_t = a_t + λ g_{t+1} + (1−λ) h_t ∘ (Wᵀ g_{t+1})
///      ∂L_b/∂W = (1−λ) Σ_t g_t z_{t−1}ᵀ,  ∂L_b/∂U = (1−λ) Σ_t g_t x_tᵀ,  ∂L_b/∂c = (1−λ) Σ_t g_t,  ∂L_b/∂V = Σ_t ϵ_t z_tᵀ,  ∂L_b/∂b = Σ_t ϵ_t
/// ```
///
/// Shapes: those of the parameters. Exactness: exact over every `ExactScalar`. Source: Werbos 1990.
///
/// # Errors
/// [`Error::Unsupported`] for an activation that this number type cannot evaluate; [`Error::Limit`].
pub fn run<S: Scalar>(case: &TemporalCase, limits: &Limits) -> Result<TemporalOutcome<S>, Error> {
    let p: TemporalParameters<S> = TemporalParameters::of(&case.network)?;
    let (neurons, inputs, readouts) = (p.recurrent.len(), case.network.inputs(), p.readout.len());
    // Seven quantities per neuron, two per readout.
    let kept = neurons.saturating_mul(7).saturating_add(readouts.saturating_mul(2));
    fits(&[case.examples.len(), case.duration(), kept], limits, "all steps")?;
    let share = BigRational::new(1.into(), case.examples.len().max(1).into());
    let share: S = embed(&share, "1/B, B the number of examples,")?;
    let half: S = embed(&BigRational::new(1.into(), 2.into()), "the 1/2 of the loss")?;
    let mut loss = S::zero();
    let mut recurrent = vec![vec![S::zero(); neurons]; neurons];
    let mut input = vec![vec![S::zero(); inputs]; neurons];
    let mut of_neurons = vec![S::zero(); neurons];
    let mut readout = vec![vec![S::zero(); neurons]; readouts];
    let mut biases = vec![S::zero(); readouts];
    let mut examples = Vec::new();
    for example in &case.examples {
        let sequence = rows::<S>(example, neurons)?;
        let mut steps = forward(case, &p, &sequence, limits)?;
        for step in &steps {
            for (k, error) in step.readout_error.iter().enumerate() {
                // ϵ is zero at the steps that do not count, so is its square.
                afford(&loss, error, error, limits, "the loss")?;
                loss = loss + &(error.clone() * error * &half);
                biases[k] = biases[k].clone() + error;
                for (entry, rate) in readout[k].iter_mut().zip(&step.firing_rate) {
                    afford(entry, error, rate, limits, "an entry of the gradient")?;
                    *entry = entry.clone() + &(error.clone() * rate);
                }
            }
        }
        let mut later = vec![S::zero(); neurons];
        for t in (0..steps.len()).rev() {
            // Λ_t = ℓ_t + (1−λ) Wᵀ g_{t+1}
            let mut total = steps[t].learning_signal.clone();
            for (row, adjoint) in p.recurrent.iter().zip(&later) {
                let scaled = p.gain.clone() * adjoint;
                for (sum, weight) in total.iter_mut().zip(row) {
                    afford(sum, &scaled, weight, limits, "an adjoint")?;
                    *sum = sum.clone() + &(scaled.clone() * weight);
                }
            }
            // g_t = λ g_{t+1} + h_t ∘ Λ_t
            let mut adjoint = Vec::new();
            for pre in 0..neurons {
                afford(&later[pre], &steps[t].slope[pre], &total[pre], limits, "an adjoint")?;
                let own = steps[t].slope[pre].clone() * &total[pre];
                let sum = p.leak.clone() * &later[pre] + &own;
                within(&sum, limits, "an adjoint")?;
                adjoint.push(sum);
            }
            for (post, g) in adjoint.iter().enumerate() {
                let scaled = p.gain.clone() * g;
                let before = match t {
                    0 => &sequence.initial,
                    _ => &steps[t - 1].firing_rate,
                };
                for (entry, rate) in recurrent[post].iter_mut().zip(before) {
                    afford(entry, &scaled, rate, limits, "an entry of the gradient")?;
                    *entry = entry.clone() + &(scaled.clone() * rate);
                    within(entry, limits, "an entry of the gradient")?;
                }
                of_neurons[post] = of_neurons[post].clone() + &scaled;
                for (entry, x) in input[post].iter_mut().zip(&sequence.input[t]) {
                    afford(entry, &scaled, x, limits, "an entry of the gradient")?;
                    *entry = entry.clone() + &(scaled.clone() * x);
                }
            }
            steps[t].total_credit = Some(total);
            steps[t].adjoint = Some(adjoint.clone());
            later = adjoint;
        }
        examples.push(steps);
    }
    let entries = recurrent.iter_mut().chain(&mut input).chain(&mut readout).flatten();
    for entry in entries.chain(&mut of_neurons).chain(&mut biases) {
        *entry = entry.clone() * &share;
    }
    let readout_biases = p.readout_biases.is_some().then_some(biases);
    let biases = p.biases.is_some().then_some(of_neurons);
    let loss = loss * &share;
    let gradient = TemporalGradient { loss, recurrent, input, biases, readout, readout_biases };
    Ok(TemporalOutcome { gradient, examples })
}

/// T1, with the slopes and signals that the way back will want.
fn forward<S: Scalar>(
    case: &TemporalCase,
    p: &TemporalParameters<S>,
    Rows { initial, input: xs, target: targets }: &Rows<S>,
    limits: &Limits,
) -> Result<Vec<Step<S>>, Error> {
    let neurons = p.recurrent.len();
    let mut steps: Vec<Step<S>> = Vec::new();
    for t in 0..xs.len() {
        let (states, rates) = match steps.last() {
            Some(before) => (&before.net_input, &before.firing_rate),
            None => (initial, initial),
        };
        let (mut net_input, mut firing_rate, mut slope) = (Vec::new(), Vec::new(), Vec::new());
        for post in 0..neurons {
            let mut current = S::zero();
            for (x, weight) in xs[t].iter().zip(&p.input[post]) {
                afford(&current, x, weight, limits, "a net input")?;
                current = current + &(x.clone() * weight);
            }
            for (rate, weight) in rates.iter().zip(&p.recurrent[post]) {
                afford(&current, rate, weight, limits, "a net input")?;
                current = current + &(rate.clone() * weight);
            }
            if let Some(biases) = &p.biases {
                current = current + &biases[post];
            }
            afford(&current, &states[post], &p.leak, limits, "a net input")?;
            let s = states[post].clone() * &p.leak + &(p.gain.clone() * &current);
            within(&s, limits, "a net input")?;
            afford_function(&case.network.activation, &s, limits)?;
            let (rate, derivative) = value_and_slope(&case.network.activation, case.kink, &s)?;
            within(&rate, limits, "a firing rate")?;
            net_input.push(s);
            firing_rate.push(rate);
            slope.push(derivative);
        }
        let counted = case.steps.count(t + 1, xs.len());
        let (mut readout, mut readout_error) = (Vec::new(), Vec::new());
        let mut learning_signal = vec![S::zero(); neurons];
        for (k, weights) in p.readout.iter().enumerate() {
            let mut y = S::zero();
            for (rate, weight) in firing_rate.iter().zip(weights) {
                afford(&y, rate, weight, limits, "a readout")?;
                y = y + &(rate.clone() * weight);
            }
            if let Some(biases) = &p.readout_biases {
                y = y + &biases[k];
            }
            let error = if counted { y.clone() - &targets[t][k] } else { S::zero() };
            for (signal, weight) in learning_signal.iter_mut().zip(weights) {
                afford(signal, weight, &error, limits, "a learning signal")?;
                *signal = signal.clone() + &(weight.clone() * &error);
            }
            readout.push(y);
            readout_error.push(error);
        }
        for (signal, slope) in learning_signal.iter().zip(&slope) {
            afford(signal, signal, slope, limits, "a learning signal")?;
        }
        let gated = learning_signal.iter().zip(&slope).map(|(l, h)| l.clone() * h);
        let gated_signal = gated.collect();
        steps.push(Step {
            net_input,
            firing_rate,
            slope,
            readout,
            readout_error,
            learning_signal,
            gated_signal,
            trace: None,
            total_credit: None,
            adjoint: None,
        });
    }
    Ok(steps)
}
