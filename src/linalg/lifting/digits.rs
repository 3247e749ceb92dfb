//! The p-adic digits of all unknowns, one per step, by products of float matrices that hold integers.

use faer::Mat;
use num_bigint::BigInt;
use num_traits::{One, Signed, ToPrimitive, Zero};

use super::System;
use super::inverse::Inverse;
use crate::error::Error;
use crate::linalg::product::multiply;
use crate::linalg::{Check, Products, column, column_mut, zeros};

/// The state of a lifting of m right-hand sides.
///
/// A is held as K planes of limbs, A = Σ_k 2^(tk) A_k, with t small enough that every entry of A_k y is an integer below 2⁵³. The
/// residual r has K limbs too: r ← (r − A y)/p keeps it below n max|A|. The right-hand side, which may be longer, is fed into it one
/// base-p digit a step.
pub(super) struct Lifter {
    p: i64,
    /// t
    shift: u32,
    /// K
    limbs: usize,
    /// K n × n
    planes: Mat<f64>,
    /// r, by side, unknown and limb.
    residual: Vec<i64>,
    /// The base-p digits of the right-hand sides that are not 0: where, and which.
    fed: Vec<(usize, Vec<i32>)>,
    /// n × m
    reduced: Mat<f64>,
    /// y, n × m
    digit: Mat<f64>,
    /// A_k y, K n × m
    images: Mat<f64>,
    products: Products,
    unknowns: Vec<Unknown>,
    known: usize,
    order: usize,
    /// p^(4 · 2^k)
    powers: Vec<BigInt>,
}

/// The digits of one unknown, and their value as far as it was asked for.
#[derive(Clone, Default)]
struct Unknown {
    digits: Vec<i32>,
    value: BigInt,
    valued: usize,
}

impl Lifter {
    pub(super) fn new(system: &System, inverse: &Inverse, right: &[&[BigInt]]) -> Self {
        let (order, sides) = (system.order(), right.len());
        let p = i64::from(inverse.field.prime());
        // n 2^t (p/2 + 2) < 2⁵³ because n < 2^(31−t).
        let shift = 31 - (usize::BITS - order.leading_zeros()).min(30);
        let (planes, limbs) = planes(system, shift);
        let mut fed = Vec::new();
        for (side, right) in right.iter().enumerate() {
            for (row, value) in right.iter().enumerate().filter(|(_, value)| !value.is_zero()) {
                fed.push((side * order + row, in_base(value, p)));
            }
        }
        Self {
            p,
            shift,
            limbs,
            planes,
            residual: vec![0; sides * order * limbs],
            fed,
            reduced: zeros(order, sides),
            digit: zeros(order, sides),
            images: zeros(order * limbs, sides),
            products: Products::new(Check::Off),
            unknowns: vec![Unknown::default(); sides * order],
            known: 0,
            order,
            powers: vec![BigInt::from(p).pow(4)],
        }
    }

    /// How many digits are known.
    pub(super) fn known(&self) -> usize {
        self.known
    }

    /// The bits of p^digits, rounded down.
    pub(super) fn bits(&self, digits: usize) -> u64 {
        // Far below 2⁵³.
        #[allow(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss
        )]
        let bits = (digits as f64 * (self.p as f64).log2()) as u64;
        bits
    }

    /// How many digits hold so many bits.
    pub(super) fn digits(&self, bits: u64) -> u64 {
        bits.div_ceil(self.bits(1).max(1))
    }

    /// p^known
    pub(super) fn modulus(&self) -> BigInt {
        // Digits are counted by what fits into memory.
        BigInt::from(self.p).pow(u32::try_from(self.known).unwrap_or(u32::MAX))
    }

    /// One more digit of every unknown.
    ///
    /// # Errors
    /// [`Error::WrongProduct`] if r − A y is not a multiple of p: then A⁻¹ mod p or a product is wrong.
    pub(super) fn step(&mut self, inverse: &Inverse) -> Result<(), Error> {
        self.feed();
        self.reduce();
        let (digit, matrix) = (self.digit.as_mut(), inverse.matrix.as_ref());
        let what = ("a p-adic digit", self.known);
        self.products.product(&inverse.field, what, digit, matrix, self.reduced.as_ref())?;
        multiply(self.images.as_mut(), self.planes.as_ref(), self.digit.as_ref(), false);
        if !self.divide() {
            return Err(Error::WrongProduct { what: format!("the p-adic digit {}", self.known) });
        }
        for side in 0..self.digit.ncols() {
            let unknowns = &mut self.unknowns[side * self.order..];
            for (unknown, digit) in unknowns.iter_mut().zip(column(self.digit.as_ref(), side)) {
                // A residue within ±(p/2 + 2).
                #[allow(clippy::cast_possible_truncation)]
                unknown.digits.push(*digit as i32);
            }
        }
        self.known += 1;
        Ok(())
    }

    /// r ← r + the next digit of the right-hand side.
    fn feed(&mut self) {
        for (place, digits) in &self.fed {
            if let Some(digit) = digits.get(self.known) {
                self.residual[place * self.limbs] += i64::from(*digit);
            }
        }
    }

    /// r mod p, balanced.
    fn reduce(&mut self) {
        let mut residual = self.residual.chunks_exact(self.limbs);
        for side in 0..self.reduced.ncols() {
            let mut view = self.reduced.as_mut();
            for entry in column_mut(&mut view, side) {
                let limbs = residual.next().unwrap_or_default().iter().rev();
                let residue = limbs.fold(0, |above, limb| ((above << self.shift) + limb) % self.p);
                let balanced = if 2 * residue > self.p {
                    residue - self.p
                } else if 2 * residue < -self.p {
                    residue + self.p
                } else {
                    residue
                };
                // Below 2²¹.
                #[allow(clippy::cast_precision_loss)]
                let balanced = balanced as f64;
                *entry = balanced;
            }
        }
    }

    /// r ← (r − A y)/p; whether nothing remained.
    fn divide(&mut self) -> bool {
        let (p, shift, order) = (self.p, self.shift, self.order);
        let low = (1_i64 << shift) - 1;
        let mut is_divisible = true;
        for (place, limbs) in self.residual.chunks_exact_mut(self.limbs).enumerate() {
            let image = &column(self.images.as_ref(), place / order)[place % order..];
            let mut carry = 0;
            let last = limbs.len() - 1;
            for (k, (limb, image)) in limbs.iter_mut().zip(image.iter().step_by(order)).enumerate()
            {
                // An integer below 2⁵³.
                #[allow(clippy::cast_possible_truncation)]
                let sum = *limb - *image as i64 + carry;
                (*limb, carry) = if k < last { (sum & low, sum >> shift) } else { (sum, 0) };
            }
            let mut above = 0;
            for limb in limbs.iter_mut().rev() {
                let whole = (above << shift) + *limb;
                *limb = whole.div_euclid(p);
                above = whole - *limb * p;
            }
            is_divisible &= above == 0;
        }
        is_divisible
    }

    /// Σ_k y_k p^k of one unknown of one side, over all known digits.
    pub(super) fn residue(&mut self, side: usize, entry: usize) -> BigInt {
        let unknown = &mut self.unknowns[side * self.order + entry];
        if unknown.valued < self.known {
            let above = combine(&unknown.digits[unknown.valued..], self.p, &mut self.powers);
            let valued = u32::try_from(unknown.valued).unwrap_or(u32::MAX);
            unknown.value += above * BigInt::from(self.p).pow(valued);
            unknown.valued = self.known;
        }
        unknown.value.clone()
    }
}

/// The planes of A, one below the other, and how many.
fn planes(system: &System, shift: u32) -> (Mat<f64>, usize) {
    let order = system.order();
    let entries = || system.rows().iter().flatten();
    let longest = entries().map(|(_, entry)| entry.bits()).max().unwrap_or(0);
    let limbs = usize::try_from(longest.div_ceil(u64::from(shift))).unwrap_or(usize::MAX).max(1);
    let mut planes = zeros(order * limbs, order);
    let low = (BigInt::one() << shift) - 1;
    for (row, entries) in system.rows().iter().enumerate() {
        for (column, entry) in entries {
            let sign = if entry.is_negative() { -1.0 } else { 1.0 };
            let mut rest = entry.abs();
            for plane in 0..limbs {
                let limb = (&rest & &low).to_f64().unwrap_or(0.0);
                planes[(plane * order + row, *column)] = sign * limb;
                rest >>= shift;
            }
        }
    }
    (planes, limbs)
}

/// The base-p digits of an integer, each with its sign, lowest first.
fn in_base(value: &BigInt, p: i64) -> Vec<i32> {
    // Two digits a division.
    let square = BigInt::from(p * p);
    let mut digits = Vec::new();
    let mut rest = value.abs();
    while !rest.is_zero() {
        let pair = (&rest % &square).to_i64().unwrap_or(0);
        rest /= &square;
        for digit in [pair % p, pair / p] {
            // Below 2²².
            #[allow(clippy::cast_possible_truncation)]
            let digit = if value.is_negative() { -digit as i32 } else { digit as i32 };
            digits.push(digit);
        }
    }
    digits
}

/// Σ_k digits_k p^k, by halves.
fn combine(digits: &[i32], p: i64, powers: &mut Vec<BigInt>) -> BigInt {
    let four = |digits: &[i32]| {
        let pair = |at: usize| {
            let digit = |at: usize| digits.get(at).map_or(0, |digit| i64::from(*digit));
            i128::from(digit(at + 1) * p + digit(at))
        };
        BigInt::from(pair(2) * i128::from(p) * i128::from(p) + pair(0))
    };
    let mut values: Vec<BigInt> = digits.chunks(4).map(four).collect();
    let mut level = 0;
    while values.len() > 1 {
        if powers.len() == level {
            let square = &powers[level - 1] * &powers[level - 1];
            powers.push(square);
        }
        let power = &powers[level];
        let join = |pair: &[BigInt]| match pair {
            [low, high] => low + high * power,
            _ => pair.iter().sum(),
        };
        values = values.chunks(2).map(join).collect();
        level += 1;
    }
    values.pop().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_values_are_inverse_to_each_other() {
        let p = 4_194_301;
        let mut powers = vec![BigInt::from(p).pow(4)];
        let mut value = BigInt::one();
        for k in 0..70_i64 {
            for value in [value.clone(), -value.clone()] {
                assert_eq!(combine(&in_base(&value, p), p, &mut powers), value, "{k}");
            }
            value = value * 2_654_435_761_u64 + k;
        }
        assert_eq!(combine(&[], p, &mut powers), BigInt::zero());
    }
}
