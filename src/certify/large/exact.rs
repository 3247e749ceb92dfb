//! C1–C3 in tier Q at any size: both rules, and the tangent, on the case itself, equal modulo primes that multiply to more
//! than any difference.

use super::truth::moved;
use super::{Sides, Source};
use crate::error::Error;
use crate::linalg::zeros;
use crate::modular::exact::{self, Pair};
use crate::modular::tangent;
use crate::progress::Progress;
use crate::spec::Dense;
use crate::verdict::bridge::residues_of_update;
use crate::verdict::{Cell, Claim, Comparison, Tier};

/// Directions of C3 modulo each prime. A wrong update is wrong modulo one of the primes at least, and survives there with
/// probability p⁻⁵ < 2⁻¹⁰⁹.
const DIRECTIONS: usize = 5;

/// The cells of C1, C2 and C3: at the weights and examples of the case, on the pieces on which its net inputs lie.
pub(super) fn cells(
    dense: &Dense,
    source: &Source<'_>,
    progress: &mut dyn Progress,
) -> Result<Vec<Cell>, Error> {
    let claims = [Claim::Credit, Claim::Update, Claim::Truth];
    let no =
        |why: &str| Ok(claims.map(|claim| Cell::not_applicable(claim, Tier::Exact, why)).to_vec());
    if !dense.layers.iter().all(|layer| exact::serves(&layer.activation)) {
        return no(
            "σ is neither a polynomial nor piecewise linear: its values are not rational, or too long",
        );
    }
    if dense.layers.iter().any(|layer| layer.balance.is_some()) {
        return no("a replaced balance function: only small cases are run with one");
    }
    let (mut credits, mut updates) = (Comparison::new(), Comparison::new());
    let mut truth = Comparison::new();
    let mut direction = blank(dense);
    let depth = dense.layers.len();
    let mut watch = |stage: &str, done: usize, of: usize| {
        progress.stage(&format!("exact, {stage}, {} of {of}", (done + 1).min(of)))
    };
    let found = exact::both(dense, &mut watch, &mut |pair| {
        let Pair { field, rule, back, .. } = *pair;
        Sides::compare(depth, rule, back, field, 1.0, (&mut credits, &mut updates));
        for k in 0..DIRECTIONS {
            draw(&mut direction, source, pair, k);
            let Pair { network, inputs, targets, positions, .. } = *pair;
            let derivative =
                tangent::along(field, network, &direction, inputs, targets, positions)?;
            let place = |_| format!("⟨ΔW, H⟩ along direction {k} modulo {}", field.prime());
            let (found, derivative) = ([moved(field, rule, &direction)], [derivative]);
            let expected = (1.0, derivative.as_slice());
            residues_of_update(field.prime(), &place, &found, expected, &mut truth);
        }
        Ok(())
    });
    let facts = match found {
        Ok(facts) => facts,
        Err(limit @ Error::Limit { .. }) => return no(&limit.to_string()),
        Err(other) => return Err(other),
    };
    let note = format!(
        "on the numbers of the case: equal modulo {} primes below 2^22, which multiply to more than twice any difference \
         of numerators below 2^{}, hence equal; {} of {} net inputs were placed among the kinks by floats, the rest exactly, for both rules alike",
        facts.primes,
        facts.bits + 1,
        facts.decided - facts.undecided,
        facts.decided,
    );
    let comparisons = [credits, updates].into_iter().zip(claims);
    let mut cells: Vec<_> = comparisons
        .map(|(comparison, claim)| {
            Cell::checked(claim, Tier::Exact, comparison.verdict()).note(note.clone())
        })
        .collect();
    cells.push(Cell::checked(Claim::Truth, Tier::Exact, truth.verdict()).note(format!(
        "dual numbers on the pieces of σ, along {DIRECTIONS} random directions modulo each prime: a wrong update survives \
         with probability ≤ 2^-109"
    )));
    Ok(cells)
}

/// Room for a direction.
fn blank(dense: &Dense) -> tangent::Direction {
    let weights = dense.layers.iter().map(|l| zeros(l.weights.rows, l.weights.cols)).collect();
    let biases =
        dense.layers.iter().map(|l| l.biases.as_ref().map(|b| vec![0.0; b.values.len()])).collect();
    tangent::Direction { weights, biases }
}

fn draw(direction: &mut tangent::Direction, source: &Source<'_>, pair: &Pair<'_>, k: usize) {
    let label = format!("large/exact/{}/{k}", pair.field.prime());
    for (l, weights) in direction.weights.iter_mut().enumerate() {
        source.fill(&format!("{label}/H{}", l + 1), pair.field, weights);
    }
    for (l, biases) in direction.biases.iter_mut().enumerate() {
        let mut stream = source.stream(&format!("{label}/h{}", l + 1), pair.field);
        biases.iter_mut().flatten().for_each(|entry| *entry = pair.field.of(stream.next()));
    }
}
