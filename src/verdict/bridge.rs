//! The correspondence between the credit rule and backpropagation, with every sign in it.
//!
//! ```text
//! C1   c = −x̄ at every neuron,  β∘c = −δ
//! C2   ΔW = −η ∂L/∂W,  Δb = −η ∂L/∂b
//! ```
//!
//! This is the one file in which a credit and an adjoint meet. It moves numbers between the
//! numbering of a graph and the numbering of layers and changes their sign; it computes
//! nothing that either side computed.

use num_rational::BigRational;

use super::compared::{Compared, Mismatch, Verdict};
use super::exact::{Comparison, Shown};
use crate::scalar::{ExactScalar, Scalar};
use crate::spec::outcome::{
    BackpropExample, CreditExample, GivenBackprop, GivenCredit, LayeredGradient, Update,
};
use crate::spec::{Layered, Neuron, PerBlock, PerNeuron, PerSynapse, Wiring};

/// C1 on a layered case: c = −x̄ at every neuron and β∘c = −δ at every neuron that has a balance factor.
pub fn credits_are_adjoints<S: ExactScalar + Shown>(
    net: &Layered,
    credits: &[CreditExample<S>],
    adjoints: &[BackpropExample<S>],
) -> Verdict {
    let offsets = net.offsets();
    let mut comparison = Comparison::new();
    comparison.shape("examples", credits.len(), adjoints.len());
    for (b, (credit, backward)) in credits.iter().zip(adjoints).enumerate() {
        for (layer, of_layer) in backward.adjoint.iter().enumerate() {
            for (unit, adjoint) in of_layer.iter().enumerate() {
                let neuron = Neuron(offsets[layer] + unit);
                let place = || format!("example {b}, credit of neuron {unit} in layer {layer}");
                comparison.entry(place, &credit.credit[neuron].0, &-adjoint.0.clone());
            }
        }
        for (below, of_layer) in backward.delta.iter().enumerate() {
            for (unit, delta) in of_layer.iter().enumerate() {
                let neuron = Neuron(offsets[below + 1] + unit);
                let product = credit.balance_factor[neuron].clone() * &credit.credit[neuron].0;
                let place = || format!("example {b}, β·c of neuron {unit} in layer {}", below + 1);
                comparison.entry(place, &product, &-delta.0.clone());
            }
        }
    }
    comparison.verdict()
}

/// C2: the update that the gradient of backpropagation asks for, −η ∂L/∂W, in the numbering of the credit rule.
pub fn update_of_gradient<S: Scalar>(
    net: &Layered,
    gradient: &LayeredGradient<S>,
    learning_rate: &S,
) -> Update<S> {
    update_of_derivatives(&counted_through(net, gradient), learning_rate)
}

/// A gradient by layers in the numbering of a graph, signs as they are.
pub fn counted_through<S: Scalar>(net: &Layered, gradient: &LayeredGradient<S>) -> Update<S> {
    let weights = gradient.weights.iter().flatten().flatten().cloned().collect();
    let mut biases = vec![S::zero(); net.widths()[0]];
    for (layer, of_layer) in net.layers.iter().zip(&gradient.biases) {
        match of_layer {
            Some(entries) => biases.extend(entries.iter().cloned()),
            None => biases.extend(vec![S::zero(); layer.width()]),
        }
    }
    Update { weights: PerSynapse::new(weights), biases: PerNeuron::new(biases) }
}

/// C2 where the gradient already has the numbering of a graph: −η times each entry.
pub fn update_of_derivatives<S: Scalar>(derivatives: &Update<S>, learning_rate: &S) -> Update<S> {
    let descend = |entry: &S| -(learning_rate.clone() * entry);
    Update { weights: derivatives.weights.map(descend), biases: derivatives.biases.map(descend) }
}

/// C2 on the parameters of a case, block by block: −η times each entry.
#[must_use]
pub fn update_of_blocks(
    gradient: PerBlock<BigRational>,
    learning_rate: &BigRational,
) -> PerBlock<BigRational> {
    gradient.map(|entry| -(learning_rate * entry))
}

/// The gradient that an update follows, ΔW = −η ∂L/∂W read backwards; `None` where η is 0.
pub fn gradient_of_update<S: Scalar>(update: &Update<S>, learning_rate: &S) -> Option<Update<S>> {
    let reciprocal = learning_rate.try_recip()?;
    // At η = 1 nothing is multiplied: a product of long fractions would be reduced again for nothing.
    let is_one = reciprocal == S::one();
    let ascend = |entry: &S| if is_one { -entry.clone() } else { -(reciprocal.clone() * entry) };
    Some(Update { weights: update.weights.map(ascend), biases: update.biases.map(ascend) })
}

/// C1 where both sides number their neurons alike: c_j = −∂L_b/∂x_j.
pub fn credits_are_derivatives<S: ExactScalar + Shown>(
    credits: &[PerNeuron<S>],
    derivatives: &[PerNeuron<S>],
) -> Verdict {
    let mut comparison = Comparison::new();
    comparison.shape("examples", credits.len(), derivatives.len());
    for (b, (credit, of_example)) in credits.iter().zip(derivatives).enumerate() {
        for (neuron, derivative) in of_example.indexed() {
            let place = || format!("example {b}, credit of neuron {}", neuron.0);
            comparison.entry(place, &credit[neuron], &-derivative.clone());
        }
    }
    comparison.verdict()
}

/// ∂L_b/∂x_j = −c_j of C1, at these neurons of each example.
#[must_use]
pub fn derivatives_at<S: Scalar>(neurons: &[Neuron], credits: &[PerNeuron<S>]) -> Vec<Vec<S>> {
    let of_example = |credit: &PerNeuron<S>| neurons.iter().map(|n| -credit[*n].clone()).collect();
    credits.iter().map(of_example).collect()
}

/// Two updates on the same wiring, every weight and every bias that is a parameter.
pub fn updates_agree<S: ExactScalar + Shown>(
    wiring: &Wiring,
    found: &Update<S>,
    expected: &Update<S>,
) -> Verdict {
    let mut comparison = Comparison::new();
    compare_updates(wiring, found, expected, &mut comparison);
    comparison.verdict()
}

/// [`updates_agree`] into a comparison that is still open.
pub fn compare_updates<S: ExactScalar + Shown>(
    wiring: &Wiring,
    found: &Update<S>,
    expected: &Update<S>,
    comparison: &mut Comparison,
) {
    comparison.shape("weight updates", found.weights.len(), expected.weights.len());
    comparison.shape("bias updates", found.biases.len(), expected.biases.len());
    for (synapse, ends) in wiring.synapses.indexed() {
        let place = || format!("ΔW of the synapse from {} to {}", ends.pre.0, ends.post.0);
        comparison.entry(place, &found.weights[synapse], &expected.weights[synapse]);
    }
    for (neuron, _) in wiring.has_bias.indexed().filter(|(_, has)| **has) {
        let place = || format!("Δb of neuron {}", neuron.0);
        comparison.entry(place, &found.biases[neuron], &expected.biases[neuron]);
    }
}

/// The same rates, balance factors and external credits, handed to backpropagation as rates,
/// slopes and output adjoints.
///
/// For the tiers in which both sides start from the same numbers: x̄^Λ = −e.
pub fn same_given<S: Scalar>(net: &Layered, given: &GivenCredit<S>) -> GivenBackprop<S> {
    let widths = net.widths();
    let offsets = net.offsets();
    let layer = |values: &PerNeuron<S>, l: usize| -> Vec<S> {
        values.as_slice()[offsets[l]..offsets[l] + widths[l]].to_vec()
    };
    let last = widths.len() - 1;
    GivenBackprop {
        firing_rate: (0..=last).map(|l| layer(&given.firing_rate, l)).collect(),
        slope: (1..=last).map(|l| layer(&given.balance_factor, l)).collect(),
        output_adjoint: layer(&given.external_credit, last).into_iter().map(|e| -e).collect(),
    }
}

/// x̄^Λ = −e, for residues.
#[must_use]
pub fn output_adjoint_of_residue(external_credit: f64) -> f64 {
    -external_credit
}

/// C1 modulo a prime: c = −x̄, or β∘c = −δ, entry by entry of one column.
pub fn residues_of_credit(
    prime: u32,
    place: &dyn Fn(usize) -> String,
    credit: &[f64],
    adjoint: &[f64],
    comparison: &mut Comparison,
) {
    residues_cancel(prime, place, credit, 1.0, adjoint, comparison);
}

/// C2 modulo a prime: ΔW = −η ∂L/∂W, entry by entry of one column.
pub fn residues_of_update(
    prime: u32,
    place: &dyn Fn(usize) -> String,
    update: &[f64],
    (learning_rate, gradient): (f64, &[f64]),
    comparison: &mut Comparison,
) {
    residues_cancel(prime, place, update, learning_rate, gradient, comparison);
}

/// Whether p divides left + factor · right, for integers of at most p in magnitude and p < 2²².
///
/// The sum is exact, below 2⁵³. Where p divides it the quotient is an integer; where not, it is at least 1/p from one, and its
/// rounding error is below 2⁻³¹, so that no rounding makes it one.
fn residues_cancel(
    prime: u32,
    place: &dyn Fn(usize) -> String,
    left: &[f64],
    factor: f64,
    right: &[f64],
    comparison: &mut Comparison,
) {
    /// 1.5 · 2⁵²: adding and subtracting it rounds to an integer.
    const TO_INTEGER: f64 = 6_755_399_441_055_744.0;
    comparison.shape("residues", left.len(), right.len());
    let p = f64::from(prime);
    let differs = |(left, right): (&f64, &f64)| {
        let quotient = (left + factor * right) / p;
        (quotient + TO_INTEGER) - TO_INTEGER != quotient
    };
    let differing = left.iter().zip(right).map(|pair| usize::from(differs(pair))).sum();
    let nonzero = right.iter().map(|entry| usize::from(*entry != 0.0)).sum();
    let first = (differing > 0).then(|| left.iter().zip(right).position(differs)).flatten();
    let mismatch = first.map(|index| Mismatch {
        place: place(index),
        found: format!("{} (mod {prime})", left[index]),
        expected: format!("−{factor} · {} (mod {prime})", right[index]),
        differing,
    });
    comparison.add(Compared { entries: left.len().min(right.len()), nonzero }, mismatch);
}
