//! What the simulation is compared with: gradients and equilibria, against the exact engines.

use creditcheck::fast::backprop;
use creditcheck::simulate::timescales::{
    Equilibrium, Net, Start, Times, gradient, hessian_on_gradient, layered,
};
use creditcheck::spec::{Case, Limits, Network, Neuron};
use creditcheck::textbook::{credit, tangent};
use num_rational::BigRational;
use num_traits::{ToPrimitive, Zero};

use super::{deviations, expect_near, fixture, present};

fn alone(case: &Case) -> Case {
    let mut case = case.clone();
    case.examples.truncate(1);
    case
}

/// Rates, credits and gradients of every activation and of graphs, against the rational ones.
#[test]
fn equilibria_and_gradients_are_those_of_the_exact_engines() {
    let names = [
        "activation-identity",
        "activation-relu",
        "activation-leaky-relu",
        "activation-hard-tanh",
        "activation-hard-tanh-own-bounds",
        "activation-square",
        "activation-quadratic",
        "activation-cubic",
        "activation-softsign",
        "activation-elu-rational",
        "kink-relu-mean",
        "kink-relu-right",
        "kink-leaky-relu-mean",
        "kink-hard-tanh-left",
        "kink-hard-tanh-right",
        "kink-hard-tanh-mean",
        "kink-by-layer",
        "graph-skip-dead-end",
        "graph-interface-example",
        "graph-without-biases",
        "graph-kink-mean",
        "mixed-activations",
    ];
    let mut live = 0;
    for name in names {
        let case = alone(&fixture(name));
        let (net, weights, examples) = Net::of(&case).unwrap();
        let exact = credit::run::<BigRational>(&case, &Limits::default()).unwrap();
        let found = Equilibrium::of(&net, &weights, &examples[0]).unwrap();
        let near = |found: f64, expected: &BigRational, what: &str| {
            let expected = expected.to_f64().unwrap();
            assert!(
                (found - expected).abs() <= 1e-12 * (1.0 + expected.abs()),
                "{name}: {what}: found {found}, expected {expected}"
            );
        };
        let example = &exact.examples[0];
        for (neuron, rate) in example.firing_rate.indexed() {
            near(found.firing_rate[neuron.0], rate, &format!("x {}", neuron.0));
            near(found.credit[neuron.0], &example.credit[neuron].0, &format!("c {}", neuron.0));
        }
        if case.has_own_balance() {
            continue;
        }
        let found = gradient(&case, &net, &weights, &examples[0]).unwrap();
        let eta = &case.learning_rate;
        for (synapse, update) in exact.update.weights.indexed() {
            near(
                -found.synapses[synapse.0],
                &(update / eta),
                &format!("g of synapse {}", synapse.0),
            );
            live += usize::from(!update.is_zero());
        }
        for (neuron, update) in exact.update.biases.indexed() {
            near(-found.biases[neuron.0], &(update / eta), &format!("g of bias {}", neuron.0));
        }
    }
    assert!(live > 100, "only {live} entries were compared that are not zero");
}

/// With a replaced balance function the gradient keeps σ', and the deviation does not vanish with the ratios.
#[test]
fn own_balance_is_no_backpropagation() {
    for name in ["own-balance-square", "graph-own-balance"] {
        let case = alone(&fixture(name));
        let (net, weights, examples) = Net::of(&case).unwrap();
        let found = gradient(&case, &net, &weights, &examples[0]).unwrap();
        let truth = tangent::gradient::<BigRational>(&case, &Limits::default()).unwrap();
        for (synapse, truth) in truth.weights.indexed() {
            let (found, truth) = (found.synapses[synapse.0], truth.to_f64().unwrap());
            assert!((found - truth).abs() < 1e-12 * (1.0 + truth.abs()), "{name}: {synapse:?}");
        }
        let times = Times { tau_x: 1e-4, tau_c: 1e-4, tau_w: 1e9, present: 1.0, gate: 0.0 };
        let deviation = deviations(&case, times, Start::Equilibrium, false).total.relative;
        assert!(deviation > 0.01, "{name}: {deviation}");
    }
}

/// A cycle: the adjoint against central differences of the loss at the equilibrium (C7).
#[test]
fn recurrent_gradient_is_that_of_the_loss_at_equilibrium() {
    let case = alone(&fixture("recurrent-cycle"));
    let (net, weights, examples) = Net::of(&case).unwrap();
    let found = gradient(&case, &net, &weights, &examples[0]).unwrap();
    let loss = |synapse: usize, step: f64| {
        let mut moved = weights.clone();
        moved.synapses[synapse] += step;
        let x = Equilibrium::of(&net, &moved, &examples[0]).unwrap().firing_rate;
        let outputs = net.outputs().iter().zip(&examples[0].target);
        outputs.map(|(&neuron, target)| (x[neuron] - target).powi(2) / 2.0).sum::<f64>()
    };
    let mut live = 0;
    for synapse in 0..net.synapses() {
        let quotient = (loss(synapse, 1e-5) - loss(synapse, -1e-5)) / 2e-5;
        assert!((found.synapses[synapse] - quotient).abs() < 1e-8, "{synapse}");
        live += usize::from(quotient.abs() > 1e-3);
    }
    assert!(live >= 2, "{live} live entries");
    // And the dynamics get there.
    let times = Times { tau_x: 0.01, tau_c: 0.01, tau_w: 1e9, present: 100.0, gate: 50.0 };
    let deviation = deviations(&case, times, Start::Rest, false).total.relative;
    assert!(deviation < 1e-8, "{deviation}");
}

/// A network whose rates run away is refused with its residual.
#[test]
fn what_does_not_settle_is_an_error() {
    let mut case = alone(&fixture("recurrent-cycle"));
    let Network::Graph(net) = &mut case.network else { panic!("a graph") };
    net.weights = net.weights.map(|weight| weight * BigRational::from_integer(64.into()));
    let (net, weights, examples) = Net::of(&case).unwrap();
    let found = Equilibrium::of(&net, &weights, &examples[0]);
    assert!(found.as_ref().is_err_and(|e| e.to_string().contains("residual")), "{found:?}");
}

/// H g by differences of gradients, against a second difference of the loss along g: gᵀHg.
#[test]
fn hessian_on_gradient_has_the_curvature_of_the_loss() {
    let case = alone(&layered(1));
    let (net, weights, examples) = Net::of(&case).unwrap();
    let g = gradient(&case, &net, &weights, &examples[0]).unwrap();
    let curved = hessian_on_gradient(&case, &net, &weights, &examples[0]).unwrap();
    let found: f64 = curved.iter().zip(g.iter()).map(|(a, b)| a * b).sum();
    let loss = |step: f64| {
        let mut moved = weights.clone();
        for (w, g) in moved.synapses.iter_mut().zip(&g.synapses) {
            *w += step * g;
        }
        for (b, g) in moved.biases.iter_mut().zip(&g.biases) {
            *b += step * g;
        }
        let x = Equilibrium::of(&net, &moved, &examples[0]).unwrap().firing_rate;
        let outputs = net.outputs().iter().zip(&examples[0].target);
        outputs.map(|(&neuron, target)| (x[neuron] - target).powi(2) / 2.0).sum::<f64>()
    };
    let second = (loss(3e-4) - 2.0 * loss(0.0) + loss(-3e-4)) / 9e-8;
    expect_near(found, second, 1e-5, "gᵀHg");
}

/// E − I = s and β, at every neuron, against the exact engine.
#[test]
fn excitation_less_inhibition_is_the_net_input() {
    let case = alone(&fixture("square-2-3-3-2-quadratic"));
    let exact = credit::run::<BigRational>(&case, &Limits::default()).unwrap();
    let (net, weights, examples) = Net::of(&case).unwrap();
    let x = Equilibrium::of(&net, &weights, &examples[0]).unwrap().firing_rate;
    let mut both = 0;
    for neuron in 0..net.neurons() {
        let found = net.balance_of(neuron, &weights, &x);
        let s = exact.examples[0].net_input[Neuron(neuron)].to_f64().unwrap();
        let beta = exact.examples[0].balance_factor[Neuron(neuron)].to_f64().unwrap();
        assert!((found.net_input - s).abs() < 1e-13 && (found.balance_factor - beta).abs() < 1e-13);
        assert!((found.excitation - found.inhibition - s).abs() < 1e-13);
        assert!(found.excitation >= 0.0 && found.inhibition >= 0.0);
        both += usize::from(found.excitation > 0.0 && found.inhibition > 0.0);
    }
    assert!(both > 3, "{both}");
}

/// The gradient of the moved weights is that of the moved case: a second presentation starts from the first.
#[test]
fn weights_move_by_the_learning_rate() {
    let case = layered(2);
    let times = Times { tau_x: 1e-4, tau_c: 1e-3, tau_w: 10.0, present: 1.0, gate: 0.5 };
    let (_, found) = present(&case, times, Start::Rest, true, 1e-9);
    let before = Net::of(&case).unwrap().1;
    // η = (T − t_g)/τ_w = 1/20
    for k in 0..before.synapses.len() {
        let moved = before.synapses[k] + 0.05 * found.change.synapses[k];
        assert!((found.weights.synapses[k] - moved).abs() < 1e-15);
    }
    let direct = backprop::run::<f64>(&alone(&case)).unwrap();
    assert_eq!(found.gradient.synapses, direct.gradient.weights.concat().concat());
}

/// Where σ is transcendental there is no exact engine: rates and credits against those of the fast side, which has formulas of its own.
#[test]
fn transcendental_activations_are_those_of_the_fast_side() {
    for name in ["activation-tanh", "activation-logistic", "activation-softplus"] {
        let case = alone(&fixture(name));
        let (net, weights, examples) = Net::of(&case).unwrap();
        let found = Equilibrium::of(&net, &weights, &examples[0]).unwrap();
        let fast = creditcheck::fast::credit::run::<f64>(&case).unwrap();
        let expected = &fast.examples[0];
        let mut live = 0;
        for neuron in 0..net.neurons() {
            let (x, c) = (found.firing_rate[neuron], found.credit[neuron]);
            let (rate, credit) =
                (expected.firing_rate[Neuron(neuron)], expected.credit[Neuron(neuron)].0);
            assert!((x - rate).abs() < 1e-13, "{name}: x {neuron}: {x} {rate}");
            assert!(
                (c - credit).abs() < 1e-13 * (1.0 + credit.abs()),
                "{name}: c {neuron}: {c} {credit}"
            );
            live += usize::from(c.abs() > 1e-3);
        }
        assert!(live > 3, "{name}: {live}");
    }
}
