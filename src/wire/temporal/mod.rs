//! `creditcheck/case/1` with a network of kind `temporal`: read, written, and its digest.

pub mod stack;
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
    fields(root)?;
    let network = network(&root.required("network")?)?;
    let mut examples = examples(root, [network.inputs(), network.readouts()])?;
    let kink = case::kink(root)?.unwrap_or_default();
    case::expect_served(root, kink, [&network.activation])?;
    let duration = examples.first().map_or(0, |first| first.input.len());
    initial(root, &mut examples, network.neurons())?;
    Ok(TemporalCase {
        name: root.field("name").map(|name| name.text().map(str::to_owned)).transpose()?,
        network,
        steps: steps(&root.required("steps")?, duration)?,
        learning_rate: root.required("learning_rate")?.number()?,
        kink,
        examples,
    })
}

/// What a case over time has beside its network.
fn fields(root: &Cursor<'_>) -> Result<(), Error> {
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
    case::loss(&root.required("loss")?)?.expect_half_squared("a network that runs in time")
}

/// The sequences of a network with so many inputs and readouts.
fn examples(root: &Cursor<'_>, widths: [usize; 2]) -> Result<Vec<Sequence>, Error> {
    let list = root.required("examples")?;
    let mut examples: Vec<Sequence> = Vec::new();
    for item in list.items()? {
        let duration = examples.first().map(|first| first.input.len());
        examples.push(sequence(&item, widths, duration)?);
    }
    match examples.is_empty() {
        true => Err(list.error("at least one example")),
        false => Ok(examples),
    }
}

/// s_0 of each example: its own numbers come after those that it has already, of the layers below.
fn initial(place: &Cursor<'_>, examples: &mut [Sequence], neurons: usize) -> Result<(), Error> {
    let Some(list) = place.field("initial") else { return Ok(()) };
    let rows = list.exactly(examples.len(), "rows, one per example")?;
    for (example, row) in examples.iter_mut().zip(rows) {
        let state = row.numbers(neurons, "numbers, one per neuron")?;
        example.initial.get_or_insert_default().extend(state);
    }
    Ok(())
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
        ("stack", "several layers in time, where one is expected"),
        ("leak_trainable", "a trainable leak, where a constant is expected"),
    ] {
        if place.field(field).is_some_and(|given| *given.value() != Json::Bool(false)) {
            return Err(Error::unsupported(format!("{}.{field}: {what}", place.path())));
        }
    }
    of_one_layer(place)
}

/// A network of one layer, whatever is said of its leak.
fn of_one_layer(place: &Cursor<'_>) -> Result<Temporal, Error> {
    place.object(&[
        "kind",
        "leak",
        "leak_trainable",
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
    let value = leak(&place.required("leak")?)?;
    let (recurrent, has_diagonal) = recurrent(place)?;
    let neurons = recurrent.len();
    let input = input(place, neurons, None)?;
    let (readout, readout_biases) = readout(place, neurons)?;
    Ok(Temporal {
        leak: value,
        activation: case::activation(&place.required("activation")?)?,
        recurrent,
        has_diagonal,
        biases: biases(place, neurons)?,
        input,
        readout,
        readout_biases,
        types: place
            .field("types")
            .map(|list| {
                let types = list.exactly(neurons, "types, one per neuron")?;
                types.iter().map(|item| item.index(neurons, "a type")).collect()
            })
            .transpose()?,
    })
}

/// λ
fn leak(place: &Cursor<'_>) -> Result<BigRational, Error> {
    let value = place.number()?;
    if value.is_negative() || value >= BigRational::one() {
        return Err(place
            .error_with("a leak of at least 0 and less than 1", "it is exp(−dt/τ), not a rate"));
    }
    Ok(value)
}

/// W of a layer, and whether its neurons may have synapses onto themselves.
fn recurrent(place: &Cursor<'_>) -> Result<(Vec<Vec<BigRational>>, bool), Error> {
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
    Ok((recurrent, has_diagonal))
}

/// U of a layer of so many neurons, above another of so many, or above the inputs.
fn input(
    place: &Cursor<'_>,
    neurons: usize,
    below: Option<usize>,
) -> Result<Vec<Vec<BigRational>>, Error> {
    let of_rows = place.required("input")?.exactly(neurons, "rows of weights, one per neuron")?;
    let inputs = match (below, of_rows.first()) {
        (Some(below), _) => below,
        (None, Some(first)) => match first.items()?.len() {
            0 => return Err(first.error("at least one weight, one per input")),
            inputs => inputs,
        },
        (None, None) => 0,
    };
    let what = match below {
        Some(_) => "weights, one per neuron of the layer below",
        None => "weights, one per input, as in the first row",
    };
    of_rows.iter().map(|row| row.numbers(inputs, what)).collect()
}

/// c of a layer.
fn biases(place: &Cursor<'_>, neurons: usize) -> Result<Option<Vec<BigRational>>, Error> {
    let list = place.field("biases");
    list.map(|list| list.numbers(neurons, "biases, one per neuron")).transpose()
}

/// V and b, from so many neurons.
#[allow(clippy::type_complexity, reason = "a matrix and a vector, as everywhere in this file")]
fn readout(
    place: &Cursor<'_>,
    neurons: usize,
) -> Result<(Vec<Vec<BigRational>>, Option<Vec<BigRational>>), Error> {
    let readout = place.required("readout")?;
    let of_readouts = readout.items()?;
    if of_readouts.is_empty() {
        return Err(readout.error("at least one row of weights, one per readout"));
    }
    let rows = of_readouts.iter().map(|row| row.numbers(neurons, "weights, one per neuron"));
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    let biases = place.field("readout_biases");
    let biases = biases.map(|list| list.numbers(rows.len(), "biases, one per readout"));
    Ok((rows, biases.transpose()?))
}

/// One example, of as many steps as the one before it.
fn sequence(
    place: &Cursor<'_>,
    [inputs, readouts]: [usize; 2],
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
        input: numbers(&rows, inputs, "numbers, one per input")?,
        target: numbers(&targets, readouts, "numbers, one per readout")?,
    })
}
