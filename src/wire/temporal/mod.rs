//! `creditcheck/case/1` with a network of kind `temporal`: read, written, and its digest.

mod write;

use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use super::case;
use super::cursor::Cursor;
use super::document::{self, canonical_numbers};
use super::format::expect_format;
use super::json::Json;
use crate::error::Error;
use crate::spec::{Limits, Sequence, Steps, Temporal, TemporalCase};

pub use super::case::is_temporal;
pub use write::to_json;

/// A validated case and its document, every number in canonical form.
///
/// ```
/// use creditcheck::{spec::Limits, wire::TemporalDocument};
/// let text = br#"{"format": "creditcheck/case/1", "network": {"kind": "temporal", "leak": "1/2",
///   "activation": "relu", "recurrent": [["0"]], "input": [["1"]], "readout": [["1"]]},
///   "loss": "half_squared_error", "learning_rate": "1", "steps": "last",
///   "examples": [{"input": [["2"], ["1"]], "target": [["0"], ["1"]]}]}"#;
/// let document = TemporalDocument::read(text, &Limits::default()).unwrap();
/// assert_eq!(document.case.duration(), 2);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TemporalDocument {
    /// The case.
    pub case: TemporalCase,
    /// The file as given, every number replaced by its canonical string.
    pub json: Json,
}

impl TemporalDocument {
    /// Reads and validates a case file.
    ///
    /// # Errors
    /// [`Error::Input`] with the JSON path, what was found and what was expected; [`Error::Limit`].
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Self, Error> {
        Self::from_json(&Json::read(bytes, limits)?, limits)
    }

    /// The document of a case file that is already a tree.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn from_json(json: &Json, limits: &Limits) -> Result<Self, Error> {
        let case = from_cursor(&Cursor::root(json, limits))?;
        Ok(Self { case, json: canonical_numbers(json, limits) })
    }

    /// The document of a case that was built in memory.
    #[must_use]
    pub fn of(case: TemporalCase) -> Self {
        let json = to_json(&case);
        Self { case, json }
    }

    /// SHA-256 of the RFC 8785 form of the document, as `sha256:` and 64 hex digits.
    #[must_use]
    pub fn digest(&self) -> String {
        document::sha256(self.json.canonical().as_bytes())
    }
}

/// A case that stands inside another document.
///
/// # Errors
/// As [`TemporalDocument::read`].
pub fn from_cursor(root: &Cursor<'_>) -> Result<TemporalCase, Error> {
    expect_format(root, &[case::FORMAT])?;
    root.object(&[
        "format",
        "name",
        "network",
        "loss",
        "learning_rate",
        "kink",
        "steps",
        "initial",
        "examples",
    ])?;
    root.required("format")?;
    root.required("loss")?.choice(&[("half_squared_error", ())])?;
    let network = network(&root.required("network")?)?;
    let list = root.required("examples")?;
    let mut examples: Vec<Sequence> = Vec::new();
    for item in list.items()? {
        let duration = examples.first().map(|first| first.input.len());
        examples.push(sequence(&item, &network, duration)?);
    }
    if examples.is_empty() {
        return Err(list.error("at least one example"));
    }
    let kink = case::kink(root)?.unwrap_or_default();
    case::expect_served(root, kink, [&network.activation])?;
    let duration = examples[0].input.len();
    if let Some(list) = root.field("initial") {
        let rows = list.exactly(examples.len(), "rows, one per example")?;
        for (example, row) in examples.iter_mut().zip(rows) {
            let state = row.numbers(network.neurons(), "numbers, one per neuron")?;
            example.initial = Some(state);
        }
    }
    Ok(TemporalCase {
        name: root.field("name").map(|name| name.text().map(str::to_owned)).transpose()?,
        network,
        steps: steps(&root.required("steps")?, duration)?,
        learning_rate: root.required("learning_rate")?.number()?,
        kink,
        examples,
    })
}

/// Which steps count: a word, or a list of steps counted from 1.
fn steps(place: &Cursor<'_>, duration: usize) -> Result<Steps, Error> {
    match place.value() {
        Json::String(word) if word == "all" => Ok(Steps::All),
        Json::String(word) if word == "last" => Ok(Steps::Last),
        Json::Array(_) => {
            let mut found: Vec<usize> = Vec::new();
            for item in place.items()? {
                let step = item.index(duration + 1, "a step").ok().filter(|step| *step > 0);
                let refused = || item.error(format!("a step from 1 to {duration}"));
                let step = step.ok_or_else(refused)?;
                if found.last().is_some_and(|last| *last >= step) {
                    return Err(item.error("steps in ascending order, each once"));
                }
                found.push(step);
            }
            match found.is_empty() {
                true => Err(place.error("at least one step")),
                false => Ok(Steps::At(found)),
            }
        }
        _ => Err(place.error("\"all\", \"last\" or a list of steps")),
    }
}

fn network(place: &Cursor<'_>) -> Result<Temporal, Error> {
    for (field, what) in [
        ("stack", "several layers in time; only one is read"),
        ("leak_trainable", "a trainable leak; it is a constant, without a derivative"),
    ] {
        if place.field(field).is_some_and(|given| *given.value() != Json::Bool(false)) {
            return Err(Error::unsupported(format!("{}.{field}: {what}", place.path())));
        }
    }
    place.object(&[
        "kind",
        "leak",
        "activation",
        "recurrent",
        "diagonal",
        "input",
        "biases",
        "readout",
        "readout_biases",
        "types",
    ])?;
    place.required("kind")?.choice(&[("temporal", ())])?;
    let leak = place.required("leak")?;
    let value = leak.number()?;
    if value.is_negative() || value >= BigRational::one() {
        return Err(
            leak.error_with("a leak of at least 0 and less than 1", "it is exp(−dt/τ), not a rate")
        );
    }
    let list = place.required("recurrent")?;
    let rows = list.items()?;
    let neurons = rows.len();
    if neurons == 0 {
        return Err(list.error("at least one row of weights, one per postsynaptic neuron"));
    }
    let square = |row: &Cursor<'_>| row.numbers(neurons, "weights, one per presynaptic neuron");
    let recurrent = rows.iter().map(square).collect::<Result<Vec<_>, _>>()?;
    let own = (0..neurons).find(|&own| !recurrent[own][own].is_zero());
    let has_diagonal = match place.field("diagonal") {
        // What has synapses of neurons onto themselves says so by itself.
        None => own.is_some(),
        Some(given) => match given.value() {
            Json::Bool(value) => *value,
            _ => return Err(given.error("true or false")),
        },
    };
    if let Some(own) = own.filter(|_| !has_diagonal) {
        let entry = &rows[own].items()?[own];
        return Err(entry.error("0: \"diagonal\" is false, no neuron has a synapse onto itself"));
    }
    let input = place.required("input")?;
    let of_rows = input.exactly(neurons, "rows of weights, one per neuron")?;
    let inputs = of_rows[0].items()?.len();
    if inputs == 0 {
        return Err(of_rows[0].error("at least one weight, one per input"));
    }
    let readout = place.required("readout")?;
    let of_readouts = readout.items()?;
    if of_readouts.is_empty() {
        return Err(readout.error("at least one row of weights, one per readout"));
    }
    let matrix = |rows: &[Cursor<'_>], columns: usize, what: &str| {
        rows.iter().map(|row| row.numbers(columns, what)).collect::<Result<Vec<_>, _>>()
    };
    Ok(Temporal {
        leak: value,
        activation: case::activation(&place.required("activation")?)?,
        recurrent,
        has_diagonal,
        biases: place
            .field("biases")
            .map(|list| list.numbers(neurons, "biases, one per neuron"))
            .transpose()?,
        input: matrix(&of_rows, inputs, "weights, one per input, as in the first row")?,
        readout: matrix(&of_readouts, neurons, "weights, one per neuron")?,
        readout_biases: place
            .field("readout_biases")
            .map(|list| list.numbers(of_readouts.len(), "biases, one per readout"))
            .transpose()?,
        types: place
            .field("types")
            .map(|list| {
                let types = list.exactly(neurons, "types, one per neuron")?;
                types.iter().map(|item| item.index(neurons, "a type")).collect()
            })
            .transpose()?,
    })
}

/// One example, of as many steps as the one before it.
fn sequence(
    place: &Cursor<'_>,
    network: &Temporal,
    duration: Option<usize>,
) -> Result<Sequence, Error> {
    place.object(&["input", "target"])?;
    let list = place.required("input")?;
    let rows = match duration {
        Some(duration) => list.exactly(duration, "rows, one per time step, as in example 0")?,
        None => list.items()?,
    };
    if rows.is_empty() {
        return Err(list.error("at least one row, one per time step"));
    }
    let targets = place.required("target")?.exactly(rows.len(), "rows, one per time step")?;
    let numbers = |rows: &[Cursor<'_>], columns: usize, what: &str| {
        rows.iter().map(|row| row.numbers(columns, what)).collect::<Result<Vec<_>, _>>()
    };
    Ok(Sequence {
        initial: None,
        input: numbers(&rows, network.inputs(), "numbers, one per input")?,
        target: numbers(&targets, network.readouts(), "numbers, one per readout")?,
    })
}
