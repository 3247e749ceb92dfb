//! Tiers L and F: the float engines against the exact results.

use super::evidence::Evidence;
use crate::error::Error;
use crate::fast::{self, Float};
use crate::spec::outcome::{BackpropOutcome, CreditOutcome};
use crate::spec::{Case, Dtype, Network};
use crate::verdict::bounded::{
    Bounds, Tightness, assumption, compare_bounded, compare_bounded_backprop, compare_centre,
    compare_centre_backprop, power_in_words, rounding_bound, weakest_block,
};
use crate::verdict::freivalds::{products, products_backprop};
use crate::verdict::lattice::{admit, compare_bits, compare_bits_backprop};
use crate::verdict::{Cell, Claim, Tier, Verdict};

/// What a check in one format found; the claims C1 and C2 share it, because every quantity of both
/// engines is held to the exact values on which C1 and C2 already hold.
enum Found {
    Checked(Verdict, Vec<String>),
    Without(String),
}

/// C1 and C2 in tiers L and F, for `f64` and `f32`.
pub(super) fn cells(case: &Case, evidence: &Evidence, seed: u64) -> Result<Vec<Cell>, Error> {
    let double = Floats::<f64>::run(case)?;
    let single = Floats::<f32>::run(case)?;
    let lattice = [
        lattice(case, evidence, &double, Dtype::F64),
        lattice(case, evidence, &single, Dtype::F32),
    ];
    let bounded = [
        bounded(case, evidence, &double, Dtype::F64, seed)?,
        bounded(case, evidence, &single, Dtype::F32, seed)?,
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
        Found::Without(why) => notes.push(format!("f32: —  {why}")),
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
fn lattice<F: Float>(case: &Case, evidence: &Evidence, floats: &Floats<F>, format: Dtype) -> Found {
    if !evidence.evaluated {
        return Found::Without("σ is transcendental: no float input makes it exact".into());
    }
    if let Err(why) = admit(case, &evidence.credit, format) {
        return Found::Without(format!("not a lattice case: {why}"));
    }
    let (credit, backprop) = match &floats.outcome {
        Ok(outcomes) => outcomes,
        Err(why) => return Found::Without(why.clone()),
    };
    let mut verdict = compare_bits(&evidence.credit, credit);
    let mut notes = vec![format!(
        "{}: every intermediate fits, so every float must equal the rational bit for bit",
        format.name()
    )];
    match (&evidence.backprop, backprop) {
        // With f ≠ σ' backpropagation forms other sums than those that were admitted.
        _ if case.has_own_balance() => {
            notes.push(format!("{}: credit only, the balance function is another", format.name()));
        }
        (Some(exact), Some(float)) => verdict = verdict.and(compare_bits_backprop(exact, float)),
        _ => {}
    }
    Found::Checked(verdict, notes)
}

/// Tier F: inside the computed rounding bound, which must have power, and Freivalds on every product.
fn bounded<F: Float>(
    case: &Case,
    evidence: &Evidence,
    floats: &Floats<F>,
    format: Dtype,
    seed: u64,
) -> Result<Found, Error> {
    let unchecked = |why: String| Ok(Found::Checked(Verdict::Unchecked(why), Vec::new()));
    let (credit, backprop) = match &floats.outcome {
        Ok(outcomes) => outcomes,
        Err(why) => return Ok(Found::Without(why.clone())),
    };
    let bounds = match rounding_bound(case, format) {
        Ok(bounds) => bounds,
        Err(error @ Error::NotFinite { .. }) => return unchecked(error.to_string()),
        Err(error) => return Err(error),
    };
    let name = format.name();
    let mut notes = Vec::new();
    let within = inside(evidence, &bounds, credit, backprop.as_ref(), &mut notes);
    let mut multiplied = products(case, credit, format, seed);
    if let Some(backprop) = backprop {
        multiplied = multiplied.and(products_backprop(case, backprop, format, seed));
    }
    if let Verdict::Agree(compared) = &multiplied {
        notes.push(format!(
            "{name}: Freivalds on every product, with integers up to 2^20 from seed {seed}: {} residuals",
            compared.entries
        ));
    }
    // A mistake that was found is worth more than the lack of power to find another.
    let verdict = within.and(multiplied);
    if verdict.is_disagree() {
        return Ok(Found::Checked(verdict, notes));
    }
    let (exact, float) = (&evidence.credit.update, &credit.update);
    match weakest_block(case, &bounds, exact, float, evidence.evaluated) {
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

/// Every float inside its bound: around the exact value, or around an evaluation of its own where there is none.
fn inside<F: Float>(
    evidence: &Evidence,
    bounds: &Bounds,
    credit: &CreditOutcome<F>,
    backprop: Option<&BackpropOutcome<F>>,
    notes: &mut Vec<String>,
) -> Verdict {
    let name = bounds.format.name();
    if !evidence.evaluated {
        notes.push(format!(
            "{name}: within the bound around an evaluation of its own; assumes {}",
            assumption()
        ));
        let verdict = compare_centre(bounds, credit);
        return match backprop {
            Some(float) => verdict.and(compare_centre_backprop(bounds, float)),
            None => verdict,
        };
    }
    let (mut verdict, mut tightness) = compare_bounded(bounds, credit, &evidence.credit);
    if let (Some(exact), Some(float)) = (&evidence.backprop, backprop) {
        let (other, of_other) = compare_bounded_backprop(bounds, float, exact);
        verdict = verdict.and(other);
        let closer = of_other.entries > 0 && of_other.closest < tightness.closest;
        tightness = if tightness.entries == 0 || closer { of_other } else { tightness };
    }
    notes.push(tightness_in_words(name, &tightness));
    verdict
}

pub(super) fn tightness_in_words(name: &str, tightness: &Tightness) -> String {
    if tightness.entries == 0 {
        return format!("{name}: every float is exact here");
    }
    format!(
        "{name}: bound/error ≥ {:.1}, median {:.1}, over {} inexact entries",
        tightness.closest, tightness.median, tightness.entries
    )
}
