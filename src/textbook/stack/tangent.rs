//! The arbiter: the loss of a stack on dual numbers, one direction per parameter (D8 on S1).
//!
//! It knows the forward map alone: no slope, no transpose, no time reversed.

use super::firing::firing;
use super::parameters::{Parameters, sequences, share};
use crate::error::Error;
use crate::scalar::{Dual, Scalar};
use crate::spec::{Limits, StackCase, StackGradient};

/// L and all its derivatives.
///
/// ```text
/// D8   L(θ + ε δ_i) = L(θ) + ε ∂L/∂θ_i,  ε² = 0;   λ + ε goes with the share 1 − λ − ε
/// ```
///
/// Exactness: exact over every `ExactScalar`.
///
/// # Errors
/// [`Error::Unsupported`] for an activation that this number type cannot evaluate; [`Error::Limit`].
pub fn run<S: Scalar>(case: &StackCase, limits: &Limits) -> Result<StackGradient<S>, Error> {
    let mut parameters: Parameters<'_, Dual<S>> = Parameters::of(&case.network)?;
    let sequences = sequences::<Dual<S>>(case)?;
    let share: Dual<S> = share(case)?;
    let loss = |parameters: &Parameters<'_, Dual<S>>| {
        let mut total = Dual::<S>::zero();
        for sequence in &sequences {
            total = total + &firing(case, parameters, sequence, limits)?.loss;
        }
        Ok::<_, Error>(total * &share)
    };
    let mut found = StackGradient::filled(&case.network, &S::zero());
    found.loss = loss(&parameters)?.value;
    // Along the parameter that `pick` finds, which stands still again afterwards.
    let mut along = |entry: &mut S, pick: &Pick<'_, S>| {
        move_to(&mut parameters, pick, &S::one());
        *entry = loss(&parameters)?.tangent;
        move_to(&mut parameters, pick, &S::zero());
        Ok::<_, Error>(())
    };
    for (l, layer) in found.layers.iter_mut().enumerate() {
        for (post, row) in layer.recurrent.iter_mut().enumerate() {
            for (pre, entry) in row.iter_mut().enumerate() {
                along(entry, &|p| p.layers[l].recurrent[post].get_mut(pre))?;
            }
        }
        for (post, row) in layer.input.iter_mut().enumerate() {
            for (pre, entry) in row.iter_mut().enumerate() {
                along(entry, &|p| p.layers[l].input[post].get_mut(pre))?;
            }
        }
        for (post, entry) in layer.biases.iter_mut().flatten().enumerate() {
            along(entry, &|p| p.layers[l].biases.as_mut()?.get_mut(post))?;
        }
        if let Some(entry) = &mut layer.leak {
            along(entry, &|p| Some(&mut p.layers[l].leak))?;
        }
    }
    for (k, row) in found.readout.iter_mut().enumerate() {
        for (pre, entry) in row.iter_mut().enumerate() {
            along(entry, &|p| p.readout[k].get_mut(pre))?;
        }
    }
    for (k, entry) in found.readout_biases.iter_mut().flatten().enumerate() {
        along(entry, &|p| p.readout_biases.as_mut()?.get_mut(k))?;
    }
    Ok(found)
}

type All<'a, S> = Parameters<'a, Dual<S>>;
/// Finds a parameter.
type Pick<'a, S> = dyn for<'b, 'c> Fn(&'b mut All<'c, S>) -> Option<&'b mut Dual<S>> + 'a;

/// Gives one parameter this tangent; the share of a leak goes with it.
fn move_to<S: Scalar>(parameters: &mut All<'_, S>, pick: &Pick<'_, S>, tangent: &S) {
    if let Some(parameter) = pick(parameters) {
        parameter.tangent = tangent.clone();
    }
    for layer in &mut parameters.layers {
        layer.gain = Dual::<S>::one() - &layer.leak;
    }
}
