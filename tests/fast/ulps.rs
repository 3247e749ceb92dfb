//! The assumed ulp bounds of tanh, logistic and softplus in both engines, against rational enclosures.

use creditcheck::fast::{self, Float};
use creditcheck::number::nearest_f64;
use creditcheck::spec::{Activation, Case, Example, Expect, Kink, Layer, Layered, Network};
use creditcheck::verdict::{bounded, enclosure};
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed};

use super::nets::{Draw, exact, ratio};
use crate::generators::quotients;

const FUNCTIONS: [(Activation, f64); 3] = [
    (Activation::Tanh, bounded::TANH_ULPS),
    (Activation::Logistic, bounded::LOGISTIC_ULPS),
    (Activation::Softplus, bounded::SOFTPLUS_ULPS),
];

/// σ of many numbers through both engines: one neuron with weight 1 and one example per number.
fn evaluate<F: Float>(activation: &Activation, inputs: &[F]) -> [Vec<f64>; 2] {
    let layer = Layer {
        weights: vec![vec![ratio(1, 1)]],
        biases: None,
        activation: activation.clone(),
        kink: None,
        balance: None,
    };
    let example = |s: &F| Example {
        input: vec![s.exact().unwrap()],
        target: vec![ratio(0, 1)],
        equilibrium: None,
    };
    let case = Case {
        name: None,
        network: Network::Layered(Layered { layers: vec![layer] }),
        learning_rate: ratio(1, 1),
        kink: Kink::Left,
        examples: inputs.iter().map(example).collect(),
        loss: Default::default(),
        output_credit: Default::default(),
        expect: Expect::Agree,
    };
    // Softplus of the largest numbers squares to infinity in the loss: one by one, only the rates matter here.
    let output = creditcheck::spec::Neuron(1);
    let credit = fast::credit::run::<F>(&case).unwrap();
    let backprop = fast::backprop::run::<F>(&case).unwrap();
    [
        credit.examples.iter().map(|example| example.firing_rate[output].into()).collect(),
        backprop.examples.iter().map(|example| example.firing_rate[1][0].into()).collect(),
    ]
}

/// The unit in the last place of the binade of |y|, in a format.
fn ulp(y: &BigRational, precision: i64, smallest: i64) -> BigRational {
    let bits = |n: &BigInt| n.bits() as i64;
    let mut exponent = bits(y.numer()) - bits(y.denom());
    if power(exponent) > y.abs() {
        exponent -= 1;
    }
    power((exponent - precision + 1).max(-smallest))
}

fn power(exponent: i64) -> BigRational {
    let power = BigInt::one() << exponent.unsigned_abs();
    if exponent >= 0 { power.into() } else { BigRational::new(BigInt::one(), power) }
}

/// The largest error of both engines over these arguments, in ulps.
fn worst<F: Float>(activation: &Activation, inputs: &[F], precision: i64, smallest: i64) -> f64 {
    let rates = evaluate(activation, inputs);
    let mut worst = 0.0f64;
    for (k, s) in inputs.iter().enumerate() {
        let s = s.exact().unwrap();
        let enclosure = match activation {
            Activation::Tanh => enclosure::tanh(&s, 80),
            Activation::Logistic => enclosure::logistic(&s, 80),
            _ => enclosure::softplus(&s, 80),
        };
        let size = enclosure.lower.abs().min(enclosure.upper.abs());
        let unit = match size == ratio(0, 1) {
            true => power(-smallest),
            false => ulp(&size, precision, smallest),
        };
        for rates in &rates {
            let error = nearest_f64(&(enclosure.distance(&exact(rates[k])) / &unit));
            assert!(error < 1e6, "{} of {s} is {}", activation.name(), rates[k]);
            worst = worst.max(error);
        }
    }
    worst
}

/// Every binade of both signs, several mantissas each, and a dense part where the function bends.
fn arguments(draw: &mut Draw, per_binade: i64) -> Vec<f64> {
    let mut all = vec![0.0, f64::from_bits(1), f64::MIN_POSITIVE, f64::MIN_POSITIVE.next_down()];
    for biased in 0..1023 + 30u64 {
        let count = if (900..1040).contains(&biased) { 12 * per_binade } else { per_binade };
        for _ in 0..count {
            let mantissa = draw.integer(0, (1 << 52) - 1) as u64;
            all.push(f64::from_bits(biased << 52 | mantissa));
        }
    }
    // Where branches and underflows of the implementations lie.
    for edge in
        [0.25f64, 0.2554, 0.5493, 0.3466, 1.0397, 10.0, 20.0, 22.0, 36.7, 104.0, 708.4, 745.2]
    {
        for step in -3..=3 {
            all.push(edge * (1.0 + f64::from(step) * 2f64.powi(-50)));
        }
    }
    all.iter().flat_map(|&s| [s, -s]).collect()
}

#[test]
fn ulps_f64() {
    for (activation, stated) in FUNCTIONS {
        let inputs = arguments(&mut Draw::new(1), 1);
        let worst = worst(&activation, &inputs, 53, 1074);
        println!("{} f64: {worst:.3} ulps over {} arguments", activation.name(), inputs.len());
        assert!(worst <= stated, "{}: {worst} ulps, stated {stated}", activation.name());
    }
}

#[test]
fn ulps_f32() {
    for (activation, stated) in FUNCTIONS {
        let mut draw = Draw::new(2);
        let mut inputs = vec![0.0f32, f32::from_bits(1), f32::MIN_POSITIVE];
        // Every exponent from the smallest subnormal to 2⁴⁰, densely.
        for biased in 0..167u32 {
            let count = if (100..136).contains(&biased) { 100 } else { 10 };
            for _ in 0..count {
                let mantissa = draw.integer(0, (1 << 23) - 1) as u32;
                inputs.push(f32::from_bits(biased << 23 | mantissa));
            }
        }
        let inputs: Vec<f32> = inputs.iter().flat_map(|&s| [s, -s]).collect();
        let worst = worst(&activation, &inputs, 24, 149);
        println!("{} f32: {worst:.3} ulps over {} arguments", activation.name(), inputs.len());
        assert!(worst <= stated, "{}: {worst} ulps, stated {stated}", activation.name());
    }
}

/// The largest errors of e^−|a| and e^−|a| − 1 over these arguments, in ulps.
fn worst_of_exponentials<F: Float>(inputs: &[F], precision: i64, smallest: i64) -> [f64; 2] {
    let one = ratio(1, 1);
    let mut worst = [0.0f64; 2];
    for a in inputs {
        let distance = a.exact().unwrap().abs();
        // Far out e^−|a| is below every unit: [0, 2^−4096] encloses it.
        let grown = match distance < ratio(4096, 1) {
            // eᵃ − 1 cancels: as many more bits as a is small.
            true => {
                let small = distance.denom().bits().saturating_sub(distance.numer().bits());
                enclosure::exp(&-distance, 100 + small).unwrap()
            }
            false => enclosure::Enclosure { lower: ratio(0, 1), upper: power(-4096) },
        };
        let below = enclosure::Enclosure { lower: &grown.lower - &one, upper: &grown.upper - &one };
        for (k, (enclosure, found)) in
            [(grown, a.decay()), (below, a.decay_m1())].iter().enumerate()
        {
            let size = enclosure.lower.abs().min(enclosure.upper.abs());
            let unit = match size == ratio(0, 1) {
                true => power(-smallest),
                false => ulp(&size, precision, smallest),
            };
            let found = found.exact().unwrap_or_else(|| panic!("not finite at {:?}", a.exact()));
            worst[k] = worst[k].max(nearest_f64(&(enclosure.distance(&found) / unit)));
        }
    }
    worst
}

/// e^−|a| and e^−|a| − 1, from which slopes are computed, over the whole range.
#[test]
fn ulps_of_exponentials() {
    let mut inputs = arguments(&mut Draw::new(3), 1);
    inputs.retain(|a| a.is_sign_positive());
    inputs.extend([f64::MAX, 745.13, 745.14, 746.0, 708.39, 708.4]);
    let mut draw = Draw::new(4);
    inputs.extend((0..3000).map(|_| draw.integer(0, 760 << 40) as f64 * 2f64.powi(-40)));
    let double = worst_of_exponentials(&inputs, 53, 1074);
    println!("f64 over {} arguments: {double:.3?} ulps", inputs.len());
    let mut inputs: Vec<f32> = inputs.iter().map(|&a| a as f32).filter(|a| a.is_finite()).collect();
    inputs.extend((0..3000).map(|_| draw.integer(0, 110 << 20) as f32 * 2f32.powi(-20)));
    let single = worst_of_exponentials(&inputs, 24, 149);
    println!("f32 over {} arguments: {single:.3?} ulps", inputs.len());
    for worst in double.iter().chain(&single) {
        assert!(*worst <= bounded::EXP_ULPS, "{worst} ulps");
    }
}

/// Infinities have their limits, NaN stays NaN, signs of zero are kept where the function is odd.
#[test]
fn ends_of_the_range() {
    fn ends<F: Float + std::fmt::Debug>(infinity: F, nan: F) {
        let (zero, one) = (F::from(0), F::from(1));
        for (a, tanh) in [(infinity, one), (-infinity, -one), (zero, zero), (-zero, -zero)] {
            let found: f64 = a.tanh().into();
            let expected: f64 = tanh.into();
            assert_eq!(found.to_bits(), expected.to_bits(), "tanh {a:?}");
        }
        assert_eq!([infinity.decay(), (-infinity).decay(), zero.decay()], [zero, zero, one]);
        assert_eq!(
            [infinity.decay_m1(), (-infinity).decay_m1(), zero.decay_m1()],
            [-one, -one, zero]
        );
        for found in [nan.tanh(), nan.decay(), nan.decay_m1(), nan.ln_1p()] {
            let found: f64 = found.into();
            assert!(found.is_nan(), "NaN became {found}");
        }
        assert!(F::all_tame(&[zero, F::TAME, -F::TAME]));
        let beyond = F::TAME + F::TAME;
        for wild in [nan, infinity, -infinity, beyond, -beyond] {
            for place in 0..40 {
                let mut values = [one; 40];
                values[place] = wild;
                assert!(!F::all_tame(&values), "{wild:?} passed at {place}");
            }
        }
        // What the name promises: 2²⁷ products of tame numbers add up without overflow, and not of much larger ones.
        let share = F::count(1 << 27);
        assert!((F::TAME * F::TAME * share).finite());
        assert!(!(beyond * beyond * share).finite());
    }
    ends(f64::INFINITY, f64::NAN);
    ends(f32::INFINITY, f32::NAN);
}

/// NaN never turns into a number, in either engine, for any activation.
#[test]
fn nan_is_refused() {
    use creditcheck::fast::{Function, Layer, Network};
    let functions = [
        Function::Identity,
        Function::Relu,
        Function::LeakyRelu { slope: 0.25 },
        Function::HardTanh { min: -1.0, max: 1.0 },
        Function::Square,
        Function::Quadratic,
        Function::Cubic,
        Function::Tanh,
        Function::Logistic,
        Function::Softplus,
    ];
    let quotients = quotients().into_iter().map(|function| Function::of(&function).unwrap());
    for activation in functions.into_iter().chain(quotients) {
        let layer = Layer {
            weights: faer::mat![[1.0f64]],
            biases: None,
            activation,
            balance: None,
            kink: Kink::Left,
        };
        let network = Network { layers: vec![layer] };
        let (nan, zero) = (faer::mat![[f64::NAN]], faer::mat![[0.0]]);
        let mut credit = fast::credit::Workspace::new(&network, 1).unwrap();
        let error = credit.settle(&network, nan.as_ref(), zero.as_ref()).unwrap_err();
        assert!(error.to_string().contains("net input of layer 1"), "{error}");
        let mut backprop = fast::backprop::Workspace::new(&network, 1).unwrap();
        assert!(backprop.differentiate(&network, nan.as_ref(), zero.as_ref()).is_err());
    }
}

/// The enclosure holds known decimals of the functions, and shrinks with the precision asked for.
#[test]
fn enclosure_holds_known_values() {
    let decimals = |digits: &str| {
        let parsed = creditcheck::number::parse(digits, &Default::default()).unwrap();
        (parsed.clone(), parsed)
    };
    let cases = [
        (enclosure::exp(&ratio(1, 1), 120).unwrap(), "2.718281828459045235360287471352662"),
        (enclosure::exp(&ratio(-1, 1), 120).unwrap(), "0.367879441171442321595523770161461"),
        (enclosure::tanh(&ratio(1, 1), 120), "0.761594155955764888119458282604794"),
        (enclosure::tanh(&ratio(-1, 2), 120), "-0.462117157260009758502318483643673"),
        (enclosure::logistic(&ratio(1, 1), 120), "0.731058578630004879251159241821836"),
        (enclosure::softplus(&ratio(1, 1), 120), "1.313261687518222834048995494967855"),
        (enclosure::softplus(&ratio(0, 1), 120), "0.693147180559945309417232121458177"),
    ];
    let last = ratio(1, 1) / BigRational::from_integer(BigInt::from(10).pow(32));
    for (enclosure, digits) in cases {
        let (low, high) = decimals(digits);
        assert!(enclosure.lower <= high + &last && low - &last <= enclosure.upper, "{digits}");
        let width = &enclosure.upper - &enclosure.lower;
        assert!(width < power(-110) && enclosure.lower <= enclosure.upper, "{digits}");
    }
}
