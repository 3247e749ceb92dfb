//! D6 and D7: adjoints, deltas and the gradient of a layered network.

use std::cmp::Ordering;

use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use super::credit::mean_of_products;
use super::{Confirmed, Ground, Refusal, confirm};
use crate::spec::{Case, Loss, OutputError, Reduction, Share};

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
                Some(k) => slope_of_loss(
                    &ground.certificate.case,
                    &witness.firing_rate[neuron],
                    &example.target[k],
                ),
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

/// ∂L_b/∂x at an output, with B/N in it.
fn slope_of_loss(case: &Case, rate: &BigRational, target: &BigRational) -> BigRational {
    let r = rate - target;
    let (error, reduction) = match &case.loss {
        Loss::HalfSquaredError => return r,
        Loss::Reduced { error, reduction } => (error, reduction),
    };
    let sign = |kink: &Share| match r.is_zero() {
        true => kink.exact() + kink.exact() - BigRational::one(),
        false => r.signum(),
    };
    let slope = match error {
        OutputError::Mse => &r * BigRational::from_integer(2.into()),
        OutputError::L1 { kink } => sign(kink),
        OutputError::Huber { delta } => r.clone().min(delta.clone()).max(-delta.clone()),
        OutputError::SmoothL1 { beta, kink } => match beta.is_zero() {
            true => sign(kink),
            false => (&r / beta).min(BigRational::one()).max(-BigRational::one()),
        },
        OutputError::Hinge { margin, kink } => match (target * rate).cmp(margin) {
            Ordering::Less => -target,
            Ordering::Equal => -(target * kink.exact()),
            Ordering::Greater => BigRational::zero(),
        },
    };
    let examples = num_bigint::BigInt::from(case.examples.len());
    match reduction {
        Reduction::Sum => slope * examples,
        Reduction::Mean => {
            slope / num_bigint::BigInt::from(case.examples.first().map_or(1, |e| e.target.len()))
        }
        Reduction::BatchMean => slope,
    }
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
