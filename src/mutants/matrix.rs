//! The kill matrix: every mutant on every witness that is meant to catch it.

use crate::check::Verdict;
use crate::error::Error;
use crate::spec::Limits;

use super::catalogue::{CATALOGUE, Mutant, Side};
use super::hook::Fault;
use super::plan::{Compared, PLAN};
use super::reference::Reference;
use super::status::Status;
use super::temporal::{TemporalMatrix, temporal_matrix};
use super::truth::Truth;
use super::witnesses::{WITNESSES, Witness};

/// One mutant on one side on one witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The mutant, and in which form.
    pub fault: Fault,
    /// What it is planted in.
    pub side: Side,
    /// The name of the witness.
    pub witness: &'static str,
    /// What is compared with the truth.
    pub compared: Compared,
    /// What became of it.
    pub status: Status,
}

/// The reference without any mutant on one witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baseline {
    /// The name of the witness.
    pub witness: &'static str,
    /// Credit, backpropagation and tangent of the textbook among each other.
    pub engines: Verdict,
    /// The reference against the textbook, everything that is ever compared.
    pub reference: Verdict,
}

/// All of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KillMatrix {
    /// One per witness; without agreement here no kill means anything.
    pub baselines: Vec<Baseline>,
    /// One per mutant, form, side and witness.
    pub rows: Vec<Row>,
    /// The mutants of the rules over time.
    pub temporal: TemporalMatrix,
}

impl KillMatrix {
    /// Whether the baselines agree, every mutant of the catalogue was tried, and every row is as it should be.
    #[must_use]
    pub fn is_good(&self) -> bool {
        let founded = |b: &Baseline| b.engines.is_agree() && b.reference.is_agree();
        self.baselines.iter().all(founded)
            && self.rows.iter().all(|row| row.status.is_good())
            && self.untried().is_empty()
            && self.temporal.is_good()
    }

    /// Mutants, with their side, that no row kills.
    #[must_use]
    pub fn untried(&self) -> Vec<(Mutant, Side)> {
        let pairs = CATALOGUE
            .iter()
            .flat_map(|entry| entry.mutant.sides().iter().map(move |side| (entry.mutant, *side)));
        let killed = |(mutant, side): &(Mutant, Side)| {
            self.rows.iter().any(|row| {
                row.fault.mutant == *mutant
                    && row.side == *side
                    && matches!(row.status, Status::Killed(_))
            })
        };
        pairs.filter(|pair| !killed(pair)).collect()
    }

    /// How many rows have this word as their status, those over time included.
    #[must_use]
    pub fn count(&self, word: &str) -> usize {
        let plain = self.rows.iter().filter(|row| row.status.word() == word).count();
        plain + self.temporal.count(word)
    }
}

/// Runs every mutant of the plan.
///
/// # Errors
/// Those of the engines on the committed witnesses: none, unless `limits` are very low.
pub fn kill_matrix(limits: &Limits) -> Result<KillMatrix, Error> {
    let temporal = temporal_matrix(limits)?;
    let mut matrix = KillMatrix { baselines: Vec::new(), rows: Vec::new(), temporal };
    for witness in &WITNESSES {
        let case = witness.case()?;
        let limits = &limits.renewed();
        let truth = Truth::of(&case, limits)?;
        let reference = Reference::new(&case, limits)?;
        let intact = baseline(&reference, &truth)?;
        matrix.baselines.push(Baseline {
            witness: witness.name,
            engines: truth.founded.clone(),
            reference: intact,
        });
        for planned in PLAN.iter().filter(|planned| planned.witnesses.contains(witness)) {
            let fault = planned.fault;
            for &side in fault.mutant.sides() {
                if side == Side::Backprop && truth.backprop.is_none() {
                    continue;
                }
                let status = if planned.compared == Compared::Reads {
                    super::nonlocal::audit(&case, &truth)
                } else {
                    run(&reference, &truth, fault, side, planned.compared)?
                };
                let (witness, compared) = (witness.name, planned.compared);
                matrix.rows.push(Row { fault, side, witness, compared, status });
            }
        }
    }
    // A stable sort: the witnesses stay in their order.
    matrix.rows.sort_by_key(|row| (row.fault, row.side, row.compared.to_string()));
    Ok(matrix)
}

/// What becomes of one mutant on one case, whether or not it is a witness.
///
/// # Errors
/// Those of the engines, and [`Error::Unsupported`] for the side of backpropagation on a graph.
pub fn fate(
    witness: &Witness,
    fault: Fault,
    side: Side,
    compared: Compared,
) -> Result<Status, Error> {
    let limits = Limits::default();
    let case = witness.case()?;
    run(&Reference::new(&case, &limits)?, &Truth::of(&case, &limits)?, fault, side, compared)
}

fn run(
    reference: &Reference<'_>,
    truth: &Truth,
    fault: Fault,
    side: Side,
    compared: Compared,
) -> Result<Status, Error> {
    let hook = reference.hook(Some(fault));
    if side == Side::Backprop {
        let run = reference.backprop(&hook)?;
        return Ok(Status::of(truth.compare_gradient(&run.gradient), hook.fired()));
    }
    let run = reference.credit(&hook)?;
    let verdict = match compared {
        Compared::Update => truth.compare_update(&run),
        Compared::Credits => truth.compare_credits(&run),
        Compared::Sweeps => truth.compare_sweeps(&run),
        Compared::Settled(_) => truth.compare_update(&run).and(truth.compare_credits(&run)),
        Compared::Reads => Verdict::Unchecked("reads are audited, not compared".into()),
    };
    let Compared::Settled(reason) = compared else { return Ok(Status::of(verdict, hook.fired())) };
    Ok(match verdict {
        _ if !hook.fired() => Status::Unapplied,
        Verdict::Agree(_) => Status::Equivalent { reason },
        Verdict::Disagree(mismatch) => Status::NotEquivalent(mismatch),
        Verdict::Unchecked(_) => Status::Survived,
    })
}

/// The reference without a mutant: update, settled credits, every sweep, gradient.
fn baseline(reference: &Reference<'_>, truth: &Truth) -> Result<Verdict, Error> {
    let hook = reference.hook(None);
    let run = reference.credit(&hook)?;
    let mut verdict =
        truth.compare_update(&run).and(truth.compare_credits(&run)).and(truth.compare_sweeps(&run));
    if truth.backprop.is_some() {
        verdict = verdict.and(truth.compare_gradient(&reference.backprop(&hook)?.gradient));
    }
    Ok(verdict)
}
