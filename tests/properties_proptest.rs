//! C1–C5 on random layered nets: `==` on every entry, no tolerance, and most of the cases alive.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use creditcheck::scalar::{MERSENNE_61, Prime, Scalar};
use creditcheck::spec::outcome::{BackpropOutcome, CreditOutcome, GivenCredit, Update};
use creditcheck::spec::{
    Activation, Case, Layered, Limits, Network, Neuron, Parameters, PerNeuron, PerSynapse, Wiring,
};
use creditcheck::textbook::{
    Equilibrium, backprop, credit, embed_parameters, interpolate, relax, tangent,
};
use creditcheck::verdict::{Verdict, bridge};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use crate::generators::layered::{Functions, Numbers, layered, number, runner};
use crate::generators::{
    Q, Tally, after_step, as_graph, inner, is_live, meets_a_kink, quotients, ratio, scaled, still,
};

type F = Prime<MERSENNE_61>;

fn limits() -> Limits {
    Limits::default()
}

fn layers(case: &Case) -> &Layered {
    let Network::Layered(net) = &case.network else { panic!("a graph") };
    net
}

/// Both algorithms on one case.
struct Both {
    wiring: Wiring,
    credit: CreditOutcome<Q>,
    backprop: BackpropOutcome<Q>,
}

impl Both {
    fn of(case: &Case) -> Self {
        Self {
            wiring: Wiring::of(case),
            credit: credit::run(case, &limits()).unwrap(),
            backprop: backprop::run(case, &limits()).unwrap(),
        }
    }

    fn is_live(&self) -> bool {
        is_live(&self.wiring, &self.credit)
    }

    /// C1 and C2 through the bridge.
    fn verdicts(&self, case: &Case) -> [Verdict; 2] {
        let expected =
            bridge::update_of_gradient(layers(case), &self.backprop.gradient, &case.learning_rate);
        [
            bridge::credits_are_adjoints(
                layers(case),
                &self.credit.examples,
                &self.backprop.examples,
            ),
            bridge::updates_agree(&self.wiring, &self.credit.update, &expected),
        ]
    }
}

/// Runs a property and demands that this many percent of the cases were live.
fn check(
    cases: u32,
    percent: u32,
    strategy: impl Strategy<Value = Case>,
    property: impl Fn(&Case, &Both) -> TestCaseResult,
) {
    let tally = Tally::default();
    let result = runner(cases).run(&strategy, |case| {
        let both = Both::of(&case);
        tally.count(both.is_live());
        property(&case, &both)
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    tally.demand(cases, percent);
}

fn exact() -> impl Strategy<Value = Case> {
    layered(Functions::Exact, Numbers::Plain)
}

fn polynomial() -> impl Strategy<Value = Case> {
    layered(Functions::Polynomial, Numbers::Plain)
}

/// C1, C2: a live case agrees in every entry, a dead one at least does not disagree.
fn both_sides_agree(case: &Case, both: &Both) -> TestCaseResult {
    for verdict in both.verdicts(case) {
        prop_assert!(!verdict.is_disagree(), "{verdict:?}");
        prop_assert!(verdict.is_agree() || !both.is_live(), "{verdict:?}");
    }
    Ok(())
}

#[test]
fn credit_is_backpropagation() {
    check(300, 80, exact(), both_sides_agree);
}

#[test]
fn credit_is_backpropagation_on_wild_numbers() {
    check(60, 60, layered(Functions::Exact, Numbers::Wild), both_sides_agree);
}

/// C3, by dual numbers: every parameter, and every neuron of every example, with no bridge in between.
#[test]
fn both_are_the_derivative() {
    check(60, 80, exact(), |case, both| {
        let truth = tangent::gradient::<Q>(case, &limits()).unwrap();
        let minus_rate = -case.learning_rate.clone();
        prop_assert_eq!(&both.credit.update, &scaled(&truth, &minus_rate));
        prop_assert_eq!(&bridge::counted_through(layers(case), &both.backprop.gradient), &truth);
        for (b, example) in case.examples.iter().enumerate() {
            let adjoints: Vec<Q> =
                both.backprop.examples[b].adjoint.iter().flatten().map(|a| a.0.clone()).collect();
            for neuron in (0..both.wiring.neurons()).map(Neuron) {
                let truth: Q = tangent::at_rate(case, example, neuron, &limits()).unwrap();
                prop_assert_eq!(&adjoints[neuron.0], &truth);
                prop_assert_eq!(&both.credit.examples[b].credit[neuron].0, &-truth);
            }
        }
        Ok(())
    });
}

/// C3, by interpolation: no rule of differentiation at all.
#[test]
fn both_are_the_slope_of_an_interpolated_loss() {
    let strategy = polynomial();
    let directions = (strategy, prop::collection::vec(number(Numbers::Plain), 64));
    let tally = Tally::default();
    let outcome = runner(40).run(&directions, |(case, numbers)| {
        let both = Both::of(&case);
        let mut numbers = numbers.into_iter().cycle();
        let mut next = || numbers.next().unwrap();
        let mut direction = still(&both.wiring);
        direction.weights = direction.weights.map(|_| next());
        direction.biases = PerNeuron::from_fn(both.wiring.neurons(), |n| {
            if both.wiring.has_bias[n] { next() } else { Q::zero() }
        });
        let slope = interpolate::along(&case, &direction, &limits()).unwrap();
        tally.count(!slope.is_zero());
        let gradient = bridge::counted_through(layers(&case), &both.backprop.gradient);
        prop_assert_eq!(inner(&gradient, &direction), slope.clone());
        prop_assert_eq!(inner(&both.credit.update, &direction), -(&case.learning_rate * slope));
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    tally.demand(40, 90);
}

/// A layered net is a graph: the same rates, balances, credits and updates, whole outcomes compared.
#[test]
fn layers_are_a_graph() {
    let one_convention = exact().prop_map(|mut case| {
        let Network::Layered(net) = &mut case.network else { unreachable!() };
        for layer in &mut net.layers {
            layer.kink = None;
        }
        case
    });
    check(100, 80, one_convention, |case, both| {
        let graph = as_graph(case).unwrap();
        let mut found = credit::run::<Q>(&graph, &limits()).unwrap();
        prop_assert!(backprop::run::<Q>(&graph, &limits()).is_err());
        prop_assert_eq!(&found.examples, &both.credit.examples);
        // A layer without biases becomes one with biases 0 if another layer has some.
        found.update.biases = PerNeuron::from_fn(both.wiring.neurons(), |n| {
            if both.wiring.has_bias[n] { found.update.biases[n].clone() } else { Q::zero() }
        });
        prop_assert_eq!(&found.update, &both.credit.update);
        Ok(())
    });
}

/// C5: from any start, each neuron at its own deadline.
#[test]
fn relaxation_is_exact_after_as_many_sweeps_as_paths_are_long() {
    let started = (exact(), prop::collection::vec(number(Numbers::Wild), 16));
    let tally = Tally::default();
    let outcome = runner(100).run(&started, |(case, start)| {
        let both = Both::of(&case);
        let parameters = Parameters::of(&case);
        let heights = both.wiring.heights().unwrap();
        let depth = both.wiring.depth().unwrap();
        let mut too_few = false;
        for example in &both.credit.examples {
            let mut credit =
                PerNeuron::from_fn(both.wiring.neurons(), |n| start[n.0 % start.len()].clone());
            for sweeps in 1..=depth + 1 {
                credit = relax::sweep(&Equilibrium {
                    wiring: &both.wiring,
                    parameters: &parameters,
                    learning_rate: &case.learning_rate,
                    firing_rate: &example.firing_rate,
                    balance_factor: &example.balance_factor,
                    external_credit: &example.external_credit,
                    credit: &credit,
                });
                for (neuron, height) in heights.indexed() {
                    let settled = credit[neuron] == example.credit[neuron].0;
                    prop_assert!(settled || sweeps <= *height, "{neuron:?} after {sweeps} sweeps");
                    too_few |= !settled && sweeps == *height;
                }
            }
        }
        tally.count(too_few);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    // One sweep fewer is wrong somewhere in nearly every net: the deadlines are sharp.
    tally.demand(100, 90);
}

/// C1, C2 along a whole training run: both sides learn, each from its own update, and stay together.
#[test]
fn training_together_stays_together() {
    // Two steps through several curved layers would have more digits than the rest of the suite together.
    let one_curved_layer = exact().prop_map(|mut case| {
        let Network::Layered(net) = &mut case.network else { unreachable!() };
        let curved = net.layers.iter().position(|l| l.activation == Activation::Quadratic);
        for (l, layer) in net.layers.iter_mut().enumerate().filter(|(l, _)| Some(*l) != curved) {
            if layer.activation.kinks().is_empty() {
                layer.activation = Activation::LeakyRelu { slope: ratio(1, 2 << l) };
            }
        }
        case
    });
    check(40, 80, one_curved_layer, |case, _| {
        let (mut by_credit, mut by_backprop) = (case.clone(), case.clone());
        by_credit.learning_rate = ratio(1, 8);
        by_backprop.learning_rate = ratio(1, 8);
        for _ in 0..2 {
            let step = credit::run::<Q>(&by_credit, &limits()).unwrap().update;
            by_credit = after_step(&by_credit, &step);
            let gradient = backprop::run::<Q>(&by_backprop, &limits()).unwrap().gradient;
            let step = bridge::update_of_gradient(layers(case), &gradient, &ratio(1, 8));
            by_backprop = after_step(&by_backprop, &step);
        }
        prop_assert_eq!(&by_credit, &by_backprop);
        both_sides_agree(&by_credit, &Both::of(&by_credit))
    });
}

/// ΔW is linear in η, and nothing else depends on it.
#[test]
fn the_update_is_linear_in_the_learning_rate() {
    check(100, 80, exact(), |case, both| {
        let mut other = case.clone();
        other.learning_rate = ratio(7, 5);
        let found = credit::run::<Q>(&other, &limits()).unwrap();
        let factor = ratio(7, 5) / &case.learning_rate;
        prop_assert_eq!(&found.update, &scaled(&both.credit.update, &factor));
        prop_assert_eq!(&found.examples, &both.credit.examples);
        prop_assert_eq!(&backprop::run::<Q>(&other, &limits()).unwrap(), &both.backprop);
        Ok(())
    });
}

/// A batch is the mean of its examples, on both sides, and examples do not see each other.
#[test]
fn a_batch_is_the_mean_of_its_examples() {
    check(100, 80, exact(), |case, both| {
        let share = ratio(1, i64::try_from(case.examples.len()).unwrap());
        let mut update = scaled(&both.credit.update, &Q::zero());
        let mut gradient = update.clone();
        let mut loss = Q::zero();
        let add = |sum: &mut Update<Q>, of_one: &Update<Q>| {
            let plus = |a: &[Q], b: &[Q]| a.iter().zip(b).map(|(a, b)| a + b * &share).collect();
            sum.weights = PerSynapse::new(plus(sum.weights.as_slice(), of_one.weights.as_slice()));
            sum.biases = PerNeuron::new(plus(sum.biases.as_slice(), of_one.biases.as_slice()));
        };
        for (b, example) in case.examples.iter().enumerate() {
            let mut single = case.clone();
            single.examples = vec![example.clone()];
            let of_one = Both::of(&single);
            prop_assert_eq!(&of_one.credit.examples[0], &both.credit.examples[b]);
            prop_assert_eq!(&of_one.backprop.examples[0], &both.backprop.examples[b]);
            add(&mut update, &of_one.credit.update);
            add(&mut gradient, &bridge::counted_through(layers(case), &of_one.backprop.gradient));
            loss += &of_one.backprop.loss * &share;
        }
        prop_assert_eq!(&update, &both.credit.update);
        prop_assert_eq!(&gradient, &bridge::counted_through(layers(case), &both.backprop.gradient));
        prop_assert_eq!(&loss, &both.backprop.loss);
        Ok(())
    });
}

/// C1–C3 over 𝔽_p, p = 2⁶¹ − 1; and taking residues of the rational results gives the same numbers.
#[test]
fn the_same_over_a_prime_field() {
    check(60, 80, polynomial(), |case, both| {
        let residue = |value: &Q| F::from_rational(value).unwrap();
        let found = credit::run::<F>(case, &limits()).unwrap();
        let backward = backprop::run::<F>(case, &limits()).unwrap();
        let verdict =
            bridge::credits_are_adjoints(layers(case), &found.examples, &backward.examples);
        prop_assert!(!verdict.is_disagree(), "{verdict:?}");
        let rate = residue(&case.learning_rate);
        let expected = bridge::update_of_gradient(layers(case), &backward.gradient, &rate);
        prop_assert_eq!(&found.update, &expected);
        let truth = tangent::gradient::<F>(case, &limits()).unwrap();
        prop_assert_eq!(&found.update, &bridge::update_of_derivatives(&truth, &rate));
        prop_assert_eq!(&found.update.weights, &both.credit.update.weights.map(residue));
        prop_assert_eq!(&found.update.biases, &both.credit.update.biases.map(residue));
        for (found, exact) in found.examples.iter().zip(&both.credit.examples) {
            prop_assert_eq!(found.credit.map(|c| c.0), exact.credit.map(|c| residue(&c.0)));
        }
        Ok(())
    });
}

/// C1, C2 over 𝔽_p where W, x, β, e and η have nothing to do with each other: the identity itself.
#[test]
fn the_identity_holds_for_any_rates_and_balances() {
    let drawn = (exact(), prop::collection::vec(0..MERSENNE_61, 97));
    let tally = Tally::default();
    let outcome = runner(60).run(&drawn, |(case, numbers)| {
        let wiring = Wiring::of(&case);
        let net = layers(&case);
        let mut numbers = numbers.into_iter().cycle();
        let mut next = || F::new(numbers.next().unwrap());
        let mut parameters: Parameters<F> = embed_parameters(&Parameters::of(&case)).unwrap();
        parameters.weights = parameters.weights.map(|_| next());
        let mut flat = parameters.weights.iter();
        let mut of_layers = backprop::LayerParameters::<F>::of(net).unwrap();
        for entry in of_layers.weights.iter_mut().flatten().flatten() {
            *entry = *flat.next().unwrap();
        }
        let given: Vec<GivenCredit<F>> = case
            .examples
            .iter()
            .map(|_| GivenCredit {
                firing_rate: PerNeuron::from_fn(wiring.neurons(), |_| next()),
                balance_factor: PerNeuron::from_fn(wiring.neurons(), |_| next()),
                external_credit: PerNeuron::from_fn(wiring.neurons(), |n| {
                    if wiring.outputs.contains(&n) { next() } else { F::new(0) }
                }),
            })
            .collect();
        let rate = next();
        let (credits, update) =
            credit::run_given(&wiring, &parameters, &rate, &given, &limits()).unwrap();
        let same: Vec<_> = given.iter().map(|given| bridge::same_given(net, given)).collect();
        let backward = backprop::run_given(&of_layers, &same, &limits()).unwrap();
        for (credit, adjoint) in credits.iter().zip(&backward.adjoint) {
            let adjoint: Vec<F> = adjoint.iter().flatten().map(|a| -*a).collect();
            prop_assert_eq!(credit.as_slice(), adjoint.as_slice());
        }
        prop_assert_eq!(&update, &bridge::update_of_gradient(net, &backward.gradient, &rate));
        tally.count(update.weights.iter().all(|entry| *entry != F::new(0)));
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    tally.demand(60, 95);
}

/// What the generator makes: without these shares the properties above would be blind somewhere.
#[test]
fn the_generator_covers_what_it_must() {
    const CASES: u32 = 300;
    let shares = RefCell::new(BTreeMap::<String, u32>::new());
    let note = |name: &str, yes: bool| {
        *shares.borrow_mut().entry(name.to_owned()).or_default() += u32::from(yes);
    };
    let result = runner(CASES).run(&exact(), |case| {
        let both = Both::of(&case);
        let net = layers(&case);
        prop_assert!(net.widths().iter().all(|width| *width >= 2));
        prop_assert!(net.layers.len() >= 2 && case.examples.len() >= 2);
        prop_assert!(case.learning_rate != ratio(0, 1) && case.learning_rate != ratio(1, 1));
        let weights = Parameters::of(&case).weights;
        prop_assert!(weights.iter().all(|w| *w != ratio(1, 1) && *w != ratio(-1, 1)));
        for layer in net.layers.iter().filter(|layer| layer.width() == layer.inputs()) {
            prop_assert!(layer.weights[0][1] != layer.weights[1][0], "symmetric");
        }
        for example in &both.credit.examples {
            let errors: BTreeSet<&Q> =
                both.wiring.outputs.iter().map(|o| &example.external_credit[*o]).collect();
            prop_assert!(errors.len() >= 2, "a uniform error");
        }
        note("live", both.is_live());
        note("square", net.layers.iter().any(|l| l.width() == l.inputs()));
        note("rectangular", net.layers.iter().any(|l| l.width() != l.inputs()));
        note("at a kink", meets_a_kink(&both.wiring, &both.credit));
        note("three layers", net.layers.len() >= 3);
        note("three examples", case.examples.len() >= 3);
        note("without biases", net.layers.iter().any(|l| l.biases.is_none()));
        note("mixed", net.layers.windows(2).any(|l| l[0].activation != l[1].activation));
        note("inhibition and excitation", {
            weights.iter().any(|w| w.sign() == Some(Ordering::Less))
                && weights.iter().any(|w| w.sign() == Some(Ordering::Greater))
        });
        let names: BTreeSet<&str> = case.activations().map(|a| a.name()).collect();
        for name in names {
            note(name, true);
        }
        note(&case.kink.name(), true);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    let shares = shares.into_inner();
    let least = [
        ("live", 80),
        ("square", 50),
        ("rectangular", 35),
        ("at a kink", 20),
        ("three layers", 30),
        ("three examples", 30),
        ("without biases", 20),
        ("mixed", 60),
        ("inhibition and excitation", 95),
        ("identity", 8),
        ("relu", 15),
        ("leaky_relu", 15),
        ("hard_tanh", 15),
        ("square", 8),
        ("quadratic", 100),
        ("cubic", 8),
        ("left", 6),
        ("right", 6),
        ("mean", 6),
        ("inner", 4),
        ("outer", 4),
        ("1/4", 6),
        ("2/3", 6),
    ];
    let quotients = quotients();
    let quotients = quotients.iter().map(|function| (function.name(), 8));
    for (name, percent) in least.into_iter().chain(quotients) {
        let count = shares.get(name).copied().unwrap_or(0);
        assert!(count * 100 >= CASES * percent, "{name}: {count} of {CASES}; all: {shares:?}");
    }
}
