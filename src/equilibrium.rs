//! The search for a firing equilibrium on a cycle: what is common to everybody who looks for one (D1).
//!
//! A damped iteration in floats **guesses** on which straight piece of σ every net input lies. Whoever asked then solves the linear
//! system of these pieces exactly, holds every net input strictly to its piece, and corrects the pieces from the exact solution
//! where they were wrong, [`ROUNDS`] times at most. The floats decide nothing, but two different guesses might find two different
//! equilibria, or none: so there is one guess, one number of rounds, and one refusal, whatever the size of the network. Where σ is
//! curved the same iteration gives rates, for whoever encloses an equilibrium near them.

use num_rational::BigRational;

use crate::error::Error;
use crate::number::nearest_f64;
use crate::spec::{Activation, Class, Neuron, Parameters, PerNeuron, Straight, Wiring, Work};

/// x ← x + damping · (σ(Wx + b) − x), from 0, with one damping after the other until one comes to lie.
const DAMPINGS: [f64; 5] = [0.5, 1.0, 0.25, 1.0 / 16.0, 1.0 / 64.0];

/// How many sweeps each gets.
const SWEEPS: usize = 4_000;

/// Below so much of the largest rate nothing moves any more: 2⁻⁴⁶, some hundred times the rounding.
const STILL: f64 = 1.0 / (1_u64 << 46) as f64;

/// How often pieces are corrected from the exact solution of those before.
pub(crate) const ROUNDS: usize = 24;

/// Below this the iteration counts as settled; it decides only how a failure is worded.
pub(crate) const SETTLED: f64 = 1e-6;

/// A number of a piece for every neuron, counted from the left, and how still the iteration was.
#[derive(Clone, Debug)]
pub(crate) struct Guess {
    pub(crate) pieces: PerNeuron<usize>,
    /// max |σ(Wx + b) − x| where it was least; 0 where there is nothing to guess, ∞ where nothing came to lie and rates ran away.
    pub(crate) residual: f64,
}

/// Rates near an equilibrium, whatever σ is, and how still the iteration was; nobody may take them for more before they are enclosed.
#[derive(Clone, Debug)]
pub(crate) struct Settled {
    pub(crate) rates: PerNeuron<f64>,
    /// max |σ(Wx + b) − x| where it was least; ∞ where nothing came to lie and rates ran away.
    pub(crate) residual: f64,
}

/// The network in floats.
pub(crate) struct Floats<'a> {
    wiring: &'a Wiring,
    lines: PerNeuron<Lines>,
    weights: Vec<f64>,
    biases: PerNeuron<f64>,
    /// Whether every number of the network is within the floats.
    finite: bool,
}

impl<'a> Floats<'a> {
    pub(crate) fn of(wiring: &'a Wiring, parameters: &Parameters<BigRational>) -> Self {
        let lines = wiring.activations.map(Lines::of);
        let weights: Vec<f64> = parameters.weights.iter().map(nearest_f64).collect();
        let biases = parameters.biases.map(nearest_f64);
        let mut numbers = weights.iter().chain(biases.iter());
        let finite = numbers.all(|number| number.is_finite()) && lines.iter().all(Lines::is_finite);
        Self { wiring, lines, weights, biases, finite }
    }

    fn free(&self) -> impl Iterator<Item = Neuron> + '_ {
        self.wiring.is_input.indexed().filter(|(_, clamped)| !**clamped).map(|(neuron, _)| neuron)
    }

    /// The pieces of the equilibrium that the iteration finds, or of what is nearest to one.
    ///
    /// Additions and multiplications of `f64` alone, in a fixed order: the same guess on every machine.
    ///
    /// # Errors
    /// [`Error::Limit`]: a float product counts as one of limbs.
    pub(crate) fn guess(&self, input: &[BigRational], work: &Work) -> Result<Guess, Error> {
        let neurons = self.wiring.neurons();
        let mut best = Guess { pieces: PerNeuron::filled(neurons, 0), residual: f64::INFINITY };
        if self.free().all(|neuron| self.lines[neuron].pieces.len() == 1) {
            return Ok(Guess { residual: 0.0, ..best });
        }
        let mut start = PerNeuron::filled(neurons, 0.0);
        for (neuron, rate) in self.wiring.inputs.iter().zip(input) {
            start[*neuron] = nearest_f64(rate);
        }
        if !self.finite || start.iter().any(|rate| !rate.is_finite()) {
            return Ok(best);
        }
        let sweeps = ((self.weights.len() + neurons) as u64).saturating_mul(SWEEPS as u64);
        let mut runs_away = false;
        for damping in DAMPINGS {
            work.charge(sweeps, "a guess at the firing equilibrium")?;
            let mut rates = start.clone();
            let mut net_inputs = PerNeuron::filled(neurons, 0.0);
            let mut moved = f64::INFINITY;
            for _ in 0..SWEEPS {
                moved = self.sweep(damping, &mut rates, &mut net_inputs);
                if !moved.is_finite() {
                    break;
                }
                let largest = rates.iter().fold(1.0, |most: f64, rate| most.max(rate.abs()));
                if moved < best.residual {
                    best.residual = moved;
                    for neuron in self.free() {
                        best.pieces[neuron] = self.lines[neuron].piece(net_inputs[neuron]);
                    }
                }
                if moved <= STILL * largest {
                    return Ok(best);
                }
            }
            // Small steps run away too, but not within the sweeps that they get.
            runs_away |= !moved.is_finite();
        }
        Ok(if runs_away { Guess { residual: f64::INFINITY, ..best } } else { best })
    }

    /// Where the same iteration comes to lie, as rates, of any σ.
    ///
    /// # Errors
    /// As [`Self::guess`].
    pub(crate) fn settled(&self, input: &[BigRational], work: &Work) -> Result<Settled, Error> {
        let neurons = self.wiring.neurons();
        let mut start = PerNeuron::filled(neurons, 0.0);
        for (neuron, rate) in self.wiring.inputs.iter().zip(input) {
            start[*neuron] = nearest_f64(rate);
        }
        let mut best = Settled { rates: start.clone(), residual: f64::INFINITY };
        if !self.finite || start.iter().any(|rate| !rate.is_finite()) {
            return Ok(best);
        }
        let sweeps = ((self.weights.len() + neurons) as u64).saturating_mul(SWEEPS as u64);
        for damping in DAMPINGS {
            work.charge(sweeps, "a search for the firing equilibrium")?;
            let mut rates = start.clone();
            let mut net_inputs = PerNeuron::filled(neurons, 0.0);
            for _ in 0..SWEEPS {
                let before = rates.clone();
                let moved = self.sweep(damping, &mut rates, &mut net_inputs);
                if !moved.is_finite() {
                    break;
                }
                let largest = before.iter().fold(1.0, |most: f64, rate| most.max(rate.abs()));
                if moved < best.residual {
                    best = Settled { rates: before, residual: moved };
                }
                if moved <= STILL * largest {
                    return Ok(best);
                }
            }
        }
        Ok(best)
    }

    /// One synchronous sweep; how far the farthest rate was from σ of its net input.
    fn sweep(
        &self,
        damping: f64,
        rates: &mut PerNeuron<f64>,
        net_inputs: &mut PerNeuron<f64>,
    ) -> f64 {
        let mut residual: f64 = 0.0;
        for neuron in self.free() {
            let terms = self.wiring.incoming[neuron].iter();
            net_inputs[neuron] = terms.fold(self.biases[neuron], |sum, synapse| {
                sum + self.weights[synapse.0] * rates[self.wiring.synapses[*synapse].pre]
            });
        }
        for neuron in self.free() {
            let change = self.rate(neuron, net_inputs[neuron]) - rates[neuron];
            // `max` would let NaN pass.
            residual = if change.is_nan() { f64::INFINITY } else { residual.max(change.abs()) };
            rates[neuron] += damping * change;
        }
        residual
    }

    /// σ(s); the functions of the platform may differ in their last bit, and decide nothing.
    fn rate(&self, neuron: Neuron, s: f64) -> f64 {
        match &self.wiring.activations[neuron] {
            Activation::Identity
            | Activation::Relu
            | Activation::LeakyRelu { .. }
            | Activation::HardTanh { .. } => self.lines[neuron].rate(s),
            Activation::Square => s * s,
            Activation::Quadratic => s + s * s,
            Activation::Cubic => s - s * s * s / 3.0,
            Activation::Softsign => s / (1.0 + s.abs()),
            Activation::EluRational => {
                if s > 0.0 {
                    s
                } else {
                    s / (1.0 - s)
                }
            }
            Activation::Tanh => s.tanh(),
            Activation::Logistic => 1.0 / (1.0 + (-s).exp()),
            Activation::Softplus => s.max(0.0) + (-s.abs()).exp().ln_1p(),
        }
    }
}

/// σ in floats, piece by piece: upper end, slope and offset.
struct Lines {
    pieces: Vec<(f64, f64, f64)>,
}

impl Lines {
    /// Of an activation that is not straight between its kinks, whose equilibrium nobody looks for, the identity.
    fn of(activation: &Activation) -> Self {
        let open = f64::INFINITY;
        let pieces = match activation.class() {
            Class::Straight(Straight::Relu) => vec![(0.0, 0.0, 0.0), (open, 1.0, 0.0)],
            Class::Straight(Straight::LeakyRelu { slope }) => {
                vec![(0.0, nearest_f64(slope), 0.0), (open, 1.0, 0.0)]
            }
            Class::Straight(Straight::HardTanh { min, max }) => {
                let (min, max) = (nearest_f64(min), nearest_f64(max));
                vec![(min, 0.0, min), (max, 1.0, 0.0), (open, 0.0, max)]
            }
            Class::Straight(Straight::Identity)
            | Class::Curved(_)
            | Class::Quotient
            | Class::Transcendental(_) => vec![(open, 1.0, 0.0)],
        };
        Self { pieces }
    }

    /// Whether slopes, offsets and kinks are within the floats.
    fn is_finite(&self) -> bool {
        self.pieces.iter().all(|(_, slope, offset)| slope.is_finite() && offset.is_finite())
    }

    /// The number of the piece of s; a kink belongs to the piece on its left.
    fn piece(&self, s: f64) -> usize {
        self.pieces.iter().position(|(high, ..)| s <= *high).unwrap_or(self.pieces.len() - 1)
    }

    /// σ(s)
    fn rate(&self, s: f64) -> f64 {
        let (_, slope, offset) = self.pieces[self.piece(s)];
        // Where σ is flat it stays so however far s runs away, but for NaN.
        if slope == 0.0 && !s.is_nan() { offset } else { slope * s + offset }
    }
}

/// The refusal where no pieces were consistent.
pub(crate) fn not_found(residual: f64) -> Error {
    let moved = if residual.is_finite() {
        format!("after {SWEEPS} damped sweeps from rest the rates still moved by {residual:.1e}")
    } else {
        "damped sweeps from rest let the rates grow beyond every float".into()
    };
    Error::NoEquilibrium {
        what: format!(
            "no consistent set of active pieces was found; {moved}. Weaken the recurrent synapses, or give the equilibrium in the case (\"equilibrium\": one list of rates per example)"
        ),
    }
}

/// The refusal of a net input exactly on a kink of σ or of a replaced balance function.
pub(crate) fn at_kink(neuron: Neuron, net_input: &BigRational) -> Error {
    Error::NoEquilibrium {
        what: format!(
            "the net input of neuron {} is exactly {net_input}, a kink of its activation or balance function: the gradient at this equilibrium does not exist",
            neuron.0
        ),
    }
}
