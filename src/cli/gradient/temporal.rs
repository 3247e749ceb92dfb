//! The rules over time on the command line, with what their names leave open.

use clap::{Args, ValueEnum};

use crate::kinds::RuleOptions;
use crate::spec::{Diagonal, Form};

/// What mdgl and modprop leave open.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Options of mdgl and modprop")]
pub(super) struct Variant {
    /// The weights that the feedback uses: W itself, or its mean from type to type [default: cell]
    #[arg(long, value_enum)]
    feedback: Option<FeedbackName>,
    /// Whether a mean counts the zeros of the diagonal; with --feedback type [default: counted]
    #[arg(long, value_enum)]
    diagonal: Option<DiagonalName>,
    /// modprop: how many steps back a synapse still gets credit: a number, or all [default: all]
    #[arg(long, value_name = "N|all", allow_hyphen_values = true)]
    taps: Option<String>,
    /// modprop: what stands for the slopes of the cells that relay, as 1/2, or as 1,1/2,0 with one per cell
    #[arg(long, value_name = "P/Q[,P/Q]...", allow_hyphen_values = true)]
    mu: Option<String>,
    /// modprop: how a tap is made [default: filter]
    #[arg(long, value_enum)]
    form: Option<FormName>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FeedbackName {
    Cell,
    Type,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum DiagonalName {
    Counted,
    Excluded,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FormName {
    /// D^(s−1) (1−λ) Ŵ with D = λ I + (1−λ) Ŵ diag(μ)
    Filter,
    /// (1−λ)^s μ^(s−1) Ŵ^s
    NoLeak,
    /// What automatic differentiation gives with μ for the slope
    Autodiff,
}

impl Variant {
    /// What was said, in the words of the rules.
    pub fn options(&self) -> RuleOptions {
        RuleOptions {
            by_type: self.feedback.map(|feedback| match feedback {
                FeedbackName::Cell => false,
                FeedbackName::Type => true,
            }),
            diagonal: self.diagonal.map(|diagonal| match diagonal {
                DiagonalName::Counted => Diagonal::Counted,
                DiagonalName::Excluded => Diagonal::Excluded,
            }),
            taps: self.taps.clone(),
            mu: self.mu.clone(),
            form: self.form.map(|form| match form {
                FormName::Filter => Form::Filter,
                FormName::NoLeak => Form::NoLeak,
                FormName::Autodiff => Form::Autodiff,
            }),
        }
    }
}
