//! The causal form, type by type: one signal per type, and tables that a type shares.
//!
//! Ŵ is constant on blocks but for its diagonal, which is zero; so every tap is a block-constant matrix plus a diagonal one that is
//! constant on types, and both are kept.

use crate::error::Error;
use crate::scalar::Scalar;
use crate::spec::{Diagonal, Form, Limits, Temporal};
use crate::textbook::temporal::feedback::{block_means, has_own, types};
use crate::textbook::temporal::local::{Estimate, Seen};
use crate::textbook::{afford, embed, fits, within};

/// X_jp = block(type j, type p) + [j = p] own(type p).
#[derive(Clone)]
struct Tap<S> {
    /// C × C
    block: Vec<Vec<S>>,
    /// C
    own: Vec<S>,
}

/// The taps of all delays, and which cell is of which type.
pub(super) struct Table<S> {
    taps: Vec<Tap<S>>,
    types: Vec<usize>,
}

impl<S: Scalar> Table<S> {
    /// The tables, or none if μ differs within a type.
    ///
    /// # Errors
    /// [`Error::Unsupported`] in a network without types; [`Error::Limit`].
    pub fn of(
        net: &Temporal,
        diagonal: Diagonal,
        mu: &[S],
        form: Form,
        count: usize,
        limits: &Limits,
    ) -> Result<Option<Self>, Error> {
        let types = types(net)?.to_vec();
        let means: Vec<Vec<S>> = block_means(net, diagonal)?;
        let (mut of_type, mut sizes) = (vec![S::zero(); means.len()], vec![S::zero(); means.len()]);
        for (cell, &kind) in types.iter().enumerate() {
            let first = types.iter().position(|other| *other == kind).unwrap_or(cell);
            if mu[cell] != mu[first] {
                return Ok(None);
            }
            of_type[kind] = mu[cell].clone();
            sizes[kind] = sizes[kind].clone() + &S::one();
        }
        fits(&[count, means.len(), means.len() + 1], limits, "all taps from type to type")?;
        let leak: S = embed(&net.leak, "the leak")?;
        let gain = S::one() - &leak;
        let kept = if form == Form::NoLeak { S::zero() } else { leak };
        // (1−λ) Ŵ: the block, less its own entry where a cell would meet itself.
        let block: Vec<Vec<S>> =
            means.iter().map(|row| row.iter().map(|w| gain.clone() * w).collect()).collect();
        let own = match has_own(net, diagonal) {
            true => vec![S::zero(); means.len()],
            false => (0..means.len()).map(|kind| -block[kind][kind].clone()).collect(),
        };
        let first = Tap { block, own };
        let relay = Tap {
            block: first
                .block
                .iter()
                .map(|row| row.iter().zip(&of_type).map(|(w, mu)| w.clone() * mu).collect())
                .collect(),
            own: first.own.iter().zip(&of_type).map(|(w, mu)| w.clone() * mu + &kept).collect(),
        };
        let mut taps: Vec<Tap<S>> = Vec::new();
        for _ in 0..count {
            let next = match taps.last() {
                Some(last) => relay.times(last, &sizes, limits)?,
                None => first.clone(),
            };
            taps.push(next);
        }
        Ok(Some(Self { taps, types }))
    }

    /// At time t: ℓ_{p,t} e_{pq,t} + Σ_s [Σ_α m_{α,t} block_s(α, type p) + own_s(type p) a_{p,t}] e_{pq,t−s}, m_{α,t} = Σ_{j ∈ α} a_{j,t}.
    ///
    /// # Errors
    /// [`Error::Limit`].
    pub fn run(
        &self,
        seen: &Seen<S>,
        found: &mut Estimate<S>,
        limits: &Limits,
    ) -> Result<(), Error> {
        let kinds = self.taps.first().map_or(0, |tap| tap.own.len());
        for (t, step) in seen.steps.iter().enumerate() {
            found.add_eligible(seen, t, &step.learning_signal, limits)?;
            let mut channels = vec![S::zero(); kinds];
            for (&kind, a) in self.types.iter().zip(&step.gated_signal) {
                if let Some(sum) = channels.get_mut(kind) {
                    *sum = sum.clone() + a;
                }
            }
            for (tap, then) in self.taps.iter().zip((0..t).rev()) {
                let arriving = |(&kind, a): (&usize, &S)| {
                    afford(a, &tap.own[kind], a, limits, "a signal")?;
                    let own = tap.own[kind].clone() * a;
                    tap.block.iter().zip(&channels).try_fold(own, |sum, (row, channel)| {
                        afford(&sum, &row[kind], channel, limits, "a signal")?;
                        Ok::<_, Error>(sum + &(row[kind].clone() * channel))
                    })
                };
                let signals = self.types.iter().zip(&step.gated_signal).map(arriving);
                let signal = signals.collect::<Result<Vec<S>, _>>()?;
                found.add_eligible(seen, then, &signal, limits)?;
            }
        }
        Ok(())
    }
}

impl<S: Scalar> Tap<S> {
    /// The product, which has the same form: a path through any cell of a type is one of as many as the type has cells.
    fn times(&self, other: &Self, sizes: &[S], limits: &Limits) -> Result<Self, Error> {
        let kinds = sizes.len();
        let mut block = vec![vec![S::zero(); kinds]; kinds];
        for (to, row) in block.iter_mut().enumerate() {
            for (from, sum) in row.iter_mut().enumerate() {
                let mut total = self.block[to][from].clone() * &other.own[from]
                    + &(self.own[to].clone() * &other.block[to][from]);
                for (through, size) in sizes.iter().enumerate() {
                    let (left, right) = (&self.block[to][through], &other.block[through][from]);
                    afford(&total, left, right, limits, "a tap")?;
                    let one = left.clone() * right;
                    total = total + &(one * size);
                }
                within(&total, limits, "a tap")?;
                *sum = total;
            }
        }
        let own = self.own.iter().zip(&other.own).map(|(a, b)| a.clone() * b).collect();
        Ok(Self { block, own })
    }
}
