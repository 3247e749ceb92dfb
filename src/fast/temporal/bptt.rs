//! Backpropagation through time (T2), batched, with its own forward pass and its own slopes.
//!
//! ```text
//! T2   g_{T+1} = 0,  g_t = h_t ∘ Vᵀϵ_t + λ g_{t+1} + (1−λ) h_t ∘ (Wᵀ g_{t+1}),
//!      ∂L_b/∂W = (1−λ) Σ g_t z_{t−1}ᵀ,  ∂L_b/∂U = (1−λ) Σ g_t x_tᵀ
//! ```

use faer::{Accum, MatMut};

use super::columns::{Columns, matrix};
use super::loss::{Loss, runs};
use super::network::{Batch, Flat, Shape, TemporalNetwork};
use crate::error::Error;
use crate::fast::backprop::slope::{activate, slope};
use crate::fast::layout::stride as stride_of;
use crate::fast::product::product;
use crate::fast::wide::{Pass, widest};
use crate::fast::{Float, Function, Threads, not_finite};
use crate::spec::Kink;
use crate::spec::Steps;

/// Memory of a step: T·N·B numbers per quantity.
pub(super) struct Bptt<F> {
    shape: Shape,
    threads: Threads,
    /// (1−λ) W and (1−λ) U side by side.
    synapses: Columns<F>,
    /// (1−λ) Wᵀ and Vᵀ side by side.
    back: Columns<F>,
    /// V
    readout: Columns<F>,
    /// Block t: z_t over x_{t+1}.
    forth: Columns<F>,
    /// s_0
    start: Columns<F>,
    net_input: Columns<F>,
    slope: Columns<F>,
    /// Block t: g_{t+1} over ϵ_t.
    credit: Columns<F>,
    sum: Columns<F>,
    gradient: Columns<F>,
    readout_gradient: Columns<F>,
    external: Vec<F>,
}

impl<F: Float> Bptt<F> {
    pub fn new(shape: Shape, threads: Threads) -> Self {
        let Shape { neurons, inputs, readouts, steps, examples } = shape;
        let all = steps * examples;
        Self {
            shape,
            threads,
            synapses: Columns::zeros(neurons, neurons + inputs),
            back: Columns::zeros(neurons, neurons + readouts),
            readout: Columns::zeros(readouts, neurons),
            forth: Columns::zeros(neurons + inputs, all + examples),
            start: Columns::zeros(neurons, examples),
            net_input: Columns::zeros(neurons, all),
            slope: Columns::zeros(neurons, all),
            credit: Columns::zeros(neurons + readouts, all + examples),
            sum: Columns::zeros(neurons, examples),
            gradient: Columns::zeros(neurons, neurons + inputs),
            readout_gradient: Columns::zeros(neurons, readouts),
            external: vec![F::from(0); readouts * all],
        }
    }

    /// T1 and L; `readouts` takes y.
    pub fn fire(
        &mut self,
        net: &TemporalNetwork<F>,
        batch: &Batch<F>,
        loss: Loss,
        counted: &Steps,
        readouts: &mut [F],
    ) -> Result<F, Error> {
        let Shape { neurons, inputs, readouts: width, steps, examples } = self.shape;
        let (one, share) = (F::from(1), F::from(1) - net.leak);
        self.synapses.fill_columns(0, &net.recurrent, share);
        self.synapses.fill_columns(neurons, &net.input, share);
        self.readout.fill_columns(0, &net.readout, one);
        for (column, x) in batch.input.chunks_exact(inputs).enumerate() {
            self.forth.column_mut(column)[neurons..].copy_from_slice(x);
        }
        for b in 0..examples {
            let (s, z) = (self.start.column_mut(b), &mut self.forth.column_mut(b)[..neurons]);
            match batch.initial.as_ref().map(|all| &all[b * neurons..][..neurons]) {
                Some(state) => {
                    s.copy_from_slice(state);
                    z.copy_from_slice(state);
                }
                None => z.fill(F::from(0)),
            }
        }
        let mut tame = true;
        for t in 0..steps {
            let first = t * examples;
            let s = self.net_input.part_mut(first, examples);
            let forth = self.forth.part(first, examples);
            product(s, Accum::Replace, self.synapses.all(), forth, one, self.threads)?;
            let (earlier, now) = self.net_input.split_mut(first);
            let stride = self.forth.stride();
            let earlier = match (t, &batch.initial) {
                (0, Some(_)) => self.start.run(0, examples),
                _ => &earlier[earlier.len().saturating_sub(examples * stride_of(neurons))..],
            };
            tame &= widest(Activate {
                activation: &net.activation,
                kink: net.kink,
                leak: net.leak,
                earlier,
                net_input: &mut now[..examples * stride_of(neurons)],
                rate: self.forth.run_mut(first + examples, examples),
                slope: self.slope.run_mut(first, examples),
                strides: [stride_of(neurons), stride],
                neurons,
            });
        }
        if !tame {
            self.expect_finite()?;
        }
        let z = self.forth.part(examples, steps * examples).subrows(0, neurons);
        let y = MatMut::from_column_major_slice_mut(readouts, width, steps * examples);
        product(y, Accum::Replace, self.readout.all(), z, one, self.threads)?;
        if let Some(biases) = &net.readout_biases {
            for y in readouts.chunks_exact_mut(width) {
                for (y, bias) in y.iter_mut().zip(biases) {
                    *y += *bias;
                }
            }
        }
        self.external.fill(F::from(0));
        let mut sum = F::from(0);
        for (first, end) in runs(counted, steps) {
            let run = first * examples * width..end * examples * width;
            let (y, target) = (&readouts[run.clone()], &batch.target[run.clone()]);
            sum += loss.differentiate(width, y, target, &mut self.external[run]);
        }
        Ok(sum / F::count(examples))
    }

    /// T2, for the batch last fired.
    pub fn differentiate(
        &mut self,
        net: &TemporalNetwork<F>,
        gradient: &mut Flat<F>,
    ) -> Result<(), Error> {
        let Shape { neurons, readouts, steps, examples, .. } = self.shape;
        let (one, share) = (F::from(1), F::from(1) - net.leak);
        self.back.fill_rows(0, &net.recurrent, share);
        self.back.fill_rows(neurons, &net.readout, one);
        for (column, external) in self.external.chunks_exact(readouts).enumerate() {
            self.credit.column_mut(column + examples)[neurons..].copy_from_slice(external);
        }
        let stride = self.credit.stride();
        for t in (0..steps).rev() {
            let first = t * examples;
            let sum = self.sum.all_mut();
            let later = self.credit.part(first + examples, examples);
            product(sum, Accum::Replace, self.back.all(), later, one, self.threads)?;
            let (now, later) = self.credit.split_mut(first + examples);
            widest(Back {
                leak: net.leak,
                slope: self.slope.run(first, examples),
                sum: self.sum.run(0, examples),
                later,
                now: &mut now[first * stride..],
                strides: [stride_of(neurons), stride],
                neurons,
            });
        }
        let all = steps * examples;
        let mean = one / F::count(examples);
        let g = self.credit.part(0, all).subrows(0, neurons);
        let forth = self.forth.part(0, all).transpose();
        let into = self.gradient.all_mut();
        product(into, Accum::Replace, g, forth, share * mean, self.threads)?;
        self.gradient.write_rows(0, &mut gradient.recurrent);
        self.gradient.write_rows(neurons, &mut gradient.input);
        let z = self.forth.part(examples, all).subrows(0, neurons);
        let external = matrix(&self.external, readouts, all).transpose();
        let into = self.readout_gradient.all_mut();
        product(into, Accum::Replace, z, external, mean, self.threads)?;
        for (k, row) in gradient.readout.chunks_exact_mut(neurons).enumerate() {
            row.copy_from_slice(self.readout_gradient.column(k));
        }
        gradient.readout_biases.fill(F::from(0));
        for external in self.external.chunks_exact(readouts) {
            for (sum, external) in gradient.readout_biases.iter_mut().zip(external) {
                *sum += *external;
            }
        }
        for sum in &mut gradient.readout_biases {
            *sum *= mean;
        }
        Ok(())
    }

    fn expect_finite(&self) -> Result<(), Error> {
        let finite = |all: &Columns<F>| {
            (0..all.count()).all(|column| all.column(column).iter().all(|value| value.finite()))
        };
        for (what, all) in
            [("net input", &self.net_input), ("firing rate", &self.forth), ("slope", &self.slope)]
        {
            if !finite(all) {
                return Err(not_finite(format!("a {what} in {}", F::NAME)));
            }
        }
        Ok(())
    }
}

/// s ← λ s_{t−1} + s, z = σ(s) and σ'(s), both from the net input; whether all of them are tame.
struct Activate<'a, F> {
    activation: &'a Function<F>,
    kink: Kink,
    leak: F,
    /// s_{t−1}; nothing at the first step.
    earlier: &'a [F],
    net_input: &'a mut [F],
    rate: &'a mut [F],
    slope: &'a mut [F],
    /// Of net inputs and slopes, and of rates.
    strides: [usize; 2],
    neurons: usize,
}

impl<F: Float> Pass for Activate<'_, F> {
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        match self.activation {
            Function::Relu => self.with(&Function::Relu),
            Function::Identity => self.with(&Function::Identity),
            Function::Tanh => self.with(&Function::Tanh),
            Function::Logistic => self.with(&Function::Logistic),
            any => self.with(any),
        }
    }
}

impl<F: Float> Activate<'_, F> {
    #[inline(always)]
    fn with(self, activation: &Function<F>) -> bool {
        let (kink, neurons) = (self.kink, self.neurons);
        for (s, earlier) in self.net_input.iter_mut().zip(self.earlier) {
            *s += self.leak * *earlier;
        }
        let mut tame = true;
        let columns = self.net_input.chunks_exact(self.strides[0]);
        let rates = self.rate.chunks_exact_mut(self.strides[1]);
        let slopes = self.slope.chunks_exact_mut(self.strides[0]);
        for ((s, z), h) in columns.zip(rates).zip(slopes) {
            let (s, z, h) = (&s[..neurons], &mut z[..neurons], &mut h[..neurons]);
            for post in 0..neurons {
                z[post] = activate(activation, s[post]);
                h[post] = slope(activation, kink, s[post]);
            }
            tame = tame && F::all_tame(s) && F::all_tame(z) && F::all_tame(h);
        }
        tame
    }
}

/// g_t = h_t ∘ (Vᵀϵ_t + (1−λ) Wᵀ g_{t+1}) + λ g_{t+1}.
struct Back<'a, F> {
    leak: F,
    slope: &'a [F],
    sum: &'a [F],
    later: &'a [F],
    now: &'a mut [F],
    /// Of slopes and sums, and of credits.
    strides: [usize; 2],
    neurons: usize,
}

impl<F: Float> Pass for Back<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let neurons = self.neurons;
        let inner = self.slope.chunks_exact(self.strides[0]);
        let inner = inner.zip(self.sum.chunks_exact(self.strides[0]));
        let outer = self.now.chunks_exact_mut(self.strides[1]);
        let outer = outer.zip(self.later.chunks_exact(self.strides[1]));
        for ((h, sum), (now, later)) in inner.zip(outer) {
            let (h, sum) = (&h[..neurons], &sum[..neurons]);
            let (now, later) = (&mut now[..neurons], &later[..neurons]);
            for post in 0..neurons {
                now[post] = h[post] * sum[post] + self.leak * later[post];
            }
        }
    }
}
