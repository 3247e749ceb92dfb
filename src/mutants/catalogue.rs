//! Every mutant with what it does wrong, how the bug arises, and what it takes to see it.

mod equilibrium;
mod time;

use std::fmt;

pub use equilibrium::CATALOGUE;
pub use time::CATALOGUE_OVER_TIME;

/// A known way to get a rule or the gradient wrong, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // Each variant is described by its entry in the catalogue.
#[rustfmt::skip]
pub enum Mutant {
    M01, M02, M03, M04, M05, M06, M07, M08, M09, M10, M11, M12, M13, M15, M16, M17, M18,
    M21, M22, M24, M25, M26, M28, M29, M30, M31, M32, M33, M34, M35,
    K01, K02, K03, K05, K07, K09, K10, K11,
    R01, R02, R03, R04, R05, R06, R07, R08,
    T01, T02, T03, T04, T05, T06, T07, T08, T09, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19, T20,
    T21, T22, T23, T24, T25, T26, T27, T28, T29, T30, T31, T32, T33, T34, T35, T36, T37, T38, T39, T40,
}

/// One of the two algorithms that give a network at its equilibrium the same update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The credit rule (D2–D4).
    Credit,
    /// Backpropagation (D5–D7).
    Backprop,
}

impl Side {
    /// The word that tables use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Credit => "credit",
            Self::Backprop => "BP",
        }
    }
}

/// In what a mutant has a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The credit rule alone.
    Credit,
    /// The credit rule and backpropagation.
    Both,
    /// Rules over time; [`Mutant::has_meaning_in`] says in which.
    Rules,
}

/// What is known about a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which one.
    pub mutant: Mutant,
    /// Its number in reports, such as `M04`.
    pub id: &'static str,
    /// In what it has a meaning.
    pub meaning: Meaning,
    /// What it does, as a heading.
    pub title: &'static str,
    /// What it does, to follow "the gradient of a rule that".
    pub deed: &'static str,
    /// How such a bug comes about in real code.
    pub bug: &'static str,
    /// What a case must have for the mutant to show at all.
    pub needs: &'static str,
}

macro_rules! entry {
    ($mutant:ident, $meaning:ident, $title:literal, $deed:literal, $bug:literal, $needs:literal) => {
        Entry {
            mutant: super::Mutant::$mutant,
            id: stringify!($mutant),
            meaning: super::Meaning::$meaning,
            title: $title,
            deed: $deed,
            bug: $bug,
            needs: $needs,
        }
    };
}
use entry;

/// Both catalogues, one after the other.
pub(super) fn whole() -> impl Iterator<Item = &'static Entry> {
    CATALOGUE.iter().chain(&CATALOGUE_OVER_TIME)
}

impl Mutant {
    /// What is known about it.
    #[must_use]
    pub fn entry(self) -> &'static Entry {
        // Both catalogues are in the order of the enum; a test holds it.
        let place = self as usize;
        CATALOGUE.get(place).unwrap_or_else(|| &CATALOGUE_OVER_TIME[place - CATALOGUE.len()])
    }

    /// Its number in reports, such as `M04`.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.entry().id
    }

    /// The mutant with this number.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        whole().find(|entry| entry.id == id).map(|entry| entry.mutant)
    }

    /// The sides that it can be planted in; none for a mutant over time.
    #[must_use]
    pub fn sides(self) -> &'static [Side] {
        match self.entry().meaning {
            Meaning::Credit => &[Side::Credit],
            Meaning::Both => &[Side::Credit, Side::Backprop],
            Meaning::Rules => &[],
        }
    }
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}
