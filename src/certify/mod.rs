//! The whole sequence: which engines run, in which tier, and what is compared with what.
//!
//! This is the only room that knows both the engines and the comparisons. One tier, one file:
//! [`evidence`] runs the exact engines, `exact` is Q, `symbolic` S, `identity` P, `float` L and F; `settling`, `necessity`
//! and `locality` are the claims that ask more than one run.

#[cfg(feature = "fast")]
pub mod audit;
mod both_sides;
pub mod compare;
pub mod evidence;
mod exact;
mod explain;
#[cfg(feature = "fast")]
mod float;
#[cfg(feature = "fast")]
mod float_credits;
#[cfg(feature = "fast")]
mod float_recurrent;
mod gates;
pub(crate) mod given;
pub mod gradient;
mod identity;
pub mod judge;
mod kinks;
#[cfg(feature = "fast")]
pub mod large;
pub mod locality;
pub mod measured;
mod necessity;
mod on_kinks;
mod options;
mod recurrent;
mod settling;
#[cfg(feature = "fast")]
mod slopes;
#[cfg(feature = "fast")]
pub mod squared;
pub mod steps;
mod symbolic;
pub mod temporal;

#[cfg(feature = "fast")]
pub use float_credits::float_credits;

pub use crate::progress::{Progress, Silent};
pub use options::Options;

use crate::certificate::{self, Certificate};
use crate::error::Error;
use crate::scalar::Rational;
use crate::spec::{Case, Expect, Wiring};
use crate::verdict::{Cell, Claim, Conclusion, Table, Tier, Verdict};
use crate::wire::Document;

/// What came of a case.
#[derive(Clone, Debug)]
pub struct Certified {
    /// Claims × tiers.
    pub table: Table,
    /// What `verify` can confirm without any engine.
    pub certificate: Certificate,
}

/// Runs every check on a case.
///
/// Exactness: tiers S, P and Q are exact; L and F hold floats to exact results.
///
/// ```
/// use creditcheck::{certify::{self, Options, Silent}, verdict::Conclusion, wire::Document};
/// let text = br#"{"format": "creditcheck/case/1", "network": {"kind": "layered", "layers": [
///    {"weights": [["1/2", -3], ["1/4", 2]], "activation": "quadratic"},
///    {"weights": [[3, -2]], "activation": "identity"}]}, "loss": "half_squared_error",
///   "learning_rate": "1/8", "examples": [{"input": [1, 2], "target": [1]}]}"#;
/// let document = Document::read(text, &Default::default()).unwrap();
/// let certified = certify::certify(&document, &Options::default(), &mut Silent).unwrap();
/// assert_eq!(certified.table.conclusion(), Conclusion::Agree);
/// ```
///
/// # Errors
/// With a cycle as [`crate::textbook::equilibrium::of_example`], and [`Error::Singular`]; [`Error::Limit`], [`Error::Interrupted`].
pub fn certify(
    document: &Document,
    options: &Options,
    progress: &mut dyn Progress,
) -> Result<Certified, Error> {
    let case = &document.case;
    let wiring = Wiring::of(case);
    let neurons = wiring.neurons();
    if wiring.is_recurrent() && neurons > MOST_ON_CYCLES {
        return Err(Error::Limit {
            what: "neurons of a network with a cycle that is certified (`gradient` solves larger ones)".into(),
            given: neurons as u64,
            limit: MOST_ON_CYCLES as u64,
        });
    }
    if wiring.is_recurrent() && case.clamps_credit() {
        return Err(Error::unsupported("clamped output credit in a network with a cycle"));
    }
    let digest = document.digest();
    let mut table = Table::default();

    progress.stage("exact runs")?;
    let evidence = evidence::Evidence::gather(case, &wiring, &digest, options, progress)?;
    progress.stage("symbolic identity")?;
    table.cells.extend(symbolic::cells(case, &wiring, &options.limits)?);
    progress.stage("identity test")?;
    let identity = identity::run(case, &wiring, &digest, options)?;
    table.cells.extend(identity.cells);
    table.cells.extend(evidence.cells(case, options, progress)?);
    progress.stage("necessity")?;
    table.cells.push(necessity::cell(case, &wiring, &evidence, &options.limits, progress)?);
    progress.stage("settling")?;
    let settled = settling::run(&wiring, &evidence, &digest, options)?;
    table.cells.push(settled.cell);
    progress.stage("locality")?;
    let (locality, audit) = locality::cell(&evidence);
    table.cells.push(locality);
    progress.stage("recurrence")?;
    table.cells.push(recurrent::cell(case, &evidence, &options.limits)?);
    // Floats are compared with, and certificates made of, numbers as num-rational has them.
    let evidence = evidence.map(Rational::plain);
    #[cfg(feature = "fast")]
    {
        progress.stage("floats")?;
        let floats = match evidence.wiring.is_recurrent() {
            true => float_recurrent::cells(case, &evidence)?,
            false => float::cells(case, &evidence, options.seed)?,
        };
        let floats: Vec<Cell> =
            floats.into_iter().map(|cell| unless_refuted(&table, cell)).collect();
        table.cells.extend(floats);
        table.cells.push(slopes::cell(case, &evidence)?);
    }
    progress.stage("certificate")?;
    let layered = evidence.backprop.is_some();
    let found = certificate::Evidence {
        tangent: evidence.evaluated.then_some(certificate::TangentEvidence {
            derivatives: evidence.derivatives,
            responses: evidence.responses,
        }),
        credit: evidence.credit,
        backprop: evidence.backprop,
        settling: certificate::Settling { sweeps: settled.sweeps },
        locality: audit,
        inverses: evidence.inverses,
        draws: identity.draws.into_iter().map(|draw| draw.into_witness(layered)).collect(),
    };
    let certificate = certificate::issue(case, document.json.canonical(), options.seed, found)?;
    if !case.is_exact() {
        // What floats gave may be too far from σ for anybody to confirm; such a certificate is not issued.
        certificate::verify::equations_within(&certificate, &options.limits)?.map_err(|refusal| {
            Error::unsupported(format!(
                "a certificate whose given rates or balance factors are not within one rounding of each step: {refusal}"
            ))
        })?;
    }
    Ok(Certified { table, certificate })
}

/// Neurons of a network with a cycle, inputs included: a certificate carries inverses of fractions, whose cost grows as the fourth power.
const MOST_ON_CYCLES: usize = 64;

/// Floats that equal their exact twins say nothing for a claim that is false of the twins.
#[cfg(feature = "fast")]
fn unless_refuted(table: &Table, cell: Cell) -> Cell {
    let exact = table.cell(cell.claim, Tier::Exact).and_then(Cell::verdict);
    if cell.verdict().is_some_and(Verdict::is_agree) && exact.is_some_and(Verdict::is_disagree) {
        let why = "the claim is false in tier Q; the floats of each engine do equal its own exact results";
        return Cell::not_applicable(cell.claim, cell.tier, why);
    }
    cell
}

/// What a table amounts to, given what the author of the case expects.
///
/// A case with `"expect": "disagree"` agrees when C2 disagrees in tier Q and C4 confirms that this is where the theorem
/// says (it says so of feed-forward networks only); C1, C3 and C7 may then disagree in the same tier, and nothing else may: but
/// clamped credit makes the two rules different polynomials, so that there C1 and C2 may disagree in the tiers P and S too.
#[must_use]
pub fn conclusion(case: &Case, table: &Table) -> Conclusion {
    if case.expect == Expect::Agree {
        return table.conclusion();
    }
    let disagrees = |claim, tier| {
        table.cell(claim, tier).and_then(Cell::verdict).is_some_and(Verdict::is_disagree)
    };
    // Only another rule is a reason to differ.
    if !case.departs() || !disagrees(Claim::Update, Tier::Exact) {
        return Conclusion::Disagree;
    }
    let expected = |cell: &&Cell| {
        (cell.tier == Tier::Exact || (case.clamps_credit() && is_algebra(cell.tier)))
            && matches!(cell.claim, Claim::Credit | Claim::Update | Claim::Truth | Claim::Recurrent)
            && cell.verdict().is_some_and(Verdict::is_disagree)
    };
    // What is left of the claims that were expected to fail may well be nothing but "—".
    let verdicts = table.cells.iter().filter(|cell| !expected(cell)).filter_map(Cell::verdict);
    verdicts.map(Conclusion::of).max().unwrap_or(Conclusion::Unchecked)
}

/// Whether a tier holds both rules, given β, as polynomials against each other.
fn is_algebra(tier: Tier) -> bool {
    match tier {
        Tier::Identity | Tier::Symbolic => true,
        Tier::Exact | Tier::Lattice | Tier::Bounded => false,
    }
}
