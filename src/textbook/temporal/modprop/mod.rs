//! ModProp: credit relayed over several synapses, with a constant μ in place of the slopes on the way (T7, T8, T9).

mod autodiff;
mod causal;
mod typed;

use super::feedback::feedback_weights;
use super::local::{Estimate, Seen, over_examples, transposed_times};
use super::outcome::{Evaluation, TemporalOutcome};
use super::parameters::TemporalParameters;
use crate::error::Error;
use crate::scalar::Scalar;
use crate::spec::{Feedback, Form, Limits, Modprop, Mu, Taps, TemporalCase};
use crate::textbook::{afford, embed, fits, within};

/// ModProp in the form, with the feedback, the taps and the μ that it is asked for.
///
/// ```text
/// T7   filter     Λ̂_t = ℓ_t + Σ_{s=1..S} F_sᵀ a_{t+s},   F_s = D^{s−1} (1−λ) Ŵ,   D = λ I + (1−λ) Ŵ diag μ
/// T8   no-leak    the same with D = (1−λ) Ŵ diag μ
///      causal     at time t:   ℓ_{p,t} e_{pq,t} + Σ_s [Σ_j a_{j,t} (F_s)_jp] e_{pq,t−s}
///      adjoint    r_t = a_{t+1} + Dᵀ r_{t+1},   Λ̂_t = ℓ_t + (1−λ) Ŵᵀ r_t
/// T9   autodiff   ĝ_t = a_t + λ ĝ_{t+1} + (1−λ) μ ∘ (Ŵᵀ ĝ_{t+1}),   ∂L_b/∂W ≈ (1−λ) Σ_t ĝ_t z_{t−1}ᵀ
/// ```
///
/// With S taps the adjoint recursion runs S − 1 times from each step. Where feedback is by type and μ is one number per
/// type, the causal form uses what a synapse would have: one signal per type, a table C × C × S and a table C × S of taps onto
/// the cell itself. Source: Liu et al., arXiv 2206.01338.
///
/// # Errors
/// [`Error::Unsupported`] for an activation that this number type cannot evaluate, for type-specific feedback in a
/// network without types, for a number of taps in the autodiff form, for a list μ that is not one per cell; [`Error::Limit`].
pub fn run<S: Scalar>(
    case: &TemporalCase,
    rule: &Modprop,
    evaluation: Evaluation,
    limits: &Limits,
) -> Result<TemporalOutcome<S>, Error> {
    let mu: Vec<S> = modulation(case, &rule.mu)?;
    let weights: Vec<Vec<S>> = feedback_weights(&case.network, rule.feedback)?;
    let delays = case.duration().saturating_sub(1);
    let taps = match rule.taps {
        Taps::All => delays,
        Taps::Count(count) => count.min(delays),
    };
    let neurons = case.network.neurons();
    if rule.form == Form::Autodiff {
        if rule.taps != Taps::All {
            return Err(Error::unsupported(
                "a number of taps in the autodiff form, which has all of them; use --taps all, or --form filter",
            ));
        }
        if evaluation == Evaluation::Causal {
            fits(&[case.duration(), neurons, neurons], limits, "all powers of D")?;
        }
        return over_examples(case, limits, |parameters, seen| {
            let relay = relay(parameters, &weights, &mu, Form::Filter);
            match evaluation {
                Evaluation::Adjoint => autodiff::adjoint(parameters, &relay, seen, limits),
                Evaluation::Causal => autodiff::causal(parameters, &relay, seen, limits),
            }
        });
    }
    let by_type = match (evaluation, rule.feedback) {
        (Evaluation::Causal, Feedback::Type(diagonal)) => {
            typed::Table::of(&case.network, diagonal, &mu, rule.form, taps, limits)?
        }
        (Evaluation::Causal, Feedback::Cell) | (Evaluation::Adjoint, _) => None,
    };
    if evaluation == Evaluation::Causal && by_type.is_none() {
        fits(&[taps, neurons, neurons], limits, "all taps")?;
    }
    over_examples(case, limits, |parameters, seen| {
        let first = scaled(&weights, &parameters.gain);
        let relay = relay(parameters, &weights, &mu, rule.form);
        let totals = (0..seen.steps.len())
            .map(|t| total_credit(&first, &relay, seen, t, taps, limits))
            .collect::<Result<Vec<_>, _>>()?;
        let mut found = Estimate::zero(parameters);
        match (evaluation, &by_type) {
            (Evaluation::Adjoint, _) => {
                for (t, total) in totals.iter().enumerate() {
                    found.add_eligible(seen, t, total, limits)?;
                }
            }
            (Evaluation::Causal, Some(table)) => table.run(seen, &mut found, limits)?,
            (Evaluation::Causal, None) => {
                let taps = causal::taps(&first, &relay, taps, limits)?;
                causal::run(&taps, seen, &mut found, limits)?;
            }
        }
        for (step, total) in seen.steps.iter_mut().zip(totals) {
            step.total_credit = Some(total);
        }
        Ok(found)
    })
}

/// μ of every cell.
fn modulation<S: Scalar>(case: &TemporalCase, mu: &Mu) -> Result<Vec<S>, Error> {
    let neurons = case.network.neurons();
    if let Mu::PerCell(list) = mu
        && list.len() != neurons
    {
        return Err(Error::unsupported(format!(
            "{} values of μ for {neurons} cells; give one number, or one per cell",
            list.len()
        )));
    }
    (0..neurons).map(|cell| embed(&mu.of(cell), "μ")).collect()
}

/// D of T7 and T8: from a cell that relays to the next.
fn relay<S: Scalar>(
    parameters: &TemporalParameters<S>,
    weights: &[Vec<S>],
    mu: &[S],
    form: Form,
) -> Vec<Vec<S>> {
    let kept = match form {
        Form::NoLeak => S::zero(),
        Form::Filter | Form::Autodiff => parameters.leak.clone(),
    };
    let entry = |j: usize, l: usize| {
        let passed = parameters.gain.clone() * &weights[j][l] * &mu[l];
        if j == l { passed + &kept } else { passed }
    };
    (0..mu.len()).map(|j| (0..mu.len()).map(|l| entry(j, l)).collect()).collect()
}

/// Λ̂_t by the recursion against time, from S steps ahead or from the end.
fn total_credit<S: Scalar>(
    first: &[Vec<S>],
    relay: &[Vec<S>],
    seen: &Seen<S>,
    t: usize,
    taps: usize,
    limits: &Limits,
) -> Result<Vec<S>, Error> {
    let own = &seen.steps[t].learning_signal;
    let last = (t + taps).min(seen.steps.len() - 1);
    let mut relayed = vec![S::zero(); own.len()];
    for step in seen.steps[t + 1..=last].iter().rev() {
        let passed = transposed_times(relay, &relayed, limits)?;
        relayed = step.gated_signal.iter().zip(&passed).map(|(a, r)| a.clone() + r).collect();
        for sum in &relayed {
            within(sum, limits, "a relayed credit")?;
        }
    }
    let arrived = transposed_times(first, &relayed, limits)?;
    Ok(own.iter().zip(&arrived).map(|(own, more)| own.clone() + more).collect())
}

fn scaled<S: Scalar>(matrix: &[Vec<S>], factor: &S) -> Vec<Vec<S>> {
    matrix.iter().map(|row| row.iter().map(|entry| entry.clone() * factor).collect()).collect()
}

/// A · B
fn times<S: Scalar>(
    left: &[Vec<S>],
    right: &[Vec<S>],
    limits: &Limits,
) -> Result<Vec<Vec<S>>, Error> {
    let columns = right.first().map_or(0, Vec::len);
    let mut product = vec![vec![S::zero(); columns]; left.len()];
    for (sums, row) in product.iter_mut().zip(left) {
        for (factor, other) in row.iter().zip(right).filter(|(factor, _)| !factor.is_zero()) {
            for (sum, entry) in sums.iter_mut().zip(other) {
                afford(sum, factor, entry, limits, "a tap")?;
                *sum = sum.clone() + &(factor.clone() * entry);
                within(sum, limits, "a tap")?;
            }
        }
    }
    Ok(product)
}
