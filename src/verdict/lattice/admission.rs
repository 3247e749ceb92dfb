//! Whether every sum of a case fits: the computation behind tier L.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use crate::spec::outcome::CreditOutcome;
use crate::spec::{
    Activation, Case, Class, Curved, Dtype, Kink, Neuron, Parameters, PerNeuron, Share, Straight,
    Wiring,
};

/// Whether float arithmetic in this format is exact on a case, for credit and backpropagation alike.
///
/// Each sum is checked as D0–D4 form it: Wx + b, the polynomial of σ and of β, t − x, the loss, β∘c, Wᵀ(β∘c) + e, the sums
/// over the batch, and their scaling by η and 1/B, wherever it takes place. With signs reversed the same sums are those of
/// D5–D7, as long as no balance function is replaced.
///
/// # Errors
/// The reason, naming the first sum that does not fit; not a verdict about the case.
pub fn admit(case: &Case, exact: &CreditOutcome<BigRational>, format: Dtype) -> Result<(), String> {
    Admission::of(case, format).run(case, exact)
}

struct Admission {
    format: Dtype,
    wiring: Wiring,
    parameters: Parameters<BigRational>,
}

impl Admission {
    fn of(case: &Case, format: Dtype) -> Self {
        Self { format, wiring: Wiring::of(case), parameters: Parameters::of(case) }
    }

    fn run(&self, case: &Case, exact: &CreditOutcome<BigRational>) -> Result<(), String> {
        case.loss.expect_half_squared("a lattice").map_err(|error| error.to_string())?;
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
        self.loss(exact)?;
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
                admit_activation(self.format, function, wiring.kinks[post], s)
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
            terms.extend(wiring.returning[pre].iter().map(|&synapse| {
                &self.parameters.weights[synapse] * &balanced[wiring.synapses[synapse].post]
            }));
            self.sum(terms, || format!("the credit of neuron {} in example {b}", pre.0))?;
        }
        Ok(balanced)
    }

    /// L = (1/B) Σ_b ½ Σ_k e² (D0), halved and divided anywhere.
    fn loss(&self, exact: &CreditOutcome<BigRational>) -> Result<(), String> {
        let external = exact.examples.iter().flat_map(|example| example.external_credit.iter());
        let squares: Vec<BigRational> = external.map(|e| e * e).collect();
        let twice = BigInt::from(exact.examples.len()) * 2;
        self.sum(squares.iter().map(|square| square / &twice).collect(), || "the loss".to_owned())?;
        self.sum(squares, || "the loss".to_owned())
    }

    /// D4: the sums over the batch, with η and 1/B inside or outside.
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
            for factor in [&share, &case.learning_rate, &scale] {
                self.sum(terms.iter().map(|term| term * factor).collect(), place)?;
            }
            self.sum(terms, place)
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

    fn one(&self, value: &BigRational, place: impl Fn() -> String) -> Result<(), String> {
        self.sum(vec![value.clone()], place)
    }

    fn sum(&self, terms: Vec<BigRational>, place: impl Fn() -> String) -> Result<(), String> {
        sum(self.format, terms, place)
    }
}

/// What σ and σ' of one net input are computed through, by either side.
pub(in crate::verdict) fn admit_activation(
    format: Dtype,
    function: &Activation,
    kink: Kink,
    s: &BigRational,
) -> Result<(), String> {
    let name = || function.name().to_owned();
    let sum = |terms: Vec<BigRational>| sum(format, terms, name);
    let one = |value: &BigRational| sum(vec![value.clone()]);
    let integer = |n: u32| BigRational::from_integer(BigInt::from(n));
    let square = s * s;
    match function.class() {
        Class::Straight(Straight::Identity) => Ok(()),
        Class::Straight(Straight::Relu) => mixture(format, kink, &integer(0)),
        Class::Straight(Straight::LeakyRelu { slope }) => {
            one(slope)?;
            one(&(slope * s))?;
            mixture(format, kink, slope)
        }
        Class::Straight(Straight::HardTanh { min, max }) => {
            one(min).and(one(max))?;
            mixture(format, kink, &integer(0))
        }
        Class::Curved(Curved::Square) => one(&square),
        Class::Curved(Curved::Quadratic) => {
            // s + s·s on one side, s(1 + s) on the other; 1 + 2s on both.
            sum(vec![s.clone(), square])?;
            sum(vec![integer(1), s.clone()])?;
            sum(vec![integer(1), s * integer(2)])
        }
        Class::Curved(Curved::Cubic) => {
            // s − s·s·s/3 on one side, s(3 − s·s)/3 on the other; 1 − s·s and (1 − s)(1 + s).
            let cube = &square * s;
            one(&cube)?;
            sum(vec![s.clone(), &cube / integer(3)])?;
            sum(vec![integer(3), square.clone()])?;
            sum(vec![s * integer(3), cube])?;
            sum(vec![integer(1), s.clone()])?;
            sum(vec![integer(1), square])
        }
        Class::Quotient | Class::Transcendental(_) => {
            Err(format!("{} leaves the dyadic numbers", function.name()))
        }
    }
}

/// What the slope at a kink is computed through, where one piece has this slope and the other 1.
fn mixture(format: Dtype, kink: Kink, slope: &BigRational) -> Result<(), String> {
    let one = BigRational::one();
    match kink {
        Kink::Left | Kink::Right | Kink::Inner | Kink::Outer => Ok(()),
        Kink::Mean => {
            let place = || "the mean of two slopes".to_owned();
            sum(format, vec![slope.clone(), one.clone()], place)?;
            sum(format, vec![(slope + one) / BigInt::from(2)], place)
        }
        // On a lower kink, and on an upper.
        Kink::Between(share) => admit_mixture(format, share, slope, &one)
            .and_then(|()| admit_mixture(format, share, &one, slope)),
    }
}

/// What (1 − θ) left + θ right is computed through on one side, and left + θ (right − left) on the other.
fn admit_mixture(
    format: Dtype,
    share: Share,
    left: &BigRational,
    right: &BigRational,
) -> Result<(), String> {
    let sum = |terms| sum(format, terms, || "the slope at a kink".to_owned());
    let theta = share.exact();
    let rest = BigRational::one() - &theta;
    let parts = [share.numerator(), share.denominator() - share.numerator(), share.denominator()];
    for number in
        parts.map(|part| BigRational::from_integer(part.into())).iter().chain([&theta, &rest])
    {
        sum(vec![number.clone()])?;
    }
    sum(vec![&rest * left, &theta * right])?;
    sum(vec![right.clone(), -left])?;
    sum(vec![left.clone(), theta * (right - left)])
}

/// Σ|terms| < 2^precision on the common grid of the terms, all of it within the exponents of the format.
fn sum(format: Dtype, terms: Vec<BigRational>, place: impl Fn() -> String) -> Result<(), String> {
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
    let smallest = i64::from(format.smallest());
    if top - grid > i64::from(format.precision()) {
        return Err(format!("{} needs {} bits", place(), top - grid));
    }
    if grid < smallest || top > i64::from(format.largest() + 1) {
        return Err(format!("{} leaves the exponents of the format", place()));
    }
    Ok(())
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
