//! What a local rule may look at, number by number.

use super::indices::{Neuron, Synapse};

/// One number that the rule looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Read {
    /// η
    LearningRate,
    /// x_j
    FiringRate(Neuron),
    /// β_i
    BalanceFactor(Neuron),
    /// c_i
    Credit(Neuron),
    /// e_j
    ExternalCredit(Neuron),
    /// W_ij
    Weight(Synapse),
}
