//! What the exact engines find on a case, before anything is compared.

use num_rational::BigRational;
use num_traits::Zero;

use super::{Options, Progress, given};
use crate::certificate::{MOST_UNIT_DIRECTIONS, digest};
use crate::check::bridge::{update_of_derivatives, update_of_gradient};
use crate::error::Error;
use crate::spec::outcome::{BackpropOutcome, CreditExample, CreditOutcome, Update};
use crate::spec::{Case, Limits, Network, Neuron, Parameters, PerNeuron, PerSynapse, Wiring};
use crate::textbook::{Equilibrium, backprop, credit, tangent};

/// What the exact engines found on a case.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// The network as a graph.
    pub wiring: Wiring,
    /// W and b.
    pub parameters: Parameters<BigRational>,
    /// η
    pub learning_rate: BigRational,
    /// Whether x and β were evaluated exactly; if not, both sides were given the same ones.
    pub evaluated: bool,
    /// The credit rule.
    pub credit: CreditOutcome<BigRational>,
    /// Backpropagation; none on a graph.
    pub backprop: Option<BackpropOutcome<BigRational>>,
    /// ∂L_b/∂x_j by the arbiter per example, on a graph that is evaluated.
    pub responses: Option<Vec<PerNeuron<BigRational>>>,
    /// H of C3; empty where x and β are given.
    pub directions: Vec<Parameters<BigRational>>,
    /// The derivatives of L along them, by the arbiter.
    pub derivatives: Vec<BigRational>,
}

impl Evidence {
    /// Runs every exact engine.
    ///
    /// # Errors
    /// As [`super::certify`].
    pub fn gather(
        case: &Case,
        wiring: &Wiring,
        digest: &str,
        options: &Options,
        progress: &mut dyn Progress,
    ) -> Result<Self, Error> {
        let limits = &options.limits;
        let mut evidence = Self::both_sides(case, limits)?;
        if !evidence.evaluated {
            return Ok(evidence);
        }
        progress.stage("arbiter")?;
        for direction in digest::directions(digest, options.seed, wiring) {
            let direction = Parameters { weights: direction.weights, biases: direction.biases };
            evidence.derivatives.push(tangent::along(case, &direction, limits)?.tangent);
            evidence.directions.push(direction);
        }
        if evidence.backprop.is_none() {
            let neurons: Vec<_> = (0..wiring.neurons()).map(Neuron).collect();
            let responses = tangent::at_rates(case, &neurons, limits)?;
            evidence.responses = Some(responses.into_iter().map(PerNeuron::new).collect());
        }
        Ok(evidence)
    }

    /// The credit rule and backpropagation alone.
    fn both_sides(case: &Case, limits: &Limits) -> Result<Self, Error> {
        let wiring = Wiring::of(case);
        let parameters = Parameters::of(case);
        let evaluated = case.is_exact() && wiring.balances.iter().flatten().all(|f| f.is_exact());
        let (credit, backprop) = if evaluated {
            let credit = credit::run(case, limits)?;
            let backprop = match &case.network {
                Network::Layered(_) => Some(backprop::run(case, limits)?),
                Network::Graph(_) => None,
            };
            (credit, backprop)
        } else if case.has_own_balance() {
            return Err(Error::unsupported(
                "a replaced balance function together with tanh, logistic or softplus: their slopes are only given",
            ));
        } else {
            let equilibria = given::equilibria(case, &wiring)?;
            let credit = given::credit_outcome(case, &wiring, &parameters, &equilibria, limits)?;
            let backprop = match &case.network {
                Network::Layered(net) => Some(given::backprop_outcome(net, &equilibria, limits)?),
                Network::Graph(_) => None,
            };
            (credit, backprop)
        };
        Ok(Self {
            wiring,
            parameters,
            learning_rate: case.learning_rate.clone(),
            evaluated,
            credit,
            backprop,
            responses: None,
            directions: Vec::new(),
            derivatives: Vec::new(),
        })
    }

    /// The reference side alone, for a case that the other side does not get; none where
    /// [`Self::reference_update`] has none.
    pub(super) fn reference_of(
        case: &Case,
        limits: &Limits,
    ) -> Result<Option<Update<BigRational>>, Error> {
        let Network::Layered(net) = &case.network else {
            let derivatives = tangent::gradient(case, limits)?;
            return Ok(Some(update_of_derivatives(&derivatives, &case.learning_rate)));
        };
        let outcome = if case.is_exact() {
            backprop::run(case, limits)?
        } else {
            given::backprop_outcome(net, &given::equilibria(case, &Wiring::of(case))?, limits)?
        };
        Ok(Some(update_of_gradient(net, &outcome.gradient, &case.learning_rate)))
    }

    /// One example as the local rule sees it, with these credits.
    pub(super) fn view<'a>(
        &'a self,
        example: &'a CreditExample<BigRational>,
        credit: &'a PerNeuron<BigRational>,
    ) -> Equilibrium<'a, BigRational> {
        Equilibrium {
            wiring: &self.wiring,
            parameters: &self.parameters,
            learning_rate: &self.learning_rate,
            firing_rate: &example.firing_rate,
            balance_factor: &example.balance_factor,
            external_credit: &example.external_credit,
            credit,
        }
    }

    /// The gradient that the arbiter or backpropagation found, per parameter, as the update it asks for;
    /// none on a graph above the limit of unit directions.
    #[must_use]
    pub fn reference_update(&self, case: &Case) -> Option<Update<BigRational>> {
        if let (Network::Layered(net), Some(backprop)) = (&case.network, &self.backprop) {
            return Some(update_of_gradient(net, &backprop.gradient, &case.learning_rate));
        }
        let unit = self.evaluated && self.wiring.parameters() <= MOST_UNIT_DIRECTIONS;
        if !unit {
            return None;
        }
        let (weights, biases) = self.derivatives.split_at(self.wiring.synapses.len());
        let mut of_neuron = PerNeuron::filled(self.wiring.neurons(), BigRational::zero());
        let with_bias = self.wiring.has_bias.indexed().filter(|(_, has)| **has);
        for ((neuron, _), derivative) in with_bias.zip(biases) {
            of_neuron[neuron] = derivative.clone();
        }
        let derivatives = Update { weights: PerSynapse::new(weights.to_vec()), biases: of_neuron };
        Some(update_of_derivatives(&derivatives, &case.learning_rate))
    }
}
