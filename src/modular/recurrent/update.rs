//! ΔW and Δb as products that are not multiplied out, and in lowest terms.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::Zero;

use super::Progress;
use super::terms::{Denominator, lcm, lowest, residue};
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
}

/// β c and x of one example.
#[derive(Clone, Debug)]
struct Factors {
    balanced_credit: Sorted,
    firing_rate: Sorted,
}

/// One integer per neuron, over one denominator.
#[derive(Clone, Debug)]
pub(super) struct Vector {
    pub(super) numerators: Vec<BigInt>,
    pub(super) denominator: Denominator,
}

/// A vector whose short fractions, inputs and saturated rates for instance, have a denominator of their own.
///
/// Over the long one their numerators would hold all of its primes, and every search for what cancels would find them.
#[derive(Clone, Debug)]
struct Sorted {
    numerators: Vec<BigInt>,
    kinds: Vec<Kind>,
    short: Denominator,
    long: Denominator,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Zero,
    Short,
    Long,
    /// The 1 that stands for the rate where a bias changes.
    One,
}

impl Sorted {
    fn of(vector: Vector, terms: &[BigRational]) -> Self {
        let Vector { numerators, denominator: long } = vector;
        let kind = |value: &BigRational| match value.denom().bits() {
            _ if value.is_zero() => Kind::Zero,
            bits if bits * 2 < long.value.bits() => Kind::Short,
            _ => Kind::Long,
        };
        let kinds: Vec<_> = terms.iter().map(kind).collect();
        let is_short = |(value, kind): (&'_ BigRational, &Kind)| {
            (*kind == Kind::Short).then(|| value.denom().clone())
        };
        let denominators: Vec<_> = terms.iter().zip(&kinds).filter_map(is_short).collect();
        let short = Denominator::of(lcm(denominators.iter()));
        let all = numerators.into_iter().zip(terms).zip(&kinds);
        let numerators = all.map(|((numerator, value), kind)| match kind {
            Kind::Short => value.numer() * (&short.value / value.denom()),
            _ => numerator,
        });
        Self { numerators: numerators.collect(), kinds, short, long }
    }

    fn denominator(&self, kind: Kind) -> Denominator {
        match kind {
            Kind::One | Kind::Zero => Denominator::of(1.into()),
            Kind::Short => self.short.clone(),
            Kind::Long => self.long.clone(),
        }
    }

    /// The longest numerator in bits.
    fn bits(&self) -> u64 {
        self.numerators.iter().map(BigInt::bits).max().unwrap_or(0)
    }
}

/// In which examples a synapse has both factors, and of what kinds.
type Key = Vec<Option<(Kind, Kind)>>;

/// What all synapses with one key share.
struct Class {
    denominator: Denominator,
    /// The denominator over that of each example, times η; 0 where a factor is 0.
    times: Vec<BigInt>,
    /// Of a single example: the product of its rates of this kind, modulo the carrier.
    rates: Option<BigInt>,
}

impl FactoredUpdate {
    /// From β c and x of every example, each with its entries in lowest terms, and η.
    pub(super) fn new(
        wiring: &Wiring,
        examples: Vec<[(Vector, Vec<BigRational>); 2]>,
        learning_rate: &BigRational,
    ) -> Self {
        let share = learning_rate / BigInt::from(examples.len().max(1));
        let factors =
            |[(credit, credits), (rate, rates)]: [(Vector, Vec<BigRational>); 2]| Factors {
                balanced_credit: Sorted::of(credit, &credits),
                firing_rate: Sorted::of(rate, &rates),
            };
        let examples = examples.into_iter().map(factors).collect();
        Self { wiring: wiring.clone(), examples, share }
    }

    /// ΔW_ij of one synapse, in lowest terms.
    #[must_use]
    pub fn weight(&self, synapse: Synapse) -> BigRational {
        let ends = self.wiring.synapses[synapse];
        let class = self.class(&self.key(ends.post, ends.pre));
        let sum = self.sum(&self.row(ends.post, &class), ends.pre);
        BigRational::new(sum, class.denominator.value)
    }

    /// Δb_i of one neuron, in lowest terms; 0 where it has no bias.
    #[must_use]
    pub fn bias(&self, post: Neuron) -> BigRational {
        if !self.wiring.has_bias[post] {
            return BigRational::zero();
        }
        let class = self.class(&self.bias_key(post));
        BigRational::new(self.row(post, &class).iter().sum(), class.denominator.value)
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
        let mut biases = PerNeuron::filled(neurons, BigRational::zero());
        let mut classes: BTreeMap<Key, Class> = BTreeMap::new();
        for post in (0..neurons).map(Neuron) {
            if post.0.is_multiple_of(16) {
                progress(&format!("weight updates of neuron {} of {neurons}", post.0))?;
            }
            let mut keys: BTreeMap<Key, Vec<Synapse>> = BTreeMap::new();
            for synapse in &self.wiring.incoming[post] {
                let key = self.key(post, self.wiring.synapses[*synapse].pre);
                keys.entry(key).or_default().push(*synapse);
            }
            for (key, synapses) in keys {
                let class = classes.entry(key.clone()).or_insert_with(|| self.class(&key));
                let row = self.row(post, class);
                let sums = synapses.iter().map(|s| self.sum(&row, self.wiring.synapses[*s].pre));
                let sums: Vec<BigInt> = sums.collect();
                let carrier = &class.denominator.carrier;
                let product = class.rates.as_ref().map(|rates| rates * &row[0] % carrier);
                let terms = lowest(&sums, &class.denominator, product);
                for (synapse, value) in synapses.into_iter().zip(terms) {
                    weights[synapse] = within(value, limits, post)?;
                }
            }
        }
        progress("bias updates")?;
        let mut keys: BTreeMap<Key, Vec<Neuron>> = BTreeMap::new();
        for (post, _) in self.wiring.has_bias.indexed().filter(|(_, has)| **has) {
            keys.entry(self.bias_key(post)).or_default().push(post);
        }
        for (key, posts) in keys {
            let class = self.class(&key);
            let sums: Vec<_> =
                posts.iter().map(|post| self.row(*post, &class).iter().sum()).collect();
            for (post, value) in posts.into_iter().zip(lowest(&sums, &class.denominator, None)) {
                biases[post] = within(value, limits, post)?;
            }
        }
        Ok(Update { weights, biases })
    }

    fn bias_key(&self, post: Neuron) -> Key {
        let kinds = self.examples.iter().map(|example| example.balanced_credit.kinds[post.0]);
        kinds.map(|credit| (credit != Kind::Zero).then_some((credit, Kind::One))).collect()
    }

    fn key(&self, post: Neuron, pre: Neuron) -> Key {
        let of_example = |example: &Factors| {
            let credit = example.balanced_credit.kinds[post.0];
            let rate = example.firing_rate.kinds[pre.0];
            (credit.min(rate) != Kind::Zero).then_some((credit, rate))
        };
        self.examples.iter().map(of_example).collect()
    }

    fn class(&self, key: &Key) -> Class {
        let pairs = || key.iter().zip(&self.examples);
        let of_example = |(kinds, example): (&Option<(Kind, Kind)>, &Factors)| {
            let (credit, rate) = (*kinds)?;
            let Factors { balanced_credit, firing_rate } = example;
            let both = [balanced_credit.denominator(credit), firing_rate.denominator(rate)];
            Some(Denominator::product([&both[0], &both[1]]))
        };
        let each: Vec<_> = pairs().map(of_example).collect();
        let common = Denominator::common(each.iter().flatten());
        let times = each.iter().map(|own| match own {
            Some(own) => &common.value / &own.value * self.share.numer(),
            None => BigInt::zero(),
        });
        let times = times.collect();
        let share = Denominator::of(self.share.denom().clone());
        let denominator = Denominator::product([&common, &share]);
        let rates = match (self.examples.as_slice(), key.as_slice()) {
            ([one], [Some((_, kind))]) if *kind != Kind::One => {
                let Sorted { numerators, kinds, .. } = &one.firing_rate;
                let rates = numerators.iter().zip(kinds).filter(|(_, of)| *of == kind);
                Some(residue(rates.map(|(rate, _)| rate), &denominator.carrier))
            }
            _ => None,
        };
        Class { denominator, times, rates }
    }

    /// η β_i c_i of every example, over the denominator of the class.
    fn row(&self, post: Neuron, class: &Class) -> Vec<BigInt> {
        let factors = self.examples.iter().zip(&class.times);
        factors
            .map(|(example, times)| &example.balanced_credit.numerators[post.0] * times)
            .collect()
    }

    fn sum(&self, row: &[BigInt], pre: Neuron) -> BigInt {
        let examples = row.iter().zip(&self.examples);
        examples.map(|(credit, example)| credit * &example.firing_rate.numerators[pre.0]).sum()
    }

    /// Refuses an update that would not fit into memory, before it is taken.
    fn expect_room(&self, limits: &Limits) -> Result<(), Error> {
        let of_example = |example: &Factors| {
            let Factors { balanced_credit: credit, firing_rate: rate } = example;
            let below = credit.long.value.bits() + rate.long.value.bits();
            (credit.bits() + rate.bits()).max(below)
        };
        // At most, a sum has the denominators of all; its numerator is about as long.
        let bits: u64 = self.examples.iter().map(of_example).sum();
        let given = (2 * bits / 8).saturating_mul(self.wiring.synapses.len() as u64);
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
