//! A case as the simulation sees it: neurons and synapses with floats, and no layers.

use num_rational::BigRational;

use super::neuron::Sigma;
use crate::error::Error;
use crate::number::nearest_f64;
use crate::spec::{Case, Example, Network as Shape, Parameters, PerNeuron, Wiring};

/// Neurons plus synapses that a simulation takes on: state and trace stay small.
const MOST_PARTS: u64 = 1 << 20;

/// Any case, layered or graph, with its parameters as the nearest f64.
#[derive(Clone, Debug)]
pub struct Net {
    pub(super) sigma: Vec<Sigma>,
    /// f of D2 where it replaces σ'.
    pub(super) balance: Vec<Option<Sigma>>,
    pub(super) is_input: Vec<bool>,
    pub(super) has_bias: Vec<bool>,
    pub(super) inputs: Vec<usize>,
    pub(super) outputs: Vec<usize>,
    /// (post, pre) of each synapse, in the order of the case.
    pub(super) ends: Vec<(usize, usize)>,
    /// The synapses onto each neuron.
    pub(super) incoming: Vec<Vec<usize>>,
    /// Every neuron after its presynaptic ones; `None` with a cycle.
    pub(super) order: Option<Vec<usize>>,
    names: Vec<String>,
    blocks: Vec<Block>,
}

/// W and b.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// One per synapse, in the order of the case.
    pub synapses: Vec<f64>,
    /// One per neuron, 0 where there is none.
    pub biases: Vec<f64>,
}

/// One example, as floats.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The rates of the clamped neurons.
    pub input: Vec<f64>,
    /// t of the output neurons.
    pub target: Vec<f64>,
}

/// A set of parameters whose deviation is measured together: a layer, or those of one distance to the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// What it is called in tables.
    pub name: String,
    /// h of D3 of its postsynaptic neurons: hops to the output; `None` with a cycle.
    pub hops: Option<usize>,
    /// Synapses.
    pub synapses: Vec<usize>,
    /// Neurons whose bias belongs here.
    pub biases: Vec<usize>,
}

/// Where one neuron stands: E, I, s and β (D1, D2).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Balance {
    /// E_i, the sum of the positive terms of s_i.
    pub excitation: f64,
    /// I_i, minus the sum of the negative ones.
    pub inhibition: f64,
    /// s_i = E_i − I_i.
    pub net_input: f64,
    /// β_i = f_i(s_i).
    pub balance_factor: f64,
}

impl Net {
    /// The graph of a case with its parameters, and its examples.
    ///
    /// Exactness: every number is rounded to the nearest f64.
    ///
    /// # Errors
    /// [`Error::NotFinite`] if a number is beyond f64, [`Error::Limit`] if the case is too large to be simulated.
    pub fn of(case: &Case) -> Result<(Self, Weights, Vec<Shown>), Error> {
        case.loss.expect_half_squared("a simulation")?;
        if case.clamps_credit() {
            return Err(Error::unsupported(
                "clamped output credit in a simulation: there e is added to what comes back",
            ));
        }
        let wiring = Wiring::of(case);
        let given = (wiring.neurons() + wiring.synapses.len()) as u64;
        if given > MOST_PARTS {
            let what = "neurons plus synapses in a simulation".to_owned();
            return Err(Error::Limit { what, given, limit: MOST_PARTS });
        }
        let parameters = Parameters::of(case);
        let weights = Weights {
            synapses: all(parameters.weights.iter(), "a weight")?,
            biases: all(parameters.biases.iter(), "a bias")?,
        };
        let shown = |example: &Example| {
            Ok(Shown {
                input: all(example.input.iter(), "an input")?,
                target: all(example.target.iter(), "a target")?,
            })
        };
        let examples = case.examples.iter().map(shown).collect::<Result<_, Error>>()?;
        let sigma = |(activation, kink)| Sigma::of(activation, kink);
        let kinks = || wiring.kinks.iter().copied();
        let balances = wiring.balances.iter().zip(kinks());
        let flat = |neurons: &PerNeuron<Vec<crate::spec::Synapse>>| {
            neurons.iter().map(|all| all.iter().map(|synapse| synapse.0).collect()).collect()
        };
        let net = Self {
            sigma: wiring.activations.iter().zip(kinks()).map(sigma).collect::<Result<_, _>>()?,
            balance: balances
                .map(|(f, kink)| f.as_ref().map(|f| Sigma::of(f, kink)).transpose())
                .collect::<Result<_, _>>()?,
            is_input: wiring.is_input.iter().copied().collect(),
            has_bias: wiring.has_bias.iter().copied().collect(),
            inputs: wiring.inputs.iter().map(|neuron| neuron.0).collect(),
            outputs: wiring.outputs.iter().map(|neuron| neuron.0).collect(),
            ends: wiring.synapses.iter().map(|ends| (ends.post.0, ends.pre.0)).collect(),
            incoming: flat(&wiring.incoming),
            order: wiring.order.as_ref().map(|order| order.iter().map(|n| n.0).collect()),
            names: names(case, wiring.neurons()),
            blocks: blocks(case, &wiring),
        };
        Ok((net, weights, examples))
    }

    /// How many neurons there are, the clamped ones included.
    #[must_use]
    pub fn neurons(&self) -> usize {
        self.sigma.len()
    }

    /// How many synapses there are.
    #[must_use]
    pub fn synapses(&self) -> usize {
        self.ends.len()
    }

    /// (post, pre) of a synapse.
    #[must_use]
    pub fn ends(&self, synapse: usize) -> (usize, usize) {
        self.ends[synapse]
    }

    /// What a neuron is called: `layer.neuron` in a layered network, its number in a graph.
    #[must_use]
    pub fn name(&self, neuron: usize) -> &str {
        &self.names[neuron]
    }

    /// Whether a neuron is clamped.
    #[must_use]
    pub fn is_input(&self, neuron: usize) -> bool {
        self.is_input[neuron]
    }

    /// The neurons with a target.
    #[must_use]
    pub fn outputs(&self) -> &[usize] {
        &self.outputs
    }

    /// The sets of parameters whose deviation is measured together.
    #[must_use]
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// β = f(s), σ' where no f replaces it (D2).
    pub(super) fn balance_factor(&self, neuron: usize, s: f64) -> f64 {
        self.balance[neuron].as_ref().unwrap_or(&self.sigma[neuron]).slope(s)
    }

    /// s = Σ W x + b (D1).
    pub(super) fn net_input(&self, neuron: usize, weights: &Weights, x: &[f64]) -> f64 {
        let term = |&synapse: &usize| weights.synapses[synapse] * x[self.ends[synapse].1];
        self.incoming[neuron].iter().map(term).fold(weights.biases[neuron], |sum, term| sum + term)
    }

    /// E, I, s and β of a neuron at these rates; zeros on clamped neurons, which have none.
    ///
    /// Equation: D1, D2. Shape: `x` has one rate per neuron.
    #[must_use]
    pub fn balance_of(&self, neuron: usize, weights: &Weights, x: &[f64]) -> Balance {
        let mut found =
            Balance { excitation: 0.0, inhibition: 0.0, net_input: 0.0, balance_factor: 0.0 };
        if self.is_input[neuron] {
            return found;
        }
        let term = |&synapse: &usize| weights.synapses[synapse] * x[self.ends[synapse].1];
        let bias = std::iter::once(weights.biases[neuron]);
        (found.excitation, found.inhibition) =
            crate::simulate::balance::split(self.incoming[neuron].iter().map(term).chain(bias));
        found.net_input = self.net_input(neuron, weights, x);
        found.balance_factor = self.balance_factor(neuron, found.net_input);
        found
    }
}

fn all<'a>(values: impl Iterator<Item = &'a BigRational>, what: &str) -> Result<Vec<f64>, Error> {
    let nearest = |value: &BigRational| {
        let float = nearest_f64(value);
        let beyond = || Error::NotFinite { what: format!("{what} in f64") };
        float.is_finite().then_some(float).ok_or_else(beyond)
    };
    values.map(nearest).collect()
}

fn names(case: &Case, neurons: usize) -> Vec<String> {
    match &case.network {
        Shape::Layered(net) => {
            let of_layer = |(l, width): (usize, usize)| (0..width).map(move |k| format!("{l}.{k}"));
            net.widths().into_iter().enumerate().flat_map(of_layer).collect()
        }
        Shape::Graph(_) => (0..neurons).map(|neuron| neuron.to_string()).collect(),
    }
}

/// Layers, or the neurons of one height; all together where there is a cycle.
fn blocks(case: &Case, wiring: &Wiring) -> Vec<Block> {
    let heights = wiring.heights();
    let hops = |neuron: usize| heights.as_ref().map(|all| all.as_slice()[neuron]);
    let of = |name: String, hops, members: &dyn Fn(usize) -> bool| Block {
        name,
        hops,
        synapses: wiring
            .synapses
            .indexed()
            .filter(|(_, e)| members(e.post.0))
            .map(|(s, _)| s.0)
            .collect(),
        biases: wiring
            .has_bias
            .indexed()
            .filter(|(n, has)| **has && members(n.0))
            .map(|(n, _)| n.0)
            .collect(),
    };
    let found: Vec<Block> = match (&case.network, wiring.depth()) {
        (Shape::Layered(net), _) => {
            let offsets = net.offsets();
            let widths = net.widths();
            (1..widths.len())
                .map(|l| {
                    let range = offsets[l]..offsets[l] + widths[l];
                    let members = |neuron: usize| range.contains(&neuron);
                    of(format!("layer {l}"), hops(offsets[l]), &members)
                })
                .collect()
        }
        (Shape::Graph(_), Some(depth)) => (0..=depth)
            .rev()
            .map(|h| {
                of(format!("{h} hop{}", if h == 1 { "" } else { "s" }), Some(h), &|neuron| {
                    hops(neuron) == Some(h)
                })
            })
            .collect(),
        (Shape::Graph(_), None) => Vec::new(),
    };
    found
        .into_iter()
        .filter(|block| !block.synapses.is_empty() || !block.biases.is_empty())
        .collect()
}
