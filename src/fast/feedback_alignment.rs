//! Feedback alignment by layers, a whole batch at once (G1).

use faer::{Accum, Mat};

use super::credit::Workspace;
use super::layout::{Threads, expect_finite_columns, padded, zeros};
use super::network::examples;
use super::product::product;
use super::{Float, Network, rounded, within_limits};
use crate::error::Error;
use crate::spec::outcome::Update;
use crate::spec::{Case, FeedbackMatrices, Network as Kind, PerNeuron, PerSynapse};

/// What the rule computes of a case in floats.
#[derive(Clone, Debug)]
pub struct FeedbackOutcome<F> {
    /// ΔW and Δb at η = 1, in the numbering of the wiring.
    pub update: Update<F>,
    /// L of the batch.
    pub loss: F,
}

/// Feedback alignment on a layered case in floats; rates and balance factors are those of the credit rule of this room.
///
/// Exactness: rounded; exact on lattice inputs.
///
/// # Errors
/// [`Error::Unsupported`] for graphs, [`Error::NotFinite`] naming the quantity that overflowed, [`Error::Limit`] for a batch that would
/// not fit into memory.
///
/// Source: Lillicrap et al. 2016, doi.org/10.1038/ncomms13276.
pub fn run<F: Float>(
    case: &Case,
    feedback: &FeedbackMatrices,
) -> Result<FeedbackOutcome<F>, Error> {
    let Kind::Layered(exact) = &case.network else {
        return Err(Error::unsupported(
            "feedback alignment on a graph: its matrices belong to layers",
        ));
    };
    case.loss.expect_half_squared("feedback alignment in floats")?;
    let (widths, batch) = (exact.widths(), case.examples.len());
    within_limits(case, widths.iter().sum())?;
    let network = Network::<F>::of(exact, case.kink)?;
    let (input, target) = examples::<F>(case, widths[0], widths[widths.len() - 1])?;
    let mut fired = Workspace::new(&network, batch)?;
    let output = fired.predict(&network, input.as_ref())?;
    let mut credit = padded(output.nrows(), batch, |k, b| target[(k, b)] - output[(k, b)]);
    let loss = loss(&credit)?;
    let last = network.layers.len();
    let mut changes = Vec::with_capacity(last);
    for l in (1..=last).rev() {
        let balance = fired.balance_factor(l);
        let drive = padded(widths[l], batch, |post, b| balance[(post, b)] * credit[(post, b)]);
        expect_finite_columns(&credit, batch, "credit", l)?;
        let rates = if l == 1 { input.as_ref() } else { fired.firing_rate(l - 1) };
        let (share, one) = (F::from(1) / F::count(batch), F::from(1));
        let mut change = zeros(widths[l], widths[l - 1]);
        let (left, right) = (drive.as_ref(), rates.transpose());
        product(change.as_mut(), Accum::Replace, left, right, share, Threads::ONE)?;
        expect_finite_columns(&change, widths[l - 1], "weight update", l)?;
        let sum =
            |post: usize| (0..batch).fold(F::from(0), |sum, b| sum + drive[(post, b)]) * share;
        let biases = network.layers[l - 1].biases.as_ref();
        let biases: Mat<F> =
            padded(widths[l], 1, |post, _| biases.map_or(F::from(0), |_| sum(post)));
        expect_finite_columns(&biases, 1, "bias update", l)?;
        changes.push((change, biases));
        if l > 1 {
            let mut below = zeros(widths[l - 1], batch);
            let matrix = matrix(feedback.of_layer(l), l)?;
            let (left, right) = (matrix.as_ref(), drive.as_ref());
            product(below.as_mut(), Accum::Replace, left, right, one, Threads::ONE)?;
            credit = below;
        }
    }
    changes.reverse();
    Ok(FeedbackOutcome { update: counted_through(&changes, widths[0]), loss })
}

/// L = (1/2B) Σ e².
fn loss<F: Float>(error: &Mat<F>) -> Result<F, Error> {
    let mut sum = F::from(0);
    for b in 0..error.ncols() {
        sum = error.col_as_slice(b).iter().fold(sum, |sum, e| sum + *e * *e);
    }
    let loss = sum / (F::from(2) * F::count(error.ncols()));
    if loss.finite() {
        Ok(loss)
    } else {
        Err(super::not_finite(format!("the loss in {}", F::NAME)))
    }
}

/// B^l, every entry rounded to the nearest float.
fn matrix<F: Float>(
    rows: &[Vec<num_rational::BigRational>],
    layer: usize,
) -> Result<Mat<F>, Error> {
    let mut matrix = zeros(rows.len(), rows.first().map_or(0, Vec::len));
    for (pre, row) in rows.iter().enumerate() {
        for (post, way) in row.iter().enumerate() {
            matrix[(pre, post)] = rounded(way, || format!("an entry of B of layer {layer}"))?;
        }
    }
    Ok(matrix)
}

/// The changes of layers 1..Λ in the numbering of the wiring.
fn counted_through<F: Float>(changes: &[(Mat<F>, Mat<F>)], inputs: usize) -> Update<F> {
    let (mut weights, mut biases) = (Vec::new(), vec![F::from(0); inputs]);
    for (change, bias) in changes {
        for post in 0..change.nrows() {
            weights.extend((0..change.ncols()).map(|pre| change[(post, pre)]));
        }
        biases.extend_from_slice(bias.col_as_slice(0));
    }
    Update { weights: PerSynapse::new(weights), biases: PerNeuron::new(biases) }
}
