//! Tier F: never exceeded.

use creditcheck::fast::{self, Float};
use creditcheck::number::exact_f64;
use creditcheck::spec::{Activation, Case, Dtype, Limits, Network};
use creditcheck::verdict::bounded::{
    Tightness, compare_bounded, compare_bounded_backprop, compare_centre, compare_centre_backprop,
    rounding_bound,
};
use num_rational::BigRational;
use num_traits::Signed;

use super::nets::{Draw, Recipe, exact, ratio};

use crate::engines;
use crate::generators::{between, quotients};

pub fn format_of<F: Float>() -> Dtype {
    if F::NAME == "f64" { Dtype::F64 } else { Dtype::F32 }
}

/// All that an exact engine evaluates and whose digits do not explode.
fn activations() -> Vec<Activation> {
    vec![
        Activation::Identity,
        Activation::Relu,
        Activation::LeakyRelu { slope: ratio(1, 10) },
        Activation::HardTanh { min: ratio(-1, 1), max: ratio(1, 1) },
        Activation::HardTanh { min: ratio(-1, 3), max: ratio(2, 3) },
        Activation::Square,
        Activation::Quadratic,
        Activation::Cubic,
    ]
}

/// Numbers that no binary float holds.
fn decimal(draw: &mut Draw) -> BigRational {
    ratio(draw.integer(-1500, 1500), 1000)
}

fn recipe<'a>(activations: &'a [Activation], depth: (i64, i64), width: (i64, i64)) -> Recipe<'a> {
    Recipe {
        depth,
        width,
        batches: &[1, 2, 3, 5],
        activations,
        number: decimal,
        learning_rate: |draw| ratio(draw.integer(1, 20), 10),
    }
}

/// Everything that both engines report on a case, within its bound; gives the medians.
fn check<F: Float>(case: &Case, what: &str, ratios: &mut Vec<Tightness>) -> usize {
    let limits = Limits::default();
    let bounds = match rounding_bound(case, format_of::<F>()) {
        Ok(bounds) => bounds,
        // Polynomials of polynomials may leave f32; the engine must then say so too.
        Err(_) => return 0,
    };
    let Ok(float) = fast::credit::run::<F>(case) else { return 0 };
    let reference = engines::credit(case, &limits).unwrap();
    let (verdict, tightness) = compare_bounded(&bounds, &float, &reference);
    assert!(!verdict.is_disagree(), "credit, {what}: {verdict:?}\n{case:?}");
    assert!(!compare_centre(&bounds, &float).is_disagree(), "centre, {what}");
    ratios.push(tightness);
    let swept = fast::relax::run::<F>(case).unwrap();
    let (verdict, _) = compare_bounded(&bounds, &swept, &reference);
    assert!(!verdict.is_disagree(), "sweeps, {what}: {verdict:?}\n{case:?}");
    if matches!(case.network, Network::Layered(_)) {
        let reference = engines::backprop(case, &limits).unwrap();
        let Ok(float) = fast::backprop::run::<F>(case) else { return 0 };
        let (verdict, tightness) = compare_bounded_backprop(&bounds, &float, &reference);
        assert!(!verdict.is_disagree(), "backprop, {what}: {verdict:?}\n{case:?}");
        assert!(!compare_centre_backprop(&bounds, &float).is_disagree(), "centre, {what}");
        ratios.push(tightness);
    }
    1
}

fn summary(name: &str, cases: usize, ratios: &[Tightness]) -> f64 {
    let with_errors: Vec<_> = ratios.iter().filter(|tightness| tightness.entries > 0).collect();
    let medians = Tightness::of(with_errors.iter().map(|tightness| tightness.median).collect());
    let worst = with_errors.iter().map(|tightness| tightness.worst).fold(0.0, f64::max);
    let closest = with_errors.iter().map(|t| t.closest).fold(f64::INFINITY, f64::min);
    println!(
        "{name}: {cases} cases, 0 violations, bound/error median {:.1}, worst {worst:.3e}, closest {closest:.2}",
        medians.median
    );
    medians.median
}

fn many<F: Float>(name: &str, count: u64, case: impl Fn(&mut Draw) -> Case) {
    let mut ratios = Vec::new();
    let mut ran = 0;
    for seed in 0..count {
        let case = case(&mut Draw::new(seed));
        ran += check::<F>(&case, &format!("{name} {} seed {seed}", F::NAME), &mut ratios);
    }
    assert!(ran as u64 * 10 >= count * 9, "{name}: only {ran} of {count} ran");
    ceiling(&format!("{name} {}", F::NAME), ran, &ratios);
}

/// The median of bound/error, up to the next power of four, is a snapshot: coarse enough that fused multiply-add,
/// which changes the errors, does not change it; fine enough that a bound that has become useless is noticed.
pub fn ceiling(name: &str, cases: usize, ratios: &[Tightness]) {
    let median = summary(name, cases, ratios);
    let ceiling = 4f64.powi(median.log(4.0).ceil() as i32);
    insta::assert_snapshot!(name, format!("median of bound/error at most {ceiling}"));
}

#[test]
fn layered_f64() {
    let activations = activations();
    let recipe = recipe(&activations, (1, 3), (2, 5));
    many::<f64>("layered", 600, |draw| recipe.case(draw));
}

#[test]
fn layered_f32() {
    let activations = activations();
    let recipe = recipe(&activations, (1, 2), (2, 5));
    many::<f32>("layered", 600, |draw| recipe.case(draw));
}

#[test]
fn deep() {
    let activations = [
        Activation::Relu,
        Activation::LeakyRelu { slope: ratio(1, 3) },
        Activation::HardTanh { min: ratio(-1, 1), max: ratio(1, 1) },
        Activation::Identity,
    ];
    let recipe = recipe(&activations, (6, 12), (2, 5));
    many::<f64>("deep", 60, |draw| recipe.case(draw));
    many::<f32>("deep", 30, |draw| recipe.case(draw));
}

#[test]
fn quotients_of_polynomials() {
    for function in quotients() {
        let activations = [function];
        let recipe = recipe(&activations, (1, 2), (2, 3));
        many::<f64>(activations[0].name(), 100, |draw| recipe.case(draw));
        many::<f32>(activations[0].name(), 100, |draw| recipe.case(draw));
    }
}

#[test]
fn graphs() {
    let activations = [
        Activation::Relu,
        Activation::HardTanh { min: ratio(-1, 3), max: ratio(2, 3) },
        Activation::LeakyRelu { slope: ratio(1, 10) },
    ];
    many::<f64>("graphs", 200, |draw| recipe(&activations, (1, 1), (2, 3)).graph(draw));
    // Powers of powers: the digits of the exact side explode on long paths.
    let activations = [Activation::Quadratic, Activation::Relu, Activation::Identity];
    many::<f64>("polynomial graphs", 30, |draw| recipe(&activations, (1, 1), (2, 3)).graph(draw));
}

/// The bias of every neuron of the first layer moved so that its net input is at, or within rounding of, a kink.
fn on_kink(mut case: Case, draw: &mut Draw, units: &[i64]) -> Case {
    let Network::Layered(net) = &mut case.network else { return case };
    let layer = &mut net.layers[0];
    let kinks = layer.activation.kinks();
    let offsets: Vec<_> = units.iter().map(|&k| ratio(k, 1) * exact(2f64.powi(-54))).collect();
    if let (Some(biases), false) = (&mut layer.biases, kinks.is_empty()) {
        for (post, bias) in biases.iter_mut().enumerate() {
            let sum: BigRational =
                layer.weights[post].iter().zip(&case.examples[0].input).map(|(w, x)| w * x).sum();
            *bias = draw.pick(&kinks) - sum + draw.pick(&offsets);
        }
    }
    case
}

/// Large terms that cancel to a net input near 1/3: its error is many units in its last place.
fn cancelling(mut case: Case) -> Case {
    let Network::Layered(net) = &mut case.network else { return case };
    let layer = &mut net.layers[0];
    let input = &case.examples[0].input;
    let bias = |row: &Vec<BigRational>| {
        ratio(1, 3) - row.iter().zip(input).map(|(w, x)| w * x).sum::<BigRational>()
    };
    layer.biases = Some(layer.weights.iter().map(bias).collect());
    case
}

/// Floats end up on the wrong side of the kink, and the bound knows.
#[test]
fn kinks() {
    let activations = [
        Activation::Relu,
        Activation::LeakyRelu { slope: ratio(1, 10) },
        Activation::HardTanh { min: ratio(-1, 3), max: ratio(2, 3) },
    ];
    let recipe = recipe(&activations, (2, 3), (2, 4));
    let mut jumps = 0;
    let mut ratios = Vec::new();
    let mut ran = 0;
    for seed in 0..200 {
        let mut draw = Draw::new(seed);
        let case = recipe.case(&mut draw);
        let mut case = on_kink(case, &mut draw, &[0, 0, 1, -1, 3, -40]);
        if let (Network::Layered(net), 0) = (&mut case.network, seed % 3) {
            net.layers[0].kink = Some(between(2, 3));
        }
        ran += check::<f64>(&case, &format!("kinks seed {seed}"), &mut ratios);
        let reference = engines::credit(&case, &Limits::default()).unwrap();
        let float = fast::credit::run::<f64>(&case).unwrap();
        for (exact, float) in reference.examples.iter().zip(&float.examples) {
            let pairs = exact.balance_factor.iter().zip(float.balance_factor.iter());
            jumps += pairs
                .filter(|(exact, float)| (*exact - exact_f64(**float).unwrap()).abs() > ratio(1, 4))
                .count();
        }
    }
    ceiling("kinks f64", ran, &ratios);
    println!("{jumps} balance factors on the wrong side of a kink");
    assert!(jumps > 50, "the kinks were not hit: {jumps}");
}

/// tanh, logistic and softplus have no exact reference: both engines within their bounds of the centre.
#[test]
fn transcendental() {
    let activations =
        [Activation::Tanh, Activation::Logistic, Activation::Softplus, Activation::Softsign];
    let recipe = recipe(&activations, (1, 4), (2, 5));
    for seed in 0..100 {
        let case = recipe.case(&mut Draw::new(seed));
        both::<f64>(&case, seed);
        both::<f32>(&case, seed);
    }
    // Saturated neurons: everything cancels or underflows.
    let mut recipe = recipe;
    recipe.number = |draw| ratio(draw.integer(-60_000, 60_000), 1000);
    for seed in 0..40 {
        let case = recipe.case(&mut Draw::new(seed));
        both::<f64>(&case, seed);
        both::<f32>(&case, seed);
        let case = cancelling(case);
        both::<f64>(&case, seed);
        both::<f32>(&case, seed);
    }
}

fn both<F: Float>(case: &Case, seed: u64) {
    let bounds = rounding_bound(case, format_of::<F>()).unwrap();
    let credit = fast::credit::run::<F>(case).unwrap();
    let verdict = compare_centre(&bounds, &credit);
    assert!(verdict.is_agree(), "credit seed {seed} {}: {verdict:?}\n{case:?}", F::NAME);
    let backprop = fast::backprop::run::<F>(case).unwrap();
    let verdict = compare_centre_backprop(&bounds, &backprop);
    assert!(verdict.is_agree(), "backprop seed {seed} {}: {verdict:?}\n{case:?}", F::NAME);
}

/// Replaced balance functions have their own bound; the gradient does not read them.
#[test]
fn replaced_balance() {
    let activations = activations();
    let recipe = recipe(&activations, (2, 2), (2, 4));
    let mut ratios = Vec::new();
    for seed in 0..100 {
        let mut draw = Draw::new(seed);
        let mut case = recipe.case(&mut draw);
        if let Network::Layered(net) = &mut case.network {
            net.layers[0].balance = Some(draw.pick(&activations).clone());
        }
        check::<f64>(&case, &format!("balance seed {seed}"), &mut ratios);
    }
    ceiling("replaced balance f64", 100, &ratios);
}

/// Dyadic numbers of so many bits that some sums are exact and some are not: what is taken for exact must be.
#[test]
fn half_exact() {
    let activations = activations();
    let mut recipe = recipe(&activations, (1, 3), (2, 4));
    recipe.learning_rate = |draw| ratio(draw.integer(1, 7), 8);
    recipe.number = |draw| draw.dyadic(1 << 6, 4);
    many::<f32>("half exact", 200, |draw| recipe.case(draw));
    recipe.number = |draw| draw.dyadic(1 << 14, 12);
    many::<f64>("half exact", 200, |draw| recipe.case(draw));
}

/// A kink that is hit by an exact sum is no jump: β has no error at all.
#[test]
fn kinks_hit_exactly() {
    let activations = [
        Activation::Relu,
        Activation::LeakyRelu { slope: ratio(1, 4) },
        Activation::HardTanh { min: ratio(-1, 2), max: ratio(3, 4) },
    ];
    let mut recipe = recipe(&activations, (2, 3), (2, 4));
    recipe.number = |draw| draw.dyadic(12, 3);
    let mut hits = 0;
    for seed in 0..60 {
        let mut draw = Draw::new(seed);
        let case = on_kink(recipe.case(&mut draw), &mut draw, &[0]);
        check::<f64>(&case, &format!("exact kinks seed {seed}"), &mut Vec::new());
        check::<f32>(&case, &format!("exact kinks seed {seed}"), &mut Vec::new());
        let Network::Layered(net) = &case.network else { continue };
        let kinks = net.layers[0].activation.kinks();
        let first = net.widths()[0];
        for format in [Dtype::F64, Dtype::F32] {
            let bounds = rounding_bound(&case, format).unwrap();
            let example = &bounds.examples[0];
            for post in (first..first + net.widths()[1]).map(creditcheck::spec::Neuron) {
                if net.layers[0].biases.is_some() {
                    let s = example.net_input[post];
                    assert!(kinks.contains(&exact(s.centre)) && s.bound == 0.0, "{s:?}");
                    assert_eq!(example.balance_factor[post].bound, 0.0, "seed {seed}");
                    assert_eq!(example.balance_factor[post].radius, 0.0, "seed {seed}");
                    hits += 1;
                }
            }
        }
    }
    println!("{hits} kinks hit exactly");
    assert!(hits > 200, "{hits}");
}
