//! How near somebody's numbers are to the exact ones.

/// How near an entry, a block or the whole is; the order is that of gravity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nearness {
    /// Every entry is the exact value.
    Exact,
    /// Every entry is the float nearest to the exact value.
    CorrectlyRounded,
    /// Every entry is within the computed rounding bound.
    WithinBound,
    /// Some float is not the nearest one, and no bound says how far it may be.
    Unjudged,
    /// Some entry is none of these.
    Different,
}

impl Nearness {
    /// The verdict in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::CorrectlyRounded => "correctly rounded",
            Self::WithinBound => "within the computed rounding bound",
            Self::Unjudged => "unchecked: not correctly rounded",
            Self::Different => "different",
        }
    }
}
