//! C1–C5 on random feed-forward graphs: `==` on every entry, no tolerance, and most of the cases alive.
//!
//! A graph has no layered backpropagation: the arbiter takes its place.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use creditcheck::scalar::{Dual, Scalar};
use creditcheck::spec::outcome::{CreditOutcome, Update};
use creditcheck::spec::{
    Activation, Case, Ends, Graph, Limits, Network, Neuron, Parameters, PerNeuron, PerSynapse,
    Synapse, Wiring,
};
use creditcheck::textbook::firing::firing;
use creditcheck::textbook::{Equilibrium, embed_parameters, relax, tangent};
use creditcheck::verdict::bridge;
use num_rational::BigRational;
use quickcheck::{Arbitrary, Gen, TestResult, Testable};

use crate::engines;
use crate::generators::graphs::{GraphCase, checker};
use crate::generators::{Q, Tally, after_step, is_live, meets_a_kink, quotients, ratio, scaled};

fn limits() -> Limits {
    Limits::default()
}

fn run(case: &Case) -> CreditOutcome<Q> {
    engines::credit(case, &limits()).unwrap()
}

fn graph(case: &Case) -> &Graph {
    let Network::Graph(net) = &case.network else { panic!("layers") };
    net
}

/// A property with its count of live cases; quickcheck itself takes function pointers and what implements
/// `Testable`, but no closures.
#[derive(Clone)]
struct Property {
    tally: Rc<Tally>,
    holds: fn(&Case, &Wiring, &CreditOutcome<Q>) -> Result<(), String>,
}

impl Testable for Property {
    fn result(&self, g: &mut Gen) -> TestResult {
        let drawn = GraphCase::arbitrary(g);
        self.tally.count(is_live(&Wiring::of(&drawn.0), &run(&drawn.0)));
        match self.failure(&drawn) {
            None => TestResult::passed(),
            Some(message) => {
                let (case, message) = self.shrunk(drawn, message);
                TestResult::error(format!("{message}\n{case:?}"))
            }
        }
    }
}

impl Property {
    fn failure(&self, case: &GraphCase) -> Option<String> {
        (self.holds)(&case.0, &Wiring::of(&case.0), &run(&case.0)).err()
    }

    fn shrunk(&self, mut case: GraphCase, mut message: String) -> (GraphCase, String) {
        while let Some((smaller, why)) =
            case.shrink().find_map(|smaller| Some((smaller.clone(), self.failure(&smaller)?)))
        {
            (case, message) = (smaller, why);
        }
        (case, message)
    }
}

/// Runs a property on so many graphs and demands that this many percent of them were live.
fn check(
    cases: u64,
    percent: u32,
    holds: fn(&Case, &Wiring, &CreditOutcome<Q>) -> Result<(), String>,
) {
    let tally = Rc::new(Tally::default());
    checker(cases).quickcheck(Property { tally: Rc::clone(&tally), holds });
    tally.demand(u32::try_from(cases).unwrap(), percent);
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found:?} is not {expected:?}")) }
}

/// C1, C3: c_j = −∂L_b/∂x_j at every neuron, inputs and dead ends included.
#[test]
fn credits_are_derivatives() {
    check(80, 75, |case, wiring, outcome| {
        for (example, found) in case.examples.iter().zip(&outcome.examples) {
            for neuron in (0..wiring.neurons()).map(Neuron) {
                let truth: Q = tangent::at_rate(case, example, neuron, &limits()).unwrap();
                same("credit", &found.credit[neuron].0, &-truth)?;
            }
        }
        Ok(())
    });
}

/// C2, C3: every synapse and every bias along its own unit direction.
#[test]
fn updates_descend_the_gradient() {
    check(80, 75, |case, wiring, outcome| {
        let truth = engines::arbiter(case, &limits()).unwrap();
        same("update", &outcome.update, &scaled(&truth, &-case.learning_rate.clone()))?;
        let descent = bridge::update_of_derivatives(&truth, &case.learning_rate);
        let verdict = bridge::updates_agree(wiring, &outcome.update, &descent);
        if verdict.is_disagree() { Err(format!("{verdict:?}")) } else { Ok(()) }
    });
}

/// C5, from a start that is wrong at every neuron; dead ends count for the height.
#[test]
fn relaxation_is_exact_after_as_many_sweeps_as_paths_are_long() {
    check(80, 75, |case, wiring, outcome| {
        let parameters = Parameters::of(case);
        let heights = wiring.heights().unwrap();
        for example in &outcome.examples {
            let mut credit = PerNeuron::from_fn(wiring.neurons(), |n| {
                &example.credit[n].0 + ratio(i64::try_from(n.0).unwrap() + 2, 7)
            });
            for sweeps in 1..=wiring.depth().unwrap() + 1 {
                credit = relax::sweep(&Equilibrium {
                    wiring,
                    parameters: &parameters,
                    learning_rate: &case.learning_rate,
                    firing_rate: &example.firing_rate,
                    balance_factor: &example.balance_factor,
                    external_credit: &example.external_credit,
                    credit: &credit,
                });
                for (neuron, _) in heights.indexed().filter(|(_, height)| sweeps > **height) {
                    same("settled credit", &credit[neuron], &example.credit[neuron].0)?;
                }
            }
        }
        Ok(())
    });
}

/// C4: replace f at one neuron after the other; every entry that changes and every entry that stays is predicted.
///
/// ```text
/// ΔW' − ΔW = η ⟨(f_n(s_n) − σ'_n(s_n)) c_n ∂s_n/∂W⟩
/// ```
///
/// The derivative of s_n is that of a dual number, c_n comes from the arbiter: nothing here is computed backwards.
#[test]
fn another_balance_function_changes_exactly_what_is_predicted() {
    thread_local! {
        static CHANGED: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
    }
    check(25, 75, |case, wiring, outcome| {
        let hidden: Vec<Neuron> =
            (0..wiring.neurons()).map(Neuron).filter(|n| !wiring.is_input[*n]).collect();
        for &neuron in &hidden {
            let mut replaced = case.clone();
            let Network::Graph(net) = &mut replaced.network else { unreachable!() };
            // f(s) = 2s, which is σ' for one activation only.
            net.balances[neuron] = Some(Activation::Square);
            let found = run(&replaced).update;
            let expected = predicted(case, wiring, outcome, neuron);
            same(&format!("balance replaced at {neuron:?}"), &found, &expected)?;
            if found != outcome.update {
                CHANGED.set(CHANGED.get() + 1);
            }
        }
        Ok(())
    });
    assert!(CHANGED.get() >= 50, "{} replacements changed anything", CHANGED.get());
}

fn predicted(
    case: &Case,
    wiring: &Wiring,
    outcome: &CreditOutcome<Q>,
    neuron: Neuron,
) -> Update<Q> {
    let parameters: Parameters<Dual<Q>> = embed_parameters(&Parameters::of(case)).unwrap();
    let share = &case.learning_rate / BigRational::from_integer(case.examples.len().into());
    let mut expected = outcome.update.clone();
    for example in &case.examples {
        let input: Vec<Dual<Q>> = example.input.iter().map(|x| Dual::constant(x.clone())).collect();
        let net_input = |parameters: &Parameters<Dual<Q>>| {
            firing(wiring, parameters, &input, &limits()).unwrap().net_input[neuron].clone()
        };
        let credit: Q = -tangent::at_rate::<Q>(case, example, neuron, &limits()).unwrap();
        let s = net_input(&parameters).value;
        // σ' of this neuron as the dual part of σ(s + ε): one neuron with one synapse of weight 1 + 0ε.
        let slope = slope_at(case, wiring, neuron, &s);
        let factor = &share * (ratio(2, 1) * &s - slope) * credit;
        let one = Dual { value: Q::zero(), tangent: Scalar::one() };
        for (synapse, _) in wiring.synapses.indexed() {
            let mut moved = parameters.clone();
            moved.weights[synapse] = moved.weights[synapse].clone() + &one;
            expected.weights[synapse] += &factor * net_input(&moved).tangent;
        }
        for (bias, _) in wiring.has_bias.indexed().filter(|(_, has)| **has) {
            let mut moved = parameters.clone();
            moved.biases[bias] = moved.biases[bias].clone() + &one;
            expected.biases[bias] += &factor * net_input(&moved).tangent;
        }
    }
    expected
}

/// σ'(s) of one neuron by dual numbers: a net of two neurons with the rate s + ε on the first.
fn slope_at(case: &Case, wiring: &Wiring, neuron: Neuron, s: &Q) -> Q {
    let pair = Case {
        network: Network::Graph(Graph {
            neurons: 2,
            inputs: vec![Neuron(0)],
            outputs: vec![Neuron(1)],
            activations: PerNeuron::filled(2, wiring.activations[neuron].clone()),
            balances: PerNeuron::filled(2, None),
            synapses: PerSynapse::new(vec![Ends { post: Neuron(1), pre: Neuron(0) }]),
            weights: PerSynapse::new(vec![ratio(1, 1)]),
            biases: None,
        }),
        ..case.clone()
    };
    let parameters: Parameters<Dual<Q>> = embed_parameters(&Parameters::of(&pair)).unwrap();
    let input = [Dual { value: s.clone(), tangent: ratio(1, 1) }];
    let rates = firing(&Wiring::of(&pair), &parameters, &input, &limits()).unwrap().firing_rate;
    rates[Neuron(1)].tangent.clone()
}

/// Nothing depends on how neurons are numbered or in which order synapses are listed.
#[test]
fn numbering_does_not_matter() {
    check(80, 75, |case, wiring, outcome| {
        let count = wiring.neurons();
        // 0 → count − 1 → …: every neuron gets another number.
        let other = |n: Neuron| Neuron(count - 1 - n.0);
        let net = graph(case);
        let reversed = |s: Synapse| Synapse(net.synapses.len() - 1 - s.0);
        let mut renamed = case.clone();
        renamed.network = Network::Graph(Graph {
            neurons: count,
            inputs: net.inputs.iter().map(|n| other(*n)).collect(),
            outputs: net.outputs.iter().map(|n| other(*n)).collect(),
            activations: PerNeuron::from_fn(count, |n| net.activations[other(n)].clone()),
            balances: PerNeuron::filled(count, None),
            synapses: PerSynapse::from_fn(net.synapses.len(), |s| {
                let ends = net.synapses[reversed(s)];
                Ends { post: other(ends.post), pre: other(ends.pre) }
            }),
            weights: PerSynapse::from_fn(net.weights.len(), |s| net.weights[reversed(s)].clone()),
            biases: net
                .biases
                .as_ref()
                .map(|biases| PerNeuron::from_fn(count, |n| biases[other(n)].clone())),
        });
        let found = run(&renamed);
        for (a, b) in found.examples.iter().zip(&outcome.examples) {
            for n in (0..count).map(Neuron) {
                same("credit", &a.credit[other(n)], &b.credit[n])?;
                same("rate", &a.firing_rate[other(n)], &b.firing_rate[n])?;
            }
        }
        for (s, entry) in outcome.update.weights.indexed() {
            same("ΔW", &found.update.weights[reversed(s)], entry)?;
        }
        for (n, entry) in outcome.update.biases.indexed() {
            same("Δb", &found.update.biases[other(n)], entry)?;
        }
        Ok(())
    });
}

/// Dead ends have no credit unless they are outputs, and what leads to them does not learn.
#[test]
fn dead_ends_get_no_credit() {
    check(80, 75, |_, wiring, outcome| {
        let dead = (0..wiring.neurons())
            .map(Neuron)
            .filter(|n| wiring.outgoing[*n].is_empty() && !wiring.outputs.contains(n));
        for neuron in dead {
            for example in &outcome.examples {
                same("credit", &example.credit[neuron].0, &Q::zero())?;
            }
            for synapse in &wiring.incoming[neuron] {
                same("ΔW", &outcome.update.weights[*synapse], &Q::zero())?;
            }
        }
        Ok(())
    });
}

/// Linear in η, the mean over the batch, and right again after the step.
#[test]
fn a_whole_step_of_learning() {
    check(40, 75, |case, wiring, outcome| {
        let mut other = case.clone();
        other.learning_rate = ratio(-4, 9);
        let factor = ratio(-4, 9) / &case.learning_rate;
        same("another η", &run(&other).update, &scaled(&outcome.update, &factor))?;

        let mut sum = scaled(&outcome.update, &Q::zero());
        for example in &case.examples {
            let mut single = case.clone();
            single.examples = vec![example.clone()];
            let of_one = run(&single).update;
            for (s, entry) in of_one.weights.indexed() {
                sum.weights[s] += entry;
            }
            for (n, entry) in of_one.biases.indexed() {
                sum.biases[n] += entry;
            }
        }
        let share = ratio(1, i64::try_from(case.examples.len()).unwrap());
        same("mean", &outcome.update, &scaled(&sum, &share))?;

        let mut small = case.clone();
        small.learning_rate = ratio(1, 16);
        let next = after_step(&small, &run(&small).update);
        let truth = engines::arbiter(&next, &limits()).unwrap();
        let descent = bridge::update_of_derivatives(&truth, &ratio(1, 16));
        let verdict = bridge::updates_agree(wiring, &run(&next).update, &descent);
        if verdict.is_disagree() { Err(format!("{verdict:?}")) } else { Ok(()) }
    });
}

/// H14: the checker of this file refuses a property that discards everything; quickcheck by itself lets it pass.
#[test]
fn h14_nothing_discards_its_way_through() {
    fn discard(_: GraphCase) -> TestResult {
        TestResult::discard()
    }
    let alone = quickcheck::QuickCheck::new().tests(5).max_tests(10);
    let mut alone = alone.rng(Gen::from_size_and_seed(9, 1)).min_tests_passed(0);
    assert_eq!(alone.quicktest(discard as fn(GraphCase) -> TestResult).ok(), Some(0));
    let refused = std::panic::catch_unwind(|| {
        checker(5).quickcheck(discard as fn(GraphCase) -> TestResult);
    });
    assert!(refused.is_err(), "a checker that is content with nothing");
    // And a tally of dead cases is refused too.
    let dead = Tally::default();
    (0..10).for_each(|_| dead.count(false));
    assert!(std::panic::catch_unwind(move || dead.demand(10, 1)).is_err());
}

/// What the generator makes: without these shares the properties above would be blind somewhere.
#[test]
fn the_generator_covers_what_it_must() {
    const CASES: usize = 300;
    let mut g = Gen::from_size_and_seed(9, crate::generators::seed(1));
    let shares = RefCell::new(BTreeMap::<String, usize>::new());
    let note = |name: &str, yes: bool| {
        *shares.borrow_mut().entry(name.to_owned()).or_default() += usize::from(yes);
    };
    for _ in 0..CASES {
        let case = GraphCase::arbitrary(&mut g).0;
        let (wiring, outcome) = (Wiring::of(&case), run(&case));
        let net = graph(&case);
        assert!(!wiring.is_recurrent() && case.examples.len() >= 2);
        assert!(case.learning_rate != ratio(0, 1) && case.learning_rate != ratio(1, 1));
        assert!(net.weights.iter().all(|w| *w != ratio(1, 1) && *w != ratio(-1, 1)));
        let (heights, order) = (wiring.heights().unwrap(), wiring.order.as_ref().unwrap());
        let shortcut = |ends: &Ends| heights[ends.pre] > heights[ends.post] + 1;
        let ends_dead = |n: &Neuron| wiring.outgoing[*n].is_empty() && !wiring.outputs.contains(n);
        note("live", is_live(&wiring, &outcome));
        note("skip connection", wiring.synapses.iter().any(shortcut));
        note("dead end", order.iter().any(ends_dead));
        note("output that others hear", {
            wiring.outputs.iter().any(|o| !wiring.outgoing[*o].is_empty())
        });
        note("shuffled", order.windows(2).any(|pair| pair[0] > pair[1]));
        note("at a kink", meets_a_kink(&wiring, &outcome));
        note("without biases", net.biases.is_none());
        note("three examples", case.examples.len() >= 3);
        note("deep", wiring.depth().unwrap() >= 4);
        for name in case.activations().map(Activation::name).collect::<BTreeSet<_>>() {
            note(name, true);
        }
        note(&case.kink.name(), true);
    }
    let shares = shares.into_inner();
    let least = [
        ("live", 75),
        ("skip connection", 70),
        ("dead end", 30),
        ("output that others hear", 30),
        ("shuffled", 80),
        ("at a kink", 15),
        ("without biases", 10),
        ("three examples", 30),
        ("deep", 40),
        ("identity", 15),
        ("relu", 20),
        ("leaky_relu", 20),
        ("hard_tanh", 15),
        ("square", 10),
        ("quadratic", 40),
        ("cubic", 10),
        ("left", 6),
        ("right", 6),
        ("mean", 6),
        ("inner", 4),
        ("outer", 4),
        ("1/4", 6),
        ("2/3", 6),
    ];
    let quotients = quotients();
    let quotients = quotients.iter().map(|function| (function.name(), 10));
    for (name, percent) in least.into_iter().chain(quotients) {
        let count = shares.get(name).copied().unwrap_or(0);
        assert!(count * 100 >= CASES * percent, "{name}: {count} of {CASES}; all: {shares:?}");
    }
}
