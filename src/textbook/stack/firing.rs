//! The layers in time, forwards only (S1).

use num_rational::BigRational;

use super::parameters::{Layer, Parameters, Rows};
use crate::error::Error;
use crate::scalar::Scalar;
use crate::spec::{Limits, StackCase};
use crate::textbook::firing::activate;
use crate::textbook::{afford, afford_function, embed, fits, within};

/// What one example does in time; `[t − 1][l]` is layer l at step t.
pub(super) struct Trajectory<S> {
    /// W z_{t−1} + U z^{l−1}_t + c
    pub drive: Vec<Vec<Vec<S>>>,
    /// s_t
    pub net_input: Vec<Vec<Vec<S>>>,
    /// z_t
    pub firing_rate: Vec<Vec<Vec<S>>>,
    /// ϵ_t = w_t (y_t − y*_t)
    pub readout_error: Vec<Vec<S>>,
    /// L_b
    pub loss: S,
}

/// Runs one example.
///
/// # Errors
/// [`Error::Unsupported`] for an activation that this number type cannot evaluate; [`Error::Limit`].
pub(super) fn firing<S: Scalar>(
    case: &StackCase,
    parameters: &Parameters<'_, S>,
    Rows { initial, input, wanted }: &Rows<S>,
    limits: &Limits,
) -> Result<Trajectory<S>, Error> {
    let kept = case.network.neurons().saturating_mul(3);
    fits(&[input.len(), kept.saturating_add(parameters.readout.len())], limits, "all steps")?;
    let half: S = embed(&BigRational::new(1.into(), 2.into()), "the 1/2 of the loss")?;
    let mut found = Trajectory {
        drive: Vec::new(),
        net_input: Vec::new(),
        firing_rate: Vec::new(),
        readout_error: Vec::new(),
        loss: S::zero(),
    };
    for (t, (x, wanted)) in input.iter().zip(wanted).enumerate() {
        let (mut drives, mut sums, mut rates) = (Vec::new(), Vec::new(), Vec::<Vec<S>>::new());
        for (l, layer) in parameters.layers.iter().enumerate() {
            let (state, before) = match t.checked_sub(1) {
                Some(earlier) => (&found.net_input[earlier][l], &found.firing_rate[earlier][l]),
                None => (&initial[l], &initial[l]),
            };
            let drive = drive(layer, before, rates.last().unwrap_or(x), limits)?;
            let mut sum = Vec::new();
            let mut rate = Vec::new();
            for (before, drive) in state.iter().zip(&drive) {
                afford(drive, &layer.leak, before, limits, "a net input")?;
                afford(drive, &layer.gain, drive, limits, "a net input")?;
                let s = layer.leak.clone() * before + &(layer.gain.clone() * drive);
                within(&s, limits, "a net input")?;
                afford_function(layer.activation, &s, limits)?;
                let z = activate(layer.activation, case.kink, &s)?;
                within(&z, limits, "a firing rate")?;
                rate.push(z);
                sum.push(s);
            }
            drives.push(drive);
            sums.push(sum);
            rates.push(rate);
        }
        let counts = case.steps.count(t + 1, input.len());
        let mut errors = Vec::new();
        for (k, row) in parameters.readout.iter().enumerate() {
            let mut y = parameters.readout_biases.as_ref().map_or_else(S::zero, |b| b[k].clone());
            for (weight, rate) in row.iter().zip(rates.last().into_iter().flatten()) {
                afford(&y, weight, rate, limits, "a readout")?;
                y = y + &(weight.clone() * rate);
            }
            let error = if counts { y - &wanted[k] } else { S::zero() };
            afford(&found.loss, &error, &error, limits, "the loss")?;
            found.loss = found.loss + &(half.clone() * &error * &error);
            errors.push(error);
        }
        found.drive.push(drives);
        found.net_input.push(sums);
        found.firing_rate.push(rates);
        found.readout_error.push(errors);
    }
    Ok(found)
}

/// W z_{t−1} + U z^{l−1}_t + c
fn drive<S: Scalar>(
    layer: &Layer<'_, S>,
    before: &[S],
    below: &[S],
    limits: &Limits,
) -> Result<Vec<S>, Error> {
    let mut all = Vec::new();
    for (post, (own, others)) in layer.recurrent.iter().zip(&layer.input).enumerate() {
        let mut sum = layer.biases.as_ref().map_or_else(S::zero, |c| c[post].clone());
        for (weight, rate) in own.iter().zip(before).chain(others.iter().zip(below)) {
            afford(&sum, weight, rate, limits, "a net input")?;
            sum = sum + &(weight.clone() * rate);
        }
        within(&sum, limits, "a net input")?;
        all.push(sum);
    }
    Ok(all)
}
