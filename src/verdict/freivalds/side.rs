//! Both engines' outcomes in the same shape, each number exactly as the float is.

use num_rational::BigRational;
use num_traits::{One, Zero};

use crate::number::exact_f64;
use crate::spec::outcome::{BackpropOutcome, CreditExample, CreditOutcome};
use crate::spec::{PerNeuron, PerSynapse, Wiring};
use crate::verdict::entries::{Entry, Quantity, of_backprop};

/// One example of credit: s, x, e, c and β∘c; or of backpropagation: s, x, x̄ of the outputs, x̄ and δ.
pub(super) struct Example {
    pub(super) net_input: PerNeuron<BigRational>,
    pub(super) firing_rate: PerNeuron<BigRational>,
    pub(super) external_credit: PerNeuron<BigRational>,
    pub(super) credit: PerNeuron<BigRational>,
    /// β∘c before rounding, or δ as it is reported.
    pub(super) balanced: PerNeuron<BigRational>,
    /// σ'∘x̄ before rounding, where δ is reported.
    pub(super) unrounded: Option<PerNeuron<BigRational>>,
}

/// What the quantities of a side are called.
pub(super) struct Names {
    pub(super) credit: &'static str,
    pub(super) update: &'static str,
}

/// An outcome.
pub(super) struct Side {
    pub(super) names: Names,
    pub(super) examples: Vec<Example>,
    pub(super) weights: PerSynapse<BigRational>,
    pub(super) biases: PerNeuron<BigRational>,
    /// By what the mean over the batch is multiplied: η, or 1.
    pub(super) factor: BigRational,
}

impl Side {
    /// `None` if a value is missing or not finite.
    pub(super) fn of_credit<F: Copy + Into<f64>>(
        wiring: &Wiring,
        outcome: &CreditOutcome<F>,
        learning_rate: BigRational,
    ) -> Option<Self> {
        let neurons = wiring.neurons();
        let per_neuron = |values: &PerNeuron<F>| all(values.iter(), neurons).map(PerNeuron::new);
        let example = |example: &CreditExample<F>| {
            let credit = per_neuron(&example.credit.map(|credit| credit.0))?;
            let beta = per_neuron(&example.balance_factor)?;
            Some(Example {
                net_input: per_neuron(&example.net_input)?,
                firing_rate: per_neuron(&example.firing_rate)?,
                external_credit: per_neuron(&example.external_credit)?,
                balanced: PerNeuron::from_fn(neurons, |post| &beta[post] * &credit[post]),
                unrounded: None,
                credit,
            })
        };
        let weights = all(outcome.update.weights.iter(), wiring.synapses.len())?;
        Some(Self {
            names: Names { credit: "credit", update: "update" },
            examples: outcome.examples.iter().map(example).collect::<Option<_>>()?,
            weights: PerSynapse::new(weights),
            biases: per_neuron(&outcome.update.biases)?,
            factor: learning_rate,
        })
    }

    /// `None` if a value is missing or not finite.
    pub(super) fn of_backprop<F: Copy + Into<f64>>(
        wiring: &Wiring,
        outcome: &BackpropOutcome<F>,
    ) -> Option<Self> {
        let entries = of_backprop(outcome);
        let neurons = wiring.neurons();
        let per_neuron = |quantity: Quantity, b: Option<usize>, expected: usize| {
            let mut values = vec![BigRational::zero(); neurons];
            let mut found = 0;
            let own = |(entry, _): &&(Entry, &F)| entry.quantity == quantity && entry.example == b;
            for (entry, value) in entries.iter().filter(own) {
                *values.get_mut(entry.index)? = exact_f64((**value).into())?;
                found += 1;
            }
            (found == expected).then(|| PerNeuron::new(values))
        };
        let fired = neurons - wiring.inputs.len();
        let example = |b: usize| {
            let credit = per_neuron(Quantity::Adjoint, Some(b), neurons)?;
            let slope = per_neuron(Quantity::Slope, Some(b), fired)?;
            // In a layered network output neurons have no synapses onward: their adjoint is all external.
            let mut external = PerNeuron::filled(neurons, BigRational::zero());
            for &output in &wiring.outputs {
                external[output].clone_from(&credit[output]);
            }
            Some(Example {
                net_input: per_neuron(Quantity::NetInput, Some(b), fired)?,
                firing_rate: per_neuron(Quantity::FiringRate, Some(b), neurons)?,
                external_credit: external,
                balanced: per_neuron(Quantity::Delta, Some(b), fired)?,
                unrounded: Some(PerNeuron::from_fn(neurons, |n| &slope[n] * &credit[n])),
                credit,
            })
        };
        let with_bias = wiring.has_bias.iter().filter(|has| **has).count();
        let weights = outcome.gradient.weights.iter().flatten().flatten();
        Some(Self {
            names: Names { credit: "adjoint", update: "gradient" },
            examples: (0..outcome.examples.len()).map(example).collect::<Option<_>>()?,
            weights: PerSynapse::new(all(weights, wiring.synapses.len())?),
            biases: per_neuron(Quantity::BiasGradient, None, with_bias)?,
            factor: BigRational::one(),
        })
    }
}

fn all<'a, F: Copy + Into<f64> + 'a>(
    values: impl Iterator<Item = &'a F>,
    expected: usize,
) -> Option<Vec<BigRational>> {
    let values = values.map(|value| exact_f64((*value).into())).collect::<Option<Vec<_>>>()?;
    (values.len() == expected).then_some(values)
}
