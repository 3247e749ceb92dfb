//! The gradient of another loss: one that is not clipped, or another slope at the kink of the loss.

use num_rational::BigRational;
use num_traits::Zero;

use super::stale::is_right;
use crate::error::Error;
use crate::progress::Progress;
use crate::spec::{Case, Limits, Loss, OutputError, PerBlock, Reduction, Share};
use crate::verdict::walk::Reference;
use crate::wire::gradient::Gradient;

/// Says so if these are the entries of a loss that is taken for that of the case, by the exact gradient of that loss and its own bound.
///
/// Losses that differ by a factor are found as that factor.
///
/// # Errors
/// As [`is_right`].
pub(super) fn of_another(
    case: &Case,
    mine: &Gradient,
    right: &PerBlock<Reference>,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<Option<String>, Error> {
    let Loss::Reduced { error, reduction } = &case.loss else { return Ok(None) };
    let others = others(error, *reduction);
    for (loss, words) in &others {
        if *loss == case.loss {
            continue;
        }
        progress.stage("is it another loss?")?;
        let other = Case { loss: loss.clone(), ..case.clone() };
        if is_right(&other, mine, right, others.len(), limits)? {
            let quantity = mine.quantity.name();
            return Ok(Some(format!("this is the {quantity} of {words}")));
        }
    }
    Ok(None)
}

/// What is taken for a loss, with the words for it.
fn others(error: &OutputError, reduction: Reduction) -> Vec<(Loss, String)> {
    let of = |error: OutputError| Loss::Reduced { error, reduction };
    // δ beyond every error: nothing is clipped.
    let unclipped =
        || OutputError::Huber { delta: BigRational::from_integer((1_i64 << 60).into()).pow(4) };
    let at_kinks = |with: &dyn Fn(Share) -> OutputError| -> Vec<(Loss, String)> {
        let words = [(Share::NONE, "left"), (Share::HALF, "mean"), (Share::ALL, "right")];
        let said = words.map(|(share, word)| {
            let words = format!(
                "{} with its {word} slope at the kink, where no slope is wrong: say \"kink\": \"{word}\" in the loss",
                error.name()
            );
            (of(with(share)), words)
        });
        said.into()
    };
    match error {
        OutputError::Mse => vec![(of(OutputError::L1 { kink: Share::HALF }), "l1".to_owned())],
        OutputError::Huber { .. } => vec![
            (
                of(unclipped()),
                "huber without clipping: errors beyond delta count in full".to_owned(),
            ),
            (
                of(OutputError::Mse),
                "mse: the squares of huber without its ½, and without clipping".to_owned(),
            ),
        ],
        OutputError::L1 { .. } => at_kinks(&|kink| OutputError::L1 { kink }),
        OutputError::SmoothL1 { beta, .. } if beta.is_zero() => {
            at_kinks(&|kink| OutputError::SmoothL1 { beta: beta.clone(), kink })
        }
        OutputError::SmoothL1 { .. } => {
            vec![(of(OutputError::L1 { kink: Share::HALF }), "l1: nothing is smooth".to_owned())]
        }
        OutputError::Hinge { margin, .. } => {
            at_kinks(&|kink| OutputError::Hinge { margin: margin.clone(), kink })
        }
    }
}
