//! Recurrent networks as people have them: tanh in balls, gradients as torch gave them, mistakes by name.

use creditcheck::certify::Silent;
use creditcheck::certify::temporal::{gradient, judge, steps};
use creditcheck::error::Error;
use creditcheck::mutants::temporal::{Cut, TemporalReference};
use creditcheck::number::{exact_f64, held, nearest_f64};
use creditcheck::scalar::{Enclosed, Scalar};
use creditcheck::spec::{
    Activation, Dtype, Feedback, Limits, Mu, Number, Steps, TemporalCase, TemporalGradient,
    TemporalRule, Work,
};
use creditcheck::textbook::temporal::{self, Evaluation};
use creditcheck::verdict::judge::{Nearness, Options};
use creditcheck::wire::TemporalDocument;
use creditcheck::wire::gradient::{Gradient, Quantity, Subject, read};
use num_rational::BigRational;
use num_traits::Signed;
use quickcheck::{Arbitrary, Gen};

use crate::generators::temporal::InTime;
use crate::generators::{ratio, seed};

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/cli/temporal.in/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn torch() -> TemporalCase {
    TemporalDocument::read(&bytes("rnn.json"), &Limits::default()).unwrap().case
}

fn file(case: &TemporalCase, name: &str) -> Gradient {
    read(&bytes(name), &Subject::over_time(case), &Limits::default()).unwrap()
}

fn judged(case: &TemporalCase, theirs: &Gradient) -> (Nearness, Vec<String>) {
    let (judgement, said) =
        judge(case, theirs, &Options::default(), &Limits::default(), &mut Silent).unwrap();
    (judgement.nearness(), said)
}

/// Numbers of a result, held in a format.
fn in_floats(case: &TemporalCase, found: &TemporalGradient<BigRational>, dtype: Dtype) -> Gradient {
    let number = Number::Float(dtype);
    let asked = (number, Quantity::Gradient);
    let mut theirs =
        creditcheck::certify::temporal::of_rule(case, &TemporalRule::Bptt, asked, found);
    theirs.loss = None;
    for entry in theirs.entries.values_mut() {
        *entry = held(entry, number).unwrap();
    }
    theirs
}

fn balls(case: &TemporalCase, rule: &TemporalRule, order: Evaluation) -> Vec<Enclosed> {
    let work = Work::up_to(u64::MAX);
    let limits = Limits { work, ..Limits::default() };
    let found = temporal::run::<Enclosed>(case, rule, order, &limits).unwrap();
    let mut all: Vec<_> = found.gradient.per_block().values().map(|ball| (*ball).clone()).collect();
    all.push(found.gradient.loss);
    all
}

/// A diagonal says so by itself; only where a file says that there is none it is refused.
#[test]
fn a_diagonal_may_be_left_unsaid() {
    let text = String::from_utf8(bytes("rnn.json")).unwrap();
    let read = |text: String| TemporalDocument::read(text.as_bytes(), &Limits::default());
    let unsaid = read(text.replace("\"diagonal\": true, ", "")).unwrap().case;
    assert_eq!(unsaid, torch());
    assert!(unsaid.network.has_diagonal);
    let denied = read(text.replace("\"diagonal\": true", "\"diagonal\": false")).unwrap_err();
    let words = "network.recurrent[0][0]: found \"-1/8\", expected 0: \"diagonal\" is false";
    assert!(denied.to_string().starts_with(words), "{denied}");
}

/// 24 nets with σ that are not rational: the balls of the four engines of the gradient, and of a rule in both orders, have a point in common.
#[test]
fn balls_of_all_engines_meet() {
    let mut g = Gen::from_size_and_seed(100, seed(20_261_130));
    let (mut met, mut live) = (0, 0);
    let kinds = [Activation::Tanh, Activation::Logistic, Activation::Softplus];
    for n in 0..24 {
        let mut case = InTime::arbitrary(&mut g).0;
        case.network.activation = kinds[n % 3].clone();
        let exact = [
            (TemporalRule::Bptt, Evaluation::Adjoint),
            (TemporalRule::Rtrl, Evaluation::Causal),
            (TemporalRule::FactorisedRtrl, Evaluation::Causal),
            (TemporalRule::Tangent, Evaluation::Causal),
        ];
        let both =
            [Evaluation::Causal, Evaluation::Adjoint].map(|order| (TemporalRule::Eprop, order));
        // A direction per parameter takes long.
        let exact = if n % 4 == 0 { &exact[..] } else { &exact[..3] };
        for sides in [exact, &both[..]] {
            let found: Vec<_> =
                sides.iter().map(|(rule, order)| balls(&case, rule, *order)).collect();
            for (first, other) in found[1..].iter().flat_map(|other| found[0].iter().zip(other)) {
                let apart = (first.centre() - other.centre()).abs();
                assert!(apart <= first.radius() + other.radius(), "{sides:?} on {case:?}");
                assert!(first.radius() < ratio(1, 1 << 62) * ratio(1, 1 << 62), "{case:?}");
                met += 1;
                live += usize::from(!first.contains(&ratio(0, 1)));
            }
        }
    }
    assert!(met > 1_000 && live > 500, "{met} {live}");
}

/// tanh of dual numbers is differentiated as it should be: a central difference of balls agrees to the square of its step.
#[test]
fn slopes_in_balls_are_those_of_central_differences() {
    use creditcheck::scalar::Dual;
    use creditcheck::spec::Transcendental;
    let step = BigRational::new(1.into(), num_bigint::BigInt::from(1) << 40);
    for function in [Transcendental::Tanh, Transcendental::Logistic, Transcendental::Softplus] {
        for s in [ratio(-7, 3), ratio(1, 5), ratio(0, 1), ratio(9, 2)] {
            let at = |s: &BigRational| {
                Enclosed::from_rational(s).unwrap().transcendental(function).unwrap().centre()
            };
            let difference = (at(&(&s + &step)) - at(&(&s - &step))) / (&step + &step);
            let one = Enclosed::one();
            let dual = Dual { value: Enclosed::from_rational(&s).unwrap(), tangent: one };
            let slope = dual.transcendental(function).unwrap().tangent;
            assert!((slope.centre() - difference).abs() < &step * &step, "{function:?} at {s}");
        }
    }
}

/// What the reference of the mutants says without a mutant is what the engines say, also of what a case may have besides.
#[test]
fn the_reference_of_the_mutants_has_all_that_a_case_may_have() {
    use creditcheck::mutants::Hook;
    use creditcheck::mutants::temporal::hosts;
    let mut g = Gen::from_size_and_seed(100, seed(20_261_131));
    let (mut compared, mut more) = (0, 0);
    for n in 0..60 {
        let case = InTime::arbitrary(&mut g).0;
        more += usize::from(case.network.biases.is_some() || case.network.has_diagonal);
        let limits = Limits::default();
        let reference = TemporalReference::new(&case, &limits);
        for host in hosts(&case).into_iter().skip(n % 6).step_by(6) {
            let found = reference.gradient(&host, &Hook::none()).unwrap();
            let right = super::gradient(&case, &host.rule, host.evaluation);
            assert_eq!(found, right, "{} on {case:?}", host.words());
            compared += 1;
        }
    }
    assert!(compared > 150 && more > 15, "{compared} {more}");
}

/// Cut after every step nothing is relayed, and within a window of one step what MDGL relays; a cut longer than the sequence is none.
#[test]
fn cuts_are_the_rules_that_they_should_be() {
    let mut g = Gen::from_size_and_seed(100, seed(20_261_132));
    let (mut equal, mut cut_short) = (0, 0);
    for _ in 0..40 {
        let mut case = InTime::arbitrary(&mut g).0;
        case.network.leak = ratio(0, 1);
        let limits = Limits::default();
        let reference = TemporalReference::new(&case, &limits);
        let duration = case.duration();
        let mdgl = TemporalRule::Mdgl { feedback: Feedback::Cell };
        for (cut, rule) in [
            (Cut::Window(0), &TemporalRule::Eprop),
            (Cut::Every(1), &TemporalRule::Eprop),
            (Cut::Window(1), &mdgl),
            (Cut::Window(duration), &TemporalRule::Bptt),
            (Cut::Every(duration), &TemporalRule::Bptt),
        ] {
            let right = super::gradient(&case, rule, Evaluation::Adjoint);
            assert_eq!(reference.truncated(cut).unwrap(), right, "{cut:?} on {case:?}");
            equal += super::nonzero(&right);
        }
        let two = [Cut::Window(2), Cut::Every(2)].map(|cut| reference.truncated(cut).unwrap());
        cut_short += usize::from(two[0] != two[1]);
    }
    assert!(equal > 1_000 && cut_short > 10, "{equal} {cut_short}");
}

/// As torch 2.15 gave it, f32, of a torch.nn.RNN with a linear readout of its last state: right; with the state detached at every step,
/// or after every third, wrong and named.
#[test]
fn a_torch_rnn_is_judged() {
    let case = torch();
    assert_eq!(judged(&case, &file(&case, "rnn-torch.json")), (Nearness::WithinBound, vec![]));
    let (nearness, said) = judged(&case, &file(&case, "rnn-detached.json"));
    assert_eq!(nearness, Nearness::Different);
    assert_eq!(
        said,
        [
            "this is the gradient of e-prop, which is here the direct term only: BPTT with the state detached at every step, up to rounding"
        ]
    );
    let (nearness, said) = judged(&case, &file(&case, "rnn-truncated.json"));
    assert_eq!(nearness, Nearness::Different);
    // Of five steps the last two hang together.
    assert_eq!(
        said,
        [
            "this is the gradient of MDGL, cell-specific, which is here BPTT that goes back one step at most, up to rounding",
            "this is the gradient of a rule that sends credit back over one step only (mutant T06), up to rounding"
        ]
    );
}

/// Every entry of the right file, moved by a thousandth of the largest of its block, is refused.
#[test]
fn no_entry_may_be_wrong_by_a_thousandth() {
    let case = torch();
    let right = file(&case, "rnn-torch.json");
    let mut refused = 0;
    for block in 0..right.entries.blocks.len() {
        let entries = &right.entries.blocks[block].entries;
        let largest = entries.iter().map(Signed::abs).max().unwrap();
        for index in 0..entries.len() {
            let mut wrong = right.clone();
            let entry = &mut wrong.entries.blocks[block].entries[index];
            let moved = &*entry + &largest / BigRational::from_integer(1_000.into());
            *entry = held(&moved, wrong.number).unwrap();
            assert_eq!(judged(&case, &wrong).0, Nearness::Different, "{block} {index}");
            refused += 1;
        }
    }
    assert_eq!(refused, 9 + 6 + 3 + 3 + 1);
}

/// In f64, with initial states, biases and errors at every step: each way to go wrong is found and named.
#[test]
fn mistakes_in_a_tanh_network_are_named() {
    let mut case = torch();
    case.steps = Steps::All;
    for (b, example) in case.examples.iter_mut().enumerate() {
        let at = |neuron: i64| ratio(2 * neuron - 1 + b as i64, 4);
        example.initial = Some((0..3).map(at).collect());
    }
    let limits = Limits::default();
    let right = temporal::run::<Enclosed>(&case, &TemporalRule::Bptt, Evaluation::Adjoint, &limits);
    let right = right.unwrap().gradient.map(Enclosed::centre);
    let right = in_floats(&case, &right, Dtype::F64);
    assert_eq!(judged(&case, &right), (Nearness::WithinBound, vec![]));
    let reference = TemporalReference::new(&case, &limits);
    let mut at_rest = case.clone();
    at_rest.examples.iter_mut().for_each(|example| example.initial = None);
    let rest = TemporalReference::new(&at_rest, &limits);
    for (found, words) in [
        (reference.truncated(Cut::Window(2)).unwrap(), "BPTT that goes back 2 steps at most"),
        (reference.truncated(Cut::Every(2)).unwrap(), "the state detached after every 2 steps"),
        (reference.truncated(Cut::Every(3)).unwrap(), "the state detached after every 3 steps"),
        (reference.truncated(Cut::Every(1)).unwrap(), "the direct term only"),
        (rest.truncated(Cut::Window(9)).unwrap(), "begins at rest"),
    ] {
        let (nearness, said) = judged(&case, &in_floats(&case, &found, Dtype::F64));
        assert_eq!(nearness, Nearness::Different, "{words}");
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].contains(words), "{said:?}");
    }
    let mut fifth = right.clone();
    for entry in fifth.entries.values_mut() {
        *entry = exact_f64(nearest_f64(entry) / 5.0).unwrap();
    }
    let (_, said) = judged(&case, &fifth);
    assert!(said[0].contains("a mean over the steps in place of their sum (1/T)"), "{said:?}");
}

/// Fractions are no gradient of a tanh network, more than 1,000 neurons times steps are refused, and so are the other commands.
#[test]
fn what_cannot_be_had_of_tanh_is_refused_by_name() {
    let mut case = torch();
    let limits = Limits::default();
    let right = file(&case, "rnn-torch.json");
    let words = |found: Result<(), Error>| found.unwrap_err().to_string();
    let checked = |case: &TemporalCase, theirs: &Gradient| {
        judge(case, theirs, &Options::default(), &limits, &mut Silent).map(|_| ())
    };
    let fractions = Gradient { number: Number::Exact, ..right.clone() };
    assert!(words(checked(&case, &fractions)).contains("no rational values"));
    let exact = gradient(&case, &TemporalRule::Bptt, Number::Exact, Quantity::Gradient, &limits);
    assert!(words(exact.map(|_| ())).contains("no rational values"));
    assert!(
        words(steps(&case, &Mu::Scalar(ratio(1, 2)), &limits).map(|_| ()))
            .contains("no rational values")
    );
    for example in &mut case.examples {
        example.input = vec![example.input[0].clone(); 334];
        example.target = vec![example.target[0].clone(); 334];
    }
    let found = words(checked(&case, &right));
    assert!(found.contains("neurons times steps of a network with tanh"), "{found}");
}
