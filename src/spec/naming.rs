//! What the rules over time are called: on the command line, in files and in sentences.

use std::fmt;

use super::temporal::{Diagonal, Feedback, Form, Mu, Taps, TemporalRule};

impl TemporalRule {
    /// The word on the command line and in files.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Bptt => "bptt",
            Self::Rtrl => "rtrl",
            Self::FactorisedRtrl => "factorised-rtrl",
            Self::Tangent => "tangent",
            Self::Eprop => "eprop",
            Self::Mdgl { .. } => "mdgl",
            Self::Modprop(_) => "modprop",
        }
    }
}

/// As a sentence names it, with everything that its name leaves open.
///
/// ```
/// use creditcheck::spec::{Feedback, TemporalRule};
/// assert_eq!(TemporalRule::Mdgl { feedback: Feedback::Cell }.to_string(), "MDGL, cell-specific");
/// ```
impl fmt::Display for TemporalRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bptt => f.write_str("BPTT"),
            Self::Rtrl => f.write_str("RTRL"),
            Self::FactorisedRtrl => f.write_str("factorised RTRL"),
            Self::Tangent => f.write_str("the tangent"),
            Self::Eprop => f.write_str("e-prop"),
            Self::Mdgl { feedback } => write!(f, "MDGL, {feedback}"),
            Self::Modprop(rule) => {
                write!(f, "ModProp, {}, {}, ", rule.form, rule.feedback)?;
                if rule.form != Form::Autodiff {
                    write!(f, "{}, ", rule.taps)?;
                }
                write!(f, "μ = {}", rule.mu)
            }
        }
    }
}

impl Feedback {
    /// The word on the command line and in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cell => "cell",
            Self::Type(_) => "type",
        }
    }
}

impl fmt::Display for Feedback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cell => f.write_str("cell-specific"),
            Self::Type(Diagonal::Counted) => f.write_str("type-specific"),
            Self::Type(Diagonal::Excluded) => f.write_str("type-specific (diagonal excluded)"),
        }
    }
}

impl Diagonal {
    /// The word on the command line and in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Counted => "counted",
            Self::Excluded => "excluded",
        }
    }
}

impl fmt::Display for Taps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all taps"),
            Self::Count(1) => f.write_str("1 tap"),
            Self::Count(count) => write!(f, "{count} taps"),
        }
    }
}

impl fmt::Display for Mu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scalar(mu) => write!(f, "{mu}"),
            Self::PerCell(list) => {
                let words: Vec<_> = list.iter().map(ToString::to_string).collect();
                write!(f, "({})", words.join(", "))
            }
        }
    }
}

impl Form {
    /// The word on the command line and in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Filter => "filter",
            Self::NoLeak => "no-leak",
            Self::Autodiff => "autodiff",
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Filter => "filter form",
            Self::NoLeak => "no-leak taps",
            Self::Autodiff => "autodiff form",
        })
    }
}
