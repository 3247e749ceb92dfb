//! One door for every case: what a command may ask, whatever kind of network the case has.
//!
//! A kind is a file here: it knows the data, the documents, the engines and the tables of its own kind, and what it does not serve it
//! refuses by name. No command tells one kind from another.

mod asked;
mod case;
mod dense;
mod large;
mod stack;
mod temporal;

use crate::certificate::Certificate;
use crate::certificate::large::Large;
use crate::certify::Options;
use crate::certify::measured::Theirs;
use crate::error::Error;
use crate::progress::Progress;
use crate::report::{self, Numbers};
use crate::spec::{Limits, PerBlock};
use crate::verdict::Conclusion;
use crate::verdict::judge::{self, Judgement};
use crate::wire::Document;
use crate::wire::dense as tensors;
use crate::wire::gradient::{Gradient, Subject};
use crate::wire::json::Json;
use crate::wire::temporal::is_temporal;
use crate::wire::temporal::stack::is_stack;
use crate::wire::tensor::Opened;

pub use asked::{Asked, OptionsFile, RuleOptions};
pub use case::Exact;
pub use temporal::RULES;

/// What a command may ask of a case.
///
/// # Errors
/// Of every method: [`Error::Unsupported`] for what the kind does not serve, and those of its engines.
pub trait Kind {
    /// The refusal of a command that does not serve this kind.
    fn refusal(&self) -> Error;

    /// The digest of the case.
    fn digest(&self) -> String;

    /// The case in a line: its name, and the network in a few words.
    fn title(&self) -> String;

    /// The claims, tier by tier, and a certificate. A certificate for Coq is made of it where `coq` is set.
    fn certify(
        &self,
        options: &Options,
        coq: bool,
        progress: &mut dyn Progress,
    ) -> Result<Certified, Error> {
        let _ = (options, coq, progress);
        Err(self.refusal())
    }

    /// What a gradient of the case has to fit.
    fn subject(&self) -> Result<Subject, Error> {
        Err(self.refusal())
    }

    /// What the tensors of each layer are called in the user's own files, if the case comes from there.
    fn tensor_names(&self) -> &[crate::wire::tensor::LayerNames] {
        &[]
    }

    /// One rule's gradient or update.
    fn gradient(
        &self,
        asked: &Asked,
        limits: &Limits,
        progress: &mut dyn Progress,
    ) -> Result<Computed, Error> {
        let _ = (asked, limits, progress);
        Err(self.refusal())
    }

    /// The same for a file of tensors: every entry as the float that is nearest, and what the tensors are called.
    fn tensors(
        &self,
        asked: &Asked,
        limits: &Limits,
        progress: &mut dyn Progress,
    ) -> Result<Tensors, Error> {
        let _ = (asked, limits, progress);
        Err(self.refusal())
    }

    /// Somebody's gradient against the exact one, and what it is if it is not that.
    fn judge(
        &self,
        mine: &Gradient,
        options: &judge::Options,
        limits: &Limits,
        progress: &mut dyn Progress,
    ) -> Result<(Judgement, Vec<String>), Error> {
        let _ = (mine, options, limits, progress);
        Err(self.refusal())
    }

    /// The rules side by side, step by step; `mu` is what ModProp takes for the slopes of the cells that relay.
    fn steps(&self, mu: Option<&str>, limits: &Limits) -> Result<Shown<'_>, Error> {
        let _ = (mu, limits);
        Err(self.refusal())
    }

    /// All rules of the kind against the exact gradient, with the gradients of others beside them, and what that amounts to; `mu` as for
    /// [`Self::steps`].
    fn compare(
        &self,
        mu: Option<&str>,
        theirs: Vec<Theirs>,
        limits: &Limits,
        progress: &mut dyn Progress,
    ) -> Result<(Shown<'_>, Conclusion), Error> {
        let _ = (mu, theirs, limits, progress);
        Err(self.refusal())
    }

    /// A case of fractions without time, for those who integrate it.
    fn into_document(self: Box<Self>) -> Result<Document, Error> {
        Err(self.refusal())
    }
}

/// What was found, as text and as a document.
pub struct Shown<'a> {
    /// As text, its numbers as asked for.
    pub text: Box<dyn Fn(&Numbers) -> String + 'a>,
    /// As a document, its numbers exact.
    pub json: Box<dyn Fn() -> Json + 'a>,
}

/// One rule's gradient, and what stands above it as text.
#[derive(Debug)]
pub struct Computed {
    /// The lines above it.
    pub head: String,
    /// As it is written.
    pub gradient: Gradient,
}

/// A gradient for a file of tensors.
#[derive(Debug)]
pub struct Tensors {
    /// Every entry, rounded once.
    pub entries: PerBlock<f64>,
    /// The format that holds them.
    pub dtype: crate::spec::Dtype,
    /// What the tensors of each layer are called in the user's own files, if they come from there.
    pub names: Vec<crate::wire::tensor::LayerNames>,
    /// What they are, in a line.
    pub about: String,
}

/// What came of certifying a case.
#[derive(Debug)]
pub struct Certified {
    /// The table, and what it is of.
    pub found: report::Found,
    /// What it amounts to.
    pub conclusion: Conclusion,
    /// The name that the case has of its own.
    pub name: Option<String>,
    /// What `verify` can confirm; none where the rules do not agree on a large case.
    pub certificate: Option<Issued>,
}

/// A certificate of either size.
#[derive(Debug)]
pub enum Issued {
    /// Every number is in it.
    Small(Box<Certificate>),
    /// It says how to draw them again.
    Large(Box<Large>),
}

/// Reads a case; `open` opens the tensor files that it refers to.
///
/// # Errors
/// [`Error::Input`] for what is no case, as the reader of each kind.
pub fn read(
    bytes: &[u8],
    limits: &Limits,
    open: &mut dyn FnMut(&str) -> Result<Opened, Error>,
) -> Result<Box<dyn Kind>, Error> {
    let json = Json::read(bytes, limits)?;
    if is_stack(&json, limits) {
        return Ok(Box::new(stack::Stack::read(&json, limits)?));
    }
    if is_temporal(&json, limits) {
        return Ok(Box::new(temporal::Temporal::read(&json, limits)?));
    }
    if !tensors::refers_to_files(&json, limits) {
        return Ok(Box::new(Exact::of(Document::from_json(&json, limits)?)));
    }
    let found = tensors::read(&json, limits, open)?;
    Ok(match found.written_out() {
        Some(document) => Box::new(Exact { document, names: found.names }),
        None => Box::new(dense::Dense(found)),
    })
}
