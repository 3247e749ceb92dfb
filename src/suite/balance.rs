//! Excitation and inhibition in a network that learns the digits with the credit rule.

use super::digits::{CLASSES, Digit, Digits, PIXELS};
use super::training::{Course, HIDDEN, Hidden, matrices};
use crate::error::Error;
use crate::fast::credit::Workspace;
use crate::progress::Progress;
use crate::simulate::balance::{Epoch, Spread, Tally, Toward, split};

/// What is trained, in words.
pub const NETWORK: &str = "64-32-10 on the digits, hidden neurons in tanh";
/// Passes through the training images.
pub const EPOCHS: usize = super::training::EPOCHS;

/// Trains 64-32-10 in tanh as the suite does, and looks at all hidden neurons on all training images before the first epoch
/// and after each.
///
/// Equations: D1–D4. Exactness: floats; faer's products may differ in their last bits between machines.
///
/// # Errors
/// [`Error::NotFinite`] if the training diverges, [`Error::Interrupted`].
pub fn follow(
    digits: &Digits,
    seed: u64,
    progress: &mut dyn Progress,
) -> Result<Vec<Epoch>, Error> {
    let mut course = Course::new(digits, Hidden::Tanh, seed)?;
    let mut epochs = Vec::with_capacity(EPOCHS + 1);
    let mut before: Option<Seen> = None;
    for epoch in 0..=EPOCHS {
        progress.stage(&format!("epoch {epoch} of {EPOCHS}"))?;
        if epoch > 0 {
            course.epoch()?;
        }
        let (row, seen) = look(digits, &course, epoch, before.as_ref())?;
        epochs.push(row);
        before = Some(seen);
    }
    Ok(epochs)
}

/// What the next epoch is compared with.
struct Seen {
    /// W of the hidden layer, row-major.
    weights: Vec<f64>,
    /// s of the hidden neurons, example by example.
    net_input: Vec<f64>,
}

fn look(
    digits: &Digits,
    course: &Course<'_>,
    epoch: usize,
    before: Option<&Seen>,
) -> Result<(Epoch, Seen), Error> {
    let network = &course.network;
    let all: Vec<&Digit> = digits.training.iter().collect();
    let (inputs, targets) = matrices(&all);
    let mut workspace = Workspace::new(network, all.len())?;
    workspace.settle(network, inputs.as_ref(), targets.as_ref())?;
    let layer = &network.layers[0];
    let bias = |post: usize| layer.biases.as_ref().map_or(0.0, |biases| biases[post]);
    let (s, beta, credit) =
        (workspace.net_input(1), workspace.balance_factor(1), workspace.credit(1));
    let values = || Vec::with_capacity(HIDDEN * all.len());
    let [mut excitation, mut inhibition, mut imbalance, mut factor] =
        [values(), values(), values(), values()];
    let [mut single, mut weighted, mut whole] = [Tally::default(); 3];
    let mut seen = Seen { weights: Vec::with_capacity(HIDDEN * PIXELS), net_input: values() };
    for post in 0..HIDDEN {
        seen.weights.extend((0..PIXELS).map(|pre| layer.weights[(post, pre)]));
    }
    for b in 0..all.len() {
        for post in 0..HIDDEN {
            let s = s[(post, b)];
            let term = |pre: usize| layer.weights[(post, pre)] * inputs[(pre, b)];
            let (e, i) = split((0..PIXELS).map(term).chain(std::iter::once(bias(post))));
            excitation.push(e);
            inhibition.push(i);
            imbalance.push(s.abs());
            factor.push(beta[(post, b)]);
            let balanced = beta[(post, b)] * credit[(post, b)];
            let first = seen.net_input.len();
            for pre in 0..PIXELS {
                let rate = inputs[(pre, b)];
                let change = balanced * rate * rate;
                single.count(change, s, 1.0);
                weighted.count(change, s, change.abs());
                if let Some(before) = before {
                    let k = post * PIXELS + pre;
                    let change = (seen.weights[k] - before.weights[k]) * rate;
                    whole.count(change, before.net_input[first], 1.0);
                }
            }
            seen.net_input.push(s);
        }
    }
    // Both counts are far below 2⁵³.
    #[allow(clippy::cast_precision_loss)]
    let (examples, accuracy) =
        (all.len() as f64, course.right()? as f64 / digits.held_out.len() as f64);
    let rates = workspace.firing_rate(2);
    let squares = (0..all.len()).flat_map(|b| (0..CLASSES).map(move |class| (class, b)));
    let loss: f64 = squares.map(|at| (rates[at] - targets[at]).powi(2) / 2.0).sum();
    let row = Epoch {
        epoch,
        loss: loss / examples,
        accuracy,
        excitation: Spread::of(excitation),
        inhibition: Spread::of(inhibition),
        imbalance: Spread::of(imbalance),
        balance_factor: Spread::of(factor),
        toward: Toward { single: single.share(), weighted: weighted.share(), epoch: whole.share() },
    };
    Ok((row, seen))
}
