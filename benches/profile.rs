//! One kernel in a loop, for perf and callgrind: `cargo bench -p creditcheck-benches --profile profiling --bench profile -- KERNEL [iterations]`.
//!
//! Without a kernel it prints their names. As a test (`cargo test -p creditcheck-benches --benches`) it runs each kernel, asserts that it computed
//! something, and that those which promise it take no memory once they are warm.
#![allow(missing_docs, dead_code)]

#[path = "peers/data.rs"]
mod data;
// The tests use more of it.
#[allow(dead_code)]
#[path = "../tests/evidence.rs"]
mod evidence;
#[path = "peers/residues.rs"]
mod residues;
#[path = "peers/steps.rs"]
mod steps;

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

use creditcheck::fast::{Float, Function, backprop as bp, credit as rule, solve::Solver};
use creditcheck::linalg::{Check, Field, Products, zeros};
use creditcheck::modular::exact;
use creditcheck::spec::{Case, Limits};
use creditcheck::wire::{Document, certificate::read};
use creditcheck::{certificate, textbook};
use data::{Data, Format, LEARNING_RATE};
use faer::Mat;
use num_rational::BigRational;

/// What the modules shared with the comparison call a piece of work.
type Work = Box<dyn FnMut()>;
/// A piece of work that hands back one number of its result, which depends on all that it did.
type Kernel = Box<dyn FnMut() -> f64>;

struct Entry {
    name: &'static str,
    make: fn() -> Kernel,
    /// Whether it promises to take no memory after its first run.
    is_steady: bool,
    /// Enough for some seconds of samples.
    iterations: u64,
}

const fn entry(
    name: &'static str,
    make: fn() -> Kernel,
    is_steady: bool,
    iterations: u64,
) -> Entry {
    Entry { name, make, is_steady, iterations }
}

const KERNELS: [Entry; 19] = [
    entry("forward", || forward(Function::Relu), true, 5000),
    entry("forward-tanh", || forward(Function::Tanh), true, 5000),
    entry("forward-logistic", || forward(Function::Logistic), true, 5000),
    entry("credit-step", || credit_step::<f64>("medium"), true, 2000),
    entry("credit-step-f32", || credit_step::<f32>("medium"), true, 4000),
    entry("bp-step", || bp_step::<f64>("medium"), true, 2000),
    entry("bp-step-f32", || bp_step::<f32>("medium"), true, 4000),
    entry("credit-step-large", || credit_step::<f64>("large"), true, 50),
    entry("bp-step-large", || bp_step::<f64>("large"), true, 50),
    entry("gemm", gemm, true, 5000),
    entry("gemm-mod", || product_mod(Check::Off), false, 5000),
    entry("freivalds", || product_mod(Check::Freivalds), false, 5000),
    entry("modular-bp", || modular(residues::backprop), false, 2000),
    entry("modular-credit", || modular(residues::credit), false, 2000),
    entry("solve", solve, true, 1000),
    entry("exact-gradient", exact_gradient, false, 100),
    entry("textbook-credit", textbook_credit, false, 20),
    entry("textbook-bp", textbook_backprop, false, 20),
    entry("verify", verify, false, 20),
];

/// Counts what is taken from the system's memory.
struct Counting;

static TAKEN: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call is handed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        TAKEN.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the promises of this very method.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the promises of this very method.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn named(net: &str) -> Data {
    Data::named(net).expect("a network")
}

fn forward(activation: Function<f64>) -> Kernel {
    let data = named("medium");
    let mut network = data.network::<f64>();
    let last = network.layers.len() - 1;
    network.layers[..last].iter_mut().for_each(|layer| layer.activation = activation.clone());
    let (inputs, _) = data.examples::<f64>();
    let mut workspace = rule::Workspace::new(&network, data.batch).expect("a network");
    Box::new(move || {
        let rates = workspace.predict(&network, black_box(inputs.as_ref())).expect("rates");
        rates[(0, 0)]
    })
}

fn credit_step<F: Format>(net: &str) -> Kernel {
    let data = named(net);
    let mut network = data.network::<F>();
    let (inputs, targets) = data.examples::<F>();
    let mut workspace = rule::Workspace::new(&network, data.batch).expect("a network");
    Box::new(move || {
        let (inputs, targets) = (black_box(inputs.as_ref()), black_box(targets.as_ref()));
        workspace.step(&mut network, inputs, targets, F::of(LEARNING_RATE)).expect("a step");
        largest(workspace.weight_update(1))
    })
}

fn bp_step<F: Format>(net: &str) -> Kernel {
    let data = named(net);
    let mut network = data.network::<F>();
    let (inputs, targets) = data.examples::<F>();
    let mut workspace = bp::Workspace::new(&network, data.batch).expect("a network");
    Box::new(move || {
        let (inputs, targets) = (black_box(inputs.as_ref()), black_box(targets.as_ref()));
        workspace.step(&mut network, inputs, targets, F::of(LEARNING_RATE)).expect("a step");
        largest(workspace.weight_gradient(1))
    })
}

/// The largest of the first column: a single entry may belong to a neuron that is silent.
fn largest<F: Float>(matrix: faer::MatRef<'_, F>) -> f64 {
    matrix.col(0).iter().fold(0.0, |most: f64, value| most.max(value.magnitude().into()))
}

fn gemm() -> Kernel {
    let (left, right) = (filled(128, 784), filled(784, 32));
    let mut dst = Mat::<f64>::zeros(128, 32);
    Box::new(move || {
        let (dst_view, left) = (dst.as_mut(), black_box(left.as_ref()));
        let (accum, par) = (faer::Accum::Replace, faer::Par::Seq);
        faer::linalg::matmul::matmul(dst_view, accum, left, right.as_ref(), 1.0, par);
        dst[(0, 0)]
    })
}

fn filled(rows: usize, columns: usize) -> Mat<f64> {
    let mut matrix = zeros(rows, columns);
    for j in 0..columns {
        for i in 0..rows {
            matrix[(i, j)] = ((i * 7 + j * 3) % 15) as f64 - 5.0;
        }
    }
    matrix
}

fn product_mod(check: Check) -> Kernel {
    let (left, right) = (filled(128, 784), filled(784, 32));
    let mut dst = zeros(128, 32);
    let field = Field::largest(&[]).next().expect("a prime");
    let mut products = Products::new(check);
    Box::new(move || {
        let (left, right) = (black_box(left.as_ref()), right.as_ref());
        products.product(&field, ("C", 1), dst.as_mut(), left, right).expect("a product");
        dst[(0, 0)]
    })
}

fn modular(make: fn(&[&str]) -> Option<Work>) -> Kernel {
    let mut work = make(&["medium"]).expect("a network");
    Box::new(move || {
        // It panics if a product fails its check.
        work();
        1.0
    })
}

fn solve() -> Kernel {
    let neurons = 200;
    let weights = Mat::from_fn(neurons, neurons, |i, j| ((i * 7 + j * 3) % 15) as f64 / 4096.0);
    let balance = vec![0.75; neurons];
    let external = Mat::from_fn(neurons, 2, |i, j| (i + j) as f64);
    let mut credit = external.clone();
    let mut solver = Solver::new(neurons, 2).expect("neurons");
    Box::new(move || {
        credit.copy_from(&external);
        solver.factor(black_box(weights.as_ref()), &balance).expect("an invertible system");
        solver.solve(credit.as_mut()).expect("a solution");
        credit[(0, 0)]
    })
}

fn exact_gradient() -> Kernel {
    let dense = named("64-32-10@8").dense();
    Box::new(move || {
        let rule = exact::Rule::Backprop;
        let found = exact::run(black_box(&dense), rule, &mut |_, _, _| Ok(()));
        found.expect("an exact gradient").facts.primes as f64
    })
}

/// 8-16-16-4 with numbers of eight bits.
fn small_case() -> Case {
    let text = evidence::wide(&[8, 16, 16, 4], 4, 8, "relu");
    Document::read(text.as_bytes(), &Limits::default()).expect("a case").case
}

fn textbook_credit() -> Kernel {
    let (case, limits) = (small_case(), Limits::default());
    Box::new(move || {
        let found = textbook::credit::run::<BigRational>(black_box(&case), &limits);
        found.expect("updates").update.weights.len() as f64
    })
}

fn textbook_backprop() -> Kernel {
    let (case, limits) = (small_case(), Limits::default());
    Box::new(move || {
        let found = textbook::backprop::run::<BigRational>(black_box(&case), &limits);
        found.expect("a gradient").gradient.weights.len() as f64
    })
}

fn verify() -> Kernel {
    let limits = Limits::default();
    let text = evidence::wide(&[8, 16, 16, 4], 4, 8, "relu");
    let document = Document::read(text.as_bytes(), &limits).expect("a case");
    let found = evidence::gather(&document.case, &document.digest(), 1);
    let issued = certificate::issue(&document.case, document.json.canonical(), 1, found);
    let file = creditcheck::wire::certificate::write(&issued.expect("a certificate"));
    let sealed = read(file.as_bytes(), &limits).expect("a certificate");
    Box::new(move || {
        let verified = certificate::verify(black_box(&sealed)).expect("a verdict");
        assert_eq!(verified.conclusion(), creditcheck::verdict::Conclusion::Agree);
        1.0
    })
}

fn check() {
    for entry in &KERNELS {
        let mut kernel = (entry.make)();
        let mark = kernel();
        assert!(mark.is_finite() && mark != 0.0, "{} computed {mark}", entry.name);
        let before = TAKEN.load(Ordering::Relaxed);
        let again = kernel();
        let taken = TAKEN.load(Ordering::Relaxed) - before;
        assert!(again.is_finite() && again != 0.0, "{} computed {again}", entry.name);
        assert!(!entry.is_steady || taken == 0, "{} took memory {taken} times", entry.name);
    }
    // The counter counts.
    let before = TAKEN.load(Ordering::Relaxed);
    drop(black_box(Box::new(before)));
    assert!(TAKEN.load(Ordering::Relaxed) > before);
    println!("profile: {} kernels ran", KERNELS.len());
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let Some(name) = arguments.first() else {
        if is_bench {
            println!("kernels:");
            KERNELS.iter().for_each(|entry| println!("  {}", entry.name));
        } else {
            check();
        }
        return;
    };
    let Some(entry) = KERNELS.iter().find(|entry| entry.name == *name) else {
        eprintln!("no kernel {name}; without an argument their names are printed");
        std::process::exit(2);
    };
    let iterations = arguments.get(1).map_or(Ok(entry.iterations), |count| count.parse());
    let iterations: u64 = iterations.expect("a number of iterations");
    let mut kernel = (entry.make)();
    let marks: f64 = (0..iterations).map(|_| kernel()).sum();
    println!("{name}: {iterations} iterations, {marks:e}");
}
