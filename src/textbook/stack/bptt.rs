//! Backpropagation through time and layers, exactly, with a forward pass and slopes of its own.

use num_rational::BigRational;

use super::parameters::{Layer, Parameters, Rows, sequences, share};
use crate::error::Error;
use crate::scalar::Scalar;
use crate::spec::{Limits, StackCase, StackGradient, StackLayerGradient};
use crate::textbook::backprop::value_and_slope;
use crate::textbook::{afford, afford_function, embed, fits, within};

/// L and its gradient.
///
/// ```text
/// S2  g^l_t = h^l_t ∘ Λ^l_t + λ_l g^l_{t+1},   g_{T+1} = 0
///      Λ^l_t = (1−λ_l) W^lᵀ g^l_{t+1} + (1−λ_{l+1}) U^{l+1}ᵀ g^{l+1}_t,   Λ^L_t = (1−λ_L) W^Lᵀ g^L_{t+1} + Vᵀ ϵ_t
///      ∂L_b/∂W^l = (1−λ_l) Σ_t g^l_t z^l_{t−1}ᵀ,  ∂L_b/∂U^l = (1−λ_l) Σ_t g^l_t z^{l−1}_tᵀ,  ∂L_b/∂c^l = (1−λ_l) Σ_t g^l_t
///      ∂L_b/∂λ_l = Σ_t g^l_t · (s^l_{t−1} − W^l z^l_{t−1} − U^l z^{l−1}_t − c^l)
/// ```
///
/// Shapes: those of the parameters. Exactness: exact over every `ExactScalar`. Source: Werbos 1990; the last line is S1
/// differentiated.
///
/// # Errors
/// [`Error::Unsupported`] for an activation that this number type cannot evaluate; [`Error::Limit`].
pub fn run<S: Scalar>(case: &StackCase, limits: &Limits) -> Result<StackGradient<S>, Error> {
    watched(case, limits).map(|(gradient, _)| gradient)
}

/// What a layer did at a step, and what it is to blame for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched<S> {
    /// s_t
    pub net_input: Vec<S>,
    /// Λ_t
    pub total_credit: Vec<S>,
}

/// The same, with what was seen: `[b][t − 1][l]`.
///
/// # Errors
/// As [`run`].
#[allow(clippy::type_complexity, reason = "examples, steps and layers, as they are called")]
pub fn watched<S: Scalar>(
    case: &StackCase,
    limits: &Limits,
) -> Result<(StackGradient<S>, Vec<Vec<Vec<Watched<S>>>>), Error> {
    let parameters: Parameters<'_, S> = Parameters::of(&case.network)?;
    let kept = case.network.neurons().saturating_mul(6);
    fits(&[case.examples.len(), case.duration(), kept], limits, "all steps")?;
    let half: S = embed(&BigRational::new(1.into(), 2.into()), "the 1/2 of the loss")?;
    let mut found = StackGradient::filled(&case.network, &S::zero());
    let mut seen = Vec::new();
    for rows in &sequences::<S>(case)? {
        let steps = forward(case, &parameters, rows, limits)?;
        let still = |layer: &Layer<'_, S>| vec![S::zero(); layer.recurrent.len()];
        let mut later: Vec<Vec<S>> = parameters.layers.iter().map(still).collect();
        let mut of_steps = Vec::new();
        for t in (0..steps.len()).rev() {
            let mut of_layers = Vec::new();
            // Vᵀ ϵ_t, and then what comes down from each layer.
            let mut arriving = vec![S::zero(); parameters.readout.first().map_or(0, Vec::len)];
            let top = steps[t].cells.last().map_or(&[][..], |cells| &cells.rate);
            for (k, error) in steps[t].error.iter().enumerate() {
                afford(&found.loss, error, error, limits, "the loss")?;
                found.loss = found.loss + &(half.clone() * error * error);
                add_times(&mut arriving, error, &parameters.readout[k], limits, "an adjoint")?;
                add_times(&mut found.readout[k], error, top, limits, ENTRY)?;
                if let Some(bias) = found.readout_biases.as_mut().and_then(|b| b.get_mut(k)) {
                    *bias = bias.clone() + error;
                }
            }
            for (l, layer) in parameters.layers.iter().enumerate().rev() {
                let cells = &steps[t].cells[l];
                let total_credit = total(layer, arriving, &later[l], limits)?;
                let now = adjoint(layer, &cells.slope, &total_credit, &later[l], limits)?;
                of_layers.push(Watched { net_input: cells.sum.clone(), total_credit });
                let (state, rate) = match t.checked_sub(1) {
                    Some(before) => (&steps[before].cells[l].sum, &steps[before].cells[l].rate),
                    None => (&rows.initial[l], &rows.initial[l]),
                };
                let below = l.checked_sub(1).map(|below| &steps[t].cells[below].rate);
                let heard = [rate, below.unwrap_or(&rows.input[t])];
                arriving = vec![S::zero(); heard[1].len()];
                let into = &mut found.layers[l];
                for (post, g) in now.iter().enumerate() {
                    let scaled = layer.gain.clone() * g;
                    learn(into, post, &scaled, heard, limits)?;
                    if let Some(leak) = &mut into.leak {
                        let apart = state[post].clone() - &cells.drive[post];
                        afford(leak, g, &apart, limits, ENTRY)?;
                        *leak = leak.clone() + &(g.clone() * &apart);
                        within(leak, limits, ENTRY)?;
                    }
                    add_times(&mut arriving, &scaled, &layer.input[post], limits, "an adjoint")?;
                }
                later[l] = now;
            }
            of_layers.reverse();
            of_steps.push(of_layers);
        }
        of_steps.reverse();
        seen.push(of_steps);
    }
    let share: S = share(case)?;
    for value in found.all_mut() {
        *value = value.clone() * &share;
    }
    Ok((found, seen))
}

const ENTRY: &str = "an entry of the gradient";

/// Λ_t: what arrives, and (1−λ) Wᵀ g_{t+1}.
fn total<S: Scalar>(
    layer: &Layer<'_, S>,
    mut arriving: Vec<S>,
    later: &[S],
    limits: &Limits,
) -> Result<Vec<S>, Error> {
    for (row, g) in layer.recurrent.iter().zip(later) {
        let scaled = layer.gain.clone() * g;
        add_times(&mut arriving, &scaled, row, limits, "an adjoint")?;
    }
    Ok(arriving)
}

/// g_t = h_t ∘ Λ_t + λ g_{t+1}
fn adjoint<S: Scalar>(
    layer: &Layer<'_, S>,
    slope: &[S],
    total: &[S],
    later: &[S],
    limits: &Limits,
) -> Result<Vec<S>, Error> {
    let mut now = Vec::new();
    for ((total, h), g) in total.iter().zip(slope).zip(later) {
        afford(g, h, total, limits, "an adjoint")?;
        let sum = layer.leak.clone() * g + &(h.clone() * total);
        within(&sum, limits, "an adjoint")?;
        now.push(sum);
    }
    Ok(now)
}

/// One cell's part of ∂L_b/∂W, ∂L_b/∂U and ∂L_b/∂c, from (1−λ) g.
fn learn<S: Scalar>(
    into: &mut StackLayerGradient<S>,
    post: usize,
    scaled: &S,
    [before, below]: [&Vec<S>; 2],
    limits: &Limits,
) -> Result<(), Error> {
    add_times(&mut into.recurrent[post], scaled, before, limits, ENTRY)?;
    add_times(&mut into.input[post], scaled, below, limits, ENTRY)?;
    if let Some(bias) = into.biases.as_mut().and_then(|all| all.get_mut(post)) {
        *bias = bias.clone() + scaled;
    }
    Ok(())
}

/// sums ← sums + factor · row
fn add_times<S: Scalar>(
    sums: &mut [S],
    factor: &S,
    row: &[S],
    limits: &Limits,
    what: &str,
) -> Result<(), Error> {
    if factor.is_zero() {
        return Ok(());
    }
    for (sum, other) in sums.iter_mut().zip(row) {
        afford(sum, factor, other, limits, what)?;
        *sum = sum.clone() + &(factor.clone() * other);
        within(sum, limits, what)?;
    }
    Ok(())
}

/// What the way back wants of a step.
struct Step<S> {
    cells: Vec<Cells<S>>,
    error: Vec<S>,
}

/// Of a layer.
struct Cells<S> {
    /// W z_{t−1} + U z^{l−1}_t + c
    drive: Vec<S>,
    sum: Vec<S>,
    rate: Vec<S>,
    slope: Vec<S>,
}

/// S1
fn forward<S: Scalar>(
    case: &StackCase,
    parameters: &Parameters<'_, S>,
    rows: &Rows<S>,
    limits: &Limits,
) -> Result<Vec<Step<S>>, Error> {
    let mut steps: Vec<Step<S>> = Vec::new();
    for (t, x) in rows.input.iter().enumerate() {
        let mut cells: Vec<Cells<S>> = Vec::new();
        for (l, layer) in parameters.layers.iter().enumerate() {
            let (state, rates) = match steps.last() {
                Some(before) => (&before.cells[l].sum, &before.cells[l].rate),
                None => (&rows.initial[l], &rows.initial[l]),
            };
            let below = cells.last().map_or(x, |below| &below.rate);
            let mut now =
                Cells { drive: Vec::new(), sum: Vec::new(), rate: Vec::new(), slope: Vec::new() };
            for (post, state) in state.iter().enumerate() {
                let mut current = S::zero();
                let pairs = below.iter().zip(&layer.input[post]);
                for (rate, weight) in pairs.chain(rates.iter().zip(&layer.recurrent[post])) {
                    afford(&current, rate, weight, limits, "a net input")?;
                    current = current + &(rate.clone() * weight);
                }
                if let Some(biases) = &layer.biases {
                    current = current + &biases[post];
                }
                afford(&current, &current, &layer.gain, limits, "a net input")?;
                afford(&current, state, &layer.leak, limits, "a net input")?;
                let s = current.clone() * &layer.gain + &(state.clone() * &layer.leak);
                within(&s, limits, "a net input")?;
                afford_function(layer.activation, &s, limits)?;
                let (rate, slope) = value_and_slope(layer.activation, case.kink, &s)?;
                within(&rate, limits, "a firing rate")?;
                now.drive.push(current);
                now.sum.push(s);
                now.rate.push(rate);
                now.slope.push(slope);
            }
            cells.push(now);
        }
        let rates = cells.last().map_or(&[][..], |cells| &cells.rate);
        let mut error = Vec::new();
        for (k, weights) in parameters.readout.iter().enumerate() {
            let mut y = S::zero();
            for (rate, weight) in rates.iter().zip(weights) {
                afford(&y, rate, weight, limits, "a readout")?;
                y = y + &(rate.clone() * weight);
            }
            if let Some(biases) = &parameters.readout_biases {
                y = y + &biases[k];
            }
            let counts = case.steps.count(t + 1, rows.input.len());
            error.push(if counts { y - &rows.wanted[t][k] } else { S::zero() });
        }
        steps.push(Step { cells, error });
    }
    Ok(steps)
}
