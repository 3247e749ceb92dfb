//! What would explain somebody's numbers, whatever kind of case they belong to: a factor, or another format.

use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use crate::error::Error;
use crate::number::held;
use crate::spec::{Arithmetic, Dtype, Grid, Number, Operands, PerBlock};
use crate::verdict::factor::Factor;
use crate::verdict::judge::{Judgement, Nearness, Options};
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
    for ((block, right), _) in blocks.filter(|(_, judged)| judged.nearness.is_refused()) {
        let pairs = block.entries.iter().zip(&right.entries);
        let factor = Factor::of(mine.number, pairs.clone()).filter(|factor| !factor.admits(&one));
        let Some(factor) = factor.map(|factor| factor.sharpened(mine.number, pairs)) else {
            continue;
        };
        let name = format!("the {}", right.in_words());
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

/// Whether the numbers are those of a coarser format than the file says, and right as such; of floats, or of a fixed-point grid.
///
/// # Errors
/// Those of the judgement in the other format.
pub(super) fn another_format(
    mine: &Gradient,
    mut judged: impl FnMut(&Gradient) -> Result<Judgement, Error>,
) -> Result<Option<String>, Error> {
    // Rounding the loss too would be no loss of theirs.
    let held_as = |number| Gradient { number, loss: None, inputs: None, ..mine.clone() };
    let declared = mine.number.dtype();
    for coarser in [Dtype::F32, Dtype::Bf16, Dtype::F16] {
        let number = Number::Float(coarser);
        let is_one = |value: &BigRational| held(value, number).as_ref() == Some(value);
        let is_coarser = declared.is_some_and(|dtype| coarser.precision() < dtype.precision());
        if !is_coarser || !mine.entries.values().all(is_one) {
            continue;
        }
        let found = match judged(&held_as(number)) {
            // A verdict is there all the same.
            Err(error) if error.is_out_of_work() => return Ok(None),
            found => found?,
        };
        if found.nearness() < Nearness::Unjudged {
            let (name, declared) = (coarser.name(), mine.number.name());
            return Ok(Some(format!(
                "every value is a value of {name}, and as {name} they are right: the file says {declared}; say \"number\": \"{name}\""
            )));
        }
    }
    let Some(grid) = common_grid(mine).filter(|_| !matches!(mine.number, Number::Grid(_))) else {
        return Ok(None);
    };
    let found = match judged(&held_as(Number::Grid(grid))) {
        // Where no exact values can be had, nobody knows the nearest multiple.
        Err(Error::Unsupported { .. }) => return Ok(None),
        Err(error) if error.is_out_of_work() => return Ok(None),
        found => found?,
    };
    let is_right = found.nearness() < Nearness::Unjudged && found.unchecked().is_none();
    Ok(is_right.then(|| {
        let step = grid.step();
        format!(
            "every value is the multiple of {step} nearest to the exact one: if it is meant to be on a fixed-point grid, say \"number\": {{\"grid\": \"{step}\"}}"
        )
    }))
}

/// The coarsest grid that has all their values; none where the largest of them is hardly more than a step, which says little.
fn common_grid(mine: &Gradient) -> Option<Grid> {
    const FEWEST: i64 = 8;
    let mut step: Option<BigRational> = None;
    let mut largest = BigRational::zero();
    for value in mine.entries.values().filter(|value| !value.is_zero()) {
        largest = largest.max(value.abs());
        // gcd(p/q, r/s) = gcd(ps, rq)/qs
        step = Some(match step {
            None => value.abs(),
            Some(step) => {
                let top = (step.numer() * value.denom()).gcd(&(value.numer() * step.denom()));
                BigRational::new(top, step.denom() * value.denom())
            }
        });
        // Whatever has no grid has none from here on either.
        step.as_ref().and_then(Grid::of)?;
    }
    let step = step?;
    (largest >= &step * BigRational::from_integer(FEWEST.into())).then(|| Grid::of(&step))?
}

/// Whether floats are right in f32 with operands of products that are rounded first; the first format that fits, or all of them.
///
/// # Errors
/// Those of the judgement in the other arithmetic.
pub(super) fn another_arithmetic(
    held: Option<Dtype>,
    all: bool,
    mut judged: impl FnMut(Arithmetic) -> Result<Judgement, Error>,
) -> Result<Option<String>, Error> {
    let mut fit = Vec::new();
    for operands in [Operands::Tf32, Operands::Bf16, Operands::F16] {
        if held != Some(Dtype::F32) || (!all && !fit.is_empty()) {
            break;
        }
        let arithmetic = Arithmetic::Products(operands);
        let found = judged(arithmetic)?;
        if found.nearness() < Nearness::Unjudged && found.unchecked().is_none() {
            fit.push(arithmetic.name());
        }
    }
    let Some((first, others)) = fit.split_first() else { return Ok(None) };
    let others = match others {
        [] => String::new(),
        others => format!(" ({} would do as well)", others.join(" and ")),
    };
    Ok(Some(format!(
        "it fits --arithmetic {first}{others}: matrix products whose operands are rounded to {} before they meet, and sums in f32",
        first.trim_end_matches("-f32")
    )))
}

/// Refuses what says nothing of numbers that are held in this way, or of a quantity.
///
/// # Errors
/// [`Error::Unsupported`] with the option.
pub(super) fn expect_used(options: &Options, held: Number, is_update: bool) -> Result<(), Error> {
    let of_floats = held.dtype().is_some();
    let of_grid = held.is_rounded() && !of_floats;
    let refusals = [
        (
            options.arithmetic.is_some() && !of_floats,
            "--arithmetic with entries that are no floats; it says in which arithmetic floats were computed",
        ),
        (
            options.grid_everywhere && !of_grid,
            "--grid-everywhere without a grid in MINE, such as \"number\": {\"grid\": \"1/32\"}",
        ),
        (
            options.grid_everywhere && is_update,
            "--grid-everywhere with an update; give the gradient",
        ),
        (
            options.grid_everywhere && !options.scale.is_one(),
            "--grid-everywhere with --scale: where a scale stands decides what is rounded",
        ),
    ];
    match refusals.into_iter().find(|(is_refused, _)| *is_refused) {
        Some((_, what)) => Err(Error::unsupported(what)),
        None => Ok(()),
    }
}

/// Whether what is judged is an update.
pub(super) fn is_update(quantity: Quantity) -> bool {
    match quantity {
        Quantity::Gradient => false,
        Quantity::Update => true,
    }
}
