//! The loops between the products of backpropagation, each through memory once.

use faer::{Mat, MatMut, MatRef};

use super::slope::{activate, slope};
use crate::fast::wide::Pass;
use crate::fast::{Float, Function};
use crate::spec::Kink;

/// Rows whose sums are kept in registers while a batch goes by.
const BLOCK: usize = 64;

/// s ← b + s, x = σ(s) (D5) and σ'(s) (D6), both from the net input; whether s, x and σ' are tame.
pub(super) struct Activate<'a, F> {
    pub(super) activation: &'a Function<F>,
    pub(super) kink: Kink,
    pub(super) biases: Option<&'a [F]>,
    pub(super) net_input: &'a mut Mat<F>,
    pub(super) firing_rate: &'a mut Mat<F>,
    pub(super) slope: &'a mut Mat<F>,
    pub(super) batch: usize,
}

impl<F: Float> Pass for Activate<'_, F> {
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        // One loop for each of the usual functions, and one with the choice inside for the rest.
        match self.activation {
            Function::Relu => self.with(&Function::Relu),
            Function::Identity => self.with(&Function::Identity),
            Function::Tanh => self.with(&Function::Tanh),
            Function::Logistic => self.with(&Function::Logistic),
            Function::LeakyRelu { slope } => self.with(&Function::LeakyRelu { slope: *slope }),
            any => self.with(any),
        }
    }
}

impl<F: Float> Activate<'_, F> {
    #[inline(always)]
    fn with(self, activation: &Function<F>) -> bool {
        let kink = self.kink;
        let mut tame = true;
        for b in 0..self.batch {
            let net_input = self.net_input.col_as_slice_mut(b);
            let posts = net_input.len();
            // Equal lengths, said aloud: no bounds are checked inside the loop.
            let x = &mut self.firing_rate.col_as_slice_mut(b)[..posts];
            let slopes = &mut self.slope.col_as_slice_mut(b)[..posts];
            if let Some(biases) = self.biases {
                for (s, bias) in net_input.iter_mut().zip(biases) {
                    *s = *bias + *s;
                }
            }
            for post in 0..posts {
                x[post] = activate(activation, net_input[post]);
                slopes[post] = slope(activation, kink, net_input[post]);
            }
            tame = tame && F::all_tame(net_input) && F::all_tame(x) && F::all_tame(slopes);
        }
        tame
    }
}

/// δ = σ' ∘ x̄ (D6); whether δ and x̄ are tame.
pub(super) struct Delta<'a, F> {
    pub(super) slope: &'a Mat<F>,
    pub(super) adjoint: &'a Mat<F>,
    pub(super) delta: &'a mut Mat<F>,
    pub(super) batch: usize,
}

impl<F: Float> Pass for Delta<'_, F> {
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        let mut tame = true;
        for b in 0..self.batch {
            let delta = self.delta.col_as_slice_mut(b);
            let posts = delta.len();
            let adjoint = &self.adjoint.col_as_slice(b)[..posts];
            let slopes = &self.slope.col_as_slice(b)[..posts];
            for post in 0..posts {
                delta[post] = adjoint[post] * slopes[post];
            }
            tame = tame && F::all_tame(delta) && F::all_tame(adjoint);
        }
        tame
    }
}

/// ∂L/∂b = ⟨δ⟩ (D7), a block of neurons at a time.
pub(super) struct Mean<'a, F> {
    pub(super) delta: &'a Mat<F>,
    pub(super) gradient: &'a mut [F],
    pub(super) batch: usize,
}

impl<F: Float> Pass for Mean<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let count = F::count(self.batch);
        for (block, gradient) in self.gradient.chunks_mut(BLOCK).enumerate() {
            let mut sums = [F::from(0); BLOCK];
            let sums = &mut sums[..gradient.len()];
            let start = block * BLOCK;
            for b in 0..self.batch {
                let delta = &self.delta.col_as_slice(b)[start..start + sums.len()];
                for (sum, delta) in sums.iter_mut().zip(delta) {
                    *sum += *delta;
                }
            }
            for (gradient, sum) in gradient.iter_mut().zip(sums.iter()) {
                *gradient = *sum / count;
            }
        }
    }
}

/// W ← W − η ∂L/∂W, or a block of it.
pub(super) struct Descend<'a, F> {
    pub(super) weights: MatMut<'a, F>,
    pub(super) gradient: MatRef<'a, F>,
    pub(super) learning_rate: F,
}

impl<F: Float> Pass for Descend<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        // `Mat` keeps every column in one piece, and so does each block of it.
        for (weights, gradient) in self.weights.col_iter_mut().zip(self.gradient.col_iter()) {
            if let Some(weights) = weights.try_as_col_major_mut()
                && let Some(gradient) = gradient.try_as_col_major()
            {
                let (weights, gradient) = (weights.as_slice_mut(), gradient.as_slice());
                for (weight, gradient) in weights.iter_mut().zip(gradient) {
                    *weight -= self.learning_rate * *gradient;
                }
            }
        }
    }
}

/// Whether the inputs x⁰ are tame.
pub(super) struct Inputs<'a, F> {
    pub(super) x: MatRef<'a, F>,
}

impl<F: Float> Pass for Inputs<'_, F> {
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        let x = if self.x.col_stride() == 1 { self.x.transpose() } else { self.x };
        let mut tame = true;
        for b in 0..x.ncols() {
            if let Some(column) = x.col(b).try_as_col_major() {
                tame &= F::all_tame(column.as_slice());
            } else {
                tame &= x.col(b).iter().all(|x| F::all_tame(&[*x]));
            }
        }
        tame
    }
}
