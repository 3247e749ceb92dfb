//! What every forward-in-time rule sees at a step: rates, slopes, learning signals, traces; and the exact readout gradient.

use super::firing::firing;
use super::outcome::{Step, TemporalOutcome};
use super::parameters::{Rows, TemporalParameters, one_over, rows};
use crate::error::Error;
use crate::scalar::Scalar;
use crate::spec::{Limits, TemporalCase, TemporalGradient};
use crate::textbook::credit::balance_of_net_input;
use crate::textbook::{afford, afford_function, embed, fits, within};

/// One example as a rule sees it.
pub(super) struct Seen<S> {
    /// z_0
    pub initial: Vec<S>,
    /// Everything of T1, and the traces of the recurrent synapses.
    pub steps: Vec<Step<S>>,
    /// x_t; where there are biases, one more input that is always 1.
    pub input: Vec<Vec<S>>,
    /// ε_{m,t} = λ ε_{m,t−1} + (1−λ) x_{m,t}, the traces of the input synapses.
    pub input_trace: Vec<Vec<S>>,
    /// L_b
    loss: S,
}

impl<S> Seen<S> {
    /// z_{t−1}, with t counted from 0 here.
    pub fn rates_before(&self, t: usize) -> &[S] {
        t.checked_sub(1).map_or(&self.initial, |before| &self.steps[before].firing_rate)
    }
}

/// The derivatives of one example with respect to W and U, or a rule's estimate of them; those of biases are the last column of U.
pub(super) struct Estimate<S> {
    pub recurrent: Vec<Vec<S>>,
    pub input: Vec<Vec<S>>,
}

impl<S: Scalar> Estimate<S> {
    /// Nothing yet.
    pub fn zero(parameters: &TemporalParameters<S>) -> Self {
        let empty = |rows: &[Vec<S>], more: usize| {
            rows.iter().map(|row| vec![S::zero(); row.len() + more]).collect()
        };
        let more = usize::from(parameters.biases.is_some());
        Self { recurrent: empty(&parameters.recurrent, 0), input: empty(&parameters.input, more) }
    }

    /// Adds signal_p · h_{p,t} ε_{q,t} to every synapse: three factors, the last two of which are the eligibility e_{pq,t}.
    ///
    /// # Errors
    /// [`Error::Limit`].
    pub fn add_eligible(
        &mut self,
        seen: &Seen<S>,
        t: usize,
        signal: &[S],
        limits: &Limits,
    ) -> Result<(), Error> {
        let gated = gated(signal, &seen.steps[t].slope, limits)?;
        if let Some(trace) = &seen.steps[t].trace {
            add_outer(&mut self.recurrent, &gated, trace, limits)?;
        }
        add_outer(&mut self.input, &gated, &seen.input_trace[t], limits)
    }
}

/// matrix ← matrix + column · rowᵀ
///
/// # Errors
/// [`Error::Limit`].
pub(super) fn add_outer<S: Scalar>(
    matrix: &mut [Vec<S>],
    column: &[S],
    row: &[S],
    limits: &Limits,
) -> Result<(), Error> {
    for (entries, factor) in matrix.iter_mut().zip(column).filter(|(_, factor)| !factor.is_zero()) {
        for (entry, other) in entries.iter_mut().zip(row) {
            afford(entry, factor, other, limits, "an entry of the gradient")?;
            *entry = entry.clone() + &(factor.clone() * other);
        }
    }
    Ok(())
}

/// u ∘ v
fn gated<S: Scalar>(signal: &[S], slope: &[S], limits: &Limits) -> Result<Vec<S>, Error> {
    let product = |(signal, slope): (&S, &S)| {
        afford(signal, signal, slope, limits, "a gated signal")?;
        Ok(signal.clone() * slope)
    };
    signal.iter().zip(slope).map(product).collect()
}

/// Mᵀ v
///
/// # Errors
/// [`Error::Limit`].
pub(super) fn transposed_times<S: Scalar>(
    matrix: &[Vec<S>],
    vector: &[S],
    limits: &Limits,
) -> Result<Vec<S>, Error> {
    let mut sums = vec![S::zero(); matrix.first().map_or(0, Vec::len)];
    for (row, factor) in matrix.iter().zip(vector).filter(|(_, factor)| !factor.is_zero()) {
        for (sum, weight) in sums.iter_mut().zip(row) {
            afford(sum, weight, factor, limits, "a signal")?;
            *sum = sum.clone() + &(weight.clone() * factor);
        }
    }
    Ok(sums)
}

/// Runs every example, asks `rule` for the derivatives of W and U, and takes the mean; the readout gradient is exact:
/// ∂L_b/∂V = Σ_t ϵ_t z_tᵀ, ∂L_b/∂b = Σ_t ϵ_t.
///
/// # Errors
/// [`Error::Unsupported`] for an activation that this number type cannot evaluate; [`Error::Limit`]; whatever `rule` answers.
pub(super) fn over_examples<S: Scalar>(
    case: &TemporalCase,
    limits: &Limits,
    mut rule: impl FnMut(&TemporalParameters<S>, &mut Seen<S>) -> Result<Estimate<S>, Error>,
) -> Result<TemporalOutcome<S>, Error> {
    let parameters: TemporalParameters<S> = TemporalParameters::of(&case.network)?;
    let mut loss = S::zero();
    let mut total = Estimate::zero(&parameters);
    let (neurons, readouts) = (parameters.recurrent.len(), parameters.readout.len());
    let kept = neurons.saturating_mul(7).saturating_add(readouts.saturating_mul(2));
    fits(&[case.examples.len(), case.duration(), kept], limits, "all steps")?;
    let mut readout = vec![vec![S::zero(); neurons]; parameters.readout.len()];
    let mut biases = vec![S::zero(); parameters.readout.len()];
    let mut examples = Vec::new();
    for example in &case.examples {
        let mut seen = see(case, &parameters, rows(example, neurons)?, limits)?;
        loss = loss + &seen.loss;
        for step in &seen.steps {
            add_outer(&mut readout, &step.readout_error, &step.firing_rate, limits)?;
            for (bias, error) in biases.iter_mut().zip(&step.readout_error) {
                *bias = bias.clone() + error;
            }
        }
        let found = rule(&parameters, &mut seen)?;
        add(&mut total.recurrent, &found.recurrent, limits)?;
        add(&mut total.input, &found.input, limits)?;
        examples.push(seen.steps);
    }
    let share: S = embed(&one_over(case.examples.len()), "1/B, B the number of examples,")?;
    let mean = |rows: Vec<Vec<S>>| -> Vec<Vec<S>> {
        rows.into_iter().map(|row| row.into_iter().map(|v| v * &share).collect()).collect()
    };
    let mut input = mean(total.input);
    // A bias is the weight of an input that is always 1.
    let of_biases =
        parameters.biases.as_ref().map(|_| input.iter_mut().filter_map(Vec::pop).collect());
    let gradient = TemporalGradient {
        loss: loss * &share,
        recurrent: mean(total.recurrent),
        input,
        biases: of_biases,
        readout: mean(readout),
        readout_biases: parameters
            .readout_biases
            .is_some()
            .then(|| biases.into_iter().map(|v| v * &share).collect()),
    };
    Ok(TemporalOutcome { gradient, examples })
}

fn add<S: Scalar>(total: &mut [Vec<S>], found: &[Vec<S>], limits: &Limits) -> Result<(), Error> {
    for (sum, entry) in total.iter_mut().flatten().zip(found.iter().flatten()) {
        afford(sum, entry, &S::one(), limits, "an entry of the gradient")?;
        *sum = sum.clone() + entry;
        within(sum, limits, "an entry of the gradient")?;
    }
    Ok(())
}

/// T1 with the slopes, the learning signals ℓ_t = Vᵀ ϵ_t and the traces.
fn see<S: Scalar>(
    case: &TemporalCase,
    parameters: &TemporalParameters<S>,
    rows: Rows<S>,
    limits: &Limits,
) -> Result<Seen<S>, Error> {
    let ran = firing(case, parameters, &rows, limits)?;
    let Rows { initial, mut input, .. } = rows;
    if parameters.biases.is_some() {
        input.iter_mut().for_each(|row| row.push(S::one()));
    }
    let neurons = parameters.recurrent.len();
    let mut steps: Vec<Step<S>> = Vec::new();
    let mut input_trace: Vec<Vec<S>> = Vec::new();
    let mut trace = vec![S::zero(); neurons];
    let filtered = |before: &[S], now: &[S]| -> Result<Vec<S>, Error> {
        let next = |(old, new): (&S, &S)| {
            afford(new, &parameters.leak, old, limits, "a trace")?;
            Ok(parameters.leak.clone() * old + &(parameters.gain.clone() * new))
        };
        before.iter().zip(now).map(next).collect()
    };
    let parts = ran.net_input.into_iter().zip(ran.firing_rate);
    let parts = parts.zip(ran.readout.into_iter().zip(ran.readout_error));
    for (t, ((net_input, firing_rate), (readout, readout_error))) in parts.enumerate() {
        trace = filtered(&trace, steps.last().map_or(&initial, |before| &before.firing_rate))?;
        let nothing = vec![S::zero(); input[t].len()];
        input_trace.push(filtered(input_trace.last().unwrap_or(&nothing), &input[t])?);
        let slope = |s| {
            afford_function(&case.network.activation, s, limits)?;
            balance_of_net_input(&case.network.activation, case.kink, s)
        };
        let slope = net_input.iter().map(slope).collect::<Result<Vec<S>, Error>>()?;
        let learning_signal = transposed_times(&parameters.readout, &readout_error, limits)?;
        steps.push(Step {
            gated_signal: gated(&learning_signal, &slope, limits)?,
            net_input,
            firing_rate,
            slope,
            readout,
            readout_error,
            learning_signal,
            trace: Some(trace.clone()),
            total_credit: None,
            adjoint: None,
        });
    }
    Ok(Seen { initial, steps, input, input_trace, loss: ran.loss })
}
