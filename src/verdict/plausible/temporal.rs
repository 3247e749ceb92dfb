//! Standard deviations of a gradient over time (T1, T2), from roundings that are drawn.
//!
//! ```text
//! s_t = λ s_{t−1} + (1−λ)(W z_{t−1} + U x_t + c)     e_t = V z_t + b − y*_t
//! g_t = h_t ∘ (Vᵀ e_t + (1−λ) Wᵀ g_{t+1}) + λ g_{t+1}
//! ∂L/∂W = ⟨Σ_t (1−λ) g_t z_{t−1}ᵀ⟩     ∂L/∂V = ⟨Σ_t e_t z_tᵀ⟩
//! ```

use num_rational::BigRational;

use super::drawn::{Drawn, Draws, Entries, Of, Products, ROUNDS, expect_affordable};
use super::{Error, Reaction};
use crate::spec::{Dtype, Sequence, TemporalCase, TemporalGradient};

/// Roundings of scalings: 1/B, 1−λ, and what else a loss may be multiplied by on its way.
const SCALINGS: f64 = 4.0;

/// A standard deviation for the loss and every entry of ∂L/∂W, ∂L/∂U and so on, in a format.
///
/// Shapes: those of the parameters. Exactness: an estimate in f64 under the assumption of [`super`].
///
/// # Errors
/// [`Error::Unsupported`] where the draws would take too long; [`Error::NotFinite`] where some number leaves f64, or a net input is off by
/// so much that first order says nothing, as in a network that amplifies its roundings from step to step.
pub fn temporal_spread(case: &TemporalCase, format: Dtype) -> Result<TemporalGradient<f64>, Error> {
    let shape = Shape::of(case);
    expect_affordable(shape.multiplications(case), shape.held(case))?;
    let reaction = Reaction::of(&case.network.activation, case.kink, format)?;
    let mut entries = Entries::new(shape.loss() + 1);
    let mut factors = Vec::new();
    for round in 0..ROUNDS {
        let mut draws = Draws::new(round, format);
        let net = Net::of(case, &mut draws);
        factors.clear();
        for example in &case.examples {
            let passed = net.forward(case, example, &reaction, &mut draws)?;
            net.backward(&passed, &shape, &mut draws, &mut entries, &mut factors);
        }
        draws.expect_in_reach()?;
        entries.end_round();
    }
    // The terms of the last sums are the same in all rounds.
    let draws = Draws::new(0, format);
    let of_sum = |entry: usize| {
        let terms: Vec<f64> = factors.iter().filter_map(|step| shape.term(step, entry)).collect();
        let total = terms.iter().sum();
        draws.of_terms(terms, total, SCALINGS)
    };
    let found = entries.deviations(case.examples.len(), of_sum)?;
    Ok(shape.gradient(case, &found))
}

/// N, M with the input that is always 1, and K; entries are counted in the order W, U with c, V with b, loss.
struct Shape {
    neurons: usize,
    inputs: usize,
    readouts: usize,
}

/// (1−λ) g_t, z_{t−1}, x_t, e_t, z_t.
struct Factors {
    credit: Vec<f64>,
    before: Vec<f64>,
    input: Vec<f64>,
    error: Vec<f64>,
    rate: Vec<f64>,
}

impl Shape {
    fn of(case: &TemporalCase) -> Self {
        let net = &case.network;
        Self {
            neurons: net.neurons(),
            inputs: net.inputs() + usize::from(net.biases.is_some()),
            readouts: net.readouts(),
        }
    }

    fn recurrent(&self, post: usize, pre: usize) -> usize {
        post * self.neurons + pre
    }

    fn input(&self, post: usize, input: usize) -> usize {
        self.neurons * self.neurons + post * self.inputs + input
    }

    /// The last column is that of the biases.
    fn readout(&self, readout: usize, pre: usize) -> usize {
        self.neurons * (self.neurons + self.inputs) + readout * (self.neurons + 1) + pre
    }

    fn loss(&self) -> usize {
        self.readout(self.readouts, 0)
    }

    /// Three matrix products a step, and the terms of the entries.
    fn multiplications(&self, case: &TemporalCase) -> f64 {
        // Counts of numbers in memory.
        #[allow(clippy::cast_precision_loss)]
        let [n, m, k, steps] =
            [self.neurons, self.inputs, self.readouts, case.duration() * case.examples.len()]
                .map(|count| count as f64);
        4.0 * steps * (n + 1.0) * (n + m + 2.0 * k)
    }

    /// The entries, and one example.
    fn held(&self, case: &TemporalCase) -> usize {
        let of_step = 3 * self.neurons + self.inputs + 2 * self.readouts;
        self.loss().saturating_add(of_step.saturating_mul(case.duration()))
    }

    /// What one step adds to an entry.
    fn term(&self, step: &Factors, entry: usize) -> Option<f64> {
        let n = self.neurons;
        let product = if entry < self.input(0, 0) {
            step.credit[entry / n] * step.before[entry % n]
        } else if entry < self.readout(0, 0) {
            let at = entry - self.input(0, 0);
            step.credit[at / self.inputs] * step.input[at % self.inputs]
        } else if entry < self.loss() {
            let at = entry - self.readout(0, 0);
            step.error[at / (n + 1)] * step.rate[at % (n + 1)]
        } else {
            // All readouts together: the loss is no entry of a gradient, and its terms are positive.
            step.error.iter().map(|e| e * e / 2.0).sum()
        };
        Some(product).filter(|product| *product != 0.0)
    }

    fn gradient(&self, case: &TemporalCase, found: &[f64]) -> TemporalGradient<f64> {
        let net = &case.network;
        let row = |first: usize, count: usize| found[first..first + count].to_vec();
        let of_neurons = |p: usize| found[self.input(p, self.inputs - 1)];
        TemporalGradient {
            loss: found[self.loss()],
            recurrent: (0..self.neurons).map(|p| row(self.recurrent(p, 0), self.neurons)).collect(),
            input: (0..self.neurons).map(|p| row(self.input(p, 0), net.inputs())).collect(),
            biases: net.biases.as_ref().map(|_| (0..self.neurons).map(of_neurons).collect()),
            readout: (0..self.readouts).map(|k| row(self.readout(k, 0), self.neurons)).collect(),
            readout_biases: net.readout_biases.as_ref().map(|_| {
                (0..self.readouts).map(|k| found[self.readout(k, self.neurons)]).collect()
            }),
        }
    }
}

/// The parameters of a case in one round of draws.
struct Net {
    /// λ and 1−λ
    leak: Drawn,
    gain: Drawn,
    /// (1−λ) W; (1−λ) U with c in the last column; V; b
    recurrent: Vec<Vec<Drawn>>,
    input: Vec<Vec<Drawn>>,
    readout: Vec<Vec<Drawn>>,
    biases: Option<Vec<Drawn>>,
}

/// One example: z_0, and its steps.
struct Passed {
    initial: Vec<Drawn>,
    steps: Vec<Step>,
}

struct Step {
    input: Vec<Drawn>,
    rate: Vec<Drawn>,
    slope: Vec<Drawn>,
    error: Vec<Drawn>,
}

impl Net {
    fn of(case: &TemporalCase, draws: &mut Draws) -> Self {
        let net = &case.network;
        let leak = draws.parameter(&net.leak);
        let gain = match leak.value == 0.0 {
            true => Drawn::exactly(1.0),
            false => draws.sum(&Drawn::exactly(1.0), &leak.negated(), Of::Gain),
        };
        // Their roundings are among those of the sums.
        let mut gained = |value: &BigRational| {
            let value = draws.parameter(value);
            draws.product(&gain, &value, 0.0, Of::Gain)
        };
        let mut matrix = |rows: &[Vec<BigRational>]| -> Vec<Vec<Drawn>> {
            rows.iter().map(|row| row.iter().map(&mut gained).collect()).collect()
        };
        let (recurrent, mut input) = (matrix(&net.recurrent), matrix(&net.input));
        for (row, bias) in input.iter_mut().zip(net.biases.iter().flatten()) {
            row.push(gained(bias));
        }
        let mut given = |row: &Vec<BigRational>| -> Vec<Drawn> {
            row.iter().map(|value| draws.parameter(value)).collect()
        };
        let readout = net.readout.iter().map(&mut given).collect();
        let biases = net.readout_biases.as_ref().map(given);
        Self { leak, gain, recurrent, input, readout, biases }
    }

    fn forward(
        &self,
        case: &TemporalCase,
        example: &Sequence,
        reaction: &Reaction,
        draws: &mut Draws,
    ) -> Result<Passed, Error> {
        let mut given = |row: &Vec<BigRational>| -> Vec<Drawn> {
            row.iter().map(|value| draws.parameter(value)).collect()
        };
        let rest = || vec![Drawn::exactly(0.0); self.recurrent.len()];
        let initial = example.initial.as_ref().map_or_else(rest, &mut given);
        let inputs: Vec<_> = example.input.iter().map(&mut given).collect();
        let targets: Vec<_> = example.target.iter().map(&mut given).collect();
        let (mut state, mut rate) = (initial.clone(), initial.clone());
        let mut steps = Vec::new();
        for (t, (mut input, target)) in inputs.into_iter().zip(targets).enumerate() {
            input.extend(case.network.biases.as_ref().map(|_| Drawn::exactly(1.0)));
            let (mut next, mut fired, mut slope) = (Vec::new(), Vec::new(), Vec::new());
            for (post, earlier) in state.iter().enumerate() {
                let mut sum = Products::default();
                sum.add(&self.leak, earlier);
                let synapses = self.recurrent[post].iter().zip(&rate);
                let synapses = synapses.chain(self.input[post].iter().zip(&input));
                synapses.for_each(|(weight, rate)| sum.add(weight, rate));
                let s = draws.rounded(sum, SCALINGS, Of::NetInput);
                let [z, h] = draws.fired(reaction, &s)?;
                next.push(s);
                fired.push(z);
                slope.push(h);
            }
            (state, rate) = (next, fired);
            let counts = case.steps.count(t + 1, example.input.len());
            let mut of_readout = |(k, target): (usize, &Drawn)| match counts {
                true => self.error(k, &rate, target, draws),
                false => Drawn::exactly(0.0),
            };
            let error = target.iter().enumerate().map(&mut of_readout).collect();
            steps.push(Step { input, rate: rate.clone(), slope, error });
        }
        Ok(Passed { initial, steps })
    }

    /// V z + b − y*
    fn error(&self, k: usize, rate: &[Drawn], target: &Drawn, draws: &mut Draws) -> Drawn {
        let one = Drawn::exactly(1.0);
        let mut sum = Products::default();
        self.readout[k].iter().zip(rate).for_each(|(weight, rate)| sum.add(weight, rate));
        if let Some(biases) = &self.biases {
            sum.add(&biases[k], &one);
        }
        let said = draws.rounded(sum, 0.0, Of::NetInput);
        let mut difference = Products::default();
        difference.add(&said, &one);
        difference.add(&target.negated(), &one);
        draws.rounded(difference, SCALINGS, Of::Error)
    }

    /// Adds what one example contributes to every entry.
    fn backward(
        &self,
        passed: &Passed,
        shape: &Shape,
        draws: &mut Draws,
        entries: &mut Entries,
        factors: &mut Vec<Factors>,
    ) {
        let (one, half) = (Drawn::exactly(1.0), Drawn::exactly(0.5));
        let nothing = || vec![Drawn::exactly(0.0); shape.neurons];
        let mut later = nothing();
        for (t, step) in passed.steps.iter().enumerate().rev() {
            let before = t.checked_sub(1).map_or(&passed.initial, |t| &passed.steps[t].rate);
            later = (0..shape.neurons).map(|p| self.credit(p, step, &later, draws)).collect();
            let gained: Vec<Drawn> =
                later.iter().map(|g| draws.product(&self.gain, g, 1.0, Of::Gain)).collect();
            for (p, g) in gained.iter().enumerate() {
                let of_rates = before.iter().enumerate();
                of_rates.for_each(|(q, z)| entries.add(shape.recurrent(p, q), g, z));
                let of_inputs = step.input.iter().enumerate();
                of_inputs.for_each(|(m, x)| entries.add(shape.input(p, m), g, x));
            }
            for (k, e) in step.error.iter().enumerate() {
                let of_rates = step.rate.iter().chain([&one]).enumerate();
                of_rates.for_each(|(q, z)| entries.add(shape.readout(k, q), e, z));
                // d(½ e²) = e de
                let halved = draws.product(e, &half, 0.0, Of::Gain);
                entries.add(shape.loss(), &halved, e);
            }
            let values = |all: &[Drawn]| all.iter().map(|drawn| drawn.value).collect();
            let rate = step.rate.iter().chain([&one]).map(|drawn| drawn.value).collect();
            factors.push(Factors {
                credit: values(&gained),
                before: values(before),
                input: values(&step.input),
                error: values(&step.error),
                rate,
            });
        }
    }

    /// g of one neuron.
    fn credit(&self, p: usize, step: &Step, later: &[Drawn], draws: &mut Draws) -> Drawn {
        let mut sum = Products::default();
        let readouts = self.readout.iter().zip(&step.error);
        let neurons = self.recurrent.iter().zip(later);
        readouts.chain(neurons).for_each(|(row, credit)| sum.add(&row[p], credit));
        let arrived = draws.rounded(sum, SCALINGS, Of::Credit);
        let here = draws.product(&step.slope[p], &arrived, 2.0, Of::Delta);
        match self.leak.value == 0.0 {
            true => here,
            false => {
                let kept = draws.product(&self.leak, &later[p], 1.0, Of::Delta);
                draws.sum(&here, &kept, Of::Delta)
            }
        }
    }
}
