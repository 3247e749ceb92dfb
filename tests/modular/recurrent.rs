//! Exact equilibria of recurrent networks: against the textbook where there is no cycle, by substitution where there is one.

use creditcheck::Error;
use creditcheck::modular::recurrent::{self, Outcome};
use creditcheck::spec::outcome::CreditExample;
use creditcheck::spec::{Activation, Case, Limits, Network, Neuron, Parameters, Synapse, Wiring};
use creditcheck::wire::Document;
use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational as Q;
use num_traits::{One, Signed, ToPrimitive, Zero};
use quickcheck::{Arbitrary, Gen};

use super::cyclic::{Draw, cyclic, ratio};
use crate::engines;
use crate::generators::graphs::GraphCase;
use crate::generators::recurrent::PiecewiseLinear;
use crate::generators::{Tally, is_live, seed};

fn run(case: &Case) -> Result<Outcome, Error> {
    recurrent::run(case, &Limits::default(), &mut |_| Ok(()))
}

fn kinds() -> [Activation; 5] {
    [
        Activation::Identity,
        Activation::Relu,
        Activation::LeakyRelu { slope: ratio(1, 4) },
        Activation::LeakyRelu { slope: ratio(-2, 3) },
        Activation::HardTanh { min: ratio(-1, 2), max: ratio(1, 3) },
    ]
}

/// Integers over one denominator.
fn common(values: &[Q]) -> (Vec<BigInt>, BigInt) {
    let denominator = values.iter().fold(BigInt::one(), |all, value| {
        if (&all % value.denom()).is_zero() { all } else { all.lcm(value.denom()) }
    });
    let integer = |value: &Q| value.numer() * (&denominator / value.denom());
    (values.iter().map(integer).collect(), denominator)
}

/// σ of an exact number.
fn rate(activation: &Activation, s: &Q) -> Q {
    match activation {
        Activation::Identity => s.clone(),
        Activation::Relu => s.clone().max(Q::zero()),
        Activation::LeakyRelu { slope } if s.is_negative() => s * slope,
        Activation::LeakyRelu { .. } => s.clone(),
        Activation::HardTanh { min, max } => s.clone().clamp(min.clone(), max.clone()),
        other => panic!("{}", other.name()),
    }
}

/// β of an exact number that is at no kink.
fn slope(activation: &Activation, s: &Q) -> Q {
    assert!(!activation.kinks().contains(s), "at a kink");
    match activation {
        Activation::Relu if s.is_negative() => Q::zero(),
        Activation::LeakyRelu { slope } if s.is_negative() => slope.clone(),
        Activation::HardTanh { min, max } if s < min || s > max => Q::zero(),
        _ => Q::one(),
    }
}

/// D1, D2 and D3 of one example, term by term.
fn substitute(case: &Case, input: &[Q], target: &[Q], example: &CreditExample<Q>) {
    let (wiring, parameters) = (Wiring::of(case), Parameters::of(case));
    let (weights, of_weights) = common(parameters.weights.as_slice());
    let (x, of_x) = common(example.firing_rate.as_slice());
    let credits: Vec<_> = example.credit.iter().map(|credit| credit.0.clone()).collect();
    let products = credits.iter().zip(example.balance_factor.iter());
    let (balanced, of_balanced) = common(&products.map(|(c, beta)| c * beta).collect::<Vec<_>>());
    let place = |all: &[Neuron], neuron| all.iter().position(|other| *other == neuron);
    for neuron in (0..wiring.neurons()).map(Neuron) {
        let activation = &wiring.activations[neuron];
        if let Some(k) = place(&wiring.inputs, neuron) {
            assert_eq!(example.firing_rate[neuron], input[k]);
            assert!(
                example.net_input[neuron].is_zero() && example.balance_factor[neuron].is_zero()
            );
        } else {
            let incoming = wiring.incoming[neuron].iter();
            let terms = incoming.map(|s| &weights[s.0] * &x[wiring.synapses[*s].pre.0]);
            let sum = Q::new(terms.sum(), &of_weights * &of_x) + &parameters.biases[neuron];
            assert_eq!(example.net_input[neuron], sum, "s of {neuron:?}");
            assert_eq!(example.firing_rate[neuron], rate(activation, &sum), "x of {neuron:?}");
            let balance = wiring.balances[neuron].as_ref().unwrap_or(activation);
            assert_eq!(example.balance_factor[neuron], slope(balance, &sum), "β of {neuron:?}");
        }
        let external = match place(&wiring.outputs, neuron) {
            Some(k) => &target[k] - &example.firing_rate[neuron],
            None => Q::zero(),
        };
        assert_eq!(example.external_credit[neuron], external);
        let outgoing = wiring.outgoing[neuron].iter();
        let terms = outgoing.map(|s| &weights[s.0] * &balanced[wiring.synapses[*s].post.0]);
        let sum = Q::new(terms.sum(), &of_weights * &of_balanced) + external;
        assert_eq!(credits[neuron.0], sum, "c of {neuron:?}");
    }
}

/// 2⁶¹ − 1
const P: u128 = (1 << 61) - 1;

fn residue(value: &Q) -> u128 {
    let of = |integer: &BigInt| integer.mod_floor(&BigInt::from(P)).to_u128().unwrap();
    let (mut base, mut exponent, mut inverse) = (of(value.denom()), P - 2, 1);
    assert_ne!(base, 0, "a denominator that is a multiple of 2⁶¹ − 1");
    while exponent > 0 {
        if exponent & 1 == 1 {
            inverse = inverse * base % P;
        }
        base = base * base % P;
        exponent >>= 1;
    }
    of(value.numer()) * inverse % P
}

/// D4: every entry modulo a prime, every `stride`-th exactly and in lowest terms.
fn multiply(case: &Case, outcome: &Outcome, stride: usize) {
    let wiring = Wiring::of(case);
    let share = &case.learning_rate / BigInt::from(case.examples.len());
    let factors = outcome.examples.iter().map(|example| {
        let all = example.credit.iter().zip(example.balance_factor.iter());
        let balanced: Vec<_> = all.map(|(c, beta)| &c.0 * beta).collect();
        (balanced, example.firing_rate.as_slice().to_vec())
    });
    let factors: Vec<_> = factors.collect();
    let residues = factors.iter().map(|(credits, rates)| {
        let all = |values: &[Q]| values.iter().map(residue).collect::<Vec<_>>();
        (all(credits), all(rates))
    });
    let residues: Vec<_> = residues.collect();
    let of_share = residue(&share);
    let exactly = |found: &Q, terms: Vec<Q>| {
        let expected = terms.into_iter().sum::<Q>() * &share;
        assert_eq!((found.numer(), found.denom()), (expected.numer(), expected.denom()));
    };
    for (synapse, ends) in wiring.synapses.indexed() {
        let found = &outcome.update.weights[synapse];
        let terms = residues.iter().map(|(c, x)| c[ends.post.0] * x[ends.pre.0] % P);
        let expected = terms.sum::<u128>() % P * of_share % P;
        assert_eq!(residue(found), expected, "ΔW {ends:?}");
        if synapse.0 % stride == 0 {
            exactly(found, factors.iter().map(|(c, x)| &c[ends.post.0] * &x[ends.pre.0]).collect());
        }
    }
    for (post, found) in outcome.update.biases.indexed() {
        let has = wiring.has_bias[post];
        exactly(found, factors.iter().filter(|_| has).map(|(c, _)| c[post.0].clone()).collect());
    }
}

fn assert_exact(case: &Case, stride: usize) -> Outcome {
    let outcome = run(case).unwrap();
    for (example, of) in case.examples.iter().zip(&outcome.examples) {
        substitute(case, &example.input, &example.target, of);
    }
    assert_eq!(case.examples.len(), outcome.examples.len());
    multiply(case, &outcome, stride);
    outcome
}

#[test]
fn equilibria_with_cycles_satisfy_the_definitions() {
    let mut live = 0;
    let mut exact = |case: &Case| {
        let update = assert_exact(case, 1).update;
        live += u32::from(update.weights.iter().filter(|weight| !weight.is_zero()).count() > 20);
    };
    for (seed, activation) in kinds().iter().enumerate() {
        for batch in [1, 3] {
            let mut case = cyclic(2, 10, batch, activation, seed as u64);
            exact(&case);
            // Thirds and sevenths; activations and balance functions that differ from neuron to neuron.
            let Network::Graph(net) = &mut case.network else { unreachable!() };
            let mut draw = Draw(seed as u64);
            for synapse in (0..net.synapses.len()).map(Synapse) {
                net.weights[synapse] *= ratio(draw.below(9) + 1, [3, 7, 14, 10][synapse.0 % 4]);
            }
            for neuron in (0..net.neurons).map(Neuron) {
                net.activations[neuron] = kinds()[(neuron.0 + seed) % 5].clone();
                net.balances[neuron] = (neuron.0 % 4 == 3).then(|| kinds()[neuron.0 % 5].clone());
            }
            exact(&case);
            let Network::Graph(net) = &mut case.network else { unreachable!() };
            net.biases = None;
            net.outputs = vec![Neuron(3), Neuron(0), Neuron(11)];
            case.examples.iter_mut().for_each(|example| example.target.truncate(3));
            exact(&case);
        }
    }
    assert!(live > 25, "{live} of 30 were live");
}

/// Two hundred neurons that all hear one another, with weights of eight bits.
#[test]
fn two_hundred_dense_neurons_come_out_exactly() {
    let case = cyclic(8, 200, 1, &Activation::LeakyRelu { slope: ratio(1, 4) }, 7);
    let outcome = assert_exact(&case, 997);
    let (firing, credit) = (outcome.facts.firing.unwrap(), outcome.facts.credit.unwrap());
    assert!(firing.order == 200 && firing.needed > 5000, "{firing:?}");
    // The determinant is known by then: the credits take fewer bits than they have.
    assert!(credit.lifted < credit.needed && credit.needed <= credit.cramer, "{credit:?}");
    let bits = |value: &Q| value.numer().bits() + value.denom().bits();
    assert!(outcome.update.weights.iter().map(bits).max() > Some(16_000));
}

/// Graphs of the generator, whose net inputs are at kinks now and then.
#[test]
fn without_cycles_it_is_the_textbook() {
    let (tally, mut refused) = (Tally::default(), 0);
    let mut generator = Gen::from_size_and_seed(9, seed(71));
    for _ in 0..150 {
        let mut case = GraphCase::arbitrary(&mut generator).0;
        let Network::Graph(net) = &mut case.network else { unreachable!() };
        for neuron in (0..net.neurons).map(Neuron) {
            if net.activations[neuron].kinks().is_empty() {
                net.activations[neuron] = kinds()[neuron.0 % 5].clone();
            }
            net.balances[neuron] = (neuron.0 % 5 == 2).then(|| kinds()[neuron.0 % 4].clone());
        }
        let expected = engines::credit(&case, &Limits::default()).unwrap();
        let wiring = Wiring::of(&case);
        let at_kink = |example: &CreditExample<Q>| {
            example.net_input.indexed().any(|(neuron, s)| {
                let balance = wiring.balances[neuron].iter();
                let mut functions = balance.chain([&wiring.activations[neuron]]);
                !wiring.is_input[neuron] && functions.any(|f| f.kinks().contains(s))
            })
        };
        let is_at_kink = expected.examples.iter().any(at_kink);
        match run(&case) {
            Ok(found) => {
                assert!(!is_at_kink, "{case:?}");
                assert_eq!(
                    (&found.examples, &found.update),
                    (&expected.examples, &expected.update)
                );
                tally.count(is_live(&wiring, &expected));
            }
            Err(error) => {
                let said =
                    error.to_string().contains("exactly") && error.to_string().contains("kink");
                assert!(is_at_kink && said, "{error}: {case:?}");
                refused += 1;
            }
        }
    }
    tally.demand(70, 60);
    assert!(refused > 10, "{refused} at a kink");
}

/// Three neurons: an input of 1, and two others with these weights (pre, post, weight) and biases.
fn small(activation: &str, synapses: &[(usize, usize, &str)], biases: [&str; 2]) -> Case {
    let synapse =
        |(pre, post, weight): &(usize, usize, &str)| format!(r#"[{post}, {pre}, "{weight}"]"#);
    let synapses: Vec<_> = synapses.iter().map(synapse).collect();
    let [one, two] = biases;
    let text = format!(
        r#"{{"format": "creditcheck/case/1", "network": {{"kind": "graph", "neurons": 3, "inputs": [0], "outputs": [2],
        "activation": {activation}, "synapses": [{}], "biases": [0, "{one}", "{two}"]}},
        "loss": "half_squared_error", "learning_rate": 1, "examples": [{{"input": [1], "target": [3]}}]}}"#,
        synapses.join(", ")
    );
    Document::read(text.as_bytes(), &Limits::default()).unwrap().case
}

fn refused(case: &Case) -> String {
    run(case).unwrap_err().to_string()
}

#[test]
fn what_has_no_equilibrium_strictly_within_its_pieces_is_refused_by_neuron() {
    // Exactly at the kink: s = 1 − 1.
    let case = small(r#""relu""#, &[(0, 1, "-1"), (1, 2, "1"), (2, 1, "1/2")], ["1", "0"]);
    assert!(refused(&case).starts_with(
        "no equilibrium: example 0: the net input of neuron 1 is exactly 0, a kink of its activation"
    ));
    // No equilibrium at all: x = relu(2x + 1) has none at x ≥ 0.
    let case = small(r#""relu""#, &[(0, 1, "1"), (1, 1, "2"), (1, 2, "1")], ["0", "1"]);
    let message = refused(&case);
    assert!(
        message.contains("example 0: no consistent set of active pieces was found; damped sweeps")
    );
    // x = x + 1 and, with an equilibrium for every rate, x = x.
    for bias in ["0", "-1"] {
        let case = small(r#""identity""#, &[(0, 1, "1"), (1, 1, "1"), (1, 2, "1")], [bias, "0"]);
        let message = refused(&case);
        assert!(
            message.starts_with("singular: example 0: I − diag β W over its 2 active neurons: ")
        );
        assert!(message.ends_with("checked over ℤ"), "{message}");
    }
    let case = small(r#""tanh""#, &[(0, 1, "1"), (1, 2, "1")], ["0", "0"]);
    assert!(refused(&case).contains("a large recurrent network with tanh"));
    // The firing is unique, the credit of a replaced balance function is not: 2 · 1/2 = 1.
    let mut case = small(r#""relu""#, &[(0, 1, "1"), (1, 1, "1/2"), (1, 2, "1")], ["0", "0"]);
    assert_exact(&case, 1);
    let Network::Graph(net) = &mut case.network else { unreachable!() };
    net.balances[Neuron(1)] = Some(Activation::LeakyRelu { slope: ratio(2, 1) });
    assert_exact(&case, 1);
    let Network::Graph(net) = &mut case.network else { unreachable!() };
    net.activations[Neuron(1)] = Activation::LeakyRelu { slope: ratio(1, 4) };
    net.weights[Synapse(0)] = ratio(-1, 1);
    assert!(
        run(&case).unwrap_err().to_string().starts_with("singular: example 0: I − Wᵀ diag β over")
    );
}

/// Floats cannot tell on which side of 0 the net input 2⁻²⁰⁰ − 1 + 1 lies; the exact one can.
#[test]
fn pieces_that_floats_guess_wrongly_are_found_exactly() {
    let tiny = format!("0x1p-{}", 200);
    for (bias, rounds) in [(format!("-{tiny}"), 1), (tiny.clone(), 2)] {
        // Neuron 1 fires at 1 + bias, which no float tells from 1; neuron 2 hears it and −1.
        let synapses = [(0, 1, "1"), (1, 2, "1"), (0, 2, "-1"), (2, 2, "1/2")];
        let case = small(r#""relu""#, &synapses, [&bias, "0"]);
        let outcome = assert_exact(&case, 1);
        assert_eq!(outcome.facts.rounds, rounds);
        assert_eq!(outcome.examples[0].firing_rate[Neuron(2)].is_positive(), rounds == 2);
    }
}

#[test]
fn an_unstable_equilibrium_is_served_too() {
    // x = hard_tanh(−3x + 1): the undamped iteration jumps between the ends; x = 1/4 is the only equilibrium.
    let case = small(r#""hard_tanh""#, &[(0, 1, "1"), (1, 1, "-3"), (1, 2, "1")], ["0", "0"]);
    let outcome = assert_exact(&case, 1);
    assert_eq!(outcome.examples[0].firing_rate[Neuron(1)], ratio(1, 4));
}

#[test]
fn factors_are_the_update() {
    for activation in kinds() {
        let case = cyclic(2, 9, 2, &activation, 11);
        let limits = Limits::default();
        let found = recurrent::equilibria(&case, &limits, &mut |_| Ok(())).unwrap();
        let outcome = run(&case).unwrap();
        assert_eq!(found.examples, outcome.examples);
        for (synapse, expected) in outcome.update.weights.indexed() {
            assert_eq!(found.update.weight(synapse), *expected);
        }
        for (neuron, expected) in outcome.update.biases.indexed() {
            assert_eq!(found.update.bias(neuron), *expected);
        }
        let few = Limits { tensor_bytes: 1000, ..limits.clone() };
        let error = found.update.lowest(&few, &mut |_| Ok(())).unwrap_err();
        assert!(matches!(error, Error::Limit { limit: 1000, .. }), "{error}");
        let short = Limits { bits: 100, ..limits };
        let error = found.update.lowest(&short, &mut |_| Ok(())).unwrap_err();
        assert!(matches!(error, Error::Limit { limit: 100, .. }), "{error}");
    }
}

#[test]
fn limits_and_interruptions_are_kept() {
    let case = cyclic(2, 9, 1, &Activation::Identity, 1);
    let few = Limits { neurons: 10, ..Limits::default() };
    let error = recurrent::run(&case, &few, &mut |_| Ok(())).unwrap_err();
    assert!(matches!(error, Error::Limit { given: 11, limit: 10, .. }), "{error}");
    let mut told = Vec::new();
    recurrent::run(&case, &Limits::default(), &mut |what| {
        told.push(what.to_owned());
        Ok(())
    })
    .unwrap();
    // Wherever it is stopped it stops.
    for stop in 0..told.len() {
        let mut left = stop;
        let stopped = recurrent::run(&case, &Limits::default(), &mut |_| {
            left = left.checked_sub(1).ok_or(Error::Interrupted)?;
            Ok(())
        });
        assert_eq!(stopped, Err(Error::Interrupted));
    }
    assert!(told.len() > 5, "{told:?}");
}

/// Lifting and elimination find the same rates, credits and updates of networks with a cycle: two ways that share no arithmetic.
#[test]
fn cycles_equal_the_textbook() {
    let mut g = Gen::from_size_and_seed(9, seed(20_261_125));
    let (mut equal, mut elsewhere) = (0, 0);
    for _ in 0..120 {
        let PiecewiseLinear(case) = PiecewiseLinear::arbitrary(&mut g);
        let exact = engines::credit(&case, &Limits::default()).unwrap();
        let Ok(found) = run(&case) else {
            elsewhere += 1;
            continue;
        };
        let rates = |examples: &[CreditExample<Q>]| {
            examples.iter().map(|example| example.firing_rate.clone()).collect::<Vec<_>>()
        };
        if rates(&found.examples) != rates(&exact.examples) {
            // Another equilibrium of the same network: each is right about its own.
            elsewhere += 1;
            continue;
        }
        assert_eq!(found.examples, exact.examples);
        assert_eq!(found.update, exact.update);
        equal += 1;
    }
    assert!(equal >= 100, "{equal} equal, {elsewhere} at another equilibrium or at none");
}
