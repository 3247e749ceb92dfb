//! Real-time recurrent learning (T3), for networks small enough for it.
//!
//! ```text
//! T3   P_{j,pq,t} = λ P_{j,pq,t−1} + (1−λ) Σ_l W_jl h_{l,t−1} P_{l,pq,t−1} + [j=p] (1−λ) z_{q,t−1},
//!      ∂L_b/∂W_pq = Σ_t Σ_j a_{j,t} P_{j,pq,t}
//! ```

use faer::Accum;

use super::columns::Columns;
use super::network::{Flat, Shape, TemporalNetwork};
use super::stream::Stream;
use crate::error::Error;
use crate::fast::product::product;
use crate::fast::wide::{Pass, widest};
use crate::fast::{Float, Threads};

/// The most neurons for which N³ numbers per example are taken.
pub(super) const MOST_NEURONS: usize = 64;

/// State of N²·(N+M)·B numbers; a step takes N³·(N+M)·B multiplications.
pub(super) struct Rtrl<F> {
    shape: Shape,
    threads: Threads,
    /// (1−λ) W
    recurrent: Columns<F>,
    /// P of each example; column q·N + p belongs to the synapse q → p, inputs after neurons.
    sensitivity: Vec<Columns<F>>,
    /// h ∘ P of one example.
    sloped: Columns<F>,
    /// h_{t−1}
    slope: Columns<F>,
    gradient: Columns<F>,
}

impl<F: Float> Rtrl<F> {
    pub fn new(shape: Shape, threads: Threads) -> Self {
        let Shape { neurons, inputs, examples, .. } = shape;
        let synapses = neurons * (neurons + inputs);
        let sensitivity = || Columns::zeros(neurons, synapses);
        Self {
            shape,
            threads,
            recurrent: Columns::zeros(neurons, neurons),
            sensitivity: (0..examples).map(|_| sensitivity()).collect(),
            sloped: sensitivity(),
            slope: Columns::zeros(neurons, examples),
            gradient: Columns::zeros(synapses, 1),
        }
    }

    pub fn start(&mut self, net: &TemporalNetwork<F>) {
        let zero = F::from(0);
        self.recurrent.fill_columns(0, &net.recurrent, F::from(1) - net.leak);
        for all in &mut self.sensitivity {
            all.run_mut(0, all.count()).fill(zero);
        }
        self.slope.run_mut(0, self.shape.examples).fill(zero);
        self.gradient.run_mut(0, 1).fill(zero);
    }

    /// P_t from P_{t−1}, and what a_t makes of it.
    pub fn step(&mut self, net: &TemporalNetwork<F>, stream: &Stream<F>) -> Result<(), Error> {
        let Shape { neurons, examples, .. } = self.shape;
        let (one, share) = (F::from(1), F::from(1) - net.leak);
        for (b, all) in self.sensitivity.iter_mut().enumerate() {
            let count = all.count();
            widest(Split {
                leak: net.leak,
                slope: self.slope.run(b, 1),
                sensitivity: all.run_mut(0, count),
                sloped: self.sloped.run_mut(0, count),
            });
            let (into, sloped) = (all.all_mut(), self.sloped.all());
            product(into, Accum::Add, self.recurrent.all(), sloped, one, self.threads)?;
            let sides = stream.before.column(b).iter().chain(stream.inputs.column(b));
            for (pre, z) in sides.enumerate() {
                for post in 0..neurons {
                    all.column_mut(pre * neurons + post)[post] += share * *z;
                }
            }
            let into = self.gradient.all_mut();
            let a = stream.activity.part(b, 1);
            product(into, Accum::Add, all.all().transpose(), a, one, self.threads)?;
        }
        self.slope.run_mut(0, examples).copy_from_slice(stream.slope.run(0, examples));
        Ok(())
    }

    pub fn finish(&mut self, gradient: &mut Flat<F>) {
        let Shape { neurons, inputs, examples, .. } = self.shape;
        let mean = F::from(1) / F::count(examples);
        for (synapse, sum) in self.gradient.column(0).iter().enumerate() {
            let (pre, post) = (synapse / neurons, synapse % neurons);
            if pre < neurons {
                gradient.recurrent[post * neurons + pre] = mean * *sum;
            } else {
                gradient.input[post * inputs + pre - neurons] = mean * *sum;
            }
        }
    }
}

/// h ∘ P, and P ← λ P.
struct Split<'a, F> {
    leak: F,
    slope: &'a [F],
    sensitivity: &'a mut [F],
    sloped: &'a mut [F],
}

impl<F: Float> Pass for Split<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let rows = self.slope.len();
        let columns = self.sensitivity.chunks_exact_mut(rows);
        for (p, out) in columns.zip(self.sloped.chunks_exact_mut(rows)) {
            for row in 0..rows {
                out[row] = self.slope[row] * p[row];
                p[row] *= self.leak;
            }
        }
    }
}
