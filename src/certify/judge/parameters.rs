//! Parameters in the place of derivatives with respect to them.

use num_rational::BigRational;
use num_traits::Zero;

use crate::number::held;
use crate::spec::outcome::Update;
use crate::spec::{Case, Parameters, PerBlock};
use crate::verdict::factor::last_rounding;
use crate::verdict::judge::Judgement;
use crate::verdict::walk::Reference;
use crate::verdict::{evidence, per_block};
use crate::wire::gradient::Gradient;

/// The blocks that differ and have, entry by entry, what the case itself has there, in the format of theirs; nothing where that says too little.
pub(super) fn in_their_place(
    case: &Case,
    mine: &Gradient,
    right: &PerBlock<Reference>,
    judgement: &Judgement,
) -> Option<String> {
    let Parameters { weights, biases } = Parameters::of(case);
    let of_the_case = Update { weights, biases };
    let parameters = per_block(case, &of_the_case);
    let blocks = mine.entries.blocks.iter().zip(&parameters.blocks).zip(&right.blocks);
    let is_one = |theirs: &[BigRational], parameters: &[&BigRational], right: &[Reference]| {
        // One number may be equal by accident, and zeros are those of a frozen block.
        if theirs.iter().filter(|entry| !entry.is_zero()).count() < 2 {
            return false;
        }
        let mut said = 0u32;
        for ((theirs, parameter), right) in theirs.iter().zip(parameters).zip(right) {
            if held(parameter, mine.number).as_ref() != Some(theirs) {
                return false;
            }
            let room = last_rounding(mine.number, theirs);
            let bits = evidence::bits(&(*parameter - &right.value), &(&room + &room));
            said = said.saturating_add(bits);
        }
        said >= evidence::NEEDED + evidence::choice(mine.entries.blocks.len())
    };
    let refused = blocks.zip(&judgement.blocks).filter(|(_, judged)| judged.nearness.is_refused());
    let names: Vec<String> = refused
        .filter(|(((theirs, parameters), right), _)| {
            is_one(&theirs.entries, &parameters.entries, &right.entries)
        })
        .map(|(_, judged)| format!("the {}", judged.name))
        .collect();
    (!names.is_empty()).then(|| {
        let names = names.join(" and ");
        format!("{names} are the numbers that the case has there: parameters in place of the derivatives with respect to them")
    })
}
