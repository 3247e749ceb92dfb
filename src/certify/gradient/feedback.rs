//! Feedback alignment, whose matrices are given with it (G1).

use num_rational::BigRational;

use super::{no_engine, off_grid};
use crate::error::Error;
use crate::number::held;
use crate::scalar::{Rational, Scalar};
use crate::spec::outcome::Update;
use crate::spec::{Case, Dtype, FeedbackMatrices, Limits, Number};
use crate::textbook::feedback_alignment;
use crate::verdict::bridge::{gradient_of_update, update_of_blocks};
use crate::verdict::per_block;
use crate::wire::gradient::{Gradient, Quantity, feedback};

/// What feedback alignment takes for the gradient of a layered case, or its update.
///
/// Nothing comes back to the inputs, so it has no derivatives there.
///
/// # Errors
/// [`Error::Unsupported`] for a graph, and where the number type cannot serve the case; [`Error::NotFinite`] where a float overflows;
/// [`Error::Limit`].
pub fn aligned(
    case: &Case,
    matrices: &FeedbackMatrices,
    (number, quantity): (Number, Quantity),
    limits: &Limits,
) -> Result<Gradient, Error> {
    let (update, loss) = match number {
        Number::Exact => {
            super::expect_exact(case)?;
            let found = feedback_alignment::run::<Rational>(case, matrices, limits)?;
            (found.update.map(Rational::plain), found.loss.plain())
        }
        Number::Float(Dtype::F64) => float::<f64>(case, matrices)?,
        Number::Float(Dtype::F32) => float::<f32>(case, matrices)?,
        Number::Float(dtype @ (Dtype::Bf16 | Dtype::F16)) => return Err(no_engine(dtype)),
        Number::Grid(_) => return Err(off_grid()),
    };
    let gradient = gradient_of_update(&update, &<BigRational as Scalar>::one());
    let gradient = gradient.ok_or_else(|| Error::unsupported("a gradient at learning rate 0"))?;
    let mut entries = per_block(case, &gradient).map(BigRational::clone);
    if quantity == Quantity::Update {
        entries = update_of_blocks(entries, &case.learning_rate);
        // η times an entry is one more product, rounded like any other.
        for entry in entries.values_mut() {
            let beyond = || Error::NotFinite { what: format!("an update in {}", number.name()) };
            *entry = held(entry, number).ok_or_else(beyond)?;
        }
    }
    Ok(Gradient {
        case: None,
        rule: Some(feedback::NAME.into()),
        options: feedback::options(matrices),
        number,
        quantity,
        loss: Some(loss),
        entries,
        inputs: None,
        solver: crate::spec::Solver::default(),
    })
}

/// The float engine; its numbers are floats, held exactly.
#[cfg(feature = "fast")]
fn float<F: crate::fast::Float>(
    case: &Case,
    matrices: &FeedbackMatrices,
) -> Result<(Update<BigRational>, BigRational), Error> {
    // The engine refuses results that are not finite, so every float has an exact value.
    let exact = |value: &F| value.exact().unwrap_or_else(<BigRational as Scalar>::zero);
    let found = crate::fast::feedback_alignment::run::<F>(case, matrices)?;
    Ok((found.update.map(exact), exact(&found.loss)))
}

/// Without the float side there are no float engines.
#[cfg(not(feature = "fast"))]
// The format is a parameter only so that both builds are called alike.
#[allow(clippy::extra_unused_type_parameters)]
fn float<F>(_: &Case, _: &FeedbackMatrices) -> Result<(Update<BigRational>, BigRational), Error> {
    Err(Error::unsupported("floats; this build lacks the feature \"fast\""))
}
