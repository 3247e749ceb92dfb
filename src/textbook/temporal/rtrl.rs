//! Real-time recurrent learning, exactly: every cell's sensitivity to every parameter, carried forwards (T3).

use super::local::{Estimate, over_examples};
use super::outcome::TemporalOutcome;
use super::parameters::TemporalParameters;
use crate::error::Error;
use crate::scalar::Scalar;
use crate::spec::{Limits, TemporalCase};
use crate::textbook::{afford, fits, within};

/// L and its gradient.
///
/// ```text
/// T3   P_{j,pq,t} = λ P_{j,pq,t−1} + (1−λ) Σ_l W_jl h_{l,t−1} P_{l,pq,t−1} + [j = p] (1−λ) z_{q,t−1},   ∂L_b/∂W_pq = Σ_t Σ_j a_{j,t} P_{j,pq,t}
/// ```
///
/// For U the last term has x_{m,t}. Cost: N³ numbers, N⁴ operations a step. Exactness: exact over every `ExactScalar`.
/// Source: Williams & Zipser 1989.
///
/// # Errors
/// [`Error::Unsupported`] for an activation that this number type cannot evaluate; [`Error::Limit`].
pub fn run<S: Scalar>(case: &TemporalCase, limits: &Limits) -> Result<TemporalOutcome<S>, Error> {
    let neurons = case.network.neurons();
    let inputs = case.network.inputs() + usize::from(case.network.biases.is_some());
    let synapses = neurons.saturating_mul(neurons.saturating_add(inputs));
    fits(&[neurons, synapses], limits, "all sensitivities of RTRL")?;
    over_examples(case, limits, |parameters, seen| {
        let mut of_recurrent = Sensitivity::zero(neurons, neurons);
        let mut of_input = Sensitivity::zero(neurons, inputs);
        let mut found = Estimate::zero(parameters);
        for (t, step) in seen.steps.iter().enumerate() {
            // Before the first step nothing depends on a parameter.
            let still = vec![S::zero(); neurons];
            let slopes = t.checked_sub(1).map_or(&still, |before| &seen.steps[before].slope);
            of_recurrent.advance(parameters, slopes, seen.rates_before(t), limits)?;
            of_input.advance(parameters, slopes, &seen.input[t], limits)?;
            of_recurrent.project(&step.gated_signal, &mut found.recurrent, limits)?;
            of_input.project(&step.gated_signal, &mut found.input, limits)?;
        }
        Ok(found)
    })
}

/// ∂s_j/∂(weight from q to p), as `[j][p][q]`.
struct Sensitivity<S>(Vec<Vec<Vec<S>>>);

impl<S: Scalar> Sensitivity<S> {
    fn zero(neurons: usize, sources: usize) -> Self {
        Self(vec![vec![vec![S::zero(); sources]; neurons]; neurons])
    }

    /// P_{t−1} to P_t, from the slopes of step t−1 and what the sources said.
    fn advance(
        &mut self,
        parameters: &TemporalParameters<S>,
        slopes: &[S],
        sources: &[S],
        limits: &Limits,
    ) -> Result<(), Error> {
        let before = std::mem::take(&mut self.0);
        for (j, weights) in parameters.recurrent.iter().enumerate() {
            let mut now = before[j].clone();
            for (p, row) in now.iter_mut().enumerate() {
                for (q, entry) in row.iter_mut().enumerate() {
                    let mut relayed = if j == p { sources[q].clone() } else { S::zero() };
                    for (l, weight) in weights.iter().enumerate() {
                        if !weight.is_zero() && !slopes[l].is_zero() {
                            let there = &before[l][p][q];
                            afford(there, weight, &slopes[l], limits, "a sensitivity")?;
                            afford(&relayed, &slopes[l], there, limits, "a sensitivity")?;
                            relayed = relayed + &(weight.clone() * &slopes[l] * there);
                        }
                    }
                    afford(&relayed, entry, &parameters.leak, limits, "a sensitivity")?;
                    *entry = entry.clone() * &parameters.leak + &(relayed * &parameters.gain);
                    within(entry, limits, "a sensitivity")?;
                }
            }
            self.0.push(now);
        }
        Ok(())
    }

    /// Adds Σ_j a_j P_j to a matrix of derivatives.
    fn project(
        &self,
        signal: &[S],
        derivatives: &mut [Vec<S>],
        limits: &Limits,
    ) -> Result<(), Error> {
        for (rows, a) in self.0.iter().zip(signal).filter(|(_, a)| !a.is_zero()) {
            for (entry, p) in derivatives.iter_mut().flatten().zip(rows.iter().flatten()) {
                afford(entry, a, p, limits, "an entry of the gradient")?;
                *entry = entry.clone() + &(a.clone() * p);
            }
        }
        Ok(())
    }
}
