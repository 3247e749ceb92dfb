//! Confirms a certificate by substitution; knows no engine and no number kernel.
//!
//! Walk: which cases have a certificate (`admit`) → [shapes](verify) → D1, D2 (`firing`; `given` where σ is not rational) → D3, D4
//! (`credit`) → D9 (`inverse`, `rest`) → D6, D7 (`backprop`) → D8 (`tangent`) → tier P (`draws`) → the rows of claims (`claims`, `gates`). Sums, slopes and
//! residues are written here again on purpose: the verifier must not share a mistake with what it checks.
//!
//! What it takes for granted: that the case in the certificate is the one the reader cares about, SHA-256,
//! and the arithmetic of num-bigint.

mod admit;
mod backprop;
mod claims;
mod counts;
mod credit;
mod draws;
mod firing;
mod fold;
mod gates;
mod given;
pub mod interval;
mod inverse;
pub mod large;
mod rest;
mod shapes;
mod tangent;

use num_rational::BigRational;
use thiserror::Error as ThisError;

use super::digest::{self, sha256};
use super::{Certificate, ClaimRow};
use crate::error::Error;
use crate::spec::{Limits, Neuron, Parameters, PerNeuron, Wiring, Work};
use crate::verdict::{Claim, Conclusion, Tier};
use fold::Account;

pub use given::Given;

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
    /// Which equation or claim: D1 … D9, P, C1 … C7, `digest`, `shape`, `rows`, `words`; `kind` for the certificate of another kind of
    /// case, and `case` for a case of which no certificate is issued.
    pub equation: String,
    /// The example, neuron, synapse or field.
    pub place: String,
    /// What the certificate has there.
    pub found: String,
    /// What the equation gives.
    pub expected: String,
}

impl Refusal {
    /// Whether it is the case that is refused: whoever issues certificates has none of it either.
    #[must_use]
    pub fn is_of_case(&self) -> bool {
        self.equation == admit::CASE
    }
}

/// A row of claims as it was confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Which claim.
    pub claim: Claim,
    /// In which tier.
    pub tier: Tier,
    /// Computed again; none where the issuer alone observed it (C6).
    pub verdict: Option<Conclusion>,
    /// What the verdict takes for granted.
    pub granted: Vec<String>,
}

/// What a verifier confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The name of the case.
    pub title: String,
    /// Its digest.
    pub case_digest: String,
    /// Every row, recomputed.
    pub claims: Vec<Row>,
    /// How many witnesses each equation confirmed.
    pub substitutions: Vec<(&'static str, usize)>,
    /// How near given rates and balance factors are to σ and σ'; none where all of them are exact.
    pub given: Option<Given>,
    /// Why nothing is more than unchecked, whatever the rows say: files that the case names and nobody showed.
    pub unseen: Option<String>,
}

impl Report {
    /// The worst verdict of any row; a report without verdicts is unchecked.
    #[must_use]
    pub fn conclusion(&self) -> Conclusion {
        let worst = self.worst(|_| true).unwrap_or(Conclusion::Unchecked);
        // Where files were not seen nothing is better than unchecked.
        if self.unseen.is_some() { worst.max(Conclusion::Unchecked) } else { worst }
    }

    /// The worst verdict of the rows that count, if any of them has one.
    #[must_use]
    pub fn worst(&self, counts: impl Fn(&Row) -> bool) -> Option<Conclusion> {
        self.claims.iter().filter(|row| counts(row)).filter_map(|row| row.verdict).max()
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
    within(&Work::up_to(u64::MAX), |account| walk(sealed, account)).unwrap_or_else(unlimited)
}

/// The same with no more work than the limits leave.
///
/// # Errors
/// [`Error::Limit`] where the equations need more; the inner error is that of [`verify`].
pub fn verify_within(sealed: &Sealed, limits: &Limits) -> Result<Result<Report, Refusal>, Error> {
    within(&limits.work, |account| walk(sealed, account))
}

fn walk(sealed: &Sealed, account: &Account) -> Result<Report, Refusal> {
    let wiring = Wiring::of(&sealed.certificate.case);
    admit::check(&sealed.certificate.case, &wiring)?;
    digests(sealed)?;
    examine(&sealed.certificate, account, &mut Err)
}

/// What was found on an account, unless it did not suffice: then nothing was.
fn within<T>(work: &Work, find: impl FnOnce(&Account) -> T) -> Result<T, Error> {
    let account = Account::of(work);
    let found = find(&account);
    account.settle(work).map(|()| found)
}

/// More than 2⁶⁴ limb products, which no machine ever did.
fn unlimited(error: Error) -> Result<Report, Refusal> {
    Err(refusal("work", "the certificate", error.to_string(), "less"))
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
    let all = Work::up_to(u64::MAX);
    within(&all, |account| examine(certificate, account, &mut Err)).unwrap_or_else(unlimited)
}

/// The same with no more work than the limits leave.
///
/// # Errors
/// As [`verify_within`].
pub fn equations_within(
    certificate: &Certificate,
    limits: &Limits,
) -> Result<Result<Report, Refusal>, Error> {
    within(&limits.work, |account| examine(certificate, account, &mut Err))
}

/// What every part of the verifier has against a certificate: the first refusal of each, in the order of the walk.
///
/// An empty list is what [`equations`] confirms. A single entry says that without this one part the certificate would pass, which is
/// how the parts are shown to be needed. A certificate of the wrong shape has nothing that could be substituted: that objection stands alone.
#[must_use]
pub fn objections(certificate: &Certificate) -> Vec<Refusal> {
    let mut all = Vec::new();
    let mut note = |refusal| {
        all.push(refusal);
        Ok(())
    };
    let account = Account::of(&Work::up_to(u64::MAX));
    if let Err(fatal) = examine(certificate, &account, &mut note) {
        all.push(fatal);
    }
    all
}

/// Whether to go on after a refusal.
type Objecting<'a> = &'a mut dyn FnMut(Refusal) -> Result<(), Refusal>;

/// What a part confirmed; nothing if it refused, and whoever asked goes on.
fn unless<T>(found: Result<T, Refusal>, objecting: Objecting<'_>) -> Result<Option<T>, Refusal> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(refusal) => objecting(refusal).map(|()| None),
    }
}

fn examine(
    certificate: &Certificate,
    account: &Account,
    objecting: Objecting<'_>,
) -> Result<Report, Refusal> {
    let ground = Ground::of(certificate, account)?;
    unless(case_digest(certificate), objecting)?;
    shapes::check(&ground)?;
    let mut substitutions = vec![("D1", 0), ("D2", 0)];
    let mut examples = Vec::new();
    let mut given = Given::default();
    for number in 0..certificate.case.examples.len() {
        let fired = unless(firing::check(&ground, number), objecting)?.unwrap_or_default();
        substitutions[0].1 += fired.rates;
        substitutions[1].1 += fired.factors;
        given = given.and(fired.given);
        let known = credit::known(&ground, number);
        unless(credit::check(&ground, number, &known), objecting)?;
        examples.push(known);
    }
    let entries = unless(inverse::check(&ground, &examples), objecting)?.unwrap_or_default();
    unless(rest::check(&ground), objecting)?;
    substitutions.push(("D3", examples.len() * ground.wiring.neurons()));
    let updates = unless(credit::check_update(&ground, &examples), objecting)?;
    substitutions.push(("D4", updates.unwrap_or_default()));
    let backward = unless(backprop::check(&ground, &examples), objecting)?.flatten();
    let gradient = unless(backprop::check_gradient(&ground), objecting)?;
    if let Some(adjoints) = backward {
        substitutions.push(("D6", adjoints));
        substitutions.push(("D7", gradient.unwrap_or_default()));
    }
    if entries > 0 {
        substitutions.push(("D9", entries));
    }
    let derivatives = unless(tangent::check(&ground, &examples), objecting)?;
    let residues = unless(draws::check(&ground), objecting)?;
    for (equation, count) in [("D8", derivatives), ("P", residues)] {
        if let Some(count) = count.filter(|count| *count > 0) {
            substitutions.push((equation, count));
        }
    }
    let expected = super::words::kink(&certificate.case);
    unless(confirm("words", &certificate.kink, &expected, || "kink".into()), objecting)?;
    unless(claims::check(&ground, &examples), objecting)?;
    Ok(Report {
        title: certificate.case.title().0.to_owned(),
        case_digest: certificate.case_digest.clone(),
        claims: certificate.claims.iter().map(Row::of).collect(),
        substitutions,
        given: (given.neurons > 0).then_some(given),
        unseen: None,
    })
}

impl Row {
    /// A row that was confirmed. Of what the issuer observed a verifier has no verdict, whatever stands there.
    fn of(row: &ClaimRow) -> Self {
        let observed = row.claim == Claim::Locality;
        Self {
            claim: row.claim,
            tier: row.tier,
            verdict: if observed { None } else { row.verdict },
            granted: row.assumptions.clone(),
        }
    }
}

/// The certificate and the anatomy of its network.
struct Ground<'a> {
    certificate: &'a Certificate,
    /// What sums and products cost.
    account: &'a Account,
    wiring: Wiring,
    parameters: Parameters<BigRational>,
    /// Every neuron after its presynaptic ones; with a cycle by number.
    order: Vec<Neuron>,
    /// h of D3.
    heights: PerNeuron<usize>,
    /// Edges of the longest path; 0 with a cycle.
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
    fn of(certificate: &'a Certificate, account: &'a Account) -> Result<Self, Refusal> {
        let wiring = Wiring::of(&certificate.case);
        admit::check(&certificate.case, &wiring)?;
        // With a cycle there is no order and no height: substitution needs neither, and nothing relaxes in finitely many sweeps.
        let order = wiring.order.clone();
        let order = order.unwrap_or_else(|| (0..wiring.neurons()).map(Neuron).collect());
        let heights = wiring.heights();
        let heights = heights.unwrap_or_else(|| PerNeuron::filled(wiring.neurons(), 0));
        let depth = wiring.depth().unwrap_or(0);
        let exact = certificate.case.is_exact()
            && wiring.balances.iter().flatten().all(crate::spec::Activation::is_exact);
        let directions = if certificate.witnesses.tangent.is_some() {
            digest::directions(&certificate.case_digest, certificate.seed, &wiring)
        } else {
            Vec::new()
        };
        Ok(Self {
            certificate,
            account,
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
