//! Feedback alignment, exactly: fixed matrices in place of the transposed weights (G1).

use num_rational::BigRational;

use super::credit::{balance_factors, external_credit};
use super::firing::firing;
use super::{Measure, afford, afford_function, embed, embed_parameters, holds, within};
use crate::error::Error;
use crate::scalar::Scalar;
use crate::spec::outcome::{Firing, Update};
use crate::spec::{
    Case, FeedbackMatrices, Limits, Network, Neuron, Parameters, PerNeuron, PerSynapse, Wiring,
};

/// What the rule computes of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedbackOutcome<S> {
    /// c of each example, neuron by neuron; 0 at inputs, to which nothing comes back.
    pub credit: Vec<PerNeuron<S>>,
    /// ΔW and Δb at η = 1: the direction in which the rule descends.
    pub update: Update<S>,
    /// L of the batch.
    pub loss: S,
}

/// The whole rule on a layered case.
///
/// ```text
/// G1   c^Λ = e,   d^l = β^l ∘ c^l,   c^(l−1) = B^l d^l  for l = Λ..2
/// D4   ΔW^l = ⟨d^l (x^(l−1))ᵀ⟩,   Δb^l = ⟨d^l⟩
/// ```
///
/// Rates, β and e are those of D1–D3; a replaced balance function counts, as it does in the credit rule.
///
/// Shapes: one credit per neuron and example, one update entry per synapse and per neuron. Units: dimensionless.
/// Exactness: exact over every `ExactScalar`. Source: Lillicrap et al. 2016, doi.org/10.1038/ncomms13276.
///
/// # Errors
/// [`Error::Unsupported`] on a graph, which has no layers, and for activations outside the number type; [`Error::Limit`].
pub fn run<S: Scalar>(
    case: &Case,
    feedback: &FeedbackMatrices,
    limits: &Limits,
) -> Result<FeedbackOutcome<S>, Error> {
    let Network::Layered(net) = &case.network else {
        return Err(Error::unsupported(
            "feedback alignment on a graph: its matrices belong to layers",
        ));
    };
    // Five numbers per neuron: net input, rate, balance factor, credit and drive.
    holds(&[case.network.neurons(), case.examples.len(), 5], limits, "all neurons and examples")?;
    let (wiring, firsts) = (Wiring::of(case), net.offsets());
    let parameters: Parameters<S> = embed_parameters(&Parameters::of(case))?;
    let feedback = embedded::<S>(feedback)?;
    let measure = Measure::of(&case.loss, case.examples.len(), wiring.outputs.len())?;
    let (mut credits, mut loss) = (Vec::new(), S::zero());
    let mut weights = PerSynapse::filled(wiring.synapses.len(), S::zero());
    let mut biases = PerNeuron::filled(wiring.neurons(), S::zero());
    for example in &case.examples {
        let input = embed_all(&example.input, "an input")?;
        let Firing { net_input, firing_rate } = firing(&wiring, &parameters, &input, limits)?;
        for post in (firsts[1]..wiring.neurons()).map(Neuron) {
            let function = wiring.balances[post].as_ref().unwrap_or(&wiring.activations[post]);
            afford_function(function, &net_input[post], limits)?;
        }
        let balance = balance_factors(&wiring, &net_input, &firing_rate)?;
        let targets: Vec<S> = embed_all(&example.target, "a target")?;
        let mut credit = external_credit(case, &wiring, &firing_rate, &targets)?;
        let outputs = wiring.outputs.iter().map(|&output| firing_rate[output].clone());
        loss = loss + &measure.of_example(outputs.zip(targets), limits)?;
        let drive = come_back(&firsts, &feedback, &balance, &mut credit, limits)?;
        for (synapse, ends) in wiring.synapses.indexed() {
            let (sum, d, x) = (&weights[synapse], &drive[ends.post], &firing_rate[ends.pre]);
            afford(sum, d, x, limits, "a weight update")?;
            let sum = sum.clone() + &(d.clone() * x);
            within(&sum, limits, "a weight update")?;
            weights[synapse] = sum;
        }
        for (post, _) in wiring.has_bias.indexed().filter(|(_, has)| **has) {
            afford(&biases[post], &drive[post], &S::one(), limits, "a bias update")?;
            biases[post] = biases[post].clone() + &drive[post];
        }
        credits.push(credit);
    }
    let share = BigRational::new(1.into(), case.examples.len().max(1).into());
    let share: S = embed(&share, "1/B, B the number of examples,")?;
    let mean = |sum: &S| sum.clone() * &share;
    let update = Update { weights: weights.map(mean), biases: biases.map(mean) };
    Ok(FeedbackOutcome { credit: credits, update, loss: mean(&loss) })
}

/// d^l = β^l ∘ c^l for l = Λ..1, and between them c^(l−1) = B^l d^l; `firsts` has the first neuron of each layer 0..Λ.
fn come_back<S: Scalar>(
    firsts: &[usize],
    feedback: &[Vec<Vec<S>>],
    balance: &PerNeuron<S>,
    credit: &mut PerNeuron<S>,
    limits: &Limits,
) -> Result<PerNeuron<S>, Error> {
    let ends = firsts.iter().skip(1).copied().chain([credit.len()]);
    let layers: Vec<_> = firsts.iter().zip(ends).map(|(&first, end)| first..end).collect();
    let mut drive = PerNeuron::filled(credit.len(), S::zero());
    for l in (1..layers.len()).rev() {
        for post in layers[l].clone().map(Neuron) {
            afford(&balance[post], &balance[post], &credit[post], limits, "a drive")?;
            drive[post] = balance[post].clone() * &credit[post];
        }
        // Nothing comes back to the inputs: there is no B¹.
        let Some(matrix) = l.checked_sub(2).map(|below| &feedback[below]) else { break };
        for (pre, row) in layers[l - 1].clone().map(Neuron).zip(matrix) {
            for (post, way) in layers[l].clone().map(Neuron).zip(row) {
                afford(&credit[pre], way, &drive[post], limits, "a credit")?;
                credit[pre] = credit[pre].clone() + &(way.clone() * &drive[post]);
            }
            within(&credit[pre], limits, "a credit")?;
        }
    }
    Ok(drive)
}

fn embed_all<S: Scalar>(values: &[BigRational], what: &str) -> Result<Vec<S>, Error> {
    values.iter().map(|value| embed(value, what)).collect()
}

/// The matrices in the ring of the engine.
fn embedded<S: Scalar>(feedback: &FeedbackMatrices) -> Result<Vec<Vec<Vec<S>>>, Error> {
    let row = |row: &Vec<BigRational>| embed_all(row, "an entry of B");
    let matrix = |rows: &Vec<Vec<BigRational>>| rows.iter().map(row).collect();
    feedback.matrices().iter().map(matrix).collect()
}
