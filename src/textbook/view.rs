//! What a local rule may look at.

use crate::scalar::Scalar;
use crate::spec::{Neuron, Parameters, PerNeuron, Synapse, Wiring};

/// Everything that [`super::relax`] and [`super::plasticity`] can read, one number at a time.
///
/// The two functions of the rule are written against this trait and nothing else, so that a
/// view that records its reads proves which numbers they depend on (claim C6).
pub trait View<S> {
    /// η
    fn learning_rate(&self) -> S;
    /// x_j
    fn firing_rate(&self, neuron: Neuron) -> S;
    /// β_i
    fn balance_factor(&self, neuron: Neuron) -> S;
    /// c_i, as it was before this sweep
    fn credit(&self, neuron: Neuron) -> S;
    /// e_j
    fn external_credit(&self, neuron: Neuron) -> S;
    /// W_ij
    fn weight(&self, synapse: Synapse) -> S;
    /// Who is joined to whom: anatomy, not a number.
    fn wiring(&self) -> &Wiring;
}

/// The plain view: one example at its equilibrium.
#[derive(Debug)]
pub struct Equilibrium<'a, S> {
    /// The network.
    pub wiring: &'a Wiring,
    /// W and b.
    pub parameters: &'a Parameters<S>,
    /// η
    pub learning_rate: &'a S,
    /// x
    pub firing_rate: &'a PerNeuron<S>,
    /// β
    pub balance_factor: &'a PerNeuron<S>,
    /// e
    pub external_credit: &'a PerNeuron<S>,
    /// c
    pub credit: &'a PerNeuron<S>,
}

impl<S: Scalar> View<S> for Equilibrium<'_, S> {
    fn learning_rate(&self) -> S {
        self.learning_rate.clone()
    }

    fn firing_rate(&self, neuron: Neuron) -> S {
        self.firing_rate[neuron].clone()
    }

    fn balance_factor(&self, neuron: Neuron) -> S {
        self.balance_factor[neuron].clone()
    }

    fn credit(&self, neuron: Neuron) -> S {
        self.credit[neuron].clone()
    }

    fn external_credit(&self, neuron: Neuron) -> S {
        self.external_credit[neuron].clone()
    }

    fn weight(&self, synapse: Synapse) -> S {
        self.parameters.weights[synapse].clone()
    }

    fn wiring(&self) -> &Wiring {
        self.wiring
    }
}
