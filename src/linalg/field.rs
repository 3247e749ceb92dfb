//! 𝔽_p in f64: residues small enough that a sum of many products is still an integer below 2⁵³.

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::ToPrimitive;

/// Every prime of this room is below 2²²: a product of two balanced residues stays below 2⁴².
pub const LARGEST: u32 = 1 << 22;

/// 1.5 · 2⁵²: adding and subtracting it rounds an f64 below 2⁵¹ to the nearest integer.
const TO_INTEGER: f64 = 6_755_399_441_055_744.0;

/// The integers modulo a prime p < 2²², each held as an integer-valued f64.
///
/// A *reduced* residue lies within ±(p/2 + 2): balanced, but not always unique. [`Self::canonical`] is.
///
/// Exactness: every operation on reduced residues is exact.
///
/// ```
/// use creditcheck::linalg::Field;
/// let field = Field::new(101).unwrap();
/// assert_eq!(field.canonical(field.reduce(205.0)), 3);
/// assert_eq!(field.canonical(field.dyadic(0.5).unwrap()), 51); // 2 · 51 = 102
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field {
    p: f64,
    inverse: f64,
    prime: u32,
}

impl Field {
    /// The field of a prime below 2²²; `None` for any other number.
    #[must_use]
    pub fn new(prime: u32) -> Option<Self> {
        let p = f64::from(prime);
        (prime < LARGEST && is_prime(prime)).then_some(Self { p, inverse: 1.0 / p, prime })
    }

    /// The fields of the largest primes that divide none of `avoid`, in decreasing order.
    pub fn largest(avoid: &[u64]) -> impl Iterator<Item = Self> {
        let primes = (2..LARGEST).rev().filter(|p| is_prime(*p));
        primes.filter(|p| avoid.iter().all(|n| n % u64::from(*p) != 0)).filter_map(Self::new)
    }

    /// p
    #[must_use]
    pub fn prime(&self) -> u32 {
        self.prime
    }

    /// The reduced residue of an integer of magnitude at most 2⁵³ − p (2⁵² modulo 2 and 3, whose quotients are larger).
    ///
    /// Nearer to 2⁵³ the multiple of p next to it may be beyond, where not every integer is a float.
    #[inline(always)]
    #[must_use]
    pub fn reduce(&self, integer: f64) -> f64 {
        let quotient = (integer * self.inverse + TO_INTEGER) - TO_INTEGER;
        integer - quotient * self.p
    }

    /// The reduced residue of any integer below 2⁵³ in magnitude: its upper and its lower half apart.
    #[inline(always)]
    #[must_use]
    pub fn mantissa(&self, integer: f64) -> f64 {
        const HALF: f64 = 67_108_864.0;
        let upper = (integer / HALF).trunc();
        // Below 2²⁷, then below 2²¹ · 2²⁶ + 2²⁶.
        self.reduce(self.reduce(upper) * HALF + (integer - upper * HALF))
    }

    /// The product of two reduced residues, reduced.
    #[inline(always)]
    #[must_use]
    pub fn times(&self, a: f64, b: f64) -> f64 {
        self.reduce(a * b)
    }

    /// How many products of two reduced residues may be added up before the sum leaves what [`Self::reduce`] takes.
    #[must_use]
    pub fn terms(&self) -> usize {
        let most = self.p / 2.0 + 2.0;
        let limit = if self.p < 5.0 { 4_503_599_627_370_496.0 } else { 9_007_199_254_740_992.0 };
        // At least 2¹¹ − 2 because p < 2²²; the one that is taken off leaves room for p, as `reduce` wants.
        // Capped so that the cast is exact for tiny primes.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let terms = ((limit / (most * most)).floor() - 1.0).min(1e9) as usize;
        terms
    }

    /// The one representative in 0..p of a reduced residue.
    #[inline(always)]
    #[must_use]
    pub fn canonical(&self, residue: f64) -> u32 {
        let reduced = self.reduce(residue);
        let above = if reduced < 0.0 { reduced + self.p } else { reduced };
        let below = if above >= self.p { above - self.p } else { above };
        // An integer in 0..p: at 2⁵² it stands in the lowest bits of the fraction. A cast would not vectorise.
        #[allow(clippy::cast_possible_truncation)]
        let canonical = (below + 4_503_599_627_370_496.0).to_bits() as u32;
        canonical
    }

    /// The balanced residue of an integer in 0..p.
    #[must_use]
    pub fn of(&self, canonical: u32) -> f64 {
        self.reduce(f64::from(canonical))
    }

    /// The residue of a big integer.
    #[must_use]
    pub fn integer(&self, value: &BigInt) -> f64 {
        // `mod_floor` by p lies in 0..p.
        self.of(value.mod_floor(&BigInt::from(self.prime)).to_u32().unwrap_or(0))
    }

    /// 1/a; `None` for 0.
    #[must_use]
    pub fn invert(&self, residue: f64) -> Option<f64> {
        let a = u64::from(self.canonical(residue));
        (a != 0).then(|| self.power(residue, u64::from(self.prime) - 2))
    }

    /// aⁿ
    #[must_use]
    pub fn power(&self, residue: f64, mut exponent: u64) -> f64 {
        let (mut base, mut result) = (self.reduce(residue), self.reduce(1.0));
        while exponent > 0 {
            if exponent & 1 == 1 {
                result = self.times(result, base);
            }
            base = self.times(base, base);
            exponent >>= 1;
        }
        result
    }

    /// The residue of a float, which is an integer times a power of two; `None` for NaN, infinities, and fractions at p = 2.
    #[must_use]
    pub fn dyadic(&self, value: f64) -> Option<f64> {
        let (mantissa, exponent) = parts(value)?;
        if self.prime == 2 {
            // Integers have negative exponents too, and 1/2 does not exist.
            return (value.fract() == 0.0).then_some(value % 2.0);
        }
        let mantissa = self.mantissa(mantissa);
        let two = self.reduce(2.0);
        let power = self.power(two, u64::from(exponent.unsigned_abs()));
        let scale = if exponent < 0 { self.invert(power)? } else { power };
        Some(self.times(mantissa, scale))
    }
}

/// value = m · 2ᵉ with an integer |m| < 2⁵³; `None` for NaN and infinities.
#[must_use]
pub fn parts(value: f64) -> Option<(f64, i32)> {
    if !value.is_finite() {
        return None;
    }
    let bits = value.to_bits();
    let biased = (bits >> 52) & 0x7ff;
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, exponent) =
        if biased == 0 { (fraction, -1074) } else { (fraction | 1 << 52, 0) };
    // Below 2⁵³ every integer is a float, and the biased exponent has 11 bits.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
    let (mantissa, normal) = (mantissa as f64, biased as i32 - 1075);
    let exponent = if biased == 0 { exponent } else { normal };
    Some((mantissa.copysign(value), exponent))
}

fn is_prime(n: u32) -> bool {
    n >= 2 && (2..).take_while(|d| d * d <= n).all(|d| !n.is_multiple_of(d))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reduction_is_right_at_the_edges() {
        for p in [2_u32, 3, 5, 101, 4_194_301] {
            let field = Field::new(p).unwrap();
            let limit = if p < 5 { 1_i64 << 52 } else { 1 << 53 };
            let limit = if p < 5 { limit } else { limit - i64::from(p) };
            let around = [0, i64::from(p), i64::from(p) / 2, limit - i64::from(p) - 1, limit - 2];
            for base in around {
                for value in base - 2..=base + 2 {
                    for value in [value, -value] {
                        if value.abs() > limit {
                            continue;
                        }
                        let reduced = field.reduce(value as f64);
                        assert!(reduced.abs() <= f64::from(p) / 2.0 + 2.0, "{value} mod {p}");
                        let expected = value.rem_euclid(i64::from(p));
                        assert_eq!(i64::from(field.canonical(value as f64)), expected);
                    }
                }
            }
            // Of that many products the sum is still exact.
            let most = u128::from(p / 2 + 2);
            assert!(field.terms() as u128 * most * most < 1 << 53);
        }
    }

    #[test]
    fn a_float_is_its_mantissa_times_its_power_of_two() {
        let values = [0.0, 1.0, -1.5, 0.1, f64::MIN_POSITIVE, 5e-324, -f64::MAX, 1e-310];
        // Full mantissas of both signs, whose quotients by 3 are beyond 2⁵¹.
        for value in values.into_iter().chain([-1763.0 / 1024.0, 0.9, -0.9]) {
            let (mantissa, exponent) = parts(value).unwrap();
            assert!(mantissa.abs() < 9_007_199_254_740_992.0);
            let exact = num_rational::BigRational::from_float(value).unwrap();
            let power = num_rational::BigRational::from_integer(2.into()).pow(exponent);
            let integer = num_rational::BigRational::from_float(mantissa).unwrap();
            assert_eq!(integer * power, exact);
            for p in [3, 5, 101, 4_194_301] {
                let field = Field::new(p).unwrap();
                let below = field.integer(exact.denom());
                let found = field.times(field.dyadic(value).unwrap(), below);
                assert_eq!(field.canonical(found), field.canonical(field.integer(exact.numer())));
            }
        }
        // A full mantissa is next to a multiple of p that is beyond 2⁵³, modulo some primes and not modulo others.
        for field in
            Field::largest(&[]).take(100).chain([2, 3, 5, 101].into_iter().filter_map(Field::new))
        {
            for mantissa in [(1_i64 << 53) - 1, 9_007_199_253_840_279, 9_006_867_092_553_851] {
                for mantissa in [mantissa, -mantissa] {
                    let residue = field.mantissa(mantissa as f64);
                    let expected = mantissa.rem_euclid(i64::from(field.prime()));
                    assert_eq!(
                        i64::from(field.canonical(residue)),
                        expected,
                        "{mantissa} {field:?}"
                    );
                }
            }
        }
        assert_eq!(parts(f64::NAN), None);
        assert_eq!(Field::new(4), None);
        let field = Field::new(2).unwrap();
        assert_eq!((field.dyadic(0.5), field.dyadic(-3.0)), (None, Some(-1.0)));
    }
}
