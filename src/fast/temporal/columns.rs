//! Matrices of neurons by (steps · examples), one column per example and step, of which runs of columns are taken.

use faer::{MatMut, MatRef};

use crate::fast::Float;
use crate::fast::layout::stride;

/// Bytes on which the first column starts: what the widest vectors want.
const ALIGNMENT: usize = 64;

/// A matrix whose columns are padded; a run of them, padding included, is one slice, which loops walk without looking at rows.
///
/// The padding is zero at the start and never read as a number of the matrix.
pub(super) struct Columns<F> {
    rows: usize,
    columns: usize,
    start: usize,
    data: Vec<F>,
}

impl<F: Float> Columns<F> {
    /// Zeros.
    pub fn zeros(rows: usize, columns: usize) -> Self {
        let spare = ALIGNMENT / size_of::<F>();
        let data = vec![F::from(0); stride(rows) * columns + spare];
        // An offset that cannot be had costs speed only.
        let start = data.as_ptr().align_offset(ALIGNMENT).min(spare);
        Self { rows, columns, start, data }
    }

    /// From one column to the next.
    pub fn stride(&self) -> usize {
        stride(self.rows)
    }

    /// How many columns there are.
    pub fn count(&self) -> usize {
        self.columns
    }

    /// `width` columns from `first` on, with their padding.
    pub fn run(&self, first: usize, width: usize) -> &[F] {
        &self.data[self.start..][first * self.stride()..][..width * self.stride()]
    }

    /// The same, to change.
    pub fn run_mut(&mut self, first: usize, width: usize) -> &mut [F] {
        let stride = self.stride();
        &mut self.data[self.start..][first * stride..][..width * stride]
    }

    /// The columns before `at`, and those from it on, with their padding.
    pub fn split_mut(&mut self, at: usize) -> (&mut [F], &mut [F]) {
        let stride = self.stride();
        let length = self.columns * stride;
        self.data[self.start..][..length].split_at_mut(at * stride)
    }

    /// `width` columns from `first` on, as a matrix.
    pub fn part(&self, first: usize, width: usize) -> MatRef<'_, F> {
        let stride = self.stride();
        MatRef::from_column_major_slice_with_stride(
            self.run(first, width),
            self.rows,
            width,
            stride,
        )
    }

    /// The same, to change.
    pub fn part_mut(&mut self, first: usize, width: usize) -> MatMut<'_, F> {
        let (rows, stride) = (self.rows, self.stride());
        MatMut::from_column_major_slice_with_stride_mut(
            self.run_mut(first, width),
            rows,
            width,
            stride,
        )
    }

    /// All of it.
    pub fn all(&self) -> MatRef<'_, F> {
        self.part(0, self.columns)
    }

    /// All of it, to change.
    pub fn all_mut(&mut self) -> MatMut<'_, F> {
        self.part_mut(0, self.columns)
    }

    /// One column, without its padding.
    pub fn column(&self, column: usize) -> &[F] {
        &self.run(column, 1)[..self.rows]
    }

    /// The same, to change.
    pub fn column_mut(&mut self, column: usize) -> &mut [F] {
        let rows = self.rows;
        &mut self.run_mut(column, 1)[..rows]
    }

    /// Takes `scale` times the numbers of a row-major matrix, transposed: row r becomes column `first + r`.
    pub fn fill_rows(&mut self, first: usize, values: &[F], scale: F) {
        let rows = self.rows;
        for (column, row) in values.chunks_exact(rows).enumerate() {
            for (entry, value) in self.column_mut(first + column).iter_mut().zip(row) {
                *entry = scale * *value;
            }
        }
    }

    /// Takes `scale` times the numbers of a row-major matrix of this many rows as the columns from `first` on.
    pub fn fill_columns(&mut self, first: usize, values: &[F], scale: F) {
        let width = values.len() / self.rows;
        for column in 0..width {
            for (row, entry) in self.column_mut(first + column).iter_mut().enumerate() {
                *entry = scale * values[row * width + column];
            }
        }
    }

    /// Writes the columns from `first` on into a row-major matrix.
    pub fn write_rows(&self, first: usize, into: &mut [F]) {
        let width = into.len() / self.rows;
        for column in 0..width {
            for (row, entry) in self.column(first + column).iter().enumerate() {
                into[row * width + column] = *entry;
            }
        }
    }
}

/// A contiguous column-major matrix that came from outside.
pub(super) fn matrix<F>(values: &[F], rows: usize, columns: usize) -> MatRef<'_, F> {
    MatRef::from_column_major_slice(values, rows, columns)
}

/// Adds the same to each of some columns, one after the other; nothing where there is none.
pub(super) fn add_to_each<F: Float>(columns: &mut [F], addend: Option<&[F]>) {
    let Some(addend) = addend else { return };
    for column in columns.chunks_exact_mut(addend.len()) {
        for (value, addend) in column.iter_mut().zip(addend) {
            *value += *addend;
        }
    }
}

/// Adds the sum of some columns, one after the other.
pub(super) fn add_columns<F: Float>(columns: &[F], sums: &mut [F]) {
    for column in columns.chunks_exact(sums.len()) {
        for (sum, value) in sums.iter_mut().zip(column) {
            *sum += *value;
        }
    }
}
