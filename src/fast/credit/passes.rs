//! What is done element by element between the products of the credit rule, one walk through memory each.

use faer::prelude::ReborrowMut;
use faer::{Mat, MatMut, MatRef};

use super::neuron::{balance_factor, firing_rate, replaced_balance};
use crate::fast::wide::Pass;
use crate::fast::{Float, Function, Layer};

/// s ← s + b, x = σ(s) (D1) and β = f(s) (D2); whether all of them are tame.
pub(super) struct Fire<'a, F> {
    pub(super) layer: &'a Layer<F>,
    pub(super) net_input: &'a mut Mat<F>,
    pub(super) firing_rate: &'a mut Mat<F>,
    pub(super) balance_factor: &'a mut Mat<F>,
    pub(super) batch: usize,
}

impl<F: Float> Pass for Fire<'_, F> {
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        // Named one by one where a loop without a choice in it can be made of them.
        match &self.layer.activation {
            Function::Identity => self.neurons(&Function::Identity),
            Function::Relu => self.neurons(&Function::Relu),
            Function::LeakyRelu { slope } => self.neurons(&Function::LeakyRelu { slope: *slope }),
            Function::Tanh => self.neurons(&Function::Tanh),
            Function::Logistic => self.neurons(&Function::Logistic),
            other => self.neurons(other),
        }
    }
}

impl<F: Float> Fire<'_, F> {
    /// One column after the other; each stays in the first cache for all that is done to it.
    #[inline(always)]
    fn neurons(self, activation: &Function<F>) -> bool {
        let kink = self.layer.kink;
        let mut tame = true;
        for b in 0..self.batch {
            let s = self.net_input.col_as_slice_mut(b);
            if let Some(biases) = &self.layer.biases {
                for (s, bias) in s.iter_mut().zip(biases) {
                    *s += *bias;
                }
            }
            let x = self.firing_rate.col_as_slice_mut(b);
            for (x, s) in x.iter_mut().zip(s.iter()) {
                *x = firing_rate(activation, *s);
            }
            let beta = self.balance_factor.col_as_slice_mut(b);
            if let Some(balance) = &self.layer.balance {
                for (beta, s) in beta.iter_mut().zip(s.iter()) {
                    *beta = replaced_balance(balance, kink, *s);
                }
            } else {
                for (beta, (s, x)) in beta.iter_mut().zip(s.iter().zip(x.iter())) {
                    *beta = balance_factor(activation, kink, *s, *x);
                }
            }
            tame &= F::all_tame(s) & F::all_tame(x) & F::all_tame(beta);
        }
        tame
    }
}

/// β∘c, and its sum over the batch; whether β∘c and c are tame.
pub(super) struct Balance<'a, F> {
    pub(super) balance_factor: &'a Mat<F>,
    pub(super) credit: &'a Mat<F>,
    pub(super) balanced_credit: &'a mut Mat<F>,
    pub(super) sum: &'a mut [F],
    pub(super) batch: usize,
}

impl<F: Float> Pass for Balance<'_, F> {
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        let mut tame = true;
        self.sum.fill(F::from(0));
        for b in 0..self.batch {
            let beta = self.balance_factor.col_as_slice(b);
            let credit = self.credit.col_as_slice(b);
            let balanced = self.balanced_credit.col_as_slice_mut(b);
            for (balanced, (beta, credit)) in balanced.iter_mut().zip(beta.iter().zip(credit)) {
                *balanced = *beta * *credit;
            }
            for (sum, balanced) in self.sum.iter_mut().zip(balanced.iter()) {
                *sum += *balanced;
            }
            tame &= F::all_tame(credit) & F::all_tame(balanced);
        }
        tame
    }
}

/// W ← W + ΔW, of all synapses or of a panel of them.
pub(super) struct Wire<'a, F> {
    pub(super) weights: MatMut<'a, F>,
    pub(super) update: MatRef<'a, F>,
}

impl<F: Float> Pass for Wire<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(mut self) {
        for pre in 0..self.update.ncols() {
            let weights = self.weights.rb_mut().col_mut(pre).try_as_col_major_mut();
            let update = self.update.col(pre).try_as_col_major();
            // Both are columns of matrices that this room laid out.
            let (Some(weights), Some(update)) = (weights, update) else { return };
            for (weight, update) in weights.as_slice_mut().iter_mut().zip(update.as_slice()) {
                *weight += *update;
            }
        }
    }
}

/// Whether all rates of clamped neurons are tame.
pub(super) struct Clamped<'a, F>(pub(super) MatRef<'a, F>);

impl<F: Float> Pass for Clamped<'_, F> {
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        // The order is of no account here: along whichever side is contiguous.
        let rates = if self.0.row_stride() == 1 { self.0 } else { self.0.transpose() };
        let mut tame = true;
        for b in 0..rates.ncols() {
            match rates.col(b).try_as_col_major() {
                Some(column) => tame &= F::all_tame(column.as_slice()),
                None => tame &= rates.col(b).iter().all(|x| F::all_tame(&[*x])),
            }
        }
        tame
    }
}
