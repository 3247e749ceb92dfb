//! A damped iteration in floats, which guesses the pieces and decides nothing.

use num_rational::BigRational;

use super::Net;
use super::pieces::Lines;
use crate::number::nearest_f64;
use crate::spec::{Neuron, PerNeuron};

/// x ← x + damping · (σ(Wx + b) − x), from 0, with one damping after the other.
const DAMPINGS: [f64; 5] = [1.0, 0.5, 0.25, 1.0 / 16.0, 1.0 / 64.0];

/// How many sweeps each gets.
const SWEEPS: usize = 2000;

/// Below so much of the largest rate nothing moves any more: 2⁻⁴⁶, some hundred times the rounding.
const STILL: f64 = 1.0 / (1_u64 << 46) as f64;

/// The network in floats.
pub(super) struct Floats {
    lines: PerNeuron<Lines>,
    /// (pre, weight) of every neuron that is no input.
    incoming: PerNeuron<Vec<(usize, f64)>>,
    biases: PerNeuron<f64>,
    has_kinks: bool,
}

/// A number of a piece for every neuron, and how still the iteration was.
pub(super) struct Guess {
    pub(super) pieces: Vec<usize>,
    /// max |σ(Wx + b) − x| where it ended; 0 where there is nothing to guess.
    pub(super) residual: f64,
}

impl Floats {
    pub(super) fn of(net: &Net<'_>) -> Self {
        let synapses = |post: Neuron| {
            let incoming = net.wiring.incoming[post].iter();
            incoming
                .map(|s| (net.wiring.synapses[*s].pre.0, nearest_f64(&net.parameters.weights[*s])))
                .collect()
        };
        Self {
            lines: net.pieces.map(|pieces| Lines::of(pieces)),
            incoming: PerNeuron::from_fn(net.wiring.neurons(), synapses),
            biases: net.parameters.biases.map(nearest_f64),
            has_kinks: net.free().any(|neuron| net.pieces[neuron].len() > 1),
        }
    }

    /// The pieces of the equilibrium that the iteration finds, or of what is nearest to one.
    pub(super) fn guess(&self, net: &Net<'_>, input: &[BigRational]) -> Guess {
        let neurons = net.wiring.neurons();
        let mut best = Guess { pieces: vec![0; neurons], residual: f64::INFINITY };
        if !self.has_kinks {
            return Guess { residual: 0.0, ..best };
        }
        let mut start = vec![0.0; neurons];
        for (neuron, rate) in net.wiring.inputs.iter().zip(input) {
            start[neuron.0] = nearest_f64(rate);
        }
        for damping in DAMPINGS {
            let mut rates = start.clone();
            let mut net_inputs = vec![0.0; neurons];
            for _ in 0..SWEEPS {
                let residual = self.sweep(net, damping, &mut rates, &mut net_inputs);
                if !residual.is_finite() {
                    break;
                }
                let largest = rates.iter().fold(1.0, |most: f64, rate| most.max(rate.abs()));
                if residual < best.residual {
                    best.residual = residual;
                    for neuron in net.free() {
                        best.pieces[neuron.0] = self.lines[neuron].piece(net_inputs[neuron.0]);
                    }
                }
                if residual <= STILL * largest {
                    return best;
                }
            }
        }
        best
    }

    /// One synchronous sweep; how far the farthest rate was from σ of its net input.
    fn sweep(&self, net: &Net<'_>, damping: f64, rates: &mut [f64], net_inputs: &mut [f64]) -> f64 {
        let mut residual: f64 = 0.0;
        for neuron in net.free() {
            let terms = self.incoming[neuron].iter().map(|(pre, weight)| weight * rates[*pre]);
            net_inputs[neuron.0] = self.biases[neuron] + terms.sum::<f64>();
        }
        for neuron in net.free() {
            let change = self.lines[neuron].rate(net_inputs[neuron.0]) - rates[neuron.0];
            // `max` would let NaN pass.
            residual = if change.abs() <= residual { residual } else { change.abs() };
            rates[neuron.0] += damping * change;
        }
        residual
    }
}
