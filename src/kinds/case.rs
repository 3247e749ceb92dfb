//! Layered networks and graphs, with all numbers written out.

use std::rc::Rc;

use super::{Asked, Certified, Computed, Issued, Kind, Shown, Tensors};
use crate::certify::gradient::{Rule, gradient};
use crate::certify::steps;
use crate::certify::{self, Options};
use crate::error::Error;
use crate::number::nearest_f64;
use crate::progress::Progress;
use crate::report;
use crate::spec::{Dense, Dtype, Limits, MOST_PARAMETERS, Network, Number};
use crate::verdict::judge::{self, Judgement};
use crate::wire::Document;
use crate::wire::gradient::{Gradient, Subject};
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
            "a network that does not run in time in this command; `creditcheck certify` compares the rules that it has",
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

    fn gradient(
        &self,
        asked: &Asked,
        limits: &Limits,
        progress: &mut dyn Progress,
    ) -> Result<Computed, Error> {
        let case = &self.document.case;
        let rule = rule(asked)?;
        let mut found = gradient(case, rule, asked.number, asked.quantity, limits, progress)?;
        found.case = Some(self.digest());
        let (title, network) = (case.title(), report::network(case));
        let (rule, number) = (rule.name(), found.number.name());
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

    fn into_document(self: Box<Self>) -> Result<Document, Error> {
        Ok(self.document)
    }
}

/// The engine that is asked for.
///
/// # Errors
/// [`Error::Unsupported`] for a rule over time, and for its options.
pub(super) fn rule(asked: &Asked) -> Result<Rule, Error> {
    if let Some(option) = asked.options.first() {
        let what = format!("{option} on a network that does not run in time");
        return Err(Error::unsupported(what));
    }
    let Some(name) = &asked.rule else { return Ok(Rule::default()) };
    let all = [Rule::Credit, Rule::Backprop, Rule::Tangent];
    all.into_iter().find(|rule| rule.name() == name).ok_or_else(|| {
        Error::unsupported(format!(
            "the rule {name} on a network that does not run in time; use --rule credit, backprop or tangent",
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
            Number::Float(dtype) => dtype.name(),
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
