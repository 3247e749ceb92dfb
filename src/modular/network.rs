//! A layered network as residues.

use faer::Mat;
use num_rational::BigRational;

use crate::error::Error;
use crate::linalg::Field;
use crate::spec::{Activation, Class, Curved, Kink, Share, Straight};

/// An activation or balance function with its parameters as residues. What it computes is each engine's own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Function {
    /// s
    Identity,
    /// max(s, 0)
    Relu,
    /// s or slope·s
    LeakyRelu {
        /// Below the kink.
        slope: f64,
    },
    /// s clipped
    HardTanh {
        /// The lower kink and rate.
        min: f64,
        /// The upper kink and rate.
        max: f64,
    },
    /// s²
    Square,
    /// s + s²
    Quadratic,
    /// s − s³/3
    Cubic,
}

impl Function {
    /// An activation over the field.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where it is neither a polynomial nor piecewise linear, and where p divides a denominator.
    pub fn of(activation: &Activation, field: &Field) -> Result<Self, Error> {
        Ok(match activation.class() {
            Class::Straight(Straight::Identity) => Self::Identity,
            Class::Straight(Straight::Relu) => Self::Relu,
            Class::Straight(Straight::LeakyRelu { slope }) => {
                Self::LeakyRelu { slope: ratio(slope, field)? }
            }
            Class::Straight(Straight::HardTanh { min, max }) => {
                Self::HardTanh { min: ratio(min, field)?, max: ratio(max, field)? }
            }
            Class::Curved(Curved::Square) => Self::Square,
            Class::Curved(Curved::Quadratic) => Self::Quadratic,
            Class::Curved(Curved::Cubic) => Self::Cubic,
            Class::Quotient | Class::Transcendental(_) => {
                let name = activation.name();
                return Err(Error::unsupported(format!("{name} over a finite field")));
            }
        })
    }

    /// Whether the function has a meaning over any field, without [`super::Positions`].
    #[must_use]
    pub fn is_polynomial(&self) -> bool {
        match self {
            Self::Identity | Self::Square | Self::Quadratic | Self::Cubic => true,
            Self::Relu | Self::LeakyRelu { .. } | Self::HardTanh { .. } => false,
        }
    }
}

/// One layer of residues.
#[derive(Clone, Debug)]
pub struct Layer {
    /// W, n_l × n_(l−1): row = post, column = pre.
    pub weights: Mat<f64>,
    /// b, or none.
    pub biases: Option<Vec<f64>>,
    /// σ.
    pub activation: Function,
    /// The convention at the kinks of σ.
    pub kink: Kink,
    /// A balance function in place of σ' (D2).
    pub balance: Option<Function>,
}

/// Layers 1..=Λ of residues.
#[derive(Clone, Debug)]
pub struct Network {
    /// In order, at least one.
    pub layers: Vec<Layer>,
}

impl Network {
    /// n_0, n_1, …, n_Λ.
    #[must_use]
    pub fn widths(&self) -> Vec<usize> {
        let inputs = self.layers.first().map_or(0, |layer| layer.weights.ncols());
        std::iter::once(inputs).chain(self.layers.iter().map(|l| l.weights.nrows())).collect()
    }
}

/// The residue of a fraction.
///
/// # Errors
/// [`Error::Unsupported`] where p divides the denominator.
pub fn ratio(value: &BigRational, field: &Field) -> Result<f64, Error> {
    let below = field.invert(field.integer(value.denom()));
    let below = below.ok_or_else(|| no_image(&value.to_string(), field))?;
    Ok(field.times(field.integer(value.numer()), below))
}

/// The inverse of a small number that a definition divides by.
///
/// # Errors
/// [`Error::Unsupported`] where p divides it.
pub(super) fn reciprocal(number: usize, what: &str, field: &Field) -> Result<f64, Error> {
    // The remainder is below 2²².
    #[allow(clippy::cast_precision_loss)]
    let residue = (number % field.prime() as usize) as f64;
    field.invert(residue).ok_or_else(|| no_image(what, field))
}

/// 1 − θ and θ: the parts that the slopes on the left and on the right of a kink have at the kink.
///
/// # Errors
/// [`Error::Unsupported`] where p divides the denominator of θ.
pub(super) fn parts(share: Share, field: &Field) -> Result<[f64; 2], Error> {
    let right = ratio(&share.exact(), field)?;
    Ok([field.reduce(1.0 - right), right])
}

pub(super) fn no_image(what: &str, field: &Field) -> Error {
    Error::unsupported(format!("{what} modulo {}, which divides its denominator", field.prime()))
}
