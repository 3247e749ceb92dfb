//! The table of claims × tiers, of one case and of many.

use comfy_table::{Cell as Box, Color, Table as Grid};

use super::{Ink, counted, drawn, fits, grid, hanging, network, wrapped};
use crate::error::Error;
use crate::foreign::Foreign;
use crate::spec::{Case, Expect, Wiring};
use crate::verdict::{Cell, CellState, Claim, Conclusion, Table, Tier, Verdict};
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
    let tiers = Tier::ALL.map(|tier| tier.letter().to_string());
    [first.to_owned(), String::new()].into_iter().chain(tiers).collect()
}

/// What the letters of the tiers stand for, and where the manual says what is claimed.
fn legend() -> String {
    let words = wrapped(
        0,
        "S symbolic · P identity over 𝔽_p · Q exact · L lattice, bit for bit · F within a computed bound; \
         C1 to C7: “The claims” in src/docs/definitions.md",
    );
    format!("\n{words}")
}

/// One case: the table, and under it what each cell compared.
#[must_use]
pub fn one(name: &str, found: &Found, conclusion: Conclusion, hints: bool, ink: Ink) -> String {
    let mut text = format!("{}{}\n\n", heading(name, found), found.digest);
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
    if hints {
        text.push_str(&legend());
    }
    text.push('\n');
    text.push_str(&details(&found.table, hints));
    if found.expect == Expect::Disagree {
        let why = "the case expects a disagreement: its balance function is not σ', or it clamps the credit of its outputs";
        text.push_str(&wrapped(0, why));
    }
    text.push_str(&wrapped(0, sentence(conclusion)));
    text
}

/// The case in a line.
fn heading(name: &str, found: &Found) -> String {
    let parameters = counted(found.parameters, "parameter");
    let examples = counted(found.examples, "example");
    wrapped(0, &format!("{name} · {} · {parameters} · {examples}", found.network))
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
        text.push_str(&hanging(2, 8, &format!("{name}  {line}")));
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

/// More cases than this stand on a line each, if their names leave room for it.
const SCREEN: usize = 24;

/// Many cases: the counts per claim and tier, then the cases.
#[must_use]
pub fn many(title: &str, rows: &[Row], hints: bool, ink: Ink) -> String {
    let mut text = wrapped(0, title);
    text.push_str("\ncases that agree, claim by claim and tier by tier\n\n");
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
    if hints {
        text.push_str(&legend());
    }
    text.push('\n');
    text.push_str(&cases(rows, ink));
    if hints {
        text.push('\n');
        text.push_str(&wrapped(
            0,
            "par parameters · ≠ disagrees · ? unchecked · — does not apply · predicted: differs where the theorem says",
        ));
    }
    let under = remarks(rows);
    if !under.is_empty() {
        text.push('\n');
        text.push_str(&under);
    }
    text.push('\n');
    text.push_str(&wrapped(0, &closing(rows)));
    text
}

/// One line a case; where they are few, or a name leaves no room, each stands under a line of its own that describes it.
fn cases(rows: &[Row], ink: Ink) -> String {
    let grid = |is_named: bool| {
        let mut grid = paintable(ink);
        let claims = Claim::ALL.into_iter().map(Claim::id);
        let first: &[&str] = if is_named { &["case", "par"] } else { &["case"] };
        grid.set_header(first.iter().copied().chain(claims).chain([""]).collect::<Vec<_>>());
        for row in rows {
            grid.add_row(cells(row, is_named));
        }
        grid
    };
    let compact = grid(true);
    if rows.len() > SCREEN && fits(&compact) {
        return drawn(compact);
    }
    let table = drawn(grid(false));
    let mut lines = table.lines();
    let mut text: String = lines.by_ref().take(2).map(|line| format!("{line}\n")).collect();
    for (row, line) in rows.iter().zip(lines) {
        text.push_str(&match &row.result {
            Ok(found) => heading(&row.name, found),
            Err(_) => wrapped(0, &row.name),
        });
        text.push_str(&format!("{line}\n"));
    }
    text
}

/// What each claim came to, and the verdict.
fn cells(row: &Row, is_named: bool) -> Vec<Box> {
    let name = if is_named { Foreign(&row.name).to_string() } else { String::new() };
    let mut line = vec![Box::new(name)];
    let Ok(found) = &row.result else {
        line.extend(is_named.then(|| Box::new("")));
        line.extend(Claim::ALL.map(|_| Box::new("")));
        line.push(painted("error", Some(Color::Red)));
        return line;
    };
    line.extend(is_named.then(|| Box::new(found.parameters)));
    let expected = found.expect == Expect::Disagree;
    line.extend(Claim::ALL.map(|claim| claim_cell(&found.table, claim, expected)));
    let conclusion = row.conclusion.unwrap_or(Conclusion::Unchecked);
    let word = if is_predicted(row) { "predicted" } else { conclusion.word() };
    line.push(painted(word, Some(colour(conclusion))));
    line
}

/// What is to be said of single cases.
fn remarks(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        match &row.result {
            Ok(found) if row.conclusion != Some(Conclusion::Agree) => {
                text.push_str(&wrapped(0, &format!("{}:", row.name)));
                text.push_str(&details(&found.table, false));
            }
            Ok(_) => {}
            Err(error) => text.push_str(&wrapped(0, &error.to_string())),
        }
        if let Some(training) = &row.training {
            text.push_str(&wrapped(0, &format!("{}: {}", row.name, training.sentence)));
        }
    }
    text
}

/// `12` agreeing cases, and below them whatever did not agree.
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
    if agree > 0 {
        parts.push(agree.to_string());
    }
    for (count, word) in
        [(predicted, "predicted"), (disagree, "DISAGREE"), (unchecked, "unchecked")]
    {
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
        "{}: {} equal{differ}, {} disagree, {} unchecked, {}",
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
