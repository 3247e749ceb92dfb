//! From residues modulo p^k to fractions: one denominator for a whole vector.

use num_bigint::BigInt;
use num_traits::{One, Signed, Zero};

/// By so many bits a fraction must be shorter than its modulus to be believed: chance makes it so once in 2³² times.
pub(super) const SLACK: u64 = 32;

/// Numerators and one positive denominator for residues modulo `modulus`, if there are any that are clearly shorter than it.
///
/// Later entries are tried with the denominator of the earlier ones first, which is a product in place of a Euclidean
/// algorithm; `guess` is what the first one is tried with. A candidate, no more: it may be wrong, and must be checked.
pub(super) fn vector(
    order: usize,
    residues: &mut dyn FnMut(usize) -> BigInt,
    modulus: &BigInt,
    guess: &BigInt,
) -> Option<(Vec<BigInt>, BigInt)> {
    let mut denominator = guess.clone();
    let mut numerators: Vec<BigInt> = Vec::with_capacity(order);
    for entry in 0..order {
        let scaled = balanced(residues(entry) * &denominator, modulus);
        if scaled.bits() + SLACK <= modulus.bits() {
            numerators.push(scaled);
            continue;
        }
        let (numerator, factor) = fraction(&scaled, modulus)?;
        numerators.iter_mut().for_each(|numerator| *numerator *= &factor);
        numerators.push(numerator);
        denominator *= factor;
    }
    Some((numerators, denominator))
}

/// The representative of least magnitude.
fn balanced(value: BigInt, modulus: &BigInt) -> BigInt {
    let rest = value % modulus;
    if (&rest << 1_u8).magnitude() <= modulus.magnitude() {
        rest
    } else if rest.is_negative() {
        rest + modulus
    } else {
        rest - modulus
    }
}

/// n/d ≡ residue with d > 0, at the largest quotient of Euclid's algorithm; `None` if that quotient is below 2^[`SLACK`].
///
/// Every step of Euclid's algorithm on (modulus, residue) gives such a fraction with |n| d about modulus / next quotient. One
/// quotient that is far larger than chance makes it betrays a fraction that is far shorter than the modulus, however its bits
/// are shared between numerator and denominator.
///
/// Source: Monagan, Maximal quotient rational reconstruction (2004).
fn fraction(residue: &BigInt, modulus: &BigInt) -> Option<(BigInt, BigInt)> {
    let negative = residue.is_negative();
    let (mut above, mut below) = (modulus.magnitude().clone(), residue.magnitude().clone());
    let (mut before, mut cofactor) = (num_bigint::BigUint::ZERO, num_bigint::BigUint::one());
    // The signs of the cofactors alternate.
    let mut flips = negative;
    let mut best = None;
    let mut largest = SLACK;
    while !below.is_zero() {
        // What is left below the line and above it can only have quotients shorter than it.
        if above.bits() < largest {
            break;
        }
        let quotient = &above / &below;
        let rest = &above - &quotient * &below;
        if quotient.bits() > largest {
            largest = quotient.bits();
            best = Some((below.clone(), cofactor.clone(), flips));
        }
        let next = before + quotient * &cofactor;
        (above, below) = (below, rest);
        (before, cofactor) = (cofactor, next);
        flips = !flips;
    }
    let (numerator, denominator, flips) = best?;
    let numerator = BigInt::from(numerator);
    Some((if flips { -numerator } else { numerator }, denominator.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_integer::Integer;

    /// n/d modulo m.
    fn image(n: i64, d: i64, m: &BigInt) -> BigInt {
        let d = BigInt::from(d).extended_gcd(m);
        assert!(d.gcd.abs().is_one());
        (BigInt::from(n) * d.x * d.gcd).mod_floor(m)
    }

    #[test]
    fn a_fraction_is_found_from_its_residue_however_its_bits_are_shared() {
        let m = BigInt::from(4_194_301).pow(6);
        let shared =
            [(1, 3), (-1, 3), (-22, 7), (1 << 60, 3), (-5, (1 << 60) + 1), (1, 1), (-7, 1)];
        for (n, d) in shared {
            let found = fraction(&balanced(image(n, d, &m), &m), &m).unwrap();
            assert_eq!(found, (n.into(), d.into()));
        }
        // A residue that is no short fraction.
        let long = BigInt::from(2_654_435_761_u64).pow(9) % &m;
        assert_eq!(fraction(&balanced(long, &m), &m), None);
    }

    #[test]
    fn a_vector_has_one_denominator() {
        let m = BigInt::from(4_194_301).pow(6);
        let entries = [(0, 1), (5, 1), (1, 6), (-3, 4), (7, 12), (1 << 40, 1)];
        let residues = &mut |k: usize| image(entries[k].0, entries[k].1, &m);
        let (numerators, denominator) = vector(6, residues, &m, &BigInt::one()).unwrap();
        for ((n, d), numerator) in entries.iter().zip(&numerators) {
            assert_eq!(numerator * d, &denominator * n);
        }
        // Modulo so little nothing stands out.
        let m = BigInt::from(4_194_301).pow(2);
        let residues = &mut |k: usize| image(entries[k].0, entries[k].1, &m);
        assert_eq!(vector(6, residues, &m, &BigInt::one()), None);
    }
}
