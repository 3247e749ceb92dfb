//! One step after the other: what a causal engine keeps of the network, independent of T.

use faer::{Accum, MatMut};

use super::columns::{Columns, add_columns, add_to_each, matrix};
use super::loss::Loss;
use super::network::{Batch, Flat, Shape, TemporalNetwork};
use super::passes::{Fire, Times};
use crate::error::Error;
use crate::fast::product::product;
use crate::fast::wide::widest;
use crate::fast::{Float, Threads, not_finite};
use crate::spec::Steps;

/// State of N·B numbers per quantity, and the readout gradient, which every rule has exactly.
pub(super) struct Stream<F> {
    pub shape: Shape,
    pub threads: Threads,
    recurrent: Columns<F>,
    input: Columns<F>,
    readout: Columns<F>,
    readout_back: Columns<F>,
    /// s_{t−1} and s_t take turns.
    net_input: [Columns<F>; 2],
    /// z_{t−1}
    pub before: Columns<F>,
    /// z_t
    pub rate: Columns<F>,
    /// h_t
    pub slope: Columns<F>,
    /// x_t
    pub inputs: Columns<F>,
    learning: Columns<F>,
    /// a_t
    pub activity: Columns<F>,
    external: Vec<F>,
    readout_gradient: Columns<F>,
}

impl<F: Float> Stream<F> {
    pub fn new(shape: Shape, threads: Threads) -> Self {
        let Shape { neurons, inputs, readouts, examples, .. } = shape;
        let state = || Columns::zeros(neurons, examples);
        Self {
            shape,
            threads,
            recurrent: Columns::zeros(neurons, neurons),
            input: Columns::zeros(neurons, inputs),
            readout: Columns::zeros(readouts, neurons),
            readout_back: Columns::zeros(neurons, readouts),
            net_input: [state(), state()],
            before: state(),
            rate: state(),
            slope: state(),
            inputs: Columns::zeros(inputs, examples),
            learning: state(),
            activity: state(),
            external: vec![F::from(0); readouts * examples],
            readout_gradient: Columns::zeros(neurons, readouts),
        }
    }

    /// At rest or as given, with the weights of this network.
    pub fn start(&mut self, net: &TemporalNetwork<F>, initial: Option<&[F]>) {
        let (one, share) = (F::from(1), F::from(1) - net.leak);
        self.recurrent.fill_columns(0, &net.recurrent, share);
        self.input.fill_columns(0, &net.input, share);
        self.readout.fill_columns(0, &net.readout, one);
        self.readout_back.fill_rows(0, &net.readout, one);
        for state in [&mut self.net_input[1], &mut self.rate] {
            state.run_mut(0, self.shape.examples).fill(F::from(0));
            let given = initial.unwrap_or_default().chunks_exact(self.shape.neurons);
            for (b, given) in given.enumerate() {
                state.column_mut(b).copy_from_slice(given);
            }
        }
        self.readout_gradient.run_mut(0, self.shape.readouts).fill(F::from(0));
    }

    /// T1 of one step, t counted from 0; returns the sum of its losses and, where `gradient` is given, leaves a_t.
    pub fn step(
        &mut self,
        net: &TemporalNetwork<F>,
        batch: &Batch<F>,
        (loss, counted): (Loss, &Steps),
        t: usize,
        readouts: &mut [F],
        gradient: Option<&mut Flat<F>>,
    ) -> Result<F, Error> {
        let Shape { inputs, readouts: width, steps, examples, .. } = self.shape;
        let one = F::from(1);
        std::mem::swap(&mut self.before, &mut self.rate);
        let x = &batch.input[t * examples * inputs..][..examples * inputs];
        for (column, x) in x.chunks_exact(inputs).enumerate() {
            self.inputs.column_mut(column).copy_from_slice(x);
        }
        let [even, odd] = &mut self.net_input;
        let (now, earlier) = if t.is_multiple_of(2) { (even, odd) } else { (odd, even) };
        let s = now.all_mut();
        product(s, Accum::Replace, self.input.all(), self.inputs.all(), one, self.threads)?;
        let s = now.all_mut();
        product(s, Accum::Add, self.recurrent.all(), self.before.all(), one, self.threads)?;
        let tame = widest(Fire {
            activation: &net.activation,
            kink: net.kink,
            leak: net.leak,
            earlier: earlier.run(0, examples),
            net_input: now.run_mut(0, examples),
            rate: self.rate.run_mut(0, examples),
            slope: self.slope.run_mut(0, examples),
        });
        if !tame {
            for (what, all) in
                [("net input", &*now), ("firing rate", &self.rate), ("slope", &self.slope)]
            {
                let finite = |column| all.column(column).iter().all(|value: &F| value.finite());
                if !(0..all.count()).all(finite) {
                    return Err(not_finite(format!("a {what} in {}", F::NAME)));
                }
            }
        }
        let y = &mut readouts[t * examples * width..][..examples * width];
        let into = MatMut::from_column_major_slice_mut(y, width, examples);
        product(into, Accum::Replace, self.readout.all(), self.rate.all(), one, self.threads)?;
        add_to_each(y, net.readout_biases.as_deref());
        let mut sum = F::from(0);
        if counted.count(t + 1, steps) {
            let target = &batch.target[t * examples * width..][..examples * width];
            sum = loss.differentiate(width, y, target, &mut self.external);
        } else {
            self.external.fill(F::from(0));
        }
        let Some(gradient) = gradient else { return Ok(sum) };
        let external = matrix(&self.external, width, examples);
        let into = self.learning.all_mut();
        product(into, Accum::Replace, self.readout_back.all(), external, one, self.threads)?;
        let (h, x) = (self.slope.run(0, examples), self.learning.run(0, examples));
        widest(Times { out: self.activity.run_mut(0, examples), h, x });
        let into = self.readout_gradient.all_mut();
        let (z, external) = (self.rate.all(), external.transpose());
        product(into, Accum::Add, z, external, one, self.threads)?;
        add_columns(&self.external, &mut gradient.readout_biases);
        Ok(sum)
    }

    /// The readout gradient, as means.
    pub fn finish(&self, gradient: &mut Flat<F>) {
        let mean = F::from(1) / F::count(self.shape.examples);
        for (k, row) in gradient.readout.chunks_exact_mut(self.shape.neurons).enumerate() {
            for (entry, sum) in row.iter_mut().zip(self.readout_gradient.column(k)) {
                *entry = mean * *sum;
            }
        }
        for sum in &mut gradient.readout_biases {
            *sum *= mean;
        }
    }
}
