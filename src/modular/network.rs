//! A layered network as residues.

use faer::Mat;
use num_rational::BigRational;

use super::{Field, Powers, zeros};
use crate::error::Error;
use crate::spec::{Activation, Dense, Kink, Tensor};

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
        Ok(match activation {
            Activation::Identity => Self::Identity,
            Activation::Relu => Self::Relu,
            Activation::LeakyRelu { slope } => Self::LeakyRelu { slope: ratio(slope, field)? },
            Activation::HardTanh { min, max } => {
                Self::HardTanh { min: ratio(min, field)?, max: ratio(max, field)? }
            }
            Activation::Square => Self::Square,
            Activation::Quadratic => Self::Quadratic,
            Activation::Cubic => Self::Cubic,
            Activation::Softsign
            | Activation::Tanh
            | Activation::Logistic
            | Activation::Softplus => {
                let name = activation.name();
                return Err(Error::unsupported(format!("{name} over a finite field")));
            }
        })
    }

    /// Whether the function has a meaning over any field, without [`super::Positions`].
    #[must_use]
    pub fn is_polynomial(&self) -> bool {
        matches!(self, Self::Identity | Self::Square | Self::Quadratic | Self::Cubic)
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
    /// The residues of a network of floats, each an integer times a power of two.
    ///
    /// Exactness: the image of every number under ℤ₍p₎ → 𝔽_p, with no rounding.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for functions without a meaning over 𝔽_p, with Positions or without, and for numbers whose
    /// denominator p divides.
    pub fn of(dense: &Dense, field: &Field) -> Result<Self, Error> {
        let powers = Powers::of(field);
        let layers = dense.layers.iter().enumerate().map(|(l, layer)| {
            let biases = |tensor: &Tensor| residues(&tensor.values, field, &powers);
            let balance = layer.balance.as_ref().map(|f| Function::of(f, field)).transpose()?;
            Ok(Layer {
                weights: rows(&layer.weights, field, &powers)?,
                biases: layer.biases.as_ref().map(biases).transpose()?,
                activation: Function::of(&layer.activation, field)?,
                kink: dense.kink(l),
                balance,
            })
        });
        Ok(Self { layers: layers.collect::<Result<_, Error>>()? })
    }

    /// n_0, n_1, …, n_Λ.
    #[must_use]
    pub fn widths(&self) -> Vec<usize> {
        let inputs = self.layers.first().map_or(0, |layer| layer.weights.ncols());
        std::iter::once(inputs).chain(self.layers.iter().map(|l| l.weights.nrows())).collect()
    }
}

/// B × n numbers row by row as n × B residues: one column per example.
///
/// # Errors
/// [`Error::Unsupported`] for fractions at p = 2.
pub fn columns(tensor: &Tensor, field: &Field) -> Result<Mat<f64>, Error> {
    let powers = Powers::of(field);
    let mut matrix = zeros(tensor.cols, tensor.rows);
    for row in 0..tensor.rows {
        for (col, value) in tensor.row(row).iter().enumerate() {
            matrix[(col, row)] = residue(*value, field, &powers)?;
        }
    }
    Ok(matrix)
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

fn rows(tensor: &Tensor, field: &Field, powers: &Powers) -> Result<Mat<f64>, Error> {
    let mut matrix = zeros(tensor.rows, tensor.cols);
    for row in 0..tensor.rows {
        for (col, value) in tensor.row(row).iter().enumerate() {
            matrix[(row, col)] = residue(*value, field, powers)?;
        }
    }
    Ok(matrix)
}

fn residues(values: &[f64], field: &Field, powers: &Powers) -> Result<Vec<f64>, Error> {
    values.iter().map(|value| residue(*value, field, powers)).collect()
}

fn residue(value: f64, field: &Field, powers: &Powers) -> Result<f64, Error> {
    powers.dyadic(value).ok_or_else(|| no_image(&value.to_string(), field))
}

fn no_image(what: &str, field: &Field) -> Error {
    Error::unsupported(format!("{what} modulo {}, which divides its denominator", field.prime()))
}
