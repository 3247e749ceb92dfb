//! What is right at the equilibria of a network with a cycle, where somebody's floats are to be judged.
//!
//! The equilibrium that is meant is the one that the case gives; else the one near the rates that they give; else the one near which
//! the damped iteration from rest comes to lie. Where it is rational it is found exactly; where it need not be, it is enclosed.

use num_rational::BigRational;
use num_traits::One;

use super::{Truth, exact_gradient, judged};
use crate::equilibrium::{Floats, SETTLED, not_found};
use crate::error::Error;
use crate::number::{canonical, nearest_f64};
use crate::progress::Progress;
use crate::scalar::Rational;
use crate::spec::{Case, Dtype, Example, Limits, Parameters, PerNeuron, Solver, Wiring};
use crate::textbook::equilibrium::{displaced, of_example};
use crate::verdict::bounded::{
    Bound, BoundsOfAnybody, Unbounded, equilibrium_bound_of_anybody, equilibrium_near,
    rates_of_anybody,
};
use crate::verdict::judge::{Judgement, Options, Reference};
use crate::verdict::per_block;
use crate::wire::gradient::{Gradient, Quantity};

/// Steps a b + c of a bound on a system of n neurons, as a multiple of n³.
const STEPS: u64 = 64;

/// Where somebody's gradient is judged.
pub(super) struct Stand {
    /// The case with the rates at which it is judged: exact ones, or floats near them.
    pub(super) case: Case,
    /// What the rates that they give are held against, example by example.
    pub(super) rates: Vec<Vec<Reference>>,
    /// What is taken for granted of their solver.
    pub(super) words: String,
}

/// The entries that are right, with the bounds of floats in this format whose solver is what the file says.
///
/// # Errors
/// Those of the exact engines; [`Error::NoEquilibrium`] where none is found or enclosed; [`Error::Unsupported`] where nothing bounds a
/// gradient that has no exact value.
pub(super) fn truth(
    case: &Case,
    mine: &Gradient,
    format: Dtype,
    limits: &Limits,
) -> Result<Truth, Error> {
    let neurons = Wiring::of(case).neurons() as u64;
    let cubes = neurons.saturating_pow(3).saturating_mul(case.examples.len() as u64);
    limits.work.charge(cubes.saturating_mul(STEPS), "the bound of an equilibrium")?;
    let (case, is_exact) = standing(case, mine, limits)?;
    let near: Vec<_> =
        case.examples.iter().filter_map(|example| example.equilibrium.clone()).collect();
    let factor = match mine.quantity {
        Quantity::Gradient => -BigRational::one(),
        Quantity::Update => case.learning_rate.clone(),
    };
    let bounds = |solver| equilibrium_bound_of_anybody(&case, format, &near, solver, &factor);
    let bounded = refused(bounds(&mine.solver))?;
    let rates = rates_of_anybody(&case, format, &near, &mine.solver);
    let rates = rates.map_err(|unbounded| of(&unbounded))?;
    let rates = rates.into_iter().map(|row| {
        let reference = |rate: crate::verdict::bounded::RateOfAnybody| Reference {
            is_exact: false,
            ..Reference::exactly(rate.value, rate.bound)
        };
        row.into_iter().map(reference).collect()
    });
    let stand = Stand { rates: rates.collect(), words: words(&mine.solver), case: case.clone() };
    let found = match is_exact {
        true => exactly(&case, mine.quantity, bounded.as_ref().ok(), limits)?,
        // Without a bound of theirs the centres are still those of the equilibrium.
        false => match bounded {
            Ok(bounds) => enclosed(&case, &bounds, true),
            Err(unbounded) => {
                let silent = bounds(&Solver::default());
                enclosed(&case, &silent.map_err(|_| of(&unbounded))?, false)
            }
        },
    };
    Ok(Truth { stand: Some(stand), ..found })
}

/// No equilibrium at all is an error of its own; everything else leaves entries without a bound.
fn refused(
    bounds: Result<BoundsOfAnybody, Unbounded>,
) -> Result<Result<BoundsOfAnybody, Unbounded>, Error> {
    match bounds {
        Err(Unbounded::NoEquilibrium { example }) => Err(Error::NoEquilibrium {
            what: format!(
                "near the rates that were found for example {example} no equilibrium is proved to be; give one in the case (\"equilibrium\": one list of rates per example)"
            ),
        }),
        bounds => Ok(bounds),
    }
}

fn of(unbounded: &Unbounded) -> Error {
    Error::unsupported(format!("judging floats at this equilibrium: {unbounded}"))
}

/// Exact values, and what floats may be off.
fn exactly(
    case: &Case,
    quantity: Quantity,
    bounds: Option<&BoundsOfAnybody>,
    limits: &Limits,
) -> Result<Truth, Error> {
    let exact = exact_gradient(case, quantity, limits)?;
    let reference = |value: &BigRational, bound: Option<&Bound>| {
        Reference::exactly(value.clone(), bound.map(|bound| bound.bound))
    };
    let right = exact.entries.as_ref();
    let entries = match bounds {
        None => right.map(|value| reference(value, None)),
        Some(bounds) => {
            let both = right.zip(per_block(case, &bounds.entries));
            both.map(|(value, bound)| reference(value, Some(bound)))
        }
    };
    let wiring = Wiring::of(case);
    let inputs = exact.inputs.iter().flatten().enumerate().map(|(b, row)| {
        let credits = bounds.and_then(|bounds| bounds.examples.get(b)).map(|all| &all.credit);
        let row = row.iter().zip(&wiring.inputs);
        row.map(|(value, n)| reference(value, credits.map(|all| &all[*n]))).collect()
    });
    let inputs = inputs.collect();
    let loss = exact.loss.map(|loss| reference(&loss, bounds.map(|bounds| &bounds.loss)));
    Ok(Truth { entries, radii: None, loss, inputs, stand: None })
}

/// Centres, and what theirs may be off from them.
fn enclosed(case: &Case, bounds: &BoundsOfAnybody, is_bounded: bool) -> Truth {
    let centre = |bound: &Bound| {
        let found = Reference::centre(bound);
        Reference { bound: found.bound.filter(|_| is_bounded), ..found }
    };
    let wiring = Wiring::of(case);
    let inputs = bounds.examples.iter().map(|all| {
        // x̄ = −c.
        let adjoint = |neuron| {
            let credit = all.credit[neuron];
            centre(&Bound { centre: -credit.centre, ..credit })
        };
        wiring.inputs.iter().map(|neuron| adjoint(*neuron)).collect()
    });
    Truth {
        entries: per_block(case, &bounds.entries).map(centre),
        radii: None,
        loss: Some(centre(&bounds.loss)),
        inputs: inputs.collect(),
        stand: None,
    }
}

/// The case with rates for every example, and whether these are exact.
fn standing(case: &Case, mine: &Gradient, limits: &Limits) -> Result<(Case, bool), Error> {
    let (wiring, parameters) = (Wiring::of(case), Parameters::of(case));
    let theirs = |b: usize| mine.solver.equilibrium.as_ref().and_then(|all| all.get(b));
    let mut case = case.clone();
    let is_straight = case.activations().all(|activation| activation.is_piecewise_linear());
    let is_given = case.examples.iter().all(|example| example.equilibrium.is_some());
    if case.is_exact() && (is_straight || is_given) {
        for (b, example) in case.examples.iter_mut().enumerate() {
            if let (None, Some(theirs)) = (&example.equilibrium, theirs(b)) {
                example.equilibrium =
                    on_their_pieces(&wiring, &parameters, example, theirs, limits);
            }
            let found = of_example(&wiring, &parameters, example, limits)?;
            example.equilibrium = Some(found.firing_rate);
        }
        return Ok((case, true));
    }
    let floats = Floats::of(&wiring, &parameters);
    let mut starts = Vec::new();
    for (b, example) in case.examples.iter().enumerate() {
        let given = example.equilibrium.as_ref().or(theirs(b));
        starts.push(match given {
            Some(rates) => rates.map(nearest_f64),
            None => {
                let found = floats.settled(&example.input, &limits.work)?;
                if found.residual > SETTLED {
                    return Err(not_found(found.residual));
                }
                found.rates
            }
        });
    }
    let near = equilibrium_near(&case, &starts);
    for (example, rates) in case.examples.iter_mut().zip(near) {
        example.equilibrium = Some(rates);
    }
    Ok((case, false))
}

/// The exact equilibrium on the pieces of σ on which theirs lies, if it is one.
fn on_their_pieces(
    wiring: &Wiring,
    parameters: &Parameters<BigRational>,
    example: &Example,
    theirs: &PerNeuron<BigRational>,
    limits: &Limits,
) -> Option<PerNeuron<BigRational>> {
    let parameters_of = parameters.map(Rational::of);
    let rates = theirs.map(Rational::of);
    let net_input = PerNeuron::from_fn(wiring.neurons(), |post| {
        let terms = wiring.incoming[post]
            .iter()
            .map(|&synapse| &parameters_of.weights[synapse] * &rates[wiring.synapses[synapse].pre]);
        terms.fold(parameters_of.biases[post].clone(), |sum, term| sum + term)
    });
    let found = displaced(wiring, &parameters_of, example, &net_input, &rates, limits).ok()?;
    let rates = found.firing_rate.map(Rational::plain);
    let example = Example { equilibrium: Some(rates.clone()), ..example.clone() };
    of_example(wiring, parameters, &example, limits).ok().map(|_| rates)
}

/// What is taken for granted of their solver, to stand beside the verdict.
fn words(solver: &Solver) -> String {
    let stops = match (&solver.tolerance, &solver.equilibrium) {
        (Some(firing), None) => format!("a residual of at most {} of firing", canonical(firing)),
        (Some(firing), Some(_)) => format!(
            "the rates that they give, and a residual of at most {} of firing",
            canonical(firing)
        ),
        (None, Some(_)) => "the rates that they give".to_owned(),
        (None, None) => "what rounding leaves of firing".to_owned(),
    };
    let credit = solver.credit_tolerance.as_ref();
    let credit = credit.map_or("what rounding leaves".to_owned(), |credit| {
        format!("at most {}", canonical(credit))
    });
    format!("their solver is taken to stop at {stops}, and {credit} of credit")
}

/// Whether a solver that stopped earlier explains numbers that are refused: the finest power of ten that does.
///
/// A tolerance moves most entries; where few differ it is no explanation.
///
/// # Errors
/// Those of the judgement.
pub(super) fn stopped_early(
    case: &Case,
    mine: &Gradient,
    judgement: &Judgement,
    options: &Options,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<Option<String>, Error> {
    let parameters = judgement.blocks.iter().filter(|block| block.is_parameters);
    let nonzero: usize = parameters.map(|block| block.nonzero).sum();
    let is_asked = Wiring::of(case).is_recurrent() && mine.number.dtype().is_some();
    if !is_asked || !mine.solver.is_silent() || 2 * judgement.differing() < nonzero {
        return Ok(None);
    }
    let tolerance =
        |digits: u32| BigRational::new(1.into(), num_bigint::BigInt::from(10).pow(digits));
    let mut passes = |digits: u32| -> Result<bool, Error> {
        let solver = Solver::stopping_at(tolerance(digits));
        let other = Gradient { solver, ..mine.clone() };
        let (found, _) = judged(case, &other, options, limits, progress)?;
        Ok(!found.nearness().is_refused() && found.unchecked().is_none())
    };
    // The coarsest is tried first; then the finest that still passes is between two that are known.
    let (mut coarse, mut fine) = (COARSEST_HINT, FINEST_HINT);
    if !passes(coarse)? {
        // A coarse one may be without power where a finer one is not.
        let Some(first) = (coarse + 1..fine).find_map(|digits| match passes(digits) {
            Ok(true) => Some(Ok(digits)),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }) else {
            return Ok(None);
        };
        coarse = first?;
    }
    while fine - coarse > 1 {
        let middle = coarse.midpoint(fine);
        if passes(middle)? { coarse = middle } else { fine = middle }
    }
    Ok(Some(format!(
        "these numbers are within the bound of a solver that stops at a residual of {0}: if theirs does, the file has to say so, \"solver\": {{\"tolerance\": \"{0}\"}}",
        canonical(&tolerance(coarse))
    )))
}

/// Powers of ten between which a tolerance is looked for.
const COARSEST_HINT: u32 = 4;
const FINEST_HINT: u32 = 17;
