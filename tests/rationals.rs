//! The rationals that the engines compute in, against num-rational, which they replace.

use std::cmp::Ordering;

use creditcheck::scalar::Rational;
use creditcheck::spec::{Case, Limits, Network};
use creditcheck::textbook::{backprop, credit, tangent};
use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Signed, Zero};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::generators::{Q, ratio, seed};

/// Random expressions that are evaluated in both.
const EXPRESSIONS: usize = 50_000;
/// Operations in each of them.
const OPERATIONS: usize = 4;

/// A number in both.
#[derive(Clone, Debug)]
struct Both {
    ours: Rational,
    theirs: Q,
}

impl Both {
    fn of(theirs: Q) -> Self {
        Self { ours: Rational::of(&theirs), theirs }
    }

    /// Digit by digit the same, in lowest terms, in the one representation that the number has.
    fn hold(&self) {
        let plain = self.ours.plain();
        assert_eq!((plain.numer(), plain.denom()), (self.theirs.numer(), self.theirs.denom()));
        assert!(plain.denom().is_positive(), "{plain}: the denominator is positive");
        assert!(plain.numer().gcd(plain.denom()).is_one(), "{plain}: lowest terms");
        assert_eq!(Rational::of(&plain), self.ours, "{plain}: one number, one representation");
        assert_eq!(self.ours.bits(), plain.numer().bits() + plain.denom().bits());
        assert_eq!(self.ours.to_string(), self.theirs.to_string());
        assert_eq!(self.ours.is_zero(), Zero::is_zero(&self.theirs));
        assert_eq!(self.ours.is_negative(), self.theirs.is_negative());
        assert_eq!(self.ours.is_positive(), self.theirs.is_positive());
        assert_eq!(
            creditcheck::scalar::Scalar::sign(&self.ours),
            creditcheck::scalar::Scalar::sign(&self.theirs)
        );
    }
}

/// What the expressions have met, so that none of the ways through an operation was left out.
#[derive(Debug, Default)]
struct Met {
    dyadic: usize,
    with_dyadic: usize,
    coprime: usize,
    with_common_factor: usize,
    same_denominator: usize,
    became_dyadic: usize,
    zero: usize,
    reciprocal: usize,
    equal: usize,
}

struct Draw(ChaCha8Rng);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0.next_u64() % bound
    }

    fn integer(&mut self) -> BigInt {
        let magnitude = match self.below(4) {
            0 => BigInt::from(self.below(5)),
            1 => BigInt::from(self.below(1 << 20)),
            2 => BigInt::from(self.0.next_u64()),
            _ => BigInt::from(self.0.next_u64()) << self.below(130),
        };
        if self.below(2) == 0 { magnitude } else { -magnitude }
    }

    /// An odd number of few primes, so that two of them often share some; one or several limbs long.
    fn odd(&mut self) -> BigInt {
        let most = if self.below(4) == 0 { 60 } else { 4 };
        let factors = self.below(most);
        let prime = |draw: &mut Self| [3_u32, 5, 7, 11, 65_537][draw.below(5) as usize];
        (0..factors).fold(BigInt::one(), |product, _| product * prime(self))
    }

    fn number(&mut self) -> Both {
        let numerator = self.integer();
        let twos = [0, 1, 3, 53, 64, 190][self.below(6) as usize];
        let odd = if self.below(2) == 0 { BigInt::one() } else { self.odd() };
        Both::of(Q::new(numerator, odd << twos))
    }
}

fn odd_part(value: &Q) -> BigInt {
    value.denom() >> value.denom().trailing_zeros().unwrap_or(0)
}

/// One operation, in one of the forms in which it can be written.
fn combined(draw: &mut Draw, a: &Both, b: &Both) -> Both {
    macro_rules! forms {
        ($op:tt, $assign:tt) => {{
            let ours = match draw.below(6) {
                0 => a.ours.clone() $op b.ours.clone(),
                1 => a.ours.clone() $op &b.ours,
                2 => &a.ours $op b.ours.clone(),
                3 => &a.ours $op &b.ours,
                form => {
                    let mut value = a.ours.clone();
                    if form == 4 { value $assign &b.ours } else { value $assign b.ours.clone() }
                    value
                }
            };
            Both { ours, theirs: &a.theirs $op &b.theirs }
        }};
    }
    match draw.below(3) {
        0 => forms!(+, +=),
        1 => forms!(-, -=),
        _ => forms!(*, *=),
    }
}

fn alone(draw: &mut Draw, a: &Both, met: &mut Met) -> Both {
    match draw.below(4) {
        0 => Both { ours: -a.ours.clone(), theirs: -a.theirs.clone() },
        1 => Both { ours: a.ours.abs(), theirs: a.theirs.abs() },
        2 => Both { ours: a.ours.signum(), theirs: a.theirs.signum() },
        _ => match a.ours.try_recip() {
            Some(ours) => {
                met.reciprocal += 1;
                Both { ours, theirs: a.theirs.recip() }
            }
            None => {
                assert!(Zero::is_zero(&a.theirs));
                a.clone()
            }
        },
    }
}

fn note(met: &mut Met, a: &Both, b: &Both, result: &Both) {
    let (d, e) = (odd_part(&a.theirs), odd_part(&b.theirs));
    match (d.is_one(), e.is_one()) {
        (true, true) => met.dyadic += 1,
        (true, false) | (false, true) => met.with_dyadic += 1,
        (false, false) if d == e => met.same_denominator += 1,
        (false, false) if d.gcd(&e).is_one() => met.coprime += 1,
        (false, false) => met.with_common_factor += 1,
    }
    met.became_dyadic +=
        usize::from(!(d.is_one() && e.is_one()) && odd_part(&result.theirs).is_one());
    met.zero += usize::from(Zero::is_zero(&result.theirs));
}

#[test]
fn random_expressions_equal_num_rational() {
    let mut draw = Draw(ChaCha8Rng::seed_from_u64(seed(20_261_130)));
    let mut met = Met::default();
    for _ in 0..EXPRESSIONS {
        let mut values = vec![draw.number(), draw.number(), draw.number()];
        values.iter().for_each(Both::hold);
        for _ in 0..OPERATIONS {
            let pick = |draw: &mut Draw| draw.below(values.len() as u64) as usize;
            let (i, j) = (pick(&mut draw), pick(&mut draw));
            let (a, b) = (&values[i], &values[j]);
            let order = a.theirs.cmp(&b.theirs);
            assert_eq!(a.ours.cmp(&b.ours), order, "{} against {}", a.theirs, b.theirs);
            assert_eq!(a.ours == b.ours, order == Ordering::Equal);
            met.equal += usize::from(i != j && order == Ordering::Equal);
            let next = if draw.below(4) == 0 {
                alone(&mut draw, a, &mut met)
            } else {
                let result = combined(&mut draw, a, b);
                note(&mut met, a, b, &result);
                result
            };
            next.hold();
            values.push(next);
        }
        let sum: Rational = values.iter().map(|value| &value.ours).sum();
        let theirs: Q = values.iter().map(|value| &value.theirs).sum();
        Both { ours: sum, theirs }.hold();
    }
    let least = [
        met.dyadic,
        met.with_dyadic,
        met.coprime,
        met.with_common_factor,
        met.same_denominator,
        met.became_dyadic,
        met.zero,
        met.reciprocal,
        met.equal,
    ];
    assert!(least.iter().all(|count| *count >= 1_000), "some way was hardly taken: {met:?}");
}

#[test]
fn shares_and_integers() {
    for count in 0..2_000_usize {
        let share = ratio(1, i64::try_from(count.max(1)).unwrap());
        Both { ours: Rational::one_over(count), theirs: share }.hold();
        let integer = Q::from_integer(count.into());
        Both { ours: Rational::integer(count), theirs: integer }.hold();
    }
    assert_eq!(Rational::zero().try_recip(), None);
    assert_eq!(Rational::default(), Rational::zero());
}

/// Every exact engine on the cases of the suite, over both number types.
#[test]
fn the_engines_do_not_notice() {
    let limits = Limits::default();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases");
    let mut compared = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let Ok(text) = std::fs::read(&path) else { continue };
        let Ok(case) = creditcheck::wire::case::read(&text, &limits) else { continue };
        if case.is_exact() {
            same(&case, &limits, &path.display().to_string());
            compared += 1;
        }
    }
    assert!(compared >= 25, "only {compared} cases were compared");
}

fn same(case: &Case, limits: &Limits, name: &str) {
    let ours = credit::run::<Rational>(case, limits).map(|found| found.map(Rational::plain));
    let theirs = credit::run::<Q>(case, limits);
    assert_eq!(ours.map_err(|e| e.to_string()), theirs.map_err(|e| e.to_string()), "{name}");
    if matches!(case.network, Network::Layered(_)) {
        let ours = backprop::run::<Rational>(case, limits).unwrap().map(Rational::plain);
        assert_eq!(ours, backprop::run::<Q>(case, limits).unwrap(), "{name}");
    }
    let ours = tangent::gradient::<Rational>(case, limits).map(|found| found.map(Rational::plain));
    let theirs = tangent::gradient::<Q>(case, limits);
    assert_eq!(ours.map_err(|e| e.to_string()), theirs.map_err(|e| e.to_string()), "{name}");
}
