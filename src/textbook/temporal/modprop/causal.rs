//! The causal form, cell by cell: what has happened meets what arrives, no time reversed.

use super::times;
use crate::error::Error;
use crate::scalar::Scalar;
use crate::spec::Limits;
use crate::textbook::temporal::local::{Estimate, Seen, transposed_times};

/// F_1 … F_S, as many as a sequence can use.
pub(super) fn taps<S: Scalar>(
    first: &[Vec<S>],
    relay: &[Vec<S>],
    count: usize,
    limits: &Limits,
) -> Result<Vec<Vec<Vec<S>>>, Error> {
    let mut all: Vec<Vec<Vec<S>>> = Vec::new();
    for _ in 0..count {
        let next = match all.last() {
            Some(last) => times(relay, last, limits)?,
            None => first.to_vec(),
        };
        all.push(next);
    }
    Ok(all)
}

/// At time t: ℓ_{p,t} e_{pq,t} + Σ_s [Σ_j a_{j,t} (F_s)_jp] e_{pq,t−s}.
pub(super) fn run<S: Scalar>(
    taps: &[Vec<Vec<S>>],
    seen: &Seen<S>,
    found: &mut Estimate<S>,
    limits: &Limits,
) -> Result<(), Error> {
    for (t, step) in seen.steps.iter().enumerate() {
        found.add_eligible(seen, t, &step.learning_signal, limits)?;
        for (tap, then) in taps.iter().zip((0..t).rev()) {
            let signal = transposed_times(tap, &step.gated_signal, limits)?;
            found.add_eligible(seen, then, &signal, limits)?;
        }
    }
    Ok(())
}
