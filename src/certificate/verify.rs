//! Confirms a certificate by substitution; knows no engine and no number kernel.
//!
//! Walk: [shapes](verify) → D1, D2 (`firing`) → D3, D4 (`credit`) → D9 (`inverse`) → D6, D7 (`backprop`) → D8 (`tangent`)
//! → tier P (`draws`) → the rows of claims (`claims`). Sums, slopes and residues are written here again on
//! purpose: the verifier must not share a mistake with what it checks.
//!
//! What it takes for granted: that the case in the certificate is the one the reader cares about, SHA-256,
//! and the arithmetic of num-bigint.

mod backprop;
mod claims;
mod counts;
mod credit;
mod draws;
mod firing;
mod fold;
mod inverse;
pub mod large;
mod shapes;
mod tangent;

use num_rational::BigRational;
use thiserror::Error as ThisError;

use super::Certificate;
use super::digest::{self, sha256};
use crate::check::{Claim, Conclusion, Tier};
use crate::spec::{Neuron, Parameters, PerNeuron, Wiring};

/// A certificate as it was read: with the digest it states and the text that digest is of.
#[derive(Clone, Debug, PartialEq)]
pub struct Sealed {
    /// What the certificate says.
    pub certificate: Certificate,
    /// The RFC 8785 text of the whole document without its own digest.
    pub text: String,
    /// The digest that the document states.
    pub digest: String,
}

/// The first equation that a certificate does not solve.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[error("refused by {equation}: {place}: found {found}, expected {expected}")]
pub struct Refusal {
    /// Which equation or claim: D1 … D9, P, C1 … C7, `digest`, `shape` or `words`.
    pub equation: String,
    /// The example, neuron, synapse or field.
    pub place: String,
    /// What the certificate has there.
    pub found: String,
    /// What the equation gives.
    pub expected: String,
}

/// What a verifier confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The name of the case.
    pub title: String,
    /// Its digest.
    pub case_digest: String,
    /// Claim, tier and verdict of each row, all of them recomputed.
    pub claims: Vec<(Claim, Tier, Conclusion)>,
    /// How many witnesses each equation confirmed.
    pub substitutions: Vec<(&'static str, usize)>,
}

impl Report {
    /// The worst verdict of any row; a report without rows is unchecked.
    #[must_use]
    pub fn conclusion(&self) -> Conclusion {
        let verdicts = self.claims.iter().map(|(_, _, verdict)| *verdict);
        verdicts.max().unwrap_or(Conclusion::Unchecked)
    }
}

/// Confirms digests, witnesses, counts and verdicts.
///
/// ```text
/// D1 s = Wx + b, x = σ(s)   D2 β = f(s)   D3 c = Wᵀ(β∘c) + e   D4 ΔW = η⟨β c x⟩   D6–D9   P   C1–C7
/// ```
///
/// Exactness: every comparison is `==` of rationals or residues.
///
/// # Errors
/// [`Refusal`] names the first equation that fails, with its place, what was found and what was expected.
pub fn verify(sealed: &Sealed) -> Result<Report, Refusal> {
    digests(sealed)?;
    equations(&sealed.certificate)
}

/// Confirms only that nothing was changed by somebody who did not recompute the digests.
///
/// This is *not* a verification: whoever forges a certificate can compute digests too.
///
/// # Errors
/// [`Refusal`] where a digest differs.
pub fn digests(sealed: &Sealed) -> Result<(), Refusal> {
    let expected = sha256(sealed.text.as_bytes());
    confirm("digest", &sealed.digest, &expected, || "the certificate".into())?;
    case_digest(&sealed.certificate)
}

fn case_digest(certificate: &Certificate) -> Result<(), Refusal> {
    let expected = sha256(certificate.case_text.as_bytes());
    confirm("digest", &certificate.case_digest, &expected, || "the case".into())
}

/// Confirms everything but the digest of the whole.
///
/// # Errors
/// As [`verify`].
pub fn equations(certificate: &Certificate) -> Result<Report, Refusal> {
    case_digest(certificate)?;
    let ground = Ground::of(certificate)?;
    shapes::check(&ground)?;
    let mut substitutions = vec![("D1", 0), ("D2", 0)];
    let mut examples = Vec::new();
    for example in 0..certificate.case.examples.len() {
        let (rates, factors) = firing::check(&ground, example)?;
        substitutions[0].1 += rates;
        substitutions[1].1 += factors;
        examples.push(credit::check(&ground, example)?);
    }
    let entries = inverse::check(&ground, &examples)?;
    let credits = examples.len() * ground.wiring.neurons();
    substitutions.push(("D3", credits));
    substitutions.push(("D4", credit::check_update(&ground, &examples)?));
    let backward = backprop::check(&ground, &examples)?;
    if let Some(adjoints) = backward {
        substitutions.push(("D6", adjoints));
        substitutions.push(("D7", backprop::check_gradient(&ground)?));
    }
    if entries > 0 {
        substitutions.push(("D9", entries));
    }
    let derivatives = tangent::check(&ground, &examples)?;
    if derivatives > 0 {
        substitutions.push(("D8", derivatives));
    }
    let residues = draws::check(&ground)?;
    if residues > 0 {
        substitutions.push(("P", residues));
    }
    let expected = super::words::kink(&certificate.case);
    confirm("words", &certificate.kink, &expected, || "kink".into())?;
    claims::check(&ground, &examples)?;
    Ok(Report {
        title: certificate.case.title().0.to_owned(),
        case_digest: certificate.case_digest.clone(),
        claims: certificate.claims.iter().map(|r| (r.claim, r.tier, r.verdict)).collect(),
        substitutions,
    })
}

/// The certificate and the anatomy of its network.
struct Ground<'a> {
    certificate: &'a Certificate,
    wiring: Wiring,
    parameters: Parameters<BigRational>,
    /// Every neuron after its presynaptic ones; with a cycle by number.
    order: Vec<Neuron>,
    /// h of D3.
    heights: PerNeuron<usize>,
    depth: usize,
    layered: bool,
    /// Whether every rate and balance factor can be confirmed from its net input.
    exact: bool,
    /// The directions of C3; none where there is no tangent.
    directions: Vec<super::PerParameter<BigRational>>,
}

/// What follows from the confirmed witnesses of one example.
struct Confirmed {
    /// e.
    external: PerNeuron<BigRational>,
    /// β∘c.
    retrograde: PerNeuron<BigRational>,
    /// σ'(s), from the verifier's own formulas where σ is exact and β where that is given.
    slope: PerNeuron<BigRational>,
}

impl<'a> Ground<'a> {
    fn of(certificate: &'a Certificate) -> Result<Self, Refusal> {
        let wiring = Wiring::of(&certificate.case);
        // With a cycle there is no order and no height: substitution needs neither, and nothing relaxes in finitely many sweeps.
        let order = wiring.order.clone();
        let order = order.unwrap_or_else(|| (0..wiring.neurons()).map(Neuron).collect());
        let heights = wiring.heights();
        let heights = heights.unwrap_or_else(|| PerNeuron::filled(wiring.neurons(), 0));
        let depth = heights.iter().copied().max().unwrap_or(0);
        let exact = certificate.case.is_exact()
            && wiring.balances.iter().flatten().all(crate::spec::Activation::is_exact);
        let directions = if certificate.witnesses.tangent.is_some() {
            digest::directions(&certificate.case_digest, certificate.seed, &wiring)
        } else {
            Vec::new()
        };
        Ok(Self {
            certificate,
            parameters: Parameters::of(&certificate.case),
            order,
            heights,
            depth,
            layered: matches!(certificate.case.network, crate::spec::Network::Layered(_)),
            exact,
            directions,
            wiring,
        })
    }
}

fn refusal(
    equation: &str,
    place: impl Into<String>,
    found: impl Into<String>,
    expected: impl Into<String>,
) -> Refusal {
    Refusal {
        equation: equation.to_owned(),
        place: place.into(),
        found: found.into(),
        expected: expected.into(),
    }
}

/// Refuses unless both are the same.
fn confirm<T: PartialEq + std::fmt::Display>(
    equation: &str,
    found: &T,
    expected: &T,
    place: impl FnOnce() -> String,
) -> Result<(), Refusal> {
    if found == expected {
        return Ok(());
    }
    Err(refusal(equation, place(), shown(found), shown(expected)))
}

/// Long fractions are cut: the place says where to look.
fn shown(value: &impl std::fmt::Display) -> String {
    const SHOWN: usize = 120;
    let text = value.to_string();
    if text.chars().count() <= SHOWN {
        return text;
    }
    let start: String = text.chars().take(SHOWN).collect();
    format!("{start}… ({} characters)", text.chars().count())
}
