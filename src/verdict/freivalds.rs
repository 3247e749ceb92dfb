//! Freivalds' check: each float product times a random vector, in a fraction of the product's work.
//!
//! If C should be A·B, then C r should be A (B r). The residual is computed exactly, in rationals, from the floats that the
//! engine reports, and must lie within the rounding bound of the one product; nothing that happened before enters it.
//! So it is far sharper than the bound of a whole pass: an error is seen even where
//! earlier layers have made that bound wide.
//!
//! Soundness: r has independent entries, uniform among 2·2²⁰ integers. An entry of C wrong by d changes its
//! residual by d·r_k, which stays within a bound T for at most a share T/(|d|·2²⁰) + 2⁻²¹ of the draws.

mod side;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, Zero};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::bounded::up::{Arithmetic, Up};
use super::{Compared, Mismatch, Verdict};
use crate::number::{self, canonical, exact_f64, nearest_f64};
use crate::spec::outcome::{BackpropOutcome, CreditOutcome};
use crate::spec::{Case, Dtype, Neuron, Parameters, PerNeuron, PerSynapse, Wiring};
use side::{Example, Side};

/// Checks the products of D1 (Wx), D3 (Wᵀ(β∘c)) and D4 (⟨β c x⟩, ⟨β c⟩) of a float credit outcome.
///
/// Shapes: layered networks and feed-forward graphs alike. Exactness: the residuals are exact; each is compared with a
/// computed rounding bound. Source: Freivalds 1977.
#[must_use]
pub fn products<F: Copy + Into<f64>>(
    case: &Case,
    outcome: &CreditOutcome<F>,
    format: Dtype,
    seed: u64,
) -> Verdict {
    let wiring = Wiring::of(case);
    let rate = nearest(&case.learning_rate, format);
    let side = rate.and_then(|rate| Side::of_credit(&wiring, outcome, rate));
    run(case, wiring, side, format, seed)
}

/// Checks the products of D5 (Wx), D6 (δ = σ'∘x̄, Wᵀδ) and D7 (⟨δ x⟩, ⟨δ⟩) of a float backpropagation outcome.
///
/// Shapes: layered networks, whatever their balance functions. Exactness and source as of [`products`].
#[must_use]
pub fn products_backprop<F: Copy + Into<f64>>(
    case: &Case,
    outcome: &BackpropOutcome<F>,
    format: Dtype,
    seed: u64,
) -> Verdict {
    let wiring = Wiring::of(case);
    let side = Side::of_backprop(&wiring, outcome);
    run(case, wiring, side, format, seed)
}

fn run(case: &Case, wiring: Wiring, side: Option<Side>, format: Dtype, seed: u64) -> Verdict {
    let side = side.filter(|side| side.examples.len() == case.examples.len());
    match side.and_then(|side| Check::of(case, wiring, side, format, seed)) {
        Some(mut check) => check.run(),
        None => Verdict::Disagree(Mismatch {
            place: "the outcome as a whole".to_owned(),
            found: "a value that is not finite, or another shape".to_owned(),
            expected: "one finite value per neuron, synapse and example".to_owned(),
            differing: 1,
        }),
    }
}

/// A number of the case as the engines have it; `None` beyond the largest float.
fn nearest(value: &BigRational, format: Dtype) -> Option<BigRational> {
    exact_f64(number::nearest(value.numer(), value.denom(), format))
}

struct Check {
    wiring: Wiring,
    arithmetic: Arithmetic,
    weights: PerSynapse<BigRational>,
    biases: PerNeuron<BigRational>,
    side: Side,
    draw: ChaCha8Rng,
    compared: Compared,
    first: Option<Mismatch>,
    differing: usize,
}

impl Check {
    fn of(case: &Case, wiring: Wiring, side: Side, format: Dtype, seed: u64) -> Option<Self> {
        let parameters = Parameters::of(case);
        let all = |values: &[BigRational]| -> Option<Vec<_>> {
            values.iter().map(|value| nearest(value, format)).collect()
        };
        Some(Self {
            arithmetic: Arithmetic::of(format),
            weights: PerSynapse::new(all(parameters.weights.as_slice())?),
            biases: PerNeuron::new(all(parameters.biases.as_slice())?),
            side,
            draw: ChaCha8Rng::seed_from_u64(seed),
            compared: Compared::default(),
            first: None,
            differing: 0,
            wiring,
        })
    }

    fn run(&mut self) -> Verdict {
        self.net_inputs();
        self.deltas();
        self.credits();
        self.updates();
        match self.first.take() {
            Some(first) => Verdict::Disagree(Mismatch { differing: self.differing, ..first }),
            None if self.compared.nonzero == 0 => {
                Verdict::Unchecked("every product is zero".to_owned())
            }
            None => Verdict::Agree(self.compared),
        }
    }

    /// r: one nonzero integer of magnitude at most 2²⁰ per place.
    fn vector(&mut self, len: usize) -> Vec<BigRational> {
        let mut entry = || {
            let bits = self.draw.next_u32();
            let magnitude = BigInt::from((bits >> 1) % (1 << 20) + 1);
            BigRational::from_integer(if bits & 1 == 0 { magnitude } else { -magnitude })
        };
        (0..len).map(|_| entry()).collect()
    }

    /// Σ_b r_b v_b and Σ_b |r_b v_b| of one quantity, for each neuron.
    fn mixed(
        &self,
        r: &[BigRational],
        pick: impl Fn(&Example) -> &PerNeuron<BigRational>,
    ) -> (PerNeuron<BigRational>, PerNeuron<Up>) {
        let neurons = self.wiring.neurons();
        let mut sums = PerNeuron::filled(neurons, BigRational::zero());
        let mut sizes = PerNeuron::filled(neurons, Up::ZERO);
        for (r, example) in r.iter().zip(&self.side.examples) {
            for (neuron, value) in pick(example).indexed().filter(|(_, value)| !value.is_zero()) {
                let term = r * value;
                sizes[neuron] = sizes[neuron] + above(&term);
                sums[neuron] += term;
            }
        }
        (sums, sizes)
    }

    /// D1: Σ_b r_b s_ib against b_i Σ_b r_b + Σ_j W_ij (Σ_b r_b x_jb).
    fn net_inputs(&mut self) {
        let r = self.vector(self.side.examples.len());
        let total: BigRational = r.iter().sum();
        let size = r.iter().map(above).fold(Up::ZERO, |a, b| a + b);
        let (found, _) = self.mixed(&r, |example| &example.net_input);
        let (rates, rate_sizes) = self.mixed(&r, |example| &example.firing_rate);
        for post in (0..self.wiring.neurons()).map(Neuron) {
            if self.wiring.is_input[post] {
                continue;
            }
            let incoming = &self.wiring.incoming[post];
            let mut expected = &self.biases[post] * &total;
            let mut terms = above(&self.biases[post]) * size;
            for &synapse in incoming {
                let pre = self.wiring.synapses[synapse].pre;
                expected += &self.weights[synapse] * &rates[pre];
                terms = terms + above(&self.weights[synapse]) * rate_sizes[pre];
            }
            let underflow = Up::count(incoming.len() + 1) * self.arithmetic.tiny * size;
            let bound = self.arithmetic.gamma(incoming.len() + 2) * terms + underflow;
            self.compare("net input", post, &found[post], &expected, bound);
        }
    }

    /// D6, where it is reported: Σ_b r_b δ_ib against Σ_b r_b σ'_ib x̄_ib.
    fn deltas(&mut self) {
        if self.side.examples.iter().any(|example| example.unrounded.is_none()) {
            return;
        }
        let r = self.vector(self.side.examples.len());
        let size = r.iter().map(above).fold(Up::ZERO, |a, b| a + b);
        let (found, _) = self.mixed(&r, |example| &example.balanced);
        let (expected, terms) =
            self.mixed(&r, |example| example.unrounded.as_ref().unwrap_or(&example.balanced));
        let fired = found.indexed().filter(|(post, _)| !self.wiring.is_input[*post]);
        for (post, found) in fired.collect::<Vec<_>>() {
            let bound = self.arithmetic.gamma(1) * terms[post] + self.arithmetic.tiny * size;
            self.compare("delta", post, found, &expected[post], bound);
        }
    }

    /// D3: Σ_b r_b (c_jb − e_jb) against Σ_i W_ij (Σ_b r_b β_ib c_ib).
    fn credits(&mut self) {
        let r = self.vector(self.side.examples.len());
        let size = r.iter().map(above).fold(Up::ZERO, |a, b| a + b);
        let (found, _) = self.mixed(&r, |example| &example.credit);
        let (external, external_sizes) = self.mixed(&r, |example| &example.external_credit);
        let (balanced, balanced_sizes) = self.mixed(&r, |example| &example.balanced);
        for pre in (0..self.wiring.neurons()).map(Neuron) {
            let returning = &self.wiring.returning[pre];
            let mut expected = external[pre].clone();
            let mut terms = external_sizes[pre];
            let mut strength = Up::ONE;
            for &synapse in returning {
                let post = self.wiring.synapses[synapse].post;
                expected += &self.weights[synapse] * &balanced[post];
                terms = terms + above(&self.weights[synapse]) * balanced_sizes[post];
                strength = strength + above(&self.weights[synapse]) + Up::ONE;
            }
            let underflow = strength * self.arithmetic.tiny * size;
            let bound = self.arithmetic.gamma(returning.len() + 3) * terms + underflow;
            self.compare(self.side.names.credit, pre, &found[pre], &expected, bound);
        }
    }

    /// D4: Σ_j ΔW_ij r_j + Δb_i r against (η/B) Σ_b β_ib c_ib (Σ_j x_jb r_j + r), row by row.
    fn updates(&mut self) {
        let r = PerNeuron::new(self.vector(self.wiring.neurons()));
        // The bias is a synapse from a neuron that always fires at 1.
        let constants = self.vector(self.wiring.neurons());
        let batch = self.side.examples.len();
        let scale = &self.side.factor / BigRational::from_integer(BigInt::from(batch));
        let mut pres: Vec<Neuron> = Vec::new();
        // Σ_j x_jb r_j and its size for the presynaptic neurons of the row before: a whole layer shares them.
        let mut mixed = vec![(BigRational::zero(), Up::ZERO); batch];
        for post in (0..self.wiring.neurons()).map(Neuron) {
            let incoming = &self.wiring.incoming[post];
            let nothing = BigRational::zero();
            let constant = if self.wiring.has_bias[post] { &constants[post.0] } else { &nothing };
            if incoming.is_empty() && constant.is_zero() {
                continue;
            }
            let own = incoming.iter().map(|&synapse| self.wiring.synapses[synapse].pre);
            if !own.clone().eq(pres.iter().copied()) {
                pres = own.collect();
                mixed = self.side.examples.iter().map(|example| mix(&pres, &r, example)).collect();
            }
            let mut found = &self.side.biases[post] * constant;
            for (&synapse, &pre) in incoming.iter().zip(&pres) {
                found += &self.side.weights[synapse] * &r[pre];
            }
            let (mut expected, mut terms, mut spread) = (BigRational::zero(), Up::ZERO, Up::ZERO);
            for (example, (sum, size)) in self.side.examples.iter().zip(&mixed) {
                let balanced = &example.balanced[post];
                let size = *size + above(constant);
                expected += balanced * (sum + constant);
                terms = terms + above(balanced) * size;
                let credit = Up::ONE + above(&example.credit[post]);
                spread = spread + credit * (Up::ONE + above(balanced)) * (Up::ONE + size);
            }
            let sizes = pres.iter().map(|&pre| above(&r[pre])).fold(above(constant), |a, b| a + b);
            let factor = Up::ONE + above(&self.side.factor);
            let tiny = Up::count(16) * self.arithmetic.tiny;
            let underflow = tiny * spread * (Up::ONE + sizes) * factor;
            let bound = self.arithmetic.gamma(batch + 8) * terms * above(&scale) + underflow;
            let expected = expected * &scale;
            self.compare(self.side.names.update, post, &found, &expected, bound);
        }
    }

    fn compare(
        &mut self,
        quantity: &'static str,
        neuron: Neuron,
        found: &BigRational,
        expected: &BigRational,
        bound: Up,
    ) {
        self.compared.entries += 1;
        self.compared.nonzero += usize::from(!expected.is_zero());
        // A bound that is not finite has no exact value and admits nothing.
        let inside = exact_f64(bound.value()).is_some_and(|b| (found - expected).abs() <= b);
        if !inside {
            self.differing += 1;
            self.first.get_or_insert_with(|| Mismatch {
                place: format!("the product for the {quantity} of neuron {}", neuron.0),
                found: canonical(found),
                expected: format!("{} ± {:e}", canonical(expected), bound.value()),
                differing: 0,
            });
        }
    }
}

/// Σ_j x_jb r_j and Σ_j |x_jb r_j| over these neurons.
fn mix(pres: &[Neuron], r: &PerNeuron<BigRational>, example: &Example) -> (BigRational, Up) {
    let (mut sum, mut size) = (BigRational::zero(), Up::ZERO);
    for &pre in pres {
        let term = &r[pre] * &example.firing_rate[pre];
        size = size + above(&term);
        sum += term;
    }
    (sum, size)
}

/// At least |value|.
fn above(value: &BigRational) -> Up {
    if value.is_zero() { Up::ZERO } else { Up::of(nearest_f64(value).abs().next_up()) }
}
