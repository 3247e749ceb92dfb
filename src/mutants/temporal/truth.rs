//! What a mutant over time is compared with: the textbook engines, once they agree with each other.

use num_rational::BigRational;

use crate::error::Error;
use crate::scalar::Rational;
use crate::spec::{Limits, TemporalCase, TemporalGradient, TemporalRule};
use crate::textbook::temporal::{self, Evaluation};
use crate::verdict::{Comparison, Verdict};

use super::host::Host;

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
        let mut verdicts = Vec::new();
        for rule in [TemporalRule::Bptt, TemporalRule::Rtrl, TemporalRule::FactorisedRtrl] {
            verdicts.push(compare(&run(&rule, Evaluation::Causal)?, &arbiter));
        }
        let mut gradients = Vec::new();
        for host in hosts {
            let other = match host.evaluation {
                Evaluation::Causal => Evaluation::Adjoint,
                Evaluation::Adjoint => Evaluation::Causal,
            };
            let gradient = run(&host.rule, host.evaluation)?;
            verdicts.push(compare(&gradient, &run(&host.rule, other)?));
            gradients.push((host.clone(), gradient));
        }
        let founded = verdicts.into_iter().reduce(Verdict::and);
        let founded = founded.unwrap_or_else(|| Comparison::new().verdict());
        Ok(Self { gradients, founded })
    }
}

/// Every derivative; the loss is no part of it.
#[must_use]
pub fn compare(
    found: &TemporalGradient<BigRational>,
    expected: &TemporalGradient<BigRational>,
) -> Verdict {
    let mut comparison = Comparison::new();
    matrix(&mut comparison, "recurrent", &found.recurrent, &expected.recurrent);
    matrix(&mut comparison, "input", &found.input, &expected.input);
    matrix(&mut comparison, "readout", &found.readout, &expected.readout);
    let biases = |of: &TemporalGradient<BigRational>| Vec::from_iter(of.readout_biases.clone());
    matrix(&mut comparison, "readout_biases", &biases(found), &biases(expected));
    comparison.verdict()
}

/// The derivatives with respect to W alone.
#[must_use]
pub fn compare_recurrent(
    found: &TemporalGradient<BigRational>,
    expected: &TemporalGradient<BigRational>,
) -> Verdict {
    let mut comparison = Comparison::new();
    matrix(&mut comparison, "recurrent", &found.recurrent, &expected.recurrent);
    comparison.verdict()
}

/// Entry by entry.
fn matrix(
    comparison: &mut Comparison,
    name: &str,
    found: &[Vec<BigRational>],
    expected: &[Vec<BigRational>],
) {
    comparison.shape(name, found.len(), expected.len());
    for (post, (found, expected)) in found.iter().zip(expected).enumerate() {
        comparison.shape(name, found.len(), expected.len());
        for (pre, (found, expected)) in found.iter().zip(expected).enumerate() {
            comparison.entry(|| format!("{name}[{post}][{pre}]"), found, expected);
        }
    }
}
