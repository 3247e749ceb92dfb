//! Layers in time, exactly, generic over [`Scalar`]; and the derivative of a leak.
//!
//! [`bptt`] goes back through time and layers, with a forward pass and slopes of its own; [`rtrl`] carries the sensitivity to one
//! parameter forwards, through both; [`tangent`] knows only the loss. None of them turns the layers into one network.

pub mod bptt;
mod firing;
mod parameters;
pub mod rtrl;
pub mod tangent;

use crate::error::Error;
use crate::scalar::Scalar;
use crate::spec::{Limits, StackCase, StackGradient, TemporalRule};

/// Runs a rule that gives the gradient.
///
/// ```
/// use creditcheck::{spec::{Limits, TemporalRule}, textbook::stack, wire::StackDocument};
/// use num_rational::BigRational;
/// let text = br#"{"format": "creditcheck/case/1", "network": {"kind": "temporal", "activation": "identity", "leak": "0",
///   "stack": [{"recurrent": [["0"]], "input": [["1"]]}, {"recurrent": [["0"]], "input": [["2"]]}], "readout": [["1"]]},
///   "loss": "half_squared_error", "learning_rate": "1", "steps": "last",
///   "examples": [{"input": [["5"], ["3"]], "target": [["0"], ["4"]]}]}"#;
/// let limits = Limits::default();
/// let case = StackDocument::read(text, &limits).unwrap().case;
/// let found = stack::run::<BigRational>(&case, &TemporalRule::Bptt, &limits).unwrap();
/// // y_2 = 2 · 3, so ϵ_2 = 2: ∂L/∂U² = 2 · 3, ∂L/∂U¹ = 2 · 2 · 3
/// assert_eq!(found.layers[1].input[0][0].to_string(), "6");
/// assert_eq!(found.layers[0].input[0][0].to_string(), "12");
/// ```
///
/// # Errors
/// [`Error::Unsupported`] for a rule that is not the gradient: what it sends from layer to layer, and to a leak, its source does not
/// say; those of the rule.
pub fn run<S: Scalar>(
    case: &StackCase,
    rule: &TemporalRule,
    limits: &Limits,
) -> Result<StackGradient<S>, Error> {
    match rule {
        TemporalRule::Bptt => bptt::run(case, limits),
        TemporalRule::Rtrl => rtrl::run(case, limits),
        TemporalRule::Tangent => tangent::run(case, limits),
        TemporalRule::FactorisedRtrl
        | TemporalRule::Eprop
        | TemporalRule::Mdgl { .. }
        | TemporalRule::Modprop(_) => Err(Error::unsupported(format!(
            "the rule {} on several layers in time, or with a trainable leak; use --rule bptt, rtrl or tangent",
            rule.name()
        ))),
    }
}
