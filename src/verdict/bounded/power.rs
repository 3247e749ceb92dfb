//! Whether a bound is narrow enough to refuse anything.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use super::{Bound, Bounds};
use crate::number::exact_f64;
use crate::spec::outcome::Update;
use crate::spec::{Case, Dtype, Neuron, Synapse};
use crate::verdict::blocks;

/// log₂ of the share of a block's largest entry by which a wrong entry must be refused: 2⁻³⁰ in f64, 2⁻¹⁰ in f32, and half of
/// the bits of the narrow formats.
fn power_bits(format: Dtype) -> u32 {
    match format {
        Dtype::F64 => 30,
        Dtype::F32 => 10,
        Dtype::F16 => 5,
        Dtype::Bf16 => 4,
    }
}

/// The share of a block's largest entry by which a wrong entry must be refused.
#[must_use]
pub fn power(format: Dtype) -> BigRational {
    BigRational::new(BigInt::one(), BigInt::one() << power_bits(format))
}

/// The share of a block's largest entry by which a wrong entry must be refused, in words.
#[must_use]
pub fn power_in_words(format: Dtype) -> String {
    format!("2^-{}", power_bits(format))
}

/// A block of the update whose bound would let an entry wrong by 2⁻³⁰ (f32: 2⁻¹⁰) of its largest pass.
///
/// The wrong entry is every entry of the block in turn. Blocks of zeros are no blocks: nothing is relative to nothing.
/// With x and β given (`evaluated` false) the exact update is another number than the float's; then the bound alone must be small.
///
/// Shapes: both updates as the case counts its synapses and neurons. Exactness: exact.
#[must_use]
pub fn weakest_block<F: Copy + Into<f64>>(
    case: &Case,
    bounds: &Bounds,
    exact: &Update<BigRational>,
    float: &Update<F>,
    evaluated: bool,
) -> Option<String> {
    weakest_block_of(case, bounds.format, &bounds.update, exact, float, evaluated)
}

/// The same with bounds from elsewhere.
pub(super) fn weakest_block_of<F: Copy + Into<f64>>(
    case: &Case,
    format: Dtype,
    bounds: &Update<Bound>,
    exact: &Update<BigRational>,
    float: &Update<F>,
    evaluated: bool,
) -> Option<String> {
    let share = power(format);
    for block in blocks(case) {
        let weight = |s: &Synapse| (&exact.weights[*s], &bounds.weights[*s], float.weights[*s]);
        let bias = |n: &Neuron| (&exact.biases[*n], &bounds.biases[*n], float.biases[*n]);
        let entries: Vec<(&BigRational, &Bound, F)> =
            block.synapses.iter().map(weight).chain(block.biases.iter().map(bias)).collect();
        let largest = entries.iter().map(|(exact, ..)| exact.abs()).max()?;
        if largest.is_zero() {
            continue;
        }
        let wrong_by = largest * &share;
        let passes = |(exact, bound, float): &(&BigRational, &Bound, F)| {
            let found = exact_f64((*float).into());
            let (Some(found), Some(allowed)) = (found, exact_f64(bound.bound)) else {
                return true;
            };
            // Whichever sign the mistake has, it must leave the bound.
            let error = found - *exact;
            (&error + &wrong_by).abs() <= allowed || (&error - &wrong_by).abs() <= allowed
        };
        let too_wide = |(_, bound, _): &(&BigRational, &Bound, F)| {
            exact_f64(bound.bound + bound.radius).is_none_or(|allowed| allowed >= wrong_by)
        };
        let is_weak = match evaluated {
            true => entries.iter().any(passes),
            false => entries.iter().any(too_wide),
        };
        if is_weak {
            return Some(block.name);
        }
    }
    None
}
