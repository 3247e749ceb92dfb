//! Tasks over time: what is drawn, what is measured, what is concluded from it, and the files.

use creditcheck::fast::temporal::{Batch, TemporalNetwork};
use creditcheck::number::exact_f64;
use creditcheck::simulate::communities::Draws;
use creditcheck::simulate::tasks::*;
use creditcheck::spec::{
    Activation, Kink, Limits, Sequence, Steps, Temporal, TemporalCase, TemporalRule,
};
use creditcheck::textbook::temporal::{self, Evaluation};
use num_rational::BigRational;

#[cfg(feature = "cli")]
mod files;
mod story;

/// Small enough for a debug build.
fn small(task: Task) -> Settings {
    Settings {
        neurons: 8,
        steps: 6,
        examples: 4,
        iterations: 12,
        held_out: 2,
        ..Settings::of(task)
    }
}

fn condition(text: &str) -> Condition {
    Condition { rule: rule(text).unwrap(), is_linear: false, types: None, spread: None }
}

fn exact(values: &[f64], columns: usize) -> Vec<Vec<BigRational>> {
    let row = |row: &[f64]| row.iter().map(|v| exact_f64(*v).unwrap()).collect();
    values.chunks_exact(columns).map(row).collect()
}

/// The same network and sequences without rounding.
fn case(net: &TemporalNetwork<f64>, batch: &Batch<f64>) -> TemporalCase {
    let sequence = |example: usize| {
        let rows = |values: &[f64], width: usize| {
            let all = exact(values, width);
            (0..batch.steps).map(|t| all[t * batch.examples + example].clone()).collect()
        };
        Sequence {
            initial: None,
            input: rows(&batch.input, net.inputs),
            target: rows(&batch.target, net.readouts),
        }
    };
    let network = Temporal {
        leak: exact_f64(net.leak).unwrap(),
        activation: Activation::Identity,
        recurrent: exact(&net.recurrent, net.neurons),
        has_diagonal: false,
        input: exact(&net.input, net.inputs),
        biases: None,
        readout: exact(&net.readout, net.neurons),
        readout_biases: None,
        types: net.types.clone(),
    };
    TemporalCase {
        name: None,
        network,
        steps: Steps::Last,
        learning_rate: BigRational::from_integer(1.into()),
        kink: Kink::Left,
        examples: (0..batch.examples).map(sequence).collect(),
    }
}

/// ∂L/∂W without rounding.
fn gradient(case: &TemporalCase, rule: &TemporalRule) -> Vec<Vec<BigRational>> {
    let limits = Limits::default();
    let found = temporal::run::<BigRational>(case, rule, Evaluation::Adjoint, &limits).unwrap();
    found.gradient.recurrent
}

#[test]
fn on_block_constant_weights_type_specific_modprop_is_bptt_exactly() {
    let settings = Settings { examples: 2, ..small(Task::Blocks) };
    let typed = rule("modprop:type:excluded:mu=1").unwrap();
    let (mut equal, mut live) = (0, 0);
    for (spread, is_equal) in [(0.0, true), (0.25, false)] {
        for seed in 1..=3 {
            let condition = Condition {
                rule: typed.clone(),
                is_linear: true,
                types: Some(4),
                spread: Some(spread),
            };
            let net = draw(Task::Blocks, &settings, &condition, seed).unwrap();
            let mut batch = empty(&settings, net.readouts);
            fill(Task::Blocks, &settings, &mut Draws::of(seed, &[1]), &mut batch);
            let case = case(&net, &batch);
            let bptt = gradient(&case, &TemporalRule::Bptt);
            let zero = BigRational::from_integer(0.into());
            live += bptt.iter().flatten().filter(|g| **g != zero).count();
            assert_eq!(gradient(&case, &typed) == bptt, is_equal, "ς = {spread}, seed {seed}");
            // With the zeros of the diagonal in the means it is not: each type has two neurons.
            let counted = rule("modprop:type:mu=1").unwrap();
            assert_ne!(gradient(&case, &counted), bptt, "ς = {spread}, seed {seed}");
            equal += usize::from(is_equal);
        }
    }
    assert_eq!((equal, live), (3, 6 * 64));
}

#[test]
fn in_floats_the_same_deviates_by_rounding() {
    let settings = Settings::of(Task::Blocks);
    let of = |text: &str, spread: f64| {
        let condition = Condition {
            rule: rule(text).unwrap(),
            is_linear: true,
            types: Some(TYPES),
            spread: Some(spread),
        };
        let found = align(Task::Blocks, &settings, &condition, 1).unwrap();
        (found.values[0], found.values[1])
    };
    let (cosine, deviation) = of("modprop:type:excluded:mu=1", 0.0);
    assert!(cosine == 1.0 && deviation < 1e-13, "{cosine} {deviation}");
    for (text, spread) in
        [("modprop:type:mu=1", 0.0), ("modprop:type:excluded:mu=1", 0.25), ("mdgl", 0.0)]
    {
        assert!(of(text, spread).1 > 1e-3, "{text} at ς = {spread}");
    }
}

#[test]
fn rules_that_are_one_rule_have_one_cosine() {
    let settings = Settings { neurons: 12, steps: 10, ..Settings::of(Task::Alignment) };
    let of = |text: &str, types: Option<usize>| {
        let condition = Condition { types, ..condition(text) };
        align(Task::Alignment, &settings, &condition, 2).unwrap().values
    };
    let near = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-8);
    assert!(near(&of("modprop:taps=1", None), &of("mdgl", None)));
    assert!(near(&of("modprop:mu=0:no-leak", None), &of("mdgl", None)));
    assert!(near(&of("modprop:mu=0:autodiff", None), &of("eprop", None)));
    assert!(near(&of("modprop:type", Some(12)), &of("modprop", None)));
    assert!(near(&of("bptt", None)[..3], &[1.0, 0.0, 1.0]));
    let all = ["eprop", "mdgl", "modprop", "modprop:autodiff", "modprop:no-leak"];
    for (k, a) in all.iter().enumerate() {
        for b in &all[..k] {
            assert!(!near(&of(a, None), &of(b, None)), "{a} and {b} are told apart");
        }
        assert!(of(a, None)[0] < 0.9999, "{a} is not BPTT");
    }
}

#[test]
fn networks_are_as_the_settings_have_them() {
    let settings = Settings { radius: 0.5, ..Settings::of(Task::Recall) };
    let n = settings.neurons;
    let net = draw(Task::Recall, &settings, &condition("bptt"), 1).unwrap();
    assert!((0..n).all(|k| net.recurrent[k * n + k] == 0.0));
    assert_eq!(net.recurrent.iter().filter(|w| **w == 0.0).count(), n);
    // The largest |eigenvalue| is the limit of ‖Wᵏ‖^(1/k) (Gelfand).
    let mut power = net.recurrent.clone();
    let mut logarithm = 0.0;
    for _ in 0..12 {
        let norm = power.iter().map(|w| w * w).sum::<f64>().sqrt();
        logarithm = 2.0 * (logarithm + norm.ln());
        power.iter_mut().for_each(|w| *w /= norm);
        let square =
            |k: usize| (0..n).map(|m| power[k / n * n + m] * power[m * n + k % n]).sum::<f64>();
        power = (0..n * n).map(square).collect();
    }
    let norm = power.iter().map(|w| w * w).sum::<f64>().sqrt();
    let radius = ((logarithm + norm.ln()) / 4096.0).exp();
    assert!((radius - 0.5).abs() < 2e-3, "{radius}");
    // The same for every rule, another for another seed.
    let other = draw(Task::Recall, &settings, &condition("eprop"), 1).unwrap();
    assert_eq!(other.recurrent, net.recurrent);
    let other = draw(Task::Recall, &settings, &condition("bptt"), 2).unwrap();
    assert_ne!(other.recurrent, net.recurrent);
    assert_ne!(other.input, net.input);
}

#[test]
fn blocks_are_constant_without_noise_and_only_then() {
    let settings = small(Task::Blocks);
    for (spread, distinct) in [(0.0, 16), (0.5, 56)] {
        let condition = Condition { types: Some(4), spread: Some(spread), ..condition("eprop") };
        let net = draw(Task::Blocks, &settings, &condition, 1).unwrap();
        assert_eq!(net.types, Some(vec![0, 0, 1, 1, 2, 2, 3, 3]));
        let mut values: Vec<f64> = net.recurrent.iter().copied().filter(|w| *w != 0.0).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        assert_eq!(values.len(), distinct);
    }
}

#[test]
fn the_last_target_is_what_was_shown() {
    let settings = Settings::of(Task::Recall);
    let mut batch = empty(&settings, 1);
    let mut draws = Draws::of(1, &[1]);
    fill(Task::Recall, &settings, &mut draws, &mut batch);
    let examples = settings.examples;
    for example in 0..examples {
        let value = batch.target[29 * examples + example];
        for t in 0..30 {
            let at = (t * examples + example) * 2;
            let shown = if t < 2 { value } else { 0.0 };
            // Six standard deviations.
            assert!((batch.input[at] - shown).abs() < 0.12);
            assert!((batch.input[at + 1] - 0.5).abs() < 0.12);
            assert!(t == 29 || batch.target[t * examples + example] == 0.0);
        }
        assert!(value != 0.0);
    }
    let first = batch.input.clone();
    fill(Task::Recall, &settings, &mut draws, &mut batch);
    assert_ne!(first, batch.input, "fresh sequences every time");

    let settings = Settings::of(Task::Xor);
    let mut batch = empty(&settings, 2);
    let mut counts = [0; 2];
    for _ in 0..8 {
        fill(Task::Xor, &settings, &mut draws, &mut batch);
        for example in 0..examples {
            let at = |t: usize| batch.input[(t * examples + example) * 2];
            assert!(at(10).abs() < 0.12 && at(39).abs() < 0.12 && at(50).abs() < 0.12);
            let differ = at(9) * at(49) < 0.0 && at(0) * at(40) < 0.0;
            let last = (89 * examples + example) * 2;
            let expected = if differ { [0.0, 1.0] } else { [1.0, 0.0] };
            assert_eq!(batch.target[last..last + 2], expected);
            counts[usize::from(differ)] += 1;
        }
    }
    assert!(counts.iter().all(|count| *count > 80), "{counts:?} of 256");
}

#[test]
fn the_mean_slope_is_the_share_of_neurons_that_are_on() {
    let settings = Settings { noise: 0.0, ..small(Task::Recall) };
    let mut net = draw(Task::Recall, &settings, &condition("bptt"), 1).unwrap();
    net.recurrent.fill(0.0);
    // The constant input drives six neurons up and two down; the cue reaches none.
    for post in 0..8 {
        net.input[2 * post] = 0.0;
        net.input[2 * post + 1] = if post < 6 { 1.0 } else { -1.0 };
    }
    let mut batch = empty(&settings, 1);
    fill(Task::Recall, &settings, &mut Draws::of(1, &[1]), &mut batch);
    assert_eq!(mean_slope(&net, &batch), 0.75);
}

#[test]
fn learning_learns_and_leaves_the_rest_alone() {
    let settings = Settings {
        neurons: 24,
        examples: 16,
        iterations: 400,
        steps: 4,
        rate: 0.005,
        ..small(Task::Recall)
    };
    let never = || false;
    let run = |settings: &Settings, text: &str| {
        train(Task::Recall, settings, &condition(text), 1, &never).unwrap()
    };
    let found = run(&settings, "bptt");
    assert_eq!(found.end, End::Finished);
    let (last, start) = (found.values[0], found.values[3]);
    assert!(last < 0.5 * start, "from {start} to {last}");
    assert_eq!(found.curve.len(), 50);
    // The same again, and the same start for another rule, which then goes another way.
    assert_eq!(run(&settings, "bptt"), found);
    let other = run(&settings, "eprop");
    assert_eq!(other.values[3], start);
    assert_eq!(other.curve[0].0, found.curve[0].0);
    assert_ne!(other.values[0], last);
    // Too large a step is a result.
    let hasty = Settings { rate: 1e200, ..settings };
    let End::Diverged { iteration } = run(&hasty, "bptt").end else { panic!("still finite") };
    assert!(iteration <= 3, "{iteration}");
    let stopped = train(Task::Recall, &hasty, &condition("bptt"), 1, &|| true);
    assert_eq!(stopped.unwrap_err(), creditcheck::Error::Interrupted);
}

#[test]
fn xor_is_learned_through_a_short_delay() {
    let settings = Settings {
        steps: 8,
        cue: 2,
        between: 3,
        leak: 0.5,
        iterations: 400,
        rate: 0.01,
        examples: 16,
        ..small(Task::Xor)
    };
    let found = train(Task::Xor, &settings, &condition("bptt"), 3, &|| false).unwrap();
    // Chance is ½; 32 sequences held out.
    assert!(found.values[4] > 0.9, "{:?}", found.values);
    assert!(found.values[0] < 0.3, "{:?}", found.values);
}

#[test]
fn paired_tests_agree_with_counting_all_signs() {
    let mut draws = Draws::of(5, &[5]);
    let mut compared = 0;
    for size in 1..=9_usize {
        // Small whole numbers: ties, and differences of zero, are frequent.
        let pair = |draws: &mut Draws| (draws.below(6) as f64, draws.below(6) as f64);
        let pairs: Vec<(f64, f64)> = (0..size).map(|_| pair(&mut draws)).collect();
        let d: Vec<f64> = pairs.iter().map(|(a, b)| a - b).filter(|d| *d != 0.0).collect();
        let rank = |x: f64| {
            let below = d.iter().filter(|y| y.abs() < x.abs()).count() as f64;
            let same = d.iter().filter(|y| y.abs() == x.abs()).count() as f64;
            below + (same + 1.0) / 2.0
        };
        let all: f64 = d.iter().map(|x| rank(*x)).sum();
        let (mut signs, mut ranks) = (0, 0);
        let negatives = d.iter().filter(|x| **x < 0.0).count();
        let negative: f64 = d.iter().filter(|x| **x < 0.0).map(|x| rank(*x)).sum();
        let off = |found: f64, all: f64| (found - all / 2.0).abs();
        for mask in 0..1_u32 << d.len() {
            let chosen = || (0..d.len()).filter(|k| mask >> k & 1 == 1);
            let (count, sum) = (chosen().count(), chosen().map(|k| rank(d[k])).sum::<f64>());
            let n = d.len() as f64;
            signs += u32::from(off(count as f64, n) >= off(negatives as f64, n));
            ranks += u32::from(off(sum, all) >= off(negative, all));
        }
        let total = f64::from(1_u32 << d.len());
        let found = Paired::of(&pairs);
        assert!((found.sign - f64::from(signs) / total).abs() < 1e-12, "{pairs:?}");
        assert!((found.wilcoxon - f64::from(ranks) / total).abs() < 1e-12, "{pairs:?}");
        assert_eq!((found.pairs, found.wins, found.ties), (size, negatives, size - d.len()));
        compared += usize::from(found.wilcoxon < 1.0);
    }
    assert!(compared > 3);
    // Two runs that diverged are a tie; one is a loss.
    let lost = Paired::of(&[(f64::INFINITY, f64::INFINITY), (1.0, f64::INFINITY)]);
    assert_eq!((lost.wins, lost.ties, lost.pairs), (1, 1, 2));
}

#[test]
fn a_long_gradient_is_shortened_and_a_short_one_left() {
    let mut lists = [vec![3.0, 0.0], vec![4.0]];
    assert_eq!(clip(&mut lists, 1.0), 5.0);
    assert!((lists[0][0] - 0.6).abs() < 1e-15 && (lists[1][0] - 0.8).abs() < 1e-15);
    let mut short = [vec![0.3]];
    assert_eq!((clip(&mut short, 1.0), short), (0.3, [vec![0.3]]));
}

#[test]
fn names_of_rules_are_read_again_and_differ() {
    for task in [Task::Alignment, Task::Recall, Task::Xor, Task::Blocks] {
        let plan = Plan::of(task, 1, &Options { full: true, ..Options::default() }).unwrap();
        let mut names: Vec<String> = plan.conditions.iter().map(Condition::name).collect();
        assert!(names.len() >= 4);
        for condition in &plan.conditions {
            assert_eq!(rule(&name(&condition.rule)).unwrap(), condition.rule);
        }
        names.sort();
        names.dedup();
        assert_eq!(names.len(), plan.conditions.len(), "{task:?}");
    }
    for text in [
        "",
        "rtrl",
        "modprop:",
        "modprop:taps=0",
        "modprop:mu=",
        "modprop:type:type",
        "mdgl:taps=2",
        "eprop:type",
        "modprop:excluded",
        "modprop:no-leak:autodiff",
        "modprop:autodiff:taps=3",
    ] {
        assert!(rule(text).is_err(), "{text}");
    }
}
