//! What goes into an engine and what comes out: the network, a batch, and a gradient.

use num_rational::BigRational;

use crate::error::Error;
use crate::fast::{Float, Function, not_finite, rounded};
use crate::spec::Kink;
use crate::spec::TemporalCase;

/// A recurrent network of leaky neurons with a linear readout (T1), in floats that training changes in place.
///
/// ```text
/// T1   s_t = λ s_{t−1} + (1−λ)(W z_{t−1} + U x_t),  z_t = σ(s_t),  y_t = V z_t + b,  s_0 = z_0 = 0 or as given
/// ```
///
/// Biases of the neurons are the weights of one more input, which is always 1: [`Self::of`] and [`Batch::of`] put it last.
///
/// Shapes: N neurons, M inputs, K readouts; every matrix is post × pre and row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct TemporalNetwork<F> {
    /// N
    pub neurons: usize,
    /// M
    pub inputs: usize,
    /// K
    pub readouts: usize,
    /// λ, in [0, 1): not the learning rate.
    pub leak: F,
    /// σ of every neuron.
    pub activation: Function<F>,
    /// The kink convention of D0.
    pub kink: Kink,
    /// W, N × N.
    pub recurrent: Vec<F>,
    /// Whether neurons have synapses onto themselves, which type-specific feedback then has too.
    pub has_diagonal: bool,
    /// U, N × M.
    pub input: Vec<F>,
    /// V, K × N.
    pub readout: Vec<F>,
    /// b, one per readout; or none: then there are no bias parameters.
    pub readout_biases: Option<Vec<F>>,
    /// The type of each neuron, for type-specific feedback; each less than N.
    pub types: Option<Vec<usize>>,
}

impl<F: Float> TemporalNetwork<F> {
    /// Every number of the network of a case, rounded to the nearest float.
    ///
    /// # Errors
    /// [`Error::NotFinite`] if a number is beyond the format, [`Error::Input`] on ragged matrices.
    pub fn of(case: &TemporalCase) -> Result<Self, Error> {
        let exact = &case.network;
        let (neurons, readouts) = (exact.neurons(), exact.readouts());
        let inputs = exact.inputs() + usize::from(exact.biases.is_some());
        let biases = exact.readout_biases.as_ref();
        let mut synapses = exact.input.clone();
        for (row, bias) in synapses.iter_mut().zip(exact.biases.iter().flatten()) {
            row.push(bias.clone());
        }
        let network = Self {
            neurons,
            inputs,
            readouts,
            leak: rounded(&exact.leak, || "the leak".to_owned())?,
            activation: Function::of(&exact.activation)?,
            kink: case.kink,
            recurrent: flat(&exact.recurrent, neurons, "network.recurrent")?,
            has_diagonal: exact.has_diagonal,
            input: flat(&synapses, inputs, "network.input")?,
            readout: flat(&exact.readout, neurons, "network.readout")?,
            readout_biases: biases
                .map(|biases| numbers(biases, "network.readout_biases"))
                .transpose()?,
            types: exact.types.clone(),
        };
        network.expect_shapes()?;
        Ok(network)
    }

    /// Refuses what no engine could run, in constant time but for the types.
    pub(super) fn expect_shapes(&self) -> Result<(), Error> {
        let (n, m, k) = (self.neurons, self.inputs, self.readouts);
        if n == 0 || m == 0 || k == 0 {
            let found = format!("{n} neurons, {m} inputs and {k} readouts");
            return Err(Error::input("network", found, "at least one of each"));
        }
        let expect = |place: &str, found: usize, expected: Option<usize>| {
            if Some(found) == expected {
                return Ok(());
            }
            let expected = expected.map_or("fewer".to_owned(), |expected| expected.to_string());
            Err(Error::input(place, format!("{found} numbers"), expected))
        };
        expect("network.recurrent", self.recurrent.len(), n.checked_mul(n))?;
        expect("network.input", self.input.len(), n.checked_mul(m))?;
        expect("network.readout", self.readout.len(), k.checked_mul(n))?;
        if let Some(biases) = &self.readout_biases {
            expect("network.readout_biases", biases.len(), Some(k))?;
        }
        if let Some(types) = &self.types {
            expect("network.types", types.len(), Some(n))?;
            if let Some(bad) = types.iter().find(|&&of| of >= n) {
                return Err(Error::input("network.types", bad.to_string(), format!("below {n}")));
            }
        }
        if !(self.leak >= F::from(0) && self.leak < F::from(1)) {
            let leak: f64 = self.leak.into();
            return Err(Error::input("network.leak", leak.to_string(), "at least 0 and below 1"));
        }
        Ok(())
    }
}

/// Sequences, all of the same length: what the network sees and what it should say.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch<F> {
    /// T
    pub steps: usize,
    /// B
    pub examples: usize,
    /// x: input m of example b at step t + 1 is `input[(t*B + b)*M + m]`.
    pub input: Vec<F>,
    /// y*: target k of example b at step t + 1 is `target[(t*B + b)*K + k]`.
    pub target: Vec<F>,
    /// s_0 = z_0: that of neuron n in example b is `initial[b*N + n]`; or none: then all are 0.
    pub initial: Option<Vec<F>>,
}

impl<F: Float> Batch<F> {
    /// The examples of a case, rounded to the nearest float.
    ///
    /// # Errors
    /// [`Error::NotFinite`] if a number is beyond the format, [`Error::Input`] on ragged sequences.
    pub fn of(case: &TemporalCase) -> Result<Self, Error> {
        let (steps, examples) = (case.duration(), case.examples.len());
        let (mut input, mut target) = (Vec::new(), Vec::new());
        for t in 0..steps {
            for (b, example) in case.examples.iter().enumerate() {
                for (what, rows, width, into) in [
                    ("input", &example.input, case.network.inputs(), &mut input),
                    ("target", &example.target, case.network.readouts(), &mut target),
                ] {
                    let place = format!("examples[{b}].{what}[{t}]");
                    let row = rows.get(t).map_or(&[][..], Vec::as_slice);
                    if row.len() != width {
                        let found = format!("{} numbers", row.len());
                        return Err(Error::input(place, found, width.to_string()));
                    }
                    into.extend(numbers::<F>(row, &place)?);
                    if what == "input" && case.network.biases.is_some() {
                        into.push(F::from(1));
                    }
                }
            }
        }
        let mut initial = None;
        if !case.starts_silent() {
            let mut all = Vec::new();
            for (b, example) in case.examples.iter().enumerate() {
                match &example.initial {
                    Some(state) => all.extend(numbers::<F>(state, &format!("initial[{b}]"))?),
                    None => all.extend(vec![F::from(0); case.network.neurons()]),
                }
            }
            initial = Some(all);
        }
        Ok(Self { steps, examples, input, target, initial })
    }
}

/// Derivatives, or a rule's estimate of them, row-major in the shapes of the network; means over the batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Flat<F> {
    /// ∂L/∂W, N × N, the diagonal too.
    pub recurrent: Vec<F>,
    /// ∂L/∂U, N × M.
    pub input: Vec<F>,
    /// ∂L/∂V, K × N; exact in every rule.
    pub readout: Vec<F>,
    /// ∂L/∂b, K, also where the network has none; exact in every rule.
    pub readout_biases: Vec<F>,
}

impl<F: Float> Flat<F> {
    pub(super) fn zeros(shape: Shape) -> Self {
        let zeros = |length| vec![F::from(0); length];
        Self {
            recurrent: zeros(shape.neurons * shape.neurons),
            input: zeros(shape.neurons * shape.inputs),
            readout: zeros(shape.readouts * shape.neurons),
            readout_biases: zeros(shape.readouts),
        }
    }

    pub(super) fn expect_finite(&self) -> Result<(), Error> {
        for (what, values) in [
            ("recurrent weights", &self.recurrent),
            ("input weights", &self.input),
            ("readout weights", &self.readout),
            ("readout biases", &self.readout_biases),
        ] {
            if !(F::all_tame(values) || values.iter().all(|value| value.finite())) {
                return Err(not_finite(format!("gradient of the {what} in {}", F::NAME)));
            }
        }
        Ok(())
    }
}

/// N, M, K, T and B.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub neurons: usize,
    pub inputs: usize,
    pub readouts: usize,
    pub steps: usize,
    pub examples: usize,
}

fn flat<F: Float>(rows: &[Vec<BigRational>], width: usize, place: &str) -> Result<Vec<F>, Error> {
    let mut all = Vec::with_capacity(rows.len().saturating_mul(width));
    for (row, values) in rows.iter().enumerate() {
        let place = format!("{place}[{row}]");
        if values.len() != width {
            let found = format!("{} numbers", values.len());
            return Err(Error::input(place, found, width.to_string()));
        }
        all.extend(numbers::<F>(values, &place)?);
    }
    Ok(all)
}

fn numbers<F: Float>(values: &[BigRational], place: &str) -> Result<Vec<F>, Error> {
    let number = |value| rounded(value, || place.to_owned());
    values.iter().map(number).collect()
}
