//! Is every witness there, once, and of the right length?

use super::{Ground, Refusal, confirm, refusal};
use crate::certificate::digest::{self, DRAW_EXAMPLES, PRIME};
use crate::certificate::{Draw, Matrix, PerParameter};

/// After this every index of the wiring is good in every witness.
pub fn check(ground: &Ground<'_>) -> Result<(), Refusal> {
    let case = &ground.certificate.case;
    let witnesses = &ground.certificate.witnesses;
    let neurons = ground.wiring.neurons();
    let layered = ground.layered;
    same(witnesses.examples.len(), case.examples.len(), || "witnesses.examples".into())?;
    if case.examples.is_empty() {
        return Err(refusal("shape", "case.examples", "no examples", "at least one"));
    }
    for (number, (given, witness)) in case.examples.iter().zip(&witnesses.examples).enumerate() {
        let at = |field: &str| format!("witnesses.examples[{number}].{field}");
        same(given.input.len(), ground.wiring.inputs.len(), || at("input"))?;
        same(given.target.len(), ground.wiring.outputs.len(), || at("target"))?;
        same(witness.net_input.len(), neurons, || at("net_inputs"))?;
        same(witness.firing_rate.len(), neurons, || at("rates"))?;
        same(witness.balance_factor.len(), neurons, || at("balance_factors"))?;
        same(witness.credit.len(), neurons, || at("credits"))?;
        present(witness.backprop.is_some(), layered, || at("adjoints"))?;
        if let Some(backward) = &witness.backprop {
            same(backward.adjoint.len(), neurons, || at("adjoints"))?;
            same(backward.delta.len(), neurons, || at("deltas"))?;
        }
        present(witness.response.is_some(), !layered && case.is_exact(), || at("responses"))?;
        if let Some(response) = &witness.response {
            same(response.len(), neurons, || at("responses"))?;
        }
        present(witness.inverses.is_some(), ground.wiring.is_recurrent(), || at("inverse"))?;
        if let Some(inverses) = &witness.inverses {
            square(&inverses.credit, neurons, || at("inverse"))?;
            let wanted = case.has_own_balance() && ground.exact;
            present(inverses.slope.is_some(), wanted, || at("inverse_of_slopes"))?;
            if let Some(inverse) = &inverses.slope {
                square(inverse, neurons, || at("inverse_of_slopes"))?;
            }
        }
    }
    parameters(ground, &witnesses.update, "witnesses.update")?;
    present(witnesses.gradient.is_some(), layered, || "witnesses.gradient".into())?;
    if let Some(gradient) = &witnesses.gradient {
        parameters(ground, gradient, "witnesses.gradient")?;
    }
    present(witnesses.tangent.is_some(), case.is_exact(), || "witnesses.derivatives".into())?;
    if let Some(tangent) = &witnesses.tangent {
        let place = || "witnesses.derivatives".into();
        same(tangent.derivatives.len(), ground.directions.len(), place)?;
    }
    if ground.wiring.is_recurrent() {
        // With a cycle there are inverses in their place.
        return same(witnesses.draws.len(), 0, || "witnesses.draws".into());
    }
    let (wanted, _) = digest::draws(digest::degree(ground.depth));
    same(witnesses.draws.len(), wanted, || "witnesses.draws".into())?;
    witnesses.draws.iter().enumerate().try_for_each(|(k, draw)| check_draw(ground, k, draw))
}

fn check_draw(ground: &Ground<'_>, number: usize, draw: &Draw) -> Result<(), Refusal> {
    let at = |field: &str| format!("witnesses.draws[{number}].{field}");
    let neurons = ground.wiring.neurons();
    same(draw.examples.len(), DRAW_EXAMPLES, || at("examples"))?;
    for example in &draw.examples {
        same(example.credit.len(), neurons, || at("credits"))?;
        same(example.adjoint.len(), neurons, || at("adjoints"))?;
        reduced(example.credit.iter().chain(example.adjoint.iter()), || at("examples"))?;
    }
    present(draw.gradient.is_some(), ground.layered, || at("gradient"))?;
    for parts in [Some(&draw.update), draw.gradient.as_ref()].into_iter().flatten() {
        parameters(ground, parts, &at("update"))?;
        reduced(parts.weights.iter().chain(parts.biases.iter()), || at("update"))?;
    }
    Ok(())
}

fn parameters<T>(ground: &Ground<'_>, found: &PerParameter<T>, at: &str) -> Result<(), Refusal> {
    same(found.weights.len(), ground.wiring.synapses.len(), || format!("{at}.weights"))?;
    same(found.biases.len(), ground.wiring.neurons(), || format!("{at}.biases"))
}

fn reduced<'a>(
    mut residues: impl Iterator<Item = &'a u64>,
    place: impl FnOnce() -> String,
) -> Result<(), Refusal> {
    match residues.find(|residue| **residue >= PRIME) {
        Some(large) => {
            Err(refusal("shape", place(), large.to_string(), "a residue below 2^61 - 1"))
        }
        None => Ok(()),
    }
}

fn square(found: &Matrix, size: usize, place: impl Fn() -> String) -> Result<(), Refusal> {
    same(found.len(), size, &place)?;
    found.iter().try_for_each(|row| same(row.len(), size, &place))
}

fn same(found: usize, expected: usize, place: impl FnOnce() -> String) -> Result<(), Refusal> {
    confirm("shape", &found, &expected, || format!("length of {}", place()))
}

fn present(found: bool, wanted: bool, place: impl FnOnce() -> String) -> Result<(), Refusal> {
    let word = |there| if there { "present" } else { "absent" }.to_owned();
    confirm("shape", &word(found), &word(wanted), place)
}
