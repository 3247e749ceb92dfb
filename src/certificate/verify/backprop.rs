//! D6 and D7: adjoints, deltas and the gradient of a layered network.

use num_rational::BigRational;

use super::credit::mean_of_products;
use super::{Confirmed, Ground, Refusal, confirm};

/// Confirms x̄ and δ of every example; how many, or nothing for a graph.
pub fn check(ground: &Ground<'_>, confirmed: &[Confirmed]) -> Result<Option<usize>, Refusal> {
    let wiring = &ground.wiring;
    let mut adjoints = 0;
    let examples =
        ground.certificate.witnesses.examples.iter().zip(&ground.certificate.case.examples);
    for (number, ((witness, example), known)) in examples.zip(confirmed).enumerate() {
        let Some(backward) = &witness.backprop else { return Ok(None) };
        let at = |what: &str, neuron: usize| format!("example {number}, {what} of neuron {neuron}");
        for &neuron in ground.order.iter().rev() {
            // In a layered network the outputs are the neurons that nothing follows.
            let expected = match wiring.outputs.iter().position(|output| *output == neuron) {
                Some(k) => &witness.firing_rate[neuron] - &example.target[k],
                None => {
                    let mut sum = ground.account.sum();
                    for &synapse in &wiring.outgoing[neuron] {
                        let post = wiring.synapses[synapse].post;
                        sum.add_product(&ground.parameters.weights[synapse], &backward.delta[post]);
                    }
                    sum.total()
                }
            };
            confirm("D6", &backward.adjoint[neuron], &expected, || at("adjoint", neuron.0))?;
            let delta = ground.account.product(&known.slope[neuron], &backward.adjoint[neuron]);
            confirm("D6", &backward.delta[neuron], &delta, || at("delta", neuron.0))?;
            adjoints += 1;
        }
    }
    Ok(Some(adjoints))
}

/// Confirms the gradient; how many entries.
pub fn check_gradient(ground: &Ground<'_>) -> Result<usize, Refusal> {
    let witnesses = &ground.certificate.witnesses;
    let Some(gradient) = &witnesses.gradient else { return Ok(0) };
    let deltas: Vec<_> =
        witnesses.examples.iter().filter_map(|e| Some(&e.backprop.as_ref()?.delta)).collect();
    let one = BigRational::from_integer(1.into());
    mean_of_products(ground, &deltas, &one, gradient, "D7")
}
