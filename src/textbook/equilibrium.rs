//! The firing equilibrium of any graph, cycles and self-synapses included, as an exact number with a proof (D1, D9).
//!
//! Three ways to it. A feed-forward graph is evaluated in order ([`firing`]). With piecewise-linear activations an
//! equilibrium is a linear system once the pieces are known: floats propose the pieces, the system is solved over ℚ, and
//! then every piece is **checked**, strictly, on the exact solution. With any other activation the case has to give the
//! equilibrium, and it is checked by substitution. The floats therefore decide nothing: a wrong proposal is refused.

use num_rational::BigRational;

use super::firing::{activate, firing};
use super::{afford, afford_function, elimination, embed, holds, within};
use crate::equilibrium::{Floats, Guess, ROUNDS, SETTLED, at_kink, not_found};
use crate::error::Error;
use crate::scalar::{Rational, Scalar};
use crate::spec::outcome::Firing;
use crate::spec::{
    Activation, Class, Example, Limits, Neuron, Parameters, PerNeuron, Straight, Wiring,
};

/// The firing equilibrium of one example.
///
/// ```text
/// D1   s_i = Σ_j W_ij x_j + b_i,   x_i = σ_i(s_i),   inputs clamped
/// ```
///
/// Exactness: exact. In a network with a cycle it need not be the only one; it is that of the case if the case gives one
/// (`"equilibrium"`), else the one near which the damped iteration from rest comes to lie.
///
/// # Errors
/// [`Error::NoEquilibrium`] where none was found, where the given one is none, and where a net input sits exactly on a
/// kink, so that the gradient does not exist; [`Error::Singular`]; [`Error::Unsupported`] for an activation of whose
/// equilibrium nobody can say that it is rational; [`Error::Limit`].
///
/// ```
/// use creditcheck::{spec::{Limits, Parameters, Wiring}, textbook::equilibrium, wire::Document};
/// // One neuron that excites itself by half of what it fires: x = 1·u + x/2 = 2u.
/// let text = br#"{"format": "creditcheck/case/1", "network": {"kind": "graph", "neurons": 2, "inputs": [0], "outputs": [1],
///   "activation": "relu", "synapses": [[1, 0, 1], [1, 1, "1/2"]]}, "loss": "half_squared_error",
///   "learning_rate": 1, "examples": [{"input": [3], "target": [1]}]}"#;
/// let case = Document::read(text, &Limits::default()).unwrap().case;
/// let (wiring, parameters) = (Wiring::of(&case), Parameters::of(&case));
/// let found = equilibrium::of_example(&wiring, &parameters, &case.examples[0], &Limits::default()).unwrap();
/// assert_eq!(found.firing_rate.as_slice()[1].to_string(), "6");
/// ```
pub fn of_example(
    wiring: &Wiring,
    parameters: &Parameters<BigRational>,
    example: &Example,
    limits: &Limits,
) -> Result<Firing<BigRational>, Error> {
    let found = settled(wiring, &parameters.map(Rational::of), example, limits)?;
    Ok(found.map(Rational::plain))
}

/// [`of_example`], in the numbers that the exact side computes in.
///
/// # Errors
/// As [`of_example`].
pub(super) fn settled(
    wiring: &Wiring,
    parameters: &Parameters<Rational>,
    example: &Example,
    limits: &Limits,
) -> Result<Firing<Rational>, Error> {
    if !wiring.is_recurrent() {
        return firing(wiring, parameters, &rationals(&example.input), limits);
    }
    match &example.equilibrium {
        Some(rates) => confirmed(wiring, parameters, example, &rates.map(Rational::of), limits),
        None => found(wiring, parameters, example, limits),
    }
}

fn rationals(values: &[BigRational]) -> Vec<Rational> {
    values.iter().map(Rational::of).collect()
}

/// [`of_example`], in the ring of an engine; feed-forward it is evaluated there.
///
/// # Errors
/// As [`of_example`]; [`Error::Unsupported`] where a number has no image in the ring.
pub(super) fn in_ring<S: Scalar>(
    wiring: &Wiring,
    exact: &Parameters<BigRational>,
    parameters: &Parameters<S>,
    example: &Example,
    limits: &Limits,
) -> Result<Firing<S>, Error> {
    if wiring.is_recurrent() {
        return embedded(&settled(wiring, &exact.map(Rational::of), example, limits)?);
    }
    let input = example.input.iter().map(|rate| embed(rate, "an input"));
    firing(wiring, parameters, &input.collect::<Result<Vec<S>, _>>()?, limits)
}

/// An exact equilibrium in the ring of an engine.
pub(super) fn embedded<S: Scalar>(firing: &Firing<Rational>) -> Result<Firing<S>, Error> {
    let image = |values: &PerNeuron<Rational>, what: &str| {
        let images = values.iter().map(|value| embed(&value.plain(), what));
        images.collect::<Result<_, _>>().map(PerNeuron::new)
    };
    Ok(Firing {
        net_input: image(&firing.net_input, "a net input")?,
        firing_rate: image(&firing.firing_rate, "a firing rate")?,
    })
}

/// Puts given rates into D1.
fn confirmed(
    wiring: &Wiring,
    parameters: &Parameters<Rational>,
    example: &Example,
    rates: &PerNeuron<Rational>,
    limits: &Limits,
) -> Result<Firing<Rational>, Error> {
    let differs = |neuron: Neuron, given: &Rational, expected: &Rational| {
        no_equilibrium(format!(
            "the given rates are none: that of neuron {} is {given}, and the others make it {expected}",
            neuron.0
        ))
    };
    for (&neuron, input) in wiring.inputs.iter().zip(rationals(&example.input)) {
        if rates[neuron] != input {
            return Err(differs(neuron, &rates[neuron], &input));
        }
    }
    let net_input = net_inputs(wiring, parameters, rates, limits)?;
    for post in receiving(wiring) {
        afford_function(&wiring.activations[post], &net_input[post], limits)?;
        off_kinks(wiring, post, &net_input[post])?;
        let rate = activate(&wiring.activations[post], wiring.kinks[post], &net_input[post])?;
        if rate != rates[post] {
            return Err(differs(post, &rates[post], &rate));
        }
    }
    Ok(Firing { net_input, firing_rate: rates.clone() })
}

/// Finds an equilibrium of piecewise-linear neurons.
fn found(
    wiring: &Wiring,
    parameters: &Parameters<Rational>,
    example: &Example,
    limits: &Limits,
) -> Result<Firing<Rational>, Error> {
    for post in receiving(wiring) {
        let activation = &wiring.activations[post];
        if !activation.is_piecewise_linear() {
            return Err(Error::unsupported(format!(
                "finding the equilibrium of a network with a cycle and the activation {}: it need not be rational; \
                 give it in the case (\"equilibrium\": one list of rates per example), or use identity, relu, leaky_relu or hard_tanh",
                activation.name()
            )));
        }
    }
    let floats = Floats::of(wiring, &parameters.map(Rational::plain));
    let Guess { mut pieces, residual } = floats.guess(&example.input, &limits.work)?;
    for round in 0..ROUNDS {
        let solved = match solved(wiring, parameters, example, &pieces, limits) {
            Ok(solved) => solved,
            // Pieces that are not those of an equilibrium may well give a singular system: that says nothing about the network.
            Err(Error::Singular { .. }) if residual > SETTLED || round > 0 => {
                return Err(not_found(residual));
            }
            Err(error) => return Err(error),
        };
        let mut sides = PerNeuron::filled(wiring.neurons(), 0);
        for post in receiving(wiring) {
            sides[post] = piece(&wiring.activations[post], &solved.net_input[post]);
        }
        if sides == pieces {
            receiving(wiring)
                .try_for_each(|post| off_kinks(wiring, post, &solved.net_input[post]))?;
            return Ok(solved);
        }
        pieces = sides;
    }
    Err(not_found(residual))
}

/// Where an equilibrium goes when parameters move a little, for whoever asks whether that is noticed.
///
/// Exact while the pieces hold, if all neurons are piecewise linear. Otherwise nobody can say, so the rates are held and
/// the net inputs alone follow the parameters: no equilibrium, but a question that an arbiter must answer differently.
///
/// # Errors
/// [`Error::Singular`]; [`Error::Limit`].
pub fn displaced(
    wiring: &Wiring,
    moved: &Parameters<Rational>,
    example: &Example,
    at_rest: &PerNeuron<Rational>,
    firing_rate: &PerNeuron<Rational>,
    limits: &Limits,
) -> Result<Firing<Rational>, Error> {
    match pieces(wiring, at_rest) {
        Ok(pieces) => solved(wiring, moved, example, &pieces, limits),
        Err(_) => Ok(Firing {
            net_input: net_inputs(wiring, moved, firing_rate, limits)?,
            firing_rate: firing_rate.clone(),
        }),
    }
}

fn no_equilibrium(what: String) -> Error {
    Error::NoEquilibrium { what }
}

/// The rates that satisfy D1 if every neuron is on this piece.
///
/// ```text
/// (I − diag a · W) x = a∘(b + W u) + k      where σ_i(s) = a_i s + k_i on its piece, u the clamped rates
/// ```
fn solved(
    wiring: &Wiring,
    parameters: &Parameters<Rational>,
    example: &Example,
    pieces: &PerNeuron<usize>,
    limits: &Limits,
) -> Result<Firing<Rational>, Error> {
    let unknown: Vec<Neuron> = receiving(wiring).collect();
    let mut row_of = PerNeuron::filled(wiring.neurons(), 0);
    unknown.iter().enumerate().for_each(|(row, neuron)| row_of[*neuron] = row);
    let mut firing_rate = PerNeuron::filled(wiring.neurons(), Rational::zero());
    for (&neuron, input) in wiring.inputs.iter().zip(&example.input) {
        firing_rate[neuron] = input.into();
    }
    holds(&[unknown.len(), unknown.len()], limits, "I − diag a · W")?;
    let mut matrix = elimination::identity::<Rational>(unknown.len());
    let mut right = Vec::with_capacity(unknown.len());
    for (row, &post) in unknown.iter().enumerate() {
        let (slope, offset) = affine(&wiring.activations[post], pieces[post]);
        let mut clamped = parameters.biases[post].clone();
        for &synapse in &wiring.incoming[post] {
            let (weight, pre) = (&parameters.weights[synapse], wiring.synapses[synapse].pre);
            if wiring.is_input[pre] {
                clamped += weight * &firing_rate[pre];
            } else {
                matrix[row][row_of[pre]] -= &slope * weight;
            }
        }
        right.push(vec![slope * clamped + offset]);
    }
    let rates =
        elimination::solve(matrix, right, "I − diag a · W, the firing equilibrium", limits)?;
    for (neuron, mut rate) in unknown.into_iter().zip(rates) {
        let rate = rate.pop().unwrap_or_else(Rational::zero);
        within(&rate, limits, "a firing rate")?;
        firing_rate[neuron] = rate;
    }
    let net_input = net_inputs(wiring, parameters, &firing_rate, limits)?;
    Ok(Firing { net_input, firing_rate })
}

/// s = Wx + b; 0 on input neurons.
fn net_inputs(
    wiring: &Wiring,
    parameters: &Parameters<Rational>,
    rates: &PerNeuron<Rational>,
    limits: &Limits,
) -> Result<PerNeuron<Rational>, Error> {
    let mut net_input = PerNeuron::filled(wiring.neurons(), Rational::zero());
    for post in receiving(wiring) {
        let mut sum = parameters.biases[post].clone();
        for &synapse in &wiring.incoming[post] {
            let (weight, rate) =
                (&parameters.weights[synapse], &rates[wiring.synapses[synapse].pre]);
            afford(&sum, weight, rate, limits, "a net input")?;
            sum += weight * rate;
        }
        net_input[post] = sum;
    }
    Ok(net_input)
}

/// On which piece of σ a net input lies, counted from the left; a kink belongs to the piece on its left.
fn piece(activation: &Activation, net_input: &Rational) -> usize {
    activation.kinks().iter().filter(|at| Rational::of(at) < *net_input).count()
}

/// Refuses a net input exactly on a kink of σ or of a replaced balance function.
pub(crate) fn off_kinks(wiring: &Wiring, post: Neuron, net_input: &Rational) -> Result<(), Error> {
    let of_balance = wiring.balances[post].iter().flat_map(Activation::kinks);
    if wiring.activations[post]
        .kinks()
        .into_iter()
        .chain(of_balance)
        .any(|at| Rational::from(at) == *net_input)
    {
        return Err(at_kink(post, &net_input.plain()));
    }
    Ok(())
}

/// (a, k) of σ(s) = a s + k on a piece, counted from the left.
pub(super) fn affine(activation: &Activation, piece: usize) -> (Rational, Rational) {
    let (zero, one) = (Rational::zero(), Rational::one());
    match activation.class() {
        Class::Straight(Straight::Relu) if piece == 0 => (zero.clone(), zero),
        Class::Straight(Straight::LeakyRelu { slope }) if piece == 0 => (slope.into(), zero),
        Class::Straight(Straight::HardTanh { min, .. }) if piece == 0 => (zero, min.into()),
        Class::Straight(Straight::HardTanh { max, .. }) if piece == 2 => (zero, max.into()),
        Class::Straight(
            Straight::Identity
            | Straight::Relu
            | Straight::LeakyRelu { .. }
            | Straight::HardTanh { .. },
        ) => (one, zero),
        // Whoever looks for pieces has refused them.
        Class::Curved(_) | Class::Quotient | Class::Transcendental(_) => (one, zero),
    }
}

/// The neurons that have a net input.
pub(super) fn receiving(wiring: &Wiring) -> impl Iterator<Item = Neuron> + '_ {
    wiring.is_input.indexed().filter(|(_, clamped)| !**clamped).map(|(neuron, _)| neuron)
}

/// The piece of each neuron at an equilibrium, for whoever lets the parameters move while the pieces hold.
///
/// # Errors
/// [`Error::Unsupported`] where an activation is not piecewise linear.
pub(super) fn pieces(
    wiring: &Wiring,
    net_input: &PerNeuron<Rational>,
) -> Result<PerNeuron<usize>, Error> {
    let mut pieces = PerNeuron::filled(wiring.neurons(), 0);
    for post in receiving(wiring) {
        if !wiring.activations[post].is_piecewise_linear() {
            let name = wiring.activations[post].name();
            return Err(Error::unsupported(format!("interpolation through {name} with a cycle")));
        }
        pieces[post] = piece(&wiring.activations[post], &net_input[post]);
    }
    Ok(pieces)
}
