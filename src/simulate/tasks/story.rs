//! What the table says, in sentences that are made from its numbers and would read otherwise if the numbers were others.
//!
//! Nothing is claimed of a preview, of fewer seeds than [`Task::seeds_for_claims`], or while runs are missing. "Reproduced" compares with
//! what a prototype found, and is said only where the settings are the same. That one rule ends lower than another is said seed by seed:
//! clear if Wilcoxon's test has p < 0.05, otherwise not.

mod alignment;
mod blocks;
mod training;

use std::cmp::Ordering;

use super::rules::title;
use super::settings::{Settings, Task};
use super::table::Table;
use crate::simulate::experiment::Paired;
use crate::simulate::experiment::story::{counted, under_heads};

/// A probability below which an order of two rules is called clear.
const CLEAR: f64 = 0.05;

/// What reproduced and what did not; or why nothing is claimed.
#[must_use]
pub fn sentences(table: &Table<'_>) -> Vec<String> {
    let mut said: Vec<String> = nothing_claimed(table).into_iter().collect();
    said.extend(match table.plan.task {
        Task::Blocks => blocks::sentences(table),
        Task::Alignment | Task::Recall | Task::Xor if !table.supports_claims() => Vec::new(),
        Task::Alignment => alignment::sentences(table),
        Task::Recall | Task::Xor => training::sentences(table),
    });
    said
}

/// Why there are no claims, if there are none.
fn nothing_claimed(table: &Table<'_>) -> Option<String> {
    if table.supports_claims() {
        return None;
    }
    let plan = table.plan;
    let (seeds, needed) = (plan.seeds.len(), plan.task.seeds_for_claims());
    let (updates, in_full) = (plan.settings.iterations, Settings::of(plan.task).iterations);
    let mut less = Vec::new();
    if seeds < needed {
        less.push(format!("{} where a claim needs {needed}", counted(seeds, "seed")));
    }
    if plan.preview && plan.task.is_training() && updates < in_full {
        less.push(format!("{} where --full has {in_full}", counted(updates, "update")));
    }
    if table.missing() > 0 {
        less.push(format!("{} missing", counted(table.missing(), "run")));
    }
    let less = less.join(", ");
    if !plan.preview {
        return Some(format!("Nothing is claimed: {less}."));
    }
    let why = if less.is_empty() { less } else { format!(" ({less})") };
    Some(format!("A preview{why}: nothing is claimed; --full makes the table with claims."))
}

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Holds,
    Fails,
    /// Too few seeds to tell.
    Unclear,
}

impl Fate {
    /// That a measured fact is so.
    fn of(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::Fails }
    }

    /// That the first of two rules is ahead of the second.
    fn of_order(found: &Paired) -> Self {
        match found.lean {
            _ if found.wilcoxon >= CLEAR => Self::Unclear,
            Ordering::Less => Self::Holds,
            Ordering::Greater => Self::Fails,
            Ordering::Equal => Self::Unclear,
        }
    }

    /// All of several; of none at all nothing is known.
    fn all(fates: impl IntoIterator<Item = Self>) -> Option<Self> {
        fates.into_iter().reduce(|a, b| match (a, b) {
            (Self::Fails, _) | (_, Self::Fails) => Self::Fails,
            (Self::Unclear, _) | (_, Self::Unclear) => Self::Unclear,
            (Self::Holds, Self::Holds) => Self::Holds,
        })
    }
}

/// The claims by what became of them; those of which nothing is known are left out.
fn by_fate(table: &Table<'_>, claims: &[(Option<Fate>, String)]) -> Vec<String> {
    let heads = [
        (Some(Fate::Holds), "Reproduced: ".to_owned()),
        (Some(Fate::Fails), "Not reproduced: ".to_owned()),
        (
            Some(Fate::Unclear),
            format!("Not clear from {}: ", counted(table.plan.seeds.len(), "seed")),
        ),
    ];
    under_heads(heads, claims, "; ").into_iter().map(|said| said + ".").collect()
}

/// "MDGL in 8 of 8 seeds (sign test p = 0.0078, Wilcoxon p = 0.0078)", and whether that is clear.
fn in_seeds(table: &Table<'_>, other: usize, seeds: usize, found: &Paired) -> String {
    let clear = if Fate::of_order(found) == Fate::Unclear { ", not clear" } else { "" };
    format!(
        "{} in {seeds} of {} (sign test p = {}, Wilcoxon p = {}{clear})",
        title(&table.plan.conditions[other].rule),
        counted(found.pairs, "seed"),
        shown(found.sign),
        shown(found.wilcoxon)
    )
}

/// Two significant digits or so.
fn shown(p: f64) -> String {
    match p {
        _ if p < 0.001 => format!("{p:.1e}"),
        _ if p < 0.1 => format!("{p:.4}"),
        _ => format!("{p:.2}"),
    }
}
