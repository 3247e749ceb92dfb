//! The credits of examples at their firing equilibrium, by lifting (D2, D3).

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Zero};

use super::equilibrium::{Fired, named};
use super::pieces::{Side, side};
use super::terms::{Denominator, lcm};
use super::update::Vector;
use super::{Net, Progress, longer};
use crate::equilibrium::at_kink;
use crate::error::Error;
use crate::linalg::lifting;
use crate::linalg::lifting::{Fractions, System};
use crate::spec::{Limits, Neuron, PerNeuron};

/// β of every neuron of one example; 0 on input neurons.
///
/// On a straight piece of σ the balance factor is its slope. A replaced balance function is placed by the exact net input.
///
/// # Errors
/// [`Error::NoEquilibrium`] for a replaced balance function exactly at its kink.
pub(super) fn balance_factors(
    net: &Net<'_>,
    example: usize,
    fired: &Fired,
) -> Result<PerNeuron<BigRational>, Error> {
    let mut factors = PerNeuron::filled(net.wiring.neurons(), BigRational::zero());
    for neuron in net.free() {
        let Some(replaced) = &net.balances[neuron] else {
            factors[neuron] = net.pieces[neuron][fired.pieces[neuron.0]].slope.clone();
            continue;
        };
        let sum = &fired.net_inputs.numerators[neuron.0];
        let of = &fired.net_inputs.denominator.value;
        // The last piece is one that the search below can always leave.
        let found = match side(replaced, replaced.len() - 1, sum, of) {
            Side::Within => replaced.len() - 1,
            Side::Other(found) => found,
            Side::AtKink(..) => return Err(on_kink(example, neuron, sum, of)),
        };
        if side(replaced, found, sum, of) != Side::Within {
            return Err(on_kink(example, neuron, sum, of));
        }
        factors[neuron] = replaced[found].slope.clone();
    }
    Ok(factors)
}

fn on_kink(example: usize, neuron: Neuron, sum: &BigInt, of: &BigInt) -> Error {
    at_kink(neuron, &BigRational::new(sum.clone(), of.clone())).in_example(example)
}

/// Solves (I − Wᵀ diag β) c = e for examples with the same β.
///
/// A neuron whose β is 0 hands nothing on, so that only the others are unknowns; it and the inputs follow by substitution.
///
/// # Errors
/// [`Error::Singular`]; [`Error::Limit`]; whatever `progress` returns.
pub(super) fn settle(
    net: &Net<'_>,
    factors: &PerNeuron<BigRational>,
    examples: &[(usize, &[BigRational], &BigInt)],
    limits: &Limits,
    progress: &mut Progress<'_>,
    facts: &mut Option<lifting::Facts>,
) -> Result<Vec<Vector>, Error> {
    let active: Vec<Neuron> = net.free().filter(|neuron| !factors[*neuron].is_zero()).collect();
    let places: BTreeMap<Neuron, usize> = active.iter().copied().zip(0..).collect();
    let signals = |pre: Neuron| {
        let synapses = net.wiring.outgoing[pre].iter();
        synapses.filter_map(|s| {
            let post = net.wiring.synapses[*s].post;
            Some((*places.get(&post)?, &net.parameters.weights[*s] * &factors[post]))
        })
    };
    let row = |(place, pre): (usize, &Neuron)| {
        let handed = signals(*pre).map(|(place, signal)| (place, -signal));
        std::iter::once((place, BigRational::one())).chain(handed).collect()
    };
    let system = System::new(active.iter().enumerate().map(row).collect())?;
    let right: Vec<Vec<_>> = examples
        .iter()
        .map(|(_, external, _)| active.iter().map(|neuron| external[neuron.0].clone()).collect())
        .collect();
    let guess = examples.first().map_or_else(BigInt::one, |(_, _, divisor)| (*divisor).clone());
    let solved = system.solve(&right, &guess, limits, progress).map_err(|error| {
        let name = format!("I − Wᵀ diag β over its {} active neurons", active.len());
        named(error, &format!("example {}: {name}", examples[0].0))
    })?;
    longer(facts, solved.facts);
    // By whole rows, so that every row costs one denominator.
    let rows: Vec<Vec<(usize, BigRational)>> =
        (0..net.wiring.neurons()).map(|pre| signals(Neuron(pre)).collect()).collect();
    let scale = lcm(rows.iter().flatten().map(|(_, signal)| signal.denom()));
    let all = solved.solutions.into_iter().zip(examples);
    all.map(|(solution, (example, external, _))| {
        substitute(&active, &rows, &scale, solution, external).map_err(|neuron| {
            Error::WrongProduct {
                what: format!("the credit of neuron {neuron} of example {example}"),
            }
        })
    })
    .collect()
}

/// c = e + Wᵀ(β∘c) of every neuron, over one denominator for all; where c was an unknown that is what was found, or else the
/// number of the neuron is the error.
fn substitute(
    active: &[Neuron],
    rows: &[Vec<(usize, BigRational)>],
    scale: &BigInt,
    solution: Fractions,
    external: &[BigRational],
) -> Result<Vector, usize> {
    let solved = Denominator::product([
        &Denominator::of(solution.divisor),
        &Denominator::of(solution.scale),
    ]);
    let signals = Denominator::product([&solved, &Denominator::of(scale.clone())]);
    let given = Denominator::of(lcm(external.iter().map(BigRational::denom)));
    let denominator = Denominator::common([&signals, &given].into_iter());
    let of_signals = &denominator.value / &signals.value;
    let mut numerators = Vec::with_capacity(rows.len());
    for (row, external) in rows.iter().zip(external) {
        let mut sum = BigInt::zero();
        for (place, signal) in row {
            sum += signal.numer() * (scale / signal.denom()) * &solution.numerators[*place];
        }
        let external = external.numer() * (&denominator.value / external.denom());
        numerators.push(sum * &of_signals + external);
    }
    let of_solved = &denominator.value / &solved.value;
    for (neuron, numerator) in active.iter().zip(&solution.numerators) {
        if numerators[neuron.0] != numerator * &of_solved {
            return Err(neuron.0);
        }
    }
    Ok(Vector { numerators, denominator })
}
