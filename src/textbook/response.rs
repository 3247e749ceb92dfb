//! The arbiter of networks with a cycle: the linear response on dual numbers (D8, D9).
//!
//! Where the parameters move by ε H the equilibrium moves by ε ẋ, and x + ε ẋ must again be a fixed point of the
//! forward map, now on dual numbers. That is a linear system for ẋ whose coefficients are read off the forward map itself: there
//! is no slope formula and no transpose in this file. It runs with the synapses, where the credit runs against them.

use num_rational::BigRational;

use super::directions::unit_directions;
use super::firing::activate;
use super::{
    Measure, afford, afford_function, elimination, embed, embed_parameters, equilibrium, holds,
};
use crate::error::Error;
use crate::scalar::{Dual, Rational, Scalar};
use crate::spec::outcome::{Firing, Update};
use crate::spec::{Case, Limits, Loss, Neuron, Parameters, PerNeuron, PerSynapse, Wiring};

/// Every example of a case at its equilibrium, ready to be pushed.
///
/// ```text
/// D9   x + ε ẋ = σ((W + ε H)(x + ε ẋ) + b + ε h),   dL_b the ε part of L_b(x + ε ẋ)
/// ```
#[derive(Clone, Debug)]
pub struct Responses<S> {
    wiring: Wiring,
    /// 1/B
    share: S,
    loss: Loss,
    examples: Vec<Response<S>>,
}

/// One example at its equilibrium.
#[derive(Clone, Debug)]
struct Response<S> {
    firing: Firing<S>,
    target: Vec<S>,
    /// (I − A)⁻¹, where A_ij is the ε part of σ(s_i + ε W_ij).
    inverse: Vec<Vec<S>>,
}

impl<S: Scalar> Responses<S> {
    /// The equilibria of a case, and the response of each.
    ///
    /// Shapes: one n × n inverse per example. Exactness: exact over every `ExactScalar`.
    ///
    /// # Errors
    /// As [`equilibrium::of_example`]; [`Error::Singular`] where the equilibrium has no unique linear response.
    pub fn of(case: &Case, limits: &Limits) -> Result<Self, Error> {
        let wiring = Wiring::of(case);
        let exact = Parameters::of(case);
        let parameters: Parameters<S> = embed_parameters(&exact)?;
        let rationals = exact.map(Rational::of);
        let mut equilibria = Vec::new();
        for (b, example) in case.examples.iter().enumerate() {
            let firing = equilibrium::settled(&wiring, &rationals, example, limits)
                .map_err(|error| error.in_example(b))?;
            let target = example.target.iter().map(|t| embed(t, "a target"));
            equilibria.push((equilibrium::embedded(&firing)?, target.collect::<Result<_, _>>()?));
        }
        Self::at(case, wiring, &parameters, equilibria, limits)
    }

    /// The response of equilibria (and targets) of a case that somebody else confirmed.
    ///
    /// # Errors
    /// [`Error::Singular`]; [`Error::Unsupported`] where 1/2 or 1/B has no image in the ring.
    pub fn at(
        case: &Case,
        wiring: Wiring,
        parameters: &Parameters<S>,
        equilibria: Vec<(Firing<S>, Vec<S>)>,
        limits: &Limits,
    ) -> Result<Self, Error> {
        let size = wiring.neurons();
        holds(&[equilibria.len(), size, size], limits, "the linear responses of all examples")?;
        let share = BigRational::new(1.into(), equilibria.len().max(1).into());
        let mut examples = Vec::new();
        for (firing, target) in equilibria {
            let mut matrix = elimination::identity::<S>(wiring.neurons());
            for (synapse, ends) in wiring.synapses.indexed() {
                let weight = parameters.weights[synapse].clone();
                afford_function(
                    &wiring.activations[ends.post],
                    &firing.net_input[ends.post],
                    limits,
                )?;
                let pushed = evaluate(&wiring, &firing, ends.post, weight)?;
                let entry = &mut matrix[ends.post.0][ends.pre.0];
                *entry = entry.clone() - &pushed;
            }
            let what = "I − diag β · W, the linear response";
            let inverse = elimination::inverse(matrix, what, limits)?;
            examples.push(Response { firing, target, inverse });
        }
        Ok(Self {
            share: embed(&share, "1/B, B the number of examples,")?,
            loss: case.loss.clone(),
            wiring,
            examples,
        })
    }

    /// The loss and its derivative along a direction H in the space of the parameters, as [`super::tangent::along`].
    ///
    /// # Errors
    /// [`Error::Unsupported`] for an activation that this number type cannot evaluate; [`Error::Limit`].
    pub fn along(&self, direction: &Parameters<S>, limits: &Limits) -> Result<Dual<S>, Error> {
        let mut total = Dual::zero();
        for example in &self.examples {
            let rates = &example.firing.firing_rate;
            let mut push = PerNeuron::filled(self.wiring.neurons(), S::zero());
            for post in equilibrium::receiving(&self.wiring) {
                let mut moved = direction.biases[post].clone();
                for &synapse in &self.wiring.incoming[post] {
                    let along = &direction.weights[synapse];
                    if !along.is_zero() {
                        let pre = self.wiring.synapses[synapse].pre;
                        afford(&moved, along, &rates[pre], limits, "a response")?;
                        moved = moved + &(along.clone() * &rates[pre]);
                    }
                }
                if !moved.is_zero() {
                    let activation = &self.wiring.activations[post];
                    afford_function(activation, &example.firing.net_input[post], limits)?;
                    push[post] = evaluate(&self.wiring, &example.firing, post, moved)?;
                }
            }
            for (&output, target) in self.wiring.outputs.iter().zip(&example.target) {
                afford(&total.tangent, &rates[output], target, limits, "a response")?;
                example.afford_answer(output, &push, limits)?;
            }
            total = total + &self.loss(example, |output| example.answer(output, &push), limits)?;
        }
        Ok(total * &Dual::constant(self.share.clone()))
    }

    /// Ẋ of an example: column j holds how every rate answers a constant added to that of neuron j.
    #[must_use]
    pub fn response(&self, example: usize) -> &Vec<Vec<S>> {
        &self.examples[example].inverse
    }

    /// The whole gradient, one unit direction per parameter.
    ///
    /// # Errors
    /// As [`along`](Self::along).
    pub fn gradient(&self, limits: &Limits) -> Result<Update<S>, Error> {
        unit_directions(&self.wiring, |direction| self.along(direction, limits))
    }

    /// ∂L_b/∂x_j: how the loss of an example moves with a constant added to the rate of one neuron.
    ///
    /// # Errors
    /// As [`along`](Self::along).
    pub fn at_rate(&self, example: usize, neuron: Neuron, limits: &Limits) -> Result<S, Error> {
        let example = &self.examples[example];
        let motion = |output: Neuron| example.inverse[output.0][neuron.0].clone();
        Ok(self.loss(example, motion, limits)?.tangent)
    }

    /// L_b on x + ε ẋ.
    fn loss(
        &self,
        example: &Response<S>,
        motion: impl Fn(Neuron) -> S,
        limits: &Limits,
    ) -> Result<Dual<S>, Error> {
        let (examples, outputs) = (self.examples.len(), &self.wiring.outputs);
        let measure = Measure::of(&self.loss, examples, outputs.len())?;
        let moving = outputs.iter().zip(&example.target).map(|(&output, target)| {
            let value = example.firing.firing_rate[output].clone();
            (Dual { value, tangent: motion(output) }, Dual::constant(target.clone()))
        });
        measure.of_example(moving, limits)
    }
}

impl<S: Scalar> Response<S> {
    /// Asks for what [`answer`](Self::answer) costs.
    fn afford_answer(
        &self,
        neuron: Neuron,
        push: &PerNeuron<S>,
        limits: &Limits,
    ) -> Result<(), Error> {
        let terms = self.inverse[neuron.0].iter().zip(push.iter());
        let mut terms = terms.filter(|(entry, push)| !entry.is_zero() && !push.is_zero());
        terms.try_for_each(|(entry, push)| afford(entry, entry, push, limits, "a response"))
    }

    /// ẋ of one neuron.
    fn answer(&self, neuron: Neuron, push: &PerNeuron<S>) -> S {
        let terms = self.inverse[neuron.0].iter().zip(push.iter());
        terms
            .filter(|(entry, push)| !entry.is_zero() && !push.is_zero())
            .fold(S::zero(), |sum, (entry, push)| sum + &(entry.clone() * push))
    }
}

/// The ε part of σ_i(s_i + ε ṡ).
fn evaluate<S: Scalar>(
    wiring: &Wiring,
    firing: &Firing<S>,
    post: Neuron,
    moved: S,
) -> Result<S, Error> {
    let net_input = Dual { value: firing.net_input[post].clone(), tangent: moved };
    Ok(activate(&wiring.activations[post], wiring.kinks[post], &net_input)?.tangent)
}

/// Ẋ when the slopes are given: column j holds how every rate answers a constant added to that of neuron j.
///
/// ```text
/// (I − diag β · W) Ẋ = I
/// ```
///
/// # Errors
/// [`Error::Singular`]; [`Error::Limit`].
pub fn given<S: Scalar>(
    wiring: &Wiring,
    weights: &PerSynapse<S>,
    balance_factor: &PerNeuron<S>,
    limits: &Limits,
) -> Result<Vec<Vec<S>>, Error> {
    holds(&[wiring.neurons(), wiring.neurons()], limits, "I − diag β · W")?;
    let mut matrix = elimination::identity::<S>(wiring.neurons());
    for (synapse, ends) in wiring.synapses.indexed() {
        let entry = &mut matrix[ends.post.0][ends.pre.0];
        *entry = entry.clone() - &(weights[synapse].clone() * &balance_factor[ends.post]);
    }
    elimination::inverse(matrix, "I − diag β · W, the linear response", limits)
}

/// ∂L_b/∂x_j at every neuron when rates, slopes and output errors are given.
///
/// ```text
/// ∂L_b/∂x_j = −Σ_k e_k Ẋ_kj
/// ```
///
/// The given form, for tiers in which x, β and e are free; [`super::tangent::at_rates_given`] goes here with a cycle.
///
/// # Errors
/// As [`given`].
pub fn at_rates_given<S: Scalar>(
    wiring: &Wiring,
    weights: &PerSynapse<S>,
    balance_factor: &PerNeuron<S>,
    external_credit: &PerNeuron<S>,
    limits: &Limits,
) -> Result<PerNeuron<S>, Error> {
    let response = given(wiring, weights, balance_factor, limits)?;
    Ok(PerNeuron::from_fn(wiring.neurons(), |disturbed| {
        wiring.outputs.iter().fold(S::zero(), |sum, &output| {
            sum - &(external_credit[output].clone() * &response[output.0][disturbed.0])
        })
    }))
}
