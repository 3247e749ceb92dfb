//! One step towards a fixed point: damped, and accelerated after Anderson.

use std::collections::VecDeque;

use faer::traits::math_utils::from_f64;

use super::size::{largest, wide};
use crate::fast::Float;

/// A residual so many times the one before clears the memory.
const GROWTH: f64 = 10.0;
/// Keeps the small system solvable where remembered steps are nearly parallel; a share of their length.
const RIDGE: f64 = 1e-13;

/// Remembers the last steps of x ← x + α f(x), f(x) = g(x) − x.
///
/// With no memory this is damped iteration. With m steps remembered, x ← x + α f − Σ γ_k (Δx_k + α Δf_k), where γ makes
/// |f − Σ γ_k Δf_k| smallest (Anderson 1965): on a linear g it is a restarted minimal-residual method.
pub(super) struct Mixer<F> {
    damping: f64,
    depth: usize,
    /// x and f of the step before.
    before: Option<(Vec<F>, Vec<f64>)>,
    /// (Δx, Δf), the oldest first.
    steps: VecDeque<(Vec<f64>, Vec<f64>)>,
    size: f64,
}

impl<F: Float> Mixer<F> {
    pub(super) fn new(damping: f64, depth: usize) -> Self {
        Self { damping, depth, before: None, steps: VecDeque::new(), size: f64::INFINITY }
    }

    /// x moved, given f = g(x) − x.
    pub(super) fn step(&mut self, x: &mut [F], f: &[f64]) {
        let size = largest(f.iter().copied());
        if size > GROWTH * self.size {
            self.before = None;
            self.steps.clear();
        }
        self.size = size;
        if self.depth > 0 {
            self.remember(x, f);
        }
        let shares = self.shares(f);
        for (i, (x, f)) in x.iter_mut().zip(f).enumerate() {
            let mut change = self.damping * f;
            for (share, (dx, df)) in shares.iter().zip(&self.steps) {
                change -= share * (dx[i] + self.damping * df[i]);
            }
            *x = from_f64(wide(*x) + change);
        }
    }

    fn remember(&mut self, x: &[F], f: &[f64]) {
        if let Some((old_x, old_f)) = self.before.take() {
            let dx: Vec<f64> = x.iter().zip(&old_x).map(|(a, b)| wide(*a) - wide(*b)).collect();
            let df: Vec<f64> = f.iter().zip(&old_f).map(|(a, b)| a - b).collect();
            if df.iter().any(|d| *d != 0.0) {
                self.steps.push_back((dx, df));
            }
            if self.steps.len() > self.depth {
                self.steps.pop_front();
            }
        }
        self.before = Some((x.to_vec(), f.to_vec()));
    }

    /// γ by the normal equations of the scaled steps; nothing where they have no solution in floats.
    fn shares(&self, f: &[f64]) -> Vec<f64> {
        let m = self.steps.len();
        let lengths: Vec<f64> =
            self.steps.iter().map(|(_, df)| dot(df, df).sqrt().max(f64::MIN_POSITIVE)).collect();
        let mut system: Vec<Vec<f64>> = Vec::with_capacity(m);
        for (a, (_, df)) in self.steps.iter().enumerate() {
            let entry = |(b, (_, other)): (usize, &(Vec<f64>, Vec<f64>))| {
                dot(df, other) / (lengths[a] * lengths[b]) + if a == b { RIDGE } else { 0.0 }
            };
            let mut row: Vec<f64> = self.steps.iter().enumerate().map(entry).collect();
            row.push(dot(df, f) / lengths[a]);
            system.push(row);
        }
        let shares = eliminate(system);
        if shares.iter().any(|share| !share.is_finite()) {
            return Vec::new();
        }
        shares.iter().zip(&lengths).map(|(share, length)| share / length).collect()
    }
}

/// The solution of a small positive definite system with its right side as the last column.
fn eliminate(mut rows: Vec<Vec<f64>>) -> Vec<f64> {
    let m = rows.len();
    for k in 0..m {
        let (above, below) = rows.split_at_mut(k + 1);
        for row in below {
            let factor = row[k] / above[k][k];
            for (entry, pivot) in row.iter_mut().zip(&above[k]).skip(k) {
                *entry -= factor * pivot;
            }
        }
    }
    let mut solution = vec![0.0; m];
    for k in (0..m).rev() {
        let known: f64 = (k + 1..m).map(|l| rows[k][l] * solution[l]).sum();
        solution[k] = (rows[k][m] - known) / rows[k][k];
    }
    solution
}

/// Σ a b, in eight sums of which the order is fixed.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (a, b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a.zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// On a linear map of n numbers, n remembered steps are enough, though the map itself expands.
    #[test]
    fn linear_maps_end() {
        let map = [[0.0, -3.0, 0.5], [3.0, 0.0, 0.25], [1.0, 0.5, -2.0]];
        let residual =
            |x: &[f64]| -> Vec<f64> { (0..3).map(|i| dot(&map[i], x) + 1.0 - x[i]).collect() };
        let run = |depth: usize| {
            let (mut mixer, mut x) = (Mixer::<f64>::new(0.5, depth), vec![0.0; 3]);
            for _ in 0..12 {
                let f = residual(&x);
                mixer.step(&mut x, &f);
            }
            largest(residual(&x))
        };
        assert!(run(3) < 1e-12, "{}", run(3));
        assert!(run(0) > 1.0, "{}", run(0));
    }

    /// Nothing remembered twice over: parallel steps leave finite numbers.
    #[test]
    fn parallel_steps_are_harmless() {
        let mut mixer = Mixer::<f32>::new(1.0, 4);
        let mut x = vec![0.0f32, 0.0];
        for _ in 0..40 {
            let f: Vec<f64> = x.iter().map(|x| f64::from(0.5 * x + 1.0 - x)).collect();
            mixer.step(&mut x, &f);
        }
        assert_eq!(x, [2.0, 2.0]);
    }
}
