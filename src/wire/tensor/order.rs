//! Which orders of layers their shapes allow.

use super::TensorFile;
use super::names::{Axes, LayerNames};

/// Up to so many layers all orders are tried.
const MOST: usize = 8;

/// Outputs and inputs of the weights of a layer; none where they have not two dimensions, or the biases are none for them.
fn shape(file: &TensorFile, layer: &LayerNames, axes: Axes) -> Option<[u64; 2]> {
    let dimensions = |name: &Option<String>| {
        name.as_deref().and_then(|name| file.layout(Some(name)).ok()).map(|layout| layout.shape)
    };
    let weights = dimensions(&layer.weights)?;
    let [first, second] = *weights.as_slice() else { return None };
    let [outputs, inputs] = axes.in_file([first, second]);
    let fits = layer.biases.is_none() || dimensions(&layer.biases)?.as_slice() == [outputs];
    fits.then_some([outputs, inputs])
}

/// Whether the shapes of layers are these, or, where none are given, whether each layer is as wide as the one before.
pub(super) fn shapes_follow(
    file: &TensorFile,
    layers: &[LayerNames],
    axes: Axes,
    expected: Option<&[(usize, usize)]>,
) -> bool {
    let mut before = None;
    layers.iter().enumerate().all(|(l, layer)| {
        let Some([outputs, inputs]) = shape(file, layer, axes) else { return false };
        match expected.and_then(|shapes| shapes.get(l)) {
            Some((posts, pres)) => (outputs, inputs) == (*posts as u64, *pres as u64),
            None => before.replace(outputs).is_none_or(|before| before == inputs),
        }
    })
}

/// The one order in which the shapes of layers follow one another; none if there are several, or too many layers to try.
pub(super) fn only_order(
    file: &TensorFile,
    layers: &[LayerNames],
    axes: Axes,
) -> Option<Vec<String>> {
    if layers.len() > MOST {
        return None;
    }
    let shapes = layers.iter().map(|layer| shape(file, layer, axes)).collect::<Option<Vec<_>>>()?;
    let mut found = Vec::new();
    extend(&shapes, &mut Vec::new(), &mut found);
    let [order] = found.as_slice() else { return None };
    order.iter().map(|at| layers[*at].stem().map(str::to_owned)).collect()
}

/// All orders that go on from this beginning; two are enough to know that there is more than one.
fn extend(shapes: &[[u64; 2]], start: &mut Vec<usize>, found: &mut Vec<Vec<usize>>) {
    if start.len() == shapes.len() {
        found.push(start.clone());
    }
    for next in 0..shapes.len() {
        let follows = start.last().is_none_or(|last| shapes[*last][0] == shapes[next][1]);
        if follows && !start.contains(&next) && found.len() < 2 {
            start.push(next);
            extend(shapes, start, found);
            start.pop();
        }
    }
}
