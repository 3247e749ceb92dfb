//! The credit rule at the equilibrium of large recurrent networks of straight pieces, exactly (D9).
//!
//! ```text
//! D1   x = a∘(Wx + b) + k on the pieces of σ        D3   (I − Wᵀ diag β) c = e
//! D2   β = a                                        D4   ΔW_ij = η ⟨β_i c_i x_j⟩,  Δb_i = η ⟨β_i c_i⟩
//! ```
//!
//! A float iteration guesses on which piece of σ every net input lies (`equilibrium`, at the top of the crate). Then there are no floats that could decide
//! anything: the rates solve a linear system over ℚ ([`crate::linalg::lifting`]), every net input is computed from them and held strictly to
//! its piece and every rate to σ of its net input (`equilibrium`), the credits solve another (`credit`), and the updates are their
//! products (`update`).
//!
//! What comes out is exact at **this** equilibrium: there may be others, and whether it is a stable one is another question.
//! Sources: Fan & Mysore, arXiv 2405.14139; Almeida 1987; Pineda 1987.

mod credit;
mod equilibrium;
mod pieces;
mod terms;
mod update;

use std::collections::BTreeMap;

use num_rational::BigRational;
use num_traits::Zero;

use crate::equilibrium::{Floats, Guess, ROUNDS, SETTLED, not_found};
use crate::error::Error;
use crate::linalg::lifting;
use crate::spec::outcome::{Credit, CreditExample, Update};
use crate::spec::{Case, Limits, Neuron, Parameters, PerNeuron, Wiring};

use equilibrium::{Checked, Fired, fire};
use pieces::{Piece, pieces};
use terms::lowest;
use update::Vector;

pub use update::FactoredUpdate;

/// Told what is being done; its error stops the work.
pub type Progress<'a> = lifting::Watch<'a>;

/// The whole rule on a case, in lowest terms.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// One entry per example.
    pub examples: Vec<CreditExample<BigRational>>,
    /// ΔW and Δb of the batch.
    pub update: Update<BigRational>,
    /// What it took.
    pub facts: Facts,
}

/// The whole rule on a case, with ΔW as its factors.
#[derive(Clone, Debug)]
pub struct Equilibria {
    /// One entry per example.
    pub examples: Vec<CreditExample<BigRational>>,
    /// ΔW and Δb, not multiplied out.
    pub update: FactoredUpdate,
    /// What it took.
    pub facts: Facts,
}

/// What an exact equilibrium took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Facts {
    /// How many different sets of pieces the examples lie on.
    pub patterns: usize,
    /// How often pieces were guessed: the first time by floats, then from the exact net inputs.
    pub rounds: usize,
    /// The largest max |σ(Wx + b) − x| at which the float iteration ended; it decides nothing.
    pub residual: f64,
    /// The lifting of rates that took the most bits; `None` where no neuron is active.
    pub firing: Option<lifting::Facts>,
    /// The same of credits.
    pub credit: Option<lifting::Facts>,
}

/// Rates, credits and updates of a network of identity, ReLU, leaky ReLU and hard tanh neurons, cycles or none.
///
/// Shapes: one [`CreditExample`] per example, one update per synapse and neuron. Units: dimensionless.
/// Exactness: exact; the rates satisfy D1 with every net input strictly within a piece, the credits D3.
///
/// ```
/// use creditcheck::{modular::recurrent, spec::Limits, wire::Document};
/// let text = br#"{"format": "creditcheck/case/1", "network": {"kind": "graph", "neurons": 3, "inputs": [0],
///   "outputs": [2], "activation": "relu", "synapses": [[1, 0, 1], [2, 1, 1], [1, 2, "1/2"]]},
///   "loss": "half_squared_error", "learning_rate": 1, "examples": [{"input": [1], "target": [3]}]}"#;
/// let limits = Limits::default();
/// let case = Document::read(text, &limits).unwrap().case;
/// let outcome = recurrent::run(&case, &limits, &mut |_| Ok(())).unwrap();
/// // x₁ = 1 + x₂/2 and x₂ = x₁, so both are 2; e₂ = 1, c₁ = c₂ and c₂ = 1 + c₁/2, so both are 2.
/// assert_eq!(outcome.examples[0].firing_rate.as_slice()[1].to_string(), "2");
/// assert_eq!(outcome.update.weights.as_slice()[2].to_string(), "4");
/// ```
///
/// # Errors
/// [`Error::Unsupported`] for other activations, for a net input exactly at a kink, and where no equilibrium is found, with the
/// neuron; [`Error::Singular`] where a system has no unique solution; [`Error::Limit`]; [`Error::WrongProduct`]; whatever
/// `progress` returns.
pub fn run(case: &Case, limits: &Limits, progress: &mut Progress<'_>) -> Result<Outcome, Error> {
    let Equilibria { examples, update, facts } = equilibria(case, limits, progress)?;
    let update = update.lowest(limits, progress)?;
    Ok(Outcome { examples, update, facts })
}

/// [`run`] without multiplying out ΔW, whose entries take nearly all the time and memory of a large network.
///
/// # Errors
/// As [`run`].
pub fn equilibria(
    case: &Case,
    limits: &Limits,
    progress: &mut Progress<'_>,
) -> Result<Equilibria, Error> {
    case.loss.expect_half_squared("the engine that lifts")?;
    let net = Net::of(case)?;
    if net.wiring.neurons() > limits.neurons {
        let (given, limit) = (net.wiring.neurons() as u64, limits.neurons as u64);
        return Err(Error::Limit { what: "neurons of a recurrent network".into(), given, limit });
    }
    let mut facts = Facts::default();
    let fired = all_fired(&net, limits, progress, &mut facts)?;
    let mut examples = Vec::with_capacity(fired.len());
    for (number, fired) in fired.iter().enumerate() {
        progress(&format!("rates of example {number}"))?;
        examples.push(net.example(number, fired)?);
    }
    let mut credits: Vec<Option<Vector>> = vec![None; fired.len()];
    let by_factors = grouped(examples.iter().map(|example| example.balance_factor.as_slice()));
    for group in by_factors.values() {
        let of_group =
            group.iter().map(|k| (*k, examples[*k].external_credit.as_slice(), &fired[*k].divisor));
        let of_group: Vec<_> = of_group.collect();
        let factors = &examples[group[0]].balance_factor;
        let settled =
            credit::settle(&net, factors, &of_group, limits, progress, &mut facts.credit)?;
        for (k, settled) in group.iter().zip(settled) {
            credits[*k] = Some(settled);
        }
    }
    let mut factors = Vec::with_capacity(fired.len());
    for ((example, fired), credit) in examples.iter_mut().zip(fired).zip(credits) {
        let Some(credit) = credit else { continue };
        progress("credits in lowest terms")?;
        let found = lowest(&credit.numerators, &credit.denominator, None);
        let pairs = found.iter().zip(example.balance_factor.iter());
        let of_credit = pairs.map(|(c, factor)| terms::times(c, factor)).collect();
        let of_rates = example.firing_rate.as_slice().to_vec();
        let credit = balanced(&example.balance_factor, credit);
        example.credit = PerNeuron::new(found.into_iter().map(Credit).collect());
        factors.push([(credit, of_credit), (fired.rates, of_rates)]);
    }
    let update = FactoredUpdate::new(&net.wiring, factors, &case.learning_rate);
    Ok(Equilibria { examples, update, facts })
}

/// The network and its straight pieces.
struct Net<'a> {
    case: &'a Case,
    wiring: Wiring,
    parameters: Parameters<BigRational>,
    /// Of σ.
    pieces: PerNeuron<Vec<Piece>>,
    /// Of the replaced balance functions.
    balances: PerNeuron<Option<Vec<Piece>>>,
}

impl<'a> Net<'a> {
    fn of(case: &'a Case) -> Result<Self, Error> {
        let wiring = Wiring::of(case);
        let of_neuron = |(neuron, activation)| {
            // What is written for a clamped neuron means nothing.
            if wiring.is_input[neuron] { Ok(Vec::new()) } else { pieces(activation) }
        };
        let lines = wiring.activations.indexed().map(of_neuron).collect::<Result<_, _>>()?;
        let replaced =
            wiring.balances.iter().map(|balance| balance.as_ref().map(pieces).transpose());
        let balances = PerNeuron::new(replaced.collect::<Result<_, _>>()?);
        let parameters = Parameters::of(case);
        Ok(Self { case, wiring, parameters, pieces: PerNeuron::new(lines), balances })
    }

    /// The neurons that are not clamped.
    fn free(&self) -> impl Iterator<Item = Neuron> {
        (0..self.wiring.neurons()).map(Neuron).filter(|neuron| !self.wiring.is_input[*neuron])
    }

    /// All of an example but its credits.
    fn example(&self, number: usize, fired: &Fired) -> Result<CreditExample<BigRational>, Error> {
        let terms = |of: &Vector| PerNeuron::new(lowest(&of.numerators, &of.denominator, None));
        let firing_rate = terms(&fired.rates);
        let mut external_credit = PerNeuron::filled(self.wiring.neurons(), BigRational::zero());
        for (output, target) in self.wiring.outputs.iter().zip(&self.case.examples[number].target) {
            external_credit[*output] = target - &firing_rate[*output];
        }
        Ok(CreditExample {
            net_input: terms(&fired.net_inputs),
            balance_factor: credit::balance_factors(self, number, fired)?,
            external_credit,
            credit: PerNeuron::new(Vec::new()),
            firing_rate,
        })
    }
}

/// The firing equilibrium of every example: guessed, solved, checked, and if need be guessed again.
fn all_fired(
    net: &Net<'_>,
    limits: &Limits,
    progress: &mut Progress<'_>,
    facts: &mut Facts,
) -> Result<Vec<Fired>, Error> {
    let floats = Floats::of(&net.wiring, &net.parameters);
    let mut guesses: Vec<(Vec<usize>, f64)> = Vec::new();
    for (number, example) in net.case.examples.iter().enumerate() {
        progress(&format!("pieces of example {number}"))?;
        let Guess { pieces, residual } = floats.guess(&example.input, &limits.work)?;
        facts.residual = facts.residual.max(residual);
        guesses.push((pieces.as_slice().to_vec(), residual));
    }
    let mut fired: Vec<Option<Fired>> = vec![None; guesses.len()];
    while facts.rounds < ROUNDS && fired.iter().any(Option::is_none) {
        facts.rounds += 1;
        let open = (0..guesses.len()).filter(|k| fired[*k].is_none());
        let mut groups: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
        open.for_each(|k| groups.entry(guesses[k].0.clone()).or_default().push(k));
        for (pieces, group) in groups {
            let checked = fire(net, &pieces, &group, limits, progress, &mut facts.firing);
            // Pieces that are not those of an equilibrium may well give a singular system: that says nothing about the network.
            let checked = checked.map_err(|error| match error {
                Error::Singular { .. } if facts.rounds > 1 || guesses[group[0]].1 > SETTLED => {
                    not_found(guesses[group[0]].1).in_example(group[0])
                }
                other => other,
            })?;
            for (k, checked) in group.into_iter().zip(checked) {
                match checked {
                    Checked::Equilibrium(found) => fired[k] = Some(*found),
                    Checked::Elsewhere { pieces } => guesses[k].0 = pieces,
                }
            }
        }
    }
    if let Some(k) = fired.iter().position(Option::is_none) {
        return Err(not_found(guesses[k].1).in_example(k));
    }
    let fired: Vec<_> = fired.into_iter().flatten().collect();
    facts.patterns = grouped(fired.iter().map(|fired| fired.pieces.as_slice())).len();
    Ok(fired)
}

/// Which of these are equal.
fn grouped<'a, T: Ord + 'a>(all: impl Iterator<Item = &'a [T]>) -> BTreeMap<&'a [T], Vec<usize>> {
    let mut groups: BTreeMap<&[T], Vec<usize>> = BTreeMap::new();
    for (k, one) in all.enumerate() {
        groups.entry(one).or_default().push(k);
    }
    groups
}

/// β∘c over one denominator.
fn balanced(factors: &PerNeuron<BigRational>, credit: Vector) -> Vector {
    let scale = terms::lcm(factors.iter().map(BigRational::denom));
    let pairs = credit.numerators.iter().zip(factors.iter());
    let numerators =
        pairs.map(|(c, factor)| c * factor.numer() * (&scale / factor.denom())).collect();
    let scale = terms::Denominator::of(scale);
    let denominator = terms::Denominator::product([&credit.denominator, &scale]);
    Vector { numerators, denominator }
}

/// Keeps the facts of the lifting that took more.
fn longer(facts: &mut Option<lifting::Facts>, other: lifting::Facts) {
    if other.order > 0 && facts.is_none_or(|facts| facts.lifted <= other.lifted) {
        *facts = Some(other);
    }
}
