//! One equilibrium: its residuals, what they imply, and what one evaluation adds to that.

use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use super::majorant::System;
use super::{Residuals, Unbounded};
use crate::number::{exact_f64, nearest_f64};
use crate::spec::outcome::{CreditExample, Update};
use crate::spec::{Activation, Case, Dtype, Neuron, Parameters, PerNeuron, PerSynapse, Wiring};
use crate::verdict::Mismatch;
use crate::verdict::bounded::Bound;
use crate::verdict::bounded::neuron::Neurons;
use crate::verdict::bounded::up::{Arithmetic, Sum, Up, Value};

/// A case, exactly and rounded.
pub(super) struct View<'a> {
    pub(super) wiring: Wiring,
    pub(super) case: &'a Case,
    pub(super) neurons: Neurons,
    pub(super) exact: Parameters<BigRational>,
    /// Floats nearest to W: the entries of a system.
    pub(super) near: PerSynapse<f64>,
    pub(super) weights: PerSynapse<Value>,
    biases: PerNeuron<Value>,
}

/// The numbers of one example from which residuals are formed.
pub(super) struct Floats {
    firing_rate: PerNeuron<f64>,
    credit: PerNeuron<f64>,
}

/// One example, each number with its errors.
pub(super) struct Followed {
    pub(super) net_input: PerNeuron<Value>,
    pub(super) firing_rate: PerNeuron<Value>,
    pub(super) balance_factor: PerNeuron<Value>,
    pub(super) external_credit: PerNeuron<Value>,
    pub(super) credit: PerNeuron<Value>,
}

impl Floats {
    pub(super) fn of<F: Copy + Into<f64>>(
        example: &CreditExample<F>,
        wiring: &Wiring,
    ) -> Result<Self, Unbounded> {
        let floats = Self {
            firing_rate: example.firing_rate.map(|x| (*x).into()),
            credit: example.credit.map(|c| c.0.into()),
        };
        let all = [&floats.firing_rate, &floats.credit];
        if all.iter().any(|values| values.len() != wiring.neurons()) {
            return Err(Unbounded::Shapes);
        }
        match all.iter().all(|values| values.iter().all(|value| value.is_finite())) {
            true => Ok(floats),
            false => Err(Unbounded::NotFinite),
        }
    }
}

impl<'a> View<'a> {
    pub(super) fn of(case: &'a Case, format: Dtype) -> Self {
        let exact = Parameters::of(case);
        let arithmetic = [Arithmetic::of(Dtype::F64), Arithmetic::of(format)];
        Self {
            wiring: Wiring::of(case),
            case,
            neurons: Neurons { arithmetic, format },
            near: exact.weights.map(nearest_f64),
            weights: exact.weights.map(|weight| Value::rounded(weight, format)),
            biases: exact.biases.map(|bias| Value::rounded(bias, format)),
            exact,
        }
    }

    /// Where the floats are further from their equations than reported: the engine's own arithmetic is allowed for, no more.
    pub(super) fn excess(
        &self,
        b: usize,
        floats: &Floats,
        reported: &Residuals,
    ) -> Option<Mismatch> {
        let n = self.wiring.neurons();
        let mut balance = PerNeuron::filled(n, Value::ZERO);
        let rates = floats.firing_rate.map(|x| Value::exact(*x));
        for post in (0..n).map(Neuron) {
            let (expected, allowed) = if self.wiring.is_input[post] {
                (self.input(b, post), 0.0)
            } else {
                let s = self.net_input(post, &rates);
                // What overflows has no residual.
                let Ok([rate, slope]) = self.fire(post, &s) else {
                    return Some(beyond(b, "firing rate", post, f64::INFINITY, reported.firing));
                };
                balance[post] = slope;
                (rate, reported.firing)
            };
            let found = floats.firing_rate[post] - expected.centre;
            if !is_explained(found, allowed, &expected) {
                return Some(beyond(b, "firing rate", post, found, allowed));
            }
        }
        let external = self.external(b, &rates);
        for pre in (0..n).map(Neuron) {
            let mut sum = Sum::new(&self.neurons.arithmetic);
            for &synapse in &self.wiring.outgoing[pre] {
                let post = self.wiring.synapses[synapse].post;
                let c = Value::exact(floats.credit[post]);
                sum.add(&[self.weights[synapse], balance[post], c]);
            }
            sum.add(&[external[pre]]);
            sum.add(&[Value::exact(-floats.credit[pre])]);
            let residual = sum.over(1.0, 2);
            if !is_explained(residual.centre, reported.credit, &residual) {
                return Some(beyond(b, "credit", pre, residual.centre, reported.credit));
            }
        }
        None
    }

    /// Every number with its errors, at the equilibrium that `exact` is.
    pub(super) fn follow(
        &self,
        b: usize,
        floats: &Floats,
        exact: &CreditExample<BigRational>,
    ) -> Result<Followed, Unbounded> {
        let n = self.wiring.neurons();
        let lengths = [
            exact.net_input.len(),
            exact.firing_rate.len(),
            exact.balance_factor.len(),
            exact.external_credit.len(),
            exact.credit.len(),
        ];
        if lengths != [n; 5] {
            return Err(Unbounded::Shapes);
        }
        let singular = |system| Unbounded::Singular { system, example: b };
        let rate_errors = self.firing(b, floats, exact)?.ok_or(singular("firing"))?;
        let within = |value: &BigRational, error: Up| {
            let rounded = Value::rounded(value, Dtype::F64);
            Value { error: [rounded.error[0], error], ..rounded }
        };
        let firing_rate =
            PerNeuron::from_fn(n, |k| within(&exact.firing_rate[k], rate_errors[k.0]));
        let (mut net_input, mut balance_factor) =
            (PerNeuron::filled(n, Value::ZERO), PerNeuron::filled(n, Value::ZERO));
        for post in (0..n).map(Neuron).filter(|post| !self.wiring.is_input[*post]) {
            let error = self.net_input(post, &firing_rate).error[1];
            let s = within(&exact.net_input[post], error);
            if !self.is_on_one_piece(post, &s) {
                return Err(Unbounded::Pieces { neuron: post.0, example: b });
            }
            let [_, slope] = self.fire(post, &s).map_err(|_| Unbounded::NotFinite)?;
            net_input[post] = s;
            balance_factor[post] = within(&exact.balance_factor[post], slope.error[1]);
        }
        let evaluated = self.external(b, &firing_rate);
        let external_credit =
            PerNeuron::from_fn(n, |k| within(&exact.external_credit[k], evaluated[k].error[1]));
        let errors = self.credit(b, floats, exact, &rate_errors).ok_or(singular("credit"))?;
        let credit = PerNeuron::from_fn(n, |k| within(&exact.credit[k].0, errors[k.0]));
        Ok(Followed { net_input, firing_rate, balance_factor, external_credit, credit })
    }

    /// |x̂ − x| at most: (I − diag D · W)(x̂ − x) = x̂ − σ(Wx̂ + b), D the secant of σ from the one net input to the other.
    fn firing(
        &self,
        b: usize,
        floats: &Floats,
        exact: &CreditExample<BigRational>,
    ) -> Result<Option<Vec<Up>>, Unbounded> {
        let n = self.wiring.neurons();
        let rates = rationals(&floats.firing_rate)?;
        let (mut system, mut rho) = (System::new(n), vec![Up::ZERO; n]);
        for (&neuron, given) in self.wiring.inputs.iter().zip(&self.case.examples[b].input) {
            rho[neuron.0] = above(&(&rates[neuron] - given));
        }
        for post in (0..n).map(Neuron).filter(|post| !self.wiring.is_input[*post]) {
            let mut s = self.exact.biases[post].clone();
            for &synapse in &self.wiring.incoming[post] {
                s += &self.exact.weights[synapse] * &rates[self.wiring.synapses[synapse].pre];
            }
            let function = &self.wiring.activations[post];
            let fired = rate(function, &s).ok_or(Unbounded::Transcendental)?;
            rho[post.0] = above(&(&rates[post] - &fired));
            let there = &exact.net_input[post];
            if *there == s {
                // Nothing is handed on: any secant will do.
                continue;
            }
            let other = rate(function, there).ok_or(Unbounded::Transcendental)?;
            let secant = (fired - other) / (s - there);
            self.enter(&self.wiring.incoming[post], |synapse, weight| {
                let pre = self.wiring.synapses[synapse].pre;
                if !secant.is_zero() {
                    system.set(post.0, pre.0, nearest_f64(&secant), weight);
                }
            });
        }
        Ok(system.bound(&rho))
    }

    /// |ĉ − c| at most: (I − Wᵀ diag β)(ĉ − c) = ĉ − Wᵀ(β∘ĉ) − e, and e is as far from t − x̂ as x̂ from x.
    fn credit(
        &self,
        b: usize,
        floats: &Floats,
        exact: &CreditExample<BigRational>,
        rate_errors: &[Up],
    ) -> Option<Vec<Up>> {
        let n = self.wiring.neurons();
        let (rates, credits) =
            (rationals(&floats.firing_rate).ok()?, rationals(&floats.credit).ok()?);
        let mut rest = credits.clone();
        let mut rho = vec![Up::ZERO; n];
        for (&output, target) in self.wiring.outputs.iter().zip(&self.case.examples[b].target) {
            let external = target - &rates[output];
            rest[output] = &rest[output] - external;
            rho[output.0] = rate_errors[output.0];
        }
        let mut system = System::new(n);
        for pre in (0..n).map(Neuron) {
            self.enter(&self.wiring.outgoing[pre], |synapse, weight| {
                let post = self.wiring.synapses[synapse].post;
                let beta = &exact.balance_factor[post];
                if self.wiring.is_input[post] || beta.is_zero() {
                    return;
                }
                system.set(pre.0, post.0, nearest_f64(beta), weight);
                let signal = &self.exact.weights[synapse] * beta * &credits[post];
                rest[pre] = &rest[pre] - signal;
            });
            rho[pre.0] = rho[pre.0] + above(&rest[pre]);
        }
        system.bound(&rho)
    }

    /// Every synapse of a list that is not exactly zero.
    fn enter(
        &self,
        synapses: &[crate::spec::Synapse],
        mut each: impl FnMut(crate::spec::Synapse, f64),
    ) {
        for &synapse in synapses {
            if !self.exact.weights[synapse].is_zero() {
                each(synapse, self.near[synapse]);
            }
        }
    }

    pub(super) fn input(&self, b: usize, neuron: Neuron) -> Value {
        let place = self.wiring.inputs.iter().position(|input| *input == neuron);
        let given = place.and_then(|k| self.case.examples[b].input.get(k));
        given.map_or(Value::ZERO, |given| Value::rounded(given, self.neurons.format))
    }

    pub(super) fn net_input(&self, post: Neuron, rates: &PerNeuron<Value>) -> Value {
        let mut sum = Sum::new(&self.neurons.arithmetic);
        sum.add(&[self.biases[post]]);
        for &synapse in &self.wiring.incoming[post] {
            sum.add(&[self.weights[synapse], rates[self.wiring.synapses[synapse].pre]]);
        }
        sum.over(1.0, 1)
    }

    /// σ and f at a net input.
    pub(super) fn fire(&self, post: Neuron, s: &Value) -> Result<[Value; 2], crate::error::Error> {
        let kink = self.wiring.kinks[post];
        let fired = self.neurons.fire(&self.wiring.activations[post], kink, s)?;
        Ok(match &self.wiring.balances[post] {
            None => [fired.rate, fired.slope],
            Some(balance) => [fired.rate, self.neurons.fire(balance, kink, s)?.slope],
        })
    }

    /// Whether every float net input within reach is on the same side of each kink as the exact one.
    pub(super) fn is_on_one_piece(&self, post: Neuron, s: &Value) -> bool {
        let functions = std::iter::once(&self.wiring.activations[post]);
        functions.chain(&self.wiring.balances[post]).flat_map(Activation::kinks).all(|kink| {
            let place = Value::rounded(&kink, self.neurons.format);
            let reach = s.error[0] + s.error[1] + place.error[0] + place.error[1];
            // With nothing in error both are on the kink, or on the same side of it.
            reach == Up::ZERO || Up::certainly_apart(s.centre, place.centre, reach)
        })
    }

    pub(super) fn external(&self, b: usize, rates: &PerNeuron<Value>) -> PerNeuron<Value> {
        let mut external = PerNeuron::filled(rates.len(), Value::ZERO);
        for (&output, target) in self.wiring.outputs.iter().zip(&self.case.examples[b].target) {
            let mut sum = Sum::new(&self.neurons.arithmetic);
            sum.add(&[Value::rounded(target, self.neurons.format)]);
            sum.add(&[-rates[output]]);
            external[output] = sum.over(1.0, 0);
        }
        external
    }

    /// (η/B) Σ_b β c x and (η/B) Σ_b β c.
    pub(super) fn update(&self, followed: &[Followed]) -> Update<Bound> {
        self.scaled(followed, Value::rounded(&self.case.learning_rate, self.neurons.format))
    }

    /// The same with another factor in place of η: −1 gives the gradient.
    pub(super) fn scaled(&self, followed: &[Followed], rate: Value) -> Update<Bound> {
        // B is a count of examples in memory.
        #[allow(clippy::cast_precision_loss)]
        let batch = followed.len() as f64;
        // Two products in a term, and at most five roundings in the scale and its use.
        const PRODUCTS: usize = 8;
        let weights = self.wiring.synapses.map(|ends| {
            let mut sum = Sum::new(&self.neurons.arithmetic);
            for all in followed {
                let x = all.firing_rate[ends.pre];
                sum.add(&[all.balance_factor[ends.post], all.credit[ends.post], x, rate]);
            }
            Bound::of(&sum.over(batch, PRODUCTS))
        });
        let biases = PerNeuron::from_fn(self.wiring.neurons(), |post| {
            let mut sum = Sum::new(&self.neurons.arithmetic);
            for all in followed.iter().filter(|_| self.wiring.has_bias[post]) {
                sum.add(&[all.balance_factor[post], all.credit[post], rate]);
            }
            Bound::of(&sum.over(batch, PRODUCTS))
        });
        Update { weights, biases }
    }
}

/// |found| ≤ reported, up to both errors and the roundings of the subtraction and of the report.
fn is_explained(found: f64, reported: f64, value: &Value) -> bool {
    let report = Up::of(reported) * (Up::ONE + Up::power(50)) + value.error[0] + value.error[1];
    // NaN is not explained.
    found.abs().next_down() <= (report * (Up::ONE + Up::power(50))).value()
}

fn beyond(b: usize, quantity: &str, neuron: Neuron, found: f64, reported: f64) -> Mismatch {
    Mismatch {
        place: format!("example {b}, residual of {quantity} of neuron {}", neuron.0),
        found: format!("{:.3e}", found.abs()),
        expected: format!("at most {reported:.3e}, as reported"),
        differing: 1,
    }
}

fn rationals(values: &PerNeuron<f64>) -> Result<PerNeuron<BigRational>, Unbounded> {
    let exact: Option<Vec<_>> = values.iter().map(|value| exact_f64(*value)).collect();
    exact.map(PerNeuron::new).ok_or(Unbounded::NotFinite)
}

/// The magnitude, rounded up; zero stays zero.
pub(super) fn above(value: &BigRational) -> Up {
    if value.is_zero() { Up::ZERO } else { Up::of(nearest_f64(&value.abs()).next_up()) }
}

/// σ(s), of activations that have an exact value.
pub(super) fn rate(function: &Activation, s: &BigRational) -> Option<BigRational> {
    Some(match function {
        Activation::Identity => s.clone(),
        Activation::Relu if s.is_negative() => BigRational::zero(),
        Activation::Relu => s.clone(),
        Activation::LeakyRelu { slope } if s.is_negative() => slope * s,
        Activation::LeakyRelu { .. } => s.clone(),
        Activation::HardTanh { min, max } => s.clamp(min, max).clone(),
        Activation::Square => s * s,
        Activation::Quadratic => s + s * s,
        Activation::Cubic => s - s * s * s / BigRational::from_integer(3.into()),
        Activation::Softsign => s / (BigRational::one() + s.abs()),
        Activation::EluRational if s.is_positive() => s.clone(),
        Activation::EluRational => s / (BigRational::one() - s),
        Activation::Tanh | Activation::Logistic | Activation::Softplus => return None,
    })
}
