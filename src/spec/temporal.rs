//! Networks that run in time, the cases that hold them, and the rules that assign credit in them.

use num_rational::BigRational;

use super::activation::Activation;
use super::blocks::{Field, Layout, Part, PerBlock, Shape};
use super::kink::Kink;
use crate::foreign::Foreign;

/// A recurrent network of leaky neurons with a linear readout (T1).
///
/// ```text
/// T1   s_t = λ s_{t−1} + (1−λ)(W z_{t−1} + U x_t + c),  z_t = σ(s_t),  y_t = V z_t + b,  s_0 = z_0 = 0 or as given
/// ```
///
/// Shapes: N neurons, M inputs, K readouts; every matrix is post × pre. There is at least one of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Temporal {
    /// λ = exp(−dt/τ_m), in [0, 1): not the learning rate.
    pub leak: BigRational,
    /// σ of every neuron.
    pub activation: Activation,
    /// W, N × N, zero on its diagonal but where `has_diagonal`.
    pub recurrent: Vec<Vec<BigRational>>,
    /// Whether neurons may have synapses onto themselves: then the diagonal of W is like all its other entries.
    pub has_diagonal: bool,
    /// U, N × M.
    pub input: Vec<Vec<BigRational>>,
    /// c, one per neuron, as weights of an input that is always 1; or none: then there are no such parameters.
    pub biases: Option<Vec<BigRational>>,
    /// V, K × N.
    pub readout: Vec<Vec<BigRational>>,
    /// b, one per readout; or none: then there are no bias parameters.
    pub readout_biases: Option<Vec<BigRational>>,
    /// The type of each neuron, for type-specific feedback; each less than N.
    pub types: Option<Vec<usize>>,
}

impl Temporal {
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

    /// K
    #[must_use]
    pub fn readouts(&self) -> usize {
        self.readout.len()
    }
}

/// A temporal network, its loss and its sequences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemporalCase {
    /// What the case is called in reports; covered by the digest, read by no engine.
    pub name: Option<String>,
    /// The network with its parameters.
    pub network: Temporal,
    /// Which time steps the loss counts.
    pub steps: Steps,
    /// η
    pub learning_rate: BigRational,
    /// The kink convention of D0.
    pub kink: Kink,
    /// The batch; never empty, all of the same number of steps.
    pub examples: Vec<Sequence>,
}

impl TemporalCase {
    /// The name for reports, in the words of whoever wrote the case.
    #[must_use]
    pub fn title(&self) -> Foreign<'_> {
        Foreign(self.name.as_deref().unwrap_or("(unnamed)"))
    }

    /// Whether every sequence begins with all rates 0, so that nothing has fired before its first step.
    #[must_use]
    pub fn starts_silent(&self) -> bool {
        let zero = |value: &BigRational| *value.numer() == 0.into();
        self.examples.iter().all(|example| example.initial.iter().flatten().all(zero))
    }

    /// T, the number of time steps.
    #[must_use]
    pub fn duration(&self) -> usize {
        self.examples.first().map_or(0, |example| example.input.len())
    }
}

/// One example: what the network sees and what it should say, step by step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequence {
    /// s_0 = z_0, one number per neuron; or none: then both are 0.
    pub initial: Option<Vec<BigRational>>,
    /// `input[t − 1]` is x_t, one number per input.
    pub input: Vec<Vec<BigRational>>,
    /// `target[t − 1]` is y*_t, one number per readout; those of steps that do not count are read by nobody.
    pub target: Vec<Vec<BigRational>>,
}

/// w_t of the loss L_b = ½ Σ_t w_t Σ_k (y_{k,t} − y*_{k,t})².
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Steps {
    /// w_t = 1 at every step.
    #[default]
    All,
    /// w_T = 1, and 0 before.
    Last,
    /// w_t = 1 at these steps, counted from 1 and ascending, and 0 at the others.
    At(Vec<usize>),
}

impl Steps {
    /// Whether w_t = 1, with t counted from 1.
    #[must_use]
    pub fn count(&self, t: usize, duration: usize) -> bool {
        match self {
            Self::All => true,
            Self::Last => t == duration,
            Self::At(list) => list.binary_search(&t).is_ok(),
        }
    }
}

/// A rule that assigns credit over time, with everything that its name leaves open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemporalRule {
    /// Backpropagation through time (T2).
    Bptt,
    /// Real-time recurrent learning (T3).
    Rtrl,
    /// The same through propagators from cell to cell (T4).
    FactorisedRtrl,
    /// The arbiter: dual numbers, one direction per parameter.
    Tangent,
    /// The three-factor rule of Bellec et al. 2020 (T5).
    Eprop,
    /// Multidigraph learning, Liu et al. 2021 (T6).
    Mdgl {
        /// Ŵ
        feedback: Feedback,
    },
    /// ModProp, Liu et al. 2022 (T7 to T9).
    Modprop(Modprop),
}

/// What ModProp leaves open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modprop {
    /// Ŵ
    pub feedback: Feedback,
    /// S; the autodiff form has all.
    pub taps: Taps,
    /// μ, which stands for the slope of the cells that relay.
    pub mu: Mu,
    /// How a tap is made from Ŵ and μ.
    pub form: Form,
}

/// Ŵ, the weights that the feedback uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Feedback {
    /// Ŵ = W.
    #[default]
    Cell,
    /// Ŵ_jp is the mean of W from type to type; 0 on the diagonal, unless W has one and it is counted.
    Type(Diagonal),
}

/// Whether the diagonal of W is counted in the mean of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Diagonal {
    /// It is, zeros or not; synapses of neurons onto themselves, if there are any, are then like all others in Ŵ too.
    #[default]
    Counted,
    /// It is not, and Ŵ has none.
    Excluded,
}

/// How many steps back a synapse still gets credit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Taps {
    /// As many as there are steps.
    #[default]
    All,
    /// S of them.
    Count(usize),
}

/// μ: one number for all cells, or one per cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mu {
    /// The same for all.
    Scalar(BigRational),
    /// `mu[j]` for the relay (presynaptic) cell j.
    PerCell(Vec<BigRational>),
}

impl Mu {
    /// μ of one cell; 0 for a cell that has none.
    #[must_use]
    pub fn of(&self, cell: usize) -> BigRational {
        let zero = || BigRational::new_raw(0.into(), 1.into());
        match self {
            Self::Scalar(mu) => mu.clone(),
            Self::PerCell(list) => list.get(cell).cloned().unwrap_or_else(zero),
        }
    }
}

/// How the taps of ModProp are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// F_s = D^{s−1} (1−λ) Ŵ with D = λ I + (1−λ) Ŵ diag(μ): leaky taps.
    #[default]
    Filter,
    /// F_s = (1−λ)^s (Ŵ diag(μ))^{s−1} Ŵ.
    NoLeak,
    /// ĝ_t = a_t + λ ĝ_{t+1} + (1−λ) μ ∘ (Ŵᵀ ĝ_{t+1}): what automatic differentiation gives with μ for the slope.
    Autodiff,
}

/// L and its derivatives, or a rule's estimate of them, averaged over the examples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemporalGradient<T> {
    /// L
    pub loss: T,
    /// ∂L/∂W, N × N; the diagonal too, even where its values have to be 0.
    pub recurrent: Vec<Vec<T>>,
    /// ∂L/∂U, N × M.
    pub input: Vec<Vec<T>>,
    /// ∂L/∂c, one per neuron, if the network has them.
    pub biases: Option<Vec<T>>,
    /// ∂L/∂V, K × N; exact in every rule.
    pub readout: Vec<Vec<T>>,
    /// ∂L/∂b, one per readout, if the network has them; exact in every rule.
    pub readout_biases: Option<Vec<T>>,
}

impl TemporalRule {
    /// The rules whose name says everything.
    pub const WITHOUT_OPTIONS: [Self; 5] =
        [Self::Bptt, Self::Rtrl, Self::FactorisedRtrl, Self::Tangent, Self::Eprop];
}

impl Field {
    /// ∂L/∂W over time.
    pub const RECURRENT: Self = Self {
        name: "recurrent",
        symbol: "W",
        axes: ["post", "pre"],
        each: ["postsynaptic neuron", "presynaptic neuron"],
    };
    /// ∂L/∂U over time.
    pub const INPUT: Self =
        Self { name: "input", symbol: "U", axes: ["post", "input"], each: ["neuron", "input"] };
    /// ∂L/∂c over time.
    pub const BIASES: Self =
        Self { name: "biases", symbol: "c", axes: ["neuron", ""], each: ["neuron", ""] };
    /// ∂L/∂V over time.
    pub const READOUT: Self =
        Self { name: "readout", symbol: "V", axes: ["post", "pre"], each: ["readout", "neuron"] };
    /// ∂L/∂b over time.
    pub const READOUT_BIASES: Self =
        Self { name: "readout_biases", symbol: "b", axes: ["readout", ""], each: ["readout", ""] };
}

impl Layout {
    /// The blocks of a network that runs in time, in the order of its file.
    #[must_use]
    pub fn over_time(net: &Temporal) -> Self {
        let biases = [net.biases.is_some(), net.readout_biases.is_some()];
        Self::of_matrices([net.neurons(), net.inputs(), net.readouts()], biases)
    }

    fn of_matrices([neurons, inputs, readouts]: [usize; 3], biases: [bool; 2]) -> Self {
        let matrix =
            |field, rows, columns| Some((Part::Field(field), Shape::Matrix { rows, columns }));
        let vector =
            |field, count, there: bool| there.then_some((Part::Field(field), Shape::Vector(count)));
        let blocks = [
            matrix(Field::RECURRENT, neurons, neurons),
            matrix(Field::INPUT, neurons, inputs),
            vector(Field::BIASES, neurons, biases[0]),
            matrix(Field::READOUT, readouts, neurons),
            vector(Field::READOUT_BIASES, readouts, biases[1]),
        ];
        Self::new(blocks.into_iter().flatten())
    }
}

impl<S> TemporalGradient<S> {
    /// The same in another number type.
    #[must_use]
    pub fn map<T>(&self, to: impl Fn(&S) -> T) -> TemporalGradient<T> {
        let row = |row: &Vec<S>| row.iter().map(&to).collect();
        let matrix = |rows: &[Vec<S>]| rows.iter().map(row).collect();
        TemporalGradient {
            loss: to(&self.loss),
            recurrent: matrix(&self.recurrent),
            input: matrix(&self.input),
            biases: self.biases.as_ref().map(row),
            readout: matrix(&self.readout),
            readout_biases: self.readout_biases.as_ref().map(row),
        }
    }

    /// Every derivative, block by block; the loss is none.
    #[must_use]
    pub fn per_block(&self) -> PerBlock<&S> {
        let inputs = self.input.first().map_or(0, Vec::len);
        let counts = [self.recurrent.len(), inputs, self.readout.len()];
        let synapses = self.recurrent.iter().chain(&self.input).flatten();
        let entries = synapses.chain(self.biases.iter().flatten());
        let entries = entries.chain(self.readout.iter().flatten());
        let entries = entries.chain(self.readout_biases.iter().flatten());
        let biases = [self.biases.is_some(), self.readout_biases.is_some()];
        Layout::of_matrices(counts, biases).hold(entries)
    }
}
