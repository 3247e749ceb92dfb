//! What stands in place of the transposed weights where credit comes back through matrices of its own (G1).

use num_rational::BigRational;

use super::network::Layered;
use crate::error::Error;

/// B², …, B^Λ of feedback alignment (G1): fixed matrices in place of the (W^l)ᵀ of a layered network.
///
/// Shapes: B^l is n_(l−1) × n_l, row = pre, column = post, as (W^l)ᵀ is; the first layer needs none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedbackMatrices(Vec<Vec<Vec<BigRational>>>);

impl FeedbackMatrices {
    /// Matrices that fit a network of these widths n_0, n_1, …, n_Λ.
    ///
    /// # Errors
    /// [`Error::Input`] with the place in `options.feedback` where they do not.
    pub fn new(widths: &[usize], matrices: Vec<Vec<Vec<BigRational>>>) -> Result<Self, Error> {
        let shapes: Vec<_> = widths.windows(2).skip(1).collect();
        let refuse = |place: String, found: usize, expected: usize, what: &str| {
            let (found, expected) = (format!("an array of {found}"), format!("{expected} {what}"));
            Err(Error::input(format!("options.feedback{place}"), found, expected))
        };
        if matrices.len() != shapes.len() {
            return refuse(String::new(), matrices.len(), shapes.len(), MATRICES);
        }
        for (k, (matrix, shape)) in matrices.iter().zip(shapes).enumerate() {
            if matrix.len() != shape[0] {
                return refuse(format!("[{k}]"), matrix.len(), shape[0], ROWS);
            }
            for (pre, row) in matrix.iter().enumerate() {
                if row.len() != shape[1] {
                    return refuse(format!("[{k}][{pre}]"), row.len(), shape[1], NUMBERS);
                }
            }
        }
        Ok(Self(matrices))
    }

    /// B^l = (W^l)ᵀ, with which feedback alignment is backpropagation.
    #[must_use]
    pub fn transposed(net: &Layered) -> Self {
        let of_layer = |layer: &super::Layer| {
            let row = |pre: usize| layer.weights.iter().map(|row| row[pre].clone()).collect();
            (0..layer.inputs()).map(row).collect()
        };
        Self(net.layers.iter().skip(1).map(of_layer).collect())
    }

    /// B^l, l from 2 to Λ: one row per neuron of layer l − 1.
    #[must_use]
    pub fn of_layer(&self, layer: usize) -> &[Vec<BigRational>] {
        &self.0[layer - 2]
    }

    /// B², …, B^Λ.
    #[must_use]
    pub fn matrices(&self) -> &[Vec<Vec<BigRational>>] {
        &self.0
    }
}

/// How many matrices there are to be, in words.
pub(crate) const MATRICES: &str = "matrices B^l, one per layer but the first";
/// How many rows a matrix is to have, in words.
pub(crate) const ROWS: &str = "rows, one per neuron of the layer below";
/// How many numbers a row is to have, in words.
pub(crate) const NUMBERS: &str = "numbers, one per neuron of the layer above";
