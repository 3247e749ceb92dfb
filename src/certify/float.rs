//! Tiers L and F: the float engines against the exact results.

use num_rational::BigRational;
use num_traits::{Signed, Zero};

use super::evidence::Evidence;
use crate::check::bounded::{
    ASSUMPTION, Bound, Bounds, Tightness, compare_bounded, compare_bounded_backprop,
    compare_centre, compare_centre_backprop, rounding_bound,
};
use crate::check::lattice::{Format, admit, compare_bits, compare_bits_backprop};
use crate::check::{Cell, Claim, Tier, Verdict, blocks};
use crate::error::Error;
use crate::fast::{self, Float};
use crate::number::exact_f64;
use crate::spec::outcome::{BackpropOutcome, CreditOutcome};
use crate::spec::{Case, Network, Neuron, Synapse};

/// What a check in one format found; the claims C1 and C2 share it, because every quantity of both
/// engines is held to the exact values on which C1 and C2 already hold.
enum Found {
    Checked(Verdict, Vec<String>),
    Without(String),
}

/// C1 and C2 in tiers L and F, for `f64` and `f32`.
pub(super) fn cells(case: &Case, evidence: &Evidence) -> Result<Vec<Cell>, Error> {
    let double = Floats::<f64>::run(case)?;
    let single = Floats::<f32>::run(case)?;
    let lattice = [
        lattice(case, evidence, &double, Format::F64),
        lattice(case, evidence, &single, Format::F32),
    ];
    let bounded = [
        bounded(case, evidence, &double, Format::F64)?,
        bounded(case, evidence, &single, Format::F32)?,
    ];
    let mut cells = both_claims(Tier::Lattice, lattice);
    cells.extend(both_claims(Tier::Bounded, bounded));
    Ok(cells)
}

/// The outcomes of both engines in one format, or why there are none.
struct Floats<F> {
    outcome: Result<(CreditOutcome<F>, Option<BackpropOutcome<F>>), String>,
}

impl<F: Float> Floats<F> {
    fn run(case: &Case) -> Result<Self, Error> {
        let run = || {
            let credit = fast::credit::run::<F>(case)?;
            let backprop = match &case.network {
                Network::Layered(_) => Some(fast::backprop::run::<F>(case)?),
                Network::Graph(_) => None,
            };
            Ok((credit, backprop))
        };
        match run() {
            Ok(outcomes) => Ok(Self { outcome: Ok(outcomes) }),
            // Too large for the format is a property of the case, not a failure of the certificate.
            Err(error @ (Error::NotFinite { .. } | Error::Limit { .. })) => {
                Ok(Self { outcome: Err(error.to_string()) })
            }
            Err(error) => Err(error),
        }
    }
}

/// The wider format decides; the narrower one can only take an agreement back.
fn both_claims(tier: Tier, [double, single]: [Found; 2]) -> Vec<Cell> {
    let (mut verdict, mut notes) = match double {
        Found::Checked(verdict, notes) => (verdict, notes),
        Found::Without(why) => {
            return [Claim::Credit, Claim::Update]
                .map(|claim| Cell::not_applicable(claim, tier, why.clone()))
                .into();
        }
    };
    match single {
        Found::Checked(Verdict::Unchecked(why), _) | Found::Without(why) => {
            notes.push(format!("f32: {why}"));
        }
        Found::Checked(other, more) => {
            verdict = verdict.and(other);
            notes.extend(more);
        }
    }
    let cell = |claim| {
        let mut cell = Cell::checked(claim, tier, verdict.clone());
        cell.notes.clone_from(&notes);
        cell
    };
    vec![cell(Claim::Credit), cell(Claim::Update)]
}

/// Tier L: where every float operation is exact, the results must be, bit for bit.
fn lattice<F: Float>(
    case: &Case,
    evidence: &Evidence,
    floats: &Floats<F>,
    format: Format,
) -> Found {
    if !evidence.evaluated {
        return Found::Without("σ is transcendental: no float input makes it exact".into());
    }
    if let Err(why) = admit(case, &evidence.credit, format) {
        return Found::Without(format!("not a lattice case: {why}"));
    }
    let (credit, backprop) = match &floats.outcome {
        Ok(outcomes) => outcomes,
        Err(why) => return Found::Checked(Verdict::Unchecked(why.clone()), Vec::new()),
    };
    let mut verdict = compare_bits(&evidence.credit, credit);
    if let (Some(exact), Some(float)) = (&evidence.backprop, backprop) {
        verdict = verdict.and(compare_bits_backprop(exact, float));
    }
    let note = format!(
        "{}: every intermediate fits, so every float must equal the rational bit for bit",
        format.name()
    );
    Found::Checked(verdict, vec![note])
}

/// Tier F: inside the computed rounding bound, and the bound must have power.
fn bounded<F: Float>(
    case: &Case,
    evidence: &Evidence,
    floats: &Floats<F>,
    format: Format,
) -> Result<Found, Error> {
    let unchecked = |why: String| Ok(Found::Checked(Verdict::Unchecked(why), Vec::new()));
    let (credit, backprop) = match &floats.outcome {
        Ok(outcomes) => outcomes,
        Err(why) => return unchecked(why.clone()),
    };
    let bounds = match rounding_bound(case, format) {
        Ok(bounds) => bounds,
        Err(error @ Error::NotFinite { .. }) => return unchecked(error.to_string()),
        Err(error) => return Err(error),
    };
    let name = format.name();
    let mut notes = Vec::new();
    let verdict = if evidence.evaluated {
        let (mut verdict, mut tightness) = compare_bounded(&bounds, credit, &evidence.credit);
        if let (Some(exact), Some(float)) = (&evidence.backprop, backprop) {
            let (other, of_other) = compare_bounded_backprop(&bounds, float, exact);
            verdict = verdict.and(other);
            tightness = if of_other.closest < tightness.closest { of_other } else { tightness };
        }
        notes.push(in_words(name, &tightness));
        verdict
    } else {
        let mut verdict = compare_centre(&bounds, credit);
        if let Some(float) = backprop {
            verdict = verdict.and(compare_centre_backprop(&bounds, float));
        }
        notes.push(format!(
            "{name}: within the bound around an evaluation of its own; assumes {ASSUMPTION}"
        ));
        verdict
    };
    match weakest_block(case, evidence, &bounds, credit, format) {
        None => notes.push(format!(
            "{name}: an entry wrong by {} of the largest of its block is refused, in every block",
            power_in_words(format)
        )),
        Some(block) => {
            let why = format!(
                "the bound has no power in the {block}: an entry wrong by {} of the largest would pass",
                power_in_words(format)
            );
            return unchecked(why);
        }
    }
    Ok(Found::Checked(verdict, notes))
}

fn in_words(name: &str, tightness: &Tightness) -> String {
    if tightness.entries == 0 {
        return format!("{name}: every float is exact here");
    }
    format!(
        "{name}: bound/error ≥ {:.1}, median {:.1}, over {} inexact entries",
        tightness.closest, tightness.median, tightness.entries
    )
}

fn power(format: Format) -> BigRational {
    let bits = match format {
        Format::F64 => 30,
        Format::F32 => 10,
    };
    BigRational::new(1.into(), num_bigint::BigInt::from(1) << bits)
}

fn power_in_words(format: Format) -> &'static str {
    match format {
        Format::F64 => "2^-30",
        Format::F32 => "2^-10",
    }
}

/// A block of the update whose bound would let an entry wrong by 2⁻³⁰ (f32: 2⁻¹⁰) of its largest pass.
///
/// The wrong entry is every entry of the block in turn. Blocks of zeros are no blocks: nothing is relative to nothing.
fn weakest_block<F: Float>(
    case: &Case,
    evidence: &Evidence,
    bounds: &Bounds,
    credit: &CreditOutcome<F>,
    format: Format,
) -> Option<String> {
    let exact = &evidence.credit.update;
    for block in blocks(case, &evidence.wiring) {
        let weight = |s: &Synapse| {
            (&exact.weights[*s], &bounds.update.weights[*s], credit.update.weights[*s])
        };
        let bias =
            |n: &Neuron| (&exact.biases[*n], &bounds.update.biases[*n], credit.update.biases[*n]);
        let entries: Vec<(&BigRational, &Bound, F)> =
            block.synapses.iter().map(weight).chain(block.biases.iter().map(bias)).collect();
        let largest = entries.iter().map(|(exact, ..)| exact.abs()).max()?;
        if largest.is_zero() {
            continue;
        }
        let wrong_by = largest * power(format);
        let passes = |(exact, bound, float): &(&BigRational, &Bound, F)| {
            let (Some(found), Some(allowed)) = (float.exact(), exact_f64(bound.bound)) else {
                return true;
            };
            // Whichever sign the mistake has, it must leave the bound.
            let error = found - *exact;
            (&error + &wrong_by).abs() <= allowed || (&error - &wrong_by).abs() <= allowed
        };
        if evidence.evaluated && entries.iter().any(passes) {
            return Some(block.name);
        }
        // With x and β given the exact update is another number; then the bound alone must be small.
        let too_wide = |(_, bound, _): &(&BigRational, &Bound, F)| {
            exact_f64(bound.bound + bound.radius).is_none_or(|allowed| allowed >= wrong_by)
        };
        if !evidence.evaluated && entries.iter().any(too_wide) {
            return Some(block.name);
        }
    }
    None
}
