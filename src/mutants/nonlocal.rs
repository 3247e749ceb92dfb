//! K10: a plasticity rule with the right numbers that reads what it may not.

use std::cell::RefCell;

use num_rational::BigRational;

use crate::scalar::Scalar;
use crate::spec::{Case, Neuron, Parameters, PerNeuron, Synapse, Wiring};
use crate::textbook::{Equilibrium, View, plasticity};
use crate::verdict::Verdict;
use crate::verdict::locality::{Audit, Read, allowed_to_synapse};

use super::truth::Truth;

/// K10: ΔW_ij of D4, after a look at the weight of another synapse.
///
/// The number is that of [`plasticity::weight_change`] in every ring: W − W = 0. Only an audit of
/// the reads can tell the two apart.
pub fn non_local_weight_change<S: Scalar>(view: &impl View<S>, synapse: Synapse) -> S {
    let synapses = view.wiring().synapses.len();
    let other = view.weight(Synapse((synapse.0 + 1) % synapses));
    plasticity::weight_change(view, synapse) + &other - &other
}

/// A view that writes down every read.
struct Recording<'a> {
    inner: Equilibrium<'a, BigRational>,
    reads: RefCell<Vec<Read>>,
}

impl Recording<'_> {
    fn note(&self, read: Read) {
        self.reads.borrow_mut().push(read);
    }
}

impl View<BigRational> for Recording<'_> {
    fn learning_rate(&self) -> BigRational {
        self.note(Read::LearningRate);
        self.inner.learning_rate()
    }

    fn firing_rate(&self, neuron: Neuron) -> BigRational {
        self.note(Read::FiringRate(neuron));
        self.inner.firing_rate(neuron)
    }

    fn balance_factor(&self, neuron: Neuron) -> BigRational {
        self.note(Read::BalanceFactor(neuron));
        self.inner.balance_factor(neuron)
    }

    fn credit(&self, neuron: Neuron) -> BigRational {
        self.note(Read::Credit(neuron));
        self.inner.credit(neuron)
    }

    fn external_credit(&self, neuron: Neuron) -> BigRational {
        self.note(Read::ExternalCredit(neuron));
        self.inner.external_credit(neuron)
    }

    fn weight(&self, synapse: Synapse) -> BigRational {
        self.note(Read::Weight(synapse));
        self.inner.weight(synapse)
    }

    fn wiring(&self) -> &Wiring {
        self.inner.wiring()
    }
}

/// The audit of C6 on K10, and whether it means anything: only if the honest rule passes, and no number tells the two apart.
pub(super) fn audit(case: &Case, truth: &Truth) -> (Verdict, bool) {
    let parameters = Parameters::of(case);
    let (mut honest, mut mutant) = (Audit::new(), Audit::new());
    let mut same = true;
    for example in &truth.credit.examples {
        let credit: PerNeuron<BigRational> = example.credit.map(|credit| credit.0.clone());
        for (synapse, _) in truth.wiring.synapses.indexed() {
            let view = || Recording {
                inner: Equilibrium {
                    wiring: &truth.wiring,
                    parameters: &parameters,
                    learning_rate: &case.learning_rate,
                    firing_rate: &example.firing_rate,
                    balance_factor: &example.balance_factor,
                    external_credit: &example.external_credit,
                    credit: &credit,
                },
                reads: RefCell::new(Vec::new()),
            };
            let place = format!("ΔW of synapse {}", synapse.0);
            let allowed = allowed_to_synapse(&truth.wiring, synapse);
            let (plain, prying) = (view(), view());
            same &= plasticity::weight_change(&plain, synapse)
                == non_local_weight_change(&prying, synapse);
            honest.add(&place, &plain.reads.into_inner(), &allowed);
            mutant.add(&place, &prying.reads.into_inner(), &allowed);
        }
    }
    // An audit that refuses the rule itself, or sees nothing, proves nothing about K10.
    (mutant.verdict(), same && honest.verdict().is_agree())
}
