//! The credit rule of the reference (D2–D4), sweep by sweep, with its hooks.

use num_rational::BigRational;

use crate::error::Error;
use crate::scalar::Rational;
use crate::spec::outcome::Update;
use crate::spec::{Neuron, PerNeuron, PerSynapse, Synapse};

use super::Mutant;
use super::functions::fixed_random;
use super::hook::{Hook, Variant};
use super::reference::{Reference, longest};

/// The credits of all neurons, one entry per example.
pub type Credits = Vec<PerNeuron<BigRational>>;

/// The same while they are computed.
pub(super) type Rationals = Vec<PerNeuron<Rational>>;

/// What the reference found on the credit side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditRun {
    /// `sweeps[n][example]`: c after n sweeps; n = 0 is the start.
    pub sweeps: Vec<Credits>,
    /// `credit[example]`: c as plasticity saw it.
    pub credit: Credits,
    /// ΔW and Δb (D4).
    pub update: Update<BigRational>,
}

impl Reference<'_> {
    /// Relaxes from zero for depth + 1 sweeps (D3) or, with a cycle, solves for the credit; then changes the weights once (D4).
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a slope beyond every float, [`Error::Limit`] for numbers that grow too long.
    pub fn credit(&self, hook: &Hook) -> Result<CreditRun, Error> {
        let beta = self.balance_factors(hook)?;
        let external = self.external_credits(hook);
        let sweeps = if hook.mutant() == Some(Mutant::K02) {
            self.relax_with_memory(hook, &beta, &external)?
        } else {
            let start =
                vec![PerNeuron::filled(self.wiring.neurons(), Rational::zero()); beta.len()];
            self.relax(hook, &beta, &external, start)?
        };
        let mut credit = if self.wiring.is_recurrent() {
            self.equilibrium_credits(hook, &beta, &external)?
        } else {
            sweeps.last().cloned().unwrap_or_default()
        };
        self.swap_credits(hook, &mut credit);
        let every = |rows: &Rationals| longest(rows.iter().flat_map(PerNeuron::iter));
        let rate = longest(self.firing.iter().flat_map(|firing| firing.firing_rate.iter()));
        // Two products and a sum, of each synapse and example.
        let steps = (2 * self.wiring.synapses.len() + self.wiring.neurons()) * beta.len();
        self.affords(steps, [&every(&beta), &every(&credit), &rate])?;
        let update = self.plasticity(hook, &beta, &credit).map(Rational::plain);
        let plain = |all: &Rationals| all.iter().map(|one| one.map(Rational::plain)).collect();
        Ok(CreditRun { sweeps: sweeps.iter().map(plain).collect(), credit: plain(&credit), update })
    }

    /// β_i = f_i(s_i).
    fn balance_factors(&self, hook: &Hook) -> Result<Rationals, Error> {
        let neurons = self.wiring.neurons();
        let mut all = Vec::new();
        for example in 0..self.firing.len() {
            let mut beta = PerNeuron::filled(neurons, Rational::zero());
            for neuron in (0..neurons).map(Neuron).filter(|n| !self.wiring.is_input[*n]) {
                let owner = self.balance_owner(hook, neuron);
                let function = self.wiring.balances[owner].as_ref();
                let function = function.unwrap_or(&self.wiring.activations[owner]);
                beta[neuron] = self.slope_at(hook, function, example, owner)?;
            }
            all.push(beta);
        }
        Ok(all)
    }

    /// e_k = −∂L_b/∂x_k on outputs, which is t_k − x_k of half squared error; 0 elsewhere.
    fn external_credits(&self, hook: &Hook) -> Rationals {
        let one_example = |(example, firing): (
            &crate::spec::Example,
            &crate::spec::outcome::Firing<Rational>,
        )| {
            let mut e = PerNeuron::filled(self.wiring.neurons(), Rational::zero());
            for (target, &neuron) in example.target.iter().zip(&self.wiring.outputs) {
                let target = Rational::of(target);
                let difference = -self.slope_of_loss(&firing.firing_rate[neuron], &target);
                e[neuron] = if hook.at(Mutant::K07, neuron) {
                    target
                } else if hook.at(Mutant::M02, neuron) {
                    &difference + &difference
                } else if hook.at(Mutant::M29, neuron) {
                    difference * self.share_of_output()
                } else {
                    difference
                };
            }
            e
        };
        self.case.examples.iter().zip(&self.firing).map(one_example).collect()
    }

    /// Sweeps over all examples in lockstep: M07 and K03 need the whole batch at each sweep.
    fn relax(
        &self,
        hook: &Hook,
        beta: &[PerNeuron<Rational>],
        external: &[PerNeuron<Rational>],
        start: Rationals,
    ) -> Result<Vec<Rationals>, Error> {
        let sweeps = self.enough_sweeps.saturating_sub(hook.sweeps_short());
        let mut history = vec![start];
        let mut weights = self.parameters.weights.clone();
        for sweep in 0..sweeps {
            let old = &history[sweep];
            let every =
                |rows: &[PerNeuron<Rational>]| longest(rows.iter().flat_map(PerNeuron::iter));
            let steps = 2 * self.wiring.synapses.len() * old.len();
            self.affords(steps, [&longest(weights.iter()), &every(beta), &every(old)])?;
            if hook.on(Mutant::M07) {
                weights = self.changed(&self.parameters.weights, beta, old);
            }
            let examples = beta.iter().zip(external).zip(old);
            let new: Rationals = examples
                .map(|((beta, external), old)| self.sweep(hook, &weights, beta, external, old))
                .collect();
            for credit in new.iter().flat_map(PerNeuron::iter) {
                self.within_limits(credit)?;
            }
            if hook.on(Mutant::K03) {
                weights = self.changed(&weights, beta, &new);
            }
            history.push(new);
        }
        Ok(history)
    }

    /// K02: each example starts from the credits of the one before.
    fn relax_with_memory(
        &self,
        hook: &Hook,
        beta: &[PerNeuron<Rational>],
        external: &[PerNeuron<Rational>],
    ) -> Result<Vec<Rationals>, Error> {
        let mut history = vec![Vec::new(); self.enough_sweeps + 1];
        let mut start = PerNeuron::filled(self.wiring.neurons(), Rational::zero());
        for (beta, external) in beta.iter().zip(external) {
            let (beta, external) = (std::slice::from_ref(beta), std::slice::from_ref(external));
            let sweeps = self.relax(hook, beta, external, vec![start.clone()])?;
            for (all, credits) in history.iter_mut().zip(sweeps) {
                all.extend(credits);
            }
            if let Some(last) = history.last().and_then(|credits| credits.last())
                && hook.on(Mutant::K02)
            {
                start = last.clone();
            }
        }
        Ok(history)
    }

    /// c_j ← Σ_i W_ij β_i c_i + e_j for every j at once.
    fn sweep(
        &self,
        hook: &Hook,
        weights: &PerSynapse<Rational>,
        beta: &PerNeuron<Rational>,
        external: &PerNeuron<Rational>,
        old: &PerNeuron<Rational>,
    ) -> PerNeuron<Rational> {
        let mut new = old.clone();
        // Downwards, so that sequential sweeps (K11) differ from synchronous ones; these do not care.
        for pre in (0..self.wiring.neurons()).rev().map(Neuron) {
            let mut credit = external[pre].clone();
            for &synapse in &self.wiring.outgoing[pre] {
                let post = self.wiring.synapses[synapse].post;
                let incoming = if hook.at(Mutant::M28, post) {
                    Rational::one()
                } else if hook.on(Mutant::K11) {
                    new[post].clone()
                } else {
                    old[post].clone()
                };
                let passed = self.passed_on(hook, beta, post);
                credit += self.feedback(hook, weights, synapse) * passed * incoming;
            }
            if let Some(post) = self.phantom(hook, pre) {
                let half = Rational::one_over(2);
                credit += half * &beta[post] * &old[post];
            }
            if self.layout.is_hidden(pre) && hook.at(Mutant::M15, pre) {
                credit = Rational::zero();
            }
            if credit.abs() > Rational::one() && hook.at(Mutant::M13, pre) {
                credit = credit.signum();
            }
            new[pre] = credit;
        }
        new
    }

    /// β as the retrograde signal has it.
    pub(super) fn passed_on(
        &self,
        hook: &Hook,
        beta: &PerNeuron<Rational>,
        post: Neuron,
    ) -> Rational {
        if beta[post] != Rational::one() && hook.at(Mutant::M33, post) {
            return Rational::one();
        }
        beta[post].clone()
    }

    /// W_ij as the retrograde signal has it.
    pub(super) fn feedback(
        &self,
        hook: &Hook,
        weights: &PerSynapse<Rational>,
        synapse: Synapse,
    ) -> Rational {
        let ends = self.wiring.synapses[synapse];
        let weight = &weights[synapse];
        if let Some(transposed) = self.layout.transposed(ends.post, ends.pre)
            && hook.at(Mutant::M06, ends.post)
        {
            return weights[transposed].clone();
        }
        if hook.at(Mutant::M21, ends.post) {
            return fixed_random(synapse.0);
        }
        if hook.at(Mutant::M22, ends.post) {
            return weight.signum();
        }
        if weight.is_negative() && hook.at(Mutant::K09, ends.post) {
            return weight.abs();
        }
        weight.clone()
    }

    /// K05: the postsynaptic end of a synapse that the case does not have.
    fn phantom(&self, hook: &Hook, pre: Neuron) -> Option<Neuron> {
        if !self.layout.is_hidden(pre) {
            return None;
        }
        let next = Neuron(pre.0 + 1);
        let absent = |post: Neuron| {
            let mut ends = self.wiring.outgoing[pre].iter().map(|s| self.wiring.synapses[*s]);
            ends.all(|ends| ends.post != post)
        };
        if hook.is(Mutant::K05, Variant::Autapse) {
            return Some(pre);
        }
        let lateral = next.0 < self.wiring.neurons() && self.layout.is_hidden(next) && absent(next);
        (lateral && hook.is(Mutant::K05, Variant::Lateral)).then_some(next)
    }

    /// M24: the credits of the first two neurons of a layer in each other's place.
    fn swap_credits(&self, hook: &Hook, credits: &mut Rationals) {
        for group in self.layout.groups() {
            let [first, second, ..] = group[..] else { continue };
            if hook.at(Mutant::M24, first) {
                for credit in credits.iter_mut() {
                    let kept = credit[first].clone();
                    credit[first] = credit[second].clone();
                    credit[second] = kept;
                }
            }
        }
    }

    /// W + ΔW with the credits of this moment, and no fault.
    fn changed(
        &self,
        weights: &PerSynapse<Rational>,
        beta: &[PerNeuron<Rational>],
        credits: &[PerNeuron<Rational>],
    ) -> PerSynapse<Rational> {
        PerSynapse::from_fn(weights.len(), |synapse| {
            let ends = self.wiring.synapses[synapse];
            let terms = (0..beta.len()).map(|b| {
                &beta[b][ends.post] * &credits[b][ends.post] * &self.firing[b].firing_rate[ends.pre]
            });
            let mean = terms.sum::<Rational>() * Rational::one_over(beta.len());
            &weights[synapse] + &self.learning_rate * mean
        })
    }

    /// ΔW_ij = η ⟨β_i c_i x_j⟩, Δb_i = η ⟨β_i c_i⟩.
    fn plasticity(
        &self,
        hook: &Hook,
        beta: &[PerNeuron<Rational>],
        credits: &[PerNeuron<Rational>],
    ) -> Update<Rational> {
        let signal = |b: usize, post: Neuron| &beta[b][post] * &credits[b][post];
        let raw = PerSynapse::from_fn(self.wiring.synapses.len(), |synapse| {
            let ends = self.wiring.synapses[synapse];
            let confused = self.layout.confused_pre(ends.post, ends.pre);
            let pre = match confused {
                Some(pre) if hook.at(Mutant::M10, ends.post) => pre,
                _ => ends.pre,
            };
            self.mean(hook, ends.post, |b| signal(b, ends.post) * &self.firing[b].firing_rate[pre])
        });
        let mut weights = PerSynapse::from_fn(raw.len(), |synapse| {
            let ends = self.wiring.synapses[synapse];
            let value = match self.layout.transposed(ends.post, ends.pre) {
                Some(transposed) if hook.at(Mutant::M11, ends.post) => &raw[transposed],
                _ => &raw[synapse],
            };
            self.scale(hook, ends.post, value)
        });
        let live =
            weights.indexed().find(|(_, value)| !value.is_zero()).map(|(synapse, _)| synapse);
        if let Some(synapse) = live
            && hook.on(Mutant::M25)
        {
            weights[synapse] *= off_by_a_thousandth();
        }
        let biases = PerNeuron::from_fn(self.wiring.neurons(), |post| {
            if !self.wiring.has_bias[post] || hook.at(Mutant::M09, post) {
                Rational::zero()
            } else if hook.at(Mutant::M08, post) {
                self.scale(hook, post, &signal(0, post))
            } else {
                self.scale(hook, post, &self.mean(hook, post, |b| signal(b, post)))
            }
        });
        Update { weights, biases }
    }

    /// ⟨·⟩
    pub(super) fn mean(
        &self,
        hook: &Hook,
        post: Neuron,
        term: impl Fn(usize) -> Rational,
    ) -> Rational {
        let examples = self.firing.len();
        if hook.at(Mutant::M17, post) {
            return term(examples - 1) * self.share();
        }
        let sum: Rational = (0..examples).map(term).sum();
        if hook.at(Mutant::M03, post) { sum } else { sum * self.share() }
    }

    /// η, once.
    fn scale(&self, hook: &Hook, post: Neuron, value: &Rational) -> Rational {
        let update = &self.learning_rate * value;
        if hook.at(Mutant::M01, post) {
            -update
        } else if hook.at(Mutant::M12, post) {
            Rational::zero()
        } else if hook.at(Mutant::M26, post) {
            update * &self.learning_rate
        } else {
            update
        }
    }
}

/// The factor of M25.
pub(super) fn off_by_a_thousandth() -> Rational {
    Rational::one() + Rational::one_over(1000)
}
