//! Vectors of activations without rational values: rates and balance factors are given.
//!
//! x is σ of the exact net input, correctly rounded to f64 from a rigorous enclosure; β is the balance factor of that
//! rate, correctly rounded too. Both are dyadic, so that everything computed from them is exact again, and
//! the same on every machine: no float takes part.

use num_rational::BigRational;
use num_traits::One;

use crate::certify::given::{backprop_outcome, credit_outcome, equilibrium};
use crate::error::Error;
use crate::mutants::Truth;
use crate::number::{exact_f64, nearest_f64};
use crate::scalar::Rational;
use crate::spec::{Activation, Case, Class, Limits, Network, Parameters, Transcendental, Wiring};
use crate::textbook::tangent;
use crate::verdict::bridge::{
    credits_are_adjoints, credits_are_derivatives, update_of_gradient, updates_agree,
};
use crate::verdict::enclosure::{Enclosure, exp, logistic, softplus, tanh};

/// Bits of an enclosure, far more than the 53 to which it is rounded.
const PRECISION: u64 = 192;

/// Everything that both sides make of the given rates, if they agree.
pub(super) fn truth(case: &Case, limits: &Limits) -> Result<Truth, Error> {
    let wiring = Wiring::of(case);
    let parameters = Parameters::of(case).map(Rational::of);
    let learning_rate = Rational::of(&case.learning_rate);
    let equilibria = case.examples.iter().map(|example| {
        equilibrium(&wiring, &parameters, (case, example), |post, s| {
            let (rate, factor) = rounded(&wiring.activations[post], &s.plain())?;
            Ok((rate.into(), factor.into()))
        })
    });
    let equilibria = equilibria.collect::<Result<Vec<_>, _>>()?;
    let credit = credit_outcome(case, &wiring, &parameters, &equilibria, limits)?;
    let (backprop, founded) = match &case.network {
        Network::Layered(net) => {
            let outcome = backprop_outcome(case, net, &equilibria, limits)?;
            let update = update_of_gradient(net, &outcome.gradient, &learning_rate);
            let founded = updates_agree(&wiring, &credit.update, &update)
                .and(credits_are_adjoints(net, &credit.examples, &outcome.examples));
            (Some(outcome), founded)
        }
        Network::Graph(_) => {
            let mut responses = Vec::new();
            let mut credits = Vec::new();
            for example in &credit.examples {
                let (factor, external) = (&example.balance_factor, &example.external_credit);
                let weights = &parameters.weights;
                let response = tangent::at_rates_given(&wiring, weights, factor, external, limits)?;
                responses.push(response);
                credits.push(example.credit.map(|credit| credit.0.clone()));
            }
            (None, credits_are_derivatives(&credits, &responses))
        }
    };
    Ok(Truth::new(case, wiring, &credit, backprop.as_ref(), founded))
}

/// σ(s) and β of that rate, each the nearest f64.
fn rounded(activation: &Activation, s: &BigRational) -> Result<(BigRational, BigRational), Error> {
    let one = BigRational::one();
    let Class::Transcendental(function) = activation.class() else {
        let name = activation.name();
        return Err(Error::unsupported(format!("given rates of {name}, which is exact")));
    };
    Ok(match function {
        Transcendental::Tanh => {
            let rate = nearest(&tanh(s, PRECISION))?;
            let factor = &one - &rate * &rate;
            (rate, nearest_of(&factor)?)
        }
        Transcendental::Logistic => {
            let rate = nearest(&logistic(s, PRECISION))?;
            let factor = &rate * (&one - &rate);
            (rate, nearest_of(&factor)?)
        }
        Transcendental::Softplus => {
            let rate = nearest(&softplus(s, PRECISION))?;
            let decay = exp(&-rate.clone(), PRECISION).ok_or_else(too_wide)?;
            let factor = Enclosure { lower: &one - &decay.upper, upper: &one - &decay.lower };
            (rate, nearest(&factor)?)
        }
    })
}

/// The f64 nearest to every number of an enclosure.
fn nearest(enclosure: &Enclosure) -> Result<BigRational, Error> {
    let (low, high) = (nearest_of(&enclosure.lower)?, nearest_of(&enclosure.upper)?);
    if low == high { Ok(low) } else { Err(too_wide()) }
}

fn nearest_of(value: &BigRational) -> Result<BigRational, Error> {
    exact_f64(nearest_f64(value)).ok_or_else(too_wide)
}

fn too_wide() -> Error {
    Error::unsupported("an enclosure that does not determine the nearest f64")
}
