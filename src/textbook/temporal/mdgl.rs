//! MDGL: the learning signals of the cells one synapse ahead, one step later (T6).

use super::feedback::feedback_weights;
use super::local::{Estimate, over_examples, transposed_times};
use super::outcome::{Evaluation, TemporalOutcome};
use crate::error::Error;
use crate::scalar::Scalar;
use crate::spec::{Feedback, Limits, TemporalCase};

/// Multidigraph learning.
///
/// ```text
/// T6   adjoint   Λ̂_t = ℓ_t + (1−λ) Ŵᵀ a_{t+1},   ∂L_b/∂W_pq ≈ Σ_t Λ̂_{p,t} e_{pq,t}
///      causal    at time t:   ℓ_{p,t} e_{pq,t} + (1−λ) Σ_j a_{j,t} Ŵ_jp e_{pq,t−1}
/// ```
///
/// Source: Liu et al., PNAS 2021.
///
/// # Errors
/// [`Error::Unsupported`] for an activation that this number type cannot evaluate, and for type-specific feedback in a
/// network without types; [`Error::Limit`].
pub fn run<S: Scalar>(
    case: &TemporalCase,
    feedback: Feedback,
    evaluation: Evaluation,
    limits: &Limits,
) -> Result<TemporalOutcome<S>, Error> {
    let weights: Vec<Vec<S>> = feedback_weights(&case.network, feedback)?;
    over_examples(case, limits, |parameters, seen| {
        let mut found = Estimate::zero(parameters);
        let from_next = |signal: &[S]| -> Result<Vec<S>, Error> {
            let sums = transposed_times(&weights, signal, limits)?;
            Ok(sums.into_iter().map(|sum| sum * &parameters.gain).collect())
        };
        let total = |t: usize| -> Result<Vec<S>, Error> {
            let own = seen.steps[t].learning_signal.clone();
            let Some(next) = seen.steps.get(t + 1) else { return Ok(own) };
            let relayed = from_next(&next.gated_signal)?;
            Ok(own.into_iter().zip(&relayed).map(|(own, more)| own + more).collect())
        };
        let totals = (0..seen.steps.len()).map(total).collect::<Result<Vec<_>, _>>()?;
        for (t, step) in seen.steps.iter().enumerate() {
            match evaluation {
                Evaluation::Adjoint => found.add_eligible(seen, t, &totals[t], limits)?,
                Evaluation::Causal => {
                    found.add_eligible(seen, t, &step.learning_signal, limits)?;
                    if let Some(before) = t.checked_sub(1) {
                        let arriving = from_next(&step.gated_signal)?;
                        found.add_eligible(seen, before, &arriving, limits)?;
                    }
                }
            }
        }
        for (step, total) in seen.steps.iter_mut().zip(totals) {
            step.total_credit = Some(total);
        }
        Ok(found)
    })
}
