//! A gradient of the right examples with the targets in another order.

use super::stale::is_right;
use crate::error::Error;
use crate::progress::Progress;
use crate::spec::{Case, Limits, PerBlock};
use crate::verdict::walk::Reference;
use crate::wire::gradient::Gradient;

/// Up to so many examples all orders are tried: 23 others.
const ALL_ORDERS: usize = 4;

/// Says so if these are the entries of a case whose targets belong to other inputs, by the exact gradient of that case and its own bound.
///
/// Of more than four examples the usual slips are tried: one place on, one place back, and from the last to the first.
///
/// # Errors
/// As [`is_right`].
pub(super) fn of_targets(
    case: &Case,
    mine: &Gradient,
    right: &PerBlock<Reference>,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<Option<String>, Error> {
    let mut seen = vec![case.clone()];
    let orders = orders(case.examples.len());
    for order in &orders {
        let mut other = case.clone();
        for (example, from) in other.examples.iter_mut().zip(order) {
            example.target.clone_from(&case.examples[*from].target);
        }
        // Equal targets change places unseen.
        if seen.contains(&other) {
            continue;
        }
        progress.stage("is it another order of the targets?")?;
        if is_right(&other, mine, right, orders.len(), limits)? {
            let told: Vec<_> = order.iter().map(ToString::to_string).collect();
            return Ok(Some(format!(
                "this is the {} with the targets in another order than the inputs: those of the examples {}",
                mine.quantity.name(),
                told.join(", ")
            )));
        }
        seen.push(other);
    }
    Ok(None)
}

/// The orders to be tried of so many examples, the right one left out.
fn orders(examples: usize) -> Vec<Vec<usize>> {
    let right: Vec<usize> = (0..examples).collect();
    let mut all = match examples {
        0 | 1 => Vec::new(),
        2..=ALL_ORDERS => permutations(right.clone()),
        _ => {
            let rotated = |by: usize| right.iter().map(|at| (at + by) % examples).collect();
            vec![rotated(1), rotated(examples - 1), right.iter().rev().copied().collect()]
        }
    };
    all.retain(|order| *order != right);
    all
}

fn permutations(of: Vec<usize>) -> Vec<Vec<usize>> {
    if of.len() < 2 {
        return vec![of];
    }
    let mut found = Vec::new();
    for (at, first) in of.iter().enumerate() {
        let rest = of.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, n)| *n);
        found.extend(
            permutations(rest.collect()).into_iter().map(|rest| [vec![*first], rest].concat()),
        );
    }
    found
}
