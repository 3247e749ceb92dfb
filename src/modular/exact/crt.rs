//! The Chinese remainder theorem: from residues modulo many primes to the one small integer that has them.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Zero};

use crate::modular::Field;
use crate::number;
use crate::spec::Dtype;

/// Enough primes for integers of a size.
#[derive(Clone, Debug)]
pub(super) struct Basis {
    fields: Vec<Field>,
    /// (P/pᵢ)⁻¹ mod pᵢ
    inverses: Vec<f64>,
    /// 1/pᵢ
    shares: Vec<f64>,
    /// P/pᵢ, limb by limb, the lowest first.
    cofactors: Vec<Vec<u64>>,
    /// P
    product: Vec<u64>,
    limbs: usize,
}

impl Basis {
    /// How many of these primes have a product P > 4 · 2^bits.
    ///
    /// Twice the bound would determine an integer; twice that again leaves room for a quotient computed in floats.
    pub(super) fn enough(fields: impl Iterator<Item = Field>, bits: u64) -> Vec<Field> {
        let mut product = BigInt::one();
        let mut taken = Vec::new();
        for field in fields {
            taken.push(field);
            product *= field.prime();
            if product.bits() > bits + 3 {
                break;
            }
        }
        taken
    }

    pub(super) fn new(fields: &[Field]) -> Self {
        let product: BigInt = fields.iter().map(|field| BigInt::from(field.prime())).product();
        // The sum of k terms below P, and a sign.
        let bits = product.bits() + u64::from(fields.len().ilog2()) + 2;
        let limbs = usize::try_from(bits.div_ceil(64)).unwrap_or(usize::MAX);
        let words = |value: &BigInt| {
            let mut words = value.to_u64_digits().1;
            words.resize(limbs, 0);
            words
        };
        let cofactors: Vec<_> = fields.iter().map(|field| &product / field.prime()).collect();
        let inverses = fields.iter().zip(&cofactors).map(|(field, cofactor)| {
            // The primes differ, so none divides the product of the others.
            field.invert(field.integer(cofactor)).unwrap_or(0.0)
        });
        Self {
            inverses: inverses.collect(),
            shares: fields.iter().map(|field| 1.0 / f64::from(field.prime())).collect(),
            cofactors: cofactors.iter().map(words).collect(),
            product: words(&product),
            fields: fields.to_vec(),
            limbs,
        }
    }

    /// The integer of least magnitude for every column of residues, one row per prime.
    ///
    /// N = Σᵢ cᵢ (P/pᵢ) − q P with cᵢ = rᵢ (P/pᵢ)⁻¹ mod pᵢ. q is the integer nearest to Σᵢ cᵢ/pᵢ, from which
    /// it differs by |N|/P < 1/4: the rounding of a sum of floats below k cannot move it.
    pub(super) fn integers(&self, residues: &[Vec<u32>], count: usize) -> Integers {
        let mut words = vec![0; self.limbs * count];
        for (index, number) in words.chunks_exact_mut(self.limbs).enumerate() {
            let mut quotient = 0.0;
            for (i, field) in self.fields.iter().enumerate() {
                let residue = field.of(residues[i][index]);
                let c = field.canonical(field.times(residue, self.inverses[i]));
                quotient += f64::from(c) * self.shares[i];
                add(number, &self.cofactors[i], u64::from(c));
            }
            // Between 0 and the number of primes.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            subtract(number, &self.product, quotient.round() as u64);
        }
        Integers { limbs: self.limbs, words }
    }
}

fn add(number: &mut [u64], part: &[u64], times: u64) {
    let mut carry = 0_u128;
    for (limb, part) in number.iter_mut().zip(part) {
        let sum = u128::from(*limb) + u128::from(*part) * u128::from(times) + carry;
        // The lower half.
        #[allow(clippy::cast_possible_truncation)]
        let low = sum as u64;
        *limb = low;
        carry = sum >> 64;
    }
}

fn subtract(number: &mut [u64], part: &[u64], times: u64) {
    let (mut carry, mut borrow) = (0_u128, false);
    for (limb, part) in number.iter_mut().zip(part) {
        let product = u128::from(*part) * u128::from(times) + carry;
        carry = product >> 64;
        // The lower half.
        #[allow(clippy::cast_possible_truncation)]
        let (difference, first) = limb.overflowing_sub(product as u64);
        let (difference, second) = difference.overflowing_sub(u64::from(borrow));
        *limb = difference;
        borrow = first || second;
    }
}

/// Integers in two's complement, all of the same number of limbs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Integers {
    limbs: usize,
    words: Vec<u64>,
}

impl Integers {
    pub(super) fn at(&self, index: usize) -> BigInt {
        let words = &self.words[index * self.limbs..(index + 1) * self.limbs];
        let negative = words.last().is_some_and(|word| word >> 63 == 1);
        let mut digits = Vec::with_capacity(2 * words.len());
        let mut carry = negative;
        for word in words {
            let (word, over) =
                if negative { (!word).overflowing_add(u64::from(carry)) } else { (*word, false) };
            carry = over;
            // The two halves.
            #[allow(clippy::cast_possible_truncation)]
            digits.extend([word as u32, (word >> 32) as u32]);
        }
        let sign = if negative { num_bigint::Sign::Minus } else { num_bigint::Sign::Plus };
        BigInt::from_slice(sign, &digits)
    }

    fn len(&self) -> usize {
        self.words.len() / self.limbs
    }
}

/// A matrix of exact numbers over one common denominator.
///
/// Shapes: rows × cols, row by row. Exactness: no rounding in what is held, one rounding in [`Self::nearest`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scaled {
    /// How many rows.
    pub rows: usize,
    /// How many columns.
    pub cols: usize,
    denominator: BigInt,
    numerators: Integers,
}

impl Scaled {
    pub(super) fn new(rows: usize, denominator: BigInt, numerators: Integers) -> Self {
        Self { rows, cols: numerators.len() / rows.max(1), denominator, numerators }
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.numerators.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Numerator and (positive) common denominator of an entry, counted row by row; not in lowest terms.
    #[must_use]
    pub fn fraction(&self, index: usize) -> (BigInt, &BigInt) {
        (self.numerators.at(index), &self.denominator)
    }

    /// An entry in lowest terms.
    #[must_use]
    pub fn rational(&self, index: usize) -> BigRational {
        let (numerator, denominator) = self.fraction(index);
        let twos = numerator.trailing_zeros().unwrap_or(0);
        let shift = twos.min(denominator.trailing_zeros().unwrap_or(0));
        // Shifts are cheap, and most denominators are powers of two: then nothing is left to divide by.
        let (numerator, denominator) = (numerator >> shift, denominator >> shift);
        if denominator.is_one() {
            return BigRational::from_integer(numerator);
        }
        let twos = denominator.trailing_zeros().unwrap_or(0);
        if (&denominator >> twos).is_one() && !numerator.is_zero() {
            return BigRational::new_raw(numerator, denominator);
        }
        BigRational::new(numerator, denominator)
    }

    /// The value of a format nearest to an entry, ties to even; ±∞ beyond the largest.
    #[must_use]
    pub fn nearest(&self, index: usize, dtype: Dtype) -> f64 {
        let (numerator, denominator) = self.fraction(index);
        number::nearest(&numerator, denominator, dtype)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_integer_within_the_bound_comes_back() {
        for size in [0_u64, 1, 20, 21, 62, 63, 64, 65, 127, 200, 1000] {
            let fields = Basis::enough(Field::largest(&[]), size);
            let basis = Basis::new(&fields);
            let most = BigInt::one() << size;
            let values = [
                BigInt::zero(),
                BigInt::one(),
                -BigInt::one(),
                most.clone(),
                -most.clone(),
                &most - 1_u32,
                (&most * 5_u32) / 7_u32,
                -(&most * 3_u32) / 11_u32,
            ];
            let of_field = |field: &Field| -> Vec<u32> {
                values.iter().map(|value| field.canonical(field.integer(value))).collect()
            };
            let residues: Vec<_> = fields.iter().map(of_field).collect();
            let found = basis.integers(&residues, values.len());
            for (index, value) in values.iter().enumerate() {
                assert_eq!(&found.at(index), value, "2^{size}");
            }
        }
    }

    #[test]
    fn one_prime_too_few_is_not_enough() {
        let size = 200;
        let fields = Basis::enough(Field::largest(&[]), size);
        let basis = Basis::new(&fields[1..]);
        let value = BigInt::one() << size;
        let residues: Vec<_> =
            fields[1..].iter().map(|f| vec![f.canonical(f.integer(&value))]).collect();
        assert_ne!(basis.integers(&residues, 1).at(0), value);
    }

    #[test]
    fn entries_are_reduced_and_rounded_once() {
        let fields = Basis::enough(Field::largest(&[]), 80);
        let integers = [6_i64, -40, 0, 21].map(BigInt::from);
        let of_field = |f: &Field| integers.iter().map(|n| f.canonical(f.integer(n))).collect();
        let residues: Vec<Vec<u32>> = fields.iter().map(of_field).collect();
        let numerators = Basis::new(&fields).integers(&residues, 4);
        let scaled = Scaled::new(2, BigInt::from(24), numerators);
        let ratio = |n: i64, d: i64| BigRational::new(n.into(), d.into());
        let found: Vec<_> = (0..4).map(|index| scaled.rational(index)).collect();
        assert_eq!(found, [ratio(1, 4), ratio(-5, 3), ratio(0, 1), ratio(7, 8)]);
        assert_eq!(scaled.nearest(1, Dtype::F64), -5.0 / 3.0);
        assert_eq!((scaled.rows, scaled.cols), (2, 2));
    }
}
