//! Could these checks have failed? Every mutant on its committed witnesses, and the mutants of the harness.

// The path holds whether this file is a module of tests/lib.rs or a test of its own.
#[path = "mutants/blind.rs"]
mod blind;
#[path = "mutants/temporal.rs"]
mod temporal;

use creditcheck::mutants::{
    CATALOGUE, CATALOGUE_OVER_TIME, Compared, Diagnosis, Fault, Implementation, KillMatrix, Mutant,
    PLAN, Reference, Row, Side, Status, Variant, diagnose_by, diagnose_gradient_by, kill_matrix,
    witnesses,
};
use creditcheck::number::parse;
use creditcheck::spec::outcome::Update;
use creditcheck::spec::{Case, Limits, Network, Neuron, PerNeuron, PerSynapse, Synapse, Wiring};
use creditcheck::verdict::{Comparison, Verdict};
use num_rational::BigRational;

fn number(text: &str) -> BigRational {
    parse(text, &Limits::default()).unwrap()
}

fn square() -> Case {
    witnesses::SQUARE.case().unwrap()
}

fn update(case: &Case, fault: Option<Fault>) -> Update<BigRational> {
    let reference = Reference::new(case, &Limits::default()).unwrap();
    reference.credit(&reference.hook(fault)).unwrap().update
}

/// The mutants whose update this is, once all have been tried.
fn diagnose(case: &Case, theirs: &Update<BigRational>) -> Vec<Diagnosis> {
    let is_theirs = |update: &Update<BigRational>| update == theirs;
    let search = diagnose_by(case, is_theirs, &Limits::default(), &mut |_| Ok(())).unwrap();
    assert_eq!(search.stopped, None);
    search.found
}

#[test]
fn every_mutant_is_killed_on_every_witness_of_the_plan() {
    let matrix = kill_matrix(&Limits::default()).unwrap();
    assert!(matrix.is_good(), "{}", matrix.text());
    assert_eq!(matrix.untried(), []);
    assert_eq!(matrix.count("SURVIVED") + matrix.count("UNAPPLIED"), 0);
    // If nothing ran, fail: 40 mutants, most of them on two sides and several witnesses.
    let at_equilibrium = |row: &&Row| matches!(row.implementation, Implementation::Side(_));
    let rows = matrix.rows.iter().filter(at_equilibrium).count();
    assert!(rows > 200, "{rows}");
    let over_time = witnesses::WITNESSES_OVER_TIME.len();
    assert_eq!(matrix.baselines.len(), witnesses::WITNESSES.len() + over_time);
}

#[test]
fn the_catalogue_is_in_the_order_of_the_enum_and_all_of_it_is_planned() {
    for (k, entry) in CATALOGUE.iter().chain(&CATALOGUE_OVER_TIME).enumerate() {
        assert_eq!(entry.mutant as usize, k, "{}", entry.id);
        assert_eq!(Mutant::from_id(entry.id), Some(entry.mutant));
        assert!(PLAN.iter().any(|planned| planned.fault.mutant == entry.mutant), "{}", entry.id);
    }
    assert_eq!(Mutant::from_id("M99"), None);
}

#[test]
fn witnesses_have_what_the_table_of_restrictions_asks_for() {
    let cases: Vec<Case> = witnesses::WITNESSES.iter().map(|w| w.case().unwrap()).collect();
    for case in &cases {
        assert!(case.examples.len() >= 2, "{}", case.title());
        assert!(case.learning_rate != number("0") && case.learning_rate != number("1"));
        assert!(case.activations().count() >= 2);
        if let Network::Layered(net) = &case.network {
            assert!(net.widths().iter().all(|width| *width >= 2), "{}", case.title());
        }
    }
    let quadratic = |case: &&Case| case.activations().any(|a| a.name() == "quadratic");
    assert!(cases.iter().filter(quadratic).count() >= 3);
}

/// The numbers of the manual's worked example, by hand.
#[test]
fn the_reference_does_the_worked_example() {
    let case = creditcheck::wire::case::read(
        br#"{"format": "creditcheck/case/1",
             "network": {"kind": "layered", "layers": [
               {"weights": [["1/2", "-1"], ["1/4", "1/2"]], "biases": ["1/2", "-1/4"], "activation": "quadratic"},
               {"weights": [["1", "-2"]], "biases": ["1/4"], "activation": "quadratic"}]},
             "loss": "half_squared_error", "learning_rate": "1",
             "examples": [{"input": ["1", "1/2"], "target": ["1"]}]}"#,
        &Limits::default(),
    )
    .unwrap();
    let reference = Reference::new(&case, &Limits::default()).unwrap();
    let run = reference.credit(&reference.hook(None)).unwrap();
    assert_eq!(run.credit[0][Neuron(2)], number("217/256"));
    assert_eq!(run.credit[0][Neuron(3)], number("-217/128"));
    assert_eq!(run.credit[0][Neuron(4)], number("31/64"));
    let weights = ["217/128", "217/256", "-651/256", "-651/512", "651/1024", "1085/4096"];
    assert_eq!(run.update.weights, PerSynapse::new(weights.map(number).to_vec()));
    let biases = ["0", "0", "217/128", "-651/256", "217/256"];
    assert_eq!(run.update.biases, PerNeuron::new(biases.map(number).to_vec()));
    let gradient = reference.backprop(&reference.hook(None)).unwrap();
    assert_eq!(gradient.weights[0][1][0], number("651/256"));
    assert_eq!(gradient.biases[1], Some(vec![number("-217/256")]));
}

/// K02 and K11 cannot matter once the credit has settled: whatever the start and the order of visits,
/// a neuron is exact after h + 1 sweeps. Here from starts that are far off, and one sweep fewer is not enough.
#[test]
fn settled_credits_forget_their_start_and_their_order() {
    for witness in &witnesses::WITNESSES {
        let case = witness.case().unwrap();
        if Wiring::of(&case).is_recurrent() {
            // With a cycle nothing has settled after finitely many sweeps.
            continue;
        }
        let reference = Reference::new(&case, &Limits::default()).unwrap();
        let plain = reference.credit(&reference.hook(None)).unwrap();
        for mutant in [Mutant::K02, Mutant::K11] {
            let hook = reference.hook(Some(Fault::whole(mutant)));
            let run = reference.credit(&hook).unwrap();
            assert!(hook.fired());
            assert_eq!(run.credit, plain.credit, "{mutant} on {}", witness.name);
            assert_eq!(run.update, plain.update, "{mutant} on {}", witness.name);
            assert_ne!(run.sweeps, plain.sweeps, "{mutant} on {}", witness.name);
        }
    }
}

/// One sweep short leaves every update right: only a comparison of input credits sees it.
#[test]
fn one_sweep_short_shows_in_input_credits_alone() {
    for witness in [witnesses::SQUARE, witnesses::RECTANGULAR, witnesses::DEEP] {
        let case = witness.case().unwrap();
        let reference = Reference::new(&case, &Limits::default()).unwrap();
        let plain = reference.credit(&reference.hook(None)).unwrap();
        let short = Fault { mutant: Mutant::K01, variant: Variant::Short(1) };
        let run = reference.credit(&reference.hook(Some(short))).unwrap();
        assert_eq!(run.update, plain.update);
        assert_ne!(run.credit, plain.credit);
    }
}

#[test]
fn a_diagnosis_names_the_mutant_and_the_layer() {
    let case = witnesses::RECTANGULAR.case().unwrap();
    for layer in 1..=3 {
        let fault = Fault { mutant: Mutant::M04, variant: Variant::Layer(layer) };
        let theirs = update(&case, Some(fault));
        let found = diagnose(&case, &theirs);
        let sentences: Vec<&str> = found.iter().map(|d| d.sentence.as_str()).collect();
        let expected = format!(
            "this is the gradient of a rule that leaves out the balance factor in layer {layer}"
        );
        assert_eq!(sentences, [expected]);
    }
    // A right update needs no diagnosis, and an unknown mistake gets none.
    let right = update(&case, None);
    assert_eq!(diagnose(&case, &right), []);
    let mut unknown = right;
    unknown.weights[Synapse(0)] += number("1/7");
    assert_eq!(diagnose(&case, &unknown), []);
}

#[test]
fn every_mutant_with_a_result_of_its_own_is_diagnosed() {
    let silent = [Mutant::K02, Mutant::K03, Mutant::K10, Mutant::K11, Mutant::M25];
    for planned in PLAN.iter().filter(|p| p.compared == Compared::Update) {
        let fault = planned.fault;
        if silent.contains(&fault.mutant) {
            continue;
        }
        let case = planned.witnesses[0].case().unwrap();
        let found = diagnose(&case, &update(&case, Some(fault)));
        let named = found.iter().any(|diagnosis| diagnosis.fault.mutant == fault.mutant);
        assert!(named, "{fault:?}: {found:?}");
    }
}

#[test]
fn a_gradient_is_diagnosed_at_learning_rate_zero_too() {
    let mut case = square();
    case.learning_rate = number("1");
    let theirs = update(&case, Some(Fault::whole(Mutant::M03)));
    let negated = |value: &BigRational| -value;
    let gradient =
        Update { weights: theirs.weights.map(negated), biases: theirs.biases.map(negated) };
    for rate in ["0", "1", "3/2"] {
        case.learning_rate = number(rate);
        let is_theirs = |found: &Update<BigRational>| *found == gradient;
        let before = &mut |_| Ok(());
        let search = diagnose_gradient_by(&case, is_theirs, &Limits::default(), before);
        let found = search.unwrap().found;
        assert!(found.iter().any(|d| d.fault.mutant == Mutant::M03), "{rate}: {found:?}");
    }
}

/// H12: a mutant that was never reached must not count as killed, whatever the comparison says.
#[test]
fn h12_a_disagreement_without_a_fired_hook_is_unapplied() {
    let mut comparison = Comparison::new();
    comparison.entry(|| "entry".into(), &number("1"), &number("2"));
    let verdict = comparison.verdict();
    assert!(matches!(Status::of(verdict.clone(), true), Status::Killed(_)));
    assert_eq!(Status::of(verdict, false), Status::Unapplied);
    // And nothing compared is a survivor, not a kill.
    assert_eq!(Status::of(Verdict::Unchecked("nothing".into()), true), Status::Survived);
    let matrix = kill_matrix(&Limits::default()).unwrap();
    assert!(matrix.is_good());
    for status in [Status::Unapplied, Status::Survived] {
        for place in [0, matrix.rows.len() - 1] {
            let mut other = matrix.clone();
            other.rows[place].status = status.clone();
            assert!(!other.is_good());
        }
    }
    // Nor may a mutant stay away, altogether or on one of its sides.
    let without = |is_it: fn(&Row) -> bool| -> KillMatrix {
        let mut fewer = matrix.clone();
        fewer.rows.retain(|row| !is_it(row));
        fewer
    };
    let fewer = without(|row| row.fault.mutant == Mutant::T08);
    assert!(!fewer.is_good() && fewer.summary().contains("no run kills T08 in any rule"));
    let fewer = without(|row| {
        row.fault.mutant == Mutant::M25
            && row.implementation == Implementation::Side(Side::Backprop)
    });
    assert!(!fewer.is_good() && fewer.summary().contains("no run kills M25 on the side of BP"));
}

/// H7: a comparison of nothing, or of zeros only, is no agreement.
#[test]
fn h7_an_empty_comparison_is_unchecked() {
    assert!(matches!(Comparison::new().verdict(), Verdict::Unchecked(_)));
    let mut zeros = Comparison::new();
    zeros.entry(|| "entry".into(), &number("0"), &number("0"));
    assert!(matches!(zeros.verdict(), Verdict::Unchecked(_)));
    let mut missing = Comparison::new();
    missing.shape("entries", 0, 3);
    assert!(missing.verdict().is_disagree());
}

/// H1: NaN never comes as far as an exact comparison, and equals nothing where floats are compared.
#[test]
fn h1_nan_is_no_number() {
    for text in ["NaN", "nan", "inf", "-Infinity", "1/0", "0x1p99999"] {
        assert!(parse(text, &Limits::default()).is_err(), "{text}");
    }
    assert_eq!(creditcheck::number::exact_f64(f64::NAN), None);
    assert_eq!(creditcheck::number::exact_f64(f64::INFINITY), None);
    let wire = creditcheck::wire::case::read(b"{\"format\": NaN}", &Limits::default());
    assert!(wire.is_err());
}

/// H14: quickcheck accepts a property that discards everything, unless it must pass a number of tests.
#[test]
fn h14_a_property_that_discards_everything_fails() {
    fn discard(_: u8) -> quickcheck::TestResult {
        quickcheck::TestResult::discard()
    }
    let lenient = || quickcheck::QuickCheck::new().tests(10).max_tests(50);
    let passed = lenient().quicktest(discard as fn(u8) -> quickcheck::TestResult);
    assert!(passed.is_ok(), "the default is as lenient as it is said to be");
    let strict = std::panic::catch_unwind(|| {
        lenient().min_tests_passed(1).quickcheck(discard as fn(u8) -> quickcheck::TestResult);
    });
    assert!(strict.is_err(), "min_tests_passed must refuse it");
}

/// The two sides of a mutant are one bug: the gradient of the one is the update of the other.
#[test]
fn both_sides_of_a_mutant_agree_where_the_bug_is_the_same() {
    use creditcheck::verdict::bridge;
    for planned in PLAN.iter().filter(|p| p.fault.mutant.sides().contains(&Side::Backprop)) {
        // Ones in place of credits are minus ones in place of adjoints.
        if planned.fault.mutant == Mutant::M28 {
            continue;
        }
        for witness in planned.witnesses {
            let case = witness.case().unwrap();
            let Network::Layered(net) = &case.network else { continue };
            let reference = Reference::new(&case, &Limits::default()).unwrap();
            let hook = reference.hook(Some(planned.fault));
            let credit = reference.credit(&hook).unwrap().update;
            let gradient = reference.backprop(&hook).unwrap();
            let update = bridge::update_of_gradient(net, &gradient, &case.learning_rate);
            assert_eq!(credit, update, "{:?} on {}", planned.fault, witness.name);
        }
    }
}
