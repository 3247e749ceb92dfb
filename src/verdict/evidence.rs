//! How much it says that somebody's numbers fit an explanation: little, where the room of rounding is wide and the numbers are few.
//!
//! ```text
//! Σ log₂(width / room)   over the entries, each at least 0 and at most 53 bits
//! ```
//!
//! An entry that may lie anywhere in a width fits by accident with the chance room / width; what is said of it has to be chosen among so
//! many explanations. A name is given where an accident among all of them is rarer than one in a thousand.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, Zero};

/// What is needed beyond the choice among explanations: log₂ 1000, rounded up.
pub const NEEDED: u32 = 10;

/// The most that one entry says: a number of the widest format has no more bits.
const MOST: u32 = 53;

/// log₂(width / room), rounded down to a whole number of bits from 0 to 53; the room of exact numbers is zero.
///
/// ```
/// use creditcheck::verdict::evidence::bits;
/// let q = |p: i64, q: i64| num_rational::BigRational::new(p.into(), q.into());
/// assert_eq!((bits(&q(1, 1), &q(1, 20)), bits(&q(1, 8), &q(1, 2)), bits(&q(1, 1), &q(0, 1))), (4, 0, 53));
/// ```
#[must_use]
pub fn bits(width: &BigRational, room: &BigRational) -> u32 {
    if width.is_zero() {
        return 0;
    }
    if room.is_zero() {
        return MOST;
    }
    let whole: BigInt = (width / room).abs().to_integer();
    // What has n bits is at least 2ⁿ⁻¹.
    u32::try_from(whole.bits().saturating_sub(1)).unwrap_or(MOST).min(MOST)
}

/// log₂ of a number of explanations, rounded up.
#[must_use]
pub fn choice(explanations: usize) -> u32 {
    explanations.next_power_of_two().trailing_zeros()
}
