//! The approximate rules with credit sent back in time: recursions over all steps, then single products over T·B columns.

use faer::{Accum, MatMut};

use super::columns::{Columns, add_columns, add_to_each, matrix};
use super::loss::{Loss, runs};
use super::network::{Batch, Flat, Shape, TemporalNetwork};
use super::passes::{AddTimes, Blend, Fire, Relay, Times};
use super::plan::Plan;
use crate::error::Error;
use crate::fast::product::product;
use crate::fast::wide::widest;
use crate::fast::{Float, Threads, not_finite};
use crate::spec::Steps;

/// Memory of a step: T·N·B numbers per quantity.
pub(super) struct Adjoint<F> {
    shape: Shape,
    threads: Threads,
    plan: Plan<F>,
    /// (1−λ) W
    recurrent: Columns<F>,
    /// (1−λ) U
    input: Columns<F>,
    /// V, and Vᵀ.
    readout: Columns<F>,
    readout_back: Columns<F>,
    /// (1−λ) Ŵᵀ
    feedback: Columns<F>,
    /// s_0
    start: Columns<F>,
    net_input: Columns<F>,
    /// z_0, …, z_T
    rate: Columns<F>,
    slope: Columns<F>,
    /// ε of the neurons and of the inputs.
    trace: Columns<F>,
    input_trace: Columns<F>,
    inputs: Columns<F>,
    /// a
    activity: Columns<F>,
    /// r of two steps, or of all.
    relay: Columns<F>,
    /// (1−λ) Ŵᵀ r
    arrived: Columns<F>,
    /// Λ̂ ∘ h, or ĝ.
    credit: Columns<F>,
    gradient: Columns<F>,
    input_gradient: Columns<F>,
    readout_gradient: Columns<F>,
    external: Vec<F>,
}

impl<F: Float> Adjoint<F> {
    pub fn new(shape: Shape, plan: Plan<F>, threads: Threads) -> Self {
        let Shape { neurons, inputs, readouts, steps, examples } = shape;
        let all = steps * examples;
        let relayed = if plan.all_taps { examples } else { all };
        Self {
            shape,
            threads,
            plan,
            recurrent: Columns::zeros(neurons, neurons),
            input: Columns::zeros(neurons, inputs),
            readout: Columns::zeros(readouts, neurons),
            readout_back: Columns::zeros(neurons, readouts),
            feedback: Columns::zeros(neurons, neurons),
            start: Columns::zeros(neurons, examples),
            net_input: Columns::zeros(neurons, all),
            rate: Columns::zeros(neurons, all + examples),
            slope: Columns::zeros(neurons, all),
            trace: Columns::zeros(neurons, all),
            input_trace: Columns::zeros(inputs, all),
            inputs: Columns::zeros(inputs, all),
            activity: Columns::zeros(neurons, all),
            relay: Columns::zeros(neurons, relayed + examples),
            arrived: Columns::zeros(neurons, relayed),
            credit: Columns::zeros(neurons, all),
            gradient: Columns::zeros(neurons, neurons),
            input_gradient: Columns::zeros(neurons, inputs),
            readout_gradient: Columns::zeros(neurons, readouts),
            external: vec![F::from(0); readouts * all],
        }
    }

    /// As [`Plan::expect_types`].
    pub fn expect_types(&self, net: &TemporalNetwork<F>) -> Result<(), Error> {
        self.plan.expect_types(net)
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
        let (one, share, all) = (F::from(1), F::from(1) - net.leak, steps * examples);
        self.recurrent.fill_columns(0, &net.recurrent, share);
        self.input.fill_columns(0, &net.input, share);
        self.readout.fill_columns(0, &net.readout, one);
        let x = matrix(&batch.input, inputs, all);
        let s = self.net_input.all_mut();
        product(s, Accum::Replace, self.input.all(), x, one, self.threads)?;
        let initial = batch.initial.as_deref();
        self.rate.run_mut(0, examples).fill(F::from(0));
        for (b, state) in initial.unwrap_or_default().chunks_exact(neurons).enumerate() {
            self.start.column_mut(b).copy_from_slice(state);
            self.rate.column_mut(b).copy_from_slice(state);
        }
        let mut tame = true;
        for t in 0..steps {
            let first = t * examples;
            if t > 0 || initial.is_some() {
                let s = self.net_input.part_mut(first, examples);
                let z = self.rate.part(first, examples);
                product(s, Accum::Add, self.recurrent.all(), z, one, self.threads)?;
            }
            let (earlier, now) = self.net_input.split_mut(first);
            let run = examples * self.slope.stride();
            let earlier = match (t, initial) {
                (0, Some(_)) => self.start.run(0, examples),
                _ => &earlier[earlier.len().saturating_sub(run)..],
            };
            tame &= widest(Fire {
                activation: &net.activation,
                kink: net.kink,
                leak: net.leak,
                earlier,
                net_input: &mut now[..run],
                rate: self.rate.run_mut(first + examples, examples),
                slope: self.slope.run_mut(first, examples),
            });
        }
        if !tame {
            self.expect_finite()?;
        }
        let y = MatMut::from_column_major_slice_mut(readouts, width, all);
        let z = self.rate.part(examples, all);
        product(y, Accum::Replace, self.readout.all(), z, one, self.threads)?;
        add_to_each(readouts, net.readout_biases.as_deref());
        self.external.fill(F::from(0));
        let mut sum = F::from(0);
        for (first, end) in runs(counted, steps) {
            let run = first * examples * width..end * examples * width;
            let (y, target) = (&readouts[run.clone()], &batch.target[run.clone()]);
            sum += loss.differentiate(width, y, target, &mut self.external[run]);
        }
        Ok(sum / F::count(examples))
    }

    /// T5 to T9, for the batch last fired.
    pub fn assign(
        &mut self,
        net: &TemporalNetwork<F>,
        batch: &Batch<F>,
        gradient: &mut Flat<F>,
    ) -> Result<(), Error> {
        let Shape { neurons, inputs, readouts, steps, examples } = self.shape;
        let (one, all) = (F::from(1), steps * examples);
        let mean = one / F::count(examples);
        self.readout_back.fill_rows(0, &net.readout, one);
        let external = matrix(&self.external, readouts, all);
        let credit = self.credit.all_mut();
        product(credit, Accum::Replace, self.readout_back.all(), external, one, self.threads)?;
        let (h, x) = (self.slope.run(0, all), self.credit.run(0, all));
        widest(Times { out: self.activity.run_mut(0, all), h, x });
        if self.plan.taps > 0 || self.plan.autodiff {
            self.plan.write_feedback(net, &mut self.feedback);
        }
        if self.plan.autodiff {
            self.autodiff(net.leak)?;
        } else if self.plan.taps == 0 {
            self.credit.run_mut(0, all).copy_from_slice(self.activity.run(0, all));
        } else if self.plan.all_taps {
            self.all_taps(net.leak)?;
        } else {
            self.some_taps(net.leak)?;
        }
        let credit = self.credit.all();
        let into = self.gradient.all_mut();
        if self.plan.autodiff {
            let scale = (one - net.leak) * mean;
            let z = self.rate.part(0, all).transpose();
            product(into, Accum::Replace, credit, z, scale, self.threads)?;
            let x = matrix(&batch.input, inputs, all).transpose();
            let into = self.input_gradient.all_mut();
            product(into, Accum::Replace, credit, x, scale, self.threads)?;
        } else {
            for (column, x) in batch.input.chunks_exact(inputs).enumerate() {
                self.inputs.column_mut(column).copy_from_slice(x);
            }
            let share = one - net.leak;
            for first in (0..all).step_by(examples) {
                follow(&mut self.trace, net.leak, share, self.rate.run(first, examples), first);
                let x = self.inputs.run(first, examples);
                follow(&mut self.input_trace, net.leak, share, x, first);
            }
            let trace = self.trace.all().transpose();
            product(into, Accum::Replace, credit, trace, mean, self.threads)?;
            let (into, trace) = (self.input_gradient.all_mut(), self.input_trace.all());
            product(into, Accum::Replace, credit, trace.transpose(), mean, self.threads)?;
        }
        self.gradient.write_rows(0, &mut gradient.recurrent);
        self.input_gradient.write_rows(0, &mut gradient.input);
        let external = matrix(&self.external, readouts, all);
        let (into, z) = (self.readout_gradient.all_mut(), self.rate.part(examples, all));
        product(into, Accum::Replace, z, external.transpose(), mean, self.threads)?;
        for (k, row) in gradient.readout.chunks_exact_mut(neurons).enumerate() {
            row.copy_from_slice(self.readout_gradient.column(k));
        }
        gradient.readout_biases.fill(F::from(0));
        add_columns(&self.external, &mut gradient.readout_biases);
        for sum in &mut gradient.readout_biases {
            *sum *= mean;
        }
        Ok(())
    }

    /// r_t = a_{t+1} + Dᵀ r_{t+1}, and Λ̂_t ∘ h_t = a_t + h_t ∘ (1−λ) Ŵᵀ r_t.
    fn all_taps(&mut self, leak: F) -> Result<(), Error> {
        let Shape { steps, examples, .. } = self.shape;
        let leak = self.plan.relay_leak(leak);
        self.relay.run_mut(0, 2 * examples).fill(F::from(0));
        self.arrived.run_mut(0, examples).fill(F::from(0));
        for t in (0..steps).rev() {
            let first = t * examples;
            // The two halves take turns.
            let (even, odd) = self.relay.split_mut(examples);
            let (now, later) = if t.is_multiple_of(2) { (even, odd) } else { (odd, even) };
            if t + 1 < steps {
                let a = self.activity.run(first + examples, examples);
                let (mu, c) = (&self.plan.mu, self.arrived.run(0, examples));
                widest(Relay { out: now, a, leak, r: later, mu, c });
                let r = self.relay.part(if t.is_multiple_of(2) { 0 } else { examples }, examples);
                let c = self.arrived.all_mut();
                product(c, Accum::Replace, self.feedback.all(), r, F::from(1), self.threads)?;
            }
            widest(AddTimes {
                out: self.credit.run_mut(first, examples),
                a: self.activity.run(first, examples),
                h: self.slope.run(first, examples),
                x: self.arrived.run(0, examples),
            });
        }
        Ok(())
    }

    /// R_t = a_{t+1} + Dᵀ R_{t+1}, S − 1 times from a_{t+1} on, every time at all steps.
    fn some_taps(&mut self, leak: F) -> Result<(), Error> {
        let Shape { steps, examples, .. } = self.shape;
        let (all, one) = (steps * examples, F::from(1));
        let sent = all - examples;
        let leak = self.plan.relay_leak(leak);
        self.relay.run_mut(0, sent).copy_from_slice(self.activity.run(examples, sent));
        self.relay.run_mut(sent, 2 * examples).fill(F::from(0));
        self.arrived.run_mut(sent, examples).fill(F::from(0));
        for tap in 1..=self.plan.taps {
            let (c, r) = (self.arrived.part_mut(0, sent), self.relay.part(0, sent));
            product(c, Accum::Replace, self.feedback.all(), r, one, self.threads)?;
            if tap == self.plan.taps {
                break;
            }
            for first in (0..sent).step_by(examples) {
                let (now, later) = self.relay.split_mut(first + examples);
                let stride = self.slope.stride();
                widest(Relay {
                    out: &mut now[first * stride..],
                    a: self.activity.run(first + examples, examples),
                    leak,
                    r: &later[..examples * stride],
                    mu: &self.plan.mu,
                    c: self.arrived.run(first + examples, examples),
                });
            }
        }
        let (a, h) = (self.activity.run(0, all), self.slope.run(0, all));
        widest(AddTimes { out: self.credit.run_mut(0, all), a, h, x: self.arrived.run(0, all) });
        Ok(())
    }

    /// ĝ_t = a_t + λ ĝ_{t+1} + μ ∘ (1−λ) Ŵᵀ ĝ_{t+1}.
    fn autodiff(&mut self, leak: F) -> Result<(), Error> {
        let Shape { steps, examples, .. } = self.shape;
        let all = steps * examples;
        let last = all - examples;
        self.credit.run_mut(last, examples).copy_from_slice(self.activity.run(last, examples));
        for first in (0..last).step_by(examples).rev() {
            let (c, g) =
                (self.arrived.part_mut(0, examples), self.credit.part(first + examples, examples));
            product(c, Accum::Replace, self.feedback.all(), g, F::from(1), self.threads)?;
            let stride = self.slope.stride();
            let (now, later) = self.credit.split_mut(first + examples);
            widest(Relay {
                out: &mut now[first * stride..],
                a: self.activity.run(first, examples),
                leak,
                r: &later[..examples * stride],
                mu: &self.plan.mu,
                c: self.arrived.run(0, examples),
            });
        }
        Ok(())
    }

    fn expect_finite(&self) -> Result<(), Error> {
        for (what, all) in
            [("net input", &self.net_input), ("firing rate", &self.rate), ("slope", &self.slope)]
        {
            let finite = |column| all.column(column).iter().all(|value: &F| value.finite());
            if !(0..all.count()).all(finite) {
                return Err(not_finite(format!("a {what} in {}", F::NAME)));
            }
        }
        Ok(())
    }
}

/// ε_t = λ ε_{t−1} + (1−λ) z_{t−1} at the columns from `first` on.
fn follow<F: Float>(trace: &mut Columns<F>, leak: F, share: F, z: &[F], first: usize) {
    let run = z.len();
    let (earlier, now) = trace.split_mut(first);
    let a = &earlier[earlier.len().saturating_sub(run)..];
    widest(Blend { out: &mut now[..run], p: leak, a, q: share, b: z });
}
