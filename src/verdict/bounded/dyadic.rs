//! When a sum of products of floats involves no rounding at all, in any order.
//!
//! A term is a product of floats: an integer on a dyadic grid. While Σ|terms| stays below 2^precision units of
//! the finest grid, each partial sum is a float, fused or not. Each partial product and each term divide a number that
//! passed, so their mantissas fit too; their exponents are bounded separately, by adding up only those that point the same way.

use crate::spec::Dtype;

/// The two arithmetics that are followed: that of the centre (always f64) and that of the format.
pub(in crate::verdict) const SIDES: [usize; 2] = [0, 1];

/// The sum of the magnitudes of exact terms on their common grid.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    /// Σ|terms| = units · 2^lowest; `None` once it left what any format holds.
    total: Option<(u64, i64)>,
    /// Whether every term so far is free of error, for the centre and in the format.
    known: [bool; 2],
    /// The lowest and the highest exponent that any partial product can have.
    range: (i64, i64),
}

impl Grid {
    pub(super) fn new() -> Self {
        Self { total: Some((0, 0)), known: [true; 2], range: (0, 0) }
    }

    /// One more product; `free_of_error` says of which arithmetics its factors are floats, exactly.
    pub(super) fn add(&mut self, factors: impl Iterator<Item = f64>, free_of_error: [bool; 2]) {
        for side in SIDES {
            self.known[side] &= free_of_error[side];
        }
        if !self.known[0] {
            return;
        }
        let (mut odd, mut exponent) = (Some(1u64), 0i64);
        let (mut lowest, mut highest) = (0i64, 0i64);
        for factor in factors {
            let (mantissa, own) = parts(factor);
            odd = odd.and_then(|odd| odd.checked_mul(mantissa));
            exponent += own;
            lowest += own.min(0);
            highest += (own + bits(mantissa)).max(0);
        }
        self.range = (self.range.0.min(lowest), self.range.1.max(highest));
        let total = self.total.zip(odd);
        self.total = total.and_then(|(total, odd)| on_common_grid(total, (odd, exponent)));
    }

    /// Whether the sum, divided by this, is exact in each arithmetic, wherever the division takes place.
    pub(super) fn is_exact(&self, divisor: f64, formats: [Dtype; 2]) -> [bool; 2] {
        let (mantissa, shift) = parts(divisor);
        let (Some((units, lowest)), 1) = (self.total, mantissa) else { return [false; 2] };
        SIDES.map(|side| {
            let format = formats[side];
            let precision = i64::from(format.precision());
            let [smallest, overflow] = [-format.smallest(), format.largest() + 1].map(i64::from);
            let below = self.range.0.min(lowest) - shift.max(0);
            let above = self.range.1.max(lowest + bits(units)) + (-shift).max(0);
            // Without the centre the terms are not known, so neither is their grid.
            self.known[0]
                && self.known[side]
                && bits(units) <= precision
                && below >= -smallest
                && above <= overflow
        })
    }
}

/// a + b, on the finer of both grids.
fn on_common_grid(a: (u64, i64), b: (u64, i64)) -> Option<(u64, i64)> {
    if a.0 == 0 {
        return Some(b);
    }
    let lowest = a.1.min(b.1);
    let units = |(units, exponent): (u64, i64)| {
        let shift = u32::try_from(exponent - lowest).ok().filter(|shift| *shift < 64)?;
        units.checked_mul(1u64 << shift)
    };
    Some((units(a)?.checked_add(units(b)?)?, lowest))
}

/// (m, k) with |value| = m·2^k and m odd; (0, 0) for zero. Not asked of NaN or infinities, which have an infinite error.
fn parts(value: f64) -> (u64, i64) {
    let encoded = value.to_bits();
    let fraction = encoded & ((1 << 52) - 1);
    let (mantissa, exponent) = match (encoded >> 52) & 0x7ff {
        0 => (fraction, -1074),
        biased => (fraction | 1 << 52, i64::from(u32::try_from(biased).unwrap_or(0)) - 1075),
    };
    if mantissa == 0 {
        return (0, 0);
    }
    let zeros = mantissa.trailing_zeros();
    (mantissa >> zeros, exponent + i64::from(zeros))
}

fn bits(number: u64) -> i64 {
    i64::from(u64::BITS - number.leading_zeros())
}

#[cfg(test)]
mod tests {
    use super::{Grid, parts};
    use crate::spec::Dtype;

    const FORMATS: [Dtype; 2] = [Dtype::F64, Dtype::F32];

    fn exact(terms: &[&[f64]], divisor: f64) -> [bool; 2] {
        let mut grid = Grid::new();
        for factors in terms {
            grid.add(factors.iter().copied(), [true; 2]);
        }
        grid.is_exact(divisor, FORMATS)
    }

    #[test]
    fn parts_of_floats() {
        assert_eq!(parts(0.0), (0, 0));
        assert_eq!(parts(-6.0), (3, 1));
        assert_eq!(parts(f64::from_bits(1)), (1, -1074));
        assert_eq!(parts(f64::MIN_POSITIVE), (1, -1022));
        assert_eq!(parts(f64::MAX), ((1 << 53) - 1, 971));
    }

    /// One bit too many, one magnitude too many, one exponent too low: each is seen.
    #[test]
    fn limits() {
        let unit = |k: i32| 2f64.powi(k);
        assert_eq!(exact(&[&[unit(23)], &[1.0]], 1.0), [true, true]);
        assert_eq!(exact(&[&[unit(24)], &[1.0]], 1.0), [true, false]);
        assert_eq!(exact(&[&[unit(52)], &[1.0]], 1.0), [true, false]);
        assert_eq!(exact(&[&[unit(53)], &[1.0]], 1.0), [false, false]);
        // Signs do not help: the order of the sum is not known.
        assert_eq!(exact(&[&[unit(53)], &[-unit(53)], &[1.0]], 1.0), [false, false]);
        assert_eq!(exact(&[&[4097.0, 4097.0]], 1.0), [true, false]);
        assert_eq!(exact(&[&[3.0]], 3.0), [false, false]);
        assert_eq!(exact(&[&[3.0]], 4.0), [true, true]);
        assert_eq!(exact(&[&[unit(-149)]], 1.0), [true, true]);
        assert_eq!(exact(&[&[unit(-149)]], 2.0), [true, false]);
        assert_eq!(exact(&[&[unit(-100), unit(-100), unit(200)]], 1.0), [true, false]);
        assert_eq!(exact(&[&[unit(-600), unit(-600), unit(1200 - 200)]], 1.0), [false, false]);
        assert_eq!(exact(&[&[unit(127)], &[unit(127)]], 1.0), [true, false]);
    }

    /// What is not known on the side of the centre is not known at all.
    #[test]
    fn knowledge() {
        let of = |free| {
            let mut grid = Grid::new();
            grid.add([1.0, 0.5].into_iter(), free);
            grid.is_exact(1.0, FORMATS)
        };
        assert_eq!(of([true, true]), [true, true]);
        assert_eq!(of([true, false]), [true, false]);
        assert_eq!(of([false, true]), [false, false]);
    }
}
