//! Random cases, from two generators with different distributions.
//!
//! [`layered`] makes layered nets with proptest, [`graphs`] feed-forward graphs with quickcheck. Both avoid what makes
//! even an exact comparison blind: width 1, one layer, batch 1, rectangular shapes only, piecewise-linear functions
//! only, weights ±1, symmetric weights, uniform errors, learning rates 0 and 1, net inputs never at a kink.

pub mod graphs;
pub mod layered;
pub mod losses;
pub mod recurrent;
pub mod stack;
pub mod temporal;

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

use creditcheck::spec::outcome::{CreditOutcome, Update};
use creditcheck::spec::{
    Activation, Case, Graph, Kink, Limits, Network, Neuron, Parameters, PerNeuron, PerSynapse,
    Share, Wiring,
};
use creditcheck::textbook::firing::firing;
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::Zero;

pub type Q = BigRational;

/// An empty folder of this name, for what a test writes.
#[cfg(feature = "cli")]
pub fn empty_folder(name: &str) -> std::path::PathBuf {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

pub fn ratio(p: i64, q: i64) -> Q {
    Q::new(BigInt::from(p), BigInt::from(q))
}

/// Every σ that is a quotient of polynomials: all generators draw them, and what is tested of one is tested of all.
pub fn quotients() -> Vec<Activation> {
    vec![Activation::Softsign, Activation::EluRational]
}

/// Every kink convention, θ dyadic and not, at its ends and between: all generators draw them.
pub fn conventions() -> Vec<Kink> {
    let between = [(1, 4), (2, 3), (0, 1), (1, 1)].map(|(p, q)| between(p, q));
    let mut all = vec![Kink::Left, Kink::Right, Kink::Mean, Kink::Inner, Kink::Outer];
    all.extend(between);
    all
}

pub fn between(p: i64, q: i64) -> Kink {
    Kink::Between(Share::of(&ratio(p, q)).unwrap())
}

/// This convention, or another where a case may not ask for it of these functions.
pub fn served<'a>(kink: Kink, functions: impl IntoIterator<Item = &'a Activation>) -> Kink {
    let of_two = matches!(kink, Kink::Inner) || matches!(kink, Kink::Outer);
    match of_two && functions.into_iter().any(|function| function.kinks().len() != 2) {
        true => between(2, 3),
        false => kink,
    }
}

/// The seed of a run: `default`, or what `CREDITCHECK_SEED` says (a number, or `random`).
///
/// The seed of a random campaign is printed, so that a failure can be had again.
pub fn seed(default: u64) -> u64 {
    match std::env::var("CREDITCHECK_SEED") {
        Err(_) => default,
        Ok(text) if text == "random" => {
            let seed = RandomState::new().hash_one(default);
            eprintln!("CREDITCHECK_SEED={seed}");
            seed
        }
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("CREDITCHECK_SEED={text}: no number")),
    }
}

/// How many cases of a run said something: a property of dead networks holds for any rule.
#[derive(Debug, Default)]
pub struct Tally {
    seen: Cell<u32>,
    live: Cell<u32>,
}

impl Tally {
    pub fn count(&self, live: bool) {
        self.seen.set(self.seen.get() + 1);
        self.live.set(self.live.get() + u32::from(live));
    }

    /// At least `least` cases, and that many percent of them live.
    #[track_caller]
    pub fn demand(&self, least: u32, percent: u32) {
        let (seen, live) = (self.seen.get(), self.live.get());
        assert!(seen >= least, "only {seen} of {least} cases were tried");
        assert!(live * 100 >= seen * percent, "{live} of {seen} cases were live: too few");
    }
}

/// Whether a rule that did nothing would be noticed: some output is off its target, some hidden neuron passes
/// credit on, and some weight and some bias (if there are any) would change.
pub fn is_live(wiring: &Wiring, outcome: &CreditOutcome<Q>) -> bool {
    let hidden_works = outcome.examples.iter().any(|example| {
        let hidden = (0..wiring.neurons()).map(Neuron);
        let mut hidden = hidden.filter(|n| !wiring.is_input[*n] && !wiring.outputs.contains(n));
        hidden.any(|n| !example.balance_factor[n].is_zero() && !example.credit[n].0.is_zero())
    });
    let has_biases = wiring.has_bias.iter().any(|has| *has);
    hidden_works
        && outcome.update.weights.iter().any(|entry| !entry.is_zero())
        && (!has_biases || outcome.update.biases.iter().any(|entry| !entry.is_zero()))
}

/// The same network as a graph: neurons and synapses in the order of its wiring.
///
/// Layers may have a kink convention of their own, graphs may not: `None` for such a case.
pub fn as_graph(case: &Case) -> Option<Case> {
    let wiring = Wiring::of(case);
    if wiring.kinks.indexed().any(|(n, kink)| !wiring.is_input[n] && *kink != case.kink) {
        return None;
    }
    // In a graph all neurons have biases or none has: the update of a bias that is 0 here is a parameter there.
    let parameters = Parameters::of(case);
    Some(Case {
        network: Network::Graph(Graph {
            neurons: wiring.neurons(),
            inputs: wiring.inputs,
            outputs: wiring.outputs,
            activations: wiring.activations,
            balances: wiring.balances,
            synapses: wiring.synapses,
            weights: parameters.weights,
            biases: wiring.has_bias.iter().any(|has| *has).then_some(parameters.biases),
        }),
        ..case.clone()
    })
}

/// Changes the parameters of a case; `weight` and `bias` get the number of the synapse or neuron.
pub fn edit(
    case: &mut Case,
    mut weight: impl FnMut(usize, &mut Q),
    mut bias: impl FnMut(usize, &mut Q),
) {
    match &mut case.network {
        Network::Layered(net) => {
            let firsts = net.offsets().split_off(1);
            let mut synapse = 0;
            for (layer, first) in net.layers.iter_mut().zip(firsts) {
                for entry in layer.weights.iter_mut().flatten() {
                    weight(synapse, entry);
                    synapse += 1;
                }
                for (unit, entry) in layer.biases.iter_mut().flatten().enumerate() {
                    bias(first + unit, entry);
                }
            }
        }
        Network::Graph(net) => {
            for synapse in 0..net.weights.len() {
                weight(synapse, &mut net.weights[creditcheck::spec::Synapse(synapse)]);
            }
            for neuron in (0..net.neurons).filter(|n| !net.inputs.contains(&Neuron(*n))) {
                if let Some(biases) = &mut net.biases {
                    bias(neuron, &mut biases[Neuron(neuron)]);
                }
            }
        }
    }
}

/// The case after one step of learning: W + ΔW, b + Δb.
pub fn after_step(case: &Case, update: &Update<Q>) -> Case {
    let mut next = case.clone();
    let (weights, biases) = (update.weights.as_slice(), update.biases.as_slice());
    edit(&mut next, |s, entry| *entry += &weights[s], |n, entry| *entry += &biases[n]);
    next
}

/// Moves the bias of a neuron so that its net input in one example is exactly `at`.
///
/// The neurons must be visited from the inputs on: later moves upstream would undo it.
pub fn place_net_input(case: &mut Case, neuron: Neuron, example: usize, at: &Q) {
    let wiring = Wiring::of(case);
    let parameters = Parameters::of(case);
    let input = &case.examples[example].input;
    let found = firing(&wiring, &parameters, input, &Limits::default()).unwrap();
    let step = at - &found.net_input[neuron];
    edit(
        case,
        |_, _| (),
        |n, entry| {
            if n == neuron.0 {
                *entry += &step
            }
        },
    );
}

/// Whether any net input of any example stands exactly at a kink.
pub fn meets_a_kink(wiring: &Wiring, outcome: &CreditOutcome<Q>) -> bool {
    outcome.examples.iter().any(|example| {
        wiring.activations.indexed().any(|(n, activation)| {
            !wiring.is_input[n] && activation.kinks().contains(&example.net_input[n])
        })
    })
}

/// Where all outputs of an example have one error, one of them gets another.
pub fn spread_errors(case: &mut Case) {
    let wiring = Wiring::of(case);
    let parameters = Parameters::of(case);
    for (b, example) in case.examples.iter_mut().enumerate() {
        let rates =
            firing(&wiring, &parameters, &example.input, &Limits::default()).unwrap().firing_rate;
        let errors: Vec<Q> =
            wiring.outputs.iter().zip(&example.target).map(|(o, t)| t - &rates[*o]).collect();
        if errors.iter().all(|error| *error == errors[0]) {
            let half = i64::try_from(b).unwrap() * 2 + 3;
            example.target[0] += ratio(half, 2);
        }
    }
}

/// ⟨A, H⟩ over all weights and biases.
pub fn inner(a: &Update<Q>, direction: &Parameters<Q>) -> Q {
    let weights = a.weights.iter().zip(direction.weights.iter());
    let pairs = weights.chain(a.biases.iter().zip(direction.biases.iter()));
    pairs.map(|(entry, along)| entry * along).sum()
}

/// Every entry of an update times a number.
pub fn scaled(update: &Update<Q>, factor: &Q) -> Update<Q> {
    Update {
        weights: update.weights.map(|entry| entry * factor),
        biases: update.biases.map(|entry| entry * factor),
    }
}

/// 0 everywhere.
pub fn still(wiring: &Wiring) -> Parameters<Q> {
    Parameters {
        weights: PerSynapse::filled(wiring.synapses.len(), Q::zero()),
        biases: PerNeuron::filled(wiring.neurons(), Q::zero()),
    }
}
