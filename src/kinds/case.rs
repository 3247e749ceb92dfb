//! Layered networks and graphs, with all numbers written out.

use std::rc::Rc;

use super::{Asked, Certified, Computed, Issued, Kind, OptionsFile, Shown, Tensors};
use crate::certify::compare::compare;
use crate::certify::gradient::{Rule, aligned, gradient};
use crate::certify::measured::Theirs;
use crate::certify::steps;
use crate::certify::{self, Options};
use crate::error::Error;
use crate::number::nearest_f64;
use crate::progress::Progress;
use crate::report;
use crate::spec::{
    Case, Dense, Dtype, FeedbackMatrices, Layout, Limits, MOST_PARAMETERS, Network, Number,
};
use crate::verdict::Conclusion;
use crate::verdict::judge::{self, Judgement};
use crate::wire::Document;
use crate::wire::cursor::Cursor;
use crate::wire::gradient::{Gradient, Subject, feedback};
use crate::wire::tensor::LayerNames;

/// A case of a layered network or a graph.
#[derive(Debug)]
pub struct Exact {
    /// The case.
    pub document: Document,
    /// What the tensors were called that its numbers come from, if they do.
    pub names: Vec<LayerNames>,
}

impl Exact {
    /// A case whose numbers stand in it.
    #[must_use]
    pub fn of(document: Document) -> Self {
        Self { document, names: Vec::new() }
    }
}

impl Kind for Exact {
    fn refusal(&self) -> Error {
        Error::unsupported(
            "a network that does not run in time in this command; `creditcheck certify` and `compare` hold the rules that it has to one another",
        )
    }

    fn digest(&self) -> String {
        self.document.digest()
    }

    fn title(&self) -> String {
        let case = &self.document.case;
        format!("{} ({})", case.title(), report::network(case))
    }

    fn certify(
        &self,
        options: &Options,
        coq: bool,
        progress: &mut dyn Progress,
    ) -> Result<Certified, Error> {
        let document = &self.document;
        let dense = Dense::of(&document.case);
        if let Some(dense) = dense.filter(|dense| dense.parameters() > MOST_PARAMETERS) {
            return super::large::certify(&dense, &document.json, &[], options, coq, progress);
        }
        let found = certify::certify(document, options, progress)?;
        Ok(Certified {
            conclusion: certify::conclusion(&document.case, &found.table),
            found: report::Found::of(&document.case, document.digest(), found.table),
            name: document.case.name.clone(),
            certificate: Some(Issued::Small(Box::new(found.certificate))),
        })
    }

    fn subject(&self) -> Result<Subject, Error> {
        Ok(Subject::of(&self.document.case))
    }

    fn tensor_names(&self) -> &[LayerNames] {
        &self.names
    }

    fn gradient(
        &self,
        asked: &Asked,
        limits: &Limits,
        progress: &mut dyn Progress,
    ) -> Result<Computed, Error> {
        let case = &self.document.case;
        let mut found = match matrices(asked, case, limits)? {
            Some(matrices) => {
                progress.stage(feedback::NAME)?;
                aligned(case, &matrices, (asked.number, asked.quantity), limits)?
            }
            None => gradient(case, rule(asked)?, asked.number, asked.quantity, limits, progress)?,
        };
        found.case = Some(self.digest());
        let (title, network) = (case.title(), report::network(case));
        let (rule, number) = (found.rule.as_deref().unwrap_or_default(), found.number.name());
        let head = report::paragraph(&format!("{title} · {network} · rule {rule} · {number}"));
        Ok(Computed { head, gradient: found })
    }

    fn tensors(
        &self,
        asked: &Asked,
        limits: &Limits,
        progress: &mut dyn Progress,
    ) -> Result<Tensors, Error> {
        match self.document.case.network {
            Network::Layered(_) => {
                let found = self.gradient(asked, limits, progress)?.gradient;
                Ok(as_tensors(found, self.names.clone()))
            }
            Network::Graph(_) => {
                Err(Error::unsupported("the gradient of a graph as tensors; write it as JSON"))
            }
        }
    }

    fn judge(
        &self,
        mine: &Gradient,
        options: &judge::Options,
        limits: &Limits,
        progress: &mut dyn Progress,
    ) -> Result<(Judgement, Vec<String>), Error> {
        certify::judge::judge(&self.document.case, mine, options, limits, progress)
    }

    fn steps(&self, mu: Option<&str>, limits: &Limits) -> Result<Shown<'_>, Error> {
        if mu.is_some() {
            return Err(Error::unsupported("--mu on a network that does not run in time"));
        }
        let steps = steps::steps(&self.document.case, limits)?;
        let (document, steps) = (&self.document, Rc::new(steps));
        let again = Rc::clone(&steps);
        Ok(Shown {
            text: Box::new(move |numbers| report::steps(&document.case, &steps, numbers)),
            json: Box::new(move || report::steps_json(document, &again)),
        })
    }

    fn compare(
        &self,
        mu: Option<&str>,
        theirs: Vec<Theirs>,
        limits: &Limits,
        progress: &mut dyn Progress,
    ) -> Result<(Shown<'_>, Conclusion), Error> {
        if mu.is_some() {
            return Err(Error::unsupported("--mu on a network that does not run in time"));
        }
        let found = compare(&self.document.case, theirs, limits, progress)?;
        let conclusion = found.conclusion();
        let (document, found) = (&self.document, Rc::new(found));
        let again = Rc::clone(&found);
        let shown = Shown {
            text: Box::new(move |_| report::beside(&document.case, &found)),
            json: Box::new(move || report::beside_json(document, &again)),
        };
        Ok((shown, conclusion))
    }

    fn into_document(self: Box<Self>) -> Result<Document, Error> {
        Ok(self.document)
    }
}

/// The matrices of feedback alignment, if that is asked for.
fn matrices(
    asked: &Asked,
    case: &Case,
    limits: &Limits,
) -> Result<Option<FeedbackMatrices>, Error> {
    if asked.rule.as_deref() != Some(feedback::NAME) {
        return Ok(None);
    }
    no_option_over_time(asked)?;
    if let Network::Graph(_) = case.network {
        let what = format!("{} on a graph: its matrices belong to layers", feedback::NAME);
        return Err(Error::unsupported(what));
    }
    let Some(OptionsFile { name, json }) = &asked.file else {
        let expected =
            "a file with {\"feedback\": [B², …, B^Λ]}, one matrix per layer but the first";
        return Err(Error::input("--options", "nothing", expected));
    };
    let found = feedback::read(&Cursor::root(json, limits), &Layout::of(case));
    found.map(Some).map_err(|error| error.in_file(name))
}

fn no_option_over_time(asked: &Asked) -> Result<(), Error> {
    match asked.options.first() {
        Some(option) => {
            let what = format!("{option} on a network that does not run in time");
            Err(Error::unsupported(what))
        }
        None => Ok(()),
    }
}

/// The engine that is asked for, of those that every network without time has.
///
/// # Errors
/// [`Error::Unsupported`] for another rule, and for options.
pub(super) fn rule(asked: &Asked) -> Result<Rule, Error> {
    no_option_over_time(asked)?;
    if asked.rule.as_deref() == Some(feedback::NAME) {
        let what = format!("{} at more than {MOST_PARAMETERS} parameters", feedback::NAME);
        return Err(Error::unsupported(what));
    }
    if asked.file.is_some() {
        let rule = asked.rule.as_deref().unwrap_or(Rule::default().name());
        let what =
            format!("--options with the rule {rule}, which has none; {} has", feedback::NAME);
        return Err(Error::unsupported(what));
    }
    let Some(name) = &asked.rule else { return Ok(Rule::default()) };
    let all = [Rule::Credit, Rule::Backprop, Rule::Tangent];
    all.into_iter().find(|rule| rule.name() == name).ok_or_else(|| {
        Error::unsupported(format!(
            "the rule {name} on a network that does not run in time; use --rule credit, backprop, tangent or {}",
            feedback::NAME
        ))
    })
}

/// A gradient as floats: as they were computed, or exact numbers rounded once to f64.
pub(super) fn as_tensors(found: Gradient, names: Vec<LayerNames>) -> Tensors {
    let about = format!(
        "{}, {}, rule {}, case {}",
        found.quantity.name(),
        match found.number {
            Number::Exact => "exact and rounded once",
            Number::Float(_) | Number::Grid(_) => found.number.name(),
        },
        found.rule.as_deref().unwrap_or("unknown"),
        found.case.as_deref().unwrap_or("unknown"),
    );
    Tensors {
        dtype: found.number.dtype().unwrap_or(Dtype::F64),
        entries: found.entries.map(|value| nearest_f64(&value)),
        names,
        about,
    }
}
