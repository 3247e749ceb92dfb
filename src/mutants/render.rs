//! The kill matrix as text and as a document.

use std::fmt::Write;

use crate::paragraph::hanging;
use crate::wire::json::Json;

use super::catalogue::{self, CATALOGUE, CATALOGUE_OVER_TIME, Entry};
use super::matrix::{Baseline, KillMatrix, Row};
use super::status::Status;
use super::subject::Implementation;
use super::witnesses::{WITNESSES, WITNESSES_OVER_TIME, Witness};

/// How many characters of a number a table has room for.
const ROOM: usize = 16;

/// The part of the table that is about one kind of case.
struct Section {
    heading: &'static str,
    witnesses: &'static [Witness],
    /// Characters of the longest name of a witness.
    width: usize,
    catalogue: &'static [Entry],
}

const SECTIONS: [Section; 2] = [
    Section {
        heading: "Could these checks have failed? Every mutant must be refused.",
        witnesses: &WITNESSES,
        width: 12,
        catalogue: &CATALOGUE,
    },
    Section {
        heading: "Rules over time, forwards and against time:",
        witnesses: &WITNESSES_OVER_TIME,
        width: 18,
        catalogue: &CATALOGUE_OVER_TIME,
    },
];

impl KillMatrix {
    /// An aligned table with one line per mutant, form, implementation and outcome, and the counts under it.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for section in &SECTIONS {
            self.write_section(section, &mut text);
            text.push('\n');
        }
        text + &self.summary()
    }

    fn write_section(&self, section: &Section, text: &mut String) {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{}\n", section.heading);
        let is_here = |b: &&Baseline| section.witnesses.iter().any(|w| w.name == b.witness);
        for baseline in self.baselines.iter().filter(is_here) {
            let _ = writeln!(
                text,
                "  witness {:<width$} engines {}, reference without a mutant {}",
                baseline.witness,
                baseline.engines.word(),
                baseline.reference.word(),
                width = section.width,
            );
        }
        for entry in section.catalogue {
            let Entry { id, title, needs, .. } = entry;
            text.push('\n');
            text.push_str(&hanging(0, 5, &format!("{id}  {title} — needs {needs}")));
            let mut rows: Vec<&Row> = self.of(entry.mutant).collect();
            // A stable sort: the witnesses stay in their order.
            rows.sort_by_key(|row| key(row));
            for group in rows.chunk_by(|a, b| key(a) == key(b)) {
                text.push_str(&line(group));
            }
        }
    }

    /// The counts, and what is wrong if anything is.
    #[must_use]
    pub fn summary(&self) -> String {
        let counts = format!(
            "{} mutants, {} runs: {} killed, {} equivalent (reason given), {} survived, {} unapplied",
            catalogue::whole().count(),
            self.rows.len(),
            self.count("killed"),
            self.count("equivalent"),
            self.count("SURVIVED") + self.count("NOT EQUIVALENT"),
            self.count("UNAPPLIED"),
        );
        let mut text = hanging(0, 2, &counts);
        for (mutant, word) in self.untried() {
            let place = if mutant.sides().is_empty() { "in" } else { "on the side of" };
            let _ = writeln!(text, "no run kills {mutant} {place} {word}");
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
        let mutants = catalogue::whole().map(|entry| {
            Json::object([
                ("id", Json::text(entry.id)),
                ("title", Json::text(entry.title)),
                ("bug", Json::text(entry.bug)),
                ("needs", Json::text(entry.needs)),
                ("runs", Json::array(self.of(entry.mutant), row_json)),
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
            ("mutants", Json::Array(mutants.collect())),
        ])
    }
}

fn row_json(row: &Row) -> Json {
    let mut fields = match &row.implementation {
        Implementation::Side(side) => vec![
            ("variant", Json::text(row.fault.variant.to_string())),
            ("side", Json::text(side.word())),
        ],
        Implementation::Rule(host) => vec![("rule", Json::text(host.words()))],
    };
    fields.extend([
        ("witness", Json::text(row.witness)),
        ("compared", Json::text(row.compared.to_string())),
        ("status", Json::text(row.status.word().to_lowercase())),
    ]);
    match &row.status {
        Status::Killed(mismatch) | Status::NotEquivalent(mismatch) => fields.extend([
            ("place", Json::text(&mismatch.place)),
            ("found", Json::text(&mismatch.found)),
            ("expected", Json::text(&mismatch.expected)),
            ("differing", Json::count(mismatch.differing)),
        ]),
        Status::Equivalent { reason } => fields.push(("reason", Json::text(*reason))),
        Status::Survived | Status::Unapplied => {}
    }
    Json::object(fields)
}

/// Rows that say the same about different witnesses, and rules of one family, stand on one line.
fn key(row: &Row) -> impl Ord + use<> {
    (row.fault, row.implementation.rank(), row.compared, row.status.word())
}

/// What came of it: the columns of a line, and what was seen below them.
fn line(group: &[&Row]) -> String {
    let Some(row) = group.first() else { return String::new() };
    let on = if row.status.is_good() {
        group.len().to_string()
    } else {
        group.iter().map(|row| place(row)).collect::<Vec<_>>().join(", ")
    };
    let (word, compared) = (row.implementation.word(), row.compared.to_string());
    let columns = match row.implementation {
        Implementation::Side(_) => {
            format!("{word:<7} {:<8} {compared:<13}", row.fault.variant.to_string())
        }
        Implementation::Rule(_) => format!("{word:<8} {compared:<8}"),
    };
    let status = row.status.word();
    format!("     {columns} {status:<10} on {on}\n{}", hanging(7, 7, &detail(row)))
}

/// On which witness, and in which rule where there are several.
fn place(row: &Row) -> String {
    match &row.implementation {
        Implementation::Side(_) => row.witness.to_owned(),
        Implementation::Rule(host) => format!("{} ({})", row.witness, host.words()),
    }
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
