//! The three timescales (D10): against closed forms, against another integrator on equations written anew, and against the laws.

mod closed_forms;
mod gradients;
mod integrator;
mod laws;
mod record;
mod reference;
mod sweep;

use creditcheck::certify::Silent;
use creditcheck::simulate::timescales::{
    Deviations, Equilibrium, Net, Presentation, Presented, Start, Times,
};
use creditcheck::spec::{Activation, Case, Example, Expect, Kink, Layer, Layered, Network};
use num_rational::BigRational;

/// The tolerance of these simulations, unless a test says otherwise.
const RTOL: f64 = 1e-9;

fn fixture(name: &str) -> Case {
    let path = format!("{}/fixtures/cases/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(path).unwrap();
    creditcheck::wire::Document::read(&bytes, &creditcheck::spec::Limits::default()).unwrap().case
}

fn rational(value: f64) -> BigRational {
    creditcheck::number::exact_f64(value).unwrap()
}

/// One neuron a layer, no biases.
fn chain(weights: &[f64], activation: &Activation, input: f64, target: f64) -> Case {
    let layer = |weight: &f64| Layer {
        weights: vec![vec![rational(*weight)]],
        biases: None,
        activation: activation.clone(),
        kink: None,
        balance: None,
    };
    Case {
        name: None,
        network: Network::Layered(Layered { layers: weights.iter().map(layer).collect() }),
        learning_rate: rational(0.5),
        kink: Kink::Left,
        examples: vec![Example {
            input: vec![rational(input)],
            target: vec![rational(target)],
            equilibrium: None,
        }],
        loss: Default::default(),
        output_credit: Default::default(),
        expect: Expect::Agree,
    }
}

/// Shows the first example; the one before it is the last.
fn present(case: &Case, times: Times, start: Start, moving: bool, rtol: f64) -> (Net, Presented) {
    let (net, weights, examples) = Net::of(case).unwrap();
    let previous = Equilibrium::of(&net, &weights, &examples[examples.len() - 1]).unwrap();
    let presentation = Presentation {
        case,
        net: &net,
        weights: &weights,
        shown: &examples[0],
        times,
        start,
        moving,
        rtol,
    };
    let presented = presentation.run(Some(&previous), &[], &mut |_, _| (), &mut Silent).unwrap();
    (net, presented)
}

/// The same, and how far it is from backpropagation.
fn deviations(case: &Case, times: Times, start: Start, moving: bool) -> Deviations {
    let (net, presented) = present(case, times, start, moving, RTOL);
    Deviations::of(&net, &presented)
}

/// Frozen weights: no plasticity that the dynamics feel.
fn frozen(tau_x: f64, tau_c: f64, present: f64) -> Times {
    Times { tau_x, tau_c, tau_w: 1.0, present, gate: 0.0 }
}

fn expect_near(found: f64, expected: f64, relative: f64, what: &str) {
    assert!(
        (found - expected).abs() <= relative * expected.abs(),
        "{what}: found {found}, expected {expected}, off by {:.2e} of it where {relative:.1e} is allowed",
        (found / expected - 1.0).abs()
    );
}
