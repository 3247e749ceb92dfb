//! One rule's gradient or update.

use num_rational::BigRational;

use crate::error::Error;
use crate::spec::{Limits, TemporalCase, TemporalGradient, TemporalRule};
use crate::textbook::temporal::{self, Evaluation};
use crate::wire::gradient::{NumberKind, Quantity};
use crate::wire::temporal::gradient::GradientOverTime;

/// Runs one rule on a temporal case.
///
/// ```text
/// gradient   ∂L/∂W, or what the rule has in its place      update   ΔW = −η ∂L/∂W
/// ```
///
/// The approximate rules are run as a synapse would, forwards in time.
///
/// # Errors
/// [`Error::Unsupported`] where the rule or the number type cannot serve the case; [`Error::Limit`].
pub fn gradient(
    case: &TemporalCase,
    rule: &TemporalRule,
    number: NumberKind,
    quantity: Quantity,
    limits: &Limits,
) -> Result<GradientOverTime, Error> {
    let found = match number {
        NumberKind::Exact => exact(case, rule, limits)?,
        NumberKind::F64 | NumberKind::F32 => {
            return Err(Error::unsupported("floats of a rule over time; use --number exact"));
        }
    };
    Ok(GradientOverTime::of(rule, number, quantity, asked_for(found, quantity, case)))
}

/// The exact engine of a rule.
///
/// # Errors
/// As [`gradient`].
pub(super) fn exact(
    case: &TemporalCase,
    rule: &TemporalRule,
    limits: &Limits,
) -> Result<TemporalGradient<BigRational>, Error> {
    if !case.network.activation.is_exact() {
        return Err(Error::unsupported(
            "tanh, logistic and softplus have no rational values: use --number f64 or f32",
        ));
    }
    Ok(temporal::run(case, rule, Evaluation::Causal, limits)?.gradient)
}

/// The gradient itself, or −η times it.
pub(super) fn asked_for(
    found: TemporalGradient<BigRational>,
    quantity: Quantity,
    case: &TemporalCase,
) -> TemporalGradient<BigRational> {
    if quantity == Quantity::Gradient {
        return found;
    }
    let step = |row: Vec<BigRational>| -> Vec<BigRational> {
        row.into_iter().map(|entry| -(entry * &case.learning_rate)).collect()
    };
    let matrix = |rows: Vec<Vec<BigRational>>| rows.into_iter().map(step).collect();
    TemporalGradient {
        loss: found.loss,
        recurrent: matrix(found.recurrent),
        input: matrix(found.input),
        readout: matrix(found.readout),
        readout_biases: found.readout_biases.map(step),
    }
}
