//! Both algorithms on one case, for showing them side by side.

use num_rational::BigRational;

use super::evidence::Evidence;
use super::{Options, Silent};
use crate::error::Error;
use crate::spec::outcome::Update;
use crate::spec::{Case, Limits, PerNeuron, Wiring};
use crate::textbook::relax;

/// Everything that both algorithms compute on the way.
#[derive(Clone, Debug)]
pub struct Steps {
    /// The outcomes of the exact engines.
    pub evidence: Evidence,
    /// −η ∂L/∂W of backpropagation, or of the arbiter on a graph.
    pub reference: Option<Update<BigRational>>,
    /// Credits of each example after 0, 1, …, depth + 1 sweeps from zero.
    pub sweeps: Vec<Vec<PerNeuron<BigRational>>>,
}

/// Runs both algorithms and keeps every intermediate result.
///
/// # Errors
/// As [`super::certify`].
pub fn steps(case: &Case, limits: &Limits) -> Result<Steps, Error> {
    let wiring = Wiring::of(case);
    let Some(depth) = wiring.depth() else {
        return Err(crate::textbook::firing::recurrent());
    };
    let options = Options { limits: *limits, ..Options::default() };
    // The directions of the arbiter are the unit directions here, or not shown; no digest is needed.
    let evidence = Evidence::gather(case, &wiring, "", &options, &mut Silent)?;
    let zero = BigRational::from_integer(0.into());
    let sweeps = evidence.credit.examples.iter().map(|example| {
        let mut sweeps = vec![PerNeuron::filled(wiring.neurons(), zero.clone())];
        for before in 0..=depth {
            let next = relax::sweep(&evidence.view(example, &sweeps[before]));
            sweeps.push(next);
        }
        sweeps
    });
    let sweeps = sweeps.collect();
    let reference = evidence.reference_update(case);
    Ok(Steps { evidence, reference, sweeps })
}
