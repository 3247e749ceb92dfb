//! Backpropagation, exactly: layers, with a forward pass of its own (D5–D7).

mod error;

use std::cmp::Ordering;

use num_rational::BigRational;

use super::{afford, afford_function, embed, holds, no_sign, within};
use crate::error::Error;
use crate::scalar::Scalar;
use crate::spec::outcome::{
    Adjoint, BackpropExample, BackpropOutcome, Delta, GivenBackprop, LayeredGradient,
};
use crate::spec::{Activation, Case, Kink, Layer, Layered, Limits, Loss, Network, Transcendental};

/// The parameters of a layered network in the ring of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerParameters<S> {
    /// `weights[layer][post][pre]`
    pub weights: Vec<Vec<Vec<S>>>,
    /// `biases[layer][post]`, or none for a layer without
    pub biases: Vec<Option<Vec<S>>>,
}

/// Adjoints, deltas and gradient from rates and slopes that somebody else computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backward<S> {
    /// x̄⁰ … x̄^Λ per example.
    pub adjoint: Vec<Vec<Vec<S>>>,
    /// δ¹ … δ^Λ per example.
    pub delta: Vec<Vec<Vec<S>>>,
    /// ∂L/∂W and ∂L/∂b.
    pub gradient: LayeredGradient<S>,
}

/// Backpropagation on a layered case.
///
/// ```text
/// D5   s^l = W^l x^(l−1) + b^l,  x^l = σ_l(s^l)
/// D6   x̄^Λ = ∂L_b/∂x^Λ, which is x^Λ − t of half squared error,  δ^l = σ'_l(s^l) ∘ x̄^l,  x̄^(l−1) = (W^l)ᵀ δ^l
/// D7   ∂L/∂W^l = ⟨δ^l (x^(l−1))ᵀ⟩,  ∂L/∂b^l = ⟨δ^l⟩
/// ```
///
/// Shapes: lists over layers, then units. Units: dimensionless. Exactness: exact over every `ExactScalar`.
/// A replaced balance function is ignored: it belongs to the credit rule.
/// Sources: Rumelhart, Hinton & Williams 1986; Werbos 1974.
///
/// # Errors
/// [`Error::Unsupported`] on a graph and for activations outside the number type; [`Error::Limit`].
pub fn run<S: Scalar>(case: &Case, limits: &Limits) -> Result<BackpropOutcome<S>, Error> {
    let Network::Layered(net) = &case.network else {
        return Err(Error::unsupported(
            "backpropagation by layers on a graph; use the rule \"credit\" or \"tangent\"",
        ));
    };
    // Four numbers per neuron: net input, rate, slope and adjoint.
    holds(&[case.network.neurons(), case.examples.len(), 4], limits, "all neurons and examples")?;
    let parameters: LayerParameters<S> = LayerParameters::of(net)?;
    let half: S = embed(&BigRational::new(1.into(), 2.into()), "the 1/2 of the loss")?;
    let mut loss = S::zero();
    let mut forward = Vec::new();
    let mut given = Vec::new();
    for example in &case.examples {
        let input = example.input.iter().map(|x| embed(x, "an input")).collect::<Result<_, _>>()?;
        let (net_input, firing_rate, slope) =
            propagate(net, &parameters, case.kink, input, limits)?;
        let mut output_adjoint = Vec::new();
        for (rate, target) in firing_rate[net.layers.len()].iter().zip(&example.target) {
            let target: S = embed(target, "a target")?;
            let difference = rate.clone() - &target;
            afford(&loss, &difference, &difference, limits, "the loss")?;
            match &case.loss {
                Loss::HalfSquaredError => {
                    loss = loss + &(half.clone() * &difference * &difference);
                    output_adjoint.push(difference);
                }
                Loss::Reduced { error, reduction } => {
                    let sizes = (case.examples.len(), firing_rate[net.layers.len()].len());
                    let factor: S = error::batch_over_count(*reduction, sizes)?;
                    let (value, slope) = error::value_and_slope(error, rate, &target)?;
                    loss = loss + &(value * &factor);
                    output_adjoint.push(slope * &factor);
                }
            }
        }
        forward.push(net_input);
        given.push(GivenBackprop { firing_rate, slope, output_adjoint });
    }
    let Backward { adjoint, delta, gradient } = run_given(&parameters, &given, limits)?;
    let count: S = embed(&reciprocal(case.examples.len()), "1/B, B the number of examples,")?;
    let examples = forward.into_iter().zip(given).zip(adjoint.into_iter().zip(delta));
    let examples = examples
        .map(|((net_input, given), (adjoint, delta))| BackpropExample {
            net_input,
            firing_rate: given.firing_rate,
            slope: given.slope,
            adjoint: adjoint.into_iter().map(|l| l.into_iter().map(Adjoint).collect()).collect(),
            delta: delta.into_iter().map(|l| l.into_iter().map(Delta).collect()).collect(),
        })
        .collect();
    Ok(BackpropOutcome { loss: loss * &count, examples, gradient })
}

/// The backward pass alone (D6, D7).
///
/// # Errors
/// [`Error::Limit`]; [`Error::Unsupported`] where 1/B has no image in the ring.
pub fn run_given<S: Scalar>(
    parameters: &LayerParameters<S>,
    given: &[GivenBackprop<S>],
    limits: &Limits,
) -> Result<Backward<S>, Error> {
    let depth = parameters.weights.len();
    let mut gradient = LayeredGradient {
        weights: parameters
            .weights
            .iter()
            .map(|w| vec![vec![S::zero(); w[0].len()]; w.len()])
            .collect(),
        biases: parameters
            .biases
            .iter()
            .map(|b| b.as_ref().map(|b| vec![S::zero(); b.len()]))
            .collect(),
    };
    let (mut adjoints, mut deltas) = (Vec::new(), Vec::new());
    for example in given {
        let mut adjoint = vec![example.output_adjoint.clone()];
        let mut delta = Vec::new();
        for layer in (0..depth).rev() {
            let above = &adjoint[adjoint.len() - 1];
            for (adjoint, slope) in above.iter().zip(&example.slope[layer]) {
                afford(adjoint, slope, adjoint, limits, "a delta")?;
            }
            let of_layer: Vec<S> = above
                .iter()
                .zip(&example.slope[layer])
                .map(|(adjoint, slope)| slope.clone() * adjoint)
                .collect();
            let matrix = &parameters.weights[layer];
            let mut below = vec![S::zero(); matrix[0].len()];
            for (row, delta) in matrix.iter().zip(&of_layer) {
                for (sum, weight) in below.iter_mut().zip(row) {
                    afford(sum, weight, delta, limits, "an adjoint")?;
                    *sum = sum.clone() + &(weight.clone() * delta);
                    within(sum, limits, "an adjoint")?;
                }
            }
            let rows = gradient.weights[layer].iter_mut().zip(&of_layer);
            for (row, delta) in rows {
                for (entry, rate) in row.iter_mut().zip(&example.firing_rate[layer]) {
                    afford(entry, delta, rate, limits, "an entry of the gradient")?;
                    *entry = entry.clone() + &(delta.clone() * rate);
                    within(entry, limits, "an entry of the gradient")?;
                }
            }
            if let Some(biases) = &mut gradient.biases[layer] {
                for (entry, delta) in biases.iter_mut().zip(&of_layer) {
                    afford(entry, delta, &S::one(), limits, "an entry of the gradient")?;
                    *entry = entry.clone() + delta;
                }
            }
            delta.push(of_layer);
            adjoint.push(below);
        }
        adjoint.reverse();
        delta.reverse();
        adjoints.push(adjoint);
        deltas.push(delta);
    }
    let count: S = embed(&reciprocal(given.len()), "1/B, B the number of examples,")?;
    let weights = gradient.weights.iter_mut().flatten().flatten();
    for entry in weights.chain(gradient.biases.iter_mut().flatten().flatten()) {
        *entry = entry.clone() * &count;
    }
    Ok(Backward { adjoint: adjoints, delta: deltas, gradient })
}

impl<S: Scalar> LayerParameters<S> {
    /// The parameters of a layered network.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where a number has no image in the ring.
    pub fn of(net: &Layered) -> Result<Self, Error> {
        let vector = |values: &[BigRational], what: &str| {
            values.iter().map(|value| embed(value, what)).collect::<Result<Vec<S>, _>>()
        };
        let weights =
            |layer: &Layer| layer.weights.iter().map(|row| vector(row, "a weight")).collect();
        let biases = |layer: &Layer| layer.biases.as_ref().map(|b| vector(b, "a bias")).transpose();
        Ok(Self {
            weights: net.layers.iter().map(weights).collect::<Result<_, _>>()?,
            biases: net.layers.iter().map(biases).collect::<Result<_, _>>()?,
        })
    }
}

/// Net inputs, rates and slopes, by layer.
type Forward<S> = (Vec<Vec<S>>, Vec<Vec<S>>, Vec<Vec<S>>);

/// D5, and the slopes that D6 will want.
fn propagate<S: Scalar>(
    net: &Layered,
    parameters: &LayerParameters<S>,
    kink: Kink,
    input: Vec<S>,
    limits: &Limits,
) -> Result<Forward<S>, Error> {
    let mut rates = vec![input];
    let (mut net_inputs, mut slopes) = (Vec::new(), Vec::new());
    for (l, layer) in net.layers.iter().enumerate() {
        let kink = layer.kink.unwrap_or(kink);
        let (mut net_input, mut rate, mut slope) = (Vec::new(), Vec::new(), Vec::new());
        for (post, row) in parameters.weights[l].iter().enumerate() {
            let mut sum = S::zero();
            for (weight, presynaptic) in row.iter().zip(&rates[l]) {
                afford(&sum, presynaptic, weight, limits, "a net input")?;
                sum = sum + &(presynaptic.clone() * weight);
            }
            if let Some(biases) = &parameters.biases[l] {
                sum = sum + &biases[post];
            }
            within(&sum, limits, "a net input")?;
            afford_function(&layer.activation, &sum, limits)?;
            let (value, derivative) = value_and_slope(&layer.activation, kink, &sum)?;
            within(&value, limits, "a firing rate")?;
            net_input.push(sum);
            rate.push(value);
            slope.push(derivative);
        }
        net_inputs.push(net_input);
        slopes.push(slope);
        rates.push(rate);
    }
    Ok((net_inputs, rates, slopes))
}

/// On which side of a kink the middle piece lies; of a σ with one kink that is the piece on its right.
#[derive(Clone, Copy)]
enum Middle {
    OnTheLeft,
    OnTheRight,
}

/// σ(s) and σ'(s), both from the net input.
pub(super) fn value_and_slope<S: Scalar>(
    activation: &Activation,
    kink: Kink,
    s: &S,
) -> Result<(S, S), Error> {
    let ratio = |p: i64, q: i64| embed::<S>(&BigRational::new(p.into(), q.into()), "a constant");
    // Slope at a kink from its left and right neighbours; of `inner` and `outer` it asks which of them is the middle piece.
    let at_kink = |left: S, right: S, middle: Middle| match (kink, middle) {
        (Kink::Left, _) | (Kink::Inner, Middle::OnTheLeft) | (Kink::Outer, Middle::OnTheRight) => {
            Ok(left)
        }
        (Kink::Right, _) | (Kink::Inner, Middle::OnTheRight) | (Kink::Outer, Middle::OnTheLeft) => {
            Ok(right)
        }
        (Kink::Mean, _) => Ok((left + &right) * &ratio(1, 2)?),
        (Kink::Between(share), _) => {
            let jump = right - &left;
            Ok(left + &(jump * &embed(&share.exact(), "θ of a kink convention")?))
        }
    };
    let compare = |with: &S| (s.clone() - with).sign().ok_or_else(|| no_sign(activation.name()));
    let no_value = || {
        Error::unsupported(format!(
            "{} of a rational is not rational: use --number f64, or let certify take its rates as given",
            activation.name()
        ))
    };
    Ok(match activation {
        Activation::Identity => (s.clone(), S::one()),
        Activation::Relu => match compare(&S::zero())? {
            Ordering::Greater => (s.clone(), S::one()),
            Ordering::Less => (S::zero(), S::zero()),
            Ordering::Equal => (S::zero(), at_kink(S::zero(), S::one(), Middle::OnTheRight)?),
        },
        Activation::LeakyRelu { slope } => {
            let slope: S = embed(slope, "the slope of leaky_relu")?;
            match compare(&S::zero())? {
                Ordering::Greater => (s.clone(), S::one()),
                Ordering::Less => (s.clone() * &slope, slope),
                Ordering::Equal => (S::zero(), at_kink(slope, S::one(), Middle::OnTheRight)?),
            }
        }
        Activation::HardTanh { min, max } => {
            let (min, max): (S, S) = (embed(min, "min")?, embed(max, "max")?);
            match (compare(&min)?, compare(&max)?) {
                (Ordering::Less, _) => (min, S::zero()),
                (Ordering::Equal, _) => (min, at_kink(S::zero(), S::one(), Middle::OnTheRight)?),
                (_, Ordering::Less) => (s.clone(), S::one()),
                (_, Ordering::Equal) => (max, at_kink(S::one(), S::zero(), Middle::OnTheLeft)?),
                (_, Ordering::Greater) => (max, S::zero()),
            }
        }
        Activation::Square => (s.clone() * s, ratio(2, 1)? * s),
        Activation::Quadratic => (s.clone() * &(S::one() + s), S::one() + &(ratio(2, 1)? * s)),
        Activation::Cubic => {
            let square = s.clone() * s;
            let value = s.clone() * &(S::one() - &(square.clone() * &ratio(1, 3)?));
            (value, S::one() - &square)
        }
        Activation::Softsign => {
            let negative = compare(&S::zero())? == Ordering::Less;
            let denominator = S::one() + &(if negative { -s.clone() } else { s.clone() });
            // 1 + |s| ≥ 1 in any ordered field.
            let inverse = denominator.try_recip().ok_or_else(|| no_sign("softsign"))?;
            (s.clone() * &inverse, inverse.clone() * &inverse)
        }
        Activation::EluRational => match compare(&S::zero())? {
            Ordering::Greater => (s.clone(), S::one()),
            Ordering::Less | Ordering::Equal => {
                let inverse = S::one() - s;
                let inverse = inverse.try_recip().ok_or_else(|| no_sign("elu_rational"))?;
                // s/(1 − s) = 1/(1 − s) − 1
                (inverse.clone() - &S::one(), inverse.clone() * &inverse)
            }
        },
        // tanh' s = 4 L(2s) L(−2s), L' s = L(s) L(−s) and softplus' s = L(s), with L the logistic function
        Activation::Tanh => {
            let twice = s.clone() + s;
            let logistic = |s: &S| s.transcendental(Transcendental::Logistic).ok_or_else(no_value);
            let slope = ratio(4, 1)? * &logistic(&twice)? * &logistic(&-twice)?;
            (s.transcendental(Transcendental::Tanh).ok_or_else(no_value)?, slope)
        }
        Activation::Logistic => {
            let logistic = |s: &S| s.transcendental(Transcendental::Logistic).ok_or_else(no_value);
            let value = logistic(s)?;
            (value.clone(), value * &logistic(&-s.clone())?)
        }
        Activation::Softplus => {
            let value = |of| s.transcendental(of).ok_or_else(no_value);
            (value(Transcendental::Softplus)?, value(Transcendental::Logistic)?)
        }
    })
}

fn reciprocal(count: usize) -> BigRational {
    BigRational::new(1.into(), count.max(1).into())
}
