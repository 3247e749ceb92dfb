//! The laws that the textbook takes for granted: rings, conversions, and facts about libraries that are guarded against.

use std::cmp::Ordering;
use std::fmt::Debug;

use creditcheck::number::{canonical, exact_f64, hex, nearest_f32, nearest_f64, parse};
use creditcheck::scalar::{
    Dual, Enclosed, ExactScalar, MERSENNE_61, Polynomial, Prime, Rational, Scalar,
};
use creditcheck::spec::Limits;
use num_bigint::BigInt;
use proptest::prelude::*;

use crate::generators::layered::{Numbers, number, runner};
use crate::generators::{Q, ratio};

fn read(text: &str) -> Q {
    parse(text, &Limits::default()).unwrap_or_else(|error| panic!("{text}: {error:?}"))
}

/// Runs a property over a strategy.
fn for_all<S: Strategy>(cases: u32, strategy: S, property: impl Fn(S::Value)) {
    let outcome = runner(cases).run(&strategy, |value| {
        property(value);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// The laws of a commutative ring, and of reciprocals where there are any.
fn laws<S: ExactScalar>(a: &S, b: &S, c: &S) {
    let add = |x: &S, y: &S| x.clone() + y;
    let mul = |x: &S, y: &S| x.clone() * y;
    let (zero, one) = (S::zero(), S::one());
    assert_eq!(add(&add(a, b), c), add(a, &add(b, c)), "+ is associative");
    assert_eq!(add(a, b), add(b, a), "+ is commutative");
    assert_eq!(add(a, &zero), *a, "0 is neutral");
    assert_eq!(add(a, &-a.clone()), zero, "−a is the inverse");
    assert_eq!(-(-a.clone()), *a, "−(−a) is a");
    assert_eq!(-zero.clone(), zero, "−0 is 0, in one representation");
    assert_eq!(a.clone() - b, add(a, &-b.clone()), "− adds the inverse");
    assert_eq!(mul(&mul(a, b), c), mul(a, &mul(b, c)), "· is associative");
    assert_eq!(mul(a, b), mul(b, a), "· is commutative");
    assert_eq!(mul(a, &one), *a, "1 is neutral");
    assert_eq!(mul(a, &add(b, c)), add(&mul(a, b), &mul(a, c)), "· distributes");
    assert_eq!(mul(a, &zero), zero, "0 absorbs");
    assert_ne!(zero, one, "0 is not 1");
    assert!(zero.is_zero() && !one.is_zero());
    assert_eq!(a.is_zero(), *a == zero, "is_zero is ==");
    assert_eq!(zero.try_recip(), None, "0 has no reciprocal");
    if let Some(reciprocal) = a.try_recip() {
        assert_eq!(mul(a, &reciprocal), one, "a · a⁻¹ = 1");
    }
    if let (Some(of_a), Some(of_b)) = (a.sign(), b.sign()) {
        let product = match (of_a, of_b) {
            (Ordering::Equal, _) | (_, Ordering::Equal) => Ordering::Equal,
            (x, y) if x == y => Ordering::Greater,
            _ => Ordering::Less,
        };
        // Of dual numbers too: the sign is that of the value part.
        assert_eq!(mul(a, b).sign(), Some(product), "signs multiply");
        assert_eq!((-a.clone()).sign(), Some(of_a.reverse()), "−a has the other sign");
    }
}

/// Balls contain what they should after any few operations, and are no wider than some units of their last place.
#[test]
fn balls_contain_what_is_exact() {
    for_all(2_000, (rational(), rational(), rational(), 0..4_u8), |(a, b, c, wide)| {
        let ball = |value: &Q| <Enclosed as Scalar>::from_rational(value).unwrap();
        let (of_a, of_b, of_c) = (ball(&a), ball(&b), ball(&c));
        // A factor that is a ball with a radius of its own: 1/3 · 3 is 1 and no point.
        let third = ball(&ratio(1, 3)) * &ball(&ratio(3, 1));
        let of_a = (0..wide).fold(of_a, |so_far, _| so_far * &third);
        let found = (of_a.clone() * &of_b - &of_c) * &of_a + &(-of_b.clone());
        let exact = (&a * &b - &c) * &a - &b;
        assert!(found.contains(&exact), "{a} {b} {c}");
        let terms = [&a * &b * &a, &c * &a, b.clone(), exact.clone()];
        let largest = terms.iter().map(num_traits::Signed::abs).max().unwrap();
        let unit = Q::new(1.into(), BigInt::from(1) << 180);
        assert!(found.radius() <= largest * unit, "{a} {b} {c}");
        // A sign that is told is right, and all but none are told.
        match found.sign() {
            Some(Ordering::Greater) => assert!(exact > ratio(0, 1)),
            Some(Ordering::Less) => assert!(exact < ratio(0, 1)),
            Some(Ordering::Equal) => assert!(found.is_zero()),
            None => assert!(found.contains(&ratio(0, 1))),
        }
    });
}

/// `from_rational` keeps sums, products, 0 and 1, wherever it answers.
fn homomorphism<S: ExactScalar>(a: &Q, b: &Q) {
    assert_eq!(S::from_rational(&ratio(0, 1)), Some(S::zero()));
    assert_eq!(S::from_rational(&ratio(1, 1)), Some(S::one()));
    let (Some(of_a), Some(of_b)) = (S::from_rational(a), S::from_rational(b)) else { return };
    assert_eq!(S::from_rational(&(a + b)), Some(of_a.clone() + &of_b));
    assert_eq!(S::from_rational(&(a - b)), Some(of_a.clone() - &of_b));
    assert_eq!(S::from_rational(&(a * b)), Some(of_a.clone() * &of_b));
    // A reciprocal in ℚ need not exist in the ring, but where both exist they are the same.
    if let (Some(in_q), Some(in_ring)) = (Scalar::try_recip(a), of_a.try_recip())
        && let Some(image) = S::from_rational(&in_q)
    {
        assert_eq!(image, in_ring);
    }
}

fn rational() -> impl Strategy<Value = Q> {
    prop_oneof![number(Numbers::Plain), number(Numbers::Wild)]
}

/// Binary fractions of every length beside fractions of any denominator, odd, even, or a power of two.
fn mixed() -> impl Strategy<Value = Rational> {
    let shifted = (any::<i128>(), -140..=140_i32, 1..=45_u32).prop_map(|(p, twos, odd)| {
        let power = Q::from_integer(BigInt::from(1) << twos.unsigned_abs());
        let value = Q::new(p.into(), odd.into());
        if twos < 0 { value / power } else { value * power }
    });
    let dyadic =
        (any::<i64>(), 0..=140_u32).prop_map(|(p, twos)| Q::new(p.into(), BigInt::from(1) << twos));
    prop_oneof![rational(), dyadic, shifted].prop_map(Rational::from)
}

fn residue<const P: u64>() -> impl Strategy<Value = Prime<P>> {
    // The ends of the range are where a carry goes wrong.
    prop_oneof![(0..P).prop_map(Prime::new), (0..4_u64).prop_map(|k| Prime::new(P - 1 - k % P))]
}

fn dual<T: Clone + Debug>(
    part: impl Strategy<Value = T> + Clone,
) -> impl Strategy<Value = Dual<T>> {
    (part.clone(), part).prop_map(|(value, tangent)| Dual { value, tangent })
}

fn polynomial() -> impl Strategy<Value = Polynomial> {
    let monomial = (number(Numbers::Plain), prop::collection::vec(0..3_usize, 0..3));
    prop::collection::vec(monomial, 0..4).prop_map(|terms| {
        terms.into_iter().fold(Polynomial::zero(), |sum, (coefficient, variables)| {
            let start = Polynomial::from_rational(&coefficient).unwrap();
            sum + &variables.into_iter().fold(start, |term, v| term * &Polynomial::variable(v))
        })
    })
}

fn three<S: Strategy + Clone>(of: S) -> impl Strategy<Value = (S::Value, S::Value, S::Value)> {
    (of.clone(), of.clone(), of)
}

macro_rules! ring {
    ($name:ident, $scalar:ty, $strategy:expr) => {
        #[test]
        fn $name() {
            for_all(150, three($strategy.boxed()), |(a, b, c)| laws::<$scalar>(&a, &b, &c));
            for_all(150, (rational(), rational()), |(a, b)| homomorphism::<$scalar>(&a, &b));
        }
    };
}

ring!(rationals_are_a_field, Q, rational());
ring!(rationals_by_shifts_are_a_field, Rational, mixed());
ring!(residues_modulo_a_large_prime_are_a_field, Prime<MERSENNE_61>, residue::<MERSENNE_61>());
ring!(residues_modulo_101_are_a_field, Prime<101>, residue::<101>());
ring!(dual_rationals_are_a_ring, Dual<Q>, dual(rational().boxed()));
ring!(dual_rationals_by_shifts_are_a_ring, Dual<Rational>, dual(mixed().boxed()));
ring!(dual_residues_are_a_ring, Dual<Prime<MERSENNE_61>>, dual(residue::<MERSENNE_61>().boxed()));
ring!(polynomials_are_a_ring, Polynomial, polynomial());

/// Small fields entirely: every triple.
#[test]
fn small_prime_fields_are_fields() {
    fn all<const P: u64>() {
        for (a, b, c) in
            (0..P).flat_map(|a| (0..P).flat_map(move |b| (0..P).map(move |c| (a, b, c))))
        {
            laws(&Prime::<P>::new(a), &Prime::new(b), &Prime::new(c));
            assert_eq!(Prime::<P>::new(a).try_recip().is_some(), a != 0);
        }
        for_all(100, (rational(), rational()), |(a, b)| homomorphism::<Prime<P>>(&a, &b));
        let p = i64::try_from(P).unwrap();
        assert_eq!(Prime::<P>::from_rational(&ratio(1, p)), None, "1/p has no residue");
        assert_eq!(Prime::<P>::from_rational(&ratio(-1, 1)), Some(Prime::new(P - 1)));
    }
    all::<2>();
    all::<3>();
    all::<5>();
}

#[test]
fn only_ordered_rings_have_signs() {
    assert_eq!(Prime::<5>::new(3).sign(), None);
    assert_eq!(Polynomial::variable(0).sign(), None);
    for (value, sign) in [(-2, Ordering::Less), (0, Ordering::Equal), (3, Ordering::Greater)] {
        assert_eq!(ratio(value, 7).sign(), Some(sign));
        for tangent in [-5, 0, 5] {
            let dual = Dual { value: ratio(value, 7), tangent: ratio(tangent, 1) };
            assert_eq!(dual.sign(), Some(sign), "ε is smaller than every number");
        }
    }
    // ε is no unit and not 0.
    let epsilon = Dual { value: ratio(0, 1), tangent: ratio(1, 1) };
    assert!(!epsilon.is_zero() && epsilon.try_recip().is_none());
    assert!((epsilon.clone() * &epsilon).is_zero());
}

#[test]
fn text_and_number_are_inverse() {
    for_all(300, rational(), |value| assert_eq!(read(&canonical(&value)), value));
    for_all(100, (any::<i64>(), 1..=i64::MAX), |(p, q)| {
        let value = ratio(p, q);
        assert_eq!(read(&canonical(&value)), value);
        assert_eq!(read(&format!("{p}/{q}")), value, "not in lowest terms");
    });
    for (text, same) in [("-0", "0"), ("0.50", "1/2"), ("-7/14", "-1/2"), ("0x0.8p1", "1")] {
        assert_eq!(canonical(&read(text)), same);
    }
}

/// Any finite float: random bits, so that every exponent is as likely as any other; a quarter subnormal.
fn floats() -> impl Strategy<Value = f64> {
    let subnormal = (1..1_u64 << 52, any::<bool>())
        .prop_map(|(bits, negative)| f64::from_bits(bits | u64::from(negative) << 63));
    let normal = any::<u64>().prop_map(f64::from_bits);
    prop_oneof![3 => normal, 1 => subnormal].prop_map(|x| if x.is_finite() { x } else { 0.1 })
}

#[test]
fn hex_floats_are_exact() {
    let edges = [
        0.0,
        f64::MIN_POSITIVE,
        f64::from_bits(1),
        f64::from_bits((1 << 52) - 1),
        f64::MAX,
        -f64::EPSILON,
        1.0,
    ];
    let holds = |x: f64| {
        let exact = exact_f64(x).unwrap();
        assert_eq!(read(&hex(x)), exact, "{x:e}");
        assert_eq!(nearest_f64(&exact).to_bits(), (x + 0.0).to_bits(), "{x:e}");
    };
    edges.into_iter().for_each(holds);
    for_all(500, floats(), holds);
}

/// Decimals as the standard library reads them, which rounds correctly.
#[test]
fn nearest_is_what_the_standard_library_parses() {
    let decimal = (any::<i64>(), -340..=300_i32);
    for_all(500, decimal, |(digits, exponent)| {
        let power = Q::from_integer(BigInt::from(10).pow(exponent.unsigned_abs()));
        let whole = Q::from_integer(digits.into());
        let exact = if exponent < 0 { whole / power } else { whole * power };
        let text = format!("{digits}e{exponent}");
        assert_eq!(nearest_f64(&exact), text.parse::<f64>().unwrap(), "{text}");
        assert_eq!(nearest_f32(&exact), text.parse::<f32>().unwrap(), "{text}");
    });
    for_all(500, any::<i64>(), |n| {
        assert_eq!(nearest_f64(&ratio(n, 1)), n as f64);
        assert_eq!(nearest_f32(&ratio(n, 1)), n as f32);
    });
    for_all(500, floats(), |x| {
        let once = nearest_f32(&exact_f64(x).unwrap());
        assert_eq!(once.to_bits(), ((x + 0.0) as f32).abs().to_bits() | once.to_bits() & 1 << 31);
    });
}

/// Halfway between two floats the even one is nearest; a hair to either side, the nearer one.
#[test]
fn ties_go_to_even() {
    for_all(400, floats(), |x| {
        let next = f64::from_bits(x.to_bits() + 1);
        if !next.is_finite() {
            return;
        }
        let (low, high) = (exact_f64(x).unwrap(), exact_f64(next).unwrap());
        let middle = (&low + &high) / ratio(2, 1);
        let even = if x.to_bits() % 2 == 0 { x } else { next };
        assert_eq!(nearest_f64(&middle), even);
        let hair = (&high - &low) / Q::from_integer(BigInt::from(10).pow(30));
        assert_eq!(nearest_f64(&(&middle - &hair)), x);
        assert_eq!(nearest_f64(&(&middle + &hair)), next);
    });
    // Beyond the largest float by half a step: ∞; by less: the largest.
    let step = Q::from_integer(BigInt::from(1) << 970_u32);
    let edge = exact_f64(f64::MAX).unwrap() + &step;
    assert_eq!(nearest_f64(&edge), f64::INFINITY);
    assert_eq!(nearest_f64(&(edge - ratio(1, 3))), f64::MAX);
    let tiny = exact_f64(f64::from_bits(1)).unwrap();
    assert_eq!(nearest_f64(&(&tiny / ratio(2, 1))), 0.0);
    assert_eq!(nearest_f64(&(&tiny * ratio(2, 3))), f64::from_bits(1));
}

/// The same rational in dashu, which shares no code with num.
#[test]
fn num_and_dashu_agree() {
    use dashu_ratio::RBig;
    use std::str::FromStr;
    let dashu = |value: &Q| RBig::from_str(&value.to_string()).unwrap();
    let scaled = (any::<i128>(), 1..=i128::MAX, -200..=200_i32).prop_map(|(p, q, shift)| {
        let (p, q) = (BigInt::from(p), BigInt::from(q));
        let power = BigInt::from(1) << shift.unsigned_abs();
        if shift < 0 { Q::new(p, q * power) } else { Q::new(p * power, q) }
    });
    for_all(400, (scaled, rational()), |(a, b)| {
        let (x, y) = (dashu(&a), dashu(&b));
        assert_eq!(nearest_f64(&a), x.to_f64().value());
        assert_eq!(nearest_f32(&a), x.to_f32().value());
        assert_eq!(canonical(&(&a + &b)), (&x + &y).to_string());
        assert_eq!(canonical(&(&a - &b)), (&x - &y).to_string());
        assert_eq!(canonical(&(&a * &b)), (&x * &y).to_string());
        if let Some(reciprocal) = Scalar::try_recip(&b) {
            assert_eq!(canonical(&(&a * reciprocal)), (&x / &y).to_string());
        }
    });
}

/// What faer does with numbers that are none, and why no verdict may rest on it.
#[cfg(feature = "fast")]
mod faer_facts {
    use faer::linalg::solvers::Solve;
    use faer::{Mat, mat};

    /// A norm is no test for NaN: "the largest error is 0" would be said of nothing but NaN.
    #[test]
    fn the_largest_entry_of_nothing_but_nan_is_zero() {
        let nan = Mat::<f64>::from_fn(3, 2, |_, _| f64::NAN);
        assert_eq!(nan.norm_max(), 0.0);
    }

    /// A determinant is no test for singularity.
    #[test]
    fn the_determinant_of_zero_is_nan() {
        assert!(Mat::<f64>::zeros(3, 3).determinant().is_nan());
    }

    /// A solver does not refuse a singular system: whoever solves one checks the residual.
    #[test]
    fn a_singular_system_is_solved_by_nan_or_infinity() {
        let singular = mat![[0.0, 0.0], [0.0, 0.0_f64]];
        let solved = singular.partial_piv_lu().solve(mat![[1.0], [2.0_f64]]);
        assert!(solved.col_iter().all(|c| c.iter().all(|x| !x.is_finite())));
    }
}
