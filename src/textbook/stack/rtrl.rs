//! Real-time recurrent learning through time and layers, exactly: the sensitivity of every cell to one parameter after the other,
//! carried forwards.

use super::firing::{Trajectory, firing};
use super::parameters::{Parameters, Rows, sequences, share};
use crate::error::Error;
use crate::scalar::Scalar;
use crate::spec::{Limits, StackCase, StackGradient};
use crate::textbook::credit::balance_of_net_input;
use crate::textbook::{afford, afford_function, fits, within};

/// L and its gradient.
///
/// ```text
/// S3  P^m_t = λ_m P^m_{t−1} + (1−λ_m)(W^m (h^m_{t−1} ∘ P^m_{t−1}) + U^m (h^{m−1}_t ∘ P^{m−1}_t)) + [m = l] d_t,   P^m = ∂s^m/∂θ, θ of layer l
///      d_{j,t} = [j = p] (1−λ_l) (z^l_{q,t−1}, z^{l−1}_{q,t} or 1) for W_pq, U_pq, c_p;   s_{j,t−1} − (W z_{t−1} + U z^{l−1}_t + c)_j for λ_l
///      ∂L_b/∂θ = Σ_t (Vᵀ ϵ_t) · (h^L_t ∘ P^L_t)
/// ```
///
/// Memory: two numbers per cell, for one parameter at a time. Exactness: exact over every `ExactScalar`. Source: Williams & Zipser 1989,
/// with layers as blocks of one network whose synapses from below have no delay.
///
/// # Errors
/// [`Error::Unsupported`] for an activation that this number type cannot evaluate; [`Error::Limit`].
pub fn run<S: Scalar>(case: &StackCase, limits: &Limits) -> Result<StackGradient<S>, Error> {
    let parameters: Parameters<'_, S> = Parameters::of(&case.network)?;
    let mut found = StackGradient::filled(&case.network, &S::zero());
    for rows in &sequences::<S>(case)? {
        let seen = Seen::of(case, &parameters, rows, limits)?;
        found.loss = found.loss + &seen.ran.loss;
        for (l, layer) in found.layers.iter_mut().enumerate() {
            let add = |entry: &mut S, theta: Theta| {
                let more = seen.along(l, theta)?;
                afford(entry, &more, &S::one(), limits, ENTRY)?;
                *entry = entry.clone() + &more;
                within(entry, limits, ENTRY)
            };
            for (post, row) in layer.recurrent.iter_mut().enumerate() {
                for (pre, entry) in row.iter_mut().enumerate() {
                    add(entry, Theta::Recurrent { post, pre })?;
                }
            }
            for (post, row) in layer.input.iter_mut().enumerate() {
                for (pre, entry) in row.iter_mut().enumerate() {
                    add(entry, Theta::Input { post, pre })?;
                }
            }
            for (post, entry) in layer.biases.iter_mut().flatten().enumerate() {
                add(entry, Theta::Bias { post })?;
            }
            if let Some(entry) = &mut layer.leak {
                add(entry, Theta::Leak)?;
            }
        }
        seen.read_out(&mut found)?;
    }
    let share: S = share(case)?;
    for value in found.all_mut() {
        *value = value.clone() * &share;
    }
    Ok(found)
}

const ENTRY: &str = "an entry of the gradient";

/// A parameter of a layer.
#[derive(Clone, Copy)]
enum Theta {
    Recurrent { post: usize, pre: usize },
    Input { post: usize, pre: usize },
    Bias { post: usize },
    Leak,
}

/// One example as it ran, with its slopes and the signals from the readouts.
struct Seen<'a, S> {
    parameters: &'a Parameters<'a, S>,
    rows: &'a Rows<S>,
    ran: Trajectory<S>,
    /// h_t, as the net inputs are kept.
    slope: Vec<Vec<Vec<S>>>,
    /// Vᵀ ϵ_t
    signal: Vec<Vec<S>>,
    limits: &'a Limits,
}

impl<'a, S: Scalar> Seen<'a, S> {
    fn of(
        case: &StackCase,
        parameters: &'a Parameters<'a, S>,
        rows: &'a Rows<S>,
        limits: &'a Limits,
    ) -> Result<Self, Error> {
        let ran = firing(case, parameters, rows, limits)?;
        fits(&[ran.net_input.len(), case.network.neurons()], limits, "all slopes")?;
        let mut slope = Vec::new();
        for step in &ran.net_input {
            let mut of_step = Vec::new();
            for (layer, sums) in parameters.layers.iter().zip(step) {
                let of_cell = |s| {
                    afford_function(layer.activation, s, limits)?;
                    balance_of_net_input(layer.activation, case.kink, s)
                };
                of_step.push(sums.iter().map(of_cell).collect::<Result<Vec<S>, _>>()?);
            }
            slope.push(of_step);
        }
        let mut signal = Vec::new();
        for errors in &ran.readout_error {
            let mut sums = vec![S::zero(); parameters.readout.first().map_or(0, Vec::len)];
            for (row, error) in parameters.readout.iter().zip(errors) {
                for (sum, weight) in sums.iter_mut().zip(row) {
                    afford(sum, weight, error, limits, "a learning signal")?;
                    *sum = sum.clone() + &(weight.clone() * error);
                }
            }
            signal.push(sums);
        }
        Ok(Self { parameters, rows, ran, slope, signal, limits })
    }

    /// ∂L_b/∂θ for a parameter of layer l.
    fn along(&self, own: usize, theta: Theta) -> Result<S, Error> {
        let layers = &self.parameters.layers[own..];
        let still = |of: &Vec<Vec<S>>| vec![S::zero(); of.len()];
        // P_{t−1} and h_{t−1} ∘ P_{t−1} of this layer and those above.
        let mut before: Vec<Vec<S>> = layers.iter().map(|l| still(&l.recurrent)).collect();
        let mut relayed = before.clone();
        let mut total = S::zero();
        for t in 0..self.ran.net_input.len() {
            for (above, layer) in layers.iter().enumerate() {
                let mut now = Vec::new();
                for (j, kept) in before[above].iter().enumerate() {
                    let mut sum = S::zero();
                    let synapses = layer.recurrent[j].iter().zip(&relayed[above]);
                    // The layer below is at this step already.
                    let below = above.checked_sub(1).map(|below| &relayed[below]);
                    let from_below = layer.input[j].iter().zip(below.into_iter().flatten());
                    for (weight, there) in synapses.chain(from_below) {
                        afford(&sum, weight, there, self.limits, "a sensitivity")?;
                        sum = sum + &(weight.clone() * there);
                    }
                    afford(&sum, &layer.leak, kept, self.limits, "a sensitivity")?;
                    afford(&sum, &layer.gain, &sum, self.limits, "a sensitivity")?;
                    let mut next = layer.leak.clone() * kept + &(layer.gain.clone() * &sum);
                    if above == 0 {
                        next = next + &self.direct(own, theta, t, j);
                    }
                    within(&next, self.limits, "a sensitivity")?;
                    now.push(next);
                }
                let mut sloped = Vec::new();
                for (p, h) in now.iter().zip(&self.slope[t][own + above]) {
                    afford(p, p, h, self.limits, "a sensitivity")?;
                    sloped.push(p.clone() * h);
                }
                before[above] = now;
                relayed[above] = sloped;
            }
            for (signal, there) in self.signal[t].iter().zip(relayed.last().into_iter().flatten()) {
                afford(&total, signal, there, self.limits, ENTRY)?;
                total = total + &(signal.clone() * there);
            }
        }
        Ok(total)
    }

    /// d_{j,t}: what the parameter does to a cell by itself.
    fn direct(&self, l: usize, theta: Theta, t: usize, j: usize) -> S {
        let gain = &self.parameters.layers[l].gain;
        let initial = &self.rows.initial[l];
        let earlier = t.checked_sub(1);
        match theta {
            Theta::Recurrent { post, pre } if post == j => {
                let rates = earlier.map_or(initial, |t| &self.ran.firing_rate[t][l]);
                gain.clone() * &rates[pre]
            }
            Theta::Input { post, pre } if post == j => {
                let below = l.checked_sub(1).map(|below| &self.ran.firing_rate[t][below]);
                gain.clone() * &below.unwrap_or(&self.rows.input[t])[pre]
            }
            Theta::Bias { post } if post == j => gain.clone(),
            Theta::Recurrent { .. } | Theta::Input { .. } | Theta::Bias { .. } => S::zero(),
            Theta::Leak => {
                let state = earlier.map_or(initial, |t| &self.ran.net_input[t][l]);
                state[j].clone() - &self.ran.drive[t][l][j]
            }
        }
    }

    /// ∂L_b/∂V = Σ_t ϵ_t z_tᵀ and ∂L_b/∂b = Σ_t ϵ_t.
    fn read_out(&self, found: &mut StackGradient<S>) -> Result<(), Error> {
        for (errors, rates) in self.ran.readout_error.iter().zip(&self.ran.firing_rate) {
            for (k, error) in errors.iter().enumerate() {
                for (entry, rate) in
                    found.readout[k].iter_mut().zip(rates.last().into_iter().flatten())
                {
                    afford(entry, error, rate, self.limits, ENTRY)?;
                    *entry = entry.clone() + &(error.clone() * rate);
                }
                if let Some(bias) = found.readout_biases.as_mut().and_then(|all| all.get_mut(k)) {
                    *bias = bias.clone() + error;
                }
            }
        }
        Ok(())
    }
}
