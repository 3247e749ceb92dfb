//! What the parameters of a layer are called in a file, and how their weights are laid out.

/// What the parameters of a layer are called in their file; none where they have no name there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LayerNames {
    /// Such as `fc1.weight`.
    pub weights: Option<String>,
    /// Such as `fc1.bias`; none if the layer has no biases either.
    pub biases: Option<String>,
}

/// What the rows of weights are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axes {
    /// A row is a postsynaptic neuron, as in PyTorch and here.
    OutputsByInputs,
    /// A row is a presynaptic neuron, as in Keras and Flax.
    InputsByOutputs,
}

impl Axes {
    /// The name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OutputsByInputs => "outputs-by-inputs",
            Self::InputsByOutputs => "inputs-by-outputs",
        }
    }

    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::OutputsByInputs => "outputs × inputs",
            Self::InputsByOutputs => "inputs × outputs",
        }
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::OutputsByInputs => Self::InputsByOutputs,
            Self::InputsByOutputs => Self::OutputsByInputs,
        }
    }

    /// The dimensions of weights in a file.
    pub(super) fn in_file<T>(self, [rows, columns]: [T; 2]) -> [T; 2] {
        match self {
            Self::OutputsByInputs => [rows, columns],
            Self::InputsByOutputs => [columns, rows],
        }
    }
}

/// How weights and biases are called, and the layout that comes with such names.
const SUFFIXES: [(&str, &str, Axes); 4] = [
    (".weight", ".bias", Axes::OutputsByInputs),
    (".kernel", ".bias", Axes::InputsByOutputs),
    ("/kernel:0", "/bias:0", Axes::InputsByOutputs),
    ("/kernel", "/bias", Axes::InputsByOutputs),
];

impl LayerNames {
    /// Such as `fc1`, what its biases would be called, and the layout that the names come with.
    pub(super) fn parts(&self) -> Option<(&str, &'static str, Axes)> {
        let name = self.weights.as_deref()?;
        SUFFIXES.iter().find_map(|(weight, bias, axes)| {
            name.strip_suffix(weight).map(|stem| (stem, *bias, *axes))
        })
    }

    /// Such as `fc1`; none of names of another form.
    #[must_use]
    pub fn stem(&self) -> Option<&str> {
        self.parts().map(|(stem, ..)| stem)
    }
}
