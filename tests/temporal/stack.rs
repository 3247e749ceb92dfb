//! Layers in time and a trainable leak: the engines against each other, against one bigger network and against differences; floats within
//! their bounds; every known mistake by name.

use creditcheck::certify::Silent;
use creditcheck::certify::temporal::stack::{gradient, judge};
#[cfg(feature = "fast")]
use creditcheck::fast::stack::bptt;
use creditcheck::mutants::temporal::{Slip, StackReference};
#[cfg(feature = "fast")]
use creditcheck::number::exact_f64;
use creditcheck::number::held;
#[cfg(feature = "fast")]
use creditcheck::scalar::Enclosed;
use creditcheck::spec::Kink;
use creditcheck::spec::{
    Activation, Dtype, Limits, Number, StackCase, StackGradient, Steps, TemporalCase, TemporalRule,
};
use creditcheck::textbook::stack;
use creditcheck::textbook::temporal::Evaluation;
#[cfg(feature = "fast")]
use creditcheck::verdict::bounded::stack_bound;
use creditcheck::verdict::judge::{Nearness, Options};
use creditcheck::wire::StackDocument;
use creditcheck::wire::gradient::{Gradient, Quantity, Subject, read, to_json};
use num_rational::BigRational;
use num_traits::{Signed, Zero};
use quickcheck::{Arbitrary, Gen};

use crate::generators::stack::{InLayers, of_one};
use crate::generators::temporal::InTime;
use crate::generators::{Q, ratio, seed};

fn fixture(name: &str) -> StackCase {
    let file = format!("{}/fixtures/cases/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(&file).unwrap();
    StackDocument::read(&bytes, &Limits::default()).unwrap().case
}

fn run(case: &StackCase, rule: &TemporalRule) -> StackGradient<Q> {
    stack::run::<Q>(case, rule, &Limits::default()).unwrap()
}

fn nonzero(case: &StackCase, found: &StackGradient<Q>) -> usize {
    found.per_block(&case.network).values().filter(|value| !value.is_zero()).count()
}

/// BPTT, RTRL, the tangent and the reference of the mistakes, each of which runs the layers by itself.
#[test]
fn engines_of_layers_agree() {
    let mut g = Gen::from_size_and_seed(100, seed(20_261_140));
    let (mut live, mut leaks, mut layers) = (0, 0, [0; 3]);
    for _ in 0..60 {
        let case = InLayers::arbitrary(&mut g).0;
        let found = run(&case, &TemporalRule::Bptt);
        assert_eq!(found, run(&case, &TemporalRule::Rtrl), "{case:?}");
        assert_eq!(found, run(&case, &TemporalRule::Tangent), "{case:?}");
        let reference = StackReference::new(&case, &Limits::default());
        assert_eq!(found, reference.gradient(None).unwrap(), "{case:?}");
        live += nonzero(&case, &found);
        let of_leaks = found.layers.iter().filter_map(|layer| layer.leak.as_ref());
        leaks += of_leaks.filter(|leak| !leak.is_zero()).count();
        layers[found.layers.len() - 1] += 1;
    }
    assert!(
        live > 800 && leaks > 20 && layers.iter().all(|count| *count > 4),
        "{live} {leaks} {layers:?}"
    );
}

/// A stack of one layer is what has run in time all along.
#[test]
fn one_layer_is_a_network_in_time() {
    let mut g = Gen::from_size_and_seed(100, seed(20_261_141));
    for _ in 0..20 {
        let plain = InTime::arbitrary(&mut g).0;
        let expected = super::gradient(&plain, &TemporalRule::Bptt, Evaluation::Adjoint);
        let case = of_one(&plain);
        let found = run(&case, &TemporalRule::Bptt);
        assert_eq!(found.loss, expected.loss);
        let (found, expected) = (found.per_block(&case.network), expected.per_block());
        assert_eq!(found, expected, "{case:?}");
    }
}

/// The upper layer a step late, and the steps that count with it: one network of all neurons, whose recurrent weights are W¹, W² and U².
#[test]
fn two_layers_are_one_network_a_step_askew() {
    let mut g = Gen::from_size_and_seed(100, seed(20_261_142));
    let (mut compared, mut live) = (0, 0);
    while compared < 20 {
        let mut case = InLayers::arbitrary(&mut g).0;
        let net = &mut case.network;
        if net.layers.len() != 2 || !net.layers[0].activation.is_exact() {
            continue;
        }
        // What has to be the same for all neurons of one network; and nothing stirs before it is heard of.
        let (leak, activation) = (net.layers[0].leak.clone(), net.layers[0].activation.clone());
        if activation.is_polynomial() && activation != Activation::Identity {
            continue;
        }
        for layer in &mut net.layers {
            (layer.leak, layer.activation) = (leak.clone(), activation.clone());
            (layer.biases, layer.is_leak_trainable) = (None, false);
        }
        case.examples.iter_mut().for_each(|example| example.initial = None);
        let askew = askew(&case);
        let found = run(&case, &TemporalRule::Bptt);
        let expected = super::gradient(&askew, &TemporalRule::Rtrl, Evaluation::Causal);
        let first = case.network.layers[0].neurons();
        let part = |rows: &[Vec<Q>], columns: std::ops::Range<usize>| -> Vec<Vec<Q>> {
            rows.iter().map(|row| row[columns.clone()].to_vec()).collect()
        };
        let all = askew.network.neurons();
        let (lower, upper) = expected.recurrent.split_at(first);
        assert_eq!(found.loss, expected.loss, "{case:?}");
        assert_eq!(found.layers[0].recurrent, part(lower, 0..first), "{case:?}");
        assert_eq!(found.layers[1].input, part(upper, 0..first), "{case:?}");
        assert_eq!(found.layers[1].recurrent, part(upper, first..all), "{case:?}");
        assert_eq!(found.layers[0].input, expected.input[..first], "{case:?}");
        assert_eq!(found.readout, part(&expected.readout, first..all), "{case:?}");
        assert_eq!(found.readout_biases, expected.readout_biases, "{case:?}");
        compared += 1;
        live += nonzero(&case, &found);
    }
    assert!(live > 200, "{live}");
}

fn askew(case: &StackCase) -> TemporalCase {
    let [lower, upper] = &case.network.layers[..] else { panic!("two layers") };
    let mut g = Gen::from_size_and_seed(1, 0);
    let mut found = InTime::arbitrary(&mut g).0;
    let zeros = |count: usize| vec![Q::zero(); count];
    let (n, m) = (lower.neurons(), upper.neurons());
    let net = &mut found.network;
    (net.leak, net.activation) = (lower.leak.clone(), lower.activation.clone());
    let of_lower = lower.recurrent.iter().map(|row| [row.clone(), zeros(m)].concat());
    let of_upper = upper.input.iter().zip(&upper.recurrent);
    let of_upper = of_upper.map(|(from_below, own)| [from_below.clone(), own.clone()].concat());
    net.recurrent = of_lower.chain(of_upper).collect();
    net.has_diagonal = true;
    let silent = (0..m).map(|_| zeros(lower.inputs()));
    net.input = lower.input.iter().cloned().chain(silent).collect();
    net.readout = case.network.readout.iter().map(|row| [zeros(n), row.clone()].concat()).collect();
    net.readout_biases = case.network.readout_biases.clone();
    (net.biases, net.types) = (None, None);
    let duration = case.duration();
    let counted = (1..=duration).filter(|t| case.steps.count(*t, duration)).map(|t| t + 1);
    found.steps = Steps::At(counted.collect());
    found.kink = case.kink;
    found.examples = case.examples.clone();
    for example in &mut found.examples {
        // One step more, at which only the upper layer matters.
        example.input.push(zeros(lower.inputs()));
        example.target.insert(0, zeros(case.network.readouts()));
    }
    found
}

/// A leak moves what is kept and what comes in: the loss itself says so, at λ ± 2⁻⁴⁰.
#[test]
fn the_derivative_of_a_leak_is_that_of_the_loss() {
    let step = ratio(1, 1 << 40);
    for name in ["layers-in-time", "trainable-leak"] {
        let case = fixture(name);
        let at = |step: Q| {
            let mut case = case.clone();
            case.network.layers[0].leak += step;
            run(&case, &TemporalRule::Bptt).loss
        };
        let difference = (at(step.clone()) - at(-&step)) / (&step + &step);
        let leak = run(&case, &TemporalRule::Bptt).layers[0].leak.clone().unwrap();
        assert!(
            !leak.is_zero() && (leak - difference).abs() < &step * &step * ratio(1_000, 1),
            "{name}"
        );
    }
}

/// Every number of ours in floats lies within the bound, and the bound has power: it does not let the leak, or the first layer, pass
/// when wrong by 2⁻¹⁰ (f32) or 2⁻³⁰.
#[cfg(feature = "fast")]
#[test]
fn floats_of_layers_lie_within_their_bounds() {
    let mut g = Gen::from_size_and_seed(100, seed(20_261_143));
    let (mut entries, mut strong) = (0, 0);
    for n in 0..60 {
        let mut case = InLayers::arbitrary(&mut g).0;
        let is_near = n % 3 == 0;
        if is_near {
            case.network.layers.iter_mut().for_each(|layer| layer.activation = Activation::Tanh);
        }
        let exact = match is_near {
            true => {
                let found = stack::run::<Enclosed>(&case, &TemporalRule::Bptt, &Limits::default());
                found.unwrap().map(Enclosed::centre)
            }
            false => run(&case, &TemporalRule::Bptt),
        };
        let dtype = if n % 2 == 0 { Dtype::F64 } else { Dtype::F32 };
        let float = match dtype {
            Dtype::F64 => bptt::<f64>(&case).unwrap().map(|value| exact_f64(*value).unwrap()),
            _ => bptt::<f32>(&case).unwrap().map(|v| exact_f64(f64::from(*v)).unwrap()),
        };
        let bounds = stack_bound(&case, None, dtype).unwrap();
        let wrong_by = if dtype == Dtype::F64 { ratio(1, 1 << 30) } else { ratio(1, 1 << 10) };
        let net = &case.network;
        let all = exact.per_block(net).zip(float.per_block(net)).zip(bounds.per_block(net));
        for ((exact, float), bound) in all.values() {
            let bound = exact_f64(**bound).unwrap();
            assert!((*exact - *float).abs() <= bound, "{exact} {float} {bound} {case:?}");
            entries += 1;
            strong += usize::from(!exact.is_zero() && bound < exact.abs() * &wrong_by);
        }
        let loss = (&exact.loss - &float.loss).abs();
        assert!(loss <= exact_f64(bounds.loss).unwrap(), "{case:?}");
    }
    assert!(entries > 1_000 && strong * 2 > entries, "{strong} of {entries}");
}

fn in_format(case: &StackCase, found: &StackGradient<BigRational>, number: Number) -> Gradient {
    let rule = TemporalRule::Bptt;
    let mut theirs =
        gradient(case, &rule, Number::Exact, Quantity::Gradient, &Limits::default()).unwrap();
    (theirs.number, theirs.loss, theirs.rule) = (number, None, None);
    for (entry, value) in theirs.entries.values_mut().zip(found.per_block(&case.network).values()) {
        *entry = held(value, number).unwrap();
    }
    theirs
}

fn judged(case: &StackCase, theirs: &Gradient) -> (Nearness, Vec<String>) {
    let (judgement, said) =
        judge(case, theirs, &Options::default(), &Limits::default(), &mut Silent).unwrap();
    (judgement.nearness(), said)
}

/// Every mistake on a case that shows it, as fractions and as floats: refused, and named; the right gradient passes.
#[test]
fn mistakes_in_layers_have_names() {
    let layers = [
        Slip::Detached(1),
        Slip::Detached(2),
        Slip::Detached(3),
        Slip::NotReset,
        Slip::AtRest,
        Slip::Late,
        Slip::LeakWithoutDrive,
        Slip::LeakWithoutState,
        Slip::LeakWithGain,
        Slip::WithoutKept,
        Slip::SameStep,
        Slip::WithoutGain,
        Slip::Transposed(0),
        Slip::Transposed(1),
        Slip::InputTransposed(1),
        Slip::Stopped(1),
        Slip::Slopeless(1),
    ];
    let one = [
        Slip::LeakWithoutDrive,
        Slip::LeakWithoutState,
        Slip::LeakWithGain,
        Slip::SlopeAtRate(0),
        Slip::Slopeless(0),
        Slip::Transposed(0),
        Slip::WithoutKept,
        Slip::Detached(1),
    ];
    for (name, slips) in [("layers-in-time", &layers[..]), ("trainable-leak", &one[..])] {
        let case = fixture(name);
        let reference = StackReference::new(&case, &Limits::default());
        let right = reference.gradient(None).unwrap();
        for number in [Number::Exact, Number::Float(Dtype::F64), Number::Float(Dtype::F32)] {
            let (nearness, said) = judged(&case, &in_format(&case, &right, number));
            assert!(!nearness.is_refused() && said.is_empty(), "{name} {number:?} {said:?}");
            for slip in slips {
                let wrong = reference.gradient(Some(*slip)).unwrap();
                let (nearness, said) = judged(&case, &in_format(&case, &wrong, number));
                assert_eq!(nearness, Nearness::Different, "{slip:?} {number:?}");
                let words = format!("this is the gradient of {}", slip.words());
                assert!(said.contains(&words), "{slip:?} {number:?}: {said:?}");
            }
        }
    }
    // Blocks of the same shape in each other's place.
    let mut case = fixture("layers-in-time");
    case.network.layers[0].biases = None;
    case.network.layers[0].is_leak_trainable = false;
    let first = &mut case.network.layers[0];
    first.input.iter_mut().for_each(|row| row.push(ratio(1, 2)));
    for example in &mut case.examples {
        example.input.iter_mut().for_each(|x| x.push(ratio(3, 4)));
    }
    let mut wrong = StackReference::new(&case, &Limits::default()).gradient(None).unwrap();
    wrong.layers.swap(0, 1);
    let (nearness, said) = judged(&case, &in_format(&case, &wrong, Number::Exact));
    assert_eq!(nearness, Nearness::Different);
    let words = "blocks are in another order: in place of the recurrent weights of layer 1 those of the recurrent weights of layer 2;";
    assert!(said.len() == 1 && said[0].starts_with(words), "{said:?}");
}

/// Where a net input of the upper layer stands on its kink, the other slope there is told, with the place.
#[test]
fn another_slope_at_a_kink_of_a_layer_is_told() {
    let mut case = fixture("layers-in-time");
    // s² of cell 0 at the first step to 0, by its bias alone.
    let bias = |by: Q| Some(vec![by, Q::zero()]);
    case.network.layers[1].biases = bias(Q::zero());
    let at = |case: &StackCase| {
        let (_, seen) = stack::bptt::watched::<Q>(case, &Limits::default()).unwrap();
        seen[0][0][1].net_input[0].clone()
    };
    let gain = ratio(1, 1) - &case.network.layers[1].leak;
    case.network.layers[1].biases = bias(-at(&case) / gain);
    assert!(at(&case).is_zero());
    let other = StackCase { kink: Kink::Right, ..case.clone() };
    let wrong = run(&other, &TemporalRule::Bptt);
    assert_ne!(wrong, run(&case, &TemporalRule::Bptt));
    let (nearness, said) = judged(&case, &in_format(&case, &wrong, Number::Exact));
    assert_eq!(nearness, Nearness::Different);
    assert_eq!(said.len(), 1);
    let words = "all that differs comes from one net input that is exactly on a kink, where the slope is a convention \
                 (layer 2, cell 0, step 1, example 0)";
    assert!(said[0].starts_with(words), "{said:?}");
}

/// Noise is no mistake that has a name.
#[test]
fn noise_in_layers_has_no_name() {
    let case = fixture("layers-in-time");
    let right = run(&case, &TemporalRule::Bptt);
    let mut g = Gen::from_size_and_seed(100, seed(20_261_144));
    for _ in 0..20 {
        let mut wrong = right.clone();
        for value in wrong.all_mut() {
            let noise = crate::generators::temporal::number(&mut g, 500, 1_000);
            *value = &*value * (noise + ratio(1, 1));
        }
        for number in [Number::Exact, Number::Float(Dtype::F64)] {
            let (nearness, said) = judged(&case, &in_format(&case, &wrong, number));
            assert_eq!(nearness, Nearness::Different);
            assert!(!said.iter().any(|said| said.starts_with("this is")), "{said:?}");
        }
    }
}

/// What is written is read again, in the shape of the case; a leak stands as a number.
#[test]
fn gradients_of_layers_are_documents() {
    for name in ["layers-in-time", "trainable-leak"] {
        let case = fixture(name);
        let subject = Subject::of_stack(&case);
        let found = gradient(
            &case,
            &TemporalRule::Bptt,
            Number::Exact,
            Quantity::Update,
            &Limits::default(),
        );
        let found = found.unwrap();
        let json = to_json(&found).canonical();
        let again = read(json.as_bytes(), &subject, &Limits::default()).unwrap();
        assert_eq!(again.entries, found.entries);
        let leak = found.entries.blocks.iter().find(|block| block.name().starts_with("leak"));
        assert_eq!(leak.unwrap().entries.len(), 1);
        assert!(json.contains("\"leak\":\""), "{json}");
        // η = 1, or 1/4: an update judged as one.
        let (nearness, said) = judged(&case, &found);
        assert_eq!((nearness, said), (Nearness::Exact, Vec::new()));
        let float = gradient(
            &case,
            &TemporalRule::Bptt,
            Number::Float(Dtype::F32),
            Quantity::Update,
            &Limits::default(),
        );
        assert!(!judged(&case, &float.unwrap()).0.is_refused());
    }
}

fn refusal(name: &str, from: &str, to: &str) -> String {
    let file = format!("{}/fixtures/cases/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&file).unwrap();
    let changed = text.replacen(from, to, 1);
    assert_ne!(text, changed, "{from}");
    StackDocument::read(changed.as_bytes(), &Limits::default()).unwrap_err().to_string()
}

/// Each error names its place, what was found and what was expected.
#[test]
fn layers_are_validated() {
    for (from, to, words) in [
        (
            r#""input": [["3/4", "1/2"]"#,
            r#""input": [["3/4"]"#,
            "network.stack[1].input[0]: found an array of 1, expected 2 weights, one per neuron of the layer below",
        ),
        (r#""leak": "1/4","#, "", "network.stack[1]: "),
        (
            r#""leak": "1/4","#,
            r#""leak": "1","#,
            "network.stack[1].leak: found \"1\", expected a leak of at least 0 and less than 1",
        ),
        (r#"["1", "-1/2"]]"#, r#"["1"]]"#, "network.stack[1].initial[1]: "),
        (r#""readout": [["1", "-1/2"]]"#, r#""readout": [["1"]]"#, "network.readout[0]: "),
        (
            r#""leak_trainable": true"#,
            r#""leak_trainable": 1"#,
            "network.stack[0].leak_trainable: found 1, expected true or false",
        ),
        (r#""steps""#, r#""initial": [["0", "0"], ["0", "0"]], "steps""#, "initial: "),
        (
            r#""kind": "temporal","#,
            r#""kind": "temporal", "recurrent": [["0"]],"#,
            "network.recurrent: ",
        ),
    ] {
        let said = refusal("layers-in-time", from, to);
        assert!(said.starts_with(words), "{said} | {words}");
    }
    let said = refusal("trainable-leak", r#""leak_trainable": true"#, r#""leak_trainable": "yes""#);
    assert!(
        said.starts_with("network.leak_trainable: found \"yes\", expected true or false"),
        "{said}"
    );
}

/// What a rule makes of layers, or of a leak, its source does not say.
#[test]
fn rules_that_approximate_are_refused_by_name() {
    let case = fixture("trainable-leak");
    for rule in [TemporalRule::Eprop, TemporalRule::FactorisedRtrl] {
        let found = gradient(&case, &rule, Number::Exact, Quantity::Gradient, &Limits::default());
        let words = format!("unsupported: the rule {} on several layers in time", rule.name());
        assert!(found.unwrap_err().to_string().starts_with(&words));
    }
    let mut theirs =
        gradient(&case, &TemporalRule::Bptt, Number::Exact, Quantity::Gradient, &Limits::default())
            .unwrap();
    theirs.rule = Some("eprop".to_owned());
    let found = judge(&case, &theirs, &Options::default(), &Limits::default(), &mut Silent);
    assert!(found.unwrap_err().to_string().starts_with("unsupported: the rule eprop"));
}
