//! Excitation and inhibition over a training on the digits.

use creditcheck::certify::Silent;
use creditcheck::simulate::balance::{COLUMNS, Tally, csv, figure};
use creditcheck::suite::{balance, digits};

#[test]
fn the_balance_of_a_training() {
    let found = balance::follow(&digits::read().unwrap(), 1, &mut Silent).unwrap();
    assert_eq!(found.len(), balance::EPOCHS + 1);
    let (first, last) = (&found[0], &found[balance::EPOCHS]);
    // It is the training of the suite: it learns.
    assert!(first.accuracy < 0.3 && last.accuracy > 0.93, "{first:?} {last:?}");
    assert!(last.loss < first.loss / 5.0);
    for row in &found {
        for spread in [row.excitation, row.inhibition, row.imbalance, row.balance_factor] {
            assert!(
                0.0 <= spread.low && spread.low <= spread.median && spread.median <= spread.high
            );
        }
        // tanh: β is largest, 1, at balance.
        assert!(row.balance_factor.high <= 1.0);
        let toward = row.toward;
        assert!((0.0..=1.0).contains(&toward.single) && (0.0..=1.0).contains(&toward.weighted));
        assert_eq!(toward.epoch.is_nan(), row.epoch == 0);
    }
    let text = csv(&found);
    assert!(text.lines().all(|line| line.split(',').count() == COLUMNS.len()));
    assert!(!figure("digits", &found).contains("NaN"));
}

/// A change against the sign of s is toward balance, and one that moves nothing is not counted.
#[test]
fn toward_balance_is_against_the_net_input() {
    let mut tally = Tally::default();
    tally.count(-0.1, 2.0, 1.0);
    tally.count(0.1, -2.0, 1.0);
    tally.count(0.1, 2.0, 3.0);
    tally.count(0.0, 2.0, 100.0);
    tally.count(1.0, 0.0, 100.0);
    assert_eq!(tally.share(), 0.4);
}
