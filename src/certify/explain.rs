//! What would explain somebody's numbers, whatever kind of case they belong to: a factor, or another format.

use num_rational::BigRational;

use crate::error::Error;
use crate::number::held;
use crate::spec::{Dtype, Number, PerBlock};
use crate::verdict::factor::Factor;
use crate::verdict::judge::{Judgement, Nearness};
use crate::verdict::reading::{Scale, sentence};
use crate::verdict::rearranged::{clipped_by_norm, explained};
use crate::verdict::walk::Reference;
use crate::wire::gradient::{Gradient, Quantity};

/// The factor of the whole, right numbers in a wrong place, or the factors of single blocks; with what they mean.
///
/// Nothing is said of a factor 1, and nothing of blocks where the whole has one.
pub(super) fn factors(
    mine: &Gradient,
    right: &PerBlock<Reference>,
    judgement: &Judgement,
    scale: &Scale,
) -> Vec<String> {
    let what = mine.quantity.name();
    let pairs: Vec<_> = mine.entries.values().zip(right.values()).collect();
    // A factor that may be 1 explains nothing.
    let one = BigRational::from_integer(1.into());
    let of_all = Factor::of(mine.number, pairs.iter().copied());
    if let Some(factor) = of_all.filter(|factor| !factor.admits(&one)) {
        let factor = factor.sharpened(mine.number, pairs.iter().copied());
        let readings = scale.readings(&factor);
        let clipped = || clipped_by_norm(&mine.entries, &factor);
        let said = match readings.is_empty() {
            true => clipped().or_else(|| {
                sentence(&format!("all entries of this {what} are"), true, &factor, &readings)
            }),
            false => sentence(&format!("all entries of this {what} are"), true, &factor, &readings),
        };
        return said.into_iter().collect();
    }
    let mut found = explained(mine.number, &mine.entries, right);
    if !found.is_empty() {
        return found;
    }
    let mut same: Vec<(Factor, Vec<String>)> = Vec::new();
    let blocks = mine.entries.blocks.iter().zip(&right.blocks).zip(&judgement.blocks);
    for ((block, right), judged) in blocks.filter(|(_, judged)| judged.nearness.is_refused()) {
        let pairs = block.entries.iter().zip(&right.entries);
        let factor = Factor::of(mine.number, pairs.clone()).filter(|factor| !factor.admits(&one));
        let Some(factor) = factor.map(|factor| factor.sharpened(mine.number, pairs)) else {
            continue;
        };
        let name = format!("the {}", judged.name);
        match same.iter_mut().find_map(|(of, names)| Some((of.and(&factor)?, of, names))) {
            Some((both, of, names)) => {
                *of = both;
                names.push(name);
            }
            None => same.push((factor, vec![name])),
        }
    }
    for (factor, names) in same {
        let readings = scale.readings(&factor);
        found.extend(sentence(&format!("{} are", names.join(" and ")), false, &factor, &readings));
    }
    found
}

/// Whether the numbers are those of a coarser format than the file says, and right as such.
///
/// # Errors
/// Those of the judgement in the other format.
pub(super) fn another_format(
    mine: &Gradient,
    mut nearness: impl FnMut(&Gradient) -> Result<Nearness, Error>,
) -> Result<Option<String>, Error> {
    let Some(dtype) = mine.number.dtype() else { return Ok(None) };
    for coarser in [Dtype::F32, Dtype::Bf16, Dtype::F16] {
        let number = Number::Float(coarser);
        let is_one = |value: &BigRational| held(value, number).as_ref() == Some(value);
        if coarser.precision() >= dtype.precision() || !mine.entries.values().all(is_one) {
            continue;
        }
        // Rounding the loss too would be no loss of theirs.
        let (loss, inputs) = (None, None);
        let other = Gradient { number, loss, inputs, ..mine.clone() };
        if nearness(&other)? < Nearness::Unjudged {
            let (name, declared) = (coarser.name(), dtype.name());
            return Ok(Some(format!(
                "every value is a value of {name}, and as {name} they are right: the file says {declared}; say \"number\": \"{name}\""
            )));
        }
    }
    Ok(None)
}

/// Whether what is judged is an update.
pub(super) fn is_update(quantity: Quantity) -> bool {
    match quantity {
        Quantity::Gradient => false,
        Quantity::Update => true,
    }
}
