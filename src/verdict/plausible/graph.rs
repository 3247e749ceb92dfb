//! Standard deviations of a gradient on a graph without cycles (D7), from roundings that are drawn.
//!
//! ```text
//! s_i = Σ_j W_ij x_j + b_i, x_i = σ(s_i)     x̄_j = Σ_i W_ij δ_i + (x_j − t_j at outputs), δ_i = σ'(s_i) x̄_i     ∂L/∂W_ij = ⟨δ_i x_j⟩
//! ```

use super::drawn::{Drawn, Draws, Entries, Of, Products, ROUNDS, expect_affordable, out_of_reach};
use super::{Error, Reaction};
use crate::spec::outcome::Update;
use crate::spec::{
    Case, Dtype, Example, Neuron, Parameters, PerNeuron, PerSynapse, Synapse, Wiring,
};

/// Roundings of scalings such as 2/K, K/2 and 1/B.
const SCALINGS: f64 = 4.0;

/// A standard deviation for every entry of ∂L/∂W and ∂L/∂b, in a format; 0 where there is no bias.
///
/// Shapes: by synapse and neuron, as [`Wiring::of`] counts them. Exactness: an estimate in f64 under the assumption of [`super`].
///
/// # Errors
/// [`Error::Unsupported`] with a cycle, and where the draws would take too long; [`Error::NotFinite`] where some number leaves f64, or a net
/// input is off by so much that first order says nothing.
pub fn graph_spread(case: &Case, format: Dtype) -> Result<Update<f64>, Error> {
    case.loss.expect_half_squared("the plausible line")?;
    let wiring = Wiring::of(case);
    let Some(order) = &wiring.order else {
        return Err(Error::unsupported("standard deviations on a network with a cycle"));
    };
    // Counts of numbers in memory.
    #[allow(clippy::cast_precision_loss)]
    let [synapses, neurons, batch] =
        [wiring.synapses.len(), wiring.neurons(), case.examples.len()].map(|count| count as f64);
    let held = 2 * wiring.synapses.len() + 5 * wiring.neurons();
    expect_affordable(4.0 * (synapses + neurons) * batch, held)?;
    let reaction =
        |n: usize| Reaction::of(&wiring.activations[Neuron(n)], wiring.kinks[Neuron(n)], format);
    let reactions = (0..wiring.neurons()).map(reaction).collect::<Result<_, _>>()?;
    let graph = Graph { wiring: &wiring, order, reactions: PerNeuron::new(reactions) };
    let mut entries = Entries::new(wiring.synapses.len() + wiring.neurons());
    let mut values = Vec::new();
    for round in 0..ROUNDS {
        let mut draws = Draws::new(round, format);
        let exact = Parameters::of(case);
        let weights = exact.weights.map(|weight| draws.parameter(weight));
        let biases = exact.biases.map(|bias| draws.parameter(bias));
        let parameters = Parameters { weights, biases };
        values.clear();
        for example in &case.examples {
            values.push(graph.example(example, &parameters, &mut draws, &mut entries)?);
        }
        draws.expect_in_reach()?;
        entries.end_round();
    }
    // The terms of the last sums are the same in all rounds.
    let draws = Draws::new(0, format);
    let of_sum = |entry: usize| {
        let terms = values.iter().map(|of: &Values| graph.term(of, entry));
        let terms: Vec<f64> = terms.filter(|term| *term != 0.0).collect();
        let total = terms.iter().sum();
        draws.of_terms(terms, total, SCALINGS)
    };
    let mut found = entries.deviations(case.examples.len(), of_sum)?;
    let biases = found.split_off(wiring.synapses.len());
    Ok(Update { weights: PerSynapse::new(found), biases: PerNeuron::new(biases) })
}

struct Graph<'a> {
    wiring: &'a Wiring,
    order: &'a [Neuron],
    reactions: PerNeuron<Reaction>,
}

/// x and δ of one example.
struct Values {
    rate: PerNeuron<f64>,
    delta: PerNeuron<f64>,
}

impl Graph<'_> {
    /// What an example adds to the entry of a synapse, or of a bias behind them.
    fn term(&self, of: &Values, entry: usize) -> f64 {
        match entry.checked_sub(self.wiring.synapses.len()) {
            Some(neuron) if self.wiring.has_bias[Neuron(neuron)] => of.delta[Neuron(neuron)],
            Some(_) => 0.0,
            None => {
                let ends = self.wiring.synapses[Synapse(entry)];
                of.delta[ends.post] * of.rate[ends.pre]
            }
        }
    }

    fn example(
        &self,
        example: &Example,
        parameters: &Parameters<Drawn>,
        draws: &mut Draws,
        entries: &mut Entries,
    ) -> Result<Values, Error> {
        let wiring = self.wiring;
        let one = Drawn::exactly(1.0);
        let nothing = || PerNeuron::filled(wiring.neurons(), Drawn::exactly(0.0));
        let (mut rate, mut slope, mut delta) = (nothing(), nothing(), nothing());
        for (&neuron, x) in wiring.inputs.iter().zip(&example.input) {
            rate[neuron] = draws.parameter(x);
        }
        for &post in self.order.iter().filter(|&&post| !wiring.is_input[post]) {
            let mut sum = Products::default();
            sum.add(&parameters.biases[post], &one);
            for &synapse in &wiring.incoming[post] {
                sum.add(&parameters.weights[synapse], &rate[wiring.synapses[synapse].pre]);
            }
            let s = draws.rounded(sum, 0.0, Of::NetInput);
            [rate[post], slope[post]] = draws.fired(&self.reactions[post], &s)?;
        }
        let mut external = nothing();
        for (&neuron, target) in wiring.outputs.iter().zip(&example.target) {
            let mut difference = Products::default();
            difference.add(&rate[neuron], &one);
            difference.add(&draws.parameter(target).negated(), &one);
            external[neuron] = draws.rounded(difference, SCALINGS, Of::Error);
        }
        for &neuron in self.order.iter().rev() {
            let mut sum = Products::default();
            sum.add(&external[neuron], &one);
            for &synapse in &wiring.outgoing[neuron] {
                sum.add(&parameters.weights[synapse], &delta[wiring.synapses[synapse].post]);
            }
            let adjoint = draws.rounded(sum, 0.0, Of::Credit);
            delta[neuron] = draws.product(&slope[neuron], &adjoint, 2.0, Of::Delta);
        }
        for (synapse, ends) in wiring.synapses.indexed() {
            entries.add(synapse.0, &delta[ends.post], &rate[ends.pre]);
        }
        for (neuron, _) in wiring.has_bias.indexed().filter(|(_, has)| **has) {
            entries.add(wiring.synapses.len() + neuron.0, &delta[neuron], &one);
        }
        let values = |all: &PerNeuron<Drawn>| all.map(|drawn| drawn.value);
        let found = Values { rate: values(&rate), delta: values(&delta) };
        match found.delta.iter().chain(found.rate.iter()).all(|value| value.is_finite()) {
            true => Ok(found),
            false => Err(out_of_reach()),
        }
    }
}
