//! Fast credit rule against fast backpropagation, step for step, and each against the sum of its own matrix products; every pair
//! is compared before it is timed.

use std::hint::black_box;
use std::time::Duration;

use creditcheck::fast::recurrent::Elimination;
use creditcheck::fast::{Float, Function, Layer, Network, backprop, credit};
use creditcheck::spec::{Case, Dtype, Example, Expect, Kink, Synapse};
use creditcheck::verdict::bounded::{Bound, rounding_bound};
use criterion::{Criterion, criterion_group, criterion_main};
use faer::Mat;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// k/2¹² with |k| ≤ 2⁹: small enough for ReLU networks of any of these widths.
fn matrix<F: Float>(rows: usize, columns: usize, draw: &mut ChaCha8Rng) -> Mat<F> {
    let scale = num_bigint::BigInt::from(1 << 12);
    Mat::from_fn(rows, columns, |_, _| {
        let numerator = num_bigint::BigInt::from(i64::from(draw.next_u32() % 1025) - 512);
        F::nearest(&num_rational::BigRational::new(numerator, scale.clone()))
    })
}

fn network<F: Float>(
    widths: &[usize],
    activation: &Function<F>,
    draw: &mut ChaCha8Rng,
) -> Network<F> {
    let last = widths.len() - 2;
    let layers = widths.windows(2).enumerate().map(|(l, pair)| Layer {
        weights: matrix(pair[1], pair[0], draw),
        biases: Some(vec![F::from(0); pair[1]]),
        activation: if l == last { Function::Identity } else { activation.clone() },
        balance: None,
        kink: Kink::Left,
    });
    Network::new(layers.collect()).unwrap()
}

/// In place of the numbers of a matrix 0 and, one time in 64, ±1.
fn sparse<F: Float>(matrix: &Mat<F>, draw: &mut ChaCha8Rng) -> Mat<F> {
    Mat::from_fn(matrix.nrows(), matrix.ncols(), |_, _| match draw.next_u32() % 128 {
        0 => F::from(1),
        1 => -F::from(1),
        _ => F::from(0),
    })
}

/// On few small whole numbers nothing is rounded, so that ΔW = −η ∂L/∂W holds bit for bit in a net of any size.
fn assert_same_bits<F: Float>(start: &Network<F>, input: &Mat<F>, target: &Mat<F>) {
    let mut draw = ChaCha8Rng::seed_from_u64(2);
    let mut network = start.clone();
    for layer in &mut network.layers {
        layer.weights = sparse(&layer.weights, &mut draw);
        if layer.activation == Function::Tanh {
            layer.activation = Function::Relu;
        }
    }
    let (input, target) = (sparse(input, &mut draw), sparse(target, &mut draw));
    let (mut a, mut b) = (network.clone(), network.clone());
    let mut left = credit::Workspace::new(start, input.ncols()).unwrap();
    let mut right = backprop::Workspace::new(start, input.ncols()).unwrap();
    let rate = F::from(1) / F::from(16);
    left.step(&mut a, input.as_ref(), target.as_ref(), rate).unwrap();
    right.step(&mut b, input.as_ref(), target.as_ref(), rate).unwrap();
    for l in 0..network.layers.len() {
        let (update, gradient) = (left.weight_update(l + 1), right.weight_gradient(l + 1));
        assert!(update == gradient * faer::Scale(-rate), "layer {}", l + 1);
        assert!(update.norm_max() > F::from(0), "nothing was compared in layer {}", l + 1);
        assert!(a.layers[l].weights == b.layers[l].weights, "layer {}", l + 1);
    }
}

/// One step of each from the same network: every update and every gradient within its computed rounding bound.
fn assert_agreement<F: Float>(start: &Network<F>, input: &Mat<F>, target: &Mat<F>) {
    let (mut a, mut b) = (start.clone(), start.clone());
    let rate = F::from(1) / F::from(16);
    let batch = input.ncols();
    let mut left = credit::Workspace::new(start, batch).unwrap();
    let mut right = backprop::Workspace::new(start, batch).unwrap();
    left.step(&mut a, input.as_ref(), target.as_ref(), rate).unwrap();
    right.step(&mut b, input.as_ref(), target.as_ref(), rate).unwrap();
    let format = if F::NAME == "f64" { Dtype::F64 } else { Dtype::F32 };
    let bounds = rounding_bound(&case(start, input, target, rate), format).unwrap();
    // The factor covers the three roundings of this line.
    let inside = |found: F, bound: &Bound| {
        let found: f64 = found.into();
        (found - bound.centre).abs() <= (bound.bound + bound.radius) * (1.0 + 2.0 * f64::EPSILON)
    };
    let (mut moved, mut synapse) = (false, 0);
    for (l, start) in start.layers.iter().enumerate() {
        let (update, gradient) = (left.weight_update(l + 1), right.weight_gradient(l + 1));
        for post in 0..update.nrows() {
            for pre in 0..update.ncols() {
                let place = Synapse(synapse);
                assert!(inside(update[(post, pre)], &bounds.update.weights[place]), "{place:?}");
                assert!(
                    inside(gradient[(post, pre)], &bounds.gradient.weights[place]),
                    "{place:?}"
                );
                synapse += 1;
            }
        }
        moved |= a.layers[l].weights != start.weights && b.layers[l].weights != start.weights;
    }
    assert!(moved, "nothing was compared");
}

/// The same network and batch, exactly.
fn case<F: Float>(start: &Network<F>, input: &Mat<F>, target: &Mat<F>, rate: F) -> Case {
    let column = |matrix: &Mat<F>, b: usize| {
        matrix.col(b).iter().map(|value| value.exact().unwrap()).collect()
    };
    Case {
        name: None,
        network: creditcheck::spec::Network::Layered(start.to_layered().unwrap()),
        learning_rate: rate.exact().unwrap(),
        kink: Kink::Left,
        examples: (0..input.ncols())
            .map(|b| Example {
                input: column(input, b),
                target: column(target, b),
                equilibrium: None,
            })
            .collect(),
        loss: Default::default(),
        output_credit: Default::default(),
        expect: Expect::Agree,
    }
}

fn group<F: Float>(
    criterion: &mut Criterion,
    widths: &[usize],
    batch: usize,
    activation: &Function<F>,
) {
    let mut draw = ChaCha8Rng::seed_from_u64(1);
    let start = network::<F>(widths, activation, &mut draw);
    let input = matrix::<F>(widths[0], batch, &mut draw);
    let target = matrix::<F>(widths[widths.len() - 1], batch, &mut draw);
    assert_same_bits(&start, &input, &target);
    // Numbers of every kind, within computed bounds: where those are computed in seconds.
    if widths.iter().sum::<usize>() < 1000 {
        assert_agreement(&start, &input, &target);
    }
    // Small enough that thousands of steps leave the numbers where they are.
    let rate = F::from(1) / F::count(1 << 20);
    let shape: Vec<String> = widths.iter().map(usize::to_string).collect();
    let shape = shape.join("-");
    let mut group =
        criterion.benchmark_group(format!("{shape} batch {batch} {activation:?} {}", F::NAME));
    group.sample_size(20).warm_up_time(Duration::from_millis(500));
    group.measurement_time(Duration::from_secs(2));
    let (input, target) = (input.as_ref(), target.as_ref());
    let mut trained = start.clone();
    let mut left = credit::Workspace::new(&start, batch).unwrap();
    group.bench_function("credit", |bencher| {
        bencher.iter(|| {
            left.step(&mut trained, black_box(input), black_box(target), rate).unwrap();
        });
    });
    let mut trained = start.clone();
    let mut right = backprop::Workspace::new(&start, batch).unwrap();
    group.bench_function("backprop", |bencher| {
        bencher.iter(|| {
            right.step(&mut trained, black_box(input), black_box(target), rate).unwrap();
        });
    });
    // As many products in both; what a step takes beyond them is its own.
    left.settle(&start, input, target).unwrap();
    right.differentiate(&start, input, target).unwrap();
    let (fewer, more) =
        (left.products(&start, input).unwrap(), right.products(&start, input).unwrap());
    assert_eq!(fewer, more);
    group.bench_function("products of credit", |bencher| {
        bencher.iter(|| left.products(&start, black_box(input)).unwrap());
    });
    group.bench_function("products of backprop", |bencher| {
        bencher.iter(|| right.products(&start, black_box(input)).unwrap());
    });
    group.finish();
}

fn all<F: Float>(criterion: &mut Criterion) {
    for activation in [Function::Relu, Function::Tanh] {
        group::<F>(criterion, &[64, 64, 64, 10], 32, &activation);
        group::<F>(criterion, &[784, 128, 64, 10], 32, &activation);
        group::<F>(criterion, &[784, 1024, 1024, 10], 256, &activation);
    }
}

/// The credit of a dense recurrent network of so many neurons, its gains far from 1.
fn recurrent<F: Float>(criterion: &mut Criterion, neurons: usize) {
    let mut draw = ChaCha8Rng::seed_from_u64(3);
    let shrink = F::from(1) / F::count(neurons.isqrt());
    let weights = matrix::<F>(neurons, neurons, &mut draw) * faer::Scale(shrink);
    let beta: Vec<F> = matrix::<F>(neurons, 1, &mut draw).col_as_slice(0).to_vec();
    let external = matrix::<F>(neurons, 1, &mut draw);
    let mut credit = external.clone();
    let mut elimination = Elimination::new(neurons, 1).unwrap();
    let mut group = criterion.benchmark_group(format!("recurrent {neurons} {}", F::NAME));
    group.sample_size(20).warm_up_time(Duration::from_millis(500));
    group.measurement_time(Duration::from_secs(2));
    let (weights, external) = (weights.as_ref(), external.as_ref());
    group.bench_function("credit by elimination, refined", |bencher| {
        bencher.iter(|| {
            elimination.factor(black_box(weights), &beta).unwrap();
            elimination.solve(weights, &beta, external, credit.as_mut()).unwrap()
        });
    });
    // As if another example had the same balance factors.
    group.bench_function("credit of one more example", |bencher| {
        bencher.iter(|| {
            elimination.solve(weights, &beta, black_box(external), credit.as_mut()).unwrap()
        });
    });
    group.finish();
}

fn fast(criterion: &mut Criterion) {
    recurrent::<f64>(criterion, 500);
    recurrent::<f32>(criterion, 500);
    all::<f64>(criterion);
    all::<f32>(criterion);
}

criterion_group!(benches, fast);
criterion_main!(benches);
