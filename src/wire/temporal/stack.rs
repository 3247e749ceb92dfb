//! `creditcheck/case/1` with layers in time, or with one whose leak is a parameter.

use super::{
    biases, examples, fields, initial, input, leak, of_one_layer, readout, recurrent, steps,
};
use crate::error::Error;
use crate::spec::{Limits, Sequence, Stack, StackCase, StackLayer};
use crate::wire::case::{self, is_temporal};
use crate::wire::cursor::Cursor;
use crate::wire::document::{self, canonical_numbers};
use crate::wire::json::Json;

/// A validated case and its document, every number in canonical form.
///
/// ```
/// use creditcheck::{spec::Limits, wire::StackDocument};
/// let text = br#"{"format": "creditcheck/case/1", "network": {"kind": "temporal", "leak": "0", "activation": "relu",
///   "stack": [{"recurrent": [["0"]], "input": [["1"]]}, {"recurrent": [["0"]], "input": [["2"]], "leak": "1/2"}],
///   "readout": [["1"]]}, "loss": "half_squared_error", "learning_rate": "1", "steps": "last",
///   "examples": [{"input": [["2"], ["1"]], "target": [["0"], ["1"]]}]}"#;
/// let document = StackDocument::read(text, &Limits::default()).unwrap();
/// assert_eq!(document.case.network.layers.len(), 2);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct StackDocument {
    /// The case.
    pub case: StackCase,
    /// The file as given, every number replaced by its canonical string.
    pub json: Json,
}

impl StackDocument {
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

    /// SHA-256 of the RFC 8785 form of the document, as `sha256:` and 64 hex digits.
    #[must_use]
    pub fn digest(&self) -> String {
        document::sha256(self.json.canonical().as_bytes())
    }
}

/// Whether a document has layers in time, or a leak that is a parameter.
#[must_use]
pub fn is_stack(json: &Json, limits: &Limits) -> bool {
    let network = Cursor::root(json, limits).field("network");
    let has = |field| {
        let given = network.as_ref().and_then(|network| network.field(field));
        given.is_some_and(|given| *given.value() != Json::Bool(false))
    };
    is_temporal(json, limits) && (has("stack") || has("leak_trainable"))
}

fn from_cursor(root: &Cursor<'_>) -> Result<StackCase, Error> {
    fields(root)?;
    let place = root.required("network")?;
    let network = match place.field("stack") {
        Some(list) => of_layers(&place, &list)?,
        None => of_one(&place)?,
    };
    let mut examples = examples(root, [network.inputs(), network.readouts()])?;
    match (place.field("stack"), root.field("initial")) {
        (Some(_), Some(stray)) => {
            return Err(
                stray.error("no such field: each layer of \"stack\" has its own \"initial\"")
            );
        }
        (Some(list), None) => of_each_layer(&list, &network, &mut examples)?,
        (None, _) => initial(root, &mut examples, network.neurons())?,
    }
    let kink = case::kink(root)?.unwrap_or_default();
    case::expect_served(root, kink, network.layers.iter().map(|layer| &layer.activation))?;
    let duration = examples.first().map_or(0, |first| first.input.len());
    Ok(StackCase {
        name: root.field("name").map(|name| name.text().map(str::to_owned)).transpose()?,
        network,
        steps: steps(&root.required("steps")?, duration)?,
        learning_rate: root.required("learning_rate")?.number()?,
        kink,
        examples,
    })
}

/// One layer, with its fields in the network itself.
fn of_one(place: &Cursor<'_>) -> Result<Stack, Error> {
    let net = of_one_layer(place)?;
    let layer = StackLayer {
        leak: net.leak,
        is_leak_trainable: is_trainable(place)?.unwrap_or(false),
        activation: net.activation,
        recurrent: net.recurrent,
        has_diagonal: net.has_diagonal,
        input: net.input,
        biases: net.biases,
    };
    let (readout, readout_biases) = (net.readout, net.readout_biases);
    Ok(Stack { layers: vec![layer], is_listed: false, readout, readout_biases })
}

/// A list of layers; λ, σ and whether λ is a parameter may stand beside it for those that do not say.
fn of_layers(place: &Cursor<'_>, list: &Cursor<'_>) -> Result<Stack, Error> {
    place.object(&[
        "kind",
        "leak",
        "leak_trainable",
        "activation",
        "stack",
        "readout",
        "readout_biases",
    ])?;
    let mut layers: Vec<StackLayer> = Vec::new();
    for item in list.items()? {
        item.object(&[
            "leak",
            "leak_trainable",
            "activation",
            "recurrent",
            "diagonal",
            "input",
            "biases",
            "initial",
        ])?;
        // What a layer does not say is said beside the list, or missing in the layer.
        let given = |field: &str| match (item.field(field), place.field(field)) {
            (None, Some(for_all)) => Ok(for_all),
            (Some(_) | None, _) => item.required(field),
        };
        let (recurrent, has_diagonal) = recurrent(&item)?;
        let neurons = recurrent.len();
        let trainable = match is_trainable(&item)? {
            Some(own) => own,
            None => is_trainable(place)?.unwrap_or(false),
        };
        layers.push(StackLayer {
            leak: leak(&given("leak")?)?,
            is_leak_trainable: trainable,
            activation: case::activation(&given("activation")?)?,
            input: input(&item, neurons, layers.last().map(StackLayer::neurons))?,
            biases: biases(&item, neurons)?,
            recurrent,
            has_diagonal,
        });
    }
    let Some(last) = layers.last() else { return Err(list.error("at least one layer")) };
    let (readout, readout_biases) = readout(place, last.neurons())?;
    Ok(Stack { layers, is_listed: true, readout, readout_biases })
}

/// s_0 of every layer, one after the other; where some say nothing, theirs is 0.
fn of_each_layer(
    list: &Cursor<'_>,
    network: &Stack,
    examples: &mut [Sequence],
) -> Result<(), Error> {
    let items = list.items()?;
    if items.iter().all(|item| item.field("initial").is_none()) {
        return Ok(());
    }
    for (item, layer) in items.iter().zip(&network.layers) {
        if item.field("initial").is_some() {
            initial(item, examples, layer.neurons())?;
            continue;
        }
        for example in &mut *examples {
            let rest = std::iter::repeat_n(num_traits::Zero::zero(), layer.neurons());
            example.initial.get_or_insert_default().extend(rest);
        }
    }
    Ok(())
}

fn is_trainable(place: &Cursor<'_>) -> Result<Option<bool>, Error> {
    match place.field("leak_trainable") {
        None => Ok(None),
        Some(given) => match given.value() {
            Json::Bool(value) => Ok(Some(*value)),
            _ => Err(given.error("true or false")),
        },
    }
}
