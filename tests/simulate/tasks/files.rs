//! The files of a task: what is written is read again, a killed command goes on, and the committed results follow from the committed runs.

use std::fs;
use std::path::Path;
use std::process::Command;

use creditcheck::report::tasks as report;
use creditcheck::simulate::tasks::*;
use creditcheck::spec::Limits;

use super::small;

fn limits() -> Limits {
    Limits::default()
}

/// Four rules and two seeds; one rule diverges.
fn plan(task: Task) -> Plan {
    let options = Options { seeds: Some(2), ..Options::default() };
    let mut plan = Plan::of(task, 1, &options).unwrap();
    plan.settings = Settings { steps: 60, ..small(task) };
    plan.conditions.truncate(4);
    plan
}

fn swept(plan: &Plan, threads: usize, done: &[Key]) -> Vec<Run> {
    let mut runs = Vec::new();
    let push = |run| {
        runs.push(run);
        Ok(())
    };
    sweep(plan, |key| done.contains(key), threads, &|| false, push).unwrap();
    runs
}

#[test]
fn a_run_is_read_as_it_was_written() {
    let (mut read_again, mut all_lost) = (0, 0);
    for task in [Task::Alignment, Task::Recall, Task::Xor, Task::Blocks] {
        let mut plan = plan(task);
        for rate in [2e-3, 1e200] {
            plan.settings.rate = rate;
            for run in swept(&plan, 1, &[]) {
                let line = report::line(&run);
                assert_eq!(line.matches('\n').count(), 1);
                let read = report::read_line(&line, &plan, &limits()).unwrap();
                // NaN is not equal to itself: the text is.
                assert_eq!(report::line(&read), line);
                assert_eq!((&read.key, read.measured.end), (&run.key, run.measured.end));
                let lost = matches!(run.measured.end, End::Diverged { .. });
                // A step too large may also leave neurons that are all off, and a finite loss.
                assert!(!lost || (rate > 1.0 && task.is_training()));
                all_lost += usize::from(lost);
                read_again += 1;
            }
        }
    }
    assert_eq!(read_again, 4 * 2 * 4 * 2);
    assert!(all_lost > 0);
}

#[test]
fn a_line_that_is_no_run_is_refused_with_its_place() {
    let plan = plan(Task::Recall);
    let line = report::line(&swept(&plan, 1, &[])[0]);
    for (from, to, place) in [
        (
            "\"condition\":\"bptt\"",
            "\"condition\":\"mdgl:type\"",
            "expected a condition of the first line",
        ),
        ("\"seed\":\"1\"", "\"seed\":1", "seed: found 1, expected a string"),
        ("\"values\":[", "\"values\":[1,", "expected 4 values"),
        ("\"values\":", "\"value\":", "expected a field values"),
    ] {
        assert!(line.contains(from), "{line}");
        let text = line.replacen(from, to, 1);
        let found = report::read_line(&text, &plan, &limits()).unwrap_err();
        assert!(found.to_string().contains(place), "{found}");
    }
    assert!(report::read_line(&line[..line.len() / 2], &plan, &limits()).is_err());
}

#[test]
fn one_and_two_threads_and_two_halves_give_the_same_files() {
    for task in [Task::Alignment, Task::Recall] {
        let plan = plan(task);
        let results = |runs: &[Run]| {
            let table = Table::of(&plan, runs);
            let sentences = sentences(&table);
            let document = report::document(&table, &sentences).pretty();
            [table.csv(), table.curves_csv().unwrap_or_default(), document, page(&table)]
        };
        let one = swept(&plan, 1, &[]);
        assert_eq!(results(&swept(&plan, 2, &[])), results(&one));
        let mut half = one[..3].to_vec();
        let done: Vec<Key> = half.iter().map(|run| run.key.clone()).collect();
        half.extend(swept(&plan, 2, &done));
        assert_eq!(half.len(), 8);
        assert_eq!(results(&half), results(&one));
        assert_ne!(results(&one[..7]), results(&one), "a missing run is missed");
        assert_eq!(results(&one)[0].lines().count(), 1 + 8);
    }
}

#[test]
fn a_page_of_runs_that_diverged_is_a_page() {
    let mut plan = plan(Task::Recall);
    plan.settings.rate = 1e200;
    let runs = swept(&plan, 2, &[]);
    let table = Table::of(&plan, &runs);
    let svg = page(&table);
    assert!(svg.ends_with("</svg>\n") && !svg.contains("NaN") && !svg.contains("inf"));
    let text = report::text(&table, &sentences(&table));
    assert!(text.contains("diverged"), "{text}");
}

#[test]
fn every_setting_is_in_the_first_line() {
    let plan = plan(Task::Recall);
    let own = report::header(&plan);
    let with = |change: fn(&mut Settings)| {
        let mut plan = plan.clone();
        change(&mut plan.settings);
        report::header(&plan)
    };
    let others = [
        with(|s| s.neurons += 1),
        with(|s| s.steps += 1),
        with(|s| s.examples += 1),
        with(|s| s.leak += 0.1),
        with(|s| s.radius += 0.1),
        with(|s| s.input_scale += 0.1),
        with(|s| s.readout_scale += 0.1),
        with(|s| s.noise += 0.1),
        with(|s| s.cue += 1),
        with(|s| s.between += 1),
        with(|s| s.trains_all = !s.trains_all),
        with(|s| s.iterations += 1),
        with(|s| s.rate += 0.1),
        with(|s| s.clip += 0.1),
        with(|s| s.held_out += 1),
        with(|s| s.solved += 0.1),
        report::header(&Plan { seeds: vec![1], ..plan.clone() }),
        report::header(&Plan { preview: false, ..plan.clone() }),
        report::header(&Plan { conditions: plan.conditions[1..].to_vec(), ..plan.clone() }),
        report::header(&Plan { task: Task::Xor, ..plan.clone() }),
    ];
    for (k, other) in others.iter().enumerate() {
        assert_ne!(*other, own, "setting {k}");
    }
}

/// Beside numbers of other settings those of the prototype are not shown.
#[test]
fn the_prototype_stands_beside_results_of_its_own_settings_only() {
    let options = Options { full: true, ..Options::default() };
    let own = Plan::of(Task::Recall, 1, &options).unwrap();
    let run = |condition: &Condition, seed: u64| Run {
        key: Key { condition: condition.name(), seed },
        measured: Measured { end: End::Finished, values: vec![0.5; 4], curve: Vec::new() },
    };
    let of_plan = |plan: &Plan| {
        let all = plan.conditions.iter().flat_map(|c| plan.seeds.iter().map(move |s| run(c, *s)));
        let runs: Vec<Run> = all.collect();
        let table = Table::of(plan, &runs);
        let sentences = sentences(&table);
        (report::text(&table, &sentences), report::document(&table, &sentences).canonical())
    };
    let (text, document) = of_plan(&own);
    assert!(text.contains("below 0.1  prototype") && document.contains("\"prototype\":0.0037"));
    let fewer = Plan { seeds: own.seeds[1..].to_vec(), ..own.clone() };
    let settings = Settings { iterations: 999, ..own.settings.clone() };
    for other in [fewer, Plan { settings, ..own.clone() }, Plan { preview: true, ..own.clone() }] {
        let (text, document) = of_plan(&other);
        assert!(!text.contains("below 0.1  prototype"), "{text}");
        assert!(document.contains("\"prototype\":null") && !document.contains("0.0037"));
    }
}

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/tasks");

/// The program with a folder that has all runs and half a line more, as if it had been killed while it wrote.
#[test]
fn the_program_makes_the_committed_results_of_the_committed_runs() {
    for (name, count) in [("alignment", 10), ("recall", 8), ("xor", 20), ("blocks", 40)] {
        let committed = format!("{COMMITTED}/{name}");
        let folder = crate::generators::empty_folder(&format!("tasks/{name}"));
        let runs = fs::read_to_string(format!("{committed}/runs.jsonl")).unwrap();
        fs::write(folder.join("runs.jsonl"), format!("{runs}{{\"condition\":\"bp")).unwrap();
        let made = Command::new(env!("CARGO_BIN_EXE_creditcheck"))
            .args(["tasks", name, "--full", "--quiet", "--format", "json", "--out"])
            .arg(&folder)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let mut compared = 0;
        for entry in fs::read_dir(&committed).unwrap() {
            let file = entry.unwrap().file_name();
            let (own, other) = (
                fs::read(folder.join(&file)).unwrap(),
                fs::read(Path::new(&committed).join(&file)).unwrap(),
            );
            assert!(own == other, "{name}: {} differs", file.display());
            compared += 1;
        }
        assert_eq!(compared, if name == "recall" || name == "xor" { 5 } else { 4 });
        let document = String::from_utf8(made.stdout).unwrap();
        assert_eq!(document, fs::read_to_string(format!("{committed}/{name}.json")).unwrap());
        let csv = fs::read_to_string(format!("{committed}/{name}.csv")).unwrap();
        assert_eq!(csv.lines().count(), runs.lines().count());
        assert_eq!((csv.lines().count() - 1) % count, 0);
    }
}
