//! Tier S: C1 and C2 as identities of polynomials, for all values at once.

use super::both_sides::{GivenRun, given_verdicts};
use crate::error::Error;
use crate::scalar::{Polynomial, Scalar};
use crate::spec::outcome::GivenCredit;
use crate::spec::{Case, Limits, Parameters, PerNeuron, PerSynapse, Wiring};
use crate::verdict::{Cell, Claim, Tier};

/// Up to this many synapses: larger networks have too many terms to write out.
const MOST_SYNAPSES: usize = 16;

/// Up to this many edges on a path, for the same reason.
const MOST_DEPTH: usize = 4;

/// C1 and C2 with W, x, β, e and η as free variables, where the network is small enough.
///
/// Nothing of the case enters but its shape: the cell holds for every network of that shape, all
/// activations and all inputs, over every commutative ring that contains ℚ.
pub(super) fn cells(case: &Case, wiring: &Wiring, limits: &Limits) -> Result<Vec<Cell>, Error> {
    if wiring.is_recurrent() {
        let why = "with a cycle the credit is a quotient of polynomials: tier P has the identity";
        return Ok([Claim::Credit, Claim::Update]
            .map(|claim| Cell::not_applicable(claim, Tier::Symbolic, why))
            .into());
    }
    let depth = wiring.depth().unwrap_or(usize::MAX);
    if wiring.synapses.len() > MOST_SYNAPSES || depth > MOST_DEPTH {
        let why = format!(
            "more than {MOST_SYNAPSES} synapses or {MOST_DEPTH} layers: too many terms to write out"
        );
        return Ok([Claim::Credit, Claim::Update]
            .map(|claim| Cell::not_applicable(claim, Tier::Symbolic, why.clone()))
            .into());
    }
    let mut variables = 0;
    let mut fresh = || {
        variables += 1;
        Polynomial::variable(variables - 1)
    };
    let neurons = wiring.neurons();
    let weights = PerSynapse::from_fn(wiring.synapses.len(), |_| fresh());
    let learning_rate = fresh();
    // Two examples where the case has several: a sum in place of the mean must show.
    let given: Vec<_> = (0..case.examples.len().min(2))
        .map(|_| GivenCredit {
            firing_rate: PerNeuron::from_fn(neurons, |_| fresh()),
            balance_factor: PerNeuron::from_fn(neurons, |post| {
                if wiring.is_input[post] { Polynomial::zero() } else { fresh() }
            }),
            external_credit: PerNeuron::from_fn(neurons, |neuron| {
                if wiring.outputs.contains(&neuron) { fresh() } else { Polynomial::zero() }
            }),
        })
        .collect();
    let biases = PerNeuron::filled(neurons, Polynomial::zero());
    let run = GivenRun::new(
        case,
        wiring,
        &Parameters { weights, biases },
        &learning_rate,
        &given,
        limits,
    )?;
    let degree = run.update.weights.iter().map(Polynomial::degree).max().unwrap_or(0);
    let terms: usize = run.update.weights.iter().map(Polynomial::terms).sum();
    let (credits, updates) = given_verdicts(wiring, &run, &learning_rate);
    let note = format!(
        "polynomial identity in {variables} free variables (W, x, β, e, η), degree {degree}, {terms} terms in ΔW: \
         for all values and every activation; given β"
    );
    Ok(vec![
        Cell::checked(Claim::Credit, Tier::Symbolic, credits).note(note.clone()),
        Cell::checked(Claim::Update, Tier::Symbolic, updates).note(note),
    ])
}
