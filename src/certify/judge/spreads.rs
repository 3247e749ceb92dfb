//! The plausible line of a network of layers or of a graph: standard deviations of what floats give.

use crate::spec::{Arithmetic, Case, Dense, FeedbackMatrices, Layer, Layout, Network, PerBlock};
use crate::verdict::per_block;
use crate::verdict::plausible::{aligned_spread, graph_spread, spread};

/// A standard deviation for every entry of the gradient; of feedback alignment, where matrices are given; none where none can be had.
pub(super) fn spreads(
    case: &Case,
    feedback: Option<&FeedbackMatrices>,
    arithmetic: Arithmetic,
) -> Option<PerBlock<f64>> {
    match &case.network {
        Network::Layered(net) => {
            let dense = Dense::of(case)?;
            let found = match feedback {
                None => spread(&dense, arithmetic),
                Some(matrices) => aligned_spread(&dense, matrices, arithmetic),
            };
            let found = found.ok()?;
            let of_layer = |(layer, [weights, biases]): (&Layer, [Vec<f64>; 2])| {
                weights
                    .into_iter()
                    .chain(layer.biases.is_some().then_some(biases).into_iter().flatten())
            };
            let entries = net.layers.iter().zip(found.layers).flat_map(of_layer);
            Some(Layout::of(case).hold(entries))
        }
        // Drawn in one format; for operands that are rounded first there is no such line on a graph.
        Network::Graph(_) => {
            let format = arithmetic.dtype();
            let found = (arithmetic == format.into()).then(|| graph_spread(case, format))?.ok()?;
            Some(per_block(case, &found).map(|spread| *spread))
        }
    }
}
