//! What a local rule may look at.

use std::cell::RefCell;

use crate::scalar::Scalar;
use crate::spec::{Neuron, Parameters, PerNeuron, Read, Synapse, Wiring};

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

/// A view that passes every read through and writes it down.
#[derive(Debug)]
pub struct Recorder<'a, V> {
    inner: &'a V,
    reads: RefCell<Vec<Read>>,
}

impl<'a, V> Recorder<'a, V> {
    /// Nothing recorded yet.
    #[must_use]
    pub fn new(inner: &'a V) -> Self {
        Self { inner, reads: RefCell::default() }
    }

    /// The reads since the last call.
    #[must_use]
    pub fn take(&self) -> Vec<Read> {
        self.reads.take()
    }

    fn note(&self, read: Read) {
        self.reads.borrow_mut().push(read);
    }
}

impl<S: Scalar, V: View<S>> View<S> for Recorder<'_, V> {
    fn learning_rate(&self) -> S {
        self.note(Read::LearningRate);
        self.inner.learning_rate()
    }

    fn firing_rate(&self, neuron: Neuron) -> S {
        self.note(Read::FiringRate(neuron));
        self.inner.firing_rate(neuron)
    }

    fn balance_factor(&self, neuron: Neuron) -> S {
        self.note(Read::BalanceFactor(neuron));
        self.inner.balance_factor(neuron)
    }

    fn credit(&self, neuron: Neuron) -> S {
        self.note(Read::Credit(neuron));
        self.inner.credit(neuron)
    }

    fn external_credit(&self, neuron: Neuron) -> S {
        self.note(Read::ExternalCredit(neuron));
        self.inner.external_credit(neuron)
    }

    fn weight(&self, synapse: Synapse) -> S {
        self.note(Read::Weight(synapse));
        self.inner.weight(synapse)
    }

    fn wiring(&self) -> &Wiring {
        self.inner.wiring()
    }
}
