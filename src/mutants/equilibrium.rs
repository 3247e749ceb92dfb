//! The reference of networks at their equilibrium in the laboratory.

use crate::error::Error;
use crate::spec::{Case, Limits};
use crate::verdict::Verdict;

use super::catalogue::{Mutant, Side};
use super::hook::Fault;
use super::nonlocal;
use super::plan::Compared;
use super::reference::Reference;
use super::subject::{Implementation, Subject};
use super::truth::Truth;

/// The credit rule and backpropagation on one case, beside the textbook's.
#[derive(Debug)]
pub struct AtEquilibrium<'c> {
    case: &'c Case,
    truth: Truth,
    reference: Reference<'c>,
}

impl<'c> AtEquilibrium<'c> {
    /// Runs the textbook engines, and fires the reference.
    ///
    /// # Errors
    /// Those of the engines and of the reference.
    pub fn of(case: &'c Case, limits: &Limits) -> Result<Self, Error> {
        let truth = Truth::of(case, limits)?;
        Ok(Self { case, truth, reference: Reference::new(case, limits)? })
    }
}

impl Subject for AtEquilibrium<'_> {
    fn engines(&self) -> &Verdict {
        &self.truth.founded
    }

    fn intact(&self) -> Result<Verdict, Error> {
        let (truth, hook) = (&self.truth, self.reference.hook(None));
        let run = self.reference.credit(&hook)?;
        let mut verdict = truth.compare_update(&run);
        verdict = verdict.and(truth.compare_credits(&run)).and(truth.compare_sweeps(&run));
        if truth.backprop.is_some() {
            verdict = verdict.and(truth.compare_gradient(&self.reference.backprop(&hook)?));
        }
        Ok(verdict)
    }

    fn implementations(&self, mutant: Mutant) -> Vec<Implementation> {
        // A graph has no backpropagation by layers.
        let has = |side: &&Side| **side == Side::Credit || self.truth.backprop.is_some();
        mutant.sides().iter().filter(has).copied().map(Implementation::Side).collect()
    }

    fn run(
        &self,
        fault: Fault,
        implementation: &Implementation,
        compared: Compared,
    ) -> Result<(Verdict, bool), Error> {
        if compared == Compared::Reads {
            return Ok(nonlocal::audit(self.case, &self.truth));
        }
        let (truth, hook) = (&self.truth, self.reference.hook(Some(fault)));
        if *implementation == Implementation::Side(Side::Backprop) {
            let gradient = self.reference.backprop(&hook)?;
            return Ok((truth.compare_gradient(&gradient), hook.fired()));
        }
        let run = self.reference.credit(&hook)?;
        let verdict = match compared {
            Compared::Update => truth.compare_update(&run),
            Compared::Credits => truth.compare_credits(&run),
            Compared::Sweeps => truth.compare_sweeps(&run),
            Compared::Settled(_) => truth.compare_update(&run).and(truth.compare_credits(&run)),
            Compared::Reads | Compared::Gradient | Compared::Recurrent => {
                Verdict::Unchecked(format!("{compared} of a network at its equilibrium"))
            }
        };
        Ok((verdict, hook.fired()))
    }

    fn equivalent(&self, _: Fault, _: &Implementation, compared: Compared) -> Option<&'static str> {
        if let Compared::Settled(reason) = compared { Some(reason) } else { None }
    }
}
