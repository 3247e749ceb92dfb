//! Exact equality, entry by entry, with the first entry that differs.

use std::fmt::Display;

use super::compared::{Compared, Mismatch, Verdict};
use crate::scalar::ExactScalar;

/// Collects entries of one comparison and draws the verdict at the end.
///
/// ```
/// use creditcheck::verdict::Comparison;
/// use creditcheck::scalar::Prime;
/// let mut comparison = Comparison::new();
/// comparison.entry(|| "entry 0".into(), &Prime::<101>::new(3), &Prime::new(3));
/// assert!(comparison.verdict().is_agree());
/// assert!(!Comparison::new().verdict().is_agree()); // nothing compared is not agreement
/// ```
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    compared: Compared,
    first: Option<Mismatch>,
}

impl Comparison {
    /// Nothing compared yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Compares one entry; `place` is called only if it is the first to differ.
    pub fn entry<S: ExactScalar + Shown>(
        &mut self,
        place: impl FnOnce() -> String,
        found: &S,
        expected: &S,
    ) {
        self.compared.entries += 1;
        if !expected.is_zero() {
            self.compared.nonzero += 1;
        }
        if found == expected {
            return;
        }
        match &mut self.first {
            Some(first) => first.differing += 1,
            none => {
                *none = Some(Mismatch {
                    place: place(),
                    found: found.shown(),
                    expected: expected.shown(),
                    differing: 1,
                });
            }
        }
    }

    /// Takes in what another loop has compared.
    pub fn add(&mut self, compared: Compared, mismatch: Option<Mismatch>) {
        self.compared.entries += compared.entries;
        self.compared.nonzero += compared.nonzero;
        match (&mut self.first, mismatch) {
            (Some(first), Some(more)) => first.differing += more.differing,
            (none, mismatch) => *none = none.take().or(mismatch),
        }
    }

    /// Notes that two sides do not even have the same number of entries.
    pub fn shape(&mut self, place: &str, found: usize, expected: usize) {
        if found != expected && self.first.is_none() {
            self.first = Some(Mismatch {
                place: place.to_owned(),
                found: format!("{found} entries"),
                expected: format!("{expected} entries"),
                differing: found.abs_diff(expected),
            });
        }
    }

    /// How much was compared so far.
    #[must_use]
    pub fn compared(&self) -> Compared {
        self.compared
    }

    /// Disagree if any entry differs; unchecked if there was none, or only zeros; else agree.
    #[must_use]
    pub fn verdict(self) -> Verdict {
        match self.first {
            Some(mismatch) => Verdict::Disagree(mismatch),
            None if self.compared.entries == 0 => {
                Verdict::Unchecked("no entry was compared".into())
            }
            None if self.compared.nonzero == 0 => Verdict::Unchecked(format!(
                "all {} compared entries are zero, which any dead rule would reproduce",
                self.compared.entries
            )),
            None => Verdict::Agree(self.compared),
        }
    }
}

/// How an exact number looks in a mismatch.
pub trait Shown {
    /// The number as text.
    fn shown(&self) -> String;
}

impl Shown for num_rational::BigRational {
    /// `p/q`; of a long number its beginning and its length.
    fn shown(&self) -> String {
        shorten(self)
    }
}

impl Shown for crate::scalar::Rational {
    /// As a [`BigRational`](num_rational::BigRational).
    fn shown(&self) -> String {
        shorten(self)
    }
}

impl<const P: u64> Shown for crate::scalar::Prime<P> {
    fn shown(&self) -> String {
        format!("{} (mod {P})", self.residue())
    }
}

impl Shown for crate::scalar::Polynomial {
    fn shown(&self) -> String {
        format!("a polynomial of {} terms", self.terms())
    }
}

fn shorten(value: &impl Display) -> String {
    const SHOWN: usize = 48;
    let text = value.to_string();
    let count = text.chars().count();
    if count <= SHOWN {
        return text;
    }
    let start: String = text.chars().take(SHOWN).collect();
    format!("{start}… ({count} characters)")
}
