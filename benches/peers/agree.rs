//! Whether somebody's gradient is ours, up to what rounding explains.

use creditcheck::fast::{backprop, credit};
use creditcheck::spec::Dtype;
use creditcheck::verdict::bounded::dense_rounding_bound;

use crate::data::Data;

/// Our gradient in f64: W row by row, then b, layer by layer.
fn gradient(data: &Data) -> Vec<f64> {
    let network = data.network::<f64>();
    let (inputs, targets) = data.examples::<f64>();
    let mut workspace = backprop::Workspace::new(&network, data.batch).expect("a network");
    workspace.differentiate(&network, inputs.as_ref(), targets.as_ref()).expect("a gradient");
    let mut all = Vec::new();
    for l in 1..=data.layers.len() {
        let weights = workspace.weight_gradient(l);
        for post in 0..weights.nrows() {
            all.extend((0..weights.ncols()).map(|pre| weights[(post, pre)]));
        }
        all.extend_from_slice(workspace.bias_gradient(l));
    }
    all
}

/// −ΔW and −Δb at η = 1, in the same order.
fn updates(data: &Data) -> Vec<f64> {
    let network = data.network::<f64>();
    let (inputs, targets) = data.examples::<f64>();
    let mut workspace = credit::Workspace::new(&network, data.batch).expect("a network");
    workspace.settle(&network, inputs.as_ref(), targets.as_ref()).expect("credits");
    workspace.plasticity(inputs.as_ref(), 1.0).expect("updates");
    let mut all = Vec::new();
    for l in 1..=data.layers.len() {
        let weights = workspace.weight_update(l);
        for post in 0..weights.nrows() {
            all.extend((0..weights.ncols()).map(|pre| -weights[(post, pre)]));
        }
        all.extend(workspace.bias_update(l).iter().map(|update| -update));
    }
    all
}

/// |theirs − exact| and |ours − exact| at most, entry by entry, summed.
fn limits(data: &Data, format: Dtype) -> Vec<f64> {
    let dense = data.dense();
    let bounds = |format| {
        let bounds = dense_rounding_bound(&dense, format).expect("a bound");
        let layers = bounds.layers.into_iter();
        layers.flat_map(|layer| layer.weights.into_iter().chain(layer.biases)).collect::<Vec<_>>()
    };
    let (theirs, ours) = (bounds(format), bounds(Dtype::F64));
    theirs.iter().zip(&ours).map(|(a, b)| a + b).collect()
}

/// The largest |difference| / bound: above 1 they disagree. Both our rules are asked.
pub fn worst(data: &Data, format: &str, found: &[f64]) -> Option<f64> {
    let format = match format {
        "f32" => Dtype::F32,
        "f64" => Dtype::F64,
        _ => return None,
    };
    let limits = limits(data, format);
    let both = [gradient(data), updates(data)];
    Some(both.iter().map(|ours| share(ours, found, &limits)).fold(0.0, f64::max))
}

fn share(ours: &[f64], found: &[f64], limits: &[f64]) -> f64 {
    if ours.len() != found.len() || limits.len() != found.len() {
        return f64::INFINITY;
    }
    let mut worst = 0.0f64;
    for ((a, b), limit) in ours.iter().zip(found).zip(limits) {
        let error = (a - b).abs();
        if error.is_nan() || (error > 0.0 && *limit == 0.0) {
            return f64::INFINITY;
        }
        if error > 0.0 {
            worst = worst.max(error / limit);
        }
    }
    worst
}

pub fn check() {
    let data = Data::named("tiny").expect("the small network");
    let ours = gradient(&data);
    for (format, relative) in [("f64", 1e-9), ("f32", 1e-2)] {
        assert!(worst(&data, format, &ours).expect("a format") <= 1.0);
        let largest = (0..ours.len()).max_by(|a, b| ours[*a].abs().total_cmp(&ours[*b].abs()));
        let mut wrong = ours.clone();
        wrong[largest.expect("an entry")] *= 1.0 + relative;
        assert!(worst(&data, format, &wrong).expect("a format") > 1.0, "a planted error is missed");
        wrong[0] = f64::NAN;
        assert!(worst(&data, format, &wrong).expect("a format") > 1.0);
    }
    // A gradient of another layout is another gradient.
    let mut swapped = ours.clone();
    swapped.swap(0, 1);
    assert!(worst(&data, "f64", &swapped).expect("a format") > 1.0);
}
