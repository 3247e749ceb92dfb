//! The exact engines as most tests want them: run over the crate's own rationals, whose dyadics cost shifts, with results as plain fractions.

use creditcheck::Error;
use creditcheck::scalar::Rational;
#[cfg(feature = "fast")]
use creditcheck::spec::outcome::BackpropOutcome;
use creditcheck::spec::outcome::{CreditOutcome, Update};
use creditcheck::spec::{Case, Limits, Neuron, TemporalCase, TemporalRule};
use creditcheck::textbook::temporal::{Evaluation, TemporalOutcome};
use creditcheck::textbook::{self, tangent};
use num_rational::BigRational as Q;

/// D3 and D4 by the credit rule.
pub fn credit(case: &Case, limits: &Limits) -> Result<CreditOutcome<Q>, Error> {
    textbook::credit::run::<Rational>(case, limits).map(|found| found.map(Rational::plain))
}

/// D6 and D7 by backpropagation.
#[cfg(feature = "fast")]
pub fn backprop(case: &Case, limits: &Limits) -> Result<BackpropOutcome<Q>, Error> {
    textbook::backprop::run::<Rational>(case, limits).map(|found| found.map(Rational::plain))
}

/// D8: the gradient by tangents.
pub fn arbiter(case: &Case, limits: &Limits) -> Result<Update<Q>, Error> {
    tangent::gradient::<Rational>(case, limits).map(|found| found.map(Rational::plain))
}

/// D8: what the loss makes of a change of each rate, example by example.
pub fn at_rates(case: &Case, neurons: &[Neuron], limits: &Limits) -> Result<Vec<Vec<Q>>, Error> {
    let found = tangent::at_rates::<Rational>(case, neurons, limits)?;
    Ok(found.iter().map(|rates| rates.iter().map(Rational::plain).collect()).collect())
}

/// A rule over time.
pub fn over_time(
    case: &TemporalCase,
    rule: &TemporalRule,
    evaluation: Evaluation,
) -> Result<TemporalOutcome<Q>, Error> {
    let found = textbook::temporal::run::<Rational>(case, rule, evaluation, &Limits::default())?;
    Ok(found.map(Rational::plain))
}
