//! D3 with cycles: (I − Wᵀ diag β) c = e by one elimination per pattern of balance factors, or by sweeps.

use std::collections::BTreeMap;

use faer::traits::math_utils::from_f64;
use faer::{Accum, Mat};

use super::firing::Fired;
use super::fixed_point::{Mixer, dot};
use super::graph::{Graph, Place, finite_or_zero, largest, wide};
use super::{Method, Settings, unit};
use crate::error::Error;
use crate::fast::layout::zeros;
use crate::fast::product::product;
use crate::fast::solve::Solver;
use crate::fast::{Float, Threads, not_finite};
use crate::spec::Wiring;

/// Corrections of a solution by its residual; more have never made it smaller.
const MOST_REFINEMENTS: usize = 4;

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
    for b in 0..batch {
        for (k, neuron) in wiring.outputs.iter().enumerate() {
            let target = graph.target[(k, b)];
            match graph.places[*neuron] {
                Place::Free(i) => {
                    assigned.external_credit[(i, b)] = target - fired.firing_rate[(i, b)];
                }
                Place::Clamped(i) => {
                    assigned.external_of_inputs[(i, b)] = target - graph.input[(i, b)];
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
        let size = residual.of(graph, c, beta, assigned.external_credit.col_as_slice(b));
        let mut worst = size;
        // Clamped neurons hand nothing on: their credit is one sum.
        for (pre, c) in assigned.credit_of_inputs.col_as_slice_mut(b).iter_mut().enumerate() {
            residual.widen(graph.from_inputs.col_as_slice(pre));
            let sum = dot(&residual.column, &residual.balanced)
                + wide(assigned.external_of_inputs[(pre, b)]);
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

/// r = e + Wᵀ(β∘c) − c in f64, from floats of any format.
struct Residual {
    values: Vec<f64>,
    /// β∘c
    balanced: Vec<f64>,
    column: Vec<f64>,
    /// max of |e| + |W|ᵀ|β∘c| + |c|, by the largest |β∘c|.
    scale: f64,
}

impl Residual {
    fn new(n: usize) -> Self {
        Self { values: vec![0.0; n], balanced: vec![0.0; n], column: vec![0.0; n], scale: 0.0 }
    }

    fn widen<F: Float>(&mut self, column: &[F]) {
        for (wider, value) in self.column.iter_mut().zip(column) {
            *wider = wide(*value);
        }
    }

    /// Its largest entry.
    fn of<F: Float>(&mut self, graph: &Graph<F>, c: &[F], beta: &[F], e: &[F]) -> f64 {
        for (balanced, (beta, c)) in self.balanced.iter_mut().zip(beta.iter().zip(c)) {
            *balanced = wide(*beta) * wide(*c);
        }
        let most = largest(self.balanced.iter().copied());
        self.scale = 0.0;
        for (pre, (c, e)) in c.iter().zip(e).enumerate() {
            self.widen(graph.weights.col_as_slice(pre));
            self.values[pre] = dot(&self.column, &self.balanced) + wide(*e) - wide(*c);
            let sum: f64 = self.column.iter().map(|w| w.abs()).sum();
            self.scale = self.scale.max(sum * most + wide(*e).abs() + wide(*c).abs());
        }
        largest(self.values.iter().copied())
    }

    /// What rounding explains: c is rounded, and its equation is a sum of so many terms.
    fn limit<F: Float>(&self) -> f64 {
        wide(F::count(self.values.len() + 4)) * unit::<F>() * self.scale
    }
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
        patterns
            .entry(beta.iter().map(|beta| wide(*beta).to_bits()).collect())
            .or_default()
            .push(b);
    }
    let most = patterns.values().map(Vec::len).max().unwrap_or(1);
    let mut solver = Solver::new(graph.settling(), most)?;
    let mut residual = Residual::new(graph.settling());
    for examples in patterns.values() {
        let beta = fired.balance_factor.col_as_slice(examples[0]);
        solver.factor(graph.weights.as_ref(), beta).map_err(|error| {
            // An error that says how good the equilibrium was at which this happened.
            match error {
                Error::Singular { what } => singular(&what, fired, examples[0]),
                error => error,
            }
        })?;
        assigned.factorisations += 1;
        let mut columns = zeros(graph.settling(), examples.len());
        for (k, &b) in examples.iter().enumerate() {
            columns.col_as_slice_mut(k).copy_from_slice(assigned.external_credit.col_as_slice(b));
        }
        solver.solve(columns.as_mut())?;
        if solver.is_doubtful() {
            let what = "I − Wᵀ diag β in these floats: a pivot is no larger than its rounding";
            return Err(singular(what, fired, examples[0]));
        }
        for (k, &b) in examples.iter().enumerate() {
            let e = assigned.external_credit.col_as_slice(b);
            let c = columns.col_as_slice_mut(k);
            refine(
                graph,
                &mut solver,
                &mut residual,
                [c, assigned.credit.col_as_slice_mut(b)],
                beta,
                e,
            )
            .map_err(|fault| fault.error(fired, b, F::NAME))?;
        }
    }
    Ok(())
}

fn singular<F>(what: &str, fired: &Fired<F>, example: usize) -> Error {
    let residual = fired.residual[example];
    Error::Singular { what: format!("{what}; example {example}, firing residual {residual:.3e}") }
}

/// Why a solution is none.
enum Fault {
    /// The first correction is as large as the solution.
    Doubtful,
    /// The residual stayed above what rounding explains.
    Residual(f64, f64),
    Other(Error),
}

impl Fault {
    fn error<F>(self, fired: &Fired<F>, b: usize, format: &str) -> Error {
        match self {
            Self::Doubtful => {
                let what =
                    "I − Wᵀ diag β in these floats: the residual of the credit corrects all of it";
                singular(what, fired, b)
            }
            Self::Residual(residual, limit) => Error::NotConverged {
                what: format!("credit of example {b} in {format}"),
                residual: format!("{residual:.3e} (at most {limit:.3e} is settled)"),
                sweeps: MOST_REFINEMENTS,
            },
            Self::Other(error) => error,
        }
    }
}

/// c ← c + A⁻¹(e − A c) while that makes the residual smaller; [the first solution, the place of the last].
fn refine<F: Float>(
    graph: &Graph<F>,
    solver: &mut Solver<F>,
    residual: &mut Residual,
    [c, best]: [&mut [F]; 2],
    beta: &[F],
    e: &[F],
) -> Result<(), Fault> {
    let mut size = residual.of(graph, c, beta, e);
    let mut limit = residual.limit::<F>();
    best.copy_from_slice(c);
    let mut correction = zeros(c.len(), 1);
    for round in 0..MOST_REFINEMENTS {
        if size == 0.0 {
            break;
        }
        for (slot, value) in correction.col_as_slice_mut(0).iter_mut().zip(&residual.values) {
            *slot = from_f64(*value);
        }
        solver.solve(correction.as_mut()).map_err(Fault::Other)?;
        let moved = largest(correction.col_as_slice(0).iter().map(|d| wide(*d)));
        if round == 0 && 2.0 * moved >= largest(c.iter().map(|c| wide(*c))) {
            return Err(Fault::Doubtful);
        }
        for (c, d) in c.iter_mut().zip(correction.col_as_slice(0)) {
            *c += *d;
        }
        let now = residual.of(graph, c, beta, e);
        if now < size {
            best.copy_from_slice(c);
            limit = residual.limit::<F>();
        }
        let halved = now < size / 2.0;
        size = size.min(now);
        if !halved {
            break;
        }
    }
    if size <= limit { Ok(()) } else { Err(Fault::Residual(size, limit)) }
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
