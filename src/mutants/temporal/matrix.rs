//! The kill matrix of the rules over time: every mutant in every rule on every witness that is meant to catch it.

use num_rational::BigRational;

use crate::check::Verdict;
use crate::error::Error;
use crate::mutants::status::Status;
use crate::spec::{Limits, TemporalCase, TemporalGradient};

use super::catalogue::{TEMPORAL_CATALOGUE, TemporalMutant};
use super::host::{Family, Host, hosts};
use super::plan::{Part, TEMPORAL_PLAN, TEMPORAL_WITNESSES, equivalent, parts};
use super::reference::{TemporalHook, TemporalReference};
use super::truth::{TemporalTruth, compare};

/// One mutant in one rule on one witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemporalRow {
    /// The mutant.
    pub mutant: TemporalMutant,
    /// What it is planted in.
    pub host: Host,
    /// The name of the witness.
    pub witness: &'static str,
    /// What is compared with the truth.
    pub part: Part,
    /// What became of it.
    pub status: Status,
}

/// The reference without any mutant on one witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemporalBaseline {
    /// The name of the witness.
    pub witness: &'static str,
    /// BPTT, RTRL, factorised RTRL and the tangent of the textbook among each other, and every rule in both orders.
    pub engines: Verdict,
    /// The reference against the textbook, every rule.
    pub reference: Verdict,
}

/// All of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemporalMatrix {
    /// One per witness; without agreement here no kill means anything.
    pub baselines: Vec<TemporalBaseline>,
    /// One per mutant, rule, witness and part.
    pub rows: Vec<TemporalRow>,
}

impl TemporalMatrix {
    /// Whether the baselines agree, every mutant was tried, and every row is as it should be.
    #[must_use]
    pub fn is_good(&self) -> bool {
        let founded = |b: &TemporalBaseline| b.engines.is_agree() && b.reference.is_agree();
        self.baselines.iter().all(founded)
            && self.rows.iter().all(|row| row.status.is_good())
            && self.untried().is_empty()
    }

    /// Mutants, with a family of rules in which they have a meaning, that no row kills there.
    #[must_use]
    pub fn untried(&self) -> Vec<(TemporalMutant, Family)> {
        let mut open = Vec::new();
        for entry in &TEMPORAL_CATALOGUE {
            let of_mutant = || self.rows.iter().filter(|row| row.mutant == entry.mutant);
            let mut families: Vec<Family> = of_mutant().map(|row| row.host.family()).collect();
            families.sort_unstable();
            families.dedup();
            let killed = |family: &Family| {
                of_mutant().any(|row| {
                    row.host.family() == *family && matches!(row.status, Status::Killed(_))
                })
            };
            if families.is_empty() {
                open.push((entry.mutant, Family::Bptt));
            }
            let alive = families.into_iter().filter(|family| !killed(family));
            open.extend(alive.map(|family| (entry.mutant, family)));
        }
        open
    }

    /// How many rows have this word as their status.
    #[must_use]
    pub fn count(&self, word: &str) -> usize {
        self.rows.iter().filter(|row| row.status.word() == word).count()
    }
}

/// Runs every mutant of the plan.
///
/// # Errors
/// Those of the engines on the committed witnesses: none, unless `limits` are very low.
pub fn temporal_matrix(limits: &Limits) -> Result<TemporalMatrix, Error> {
    let mut matrix = TemporalMatrix { baselines: Vec::new(), rows: Vec::new() };
    for witness in &TEMPORAL_WITNESSES {
        let case = witness.case()?;
        let limits = &limits.renewed();
        let truth = TemporalTruth::of(&case, &hosts(&case), limits)?;
        let reference = TemporalReference::new(&case, limits);
        matrix.baselines.push(TemporalBaseline {
            witness: witness.name,
            engines: truth.founded.clone(),
            reference: baseline(&reference, &truth)?,
        });
        let planned = TEMPORAL_PLAN.iter().filter(|planned| planned.witnesses.contains(witness));
        for mutant in planned.map(|planned| planned.mutant) {
            for (host, right) in truth.gradients.iter().filter(|(h, _)| mutant.has_meaning_in(h)) {
                let hook = TemporalHook::plant(mutant);
                let found = reference.gradient(host, &hook)?;
                for &part in parts(mutant) {
                    let verdict = compare(&found, right, part);
                    let status = match equivalent(mutant, host, &case, part) {
                        Some(reason) => equal(verdict, hook.fired(), reason),
                        None => Status::of(verdict, hook.fired()),
                    };
                    let (host, witness) = (host.clone(), witness.name);
                    matrix.rows.push(TemporalRow { mutant, host, witness, part, status });
                }
            }
        }
    }
    // A stable sort: witnesses and rules stay in their order.
    matrix.rows.sort_by_key(|row| (row.mutant, row.host.family(), row.part));
    Ok(matrix)
}

/// What becomes of one mutant in one rule on one case, whether or not it is a witness.
///
/// # Errors
/// Those of the engines.
pub fn temporal_fate(
    case: &TemporalCase,
    mutant: TemporalMutant,
    host: &Host,
    part: Part,
) -> Result<Status, Error> {
    let limits = Limits::default();
    let truth = TemporalTruth::of(case, std::slice::from_ref(host), &limits)?;
    let hook = TemporalHook::plant(mutant);
    let found = TemporalReference::new(case, &limits).gradient(host, &hook)?;
    let compared = truth.gradients.iter().map(|(_, right)| compare(&found, right, part));
    let verdict = compared.fold(truth.founded.clone(), Verdict::and);
    Ok(Status::of(verdict, hook.fired()))
}

/// The status of a mutant that must not differ.
fn equal(verdict: Verdict, fired: bool, reason: &'static str) -> Status {
    match verdict {
        _ if !fired => Status::Unapplied,
        Verdict::Agree(_) => Status::Equivalent { reason },
        Verdict::Disagree(mismatch) => Status::NotEquivalent(mismatch),
        Verdict::Unchecked(_) => Status::Survived,
    }
}

/// The reference without a mutant: every rule, and the loss.
fn baseline(reference: &TemporalReference<'_>, truth: &TemporalTruth) -> Result<Verdict, Error> {
    let mut verdict: Option<Verdict> = None;
    for (host, right) in &truth.gradients {
        let found = reference.gradient(host, &TemporalHook::none())?;
        let loss = |gradient: &TemporalGradient<BigRational>| gradient.loss.clone();
        let mut of_loss = crate::check::Comparison::new();
        of_loss.entry(|| "loss".to_owned(), &loss(&found), &loss(right));
        let this = compare(&found, right, Part::Gradient).and(of_loss.verdict());
        verdict = Some(match verdict {
            Some(so_far) => so_far.and(this),
            None => this,
        });
    }
    Ok(verdict.unwrap_or_else(|| Verdict::Unchecked("no rule was run".into())))
}
