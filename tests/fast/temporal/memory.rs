//! What an engine over time holds on to: where the table of costs says "independent of T", to the byte.

use creditcheck::fast::temporal::{Engine, Evaluation, TemporalNetwork};
use creditcheck::fast::{Function, Threads};
use creditcheck::spec::{Diagonal, Feedback, Form, Kink, Modprop, Mu, Taps, TemporalRule};

use super::super::allocations::held;
use super::super::nets::ratio;

const READOUTS: usize = 2;
const EXAMPLES: usize = 3;

fn network(neurons: usize, types: usize) -> TemporalNetwork<f64> {
    TemporalNetwork {
        neurons,
        inputs: 4,
        readouts: READOUTS,
        leak: 0.5,
        activation: Function::Relu,
        kink: Kink::Left,
        recurrent: vec![0.0; neurons * neurons],
        has_diagonal: false,
        input: vec![0.0; neurons * 4],
        readout: vec![0.0; READOUTS * neurons],
        readout_biases: None,
        types: Some((0..neurons).map(|cell| cell % types).collect()),
    }
}

/// Bytes of an engine, without the readouts of all steps, which are its result.
fn bytes(net: &TemporalNetwork<f64>, steps: usize, rule: &TemporalRule, how: Evaluation) -> usize {
    let engine = || Engine::new(net, steps, EXAMPLES, rule, how, Threads::ONE).unwrap();
    held(engine) - steps * READOUTS * EXAMPLES * size_of::<f64>()
}

fn modprop(feedback: Feedback, taps: Taps) -> TemporalRule {
    TemporalRule::Modprop(Modprop {
        feedback,
        taps,
        mu: Mu::Scalar(ratio(1, 4)),
        form: Form::Filter,
    })
}

#[test]
fn causal_engines_hold_the_same_for_sequences_of_any_length() {
    let net = network(24, 3);
    let typed = modprop(Feedback::Type(Diagonal::Excluded), Taps::All);
    for rule in [
        TemporalRule::Eprop,
        TemporalRule::Mdgl { feedback: Feedback::Cell },
        modprop(Feedback::Cell, Taps::Count(3)),
        TemporalRule::Rtrl,
        typed.clone(),
    ] {
        let of = |steps| bytes(&net, steps, &rule, Evaluation::Causal);
        assert_eq!(of(10), of(1000), "{rule:?}");
    }
    // What does grow: all taps without types, and everything that goes back in time.
    let cell = modprop(Feedback::Cell, Taps::All);
    assert!(
        bytes(&net, 1000, &cell, Evaluation::Causal)
            > 10 * bytes(&net, 10, &cell, Evaluation::Causal)
    );
    for rule in [TemporalRule::Bptt, typed] {
        let of = |steps| bytes(&net, steps, &rule, Evaluation::Adjoint);
        let state = 24 * EXAMPLES * size_of::<f64>();
        assert!(of(1000) - of(10) >= 990 * state, "{rule:?}");
    }
}

/// (C+1) N (N+M) B numbers of synapses; a few matrices of N × (N+M), and states of N, come to it.
#[test]
fn a_type_more_costs_one_number_for_each_synapse_and_example() {
    let typed = modprop(Feedback::Type(Diagonal::Counted), Taps::All);
    for neurons in [48, 96, 192] {
        let of = |types| bytes(&network(neurons, types), 10, &typed, Evaluation::Causal);
        let channel = neurons * (neurons + 4) * EXAMPLES * size_of::<f64>();
        for types in [2, 4, 8] {
            let (few, many) = (of(types), of(2 * types));
            assert!(many - few >= types * channel, "{neurons} neurons, {types} types");
            // The tables from type to type and to each neuron: less than one channel more.
            assert!(many - few < (types + 1) * channel, "{neurons} neurons, {types} types");
            assert!(few < (types + 5) * channel, "{neurons} neurons, {types} types: {few}");
        }
    }
}
