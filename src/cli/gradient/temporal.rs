//! The rules over time on the command line, with what their names leave open.

use clap::{Args, ValueEnum};

use super::RuleName;
use crate::cli::Outcome;
use crate::cli::common::Common;
use crate::cli::progress::Bar;
use crate::error::Error;
use crate::number;
use crate::spec::{
    Diagonal, Feedback, Form, Limits, Modprop, Mu, Number, Taps, TemporalCase, TemporalRule,
};
use crate::wire::TemporalDocument;
use crate::wire::gradient::Quantity;
use crate::wire::temporal::gradient::to_json;
use crate::{certify, report};

/// The rules that a temporal case has.
pub(in crate::cli) const RULES: &str =
    "bptt, rtrl, factorised-rtrl, eprop, mdgl, modprop or tangent";

/// The largest number of taps that a file may name.
const MOST_TAPS: usize = (1 << 20) - 1;

/// What mdgl and modprop leave open.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Options of mdgl and modprop")]
pub(in crate::cli) struct Variant {
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
    /// The first option that was given, if any.
    pub fn first(&self) -> Option<&'static str> {
        [
            (self.feedback.is_some(), "--feedback"),
            (self.diagonal.is_some(), "--diagonal"),
            (self.taps.is_some(), "--taps"),
            (self.mu.is_some(), "--mu"),
            (self.form.is_some(), "--form"),
        ]
        .into_iter()
        .find_map(|(given, option)| given.then_some(option))
    }

    /// The rule as it is asked for.
    fn rule(
        &self,
        name: RuleName,
        case: &TemporalCase,
        limits: &Limits,
    ) -> Result<TemporalRule, Error> {
        let exact = match name {
            RuleName::Bptt => TemporalRule::Bptt,
            RuleName::Rtrl => TemporalRule::Rtrl,
            RuleName::FactorisedRtrl => TemporalRule::FactorisedRtrl,
            RuleName::Tangent => TemporalRule::Tangent,
            RuleName::Eprop => TemporalRule::Eprop,
            RuleName::Mdgl => {
                let foreign = Self { feedback: None, diagonal: None, ..self.copy() };
                refuse(foreign.first(), "mdgl, which has --feedback and --diagonal only")?;
                return Ok(TemporalRule::Mdgl { feedback: self.feedback()? });
            }
            RuleName::Modprop => return self.modprop(case, limits).map(TemporalRule::Modprop),
            RuleName::Credit | RuleName::Backprop => {
                return Err(Error::unsupported(format!(
                    "the rule {} on a network that runs in time; use --rule {RULES}",
                    name.word()
                )));
            }
        };
        let word = exact.name();
        refuse(self.first(), &format!("{word}, which has no options; mdgl and modprop have"))?;
        Ok(exact)
    }

    fn copy(&self) -> Self {
        Self { taps: self.taps.clone(), mu: self.mu.clone(), ..*self }
    }

    fn feedback(&self) -> Result<Feedback, Error> {
        match (self.feedback, self.diagonal) {
            (Some(FeedbackName::Type), diagonal) => Ok(Feedback::Type(match diagonal {
                None | Some(DiagonalName::Counted) => Diagonal::Counted,
                Some(DiagonalName::Excluded) => Diagonal::Excluded,
            })),
            (_, None) => Ok(Feedback::Cell),
            (_, Some(_)) => Err(Error::unsupported(
                "--diagonal with cell-specific feedback, which takes no mean; add --feedback type",
            )),
        }
    }

    fn modprop(&self, case: &TemporalCase, limits: &Limits) -> Result<Modprop, Error> {
        let Some(mu) = &self.mu else {
            return Err(Error::unsupported(
                "modprop without μ, which stands for the slopes of the cells that relay; add --mu, such as --mu 1/2, \
                 or one number per cell",
            ));
        };
        let feedback = self.feedback()?;
        let form = match self.form {
            None | Some(FormName::Filter) => Form::Filter,
            Some(FormName::NoLeak) => Form::NoLeak,
            Some(FormName::Autodiff) => Form::Autodiff,
        };
        let taps = match self.taps.as_deref() {
            None | Some("all") => Taps::All,
            Some(given) => {
                // More would be written into a file that `check` does not read.
                let count = given.parse().ok().filter(|count| *count <= MOST_TAPS);
                let expected = format!("a number of taps up to {MOST_TAPS}, or all");
                let refused = || Error::input("--taps", format!("\"{given}\""), expected);
                Taps::Count(count.ok_or_else(refused)?)
            }
        };
        Ok(Modprop { feedback, taps, mu: mu_of(mu, case.network.neurons(), limits)?, form })
    }
}

/// An option that the rule does not have.
fn refuse(option: Option<&'static str>, with: &str) -> Result<(), Error> {
    match option {
        Some(option) => Err(Error::unsupported(format!("{option} with the rule {with}"))),
        None => Ok(()),
    }
}

/// μ as it is written: one number, or one per cell.
pub(in crate::cli) fn mu_of(text: &str, neurons: usize, limits: &Limits) -> Result<Mu, Error> {
    let number = |part: &str| {
        number::parse(part.trim(), limits)
            .map_err(|error| Error::input("--mu", format!("\"{part}\""), error.expected))
    };
    let mut list = text.split(',').map(number).collect::<Result<Vec<_>, _>>()?;
    if list.len() == 1 {
        return Ok(Mu::Scalar(list.remove(0)));
    }
    if list.len() != neurons {
        let expected = format!("one number, or {neurons}, one per cell");
        return Err(Error::input("--mu", format!("{} numbers", list.len()), expected));
    }
    Ok(Mu::PerCell(list))
}

/// A temporal case through one rule; errors name the file, unless it is an option that cannot be read.
pub(super) fn run(
    document: &TemporalDocument,
    name: &str,
    (rule, variant): (Option<RuleName>, &Variant),
    (number, quantity): (Number, Quantity),
    common: &Common,
) -> Result<Outcome, Error> {
    let limits = common.limits();
    let case = &document.case;
    let in_file = |error: Error| error.in_file(name);
    let rule = variant.rule(rule.unwrap_or(RuleName::Bptt), case, &limits);
    let rule = rule.map_err(|error| match error {
        Error::Input { .. } => error,
        other => in_file(other),
    })?;
    if common.tensor_file().is_some() {
        return Err(in_file(Error::unsupported(
            "the gradient of a network that runs in time as tensors; write it as JSON",
        )));
    }
    let mut bar = Bar::new(common, 1);
    bar.item(&rule.to_string());
    let (own, asked) = (case.clone(), rule.clone());
    let mut found = bar
        .alone(move |_| certify::temporal::gradient(&own, &asked, number, quantity, &limits))
        .map_err(in_file)?;
    found.case = Some(document.digest());
    common.write(
        || report::gradient_over_time(&found, &rule.to_string(), case),
        || to_json(&found),
    )?;
    Ok(Outcome::Agree)
}
