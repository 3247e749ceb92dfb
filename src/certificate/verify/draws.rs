//! Tier P: the same equations modulo p at points that the verifier draws itself.

use super::{Ground, Refusal, confirm, refusal};
use crate::certificate::digest::{self, PRIME, Point, PointExample};
use crate::certificate::{Draw, PerParameter};
use crate::spec::work::WORD;
use crate::spec::{Neuron, PerNeuron, Synapse};

/// Confirms every draw; how many residues.
pub fn check(ground: &Ground<'_>) -> Result<usize, Refusal> {
    let certificate = ground.certificate;
    let mut confirmed = 0;
    for (number, draw) in certificate.witnesses.draws.iter().enumerate() {
        let point =
            digest::point(&certificate.case_digest, certificate.seed, number, &ground.wiring);
        confirmed += check_draw(ground, number, draw, &point)?;
    }
    Ok(confirmed)
}

fn check_draw(
    ground: &Ground<'_>,
    number: usize,
    draw: &Draw,
    point: &Point,
) -> Result<usize, Refusal> {
    let wiring = &ground.wiring;
    let mut confirmed = 0;
    let (mut credited, mut blamed) = (Vec::new(), Vec::new());
    for (k, (found, given)) in draw.examples.iter().zip(&point.examples).enumerate() {
        let scaled = |values: &PerNeuron<u64>| {
            PerNeuron::from_fn(wiring.neurons(), |post| {
                times(given.balance_factor[post], values[post])
            })
        };
        let (retrograde, delta) = (scaled(&found.credit), scaled(&found.adjoint));
        let steps = wiring.neurons() + wiring.synapses.len();
        for &neuron in ground.order.iter().rev() {
            // The arbiter of a graph walks through all of it, for every neuron.
            let steps = if ground.layered { 1 + wiring.outgoing[neuron].len() } else { steps };
            if !ground.account.grants(WORD * steps as u64) {
                return Ok(confirmed);
            }
            let at =
                |what: &str| format!("draw {number}, example {k}, {what} of neuron {}", neuron.0);
            let external = given.external_credit[neuron];
            let credit =
                plus(external, gathered(ground, point, &wiring.returning[neuron], &retrograde));
            confirm("P (D3)", &found.credit[neuron], &credit, || at("credit"))?;
            let adjoint = if !ground.layered {
                response(ground, point, given, neuron)
            } else if wiring.outgoing[neuron].is_empty() {
                minus(external)
            } else {
                gathered(ground, point, &wiring.outgoing[neuron], &delta)
            };
            confirm("P (D6)", &found.adjoint[neuron], &adjoint, || at("adjoint"))?;
            confirmed += 2;
        }
        credited.push(retrograde);
        blamed.push(delta);
    }
    confirmed +=
        products(ground, number, point, &credited, point.learning_rate, &draw.update, "P (D4)")?;
    if let Some(gradient) = &draw.gradient {
        confirmed += products(ground, number, point, &blamed, 1, gradient, "P (D7)")?;
    }
    Ok(confirmed)
}

/// Σ_i W_ij signal_i.
fn gathered(
    ground: &Ground<'_>,
    point: &Point,
    synapses: &[Synapse],
    signal: &PerNeuron<u64>,
) -> u64 {
    synapses.iter().fold(0, |sum, &synapse| {
        let post = ground.wiring.synapses[synapse].post;
        plus(sum, times(point.weights[synapse], signal[post]))
    })
}

/// −Σ_k e_k ẋ_k, where ẋ is 1 at one neuron and β_i Σ_j W_ij ẋ_j beyond it.
fn response(ground: &Ground<'_>, point: &Point, given: &PointExample, moved: Neuron) -> u64 {
    let wiring = &ground.wiring;
    let mut motion = PerNeuron::filled(wiring.neurons(), 0);
    for &post in &ground.order {
        let arriving = wiring.incoming[post].iter().fold(0, |sum, &synapse| {
            plus(sum, times(point.weights[synapse], motion[wiring.synapses[synapse].pre]))
        });
        motion[post] = plus(times(given.balance_factor[post], arriving), u64::from(post == moved));
    }
    let loss = wiring
        .outputs
        .iter()
        .fold(0, |sum, &output| plus(sum, times(given.external_credit[output], motion[output])));
    minus(loss)
}

/// Confirms `factor ⟨signal_i x_j⟩` and `factor ⟨signal_i⟩` over the examples of the point.
fn products(
    ground: &Ground<'_>,
    number: usize,
    point: &Point,
    signals: &[PerNeuron<u64>],
    factor: u64,
    found: &PerParameter<u64>,
    equation: &str,
) -> Result<usize, Refusal> {
    let wiring = &ground.wiring;
    let Some(share) = inverse(point.examples.len() as u64) else {
        return Err(refusal(equation, format!("draw {number}"), "no examples", "some examples"));
    };
    let factor = times(factor, share);
    for (synapse, ends) in wiring.synapses.indexed() {
        let sum = signals.iter().zip(&point.examples).fold(0, |sum, (signal, given)| {
            plus(sum, times(signal[ends.post], given.firing_rate[ends.pre]))
        });
        confirm(equation, &found.weights[synapse], &times(factor, sum), || {
            format!(
                "draw {number}, synapse {} (post {}, pre {})",
                synapse.0, ends.post.0, ends.pre.0
            )
        })?;
    }
    for (post, &has_bias) in wiring.has_bias.indexed() {
        let sum = signals.iter().fold(0, |sum, signal| plus(sum, signal[post]));
        let expected = if has_bias { times(factor, sum) } else { 0 };
        confirm(equation, &found.biases[post], &expected, || {
            format!("draw {number}, bias of neuron {}", post.0)
        })?;
    }
    Ok(wiring.parameters())
}

fn plus(a: u64, b: u64) -> u64 {
    ((u128::from(a) + u128::from(b)) % u128::from(PRIME)) as u64
}

/// The product modulo p; also how the claims multiply.
pub fn times(a: u64, b: u64) -> u64 {
    (u128::from(a) * u128::from(b) % u128::from(PRIME)) as u64
}

/// The negative modulo p.
pub fn minus(a: u64) -> u64 {
    (PRIME - a % PRIME) % PRIME
}

/// a^(p−2), by Fermat; nothing for 0.
fn inverse(a: u64) -> Option<u64> {
    let (mut base, mut exponent, mut power) = (a % PRIME, PRIME - 2, 1);
    if base == 0 {
        return None;
    }
    while exponent > 0 {
        if exponent % 2 == 1 {
            power = times(power, base);
        }
        base = times(base, base);
        exponent /= 2;
    }
    Some(power)
}
