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
    /// σ(s) = s for s > 0, s / (1 − s) below
    EluRational,
    /// σ(s) = tanh s
    Tanh,
    /// σ(s) = 1 / (1 + e⁻ˢ)
    Logistic,
    /// σ(s) = ln(1 + eˢ)
    Softplus,
}

/// Every name an activation can have in a case, in the order of the table.
pub const ACTIVATION_NAMES: [&str; 12] = [
    "identity",
    "relu",
    "leaky_relu",
    "hard_tanh",
    "square",
    "quadratic",
    "cubic",
    "softsign",
    "elu_rational",
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
            Self::EluRational => "elu_rational",
            Self::Tanh => "tanh",
            Self::Logistic => "logistic",
            Self::Softplus => "softplus",
        }
    }

    /// The numbers that belong to the choice, by their names in a case file.
    #[must_use]
    pub fn parameters(&self) -> Vec<(&'static str, &BigRational)> {
        match self.class() {
            Class::Straight(Straight::LeakyRelu { slope }) => vec![("slope", slope)],
            Class::Straight(Straight::HardTanh { min, max }) => vec![("min", min), ("max", max)],
            Class::Straight(Straight::Identity | Straight::Relu)
            | Class::Curved(_)
            | Class::Quotient
            | Class::Transcendental(_) => Vec::new(),
        }
    }

    /// What kind of function σ is: the one place that says so.
    #[must_use]
    pub fn class(&self) -> Class<'_> {
        match self {
            Self::Identity => Class::Straight(Straight::Identity),
            Self::Relu => Class::Straight(Straight::Relu),
            Self::LeakyRelu { slope } => Class::Straight(Straight::LeakyRelu { slope }),
            Self::HardTanh { min, max } => Class::Straight(Straight::HardTanh { min, max }),
            Self::Square => Class::Curved(Curved::Square),
            Self::Quadratic => Class::Curved(Curved::Quadratic),
            Self::Cubic => Class::Curved(Curved::Cubic),
            Self::Softsign | Self::EluRational => Class::Quotient,
            Self::Tanh => Class::Transcendental(Transcendental::Tanh),
            Self::Logistic => Class::Transcendental(Transcendental::Logistic),
            Self::Softplus => Class::Transcendental(Transcendental::Softplus),
        }
    }

    /// Whether σ and σ' of a rational number are rational, so that the exact side can evaluate them.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        match self.class() {
            Class::Straight(_) | Class::Curved(_) | Class::Quotient => true,
            Class::Transcendental(_) => false,
        }
    }

    /// The degree of σ where it is a polynomial, so that it makes sense over any field.
    #[must_use]
    pub fn degree(&self) -> Option<u32> {
        match self.class() {
            Class::Straight(Straight::Identity) => Some(1),
            Class::Curved(Curved::Square | Curved::Quadratic) => Some(2),
            Class::Curved(Curved::Cubic) => Some(3),
            Class::Straight(
                Straight::Relu | Straight::LeakyRelu { .. } | Straight::HardTanh { .. },
            )
            | Class::Quotient
            | Class::Transcendental(_) => None,
        }
    }

    /// Whether σ is a polynomial.
    #[must_use]
    pub fn is_polynomial(&self) -> bool {
        self.degree().is_some()
    }

    /// Whether σ is straight between its kinks, so that on known pieces an equilibrium is a linear system.
    #[must_use]
    pub fn is_piecewise_linear(&self) -> bool {
        match self.class() {
            Class::Straight(_) => true,
            Class::Curved(_) | Class::Quotient | Class::Transcendental(_) => false,
        }
    }

    /// The net inputs at which the slope jumps, in increasing order.
    #[must_use]
    pub fn kinks(&self) -> Vec<BigRational> {
        match self {
            Self::Relu | Self::LeakyRelu { .. } => {
                vec![BigRational::new_raw(0.into(), 1.into())]
            }
            Self::HardTanh { min, max } => vec![min.clone(), max.clone()],
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

    /// Whether σ has a slope everywhere, so that no convention is needed.
    #[must_use]
    pub fn is_differentiable(&self) -> bool {
        self.kinks().is_empty()
    }
}

/// The kinds of σ, each σ in one: a room that serves a kind names its members, and refuses the other kinds by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class<'a> {
    /// A straight line on each of finitely many pieces.
    Straight(Straight<'a>),
    /// A polynomial that is no straight line.
    Curved(Curved),
    /// A quotient of polynomials on each of finitely many pieces, none of the above: rational, and without a meaning
    /// over a finite field.
    Quotient,
    /// Not rational at a rational number.
    Transcendental(Transcendental),
}

/// The σ that are straight on each piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Straight<'a> {
    /// [`Activation::Identity`]
    Identity,
    /// [`Activation::Relu`]
    Relu,
    /// [`Activation::LeakyRelu`]
    LeakyRelu {
        /// The slope below the kink.
        slope: &'a BigRational,
    },
    /// [`Activation::HardTanh`]
    HardTanh {
        /// The lower kink and lowest rate.
        min: &'a BigRational,
        /// The upper kink and highest rate.
        max: &'a BigRational,
    },
}

/// The σ that are polynomials of a degree above 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curved {
    /// [`Activation::Square`]
    Square,
    /// [`Activation::Quadratic`]
    Quadratic,
    /// [`Activation::Cubic`]
    Cubic,
}

/// The σ that only floats evaluate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transcendental {
    /// [`Activation::Tanh`]
    Tanh,
    /// [`Activation::Logistic`]
    Logistic,
    /// [`Activation::Softplus`]
    Softplus,
}
