//! Exact recurrent solves by p-adic lifting against elimination over ℚ: both in the same run, ratios and growth.
//!
//! `cargo bench -p creditcheck-benches --bench lifting` (about a minute). As a test (`cargo test -p creditcheck-benches --benches`) it runs the smallest sizes once and holds the
//! answers against each other.
#![allow(missing_docs, dead_code)]

#[path = "../tests/modular/cyclic.rs"]
mod cyclic;

use std::hint::black_box;
use std::time::Instant;

use creditcheck::linalg::lifting::{Solved, System};
use creditcheck::modular::recurrent;
use creditcheck::spec::outcome::GivenCredit;
use creditcheck::spec::{Activation, Case, Limits, Parameters, PerNeuron, Wiring};
use creditcheck::textbook;
use cyclic::{cyclic, ratio};
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Zero};

fn seconds<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let found = black_box(work());
    (start.elapsed().as_secs_f64(), found)
}

/// The credit equation of a network of identity neurons with eight-bit weights, and a right-hand side of ones.
struct Equation {
    case: Case,
    wiring: Wiring,
    parameters: Parameters<BigRational>,
    external: Vec<BigRational>,
}

impl Equation {
    fn of(neurons: usize) -> Self {
        let case = cyclic(0, neurons, 1, &Activation::Identity, 3);
        let (wiring, parameters) = (Wiring::of(&case), Parameters::of(&case));
        Self { case, wiring, parameters, external: vec![BigRational::one(); neurons] }
    }

    fn system(&self) -> System {
        let neurons = self.wiring.neurons();
        let mut rows: Vec<Vec<_>> = (0..neurons).map(|k| vec![(k, BigRational::one())]).collect();
        for (synapse, ends) in self.wiring.synapses.indexed() {
            rows[ends.pre.0].push((ends.post.0, -self.parameters.weights[synapse].clone()));
        }
        System::new(rows).expect("a square system")
    }

    fn lift(&self) -> Solved {
        let (right, limits) = ([self.external.clone()], Limits::default());
        let solved = self.system().solve(&right, &BigInt::one(), &limits, &mut |_| Ok(()));
        solved.expect("an invertible system")
    }

    /// The textbook's elimination; with rates of 0 there are no updates to speak of.
    fn eliminate(&self) -> Vec<BigRational> {
        let neurons = self.wiring.neurons();
        let given = GivenCredit {
            firing_rate: PerNeuron::filled(neurons, BigRational::zero()),
            balance_factor: PerNeuron::filled(neurons, BigRational::one()),
            external_credit: PerNeuron::new(self.external.clone()),
        };
        let (rate, limits) = (&self.case.learning_rate, Limits::default());
        let found =
            textbook::credit::run_given(&self.wiring, &self.parameters, rate, &[given], &limits);
        found.expect("credits").0[0].as_slice().to_vec()
    }
}

/// Both ways of the same sizes; the exponents of the least-squares lines through the logarithms.
fn systems(sizes: &[usize]) {
    println!(
        "n: lifting ms, elimination ms, elimination / lifting; bits lifted, needed, by Cramer and Hadamard"
    );
    let (mut lifted, mut eliminated) = (Vec::new(), Vec::new());
    for &neurons in sizes {
        let equation = Equation::of(neurons);
        let mut times: Vec<f64> = (0..5).map(|_| seconds(|| equation.lift()).0).collect();
        times.sort_by(f64::total_cmp);
        let solved = equation.lift();
        let (slow, expected) = seconds(|| equation.eliminate());
        assert_eq!(solved.solutions[0].rationals(), expected);
        let (fast, facts) = (times[2], solved.facts);
        println!(
            "  {neurons}: {:.2}, {:.1}, {:.0}; {}, {}, {}",
            fast * 1e3,
            slow * 1e3,
            slow / fast,
            facts.lifted,
            facts.needed,
            facts.cramer
        );
        lifted.push((neurons as f64, fast));
        eliminated.push((neurons as f64, slow));
    }
    println!(
        "  growth: lifting n^{:.2}, elimination n^{:.2}",
        exponent(&lifted),
        exponent(&eliminated)
    );
}

fn exponent(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let (x, y): (Vec<_>, Vec<_>) = points.iter().map(|(n, t)| (n.ln(), t.ln())).unzip();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / count;
    let (x_mean, y_mean) = (mean(&x), mean(&y));
    let slope: f64 = x.iter().zip(&y).map(|(x, y)| (x - x_mean) * (y - y_mean)).sum();
    slope / x.iter().map(|x| (x - x_mean).powi(2)).sum::<f64>()
}

fn larger(sizes: &[usize]) {
    let mut points = Vec::new();
    println!("lifting alone: n, ms, bits needed");
    for &neurons in sizes {
        let equation = Equation::of(neurons);
        let (time, solved) = seconds(|| equation.lift());
        println!("  {neurons}: {:.1}, {}", time * 1e3, solved.facts.needed);
        points.push((neurons as f64, time));
    }
    println!("  growth: n^{:.2}", exponent(&points));
}

/// Rates, credits and all updates of dense networks, exactly.
fn networks(neurons: usize, batches: &[usize]) {
    println!(
        "n = {neurons}, dense: s to the credits, s with all updates in lowest terms, bits of the longest update"
    );
    let kinds = [
        Activation::Relu,
        Activation::LeakyRelu { slope: ratio(1, 4) },
        Activation::HardTanh { min: ratio(-1, 1), max: ratio(1, 1) },
    ];
    for activation in &kinds {
        for batch in batches {
            let case = cyclic(8, neurons, *batch, activation, 7);
            let limits = Limits::default();
            let (first, found) = seconds(|| recurrent::equilibria(&case, &limits, &mut |_| Ok(())));
            let found = found.expect("an equilibrium");
            let (second, update) = seconds(|| found.update.lowest(&limits, &mut |_| Ok(())));
            let update = update.expect("updates");
            let bits = |value: &BigRational| value.numer().bits() + value.denom().bits();
            let longest = update.weights.iter().map(bits).max().unwrap_or(0);
            assert!(longest > 0, "no update");
            println!(
                "  {} × {batch}: {first:.2}, {:.2}, {longest}",
                activation.name(),
                first + second
            );
        }
    }
}

fn main() {
    if std::env::args().any(|argument| argument == "--bench") {
        systems(&[10, 20, 40, 80]);
        larger(&[100, 200, 400, 800]);
        networks(200, &[1, 2]);
    } else {
        systems(&[6, 12]);
        larger(&[10, 20]);
        networks(8, &[1, 2]);
    }
}
