//! Counting compared entries.

use num_rational::BigRational;
use num_traits::Zero;

use crate::certificate::words;
use crate::verdict::Conclusion;

/// What a comparison saw.
#[derive(Default)]
pub struct Count {
    pub entries: usize,
    pub nonzero: usize,
    pub differing: usize,
    first: Option<String>,
}

impl Count {
    /// So many entries, all of them present and none in doubt.
    pub fn of(entries: usize) -> Self {
        Self { entries, nonzero: entries, ..Self::default() }
    }

    /// The entries of another comparison after these.
    pub fn append(&mut self, other: Self) {
        self.entries += other.entries;
        self.nonzero += other.nonzero;
        self.differing += other.differing;
        self.first = self.first.take().or(other.first);
    }

    /// One entry: `found` against `reference`.
    pub fn see(
        &mut self,
        found: &BigRational,
        reference: &BigRational,
        place: impl FnOnce() -> String,
    ) {
        self.tally(found == reference, reference.is_zero(), place);
    }

    /// One entry of which it is already known whether it agrees.
    pub fn tally(&mut self, agrees: bool, zero: bool, place: impl FnOnce() -> String) {
        self.entries += 1;
        self.nonzero += usize::from(!zero);
        if !agrees {
            self.differing += 1;
            self.first.get_or_insert_with(place);
        }
    }

    /// A difference outweighs everything; a comparison of nothing but zeros, or one that could not
    /// have failed for the reason given, is no agreement.
    pub fn conclude(&self, vacuous: Option<String>) -> (Conclusion, Option<String>) {
        if self.differing > 0 {
            return (Conclusion::Disagree, self.first.clone());
        }
        let zero = (self.nonzero == 0).then(|| words::ALL_ZERO.to_owned());
        match zero.or(vacuous) {
            Some(reason) => (Conclusion::Unchecked, Some(reason)),
            None => (Conclusion::Agree, None),
        }
    }
}
