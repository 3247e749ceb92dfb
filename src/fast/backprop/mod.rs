//! D5–D7 by layers: forward, adjoints, gradient of a whole batch at once.

mod error;
mod passes;
pub(in crate::fast) mod slope;
mod workspace;

use faer::{Mat, MatRef};

use super::network::examples;
use super::{Float, Network, within_limits};
use crate::error::Error;
use crate::spec::outcome::{Adjoint, BackpropExample, BackpropOutcome, Delta, LayeredGradient};
use crate::spec::{Case, Network as Kind};

pub use workspace::Workspace;

/// Backpropagation on a layered case in floats (D5–D7).
///
/// It differentiates the loss, so it reads σ' even where the case replaces the balance function.
///
/// Exactness: rounded; exact on lattice inputs.
///
/// # Errors
/// [`Error::Unsupported`] for graphs, [`Error::NotFinite`] naming the quantity that overflowed,
/// [`Error::Limit`] for a batch that would not fit into memory.
///
/// Source: Rumelhart, Hinton & Williams 1986.
pub fn run<F: Float>(case: &Case) -> Result<BackpropOutcome<F>, Error> {
    let Kind::Layered(exact) = &case.network else {
        return Err(Error::unsupported("backpropagation on a graph; it is defined on layers"));
    };
    let widths = exact.widths();
    within_limits(case, widths.iter().sum())?;
    let network = Network::<F>::of(exact, case.kink)?;
    let (input, target) = examples::<F>(case, widths[0], widths[widths.len() - 1])?;
    let mut workspace =
        Workspace::with_input_adjoint(&network, case.examples.len())?.measured_by(&case.loss)?;
    workspace.differentiate(&network, input.as_ref(), target.as_ref())?;
    Ok(outcome(&workspace, &network, &input))
}

fn outcome<F: Float>(
    workspace: &Workspace<F>,
    network: &Network<F>,
    input: &Mat<F>,
) -> BackpropOutcome<F> {
    let last = network.layers.len();
    let column = |part: MatRef<'_, F>, b: usize| part.col(b).iter().copied().collect::<Vec<F>>();
    let example = |b: usize| {
        let rates = (1..=last).map(|l| column(workspace.firing_rate(l), b));
        let adjoint = |l: usize| column(workspace.adjoint(l), b).into_iter().map(Adjoint).collect();
        let delta = |l: usize| column(workspace.delta(l), b).into_iter().map(Delta).collect();
        BackpropExample {
            net_input: (1..=last).map(|l| column(workspace.net_input(l), b)).collect(),
            firing_rate: std::iter::once(column(input.as_ref(), b)).chain(rates).collect(),
            slope: (1..=last).map(|l| column(workspace.slope(l), b)).collect(),
            adjoint: (0..=last).map(adjoint).collect(),
            delta: (1..=last).map(delta).collect(),
        }
    };
    let matrix = |l: usize| {
        let gradient = workspace.weight_gradient(l);
        let row = |post| (0..gradient.ncols()).map(|pre| gradient[(post, pre)]).collect();
        (0..gradient.nrows()).map(row).collect()
    };
    let biases =
        network.layers.iter().enumerate().map(|(l, layer)| {
            layer.biases.as_ref().map(|_| workspace.bias_gradient(l + 1).to_vec())
        });
    BackpropOutcome {
        loss: workspace.loss(),
        examples: (0..input.ncols()).map(example).collect(),
        gradient: LayeredGradient {
            weights: (1..=last).map(matrix).collect(),
            biases: biases.collect(),
        },
    }
}
