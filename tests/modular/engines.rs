//! Both engines and the arbiter over 𝔽_p, against the textbook engines over ℚ reduced modulo p.

use creditcheck::Error;
use creditcheck::linalg::{Field, Products, zeros};
use creditcheck::modular::{
    Network, Position, Positions, backprop, columns, credit, ratio, tangent,
};
use creditcheck::spec::{
    Activation, Case, Dense, Limits, Network as Wired, Neuron, Parameters, PerNeuron, PerSynapse,
    Wiring,
};
use creditcheck::textbook;
use faer::MatRef;
use num_rational::BigRational as Q;
use num_traits::{One, Zero};
use proptest::prelude::*;

use crate::engines;
use crate::generators::between;
use crate::generators::layered::{Functions, Numbers, layered, runner};
use crate::generators::ratio as q;

/// Where a net input lies, by exact comparison.
fn position(activation: &Activation, s: &Q) -> Option<Position> {
    let kinks = activation.kinks();
    let (low, high) = (kinks.first()?, kinks.last()?);
    Some(match (s.cmp(low), s.cmp(high)) {
        (std::cmp::Ordering::Less, _) => Position::Below,
        (std::cmp::Ordering::Equal, _) => Position::AtLower,
        (_, std::cmp::Ordering::Greater) => Position::Above,
        (_, std::cmp::Ordering::Equal) => Position::AtUpper,
        _ => Position::Between,
    })
}

/// Every entry of a matrix by columns is the residue of its exact twin.
fn assert_residues(
    what: &str,
    field: &Field,
    found: MatRef<'_, f64>,
    exact: impl Fn(usize, usize) -> Q,
) {
    for column in 0..found.ncols() {
        for row in 0..found.nrows() {
            let (entry, exact) = (found[(row, column)], exact(row, column));
            assert!(entry.abs() <= f64::from(field.prime()) / 2.0 + 2.0, "{what} is not reduced");
            let expected = field.canonical(ratio(&exact, field).unwrap());
            assert_eq!(field.canonical(entry), expected, "{what} at {row}, {column}: {exact}");
        }
    }
}

/// Whether the case has a meaning modulo p, and then both engines and the arbiter are right there.
fn agree(case: &Case, p: u32) -> bool {
    let case = Case { learning_rate: Q::one(), ..case.clone() };
    let Some(dense) = Dense::of(&case) else { return false };
    let field = Field::new(p).unwrap();
    let limits = Limits::default();
    let exact = engines::credit(&case, &limits);
    let Ok(exact) = exact else { return false };
    let layers = engines::backprop(&case, &limits).unwrap();
    let Wired::Layered(net) = &case.network else { unreachable!() };
    let batch = dense.batch();
    let positions = net.layers.iter().enumerate().map(|(l, layer)| {
        let of_layer = layers.examples.iter().flat_map(|example| &example.net_input[l]);
        of_layer.map(|s| position(&layer.activation, s)).collect::<Option<Vec<_>>>()
    });
    let positions = Positions { layers: positions.collect() };

    let network = match Network::of(&dense, &field) {
        Ok(network) => network,
        Err(error) => {
            assert!(matches!(error, Error::Unsupported { .. }), "{error}");
            return false;
        }
    };
    let inputs = columns(&dense.inputs, &field);
    let (Ok(inputs), Ok(targets)) = (inputs, columns(&dense.targets, &field)) else { return false };
    let (inputs, targets) = (inputs.as_ref(), targets.as_ref());
    let mut rule = credit::Workspace::new(&network, batch).unwrap();
    let mut back = backprop::Workspace::new(&network, batch).unwrap();
    let ran = rule.run(&field, &network, inputs, targets, &positions);
    let also = back.run(&field, &network, inputs, targets, &positions);
    if let (Err(one), Err(other)) = (&ran, &also) {
        let of_kink = (0..net.layers.len()).any(|l| dense.kink(l) == between(2, 3));
        let of_cubic = net.layers.iter().any(|layer| layer.activation == Activation::Cubic);
        let thirds = of_kink || of_cubic;
        assert!((batch as u32).is_multiple_of(p) || p == 2 || p == 3 && thirds, "{one}, {other}");
        return false;
    }
    ran.unwrap();
    also.unwrap();

    let offsets = net.offsets();
    let neuron = |l: usize, unit: usize| Neuron(offsets[l] + unit);
    let mut synapse = 0;
    for l in 0..=net.layers.len() {
        assert_residues("c", &field, rule.credit(l), |unit, b| {
            exact.examples[b].credit[neuron(l, unit)].0.clone()
        });
        assert_residues("x̄", &field, back.adjoint(l), |u, b| {
            layers.examples[b].adjoint[l][u].0.clone()
        });
        let Some(below) = l.checked_sub(1) else { continue };
        let of = |b: usize, unit: usize| (&exact.examples[b], neuron(l, unit));
        assert_residues("s of credit", &field, rule.net_input(l).unwrap(), |unit, b| {
            let (example, neuron) = of(b, unit);
            example.net_input[neuron].clone()
        });
        assert_residues("x of credit", &field, rule.firing_rate(l).unwrap(), |unit, b| {
            let (example, neuron) = of(b, unit);
            example.firing_rate[neuron].clone()
        });
        assert_residues("β", &field, rule.balance_factor(l).unwrap(), |unit, b| {
            let (example, neuron) = of(b, unit);
            example.balance_factor[neuron].clone()
        });
        assert_residues("βc", &field, rule.balanced_credit(l), |unit, b| {
            let (example, neuron) = of(b, unit);
            &example.balance_factor[neuron] * &example.credit[neuron].0
        });
        let example = |b: usize| &layers.examples[b];
        let s = back.net_input(l).unwrap();
        assert_residues("s", &field, s, |u, b| example(b).net_input[below][u].clone());
        let x = back.firing_rate(l).unwrap();
        assert_residues("x", &field, x, |u, b| example(b).firing_rate[l][u].clone());
        let slope = back.slope(l).unwrap();
        assert_residues("σ'", &field, slope, |u, b| example(b).slope[below][u].clone());
        assert_residues("δ", &field, back.delta(l), |u, b| example(b).delta[below][u].0.clone());
        let update = rule.weight_update(l);
        let columns = update.ncols();
        assert_residues("ΔW", &field, update, |post, pre| {
            exact.update.weights[creditcheck::spec::Synapse(synapse + post * columns + pre)].clone()
        });
        synapse += update.nrows() * columns;
        assert_residues("∂L/∂W", &field, back.weight_gradient(l), |post, pre| {
            layers.gradient.weights[below][post][pre].clone()
        });
        let biases = (rule.bias_update(l), back.bias_gradient(l));
        assert_eq!(biases.0.is_some(), net.layers[below].biases.is_some());
        assert_eq!(biases.1.is_some(), net.layers[below].biases.is_some());
        if let (Some(update), Some(gradient)) = biases {
            for unit in 0..update.len() {
                let (one, other) = (&exact.update.biases[neuron(l, unit)], &layers.gradient.biases);
                let other = &other[below].as_ref().unwrap()[unit];
                let canonical = |value: &Q| field.canonical(ratio(value, &field).unwrap());
                assert_eq!(field.canonical(update[unit]), canonical(one), "Δb");
                assert_eq!(field.canonical(gradient[unit]), canonical(other), "∂L/∂b");
            }
        }
    }
    let made = 3 * net.layers.len() as u64;
    assert_eq!((rule.checked_products(), back.checked_products()), (made, made));
    if p > 2 {
        arbitrate(&case, &field, &network, (inputs, targets), &positions);
    }
    true
}

/// The arbiter along a direction of small integers.
fn arbitrate(
    case: &Case,
    field: &Field,
    network: &Network,
    data: (MatRef<'_, f64>, MatRef<'_, f64>),
    positions: &Positions,
) {
    let wiring = Wiring::of(case);
    let entry = |k: usize| q((k * k % 11) as i64 - 5, 1);
    let along = Parameters {
        weights: PerSynapse::from_fn(wiring.synapses.len(), |s| entry(s.0)),
        biases: PerNeuron::from_fn(wiring.neurons(), |n| {
            if wiring.has_bias[n] { entry(n.0 + 3) } else { Q::zero() }
        }),
    };
    let exact = textbook::tangent::along::<Q>(case, &along, &Limits::default()).unwrap().tangent;
    let (mut synapse, mut first) = (0, network.widths()[0]);
    let mut direction = tangent::Direction { weights: Vec::new(), biases: Vec::new() };
    for layer in &network.layers {
        let (rows, columns) = layer.weights.shape();
        let mut weights = zeros(rows, columns);
        for row in 0..rows {
            for column in 0..columns {
                weights[(row, column)] = ratio(&entry(synapse), field).unwrap();
                synapse += 1;
            }
        }
        let bias = |unit: usize| ratio(&entry(first + unit + 3), field).unwrap();
        direction.biases.push(layer.biases.as_ref().map(|_| (0..rows).map(bias).collect()));
        first += rows;
        direction.weights.push(weights);
    }
    let found = tangent::along(field, network, &direction, data.0, data.1, positions).unwrap();
    assert_eq!(field.canonical(found), field.canonical(ratio(&exact, field).unwrap()), "dL");
}

#[test]
fn engines_equal_the_textbook_modulo_p() {
    for functions in [Functions::Exact, Functions::Polynomial] {
        let seen = std::cell::RefCell::new([0_u32; 4]);
        let result = runner(128).run(&layered(functions, Numbers::Plain), |case| {
            for (k, p) in [3, 5, 101, 4_194_301].into_iter().enumerate() {
                seen.borrow_mut()[k] += u32::from(agree(&case, p));
            }
            Ok(())
        });
        result.unwrap();
        // Softsign, thirds and a batch of three leave the rest.
        for (count, least) in seen.borrow().iter().zip([10, 40, 40, 40]) {
            assert!(*count >= least, "{functions:?}: {:?}", seen.borrow());
        }
    }
}

/// Modulo 2 only integers have a meaning, and odd batches.
#[test]
fn engines_equal_the_textbook_modulo_2() {
    let seen = std::cell::Cell::new(0);
    let result = runner(128).run(&layered(Functions::Polynomial, Numbers::Plain), |mut case| {
        let four = q(4, 1);
        let Wired::Layered(net) = &mut case.network else { unreachable!() };
        for layer in &mut net.layers {
            let weights = layer.weights.iter_mut().flatten();
            weights
                .chain(layer.biases.iter_mut().flatten())
                .for_each(|w| *w = (&*w * &four).trunc());
        }
        for example in &mut case.examples {
            let values = example.input.iter_mut().chain(&mut example.target);
            values.for_each(|value| *value = (&*value * &four).trunc());
        }
        seen.set(seen.get() + u32::from(agree(&case, 2)));
        prop_assert!(case.examples.len() >= 2);
        Ok(())
    });
    result.unwrap();
    assert!(seen.get() >= 20, "{}", seen.get());
}

/// Wider than one block of the product, at the largest prime.
#[test]
fn inner_dimensions_beyond_one_block() {
    let layer = |rows: usize, columns: usize, salt: i64, activation: Activation| {
        let entry = |k: usize| q((k as i64 * 37 + salt) % 101 - 50, 4);
        creditcheck::spec::Layer {
            weights: (0..rows)
                .map(|r| (0..columns).map(|c| entry(r * columns + c)).collect())
                .collect(),
            biases: Some((0..rows).map(entry).collect()),
            activation,
            kink: None,
            balance: None,
        }
    };
    let field = Field::new(4_194_301).unwrap();
    let wide = field.terms() + 30;
    let net = creditcheck::spec::Layered {
        layers: vec![layer(2, wide, 7, Activation::Cubic), layer(3, 2, 3, Activation::Quadratic)],
    };
    let example = |salt: i64| creditcheck::spec::Example {
        input: (0..wide).map(|k| q((k as i64 * 13 + salt) % 97 - 40, 8)).collect(),
        target: vec![q(1, 1), q(salt, 2), q(3, 1)],
        equilibrium: None,
    };
    let case = Case {
        name: None,
        network: Wired::Layered(net),
        learning_rate: Q::one(),
        kink: Default::default(),
        examples: vec![example(1), example(2)],
        loss: Default::default(),
        output_credit: Default::default(),
        expect: creditcheck::spec::Expect::Agree,
    };
    // The exact credit engine eliminates over all neurons, which is too much here: backpropagation is the reference.
    let dense = Dense::of(&case).unwrap();
    let network = Network::of(&dense, &field).unwrap();
    let inputs = columns(&dense.inputs, &field).unwrap();
    let targets = columns(&dense.targets, &field).unwrap();
    let layers = engines::backprop(&case, &Limits::default()).unwrap();
    let mut rule = credit::Workspace::new(&network, 2).unwrap();
    let mut back = backprop::Workspace::new(&network, 2).unwrap();
    let none = Positions { layers: vec![None, None] };
    rule.run(&field, &network, inputs.as_ref(), targets.as_ref(), &none).unwrap();
    back.run(&field, &network, inputs.as_ref(), targets.as_ref(), &none).unwrap();
    for l in 0..2 {
        let gradient = |i: usize, j: usize| layers.gradient.weights[l][i][j].clone();
        assert_residues("∂L/∂W", &field, back.weight_gradient(l + 1), gradient);
        assert_residues("ΔW", &field, rule.weight_update(l + 1), |i, j| -gradient(i, j));
        let adjoint = |i: usize, b: usize| layers.examples[b].adjoint[l][i].0.clone();
        assert_residues("x̄", &field, back.adjoint(l), adjoint);
        assert_residues("c", &field, rule.credit(l), |i, b| -adjoint(i, b));
    }
}

/// A polynomial balance function in place of σ' is the credit rule's, and a piecewise one is refused.
#[test]
fn replaced_balance_functions() {
    let result = runner(48).run(&layered(Functions::Polynomial, Numbers::Plain), |mut case| {
        let Wired::Layered(net) = &mut case.network else { unreachable!() };
        net.layers[0].balance = Some(Activation::Square);
        agree(&case, 101);
        let Wired::Layered(net) = &mut case.network else { unreachable!() };
        net.layers[0].balance = Some(Activation::Relu);
        let dense = Dense::of(&case).unwrap();
        let field = Field::new(101).unwrap();
        let network = Network::of(&dense, &field).unwrap();
        let inputs = columns(&dense.inputs, &field).unwrap();
        let targets = columns(&dense.targets, &field).unwrap();
        let mut rule = credit::Workspace::new(&network, dense.batch()).unwrap();
        let none = Positions { layers: vec![None; network.layers.len()] };
        let refused = rule.run(&field, &network, inputs.as_ref(), targets.as_ref(), &none);
        assert!(matches!(refused, Err(Error::Unsupported { .. })));
        Ok(())
    });
    result.unwrap();
}

#[test]
fn what_does_not_fit_is_refused() {
    let field = Field::new(101).unwrap();
    let (mut a, b) = (zeros(2, 3), zeros(2, 2));
    let wrong = Products::default().product(&field, ("C", 1), a.as_mut(), b.as_ref(), b.as_ref());
    assert!(matches!(wrong, Err(Error::Input { .. })));
}
