//! Which known mutants would have produced somebody's wrong result?

use num_rational::BigRational;
use num_traits::Zero;

use crate::check::bridge;
use crate::error::Error;
use crate::spec::outcome::Update;
use crate::spec::{Case, Limits, Network, Parameters, Wiring};
use crate::textbook::equilibrium;

use super::catalogue::{CATALOGUE, Mutant};
use super::hook::{Fault, Variant};
use super::reference::Reference;

/// A known mutant whose result is exactly somebody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// Which mutant, and where.
    pub fault: Fault,
    /// Such as "this is the gradient of a rule that leaves out the balance factor in layer 1".
    pub sentence: String,
}

/// The known mutants whose update is exactly `theirs`; none if `theirs` is right.
///
/// Every mutant that has a settled result is tried everywhere and layer by layer; where it explains
/// the result in single layers already, only these are named.
///
/// # Errors
/// [`Error::Unsupported`] for a transcendental activation, [`Error::Limit`]; with a cycle as [`equilibrium::of_example`].
pub fn diagnose(
    case: &Case,
    theirs: &Update<BigRational>,
    limits: &Limits,
) -> Result<Vec<Diagnosis>, Error> {
    diagnose_by(case, |update| update == theirs, limits, &mut |_| Ok(()))
}

/// [`diagnose`] for a gradient ∂L/∂W, in the numbering of the wiring.
///
/// # Errors
/// As [`diagnose`].
pub fn diagnose_gradient(
    case: &Case,
    theirs: &Update<BigRational>,
    limits: &Limits,
) -> Result<Vec<Diagnosis>, Error> {
    diagnose_gradient_by(case, |gradient| gradient == theirs, limits, &mut |_| Ok(()))
}

/// [`diagnose_gradient`] with a test of one's own, such as "equal after rounding to f64".
///
/// `before` hears of each mutant before it is tried, and may end the search with an error: on a network of
/// thousands of parameters the search takes minutes.
///
/// # Errors
/// As [`diagnose`].
pub fn diagnose_gradient_by(
    case: &Case,
    is_theirs: impl Fn(&Update<BigRational>) -> bool,
    limits: &Limits,
    before: &mut dyn FnMut(&'static str) -> Result<(), Error>,
) -> Result<Vec<Diagnosis>, Error> {
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

/// [`diagnose`] with a test of one's own; `before` as in [`diagnose_gradient_by`].
///
/// # Errors
/// As [`diagnose`].
pub fn diagnose_by(
    case: &Case,
    is_theirs: impl Fn(&Update<BigRational>) -> bool,
    limits: &Limits,
    before: &mut dyn FnMut(&'static str) -> Result<(), Error>,
) -> Result<Vec<Diagnosis>, Error> {
    let settled = at_equilibrium(case, limits)?;
    let reference = Reference::new(&settled, limits)?;
    let truth = reference.credit(&reference.hook(None))?.update;
    if is_theirs(&truth) {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in &CATALOGUE {
        before(entry.id)?;
        let explains = |variant: &Variant| {
            let fault = Fault { mutant: entry.mutant, variant: *variant };
            let mut updates = possible_updates(&reference, fault).into_iter();
            updates.any(|update| is_theirs(&update)).then_some(fault)
        };
        let (places, everywhere) = variants(entry.mutant, &reference);
        let mut faults: Vec<Fault> = places.iter().filter_map(explains).collect();
        if faults.is_empty() {
            faults.extend(everywhere.iter().filter_map(explains));
        }
        found.extend(faults);
    }
    Ok(found.into_iter().map(|fault| Diagnosis { fault, sentence: fault.sentence() }).collect())
}

/// The case with the equilibria that the textbook finds, where a cycle asks for some and the case gives none.
fn at_equilibrium(case: &Case, limits: &Limits) -> Result<Case, Error> {
    let mut case = case.clone();
    let wiring = Wiring::of(&case);
    if wiring.is_recurrent() {
        let parameters = Parameters::of(&case);
        for example in &mut case.examples {
            let found = equilibrium::of_example(&wiring, &parameters, example, limits)?;
            example.equilibrium = Some(found.firing_rate);
        }
    }
    Ok(case)
}

/// The updates that somebody with this fault may have.
fn possible_updates(reference: &Reference<'_>, fault: Fault) -> Vec<Update<BigRational>> {
    let hook = reference.hook(Some(fault));
    let mut updates = Vec::new();
    // A mutant whose numbers grow beyond the limit is none that we can recognise.
    if let Ok(run) = reference.credit(&hook)
        && hook.fired()
    {
        updates.push(run.update);
    }
    // The one mutant whose two sides differ: ones in place of credits are not ones in place of adjoints.
    if fault.mutant == Mutant::M28
        && let Network::Layered(net) = &reference.case.network
        && let Ok(run) = reference.backprop(&hook)
    {
        let rate = &reference.case.learning_rate;
        updates.push(bridge::update_of_gradient(net, &run.gradient, rate));
    }
    updates
}

/// The forms of a mutant that a diagnosis tries: in places, and then everywhere.
fn variants(mutant: Mutant, reference: &Reference<'_>) -> (Vec<Variant>, Vec<Variant>) {
    match mutant {
        // Transient or silent: their update is that of the rule. M25 shows in the list of
        // differing entries, with its ratio.
        Mutant::K02 | Mutant::K03 | Mutant::K10 | Mutant::K11 | Mutant::M25 => {
            (Vec::new(), Vec::new())
        }
        Mutant::K01 => (Vec::new(), vec![Variant::Short(2)]),
        Mutant::K05 => (Vec::new(), vec![Variant::Autapse, Variant::Lateral]),
        // These have one meaning only, for the whole network.
        Mutant::M02 | Mutant::M07 | Mutant::M15 | Mutant::M29 | Mutant::K07 => {
            (Vec::new(), vec![Variant::Whole])
        }
        _ => {
            let layers = reference.layout.layers();
            let places = match layers {
                0 => vec![Variant::Hidden, Variant::Output],
                1 => Vec::new(),
                _ => (1..=layers).map(Variant::Layer).collect(),
            };
            (places, vec![Variant::Whole])
        }
    }
}
