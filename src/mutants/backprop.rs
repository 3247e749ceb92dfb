//! Backpropagation of the reference (D5–D7), layer by layer, with its hooks.

use num_rational::BigRational;

use crate::error::Error;
use crate::scalar::Rational;
use crate::spec::outcome::LayeredGradient;
use crate::spec::{Layer, Network, Neuron};

use super::Mutant;
use super::credit::off_by_a_thousandth;
use super::functions::fixed_random;
use super::hook::Hook;
use super::reference::Reference;

/// `layer[example][position]`
type Batch = Vec<Vec<Rational>>;

/// One layer on the way back.
struct Step<'a> {
    layer: &'a Layer,
    /// The numbers of the first neuron of this layer and of the one before, and of the first synapse.
    post0: usize,
    pre0: usize,
    synapse0: usize,
}

impl Reference<'_> {
    /// ∂L/∂W and ∂L/∂b: x̄^Λ = x^Λ − t, then D6 and D7 for l = Λ..1.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a graph or a slope beyond every float, [`Error::Limit`] for numbers that grow too long.
    pub fn backprop(&self, hook: &Hook) -> Result<LayeredGradient<BigRational>, Error> {
        let Network::Layered(net) = &self.case.network else {
            return Err(Error::unsupported("backpropagation on a graph"));
        };
        let offsets = net.offsets();
        let mut synapse0 = self.wiring.synapses.len();
        let mut adjoint = self.output_adjoint(hook);
        let mut gradient = LayeredGradient { weights: Vec::new(), biases: Vec::new() };
        for (l, layer) in net.layers.iter().enumerate().rev() {
            synapse0 -= layer.width() * layer.inputs();
            let step = Step { layer, post0: offsets[l + 1], pre0: offsets[l], synapse0 };
            self.clip(hook, &step, &mut adjoint);
            let delta = self.deltas(hook, &step, &adjoint)?;
            if layer.width() > 1 && hook.at(Mutant::M24, Neuron(step.post0)) {
                // As on the credit side, the swap comes after the adjoint has been passed on.
                let mut swapped = adjoint.clone();
                swapped.iter_mut().for_each(|values| values.swap(0, 1));
                let swapped = self.deltas(hook, &step, &swapped)?;
                self.push_gradient(hook, &step, &swapped, &mut gradient);
            } else {
                self.push_gradient(hook, &step, &delta, &mut gradient);
            }
            let passed = self.passed_deltas(hook, &step, &adjoint, delta)?;
            adjoint = self.pass_on(hook, &step, &passed, &gradient);
            for value in adjoint.iter().flatten() {
                self.within_limits(value)?;
            }
        }
        gradient.weights.reverse();
        gradient.biases.reverse();
        self.spoil_one_synapse(hook, &mut gradient);
        Ok(gradient.map(Rational::plain))
    }

    fn output_adjoint(&self, hook: &Hook) -> Batch {
        let examples = self.case.examples.iter().zip(&self.firing);
        let one_example = examples.map(|(example, firing)| {
            let outputs = example.target.iter().zip(&self.wiring.outputs);
            let values = outputs.map(|(target, &neuron)| {
                let target = Rational::of(target);
                let difference = self.slope_of_loss(&firing.firing_rate[neuron], &target);
                if hook.at(Mutant::M02, neuron) {
                    &difference + &difference
                } else if hook.at(Mutant::M29, neuron) {
                    difference * self.share_of_output()
                } else {
                    difference
                }
            });
            values.collect()
        });
        one_example.collect()
    }

    fn clip(&self, hook: &Hook, step: &Step, adjoint: &mut Batch) {
        for values in adjoint {
            for (post, value) in values.iter_mut().enumerate() {
                let neuron = Neuron(step.post0 + post);
                if value.abs() > Rational::one() && hook.at(Mutant::M13, neuron) {
                    *value = value.signum();
                }
            }
        }
    }

    /// δ = σ'(s) ∘ x̄
    fn deltas(&self, hook: &Hook, step: &Step, adjoint: &Batch) -> Result<Batch, Error> {
        let mut all = Vec::new();
        for (example, values) in adjoint.iter().enumerate() {
            let mut delta = Vec::new();
            for (post, value) in values.iter().enumerate() {
                let neuron = Neuron(step.post0 + post);
                if self.layout.is_hidden(neuron) && hook.at(Mutant::M15, neuron) {
                    delta.push(Rational::zero());
                    continue;
                }
                let owner = self.balance_owner(hook, neuron);
                let function = &self.wiring.activations[owner];
                delta.push(self.slope_at(hook, function, example, owner)? * value);
            }
            all.push(delta);
        }
        Ok(all)
    }

    /// The deltas that go back: those of the gradient, unless M28 forgets the adjoint, or M33 the slope.
    fn passed_deltas(
        &self,
        hook: &Hook,
        step: &Step,
        adjoint: &Batch,
        delta: Batch,
    ) -> Result<Batch, Error> {
        if delta != *adjoint && hook.at(Mutant::M33, Neuron(step.post0)) {
            return Ok(adjoint.clone());
        }
        if !hook.at(Mutant::M28, Neuron(step.post0)) {
            return Ok(delta);
        }
        let ones = vec![vec![Rational::one(); step.layer.width()]; delta.len()];
        self.deltas(hook, step, &ones)
    }

    /// x̄^(l−1) = Wᵀ δ
    fn pass_on(
        &self,
        hook: &Hook,
        step: &Step,
        delta: &Batch,
        done: &LayeredGradient<Rational>,
    ) -> Batch {
        let inputs = step.layer.inputs();
        let one_example = |delta: &Vec<Rational>| {
            let sum = |pre: usize| {
                let terms = delta.iter().enumerate();
                let terms = terms.map(|(post, d)| self.way_back(hook, step, post, pre, done) * d);
                terms.sum::<Rational>()
            };
            (0..inputs).map(sum).collect::<Vec<_>>()
        };
        delta.iter().map(one_example).collect()
    }

    /// W_ij as the way back has it.
    fn way_back(
        &self,
        hook: &Hook,
        step: &Step,
        post: usize,
        pre: usize,
        done: &LayeredGradient<Rational>,
    ) -> Rational {
        let (inputs, width) = (step.layer.inputs(), step.layer.width());
        let weight = Rational::of(&step.layer.weights[post][pre]);
        let neuron = Neuron(step.post0 + post);
        if inputs == width && width > 1 && hook.at(Mutant::M06, neuron) {
            return Rational::of(&step.layer.weights[pre][post]);
        }
        if hook.at(Mutant::M21, neuron) {
            return fixed_random(step.synapse0 + post * inputs + pre);
        }
        if hook.at(Mutant::M22, neuron) {
            return weight.signum();
        }
        if let Some(gradient) = done.weights.last()
            && hook.at(Mutant::M07, neuron)
        {
            return weight - &self.learning_rate * &gradient[post][pre];
        }
        weight
    }

    /// ∂L/∂W = ⟨δ xᵀ⟩, ∂L/∂b = ⟨δ⟩
    fn push_gradient(
        &self,
        hook: &Hook,
        step: &Step,
        delta: &Batch,
        gradient: &mut LayeredGradient<Rational>,
    ) {
        let (inputs, width) = (step.layer.inputs(), step.layer.width());
        let square = inputs == width && width > 1;
        let entry = |post: usize, pre: usize| {
            let neuron = Neuron(step.post0 + post);
            let from = if square && hook.at(Mutant::M10, neuron) { step.post0 } else { step.pre0 };
            let rate = |b: usize| &self.firing[b].firing_rate[Neuron(from + pre)];
            self.mean(hook, neuron, |b| &delta[b][post] * rate(b))
        };
        let row = |post: usize| {
            let neuron = Neuron(step.post0 + post);
            let swap = square && hook.at(Mutant::M11, neuron);
            let column = |pre| if swap { entry(pre, post) } else { entry(post, pre) };
            (0..inputs).map(|pre| self.spoil(hook, neuron, column(pre))).collect::<Vec<_>>()
        };
        gradient.weights.push((0..width).map(row).collect());
        let bias = |post: usize| {
            let neuron = Neuron(step.post0 + post);
            if hook.at(Mutant::M09, neuron) {
                Rational::zero()
            } else if hook.at(Mutant::M08, neuron) {
                self.spoil(hook, neuron, delta[0][post].clone())
            } else {
                self.spoil(hook, neuron, self.mean(hook, neuron, |b| delta[b][post].clone()))
            }
        };
        let biases = step.layer.biases.as_ref();
        gradient.biases.push(biases.map(|_| (0..width).map(bias).collect()));
    }

    fn spoil(&self, hook: &Hook, post: Neuron, value: Rational) -> Rational {
        if hook.at(Mutant::M01, post) {
            -value
        } else if hook.at(Mutant::M12, post) {
            Rational::zero()
        } else if hook.at(Mutant::M26, post) {
            // A gradient has no learning rate in it: M26 has put one there.
            value * &self.learning_rate
        } else {
            value
        }
    }

    fn spoil_one_synapse(&self, hook: &Hook, gradient: &mut LayeredGradient<Rational>) {
        let mut values = gradient.weights.iter_mut().flatten().flatten();
        if let Some(value) = values.find(|value| !value.is_zero())
            && hook.on(Mutant::M25)
        {
            *value *= off_by_a_thousandth();
        }
    }
}
