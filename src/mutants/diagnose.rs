//! Which known mutants would have produced somebody's wrong update or gradient at equilibrium?

use num_rational::BigRational;
use num_traits::Zero;

use crate::error::Error;
use crate::spec::outcome::Update;
use crate::spec::{Case, Limits, Network, Parameters, Wiring};
use crate::textbook::equilibrium;
use crate::verdict::bridge;

use super::catalogue::{CATALOGUE, Mutant};
use super::hook::{Fault, Variant};
use super::reference::Reference;
use super::search::Search;

/// The known mutants whose update is somebody's, by whatever comparison; none if that of the rule is.
///
/// Every mutant that has a settled result is tried everywhere and layer by layer. `before` hears of each before it is tried,
/// and may end the search with an error: on a network of thousands of parameters the search takes minutes.
///
/// # Errors
/// [`Error::Unsupported`] for a rate beyond every float, [`Error::Limit`]; with a cycle as [`equilibrium::of_example`].
pub fn diagnose_by(
    case: &Case,
    is_theirs: impl Fn(&Update<BigRational>) -> bool,
    limits: &Limits,
    before: &mut dyn FnMut(&'static str) -> Result<(), Error>,
) -> Result<Search, Error> {
    let mut search = || -> Result<Search, Error> {
        let settled = at_equilibrium(case, limits)?;
        let reference = Reference::new(&settled, limits)?;
        if is_theirs(&reference.credit(&reference.hook(None))?.update) {
            return Ok(Search::default());
        }
        let forms = |mutant| forms(mutant, &reference);
        let explains = |fault| Ok(possible_updates(&reference, fault)?.iter().any(&is_theirs));
        Search::through(&CATALOGUE, before, forms, explains)
    };
    match search() {
        // The budget ended before there was anything to compare with.
        Err(error) if error.is_out_of_work() => {
            Ok(Search { stopped: Some(("the first of them", error)), ..Search::default() })
        }
        search => search,
    }
}

/// [`diagnose_by`] for a gradient ∂L/∂W, in the numbering of the wiring.
///
/// # Errors
/// As [`diagnose_by`].
pub fn diagnose_gradient_by(
    case: &Case,
    is_theirs: impl Fn(&Update<BigRational>) -> bool,
    limits: &Limits,
    before: &mut dyn FnMut(&'static str) -> Result<(), Error>,
) -> Result<Search, Error> {
    if case.learning_rate.is_zero() {
        // An update says nothing about the gradient then; the gradient does not depend on η.
        let learning_rate = BigRational::from_integer(1.into());
        let case = Case { learning_rate, ..case.clone() };
        return diagnose_gradient_by(&case, is_theirs, limits, before);
    }
    let matches = |update: &Update<BigRational>| {
        bridge::gradient_of_update(update, &case.learning_rate).is_some_and(|g| is_theirs(&g))
    };
    diagnose_by(case, matches, limits, before)
}

/// The case with the equilibria that the textbook finds, where a cycle asks for some and the case gives none; those that it gives are
/// taken as they are: whoever judges has confirmed or enclosed them.
fn at_equilibrium(case: &Case, limits: &Limits) -> Result<Case, Error> {
    let mut case = case.clone();
    let wiring = Wiring::of(&case);
    if wiring.is_recurrent() {
        let parameters = Parameters::of(&case);
        for example in case.examples.iter_mut().filter(|one| one.equilibrium.is_none()) {
            let found = equilibrium::of_example(&wiring, &parameters, example, limits)?;
            example.equilibrium = Some(found.firing_rate);
        }
    }
    Ok(case)
}

/// The updates that somebody with this fault may have.
///
/// # Errors
/// The budget, and nothing else: a mutant whose numbers grow beyond the limit is none that we can recognise.
fn possible_updates(
    reference: &Reference<'_>,
    fault: Fault,
) -> Result<Vec<Update<BigRational>>, Error> {
    let hook = reference.hook(Some(fault));
    let mut updates = Vec::new();
    match reference.credit(&hook) {
        Ok(run) if hook.fired() => updates.push(run.update),
        Err(error) if error.is_out_of_work() => return Err(error),
        _ => {}
    }
    // The one mutant whose two sides differ: ones in place of credits are not ones in place of adjoints.
    if fault.mutant == Mutant::M28
        && let Network::Layered(net) = &reference.case.network
    {
        let rate = &reference.case.learning_rate;
        match reference.backprop(&hook) {
            Ok(gradient) => updates.push(bridge::update_of_gradient(net, &gradient, rate)),
            Err(error) if error.is_out_of_work() => return Err(error),
            Err(_) => {}
        }
    }
    Ok(updates)
}

/// Up to how many steps of an iteration are tried in place of its equilibrium.
const MOST_STEPS: usize = 10;

/// The forms of a mutant that a diagnosis tries: in places, and then everywhere.
fn forms(mutant: Mutant, reference: &Reference<'_>) -> [Vec<Variant>; 2] {
    match mutant {
        // Transient or silent: their update is that of the rule. M25 shows in the list of
        // differing entries, with its ratio.
        Mutant::K02 | Mutant::K03 | Mutant::K10 | Mutant::K11 | Mutant::M25 => {
            [Vec::new(), Vec::new()]
        }
        Mutant::K01 => [Vec::new(), vec![Variant::Short(2)]],
        Mutant::K05 => [Vec::new(), vec![Variant::Autapse, Variant::Lateral]],
        Mutant::R06 => {
            let steps = (2..=MOST_STEPS).map(Variant::Steps);
            [Vec::new(), std::iter::once(Variant::Whole).chain(steps).collect()]
        }
        // These have one meaning only, for the whole network.
        Mutant::M02
        | Mutant::M07
        | Mutant::M15
        | Mutant::M29
        | Mutant::K07
        | Mutant::R04
        | Mutant::R07 => [Vec::new(), vec![Variant::Whole]],
        _ => {
            let layers = reference.layout.layers();
            let places = match layers {
                0 => vec![Variant::Hidden, Variant::Output],
                1 => Vec::new(),
                _ => (1..=layers).map(Variant::Layer).collect(),
            };
            [places, vec![Variant::Whole]]
        }
    }
}
