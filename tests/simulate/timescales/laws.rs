//! The laws of D10 on 4-6-3 and on chains; criteria are the size of the next order.

use creditcheck::simulate::timescales::{
    Net, Start, Times, chain as built_in_chain, gradient, hessian_on_gradient, layered, slope,
};
use creditcheck::spec::Activation;

use super::{chain, deviations, expect_near, frozen};

/// A layer h hops from the output is (h + 1) τ_c late: deviation (h + 1)·τ_c/T, whatever the weights.
#[test]
fn credit_is_one_time_constant_late_a_hop() {
    let four = chain(&[0.5, -1.25, 0.75, 1.5], &Activation::Tanh, 0.9, 0.4);
    for (case, hops) in [(layered(1), 2), (layered(5), 2), (built_in_chain(), 3), (four, 4)] {
        // τ_x = 10⁻³ τ_c leaves a trace of its own order; e^(−T/τ_c) is e⁻¹⁰⁰.
        let ratio = 0.01;
        let found = deviations(&case, frozen(1e-3 * ratio, ratio, 1.0), Start::Rest, false);
        let clean = deviations(&case, frozen(1.0, ratio, 1.0), Start::CreditAtRest, false);
        assert_eq!(found.blocks.len(), hops);
        for (layer, block) in found.blocks.iter().enumerate() {
            let lags = (hops - layer) as f64;
            let what = format!("layer {} of {hops}", layer + 1);
            expect_near(block.relative / ratio, lags, 5e-3, &what);
            // With x at its equilibrium the law is exact, and nothing but the step size is wrong.
            expect_near(clean.blocks[layer].relative / ratio, lags, 1e-6, &what);
            assert!(
                clean.blocks[layer].rescaled < 1e-7,
                "{what}: {}",
                clean.blocks[layer].rescaled
            );
        }
    }
}

/// Slope 1 in τ_c/T, from rest and from the previous example.
#[test]
fn slope_one_in_the_middle_timescale() {
    for start in [Start::Rest, Start::Previous] {
        let points: Vec<(f64, f64)> = [1e-3, 3e-3, 1e-2, 3e-2]
            .map(|ratio| {
                let tau_x = f64::max(1e-3 * ratio, 1e-5);
                let times = frozen(tau_x, ratio, 1.0);
                (ratio, deviations(&layered(1), times, start, false).total.relative)
            })
            .to_vec();
        expect_near(slope(&points), 1.0, 5e-3, start.words());
    }
}

/// τ_x/T controls, τ_x/τ_c does not.
#[test]
fn firing_counts_against_the_presentation_not_against_credit() {
    let case = layered(1);
    let at = |tau_x: f64, tau_c: f64| {
        deviations(&case, frozen(tau_x, tau_c, 1.0), Start::RatesAtRest, false).total.relative
    };
    let points = [1e-4, 1e-3, 1e-2].map(|ratio| (ratio, at(ratio, 10.0 * ratio)));
    expect_near(slope(&points), 1.0, 5e-3, "slope in τ_x/T");
    // τ_c over two decades: the deviation stays within a factor of 1.5; over the same two decades in T it moves by 100.
    let along: Vec<f64> = [3e-4, 3e-3, 3e-2].map(|tau_c| at(1e-3, tau_c)).to_vec();
    let most = along.iter().copied().fold(0.0, f64::max);
    let least = along.iter().copied().fold(f64::INFINITY, f64::min);
    assert!(most / least < 1.5, "{along:?}");
    assert!(points[2].1 / points[0].1 > 90.0, "{points:?}");
}

/// (T/2τ_w)·‖H g‖/‖g‖, in total and to first order; gated by 20 τ_c the start does not matter.
#[test]
fn moving_weights_cost_half_the_curvature() {
    for case in [layered(1), built_in_chain()] {
        let (net, weights, examples) = Net::of(&case).unwrap();
        let g = gradient(&case, &net, &weights, &examples[0]).unwrap();
        let curved = hessian_on_gradient(&case, &net, &weights, &examples[0]).unwrap();
        let law = curved.norm() / (2.0 * g.norm());
        let eta = 1e-3;
        for (start, gate) in
            [(Start::Equilibrium, 0.0), (Start::Rest, 0.02), (Start::Previous, 0.02)]
        {
            let tau_w = (1.0 - gate) / eta;
            let times = Times { tau_x: 1e-4, tau_c: 1e-3, tau_w, present: 1.0, gate };
            let found = deviations(&case, times, start, true).total.relative;
            // Next order: η times the curvature again, and the lag of the credit behind W, 2τ_c/T.
            expect_near(found / eta, law, 1e-2, start.words());
        }
    }
}

/// Plasticity that waits for t_g = m τ_c: output layer τ_c e⁻ᵐ/(T − t_g), one hop back τ_c (2 + m) e⁻ᵐ/(T − t_g).
#[test]
fn gating_removes_the_lag_of_the_credit() {
    let tau_c = 0.01;
    for m in [0.0, 1.0, 3.0, 8.0] {
        let times = Times { tau_x: 1e-5, tau_c, tau_w: 1.0, present: 1.0, gate: m * tau_c };
        let found = deviations(&layered(1), times, Start::CreditAtRest, false);
        let window = 1.0 - m * tau_c;
        let [hidden, output] = &found.blocks[..] else { panic!("two layers") };
        let decay = f64::exp(-m) * tau_c / window;
        expect_near(output.relative, decay, 1e-5, &format!("output layer, m = {m}"));
        expect_near(hidden.relative, (2.0 + m) * decay, 1e-5, &format!("hidden layer, m = {m}"));
    }
}

/// The gate takes the credit's lag away, and leaves the cost of moving weights as it is.
#[test]
fn gating_does_not_help_against_moving_weights() {
    let case = layered(1);
    let with = |gate: f64, tau_w: f64| {
        let times = Times { tau_x: 1e-5, tau_c: 1e-3, tau_w, present: 1.0, gate };
        deviations(&case, times, Start::Rest, true).total.relative
    };
    let slow = 1e9;
    assert!(with(0.02, slow) < 1e-3 * with(0.0, slow));
    let eta = 0.1;
    assert!(with(0.02, (1.0 - 0.02) / eta) > 0.5 * with(0.0, 1.0 / eta));
}
