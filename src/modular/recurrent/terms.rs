//! Many fractions over one denominator in lowest terms, without a greatest common divisor of long numbers for each.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

/// One denominator of many fractions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Denominator {
    /// Positive.
    pub(super) value: BigInt,
    /// A positive number that every prime of the value divides, as short as is known.
    pub(super) carrier: BigInt,
}

impl Denominator {
    /// A number as its own carrier; positive.
    pub(super) fn of(value: BigInt) -> Self {
        Self { carrier: value.clone(), value }
    }

    /// The product of two.
    pub(super) fn product([one, other]: [&Self; 2]) -> Self {
        let carrier = lcm([&one.carrier, &other.carrier].into_iter());
        Self { value: &one.value * &other.value, carrier }
    }

    /// The least common multiple of several.
    pub(super) fn common<'a>(several: impl Iterator<Item = &'a Self> + Clone) -> Self {
        let carrier = lcm(several.clone().map(|one| &one.carrier));
        Self { value: lcm(several.map(|one| &one.value)), carrier }
    }

    /// The largest divisor of the value that has no primes but those of `of`.
    fn part(&self, of: &BigInt) -> BigInt {
        let (mut part, mut rest) = (BigInt::one(), self.value.clone());
        loop {
            let common = gcd(&rest, of);
            if common.is_one() {
                return part;
            }
            rest /= &common;
            part *= common;
        }
    }
}

/// The fractions in lowest terms.
///
/// A prime that cancels anywhere divides the product of all numerators that are not 0, and the denominator's carrier. The product
/// is taken modulo the carrier; the primes that it shares with it are few and small as a rule, and only with them is anything
/// divided. `product` is that residue where it is known otherwise: then every numerator that is not 0 must divide what it is of.
pub(super) fn lowest(
    numerators: &[BigInt],
    denominator: &Denominator,
    product: Option<BigInt>,
) -> Vec<BigRational> {
    let Denominator { value, carrier } = denominator;
    let product = product.unwrap_or_else(|| residue(numerators.iter(), carrier));
    let shared = gcd(&product, carrier);
    let part = if shared.is_one() { BigInt::one() } else { denominator.part(&shared) };
    // The denominator divided by what was last found: neighbours often share it.
    let mut last = (BigInt::one(), value.clone());
    let mut of_entry = |numerator: &BigInt| {
        if numerator.is_zero() {
            return BigRational::zero();
        }
        if part.is_one() {
            return BigRational::new_raw(numerator.clone(), value.clone());
        }
        let common = gcd(numerator, &part);
        if common.is_one() {
            return BigRational::new_raw(numerator.clone(), value.clone());
        }
        if last.0 != common {
            last = (common.clone(), value / &common);
        }
        BigRational::new_raw(numerator / common, last.1.clone())
    };
    numerators.iter().map(&mut of_entry).collect()
}

/// The product of those that are not 0, modulo `modulus`.
pub(super) fn residue<'a>(numbers: impl Iterator<Item = &'a BigInt>, modulus: &BigInt) -> BigInt {
    let others = numbers.filter(|number| !number.is_zero());
    others.fold(BigInt::one() % modulus, |product, number| product * (number % modulus) % modulus)
}

/// The greatest common divisor, positive unless both are 0; of numbers of different length after one division.
pub(super) fn gcd(a: &BigInt, b: &BigInt) -> BigInt {
    let (long, short) = if a.magnitude() < b.magnitude() { (b, a) } else { (a, b) };
    if short.is_zero() {
        return long.abs();
    }
    if long.bits() < short.bits() + 8 { long.gcd(short) } else { (long % short).gcd(short) }
}

/// The product of two fractions in lowest terms, in lowest terms.
pub(super) fn times(a: &BigRational, b: &BigRational) -> BigRational {
    let (one, other) = (gcd(a.numer(), b.denom()), gcd(b.numer(), a.denom()));
    let numerator = (a.numer() / &one) * (b.numer() / &other);
    BigRational::new_raw(numerator, (a.denom() / other) * (b.denom() / one))
}

/// The least common multiple of positive numbers.
pub(super) fn lcm<'a>(numbers: impl Iterator<Item = &'a BigInt>) -> BigInt {
    let mut common = BigInt::one();
    for number in numbers {
        if (number % &common).is_zero() {
            common.clone_from(number);
        } else if !(&common % number).is_zero() {
            common = &common / gcd(&common, number) * number;
        }
    }
    common
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_lowest_whatever_cancels() {
        let big = |n: u64| BigInt::from(n);
        let prime: BigInt = (BigInt::one() << 521_u32) - 1;
        let factors = [big(8), big(9), prime.clone(), prime.clone(), big(35)];
        let each = factors.iter().map(|factor| Denominator::of(factor.clone()));
        let denominator =
            each.fold(Denominator::of(big(1)), |all, one| Denominator::product([&all, &one]));
        assert_eq!(denominator.value, factors.iter().product());
        assert_eq!(denominator.carrier, prime.clone() * 8 * 9 * 35);
        let mut numerators: Vec<BigInt> = (-40..40).map(BigInt::from).collect();
        let check = |numerators: &[BigInt]| {
            for (found, numerator) in lowest(numerators, &denominator, None).iter().zip(numerators)
            {
                let expected = BigRational::new(numerator.clone(), denominator.value.clone());
                assert_eq!((found.numer(), found.denom()), (expected.numer(), expected.denom()));
            }
        };
        // Only small primes cancel; then some with the long one, once, twice and thrice; then none.
        check(&numerators);
        numerators.extend((1..=3).map(|power| prime.pow(power) * 12));
        check(&numerators);
        check(&[big(11), big(13)]);
        check(&[]);
    }

    #[test]
    fn products_are_in_lowest_terms() {
        let numbers = [(0, 1), (1, 1), (-3, 4), (8, 9), (-27, 2), (5, 6), (12, 35)];
        let numbers = numbers.map(|(n, d): (i64, i64)| BigRational::new(n.into(), d.into()));
        for (a, b) in numbers.iter().flat_map(|a| numbers.iter().map(move |b| (a, b))) {
            let (found, expected) = (times(a, b), a * b);
            assert_eq!((found.numer(), found.denom()), (expected.numer(), expected.denom()));
        }
    }
}
