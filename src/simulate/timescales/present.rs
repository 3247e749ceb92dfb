//! One presentation of one example: the three dynamics of D10 from a start to time T.

use super::equilibrium::{Equilibrium, PerParameter, gradient, moved};
use super::integrator::{DormandPrince, Ode};
use super::network::{Net, Shown, Weights};
use crate::error::Error;
use crate::progress::Progress;
use crate::spec::Case;

/// The longest presentation, in units of the shortest time constant: about a minute of work for a small network.
pub const LONGEST: f64 = 1e7;

/// τ_x, τ_c, τ_w, T and the gate, all in one unit of time, with which the curves do not change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Times {
    /// τ_x of neural firing.
    pub tau_x: f64,
    /// τ_c of retrograde signalling.
    pub tau_c: f64,
    /// τ_w of plasticity; infinite where W is frozen.
    pub tau_w: f64,
    /// T for which an example is shown.
    pub present: f64,
    /// t_g until which plasticity waits; 0 without a gate.
    pub gate: f64,
}

/// Where firing and credit are when an example appears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// x = c = 0.
    Rest,
    /// x at its equilibrium, c = 0.
    CreditAtRest,
    /// c at its equilibrium, x = 0.
    RatesAtRest,
    /// Where the example before left them.
    Previous,
    /// x and c at the equilibrium of this example.
    Equilibrium,
}

impl Start {
    /// The start in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Rest => "from rest",
            Self::CreditAtRest => "credit from rest",
            Self::RatesAtRest => "firing from rest",
            Self::Previous => "from the previous example",
            Self::Equilibrium => "from equilibrium",
        }
    }
}

impl Times {
    /// τ_w divided by the time in which plasticity acts: 1/η.
    fn window(&self) -> f64 {
        self.present - self.gate
    }

    /// η = (T − t_g)/τ_w of D10.
    #[must_use]
    pub fn learning_rate(&self) -> f64 {
        self.window() / self.tau_w
    }

    /// Refuses times that no dynamics has.
    ///
    /// # Errors
    /// [`Error::Input`] naming the option; [`Error::Limit`] where T is more than [`LONGEST`] of the shorter time constant.
    pub fn expect_sound(&self) -> Result<(), Error> {
        let named = [
            ("--tau-x", self.tau_x, false),
            ("--tau-c", self.tau_c, false),
            ("--tau-w", self.tau_w, true),
            ("--present", self.present, false),
        ];
        for (name, value, may_be_infinite) in named {
            if !(value > 0.0 && (value.is_finite() || may_be_infinite)) {
                return Err(Error::input(name, value.to_string(), "a time above 0"));
            }
        }
        if !(0.0..self.present).contains(&self.gate) {
            let expected = format!("a time from 0 to below T = {}", self.present);
            return Err(Error::input("--gate", self.gate.to_string(), expected));
        }
        let shortest = self.tau_x.min(self.tau_c);
        if self.present / shortest > LONGEST {
            let what = "T over the shortest time constant".to_owned();
            // Above 10⁷ and finite, as just found; the cast saturates.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let given = (self.present / shortest) as u64;
            return Err(Error::Limit { what, given, limit: LONGEST as u64 });
        }
        Ok(())
    }
}

/// x, c and D at one time of a presentation.
#[derive(Clone, Copy, Debug)]
pub struct State<'a> {
    /// x, one per neuron.
    pub firing_rate: &'a [f64],
    /// c, one per neuron.
    pub credit: &'a [f64],
    /// D = (W − W₀)/η, one per synapse.
    pub synapses: &'a [f64],
    /// The same of the biases, one per neuron.
    pub biases: &'a [f64],
}

/// What a presentation came to.
#[derive(Clone, Debug)]
pub struct Presented {
    /// x and c at T.
    pub last: Equilibrium,
    /// D = (W − W₀)/η at T.
    pub change: PerParameter,
    /// W₀ + η D: where the weights are at T.
    pub weights: Weights,
    /// g, the gradient of the example at W₀ (D7, or its equivalent on a graph).
    pub gradient: PerParameter,
    /// Accepted and rejected steps.
    pub steps: (u64, u64),
}

/// What is shown, to which network, and how long.
#[derive(Clone, Copy, Debug)]
pub struct Presentation<'a> {
    /// The case, for its gradient.
    pub case: &'a Case,
    /// Its network.
    pub net: &'a Net,
    /// W₀.
    pub weights: &'a Weights,
    /// The example.
    pub shown: &'a Shown,
    /// The timescales.
    pub times: Times,
    /// Where x and c are at the start.
    pub start: Start,
    /// Whether the dynamics feel the change of W, or act on W₀ throughout.
    pub moving: bool,
    /// The error per step, relative to the largest number of its kind.
    pub rtol: f64,
}

impl Presentation<'_> {
    /// Integrates the dynamics of D10 up to T, and calls `sample` at each of `samples` (increasing, within 0 to T).
    ///
    /// `previous` is where the example before left x and c; rest where there was none. The integrator starts anew at t_g.
    ///
    /// Exactness: the error per step is at most `rtol` of the largest x, c or D; the deviation of a whole presentation has been
    /// seen to be off by about as much.
    ///
    /// # Errors
    /// As [`Times::expect_sound`], [`Equilibrium::of`] and [`DormandPrince::advance`].
    pub fn run(
        &self,
        previous: Option<&Equilibrium>,
        samples: &[f64],
        sample: &mut dyn FnMut(f64, State<'_>),
        progress: &mut dyn Progress,
    ) -> Result<Presented, Error> {
        self.times.expect_sound()?;
        let (net, times) = (self.net, &self.times);
        let gradient = gradient(self.case, net, self.weights, self.shown)?;
        let settled = Equilibrium::of(net, self.weights, self.shown)?;
        let (neurons, synapses) = (net.neurons(), net.synapses());
        let mut y = self.initial(previous, &settled);
        y.resize(3 * neurons + synapses, 0.0);
        let scale = [
            (largest(settled.firing_rate.iter().copied()), neurons),
            (largest(settled.credit.iter().copied()), neurons),
            (largest(gradient.iter()), neurons + synapses),
        ];
        let scale: Vec<f64> =
            scale.into_iter().flat_map(|(size, n)| std::iter::repeat_n(size, n)).collect();
        let mut dynamics = Dynamics::of(self);
        let mut solver = DormandPrince::new(0.0, &y, self.rtol);
        let mut stops = samples.iter().copied().peekable();
        let ends = [(times.gate, false), (times.present, true)];
        for (end, plastic) in ends.into_iter().filter(|(end, _)| *end > 0.0) {
            dynamics.plastic = plastic;
            solver.restart();
            while solver.t() < end {
                let stop = stops.peek().copied().filter(|stop| *stop <= end);
                if let Some(stop) = stop {
                    stops.next();
                    if stop > solver.t() {
                        let mut watch = || progress.stage("integrating");
                        solver.advance(&mut dynamics, stop, &scale, &mut watch)?;
                    }
                    sample(stop, State::of(solver.y(), neurons, synapses));
                } else {
                    let mut watch = || progress.stage("integrating");
                    solver.advance(&mut dynamics, end, &scale, &mut watch)?;
                }
            }
        }
        let last = State::of(solver.y(), neurons, synapses);
        let change =
            PerParameter { synapses: last.synapses.to_vec(), biases: last.biases.to_vec() };
        Ok(Presented {
            last: Equilibrium {
                firing_rate: last.firing_rate.to_vec(),
                credit: last.credit.to_vec(),
            },
            weights: moved(self.weights, &change, times.learning_rate()),
            change,
            gradient,
            steps: solver.steps(),
        })
    }

    /// x and c at the start, the inputs clamped.
    fn initial(&self, previous: Option<&Equilibrium>, settled: &Equilibrium) -> Vec<f64> {
        let rest = vec![0.0; self.net.neurons()];
        let (x, c) = match (self.start, previous) {
            (Start::Previous, Some(before)) => (&before.firing_rate, &before.credit),
            (Start::Rest | Start::Previous, _) => (&rest, &rest),
            (Start::CreditAtRest, _) => (&settled.firing_rate, &rest),
            (Start::RatesAtRest, _) => (&rest, &settled.credit),
            (Start::Equilibrium, _) => (&settled.firing_rate, &settled.credit),
        };
        let mut y: Vec<f64> = x.iter().chain(c).copied().collect();
        for (&neuron, &rate) in self.net.inputs.iter().zip(&self.shown.input) {
            y[neuron] = rate;
        }
        y
    }
}

/// Stages of the integration under the name of what is integrated.
pub(super) struct Labelled<'a> {
    pub(super) progress: &'a mut dyn Progress,
    pub(super) label: &'a str,
}

impl Progress for Labelled<'_> {
    fn stage(&mut self, _what: &str) -> Result<(), Error> {
        self.progress.stage(self.label)
    }
}

fn largest(values: impl Iterator<Item = f64>) -> f64 {
    let largest = values.fold(0.0, |most: f64, value| most.max(value.abs()));
    if largest > 0.0 { largest } else { 1.0 }
}

impl<'a> State<'a> {
    fn of(y: &'a [f64], neurons: usize, synapses: usize) -> Self {
        let (firing_rate, rest) = y.split_at(neurons);
        let (credit, rest) = rest.split_at(neurons);
        let (synapses, biases) = rest.split_at(synapses);
        Self { firing_rate, credit, synapses, biases }
    }
}

/// The right-hand side of D10 on (x, c, D).
struct Dynamics<'a> {
    net: &'a Net,
    weights: &'a Weights,
    /// W₀ + η D, or W₀.
    now: Weights,
    target: Vec<(usize, f64)>,
    times: Times,
    moving: bool,
    plastic: bool,
}

impl<'a> Dynamics<'a> {
    fn of(presentation: &Presentation<'a>) -> Self {
        let net = presentation.net;
        Self {
            net,
            weights: presentation.weights,
            now: presentation.weights.clone(),
            target: net
                .outputs
                .iter()
                .copied()
                .zip(presentation.shown.target.iter().copied())
                .collect(),
            times: presentation.times,
            moving: presentation.moving && presentation.times.tau_w.is_finite(),
            plastic: true,
        }
    }
}

impl Ode for Dynamics<'_> {
    fn slope(&mut self, _t: f64, y: &[f64], slope: &mut [f64]) {
        let net = self.net;
        let (neurons, synapses) = (net.neurons(), net.synapses());
        let state = State::of(y, neurons, synapses);
        if self.moving {
            let rate = self.times.learning_rate();
            let add = |now: &mut [f64], first: &[f64], change: &[f64]| {
                for ((now, first), change) in now.iter_mut().zip(first).zip(change) {
                    *now = first + rate * change;
                }
            };
            add(&mut self.now.synapses, &self.weights.synapses, state.synapses);
            add(&mut self.now.biases, &self.weights.biases, state.biases);
        }
        let (dx, rest) = slope.split_at_mut(neurons);
        let (dc, rest) = rest.split_at_mut(neurons);
        let (dw, db) = rest.split_at_mut(synapses);
        // e − c, to which every postsynaptic neuron adds its retrograde signal.
        for (dc, c) in dc.iter_mut().zip(state.credit) {
            *dc = -c;
        }
        for &(neuron, target) in &self.target {
            dc[neuron] += target - state.firing_rate[neuron];
        }
        // What D takes per unit of time so that D = (W − W₀)/η at T.
        let per_time = if self.plastic { 1.0 / self.times.window() } else { 0.0 };
        for post in 0..neurons {
            if net.is_input[post] {
                (dx[post], db[post]) = (0.0, 0.0);
                for &synapse in &net.incoming[post] {
                    dw[synapse] = 0.0;
                }
                continue;
            }
            let s = net.net_input(post, &self.now, state.firing_rate);
            dx[post] = (net.sigma[post].rate(s) - state.firing_rate[post]) / self.times.tau_x;
            let balanced = net.balance_factor(post, s) * state.credit[post];
            for &synapse in &net.incoming[post] {
                let pre = net.ends[synapse].1;
                dc[pre] += self.now.synapses[synapse] * balanced;
                dw[synapse] = per_time * balanced * state.firing_rate[pre];
            }
            db[post] = if net.has_bias[post] { per_time * balanced } else { 0.0 };
        }
        for dc in dc.iter_mut() {
            *dc /= self.times.tau_c;
        }
    }
}
