//! Writes a certificate from what the engines found.

use num_rational::BigRational;
use num_traits::Zero;

use super::digest::{self, sha256};
use super::evidence::Evidence;
use super::rows;
use super::words;
use super::{
    BackpropWitness, Certificate, ExampleWitness, PerParameter, TangentWitness, Version, Versions,
    Witnesses,
};
use crate::error::Error;
use crate::spec::outcome::{BackpropExample, BackpropOutcome, Update};
use crate::spec::{Case, Network, PerNeuron, PerSynapse, Wiring};

/// Builds the certificate of a case.
///
/// `case_text` is the RFC 8785 text of the case as given; its digest must be the one from which the draws, the
/// directions and the start in the evidence were taken. The issuer counts and concludes for itself, so the
/// certificate does not depend on how a program words its own tables.
///
/// # Errors
/// [`Error::Unsupported`] for engines that do not even agree on the rates, and for a rule
/// whose audit did not agree: such a thing has no certificate.
pub fn issue(
    case: &Case,
    case_text: String,
    seed: u64,
    evidence: Evidence,
) -> Result<Certificate, Error> {
    let wiring = Wiring::of(case);
    if !evidence.locality.is_agree() {
        let word = evidence.locality.word();
        return Err(Error::unsupported(format!("a certificate of a rule whose audit says {word}")));
    }
    let backward = match (&case.network, &evidence.backprop) {
        (Network::Layered(_), Some(outcome)) => Some(outcome),
        (Network::Graph(_), None) => None,
        (Network::Layered(_), None) | (Network::Graph(_), Some(_)) => {
            return Err(Error::unsupported("backpropagation goes with layers, and only with them"));
        }
    };
    let mut responses = evidence.tangent.as_ref().and_then(|t| t.responses.clone());
    let mut inverses = evidence.inverses.map(Vec::into_iter);
    let mut examples = Vec::new();
    for (number, found) in evidence.credit.examples.iter().enumerate() {
        let backprop = match backward {
            Some(outcome) => Some(flat(number, outcome, &found.firing_rate)?),
            None => None,
        };
        examples.push(ExampleWitness {
            net_input: found.net_input.clone(),
            firing_rate: found.firing_rate.clone(),
            balance_factor: found.balance_factor.clone(),
            credit: found.credit.map(|credit| credit.0.clone()),
            backprop,
            response: responses.as_mut().and_then(|all| {
                all.get_mut(number).map(|r| std::mem::replace(r, PerNeuron::new(Vec::new())))
            }),
            inverses: inverses.as_mut().and_then(Iterator::next),
        });
    }
    let Update { weights, biases } = evidence.credit.update;
    let witnesses = Witnesses {
        examples,
        update: PerParameter { weights, biases },
        gradient: backward.map(|outcome| flat_gradient(case, outcome)),
        tangent: evidence.tangent.map(|t| TangentWitness { derivatives: t.derivatives }),
        draws: evidence.draws,
    };
    let case_digest = sha256(case_text.as_bytes());
    let certificate = Certificate {
        version: Version::Two,
        kink: words::kink(case),
        claims: Vec::new(),
        versions: versions(),
        case: case.clone(),
        case_text,
        case_digest,
        seed,
        witnesses,
    };
    let claims = rows::rows(&certificate, &wiring, &evidence.settling);
    Ok(Certificate { claims, ..certificate })
}

/// The backward pass of one example, layers counted through.
fn flat(
    number: usize,
    outcome: &BackpropOutcome<BigRational>,
    rates: &PerNeuron<BigRational>,
) -> Result<BackpropWitness, Error> {
    let none = || Error::unsupported("a certificate in which backpropagation lacks an example");
    let BackpropExample { firing_rate, adjoint, delta, .. } =
        outcome.examples.get(number).ok_or_else(none)?;
    if !firing_rate.iter().flatten().eq(rates.iter()) {
        return Err(Error::unsupported(format!(
            "a certificate of engines whose firing rates differ, in example {number}"
        )));
    }
    let inputs = adjoint.first().map_or(0, Vec::len);
    let silent = std::iter::repeat_n(BigRational::zero(), inputs);
    Ok(BackpropWitness {
        adjoint: PerNeuron::new(adjoint.iter().flatten().map(|a| a.0.clone()).collect()),
        delta: PerNeuron::new(silent.chain(delta.iter().flatten().map(|d| d.0.clone())).collect()),
    })
}

fn flat_gradient(case: &Case, outcome: &BackpropOutcome<BigRational>) -> PerParameter<BigRational> {
    let gradient = &outcome.gradient;
    let weights = gradient.weights.iter().flatten().flatten().cloned().collect();
    let inputs = case.examples.first().map_or(0, |example| example.input.len());
    let mut biases = vec![BigRational::zero(); inputs];
    for (rows, layer) in gradient.weights.iter().zip(&gradient.biases) {
        match layer {
            Some(values) => biases.extend(values.iter().cloned()),
            None => biases.extend(std::iter::repeat_n(BigRational::zero(), rows.len())),
        }
    }
    PerParameter { weights: PerSynapse::new(weights), biases: PerNeuron::new(biases) }
}

/// The versions in the lock file that this source was tested with.
fn versions() -> Versions {
    Versions {
        creditcheck: env!("CARGO_PKG_VERSION").to_owned(),
        num_rational: locked("num-rational"),
        num_bigint: locked("num-bigint"),
    }
}

/// The version of a package in the lock file.
fn locked(package: &str) -> String {
    const LOCK: &str = include_str!("../../Cargo.lock");
    let name = format!("name = \"{package}\"");
    let mut lines = LOCK.lines().skip_while(|line| *line != name);
    let version = lines.nth(1).and_then(|line| line.strip_prefix("version = "));
    version.map_or_else(|| "unknown".to_owned(), |version| version.trim_matches('"').to_owned())
}

/// How many draws of tier P a network takes (the degree of its identity follows from its depth).
#[must_use]
pub fn draws_of(wiring: &Wiring) -> usize {
    digest::draws(digest::degree(wiring.depth().unwrap_or(0))).0
}
