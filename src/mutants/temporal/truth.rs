//! What a mutant over time is compared with: the textbook engines, once they agree with each other.

use num_rational::BigRational;

use crate::check::{Comparison, Verdict};
use crate::error::Error;
use crate::scalar::Rational;
use crate::spec::{Limits, TemporalCase, TemporalGradient, TemporalRule};
use crate::textbook::temporal::{self, Evaluation};

use super::host::Host;
use super::plan::Part;

/// The textbook's gradients on one case, rule by rule.
#[derive(Clone, Debug)]
pub struct TemporalTruth {
    /// As they were asked for, each with its gradient.
    pub gradients: Vec<(Host, TemporalGradient<BigRational>)>,
    /// Whether BPTT, RTRL, factorised RTRL and the tangent agree, and every rule with itself in the other order.
    pub founded: Verdict,
}

impl TemporalTruth {
    /// Runs the four exact rules, and those of `hosts`.
    ///
    /// # Errors
    /// Those of the engines.
    pub fn of(case: &TemporalCase, hosts: &[Host], limits: &Limits) -> Result<Self, Error> {
        let run = |rule: &TemporalRule, evaluation| -> Result<_, Error> {
            let found = temporal::run::<Rational>(case, rule, evaluation, limits)?;
            Ok(found.gradient.map(Rational::plain))
        };
        let arbiter = run(&TemporalRule::Tangent, Evaluation::Causal)?;
        let mut founded: Option<Verdict> = None;
        let mut hold = |verdict: Verdict| {
            founded = Some(match founded.take() {
                Some(so_far) => so_far.and(verdict),
                None => verdict,
            });
        };
        for rule in [TemporalRule::Bptt, TemporalRule::Rtrl, TemporalRule::FactorisedRtrl] {
            hold(compare(&run(&rule, Evaluation::Causal)?, &arbiter, Part::Gradient));
        }
        let mut gradients = Vec::new();
        for host in hosts {
            let other = match host.evaluation {
                Evaluation::Causal => Evaluation::Adjoint,
                Evaluation::Adjoint => Evaluation::Causal,
            };
            let gradient = run(&host.rule, host.evaluation)?;
            hold(compare(&gradient, &run(&host.rule, other)?, Part::Gradient));
            gradients.push((host.clone(), gradient));
        }
        let founded = founded.unwrap_or_else(|| Comparison::new().verdict());
        Ok(Self { gradients, founded })
    }
}

/// Entry by entry; the loss is no part of it.
#[must_use]
pub fn compare(
    found: &TemporalGradient<BigRational>,
    expected: &TemporalGradient<BigRational>,
    part: Part,
) -> Verdict {
    let mut comparison = Comparison::new();
    let mut matrix = |name: &str, found: &[Vec<BigRational>], expected: &[Vec<BigRational>]| {
        comparison.shape(name, found.len(), expected.len());
        for (post, (found, expected)) in found.iter().zip(expected).enumerate() {
            comparison.shape(name, found.len(), expected.len());
            for (pre, (found, expected)) in found.iter().zip(expected).enumerate() {
                comparison.entry(|| format!("{name}[{post}][{pre}]"), found, expected);
            }
        }
    };
    matrix("recurrent", &found.recurrent, &expected.recurrent);
    if part == Part::Gradient {
        matrix("input", &found.input, &expected.input);
        matrix("readout", &found.readout, &expected.readout);
        let biases = |of: &TemporalGradient<BigRational>| {
            of.readout_biases.clone().into_iter().collect::<Vec<_>>()
        };
        matrix("readout_biases", &biases(found), &biases(expected));
    }
    comparison.verdict()
}
