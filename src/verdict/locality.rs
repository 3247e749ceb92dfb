//! Which reads D3 and D4 allow (claim C6).

use std::collections::BTreeSet;

use super::compared::{Compared, Mismatch, Verdict};
use crate::spec::{Neuron, Read, Synapse, Wiring};

/// What c_j may read: its own e_j, the synapses through which credit comes back to it, and β and c of their postsynaptic neurons.
#[must_use]
pub fn allowed_to_credit(wiring: &Wiring, pre: Neuron) -> BTreeSet<Read> {
    let mut allowed = BTreeSet::from([Read::ExternalCredit(pre)]);
    for &synapse in &wiring.returning[pre] {
        let post = wiring.synapses[synapse].post;
        allowed.extend([Read::Weight(synapse), Read::BalanceFactor(post), Read::Credit(post)]);
    }
    allowed
}

/// What ΔW_ij may read: η, x_j, β_i, c_i and W_ij.
#[must_use]
pub fn allowed_to_synapse(wiring: &Wiring, synapse: Synapse) -> BTreeSet<Read> {
    let ends = wiring.synapses[synapse];
    BTreeSet::from([
        Read::LearningRate,
        Read::FiringRate(ends.pre),
        Read::BalanceFactor(ends.post),
        Read::Credit(ends.post),
        Read::Weight(synapse),
    ])
}

/// What Δb_i may read: η, β_i and c_i.
#[must_use]
pub fn allowed_to_bias(post: Neuron) -> BTreeSet<Read> {
    BTreeSet::from([Read::LearningRate, Read::BalanceFactor(post), Read::Credit(post)])
}

/// Holds recorded reads against what is allowed.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    reads: usize,
    first: Option<Mismatch>,
}

impl Audit {
    /// Nothing recorded yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the reads of one evaluation of one rule at one place.
    pub fn add(&mut self, place: &str, reads: &[Read], allowed: &BTreeSet<Read>) {
        self.reads += reads.len();
        for read in reads.iter().filter(|read| !allowed.contains(read)) {
            match &mut self.first {
                Some(first) => first.differing += 1,
                none => {
                    *none = Some(Mismatch {
                        place: place.to_owned(),
                        found: format!("a read of {read:?}"),
                        expected: "only reads that D3 and D4 allow".into(),
                        differing: 1,
                    });
                }
            }
        }
    }

    /// Agree if something was read and every read was allowed.
    #[must_use]
    pub fn verdict(self) -> Verdict {
        match self.first {
            Some(mismatch) => Verdict::Disagree(mismatch),
            None if self.reads == 0 => Verdict::Unchecked("the rule read nothing".into()),
            None => Verdict::Agree(Compared { entries: self.reads, nonzero: self.reads }),
        }
    }
}
