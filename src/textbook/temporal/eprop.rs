//! e-prop: the learning signal of a cell, its slope and the trace of its synapse, and nothing from other cells (T5).

use super::local::{Estimate, add_outer, over_examples};
use super::outcome::{Evaluation, TemporalOutcome};
use super::parameters::TemporalParameters;
use crate::error::Error;
use crate::scalar::Scalar;
use crate::spec::{Limits, TemporalCase};

/// The three-factor rule.
///
/// ```text
/// T5   causal    ∂L_b/∂W_pq ≈ Σ_t ℓ_{p,t} e_{pq,t},   e_{pq,t} = h_{p,t} ε_{q,t}
///      adjoint   ĝ_t = a_t + λ ĝ_{t+1},   (1−λ) Σ_t ĝ_t z_{t−1}ᵀ
/// ```
///
/// Exactness: exact arithmetic over every `ExactScalar`; the rule itself equals the gradient only where T ≤ 2 or a row has no
/// outgoing synapse. Source: Bellec et al. 2020.
///
/// # Errors
/// [`Error::Unsupported`] for an activation that this number type cannot evaluate; [`Error::Limit`].
pub fn run<S: Scalar>(
    case: &TemporalCase,
    evaluation: Evaluation,
    limits: &Limits,
) -> Result<TemporalOutcome<S>, Error> {
    over_examples(case, limits, |parameters: &TemporalParameters<S>, seen| {
        let mut found = Estimate::zero(parameters);
        match evaluation {
            Evaluation::Causal => {
                for t in 0..seen.steps.len() {
                    found.add_eligible(seen, t, &seen.steps[t].learning_signal, limits)?;
                }
            }
            Evaluation::Adjoint => {
                let mut later = vec![S::zero(); parameters.recurrent.len()];
                for t in (0..seen.steps.len()).rev() {
                    let signals = seen.steps[t].gated_signal.iter().zip(&later);
                    later =
                        signals.map(|(a, g)| parameters.leak.clone() * g + a).collect::<Vec<S>>();
                    let scaled: Vec<S> =
                        later.iter().map(|g| g.clone() * &parameters.gain).collect();
                    add_outer(&mut found.recurrent, &scaled, seen.rates_before(t), limits)?;
                    add_outer(&mut found.input, &scaled, &seen.input[t], limits)?;
                }
            }
        }
        for step in &mut seen.steps {
            step.total_credit = Some(step.learning_signal.clone());
        }
        Ok(found)
    })
}
