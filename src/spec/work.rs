//! The budget of work: what exact arithmetic costs, by formula, and how much of it one case may cost.
//!
//! Work is counted in limb products: multiplying two numbers of a and b limbs of 64 bits takes a·b of them. It is computed from the sizes
//! of the operands, before the operation, and never measured, so it is the same on every machine, in every build and on every run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use num_rational::BigRational;

use crate::error::{Error, WORK};

/// What an operation costs beside its limb products: memory, signs, bookkeeping.
const OPERATION: u64 = 64;

/// What a fraction in lowest terms costs per square of its limbs: the greatest common divisors take a step per bit.
const REDUCTION: u64 = 32;

/// What an operation on numbers of a machine word costs.
pub const WORD: u64 = 8;

/// How much work is allowed, and how much is done; clones share one account.
///
/// ```
/// use creditcheck::spec::Work;
/// let work = Work::up_to(100);
/// work.clone().charge(70, "a product").unwrap();
/// assert!(work.charge(31, "a product").is_err());
/// assert_eq!(work.spent(), 70);
/// ```
#[derive(Clone, Debug)]
pub struct Work {
    limit: u64,
    spent: Arc<AtomicU64>,
}

impl Work {
    /// A new account.
    #[must_use]
    pub fn up_to(limit: u64) -> Self {
        Self { limit, spent: Arc::default() }
    }

    /// How much is allowed.
    #[must_use]
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// How much was granted so far.
    #[must_use]
    pub fn spent(&self) -> u64 {
        self.spent.load(Ordering::Relaxed)
    }

    /// Asks for work before it is done. What is refused is not spent.
    ///
    /// # Errors
    /// [`Error::Limit`] naming `what`, with all that is needed up to and including it.
    pub fn charge(&self, cost: u64, what: &str) -> Result<(), Error> {
        let granted = |spent: u64| spent.checked_add(cost).filter(|sum| *sum <= self.limit);
        match self.spent.fetch_update(Ordering::Relaxed, Ordering::Relaxed, granted) {
            Ok(_) => Ok(()),
            Err(spent) => Err(Error::Limit {
                what: format!("work in {WORK} up to {what}"),
                given: spent.saturating_add(cost),
                limit: self.limit,
            }),
        }
    }
}

/// Two budgets are equal if they allow the same; what is spent is no part of what was asked for.
impl PartialEq for Work {
    fn eq(&self, other: &Self) -> bool {
        self.limit == other.limit
    }
}

impl Eq for Work {}

/// Limbs of a number of so many bits.
#[must_use]
pub fn limbs(bits: u64) -> u64 {
    bits / 64 + 1
}

/// What `sum + left · right` costs at most on big rationals, each of which is reduced to lowest terms.
///
/// ```text
/// 64 + 32 n²,  n = max(⌈sum⌉, ⌈left · right⌉)      ⌈·⌉ counts limbs of numerator and denominator together
/// ```
#[must_use]
pub fn step(sum: &BigRational, left: &BigRational, right: &BigRational) -> u64 {
    let bits = |value: &BigRational| value.numer().bits() + value.denom().bits();
    reduced(bits(sum), bits(left), bits(right))
}

/// The same on numbers of so many bits that need no reduction: integers, and dyadics that are kept as such.
///
/// ```text
/// 64 + ⌈left⌉⌈right⌉ + ⌈sum⌉
/// ```
#[must_use]
pub fn plain(sum: u64, left: u64, right: u64) -> u64 {
    limbs(left).saturating_mul(limbs(right)).saturating_add(OPERATION + limbs(sum))
}

/// [`step`] of fractions of so many bits.
#[must_use]
pub fn reduced(sum: u64, left: u64, right: u64) -> u64 {
    let size = limbs(sum.max(left.saturating_add(right)));
    size.saturating_mul(size).saturating_mul(REDUCTION).saturating_add(OPERATION)
}
