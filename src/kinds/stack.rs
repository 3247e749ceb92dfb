//! Layers in time, and one whose leak is a parameter.

use super::temporal::refuse;
use super::{Asked, Computed, Kind};
use crate::certify::temporal::stack as engines;
use crate::error::Error;
use crate::progress::Progress;
use crate::report;
use crate::spec::{Limits, TemporalRule};
use crate::verdict::judge::{self, Judgement};
use crate::wire::StackDocument;
use crate::wire::gradient::{Gradient, Subject};
use crate::wire::json::Json;

/// The rules that such a case has: those that give the gradient.
const RULES: &str = "bptt, rtrl or tangent";

/// A case of layers in time.
#[derive(Debug)]
pub(super) struct Stack(StackDocument);

impl Stack {
    pub fn read(json: &Json, limits: &Limits) -> Result<Self, Error> {
        StackDocument::from_json(json, limits).map(Self)
    }
}

impl Kind for Stack {
    fn refusal(&self) -> Error {
        Error::unsupported(
            "several layers in time, or a trainable leak, in this command; `creditcheck gradient` and `check` take them",
        )
    }

    fn digest(&self) -> String {
        self.0.digest()
    }

    fn title(&self) -> String {
        let case = &self.0.case;
        format!("{} ({})", case.title(), report::layers_over_time(case))
    }

    fn subject(&self) -> Result<Subject, Error> {
        Ok(Subject::of_stack(&self.0.case))
    }

    fn gradient(
        &self,
        asked: &Asked,
        limits: &Limits,
        progress: &mut dyn Progress,
    ) -> Result<Computed, Error> {
        let case = &self.0.case;
        let rule = rule(asked)?;
        progress.stage(&rule.to_string())?;
        let mut found = engines::gradient(case, &rule, asked.number, asked.quantity, limits)?;
        found.case = Some(self.digest());
        let (title, network) = (case.title(), report::layers_over_time(case));
        let mut head = report::paragraph(&format!("{title} · {network}"));
        head.push_str(&report::paragraph(&format!("rule {rule} · {}", found.number.name())));
        Ok(Computed { head, gradient: found })
    }

    fn tensors(
        &self,
        asked: &Asked,
        _: &Limits,
        _: &mut dyn Progress,
    ) -> Result<super::Tensors, Error> {
        rule(asked)?;
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
}

/// The rule as it is asked for; none of these has options.
fn rule(asked: &Asked) -> Result<TemporalRule, Error> {
    let name = asked.rule.as_deref().unwrap_or("bptt");
    let known = [TemporalRule::Bptt, TemporalRule::Rtrl, TemporalRule::Tangent];
    let rule = known.into_iter().find(|rule| rule.name() == name).ok_or_else(|| {
        Error::unsupported(format!(
            "the rule {name} on several layers in time, or with a trainable leak; use --rule {RULES}"
        ))
    })?;
    let given = asked.file.as_ref().map(|_| "--options").or(asked.options.first());
    refuse(given, &format!("{name}, which has no options"))?;
    Ok(rule)
}
