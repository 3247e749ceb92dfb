//! What a mutant is compared with: the textbook engines, once they agree with each other.

use num_rational::BigRational;

use crate::error::Error;
use crate::scalar::Rational;
use crate::spec::outcome::{BackpropOutcome, CreditOutcome, LayeredGradient};
use crate::spec::{Case, Limits, Network, Parameters, PerNeuron, Wiring};
use crate::textbook::{self, Equilibrium};
use crate::verdict::{Comparison, Verdict, bridge};

use super::credit::{CreditRun, Credits};

/// The textbook's results on one case.
#[derive(Clone, Debug)]
pub struct Truth {
    /// The case seen as a graph.
    pub wiring: Wiring,
    /// The credit rule by elimination.
    pub credit: CreditOutcome<BigRational>,
    /// `sweeps[n][example]`: c after n sweeps of the textbook's relaxation from zero.
    pub sweeps: Vec<Credits>,
    /// None for a graph.
    pub backprop: Option<BackpropOutcome<BigRational>>,
    /// Whether credit, backpropagation and tangent agree with each other.
    pub founded: Verdict,
}

impl Truth {
    /// Runs credit, relaxation, tangent and, on layers, backpropagation.
    ///
    /// # Errors
    /// Those of the engines.
    pub fn of(case: &Case, limits: &Limits) -> Result<Self, Error> {
        let wiring = Wiring::of(case);
        let learning_rate = Rational::of(&case.learning_rate);
        let credit = textbook::credit::run::<Rational>(case, limits)?;
        let tangent = textbook::tangent::gradient::<Rational>(case, limits)?;
        let arbiter = bridge::update_of_derivatives(&tangent, &learning_rate);
        let mut founded = bridge::updates_agree(&wiring, &credit.update, &arbiter);
        let mut backprop = None;
        if let Network::Layered(net) = &case.network {
            let outcome = textbook::backprop::run::<Rational>(case, limits)?;
            let update = bridge::update_of_gradient(net, &outcome.gradient, &learning_rate);
            founded = founded
                .and(bridge::updates_agree(&wiring, &credit.update, &update))
                .and(bridge::credits_are_adjoints(net, &credit.examples, &outcome.examples));
            backprop = Some(outcome);
        }
        Ok(Self::new(case, wiring, &credit, backprop.as_ref(), founded))
    }

    /// What both sides found, whoever ran them, with the textbook's relaxation.
    pub(crate) fn new(
        case: &Case,
        wiring: Wiring,
        credit: &CreditOutcome<Rational>,
        backprop: Option<&BackpropOutcome<Rational>>,
        founded: Verdict,
    ) -> Self {
        Self {
            sweeps: relaxation(case, &wiring, credit),
            wiring,
            credit: credit.map(Rational::plain),
            backprop: backprop.map(|outcome| outcome.map(Rational::plain)),
            founded,
        }
    }

    /// ΔW and Δb of a run against the textbook's.
    pub(super) fn compare_update(&self, run: &CreditRun) -> Verdict {
        bridge::updates_agree(&self.wiring, &run.update, &self.credit.update)
    }

    /// Settled credits of a run, those of inputs included, against the textbook's elimination.
    pub(super) fn compare_credits(&self, run: &CreditRun) -> Verdict {
        let mut comparison = Comparison::new();
        for (b, (found, expected)) in run.credit.iter().zip(&self.credit.examples).enumerate() {
            for (neuron, credit) in expected.credit.indexed() {
                let place = || format!("example {b}, credit of neuron {}", neuron.0);
                comparison.entry(place, &found[neuron], &credit.0);
            }
        }
        comparison.verdict()
    }

    /// The credits after each sweep of a run against the textbook's relaxation.
    pub(super) fn compare_sweeps(&self, run: &CreditRun) -> Verdict {
        let mut comparison = Comparison::new();
        comparison.shape("sweeps", run.sweeps.len(), self.sweeps.len());
        for (n, (found, expected)) in run.sweeps.iter().zip(&self.sweeps).enumerate() {
            for (b, (found, expected)) in found.iter().zip(expected).enumerate() {
                for (neuron, credit) in expected.indexed() {
                    let place = || format!("sweep {n}, example {b}, credit of neuron {}", neuron.0);
                    comparison.entry(place, &found[neuron], credit);
                }
            }
        }
        comparison.verdict()
    }

    /// A gradient against that of the textbook's backpropagation.
    pub(super) fn compare_gradient(&self, found: &LayeredGradient<BigRational>) -> Verdict {
        let mut comparison = Comparison::new();
        let Some(outcome) = &self.backprop else { return comparison.verdict() };
        let expected = &outcome.gradient;
        comparison.shape("layers", found.weights.len(), expected.weights.len());
        for (l, (found, expected)) in found.weights.iter().zip(&expected.weights).enumerate() {
            for (post, (found, expected)) in found.iter().zip(expected).enumerate() {
                for (pre, (found, expected)) in found.iter().zip(expected).enumerate() {
                    let place = || format!("∂L/∂W of layer {} from {pre} to {post}", l + 1);
                    comparison.entry(place, found, expected);
                }
            }
        }
        for (l, (found, expected)) in found.biases.iter().zip(&expected.biases).enumerate() {
            let (found, expected) = (found.iter().flatten(), expected.iter().flatten());
            for (post, (found, expected)) in found.zip(expected).enumerate() {
                comparison.entry(|| format!("∂L/∂b of layer {} at {post}", l + 1), found, expected);
            }
        }
        comparison.verdict()
    }
}

/// c after 0, 1, … depth + 1 sweeps of the textbook's relaxation, from zero.
fn relaxation(case: &Case, wiring: &Wiring, outcome: &CreditOutcome<Rational>) -> Vec<Credits> {
    let parameters = Parameters::of(case).map(Rational::of);
    let learning_rate = Rational::of(&case.learning_rate);
    let zero = PerNeuron::filled(wiring.neurons(), Rational::zero());
    let mut history = vec![vec![zero; outcome.examples.len()]];
    // With a cycle one sweep is made to be looked at; none of them is the last.
    for sweep in 0..=wiring.depth().unwrap_or(0) {
        let examples = outcome.examples.iter().zip(&history[sweep]);
        let after = examples.map(|(example, credit)| {
            textbook::relax::sweep(&Equilibrium {
                wiring,
                parameters: &parameters,
                learning_rate: &learning_rate,
                firing_rate: &example.firing_rate,
                balance_factor: &example.balance_factor,
                external_credit: &example.external_credit,
                credit,
            })
        });
        let after = after.collect();
        history.push(after);
    }
    let plain =
        |all: &Vec<_>| all.iter().map(|one: &PerNeuron<_>| one.map(Rational::plain)).collect();
    history.iter().map(plain).collect()
}
