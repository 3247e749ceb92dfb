//! Layers in time and their sequences in the ring of an engine.

use num_rational::BigRational;

use crate::error::Error;
use crate::scalar::Scalar;
use crate::spec::{Activation, Sequence, Stack, StackCase, StackLayer};
use crate::textbook::embed;

/// The numbers of a stack, every matrix post × pre.
#[derive(Clone)]
pub(super) struct Parameters<'a, S> {
    pub layers: Vec<Layer<'a, S>>,
    /// V
    pub readout: Vec<Vec<S>>,
    /// b
    pub readout_biases: Option<Vec<S>>,
}

/// Those of one layer.
#[derive(Clone)]
pub(super) struct Layer<'a, S> {
    /// σ
    pub activation: &'a Activation,
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
}

impl<'a, S: Scalar> Parameters<'a, S> {
    /// # Errors
    /// [`Error::Unsupported`] where a number has no image in the ring.
    pub fn of(net: &'a Stack) -> Result<Self, Error> {
        Ok(Self {
            layers: net.layers.iter().map(Layer::of).collect::<Result<_, _>>()?,
            readout: matrix(&net.readout, "a readout weight")?,
            readout_biases: maybe(net.readout_biases.as_deref(), "a readout bias")?,
        })
    }
}

impl<'a, S: Scalar> Layer<'a, S> {
    fn of(layer: &'a StackLayer) -> Result<Self, Error> {
        let leak: S = embed(&layer.leak, "the leak")?;
        Ok(Self {
            activation: &layer.activation,
            gain: S::one() - &leak,
            leak,
            recurrent: matrix(&layer.recurrent, "a recurrent weight")?,
            input: matrix(&layer.input, "an input weight")?,
            biases: maybe(layer.biases.as_deref(), "a bias")?,
        })
    }
}

/// A sequence.
pub(super) struct Rows<S> {
    /// s_0 = z_0 of each layer.
    pub initial: Vec<Vec<S>>,
    /// x_t
    pub input: Vec<Vec<S>>,
    /// y*_t
    pub wanted: Vec<Vec<S>>,
}

/// The sequences of a case.
///
/// # Errors
/// As [`Parameters::of`].
pub(super) fn sequences<S: Scalar>(case: &StackCase) -> Result<Vec<Rows<S>>, Error> {
    let rows = |Sequence { initial, input, target: wanted }: &Sequence| {
        let mut given = initial.iter().flatten();
        let mut states = Vec::new();
        for layer in &case.network.layers {
            // Those of the layers stand one after the other; where there are none, all are 0.
            let own = given.by_ref().take(layer.neurons());
            let mut state =
                own.map(|s| embed(s, "an initial state")).collect::<Result<Vec<S>, _>>()?;
            state.resize(layer.neurons(), S::zero());
            states.push(state);
        }
        Ok(Rows {
            initial: states,
            input: matrix(input, "an input")?,
            wanted: matrix(wanted, "a target")?,
        })
    };
    case.examples.iter().map(rows).collect()
}

/// 1/B
///
/// # Errors
/// As [`Parameters::of`].
pub(super) fn share<S: Scalar>(case: &StackCase) -> Result<S, Error> {
    let share = BigRational::new(1.into(), case.examples.len().max(1).into());
    embed(&share, "1/B, B the number of examples,")
}

fn maybe<S: Scalar>(values: Option<&[BigRational]>, what: &str) -> Result<Option<Vec<S>>, Error> {
    values.map(|values| vector(values, what)).transpose()
}

fn vector<S: Scalar>(values: &[BigRational], what: &str) -> Result<Vec<S>, Error> {
    values.iter().map(|value| embed(value, what)).collect()
}

fn matrix<S: Scalar>(rows: &[Vec<BigRational>], what: &str) -> Result<Vec<Vec<S>>, Error> {
    rows.iter().map(|row| vector(row, what)).collect()
}
