//! The two closed forms of D10, derived again.
//!
//! Chain 0→1→2, σ = identity, no bias, W frozen, from rest. Integrating each equation over [0, T] with e^(−T/τ) → 0:
//! ∫(x₂ − p) = −2τ_x p; ∫c₂ = (t−p)T + 2τ_x p − τ_c(t−p); ∫c₁ = w₂(∫c₂ − τ_c(t−p)). And since x₁ = w₁u(1 − e^(−t/τ_x)),
//! ∫c₂x₁ = w₁u(∫c₂ − ĉ₂(1/τ_x)) with ĉ₂(s) = ê(s)/(τ_c s + 1), ê(1/τ_x) = τ_x(t − p/4).

use creditcheck::simulate::timescales::{Start, Times};
use creditcheck::spec::Activation;

use super::{RTOL, chain, expect_near, frozen, present};

#[test]
fn linear_chain_from_rest() {
    let (w1, w2, u, t) = (1.5, -0.75, 0.8, 0.6);
    let p = w1 * w2 * u;
    let case = chain(&[w1, w2], &Activation::Identity, u, t);
    // e^(−T/τ_c) is 2·10⁻²² at most. τ_c may also be below τ_x, and equal to it.
    for (tau_x, tau_c) in [(1.0, 20.0), (1.0, 3.0), (7.0, 7.0), (10.0, 2.0)] {
        let present_for = 1000.0;
        let (_, found) =
            present(&case, frozen(tau_x, tau_c, present_for), Start::Rest, false, RTOL);
        let last = tau_x * tau_x * (t - p / 4.0) / (tau_x + tau_c);
        let second = w1 * u * ((t - p) * (present_for - tau_c) + 2.0 * tau_x * p - last);
        let first = w2 * u * ((t - p) * (present_for - 2.0 * tau_c) + 2.0 * tau_x * p);
        // D is the change at η = T/τ_w = 1 presentation.
        let what = format!("τ_x = {tau_x}, τ_c = {tau_c}");
        expect_near(found.change.synapses[0], first / present_for, 1e-8, &what);
        expect_near(found.change.synapses[1], second / present_for, 1e-8, &what);
    }
}

/// The τ_x² term of the closed form is seen: without it the above would fail.
#[test]
fn the_smallest_term_of_the_closed_form_is_seen() {
    let (tau_x, tau_c, p, t): (f64, f64, f64, f64) = (1.0, 20.0, -0.9, 0.6);
    let last = tau_x * tau_x * (t - p / 4.0) / (tau_x + tau_c) / 1000.0;
    assert!(last / (t - p) > 1e-8 * 1000.0, "{last}");
}

/// w₁ = w₂ = w, u = 1, τ_x and τ_c → 0: dw²/dt = 2w²(t − w²)/τ_w.
#[test]
fn slow_end() {
    let (w0, t): (f64, f64) = (0.5, 1.25);
    let case = chain(&[w0, w0], &Activation::Identity, 1.0, t);
    for eta in [0.1, 1.0, 3.0] {
        let mut errors = Vec::new();
        for tau in [1e-3, 1e-4] {
            let times = Times { tau_x: tau, tau_c: tau, tau_w: 1.0 / eta, present: 1.0, gate: 0.0 };
            let (_, found) = present(&case, times, Start::Equilibrium, true, RTOL);
            let expected = t / (1.0 + (t / (w0 * w0) - 1.0) * (-2.0 * t * eta).exp());
            let [first, second] = found.weights.synapses[..] else { panic!("two synapses") };
            expect_near(first, second, 5.0 * tau * eta, "both weights move alike up to the lag");
            errors.push((first * second - expected).abs());
        }
        // The rest is the lag, of first order in τ: ten times shorter, ten times smaller.
        assert!(errors[0] < 5e-3 * eta, "{errors:?}");
        expect_near(errors[0] / errors[1], 10.0, 0.05, &format!("order of the lag, {errors:?}"));
    }
}
