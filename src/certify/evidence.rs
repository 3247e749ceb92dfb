//! What the exact engines find on a case, before anything is compared.

use num_rational::BigRational;

use super::given;
use super::options::Options;
use crate::certificate::{Inverses, MOST_UNIT_DIRECTIONS, Matrix, PerParameter, digest};
use crate::error::Error;
use crate::progress::Progress;
use crate::scalar::Rational;
use crate::spec::outcome::{BackpropOutcome, CreditExample, CreditOutcome, Update};
use crate::spec::{Case, Limits, Network, Neuron, Parameters, PerNeuron, PerSynapse, Wiring};
use crate::textbook::response::{self, Responses};
use crate::textbook::{Equilibrium, backprop, credit, equilibrium, tangent};
use crate::verdict::bridge::{update_of_derivatives, update_of_gradient};

/// What the exact engines found on a case.
#[derive(Clone, Debug)]
pub struct Evidence<S = BigRational> {
    /// The network as a graph.
    pub wiring: Wiring,
    /// W and b.
    pub parameters: Parameters<S>,
    /// η
    pub learning_rate: S,
    /// Whether x and β were evaluated exactly; if not, both sides were given the same ones.
    pub evaluated: bool,
    /// The credit rule.
    pub credit: CreditOutcome<S>,
    /// Backpropagation; none on a graph.
    pub backprop: Option<BackpropOutcome<S>>,
    /// ∂L_b/∂x_j by the arbiter per example, on a graph that is evaluated.
    pub responses: Option<Vec<PerNeuron<S>>>,
    /// The inverses of each example; with a cycle only.
    pub inverses: Option<Vec<Inverses>>,
    /// H of C3; empty where x and β are given.
    pub directions: Vec<Parameters<S>>,
    /// The derivatives of L along them, by the arbiter.
    pub derivatives: Vec<S>,
}

impl<S> Evidence<S> {
    /// The same in another number type.
    #[must_use]
    pub fn map<T>(&self, to: impl Fn(&S) -> T) -> Evidence<T> {
        let responses = self.responses.as_ref();
        Evidence {
            wiring: self.wiring.clone(),
            parameters: self.parameters.map(&to),
            learning_rate: to(&self.learning_rate),
            evaluated: self.evaluated,
            credit: self.credit.map(&to),
            backprop: self.backprop.as_ref().map(|outcome| outcome.map(&to)),
            responses: responses.map(|all| all.iter().map(|one| one.map(&to)).collect()),
            inverses: self.inverses.clone(),
            directions: self.directions.iter().map(|direction| direction.map(&to)).collect(),
            derivatives: self.derivatives.iter().map(&to).collect(),
        }
    }
}

impl Evidence<Rational> {
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
        if wiring.is_recurrent() {
            evidence.inverses = Some(evidence.inverted(case, limits)?);
        }
        if !evidence.evaluated {
            return Ok(evidence);
        }
        progress.stage("arbiter")?;
        if wiring.is_recurrent() {
            return evidence.with_responses(case, digest, options);
        }
        for direction in digest::directions(digest, options.seed, wiring) {
            let direction = in_ratios(direction);
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

    /// The arbiter of a network with a cycle: one linear response per example serves every direction.
    fn with_responses(
        mut self,
        case: &Case,
        digest: &str,
        options: &Options,
    ) -> Result<Self, Error> {
        let responses = Responses::of(case, &options.limits)?;
        for direction in digest::directions(digest, options.seed, &self.wiring) {
            let direction = in_ratios(direction);
            self.derivatives.push(responses.along(&direction, &options.limits)?.tangent);
            self.directions.push(direction);
        }
        let at_rates = (0..case.examples.len()).map(|b| {
            let neurons = (0..self.wiring.neurons()).map(Neuron);
            let of_example = neurons.map(|neuron| responses.at_rate(b, neuron, &options.limits));
            Ok(PerNeuron::new(of_example.collect::<Result<_, Error>>()?))
        });
        self.responses = Some(at_rates.collect::<Result<_, Error>>()?);
        Ok(self)
    }

    /// The credit rule and backpropagation alone.
    fn both_sides(case: &Case, limits: &Limits) -> Result<Self, Error> {
        let wiring = Wiring::of(case);
        let parameters = Parameters::of(case).map(Rational::of);
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
                Network::Layered(net) => {
                    Some(given::backprop_outcome(case, net, &equilibria, limits)?)
                }
                Network::Graph(_) => None,
            };
            (credit, backprop)
        };
        Ok(Self {
            wiring,
            parameters,
            learning_rate: Rational::of(&case.learning_rate),
            evaluated,
            credit,
            backprop,
            responses: None,
            inverses: None,
            directions: Vec::new(),
            derivatives: Vec::new(),
        })
    }

    /// (I − Wᵀ diag β)⁻¹ and, where β is not σ', the same with σ': transposed linear responses.
    fn inverted(&self, case: &Case, limits: &Limits) -> Result<Vec<Inverses>, Error> {
        let of_slopes = if self.evaluated && case.has_own_balance() {
            Some(Responses::<Rational>::of(case, limits)?)
        } else {
            None
        };
        let inverses = self.credit.examples.iter().enumerate().map(|(b, example)| {
            let weights = &self.parameters.weights;
            let found = response::given(&self.wiring, weights, &example.balance_factor, limits)?;
            Ok(Inverses {
                credit: transposed(&found),
                slope: of_slopes.as_ref().map(|responses| transposed(responses.response(b))),
            })
        });
        inverses.collect()
    }

    /// The reference side alone, for a case that differs in a parameter and that the other side does not get; none where
    /// [`Self::reference_update`] has none.
    pub(super) fn reference_of(
        &self,
        moved: &Case,
        limits: &Limits,
    ) -> Result<Option<Update<Rational>>, Error> {
        if self.wiring.is_recurrent() {
            return self.displaced_reference(moved, limits).map(Some);
        }
        let Network::Layered(net) = &moved.network else {
            let derivatives = tangent::gradient(moved, limits)?;
            return Ok(Some(update_of_derivatives(&derivatives, &self.learning_rate)));
        };
        let outcome = if moved.is_exact() {
            backprop::run(moved, limits)?
        } else {
            given::backprop_outcome(
                moved,
                net,
                &given::equilibria(moved, &Wiring::of(moved))?,
                limits,
            )?
        };
        Ok(Some(update_of_gradient(net, &outcome.gradient, &self.learning_rate)))
    }

    /// The arbiter at the equilibria to which a small move of the parameters leads.
    fn displaced_reference(
        &self,
        moved: &Case,
        limits: &Limits,
    ) -> Result<Update<Rational>, Error> {
        let parameters = Parameters::of(moved).map(Rational::of);
        let equilibria = moved.examples.iter().zip(&self.credit.examples).map(|(given, found)| {
            let (s, x) = (&found.net_input, &found.firing_rate);
            let at = equilibrium::displaced(&self.wiring, &parameters, given, s, x, limits)?;
            Ok((at, given.target.iter().map(Rational::of).collect()))
        });
        let equilibria = equilibria.collect::<Result<Vec<_>, Error>>()?;
        let responses = Responses::at(moved, self.wiring.clone(), &parameters, equilibria, limits)?;
        Ok(update_of_derivatives(&responses.gradient(limits)?, &self.learning_rate))
    }

    /// One example as the local rule sees it, with these credits.
    pub(super) fn view<'a>(
        &'a self,
        example: &'a CreditExample<Rational>,
        credit: &'a PerNeuron<Rational>,
    ) -> Equilibrium<'a, Rational> {
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
    pub fn reference_update(&self, case: &Case) -> Option<Update<Rational>> {
        if let (Network::Layered(net), Some(backprop)) = (&case.network, &self.backprop) {
            return Some(update_of_gradient(net, &backprop.gradient, &self.learning_rate));
        }
        let unit = self.evaluated && self.wiring.parameters() <= MOST_UNIT_DIRECTIONS;
        if !unit {
            return None;
        }
        let (weights, biases) = self.derivatives.split_at(self.wiring.synapses.len());
        let mut of_neuron = PerNeuron::filled(self.wiring.neurons(), Rational::zero());
        let with_bias = self.wiring.has_bias.indexed().filter(|(_, has)| **has);
        for ((neuron, _), derivative) in with_bias.zip(biases) {
            of_neuron[neuron] = derivative.clone();
        }
        let derivatives = Update { weights: PerSynapse::new(weights.to_vec()), biases: of_neuron };
        Some(update_of_derivatives(&derivatives, &self.learning_rate))
    }
}

/// A direction of the arbiter, in the numbers that the exact side computes in.
fn in_ratios(direction: PerParameter<BigRational>) -> Parameters<Rational> {
    Parameters { weights: direction.weights, biases: direction.biases }.map(Rational::of)
}

fn transposed(matrix: &[Vec<Rational>]) -> Matrix {
    let row = |column: usize| matrix.iter().map(|row| row[column].plain()).collect();
    (0..matrix.len()).map(row).collect()
}
