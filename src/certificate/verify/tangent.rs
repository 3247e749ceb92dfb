//! D8: derivatives of the loss, by carrying ẋ forward through the confirmed rates.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Zero};

use super::{Confirmed, Ground, Refusal, confirm};
use crate::certificate::{Inverses, Matrix, PerParameter};
use crate::spec::{Neuron, PerNeuron};

/// Confirms every derivative; how many.
pub fn check(ground: &Ground<'_>, examples: &[Confirmed]) -> Result<usize, Refusal> {
    let mut confirmed = 0;
    if let Some(tangent) = &ground.certificate.witnesses.tangent {
        let share = BigRational::new(BigInt::one(), BigInt::from(examples.len()));
        for (k, (found, direction)) in
            tangent.derivatives.iter().zip(&ground.directions).enumerate()
        {
            let mut sum = ground.account.sum();
            for (number, known) in examples.iter().enumerate() {
                sum.add(&along(ground, number, known, Some(direction), None));
            }
            confirm("D8", found, &ground.account.product(&sum.total(), &share), || {
                format!("derivative along direction {k}")
            })?;
            confirmed += 1;
        }
    }
    for (number, (witness, known)) in
        ground.certificate.witnesses.examples.iter().zip(examples).enumerate()
    {
        let Some(response) = &witness.response else { continue };
        for (neuron, found) in response.indexed() {
            let expected = along(ground, number, known, None, Some(neuron));
            confirm("D8", found, &expected, || {
                format!("example {number}, derivative at the rate of neuron {}", neuron.0)
            })?;
            confirmed += 1;
        }
    }
    Ok(confirmed)
}

/// The derivative of L_b when the parameters move along H, or when a constant is added to one rate:
/// ṡ_i = Σ_j (H_ij x_j + W_ij ẋ_j) + h_i, ẋ_i = σ'(s_i) ṡ_i, Σ_k (x_k − t_k) ẋ_k.
fn along(
    ground: &Ground<'_>,
    number: usize,
    known: &Confirmed,
    direction: Option<&PerParameter<BigRational>>,
    moved: Option<Neuron>,
) -> BigRational {
    let wiring = &ground.wiring;
    let rate = &ground.certificate.witnesses.examples[number].firing_rate;
    let inverses = &ground.certificate.witnesses.examples[number].inverses;
    if let Some(Inverses { credit, slope }) = inverses {
        return answered(ground, number, known, direction, moved, slope.as_ref().unwrap_or(credit));
    }
    let mut motion = PerNeuron::filled(wiring.neurons(), BigRational::zero());
    for &post in &ground.order {
        let mut sum = ground.account.sum();
        for &synapse in &wiring.incoming[post] {
            let pre = wiring.synapses[synapse].pre;
            sum.add_product(&ground.parameters.weights[synapse], &motion[pre]);
            if let Some(direction) = direction {
                sum.add_product(&direction.weights[synapse], &rate[pre]);
            }
        }
        if let Some(direction) = direction {
            sum.add(&direction.biases[post]);
        }
        motion[post] = ground.account.product(&known.slope[post], &sum.total());
        if moved == Some(post) {
            motion[post] += BigRational::one();
        }
    }
    let mut derivative = ground.account.sum();
    for &output in &wiring.outputs {
        // e = −∂L_b/∂x at the outputs.
        derivative.add_product(&known.external[output], &motion[output]);
    }
    -derivative.total()
}

/// The same with a cycle, by the confirmed inverse M of I − Wᵀ diag σ': ẋ = Mᵀ r, where r_i = σ'(s_i) (Σ_j H_ij x_j + h_i), or 1 at the
/// rate that is moved.
fn answered(
    ground: &Ground<'_>,
    number: usize,
    known: &Confirmed,
    direction: Option<&PerParameter<BigRational>>,
    moved: Option<Neuron>,
    inverse: &Matrix,
) -> BigRational {
    let wiring = &ground.wiring;
    let rate = &ground.certificate.witnesses.examples[number].firing_rate;
    let mut derivative = ground.account.sum();
    for pushed in (0..wiring.neurons()).map(Neuron) {
        let mut push = BigRational::from_integer(i32::from(moved == Some(pushed)).into());
        if let Some(direction) = direction {
            let mut sum = ground.account.sum();
            for &synapse in &wiring.incoming[pushed] {
                sum.add_product(&direction.weights[synapse], &rate[wiring.synapses[synapse].pre]);
            }
            sum.add(&direction.biases[pushed]);
            push += ground.account.product(&known.slope[pushed], &sum.total());
        }
        if push.is_zero() {
            continue;
        }
        for &output in &wiring.outputs {
            let moved = ground.account.product(&inverse[pushed.0][output.0], &push);
            derivative.add_product(&known.external[output], &moved);
        }
    }
    -derivative.total()
}
