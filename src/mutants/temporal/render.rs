//! The kill matrix of the rules over time as text and as a document.

use std::fmt::Write;

use crate::mutants::render::{detail, entry_line, outcome_json, run_line};
use crate::wire::json::Json;

use super::catalogue::TEMPORAL_CATALOGUE;
use super::matrix::{TemporalMatrix, TemporalRow};

impl TemporalMatrix {
    /// One line per mutant, family of rules and outcome.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::from("Rules over time, forwards and against time:\n\n");
        for baseline in &self.baselines {
            // Writing into a String cannot fail.
            let _ = writeln!(
                text,
                "  witness {:<18} engines {}, reference without a mutant {}",
                baseline.witness,
                baseline.engines.word(),
                baseline.reference.word(),
            );
        }
        for entry in &TEMPORAL_CATALOGUE {
            text.push_str(&entry_line(entry.id, entry.title, entry.needs));
            let mut rows: Vec<&TemporalRow> =
                self.rows.iter().filter(|row| row.mutant == entry.mutant).collect();
            rows.sort_by_key(|row| key(row));
            for group in rows.chunk_by(|a, b| key(a) == key(b)) {
                text.push_str(&line(group));
            }
        }
        text
    }

    /// The entries of the catalogue, each with its runs.
    pub(in crate::mutants) fn mutants_json(&self) -> impl Iterator<Item = Json> {
        TEMPORAL_CATALOGUE.iter().map(|entry| {
            let rows = self.rows.iter().filter(|row| row.mutant == entry.mutant);
            Json::object([
                ("id", Json::text(entry.id)),
                ("title", Json::text(entry.title)),
                ("bug", Json::text(entry.bug)),
                ("needs", Json::text(entry.needs)),
                ("runs", Json::array(rows, row_json)),
            ])
        })
    }
}

/// Rows that say the same stand on one line.
fn key(row: &TemporalRow) -> (super::host::Family, super::plan::Part, &'static str) {
    (row.host.family(), row.part, row.status.word())
}

fn line(group: &[&TemporalRow]) -> String {
    let Some(row) = group.first() else { return String::new() };
    let place = if row.status.is_good() {
        detail(row.witness, &row.status)
    } else {
        let names: Vec<String> =
            group.iter().map(|row| format!("{} on {}", row.host.words(), row.witness)).collect();
        names.join("; ")
    };
    let columns = format!(
        "{:<8} {:<8} {:<10} on {}",
        row.host.family().word(),
        row.part.word(),
        row.status.word(),
        group.len(),
    );
    run_line(&columns, &place)
}

fn row_json(row: &TemporalRow) -> Json {
    let fields = vec![
        ("rule", Json::text(row.host.words())),
        ("witness", Json::text(row.witness)),
        ("compared", Json::text(row.part.word())),
        ("status", Json::text(row.status.word().to_lowercase())),
    ];
    Json::object(fields.into_iter().chain(outcome_json(&row.status)))
}
