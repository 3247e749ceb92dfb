//! The kill matrix as text and as a document.

use std::fmt::Write;

use crate::paragraph::hanging;
use crate::wire::json::Json;

use super::catalogue::CATALOGUE;
use super::matrix::{KillMatrix, Row};
use super::status::Status;
use super::temporal::TEMPORAL_CATALOGUE;

/// How many characters of a number a table has room for.
const ROOM: usize = 16;

impl KillMatrix {
    /// An aligned table with one line per mutant, form, side and outcome, and the counts under it.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text =
            String::from("Could these checks have failed? Every mutant must be refused.\n\n");
        for baseline in &self.baselines {
            // Writing into a String cannot fail.
            let _ = writeln!(
                text,
                "  witness {:<12} engines {}, reference without a mutant {}",
                baseline.witness,
                baseline.engines.word(),
                baseline.reference.word(),
            );
        }
        for entry in &CATALOGUE {
            let rows: Vec<Row> =
                self.rows.iter().filter(|row| row.fault.mutant == entry.mutant).cloned().collect();
            text.push_str(&entry_line(entry.id, entry.title, entry.needs));
            for group in rows.chunk_by(same_line) {
                text.push_str(&line(group));
            }
        }
        text.push('\n');
        text.push_str(&self.temporal.text());
        text.push('\n');
        text.push_str(&self.summary());
        text
    }

    /// The counts, and what is wrong if anything is.
    #[must_use]
    pub fn summary(&self) -> String {
        let counts = format!(
            "{} mutants, {} runs: {} killed, {} equivalent (reason given), {} survived, {} unapplied",
            CATALOGUE.len() + TEMPORAL_CATALOGUE.len(),
            self.rows.len() + self.temporal.rows.len(),
            self.count("killed"),
            self.count("equivalent"),
            self.count("SURVIVED") + self.count("NOT EQUIVALENT"),
            self.count("UNAPPLIED"),
        );
        let mut text = hanging(0, 2, &counts);
        for (mutant, side) in self.untried() {
            let _ = writeln!(text, "no run kills {mutant} on the side of {}", side.word());
        }
        for (mutant, family) in self.temporal.untried() {
            let _ = writeln!(text, "no run kills {mutant} in {}", family.word());
        }
        text
    }

    /// The document of `creditcheck mutants --format json`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let plain = self.baselines.iter().map(|b| (b.witness, &b.engines, &b.reference));
        let temporal =
            self.temporal.baselines.iter().map(|b| (b.witness, &b.engines, &b.reference));
        let verdicts = Json::array(plain.chain(temporal), |(witness, engines, reference)| {
            Json::object([
                ("witness", Json::text(witness)),
                ("engines", Json::text(engines.word())),
                ("reference", Json::text(reference.word())),
            ])
        });
        let plain = CATALOGUE.iter().map(|entry| {
            let rows = self.rows.iter().filter(|row| row.fault.mutant == entry.mutant);
            Json::object([
                ("id", Json::text(entry.id)),
                ("title", Json::text(entry.title)),
                ("bug", Json::text(entry.bug)),
                ("needs", Json::text(entry.needs)),
                ("runs", Json::array(rows, row_json)),
            ])
        });
        let mutants = Json::Array(plain.chain(self.temporal.mutants_json()).collect());
        Json::object([
            ("format", Json::text("creditcheck/mutants/1")),
            ("verdict", Json::text(if self.is_good() { "agree" } else { "disagree" })),
            ("runs", Json::count(self.rows.len() + self.temporal.rows.len())),
            ("killed", Json::count(self.count("killed"))),
            ("equivalent", Json::count(self.count("equivalent"))),
            ("survived", Json::count(self.count("SURVIVED") + self.count("NOT EQUIVALENT"))),
            ("unapplied", Json::count(self.count("UNAPPLIED"))),
            ("witnesses", verdicts),
            ("mutants", mutants),
        ])
    }
}

fn row_json(row: &Row) -> Json {
    let mut fields = vec![
        ("variant", Json::text(row.fault.variant.to_string())),
        ("side", Json::text(row.side.word())),
        ("witness", Json::text(row.witness)),
        ("compared", Json::text(row.compared.to_string())),
        ("status", Json::text(row.status.word().to_lowercase())),
    ];
    fields.extend(outcome_json(&row.status));
    Json::object(fields)
}

/// What a document says of a status besides its word.
pub(super) fn outcome_json(status: &Status) -> Vec<(&'static str, Json)> {
    match status {
        Status::Killed(mismatch) | Status::NotEquivalent(mismatch) => vec![
            ("place", Json::text(&mismatch.place)),
            ("found", Json::text(&mismatch.found)),
            ("expected", Json::text(&mismatch.expected)),
            ("differing", Json::count(mismatch.differing)),
        ],
        Status::Equivalent { reason } => vec![("reason", Json::text(*reason))],
        Status::Survived | Status::Unapplied => Vec::new(),
    }
}

/// Rows that say the same about different witnesses stand on one line.
fn same_line(a: &Row, b: &Row) -> bool {
    let key = |row: &Row| (row.fault, row.side, row.compared.to_string(), row.status.word());
    key(a) == key(b)
}

/// What a mutant does, and which cases can show it.
pub(super) fn entry_line(id: &str, title: &str, needs: &str) -> String {
    format!("\n{}", hanging(0, 5, &format!("{id}  {title} — needs {needs}")))
}

/// What came of it: the columns of a line, and what was seen below them.
pub(super) fn run_line(columns: &str, seen: &str) -> String {
    format!("     {columns}\n{}", hanging(7, 7, seen))
}

fn line(group: &[Row]) -> String {
    let Some(row) = group.first() else { return String::new() };
    let on = if row.status.is_good() {
        format!("on {}", group.len())
    } else {
        let names: Vec<&str> = group.iter().map(|row| row.witness).collect();
        format!("on {}", names.join(", "))
    };
    let columns = format!(
        "{:<7} {:<8} {:<13} {:<10} {on}",
        row.side.word(),
        row.fault.variant.to_string(),
        row.compared.to_string(),
        row.status.word(),
    );
    run_line(&columns, &detail(row.witness, &row.status))
}

/// The first difference on the first witness, or the reason why there is none.
pub(super) fn detail(witness: &str, status: &Status) -> String {
    match status {
        Status::Killed(mismatch) | Status::NotEquivalent(mismatch) => format!(
            "{witness}: {}: {} for {}",
            mismatch.place,
            shorten(&mismatch.found),
            shorten(&mismatch.expected),
        ),
        Status::Equivalent { reason } => (*reason).to_owned(),
        Status::Survived => "the comparison let it pass".to_owned(),
        Status::Unapplied => "its hook was never reached".to_owned(),
    }
}

fn shorten(number: &str) -> String {
    if number.chars().count() <= ROOM {
        return number.to_owned();
    }
    let start: String = number.chars().take(ROOM - 1).collect();
    format!("{start}…")
}
