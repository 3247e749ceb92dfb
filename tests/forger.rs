//! The forger: certificates as a prover would forge them, with every digest, draw, count and fingerprint made anew.
//!
//! If `verify` says agree, then the engines run on the case alone say agree for the same claims. Whoever forges has engines of their own, so a
//! forged certificate is consistent in all that nobody computes again; what refuses it is an equation.

pub mod bases;
mod documents;
mod evidence;
#[cfg(feature = "cli")]
mod large;
mod rules;

use std::collections::BTreeMap;

use creditcheck::certificate::verify::equations;
use creditcheck::certificate::{Certificate, Refusal, Report, verify};
use creditcheck::certify::{Options, Silent, certify};
use creditcheck::spec::Limits;
use creditcheck::verdict::{CellState, Conclusion, Table, Verdict};
use creditcheck::wire::Document;
use creditcheck::wire::certificate::{from_json, to_json};
use creditcheck::wire::json::Json;

/// Numbers that are the same in every run.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 0 … below − 1
    pub fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % below as u64).unwrap()
    }
}

/// How the forgeries of one kind fared.
#[derive(Default)]
struct Tally {
    tried: usize,
    unreadable: usize,
    refused: BTreeMap<String, usize>,
    /// Confirmed, but not as agreement.
    other: usize,
    /// Confirmed as agreement, and true: the forgery is a certificate of the case that it holds.
    honest: usize,
}

/// What the engines say of a case, by its text.
#[derive(Default)]
struct Engines(BTreeMap<String, Option<Table>>);

impl Engines {
    fn table(&mut self, text: &str) -> Option<&Table> {
        let run = || {
            let document = Document::read(text.as_bytes(), &Limits::default()).ok()?;
            certify(&document, &Options::default(), &mut Silent).ok().map(|found| found.table)
        };
        self.0.entry(text.to_owned()).or_insert_with(run).as_ref()
    }

    /// The rows that say agree where the engines do not.
    fn lies(&mut self, certificate: &Certificate, report: &Report) -> Vec<String> {
        let Some(table) = self.table(&certificate.case_text) else {
            return vec!["the engines have no answer".to_owned()];
        };
        let agreeing = report.claims.iter().filter(|row| row.verdict == Some(Conclusion::Agree));
        let lies = agreeing.filter(|row| {
            let cell = table.cell(row.claim, row.tier).map(|cell| &cell.state);
            !matches!(cell, Some(CellState::Checked(Verdict::Agree(_))))
        });
        lies.map(|row| format!("{} at {}", row.claim.id(), row.tier.letter())).collect()
    }
}

/// Reads and verifies a forged document, and holds what is accepted to the engines.
fn judge(kind: &str, forged: &Json, engines: &mut Engines, tally: &mut Tally) {
    match from_json(forged, &Limits::default()) {
        Ok(sealed) => conclude(kind, &sealed.certificate, verify(&sealed), engines, tally),
        Err(_) => {
            tally.tried += 1;
            tally.unreadable += 1;
        }
    }
}

/// What a verifier made of a forgery; what it accepts is held to the engines.
fn conclude(
    kind: &str,
    forged: &Certificate,
    found: Result<Report, Refusal>,
    engines: &mut Engines,
    tally: &mut Tally,
) {
    tally.tried += 1;
    match found {
        Err(refusal) => *tally.refused.entry(refusal.equation).or_insert(0) += 1,
        Ok(report) if report.conclusion() == Conclusion::Agree => {
            let lies = engines.lies(forged, &report);
            let text = || to_json(forged).pretty();
            assert!(lies.is_empty(), "{kind}: accepted, and false: {lies:?}\n{}", text());
            tally.honest += 1;
        }
        Ok(_) => tally.other += 1,
    }
}

/// Twenty thousand forgeries, every kind of them tried, none accepted but those that tell the truth.
#[test]
#[cfg_attr(not(feature = "fast"), ignore = "the verifier is the same: once, with the float side")]
fn nothing_false_is_confirmed() {
    const ROUNDS: usize = 60;
    let (mut engines, mut dice) = (Engines::default(), Dice::new(13));
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    let bases = bases::all();
    for round in 0..ROUNDS {
        for base in &bases {
            for (kind, forge) in evidence::KINDS {
                // The first of a kind on each base may have nothing to change.
                let Some(certificate) = forge(base, &mut dice) else { continue };
                let tally = tallies.entry(kind).or_default();
                // The file adds nothing but its form: one in eight goes through it, the others as they are in memory.
                if round % 8 == 0 {
                    judge(kind, &to_json(&certificate), &mut engines, tally);
                } else {
                    let found = equations(&certificate);
                    conclude(kind, &certificate, found, &mut engines, tally);
                }
            }
            for (kind, forge) in documents::KINDS {
                let Some(forged) = forge(base, &mut dice) else { continue };
                judge(kind, &forged, &mut engines, tallies.entry(kind).or_default());
            }
        }
        assert!(round > 0 || !tallies.is_empty());
    }
    let mut total = 0;
    for (kind, tally) in &tallies {
        let Tally { tried, unreadable, refused, other, honest } = tally;
        println!(
            "{kind}: {tried} tried, {unreadable} unreadable, {refused:?}, {other} not agree, {honest} true"
        );
        total += tried;
    }
    println!("{total} forgeries, {} cases asked of the engines", engines.0.len());
    let kinds = evidence::KINDS.iter().map(|(kind, _)| *kind);
    for kind in kinds.chain(documents::KINDS.iter().map(|(kind, _)| *kind)) {
        let tried = tallies.get(kind).map_or(0, |tally| tally.tried);
        assert!(tried >= 60, "{kind}: only {tried} tried");
    }
    assert!(total >= 15_000, "{total} forgeries");
}
