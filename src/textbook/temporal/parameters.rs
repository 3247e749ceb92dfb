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
    /// c
    pub biases: Option<Vec<S>>,
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
            biases: maybe(net.biases.as_deref(), "a bias")?,
            readout: matrix(&net.readout, "a readout weight")?,
            readout_biases: maybe(net.readout_biases.as_deref(), "a readout bias")?,
        })
    }
}

/// A sequence in the ring of an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows<S> {
    /// s_0 = z_0
    pub initial: Vec<S>,
    /// x_t, row per step.
    pub input: Vec<Vec<S>>,
    /// y*_t, row per step.
    pub target: Vec<Vec<S>>,
}

pub(super) fn rows<S: Scalar>(example: &Sequence, neurons: usize) -> Result<Rows<S>, Error> {
    let initial = maybe(example.initial.as_deref(), "an initial state")?;
    Ok(Rows {
        initial: initial.unwrap_or_else(|| vec![S::zero(); neurons]),
        input: matrix(&example.input, "an input")?,
        target: matrix(&example.target, "a target")?,
    })
}

fn maybe<S: Scalar>(values: Option<&[BigRational]>, what: &str) -> Result<Option<Vec<S>>, Error> {
    values.map(|values| vector(values, what)).transpose()
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
