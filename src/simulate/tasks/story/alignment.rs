//! How nearly each rule points where BPTT does.

use super::super::rules::title;
use super::super::settings::{Condition, Settings};
use super::super::table::Table;
use super::Fate;
use crate::number::nearest_f64;
use crate::simulate::experiment::story::{sentence, under_heads};
use crate::spec::{Feedback, Form, Mu, Taps, TemporalRule};

/// How far a median cosine may be from that of the prototype, whose networks were others, to be called reproduced.
const NEAR: f64 = 0.03;
/// How far the best μ may be from the mean slope to be called the same.
const SAME: f64 = 0.125;

/// The claims of the page.
pub(super) fn sentences(table: &Table<'_>) -> Vec<String> {
    let mut said = Vec::new();
    if table.plan.settings == Settings::of(table.plan.task) {
        said.extend(beside_the_prototype(table));
    } else {
        said.push("Not compared with the prototype, whose settings these are not.".into());
    }
    said.extend(best_of_each_form(table));
    said.extend(types(table));
    said
}

fn verdict(holds: bool) -> &'static str {
    if holds { "reproduced" } else { "not reproduced" }
}

fn median(table: &Table<'_>, condition: usize) -> f64 {
    table.quartiles(condition, table.main()).median
}

fn beside_the_prototype(table: &Table<'_>) -> Vec<String> {
    let all = table.plan.conditions.iter().enumerate();
    let mut known: Vec<(usize, &Condition, f64)> = all
        .filter_map(|(k, condition)| Some((k, condition, table.prototype(condition)?)))
        .collect();
    known.sort_by_key(|(_, condition, _)| rank(condition));
    let clauses = known.iter().map(|(k, condition, known)| {
        let found = median(table, *k);
        let verdict = if (found - known).abs() <= NEAR { "" } else { ", not reproduced" };
        format!("{} {found:.3} ({known}{verdict})", title(&condition.rule))
    });
    let clauses: Vec<String> = clauses.collect();
    let names: Vec<String> = known.iter().map(|(_, condition, _)| title(&condition.rule)).collect();
    let rises = known.windows(2).all(|pair| median(table, pair[0].0) < median(table, pair[1].0));
    let steps = known.windows(2).zip(names.windows(2)).map(|(pair, names)| {
        let fate = Fate::of_order(&table.ahead(pair[1].0, pair[0].0));
        (fate, format!("{} < {}", names[0], names[1]))
    });
    let heads = [
        (Fate::Holds, "clear seed by seed (Wilcoxon p < 0.05): "),
        (Fate::Unclear, "not clear: "),
        (Fate::Fails, "clearly the other way round: "),
    ];
    let heads = heads.map(|(fate, head)| (fate, head.to_owned()));
    let steps = under_heads(heads, &steps.collect::<Vec<_>>(), "; ");
    vec![
        format!(
            "Medians beside those of a numpy prototype of other networks, in brackets; reproduced if within {NEAR}: {}.",
            clauses.join("; ")
        ),
        format!(
            "That the medians rise in the order {} is {}; {}.",
            names.join(" < "),
            verdict(rises),
            steps.join("; ")
        ),
    ]
}

/// e-prop, MDGL, then by taps.
fn rank(condition: &Condition) -> usize {
    match condition.modprop().map(|modprop| modprop.taps) {
        Some(Taps::Count(count)) => count,
        Some(Taps::All) => usize::MAX,
        None => usize::from(condition.rule != TemporalRule::Eprop),
    }
}

fn best_of_each_form(table: &Table<'_>) -> Option<String> {
    let (mu, cosine) = best_mu(table, Form::Filter)?;
    let slope = table.quartiles(table.place("bptt")?, "mean_slope").median;
    let others = [(Form::NoLeak, "no-leak taps"), (Form::Autodiff, "the autodiff form")];
    let others = others.into_iter().filter_map(|(form, words)| {
        best_mu(table, form).map(|(mu, cosine)| format!("{words} {cosine:.3} at μ = {mu}"))
    });
    let others: Vec<String> = others.collect();
    Some(format!(
        "Best μ of all leaky taps: {mu}, with {cosine:.3}; the mean slope of the ReLUs is {slope:.3}; that these two agree (within 1/8) is {}. \
         At their best: {}.",
        verdict((mu - slope).abs() <= SAME),
        others.join(", ")
    ))
}

/// The μ with the highest median cosine, of all taps and cell-specific feedback.
fn best_mu(table: &Table<'_>, form: Form) -> Option<(f64, f64)> {
    let all = table.plan.conditions.iter().enumerate().filter_map(|(k, condition)| {
        let modprop = condition.modprop()?;
        let is_it =
            modprop.form == form && modprop.taps == Taps::All && modprop.feedback == Feedback::Cell;
        match &modprop.mu {
            Mu::Scalar(mu) if is_it => Some((nearest_f64(mu), median(table, k))),
            Mu::Scalar(_) | Mu::PerCell(_) => None,
        }
    });
    all.max_by(|a, b| a.1.total_cmp(&b.1))
}

/// Whether means over types that W does not have are nearer to no feedback at all or to feedback through every weight.
fn types(table: &Table<'_>) -> Option<String> {
    let (eprop, cell) =
        (median(table, table.place("eprop")?), median(table, table.place("modprop")?));
    let found = table.plan.conditions.iter().enumerate().filter_map(|(k, condition)| {
        let types = condition.types?;
        matches!(condition.modprop()?.feedback, Feedback::Type(_)).then_some(())?;
        let found = median(table, k);
        let is_low = (found - eprop).abs() < (found - cell).abs();
        Some((is_low, format!("{types} types ({found:.3})")))
    });
    let heads = [
        (true, format!("nearer to e-prop ({eprop:.3}) with ")),
        (false, format!("nearer to cell-specific feedback ({cell:.3}) with ")),
    ];
    let said = under_heads(heads, &found.collect::<Vec<_>>(), ", ");
    let frame = "W has no types here; with blocks of neighbours for types the median cosine of ModProp is ….";
    sentence(frame, &said)
}
