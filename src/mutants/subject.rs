//! What the laboratory asks of a reference, and where in it a mutant stands.

use crate::error::Error;
use crate::verdict::Verdict;

use super::catalogue::{Mutant, Side};
use super::hook::Fault;
use super::plan::Compared;
use super::status::Status;
use super::temporal::Host;

/// What a mutant is planted in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Implementation {
    /// One of the two algorithms at equilibrium.
    Side(Side),
    /// A rule over time, forwards or against time.
    Rule(Host),
}

impl Implementation {
    /// The word that tables use: two with one word need one kill.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Side(side) => side.word(),
            Self::Rule(host) => host.family().word(),
        }
    }

    /// The order of a table.
    pub(super) fn rank(&self) -> usize {
        match self {
            Self::Side(side) => *side as usize,
            Self::Rule(host) => host.family() as usize,
        }
    }
}

/// A reference on one case, beside the textbook's results on it.
///
/// Each reference is an engine of its own, with its own arithmetic and its own hooks; this is all that they have in common.
pub trait Subject {
    /// Whether the textbook engines agree with each other.
    fn engines(&self) -> &Verdict;

    /// The reference without a mutant against the textbook: everything that is ever compared.
    ///
    /// # Errors
    /// Those of the reference.
    fn intact(&self) -> Result<Verdict, Error>;

    /// Everything on this case in which a mutant can be planted.
    fn implementations(&self, mutant: Mutant) -> Vec<Implementation>;

    /// The reference with a mutant against the textbook, and whether the mutant was reached.
    ///
    /// # Errors
    /// Those of the reference.
    fn run(
        &self,
        fault: Fault,
        implementation: &Implementation,
        compared: Compared,
    ) -> Result<(Verdict, bool), Error>;

    /// Why a mutant cannot differ in what is compared, if so.
    fn equivalent(
        &self,
        fault: Fault,
        implementation: &Implementation,
        compared: Compared,
    ) -> Option<&'static str>;

    /// What becomes of a mutant.
    ///
    /// # Errors
    /// Those of the reference.
    fn fate(
        &self,
        fault: Fault,
        implementation: &Implementation,
        compared: Compared,
    ) -> Result<Status, Error> {
        let (verdict, fired) = self.run(fault, implementation, compared)?;
        Ok(match self.equivalent(fault, implementation, compared) {
            Some(reason) => Status::of_equivalent(verdict, fired, reason),
            None => Status::of(verdict, fired),
        })
    }
}
