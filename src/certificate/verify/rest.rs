//! D9: which equilibrium a network with a cycle has, where its case names none.
//!
//! There may be several, and at another one a claim may be true that is false here. So the search that the manual describes is part of
//! the definition, and repeated: damped sweeps of floats from rest propose on which piece every neuron lies, the linear system of those
//! pieces is solved, and the pieces of its solution are taken until they are those that were put in. The floats decide nothing
//! about the numbers: those of the certificate solve D1 exactly.

use num_rational::BigRational;
use num_traits::{One, Zero};

use super::{Ground, Refusal, refusal};
use crate::number::nearest_f64;
use crate::spec::{Activation, Class, Neuron, PerNeuron, Straight};

/// How much of each step is taken, one after the other until one comes to rest.
const DAMPINGS: [f64; 5] = [0.5, 1.0, 0.25, 0.0625, 0.015_625];

/// Sweeps of floats, each time.
const SWEEPS: usize = 4_000;

/// 2⁻⁴⁶ of the largest rate, or of 1: what moves no more than that rests.
const REST: f64 = 1.421_085_471_520_200_4e-14;

/// Rounds of solving for the pieces of the solution before.
const ROUNDS: usize = 24;

/// On which piece of its activation each neuron lies, counted from the left.
type Pieces = PerNeuron<usize>;

/// Confirms that the rates of every example are those to which the search from rest leads; the witnesses obey D1, and D9 shows
/// that they are alone on their pieces.
pub fn check(ground: &Ground<'_>) -> Result<(), Refusal> {
    let examples = &ground.certificate.case.examples;
    let named = examples.iter().any(|example| example.equilibrium.is_some());
    if !ground.wiring.is_recurrent() || !ground.exact || named {
        return Ok(());
    }
    (0..examples.len()).try_for_each(|number| searched(ground, number))
}

fn searched(ground: &Ground<'_>, number: usize) -> Result<(), Refusal> {
    let net_input = &ground.certificate.witnesses.examples[number].net_input;
    let wanted = exact_pieces(ground, net_input);
    let mut pieces = proposed(ground, number);
    for _ in 0..ROUNDS {
        if pieces == wanted {
            return Ok(());
        }
        let next = solved(ground, number, &pieces).map(|s| exact_pieces(ground, &s));
        match next {
            Some(next) if next != pieces => pieces = next,
            Some(_) => {
                let found = "another equilibrium than that from rest";
                return Err(lost(number, found));
            }
            None => break,
        }
    }
    Err(lost(number, "an equilibrium to which no search from rest leads"))
}

fn lost(number: usize, found: &str) -> Refusal {
    let place = format!("example {number}, rates");
    refusal("D9", place, found, "that from rest, as the case names none")
}

fn free<'a>(ground: &'a Ground<'_>) -> impl Iterator<Item = Neuron> + 'a {
    ground.wiring.is_input.indexed().filter(|(_, clamped)| !**clamped).map(|(neuron, _)| neuron)
}

/// The number of kinks below each net input.
fn exact_pieces(ground: &Ground<'_>, net_input: &PerNeuron<BigRational>) -> Pieces {
    let mut pieces = PerNeuron::filled(ground.wiring.neurons(), 0);
    for post in free(ground) {
        let kinks = ground.wiring.activations[post].kinks();
        pieces[post] = kinks.iter().filter(|at| **at < net_input[post]).count();
    }
    pieces
}

/// A number of the case, rounded once; NaN beyond the floats.
fn float(value: &BigRational) -> f64 {
    let nearest = nearest_f64(value);
    if nearest.is_finite() { nearest } else { f64::NAN }
}

/// The pieces on which damped sweeps from rest come to lie, or lay where they moved least.
///
/// Sums and products of f64 in the order of the case: the same on every machine. Beyond the floats nothing is proposed but the first pieces.
fn proposed(ground: &Ground<'_>, number: usize) -> Pieces {
    let wiring = &ground.wiring;
    let example = &ground.certificate.case.examples[number];
    let weights: Vec<f64> = ground.parameters.weights.iter().map(float).collect();
    let biases = ground.parameters.biases.map(float);
    let functions = wiring.activations.map(InFloats::of);
    let mut rates = PerNeuron::filled(wiring.neurons(), 0.0);
    for (&neuron, input) in wiring.inputs.iter().zip(&example.input) {
        rates[neuron] = float(input);
    }
    let mut calmest = (f64::INFINITY, PerNeuron::filled(wiring.neurons(), 0));
    let mut numbers = weights.iter().chain(biases.iter()).chain(rates.iter());
    if numbers.any(|number| number.is_nan()) || functions.iter().any(InFloats::is_beyond) {
        return calmest.1;
    }
    let from_rest = rates;
    for damping in DAMPINGS {
        let mut rates = from_rest.clone();
        for _ in 0..SWEEPS {
            let net_input = PerNeuron::from_fn(wiring.neurons(), |post| {
                wiring.incoming[post].iter().fold(biases[post], |sum, synapse| {
                    sum + weights[synapse.0] * rates[wiring.synapses[*synapse].pre]
                })
            });
            let mut residual = 0.0_f64;
            for post in free(ground) {
                let step = functions[post].rate(net_input[post]) - rates[post];
                residual = if step.is_nan() { f64::INFINITY } else { residual.max(step.abs()) };
                rates[post] += damping * step;
            }
            if residual.is_infinite() {
                break;
            }
            if residual < calmest.0 {
                let mut pieces = PerNeuron::filled(wiring.neurons(), 0);
                free(ground).for_each(|post| pieces[post] = functions[post].piece(net_input[post]));
                calmest = (residual, pieces);
            }
            if residual <= REST * rates.iter().fold(1.0, |most: f64, rate| most.max(rate.abs())) {
                return calmest.1;
            }
        }
    }
    calmest.1
}

/// An activation that is straight between its kinks, in floats.
struct InFloats {
    kinks: Vec<f64>,
    /// The slope below a kink at 0; none where it is clipped between two kinks, or has none.
    leaky: Option<f64>,
}

impl InFloats {
    fn of(activation: &Activation) -> Self {
        let kinks = activation.kinks().iter().map(float).collect();
        let leaky = match activation.class() {
            Class::Straight(Straight::Relu) => Some(0.0),
            Class::Straight(Straight::LeakyRelu { slope }) => Some(float(slope)),
            Class::Straight(Straight::Identity | Straight::HardTanh { .. })
            | Class::Curved(_)
            | Class::Quotient
            | Class::Transcendental(_) => None,
        };
        Self { kinks, leaky }
    }

    /// Whether one of its numbers is beyond the floats.
    fn is_beyond(&self) -> bool {
        self.kinks.iter().chain(&self.leaky).any(|number| number.is_nan())
    }

    /// The number of kinks below s.
    fn piece(&self, s: f64) -> usize {
        self.kinks.iter().filter(|at| **at < s).count()
    }

    fn rate(&self, s: f64) -> f64 {
        match (self.leaky, self.kinks.as_slice()) {
            (Some(slope), _) if s <= 0.0 => {
                // A silent neuron fires nothing, however far below its net input lies.
                if slope == 0.0 { 0.0 } else { slope * s }
            }
            (None, [min, max]) => {
                if s <= *min {
                    *min
                } else if s > *max {
                    *max
                } else {
                    s
                }
            }
            _ => s,
        }
    }
}

/// The net inputs of the only equilibrium with every neuron on its piece, if there is one: x = a∘(Wx + b) + k, by elimination.
fn solved(ground: &Ground<'_>, number: usize, pieces: &Pieces) -> Option<PerNeuron<BigRational>> {
    let wiring = &ground.wiring;
    let example = &ground.certificate.case.examples[number];
    let unknown: Vec<Neuron> = free(ground).collect();
    let mut rates = PerNeuron::filled(wiring.neurons(), BigRational::zero());
    for (&neuron, input) in wiring.inputs.iter().zip(&example.input) {
        rates[neuron] = input.clone();
    }
    // One row per unknown, the right-hand side last.
    let mut rows: Vec<Vec<BigRational>> = Vec::new();
    for (k, &post) in unknown.iter().enumerate() {
        let (slope, offset) = straight(&wiring.activations[post], pieces[post]);
        let mut row = vec![BigRational::zero(); unknown.len() + 1];
        row[k] = BigRational::one();
        let mut clamped = ground.account.sum();
        clamped.add(&ground.parameters.biases[post]);
        for &synapse in &wiring.incoming[post] {
            let (weight, pre) = (&ground.parameters.weights[synapse], wiring.synapses[synapse].pre);
            match unknown.binary_search(&pre) {
                Ok(column) => row[column] -= ground.account.product(&slope, weight),
                Err(_) => clamped.add_product(weight, &rates[pre]),
            }
        }
        row[unknown.len()] = ground.account.product(&slope, &clamped.total()) + offset;
        rows.push(row);
    }
    for (neuron, rate) in unknown.iter().zip(eliminated(ground, rows)?) {
        rates[*neuron] = rate;
    }
    let net_input = PerNeuron::from_fn(wiring.neurons(), |post| {
        let mut sum = ground.account.sum();
        sum.add(&ground.parameters.biases[post]);
        for &synapse in &wiring.incoming[post] {
            let pre = wiring.synapses[synapse].pre;
            sum.add_product(&ground.parameters.weights[synapse], &rates[pre]);
        }
        sum.total()
    });
    Some(net_input)
}

/// Gauss and Jordan on rows with the right-hand side last; nothing where the matrix is singular.
fn eliminated(ground: &Ground<'_>, mut rows: Vec<Vec<BigRational>>) -> Option<Vec<BigRational>> {
    for column in 0..rows.len() {
        let pivot = (column..rows.len()).find(|row| !rows[*row][column].is_zero())?;
        rows.swap(column, pivot);
        let scale = rows[column][column].recip();
        let top: Vec<_> =
            rows[column].iter().map(|entry| ground.account.product(entry, &scale)).collect();
        for (k, row) in rows.iter_mut().enumerate() {
            let factor = row[column].clone();
            if k == column || factor.is_zero() {
                continue;
            }
            for (entry, above) in row.iter_mut().zip(&top).skip(column) {
                let removed = ground.account.product(&factor, above);
                *entry = ground.account.difference(entry, &removed);
            }
        }
        rows[column] = top;
    }
    rows.into_iter().map(|mut row| row.pop()).collect()
}

/// a and k of σ(s) = a s + k on a piece.
fn straight(activation: &Activation, piece: usize) -> (BigRational, BigRational) {
    let (zero, one) = (BigRational::zero, BigRational::one);
    match activation.class() {
        Class::Straight(Straight::Relu) if piece == 0 => (zero(), zero()),
        Class::Straight(Straight::LeakyRelu { slope }) if piece == 0 => (slope.clone(), zero()),
        Class::Straight(Straight::HardTanh { min, .. }) if piece == 0 => (zero(), min.clone()),
        Class::Straight(Straight::HardTanh { max, .. }) if piece == 2 => (zero(), max.clone()),
        Class::Straight(
            Straight::Identity
            | Straight::Relu
            | Straight::LeakyRelu { .. }
            | Straight::HardTanh { .. },
        ) => (one(), zero()),
        // `admit` has refused them in a network with a cycle.
        Class::Curved(_) | Class::Quotient | Class::Transcendental(_) => (one(), zero()),
    }
}
