//! Networks that run in time.

use std::rc::Rc;

use super::{Asked, Computed, Kind, RuleOptions, Shown};
use crate::certify::measured::{Theirs, measured};
use crate::certify::temporal as engines;
use crate::error::Error;
use crate::number;
use crate::progress::Progress;
use crate::report;
use crate::spec::{
    Diagonal, Feedback, Form, Limits, Modprop, Mu, Taps, TemporalCase, TemporalRule,
};
use crate::verdict::Conclusion;
use crate::verdict::judge::{self, Judgement};
use crate::wire::TemporalDocument;
use crate::wire::cursor::Cursor;
use crate::wire::gradient::{Gradient, Subject, options};
use crate::wire::json::Json;

/// The rules that a temporal case has.
pub const RULES: &str = "bptt, rtrl, factorised-rtrl, eprop, mdgl, modprop or tangent";

/// What stands for the slopes of the cells that relay, where nobody says.
const USUAL_MU: &str = "1/2";

/// The largest number of taps that a file may name.
const MOST_TAPS: usize = (1 << 20) - 1;

/// A case that runs in time.
#[derive(Debug)]
pub(super) struct Temporal(TemporalDocument);

impl Temporal {
    pub fn read(json: &Json, limits: &Limits) -> Result<Self, Error> {
        TemporalDocument::from_json(json, limits).map(Self)
    }
}

impl Kind for Temporal {
    fn refusal(&self) -> Error {
        Error::unsupported(
            "a network that runs in time in this command; `creditcheck compare`, `gradient`, `check` and `show` take it",
        )
    }

    fn digest(&self) -> String {
        self.0.digest()
    }

    fn title(&self) -> String {
        let case = &self.0.case;
        format!("{} ({})", case.title(), report::network_over_time(case))
    }

    fn subject(&self) -> Result<Subject, Error> {
        Ok(Subject::over_time(&self.0.case))
    }

    fn gradient(
        &self,
        asked: &Asked,
        limits: &Limits,
        progress: &mut dyn Progress,
    ) -> Result<Computed, Error> {
        let case = &self.0.case;
        let rule = rule(asked, case, limits)?;
        progress.stage(&rule.to_string())?;
        let mut found = engines::gradient(case, &rule, asked.number, asked.quantity, limits)?;
        found.case = Some(self.digest());
        let (title, network) = (case.title(), report::network_over_time(case));
        let mut head = report::paragraph(&format!("{title} · {network}"));
        head.push_str(&report::paragraph(&format!("rule {rule} · {}", found.number.name())));
        Ok(Computed { head, gradient: found })
    }

    fn tensors(
        &self,
        asked: &Asked,
        limits: &Limits,
        _: &mut dyn Progress,
    ) -> Result<super::Tensors, Error> {
        rule(asked, &self.0.case, limits)?;
        Err(Error::unsupported(
            "the gradient of a network that runs in time as tensors; write it as JSON",
        ))
    }

    fn judge(
        &self,
        mine: &Gradient,
        options: &judge::Options,
        limits: &Limits,
        progress: &mut dyn Progress,
    ) -> Result<(Judgement, Vec<String>), Error> {
        engines::judge(&self.0.case, mine, options, limits, progress)
    }

    fn steps(&self, mu: Option<&str>, limits: &Limits) -> Result<Shown<'_>, Error> {
        let case = &self.0.case;
        let mu = mu_of(mu.unwrap_or(USUAL_MU), case.network.neurons(), limits)?;
        let steps = engines::steps(case, &mu, limits)?;
        let (document, steps) = (&self.0, Rc::new(steps));
        let again = Rc::clone(&steps);
        Ok(Shown {
            text: Box::new(move |numbers| report::steps_over_time(case, &steps, numbers)),
            json: Box::new(move || report::steps_over_time_json(document, &again)),
        })
    }

    fn compare(
        &self,
        mu: Option<&str>,
        theirs: Vec<Theirs>,
        limits: &Limits,
        progress: &mut dyn Progress,
    ) -> Result<(Shown<'_>, Conclusion), Error> {
        let case = &self.0.case;
        let mu = mu_of(mu.unwrap_or(USUAL_MU), case.network.neurons(), limits)?;
        let found = engines::compare(case, &mu, limits, progress)?;
        let right =
            |theirs: &Gradient| engines::right_of(case, theirs, &limits.renewed(), progress);
        let rows = measured(&theirs, right)?;
        let conclusion = found.conclusion();
        let (document, found) = (&self.0, Rc::new((found, rows)));
        let again = Rc::clone(&found);
        let shown = Shown {
            text: Box::new(move |_| report::compared(case, &found.0, &found.1)),
            json: Box::new(move || report::compared_json(document, &again.0, &again.1)),
        };
        Ok((shown, conclusion))
    }
}

/// The rule as it is asked for.
fn rule(asked: &Asked, case: &TemporalCase, limits: &Limits) -> Result<TemporalRule, Error> {
    let options = &asked.options;
    let name = asked.rule.as_deref().unwrap_or("bptt");
    if let Some(file) = &asked.file {
        refuse(options.first(), &format!("{name}, whose options stand in {}", file.name))?;
        let found = from_file(name, &file.json, case, limits);
        return found.map_err(|error| error.in_file(&file.name));
    }
    if name == "modprop" {
        return modprop(options, case, limits).map(TemporalRule::Modprop);
    }
    if name == "mdgl" {
        let foreign = RuleOptions { by_type: None, diagonal: None, ..options.clone() };
        refuse(foreign.first(), "mdgl, which has --feedback and --diagonal only")?;
        return Ok(TemporalRule::Mdgl { feedback: feedback(options)? });
    }
    let plain = TemporalRule::WITHOUT_OPTIONS;
    let rule = plain.into_iter().find(|rule| rule.name() == name).ok_or_else(|| {
        Error::unsupported(format!(
            "the rule {name} on a network that runs in time; use --rule {RULES}"
        ))
    })?;
    refuse(options.first(), &format!("{name}, which has no options; mdgl and modprop have"))?;
    Ok(rule)
}

/// The rule with the options of a file.
fn from_file(
    name: &str,
    json: &Json,
    case: &TemporalCase,
    limits: &Limits,
) -> Result<TemporalRule, Error> {
    let given = options::read(&Cursor::root(json, limits), case.network.neurons())?;
    let found = options::declared(Some(name), &given, limits).map_err(|error| match error {
        // The whole file is what elsewhere is one field.
        Error::Input { place, found, expected, advice } => {
            let place = place.strip_prefix("options.").unwrap_or(&place).to_owned();
            Error::Input { place, found, expected, advice }
        }
        other => other,
    })?;
    found.ok_or_else(|| Error::unsupported(format!("the rule {name}; use --rule {RULES}")))
}

/// An option that the rule does not have.
pub(super) fn refuse(option: Option<&'static str>, with: &str) -> Result<(), Error> {
    match option {
        Some(option) => Err(Error::unsupported(format!("{option} with the rule {with}"))),
        None => Ok(()),
    }
}

fn feedback(options: &RuleOptions) -> Result<Feedback, Error> {
    match (options.by_type, options.diagonal) {
        (Some(true), diagonal) => Ok(Feedback::Type(diagonal.unwrap_or(Diagonal::Counted))),
        (_, None) => Ok(Feedback::Cell),
        (_, Some(_)) => Err(Error::unsupported(
            "--diagonal with cell-specific feedback, which takes no mean; add --feedback type",
        )),
    }
}

fn modprop(options: &RuleOptions, case: &TemporalCase, limits: &Limits) -> Result<Modprop, Error> {
    let Some(mu) = &options.mu else {
        return Err(Error::unsupported(
            "modprop without μ, which stands for the slopes of the cells that relay; add --mu, such as --mu 1/2, \
             or one number per cell",
        ));
    };
    let feedback = feedback(options)?;
    let form = options.form.unwrap_or(Form::Filter);
    let taps = match options.taps.as_deref() {
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

/// μ as it is written: one number, or one per cell.
fn mu_of(text: &str, neurons: usize, limits: &Limits) -> Result<Mu, Error> {
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
