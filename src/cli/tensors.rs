//! How the tensors of a file are called and laid out, as options.

use std::path::Path;

use clap::ValueEnum;

use crate::wire::tensor::Axes;

/// What the rows of weights are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum LayoutName {
    /// A row is a postsynaptic neuron, as in PyTorch.
    OutputsByInputs,
    /// A row is a presynaptic neuron, as in Keras and Flax.
    InputsByOutputs,
}

impl LayoutName {
    /// What the name means.
    pub fn meant(self) -> Axes {
        match self {
            Self::OutputsByInputs => Axes::OutputsByInputs,
            Self::InputsByOutputs => Axes::InputsByOutputs,
        }
    }
}

/// Whether a file is one of tensors, by its name.
pub(super) fn is_tensors(file: &Path) -> bool {
    ["safetensors", "npz", "npy"].iter().any(|kind| file.extension().is_some_and(|e| e == *kind))
}
