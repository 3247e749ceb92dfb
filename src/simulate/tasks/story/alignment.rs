//! How nearly each rule points where BPTT does.

use super::super::rules::title;
use super::super::settings::{Condition, Settings};
use super::super::table::Table;
use super::Fate;
use crate::number::nearest_f64;
use crate::spec::{Feedback, Form, Mu, Taps, TemporalRule};

/// How far a median cosine may be from that of the prototype, whose networks were others, to be called reproduced.
const NEAR: f64 = 0.03;
/// How far the best μ may be from the mean slope to be called the same.
const SAME: f64 = 0.125;

/// The claims of the page.
pub(super) fn sentences(table: &Table<'_>) -> Vec<String> {
    if !table.supports_claims() {
        return Vec::new();
    }
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

fn beside_the_prototype(table: &Table<'_>) -> Vec<String> {
    let mut known: Vec<(usize, &Condition, f64)> = table
        .plan
        .conditions
        .iter()
        .enumerate()
        .filter_map(|(k, condition)| Some((k, condition, table.prototype(condition)?)))
        .collect();
    known.sort_by_key(|(_, condition, _)| rank(condition));
    let median = |k: usize| table.quartiles(k, "cosine").median;
    let clause = |(k, condition, known): &(usize, &Condition, f64)| {
        let found = median(*k);
        let verdict = if (found - known).abs() <= NEAR { "" } else { ", not reproduced" };
        format!("{} {found:.3} ({known}{verdict})", title(&condition.rule))
    };
    let clauses: Vec<String> = known.iter().map(clause).collect();
    let names: Vec<String> = known.iter().map(|(_, condition, _)| title(&condition.rule)).collect();
    let rises = known.windows(2).all(|pair| median(pair[0].0) < median(pair[1].0));
    let of_fate = |fate: Fate, words: &str| {
        let pairs = known
            .windows(2)
            .filter(|pair| Fate::of_order(&table.ahead(pair[1].0, pair[0].0)) == fate);
        let pairs: Vec<String> = pairs
            .map(|pair| format!("{} < {}", title(&pair[0].1.rule), title(&pair[1].1.rule)))
            .collect();
        (!pairs.is_empty()).then(|| format!("{words}: {}", pairs.join("; ")))
    };
    let step_by_step = [
        of_fate(Fate::Holds, "clear seed by seed (Wilcoxon p < 0.05)"),
        of_fate(Fate::Unclear, "not clear"),
        of_fate(Fate::Fails, "clearly the other way round"),
    ];
    let step_by_step: Vec<String> = step_by_step.into_iter().flatten().collect();
    vec![
        format!(
            "Medians beside those of a numpy prototype of other networks, in brackets; reproduced if within {NEAR}: {}.",
            clauses.join("; ")
        ),
        format!(
            "That the medians rise in the order {} is {}; {}.",
            names.join(" < "),
            verdict(rises),
            step_by_step.join("; ")
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
            Mu::Scalar(mu) if is_it => Some((nearest_f64(mu), table.quartiles(k, "cosine").median)),
            Mu::Scalar(_) | Mu::PerCell(_) => None,
        }
    });
    all.max_by(|a, b| a.1.total_cmp(&b.1))
}

/// Whether means over types that W does not have are nearer to no feedback at all or to feedback through every weight.
fn types(table: &Table<'_>) -> Option<String> {
    let median = |k: usize| table.quartiles(k, "cosine").median;
    let (eprop, cell) = (median(table.place("eprop")?), median(table.place("modprop")?));
    let (mut low, mut high) = (Vec::new(), Vec::new());
    for (k, condition) in table.plan.conditions.iter().enumerate() {
        let is_typed = condition
            .modprop()
            .is_some_and(|modprop| matches!(modprop.feedback, Feedback::Type(_)));
        let Some(types) = condition.types.filter(|_| is_typed) else { continue };
        let found = median(k);
        let is_low = (found - eprop).abs() < (found - cell).abs();
        let list = if is_low { &mut low } else { &mut high };
        list.push(format!("{types} types ({found:.3})"));
    }
    let near = |words: &str, list: &[String]| {
        (!list.is_empty()).then(|| format!("nearer to {words} with {}", list.join(", ")))
    };
    let said = [
        near(&format!("e-prop ({eprop:.3})"), &low),
        near(&format!("cell-specific feedback ({cell:.3})"), &high),
    ];
    let said: Vec<String> = said.into_iter().flatten().collect();
    (!said.is_empty()).then(|| {
        format!(
            "W has no types here; with blocks of neighbours for types the median cosine of ModProp is {}.",
            said.join("; ")
        )
    })
}
