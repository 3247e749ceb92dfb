//! One strided product for every engine of this room, its shapes checked before, in panels that fit the caches.
//!
//! The kernel is faer's. Measured on one core of an AMD EPYC with AVX-512 and 1 MiB of L2 (2026-11-24; `docs::performance` has an Intel processor, where `gemm` is the
//! faster one in f64), all products of 784-1024-1024-10 at batch 256, sums of
//! medians relative to one call of faer per product on padded columns: the `gemm` crate (x86-v4) 1.03 in f32 and 0.99 in
//! f64, faer without padding 1.06 and 1.01, faer in panels of rows 0.94 and 0.94. At batch 32 one call of `gemm` is up to
//! 8 % faster than one of faer on W·x, and up to 1.4 times slower on Wᵀ·c; the narrow panels below give the former to faer
//! too. So there is no shape among those measured at which a second kernel is worth having; and `gemm` takes memory at every call,
//! where faer keeps its packing buffer.
//!
//! Transposes are strides swapped, never copies.

use faer::linalg::matmul::matmul;
use faer::prelude::ReborrowMut;
use faer::{Accum, MatMut, MatRef, Par};

use super::{Float, Threads};
use crate::error::Error;

/// Rows of a panel: three times the 96 (f32) or six times the 48 (f64) rows of faer's widest kernel. Of 192, 288, 384, 480 and 576
/// none is better on all products: times the 512 that faer takes of the depth at once, it is about what an L2 cache holds.
const ROWS: usize = 288;
/// Columns of a panel: makes a product of 2000 × 2000 faster, and no difference below.
const COLUMNS: usize = 512;
/// A right factor with at most so many columns does not pay for packing the left one.
const NARROW: usize = 64;
/// Multiplications below which a second thread costs more than it gives.
const PARALLEL: usize = 1 << 18;

/// How a product is cut; the same for every number of threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Panels {
    rows: usize,
    columns: usize,
}

/// dst ← (dst if `accum` adds) + alpha · left · right.
///
/// Exactness: the panels do not depend on the number of threads, and each is computed by one thread: neither do the bits.
///
/// # Errors
/// [`Error::Input`] if the shapes do not fit (faer itself would panic).
pub(super) fn product<F: Float>(
    dst: MatMut<'_, F>,
    accum: Accum,
    left: MatRef<'_, F>,
    right: MatRef<'_, F>,
    alpha: F,
    threads: Threads,
) -> Result<(), Error> {
    Task { dst, accum, left, right, alpha, partner: None }.start(threads, |_, _| ())
}

/// dst ← alpha · left · right, and each panel of it, while it is in the cache, is handed on together with that of the partner.
///
/// # Errors
/// [`Error::Input`] if a shape does not fit.
pub(super) fn product_onto<F: Float>(
    dst: MatMut<'_, F>,
    left: MatRef<'_, F>,
    right: MatRef<'_, F>,
    alpha: F,
    threads: Threads,
    partner: MatMut<'_, F>,
    then: impl Fn(MatMut<'_, F>, MatRef<'_, F>) + Copy + Sync,
) -> Result<(), Error> {
    expect_shape("partner", partner.as_ref(), dst.nrows(), dst.ncols())?;
    let accum = Accum::Replace;
    Task { dst, accum, left, right, alpha, partner: Some(partner) }.start(threads, then)
}

impl Panels {
    /// `contiguous`: the left factor has its columns in one piece.
    fn of<F>(rows: usize, columns: usize, contiguous: bool) -> Self {
        // One tile of rows, and as few columns as faer multiplies without packing the left factor.
        let narrow = match size_of::<F>() {
            4 => Self { rows: 96, columns: 12 },
            _ => Self { rows: 48, columns: 16 },
        };
        if contiguous && rows <= ROWS && columns <= NARROW && columns > narrow.columns {
            return narrow;
        }
        Self { rows: ROWS, columns: COLUMNS }
    }
}

/// A product, or the part of one that falls to a thread.
struct Task<'a, F> {
    dst: MatMut<'a, F>,
    accum: Accum,
    left: MatRef<'a, F>,
    right: MatRef<'a, F>,
    alpha: F,
    partner: Option<MatMut<'a, F>>,
}

impl<F: Float> Task<'_, F> {
    /// Checks the shapes, and does it.
    fn start(
        self,
        threads: Threads,
        then: impl Fn(MatMut<'_, F>, MatRef<'_, F>) + Copy + Sync,
    ) -> Result<(), Error> {
        let ((rows, columns), depth) = (self.dst.shape(), self.left.ncols());
        expect_shape("left factor", self.left, rows, self.right.nrows())?;
        expect_shape("right factor", self.right, depth, columns)?;
        let work = rows.saturating_mul(columns).saturating_mul(depth);
        let threads = if work < PARALLEL { 1 } else { threads.count() };
        let panels = Panels::of::<F>(rows, columns, self.left.row_stride() == 1);
        self.share_out(panels, threads, then);
        Ok(())
    }

    /// Halves threads and panels together, until one thread is left.
    fn share_out(
        self,
        panels: Panels,
        threads: usize,
        then: impl Fn(MatMut<'_, F>, MatRef<'_, F>) + Copy + Sync,
    ) {
        let down = self.dst.nrows().div_ceil(panels.rows);
        let across = self.dst.ncols().div_ceil(panels.columns);
        if threads == 1 || (down <= 1 && across <= 1) {
            return self.run(panels, then);
        }
        let (fewer, more) = (threads / 2, threads - threads / 2);
        let Self { dst, accum, left, right, alpha, partner } = self;
        let (first, second) = if down >= across {
            let at = panels.rows * (down * fewer / threads).max(1);
            let (above, below) = dst.split_at_row_mut(at);
            let lefts = left.split_at_row(at);
            let partners = halves(partner, |partner| partner.split_at_row_mut(at));
            (
                Self { dst: above, accum, left: lefts.0, right, alpha, partner: partners.0 },
                Self { dst: below, accum, left: lefts.1, right, alpha, partner: partners.1 },
            )
        } else {
            let at = panels.columns * (across * fewer / threads).max(1);
            let (before, after) = dst.split_at_col_mut(at);
            let rights = right.split_at_col(at);
            let partners = halves(partner, |partner| partner.split_at_col_mut(at));
            (
                Self { dst: before, accum, left, right: rights.0, alpha, partner: partners.0 },
                Self { dst: after, accum, left, right: rights.1, alpha, partner: partners.1 },
            )
        };
        rayon::join(
            || first.share_out(panels, fewer, then),
            || second.share_out(panels, more, then),
        );
    }

    fn run(mut self, panels: Panels, then: impl Fn(MatMut<'_, F>, MatRef<'_, F>)) {
        let (rows, columns) = self.dst.shape();
        for column in (0..columns).step_by(panels.columns) {
            let width = panels.columns.min(columns - column);
            let right = self.right.subcols(column, width);
            for row in (0..rows).step_by(panels.rows) {
                let height = panels.rows.min(rows - row);
                let mut dst = self.dst.rb_mut().submatrix_mut(row, column, height, width);
                let left = self.left.subrows(row, height);
                matmul(dst.rb_mut(), self.accum, left, right, self.alpha, Par::Seq);
                if let Some(partner) = &mut self.partner {
                    then(partner.rb_mut().submatrix_mut(row, column, height, width), dst.as_ref());
                }
            }
        }
    }
}

fn halves<M>(whole: Option<M>, split: impl FnOnce(M) -> (M, M)) -> (Option<M>, Option<M>) {
    match whole.map(split) {
        Some((first, second)) => (Some(first), Some(second)),
        None => (None, None),
    }
}

/// Refuses a matrix that does not have this shape.
///
/// # Errors
/// [`Error::Input`] with both shapes.
pub(super) fn expect_shape<F: Float>(
    place: &str,
    matrix: MatRef<'_, F>,
    rows: usize,
    columns: usize,
) -> Result<(), Error> {
    if matrix.shape() == (rows, columns) {
        return Ok(());
    }
    let found = format!("{} × {}", matrix.nrows(), matrix.ncols());
    Err(Error::input(place, found, format!("{rows} × {columns}")))
}

#[cfg(test)]
mod tests {
    use faer::Mat;

    use super::*;
    use crate::fast::layout::padded;

    /// Small whole numbers: every sum of theirs is exact in any order.
    fn whole<F: Float>(rows: usize, columns: usize, seed: usize) -> Mat<F> {
        padded(rows, columns, |row, column| {
            let mixed = (row * 31 + column * 17 + seed).wrapping_mul(0x9E37_79B9) >> 7;
            F::count(mixed % 9) - F::from(4)
        })
    }

    /// All four ways to lay out both factors, every number of threads, replaced and added; the partner sees each entry once.
    fn agrees<F: Float>(rows: usize, columns: usize, depth: usize) {
        let (left, right) = (whole::<F>(rows, depth, 1), whole::<F>(depth, columns, 2));
        let (turned_left, turned_right) =
            (left.transpose().to_owned(), right.transpose().to_owned());
        let mut expected = Mat::<F>::zeros(rows, columns);
        for row in 0..rows {
            for column in 0..columns {
                let terms = (0..depth).map(|k| left[(row, k)] * right[(k, column)]);
                expected[(row, column)] = terms.fold(F::from(0), |sum, term| sum + term);
            }
        }
        let (one, two) = (F::from(1), F::from(2));
        let (doubled, nothing) = (&expected * faer::Scale(two), Mat::<F>::zeros(rows, columns));
        let start = whole::<F>(rows, columns, 3);
        let added = &expected + &start;
        for threads in (1..=5).map(Threads::rayon) {
            for left in [left.as_ref(), turned_left.transpose()] {
                for right in [right.as_ref(), turned_right.transpose()] {
                    let mut found = padded(rows, columns, |_, _| F::from(7));
                    product(found.as_mut(), Accum::Replace, left, right, two, threads).unwrap();
                    assert!(found == doubled, "{rows} {columns} {depth}");
                    product(found.as_mut(), Accum::Add, left, right, -two, threads).unwrap();
                    assert!(found == nothing, "{rows} {columns} {depth}");
                    let mut sum = start.clone();
                    let add = |mut partner: MatMut<'_, F>, part: MatRef<'_, F>| partner += part;
                    let partner = sum.as_mut();
                    product_onto(found.as_mut(), left, right, one, threads, partner, add).unwrap();
                    assert!(found == expected, "{rows} {columns} {depth}");
                    assert!(sum == added, "{rows} {columns}");
                }
            }
        }
    }

    #[test]
    fn every_shape_and_layout() {
        let shapes = [
            (1, 1, 1),
            (1, 40, 3),
            (40, 1, 3),
            (10, 33, 64),
            (96, 12, 5),
            (97, 13, 5),
            (49, 17, 600),
            (128, 32, 70),
            (288, 64, 20),
            (289, 64, 20),
            (577, 65, 30),
            (300, 600, 10),
            (10, 1030, 40),
        ];
        for (rows, columns, depth) in shapes {
            agrees::<f64>(rows, columns, depth);
            agrees::<f32>(rows, columns, depth);
        }
    }

    #[test]
    fn shapes_are_checked() {
        let (a, b) = (whole::<f64>(3, 4, 1), whole::<f64>(3, 4, 2));
        let mut dst = Mat::zeros(3, 4);
        let (dst, one) = (dst.as_mut(), Threads::ONE);
        assert!(product(dst, Accum::Replace, a.as_ref(), b.as_ref(), 1.0, one).is_err());
        let (mut dst, mut partner) = (Mat::zeros(3, 3), Mat::zeros(3, 4));
        let (dst, right, partner) = (dst.as_mut(), b.transpose(), partner.as_mut());
        assert!(product_onto(dst, a.as_ref(), right, 1.0, one, partner, |_, _| ()).is_err());
    }
}
