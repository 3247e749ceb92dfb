//! The kill matrix as text and as a document.

use std::fmt::Write;

use crate::wire::json::Json;

use super::catalogue::CATALOGUE;
use super::matrix::{KillMatrix, Row, Status};

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
            let _ = writeln!(text, "\n{}  {} — needs {}", entry.id, entry.title, entry.needs);
            for group in rows.chunk_by(|a, b| same_line(a, b)) {
                text.push_str(&line(group));
            }
        }
        text.push('\n');
        text.push_str(&self.summary());
        text
    }

    /// The counts, and what is wrong if anything is.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut text = format!(
            "{} mutants, {} runs: {} killed, {} equivalent (reason given), {} survived, {} unapplied\n",
            CATALOGUE.len(),
            self.rows.len(),
            self.count("killed"),
            self.count("equivalent"),
            self.count("SURVIVED") + self.count("NOT EQUIVALENT"),
            self.count("UNAPPLIED"),
        );
        for (mutant, side) in self.untried() {
            let _ = writeln!(text, "no run kills {mutant} on the side of {}", side.word());
        }
        text
    }

    /// The document of `creditcheck mutants --format json`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let verdicts = Json::array(&self.baselines, |baseline| {
            Json::object([
                ("witness", Json::text(baseline.witness)),
                ("engines", Json::text(baseline.engines.word())),
                ("reference", Json::text(baseline.reference.word())),
            ])
        });
        let mutants = Json::array(&CATALOGUE, |entry| {
            let rows = self.rows.iter().filter(|row| row.fault.mutant == entry.mutant);
            Json::object([
                ("id", Json::text(entry.id)),
                ("title", Json::text(entry.title)),
                ("bug", Json::text(entry.bug)),
                ("needs", Json::text(entry.needs)),
                ("runs", Json::array(rows, row_json)),
            ])
        });
        Json::object([
            ("format", Json::text("creditcheck/mutants/1")),
            ("verdict", Json::text(if self.is_good() { "agree" } else { "disagree" })),
            ("runs", Json::count(self.rows.len())),
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
    match &row.status {
        Status::Killed(mismatch) | Status::NotEquivalent(mismatch) => {
            fields.push(("place", Json::text(&mismatch.place)));
            fields.push(("found", Json::text(&mismatch.found)));
            fields.push(("expected", Json::text(&mismatch.expected)));
            fields.push(("differing", Json::count(mismatch.differing)));
        }
        Status::Equivalent { reason } => fields.push(("reason", Json::text(*reason))),
        Status::Survived | Status::Unapplied => {}
    }
    Json::object(fields)
}

/// Rows that say the same about different witnesses stand on one line.
fn same_line(a: &Row, b: &Row) -> bool {
    let key = |row: &Row| (row.fault, row.side, row.compared.to_string(), row.status.word());
    key(a) == key(b)
}

fn line(group: &[Row]) -> String {
    let Some(row) = group.first() else { return String::new() };
    let on = if row.status.is_good() {
        format!("on {}", group.len())
    } else {
        let names: Vec<&str> = group.iter().map(|row| row.witness).collect();
        format!("on {}", names.join(", "))
    };
    format!(
        "     {:<7} {:<8} {:<13} {:<10} {:<5} {}\n",
        row.side.word(),
        row.fault.variant.to_string(),
        row.compared.to_string(),
        row.status.word(),
        on,
        detail(row),
    )
}

/// The first difference on the first witness, or the reason why there is none.
fn detail(row: &Row) -> String {
    match &row.status {
        Status::Killed(mismatch) | Status::NotEquivalent(mismatch) => format!(
            "{}: {}: {} for {}",
            row.witness,
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
