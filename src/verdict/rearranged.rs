//! Right numbers in a wrong place, or cut: mistakes that no rule makes, but those who write its results down.

use std::collections::HashMap;

use num_rational::BigRational;
use num_traits::{Signed, Zero};

use super::evidence;
use super::factor::{Factor, last_rounding};
use super::walk::Reference;
use crate::number::{canonical, exact_f64};
use crate::spec::{Block, Number, PerBlock, Place, Shape};

/// What is said of weights that are written with rows and columns exchanged.
pub const TRANSPOSED: &str = "are transposed: rows are presynaptic neurons";

/// What would explain their entries, block by block, from the right entries alone; nothing where a right block would do.
///
/// Exactness: exact numbers are compared exactly, floats within the bounds of what they would be.
#[must_use]
pub fn explained(
    number: Number,
    theirs: &PerBlock<BigRational>,
    right: &PerBlock<Reference>,
) -> Vec<String> {
    let look = Look { number, theirs, right };
    if let Some(sentence) = look.clipped() {
        return vec![sentence];
    }
    let wrong: Vec<usize> = (0..theirs.blocks.len()).filter(|k| !look.is_block(*k, *k)).collect();
    if let Some(sentence) = look.moved(&wrong) {
        return vec![sentence];
    }
    wrong.into_iter().filter_map(|k| look.alone(k)).collect()
}

struct Look<'a> {
    number: Number,
    theirs: &'a PerBlock<BigRational>,
    right: &'a PerBlock<Reference>,
}

impl Look<'_> {
    /// Whether one of their numbers is this one, as far as floats can tell.
    fn is(&self, theirs: &BigRational, right: &Reference) -> bool {
        let off = (theirs - &right.value).abs();
        match (self.number, right.bound) {
            (Number::Exact, _) => off.is_zero(),
            (Number::Grid(_), None) => off <= last_rounding(self.number, theirs),
            (Number::Float(_), None) => false,
            (Number::Float(_) | Number::Grid(_), Some(bound)) => exact_f64(bound)
                .is_some_and(|bound| off <= bound + last_rounding(self.number, theirs)),
        }
    }

    /// Whether they have in one block what is right in another.
    fn is_block(&self, k: usize, other: usize) -> bool {
        let (theirs, right) = (&self.theirs.blocks[k], &self.right.blocks[other]);
        theirs.shape == right.shape
            && theirs.entries.iter().zip(&right.entries).all(|(t, r)| self.is(t, r))
    }

    /// Whether two blocks can be told apart: else the one in place of the other is no mistake.
    fn differ(&self, a: &Block<Reference>, b: &Block<Reference>) -> bool {
        a.entries.iter().zip(&b.entries).any(|(a, b)| !self.is(&a.value, b))
    }

    /// Whether they have these numbers in a block, each in the place of the right one, and whether that says something.
    fn has<'r>(&self, k: usize, other: impl Fn(usize) -> &'r Reference) -> bool {
        // As many are tried of each block.
        const ARRANGEMENTS: usize = 8;
        let mut said = 0u32;
        let pairs = self.theirs.blocks[k].entries.iter().zip(&self.right.blocks[k].entries);
        for (at, (theirs, right)) in pairs.enumerate() {
            let other = other(at);
            let bound = other.bound.map_or(Some(BigRational::zero()), exact_f64);
            let Some(bound) = bound.filter(|_| self.is(theirs, other)) else { return false };
            let room = bound + last_rounding(self.number, theirs);
            let bits = evidence::bits(&(&other.value - &right.value), &(&room + &room));
            said = said.saturating_add(bits);
        }
        said >= evidence::NEEDED + evidence::choice(ARRANGEMENTS * self.right.blocks.len())
    }

    /// Several blocks, each with the right numbers of another.
    fn moved(&self, wrong: &[usize]) -> Option<String> {
        let of = |k: &usize| {
            let from = |other: &usize| {
                other != k
                    && self.is_block(*k, *other)
                    && self.differ(&self.right.blocks[*k], &self.right.blocks[*other])
            };
            wrong.iter().copied().find(from).map(|other| (*k, other))
        };
        let pairs: Vec<(usize, usize)> = wrong.iter().map(of).collect::<Option<_>>()?;
        if pairs.len() < 2 {
            return None;
        }
        let name = |k: usize| self.right.blocks[k].in_words();
        let each = pairs.iter().map(|(k, other)| {
            format!("in place of the {} those of the {}", name(*k), name(*other))
        });
        Some(format!("blocks are in another order: {}", each.collect::<Vec<_>>().join("; ")))
    }

    /// One block on its own.
    fn alone(&self, k: usize) -> Option<String> {
        let (theirs, right) = (&self.theirs.blocks[k], &self.right.blocks[k]);
        let name = right.in_words();
        if theirs.entries.iter().all(Zero::is_zero) {
            return Some(format!("the {name} are all zero: frozen, or never written"));
        }
        if let Shape::Matrix { rows, columns } = right.shape {
            let turned = |at: usize| &right.entries[at % columns * columns + at / columns];
            if rows == columns && rows > 1 && self.has(k, turned) {
                return Some(format!("the {name} {TRANSPOSED}"));
            }
            return self.of_another_shape(k, rows, columns);
        }
        if let Shape::Synapses(places) = &right.shape {
            return self.in_another_order(k, places);
        }
        self.broadcast(k).or_else(|| self.sums_of_rows(k))
    }

    /// The same numbers column by column.
    fn of_another_shape(&self, k: usize, rows: usize, columns: usize) -> Option<String> {
        let right = &self.right.blocks[k];
        let by_column = |at: usize| &right.entries[at % rows * columns + at / rows];
        (rows > 1 && columns > 1 && self.has(k, by_column)).then(|| {
            let name = right.in_words();
            format!("the {name} are written column by column: as inputs × outputs, in the shape of outputs × inputs")
        })
    }

    /// The synapses of a graph, sorted by whoever wrote them down, beside the ends that the case has in its own order.
    fn in_another_order(&self, k: usize, places: &[Place]) -> Option<String> {
        let right = &self.right.blocks[k];
        let sorted = |key: &dyn Fn(usize) -> [Option<usize>; 2]| {
            let mut order: Vec<usize> = (0..places.len()).collect();
            order.sort_by_key(|at| key(*at));
            order
        };
        let ends = |at: usize| [Some(places[at].post), places[at].pre];
        let orders = [
            (sorted(&ends), "sorted by the postsynaptic neuron, then by the presynaptic one"),
            (
                sorted(&|at| [places[at].pre, Some(places[at].post)]),
                "sorted by the presynaptic neuron, then by the postsynaptic one",
            ),
            ((0..places.len()).rev().collect(), "from the last to the first"),
            (Self::turned(places), "each synapse with the number of the one that leads back"),
        ];
        let (_, words) =
            orders.iter().find(|(order, _)| self.has(k, |at| &right.entries[order[at]]))?;
        Some(format!(
            "the {} are in another order than the synapses of the case: {words}",
            right.in_words()
        ))
    }

    /// Of each synapse the one from its postsynaptic neuron to its presynaptic one; of one that has none, itself.
    fn turned(places: &[Place]) -> Vec<usize> {
        let at: HashMap<(usize, Option<usize>), usize> =
            places.iter().enumerate().map(|(at, place)| ((place.post, place.pre), at)).collect();
        let back = |(own, place): (usize, &Place)| {
            let found = place.pre.and_then(|pre| at.get(&(pre, Some(place.post))));
            found.copied().unwrap_or(own)
        };
        places.iter().enumerate().map(back).collect()
    }

    /// Every bias with the sum, or the mean, of all of them.
    fn broadcast(&self, k: usize) -> Option<String> {
        let (theirs, right) = (&self.theirs.blocks[k], &self.right.blocks[k]);
        let first = theirs.entries.first()?;
        let count = right.entries.len();
        if count < 2 || theirs.entries.iter().any(|entry| entry != first) {
            return None;
        }
        let all = sum(&right.entries);
        let mean = &all.value / BigRational::from_integer(count.into());
        let mean = Reference::exactly(mean, all.bound);
        let name = right.in_words();
        [(all, "sum"), (mean, "mean")].into_iter().find(|(of, _)| self.has(k, |_| of)).map(|(_, word)| {
            format!("every entry of the {name} is the {word} of all of them: one number in place of {count}")
        })
    }

    /// Every bias with the sum of the derivatives of its neuron's weights: Σ_j ∂L/∂W_ij for ∂L/∂b_i.
    fn sums_of_rows(&self, k: usize) -> Option<String> {
        let right = &self.right.blocks[k];
        let is_beside = |block: &&Block<Reference>| block.part == right.part;
        let weights = self.right.blocks.iter().filter(is_beside).find_map(|block| {
            let Shape::Matrix { columns, .. } = block.shape else { return None };
            (columns > 1).then(|| block.entries.chunks(columns))
        })?;
        let sums: Vec<Reference> = weights.map(sum).collect();
        self.has(k, |at| &sums[at]).then(|| {
            let name = right.in_words();
            format!("the {name} are the sums of the rows of the derivatives with respect to the weights: the inputs are still in them")
        })
    }

    /// Every entry cut at one magnitude.
    fn clipped(&self) -> Option<String> {
        let most = self.theirs.values().map(Signed::abs).max()?;
        let pairs = || self.theirs.values().zip(self.right.values());
        let is_cut = |theirs: &BigRational, right: &Reference| {
            theirs.abs() == most
                && theirs.is_negative() == right.value.is_negative()
                && right.value.abs() > most
        };
        let cut = pairs().filter(|(t, r)| is_cut(t, r) && !self.is(t, r)).count();
        let explains = cut >= 2 && pairs().all(|(t, r)| self.is(t, r) || is_cut(t, r));
        (explains && !most.is_zero()).then(|| {
            let limit = canonical(&most);
            let limit = if limit.len() > 12 {
                format!("{:.6e}", crate::number::nearest_f64(&most))
            } else {
                limit
            };
            format!("{cut} entries are cut at ±{limit}: clipped by value; the others are right")
        })
    }
}

/// The sum of some entries, in floats and in any order: each addition rounds no more than all terms did that go into it.
fn sum(entries: &[Reference]) -> Reference {
    let mut bound = 0.0;
    for reference in entries {
        bound += reference.bound.unwrap_or(0.0);
    }
    let value = entries.iter().map(|reference| &reference.value).sum::<BigRational>();
    Reference::exactly(value, Some(bound * entries.len() as f64))
}

/// Whether a common factor makes their length a round number: clipped by norm.
#[must_use]
pub fn clipped_by_norm(theirs: &PerBlock<BigRational>, factor: &Factor) -> Option<String> {
    // One entry alone points as it should whatever it is, and in few digits every number is round.
    if theirs.values().filter(|entry| !entry.is_zero()).count() < 2 {
        return None;
    }
    let length: f64 =
        theirs.values().map(|v| crate::number::nearest_f64(v).powi(2)).sum::<f64>().sqrt();
    let is_less = factor.high < BigRational::from_integer(1.into()) && !factor.is_negative;
    // One digit, or two.
    let scale = 10f64.powi(1 - length.log10().floor().clamp(-300.0, 300.0) as i32);
    let round = (length * scale).round() / scale;
    let is_round = (length / round - 1.0).abs() < 1e-6;
    (is_less && is_round && length.is_finite()).then(|| {
        format!("all entries together have the length {round}, and point as the exact ones do: clipped by norm")
    })
}
