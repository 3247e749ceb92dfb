//! A gradient of other weights than those of the case: one step of the rule before them, or one step after.

use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use super::{Truth, of_quantity};
use crate::error::Error;
use crate::number::{canonical, exact_f64};
use crate::progress::Progress;
use crate::spec::{Case, Dtype, Limits, Network, Neuron, Number, Part, PerBlock, Synapse, Wiring};
use crate::verdict::bounded::rounding_bound_of_anybody;
use crate::verdict::judge::{Judge, Nearness, Options};
use crate::verdict::walk::Reference;
use crate::verdict::{evidence, per_block};
use crate::wire::gradient::{Gradient, Quantity};

/// How many other weights are asked for.
const WEIGHTS: usize = 2;

/// Whether these are the entries at other weights, by their own exact gradient and its own bound.
///
/// ```text
/// before   theirs = ∇L(W + η theirs)     after   theirs = ∇L(W − η ∇L(W))
/// ```
///
/// The first says that W came of a step with this very gradient, so it needs no weights but those of the case. It is asked where nothing
/// simpler explains the numbers, and answered only where every block is right there and has power.
///
/// # Errors
/// As [`is_right`].
pub(super) fn stale(
    case: &Case,
    mine: &Gradient,
    right: &PerBlock<Reference>,
    options: &Options,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<Option<String>, Error> {
    let eta = &case.learning_rate;
    // Whose step it was is known only where their loss is ours; at an equilibrium a step moves the rates too, and given ones would be wrong.
    if eta.is_zero() || !options.scale.is_one() || Wiring::of(case).is_recurrent() {
        return Ok(None);
    }
    let theirs = gradients(mine.entries.as_ref(), mine.quantity, eta);
    let exact = right.as_ref().map(|reference| &reference.value);
    let exact = gradients(exact, mine.quantity, eta);
    let before = (moved(case, &theirs, eta), "before the step", "W + η ∂L/∂W");
    let after = (moved(case, &exact, &-eta), "after a step", "W − η ∂L/∂W");
    for (shifted, when, weights) in [before, after] {
        progress.stage(&format!("is it the gradient {when}?"))?;
        if is_right(&shifted, mine, right, WEIGHTS, limits)? {
            return Ok(Some(format!(
                "this is the {} of the weights {when} of η = {}: of {weights}, and not of the W that the case has",
                mine.quantity.name(),
                canonical(eta)
            )));
        }
    }
    Ok(None)
}

/// Entries as ∂L/∂W, whatever they are.
fn gradients(
    entries: PerBlock<&BigRational>,
    quantity: Quantity,
    eta: &BigRational,
) -> PerBlock<BigRational> {
    entries.map(|entry| match quantity {
        Quantity::Gradient => entry.clone(),
        Quantity::Update => -(entry / eta),
    })
}

/// The case with so many times these entries added to its parameters.
fn moved(case: &Case, entries: &PerBlock<BigRational>, times: &BigRational) -> Case {
    let mut case = case.clone();
    let added = |value: &BigRational, entry: &BigRational| value + times * entry;
    for block in &entries.blocks {
        match (&mut case.network, block.part) {
            (Network::Layered(net), Part::Layer(layer)) => {
                let layer = &mut net.layers[layer];
                let values: Vec<&mut BigRational> = match block.shape.is_of_biases() {
                    true => layer.biases.iter_mut().flatten().collect(),
                    false => layer.weights.iter_mut().flatten().collect(),
                };
                for (value, entry) in values.into_iter().zip(&block.entries) {
                    *value = added(value, entry);
                }
            }
            (Network::Graph(net), Part::Graph) if !block.shape.is_of_biases() => {
                for (synapse, entry) in (0..).map(Synapse).zip(&block.entries) {
                    net.weights[synapse] = added(&net.weights[synapse], entry);
                }
            }
            (Network::Graph(net), Part::Graph) => {
                let Some(biases) = &mut net.biases else { continue };
                for (place, entry) in block.places() {
                    let neuron = Neuron(place.post);
                    biases[neuron] = added(&biases[neuron], entry);
                }
            }
            // Blocks of another kind of network: there are none in one of this kind.
            (Network::Layered(_), Part::Graph | Part::Field(_) | Part::Stacked(..))
            | (Network::Graph(_), Part::Layer(_) | Part::Field(_) | Part::Stacked(..)) => {}
        }
    }
    case
}

/// Whether the entries are those of this case, every block of it with power, and far enough from the right ones that it says something
/// among so many explanations.
///
/// # Errors
/// [`Error::Interrupted`], and that of the limit of work; no other: a gradient that cannot be had is none that this can be.
pub(super) fn is_right(
    case: &Case,
    mine: &Gradient,
    right: &PerBlock<Reference>,
    explanations: usize,
    limits: &Limits,
) -> Result<bool, Error> {
    // Fractions are asked only where floats leave it open: of other weights they may be long.
    if is_far(case, mine) {
        return Ok(false);
    }
    let there = match Truth::of(case, mine, &Options::default(), limits) {
        Ok(there) => there.entries,
        Err(Error::Interrupted) => return Err(Error::Interrupted),
        Err(error) if error.is_out_of_work() => return Err(error),
        Err(_) => return Ok(false),
    };
    let mut judge = Judge::new(mine.number, &Options::default());
    judge.parameters(&mine.entries, &there);
    let found = judge.judgement();
    let fits = found.nearness() <= Nearness::WithinBound && found.unchecked().is_none();
    let said = there.values().zip(right.values()).map(|(there, here)| {
        let room = there.bound.and_then(exact_f64).unwrap_or_else(BigRational::zero);
        evidence::bits(&(&there.value - &here.value), &(&room + &room))
    });
    Ok(fits && said.sum::<u32>() >= evidence::NEEDED + evidence::choice(explanations))
}

/// Whether some entry is surely none of this case, by the float nearest to the right one and what both may be off.
fn is_far(case: &Case, mine: &Gradient) -> bool {
    let format = match mine.number {
        Number::Exact => Dtype::F64,
        Number::Float(dtype) => dtype,
        // What is rounded to a grid is further off.
        Number::Grid(_) => return false,
    };
    let Ok(bounds) = rounding_bound_of_anybody(case, format) else { return false };
    let bounds = per_block(case, of_quantity(&bounds, mine.quantity));
    bounds.values().zip(mine.entries.values()).any(|(bound, theirs)| {
        let room = exact_f64((bound.bound + bound.radius).next_up());
        let off = exact_f64(bound.centre).map(|centre| (theirs - centre).abs());
        off.zip(room).is_some_and(|(off, room)| off > room)
    })
}
