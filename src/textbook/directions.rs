//! One derivative after the other, along each parameter.

use crate::error::Error;
use crate::scalar::{Dual, Scalar};
use crate::spec::outcome::Update;
use crate::spec::{Parameters, PerNeuron, PerSynapse, Wiring};

/// The derivative along each unit direction, synapses first, then the biases that there are.
pub(super) fn unit_directions<S: Scalar>(
    wiring: &Wiring,
    mut along: impl FnMut(&Parameters<S>) -> Result<Dual<S>, Error>,
) -> Result<Update<S>, Error> {
    let mut direction = Parameters {
        weights: PerSynapse::filled(wiring.synapses.len(), S::zero()),
        biases: PerNeuron::filled(wiring.neurons(), S::zero()),
    };
    let mut found = Update { weights: direction.weights.clone(), biases: direction.biases.clone() };
    for (synapse, _) in wiring.synapses.indexed() {
        direction.weights[synapse] = S::one();
        found.weights[synapse] = along(&direction)?.tangent;
        direction.weights[synapse] = S::zero();
    }
    for (neuron, _) in wiring.has_bias.indexed().filter(|(_, has)| **has) {
        direction.biases[neuron] = S::one();
        found.biases[neuron] = along(&direction)?.tangent;
        direction.biases[neuron] = S::zero();
    }
    Ok(found)
}
