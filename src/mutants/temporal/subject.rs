//! The reference of the rules over time in the laboratory, and which mutants are equivalent where.

use num_traits::Signed;

use crate::error::Error;
use crate::mutants::{Compared, Fault, Hook, Implementation, Mutant, Subject};
use crate::spec::{Class, Kink, Limits, Mu, Straight, Taps, TemporalCase, TemporalRule};
use crate::verdict::{Comparison, Verdict};

use super::host::{Host, hosts};
use super::reference::TemporalReference;
use super::truth::{TemporalTruth, compare, compare_recurrent};

/// Every rule on one case, beside the textbook's.
#[derive(Debug)]
pub struct OverTime<'c> {
    case: &'c TemporalCase,
    truth: TemporalTruth,
    reference: TemporalReference<'c>,
}

impl<'c> OverTime<'c> {
    /// Runs the textbook engines.
    ///
    /// # Errors
    /// Those of the engines.
    pub fn of(case: &'c TemporalCase, limits: &Limits) -> Result<Self, Error> {
        let truth = TemporalTruth::of(case, &hosts(case), limits)?;
        Ok(Self { case, truth, reference: TemporalReference::new(case, limits) })
    }
}

impl Subject for OverTime<'_> {
    fn engines(&self) -> &Verdict {
        &self.truth.founded
    }

    fn intact(&self) -> Result<Verdict, Error> {
        let mut verdicts = Vec::new();
        for (host, right) in &self.truth.gradients {
            let found = self.reference.gradient(host, &Hook::none())?;
            let mut of_loss = Comparison::new();
            of_loss.entry(|| "loss".to_owned(), &found.loss, &right.loss);
            verdicts.push(compare(&found, right).and(of_loss.verdict()));
        }
        let all = verdicts.into_iter().reduce(Verdict::and);
        Ok(all.unwrap_or_else(|| Verdict::Unchecked("no rule was run".into())))
    }

    fn implementations(&self, mutant: Mutant) -> Vec<Implementation> {
        let all = self.truth.gradients.iter().map(|(host, _)| host);
        all.filter(|host| mutant.has_meaning_in(host)).cloned().map(Implementation::Rule).collect()
    }

    fn run(
        &self,
        fault: Fault,
        implementation: &Implementation,
        compared: Compared,
    ) -> Result<(Verdict, bool), Error> {
        let Implementation::Rule(host) = implementation else {
            return Err(Error::unsupported("an algorithm at equilibrium on a network over time"));
        };
        let hook = Hook::plant(fault.mutant);
        let found = self.reference.gradient(host, &hook)?;
        let rights = self.truth.gradients.iter().filter(|(other, _)| other == host);
        let verdict = match compared {
            Compared::Recurrent => rights.map(|(_, right)| compare_recurrent(&found, right)).next(),
            Compared::Gradient => rights.map(|(_, right)| compare(&found, right)).next(),
            Compared::Update
            | Compared::Credits
            | Compared::Sweeps
            | Compared::Settled(_)
            | Compared::Reads => None,
        };
        let nothing = || Verdict::Unchecked(format!("{compared} of a rule over time"));
        Ok((verdict.unwrap_or_else(nothing), hook.fired()))
    }

    fn equivalent(
        &self,
        fault: Fault,
        implementation: &Implementation,
        compared: Compared,
    ) -> Option<&'static str> {
        use Mutant as M;
        let Implementation::Rule(Host { rule, .. }) = implementation else { return None };
        let modprop = if let TemporalRule::Modprop(rule) = rule { Some(rule) } else { None };
        match fault.mutant {
            // ε_{q,1} = (1−λ) z_{q,0} = 0, and so is g_1 z_0ᵀ.
            M::T05 if compared == Compared::Recurrent && self.case.starts_silent() => {
                Some("nothing has fired before the first step: it gives W no derivative")
            }
            // F_s needs a step t + s ≤ T with t ≥ 1, so s ≤ T − 1.
            M::T20 if modprop.is_some_and(|rule| rule.taps == Taps::All) => {
                Some("of T taps the last reaches beyond a sequence of T steps")
            }
            // D^{s−1} Ŵ with D = λ I + (1−λ) μ Ŵ: polynomials in one matrix commute.
            M::T17 | M::T18 if modprop.is_some_and(|rule| matches!(rule.mu, Mu::Scalar(_))) => {
                Some("one μ for all cells commutes with Ŵ")
            }
            M::T31 => slope_is_that_at_the_rate(self.case),
            _ => None,
        }
    }
}

/// Why σ'(σ(s)) = σ'(s) at every s, if so.
fn slope_is_that_at_the_rate(case: &TemporalCase) -> Option<&'static str> {
    // Off, the rate 0 of a ReLU stands at the kink: there the other conventions have a slope above 0.
    let is_flat = match case.kink {
        Kink::Left | Kink::Outer => true,
        Kink::Between(share) => share.numerator() == 0,
        Kink::Right | Kink::Mean | Kink::Inner => false,
    };
    match case.network.activation.class() {
        Class::Straight(Straight::Relu) if is_flat => {
            Some("a ReLU that is off has the rate 0, and to the left of it the slope 0")
        }
        Class::Straight(Straight::LeakyRelu { slope }) if slope.is_positive() => {
            Some("the rate of a leaky ReLU has the sign of its net input")
        }
        Class::Straight(
            Straight::Identity
            | Straight::Relu
            | Straight::LeakyRelu { .. }
            | Straight::HardTanh { .. },
        )
        | Class::Curved(_)
        | Class::Quotient
        | Class::Transcendental(_) => None,
    }
}
