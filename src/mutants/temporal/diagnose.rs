//! Which known mutants, or which approximate rules, would have produced somebody's wrong gradient over time?

use num_rational::BigRational;

use crate::error::Error;
use crate::mutants::Search;
use crate::scalar::Rational;
use crate::spec::{
    Diagonal, Feedback, Form, Limits, Modprop, Mu, Taps, TemporalCase, TemporalGradient,
    TemporalRule,
};
use crate::textbook::temporal::{self, Evaluation};

use super::catalogue::TEMPORAL_CATALOGUE;
use super::host::Host;
use super::plan::Part;
use super::reference::{TemporalHook, TemporalReference};
use super::truth::compare;

/// What explains a gradient that is meant to be exact; nothing if it is right, or if nothing known explains it.
///
/// Sentences such as "this is the gradient of a rule that overwrites its traces at every step instead of accumulating (mutant
/// T08)" and "this is what e-prop gives (T5)". The loss is not looked at. ModProp is tried with μ = 1/4, 1/2, 3/4 and 1.
///
/// ```
/// use creditcheck::{mutants::temporal::diagnose, spec::{Limits, TemporalRule}, textbook::temporal::{self, Evaluation}, wire::TemporalDocument};
/// let text = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/mutants/temporal_quadratic.json"));
/// let case = TemporalDocument::read(text, &Limits::default()).unwrap().case;
/// let theirs = temporal::run(&case, &TemporalRule::Eprop, Evaluation::Causal, &Limits::default()).unwrap().gradient;
/// assert!(diagnose(&case, &theirs).contains(&"this is what e-prop gives (T5)".to_owned()));
/// ```
#[must_use]
pub fn diagnose(case: &TemporalCase, found: &TemporalGradient<BigRational>) -> Vec<String> {
    diagnose_as(case, &TemporalRule::Bptt, found)
}

/// The same for a gradient that is meant to be that of `rule`: the mutants are planted in it.
#[must_use]
pub fn diagnose_as(
    case: &TemporalCase,
    rule: &TemporalRule,
    found: &TemporalGradient<BigRational>,
) -> Vec<String> {
    let is_theirs = |other: &TemporalGradient<BigRational>| {
        !compare(found, other, Part::Gradient).is_disagree()
    };
    if engine(case, rule, &is_theirs, &Limits::default()) {
        return Vec::new();
    }
    let mut sentences = mistakes(case, rule, &is_theirs, &Limits::default()).found;
    let others = named_rules(case)
        .into_iter()
        .filter(|(other, _)| other != rule && engine(case, other, &is_theirs, &Limits::default()));
    sentences.extend(others.map(|(_, name)| format!("this is what {name}")));
    sentences
}

/// The known mistakes in `rule` whose gradient is somebody's, by whatever comparison: that of floats has room for their rounding.
///
/// Nothing where the gradient of the rule itself is theirs; the search ends where the budget of `limits` does.
#[must_use]
pub fn mistakes(
    case: &TemporalCase,
    rule: &TemporalRule,
    is_theirs: &dyn Fn(&TemporalGradient<BigRational>) -> bool,
    limits: &Limits,
) -> Search<String> {
    let mut search = Search::default();
    if engine(case, rule, is_theirs, limits) {
        return search;
    }
    let reference = TemporalReference::new(case, limits);
    let exact = [TemporalRule::Bptt, TemporalRule::Rtrl];
    let rules: &[TemporalRule] = match rule {
        TemporalRule::Bptt
        | TemporalRule::Rtrl
        | TemporalRule::FactorisedRtrl
        | TemporalRule::Tangent => &exact,
        TemporalRule::Eprop | TemporalRule::Mdgl { .. } | TemporalRule::Modprop(_) => {
            std::slice::from_ref(rule)
        }
    };
    for entry in &TEMPORAL_CATALOGUE {
        let explains = |evaluation: Evaluation, rule: &TemporalRule| {
            let host = Host { rule: rule.clone(), evaluation };
            let hook = TemporalHook::plant(entry.mutant);
            if !entry.mutant.has_meaning_in(&host) {
                return Ok(false);
            }
            match reference.gradient(&host, &hook) {
                Ok(gradient) => Ok(hook.fired() && is_theirs(&gradient)),
                Err(error) if error.is_out_of_work() => Err(error),
                // A mutant whose numbers grow beyond the limit is none that we can recognise.
                Err(_) => Ok(false),
            }
        };
        let orders = [Evaluation::Causal, Evaluation::Adjoint];
        let mut hosts = rules.iter().flat_map(|rule| orders.map(|order| (order, rule)));
        let found = hosts.try_fold(false, |found, (order, rule)| {
            Ok::<_, Error>(found || explains(order, rule)?)
        });
        match found {
            Ok(false) => {}
            Ok(true) => search.found.push(format!(
                "this is the gradient of a rule that {} (mutant {})",
                entry.deed, entry.id
            )),
            Err(error) => {
                search.stopped = Some((entry.id, error));
                break;
            }
        }
    }
    search
}

/// Whether somebody's gradient is that of a rule.
fn engine(
    case: &TemporalCase,
    rule: &TemporalRule,
    is_theirs: &dyn Fn(&TemporalGradient<BigRational>) -> bool,
    limits: &Limits,
) -> bool {
    temporal::run::<Rational>(case, rule, Evaluation::Adjoint, limits)
        .is_ok_and(|outcome| is_theirs(&outcome.gradient.map(Rational::plain)))
}

/// Every rule that a gradient can be mistaken for, with what it is called.
fn named_rules(case: &TemporalCase) -> Vec<(TemporalRule, String)> {
    let mut feedbacks = vec![(Feedback::Cell, "cell-specific feedback")];
    if case.network.types.is_some() {
        feedbacks.extend([
            (Feedback::Type(Diagonal::Counted), "type-specific feedback, the diagonal counted"),
            (Feedback::Type(Diagonal::Excluded), "type-specific feedback, the diagonal excluded"),
        ]);
    }
    let mut rules = vec![
        (TemporalRule::Bptt, "backpropagation through time gives (T2)".to_owned()),
        (TemporalRule::Eprop, "e-prop gives (T5)".to_owned()),
    ];
    for (feedback, words) in &feedbacks {
        let rule = TemporalRule::Mdgl { feedback: *feedback };
        rules.push((rule, format!("MDGL with {words} gives (T6)")));
    }
    for (feedback, words) in &feedbacks {
        for quarters in 1..=4 {
            let number = BigRational::new(quarters.into(), 4.into());
            let modprop = |form, taps, name: String| {
                let mu = Mu::Scalar(number.clone());
                let rule = Modprop { feedback: *feedback, taps, mu, form };
                let name = format!("ModProp gives, {name}, {words}, μ = {number}");
                (TemporalRule::Modprop(rule), name)
            };
            rules.push(modprop(Form::Filter, Taps::All, "filter form, all taps (T7)".into()));
            rules.push(modprop(Form::NoLeak, Taps::All, "no-leak taps, all of them (T8)".into()));
            rules.push(modprop(Form::Autodiff, Taps::All, "autodiff form (T9)".into()));
            // With one tap it is MDGL, and no sequence of T steps can use T − 1 or more and differ from all.
            for count in 2..case.duration().saturating_sub(1) {
                let name = format!("filter form with {count} taps (T7)");
                rules.push(modprop(Form::Filter, Taps::Count(count), name));
            }
        }
    }
    rules
}
