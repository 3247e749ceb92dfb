//! What it costs to work over 𝔽_p in place of floats: ratios of the same work, both sides in turn, medians.
//!
//! `cargo bench -p creditcheck-benches --bench modular`

use std::hint::black_box;
use std::time::Instant;

use creditcheck::certify::large::identity_with;
use creditcheck::certify::{Options, Silent};
use creditcheck::fast;
use creditcheck::linalg::{Check, Field, Products, zeros};
use creditcheck::modular::{Function, Layer, Network, Positions, backprop, credit};
use creditcheck::spec::{Activation, Dense, DenseLayer, Dtype, Expect, Kink, Tensor};
use creditcheck::verdict::Claim;
use faer::Mat;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const ROUNDS: usize = 9;

fn residues(field: &Field, rows: usize, columns: usize, draw: &mut ChaCha8Rng) -> Mat<f64> {
    let mut matrix = zeros(rows, columns);
    for column in 0..columns {
        for row in 0..rows {
            matrix[(row, column)] = field.of(draw.next_u32() % field.prime());
        }
    }
    matrix
}

/// Medians of the seconds of each, all in turn.
fn medians(works: &mut [&mut dyn FnMut()]) -> Vec<f64> {
    let mut seconds = vec![Vec::new(); works.len()];
    for round in 0..=ROUNDS {
        for (work, seconds) in works.iter_mut().zip(&mut seconds) {
            let start = Instant::now();
            work();
            if round > 0 {
                seconds.push(start.elapsed().as_secs_f64());
            }
        }
    }
    let median = |mut of: Vec<f64>| {
        of.sort_by(f64::total_cmp);
        of[of.len() / 2]
    };
    seconds.into_iter().map(median).collect()
}

fn plain(dst: &mut Mat<f64>, left: faer::MatRef<'_, f64>, right: faer::MatRef<'_, f64>) {
    let (m, n, k) = (dst.nrows(), dst.ncols(), left.ncols());
    let dst = dst.as_mut();
    // SAFETY: shapes and strides are those of the views, and the factors are not written.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            dst.as_ptr_mut(),
            dst.col_stride(),
            dst.row_stride(),
            false,
            left.as_ptr(),
            left.col_stride(),
            left.row_stride(),
            right.as_ptr(),
            right.col_stride(),
            right.row_stride(),
            1.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

fn products(field: &Field, draw: &mut ChaCha8Rng) {
    println!("product m×k·k×n: plain ms, modulo p / plain, with Freivalds' check / plain");
    for (m, k, n) in
        [(1024, 784, 256), (1024, 1024, 256), (1024, 256, 784), (1024, 256, 1024), (128, 784, 32)]
    {
        let (a, b) = (residues(field, m, k, draw), residues(field, k, n, draw));
        let (mut c, mut d, mut e) = (zeros(m, n), zeros(m, n), zeros(m, n));
        let mut off = Products::new(Check::Off);
        let mut on = Products::default();
        let times = medians(&mut [
            &mut || plain(black_box(&mut c), a.as_ref(), b.as_ref()),
            &mut || off.product(field, ("C", 1), d.as_mut(), a.as_ref(), b.as_ref()).unwrap(),
            &mut || on.product(field, ("C", 1), e.as_mut(), a.as_ref(), b.as_ref()).unwrap(),
        ]);
        assert!(d == e);
        println!(
            "  {m}×{k}·{k}×{n}: {:.2} ms, {:.3}, {:.3}",
            times[0] * 1e3,
            times[1] / times[0],
            times[2] / times[0]
        );
    }
}

fn steps(field: &Field, draw: &mut ChaCha8Rng) {
    println!("step modulo p / f64 step: backpropagation, credit, the same without Freivalds");
    for (widths, batch) in [(vec![784, 1024, 1024, 10], 256), (vec![784, 128, 64, 10], 32)] {
        let last = widths.len() - 2;
        let pairs = || widths.windows(2).enumerate();
        let layers = pairs().map(|(l, pair)| Layer {
            weights: residues(field, pair[1], pair[0], draw),
            biases: Some(vec![3.0; pair[1]]),
            activation: if l == last { Function::Identity } else { Function::Quadratic },
            kink: Kink::Left,
            balance: None,
        });
        let network = Network { layers: layers.collect() };
        let (inputs, targets) = (
            residues(field, widths[0], batch, draw),
            residues(field, widths[last + 1], batch, draw),
        );
        let float = pairs().map(|(l, pair)| fast::Layer {
            weights: Mat::from_fn(pair[1], pair[0], |_, _| f64::from(draw.next_u32() % 9) / 4096.0),
            biases: Some(vec![0.0; pair[1]]),
            activation: if l == last { fast::Function::Identity } else { fast::Function::Relu },
            balance: None,
            kink: Kink::Left,
        });
        let float = fast::Network { layers: float.collect() };
        let x = Mat::from_fn(widths[0], batch, |_, _| f64::from(draw.next_u32() % 9) / 8.0);
        let t = Mat::from_fn(widths[last + 1], batch, |_, _| f64::from(draw.next_u32() % 9) / 8.0);
        let mut stepped = float.clone();
        let mut fast = fast::backprop::Workspace::new(&float, batch).unwrap();
        let mut wide = fast::backprop::Workspace::with_input_adjoint(&float, batch).unwrap();
        let positions = Positions { layers: vec![None; widths.len() - 1] };
        let mut back = backprop::Workspace::new(&network, batch).unwrap();
        let mut rule = credit::Workspace::new(&network, batch).unwrap();
        let mut off = backprop::Workspace::new(&network, batch).unwrap().checking(Check::Off);
        let mut rule_off = credit::Workspace::new(&network, batch).unwrap().checking(Check::Off);
        let (i, o) = (inputs.as_ref(), targets.as_ref());
        let times = medians(&mut [
            &mut || fast.step(&mut stepped, x.as_ref(), t.as_ref(), 0.0).unwrap(),
            &mut || wide.differentiate(&float, x.as_ref(), t.as_ref()).unwrap(),
            &mut || back.run(field, &network, i, o, &positions).unwrap(),
            &mut || rule.run(field, &network, i, o, &positions).unwrap(),
            &mut || off.run(field, &network, i, o, &positions).unwrap(),
            &mut || rule_off.run(field, &network, i, o, &positions).unwrap(),
        ]);
        let of = |k: usize| times[k] / times[0];
        println!(
            "  {widths:?}, batch {batch}: f64 step {:.2} ms (with input adjoint ×{:.3}); \
             BP {:.3}, credit {:.3}; unchecked {:.3}, {:.3}; check {:.3}, {:.3} of the step",
            times[0] * 1e3,
            of(1),
            of(2),
            of(3),
            of(4),
            of(5),
            (times[2] - times[4]) / times[4],
            (times[3] - times[5]) / times[5],
        );
    }
}

/// The identity certificate of 1,863,690 parameters, in steps of backpropagation with floats.
fn certificate(draw: &mut ChaCha8Rng) {
    let (widths, batch) = ([784, 1024, 1024, 10], 256);
    let mut tensor = |rows: usize, cols: usize| Tensor {
        rows,
        cols,
        dtype: Dtype::F32,
        values: (0..rows * cols).map(|_| f64::from(draw.next_u32() % 9) / 4096.0).collect(),
    };
    let layers = widths.windows(2).map(|pair| DenseLayer {
        weights: tensor(pair[1], pair[0]),
        biases: Some(tensor(pair[1], 1)),
        activation: Activation::Relu,
        kink: None,
        balance: None,
    });
    let dense = Dense {
        name: None,
        layers: layers.collect(),
        kink: Kink::Left,
        loss: Default::default(),
        learning_rate: num_rational::BigRational::from_integer(1.into()),
        inputs: tensor(batch, widths[0]),
        targets: tensor(batch, widths[3]),
        expect: Expect::Agree,
    };
    let float = widths.windows(2).zip(&dense.layers).map(|(pair, layer)| fast::Layer {
        weights: Mat::from_fn(pair[1], pair[0], |i, j| layer.weights.at(i, j)),
        biases: Some(vec![0.0; pair[1]]),
        activation: fast::Function::Relu,
        balance: None,
        kink: Kink::Left,
    });
    let mut float = fast::Network { layers: float.collect() };
    let x = Mat::from_fn(widths[0], batch, |i, j| dense.inputs.at(j, i));
    let t = Mat::from_fn(widths[3], batch, |i, j| dense.targets.at(j, i));
    let mut fast = fast::backprop::Workspace::new(&float, batch).unwrap();
    let options = Options::default();
    let mut found = None;
    let certify = |check| identity_with(&dense, "sha256:00", &options, check, &mut Silent).unwrap();
    let times = medians(&mut [
        &mut || fast.step(&mut float, x.as_ref(), t.as_ref(), 0.0).unwrap(),
        &mut || found = Some(certify(Check::Freivalds)),
        &mut || drop(certify(Check::Off)),
    ]);
    let found = found.unwrap();
    // What a float step cannot do without: W, ∂L/∂W, the inputs, and per neuron x, σ' and δ.
    let weights: usize = widths.windows(2).map(|pair| pair[0] * pair[1]).sum();
    let least = 8 * (2 * weights + batch * (widths[0] + 3 * widths[1..].iter().sum::<usize>()));
    println!(
        "certificate of {} parameters, batch {batch}, {} draws: {:.1} ms, {:.2} steps of {:.1} ms; unchecked {:.2} steps; \
         {} products checked; {:.1} MB, {:.2} × the least of a float step; {}",
        dense.parameters(),
        found.draws.len(),
        times[1] * 1e3,
        times[1] / times[0],
        times[0] * 1e3,
        times[2] / times[0],
        found.products,
        found.bytes as f64 / 1e6,
        found.bytes as f64 / least as f64,
        found.table.agreeing(Claim::Update),
    );
}

fn main() {
    let field = Field::new(4_194_301).unwrap();
    let mut draw = ChaCha8Rng::seed_from_u64(1);
    products(&field, &mut draw);
    steps(&field, &mut draw);
    certificate(&mut draw);
}
