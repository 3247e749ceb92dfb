//! Every case of the built-in suite, from certificate to confirmation.

use creditcheck::certificate::{Row, verify};
use creditcheck::certify::{Options, Silent, certify, conclusion};
use creditcheck::spec::Limits;
use creditcheck::suite::{CASES, document};
use creditcheck::verdict::{CellState, Claim, Conclusion, Tier};
use creditcheck::wire::certificate::{read, write};

/// The claims of which the certificate has rows too.
const CERTIFIED: [Claim; 6] = [
    Claim::Credit,
    Claim::Update,
    Claim::Truth,
    Claim::Settling,
    Claim::Locality,
    Claim::Recurrent,
];

#[test]
fn every_case_concludes_as_its_author_expects() {
    for (name, text) in CASES {
        let document = document(text, &Limits::default()).unwrap();
        let table = certify(&document, &Options::default(), &mut Silent).unwrap().table;
        assert_eq!(conclusion(&document.case, &table), Conclusion::Agree, "{name}: {table:#?}");
    }
}

#[test]
fn every_certificate_is_confirmed_and_says_what_the_table_says() {
    let mut compared = 0;
    for (name, text) in CASES {
        let limits = Limits::default();
        let document = document(text, &limits).unwrap();
        let certified = certify(&document, &Options::default(), &mut Silent).unwrap();
        let sealed = read(write(&certified.certificate).as_bytes(), &limits).unwrap();
        let report = verify(&sealed).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        for Row { claim, tier, verdict, .. } in &report.claims {
            let Some(cell) = certified.table.cell(*claim, *tier) else { continue };
            assert!(CERTIFIED.contains(claim), "{name}: {claim:?}");
            // What only the issuer saw has no verdict.
            assert_eq!(verdict.is_none(), *claim == Claim::Locality, "{name}");
            if let (CellState::Checked(found), Some(verdict)) = (&cell.state, verdict) {
                assert_eq!(Conclusion::of(found), *verdict, "{name}: {claim:?} in {tier:?}");
                compared += 1;
            }
        }
        // With a cycle a certificate carries inverses, and no draws.
        let wanted = if name.starts_with("recurrent") { Tier::Exact } else { Tier::Identity };
        assert!(report.claims.iter().any(|row| row.tier == wanted), "{name}");
        let has_cycle = report.claims.iter().any(|row| row.claim == Claim::Recurrent);
        assert_eq!(has_cycle, name.starts_with("recurrent"), "{name}");
    }
    assert!(compared > 5 * CASES.len(), "{compared} rows compared");
}
