//! `creditcheck/gradient/1`: a gradient or an update, ours or somebody else's.

use num_rational::BigRational;

use super::case::number_json;
use super::cursor::Cursor;
use super::format::expect_format;
use super::json::Json;
use crate::error::Error;
use crate::number;
use crate::spec::outcome::Update;
use crate::spec::{Case, Dtype, Limits, Network, Neuron, Number, PerNeuron, PerSynapse, Wiring};

/// The name and version of the format.
pub const FORMAT: &str = "creditcheck/gradient/1";

/// What the entries are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quantity {
    /// ∂L/∂W of D7: what automatic differentiation gives.
    #[default]
    Gradient,
    /// ΔW of D4.
    Update,
}

impl Quantity {
    /// The word in the file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gradient => "gradient",
            Self::Update => "update",
        }
    }
}

/// A gradient or an update, on the synapses and biases of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gradient {
    /// The digest of the case it belongs to.
    pub case: Option<String>,
    /// Which rule made it.
    pub rule: Option<String>,
    /// How its entries are held.
    pub number: Number,
    /// What its entries are.
    pub quantity: Quantity,
    /// L, if given.
    pub loss: Option<BigRational>,
    /// One entry per synapse and per bias.
    pub entries: Update<BigRational>,
    /// ∂L_b/∂x_input per example, if given.
    pub inputs: Option<Vec<Vec<BigRational>>>,
}

/// Reads a gradient that belongs to `case`.
///
/// # Errors
/// [`Error::Input`] where the shape is not that of the case, a field is unknown, or an entry
/// is no value of the float format that the file names.
pub fn read(bytes: &[u8], case: &Case, limits: &Limits) -> Result<Gradient, Error> {
    let json = Json::read(bytes, limits)?;
    let root = Cursor::root(&json, limits);
    let header = header(&root, &["layers", "synapses", "biases", "inputs"])?;
    let wiring = Wiring::of(case);
    let reader = Reader { number: header.number };
    let entries = match &case.network {
        Network::Layered(_) => reader.layers(&root, case)?,
        Network::Graph(_) => reader.graph(&root, &wiring)?,
    };
    let inputs = root
        .field("inputs")
        .map(|list| {
            list.exactly(case.examples.len(), "rows, one per example")?
                .iter()
                .map(|row| {
                    reader.numbers(row, wiring.inputs.len(), "numbers, one per input neuron")
                })
                .collect()
        })
        .transpose()?;
    Ok(Gradient {
        case: header.case,
        rule: header.rule,
        number: header.number,
        quantity: header.quantity,
        loss: header.loss,
        entries,
        inputs,
    })
}

/// What a gradient of any network says of itself.
pub(super) struct Header {
    pub case: Option<String>,
    pub rule: Option<String>,
    pub number: Number,
    pub quantity: Quantity,
    pub loss: Option<BigRational>,
}

/// Reads it; `own` are the other fields that there may be.
///
/// # Errors
/// [`Error::Input`] for a file of another kind, and for an unknown field.
pub(super) fn header(root: &Cursor<'_>, own: &[&str]) -> Result<Header, Error> {
    // A file of another kind is told so, not that its fields are unknown.
    expect_format(root, &[FORMAT])?;
    let mut known = vec!["format", "case", "rule", "number", "quantity", "loss"];
    known.extend(own);
    root.object(&known)?;
    root.required("format")?;
    let text = |name| root.field(name).map(|field| field.text().map(str::to_owned)).transpose();
    let numbers = [Number::Exact, Number::Float(Dtype::F64), Number::Float(Dtype::F32)]
        .map(|n| (n.name(), n));
    let quantities = [Quantity::Gradient, Quantity::Update].map(|q| (q.name(), q));
    Ok(Header {
        case: text("case")?,
        rule: text("rule")?,
        number: root.field("number").map_or(Ok(Number::default()), |word| word.choice(&numbers))?,
        quantity: root
            .field("quantity")
            .map_or(Ok(Quantity::default()), |word| word.choice(&quantities))?,
        loss: root.field("loss").map(|loss| loss.number()).transpose()?,
    })
}

/// Reads entries, holding each to the float format that the file names.
pub(super) struct Reader {
    pub number: Number,
}

impl Reader {
    fn number(&self, place: &Cursor<'_>) -> Result<BigRational, Error> {
        let value = place.number()?;
        if number::held(&value, self.number).as_ref() == Some(&value) {
            return Ok(value);
        }
        Err(place.error_with(
            format!("a value of {}", self.number.name()),
            "the file says how its values are held: write each float exactly, as hex (\"0x1.8p-3\") or as p/q",
        ))
    }

    pub fn numbers(
        &self,
        place: &Cursor<'_>,
        len: usize,
        what: &str,
    ) -> Result<Vec<BigRational>, Error> {
        place.exactly(len, what)?.iter().map(|item| self.number(item)).collect()
    }

    fn layers(&self, root: &Cursor<'_>, case: &Case) -> Result<Update<BigRational>, Error> {
        for name in ["synapses", "biases"] {
            if let Some(field) = root.field(name) {
                return Err(
                    field.error("no such field for a layered network: it stands in \"layers\"")
                );
            }
        }
        let Network::Layered(net) = &case.network else {
            return Err(root.error("the gradient of a layered network"));
        };
        let mut weights = Vec::new();
        let mut biases = vec![number_zero(); net.widths()[0]];
        let list = root.required("layers")?.exactly(net.layers.len(), "layers, as in the case")?;
        for (layer, place) in net.layers.iter().zip(&list) {
            place.object(&["weights", "biases"])?;
            let rows = place.required("weights")?;
            for row in rows.exactly(layer.width(), "rows, one per postsynaptic neuron")? {
                weights.extend(self.numbers(
                    &row,
                    layer.inputs(),
                    "entries, one per presynaptic neuron",
                )?);
            }
            match (&layer.biases, place.field("biases")) {
                (Some(_), None) => {
                    return Err(place
                        .required("biases")
                        .err()
                        .unwrap_or_else(|| place.error("biases")));
                }
                (Some(_), Some(list)) => {
                    biases.extend(self.numbers(&list, layer.width(), "entries, one per neuron")?);
                }
                (None, Some(list)) => {
                    return Err(list.error("no biases: this layer of the case has none"));
                }
                (None, None) => biases.extend(vec![number_zero(); layer.width()]),
            }
        }
        Ok(Update { weights: PerSynapse::new(weights), biases: PerNeuron::new(biases) })
    }

    fn graph(&self, root: &Cursor<'_>, wiring: &Wiring) -> Result<Update<BigRational>, Error> {
        if let Some(layers) = root.field("layers") {
            return Err(layers.error("no such field for a graph: it has \"synapses\""));
        }
        let list = root.required("synapses")?;
        let items = list.exactly(wiring.synapses.len(), "synapses, as in the case")?;
        let mut weights = Vec::new();
        for (ends, item) in wiring.synapses.iter().zip(&items) {
            let parts = item.exactly(3, "parts: [post, pre, value]")?;
            for (part, neuron, word) in
                [(&parts[0], ends.post, "post"), (&parts[1], ends.pre, "pre")]
            {
                if part.value() != &Json::count(neuron.0) {
                    return Err(part.error(format!("{word} {}, the order of the case", neuron.0)));
                }
            }
            weights.push(self.number(&parts[2])?);
        }
        let has_biases = wiring.has_bias.iter().any(|has| *has);
        let biases = match root.field("biases") {
            None if has_biases => {
                return Err(root.required("biases").err().unwrap_or_else(|| root.error("biases")));
            }
            None => vec![number_zero(); wiring.neurons()],
            Some(list) if !has_biases => return Err(list.error("no biases: the case has none")),
            Some(list) => {
                let values = self.numbers(&list, wiring.neurons(), "entries, one per neuron")?;
                for &Neuron(input) in &wiring.inputs {
                    if values[input] != number_zero() {
                        return Err(list.items()?[input].error("0: an input neuron has no bias"));
                    }
                }
                values
            }
        };
        Ok(Update { weights: PerSynapse::new(weights), biases: PerNeuron::new(biases) })
    }
}

fn number_zero() -> BigRational {
    BigRational::from_integer(0.into())
}

/// An entry that is held in this way.
pub(super) fn entry_json(value: &BigRational, number: Number) -> Json {
    match number {
        Number::Exact => number_json(value),
        // The entries are values of the format, so the nearest f64 is the value itself.
        Number::Float(_) => Json::String(number::hex(number::nearest_f64(value))),
    }
}

/// The gradient as a document.
///
/// Floats are written as exact hex literals, rationals as `"p/q"`.
#[must_use]
pub fn to_json(gradient: &Gradient, case: &Case) -> Json {
    let entry = |value: &BigRational| entry_json(value, gradient.number);
    let mut fields = vec![("format", Json::text(FORMAT))];
    if let Some(digest) = &gradient.case {
        fields.push(("case", Json::text(digest)));
    }
    if let Some(rule) = &gradient.rule {
        fields.push(("rule", Json::text(rule)));
    }
    fields.push(("number", Json::text(gradient.number.name())));
    fields.push(("quantity", Json::text(gradient.quantity.name())));
    if let Some(loss) = &gradient.loss {
        fields.push(("loss", entry(loss)));
    }
    let Update { weights, biases } = &gradient.entries;
    match &case.network {
        Network::Layered(net) => {
            let mut weights = weights.iter();
            let offsets = net.offsets();
            let layers = net.layers.iter().enumerate().map(|(l, layer)| {
                let rows = (0..layer.width())
                    .map(|_| weights.by_ref().take(layer.inputs()).collect::<Vec<_>>());
                let mut fields =
                    vec![("weights", Json::array(rows, |row| Json::array(row, entry)))];
                if layer.biases.is_some() {
                    let first = offsets[l + 1];
                    let of_layer = &biases.as_slice()[first..first + layer.width()];
                    fields.push(("biases", Json::array(of_layer, entry)));
                }
                Json::object(fields)
            });
            fields.push(("layers", Json::Array(layers.collect())));
        }
        Network::Graph(net) => {
            let synapses = net.synapses.iter().zip(weights.iter()).map(|(ends, value)| {
                Json::Array(vec![Json::count(ends.post.0), Json::count(ends.pre.0), entry(value)])
            });
            fields.push(("synapses", Json::Array(synapses.collect())));
            if net.biases.is_some() {
                fields.push(("biases", Json::array(biases.iter(), entry)));
            }
        }
    }
    if let Some(inputs) = &gradient.inputs {
        fields.push(("inputs", Json::array(inputs, |row| Json::array(row, entry))));
    }
    Json::object(fields)
}
