//! A layered case whose numbers are floats: what a network of a million parameters is read as.
//!
//! A [`Case`] holds every number as a fraction, some hundred bytes each. Weights that come out of a training are
//! floats, and a float *is* a fraction with a power of two below the line: [`Dense`] holds it in eight bytes, exactly.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, ToPrimitive, Zero};

use super::{Activation, Case, Dtype, Example, Expect, Kink, Layer, Layered, Loss, Network};

/// Up to so many parameters a case that refers to files is served as if its numbers stood in it.
pub const MOST_PARAMETERS: usize = 20_000;

/// A matrix of finite floats, row by row. Every value of every [`Dtype`] is an f64, so nothing is rounded.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// How many rows.
    pub rows: usize,
    /// How many columns.
    pub cols: usize,
    /// The format it was given in.
    pub dtype: Dtype,
    /// rows · cols values, row-major.
    pub values: Vec<f64>,
}

impl Tensor {
    /// One row.
    #[must_use]
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.cols..(row + 1) * self.cols]
    }

    /// The same with rows and columns exchanged.
    #[must_use]
    pub fn transposed(&self) -> Self {
        let (rows, cols) = (self.cols, self.rows);
        let values = (0..rows * cols).map(|at| self.at(at % cols, at / cols)).collect();
        Self { rows, cols, dtype: self.dtype, values }
    }

    /// One entry.
    #[must_use]
    pub fn at(&self, row: usize, col: usize) -> f64 {
        self.values[row * self.cols + col]
    }
}

/// A layered case of floats; the shapes fit one another.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    /// What the case is called in reports.
    pub name: Option<String>,
    /// Layers 1..=Λ, at least one.
    pub layers: Vec<DenseLayer>,
    /// The kink convention of D0, where a layer names none.
    pub kink: Kink,
    /// ℓ and N of D0.
    pub loss: Loss,
    /// η of D4.
    pub learning_rate: BigRational,
    /// B × n_0: one row per example.
    pub inputs: Tensor,
    /// t, B × n_Λ.
    pub targets: Tensor,
    /// What the author of the case expects of C2.
    pub expect: Expect,
}

/// One layer of a dense case.
#[derive(Clone, Debug, PartialEq)]
pub struct DenseLayer {
    /// W, n_l × n_(l−1): row = post, column = pre.
    pub weights: Tensor,
    /// b, n_l × 1; or none.
    pub biases: Option<Tensor>,
    /// σ of the layer.
    pub activation: Activation,
    /// The kink convention of this layer, if it differs from that of the case.
    pub kink: Option<Kink>,
    /// A balance function in place of σ' (D2).
    pub balance: Option<Activation>,
}

impl Dense {
    /// n_0, n_1, …, n_Λ, the input first.
    #[must_use]
    pub fn widths(&self) -> Vec<usize> {
        let layers = self.layers.iter().map(|layer| layer.weights.rows);
        std::iter::once(self.inputs.cols).chain(layers).collect()
    }

    /// B
    #[must_use]
    pub fn batch(&self) -> usize {
        self.inputs.rows
    }

    /// How many weights and biases there are.
    #[must_use]
    pub fn parameters(&self) -> usize {
        let biases = |layer: &DenseLayer| layer.biases.as_ref().map_or(0, |biases| biases.rows);
        self.layers.iter().map(|layer| layer.weights.values.len() + biases(layer)).sum()
    }

    /// The kink convention of a layer, counted from 0.
    #[must_use]
    pub fn kink(&self, layer: usize) -> Kink {
        self.layers[layer].kink.unwrap_or(self.kink)
    }

    /// The same case with every number as a fraction.
    ///
    /// Exactness: no rounding; `None` only if a value is not finite, which no reader lets through.
    #[must_use]
    pub fn to_case(&self) -> Option<Case> {
        let numbers = |values: &[f64]| values.iter().map(|v| BigRational::from_float(*v)).collect();
        let rows = |tensor: &Tensor| -> Option<Vec<Vec<BigRational>>> {
            (0..tensor.rows).map(|row| numbers(tensor.row(row))).collect()
        };
        let layers = self.layers.iter().map(|layer| {
            Some(Layer {
                weights: rows(&layer.weights)?,
                biases: match &layer.biases {
                    Some(biases) => Some(numbers(&biases.values)?),
                    None => None,
                },
                activation: layer.activation.clone(),
                kink: layer.kink,
                balance: layer.balance.clone(),
            })
        });
        let examples = rows(&self.inputs)?.into_iter().zip(rows(&self.targets)?);
        Some(Case {
            name: self.name.clone(),
            network: Network::Layered(Layered { layers: layers.collect::<Option<_>>()? }),
            loss: self.loss.clone(),
            learning_rate: self.learning_rate.clone(),
            kink: self.kink,
            examples: examples
                .map(|(input, target)| Example { input, target, equilibrium: None })
                .collect(),
            // No output of a layered network drives another neuron.
            output_credit: Default::default(),
            expect: self.expect,
        })
    }

    /// A case as floats; `None` for graphs and where a number is no f64.
    ///
    /// Exactness: [`Self::to_case`] of the result is the same case.
    ///
    /// ```
    /// use creditcheck::{spec::{Dense, Limits}, wire::Document};
    /// let text = br#"{"format": "creditcheck/case/1", "network": {"kind": "layered", "layers":
    ///   [{"weights": [["0.5", 2]], "activation": "relu"}]}, "loss": "half_squared_error",
    ///   "learning_rate": "1/3", "examples": [{"input": [1, 2], "target": [3]}]}"#;
    /// let case = Document::read(text, &Limits::default()).unwrap().case;
    /// let dense = Dense::of(&case).unwrap();
    /// assert_eq!(dense.layers[0].weights.values, [0.5, 2.0]);
    /// assert_eq!(dense.to_case(), Some(case));
    /// ```
    #[must_use]
    pub fn of(case: &Case) -> Option<Self> {
        let Network::Layered(net) = &case.network else { return None };
        let layers = net.layers.iter().map(|layer| {
            let biases = match &layer.biases {
                Some(biases) => Some(tensor(biases.iter().map(std::slice::from_ref), 1)?),
                None => None,
            };
            Some(DenseLayer {
                weights: tensor(layer.weights.iter().map(Vec::as_slice), layer.inputs())?,
                biases,
                activation: layer.activation.clone(),
                kink: layer.kink,
                balance: layer.balance.clone(),
            })
        });
        let widths = net.widths();
        let inputs = case.examples.iter().map(|example| example.input.as_slice());
        let targets = case.examples.iter().map(|example| example.target.as_slice());
        Some(Self {
            name: case.name.clone(),
            layers: layers.collect::<Option<_>>()?,
            kink: case.kink,
            loss: case.loss.clone(),
            learning_rate: case.learning_rate.clone(),
            inputs: tensor(inputs, widths[0])?,
            targets: tensor(targets, widths[widths.len() - 1])?,
            expect: case.expect,
        })
    }
}

fn tensor<'a>(rows: impl Iterator<Item = &'a [BigRational]>, cols: usize) -> Option<Tensor> {
    let mut values = Vec::new();
    for row in rows {
        for value in row {
            values.push(float(value)?);
        }
    }
    Some(Tensor { rows: values.len() / cols, cols, dtype: Dtype::F64, values })
}

/// The f64 that a number is, if it is one.
fn float(value: &BigRational) -> Option<f64> {
    if value.is_zero() {
        return Some(0.0);
    }
    // Only a power of two can stand below the line.
    let shift = value.denom().trailing_zeros()?;
    if value.denom() != &(BigInt::one() << shift) {
        return None;
    }
    let float = value.to_f64()?;
    (BigRational::from_float(float).as_ref() == Some(value)).then_some(float)
}
