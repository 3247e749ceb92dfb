//! Numbers on the parameters of a case, block by block: one shape for every gradient.

use std::iter;

use super::case::Case;
use super::dense::Dense;
use super::network::Network;

/// A value for every parameter of a case, block by block, in the order of its file.
///
/// An engine keeps the type that its definition has, by layers or by synapses or by matrices; what came of it becomes blocks after
/// `verdict::bridge` has given it its sign.
///
/// ```
/// use creditcheck::spec::{Layout, Part, PerBlock, Place, Shape};
/// let shape = Shape::Matrix { rows: 1, columns: 2 };
/// let layout = Layout::new([(Part::Layer(0), shape)]);
/// let gradient = layout.hold([2, 3]);
/// assert_eq!(gradient.blocks[0].at(1), "weights of layer 1: post 0, pre 1");
/// let twice = gradient.map(|value| 2 * value);
/// assert_eq!(twice.values().copied().collect::<Vec<_>>(), [4, 6]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PerBlock<T> {
    /// Blocks without a parameter are left out.
    pub blocks: Vec<Block<T>>,
}

/// The blocks of a case, without a number: what they are called, how they are laid out, and where each parameter stands.
pub type Layout = PerBlock<()>;

/// The parameters of one kind: the weights or the biases of a layer, of a graph, or of a part of a network that runs in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block<T> {
    /// What they belong to.
    pub part: Part,
    /// How they are laid out.
    pub shape: Shape,
    /// As many as the shape has places.
    pub entries: Vec<T>,
}

/// What a block belongs to, and so where it stands in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A layer, counted from 0.
    Layer(usize),
    /// The whole of a graph.
    Graph,
    /// A field of its own.
    Field(Field),
    /// A field of one layer of several in time, counted from 0.
    Stacked(usize, Field),
}

/// A block that has a field of its own in documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Such as `recurrent`.
    pub name: &'static str,
    /// Such as `W`.
    pub symbol: &'static str,
    /// What the two numbers of a place count, for the head of a table.
    pub axes: [&'static str; 2],
    /// What there is one row of, and one column.
    pub each: [&'static str; 2],
}

/// How the parameters of a block are laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Weights, row by row; a row is a postsynaptic neuron.
    Matrix {
        /// Postsynaptic neurons.
        rows: usize,
        /// Presynaptic neurons.
        columns: usize,
    },
    /// Biases, one per neuron.
    Vector(usize),
    /// One number alone.
    Number,
    /// The weights of a list of synapses.
    Synapses(Vec<Place>),
    /// The biases of some of so many neurons.
    Biases {
        /// How many neurons there are.
        neurons: usize,
        /// Those that have a bias, in ascending order.
        of: Vec<usize>,
    },
}

/// Where in its block a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The postsynaptic neuron, or the one that has the bias.
    pub post: usize,
    /// The presynaptic neuron; none of a bias.
    pub pre: Option<usize>,
}

impl Shape {
    /// How many parameters there are.
    #[must_use]
    pub fn count(&self) -> usize {
        match self {
            Self::Matrix { rows, columns } => rows * columns,
            Self::Vector(count) => *count,
            Self::Number => 1,
            Self::Synapses(places) => places.len(),
            Self::Biases { of, .. } => of.len(),
        }
    }

    /// Where a parameter stands.
    #[must_use]
    pub fn place(&self, index: usize) -> Place {
        match self {
            Self::Matrix { columns, .. } => {
                Place { post: index / columns, pre: Some(index % columns) }
            }
            Self::Vector(_) | Self::Number => Place { post: index, pre: None },
            Self::Synapses(places) => places[index],
            Self::Biases { of, .. } => Place { post: of[index], pre: None },
        }
    }

    /// Whether these are biases, or anything else that is no matrix of weights.
    #[must_use]
    pub fn is_of_biases(&self) -> bool {
        match self {
            Self::Matrix { .. } | Self::Synapses(_) => false,
            Self::Vector(_) | Self::Number | Self::Biases { .. } => true,
        }
    }
}

impl<T> Block<T> {
    /// What it is called, such as `weights of layer 2`.
    #[must_use]
    pub fn name(&self) -> String {
        let what = if self.shape.is_of_biases() { "biases" } else { "weights" };
        match self.part {
            Part::Layer(layer) => format!("{what} of layer {}", layer + 1),
            Part::Graph => format!("{what} of the graph"),
            Part::Field(field) => field.name.to_owned(),
            Part::Stacked(layer, field) => format!("{} of layer {}", field.name, layer + 1),
        }
    }

    /// The same in words that need no document beside them, such as `recurrent weights`.
    #[must_use]
    pub fn in_words(&self) -> String {
        match self.part {
            Part::Layer(_) | Part::Graph => self.name(),
            Part::Field(field) if self.shape.is_of_biases() => field.name.replace('_', " "),
            Part::Field(field) => format!("{} weights", field.name),
            Part::Stacked(..) if self.shape.is_of_biases() => self.name(),
            Part::Stacked(layer, field) => {
                format!("{} weights of layer {}", field.name, layer + 1)
            }
        }
    }

    /// `W` or `b`, and `U` or `V` in time.
    #[must_use]
    pub fn symbol(&self) -> &'static str {
        match self.part {
            Part::Layer(_) | Part::Graph if self.shape.is_of_biases() => "b",
            Part::Layer(_) | Part::Graph => "W",
            Part::Field(field) | Part::Stacked(_, field) => field.symbol,
        }
    }

    /// What the two numbers of a place count, for the head of a table; biases have the first alone.
    #[must_use]
    pub fn axes(&self) -> [&'static str; 2] {
        match self.part {
            Part::Layer(_) | Part::Graph => ["post", "pre"],
            Part::Field(field) | Part::Stacked(_, field) => field.axes,
        }
    }

    /// The place of an entry in words.
    #[must_use]
    pub fn at(&self, index: usize) -> String {
        let Place { post, pre } = self.shape.place(index);
        match pre {
            Some(pre) => format!("{}: post {post}, pre {pre}", self.name()),
            None if self.shape == Shape::Number => self.name(),
            None => format!("{}: {} {post}", self.name(), self.axes()[0]),
        }
    }

    /// Every entry with its place.
    pub fn places(&self) -> impl Iterator<Item = (Place, &T)> {
        self.entries.iter().enumerate().map(|(index, entry)| (self.shape.place(index), entry))
    }

    fn with<U>(&self, entries: Vec<U>) -> Block<U> {
        Block { part: self.part, shape: self.shape.clone(), entries }
    }
}

impl Layout {
    /// These blocks; those without a parameter are left out.
    #[must_use]
    pub fn new(blocks: impl IntoIterator<Item = (Part, Shape)>) -> Self {
        let some = blocks.into_iter().filter(|(_, shape)| shape.count() > 0);
        let block = |(part, shape): (Part, Shape)| {
            let entries = vec![(); shape.count()];
            Block { part, shape, entries }
        };
        Self { blocks: some.map(block).collect() }
    }

    /// The blocks of a case: weights and biases layer by layer, or those of the whole graph.
    #[must_use]
    pub fn of(case: &Case) -> Self {
        match &case.network {
            Network::Layered(net) => Self::of_layers(
                net.layers
                    .iter()
                    .map(|layer| ([layer.width(), layer.inputs()], layer.biases.is_some())),
            ),
            Network::Graph(net) => {
                let place = |ends: &super::Ends| Place { post: ends.post.0, pre: Some(ends.pre.0) };
                let synapses = Shape::Synapses(net.synapses.iter().map(place).collect());
                let mut is_input = vec![false; net.neurons];
                net.inputs.iter().for_each(|input| is_input[input.0] = true);
                let has_bias = |neuron: &usize| net.biases.is_some() && !is_input[*neuron];
                let of = (0..net.neurons).filter(has_bias).collect();
                let biases = Shape::Biases { neurons: net.neurons, of };
                Self::new([(Part::Graph, synapses), (Part::Graph, biases)])
            }
        }
    }

    /// The blocks of a case of floats: weights and biases layer by layer.
    #[must_use]
    pub fn of_dense(dense: &Dense) -> Self {
        Self::of_layers(
            dense
                .layers
                .iter()
                .map(|layer| ([layer.weights.rows, layer.weights.cols], layer.biases.is_some())),
        )
    }

    /// Of each layer its rows and columns, and whether it has biases.
    fn of_layers(layers: impl Iterator<Item = ([usize; 2], bool)>) -> Self {
        Self::new(layers.enumerate().flat_map(|(l, ([rows, columns], has_biases))| {
            let weights = (Part::Layer(l), Shape::Matrix { rows, columns });
            let biases = has_biases.then_some((Part::Layer(l), Shape::Vector(rows)));
            iter::once(weights).chain(biases)
        }))
    }

    /// These values on the parameters, in their order; there have to be as many.
    #[must_use]
    pub fn hold<T>(&self, values: impl IntoIterator<Item = T>) -> PerBlock<T> {
        let mut values = values.into_iter();
        let block = |block: &Block<()>| {
            block.with(values.by_ref().take(block.shape.count()).collect::<Vec<_>>())
        };
        PerBlock { blocks: self.blocks.iter().map(block).collect() }
    }
}

impl<T> PerBlock<T> {
    /// Every value, block by block.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.blocks.iter().flat_map(|block| &block.entries)
    }

    /// Every value, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.blocks.iter_mut().flat_map(|block| &mut block.entries)
    }

    /// The same places with other values.
    #[must_use]
    pub fn map<U>(self, mut to: impl FnMut(T) -> U) -> PerBlock<U> {
        let block = |Block { part, shape, entries }: Block<T>| {
            let entries = entries.into_iter().map(&mut to).collect();
            Block { part, shape, entries }
        };
        PerBlock { blocks: self.blocks.into_iter().map(block).collect() }
    }

    /// The same places, with the values where they are.
    #[must_use]
    pub fn as_ref(&self) -> PerBlock<&T> {
        let blocks = self.blocks.iter();
        PerBlock {
            blocks: blocks.map(|block| block.with(block.entries.iter().collect())).collect(),
        }
    }

    /// Each value beside that of the same parameter in another: both of one case.
    #[must_use]
    pub fn zip<U>(self, other: PerBlock<U>) -> PerBlock<(T, U)> {
        let mut others = other.blocks.into_iter().flat_map(|block| block.entries);
        let block = |Block { part, shape, entries }: Block<T>| {
            let entries = entries.into_iter().zip(others.by_ref()).collect();
            Block { part, shape, entries }
        };
        PerBlock { blocks: self.blocks.into_iter().map(block).collect() }
    }
}
