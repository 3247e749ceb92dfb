//! The mutants of the rules over time: killed on committed witnesses, hidden where a witness lacks something.

use creditcheck::mutants::temporal::temporal_matrix;
use creditcheck::spec::Limits;

#[test]
fn every_mutant_over_time_is_killed_in_every_rule() {
    let matrix = temporal_matrix(&Limits::default()).unwrap();
    for baseline in &matrix.baselines {
        println!("{} {:?} {:?}", baseline.witness, baseline.engines, baseline.reference);
    }
    for row in matrix.rows.iter().filter(|row| !row.status.is_good()) {
        println!(
            "{} {} {} {:?} {:?}",
            row.mutant,
            row.host.words(),
            row.witness,
            row.part,
            row.status
        );
    }
    println!("{}", matrix.rows.len());
    assert!(matrix.is_good(), "{:?}", matrix.untried());
}
