//! A temporal network and its sequences in the ring of an engine.

use num_rational::BigRational;

use crate::error::Error;
use crate::scalar::Scalar;
use crate::spec::{Sequence, Temporal};
use crate::textbook::embed;

/// The numbers of a temporal network, W, U, V post × pre.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemporalParameters<S> {
    /// λ
    pub leak: S,
    /// 1 − λ
    pub gain: S,
    /// W
    pub recurrent: Vec<Vec<S>>,
    /// U
    pub input: Vec<Vec<S>>,
    /// V
    pub readout: Vec<Vec<S>>,
    /// b
    pub readout_biases: Option<Vec<S>>,
}

impl<S: Scalar> TemporalParameters<S> {
    /// The parameters of a network.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where a number has no image in the ring.
    pub fn of(net: &Temporal) -> Result<Self, Error> {
        let leak: S = embed(&net.leak, "the leak")?;
        Ok(Self {
            gain: S::one() - &leak,
            leak,
            recurrent: matrix(&net.recurrent, "a recurrent weight")?,
            input: matrix(&net.input, "an input weight")?,
            readout: matrix(&net.readout, "a readout weight")?,
            readout_biases: match &net.readout_biases {
                None => None,
                Some(biases) => Some(vector(biases, "a readout bias")?),
            },
        })
    }
}

/// The inputs and the targets of a sequence, row per step.
pub(super) type Rows<S> = (Vec<Vec<S>>, Vec<Vec<S>>);

pub(super) fn rows<S: Scalar>(example: &Sequence) -> Result<Rows<S>, Error> {
    Ok((matrix(&example.input, "an input")?, matrix(&example.target, "a target")?))
}

pub(super) fn vector<S: Scalar>(values: &[BigRational], what: &str) -> Result<Vec<S>, Error> {
    values.iter().map(|value| embed(value, what)).collect()
}

fn matrix<S: Scalar>(rows: &[Vec<BigRational>], what: &str) -> Result<Vec<Vec<S>>, Error> {
    rows.iter().map(|row| vector(row, what)).collect()
}

/// 1/B
pub(super) fn one_over(count: usize) -> BigRational {
    BigRational::new(1.into(), count.max(1).into())
}
