//! Networks in time, by quickcheck: what runs, and ModProp in all its variants.

use creditcheck::spec::{
    Activation, Diagonal, Feedback, Form, Kink, Limits, Modprop, Mu, Sequence, Steps, Taps,
    Temporal, TemporalCase, TemporalRule,
};
use creditcheck::textbook::temporal::{self, Evaluation};
use num_traits::{One, Zero};
use quickcheck::{Arbitrary, Gen};

use super::{Q, conventions, ratio, served};

/// A case with cells of every activation that the rationals evaluate in time, types, and sometimes net inputs at the kink.
#[derive(Clone, Debug)]
pub struct InTime(pub TemporalCase);

/// The same with polynomial cells only.
#[derive(Clone, Debug)]
pub struct PolynomialInTime(pub TemporalCase);

pub fn below(g: &mut Gen, bound: usize) -> usize {
    let all: Vec<usize> = (0..bound).collect();
    *g.choose(&all).unwrap()
}

pub fn one_of<T: Clone>(g: &mut Gen, all: &[T]) -> T {
    g.choose(all).unwrap().clone()
}

/// Up to `reach` over `denominator`, either sign, 0 too.
pub fn number(g: &mut Gen, reach: usize, denominator: i64) -> Q {
    let numerator = i64::try_from(below(g, 2 * reach + 1)).unwrap();
    ratio(numerator - i64::try_from(reach).unwrap(), denominator)
}

/// A weight that is neither 0 nor ±1.
pub fn weight(g: &mut Gen) -> Q {
    loop {
        let weight = number(g, 7, 4);
        if !weight.is_zero() && weight != ratio(1, 1) && weight != ratio(-1, 1) {
            return weight;
        }
    }
}

impl Arbitrary for InTime {
    fn arbitrary(g: &mut Gen) -> Self {
        let kinds = [
            Activation::Relu,
            Activation::Relu,
            Activation::Relu,
            Activation::Quadratic,
            Activation::Identity,
            Activation::LeakyRelu { slope: ratio(1, 8) },
            Activation::LeakyRelu { slope: ratio(-1, 2) },
        ];
        let activation = one_of(g, &kinds);
        let mut case = draw(g, activation);
        if below(g, 2) == 0 {
            with_more(g, &mut case);
        }
        if !case.network.activation.kinks().is_empty() && below(g, 2) == 0 {
            let cells = 1 + below(g, 3);
            for _ in 0..cells {
                place_at_the_kink(g, &mut case);
            }
        }
        Self(case)
    }
}

impl Arbitrary for PolynomialInTime {
    fn arbitrary(g: &mut Gen) -> Self {
        let kinds = [
            Activation::Identity,
            Activation::Square,
            Activation::Quadratic,
            Activation::Quadratic,
            Activation::Cubic,
        ];
        let activation = one_of(g, &kinds);
        Self(draw(g, activation))
    }
}

/// 2 to 6 neurons, 1 to 6 steps, 1 to 3 inputs, readouts and examples; dense, sparse, or with every neuron of a type alike.
fn draw(g: &mut Gen, activation: Activation) -> TemporalCase {
    // Digits of a polynomial double or treble with each step.
    let curved = activation.is_polynomial() && activation != Activation::Identity;
    let neurons = if curved { 2 + below(g, 3) } else { one_of(g, &[2, 3, 3, 4, 4, 5, 6]) };
    let duration = if curved { 1 + below(g, 4) } else { one_of(g, &[1, 2, 3, 4, 4, 5, 5, 6, 6]) };
    let square = below(g, 3) == 0;
    let inputs = if square { neurons.min(3) } else { 1 + below(g, 3) };
    let readouts = 1 + below(g, 3);
    let sparse = below(g, 3);
    let recurrent = (0..neurons).map(|post| {
        let entry = |pre| match pre == post || below(g, 4) < sparse {
            true => Q::zero(),
            false => weight(g),
        };
        (0..neurons).map(entry).collect()
    });
    let recurrent = recurrent.collect();
    let mut matrix = |rows, columns| -> Vec<Vec<Q>> {
        (0..rows).map(|_| (0..columns).map(|_| weight(g)).collect()).collect()
    };
    let (input, readout) = (matrix(neurons, inputs), matrix(readouts, neurons));
    let types = 1 + below(g, neurons.min(3));
    let batch = one_of(g, &[1, 2, 2, 3]);
    let examples = (0..batch).map(|_| Sequence {
        initial: None,
        input: (0..duration).map(|_| (0..inputs).map(|_| number(g, 9, 4)).collect()).collect(),
        target: (0..duration).map(|_| (0..readouts).map(|_| number(g, 9, 2)).collect()).collect(),
    });
    let examples = examples.collect();
    let mut kinks = vec![Kink::Left; 9];
    kinks.extend(conventions());
    let kinked = Some(activation.clone()).filter(|f| !f.is_differentiable());
    TemporalCase {
        name: None,
        network: Temporal {
            leak: one_of(g, &[Q::zero(), ratio(1, 2), ratio(9, 10)]),
            activation,
            recurrent,
            has_diagonal: false,
            input,
            biases: None,
            readout,
            readout_biases: bool::arbitrary(g)
                .then(|| (0..readouts).map(|_| number(g, 5, 4)).collect()),
            types: Some((0..neurons).map(|_| below(g, types)).collect()),
        },
        steps: one_of(g, &[Steps::All, Steps::All, Steps::Last]),
        learning_rate: ratio(3, 8),
        kink: served(one_of(g, &kinks), &kinked),
        examples,
    }
}

/// Gives a case some of what a case may have besides: a diagonal, biases of the neurons, initial states, steps of its own.
fn with_more(g: &mut Gen, case: &mut TemporalCase) {
    let (neurons, duration) = (case.network.neurons(), case.duration());
    if below(g, 2) == 0 {
        case.network.has_diagonal = true;
        for own in 0..neurons {
            case.network.recurrent[own][own] = number(g, 4, 4);
        }
    }
    if below(g, 2) == 0 {
        case.network.biases = Some((0..neurons).map(|_| number(g, 5, 4)).collect());
    }
    if below(g, 2) == 0 {
        for example in &mut case.examples {
            example.initial = Some((0..neurons).map(|_| number(g, 5, 4)).collect());
        }
    }
    if below(g, 2) == 0 {
        let first = 1 + below(g, duration);
        let rest = (first + 1..=duration).filter(|_| below(g, 2) == 0);
        case.steps = Steps::At(std::iter::once(first).chain(rest).collect());
    }
}

/// Moves an input so that some net input of the last steps is 0; what has happened before stays.
fn place_at_the_kink(g: &mut Gen, case: &mut TemporalCase) {
    let (cell, b) = (below(g, case.network.neurons()), below(g, case.examples.len()));
    let (t, m) = (below(g, case.duration()), below(g, case.network.inputs()));
    let found =
        temporal::run::<Q>(case, &TemporalRule::Eprop, Evaluation::Causal, &Limits::default());
    let s = found.unwrap().examples[b][t].net_input[cell].clone();
    let gain = Q::one() - &case.network.leak;
    case.examples[b].input[t][m] -= s / (gain * &case.network.input[cell][m]);
}

/// Whether a net input stands exactly at a kink at a step, given the net inputs.
pub fn meets_a_kink(case: &TemporalCase, net_inputs: &[Vec<Vec<Q>>]) -> bool {
    let kinks = case.network.activation.kinks();
    net_inputs.iter().flatten().flatten().any(|s| kinks.contains(s))
}

/// Every variant of e-prop, MDGL and ModProp that a case of so many steps can be asked for, with numbers for μ.
pub fn variants(g: &mut Gen, case: &TemporalCase) -> Vec<TemporalRule> {
    let feedbacks =
        [Feedback::Cell, Feedback::Type(Diagonal::Counted), Feedback::Type(Diagonal::Excluded)];
    let neurons = case.network.neurons();
    let types = case.network.types.clone().unwrap();
    let of_types: Vec<Q> = (0..neurons).map(|_| number(g, 6, 4)).collect();
    let mus = [
        Mu::Scalar(number(g, 6, 4)),
        Mu::PerCell(types.iter().map(|kind| of_types[*kind].clone()).collect()),
        Mu::PerCell((0..neurons).map(|_| number(g, 6, 4)).collect()),
    ];
    let mut taps: Vec<_> = (0..=case.duration()).map(Taps::Count).collect();
    taps.push(Taps::All);
    let mut all = vec![TemporalRule::Eprop];
    for feedback in feedbacks {
        all.push(TemporalRule::Mdgl { feedback });
        for mu in &mus {
            for form in [Form::Filter, Form::NoLeak, Form::Autodiff] {
                let taps: &[Taps] = if form == Form::Autodiff { &[Taps::All] } else { &taps };
                for taps in taps {
                    let rule = Modprop { feedback, taps: *taps, mu: mu.clone(), form };
                    all.push(TemporalRule::Modprop(rule));
                }
            }
        }
    }
    all
}
