//! Networks with cycles in floats, against elimination in rationals: inside bounds that their own residuals imply.

use creditcheck::error::Error;
use creditcheck::fast::recurrent::{
    Elimination, Method, Outcome, Settings, run, run_from, spectral_abscissa,
};
use creditcheck::fast::solve::Solver;
use creditcheck::fast::{self, Float};
use creditcheck::number::nearest_f64;
use creditcheck::spec::outcome::{Credit, CreditOutcome};
use creditcheck::spec::{
    Activation, Case, Ends, Example, Graph, Neuron, PerNeuron, PerSynapse, Synapse,
};
use creditcheck::verdict::bounded::{
    Residuals, Tightness, compare_bounded, compare_recurrent, power, recurrent_bound,
    rounding_bound,
};
use num_traits::{Signed, Zero};

use super::bounded::{ceiling, format_of};
use super::nets::{Draw, Recipe, exact, ratio};
use super::recurrent_nets::{Q, case, equilibrium, graph, is_on_kink, matrix, net, pieces};

use crate::engines;

fn residuals<F>(found: &Outcome<F>) -> Vec<Residuals> {
    let of = |s: &fast::recurrent::Settled| Residuals {
        firing: s.firing_residual,
        credit: s.credit_residual,
    };
    found.settled.iter().map(of).collect()
}

fn wide<F: Float>(values: &PerNeuron<F>) -> PerNeuron<f64> {
    values.map(|value| (*value).into())
}

fn exact_near<F: Float>(case: &Case, found: &Outcome<F>) -> Option<CreditOutcome<Q>> {
    let near: Vec<_> = found.equilibrium.examples.iter().map(|e| wide(&e.net_input)).collect();
    equilibrium(case, &near)
}

/// The net with this seed, its floats and its exact equilibrium, where it settles.
fn settled<F: Float>(
    seed: u64,
    settings: &Settings,
) -> Option<(Case, Outcome<F>, CreditOutcome<Q>)> {
    let case = net(&mut Draw::new(seed), &pieces());
    let found = match run::<F>(&case, settings) {
        Ok(found) => found,
        Err(Error::NotConverged { .. }) => return None,
        Err(error) => panic!("seed {seed}: {error}"),
    };
    let near: Vec<_> = found.equilibrium.examples.iter().map(|e| wide(&e.net_input)).collect();
    if is_on_kink(&case, &near) {
        return None;
    }
    let exact = equilibrium(&case, &near).unwrap_or_else(|| panic!("seed {seed} in {}", F::NAME));
    Some((case, found, exact))
}

fn inside<F: Float>(method: Method, name: &str, seeds: std::ops::Range<u64>, least: usize) {
    let settings = Settings { method, ..Settings::default() };
    let (mut ratios, mut ran, mut silent, mut unchecked) = (Vec::new(), 0, 0, 0);
    let mut restless = 0;
    for seed in seeds {
        let Some((case, found, exact)) = settled::<F>(seed, &settings) else {
            restless += 1;
            continue;
        };
        let reported = residuals(&found);
        let (verdict, tightness) =
            compare_recurrent(&case, format_of::<F>(), &found.equilibrium, &reported, &exact);
        assert!(!verdict.is_disagree(), "seed {seed} in {}: {verdict:?}", F::NAME);
        if verdict.is_agree() {
            ratios.push(tightness);
            ran += 1;
        } else if exact.update.weights.iter().all(Zero::is_zero) {
            silent += 1;
        } else {
            println!("seed {seed} in {}: {verdict:?}", F::NAME);
            unchecked += 1;
        }
    }
    println!(
        "{name}: {ran} agree, {unchecked} without power, {silent} without any update, \
         {restless} that did not settle or stand on a kink"
    );
    assert!(ran >= least, "{ran}");
    assert!(unchecked * 50 <= ran, "{unchecked} of {ran}");
    ceiling(name, ran, &ratios);
}

#[test]
fn inside_the_bound() {
    inside::<f64>(Method::Direct, "recurrent f64", 0..200, 150);
    inside::<f32>(Method::Direct, "recurrent f32", 0..80, 60);
}

/// The same answers without elimination: inside the bounds of the same exact ones.
#[test]
fn by_sweeps_too() {
    inside::<f64>(Method::Iterative, "recurrent by sweeps f64", 0..100, 75);
    inside::<f32>(Method::Iterative, "recurrent by sweeps f32", 0..100, 75);
}

/// Whatever is wrong on either side, by the share that a bound must see: none of it agrees.
fn refused<F: Float>(least: usize) {
    let format = format_of::<F>();
    let share = power(format);
    let mut refused = 0;
    for seed in 0..8 {
        let Some((case, found, exact)) = settled::<F>(seed, &Settings::default()) else { continue };
        let reported = residuals(&found);
        // In f64, which holds any f32 and the mistake.
        let right = widened(&found.equilibrium);
        let verdict = |float: &CreditOutcome<f64>, exact: &CreditOutcome<Q>| {
            compare_recurrent(&case, format, float, &reported, exact).0
        };
        if !verdict(&right, &exact).is_agree() {
            continue;
        }
        let largest = |values: Vec<&Q>| values.into_iter().map(Signed::abs).max().unwrap() * &share;
        let mut refuse = |float: &CreditOutcome<f64>, exact: &CreditOutcome<Q>, what: &str| {
            let verdict = verdict(float, exact);
            assert!(verdict.is_disagree(), "seed {seed} in {}, {what}: {verdict:?}", F::NAME);
            refused += 1;
        };
        let weights = largest(exact.update.weights.iter().collect());
        for k in (0..exact.update.weights.len()).map(Synapse).filter(|_| !weights.is_zero()) {
            let mut wrong = right.clone();
            wrong.update.weights[k] += nearest_f64(&weights);
            refuse(&wrong, &exact, "float ΔW");
            let mut wrong = exact.clone();
            wrong.update.weights[k] += &weights;
            refuse(&right, &wrong, "exact ΔW");
        }
        let x = largest(exact.examples[1].firing_rate.iter().collect());
        let c = largest(exact.examples[1].credit.iter().map(|c| &c.0).collect());
        for k in (0..exact.update.biases.len()).map(Neuron) {
            if !x.is_zero() {
                let mut wrong = right.clone();
                wrong.examples[1].firing_rate[k] += nearest_f64(&x);
                refuse(&wrong, &exact, "float x");
                let mut wrong = exact.clone();
                wrong.examples[1].firing_rate[k] += &x;
                refuse(&right, &wrong, "exact x");
            }
            if !c.is_zero() {
                let mut wrong = right.clone();
                wrong.examples[1].credit[k].0 += nearest_f64(&c);
                refuse(&wrong, &exact, "float c");
                let mut wrong = exact.clone();
                wrong.examples[1].credit[k].0 += &c;
                refuse(&right, &wrong, "exact c");
            }
        }
        // Credits with W for Wᵀ, the wrong sign, and those of nobody.
        let mut wrong = right.clone();
        wrong.examples[0].credit = wrong.examples[0].credit.map(|c| Credit(-c.0));
        refuse(&wrong, &exact, "−c");
        let mut wrong = right.clone();
        wrong.update.weights = PerSynapse::filled(wrong.update.weights.len(), 0.0);
        refuse(&wrong, &exact, "no update");
        wrong.update.weights = PerSynapse::filled(wrong.update.weights.len(), f64::NAN);
        refuse(&wrong, &exact, "NaN");
    }
    println!("{refused} wrong outcomes refused in {}", F::NAME);
    assert!(refused >= least, "{refused}");
}

#[test]
fn wrong_numbers_are_refused() {
    refused::<f64>(300);
    refused::<f32>(300);
}

fn widened<F: Float>(float: &CreditOutcome<F>) -> CreditOutcome<f64> {
    use creditcheck::spec::outcome::{CreditExample, Update};
    let value = |value: &F| -> f64 { (*value).into() };
    let example = |example: &CreditExample<F>| CreditExample {
        net_input: wide(&example.net_input),
        firing_rate: wide(&example.firing_rate),
        balance_factor: wide(&example.balance_factor),
        external_credit: wide(&example.external_credit),
        credit: example.credit.map(|credit| Credit(value(&credit.0))),
    };
    CreditOutcome {
        examples: float.examples.iter().map(example).collect(),
        update: Update {
            weights: float.update.weights.map(value),
            biases: float.update.biases.map(value),
        },
    }
}

/// A residual that is only claimed, a tolerance that lets anything pass, and other weights: no agreement.
#[test]
fn residuals_are_not_taken_on_trust() {
    let loose = Settings { tolerance: Some(1e-3), ..Settings::default() };
    let mut powerless = 0;
    for seed in 0..60 {
        let Some((case, found, exact)) = settled::<f64>(seed, &loose) else { continue };
        let format = format_of::<f64>();
        let reported = residuals(&found);
        let (verdict, _) = compare_recurrent(&case, format, &found.equilibrium, &reported, &exact);
        assert!(!verdict.is_disagree(), "seed {seed}: {verdict:?}");
        if reported.iter().all(|r| r.firing < 1e-7) {
            continue;
        }
        powerless += 1;
        assert!(!verdict.is_agree(), "seed {seed}: {verdict:?}");
        // The same numbers with a residual that sounds better.
        let claimed = vec![Residuals { firing: 0.0, credit: 0.0 }; reported.len()];
        let (verdict, _) = compare_recurrent(&case, format, &found.equilibrium, &claimed, &exact);
        assert!(verdict.is_disagree(), "seed {seed}: {verdict:?}");
    }
    assert!(powerless > 20, "{powerless}");
}

/// Elimination or sweeps, any memory, any damping: within the sum of both bounds.
#[test]
fn methods_agree() {
    let base = Settings::default();
    let all = [
        base,
        Settings { method: Method::Iterative, ..base },
        Settings { anderson: 0, damping: 0.3, ..base },
        Settings { method: Method::Iterative, anderson: 0, damping: 0.7, ..base },
    ];
    let (mut compared, mut fewer) = (0, 0);
    for seed in 0..60 {
        let found: Vec<_> = all.iter().filter_map(|s| settled::<f64>(seed, s)).collect();
        let Some((case, first, exact)) = found.first() else { continue };
        for (_, other, same) in &found[1..] {
            // An equilibrium need not be the only one.
            if same != exact {
                continue;
            }
            let bounds =
                recurrent_bound(case, format_of::<f64>(), &first.equilibrium, exact).unwrap();
            let theirs =
                recurrent_bound(case, format_of::<f64>(), &other.equilibrium, exact).unwrap();
            for (k, (a, b)) in first
                .equilibrium
                .update
                .weights
                .iter()
                .zip(other.equilibrium.update.weights.iter())
                .enumerate()
            {
                let k = Synapse(k);
                let allowed = bounds.update.weights[k].bound + theirs.update.weights[k].bound;
                assert!(
                    (a - b).abs() <= allowed * (1.0 + 1e-12),
                    "seed {seed}: {a} {b} ± {allowed}"
                );
                compared += 1;
            }
        }
        let sweeps = |k: usize| found[k].1.settled.iter().map(|s| s.sweeps).sum::<usize>();
        fewer += usize::from(found.len() == 4 && sweeps(0) < sweeps(2));
    }
    println!("{compared} updates compared; Anderson takes fewer sweeps in {fewer} networks");
    assert!(compared > 1000 && fewer > 20, "{compared} {fewer}");
}

/// Feed-forward networks: what the engines without cycles give, inside the bounds of a pass; and both bounds hold.
#[test]
fn feed_forward_networks_are_served() {
    let functions = pieces();
    let recipe = Recipe {
        depth: (1, 4),
        width: (2, 5),
        batches: &[1, 2, 3],
        activations: &functions,
        number: |draw| ratio(draw.integer(-1500, 1500), 1000),
        learning_rate: |draw| ratio(draw.integer(1, 20), 10),
    };
    let (mut agree, mut ratios) = (0, Vec::new());
    for seed in 0..120 {
        let mut draw = Draw::new(seed);
        let case = if seed % 2 == 0 { recipe.case(&mut draw) } else { recipe.graph(&mut draw) };
        let exact = engines::credit(&case, &Default::default()).unwrap();
        for method in [Method::Direct, Method::Iterative] {
            let settings = Settings { method, ..Settings::default() };
            let found = run::<f64>(&case, &settings).unwrap();
            let bounds = rounding_bound(&case, format_of::<f64>()).unwrap();
            let (verdict, _) = compare_bounded(&bounds, &found.equilibrium, &exact);
            assert!(!verdict.is_disagree(), "seed {seed}: {verdict:?}");
            let reported = residuals(&found);
            let (verdict, tightness) =
                compare_recurrent(&case, format_of::<f64>(), &found.equilibrium, &reported, &exact);
            assert!(!verdict.is_disagree(), "seed {seed}: {verdict:?}");
            agree += usize::from(verdict.is_agree());
            ratios.push(tightness);
            assert_eq!(found.factorisations, 0);
            assert!(found.settled.iter().all(|s| s.firing_residual == 0.0));
        }
    }
    println!(
        "{agree} feed-forward networks agree: {:?}",
        Tightness::of(ratios.iter().map(|t| t.median).collect())
    );
    assert!(agree > 200, "{agree}");
}

/// A net of one settling neuron onto itself: x = σ(w x + u).
fn itself(weight: Q, activation: Activation, input: Q, bias: Q) -> Case {
    let ends = |post, pre| Ends { post: Neuron(post), pre: Neuron(pre) };
    let graph = Graph {
        neurons: 2,
        inputs: vec![Neuron(0)],
        outputs: vec![Neuron(1)],
        activations: PerNeuron::filled(2, activation),
        balances: PerNeuron::filled(2, None),
        synapses: PerSynapse::new(vec![ends(1, 0), ends(1, 1)]),
        weights: PerSynapse::new(vec![ratio(1, 1), weight]),
        biases: Some(PerNeuron::new(vec![ratio(0, 1), bias])),
    };
    case(
        graph,
        vec![Example { input: vec![input], target: vec![ratio(1, 1)], equilibrium: None }],
        ratio(1, 1),
    )
}

#[test]
fn what_has_no_answer_is_an_error_with_its_residual() {
    let base = Settings::default();
    for method in [Method::Direct, Method::Iterative] {
        // Max Re eig 3/2: no damping settles it.
        for damping in [1.0, 0.5, 0.01] {
            for anderson in [0, 5] {
                let settings = Settings { method, damping, anderson, ..base };
                let case = itself(
                    ratio(3, 2),
                    Activation::HardTanh { min: ratio(-9, 1), max: ratio(9, 1) },
                    ratio(1, 1),
                    ratio(0, 1),
                );
                // It leaves the equilibrium at −2 for the one in saturation, or for that of the accelerated iteration.
                let found = run::<f64>(&case, &settings);
                assert!(found.is_ok() || matches!(found, Err(Error::NotConverged { .. })));
                let case = itself(ratio(-5, 1), Activation::Identity, ratio(1, 1), ratio(0, 1));
                let settings = Settings { damping: 1.0, anderson: 0, ..settings };
                let error = run::<f64>(&case, &settings).unwrap_err();
                assert!(matches!(error, Error::NotConverged { .. }), "{error}");
            }
        }
        let settings = Settings { method, anderson: 0, ..base };
        let case = itself(ratio(3, 2), Activation::Identity, ratio(1, 1), ratio(0, 1));
        let error = run::<f64>(&case, &settings).unwrap_err();
        assert!(error.to_string().contains("e193 (at most "), "{error}");
        let error = run::<f32>(&case, &settings).unwrap_err();
        assert!(error.to_string().contains("beyond the largest float"), "{error}");
        // Too few sweeps: the residual is named.
        let case = itself(ratio(9, 10), Activation::Identity, ratio(1, 1), ratio(0, 1));
        let error = run::<f32>(&case, &Settings { most_sweeps: 7, ..settings }).unwrap_err();
        assert!(
            matches!(&error, Error::NotConverged { residual, sweeps: 7, .. } if residual.contains("e-1")),
            "{error}"
        );
    }
    // W β = 1 exactly: an equilibrium, for u = 0, but no credit.
    let case = itself(ratio(1, 1), Activation::Identity, ratio(0, 1), ratio(0, 1));
    let error = run::<f64>(&case, &base).unwrap_err();
    assert!(
        matches!(&error, Error::Singular { what } if what.contains("residual 0.000e0")),
        "{error}"
    );
    let error = run::<f64>(&case, &Settings { method: Method::Iterative, ..base }).unwrap_err();
    assert!(matches!(error, Error::NotConverged { .. }), "{error}");
    // On its kink, with cycles: nobody can say on which side the equilibrium is.
    let half = |u, b| itself(ratio(1, 2), Activation::Relu, u, b);
    let error = run::<f64>(&half(ratio(1, 3), ratio(-1, 3)), &base).unwrap_err();
    assert!(
        matches!(&error, Error::Ambiguous { residual, .. } if residual.contains("e")),
        "{error}"
    );
    let near = half(ratio(1, 3), ratio(-1, 3) + ratio(1, 1 << 40));
    assert!(run::<f64>(&near, &base).is_ok());
    assert!(matches!(run::<f32>(&near, &base), Err(Error::Ambiguous { .. })));
    for wrong in [
        Settings { damping: 0.0, ..base },
        Settings { damping: 1.5, ..base },
        Settings { damping: f64::NAN, ..base },
        Settings { tolerance: Some(f64::NAN), ..base },
        Settings { tolerance: Some(-1.0), ..base },
    ] {
        assert!(matches!(run::<f64>(&near, &wrong), Err(Error::Input { .. })));
    }
}

/// Cycles of gain 1 in rationals, which no float pivot shows as an exact zero.
#[test]
fn singular_up_to_rounding() {
    let mut singular = 0;
    for seed in 0..200 {
        let mut draw = Draw::new(seed);
        let n = draw.integer(3, 9) as usize;
        // Row sums of W are 1, so that W 1 = 1.
        let mut weights = Vec::new();
        for _ in 0..n {
            let mut row: Vec<Q> = (1..n).map(|_| ratio(draw.integer(-900, 900), 2700)).collect();
            let rest = ratio(1, 1) - row.iter().sum::<Q>();
            row.push(rest);
            weights.extend(row);
        }
        let ends = |k| Ends { post: Neuron(1 + k / n), pre: Neuron(1 + k % n) };
        let graph = Graph {
            neurons: n + 1,
            inputs: vec![Neuron(0)],
            outputs: vec![Neuron(n)],
            activations: PerNeuron::filled(n + 1, Activation::Identity),
            balances: PerNeuron::filled(n + 1, None),
            synapses: PerSynapse::new((0..n * n).map(ends).collect()),
            weights: PerSynapse::new(weights),
            biases: None,
        };
        let example =
            Example { input: vec![ratio(1, 1)], target: vec![ratio(1, 1)], equilibrium: None };
        let case = case(graph, vec![example], ratio(1, 1));
        for error in [
            run::<f64>(&case, &Settings::default()).unwrap_err(),
            run::<f32>(&case, &Settings::default()).unwrap_err(),
        ] {
            singular += usize::from(matches!(error, Error::Singular { .. }));
        }
    }
    assert_eq!(singular, 400);
}

/// Refinement with residuals in f64 gives f32 credits that are off by their own rounding alone.
#[test]
fn refinement_pays() {
    let (n, mut better) = (60, 0);
    for seed in 0..10 {
        let mut draw = Draw::new(seed);
        let mut number = || draw.integer(-1000, 1000) as f32 / 4096.0;
        let weights = faer::Mat::from_fn(n, n, |_, _| number());
        let beta: Vec<f32> = (0..n).map(|_| number()).collect();
        let external = faer::Mat::from_fn(n, 1, |_, _| number());
        let (mut plain, mut refined) = (external.clone(), external.clone());
        let mut solver = Solver::new(n, 1).unwrap();
        solver.factor(weights.as_ref(), &beta).unwrap();
        solver.solve(plain.as_mut()).unwrap();
        let mut elimination = Elimination::new(n, 1).unwrap();
        elimination.factor(weights.as_ref(), &beta).unwrap();
        elimination.solve(weights.as_ref(), &beta, external.as_ref(), refined.as_mut()).unwrap();
        // In f64, whose errors are 2⁻²⁹ of these.
        let wide = |m: &faer::Mat<f32>| {
            faer::Mat::from_fn(m.nrows(), m.ncols(), |i, j| f64::from(m[(i, j)]))
        };
        let beta: Vec<f64> = beta.iter().map(|beta| f64::from(*beta)).collect();
        let mut exact = wide(&external);
        let mut solver = Solver::new(n, 1).unwrap();
        solver.factor(wide(&weights).as_ref(), &beta).unwrap();
        solver.solve(exact.as_mut()).unwrap();
        let error = |found: &faer::Mat<f32>| (wide(found) - &exact).norm_max();
        let rounding = exact.norm_max() * f64::from(f32::EPSILON) / 2.0;
        assert!(error(&refined) <= 1.01 * rounding, "{} {rounding}", error(&refined));
        better += usize::from(error(&plain) > 2.0 * rounding);
    }
    assert!(better > 5, "{better}");
}

/// All examples on the same pieces share one elimination; smooth activations share none.
#[test]
fn eliminations_are_shared() {
    for seed in 0..40 {
        let Some((_, found, _)) = settled::<f64>(seed, &Settings::default()) else { continue };
        let patterns: std::collections::BTreeSet<Vec<u64>> = found
            .equilibrium
            .examples
            .iter()
            .map(|e| e.balance_factor.iter().map(|beta| beta.to_bits()).collect())
            .collect();
        assert_eq!(found.factorisations, patterns.len());
    }
    let mut case = net(&mut Draw::new(5), &[Activation::Identity]);
    graph(&mut case).weights = graph(&mut case).weights.map(|w| w / ratio(8, 1));
    assert_eq!(run::<f64>(&case, &Settings::default()).unwrap().factorisations, 1);
    graph(&mut case).activations = PerNeuron::filled(graph(&mut case).neurons, Activation::Tanh);
    let found = run::<f64>(&case, &Settings::default()).unwrap();
    assert_eq!(found.factorisations, case.examples.len());
    let sweeps = Settings { method: Method::Iterative, ..Settings::default() };
    assert_eq!(run::<f64>(&case, &sweeps).unwrap().factorisations, 0);
}

/// From the equilibrium itself nothing moves; from elsewhere the same equilibrium is reached.
#[test]
fn warm_starts() {
    let mut case =
        net(&mut Draw::new(11), &[Activation::Tanh, Activation::Logistic, Activation::Softplus]);
    graph(&mut case).weights = graph(&mut case).weights.map(|w| w / ratio(4, 1));
    let settings = Settings { tolerance: Some(1e-13), ..Settings::default() };
    let cold = run::<f64>(&case, &settings).unwrap();
    let rates: Vec<_> = cold.equilibrium.examples.iter().map(|e| e.firing_rate.clone()).collect();
    let warm = run_from(&case, &settings, Some(&rates)).unwrap();
    assert!(
        cold.settled.iter().all(|s| s.sweeps > 3) && warm.settled.iter().all(|s| s.sweeps == 0)
    );
    assert_eq!(warm.equilibrium, cold.equilibrium);
    // An equilibrium that the case itself names is where it starts.
    let mut named = case.clone();
    for (example, rates) in named.examples.iter_mut().zip(&rates) {
        example.equilibrium = Some(rates.map(|x| exact(*x)));
    }
    assert_eq!(run::<f64>(&named, &settings).unwrap(), warm);
    let elsewhere: Vec<_> = rates.iter().map(|x| x.map(|x| 3.0 - x)).collect();
    let other = run_from(&case, &settings, Some(&elsewhere)).unwrap();
    for (a, b) in
        other.equilibrium.update.weights.iter().zip(cold.equilibrium.update.weights.iter())
    {
        assert!((a - b).abs() < 1e-10, "{a} {b}");
    }
    assert!(run_from(&case, &settings, Some(&rates[1..])).is_err());
    let short = vec![PerNeuron::filled(1, 0.0); rates.len()];
    assert!(run_from(&case, &settings, Some(&short)).is_err());
}

/// −η times the slope of the loss at the equilibrium (C7), by central differences where nothing exact is to be had.
#[test]
fn updates_descend_the_loss_at_equilibrium() {
    let functions = [
        Activation::Tanh,
        Activation::Logistic,
        Activation::Softplus,
        Activation::Softsign,
        Activation::Cubic,
        Activation::Quadratic,
    ];
    let loss = |case: &Case| -> Option<f64> {
        let found = run::<f64>(case, &Settings::default()).ok()?;
        let squares = |e: &creditcheck::spec::outcome::CreditExample<f64>| {
            e.external_credit.iter().map(|e| e * e).sum::<f64>()
        };
        let sum: f64 = found.equilibrium.examples.iter().map(squares).sum();
        Some(sum / (2.0 * case.examples.len() as f64))
    };
    let (mut checked, mut worst) = (0, 0.0f64);
    for seed in 0..30 {
        let mut case = net(&mut Draw::new(seed), &functions);
        graph(&mut case).weights = graph(&mut case).weights.map(|w| w / ratio(4, 1));
        let Ok(found) = run::<f64>(&case, &Settings::default()) else { continue };
        let eta = nearest_f64(&case.learning_rate);
        for k in (0..found.equilibrium.update.weights.len()).map(Synapse) {
            let h = ratio(1, 1 << 17);
            let moved = |by: &Q| {
                let mut case = case.clone();
                graph(&mut case).weights[k] += by;
                loss(&case)
            };
            let (Some(up), Some(down)) = (moved(&h), moved(&-h.clone())) else { continue };
            let slope = (up - down) / (2.0 * nearest_f64(&h));
            let update = found.equilibrium.update.weights[k] / eta;
            let error = (update + slope).abs() / (1.0 + slope.abs());
            assert!(error < 1e-6, "seed {seed}, {k:?}: {update} and {slope}");
            worst = worst.max(error);
            checked += usize::from(update != 0.0);
        }
    }
    println!("{checked} slopes of the loss, worst difference {worst:.1e}");
    assert!(checked > 500, "{checked}");
}

/// No exact side, no agreement; but the residuals are still held against the numbers.
#[test]
fn transcendental_equilibria_are_unchecked() {
    let mut case = net(&mut Draw::new(3), &[Activation::Tanh, Activation::Softplus]);
    graph(&mut case).weights = graph(&mut case).weights.map(|w| w / ratio(8, 1));
    let found = run::<f64>(&case, &Settings::default()).unwrap();
    let other = net(&mut Draw::new(3), &[Activation::Identity]);
    let mut other = other;
    graph(&mut other).weights = graph(&mut case).weights.clone();
    let exact = exact_near(&other, &run::<f64>(&other, &Settings::default()).unwrap()).unwrap();
    let reported = residuals(&found);
    let format = format_of::<f64>();
    let verdict = compare_recurrent(&case, format, &found.equilibrium, &reported, &exact).0;
    assert_eq!(verdict.word(), "unchecked", "{verdict:?}");
    let mut wrong = found.equilibrium.clone();
    wrong.examples[1].firing_rate[Neuron(2)] += 1e-9;
    assert!(compare_recurrent(&case, format, &wrong, &reported, &exact).0.is_disagree());
    let mut wrong = found.equilibrium;
    wrong.examples[1].credit[Neuron(2)].0 += 1e-9;
    assert!(compare_recurrent(&case, format, &wrong, &reported, &exact).0.is_disagree());
}

/// Replaced balance functions act on credit alone.
#[test]
fn replaced_balance_functions() {
    let mut changed = 0;
    for seed in 0..40 {
        let mut case = net(&mut Draw::new(seed), &[Activation::Cubic, Activation::Tanh]);
        graph(&mut case).weights = graph(&mut case).weights.map(|w| w / ratio(8, 1));
        let Ok(plain) = run::<f64>(&case, &Settings::default()) else { continue };
        let last = Neuron(graph(&mut case).neurons - 1);
        graph(&mut case).balances[last] = Some(Activation::Identity);
        let own = run::<f64>(&case, &Settings::default()).unwrap();
        for (a, b) in plain.equilibrium.examples.iter().zip(&own.equilibrium.examples) {
            assert_eq!(a.firing_rate, b.firing_rate);
            assert_eq!(b.balance_factor[last], 1.0);
            changed += usize::from(a.credit != b.credit);
        }
    }
    assert!(changed > 20, "{changed}");
}

/// The abscissa of the equilibrium says whether plain iteration can hold it.
#[test]
fn abscissa() {
    for seed in 0..60 {
        let Some((case, found, _)) = settled::<f64>(
            seed,
            &Settings { anderson: 0, damping: 0.05, most_sweeps: 20_000, ..Settings::default() },
        ) else {
            continue;
        };
        let w = matrix(&case);
        let weights = faer::Mat::from_fn(w.len(), w.len(), |i, j| nearest_f64(&w[i][j]));
        for example in &found.equilibrium.examples {
            let most =
                spectral_abscissa(weights.as_ref(), example.balance_factor.as_slice()).unwrap();
            assert!(most < 1.0, "seed {seed}: settled at {most}");
        }
    }
    let turn = faer::mat![[0.5f32, 3.0], [-3.0, 0.5]];
    assert!((spectral_abscissa(turn.as_ref(), &[1.0, 1.0]).unwrap() - 0.5).abs() < 1e-6);
    assert!((spectral_abscissa(turn.as_ref(), &[1.0, 0.0]).unwrap() - 0.5).abs() < 1e-6);
    assert!(spectral_abscissa(turn.as_ref(), &[1.0]).is_err());
    assert!(spectral_abscissa(turn.as_ref(), &[f32::NAN, 1.0]).is_err());
}
