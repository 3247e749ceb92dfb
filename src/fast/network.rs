//! A layered network with its parameters as mutable faer matrices.

use faer::Mat;
use num_rational::BigRational;

use super::layout::{padded, zeros};
use super::{Float, not_finite, rounded};
use crate::error::Error;
use crate::spec::{Activation, Case, Kink, Layer as ExactLayer, Layered};

/// Which activation a neuron has, its parameters rounded to the format; data, no formulas.
#[derive(Clone, Debug, PartialEq)]
pub enum Function<F> {
    /// σ(s) = s
    Identity,
    /// σ(s) = max(s, 0)
    Relu,
    /// σ(s) = s for s > 0, slope·s below
    LeakyRelu {
        /// The slope below the kink.
        slope: F,
    },
    /// σ(s) = s clipped to [min, max]
    HardTanh {
        /// The lower kink.
        min: F,
        /// The upper kink.
        max: F,
    },
    /// σ(s) = s²
    Square,
    /// σ(s) = s + s²
    Quadratic,
    /// σ(s) = s − s³/3
    Cubic,
    /// σ(s) = s / (1 + |s|)
    Softsign,
    /// σ(s) = s for s > 0, s / (1 − s) below
    EluRational,
    /// σ(s) = tanh s
    Tanh,
    /// σ(s) = 1 / (1 + e⁻ˢ)
    Logistic,
    /// σ(s) = ln(1 + eˢ)
    Softplus,
}

impl<F: Float> Function<F> {
    /// Rounds the parameters of an activation.
    ///
    /// # Errors
    /// [`Error::NotFinite`] if one of them is beyond the format.
    pub fn of(activation: &Activation) -> Result<Self, Error> {
        let parameter = |value| rounded(value, || format!("a parameter of {}", activation.name()));
        Ok(match activation {
            Activation::Identity => Self::Identity,
            Activation::Relu => Self::Relu,
            Activation::LeakyRelu { slope } => Self::LeakyRelu { slope: parameter(slope)? },
            Activation::HardTanh { min, max } => {
                Self::HardTanh { min: parameter(min)?, max: parameter(max)? }
            }
            Activation::Square => Self::Square,
            Activation::Quadratic => Self::Quadratic,
            Activation::Cubic => Self::Cubic,
            Activation::Softsign => Self::Softsign,
            Activation::EluRational => Self::EluRational,
            Activation::Tanh => Self::Tanh,
            Activation::Logistic => Self::Logistic,
            Activation::Softplus => Self::Softplus,
        })
    }

    /// The net inputs at which the slope jumps.
    pub(super) fn kinks(&self) -> Vec<F> {
        match self {
            Self::Relu | Self::LeakyRelu { .. } => vec![F::from(0)],
            Self::HardTanh { min, max } => vec![*min, *max],
            Self::Identity
            | Self::Square
            | Self::Quadratic
            | Self::Cubic
            | Self::Softsign
            | Self::EluRational
            | Self::Tanh
            | Self::Logistic
            | Self::Softplus => Vec::new(),
        }
    }

    fn exact(&self) -> Option<Activation> {
        Some(match self {
            Self::Identity => Activation::Identity,
            Self::Relu => Activation::Relu,
            Self::LeakyRelu { slope } => Activation::LeakyRelu { slope: slope.exact()? },
            Self::HardTanh { min, max } => {
                Activation::HardTanh { min: min.exact()?, max: max.exact()? }
            }
            Self::Square => Activation::Square,
            Self::Quadratic => Activation::Quadratic,
            Self::Cubic => Activation::Cubic,
            Self::Softsign => Activation::Softsign,
            Self::EluRational => Activation::EluRational,
            Self::Tanh => Activation::Tanh,
            Self::Logistic => Activation::Logistic,
            Self::Softplus => Activation::Softplus,
        })
    }
}

/// One layer: n_l neurons fed by n_(l−1).
#[derive(Clone, Debug)]
pub struct Layer<F> {
    /// W, n_l × n_(l−1): row = post, column = pre.
    pub weights: Mat<F>,
    /// b, n_l entries; or none.
    pub biases: Option<Vec<F>>,
    /// σ of the layer.
    pub activation: Function<F>,
    /// A balance function f in place of σ' (D2); backpropagation does not read it.
    pub balance: Option<Function<F>>,
    /// The kink convention.
    pub kink: Kink,
}

/// A layered network that training changes in place.
///
/// Shapes: layer l is n_l × n_(l−1); widths fit one another.
///
/// ```
/// use creditcheck::fast::Network;
/// use creditcheck::spec::{Activation, Kink, Layer, Layered};
/// let half = creditcheck::number::parse("1/2", &Default::default()).unwrap();
/// let layer = Layer {
///     weights: vec![vec![half.clone(), half]],
///     biases: None,
///     activation: Activation::Identity,
///     kink: None,
///     balance: None,
/// };
/// let exact = Layered { layers: vec![layer] };
/// let network = Network::<f64>::of(&exact, Kink::Left).unwrap();
/// assert_eq!(network.layers[0].weights[(0, 1)], 0.5);
/// assert_eq!(network.to_layered().unwrap().widths(), [2, 1]);
/// ```
#[derive(Clone, Debug)]
pub struct Network<F> {
    /// Layers 1..=Λ.
    pub layers: Vec<Layer<F>>,
}

impl<F: Float> Network<F> {
    /// Layers as they are, once their widths are found to fit.
    ///
    /// # Errors
    /// [`Error::Input`] naming the layer that has no neurons or does not fit the one before.
    ///
    /// ```
    /// use creditcheck::fast::{Function, Layer, Network, credit};
    /// use faer::MatRef;
    /// // Two examples of two numbers, and one target each, row-major as elsewhere.
    /// let (inputs, targets) = ([1.0, 2.0, 0.0, 4.0], [2.0, 1.0]);
    /// let layer = Layer::from_rows(1, 2, &[0.5, 0.25], Some(&[0.0]), Function::Identity).unwrap();
    /// let network = Network::new(vec![layer]).unwrap();
    /// let mut workspace = credit::Workspace::new(&network, 2).unwrap();
    /// let columns = |rows| MatRef::from_row_major_slice(rows, 2, 2).transpose();
    /// let targets = MatRef::from_row_major_slice(&targets, 2, 1).transpose();
    /// workspace.settle(&network, columns(&inputs), targets).unwrap();
    /// // s = ½·1 + ¼·2 and ¼·4; e = 2 − 1 and 1 − 1
    /// assert_eq!(workspace.firing_rate(1), faer::mat![[1.0, 1.0]]);
    /// assert_eq!(workspace.credit(1), faer::mat![[1.0, 0.0]]);
    /// ```
    pub fn new(layers: Vec<Layer<F>>) -> Result<Self, Error> {
        let network = Self { layers };
        network.expect_layers()?;
        Ok(network)
    }

    /// Every number rounded to the nearest float; `kink` is the convention of the case.
    ///
    /// # Errors
    /// [`Error::NotFinite`] if a number is beyond the format, [`Error::Input`] on ragged weights.
    pub fn of(exact: &Layered, kink: Kink) -> Result<Self, Error> {
        let mut layers = Vec::with_capacity(exact.layers.len());
        let mut width = exact.layers.first().map_or(0, ExactLayer::inputs);
        for (l, layer) in exact.layers.iter().enumerate() {
            layers.push(Layer::of(layer, l + 1, width, kink)?);
            width = layer.width();
        }
        Self::new(layers)
    }

    /// The same network with every parameter as the exact dyadic rational that it is.
    ///
    /// Exactness: no rounding; [`Self::of`] of the result is the same network.
    ///
    /// # Errors
    /// [`Error::NotFinite`] after a diverged training.
    pub fn to_layered(&self) -> Result<Layered, Error> {
        let layers = self.layers.iter().enumerate();
        let layers = layers.map(|(l, layer)| {
            layer.exact().ok_or_else(|| not_finite(format!("a parameter of layer {}", l + 1)))
        });
        Ok(Layered { layers: layers.collect::<Result<_, _>>()? })
    }

    /// n_0, n_1, …, n_Λ, the input first.
    #[must_use]
    pub fn widths(&self) -> Vec<usize> {
        let input = self.layers.first().map_or(0, |layer| layer.weights.ncols());
        std::iter::once(input)
            .chain(self.layers.iter().map(|layer| layer.weights.nrows()))
            .collect()
    }

    /// Refuses what no engine could run: no layer, an empty one, or widths that do not fit.
    pub(super) fn expect_layers(&self) -> Result<(), Error> {
        if self.layers.is_empty() {
            return Err(Error::input("network.layers", "no layer", "at least one"));
        }
        let widths = self.widths();
        if widths.contains(&0) {
            return Err(Error::input("network.layers", "an empty layer", "at least one neuron"));
        }
        for (l, layer) in self.layers.iter().enumerate() {
            let place = || format!("network.layers[{l}]");
            if layer.weights.ncols() != widths[l] {
                let found = format!("{} columns", layer.weights.ncols());
                return Err(Error::input(place(), found, format!("{}", widths[l])));
            }
            if let Some(biases) = &layer.biases
                && biases.len() != widths[l + 1]
            {
                let found = format!("{} biases", biases.len());
                return Err(Error::input(place(), found, format!("{}", widths[l + 1])));
            }
        }
        Ok(())
    }
}

impl<F: Float> Layer<F> {
    /// A layer from floats, with the balance function of its activation and the left slope at kinks.
    ///
    /// Shapes: `weights` is `posts` × `pres`, row-major: the synapses of one postsynaptic neuron after the other.
    ///
    /// Exactness: the numbers are taken as they are.
    ///
    /// # Errors
    /// [`Error::Input`] if there are more or fewer numbers than the shape says.
    ///
    /// ```
    /// use creditcheck::fast::{Function, Layer};
    /// let weights = [1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0];
    /// let layer = Layer::from_rows(2, 3, &weights, Some(&[0.5, 0.25]), Function::Relu).unwrap();
    /// assert_eq!(layer.weights[(1, 0)], 4.0);
    /// assert!(Layer::from_rows(2, 2, &weights, None, Function::Relu).is_err());
    /// ```
    pub fn from_rows(
        posts: usize,
        pres: usize,
        weights: &[F],
        biases: Option<&[F]>,
        activation: Function<F>,
    ) -> Result<Self, Error> {
        if posts.checked_mul(pres) != Some(weights.len()) {
            let expected = format!("{posts} × {pres}");
            return Err(Error::input("weights", format!("{} numbers", weights.len()), expected));
        }
        if let Some(biases) = biases
            && biases.len() != posts
        {
            let found = format!("{} numbers", biases.len());
            return Err(Error::input("biases", found, posts.to_string()));
        }
        Ok(Self {
            weights: padded(posts, pres, |post, pre| weights[post * pres + pre]),
            biases: biases.map(<[F]>::to_vec),
            activation,
            balance: None,
            kink: Kink::Left,
        })
    }

    fn of(layer: &ExactLayer, number: usize, inputs: usize, kink: Kink) -> Result<Self, Error> {
        let place = |what: &str| format!("{what} of layer {number}");
        let mut weights = zeros(layer.width(), inputs);
        for (post, row) in layer.weights.iter().enumerate() {
            if row.len() != inputs {
                let found = format!("{} weights in a row", row.len());
                return Err(Error::input(place("weights"), found, inputs.to_string()));
            }
            for (pre, weight) in row.iter().enumerate() {
                weights[(post, pre)] = rounded(weight, || place("a weight"))?;
            }
        }
        let bias = |bias: &BigRational| rounded(bias, || place("a bias"));
        let biases = layer.biases.as_ref().map(|all| all.iter().map(bias).collect()).transpose()?;
        Ok(Self {
            weights,
            biases,
            activation: Function::of(&layer.activation)?,
            balance: layer.balance.as_ref().map(Function::of).transpose()?,
            kink: layer.kink.unwrap_or(kink),
        })
    }

    fn exact(&self) -> Option<ExactLayer> {
        let row =
            |post| (0..self.weights.ncols()).map(move |pre| self.weights[(post, pre)].exact());
        let weights = (0..self.weights.nrows()).map(|post| row(post).collect());
        let exact = |biases: &Vec<F>| biases.iter().map(|bias| bias.exact()).collect();
        let biases: Option<Option<Vec<BigRational>>> = self.biases.as_ref().map(exact);
        Some(ExactLayer {
            weights: weights.collect::<Option<_>>()?,
            biases: match biases {
                Some(biases) => Some(biases?),
                None => None,
            },
            activation: self.activation.exact()?,
            kink: Some(self.kink),
            balance: match &self.balance {
                Some(balance) => Some(balance.exact()?),
                None => None,
            },
        })
    }
}

/// The inputs (n_0 × B) and targets (n_Λ × B) of a case, one column per example.
pub(super) fn examples<F: Float>(
    case: &Case,
    inputs: usize,
    outputs: usize,
) -> Result<(Mat<F>, Mat<F>), Error> {
    let batch = case.examples.len();
    if batch == 0 {
        return Err(Error::input("examples", "no examples", "at least one"));
    }
    let (mut input, mut target) = (zeros(inputs, batch), zeros(outputs, batch));
    for (b, example) in case.examples.iter().enumerate() {
        for (what, values, column) in [
            ("input", &example.input, input.col_as_slice_mut(b)),
            ("target", &example.target, target.col_as_slice_mut(b)),
        ] {
            let place = || format!("examples[{b}].{what}");
            if values.len() != column.len() {
                let found = format!("{} numbers", values.len());
                return Err(Error::input(place(), found, column.len().to_string()));
            }
            for (slot, value) in column.iter_mut().zip(values) {
                *slot = rounded(value, place)?;
            }
        }
    }
    Ok((input, target))
}
