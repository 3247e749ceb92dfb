//! K10: a plasticity rule with the right numbers that reads what it may not.

use num_rational::BigRational;

use crate::scalar::Scalar;
use crate::spec::{Case, Parameters, PerNeuron, Synapse};
use crate::textbook::{Equilibrium, Recorder, View, plasticity};
use crate::verdict::Verdict;
use crate::verdict::locality::{Audit, allowed_to_synapse};

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

/// The audit of C6 on K10, and whether it means anything: only if the honest rule passes, and no number tells the two apart.
pub(super) fn audit(case: &Case, truth: &Truth) -> (Verdict, bool) {
    let parameters = Parameters::of(case);
    let (mut honest, mut mutant) = (Audit::new(), Audit::new());
    let mut same = true;
    for example in &truth.credit.examples {
        let credit: PerNeuron<BigRational> = example.credit.map(|credit| credit.0.clone());
        let view = Equilibrium {
            wiring: &truth.wiring,
            parameters: &parameters,
            learning_rate: &case.learning_rate,
            firing_rate: &example.firing_rate,
            balance_factor: &example.balance_factor,
            external_credit: &example.external_credit,
            credit: &credit,
        };
        let recorder = Recorder::new(&view);
        for (synapse, _) in truth.wiring.synapses.indexed() {
            let place = format!("ΔW of synapse {}", synapse.0);
            let allowed = allowed_to_synapse(&truth.wiring, synapse);
            let plain = plasticity::weight_change(&recorder, synapse);
            honest.add(&place, &recorder.take(), &allowed);
            same &= plain == non_local_weight_change(&recorder, synapse);
            mutant.add(&place, &recorder.take(), &allowed);
        }
    }
    // An audit that refuses the rule itself, or sees nothing, proves nothing about K10.
    (mutant.verdict(), same && honest.verdict().is_agree())
}
