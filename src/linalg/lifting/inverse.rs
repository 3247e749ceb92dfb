//! A⁻¹ modulo a prime: Gauss–Jordan by panels, nearly all of it in products of matrices.

use faer::{Mat, MatMut};
use num_bigint::BigInt;
use num_traits::ToPrimitive;

use super::{System, Watch};
use crate::error::Error;
use crate::linalg::lanes::{Pass, widest};
use crate::linalg::{Check, Field, Products, column, column_mut, zeros};

/// A⁻¹ mod p, n × n, reduced.
pub(super) struct Inverse {
    pub(super) field: Field,
    pub(super) matrix: Mat<f64>,
}

/// What elimination modulo a prime finds.
pub(super) enum Inverted {
    Inverse(Inverse),
    /// Modulo p column k is a combination of the k before it, which are independent in these k rows.
    Dependent {
        pivots: Vec<usize>,
    },
}

/// How many columns are eliminated before the others hear of it.
const PANEL: usize = 48;

impl Inverse {
    /// Eliminates panel by panel, with row exchanges.
    ///
    /// The steps on the columns K of a panel amount to one matrix T that differs from I in the columns K only, and which is left in
    /// their place; the other columns become T times what they were. No product is checked here: whatever is wrong makes a
    /// remainder in the first step of the lifting.
    pub(super) fn of(
        system: &System,
        field: &Field,
        watch: &mut Watch<'_>,
    ) -> Result<Inverted, Error> {
        let order = system.order();
        let mut matrix = residues(system, field);
        let mut update = zeros(order, order);
        let mut pivots: Vec<usize> = (0..order).collect();
        let mut exchanged = Vec::with_capacity(order);
        let mut products = Products::new(Check::Off);
        for start in (0..order).step_by(PANEL) {
            let end = (start + PANEL).min(order);
            for k in start..end {
                let candidates = &column(matrix.as_ref(), k)[k..];
                let pivot = candidates.iter().position(|entry| field.canonical(*entry) != 0);
                let Some(pivot) = pivot else {
                    pivots.truncate(k);
                    return Ok(Inverted::Dependent { pivots });
                };
                let pivot = k + pivot;
                if pivot != k {
                    swap_rows(matrix.as_mut(), k, pivot);
                    pivots.swap(k, pivot);
                    exchanged.push((k, pivot));
                }
                eliminate(field, &mut matrix, k, start..end);
            }
            let size = end - start;
            let mut above = zeros(size, order);
            for j in (0..order).filter(|j| !(start..end).contains(j)) {
                let mut view = matrix.as_mut();
                let taken = &mut column_mut(&mut view, j)[start..end];
                above.as_mut().col_mut(j).iter_mut().zip(taken.iter()).for_each(|(a, b)| *a = *b);
                taken.fill(0.0);
            }
            let panel = matrix.as_ref().subcols(start, size);
            let what = ("the inverse", start);
            products.product(field, what, update.as_mut(), panel, above.as_ref())?;
            let (matrix, update) = (matrix.as_mut(), update.as_ref());
            widest(Add { field, matrix, update });
            watch("inverse modulo a prime")?;
        }
        // What was found is (P A)⁻¹ = A⁻¹ P⁻¹.
        for (k, pivot) in exchanged.into_iter().rev() {
            for row in 0..order {
                let entry = matrix[(row, k)];
                matrix[(row, k)] = matrix[(row, pivot)];
                matrix[(row, pivot)] = entry;
            }
        }
        Ok(Inverted::Inverse(Self { field: *field, matrix }))
    }
}

/// One step of Gauss–Jordan in place, on the columns of a panel only.
fn eliminate(field: &Field, matrix: &mut Mat<f64>, k: usize, panel: std::ops::Range<usize>) {
    let factors = column(matrix.as_ref(), k).to_vec();
    let reciprocal = field.invert(factors[k]).unwrap_or(0.0);
    for j in panel.filter(|j| *j != k) {
        let mut view = matrix.as_mut();
        let entries = column_mut(&mut view, j);
        let times = field.times(entries[k], reciprocal);
        widest(Subtract { field, entries, factors: &factors, times });
        entries[k] = times;
    }
    let mut view = matrix.as_mut();
    let entries = column_mut(&mut view, k);
    entries.iter_mut().for_each(|entry| *entry = field.times(-*entry, reciprocal));
    entries[k] = reciprocal;
}

fn residues(system: &System, field: &Field) -> Mat<f64> {
    let mut matrix = zeros(system.order(), system.order());
    let p = i64::from(field.prime());
    for (row, entries) in system.rows().iter().enumerate() {
        for (column, entry) in entries {
            matrix[(row, *column)] = residue(field, p, entry);
        }
    }
    matrix
}

fn residue(field: &Field, p: i64, entry: &BigInt) -> f64 {
    match entry.to_i64() {
        // In 0..p, which 22 bits hold.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        Some(small) => field.of(small.rem_euclid(p) as u32),
        None => field.integer(entry),
    }
}

fn swap_rows(mut matrix: MatMut<'_, f64>, one: usize, other: usize) {
    for index in 0..matrix.ncols() {
        column_mut(&mut matrix, index).swap(one, other);
    }
}

/// entries ← entries − times · factors
struct Subtract<'a> {
    field: &'a Field,
    entries: &'a mut [f64],
    factors: &'a [f64],
    times: f64,
}

impl Pass for Subtract<'_> {
    #[inline(always)]
    fn run(self) {
        let Self { field, entries, factors, times } = self;
        for (entry, factor) in entries.iter_mut().zip(factors) {
            *entry = field.reduce(*entry - factor * times);
        }
    }
}

/// matrix ← matrix + update
struct Add<'a> {
    field: &'a Field,
    matrix: MatMut<'a, f64>,
    update: faer::MatRef<'a, f64>,
}

impl Pass for Add<'_> {
    #[inline(always)]
    fn run(self) {
        let Self { field, mut matrix, update } = self;
        for index in 0..matrix.ncols() {
            let entries = column_mut(&mut matrix, index).iter_mut();
            for (entry, update) in entries.zip(column(update, index)) {
                *entry = field.reduce(*entry + update);
            }
        }
    }
}
