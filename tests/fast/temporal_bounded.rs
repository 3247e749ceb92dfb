//! Tier F in time: floats of every rule inside their computed bounds, on nets with nothing dyadic about them; and bounds that refuse.

use creditcheck::fast::temporal::{Batch, Engine, Evaluation, Flat, Loss, TemporalNetwork};
use creditcheck::fast::{Float, Threads};
use creditcheck::number::{nearest_f32, nearest_f64};
use creditcheck::spec::{
    Activation, Diagonal, Dtype, Feedback, Kink, Limits, Sequence, Steps, Temporal, TemporalCase,
    TemporalGradient, TemporalRule,
};
use creditcheck::textbook::temporal as exact;
use creditcheck::verdict::Verdict;
use creditcheck::verdict::bounded::{
    Tightness, compare_temporal, power, temporal_bound, temporal_update_bound,
    weakest_temporal_block,
};
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive, Zero};
use quickcheck::{Arbitrary, Gen};

use super::bounded::{ceiling, format_of};
use super::temporal::costs::uniform;
use crate::engines;
use crate::generators::temporal::{InTime, below, one_of, variants};
use crate::generators::{Q, ratio, seed};

/// 120 nets, on each BPTT, RTRL and some of the other rules, both ways: every entry is inside.
fn every_entry_is_inside<F: Float>() {
    let mut g = Gen::from_size_and_seed(100, seed(20_220_607));
    let format = format_of::<F>();
    let (mut compared, mut strong, mut weak, mut jumps) = (0, 0, Vec::new(), 0);
    let mut ratios: Vec<Tightness> = Vec::new();
    for n in 0..120 {
        let case = wild(&mut g);
        let mut rules = vec![TemporalRule::Bptt, TemporalRule::Rtrl, TemporalRule::Eprop];
        rules.extend(variants(&mut g, &case).into_iter().skip(n % 25).step_by(25));
        let near = is_near_a_kink(&case);
        jumps += usize::from(near);
        for rule in rules {
            let reference = reference(&case, &rule);
            let bounds = temporal_bound(&case, &rule, format).unwrap();
            for evaluation in [Evaluation::Adjoint, Evaluation::Causal] {
                let float = floats::<F>(&case, &rule, evaluation);
                let (verdict, tightness) = compare_temporal(&bounds, &float, &reference);
                match verdict {
                    Verdict::Agree(found) => compared += found.nonzero,
                    Verdict::Unchecked(block) if block.starts_with(dead_block(&reference)) => {}
                    other => panic!("{other:?}: {rule:?} {evaluation:?} on {case:?}"),
                }
                if tightness.entries > 0 && !near {
                    ratios.push(tightness);
                }
                match weakest_temporal_block(format, &bounds, &float, &reference) {
                    // A slope that may jump is not known, and a bound that says so has no power.
                    Some(_) if near => {}
                    Some(block) => weak.push(format!("{block}: {rule:?} on {case:?}")),
                    None => {
                        strong += 1;
                        assert_eq!(refused(&bounds, &float, &reference, format), Ok(()));
                    }
                }
            }
        }
    }
    assert!(compared >= 10_000 && jumps >= 10, "{compared} entries, {jumps} nets near a kink");
    // Where credit cancels to almost nothing, or feeds on large numbers, f32 has nothing left to bound.
    let most = if format == Dtype::F64 { 0 } else { strong / 10 };
    assert!(
        strong >= 500 && weak.len() <= most,
        "{strong} strong, {}: {:?}",
        weak.len(),
        weak.first()
    );
    ceiling(&format!("in time {}", F::NAME), 120, &ratios);
}

#[test]
fn every_entry_of_every_rule_is_inside_its_bound_in_f64() {
    every_entry_is_inside::<f64>();
}

#[test]
fn every_entry_of_every_rule_is_inside_its_bound_in_f32() {
    every_entry_is_inside::<f32>();
}

/// An update has bounds of its own, as much smaller as it is: η times a float gradient is inside.
#[test]
fn updates_are_inside_bounds_of_their_own() {
    let mut g = Gen::from_size_and_seed(100, seed(20_220_610));
    let mut compared = 0;
    for _ in 0..30 {
        let mut case = wild(&mut g);
        let rule = TemporalRule::Bptt;
        let eta = ratio(1, 3 << 20);
        case.learning_rate = eta.clone();
        let gradient = temporal_bound(&case, &rule, Dtype::F64).unwrap();
        let update = temporal_update_bound(&case, &rule, Dtype::F64).unwrap();
        assert_eq!(update.loss.to_bits(), gradient.loss.to_bits());
        let float = floats::<f64>(&case, &rule, Evaluation::Adjoint);
        let mut moved = converted(&float, |value| -nearest_f64(&eta) * value);
        moved.loss = float.loss;
        let exact = reference(&case, &rule);
        let mut expected = converted(&exact, |value| -(value * &eta));
        expected.loss.clone_from(&exact.loss);
        match compare_temporal(&update, &moved, &expected).0 {
            Verdict::Agree(found) => compared += found.nonzero,
            Verdict::Unchecked(block) if block.starts_with(dead_block(&exact)) => {}
            other => panic!("{other:?} on {case:?}"),
        }
        let eta = nearest_f64(&eta);
        let pairs = update.recurrent.iter().flatten().zip(gradient.recurrent.iter().flatten());
        for ((update, gradient), exact) in pairs.zip(exact.recurrent.iter().flatten()) {
            // Three more roundings of what is at least as large as the entry.
            let own = 8.0 * f64::EPSILON * nearest_f64(exact).abs();
            assert!(*update <= 2.0 * eta * (gradient + own), "{update} {gradient}");
        }
    }
    assert!(compared > 200, "{compared}");
}

/// The bounds are of their rule: the floats of another one are refused, wherever the two differ.
#[test]
fn another_rule_is_refused() {
    let mut g = Gen::from_size_and_seed(100, seed(20_220_608));
    let mut refused = 0;
    for _ in 0..40 {
        let case = wild(&mut g);
        if is_near_a_kink(&case) {
            continue;
        }
        let exact = reference(&case, &TemporalRule::Bptt);
        let bounds = temporal_bound(&case, &TemporalRule::Bptt, Dtype::F64).unwrap();
        let local = floats::<f64>(&case, &TemporalRule::Eprop, Evaluation::Causal);
        let differ = reference(&case, &TemporalRule::Eprop) != exact;
        let (verdict, _) = compare_temporal(&bounds, &local, &exact);
        assert_eq!(matches!(verdict, Verdict::Disagree(_)), differ, "{verdict:?} on {case:?}");
        refused += usize::from(differ);
    }
    assert!(refused >= 15, "{refused}");
}

/// Exactly at a kink, in numbers that floats do not have, a slope may be either of two: both are inside, and its bound has no power.
#[test]
fn a_slope_at_a_kink_may_jump() {
    // s_1 = 9/10 (1/3 · 3/7 − 1/7) = 0, which floats may miss on either side.
    let text = br#"{"format": "creditcheck/case/1", "network": {"kind": "temporal", "leak": "1/10",
      "activation": "relu", "recurrent": [["0"]], "input": [["1/3", "1/7"]], "readout": [["5/3"]],
      "readout_biases": ["1/9"]}, "loss": "half_squared_error", "learning_rate": "1", "steps": "all",
      "examples": [{"input": [["3/7", "-1"]], "target": [["1"]]}]}"#;
    let read = creditcheck::wire::TemporalDocument::read(text, &Limits::default()).unwrap();
    let case = read.case;
    let rule = TemporalRule::Bptt;
    let bounds = temporal_bound(&case, &rule, Dtype::F64).unwrap();
    let exact = reference(&case, &rule);
    assert!(exact.input[0].iter().all(Zero::is_zero));
    // h = 1 would give (1−λ) ϵ v x
    let other = ratio(9, 10) * (ratio(1, 9) - ratio(1, 1)) * ratio(5, 3) * ratio(3, 7);
    let jumped = nearest_f64(&other);
    assert!(bounds.input[0][0] >= jumped.abs() && bounds.input[0][0] <= 1.01 * jumped.abs());
    let float = floats::<f64>(&case, &rule, Evaluation::Adjoint);
    // W has nothing to say at the first step; both slopes of ∂L/∂U pass.
    for slope in [float.input[0][0], jumped] {
        let mut float = float.clone();
        float.input[0][0] = slope;
        let found = compare_temporal(&bounds, &float, &exact).0;
        assert_eq!(
            found,
            Verdict::Unchecked("recurrent: every entry of this block is zero".into())
        );
    }
}

/// What a dead rule gives is right on a dead net, and nothing has been checked: block by block, whatever the loss.
#[test]
fn dead_blocks_are_unchecked() {
    let mut g = Gen::from_size_and_seed(100, seed(20_220_609));
    let mut case = wild(&mut g);
    while case.duration() < 3
        || case.network.readout_biases.is_none()
        || case.network.biases.is_some()
        || !case.starts_silent()
        || matches!(case.steps, Steps::At(_))
        || is_near_a_kink(&case)
        || dead_block(&reference(&case, &TemporalRule::Bptt)) != "no block"
    {
        case = wild(&mut g);
    }
    let found = |case: &TemporalCase| {
        let rule = TemporalRule::Bptt;
        let exact = reference(case, &rule);
        let bounds = temporal_bound(case, &rule, Dtype::F64).unwrap();
        let float = floats::<f64>(case, &rule, Evaluation::Adjoint);
        let mut wrong = float.clone();
        wrong.readout[0][0] += 1.0;
        assert!(matches!(compare_temporal(&bounds, &wrong, &exact).0, Verdict::Disagree(_)));
        (compare_temporal(&bounds, &float, &exact).0, !exact.loss.is_zero())
    };
    assert!(matches!(found(&case).0, Verdict::Agree(_)));
    let dead =
        |block: &str| Verdict::Unchecked(format!("{block}: every entry of this block is zero"));
    // One step: no recurrent synapse has carried anything yet.
    let mut short = case.clone();
    for example in &mut short.examples {
        example.input.truncate(1);
        example.target.truncate(1);
    }
    assert_eq!(found(&short), (dead("recurrent"), true));
    // Readouts that hear nobody: their own derivatives live, and those of the biases.
    let mut deaf = case.clone();
    deaf.network.readout.iter_mut().flatten().for_each(|weight| *weight = Q::zero());
    assert_eq!(found(&deaf), (dead("recurrent"), true));
    // Nothing but the loss is left.
    deaf.network.readout_biases = None;
    deaf.examples.iter_mut().flat_map(|e| &mut e.input).flatten().for_each(|x| *x = Q::zero());
    let exact = reference(&deaf, &TemporalRule::Bptt);
    assert!(exact.readout.iter().flatten().all(Zero::is_zero));
    assert_eq!(found(&deaf), (dead("recurrent"), true));
    // What the readouts are wrong by adds up to nothing: only the biases are dead.
    case.steps = Steps::All;
    case.examples.truncate(1);
    let errors = reference(&case, &TemporalRule::Bptt).readout_biases.unwrap();
    let last = case.examples[0].target.last_mut().unwrap();
    last.iter_mut().zip(errors).for_each(|(target, error)| *target += error);
    assert_eq!(found(&case), (dead("readout_biases"), true));
}

/// Every step sums over all readouts anew, and may lose a part to each of them: here everything, the largest number coming first.
#[test]
fn every_step_sums_over_all_readouts() {
    let (steps, readouts) = (5_usize, 1000);
    // Nothing fires, so ϵ = −y*: 1 at the last step, and before it in each readout half a unit in the last place of what comes back.
    let lost = |t: usize| ratio(1, (1 << 24) << (steps - t));
    let target = |t: usize, k: usize| match (t == steps, k) {
        (true, 0) => ratio(-1, 1),
        (true, _) => Q::zero(),
        _ => -lost(t),
    };
    let case = TemporalCase {
        name: None,
        network: Temporal {
            leak: ratio(1, 2),
            activation: Activation::Identity,
            recurrent: vec![vec![Q::zero()]],
            has_diagonal: false,
            biases: None,
            input: vec![vec![Q::zero()]],
            readout: vec![vec![ratio(1, 1)]; readouts],
            readout_biases: None,
            types: None,
        },
        steps: Steps::All,
        learning_rate: ratio(1, 1),
        kink: Kink::Left,
        examples: vec![Sequence {
            initial: None,
            input: (1..=steps).map(|t| vec![ratio(i64::from(t == 1), 1)]).collect(),
            target: (1..=steps).map(|t| (0..readouts).map(|k| target(t, k)).collect()).collect(),
        }],
    };
    let rule = TemporalRule::Bptt;
    let exact = reference(&case, &rule);
    let mut g = 0.0_f32;
    for t in (1..=steps).rev() {
        g /= 2.0;
        (0..readouts).for_each(|k| g -= nearest_f32(&target(t, k)));
    }
    let mut float = converted(&exact, nearest_f32);
    // ∂L/∂U = ½ g_1 x_1, and no term of a step before the last has left a trace.
    assert!(g == 0.0625 && float.input[0][0] != g / 2.0);
    float.input[0][0] = g / 2.0;
    let bounds = temporal_bound(&case, &rule, Dtype::F32).unwrap();
    let off = (ratio(1, 32) - &exact.input[0][0]).abs().to_f64().unwrap();
    let unit = (-24f64).exp2() / 32.0;
    assert!(off > 3_999.0 * unit && off < bounds.input[0][0] && bounds.input[0][0] < 2.0 * off);
}

/// A thousand steps: the bound is finite and has power still, and BPTT and RTRL are no further apart than both may be off.
#[test]
fn long_sequences_have_bounds() {
    let (neurons, steps) = (4, 1000);
    let weight = |post: usize, pre: usize| match post == pre {
        true => Q::zero(),
        false => ratio(((3 * post + 5 * pre) % 7) as i64 - 3, 12),
    };
    let row = |post| (0..neurons).map(|pre| weight(post, pre)).collect();
    let mut case = uniform(neurons);
    case.network.leak = ratio(9, 10);
    case.network.activation = Activation::Relu;
    case.network.recurrent = (0..neurons).map(row).collect();
    case.examples = vec![Sequence {
        initial: None,
        input: (0..steps).map(|t| vec![ratio(t % 11, 9)]).collect(),
        target: vec![vec![ratio(5, 1)]; steps as usize],
    }];
    let bounds = temporal_bound(&case, &TemporalRule::Bptt, Dtype::F64).unwrap();
    let back = floats::<f64>(&case, &TemporalRule::Bptt, Evaluation::Adjoint);
    let forth = floats::<f64>(&case, &TemporalRule::Rtrl, Evaluation::Causal);
    let flat = |all: &TemporalGradient<f64>| [all.recurrent.concat(), all.input.concat()].concat();
    let (bounds, back, forth) = (flat(&bounds), flat(&back), flat(&forth));
    let largest = back.iter().fold(0.0, |largest: f64, g| largest.max(g.abs()));
    let wrong_by = largest * power(Dtype::F64).to_f64().unwrap();
    for ((bound, back), forth) in bounds.iter().zip(&back).zip(&forth) {
        assert!((back - forth).abs() <= 2.0 * bound && *bound < wrong_by, "{bound} {back} {forth}");
    }
    assert!(back != forth && largest > 1.0);
}

/// The entries of a block.
type Block = fn(&mut TemporalGradient<f64>) -> Vec<&mut f64>;

/// One entry of each block moved by its share of the largest must be refused; says which was not.
fn refused<F: Float>(
    bounds: &TemporalGradient<f64>,
    float: &TemporalGradient<F>,
    exact: &TemporalGradient<Q>,
    format: Dtype,
) -> Result<(), String> {
    let blocks: [Block; 3] = [
        |g| g.recurrent.iter_mut().flatten().collect(),
        |g| g.input.iter_mut().flatten().collect(),
        |g| g.readout.iter_mut().flatten().collect(),
    ];
    for (n, block) in blocks.into_iter().enumerate() {
        let mut wrong = converted(float, |value: &F| (*value).into());
        let largest = block(&mut wrong).iter().map(|value| value.abs()).fold(0.0, f64::max);
        if largest == 0.0 {
            continue;
        }
        let step = largest * 1.01 * power(format).to_f64().unwrap();
        *block(&mut wrong)[0] += step;
        let place = ["recurrent[0][0]", "input[0][0]", "readout[0][0]"][n];
        match compare_temporal(bounds, &wrong, exact).0 {
            Verdict::Disagree(found) if (&*found.place, found.differing) == (place, 1) => {}
            other => {
                return Err(format!("an entry of block {n} may be wrong by {step}: {other:?}"));
            }
        }
    }
    Ok(())
}

/// Credit through weights that are means of types comes to cells to which W sends none.
#[test]
fn the_bound_of_mdgl_knows_its_feedback() {
    let case = crate::temporal::committed("temporal-golden");
    let bound = |feedback| {
        temporal_bound(&case, &TemporalRule::Mdgl { feedback }, Dtype::F32).unwrap().recurrent
    };
    assert_ne!(bound(Feedback::Cell), bound(Feedback::Type(Diagonal::Counted)));
}

/// A net as the generator makes them, each of its numbers moved to one with nothing in common with the others.
fn wild(g: &mut Gen) -> TemporalCase {
    let mut case = InTime::arbitrary(g).0;
    let net = &mut case.network;
    let of_net = [&mut net.recurrent, &mut net.input, &mut net.readout];
    let biases = net.readout_biases.iter_mut().flatten();
    let of_examples =
        case.examples.iter_mut().flat_map(|e| e.input.iter_mut().chain(&mut e.target));
    let numbers = of_net.into_iter().flatten().flatten().chain(biases).chain([&mut net.leak]);
    for value in numbers.chain(of_examples.flatten()) {
        // Few primes, so that sums of exact numbers stay short; at most 1, for the leak.
        let prime = one_of(g, &[3, 7, 11]);
        *value = &*value * ratio(prime - 1 - below(g, 2) as i64, prime);
    }
    if matches!(case.network.activation, Activation::LeakyRelu { .. }) {
        case.network.activation = Activation::LeakyRelu { slope: ratio(1, 7) };
    }
    // A kink after all: the first step of an example at rest, or nearly so.
    if below(g, 4) == 0 {
        let m = case.network.inputs();
        case.examples[0].input[0] = vec![ratio(0, 1); m];
    } else if below(g, 3) == 0 {
        let gain = ratio(1, 1) - &case.network.leak;
        let s = slopes_and_inputs(&case).1[0][0][0].clone();
        let first = &case.network.input[0][0];
        case.examples[0].input[0][0] -= s / (gain * first);
    }
    case
}

/// Whether some net input is so near its kink that the slope of a float may be another one.
fn is_near_a_kink(case: &TemporalCase) -> bool {
    let kinks = case.network.activation.kinks();
    let near = ratio(1, 1 << 16);
    let net_inputs = slopes_and_inputs(case).1;
    let close = |s: &Q| kinks.iter().any(|kink| (s - kink).abs() < near);
    net_inputs.iter().flatten().flatten().any(close)
}

type PerStep = Vec<Vec<Vec<Q>>>;

fn slopes_and_inputs(case: &TemporalCase) -> (PerStep, PerStep) {
    let found = engines::over_time(case, &TemporalRule::Bptt, exact::Evaluation::Adjoint);
    let examples = found.unwrap().examples;
    let pick = |of: fn(&exact::Step<Q>) -> &Vec<Q>| -> PerStep {
        examples.iter().map(|steps| steps.iter().map(|step| of(step).clone()).collect()).collect()
    };
    (pick(|step| &step.slope), pick(|step| &step.net_input))
}

fn reference(case: &TemporalCase, rule: &TemporalRule) -> TemporalGradient<Q> {
    let order = exact::Evaluation::Adjoint;
    engines::over_time(case, rule, order).unwrap().gradient
}

fn floats<F: Float>(
    case: &TemporalCase,
    rule: &TemporalRule,
    evaluation: Evaluation,
) -> TemporalGradient<F> {
    let net = TemporalNetwork::<F>::of(case).unwrap();
    let batch = Batch::of(case).unwrap();
    let (steps, examples) = (case.duration(), case.examples.len());
    let mut engine = Engine::new(&net, steps, examples, rule, evaluation, Threads::ONE).unwrap();
    engine.step(&net, &batch, Loss::HalfSquaredError, case.steps.clone()).unwrap();
    let Flat { recurrent, input, readout, readout_biases } = engine.gradient();
    let rows = |flat: &[F], width: usize| -> Vec<Vec<F>> {
        flat.chunks(width).map(<[F]>::to_vec).collect()
    };
    let mut input = rows(input, net.inputs);
    // Of the last input, which is always 1, biases are the weights.
    let last = || input.iter_mut().filter_map(Vec::pop).collect();
    let biases = case.network.biases.is_some().then(last);
    TemporalGradient {
        loss: engine.loss(),
        recurrent: rows(recurrent, net.neurons),
        input,
        biases,
        readout: rows(readout, net.neurons),
        readout_biases: net.readout_biases.as_ref().map(|_| readout_biases.clone()),
    }
}

fn converted<A, B>(from: &TemporalGradient<A>, to: impl Fn(&A) -> B) -> TemporalGradient<B> {
    let rows = |rows: &[Vec<A>]| -> Vec<Vec<B>> {
        rows.iter().map(|row| row.iter().map(&to).collect()).collect()
    };
    TemporalGradient {
        loss: to(&from.loss),
        recurrent: rows(&from.recurrent),
        input: rows(&from.input),
        biases: from.biases.as_ref().map(|list| list.iter().map(&to).collect()),
        readout: rows(&from.readout),
        readout_biases: from.readout_biases.as_ref().map(|list| list.iter().map(&to).collect()),
    }
}

/// The first block of parameters whose derivatives are all zero.
fn dead_block(found: &TemporalGradient<BigRational>) -> &'static str {
    let is_dead = |rows: &[Vec<Q>]| rows.iter().flatten().all(Zero::is_zero);
    let of_neurons = found.biases.clone().map(|list| vec![list]);
    let biases = found.readout_biases.clone().map(|list| vec![list]);
    let blocks = [
        ("recurrent:", is_dead(&found.recurrent)),
        ("input:", is_dead(&found.input)),
        ("readout:", is_dead(&found.readout)),
        ("biases:", of_neurons.is_some_and(|biases| is_dead(&biases))),
        ("readout_biases:", biases.is_some_and(|biases| is_dead(&biases))),
    ];
    blocks.into_iter().find(|(_, dead)| *dead).map_or("no block", |(name, _)| name)
}
