//! Gradients at equilibria that somebody else solved for: simulated solvers, right ones and wrong ones, before the judge.

mod layer;

use creditcheck::Error;
use creditcheck::certify::Silent;
use creditcheck::certify::judge::{judge, judgement};
use creditcheck::spec::{Case, Limits};
use creditcheck::verdict::judge::{Judgement, Nearness, Options};
use creditcheck::wire::Document;
use creditcheck::wire::gradient::{self, Gradient, Subject};

use layer::{Cycle, Draw, Found, Number, Sigma, Stop, Way};

fn tolerance(text: &str) -> String {
    format!("\"solver\": {{\"tolerance\": \"{text}\"}}, ")
}

fn at_rates(rates: &[Vec<f64>], more: &str) -> String {
    let row = |row: &Vec<f64>| {
        let row: Vec<_> =
            row.iter().map(|x| format!("\"{}\"", creditcheck::number::hex(*x))).collect();
        format!("[{}]", row.join(", "))
    };
    let rows: Vec<_> = rates.iter().map(row).collect();
    format!("\"solver\": {{{more}\"equilibrium\": [{}]}}, ", rows.join(", "))
}

fn judged(case: &Case, mine: &Gradient) -> (Judgement, Vec<String>) {
    judge(case, mine, &Options::default(), &Limits::default(), &mut Silent).unwrap()
}

fn quickly(case: &Case, mine: &Gradient) -> Judgement {
    judgement(case, mine, &Limits::default(), &mut Silent).unwrap()
}

/// The largest difference of two gradients as a share of the largest entry.
fn apart(a: &Found, b: &Found) -> f64 {
    let pairs = a.0.iter().zip(&b.0).chain(a.1.iter().zip(&b.1));
    let largest = a.0.iter().chain(&a.1).fold(0.0_f64, |most, x| most.max(x.abs()));
    pairs.fold(0.0, |most: f64, (a, b)| most.max((a - b).abs())) / largest
}

/// How many of each came out how.
#[derive(Debug, Default)]
struct Figures {
    right: usize,
    unchecked: usize,
    wrong: usize,
    named: usize,
    misnamed: usize,
    slipped: usize,
    excused: usize,
}

/// The hundred and more cycles of the judge: right solvers pass, whatever they are; one entry off by a thousandth and wrong ones do not.
#[test]
fn solvers_are_told_right_from_wrong() {
    let mut draw = Draw(15);
    let mut figures = Figures::default();
    for round in 0..108 {
        let sigma = [Sigma::HardTanh, Sigma::Tanh, Sigma::Logistic][round % 3];
        let number = if round % 2 == 0 { Number::F64 } else { Number::F32 };
        let cycle = Cycle::draw(&mut draw, sigma);
        let case = cycle.case();
        let newton = cycle.found(number, Way::Right, Stop::Newton).unwrap();
        let plain = cycle.found(number, Way::Right, Stop::At(1e-6)).unwrap();
        let stated = "\"tolerance\": \"0.000001\", ";
        for (found, solver) in [
            (&newton, String::new()),
            (&newton, at_rates(&newton.2, "")),
            (&plain, tolerance("0.000001")),
            (&plain, at_rates(&plain.2, stated)),
        ] {
            let mine = cycle.file(&case, number, found, &solver);
            let judged = quickly(&case, &mine);
            assert!(!judged.nearness().is_refused(), "{round}: {solver} {cycle:?} {judged:#?}");
            figures.right += 1;
            figures.unchecked += usize::from(judged.unchecked().is_some());
            // The largest entry off by a thousandth.
            let mut slip = found.clone();
            let largest = |list: &[f64]| {
                (0..list.len()).max_by(|a, b| list[*a].abs().total_cmp(&list[*b].abs())).unwrap()
            };
            let at = largest(&slip.0);
            slip.0[at] = number.round(slip.0[at] * 1.001);
            let judged = quickly(&case, &cycle.file(&case, number, &slip, &solver));
            let is_refused = judged.nearness() == Nearness::Different;
            // A tolerance may excuse it where the loss is small.
            let may_pass = !is_refused && solver.contains("tolerance");
            assert!(is_refused || may_pass, "{round}: {solver} {cycle:?}");
            figures.slipped += 1;
            figures.excused += usize::from(may_pass);
        }
        // The search for the name takes most of the time.
        if round % 6 > 2 {
            continue;
        }
        let (way, deed) = Way::WRONG[round % 5];
        let Some(found) = cycle.found(number, way, Stop::Newton) else { continue };
        if apart(&newton, &found) < 1e-3 {
            continue;
        }
        let (judged, diagnosis) = judged(&case, &cycle.file(&case, number, &found, ""));
        assert_eq!(judged.nearness(), Nearness::Different, "{round}: {way:?} {cycle:?}");
        figures.wrong += 1;
        // Where the outputs are on no cycle one sweep of the whole network is one step; where all slopes are 1 it is one matrix.
        let same = match way {
            Way::OneStep => "relaxes the credit once instead of to its equilibrium",
            Way::JacobianNotTransposed => Way::WRONG[4].1,
            _ => deed,
        };
        let is_named =
            diagnosis.iter().any(|sentence| sentence.contains(deed) || sentence.contains(same));
        figures.named += usize::from(is_named);
        figures.misnamed += usize::from(!is_named && !diagnosis.is_empty());
        if !is_named {
            eprintln!("{round}: {way:?} {number:?} {diagnosis:?}");
        }
    }
    eprintln!("{figures:?}");
    assert_eq!((figures.right, figures.unchecked), (432, 0), "{figures:?}");
    assert!(20 * figures.excused <= figures.slipped, "{figures:?}");
    assert!(
        figures.wrong >= 40 && figures.misnamed == 0 && 10 * figures.named >= 9 * figures.wrong,
        "{figures:?}"
    );
}

/// x = tanh(x/2 + u/4), whose equilibrium at u = 0 is 0: the gradient is known by hand.
fn by_hand() -> Case {
    let text = br#"{"format": "creditcheck/case/1", "network": {"kind": "graph", "neurons": 2, "inputs": [0], "outputs": [1],
        "activation": "tanh", "synapses": [[1, 0, "1/4"], [1, 1, "1/2"]], "biases": [0, 0]},
        "loss": "half_squared_error", "learning_rate": 1, "examples": [{"input": [0], "target": [1]}]}"#;
    Document::read(text, &Limits::default()).unwrap().case
}

fn hand_file(bias: &str, number: &str, more: &str) -> Result<Gradient, Error> {
    let text = format!(
        r#"{{"format": "creditcheck/gradient/1", "number": "{number}", {more}"synapses": [[1, 0, 0], [1, 1, 0]], "biases": [0, "{bias}"]}}"#
    );
    gradient::read(text.as_bytes(), &Subject::of(&by_hand()), &Limits::default())
}

#[test]
fn a_gradient_known_by_hand() {
    let of = |bias: &str, more: &str| {
        quickly(&by_hand(), &hand_file(bias, "f64", more).unwrap()).nearness()
    };
    // β = 1, c = 1/(1 − 1/2) = 2, so ∂L/∂b = −2.
    assert_eq!(of("-2", ""), Nearness::WithinBound);
    assert_eq!(of("-0x1.00000000001p+1", ""), Nearness::Different);
    assert_eq!(of("-0x1.00000000001p+1", &tolerance("0.000001")), Nearness::WithinBound);
    assert_eq!(of("-0x1.001p+1", &tolerance("0.000001")), Nearness::Different);
    // The rates that they give leave nothing, so that a tolerance of firing excuses nothing; one of credit does.
    let exact = |more: &str| format!("\"solver\": {{{more}\"equilibrium\": [[0, 0]]}}, ");
    assert_eq!(of("-2", &exact("")), Nearness::WithinBound);
    assert_eq!(of("-0x1.00000000001p+1", &exact("")), Nearness::Different);
    let of_credit = exact("\"credit_tolerance\": \"0.000001\", ");
    assert_eq!(of("-0x1.00000000001p+1", &of_credit), Nearness::WithinBound);
}

#[test]
fn rates_that_are_no_equilibrium_are_told() {
    let far = "\"solver\": {\"equilibrium\": [[0, \"1/2\"]]}, ";
    let judged = quickly(&by_hand(), &hand_file("-2", "f64", far).unwrap());
    assert_eq!(judged.nearness(), Nearness::Different);
    let first = judged.first().unwrap();
    assert_eq!(first.words, "equilibrium: example 0, neuron 1");
    // What the others make of it: tanh(1/4).
    let made = creditcheck::number::nearest_f64(&first.exact);
    assert!((made - 0.25_f64.tanh()).abs() < 1e-15, "{made}");
    // An input that is not the input.
    let other = "\"solver\": {\"equilibrium\": [[\"1/1000\", 0]]}, ";
    let judged = quickly(&by_hand(), &hand_file("-2", "f64", other).unwrap());
    assert_eq!(judged.first().unwrap().words, "equilibrium: example 0, neuron 0");
    // A tolerance that they do not keep.
    let near = "\"solver\": {\"tolerance\": \"0.000001\", \"equilibrium\": [[0, \"0.0001\"]]}, ";
    let judged = quickly(&by_hand(), &hand_file("-2", "f64", near).unwrap());
    assert_eq!(judged.nearness(), Nearness::Different);
    assert_eq!(judged.blocks.last().unwrap().name, "equilibrium");
}

/// Nothing that a file states of its solver lets zeros pass, or another number.
#[test]
fn a_tolerance_excuses_no_lie() {
    for (solver, place, expected) in [
        ("\"tolerance\": \"0.011\"", "solver.tolerance", "a number from 0 to 1/100"),
        ("\"tolerance\": 1000", "solver.tolerance", "a number from 0 to 1/100"),
        ("\"tolerance\": -1", "solver.tolerance", "a number from 0 to 1/100"),
        ("\"credit_tolerance\": 1", "solver.credit_tolerance", "a number from 0 to 1/100"),
        ("\"toleranse\": 0", "solver.toleranse", "one of tolerance, credit_tolerance, equilibrium"),
        ("\"equilibrium\": [[0]]", "solver.equilibrium[0]", "2 rates, one per neuron"),
        ("\"equilibrium\": []", "solver.equilibrium", "1 lists of rates, one per example"),
    ] {
        let error = hand_file("0", "f64", &format!("\"solver\": {{{solver}}}, ")).unwrap_err();
        let said = error.to_string();
        assert!(said.starts_with(place) && said.contains(expected), "{solver}: {said}");
    }
    // Whose numbers are exact has no solver that stops, and without a cycle nobody solves.
    let error = hand_file("-2", "exact", &tolerance("0.000001")).unwrap_err();
    assert!(error.to_string().contains("no such field where numbers are exact"), "{error}");
    let chain = include_str!("../fixtures/cases/graph-interface-example.json");
    let chain = Document::read(chain.as_bytes(), &Limits::default()).unwrap().case;
    let text = br#"{"format": "creditcheck/gradient/1", "number": "f64", "solver": {}, "synapses": [[2, 0, 0]]}"#;
    let error = gradient::read(text, &Subject::of(&chain), &Limits::default()).unwrap_err();
    assert!(error.to_string().starts_with("solver"), "{error}");
    let coarsest = tolerance("0.01");
    let zeros = quickly(&by_hand(), &hand_file("0", "f64", &coarsest).unwrap());
    assert_eq!(zeros.nearness(), Nearness::Different);
    // Where the loss is small, the coarsest tolerance lets anything pass: then nothing is said.
    let text = br#"{"format": "creditcheck/case/1", "network": {"kind": "graph", "neurons": 2, "inputs": [0], "outputs": [1],
        "activation": "tanh", "synapses": [[1, 0, "1/4"], [1, 1, "1/2"]], "biases": [0, 0]},
        "loss": "half_squared_error", "learning_rate": 1, "examples": [{"input": [0], "target": ["1/1000"]}]}"#;
    let small = Document::read(text, &Limits::default()).unwrap().case;
    for bias in ["0", "-0.002", "0.001"] {
        let bias = creditcheck::number::hex(bias.parse().unwrap());
        let judged = quickly(&small, &hand_file(&bias, "f64", &coarsest).unwrap());
        assert!(judged.unchecked().is_some(), "{bias}: {judged:#?}");
    }
}

/// A network with three equilibria: theirs says which is meant, and a case that says so wins.
#[test]
fn of_several_equilibria_theirs_is_meant() {
    let text = |given: &str| {
        format!(
            r#"{{"format": "creditcheck/case/1", "network": {{"kind": "graph", "neurons": 2, "inputs": [0], "outputs": [1],
            "activation": "tanh", "synapses": [[1, 0, 1], [1, 1, "2"]], "biases": [0, 0]}},
            "loss": "half_squared_error", "learning_rate": 1, "examples": [{{"input": [0], "target": ["1/2"]}}]{given}}}"#
        )
    };
    let read = |text: String| Document::read(text.as_bytes(), &Limits::default()).unwrap().case;
    let case = read(text(""));
    // x = tanh(2x) near 0.9575; c = e/(1 − 2β), ∂L/∂w = −βcx.
    let mut x = 1.0_f64;
    (0..200).for_each(|_| x = (2.0 * x).tanh());
    let beta = 1.0 - x * x;
    let delta = -beta * (0.5 - x) / (1.0 - 2.0 * beta);
    let file = |case: &Case, rate: f64, delta: f64| {
        let hex = creditcheck::number::hex;
        let text = format!(
            r#"{{"format": "creditcheck/gradient/1", "number": "f64", "solver": {{"equilibrium": [[0, "{}"]]}},
            "synapses": [[1, 0, 0], [1, 1, "{}"]], "biases": [0, "{}"]}}"#,
            hex(rate),
            hex(delta * rate),
            hex(delta)
        );
        gradient::read(text.as_bytes(), &Subject::of(case), &Limits::default()).unwrap()
    };
    let upper = file(&case, x, delta);
    assert_eq!(quickly(&case, &upper).nearness(), Nearness::WithinBound);
    // By symmetry with another target: the error at −x is 1/2 + x.
    let lower = -beta * (0.5 + x) / (1.0 - 2.0 * beta);
    assert_eq!(quickly(&case, &file(&case, -x, lower)).nearness(), Nearness::WithinBound);
    assert_eq!(quickly(&case, &file(&case, -x, delta)).nearness(), Nearness::Different);
    // The one that the case gives is meant: tanh(0) = 0.
    let at_rest = read(text(r#", "equilibrium": [[0, 0]]"#));
    let judged = quickly(&at_rest, &upper);
    assert_eq!(judged.nearness(), Nearness::Different);
    assert!(judged.blocks.iter().any(|block| block.name == "equilibrium" && block.beyond == 1));
}

/// A solver that stopped at 10⁻⁶ and does not say so is told what to say; one entry that slipped is no such thing.
#[test]
fn who_stops_early_is_told_to_say_so() {
    let cycle = Cycle::draw(&mut Draw(4), Sigma::Tanh);
    let case = cycle.case();
    let found = cycle.found(Number::F64, Way::Right, Stop::At(1e-6)).unwrap();
    let (judgement, diagnosis) = judged(&case, &cycle.file(&case, Number::F64, &found, ""));
    assert_eq!(judgement.nearness(), Nearness::Different);
    assert_eq!(diagnosis.len(), 1, "{diagnosis:?}");
    let stops = "stops at a residual of 1/1000000";
    assert!(diagnosis[0].contains(stops), "{diagnosis:?}");
    let mut slip = cycle.found(Number::F64, Way::Right, Stop::Newton).unwrap();
    slip.0[3] *= 1.0 + 1e-7;
    let (judgement, diagnosis) = judged(&case, &cycle.file(&case, Number::F64, &slip, ""));
    assert_eq!(judgement.nearness(), Nearness::Different);
    assert!(diagnosis.is_empty(), "{diagnosis:?}");
}
