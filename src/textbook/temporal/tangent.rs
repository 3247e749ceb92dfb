//! The arbiter in time: the loss on dual numbers, one direction per parameter (D8 on T1).
//!
//! It knows the forward map alone: no slope, no transpose, no time reversed.

use super::firing::firing;
use super::parameters::{TemporalParameters, one_over, rows};
use crate::error::Error;
use crate::scalar::{Dual, Scalar};
use crate::spec::{Limits, TemporalCase, TemporalGradient};
use crate::textbook::embed;

/// L and all its derivatives.
///
/// ```text
/// D8   L(θ + ε δ_i) = L(θ) + ε ∂L/∂θ_i,  ε² = 0
/// ```
///
/// Shapes: those of the parameters. Exactness: exact over every `ExactScalar`.
///
/// # Errors
/// [`Error::Unsupported`] for an activation that this number type cannot evaluate; [`Error::Limit`].
pub fn run<S: Scalar>(case: &TemporalCase, limits: &Limits) -> Result<TemporalGradient<S>, Error> {
    let mut parameters: TemporalParameters<Dual<S>> = TemporalParameters::of(&case.network)?;
    let rows = |example| rows::<Dual<S>>(example, case.network.neurons());
    let examples = case.examples.iter().map(rows).collect::<Result<Vec<_>, _>>()?;
    let count = embed(&one_over(case.examples.len()), "1/B, B the number of examples,")?;
    let loss = |parameters: &TemporalParameters<Dual<S>>| {
        let mut total = Dual::<S>::zero();
        for example in &examples {
            total = total + &firing(case, parameters, example, limits)?.loss;
        }
        Ok::<_, Error>(total * &count)
    };
    let value = loss(&parameters)?.value;
    let recurrent = along(&mut parameters, |p| &mut p.recurrent, loss)?;
    let input = along(&mut parameters, |p| &mut p.input, loss)?;
    let readout = along(&mut parameters, |p| &mut p.readout, loss)?;
    let biases = along_each(&parameters, |p| &mut p.biases, loss)?;
    let readout_biases = along_each(&parameters, |p| &mut p.readout_biases, loss)?;
    Ok(TemporalGradient { loss: value, recurrent, input, biases, readout, readout_biases })
}

/// The derivative along each of some biases, if there are any.
fn along_each<S: Scalar>(
    parameters: &TemporalParameters<Dual<S>>,
    biases: impl Fn(&mut TemporalParameters<Dual<S>>) -> &mut Option<Vec<Dual<S>>>,
    loss: impl Fn(&TemporalParameters<Dual<S>>) -> Result<Dual<S>, Error>,
) -> Result<Option<Vec<S>>, Error> {
    let mut moved = parameters.clone();
    let Some(count) = biases(&mut moved).as_ref().map(Vec::len) else { return Ok(None) };
    let mut found = Vec::new();
    for k in 0..count {
        let mut moved = parameters.clone();
        if let Some(list) = biases(&mut moved) {
            list[k].tangent = S::one();
        }
        found.push(loss(&moved)?.tangent);
    }
    Ok(Some(found))
}

/// The derivative along each entry of one matrix.
fn along<S: Scalar>(
    parameters: &mut TemporalParameters<Dual<S>>,
    matrix: impl Fn(&mut TemporalParameters<Dual<S>>) -> &mut Vec<Vec<Dual<S>>>,
    loss: impl Fn(&TemporalParameters<Dual<S>>) -> Result<Dual<S>, Error>,
) -> Result<Vec<Vec<S>>, Error> {
    let (posts, pres) = {
        let rows = matrix(parameters);
        (rows.len(), rows.first().map_or(0, Vec::len))
    };
    let mut found = vec![Vec::new(); posts];
    for (post, row) in found.iter_mut().enumerate() {
        for pre in 0..pres {
            matrix(parameters)[post][pre].tangent = S::one();
            row.push(loss(parameters)?.tangent);
            matrix(parameters)[post][pre].tangent = S::zero();
        }
    }
    Ok(found)
}
