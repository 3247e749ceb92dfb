//! Null models: graphs that share something with a given one, and are random otherwise.

use super::graph::Graph;
use crate::simulate::experiment::Draws;

/// Rounds after which the strengths are as near as they come.
const ROUNDS: usize = 2000;
/// The relative error of a strength that passes for none.
const EXACT: f64 = 1e-12;

/// The weights of existing edges, shuffled among the edges of their block: `block` names it, `None` where no edge exists.
///
/// Kept: the weights of each block, exactly and with their number, and which edges exist.
#[must_use]
pub fn shuffled_within_blocks(
    graph: &Graph,
    block: impl Fn(usize, usize) -> Option<usize>,
    draws: &mut Draws,
) -> Graph {
    let mut places: std::collections::BTreeMap<usize, Vec<usize>> =
        std::collections::BTreeMap::new();
    for post in 0..graph.nodes {
        for pre in 0..graph.nodes {
            if let Some(block) = block(post, pre) {
                places.entry(block).or_default().push(post * graph.nodes + pre);
            }
        }
    }
    let mut shuffled = graph.clone();
    for places in places.values() {
        let mut weights: Vec<f64> = places.iter().map(|place| graph.weights[*place]).collect();
        draws.shuffle(&mut weights);
        for (place, weight) in places.iter().zip(weights) {
            shuffled.weights[*place] = weight;
        }
    }
    shuffled
}

/// A graph with the strengths of `graph`, made from `random` by scaling rows and columns in turn (Sinkhorn and Knopp 1967).
///
/// Kept: what comes into and what goes out of each node, to a relative 10⁻¹² or as near as 2000 rounds come; and which edges
/// of `random` exist. Weights must not be negative.
#[must_use]
pub fn with_strengths_of(graph: &Graph, random: &Graph) -> Graph {
    let n = graph.nodes;
    let (into, out_of) = graph.strengths();
    let mut scaled = random.clone();
    for _ in 0..ROUNDS {
        let (now, _) = scaled.strengths();
        for (post, row) in scaled.weights.chunks_exact_mut(n.max(1)).enumerate() {
            let factor = if now[post] > 0.0 { into[post] / now[post] } else { 0.0 };
            row.iter_mut().for_each(|weight| *weight *= factor);
        }
        let (_, now) = scaled.strengths();
        let factor = |pre: usize| if now[pre] > 0.0 { out_of[pre] / now[pre] } else { 0.0 };
        let factors: Vec<f64> = (0..n).map(factor).collect();
        for row in scaled.weights.chunks_exact_mut(n.max(1)) {
            row.iter_mut().zip(&factors).for_each(|(weight, factor)| *weight *= factor);
        }
        let (rows, _) = scaled.strengths();
        let off = rows.iter().zip(&into).map(|(a, b)| (a - b).abs() / b.max(f64::MIN_POSITIVE));
        if off.filter(|off| off.is_finite()).fold(0.0, f64::max) <= EXACT {
            break;
        }
    }
    scaled
}
