//! Certificates that a proof assistant checks: the witnesses of a certificate as a file for Coq.
//!
//! The file holds the numbers of one case as integers over common denominators, and one line that lets Coq's kernel run the
//! checker of `proofs/theories` on them. That checker is proved sound there, so where `proofs/accept` accepts the file, these
//! numbers are the credit rule's and backpropagation's. Nothing here has to be trusted: a wrong number makes a file that is
//! refused. That the file compiles is not enough: Coq also compiles files that assume what they should prove.
//!
//! | certificate | file |
//! |---|---|
//! | layers | `layered`: rates, credits, updates, by the checker of `Checker.v` |
//! | any graph | `graph`: the same and why there are no other credits, by that of `CheckerGraph.v` |
//! | credits in floats | `residual`: bounds on their errors, by that of `CheckerResidual.v` |
//!
//! This room prints what a [`Certificate`] already holds. It calls no engine.

mod bounds;
mod graph;
mod layered;
mod residual;
mod sparse;
mod text;

use num_rational::BigRational;

use crate::certificate::Certificate;
use crate::error::Error;
use crate::spec::{Activation, Case, Kink, Network, Neuron, PerNeuron, Wiring};

pub use sparse::external_credits;
pub use text::name;

/// The first words of every file, by which a later run knows that it may replace it.
pub const MARK: &str = "(* Written by creditcheck";

/// The numbers of an exact case, for the checker of its kind of network.
///
/// The bytes are a function of the certificate: no time, host or path.
///
/// # Errors
/// [`Error::Unsupported`] for what the checkers do not know: softsign and activations without rational values; a balance
/// function of its own; a net input on a kink that does not take its left slope.
pub fn exact(certificate: &Certificate) -> Result<String, Error> {
    served(certificate)?;
    match &certificate.case.network {
        Network::Layered(net) => Ok(layered::file(certificate, net)),
        Network::Graph(_) => graph::file(certificate),
    }
}

/// What one example gives to a file about credits in floats; one value per neuron each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// β, exactly; 0 on input neurons.
    pub balance_factor: PerNeuron<BigRational>,
    /// e, exactly.
    pub external_credit: PerNeuron<BigRational>,
    /// c, each of them a float.
    pub credit: PerNeuron<BigRational>,
}

/// Credits in floats, and bounds on how far they are from the exact ones for the same W, β and e.
///
/// `|W|ᵀ|β| b + |ρ| ≤ b` with the residuals ρ, and `<` where there is a cycle. Coq checks that; the bounds are only proposed here.
///
/// # Errors
/// [`Error::Unsupported`] where there is a cycle and |W|ᵀ|β| does not contract.
pub fn residual(case: &Case, case_digest: &str, examples: &[Given]) -> Result<String, Error> {
    known_loss(case)?;
    no_clamped_credit(case)?;
    residual::file(case, case_digest, examples)
}

/// What no checker in `proofs/theories` can say of a case.
fn served(certificate: &Certificate) -> Result<(), Error> {
    let case = &certificate.case;
    known_loss(case)?;
    no_clamped_credit(case)?;
    if case.has_own_balance() {
        return Err(unsupported(
            "a balance function of its own: the theorem is about f = σ', with another f the rule is not backpropagation",
        ));
    }
    if let Some(activation) = case.activations().find(|activation| !is_known(activation)) {
        let why = if activation.is_exact() {
            "the checker knows identity, relu, leaky_relu, hard_tanh, square, quadratic and cubic"
        } else {
            "it has no rational values; --number f64 certifies its credits in floats, given x and β"
        };
        return Err(unsupported(&format!("the activation {}: {why}", activation.name())));
    }
    off_kinks(case, certificate)
}

/// What is proved is about half squared error.
fn known_loss(case: &Case) -> Result<(), Error> {
    case.loss.expect_half_squared("a certificate for Coq")
}

/// The definitions in Coq add what comes back to an output neuron.
fn no_clamped_credit(case: &Case) -> Result<(), Error> {
    if case.clamps_credit() {
        return Err(unsupported(
            "clamped output credit: the theorem is about e that is added to the credit that comes back",
        ));
    }
    Ok(())
}

/// Left slopes are those of the checker; elsewhere the convention must not matter.
fn off_kinks(case: &Case, certificate: &Certificate) -> Result<(), Error> {
    let wiring = Wiring::of(case);
    for (number, example) in certificate.witnesses.examples.iter().enumerate() {
        for (neuron, s) in example.net_input.indexed() {
            let kink = wiring.kinks[neuron];
            let on_kink = wiring.activations[neuron].kinks().iter().position(|at| at == s);
            if on_kink.is_some_and(|number| !takes_left(kink, number)) && !wiring.is_input[neuron] {
                let Neuron(n) = neuron;
                return Err(unsupported(&format!(
                    "the kink convention {:?}, and neuron {n} of example {number} is on its kink: the checker's slope \
                     there is the left one",
                    kink.name()
                )));
            }
        }
    }
    Ok(())
}

/// Whether a convention takes the left slope at the kink of this number.
fn takes_left(kink: Kink, number: usize) -> bool {
    match kink {
        Kink::Left => true,
        Kink::Right | Kink::Mean => false,
        // The piece between two kinks is on the left of the second.
        Kink::Inner => number == 1,
        Kink::Outer => number == 0,
        Kink::Between(share) => share.numerator() == 0,
    }
}

fn is_known(activation: &Activation) -> bool {
    text::known(activation).is_some()
}

fn unsupported(what: &str) -> Error {
    Error::unsupported(format!("a Coq certificate with {what}"))
}
