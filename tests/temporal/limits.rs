//! Numbers that would not fit into memory are refused before any is taken.

use creditcheck::error::Error;
use creditcheck::spec::{
    Diagonal, Feedback, Form, Limits, Modprop, Mu, Taps, TemporalCase, TemporalRule,
};
use creditcheck::textbook::temporal::{self, Evaluation};
use num_rational::BigRational;

use super::committed;

fn run(
    case: &TemporalCase,
    rule: &TemporalRule,
    evaluation: Evaluation,
    temporal_values: u64,
) -> Result<(), Error> {
    let limits = Limits { temporal_values, ..Limits::default() };
    temporal::run::<BigRational>(case, rule, evaluation, &limits).map(|_| ())
}

/// Each rule with the numbers that it holds at once on the golden vector, N = 3, M = K = 1, T = 5, two types: one less is too little.
#[test]
fn every_rule_has_its_limit() {
    let case = committed("temporal-golden");
    let modprop = |feedback, form| {
        let mu = Mu::Scalar(BigRational::new(1.into(), 2.into()));
        TemporalRule::Modprop(Modprop { feedback, taps: Taps::All, mu, form })
    };
    let typed = Feedback::Type(Diagonal::Counted);
    // Seven quantities per neuron and two per readout, at every step.
    let steps = 5 * (7 * 3 + 2);
    let all = [
        (TemporalRule::Tangent, Evaluation::Causal, 5 * 2 * (3 + 1), "steps"),
        (TemporalRule::Bptt, Evaluation::Adjoint, steps, "steps"),
        (TemporalRule::Eprop, Evaluation::Causal, steps, "steps"),
        (modprop(Feedback::Cell, Form::Filter), Evaluation::Adjoint, steps, "steps"),
        (TemporalRule::Rtrl, Evaluation::Causal, 3 * 3 * (3 + 1), "sensitivities"),
        (TemporalRule::FactorisedRtrl, Evaluation::Causal, 4 * 3 * 3, "propagators"),
        (modprop(Feedback::Cell, Form::Filter), Evaluation::Causal, 4 * 3 * 3, "taps"),
        (modprop(Feedback::Cell, Form::NoLeak), Evaluation::Causal, 4 * 3 * 3, "taps"),
        (modprop(typed, Form::Filter), Evaluation::Causal, 4 * 2 * (2 + 1), "taps from type"),
        (modprop(typed, Form::Autodiff), Evaluation::Causal, 5 * 3 * 3, "powers"),
    ];
    for (rule, evaluation, numbers, what) in all {
        match run(&case, &rule, evaluation, numbers - 1) {
            Err(Error::Limit { what: found, given, limit }) => {
                assert_eq!((given, limit), (numbers, numbers - 1), "{rule}");
                assert!(found.contains(&format!("numbers of all {what}")), "{rule}: {found}");
            }
            other => panic!("{rule}: {other:?}"),
        }
        assert_eq!(run(&case, &rule, evaluation, steps), Ok(()), "{rule}");
    }
}
