//! Tier F has power: a wrong entry is refused, in every block, and the refusal is that of the comparison itself.

use creditcheck::fast::{self, Float};
use creditcheck::number::exact_f64;
use creditcheck::spec::outcome::{CreditOutcome, Update};
use creditcheck::spec::{Activation, Case, Dtype, Example, Limits, Network, Wiring};
use creditcheck::verdict::blocks;
use creditcheck::verdict::bounded::{Bounds, compare_bounded, rounding_bound, weakest_block};
use creditcheck::{suite, textbook};
use num_rational::BigRational;
use num_traits::{Signed, Zero};

use super::bounded::format_of;
use super::nets::{Draw, Recipe, exact, ratio};

fn share(format: Dtype) -> BigRational {
    exact(if format == Dtype::F64 { 2f64.powi(-30) } else { 2f64.powi(-10) })
}

/// Every entry of every block in turn, wrong by the share of the block's largest, in the engine's own result.
fn every_entry<F: Float>(case: &Case, name: &str) -> usize {
    let format = format_of::<F>();
    let bounds = rounding_bound(case, format).unwrap();
    let reference = textbook::credit::run::<BigRational>(case, &Limits::default()).unwrap();
    let float = fast::credit::run::<F>(case).unwrap();
    assert_eq!(
        weakest_block(case, &bounds, &reference.update, &float.update, true),
        None,
        "{name} in {format:?}"
    );
    // In f64, which holds any f32 and the shift: the comparison sees what a wrong engine would have reported.
    let right = widened(&float);
    assert!(compare_bounded(&bounds, &right, &reference).0.is_agree(), "{name} in {format:?}");
    let mut refused = 0;
    for block in blocks(case) {
        let of = |update: &Update<BigRational>| -> Vec<BigRational> {
            let weights = block.synapses.iter().map(|s| update.weights[*s].clone());
            weights.chain(block.biases.iter().map(|n| update.biases[*n].clone())).collect()
        };
        let largest = of(&reference.update).iter().map(Signed::abs).max().unwrap();
        if largest.is_zero() {
            continue;
        }
        let shift = creditcheck::number::nearest_f64(&(&largest * share(format)));
        for k in 0..block.synapses.len() + block.biases.len() {
            for shift in [shift, -shift] {
                let mut wrong = right.clone();
                match block.synapses.get(k) {
                    Some(synapse) => wrong.update.weights[*synapse] += shift,
                    None => wrong.update.biases[block.biases[k]] += shift,
                }
                let place = format!("{name}, {} entry {k} in {format:?}", block.name);
                assert!(compare_bounded(&bounds, &wrong, &reference).0.is_disagree(), "{place}");
                refused += 1;
            }
        }
    }
    refused
}

fn widened<F: Float>(float: &CreditOutcome<F>) -> CreditOutcome<f64> {
    use creditcheck::spec::outcome::{Credit, CreditExample};
    let wide = |value: &F| -> f64 { (*value).into() };
    let example = |example: &CreditExample<F>| CreditExample {
        net_input: example.net_input.map(wide),
        firing_rate: example.firing_rate.map(wide),
        balance_factor: example.balance_factor.map(wide),
        external_credit: example.external_credit.map(wide),
        credit: example.credit.map(|credit| Credit(wide(&credit.0))),
    };
    CreditOutcome {
        examples: float.examples.iter().map(example).collect(),
        update: Update {
            weights: float.update.weights.map(wide),
            biases: float.update.biases.map(wide),
        },
    }
}

fn is_transcendental(case: &Case) -> bool {
    let is = |a: &Activation| {
        matches!(a, Activation::Tanh | Activation::Logistic | Activation::Softplus)
    };
    Wiring::of(case).activations.iter().any(is)
}

/// The centre of a bound stands in where nothing evaluates σ exactly: only its magnitude is used.
fn centres(bounds: &Bounds) -> Update<BigRational> {
    let centre = |bound: &creditcheck::verdict::bounded::Bound| exact_f64(bound.centre).unwrap();
    Update { weights: bounds.update.weights.map(centre), biases: bounds.update.biases.map(centre) }
}

fn bound_alone<F: Float>(case: &Case, name: &str) {
    let bounds = rounding_bound(case, format_of::<F>()).unwrap();
    let float = fast::credit::run::<F>(case).unwrap();
    let weakest = weakest_block(case, &bounds, &centres(&bounds), &float.update, false);
    assert_eq!(weakest, None, "{name} in {}", F::NAME);
}

/// The whole suite, both formats.
#[test]
fn suite_has_power() {
    let mut refused = 0;
    for (name, text) in suite::CASES {
        let case = suite::document(text, &Limits::default()).unwrap().case;
        if Wiring::of(&case).is_recurrent() {
            // The bound of an equilibrium has tests of its own power.
            continue;
        }
        if is_transcendental(&case) {
            bound_alone::<f64>(&case, name);
            bound_alone::<f32>(&case, name);
        } else {
            refused += every_entry::<f64>(&case, name) + every_entry::<f32>(&case, name);
        }
    }
    println!("{refused} wrong entries refused");
    assert!(refused > 1000, "{refused}");
}

/// 64-32-10 with batches of 32, as the trained networks of the suite are.
#[test]
fn large_networks_have_power() {
    let functions = [
        Activation::Relu,
        Activation::Tanh,
        Activation::Logistic,
        Activation::Softplus,
        Activation::LeakyRelu { slope: ratio(1, 10) },
        Activation::Quadratic,
    ];
    for (seed, activation) in (1u64..).zip(functions) {
        let case = large(&mut Draw::new(seed), &activation);
        bound_alone::<f64>(&case, activation.name());
        bound_alone::<f32>(&case, activation.name());
    }
}

/// Decimal weights, which no float holds, and inputs as the digits have them.
fn large(draw: &mut Draw, activation: &Activation) -> Case {
    let functions = [activation.clone()];
    let recipe = Recipe {
        depth: (2, 2),
        width: (2, 2),
        batches: &[32],
        activations: &functions,
        number: |draw| ratio(draw.integer(-250, 250), 1000),
        learning_rate: |_| ratio(1, 10),
    };
    let mut case = recipe.case(draw);
    let Network::Layered(net) = &mut case.network else { return case };
    for (layer, (inputs, width)) in net.layers.iter_mut().zip([(64, 32), (32, 10)]) {
        let mut numbers = |count: usize| (0..count).map(|_| (recipe.number)(draw)).collect();
        layer.weights = (0..width).map(|_| numbers(inputs)).collect();
        layer.biases = Some(numbers(width));
    }
    net.layers[1].activation = Activation::Identity;
    case.examples = (0..32)
        .map(|b| Example {
            input: (0..64).map(|_| ratio(draw.integer(0, 16), 16)).collect(),
            target: (0..10).map(|k| ratio(i64::from(k == b % 10), 1)).collect(),
            equilibrium: None,
        })
        .collect();
    case
}

/// A bound of twice the share that must be refused has no power, and one of a quarter of it has.
#[test]
fn wide_bounds_have_no_power() {
    let case = suite::document(suite::CASES[0].1, &Limits::default()).unwrap().case;
    let reference = textbook::credit::run::<BigRational>(&case, &Limits::default()).unwrap();
    let float = fast::credit::run::<f64>(&case).unwrap();
    let right = rounding_bound(&case, Dtype::F64).unwrap();
    for block in blocks(&case) {
        let of_block = block.synapses.iter().map(|s| reference.update.weights[*s].abs());
        let Some(largest) = of_block.max() else { continue };
        let with = |times: BigRational| {
            let mut bounds = right.clone();
            let bound = &largest * share(Dtype::F64) * times;
            let bound = creditcheck::number::nearest_f64(&bound);
            block.synapses.iter().for_each(|s| bounds.update.weights[*s].bound = bound);
            weakest_block(&case, &bounds, &reference.update, &float.update, true)
        };
        assert_eq!(with(ratio(2, 1)), Some(block.name.clone()));
        assert_eq!(with(ratio(1, 4)), None);
    }
}
