//! Networks that run in time, as text and as documents.

mod compare;
mod steps;

use super::counted;
use crate::spec::{StackCase, StackLayer, TemporalCase};

pub use compare::{compared, compared_json};
pub use steps::{steps_over_time, steps_over_time_json};

/// A network in a few words, such as `3 neurons over 5 steps, relu, λ = 1/2`.
#[must_use]
pub fn network_over_time(case: &TemporalCase) -> String {
    format!(
        "{} over {}, {}, λ = {}",
        counted(case.network.neurons(), "neuron"),
        counted(case.duration(), "step"),
        case.network.activation.name(),
        case.network.leak
    )
}

/// Layers in time in a few words, such as `2 layers over 5 steps: 3 neurons, relu, λ = 1/2; 2 neurons, tanh, λ = 0, trainable`.
#[must_use]
pub fn layers_over_time(case: &StackCase) -> String {
    let of_layer = |layer: &StackLayer| {
        let trainable = if layer.is_leak_trainable { ", trainable" } else { "" };
        format!(
            "{}, {}, λ = {}{trainable}",
            counted(layer.neurons(), "neuron"),
            layer.activation.name(),
            layer.leak
        )
    };
    let layers: Vec<String> = case.network.layers.iter().map(of_layer).collect();
    format!(
        "{} over {}: {}",
        counted(layers.len(), "layer"),
        counted(case.duration(), "step"),
        layers.join("; ")
    )
}
