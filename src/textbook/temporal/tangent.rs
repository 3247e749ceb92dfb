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
    let examples = case.examples.iter().map(rows::<Dual<S>>).collect::<Result<Vec<_>, _>>()?;
    let count = embed(&one_over(case.examples.len()), "1/B, B the number of examples,")?;
    let loss = |parameters: &TemporalParameters<Dual<S>>| {
        let mut total = Dual::<S>::zero();
        for (input, target) in &examples {
            total = total + &firing(case, parameters, input, target, limits)?.loss;
        }
        Ok::<_, Error>(total * &count)
    };
    let value = loss(&parameters)?.value;
    let recurrent = along(&mut parameters, |p| &mut p.recurrent, loss)?;
    let input = along(&mut parameters, |p| &mut p.input, loss)?;
    let readout = along(&mut parameters, |p| &mut p.readout, loss)?;
    let mut biases = None;
    if let Some(of_case) = &case.network.readout_biases {
        let mut derivatives = Vec::new();
        for k in 0..of_case.len() {
            let mut moved = parameters.clone();
            if let Some(list) = &mut moved.readout_biases {
                list[k].tangent = S::one();
            }
            derivatives.push(loss(&moved)?.tangent);
        }
        biases = Some(derivatives);
    }
    Ok(TemporalGradient { loss: value, recurrent, input, readout, readout_biases: biases })
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
