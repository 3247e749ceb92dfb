//! What the exact engines cost: credit, backpropagation and arbiter over ℚ, and both algorithms over 𝔽_p.
//!
//! Agreement is asserted once before anything is timed.
#![allow(missing_docs)]

use std::hint::black_box;

use creditcheck::scalar::{ExactScalar, MERSENNE_61, Prime, Scalar};
use creditcheck::spec::{
    Activation, Case, Example, Expect, Kink, Layer, Layered, Limits, Network, Parameters,
    PerNeuron, PerSynapse, Wiring,
};
use creditcheck::textbook::{backprop, credit, tangent};
use creditcheck::verdict::bridge;
use criterion::{Criterion, criterion_group, criterion_main};
use num_rational::BigRational;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

type Q = BigRational;
type F = Prime<MERSENNE_61>;

/// A net of quadratic layers with an identity at the end; numbers are eighths within ±2.
fn case(widths: &[usize], batch: usize) -> Case {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut vector = |len: usize| -> Vec<Q> {
        let eighth =
            |bits: u64| Q::new((i64::try_from(bits % 33).unwrap_or(0) - 16).into(), 8.into());
        (0..len).map(|_| eighth(random.next_u64())).collect()
    };
    let last = widths.len() - 1;
    let layers = (0..last).map(|l| Layer {
        weights: (0..widths[l + 1]).map(|_| vector(widths[l])).collect(),
        biases: Some(vector(widths[l + 1])),
        activation: if l + 1 < last { Activation::Quadratic } else { Activation::Identity },
        kink: None,
        balance: None,
    });
    let layers = layers.collect();
    Case {
        name: None,
        network: Network::Layered(Layered { layers }),
        learning_rate: Q::new(1.into(), 10.into()),
        kink: Kink::Left,
        examples: (0..batch)
            .map(|_| Example {
                input: vector(widths[0]),
                target: vector(widths[last]),
                equilibrium: None,
            })
            .collect(),
        loss: Default::default(),
        output_credit: Default::default(),
        expect: Expect::Agree,
    }
}

/// C1 and C2 over any ring, and the arbiter along one direction.
fn assert_agreement<S: ExactScalar + creditcheck::verdict::Shown>(
    case: &Case,
    along: &Parameters<S>,
) {
    let limits = Limits::default();
    let Network::Layered(net) = &case.network else { unreachable!() };
    let rate = S::from_rational(&case.learning_rate).unwrap();
    let found = credit::run::<S>(case, &limits).unwrap();
    let backward = backprop::run::<S>(case, &limits).unwrap();
    let credits = bridge::credits_are_adjoints(net, &found.examples, &backward.examples);
    assert!(credits.is_agree(), "{credits:?}");
    let expected = bridge::update_of_gradient(net, &backward.gradient, &rate);
    let updates = bridge::updates_agree(&Wiring::of(case), &found.update, &expected);
    assert!(updates.is_agree(), "{updates:?}");
    let derivative = tangent::along(case, along, &limits).unwrap().tangent;
    let weights = found.update.weights.iter().zip(along.weights.iter());
    let all = weights.chain(found.update.biases.iter().zip(along.biases.iter()));
    let inner = all.fold(S::zero(), |sum, (entry, h)| sum + &(entry.clone() * h));
    assert_eq!(inner, -(rate * &derivative));
}

/// The direction of all ones.
fn ones<S: Scalar>(case: &Case) -> Parameters<S> {
    let wiring = Wiring::of(case);
    Parameters {
        weights: PerSynapse::filled(wiring.synapses.len(), S::one()),
        biases: PerNeuron::from_fn(wiring.neurons(), |n| {
            if wiring.has_bias[n] { S::one() } else { S::zero() }
        }),
    }
}

fn engines(criterion: &mut Criterion) {
    let limits = Limits::default();
    for (name, widths) in [("2-3-3-2", &[2, 3, 3, 2][..]), ("8-16-16-4", &[8, 16, 16, 4])] {
        let case = case(widths, 4);
        let (over_q, over_p) = (ones::<Q>(&case), ones::<F>(&case));
        assert_agreement(&case, &over_q);
        assert_agreement(&case, &over_p);

        let mut group = criterion.benchmark_group(format!("exact {name}"));
        group.sample_size(10);
        group.bench_function("credit", |b| b.iter(|| credit::run::<Q>(black_box(&case), &limits)));
        group.bench_function("backprop", |b| {
            b.iter(|| backprop::run::<Q>(black_box(&case), &limits));
        });
        group.bench_function("tangent along one direction", |b| {
            b.iter(|| tangent::along(black_box(&case), &over_q, &limits));
        });
        group.bench_function("credit mod p", |b| {
            b.iter(|| credit::run::<F>(black_box(&case), &limits));
        });
        group.bench_function("backprop mod p", |b| {
            b.iter(|| backprop::run::<F>(black_box(&case), &limits));
        });
        group.finish();
    }
}

criterion_group!(benches, engines);
criterion_main!(benches);
