//! What the exact side takes on a network of many alike cells.

use creditcheck::error::Error;
use creditcheck::spec::{
    Activation, Diagonal, Feedback, Kink, Limits, Sequence, Steps, Temporal, TemporalCase,
    TemporalRule,
};
use creditcheck::textbook::temporal as exact;
use creditcheck::verdict::temporal::conditions;
use num_rational::BigRational;

use super::super::allocations::asked;
use super::super::nets::ratio;

/// Cells of one type, every weight the same: Ŵ = W.
pub fn uniform(neurons: usize) -> TemporalCase {
    let row = |post| (0..neurons).map(|pre| ratio(i64::from(pre != post), 64)).collect();
    TemporalCase {
        name: None,
        network: Temporal {
            leak: ratio(1, 2),
            activation: Activation::Identity,
            recurrent: (0..neurons).map(row).collect(),
            has_diagonal: false,
            biases: None,
            input: vec![vec![ratio(1, 1)]; neurons],
            readout: vec![vec![ratio(1, 1); neurons]],
            readout_biases: None,
            types: Some(vec![0; neurons]),
        },
        steps: Steps::All,
        learning_rate: ratio(1, 1),
        kink: Kink::Left,
        examples: vec![Sequence {
            initial: None,
            input: vec![vec![ratio(1, 1)]; 2],
            target: vec![vec![ratio(2, 1)]; 2],
        }],
    }
}

/// RTRL on 200 neurons would take eight million numbers; it takes none.
#[test]
fn exact_rtrl_is_refused_before_it_takes_memory() {
    let case = uniform(200);
    let run = || {
        let limits = Limits::default();
        exact::run::<BigRational>(&case, &TemporalRule::Rtrl, exact::Evaluation::Causal, &limits)
    };
    let mut found = None;
    assert!(asked(|| found = Some(run())) < 100);
    let Some(Err(Error::Limit { given, limit, .. })) = found else { panic!("{found:?}") };
    assert_eq!((given, limit), (200 * 200 * 201, 1 << 22));
}

/// The mean weight of a block is summed once, not once for every synapse of the block: each sum of long numbers takes memory.
#[test]
fn conditions_sum_each_block_once() {
    let neurons = 30;
    let mut case = uniform(neurons);
    // Beyond the digits that need no memory.
    let long = ratio(1, i64::MAX) * ratio(1, i64::MAX) * ratio(1, i64::MAX);
    case.network.recurrent.iter_mut().flatten().for_each(|weight| *weight = &*weight * &long);
    let feedback = Feedback::Type(Diagonal::Excluded);
    let mut found = Vec::new();
    let taken = asked(|| found = conditions(&case, &TemporalRule::Mdgl { feedback }, &[]));
    assert!(found.iter().any(|condition| condition.number == 9 && condition.holds), "{found:?}");
    assert!(taken > neurons * neurons && taken < 100 * neurons * neurons, "{taken}");
}
