//! SHA-256, and everything random that follows from it.
//!
//! Points and directions come from the digest of the case, so that nobody can choose them to suit a
//! wrong answer, and from the seed, so that a doubter can ask for others. They are not stored: the verifier draws them again.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Zero};
use sha2::{Digest, Sha256};

use super::{DRAWN_DIRECTIONS, MOST_UNIT_DIRECTIONS, PerParameter};
use crate::spec::{PerNeuron, PerSynapse, Wiring};

/// p = 2⁶¹ − 1, the field of tier P.
pub const PRIME: u64 = (1 << 61) - 1;

/// How many examples each draw of tier P has: more than one, so that a sum in place of the mean shows.
pub const DRAW_EXAMPLES: usize = 2;

/// SHA-256 as `sha256:` and 64 hex digits.
///
/// ```
/// let empty = creditcheck::certificate::digest::sha256(b"");
/// assert!(empty.starts_with("sha256:e3b0c442"));
/// ```
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// Uniform 64-bit words: word k is the k-th group of eight bytes, big-endian, of
/// SHA-256(digest ‖ "/" ‖ seed ‖ "/" ‖ label ‖ "/" ‖ counter) for counter = 0, 1, …, all in decimal ASCII.
#[derive(Debug)]
pub struct Stream {
    prefix: String,
    counter: u64,
    block: Vec<u8>,
    used: usize,
}

impl Stream {
    /// The stream of one purpose.
    #[must_use]
    pub fn new(case_digest: &str, seed: u64, label: &str) -> Self {
        let prefix = format!("{case_digest}/{seed}/{label}/");
        Self { prefix, counter: 0, block: Vec::new(), used: 0 }
    }

    /// The next word.
    pub fn word(&mut self) -> u64 {
        if self.used + 8 > self.block.len() {
            self.block = Sha256::digest(format!("{}{}", self.prefix, self.counter)).to_vec();
            self.counter += 1;
            self.used = 0;
        }
        let bytes = &self.block[self.used..self.used + 8];
        self.used += 8;
        bytes.iter().fold(0, |word, &byte| word << 8 | u64::from(byte))
    }

    /// Uniform in `0..p`: the top 61 bits of a word, the one value p rejected.
    pub fn residue(&mut self) -> u64 {
        loop {
            let residue = self.word() >> 3;
            if residue != PRIME {
                return residue;
            }
        }
    }

    /// Uniform in 0..2²⁰: the top 20 bits of a word.
    pub fn small(&mut self) -> u64 {
        self.word() >> 44
    }
}

/// One point of 𝔽_p: the free variables of the identity of tier P.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// W.
    pub weights: PerSynapse<u64>,
    /// η.
    pub learning_rate: u64,
    /// One entry per example.
    pub examples: Vec<PointExample>,
}

/// The free variables that belong to one example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointExample {
    /// x.
    pub firing_rate: PerNeuron<u64>,
    /// β; 0 on input neurons, where it is no variable.
    pub balance_factor: PerNeuron<u64>,
    /// e; 0 on neurons that are not outputs.
    pub external_credit: PerNeuron<u64>,
}

/// The point of a draw: residues in the order W, η, then per example x, β, e, from the stream `point/<draw>`.
#[must_use]
pub fn point(case_digest: &str, seed: u64, draw: usize, wiring: &Wiring) -> Point {
    let mut stream = Stream::new(case_digest, seed, &format!("point/{draw}"));
    let neurons = wiring.neurons();
    let weights = PerSynapse::from_fn(wiring.synapses.len(), |_| stream.residue());
    let learning_rate = stream.residue();
    let examples = (0..DRAW_EXAMPLES)
        .map(|_| {
            let firing_rate = PerNeuron::from_fn(neurons, |_| stream.residue());
            let balance_factor = PerNeuron::from_fn(neurons, |post| {
                if wiring.is_input[post] { 0 } else { stream.residue() }
            });
            let mut external_credit = PerNeuron::filled(neurons, 0);
            for &output in &wiring.outputs {
                external_credit[output] = stream.residue();
            }
            PointExample { firing_rate, balance_factor, external_credit }
        })
        .collect();
    Point { weights, learning_rate, examples }
}

/// The directions H of claim C3, in the space of the parameters.
///
/// Up to 200 parameters every unit direction, synapses in the order of the case and then biases by neuron;
/// above, 5 directions with entries uniform in 0..2²⁰ from the streams `direction/<k>`, in the same order.
#[must_use]
pub fn directions(case_digest: &str, seed: u64, wiring: &Wiring) -> Vec<PerParameter<BigRational>> {
    let zero = PerParameter {
        weights: PerSynapse::filled(wiring.synapses.len(), BigRational::zero()),
        biases: PerNeuron::filled(wiring.neurons(), BigRational::zero()),
    };
    if wiring.parameters() <= MOST_UNIT_DIRECTIONS {
        let along_weights = wiring.synapses.indexed().map(|(synapse, _)| {
            let mut direction = zero.clone();
            direction.weights[synapse] = BigRational::one();
            direction
        });
        let along_biases = wiring.has_bias.indexed().filter(|(_, has)| **has).map(|(post, _)| {
            let mut direction = zero.clone();
            direction.biases[post] = BigRational::one();
            direction
        });
        return along_weights.chain(along_biases).collect();
    }
    (0..DRAWN_DIRECTIONS)
        .map(|k| {
            let mut stream = Stream::new(case_digest, seed, &format!("direction/{k}"));
            let mut direction = zero.clone();
            for (synapse, _) in wiring.synapses.indexed() {
                direction.weights[synapse] = integer(stream.small());
            }
            for (post, _) in wiring.has_bias.indexed().filter(|(_, has)| **has) {
                direction.biases[post] = integer(stream.small());
            }
            direction
        })
        .collect()
}

/// The credits from which claim C5 starts: integers uniform in 0..2²⁰ from the stream `start`.
#[must_use]
pub fn start(case_digest: &str, seed: u64, wiring: &Wiring) -> PerNeuron<BigRational> {
    let mut stream = Stream::new(case_digest, seed, "start");
    PerNeuron::from_fn(wiring.neurons(), |_| integer(stream.small()))
}

fn integer(value: u64) -> BigRational {
    BigRational::from_integer(BigInt::from(value))
}

/// The total degree of the identities of tier P in W, x, β, e and η.
///
/// A credit at the start of a path of `depth` edges has degree 2·depth + 1, and an update β·c·x·η with
/// c one edge further degree (2(depth − 1) + 1) + 3.
#[must_use]
pub fn degree(depth: usize) -> u64 {
    2 * depth as u64 + 2
}

/// The smallest number of draws for which (degree/p)^draws ≤ 2⁻¹⁰⁰, with ⌈log₂⌉ of that bound.
///
/// ```
/// assert_eq!(creditcheck::certificate::digest::draws(6), (2, -116));
/// ```
#[must_use]
pub fn draws(degree: u64) -> (usize, i64) {
    let (mut failing, mut all) = (BigInt::one(), BigInt::one());
    for draws in 1.. {
        failing *= degree;
        all *= PRIME;
        // 2^m · failing ≤ all for m = the bits they differ by, less one where that overshoots.
        let bits = |n: &BigInt| i64::try_from(n.bits()).unwrap_or(i64::MAX);
        let mut m = bits(&all) - bits(&failing);
        if m < 0 {
            break;
        }
        if &failing << m > all {
            m -= 1;
        }
        if m >= 100 {
            return (draws, -m);
        }
    }
    // A degree of p or more: no network that fits into a file has one.
    (0, 0)
}
