//! The kill matrix: every mutant on every witness that is meant to catch it.

use crate::error::Error;
use crate::spec::Limits;
use crate::verdict::Verdict;

use super::catalogue::{self, Mutant};
use super::equilibrium::AtEquilibrium;
use super::hook::Fault;
use super::plan::{Compared, PLAN};
use super::status::Status;
use super::subject::{Implementation, Subject};
use super::temporal::OverTime;
use super::witnesses::{WITNESSES, WITNESSES_OVER_TIME, Witness};

/// One mutant in one implementation on one witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The mutant, and in which form.
    pub fault: Fault,
    /// What it is planted in.
    pub implementation: Implementation,
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
    /// The textbook engines among each other.
    pub engines: Verdict,
    /// The reference against the textbook, everything that is ever compared.
    pub reference: Verdict,
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KillMatrix {
    /// One per witness; without agreement here no kill means anything.
    pub baselines: Vec<Baseline>,
    /// One per mutant, form, implementation, witness and what is compared.
    pub rows: Vec<Row>,
}

impl KillMatrix {
    /// Whether the baselines agree, every mutant of the catalogue was tried, and every row is as it should be.
    #[must_use]
    pub fn is_good(&self) -> bool {
        let founded = |b: &Baseline| b.engines.is_agree() && b.reference.is_agree();
        self.baselines.iter().all(founded)
            && self.rows.iter().all(|row| row.status.is_good())
            && self.untried().is_empty()
    }

    /// Mutants, with the side or family of rules in which they have a meaning, that no row kills there.
    #[must_use]
    pub fn untried(&self) -> Vec<(Mutant, &'static str)> {
        let mut open = Vec::new();
        for entry in catalogue::whole() {
            let rows = || self.of(entry.mutant);
            let mut words: Vec<_> = entry.mutant.sides().iter().map(|side| side.word()).collect();
            for word in rows().map(|row| row.implementation.word()) {
                if !words.contains(&word) {
                    words.push(word);
                }
            }
            if words.is_empty() {
                words.push("any rule");
            }
            let killed = |word: &&str| {
                rows().any(|row| {
                    row.implementation.word() == *word && matches!(row.status, Status::Killed(_))
                })
            };
            open.extend(words.into_iter().filter(|w| !killed(w)).map(|word| (entry.mutant, word)));
        }
        open
    }

    /// The rows of one mutant.
    pub fn of(&self, mutant: Mutant) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.fault.mutant == mutant)
    }

    /// How many rows have this word as their status.
    #[must_use]
    pub fn count(&self, word: &str) -> usize {
        self.rows.iter().filter(|row| row.status.word() == word).count()
    }

    /// Tries what the plan has for a witness.
    fn try_on(&mut self, witness: &Witness, subject: &dyn Subject) -> Result<(), Error> {
        self.baselines.push(Baseline {
            witness: witness.name,
            engines: subject.engines().clone(),
            reference: subject.intact()?,
        });
        for planned in PLAN.iter().filter(|planned| planned.witnesses.contains(witness)) {
            let (fault, compared, witness) = (planned.fault, planned.compared, witness.name);
            for implementation in subject.implementations(fault.mutant) {
                let status = subject.fate(fault, &implementation, compared)?;
                self.rows.push(Row { fault, implementation, witness, compared, status });
            }
        }
        Ok(())
    }
}

/// Runs every mutant of the plan.
///
/// # Errors
/// Those of the engines on the committed witnesses: none, unless `limits` are very low.
pub fn kill_matrix(limits: &Limits) -> Result<KillMatrix, Error> {
    let mut over_time = KillMatrix::default();
    for witness in &WITNESSES_OVER_TIME {
        let case = witness.case_over_time()?;
        over_time.try_on(witness, &OverTime::of(&case, &limits.renewed())?)?;
    }
    let mut matrix = KillMatrix::default();
    for witness in &WITNESSES {
        let case = witness.case()?;
        matrix.try_on(witness, &AtEquilibrium::of(&case, &limits.renewed())?)?;
    }
    matrix.baselines.extend(over_time.baselines);
    matrix.rows.extend(over_time.rows);
    // A stable sort: the witnesses stay in their order.
    matrix.rows.sort_by_key(|row| (row.fault, row.implementation.rank(), row.compared));
    Ok(matrix)
}
