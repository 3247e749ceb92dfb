//! Which mutants a test kills: each is planted in every rule of the test.

use std::collections::BTreeSet;

use num_rational::BigRational;

use crate::error::Error;
use crate::mutants::temporal::{
    Host, Part, TEMPORAL_CATALOGUE, TemporalHook, TemporalReference, compare,
};
use crate::spec::{Limits, TemporalCase, TemporalGradient, TemporalRule};
use crate::textbook::temporal::Evaluation;

/// A rule in both orders of its evaluation.
fn both(rule: &TemporalRule) -> [Host; 2] {
    [Evaluation::Causal, Evaluation::Adjoint]
        .map(|evaluation| Host { rule: rule.clone(), evaluation })
}

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
    for entry in &TEMPORAL_CATALOGUE {
        let hosts = rules.iter().flat_map(|(rule, right)| both(rule).map(|host| (host, *right)));
        for (host, right) in hosts.filter(|(host, _)| entry.mutant.has_meaning_in(host)) {
            let hook = TemporalHook::plant(entry.mutant);
            let gradient = reference.gradient(&host, &hook)?;
            if hook.fired() && compare(&gradient, right, Part::Gradient).is_disagree() {
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
        for entry in &TEMPORAL_CATALOGUE {
            for host in both(rule).iter().filter(|host| entry.mutant.has_meaning_in(host)) {
                let hook = TemporalHook::plant(entry.mutant);
                let gradient = reference.gradient(host, &hook)?;
                if hook.fired() {
                    gradients.push((entry.id, gradient));
                }
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
        let same = self
            .gradients
            .iter()
            .filter(|(_, gradient)| compare(gradient, wrong, Part::Gradient).is_agree());
        same.map(|(id, _)| *id).collect()
    }
}
