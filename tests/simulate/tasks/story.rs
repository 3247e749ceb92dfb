//! What is said of made-up results: the opposite results, the opposite sentences; too few, and nothing.

use creditcheck::simulate::tasks::*;

/// A plan in full, but for its seeds and updates.
fn full(task: Task, seeds: Option<u64>, iterations: Option<usize>, rules: &[&str]) -> Plan {
    let rules: Vec<_> = rules.iter().map(|text| rule(text).unwrap()).collect();
    let rules = (!rules.is_empty()).then_some(rules);
    Plan::of(task, 1, &Options { full: true, seeds, iterations, rules }).unwrap()
}

/// Runs that found what `of` makes of rule and seed; the first number of a run, or more of them.
fn made_up(plan: &Plan, of: impl Fn(&Condition, u64) -> Vec<f64>) -> Vec<Run> {
    let all = plan.conditions.iter().flat_map(|c| plan.seeds.iter().map(move |seed| (c, *seed)));
    let run = |(condition, seed): (&Condition, u64)| {
        let mut values = of(condition, seed);
        values.resize(plan.task.columns().len(), 1.0);
        let key = Key { condition: condition.name(), seed };
        Run { key, measured: Measured { end: End::Finished, values, curve: Vec::new() } }
    };
    all.map(run).collect()
}

fn said(plan: &Plan, runs: &[Run]) -> Vec<String> {
    sentences(&Table::of(plan, runs))
}

/// The sentence that begins so, if there is one.
fn beginning<'a>(said: &'a [String], with: &str) -> Option<&'a str> {
    said.iter().find(|sentence| sentence.starts_with(with)).map(String::as_str)
}

/// Seeds differ a little, and no two in the same way.
fn jitter(seed: u64) -> f64 {
    1.0 + f64::from(u32::try_from(seed).unwrap()) / 1000.0
}

const RECALL: [&str; 5] = [
    "BPTT ends lower than each of 5 other rules",
    "ModProp with all taps ends lower than MDGL and e-prop in every seed",
    "MDGL and e-prop hardly learn (medians above 1/2)",
    "8 taps lie between all taps and MDGL",
    "the autodiff form is unstable (some seeds solved, some not)",
];

fn recall(forwards: bool) -> impl Fn(&Condition, u64) -> Vec<f64> {
    move |condition, seed| {
        let (there, back) = match name(&condition.rule).as_str() {
            "bptt" => (0.001, 5.0),
            "modprop" => (0.01, 0.9),
            "modprop:taps=8" => (0.05, 0.05),
            "mdgl" => (0.9, 0.01),
            "eprop" => (0.95, 0.001),
            _ => (if seed % 2 == 0 { 0.02 } else { 7.0 }, 0.02),
        };
        vec![if forwards { there } else { back } * jitter(seed)]
    }
}

#[test]
fn recall_in_the_opposite_order_reads_the_opposite() {
    let plan = full(Task::Recall, None, None, &[]);
    let there = said(&plan, &made_up(&plan, recall(true)));
    let reproduced = beginning(&there, "Reproduced: ").unwrap();
    assert!(RECALL.iter().all(|claim| reproduced.contains(claim)), "{reproduced}");
    assert_eq!(beginning(&there, "Not "), None);
    let pairs = beginning(&there, "ModProp, all taps ends lower than").unwrap();
    assert!(pairs.contains("MDGL in 8 of 8 seeds (sign test p = 0.0078, Wilcoxon p = 0.0078)"));
    assert!(pairs.contains("; higher than BPTT in 8 of 8 seeds"), "{pairs}");

    let back = said(&plan, &made_up(&plan, recall(false)));
    let not = beginning(&back, "Not reproduced: ").unwrap();
    for claim in RECALL {
        assert!(not.contains(claim), "{claim}: {not}");
    }
    assert_eq!(beginning(&back, "Reproduced"), None);
    let pairs = beginning(&back, "ModProp, all taps ends lower than").unwrap();
    let (lower, higher) = pairs.split_once("; higher than ").unwrap();
    assert!(lower.contains("BPTT in 8 of 8") && higher.contains("MDGL in 8 of 8"), "{pairs}");
    assert!(there.iter().any(|s| s.contains("over 8 seeds, beside those") && s.contains("BPTT 0.0010 (0.0037)")));
    assert!(back.iter().any(|s| s.contains("BPTT 5.0225 (0.0037)")), "{back:?}");
}

#[test]
fn what_the_seeds_do_not_decide_is_not_clear() {
    let plan = full(Task::Recall, None, None, &["bptt", "modprop"]);
    // Each is lower in every other seed.
    let runs = made_up(&plan, |condition, seed| {
        let first = name(&condition.rule) == "bptt";
        vec![if first == (seed % 2 == 0) { 0.1 } else { 0.2 }]
    });
    let found = said(&plan, &runs);
    let unclear = beginning(&found, "Not clear from 8 seeds: ").unwrap();
    assert!(unclear.contains("BPTT ends lower than ModProp, all taps"), "{unclear}");
    assert!(
        beginning(&found, "ModProp, all taps ends as often lower as higher than BPTT in 4 of 8")
            .is_some(),
        "{found:?}"
    );
    assert_eq!(
        (beginning(&found, "Reproduced"), beginning(&found, "Not reproduced")),
        (None, None)
    );
    // A rule has no rank among itself.
    let alone = full(Task::Recall, None, None, &["bptt"]);
    let found = said(&alone, &made_up(&alone, recall(true)));
    assert!(!found.join(" ").contains("ends lower"), "{found:?}");
    // Many small wins do not outweigh few large losses.
    let many = full(Task::Recall, Some(40), None, &["bptt", "modprop"]);
    let runs = made_up(&many, |condition, seed| {
        let size = jitter(seed) * if seed <= 22 { -0.001 } else { 1.0 };
        vec![if name(&condition.rule) == "bptt" { 2.0 + size } else { 2.0 }]
    });
    let found = said(&many, &runs);
    assert!(
        beginning(&found, "Not reproduced: BPTT ends lower than ModProp").is_some(),
        "{found:?}"
    );
    assert!(beginning(&found, "Reproduced").is_none(), "{found:?}");
}

#[test]
fn other_settings_are_not_compared_with_the_prototype() {
    let plan = full(Task::Recall, None, Some(5), &[]);
    let runs = made_up(&plan, recall(true));
    let table = Table::of(&plan, &runs);
    let found = sentences(&table);
    assert!(
        beginning(&found, "Not compared with the prototype")
            .unwrap()
            .contains("5 updates, not 1000")
    );
    assert!(!found.join(" ").contains("eproduced"), "{found:?}");
    assert!(beginning(&found, "ModProp, all taps ends lower than").is_some(), "{found:?}");
    assert!(plan.conditions.iter().all(|condition| table.prototype(condition).is_none()));
    let own = full(Task::Recall, None, None, &[]);
    let runs = made_up(&own, recall(true));
    assert!(Table::of(&own, &runs).prototype(&own.conditions[0]).is_some());
}

#[test]
fn one_seed_too_few_and_nothing_is_claimed() {
    for (task, needed) in
        [(Task::Alignment, 10), (Task::Recall, 8), (Task::Xor, 20), (Task::Blocks, 40)]
    {
        assert_eq!(task.seeds_for_claims(), needed);
        let plan = full(task, Some(needed as u64 - 1), None, &[]);
        let runs = made_up(&plan, |_, seed| vec![0.5 * jitter(seed)]);
        let found = said(&plan, &runs);
        let seeds = needed - 1;
        assert_eq!(
            found[0],
            format!("Nothing is claimed: {seeds} seeds where a claim needs {needed}.")
        );
        // The theorem needs no seeds; no word of how rules compare.
        let rest = &found[1..];
        assert!(rest.len() <= 1, "{found:?}");
        assert!(rest.iter().all(|s| s.starts_with("Linear neurons, μ = 1, ς = 0")), "{found:?}");
        // A run that is missing is as bad.
        let plan = full(task, None, None, &[]);
        let runs = made_up(&plan, |_, seed| vec![0.5 * jitter(seed)]);
        assert_eq!(said(&plan, &runs[1..])[0], "Nothing is claimed: 1 run missing.");
        let whole = said(&plan, &runs);
        assert!(!whole[0].contains("othing is claimed") && whole.len() > rest.len(), "{whole:?}");
    }
    let options = Options { seeds: Some(30), iterations: Some(2000), ..Options::default() };
    let preview = Plan::of(Task::Recall, 1, &options).unwrap();
    let found = said(&preview, &made_up(&preview, recall(true)));
    assert_eq!(found, ["A preview: nothing is claimed; --full makes the table with claims."]);
    let preview = Plan::of(Task::Xor, 1, &Options::default()).unwrap();
    let found = said(&preview, &made_up(&preview, recall(true)));
    assert_eq!(
        found,
        [
            "A preview (2 seeds where a claim needs 20, 300 updates where --full has 1000): nothing is claimed; --full makes the \
          table with claims."
        ]
    );
}

#[test]
fn xor_in_the_opposite_order_reads_the_opposite() {
    let plan = full(Task::Xor, None, None, &[]);
    let there = said(&plan, &made_up(&plan, recall(true)));
    assert!(beginning(&there, "Reproduced: BPTT ends lower than each of 3 other rules.").is_some());
    let back = said(&plan, &made_up(&plan, recall(false)));
    let not =
        beginning(&back, "Not reproduced: BPTT ends lower than each of 3 other rules").unwrap();
    assert!(not.contains("MDGL in 0 of 20 seeds") && not.contains("e-prop in 0 of 20"), "{not}");
    assert_eq!(beginning(&back, "Reproduced"), None);
}

fn cosines(forwards: bool) -> impl Fn(&Condition, u64) -> Vec<f64> {
    move |condition, seed| {
        let place = match name(&condition.rule).as_str() {
            "eprop" => 0,
            "mdgl" => 1,
            "modprop:taps=2" => 2,
            "modprop:taps=4" => 3,
            "modprop" => 4,
            text if text.contains("type") && condition.types != Some(32) => 0,
            _ => 4,
        };
        let there = [0.80, 0.90, 0.93, 0.957, 0.966];
        let cosine = there[if forwards { place } else { 4 - place }];
        vec![cosine / jitter(seed), 0.0, 1.0, if forwards { 0.45 } else { 0.1 }]
    }
}

#[test]
fn alignment_in_the_opposite_order_reads_the_opposite() {
    let plan = full(Task::Alignment, None, None, &[]);
    let order = "That the medians rise in the order e-prop < MDGL < ModProp, 2 taps < ModProp, 4 taps < ModProp, all taps is";
    let slope = "that these two agree (within 1/8) is";
    let there = said(&plan, &made_up(&plan, cosines(true)));
    let found = beginning(&there, order).unwrap();
    assert!(found[order.len()..].starts_with(" reproduced; clear seed by seed"), "{found}");
    assert!(!found.contains("the other way round") && !found.contains("not clear"), "{found}");
    assert!(!there[0].contains("not reproduced"), "{}", there[0]);
    let types = beginning(&there, "W has no types").unwrap();
    assert!(types.contains("nearer to e-prop (0.796) with 2 types"), "{types}");
    assert!(types.contains("nearer to cell-specific feedback (0.961) with 32 types"), "{types}");

    let back = said(&plan, &made_up(&plan, cosines(false)));
    let found = beginning(&back, order).unwrap();
    assert!(
        found[order.len()..].starts_with(" not reproduced; clearly the other way round"),
        "{found}"
    );
    assert_eq!(back[0].matches("not reproduced").count(), 4, "{}", back[0]);
    let best = |said: &[String]| beginning(said, "Best μ of all leaky taps").unwrap().to_owned();
    // All μ are the same in the first; μ = 1/2 is the worst in the second, and the slope far from any other.
    assert!(best(&back).contains(&format!("{slope} not reproduced")), "{}", best(&back));
    let nearby = made_up(&plan, |condition, seed| {
        let is_half = name(&condition.rule) == "modprop";
        vec![if is_half { 0.99 } else { 0.5 } / jitter(seed), 0.0, 1.0, 0.45]
    });
    assert!(best(&said(&plan, &nearby)).contains(&format!("{slope} reproduced")));
}

#[test]
fn blocks_in_the_opposite_order_read_the_opposite() {
    let plan = full(Task::Blocks, None, None, &[]);
    let results = |typed_is_nearer: bool, deviation: f64| {
        made_up(&plan, |condition, seed| {
            let is_typed = name(&condition.rule).starts_with("modprop:type:excluded");
            let cosine = if is_typed == typed_is_nearer { 0.9 } else { 0.5 };
            vec![cosine / jitter(seed), deviation]
        })
    };
    let all = "ς = 0, 0.0625, 0.125, 0.25, 0.5, 1, 2, 4.";
    let there = said(&plan, &results(true, 1e-15));
    assert!(
        there[0].contains("over 40 seeds") && there[0].contains("which is rounding"),
        "{}",
        there[0]
    );
    assert_eq!(there.len(), 3);
    for sentence in &there[1..] {
        assert!(
            sentence.ends_with(&format!("(Wilcoxon p < 0.05): type-specific ModProp at {all}")),
            "{sentence}"
        );
    }
    let back = said(&plan, &results(false, 1e-3));
    assert!(
        back[0].contains("more than rounding") && back[0].contains("the program is wrong"),
        "{}",
        back[0]
    );
    for sentence in &back[1..] {
        assert!(
            sentence.ends_with(&format!("(Wilcoxon p < 0.05): cell-specific MDGL at {all}")),
            "{sentence}"
        );
    }
}
