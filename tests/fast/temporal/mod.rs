//! Rules over time in floats: bit for bit the exact result where floats are exact, and everything an engine promises besides.

mod admission;
pub(super) mod costs;
mod memory;

use creditcheck::error::Error;
use creditcheck::fast::temporal::{Batch, Engine, Evaluation, Flat, Loss, TemporalNetwork};
use creditcheck::fast::{Float, Threads};
use creditcheck::spec::{
    Activation, Diagonal, Feedback, Form, Kink, Limits, Modprop, Mu, Sequence, Steps, Taps,
    Temporal, TemporalCase, TemporalGradient, TemporalRule,
};
use creditcheck::textbook::temporal as exact;
use num_rational::BigRational;
use num_traits::Zero;

use super::allocations::asked;
use super::nets::{Draw, ratio};
use crate::generators::between;

/// Which cases are drawn.
struct Recipe {
    steps: (i64, i64),
    weights: (i64, u32),
    inputs: (i64, u32),
    mu: (i64, u32),
    types: &'static [&'static [usize]],
}

const DOUBLE: Recipe =
    Recipe { steps: (2, 4), weights: (2, 1), inputs: (2, 0), mu: (2, 1), types: &TYPES };
const SINGLE: Recipe =
    Recipe { steps: (2, 3), weights: (1, 0), inputs: (1, 0), mu: (1, 0), types: &PAIRS };

/// Types of one or two cells: every block has a power of two of synapses, however the diagonal is counted.
const TYPES: [&[usize]; 5] = [&[0, 1], &[0, 0], &[0, 1, 1], &[1, 0, 1, 0], &[0, 1, 1, 2]];

/// For formats with few digits.
const PAIRS: [&[usize]; 2] = [&[0, 1], &[1, 0]];

fn case(draw: &mut Draw, recipe: &Recipe) -> TemporalCase {
    let types = (*draw.pick(recipe.types)).to_vec();
    let neurons = types.len();
    let (inputs, readouts) = (draw.integer(1, 2) as usize, draw.integer(1, 2) as usize);
    let (most, bits) = recipe.weights;
    let mut matrix = |rows: usize, columns: usize, diagonal: bool| -> Vec<Vec<BigRational>> {
        let mut row = |i: usize| {
            let mut entry =
                |j| if diagonal && i == j { ratio(0, 1) } else { draw.dyadic(most, bits) };
            (0..columns).map(&mut entry).collect()
        };
        (0..rows).map(&mut row).collect()
    };
    let mut recurrent = matrix(neurons, neurons, true);
    let (input, readout) = (matrix(neurons, inputs, false), matrix(readouts, neurons, false));
    let biases = draw.chance(2).then(|| vec![draw.dyadic(most, bits); readouts]);
    let has_diagonal = draw.chance(3);
    if has_diagonal {
        (0..neurons).for_each(|own| recurrent[own][own] = draw.dyadic(most, bits));
    }
    let own_biases =
        draw.chance(3).then(|| (0..neurons).map(|_| draw.dyadic(most, bits)).collect());
    let starts = draw.chance(3);
    let at_some = draw.chance(3);
    let steps = draw.integer(recipe.steps.0, recipe.steps.1);
    let mut rows = |width: usize| -> Vec<Vec<BigRational>> {
        let mut row =
            |_| (0..width).map(|_| draw.dyadic(recipe.inputs.0, recipe.inputs.1)).collect();
        (0..steps).map(&mut row).collect()
    };
    let mut sequence = |_| Sequence {
        initial: starts.then(|| rows(neurons).remove(0)),
        input: rows(inputs),
        target: rows(readouts),
    };
    let examples: Vec<_> = (0..2).map(&mut sequence).collect();
    let batch = *draw.pick(&[1, 2]);
    let counted = match at_some {
        true => {
            let all = 1..=usize::try_from(steps).unwrap();
            Steps::At(all.filter(|t| *t == 1 || draw.chance(2)).collect())
        }
        false => draw.pick(&[Steps::All, Steps::All, Steps::Last]).clone(),
    };
    TemporalCase {
        name: None,
        network: Temporal {
            leak: draw.pick(&[ratio(0, 1), ratio(1, 2)]).clone(),
            activation: draw.pick(&[Activation::Identity, Activation::Relu]).clone(),
            recurrent,
            has_diagonal,
            input,
            biases: own_biases,
            readout,
            readout_biases: biases,
            types: Some(types),
        },
        steps: counted,
        learning_rate: ratio(1, 2),
        kink: *draw.pick(&[Kink::Left, Kink::Right, Kink::Inner, between(1, 4)]),
        examples: examples[..batch].to_vec(),
    }
}

/// Every rule in every variant; μ per cell once with one number per type, and once without.
fn rules(draw: &mut Draw, types: &[usize], (most, bits): (i64, u32)) -> Vec<TemporalRule> {
    let feedbacks =
        [Feedback::Cell, Feedback::Type(Diagonal::Counted), Feedback::Type(Diagonal::Excluded)];
    let mut rules = vec![TemporalRule::Bptt, TemporalRule::Rtrl, TemporalRule::Eprop];
    for feedback in feedbacks {
        rules.push(TemporalRule::Mdgl { feedback });
        let by_type: Vec<_> = (0..types.len()).map(|_| draw.dyadic(most, bits)).collect();
        let mus = [
            Mu::Scalar(draw.dyadic(most, bits)),
            Mu::PerCell(types.iter().map(|of| by_type[*of].clone()).collect()),
            Mu::PerCell(types.iter().map(|_| draw.dyadic(most, bits)).collect()),
        ];
        for mu in mus {
            for (form, taps) in [
                (Form::Filter, Taps::All),
                (Form::Filter, Taps::Count(1)),
                (Form::Filter, Taps::Count(2)),
                (Form::NoLeak, Taps::All),
                (Form::NoLeak, Taps::Count(2)),
                (Form::Autodiff, Taps::All),
            ] {
                rules.push(TemporalRule::Modprop(Modprop { feedback, taps, mu: mu.clone(), form }));
            }
        }
    }
    rules
}

/// What was compared, over all rules.
#[derive(Default)]
struct Counts {
    cases: usize,
    entries: usize,
    nonzero: usize,
    differ_from_bptt: usize,
}

fn equal<F: Float>(counts: &mut Counts, float: &[F], exact: &[BigRational], what: &str) {
    assert_eq!(float.len(), exact.len(), "{what}");
    for (at, (float, exact)) in float.iter().zip(exact).enumerate() {
        assert!(float.exact().as_ref() == Some(exact), "{what}[{at}]: {float:?}, {exact}");
        counts.entries += 1;
        counts.nonzero += usize::from(!exact.is_zero());
    }
}

fn compare<F: Float>(
    counts: &mut Counts,
    engine: &Engine<F>,
    found: &TemporalGradient<BigRational>,
    what: &str,
) {
    let flat = |rows: &[Vec<BigRational>]| rows.concat();
    let gradient = engine.gradient();
    equal(counts, &[engine.loss()], std::slice::from_ref(&found.loss), &format!("{what}, loss"));
    equal(counts, &gradient.recurrent, &flat(&found.recurrent), &format!("{what}, recurrent"));
    // Of one more input, biases are the weights.
    let mut input = found.input.clone();
    for (row, bias) in input.iter_mut().zip(found.biases.iter().flatten()) {
        row.push(bias.clone());
    }
    equal(counts, &gradient.input, &flat(&input), &format!("{what}, input"));
    equal(counts, &gradient.readout, &flat(&found.readout), &format!("{what}, readout"));
    if let Some(biases) = &found.readout_biases {
        equal(counts, &gradient.readout_biases, biases, &format!("{what}, biases"));
    }
    counts.cases += 1;
}

fn run<F: Float>(recipe: &Recipe, draws: u64, precision: u32) {
    let (mut admitted, mut counts) = (0, Counts::default());
    for seed in 0..draws {
        let draw = &mut Draw::new(seed);
        let case = case(draw, recipe);
        if !admission::admit(&case, recipe.mu.1, precision) {
            continue;
        }
        admitted += 1;
        let net = TemporalNetwork::<F>::of(&case).unwrap();
        let batch = Batch::<F>::of(&case).unwrap();
        let mut bptt = None;
        for rule in rules(draw, net.types.as_deref().unwrap(), recipe.mu) {
            let limits = Limits::default();
            let evaluation = exact::Evaluation::Adjoint;
            let found = exact::run::<BigRational>(&case, &rule, evaluation, &limits).unwrap();
            let truth = bptt.get_or_insert_with(|| found.gradient.recurrent.clone());
            counts.differ_from_bptt += usize::from(*truth != found.gradient.recurrent);
            for evaluation in [Evaluation::Adjoint, Evaluation::Causal] {
                let (steps, examples) = (batch.steps, batch.examples);
                let mut engine =
                    Engine::new(&net, steps, examples, &rule, evaluation, Threads::ONE).unwrap();
                let what = format!("seed {seed}, {rule:?}, {evaluation:?}");
                // The second step finds what the first has left.
                for _ in 0..2 {
                    engine.step(&net, &batch, Loss::HalfSquaredError, case.steps.clone()).unwrap();
                    compare(&mut counts, &engine, &found.gradient, &what);
                }
            }
        }
    }
    let Counts { cases, entries, nonzero, differ_from_bptt } = counts;
    println!(
        "{}: {admitted} of {draws} admitted, {cases} runs, {entries} entries, {nonzero} not zero, \
         {differ_from_bptt} rules differ from BPTT",
        F::NAME
    );
    assert!(admitted * 10 >= draws * 9, "{admitted} of {draws} admitted");
    assert!(cases >= 1000 && nonzero * 3 > entries && differ_from_bptt > 100);
}

#[test]
fn bits_f64() {
    run::<f64>(&DOUBLE, 100, 53);
}

#[test]
fn bits_f32() {
    run::<f32>(&SINGLE, 100, 24);
}

/// A network of some size with numbers of every kind.
fn network<F: Float>(
    neurons: usize,
    types: usize,
    activation: Activation,
) -> (TemporalNetwork<F>, Batch<F>) {
    let draw = &mut Draw::new(11);
    let (inputs, readouts, steps, examples) = (3, 2, 7, 5);
    let mut numbers = |length: usize, most: i64| -> Vec<F> {
        (0..length).map(|_| F::nearest(&ratio(draw.integer(-most, most), 1000))).collect()
    };
    let net = TemporalNetwork {
        neurons,
        inputs,
        readouts,
        leak: F::nearest(&ratio(9, 10)),
        activation: creditcheck::fast::Function::of(&activation).unwrap(),
        kink: Kink::Left,
        recurrent: numbers(neurons * neurons, 300),
        has_diagonal: false,
        input: numbers(neurons * inputs, 2000),
        readout: numbers(readouts * neurons, 500),
        readout_biases: Some(numbers(readouts, 500)),
        types: Some((0..neurons).map(|cell| cell % types).collect()),
    };
    let input = numbers(steps * examples * inputs, 2000);
    let target = numbers(steps * examples * readouts, 1000);
    (net, Batch { steps, examples, input, target, initial: None })
}

fn stepped<F: Float>(
    (net, batch): &(TemporalNetwork<F>, Batch<F>),
    rule: &TemporalRule,
    evaluation: Evaluation,
    threads: Threads,
) -> (Flat<F>, F) {
    let mut engine =
        Engine::new(net, batch.steps, batch.examples, rule, evaluation, threads).unwrap();
    engine.step(net, batch, Loss::CrossEntropy, Steps::All).unwrap();
    (engine.gradient().clone(), engine.loss())
}

#[test]
fn bits_do_not_depend_on_threads() {
    // Large enough for several panels of several products.
    let problem = network::<f32>(600, 3, Activation::Tanh);
    let types = problem.0.types.clone().unwrap();
    let mut compared = 0;
    for rule in rules(&mut Draw::new(5), &types, (4, 2)).into_iter().take(8) {
        if rule == TemporalRule::Rtrl {
            continue;
        }
        let one = stepped(&problem, &rule, Evaluation::Adjoint, Threads::ONE);
        let two = stepped(&problem, &rule, Evaluation::Adjoint, Threads::rayon(3));
        assert!(one.0.recurrent.iter().any(|g| *g != 0.0));
        let bits = |all: &[f32]| all.iter().map(|g| g.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&one.0.recurrent), bits(&two.0.recurrent), "{rule:?}");
        assert_eq!(bits(&one.0.input), bits(&two.0.input), "{rule:?}");
        assert_eq!(one.1.to_bits(), two.1.to_bits(), "{rule:?}");
        compared += 1;
    }
    assert!(compared >= 5);
}

#[test]
fn steps_take_no_memory() {
    let problem = network::<f64>(24, 3, Activation::Tanh);
    let (net, batch) = &problem;
    let mut counted = 0;
    for rule in rules(&mut Draw::new(5), net.types.as_deref().unwrap(), (4, 2)) {
        for evaluation in [Evaluation::Adjoint, Evaluation::Causal] {
            let mut engine =
                Engine::new(net, batch.steps, batch.examples, &rule, evaluation, Threads::ONE)
                    .unwrap();
            let mut step = || engine.step(net, batch, Loss::HalfSquaredError, Steps::All).unwrap();
            step();
            assert_eq!(asked(step), 0, "{rule:?}, {evaluation:?}");
            counted += 1;
        }
    }
    assert!(counted > 100);
}

/// With σ = tanh no engine is exact: BPTT and RTRL, adjoint and causal, agree to rounding, and approximations are something else.
#[test]
fn curved_activations() {
    let problem = network::<f64>(12, 3, Activation::Tanh);
    let types = problem.0.types.clone().unwrap();
    let one = |rule: &TemporalRule, evaluation| {
        stepped(&problem, rule, evaluation, Threads::ONE).0.recurrent
    };
    let distance = |a: &[f64], b: &[f64]| {
        let square = |all: &mut dyn Iterator<Item = f64>| all.map(|x| x * x).sum::<f64>();
        let apart = square(&mut a.iter().zip(b).map(|(a, b)| a - b));
        (apart / square(&mut a.iter().copied())).sqrt()
    };
    let truth = one(&TemporalRule::Bptt, Evaluation::Adjoint);
    assert!(distance(&truth, &one(&TemporalRule::Rtrl, Evaluation::Causal)) < 1e-13);
    let mut others = 0;
    for rule in rules(&mut Draw::new(5), &types, (4, 2)).iter().skip(2) {
        let adjoint = one(rule, Evaluation::Adjoint);
        let apart = distance(&adjoint, &one(rule, Evaluation::Causal));
        assert!(apart < 1e-13, "{rule:?}: {apart}");
        others += usize::from(distance(&truth, &adjoint) > 1e-6);
    }
    assert!(others > 50, "{others}");
}

/// ϵ of the cross-entropy is the derivative of its loss, seen by differences of the readout biases.
#[test]
fn cross_entropy() {
    let (mut net, mut batch) = network::<f64>(6, 2, Activation::Tanh);
    for (column, target) in batch.target.chunks_exact_mut(2).enumerate() {
        target.copy_from_slice(if column % 3 == 0 { &[1.0, 0.0] } else { &[0.0, 1.0] });
    }
    let (steps, examples) = (batch.steps, batch.examples);
    let mut engine =
        Engine::new(&net, steps, examples, &TemporalRule::Bptt, Evaluation::Adjoint, Threads::ONE)
            .unwrap();
    engine.step(&net, &batch, Loss::CrossEntropy, Steps::All).unwrap();
    let gradient = engine.gradient().clone();
    let mut at = |change: &dyn Fn(&mut TemporalNetwork<f64>, f64), by: f64| {
        change(&mut net, by);
        engine.fire(&net, &batch, Loss::CrossEntropy, Steps::All).unwrap();
        change(&mut net, -by);
        engine.loss()
    };
    let h = 2f64.powi(-16);
    let mut slope = |change: &dyn Fn(&mut TemporalNetwork<f64>, f64)| {
        (at(change, h) - at(change, -h)) / (2.0 * h)
    };
    let bias = slope(&|net, by| net.readout_biases.as_mut().unwrap()[1] += by);
    let weight = slope(&|net, by| net.recurrent[7] += by);
    let input = slope(&|net, by| net.input[4] += by);
    for (found, expected) in [
        (gradient.readout_biases[1], bias),
        (gradient.recurrent[7], weight),
        (gradient.input[4], input),
    ] {
        assert!(expected != 0.0 && (found - expected).abs() < 1e-8, "{found} {expected}");
    }
    assert!((gradient.readout_biases[0] + gradient.readout_biases[1]).abs() < 1e-14);
}

/// Firing alone gives readouts and the loss; the gradient is that of the step before, to the last bit, whatever the rule.
#[test]
fn firing_leaves_the_gradient() {
    let (net, batch) = network::<f64>(12, 3, Activation::Tanh);
    let mut other = batch.clone();
    other.target.iter_mut().for_each(|target| *target += 1.0);
    let mut fired = 0;
    for rule in rules(&mut Draw::new(5), net.types.as_deref().unwrap(), (4, 2)) {
        for evaluation in [Evaluation::Adjoint, Evaluation::Causal] {
            let (steps, examples) = (batch.steps, batch.examples);
            let mut engine =
                Engine::new(&net, steps, examples, &rule, evaluation, Threads::ONE).unwrap();
            engine.step(&net, &batch, Loss::HalfSquaredError, Steps::All).unwrap();
            let (gradient, loss) = (engine.gradient().clone(), engine.loss());
            engine.fire(&net, &other, Loss::HalfSquaredError, Steps::All).unwrap();
            assert!(engine.loss() != loss, "{rule:?}");
            assert!(gradient.readout_biases.iter().all(|bias| *bias != 0.0), "{rule:?}");
            assert_eq!(*engine.gradient(), gradient, "{rule:?}, {evaluation:?}");
            fired += 1;
        }
    }
    assert!(fired > 100);
}

/// The types of a network are part of an engine that sends credit by type: others are refused, and the same taken again.
#[test]
fn other_types_are_refused() {
    let (net, batch) = network::<f64>(6, 3, Activation::Relu);
    assert_eq!(net.types, Some(vec![0, 1, 2, 0, 1, 2]));
    // As many types of as many cells; other sizes; fewer types; none.
    let others =
        [Some(vec![1, 0, 2, 0, 1, 2]), Some(vec![0, 1, 2, 0, 1, 1]), Some(vec![0; 6]), None];
    let (mut refused, mut taken) = (0, 0);
    for rule in rules(&mut Draw::new(5), net.types.as_deref().unwrap(), (4, 2)) {
        let by_type = match &rule {
            TemporalRule::Mdgl { feedback } | TemporalRule::Modprop(Modprop { feedback, .. }) => {
                *feedback != Feedback::Cell
            }
            _ => false,
        };
        for evaluation in [Evaluation::Adjoint, Evaluation::Causal] {
            let (steps, examples) = (batch.steps, batch.examples);
            let mut engine =
                Engine::new(&net, steps, examples, &rule, evaluation, Threads::ONE).unwrap();
            engine.step(&net, &batch, Loss::HalfSquaredError, Steps::All).unwrap();
            let before = engine.gradient().clone();
            for types in &others {
                let changed = TemporalNetwork { types: types.clone(), ..net.clone() };
                let found = [
                    engine.step(&changed, &batch, Loss::HalfSquaredError, Steps::All),
                    engine.fire(&changed, &batch, Loss::HalfSquaredError, Steps::All),
                ];
                for found in found {
                    match found {
                        Err(Error::Input { place, .. }) if by_type => {
                            assert_eq!(place, "network.types");
                            refused += 1;
                        }
                        Ok(()) if !by_type => taken += 1,
                        other => panic!("{other:?}: {rule:?}, {evaluation:?}, {types:?}"),
                    }
                }
            }
            engine.step(&net, &batch, Loss::HalfSquaredError, Steps::All).unwrap();
            assert_eq!(*engine.gradient(), before, "{rule:?}, {evaluation:?}");
        }
    }
    assert!(refused > 100 && taken > 100, "{refused}, {taken}");
}

#[test]
fn refusals() {
    let (net, batch) = network::<f64>(65, 3, Activation::Relu);
    let new = |net: &TemporalNetwork<f64>, rule: &TemporalRule| {
        Engine::new(net, 7, 5, rule, Evaluation::Causal, Threads::ONE).map(|_| ())
    };
    assert!(matches!(
        new(&net, &TemporalRule::Rtrl),
        Err(Error::Limit { given: 65, limit: 64, .. })
    ));
    assert!(matches!(new(&net, &TemporalRule::Tangent), Err(Error::Unsupported { .. })));
    let modprop =
        |feedback, taps, mu, form| TemporalRule::Modprop(Modprop { feedback, taps, mu, form });
    let half = Mu::Scalar(ratio(1, 2));
    let counted = modprop(Feedback::Cell, Taps::Count(2), half.clone(), Form::Autodiff);
    assert!(matches!(new(&net, &counted), Err(Error::Unsupported { .. })));
    let short = modprop(Feedback::Cell, Taps::All, Mu::PerCell(vec![ratio(1, 2)]), Form::Filter);
    assert!(matches!(new(&net, &short), Err(Error::Input { .. })));
    let mut untyped = net.clone();
    untyped.types = None;
    let typed = modprop(Feedback::Type(Diagonal::Counted), Taps::All, half, Form::Filter);
    assert!(matches!(new(&untyped, &typed), Err(Error::Input { .. })));
    for rule in [TemporalRule::Bptt, TemporalRule::Eprop, typed] {
        for evaluation in [Evaluation::Adjoint, Evaluation::Causal] {
            let mut engine = Engine::new(&net, 7, 5, &rule, evaluation, Threads::ONE).unwrap();
            let mut step =
                |net: &_, batch: &_| engine.step(net, batch, Loss::HalfSquaredError, Steps::All);
            let mut wrong = batch.clone();
            wrong.input.pop();
            assert!(matches!(step(&net, &wrong), Err(Error::Input { .. })), "{rule:?}");
            for bad in [f64::NAN, f64::INFINITY, 1e200] {
                let mut wrong = batch.clone();
                wrong.input[0] = bad;
                assert!(
                    matches!(step(&net, &wrong), Err(Error::NotFinite { .. })),
                    "{rule:?} {bad}"
                );
            }
            step(&net, &batch).unwrap();
        }
    }
}
