//! The firing equilibrium on given pieces, by lifting, and the proof that it lies on them (D1).

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Zero};

use super::pieces::{Side, maps, side};
use super::terms::{Denominator, lcm};
use super::update::Vector;
use super::{Net, Progress, longer};
use crate::equilibrium::at_kink;
use crate::error::Error;
use crate::linalg::lifting;
use crate::linalg::lifting::{Fractions, System};
use crate::spec::{Limits, Neuron, PerNeuron, Wiring};

/// One example at its firing equilibrium.
#[derive(Clone, Debug)]
pub(super) struct Fired {
    /// x
    pub(super) rates: Vector,
    /// s; 0 on input neurons.
    pub(super) net_inputs: Vector,
    /// The number of the piece of every neuron.
    pub(super) pieces: Vec<usize>,
    /// The divisor of a determinant that the credits' system shares.
    pub(super) divisor: BigInt,
}

/// What came of one example on given pieces.
pub(super) enum Checked {
    Equilibrium(Box<Fired>),
    /// These pieces are not those of its net inputs; others.
    Elsewhere {
        pieces: Vec<usize>,
    },
}

/// Solves (I − diag a W) x = a∘b + k for all examples that lie on the same pieces, where σ(s) = a s + k, and checks each.
///
/// Only neurons whose piece is not flat are unknowns; a silent or saturated one fires at k whatever it hears.
///
/// # Errors
/// [`Error::Singular`]; [`Error::Unsupported`] for a net input exactly at a kink; [`Error::Limit`]; whatever `progress` returns.
pub(super) fn fire(
    net: &Net<'_>,
    pieces: &[usize],
    examples: &[usize],
    limits: &Limits,
    progress: &mut Progress<'_>,
    facts: &mut Option<lifting::Facts>,
) -> Result<Vec<Checked>, Error> {
    let line = |neuron: Neuron| &net.pieces[neuron][pieces[neuron.0]];
    let active: Vec<Neuron> = net.free().filter(|n| !line(*n).slope.is_zero()).collect();
    let places: BTreeMap<Neuron, usize> = active.iter().copied().zip(0..).collect();
    let incoming = |post: Neuron| {
        let synapses = net.wiring.incoming[post].iter();
        synapses.map(|s| (net.wiring.synapses[*s].pre, &net.parameters.weights[*s]))
    };
    let row = |(place, post): (usize, &Neuron)| {
        let heard = incoming(*post)
            .filter_map(|(pre, weight)| Some((*places.get(&pre)?, -(weight * &line(*post).slope))));
        std::iter::once((place, BigRational::one())).chain(heard).collect()
    };
    let system = System::new(active.iter().enumerate().map(row).collect())?;
    // What is known beforehand: the inputs, and the flat pieces.
    let known = |example: usize| -> Vec<BigRational> {
        let mut rates = vec![BigRational::zero(); net.wiring.neurons()];
        for (neuron, rate) in net.wiring.inputs.iter().zip(&net.case.examples[example].input) {
            rates[neuron.0] = rate.clone();
        }
        for neuron in net.free().filter(|neuron| !places.contains_key(neuron)) {
            rates[neuron.0] = line(neuron).offset.clone();
        }
        rates
    };
    let known: Vec<_> = examples.iter().map(|example| known(*example)).collect();
    let side = |known: &Vec<BigRational>| {
        let of = |post: &Neuron| {
            let heard = incoming(*post).filter(|(pre, _)| !places.contains_key(pre));
            let terms = heard.map(|(pre, weight)| weight * &known[pre.0]);
            let sum = terms.fold(net.parameters.biases[*post].clone(), |sum, term| sum + term);
            sum * &line(*post).slope + &line(*post).offset
        };
        active.iter().map(of).collect()
    };
    let right: Vec<Vec<_>> = known.iter().map(side).collect();
    let solved = system.solve(&right, &BigInt::one(), limits, progress).map_err(|error| {
        let pieces = format!("I − diag β W over its {} active neurons", active.len());
        named(error, &format!("example {}: {pieces}", examples[0]))
    })?;
    longer(facts, solved.facts);
    let all = solved.solutions.into_iter().zip(&known).zip(examples);
    all.map(|((solution, known), example)| {
        let divisor = solution.divisor.clone();
        let rates = together(&active, solution, known);
        check(net, pieces, *example, rates, divisor)
    })
    .collect()
}

/// An error about a system with the name of the system.
pub(super) fn named(error: Error, name: &str) -> Error {
    match error {
        Error::Singular { what } => Error::Singular { what: format!("{name}: {what}") },
        Error::Limit { what, given, limit } => {
            Error::Limit { what: format!("{name}: {what}"), given, limit }
        }
        error => error,
    }
}

/// What was solved and what was known, over one denominator.
fn together(active: &[Neuron], solution: Fractions, known: &[BigRational]) -> Vector {
    let solved = Denominator::product([
        &Denominator::of(solution.divisor),
        &Denominator::of(solution.scale),
    ]);
    let others = Denominator::of(lcm(known.iter().map(BigRational::denom)));
    let denominator = Denominator::common([&solved, &others].into_iter());
    let integer = |rate: &BigRational| rate.numer() * (&denominator.value / rate.denom());
    let mut numerators: Vec<BigInt> = known.iter().map(integer).collect();
    let times = &denominator.value / &solved.value;
    for (neuron, numerator) in active.iter().zip(solution.numerators) {
        numerators[neuron.0] = numerator * &times;
    }
    Vector { numerators, denominator }
}

/// Computes every net input by D1 and holds it against the pieces, strictly, and σ of it against the rate.
fn check(
    net: &Net<'_>,
    pieces: &[usize],
    example: usize,
    rates: Vector,
    divisor: BigInt,
) -> Result<Checked, Error> {
    let net_inputs = net_inputs(net, &rates);
    let (mut found, mut elsewhere, mut on_kink) = (pieces.to_vec(), false, None);
    for neuron in net.free() {
        let of_neuron = &net.pieces[neuron];
        let sum = (&net_inputs.numerators[neuron.0], &net_inputs.denominator.value);
        match side(of_neuron, pieces[neuron.0], sum.0, sum.1) {
            Side::Within => {}
            Side::AtKink(kink, left) => {
                found[neuron.0] = left;
                on_kink.get_or_insert((neuron, kink));
            }
            Side::Other(piece) => {
                found[neuron.0] = piece;
                elsewhere = true;
            }
        }
        let rate = (&rates.numerators[neuron.0], &rates.denominator.value);
        if !maps(&of_neuron[pieces[neuron.0]], sum, rate) {
            let what = format!("the firing rate of neuron {} of example {example}", neuron.0);
            return Err(Error::WrongProduct { what });
        }
    }
    // Off an equilibrium a kink means nothing.
    match (elsewhere, on_kink) {
        (true, _) => Ok(Checked::Elsewhere { pieces: found }),
        (false, Some((neuron, kink))) => Err(at_kink(neuron, &kink).in_example(example)),
        (false, None) => {
            let fired = Fired { rates, net_inputs, pieces: found, divisor };
            Ok(Checked::Equilibrium(Box::new(fired)))
        }
    }
}

/// s of D1 over one denominator.
fn net_inputs(net: &Net<'_>, rates: &Vector) -> Vector {
    let Wiring { incoming, synapses, .. } = &net.wiring;
    let weights = &net.parameters.weights;
    let biases = &net.parameters.biases;
    let scales = PerNeuron::from_fn(net.wiring.neurons(), |post| {
        let weights = incoming[post].iter().map(|s| weights[*s].denom());
        lcm(weights.chain([biases[post].denom()]))
    });
    let common = lcm(scales.iter());
    let sum = |post: Neuron| {
        let scale = &scales[post];
        let bias = biases[post].numer() * (scale / biases[post].denom());
        let mut sum = bias * &rates.denominator.value;
        for synapse in &incoming[post] {
            let weight = &weights[*synapse];
            let integer = if weight.denom() == scale {
                weight.numer().clone()
            } else {
                weight.numer() * (scale / weight.denom())
            };
            sum += integer * &rates.numerators[synapses[*synapse].pre.0];
        }
        sum * (&common / scale)
    };
    let mut numerators = vec![BigInt::zero(); net.wiring.neurons()];
    for neuron in net.free() {
        numerators[neuron.0] = sum(neuron);
    }
    let denominator = Denominator::product([&rates.denominator, &Denominator::of(common)]);
    Vector { numerators, denominator }
}
