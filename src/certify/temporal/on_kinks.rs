//! Where a network over time stands on kinks, and whether another convention there explains somebody's numbers.

use crate::certify::kinks::{Found, Ground, Group, Near, Stand, search, sentence, stopped};
use crate::error::Error;
use crate::scalar::Rational;
use crate::spec::{Kink, Limits, PerBlock, TemporalCase, TemporalRule};
use crate::textbook::temporal::{Evaluation, TemporalOutcome, run};
use crate::verdict::walk::Reference;
use crate::wire::gradient::Gradient;

/// The sentence that explains theirs by net inputs on kinks, and whether all of it is explained.
///
/// # Errors
/// [`Error::Interrupted`].
pub(super) fn explained(
    case: &TemporalCase,
    mine: &Gradient,
    right: &PerBlock<Reference>,
    limits: &Limits,
    judged: &mut dyn FnMut(&TemporalCase) -> Near,
) -> Result<(Option<String>, bool), Error> {
    if case.network.activation.is_differentiable() {
        return Ok((None, false));
    }
    // Without rates there is no net input on a kink, as far as anybody can tell.
    let Ok(found) = forward(case, limits) else { return Ok((None, false)) };
    let ground = ground(case, &found);
    let under = |kinks: &[Kink]| match kinks.first() {
        Some(kink) => TemporalCase { kink: *kink, ..case.clone() },
        None => case.clone(),
    };
    match search(&ground, mine, right, &mut |kinks| judged(&under(kinks)))? {
        Found::Nothing => Ok((None, false)),
        Found::Stopped(error) => Ok((Some(stopped(&error)), false)),
        Found::Conventions(conventions) => {
            let live = match conventions.first().map(|kinks| forward(&under(kinks), limits)) {
                Some(Ok(found)) => live(&ground, &found),
                Some(Err(_)) | None => ground.stands.clone(),
            };
            let sentence = sentence(&ground, &conventions, &live);
            let is_explained = sentence.is_some();
            Ok((sentence, is_explained))
        }
    }
}

fn forward(case: &TemporalCase, limits: &Limits) -> Result<TemporalOutcome<Rational>, Error> {
    run::<Rational>(case, &TemporalRule::Bptt, Evaluation::Adjoint, limits)
}

fn ground(case: &TemporalCase, found: &TemporalOutcome<Rational>) -> Ground {
    let function = &case.network.activation;
    let kinks = function.kinks();
    let mut stands = Vec::new();
    for (b, steps) in found.examples.iter().enumerate() {
        for (t, step) in steps.iter().enumerate() {
            for (cell, s) in step.net_input.iter().enumerate() {
                let at = kinks.iter().find(|kink| Rational::of(kink) == *s);
                stands.extend(at.map(|at| Stand {
                    group: 0,
                    who: (b, t * case.network.neurons() + cell),
                    words: format!("cell {cell}, step {}, example {b}", t + 1),
                    function: function.clone(),
                    at: at.clone(),
                }));
            }
        }
    }
    let group = Group { layer: None, declared: case.kink, functions: vec![function.clone()] };
    let groups = if stands.is_empty() { Vec::new() } else { vec![group] };
    Ground { groups, stands, others: Some(Vec::new()) }
}

/// Those at which credit arrives: elsewhere no slope matters.
fn live(ground: &Ground, found: &TemporalOutcome<Rational>) -> Vec<Stand> {
    let arrives = |stand: &&Stand| {
        let (example, place) = stand.who;
        let steps = &found.examples[example];
        let neurons = steps.first().map_or(1, |step| step.net_input.len().max(1));
        let step = steps.get(place / neurons);
        let credit = step.and_then(|step| step.total_credit.as_ref()?.get(place % neurons));
        credit.is_none_or(|credit| !credit.is_zero())
    };
    ground.stands.iter().filter(arrives).cloned().collect()
}
