//! Float results against exact ones, inside computed bounds.

use num_rational::BigRational;
use num_traits::{Signed, Zero};

use super::{Bound, Bounds};
use crate::number::{canonical, exact_f64, hex, nearest_f64};
use crate::spec::outcome::{BackpropOutcome, CreditOutcome};
use crate::verdict::entries::{Entry, of_backprop, of_credit};
use crate::verdict::lattice::{agreement, other_entries};
use crate::verdict::{Compared, Mismatch, Verdict};

/// How much larger the bounds are than the errors: bound/error, over the entries that have an error at all.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tightness {
    /// Entries with an error; the others are exact and say nothing.
    pub entries: usize,
    /// The median of bound/error.
    pub median: f64,
    /// The largest bound/error: where the bound is loosest.
    pub worst: f64,
    /// The smallest bound/error: how near any entry came to its bound; at least 1 where nothing was violated.
    pub closest: f64,
}

impl Tightness {
    /// Of a list of bound/error.
    #[must_use]
    pub fn of(mut ratios: Vec<f64>) -> Self {
        ratios.sort_by(f64::total_cmp);
        let at = |k: usize| ratios.get(k).copied().unwrap_or(0.0);
        Self {
            entries: ratios.len(),
            median: at(ratios.len() / 2),
            worst: at(ratios.len().saturating_sub(1)),
            closest: at(0),
        }
    }
}

/// Every float of a credit outcome within its bound of the exact value.
#[must_use]
pub fn compare_bounded<F: Copy + Into<f64>>(
    bounds: &Bounds,
    float: &CreditOutcome<F>,
    exact: &CreditOutcome<BigRational>,
) -> (Verdict, Tightness) {
    compare_by(|entry| bounds.of(entry), float, exact)
}

/// The same with bounds from elsewhere.
pub(super) fn compare_by<'a, F: Copy + Into<f64>>(
    bound: impl Fn(&Entry) -> Option<&'a Bound>,
    float: &CreditOutcome<F>,
    exact: &CreditOutcome<BigRational>,
) -> (Verdict, Tightness) {
    compare(bound, &of_credit(float), &of_credit(exact))
}

/// Every float of a backpropagation outcome within its bound of the exact value.
#[must_use]
pub fn compare_bounded_backprop<F: Copy + Into<f64>>(
    bounds: &Bounds,
    float: &BackpropOutcome<F>,
    exact: &BackpropOutcome<BigRational>,
) -> (Verdict, Tightness) {
    compare(|entry| bounds.of(entry), &of_backprop(float), &of_backprop(exact))
}

/// Every float of a credit outcome within bound + radius of the centre: for activations
/// that no exact engine evaluates.
#[must_use]
pub fn compare_centre<F: Copy + Into<f64>>(bounds: &Bounds, float: &CreditOutcome<F>) -> Verdict {
    centre(bounds, &of_credit(float))
}

/// Every float of a backpropagation outcome within bound + radius of the centre.
#[must_use]
pub fn compare_centre_backprop<F: Copy + Into<f64>>(
    bounds: &Bounds,
    float: &BackpropOutcome<F>,
) -> Verdict {
    centre(bounds, &of_backprop(float))
}

fn compare<'a, F: Copy + Into<f64>>(
    bound: impl Fn(&Entry) -> Option<&'a Bound>,
    float: &[(Entry, &F)],
    exact: &[(Entry, &BigRational)],
) -> (Verdict, Tightness) {
    if let Some(verdict) = other_entries(exact, float) {
        return (verdict, Tightness::default());
    }
    let mut violations = Violations::default();
    let mut ratios = Vec::new();
    for ((entry, exact), (_, float)) in exact.iter().zip(float) {
        let found: f64 = (**float).into();
        let allowed = bound(entry).map(|bound| bound.bound);
        let error = exact_f64(found).map(|found| (found - *exact).abs());
        match (allowed.and_then(exact_f64), &error) {
            (Some(allowed), Some(error)) if *error <= allowed => {}
            _ => violations.add(entry, found, allowed, || canonical(exact)),
        }
        if let (Some(allowed), Some(error)) = (allowed, error)
            && !error.is_zero()
        {
            ratios.push(allowed / nearest_f64(&error));
        }
    }
    (violations.verdict(|| agreement(exact)), Tightness::of(ratios))
}

fn centre<F: Copy + Into<f64>>(bounds: &Bounds, float: &[(Entry, &F)]) -> Verdict {
    let mut violations = Violations::default();
    let mut nonzero = 0;
    for (entry, float) in float {
        let found: f64 = (**float).into();
        let Some(bound) = bounds.of(entry) else {
            violations.add(entry, found, None, || "no such entry".to_owned());
            continue;
        };
        nonzero += usize::from(bound.centre != 0.0);
        let exact = |value: f64| exact_f64(value);
        let allowed = exact(bound.bound).zip(exact(bound.radius)).map(|(b, r)| b + r);
        let error = exact(found).zip(exact(bound.centre)).map(|(found, c)| (found - c).abs());
        match (allowed, error) {
            (Some(allowed), Some(error)) if error <= allowed => {}
            _ => violations.add(entry, found, Some(bound.bound), || hex(bound.centre)),
        }
    }
    let compared = Compared { entries: float.len(), nonzero };
    violations.verdict(|| match nonzero {
        0 => Verdict::Unchecked("every compared entry is zero".to_owned()),
        _ => Verdict::Agree(compared),
    })
}

/// The first violation and how many there are.
#[derive(Default)]
struct Violations {
    first: Option<Mismatch>,
    count: usize,
}

impl Violations {
    fn add(
        &mut self,
        entry: &Entry,
        found: f64,
        allowed: Option<f64>,
        expected: impl Fn() -> String,
    ) {
        self.count += 1;
        self.first.get_or_insert_with(|| Mismatch {
            place: entry.to_string(),
            found: hex(found),
            expected: match allowed {
                Some(allowed) => format!("{} ± {allowed:e}", expected()),
                None => expected(),
            },
            differing: 0,
        });
    }

    fn verdict(self, otherwise: impl Fn() -> Verdict) -> Verdict {
        match self.first {
            Some(first) => Verdict::Disagree(Mismatch { differing: self.count, ..first }),
            None => otherwise(),
        }
    }
}
