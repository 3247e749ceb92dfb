//! The plausible line over time: right floats of all engines are plausible, whatever rounds alike in them; a thousandth is not, where the
//! bound lets it pass.

use creditcheck::certify::Silent;
use creditcheck::certify::temporal::{gradient, judge, judgement};
use creditcheck::number::held;
use creditcheck::spec::{
    Activation, Dtype, Kink, Limits, Number, Sequence, Steps, Temporal, TemporalCase, TemporalRule,
};
use creditcheck::verdict::judge::{Judgement, Nearness, Options};
use creditcheck::verdict::plausible::temporal_spread;
use creditcheck::wire::gradient::{Gradient, Quantity};
use num_rational::BigRational;
use num_traits::Signed;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::generators::ratio;

/// What makes roundings meet themselves, or one another.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Alike {
    Nothing,
    /// Every example twice.
    Examples,
    /// The same input and target at every step, so that the states come to rest.
    Inputs,
    /// Every neuron twice.
    Neurons,
    /// All weights positive, and rows that add up to nearly 1: what is off stays off.
    Mean,
    /// Net inputs of 10 and more.
    Saturated,
    /// Weights and a leak that no binary format has.
    Decimal,
}

fn net(
    seed: u64,
    alike: Alike,
    neurons: usize,
    steps: usize,
    activation: Activation,
) -> TemporalCase {
    let mut draws = ChaCha8Rng::seed_from_u64(seed);
    // A value of f32 between −1 and 1.
    let mut value = || ratio(i64::from(draws.next_u32() >> 8) - (1 << 23), 1 << 23);
    let mut matrix = |rows: usize, columns: usize, size: BigRational| -> Vec<Vec<BigRational>> {
        let row = |_| (0..columns).map(|_| value() * &size).collect();
        (0..rows).map(row).collect()
    };
    let large = if alike == Alike::Saturated { ratio(8, 1) } else { ratio(1, 1) };
    let mut recurrent = matrix(neurons, neurons, ratio(1, 2) * &large);
    let (mut input, mut biases) = (matrix(neurons, 2, large), matrix(neurons, 1, ratio(1, 4)));
    let readout = matrix(2, neurons, ratio(1, 1));
    let example = |_| {
        let mut sequence = |columns| matrix(steps, columns, ratio(1, 1));
        let (mut input, mut target) = (sequence(2), sequence(2));
        if alike == Alike::Inputs {
            (input, target) = (vec![input[0].clone(); steps], vec![target[0].clone(); steps]);
        }
        Sequence { initial: None, input, target }
    };
    let mut examples: Vec<Sequence> = (0..2).map(example).collect();
    match alike {
        Alike::Nothing | Alike::Inputs | Alike::Saturated => {}
        Alike::Examples => examples[1] = examples[0].clone(),
        Alike::Neurons => {
            for post in (1..neurons).step_by(2) {
                recurrent[post] = recurrent[post - 1].clone();
                (input[post], biases[post]) = (input[post - 1].clone(), biases[post - 1].clone());
            }
        }
        Alike::Mean => {
            let share = ratio(1023, 1024 * i64::try_from(neurons).unwrap());
            recurrent.iter_mut().flatten().for_each(|weight| *weight = share.clone());
            recurrent
                .iter_mut()
                .flatten()
                .for_each(|w| *w = held(w, Number::Float(Dtype::F32)).unwrap());
        }
        Alike::Decimal => {
            recurrent.iter_mut().flatten().for_each(|weight| *weight = &*weight * ratio(1, 10));
        }
    }
    let leak = if alike == Alike::Decimal { ratio(9, 10) } else { ratio(0, 1) };
    TemporalCase {
        name: None,
        network: Temporal {
            leak,
            activation,
            recurrent,
            has_diagonal: true,
            input,
            biases: Some(biases.into_iter().flatten().collect()),
            readout,
            readout_biases: None,
            types: None,
        },
        steps: Steps::All,
        learning_rate: ratio(1, 10),
        kink: Kink::Left,
        examples,
    }
}

const KINDS: [Alike; 7] = [
    Alike::Nothing,
    Alike::Examples,
    Alike::Inputs,
    Alike::Neurons,
    Alike::Mean,
    Alike::Saturated,
    Alike::Decimal,
];

fn in_f32(case: &TemporalCase, rule: &TemporalRule, quantity: Quantity) -> Gradient {
    let number = Number::Float(Dtype::F32);
    gradient(case, rule, number, quantity, &Limits::default()).unwrap()
}

fn judged(case: &TemporalCase, mine: &Gradient) -> Judgement {
    judgement(case, mine, &Limits::default(), &mut Silent).unwrap()
}

fn largest(judgement: &Judgement) -> f64 {
    let all = judgement.blocks.iter().map(|block| block.plausible.expect("a third line").largest);
    all.fold(0.0, f64::max)
}

/// All entries times a factor, rounded again; without the loss.
fn times(mine: &Gradient, factor: &BigRational) -> Gradient {
    let entries = mine.entries.clone().map(|entry| held(&(entry * factor), mine.number).unwrap());
    Gradient { entries, loss: None, ..mine.clone() }
}

/// By adjoints and by sensitivities in f32: plausible, with room to spare; times 1.001, refused.
#[test]
fn right_floats_of_all_engines_are_plausible_and_a_thousandth_is_not() {
    let functions =
        [Activation::Tanh, Activation::Relu, Activation::Logistic, Activation::Softplus];
    let mut most = 0.0_f64;
    for (kind, alike) in KINDS.into_iter().enumerate() {
        for (of, activation) in functions.iter().enumerate() {
            let case = net((kind * 4 + of) as u64, alike, 4, 10, activation.clone());
            let quantity = [Quantity::Gradient, Quantity::Update][of % 2];
            for rule in [TemporalRule::Bptt, TemporalRule::Rtrl] {
                let mine = in_f32(&case, &rule, quantity);
                let found = judged(&case, &mine);
                let at = format!("{alike:?}, {activation:?}, {rule}");
                assert!(!found.nearness().is_refused(), "{at}: {found:?}");
                most = most.max(largest(&found));
                if rule == TemporalRule::Bptt {
                    let wrong = judged(&case, &times(&mine, &ratio(1001, 1000)));
                    assert!(wrong.nearness().is_refused(), "{at}: {wrong:?}");
                }
            }
        }
    }
    println!("the largest error is {most:.2} deviations");
    assert!(most > 0.1 && most < 5.0, "{most}");
}

/// Where the bound is blind the third line vouches for what is right, and refuses a thousandth; `--rigorous` knows neither.
#[test]
fn it_has_power_where_the_bound_has_none() {
    let case = net(7, Alike::Nothing, 8, 30, Activation::Tanh);
    let mine = in_f32(&case, &TemporalRule::Bptt, Quantity::Gradient);
    let rigorously = |mine: &Gradient| {
        let options = Options { rigorous: true, ..Options::default() };
        judge(&case, mine, &options, &Limits::default(), &mut Silent).unwrap().0
    };
    let right = judged(&case, &mine);
    assert_eq!((right.nearness(), right.unchecked()), (Nearness::Plausible, None));
    assert_eq!(rigorously(&mine).nearness(), Nearness::WithinBound);
    assert!(rigorously(&mine).unchecked().is_some());
    let wrong = times(&mine, &ratio(1001, 1000));
    assert_eq!(judged(&case, &wrong).nearness(), Nearness::Implausible);
    assert_eq!(rigorously(&wrong).nearness(), Nearness::WithinBound);
    // The loss alone, too.
    let off = |loss: &BigRational| held(&(loss * ratio(1001, 1000)), mine.number).unwrap();
    let found = judged(&case, &Gradient { loss: mine.loss.as_ref().map(off), ..mine.clone() });
    assert!(found.nearness().is_refused());
}

/// What comes back to itself adds up: of n steps that change nothing the mean of all neurons is off by n roundings, not by √n.
#[test]
fn what_is_off_alike_adds_up_over_time() {
    let at = |alike, steps| {
        let case = net(3, alike, 4, steps, Activation::Identity);
        let found = temporal_spread(&case, Dtype::F32).unwrap();
        found.readout[0][0]
    };
    let growth = at(Alike::Mean, 64) / at(Alike::Mean, 16);
    assert!(growth > 4.0, "{growth}");
    // The same draws, whenever they are drawn.
    assert_eq!(at(Alike::Nothing, 8), at(Alike::Nothing, 8));
}

/// A network that amplifies its roundings until first order says nothing has no third line.
#[test]
fn chaos_has_no_third_line() {
    // x ← 4x (1 − x), with s = −x.
    let mut case = net(5, Alike::Nothing, 1, 60, Activation::Quadratic);
    case.network.recurrent = vec![vec![ratio(4, 1)]];
    case.network.input = vec![vec![ratio(1, 1), ratio(0, 1)]];
    case.network.biases = Some(vec![ratio(0, 1)]);
    case.examples.truncate(1);
    case.examples[0].input = vec![vec![ratio(0, 1); 2]; 60];
    case.examples[0].input[0][0] = ratio(-3, 8);
    assert!(temporal_spread(&case, Dtype::F32).is_err());
    let cut = |sequence: &mut Vec<Vec<BigRational>>| sequence.truncate(6);
    cut(&mut case.examples[0].input);
    cut(&mut case.examples[0].target);
    assert!(temporal_spread(&case, Dtype::F32).is_ok());
}

/// A net input within reach of a kink: either slope is plausible.
#[test]
fn either_side_of_a_kink_is_plausible() {
    let mut case = net(11, Alike::Nothing, 3, 4, Activation::Relu);
    // s of neuron 0 at the first step is 2⁻⁴⁰: floats of f32 may well have 0, or less.
    case.network.leak = ratio(0, 1);
    let third = ratio(11_184_811, 1 << 25);
    case.network.input[0] = vec![third.clone(), -third.clone()];
    case.network.biases.as_mut().unwrap()[0] = ratio(0, 1);
    let x = ratio(3, 4);
    case.examples[0].input[0] = vec![&x + ratio(1, 1 << 23), x];
    let near = &third * ratio(1, 1 << 23);
    case.network.biases.as_mut().unwrap()[0] = -&near + ratio(1, 1_i64 << 40);
    let in_floats = |case: &TemporalCase| {
        let (exact, limits) = (Number::Exact, Limits::default());
        let found = gradient(case, &TemporalRule::Bptt, exact, Quantity::Gradient, &limits);
        let found = Gradient { number: Number::Float(Dtype::F32), ..found.unwrap() };
        times(&found, &ratio(1, 1))
    };
    let right = in_floats(&case);
    assert!(!judged(&case, &right).nearness().is_refused());
    // As if s were a little below the kink.
    let mut below = case.clone();
    below.network.biases.as_mut().unwrap()[0] = -&near - ratio(1, 1_i64 << 40);
    let off = in_floats(&below);
    let way = off.entries.values().zip(right.entries.values()).map(|(a, b)| (a - b).abs());
    assert!(way.max() > Some(ratio(1, 1 << 10)));
    let found = judged(&case, &off);
    assert!(!found.nearness().is_refused(), "{found:?}");
    assert!(largest(&found) > 0.1);
}
