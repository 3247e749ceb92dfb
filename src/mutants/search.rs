//! The search for known mutants that would have produced somebody's wrong result.

use crate::error::Error;

use super::catalogue::{Entry, Mutant};
use super::hook::{Fault, Variant};

/// A known mutant whose result is somebody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// Which mutant, and where.
    pub fault: Fault,
    /// Such as "this is the gradient of a rule that leaves out the balance factor in layer 1".
    pub sentence: String,
}

/// What a search for the mistake found, and whether it came to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Each explains the result.
    pub found: Vec<Diagnosis>,
    /// The limit at which the search ended, with the mutant at which it did; what comes after that one was not tried.
    pub stopped: Option<(&'static str, Error)>,
}

impl Search {
    /// Tries the mutants of a catalogue in their forms, in places and then everywhere, until the budget is spent.
    ///
    /// Where a mutant explains the result in single places already, only these are named.
    ///
    /// # Errors
    /// Those of `before`, which hears of each mutant before it is tried, and those of `explains` but the end of the budget.
    pub(super) fn through(
        catalogue: &'static [Entry],
        before: &mut dyn FnMut(&'static str) -> Result<(), Error>,
        forms: impl Fn(Mutant) -> [Vec<Variant>; 2],
        explains: impl Fn(Fault) -> Result<bool, Error>,
    ) -> Result<Self, Error> {
        let mut search = Self::default();
        for &Entry { mutant, id, .. } in catalogue {
            before(id)?;
            let explaining = |variants: Vec<Variant>| -> Result<Vec<Fault>, Error> {
                let mut faults = Vec::new();
                for fault in variants.into_iter().map(|variant| Fault { mutant, variant }) {
                    if explains(fault)? {
                        faults.push(fault);
                    }
                }
                Ok(faults)
            };
            let [places, everywhere] = forms(mutant);
            let faults = explaining(places).and_then(|faults| match faults.is_empty() {
                true => explaining(everywhere),
                false => Ok(faults),
            });
            match faults {
                Err(error) if error.is_out_of_work() => {
                    search.stopped = Some((id, error));
                    break;
                }
                faults => search.found.extend(
                    faults?
                        .into_iter()
                        .map(|fault| Diagnosis { fault, sentence: fault.sentence() }),
                ),
            }
        }
        Ok(search)
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
