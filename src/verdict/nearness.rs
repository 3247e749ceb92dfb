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
    /// Every entry is within a bound that has no power, and no further off than independent roundings explain: not proved.
    Plausible,
    /// Some float is not the nearest one, and no bound says how far it may be.
    Unjudged,
    /// Every entry is within its bound, and some are further off than independent roundings explain.
    Implausible,
    /// Some entry is none of these.
    Different,
}

impl Nearness {
    /// Whether it is an answer of no: no rounding would explain it, or none that is independent.
    #[must_use]
    pub fn is_refused(self) -> bool {
        match self {
            Self::Exact
            | Self::CorrectlyRounded
            | Self::WithinBound
            | Self::Plausible
            | Self::Unjudged => false,
            Self::Implausible | Self::Different => true,
        }
    }

    /// The verdict in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::CorrectlyRounded => "correctly rounded",
            Self::WithinBound => "within the computed rounding bound",
            Self::Plausible => "plausible (not proved)",
            Self::Implausible => "implausible",
            Self::Unjudged => "unchecked: not correctly rounded",
            Self::Different => "different",
        }
    }
}
