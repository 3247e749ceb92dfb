//! Networks that run in time in several layers, or whose leak is a parameter, and the cases that hold them.

use num_rational::BigRational;

use super::activation::Activation;
use super::blocks::{Field, Layout, Part, PerBlock, Shape};
use super::kink::Kink;
use super::temporal::{Sequence, Steps};
use crate::foreign::Foreign;

/// Layers of leaky neurons, one above the other, with a linear readout of the last (S1).
///
/// ```text
/// S1  s^l_t = λ_l s^l_{t−1} + (1−λ_l)(W^l z^l_{t−1} + U^l z^{l−1}_t + c^l),  z^l_t = σ_l(s^l_t),  z^0_t = x_t,  y_t = V z^L_t + b
/// ```
///
/// A layer hears the one below at the same step. With L = 1 this is T1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stack {
    /// From the input to the readout; never empty.
    pub layers: Vec<StackLayer>,
    /// Whether documents have a list of layers; of one layer they may have its fields themselves.
    pub is_listed: bool,
    /// V, K × N of the last layer.
    pub readout: Vec<Vec<BigRational>>,
    /// b, one per readout; or none: then there are no such parameters.
    pub readout_biases: Option<Vec<BigRational>>,
}

/// One layer; every matrix is post × pre.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackLayer {
    /// λ, in [0, 1).
    pub leak: BigRational,
    /// Whether λ is a parameter, with a derivative.
    pub is_leak_trainable: bool,
    /// σ of every neuron of the layer.
    pub activation: Activation,
    /// W, N × N, zero on its diagonal but where `has_diagonal`.
    pub recurrent: Vec<Vec<BigRational>>,
    /// Whether neurons may have synapses onto themselves.
    pub has_diagonal: bool,
    /// U, N × M, where M are the neurons of the layer below, or the inputs.
    pub input: Vec<Vec<BigRational>>,
    /// c, one per neuron; or none: then there are no such parameters.
    pub biases: Option<Vec<BigRational>>,
}

impl StackLayer {
    /// N
    #[must_use]
    pub fn neurons(&self) -> usize {
        self.recurrent.len()
    }

    /// M
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.input.first().map_or(0, Vec::len)
    }

    /// How many parameters there are, the diagonal of W counted.
    #[must_use]
    pub fn parameters(&self) -> usize {
        let synapses = self.neurons() * (self.neurons() + self.inputs());
        let biases = self.biases.as_ref().map_or(0, Vec::len);
        synapses + biases + usize::from(self.is_leak_trainable)
    }
}

impl Stack {
    /// Neurons of all layers.
    #[must_use]
    pub fn neurons(&self) -> usize {
        self.layers.iter().map(StackLayer::neurons).sum()
    }

    /// Neurons of the widest layer.
    #[must_use]
    pub fn width(&self) -> usize {
        self.layers.iter().map(StackLayer::neurons).max().unwrap_or(0)
    }

    /// Inputs of the first layer.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.layers.first().map_or(0, StackLayer::inputs)
    }

    /// K
    #[must_use]
    pub fn readouts(&self) -> usize {
        self.readout.len()
    }

    /// How many parameters there are, the diagonals counted.
    #[must_use]
    pub fn parameters(&self) -> usize {
        let of_layers: usize = self.layers.iter().map(StackLayer::parameters).sum();
        let of_readout = self.readout.iter().map(Vec::len).sum::<usize>();
        of_layers + of_readout + self.readout_biases.as_ref().map_or(0, Vec::len)
    }
}

/// Layers in time, their loss and their sequences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackCase {
    /// What the case is called in reports; covered by the digest, read by no engine.
    pub name: Option<String>,
    /// The network with its parameters.
    pub network: Stack,
    /// Which time steps the loss counts.
    pub steps: Steps,
    /// η
    pub learning_rate: BigRational,
    /// The kink convention of D0.
    pub kink: Kink,
    /// The batch; never empty, all of the same number of steps. Initial states stand layer after layer.
    pub examples: Vec<Sequence>,
}

impl StackCase {
    /// The name for reports, in the words of whoever wrote the case.
    #[must_use]
    pub fn title(&self) -> Foreign<'_> {
        Foreign(self.name.as_deref().unwrap_or("(unnamed)"))
    }

    /// T, the number of time steps.
    #[must_use]
    pub fn duration(&self) -> usize {
        self.examples.first().map_or(0, |example| example.input.len())
    }

    /// Whether every sequence begins with all states 0.
    #[must_use]
    pub fn starts_silent(&self) -> bool {
        let zero = |value: &BigRational| *value.numer() == 0.into();
        self.examples.iter().all(|example| example.initial.iter().flatten().all(zero))
    }
}

/// L and its derivatives, averaged over the examples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackGradient<T> {
    /// L
    pub loss: T,
    /// Those of each layer.
    pub layers: Vec<StackLayerGradient<T>>,
    /// ∂L/∂V, K × N of the last layer.
    pub readout: Vec<Vec<T>>,
    /// ∂L/∂b, one per readout, if the network has them.
    pub readout_biases: Option<Vec<T>>,
}

/// The derivatives of one layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackLayerGradient<T> {
    /// ∂L/∂W, N × N; the diagonal too, even where its values have to be 0.
    pub recurrent: Vec<Vec<T>>,
    /// ∂L/∂U, N × M.
    pub input: Vec<Vec<T>>,
    /// ∂L/∂c, one per neuron, if the layer has them.
    pub biases: Option<Vec<T>>,
    /// ∂L/∂λ, if λ is a parameter.
    pub leak: Option<T>,
}

impl<T> StackLayerGradient<T> {
    /// Every derivative, in the order of its blocks.
    pub fn entries(&self) -> impl Iterator<Item = &T> {
        let synapses = self.recurrent.iter().chain(&self.input).flatten();
        synapses.chain(self.biases.iter().flatten()).chain(&self.leak)
    }

    /// The same, to be changed.
    pub fn entries_mut(&mut self) -> impl Iterator<Item = &mut T> {
        let synapses = self.recurrent.iter_mut().chain(&mut self.input).flatten();
        synapses.chain(self.biases.iter_mut().flatten()).chain(&mut self.leak)
    }
}

impl<T: Clone> StackGradient<T> {
    /// The shapes of a network, with this number everywhere.
    #[must_use]
    pub fn filled(net: &Stack, with: &T) -> Self {
        let matrix = |rows: usize, columns: usize| vec![vec![with.clone(); columns]; rows];
        let layer = |layer: &StackLayer| StackLayerGradient {
            recurrent: matrix(layer.neurons(), layer.neurons()),
            input: matrix(layer.neurons(), layer.inputs()),
            biases: layer.biases.as_ref().map(|list| vec![with.clone(); list.len()]),
            leak: layer.is_leak_trainable.then(|| with.clone()),
        };
        Self {
            loss: with.clone(),
            layers: net.layers.iter().map(layer).collect(),
            readout: matrix(net.readouts(), net.readout.first().map_or(0, Vec::len)),
            readout_biases: net.readout_biases.as_ref().map(|list| vec![with.clone(); list.len()]),
        }
    }
}

impl<S> StackGradient<S> {
    /// The same in another number type.
    #[must_use]
    pub fn map<T>(&self, to: impl Fn(&S) -> T) -> StackGradient<T> {
        let row = |row: &Vec<S>| row.iter().map(&to).collect();
        let matrix = |rows: &[Vec<S>]| rows.iter().map(row).collect();
        let layer = |layer: &StackLayerGradient<S>| StackLayerGradient {
            recurrent: matrix(&layer.recurrent),
            input: matrix(&layer.input),
            biases: layer.biases.as_ref().map(row),
            leak: layer.leak.as_ref().map(&to),
        };
        StackGradient {
            loss: to(&self.loss),
            layers: self.layers.iter().map(layer).collect(),
            readout: matrix(&self.readout),
            readout_biases: self.readout_biases.as_ref().map(row),
        }
    }

    /// Every derivative, block by block; the loss is none.
    #[must_use]
    pub fn per_block(&self, net: &Stack) -> PerBlock<&S> {
        let of_layers = self.layers.iter().flat_map(StackLayerGradient::entries);
        let of_readout = self.readout.iter().flatten().chain(self.readout_biases.iter().flatten());
        Layout::of_stack(net).hold(of_layers.chain(of_readout))
    }

    /// Every number, the loss last, to be changed.
    pub fn all_mut(&mut self) -> impl Iterator<Item = &mut S> {
        let of_layers = self.layers.iter_mut().flat_map(StackLayerGradient::entries_mut);
        let of_readout = self.readout.iter_mut().flatten();
        let of_readout = of_readout.chain(self.readout_biases.iter_mut().flatten());
        of_layers.chain(of_readout).chain([&mut self.loss])
    }
}

impl Field {
    /// ∂L/∂λ over time.
    pub const LEAK: Self =
        Self { name: "leak", symbol: "λ", axes: ["leak", ""], each: ["leak", ""] };
}

impl Layout {
    /// The blocks of layers in time, in the order of their file.
    #[must_use]
    pub fn of_stack(net: &Stack) -> Self {
        let mut blocks = Vec::new();
        for (l, layer) in net.layers.iter().enumerate() {
            let part =
                |field| if net.is_listed { Part::Stacked(l, field) } else { Part::Field(field) };
            let (rows, inputs) = (layer.neurons(), layer.inputs());
            blocks.push((part(Field::RECURRENT), Shape::Matrix { rows, columns: rows }));
            blocks.push((part(Field::INPUT), Shape::Matrix { rows, columns: inputs }));
            blocks
                .extend(layer.biases.as_ref().map(|_| (part(Field::BIASES), Shape::Vector(rows))));
            blocks.extend(layer.is_leak_trainable.then(|| (part(Field::LEAK), Shape::Number)));
        }
        let (rows, columns) = (net.readouts(), net.readout.first().map_or(0, Vec::len));
        blocks.push((Part::Field(Field::READOUT), Shape::Matrix { rows, columns }));
        let biases = net.readout_biases.as_ref();
        blocks.extend(
            biases.map(|_| (Part::Field(Field::READOUT_BIASES), Shape::Vector(net.readouts()))),
        );
        Self::new(blocks)
    }
}
