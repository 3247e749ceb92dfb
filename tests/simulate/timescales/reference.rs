//! 4-6-3 against another integrator on the equations of D10 written anew, dense and in W itself.

use creditcheck::simulate::timescales::{Net, Start, Times, layered};
use differential_equations::prelude::*;

use super::{expect_near, present};

/// x₁, x₂, c₁, c₂, W¹, W², b¹, b² one after the other.
struct Written {
    input: [f64; 4],
    target: [f64; 3],
    tau_x: f64,
    tau_c: f64,
    tau_w: f64,
}

const PARTS: [usize; 8] = [6, 3, 6, 3, 24, 18, 6, 3];

fn parts(y: &[f64]) -> [&[f64]; 8] {
    let mut rest = y;
    PARTS.map(|length| {
        let (part, after) = rest.split_at(length);
        rest = after;
        part
    })
}

impl ODE<f64, Vec<f64>> for Written {
    fn diff(&self, _t: f64, y: &Vec<f64>, dy: &mut Vec<f64>) {
        let [x1, x2, c1, c2, w1, w2, b1, b2] = parts(y);
        let s1: Vec<f64> = (0..6)
            .map(|i| b1[i] + (0..4).map(|j| w1[4 * i + j] * self.input[j]).sum::<f64>())
            .collect();
        let s2: Vec<f64> =
            (0..3).map(|i| b2[i] + (0..6).map(|j| w2[6 * i + j] * x1[j]).sum::<f64>()).collect();
        let beta = |s: f64| 1.0 / s.cosh().powi(2);
        let d1: Vec<f64> = (0..6).map(|i| beta(s1[i]) * c1[i]).collect();
        let d2: Vec<f64> = (0..3).map(|i| beta(s2[i]) * c2[i]).collect();
        let mut out = Vec::with_capacity(69);
        out.extend((0..6).map(|i| (s1[i].tanh() - x1[i]) / self.tau_x));
        out.extend((0..3).map(|i| (s2[i].tanh() - x2[i]) / self.tau_x));
        let back = |j: usize| (0..3).map(|i| w2[6 * i + j] * d2[i]).sum::<f64>();
        out.extend((0..6).map(|j| (back(j) - c1[j]) / self.tau_c));
        out.extend((0..3).map(|i| (self.target[i] - x2[i] - c2[i]) / self.tau_c));
        out.extend((0..24).map(|k| d1[k / 4] * self.input[k % 4] / self.tau_w));
        out.extend((0..18).map(|k| d2[k / 6] * x1[k % 6] / self.tau_w));
        out.extend(d1.iter().map(|d| d / self.tau_w));
        out.extend(d2.iter().map(|d| d / self.tau_w));
        dy.copy_from_slice(&out);
    }
}

/// Times at which nothing is separated, and times at which everything is.
const TIMES: [Times; 2] = [
    Times { tau_x: 1.0, tau_c: 3.0, tau_w: 20.0, present: 40.0, gate: 0.0 },
    Times { tau_x: 1.0, tau_c: 30.0, tau_w: 3e4, present: 1000.0, gate: 0.0 },
];

fn compare(times: Times, solve: impl Fn(&Written, Vec<f64>) -> Vec<f64>, relative: f64) {
    let case = layered(1);
    let (net, weights, examples) = Net::of(&case).unwrap();
    let written = Written {
        input: examples[0].input.clone().try_into().unwrap(),
        target: examples[0].target.clone().try_into().unwrap(),
        tau_x: times.tau_x,
        tau_c: times.tau_c,
        tau_w: times.tau_w,
    };
    let mut y = vec![0.0; 18];
    y.extend(&weights.synapses);
    y.extend(&weights.biases[4..]);
    let last = solve(&written, y.clone());
    let [x1, x2, c1, c2, ..] = parts(&last);
    let (_, found) = present(&case, times, Start::Rest, true, 1e-10);
    assert_eq!(net.neurons(), 13);
    for (neuron, expected) in x1.iter().chain(x2).enumerate() {
        let found = found.last.firing_rate[4 + neuron];
        expect_near(found, *expected, relative, &format!("x {neuron}"));
    }
    for (neuron, expected) in c1.iter().chain(c2).enumerate() {
        let found = found.last.credit[4 + neuron];
        assert!((found - expected).abs() < relative, "c {neuron}: {found} {expected}");
    }
    let moved = last[18..].iter().zip(&y[18..]).map(|(last, first)| last - first);
    let ours = found.change.synapses.iter().chain(&found.change.biases[4..]);
    let largest = found.change.iter().fold(0.0, |most: f64, d| most.max(d.abs()));
    for (k, (ours, moved)) in ours.zip(moved).enumerate() {
        let expected = moved / times.learning_rate();
        assert!((ours - expected).abs() < relative * largest, "D {k}: {ours} {expected}");
    }
}

/// Explicit, of order 8.
#[test]
fn against_dop853() {
    for times in TIMES {
        let solve = |written: &Written, y: Vec<f64>| {
            let method = ExplicitRungeKutta::dop853().rtol(1e-12).atol(1e-14);
            let solution = IVP::ode(written, 0.0, times.present, y).method(method).solve().unwrap();
            solution.y.last().unwrap().clone()
        };
        compare(times, solve, 1e-8);
    }
}

/// Implicit, of order 5: what limits the step of an explicit method does not limit it.
#[test]
fn against_kvaerno745() {
    let times = TIMES[1];
    let solve = |written: &Written, y: Vec<f64>| {
        let method = DiagonallyImplicitRungeKutta::kvaerno745().rtol(1e-9).atol(1e-11);
        let solution = IVP::ode(written, 0.0, times.present, y).method(method).solve().unwrap();
        solution.y.last().unwrap().clone()
    };
    compare(times, solve, 1e-6);
}
