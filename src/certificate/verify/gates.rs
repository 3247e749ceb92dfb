//! What makes a row unchecked although something in it is not zero.

use num_traits::Zero;

use super::{Confirmed, Ground};
use crate::certificate::{MOST_UNIT_DIRECTIONS, words};
use crate::spec::{Network, Neuron, Synapse};

/// Whether there are hidden neurons, and none of them passes any credit on.
pub fn hidden_dead(ground: &Ground<'_>, examples: &[Confirmed]) -> Option<String> {
    let wiring = &ground.wiring;
    let mut hidden = wiring
        .is_input
        .indexed()
        .filter(|(neuron, input)| !**input && !wiring.outputs.contains(neuron))
        .map(|(neuron, _)| neuron)
        .peekable();
    let dead = hidden.peek().is_some()
        && hidden.all(|neuron| examples.iter().all(|e| e.retrograde[neuron].is_zero()));
    dead.then(|| words::HIDDEN_DEAD.to_owned())
}

/// C3, C7: nothing moves along any direction, whatever the credits are; where σ is given, no parameter changes.
pub fn still(ground: &Ground<'_>) -> Option<String> {
    let witnesses = &ground.certificate.witnesses;
    let still = match &witnesses.tangent {
        Some(tangent) => {
            let moves = tangent.derivatives.iter().any(|derivative| !derivative.is_zero());
            // On layers the gradient is compared with the derivatives themselves.
            !moves || (!ground.layered && ground.certificate.case.learning_rate.is_zero())
        }
        None => {
            let update = &witnesses.update;
            update.weights.iter().chain(update.biases.iter()).all(Zero::is_zero)
        }
    };
    still.then(|| words::ALL_ZERO.to_owned())
}

/// C2: the first block of parameters of which nothing is compared but zeros.
pub fn zero_block(ground: &Ground<'_>) -> Option<String> {
    let witnesses = &ground.certificate.witnesses;
    let wiring = &ground.wiring;
    if let (Network::Layered(net), Some(gradient)) =
        (&ground.certificate.case.network, &witnesses.gradient)
    {
        let (mut synapse, mut neuron) = (0, net.layers.first().map_or(0, |layer| layer.inputs()));
        for (l, layer) in net.layers.iter().enumerate() {
            let weights = synapse..synapse + layer.width() * layer.inputs();
            let biases = neuron..neuron + layer.width();
            (synapse, neuron) = (weights.end, biases.end);
            if weights.map(Synapse).all(|k| gradient.weights[k].is_zero()) {
                return Some(words::zero_block(&format!("weights of layer {}", l + 1)));
            }
            if layer.biases.is_some() && biases.map(Neuron).all(|k| gradient.biases[k].is_zero()) {
                return Some(words::zero_block(&format!("biases of layer {}", l + 1)));
            }
        }
        return None;
    }
    let tangent = witnesses.tangent.as_ref()?;
    if wiring.parameters() > MOST_UNIT_DIRECTIONS {
        return None;
    }
    // Unit directions: one derivative per synapse, then one per bias.
    let (weights, biases) = tangent.derivatives.split_at(wiring.synapses.len());
    let zero = [("weights of the graph", weights), ("biases of the graph", biases)];
    let mut zero = zero.iter().filter(|(_, derivatives)| !derivatives.is_empty());
    let zero = zero.find(|(_, derivatives)| derivatives.iter().all(Zero::is_zero));
    zero.map(|(name, _)| words::zero_block(name))
}
