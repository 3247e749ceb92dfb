//! The documents of the simulations: tasks over time, timescales, traces, balance and communities.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use creditcheck::report;
use creditcheck::simulate::balance::{Epoch, Spread, Toward};
use creditcheck::simulate::communities;
use creditcheck::spec::Limits;
use jsonschema::Validator;
use serde_json::{Value, json};

use super::{FIXTURES, assert_valid, read, refused, schema, value};

/// No field of the document itself may be left out but these, and none added.
fn assert_closed(schema: &Validator, document: &Value, optional: &[&str]) {
    for field in document.as_object().unwrap().keys() {
        let mut without = document.clone();
        without.as_object_mut().unwrap().remove(field);
        assert_eq!(
            schema.is_valid(&without),
            optional.contains(&field.as_str()),
            "without {field}"
        );
    }
    let mut more = document.clone();
    more["more"] = Value::Null;
    assert!(!schema.is_valid(&more), "with another field");
}

/// A folder of its own for what the program writes.
#[cfg(feature = "cli")]
fn folder(name: &str) -> std::path::PathBuf {
    crate::generators::empty_folder(&format!("schemas/{name}"))
}

/// What the program prints, whose files go into a folder.
#[cfg(feature = "cli")]
fn printed(arguments: &[&str], folder: &Path) -> Value {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_creditcheck"))
        .args(arguments)
        .args(["--format", "json", "--quiet", "--out"])
        .arg(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    value(&String::from_utf8(output.stdout).unwrap())
}

fn committed(task: &str) -> Value {
    read(&Path::new(FIXTURES).join(format!("tasks/{task}/{task}.json")))
}

#[test]
fn tasks_follow_their_schema() {
    let schema = schema("tasks.schema.json");
    for task in ["alignment", "recall", "xor", "blocks"] {
        let document = committed(task);
        assert_valid(&schema, &document, task);
        assert_closed(&schema, &document, &[]);
    }
    let recall = [
        ("/task", Some("\"sleep\"")),
        ("/task", Some("\"alignment\"")),
        ("/task", Some("\"xor\"")),
        ("/preview", Some("0")),
        ("/seeds", Some("[]")),
        ("/seeds/0", Some("1")),
        ("/sentences", Some("[]")),
        ("/settings/leak", Some("1")),
        ("/settings/neurons", None),
        ("/groups", Some("[]")),
        ("/groups/0/solved", None),
        ("/groups/0/prototype", Some("\"0.0037\"")),
        ("/groups/0/statistics/held_out_loss", None),
        ("/groups/0/statistics/held_out_loss", Some("[1, 2, 3]")),
        ("/groups/0/statistics/held_out_loss/3", Some("null")),
        ("/paired/0/wins", Some("-1")),
        ("/paired/0/wilcoxon_p", Some("1.5")),
        ("/paired/0/rule", None),
    ];
    refused(&schema, &committed("recall"), &recall);
    refused(
        &schema,
        &committed("xor"),
        &[("/groups/0/statistics/held_out_accuracy", None), ("/paired", None)],
    );
    let mut paired = committed("blocks");
    paired["paired"] = json!([]);
    assert!(!schema.is_valid(&paired), "nothing is paired where nothing is learned");
    refused(&schema, &committed("blocks"), &[("/groups/0/statistics/cosine/1", Some("\"1\""))]);
}

/// Previews, one rule alone, and runs that diverge write the same kind of document.
#[cfg(feature = "cli")]
#[test]
fn previews_of_tasks_follow_their_schema() {
    let schema = schema("tasks.schema.json");
    let short = ["--seeds", "1", "--iterations", "2", "--rules"];
    for (name, task, options) in [
        ("alignment", "alignment", &["--seeds", "1"][..]),
        ("recall", "recall", &[&short[..], &["bptt,eprop"]].concat()),
        ("alone", "recall", &[&short[..], &["modprop:type"]].concat()),
        ("xor", "xor", &[&short[..], &["mdgl,modprop:taps=2:mu=1/4"]].concat()),
    ] {
        let folder = folder(name);
        let document = printed(&[&["tasks", task], options].concat(), &folder);
        assert_valid(&schema, &document, name);
        assert_closed(&schema, &document, &[]);
        assert_eq!(document, read(&folder.join(format!("{task}.json"))));
    }
}

#[cfg(feature = "cli")]
#[test]
fn simulations_and_traces_follow_their_schemas() {
    let case = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/simulate.in/case.json");
    let (simulations, traces) = (schema("simulation.schema.json"), schema("traces.schema.json"));
    for (name, options) in [("traces-only", &["--no-sweep"][..]), ("swept", &[])] {
        let folder = folder(name);
        let document = printed(&[&["simulate", case], options].concat(), &folder);
        assert_valid(&simulations, &document, name);
        assert_closed(&simulations, &document, &[]);
        let written = read(&folder.join("traces.json"));
        assert_valid(&traces, &written, name);
        assert_closed(&traces, &written, &[]);
        refused(
            &simulations,
            &document,
            &[
                ("/settings/start", Some("\"somewhere\"")),
                ("/settings/tau_c", Some("0")),
                ("/presentations", Some("[]")),
                ("/presentations/0/total/rescaled", None),
                ("/presentations/0/steps", Some("-1")),
                ("/files/0", Some("1")),
            ],
        );
        refused(
            &traces,
            &written,
            &[
                ("/neurons", Some("[]")),
                ("/neurons/0/is_input", None),
                ("/synapses/0/post", Some("\"1\"")),
                ("/presentations/0/time", Some("[]")),
                ("/presentations/0/x", Some("[1, 2]")),
                ("/presentations/0/beta", None),
            ],
        );
        if !options.is_empty() {
            assert_eq!(document["sweeps"], json!([]));
            continue;
        }
        refused(
            &simulations,
            &document,
            &[
                ("/sweeps/0/curves", Some("[]")),
                ("/sweeps/0/curves/0/ratio", Some("\"T\"")),
                ("/sweeps/0/curves/0/law", None),
                ("/sweeps/0/curves/0/values/0", Some("\"0.1\"")),
                ("/sweeps/0/blocks", None),
            ],
        );
    }
}

#[test]
fn balances_follow_their_schema() {
    let schema = schema("balance.schema.json");
    let spread = Spread::of(vec![0.5, 1.0, 2.0]);
    let toward = Toward { single: 0.6, weighted: 0.7, epoch: f64::NAN };
    let epoch = |epoch| Epoch {
        epoch,
        loss: 0.4,
        accuracy: 0.9,
        excitation: spread,
        inhibition: spread,
        imbalance: spread,
        balance_factor: Spread::of(Vec::new()),
        toward,
    };
    let epochs = [epoch(0), epoch(1)];
    for files in [Vec::new(), vec!["here/balance.csv".to_owned()]] {
        let document = value(&report::balance_json(&epochs, &files).pretty());
        assert_valid(&schema, &document, "balance");
        assert_closed(&schema, &document, &["files"]);
        refused(
            &schema,
            &document,
            &[
                ("/epochs", Some("[]")),
                ("/epochs/0/epoch", Some("-1")),
                ("/epochs/0/E/median", None),
                ("/epochs/0/abs_s", None),
                ("/epochs/0/accuracy", Some("1.5")),
                ("/epochs/0/toward_balance/single", Some("\"0.6\"")),
            ],
        );
    }
}

#[test]
fn communities_follow_their_schema() {
    let schema = schema("communities.schema.json");
    let document = read(&Path::new(FIXTURES).join("communities/communities.json"));
    assert_valid(&schema, &document, "communities");
    assert_closed(&schema, &document, &[]);
    refused(
        &schema,
        &document,
        &[
            ("/groups/0/arm", Some("\"C\"")),
            ("/groups/0/reached", Some("-1")),
            ("/groups/0/statistics/0", Some("[1, 2]")),
            ("/groups/0/statistics/0/1", Some("-1")),
            ("/groups/0/statistics/0/2", Some("0.5")),
            ("/groups/0/control", None),
            ("/settings/losses", Some("[]")),
            ("/columns/0", Some("\"A loss\"")),
            ("/seeds/0", Some("1")),
        ],
    );
    // A preview of the committed runs that it shares with the whole: no intervals, and no statistic where there is no run.
    let plan = communities::Plan::preview(1);
    let lines = fs::read_to_string(Path::new(FIXTURES).join("communities/runs.jsonl")).unwrap();
    let limits = Limits::default();
    let runs =
        lines.lines().skip(1).map(|line| report::communities::read_line(line, &limits).unwrap());
    let runs: Vec<_> = runs.filter(|run| plan.keys.contains(&run.key)).collect();
    let table = communities::Table::of(&plan, &runs).unwrap();
    let preview = value(&report::communities::document(&plan, &table, &[]).pretty());
    assert_valid(&schema, &preview, "preview");
    let groups = preview["groups"].as_array().unwrap();
    let statistics = groups.iter().flat_map(|group| group["statistics"].as_array().unwrap());
    let without: Vec<_> = statistics.filter(|found| found[1].is_null()).collect();
    assert!(without.len() > 100, "{} statistics without an interval", without.len());
}

/// Every property of these schemas says what it is, or its name does.
#[test]
fn formats_are_described() {
    for name in ["tasks", "simulation", "traces", "balance", "communities"] {
        let text = read(&Path::new(FIXTURES).join(format!("schema/{name}.schema.json")));
        assert_eq!(text["title"], json!(format!("creditcheck/{name}/1")));
        assert_eq!(text["properties"]["format"]["const"], text["title"]);
        let properties = text["properties"].as_object().unwrap();
        let said: BTreeMap<_, _> = properties
            .iter()
            .filter(|(field, _)| *field != "format" && *field != "task")
            .map(|(field, property)| (field, property.to_string()))
            .collect();
        for (field, property) in said {
            assert!(
                property.contains("description") || property.contains("$ref"),
                "{name}: {field}"
            );
        }
    }
}
