//! Known mistakes in feedback alignment (G1), and a plain reference to plant them in.

use num_rational::BigRational;

use super::functions::slope;
use super::reference::Reference;
use crate::error::Error;
use crate::scalar::Rational;
use crate::spec::outcome::Update;
use crate::spec::{
    Case, FeedbackMatrices, Layered, Limits, Network, Neuron, PerNeuron, PerSynapse,
};

/// A known mistake in feedback alignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misaligned {
    /// e = x − t at the outputs.
    OtherSign,
    /// σ'(x) for σ'(s).
    SlopeAtRate,
    /// d^l = c^l in hidden layers.
    NoHiddenSlope,
    /// c^(l−1) = B^l c^l.
    NoSlopeOnTheWay,
    /// d^Λ = β^Λ ∘ β^Λ ∘ e.
    OutputSlopeTwice,
    /// (B^l)ᵀ for B^l, where it is square.
    Transposed,
    /// (W^l)ᵀ after all: backpropagation.
    Weights,
    /// B of the next layer, or of the one before, where it has the same shape.
    Neighbour,
}

impl Misaligned {
    /// All of them, the simplest first.
    pub const ALL: [Self; 8] = [
        Self::OtherSign,
        Self::Weights,
        Self::SlopeAtRate,
        Self::NoHiddenSlope,
        Self::NoSlopeOnTheWay,
        Self::OutputSlopeTwice,
        Self::Transposed,
        Self::Neighbour,
    ];

    /// What it does, after "feedback alignment".
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::OtherSign => "with the error x − t for t − x",
            Self::SlopeAtRate => "with slopes taken at the rate in place of the net input",
            Self::NoHiddenSlope => "without the slopes of the hidden layers",
            Self::NoSlopeOnTheWay => "that sends back B c in place of B (β∘c)",
            Self::OutputSlopeTwice => "with the slope of the output layer twice",
            Self::Transposed => "with B transposed",
            Self::Weights => "with the transposed weights in place of B: that is backpropagation",
            Self::Neighbour => "with B of the neighbouring layer",
        }
    }

    /// The matrices that somebody with this mistake has; none where it changes none.
    fn matrices(self, net: &Layered, right: &FeedbackMatrices) -> Option<Vec<Vec<Vec<Rational>>>> {
        let own = |rows: &[Vec<BigRational>]| -> Vec<Vec<Rational>> {
            rows.iter().map(|row| row.iter().map(Rational::of).collect()).collect()
        };
        let all: Vec<_> = right.matrices().iter().map(|rows| own(rows)).collect();
        let shape = |m: &Vec<Vec<Rational>>| (m.len(), m.first().map_or(0, Vec::len));
        let other = |k: usize| {
            let neighbours = [Some(k + 1), k.checked_sub(1)].into_iter().flatten();
            let fits = |n: &usize| all.get(*n).is_some_and(|m| shape(m) == shape(&all[k]));
            neighbours.into_iter().find(fits)
        };
        let changed: Vec<_> = match self {
            Self::OtherSign
            | Self::SlopeAtRate
            | Self::NoHiddenSlope
            | Self::NoSlopeOnTheWay
            | Self::OutputSlopeTwice => return Some(all),
            Self::Weights => {
                FeedbackMatrices::transposed(net).matrices().iter().map(|rows| own(rows)).collect()
            }
            Self::Transposed => all.iter().map(|matrix| turned(matrix)).collect(),
            Self::Neighbour => (0..all.len()).map(|k| all[other(k).unwrap_or(k)].clone()).collect(),
        };
        (changed != all).then_some(changed)
    }
}

/// The transposed of a square matrix; any other as it is.
fn turned(matrix: &[Vec<Rational>]) -> Vec<Vec<Rational>> {
    if matrix.iter().any(|row| row.len() != matrix.len()) {
        return matrix.to_vec();
    }
    (0..matrix.len()).map(|i| matrix.iter().map(|row| row[i].clone()).collect()).collect()
}

/// What somebody's feedback alignment with this mistake, or with none, takes for the gradient ∂L/∂W; none where the mistake has nothing to
/// change. It calls no engine.
///
/// # Errors
/// [`Error::Unsupported`] for a graph or a slope beyond every float, [`Error::Limit`].
pub fn misaligned(
    case: &Case,
    feedback: &FeedbackMatrices,
    mistake: Option<Misaligned>,
    limits: &Limits,
) -> Result<Option<Update<BigRational>>, Error> {
    let Network::Layered(net) = &case.network else {
        return Err(Error::unsupported("feedback alignment on a graph"));
    };
    let matrices = match mistake {
        Some(mistake) => mistake.matrices(net, feedback),
        None => Misaligned::OtherSign.matrices(net, feedback),
    };
    let Some(matrices) = matrices else { return Ok(None) };
    let reference = Reference::new(case, limits)?;
    let mut weights = vec![Rational::zero(); reference.wiring.synapses.len()];
    let mut biases = vec![Rational::zero(); reference.wiring.neurons()];
    for example in 0..case.examples.len() {
        let drive = drives(&reference, net, &matrices, mistake, example)?;
        let rates = &reference.firing[example].firing_rate;
        let ends = reference.wiring.synapses.iter();
        for (sum, ends) in weights.iter_mut().zip(ends) {
            reference.affords(1, [sum, &drive[ends.post.0], &rates[ends.pre]])?;
            *sum += &drive[ends.post.0] * &rates[ends.pre];
        }
        for (post, has_bias) in reference.wiring.has_bias.indexed() {
            if *has_bias {
                biases[post.0] += &drive[post.0];
            }
        }
    }
    // A step against the gradient goes with the drive.
    let share = -reference.share();
    let mean = |sums: Vec<Rational>| sums.into_iter().map(|sum| (sum * &share).plain()).collect();
    let (weights, biases) = (PerSynapse::new(mean(weights)), PerNeuron::new(mean(biases)));
    Ok(Some(Update { weights, biases }))
}

/// d of every neuron in one example, from the output layer down.
fn drives(
    reference: &Reference<'_>,
    net: &Layered,
    matrices: &[Vec<Vec<Rational>>],
    mistake: Option<Misaligned>,
    example: usize,
) -> Result<Vec<Rational>, Error> {
    let (firsts, last) = (net.offsets(), net.layers.len());
    let firing = &reference.firing[example];
    let mut credit: Vec<_> = reference.case.examples[example]
        .target
        .iter()
        .zip(&reference.wiring.outputs)
        .map(|(target, output)| {
            -reference.slope_of_loss(&firing.firing_rate[*output], &Rational::of(target))
        })
        .collect();
    if mistake == Some(Misaligned::OtherSign) {
        credit.iter_mut().for_each(|e| *e = -e.clone());
    }
    let mut all = vec![Rational::zero(); reference.wiring.neurons()];
    for layer in (1..=last).rev() {
        let mut drive = Vec::new();
        for (k, c) in credit.iter().enumerate() {
            let neuron = Neuron(firsts[layer] + k);
            let beta = beta(reference, mistake, example, neuron)?;
            let beta = match mistake {
                Some(Misaligned::NoHiddenSlope) if layer < last => Rational::one(),
                Some(Misaligned::OutputSlopeTwice) if layer == last => &beta * &beta,
                _ => beta,
            };
            drive.push(beta * c);
        }
        for (k, d) in drive.iter().enumerate() {
            reference.within_limits(d)?;
            all[firsts[layer] + k] = d.clone();
        }
        let Some(below) = layer.checked_sub(2) else { break };
        let sent = if mistake == Some(Misaligned::NoSlopeOnTheWay) { &credit } else { &drive };
        let mut next = Vec::new();
        for row in &matrices[below] {
            let mut sum = Rational::zero();
            for (way, value) in row.iter().zip(sent) {
                reference.affords(1, [&sum, way, value])?;
                sum += way * value;
            }
            next.push(sum);
        }
        credit = next;
    }
    Ok(all)
}

/// β of one neuron, by the slope of σ or of the function in its place.
fn beta(
    reference: &Reference<'_>,
    mistake: Option<Misaligned>,
    example: usize,
    neuron: Neuron,
) -> Result<Rational, Error> {
    let (wiring, firing) = (&reference.wiring, &reference.firing[example]);
    let function = wiring.balances[neuron].as_ref().unwrap_or(&wiring.activations[neuron]);
    let at = match mistake {
        Some(Misaligned::SlopeAtRate) => &firing.firing_rate[neuron],
        _ => &firing.net_input[neuron],
    };
    reference.affords(1, [at; 3])?;
    slope(function, wiring.kinks[neuron], at).ok_or_else(|| {
        Error::unsupported(format!("{} at numbers beyond every float", function.name()))
    })
}
