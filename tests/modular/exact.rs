//! The exact gradient by residues against the textbook engines over ℚ, entry by entry with `==`.

use creditcheck::Error;
use creditcheck::modular::exact::{Exact, Rule, Scaled, run};
use creditcheck::number;
use creditcheck::spec::{
    Activation, Dense, DenseLayer, Dtype, Expect, Kink, Limits, Neuron, Synapse, Tensor,
};
use num_bigint::BigInt;
use num_rational::BigRational as Q;
use num_traits::{One, Signed, ToPrimitive, Zero};
use proptest::prelude::*;
use proptest::sample::select;

use crate::engines;
use crate::generators::layered::runner;
use crate::generators::{conventions, ratio as q};

fn tensor(rows: usize, cols: usize, values: Vec<f64>) -> Tensor {
    assert_eq!(values.len(), rows * cols);
    Tensor { rows, cols, dtype: Dtype::F64, values }
}

fn dense(layers: Vec<DenseLayer>, kink: Kink, inputs: Tensor, targets: Tensor) -> Dense {
    let (name, expect) = (None, Expect::default());
    Dense {
        name,
        layers,
        kink,
        loss: Default::default(),
        learning_rate: Q::one(),
        inputs,
        targets,
        expect,
    }
}

fn layer(weights: Tensor, biases: Option<Vec<f64>>, activation: Activation) -> DenseLayer {
    let biases = biases.map(|values| tensor(values.len(), 1, values));
    DenseLayer { weights, biases, activation, kink: None, balance: None }
}

fn exact(dense: &Dense, rule: Rule) -> Exact {
    run(dense, rule, &mut |_, _, _| Ok(())).unwrap()
}

fn all(scaled: &Scaled) -> Vec<Q> {
    (0..scaled.len()).map(|index| scaled.rational(index)).collect()
}

/// Both rules, every entry; returns what backpropagation took.
fn equals_the_textbook(dense: &Dense) -> Exact {
    let case = dense.to_case().unwrap();
    let limits = Limits::default();
    let layers = engines::backprop(&case, &limits).unwrap();
    let rule = engines::credit(&case, &limits).unwrap();
    let (back, credit) = (exact(dense, Rule::Backprop), exact(dense, Rule::Credit));
    assert_eq!((&back.loss, &credit.loss), (&layers.loss, &layers.loss));
    let (mut synapse, mut neuron) = (0, dense.inputs.cols);
    for (l, found) in back.layers.iter().enumerate() {
        let expected: Vec<_> = layers.gradient.weights[l].iter().flatten().cloned().collect();
        assert_eq!(all(&found.weights), expected, "∂L/∂W of layer {}", l + 1);
        assert_eq!(found.biases.as_ref().map(all), layers.gradient.biases[l], "∂L/∂b");
        let updates =
            (synapse..).take(expected.len()).map(|s| rule.update.weights[Synapse(s)].clone());
        assert_eq!(all(&credit.layers[l].weights), updates.collect::<Vec<_>>(), "ΔW");
        synapse += expected.len();
        let rows = found.weights.rows;
        if let Some(biases) = &credit.layers[l].biases {
            let updates = (neuron..).take(rows).map(|n| rule.update.biases[Neuron(n)].clone());
            assert_eq!(all(biases), updates.collect::<Vec<_>>(), "Δb");
        }
        neuron += rows;
        let value = expected[0].clone();
        assert_eq!(found.weights.nearest(0, Dtype::F64), number::nearest_f64(&value));
        assert_eq!(found.weights.nearest(0, Dtype::F32), f64::from(number::nearest_f32(&value)));
    }
    for b in 0..dense.batch() {
        for unit in 0..dense.inputs.cols {
            let index = unit * dense.batch() + b;
            assert_eq!(back.inputs.rational(index), layers.examples[b].adjoint[0][unit].0);
            assert_eq!(credit.inputs.rational(index), rule.examples[b].credit[Neuron(unit)].0);
        }
    }
    back
}

/// Small quarters, ordinary f32 and f64, and the far ends of both.
fn float() -> impl Strategy<Value = f64> {
    let ends = [2f64.powi(-149), -3.0 * 2f64.powi(-149), 2f64.powi(100), 5e-324, 0.0, -0.0];
    prop_oneof![
        6 => (-9..=9_i32).prop_map(|n| f64::from(n) / 4.0),
        3 => (-2.0..2.0_f32).prop_map(f64::from),
        2 => -2.0..2.0_f64,
        1 => select(ends.to_vec()),
    ]
}

fn activation() -> impl Strategy<Value = Activation> {
    select(vec![
        Activation::Identity,
        Activation::Square,
        Activation::Quadratic,
        Activation::Cubic,
        Activation::Relu,
        Activation::Relu,
        Activation::LeakyRelu { slope: q(1, 10) },
        Activation::LeakyRelu { slope: q(-1, 2) },
        Activation::HardTanh { min: q(-1, 1), max: q(1, 1) },
        Activation::HardTanh { min: q(-1, 3), max: q(3, 2) },
    ])
}

fn any_kink() -> impl Strategy<Value = Kink> {
    select(conventions())
}

fn nets() -> impl Strategy<Value = Dense> {
    (prop::collection::vec(1..=3_usize, 3..=4), 1..=5_usize).prop_flat_map(|(widths, batch)| {
        let floats = |count| prop::collection::vec(float(), count);
        let layers: Vec<_> = widths
            .windows(2)
            .map(|pair| {
                let (inputs, rows) = (pair[0], pair[1]);
                let biases = prop::option::weighted(0.8, floats(rows));
                let kink = prop::option::of(any_kink());
                (floats(rows * inputs), biases, activation(), kink).prop_map(
                    move |(weights, biases, activation, kink)| DenseLayer {
                        kink,
                        ..layer(tensor(rows, inputs, weights), biases, activation)
                    },
                )
            })
            .collect();
        let (first, last) = (widths[0], widths[widths.len() - 1]);
        (layers, any_kink(), floats(batch * first), floats(batch * last)).prop_map(
            move |(layers, kink, inputs, targets)| {
                dense(layers, kink, tensor(batch, first, inputs), tensor(batch, last, targets))
            },
        )
    })
}

/// Moves biases so that the first example meets a kink in each layer where a float can do that.
fn strike(dense: &mut Dense) -> u32 {
    let mut hits = 0;
    for l in 0..dense.layers.len() {
        let kinks = dense.layers[l].activation.kinks();
        let Some(kink) = kinks.last() else { continue };
        let case = dense.to_case().unwrap();
        let outcome = engines::backprop(&case, &Limits::default()).unwrap();
        let s = outcome.examples[0].net_input[l][0].clone();
        let Some(biases) = &mut dense.layers[l].biases else { continue };
        let wanted = Q::from_float(biases.values[0]).unwrap() - s + kink;
        let bias = number::nearest_f64(&wanted);
        if Q::from_float(bias) == Some(wanted) {
            biases.values[0] = bias;
            hits += 1;
        }
    }
    hits
}

#[test]
fn every_entry_equals_the_textbook() {
    let seen = std::cell::Cell::new((0, 0));
    let result = runner(48).run(&nets(), |mut dense| {
        equals_the_textbook(&dense);
        let hits = strike(&mut dense);
        let found = equals_the_textbook(&dense);
        // Who stands on a kink cannot have been placed by floats.
        assert!(hits == 0 || found.facts.undecided > 0);
        seen.set((seen.get().0 + hits, seen.get().1 + found.facts.undecided));
        Ok(())
    });
    result.unwrap();
    let (hits, undecided) = seen.get();
    assert!(hits > 15 && undecided >= hits as usize, "{hits} kinks met, {undecided} undecided");
}

/// Floats whose odd integers are as long as they can be: next to multiples of many a prime that no float holds.
#[test]
fn full_mantissas_are_exact_modulo_every_prime() {
    let below_one = 1.0 - f64::EPSILON / 2.0;
    let values = vec![below_one, -0.999_999_999_9, 1.999_999_999_999_999_8, 1e-9 * below_one];
    let first =
        layer(tensor(2, 2, values.clone()), Some(vec![below_one, -1.0 / 3.0]), Activation::Cubic);
    let second = layer(tensor(2, 2, values.clone()), None, Activation::Quadratic);
    let net =
        dense(vec![first, second], Kink::Left, tensor(2, 2, values.clone()), tensor(2, 2, values));
    let found = equals_the_textbook(&net);
    assert!(found.facts.primes > 60, "{} primes", found.facts.primes);
}

/// The network of the audit, 109,386 parameters in f32, on its first example: every entry of both rules over fractions.
#[cfg(feature = "cli")]
#[test]
fn a_real_network_equals_the_textbook() {
    use creditcheck::wire::{dense::read, json::Json, tensor::Opened};
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/audit/digits-784-128-64-10");
    let text = std::fs::read(format!("{folder}/case.json")).unwrap();
    let limits = Limits::default();
    let json = Json::read(&text, &limits).unwrap();
    let mut open = |name: &str| {
        let file = std::fs::File::open(format!("{folder}/{name}")).unwrap();
        Ok(Opened { bytes: Box::new(file), name: name.to_owned() })
    };
    let mut net = read(&json, &limits, &mut open).unwrap().dense;
    for tensor in [&mut net.inputs, &mut net.targets] {
        tensor.rows = EXAMPLES;
        tensor.values.truncate(EXAMPLES * tensor.cols);
    }
    // The engines at scale run at η = 1.
    net.learning_rate = Q::one();
    assert_eq!(net.parameters(), 109_386);
    let found = equals_the_textbook(&net);
    let weights = found.layers.iter().flat_map(|layer| all(&layer.weights));
    assert!(weights.filter(|entry| !entry.is_zero()).count() > 200);
}

/// As many as fractions take in seconds; `tests/oracle/exact_gradient.py` compares all 32.
#[cfg(feature = "cli")]
const EXAMPLES: usize = 1;

/// One ReLU over one example, then an output that passes it on.
fn one_neuron(weights: Vec<f64>, inputs: Vec<f64>, bias: f64) -> Dense {
    let n = weights.len();
    let relu = layer(tensor(1, n, weights), Some(vec![bias]), Activation::Relu);
    let output = layer(tensor(1, 1, vec![1.0]), None, Activation::Identity);
    dense(vec![relu, output], Kink::Left, tensor(1, n, inputs), tensor(1, 1, vec![1.0]))
}

/// Net inputs that no float can tell from the kink: products whose last bits are lost.
#[test]
fn a_net_input_one_rounding_from_its_kink_is_placed_exactly() {
    let third = 1.0 / 3.0;
    let product: f64 = third * third;
    let mut sides = [0, 0, 0];
    for steps in -2..=2_i32 {
        let mut bias = -product;
        for _ in 0..steps.abs() {
            bias = if steps < 0 { bias.next_down() } else { bias.next_up() };
        }
        let found = equals_the_textbook(&one_neuron(vec![third], vec![third], bias));
        let third = Q::from_float(third).unwrap();
        let s = &third * &third + Q::from_float(bias).unwrap();
        sides[if s.is_zero() { 1 } else { 2 * usize::from(s.is_positive()) }] += 1;
        let fires = !found.layers[0].weights.rational(0).is_zero();
        assert_eq!(fires, s.is_positive(), "{steps} steps");
        assert_eq!(found.facts.undecided, 1, "{steps} steps");
    }
    assert!(sides[0] > 0 && sides[2] > 0, "{sides:?}");
    // Far away floats suffice.
    let far = equals_the_textbook(&one_neuron(vec![third], vec![third], 1e-9 - product));
    assert_eq!(far.facts.undecided, 0);
    // On the kink, and all inputs zero.
    let on = equals_the_textbook(&one_neuron(vec![0.5, 1.0], vec![2.0, -1.0], 0.0));
    assert_eq!(on.facts.undecided, 1);
    equals_the_textbook(&one_neuron(vec![0.5, 1.0], vec![0.0, 0.0], 0.0));
}

/// Subnormal rates times huge weights: the error of a sum is large where its bound, taken rate by rate, underflows.
///
/// Eight products (2³⁰ + 2¹⁴)(2⁵² + 2¹⁴) lose 2²⁸ each, their rounded values cancel, and −2³⁰ is left of +2³⁰.
#[test]
fn an_error_bound_does_not_underflow() {
    let power = |n: i32| 2f64.powi(n);
    let rate = |m: f64| m * f64::from_bits(1);
    let (mut weights, mut rates) = (Vec::new(), Vec::new());
    for _ in 0..8 {
        weights.push((power(52) + power(14)) * power(900));
        rates.push(rate(power(30) + power(14)));
        weights.push(-(power(52) + power(36) + power(14)) * power(900));
        rates.push(rate(power(30)));
    }
    weights.push(-power(900));
    rates.push(rate(power(30)));
    let float: f64 = weights.iter().zip(&rates).map(|(w, x)| w * x).sum();
    assert!(float < 0.0, "{float}");
    let found = equals_the_textbook(&one_neuron(weights, rates, 0.0));
    assert!(!found.layers[0].weights.rational(0).is_zero());
    assert_eq!(found.facts.undecided, 1);
}

#[test]
fn numerators_beyond_all_primes_are_refused() {
    let square = || layer(tensor(1, 1, vec![0.1]), None, Activation::Square);
    let at_depth = |depth: usize| {
        let layers = (0..depth).map(|_| square()).collect();
        dense(layers, Kink::Left, tensor(1, 1, vec![0.1]), tensor(1, 1, vec![0.0]))
    };
    for depth in [16, 70] {
        let found = run(&at_depth(depth), Rule::Backprop, &mut |_, _, _| Ok(()));
        assert!(matches!(found, Err(Error::Limit { .. })), "{depth}: {found:?}");
    }
    equals_the_textbook(&at_depth(4));
}

/// x · 2^shift, which must be an integer.
fn integer(x: f64, shift: i32) -> BigInt {
    let value = Q::from_float(x).unwrap() * Q::from_integer(2.into()).pow(shift);
    assert!(value.is_integer());
    value.to_integer()
}

/// 784-128-64-10 with f32 weights, 32 examples; 240 random entries against integers over one denominator.
#[test]
fn a_real_shape_equals_an_oracle_of_big_integers() {
    const SHIFT: i32 = 72;
    let widths = [784, 128, 64, 10];
    let batch = 32;
    let mut state = 7_u64;
    let mut draw = |scale: f32| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(((state >> 40) as f32 / 16_777_216.0 - 0.5) * scale)
    };
    let layers: Vec<_> = (0..3)
        .map(|l| {
            let (n, m) = (widths[l + 1], widths[l]);
            let scale = 2.0 / (m as f32).sqrt();
            let weights = tensor(n, m, (0..n * m).map(|_| draw(scale)).collect());
            let biases = Some((0..n).map(|_| draw(scale)).collect());
            layer(weights, biases, if l < 2 { Activation::Relu } else { Activation::Identity })
        })
        .collect();
    let inputs = tensor(batch, 784, (0..batch * 784).map(|_| draw(1.0)).collect());
    let targets = tensor(batch, 10, (0..batch * 10).map(|_| draw(1.0)).collect());
    let dense = dense(layers, Kink::Left, inputs, targets);
    let started = std::time::Instant::now();
    let found = exact(&dense, Rule::Backprop);
    println!("{:?} in {:?}", found.facts, started.elapsed());

    let integers = |tensor: &Tensor| -> Vec<BigInt> {
        tensor.values.iter().map(|x| integer(*x, SHIFT)).collect()
    };
    let weights: Vec<_> = dense.layers.iter().map(|l| integers(&l.weights)).collect();
    let biases: Vec<_> =
        dense.layers.iter().map(|l| integers(l.biases.as_ref().unwrap())).collect();
    let (inputs, targets) = (integers(&dense.inputs), integers(&dense.targets));
    // Per example x^0..x^3 over 2^(72 (l + 1)), and δ^1..δ^3.
    let mut rates = Vec::new();
    let mut deltas = Vec::new();
    for b in 0..batch {
        let mut x = vec![inputs[b * 784..(b + 1) * 784].to_vec()];
        for l in 0..3 {
            let below = &x[l];
            let sum = |i: usize| {
                let row = &weights[l][i * widths[l]..(i + 1) * widths[l]];
                let sum: BigInt = row.iter().zip(below).map(|(w, x)| w * x).sum();
                sum + (&biases[l][i] << (SHIFT as usize * (l + 1)))
            };
            let s: Vec<_> = (0..widths[l + 1]).map(sum).collect();
            let fire = |s: BigInt| if l < 2 && s.is_negative() { BigInt::zero() } else { s };
            x.push(s.into_iter().map(fire).collect());
        }
        let error = |k: usize| &x[3][k] - (&targets[b * 10 + k] << (3 * SHIFT as usize));
        let mut delta = vec![(0..10).map(error).collect::<Vec<_>>()];
        for l in [2, 1] {
            let above = delta.last().unwrap();
            let of = |j: usize| {
                if !x[l][j].is_positive() {
                    return BigInt::zero();
                }
                above.iter().enumerate().map(|(i, d)| &weights[l][i * widths[l] + j] * d).sum()
            };
            let next = (0..widths[l]).map(of).collect();
            delta.push(next);
        }
        delta.reverse();
        rates.push(x);
        deltas.push(delta);
    }
    let mut pick = 12_345_usize;
    let mut nonzero = 0;
    for l in 0..3 {
        for _ in 0..80 {
            pick = pick.wrapping_mul(1_103_515_245).wrapping_add(12_345) % (1 << 31);
            let (i, j) = (pick / 7 % widths[l + 1], pick / 1009 % widths[l]);
            let sum: BigInt = (0..batch).map(|b| &deltas[b][l][i] * &rates[b][l][j]).sum();
            // x^l has l + 1 factors of 2⁷², δ^3 four, and each layer further down one more.
            let factors = (l + 1) + 4 + (2 - l);
            let below = (BigInt::one() << (SHIFT as usize * factors)) * batch;
            let expected = Q::new(sum, below);
            let index = i * widths[l] + j;
            let weights = &found.layers[l].weights;
            assert_eq!(weights.rational(index), expected, "layer {}, {i}, {j}", l + 1);
            assert_eq!(weights.nearest(index, Dtype::F64), number::nearest_f64(&expected));
            let near = number::nearest_f32(&expected);
            assert_eq!(weights.nearest(index, Dtype::F32).to_f32(), Some(near));
            nonzero += usize::from(!expected.is_zero());
        }
    }
    assert!(nonzero > 150, "{nonzero}");
}
