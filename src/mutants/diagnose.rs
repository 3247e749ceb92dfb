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

/// What a search for the mistake found, and whether it came to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search<T> {
    /// Each explains the result.
    pub found: Vec<T>,
    /// The limit at which the search ended, with the mutant at which it did; what comes after that one was not tried.
    pub stopped: Option<(&'static str, Error)>,
}

impl<T> Search<T> {
    /// What a search to the end found.
    ///
    /// # Errors
    /// The limit at which it ended before.
    fn whole(self) -> Result<Vec<T>, Error> {
        match self.stopped {
            Some((_, error)) => Err(error),
            None => Ok(self.found),
        }
    }

    /// Says that there is more that was not tried; nothing if there is not.
    #[must_use]
    pub fn caveat(&self) -> Option<String> {
        let (mutant, error) = self.stopped.as_ref()?;
        Some(format!(
            "the search for known mistakes stopped at {mutant}, and those after it were not tried: {error}; raise it with --max-work N"
        ))
    }
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
    diagnose_by(case, |update| update == theirs, limits, &mut |_| Ok(()))?.whole()
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
    diagnose_gradient_by(case, |gradient| gradient == theirs, limits, &mut |_| Ok(()))?.whole()
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
) -> Result<Search<Diagnosis>, Error> {
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
) -> Result<Search<Diagnosis>, Error> {
    let mut search = Search { found: Vec::new(), stopped: None };
    let begun = at_equilibrium(case, limits).and_then(|settled| {
        let reference = Reference::new(&settled, limits)?;
        search_in(&reference, &is_theirs, before, &mut search)
    });
    match begun {
        // The budget ended before there was anything to compare with.
        Err(error) if error.is_out_of_work() => search.stopped = Some((FIRST, error)),
        begun => begun?,
    }
    Ok(search)
}

/// Where a search stops that did not begin.
const FIRST: &str = "the first of them";

/// [`diagnose_by`], mutant by mutant, until the budget is spent.
fn search_in(
    reference: &Reference<'_>,
    is_theirs: &impl Fn(&Update<BigRational>) -> bool,
    before: &mut dyn FnMut(&'static str) -> Result<(), Error>,
    search: &mut Search<Diagnosis>,
) -> Result<(), Error> {
    let truth = reference.credit(&reference.hook(None))?.update;
    if is_theirs(&truth) {
        return Ok(());
    }
    for entry in &CATALOGUE {
        before(entry.id)?;
        let explains = |variants: &[Variant]| -> Result<Vec<Fault>, Error> {
            let mut faults = Vec::new();
            for variant in variants {
                let fault = Fault { mutant: entry.mutant, variant: *variant };
                if possible_updates(reference, fault)?.iter().any(is_theirs) {
                    faults.push(fault);
                }
            }
            Ok(faults)
        };
        let (places, everywhere) = variants(entry.mutant, reference);
        let faults = explains(&places).and_then(|faults| match faults.is_empty() {
            true => explains(&everywhere),
            false => Ok(faults),
        });
        match faults {
            Err(error) if error.is_out_of_work() => {
                search.stopped = Some((entry.id, error));
                return Ok(());
            }
            faults => search.found.extend(
                faults?.into_iter().map(|fault| Diagnosis { fault, sentence: fault.sentence() }),
            ),
        }
    }
    Ok(())
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
            Ok(run) => updates.push(bridge::update_of_gradient(net, &run.gradient, rate)),
            Err(error) if error.is_out_of_work() => return Err(error),
            Err(_) => {}
        }
    }
    Ok(updates)
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
