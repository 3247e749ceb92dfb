//! The credit equilibrium by relaxation: what the neurons themselves do (D3).

use super::View;
use crate::scalar::Scalar;
use crate::spec::{Neuron, PerNeuron};

/// The credit of one neuron after one more sweep.
///
/// ```text
/// D3   c_j ← Σ_i W_ij β_i c_i + e_j
/// ```
///
/// Reads only e_j, the outgoing synapses of j (none where j is an output that clamps its credit), and β and c of their postsynaptic neurons: the
/// retrograde signal of a synapse is the product of its strength, the balance of its postsynaptic neuron and that
/// neuron's credit.
/// Exactness: ring operations only, exact over any [`Scalar`] but floats.
/// Source: Fan & Mysore, arXiv 2405.14139.
pub fn relax<S: Scalar>(view: &impl View<S>, pre: Neuron) -> S {
    let mut credit = view.external_credit(pre);
    let wiring = view.wiring();
    for &synapse in &wiring.returning[pre] {
        let post = wiring.synapses[synapse].post;
        let retrograde = view.weight(synapse) * &view.balance_factor(post) * &view.credit(post);
        credit = credit + &retrograde;
    }
    credit
}

/// One synchronous sweep: every neuron at once, from the credits before the sweep.
pub fn sweep<S: Scalar>(view: &impl View<S>) -> PerNeuron<S> {
    PerNeuron::from_fn(view.wiring().neurons(), |pre| relax(view, pre))
}
