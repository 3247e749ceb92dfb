//! D3 with cycles: (I − Wᵀ diag β) c = e by one elimination per pattern of balance factors, or by sweeps.

use std::collections::BTreeMap;

use faer::traits::math_utils::from_f64;
use faer::{Accum, Mat};

use super::eliminate::{Elimination, Equation, Residual};
use super::firing::Fired;
use super::fixed_point::Mixer;
use super::graph::{Graph, Place};
use super::size::{finite_or_zero, largest, wide};
use super::{Method, Settings, unit};
use crate::error::Error;
use crate::fast::layout::zeros;
use crate::fast::product::product;
use crate::fast::{Float, Threads, not_finite};
use crate::spec::Wiring;

/// The credit equilibrium of every example.
pub(super) struct Assigned<F> {
    /// n × B, and m × B for the clamped neurons.
    pub(super) external_credit: Mat<F>,
    pub(super) external_of_inputs: Mat<F>,
    pub(super) credit: Mat<F>,
    pub(super) credit_of_inputs: Mat<F>,
    /// β∘c, n × B
    pub(super) balanced: Mat<F>,
    /// max |c − Wᵀ(β∘c) − e|, in f64.
    pub(super) residual: Vec<f64>,
    pub(super) sweeps: Vec<usize>,
    pub(super) factorisations: usize,
}

/// Settles the credit of every example, whose balance factors are given.
pub(super) fn settle<F: Float>(
    graph: &Graph<F>,
    wiring: &Wiring,
    fired: &Fired<F>,
    settings: &Settings,
) -> Result<Assigned<F>, Error> {
    let (n, m, batch) = (graph.settling(), graph.input.nrows(), graph.batch());
    let mut assigned = Assigned {
        external_credit: zeros(n, batch),
        external_of_inputs: zeros(m, batch),
        credit: zeros(n, batch),
        credit_of_inputs: zeros(m, batch),
        balanced: zeros(n, batch),
        residual: vec![0.0; batch],
        sweeps: vec![0; batch],
        factorisations: 0,
    };
    let sizes = (batch, wiring.outputs.len());
    for b in 0..batch {
        for (k, neuron) in wiring.outputs.iter().enumerate() {
            let target = graph.target[(k, b)];
            match graph.places[*neuron] {
                Place::Free(i) => {
                    let rate = fired.firing_rate[(i, b)];
                    let e = graph.external.credit(rate, target, sizes);
                    assigned.external_credit[(i, b)] = e;
                }
                Place::Clamped(i) => {
                    let e = graph.external.credit(graph.input[(i, b)], target, sizes);
                    assigned.external_of_inputs[(i, b)] = e;
                }
            }
        }
    }
    expect_finite(graph, &assigned.external_credit, "external credit")?;
    match (graph.depth, settings.method) {
        // Without cycles sweeps are exact, and cheaper.
        (Some(_), _) | (None, Method::Iterative) => {
            sweep_all(graph, fired, settings, &mut assigned)?;
        }
        (None, Method::Direct) => eliminate_all(graph, fired, &mut assigned)?,
    }
    expect_finite(graph, &assigned.credit, "credit")?;
    let mut residual = Residual::new(n);
    for b in 0..batch {
        let (beta, c) = (fired.balance_factor.col_as_slice(b), assigned.credit.col_as_slice(b));
        for (balanced, (beta, c)) in
            assigned.balanced.col_as_slice_mut(b).iter_mut().zip(beta.iter().zip(c))
        {
            *balanced = *beta * *c;
        }
        let e = assigned.external_credit.col(b);
        let equation = Equation { weights: graph.weights.as_ref(), beta, e };
        let mut worst = residual.of(&equation, c);
        // Clamped neurons hand nothing on: their credit is one sum.
        for (pre, c) in assigned.credit_of_inputs.col_as_slice_mut(b).iter_mut().enumerate() {
            let signals = residual.signals(graph.from_inputs.as_ref(), pre);
            let sum = signals + wide(assigned.external_of_inputs[(pre, b)]);
            *c = from_f64(sum);
            worst = largest([worst, sum - wide(*c)]);
        }
        assigned.residual[b] = worst;
        if !worst.is_finite() {
            return Err(not_finite(format!("credit of example {b} in {}", F::NAME)));
        }
    }
    Ok(assigned)
}

/// One elimination for all examples that have the same balance factors, bit for bit.
fn eliminate_all<F: Float>(
    graph: &Graph<F>,
    fired: &Fired<F>,
    assigned: &mut Assigned<F>,
) -> Result<(), Error> {
    let mut patterns: BTreeMap<Vec<u64>, Vec<usize>> = BTreeMap::new();
    for b in 0..graph.batch() {
        let beta = fired.balance_factor.col_as_slice(b);
        let bits = beta.iter().map(|beta| wide(*beta).to_bits()).collect();
        patterns.entry(bits).or_default().push(b);
    }
    let n = graph.settling();
    let most = patterns.values().map(Vec::len).max().unwrap_or(1);
    let mut elimination = Elimination::new(n, most)?;
    for examples in patterns.values() {
        let at = |error| at_example(error, examples[0], fired.residual[examples[0]]);
        let beta = fired.balance_factor.col_as_slice(examples[0]);
        elimination.factor(graph.weights.as_ref(), beta).map_err(at)?;
        assigned.factorisations += 1;
        let external =
            Mat::from_fn(n, examples.len(), |i, k| assigned.external_credit[(i, examples[k])]);
        let mut credit = zeros(n, examples.len());
        let (weights, external) = (graph.weights.as_ref(), external.as_ref());
        elimination.solve(weights, beta, external, credit.as_mut()).map_err(at)?;
        for (k, &b) in examples.iter().enumerate() {
            assigned.credit.col_as_slice_mut(b).copy_from_slice(credit.col_as_slice(k));
        }
    }
    Ok(())
}

/// The error, and how good the equilibrium was at which it happened.
fn at_example(error: Error, example: usize, firing: f64) -> Error {
    let place = |what: &str| format!("{what}; example {example}, firing residual {firing:.3e}");
    match error {
        Error::Singular { what } => Error::Singular { what: place(&what) },
        Error::NotConverged { what, residual, sweeps } => {
            Error::NotConverged { what: place(&what), residual, sweeps }
        }
        error => error,
    }
}

/// c ← c + α (Wᵀ(β∘c) + e − c) from zero, for all examples at once; without cycles the plain sweeps of D3.
fn sweep_all<F: Float>(
    graph: &Graph<F>,
    fired: &Fired<F>,
    settings: &Settings,
    assigned: &mut Assigned<F>,
) -> Result<(), Error> {
    let (n, batch) = (graph.settling(), graph.batch());
    let mut mixers: Vec<Mixer<F>> =
        (0..batch).map(|_| Mixer::new(settings.damping, settings.anderson)).collect();
    let mut best = vec![f64::INFINITY; batch];
    let mut settled = zeros::<F>(n, batch);
    let mut next = zeros(n, batch);
    let mut is_done = vec![false; batch];
    for sweep in 0.. {
        for b in 0..batch {
            let (beta, c) = (fired.balance_factor.col_as_slice(b), assigned.credit.col_as_slice(b));
            let balanced = assigned.balanced.col_as_slice_mut(b).iter_mut();
            for ((balanced, beta), c) in balanced.zip(beta).zip(c) {
                *balanced = *beta * *c;
            }
        }
        let (weights, balanced) = (graph.weights.transpose(), assigned.balanced.as_ref());
        product(next.as_mut(), Accum::Replace, weights, balanced, F::from(1), Threads::ONE)?;
        for b in (0..batch).filter(|b| !is_done[*b]).collect::<Vec<_>>() {
            let next = next.col_as_slice_mut(b);
            for (next, e) in next.iter_mut().zip(assigned.external_credit.col_as_slice(b)) {
                *next += *e;
            }
            let c = assigned.credit.col_as_slice_mut(b);
            if let Some(depth) = graph.depth {
                c.copy_from_slice(next);
                is_done[b] = sweep == depth;
                assigned.sweeps[b] = sweep;
                if is_done[b] {
                    settled.col_as_slice_mut(b).copy_from_slice(c);
                }
                continue;
            }
            let residuals: Vec<f64> =
                next.iter().zip(c.iter()).map(|(next, c)| wide(*next) - wide(*c)).collect();
            let size = largest(residuals.iter().copied());
            let most = largest(assigned.balanced.col_as_slice(b).iter().map(|v| wide(*v)));
            let credits = largest(c.iter().map(|c| wide(*c)));
            let limit = settings.tolerance.unwrap_or(finite_or_zero(
                4.0 * unit::<F>()
                    * (graph.largest_column * most + 2.0 * credits / settings.damping),
            ));
            let not_converged = |residual| {
                let what = format!("credit of example {b} in {}", F::NAME);
                Error::NotConverged { what, residual, sweeps: sweep }
            };
            if !size.is_finite() {
                return Err(not_converged("beyond the largest float".to_owned()));
            }
            let halved = size < best[b] / 2.0;
            if size <= limit && size < best[b] {
                best[b] = size;
                assigned.sweeps[b] = sweep;
                settled.col_as_slice_mut(b).copy_from_slice(c);
            }
            let is_last = sweep >= settings.most_sweeps;
            let is_best = best[b].is_finite();
            is_done[b] =
                is_best && (!halved || best[b] == 0.0 || settings.tolerance.is_some() || is_last);
            if is_last && !is_done[b] {
                return Err(not_converged(format!("{size:.3e} (at most {limit:.3e} is settled)")));
            }
            mixers[b].step(c, &residuals);
        }
        if is_done.iter().all(|done| *done) {
            break;
        }
    }
    assigned.credit = settled;
    Ok(())
}

fn expect_finite<F: Float>(graph: &Graph<F>, values: &Mat<F>, quantity: &str) -> Result<(), Error> {
    for b in 0..values.ncols() {
        if let Some(k) = values.col_as_slice(b).iter().position(|value| !value.finite()) {
            let neuron = graph.free[k].0;
            return Err(not_finite(format!("{quantity} of neuron {neuron} in {}", F::NAME)));
        }
    }
    Ok(())
}
