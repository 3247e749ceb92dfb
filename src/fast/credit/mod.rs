//! D1–D4 by layers: firing, balance, credit and plasticity of a whole batch at once.

pub(in crate::fast) mod external;
pub(in crate::fast) mod neuron;
mod passes;
mod workspace;

use faer::{Mat, MatRef};

use super::network::examples;
use super::{Float, Function, Network, relax, within_limits};
use crate::error::Error;
use crate::spec::outcome::{Credit, CreditExample, CreditOutcome, Update};
use crate::spec::{Activation, Case, Kink, Network as Kind, PerNeuron, PerSynapse};

pub use workspace::Workspace;

/// The credit rule on a case in floats (D1–D4); graphs go to [`relax::run`].
///
/// Exactness: rounded; exact on lattice inputs.
///
/// # Errors
/// [`Error::NotFinite`] naming the quantity that overflowed, [`Error::Unsupported`] for recurrent
/// graphs, [`Error::Limit`] for a batch that would not fit into memory.
///
/// Source: Fan & Mysore, arXiv 2405.14139.
pub fn run<F: Float>(case: &Case) -> Result<CreditOutcome<F>, Error> {
    let Kind::Layered(exact) = &case.network else {
        return relax::run(case);
    };
    let widths = exact.widths();
    let (inputs, outputs) = (widths[0], widths[widths.len() - 1]);
    within_limits(case, widths.iter().sum())?;
    let network = Network::<F>::of(exact, case.kink)?;
    let (input, target) = examples::<F>(case, inputs, outputs)?;
    let learning_rate = super::rounded(&case.learning_rate, || "the learning rate".to_owned())?;
    let mut workspace =
        Workspace::with_input_credit(&network, case.examples.len())?.measured_by(&case.loss)?;
    workspace.settle(&network, input.as_ref(), target.as_ref())?;
    workspace.plasticity(input.as_ref(), learning_rate)?;
    Ok(outcome(&workspace, &network, &input))
}

/// s, x, β, e and c of each example as exact dyadic rationals, for the exact tier to take as given.
///
/// Exactness: the conversion is exact; the values are those of the `f64` run.
///
/// # Errors
/// As [`run`].
pub fn witnesses(case: &Case) -> Result<Vec<CreditExample<num_rational::BigRational>>, Error> {
    run::<f64>(case)?.examples.iter().map(super::exact_example).collect()
}

/// x = σ(s) and β = σ'(s) of one neuron in `f64`, for a net input that was computed otherwise.
///
/// Exactness: within the ulps stated in [`crate::verdict::bounded`] of σ at this very s.
///
/// # Errors
/// [`Error::NotFinite`].
pub fn neuron_at(activation: &Activation, kink: Kink, s: f64) -> Result<(f64, f64), Error> {
    let function = Function::<f64>::of(activation)?;
    let rate = neuron::firing_rate(&function, s);
    let factor = neuron::balance_factor(&function, kink, s, rate);
    if !(rate.is_finite() && factor.is_finite()) {
        return Err(super::not_finite(format!("{} of {s:e}", activation.name())));
    }
    Ok((rate, factor))
}

fn outcome<F: Float>(
    workspace: &Workspace<F>,
    network: &Network<F>,
    input: &Mat<F>,
) -> CreditOutcome<F> {
    let clamped = input.nrows();
    let zeros = || vec![F::from(0); clamped];
    let through = |start: Vec<F>, parts: Vec<MatRef<'_, F>>, b: usize| {
        let mut all = start;
        for part in parts {
            all.extend(part.col(b).iter().copied());
        }
        all
    };
    let layers = 1..=network.layers.len();
    let collect = |b: usize| {
        let net_input = layers.clone().map(|l| workspace.net_input(l)).collect();
        let rate = layers.clone().map(|l| workspace.firing_rate(l)).collect();
        let balance = layers.clone().map(|l| workspace.balance_factor(l)).collect();
        let credit = (0..=network.layers.len()).map(|l| workspace.credit(l)).collect();
        let x = input.col(b).iter().copied().collect();
        let credit = through(Vec::new(), credit, b);
        let hidden = credit.len() - workspace.credit(network.layers.len()).nrows();
        // In a layered network output neurons have no synapses onward: their credit is external, all of it.
        let external = (0..credit.len()).map(|n| if n < hidden { F::from(0) } else { credit[n] });
        CreditExample {
            net_input: PerNeuron::new(through(zeros(), net_input, b)),
            firing_rate: PerNeuron::new(through(x, rate, b)),
            balance_factor: PerNeuron::new(through(zeros(), balance, b)),
            external_credit: PerNeuron::new(external.collect()),
            credit: PerNeuron::new(credit.into_iter().map(Credit).collect()),
        }
    };
    let mut weights = Vec::new();
    let mut biases = zeros();
    for l in layers.clone() {
        let update = workspace.weight_update(l);
        for post in 0..update.nrows() {
            weights.extend((0..update.ncols()).map(|pre| update[(post, pre)]));
        }
        biases.extend_from_slice(workspace.bias_update(l));
    }
    let update = Update { weights: PerSynapse::new(weights), biases: PerNeuron::new(biases) };
    CreditOutcome { examples: (0..input.ncols()).map(collect).collect(), update }
}
