//! The whole pass neuron by neuron, each number with its errors.

use super::external::Measured;
use super::neuron::Neurons;
use super::up::{Arithmetic, Sum, Value};
use super::{Bound, Bounds, ExampleBounds, RuleBounds};
use crate::error::Error;
use crate::spec::outcome::Update;
use crate::spec::{
    self, Case, Dtype, FeedbackMatrices, Loss, Network, Neuron, Parameters, PerNeuron, PerSynapse,
    Synapse, Wiring,
};

/// A case with every number of it rounded.
pub(super) struct Pass<'a> {
    case: &'a Case,
    wiring: Wiring,
    order: Vec<Neuron>,
    neurons: Neurons,
    weights: PerSynapse<Value>,
    biases: PerNeuron<Value>,
    /// Whether e may have been multiplied by factors that round, on its way.
    scales: bool,
}

/// Roundings of factors such as 2/K, K/2 and 1/B in front of everything.
const SCALINGS: usize = 4;

/// One example, each number with its errors.
struct Followed {
    net_input: PerNeuron<Value>,
    firing_rate: PerNeuron<Value>,
    balance_factor: PerNeuron<Value>,
    slope: PerNeuron<Value>,
    external_credit: PerNeuron<Value>,
    credit: PerNeuron<Value>,
    /// Credit as it would be with f = σ': −x̄.
    descent: PerNeuron<Value>,
    /// ℓ of each output, of another loss than half squared error.
    loss: Vec<Value>,
}

impl<'a> Pass<'a> {
    pub(super) fn new(
        case: &'a Case,
        arithmetic: spec::Arithmetic,
        scales: bool,
    ) -> Result<Self, Error> {
        let format = arithmetic.dtype();
        let wiring = Wiring::of(case);
        let Some(order) = wiring.order.clone() else {
            return Err(Error::unsupported("a rounding bound of a recurrent network"));
        };
        let parameters = Parameters::of(case);
        let batch = case.examples.len();
        let arithmetic = [Arithmetic::of(Dtype::F64), Arithmetic::computed(arithmetic, batch)];
        Ok(Self {
            case,
            order,
            neurons: Neurons { arithmetic, format },
            weights: parameters.weights.map(|weight| Value::rounded(weight, format)),
            biases: parameters.biases.map(|bias| Value::rounded(bias, format)),
            scales,
            wiring,
        })
    }

    pub(super) fn bounds(&self) -> Result<Bounds, Error> {
        let batch = 0..self.case.examples.len();
        let followed = batch.map(|b| self.follow(b)).collect::<Result<Vec<_>, Error>>()?;
        let learning_rate = Value::rounded(&self.case.learning_rate, self.neurons.format);
        let bounds = Bounds {
            format: self.neurons.format,
            examples: followed.iter().map(|example| self.example(example)).collect(),
            update: self.mean(&followed, Some(learning_rate), |example| {
                (&example.balance_factor, &example.credit)
            }),
            gradient: self.mean(&followed, None, |example| (&example.slope, &example.descent)),
            loss: self.loss(&followed),
        };
        bounds.expect_finite()?;
        Ok(bounds)
    }

    /// The same of feedback alignment: c = B(β∘c), with every entry of B rounded, in place of c = Wᵀ(β∘c) + e below the outputs.
    pub(super) fn aligned(&self, feedback: &FeedbackMatrices) -> Result<RuleBounds, Error> {
        fn drive(example: &Followed) -> (&PerNeuron<Value>, &PerNeuron<Value>) {
            (&example.balance_factor, &example.credit)
        }
        let ways = self.ways(feedback)?;
        let batch = 0..self.case.examples.len();
        let mut followed = batch.map(|b| self.follow(b)).collect::<Result<Vec<_>, Error>>()?;
        for example in &mut followed {
            let (factor, external) = (&example.balance_factor, &example.external_credit);
            example.credit = self.backward(&self.wiring.outgoing, &ways, factor, external);
        }
        let learning_rate = Value::rounded(&self.case.learning_rate, self.neurons.format);
        let bounds = RuleBounds {
            update: self.mean(&followed, Some(learning_rate), drive),
            gradient: self.mean(&followed, None, drive),
            loss: self.loss(&followed),
        };
        bounds.expect_finite()?;
        Ok(bounds)
    }

    /// B^l in the places of the (W^l)ᵀ; nothing comes back to the inputs.
    fn ways(&self, feedback: &FeedbackMatrices) -> Result<PerSynapse<Value>, Error> {
        let Network::Layered(net) = &self.case.network else {
            return Err(Error::unsupported("feedback alignment on a graph"));
        };
        let mut ways = Vec::with_capacity(self.wiring.synapses.len());
        for (layer, l) in net.layers.iter().zip(1..) {
            for post in 0..layer.width() {
                ways.extend((0..layer.inputs()).map(|pre| match l {
                    1 => Value::ZERO,
                    _ => Value::rounded(&feedback.of_layer(l)[pre][post], self.neurons.format),
                }));
            }
        }
        Ok(PerSynapse::new(ways))
    }

    fn follow(&self, b: usize) -> Result<Followed, Error> {
        let (wiring, format) = (&self.wiring, self.neurons.format);
        let example = &self.case.examples[b];
        let nothing = || PerNeuron::filled(wiring.neurons(), Value::ZERO);
        let mut all = Followed {
            net_input: nothing(),
            firing_rate: nothing(),
            balance_factor: nothing(),
            slope: nothing(),
            external_credit: nothing(),
            credit: nothing(),
            descent: nothing(),
            loss: Vec::new(),
        };
        for (&neuron, x) in wiring.inputs.iter().zip(&example.input) {
            all.firing_rate[neuron] = Value::rounded(x, format);
        }
        for &post in self.order.iter().filter(|&&post| !wiring.is_input[post]) {
            let mut sum = Sum::new(&self.neurons.arithmetic);
            sum.add(&[self.biases[post]]);
            for &synapse in &wiring.incoming[post] {
                let pre = wiring.synapses[synapse].pre;
                sum.add_product(&[self.weights[synapse], all.firing_rate[pre]]);
            }
            let s = sum.over(1.0, 1);
            let fired = self.neurons.fire(&wiring.activations[post], wiring.kinks[post], &s)?;
            all.net_input[post] = s;
            all.firing_rate[post] = fired.rate;
            all.slope[post] = fired.slope;
            all.balance_factor[post] = match &wiring.balances[post] {
                None => fired.slope,
                Some(balance) => self.neurons.fire(balance, wiring.kinks[post], &s)?.slope,
            };
        }
        for (&neuron, target) in wiring.outputs.iter().zip(&example.target) {
            let (target, rate) = (Value::rounded(target, format), all.firing_rate[neuron]);
            let external = match self.measured() {
                None => {
                    let mut sum = Sum::new(&self.neurons.arithmetic);
                    sum.add(&[target]);
                    sum.add(&[-rate]);
                    sum.over(1.0, 0)
                }
                Some(measured) => {
                    let output = measured.output(rate, target)?;
                    all.loss.push(output.loss);
                    output.external_credit
                }
            };
            all.external_credit[neuron] = match self.scales {
                true => external.multiplied(
                    &self.neurons.arithmetic,
                    SCALINGS,
                    self.case.examples.len(),
                ),
                false => external,
            };
        }
        let wiring = &self.wiring;
        let (balance, external) = (&all.balance_factor, &all.external_credit);
        all.credit = self.backward(&wiring.returning, &self.weights, balance, external);
        all.descent = if self.case.departs() {
            self.backward(&wiring.outgoing, &self.weights, &all.slope, &all.external_credit)
        } else {
            all.credit.clone()
        };
        Ok(all)
    }

    /// c = Wᵀ(f∘c) + e against the order of the synapses, through those that are given, with these numbers for Wᵀ.
    fn backward(
        &self,
        synapses: &PerNeuron<Vec<Synapse>>,
        ways: &PerSynapse<Value>,
        factor: &PerNeuron<Value>,
        external: &PerNeuron<Value>,
    ) -> PerNeuron<Value> {
        let mut credit = PerNeuron::filled(self.wiring.neurons(), Value::ZERO);
        for &pre in self.order.iter().rev() {
            let mut sum = Sum::new(&self.neurons.arithmetic);
            for &synapse in &synapses[pre] {
                let post = self.wiring.synapses[synapse].post;
                sum.add_product(&[ways[synapse], factor[post], credit[post]]);
            }
            sum.add(&[external[pre]]);
            credit[pre] = sum.over(1.0, 2);
        }
        credit
    }

    /// (1/B) Σ_b f c x, times η if there is one.
    fn mean(
        &self,
        followed: &[Followed],
        scale: Option<Value>,
        pick: impl Fn(&Followed) -> (&PerNeuron<Value>, &PerNeuron<Value>),
    ) -> Update<Bound> {
        // A learning rate of exactly zero makes every update exactly zero: `Sum` drops such terms.
        let factor_of_all = scale.unwrap_or(Value::exact(1.0));
        // The gradient has the opposite sign of what is summed; its errors are the same.
        let signed = |value: Value| if scale.is_some() { value } else { -value };
        // B is a count of examples in memory.
        #[allow(clippy::cast_precision_loss)]
        let batch = followed.len() as f64;
        // Two products in a term, and at most five roundings in the scale and its use.
        const PRODUCTS: usize = 8;
        let weights = self.wiring.synapses.map(|ends| {
            let mut sum = Sum::new(&self.neurons.arithmetic);
            for example in followed {
                let (factor, credit) = pick(example);
                let rate = example.firing_rate[ends.pre];
                sum.add_product(&[factor[ends.post], credit[ends.post], rate, factor_of_all]);
            }
            Bound::of(&signed(sum.over(batch, PRODUCTS)))
        });
        let biases = PerNeuron::from_fn(self.wiring.neurons(), |post| {
            let mut sum = Sum::new(&self.neurons.arithmetic);
            if self.wiring.has_bias[post] {
                for example in followed {
                    let (factor, credit) = pick(example);
                    sum.add(&[factor[post], credit[post], factor_of_all]);
                }
            }
            Bound::of(&signed(sum.over(batch, PRODUCTS)))
        });
        Update { weights, biases }
    }

    /// L, which is (1/2B) Σ e² of half squared error and (1/N) Σ ℓ of others.
    fn loss(&self, followed: &[Followed]) -> Bound {
        let mut sum = Sum::new(&self.neurons.arithmetic);
        if let Some(measured) = self.measured() {
            followed.iter().flat_map(|e| &e.loss).for_each(|loss| sum.add(&[*loss]));
            return Bound::of(&sum.over(measured.count(), 6));
        }
        for example in followed {
            for &output in &self.wiring.outputs {
                let e = example.external_credit[output];
                sum.add(&[e, e]);
            }
        }
        // As in `mean`.
        #[allow(clippy::cast_precision_loss)]
        let twice = 2.0 * followed.len() as f64;
        Bound::of(&sum.over(twice, 6))
    }

    /// The loss, unless it is half squared error.
    fn measured(&self) -> Option<Measured<'_>> {
        let Loss::Reduced { error, reduction } = &self.case.loss else { return None };
        Some(Measured {
            arithmetic: &self.neurons.arithmetic,
            format: self.neurons.format,
            error,
            reduction: *reduction,
            batch: self.case.examples.len(),
            outputs: self.wiring.outputs.len(),
        })
    }

    fn example(&self, followed: &Followed) -> ExampleBounds {
        let bound = |values: &PerNeuron<Value>| values.map(Bound::of);
        let adjoint = followed.descent.map(|value| Bound::of(&-*value));
        let delta = PerNeuron::from_fn(self.wiring.neurons(), |post| {
            let mut sum = Sum::new(&self.neurons.arithmetic);
            sum.add(&[followed.slope[post], -followed.descent[post]]);
            Bound::of(&sum.over(1.0, 1))
        });
        ExampleBounds {
            net_input: bound(&followed.net_input),
            firing_rate: bound(&followed.firing_rate),
            balance_factor: bound(&followed.balance_factor),
            external_credit: bound(&followed.external_credit),
            credit: bound(&followed.credit),
            slope: bound(&followed.slope),
            adjoint,
            delta,
        }
    }
}
