//! `creditcheck/gradient/1`: a gradient or an update, ours or somebody else's.

pub mod feedback;
mod held;
pub mod options;
mod over_time;
pub mod solver;
#[cfg(feature = "cli")]
pub mod tensors;

use num_rational::BigRational;
use num_traits::Zero;

use super::case::number_json;
use super::cursor::Cursor;
use super::format::expect_format;
use super::json::Json;
use crate::error::Error;
use crate::number;
use crate::spec::{
    Block, Case, Layout, Limits, Network, Number, Part, PerBlock, Place, Shape, Solver, Wiring,
};

pub use over_time::Fields;

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

/// A gradient or an update, on the parameters of a case.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradient {
    /// The digest of the case it belongs to.
    pub case: Option<String>,
    /// Which rule made it.
    pub rule: Option<String>,
    /// What the name of the rule leaves open.
    pub options: Vec<(&'static str, Json)>,
    /// How its entries are held.
    pub number: Number,
    /// What its entries are.
    pub quantity: Quantity,
    /// L, if given.
    pub loss: Option<BigRational>,
    /// One entry per parameter.
    pub entries: PerBlock<BigRational>,
    /// ∂L_b/∂x_input per example, if given.
    pub inputs: Option<Vec<Vec<BigRational>>>,
    /// What is said of the solver of its equilibria.
    pub solver: Solver,
}

/// What the gradient of a case has to fit.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The parameters of the case.
    pub layout: Layout,
    form: Form,
    /// Whose equilibria somebody has to have solved for; none without a cycle.
    solved: Option<solver::Solved>,
}

/// How the document is divided.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// Into layers; there may be derivatives at the inputs of so many examples, so many in each.
    Layers { inputs: [usize; 2] },
    /// Into synapses and biases; the same.
    Graph { inputs: [usize; 2] },
    /// Into a field for each block.
    Fields(Fields),
    /// Into so many layers in time, each with a field for each block, and the fields of the whole.
    Stack { layers: usize, whole: Fields },
}

impl Subject {
    /// A layered network, or a graph.
    #[must_use]
    pub fn of(case: &Case) -> Self {
        let inputs = |count: usize| [case.examples.len(), count];
        let form = match &case.network {
            Network::Layered(net) => Form::Layers { inputs: inputs(net.widths()[0]) },
            Network::Graph(net) => Form::Graph { inputs: inputs(net.inputs.len()) },
        };
        let wiring = Wiring::of(case);
        let solved = wiring
            .is_recurrent()
            .then(|| solver::Solved { examples: case.examples.len(), neurons: wiring.neurons() });
        Self { layout: Layout::of(case), form, solved }
    }
}

/// Reads a gradient that belongs to a case.
///
/// # Errors
/// [`Error::Input`] where the shape is not that of the case, a field is unknown, or an entry
/// is no value of the float format that the file names.
pub fn read(bytes: &[u8], subject: &Subject, limits: &Limits) -> Result<Gradient, Error> {
    let json = Json::read(bytes, limits)?;
    let root = Cursor::root(&json, limits);
    let own: Vec<&str> = match subject.form {
        Form::Layers { .. } | Form::Graph { .. } => {
            vec!["layers", "synapses", "biases", "inputs", "options", solver::FIELD]
        }
        Form::Fields(fields) => {
            fields.refuse_others(&root)?;
            fields.all.iter().map(|field| field.name).chain(["options"]).collect()
        }
        Form::Stack { whole, .. } => {
            over_time::refuse_fields_of_one(&root)?;
            let own = whole.all.iter().map(|field| field.name);
            own.chain(["stack", "options"]).collect()
        }
    };
    let header = header(&root, &own)?;
    let solver = solver::read(&root, subject.solved, header.number)?;
    let reader = Reader { number: header.number };
    let (entries, inputs) = match subject.form {
        Form::Layers { inputs } => (reader.layers(&root, &subject.layout)?, Some(inputs)),
        Form::Graph { inputs } => (reader.graph(&root, &subject.layout)?, Some(inputs)),
        Form::Fields(fields) => (reader.fields(&root, &subject.layout, fields.all)?, None),
        Form::Stack { layers, whole } => {
            (reader.stack(&root, &subject.layout, layers, whole.all)?, None)
        }
    };
    let options = match subject.form {
        Form::Layers { .. } => feedback::of_layers(&root, &subject.layout)?,
        Form::Graph { .. } => {
            feedback::of_graph(&root)?;
            Vec::new()
        }
        Form::Fields(fields) | Form::Stack { whole: fields, .. } => {
            let options = match root.field("options") {
                Some(place) => options::read(&place, fields.neurons)?,
                None => Vec::new(),
            };
            options::declared(header.rule.as_deref(), &options, limits)?;
            options
        }
    };
    let inputs = inputs.and_then(|shape| root.field("inputs").map(|list| (shape, list)));
    let inputs = inputs.map(|([examples, inputs], list)| {
        let rows = list.exactly(examples, "rows, one per example")?;
        let row = |row| reader.numbers(row, inputs, "numbers, one per input neuron");
        rows.iter().map(row).collect::<Result<_, _>>()
    });
    Ok(Gradient {
        case: header.case,
        rule: header.rule,
        options,
        number: header.number,
        quantity: header.quantity,
        loss: header.loss,
        entries: subject.layout.hold(entries),
        inputs: inputs.transpose()?,
        solver,
    })
}

/// What a gradient of any network says of itself.
struct Header {
    case: Option<String>,
    rule: Option<String>,
    number: Number,
    quantity: Quantity,
    loss: Option<BigRational>,
}

/// Reads it; `own` are the other fields that there may be.
///
/// # Errors
/// [`Error::Input`] for a file of another kind, and for an unknown field.
fn header(root: &Cursor<'_>, own: &[&str]) -> Result<Header, Error> {
    // A file of another kind is told so, not that its fields are unknown.
    expect_format(root, &[FORMAT])?;
    let mut known = vec!["format", "case", "rule", "number", "quantity", "loss"];
    known.extend(own);
    root.object(&known)?;
    root.required("format")?;
    let text = |name| root.field(name).map(|field| field.text().map(str::to_owned)).transpose();
    let quantities = [Quantity::Gradient, Quantity::Update].map(|q| (q.name(), q));
    Ok(Header {
        case: text("case")?,
        rule: text("rule")?,
        number: root.field("number").map_or(Ok(Number::default()), |place| held::read(&place))?,
        quantity: root
            .field("quantity")
            .map_or(Ok(Quantity::default()), |word| word.choice(&quantities))?,
        loss: root.field("loss").map(|loss| loss.number()).transpose()?,
    })
}

/// Reads entries, holding each to the float format that the file names.
struct Reader {
    number: Number,
}

impl Reader {
    fn number(&self, place: &Cursor<'_>) -> Result<BigRational, Error> {
        let value = place.number()?;
        if number::held(&value, self.number).as_ref() == Some(&value) {
            return Ok(value);
        }
        let expected = format!("a value of {}", self.number.in_words());
        Err(place.error_with(expected, match self.number {
            Number::Exact | Number::Float(_) => {
                "the file says how its values are held: write each float exactly, as hex (\"0x1.8p-3\") or as p/q"
            }
            Number::Grid(_) => "the file says that every entry is a multiple of its grid",
        }))
    }

    fn numbers(
        &self,
        place: &Cursor<'_>,
        len: usize,
        what: &str,
    ) -> Result<Vec<BigRational>, Error> {
        place.exactly(len, what)?.iter().map(|item| self.number(item)).collect()
    }

    fn layers(&self, root: &Cursor<'_>, layout: &Layout) -> Result<Vec<BigRational>, Error> {
        for name in ["synapses", "biases"] {
            if let Some(field) = root.field(name) {
                return Err(
                    field.error("no such field for a layered network: it stands in \"layers\"")
                );
            }
        }
        // The weights of a layer, and its biases if it has any.
        let layers: Vec<_> = layout.blocks.chunk_by(|a, b| a.part == b.part).collect();
        let list = root.required("layers")?.exactly(layers.len(), "layers, as in the case")?;
        let mut entries = Vec::new();
        for (blocks, place) in layers.iter().zip(&list) {
            place.object(&["weights", "biases"])?;
            let each = ["postsynaptic neuron", "presynaptic neuron"];
            entries.extend(self.block(&place.required("weights")?, &blocks[0].shape, each)?);
            match (blocks.get(1), place.field("biases")) {
                (Some(block), _) => {
                    let list = place.required("biases")?;
                    entries.extend(self.block(&list, &block.shape, ["neuron", ""])?);
                }
                (None, Some(list)) => {
                    return Err(list.error("no biases: this layer of the case has none"));
                }
                (None, None) => {}
            }
        }
        Ok(entries)
    }

    fn graph(&self, root: &Cursor<'_>, layout: &Layout) -> Result<Vec<BigRational>, Error> {
        if let Some(layers) = root.field("layers") {
            return Err(layers.error("no such field for a graph: it has \"synapses\""));
        }
        let (biases, weights): (Vec<_>, Vec<_>) =
            layout.blocks.iter().partition(|block| block.shape.is_of_biases());
        let none = Shape::Synapses(Vec::new());
        let synapses = weights.first().map_or(&none, |block| &block.shape);
        let mut entries = self.block(&root.required("synapses")?, synapses, ["", ""])?;
        match (biases.first(), root.field("biases")) {
            (None, None) => {}
            (None, Some(list)) => return Err(list.error("no biases: the case has none")),
            (Some(block), _) => {
                let list = root.required("biases")?;
                entries.extend(self.block(&list, &block.shape, ["neuron", ""])?);
            }
        }
        Ok(entries)
    }

    /// The entries of one block.
    fn block(
        &self,
        place: &Cursor<'_>,
        shape: &Shape,
        [row, column]: [&str; 2],
    ) -> Result<Vec<BigRational>, Error> {
        match shape {
            Shape::Matrix { rows, columns } => {
                let list = place.exactly(*rows, &format!("rows, one per {row}"))?;
                let what = format!("entries, one per {column}");
                let list = list.iter().map(|row| self.numbers(row, *columns, &what));
                list.collect::<Result<Vec<_>, _>>().map(|rows| rows.concat())
            }
            Shape::Vector(count) => self.numbers(place, *count, &format!("entries, one per {row}")),
            Shape::Number => self.number(place).map(|value| vec![value]),
            Shape::Synapses(places) => {
                let items = place.exactly(places.len(), "synapses, as in the case")?;
                places.iter().zip(&items).map(|(place, item)| self.synapse(item, *place)).collect()
            }
            Shape::Biases { neurons, of } => {
                let what = format!("entries, one per {row}");
                let values = self.numbers(place, *neurons, &what)?;
                let is_stray = |(n, value): (usize, &BigRational)| {
                    !value.is_zero() && of.binary_search(&n).is_err()
                };
                if let Some(input) = values.iter().enumerate().position(is_stray) {
                    return Err(place.items()?[input].error("0: an input neuron has no bias"));
                }
                Ok(of.iter().map(|neuron| values[*neuron].clone()).collect())
            }
        }
    }

    fn synapse(&self, item: &Cursor<'_>, place: Place) -> Result<BigRational, Error> {
        let parts = item.exactly(3, "parts: [post, pre, value]")?;
        let pre = place.pre.unwrap_or_default();
        for (part, neuron, word) in [(&parts[0], place.post, "post"), (&parts[1], pre, "pre")] {
            if part.value() != &Json::count(neuron) {
                return Err(part.error(format!("{word} {neuron}, the order of the case")));
            }
        }
        self.number(&parts[2])
    }
}

/// An entry that is held in this way.
fn entry_json(value: &BigRational, number: Number) -> Json {
    match number {
        Number::Exact | Number::Grid(_) => number_json(value),
        // The entries are values of the format, so the nearest f64 is the value itself.
        Number::Float(_) => Json::String(number::hex(number::nearest_f64(value))),
    }
}

/// The gradient as a document.
///
/// Floats are written as exact hex literals, rationals as `"p/q"`.
#[must_use]
pub fn to_json(gradient: &Gradient) -> Json {
    let entry = |value: &BigRational| entry_json(value, gradient.number);
    let mut fields = vec![("format", Json::text(FORMAT))];
    if let Some(digest) = &gradient.case {
        fields.push(("case", Json::text(digest)));
    }
    if let Some(rule) = &gradient.rule {
        fields.push(("rule", Json::text(rule)));
    }
    if !gradient.options.is_empty() {
        fields.push(("options", Json::object(gradient.options.iter().cloned())));
    }
    if !gradient.solver.is_silent() {
        fields.push((solver::FIELD, solver::json(&gradient.solver)));
    }
    fields.push(("number", held::json(gradient.number)));
    fields.push(("quantity", Json::text(gradient.quantity.name())));
    if let Some(loss) = &gradient.loss {
        fields.push(("loss", entry(loss)));
    }
    fields.extend(entries_json(&gradient.entries, gradient.number));
    if let Some(inputs) = &gradient.inputs {
        fields.push(("inputs", Json::array(inputs, |row| Json::array(row, entry))));
    }
    Json::object(fields)
}

/// The fields that hold the entries.
#[must_use]
pub fn entries_json(entries: &PerBlock<BigRational>, number: Number) -> Vec<(&'static str, Json)> {
    let mut fields = Vec::new();
    let mut layers: Vec<Vec<(&str, Json)>> = Vec::new();
    let mut stack: Vec<Vec<(&str, Json)>> = Vec::new();
    let is_graph = entries.blocks.iter().all(|block| block.part == Part::Graph);
    if is_graph && entries.blocks.iter().all(|block| block.shape.is_of_biases()) {
        // Nobody is joined to anybody; the field has to be there.
        fields.push(("synapses", Json::Array(Vec::new())));
    }
    for block in &entries.blocks {
        let what = if block.shape.is_of_biases() { "biases" } else { "weights" };
        let json = block_json(block, number);
        match block.part {
            Part::Layer(layer) => {
                layers.resize(layer + 1, Vec::new());
                layers[layer].push((what, json));
            }
            Part::Graph if block.shape.is_of_biases() => fields.push(("biases", json)),
            Part::Graph => fields.push(("synapses", json)),
            Part::Field(field) => fields.push((field.name, json)),
            Part::Stacked(layer, field) => {
                stack.resize(stack.len().max(layer + 1), Vec::new());
                stack[layer].push((field.name, json));
            }
        }
    }
    if !stack.is_empty() {
        let stack = Json::Array(stack.into_iter().map(Json::object).collect());
        // As in the case, before the readout.
        fields.insert(0, ("stack", stack));
    }
    if !layers.is_empty() {
        fields.push(("layers", Json::Array(layers.into_iter().map(Json::object).collect())));
    }
    fields
}

fn block_json(block: &Block<BigRational>, number: Number) -> Json {
    let entry = |value: &BigRational| entry_json(value, number);
    match &block.shape {
        Shape::Matrix { columns, .. } => {
            Json::array(block.entries.chunks(*columns), |row| Json::array(row, entry))
        }
        Shape::Vector(_) => Json::array(&block.entries, entry),
        Shape::Number => block.entries.first().map_or(Json::Null, entry),
        Shape::Synapses(_) => {
            let synapse = |(Place { post, pre }, value): (Place, &BigRational)| {
                let pre = Json::count(pre.unwrap_or_default());
                Json::Array(vec![Json::count(post), pre, entry(value)])
            };
            Json::Array(block.places().map(synapse).collect())
        }
        Shape::Biases { neurons, of } => {
            let mut all = vec![BigRational::zero(); *neurons];
            of.iter().zip(&block.entries).for_each(|(neuron, value)| all[*neuron] = value.clone());
            Json::array(&all, entry)
        }
    }
}
