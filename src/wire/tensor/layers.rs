//! Layers in a file of tensors: pairs of weights and biases by their names, their order and their layout.

use std::collections::{HashMap, HashSet};

use super::names::{Axes, LayerNames};
use super::order::{only_order, shapes_follow};
use super::{TensorFile, listed, place};
use crate::error::Error;
use crate::spec::{Limits, Tensor};

/// What somebody says of the tensors of a file; nothing of all for what their names say.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// The layers in their order, such as `fc1`.
    pub order: &'a [String],
    /// The layout of weights.
    pub axes: Option<Axes>,
    /// The option that gives the layout, for those who have to be told of it.
    pub option: &'static str,
    /// The option that gave it.
    pub given_by: &'static str,
}

/// The layers of a file as they are to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Their names, in the order of the network.
    pub layers: Vec<LayerNames>,
    /// The layout of their weights.
    pub axes: Axes,
    /// What the names alone do not decide, each a sentence.
    pub notes: Vec<String>,
}

/// The layers that a file has by the names of its tensors, numbers within names in the order of numbers.
///
/// # Errors
/// [`Error::Input`] if there is no `X.weight` or `X.kernel` at all, or a tensor that is neither one of these nor its bias.
pub fn layer_names(file: &TensorFile) -> Result<Vec<LayerNames>, Error> {
    let names = file.names();
    let all: HashSet<&str> = names.iter().map(String::as_str).collect();
    let mut layers = Vec::new();
    for name in &names {
        let weights = LayerNames { weights: Some(name.clone()), biases: None };
        let Some((stem, bias, _)) = weights.parts() else { continue };
        let bias = format!("{stem}{bias}");
        let biases = all.contains(bias.as_str()).then_some(bias);
        layers.push(LayerNames { biases, ..weights });
    }
    if layers.is_empty() {
        return Err(Error::input(
            "the tensors",
            listed(&names),
            "pairs X.weight and X.bias, one per layer, or X.kernel and X.bias",
        )
        .in_file(file.name()));
    }
    only(file, &layers)?;
    Ok(layers)
}

/// The layers of a file in their order, and their layout: what somebody says of them, else what their names say.
///
/// # Errors
/// As [`layer_names`]; [`Error::Input`] for an order that is not one of all layers, and for names of two layouts.
pub fn named_layers(file: &TensorFile, asked: &Asked<'_>) -> Result<Named, Error> {
    let layers = layer_names(file)?;
    let layers = if asked.order.is_empty() { layers } else { in_order(layers, asked.order)? };
    let mut notes = Vec::new();
    let axes = axes_of(file, &layers, asked, &mut notes)?;
    if asked.order.is_empty() && !names_decide(&layers) {
        let stems = stems(&layers).join(", ");
        notes.push(format!(
            "the layers are taken in the order of their names, {stems}; --layers gives another"
        ));
    }
    Ok(Named { layers, axes, notes })
}

/// The tensors of a file that has those of a network of these names: under the same, or under others of the same layers.
///
/// # Errors
/// As [`named_layers`].
pub fn named_as(
    file: &TensorFile,
    network: &[LayerNames],
    asked: &Asked<'_>,
) -> Result<Named, Error> {
    let names: HashSet<String> = file.names().into_iter().collect();
    let has_one =
        network.iter().any(|l| l.weights.as_ref().is_some_and(|name| names.contains(name)));
    let stems: Option<Vec<String>> =
        network.iter().map(|layer| layer.stem().map(str::to_owned)).collect();
    if let (false, Some(order)) = (has_one, stems) {
        let own = layer_names(file).unwrap_or_default();
        let own: HashSet<&str> = own.iter().filter_map(LayerNames::stem).collect();
        if order.iter().all(|stem| own.contains(stem.as_str())) {
            return named_layers(file, &Asked { order: &order, ..*asked });
        }
    }
    // What is missing is named where it is read.
    let mut notes = Vec::new();
    let axes = axes_of(file, network, asked, &mut notes)?;
    Ok(Named { layers: network.to_vec(), axes, notes })
}

/// The layout that somebody gives, else that of the names.
fn axes_of(
    file: &TensorFile,
    layers: &[LayerNames],
    asked: &Asked<'_>,
    notes: &mut Vec<String>,
) -> Result<Axes, Error> {
    let (name, option) = (file.name(), asked.option);
    if let Some(axes) = asked.axes {
        let words = axes.words();
        notes
            .push(format!("the weights in {name} are read as {words}, as {} says", asked.given_by));
        return Ok(axes);
    }
    let all = || layers.iter().map(|layer| layer.parts().map_or(Axes::OutputsByInputs, |p| p.2));
    let axes = all().next().unwrap_or(Axes::OutputsByInputs);
    if all().any(|other| other != axes) {
        let found = "both X.weight and X.kernel, which frameworks lay out differently";
        let expected = format!("one of them, or {option}");
        return Err(Error::input("the tensors", found, expected).in_file(name));
    }
    if axes == Axes::InputsByOutputs {
        notes.push(format!(
            "the weights in {name} are called kernels and read as inputs × outputs, as Keras and Flax keep them; {option} \
             outputs-by-inputs reads them the other way"
        ));
    }
    Ok(axes)
}

fn stems(layers: &[LayerNames]) -> Vec<&str> {
    layers.iter().filter_map(LayerNames::stem).collect()
}

/// The layers in the order that somebody gives: all of them, each once.
fn in_order(layers: Vec<LayerNames>, order: &[String]) -> Result<Vec<LayerNames>, Error> {
    let all: Vec<String> = stems(&layers).into_iter().map(str::to_owned).collect();
    let refuse = |found: String| {
        let expected = format!("every layer once: {}", listed(&all));
        Err(Error::input("--layers", found, expected))
    };
    let mut left: HashMap<String, LayerNames> = all.iter().cloned().zip(layers).collect();
    let mut found = Vec::new();
    for stem in order {
        match left.remove(stem) {
            Some(layer) => found.push(layer),
            None if all.contains(stem) => return refuse(format!("\"{stem}\" twice")),
            None => return refuse(format!("\"{stem}\", which is no layer of the file")),
        }
    }
    match all.iter().find(|stem| left.contains_key(*stem)) {
        Some(missing) => refuse(format!("an order without \"{missing}\"")),
        None => Ok(found),
    }
}

/// Whether the names leave one order: they differ by a number alone, as `fc1` and `fc2`, `dense` and `dense_1`.
fn names_decide(layers: &[LayerNames]) -> bool {
    let bare = |layer: &LayerNames| {
        let words = layer.stem().unwrap_or_default().replace(|c: char| c.is_ascii_digit(), "");
        words.trim_end_matches('_').to_owned()
    };
    let mut all = layers.iter().map(bare);
    let first = all.next();
    all.all(|name| Some(name) == first)
}

/// Refuses a file that has tensors beside these.
///
/// # Errors
/// [`Error::Input`] with the first of them.
pub fn only(file: &TensorFile, layers: &[LayerNames]) -> Result<(), Error> {
    let known = layers.iter().flat_map(|layer| [&layer.weights, &layer.biases]).flatten();
    let known: HashSet<&String> = known.collect();
    match file.names().into_iter().find(|name| !known.contains(name)) {
        None => Ok(()),
        Some(other) => {
            let all = layers.iter().flat_map(|layer| [&layer.weights, &layer.biases]);
            let all: Vec<_> = all.flatten().cloned().collect();
            Err(Error::input(
                place(Some(&other)),
                "a tensor that belongs to no layer",
                format!("only {}", listed(&all)),
            )
            .in_file(file.name()))
        }
    }
}

/// The weights, each as wide as the layer before, and the biases of these layers; a row is a postsynaptic neuron in the result, whatever
/// it is in the file.
///
/// # Errors
/// As [`TensorFile::tensor`]; [`Error::Input`] with the remedy where the shapes fit in the other layout, or in another order.
pub fn layers(
    file: &mut TensorFile,
    named: &Named,
    shapes: Option<&[(usize, usize)]>,
    asked: &Asked<'_>,
    limits: &Limits,
) -> Result<Vec<(Tensor, Option<Tensor>)>, Error> {
    expect_shapes(file, named, shapes, asked)?;
    let mut left = limits.clone();
    let mut read = |tensor: Option<&str>, shape: &[Option<usize>]| -> Result<Tensor, Error> {
        let tensor = file.tensor(tensor, shape, &left)?;
        left.tensor_values = left.tensor_values.saturating_sub(tensor.values.len() as u64);
        Ok(tensor)
    };
    let mut found: Vec<(Tensor, Option<Tensor>)> = Vec::new();
    for (l, layer) in named.layers.iter().enumerate() {
        let shape = match shapes.and_then(|shapes| shapes.get(l)) {
            Some((posts, pres)) => [Some(*posts), Some(*pres)],
            None => [None, found.last().map(|(weights, _)| weights.rows)],
        };
        let weights = read(layer.weights.as_deref(), &named.axes.in_file(shape))?;
        let weights = match named.axes {
            Axes::OutputsByInputs => weights,
            Axes::InputsByOutputs => weights.transposed(),
        };
        let biases = match &layer.biases {
            Some(name) => Some(read(Some(name), &[Some(weights.rows)])?),
            None => None,
        };
        found.push((weights, biases));
    }
    Ok(found)
}

/// Refuses shapes that fit otherwise, with the remedy; those that fit in no way are refused where they are read.
fn expect_shapes(
    file: &TensorFile,
    named: &Named,
    shapes: Option<&[(usize, usize)]>,
    asked: &Asked<'_>,
) -> Result<(), Error> {
    let fits = |axes| shapes_follow(file, &named.layers, axes, shapes);
    if fits(named.axes) {
        return Ok(());
    }
    let refuse = |found: String, advice: String| {
        let (place, expected) =
            ("the tensors".to_owned(), format!("weights as {}", named.axes.words()));
        let advice = Some(advice);
        Err(Error::Input { place, found, expected, advice }.in_file(file.name()))
    };
    let other = named.axes.other();
    if fits(other) {
        let found = format!("shapes that fit as {} alone", other.words());
        return refuse(
            found,
            format!("if that is how they are kept, say {} {}", asked.option, other.name()),
        );
    }
    match only_order(file, &named.layers, named.axes).filter(|_| shapes.is_none()) {
        Some(order) => {
            let stems = stems(&named.layers).join(", ");
            refuse(
                format!("layers in the order {stems}, whose shapes do not follow one another"),
                format!("they do in one order alone: --layers {}", order.join(",")),
            )
        }
        None => Ok(()),
    }
}
