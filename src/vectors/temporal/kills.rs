//! Which mutants a test kills: each is planted in every rule of the test.

use std::collections::BTreeSet;

use num_rational::BigRational;

use crate::error::Error;
use crate::mutants::CATALOGUE_OVER_TIME;
use crate::mutants::temporal::{Host, TemporalReference, compare};
use crate::spec::{Limits, TemporalCase, TemporalGradient, TemporalRule};

/// Mutants that give another gradient than the right one in at least one of these rules.
///
/// # Errors
/// Those of the reference.
pub(super) fn told_apart(
    case: &TemporalCase,
    rules: &[(TemporalRule, &TemporalGradient<BigRational>)],
    limits: &Limits,
) -> Result<BTreeSet<&'static str>, Error> {
    let reference = TemporalReference::new(case, limits);
    let mut ids = BTreeSet::new();
    for entry in &CATALOGUE_OVER_TIME {
        let both = |(rule, right): &_| Host::both(rule).map(|host| (host, *right));
        for (host, right) in rules.iter().flat_map(both) {
            let found = reference.mutated(&host, entry.mutant)?;
            if found.is_some_and(|gradient| compare(&gradient, right).is_disagree()) {
                ids.insert(entry.id);
                break;
            }
        }
    }
    Ok(ids)
}

/// What every mutant makes of one rule on one case; many tests ask for it.
pub(super) struct Made<'c> {
    case: &'c TemporalCase,
    rule: TemporalRule,
    gradients: Vec<(&'static str, TemporalGradient<BigRational>)>,
}

impl<'c> Made<'c> {
    /// Runs all that have a meaning in the rule, in both orders.
    ///
    /// # Errors
    /// Those of the reference.
    pub fn of(case: &'c TemporalCase, rule: &TemporalRule, limits: &Limits) -> Result<Self, Error> {
        let reference = TemporalReference::new(case, limits);
        let mut gradients = Vec::new();
        for entry in &CATALOGUE_OVER_TIME {
            for host in &Host::both(rule) {
                gradients.extend(reference.mutated(host, entry.mutant)?.map(|g| (entry.id, g)));
            }
        }
        Ok(Self { case, rule: rule.clone(), gradients })
    }

    /// Whether it is of this rule on this case.
    pub fn is_of(&self, case: &TemporalCase, rule: &TemporalRule) -> bool {
        self.rule == *rule && self.case == case
    }

    /// Mutants that give this very gradient.
    pub fn giving(&self, wrong: &TemporalGradient<BigRational>) -> BTreeSet<&'static str> {
        let same =
            self.gradients.iter().filter(|(_, gradient)| compare(gradient, wrong).is_agree());
        same.map(|(id, _)| *id).collect()
    }
}
