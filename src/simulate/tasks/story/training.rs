//! Delayed recall and delayed XOR: who ends lower than whom.

use super::super::rules::title;
use super::super::settings::{Settings, Task};
use super::super::table::Table;
use super::{Fate, by_fate, counted, in_seeds};

/// The claims of the page, where its settings were run; and the rules seed by seed.
pub(super) fn sentences(table: &Table<'_>) -> Vec<String> {
    if !table.supports_claims() {
        return Vec::new();
    }
    let plan = table.plan;
    let mut said = Vec::new();
    let in_full = Settings::of(plan.task);
    if plan.settings == in_full {
        said.extend(beside_the_prototype(table));
        let claims = match plan.task {
            Task::Xor => vec![best(table)],
            _ => recall(table),
        };
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

fn beside_the_prototype(table: &Table<'_>) -> Vec<String> {
    let plan = table.plan;
    let seeds = plan.seeds.len();
    let all = plan.conditions.iter().enumerate();
    let clauses = all.filter_map(|(k, condition)| {
        let known = table.prototype(condition)?;
        let found = table.quartiles(k, "held_out_loss").median;
        Some(format!("{} {found:.4} ({known})", title(&condition.rule)))
    });
    let clauses: Vec<String> = clauses.collect();
    let mut said = Vec::new();
    if !clauses.is_empty() {
        said.push(format!(
            "Median squared errors over {}, beside those of a numpy prototype of other networks over 8 seeds, in brackets: {}.",
            counted(seeds, "seed"),
            clauses.join("; ")
        ));
    }
    if let Some(k) = table.place("modprop:autodiff").filter(|_| plan.task == Task::Recall) {
        said.push(format!(
            "The autodiff form ends below {} in {} of {} (prototype: 3 of 8).",
            plan.settings.solved,
            table.solved(k),
            counted(seeds, "seed")
        ));
    }
    said
}

fn recall(table: &Table<'_>) -> Vec<(String, Option<Fate>)> {
    let autodiff = table.place("modprop:autodiff").map(|k| {
        let solved = table.solved(k);
        Fate::of(solved > 0 && solved < table.plan.seeds.len())
    });
    vec![
        best(table),
        (
            "ModProp with all taps ends lower than MDGL and e-prop in every seed".into(),
            in_every_seed(table),
        ),
        ("MDGL and e-prop hardly learn (medians above 1/2)".into(), hardly(table)),
        ("8 taps lie between all taps and MDGL".into(), between(table)),
        ("the autodiff form is unstable (some seeds solved, some not)".into(), autodiff),
    ]
}

/// BPTT against each of the others; nothing is known where it has none.
fn best(table: &Table<'_>) -> (String, Option<Fate>) {
    let all = &table.plan.conditions;
    let Some(bptt) = table.place("bptt") else { return (String::new(), None) };
    let others: Vec<usize> = (0..all.len()).filter(|k| *k != bptt).collect();
    let fate = |k: &usize| Fate::of_order(&table.paired(bptt, *k));
    let words = match others.as_slice() {
        [only] => format!("BPTT ends lower than {}", title(&all[*only].rule)),
        _ => {
            // Which of them it is that says no, or does not say.
            let open: Vec<String> = others
                .iter()
                .filter(|k| fate(k) != Fate::Holds)
                .map(|k| in_seeds(table, *k, table.paired(bptt, *k).wins, &table.paired(bptt, *k)))
                .collect();
            let but =
                if open.is_empty() { String::new() } else { format!(" ({})", open.join("; ")) };
            format!("BPTT ends lower than each of {} other rules{but}", others.len())
        }
    };
    (words, Fate::all(others.iter().map(fate)))
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
    let (mut lower, mut higher, mut even) = (Vec::new(), Vec::new(), Vec::new());
    for k in (0..all.len()).filter(|k| *k != own) {
        let found = table.paired(own, k);
        let (wins, losses) = (found.wins, found.losses());
        let (list, seeds) = match wins.cmp(&losses) {
            std::cmp::Ordering::Greater => (&mut lower, wins),
            std::cmp::Ordering::Less => (&mut higher, losses),
            std::cmp::Ordering::Equal => (&mut even, wins),
        };
        list.push(in_seeds(table, k, seeds, &found));
    }
    let parts =
        [("lower than", lower), ("higher than", higher), ("as often lower as higher than", even)];
    let said = parts.into_iter().filter(|(_, list)| !list.is_empty());
    let said: Vec<String> =
        said.map(|(words, list)| format!("{words} {}", list.join(", "))).collect();
    (!said.is_empty()).then(|| {
        format!(
            "{} ends {}. No correction for the number of comparisons.",
            title(&all[own].rule),
            said.join("; ")
        )
    })
}
