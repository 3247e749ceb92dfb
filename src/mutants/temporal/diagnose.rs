//! Which known mutants would have produced somebody's wrong gradient over time?

use num_rational::BigRational;

use crate::mutants::catalogue::CATALOGUE_OVER_TIME;
use crate::mutants::{Fault, Hook, Search, Variant};
use crate::scalar::Rational;
use crate::spec::{Limits, TemporalCase, TemporalGradient, TemporalRule};
use crate::textbook::temporal::{self, Evaluation};

use super::host::Host;
use super::reference::{Cut, TemporalReference};

/// The most neurons on which mistakes are looked for in RTRL too; and where σ has no rational values.
const MOST_FOR_RTRL: [usize; 2] = [8, 4];

/// The known mistakes in `rule` whose gradient is somebody's, by whatever comparison: that of floats has room for their rounding.
///
/// Sentences such as "this is the gradient of a rule that overwrites its traces at every step instead of accumulating (mutant
/// T08)". Nothing where the gradient of the rule itself is theirs; the search ends where the budget of `limits` does.
///
/// ```
/// use creditcheck::{mutants::{Hook, Mutant, temporal::{Host, TemporalReference, mistakes}}, spec::{Limits, TemporalRule}, textbook::temporal::Evaluation, wire::TemporalDocument};
/// let text = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/mutants/temporal_quadratic.json"));
/// let (rule, limits) = (TemporalRule::Bptt, Limits::default());
/// let case = TemporalDocument::read(text, &limits).unwrap().case;
/// let host = Host { rule: rule.clone(), evaluation: Evaluation::Adjoint };
/// let theirs = TemporalReference::new(&case, &limits).gradient(&host, &Hook::plant(Mutant::T35)).unwrap();
/// let found = mistakes(&case, &rule, &|gradient| *gradient == theirs, &limits).found;
/// assert_eq!(found[0].sentence, "this is the gradient of a rule that has the opposite sign (mutant T35)");
/// ```
#[must_use]
pub fn mistakes(
    case: &TemporalCase,
    rule: &TemporalRule,
    is_theirs: &dyn Fn(&TemporalGradient<BigRational>) -> bool,
    limits: &Limits,
) -> Search {
    let right = temporal::run::<Rational>(case, rule, Evaluation::Adjoint, limits);
    if right.is_ok_and(|outcome| is_theirs(&outcome.gradient.map(Rational::plain))) {
        return Search::default();
    }
    let reference = TemporalReference::new(case, limits);
    // Those of the gradient itself have one order each, and RTRL takes N times as long.
    let exact = [TemporalRule::Bptt, TemporalRule::Rtrl].map(|rule| {
        let evaluation = Evaluation::Adjoint;
        Host { rule, evaluation }
    });
    let is_near = !case.network.activation.is_exact();
    let is_small = case.network.neurons() <= MOST_FOR_RTRL[usize::from(is_near)];
    let hosts = match rule {
        TemporalRule::Bptt
        | TemporalRule::Rtrl
        | TemporalRule::FactorisedRtrl
        | TemporalRule::Tangent => exact[..if is_small { 2 } else { 1 }].to_vec(),
        TemporalRule::Eprop | TemporalRule::Mdgl { .. } | TemporalRule::Modprop(_) => {
            Host::both(rule).to_vec()
        }
    };
    let explains = |fault: Fault| {
        for host in &hosts {
            match reference.mutated(host, fault.mutant) {
                Ok(Some(gradient)) if is_theirs(&gradient) => return Ok(true),
                Err(error) if error.is_out_of_work() => return Err(error),
                // A mutant whose numbers grow beyond the limit is none that we can recognise.
                Ok(_) | Err(_) => {}
            }
        }
        Ok(false)
    };
    let everywhere = |_| [Vec::new(), vec![Variant::Whole]];
    // Nobody ends it, and the only error is the end of the budget, at which it stops.
    Search::through(&CATALOGUE_OVER_TIME, &mut |_| Ok(()), everywhere, explains).unwrap_or_default()
}

/// The way to cut sequences short, or to forget where they begin, whose gradient is somebody's; the shortest cut first.
///
/// Sentences such as "this is the gradient of BPTT that goes back 2 steps at most". The search ends where the budget of `limits` does.
#[must_use]
pub fn truncated(
    case: &TemporalCase,
    is_theirs: &dyn Fn(&TemporalGradient<BigRational>) -> bool,
    limits: &Limits,
) -> Option<String> {
    const LONGEST: usize = 32;
    let reference = TemporalReference::new(case, limits);
    if !case.starts_silent() {
        let mut at_rest = case.clone();
        at_rest.examples.iter_mut().for_each(|example| example.initial = None);
        let host = Host { rule: TemporalRule::Bptt, evaluation: Evaluation::Adjoint };
        let found = TemporalReference::new(&at_rest, limits).gradient(&host, &Hook::none());
        if found.is_ok_and(|gradient| is_theirs(&gradient)) {
            let sentence = "this is the gradient of a network that begins at rest, not in the initial states of the case";
            return Some(sentence.into());
        }
    }
    for steps in 1..case.duration().min(LONGEST) {
        for cut in [Cut::Window(steps), Cut::Every(steps)] {
            match reference.truncated(cut) {
                Ok(gradient) if is_theirs(&gradient) => {
                    let many = if steps == 1 { "" } else { "s" };
                    let how = match cut {
                        Cut::Window(_) => format!("that goes back {steps} step{many} at most"),
                        Cut::Every(1) => "with the state detached at every step".to_owned(),
                        Cut::Every(_) => {
                            format!("with the state detached after every {steps} steps")
                        }
                    };
                    return Some(format!("this is the gradient of BPTT {how}"));
                }
                Err(error) if error.is_out_of_work() => return None,
                Ok(_) | Err(_) => {}
            }
        }
    }
    None
}
