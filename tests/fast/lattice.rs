//! Tier L: 2,400 cases, at least nine in ten of each kind admitted, bit for bit.

use creditcheck::fast::{self, Float};
use creditcheck::spec::{
    Activation, Case, Dtype, Example, Expect, Kink, Layer, Layered, Limits, Network,
};
use creditcheck::textbook;
use creditcheck::verdict::bounded::{Bounds, rounding_bound};
use creditcheck::verdict::entries::{Entry, of_backprop, of_credit};
use creditcheck::verdict::lattice::{admit, compare_bits, compare_bits_backprop};
use num_rational::BigRational;
use num_rational::BigRational as Q;

use super::nets::{Draw, Recipe, ratio};

fn activations() -> Vec<Activation> {
    vec![
        Activation::Identity,
        Activation::Relu,
        Activation::Relu,
        Activation::LeakyRelu { slope: ratio(1, 4) },
        Activation::HardTanh { min: ratio(-1, 1), max: ratio(1, 1) },
    ]
}

fn polynomials() -> Vec<Activation> {
    vec![Activation::Identity, Activation::Relu, Activation::Square, Activation::Quadratic]
}

fn run<F: Float>(format: Dtype, cases: u64, case: impl Fn(u64) -> Case) {
    let mut admitted = 0;
    for seed in 0..cases {
        let case = case(seed);
        let exact = textbook::credit::run::<BigRational>(&case, &Limits::default()).unwrap();
        if admit(&case, &exact, format).is_err() {
            continue;
        }
        admitted += 1;
        let bounds = rounding_bound(&case, format).unwrap();
        let places = of_credit(&exact).into_iter().map(|(entry, _)| entry);
        no_error(&bounds, places, &format!("credit, seed {seed}"));
        let float = fast::credit::run::<F>(&case).unwrap();
        let verdict = compare_bits(&exact, &float);
        assert!(!verdict.is_disagree(), "credit, seed {seed}: {verdict:?}\n{case:?}");
        let swept = fast::relax::run::<F>(&case).unwrap();
        let verdict = compare_bits(&exact, &swept);
        assert!(!verdict.is_disagree(), "sweeps, seed {seed}: {verdict:?}\n{case:?}");
        if matches!(case.network, Network::Layered(_)) {
            let exact = textbook::backprop::run::<BigRational>(&case, &Limits::default()).unwrap();
            let places = of_backprop(&exact).into_iter().map(|(entry, _)| entry);
            no_error(&bounds, places, &format!("backprop, seed {seed}"));
            let float = fast::backprop::run::<F>(&case).unwrap();
            let verdict = compare_bits_backprop(&exact, &float);
            assert!(!verdict.is_disagree(), "backprop, seed {seed}: {verdict:?}\n{case:?}");
        }
    }
    println!("{}: {admitted} of {cases} admitted", F::NAME);
    assert!(admitted * 10 >= cases * 9, "{admitted} of {cases} admitted");
}

/// Where tier L admits, tier F knows that nothing is rounded: both rest on the same theorem, computed twice.
fn no_error(bounds: &Bounds, places: impl Iterator<Item = Entry>, what: &str) {
    for entry in places {
        let bound = bounds.of(&entry).unwrap();
        assert!(bound.bound == 0.0 && bound.radius == 0.0, "{what}, {entry}: {bound:?}");
    }
}

#[test]
fn bits_f64() {
    let activations = activations();
    let recipe = Recipe {
        depth: (1, 4),
        width: (2, 6),
        batches: &[1, 2, 4, 8],
        activations: &activations,
        number: |draw| draw.dyadic(16, 3),
        learning_rate: |draw| ratio(draw.integer(1, 15), 16),
    };
    run::<f64>(Dtype::F64, 600, |seed| recipe.case(&mut Draw::new(seed)));
    run::<f64>(Dtype::F64, 600, |seed| recipe.graph(&mut Draw::new(seed)));
}

#[test]
fn bits_f64_polynomials() {
    let activations = polynomials();
    let recipe = Recipe {
        depth: (2, 2),
        width: (2, 5),
        batches: &[1, 2, 4],
        activations: &activations,
        number: |draw| draw.dyadic(5, 1),
        learning_rate: |draw| ratio(draw.integer(1, 3), 4),
    };
    run::<f64>(Dtype::F64, 600, |seed| recipe.case(&mut Draw::new(seed)));
}

#[test]
fn bits_f32() {
    let activations = activations();
    let recipe = Recipe {
        depth: (1, 2),
        width: (2, 4),
        batches: &[1, 2, 4],
        activations: &activations,
        number: |draw| draw.dyadic(6, 1),
        learning_rate: |draw| ratio(draw.integer(1, 3), 4),
    };
    run::<f32>(Dtype::F32, 600, |seed| recipe.case(&mut Draw::new(seed)));
}

/// What admission is for: each of these would break the equality, and is refused with its reason.
#[test]
fn admission_refuses() {
    let recipe = Recipe {
        depth: (2, 2),
        width: (2, 3),
        batches: &[2],
        activations: &[Activation::Relu],
        number: |draw| draw.dyadic(8, 3),
        learning_rate: |_| ratio(1, 2),
    };
    let good = recipe.case(&mut Draw::new(7));
    let reason = |case: &Case, format| {
        let exact = textbook::credit::run::<BigRational>(case, &Limits::default()).unwrap();
        admit(case, &exact, format)
    };
    assert_eq!(reason(&good, Dtype::F64), Ok(()));
    let with = |change: &dyn Fn(&mut Case)| {
        let mut case = good.clone();
        change(&mut case);
        reason(&case, Dtype::F64).unwrap_err()
    };
    let third = with(&|case| case.learning_rate = ratio(1, 3));
    assert!(third.contains("learning rate") && third.contains("not dyadic"), "{third}");
    let three = with(&|case| case.examples.push(case.examples[0].clone()));
    assert!(three.contains("power of two"), "{three}");
    let wide = with(&|case| case.examples[0].input[0] = ratio(1, 1 << 40) + ratio(1 << 30, 1));
    assert!(wide.contains("bits"), "{wide}");
    assert!(reason(&good, Dtype::F32).is_ok());
    let mut fine = good.clone();
    fine.examples[0].input[0] = ratio(1, 1 << 20) + ratio(7, 1);
    assert!(reason(&fine, Dtype::F32).unwrap_err().contains("bits"));
    assert_eq!(reason(&fine, Dtype::F64), Ok(()));
}

/// One synapse onto one neuron: every product and every sum is asked for alone.
#[test]
fn admission_asks_for_every_step() {
    let f32_takes = |weight: &Q, activation: Activation, kink: Kink, input: &Q, target: Q| {
        let neuron = Layer {
            weights: vec![vec![weight.clone()]],
            biases: None,
            activation,
            kink: None,
            balance: None,
        };
        let example =
            Example { input: vec![input.clone()], target: vec![target], equilibrium: None };
        let case = Case {
            name: None,
            network: Network::Layered(Layered { layers: vec![neuron] }),
            learning_rate: ratio(1, 2),
            kink,
            examples: vec![example],
            loss: Default::default(),
            output_credit: Default::default(),
            expect: Expect::Agree,
        };
        let exact = textbook::credit::run::<BigRational>(&case, &Limits::default()).unwrap();
        admit(&case, &exact, Dtype::F32)
    };
    let power = |exponent: u32| Q::from_integer(num_bigint::BigInt::from(1) << exponent);
    let (one, left) = (ratio(1, 1), Kink::Left);
    // What is far apart is multiplied and never added.
    let far =
        f32_takes(&power(30), Activation::Identity, left, &power(30).recip(), power(20) + &one);
    assert_eq!(far, Ok(()));
    // Up to the largest power of two of the format.
    let large = |exponent| {
        f32_takes(&ratio(0, 1), Activation::Identity, left, &power(exponent), ratio(0, 1))
    };
    assert_eq!(large(127), Ok(()));
    assert!(large(128).unwrap_err().contains("exponents"));
    let small = |exponent| {
        let input = power(exponent).recip();
        f32_takes(&ratio(0, 1), Activation::Identity, left, &input, ratio(0, 1))
    };
    assert_eq!(small(149), Ok(()));
    assert!(small(150).unwrap_err().contains("exponents"));
    // The parameters of σ, on pieces too where they do not enter.
    let third = Activation::HardTanh { min: ratio(-1, 3), max: ratio(2, 1) };
    let refused = f32_takes(&one, third, left, &one, ratio(0, 1)).unwrap_err();
    assert!(refused.contains("activation") && refused.contains("not dyadic"), "{refused}");
    let steep = Activation::LeakyRelu { slope: power(30).recip() };
    assert_eq!(f32_takes(&one, steep.clone(), left, &one, ratio(0, 1)), Ok(()));
    // The mean of both slopes is a sum that needs 31 bits.
    let refused = f32_takes(&one, steep, Kink::Mean, &one, ratio(0, 1)).unwrap_err();
    assert!(refused.contains("needs 31 bits"), "{refused}");
    assert!(f32_takes(&one, Activation::Softsign, left, &one, ratio(0, 1)).is_err());
}

/// The comparison sees one unit in the last place, NaN, and a missing entry.
#[test]
fn comparison_sees() {
    let recipe = Recipe {
        depth: (2, 2),
        width: (2, 3),
        batches: &[2],
        activations: &[Activation::Identity],
        number: |draw| draw.dyadic(8, 3),
        learning_rate: |_| ratio(1, 2),
    };
    let case = recipe.case(&mut Draw::new(3));
    let exact = textbook::credit::run::<BigRational>(&case, &Limits::default()).unwrap();
    let float = fast::credit::run::<f64>(&case).unwrap();
    assert!(compare_bits(&exact, &float).is_agree());
    let synapse = creditcheck::spec::Synapse(1);
    for wrong in [float.update.weights[synapse].next_up(), f64::NAN, f64::INFINITY] {
        let mut float = float.clone();
        float.update.weights[synapse] = wrong;
        assert!(compare_bits(&exact, &float).is_disagree());
    }
    let mut short = float.clone();
    short.examples.pop();
    assert!(compare_bits(&exact, &short).is_disagree());
}
