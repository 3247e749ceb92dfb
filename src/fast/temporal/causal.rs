//! The approximate rules as a synapse carries them out (T5 to T9): credit meets traces of the past, tap by tap.
//!
//! ```text
//! at time t:  ℓ_{p,t} e_{pq,t} + Σ_{s=1..S} [Σ_j a_{j,t} (F_s)_{jp}] e_{pq,t−s},   e_{pq,t} = h_{p,t} ε_{q,t}
//! ```
//!
//! An eligibility e is the product of two numbers that its neurons keep, so the last S + 1 of it are S + 1 vectors per side.

use faer::Accum;

use super::columns::Columns;
use super::network::{Flat, Shape, TemporalNetwork};
use super::passes::{Blend, Relay, Times};
use super::plan::Plan;
use super::stream::Stream;
use crate::error::Error;
use crate::fast::product::product;
use crate::fast::wide::widest;
use crate::fast::{Float, Threads};

/// State of (S + 1)·N·B numbers per quantity: one step costs S + 1 products with N² weights, and as many into the gradient.
pub(super) struct Causal<F> {
    shape: Shape,
    threads: Threads,
    plan: Plan<F>,
    /// (1−λ) Ŵᵀ
    feedback: Columns<F>,
    /// ε of the neurons and of the inputs, and h, of the last S + 1 steps in turn; in the autodiff form (1−λ) z and (1−λ) x.
    trace: Columns<F>,
    input_trace: Columns<F>,
    slope: Columns<F>,
    /// (Dᵀ)^{s−1} a_t, twice.
    relay: Columns<F>,
    arrived: Columns<F>,
    credit: Columns<F>,
    gradient: Columns<F>,
    input_gradient: Columns<F>,
}

impl<F: Float> Causal<F> {
    pub fn new(shape: Shape, plan: Plan<F>, threads: Threads) -> Self {
        let Shape { neurons, inputs, examples, .. } = shape;
        let kept = (plan.taps + 1) * examples;
        Self {
            shape,
            threads,
            plan,
            feedback: Columns::zeros(neurons, neurons),
            trace: Columns::zeros(neurons, kept),
            input_trace: Columns::zeros(inputs, kept),
            slope: Columns::zeros(neurons, kept),
            relay: Columns::zeros(neurons, 2 * examples),
            arrived: Columns::zeros(neurons, examples),
            credit: Columns::zeros(neurons, examples),
            gradient: Columns::zeros(neurons, neurons),
            input_gradient: Columns::zeros(neurons, inputs),
        }
    }

    /// As [`Plan::expect_types`].
    pub fn expect_types(&self, net: &TemporalNetwork<F>) -> Result<(), Error> {
        self.plan.expect_types(net)
    }

    pub fn start(&mut self, net: &TemporalNetwork<F>) {
        let Shape { neurons, inputs, .. } = self.shape;
        self.gradient.run_mut(0, neurons).fill(F::from(0));
        self.input_gradient.run_mut(0, inputs).fill(F::from(0));
        if self.plan.taps > 0 {
            self.plan.write_feedback(net, &mut self.feedback);
        }
    }

    /// What a_t and the slopes and rates of step t (from 0) change.
    pub fn step(
        &mut self,
        net: &TemporalNetwork<F>,
        stream: &Stream<F>,
        t: usize,
    ) -> Result<(), Error> {
        let examples = self.shape.examples;
        let kept = self.plan.taps + 1;
        self.remember(net.leak, stream, t);
        let leak = self.plan.relay_leak(net.leak);
        let one = F::from(1);
        self.relay.run_mut(0, examples).copy_from_slice(stream.activity.run(0, examples));
        for tap in 0..=self.plan.taps.min(t) {
            let place = (t - tap) % kept * examples;
            let now = tap % 2 * examples;
            if self.plan.autodiff {
                // (Dᵀ)^s a_t meets (1−λ) z_{t−1−s}.
                self.credit.run_mut(0, examples).copy_from_slice(self.relay.run(now, examples));
            } else if tap == 0 {
                self.credit.run_mut(0, examples).copy_from_slice(stream.activity.run(0, examples));
            }
            let more = if self.plan.autodiff { tap < self.plan.taps.min(t) } else { tap > 0 };
            if more {
                // Tap s of the filter relays (Dᵀ)^{s−1} a_t, which lies where tap s − 1 would find its own.
                let from = if self.plan.autodiff { now } else { examples - now };
                let (c, u) = (self.arrived.all_mut(), self.relay.part(from, examples));
                product(c, Accum::Replace, self.feedback.all(), u, one, self.threads)?;
                let (even, odd) = self.relay.split_mut(examples);
                let (r, out) = if from == 0 { (even, odd) } else { (odd, even) };
                let (mu, c) = (&self.plan.mu, self.arrived.run(0, examples));
                widest(Relay { out, a: &[], leak, r, mu, c });
                if !self.plan.autodiff {
                    let h = self.slope.run(place, examples);
                    let x = self.arrived.run(0, examples);
                    widest(Times { out: self.credit.run_mut(0, examples), h, x });
                }
            }
            let credit = self.credit.all();
            for (into, trace) in
                [(&mut self.gradient, &self.trace), (&mut self.input_gradient, &self.input_trace)]
            {
                let trace = trace.part(place, examples).transpose();
                product(into.all_mut(), Accum::Add, credit, trace, one, self.threads)?;
            }
        }
        Ok(())
    }

    /// Writes h_t and ε_t over those of step t − S − 1.
    fn remember(&mut self, leak: F, stream: &Stream<F>, t: usize) {
        let examples = self.shape.examples;
        let kept = self.plan.taps + 1;
        let (place, last) = (t % kept * examples, (t + kept - 1) % kept * examples);
        self.slope.run_mut(place, examples).copy_from_slice(stream.slope.run(0, examples));
        let share = F::from(1) - leak;
        for (trace, z) in
            [(&mut self.trace, &stream.before), (&mut self.input_trace, &stream.inputs)]
        {
            let run = examples * trace.stride();
            let z = z.run(0, examples);
            if t == 0 || self.plan.autodiff {
                let out = trace.run_mut(place, examples);
                widest(Blend { out, p: leak, a: &[], q: share, b: z });
            } else if kept == 1 {
                for (trace, z) in trace.run_mut(0, examples).iter_mut().zip(z) {
                    *trace = leak * *trace + share * *z;
                }
            } else {
                let (low, high) = trace.split_mut(place.max(last));
                let (out, a) = if place > last {
                    (&mut high[..run], &low[low.len() - run..])
                } else {
                    (&mut low[..run], &high[..run])
                };
                widest(Blend { out, p: leak, a, q: share, b: z });
            }
        }
    }

    pub fn finish(&mut self, gradient: &mut Flat<F>) {
        let mean = F::from(1) / F::count(self.shape.examples);
        self.gradient.write_rows(0, &mut gradient.recurrent);
        self.input_gradient.write_rows(0, &mut gradient.input);
        for entry in gradient.recurrent.iter_mut().chain(&mut gradient.input) {
            *entry *= mean;
        }
    }
}
