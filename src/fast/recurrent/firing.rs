//! D1 with cycles: sweeps x ← x + α (σ(Wx + b) − x) until the residual says that they are done.

use faer::{Accum, Mat};

use super::fixed_point::Mixer;
use super::graph::Graph;
use super::size::{finite_or_zero, largest, wide};
use super::{Settings, unit};
use crate::error::Error;
use crate::fast::credit::neuron::{balance_factor, firing_rate, replaced_balance};
use crate::fast::layout::zeros;
use crate::fast::product::product;
use crate::fast::{Float, Function, Threads, not_finite};

/// The equilibrium of every example: n × B, and one entry per example.
pub(super) struct Fired<F> {
    pub(super) firing_rate: Mat<F>,
    /// W x + b at that very x.
    pub(super) net_input: Mat<F>,
    pub(super) balance_factor: Mat<F>,
    /// max |x − σ(Wx + b)|
    pub(super) residual: Vec<f64>,
    pub(super) sweeps: Vec<usize>,
}

/// Settles every example from `start` (n × B).
pub(super) fn settle<F: Float>(
    graph: &Graph<F>,
    start: Mat<F>,
    settings: &Settings,
) -> Result<Fired<F>, Error> {
    let batch = graph.batch();
    let drive = graph.drive()?;
    let mut settling: Vec<Example<F>> = (0..batch)
        .map(|b| Example {
            number: b,
            mixer: Mixer::new(settings.damping, settings.anderson),
            best: None,
        })
        .collect();
    let mut rates = start;
    let mut done: Vec<Option<Settled<F>>> = (0..batch).map(|_| None).collect();
    for sweep in 0.. {
        let count = settling.len();
        let mut inputs = zeros(graph.settling(), count);
        let (weights, one) = (graph.weights.as_ref(), F::from(1));
        let columns = rates.as_ref().subcols(0, count);
        product(inputs.as_mut(), Accum::Replace, weights, columns, one, Threads::ONE)?;
        // From the last to the first, so that who is done can give up its column.
        for k in (0..count).rev() {
            let s = inputs.col_as_slice_mut(k);
            for (s, drive) in s.iter_mut().zip(drive.col_as_slice(settling[k].number)) {
                *s += *drive;
            }
            let x = rates.col_as_slice_mut(k);
            let fired: Vec<F> =
                graph.activations.iter().zip(s.iter()).map(|(f, s)| firing_rate(f, *s)).collect();
            let residuals: Vec<f64> =
                fired.iter().zip(x.iter()).map(|(fired, x)| wide(*fired) - wide(*x)).collect();
            let now = Settled {
                firing_rate: x.to_vec(),
                net_input: s.to_vec(),
                residual: largest(residuals.iter().copied()),
                sweeps: sweep,
            };
            let limit = limit(graph, settings, &now, drive.col_as_slice(settling[k].number));
            let example = &mut settling[k];
            let end = match graph.depth {
                // One sweep to leave the start, as many as the longest path has edges, and whatever the order of
                // rounding, the same numbers again.
                Some(depth) => (sweep == depth + 1).then_some(now),
                None => example.judge(now, limit, settings)?,
            };
            if let Some(end) = end {
                done[example.number] = Some(end);
                settling.swap_remove(k);
                let last = settling.len();
                let moved = rates.col_as_slice(last).to_vec();
                rates.col_as_slice_mut(k).copy_from_slice(&moved);
            } else if graph.depth.is_some() {
                x.copy_from_slice(&fired);
            } else {
                example.mixer.step(x, &residuals);
            }
        }
        if settling.is_empty() {
            break;
        }
    }
    finish(graph, &drive, done)
}

/// One example that has not settled yet.
struct Example<F> {
    number: usize,
    mixer: Mixer<F>,
    /// The smallest residual below the limit so far.
    best: Option<Settled<F>>,
}

struct Settled<F> {
    firing_rate: Vec<F>,
    net_input: Vec<F>,
    residual: f64,
    sweeps: usize,
}

impl<F: Float> Example<F> {
    /// The equilibrium, once the residual is small enough; without a tolerance, once it no longer halves.
    fn judge(
        &mut self,
        now: Settled<F>,
        limit: f64,
        settings: &Settings,
    ) -> Result<Option<Settled<F>>, Error> {
        let what = || format!("firing of example {} in {}", self.number, F::NAME);
        let sweeps = now.sweeps;
        let is_last = sweeps >= settings.most_sweeps;
        if !now.residual.is_finite() {
            let residual = "beyond the largest float".to_owned();
            return Err(Error::NotConverged { what: what(), residual, sweeps });
        }
        let halved = self.best.as_ref().is_none_or(|best| now.residual < best.residual / 2.0);
        if now.residual <= limit {
            let ends = now.residual == 0.0 || settings.tolerance.is_some() || !halved;
            if self.best.as_ref().is_none_or(|best| now.residual < best.residual) {
                self.best = Some(Settled { sweeps, ..now });
            }
            return Ok(if ends || is_last { self.best.take() } else { None });
        }
        // Left again: rounding has taken over.
        if let Some(best) = self.best.take() {
            return Ok(Some(best));
        }
        if is_last {
            let residual = format!("{:.3e} (at most {limit:.3e} is settled)", now.residual);
            return Err(Error::NotConverged { what: what(), residual, sweeps });
        }
        Ok(None)
    }
}

/// The tolerance, or what rounding explains: a step of α f is lost beside x once α |f| is below its last place, and s is a
/// sum of |W||x| + |b|.
fn limit<F: Float>(graph: &Graph<F>, settings: &Settings, now: &Settled<F>, drive: &[F]) -> f64 {
    if let Some(tolerance) = settings.tolerance {
        return tolerance;
    }
    let rates = largest(now.firing_rate.iter().map(|x| wide(*x)));
    let drives = largest(drive.iter().map(|d| wide(*d)));
    let sums = graph.largest_row * rates + drives;
    finite_or_zero(4.0 * unit::<F>() * (sums + rates / settings.damping))
}

/// β of D2 at the equilibria; and no neuron may stand where its kink cannot be told from it.
fn finish<F: Float>(
    graph: &Graph<F>,
    drive: &Mat<F>,
    done: Vec<Option<Settled<F>>>,
) -> Result<Fired<F>, Error> {
    let (n, batch) = (graph.settling(), graph.batch());
    let mut fired = Fired {
        firing_rate: zeros(n, batch),
        net_input: zeros(n, batch),
        balance_factor: zeros(n, batch),
        residual: vec![0.0; batch],
        sweeps: vec![0; batch],
    };
    for (b, settled) in done.iter().enumerate() {
        let Some(settled) = settled else { continue };
        fired.residual[b] = settled.residual;
        fired.sweeps[b] = settled.sweeps;
        fired.firing_rate.col_as_slice_mut(b).copy_from_slice(&settled.firing_rate);
        fired.net_input.col_as_slice_mut(b).copy_from_slice(&settled.net_input);
        for (k, (x, s)) in settled.firing_rate.iter().zip(&settled.net_input).enumerate() {
            if !x.finite() || !s.finite() {
                let neuron = graph.free[k].0;
                return Err(not_finite(format!("firing rate of neuron {neuron} in {}", F::NAME)));
            }
        }
        if graph.depth.is_none() {
            expect_clear_of_kinks(graph, drive, settled, b)?;
        }
        let beta = fired.balance_factor.col_as_slice_mut(b);
        for (k, (beta, &s)) in beta.iter_mut().zip(&settled.net_input).enumerate() {
            let kink = graph.kinks[k];
            *beta = match &graph.balances[k] {
                // From the rate of this net input: a damped rate may be on the other side of the kink.
                None => {
                    let function = &graph.activations[k];
                    balance_factor(function, kink, s, firing_rate(function, s))
                }
                Some(balance) => replaced_balance(balance, kink, s),
            };
            if !beta.finite() {
                let neuron = graph.free[k].0;
                return Err(not_finite(format!(
                    "balance factor of neuron {neuron} in {}",
                    F::NAME
                )));
            }
        }
    }
    Ok(fired)
}

/// With cycles a kink has no convention: whether the neuron is above or below it decides where the equilibrium is.
fn expect_clear_of_kinks<F: Float>(
    graph: &Graph<F>,
    drive: &Mat<F>,
    settled: &Settled<F>,
    example: usize,
) -> Result<(), Error> {
    for (k, &s) in settled.net_input.iter().enumerate() {
        let functions = std::iter::once(&graph.activations[k]).chain(&graph.balances[k]);
        for kink in functions.flat_map(Function::kinks) {
            let distance = (wide(s) - wide(kink)).abs();
            // Σ_j |W_ij| (what x_j may be off, and what its term loses by rounding).
            let n = graph.settling() + graph.input.nrows();
            let share = F::count(n + 2);
            let rounding = wide(share) * unit::<F>();
            let mut reach = rounding * wide(drive[(k, example)]).abs();
            for (pre, &x) in settled.firing_rate.iter().enumerate() {
                let off = settled.residual + rounding * wide(x).abs();
                reach += wide(graph.weights[(k, pre)]).abs() * off;
            }
            for (pre, &x) in graph.input.col_as_slice(example).iter().enumerate() {
                reach += rounding * (wide(graph.from_inputs[(k, pre)]) * wide(x)).abs();
            }
            reach += rounding * wide(graph.biases[k]).abs();
            // With no reach at all nothing was rounded, and the convention holds.
            if distance <= reach && reach > 0.0 {
                let neuron = graph.free[k].0;
                let what = format!(
                    "net input of neuron {neuron} in example {example} is {distance:.3e} from its kink \
                     and uncertain by {reach:.3e}"
                );
                let residual = format!("{:.3e}", settled.residual);
                return Err(Error::Ambiguous { what, residual });
            }
        }
    }
    Ok(())
}
