//! `creditcheck/case/1`.

mod kink;
mod loss;
mod write;

use std::collections::HashSet;

use num_rational::BigRational;
use num_traits::{One, Zero};

use super::cursor::Cursor;
use super::format::expect_format;
use super::json::Json;
use crate::error::Error;
use crate::spec::{
    ACTIVATION_NAMES, Activation, Case, Ends, Example, Expect, Graph, Kink, Layer, Layered, Limits,
    Loss, Network, Neuron, OutputCredit, PerNeuron, PerSynapse, Wiring,
};

#[cfg(feature = "cli")]
pub(super) use kink::of_layer as kink_of_layer;
pub(super) use kink::{expect_served, kink};
#[cfg(feature = "cli")]
pub(super) use loss::expect_target;
pub(super) use loss::loss;
pub(super) use write::activation_json;
pub use write::{number_json, to_json};

/// The name and version of the format.
pub const FORMAT: &str = "creditcheck/case/1";

/// Reads a case.
///
/// # Errors
/// [`Error::Input`] with the JSON path, what was found and what was expected; [`Error::Limit`].
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Case, Error> {
    from_json(&Json::read(bytes, limits)?, limits)
}

/// A case from a document that is already a tree.
///
/// # Errors
/// As [`read`].
pub fn from_json(json: &Json, limits: &Limits) -> Result<Case, Error> {
    from_cursor(&Cursor::root(json, limits))
}

/// A case that stands inside another document.
///
/// # Errors
/// As [`read`].
pub fn from_cursor(root: &Cursor<'_>) -> Result<Case, Error> {
    let head = head(root)?;
    let network = network(&root.required("network")?)?;
    let (inputs, outputs) = match &network {
        Network::Layered(net) => {
            let widths = net.widths();
            (widths[0], widths[widths.len() - 1])
        }
        Network::Graph(net) => (net.inputs.len(), net.outputs.len()),
    };
    let list = root.required("examples")?;
    let items = list.items()?;
    let mut equilibria = equilibria(root, &network, items.len())?.into_iter();
    let examples: Vec<Example> = items
        .iter()
        .map(|example| {
            example.object(&["input", "target"])?;
            Ok(Example {
                input: example
                    .required("input")?
                    .numbers(inputs, "numbers, one per input neuron")?,
                target: targets(&example.required("target")?, outputs, &head.loss)?,
                equilibrium: equilibria.next(),
            })
        })
        .collect::<Result<_, Error>>()?;
    if examples.is_empty() {
        return Err(list.error("at least one example"));
    }
    let Head { name, loss, learning_rate, kink, output_credit, expect } = head;
    let case = Case { name, network, loss, learning_rate, kink, examples, output_credit, expect };
    kink::expect_served(root, case.kink, case.under_its_kink())?;
    if let (Some(word), true) = (root.field("output_credit"), case.clamps_credit())
        && Wiring::of(&case).is_recurrent()
    {
        return Err(word.error(
            "\"add\": with a cycle, credit that is clamped at an output has no engine here",
        ));
    }
    match root.field("equilibrium") {
        Some(list) if !Wiring::of(&case).is_recurrent() => {
            Err(list.error("no such field: without a cycle the rates follow from the inputs"))
        }
        _ => Ok(case),
    }
}

/// The targets of an example, each of which the loss must know.
fn targets(place: &Cursor<'_>, outputs: usize, loss: &Loss) -> Result<Vec<BigRational>, Error> {
    let targets = place.numbers(outputs, "numbers, one per output neuron")?;
    for (item, target) in place.items()?.iter().zip(&targets) {
        loss::expect_target(loss, target, |expected| item.error(expected))?;
    }
    Ok(targets)
}

/// The equilibria that a case gives, one per example; none if it gives none.
fn equilibria(
    root: &Cursor<'_>,
    network: &Network,
    examples: usize,
) -> Result<Vec<PerNeuron<BigRational>>, Error> {
    let Some(list) = root.field("equilibrium") else { return Ok(Vec::new()) };
    let Network::Graph(net) = network else {
        return Err(
            list.error("no such field: the rates of a layered network follow from its input")
        );
    };
    let lists = list.exactly(examples, "lists of rates, one per example")?;
    let rates = lists.iter().map(|rates| {
        Ok(PerNeuron::new(rates.numbers(net.neurons, "rates, one per neuron, inputs included")?))
    });
    rates.collect()
}

/// What stands at the top level of a case beside its network and its examples.
pub(super) struct Head {
    pub(super) name: Option<String>,
    pub(super) loss: Loss,
    pub(super) learning_rate: BigRational,
    pub(super) kink: Kink,
    pub(super) output_credit: OutputCredit,
    pub(super) expect: Expect,
}

/// Reads them, and refuses every other field.
pub(super) fn head(root: &Cursor<'_>) -> Result<Head, Error> {
    // Said before its other fields are found to be unknown here.
    if is_temporal(root.value(), root.limits()) {
        return Err(Error::unsupported(
            "a network of kind \"temporal\" here; `creditcheck compare`, `gradient`, `check` and `show` take it",
        ));
    }
    expect_format(root, &[FORMAT])?;
    root.object(&[
        "format",
        "name",
        "network",
        "loss",
        "learning_rate",
        "examples",
        "kink",
        "balance",
        "output_credit",
        "expect",
        "equilibrium",
    ])?;
    root.required("format")?;
    if let Some(balance) = root.field("balance") {
        return Err(balance
            .error("no such field here: \"balance\" stands on a layer, or in a graph network"));
    }
    let loss = loss::loss(&root.required("loss")?)?;
    Ok(Head {
        name: root.field("name").map(|name| name.text().map(str::to_owned)).transpose()?,
        loss,
        learning_rate: root.required("learning_rate")?.number()?,
        kink: kink::kink(root)?.unwrap_or_default(),
        output_credit: match root.field("output_credit") {
            None => OutputCredit::Add,
            Some(word) => {
                word.choice(&[OutputCredit::Add, OutputCredit::Clamp].map(|o| (o.name(), o)))?
            }
        },
        expect: match root.field("expect") {
            None => Expect::Agree,
            Some(word) => {
                word.choice(&[("agree", Expect::Agree), ("disagree", Expect::Disagree)])?
            }
        },
    })
}

fn network(place: &Cursor<'_>) -> Result<Network, Error> {
    // The kind decides which other fields there may be.
    if !matches!(place.value(), Json::Object(_)) {
        return Err(place.error("an object"));
    }
    let kind = place.required("kind")?;
    match kind.text()? {
        "layered" => Ok(Network::Layered(layered(place)?)),
        "graph" => Ok(Network::Graph(graph(place)?)),
        _ => Err(kind.error("\"layered\", \"graph\" or \"temporal\"")),
    }
}

fn layered(place: &Cursor<'_>) -> Result<Layered, Error> {
    place.object(&["kind", "layers"])?;
    let list = place.required("layers")?;
    let mut layers: Vec<Layer> = Vec::new();
    for item in list.items()? {
        let before = layers.last().map(Layer::width);
        layers.push(layer(&item, before)?);
    }
    if layers.is_empty() {
        return Err(list.error("at least one layer"));
    }
    Ok(Layered { layers })
}

fn layer(place: &Cursor<'_>, before: Option<usize>) -> Result<Layer, Error> {
    place.object(&["weights", "biases", "activation", "kink", "balance"])?;
    let matrix = place.required("weights")?;
    let rows = matrix.items()?;
    let Some(first) = rows.first() else {
        return Err(matrix.error("at least one row of weights, one per postsynaptic neuron"));
    };
    let (columns, of_what) = match before {
        Some(width) => (width, "weights, one per neuron of the layer before"),
        None => (first.items()?.len(), "weights, as many as in the first row"),
    };
    if columns == 0 {
        return Err(first.error("at least one weight, one per presynaptic neuron"));
    }
    let weights =
        rows.iter().map(|row| row.numbers(columns, of_what)).collect::<Result<Vec<_>, _>>()?;
    let biases = place
        .field("biases")
        .map(|biases| biases.numbers(weights.len(), "biases, one per row of weights"))
        .transpose()?;
    let function = activation(&place.required("activation")?)?;
    let balance = place.field("balance").map(|balance| activation(&balance)).transpose()?;
    let kink = kink::of_layer(place, &function, balance.as_ref())?;
    Ok(Layer { biases, activation: function, kink, balance, weights })
}

/// An activation as a text: its name, or a JSON object with its name and its parameters.
///
/// # Errors
/// [`Error::Input`] if there is none of that name.
///
/// ```
/// use creditcheck::{spec::{Activation, Limits}, wire::case::activation_of};
/// assert_eq!(activation_of("relu", &Limits::default()), Ok(Activation::Relu));
/// assert!(activation_of(r#"{"name": "leaky_relu", "slope": "1/8"}"#, &Limits::default()).is_ok());
/// ```
pub fn activation_of(text: &str, limits: &Limits) -> Result<Activation, Error> {
    let json = match text.trim_start().starts_with('{') {
        true => Json::read(text.as_bytes(), limits)?,
        false => Json::text(text),
    };
    activation(&Cursor::root(&json, limits))
}

/// An activation: its name, or an object with its name and its parameters.
pub(super) fn activation(place: &Cursor<'_>) -> Result<Activation, Error> {
    let (name, fields): (Cursor<'_>, &[&str]) = match place.value() {
        Json::Object(_) => {
            let name = place.required("name")?;
            let fields: &[&str] = match name.text()? {
                "leaky_relu" => &["name", "slope"],
                "hard_tanh" => &["name", "min", "max"],
                _ => &["name"],
            };
            (name, fields)
        }
        Json::String(_) => (place.clone(), &[]),
        _ => return Err(place.error("the name of an activation, or an object with its name")),
    };
    let known = match name.text()? {
        "identity" => Activation::Identity,
        "relu" => Activation::Relu,
        "leaky_relu" => {
            let Some(slope) = place.field("slope") else {
                return Err(place.error_with(
                    "leaky_relu with its slope",
                    "write {\"name\": \"leaky_relu\", \"slope\": \"1/8\"}",
                ));
            };
            Activation::LeakyRelu { slope: slope.number()? }
        }
        "hard_tanh" => hard_tanh(place)?,
        "square" => Activation::Square,
        "quadratic" => Activation::Quadratic,
        "cubic" => Activation::Cubic,
        "softsign" => Activation::Softsign,
        "elu_rational" => Activation::EluRational,
        "tanh" => Activation::Tanh,
        "logistic" => Activation::Logistic,
        "softplus" => Activation::Softplus,
        _ => {
            return Err(
                name.error(format!("an activation: one of {}", ACTIVATION_NAMES.join(", ")))
            );
        }
    };
    if !fields.is_empty() {
        place.object(fields)?;
    }
    Ok(known)
}

fn hard_tanh(place: &Cursor<'_>) -> Result<Activation, Error> {
    let bound = |name, default: BigRational| match place.field(name) {
        None => Ok(default),
        Some(value) => value.number(),
    };
    let min = bound("min", -BigRational::one())?;
    let max = bound("max", BigRational::one())?;
    if min >= max {
        return Err(place.error("hard_tanh with min less than max"));
    }
    Ok(Activation::HardTanh { min, max })
}

fn graph(place: &Cursor<'_>) -> Result<Graph, Error> {
    place.object(&[
        "kind",
        "neurons",
        "inputs",
        "outputs",
        "activation",
        "synapses",
        "biases",
        "balance",
        "kink",
    ])?;
    if let Some(kink) = place.field("kink") {
        return Err(
            kink.error("no such field here: \"kink\" stands at the top level or on a layer")
        );
    }
    let count = place.required("neurons")?;
    // A list per neuron is allocated only if the file holds it; one name for all needs a bound of its own.
    const MOST_NEURONS: usize = 1 << 18;
    if let Json::Integer(given) = count.value()
        && let Some(given) = u64::try_from(*given).ok().filter(|n| *n > MOST_NEURONS as u64)
    {
        let what = format!("{}: neurons", count.path());
        return Err(Error::Limit { what, given, limit: MOST_NEURONS as u64 });
    }
    let neurons = count.index(MOST_NEURONS + 1, "a number of neurons")?;
    let members = |name: &str| -> Result<Vec<Neuron>, Error> {
        let list = place.required(name)?;
        let mut seen = HashSet::new();
        let members = list
            .items()?
            .iter()
            .map(|item| {
                let neuron = Neuron(item.index(neurons, "a neuron")?);
                if seen.insert(neuron) {
                    Ok(neuron)
                } else {
                    Err(item.error("each neuron at most once"))
                }
            })
            .collect::<Result<Vec<_>, _>>()?;
        if members.is_empty() { Err(list.error("at least one neuron")) } else { Ok(members) }
    };
    let inputs = members("inputs")?;
    let outputs = members("outputs")?;
    let is_input: HashSet<Neuron> = inputs.iter().copied().collect();
    if let Some(both) = outputs.iter().position(|neuron| is_input.contains(neuron)) {
        let item = &place.required("outputs")?.items()?[both];
        return Err(item.error("a neuron that is not also an input"));
    }
    let activations = per_neuron(&place.required("activation")?, neurons, activation)?;
    let balances = match place.field("balance") {
        None => PerNeuron::filled(neurons, None),
        Some(balance) => per_neuron(&balance, neurons, |item| match item.value() {
            Json::Null => Ok(None),
            _ => activation(item).map(Some),
        })?,
    };
    let mut seen = HashSet::new();
    let mut synapses = Vec::new();
    let mut weights = Vec::new();
    for item in place.required("synapses")?.items()? {
        let parts = item.exactly(3, "parts: [post, pre, weight]")?;
        let post = Neuron(parts[0].index(neurons, "a postsynaptic neuron")?);
        let pre = Neuron(parts[1].index(neurons, "a presynaptic neuron")?);
        if is_input.contains(&post) {
            return Err(
                parts[0].error("a postsynaptic neuron that is not an input: inputs are clamped")
            );
        }
        if !seen.insert((post, pre)) {
            return Err(Error::input(
                item.path(),
                format!("a second synapse from {} to {}", pre.0, post.0),
                "each pair of neurons at most once",
            ));
        }
        synapses.push(Ends { post, pre });
        weights.push(parts[2].number()?);
    }
    let biases = match place.field("biases") {
        None => None,
        Some(list) => {
            let values = list.numbers(neurons, "biases, one per neuron")?;
            if let Some(clamped) = inputs.iter().find(|neuron| !values[neuron.0].is_zero()) {
                return Err(list.items()?[clamped.0].error("0: an input neuron has no bias"));
            }
            Some(PerNeuron::new(values))
        }
    };
    Ok(Graph {
        neurons,
        inputs,
        outputs,
        activations,
        balances,
        synapses: PerSynapse::new(synapses),
        weights: PerSynapse::new(weights),
        biases,
    })
}

/// One value for all neurons, or a list with one per neuron.
fn per_neuron<T: Clone>(
    place: &Cursor<'_>,
    neurons: usize,
    read: impl Fn(&Cursor<'_>) -> Result<T, Error>,
) -> Result<PerNeuron<T>, Error> {
    match place.value() {
        Json::Array(_) => {
            let items = place.exactly(neurons, "entries, one per neuron")?;
            Ok(PerNeuron::new(items.iter().map(read).collect::<Result<_, _>>()?))
        }
        _ => Ok(PerNeuron::filled(neurons, read(place)?)),
    }
}

/// Whether a document says that its network runs in time.
#[must_use]
pub fn is_temporal(json: &Json, limits: &Limits) -> bool {
    let network = Cursor::root(json, limits).field("network");
    let kind = network.and_then(|network| network.field("kind"));
    kind.is_some_and(|kind| kind.text().is_ok_and(|word| word == "temporal"))
}
