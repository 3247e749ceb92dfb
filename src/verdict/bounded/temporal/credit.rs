//! T2 to T9 in magnitudes: the sum of all monomials of an entry, and what it inherits from the errors of its factors.

use std::ops::{Add, Mul};

use super::forward::{Numbers, Passed, Step};
use super::{Arithmetic, Sum, Up, Value};
use crate::error::Error;
use crate::spec::{Diagonal, Dtype, Feedback, Form, Modprop, Mu, Taps, TemporalCase, TemporalRule};

/// A polynomial in magnitudes, and what it changes by at most when its variables do.
#[derive(Clone, Copy)]
pub(super) struct Term {
    magnitude: Up,
    error: Up,
}

impl Term {
    pub const ZERO: Self = Self { magnitude: Up::ZERO, error: Up::ZERO };

    pub fn of(value: &Value) -> Self {
        Self { magnitude: value.magnitude(), error: value.error[1] }
    }

    pub fn reached(self) -> Up {
        self.magnitude + self.error
    }

    pub fn error(self) -> Up {
        self.error
    }
}

impl Add for Term {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { magnitude: self.magnitude + other.magnitude, error: self.error + other.error }
    }
}

impl Mul for Term {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let error =
            self.magnitude * other.error + self.error * other.magnitude + self.error * other.error;
        Self { magnitude: self.magnitude * other.magnitude, error }
    }
}

/// How credit goes from one step to the one before.
enum Way {
    /// g_t = a_t + λ g_{t+1} + (1−λ) f_t ∘ Ŵᵀ g_{t+1} with f = h, or f = μ in the autodiff form.
    Adjoint { with_mu: bool },
    /// Λ̂_t from so many steps ahead, with what a relay keeps.
    Taps { count: usize, kept: Term },
}

/// A rule on a case.
pub(super) struct Credit<'a> {
    numbers: &'a Numbers,
    arithmetic: Arithmetic,
    leak: Term,
    gain: Term,
    /// |Ŵ|, [post][pre]
    feedback: Vec<Vec<Term>>,
    mu: Vec<Term>,
    way: Way,
}

impl<'a> Credit<'a> {
    pub fn of(
        case: &TemporalCase,
        numbers: &'a Numbers,
        rule: &TemporalRule,
        format: Dtype,
    ) -> Result<Self, Error> {
        let (leak, gain) = (Term::of(&numbers.leak), Term::of(&numbers.gain));
        let neurons = case.network.neurons();
        let nothing = Modprop {
            feedback: Feedback::Cell,
            taps: Taps::Count(0),
            mu: Mu::Scalar(num_traits::Zero::zero()),
            form: Form::Filter,
        };
        let (modprop, way) = match rule {
            TemporalRule::Eprop => (nothing, Way::Taps { count: 0, kept: leak }),
            TemporalRule::Mdgl { feedback } => {
                (Modprop { feedback: *feedback, ..nothing }, Way::Taps { count: 1, kept: leak })
            }
            TemporalRule::Modprop(rule) => {
                let count = match rule.taps {
                    Taps::All => case.duration(),
                    Taps::Count(count) => count.min(case.duration()),
                };
                let way = match rule.form {
                    Form::Autodiff => Way::Adjoint { with_mu: true },
                    Form::Filter => Way::Taps { count, kept: leak },
                    Form::NoLeak => Way::Taps { count, kept: Term::ZERO },
                };
                (rule.clone(), way)
            }
            TemporalRule::Bptt
            | TemporalRule::Rtrl
            | TemporalRule::FactorisedRtrl
            | TemporalRule::Tangent => (nothing, Way::Adjoint { with_mu: false }),
        };
        if let Mu::PerCell(list) = &modprop.mu
            && list.len() != neurons
        {
            let found = format!("{} numbers", list.len());
            return Err(Error::input("mu", found, neurons.to_string()));
        }
        let mu = |cell| Term::of(&Value::rounded(&modprop.mu.of(cell), format));
        Ok(Self {
            arithmetic: numbers.neurons.arithmetic[1],
            leak,
            gain,
            feedback: feedback(case, numbers, modprop.feedback)?,
            mu: (0..neurons).map(mu).collect(),
            way,
            numbers,
        })
    }

    /// The bounds of ∂L/∂W and ∂L/∂U, or of their products with a number that is multiplied in anywhere.
    pub fn bounds(
        &self,
        passed: &[Passed],
        scale: Option<&Value>,
    ) -> (Vec<Vec<f64>>, Vec<Vec<f64>>) {
        let inputs = self.numbers.input.first().map_or(0, Vec::len);
        let neurons = self.numbers.recurrent.len();
        let mut recurrent = vec![vec![Term::ZERO; neurons]; neurons];
        let mut input = vec![vec![Term::ZERO; inputs]; neurons];
        for example in passed {
            match self.way {
                Way::Adjoint { with_mu } => {
                    self.adjoint(with_mu, example, &mut recurrent, &mut input);
                }
                Way::Taps { count, kept } => {
                    self.taps(count, kept, example, &mut recurrent, &mut input);
                }
            }
        }
        let (mut roundings, mut underflow) = (self.roundings(passed), self.underflow(passed));
        let scale = scale.map(Term::of);
        if let Some(scale) = scale {
            // By itself, or with 1/B or 1−λ first.
            roundings += 3;
            underflow = underflow * (Up::ONE + scale.reached());
        }
        // B is a count of examples in memory.
        #[allow(clippy::cast_precision_loss)]
        let batch = passed.len() as f64;
        let bound = |term: &Term| {
            let term = scale.map_or(*term, |scale| scale * *term);
            if term.reached() == Up::ZERO {
                return 0.0;
            }
            let rounding = self.arithmetic.gamma(roundings) * term.reached();
            ((term.error + rounding + underflow) / batch).value()
        };
        let all =
            |rows: &[Vec<Term>]| rows.iter().map(|row| row.iter().map(bound).collect()).collect();
        (all(&recurrent), all(&input))
    }

    /// g_t, whose products with z_{t−1} and x_t are the derivatives.
    fn adjoint(
        &self,
        with_mu: bool,
        example: &Passed,
        recurrent: &mut [Vec<Term>],
        input: &mut [Vec<Term>],
    ) {
        let mut later = vec![Term::ZERO; self.mu.len()];
        for (t, step) in example.steps.iter().enumerate().rev() {
            let arrived = self.back(&later);
            let now = self.gated(step).into_iter().enumerate().map(|(p, a)| {
                let factor = if with_mu { self.mu[p] } else { Term::of(&step.slope[p]) };
                a + self.leak * later[p] + factor * arrived[p]
            });
            later = now.collect();
            for (p, g) in later.iter().enumerate() {
                let scaled = self.gain * *g;
                add(&mut recurrent[p], scaled, example.rates_before(t));
                add(&mut input[p], scaled, &step.input);
            }
        }
    }

    /// Λ̂_t ∘ h_t, whose products with the traces are the derivatives.
    fn taps(
        &self,
        count: usize,
        kept: Term,
        example: &Passed,
        recurrent: &mut [Vec<Term>],
        input: &mut [Vec<Term>],
    ) {
        let steps = &example.steps;
        let gated: Vec<Vec<Term>> = steps.iter().map(|step| self.gated(step)).collect();
        let mut trace = vec![Term::ZERO; self.mu.len()];
        let inputs = self.numbers.input.first().map_or(0, Vec::len);
        let mut input_trace = vec![Term::ZERO; inputs];
        for (t, step) in steps.iter().enumerate() {
            self.follow(&mut trace, example.rates_before(t));
            self.follow(&mut input_trace, &step.input);
            let mut relayed = vec![Term::ZERO; self.mu.len()];
            for a in gated[t + 1..].iter().take(count).rev() {
                let arrived = self.back(&relayed);
                relayed = (0..a.len())
                    .map(|p| a[p] + kept * relayed[p] + self.mu[p] * arrived[p])
                    .collect();
            }
            let arrived = self.back(&relayed);
            for (p, a) in gated[t].iter().enumerate() {
                let credit = *a + Term::of(&step.slope[p]) * arrived[p];
                for (entry, e) in recurrent[p].iter_mut().zip(&trace) {
                    *entry = *entry + credit * *e;
                }
                for (entry, e) in input[p].iter_mut().zip(&input_trace) {
                    *entry = *entry + credit * *e;
                }
            }
        }
    }

    /// a_t = h_t ∘ Vᵀ ϵ_t
    fn gated(&self, step: &Step) -> Vec<Term> {
        let of_cell = |(p, h): (usize, &Value)| {
            let signals = self.numbers.readout.iter().zip(&step.readout_error);
            let signal = signals
                .fold(Term::ZERO, |sum, (row, error)| sum + Term::of(&row[p]) * Term::of(error));
            Term::of(h) * signal
        };
        step.slope.iter().enumerate().map(of_cell).collect()
    }

    /// (1−λ) Ŵᵀ v
    fn back(&self, vector: &[Term]) -> Vec<Term> {
        let to = |p: usize| {
            let pairs = self.feedback.iter().zip(vector);
            self.gain * pairs.fold(Term::ZERO, |sum, (row, v)| sum + row[p] * *v)
        };
        (0..vector.len()).map(to).collect()
    }

    /// ε ← λ ε + (1−λ) v
    fn follow(&self, trace: &mut [Term], values: &[Value]) {
        for (e, value) in trace.iter_mut().zip(values) {
            *e = self.leak * *e + self.gain * Term::of(value);
        }
    }

    /// How many roundings a monomial passes through at most, in any order of evaluation.
    ///
    /// A step of a relay or of a trace costs at most N + K + 12 (one sum over the N cells or types and the K readouts, the products in
    /// it, the coefficients of a channel); the readout K + 2, the sums over types and cells N, and what is added up over B, T, taps or cells B·T·(T + N).
    fn roundings(&self, passed: &[Passed]) -> usize {
        let (neurons, readouts) = (self.numbers.recurrent.len(), self.numbers.readout.len());
        let steps = passed.first().map_or(0, |example| example.steps.len());
        steps * (neurons + readouts + 12)
            + neurons
            + readouts
            + passed.len() * steps * (steps + neurons)
            + 16
    }

    /// What all underflows together may do to an entry.
    ///
    /// One is at most the smallest float. It is multiplied by what is left of a monomial, summed over all ways through the cells: a step
    /// of them is a matrix whose rows and columns add up to no more than `step`, and what arrives at one place is summed over T.
    fn underflow(&self, passed: &[Passed]) -> Up {
        let largest = |values: &mut dyn Iterator<Item = Term>| {
            values.fold(Up::ZERO, |largest, value| largest.max(value.reached()))
        };
        let steps = || passed.iter().flat_map(|example| &example.steps);
        let of =
            |pick: fn(&Step) -> &Vec<Value>| largest(&mut steps().flat_map(pick).map(Term::of));
        let (h, z, x) = (of(|s| &s.slope), of(|s| &s.rate), of(|s| &s.input));
        let z = z.max(largest(&mut passed.iter().flat_map(|e| &e.initial).map(Term::of)));
        let error = of(|s| &s.readout_error);
        let v = largest(&mut self.numbers.readout.iter().flatten().map(Term::of));
        let mu = largest(&mut self.mu.iter().copied());
        let sum = |all: &mut dyn Iterator<Item = Term>| all.fold(Term::ZERO, |sum, w| sum + w);
        let rows = self.feedback.iter().map(|row| sum(&mut row.iter().copied()));
        let columns = (0..self.mu.len()).map(|p| sum(&mut self.feedback.iter().map(|row| row[p])));
        let weights = largest(&mut rows.chain(columns));
        let gain = self.gain.reached();
        let step = self.leak.reached() + gain * weights * Up::ONE.max(h).max(mu);
        let step = step.max(Up::ONE);
        let duration = passed.first().map_or(0, |example| example.steps.len());
        let ends = (Up::ONE + h) * (Up::ONE + h) * (Up::ONE + z + x) * (Up::ONE + gain);
        let readouts = self.numbers.readout.len();
        let signal = (Up::ONE + v) * (Up::ONE + error) * Up::count(readouts);
        let grown =
            (0..duration).fold(ends * signal * (Up::ONE + weights), |grown, _| grown * step);
        let inputs = self.numbers.input.first().map_or(0, Vec::len);
        let size = self.mu.len() + readouts + inputs + 8;
        let operations = Up::count(size * size * size * size)
            * Up::count((duration + 1) * (duration + 1) * (duration + 1))
            * Up::count(passed.len());
        operations * grown * self.arithmetic.tiny
    }
}

fn add(entries: &mut [Term], factor: Term, values: &[Value]) {
    for (entry, value) in entries.iter_mut().zip(values) {
        *entry = *entry + factor * Term::of(value);
    }
}

/// |Ŵ|; where a mean stands for a weight, the diagonal is that mean less itself.
fn feedback(
    case: &TemporalCase,
    numbers: &Numbers,
    feedback: Feedback,
) -> Result<Vec<Vec<Term>>, Error> {
    let Feedback::Type(diagonal) = feedback else {
        return Ok(numbers
            .recurrent
            .iter()
            .map(|row| row.iter().map(Term::of).collect())
            .collect());
    };
    let Some(types) = &case.network.types else {
        return Err(Error::unsupported("type-specific feedback in a network without \"types\""));
    };
    let arithmetic = &numbers.neurons.arithmetic;
    let count = types.iter().max().map_or(0, |last| last + 1);
    let nothing = || (Sum::new(arithmetic), 0_u32);
    let mut sums: Vec<Vec<_>> =
        (0..count).map(|_| (0..count).map(|_| nothing()).collect()).collect();
    for (post, row) in numbers.recurrent.iter().enumerate() {
        for (pre, weight) in row.iter().enumerate() {
            if post != pre || diagonal == Diagonal::Counted {
                let (sum, pairs) = &mut sums[types[post]][types[pre]];
                sum.add(&[*weight]);
                *pairs += 1;
            }
        }
    }
    let mean = |(sum, pairs): (Sum, u32)| match pairs {
        0 => Term::ZERO,
        pairs => Term::of(&sum.over(f64::from(pairs), 2)),
    };
    let means: Vec<Vec<Term>> =
        sums.into_iter().map(|row| row.into_iter().map(mean).collect()).collect();
    let entry = |post: usize, pre: usize| {
        let mean = means[types[post]][types[pre]];
        if post == pre { mean + mean } else { mean }
    };
    Ok((0..types.len()).map(|j| (0..types.len()).map(|p| entry(j, p)).collect()).collect())
}
