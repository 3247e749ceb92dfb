//! D3 and D4: credits and the weight update.

use num_rational::BigRational;
use num_traits::Zero;

use super::{Confirmed, Ground, Refusal, confirm, firing};
use crate::certificate::PerParameter;
use crate::certificate::external::of_outputs;
use crate::spec::PerNeuron;

/// What follows from the witnesses of one example before D3 is asked.
pub fn known(ground: &Ground<'_>, number: usize) -> Confirmed {
    let wiring = &ground.wiring;
    let witness = &ground.certificate.witnesses.examples[number];
    let mut external = PerNeuron::filled(wiring.neurons(), BigRational::zero());
    let rate = |output| witness.firing_rate[output].clone();
    let pulled = of_outputs(&ground.certificate.case, number, &wiring.outputs, rate);
    for (&output, e) in wiring.outputs.iter().zip(pulled) {
        external[output] = e;
    }
    let retrograde = PerNeuron::from_fn(wiring.neurons(), |post| {
        ground.account.product(&witness.balance_factor[post], &witness.credit[post])
    });
    let slope = PerNeuron::from_fn(wiring.neurons(), |post| {
        if wiring.is_input[post] {
            return BigRational::zero();
        }
        let activation = &wiring.activations[post];
        // Without a formula the slope is given: it is the balance factor, which no other function replaces there.
        firing::slope(ground, activation, wiring.kinks[post], &witness.net_input[post])
            .unwrap_or_else(|| witness.balance_factor[post].clone())
    });
    Confirmed { external, retrograde, slope }
}

/// Confirms the credits of one example.
pub fn check(ground: &Ground<'_>, number: usize, known: &Confirmed) -> Result<(), Refusal> {
    let witness = &ground.certificate.witnesses.examples[number];
    let expected = sweep(ground, &known.retrograde, &known.external);
    // Outputs first, so that the first equation to fail is that of the neuron at fault.
    ground.order.iter().rev().try_for_each(|&neuron| {
        let place = || format!("example {number}, credit of neuron {}", neuron.0);
        confirm("D3", &witness.credit[neuron], &expected[neuron], place)
    })
}

/// The right-hand side of D3 at every neuron: Σ_i W_ij (β_i c_i) + e_j.
pub fn sweep(
    ground: &Ground<'_>,
    retrograde: &PerNeuron<BigRational>,
    external: &PerNeuron<BigRational>,
) -> PerNeuron<BigRational> {
    PerNeuron::from_fn(ground.wiring.neurons(), |pre| {
        let mut sum = ground.account.sum();
        sum.add(&external[pre]);
        for &synapse in &ground.wiring.returning[pre] {
            let post = ground.wiring.synapses[synapse].post;
            sum.add_product(&ground.parameters.weights[synapse], &retrograde[post]);
        }
        sum.total()
    })
}

/// Confirms ΔW and Δb; how many entries.
pub fn check_update(ground: &Ground<'_>, examples: &[Confirmed]) -> Result<usize, Refusal> {
    let signals: Vec<_> = examples.iter().map(|example| &example.retrograde).collect();
    let update = &ground.certificate.witnesses.update;
    mean_of_products(ground, &signals, &ground.certificate.case.learning_rate, update, "D4")
}

/// Confirms `weights_ij = factor ⟨signal_i x_j⟩` and `biases_i = factor ⟨signal_i⟩`, 0 where there is no bias.
pub fn mean_of_products(
    ground: &Ground<'_>,
    signals: &[&PerNeuron<BigRational>],
    factor: &BigRational,
    found: &PerParameter<BigRational>,
    equation: &str,
) -> Result<usize, Refusal> {
    let wiring = &ground.wiring;
    let witnesses = &ground.certificate.witnesses.examples;
    let factor = factor / num_bigint::BigInt::from(witnesses.len());
    for (synapse, ends) in wiring.synapses.indexed() {
        let mut sum = ground.account.sum();
        for (signal, witness) in signals.iter().zip(witnesses) {
            sum.add_product(&signal[ends.post], &witness.firing_rate[ends.pre]);
        }
        confirm(
            equation,
            &found.weights[synapse],
            &ground.account.product(&sum.total(), &factor),
            || format!("synapse {} (post {}, pre {})", synapse.0, ends.post.0, ends.pre.0),
        )?;
    }
    for (post, &has_bias) in wiring.has_bias.indexed() {
        let mut sum = ground.account.sum();
        if has_bias {
            signals.iter().for_each(|signal| sum.add(&signal[post]));
        }
        confirm(
            equation,
            &found.biases[post],
            &ground.account.product(&sum.total(), &factor),
            || format!("bias of neuron {}", post.0),
        )?;
    }
    Ok(wiring.parameters())
}
