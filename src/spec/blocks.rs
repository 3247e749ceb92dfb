//! Numbers on the parameters of a case, block by block: one shape for every gradient.

/// A value for every parameter of a case, block by block, in the order of its file.
///
/// An engine keeps the type that its definition has, by layers or by synapses or by matrices; what came of it becomes blocks after
/// `check::bridge` has given it its sign.
///
/// ```
/// use creditcheck::spec::{Block, PerBlock, Place};
/// let place = |post, pre| Place { post, pre: Some(pre) };
/// let entries = vec![(place(0, 0), 2), (place(0, 1), 3)];
/// let block = Block { name: "weights of layer 1".into(), symbol: "W", axes: ["post", "pre"], entries };
/// assert_eq!(block.at(block.entries[1].0), "weights of layer 1: post 0, pre 1");
/// let twice = PerBlock { blocks: vec![block] }.map(|value| 2 * value);
/// assert_eq!(twice.values().copied().collect::<Vec<_>>(), [4, 6]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PerBlock<T> {
    /// Blocks without a parameter are left out.
    pub blocks: Vec<Block<T>>,
}

/// The parameters of one kind: the weights or the biases of a layer, of a graph, or of a part of a network that runs in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block<T> {
    /// Such as `weights of layer 2`.
    pub name: String,
    /// `W` or `b`, and `U` or `V` in time.
    pub symbol: &'static str,
    /// What the two numbers of a place count, for the head of a table; biases have the first alone.
    pub axes: [&'static str; 2],
    /// Every entry with its place.
    pub entries: Vec<(Place, T)>,
}

/// Where in its block a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The postsynaptic neuron, or the one that has the bias.
    pub post: usize,
    /// The presynaptic neuron; none of a bias.
    pub pre: Option<usize>,
}

impl<T> Block<T> {
    /// The weights of a matrix, row by row; a row is a postsynaptic neuron.
    #[must_use]
    pub fn matrix<R: IntoIterator<Item = T>>(
        (name, symbol): (impl Into<String>, &'static str),
        axes: [&'static str; 2],
        rows: impl IntoIterator<Item = R>,
    ) -> Self {
        let mut entries = Vec::new();
        for (post, row) in rows.into_iter().enumerate() {
            let place = |(pre, value)| (Place { post, pre: Some(pre) }, value);
            entries.extend(row.into_iter().enumerate().map(place));
        }
        Self { name: name.into(), symbol, axes, entries }
    }

    /// A place of this block in words.
    #[must_use]
    pub fn at(&self, place: Place) -> String {
        let Place { post, pre } = place;
        match pre {
            Some(pre) => format!("{}: post {post}, pre {pre}", self.name),
            None => format!("{}: {} {post}", self.name, self.axes[0]),
        }
    }

    /// Whether these are biases.
    #[must_use]
    pub fn is_of_biases(&self) -> bool {
        self.entries.iter().all(|(place, _)| place.pre.is_none())
    }
}

impl<T> PerBlock<T> {
    /// Every value, block by block.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.blocks.iter().flat_map(|block| &block.entries).map(|(_, value)| value)
    }

    /// The same places with other values.
    #[must_use]
    pub fn map<U>(self, mut to: impl FnMut(T) -> U) -> PerBlock<U> {
        let block = |Block { name, symbol, axes, entries }: Block<T>| {
            let entries = entries.into_iter().map(|(place, value)| (place, to(value)));
            Block { name, symbol, axes, entries: entries.collect() }
        };
        PerBlock { blocks: self.blocks.into_iter().map(block).collect() }
    }

    /// Each value beside that of the same parameter in another: both of one case.
    #[must_use]
    pub fn zip<U>(self, other: PerBlock<U>) -> PerBlock<(T, U)> {
        let mut others = other.blocks.into_iter().flat_map(|block| block.entries);
        let block = |Block { name, symbol, axes, entries }: Block<T>| {
            let both = entries.into_iter().zip(others.by_ref());
            let entries = both.map(|((place, a), (_, b))| (place, (a, b))).collect();
            Block { name, symbol, axes, entries }
        };
        PerBlock { blocks: self.blocks.into_iter().map(block).collect() }
    }
}
