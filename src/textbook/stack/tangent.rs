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
    let parameters: Parameters<'_, Dual<S>> = Parameters::of(&case.network)?;
    let sequences = sequences::<Dual<S>>(case)?;
    let share: Dual<S> = share(case)?;
    let loss = |parameters: &Parameters<'_, Dual<S>>| {
        let mut total = Dual::<S>::zero();
        for sequence in &sequences {
            total = total + &firing(case, parameters, sequence, limits)?.loss;
        }
        Ok::<_, Error>(total * &share)
    };
    // Along the parameter that `pick` finds in a copy.
    let along = |pick: &dyn Fn(&mut Parameters<'_, Dual<S>>)| {
        let mut moved = parameters.clone();
        pick(&mut moved);
        Ok::<_, Error>(loss(&moved)?.tangent)
    };
    let mut found = StackGradient::filled(&case.network, &S::zero());
    for (l, layer) in found.layers.iter_mut().enumerate() {
        for (post, row) in layer.recurrent.iter_mut().enumerate() {
            for (pre, entry) in row.iter_mut().enumerate() {
                *entry = along(&|p| p.layers[l].recurrent[post][pre].tangent = S::one())?;
            }
        }
        for (post, row) in layer.input.iter_mut().enumerate() {
            for (pre, entry) in row.iter_mut().enumerate() {
                *entry = along(&|p| p.layers[l].input[post][pre].tangent = S::one())?;
            }
        }
        for (post, entry) in layer.biases.iter_mut().flatten().enumerate() {
            *entry = along(&|p| {
                if let Some(bias) = p.layers[l].biases.as_mut().and_then(|c| c.get_mut(post)) {
                    bias.tangent = S::one();
                }
            })?;
        }
        if let Some(entry) = &mut layer.leak {
            *entry = along(&|p| {
                let layer = &mut p.layers[l];
                layer.leak.tangent = S::one();
                layer.gain = Dual::<S>::one() - &layer.leak;
            })?;
        }
    }
    for (k, row) in found.readout.iter_mut().enumerate() {
        for (pre, entry) in row.iter_mut().enumerate() {
            *entry = along(&|p| p.readout[k][pre].tangent = S::one())?;
        }
    }
    for (k, entry) in found.readout_biases.iter_mut().flatten().enumerate() {
        *entry = along(&|p| {
            if let Some(bias) = p.readout_biases.as_mut().and_then(|b| b.get_mut(k)) {
                bias.tangent = S::one();
            }
        })?;
    }
    found.loss = loss(&parameters)?.value;
    Ok(found)
}
