//! The table of claims × tiers, of one case and of many.

use comfy_table::{Cell as Box, Color, Table as Grid};

use super::{Ink, WIDTH, counted, drawn, grid, network, wrapped};
use crate::check::{Cell, CellState, Claim, Conclusion, Table, Tier, Verdict};
use crate::error::Error;
use crate::foreign::Foreign;
use crate::spec::{Case, Expect, Wiring};
use crate::wire::json::Json;

/// What is said of a case that was certified, large or small.
#[derive(Debug)]
pub struct Found {
    /// The network in a few words.
    pub network: String,
    /// Weights and biases.
    pub parameters: usize,
    /// B
    pub examples: usize,
    /// The digest of the case.
    pub digest: String,
    /// What its author expects.
    pub expect: Expect,
    /// Claims × tiers.
    pub table: Table,
}

impl Found {
    /// Of a case whose numbers are fractions.
    #[must_use]
    pub fn of(case: &Case, digest: String, table: Table) -> Self {
        Self {
            network: network(case),
            parameters: Wiring::of(case).parameters(),
            examples: case.examples.len(),
            digest,
            expect: case.expect,
            table,
        }
    }
}

/// What came of the training of a case that is trained first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Training {
    /// In a sentence.
    pub sentence: String,
    /// Whether the network learned; one that did not is no real input.
    pub learned: bool,
}

/// One line of a run over several cases.
#[derive(Debug)]
pub struct Row {
    /// The name of a built-in case, or the file.
    pub name: String,
    /// What came of the case; or why nothing could.
    pub result: Result<Found, Error>,
    /// What the training said, for cases that are trained first.
    pub training: Option<Training>,
    /// What it amounts to; none with an error.
    pub conclusion: Option<Conclusion>,
}

fn colour(conclusion: Conclusion) -> Color {
    match conclusion {
        Conclusion::Agree => Color::Green,
        Conclusion::Unchecked => Color::Yellow,
        Conclusion::Disagree => Color::Red,
    }
}

fn of_cell(cell: Option<&Cell>) -> (String, Option<Color>) {
    match cell.map(|cell| &cell.state) {
        None | Some(CellState::NotApplicable(_)) => ("—".into(), None),
        Some(CellState::Checked(verdict)) => {
            let colour = match verdict {
                Verdict::Agree(_) => Color::Green,
                Verdict::Disagree(_) => Color::Red,
                Verdict::Unchecked(_) => Color::Yellow,
            };
            (verdict.word().into(), Some(colour))
        }
    }
}

fn painted(text: impl Into<String>, colour: Option<Color>) -> Box {
    let cell = Box::new(text.into());
    match colour {
        Some(colour) => cell.fg(colour),
        None => cell,
    }
}

/// A table whose cells may be painted.
fn paintable(ink: Ink) -> Grid {
    let mut grid = grid();
    if ink == Ink::Coloured {
        grid.enforce_styling();
    }
    grid
}

fn head(first: &str) -> Vec<String> {
    let tiers = Tier::ALL.map(|tier| format!("{}\n{}", tier.letter(), tier.word()));
    [first.to_owned(), String::new()].into_iter().chain(tiers).collect()
}

/// One case: the table, and under it what each cell compared.
#[must_use]
pub fn one(name: &str, found: &Found, conclusion: Conclusion, hints: bool, ink: Ink) -> String {
    let mut text = format!(
        "{} · {} · {} · {}\n{}\n\n",
        Foreign(name),
        found.network,
        counted(found.parameters, "parameter"),
        counted(found.examples, "example"),
        found.digest,
    );
    let mut grid = paintable(ink);
    grid.set_header(head("claim"));
    for claim in Claim::ALL {
        let mut row =
            vec![Box::new(format!("{} {}", claim.id(), claim.word())), Box::new(claim.statement())];
        for tier in Tier::ALL {
            let (word, colour) = of_cell(found.table.cell(claim, tier));
            row.push(painted(word, colour));
        }
        grid.add_row(row);
    }
    text.push_str(&drawn(grid));
    text.push('\n');
    text.push_str(&details(&found.table, hints));
    if found.expect == Expect::Disagree {
        text.push_str("the case expects a disagreement: its balance function is not σ'\n");
    }
    text.push_str(&format!("{}\n", sentence(conclusion)));
    text
}

/// What an outcome means, in a sentence.
fn sentence(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Agree => {
            "agree: every check that applies was made and holds; what does not apply is marked —, with the reason"
        }
        Conclusion::Unchecked => "unchecked: something that should have been checked was not",
        Conclusion::Disagree => "DISAGREE",
    }
}

fn details(table: &Table, hints: bool) -> String {
    let mut text = String::new();
    let mut last: Option<(&CellState, &Vec<String>, Tier)> = None;
    for cell in &table.cells {
        let name = format!("{} {}", cell.claim.id(), cell.tier.letter());
        let line = match &cell.state {
            CellState::Checked(Verdict::Agree(compared)) => {
                format!("agree, {} of {} entries nonzero", compared.nonzero, compared.entries)
            }
            CellState::Checked(Verdict::Disagree(mismatch)) => format!("DISAGREE, {mismatch}"),
            CellState::Checked(Verdict::Unchecked(why)) => format!("unchecked: {why}"),
            CellState::NotApplicable(why) => format!("—  {why}"),
        };
        if !hints && cell.verdict().is_none_or(Verdict::is_agree) {
            continue;
        }
        // L and F state one result for C1 and C2.
        if last == Some((&cell.state, &cell.notes, cell.tier)) {
            text.push_str(&format!("  {name}  the same\n"));
            continue;
        }
        let line = wrapped(8, &line);
        text.push_str(&format!("  {name}  {}", line.trim_start()));
        for note in &cell.notes {
            text.push_str(&wrapped(8, note));
        }
        last = Some((&cell.state, &cell.notes, cell.tier));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// Many cases: the counts per claim and tier, then a line per case.
#[must_use]
pub fn many(title: &str, rows: &[Row], hints: bool, ink: Ink) -> String {
    let mut text = format!("{title}\n\n");
    let mut summary = paintable(ink);
    summary.set_header(head("claim"));
    for claim in Claim::ALL {
        let mut row =
            vec![Box::new(format!("{} {}", claim.id(), claim.word())), Box::new(claim.statement())];
        for tier in Tier::ALL {
            row.push(summary_cell(rows, claim, tier));
        }
        summary.add_row(row);
    }
    text.push_str(&drawn(summary));
    text.push('\n');

    let mut grid = paintable(ink);
    let claims = Claim::ALL.into_iter().map(Claim::id);
    let header = ["case", "network", "par", "ex"].into_iter().chain(claims).chain([""]);
    grid.set_header(header.collect::<Vec<_>>());
    let mut under = String::new();
    // What the other columns leave: the counts, the claims and the verdict take this many.
    const OTHERS: usize = 56;
    let names = rows.iter().map(|row| Foreign(&row.name).to_string());
    let names: Vec<String> = names.collect();
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let room = WIDTH.saturating_sub(longest + OTHERS).clamp(16, 40);
    for (row, name) in rows.iter().zip(&names) {
        match &row.result {
            Ok(found) => {
                let mut line = vec![
                    Box::new(name),
                    Box::new(elided(found.network.clone(), room)),
                    Box::new(found.parameters),
                    Box::new(found.examples),
                ];
                let expected = found.expect == Expect::Disagree;
                for claim in Claim::ALL.into_iter() {
                    line.push(claim_cell(&found.table, claim, expected));
                }
                let conclusion = row.conclusion.unwrap_or(Conclusion::Unchecked);
                let word = if is_predicted(row) { "predicted" } else { conclusion.word() };
                line.push(painted(word, Some(colour(conclusion))));
                grid.add_row(line);
                if conclusion != Conclusion::Agree {
                    under.push_str(&format!("{name}:\n{}", details(&found.table, false)));
                }
            }
            Err(error) => {
                grid.add_row(vec![Box::new(name), painted("error", Some(Color::Red))]);
                under.push_str(&format!("{error}\n"));
            }
        }
        if let Some(training) = &row.training {
            under.push_str(&wrapped(0, &format!("{name}: {}", training.sentence)));
        }
    }
    text.push_str(&drawn(grid));
    if hints {
        text.push_str(
            "\nS symbolic · P identity over 𝔽_p · Q exact · L lattice, bit for bit · F within a computed bound\n\
             par parameters · ex examples · ≠ disagrees · ? unchecked · predicted: differs where the theorem says\n",
        );
    }
    if !under.is_empty() {
        text.push('\n');
        text.push_str(&under);
    }
    text.push('\n');
    text.push_str(&closing(rows));
    text
}

/// `12` agreeing cases, and whatever did not agree beside them.
fn summary_cell(rows: &[Row], claim: Claim, tier: Tier) -> Box {
    let (mut agree, mut predicted, mut disagree, mut unchecked) = (0, 0, 0, 0);
    for found in rows.iter().filter_map(|row| row.result.as_ref().ok()) {
        match found.table.cell(claim, tier).and_then(Cell::verdict) {
            Some(Verdict::Agree(_)) => agree += 1,
            Some(Verdict::Disagree(_)) if found.expect == Expect::Disagree => predicted += 1,
            Some(Verdict::Disagree(_)) => disagree += 1,
            Some(Verdict::Unchecked(_)) => unchecked += 1,
            None => {}
        }
    }
    let mut parts = Vec::new();
    for (count, word) in [
        (agree, "agree"),
        (predicted, "predicted"),
        (disagree, "DISAGREE"),
        (unchecked, "unchecked"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    let colour = match (agree + predicted, disagree, unchecked) {
        (0, 0, 0) => return Box::new("—"),
        (_, 0, 0) => Color::Green,
        (_, 0, _) => Color::Yellow,
        _ => Color::Red,
    };
    painted(parts.join("\n"), Some(colour))
}

/// The letters of the tiers that agree; `≠` and `?` mark the others.
fn claim_cell(table: &Table, claim: Claim, expected: bool) -> Box {
    let mut text = String::new();
    let mut worst = Conclusion::Agree;
    for tier in Tier::ALL {
        match table.cell(claim, tier).and_then(Cell::verdict) {
            None => {}
            Some(Verdict::Agree(_)) => text.push(tier.letter()),
            Some(Verdict::Disagree(_)) => {
                text.push('≠');
                text.push(tier.letter());
                if !expected {
                    worst = Conclusion::Disagree;
                }
            }
            Some(Verdict::Unchecked(_)) => {
                text.push('?');
                text.push(tier.letter());
                worst = worst.max(Conclusion::Unchecked);
            }
        }
    }
    if text.is_empty() {
        return Box::new("—");
    }
    painted(text, Some(colour(worst)))
}

/// The beginning of a text that is too long for its column.
fn elided(text: String, room: usize) -> String {
    if text.chars().count() <= room {
        return text;
    }
    let mut start: String = text.chars().take(room - 1).collect();
    start.push('…');
    start
}

/// Whether the rule differs from backpropagation in a case, and the theorem says so.
fn is_predicted(row: &Row) -> bool {
    let expected = row.result.as_ref().is_ok_and(|found| found.expect == Expect::Disagree);
    expected && row.conclusion == Some(Conclusion::Agree)
}

/// How many cases came out how: what differs as predicted is no equality.
fn closing(rows: &[Row]) -> String {
    let count =
        |wanted: Conclusion| rows.iter().filter(|row| row.conclusion == Some(wanted)).count();
    let errors = rows.iter().filter(|row| row.conclusion.is_none()).count();
    let predicted = rows.iter().filter(|row| is_predicted(row)).count();
    let differ = match predicted {
        0 => String::new(),
        1 => ", 1 differs where the theorem predicts it".to_owned(),
        many => format!(", {many} differ where the theorem predicts it"),
    };
    format!(
        "{}: {} equal{differ}, {} disagree, {} unchecked, {}\n",
        counted(rows.len(), "case"),
        count(Conclusion::Agree) - predicted,
        count(Conclusion::Disagree),
        count(Conclusion::Unchecked),
        counted(errors, "error")
    )
}

/// Many cases as one document.
#[must_use]
pub fn many_json(seed: u64, rows: &[Row]) -> Json {
    let cell = |cell: &Cell| {
        let mut fields =
            vec![("claim", Json::text(cell.claim.id())), ("tier", Json::text(cell.tier.letter()))];
        match &cell.state {
            CellState::NotApplicable(why) => fields.push(("not_applicable", Json::text(why))),
            CellState::Checked(verdict) => {
                fields.push(("verdict", Json::text(verdict.word())));
                match verdict {
                    Verdict::Agree(compared) => {
                        fields.push(("entries", Json::count(compared.entries)));
                        fields.push(("nonzero", Json::count(compared.nonzero)));
                    }
                    Verdict::Disagree(mismatch) => {
                        fields.push(("reason", Json::text(mismatch.to_string())));
                    }
                    Verdict::Unchecked(why) => fields.push(("reason", Json::text(why))),
                }
            }
        }
        fields.push(("notes", Json::array(&cell.notes, Json::text)));
        Json::object(fields)
    };
    let row = |row: &Row| {
        let mut fields = vec![("name", Json::text(&row.name))];
        match &row.result {
            Ok(found) => {
                fields.push(("case", Json::text(&found.digest)));
                let word = row.conclusion.map_or("unchecked", Conclusion::word);
                fields.push(("conclusion", Json::text(word)));
                if let Some(training) = &row.training {
                    fields.push(("training", Json::text(&training.sentence)));
                }
                fields.push(("cells", Json::array(&found.table.cells, cell)));
            }
            Err(error) => fields.push(("error", Json::text(error.to_string()))),
        }
        Json::object(fields)
    };
    Json::object([
        ("format", Json::text("creditcheck/report/1")),
        ("seed", Json::text(seed.to_string())),
        ("cases", Json::array(rows, row)),
    ])
}
