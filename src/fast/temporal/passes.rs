//! What the local rules do element by element between their products, over runs of columns with the same padding.

use crate::fast::credit::neuron::{balance_factor, firing_rate};
use crate::fast::wide::Pass;
use crate::fast::{Float, Function};
use crate::spec::Kink;

/// s ← λ s_{t−1} + s, z = σ(s) and h = σ'(s) (T1); whether all of them are tame.
pub(super) struct Fire<'a, F> {
    pub activation: &'a Function<F>,
    pub kink: Kink,
    pub leak: F,
    /// s_{t−1}; nothing at the first step.
    pub earlier: &'a [F],
    pub net_input: &'a mut [F],
    pub rate: &'a mut [F],
    pub slope: &'a mut [F],
}

impl<F: Float> Pass for Fire<'_, F> {
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        match self.activation {
            Function::Identity => self.with(&Function::Identity),
            Function::Relu => self.with(&Function::Relu),
            Function::Tanh => self.with(&Function::Tanh),
            Function::Logistic => self.with(&Function::Logistic),
            other => self.with(other),
        }
    }
}

impl<F: Float> Fire<'_, F> {
    #[inline(always)]
    fn with(self, activation: &Function<F>) -> bool {
        for (s, earlier) in self.net_input.iter_mut().zip(self.earlier) {
            *s += self.leak * *earlier;
        }
        for (z, s) in self.rate.iter_mut().zip(self.net_input.iter()) {
            *z = firing_rate(activation, *s);
        }
        let rates = self.net_input.iter().zip(self.rate.iter());
        for (h, (s, z)) in self.slope.iter_mut().zip(rates) {
            *h = balance_factor(activation, self.kink, *s, *z);
        }
        F::all_tame(self.net_input) & F::all_tame(self.rate) & F::all_tame(self.slope)
    }
}

/// out ← p a + q b, or where there is no a, q b.
pub(super) struct Blend<'a, F> {
    pub out: &'a mut [F],
    pub p: F,
    pub a: &'a [F],
    pub q: F,
    pub b: &'a [F],
}

impl<F: Float> Pass for Blend<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        if self.a.is_empty() {
            for (out, b) in self.out.iter_mut().zip(self.b) {
                *out = self.q * *b;
            }
            return;
        }
        for (out, (a, b)) in self.out.iter_mut().zip(self.a.iter().zip(self.b)) {
            *out = self.p * *a + self.q * *b;
        }
    }
}

/// out ← h ∘ x.
pub(super) struct Times<'a, F> {
    pub out: &'a mut [F],
    pub h: &'a [F],
    pub x: &'a [F],
}

impl<F: Float> Pass for Times<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (out, (h, x)) in self.out.iter_mut().zip(self.h.iter().zip(self.x)) {
            *out = *h * *x;
        }
    }
}

/// out ← a + h ∘ x.
pub(super) struct AddTimes<'a, F> {
    pub out: &'a mut [F],
    pub a: &'a [F],
    pub h: &'a [F],
    pub x: &'a [F],
}

impl<F: Float> Pass for AddTimes<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let terms = self.a.iter().zip(self.h.iter().zip(self.x));
        for (out, (a, (h, x))) in self.out.iter_mut().zip(terms) {
            *out = *a + *h * *x;
        }
    }
}

/// out ← a + κ r + μ ∘ c, one μ per row; where there is no a, κ r + μ ∘ c.
pub(super) struct Relay<'a, F> {
    pub out: &'a mut [F],
    pub a: &'a [F],
    pub leak: F,
    pub r: &'a [F],
    pub mu: &'a [F],
    pub c: &'a [F],
}

impl<F: Float> Pass for Relay<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let rows = self.mu.len();
        let columns = self.r.chunks_exact(rows).zip(self.c.chunks_exact(rows));
        let outs = self.out.chunks_exact_mut(rows);
        if self.a.is_empty() {
            for (out, (r, c)) in outs.zip(columns) {
                for row in 0..rows {
                    out[row] = self.leak * r[row] + self.mu[row] * c[row];
                }
            }
            return;
        }
        for ((out, a), (r, c)) in outs.zip(self.a.chunks_exact(rows)).zip(columns) {
            for row in 0..rows {
                out[row] = a[row] + (self.leak * r[row] + self.mu[row] * c[row]);
            }
        }
    }
}
