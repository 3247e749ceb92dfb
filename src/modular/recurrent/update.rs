//! ΔW and Δb as products that are not multiplied out, and in lowest terms.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::Zero;

use super::Progress;
use super::terms::{Denominator, lowest, residue};
use crate::error::Error;
use crate::spec::outcome::Update;
use crate::spec::{Limits, Neuron, PerNeuron, PerSynapse, Synapse, Wiring};

/// The update of a batch as its factors: n numbers per example in place of n² (D4).
///
/// ```text
/// ΔW_ij = (η/B) Σ_b (β_i c_i)_b (x_j)_b           Δb_i = (η/B) Σ_b (β_i c_i)_b
/// ```
///
/// Exactness: exact. Multiplied out, the entries of a network of a thousand neurons take gigabytes; this takes megabytes.
#[derive(Clone, Debug)]
pub struct FactoredUpdate {
    wiring: Wiring,
    examples: Vec<Factors>,
    /// η/B
    share: BigRational,
    /// Of every ΔW_ij, η/B included.
    of_weights: Denominator,
    /// Of every Δb_i, η/B included.
    of_biases: Denominator,
}

/// The factors of one example.
#[derive(Clone, Debug)]
struct Factors {
    /// β c
    balanced_credit: Vector,
    /// x
    firing_rate: Vector,
    /// The denominator of the weights of the batch over that of this example.
    of_weights: BigInt,
    /// That of the biases.
    of_biases: BigInt,
}

/// One integer per neuron, over one denominator.
#[derive(Clone, Debug)]
pub(super) struct Vector {
    pub(super) numerators: Vec<BigInt>,
    pub(super) denominator: Denominator,
}

impl FactoredUpdate {
    /// From β c and x of every example, and η.
    pub(super) fn new(
        wiring: &Wiring,
        examples: Vec<(Vector, Vector)>,
        learning_rate: &BigRational,
    ) -> Self {
        let share = learning_rate / BigInt::from(examples.len().max(1));
        let weights = |(credit, rates): &(Vector, Vector)| {
            Denominator::product([&credit.denominator, &rates.denominator])
        };
        let weights: Vec<_> = examples.iter().map(weights).collect();
        let biases = examples.iter().map(|(credit, _)| &credit.denominator);
        let of_weights = Denominator::common(weights.iter());
        let of_biases = Denominator::common(biases);
        let factors = |((credit, rates), weights): ((Vector, Vector), &Denominator)| Factors {
            of_weights: &of_weights.value / &weights.value,
            of_biases: &of_biases.value / &credit.denominator.value,
            balanced_credit: credit,
            firing_rate: rates,
        };
        let examples = examples.into_iter().zip(&weights).map(factors).collect();
        let shared = Denominator::of(share.denom().clone());
        Self {
            wiring: wiring.clone(),
            examples,
            share,
            of_weights: Denominator::product([&of_weights, &shared]),
            of_biases: Denominator::product([&of_biases, &shared]),
        }
    }

    /// ΔW_ij of one synapse, in lowest terms.
    #[must_use]
    pub fn weight(&self, synapse: Synapse) -> BigRational {
        let ends = self.wiring.synapses[synapse];
        let sum = self.sum(&self.row(ends.post), ends.pre);
        BigRational::new(sum, self.of_weights.value.clone())
    }

    /// Δb_i of one neuron, in lowest terms; 0 where it has no bias.
    #[must_use]
    pub fn bias(&self, post: Neuron) -> BigRational {
        BigRational::new(self.bias_sum(post), self.of_biases.value.clone())
    }

    /// Every ΔW_ij and Δb_i in lowest terms.
    ///
    /// # Errors
    /// [`Error::Limit`] where an entry has more than `limits.bits`, or all of them more than `limits.tensor_bytes` bytes;
    /// whatever `progress` returns.
    pub fn lowest(
        &self,
        limits: &Limits,
        progress: &mut Progress<'_>,
    ) -> Result<Update<BigRational>, Error> {
        self.expect_room(limits)?;
        let neurons = self.wiring.neurons();
        let mut weights = PerSynapse::filled(self.wiring.synapses.len(), BigRational::zero());
        // With one example the second factors of all rows are the same, and so is what they share with the denominator.
        let carrier = &self.of_weights.carrier;
        let rates = match self.examples.as_slice() {
            [one] => Some(residue(one.firing_rate.numerators.iter(), carrier)),
            _ => None,
        };
        for post in (0..neurons).map(Neuron) {
            if post.0.is_multiple_of(16) {
                progress(&format!("weight updates of neuron {} of {neurons}", post.0))?;
            }
            let row = self.row(post);
            let incoming = &self.wiring.incoming[post];
            let sums = incoming.iter().map(|s| self.sum(&row, self.wiring.synapses[*s].pre));
            let sums: Vec<BigInt> = sums.collect();
            let product = rates.as_ref().map(|rates| rates * &row[0] % carrier);
            let terms = lowest(&sums, &self.of_weights, product);
            for (synapse, value) in incoming.iter().zip(terms) {
                weights[*synapse] = within(value, limits, post)?;
            }
        }
        let sums: Vec<_> = (0..neurons).map(|post| self.bias_sum(Neuron(post))).collect();
        let biases = lowest(&sums, &self.of_biases, None).into_iter().enumerate();
        let biases = biases.map(|(post, value)| within(value, limits, Neuron(post)));
        Ok(Update { weights, biases: PerNeuron::new(biases.collect::<Result<_, _>>()?) })
    }

    /// β_i c_i of every example, over the common denominator and with η.
    fn row(&self, post: Neuron) -> Vec<BigInt> {
        let of_example = |example: &Factors| {
            &example.balanced_credit.numerators[post.0] * &example.of_weights * self.share.numer()
        };
        self.examples.iter().map(of_example).collect()
    }

    fn sum(&self, row: &[BigInt], pre: Neuron) -> BigInt {
        let examples = row.iter().zip(&self.examples);
        examples.map(|(credit, example)| credit * &example.firing_rate.numerators[pre.0]).sum()
    }

    fn bias_sum(&self, post: Neuron) -> BigInt {
        if !self.wiring.has_bias[post] {
            return BigInt::zero();
        }
        let of_example = |example: &Factors| {
            &example.balanced_credit.numerators[post.0] * &example.of_biases * self.share.numer()
        };
        self.examples.iter().map(of_example).sum()
    }

    /// Refuses an update that would not fit into memory, before it is taken.
    fn expect_room(&self, limits: &Limits) -> Result<(), Error> {
        let longest = |numbers: &[BigInt]| numbers.iter().map(BigInt::bits).max().unwrap_or(0);
        let of_example = |example: &Factors| {
            let credit = longest(&example.balanced_credit.numerators) + example.of_weights.bits();
            credit + longest(&example.firing_rate.numerators)
        };
        let numerator = self.examples.iter().map(of_example).max().unwrap_or(0);
        let bits = numerator + self.of_weights.value.bits();
        let given = (bits / 8).saturating_mul(self.wiring.synapses.len() as u64);
        if given > limits.tensor_bytes {
            let what = "bytes of all weight updates in lowest terms".into();
            return Err(Error::Limit { what, given, limit: limits.tensor_bytes });
        }
        Ok(())
    }
}

fn within(value: BigRational, limits: &Limits, post: Neuron) -> Result<BigRational, Error> {
    let given = value.numer().bits() + value.denom().bits();
    if given > limits.bits {
        let what = format!("bits of an update of neuron {}", post.0);
        return Err(Error::Limit { what, given, limit: limits.bits });
    }
    Ok(value)
}
