//! ModProp with a few types of cells, recursive: what a synapse keeps does not grow with the number of taps.
//!
//! With the diagonal of Ŵ zeroed a tap is block-constant but on its diagonal. So each synapse q → p keeps one number
//! per type α and one for p itself,
//!
//! ```text
//! Σ_s (F_s)_{jp} e_{pq,t−s} = c_{α(j)} + [j=p] d,     credit = Σ_α (Σ_{j∈α} a_{j,t}) c_α + a_{p,t} d
//! c_α ← Σ_γ (κ [α=γ] + (1−λ)(w̄_αγ μ_γ n_γ − [α=γ] w̄_αα μ_α)) c_γ + (1−λ) w̄_αβ (μ_β d + e_{pq,t−1})
//! d   ← (κ − (1−λ) w̄_ββ μ_β) d − (1−λ) w̄_ββ e_{pq,t−1},     β = type of p
//! ```
//!
//! Where Ŵ keeps its diagonal the terms that take a block's own away are left out. In the autodiff form d takes (1−λ) z_{q,t−1} in place of both terms in e.

use faer::Accum;

use super::columns::Columns;
use super::network::{Flat, Shape, TemporalNetwork};
use super::plan::Plan;
use super::stream::Stream;
use crate::error::Error;
use crate::fast::product::product;
use crate::fast::wide::{Pass, widest};
use crate::fast::{Float, Threads};

/// State of (C+1)·N·(N+M)·B numbers; a step takes C² N (N+M) B multiplications.
pub(super) struct Typed<F> {
    shape: Shape,
    threads: Threads,
    plan: Plan<F>,
    sizes: Vec<usize>,
    /// Per example and presynaptic side the channels c_0, …, c_{C−1}, d of all postsynaptic neurons.
    state: Vec<F>,
    fresh: Vec<F>,
    /// From type to type, C × C.
    relay: Vec<F>,
    /// What d and the eligibility give to each c, C × N, and to d, N.
    self_to_type: Vec<F>,
    new_to_type: Vec<F>,
    self_to_self: Vec<F>,
    new_to_self: Vec<F>,
    /// Σ_{j∈α} a_j
    messages: Vec<F>,
    /// ε_{t−1} over both kinds of presynaptic sides, and h_{t−1}.
    trace: Columns<F>,
    slope: Columns<F>,
    gradient: Columns<F>,
}

impl<F: Float> Typed<F> {
    /// How many numbers the state has.
    pub fn size(shape: Shape, types: usize) -> u64 {
        let Shape { neurons, inputs, examples, .. } = shape;
        let sides = neurons as u64 * (neurons + inputs) as u64;
        sides.saturating_mul(types as u64 + 1).saturating_mul(examples as u64)
    }

    pub fn new(shape: Shape, plan: Plan<F>, threads: Threads) -> Self {
        let Shape { neurons, inputs, examples, .. } = shape;
        let types = plan.types();
        let mut sizes = vec![0; types];
        for of in plan.of_cells() {
            sizes[*of] += 1;
        }
        let zeros = |length| vec![F::from(0); length];
        Self {
            shape,
            threads,
            plan,
            sizes,
            state: zeros((types + 1) * neurons * (neurons + inputs) * examples),
            fresh: zeros((types + 1) * neurons),
            relay: zeros(types * types),
            self_to_type: zeros(types * neurons),
            new_to_type: zeros(types * neurons),
            self_to_self: zeros(neurons),
            new_to_self: zeros(neurons),
            messages: zeros(types),
            trace: Columns::zeros(neurons + inputs, examples),
            slope: Columns::zeros(neurons, examples),
            gradient: Columns::zeros(neurons, neurons + inputs),
        }
    }

    /// As [`Plan::expect_types`].
    pub fn expect_types(&self, net: &TemporalNetwork<F>) -> Result<(), Error> {
        self.plan.expect_types(net)
    }

    pub fn start(&mut self, net: &TemporalNetwork<F>) {
        let Shape { neurons, inputs, examples, .. } = self.shape;
        let zero = F::from(0);
        self.state.fill(zero);
        self.trace.run_mut(0, examples).fill(zero);
        self.slope.run_mut(0, examples).fill(zero);
        self.gradient.run_mut(0, neurons + inputs).fill(zero);
        self.plan.update_means(net);
        let (plan, count) = (&self.plan, self.plan.types());
        let (share, leak) = (F::from(1) - net.leak, plan.relay_leak(net.leak));
        let autodiff = plan.autodiff;
        for (cell, pre) in plan.of_cells().iter().enumerate() {
            let mu = plan.mu[cell];
            for post in 0..count {
                let mean = share * plan.mean(post, *pre);
                self.self_to_type[post * neurons + cell] = mean * mu;
                self.new_to_type[post * neurons + cell] = if autodiff { zero } else { mean };
                let mut relay = mean * mu * F::count(self.sizes[*pre]);
                if post == *pre {
                    relay = leak + if plan.has_own { relay } else { relay - mean * mu };
                }
                self.relay[post * count + *pre] = relay;
            }
            let own = if plan.has_own { zero } else { share * plan.mean(*pre, *pre) };
            self.self_to_self[cell] = leak - own * mu;
            self.new_to_self[cell] = if autodiff { F::from(1) } else { -own };
        }
    }

    /// What a_t and the slopes and rates of a step change.
    pub fn step(&mut self, net: &TemporalNetwork<F>, stream: &Stream<F>) -> Result<(), Error> {
        let Shape { neurons, inputs, examples, .. } = self.shape;
        let share = F::from(1) - net.leak;
        let autodiff = self.plan.autodiff;
        if autodiff {
            // Here the step's own (1−λ) z_{t−1} enters before credit is read.
            self.follow(F::from(0), share, stream);
            self.slope.run_mut(0, examples).fill(F::from(1));
        }
        let sides = neurons + inputs;
        let channels = self.plan.types() + 1;
        for b in 0..examples {
            self.messages.fill(F::from(0));
            let a = stream.activity.column(b);
            for (a, of) in a.iter().zip(self.plan.of_cells()) {
                self.messages[*of] += *a;
            }
            for pre in 0..sides {
                let eligibility = self.trace.column(b)[pre];
                let own = channels * neurons;
                widest(Advance {
                    neurons,
                    state: &mut self.state[(b * sides + pre) * own..][..own],
                    fresh: &mut self.fresh,
                    relay: &self.relay,
                    self_to_type: &self.self_to_type,
                    new_to_type: &self.new_to_type,
                    self_to_self: &self.self_to_self,
                    new_to_self: &self.new_to_self,
                    messages: &self.messages,
                    slope: self.slope.column(b),
                    trace: eligibility,
                    activity: a,
                    gradient: self.gradient.column_mut(pre),
                });
            }
        }
        if autodiff {
            return Ok(());
        }
        self.follow(net.leak, share, stream);
        self.slope.run_mut(0, examples).copy_from_slice(stream.slope.run(0, examples));
        let (into, a) = (self.gradient.all_mut(), stream.activity.all());
        let trace = self.trace.all().transpose();
        product(into, Accum::Add, a, trace, F::from(1), self.threads)
    }

    /// ε ← λ ε + (1−λ) z_{t−1}, and x_t alike.
    fn follow(&mut self, leak: F, share: F, stream: &Stream<F>) {
        for b in 0..self.shape.examples {
            let sides = stream.before.column(b).iter().chain(stream.inputs.column(b));
            for (trace, z) in self.trace.column_mut(b).iter_mut().zip(sides) {
                *trace = leak * *trace + share * *z;
            }
        }
    }

    pub fn finish(&mut self, gradient: &mut Flat<F>) {
        let mean = F::from(1) / F::count(self.shape.examples);
        self.gradient.write_rows(0, &mut gradient.recurrent);
        self.gradient.write_rows(self.shape.neurons, &mut gradient.input);
        for entry in gradient.recurrent.iter_mut().chain(&mut gradient.input) {
            *entry *= mean;
        }
    }
}

/// One step of all synapses from one presynaptic side in one example.
struct Advance<'a, F> {
    neurons: usize,
    state: &'a mut [F],
    fresh: &'a mut [F],
    relay: &'a [F],
    self_to_type: &'a [F],
    new_to_type: &'a [F],
    self_to_self: &'a [F],
    new_to_self: &'a [F],
    messages: &'a [F],
    slope: &'a [F],
    trace: F,
    activity: &'a [F],
    gradient: &'a mut [F],
}

impl<F: Float> Pass for Advance<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (neurons, types) = (self.neurons, self.messages.len());
        let (by_type, own) = self.state.split_at(types * neurons);
        let (fresh, fresh_own) = self.fresh.split_at_mut(types * neurons);
        let slope = &self.slope[..neurons];
        let own = &own[..neurons];
        let gradient = &mut self.gradient[..neurons];
        for (post, fresh) in fresh.chunks_exact_mut(neurons).enumerate() {
            let from_self = &self.self_to_type[post * neurons..][..neurons];
            let from_new = &self.new_to_type[post * neurons..][..neurons];
            for p in 0..neurons {
                fresh[p] = from_self[p] * own[p] + from_new[p] * (slope[p] * self.trace);
            }
            let relay = &self.relay[post * types..][..types];
            for (weight, channel) in relay.iter().zip(by_type.chunks_exact(neurons)) {
                for (fresh, c) in fresh.iter_mut().zip(channel) {
                    *fresh += *weight * *c;
                }
            }
            for (sum, fresh) in gradient.iter_mut().zip(fresh.iter()) {
                *sum += self.messages[post] * *fresh;
            }
        }
        let fresh_own = &mut fresh_own[..neurons];
        let (old, new) = (&self.self_to_self[..neurons], &self.new_to_self[..neurons]);
        let activity = &self.activity[..neurons];
        for p in 0..neurons {
            fresh_own[p] = old[p] * own[p] + new[p] * (slope[p] * self.trace);
            gradient[p] += activity[p] * fresh_own[p];
        }
        self.state.copy_from_slice(self.fresh);
    }
}
