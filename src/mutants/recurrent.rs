//! The credit of a network with a cycle in the reference, and the mutants that only a cycle shows.

use crate::error::Error;
use crate::scalar::Rational;
use crate::spec::outcome::Firing;
use crate::spec::{Neuron, PerNeuron, PerSynapse, Synapse};

use super::Mutant;
use super::credit::Rationals;
use super::hook::Hook;
use super::reference::Reference;

impl Reference<'_> {
    /// s = Wx + b at the equilibrium that the case gives.
    pub(super) fn at_given(&self, example: usize) -> Result<Firing<Rational>, Error> {
        let Some(given) = &self.case.examples[example].equilibrium else {
            return Err(Error::unsupported(
                "mutants of a network with a cycle whose equilibrium the case does not give",
            ));
        };
        let firing_rate = given.map(Rational::of);
        let net_input = self.one_sweep(&firing_rate);
        Ok(Firing { net_input, firing_rate })
    }

    /// R05: the net inputs one sweep after rest, when only the inputs have fired yet.
    pub(super) fn first_sweep(&self, example: usize) -> PerNeuron<Rational> {
        let mut rest = PerNeuron::filled(self.wiring.neurons(), Rational::zero());
        for (value, &neuron) in self.case.examples[example].input.iter().zip(&self.wiring.inputs) {
            rest[neuron] = value.into();
        }
        self.one_sweep(&rest)
    }

    fn one_sweep(&self, rates: &PerNeuron<Rational>) -> PerNeuron<Rational> {
        PerNeuron::from_fn(self.wiring.neurons(), |post| {
            if self.wiring.is_input[post] {
                return Rational::zero();
            }
            let terms = self.wiring.incoming[post].iter().map(|&synapse| {
                &self.parameters.weights[synapse] * &rates[self.wiring.synapses[synapse].pre]
            });
            terms.fold(self.parameters.biases[post].clone(), |sum, term| sum + term)
        })
    }

    /// Solves (I − Wᵀ diag β) c = e for each example (D3).
    pub(super) fn equilibrium_credits(
        &self,
        hook: &Hook,
        beta: &[PerNeuron<Rational>],
        external: &[PerNeuron<Rational>],
    ) -> Result<Rationals, Error> {
        beta.iter().zip(external).map(|(beta, external)| self.solve(hook, beta, external)).collect()
    }

    fn solve(
        &self,
        hook: &Hook,
        beta: &PerNeuron<Rational>,
        external: &PerNeuron<Rational>,
    ) -> Result<PerNeuron<Rational>, Error> {
        if hook.on(Mutant::R04) {
            // What one sweep makes of the external credit.
            return Ok(PerNeuron::from_fn(self.wiring.neurons(), |pre| {
                let signals = self.wiring.outgoing[pre].iter().map(|&synapse| {
                    let post = self.wiring.synapses[synapse].post;
                    &self.parameters.weights[synapse] * &beta[post] * &external[post]
                });
                signals.fold(external[pre].clone(), |sum, signal| sum + signal)
            }));
        }
        let inside = self.inside_cycles();
        if inside.iter().any(|inside| *inside)
            && let Some(steps) = hook.steps()
        {
            return self.unrolled(hook, beta, external, &inside, steps);
        }
        self.solved(hook, self.equations(hook, beta, external, &inside))
    }

    /// The equations by rows, with the right-hand side behind them.
    fn equations(
        &self,
        hook: &Hook,
        beta: &PerNeuron<Rational>,
        external: &PerNeuron<Rational>,
        inside: &PerSynapse<bool>,
    ) -> Vec<Vec<Rational>> {
        let n = self.wiring.neurons();
        let mut rows = vec![vec![Rational::zero(); n + 1]; n];
        for (pre, row) in rows.iter_mut().enumerate() {
            row[pre] = Rational::one();
            row[n] = external[Neuron(pre)].clone();
            let mut synapses = self.wiring.outgoing[Neuron(pre)].iter();
            if synapses.any(|synapse| inside[*synapse]) && hook.at(Mutant::R07, Neuron(pre)) {
                row[pre] = Rational::zero();
            }
        }
        for (synapse, ends) in self.wiring.synapses.indexed() {
            let (receiver, sender) = self.retrograde(hook, synapse);
            // R03: an output keeps its external credit, whatever comes back to it.
            let held = self.layout.is_output(receiver) && hook.at(Mutant::R03, receiver);
            let left_out = ends.pre == ends.post && hook.at(Mutant::R02, ends.post);
            if held || left_out {
                continue;
            }
            let strength = self.feedback(hook, &self.parameters.weights, synapse);
            // R08: the entry of diag β W at its own place, not at that of the transpose.
            let is_turned =
                inside[synapse] && ends.pre != ends.post && hook.at(Mutant::R08, ends.post);
            if is_turned {
                rows[ends.post.0][ends.pre.0] -= strength * &beta[ends.post];
            } else {
                rows[receiver.0][sender.0] -= strength * self.passed_on(hook, beta, sender);
            }
        }
        rows
    }

    /// Which synapses lie on a cycle: their postsynaptic end reaches the presynaptic one.
    fn inside_cycles(&self) -> PerSynapse<bool> {
        let n = self.wiring.neurons();
        let reached = PerNeuron::from_fn(n, |from| {
            let mut seen = PerNeuron::filled(n, false);
            let mut open = vec![from];
            while let Some(pre) = open.pop() {
                for &synapse in &self.wiring.outgoing[pre] {
                    let post = self.wiring.synapses[synapse].post;
                    if !std::mem::replace(&mut seen[post], true) {
                        open.push(post);
                    }
                }
            }
            seen
        });
        self.wiring.synapses.map(|ends| ends.pre == ends.post || reached[ends.post][ends.pre])
    }

    /// R06: credit that passes through so many steps of the iteration, and elsewhere as it should.
    fn unrolled(
        &self,
        hook: &Hook,
        beta: &PerNeuron<Rational>,
        external: &PerNeuron<Rational>,
        inside: &PerSynapse<bool>,
        steps: usize,
    ) -> Result<PerNeuron<Rational>, Error> {
        let n = self.wiring.neurons();
        let mut credit = PerNeuron::filled(n, Rational::zero());
        let mut entering = external.clone();
        for _ in 0..steps {
            // Without the synapses inside cycles the equations are triangular, and need no more rounds than neurons.
            let mut next = entering.clone();
            for _ in 0..n {
                let before = next;
                next = entering.clone();
                for (synapse, ends) in self.wiring.synapses.indexed().filter(|(s, _)| !inside[*s]) {
                    let strength = self.feedback(hook, &self.parameters.weights, synapse);
                    self.affords(2, [&strength, &beta[ends.post], &before[ends.post]])?;
                    next[ends.pre] += strength * &beta[ends.post] * &before[ends.post];
                }
                if next == before {
                    break;
                }
            }
            credit = next;
            entering = external.clone();
            for (synapse, ends) in self.wiring.synapses.indexed().filter(|(s, _)| inside[*s]) {
                let strength = self.feedback(hook, &self.parameters.weights, synapse);
                self.affords(2, [&strength, &beta[ends.post], &credit[ends.post]])?;
                entering[ends.pre] += strength * &beta[ends.post] * &credit[ends.post];
            }
            credit.iter().try_for_each(|credit| self.within_limits(credit))?;
        }
        Ok(credit)
    }

    fn solved(
        &self,
        hook: &Hook,
        mut rows: Vec<Vec<Rational>>,
    ) -> Result<PerNeuron<Rational>, Error> {
        let n = self.wiring.neurons();
        for column in 0..n {
            let pivot = (column..n).find_map(|row| Some((row, rows[row][column].try_recip()?)));
            let Some((pivot, scale)) = pivot else {
                let mutant = hook.mutant().map_or("no mutant", Mutant::id);
                return Err(Error::Singular {
                    what: format!("the credit of the reference, {mutant}"),
                });
            };
            rows.swap(pivot, column);
            rows[column].iter_mut().for_each(|entry| *entry *= &scale);
            let above = rows[column].clone();
            for (_, row) in rows.iter_mut().enumerate().filter(|(row, _)| *row != column) {
                let factor = row[column].clone();
                if !factor.is_zero() {
                    row.iter_mut().zip(&above).for_each(|(entry, above)| *entry -= &factor * above);
                }
            }
            rows.iter().try_for_each(|row| self.within_limits(&row[n]))?;
        }
        Ok(PerNeuron::from_fn(n, |neuron| rows[neuron.0][n].clone()))
    }

    /// Who receives the retrograde signal of a synapse, and whose credit it carries; R01 has them the other way round.
    fn retrograde(&self, hook: &Hook, synapse: Synapse) -> (Neuron, Neuron) {
        let ends = self.wiring.synapses[synapse];
        if ends.pre != ends.post && hook.at(Mutant::R01, ends.post) {
            return (ends.post, ends.pre);
        }
        (ends.pre, ends.post)
    }
}
