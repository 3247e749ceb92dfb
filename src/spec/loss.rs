//! Which losses there are; what they compute is each engine's own.

use num_rational::BigRational;
use num_traits::{One, Signed};

use super::kink::Share;
use crate::error::Error;

/// What the outputs are measured by (D0), the choice alone: ℓ and its slope stand in each engine separately.
///
/// ```text
/// L = (1/N) Σ_b Σ_k ℓ(x_k, t_k) = ⟨L_b⟩,   L_b = (B/N) Σ_k ℓ(x_k, t_k),   e_k = −∂L_b/∂x_k
/// ```
///
/// so that B/N stands in L_b and in e, and nowhere else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Loss {
    /// ℓ = ½ (x − t)², N = B: the loss of the sources. The default.
    #[default]
    HalfSquaredError,
    /// Another ℓ, and what is divided by.
    Reduced {
        /// ℓ of one output.
        error: OutputError,
        /// N.
        reduction: Reduction,
    },
}

/// ℓ of one output neuron; r = x − t.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutputError {
    /// r²
    Mse,
    /// |r|
    L1 {
        /// The share of the slope on the right at r = 0.
        kink: Share,
    },
    /// ½ r² where |r| ≤ δ, and δ (|r| − ½ δ) beyond.
    Huber {
        /// δ, greater than 0.
        delta: BigRational,
    },
    /// r²/(2β) where |r| < β, and |r| − ½ β beyond; with β = 0 it is |r|.
    SmoothL1 {
        /// β, not less than 0.
        beta: BigRational,
        /// The share of the slope on the right at r = 0, where β = 0.
        kink: Share,
    },
    /// max(0, m − t x), t = ±1
    Hinge {
        /// m
        margin: BigRational,
        /// The share of the slope on the right at m − t x = 0.
        kink: Share,
    },
}

/// N of a loss, for B examples and K output neurons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// N = 1
    Sum,
    /// N = B K
    Mean,
    /// N = B
    BatchMean,
}

/// Every loss of one output, in the order of the table.
pub const OUTPUT_ERROR_NAMES: [&str; 5] = ["mse", "l1", "huber", "smooth_l1", "hinge"];

impl Loss {
    /// The name in a case file.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::HalfSquaredError => "half_squared_error",
            Self::Reduced { error, .. } => error.name(),
        }
    }

    /// Refuses every loss but half squared error, for what has no other.
    ///
    /// # Errors
    /// [`Error::Unsupported`] that names the loss and who has no engine for it.
    pub fn expect_half_squared(&self, who: &str) -> Result<(), Error> {
        match self {
            Self::HalfSquaredError => Ok(()),
            Self::Reduced { .. } => {
                let what =
                    format!("the loss {} in {who}, which has half_squared_error", self.name());
                Err(Error::unsupported(what))
            }
        }
    }

    /// Whether ℓ is a polynomial, so that it makes sense over any field.
    #[must_use]
    pub fn is_polynomial(&self) -> bool {
        match self {
            Self::HalfSquaredError | Self::Reduced { error: OutputError::Mse, .. } => true,
            Self::Reduced {
                error:
                    OutputError::L1 { .. }
                    | OutputError::Huber { .. }
                    | OutputError::SmoothL1 { .. }
                    | OutputError::Hinge { .. },
                ..
            } => false,
        }
    }

    /// Whether a target is a class: the hinge loss knows −1 and 1 alone.
    #[must_use]
    pub fn wants_signs(&self) -> bool {
        match self {
            Self::Reduced { error: OutputError::Hinge { .. }, .. } => true,
            Self::HalfSquaredError
            | Self::Reduced {
                error:
                    OutputError::Mse
                    | OutputError::L1 { .. }
                    | OutputError::Huber { .. }
                    | OutputError::SmoothL1 { .. },
                ..
            } => false,
        }
    }

    /// Whether a target is one that this loss knows.
    #[must_use]
    pub fn admits(&self, target: &BigRational) -> bool {
        !self.wants_signs() || target.abs().is_one()
    }
}

impl OutputError {
    /// The name in a case file.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Mse => "mse",
            Self::L1 { .. } => "l1",
            Self::Huber { .. } => "huber",
            Self::SmoothL1 { .. } => "smooth_l1",
            Self::Hinge { .. } => "hinge",
        }
    }
}

impl Reduction {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sum, Self::Mean, Self::BatchMean];

    /// The word in a case file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::BatchMean => "batch_mean",
        }
    }
}
