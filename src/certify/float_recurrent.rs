//! Tier F with a cycle: the float equilibria against the exact ones, inside a bound that their own residuals imply.

use num_rational::BigRational;

use super::evidence::Evidence;
use super::float::tightness_in_words;
use crate::error::Error;
use crate::fast::Float;
use crate::fast::recurrent::{self, Outcome, Settings, spectral_abscissa_of};
use crate::spec::outcome::CreditExample;
use crate::spec::{Case, Dtype, Loss, PerNeuron};
use crate::verdict::bounded::{Residuals, compare_recurrent, power_in_words};
use crate::verdict::{Cell, CellState, Claim, Tier, Verdict};

/// C1, C2 and C7 in tiers L and F, for `f64` and `f32`.
pub(super) fn cells(case: &Case, evidence: &Evidence) -> Result<Vec<Cell>, Error> {
    let mut cells: Vec<Cell> = [Claim::Credit, Claim::Update]
        .map(|claim| {
            let why = "an equilibrium is approached: no format makes every float of it exact";
            Cell::not_applicable(claim, Tier::Lattice, why)
        })
        .into();
    if matches!(case.loss, Loss::Reduced { .. }) {
        let why = "at an equilibrium floats have a bound of half squared error alone";
        cells.extend(CLAIMS.map(|claim| Cell::not_applicable(claim, Tier::Bounded, why)));
        return Ok(cells);
    }
    if !evidence.evaluated {
        let why = "x and β are those of the float side itself; C1 and C2 given them are checked in tier P";
        cells.extend(CLAIMS.map(|claim| Cell::not_applicable(claim, Tier::Bounded, why)));
        return Ok(cells);
    }
    let double = checked::<f64>(case, evidence, Dtype::F64)?;
    let single = checked::<f32>(case, evidence, Dtype::F32)?;
    let mut cell = combined(double, single);
    if let Some(note) = settling(evidence)? {
        cell.notes.push(note);
    }
    cells.extend(CLAIMS.map(|claim| Cell { claim, ..cell.clone() }));
    Ok(cells)
}

const CLAIMS: [Claim; 3] = [Claim::Credit, Claim::Update, Claim::Recurrent];

/// What came of one format.
enum Found {
    Checked(Verdict, Vec<String>),
    Without(String),
}

fn checked<F: Float>(case: &Case, evidence: &Evidence, format: Dtype) -> Result<Found, Error> {
    let name = format.name();
    // Where there are several equilibria, the one that the exact side stands at is the one that is meant.
    let rates = |example: &CreditExample<BigRational>| example.firing_rate.map(F::nearest);
    let start: Vec<_> = evidence.credit.examples.iter().map(rates).collect();
    let Outcome { equilibrium, settled, .. } =
        match recurrent::run_from::<F>(case, &Settings::default(), Some(&start)) {
            Ok(outcome) => outcome,
            // That floats do not reach the exact equilibrium is a property of the case, not a failure of the certificate.
            Err(
                error @ (Error::NotConverged { .. }
                | Error::Ambiguous { .. }
                | Error::Singular { .. }
                | Error::NotFinite { .. }
                | Error::Limit { .. }),
            ) => return Ok(Found::Without(format!("{name}: {error}"))),
            Err(error) => return Err(error),
        };
    let residuals: Vec<_> = settled
        .iter()
        .map(|one| Residuals { firing: one.firing_residual, credit: one.credit_residual })
        .collect();
    let (verdict, tightness) =
        compare_recurrent(case, format, &equilibrium, &residuals, &evidence.credit);
    let worst = |pick: fn(&Residuals) -> f64| residuals.iter().map(pick).fold(0.0, f64::max);
    let mut notes = vec![format!(
        "{name}: residuals at most {:.1e} of firing and {:.1e} of credit",
        worst(|r| r.firing),
        worst(|r| r.credit)
    )];
    if verdict.is_agree() {
        notes.push(format!(
            "every float inside the bound that they imply; {}; an entry wrong by {} of the largest of its block is refused, in every block",
            tightness_in_words(name, &tightness),
            power_in_words(format)
        ));
    }
    Ok(Found::Checked(verdict, notes))
}

/// The wider format decides; the narrower one can only take an agreement back.
fn combined(double: Found, single: Found) -> Cell {
    let (verdict, mut notes) = match double {
        Found::Checked(verdict, notes) => (verdict, notes),
        Found::Without(why) => return Cell::not_applicable(Claim::Credit, Tier::Bounded, why),
    };
    let mut cell = Cell::checked(Claim::Credit, Tier::Bounded, verdict.clone());
    match single {
        Found::Without(why) => notes.push(format!("—  {why}")),
        Found::Checked(other, more) => {
            cell.state = CellState::Checked(verdict.and(other));
            notes.extend(more);
        }
    }
    cell.notes = notes;
    cell
}

/// Whether the dynamics would settle there: the largest real part of the eigenvalues of diag β · W.
fn settling(evidence: &Evidence) -> Result<Option<String>, Error> {
    let float = |value: &BigRational| crate::number::nearest_f64(value);
    let weights = evidence.parameters.weights.map(float);
    let mut largest = f64::NEG_INFINITY;
    for example in &evidence.credit.examples {
        let factors: PerNeuron<f64> = example.balance_factor.map(float);
        match spectral_abscissa_of(&evidence.wiring, &weights, &factors) {
            Ok(abscissa) => largest = largest.max(abscissa),
            Err(Error::NotFinite { .. }) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    let word = if largest < 1.0 {
        "the dynamics settle there"
    } else {
        "the dynamics do not settle there"
    };
    Ok(Some(format!("max Re eig(diag β · W) = {largest:.3}, in floats: {word}")))
}
