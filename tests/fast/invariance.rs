//! Bits do not depend on the number of threads, nor, on the lattice, on where the numbers lie.

use creditcheck::fast::{self, Float, Function, Network, Threads, backprop, credit};
use creditcheck::number::parse;
use creditcheck::spec::{
    Activation, Case, Dtype, Example, Expect, Kink, Layer, Layered, Limits, Network as Kind,
};
use creditcheck::textbook;
use creditcheck::verdict::lattice::{admit, compare_bits, compare_bits_backprop};
use faer::{Mat, MatRef};
use num_rational::BigRational;

use super::nets::{Draw, matrix, network, ratio};

/// What a step of both engines leaves behind, in bits.
type Bits = Vec<u64>;

fn bits<F: Float>(matrix: MatRef<'_, F>, all: &mut Bits) {
    // f32 to f64 keeps every bit there is.
    let value = |row, column| -> f64 { matrix[(row, column)].into() };
    for column in 0..matrix.ncols() {
        all.extend((0..matrix.nrows()).map(|row| value(row, column).to_bits()));
    }
}

/// Runs both engines, and one step of training in both.
fn run<F: Float>(
    network: &Network<F>,
    input: MatRef<'_, F>,
    target: MatRef<'_, F>,
    threads: Threads,
) -> Bits {
    let rate = F::from(1) / F::from(2);
    let mut all = Vec::new();
    let mut credit =
        credit::Workspace::with_input_credit(network, input.ncols()).unwrap().threads(threads);
    credit.settle(network, input, target).unwrap();
    credit.plasticity(input, rate).unwrap();
    let mut adjoint =
        backprop::Workspace::with_input_adjoint(network, input.ncols()).unwrap().threads(threads);
    adjoint.differentiate(network, input, target).unwrap();
    for l in 1..=network.layers.len() {
        bits(credit.net_input(l), &mut all);
        bits(credit.firing_rate(l), &mut all);
        bits(credit.weight_update(l), &mut all);
        all.extend(credit.bias_update(l).iter().map(|&update| Into::<f64>::into(update).to_bits()));
        bits(adjoint.delta(l), &mut all);
        bits(adjoint.weight_gradient(l), &mut all);
        all.extend(adjoint.bias_gradient(l).iter().map(|&g| Into::<f64>::into(g).to_bits()));
    }
    bits(credit.credit(0), &mut all);
    bits(adjoint.adjoint(0), &mut all);
    let (mut a, mut b) = (network.clone(), network.clone());
    credit.step(&mut a, input, target, rate).unwrap();
    adjoint.step(&mut b, input, target, rate).unwrap();
    for network in [a, b] {
        for layer in &network.layers {
            bits(layer.weights.as_ref(), &mut all);
        }
    }
    all
}

/// A wide case on the lattice: more rows than a panel has, products large enough for several threads.
fn lattice_case() -> Case {
    let mut draw = Draw::new(21);
    // One in eight is not 0, so that every sum fits into 24 bits.
    let mut number = || match draw.integer(1, 8) {
        1 => ratio(draw.integer(-1, 1), 2),
        _ => ratio(0, 1),
    };
    let widths = [24usize, 600, 24];
    let layers = (0..2).map(|l| Layer {
        weights: (0..widths[l + 1]).map(|_| (0..widths[l]).map(|_| number()).collect()).collect(),
        biases: Some((0..widths[l + 1]).map(|_| number()).collect()),
        activation: if l == 0 { Activation::Relu } else { Activation::Identity },
        kink: None,
        balance: None,
    });
    let network = Kind::Layered(Layered { layers: layers.collect() });
    let mut example = || Example {
        input: (0..24).map(|_| number()).collect(),
        target: (0..24).map(|_| number()).collect(),
        equilibrium: None,
    };
    Case {
        name: None,
        network,
        learning_rate: parse("1/2", &Limits::default()).unwrap(),
        kink: Kink::Left,
        examples: (0..32).map(|_| example()).collect(),
        loss: Default::default(),
        output_credit: Default::default(),
        expect: Expect::Agree,
    }
}

fn lattice<F: Float>(format: Dtype) {
    let case = lattice_case();
    let exact = textbook::credit::run::<BigRational>(&case, &Limits::default()).unwrap();
    admit(&case, &exact, format).unwrap();
    let adjoint = textbook::backprop::run::<BigRational>(&case, &Limits::default()).unwrap();
    assert!(compare_bits(&exact, &fast::credit::run::<F>(&case).unwrap()).is_agree());
    assert!(compare_bits_backprop(&adjoint, &fast::backprop::run::<F>(&case).unwrap()).is_agree());
    // What was just found to be exact, in every layout and by any number of threads.
    let Kind::Layered(layered) = &case.network else { unreachable!("it was made of layers") };
    let padded = Network::<F>::of(layered, Kink::Left).unwrap();
    let mut plain = padded.clone();
    for layer in &mut plain.layers {
        // Exactly as many rows as there are: the column stride is odd.
        let weights = layer.weights.clone();
        let mut tight = Mat::with_capacity(weights.nrows(), weights.ncols());
        tight.resize_with(weights.nrows(), weights.ncols(), |row, column| weights[(row, column)]);
        layer.weights = tight;
    }
    assert_ne!(plain.layers[0].weights.col_stride(), padded.layers[0].weights.col_stride());
    let column = |pick: fn(&Example) -> &Vec<BigRational>| {
        Mat::from_fn(24, 32, |row, b| F::nearest(&pick(&case.examples[b])[row]))
    };
    let (input, target) = (column(|example| &example.input), column(|example| &example.target));
    // Row-major as frameworks have it: one example after the other, seen through swapped strides.
    let turned = |matrix: &Mat<F>| Mat::from_fn(32, 24, |b, row| matrix[(row, b)]);
    let (turned_input, turned_target) = (turned(&input), turned(&target));
    // Every second number of a larger matrix: no stride is 1.
    let sparse = Mat::from_fn(48, 64, |row, b| input[(row / 2, b / 2)]);
    let strided = every_second(&sparse);
    assert!(strided.row_stride() == 2 && strided.shape() == (24, 32));
    let expected = run(&padded, input.as_ref(), target.as_ref(), Threads::ONE);
    assert!(expected.iter().any(|&bits| bits << 1 != 0));
    for threads in 1..=4 {
        let threads = Threads::rayon(threads);
        for network in [&padded, &plain] {
            for (input, target) in [
                (input.as_ref(), target.as_ref()),
                (turned_input.transpose(), turned_target.transpose()),
                (strided, turned_target.transpose()),
            ] {
                assert!(run(network, input, target, threads) == expected, "{threads:?}");
            }
        }
    }
}

/// The rows and columns with even numbers, where they are.
fn every_second<F: Float>(whole: &Mat<F>) -> MatRef<'_, F> {
    let (rows, columns) = (whole.nrows() / 2, whole.ncols() / 2);
    let (down, across) = (whole.row_stride() * 2, whole.col_stride() * 2);
    // SAFETY: (rows − 1, columns − 1) goes to an element of `whole`, which is borrowed for as long and not mutably.
    unsafe { MatRef::from_raw_parts(whole.as_ptr(), rows, columns, down, across) }
}

#[test]
fn lattice_bits_for_any_layout_f64() {
    lattice::<f64>(Dtype::F64);
}

#[test]
fn lattice_bits_for_any_layout_f32() {
    lattice::<f32>(Dtype::F32);
}

/// On numbers of any kind too: the panels are the same, whoever computes them; and twice the same is the same.
fn general<F: Float>() {
    for (widths, batch, activation) in [
        (&[100usize, 700, 300, 10][..], 64, Function::Tanh),
        (&[784, 128, 64, 10][..], 32, Function::Relu),
    ] {
        let network: Network<F> = network(widths, &activation, 31);
        let (input, target) = (matrix(widths[0], batch, 32), matrix(10, batch, 33));
        let run = |threads| run(&network, input.as_ref(), target.as_ref(), Threads::rayon(threads));
        let expected = run(1);
        assert!(run(1) == expected, "not repeatable");
        for threads in 2..=4 {
            assert!(run(threads) == expected, "{threads} threads");
        }
    }
}

#[test]
fn general_bits_for_any_number_of_threads() {
    general::<f64>();
    general::<f32>();
}
