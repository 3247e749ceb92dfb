//! Backpropagation through time that does not go back as far as it should.

use num_rational::BigRational;

use super::{Estimate, Run, TemporalReference};
use crate::error::Error;
use crate::mutants::Hook;
use crate::mutants::temporal::algebra::{
    Row, add_outer, by_entry, scale, sum, times, transposed, zeros,
};
use crate::spec::TemporalGradient;

/// How a sequence is cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The error of a step goes back so many steps at most.
    Window(usize),
    /// After each so many steps the state is detached: s and z go on as numbers that depend on nothing.
    Every(usize),
}

impl TemporalReference<'_> {
    /// The gradient that a cut leaves of T2.
    ///
    /// # Errors
    /// As [`Self::gradient`].
    pub fn truncated(&self, cut: Cut) -> Result<TemporalGradient<BigRational>, Error> {
        self.summed(&Hook::none(), |run, _| self.cut(run, cut))
    }

    fn cut(&self, run: &Run, cut: Cut) -> Result<Estimate, Error> {
        let mut found = self.nothing();
        let back = transposed(&self.weights.recurrent);
        let nothing = || zeros(1, back.len()).remove(0);
        // λ g + (1−λ) h_t ∘ (Wᵀ g)
        let relayed = |t: usize, later: &Row| {
            let through = scale(&by_entry(&run.h[t], &times(&back, later)), &self.gain());
            sum(&scale(later, &self.weights.leak), &through)
        };
        let mut add = |t: usize, g: &Row| {
            let g = scale(g, &self.gain());
            add_outer(&mut found.recurrent, &g, &run.z[t - 1]);
            add_outer(&mut found.input, &g, &run.x[t]);
        };
        match cut {
            Cut::Every(steps) => {
                let mut later = nothing();
                for t in (1..=run.last()).rev() {
                    let is_cut = t == run.last() || t % steps.max(1) == 0;
                    let arrived = if is_cut { nothing() } else { relayed(t, &later) };
                    later = self.short(sum(&run.a[t], &arrived));
                    self.within(&later)?;
                    add(t, &later);
                }
            }
            Cut::Window(steps) => {
                // What the error of each later step has become, the nearest first.
                let mut all: Vec<Row> = Vec::new();
                for t in (1..=run.last()).rev() {
                    all.truncate(steps);
                    all = all.iter().map(|g| self.short(relayed(t, g))).collect();
                    all.insert(0, run.a[t].clone());
                    for g in &all {
                        self.within(g)?;
                    }
                    let total = all.iter().fold(nothing(), |total, g| sum(&total, g));
                    add(t, &total);
                }
            }
        }
        Ok(found)
    }
}
