//! `creditcheck/case/1` with numbers in tensor files.
//!
//! In a layered case `weights` and `biases` of a layer may be `{"file": …, "tensor": …}`, and so may `inputs` and
//! `targets` of `examples`, which then is an object in place of a list. Whatever mixes with them in the document itself
//! is held as f64 too, and must be one.

use num_rational::BigRational;

use super::case::{self, Head};
use super::cursor::Cursor;
use super::document::{canonical_numbers, fields, items};
use super::json::Json;
use super::tensor::{FileDigest, Files, LayerNames, Opened};
use super::{Document, sha256};
use crate::error::Error;
use crate::number::{exact_f64, nearest_f64};
use crate::spec::{Dense, DenseLayer, Dtype, Expect, Limits, Loss, Tensor};

pub use crate::spec::MOST_PARAMETERS;
/// And up to so many numbers in its examples.
const MOST_EXAMPLE_NUMBERS: usize = 1_000_000;

/// A case that refers to files, and its document.
#[derive(Clone, Debug, PartialEq)]
pub struct DenseDocument {
    /// The case.
    pub dense: Dense,
    /// The document as given, numbers canonical, every reference with the SHA-256 of its file.
    pub json: Json,
    /// The files, in the order in which the document names them.
    pub files: Vec<FileDigest>,
    /// What the parameters of each layer are called in their files.
    pub names: Vec<LayerNames>,
}

impl DenseDocument {
    /// SHA-256 of the RFC 8785 form of the document. The digests of the files are in it, so it binds every number.
    #[must_use]
    pub fn digest(&self) -> String {
        sha256(self.json.canonical().as_bytes())
    }

    /// The case with its numbers written out, if it is small enough for that; its digest is then that of this document.
    #[must_use]
    pub fn written_out(&self) -> Option<Document> {
        if self.is_large() { None } else { self.dense.to_case().map(Document::of) }
    }

    /// Whether there are more numbers than are written out.
    #[must_use]
    pub fn is_large(&self) -> bool {
        let Dense { inputs, targets, .. } = &self.dense;
        let examples = inputs.values.len() + targets.values.len();
        self.dense.parameters() > MOST_PARAMETERS || examples > MOST_EXAMPLE_NUMBERS
    }
}

/// Whether a document refers to any file, so that [`read`] and not [`Document::read`] is to read it.
#[must_use]
pub fn refers_to_files(json: &Json, limits: &Limits) -> bool {
    let root = Cursor::root(json, limits);
    let is_object = |place: Option<Cursor<'_>>| {
        place.is_some_and(|place| matches!(place.value(), Json::Object(_)))
    };
    let layers = root.field("network").and_then(|network| network.field("layers"));
    let layers = layers.and_then(|layers| layers.items().ok()).unwrap_or_default();
    is_object(root.field("examples"))
        || layers
            .iter()
            .any(|layer| is_object(layer.field("weights")) || is_object(layer.field("biases")))
}

/// Reads a case that refers to files; `open` is given each name as it stands in the document.
///
/// Exactness: no number is rounded.
///
/// # Errors
/// As [`Document::read`] and [`super::tensor::TensorFile`]; [`Error::Input`] for a number in the document that is no f64,
/// and for a file whose digest is not the one stated.
pub fn read(
    json: &Json,
    limits: &Limits,
    open: &mut dyn FnMut(&str) -> Result<Opened, Error>,
) -> Result<DenseDocument, Error> {
    let root = Cursor::root(json, limits);
    // No output of a layered network drives another neuron: what it makes of credit that comes back does not matter.
    let Head { name, loss, learning_rate, kink, output_credit: _, expect } = case::head(&root)?;
    if let Some(list) = root.field("equilibrium") {
        return Err(
            list.error("no such field: the rates of a layered network follow from its input")
        );
    }
    let mut reader = Reader { files: Files::new(open, limits) };
    let network = root.required("network")?;
    network.required("kind")?.choice(&[("layered", ())])?;
    network.object(&["kind", "layers"])?;
    let list = network.required("layers")?;
    let (mut layers, mut names): (Vec<DenseLayer>, Vec<LayerNames>) = Default::default();
    for place in list.items()? {
        let before = layers.last().map(|layer| layer.weights.rows);
        layers.push(reader.layer(&place, before)?);
        names.push(LayerNames {
            weights: name_of(&place, "weights"),
            biases: name_of(&place, "biases"),
        });
    }
    let (Some(first), Some(last)) = (layers.first(), layers.last()) else {
        return Err(list.error("at least one layer"));
    };
    let widths = (first.weights.cols, last.weights.rows);
    let examples = root.required("examples")?;
    let (inputs, targets) = reader.examples(&examples, widths)?;
    expect_targets(&examples, &loss, &targets)?;
    let files = reader.files.digests();
    let json = with_digests(&canonical_numbers(json, limits), &files);
    let dense = Dense { name, layers, kink, loss, learning_rate, inputs, targets, expect };
    let inherits = dense.layers.iter().filter(|layer| layer.kink.is_none());
    let functions =
        inherits.flat_map(|layer| std::iter::once(&layer.activation).chain(&layer.balance));
    case::expect_served(&root, kink, functions)?;
    Ok(DenseDocument { dense, json, files, names })
}

/// Refuses targets that the loss does not know.
fn expect_targets(place: &Cursor<'_>, loss: &Loss, targets: &Tensor) -> Result<(), Error> {
    for (at, value) in targets.values.iter().enumerate() {
        let Some(exact) = exact_f64(*value) else { continue };
        case::expect_target(loss, &exact, |expected| {
            let (example, output) = (at / targets.cols.max(1), at % targets.cols.max(1));
            let place = format!("{}: target {output} of example {example}", place.path());
            Error::input(place, value.to_string(), expected)
        })?;
    }
    Ok(())
}

/// What a case that refers to files says without them.
pub(super) struct Outline {
    /// Whether the document holds its numbers in canonical form, so that its text is the one that is hashed.
    pub(super) is_canonical: bool,
    /// What the author of the case expects of C2.
    pub(super) expect: Expect,
    /// The place of the first balance function of its own, and its name.
    pub(super) own_balance: Option<(String, &'static str)>,
    /// Every file, once, in the order in which the document names it; none where some reference states no digest, or where two differ.
    pub(super) files: Option<Vec<FileDigest>>,
}

/// Reads and validates everything that stands in the document itself, and opens nothing.
///
/// # Errors
/// As [`read`], but for what is wrong in a file or with its shape.
pub(super) fn outline(root: &Cursor<'_>) -> Result<Outline, Error> {
    let Head { expect, kink, loss, .. } = case::head(root)?;
    loss.expect_half_squared("a certificate of this size")?;
    if let Some(list) = root.field("equilibrium") {
        return Err(
            list.error("no such field: the rates of a layered network follow from its input")
        );
    }
    let network = root.required("network")?;
    network.required("kind")?.choice(&[("layered", ())])?;
    network.object(&["kind", "layers"])?;
    let list = network.required("layers")?;
    let mut seen = Seen { files: Some(Vec::new()) };
    let (mut own_balance, mut before) = (None, None);
    let layers = list.items()?;
    for place in &layers {
        place.object(&["weights", "biases", "activation", "kink", "balance"])?;
        let rows = seen.tensor(&place.required("weights")?, &[None, before])?;
        if let Some(biases) = place.field("biases") {
            seen.tensor(&biases, &[rows])?;
        }
        let activation = case::activation(&place.required("activation")?)?;
        let balance = place.field("balance").map(|b| case::activation(&b)).transpose()?;
        if case::kink_of_layer(place, &activation, balance.as_ref())?.is_none() {
            case::expect_served(root, kink, std::iter::once(&activation).chain(&balance))?;
        }
        if let Some(balance) = balance {
            let path = format!("{}.balance", place.path());
            own_balance = own_balance.or(Some((path, balance.name())));
        }
        before = rows;
    }
    if layers.is_empty() {
        return Err(list.error("at least one layer"));
    }
    let examples = root.required("examples")?;
    if matches!(examples.value(), Json::Object(_)) {
        examples.object(&["inputs", "targets"])?;
        let rows = seen.tensor(&examples.required("inputs")?, &[None, None])?;
        seen.tensor(&examples.required("targets")?, &[rows, before])?;
    } else {
        inline_examples(&examples, (None, before))?;
    }
    let is_canonical = canonical_numbers(root.value(), root.limits()) == *root.value();
    Ok(Outline { is_canonical, expect, own_balance, files: seen.files })
}

/// The files that a document names, as far as it has been read.
struct Seen {
    files: Option<Vec<FileDigest>>,
}

impl Seen {
    /// How many rows a tensor has, if it stands in the document.
    fn tensor(
        &mut self,
        place: &Cursor<'_>,
        expected: &[Option<usize>],
    ) -> Result<Option<usize>, Error> {
        if !matches!(place.value(), Json::Object(_)) {
            return inline(place, expected).map(|tensor| Some(tensor.rows));
        }
        let Reference { file, digest, .. } = reference(place)?;
        let digest = digest.map(|place| place.text()).transpose()?;
        let file = file.to_owned();
        self.files = match (self.files.take(), digest) {
            (Some(mut files), Some(digest)) => match files.iter().find(|seen| seen.file == file) {
                Some(seen) if seen.sha256 == digest => Some(files),
                Some(_) => None,
                None => {
                    files.push(FileDigest { file, sha256: digest.to_owned() });
                    Some(files)
                }
            },
            _ => None,
        };
        Ok(expected.first().copied().flatten())
    }
}

/// A reference to a tensor as it stands in a document.
struct Reference<'a> {
    file: &'a str,
    tensor: Option<&'a str>,
    digest: Option<Cursor<'a>>,
}

fn reference<'a>(place: &Cursor<'a>) -> Result<Reference<'a>, Error> {
    place.object(&["file", "tensor", "sha256"])?;
    let file = place.required("file")?.text()?;
    let tensor = place.field("tensor");
    let tensor = tensor.as_ref().map(Cursor::text).transpose()?;
    Ok(Reference { file, tensor, digest: place.field("sha256") })
}

/// What a reference calls its tensor.
fn name_of(layer: &Cursor<'_>, field: &str) -> Option<String> {
    let tensor = layer.field(field)?.field("tensor")?;
    tensor.text().ok().map(str::to_owned)
}

struct Reader<'a> {
    files: Files<'a>,
}

impl Reader<'_> {
    fn layer(&mut self, place: &Cursor<'_>, before: Option<usize>) -> Result<DenseLayer, Error> {
        place.object(&["weights", "biases", "activation", "kink", "balance"])?;
        let weights = self.tensor(&place.required("weights")?, &[None, before])?;
        let biases = match place.field("biases") {
            Some(biases) => Some(self.tensor(&biases, &[Some(weights.rows)])?),
            None => None,
        };
        let activation = case::activation(&place.required("activation")?)?;
        let balance = place.field("balance").map(|b| case::activation(&b)).transpose()?;
        let kink = case::kink_of_layer(place, &activation, balance.as_ref())?;
        Ok(DenseLayer { weights, biases, activation, kink, balance })
    }

    fn examples(
        &mut self,
        place: &Cursor<'_>,
        (inputs, targets): (usize, usize),
    ) -> Result<(Tensor, Tensor), Error> {
        if matches!(place.value(), Json::Object(_)) {
            place.object(&["inputs", "targets"])?;
            let x = self.tensor(&place.required("inputs")?, &[None, Some(inputs)])?;
            let t = self.tensor(&place.required("targets")?, &[Some(x.rows), Some(targets)])?;
            return Ok((x, t));
        }
        inline_examples(place, (Some(inputs), Some(targets)))
    }

    /// A tensor of one or two dimensions, in a file or in the document.
    fn tensor(&mut self, place: &Cursor<'_>, expected: &[Option<usize>]) -> Result<Tensor, Error> {
        if matches!(place.value(), Json::Object(_)) {
            return self.reference(place, expected);
        }
        inline(place, expected)
    }

    fn reference(
        &mut self,
        place: &Cursor<'_>,
        expected: &[Option<usize>],
    ) -> Result<Tensor, Error> {
        let Reference { file, tensor, digest } = reference(place)?;
        let opened = self.files.file(file).map_err(|error| error.named_at(place.path()))?;
        if let Some(stated) = digest
            && stated.text()? != opened.sha256()
        {
            return Err(stated.error_with(
                format!("\"{}\", the digest of {}", opened.sha256(), opened.name()),
                "the file is not the one that the case was written for; take the digest out if you are sure",
            ));
        }
        let read = self.files.tensor(file, tensor, expected);
        read.map_err(|error| error.named_at(place.path()))
    }
}

/// Examples that stand in the document, of these widths where they are known.
fn inline_examples(
    place: &Cursor<'_>,
    (inputs, targets): (Option<usize>, Option<usize>),
) -> Result<(Tensor, Tensor), Error> {
    let list = place.items()?;
    let (mut x, mut t) = (Vec::new(), Vec::new());
    let (mut inputs, mut targets) = (inputs, targets);
    for example in &list {
        example.object(&["input", "target"])?;
        floats(&example.required("input")?, inputs, &mut x)?;
        floats(&example.required("target")?, targets, &mut t)?;
        inputs = inputs.or(Some(x.len()));
        targets = targets.or(Some(t.len()));
    }
    if list.is_empty() {
        return Err(place.error("at least one example"));
    }
    let tensor = |cols: Option<usize>, values| {
        let cols = cols.unwrap_or(0);
        Tensor { rows: list.len(), cols, dtype: Dtype::F64, values }
    };
    Ok((tensor(inputs, x), tensor(targets, t)))
}

/// A tensor of one or two dimensions that stands in the document.
fn inline(place: &Cursor<'_>, expected: &[Option<usize>]) -> Result<Tensor, Error> {
    let mut values = Vec::new();
    let (rows, cols) = match expected {
        [rows, cols] => {
            let list = place.items()?;
            if rows.is_some_and(|rows| rows != list.len()) || list.is_empty() {
                return Err(place.error(match rows {
                    Some(rows) => format!("{rows} rows"),
                    None => "at least one row".to_owned(),
                }));
            }
            let mut width = *cols;
            for row in &list {
                floats(row, width, &mut values)?;
                width = width.or(Some(values.len()));
            }
            (list.len(), width.unwrap_or(0))
        }
        _ => {
            let width = expected.first().copied().flatten();
            floats(place, width, &mut values)?;
            (values.len(), 1)
        }
    };
    Ok(Tensor { rows, cols, dtype: Dtype::F64, values })
}

/// A row of numbers, each of which must be an f64.
fn floats(place: &Cursor<'_>, len: Option<usize>, values: &mut Vec<f64>) -> Result<(), Error> {
    let list = match len {
        Some(len) => place.exactly(len, "numbers")?,
        None => place.items()?,
    };
    if list.is_empty() {
        return Err(place.error("at least one number"));
    }
    for item in &list {
        let exact: BigRational = item.number()?;
        let float = nearest_f64(&exact);
        if exact_f64(float).as_ref() != Some(&exact) {
            return Err(item.error_with(
                "a number that is an f64",
                "a case that refers to files holds all its numbers as floats: write this one as hex, such as \"0x1.8p-3\"",
            ));
        }
        values.push(float);
    }
    Ok(())
}

/// The document with the digest of its file in every reference.
fn with_digests(json: &Json, files: &[FileDigest]) -> Json {
    references(json, |reference| {
        let Json::Object(given) = reference else { return reference.clone() };
        let text = |name: &str| given.iter().find(|(field, _)| field == name).map(|(_, v)| v);
        let named = |file: &&FileDigest| text("file") == Some(&Json::text(&file.file));
        match (files.iter().find(named), text("sha256")) {
            (Some(file), None) => {
                let mut given = given.clone();
                given.push(("sha256".to_owned(), Json::text(&file.sha256)));
                Json::Object(given)
            }
            _ => reference.clone(),
        }
    })
}

/// The document without any digest of a file.
pub(super) fn without_digests(json: &Json) -> Json {
    references(json, |reference| match reference {
        Json::Object(given) => {
            let rest = given.iter().filter(|(field, _)| field != "sha256").cloned();
            Json::Object(rest.collect())
        }
        other => other.clone(),
    })
}

/// The document with something else in the place of every reference; whatever is no object is none.
fn references(json: &Json, change: impl Fn(&Json) -> Json) -> Json {
    let layer = |layer: &Json| {
        fields(layer, |name, value| match name {
            "weights" | "biases" => change(value),
            _ => value.clone(),
        })
    };
    fields(json, |name, value| match name {
        "network" => fields(value, |name, value| match name {
            "layers" => items(value, layer),
            _ => value.clone(),
        }),
        "examples" => fields(value, |_, value| change(value)),
        _ => value.clone(),
    })
}
