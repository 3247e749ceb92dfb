//! The autodiff form: backpropagation through time with μ for the slopes between cells.

use super::times;
use crate::error::Error;
use crate::scalar::Scalar;
use crate::spec::Limits;
use crate::textbook::temporal::local::{Estimate, Seen, add_outer, transposed_times};
use crate::textbook::temporal::parameters::TemporalParameters;
use crate::textbook::within;

/// ĝ_t = a_t + Dᵀ ĝ_{t+1}, and (1−λ) Σ_t ĝ_t z_{t−1}ᵀ.
pub(super) fn adjoint<S: Scalar>(
    parameters: &TemporalParameters<S>,
    relay: &[Vec<S>],
    seen: &mut Seen<S>,
    limits: &Limits,
) -> Result<Estimate<S>, Error> {
    let mut found = Estimate::zero(parameters);
    let mut later = vec![S::zero(); relay.len()];
    for t in (0..seen.steps.len()).rev() {
        let passed = transposed_times(relay, &later, limits)?;
        let signals = seen.steps[t].gated_signal.iter().zip(&passed);
        later = signals.map(|(a, g)| a.clone() + g).collect();
        for sum in &later {
            within(sum, limits, "an adjoint of the autodiff form")?;
        }
        add_at(parameters, seen, t, &later, &mut found, limits)?;
        seen.steps[t].adjoint = Some(later.clone());
    }
    Ok(found)
}

/// At time t, with as many powers of D as there are steps behind: Σ_s [Σ_j a_{j,t} (D^s)_jp] (1−λ) z_{q,t−s−1}.
pub(super) fn causal<S: Scalar>(
    parameters: &TemporalParameters<S>,
    relay: &[Vec<S>],
    seen: &mut Seen<S>,
    limits: &Limits,
) -> Result<Estimate<S>, Error> {
    let mut found = Estimate::zero(parameters);
    let mut powers: Vec<Vec<Vec<S>>> = Vec::new();
    for t in 0..seen.steps.len() {
        let next = match powers.last() {
            Some(last) => times(relay, last, limits)?,
            None => identity(relay.len()),
        };
        powers.push(next);
        for (power, then) in powers.iter().zip((0..=t).rev()) {
            let signal = transposed_times(power, &seen.steps[t].gated_signal, limits)?;
            add_at(parameters, seen, then, &signal, &mut found, limits)?;
        }
    }
    Ok(found)
}

/// Adds signal_p (1−λ) z_{q,t−1}, and (1−λ) x_{m,t} for U.
fn add_at<S: Scalar>(
    parameters: &TemporalParameters<S>,
    seen: &Seen<S>,
    t: usize,
    signal: &[S],
    found: &mut Estimate<S>,
    limits: &Limits,
) -> Result<(), Error> {
    let scaled: Vec<S> = signal.iter().map(|g| g.clone() * &parameters.gain).collect();
    add_outer(&mut found.recurrent, &scaled, seen.rates_before(t), limits)?;
    add_outer(&mut found.input, &scaled, &seen.input[t], limits)
}

fn identity<S: Scalar>(size: usize) -> Vec<Vec<S>> {
    let entry = |i: usize, j: usize| if i == j { S::one() } else { S::zero() };
    (0..size).map(|i| (0..size).map(|j| entry(i, j)).collect()).collect()
}
