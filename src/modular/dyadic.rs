//! Floats as residues: each is an integer times a power of two, taken apart once and put together modulo every prime.

use faer::Mat;

use super::network::{Function, Layer, Network, no_image};
use crate::error::Error;
use crate::linalg::lanes::{Pass, widest};
use crate::linalg::{Field, parts, zeros};
use crate::spec::{Dense, DenseLayer, Tensor};

/// 2⁻¹⁰⁷⁴ is the smallest power of two of an f64.
const SMALLEST: i32 = -1074;
/// −1074 … 1023, rounded up to a power of two: a masked index needs no check of bounds.
const COUNT: usize = 4096;

/// Powers of two modulo one prime; 0 stands for a negative power modulo 2, which has none.
struct Powers([f64; COUNT]);

impl Powers {
    fn of(field: &Field) -> Box<Self> {
        let (two, half) = (field.reduce(2.0), field.invert(2.0).unwrap_or(0.0));
        let mut powers = Box::new(Self([0.0; COUNT]));
        let one = SMALLEST.unsigned_abs() as usize;
        powers.0[one] = field.reduce(1.0);
        for below in (0..one).rev() {
            powers.0[below] = field.times(powers.0[below + 1], half);
        }
        for above in one + 1..=one + 1023 {
            powers.0[above] = field.times(powers.0[above - 1], two);
        }
        powers
    }
}

/// A matrix of floats as odd integers times powers of two, column by column.
struct Dyadics {
    rows: usize,
    mantissas: Vec<f64>,
    /// Of each entry, counted from [`SMALLEST`].
    exponents: Vec<u16>,
    /// Whether every mantissa is below 2³⁰, as those of f32 are.
    short: bool,
}

impl Dyadics {
    /// Entry (row, column) by `at`; every float of a tensor is finite.
    fn of(rows: usize, columns: usize, at: impl Fn(usize, usize) -> f64) -> Self {
        let places = (0..columns).flat_map(|column| (0..rows).map(move |row| (row, column)));
        let (mantissas, exponents): (Vec<f64>, _) =
            places.map(|(row, column)| odd(at(row, column))).unzip();
        let short = mantissas.iter().all(|mantissa| mantissa.abs() < 1_073_741_824.0);
        Self { rows, mantissas, exponents, short }
    }

    /// A value that has no image modulo this prime.
    fn without_image(&self, field: &Field) -> Option<f64> {
        let is_fraction =
            |(m, e): &(&f64, &u16)| **m != 0.0 && i32::from(**e) < SMALLEST.unsigned_abs() as i32;
        if field.prime() != 2 {
            return None;
        }
        let (m, e) = self.mantissas.iter().zip(&self.exponents).find(is_fraction)?;
        Some(m * f64::from(i32::from(*e) + SMALLEST).exp2())
    }

    /// The residues, into the columns of a matrix of this shape.
    fn write<'a>(
        &self,
        field: &Field,
        powers: &Powers,
        into: impl Iterator<Item = &'a mut [f64]>,
    ) -> Result<(), Error> {
        if let Some(value) = self.without_image(field) {
            return Err(no_image(&value.to_string(), field));
        }
        let rows = self.rows.max(1);
        let columns = self.mantissas.chunks_exact(rows).zip(self.exponents.chunks_exact(rows));
        for (into, (mantissas, exponents)) in into.zip(columns) {
            widest(Write { field, powers, mantissas, exponents, short: self.short, into });
        }
        Ok(())
    }
}

/// value = m · 2ᵉ with an odd m, or 0 = 0 · 2⁰.
fn odd(value: f64) -> (f64, u16) {
    let (mantissa, exponent) = parts(value).unwrap_or((0.0, 0));
    if mantissa == 0.0 {
        return (0.0, SMALLEST.unsigned_abs() as u16);
    }
    // An integer below 2⁵³.
    #[allow(clippy::cast_possible_truncation)]
    let integer = mantissa as i64;
    let zeros = integer.trailing_zeros();
    // Below 2⁵³ every integer is a float, and the exponent is between 0 and 2097.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let found = ((integer >> zeros) as f64, (exponent - SMALLEST + zeros as i32) as u16);
    found
}

struct Write<'a> {
    field: &'a Field,
    powers: &'a Powers,
    mantissas: &'a [f64],
    exponents: &'a [u16],
    short: bool,
    into: &'a mut [f64],
}

impl Pass for Write<'_> {
    #[inline(always)]
    fn run(self) {
        let Self { field, powers, mantissas, exponents, short, into } = self;
        // Looked up first, because the rest of the work does not depend on where they stand.
        for (x, e) in into.iter_mut().zip(exponents) {
            *x = powers.0[usize::from(*e) % COUNT];
        }
        let entries = into.iter_mut().zip(mantissas);
        if short {
            // Below 2³⁰ · 2²¹.
            entries.for_each(|(x, m)| *x = field.reduce(m * *x));
        } else {
            entries.for_each(|(x, m)| *x = field.times(field.mantissa(*m), *x));
        }
    }
}

/// A case of floats, taken apart.
pub(super) struct Prepared<'a> {
    dense: &'a Dense,
    weights: Vec<Dyadics>,
    biases: Vec<Option<Dyadics>>,
    inputs: Dyadics,
    targets: Dyadics,
}

/// A case modulo one prime, in memory that serves the next prime too.
pub(super) struct Reduced {
    pub(super) network: Network,
    /// n_0 × B
    pub(super) inputs: Mat<f64>,
    /// n_Λ × B
    pub(super) targets: Mat<f64>,
}

impl<'a> Prepared<'a> {
    pub(super) fn of(dense: &'a Dense) -> Self {
        let by_rows = |t: &Tensor| Dyadics::of(t.rows, t.cols, |row, column| t.at(row, column));
        let vector = |t: &Tensor| Dyadics::of(t.values.len(), 1, |row, _| t.values[row]);
        Self {
            dense,
            weights: dense.layers.iter().map(|layer| by_rows(&layer.weights)).collect(),
            biases: dense.layers.iter().map(|layer| layer.biases.as_ref().map(vector)).collect(),
            inputs: by_columns(&dense.inputs),
            targets: by_columns(&dense.targets),
        }
    }

    /// Room for the residues; what is in it is 0.
    pub(super) fn room(&self) -> Reduced {
        let layer = |(l, layer): (usize, &DenseLayer)| Layer {
            weights: zeros(layer.weights.rows, layer.weights.cols),
            biases: layer.biases.as_ref().map(|biases| vec![0.0; biases.values.len()]),
            activation: Function::Identity,
            kink: self.dense.kink(l),
            balance: None,
        };
        let Dense { layers, inputs, targets, .. } = self.dense;
        Reduced {
            network: Network { layers: layers.iter().enumerate().map(layer).collect() },
            inputs: zeros(inputs.cols, inputs.rows),
            targets: zeros(targets.cols, targets.rows),
        }
    }

    /// The image of every number under ℤ₍p₎ → 𝔽_p, with no rounding.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for functions without a meaning over 𝔽_p and for numbers whose denominator p divides.
    pub(super) fn modulo(&self, field: &Field, into: &mut Reduced) -> Result<(), Error> {
        let powers = Powers::of(field);
        let layers = into.network.layers.iter_mut().zip(&self.dense.layers);
        for ((layer, given), (weights, biases)) in layers.zip(self.weights.iter().zip(&self.biases))
        {
            weights.write(field, &powers, each_column(&mut layer.weights))?;
            if let (Some(biases), Some(into)) = (biases, &mut layer.biases) {
                biases.write(field, &powers, std::iter::once(into.as_mut_slice()))?;
            }
            layer.activation = Function::of(&given.activation, field)?;
            layer.balance = given.balance.as_ref().map(|f| Function::of(f, field)).transpose()?;
        }
        self.inputs.write(field, &powers, each_column(&mut into.inputs))?;
        self.targets.write(field, &powers, each_column(&mut into.targets))
    }
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
        let prepared = Prepared::of(dense);
        let mut reduced = prepared.room();
        prepared.modulo(field, &mut reduced)?;
        Ok(reduced.network)
    }
}

/// B × n numbers row by row as n × B residues: one column per example.
///
/// # Errors
/// [`Error::Unsupported`] for fractions at p = 2.
pub fn columns(tensor: &Tensor, field: &Field) -> Result<Mat<f64>, Error> {
    let mut matrix = zeros(tensor.cols, tensor.rows);
    by_columns(tensor).write(field, &Powers::of(field), each_column(&mut matrix))?;
    Ok(matrix)
}

/// The transpose of a tensor.
fn by_columns(tensor: &Tensor) -> Dyadics {
    Dyadics::of(tensor.cols, tensor.rows, |row, column| tensor.at(column, row))
}

fn each_column(matrix: &mut Mat<f64>) -> impl Iterator<Item = &mut [f64]> {
    let columns = matrix.as_mut().col_iter_mut();
    // Entries of a column lie side by side in every matrix of this room.
    columns.filter_map(|column| Some(column.try_as_col_major_mut()?.as_slice_mut()))
}
