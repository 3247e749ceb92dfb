//! Every loss, and cases that are measured by it, some of their outputs on its kinks.

use creditcheck::spec::{Case, Limits, Loss, OutputError, Parameters, Reduction, Share, Wiring};
use creditcheck::textbook::firing::firing;
use num_traits::{One, Signed, Zero};

use super::{Q, ratio};

/// Every loss of one output, with θ at both ends and between.
fn errors() -> Vec<OutputError> {
    let share = |p, q| Share::of(&ratio(p, q)).unwrap();
    let mut all = vec![
        OutputError::Mse,
        OutputError::Huber { delta: ratio(3, 4) },
        OutputError::Huber { delta: ratio(1, 10) },
        OutputError::SmoothL1 { beta: ratio(2, 3), kink: Share::HALF },
    ];
    for kink in [Share::NONE, Share::HALF, Share::ALL, share(1, 4), share(2, 3)] {
        all.push(OutputError::L1 { kink });
        all.push(OutputError::SmoothL1 { beta: Q::zero(), kink });
        all.push(OutputError::Hinge { margin: ratio(5, 4), kink });
    }
    all
}

/// Every loss in every reduction.
pub fn losses() -> Vec<Loss> {
    let errors = errors();
    let reduced = errors.iter().flat_map(|error| {
        Reduction::ALL.map(|reduction| Loss::Reduced { error: error.clone(), reduction })
    });
    reduced.collect()
}

/// The same case, measured otherwise; where `strikes`, the first output of the first example is on a kink.
pub fn under(case: &Case, loss: &Loss, strikes: bool) -> Case {
    let mut case = Case { loss: loss.clone(), ..case.clone() };
    if loss.wants_signs() {
        for target in case.examples.iter_mut().flat_map(|example| &mut example.target) {
            *target = if target.is_negative() { -Q::one() } else { Q::one() };
        }
    }
    if strikes {
        strike(&mut case);
    }
    case
}

/// Rates do not depend on the loss, so that the target, or the margin, can be put where the slope jumps or turns.
fn strike(case: &mut Case) {
    let wiring = Wiring::of(case);
    let first = &case.examples[0];
    let rate = match &first.equilibrium {
        Some(rates) => rates[wiring.outputs[0]].clone(),
        None if wiring.is_recurrent() => return,
        None => {
            let parameters = Parameters::of(case);
            let found = firing(&wiring, &parameters, &first.input, &Limits::default());
            found.unwrap().firing_rate[wiring.outputs[0]].clone()
        }
    };
    let target = &mut case.examples[0].target[0];
    let Loss::Reduced { error, .. } = &mut case.loss else { return };
    match error {
        OutputError::Mse => {}
        OutputError::L1 { .. } => *target = rate,
        OutputError::Huber { delta } => *target = rate + &*delta,
        OutputError::SmoothL1 { beta, .. } => *target = rate - &*beta,
        OutputError::Hinge { margin, .. } => *margin = rate * &*target,
    }
}
