//! The credit rule at the equilibrium of any graph, cycles and self-synapses included (D9).
//!
//! Firing is iterated (damped, or after Anderson) until its residual |x − σ(Wx + b)| is what rounding explains or below a
//! tolerance; credit is one linear system per example, (I − Wᵀ diag β) c = e, by elimination or by the same iteration. Residuals are
//! reported, never assumed: what has not settled, has no unique credit, or stands on a kink is an
//! error that names its residual, and never a zero.
//!
//! Exactness: rounded. What the residuals imply for every number is computed in [`crate::verdict::bounded`].

mod credit;
mod eliminate;
mod firing;
mod fixed_point;
mod graph;
mod size;
mod spectrum;

use faer::traits::math_utils::eps;
use faer::{Accum, Mat};

use super::layout::zeros;
use super::product::product;
use super::{Float, Threads, not_finite, rounded, within_limits};
use crate::error::Error;
use crate::spec::outcome::{Credit, CreditExample, CreditOutcome, Update};
use crate::spec::{Case, PerNeuron, PerSynapse, Wiring};
use graph::{Graph, Place};
use size::wide;

pub use eliminate::Elimination;
pub use spectrum::{spectral_abscissa, spectral_abscissa_of, spectral_radius};

/// How the credit equilibrium is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// LU of I − Wᵀ diag β, once for all examples that share their balance factors, and iterative refinement. The default.
    #[default]
    Direct,
    /// c ← c + α (Wᵀ(β∘c) + e − c), accelerated as firing is; it settles where firing does.
    Iterative,
}

/// How equilibria are looked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// For credit; firing is always iterated.
    pub method: Method,
    /// α of x ← x + α (σ(Wx + b) − x), above 0 and at most 1.
    pub damping: f64,
    /// How many steps Anderson's acceleration remembers; 0 is plain damped iteration.
    pub anderson: usize,
    /// The largest residual that counts as settled; without one, what rounding explains, and then on until it no longer halves.
    pub tolerance: Option<f64>,
    /// Sweeps after which an equilibrium is given up.
    pub most_sweeps: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            method: Method::Direct,
            damping: 0.5,
            anderson: 5,
            tolerance: None,
            most_sweeps: 2000,
        }
    }
}

/// How far one example settled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settled {
    /// max |x − σ(Wx + b)| over neurons that are not clamped.
    pub firing_residual: f64,
    /// max |c − Wᵀ(β∘c) − e| over all neurons.
    pub credit_residual: f64,
    /// Sweeps of firing.
    pub sweeps: usize,
    /// Sweeps of credit; 0 where it was found by elimination.
    pub credit_sweeps: usize,
}

/// The equilibria of a case, how good they are, and the weight update there.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome<F> {
    /// s, x, β, e, c of each example, and the update: mean over the batch, η included.
    pub equilibrium: CreditOutcome<F>,
    /// One entry per example.
    pub settled: Vec<Settled>,
    /// Eliminations: one per pattern of balance factors with [`Method::Direct`], none without cycles.
    pub factorisations: usize,
}

/// D1–D4 at the equilibrium of a case, firing started from the rates that the case gives, or else from rest; layered networks and feed-forward graphs too, whose sweeps are exact.
///
/// Exactness: rounded; the residuals in the outcome are computed from the very numbers that it holds. At the same firing rates
/// nothing depends on the method but rounding. An equilibrium need not be unique: this one is where the start leads.
///
/// # Errors
/// [`Error::NotConverged`] with the residual, [`Error::Singular`] where credit has no unique equilibrium, or none in these floats,
/// [`Error::Ambiguous`] for a net input that cannot be told from a kink in a network with cycles,
/// [`Error::NotFinite`], [`Error::Limit`], and [`Error::Input`] for settings that make no sense.
///
/// Source: Fan & Mysore, arXiv 2405.14139; Almeida 1987, Pineda 1987 for the gradient at an equilibrium.
///
/// ```
/// use creditcheck::fast::recurrent::{Settings, run};
/// # use creditcheck::spec::*;
/// # let number = |text| creditcheck::number::parse(text, &Default::default()).unwrap();
/// // x₁ = ½ x₀ + ½ x₁, target 2
/// let ends = |post, pre| Ends { post: Neuron(post), pre: Neuron(pre) };
/// let graph = Graph {
///     neurons: 2,
///     inputs: vec![Neuron(0)],
///     outputs: vec![Neuron(1)],
///     activations: PerNeuron::filled(2, Activation::Identity),
///     balances: PerNeuron::filled(2, None),
///     synapses: PerSynapse::new(vec![ends(1, 0), ends(1, 1)]),
///     weights: PerSynapse::new(vec![number("1/2"), number("1/2")]),
///     biases: None,
/// };
/// let case = Case {
///     name: None,
///     network: Network::Graph(graph),
///     learning_rate: number("1"),
///     kink: Kink::Left,
///     examples: vec![Example { input: vec![number("1")], target: vec![number("2")], equilibrium: None }],
///     loss: Default::default(),
///     output_credit: Default::default(), expect: Expect::Agree,
/// };
/// let found = run::<f64>(&case, &Settings::default()).unwrap();
/// let example = &found.equilibrium.examples[0];
/// assert!((example.firing_rate[Neuron(1)] - 1.0).abs() < 1e-14);
/// // c₁ = ½ c₁ + 2 − x₁
/// assert!((example.credit[Neuron(1)].0 - 2.0).abs() < 1e-14);
/// assert!(found.settled[0].firing_residual < 1e-15);
/// ```
pub fn run<F: Float>(case: &Case, settings: &Settings) -> Result<Outcome<F>, Error> {
    run_from(case, settings, None)
}

/// The same with firing started from given rates, one entry per example; those of clamped neurons are not read.
///
/// # Errors
/// As [`run`]; and [`Error::Input`] for a start of another shape.
pub fn run_from<F: Float>(
    case: &Case,
    settings: &Settings,
    start: Option<&[PerNeuron<F>]>,
) -> Result<Outcome<F>, Error> {
    settings.expect_sense()?;
    let wiring = Wiring::of(case);
    within_limits(case, wiring.neurons())?;
    let graph = Graph::<F>::of(case, &wiring)?;
    let start = match start {
        Some(rates) => graph.start(Some(rates))?,
        None => graph.start(given(case)?.as_deref())?,
    };
    let fired = firing::settle(&graph, start, settings)?;
    let assigned = credit::settle(&graph, &wiring, &fired, settings)?;
    let zero = F::from(0);
    let example = |b: usize| {
        let column = |free: &Mat<F>, clamped: Option<&Mat<F>>| {
            graph.assemble(|k| free[(k, b)], |k| clamped.map_or(zero, |clamped| clamped[(k, b)]))
        };
        let credit = column(&assigned.credit, Some(&assigned.credit_of_inputs));
        CreditExample {
            net_input: column(&fired.net_input, None),
            firing_rate: column(&fired.firing_rate, Some(&graph.input)),
            balance_factor: column(&fired.balance_factor, None),
            external_credit: column(&assigned.external_credit, Some(&assigned.external_of_inputs)),
            credit: credit.map(|c| Credit(*c)),
        }
    };
    let settled = |b: usize| Settled {
        firing_residual: fired.residual[b],
        credit_residual: assigned.residual[b],
        sweeps: fired.sweeps[b],
        credit_sweeps: assigned.sweeps[b],
    };
    let batch = 0..graph.batch();
    Ok(Outcome {
        equilibrium: CreditOutcome {
            examples: batch.clone().map(example).collect(),
            update: update(case, &wiring, &graph, &fired.firing_rate, &assigned.balanced)?,
        },
        settled: batch.map(settled).collect(),
        factorisations: assigned.factorisations,
    })
}

/// The equilibria that the case names, rounded, if it names one for each example.
fn given<F: Float>(case: &Case) -> Result<Option<Vec<PerNeuron<F>>>, Error> {
    let named: Option<Vec<_>> = case.examples.iter().map(|e| e.equilibrium.as_ref()).collect();
    let Some(named) = named else { return Ok(None) };
    let rate = |x| rounded(x, || "a rate of the equilibrium that is given".to_owned());
    let rates = named
        .into_iter()
        .map(|rates| rates.iter().map(rate).collect::<Result<Vec<F>, Error>>().map(PerNeuron::new));
    rates.collect::<Result<_, Error>>().map(Some)
}

/// D4 on the existing synapses.
fn update<F: Float>(
    case: &Case,
    wiring: &Wiring,
    graph: &Graph<F>,
    firing_rate: &Mat<F>,
    balanced: &Mat<F>,
) -> Result<Update<F>, Error> {
    let learning_rate: F = rounded(&case.learning_rate, || "the learning rate".to_owned())?;
    let scale = learning_rate / F::count(graph.batch());
    let sums = |rates: &Mat<F>| {
        let mut sums = zeros(graph.settling(), rates.nrows());
        let (left, right) = (balanced.as_ref(), rates.transpose());
        product(sums.as_mut(), Accum::Replace, left, right, scale, Threads::ONE)?;
        Ok::<_, Error>(sums)
    };
    let (among, from_inputs) = (sums(firing_rate)?, sums(&graph.input)?);
    let weights: Vec<F> = wiring
        .synapses
        .iter()
        .map(|ends| match (graph.places[ends.post], graph.places[ends.pre]) {
            (Place::Free(post), Place::Free(pre)) => among[(post, pre)],
            (Place::Free(post), Place::Clamped(pre)) => from_inputs[(post, pre)],
            // A clamped neuron has no balance factor.
            (Place::Clamped(_), _) => F::from(0),
        })
        .collect();
    let biases = PerNeuron::from_fn(wiring.neurons(), |neuron| match graph.places[neuron] {
        Place::Free(post) if wiring.has_bias[neuron] => {
            let mut sum = F::from(0);
            for b in 0..graph.batch() {
                sum += balanced[(post, b)];
            }
            scale * sum
        }
        _ => F::from(0),
    });
    if !weights.iter().chain(biases.iter()).all(|update| update.finite()) {
        return Err(not_finite(format!("an update in {}", F::NAME)));
    }
    Ok(Update { weights: PerSynapse::new(weights), biases })
}

impl Settings {
    fn expect_sense(&self) -> Result<(), Error> {
        if !(self.damping > 0.0 && self.damping <= 1.0) {
            let found = self.damping.to_string();
            return Err(Error::input("settings.damping", found, "above 0 and at most 1"));
        }
        if let Some(tolerance) = self.tolerance
            && !(tolerance >= 0.0 && tolerance.is_finite())
        {
            let found = tolerance.to_string();
            return Err(Error::input("settings.tolerance", found, "a finite number, not negative"));
        }
        Ok(())
    }
}

impl<F: Float> Graph<F> {
    /// Rest, or the given rates of the neurons that settle: n × B.
    fn start(&self, given: Option<&[PerNeuron<F>]>) -> Result<Mat<F>, Error> {
        let mut start = zeros(self.settling(), self.batch());
        let Some(given) = given else { return Ok(start) };
        if given.len() != self.batch() {
            let found = format!("{} examples", given.len());
            return Err(Error::input("start", found, self.batch().to_string()));
        }
        for (b, rates) in given.iter().enumerate() {
            if rates.len() != self.places.len() {
                let found = format!("{} rates in example {b}", rates.len());
                return Err(Error::input("start", found, self.places.len().to_string()));
            }
            for (slot, neuron) in start.col_as_slice_mut(b).iter_mut().zip(&self.free) {
                *slot = rates[*neuron];
                if !slot.finite() {
                    return Err(not_finite(format!("the start of neuron {}", neuron.0)));
                }
            }
        }
        Ok(start)
    }
}

/// u: half the distance from 1 to the next float.
fn unit<F: Float>() -> f64 {
    wide(eps::<F>()) / 2.0
}
