//! Ŵ and the taps that are made of it.

use crate::error::Error;
use crate::scalar::Rational;
use crate::spec::{Diagonal, Feedback, Form, Modprop, Mu, Taps};

use super::TemporalReference;
use crate::mutants::temporal::algebra::{
    Matrix, Row, add, diagonal, product, scaled, transposed, zeros,
};
use crate::mutants::{Hook, Mutant as M};

/// F_1 … F_S; `[s − 1]` is F_s.
pub(super) struct Filter {
    pub taps: Vec<Matrix>,
    /// At type-specific feedback: the types, if every tap is block-constant with a type-constant diagonal.
    pub types: Option<Vec<usize>>,
}

/// The block of a tap from type γ to type α, and what a cell of type γ gets from itself besides.
pub(super) struct Shared {
    pub block: Matrix,
    pub own: Row,
}

impl TemporalReference<'_> {
    /// Ŵ: W itself, or the mean of W from type to type, zero on the diagonal.
    pub(super) fn feedback(&self, feedback: Feedback, hook: &Hook) -> Result<Matrix, Error> {
        let weights = match feedback {
            Feedback::Cell => self.weights.recurrent.clone(),
            Feedback::Type(convention) => self.type_means(convention, hook)?,
        };
        let other = transposed(&weights);
        Ok(if other != weights && hook.on(M::T13) { other } else { weights })
    }

    fn type_means(&self, mut convention: Diagonal, hook: &Hook) -> Result<Matrix, Error> {
        let Some(types) = &self.net.types else {
            return Err(Error::unsupported("type-specific feedback in a network without types"));
        };
        if hook.on(M::T14) {
            convention = match convention {
                Diagonal::Counted => Diagonal::Excluded,
                Diagonal::Excluded => Diagonal::Counted,
            };
        }
        let cells = 0..types.len();
        let mut means = zeros(types.len(), types.len());
        for j in cells.clone() {
            for p in cells.clone() {
                let has_own = self.net.has_diagonal && convention == Diagonal::Counted;
                if j == p && !has_own && !hook.on(M::T15) {
                    continue;
                }
                let pairs = cells.clone().flat_map(|a| cells.clone().map(move |b| (a, b)));
                let block: Vec<&Rational> = pairs
                    .filter(|(a, b)| types[*a] == types[j] && types[*b] == types[p])
                    .filter(|(a, b)| a != b || convention == Diagonal::Counted)
                    .map(|(a, b)| &self.weights.recurrent[a][b])
                    .collect();
                if !block.is_empty() {
                    let share = Rational::one_over(block.len());
                    means[j][p] = block.into_iter().sum::<Rational>() * share;
                }
            }
        }
        Ok(means)
    }

    /// MDGL: F_1 = (1−λ) Ŵ and no more.
    pub(super) fn one_tap(&self, feedback: Feedback, hook: &Hook) -> Result<Filter, Error> {
        let taps = vec![scaled(&self.feedback(feedback, hook)?, &self.feedback_gain(hook))];
        Ok(self.filter(taps, feedback, hook))
    }

    /// F_s = D^{s−1} (1−λ) Ŵ, with D of the form that is asked for.
    pub(super) fn taps(&self, rule: &Modprop, hook: &Hook) -> Result<Filter, Error> {
        let duration = self.case.duration();
        let count = match rule.taps {
            Taps::All => duration,
            Taps::Count(count) => count.min(duration),
        };
        let first = scaled(&self.feedback(rule.feedback, hook)?, &self.feedback_gain(hook));
        let relay = self.relay(rule, &first, hook)?;
        let mut taps = Vec::new();
        let mut next = first;
        for _ in 0..count {
            self.within(next.iter().flatten())?;
            // With one tap there is no relay.
            let following = match count > 1 && hook.on(M::T17) {
                true => product(&next, &relay),
                false => product(&relay, &next),
            };
            taps.push(std::mem::replace(&mut next, following));
        }
        Ok(self.filter(taps, rule.feedback, hook))
    }

    /// D = λ I + (1−λ) Ŵ diag(μ); without λ I in the no-leak form. `first` is (1−λ) Ŵ.
    pub(super) fn relay(
        &self,
        rule: &Modprop,
        first: &Matrix,
        hook: &Hook,
    ) -> Result<Matrix, Error> {
        let cells = first.len();
        if let Mu::PerCell(list) = &rule.mu
            && list.len() != cells
        {
            return Err(Error::unsupported(format!(
                "{} values of μ for {cells} cells",
                list.len()
            )));
        }
        let mut mu: Row = (0..cells).map(|cell| rule.mu.of(cell).into()).collect();
        if mu.iter().any(|mu| *mu != Rational::one()) && hook.on(M::T19) {
            mu = vec![Rational::one(); cells];
        }
        let mut relay = match hook.on(M::T18) {
            true => product(&diagonal(&mu), first),
            false => product(first, &diagonal(&mu)),
        };
        let leak = match rule.form {
            Form::NoLeak => Rational::zero(),
            Form::Filter if !self.weights.leak.is_zero() && hook.on(M::T23) => Rational::zero(),
            Form::Filter => self.weights.leak.clone(),
            Form::Autodiff => self.kept(hook),
        };
        add(&mut relay, &diagonal(&vec![leak; cells]));
        Ok(relay)
    }

    fn filter(&self, mut taps: Vec<Matrix>, feedback: Feedback, hook: &Hook) -> Filter {
        if hook.on(M::T20) {
            taps.pop();
        }
        let types = match feedback {
            Feedback::Cell => None,
            Feedback::Type(_) => self.net.types.clone(),
        };
        let types = types.filter(|types| taps.iter().all(|tap| shared(tap, types).is_some()));
        Filter { taps, types }
    }

    /// 1 − λ of the synapses that credit goes back through.
    pub(super) fn feedback_gain(&self, hook: &Hook) -> Rational {
        let left_out = !self.weights.leak.is_zero() && hook.on(M::T25);
        if left_out { Rational::one() } else { self.gain() }
    }

    /// λ of whatever accumulates over time.
    pub(super) fn kept(&self, hook: &Hook) -> Rational {
        if !self.weights.leak.is_zero() && hook.on(M::T08) {
            return Rational::zero();
        }
        if hook.on(M::T09) { Rational::one() } else { self.weights.leak.clone() }
    }
}

/// The tables that stand for a tap; none if it is not block-constant but for its diagonal.
pub(super) fn shared(tap: &Matrix, types: &[usize]) -> Option<Shared> {
    let kinds = types.iter().max().map_or(0, |kind| kind + 1);
    let mut tables = Shared { block: zeros(kinds, kinds), own: vec![Rational::zero(); kinds] };
    for (j, row) in tap.iter().enumerate() {
        for (p, entry) in row.iter().enumerate().filter(|(p, _)| *p != j) {
            tables.block[types[j]][types[p]] = entry.clone();
        }
    }
    for (p, kind) in types.iter().enumerate() {
        tables.own[*kind] = &tap[p][p] - &tables.block[*kind][*kind];
    }
    let entry = |j: usize, p: usize| {
        let block = &tables.block[types[j]][types[p]];
        if j == p { block + &tables.own[types[p]] } else { block.clone() }
    };
    let mut pairs = (0..types.len()).flat_map(|j| (0..types.len()).map(move |p| (j, p)));
    let same = pairs.all(|(j, p)| tap[j][p] == entry(j, p));
    same.then_some(tables)
}
