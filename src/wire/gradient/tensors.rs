//! A gradient in a file of tensors: of a layered network, floats of one format.

use super::{Form, Gradient, Quantity, Subject};
use crate::error::Error;
use crate::number::exact_f64;
use crate::spec::{Block, Dtype, Limits, Number, Part, Shape, Tensor};
use crate::wire::tensor::{
    Asked, Axes, LayerNames, TensorFile, layers, named_as, named_layers, only,
};

/// Reads a gradient that belongs to a case whose own tensors have these names, if they have any; and what is to be said of how it was read.
///
/// Exactness: nothing is rounded; the number is the format of the tensors.
///
/// # Errors
/// [`Error::Unsupported`] for a case that is no layered network, [`Error::Input`] for other shapes and names, and for several formats.
pub fn read(
    file: &mut TensorFile,
    subject: &Subject,
    names: &[LayerNames],
    asked: &Asked<'_>,
    limits: &Limits,
) -> Result<(Gradient, Vec<String>), Error> {
    let Form::Layers { .. } = subject.form else {
        return Err(Error::unsupported(
            "the gradient of a network that is not layered as tensors; write it as JSON",
        ));
    };
    let blocks = &subject.layout.blocks;
    let (tensors, notes) = match file.is_one_array() {
        true => (vec![alone(file, blocks, asked, limits)?], Vec::new()),
        false => of_layers(file, blocks, names, asked, limits)?,
    };
    let number = Number::Float(format(&tensors, file.name())?);
    let mut entries = Vec::new();
    for value in tensors.into_iter().flat_map(|tensor| tensor.values) {
        // Readers let no other value through.
        let not_finite = || Error::NotFinite { what: "an entry of the gradient".into() };
        entries.push(exact_f64(value).ok_or_else(not_finite)?);
    }
    let entries = subject.layout.hold(entries);
    let (options, quantity) = (Vec::new(), Quantity::Gradient);
    let gradient = Gradient {
        case: None,
        rule: None,
        options,
        number,
        quantity,
        loss: None,
        entries,
        inputs: None,
        solver: Default::default(),
    };
    Ok((gradient, notes))
}

/// The one format that all of them have.
fn format(tensors: &[Tensor], file: &str) -> Result<Dtype, Error> {
    let first = tensors.first().map_or(Dtype::F64, |tensor| tensor.dtype);
    match tensors.iter().find(|tensor| tensor.dtype != first) {
        None => Ok(first),
        Some(other) => {
            let found = format!("values of {} and of {}", first.name(), other.dtype.name());
            let expected = "one format; `creditcheck audit` takes several";
            Err(Error::input("the tensors", found, expected).in_file(file))
        }
    }
}

/// The array of an npy file, where the case has one block of parameters.
fn alone(
    file: &mut TensorFile,
    blocks: &[Block<()>],
    asked: &Asked<'_>,
    limits: &Limits,
) -> Result<Tensor, Error> {
    let [Block { shape: Shape::Matrix { rows, columns }, .. }] = blocks else {
        let what = "an npy file, which has one array, for a case with several blocks; use npz or safetensors";
        return Err(Error::unsupported(what).in_file(file.name()));
    };
    if !asked.order.is_empty() {
        return Err(Error::unsupported("--layers with one array without a name"));
    }
    match asked.axes.unwrap_or(Axes::OutputsByInputs) {
        Axes::OutputsByInputs => file.tensor(None, &[Some(*rows), Some(*columns)], limits),
        Axes::InputsByOutputs => {
            file.tensor(None, &[Some(*columns), Some(*rows)], limits).map(|t| t.transposed())
        }
    }
}

/// Pairs of weights and biases, layer by layer.
fn of_layers(
    file: &mut TensorFile,
    blocks: &[Block<()>],
    names: &[LayerNames],
    asked: &Asked<'_>,
    limits: &Limits,
) -> Result<(Vec<Tensor>, Vec<String>), Error> {
    let by_layer: Vec<&[Block<()>]> = blocks.chunk_by(|a, b| a.part == b.part).collect();
    let has_biases = |layer: &&[Block<()>]| layer.iter().any(|block| block.shape.is_of_biases());
    let own: Vec<LayerNames> = by_layer
        .iter()
        .filter_map(|layer| match layer[0].part {
            Part::Layer(l) => names.get(l).cloned(),
            Part::Graph | Part::Field(_) | Part::Stacked(..) => None,
        })
        .filter(|names| names.weights.is_some())
        .collect();
    let is_named = own.len() == by_layer.len()
        && own.iter().zip(&by_layer).all(|(own, l)| own.biases.is_some() == has_biases(l));
    let named = match is_named {
        true if !asked.order.is_empty() => {
            return Err(Error::unsupported("--layers with a case that names its own tensors"));
        }
        true => named_as(file, &own, asked)?,
        false => named_layers(file, asked)?,
    };
    let found = named.layers.iter().map(|layer| layer.biases.is_some());
    if !found.eq(by_layer.iter().map(has_biases)) {
        let found = format!("{} layers by their names", named.layers.len());
        let expected = format!("{} layers, with biases where the case has them", by_layer.len());
        return Err(Error::input("the tensors", found, expected).in_file(file.name()));
    }
    only(file, &named.layers)?;
    let shapes: Vec<(usize, usize)> = by_layer
        .iter()
        .filter_map(|layer| match layer[0].shape {
            Shape::Matrix { rows, columns } => Some((rows, columns)),
            Shape::Vector(_) | Shape::Number | Shape::Synapses(_) | Shape::Biases { .. } => None,
        })
        .collect();
    let found = layers(file, &named, Some(&shapes), asked, limits)?;
    let tensors =
        found.into_iter().flat_map(|(weights, biases)| std::iter::once(weights).chain(biases));
    Ok((tensors.collect(), named.notes))
}
