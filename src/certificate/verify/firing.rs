//! D1 and D2: net inputs, rates and balance factors, with the verifier's own formulas for σ and its slope.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use super::fold::bits;
use super::given::{self, Given};
use super::{Ground, Refusal, confirm};
use crate::spec::work::{plain, reduced};
use crate::spec::{Activation, Class, Kink, PerNeuron};

/// What was confirmed of one example.
#[derive(Default)]
pub struct Fired {
    /// Rates that are exactly σ(s).
    pub rates: usize,
    /// Balance factors that are exactly f(s).
    pub factors: usize,
    /// The others.
    pub given: Given,
}

/// Confirms one example.
pub fn check(ground: &Ground<'_>, number: usize) -> Result<Fired, Refusal> {
    let wiring = &ground.wiring;
    let example = &ground.certificate.case.examples[number];
    let witness = &ground.certificate.witnesses.examples[number];
    let at = |what: &'static str, neuron: usize| {
        move || format!("example {number}, {what} of neuron {neuron}")
    };
    let zero = BigRational::zero();
    for (&neuron, input) in wiring.inputs.iter().zip(&example.input) {
        confirm("D1", &witness.firing_rate[neuron], input, at("rate", neuron.0))?;
        confirm("D1", &witness.net_input[neuron], &zero, at("net input", neuron.0))?;
        confirm("D2", &witness.balance_factor[neuron], &zero, at("balance factor", neuron.0))?;
    }
    // An equilibrium that the case names is the one that the certificate is about.
    for (neuron, given) in example.equilibrium.iter().flat_map(PerNeuron::indexed) {
        confirm("D9", &witness.firing_rate[neuron], given, at("rate", neuron.0))?;
    }
    let mut fired = Fired::default();
    // In this order the first equation to fail is that of the neuron at fault.
    for &post in &ground.order {
        if wiring.is_input[post] {
            continue;
        }
        let activation = &wiring.activations[post];
        let mut sum = ground.account.sum();
        for &synapse in &wiring.incoming[post] {
            let pre = wiring.synapses[synapse].pre;
            sum.add_product(&ground.parameters.weights[synapse], &witness.firing_rate[pre]);
        }
        sum.add(&ground.parameters.biases[post]);
        let net_input = &witness.net_input[post];
        confirm("D1", net_input, &sum.total(), at("net input", post.0))?;
        if !ground.account.grants(cost(activation, net_input)) {
            return Ok(fired);
        }
        if let Some(rate) = rate(ground, activation, net_input) {
            confirm("D1", &witness.firing_rate[post], &rate, at("rate", post.0))?;
            fired.rates += 1;
        } else {
            fired.given = fired.given.and(given::check(ground, number, post)?);
        }
        let balance = wiring.balances[post].as_ref().unwrap_or(activation);
        if let Some(factor) = slope(ground, balance, wiring.kinks[post], net_input) {
            confirm("D2", &witness.balance_factor[post], &factor, at("balance factor", post.0))?;
            fired.factors += 1;
        }
    }
    Ok(fired)
}

/// What σ and its slope cost beside their products: nothing is reduced that is only compared.
fn cost(activation: &Activation, s: &BigRational) -> u64 {
    match activation.class() {
        Class::Straight(_) | Class::Transcendental(_) => plain(bits(s), bits(s), bits(s)),
        Class::Curved(_) | Class::Quotient => reduced(bits(s), bits(s), bits(s)).saturating_mul(2),
    }
}

/// σ(s), where it is rational.
fn rate(ground: &Ground<'_>, activation: &Activation, s: &BigRational) -> Option<BigRational> {
    let zero = BigRational::zero();
    Some(match activation {
        Activation::Identity => s.clone(),
        Activation::Relu => s.clone().max(zero),
        Activation::LeakyRelu { slope } => {
            if *s < zero {
                ground.account.product(slope, s)
            } else {
                s.clone()
            }
        }
        Activation::HardTanh { min, max } => s.clone().max(min.clone()).min(max.clone()),
        Activation::Square => ground.account.product(s, s),
        Activation::Quadratic => ground.account.product(s, &(s + BigInt::one())),
        Activation::Cubic => {
            s - ground.account.product(&ground.account.product(s, s), s) / BigInt::from(3)
        }
        Activation::Softsign => s / (s.abs() + BigInt::one()),
        Activation::EluRational => {
            if *s > zero {
                s.clone()
            } else {
                s / (BigRational::one() - s)
            }
        }
        Activation::Tanh | Activation::Logistic | Activation::Softplus => return None,
    })
}

/// σ'(s), where it is rational, with the convention at kinks.
pub fn slope(
    ground: &Ground<'_>,
    activation: &Activation,
    kink: Kink,
    s: &BigRational,
) -> Option<BigRational> {
    let one = BigRational::one();
    Some(match activation {
        Activation::Identity => one,
        Activation::Relu => piecewise(activation, &[BigRational::zero(), one], kink, s),
        Activation::LeakyRelu { slope } => piecewise(activation, &[slope.clone(), one], kink, s),
        Activation::HardTanh { .. } => {
            piecewise(activation, &[BigRational::zero(), one, BigRational::zero()], kink, s)
        }
        Activation::Square => s * BigInt::from(2),
        Activation::Quadratic => s * BigInt::from(2) + one,
        Activation::Cubic => one - ground.account.product(s, s),
        Activation::Softsign => {
            // What is refused for its cost is 0: the reciprocal comes first.
            let share = (s.abs() + one).recip();
            ground.account.product(&share, &share)
        }
        Activation::EluRational if s.is_positive() => one,
        Activation::EluRational => {
            let share = (one - s).recip();
            ground.account.product(&share, &share)
        }
        Activation::Tanh | Activation::Logistic | Activation::Softplus => return None,
    })
}

/// The slope of the piece in which s lies; there is one piece more than there are kinks.
fn piecewise(
    activation: &Activation,
    pieces: &[BigRational],
    kink: Kink,
    s: &BigRational,
) -> BigRational {
    let kinks = activation.kinks();
    let piece = kinks.iter().filter(|at| *at < s).count();
    let left = pieces[piece].clone();
    if kinks.get(piece) != Some(s) {
        return left;
    }
    let right = &pieces[piece + 1];
    match kink {
        Kink::Left => left,
        Kink::Right => right.clone(),
        Kink::Mean => (left + right) / BigInt::from(2),
        // Two kinks have three pieces: the second is the inner one.
        Kink::Inner => pieces[1].clone(),
        Kink::Outer => pieces[if piece == 0 { 0 } else { piece + 1 }].clone(),
        Kink::Between(share) => {
            let [part, whole] = [share.numerator(), share.denominator()].map(BigInt::from);
            (left * (&whole - &part) + right * part) / whole
        }
    }
}
