//! The Chinese remainder theorem: from residues modulo many primes to the one small integer that has them.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Zero};

use crate::linalg::Field;
use crate::linalg::lanes::{Pass, widest};
use crate::number;
use crate::spec::Dtype;

/// Enough primes for integers of a size.
#[derive(Clone, Debug)]
pub(crate) struct Basis {
    fields: Vec<Field>,
    /// (P/pᵢ)⁻¹ mod pᵢ
    inverses: Vec<f64>,
    /// By half limbs, the lowest first: of every P/pᵢ, and last of −P in two's complement.
    halves: Vec<Vec<u32>>,
    limbs: usize,
}

/// How many integers are put together at a time: enough that the loop over them is the one that is vectorised.
const LANES: usize = 128;

/// Each term is below 2²² · 2³²: a sum of so many of them and of a carry stays below 2⁶⁴.
const TERMS: usize = 512;

impl Basis {
    /// How many of these primes have a product P > 4 · 2^bits.
    ///
    /// Twice the bound would determine an integer; twice that again leaves room for a quotient computed in floats.
    pub(crate) fn enough(fields: impl Iterator<Item = Field>, bits: u64) -> Vec<Field> {
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

    pub(crate) fn new(fields: &[Field]) -> Self {
        let product: BigInt = fields.iter().map(|field| BigInt::from(field.prime())).product();
        // The sum of k terms below P, and a sign.
        let bits = product.bits() + u64::from(fields.len().ilog2()) + 2;
        let limbs = usize::try_from(bits.div_ceil(64)).unwrap_or(usize::MAX);
        let halves = |value: &BigInt| {
            let mut halves = value.to_u32_digits().1;
            halves.resize(2 * limbs, 0);
            halves
        };
        let cofactors: Vec<_> = fields.iter().map(|field| &product / field.prime()).collect();
        let inverses = fields.iter().zip(&cofactors).map(|(field, cofactor)| {
            // The primes differ, so none divides the product of the others.
            field.invert(field.integer(cofactor)).unwrap_or(0.0)
        });
        let inverses = inverses.collect();
        let mut parts: Vec<_> = cofactors.iter().map(halves).collect();
        parts.push(halves(&((BigInt::one() << (64 * limbs)) - &product)));
        let by_place = |place| parts.iter().map(|part| part[place]).collect();
        let halves = (0..2 * limbs).map(by_place).collect();
        Self { inverses, halves, fields: fields.to_vec(), limbs }
    }

    /// Rows × cols values from their residues, of each prime by columns, and a denominator that clears all of them.
    ///
    /// Of every value v the numerator N = v · denominator is the integer of least magnitude with N ≡ v · denominator:
    /// N = Σᵢ cᵢ (P/pᵢ) − q P with cᵢ = vᵢ · denominator · (P/pᵢ)⁻¹ mod pᵢ. q is the integer nearest to Σᵢ cᵢ/pᵢ, from
    /// which it differs by |N|/P < 1/4: the rounding of a sum of floats below k cannot move it.
    pub(crate) fn numerators(
        &self,
        residues: &[Vec<u32>],
        (rows, cols): (usize, usize),
        denominator: &BigInt,
    ) -> Scaled {
        let factor =
            |(field, inverse): (&Field, &f64)| field.times(field.integer(denominator), *inverse);
        let factors: Vec<_> = self.fields.iter().zip(&self.inverses).map(factor).collect();
        let mut words = vec![0; self.limbs * rows * cols];
        let mut sums = vec![[0; LANES]; 2 * self.limbs];
        let mut times = vec![[0; LANES]; self.fields.len() + 1];
        let mut block = vec![[0; LANES]; self.fields.len()];
        for start in (0..rows * cols).step_by(LANES) {
            let count = LANES.min(rows * cols - start);
            for (lanes, residues) in block.iter_mut().zip(residues) {
                if let Some(whole) = residues[start..].first_chunk() {
                    *lanes = *whole;
                } else {
                    lanes[..count].copy_from_slice(&residues[start..start + count]);
                }
            }
            let (sums, times) = (sums.as_mut_slice(), times.as_mut_slice());
            widest(Combine { basis: self, residues: &block, factors: &factors, times, sums });
            let (mut row, mut col) = (start % rows, start / rows);
            for lane in 0..count {
                let at = (row * cols + col) * self.limbs;
                let (pairs, _) = sums.as_chunks::<2>();
                for (word, [low, high]) in words[at..at + self.limbs].iter_mut().zip(pairs) {
                    *word = low[lane] | high[lane] << 32;
                }
                row += 1;
                if row == rows {
                    (row, col) = (0, col + 1);
                }
            }
        }
        let numerators = Integers { limbs: self.limbs, words };
        Scaled { rows, cols, denominator: denominator.clone(), numerators }
    }
}

/// [`LANES`] integers at once, as half limbs.
struct Combine<'a> {
    basis: &'a Basis,
    residues: &'a [[u32; LANES]],
    factors: &'a [f64],
    /// Room for cᵢ and q.
    times: &'a mut [[u32; LANES]],
    sums: &'a mut [[u64; LANES]],
}

impl Pass for Combine<'_> {
    #[inline(always)]
    fn run(self) {
        let Self { basis, residues, factors, times, sums } = self;
        let mut quotient = [0.0; LANES];
        let primes = basis.fields.iter().zip(factors).zip(residues);
        for (((field, factor), residues), c) in primes.zip(times.iter_mut()) {
            let share = 1.0 / f64::from(field.prime());
            for ((c, residue), quotient) in c.iter_mut().zip(residues).zip(&mut quotient) {
                *c = field.canonical(field.times(f64::from(*residue), *factor));
                *quotient += f64::from(*c) * share;
            }
        }
        if let Some(last) = times.last_mut() {
            // Between 0 and the number of primes.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let whole = quotient.map(|quotient| quotient.round() as u32);
            *last = whole;
        }
        // What is beyond 32 bits is carried to the next half limb, and dropped at the end: two's complement.
        let mut carried = [0_u64; LANES];
        for (sum, halves) in sums.iter_mut().zip(&basis.halves) {
            let mut above = [0_u64; LANES];
            *sum = carried;
            for (halves, times) in halves.chunks(TERMS).zip(times.chunks(TERMS)) {
                for (half, times) in halves.iter().zip(times) {
                    for (sum, times) in sum.iter_mut().zip(times) {
                        *sum += u64::from(*half) * u64::from(*times);
                    }
                }
                for (sum, above) in sum.iter_mut().zip(&mut above) {
                    *above += *sum >> 32;
                    *sum &= u64::from(u32::MAX);
                }
            }
            carried = above;
        }
    }
}

/// Integers in two's complement, all of the same number of limbs.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Integers {
    limbs: usize,
    words: Vec<u64>,
}

impl Integers {
    fn at(&self, index: usize) -> BigInt {
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
    /// The (positive) common denominator.
    pub(crate) fn denominator(&self) -> &BigInt {
        &self.denominator
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
        for size in [0_u64, 1, 20, 21, 62, 63, 64, 65, 127, 200, 1000, 25_000] {
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
            // Eight entries as a matrix of 2 × 4, whose residues lie by columns.
            let by_columns = |row: &Vec<u32>| [0, 4, 1, 5, 2, 6, 3, 7].map(|k| row[k]).to_vec();
            let residues: Vec<_> = residues.iter().map(by_columns).collect();
            let found = basis.numerators(&residues, (2, 4), &BigInt::one());
            for (index, value) in values.iter().enumerate() {
                assert_eq!(&found.fraction(index).0, value, "2^{size}");
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
        assert_ne!(basis.numerators(&residues, (1, 1), &BigInt::one()).fraction(0).0, value);
    }

    #[test]
    fn entries_are_reduced_and_rounded_once() {
        // 1/4, −5/3, 0 and 7/8 as residues, by columns; 24 clears them.
        let fields = Basis::enough(Field::largest(&[]), 80);
        let values = [(1, 4), (0, 1), (-5, 3), (7, 8)];
        let of_field = |f: &Field| -> Vec<u32> {
            let residue = |(n, d): (i64, i64)| {
                let below = f.invert(f.integer(&d.into())).unwrap();
                f.canonical(f.times(f.integer(&n.into()), below))
            };
            values.map(residue).to_vec()
        };
        let residues: Vec<_> = fields.iter().map(of_field).collect();
        let scaled = Basis::new(&fields).numerators(&residues, (2, 2), &BigInt::from(24));
        let ratio = |n: i64, d: i64| BigRational::new(n.into(), d.into());
        let found: Vec<_> = (0..4).map(|index| scaled.rational(index)).collect();
        assert_eq!(found, [ratio(1, 4), ratio(-5, 3), ratio(0, 1), ratio(7, 8)]);
        assert_eq!(scaled.nearest(1, Dtype::F64), -5.0 / 3.0);
        assert_eq!((scaled.rows, scaled.cols), (2, 2));
    }
}
