//! Both sides from the same W, x, β and e, over any exact scalar: the common ground of tiers S and P.

use num_rational::BigRational;

use crate::certificate::digest::PRIME;
use crate::certificate::{Draw, DrawExample, PerParameter};
use crate::error::Error;
use crate::scalar::{ExactScalar, Prime, Scalar};
use crate::spec::outcome::{GivenCredit, Update};
use crate::spec::{Case, Layered, Limits, Network, Parameters, PerNeuron, PerSynapse, Wiring};
use crate::textbook::backprop::{self, LayerParameters};
use crate::textbook::{credit, tangent};
use crate::verdict::bridge::{
    counted_through, credits_are_derivatives, same_given, update_of_derivatives, updates_agree,
};
use crate::verdict::{Shown, Verdict};

/// The large field: residues modulo 2⁶¹ − 1.
pub(super) type Large = Prime<PRIME>;

/// What both sides made of the same W, x, β, e.
pub(super) struct GivenRun<S> {
    /// c per example.
    pub credits: Vec<PerNeuron<S>>,
    /// ΔW and Δb.
    pub update: Update<S>,
    /// x̄ per example: of backpropagation, or on a graph the linear response.
    pub adjoints: Vec<PerNeuron<S>>,
    /// ∂L/∂W and ∂L/∂b, in the numbering of the wiring.
    pub gradient: Update<S>,
}

impl<S: ExactScalar> GivenRun<S> {
    /// Runs both sides.
    pub fn new(
        case: &Case,
        wiring: &Wiring,
        parameters: &Parameters<S>,
        learning_rate: &S,
        given: &[GivenCredit<S>],
        limits: &Limits,
    ) -> Result<Self, Error> {
        let (credits, update) =
            credit::run_given(wiring, parameters, learning_rate, given, limits)?;
        let (adjoints, gradient) = match &case.network {
            Network::Layered(net) => {
                let layers = by_layers(net, parameters);
                let given: Vec<_> = given.iter().map(|one| same_given(net, one)).collect();
                let backward = backprop::run_given(&layers, &given, limits)?;
                let adjoints = backward.adjoint.into_iter();
                let adjoints = adjoints
                    .map(|of_example| PerNeuron::new(of_example.into_iter().flatten().collect()));
                (adjoints.collect(), counted_through(net, &backward.gradient))
            }
            Network::Graph(_) => linear_response(wiring, parameters, given, limits)?,
        };
        Ok(Self { credits, update, adjoints, gradient })
    }
}

impl GivenRun<Large> {
    /// The residues, for the certificate; on a graph the gradient is not a quantity of its own.
    pub fn into_witness(self, layered: bool) -> Draw {
        let residues = |values: &PerNeuron<Large>| values.map(|value| value.residue());
        let entries = |update: &Update<Large>| PerParameter {
            weights: update.weights.map(|value| value.residue()),
            biases: residues(&update.biases),
        };
        let examples = self.credits.iter().zip(&self.adjoints).map(|(credit, adjoint)| {
            DrawExample { credit: residues(credit), adjoint: residues(adjoint) }
        });
        Draw {
            examples: examples.collect(),
            update: entries(&self.update),
            gradient: layered.then(|| entries(&self.gradient)),
        }
    }
}

/// C1 and C2 of a run on given values.
pub(super) fn given_verdicts<S: ExactScalar + Shown>(
    wiring: &Wiring,
    run: &GivenRun<S>,
    learning_rate: &S,
) -> (Verdict, Verdict) {
    let expected = update_of_derivatives(&run.gradient, learning_rate);
    (
        credits_are_derivatives(&run.credits, &run.adjoints),
        updates_agree(wiring, &run.update, &expected),
    )
}

/// The weights of a wiring that was made of layers, by layer; biases only as far as they exist.
fn by_layers<S: Scalar>(net: &Layered, parameters: &Parameters<S>) -> LayerParameters<S> {
    let mut weights = parameters.weights.iter().cloned();
    let offsets = net.offsets();
    LayerParameters {
        weights: net
            .layers
            .iter()
            .map(|layer| {
                (0..layer.width())
                    .map(|_| weights.by_ref().take(layer.inputs()).collect())
                    .collect()
            })
            .collect(),
        biases: net
            .layers
            .iter()
            .zip(offsets.iter().skip(1))
            .map(|(layer, &first)| {
                let of_layer = &parameters.biases.as_slice()[first..first + layer.width()];
                layer.biases.as_ref().map(|_| of_layer.to_vec())
            })
            .collect(),
    }
}

/// A graph has no backpropagation: ∂L_b/∂x of every neuron by the linear response, forwards, and
/// from it ∂L/∂W_ij = ⟨∂L_b/∂x_i β_i x_j⟩.
pub(super) fn linear_response<S: Scalar>(
    wiring: &Wiring,
    parameters: &Parameters<S>,
    given: &[GivenCredit<S>],
    limits: &Limits,
) -> Result<(Vec<PerNeuron<S>>, Update<S>), Error> {
    let share = BigRational::new(1.into(), given.len().max(1).into());
    let share: S = crate::textbook::embed(&share, "1/B, B the number of examples,")?;
    let mut adjoints = Vec::new();
    let mut gradient = Update {
        weights: PerSynapse::filled(wiring.synapses.len(), S::zero()),
        biases: PerNeuron::filled(wiring.neurons(), S::zero()),
    };
    for one in given {
        let (beta, external) = (&one.balance_factor, &one.external_credit);
        let response =
            tangent::at_rates_given(wiring, &parameters.weights, beta, external, limits)?;
        for (synapse, ends) in wiring.synapses.indexed() {
            let of_net_input = response[ends.post].clone() * &one.balance_factor[ends.post];
            let entry = of_net_input * &one.firing_rate[ends.pre] * &share;
            gradient.weights[synapse] = gradient.weights[synapse].clone() + &entry;
        }
        for (post, _) in wiring.has_bias.indexed().filter(|(_, has)| **has) {
            let entry = response[post].clone() * &one.balance_factor[post] * &share;
            gradient.biases[post] = gradient.biases[post].clone() + &entry;
        }
        adjoints.push(response);
    }
    Ok((adjoints, gradient))
}
