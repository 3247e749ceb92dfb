//! Tier Q: exact rational runs of every engine, and C1–C3 on every entry.

use num_rational::BigRational;
use num_traits::Zero;

use super::{Options, Progress, gates, given};
use crate::certificate::digest;
use crate::check::bridge::{
    compare_updates, credits_are_adjoints, credits_are_derivatives, update_of_derivatives,
    update_of_gradient,
};
use crate::check::{Cell, Claim, Comparison, Tier, Verdict};
use crate::error::Error;
use crate::spec::outcome::{BackpropOutcome, CreditExample, CreditOutcome, Update};
use crate::spec::{Case, Layered, Limits, Network, Neuron, Parameters, PerNeuron, Wiring};
use crate::textbook::{Equilibrium, backprop, credit, interpolate, tangent};

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

/// Above this degree the interpolation would cost more than everything else together.
const MOST_DEGREE: u32 = 48;

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
            evidence.responses = Some(responses(case, wiring, limits)?);
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

    /// C1–C3 of tier Q, with the gates of liveness and observability.
    ///
    /// # Errors
    /// As [`super::certify`].
    pub fn cells(
        &self,
        case: &Case,
        options: &Options,
        progress: &mut dyn Progress,
    ) -> Result<Vec<Cell>, Error> {
        let live = gates::liveness(&self.wiring, &self.credit);
        let gated = |verdict: Verdict| match (&live, verdict) {
            (Some(reason), Verdict::Agree(_)) => Verdict::Unchecked(reason.clone()),
            (_, verdict) => verdict,
        };
        let mut cells = match (&case.network, &self.backprop) {
            (Network::Layered(net), Some(backprop)) => {
                self.layered_cells(case, net, backprop, &gated)
            }
            _ => self.graph_cells(case, &gated),
        };
        if !self.evaluated {
            for cell in &mut cells {
                cell.notes.push(GIVEN.into());
            }
        }
        progress.stage("observability")?;
        gates::observe(case, self, &options.limits, &mut cells)?;
        cells.push(self.truth_cell(case, &options.limits, &gated)?);
        Ok(cells)
    }

    fn layered_cells(
        &self,
        case: &Case,
        net: &Layered,
        backprop: &BackpropOutcome<BigRational>,
        gated: &impl Fn(Verdict) -> Verdict,
    ) -> Vec<Cell> {
        let credits = credits_are_adjoints(net, &self.credit.examples, &backprop.examples);
        let mut comparison = Comparison::new();
        let expected = update_of_gradient(net, &backprop.gradient, &case.learning_rate);
        compare_updates(&self.wiring, &self.credit.update, &expected, &mut comparison);
        vec![
            Cell::checked(Claim::Credit, Tier::Exact, gated(credits))
                .note("credit rule against backpropagation, every neuron of every example"),
            Cell::checked(Claim::Update, Tier::Exact, gated(comparison.verdict()))
                .note("credit rule against backpropagation, every synapse and bias"),
        ]
    }

    /// Without layers there is no backpropagation: the arbiter takes its place.
    fn graph_cells(&self, case: &Case, gated: &impl Fn(Verdict) -> Verdict) -> Vec<Cell> {
        let Some(responses) = &self.responses else {
            return [Claim::Credit, Claim::Update]
                .map(|claim| Cell::not_applicable(claim, Tier::Exact, GRAPH_GIVEN))
                .into();
        };
        let credits: Vec<_> = self
            .credit
            .examples
            .iter()
            .map(|example| example.credit.map(|credit| credit.0.clone()))
            .collect();
        let credits = credits_are_derivatives(&credits, responses);
        let update = self.along_directions(case, &self.credit.update);
        vec![
            Cell::checked(Claim::Credit, Tier::Exact, gated(credits))
                .note("arbiter: tangent (a constant added to each rate); a graph has no layered backpropagation"),
            Cell::checked(Claim::Update, Tier::Exact, gated(update))
                .note("arbiter: tangent; a graph has no layered backpropagation"),
        ]
    }

    /// C3: update and gradient against the arbiter.
    fn truth_cell(
        &self,
        case: &Case,
        limits: &Limits,
        gated: &impl Fn(Verdict) -> Verdict,
    ) -> Result<Cell, Error> {
        if !self.evaluated {
            return Ok(Cell::not_applicable(Claim::Truth, Tier::Exact, GIVEN));
        }
        let mut verdict = self.along_directions(case, &self.credit.update);
        let mut notes = Vec::new();
        if let (Network::Layered(net), Some(backprop)) = (&case.network, &self.backprop) {
            let descent = update_of_gradient(net, &backprop.gradient, &case.learning_rate);
            verdict = verdict.and(self.along_directions(case, &descent));
        }
        let count = self.directions.len();
        notes.push(if self.wiring.parameters() <= crate::certificate::MOST_UNIT_DIRECTIONS {
            format!("dual numbers along each of the {count} unit directions")
        } else {
            format!("dual numbers along {count} random directions with entries below 2^20: a wrong update survives with probability at most 2^-100")
        });
        if case.is_polynomial() && interpolate::degree(case)? <= MOST_DEGREE {
            let degree = interpolate::degree(case)?;
            let direction = counting_direction(&self.wiring);
            let derivative = interpolate::along(case, &direction, limits)?;
            let expected = -(&case.learning_rate * derivative);
            let mut comparison = Comparison::new();
            let found = inner(&self.credit.update, &direction);
            comparison.entry(|| "⟨ΔW, H⟩ against interpolation".into(), &found, &expected);
            let interpolated = comparison.verdict();
            // One number that happens to be zero says nothing, and is no reason to doubt the others.
            if !matches!(interpolated, Verdict::Unchecked(_)) {
                verdict = verdict.and(interpolated);
                notes.push(format!("interpolation of degree {degree}, with no differentiation rule, along one more direction"));
            }
        }
        let mut cell = Cell::checked(Claim::Truth, Tier::Exact, gated(verdict));
        cell.notes = notes;
        Ok(cell)
    }

    /// ⟨ΔW, H⟩ = −η dL along every direction.
    fn along_directions(&self, case: &Case, update: &Update<BigRational>) -> Verdict {
        let mut comparison = Comparison::new();
        for (k, (direction, derivative)) in
            self.directions.iter().zip(&self.derivatives).enumerate()
        {
            let expected = -(&case.learning_rate * derivative);
            let place = || self.name_of_direction(k);
            comparison.entry(place, &inner(update, direction), &expected);
        }
        comparison.verdict()
    }

    fn name_of_direction(&self, k: usize) -> String {
        if self.wiring.parameters() > crate::certificate::MOST_UNIT_DIRECTIONS {
            return format!("⟨ΔW, H⟩ along random direction {k}");
        }
        let Some(bias) = k.checked_sub(self.wiring.synapses.len()) else {
            let ends = self.wiring.synapses[crate::spec::Synapse(k)];
            return format!("ΔW of the synapse from {} to {}", ends.pre.0, ends.post.0);
        };
        let with_bias = self.wiring.has_bias.indexed().filter(|(_, has)| **has);
        let neuron = with_bias.map(|(neuron, _)| neuron).nth(bias).unwrap_or(Neuron(0));
        format!("Δb of neuron {}", neuron.0)
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
        let unit =
            self.evaluated && self.wiring.parameters() <= crate::certificate::MOST_UNIT_DIRECTIONS;
        if !unit {
            return None;
        }
        let (weights, biases) = self.derivatives.split_at(self.wiring.synapses.len());
        let mut of_neuron = PerNeuron::filled(self.wiring.neurons(), BigRational::zero());
        let with_bias = self.wiring.has_bias.indexed().filter(|(_, has)| **has);
        for ((neuron, _), derivative) in with_bias.zip(biases) {
            of_neuron[neuron] = derivative.clone();
        }
        let derivatives =
            Update { weights: crate::spec::PerSynapse::new(weights.to_vec()), biases: of_neuron };
        Some(update_of_derivatives(&derivatives, &case.learning_rate))
    }
}

/// What a cell says where x and β were not evaluated but given.
pub(super) const GIVEN: &str = "given β: both sides start from the same float x and β, taken as exact dyadics; slope not checked here";

const GRAPH_GIVEN: &str = "a graph has no layered backpropagation, and the arbiter cannot evaluate this activation exactly";

/// ⟨ΔW, H⟩
fn inner(update: &Update<BigRational>, direction: &Parameters<BigRational>) -> BigRational {
    let mut sum = BigRational::zero();
    let weights = update.weights.iter().zip(direction.weights.iter());
    for (entry, along) in weights.chain(update.biases.iter().zip(direction.biases.iter())) {
        if !along.is_zero() {
            sum += entry * along;
        }
    }
    sum
}

/// The direction (1, 2, 3, …): a parameter left out anywhere changes the result.
fn counting_direction(wiring: &Wiring) -> Parameters<BigRational> {
    let mut next = 0_u32;
    let mut count = || {
        next += 1;
        BigRational::from_integer(next.into())
    };
    let weights = crate::spec::PerSynapse::from_fn(wiring.synapses.len(), |_| count());
    let biases = PerNeuron::from_fn(wiring.neurons(), |neuron| {
        if wiring.has_bias[neuron] { count() } else { BigRational::zero() }
    });
    Parameters { weights, biases }
}

/// ∂L_b/∂x_j for every neuron of every example.
fn responses(
    case: &Case,
    wiring: &Wiring,
    limits: &Limits,
) -> Result<Vec<PerNeuron<BigRational>>, Error> {
    let of_example = |example| {
        let values =
            (0..wiring.neurons()).map(|n| tangent::at_rate(case, example, Neuron(n), limits));
        Ok(PerNeuron::new(values.collect::<Result<_, Error>>()?))
    };
    case.examples.iter().map(of_example).collect()
}
