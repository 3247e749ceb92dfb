//! Units in the last place, exactly.
//!
//! One ulp of an exact value is the distance between neighbouring floats of its binade, in the format of the float that is
//! judged. All distances are fractions: an ulp count is rounded once, upwards, when it is shown.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use crate::number::{exact_f64, nearest_f64};
use crate::spec::{Dtype, Number};

/// The bins of a distribution: exact, then powers of two of an ulp.
pub const LOWEST_BIN: i32 = -8;
/// The last bin holds everything beyond.
pub const HIGHEST_BIN: i32 = 40;

pub(super) fn bins() -> usize {
    usize::try_from(HIGHEST_BIN - LOWEST_BIN + 1).unwrap_or(0)
}

/// 2^k with 2^k ≤ p/q < 2^(k+1).
fn binade(p: &BigInt, q: &BigInt) -> i64 {
    let bits = |n: &BigInt| i64::try_from(n.bits()).unwrap_or(i64::MAX / 4);
    let estimate = bits(p) - bits(q);
    if power_at_most(estimate, p, q) { estimate } else { estimate - 1 }
}

/// Whether 2^k ≤ p/q.
fn power_at_most(k: i64, p: &BigInt, q: &BigInt) -> bool {
    match k >= 0 {
        true => q << k.unsigned_abs() <= *p,
        false => *q <= p << k.unsigned_abs(),
    }
}

pub(super) fn power_of_two(k: i64) -> BigRational {
    let power = BigInt::one() << k.unsigned_abs();
    match k >= 0 {
        true => BigRational::from_integer(power),
        false => BigRational::new_raw(BigInt::one(), power),
    }
}

/// One ulp of an exact value; of zero, the smallest positive number.
pub(super) fn ulp(exact: &BigRational, dtype: Dtype) -> BigRational {
    let smallest = i64::from(dtype.smallest());
    let exponent = match exact.is_zero() {
        true => smallest,
        false => {
            let lead = binade(&exact.numer().abs(), exact.denom());
            (lead + 1 - i64::from(dtype.precision())).max(smallest)
        }
    };
    power_of_two(exponent)
}

/// What errors are counted in: one ulp of floats, one step of a grid; nothing of fractions.
pub(super) fn unit(exact: &BigRational, held: Number) -> Option<BigRational> {
    match held {
        Number::Exact => None,
        Number::Float(dtype) => Some(ulp(exact, dtype)),
        Number::Grid(grid) => Some(grid.step()),
    }
}

/// Which bin a number of ulps falls into.
pub(super) fn bin(ulps: &BigRational) -> usize {
    let (top, bottom) = (ulps.numer(), ulps.denom());
    if top.is_zero() {
        return 0;
    }
    let lead = binade(top, bottom);
    // The smallest k with top/bottom ≤ 2^k.
    let is_power = match lead >= 0 {
        true => bottom << lead.unsigned_abs() == *top,
        false => *bottom == top << lead.unsigned_abs(),
    };
    let k = if is_power { lead } else { lead + 1 };
    let k = k.clamp(i64::from(LOWEST_BIN), i64::from(HIGHEST_BIN));
    usize::try_from(k - i64::from(LOWEST_BIN)).unwrap_or(0)
}

/// The smallest f64 that is at least |top| / |bottom|.
pub(super) fn upward(top: &BigInt, bottom: &BigInt) -> f64 {
    let value = BigRational::new_raw(top.abs(), bottom.abs());
    if value.numer().is_zero() {
        return 0.0;
    }
    let near = nearest_f64(&value);
    match exact_f64(near) {
        Some(exact) if exact.numer() * value.denom() < value.numer() * exact.denom() => {
            near.next_up()
        }
        _ => near,
    }
}
