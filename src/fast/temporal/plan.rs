//! What the approximate rules put in place of W and of the slopes of relaying cells.

use super::columns::Columns;
use super::network::{Shape, TemporalNetwork};
use crate::error::Error;
use crate::fast::{Float, rounded};
use crate::spec::{Diagonal, Feedback, Form, Mu, Taps, TemporalRule};

/// A local rule, reduced to what the engines need to know.
///
/// ```text
/// T5–T8   Λ̂_t = ℓ_t + Σ_{s=1..S} F_sᵀ a_{t+s},  F_s = D^{s−1} (1−λ) Ŵ,  D = κ I + (1−λ) Ŵ diag(μ)
/// T9      ĝ_t = Σ_{s≥0} (Dᵀ)^s a_{t+s}
/// ```
///
/// with κ = λ, or 0 for taps without leak; e-prop has no tap, MDGL one.
pub(super) struct Plan<F> {
    pub feedback: Feedback,
    /// S, at most T − 1.
    pub taps: usize,
    /// Whether S is all that there are.
    pub all_taps: bool,
    /// μ per neuron, padded as a column of [`Columns`] is.
    pub mu: Vec<F>,
    pub leaky: bool,
    pub autodiff: bool,
    /// Whether type-specific feedback sends the signals of a cell to itself too.
    pub has_own: bool,
    /// Sums and numbers of the synapses from type to type; empty for cell-specific feedback.
    means: Vec<F>,
    counts: Vec<usize>,
    types: usize,
    /// The type of each neuron, from which the above follows; empty for cell-specific feedback.
    of_cells: Vec<usize>,
}

impl<F: Float> Plan<F> {
    pub fn of(rule: &TemporalRule, net: &TemporalNetwork<F>, shape: Shape) -> Result<Self, Error> {
        let most = shape.steps - 1;
        let mut plan = Self {
            feedback: Feedback::Cell,
            taps: 0,
            all_taps: false,
            mu: vec![F::from(0); crate::fast::layout::stride(shape.neurons)],
            leaky: false,
            autodiff: false,
            has_own: false,
            means: Vec::new(),
            counts: Vec::new(),
            types: 0,
            of_cells: Vec::new(),
        };
        match rule {
            TemporalRule::Eprop => {}
            TemporalRule::Mdgl { feedback } => {
                (plan.feedback, plan.taps) = (*feedback, most.min(1))
            }
            TemporalRule::Modprop(rule) => {
                plan.feedback = rule.feedback;
                plan.taps = match rule.taps {
                    Taps::All => most,
                    Taps::Count(_) if rule.form == Form::Autodiff => {
                        return Err(Error::unsupported(
                            "the autodiff form with a number of taps; it has all of them",
                        ));
                    }
                    Taps::Count(taps) => taps.min(most),
                };
                plan.all_taps = plan.taps == most;
                plan.leaky = rule.form != Form::NoLeak;
                plan.autodiff = rule.form == Form::Autodiff;
                if let Mu::PerCell(list) = &rule.mu
                    && list.len() != shape.neurons
                {
                    let found = format!("{} numbers", list.len());
                    return Err(Error::input("mu", found, shape.neurons.to_string()));
                }
                for (cell, mu) in plan.mu[..shape.neurons].iter_mut().enumerate() {
                    *mu = rounded(&rule.mu.of(cell), || "μ".to_owned())?;
                }
            }
            TemporalRule::Bptt
            | TemporalRule::Rtrl
            | TemporalRule::FactorisedRtrl
            | TemporalRule::Tangent => {
                return Err(Error::unsupported("this rule among the approximate ones"));
            }
        }
        if let Feedback::Type(diagonal) = plan.feedback {
            let Some(types) = &net.types else {
                return Err(Error::input("network.types", "none", "the type of each neuron"));
            };
            plan.has_own = net.has_diagonal && diagonal == Diagonal::Counted;
            plan.of_cells.clone_from(types);
            plan.types = types.iter().max().map_or(0, |last| last + 1);
            let mut sizes = vec![0_usize; plan.types];
            for of in types {
                sizes[*of] += 1;
            }
            plan.means = vec![F::from(0); plan.types * plan.types];
            for post in 0..plan.types {
                for pre in 0..plan.types {
                    let own = post == pre && diagonal == Diagonal::Excluded;
                    let others = if own { sizes[pre].saturating_sub(1) } else { sizes[pre] };
                    plan.counts.push(sizes[post] * others);
                }
            }
        }
        Ok(plan)
    }

    /// Refuses a network whose types are others than those that the sizes of the engine were computed from.
    pub fn expect_types(&self, net: &TemporalNetwork<F>) -> Result<(), Error> {
        if self.feedback == Feedback::Cell {
            return Ok(());
        }
        let expected = "the types that the engine was made for";
        let Some(types) = &net.types else {
            return Err(Error::input("network.types", "none", expected));
        };
        match types.iter().zip(&self.of_cells).position(|(now, then)| now != then) {
            None => Ok(()),
            Some(cell) => {
                let (now, then) = (types[cell], self.of_cells[cell]);
                let found = format!("neuron {cell} of type {now}");
                Err(Error::input("network.types", found, format!("{expected}, here {then}")))
            }
        }
    }

    /// κ
    pub fn relay_leak(&self, leak: F) -> F {
        if self.leaky { leak } else { F::from(0) }
    }

    /// (1−λ) Ŵᵀ into the first columns of a matrix.
    pub fn write_feedback(&mut self, net: &TemporalNetwork<F>, into: &mut Columns<F>) {
        let share = F::from(1) - net.leak;
        if self.feedback == Feedback::Cell {
            into.fill_rows(0, &net.recurrent, share);
            return;
        }
        self.update_means(net);
        let types = &self.of_cells;
        for (post, post_type) in types.iter().enumerate() {
            let means = &self.means[post_type * self.types..];
            let column = into.column_mut(post);
            for (entry, pre_type) in column.iter_mut().zip(types) {
                *entry = share * means[*pre_type];
            }
            if !self.has_own {
                column[post] = F::from(0);
            }
        }
    }

    /// The mean of W from each type to each, of the weights as they are now.
    pub fn update_means(&mut self, net: &TemporalNetwork<F>) {
        let types = &self.of_cells;
        self.means.fill(F::from(0));
        for (post, row) in net.recurrent.chunks_exact(net.neurons).enumerate() {
            let means = &mut self.means[types[post] * self.types..];
            for (pre, weight) in row.iter().enumerate() {
                if pre != post || self.has_own {
                    means[types[pre]] += *weight;
                }
            }
        }
        for (mean, count) in self.means.iter_mut().zip(&self.counts) {
            if *count > 0 {
                *mean /= F::count(*count);
            }
        }
    }

    /// Whether relaying cells of the same type have the same μ.
    pub fn has_one_mu_per_type(&self) -> bool {
        let mut firsts = vec![None; self.types];
        self.of_cells.iter().zip(&self.mu).all(|(of, mu)| *firsts[*of].get_or_insert(*mu) == *mu)
    }

    /// The type of each neuron.
    pub fn of_cells(&self) -> &[usize] {
        &self.of_cells
    }

    /// How many types there are.
    pub fn types(&self) -> usize {
        self.types
    }

    /// w̄ from type `pre` to type `post`, as last updated.
    pub fn mean(&self, post: usize, pre: usize) -> F {
        self.means[post * self.types + pre]
    }
}
