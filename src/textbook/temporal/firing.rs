//! The network in time, forwards only (T1).

use num_rational::BigRational;

use super::parameters::{Rows, TemporalParameters};
use crate::error::Error;
use crate::scalar::Scalar;
use crate::spec::{Limits, TemporalCase};
use crate::textbook::firing::activate;
use crate::textbook::{afford, afford_function, embed, fits, within};

/// What one example does in time; `[t − 1]` is step t.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trajectory<S> {
    /// s_t
    pub net_input: Vec<Vec<S>>,
    /// z_t
    pub firing_rate: Vec<Vec<S>>,
    /// y_t
    pub readout: Vec<Vec<S>>,
    /// ϵ_t = w_t (y_t − y*_t)
    pub readout_error: Vec<Vec<S>>,
    /// L_b
    pub loss: S,
}

/// Runs one example.
///
/// ```text
/// T1   s_t = λ s_{t−1} + (1−λ)(W z_{t−1} + U x_t + c),  z_t = σ(s_t),  y_t = V z_t + b,  L_b = ½ Σ_t w_t |y_t − y*_t|²
/// ```
///
/// # Errors
/// [`Error::Unsupported`] for an activation that this number type cannot evaluate; [`Error::Limit`].
pub fn firing<S: Scalar>(
    case: &TemporalCase,
    parameters: &TemporalParameters<S>,
    Rows { initial, input, target }: &Rows<S>,
    limits: &Limits,
) -> Result<Trajectory<S>, Error> {
    let neurons = parameters.recurrent.len();
    let kept = neurons.saturating_add(parameters.readout.len()).saturating_mul(2);
    fits(&[input.len(), kept], limits, "all steps")?;
    let half: S = embed(&BigRational::new(1.into(), 2.into()), "the 1/2 of the loss")?;
    let mut found = Trajectory {
        net_input: Vec::new(),
        firing_rate: Vec::new(),
        readout: Vec::new(),
        readout_error: Vec::new(),
        loss: S::zero(),
    };
    let (mut state, mut rates) = (initial.clone(), initial.clone());
    for (t, (x, wanted)) in input.iter().zip(target).enumerate() {
        let mut next = Vec::new();
        for (post, before) in state.iter().enumerate() {
            let mut drive = parameters.biases.as_ref().map_or_else(S::zero, |c| c[post].clone());
            for (weight, rate) in parameters.recurrent[post].iter().zip(&rates) {
                afford(&drive, weight, rate, limits, "a net input")?;
                drive = drive + &(weight.clone() * rate);
            }
            for (weight, number) in parameters.input[post].iter().zip(x) {
                afford(&drive, weight, number, limits, "a net input")?;
                drive = drive + &(weight.clone() * number);
            }
            afford(&drive, &parameters.leak, before, limits, "a net input")?;
            let kept = parameters.leak.clone() * before;
            let sum = kept + &(drive * &parameters.gain);
            within(&sum, limits, "a net input")?;
            next.push(sum);
        }
        state = next;
        rates = Vec::new();
        for sum in &state {
            afford_function(&case.network.activation, sum, limits)?;
            let rate = activate(&case.network.activation, case.kink, sum)?;
            within(&rate, limits, "a firing rate")?;
            rates.push(rate);
        }
        let mut readout = Vec::new();
        for (k, row) in parameters.readout.iter().enumerate() {
            let mut sum = parameters.readout_biases.as_ref().map_or_else(S::zero, |b| b[k].clone());
            for (weight, rate) in row.iter().zip(&rates) {
                afford(&sum, weight, rate, limits, "a readout")?;
                sum = sum + &(weight.clone() * rate);
            }
            readout.push(sum);
        }
        let counts = case.steps.count(t + 1, input.len());
        let mut error = Vec::new();
        for (y, wanted) in readout.iter().zip(wanted) {
            let difference = if counts { y.clone() - wanted } else { S::zero() };
            afford(&found.loss, &difference, &difference, limits, "the loss")?;
            found.loss = found.loss + &(half.clone() * &difference * &difference);
            error.push(difference);
        }
        found.net_input.push(state.clone());
        found.firing_rate.push(rates.clone());
        found.readout.push(readout);
        found.readout_error.push(error);
    }
    Ok(found)
}
