//! Both algorithms on one case, for showing them side by side.

use num_rational::BigRational;

use super::evidence::Evidence;
use super::options::Options;
use super::settling::afford_sweep;
use crate::error::Error;
use crate::progress::Silent;
use crate::scalar::Rational;
use crate::spec::outcome::Update;
use crate::spec::{Case, Limits, Neuron, PerNeuron, Wiring};
use crate::textbook::relax;

/// Everything that both algorithms compute on the way.
#[derive(Clone, Debug)]
pub struct Steps {
    /// The outcomes of the exact engines.
    pub evidence: Evidence,
    /// −η ∂L/∂W of backpropagation, or of the arbiter on a graph.
    pub reference: Option<Update<BigRational>>,
    /// E and I of each example and neuron (D1); both 0 on input neurons.
    pub balance: Vec<PerNeuron<Balance>>,
    /// Credits of each example after 0, 1, …, depth + 1 sweeps from zero; with a cycle after the first few.
    pub sweeps: Vec<Vec<PerNeuron<BigRational>>>,
}

/// What excites a neuron and what inhibits it.
///
/// ```text
/// D1   E_i = Σ of the positive terms of s_i,  I_i = −Σ of the negative ones,  s_i = E_i − I_i
/// ```
///
/// The terms are W_ij x_j of every synapse, and the bias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// E.
    pub excitation: BigRational,
    /// I.
    pub inhibition: BigRational,
}

impl Balance {
    fn of(evidence: &Evidence<Rational>, rates: &PerNeuron<Rational>, post: Neuron) -> Self {
        let (mut excitation, mut inhibition) = (Rational::zero(), Rational::zero());
        let incoming = evidence.wiring.incoming[post].iter().map(|&synapse| {
            &evidence.parameters.weights[synapse] * &rates[evidence.wiring.synapses[synapse].pre]
        });
        for term in incoming.chain([evidence.parameters.biases[post].clone()]) {
            if term.is_negative() { inhibition -= term } else { excitation += term }
        }
        Self { excitation: excitation.into(), inhibition: inhibition.into() }
    }
}

/// How many sweeps are shown where none of them is the last.
const SHOWN_SWEEPS: usize = 6;

/// Runs both algorithms and keeps every intermediate result.
///
/// # Errors
/// As [`super::certify`].
pub fn steps(case: &Case, limits: &Limits) -> Result<Steps, Error> {
    let wiring = Wiring::of(case);
    let depth = wiring.depth().unwrap_or(SHOWN_SWEEPS - 1);
    let options = Options { limits: limits.clone(), ..Options::default() };
    // The directions of the arbiter are the unit directions here, or not shown; no digest is needed.
    let evidence = Evidence::gather(case, &wiring, "", &options, &mut Silent)?;
    let zero = Rational::zero();
    let sweeps = evidence.credit.examples.iter().map(|example| -> Result<_, Error> {
        let mut sweeps = vec![PerNeuron::filled(wiring.neurons(), zero.clone())];
        for before in 0..=depth {
            let view = evidence.view(example, &sweeps[before]);
            afford_sweep(&view, limits)?;
            sweeps.push(relax::sweep(&view));
        }
        Ok(sweeps.iter().map(|sweep| sweep.map(Rational::plain)).collect())
    });
    let sweeps = sweeps.collect::<Result<_, _>>()?;
    let reference = evidence.reference_update(case).map(|update| update.map(Rational::plain));
    let balance = evidence.credit.examples.iter().map(|example| {
        PerNeuron::from_fn(wiring.neurons(), |post| {
            Balance::of(&evidence, &example.firing_rate, post)
        })
    });
    let balance = balance.collect();
    Ok(Steps { evidence: evidence.map(Rational::plain), reference, balance, sweeps })
}
