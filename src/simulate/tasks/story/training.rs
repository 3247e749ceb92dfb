//! Delayed recall and delayed XOR: who ends lower than whom.

use std::cmp::Ordering;

use super::super::rules::title;
use super::super::settings::{Settings, Task};
use super::super::table::Table;
use super::{Fate, by_fate, in_seeds};
use crate::simulate::experiment::story::{counted, sentence, under_heads};

/// The claims of the page, where its settings were run; and the rules seed by seed.
pub(super) fn sentences(table: &Table<'_>) -> Vec<String> {
    let plan = table.plan;
    let mut said = Vec::new();
    let in_full = Settings::of(plan.task);
    if plan.settings == in_full {
        said.extend(beside_the_prototype(table));
        said.extend(autodiff(table));
        let mut claims = vec![best(table)];
        if plan.task == Task::Recall {
            claims.extend(of_recall(table));
        }
        said.extend(by_fate(table, &claims));
    } else {
        let updates = plan.settings.iterations;
        let how = match updates == in_full.iterations {
            true => "other settings".to_owned(),
            false => format!("{updates} updates, not {}", in_full.iterations),
        };
        said.push(format!("Not compared with the prototype, whose settings these are not: {how}."));
    }
    said.extend(against_one(table));
    said
}

fn beside_the_prototype(table: &Table<'_>) -> Option<String> {
    let all = table.plan.conditions.iter().enumerate();
    let clauses = all.filter_map(|(k, condition)| {
        let known = table.prototype(condition)?;
        let found = table.quartiles(k, table.main()).median;
        Some(format!("{} {found:.4} ({known})", title(&condition.rule)))
    });
    let frame = format!(
        "Median squared errors over {}, beside those of a numpy prototype of other networks over 8 seeds, in brackets: ….",
        counted(table.plan.seeds.len(), "seed"),
    );
    sentence(&frame, &clauses.collect::<Vec<_>>())
}

fn autodiff(table: &Table<'_>) -> Option<String> {
    let plan = table.plan;
    let k = table.place("modprop:autodiff").filter(|_| plan.task == Task::Recall)?;
    Some(format!(
        "The autodiff form ends below {} in {} of {} (prototype: 3 of 8).",
        plan.settings.solved,
        table.solved(k),
        counted(plan.seeds.len(), "seed")
    ))
}

fn of_recall(table: &Table<'_>) -> [(Option<Fate>, String); 4] {
    let unstable = table.place("modprop:autodiff").map(|k| {
        let solved = table.solved(k);
        Fate::of(solved > 0 && solved < table.plan.seeds.len())
    });
    [
        (
            in_every_seed(table),
            "ModProp with all taps ends lower than MDGL and e-prop in every seed",
        ),
        (hardly(table), "MDGL and e-prop hardly learn (medians above 1/2)"),
        (between(table), "8 taps lie between all taps and MDGL"),
        (unstable, "the autodiff form is unstable (some seeds solved, some not)"),
    ]
    .map(|(fate, words)| (fate, words.to_owned()))
}

/// BPTT against each of the others; nothing is known where it has none.
fn best(table: &Table<'_>) -> (Option<Fate>, String) {
    let all = &table.plan.conditions;
    let Some(bptt) = table.place("bptt") else { return (None, String::new()) };
    let others: Vec<usize> = (0..all.len()).filter(|k| *k != bptt).collect();
    let fate = |k: &usize| Fate::of_order(&table.paired(bptt, *k));
    let words = match others.as_slice() {
        [only] => format!("BPTT ends lower than {}", title(&all[*only].rule)),
        _ => {
            // Which of them it is that says no, or does not say.
            let open = others.iter().filter(|k| fate(k) != Fate::Holds).map(|k| {
                let found = table.paired(bptt, *k);
                in_seeds(table, *k, found.wins, &found)
            });
            let but = sentence(" (…)", &open.collect::<Vec<_>>()).unwrap_or_default();
            format!("BPTT ends lower than each of {} other rules{but}", others.len())
        }
    };
    (Fate::all(others.iter().map(fate)), words)
}

fn in_every_seed(table: &Table<'_>) -> Option<Fate> {
    let modprop = table.place("modprop")?;
    let beats = |rule| {
        let found = table.paired(modprop, table.place(rule)?);
        Some(Fate::of(found.pairs > 0 && found.wins == found.pairs))
    };
    Fate::all([beats("mdgl")?, beats("eprop")?])
}

fn hardly(table: &Table<'_>) -> Option<Fate> {
    Some(Fate::of(table.median("mdgl")? > 0.5 && table.median("eprop")? > 0.5))
}

fn between(table: &Table<'_>) -> Option<Fate> {
    let [all, eight, one] =
        [table.place("modprop")?, table.place("modprop:taps=8")?, table.place("mdgl")?];
    Fate::all([(all, eight), (eight, one)].map(|(a, b)| Fate::of_order(&table.paired(a, b))))
}

/// Seed by seed, ModProp with all taps (or else the first rule) against each other rule.
fn against_one(table: &Table<'_>) -> Option<String> {
    let all = &table.plan.conditions;
    let own = table.place("modprop").unwrap_or(0);
    let others = (0..all.len()).filter(|k| *k != own).map(|k| {
        let found = table.paired(own, k);
        let order = found.wins.cmp(&found.losses());
        (order, in_seeds(table, k, found.wins.max(found.losses()), &found))
    });
    let heads = [
        (Ordering::Greater, "lower than "),
        (Ordering::Less, "higher than "),
        (Ordering::Equal, "as often lower as higher than "),
    ];
    let heads = heads.map(|(order, head)| (order, head.to_owned()));
    let said = under_heads(heads, &others.collect::<Vec<_>>(), ", ");
    let frame =
        format!("{} ends …. No correction for the number of comparisons.", title(&all[own].rule));
    sentence(&frame, &said)
}
