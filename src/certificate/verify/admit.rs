//! Which cases have a certificate: what the issuer refuses is refused here too, by name, before anything is substituted.
//!
//! A witness that no equation binds would let anybody choose it: a replaced balance function beside values that are only
//! given, an equilibrium that nobody can find.

use super::{Refusal, refusal};
use crate::spec::{Activation, Case, Dense, MOST_PARAMETERS, Neuron, PerNeuron, Wiring};

/// The equation that a refused case is said to fail.
pub const CASE: &str = "case";

/// Neurons of a network with a cycle, inputs included.
const MOST_ON_CYCLES: usize = 64;

/// Refuses the case of a small certificate unless certificates of it are issued.
pub fn check(case: &Case, wiring: &Wiring) -> Result<(), Refusal> {
    let neurons = wiring.neurons();
    if wiring.is_recurrent() && neurons > MOST_ON_CYCLES {
        let found = format!("{neurons} neurons and a cycle");
        return Err(refused("network", found, format!("at most {MOST_ON_CYCLES} with a cycle")));
    }
    let exact = case.is_exact();
    if let Some(found) = unbound(case, wiring, exact) {
        return Err(refused("network", found, "a balance factor that some equation binds"));
    }
    if wiring.is_recurrent() {
        if case.clamps_credit() {
            return Err(refused("output_credit", "clamp", "add, with a cycle"));
        }
        on_cycles(case, wiring, exact)?;
    }
    // Counted first: only a large case is worth looking at as floats.
    let large = wiring.parameters() > MOST_PARAMETERS && Dense::of(case).is_some();
    if large {
        let found =
            format!("the certificate of a small case, of {} parameters", wiring.parameters());
        return Err(refusal("kind", "the certificate", found, "the certificate of a large case"));
    }
    Ok(())
}

/// A replaced balance function where not every rate and every balance factor is rational.
fn unbound(case: &Case, wiring: &Wiring, exact: bool) -> Option<String> {
    if !case.has_own_balance() {
        return None;
    }
    let balance = wiring.balances.iter().flatten().find(|balance| !balance.is_exact());
    let given = || case.activations().find(|activation| !activation.is_exact());
    match (balance, exact) {
        (Some(balance), _) => Some(format!("the balance function {}", balance.name())),
        (None, false) => Some(format!(
            "a balance function in place of the slope, beside {}",
            given().map_or("a given slope", Activation::name)
        )),
        (None, true) => None,
    }
}

/// What must be known of a network with a cycle, so that its equilibrium is one.
fn on_cycles(case: &Case, wiring: &Wiring, exact: bool) -> Result<(), Refusal> {
    let named = case.examples.iter().any(|example| example.equilibrium.is_some());
    if exact {
        let curved = case.activations().find(|activation| !activation.is_piecewise_linear());
        return match curved {
            Some(activation) if !named => Err(refused(
                "equilibrium",
                format!("none, with a cycle and {}", activation.name()),
                "one list of rates per example",
            )),
            _ => Ok(()),
        };
    }
    if named {
        let found = "given rates, with tanh, logistic or softplus";
        return Err(refused("equilibrium", found, "none: no such rate is rational"));
    }
    let exact = |neuron: Neuron| wiring.activations[neuron].is_exact();
    if has_cycle_among(wiring, exact) {
        let found = "a cycle of rational activations, with tanh, logistic or softplus elsewhere";
        return Err(refused("network", found, "no such cycle"));
    }
    Ok(())
}

/// Whether some neurons for which this holds form a cycle of their own.
fn has_cycle_among(wiring: &Wiring, holds: impl Fn(Neuron) -> bool) -> bool {
    let mut waiting =
        PerNeuron::from_fn(wiring.neurons(), |neuron| !wiring.is_input[neuron] && holds(neuron));
    loop {
        let ready = (0..wiring.neurons()).map(Neuron).find(|post| {
            let listens = |k| waiting[wiring.synapses[k].pre];
            waiting[*post] && !wiring.incoming[*post].iter().any(|k| listens(*k))
        });
        match ready {
            Some(post) => waiting[post] = false,
            None => return waiting.iter().any(|waits| *waits),
        }
    }
}

fn refused(place: &str, found: impl Into<String>, expected: impl Into<String>) -> Refusal {
    refusal(CASE, format!("case.{place}"), found, expected)
}
