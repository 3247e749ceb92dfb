//! The second arbiter: a derivative with no differentiation rule at all (D8).
//!
//! With polynomial activations t ↦ L(W + tH) is a polynomial in t of known degree d, and its
//! values at d + 1 points determine it, its derivative at 0 included. With a cycle and piecewise-linear activations it is a
//! quotient of two polynomials, which are determined in the same way.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::One;

use super::equilibrium;
use super::firing::firing;
use super::{Measure, afford};
use crate::error::Error;
use crate::scalar::Rational;
use crate::spec::{Case, Example, Limits, Neuron, Parameters, PerNeuron, PerSynapse, Wiring};

/// An upper bound on the degree in t of L(W + tH).
///
/// ```text
/// deg s_i = max(1, max_j deg x_j + 1),   deg x_i = deg σ · deg s_i,   deg L = 2 max_k deg x_k
/// ```
///
/// # Errors
/// [`Error::Unsupported`] where the loss or some activation is no polynomial, or there is a cycle: then [`along_equilibrium`].
pub fn degree(case: &Case) -> Result<u32, Error> {
    expect_square(case)?;
    let wiring = Wiring::of(case);
    let order = wiring.order.as_ref().ok_or_else(super::firing::recurrent)?;
    let mut of_rate = PerNeuron::filled(wiring.neurons(), 0_u32);
    for &post in order.iter().filter(|neuron| !wiring.is_input[**neuron]) {
        let presynaptic = wiring.incoming[post].iter().map(|s| of_rate[wiring.synapses[*s].pre]);
        let of_net_input = presynaptic.max().map_or(1, |most| most.saturating_add(1));
        let activation = &wiring.activations[post];
        let of_activation = activation.degree().ok_or_else(|| {
            Error::unsupported(format!("interpolation: {} is no polynomial", activation.name()))
        })?;
        of_rate[post] = of_net_input.saturating_mul(of_activation);
    }
    let output = wiring.outputs.iter().map(|output| of_rate[*output]).max().unwrap_or(0);
    Ok(output.saturating_mul(2))
}

/// The derivative at 0 of t ↦ L(W + tH), from the values at t = 0, 1, …, d.
///
/// # Errors
/// As [`degree`]; [`Error::Limit`].
pub fn along(
    case: &Case,
    direction: &Parameters<BigRational>,
    limits: &Limits,
) -> Result<BigRational, Error> {
    let degree = degree(case)?;
    let wiring = Wiring::of(case);
    let base = Parameters::of(case).map(Rational::of);
    let direction = direction.map(Rational::of);
    let values = (0..=degree).map(|k| loss_at(case, &wiring, &base, &direction, k, limits));
    Ok(slope_at_zero(&values.collect::<Result<Vec<_>, _>>()?, limits)?.into())
}

fn loss_at(
    case: &Case,
    wiring: &Wiring,
    base: &Parameters<Rational>,
    direction: &Parameters<Rational>,
    t: u32,
    limits: &Limits,
) -> Result<Rational, Error> {
    let moved = moved(base, direction, &Rational::integer(t));
    let mut sum = Rational::zero();
    for example in &case.examples {
        let input: Vec<Rational> = example.input.iter().map(Rational::of).collect();
        let rates = firing(wiring, &moved, &input, limits)?.firing_rate;
        sum += loss_of(case, wiring, &rates, example, limits)?;
    }
    Ok(sum * Rational::one_over(case.examples.len()))
}

/// L_b of rates.
fn loss_of(
    case: &Case,
    wiring: &Wiring,
    rates: &PerNeuron<Rational>,
    example: &Example,
    limits: &Limits,
) -> Result<Rational, Error> {
    let measure = Measure::of(&case.loss, case.examples.len(), wiring.outputs.len())?;
    let outputs = wiring.outputs.iter().zip(&example.target);
    let outputs = outputs.map(|(&output, target)| (rates[output].clone(), Rational::of(target)));
    measure.of_example(outputs, limits)
}

/// Refuses a loss in pieces: values at a few points do not determine it.
fn expect_square(case: &Case) -> Result<(), Error> {
    match case.loss.is_polynomial() {
        true => Ok(()),
        false => {
            let what = format!("interpolation: the loss {} is no polynomial", case.loss.name());
            Err(Error::unsupported(what))
        }
    }
}

/// The derivative at 0 of t ↦ L(W + tH) in a network with a cycle, while the pieces of the equilibrium hold (D9).
///
/// ```text
/// d(t) = det(I − diag a · (W + tH)),  g(t) = d(t)² L_b(t),  both polynomials of degree ≤ n and ≤ 2n
/// L_b′(0) = (g′(0) d(0) − 2 d′(0) g(0)) / d(0)³
/// ```
///
/// n counts the neurons that are not clamped, a and k are slope and offset of the piece on which each of them lies. Values at
/// 2n + 1 points determine both polynomials; there is no differentiation rule of networks in it.
///
/// # Errors
/// [`Error::Unsupported`] where some activation is not piecewise linear; [`Error::Singular`]; as
/// [`equilibrium::of_example`].
pub fn along_equilibrium(
    case: &Case,
    direction: &Parameters<BigRational>,
    limits: &Limits,
) -> Result<BigRational, Error> {
    expect_square(case)?;
    let wiring = Wiring::of(case);
    let base = Parameters::of(case).map(Rational::of);
    let direction = direction.map(Rational::of);
    let unknown: Vec<Neuron> = equilibrium::receiving(&wiring).collect();
    let mut derivative = Rational::zero();
    for example in &case.examples {
        let at_rest = equilibrium::settled(&wiring, &base, example, limits)?;
        let pieces = equilibrium::pieces(&wiring, &at_rest.net_input)?;
        let at = |t: &Rational| {
            let moved = moved(&base, &direction, t);
            frozen(case, (&wiring, &unknown), &moved, example, &pieces, limits)
        };
        derivative += along_example(2 * unknown.len(), at, limits)?;
    }
    Ok((derivative * Rational::one_over(case.examples.len())).into())
}

/// L_b′(0) from (d(t), L_b(t)) at the points t = 0, τ, 2τ, …; τ = 1, 1/2, 1/4, … until none of them is singular.
fn along_example(
    degree: usize,
    at: impl Fn(&Rational) -> Result<Option<(Rational, Rational)>, Error>,
    limits: &Limits,
) -> Result<Rational, Error> {
    let singular =
        || Error::Singular { what: "I − diag a · (W + tH), the interpolation".into() };
    // Each of the n roots of d spoils those steps at which one of the points hits it: at most ⌊log₂ 2n⌋ + 1 of these.
    for halvings in 0..=degree * (degree.max(1).ilog2() as usize + 1) {
        let turns = Rational::integer(BigInt::one() << halvings);
        let Some(step) = turns.try_recip() else { continue };
        let points = (0..=degree).map(|k| at(&(&step * Rational::integer(k))));
        let values: Option<Vec<_>> = points.collect::<Result<_, _>>()?;
        let Some(values) = values else { continue };
        let (d, g): (Vec<_>, Vec<_>) =
            values.into_iter().map(|(d, loss)| (d.clone(), &d * &d * loss)).unzip();
        let (slope_d, slope_g) =
            (slope_at_zero(&d, limits)? * &turns, slope_at_zero(&g, limits)? * &turns);
        let numerator = slope_g * &d[0] - slope_d * &g[0] * Rational::integer(2);
        let cube = &d[0] * &d[0] * &d[0];
        return Ok(numerator * cube.try_recip().ok_or_else(singular)?);
    }
    Err(singular())
}

/// The derivative at 0 of the polynomial of degree ≤ d with these values at 0, 1, …, d.
///
/// ```text
/// p'(0) = Σ_{k=1..d} (−1)^(k+1) C(d,k) (p(k) − p(0)) / k
/// ```
fn slope_at_zero(values: &[Rational], limits: &Limits) -> Result<Rational, Error> {
    let degree = values.len().saturating_sub(1);
    let (mut slope, mut binomial) = (Rational::zero(), BigInt::one());
    for (k, value) in values.iter().enumerate().skip(1) {
        binomial = binomial * (degree - k + 1) / k;
        afford(&slope, value, &values[0], limits, "an interpolated derivative")?;
        let weight = Rational::integer(binomial.clone()) * Rational::one_over(k);
        let term = weight * (value - &values[0]);
        if k % 2 == 1 { slope += term } else { slope -= term }
    }
    Ok(slope)
}

/// The determinant and the loss of the affine system that the pieces make of D1; none where it is singular.
fn frozen(
    case: &Case,
    (wiring, unknown): (&Wiring, &[Neuron]),
    parameters: &Parameters<Rational>,
    example: &Example,
    pieces: &PerNeuron<usize>,
    limits: &Limits,
) -> Result<Option<(Rational, Rational)>, Error> {
    let n = unknown.len();
    let mut rate = PerNeuron::filled(wiring.neurons(), Rational::zero());
    for (&neuron, input) in wiring.inputs.iter().zip(&example.input) {
        rate[neuron] = input.into();
    }
    // One row per unknown: its coefficients, and behind them the right-hand side.
    let mut rows = vec![vec![Rational::zero(); n + 1]; n];
    for (row, &post) in rows.iter_mut().zip(unknown) {
        let (slope, offset) = equilibrium::affine(&wiring.activations[post], pieces[post]);
        let mut clamped = parameters.biases[post].clone();
        for &synapse in &wiring.incoming[post] {
            let (weight, pre) = (&parameters.weights[synapse], wiring.synapses[synapse].pre);
            match unknown.iter().position(|neuron| *neuron == pre) {
                Some(column) => row[column] -= &slope * weight,
                None => clamped += weight * &rate[pre],
            }
        }
        row[n] = slope * clamped + offset;
    }
    for (row, values) in rows.iter_mut().enumerate() {
        values[row] += Rational::one();
    }
    let mut determinant = Rational::one();
    for column in 0..n {
        let Some(pivot) = (column..n).find(|row| !rows[*row][column].is_zero()) else {
            return Ok(None);
        };
        if pivot != column {
            rows.swap(pivot, column);
            determinant = -determinant;
        }
        determinant *= &rows[column][column];
        let (upper, lower) = rows.split_at_mut(column + 1);
        let pivot = &upper[column];
        let Some(reciprocal) = pivot[column].try_recip() else { return Ok(None) };
        for row in lower.iter_mut().filter(|row| !row[column].is_zero()) {
            let factor = &row[column] * &reciprocal;
            for (entry, above) in row.iter_mut().zip(pivot).skip(column) {
                afford(entry, &factor, above, limits, "an entry of the interpolation")?;
                *entry -= &factor * above;
            }
        }
    }
    for row in (0..n).rev() {
        let mut rest = rows[row][n].clone();
        for column in row + 1..n {
            let (entry, rate) = (&rows[row][column], &rate[unknown[column]]);
            afford(&rest, entry, rate, limits, "an entry of the interpolation")?;
            rest -= entry * rate;
        }
        let Some(reciprocal) = rows[row][row].try_recip() else { return Ok(None) };
        rate[unknown[row]] = rest * reciprocal;
    }
    Ok(Some((determinant, loss_of(case, wiring, &rate, example, limits)?)))
}

/// W + tH.
fn moved(
    base: &Parameters<Rational>,
    direction: &Parameters<Rational>,
    t: &Rational,
) -> Parameters<Rational> {
    let step = |(value, along): (&Rational, &Rational)| value + t * along;
    Parameters {
        weights: PerSynapse::new(
            base.weights.iter().zip(direction.weights.iter()).map(step).collect(),
        ),
        biases: PerNeuron::new(base.biases.iter().zip(direction.biases.iter()).map(step).collect()),
    }
}
