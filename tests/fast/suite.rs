//! Tiers L and F over the built-in suite.

use creditcheck::certify::{self, Options, Silent};
use creditcheck::spec::{Limits, Wiring};
use creditcheck::suite;
use creditcheck::verdict::{Claim, Tier, Verdict};

/// No hand-written case leaves tier F unchecked, in either format; the kinks among them are held bit for bit.
#[test]
fn every_case_is_checked() {
    let mut lattice = Vec::new();
    for (name, text) in suite::CASES {
        let document = suite::document(text, &Limits::default()).unwrap();
        if Wiring::of(&document.case).is_recurrent() {
            // `fast::recurrent` and its tests hold those.
            continue;
        }
        let certified = certify::certify(&document, &Options::default(), &mut Silent).unwrap();
        // Where f ≠ σ' the claims are false, and floats that equal their exact twins say nothing of them.
        let claims: &[Claim] =
            if document.case.has_own_balance() { &[] } else { &[Claim::Credit, Claim::Update] };
        for &claim in claims {
            let cell = certified.table.cell(claim, Tier::Bounded).unwrap();
            assert!(cell.verdict().is_some_and(Verdict::is_agree), "{name}: {cell:?}");
            for part in ["f64: an entry wrong by 2^-30", "f32: an entry wrong by 2^-10"] {
                assert!(cell.notes.iter().any(|note| note.starts_with(part)), "{name}: {cell:?}");
            }
            for part in ["f64: Freivalds", "f32: Freivalds"] {
                assert!(cell.notes.iter().any(|note| note.starts_with(part)), "{name}: {cell:?}");
            }
        }
        let cell = certified.table.cell(Claim::Update, Tier::Lattice).unwrap();
        if let Some(verdict) = cell.verdict() {
            assert!(verdict.is_agree(), "{name}: {cell:?}");
            lattice.push(*name);
        }
    }
    let kinks = suite::CASES.iter().map(|(name, _)| *name).filter(|name| name.starts_with("kink"));
    for name in kinks {
        assert!(lattice.contains(&name), "{name} is no lattice case");
    }
}
