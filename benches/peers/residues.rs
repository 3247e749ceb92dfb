//! The modular engines against floats: the same layers with polynomial activations, over the field of the largest prime.

use std::hint::black_box;

use creditcheck::linalg::{Check, Field, Products, zeros};
use creditcheck::modular::backprop as bp;
use creditcheck::modular::credit as rule;
use creditcheck::modular::{Function, Layer, Network, Positions};
use creditcheck::spec::Kink;
use faer::Mat;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::Work;
use crate::data::Data;
use crate::steps::by_gemm;

fn field() -> Field {
    Field::largest(&[]).next().expect("a prime")
}

fn random(field: &Field, rows: usize, columns: usize, draw: &mut ChaCha8Rng) -> Mat<f64> {
    let mut matrix = zeros(rows, columns);
    for column in 0..columns {
        for row in 0..rows {
            matrix[(row, column)] = field.of(draw.next_u32() % field.prime());
        }
    }
    matrix
}

/// m × k and k × n.
fn factors(words: &[&str]) -> Option<(Mat<f64>, Mat<f64>)> {
    let sizes: Vec<usize> = words.iter().map_while(|word| word.parse().ok()).collect();
    let [m, k, n] = sizes.as_slice() else { return None };
    let mut draw = ChaCha8Rng::seed_from_u64(1);
    Some((random(&field(), *m, *k, &mut draw), random(&field(), *k, *n, &mut draw)))
}

pub fn plain_product(words: &[&str]) -> Option<Work> {
    let (left, right) = factors(words)?;
    let mut dst = zeros(left.nrows(), right.ncols());
    Some(Box::new(move || by_gemm(black_box(dst.as_mut()), left.as_ref(), right.as_ref())))
}

/// Without Freivalds' check, whose cost is another row.
pub fn product(words: &[&str]) -> Option<Work> {
    let (left, right) = factors(words)?;
    let mut dst = zeros(left.nrows(), right.ncols());
    let (field, mut products) = (field(), Products::new(Check::Off));
    Some(Box::new(move || {
        let dst = black_box(dst.as_mut());
        let (left, right) = (left.as_ref(), right.as_ref());
        products.product(&field, ("C", 1), dst, left, right).expect("a product");
    }))
}

/// The layers of a network at a random point: σ = s + s², the identity last.
struct Point {
    network: Network,
    inputs: Mat<f64>,
    targets: Mat<f64>,
    positions: Positions,
}

impl Point {
    fn draw(field: &Field, data: &Data, seed: u64) -> Self {
        let mut draw = ChaCha8Rng::seed_from_u64(seed);
        let last = data.layers.len() - 1;
        let layers = data.widths.windows(2).enumerate().map(|(l, pair)| Layer {
            weights: random(field, pair[1], pair[0], &mut draw),
            biases: Some(random(field, pair[1], 1, &mut draw).col(0).iter().copied().collect()),
            activation: if l == last { Function::Identity } else { Function::Quadratic },
            kink: Kink::Left,
            balance: None,
        });
        let network = Network { layers: layers.collect() };
        let inputs = random(field, data.widths[0], data.batch, &mut draw);
        let targets = random(field, data.widths[last + 1], data.batch, &mut draw);
        Self { network, inputs, targets, positions: Positions { layers: vec![None; last + 1] } }
    }
}

fn run_backprop(words: &[&str], check: Check) -> Option<Work> {
    let [net] = words else { return None };
    let data = Data::named(net)?;
    let field = field();
    let point = Point::draw(&field, &data, 1);
    let mut workspace = bp::Workspace::new(&point.network, data.batch).ok()?.checking(check);
    Some(Box::new(move || {
        let Point { network, inputs, targets, positions } = &point;
        workspace
            .run(&field, network, inputs.as_ref(), targets.as_ref(), positions)
            .expect("backpropagation modulo p");
    }))
}

pub fn backprop(words: &[&str]) -> Option<Work> {
    run_backprop(words, Check::Freivalds)
}

pub fn backprop_unchecked(words: &[&str]) -> Option<Work> {
    run_backprop(words, Check::Off)
}

fn run_credit(words: &[&str], check: Check) -> Option<Work> {
    let [net] = words else { return None };
    let data = Data::named(net)?;
    let field = field();
    let point = Point::draw(&field, &data, 1);
    let mut workspace = rule::Workspace::new(&point.network, data.batch).ok()?.checking(check);
    Some(Box::new(move || {
        let Point { network, inputs, targets, positions } = &point;
        workspace
            .run(&field, network, inputs.as_ref(), targets.as_ref(), positions)
            .expect("the credit rule modulo p");
    }))
}

pub fn credit(words: &[&str]) -> Option<Work> {
    run_credit(words, Check::Freivalds)
}

pub fn credit_unchecked(words: &[&str]) -> Option<Work> {
    run_credit(words, Check::Off)
}

/// The degree of ΔW + ∂L/∂W in weights, biases, inputs and targets, for σ = s + s² with the identity last: an entry of it that is not
/// the zero polynomial vanishes at a random point with probability at most degree / p (Schwartz and Zippel).
fn degree(layers: usize) -> u32 {
    let mut rates = vec![1];
    let mut net_inputs = Vec::new();
    for l in 0..layers {
        let net_input = rates[l] + 1;
        net_inputs.push(net_input);
        rates.push(if l + 1 == layers { net_input } else { 2 * net_input });
    }
    let (mut balanced, mut most) = (rates[layers], 0);
    for l in (0..layers).rev() {
        most = most.max(balanced + rates[l]);
        if l > 0 {
            balanced = balanced + 1 + net_inputs[l - 1];
        }
    }
    most
}

/// Both rules at random points modulo as many primes as make a wrong identity survive with probability at most 2⁻¹⁰⁰.
pub fn identity(words: &[&str]) -> Option<Work> {
    let [net] = words else { return None };
    let data = Data::named(net)?;
    let degree = f64::from(degree(data.layers.len()));
    let mut soundness = 0.0;
    let fields: Vec<Field> = Field::largest(&[data.batch as u64])
        .take_while(|field| {
            let enough = soundness >= 100.0;
            soundness += (f64::from(field.prime()) / degree).log2();
            !enough
        })
        .collect();
    // One point for all primes would be lopsided in favour of the clock: each is drawn within the time.
    let network = Point::draw(&fields[0], &data, 0).network;
    let mut left = rule::Workspace::new(&network, data.batch).ok()?;
    let mut right = bp::Workspace::new(&network, data.batch).ok()?;
    Some(Box::new(move || {
        for (field, seed) in fields.iter().zip(1..) {
            let Point { network, inputs, targets, positions } = &Point::draw(field, &data, seed);
            let (inputs, targets) = (inputs.as_ref(), targets.as_ref());
            left.run(field, network, inputs, targets, positions).expect("the credit rule");
            right.run(field, network, inputs, targets, positions).expect("backpropagation");
            for l in 1..=network.layers.len() {
                let (update, gradient) = (left.weight_update(l), right.weight_gradient(l));
                for (a, b) in update.col_iter().zip(gradient.col_iter()) {
                    assert!(a.iter().zip(b.iter()).all(|(a, b)| field.reduce(a + b) == 0.0));
                }
            }
        }
    }))
}
