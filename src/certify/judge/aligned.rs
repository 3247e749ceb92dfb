//! A gradient by feedback alignment, judged by that rule with the matrices that the file gives (G1).

use num_rational::BigRational;
use num_traits::Zero;

use super::Truth;
use crate::certify::explain;
use crate::certify::gradient::aligned;
use crate::error::Error;
use crate::mutants::{Misaligned, misaligned};
use crate::progress::Progress;
use crate::spec::{Case, FeedbackMatrices, Limits, Number, PerBlock};
use crate::verdict::bounded::{Bound, RuleBounds, feedback_bound_of_anybody};
use crate::verdict::judge::{Declared, Judge, Judgement, Match, Options, Reference, are_near};
use crate::verdict::reading::Scale;
use crate::verdict::{bridge, per_block};
use crate::wire::gradient::{Gradient, Quantity};

/// Judges by feedback alignment, with the distance from the exact gradient beside it; and says what would explain numbers that are not
/// those of the rule.
///
/// # Errors
/// As [`super::judgement`].
pub(super) fn judge(
    case: &Case,
    matrices: &FeedbackMatrices,
    mine: &Gradient,
    options: &Options,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<(Judgement, Vec<String>), Error> {
    if options.grid_everywhere {
        return Err(Error::unsupported("--grid-everywhere with a rule that is not the gradient"));
    }
    progress.stage("feedback alignment")?;
    let right = weighed(case, matrices, mine, options, limits)?;
    let mut found = judged(mine, &right, options);
    let (of_gradient, _) = super::judged(case, mine, options, limits, progress)?;
    let rule = "feedback alignment with the matrices of the file".to_owned();
    found.declared = Some(Declared { rule, blocks: of_gradient.blocks });
    if !found.nearness().is_refused() {
        return Ok((found, Vec::new()));
    }
    let mut said =
        vec!["the file declares feedback alignment, and these are not its entries".to_owned()];
    let as_another = explain::another_format(mine, |other| {
        let options = &Options { arithmetic: None, ..options.clone() };
        Ok(judged(other, &weighed(case, matrices, other, options, limits)?, options))
    })?;
    said.extend(as_another);
    let scale = Scale {
        steps: 1,
        examples: case.examples.len(),
        loss: case.loss.clone(),
        outputs: case.examples.first().map_or(0, |example| example.target.len()),
        learning_rate: case.learning_rate.clone(),
        is_update: explain::is_update(mine.quantity),
    };
    let named = mistakes(case, matrices, mine, &right, options, limits, progress)?;
    // A factor is the simpler explanation only where no mistake is.
    if named.is_empty() {
        said.extend(explain::factors(mine, &right.entries, &found, &scale));
    }
    said.extend(named);
    Ok((found, said))
}

/// The judgement of all blocks by what the rule gives.
fn judged(mine: &Gradient, right: &Truth, options: &Options) -> Judgement {
    let mut judge = Judge::new(mine.number, options);
    judge.parameters(&mine.entries, &right.entries);
    right.extras(mine, &mut judge);
    judge.judgement()
}

/// What the rule gives in the loss that is meant, with the plausible line where β is the slope of σ.
fn weighed(
    case: &Case,
    matrices: &FeedbackMatrices,
    mine: &Gradient,
    options: &Options,
    limits: &Limits,
) -> Result<Truth, Error> {
    let mut right = of_rule(case, matrices, mine, options, limits)?;
    if !options.rigorous && !case.departs() {
        right.weigh(case, mine, options, Some(matrices));
    }
    Ok(right.times(options, mine.number))
}

/// What the rule gives, with bounds where floats are to be judged. The loss is that of the case, which no rule changes.
fn of_rule(
    case: &Case,
    matrices: &FeedbackMatrices,
    mine: &Gradient,
    options: &Options,
    limits: &Limits,
) -> Result<Truth, Error> {
    let arithmetic = mine.number.dtype().map(|dtype| options.arithmetic_of(dtype));
    let bounds = arithmetic.map(|known| feedback_bound_of_anybody(case, matrices, known));
    let bounds = bounds.transpose()?;
    let blocks = |bounds: &RuleBounds| -> PerBlock<Bound> {
        let of_quantity = match mine.quantity {
            Quantity::Gradient => &bounds.gradient,
            Quantity::Update => &bounds.update,
        };
        per_block(case, of_quantity).map(|bound| *bound)
    };
    if !case.is_exact() {
        let Some(bounds) = &bounds else {
            return Err(Error::unsupported(
                "an exact gradient of tanh, logistic or softplus; say \"number\": \"f64\" or \"f32\" in the file",
            ));
        };
        let radii = Some(blocks(bounds).map(|bound| bound.radius));
        let entries = blocks(bounds).map(|bound| Reference::centre(&bound));
        let loss = Some(Reference::centre(&bounds.loss));
        return Ok(Truth { entries, radii, loss, inputs: Vec::new(), stand: None });
    }
    let right = aligned(case, matrices, (Number::Exact, mine.quantity), limits)?;
    let entries = match &bounds {
        None => right.entries.map(|value| Reference::exactly(value, None)),
        Some(bounds) => right
            .entries
            .zip(blocks(bounds))
            .map(|(value, bound)| Reference::exactly(value, Some(bound.bound))),
    };
    let of_loss = bounds.as_ref().map(|bounds| bounds.loss.bound);
    let loss = right.loss.map(|loss| Reference::exactly(loss, of_loss));
    Ok(Truth { entries, radii: None, loss, inputs: Vec::new(), stand: None })
}

/// The known mistakes in feedback alignment that give these entries, exactly or within the room that floats have.
fn mistakes(
    case: &Case,
    matrices: &FeedbackMatrices,
    mine: &Gradient,
    right: &Truth,
    options: &Options,
    limits: &Limits,
    progress: &mut dyn Progress,
) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    // With η = 0 every mistake gives the same update.
    if mine.quantity == Quantity::Update && case.learning_rate.is_zero() {
        return Ok(found);
    }
    let mut seen: Vec<PerBlock<BigRational>> = Vec::new();
    for mistake in Misaligned::ALL {
        let sentence = format!("this is feedback alignment {}", mistake.words());
        progress.stage(&format!("is it feedback alignment {}?", mistake.words()))?;
        let entries = match misaligned(case, matrices, Some(mistake), limits) {
            Ok(Some(gradient)) => per_block(case, &gradient).map(BigRational::clone),
            Err(error) if error.is_out_of_work() => {
                let stopped = "the search for known mistakes in feedback alignment stopped";
                found.push(format!("{stopped}: {error}; raise it with --max-work N"));
                break;
            }
            // What has nothing to change, or cannot be run here, is none that this can be.
            Ok(None) | Err(_) => continue,
        };
        let entries = match mine.quantity {
            Quantity::Gradient => entries,
            Quantity::Update => bridge::update_of_blocks(entries, &case.learning_rate),
        };
        let entries = entries.map(|entry| entry * &options.scale);
        // Of mistakes with one result the first is named.
        if seen.contains(&entries) {
            continue;
        }
        match are_near(mine.number, &mine.entries, &entries.as_ref(), &right.entries) {
            Some(Match::Exactly) => found.push(sentence),
            Some(Match::UpToRounding) => found.push(format!("{sentence}, up to rounding")),
            None => {}
        }
        seen.push(entries);
    }
    Ok(found)
}
