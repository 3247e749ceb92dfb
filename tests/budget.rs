//! Work and memory are asked for before they are taken, and the count is the same everywhere.

use creditcheck::Error;
use creditcheck::certify::gradient::{Rule, gradient};
use creditcheck::certify::{self, Options, Silent, certify};
use creditcheck::scalar::{Dual, Polynomial, Prime, Scalar};
use creditcheck::spec::{Case, Limits, Number, TemporalRule, Work, work};
use creditcheck::textbook::temporal::{self, Evaluation};
use creditcheck::textbook::{backprop, credit, tangent};
use creditcheck::verdict::judge::Nearness;
use creditcheck::verdict::judge::Options as Asked;
use creditcheck::wire::gradient::{Quantity, Subject};
use creditcheck::wire::{Document, TemporalDocument, gradient as result};
use num_bigint::BigInt;
use num_rational::BigRational;

fn with(work: u64) -> Limits {
    Limits { work: Work::up_to(work), ..Limits::default() }
}

/// A chain of one neuron a layer.
fn chain(depth: usize, weight: &str, activation: &str) -> Document {
    let layer = format!(r#"{{"weights": [["{weight}"]], "activation": "{activation}"}}"#);
    let text = format!(
        r#"{{"format": "creditcheck/case/1", "network": {{"kind": "layered", "layers": [{}]}},
            "loss": "half_squared_error", "learning_rate": "1/2",
            "examples": [{{"input": ["3/5"], "target": ["1"]}}]}}"#,
        vec![layer; depth].join(", ")
    );
    Document::read(text.as_bytes(), &Limits::default()).unwrap()
}

fn worked_example() -> Document {
    let text = include_bytes!("../fixtures/cases/worked-example.json");
    Document::read(text, &Limits::default()).unwrap()
}

/// The budget is named, the need is more than the limit, the option stands in the advice, and what was spent is within it.
fn expect_out_of_work(error: &Error, limits: &Limits, what: &str) {
    let Error::Limit { given, limit, .. } = error else { panic!("{what}: {error}") };
    assert!(error.is_out_of_work(), "{what}: {error}");
    assert!(error.to_string().starts_with("work in limb products up to "), "{what}: {error}");
    assert!(error.advice().unwrap().contains("--max-work N"), "{what}");
    assert_eq!(*limit, limits.work.limit(), "{what}");
    assert!(given > limit, "{what}");
    assert!(limits.work.spent() <= limits.work.limit(), "{what}");
}

/// The same in every build, on every machine and on every run; they change with the engines only.
#[test]
fn the_count_is_what_it_is() {
    let case = worked_example().case;
    let spent = |run: &dyn Fn(&Limits)| {
        let limits = Limits::default();
        run(&limits);
        limits.work.spent()
    };
    type Q = BigRational;
    let text = include_bytes!("../fixtures/cases/temporal-golden.json");
    let sequence = TemporalDocument::read(text, &Limits::default()).unwrap().case;
    let over_time = |rule: TemporalRule| {
        spent(&|limits| {
            temporal::run::<Q>(&sequence, &rule, Evaluation::Causal, limits).unwrap();
        })
    };
    let counts = [
        (
            "read",
            spent(&|limits| {
                Document::read(include_bytes!("../fixtures/cases/worked-example.json"), limits)
                    .unwrap();
            }),
        ),
        ("credit", spent(&|limits| drop(credit::run::<Q>(&case, limits).unwrap()))),
        ("backprop", spent(&|limits| drop(backprop::run::<Q>(&case, limits).unwrap()))),
        ("tangent", spent(&|limits| drop(tangent::gradient::<Q>(&case, limits).unwrap()))),
        ("bptt", over_time(TemporalRule::Bptt)),
        ("rtrl", over_time(TemporalRule::Rtrl)),
        ("eprop", over_time(TemporalRule::Eprop)),
    ];
    insta::assert_snapshot!(counts.map(|(name, count)| format!("{name} {count}")).join("\n"));
}

#[test]
fn the_formula_of_a_step() {
    let q = |n: i64, d: i64| BigRational::new(n.into(), d.into());
    // Integers and dyadics multiply and add; 64 for the operation itself.
    assert_eq!(work::plain(2, 3, 7), 64 + 1 + 1);
    assert_eq!(work::plain(2, 201, 201), 64 + 16 + 1);
    assert_eq!(work::plain(201, 201, 4), 64 + 4 + 4);
    // Fractions have to be reduced; 200 bits with the denominator's one are 4 limbs, and twice 201 bits are 7.
    let long = BigRational::from_integer((BigInt::from(1) << 199) + 1);
    assert_eq!(work::step(&q(1, 1), &q(1, 3), &q(1, 2)), 64 + 32);
    assert_eq!(work::step(&q(1, 3), &long, &long), 64 + 32 * 49);
    // Whatever is exact is counted; numbers of a machine word cost a constant.
    assert_eq!(q(1, 3).step(&long, &long), work::step(&q(1, 3), &long, &long));
    assert_eq!(Prime::<101>::one().step(&Prime::one(), &Prime::one()), work::WORD);
    let dual = Dual { value: q(1, 3), tangent: q(1, 7) };
    assert_eq!(dual.step(&dual, &dual), 3 * (64 + 32));
    let (a, b) = (Polynomial::variable(0), Polynomial::variable(1));
    let sum = a.clone() + &b;
    assert_eq!(sum.step(&sum, &sum), 3 * a.step(&a, &b));
}

#[test]
fn one_account_for_all_clones_and_another_for_the_next_case() {
    let limits = with(1_000);
    limits.clone().work.charge(600, "one").unwrap();
    assert_eq!(limits.work.spent(), 600);
    let error = limits.work.charge(401, "another").unwrap_err();
    assert_eq!(
        error.to_string(),
        "work in limb products up to another: 1001 is over the limit of 1000"
    );
    // What is refused is not spent.
    limits.work.charge(400, "a third").unwrap();
    assert!(limits.work.charge(u64::MAX, "more than there is").is_err());
    assert_eq!(limits.renewed().work.spent(), 0);
    assert_eq!(limits.renewed(), limits);
}

/// What an engine refuses within limits.
type Run<'a> = &'a dyn Fn(&Limits) -> Option<Error>;

/// Numbers that grow with the depth, in every engine and in the whole sequence.
#[test]
fn growing_numbers_are_refused_before_they_are_made() {
    for (depth, activation) in [(9, "cubic"), (14, "quadratic"), (14, "square"), (18, "softsign")] {
        let document = chain(depth, "2/7", activation);
        let case = &document.case;
        let runs: [(&str, Run<'_>); 4] = [
            ("credit", &|limits| credit::run::<BigRational>(case, limits).err()),
            ("backprop", &|limits| backprop::run::<BigRational>(case, limits).err()),
            ("tangent", &|limits| tangent::gradient::<BigRational>(case, limits).err()),
            ("certify", &|limits| {
                let options = Options { limits: limits.clone(), seed: 1 };
                certify(&document, &options, &mut Silent).err()
            }),
        ];
        for (name, run) in runs {
            let limits = with(20_000);
            let error = run(&limits).unwrap_or_else(|| panic!("{name} through {activation}"));
            expect_out_of_work(&error, &limits, &format!("{name} through {activation}"));
        }
    }
}

/// A short file may hold few numbers that are long, or many.
#[test]
fn reading_is_work() {
    let digits = "3".repeat(4_000);
    for text in [
        format!(r#""1/{digits}""#),
        format!(r#""1.{digits}""#),
        format!(r#""{digits}""#),
        format!(r#""0x1.{digits}p-3""#),
    ] {
        let text = String::from_utf8_lossy(include_bytes!("../fixtures/cases/worked-example.json"))
            .replacen("\"1/2\"", &text, 1);
        Document::read(text.as_bytes(), &Limits::default()).unwrap();
        let limits = with(30_000);
        let error = Document::read(text.as_bytes(), &limits).unwrap_err();
        expect_out_of_work(&error, &limits, "a long number");
    }
}

/// Memory: neurons, neurons × examples, a matrix from neuron to neuron.
#[test]
fn memory_is_asked_for() {
    let case = |neurons: usize, examples: usize, cycle: &str| {
        let example = r#"{"input": ["1"], "target": ["0"]}"#;
        let text = format!(
            r#"{{"format": "creditcheck/case/1", "network": {{"kind": "graph", "neurons": {neurons},
                "inputs": [0], "outputs": [1], "activation": "relu", "synapses": [[1, 0, "1"]{cycle}]}},
                "loss": "half_squared_error", "learning_rate": "1", "examples": [{}]}}"#,
            vec![example; examples].join(", ")
        );
        Document::read(text.as_bytes(), &Limits::default()).unwrap().case
    };
    let few = Limits { values: 600, ..Limits::default() };
    let exact = |case: &Case, rule| {
        gradient(case, rule, Number::Exact, Quantity::Gradient, &few, &mut Silent)
    };
    for rule in [Rule::Credit, Rule::Tangent] {
        assert!(exact(&case(10, 2, ""), rule).is_ok(), "{rule:?}");
        for (neurons, examples) in [(1_000, 1), (10, 100)] {
            let error = exact(&case(neurons, examples, ""), rule).unwrap_err();
            let text = error.to_string();
            assert!(text.starts_with("numbers of all neurons"), "{rule:?}: {text}");
            assert!(error.advice().unwrap().contains("--max-values N"), "{rule:?}");
        }
    }
    // Thirty neurons have few rates, but a matrix of 900 entries.
    let error =
        exact(&case(30, 1, r#", [1, 1, "1/2"], [2, 1, "1/4"]"#), Rule::Tangent).unwrap_err();
    assert!(error.to_string().starts_with("numbers of "), "{error}");
}

/// The search for the mistake ends, says so, and the verdict stays.
#[test]
fn the_search_for_the_mistake_is_limited() {
    let document = chain(4, "2/7", "cubic");
    let zeros = r#"{"format": "creditcheck/gradient/1", "layers": [{"weights": [["9"]]},
        {"weights": [["1"]]}, {"weights": [["1"]]}, {"weights": [["1"]]}]}"#;
    let mine =
        result::read(zeros.as_bytes(), &Subject::of(&document.case), &Limits::default()).unwrap();
    let judge = |limits: &Limits| {
        certify::judge::judge(&document.case, &mine, &Asked::default(), limits, &mut Silent)
            .unwrap()
    };
    let all = Limits::default();
    let (judgement, found) = judge(&all);
    assert_eq!((judgement.nearness(), found.len()), (Nearness::Different, 0));
    let limits = with(all.work.spent() / 2);
    let (judgement, found) = judge(&limits);
    assert_eq!(judgement.nearness(), Nearness::Different);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("the search for known mistakes stopped at "), "{found:?}");
    assert!(found[0].ends_with("raise it with --max-work N"), "{found:?}");
    assert!(limits.work.spent() <= limits.work.limit());
}

/// Over time, where a mutant that keeps its state from one sequence to the next has numbers that grow with all of them.
#[test]
fn the_search_over_time_is_limited() {
    let text = r#"{"format": "creditcheck/case/1", "network": {"kind": "temporal", "leak": "1/5",
        "activation": "cubic", "recurrent": [["0", "3/7"], ["2/7", "0"]], "input": [["1/3"], ["2/3"]],
        "readout": [["1", "1/2"]]}, "loss": "half_squared_error", "learning_rate": "1/2", "steps": "all",
        "examples": [{"input": [["1/2"], ["1/3"], ["1/4"]], "target": [["1"], ["0"], ["1"]]},
                     {"input": [["1/5"], ["1/7"], ["1/9"]], "target": [["0"], ["1"], ["1"]]},
                     {"input": [["1/5"], ["1/7"], ["1/9"]], "target": [["0"], ["1"], ["1"]]}]}"#;
    let case = TemporalDocument::read(text.as_bytes(), &Limits::default()).unwrap().case;
    let mine = r#"{"format": "creditcheck/gradient/1", "recurrent": [["1", "1"], ["1", "1"]],
        "input": [["1"], ["1"]], "readout": [["1", "1"]]}"#;
    let mine =
        result::read(mine.as_bytes(), &Subject::over_time(&case), &Limits::default()).unwrap();
    let alone = Limits::default();
    temporal::run::<BigRational>(&case, &TemporalRule::Tangent, Evaluation::Causal, &alone)
        .unwrap();
    // Enough for the gradient, and for little more.
    let limits = with(4 * alone.work.spent());
    let (judgement, found) =
        certify::temporal::judge(&case, &mine, &Asked::default(), &limits, &mut Silent).unwrap();
    assert_eq!(judgement.nearness(), Nearness::Different);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("stopped at "), "{found:?}");
    assert!(limits.work.spent() <= limits.work.limit());
}
