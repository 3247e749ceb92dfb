//! The product over 𝔽_p: one plain product of floats, reduced afterwards, and Freivalds' check of it.

use faer::{MatMut, MatRef};

use super::Field;
use super::lanes::{Pass, widest};
use super::matrix::{column, column_mut};
use crate::error::Error;

/// Whether products are checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Check {
    /// Every product C = A·B is held to C r = A (B r) modulo p at a random r.
    #[default]
    Freivalds,
    /// None is. For benchmarks only, which measure what the check costs.
    Off,
}

/// A wrong product survives with probability p^−rounds, which this bounds.
const MISSED: u64 = 1 << 20;

/// What every product of an engine goes through; owns the vectors of the check.
///
/// The check guards against a wrong library or processor, not against an adversary: r comes from a small generator with
/// a fixed start, so that every run makes the same checks.
#[derive(Clone, Debug)]
pub struct Products {
    check: Check,
    state: u64,
    checked: u64,
    random: Vec<f64>,
    inner: Vec<f64>,
    expected: Vec<f64>,
    found: Vec<f64>,
    /// For the test that a wrong product is found: added to the first entry of the next product.
    #[cfg(test)]
    pub(super) planted: f64,
}

impl Default for Products {
    fn default() -> Self {
        Self::new(Check::Freivalds)
    }
}

impl Products {
    /// Products with or without the check.
    #[must_use]
    pub fn new(check: Check) -> Self {
        let empty = Vec::new;
        Self {
            check,
            state: 0,
            checked: 0,
            random: empty(),
            inner: empty(),
            expected: empty(),
            found: empty(),
            #[cfg(test)]
            planted: 0.0,
        }
    }

    /// How many products were made and found right.
    #[must_use]
    pub fn checked(&self) -> u64 {
        self.checked
    }

    /// dst ← left · right over 𝔽_p, reduced; `what` and `layer` name it in an error.
    ///
    /// Shapes: m×n ← m×k · k×n, `dst` by columns, the factors by columns or by rows (a transpose is a swap of strides).
    /// Exactness: exact for reduced factors: sums run over at most [`Field::terms`] products before they are reduced, so
    /// every intermediate is an integer below 2⁵³, in whatever order it is summed.
    ///
    /// ```
    /// use creditcheck::linalg::{Field, Products, zeros};
    /// let field = Field::new(101).unwrap();
    /// let (mut a, mut c) = (zeros(1, 1), zeros(1, 1));
    /// a[(0, 0)] = 20.0;
    /// Products::default().product(&field, ("a square", 1), c.as_mut(), a.as_ref(), a.as_ref()).unwrap();
    /// assert_eq!(c[(0, 0)], -4.0); // 400 = 4 · 101 − 4
    /// ```
    ///
    /// # Errors
    /// [`Error::Input`] on wrong shapes; [`Error::WrongProduct`] if the check fails.
    pub fn product(
        &mut self,
        field: &Field,
        (what, layer): (&str, usize),
        mut dst: MatMut<'_, f64>,
        left: MatRef<'_, f64>,
        right: MatRef<'_, f64>,
    ) -> Result<(), Error> {
        let shapes = (left.nrows(), left.ncols(), right.ncols());
        if dst.row_stride() != 1
            || (dst.nrows(), right.nrows(), dst.ncols()) != shapes
            || !(has_slices(left) && has_slices(right))
        {
            let found = format!("{:?} ← {:?} · {:?}", dst.shape(), left.shape(), right.shape());
            return Err(Error::input(format!("{what} of layer {layer}"), found, "fitting factors"));
        }
        let inner = left.ncols();
        let block = field.terms().clamp(1, inner.max(1));
        for start in (0..inner).step_by(block) {
            let size = block.min(inner - start);
            let (left, right) = (left.subcols(start, size), right.subrows(start, size));
            multiply(dst.as_mut(), left, right, start > 0);
            if start + size < inner {
                widest(Reduce { field, dst: dst.as_mut(), random: None, found: &mut [] });
            }
        }
        #[cfg(test)]
        {
            dst[(0, 0)] += std::mem::take(&mut self.planted);
        }
        if self.check == Check::Off {
            widest(Reduce { field, dst, random: None, found: &mut [] });
            return Ok(());
        }
        let p = u64::from(field.prime());
        let mut missed = 1;
        while missed < MISSED {
            self.draw(field, right.ncols());
            for vector in [&mut self.expected, &mut self.found] {
                vector.clear();
                vector.resize(dst.nrows(), 0.0);
            }
            self.inner.clear();
            self.inner.resize(inner, 0.0);
            // C r rides on the pass that reduces C.
            let (random, found) = (Some(self.random.as_slice()), self.found.as_mut_slice());
            widest(Reduce { field, dst: dst.as_mut(), random, found });
            widest(Apply { field, matrix: right, vector: &self.random, result: &mut self.inner });
            widest(Apply { field, matrix: left, vector: &self.inner, result: &mut self.expected });
            let wrong = |(found, expected): (&f64, &f64)| field.reduce(found - expected) != 0.0;
            if self.found.iter().zip(&self.expected).any(wrong) {
                return Err(Error::WrongProduct { what: format!("{what} of layer {layer}") });
            }
            missed *= p;
        }
        self.checked += 1;
        Ok(())
    }

    /// Fresh residues, uniform to one part in 2¹⁰ (splitmix64).
    fn draw(&mut self, field: &Field, count: usize) {
        let p = u64::from(field.prime());
        self.random.clear();
        for _ in 0..count {
            self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut word = self.state;
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            word ^= word >> 31;
            // The upper half of a 32-bit word times p is below p.
            #[allow(clippy::cast_possible_truncation)]
            let residue = (((word >> 32) * p) >> 32) as u32;
            self.random.push(field.of(residue));
        }
    }
}

fn has_slices(matrix: MatRef<'_, f64>) -> bool {
    matrix.row_stride() == 1 || matrix.col_stride() == 1
}

/// dst ← (dst +) left · right in plain floats.
pub(crate) fn multiply(
    dst: MatMut<'_, f64>,
    left: MatRef<'_, f64>,
    right: MatRef<'_, f64>,
    add: bool,
) {
    let (m, k, n) = (dst.nrows(), left.ncols(), dst.ncols());
    assert!(left.nrows() == m && right.nrows() == k && right.ncols() == n, "factors that fit");
    // SAFETY: the three views are valid for their shapes and strides, the shapes fit (checked above), and
    // `dst` is borrowed mutably, so it overlaps neither factor.
    #[allow(unsafe_code)]
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            dst.as_ptr_mut(),
            dst.col_stride(),
            dst.row_stride(),
            add,
            left.as_ptr(),
            left.col_stride(),
            left.row_stride(),
            right.as_ptr(),
            right.col_stride(),
            right.row_stride(),
            1.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

/// Reduces every entry, and with a vector r adds C r up on the way.
struct Reduce<'a> {
    field: &'a Field,
    dst: MatMut<'a, f64>,
    random: Option<&'a [f64]>,
    found: &'a mut [f64],
}

impl Pass for Reduce<'_> {
    #[inline(always)]
    fn run(self) {
        let Self { field, mut dst, random, found } = self;
        let Some(random) = random else {
            for index in 0..dst.ncols() {
                for entry in column_mut(&mut dst, index) {
                    *entry = field.reduce(*entry);
                }
            }
            return;
        };
        let terms = field.terms();
        for (index, factor) in random.iter().enumerate() {
            for (entry, sum) in column_mut(&mut dst, index).iter_mut().zip(found.iter_mut()) {
                *entry = field.reduce(*entry);
                *sum += *entry * factor;
            }
            if (index + 1) % terms == 0 {
                found.iter_mut().for_each(|sum| *sum = field.reduce(*sum));
            }
        }
        found.iter_mut().for_each(|sum| *sum = field.reduce(*sum));
    }
}

/// result ← result + matrix · vector, for a result that is zero.
struct Apply<'a> {
    field: &'a Field,
    matrix: MatRef<'a, f64>,
    vector: &'a [f64],
    result: &'a mut [f64],
}

impl Pass for Apply<'_> {
    #[inline(always)]
    fn run(self) {
        let Self { field, matrix, vector, result } = self;
        let terms = field.terms();
        if matrix.row_stride() != 1 {
            let rows = matrix.transpose();
            for (index, sum) in result.iter_mut().enumerate() {
                let row = column(rows, index);
                for (a, b) in row.chunks(terms).zip(vector.chunks(terms)) {
                    *sum = field.reduce(*sum + dot(a, b));
                }
            }
            return;
        }
        let mut added = 0;
        let mut index = 0;
        while index < vector.len() {
            // Four columns at a time: the result is loaded and stored a quarter as often.
            let taken = if index + 4 <= vector.len() { 4 } else { 1 };
            if added + taken > terms {
                result.iter_mut().for_each(|sum| *sum = field.reduce(*sum));
                added = 0;
            }
            let of = |offset: usize| (column(matrix, index + offset), vector[index + offset]);
            if taken == 4 {
                let ((a, r), (b, s), (c, t), (d, u)) = (of(0), of(1), of(2), of(3));
                let columns = a.iter().zip(b).zip(c.iter().zip(d));
                for (sum, ((a, b), (c, d))) in result.iter_mut().zip(columns) {
                    *sum += (a * r + b * s) + (c * t + d * u);
                }
            } else {
                let (a, r) = of(0);
                for (sum, a) in result.iter_mut().zip(a) {
                    *sum += a * r;
                }
            }
            added += taken;
            index += taken;
        }
        result.iter_mut().for_each(|sum| *sum = field.reduce(*sum));
    }
}

/// Sixteen sums side by side: a single one would wait for itself. Exact in any order.
#[inline(always)]
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 16];
    let (a_chunks, a_rest) = a.as_chunks::<16>();
    let (b_chunks, b_rest) = b.as_chunks::<16>();
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::zeros;

    fn filled(
        field: &Field,
        rows: usize,
        columns: usize,
        products: &mut Products,
    ) -> faer::Mat<f64> {
        let mut matrix = zeros(rows, columns);
        for index in 0..columns {
            products.draw(field, rows);
            for (row, value) in products.random.iter().enumerate() {
                matrix[(row, index)] = *value;
            }
        }
        matrix
    }

    /// Against integers, with inner dimensions on both sides of one and two blocks, and every transpose.
    #[test]
    fn a_product_is_that_of_integers() {
        for (p, m, k, n) in [
            (2, 5, 3, 4),
            (3, 1, 7, 2),
            (5, 17, 33, 9),
            (101, 6, 5, 6),
            (4_194_301, 3, 2046, 5),
            (4_194_301, 7, 2047, 3),
            (4_194_301, 2, 4111, 2100),
            (4_194_301, 19, 9000, 2),
        ] {
            let field = Field::new(p).unwrap();
            let mut products = Products::default();
            let a = filled(&field, m, k, &mut products);
            let at = a.transpose().to_owned();
            let b = filled(&field, k, n, &mut products);
            let bt = b.transpose().to_owned();
            // Residues lie around 0: 9,000 products of 42 bits fit.
            let integers =
                |values: &[f64]| -> Vec<i64> { values.iter().map(|v| *v as i64).collect() };
            let rows: Vec<_> = (0..m).map(|i| integers(at.col_as_slice(i))).collect();
            let columns: Vec<_> = (0..n).map(|j| integers(b.col_as_slice(j))).collect();
            for left in [a.as_ref(), at.transpose()] {
                for right in [b.as_ref(), bt.transpose()] {
                    let mut c = zeros(m, n);
                    products.product(&field, ("C", 1), c.as_mut(), left, right).unwrap();
                    for i in 0..m {
                        for j in 0..n {
                            let sum: i64 =
                                rows[i].iter().zip(&columns[j]).map(|(a, b)| a * b).sum();
                            let expected = sum.rem_euclid(i64::from(p));
                            assert!(c[(i, j)].abs() <= f64::from(p) / 2.0 + 2.0);
                            assert_eq!(i64::from(field.canonical(c[(i, j)])), expected);
                        }
                    }
                }
            }
            assert_eq!(products.checked(), 4);
        }
    }

    /// The largest residues of one sign, at exactly `terms` and beyond: the sums that come nearest to 2⁵³.
    #[test]
    fn the_largest_sums_are_exact() {
        for p in [5, 4_194_301] {
            let field = Field::new(p).unwrap();
            let most = f64::from((p - 1) / 2);
            let terms = field.terms().min(5000);
            for k in [terms, terms + 1, 2 * terms + 1] {
                let (mut a, mut b, mut c) = (zeros(9, k), zeros(k, 9), zeros(9, 9));
                a.as_mut().fill(most);
                b.as_mut().fill(-most);
                let mut products = Products::default();
                products.product(&field, ("C", 1), c.as_mut(), a.as_ref(), b.as_ref()).unwrap();
                let expected = -(most as i128) * most as i128 * k as i128;
                let expected = expected.rem_euclid(i128::from(p));
                assert_eq!(i128::from(field.canonical(c[(8, 8)])), expected);
            }
        }
    }

    #[test]
    fn a_wrong_entry_is_found_and_named() {
        for p in [2, 3, 101, 4_194_301] {
            let field = Field::new(p).unwrap();
            let mut products = Products::default();
            let a = filled(&field, 8, 5, &mut products);
            let b = filled(&field, 5, 6, &mut products);
            let mut c = zeros(8, 6);
            let mut make = |planted: f64, products: &mut Products| {
                products.planted = planted;
                products.product(&field, ("the credit", 2), c.as_mut(), a.as_ref(), b.as_ref())
            };
            let error = make(1.0, &mut products).unwrap_err();
            assert!(error.to_string().contains("the credit of layer 2"), "{error}");
            // A multiple of p is no error at all.
            make(f64::from(p), &mut products).unwrap();
            let mut blind = Products::new(Check::Off);
            make(1.0, &mut blind).unwrap();
        }
    }
}
