//! Random networks with cycles, and their equilibria by elimination in rationals once the pieces are known.

use creditcheck::spec::outcome::{Credit, CreditExample, CreditOutcome, Update};
use creditcheck::spec::{
    Activation, Case, Ends, Example, Expect, Graph, Kink, Network, Neuron, PerNeuron, PerSynapse,
    Wiring,
};
use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Zero};

use super::nets::{Draw, ratio};

pub type Q = BigRational;

/// All that is linear by pieces.
pub fn pieces() -> Vec<Activation> {
    vec![
        Activation::Identity,
        Activation::Relu,
        Activation::LeakyRelu { slope: ratio(1, 10) },
        Activation::HardTanh { min: ratio(-1, 1), max: ratio(1, 1) },
        Activation::HardTanh { min: ratio(-1, 3), max: ratio(2, 3) },
    ]
}

/// N of 3..=12, dense or sparse, with or without self-synapses and biases, B of 2..=4; decimals, which no float holds.
pub fn net(draw: &mut Draw, activations: &[Activation]) -> Case {
    let neurons = draw.integer(3, 12) as usize;
    let (sparse, loops) = (draw.chance(2), draw.chance(2));
    let inputs: Vec<Neuron> = (0..draw.integer(1, 2) as usize).map(Neuron).collect();
    let outputs: Vec<Neuron> = (neurons - draw.integer(1, 2).min(neurons as i64 - 2) as usize
        ..neurons)
        .map(Neuron)
        .collect();
    let mut synapses = Vec::new();
    for post in (inputs.len()..neurons).map(Neuron) {
        for pre in (0..neurons).map(Neuron) {
            let is_loop = post == pre;
            if (!is_loop || loops) && !(sparse && draw.chance(2)) {
                synapses.push(Ends { post, pre });
            }
        }
    }
    // One cycle at least.
    let (a, b) = (Neuron(neurons - 1), Neuron(neurons - 2.min(neurons - inputs.len())));
    for ends in [Ends { post: a, pre: b }, Ends { post: b, pre: a }] {
        if !synapses.contains(&ends) {
            synapses.push(ends);
        }
    }
    // From weak to as strong as settles.
    let most = *draw.pick(&[100, 400, 800, 1500]) * 3 / (neurons as i64).isqrt();
    let weights = PerSynapse::from_fn(synapses.len(), |_| ratio(draw.integer(-most, most), 1000));
    let biases = (!draw.chance(4)).then(|| {
        PerNeuron::from_fn(neurons, |n| match inputs.contains(&n) {
            true => ratio(0, 1),
            false => ratio(draw.integer(-900, 900), 1000),
        })
    });
    let mut numbers =
        |count: usize| (0..count).map(|_| ratio(draw.integer(-1500, 1500), 1000)).collect();
    let batch = 2 + (neurons % 3);
    let examples = (0..batch)
        .map(|_| Example {
            input: numbers(inputs.len()),
            target: numbers(outputs.len()),
            equilibrium: None,
        })
        .collect();
    let graph = Graph {
        neurons,
        inputs,
        outputs,
        activations: PerNeuron::from_fn(neurons, |_| draw.pick(activations).clone()),
        balances: PerNeuron::filled(neurons, None),
        synapses: PerSynapse::new(synapses),
        weights,
        biases,
    };
    case(graph, examples, ratio(draw.integer(1, 20), 10))
}

pub fn case(graph: Graph, examples: Vec<Example>, learning_rate: Q) -> Case {
    Case {
        name: None,
        network: Network::Graph(graph),
        learning_rate,
        kink: Kink::Left,
        examples,
        loss: Default::default(),
        output_credit: Default::default(),
        expect: Expect::Agree,
    }
}

pub fn graph(case: &mut Case) -> &mut Graph {
    match &mut case.network {
        Network::Graph(graph) => graph,
        Network::Layered(_) => panic!("a graph"),
    }
}

/// (slope, offset) of the piece of σ that holds s strictly inside; none on a kink.
fn piece(function: &Activation, s: &Q) -> Option<(Q, Q)> {
    let (zero, one) = (Q::zero(), Q::one());
    if function.kinks().contains(s) {
        return None;
    }
    Some(match function {
        Activation::Identity => (one, zero),
        Activation::Relu if *s < zero => (zero.clone(), zero),
        Activation::LeakyRelu { slope } if *s < zero => (slope.clone(), zero),
        Activation::Relu | Activation::LeakyRelu { .. } => (one, zero),
        Activation::HardTanh { min, .. } if s < min => (zero, min.clone()),
        Activation::HardTanh { max, .. } if s > max => (zero, max.clone()),
        Activation::HardTanh { .. } => (one, zero),
        other => panic!("{other:?} has no pieces"),
    })
}

/// x of A x = b; none if A is singular. Rows of integers, each division without a rest (Bareiss).
pub fn solve(matrix: &[Vec<Q>], right: &[Q]) -> Option<Vec<Q>> {
    let n = right.len();
    let integers = |(row, b): (&Vec<Q>, &Q)| -> Vec<BigInt> {
        let all = || row.iter().chain([b]);
        let scale = all().fold(BigInt::one(), |scale, value| scale.lcm(value.denom()));
        all().map(|value| value.numer() * (&scale / value.denom())).collect()
    };
    let mut rows: Vec<_> = matrix.iter().zip(right).map(integers).collect();
    let mut last = BigInt::one();
    for k in 0..n {
        let pivot = (k..n).find(|i| !rows[*i][k].is_zero())?;
        rows.swap(k, pivot);
        let row = rows[k].clone();
        for (i, other) in rows.iter_mut().enumerate().filter(|(i, _)| *i != k) {
            let factor = other[k].clone();
            for (value, by) in other.iter_mut().zip(&row) {
                *value = (&row[k] * &*value - &factor * by) / &last;
            }
            assert!(other[k].is_zero(), "row {i}");
        }
        last = row[k].clone();
    }
    Some(rows.into_iter().map(|row| Q::new(row[n].clone(), last.clone())).collect())
}

/// W as a matrix, row = post.
pub fn matrix(case: &Case) -> Vec<Vec<Q>> {
    let wiring = Wiring::of(case);
    let parameters = creditcheck::spec::Parameters::of(case);
    let mut matrix = vec![vec![Q::zero(); wiring.neurons()]; wiring.neurons()];
    for (synapse, ends) in wiring.synapses.indexed() {
        matrix[ends.post.0][ends.pre.0] = parameters.weights[synapse].clone();
    }
    matrix
}

fn unit(i: usize, j: usize) -> Q {
    if i == j { Q::one() } else { Q::zero() }
}

/// Whether a float net input is on a kink: a silent neuron without bias, say.
pub fn is_on_kink(case: &Case, near: &[PerNeuron<f64>]) -> bool {
    let wiring = Wiring::of(case);
    near.iter().any(|example| {
        example.indexed().any(|(neuron, s)| {
            let kinks = wiring.activations[neuron].kinks();
            !wiring.is_input[neuron] && kinks.contains(&super::nets::exact(*s))
        })
    })
}

/// The equilibrium whose pieces the float net inputs name: an exact one with its proof, or none.
pub fn equilibrium(case: &Case, near: &[PerNeuron<f64>]) -> Option<CreditOutcome<Q>> {
    let wiring = Wiring::of(case);
    let parameters = creditcheck::spec::Parameters::of(case);
    let (n, w) = (wiring.neurons(), matrix(case));
    let mut update = Update {
        weights: PerSynapse::filled(wiring.synapses.len(), Q::zero()),
        biases: PerNeuron::filled(n, Q::zero()),
    };
    let mut examples = Vec::new();
    for (example, near) in case.examples.iter().zip(near) {
        let (mut rows, mut right) = (Vec::new(), Vec::new());
        let mut beta = vec![Q::zero(); n];
        for i in 0..n {
            if let Some(k) = wiring.inputs.iter().position(|input| input.0 == i) {
                rows.push((0..n).map(|j| unit(i, j)).collect());
                right.push(example.input[k].clone());
                continue;
            }
            let s = super::nets::exact(near[Neuron(i)]);
            let (slope, offset) = piece(&wiring.activations[Neuron(i)], &s)?;
            rows.push((0..n).map(|j| unit(i, j) - &slope * &w[i][j]).collect());
            right.push(&slope * &parameters.biases[Neuron(i)] + offset);
            beta[i] = slope;
        }
        let x = solve(&rows, &right)?;
        let mut s = vec![Q::zero(); n];
        for i in (0..n).filter(|i| !wiring.is_input[Neuron(*i)]) {
            s[i] =
                &parameters.biases[Neuron(i)] + w[i].iter().zip(&x).map(|(w, x)| w * x).sum::<Q>();
            // The pieces were a guess: here they are checked.
            let (slope, offset) = piece(&wiring.activations[Neuron(i)], &s[i])?;
            if slope != beta[i] || x[i] != &slope * &s[i] + offset {
                return None;
            }
        }
        let mut e = vec![Q::zero(); n];
        for (output, target) in wiring.outputs.iter().zip(&example.target) {
            e[output.0] = target - &x[output.0];
        }
        let system: Vec<Vec<Q>> =
            (0..n).map(|j| (0..n).map(|i| unit(i, j) - &w[i][j] * &beta[i]).collect()).collect();
        let c = solve(&system, &e)?;
        let scale = &case.learning_rate / ratio(case.examples.len() as i64, 1);
        for (synapse, ends) in wiring.synapses.indexed() {
            let (i, j) = (ends.post.0, ends.pre.0);
            update.weights[synapse] += &scale * &beta[i] * &c[i] * &x[j];
        }
        for i in (0..n).map(Neuron).filter(|i| wiring.has_bias[*i]) {
            update.biases[i] += &scale * &beta[i.0] * &c[i.0];
        }
        examples.push(CreditExample {
            net_input: PerNeuron::new(s),
            firing_rate: PerNeuron::new(x),
            balance_factor: PerNeuron::new(beta),
            external_credit: PerNeuron::new(e),
            credit: PerNeuron::new(c.into_iter().map(Credit).collect()),
        });
    }
    Some(CreditOutcome { examples, update })
}
