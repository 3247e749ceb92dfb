//! Long fractions as decimals of so many digits.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{Pow, Signed, Zero};

use crate::number::canonical;

/// The exact number where it takes no more characters than a decimal of `digits` would; else that decimal, marked `≈`.
pub(super) fn short(value: &BigRational, digits: usize) -> String {
    let exact = canonical(value);
    if exact.len() <= digits + 2 {
        return exact;
    }
    // One word, so that no line ends within it.
    format!("≈{}", decimal(value, digits))
}

/// The nearest decimal of `digits` significant digits; of two, the one whose last digit is even.
fn decimal(value: &BigRational, digits: usize) -> String {
    if value.is_zero() {
        return "0".to_owned();
    }
    let (numerator, denominator) = (value.numer().abs(), value.denom().clone());
    let length = |number: &BigInt| number.to_string().len();
    let signed = |size: usize| i64::try_from(size).unwrap_or(i64::MAX);
    // 10^exponent is the power of ten at or below the value, or the next.
    let mut exponent = signed(length(&numerator)) - signed(length(&denominator));
    let scaled = |power: i64| {
        let ten = BigInt::from(10).pow(power.unsigned_abs());
        match power < 0 {
            true => (numerator.clone(), &denominator * ten),
            false => (&numerator * ten, denominator.clone()),
        }
    };
    let (above, below) = scaled(-exponent);
    if above < below {
        exponent -= 1;
    }
    let (above, below) = scaled(signed(digits) - 1 - exponent);
    let (mut whole, rest) = above.div_rem(&below);
    match (rest * 2u32).cmp(&below) {
        std::cmp::Ordering::Greater => whole += 1u32,
        std::cmp::Ordering::Equal if whole.is_odd() => whole += 1u32,
        std::cmp::Ordering::Equal | std::cmp::Ordering::Less => {}
    }
    let mut figures = whole.to_string();
    // 9.99… may have become 10.
    if figures.len() > digits {
        figures.pop();
        exponent += 1;
    }
    let sign = if value.is_negative() { "-" } else { "" };
    format!("{sign}{}", placed(&figures, exponent))
}

/// The digits with their point: plain near 1, with a power of ten elsewhere.
fn placed(figures: &str, exponent: i64) -> String {
    let with_point = |at: usize| match figures.split_at(at) {
        (whole, "") => whole.to_owned(),
        (whole, rest) => format!("{whole}.{rest}"),
    };
    match usize::try_from(exponent) {
        Ok(above) if above < figures.len() => with_point(above + 1),
        Err(_) if exponent >= -4 => {
            let zeros = usize::try_from(-exponent - 1).unwrap_or(0);
            format!("0.{}{figures}", "0".repeat(zeros))
        }
        _ => format!("{}e{exponent}", with_point(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(p: i64, q: i64) -> BigRational {
        BigRational::new(p.into(), q.into())
    }

    #[test]
    fn short_numbers_stay_exact_and_long_ones_are_marked() {
        assert_eq!(short(&ratio(-217, 256), 6), "-217/256");
        assert_eq!(short(&ratio(-217, 256), 5), "≈-0.84766");
        assert_eq!(short(&ratio(0, 1), 1), "0");
    }

    #[test]
    fn of_two_nearest_decimals_the_even_one_and_nines_carry() {
        for (p, q, digits, expected) in [
            (25, 1000, 1, "0.02"),
            (35, 1000, 1, "0.04"),
            (-99_999, 10, 2, "-1.0e4"),
            (99_949, 10, 3, "9.99e3"),
            (123_456, 1, 6, "123456"),
            (123_456, 1, 3, "1.23e5"),
            (1, 3, 4, "0.3333"),
            (2, 30_000, 4, "6.667e-5"),
            (1, 10, 3, "0.100"),
        ] {
            assert_eq!(decimal(&ratio(p, q), digits), expected, "{p}/{q}");
        }
    }

    /// Whatever the number, it is within half a unit of the last digit, and has as many digits as asked.
    #[test]
    fn decimals_are_the_nearest() {
        let mut state = 1_u64;
        for _ in 0..500 {
            let mut draw = |below: u64| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                i64::try_from((state >> 33) % below).unwrap()
            };
            let value = ratio(draw(2_000_000_000) - 1_000_000_000, 1 + draw(1_000_000));
            let value = value * ratio(1, 10).pow(i32::try_from(draw(9)).unwrap());
            let digits = 1 + usize::try_from(draw(12)).unwrap();
            if value.is_zero() {
                continue;
            }
            let text = decimal(&value, digits);
            let (figures, power) = text.split_once('e').unwrap_or((&text, "0"));
            let places = figures.split_once('.').map_or(0, |(_, places)| places.len());
            let plain: String = figures.chars().filter(char::is_ascii_digit).collect();
            assert_eq!(plain.trim_start_matches('0').len(), digits, "{text}");
            let power = power.parse::<i32>().unwrap() - i32::try_from(places).unwrap();
            let unit = BigRational::from(BigInt::from(10)).pow(power);
            let whole: BigInt = figures.replace('.', "").parse().unwrap();
            let off = (BigRational::from(whole) * &unit - &value).abs();
            assert!(off * BigInt::from(2) <= unit, "{value} as {text}");
        }
    }
}
