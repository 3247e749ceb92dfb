//! Could the comparison have failed? Liveness before it, observability after it.

use num_bigint::BigInt;
use num_rational::BigRational;

use super::evidence::Evidence;
use crate::error::Error;
use crate::progress::Progress;
use crate::scalar::Rational;
use crate::spec::outcome::{CreditOutcome, Update};
use crate::spec::{Case, Limits, Network, Neuron, Synapse, Wiring};
use crate::verdict::{Cell, CellState, Claim, Members, Verdict, blocks};

/// Why nothing could have been checked on this case, if so.
pub(super) fn liveness(wiring: &Wiring, outcome: &CreditOutcome<Rational>) -> Option<String> {
    let silent = |example: &crate::spec::outcome::CreditExample<Rational>| {
        example.external_credit.iter().all(Rational::is_zero)
    };
    if outcome.examples.iter().all(silent) {
        return Some("every external credit is zero: the network already meets its targets".into());
    }
    let is_output = |neuron: Neuron| wiring.outputs.contains(&neuron);
    let hidden: Vec<Neuron> = (0..wiring.neurons())
        .map(Neuron)
        .filter(|neuron| !wiring.is_input[*neuron] && !is_output(*neuron))
        .collect();
    let dead = |neuron: &Neuron| {
        outcome.examples.iter().all(|example| {
            example.balance_factor[*neuron].is_zero() || example.credit[*neuron].0.is_zero()
        })
    };
    if !hidden.is_empty() && hidden.iter().all(dead) {
        return Some(crate::certificate::words::HIDDEN_DEAD.into());
    }
    None
}

/// A parameter, for moving it.
#[derive(Clone, Copy)]
enum Parameter {
    Weight(Synapse),
    Bias(Neuron),
}

/// For each block, moves the parameter with the largest gradient in the case that one side gets:
/// a comparison that still agrees cannot see that block.
pub(super) fn observe(
    case: &Case,
    evidence: &Evidence<Rational>,
    limits: &Limits,
    progress: &mut dyn Progress,
    cells: &mut [Cell],
) -> Result<(), Error> {
    let agrees =
        |cell: &Cell| cell.claim == Claim::Update && cell.verdict().is_some_and(Verdict::is_agree);
    let Some(cell) = cells.iter_mut().find(|cell| agrees(cell)) else {
        // Without agreement there is nothing that the gate could take back.
        return Ok(());
    };
    let Some(reference) = evidence.reference_update(case) else {
        cell.notes.push("observability not tried: a graph above 200 parameters".into());
        return Ok(());
    };
    let (blocks, mut far) = (blocks(case), false);
    for block in &blocks {
        progress.stage(&format!("observability of the {}", block.name))?;
        let Some(parameter) = largest(block, &reference) else {
            cell.state = CellState::Checked(Verdict::Unchecked(format!(
                "{}: every entry of this block is zero",
                block.name
            )));
            return Ok(());
        };
        let mut unnoticed = true;
        for step in steps(case) {
            let moved = moved(case, parameter, &step);
            let other = match evidence.reference_of(&moved, limits) {
                // The move made the system singular: nobody could have overlooked that.
                Err(Error::Singular { .. }) => {
                    unnoticed = false;
                    break;
                }
                other => other?,
            };
            let Some(other) = other else { return Ok(()) };
            if other != evidence.credit.update {
                unnoticed = false;
                far |= step != slightly();
                break;
            }
        }
        if unnoticed {
            cell.state = CellState::Checked(Verdict::Unchecked(format!(
                "{}: moving its parameter with the largest gradient by 2^-10 on one side went unnoticed",
                block.name
            )));
            return Ok(());
        }
    }
    let step = if far { "2^-10, or as far as the loss has a straight piece," } else { "2^-10" };
    cell.notes.push(format!(
        "observability: in each of the {} blocks a parameter moved by {step} on one side was seen",
        blocks.len()
    ));
    Ok(())
}

/// The parameter of a block whose update is largest in magnitude; none if all are zero.
fn largest(block: &Members, reference: &Update<Rational>) -> Option<Parameter> {
    let weights =
        block.synapses.iter().map(|s| (Parameter::Weight(*s), reference.weights[*s].abs()));
    let biases = block.biases.iter().map(|n| (Parameter::Bias(*n), reference.biases[*n].abs()));
    weights
        .chain(biases)
        .filter(|(_, size)| !size.is_zero())
        .max_by(|a, b| a.1.cmp(&b.1))
        .map(|(parameter, _)| parameter)
}

/// 2⁻¹⁰
fn slightly() -> BigRational {
    BigRational::new(BigInt::from(1), BigInt::from(1 << 10))
}

/// How far a parameter is moved; where the loss has straight pieces, on which its slope stays, further and to either side.
fn steps(case: &Case) -> Vec<BigRational> {
    let mut all = vec![slightly()];
    if !case.loss.is_polynomial() {
        let whole = |number: i64| BigRational::from_integer(number.into());
        all.extend([1, -1, 32, -32, 1024, -1024].map(whole));
    }
    all
}

/// The same case with one parameter moved by so much.
fn moved(case: &Case, parameter: Parameter, step: &BigRational) -> Case {
    let mut case = case.clone();
    match (&mut case.network, parameter) {
        (Network::Layered(net), Parameter::Weight(synapse)) => {
            let weights =
                net.layers.iter_mut().flat_map(|layer| layer.weights.iter_mut().flatten());
            if let Some(weight) = weights.into_iter().nth(synapse.0) {
                *weight += step;
            }
        }
        (Network::Layered(net), Parameter::Bias(neuron)) => {
            let offsets = net.offsets();
            for (layer, &first) in net.layers.iter_mut().zip(offsets.iter().skip(1)) {
                let unit = neuron.0.checked_sub(first);
                if let (Some(unit), Some(biases)) = (unit, &mut layer.biases)
                    && let Some(bias) = biases.get_mut(unit)
                {
                    *bias += step;
                }
            }
        }
        (Network::Graph(net), Parameter::Weight(synapse)) => net.weights[synapse] += step,
        (Network::Graph(net), Parameter::Bias(neuron)) => {
            if let Some(biases) = &mut net.biases {
                biases[neuron] += step;
            }
        }
    }
    case
}
