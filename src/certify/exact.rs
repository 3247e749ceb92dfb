//! Tier Q: C1–C3 on every entry, with the gates of liveness and observability.

use super::evidence::Evidence;
use super::gates;
use super::options::Options;
use crate::certificate::MOST_UNIT_DIRECTIONS;
use crate::error::Error;
use crate::progress::Progress;
use crate::scalar::Rational;
use crate::spec::outcome::{BackpropOutcome, Update};
use crate::spec::{
    Case, Layered, Limits, Network, Neuron, Parameters, PerNeuron, PerSynapse, Synapse, Wiring,
};
use crate::textbook::interpolate;
use crate::verdict::bridge::{
    compare_updates, counted_through, credits_are_adjoints, credits_are_derivatives,
    update_of_gradient,
};
use crate::verdict::{Cell, Claim, Comparison, Tier, Verdict};

/// Above this degree the interpolation would cost more than everything else together.
const MOST_DEGREE: u32 = 48;

impl Evidence<Rational> {
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
            (Network::Layered(net), Some(backprop)) => self.layered_cells(net, backprop, &gated),
            (Network::Layered(_), None) | (Network::Graph(_), _) => {
                self.graph_cells(&options.limits, &gated)?
            }
        };
        if !self.evaluated {
            for cell in &mut cells {
                cell.notes.push(GIVEN.into());
            }
        }
        progress.stage("observability")?;
        gates::observe(case, self, &options.limits, progress, &mut cells)?;
        cells.push(self.truth_cell(case, &options.limits, &gated)?);
        Ok(cells)
    }

    fn layered_cells(
        &self,
        net: &Layered,
        backprop: &BackpropOutcome<Rational>,
        gated: &impl Fn(Verdict) -> Verdict,
    ) -> Vec<Cell> {
        let credits = credits_are_adjoints(net, &self.credit.examples, &backprop.examples);
        let mut comparison = Comparison::new();
        let expected = update_of_gradient(net, &backprop.gradient, &self.learning_rate);
        compare_updates(&self.wiring, &self.credit.update, &expected, &mut comparison);
        vec![
            Cell::checked(Claim::Credit, Tier::Exact, gated(credits))
                .note("credit rule against backpropagation, every neuron of every example"),
            Cell::checked(Claim::Update, Tier::Exact, gated(comparison.verdict()))
                .note("credit rule against backpropagation, every synapse and bias"),
        ]
    }

    /// Without layers there is no backpropagation: the arbiter takes its place.
    fn graph_cells(
        &self,
        limits: &Limits,
        gated: &impl Fn(Verdict) -> Verdict,
    ) -> Result<Vec<Cell>, Error> {
        let Some(credits) = self.credits_of_graph() else {
            return Ok([Claim::Credit, Claim::Update]
                .map(|claim| Cell::not_applicable(claim, Tier::Exact, GRAPH_GIVEN))
                .into());
        };
        let update = self.along_directions(&self.credit.update, limits)?;
        Ok(vec![
            Cell::checked(Claim::Credit, Tier::Exact, gated(credits))
                .note("arbiter: tangent (a constant added to each rate); a graph has no layered backpropagation"),
            Cell::checked(Claim::Update, Tier::Exact, gated(update))
                .note("arbiter: tangent; a graph has no layered backpropagation"),
        ])
    }

    /// C1 of a graph, against the arbiter, where it evaluates the network.
    fn credits_of_graph(&self) -> Option<Verdict> {
        let credits = self.credit.examples.iter();
        let credits: Vec<_> = credits.map(|e| e.credit.map(|credit| credit.0.clone())).collect();
        self.responses.as_ref().map(|responses| credits_are_derivatives(&credits, responses))
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
        let mut verdict = match (&case.network, &self.backprop) {
            (Network::Layered(net), Some(backprop)) => {
                self.both_along_directions(&counted_through(net, &backprop.gradient), limits)?
            }
            (Network::Layered(_), None) | (Network::Graph(_), _) => {
                let update = self.along_directions(&self.credit.update, limits)?;
                let moves = self.derivatives.iter().any(|derivative| !derivative.is_zero());
                match (self.credits_of_graph(), update) {
                    // At η = 0 every update is zero, whatever the derivatives are.
                    (Some(credits), Verdict::Unchecked(_)) if moves => credits,
                    (Some(credits), update) => credits.and(update),
                    (None, update) => update,
                }
            }
        };
        let mut notes = Vec::new();
        let count = self.directions.len();
        notes.push(if self.wiring.parameters() <= MOST_UNIT_DIRECTIONS {
            format!("dual numbers along each of the {count} unit directions")
        } else {
            format!("dual numbers along {count} random directions with entries below 2^20: a wrong update survives with probability at most 2^-100")
        });
        let recurrent = self.wiring.is_recurrent();
        if case.is_polynomial() && !recurrent && interpolate::degree(case)? <= MOST_DEGREE {
            let degree = interpolate::degree(case)?;
            let direction = counting_direction(&self.wiring);
            let derivative =
                Rational::from(interpolate::along(case, &direction.map(Rational::plain), limits)?);
            let expected = -(&self.learning_rate * derivative);
            let mut comparison = Comparison::new();
            let found = inner(&self.credit.update, &direction, limits)?;
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
    ///
    /// # Errors
    /// [`Error::Limit`].
    pub(super) fn along_directions(
        &self,
        update: &Update<Rational>,
        limits: &Limits,
    ) -> Result<Verdict, Error> {
        let mut comparison = Comparison::new();
        for (k, (direction, derivative)) in
            self.directions.iter().zip(&self.derivatives).enumerate()
        {
            let expected = -(&self.learning_rate * derivative);
            let place = || self.name_of_direction(k);
            comparison.entry(place, &inner(update, direction, limits)?, &expected);
        }
        Ok(comparison.verdict())
    }

    /// ⟨∂L/∂W, H⟩ = dL and ⟨ΔW, H⟩ = −η dL along every direction, as the certificate has it: at η = 0 the gradient still says something.
    fn both_along_directions(
        &self,
        gradient: &Update<Rational>,
        limits: &Limits,
    ) -> Result<Verdict, Error> {
        let mut comparison = Comparison::new();
        for (k, (direction, derivative)) in
            self.directions.iter().zip(&self.derivatives).enumerate()
        {
            let place = || self.name_of_direction(k);
            comparison.entry(place, &inner(gradient, direction, limits)?, derivative);
            let expected = -(&self.learning_rate * derivative);
            comparison.entry(place, &inner(&self.credit.update, direction, limits)?, &expected);
        }
        Ok(comparison.verdict())
    }

    fn name_of_direction(&self, k: usize) -> String {
        if self.wiring.parameters() > MOST_UNIT_DIRECTIONS {
            return format!("⟨ΔW, H⟩ along random direction {k}");
        }
        let Some(bias) = k.checked_sub(self.wiring.synapses.len()) else {
            let ends = self.wiring.synapses[Synapse(k)];
            return format!("ΔW of the synapse from {} to {}", ends.pre.0, ends.post.0);
        };
        let with_bias = self.wiring.has_bias.indexed().filter(|(_, has)| **has);
        let neuron = with_bias.map(|(neuron, _)| neuron).nth(bias).unwrap_or(Neuron(0));
        format!("Δb of neuron {}", neuron.0)
    }
}

/// What a cell says where x and β were not evaluated but given.
pub(super) const GIVEN: &str = "given β: both sides start from the same float x and β, taken as exact dyadics; slope not checked here";

const GRAPH_GIVEN: &str = "a graph has no layered backpropagation, and the arbiter cannot evaluate this activation exactly";

/// ⟨ΔW, H⟩
pub(super) fn inner(
    update: &Update<Rational>,
    direction: &Parameters<Rational>,
    limits: &Limits,
) -> Result<Rational, Error> {
    let mut sum = Rational::zero();
    let weights = update.weights.iter().zip(direction.weights.iter());
    for (entry, along) in weights.chain(update.biases.iter().zip(direction.biases.iter())) {
        if !along.is_zero() {
            limits.work.charge(sum.step(entry, along), "an inner product")?;
            sum += entry * along;
        }
    }
    Ok(sum)
}

/// The direction (1, 2, 3, …): a parameter left out anywhere changes the result.
pub(super) fn counting_direction(wiring: &Wiring) -> Parameters<Rational> {
    let mut next = 0_u32;
    let mut count = || {
        next += 1;
        Rational::integer(next)
    };
    let weights = PerSynapse::from_fn(wiring.synapses.len(), |_| count());
    let biases = PerNeuron::from_fn(wiring.neurons(), |neuron| {
        if wiring.has_bias[neuron] { count() } else { Rational::zero() }
    });
    Parameters { weights, biases }
}
