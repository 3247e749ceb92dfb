//! How the cost of ModProp grows with N, T, S and C: the causal form with types (C²N² T), its taps (S N² T), the adjoint form (N² T).
//!
//! Before anything is timed, causal and adjoint gradients of each shape must agree. Exponents are slopes of log time over log size.
#![allow(missing_docs)]

use std::hint::black_box;
use std::time::Instant;

use creditcheck::fast::temporal::{Batch, Engine, Evaluation, Loss, TemporalNetwork};
use creditcheck::fast::{Function, Threads};
use creditcheck::spec::{Diagonal, Feedback, Form, Kink, Modprop, Mu, Steps, Taps, TemporalRule};

#[derive(Clone, Copy)]
struct Shape {
    neurons: usize,
    steps: usize,
    types: usize,
    taps: Taps,
    feedback: Feedback,
}

fn problem(shape: Shape) -> (TemporalNetwork<f64>, Batch<f64>) {
    let mut state = 1u64;
    let mut numbers = |count: usize, most: f64| -> Vec<f64> {
        let mut number = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            most * ((state >> 40) as f64 / f64::from(1 << 23) - 1.0)
        };
        (0..count).map(|_| number()).collect()
    };
    let Shape { neurons, steps, types, .. } = shape;
    let net = TemporalNetwork {
        neurons,
        inputs: 4,
        readouts: 2,
        leak: 0.5,
        activation: Function::Tanh,
        kink: Kink::Left,
        recurrent: numbers(neurons * neurons, (3.0 / neurons as f64).sqrt()),
        input: numbers(neurons * 4, 1.0),
        readout: numbers(2 * neurons, 0.2),
        readout_biases: None,
        types: Some((0..neurons).map(|cell| cell % types).collect()),
    };
    let (input, target) = (numbers(steps * 4, 1.0), numbers(steps * 2, 1.0));
    (net, Batch { steps, examples: 1, input, target })
}

/// Seconds of a step, the least of several.
fn seconds(shape: Shape, evaluation: Evaluation) -> f64 {
    let (net, batch) = problem(shape);
    let engine = |evaluation| {
        let Shape { feedback, taps, .. } = shape;
        let mu = Mu::Scalar(num_rational::BigRational::new(1.into(), 4.into()));
        let rule = TemporalRule::Modprop(Modprop { feedback, taps, mu, form: Form::Filter });
        Engine::new(&net, shape.steps, 1, &rule, evaluation, Threads::ONE).expect("an engine")
    };
    let step = |engine: &mut Engine<f64>| {
        engine.step(black_box(&net), &batch, Loss::HalfSquaredError, Steps::All).expect("a step");
    };
    let (mut adjoint, mut causal) = (engine(Evaluation::Adjoint), engine(Evaluation::Causal));
    step(&mut adjoint);
    step(&mut causal);
    let (a, c) = (&adjoint.gradient().recurrent, &causal.gradient().recurrent);
    let largest = a.iter().fold(0.0f64, |most, value| most.max(value.abs()));
    assert!(largest > 0.0);
    for (a, c) in a.iter().zip(c) {
        assert!((a - c).abs() <= 1e-9 * largest, "causal and adjoint disagree: {a} {c}");
    }
    let timed = if evaluation == Evaluation::Causal { &mut causal } else { &mut adjoint };
    let mut least = f64::INFINITY;
    for _ in 0..5 {
        let start = Instant::now();
        step(timed);
        least = least.min(start.elapsed().as_secs_f64());
    }
    least
}

/// The slope of the line of least squares through the logarithms.
fn exponent(sizes: &[usize], times: &[f64]) -> f64 {
    let x: Vec<f64> = sizes.iter().map(|size| (*size as f64).ln()).collect();
    let y: Vec<f64> = times.iter().map(|time| time.ln()).collect();
    let mean = |all: &[f64]| all.iter().sum::<f64>() / all.len() as f64;
    let (mx, my) = (mean(&x), mean(&y));
    let above: f64 = x.iter().zip(&y).map(|(x, y)| (x - mx) * (y - my)).sum();
    above / x.iter().map(|x| (x - mx) * (x - mx)).sum::<f64>()
}

fn row(what: &str, sizes: &[usize], evaluation: Evaluation, shape: impl Fn(usize) -> Shape) {
    let times: Vec<f64> = sizes.iter().map(|size| seconds(shape(*size), evaluation)).collect();
    let shown: Vec<String> = times.iter().map(|time| format!("{:.3}", 1e3 * time)).collect();
    println!("{what} {sizes:?}: {} ms, exponent {:.2}", shown.join(" "), exponent(sizes, &times));
}

fn main() {
    let feedback = Feedback::Type(Diagonal::Counted);
    let typed = Shape { neurons: 96, steps: 20, types: 2, taps: Taps::All, feedback };
    let cell = Shape { feedback: Feedback::Cell, taps: Taps::Count(4), ..typed };
    let causal = Evaluation::Causal;
    println!(
        "ModProp in f64, one example, one thread; (C+1) N (N+M) numbers per example in the typed form, whatever T"
    );
    row("typed, N", &[48, 96, 192], causal, |neurons| Shape { neurons, ..typed });
    row("typed, T", &[10, 20, 40], causal, |steps| Shape { steps, ..typed });
    row("typed, C", &[4, 8, 16, 32], causal, |types| Shape { types, ..typed });
    row("taps, N", &[96, 192, 384], causal, |neurons| Shape { neurons, ..cell });
    row("taps, S", &[4, 8, 16], causal, |taps| Shape {
        steps: 60,
        taps: Taps::Count(taps),
        ..cell
    });
    let adjoint = |neurons, steps| Shape { neurons, steps, taps: Taps::All, ..cell };
    row("adjoint, N", &[96, 192, 384], Evaluation::Adjoint, |neurons| adjoint(neurons, 20));
    row("adjoint, T", &[25, 50, 100], Evaluation::Adjoint, |steps| adjoint(192, steps));
}
