//! Rules that assign credit over time, exactly, as printed, generic over [`Scalar`].
//!
//! One rule, one file. [`bptt`] has a forward pass and slopes of its own; [`tangent`] knows only the loss; [`rtrl`], [`factorised`],
//! [`eprop`], [`mdgl`] and [`modprop`] run forwards on the same rates, slopes and traces. Every approximate rule is written twice: as
//! a synapse would do it, forwards in time, and as an evaluation against time.

pub mod bptt;
pub mod eprop;
pub mod factorised;
mod feedback;
pub mod firing;
mod local;
pub mod mdgl;
pub mod modprop;
mod outcome;
mod parameters;
pub mod rtrl;
pub mod tangent;

use crate::error::Error;
use crate::scalar::Scalar;
use crate::spec::{Limits, TemporalCase, TemporalRule};

pub use feedback::feedback_weights;
pub use outcome::{Evaluation, Step, TemporalOutcome};
pub use parameters::{Rows, TemporalParameters};

/// Runs a rule; those of one form only (BPTT, RTRL, the tangent) have no choice of `evaluation`.
///
/// ```
/// use creditcheck::{spec::{Limits, TemporalRule}, textbook::temporal::{self, Evaluation}, wire::TemporalDocument};
/// use num_rational::BigRational;
/// let text = br#"{"format": "creditcheck/case/1", "network": {"kind": "temporal", "leak": "1/2",
///   "activation": "identity", "recurrent": [["0"]], "input": [["1"]], "readout": [["1"]]},
///   "loss": "half_squared_error", "learning_rate": "1", "steps": "last",
///   "examples": [{"input": [["2"], ["1"]], "target": [["0"], ["2"]]}]}"#;
/// let limits = Limits::default();
/// let case = TemporalDocument::read(text, &limits).unwrap().case;
/// let found = temporal::run::<BigRational>(&case, &TemporalRule::Bptt, Evaluation::Causal, &limits).unwrap();
/// // s_1 = 1, s_2 = 1/2 + 1/2 = 1, ϵ_2 = −1; ∂L/∂U = ϵ_2 (x_1/4 + x_2/2) = −1
/// assert_eq!(found.gradient.input[0][0].to_string(), "-1");
/// ```
///
/// # Errors
/// Those of the rule.
pub fn run<S: Scalar>(
    case: &TemporalCase,
    rule: &TemporalRule,
    evaluation: Evaluation,
    limits: &Limits,
) -> Result<TemporalOutcome<S>, Error> {
    match rule {
        TemporalRule::Bptt => bptt::run(case, limits),
        TemporalRule::Rtrl => rtrl::run(case, limits),
        TemporalRule::FactorisedRtrl => factorised::run(case, limits),
        TemporalRule::Tangent => {
            Ok(TemporalOutcome { gradient: tangent::run(case, limits)?, examples: Vec::new() })
        }
        TemporalRule::Eprop => eprop::run(case, evaluation, limits),
        TemporalRule::Mdgl { feedback } => mdgl::run(case, *feedback, evaluation, limits),
        TemporalRule::Modprop(rule) => modprop::run(case, rule, evaluation, limits),
    }
}
