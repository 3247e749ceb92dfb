//! C6: the very functions that are the rule, run against a view that records every read.

use crate::certify::evidence::Evidence;
use crate::scalar::{Rational, Scalar};
use crate::spec::{Neuron, Synapse};
use crate::textbook::{Recorder, View, plasticity, relax};
use crate::verdict::locality::{Audit, allowed_to_bias, allowed_to_credit, allowed_to_synapse};
use crate::verdict::{Cell, Claim, Tier, Verdict};

/// Runs a rule at every neuron, synapse and bias of a view, and audits its reads.
///
/// `relax`, `weight_change` and `bias_change` are parameters so that a rule that reads too much can
/// be shown to be caught; [`relax::relax`], [`plasticity::weight_change`] and
/// [`plasticity::bias_change`] are the rule itself.
pub fn audit<'a, S: Scalar, V: View<S>>(
    view: &'a V,
    relax: impl Fn(&Recorder<'a, V>, Neuron) -> S,
    weight_change: impl Fn(&Recorder<'a, V>, Synapse) -> S,
    bias_change: impl Fn(&Recorder<'a, V>, Neuron) -> S,
) -> Verdict {
    let wiring = view.wiring();
    let recorder = Recorder::new(view);
    let mut audit = Audit::new();
    for neuron in (0..wiring.neurons()).map(Neuron) {
        let _ = relax(&recorder, neuron);
        let place = format!("credit of neuron {}", neuron.0);
        audit.add(&place, &recorder.take(), &allowed_to_credit(wiring, neuron));
    }
    for (synapse, ends) in wiring.synapses.indexed() {
        let _ = weight_change(&recorder, synapse);
        let place = format!("ΔW of the synapse from {} to {}", ends.pre.0, ends.post.0);
        audit.add(&place, &recorder.take(), &allowed_to_synapse(wiring, synapse));
    }
    for (post, _) in wiring.has_bias.indexed().filter(|(_, has)| **has) {
        let _ = bias_change(&recorder, post);
        audit.add(&format!("Δb of neuron {}", post.0), &recorder.take(), &allowed_to_bias(post));
    }
    audit.verdict()
}

/// The cell of C6: every example audited.
pub(super) fn cell(evidence: &Evidence<Rational>) -> (Cell, Verdict) {
    let audited = evidence.credit.examples.iter().map(|example| {
        let credit = example.credit.map(|credit| credit.0.clone());
        let view = evidence.view(example, &credit);
        audit(&view, relax::relax, plasticity::weight_change, plasticity::bias_change)
    });
    let verdict = audited.reduce(Verdict::and);
    let verdict = verdict.unwrap_or_else(|| Verdict::Unchecked("there is no example".into()));
    let cell = Cell::checked(Claim::Locality, Tier::Exact, verdict.clone())
        .note("every read of relax and plasticity recorded; credit by elimination is certified equal, not local");
    (cell, verdict)
}
