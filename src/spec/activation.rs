//! Which activation functions there are; what they compute is each engine's own.

use num_rational::BigRational;

/// An activation function σ, by name; the table of activations in the manual says what each one is.
///
/// Only the *choice* is data shared by the engines. The formulas for σ, its
/// slope and its balance factor stand in each engine separately, so that a wrong
/// one cannot agree with itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Activation {
    /// σ(s) = s
    Identity,
    /// σ(s) = max(s, 0)
    Relu,
    /// σ(s) = s for s > 0, slope·s below
    LeakyRelu {
        /// The slope below the kink.
        slope: BigRational,
    },
    /// σ(s) = s clipped to [min, max]
    HardTanh {
        /// The lower kink and lowest rate.
        min: BigRational,
        /// The upper kink and highest rate.
        max: BigRational,
    },
    /// σ(s) = s²
    Square,
    /// σ(s) = s + s²
    Quadratic,
    /// σ(s) = s − s³/3
    Cubic,
    /// σ(s) = s / (1 + |s|)
    Softsign,
    /// σ(s) = tanh s
    Tanh,
    /// σ(s) = 1 / (1 + e⁻ˢ)
    Logistic,
    /// σ(s) = ln(1 + eˢ)
    Softplus,
}

/// Every name an activation can have in a case, in the order of the table.
pub const ACTIVATION_NAMES: [&str; 11] = [
    "identity",
    "relu",
    "leaky_relu",
    "hard_tanh",
    "square",
    "quadratic",
    "cubic",
    "softsign",
    "tanh",
    "logistic",
    "softplus",
];

impl Activation {
    /// The name in a case file.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Relu => "relu",
            Self::LeakyRelu { .. } => "leaky_relu",
            Self::HardTanh { .. } => "hard_tanh",
            Self::Square => "square",
            Self::Quadratic => "quadratic",
            Self::Cubic => "cubic",
            Self::Softsign => "softsign",
            Self::Tanh => "tanh",
            Self::Logistic => "logistic",
            Self::Softplus => "softplus",
        }
    }

    /// Whether σ and σ' of a rational number are rational, so that the exact side can evaluate them.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        !matches!(self, Self::Tanh | Self::Logistic | Self::Softplus)
    }

    /// Whether σ is a polynomial, so that it makes sense over any field.
    #[must_use]
    pub fn is_polynomial(&self) -> bool {
        matches!(self, Self::Identity | Self::Square | Self::Quadratic | Self::Cubic)
    }

    /// Whether σ is straight between its kinks, so that on known pieces an equilibrium is a linear system.
    #[must_use]
    pub fn is_piecewise_linear(&self) -> bool {
        matches!(self, Self::Identity | Self::Relu | Self::LeakyRelu { .. } | Self::HardTanh { .. })
    }

    /// The net inputs at which the slope jumps, in increasing order.
    #[must_use]
    pub fn kinks(&self) -> Vec<BigRational> {
        match self {
            Self::Relu | Self::LeakyRelu { .. } => {
                vec![BigRational::new_raw(0.into(), 1.into())]
            }
            Self::HardTanh { min, max } => vec![min.clone(), max.clone()],
            _ => Vec::new(),
        }
    }
}

/// Which slope a piecewise-linear activation has at its kink (convention of D0).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kink {
    /// The slope of the piece on the left: ReLU'(0) = 0. The default.
    #[default]
    Left,
    /// The slope of the piece on the right: ReLU'(0) = 1.
    Right,
    /// Half the sum of both: ReLU'(0) = 1/2.
    Mean,
}

impl Kink {
    /// The name in a case file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Right => "right",
            Self::Mean => "mean",
        }
    }
}
