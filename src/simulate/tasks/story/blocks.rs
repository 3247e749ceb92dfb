//! Type-specific feedback where W is constant on blocks, or nearly.

use super::super::settings::Condition;
use super::super::table::Table;
use super::Fate;
use crate::simulate::experiment::story::{counted, under_heads};
use crate::spec::{Diagonal, Feedback, TemporalRule};

/// A relative deviation in f64 that rounding explains: 30 steps of sums over 32 neurons reach some hundred units in the last place.
const ROUNDING: f64 = 1e-12;

/// How far the rules are apart that a theorem says are one; and from which noise on it is better to know every weight for one step.
pub(super) fn sentences(table: &Table<'_>) -> Vec<String> {
    let mut said: Vec<String> = equality(table).into_iter().collect();
    if table.supports_claims() {
        said.extend([true, false].into_iter().filter_map(|is_linear| crossing(table, is_linear)));
    }
    said
}

fn is_modprop(condition: &Condition, feedback: Feedback) -> bool {
    condition.modprop().is_some_and(|modprop| modprop.feedback == feedback)
}

/// The equality needs no number of seeds: it is a theorem, and one network that deviates is a mistake.
fn equality(table: &Table<'_>) -> Option<String> {
    let largest = |feedback: Feedback| {
        let all = table.plan.conditions.iter().enumerate();
        let wanted =
            all.filter(|(_, c)| c.is_linear && c.spread == Some(0.0) && is_modprop(c, feedback));
        let values = wanted.flat_map(|(k, _)| table.values(k, "relative_deviation"));
        values.filter(|value| !value.is_nan()).reduce(f64::max)
    };
    let excluded = largest(Feedback::Type(Diagonal::Excluded))?;
    let verdict = if excluded <= ROUNDING {
        "which is rounding: the theorem that they are equal is checked exactly elsewhere"
    } else {
        "which is more than rounding, although they are equal by a theorem: the program is wrong"
    };
    let with = |words: &str, found: Option<f64>| {
        found.map_or(String::new(), |found| format!("; {words} by up to {found:.1e}"))
    };
    Some(format!(
        "Linear neurons, μ = 1, ς = 0, diagonal excluded: over {} type-specific ModProp deviates from BPTT by ‖G − g‖/‖g‖ = {excluded:.1e} \
         at most, {verdict}{}{}.",
        counted(table.plan.seeds.len(), "seed"),
        with("with cell-specific feedback it deviates", largest(Feedback::Cell)),
        with("with the zeros of the diagonal counted", largest(Feedback::Type(Diagonal::Counted))),
    ))
}

/// Type-specific ModProp against cell-specific MDGL, at each ς.
fn crossing(table: &Table<'_>, is_linear: bool) -> Option<String> {
    let all = || table.plan.conditions.iter().enumerate().filter(|(_, c)| c.is_linear == is_linear);
    let mut spreads: Vec<f64> = all().filter_map(|(_, condition)| condition.spread).collect();
    spreads.sort_by(f64::total_cmp);
    spreads.dedup();
    let place = |spread: f64, is_it: &dyn Fn(&Condition) -> bool| {
        all().find(|(_, c)| c.spread == Some(spread) && is_it(c)).map(|(k, _)| k)
    };
    let typed = |c: &Condition| is_modprop(c, Feedback::Type(Diagonal::Excluded));
    let mdgl = |c: &Condition| c.rule == TemporalRule::Mdgl { feedback: Feedback::Cell };
    let (mut rows, mut fates) = (Vec::new(), Vec::new());
    for spread in spreads {
        let (Some(typed), Some(mdgl)) = (place(spread, &typed), place(spread, &mdgl)) else {
            continue;
        };
        let median = |k| table.quartiles(k, "cosine").median;
        rows.push((spread, median(typed), median(mdgl)));
        fates.push((Fate::of_order(&table.ahead(typed, mdgl)), spread.to_string()));
    }
    let (first, last) = (rows.first()?, rows.last()?);
    let heads = [
        (Fate::Holds, "type-specific ModProp at ς = "),
        (Fate::Fails, "cell-specific MDGL at ς = "),
        (Fate::Unclear, "not clear at ς = "),
    ];
    let heads = heads.map(|(fate, head)| (fate, head.to_owned()));
    let nearer = under_heads(heads, &fates, ", ");
    Some(format!(
        "{}: type-specific ModProp (excluded) has median cosine {:.3} at ς = {} and {:.3} at ς = {}; cell-specific MDGL {:.3} and {:.3}. \
         Nearer to BPTT seed by seed (Wilcoxon p < 0.05): {}.",
        if is_linear { "Linear" } else { "ReLU" },
        first.1,
        first.0,
        last.1,
        last.0,
        first.2,
        last.2,
        nearer.join("; ")
    ))
}
