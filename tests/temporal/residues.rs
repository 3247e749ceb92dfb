//! Tier P: the identities of polynomial cells over a prime field, at random points.
//!
//! Variables: W off its diagonal, U, V, b, x, y*, λ and μ, all free. On polynomial cells BPTT, RTRL, RTRL factorised and the tangent are
//! polynomials in them, and so are the two orders of every other rule. If two of them were different polynomials, they would take
//! the same value at a random point with probability at most degree/p (Schwartz and Zippel); both numbers are computed here.

use std::cmp::Ordering;
use std::ops::{Add, Mul, Neg, Sub};

use creditcheck::scalar::{MERSENNE_61, Prime, Scalar};
use creditcheck::spec::{Limits, Modprop, Mu, TemporalCase, TemporalGradient, TemporalRule};
use creditcheck::textbook::temporal::{self, Evaluation};
use creditcheck::wire::TemporalDocument;
use num_bigint::BigInt;
use num_traits::{Pow, Signed};
use quickcheck::{Arbitrary, Gen};
use sha2::{Digest, Sha256};

use crate::generators::temporal::{PolynomialInTime, variants};
use crate::generators::{Q, seed};

/// Errors of one identity on one shape are below 2 to the minus this.
const BITS: u32 = 100;

/// 60 shapes with their supports; the exact engines on each, and of the variants a few on each.
#[test]
fn identities_over_a_large_prime_field() {
    const SEED: u64 = 20_220_603;
    let mut g = Gen::from_size_and_seed(100, seed(SEED));
    let (mut draws, mut compared, mut nonzero, mut largest) = (0, 0, 0, 0);
    for n in 0..60 {
        let case = PolynomialInTime::arbitrary(&mut g).0;
        let rules = variants(&mut g, &case).into_iter().skip(n % 12).step_by(12);
        for sides in all_identities(rules) {
            let degree = sides.iter().map(|side| degree(&case, side)).max().unwrap();
            largest = largest.max(degree);
            for counter in 0..draws_for(degree) {
                let mut found = sides.iter().map(|side| {
                    let mut point = Point::of(&case, SEED, counter, MERSENNE_61);
                    run::<Prime<MERSENNE_61>>(&point.case(&case), &point.rule(side))
                });
                let first = found.next().unwrap();
                for other in found {
                    assert_eq!(first, other, "{:?} on {case:?}", sides);
                    compared += 1;
                }
                nonzero += usize::from(first.recurrent.iter().flatten().any(|e| !e.is_zero()));
                draws += 1;
            }
        }
    }
    // Two draws are enough as long as the degree is below 2¹¹.
    assert_eq!((draws_for(1), draws_for((1 << 11) - 1), draws_for(1 << 11)), (2, 2, 3));
    assert!(largest > 2 * 16 && largest < 1 << 11, "the largest degree is {largest}");
    assert!(draws >= 500 && compared >= draws && nonzero * 3 >= draws * 2, "{draws} {nonzero}");
}

/// Tiny primes, which show wrong constant factors; they count towards no bound. At 2 the loss has no ½.
#[test]
fn identities_over_tiny_prime_fields() {
    fn at<const P: u64>(case: &TemporalCase, sides: &[Side]) -> Option<usize> {
        let found = sides.iter().map(|side| {
            let mut point = Point::of(case, 1, 0, P);
            let (case, side) = (point.case(case), point.rule(side));
            temporal::run::<Prime<P>>(&case, &side.0, side.1, &Limits::default())
        });
        // A prime that divides B, or 3 in the cubic cells: there is no such number in this field.
        let found: Vec<_> = found.map(|found| Some(found.ok()?.gradient)).collect::<Option<_>>()?;
        assert!(found.iter().all(|other| *other == found[0]), "{sides:?} modulo {P} on {case:?}");
        Some(found[0].recurrent.iter().flatten().filter(|entry| !entry.is_zero()).count())
    }
    let mut g = Gen::from_size_and_seed(100, seed(20_220_604));
    let mut nonzero = [0; 4];
    for n in 0..120 {
        let case = PolynomialInTime::arbitrary(&mut g).0;
        let rules = variants(&mut g, &case).into_iter().skip(n % 24).step_by(24);
        for sides in all_identities(rules) {
            let found = [at::<2>, at::<3>, at::<5>, at::<101>].map(|at| at(&case, &sides));
            for (sum, found) in nonzero.iter_mut().zip(found) {
                *sum += found.unwrap_or(0);
            }
        }
    }
    assert_eq!(nonzero[0], 0, "there is no ½ modulo 2");
    assert!(nonzero[1..].iter().all(|count| *count >= 500), "{nonzero:?}");
}

/// The degree of T2 at T steps, where it is known: linear cells multiply W once per step.
#[test]
fn degrees_are_those_of_the_recursions() {
    let mut g = Gen::from_size_and_seed(100, 1);
    let mut seen = 0;
    while seen < 10 {
        let case = PolynomialInTime::arbitrary(&mut g).0;
        let full = case.network.recurrent.iter().enumerate().all(|(post, row)| {
            row.iter().enumerate().all(|(pre, weight)| post == pre || !weight.is_zero())
        });
        let linear = case.network.activation == creditcheck::spec::Activation::Identity;
        if !full || !linear {
            continue;
        }
        // s_t: (1−λ) W once per step, and (1−λ) U x at the first, so 2(t−1) + 3; y: one more; L: twice that. One of them is differentiated.
        let steps = u32::try_from(case.duration()).unwrap();
        let of_loss = 2 * (2 * (steps - 1) + 3 + 1);
        assert_eq!(
            run::<Degree>(&marked(&case), &(TemporalRule::Bptt, Evaluation::Causal)).loss.0,
            Some(of_loss)
        );
        assert_eq!(degree(&case, &(TemporalRule::Tangent, Evaluation::Causal)), of_loss);
        seen += 1;
    }
}

/// A rule and the order in which it is evaluated.
type Side = (TemporalRule, Evaluation);

/// The four engines of the gradient, and each rule in both orders.
fn all_identities(rules: impl Iterator<Item = TemporalRule>) -> Vec<Vec<Side>> {
    let exact = [
        TemporalRule::Bptt,
        TemporalRule::Rtrl,
        TemporalRule::FactorisedRtrl,
        TemporalRule::Tangent,
    ];
    let mut all = vec![exact.map(|rule| (rule, Evaluation::Causal)).to_vec()];
    all.extend(rules.map(|rule| {
        [Evaluation::Causal, Evaluation::Adjoint].map(|order| (rule.clone(), order)).to_vec()
    }));
    all
}

fn run<S: Scalar>(case: &TemporalCase, (rule, order): &Side) -> TemporalGradient<S> {
    temporal::run(case, rule, *order, &Limits::default()).unwrap().gradient
}

/// How often to draw: (degree/p)ⁿ ≤ 2⁻¹⁰⁰.
fn draws_for(degree: u32) -> u32 {
    let enough = |n: &u32| {
        BigInt::from(degree).pow(*n) * BigInt::from(2).pow(BITS)
            <= BigInt::from(MERSENNE_61).pow(*n)
    };
    (1..).find(enough).unwrap()
}

/// Residues for the variables of a case, uniform and independent: SHA-256 of the digest, a seed and a counter.
struct Point {
    state: Sha256,
    next: u64,
    prime: u64,
}

impl Point {
    fn of(case: &TemporalCase, seed: u64, counter: u32, prime: u64) -> Self {
        let mut state = Sha256::new();
        state.update(TemporalDocument::of(case.clone()).digest());
        state.update(seed.to_be_bytes());
        state.update(counter.to_be_bytes());
        Self { state, next: 0, prime }
    }

    fn residue(&mut self) -> Q {
        // The smallest power of two that is not below the prime, and another try above it: no residue is more likely than another.
        let bits = u64::BITS - (self.prime - 1).leading_zeros();
        loop {
            let digest = self.state.clone().chain_update(self.next.to_be_bytes()).finalize();
            self.next += 1;
            let word = u64::from_be_bytes(digest[..8].try_into().unwrap()) >> (u64::BITS - bits);
            if word < self.prime {
                return Q::from_integer(word.into());
            }
        }
    }

    /// Every number of the case but its zeros in W, which are no synapses.
    fn case(&mut self, case: &TemporalCase) -> TemporalCase {
        with_numbers(case, &mut |_| self.residue())
    }

    fn rule(&mut self, (rule, order): &Side) -> Side {
        (with_mu(rule, &mut |_| self.residue()), *order)
    }
}

/// The case with a number for each of its variables.
fn with_numbers(case: &TemporalCase, number: &mut dyn FnMut(&Q) -> Q) -> TemporalCase {
    let mut case = case.clone();
    let net = &mut case.network;
    let matrices = [&mut net.input, &mut net.readout];
    let of_net =
        matrices.into_iter().flatten().flatten().chain(net.readout_biases.iter_mut().flatten());
    let of_examples =
        case.examples.iter_mut().flat_map(|e| e.input.iter_mut().chain(&mut e.target)).flatten();
    let synapses = net.recurrent.iter_mut().flatten().filter(|weight| !weight.is_zero());
    for value in of_net.chain(of_examples).chain(synapses).chain([&mut net.leak]) {
        *value = number(value);
    }
    case
}

/// The same of μ; a list keeps equal entries equal, which the tables by type depend on.
fn with_mu(rule: &TemporalRule, number: &mut dyn FnMut(&Q) -> Q) -> TemporalRule {
    let TemporalRule::Modprop(rule) = rule else { return rule.clone() };
    let mu = match &rule.mu {
        Mu::Scalar(mu) => Mu::Scalar(number(mu)),
        Mu::PerCell(list) => {
            let mut distinct: Vec<(Q, Q)> = Vec::new();
            let image = |mu: &Q| match distinct.iter().find(|(of, _)| of == mu) {
                Some((_, to)) => to.clone(),
                None => {
                    let to = number(mu);
                    distinct.push((mu.clone(), to.clone()));
                    to
                }
            };
            Mu::PerCell(list.iter().map(image).collect())
        }
    };
    TemporalRule::Modprop(Modprop { mu, ..rule.clone() })
}

/// A bound on the degree of every entry of a rule on cases of this shape.
fn degree(case: &TemporalCase, (rule, order): &Side) -> u32 {
    let rule = with_mu(rule, &mut |_| marker());
    let found: TemporalGradient<Degree> = run(&marked(case), &(rule, *order));
    let matrices = [&found.recurrent, &found.input, &found.readout];
    let entries =
        matrices.into_iter().flatten().flatten().chain(found.readout_biases.iter().flatten());
    entries.chain([&found.loss]).filter_map(|entry| entry.0).max().unwrap_or(0)
}

/// A variable, as [`Degree`] knows it; means of several are large too, and the constants of the engines are not.
fn marker() -> Q {
    Q::from_integer(1_000_000.into())
}

fn marked(case: &TemporalCase) -> TemporalCase {
    with_numbers(case, &mut |_| marker())
}

/// A bound on the degree of a polynomial, or that it is zero: the engines themselves say how degrees add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Degree(Option<u32>);

impl Add<&Self> for Degree {
    type Output = Self;
    fn add(self, other: &Self) -> Self {
        Self(self.0.max(other.0))
    }
}

impl Sub<&Self> for Degree {
    type Output = Self;
    fn sub(self, other: &Self) -> Self {
        Self(self.0.max(other.0))
    }
}

impl Mul<&Self> for Degree {
    type Output = Self;
    fn mul(self, other: &Self) -> Self {
        Self(self.0.zip(other.0).map(|(a, b)| a + b))
    }
}

impl Neg for Degree {
    type Output = Self;
    fn neg(self) -> Self {
        self
    }
}

impl Scalar for Degree {
    fn zero() -> Self {
        Self(None)
    }
    fn one() -> Self {
        Self(Some(0))
    }
    fn is_zero(&self) -> bool {
        self.0.is_none()
    }
    fn try_recip(&self) -> Option<Self> {
        None
    }
    fn sign(&self) -> Option<Ordering> {
        None
    }
    fn from_rational(value: &Q) -> Option<Self> {
        let variable = value.abs() > Q::from_integer(2.into());
        Some(Self((!value.is_zero()).then_some(u32::from(variable))))
    }
}
