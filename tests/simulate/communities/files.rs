//! The files of a sweep: what is written is read again, and the committed results follow from the committed runs.

use std::fs;
use std::process::Command;

use creditcheck::report::communities as report;
use creditcheck::simulate::communities::*;
use creditcheck::spec::Limits;

use super::{swept, tiny};

fn limits() -> Limits {
    Limits::default()
}

#[test]
fn a_run_is_read_as_it_was_written() {
    for run in swept(1) {
        let line = report::line(&run);
        assert_eq!(line.matches('\n').count(), 1);
        let read = report::read_line(&line, &limits()).unwrap();
        // NaN is not equal to itself: the text is.
        assert_eq!(report::line(&read), line);
        assert_eq!((read.key, read.end, read.steps), (run.key, run.end, run.steps));
    }
}

#[test]
fn a_line_that_is_no_run_is_refused_with_its_place() {
    let line = report::line(&swept(1)[0]);
    for (from, to, place) in [
        ("\"arm\":\"A\"", "\"arm\":\"C\"", "arm: found \"C\", expected A or B"),
        ("\"how\":\"reached\"", "\"how\":\"somehow\"", "expected how the run ended"),
        ("\"rate\":", "\"rat\":", "expected a field rate"),
        ("\"values\":[", "\"values\":[1,", "expected 64 values"),
    ] {
        let found = report::read_line(&line.replacen(from, to, 1), &limits()).unwrap_err();
        assert!(found.to_string().contains(place), "{found}");
    }
    assert!(report::read_line(&line[..line.len() / 2], &limits()).is_err());
}

/// What the program does with a file of runs, without the program: whole lines count, the rest is done again.
fn resumed(text: &str) -> String {
    let (plan, data) = tiny();
    let whole = text.rfind('\n').map_or(0, |at| at + 1);
    let mut lines = text[..whole].split_inclusive('\n');
    if let Some(first) = lines.next() {
        assert_eq!(first, report::header(&plan));
    }
    let mut runs: Vec<Run> =
        lines.map(|line| report::read_line(line, &limits()).unwrap()).collect();
    let done: Vec<Key> = runs.iter().map(|run| run.key).collect();
    sweep(
        &Sweep { plan: &plan, data: &data },
        |key| done.contains(key),
        2,
        &|| false,
        |run| {
            runs.push(run);
            Ok(())
        },
    )
    .unwrap();
    assert_eq!(runs.len(), plan.keys.len());
    Table::of(&plan, &runs).unwrap().csv()
}

#[test]
fn a_sweep_killed_at_any_place_goes_on_to_the_same_table() {
    let (plan, _) = tiny();
    let mut text = report::header(&plan);
    let mut ends = vec![text.len()];
    for run in swept(2) {
        text.push_str(&report::line(&run));
        ends.push(text.len());
    }
    let whole = resumed(&text);
    // After three runs; in the middle of the fifth; in the middle of the first line; before anything.
    for kept in [ends[3], ends[4] + 100, ends[0] / 2, 0] {
        assert_eq!(resumed(&text[..kept]), whole, "after {kept} bytes");
    }
}

#[test]
fn every_setting_is_in_the_first_line() {
    let (plan, _) = tiny();
    let own = report::header(&plan);
    let with = |change: fn(&mut Settings)| {
        let mut plan = plan.clone();
        change(&mut plan.settings);
        report::header(&plan)
    };
    let others = [
        with(|s| s.hidden += 1),
        with(|s| s.outputs += 1),
        with(|s| s.gain += 0.1),
        with(|s| s.batch += 1),
        with(|s| s.damping += 0.1),
        with(|s| s.tolerance *= 2.0),
        with(|s| s.sweeps += 1),
        with(|s| s.clip += 1.0),
        with(|s| s.losses.push(0.2)),
        with(|s| s.every += 1.0),
        with(|s| s.longest += 1.0),
        with(|s| s.finish = None),
        with(|s| s.best_of += 1),
        with(|s| s.nulls += 1),
        with(|s| s.eigenvalues += 1),
        report::header(&Plan { keys: plan.keys[1..].to_vec(), ..plan.clone() }),
        report::header(&Plan { preview: true, ..plan.clone() }),
    ];
    for (k, other) in others.iter().enumerate() {
        assert_ne!(*other, own, "setting {k}");
    }
    assert_ne!(report::header(&Plan::full(1)), report::header(&Plan::full(2)));
}

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/communities");

/// The program with a folder that has all runs and half a line more, as if it had been killed while it wrote.
#[test]
fn the_program_makes_the_committed_results_of_the_committed_runs() {
    let folder = crate::generators::empty_folder("communities");
    let runs = fs::read_to_string(format!("{COMMITTED}/runs.jsonl")).unwrap();
    assert_eq!(runs.lines().count(), 1 + Plan::full(1).keys.len());
    fs::write(folder.join("runs.jsonl"), format!("{runs}{{\"arm\":\"A\",\"check")).unwrap();
    let made = Command::new(env!("CARGO_BIN_EXE_creditcheck"))
        .args(["communities", "--full", "--quiet", "--format", "json", "--out"])
        .arg(&folder)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    for name in ["runs.jsonl", "communities.csv", "communities.json", "communities.svg"] {
        let committed = fs::read(format!("{COMMITTED}/{name}")).unwrap();
        assert!(fs::read(folder.join(name)).unwrap() == committed, "{name} differs");
        if name == "communities.json" {
            assert_eq!(made.stdout, committed);
        }
    }
}

#[test]
fn the_committed_table_has_every_run_and_the_committed_page_every_panel() {
    let csv = fs::read_to_string(format!("{COMMITTED}/communities.csv")).unwrap();
    // 160 runs of four losses, and 160 controls.
    assert_eq!(csv.lines().count(), 1 + 160 * 4 + 160);
    let svg = fs::read_to_string(format!("{COMMITTED}/communities.svg")).unwrap();
    // Eight panels for each arm, each with a clip of its own; four maps.
    assert_eq!(svg.matches("<clipPath").count(), 16);
    assert!(!svg.contains("kuva-clip"), "clips that are numbered over the life of a process");
    assert_eq!(svg.matches("shade √|W|").count(), 4);
}
