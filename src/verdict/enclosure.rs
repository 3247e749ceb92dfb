//! Rigorous rational enclosures of the transcendental activations.
//!
//! Everything is interval arithmetic on dyadic numbers, each operation rounded outward to a
//! working precision; no float occurs. From one series for eʳ − 1 with a small r, doubled by
//! e²ʳ − 1 = t(t + 2), follow all three functions without cancellation:
//! tanh x = t/(t + 2) with t = e²ˣ − 1, logistic x = E/(1 + E) with E = eˣ,
//! softplus x = max(x, 0) + ln(1 + e^−|x|) with ln(1 + y) = 2 artanh(y/(2 + y)).

mod dyadic;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use dyadic::Interval;

/// A closed interval with rational ends that contains a real number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enclosure {
    /// The lower end.
    pub lower: BigRational,
    /// The upper end.
    pub upper: BigRational,
}

impl Enclosure {
    /// The largest distance from a number to a point of the interval: an upper bound on |value − σ(s)|.
    #[must_use]
    pub fn distance(&self, value: &BigRational) -> BigRational {
        (value - &self.lower).abs().max((value - &self.upper).abs())
    }

    /// Half the sum of both ends.
    #[must_use]
    pub fn middle(&self) -> BigRational {
        (&self.lower + &self.upper) / BigInt::from(2)
    }

    fn of(interval: &Interval) -> Self {
        Self { lower: interval.lower(), upper: interval.upper() }
    }

    fn negated(self) -> Self {
        Self { lower: -self.upper, upper: -self.lower }
    }

    fn shifted(self, by: &BigRational) -> Self {
        Self { lower: self.lower + by, upper: self.upper + by }
    }

    /// [0, 2^−k]: what is left of e^−|x| beyond the range that the series serves.
    fn vanishing() -> Self {
        let tiny = BigRational::new(BigInt::one(), BigInt::one() << LARGE);
        Self { lower: BigRational::zero(), upper: tiny }
    }

    /// [1 − 2^−k, 1].
    fn nearly_one() -> Self {
        Self::vanishing().negated().shifted(&BigRational::one())
    }
}

/// From this magnitude on the tails are used: e^−|x| < 2^−16384 there, far below any float.
const LARGE: u32 = 1 << 14;
/// Bits lost at most by rounding x and by twenty-odd doublings.
const GUARD_BITS: u64 = 48;

/// eˣ, to about this many bits; `None` for |x| ≥ 2¹⁴, whose value nobody could write down.
///
/// Exactness: a guaranteed enclosure.
#[must_use]
pub fn exp(x: &BigRational, bits: u64) -> Option<Enclosure> {
    (!is_large(x)).then(|| Enclosure::of(&exp_interval(x, bits + GUARD_BITS)))
}

/// tanh x, to about this many bits relative to its size.
///
/// Exactness: a guaranteed enclosure, for every rational x.
///
/// ```
/// use creditcheck::{verdict::enclosure, number};
/// let half = number::parse("1/2", &Default::default()).unwrap();
/// let tanh = enclosure::tanh(&half, 64);
/// assert!(tanh.lower < tanh.upper);
/// assert_eq!(number::nearest_f64(&tanh.lower), 0.5f64.tanh());
/// ```
#[must_use]
pub fn tanh(x: &BigRational, bits: u64) -> Enclosure {
    let magnitude = x.abs();
    let enclosure = if is_large(x) {
        Enclosure::nearly_one()
    } else {
        let work = bits + GUARD_BITS;
        let t = exp_m1(&(magnitude * BigInt::from(2)), work);
        Enclosure::of(&t.divide(&t.add(&Interval::integer(2), work), work))
    };
    if x.is_negative() { enclosure.negated() } else { enclosure }
}

/// 1/(1 + e⁻ˣ), to about this many bits relative to its size (down to 2^−16384).
///
/// Exactness: a guaranteed enclosure, for every rational x.
#[must_use]
pub fn logistic(x: &BigRational, bits: u64) -> Enclosure {
    if is_large(x) {
        return if x.is_negative() { Enclosure::vanishing() } else { Enclosure::nearly_one() };
    }
    let work = bits + GUARD_BITS;
    let grown = exp_interval(&x.abs(), work);
    let one = Interval::integer(1);
    let numerator = if x.is_negative() { &one } else { &grown };
    Enclosure::of(&numerator.divide(&one.add(&grown, work), work))
}

/// ln(1 + eˣ), to about this many bits relative to its size (down to 2^−16384).
///
/// Exactness: a guaranteed enclosure, for every rational x.
#[must_use]
pub fn softplus(x: &BigRational, bits: u64) -> Enclosure {
    let excess = if is_large(x) {
        Enclosure::vanishing()
    } else {
        let work = bits + GUARD_BITS;
        // y = e^−|x| gives y/(2 + y) = 1/(2e^|x| + 1) ≤ 1/3.
        let (one, two) = (Interval::integer(1), Interval::integer(2));
        let grown = exp_interval(&x.abs(), work);
        let z = one.divide(&two.multiply(&grown, work).add(&one, work), work);
        Enclosure::of(&two.multiply(&artanh(&z, work), work))
    };
    if x.is_positive() { excess.shifted(x) } else { excess }
}

fn is_large(x: &BigRational) -> bool {
    x.abs() >= BigRational::from_integer(BigInt::from(LARGE))
}

/// eˣ for |x| < 2¹⁴.
fn exp_interval(x: &BigRational, work: u64) -> Interval {
    let one = Interval::integer(1);
    let grown = one.add(&exp_m1(&x.abs(), work), work);
    if x.is_negative() { one.divide(&grown, work) } else { grown }
}

/// eˣ − 1 for 0 ≤ x < 2¹⁵, without cancellation however small x is.
fn exp_m1(x: &BigRational, work: u64) -> Interval {
    if x.is_zero() {
        return Interval::integer(0);
    }
    // x < 2^excess, so x / 2^doublings < 2^−8.
    let bit_length = |n: &BigInt| i64::try_from(n.bits()).unwrap_or(i64::MAX);
    let excess = bit_length(x.numer()) - bit_length(x.denom()) + 1;
    let doublings = u64::try_from(excess + 8).unwrap_or(0);
    let r = Interval::rational(x, work).halved(doublings);
    // r + r²/2! + r³/3! + …; the rest after a term is less than that term, since r < ½.
    let (mut term, mut sum) = (r.clone(), r.clone());
    let mut k = 2;
    while !term.is_below(&r, work) {
        term = term.multiply(&r, work).divide(&Interval::integer(k), work);
        sum = sum.add(&term, work);
        k += 1;
    }
    let mut t = sum.widened_up(&term, work);
    for _ in 0..doublings {
        t = t.multiply(&t.add(&Interval::integer(2), work), work);
    }
    t
}

/// artanh z = z + z³/3 + z⁵/5 + … for 0 ≤ z ≤ 1/3.
fn artanh(z: &Interval, work: u64) -> Interval {
    let square = z.multiply(z, work);
    let (mut power, mut sum) = (z.clone(), z.clone());
    let mut k = 3;
    // The rest after a term is less than that term: each is at most a ninth of the one before.
    while !power.is_below(z, work) {
        power = power.multiply(&square, work);
        sum = sum.add(&power.divide(&Interval::integer(k), work), work);
        k += 2;
    }
    sum.widened_up(&power, work)
}
