//! The rules, each as its equation has it, on one sequence.

use crate::error::Error;
use crate::scalar::Rational;
use crate::spec::{Feedback, Form, TemporalRule};
use crate::textbook::temporal::Evaluation;

use super::taps::{Filter, shared};
use super::{Estimate, Memory, Run, TemporalReference};
use crate::mutants::temporal::algebra::{
    Matrix, Row, add_outer, by_entry, diagonal, power, scale, scaled, sum, times, transposed, zeros,
};
use crate::mutants::temporal::host::Host;
use crate::mutants::{Hook, Mutant as M};

/// A rule with everything that does not depend on the sequence.
pub(super) struct Rule<'a> {
    reference: &'a TemporalReference<'a>,
    kind: Kind,
}

enum Kind {
    Bptt,
    Rtrl,
    EpropAdjoint,
    /// e-prop has no taps.
    Causal(Filter),
    Adjoint(Filter),
    AutodiffCausal(Matrix),
    AutodiffAdjoint(Matrix),
}

impl<'a> Rule<'a> {
    pub fn of(
        reference: &'a TemporalReference<'a>,
        host: &Host,
        hook: &Hook,
    ) -> Result<Self, Error> {
        use Evaluation::{Adjoint, Causal};
        let filter = |filter: Filter| match host.evaluation {
            Causal => Kind::Causal(filter),
            Adjoint => Kind::Adjoint(filter),
        };
        let kind = match &host.rule {
            TemporalRule::Bptt | TemporalRule::Tangent => Kind::Bptt,
            TemporalRule::Rtrl | TemporalRule::FactorisedRtrl => Kind::Rtrl,
            TemporalRule::Eprop if host.evaluation == Adjoint => Kind::EpropAdjoint,
            TemporalRule::Eprop => Kind::Causal(Filter { taps: Vec::new(), types: None }),
            TemporalRule::Mdgl { feedback } => filter(reference.one_tap(*feedback, hook)?),
            TemporalRule::Modprop(rule) if rule.form == Form::Autodiff => {
                let weights = reference.feedback(rule.feedback, hook)?;
                let first = scaled(&weights, &reference.feedback_gain(hook));
                let relay = reference.relay(rule, &first, hook)?;
                match host.evaluation {
                    Causal => Kind::AutodiffCausal(relay),
                    Adjoint => Kind::AutodiffAdjoint(relay),
                }
            }
            TemporalRule::Modprop(rule) => filter(reference.taps(rule, hook)?),
        };
        Ok(Self { reference, kind })
    }

    pub fn estimate(&self, run: &Run, memory: &mut Memory, hook: &Hook) -> Result<Estimate, Error> {
        match &self.kind {
            Kind::Bptt => self.bptt(run, hook),
            Kind::Rtrl => self.rtrl(run, memory, hook),
            Kind::EpropAdjoint => {
                self.backwards(run, hook, |later| scale(later, &self.reference.kept(hook)))
            }
            Kind::AutodiffAdjoint(relay) => {
                let relay = transposed(relay);
                self.backwards(run, hook, |later| times(&relay, later))
            }
            Kind::AutodiffCausal(relay) => self.autodiff_causal(run, relay, hook),
            Kind::Causal(filter) => Ok(self.causal(run, filter, memory, hook)),
            Kind::Adjoint(filter) => Ok(self.adjoint(run, filter, memory, hook)),
        }
    }

    fn empty(&self) -> Estimate {
        self.reference.nothing()
    }

    /// 1 − λ of the derivatives.
    fn gain(&self, hook: &Hook) -> Rational {
        let left_out = !self.reference.weights.leak.is_zero() && hook.on(M::T24);
        if left_out { Rational::one() } else { self.reference.gain() }
    }

    /// (1−λ) Σ_t g_t z_{t−1}ᵀ and (1−λ) Σ_t g_t x_tᵀ, of one step.
    fn add_adjoint(&self, found: &mut Estimate, run: &Run, t: usize, g: &[Rational], hook: &Hook) {
        if t == 1 && hook.on(M::T05) {
            return;
        }
        let g = scale(g, &self.gain(hook));
        add_outer(&mut found.recurrent, &g, run.pre(t, hook));
        add_outer(&mut found.input, &g, run.input(t, hook));
    }

    /// T2: g_t = a_t + λ g_{t+1} + (1−λ) h_t ∘ (Wᵀ g_{t+1}).
    fn bptt(&self, run: &Run, hook: &Hook) -> Result<Estimate, Error> {
        let mut found = self.empty();
        let gain = self.reference.feedback_gain(hook);
        let kept = self.reference.kept(hook);
        let back = transposed(&self.reference.feedback(Feedback::Cell, hook)?);
        let own = own_synapses(&back);
        let mut later = vec![Rational::zero(); back.len()];
        for t in (1..=run.last()).rev() {
            let mut g = sum(&run.a[t], &scale(&later, &kept));
            if t < run.last() {
                let back = if hook.on(M::T10) { &own } else { &back };
                let h = if hook.on(M::T04) { &run.h[t + 1] } else { &run.h[t] };
                g = sum(&g, &scale(&by_entry(h, &times(back, &later)), &gain));
            }
            self.reference.within(&g)?;
            let g = self.reference.short(g);
            self.add_adjoint(&mut found, run, t, &g, hook);
            let cut = t < run.last() && hook.on(M::T06);
            later = if cut { run.a[t].clone() } else { g };
        }
        Ok(found)
    }

    /// T3: P_{j,pq,t} = λ P_{j,pq,t−1} + (1−λ) Σ_l W_jl h_{l,t−1} P_{l,pq,t−1} + [j = p] (1−λ) z_{q,t−1}, the same with x_t for U;
    /// ∂L_b/∂W_pq = Σ_t Σ_j a_{j,t} P_{j,pq,t}. Here P[p] is the matrix j × q.
    fn rtrl(&self, run: &Run, memory: &mut Memory, hook: &Hook) -> Result<Estimate, Error> {
        let net = self.reference.net;
        let (n, m) = (net.neurons(), self.reference.inputs());
        let forward = scaled(
            &self.reference.feedback(Feedback::Cell, hook)?,
            &self.reference.feedback_gain(hook),
        );
        let own = own_synapses(&forward);
        let (kept, gain) = (self.reference.kept(hook), self.gain(hook));
        let nothing = || [vec![zeros(n, n); n], vec![zeros(n, m); n]];
        let handed_on = memory.jacobian.take().filter(|_| hook.on(M::T02));
        let [mut of_w, mut of_u] = handed_on.unwrap_or_else(nothing);
        let mut found = self.empty();
        for t in 1..=run.last() {
            let h = if hook.on(M::T04) { &run.h[t] } else { &run.h[t - 1] };
            let step = |jacobian: &mut Matrix, p: usize, seen: &Row, entries: &mut Row| {
                let before = std::mem::take(jacobian);
                let relayed: Matrix = before.iter().zip(h).map(|(row, h)| scale(row, h)).collect();
                let columns = transposed(&relayed);
                for (j, row) in before.iter().enumerate() {
                    let mut next = scale(row, &kept);
                    let forward = if hook.on(M::T10) { &own } else { &forward };
                    next = sum(&next, &times(&columns, &forward[j]));
                    if j == p {
                        next = sum(&next, &scale(seen, &gain));
                    }
                    jacobian.push(self.reference.short(next));
                }
                if t == 1 && hook.on(M::T05) {
                    return;
                }
                for (row, a) in jacobian.iter().zip(&run.a[t]) {
                    *entries = sum(entries, &scale(row, a));
                }
            };
            for p in 0..n {
                step(&mut of_w[p], p, run.pre(t, hook), &mut found.recurrent[p]);
                step(&mut of_u[p], p, run.input(t, hook), &mut found.input[p]);
                self.reference.within(of_w[p].iter().chain(&of_u[p]).flatten())?;
            }
        }
        memory.jacobian = Some([of_w, of_u]);
        Ok(found)
    }

    /// ĝ_t = a_t + what `relay` makes of ĝ_{t+1}: T5 and T9 against time.
    fn backwards(
        &self,
        run: &Run,
        hook: &Hook,
        relay: impl Fn(&Row) -> Row,
    ) -> Result<Estimate, Error> {
        let mut found = self.empty();
        let mut later = vec![Rational::zero(); self.reference.net.neurons()];
        for t in (1..=run.last()).rev() {
            later = sum(&run.a[t], &relay(&later));
            self.reference.within(&later)?;
            self.add_adjoint(&mut found, run, t, &later, hook);
        }
        Ok(found)
    }

    /// T9 forwards: at time t, (D^s)ᵀ a_t meets what came in s steps ago.
    fn autodiff_causal(&self, run: &Run, relay: &Matrix, hook: &Hook) -> Result<Estimate, Error> {
        let mut found = self.empty();
        for s in 0..run.last() {
            let power = transposed(&power(relay, s));
            self.reference.within(power.iter().flatten())?;
            for t in s + 1..=run.last() {
                self.add_adjoint(&mut found, run, t - s, &times(&power, &run.a[t]), hook);
            }
        }
        Ok(found)
    }

    /// ε_{q,t} = λ ε_{q,t−1} + (1−λ) z_{q,t−1}, and the same with x_t for U; row t of each.
    fn traces(&self, run: &Run, memory: &mut Memory, hook: &Hook) -> [Matrix; 2] {
        let (kept, gain) = (self.reference.kept(hook), self.gain(hook));
        let nothing = || (zeros(1, run.z[0].len()).remove(0), zeros(1, run.x[0].len()).remove(0));
        let handed_on = memory.traces.take().filter(|_| hook.on(M::T02));
        let (first_w, first_u) = handed_on.unwrap_or_else(nothing);
        let (mut of_w, mut of_u) = (vec![first_w], vec![first_u]);
        for t in 1..=run.last() {
            of_w.push(sum(&scale(&of_w[t - 1], &kept), &scale(run.pre(t, hook), &gain)));
            of_u.push(sum(&scale(&of_u[t - 1], &kept), &scale(run.input(t, hook), &gain)));
        }
        memory.traces = Some((of_w[run.last()].clone(), of_u[run.last()].clone()));
        [of_w, of_u]
    }

    /// T5–T8 forwards: at time t, ℓ_{p,t} e_{pq,t} + Σ_s [Σ_j a_{j,t} (F_s)_jp] e_{pq,t−s} with e_{pq,t} = h_{p,t} ε_{q,t}.
    fn causal(&self, run: &Run, filter: &Filter, memory: &mut Memory, hook: &Hook) -> Estimate {
        let [of_w, of_u] = self.traces(run, memory, hook);
        let mut found = self.empty();
        let mut learn = |t: usize, signal: &[Rational]| {
            let gated = by_entry(signal, &run.h[t]);
            add_outer(&mut found.recurrent, &gated, &of_w[t]);
            add_outer(&mut found.input, &gated, &of_u[t]);
        };
        for t in 1..=run.last() {
            if t == 1 && hook.on(M::T05) {
                continue;
            }
            learn(t, &run.l[t]);
            for (k, tap) in filter.taps.iter().enumerate() {
                if let Some(then) = t.checked_sub(delay(k, hook)).filter(|then| *then > 0) {
                    let signal = sent(run, t, hook);
                    learn(
                        then,
                        &match &filter.types {
                            Some(types) => by_type(tap, types, signal, hook),
                            None => times(&transposed(tap), signal),
                        },
                    );
                }
            }
        }
        found
    }

    /// T6–T8 against time: Λ̂_t = ℓ_t + Σ_s F_sᵀ a_{t+s}.
    fn adjoint(&self, run: &Run, filter: &Filter, memory: &mut Memory, hook: &Hook) -> Estimate {
        let [of_w, of_u] = self.traces(run, memory, hook);
        let mut found = self.empty();
        for t in 1..=run.last() {
            if t == 1 && hook.on(M::T05) {
                continue;
            }
            let mut credit = run.l[t].clone();
            for (k, tap) in filter.taps.iter().enumerate() {
                let from = t + delay(k, hook);
                if from <= run.last() {
                    credit = sum(&credit, &times(&transposed(tap), sent(run, from, hook)));
                }
            }
            let gated = by_entry(&credit, &run.h[t]);
            add_outer(&mut found.recurrent, &gated, &of_w[t]);
            add_outer(&mut found.input, &gated, &of_u[t]);
        }
        found
    }
}

/// The synapses of neurons onto themselves alone.
fn own_synapses(weights: &Matrix) -> Matrix {
    diagonal(&weights.iter().enumerate().map(|(own, row)| row[own].clone()).collect::<Row>())
}

/// The delay of the tap at this place: s = k + 1.
fn delay(k: usize, hook: &Hook) -> usize {
    if hook.on(M::T21) {
        k + 2
    } else if hook.on(M::T22) {
        k
    } else {
        k + 1
    }
}

/// What a cell sends to others.
fn sent<'r>(run: &'r Run, t: usize, hook: &Hook) -> &'r Row {
    if hook.on(M::T34) { &run.l[t] } else { &run.a[t] }
}

/// m_α = Σ_{j ∈ α} a_j through the tables of a tap: Σ_α m_α block(α, type p) + own(type p) a_p.
fn by_type(tap: &Matrix, types: &[usize], signal: &Row, hook: &Hook) -> Row {
    let Some(tables) = shared(tap, types) else { return times(&transposed(tap), signal) };
    let mut channels = vec![Rational::zero(); tables.own.len()];
    for (kind, a) in types.iter().zip(signal) {
        channels[*kind] += a;
    }
    let blocks = times(&transposed(&tables.block), &channels);
    let arriving = |(kind, a): (&usize, &Rational)| {
        let own = &tables.own[*kind];
        let left_out = !own.is_zero() && hook.on(M::T16);
        if left_out { blocks[*kind].clone() } else { &blocks[*kind] + own * a }
    };
    types.iter().zip(signal).map(arriving).collect()
}
