//! The rounding bound of large networks: never exceeded, by engines and by careless evaluations, and not idle.

use creditcheck::fast::{self, Float};
use creditcheck::number::{exact_f64, nearest};
use creditcheck::spec::outcome::LayeredGradient;
use creditcheck::spec::{
    Activation, Case, Dense, DenseLayer, Dtype, Expect, Kink, Limits, Network, Tensor,
};
use creditcheck::verdict::bounded::{
    DenseBounds, dense_rounding_bound, rounding_bound, scaled_rounding_bound,
};
use num_rational::BigRational;
use num_traits::{Signed, Zero};

use super::bounded::format_of;
use super::nets::{Draw, Recipe, exact, ratio};

use crate::engines;

type Q = BigRational;

/// Values of f64 that no format of fewer bits has.
fn float(draw: &mut Draw) -> Q {
    exact(draw.integer(-1500, 1500) as f64 / 1000.0)
}

/// Values of bf16, and so of every format.
fn short(draw: &mut Draw) -> Q {
    ratio(draw.integer(-24, 24), 16)
}

fn activations() -> Vec<Activation> {
    vec![
        Activation::Identity,
        Activation::Relu,
        Activation::Relu,
        Activation::LeakyRelu { slope: ratio(1, 10) },
        Activation::LeakyRelu { slope: ratio(-1, 2) },
        Activation::HardTanh { min: ratio(-1, 1), max: ratio(1, 1) },
        Activation::HardTanh { min: ratio(-1, 3), max: ratio(2, 3) },
        Activation::Square,
        Activation::Quadratic,
        Activation::Cubic,
    ]
}

/// A scale below 1 that is multiplied first: what underflows then is larger, in units of the unscaled.
#[test]
fn a_scale_makes_what_underflows_larger() {
    let one = |value| Tensor { rows: 1, cols: 1, dtype: Dtype::F64, values: vec![value] };
    let (weights, activation) = (one(0.0), Activation::Identity);
    let layer = DenseLayer { weights, biases: None, activation, kink: None, balance: None };
    let dense = Dense {
        name: None,
        layers: vec![layer],
        kink: Kink::Left,
        loss: Default::default(),
        learning_rate: ratio(1, 1),
        inputs: one(1024.0),
        targets: one(-1.0),
        expect: Expect::Agree,
    };
    // The error is 1. A third of 2⁻²⁰ is 5 ⅓ of the smallest f16, of which 5 are stored, and then multiplied by 1024.
    let scale = ratio(1, 3 << 20);
    let found = ratio(5 << 10, 1 << 24);
    let error = (found - &scale * ratio(1024, 1)).abs();
    let of = |bounds: DenseBounds| exact(bounds.layers[0].weights[0]) * &scale;
    let bound = of(scaled_rounding_bound(&dense, Dtype::F16, &scale).unwrap());
    assert!(error <= bound && bound <= &error * ratio(100, 1), "{error} {bound}");
    assert!(
        error > of(dense_rounding_bound(&dense, Dtype::F16).unwrap()),
        "without it the bound is exceeded"
    );
}

/// Weights, then biases of a layer; none where the layer has none.
fn flat<S: Clone>(gradient: &LayeredGradient<S>, layer: usize) -> [Vec<S>; 2] {
    let weights = gradient.weights[layer].concat();
    [weights, gradient.biases[layer].clone().unwrap_or_default()]
}

/// The largest error/bound, and an error if it is beyond 1.
fn closest(
    bounds: &DenseBounds,
    found: &LayeredGradient<f64>,
    exact: &LayeredGradient<Q>,
    what: &str,
) -> f64 {
    let mut closest = 0.0f64;
    for (l, layer) in bounds.layers.iter().enumerate() {
        let (found, exact) = (flat(found, l), flat(exact, l));
        for (k, bounds) in [&layer.weights, &layer.biases].into_iter().enumerate() {
            if !exact[k].is_empty() {
                assert_eq!(bounds.len(), exact[k].len());
            }
            for ((found, exact), bound) in found[k].iter().zip(&exact[k]).zip(bounds) {
                let error = (exact_f64(*found).unwrap() - exact).abs();
                let bound = exact_f64(*bound).unwrap();
                assert!(error <= bound, "{what}, layer {l}: {error} > {bound}");
                if !bound.is_zero() {
                    closest = closest.max(creditcheck::number::nearest_f64(&(error / bound)));
                }
            }
        }
    }
    closest
}

fn engine<F: Float>(case: &Case) -> Option<LayeredGradient<f64>> {
    let gradient = fast::backprop::run::<F>(case).ok()?.gradient;
    let wide = |values: &Vec<F>| values.iter().map(|v| (*v).into()).collect::<Vec<f64>>();
    Some(LayeredGradient {
        weights: gradient.weights.iter().map(|rows| rows.iter().map(wide).collect()).collect(),
        biases: gradient.biases.iter().map(|biases| biases.as_ref().map(wide)).collect(),
    })
}

/// A plain evaluation in which every single step is rounded to a format, sums from the last term on,
/// 1/B in front; sums in `sums`, everything that is stored in `stored`.
fn careless(dense: &Dense, stored: Dtype, sums: Dtype) -> LayeredGradient<f64> {
    let to = |value: f64, dtype: Dtype| {
        let value = exact_f64(value).unwrap();
        nearest(value.numer(), value.denom(), dtype)
    };
    let put = |value: f64| to(value, stored);
    let sum = |terms: &mut dyn DoubleEndedIterator<Item = f64>| {
        put(terms.rev().fold(0.0, |sum, term| to(sum + to(term, sums), sums)))
    };
    let batch = dense.batch();
    let mut rates: Vec<Vec<Vec<f64>>> =
        vec![(0..batch).map(|b| dense.inputs.row(b).iter().map(|x| put(*x)).collect()).collect()];
    let mut slopes = Vec::new();
    for (l, layer) in dense.layers.iter().enumerate() {
        let (mut rate, mut slope) = (Vec::new(), Vec::new());
        for x in &rates[l] {
            let net: Vec<f64> = (0..layer.weights.rows)
                .map(|post| {
                    let row = layer.weights.row(post);
                    let bias = layer.biases.as_ref().map_or(0.0, |b| put(b.values[post]));
                    let mut terms = std::iter::once(bias)
                        .chain(row.iter().zip(x).map(|(w, x)| put(*w) * x))
                        .collect::<Vec<_>>()
                        .into_iter();
                    sum(&mut terms)
                })
                .collect();
            let relu = matches!(layer.activation, Activation::Relu);
            rate.push(net.iter().map(|s| if relu { s.max(0.0) } else { *s }).collect());
            slope.push(net.iter().map(|s| f64::from(!relu || *s > 0.0)).collect::<Vec<_>>());
        }
        rates.push(rate);
        slopes.push(slope);
    }
    let share = put(1.0 / batch as f64);
    let mut delta: Vec<Vec<f64>> = Vec::new();
    for b in 0..batch {
        let last = rates.len() - 1;
        let e = rates[last][b].iter().zip(dense.targets.row(b));
        delta.push(e.map(|(x, t)| put(put(x - put(*t)) * share)).collect());
    }
    let mut gradient = LayeredGradient { weights: Vec::new(), biases: Vec::new() };
    for (l, layer) in dense.layers.iter().enumerate().rev() {
        for (delta, slope) in delta.iter_mut().zip(&slopes[l]) {
            for (d, f) in delta.iter_mut().zip(slope) {
                *d = put(*d * f);
            }
        }
        let entry = |post: usize, pre: usize| {
            let terms = (0..batch).map(|b| delta[b][post] * rates[l][b][pre]);
            sum(&mut terms.collect::<Vec<_>>().into_iter())
        };
        let row = |post: usize| (0..layer.weights.cols).map(|pre| entry(post, pre)).collect();
        gradient.weights.push((0..layer.weights.rows).map(row).collect());
        let bias = |post: usize| sum(&mut (0..batch).map(|b| delta[b][post]));
        let biases = layer.biases.as_ref();
        gradient.biases.push(biases.map(|_| (0..layer.weights.rows).map(bias).collect()));
        delta = delta
            .iter()
            .map(|delta| {
                let credit = |pre: usize| {
                    let terms = (0..layer.weights.rows)
                        .map(|post| put(layer.weights.at(post, pre)) * delta[post]);
                    sum(&mut terms.collect::<Vec<_>>().into_iter())
                };
                (0..layer.weights.cols).map(credit).collect()
            })
            .collect();
    }
    gradient.weights.reverse();
    gradient.biases.reverse();
    gradient
}

fn recipe<'a>(activations: &'a [Activation], number: fn(&mut Draw) -> Q) -> Recipe<'a> {
    Recipe {
        depth: (1, 4),
        width: (2, 7),
        batches: &[1, 2, 3, 5],
        activations,
        number,
        learning_rate: |_| ratio(1, 2),
    }
}

#[test]
fn engines_stay_within() {
    let activations = activations();
    let (mut draw, mut counted, mut nearest) = (Draw::new(11), [0; 2], [0.0f64; 2]);
    for k in 0..300 {
        let case = recipe(&activations, float).case(&mut draw);
        let Some(dense) = Dense::of(&case) else { continue };
        let exact = engines::backprop(&case, &Limits::default()).unwrap().gradient;
        let runs = [(Dtype::F64, engine::<f64>(&case)), (Dtype::F32, engine::<f32>(&case))];
        for (side, (dtype, found)) in runs.into_iter().enumerate() {
            // Polynomials of polynomials may leave f32; then there is no bound either.
            let (Ok(bounds), Some(found)) = (dense_rounding_bound(&dense, dtype), found) else {
                continue;
            };
            let what = format!("case {k} in {}", dtype.name());
            nearest[side] = nearest[side].max(closest(&bounds, &found, &exact, &what));
            counted[side] += 1;
        }
    }
    println!("{counted:?} cases, closest {nearest:?} of the bound");
    assert!(counted.iter().all(|n| *n > 250), "{counted:?}");
    // A bound that nothing comes near would not be tested by this.
    assert!(nearest.iter().all(|share| *share > 0.05), "{nearest:?}");
}

#[test]
fn careless_evaluations_stay_within() {
    let activations = [Activation::Relu, Activation::Relu, Activation::Identity];
    let pairs = [
        (Dtype::F64, Dtype::F64),
        (Dtype::F32, Dtype::F32),
        (Dtype::Bf16, Dtype::F32),
        (Dtype::F16, Dtype::F32),
    ];
    let mut nearest = [0.0f64; 4];
    let mut draw = Draw::new(12);
    for k in 0..200 {
        let number = if k % 2 == 0 { float } else { short };
        let mut case = recipe(&activations, number).case(&mut draw);
        // The evaluation below knows the default convention only.
        if let Network::Layered(net) = &mut case.network {
            net.layers.iter_mut().for_each(|layer| layer.kink = None);
        }
        let Some(dense) = Dense::of(&case) else { continue };
        let exact = engines::backprop(&case, &Limits::default()).unwrap().gradient;
        for (side, (stored, sums)) in pairs.into_iter().enumerate() {
            let bounds = dense_rounding_bound(&dense, stored).unwrap();
            let what = format!("case {k} in {}", stored.name());
            let found = careless(&dense, stored, sums);
            nearest[side] = nearest[side].max(closest(&bounds, &found, &exact, &what));
        }
    }
    println!("closest {nearest:?} of the bound");
    assert!(nearest.iter().all(|share| *share > 0.05), "{nearest:?}");
}

/// Beside the bound that follows every number by itself.
fn against_the_small_bound<F: Float>(dtype: Dtype) {
    let activations = activations();
    let (mut draw, mut ratios) = (Draw::new(13), Vec::new());
    for _ in 0..60 {
        let case = recipe(&activations, float).case(&mut draw);
        let Some(dense) = Dense::of(&case) else { continue };
        let Ok(large) = dense_rounding_bound(&dense, dtype) else { continue };
        let Ok(small) = rounding_bound(&case, format_of::<F>()) else { continue };
        let mut small = small.gradient.weights.iter();
        for bound in large.layers.iter().flat_map(|layer| &layer.weights) {
            let other = small.next().unwrap().bound;
            // Exact sums are recognised by the small bound alone.
            if other > 0.0 {
                ratios.push(bound / other);
            }
        }
        assert!(small.next().is_none());
    }
    ratios.sort_by(f64::total_cmp);
    let median = ratios[ratios.len() / 2];
    println!("{}: {} entries, median of large/small bound {median}", dtype.name(), ratios.len());
    assert!(ratios.len() > 1000);
}

#[test]
fn beside_the_small_bound() {
    against_the_small_bound::<f64>(Dtype::F64);
    against_the_small_bound::<f32>(Dtype::F32);
}

/// Net inputs on the kink, or nearer to it than rounding tells: the bound takes the whole jump, and says so.
#[test]
fn kinks_within_reach() {
    let with_bias = |bias: f64| {
        let text = format!(
            r#"{{"format": "creditcheck/case/1", "network": {{"kind": "layered", "layers": [
            {{"weights": [["0x1.999999999999ap-4", "0x1.999999999999ap-3"]], "biases": ["{}"], "activation": "relu"}},
            {{"weights": [[3]], "activation": "identity"}}]}}, "loss": "half_squared_error", "learning_rate": "1",
            "examples": [{{"input": [1, 1], "target": [1]}}]}}"#,
            creditcheck::number::hex(bias)
        );
        let case = creditcheck::wire::Document::read(text.as_bytes(), &Limits::default());
        let dense = Dense::of(&case.unwrap().case).unwrap();
        let of = |dtype| dense_rounding_bound(&dense, dtype).unwrap().layers[0].clone();
        [of(Dtype::F64), of(Dtype::F32)]
    };
    let [wide, narrow] = with_bias(-0.3);
    assert_eq!((wide.uncertain, narrow.uncertain, wide.net_inputs), (1, 1, 1));
    assert!(wide.weights[0] > 1.0 && narrow.weights[0] > 1.0);
    let [wide, narrow] = with_bias(-0.3 - 1e-10);
    assert_eq!((wide.uncertain, narrow.uncertain), (0, 1));
    assert!(wide.weights[0] == 0.0 && narrow.weights[0] > 1.0);
    let [wide, narrow] = with_bias(-0.2);
    assert_eq!((wide.uncertain, narrow.uncertain), (0, 0));
    // Without a jump, which would be 2.1 here.
    assert!(wide.weights[0] < 1e-12 && narrow.weights[0] < 1e-3);
}
