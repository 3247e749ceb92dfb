//! Tier L: inputs on which float arithmetic is exact, and the comparison without tolerance.
//!
//! A sum whose terms are integers on a common dyadic grid is exact in any order, with or
//! without fused multiply-add, as long as Σ|terms| stays below 2^precision grid units: then every partial sum
//! is a float. [`admit`] computes that for every sum that the float side forms, from the exact result; on an admitted
//! case the float result must equal the exact one bit for bit.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use super::entries::{Entry, of_backprop, of_credit};
use super::{Compared, Mismatch, Verdict};
use crate::number::{canonical, exact_f64, hex};
use crate::spec::outcome::{BackpropOutcome, CreditOutcome};
use crate::spec::{Activation, Case, Kink, Neuron, Parameters, PerNeuron, Wiring};

/// A float format, by the numbers that rounding depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// binary64: 53 bits.
    F64,
    /// binary32: 24 bits.
    F32,
}

impl Format {
    /// The name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::F64 => "f64",
            Self::F32 => "f32",
        }
    }

    /// Bits of the mantissa, the leading one included: rounding is by at most 2^−precision, relatively.
    #[must_use]
    pub fn precision(self) -> u32 {
        match self {
            Self::F64 => 53,
            Self::F32 => 24,
        }
    }

    /// k of the smallest positive number 2^−k.
    #[must_use]
    pub fn smallest(self) -> u32 {
        match self {
            Self::F64 => 1074,
            Self::F32 => 149,
        }
    }

    /// k of the first power 2^k beyond the largest number.
    #[must_use]
    pub fn overflow(self) -> u32 {
        match self {
            Self::F64 => 1024,
            Self::F32 => 128,
        }
    }
}

/// Whether float arithmetic in this format is exact on a case, for credit and backpropagation alike.
///
/// Each sum is checked as D1–D4 form it: Wx + b, the polynomial of σ and of β, t − x, β∘c, Wᵀ(β∘c) + e, the sums
/// over the batch, and their scaling by η and 1/B. With signs reversed the same sums are those of D5–D7,
/// as long as no balance function is replaced.
///
/// # Errors
/// The reason, naming the first sum that does not fit; not a verdict about the case.
pub fn admit(
    case: &Case,
    exact: &CreditOutcome<BigRational>,
    format: Format,
) -> Result<(), String> {
    Admission::of(case, format).run(case, exact)
}

struct Admission {
    format: Format,
    wiring: Wiring,
    parameters: Parameters<BigRational>,
}

impl Admission {
    fn of(case: &Case, format: Format) -> Self {
        Self { format, wiring: Wiring::of(case), parameters: Parameters::of(case) }
    }

    fn run(&self, case: &Case, exact: &CreditOutcome<BigRational>) -> Result<(), String> {
        let batch = case.examples.len();
        if !batch.is_power_of_two() {
            return Err(format!("{batch} examples are not a power of two"));
        }
        if exact.examples.len() != batch {
            return Err("an exact result of another batch".to_owned());
        }
        self.one(&case.learning_rate, || "the learning rate".to_owned())?;
        for (synapse, weight) in self.parameters.weights.indexed() {
            self.one(weight, || format!("the weight of synapse {}", synapse.0))?;
        }
        let balanced =
            (0..batch).map(|b| self.example(case, exact, b)).collect::<Result<Vec<_>, String>>()?;
        self.update(case, exact, &balanced)
    }

    /// D1–D3 of one example; gives β∘c.
    fn example(
        &self,
        case: &Case,
        exact: &CreditOutcome<BigRational>,
        b: usize,
    ) -> Result<PerNeuron<BigRational>, String> {
        let (wiring, example) = (&self.wiring, &exact.examples[b]);
        let mut balanced = PerNeuron::filled(wiring.neurons(), BigRational::zero());
        for post in (0..wiring.neurons()).map(Neuron) {
            let place = |what: &str| format!("{what} of neuron {} in example {b}", post.0);
            self.one(&example.firing_rate[post], || place("the firing rate"))?;
            if wiring.is_input[post] {
                continue;
            }
            let mut terms = vec![self.parameters.biases[post].clone()];
            terms.extend(wiring.incoming[post].iter().map(|&synapse| {
                let pre = wiring.synapses[synapse].pre;
                &self.parameters.weights[synapse] * &example.firing_rate[pre]
            }));
            self.sum(terms, || place("the net input"))?;
            let s = &example.net_input[post];
            let functions = std::iter::once(&wiring.activations[post]);
            for function in functions.chain(wiring.balances[post].as_ref()) {
                self.activation(function, wiring.kinks[post], s)
                    .map_err(|what| format!("{}: {what}", place("the activation")))?;
            }
            self.one(&example.balance_factor[post], || place("the balance factor"))?;
            balanced[post] = &example.balance_factor[post] * &example.credit[post].0;
            self.one(&balanced[post], || place("balance times credit"))?;
        }
        for (k, &output) in wiring.outputs.iter().enumerate() {
            let target = case.examples[b].target.get(k).cloned().unwrap_or_else(BigRational::zero);
            let terms = vec![target, example.firing_rate[output].clone()];
            self.sum(terms, || format!("the external credit of neuron {}", output.0))?;
        }
        for pre in (0..wiring.neurons()).map(Neuron) {
            let mut terms = vec![example.external_credit[pre].clone()];
            terms.extend(wiring.outgoing[pre].iter().map(|&synapse| {
                &self.parameters.weights[synapse] * &balanced[wiring.synapses[synapse].post]
            }));
            self.sum(terms, || format!("the credit of neuron {} in example {b}", pre.0))?;
        }
        Ok(balanced)
    }

    /// D4: the sums over the batch, and as the two sides scale them: η/B outside, 1/B inside or outside.
    fn update(
        &self,
        case: &Case,
        exact: &CreditOutcome<BigRational>,
        balanced: &[PerNeuron<BigRational>],
    ) -> Result<(), String> {
        let share = BigRational::new(BigInt::one(), BigInt::from(balanced.len()));
        let scale = &case.learning_rate * &share;
        self.one(&scale, || "the learning rate over the batch".to_owned())?;
        let check = |terms: Vec<BigRational>, place: &dyn Fn() -> String| {
            let total: BigRational = terms.iter().sum();
            self.sum(terms.iter().map(|term| term * &share).collect(), place)?;
            self.sum(terms, place)?;
            self.one(&(&total * &scale), place)?;
            self.one(&(&total * &share), place)
        };
        for (synapse, ends) in self.wiring.synapses.indexed() {
            let terms = balanced.iter().zip(&exact.examples);
            let terms = terms
                .map(|(balanced, example)| &balanced[ends.post] * &example.firing_rate[ends.pre]);
            check(terms.collect(), &|| format!("the update of synapse {}", synapse.0))?;
        }
        for (post, _) in self.wiring.has_bias.indexed().filter(|(_, has)| **has) {
            let terms = balanced.iter().map(|balanced| balanced[post].clone());
            check(terms.collect(), &|| format!("the update of the bias of neuron {}", post.0))?;
        }
        Ok(())
    }

    /// What σ and σ' of one net input are computed through, by either side.
    fn activation(&self, function: &Activation, kink: Kink, s: &BigRational) -> Result<(), String> {
        let name = || function.name().to_owned();
        let integer = |n: u32| BigRational::from_integer(BigInt::from(n));
        let square = s * s;
        match function {
            Activation::Identity | Activation::Relu => Ok(()),
            Activation::LeakyRelu { slope } => {
                self.one(slope, name)?;
                self.one(&(slope * s), name)?;
                if kink == Kink::Mean {
                    self.sum(vec![slope.clone(), integer(1)], name)?;
                    self.one(&((slope + integer(1)) / integer(2)), name)?;
                }
                Ok(())
            }
            Activation::HardTanh { min, max } => self.one(min, name).and(self.one(max, name)),
            Activation::Square => self.one(&square, name),
            Activation::Quadratic => {
                // s + s·s on one side, s(1 + s) on the other; 1 + 2s on both.
                self.sum(vec![s.clone(), square], name)?;
                self.sum(vec![integer(1), s.clone()], name)?;
                self.sum(vec![integer(1), s * integer(2)], name)
            }
            Activation::Cubic => {
                // s − s·s·s/3 on one side, s(3 − s·s)/3 on the other; 1 − s·s and (1 − s)(1 + s).
                let cube = &square * s;
                self.one(&cube, name)?;
                self.sum(vec![s.clone(), &cube / integer(3)], name)?;
                self.sum(vec![integer(3), square.clone()], name)?;
                self.sum(vec![s * integer(3), cube], name)?;
                self.sum(vec![integer(1), s.clone()], name)?;
                self.sum(vec![integer(1), square], name)
            }
            _ => Err(format!("{} leaves the dyadic numbers", function.name())),
        }
    }

    fn one(&self, value: &BigRational, place: impl Fn() -> String) -> Result<(), String> {
        self.sum(vec![value.clone()], place)
    }

    /// Σ|terms| < 2^precision on the common grid of the terms, all of it within the exponents of the format.
    fn sum(&self, terms: Vec<BigRational>, place: impl Fn() -> String) -> Result<(), String> {
        let mut grid: Option<i64> = None;
        for term in terms.iter().filter(|term| !term.is_zero()) {
            let Some(own) = lowest_bit(term) else {
                return Err(format!("{} is not dyadic", place()));
            };
            grid = Some(grid.map_or(own, |grid| grid.min(own)));
        }
        let Some(grid) = grid else { return Ok(()) };
        let total: BigRational = terms.iter().map(Signed::abs).sum();
        // The total is a multiple of the grid, so this is its number of grid units, exactly.
        let (p, q) = (total.numer(), total.denom());
        let top = to_i64(p.bits()) - (to_i64(q.bits()) - 1);
        let smallest = -i64::from(self.format.smallest());
        if top - grid > i64::from(self.format.precision()) {
            return Err(format!("{} needs {} bits", place(), top - grid));
        }
        if grid < smallest || top > i64::from(self.format.overflow()) {
            return Err(format!("{} leaves the exponents of the format", place()));
        }
        Ok(())
    }
}

/// k where 2^k is the largest power of two that divides a dyadic number; `None` for others.
fn lowest_bit(value: &BigRational) -> Option<i64> {
    let (p, q) = (value.numer(), value.denom());
    let zeros = q.trailing_zeros()?;
    (q.bits() == zeros + 1).then(|| to_i64(p.trailing_zeros().unwrap_or(0)) - to_i64(zeros))
}

/// Bit counts of numbers in memory fit.
fn to_i64(bits: u64) -> i64 {
    i64::try_from(bits).unwrap_or(i64::MAX / 4)
}

/// Every float of a credit outcome, as the rational that it is, `==` the exact one.
#[must_use]
pub fn compare_bits<F: Copy + Into<f64>>(
    exact: &CreditOutcome<BigRational>,
    float: &CreditOutcome<F>,
) -> Verdict {
    compare(&of_credit(exact), &of_credit(float))
}

/// Every float of a backpropagation outcome, as the rational that it is, `==` the exact one.
#[must_use]
pub fn compare_bits_backprop<F: Copy + Into<f64>>(
    exact: &BackpropOutcome<BigRational>,
    float: &BackpropOutcome<F>,
) -> Verdict {
    compare(&of_backprop(exact), &of_backprop(float))
}

fn compare<F: Copy + Into<f64>>(exact: &[(Entry, &BigRational)], float: &[(Entry, &F)]) -> Verdict {
    if let Some(verdict) = other_entries(exact, float) {
        return verdict;
    }
    let mut first = None;
    let mut differing = 0;
    for ((entry, exact), (_, float)) in exact.iter().zip(float) {
        let found: f64 = (**float).into();
        // NaN and infinities have no exact value and so equal nothing.
        if exact_f64(found).as_ref() != Some(*exact) {
            differing += 1;
            first.get_or_insert_with(|| (entry.to_string(), hex(found), canonical(exact)));
        }
    }
    match first {
        Some((place, found, expected)) => {
            Verdict::Disagree(Mismatch { place, found, expected, differing })
        }
        None => agreement(exact),
    }
}

/// The verdict where the two sides do not even have the same entries.
pub(super) fn other_entries<A, B>(exact: &[(Entry, A)], float: &[(Entry, B)]) -> Option<Verdict> {
    let same = exact.iter().zip(float).all(|((a, _), (b, _))| a == b);
    if same && exact.len() == float.len() {
        return None;
    }
    Some(Verdict::Disagree(Mismatch {
        place: "the list of entries".to_owned(),
        found: format!("{} entries", float.len()),
        expected: format!("the same {} entries", exact.len()),
        differing: exact.len().abs_diff(float.len()).max(1),
    }))
}

/// Agreement, unless there was nothing that could have disagreed.
pub(super) fn agreement(exact: &[(Entry, &BigRational)]) -> Verdict {
    let nonzero = exact.iter().filter(|(_, value)| !value.is_zero()).count();
    if nonzero == 0 {
        return Verdict::Unchecked("every compared entry is zero".to_owned());
    }
    Verdict::Agree(Compared { entries: exact.len(), nonzero })
}
