//! How the cost of ModProp grows with N, T, S and C: the causal form with types (C²N² T), its taps (S N² T), the adjoint form (N² T).
//!
//! `python3 benches/callgrind/growth.py` counts the instructions of the same rows, which know nothing of caches.
//!
//! Before anything is timed, causal and adjoint gradients of each shape must agree. Exponents are slopes of log time over log size.
#![allow(missing_docs)]

use std::hint::black_box;
use std::time::Instant;

use creditcheck::fast::temporal::{Batch, Engine, Evaluation, Loss, TemporalNetwork};
use creditcheck::fast::{Function, Threads};
use creditcheck::spec::{Diagonal, Feedback, Form, Kink, Modprop, Mu, Steps, Taps, TemporalRule};

const EXAMPLES: usize = 4;
const ROUNDS: usize = 7;

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
        has_diagonal: false,
        recurrent: numbers(neurons * neurons, (3.0 / neurons as f64).sqrt()),
        input: numbers(neurons * 4, 1.0),
        readout: numbers(2 * neurons, 0.2),
        readout_biases: None,
        types: Some((0..neurons).map(|cell| cell % types).collect()),
    };
    let columns = steps * EXAMPLES;
    let (input, target) = (numbers(columns * 4, 1.0), numbers(columns * 2, 1.0));
    (net, Batch { steps, examples: EXAMPLES, input, target, initial: None })
}

/// A step of the engine, after causal and adjoint gradients were seen to agree if `checked`.
fn work(shape: Shape, evaluation: Evaluation, checked: bool) -> impl FnMut() {
    let (net, batch) = problem(shape);
    let engine = |evaluation| {
        let Shape { feedback, taps, .. } = shape;
        let mu = Mu::Scalar(num_rational::BigRational::new(1.into(), 4.into()));
        let rule = TemporalRule::Modprop(Modprop { feedback, taps, mu, form: Form::Filter });
        Engine::new(&net, shape.steps, EXAMPLES, &rule, evaluation, Threads::ONE)
            .expect("an engine")
    };
    if checked {
        let gradient = |evaluation| {
            let mut engine = engine(evaluation);
            engine.step(&net, &batch, Loss::HalfSquaredError, Steps::All).expect("a step");
            engine.gradient().recurrent.clone()
        };
        let (a, c) = (gradient(Evaluation::Adjoint), gradient(Evaluation::Causal));
        let largest = a.iter().fold(0.0f64, |most, value| most.max(value.abs()));
        assert!(largest > 0.0);
        for (a, c) in a.iter().zip(&c) {
            assert!((a - c).abs() <= 1e-9 * largest, "causal and adjoint disagree: {a} {c}");
        }
    }
    let mut engine = engine(evaluation);
    move || {
        let net = black_box(&net);
        engine.step(net, &batch, Loss::HalfSquaredError, Steps::All).expect("a step");
    }
}

/// Seconds of a step, the least of several.
fn seconds(shape: Shape, evaluation: Evaluation) -> f64 {
    let mut step = work(shape, evaluation, true);
    let mut least = f64::INFINITY;
    for _ in 0..=ROUNDS {
        let start = Instant::now();
        step();
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

/// What grows, the exponent that the table of costs has for it, and its sizes.
struct Row {
    what: &'static str,
    table: u32,
    sizes: &'static [usize],
    evaluation: Evaluation,
    shape: fn(usize) -> Shape,
}

const TYPED: Shape = Shape {
    neurons: 64,
    steps: 20,
    types: 2,
    taps: Taps::All,
    feedback: Feedback::Type(Diagonal::Counted),
};
const CELL: Shape = Shape { feedback: Feedback::Cell, taps: Taps::Count(4), ..TYPED };
const ALL: Shape = Shape { taps: Taps::All, ..CELL };

const ROWS: [Row; 8] = [
    Row {
        what: "C types, recursive: N",
        table: 2,
        sizes: &[96, 192, 384, 768],
        evaluation: Evaluation::Causal,
        shape: |neurons| Shape { neurons, steps: 8, ..TYPED },
    },
    Row {
        what: "C types, recursive: C",
        table: 2,
        sizes: &[8, 16, 32, 64],
        evaluation: Evaluation::Causal,
        shape: |types| Shape { types, ..TYPED },
    },
    Row {
        what: "C types, recursive: T",
        table: 1,
        sizes: &[20, 40, 80, 160],
        evaluation: Evaluation::Causal,
        shape: |steps| Shape { steps, ..TYPED },
    },
    Row {
        what: "S taps: N",
        table: 2,
        sizes: &[96, 192, 384],
        evaluation: Evaluation::Causal,
        shape: |neurons| Shape { neurons, ..CELL },
    },
    Row {
        what: "S taps: S",
        table: 1,
        sizes: &[4, 8, 16, 32],
        evaluation: Evaluation::Causal,
        shape: |taps| Shape { steps: 320, taps: Taps::Count(taps), ..CELL },
    },
    Row {
        what: "S taps: T",
        table: 1,
        sizes: &[40, 80, 160, 320],
        evaluation: Evaluation::Causal,
        shape: |steps| Shape { steps, ..CELL },
    },
    Row {
        what: "adjoint, all taps: N",
        table: 2,
        sizes: &[96, 192, 384],
        evaluation: Evaluation::Adjoint,
        shape: |neurons| Shape { neurons, ..ALL },
    },
    Row {
        what: "adjoint, all taps: T",
        table: 1,
        sizes: &[50, 100, 200, 400],
        evaluation: Evaluation::Adjoint,
        shape: |steps| Shape { steps, ..ALL },
    },
];

/// `ROW SIZE STEPS`: so many steps and nothing else, for those who count instructions.
fn run_alone(words: &[String]) -> Option<()> {
    let [row, size, steps, ..] = words else { return None };
    let row = ROWS.get(row.parse::<usize>().ok()?)?;
    let mut step = work((row.shape)(size.parse().ok()?), row.evaluation, false);
    (0..steps.parse().ok()?).for_each(|_: u32| step());
    Some(())
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.first().is_some_and(|word| word == "rows") {
        for Row { what, table, sizes, .. } in ROWS {
            let sizes: Vec<String> = sizes.iter().map(ToString::to_string).collect();
            println!("{what}|{table}|{}", sizes.join(" "));
        }
        return;
    }
    if run_alone(&words).is_some() {
        return;
    }
    println!(
        "ModProp in f64, {EXAMPLES} examples, one thread: milliseconds of a step, the least of {ROUNDS}\n"
    );
    println!("| what grows | sizes | ms | exponent | of the last doubling | in the table |");
    println!("|---|---|---|---|---|---|");
    for Row { what, table, sizes, evaluation, shape } in ROWS {
        // Under `cargo test` only the agreement is wanted, on small shapes.
        let timed = std::env::args().any(|argument| argument == "--bench");
        let sizes = if timed { sizes } else { &sizes[..1] };
        let times: Vec<f64> = sizes.iter().map(|size| seconds(shape(*size), evaluation)).collect();
        if !timed {
            continue;
        }
        let last = sizes.len() - 2;
        let shown = |all: Vec<String>| all.join(", ");
        println!(
            "| {what} | {} | {} | {:.2} | {:.2} | {table} |",
            shown(sizes.iter().map(ToString::to_string).collect()),
            shown(times.iter().map(|time| format!("{:.2}", 1e3 * time)).collect()),
            exponent(sizes, &times),
            exponent(&sizes[last..], &times[last..]),
        );
    }
}
