//! What can become of a mutant.

use crate::verdict::{Mismatch, Verdict};

/// What became of one mutant on one witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// The comparison refused it, first at this entry.
    Killed(Mismatch),
    /// The comparison let it pass: the check is too weak, or the witness is.
    Survived,
    /// Its hook was never reached, so nothing was tried; a failure, not a kill.
    Unapplied,
    /// It was reached and must not change what is compared here, and it did not.
    Equivalent {
        /// Why it cannot differ.
        reason: &'static str,
    },
    /// It was said to be equivalent and differs: the reason given is wrong.
    NotEquivalent(Mismatch),
}

impl Status {
    /// The word that tables use.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Killed(_) => "killed",
            Self::Survived => "SURVIVED",
            Self::Unapplied => "UNAPPLIED",
            Self::Equivalent { .. } => "equivalent",
            Self::NotEquivalent(_) => "NOT EQUIVALENT",
        }
    }

    /// Whether this is as it should be.
    #[must_use]
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Killed(_) | Self::Equivalent { .. })
    }

    /// The status that follows from a comparison, for a mutant that should be refused.
    #[must_use]
    pub fn of(verdict: Verdict, fired: bool) -> Self {
        match verdict {
            _ if !fired => Self::Unapplied,
            Verdict::Disagree(mismatch) => Self::Killed(mismatch),
            // Nothing was checked: that is no kill.
            Verdict::Agree(_) | Verdict::Unchecked(_) => Self::Survived,
        }
    }
    /// The status that follows from a comparison, for a mutant that must not differ, for this reason.
    #[must_use]
    pub fn of_equivalent(verdict: Verdict, fired: bool, reason: &'static str) -> Self {
        match verdict {
            _ if !fired => Self::Unapplied,
            Verdict::Agree(_) => Self::Equivalent { reason },
            Verdict::Disagree(mismatch) => Self::NotEquivalent(mismatch),
            Verdict::Unchecked(_) => Self::Survived,
        }
    }
}
