//! What a comparison concluded; a lattice with "nothing was checked" in it.

use std::fmt;

/// How much a comparison looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Entries compared.
    pub entries: usize,
    /// Entries that are not zero on the reference side.
    pub nonzero: usize,
}

impl Compared {
    /// The counts of two comparisons together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { entries: self.entries + other.entries, nonzero: self.nonzero + other.nonzero }
    }
}

/// The first entry in which two sides differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Which entry, such as `example 0, credit of neuron 3`.
    pub place: String,
    /// What the side under test has there.
    pub found: String,
    /// What the reference has there.
    pub expected: String,
    /// How many entries differ in all.
    pub differing: usize,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, found, expected, differing } = self;
        write!(f, "{place}: {found} instead of {expected} ({differing} entries differ)")
    }
}

/// The conclusion of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every entry agrees, and at least one of them is not zero.
    Agree(Compared),
    /// Some entry differs; NaN differs from everything.
    Disagree(Mismatch),
    /// Nothing was checked, and why; never to be read as agreement.
    Unchecked(String),
}

impl Verdict {
    /// The word that certificates and tables use.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Agree(_) => "agree",
            Self::Disagree(_) => "disagree",
            Self::Unchecked(_) => "unchecked",
        }
    }

    /// Whether this is [`Verdict::Agree`].
    #[must_use]
    pub fn is_agree(&self) -> bool {
        matches!(self, Self::Agree(_))
    }

    /// Whether this is [`Verdict::Disagree`].
    #[must_use]
    pub fn is_disagree(&self) -> bool {
        matches!(self, Self::Disagree(_))
    }

    /// The verdict of two checks of one claim: a disagreement outweighs everything, and an
    /// unchecked part makes the whole unchecked.
    ///
    /// ```
    /// use creditcheck::verdict::{Compared, Verdict};
    /// let agree = Verdict::Agree(Compared { entries: 2, nonzero: 1 });
    /// let unchecked = Verdict::Unchecked("dead".into());
    /// assert_eq!(agree.clone().and(unchecked.clone()), unchecked);
    /// ```
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Agree(a), Self::Agree(b)) => Self::Agree(a.and(b)),
            (Self::Disagree(a), Self::Disagree(b)) => {
                Self::Disagree(Mismatch { differing: a.differing + b.differing, ..a })
            }
            (disagree @ Self::Disagree(_), _) | (_, disagree @ Self::Disagree(_)) => disagree,
            (unchecked @ Self::Unchecked(_), _) | (_, unchecked @ Self::Unchecked(_)) => unchecked,
        }
    }
}
