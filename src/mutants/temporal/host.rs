//! The rules that mutants are planted in.

use num_rational::BigRational;

use crate::mutants::Mutant;
use crate::mutants::catalogue::Meaning;
use crate::spec::{Diagonal, Feedback, Form, Modprop, Mu, Taps, TemporalCase, TemporalRule};
use crate::textbook::temporal::Evaluation;

/// A rule and the order of its evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// The rule.
    pub rule: TemporalRule,
    /// Forwards or against time.
    pub evaluation: Evaluation,
}

/// What a table calls a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Backpropagation through time (T2).
    Bptt,
    /// Real-time recurrent learning (T3), factorised or not.
    Rtrl,
    /// The three-factor rule (T5).
    Eprop,
    /// Multidigraph learning (T6).
    Mdgl,
    /// ModProp with leaky taps (T7).
    Filter,
    /// ModProp with taps that do not leak (T8).
    NoLeak,
    /// The autodiff form of ModProp (T9).
    Autodiff,
}

impl Family {
    /// The word that tables use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Bptt => "bptt",
            Self::Rtrl => "rtrl",
            Self::Eprop => "eprop",
            Self::Mdgl => "mdgl",
            Self::Filter => "filter",
            Self::NoLeak => "no-leak",
            Self::Autodiff => "autodiff",
        }
    }
}

impl Host {
    /// A rule forwards and against time.
    #[must_use]
    pub fn both(rule: &TemporalRule) -> [Self; 2] {
        [Evaluation::Causal, Evaluation::Adjoint]
            .map(|evaluation| Self { rule: rule.clone(), evaluation })
    }

    /// The rule without what it leaves open.
    #[must_use]
    pub fn family(&self) -> Family {
        match &self.rule {
            TemporalRule::Bptt | TemporalRule::Tangent => Family::Bptt,
            TemporalRule::Rtrl | TemporalRule::FactorisedRtrl => Family::Rtrl,
            TemporalRule::Eprop => Family::Eprop,
            TemporalRule::Mdgl { .. } => Family::Mdgl,
            TemporalRule::Modprop(rule) => match rule.form {
                Form::Filter => Family::Filter,
                Form::NoLeak => Family::NoLeak,
                Form::Autodiff => Family::Autodiff,
            },
        }
    }

    /// The rule with all that it leaves open, such as "filter, type (excluded), 2 taps, one μ per cell, adjoint".
    #[must_use]
    pub fn words(&self) -> String {
        let feedback = |feedback: &Feedback| match feedback {
            Feedback::Cell => ", cell",
            Feedback::Type(Diagonal::Counted) => ", type (counted)",
            Feedback::Type(Diagonal::Excluded) => ", type (excluded)",
        };
        let mut text = self.family().word().to_owned();
        match &self.rule {
            TemporalRule::Mdgl { feedback: weights } => text += feedback(weights),
            TemporalRule::Modprop(rule) => {
                text += feedback(&rule.feedback);
                match rule.taps {
                    Taps::All => text += ", all taps",
                    Taps::Count(count) => text += &format!(", S = {count}"),
                }
                match &rule.mu {
                    Mu::Scalar(mu) => text += &format!(", μ = {mu}"),
                    Mu::PerCell(_) => text += ", one μ per cell",
                }
            }
            TemporalRule::Bptt
            | TemporalRule::Rtrl
            | TemporalRule::FactorisedRtrl
            | TemporalRule::Tangent
            | TemporalRule::Eprop => {}
        }
        let exact = matches!(self.family(), Family::Bptt | Family::Rtrl);
        match self.evaluation {
            _ if exact => text,
            Evaluation::Causal => text + ", causal",
            Evaluation::Adjoint => text + ", adjoint",
        }
    }
}

impl Mutant {
    /// Whether it means anything in this rule, evaluated like this.
    #[must_use]
    pub fn has_meaning_in(self, host: &Host) -> bool {
        let exact = matches!(host.family(), Family::Bptt | Family::Rtrl);
        let (several, by_type) = match &host.rule {
            TemporalRule::Modprop(rule) => {
                (rule.taps != Taps::Count(1), matches!(rule.feedback, Feedback::Type(_)))
            }
            TemporalRule::Mdgl { feedback } => (false, matches!(feedback, Feedback::Type(_))),
            TemporalRule::Bptt
            | TemporalRule::Rtrl
            | TemporalRule::FactorisedRtrl
            | TemporalRule::Tangent
            | TemporalRule::Eprop => (false, false),
        };
        let filtered = matches!(host.family(), Family::Mdgl | Family::Filter | Family::NoLeak);
        let causal = host.evaluation == Evaluation::Causal;
        match self {
            _ if self.entry().meaning != Meaning::Rules => false,
            // What runs against time has no traces, and neither has the autodiff form.
            Self::T02 => {
                filtered
                    || host.family() == Family::Rtrl
                    || host.family() == Family::Eprop && causal
            }
            Self::T04 | Self::T10 => exact,
            Self::T06 => host.family() == Family::Bptt,
            Self::T13 | Self::T25 => host.family() != Family::Eprop,
            Self::T14 | Self::T15 => by_type,
            Self::T16 => by_type && filtered && causal,
            Self::T17 => several && filtered,
            Self::T18 | Self::T19 => several,
            Self::T20 | Self::T21 | Self::T22 | Self::T34 => filtered,
            Self::T23 => several && host.family() == Family::Filter,
            _ => true,
        }
    }
}

/// The rules of a kill matrix: every family, both orders, cell- and type-specific where the case has types.
#[must_use]
pub fn hosts(case: &TemporalCase) -> Vec<Host> {
    let ratio = |p: i64, q: i64| BigRational::new(p.into(), q.into());
    let choice = |k: usize| ratio(1 + 2 * i64::try_from(k % 4).unwrap_or(0), 4);
    let per_cell = Mu::PerCell((0..case.network.neurons()).map(choice).collect());
    let modprop = |feedback, taps, mu: &Mu, form| {
        TemporalRule::Modprop(Modprop { feedback, taps, mu: mu.clone(), form })
    };
    let mut approximate = vec![
        TemporalRule::Eprop,
        TemporalRule::Mdgl { feedback: Feedback::Cell },
        modprop(Feedback::Cell, Taps::All, &per_cell, Form::Filter),
        modprop(Feedback::Cell, Taps::Count(2), &Mu::Scalar(ratio(1, 2)), Form::Filter),
        modprop(Feedback::Cell, Taps::Count(3), &per_cell, Form::NoLeak),
        modprop(Feedback::Cell, Taps::All, &per_cell, Form::Autodiff),
    ];
    if let Some(types) = &case.network.types {
        let per_type = Mu::PerCell(types.iter().map(|kind| choice(*kind)).collect());
        let [counted, excluded] = [Diagonal::Counted, Diagonal::Excluded].map(Feedback::Type);
        approximate.extend([
            TemporalRule::Mdgl { feedback: counted },
            modprop(counted, Taps::All, &per_type, Form::Filter),
            modprop(excluded, Taps::Count(2), &per_type, Form::NoLeak),
            modprop(excluded, Taps::All, &per_type, Form::Autodiff),
        ]);
    }
    let exact = [TemporalRule::Bptt, TemporalRule::Rtrl];
    let exact = exact.map(|rule| Host { rule, evaluation: Evaluation::Adjoint });
    exact.into_iter().chain(approximate.iter().flat_map(Host::both)).collect()
}
