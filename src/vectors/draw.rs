//! Cases from an integer stream: dyadic numbers, no distributions.

use num_rational::BigRational;
use num_traits::Zero;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::error::Error;
use crate::mutants::{Truth, rate};
use crate::spec::outcome::Update;
use crate::spec::{
    Activation, Case, Class, Ends, Example, Expect, Graph, Kink, Layer, Layered, Limits, Network,
    Neuron, PerNeuron, PerSynapse, Wiring,
};

use super::{Topology, VectorFile};

/// Weights in halves or quarters, never ±1: under ±1 some mutants cannot be seen.
const WEIGHTS: [i64; 6] = [-6, -3, -1, 1, 3, 6];
const INPUTS: [i64; 6] = [-4, -3, -2, 2, 3, 4];
const RATES: [i64; 3] = [1, 3, 6];

/// The wiring of [`Topology::Skip`]: neurons 0, 1 in, 5, 6 out, and 7 a dead end.
const SKIP: [(usize, usize); 13] = [
    (2, 0),
    (2, 1),
    (3, 1),
    (3, 2),
    (4, 0),
    (4, 3),
    (5, 2),
    (5, 4),
    (6, 3),
    (6, 4),
    (6, 0),
    (7, 3),
    (6, 5),
];

/// The wiring of [`Topology::Recurrent`]: neurons 0, 1, 2 in, 4, 5 out; two self-synapses.
const RECURRENT: [(usize, usize); 9] =
    [(3, 0), (4, 1), (5, 2), (3, 4), (4, 3), (4, 5), (5, 5), (5, 3), (3, 3)];

/// A stream of cases.
pub(super) struct Draw {
    stream: ChaCha8Rng,
    /// Every number is an integer over this.
    denominator: i64,
}

impl Draw {
    /// The stream that belongs to a file.
    pub(super) fn new(file: &VectorFile) -> Self {
        // The first 32 bytes tell the files apart.
        let mut seed = [0; 32];
        for (place, byte) in seed.iter_mut().zip(file.name().bytes()) {
            *place = byte;
        }
        // hard_tanh learns only between its bounds, and what runs in time grows: their numbers are smaller.
        let bounded = matches!(file.activation, Activation::HardTanh { .. })
            || file.topology == Topology::Temporal;
        Self { stream: ChaCha8Rng::from_seed(seed), denominator: if bounded { 4 } else { 2 } }
    }

    fn number(&mut self, choices: &[i64]) -> BigRational {
        // A few dozen choices against 2³²: the bias of the remainder does not matter here.
        let choice = self.stream.next_u32() as usize % choices.len();
        BigRational::new(choices[choice].into(), self.denominator.into())
    }

    fn numbers(&mut self, choices: &[i64], len: usize) -> Vec<BigRational> {
        (0..len).map(|_| self.number(choices)).collect()
    }

    /// That many weights.
    pub(super) fn weights(&mut self, len: usize) -> Vec<BigRational> {
        self.numbers(&WEIGHTS, len)
    }

    /// That many inputs or targets.
    pub(super) fn inputs(&mut self, len: usize) -> Vec<BigRational> {
        self.numbers(&INPUTS, len)
    }

    /// The next case of a file.
    pub(super) fn case(&mut self, file: &VectorFile, examples: usize, biases: bool) -> Case {
        let (network, inputs, outputs) = match file.topology {
            // Sequences are drawn elsewhere, through `weights` and `inputs`.
            Topology::Rectangular | Topology::Square | Topology::Deep | Topology::Temporal => {
                let widths = file.set.widths(file.topology, biases);
                (self.layers(file, widths, biases), widths[0], widths[widths.len() - 1])
            }
            Topology::Skip => (self.graph(file, biases), 2, file.set.outputs().len()),
            Topology::Recurrent => return self.recurrent(file, examples, biases),
        };
        let learning_rate = self.number(&RATES);
        let examples = (0..examples).map(|_| Example {
            input: self.numbers(&INPUTS, inputs),
            target: self.numbers(&INPUTS, outputs),
            equilibrium: None,
        });
        let examples = examples.collect();
        Case {
            name: None,
            network,
            learning_rate,
            kink: Kink::default(),
            examples,
            loss: Default::default(),
            output_credit: Default::default(),
            expect: Expect::Agree,
        }
    }

    fn layers(&mut self, file: &VectorFile, widths: &[usize], biases: bool) -> Network {
        let layer = |(l, ends): (usize, &[usize])| {
            let (inputs, width) = (ends[0], ends[1]);
            Layer {
                weights: (0..width).map(|_| self.numbers(&WEIGHTS, inputs)).collect(),
                biases: biases.then(|| self.numbers(&WEIGHTS, width)),
                activation: activation_of(file, l),
                kink: None,
                balance: None,
            }
        };
        Network::Layered(Layered { layers: widths.windows(2).enumerate().map(layer).collect() })
    }

    fn graph(&mut self, file: &VectorFile, biases: bool) -> Network {
        let neurons = 8;
        let ends = SKIP.map(|(post, pre)| Ends { post: Neuron(post), pre: Neuron(pre) });
        let biases = biases.then(|| {
            PerNeuron::from_fn(neurons, |neuron| match neuron.0 {
                0 | 1 => BigRational::zero(),
                _ => self.number(&WEIGHTS),
            })
        });
        Network::Graph(Graph {
            neurons,
            inputs: vec![Neuron(0), Neuron(1)],
            outputs: file.set.outputs().iter().map(|n| Neuron(*n)).collect(),
            activations: PerNeuron::from_fn(neurons, |n| {
                activation_of(file, n.0.saturating_sub(2))
            }),
            balances: PerNeuron::filled(neurons, None),
            weights: PerSynapse::new(self.numbers(&WEIGHTS, ends.len())),
            synapses: PerSynapse::new(ends.to_vec()),
            biases,
        })
    }

    /// Three neurons on a cycle, each with a clamped one of its own: net inputs are drawn, and the clamped rates follow.
    ///
    /// ```text
    /// x = σ(s),   u_i = (s_i − Σ_j W_ij x_j − b_i) / V_i      V_i the synapse from the clamped neuron
    /// ```
    fn recurrent(&mut self, file: &VectorFile, examples: usize, biases: bool) -> Case {
        const CLAMPED: usize = 3;
        let ends = RECURRENT.map(|(post, pre)| Ends { post: Neuron(post), pre: Neuron(pre) });
        let neurons = 2 * CLAMPED;
        let weights = PerSynapse::new(self.numbers(&WEIGHTS, ends.len()));
        let biases = biases.then(|| {
            PerNeuron::from_fn(neurons, |neuron| match neuron.0 {
                ..CLAMPED => BigRational::zero(),
                _ => self.number(&WEIGHTS),
            })
        });
        let examples = (0..examples).map(|_| {
            let net_input = self.numbers(&WEIGHTS, CLAMPED);
            let mut rates = vec![BigRational::zero(); CLAMPED];
            rates.extend(net_input.iter().map(|s| {
                // Only exact activations have files of this topology.
                rate(&file.activation, &s.into()).map_or_else(BigRational::zero, BigRational::from)
            }));
            for (unit, s) in net_input.iter().enumerate() {
                let post = CLAMPED + unit;
                let onto = ends.iter().zip(weights.iter()).filter(|(e, _)| e.post.0 == post);
                let bias =
                    biases.as_ref().map_or_else(BigRational::zero, |b| b[Neuron(post)].clone());
                let (mut rest, mut own) = (s - bias, BigRational::zero());
                for (ends, weight) in onto {
                    if ends.pre.0 == unit {
                        own = weight.clone();
                    } else {
                        rest -= weight * &rates[ends.pre.0];
                    }
                }
                rates[unit] = rest / own;
            }
            Example {
                input: rates[..CLAMPED].to_vec(),
                target: self.numbers(&INPUTS, 2),
                equilibrium: Some(PerNeuron::new(rates)),
            }
        });
        let examples = examples.collect();
        let network = Network::Graph(Graph {
            neurons,
            inputs: (0..CLAMPED).map(Neuron).collect(),
            outputs: vec![Neuron(4), Neuron(5)],
            activations: PerNeuron::filled(neurons, file.activation.clone()),
            balances: PerNeuron::filled(neurons, None),
            synapses: PerSynapse::new(ends.to_vec()),
            weights,
            biases,
        });
        let learning_rate = self.number(&RATES);
        Case {
            name: None,
            network,
            learning_rate,
            kink: Kink::default(),
            examples,
            loss: Default::default(),
            output_credit: Default::default(),
            expect: Expect::Agree,
        }
    }
}

/// σ of layer l + 1, or of neuron l + 2 of the graph. In deep networks curved activations alternate with
/// piecewise linear ones: the number of digits grows exponentially with how many are in a row.
fn activation_of(file: &VectorFile, l: usize) -> Activation {
    let curved = match file.activation.class() {
        Class::Curved(_) | Class::Quotient => true,
        Class::Straight(_) | Class::Transcendental(_) => false,
    };
    let deep = matches!(file.topology, Topology::Deep | Topology::Skip);
    match l {
        1 if curved && deep => Activation::Identity,
        3 | 5 if curved && deep => {
            Activation::LeakyRelu { slope: BigRational::new(1.into(), 4.into()) }
        }
        _ => file.activation.clone(),
    }
}

/// Whether some parameter onto every neuron changes, dead ends excepted.
pub(super) fn every_neuron_learns(case: &Case, update: &Update<BigRational>) -> bool {
    let wiring = Wiring::of(case);
    let learns = |post: Neuron| {
        let mut incoming = wiring.incoming[post].iter();
        !update.biases[post].is_zero() || incoming.any(|s| !update.weights[*s].is_zero())
    };
    let dead_end = |n: Neuron| wiring.outgoing[n].is_empty() && !wiring.outputs.contains(&n);
    let mut neurons = (0..wiring.neurons()).map(Neuron);
    neurons.all(|n| wiring.is_input[n] || dead_end(n) || learns(n))
}

/// The case with the bias of the first neuron after the inputs moved so that its net input in example 0 is `value`;
/// `None` if the convention at that point then makes no difference.
pub(super) fn with_net_input(
    case: &Case,
    value: &BigRational,
    limits: &Limits,
) -> Result<Option<Case>, Error> {
    let Some(moved) = moved(case, 0, value, limits)? else { return Ok(None) };
    let update = |kink| -> Result<_, Error> {
        let case = Case { kink, ..moved.clone() };
        Ok(Truth::of(&case, limits)?.credit.update)
    };
    let matters = update(Kink::Left)? != update(Kink::Right)?;
    Ok(matters.then_some(moved))
}

/// The same with the first two neurons after the inputs at one of two kinks each; `None` if it makes no difference whether both have
/// the inner slope, or both the outer, or both that on the left.
pub(super) fn at_both(
    case: &Case,
    kinks: &[BigRational],
    limits: &Limits,
) -> Result<Option<Case>, Error> {
    let mut found = case.clone();
    for (place, kink) in kinks.iter().enumerate() {
        let Some(next) = moved(&found, place, kink, limits)? else { return Ok(None) };
        found = next;
    }
    let mut updates = Vec::new();
    for kink in [Kink::Inner, Kink::Outer, Kink::Left] {
        let update = Truth::of(&Case { kink, ..found.clone() }, limits)?.credit.update;
        if updates.contains(&update) {
            return Ok(None);
        }
        updates.push(update);
    }
    Ok(Some(found))
}

/// The case with the bias of a neuron, counted from the first after the inputs, moved so that its net input in example 0 is `value`.
fn moved(
    case: &Case,
    place: usize,
    value: &BigRational,
    limits: &Limits,
) -> Result<Option<Case>, Error> {
    let wiring = Wiring::of(case);
    let mut neurons = (0..wiring.neurons()).map(Neuron).filter(|n| !wiring.is_input[*n]);
    let Some(neuron) = neurons.nth(place) else {
        return Ok(None);
    };
    let truth = Truth::of(case, limits)?;
    let shift = value - &truth.credit.examples[0].net_input[neuron];
    let mut moved = case.clone();
    match &mut moved.network {
        Network::Layered(net) => {
            let first = net.layers.first_mut().and_then(|layer| layer.biases.as_mut());
            let Some(bias) = first.and_then(|biases| biases.get_mut(place)) else {
                return Ok(None);
            };
            *bias += shift;
        }
        Network::Graph(net) => {
            let Some(biases) = &mut net.biases else { return Ok(None) };
            biases[neuron] += shift;
        }
    }
    Ok(Some(moved))
}
