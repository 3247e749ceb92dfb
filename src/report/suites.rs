//! What `certify`, `check` and `verify` found, as test suites.
//!
//! One check is one test case, and the cases together say the verdict: where single checks do not (nothing disagrees, and the
//! case expected it), a last one called `verdict` does.

use super::Row;
use super::failed::Failure;
use super::junit::{Case, State, Suite, document};
use crate::certificate::verify::{Refusal, Report, Row as Confirmed};
use crate::number::canonical;
use crate::verdict::judge::{BlockJudgement, Judgement, Nearness};
use crate::verdict::{Cell, CellState, Conclusion, Verdict};

/// What is said of a disagreement that the author of a case expects.
const FORESEEN: &str = "differs as the case expects";

/// The claims of every case: one test case a cell.
#[must_use]
pub fn certified_junit(rows: &[Row]) -> String {
    let suites: Vec<_> = rows.iter().map(of_row).collect();
    document("creditcheck certify", &suites)
}

fn of_row(row: &Row) -> Suite {
    let found = match &row.result {
        Ok(found) => found,
        Err(error) => {
            let case = Case::new(&row.name, "case", Failure::of(error).state());
            return Suite::new(&row.name, "error", vec![case]);
        }
    };
    let conclusion = row.conclusion.unwrap_or(Conclusion::Unchecked);
    let case = |cell: &Cell| {
        let name = format!("{} {}, {}", cell.claim.id(), cell.claim.word(), cell.tier.word());
        Case::new(&row.name, name, of_cell(cell, conclusion))
    };
    let mut cases: Vec<_> = found.table.cells.iter().map(case).collect();
    if let Some(training) = &row.training {
        let (name, said) = ("training".to_owned(), training.sentence.clone());
        cases.push(Case::new(&row.name, name, passed_if(training.learned, said)));
    }
    let unchecked = || {
        let claims = crate::verdict::Claim::ALL.into_iter();
        let none = claims.filter(|c| found.table.of_claim(*c) == Some(Conclusion::Unchecked));
        let names: Vec<_> = none.map(crate::verdict::Claim::id).collect();
        format!("no tier could check {}", names.join(", "))
    };
    let disagree = || "the case expects a disagreement that was not found".to_owned();
    close(&row.name, &mut cases, conclusion, unchecked, disagree);
    Suite::new(&row.name, conclusion.word(), cases)
}

fn passed_if(holds: bool, said: String) -> State {
    match holds {
        true => State::Passed(said),
        false => State::Failed { message: said, detail: String::new() },
    }
}

fn of_cell(cell: &Cell, conclusion: Conclusion) -> State {
    let notes = cell.notes.join("\n");
    match &cell.state {
        CellState::NotApplicable(why) => State::Skipped(format!("not applicable: {why}")),
        CellState::Checked(Verdict::Unchecked(why)) => State::Skipped(format!("unchecked: {why}")),
        CellState::Checked(Verdict::Agree(compared)) => {
            let counts = format!("{} of {} entries nonzero", compared.nonzero, compared.entries);
            State::Passed(if notes.is_empty() { counts } else { format!("{counts}\n{notes}") })
        }
        // Whatever disagrees in a case that is not refuted was foreseen.
        CellState::Checked(Verdict::Disagree(mismatch)) if conclusion != Conclusion::Disagree => {
            State::Passed(format!("{FORESEEN}: {mismatch}"))
        }
        CellState::Checked(Verdict::Disagree(mismatch)) => {
            State::Failed { message: mismatch.to_string(), detail: notes }
        }
    }
}

/// Adds the verdict where the single checks do not say it.
fn close(
    class: &str,
    cases: &mut Vec<Case>,
    conclusion: Conclusion,
    unchecked: impl FnOnce() -> String,
    disagree: impl FnOnce() -> String,
) {
    let failed = |case: &Case| matches!(case.state(), State::Failed { .. });
    let skipped =
        |case: &Case| matches!(case.state(), State::Skipped(why) if why.starts_with("unchecked"));
    let state = match conclusion {
        Conclusion::Agree => return,
        Conclusion::Unchecked if cases.iter().any(skipped) => return,
        Conclusion::Disagree if cases.iter().any(failed) => return,
        Conclusion::Unchecked => State::Skipped(format!("unchecked: {}", unchecked())),
        Conclusion::Disagree => State::Failed { message: disagree(), detail: String::new() },
    };
    cases.push(Case::new(class, "verdict", state));
}

/// The judgement of a file against a case: one test case a block.
#[must_use]
pub fn judged_junit(
    file: &str,
    judgement: &Judgement,
    diagnosis: &[String],
    conclusion: Conclusion,
) -> String {
    let mut detail: Vec<String> = Vec::new();
    for (word, found) in [("first", judgement.first()), ("worst", judgement.furthest())] {
        let Some(found) = found else { continue };
        let (theirs, exact) = (canonical(&found.theirs), canonical(&found.exact));
        detail.push(format!("{word}: {}: {theirs} instead of {exact}", found.words));
    }
    detail.extend(diagnosis.iter().cloned());
    let detail = detail.join("\n");
    let declared = judgement.declared.as_ref();
    let of = declared.map_or(String::new(), |declared| format!(", judged by {}", declared.rule));
    let file = &format!("{file}{of}");
    let case =
        |block: &BlockJudgement| Case::new(file, &block.name, of_block(block, &detail, conclusion));
    let mut cases: Vec<_> = judgement.blocks.iter().map(case).collect();
    let unchecked = || {
        let why = judgement.unchecked().map(|why| why.words());
        why.unwrap_or_else(|| "nothing was checked".to_owned())
    };
    close(file, &mut cases, conclusion, unchecked, || "different".to_owned());
    document("creditcheck check", &[Suite::new(file, conclusion.word(), cases)])
}

/// What a block says of itself; what is unchecked is passed only where the user allowed it and the whole is judged so.
fn of_block(block: &BlockJudgement, detail: &str, conclusion: Conclusion) -> State {
    let (words, entries) = (block.nearness.words(), block.entries);
    let doubtful = |why: &str| match conclusion {
        Conclusion::Agree => State::Passed(format!("unchecked, and allowed: {why}")),
        Conclusion::Unchecked | Conclusion::Disagree => State::Skipped(format!("unchecked: {why}")),
    };
    match block.nearness {
        Nearness::Implausible | Nearness::Different => {
            State::Failed { message: words.into(), detail: detail.into() }
        }
        Nearness::Unjudged => doubtful(words.trim_start_matches("unchecked: ")),
        Nearness::Exact
        | Nearness::CorrectlyRounded
        | Nearness::WithinBound
        | Nearness::Plausible => {
            if let Some(doubt) = &block.doubt {
                return doubtful(doubt);
            }
            let note = if block.is_zero() { ", all exact entries are zero" } else { "" };
            State::Passed(format!("{words}, entries: {entries}{note}"))
        }
    }
}

/// What `verify` found: one test case an equation, and one a row of the claims.
#[must_use]
pub fn verified_junit(
    file: &str,
    verified: &Result<Report, Refusal>,
    conclusion: Conclusion,
) -> String {
    let mut cases = Vec::new();
    match verified {
        Ok(report) => {
            for (equation, count) in &report.substitutions {
                let said = format!("{count} witnesses substituted");
                cases.push(Case::new(file, format!("equation {equation}"), State::Passed(said)));
            }
            for Confirmed { claim, tier, verdict, granted } in &report.claims {
                let name = format!("{} {}, {}", claim.id(), claim.word(), tier.word());
                let state = match verdict {
                    None => {
                        State::Skipped("observed by the issuer: no verdict of a verifier".into())
                    }
                    Some(Conclusion::Agree) => State::Passed(granted.join("; ")),
                    Some(Conclusion::Unchecked) => State::Skipped("unchecked: as it states".into()),
                    Some(Conclusion::Disagree) if conclusion != Conclusion::Disagree => {
                        State::Passed(FORESEEN.into())
                    }
                    Some(Conclusion::Disagree) => {
                        let message = format!("{}: confirmed to disagree", claim.statement());
                        State::Failed { message, detail: String::new() }
                    }
                };
                cases.push(Case::new(file, name, state));
            }
        }
        Err(refusal) => {
            let (message, detail) = (refusal.to_string(), String::new());
            let name = format!("equation {}", refusal.equation);
            cases.push(Case::new(file, name, State::Failed { message, detail }));
        }
    }
    let unseen = verified.as_ref().ok().and_then(|report| report.unseen.clone());
    let unchecked =
        || unseen.unwrap_or_else(|| "the certificate claims nothing that was checked".to_owned());
    let disagree = || "the case expects a disagreement that is not confirmed".to_owned();
    close(file, &mut cases, conclusion, unchecked, disagree);
    document("creditcheck verify", &[Suite::new(file, conclusion.word(), cases)])
}
