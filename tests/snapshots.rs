//! Results as they stand: exact numbers, verdict words and text, never raw floats.

use std::fmt::Write;

use creditcheck::certify::{Options, Silent, certify, conclusion};
use creditcheck::mutants::kill_matrix;
use creditcheck::spec::{Limits, Network};
use creditcheck::textbook::{backprop, credit};
use creditcheck::verdict::{CellState, Tier, entries};
use creditcheck::wire::Document;
use num_rational::BigRational;

macro_rules! document {
    ($name:literal) => {
        Document::read(
            include_str!(concat!("../fixtures/cases/", $name, ".json")).as_bytes(),
            &Limits::default(),
        )
        .unwrap()
    };
}

/// Every number of both algorithms, one a line.
fn outcome(document: &Document) -> String {
    let limits = Limits::default();
    let mut text = String::new();
    let found = credit::run::<BigRational>(&document.case, &limits).unwrap();
    for (entry, value) in entries::of_credit(&found) {
        writeln!(text, "{entry} = {value}").unwrap();
    }
    if let Network::Layered(_) = &document.case.network {
        let found = backprop::run::<BigRational>(&document.case, &limits).unwrap();
        for (entry, value) in entries::of_backprop(&found) {
            writeln!(text, "{entry} = {value}").unwrap();
        }
    }
    text
}

/// The table of a certificate without its float tiers, which depend on the build.
fn table(document: &Document) -> String {
    let certified = certify(document, &Options::default(), &mut Silent).unwrap();
    let cells = &certified.table.cells;
    let exact = cells.iter().filter(|cell| !matches!(cell.tier, Tier::Lattice | Tier::Bounded));
    let mut text = String::new();
    for cell in exact {
        let says = match &cell.state {
            CellState::Checked(verdict) => verdict.word().to_owned(),
            CellState::NotApplicable(why) => format!("— ({why})"),
        };
        let (claim, tier) = (cell.claim, cell.tier);
        writeln!(text, "{} {} {} {says}", claim.id(), claim.word(), tier.letter()).unwrap();
        for note in &cell.notes {
            writeln!(text, "    {note}").unwrap();
        }
    }
    let conclusion = conclusion(&document.case, &certified.table);
    writeln!(text, "conclusion: {}", conclusion.word()).unwrap();
    text
}

#[test]
fn outcomes() {
    insta::assert_snapshot!("worked_example", outcome(&document!("worked-example")));
    insta::assert_snapshot!("kink_mean", outcome(&document!("kink-hard-tanh-mean")));
    insta::assert_snapshot!("graph", outcome(&document!("graph-skip-dead-end")));
}

#[test]
fn tables() {
    insta::assert_snapshot!("table_worked_example", table(&document!("worked-example")));
    insta::assert_snapshot!("table_own_balance", table(&document!("own-balance-square")));
    insta::assert_snapshot!("table_graph", table(&document!("graph-skip-dead-end")));
    insta::assert_snapshot!("table_dead", table(&document!("dead-relu")));
}

#[test]
fn kill_matrix_summary() {
    let matrix = kill_matrix(&Limits::default()).unwrap();
    insta::assert_snapshot!("kill_matrix", matrix.summary());
}
