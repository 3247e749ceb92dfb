//! RTRL factorised: what a cell did at one step reaches every later state through one propagator (T4).

use super::local::{Estimate, over_examples, transposed_times};
use super::outcome::TemporalOutcome;
use crate::error::Error;
use crate::scalar::Scalar;
use crate::spec::{Limits, TemporalCase};
use crate::textbook::{afford, fits, within};

const PROPAGATOR: &str = "a propagator";

/// L and its gradient.
///
/// ```text
/// T4   Φ_{t,t−1} = (1−λ) W,   Φ_{t,s} = (λ I + (1−λ) W diag h_{t−1}) Φ_{t−1,s}
///      P_{j,pq,t} = [j = p] ε_{q,t} + Σ_{s<t} Φ_{jp,ts} e_{pq,s},   ∂L_b/∂W_pq = Σ_t (ℓ_{p,t} e_{pq,t} + Σ_{s<t} Σ_j a_{j,t} Φ_{jp,ts} e_{pq,s})
/// ```
///
/// The sensitivities of RTRL are of rank one in the synapse, so N² numbers per earlier step hold them all. Putting a constant μ
/// for h is ModProp. Exactness: exact over every `ExactScalar`.
///
/// # Errors
/// [`Error::Unsupported`] for an activation that this number type cannot evaluate; [`Error::Limit`].
pub fn run<S: Scalar>(case: &TemporalCase, limits: &Limits) -> Result<TemporalOutcome<S>, Error> {
    let neurons = case.network.neurons();
    let earlier = case.duration().saturating_sub(1);
    fits(&[earlier, neurons, neurons], limits, "all propagators of factorised RTRL")?;
    over_examples(case, limits, |parameters, seen| {
        let direct: Vec<Vec<S>> = scaled(&parameters.recurrent, &parameters.gain);
        let mut found = Estimate::zero(parameters);
        // One per earlier step s, each Φ_{t,s}[j][p].
        let mut propagators: Vec<Vec<Vec<S>>> = Vec::new();
        for t in 0..seen.steps.len() {
            if t > 0 {
                let slope = &seen.steps[t - 1].slope;
                for propagator in &mut propagators {
                    *propagator = (0..neurons)
                        .map(|j| {
                            (0..neurons)
                                .map(|p| {
                                    let mut sum = parameters.leak.clone() * &propagator[j][p];
                                    for (l, h) in slope.iter().enumerate() {
                                        let there = &propagator[l][p];
                                        afford(there, &direct[j][l], h, limits, PROPAGATOR)?;
                                        let weight = direct[j][l].clone() * h;
                                        afford(&sum, &weight, there, limits, PROPAGATOR)?;
                                        sum = sum + &(weight * there);
                                    }
                                    within(&sum, limits, PROPAGATOR)?;
                                    Ok(sum)
                                })
                                .collect()
                        })
                        .collect::<Result<_, Error>>()?;
                }
                propagators.push(direct.clone());
            }
            found.add_eligible(seen, t, &seen.steps[t].learning_signal, limits)?;
            for (s, propagator) in propagators.iter().enumerate() {
                let credit = transposed_times(propagator, &seen.steps[t].gated_signal, limits)?;
                found.add_eligible(seen, s, &credit, limits)?;
            }
        }
        Ok(found)
    })
}

fn scaled<S: Scalar>(matrix: &[Vec<S>], factor: &S) -> Vec<Vec<S>> {
    matrix.iter().map(|row| row.iter().map(|entry| entry.clone() * factor).collect()).collect()
}
