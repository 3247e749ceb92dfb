//! The arbiter: the definition of the derivative on dual numbers (D8).
//!
//! It uses the forward map alone. There is no slope formula, no transpose and no chain rule in
//! this file: ε² = 0 does all of it.

use num_rational::BigRational;

use super::directions::unit_directions;
use super::firing::firing_with;
use super::response::{self, Responses};
use super::{Measure, afford, embed, embed_parameters, holds};
use crate::error::Error;
use crate::scalar::{Dual, Scalar};
use crate::spec::outcome::Update;
use crate::spec::{Case, Example, Limits, Neuron, Parameters, PerNeuron, PerSynapse, Wiring};

/// Numbers per neuron: net input and rate, each a value and its derivative, and as many of the parameters.
const DUALS: usize = 8;

/// The loss and its derivative along a direction H in the space of the parameters.
///
/// ```text
/// D8   L(W + εH) = L(W) + ε ⟨∂L/∂W, H⟩
/// ```
///
/// Shapes: `direction` has one entry per synapse and per neuron; entries at biases that are no
/// parameters must be 0. Exactness: exact over every `ExactScalar`.
///
/// # Errors
/// As [`super::firing::firing`]; [`Error::Unsupported`] where 1/2 or 1/B has no image in the ring.
pub fn along<S: Scalar>(
    case: &Case,
    direction: &Parameters<S>,
    limits: &Limits,
) -> Result<Dual<S>, Error> {
    holds(&[case.network.neurons(), DUALS], limits, "all neurons")?;
    let wiring = Wiring::of(case);
    if wiring.is_recurrent() {
        return Responses::of(case, limits)?.along(direction, limits);
    }
    let values: Parameters<S> = embed_parameters(&Parameters::of(case))?;
    along_given(&wiring, &values, case, direction, limits)
}

/// [`along`], with the parameters already in the ring.
///
/// # Errors
/// As [`along`].
pub fn along_given<S: Scalar>(
    wiring: &Wiring,
    values: &Parameters<S>,
    case: &Case,
    direction: &Parameters<S>,
    limits: &Limits,
) -> Result<Dual<S>, Error> {
    let pair = |(value, tangent): (&S, &S)| Dual { value: value.clone(), tangent: tangent.clone() };
    let moved = Parameters {
        weights: PerSynapse::new(
            values.weights.iter().zip(direction.weights.iter()).map(pair).collect(),
        ),
        biases: PerNeuron::new(
            values.biases.iter().zip(direction.biases.iter()).map(pair).collect(),
        ),
    };
    let measure = Measure::of(&case.loss, case.examples.len(), wiring.outputs.len())?;
    let mut total = Dual::zero();
    for example in &case.examples {
        total = total + &loss(wiring, &moved, (&measure, example), limits, |_, rate| rate)?;
    }
    let share = BigRational::new(1.into(), case.examples.len().max(1).into());
    Ok(total * &embed(&share, "1/B, B the number of examples,")?)
}

/// ∂L_b/∂x_j per example, of the neurons asked for: how the loss of one example moves with a constant added to the rate of one
/// neuron.
///
/// Where every other neuron sees the disturbed rate; for claim C1 on networks without layers.
///
/// # Errors
/// As [`along`].
pub fn at_rates<S: Scalar>(
    case: &Case,
    neurons: &[Neuron],
    limits: &Limits,
) -> Result<Vec<Vec<S>>, Error> {
    holds(&[case.network.neurons(), case.examples.len()], limits, "all neurons and examples")?;
    let wiring = Wiring::of(case);
    if wiring.is_recurrent() {
        let responses = Responses::of(case, limits)?;
        let of_example =
            |b| neurons.iter().map(|neuron| responses.at_rate(b, *neuron, limits)).collect();
        return (0..case.examples.len()).map(of_example).collect();
    }
    let parameters: Parameters<Dual<S>> = embed_parameters(&Parameters::of(case))?;
    let measure = Measure::of(&case.loss, case.examples.len(), wiring.outputs.len())?;
    let epsilon = Dual { value: S::zero(), tangent: S::one() };
    let at_rate = |example: &Example, neuron: Neuron| {
        let disturbed = loss(&wiring, &parameters, (&measure, example), limits, |of, rate| {
            if of == neuron { rate + &epsilon } else { rate }
        })?;
        Ok(disturbed.tangent)
    };
    let of_example = |example| neurons.iter().map(|neuron| at_rate(example, *neuron)).collect();
    case.examples.iter().map(of_example).collect()
}

/// [`at_rates`] of one example and one neuron, as if the batch were that example alone.
///
/// # Errors
/// As [`along`].
pub fn at_rate<S: Scalar>(
    case: &Case,
    example: &Example,
    neuron: Neuron,
    limits: &Limits,
) -> Result<S, Error> {
    let alone = Case { examples: vec![example.clone()], ..case.clone() };
    let found = at_rates(&alone, &[neuron], limits)?.into_iter().flatten().next();
    found.ok_or_else(|| Error::unsupported("a derivative of no example"))
}

/// The whole gradient, one unit direction per parameter; for small networks.
///
/// # Errors
/// As [`along`].
pub fn gradient<S: Scalar>(case: &Case, limits: &Limits) -> Result<Update<S>, Error> {
    gradient_watched(case, limits, &mut |_| Ok(()))
}

/// [`gradient`], telling `before` how many directions are done before each one; it may end the
/// work with an error, for each direction is a forward pass over the whole batch.
///
/// # Errors
/// As [`along`], and whatever `before` answers.
pub fn gradient_watched<S: Scalar>(
    case: &Case,
    limits: &Limits,
    before: &mut dyn FnMut(usize) -> Result<(), Error>,
) -> Result<Update<S>, Error> {
    let wiring = Wiring::of(case);
    let values: Parameters<S> = embed_parameters(&Parameters::of(case))?;
    let responses = if wiring.is_recurrent() { Some(Responses::of(case, limits)?) } else { None };
    let derivative = |direction: &Parameters<S>| match &responses {
        Some(responses) => responses.along(direction, limits),
        None => along_given(&wiring, &values, case, direction, limits),
    };
    let mut done = 0;
    unit_directions(&wiring, |direction| {
        before(done)?;
        done += 1;
        derivative(direction)
    })
}

/// L_b of D0, from the input on.
fn loss<S: Scalar>(
    wiring: &Wiring,
    parameters: &Parameters<S>,
    (measure, example): (&Measure<'_, S>, &Example),
    limits: &Limits,
    disturb: impl Fn(Neuron, S) -> S,
) -> Result<S, Error> {
    let input =
        example.input.iter().map(|x| embed(x, "an input")).collect::<Result<Vec<S>, _>>()?;
    let rates = firing_with(wiring, parameters, &input, limits, disturb)?.firing_rate;
    let target = example.target.iter().map(|t| embed(t, "a target"));
    let target = target.collect::<Result<Vec<S>, _>>()?;
    let outputs = wiring.outputs.iter().map(|&output| rates[output].clone());
    measure.of_example(outputs.zip(target), limits)
}

/// ∂L_b/∂x_j at every neuron when rates, slopes and output errors are given: the linear response, forwards.
///
/// ```text
/// ẋ_i = β_i Σ_j W_ij ẋ_j + [i = j₀],   ∂L_b/∂x_j₀ = −Σ_k e_k ẋ_k
/// ```
///
/// The given form of [`at_rates`], for tiers in which x, β and e are free. It runs with the synapses,
/// from the disturbed neuron to the outputs, where the credit runs against them; with a cycle it is the system of
/// [`response::at_rates_given`].
///
/// # Errors
/// [`Error::Singular`] and [`Error::Limit`], with a cycle only.
pub fn at_rates_given<S: Scalar>(
    wiring: &Wiring,
    weights: &PerSynapse<S>,
    balance_factor: &PerNeuron<S>,
    external_credit: &PerNeuron<S>,
    limits: &Limits,
) -> Result<PerNeuron<S>, Error> {
    let Some(order) = &wiring.order else {
        return response::at_rates_given(wiring, weights, balance_factor, external_credit, limits);
    };
    let at_rate = |disturbed: Neuron| -> Result<S, Error> {
        let mut response = PerNeuron::filled(wiring.neurons(), S::zero());
        response[disturbed] = S::one();
        for &post in order.iter().filter(|post| !wiring.is_input[**post] && **post != disturbed) {
            let mut net_input = S::zero();
            for &synapse in &wiring.incoming[post] {
                let pre = wiring.synapses[synapse].pre;
                afford(&net_input, &weights[synapse], &response[pre], limits, "a response")?;
                net_input = net_input + &(weights[synapse].clone() * &response[pre]);
            }
            afford(&net_input, &net_input, &balance_factor[post], limits, "a response")?;
            response[post] = net_input * &balance_factor[post];
        }
        wiring.outputs.iter().try_fold(S::zero(), |change, &output| {
            afford(&change, &external_credit[output], &response[output], limits, "a response")?;
            Ok(change - &(external_credit[output].clone() * &response[output]))
        })
    };
    let all = (0..wiring.neurons()).map(|neuron| at_rate(Neuron(neuron)));
    Ok(PerNeuron::new(all.collect::<Result<_, _>>()?))
}
