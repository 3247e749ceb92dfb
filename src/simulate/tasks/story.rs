//! What the table says, in sentences that are made from its numbers and would read otherwise if the numbers were others.

use super::rules::title;
use super::settings::{Condition, Task};
use super::table::{Table, prototype};
use crate::number::nearest_f64;
use crate::spec::{Diagonal, Feedback, Form, Mu, Taps, TemporalRule};

/// Seeds below which differences of delayed XOR are noise.
const ENOUGH: usize = 20;
/// A probability below which an order of two rules is called clear.
const CLEAR: f64 = 0.05;
/// How far a median cosine may be from that of the prototype, whose networks were others, to be called reproduced.
const NEAR: f64 = 0.03;

/// What reproduced and what did not. A preview has too few seeds and claims nothing.
#[must_use]
pub fn sentences(table: &Table<'_>) -> Vec<String> {
    let mut said = Vec::new();
    if table.plan.preview {
        said.push(
            "A preview: fewer seeds and updates, no claims; --full makes the table that has them."
                .into(),
        );
    }
    match table.plan.task {
        Task::Alignment => said.extend(alignment(table)),
        Task::Blocks => said.extend(blocks(table)),
        Task::Recall => said.extend(recall(table)),
        Task::Xor => said.extend(xor(table)),
    }
    said
}

fn alignment(table: &Table<'_>) -> Vec<String> {
    let mut said = Vec::new();
    let mut clauses = Vec::new();
    let mut medians = Vec::new();
    for (k, condition) in table.plan.conditions.iter().enumerate() {
        let Some(known) = prototype(Task::Alignment, condition) else { continue };
        let found = table.quartiles(k, "cosine").median;
        medians.push((nearest_rank(condition), found));
        let is_near = table.plan.preview || (found - known).abs() <= NEAR;
        let verdict = if is_near { "" } else { ", not reproduced" };
        clauses.push(format!("{} {found:.3} ({known}{verdict})", title(&condition.rule)));
    }
    let within =
        if table.plan.preview { String::new() } else { format!("; reproduced if within {NEAR}") };
    said.push(format!(
        "Medians beside those of a numpy prototype of other networks, in brackets{within}: {}.",
        clauses.join("; ")
    ));
    if table.plan.preview {
        return said;
    }
    medians.sort_by_key(|(rank, _)| *rank);
    let rises = medians.windows(2).all(|pair| pair[0].1 <= pair[1].1);
    said.push(format!(
        "That e-prop < MDGL < 2 < 4 < all taps in the medians is {}.",
        if rises { "reproduced" } else { "not reproduced" }
    ));
    if let Some((mu, cosine)) = best_mu(table, Form::Filter) {
        let slope =
            table.place("bptt").map_or(f64::NAN, |k| table.quartiles(k, "mean_slope").median);
        let others = [(Form::NoLeak, "no-leak taps"), (Form::Autodiff, "the autodiff form")];
        let others = others.into_iter().filter_map(|(form, words)| {
            best_mu(table, form).map(|(mu, cosine)| format!("{words} {cosine:.3} at μ = {mu}"))
        });
        let others = others.collect::<Vec<_>>().join(", ");
        let is_near = (mu - slope).abs() <= 0.125;
        said.push(format!(
            "Best μ of all leaky taps: {mu}, with {cosine:.3}; the mean slope of the ReLUs is {slope:.3}; that these two agree (within 1/8) is {}. \
             At their best: {others}.",
            if is_near { "reproduced" } else { "not reproduced" }
        ));
    }
    said.push(
        "W has no types here, so that means over types say little: type-specific feedback is near e-prop until every neuron is its own type."
            .into(),
    );
    said
}

/// e-prop, MDGL, then by taps.
fn nearest_rank(condition: &Condition) -> usize {
    match condition.modprop().map(|modprop| modprop.taps) {
        Some(Taps::Count(count)) => count,
        Some(Taps::All) => usize::MAX,
        None => usize::from(condition.rule != TemporalRule::Eprop),
    }
}

/// The μ with the highest median cosine, of all taps and cell-specific feedback.
fn best_mu(table: &Table<'_>, form: Form) -> Option<(f64, f64)> {
    let all = table.plan.conditions.iter().enumerate().filter_map(|(k, condition)| {
        let modprop = condition.modprop()?;
        let is_it =
            modprop.form == form && modprop.taps == Taps::All && modprop.feedback == Feedback::Cell;
        match &modprop.mu {
            Mu::Scalar(mu) if is_it => Some((nearest_f64(mu), table.quartiles(k, "cosine").median)),
            _ => None,
        }
    });
    all.max_by(|a, b| a.1.total_cmp(&b.1))
}

fn recall(table: &Table<'_>) -> Vec<String> {
    let mut said = beside_the_prototype(table);
    if table.plan.preview {
        return said;
    }
    let claims: [(&str, Option<bool>); 5] = [
        ("BPTT has the lowest median", Some(is_lowest(table, "bptt"))),
        ("ModProp with all taps beats MDGL and e-prop in every seed", beats_all(table)),
        ("MDGL and e-prop hardly learn (medians above 1/2)", hardly(table)),
        (
            "8 taps lie between all taps and MDGL",
            between(table, "modprop", "modprop:taps=8", "mdgl"),
        ),
        (
            "the autodiff form is unstable (some seeds solved, some not)",
            table.place("modprop:autodiff").map(|k| {
                let solved = table.solved(k);
                solved > 0 && solved < table.plan.seeds.len()
            }),
        ),
    ];
    for (verdict, holds) in [("Reproduced", true), ("Not reproduced", false)] {
        let list: Vec<&str> =
            claims.iter().filter(|(_, found)| *found == Some(holds)).map(|(c, _)| *c).collect();
        if !list.is_empty() {
            said.push(format!("{verdict}: {}.", list.join("; ")));
        }
    }
    said.extend(against_modprop(table));
    said
}

fn beside_the_prototype(table: &Table<'_>) -> Vec<String> {
    let seeds = table.plan.seeds.len();
    let all = table.plan.conditions.iter().enumerate();
    let clauses = all.filter_map(|(k, condition)| {
        let known = prototype(Task::Recall, condition)?;
        let found = table.quartiles(k, "held_out_loss").median;
        Some(format!("{} {found:.4} ({known})", title(&condition.rule)))
    });
    let clauses: Vec<String> = clauses.collect();
    let mut said = Vec::new();
    if !clauses.is_empty() {
        said.push(format!(
            "Median squared errors beside those of a numpy prototype of other networks after 1000 updates and 8 seeds, in brackets: {}.",
            clauses.join("; ")
        ));
    }
    if let Some(k) = table.place("modprop:autodiff") {
        said.push(format!(
            "The autodiff form ends below {} in {} of {seeds} seeds (prototype: 3 of 8).",
            table.plan.settings.solved,
            table.solved(k)
        ));
    }
    said
}

fn is_lowest(table: &Table<'_>, rule: &str) -> bool {
    let Some(place) = table.place(rule) else { return false };
    let median = |k| table.quartiles(k, table.main()).median;
    (0..table.plan.conditions.len()).all(|k| k == place || median(place) < median(k))
}

fn beats_all(table: &Table<'_>) -> Option<bool> {
    let modprop = table.place("modprop")?;
    let beats = |rule| {
        let found = table.paired(modprop, table.place(rule)?);
        Some(found.pairs > 0 && found.wins == found.pairs)
    };
    Some(beats("mdgl")? && beats("eprop")?)
}

fn hardly(table: &Table<'_>) -> Option<bool> {
    Some(table.median("mdgl")? > 0.5 && table.median("eprop")? > 0.5)
}

fn between(table: &Table<'_>, low: &str, middle: &str, high: &str) -> Option<bool> {
    let (low, middle, high) = (table.median(low)?, table.median(middle)?, table.median(high)?);
    Some(low < middle && middle < high)
}

/// Seed by seed, ModProp with all taps against each other rule.
fn against_modprop(table: &Table<'_>) -> Option<String> {
    let modprop = table.place("modprop")?;
    let others = (0..table.plan.conditions.len()).filter(|k| *k != modprop);
    let clauses = others.map(|k| {
        let found = table.paired(modprop, k);
        let clear = if found.wilcoxon < CLEAR { "" } else { ", not clear" };
        format!(
            "{} in {} of {} seeds (sign test p = {}, Wilcoxon p = {}{clear})",
            title(&table.plan.conditions[k].rule),
            found.wins,
            found.pairs,
            shown(found.sign),
            shown(found.wilcoxon)
        )
    });
    let clauses: Vec<String> = clauses.collect();
    (!clauses.is_empty()).then(|| {
        format!(
            "ModProp with all taps ends lower than {}. No correction for the number of comparisons.",
            clauses.join("; ")
        )
    })
}

/// Two significant digits or so.
fn shown(p: f64) -> String {
    match p {
        _ if p < 0.001 => format!("{p:.1e}"),
        _ if p < 0.1 => format!("{p:.4}"),
        _ => format!("{p:.2}"),
    }
}

fn xor(table: &Table<'_>) -> Vec<String> {
    let seeds = table.plan.seeds.len();
    let best = if is_lowest(table, "bptt") {
        "BPTT has the lowest median cross-entropy"
    } else {
        "BPTT does not have the lowest median cross-entropy, so that the one safe claim did not reproduce"
    };
    let mut said = Vec::new();
    if table.place("bptt").is_some() {
        let plural = if seeds == 1 { "" } else { "s" };
        said.push(format!("{best}, over {seeds} seed{plural}."));
    }
    if seeds < ENOUGH {
        said.push(format!(
            "Nothing else is claimed: of fewer than {ENOUGH} seeds the differences between the other rules are noise."
        ));
    } else if !table.plan.preview {
        said.extend(against_modprop(table));
    }
    said
}

fn blocks(table: &Table<'_>) -> Vec<String> {
    let excluded = Feedback::Type(Diagonal::Excluded);
    let all = || table.plan.conditions.iter().enumerate();
    let modprop = |condition: &Condition, feedback: Feedback| {
        condition.modprop().is_some_and(|modprop| modprop.feedback == feedback)
    };
    let largest = |feedback: Feedback| {
        let wanted =
            all().filter(|(_, c)| c.is_linear && c.spread == Some(0.0) && modprop(c, feedback));
        let values = wanted.flat_map(|(k, _)| table.values(k, "relative_deviation"));
        values.filter(|value| !value.is_nan()).fold(f64::NAN, f64::max)
    };
    let mut said = vec![format!(
        "Linear neurons, μ = 1, ς = 0, diagonal excluded: type-specific ModProp deviates from BPTT by ‖G − g‖/‖g‖ = {:.1e} at most over the seeds, \
         which is rounding ({:.1e} with cell-specific feedback); with the zeros of the diagonal counted it deviates by up to {:.1e}. That they are equal is \
         a theorem, and checked exactly elsewhere.",
        largest(excluded),
        largest(Feedback::Cell),
        largest(Feedback::Type(Diagonal::Counted))
    )];
    for is_linear in [true, false] {
        let cosine = |spread: f64, rule: &dyn Fn(&Condition) -> bool| {
            let found = all()
                .find(|(_, c)| c.is_linear == is_linear && c.spread == Some(spread) && rule(c));
            found.map(|(k, _)| table.quartiles(k, "cosine").median)
        };
        let mut spreads: Vec<f64> =
            all().filter_map(|(_, c)| c.spread.filter(|_| c.is_linear == is_linear)).collect();
        spreads.sort_by(f64::total_cmp);
        spreads.dedup();
        let mdgl = |c: &Condition| c.rule == TemporalRule::Mdgl { feedback: Feedback::Cell };
        let typed = |c: &Condition| modprop(c, excluded);
        // Where knowing every weight for one step is worth more than knowing types for all steps.
        let nearer = spreads.iter().filter(|s| cosine(**s, &typed) < cosine(**s, &mdgl));
        let nearer: Vec<String> = nearer.map(ToString::to_string).collect();
        let (Some(first), Some(last)) = (spreads.first(), spreads.last()) else { continue };
        let of = |spread: f64, rule: &dyn Fn(&Condition) -> bool| {
            cosine(spread, rule).map_or("–".into(), |cosine| format!("{cosine:.3}"))
        };
        said.push(format!(
            "{}: type-specific ModProp (excluded) has cosine {} at ς = {first} and {} at ς = {last}; cell-specific MDGL {} and {}. {}",
            if is_linear { "Linear" } else { "ReLU" },
            of(*first, &typed),
            of(*last, &typed),
            of(*first, &mdgl),
            of(*last, &mdgl),
            if nearer.is_empty() {
                "At no ς here is cell-specific MDGL nearer to BPTT.".into()
            } else {
                format!("Cell-specific MDGL is nearer to BPTT at ς = {}.", nearer.join(", "))
            }
        ));
    }
    said
}
