//! Exact numbers as text, and the nearest float of an exact number.
//!
//! These are conversions at the border: no engine computes with them.

use num_bigint::{BigInt, BigUint, Sign};
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};

use crate::error::Error;
use crate::spec::{Dtype, Limits, Number, work};

/// Why a text is not a number: what it should have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotANumber {
    /// What was expected, to follow "expected".
    pub expected: String,
    /// The limit, where it may be a number, but one that takes more work than is allowed.
    pub limit: Option<Error>,
}

fn expected<T>(text: &str) -> Result<T, NotANumber> {
    Err(NotANumber { expected: text.to_owned(), limit: None })
}

const FORMS: &str = "a number such as \"3\", \"-7/4\", \"0.125\" or \"0x1.8p-3\"";

/// Reads `"p/q"`, `"-3"`, `"0.125"` (exact decimal) or `"0x1.8p-3"` (exact hex float).
///
/// # Errors
/// [`NotANumber`] with what was expected instead; also when a limit on length, exponent or work is passed.
///
/// ```
/// use creditcheck::{number, spec::Limits};
/// let limits = Limits::default();
/// let third = number::parse("2/6", &limits).unwrap();
/// assert_eq!(number::canonical(&third), "1/3");
/// assert_eq!(number::parse("0.125", &limits), number::parse("0x1p-3", &limits));
/// assert!(number::parse("1/0", &limits).is_err());
/// ```
pub fn parse(text: &str, limits: &Limits) -> Result<BigRational, NotANumber> {
    if text.len() > limits.number_chars {
        return expected(&format!("at most {} characters in a number", limits.number_chars));
    }
    // Four bits per character at most; only a fraction has to be reduced.
    let bits = 4 * text.len() as u64;
    let reduces = !text.contains("0x") && text.contains(['/', '.']);
    let cost = if reduces { work::reduced(bits, 0, 0) } else { work::plain(0, bits, bits) };
    let too_much = |error| NotANumber { expected: "a shorter number".into(), limit: Some(error) };
    limits.work.charge(cost, "a number of the file").map_err(too_much)?;
    let (negative, magnitude) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let value = if let Some(hex) = magnitude.strip_prefix("0x") {
        parse_hex(hex, limits)?
    } else if let Some((p, q)) = magnitude.split_once('/') {
        let denominator = digits(q, 10)?;
        if denominator.is_zero() {
            return expected("a denominator that is not zero");
        }
        BigRational::new(digits(p, 10)?, denominator)
    } else if let Some((whole, fraction)) = magnitude.split_once('.') {
        let scale = BigInt::from(10).pow(u32::try_from(fraction.len()).unwrap_or(u32::MAX));
        let numerator = digits(whole, 10)? * &scale + digits(fraction, 10)?;
        BigRational::new(numerator, scale)
    } else {
        BigRational::from_integer(digits(magnitude, 10)?)
    };
    Ok(if negative { -value } else { value })
}

fn parse_hex(text: &str, limits: &Limits) -> Result<BigRational, NotANumber> {
    let Some((mantissa, exponent)) = text.split_once('p') else {
        return expected("a hex float with its binary exponent, such as \"0x1.8p-3\"");
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if unsigned.is_empty() || !unsigned.bytes().all(|b| b.is_ascii_digit()) {
        return expected("a decimal exponent after the p of a hex float");
    }
    let exponent: i64 = match exponent.parse() {
        Ok(value) if (-limits.exponent..=limits.exponent).contains(&value) => value,
        _ => return expected(&format!("a binary exponent of at most ±{}", limits.exponent)),
    };
    if mantissa.ends_with('.') {
        return expected(FORMS);
    }
    let integer = digits(&format!("{whole}{fraction}"), 16)?;
    Ok(scaled(integer, exponent - 4 * i64::try_from(fraction.len()).unwrap_or(0)))
}

/// integer · 2^exponent
fn scaled(integer: BigInt, exponent: i64) -> BigRational {
    let power = BigInt::one() << exponent.unsigned_abs();
    if exponent >= 0 {
        BigRational::from_integer(integer * power)
    } else {
        BigRational::new(integer, power)
    }
}

/// Digits only: no sign, no underscore, none missing.
fn digits(text: &str, radix: u32) -> Result<BigInt, NotANumber> {
    if text.is_empty() || !text.chars().all(|c| c.is_digit(radix)) {
        return expected(FORMS);
    }
    match BigUint::parse_bytes(text.as_bytes(), radix) {
        Some(value) => Ok(BigInt::from_biguint(Sign::Plus, value)),
        None => expected(FORMS),
    }
}

/// `"p/q"` in lowest terms with positive q, or `"p"`.
#[must_use]
pub fn canonical(value: &BigRational) -> String {
    value.to_string()
}

/// The exact value of a finite `f64` (every one is a dyadic rational).
#[must_use]
pub fn exact_f64(value: f64) -> Option<BigRational> {
    BigRational::from_float(value)
}

/// The `f64` nearest to a rational, ties to even; ±∞ beyond the largest.
///
/// Exactness: correctly rounded, subnormals included.
///
/// ```
/// use creditcheck::{number, spec::Limits};
/// let tenth = number::parse("1/10", &Limits::default()).unwrap();
/// assert_eq!(number::nearest_f64(&tenth), 0.1);
/// ```
#[must_use]
pub fn nearest_f64(value: &BigRational) -> f64 {
    let bits = nearest_bits(value, 53, 1023);
    f64::from_bits(if value.is_negative() { bits | 1 << 63 } else { bits })
}

/// The `f32` nearest to a rational, ties to even; ±∞ beyond the largest.
///
/// Rounded once, not through `f64`.
#[must_use]
pub fn nearest_f32(value: &BigRational) -> f32 {
    // The magnitude bits of an f32 fit into 31 bits.
    let bits = u32::try_from(nearest_bits(value, 24, 127)).unwrap_or(0);
    f32::from_bits(if value.is_negative() { bits | 1 << 31 } else { bits })
}

/// The value as it is held: itself, or the nearest of the format; none beyond its largest. Of two that are equally near the even one.
///
/// ```
/// use creditcheck::{number::held, spec::{Dtype, Number}};
/// let third = num_rational::BigRational::new(1.into(), 3.into());
/// assert_eq!(held(&third, Number::Exact), Some(third.clone()));
/// let single = held(&third, Number::Float(Dtype::F32));
/// assert_eq!(single, num_rational::BigRational::from_float(1.0_f32 / 3.0));
/// ```
#[must_use]
pub fn held(value: &BigRational, number: Number) -> Option<BigRational> {
    match number {
        Number::Exact => Some(value.clone()),
        Number::Float(dtype) => exact_f64(nearest(value.numer(), value.denom(), dtype)),
        Number::Grid(grid) => {
            let (step, half) = (grid.step(), BigRational::new(1.into(), 2.into()));
            let steps = value / &step;
            let below = (&steps - &half).ceil();
            let is_tie = &steps - &below == half;
            let even = |steps: &BigRational| steps.numer().is_even();
            Some(if is_tie && !even(&below) {
                (below + BigRational::one()) * step
            } else {
                below * step
            })
        }
    }
}

/// Whether `theirs` is what a value is held as, at best: itself, or the nearest of the format.
///
/// Of two multiples of a grid that are equally near either is: hardware rounds ties as it pleases.
///
/// ```
/// use creditcheck::{number::is_nearest, spec::{Grid, Number}};
/// let q = |p: i64, q: i64| num_rational::BigRational::new(p.into(), q.into());
/// let eighths = Number::Grid(Grid::of(&q(1, 8)).unwrap());
/// assert!(is_nearest(&q(3, 16), &q(1, 8), eighths) && is_nearest(&q(3, 16), &q(1, 4), eighths));
/// assert!(!is_nearest(&q(4, 16), &q(1, 8), eighths) && !is_nearest(&q(3, 16), &q(3, 16), eighths));
/// ```
#[must_use]
pub fn is_nearest(value: &BigRational, theirs: &BigRational, number: Number) -> bool {
    match number {
        Number::Exact | Number::Float(_) => held(value, number).as_ref() == Some(theirs),
        Number::Grid(grid) => {
            let step = grid.step();
            let twice = (theirs - value).abs() * BigInt::from(2);
            (theirs / &step).is_integer() && twice <= step
        }
    }
}

/// Whether `theirs` is what a value is held as, at best, and whether zero is not.
#[must_use]
pub fn nearest_and_live(value: &BigRational, theirs: &BigRational, number: Number) -> (bool, bool) {
    match number {
        Number::Exact | Number::Float(_) => {
            let rounded = held(value, number);
            (rounded.as_ref() == Some(theirs), rounded.is_none_or(|rounded| !rounded.is_zero()))
        }
        Number::Grid(_) => {
            let is = |theirs: &BigRational| is_nearest(value, theirs, number);
            (is(theirs), !is(&BigRational::zero()))
        }
    }
}

/// The value of a format nearest to numerator / denominator, ties to even; ±∞ beyond the largest.
///
/// Exactness: rounded once; the fraction need not be in lowest terms, the denominator must be positive.
///
/// ```
/// use creditcheck::{number::nearest, spec::Dtype};
/// let tenth = |dtype| nearest(&1.into(), &10.into(), dtype);
/// assert_eq!(tenth(Dtype::F64), 0.1);
/// assert_eq!(tenth(Dtype::F32), f64::from(0.1f32));
/// assert_eq!(tenth(Dtype::Bf16), 0.10009765625);
/// assert_eq!(nearest(&(-70_000).into(), &1.into(), Dtype::F16), f64::NEG_INFINITY);
/// ```
#[must_use]
pub fn nearest(numerator: &BigInt, denominator: &BigInt, dtype: Dtype) -> f64 {
    let (precision, largest) = (i64::from(dtype.precision()), i64::from(dtype.largest()));
    let bits = magnitude_bits(numerator, denominator, precision, largest);
    let (fraction, biased) = (bits & ((1 << (precision - 1)) - 1), bits >> (precision - 1));
    let value = if biased > (2 * largest).unsigned_abs() {
        f64::INFINITY
    } else if dtype == Dtype::F64 {
        f64::from_bits(bits)
    } else {
        // Every other format is far within the exponents of f64, so this is exact.
        let units = fraction | if biased == 0 { 0 } else { 1 << (precision - 1) };
        #[allow(clippy::cast_precision_loss)]
        let units = units as f64;
        let step = i32::try_from(biased.max(1) - 1).unwrap_or(0) + dtype.smallest();
        units * 2f64.powi(step)
    };
    if numerator.is_negative() { -value } else { value }
}

fn nearest_bits(value: &BigRational, precision: i64, max_exponent: i64) -> u64 {
    magnitude_bits(value.numer(), value.denom(), precision, max_exponent)
}

/// The magnitude bits of the nearest float of a format with this precision and largest exponent.
fn magnitude_bits(p: &BigInt, q: &BigInt, precision: i64, max_exponent: i64) -> u64 {
    if p.is_zero() {
        return 0;
    }
    let bit_length = |n: &BigInt| i64::try_from(n.bits()).unwrap_or(i64::MAX / 4);
    let p = p.abs();
    // 2^(estimate) ≤ p/q < 2^(estimate + 2): at most one step too low.
    let mut exponent = bit_length(&p) - bit_length(q) - 1;
    let next = exponent + 1;
    let reached = match next >= 0 {
        true => q << next.unsigned_abs() <= p,
        false => *q <= &p << next.unsigned_abs(),
    };
    if reached {
        exponent = next;
    }
    let infinity = ((2 * max_exponent + 1).unsigned_abs()) << (precision - 1);
    if exponent > max_exponent {
        return infinity;
    }
    // Below the smallest normal exponent the unit in the last place stays put.
    let min_exponent = 1 - max_exponent;
    let unit = exponent.max(min_exponent) - (precision - 1);
    let (top, bottom) = if unit >= 0 {
        (p, q << unit.unsigned_abs())
    } else {
        (p << unit.unsigned_abs(), q.clone())
    };
    let (mut units, rest) = top.div_rem(&bottom);
    let twice = rest << 1;
    if twice > bottom || (twice == bottom && units.is_odd()) {
        units += 1;
    }
    // The encoding of floats is monotonous: a carry out of the mantissa becomes
    // the next exponent by plain addition, and that of the largest float becomes ∞.
    let biased = (exponent.max(min_exponent) - min_exponent).unsigned_abs();
    let mantissa = units.to_u64().unwrap_or(0);
    (biased << (precision - 1)) + mantissa
}

/// A finite float as an exact hex literal, such as `"-0x1.8p-3"`; `"0x0p+0"` for zero.
///
/// ```
/// assert_eq!(creditcheck::number::hex(-0.1875), "-0x1.8p-3");
/// ```
#[must_use]
pub fn hex(value: f64) -> String {
    const FRACTION_BITS: u64 = 52;
    let bits = value.to_bits();
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let fraction = bits & ((1 << FRACTION_BITS) - 1);
    let biased = i64::try_from(bits >> FRACTION_BITS & 0x7ff).unwrap_or(0);
    if !value.is_finite() {
        return format!("{value}");
    }
    if biased == 0 && fraction == 0 {
        return format!("{sign}0x0p+0");
    }
    let (lead, exponent) = if biased == 0 { (0, -1022) } else { (1, biased - 1023) };
    let digits = format!("{fraction:013x}");
    let digits = digits.trim_end_matches('0');
    let point = if digits.is_empty() { "" } else { "." };
    format!("{sign}0x{lead}{point}{digits}p{exponent:+}")
}
