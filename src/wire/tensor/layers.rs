//! Layers in a safetensors file: pairs of `X.weight` and `X.bias`, in the order of their names.

use std::collections::HashSet;

use super::{TensorFile, listed, place};
use crate::error::Error;
use crate::spec::{Limits, Tensor};

/// What the parameters of a layer are called in their file; none where they have no name there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LayerNames {
    /// Such as `fc1.weight`.
    pub weights: Option<String>,
    /// Such as `fc1.bias`; none if the layer has no biases either.
    pub biases: Option<String>,
}

/// The layers that a file has by the names of its tensors, numbers within names in the order of numbers.
///
/// # Errors
/// [`Error::Input`] if there is no `X.weight` at all, or a tensor that is neither `X.weight` nor its `X.bias`.
pub fn layer_names(file: &TensorFile) -> Result<Vec<LayerNames>, Error> {
    let names = file.names();
    let all: HashSet<&str> = names.iter().map(String::as_str).collect();
    let mut layers = Vec::new();
    for name in &names {
        let Some(stem) = name.strip_suffix(".weight") else { continue };
        let bias = format!("{stem}.bias");
        layers.push(LayerNames {
            weights: Some(name.clone()),
            biases: all.contains(bias.as_str()).then_some(bias),
        });
    }
    if layers.is_empty() {
        return Err(Error::input(
            "the tensors",
            listed(&names),
            "pairs X.weight and X.bias, one per layer",
        )
        .in_file(file.name()));
    }
    only(file, &layers)?;
    Ok(layers)
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

/// The weights, each as wide as the layer before, and the biases of these layers.
///
/// # Errors
/// As [`TensorFile::tensor`].
pub fn layers(
    file: &mut TensorFile,
    names: &[LayerNames],
    shapes: Option<&[(usize, usize)]>,
    limits: &Limits,
) -> Result<Vec<(Tensor, Option<Tensor>)>, Error> {
    let mut left = limits.clone();
    let mut read = |tensor: Option<&str>, shape: &[Option<usize>]| -> Result<Tensor, Error> {
        let tensor = file.tensor(tensor, shape, &left)?;
        left.tensor_values = left.tensor_values.saturating_sub(tensor.values.len() as u64);
        Ok(tensor)
    };
    let mut found: Vec<(Tensor, Option<Tensor>)> = Vec::new();
    for (l, layer) in names.iter().enumerate() {
        let shape = match shapes.and_then(|shapes| shapes.get(l)) {
            Some((posts, pres)) => [Some(*posts), Some(*pres)],
            None => [None, found.last().map(|(weights, _)| weights.rows)],
        };
        let weights = read(layer.weights.as_deref(), &shape)?;
        let biases = match &layer.biases {
            Some(name) => Some(read(Some(name), &[Some(weights.rows)])?),
            None => None,
        };
        found.push((weights, biases));
    }
    Ok(found)
}
