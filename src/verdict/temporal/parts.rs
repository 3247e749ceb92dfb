//! The parts of a condition: each satisfied or missing, in words.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use num_rational::BigRational;

use super::{About, Condition};
use crate::spec::{Diagonal, Feedback, Temporal, TemporalCase};

/// What has been found of one condition.
#[derive(Default)]
pub(super) struct Parts {
    met: Vec<String>,
    missing: Vec<String>,
}

impl Parts {
    /// One part, satisfied or missing.
    pub fn add(&mut self, part: Result<String, String>) {
        match part {
            Ok(words) => self.met.push(words),
            Err(words) => self.missing.push(words),
        }
    }

    /// A part that is decided already.
    pub fn need(&mut self, holds: bool, met: impl Into<String>, missing: impl Fn() -> String) {
        self.add(if holds { Ok(met.into()) } else { Err(missing()) });
    }

    /// The condition that these are the parts of.
    pub fn condition(self, number: u8, about: About, neurons: usize) -> Condition {
        let holds = self.missing.is_empty();
        let words = match holds {
            true => format!("holds: {}", self.met.join("; ")),
            false => format!("not met: {}", self.missing.join("; ")),
        };
        let rows = if holds { (0..neurons).collect() } else { Vec::new() };
        Condition { number, about, holds, rows, words }
    }
}

/// The slopes of a case, if they have its shape.
pub(super) struct Slopes<'a> {
    /// `[b][t − 1][j]`
    known: Option<&'a [Vec<Vec<BigRational>>]>,
    duration: usize,
}

impl<'a> Slopes<'a> {
    pub fn of(case: &TemporalCase, slopes: &'a [Vec<Vec<BigRational>>]) -> Self {
        let (duration, neurons) = (case.duration(), case.network.neurons());
        let fits = |steps: &Vec<Vec<BigRational>>| {
            steps.len() == duration && steps.iter().all(|cells| cells.len() == neurons)
        };
        let complete = slopes.len() == case.examples.len() && slopes.iter().all(fits);
        Self { known: complete.then_some(slopes), duration }
    }

    /// Whether these cells have the slopes that they should, from step `first` (counted from 1) to the end.
    pub fn equal(
        &self,
        cells: &[usize],
        first: usize,
        wanted: impl Fn(usize) -> BigRational,
        otherwise: &str,
    ) -> Result<(), String> {
        self.within(cells, first..=self.duration, wanted, otherwise)
    }

    /// The same at some steps, counted from 1; an answer without slopes only where none is asked for.
    pub fn within(
        &self,
        cells: &[usize],
        steps: RangeInclusive<usize>,
        wanted: impl Fn(usize) -> BigRational,
        otherwise: &str,
    ) -> Result<(), String> {
        if cells.is_empty() || steps.is_empty() {
            return Ok(());
        }
        let Some(slopes) = self.known else { return Err("the slopes are not known".into()) };
        for (b, example) in slopes.iter().enumerate() {
            for t in steps.clone() {
                for &cell in cells {
                    let slope = &example[t - 1][cell];
                    if *slope != wanted(cell) {
                        return Err(format!(
                            "at step {t} of example {b} the slope of neuron {cell} is {slope}, {otherwise}"
                        ));
                    }
                }
            }
        }
        Ok(())
    }
}

/// Whether Ŵ = W (claim 9).
pub(super) fn feedback_is_exact(net: &Temporal, feedback: Feedback) -> Result<String, String> {
    let Feedback::Type(diagonal) = feedback else { return Ok("Ŵ = W".into()) };
    let Some(types) = &net.types else { return Err("the network has no types".into()) };
    let means = block_means(net, types, diagonal);
    for (post, row) in net.recurrent.iter().enumerate() {
        for (pre, weight) in row.iter().enumerate() {
            if pre == post && !(net.has_diagonal && diagonal == Diagonal::Counted) {
                if *weight.numer() == 0.into() {
                    continue;
                }
                return Err(format!(
                    "the synapse of neuron {pre} onto itself is {weight}, and Ŵ has none"
                ));
            }
            let mean = &means[&[types[post], types[pre]]];
            if mean != weight {
                return Err(format!(
                    "the mean weight from type {} to type {} is {mean}, that from neuron {pre} to neuron {post} is {weight}",
                    types[pre], types[post]
                ));
            }
        }
    }
    Ok("Ŵ = W, block by block".into())
}

/// The mean of W from each type to each, post × pre; none where there is no pair.
fn block_means(
    net: &Temporal,
    types: &[usize],
    diagonal: Diagonal,
) -> BTreeMap<[usize; 2], BigRational> {
    let mut sums: BTreeMap<[usize; 2], (BigRational, u64)> = BTreeMap::new();
    for (post, row) in net.recurrent.iter().enumerate() {
        for (pre, weight) in row.iter().enumerate() {
            if post != pre || diagonal == Diagonal::Counted {
                let (sum, pairs) = sums.entry([types[post], types[pre]]).or_default();
                *sum += weight;
                *pairs += 1;
            }
        }
    }
    let mean = |(sum, pairs): (BigRational, u64)| sum / BigRational::from_integer(pairs.into());
    sums.into_iter().map(|(block, sum)| (block, mean(sum))).collect()
}
