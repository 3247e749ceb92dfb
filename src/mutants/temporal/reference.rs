//! A plain implementation of the model over time, and what all its rules have in common.

mod cut;
mod rules;
mod taps;

use num_bigint::BigInt;
use num_rational::BigRational;

use crate::error::Error;
use crate::mutants::functions::{fixed_random, other_side, rate, slope};
use crate::mutants::{Hook, Mutant as M};
use crate::scalar::Rational;
use crate::spec::{Class, Limits, Temporal, TemporalCase, TemporalGradient};

use super::algebra::{
    Matrix, Row, add, add_outer, by_entry, rationals, row_of, scaled, sum, times, transposed, zeros,
};
use super::host::Host;

pub use cut::Cut;

/// A number to 128 bits.
pub(super) fn shortened(value: &Rational) -> Rational {
    const BITS: u64 = 128;
    let value = value.plain();
    let (p, q) = (value.numer(), value.denom());
    let excess = p.bits().saturating_sub(q.bits() + BITS);
    let shift = (q.bits() + BITS).saturating_sub(p.bits());
    let mantissa = (p << shift) / (q << excess);
    let power = |bits: u64| BigInt::from(1) << bits;
    Rational::of(&BigRational::new(mantissa * power(excess), power(shift)))
}

/// Products in the longest formula of σ or σ'.
const FUNCTION: usize = 4;

/// A plain implementation of T1–T9 in ℚ, with one hook per mutant.
///
/// With no mutant it must agree with the textbook engines on every witness: otherwise a kill
/// would prove nothing. It calls no engine and no engine calls it. Time counts from 1, as in the equations: row 0 is
/// what there is before the first step.
#[derive(Debug)]
pub struct TemporalReference<'a> {
    pub(super) case: &'a TemporalCase,
    pub(super) net: &'a Temporal,
    pub(super) weights: Weights,
    pub(super) limits: Limits,
}

/// The numbers of the network.
#[derive(Debug)]
pub(super) struct Weights {
    /// λ
    pub leak: Rational,
    /// W
    pub recurrent: Matrix,
    /// U
    input: Matrix,
    /// c
    biases: Option<Row>,
    /// V
    readout: Matrix,
    /// b
    readout_biases: Option<Row>,
}

impl Weights {
    fn of(net: &Temporal) -> Self {
        Self {
            leak: Rational::of(&net.leak),
            recurrent: rationals(&net.recurrent),
            input: rationals(&net.input),
            biases: net.biases.as_deref().map(row_of),
            readout: rationals(&net.readout),
            readout_biases: net.readout_biases.as_deref().map(row_of),
        }
    }
}

/// One sequence, row t of each being step t.
#[derive(Clone, Debug)]
pub(super) struct Run {
    /// x; with biases one more input that is always 1
    pub x: Matrix,
    /// s
    s: Matrix,
    /// z
    pub z: Matrix,
    /// h
    pub h: Matrix,
    /// ϵ
    error: Matrix,
    /// ℓ
    pub l: Matrix,
    /// a
    pub a: Matrix,
    loss: Rational,
}

impl Run {
    /// T
    pub fn last(&self) -> usize {
        self.x.len() - 1
    }

    /// The rate that a synapse sees at step t.
    pub fn pre(&self, t: usize, hook: &Hook) -> &Row {
        &self.z[if hook.on(M::T29) { t } else { t - 1 }]
    }

    /// The input that a synapse sees at step t.
    pub fn input(&self, t: usize, hook: &Hook) -> &Row {
        &self.x[if hook.on(M::T30) { t - 1 } else { t }]
    }
}

/// ∂L_b/∂W and ∂L_b/∂U of one sequence, or a rule's estimate; with biases their derivatives are the last column of U.
pub(super) struct Estimate {
    pub recurrent: Matrix,
    pub input: Matrix,
}

/// What a synapse hands on to the next sequence if nobody resets it.
#[derive(Default)]
pub(super) struct Memory {
    /// ε of W and of U
    pub traces: Option<(Row, Row)>,
    /// P of W and of U, by postsynaptic and presynaptic side of the synapse
    pub jacobian: Option<[Vec<Matrix>; 2]>,
}

impl<'a> TemporalReference<'a> {
    /// The reference on a case.
    #[must_use]
    pub fn new(case: &'a TemporalCase, limits: &Limits) -> Self {
        Self {
            case,
            net: &case.network,
            weights: Weights::of(&case.network),
            limits: limits.clone(),
        }
    }

    /// What a rule makes of the case, with or without a mutant.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a transcendental activation and for type-specific feedback without types,
    /// [`Error::Limit`] for numbers that grow too long.
    pub fn gradient(
        &self,
        host: &Host,
        hook: &Hook,
    ) -> Result<TemporalGradient<BigRational>, Error> {
        let rule = rules::Rule::of(self, host, hook)?;
        self.summed(hook, |run, memory| rule.estimate(run, memory, hook))
    }

    /// What comes of all sequences, with the estimate of each.
    fn summed(
        &self,
        hook: &Hook,
        mut estimate: impl FnMut(&Run, &mut Memory) -> Result<Estimate, Error>,
    ) -> Result<TemporalGradient<BigRational>, Error> {
        let (n, m, k) = (self.net.neurons(), self.inputs(), self.net.readouts());
        let empty = || TemporalGradient {
            loss: Rational::zero(),
            recurrent: zeros(n, n),
            input: zeros(n, m),
            biases: None,
            readout: zeros(k, n),
            readout_biases: self.net.readout_biases.is_some().then(|| zeros(1, k).remove(0)),
        };
        let mut total = empty();
        let (mut before, mut memory) = (None, Memory::default());
        for b in 0..self.case.examples.len() {
            let run = self.fire(b, before.as_ref(), hook)?;
            let found = estimate(&run, &mut memory)?;
            if b > 0 && hook.on(M::T28) {
                total = empty();
            }
            total.loss += &run.loss;
            add(&mut total.recurrent, &found.recurrent);
            add(&mut total.input, &found.input);
            for t in 1..=run.last() {
                let rates = if hook.on(M::T12) { &run.z[t - 1] } else { &run.z[t] };
                add_outer(&mut total.readout, &run.error[t], rates);
                if t == run.last() || !hook.on(M::T40) {
                    for (bias, error) in
                        total.readout_biases.iter_mut().flatten().zip(&run.error[t])
                    {
                        *bias += error;
                    }
                }
            }
            before = Some(run);
        }
        Ok(self.finish(total, hook)?.map(Rational::plain))
    }

    /// [`Self::gradient`] with this mutant; none where it has no meaning or was never reached.
    ///
    /// # Errors
    /// As [`Self::gradient`].
    pub fn mutated(
        &self,
        host: &Host,
        mutant: M,
    ) -> Result<Option<TemporalGradient<BigRational>>, Error> {
        if !mutant.has_meaning_in(host) {
            return Ok(None);
        }
        let hook = Hook::plant(mutant);
        let found = self.gradient(host, &hook)?;
        Ok(hook.fired().then_some(found))
    }

    /// The mean over the sequences, and what may happen to it before somebody reads it.
    fn finish(
        &self,
        total: TemporalGradient<Rational>,
        hook: &Hook,
    ) -> Result<TemporalGradient<Rational>, Error> {
        let batch = self.case.examples.len();
        let mut share = Rational::one_over(batch);
        if batch > 1 && hook.on(M::T27) {
            share = Rational::one();
        }
        let loss = total.loss * &share;
        if hook.on(M::T35) {
            share = -share;
        }
        let mut recurrent = scaled(&total.recurrent, &share);
        self.within(recurrent.iter().flatten())?;
        if recurrent.len() > 1 && hook.on(M::T37) {
            recurrent = transposed(&recurrent);
        }
        if hook.on(M::T38) {
            for (k, row) in recurrent.iter_mut().enumerate() {
                row[k] = Rational::zero();
            }
        }
        let mut input = scaled(&total.input, &share);
        let biases = self.net.biases.is_some();
        Ok(TemporalGradient {
            loss,
            recurrent,
            biases: biases.then(|| input.iter_mut().filter_map(Vec::pop).collect()),
            input,
            readout: scaled(&total.readout, &share),
            readout_biases: total
                .readout_biases
                .map(|biases| biases.iter().map(|bias| bias * &share).collect()),
        })
    }

    /// No derivatives yet.
    pub(super) fn nothing(&self) -> Estimate {
        let n = self.net.neurons();
        Estimate { recurrent: zeros(n, n), input: zeros(n, self.inputs()) }
    }

    /// How many inputs there are, the one that is always 1 among them.
    pub(super) fn inputs(&self) -> usize {
        self.net.inputs() + usize::from(self.net.biases.is_some())
    }

    /// T1: s_t = λ s_{t−1} + (1−λ)(W z_{t−1} + U x_t + c), z_t = σ(s_t), y_t = V z_t + b, ϵ_t = w_t (y_t − y*_t), ℓ_t = Vᵀ ϵ_t, a_t = h_t ∘ ℓ_t.
    fn fire(&self, b: usize, before: Option<&Run>, hook: &Hook) -> Result<Run, Error> {
        let example = &self.case.examples[b];
        let (net, weights, last) = (self.net, &self.weights, example.input.len());
        let kept = before.filter(|_| hook.on(M::T01));
        let nothing = || vec![Rational::zero(); net.neurons()];
        let rest = example.initial.as_deref().map_or_else(nothing, row_of);
        let mut s = vec![kept.map_or_else(|| rest.clone(), |run| run.s[last].clone())];
        let mut z = vec![kept.map_or(rest, |run| run.z[last].clone())];
        let mut x = zeros(1, net.inputs());
        x.extend(rationals(&example.input));
        let mut synapses = weights.input.clone();
        if let Some(biases) = &weights.biases {
            x.iter_mut().for_each(|row| row.push(Rational::one()));
            synapses.iter_mut().zip(biases).for_each(|(row, bias)| row.push(bias.clone()));
        }
        let targets = rationals(&example.target);
        for t in 1..=last {
            let current = sum(&times(&weights.recurrent, &z[t - 1]), &times(&synapses, &x[t]));
            let mix = |(old, new): (&Rational, &Rational)| &weights.leak * old + self.gain() * new;
            s.push(s[t - 1].iter().zip(&current).map(mix).collect());
            self.within(&s[t])?;
            z.push(s[t].iter().map(|s| self.rate(s)).collect::<Result<_, _>>()?);
            self.within(&z[t])?;
        }
        let mut h: Matrix = Vec::new();
        for t in 0..=last {
            let at = if hook.on(M::T31) { &z[t] } else { &s[t] };
            h.push(at.iter().map(|s| self.slope(s, hook)).collect::<Result<_, _>>()?);
        }
        if hook.on(M::T03) {
            h.insert(0, h[0].clone());
        }
        let mut run = Run {
            error: zeros(last + 1, net.readouts()),
            l: zeros(last + 1, net.neurons()),
            a: zeros(last + 1, net.neurons()),
            loss: Rational::zero(),
            x,
            s,
            z,
            h,
        };
        let back = self.feedback_from_readouts(hook);
        for t in 1..=last {
            if !self.case.steps.count(t, last) && !hook.on(M::T26) {
                continue;
            }
            let rates = &run.z[if hook.on(M::T11) { t - 1 } else { t }];
            let mut y = times(&weights.readout, rates);
            if let Some(biases) = &weights.readout_biases {
                y = sum(&y, biases);
            }
            let errors = y.iter().zip(&targets[t - 1]).map(|(y, wanted)| y - wanted);
            run.error[t] = errors.collect();
            let half = Rational::one_over(2);
            run.loss += run.error[t].iter().map(|e| e * e * &half).sum::<Rational>();
            if hook.on(M::T36) {
                run.error[t] = sum(&run.error[t], &run.error[t]);
            }
            if t < last || !hook.on(M::T07) {
                run.l[t] = times(&back, &run.error[t]);
                run.a[t] = by_entry(&run.h[t], &run.l[t]);
            }
        }
        Ok(run)
    }

    /// Vᵀ
    fn feedback_from_readouts(&self, hook: &Hook) -> Matrix {
        let mut back = transposed(&self.weights.readout);
        if hook.on(M::T39) {
            for (k, weight) in back.iter_mut().flatten().enumerate() {
                *weight = fixed_random(k);
            }
        }
        back
    }

    fn rate(&self, s: &Rational) -> Result<Rational, Error> {
        self.affords(FUNCTION, s)?;
        rate(&self.net.activation, s).ok_or_else(|| self.no_value())
    }

    fn slope(&self, s: &Rational, hook: &Hook) -> Result<Rational, Error> {
        let (activation, mut kink) = (&self.net.activation, self.case.kink);
        let at_kink = activation.kinks().iter().any(|kink| Rational::of(kink) == *s);
        if at_kink && hook.on(M::T33) {
            kink = other_side(kink);
        }
        self.affords(FUNCTION, s)?;
        let value = slope(activation, kink, s).ok_or_else(|| self.no_value())?;
        let left_out = value != Rational::one() && hook.on(M::T32);
        Ok(if left_out { Rational::one() } else { value })
    }

    /// 1 − λ
    pub(super) fn gain(&self) -> Rational {
        Rational::one() - &self.weights.leak
    }

    fn no_value(&self) -> Error {
        Error::unsupported(format!("exact values of {}", self.net.activation.name()))
    }

    /// The same, where σ has no rational values and is near by f64 only: more than twice its digits are kept of what grows from step to step.
    pub(super) fn short(&self, row: Row) -> Row {
        match self.net.activation.class() {
            Class::Straight(_) | Class::Curved(_) | Class::Quotient => row,
            Class::Transcendental(_) => row.iter().map(shortened).collect(),
        }
    }

    /// Asks the budget for so many products of a number with another as long, before they are taken.
    fn affords(&self, products: usize, number: &Rational) -> Result<(), Error> {
        let cost = number.step(number, number).saturating_mul(products as u64);
        self.limits.work.charge(cost, "the reference of the mutants")
    }

    /// Refuses numbers that grow too long, and asks for what becomes of the others: each goes into a product per cell.
    pub(super) fn within<'n>(
        &self,
        numbers: impl IntoIterator<Item = &'n Rational>,
    ) -> Result<(), Error> {
        for number in numbers {
            let bits = number.bits();
            if bits > self.limits.bits {
                let what = "bits of a number of the reference implementation".into();
                return Err(Error::Limit { what, given: bits, limit: self.limits.bits });
            }
            self.affords(self.net.neurons(), number)?;
        }
        Ok(())
    }
}
