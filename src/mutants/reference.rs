//! What both halves of the reference start from: the firing equilibrium of each example.

use crate::error::Error;
use crate::scalar::Rational;
use crate::spec::outcome::Firing;
use crate::spec::{Activation, Case, Limits, Neuron, Parameters, PerNeuron, Wiring};

use super::functions::{other_side, rate, slope};
use super::hook::Hook;
use super::layout::Layout;
use super::{Fault, Mutant};

/// A plain implementation of D1–D7 in ℚ, with one hook per mutant.
///
/// With no fault it must agree with the textbook engines on every witness: otherwise a kill
/// would prove nothing. It calls no engine and no engine calls it.
#[derive(Debug)]
pub struct Reference<'a> {
    pub(super) case: &'a Case,
    pub(super) wiring: Wiring,
    pub(super) layout: Layout,
    pub(super) parameters: Parameters<Rational>,
    pub(super) learning_rate: Rational,
    pub(super) firing: Vec<Firing<Rational>>,
    /// depth + 1 of D3.
    pub(super) enough_sweeps: usize,
    limits: Limits,
}

impl<'a> Reference<'a> {
    /// Fires the network once for each example (D1).
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a cycle without a given equilibrium, and for a rate beyond every float; [`Error::Limit`] for numbers that grow too long.
    pub fn new(case: &'a Case, limits: &Limits) -> Result<Self, Error> {
        let wiring = Wiring::of(case);
        // With a cycle the credit is solved for, and one sweep is made to be looked at.
        let depth = wiring.depth().unwrap_or(0);
        let layout = Layout::of(case, &wiring);
        let parameters = Parameters::of(case).map(Rational::of);
        let mut reference = Self {
            case,
            wiring,
            layout,
            parameters,
            learning_rate: Rational::of(&case.learning_rate),
            firing: Vec::new(),
            enough_sweeps: depth + 1,
            limits: limits.clone(),
        };
        for example in 0..case.examples.len() {
            let firing = if reference.wiring.is_recurrent() {
                reference.at_given(example)?
            } else {
                reference.fire(example)?
            };
            reference.firing.push(firing);
        }
        Ok(reference)
    }

    /// A hook with this fault, or with none.
    #[must_use]
    pub fn hook(&self, fault: Option<Fault>) -> Hook {
        fault.map_or_else(Hook::none, |fault| Hook::plant_at(fault, &self.layout))
    }

    /// s_i = Σ_j W_ij x_j + b_i, x_i = σ_i(s_i), each neuron after its presynaptic ones.
    fn fire(&self, example: usize) -> Result<Firing<Rational>, Error> {
        let neurons = self.wiring.neurons();
        let mut net_input = PerNeuron::filled(neurons, Rational::zero());
        let mut firing_rate = PerNeuron::filled(neurons, Rational::zero());
        for (value, &neuron) in self.case.examples[example].input.iter().zip(&self.wiring.inputs) {
            firing_rate[neuron] = value.into();
        }
        for &post in self.wiring.order.iter().flatten() {
            if self.wiring.is_input[post] {
                continue;
            }
            let mut s = self.parameters.biases[post].clone();
            for &synapse in &self.wiring.incoming[post] {
                let pre = self.wiring.synapses[synapse].pre;
                self.affords(1, [&s, &self.parameters.weights[synapse], &firing_rate[pre]])?;
                s += &self.parameters.weights[synapse] * &firing_rate[pre];
            }
            self.affords(FUNCTION, [&s; 3])?;
            firing_rate[post] =
                rational(rate(&self.wiring.activations[post], &s), &self.wiring.activations[post])?;
            self.within_limits(&firing_rate[post])?;
            net_input[post] = s;
        }
        Ok(Firing { net_input, firing_rate })
    }

    /// β or σ' of one neuron: `function` is f on the credit side and σ on the other.
    pub(super) fn slope_at(
        &self,
        hook: &Hook,
        function: &Activation,
        example: usize,
        neuron: Neuron,
    ) -> Result<Rational, Error> {
        let firing = &self.firing[example];
        let kink = self.wiring.kinks[neuron];
        let early = self.wiring.is_recurrent() && hook.at(Mutant::R05, neuron);
        let s = if early { &self.first_sweep(example)[neuron] } else { &firing.net_input[neuron] };
        self.affords(FUNCTION, [s; 3])?;
        let truth = rational(slope(function, kink, s), function)?;
        if hook.at(Mutant::M04, neuron) {
            return Ok(Rational::one());
        }
        if hook.at(Mutant::M30, neuron) {
            return rational(rate(function, s), function);
        }
        for (mutant, step) in [(Mutant::M31, 1), (Mutant::M32, -1)] {
            let other = self.layout.in_layer(neuron, step).map(|n| &self.wiring.activations[n]);
            if let Some(other) = other.filter(|other| *other != function)
                && hook.at(mutant, neuron)
            {
                return rational(slope(other, kink, s), other);
            }
        }
        if *function != Activation::Relu && hook.at(Mutant::M34, neuron) {
            return rational(slope(&Activation::Relu, kink, s), &Activation::Relu);
        }
        if *function != Activation::Logistic && hook.at(Mutant::M35, neuron) {
            let x = &firing.firing_rate[neuron];
            return Ok(x * (Rational::one() - x));
        }
        if hook.at(Mutant::M05, neuron) {
            return rational(slope(function, kink, &firing.firing_rate[neuron]), function);
        }
        let other = rational(slope(function, other_side(kink), s), function)?;
        if other != truth && hook.at(Mutant::M16, neuron) {
            return Ok(other);
        }
        Ok(truth)
    }

    /// Which neuron's balance factor this neuron uses: its own, unless M18 says otherwise.
    pub(super) fn balance_owner(&self, hook: &Hook, neuron: Neuron) -> Neuron {
        match self.layout.neighbour(neuron) {
            Some(neighbour) if hook.at(Mutant::M18, neuron) => neighbour,
            _ => neuron,
        }
    }

    /// 1/B, B the number of examples.
    pub(super) fn share(&self) -> Rational {
        Rational::one_over(self.case.examples.len())
    }

    /// 1/K, K the number of outputs.
    pub(super) fn share_of_output(&self) -> Rational {
        Rational::one_over(self.wiring.outputs.len())
    }

    /// Asks the budget for so many steps a + b · c, before they are taken.
    pub(super) fn affords(&self, steps: usize, [a, b, c]: [&Rational; 3]) -> Result<(), Error> {
        let cost = a.step(b, c).saturating_mul(steps as u64);
        self.limits.work.charge(cost, "the reference of the mutants")
    }

    pub(super) fn within_limits(&self, value: &Rational) -> Result<(), Error> {
        let (given, limit) = (value.bits(), self.limits.bits);
        if given <= limit {
            return Ok(());
        }
        Err(Error::Limit { what: "bits of an intermediate result".to_owned(), given, limit })
    }
}

/// Products in the longest formula of σ, σ' or f.
const FUNCTION: usize = 4;

/// The number that takes the most bits; zero if there is none.
pub(super) fn longest<'n>(numbers: impl IntoIterator<Item = &'n Rational>) -> Rational {
    let bits = |number: &&Rational| number.bits();
    numbers.into_iter().max_by_key(bits).cloned().unwrap_or_else(Rational::zero)
}

fn rational(value: Option<Rational>, function: &Activation) -> Result<Rational, Error> {
    value.ok_or_else(|| {
        Error::unsupported(format!(
            "mutants with {} at numbers beyond every float",
            function.name()
        ))
    })
}
