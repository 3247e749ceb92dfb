//! The credit of a network with a cycle in the reference, and the mutants that only a cycle shows.

use crate::error::Error;
use crate::scalar::Rational;
use crate::spec::outcome::Firing;
use crate::spec::{Neuron, PerNeuron, Synapse};

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
        let n = self.wiring.neurons();
        // The equations by rows, with the right-hand side behind them.
        let mut rows = vec![vec![Rational::zero(); n + 1]; n];
        for (pre, row) in rows.iter_mut().enumerate() {
            row[pre] = Rational::one();
            row[n] = external[Neuron(pre)].clone();
        }
        for (synapse, ends) in self.wiring.synapses.indexed() {
            let (receiver, sender) = self.retrograde(hook, synapse);
            // R03: an output keeps its external credit, whatever comes back to it.
            let held = self.layout.is_output(receiver) && hook.at(Mutant::R03, receiver);
            let left_out = ends.pre == ends.post && hook.at(Mutant::R02, ends.post);
            if !held && !left_out {
                let strength = self.feedback(hook, &self.parameters.weights, synapse);
                rows[receiver.0][sender.0] -= strength * &beta[sender];
            }
        }
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
