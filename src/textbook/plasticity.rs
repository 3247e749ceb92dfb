//! The plasticity rule: credit × balance × presynaptic rate (D4).

use super::View;
use crate::scalar::Scalar;
use crate::spec::{Neuron, Synapse};

/// The change of one synapse for one example.
///
/// ```text
/// D4   ΔW_ij = η β_i c_i x_j
/// ```
///
/// The mean over a batch is taken by whoever shows the examples. Exactness: ring operations only.
/// Source: Fan & Mysore, arXiv 2405.14139.
pub fn weight_change<S: Scalar>(view: &impl View<S>, synapse: Synapse) -> S {
    let ends = view.wiring().synapses[synapse];
    view.learning_rate()
        * &view.balance_factor(ends.post)
        * &view.credit(ends.post)
        * &view.firing_rate(ends.pre)
}

/// The change of one bias for one example: that of a synapse from a neuron that always fires at rate 1.
///
/// ```text
/// D4   Δb_i = η β_i c_i
/// ```
pub fn bias_change<S: Scalar>(view: &impl View<S>, post: Neuron) -> S {
    view.learning_rate() * &view.balance_factor(post) * &view.credit(post)
}
