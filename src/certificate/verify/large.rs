//! Confirms the certificate of a large network: draws its points again and recomputes both rules' results by D3 and D4.
//!
//! The case itself is read and validated like any other. Plain sums of integers; no engine, no floats. Backpropagation is not run: by C1 and C2 its residues are those of the credit
//! rule with the sign turned, and a fingerprint of anything else is refused.

use super::fold::Account;
use super::{Refusal, Report, Row, admit, confirm, refusal, unlimited, within};
use crate::certificate::digest::{degree, sha256};
use crate::certificate::large::{Draw, File, Large, Shape, ground, prime, rows};
use crate::certificate::residues::{Fingerprint, Residues, draws};
use crate::certificate::words;
use crate::error::Error;
use crate::spec::{Expect, Limits, Work};

/// A large certificate as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedLarge {
    /// What the certificate says.
    pub certificate: Large,
    /// What the reader made of its case.
    pub subject: Subject,
    /// The RFC 8785 text of the whole document without its own digest.
    pub text: String,
    /// The digest that the document states.
    pub digest: String,
}

/// What a validated case says that decides whether there is a large certificate of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Whether its network has layers.
    pub layered: bool,
    /// Whether its numbers stand in canonical form.
    pub is_canonical: bool,
    /// What its author expects of C2.
    pub expect: Expect,
    /// The place of the first balance function of its own, and its name.
    pub own_balance: Option<(String, &'static str)>,
    /// Where its numbers are.
    pub numbers: Numbers,
}

/// Where the numbers of a case are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// In the case itself.
    Here(Found),
    /// In files, each once, with the digest that every reference to it states; none where one states none, or another.
    Files(Option<Vec<File>>),
}

/// What is known of a network whose numbers were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its shape.
    pub shape: Shape,
    /// Whether it is one of which a large certificate is issued.
    pub is_large: bool,
}

/// The files that a case names, as they were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// In the order in which the case names them.
    pub files: Vec<File>,
    /// What stands in them; none where they are not those of the certificate.
    pub found: Option<Found>,
}

/// Confirms the case, digests, fingerprints, counts and verdicts; with the files of the case, where they are at hand, its shape too.
///
/// ```text
/// D3 c = Wᵀ(β∘c) + e   D4 ΔW = η⟨β c x⟩, Δb = η⟨β c⟩   C1 x̄ = −c   C2 ∂L/∂W = −⟨β c x⟩     modulo p
/// ```
///
/// Without the files that a case names nothing is known of its shape: [`Report::unseen`] says so, and nothing is more than unchecked.
///
/// Exactness: every comparison is `==` of residues, through SHA-256.
///
/// # Errors
/// [`Refusal`] names the first equation that fails.
pub fn verify(sealed: &SealedLarge, shown: Option<&Shown>) -> Result<Report, Refusal> {
    within(&Work::up_to(u64::MAX), |account| walk(sealed, shown, account)).unwrap_or_else(unlimited)
}

/// The same with no more work than the limits leave; that of all draws is asked for before the first.
///
/// # Errors
/// [`Error::Limit`] where the draws need more; the inner error is that of [`verify`].
pub fn verify_within(
    sealed: &SealedLarge,
    shown: Option<&Shown>,
    limits: &Limits,
) -> Result<Result<Report, Refusal>, Error> {
    within(&limits.work, |account| walk(sealed, shown, account))
}

fn walk(sealed: &SealedLarge, shown: Option<&Shown>, account: &Account) -> Result<Report, Refusal> {
    let SealedLarge { certificate, subject, .. } = sealed;
    admissible(subject)?;
    let expected = sha256(sealed.text.as_bytes());
    confirm("digest", &sealed.digest, &expected, || "the certificate".into())?;
    if !subject.is_canonical {
        let found = "numbers that are not in canonical form";
        return Err(refusal("digest", "the case", found, "the text that is hashed"));
    }
    let found = match &subject.numbers {
        Numbers::Here(found) => {
            confirm("digest", &listed(&certificate.files), &listed(&[]), || "files".into())?;
            Some(found)
        }
        Numbers::Files(named) => {
            let named = named.as_ref().map(|files| listed(files));
            let named = named.unwrap_or_else(|| "one digest of each file that is named".into());
            confirm("digest", &listed(&certificate.files), &named, || "files".into())?;
            if let Some(shown) = shown {
                let (stated, found) = (listed(&certificate.files), listed(&shown.files));
                confirm("digest", &stated, &found, || "the files themselves".into())?;
            }
            shown.and_then(|shown| shown.found.as_ref())
        }
    };
    if let Some(Found { shape, is_large: false }) = found {
        let small = format!("a large certificate of a case of {} parameters", shape.parameters());
        return Err(refusal("kind", "the certificate", small, "the certificate of a small case"));
    }
    let mut report = examine(certificate, found.map(|found| &found.shape), account)?;
    report.unseen = found.is_none().then(|| words::FILES_UNSEEN.to_owned());
    if found.is_some() {
        // Nothing is granted that was confirmed.
        let granted = report.claims.iter_mut().map(|row| &mut row.granted);
        granted.for_each(|granted| granted.retain(|sentence| sentence != words::LARGE_SHAPES));
    }
    Ok(report)
}

/// Refuses a case of which no large certificate is issued.
fn admissible(subject: &Subject) -> Result<(), Refusal> {
    let refused = |place: &str, found: &str, expected| {
        Err(refusal(admit::CASE, format!("case.{place}"), found, expected))
    };
    if !subject.layered {
        return refused("network.kind", "a graph", "layers, in a large certificate");
    }
    if let Some((place, name)) = &subject.own_balance {
        // Given β the two rules agree whatever f is: the identity would certify what is false.
        let place = place.strip_prefix("case.").unwrap_or(place);
        return refused(place, name, "no balance function of its own in a large certificate");
    }
    match subject.expect {
        Expect::Agree => Ok(()),
        Expect::Disagree => refused("expect", "disagree", "agree, in a large certificate"),
    }
}

fn listed(files: &[File]) -> String {
    let files: Vec<_> = files.iter().map(|f| format!("{} {}", f.name, f.digest)).collect();
    if files.is_empty() { "no files".to_owned() } else { files.join(", ") }
}

/// The most residues of one point that this verifier takes into memory.
const LARGEST: u128 = 1 << 31;

/// Confirms everything but the case and the digest of the whole; the shape of the case, where it is known, too.
///
/// # Errors
/// As [`verify`].
pub fn equations(certificate: &Large, shape: Option<&Shape>) -> Result<Report, Refusal> {
    let all = Work::up_to(u64::MAX);
    within(&all, |account| examine(certificate, shape, account)).unwrap_or_else(unlimited)
}

fn examine(
    certificate: &Large,
    shape: Option<&Shape>,
    account: &Account,
) -> Result<Report, Refusal> {
    let Large { case_text, case_digest, files, shape: stated, claims, .. } = certificate;
    confirm("digest", case_digest, &sha256(case_text.as_bytes()), || "the case".into())?;
    let depth = stated.depth();
    let large = |n: &usize| *n as u128;
    let pairs = stated.widths.windows(2).map(|pair| large(&pair[0]) * large(&pair[1]));
    let neurons: u128 = stated.widths.iter().map(large).sum();
    let sound = depth > 0
        && stated.widths.len() == depth + 1
        && stated.batch > 0
        && stated.widths.iter().all(|width| *width > 0)
        && pairs.sum::<u128>() + 2 * large(&stated.batch) * neurons <= LARGEST;
    if !sound || shape.is_some_and(|shape| shape != stated) {
        let expected = shape.map_or("layers of neurons".into(), |shape| format!("{shape:?}"));
        return Err(refusal("shape", "the network", format!("{stated:?}"), expected));
    }
    let prime = prime(stated.batch).unwrap_or(2);
    let Some((count, _)) = draws(degree(depth), prime) else {
        return Err(refusal("P", "the depth", depth.to_string(), "a shallower network"));
    };
    confirm("P", &certificate.draws.len(), &count, || "the number of draws".into())?;
    if !account.grants(work(stated, count)) {
        return Err(refusal("work", "the draws", "more than the limit", "less"));
    }
    let digest = ground(case_digest, files);
    let mut nonzero = [0, 0];
    let mut confirmed = 0;
    for (number, draw) in certificate.draws.iter().enumerate() {
        let label = format!("large/{number}");
        let found = recomputed(stated, prime, &mut nonzero, |part, len| {
            let label = format!("{label}/{part}");
            let mut stream = Residues::new(&digest, certificate.seed, &label, prime);
            (0..len).map(|_| stream.next()).collect()
        });
        let parts = [
            ("D3", "credits", &draw.credits, &found.credits),
            ("D4", "updates", &draw.updates, &found.updates),
            ("C1", "adjoints", &draw.adjoints, &found.adjoints),
            ("C2", "gradients", &draw.gradients, &found.gradients),
        ];
        for (equation, what, stated, found) in parts {
            let place = || format!("draw {number}: the number of {what}");
            confirm(equation, &stated.len(), &found.len(), place)?;
            for (l, (stated, found)) in stated.iter().zip(found).enumerate() {
                confirm(equation, stated, found, || format!("draw {number}: {what}[{l}]"))?;
                confirmed += 1;
            }
        }
    }
    let expected = rows(stated, nonzero).unwrap_or_default();
    confirm("P", &claims.len(), &expected.len(), || "the number of rows".into())?;
    for (row, expected) in claims.iter().zip(&expected) {
        if row != expected {
            let place = format!("the row of {} in tier P", expected.claim.id());
            return Err(refusal("words", place, format!("{row:?}"), format!("{expected:?}")));
        }
    }
    Ok(Report {
        title: words::LARGE_TITLE.into(),
        case_digest: case_digest.clone(),
        claims: claims.iter().map(Row::of).collect(),
        substitutions: vec![("P", confirmed)],
        given: None,
        unseen: None,
    })
}

/// Products of residues: each weight is drawn once, and each example goes through it once for D3 and once for D4.
///
/// ```text
/// draws · (1 + 2B) Σ n_l n_{l−1}
/// ```
fn work(shape: &Shape, draws: usize) -> u64 {
    let large = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let synapses =
        shape.widths.windows(2).map(|pair| large(pair[0]).saturating_mul(large(pair[1])));
    let each = large(shape.batch).saturating_mul(2).saturating_add(1);
    synapses.fold(0, u64::saturating_add).saturating_mul(each).saturating_mul(large(draws))
}

/// How many products of residues below p < 2²² fit into a sum of 64 bits, with one more residue.
const TERMS: usize = 1 << 20;

/// D3 and D4 at one point, and what C1 and C2 make of them.
fn recomputed(
    shape: &Shape,
    prime: u32,
    nonzero: &mut [usize; 2],
    drawn: impl Fn(&str, usize) -> Vec<u32>,
) -> Draw {
    let p = u64::from(prime);
    let (depth, batch) = (shape.depth(), shape.batch);
    let learning_rate = u64::from(drawn("eta", 1)[0]);
    let mean = inverse(batch as u64, p);
    let mut credit = drawn("e", shape.widths[depth] * batch);
    let (mut credits, mut updates) = (vec![prints(&credit, p)], Vec::new());
    nonzero[0] += alive(&credit);
    for l in (1..=depth).rev() {
        let (width, below) = (shape.widths[l], shape.widths[l - 1]);
        let factor = drawn(&format!("beta{l}"), width * batch);
        let balanced: Vec<u32> =
            credit.iter().zip(&factor).map(|(c, beta)| times(*c, *beta, p)).collect();
        nonzero[0] += alive(&balanced);
        let weights = drawn(&format!("W{l}"), width * below);
        credit = Vec::with_capacity(below * batch);
        for of_example in balanced.chunks_exact(width) {
            // Column by column: the synapses of one presynaptic neuron stand side by side.
            credit.extend(weights.chunks_exact(width).map(|synapses| dot(synapses, of_example, p)));
        }
        drop(weights);
        nonzero[0] += alive(&credit);
        credits.push(prints(&credit, p));

        let rates = by_unit(&drawn(&format!("x{}", l - 1), below * batch), below);
        let balanced = by_unit(&balanced, width);
        let mut prints = (Fingerprint::default(), Fingerprint::default());
        let mut close = |sums: Vec<u64>| {
            let means = sums.iter().map(|sum| sum % p * mean % p);
            let update: Vec<u32> = means.clone().map(|m| small(m * learning_rate % p)).collect();
            nonzero[1] += means.clone().filter(|mean| *mean != 0).count();
            prints.0.add(update);
            prints.1.add(means.map(|m| small((p - m) % p)));
        };
        for rates in rates.chunks_exact(batch) {
            let neurons = balanced.chunks_exact(batch);
            close(neurons.map(|balanced| dot(balanced, rates, p).into()).collect());
        }
        if shape.biases[l - 1] {
            let neurons = balanced.chunks_exact(batch);
            close(neurons.map(|balanced| balanced.iter().map(|b| u64::from(*b)).sum()).collect());
        }
        updates.push((prints.0.text(), prints.1.text()));
    }
    credits.reverse();
    updates.reverse();
    let (credits, adjoints) = credits.into_iter().unzip();
    let (updates, gradients) = updates.into_iter().unzip();
    Draw { credits, updates, adjoints, gradients }
}

/// What stands example by example, unit by unit: all examples of the first, all of the second, …
fn by_unit(values: &[u32], units: usize) -> Vec<u32> {
    let of = |unit: usize| values.iter().skip(unit).step_by(units).copied();
    (0..units).flat_map(of).collect()
}

/// Of c, and of x̄ = −c.
fn prints(credit: &[u32], p: u64) -> (String, String) {
    let (mut own, mut other) = (Fingerprint::default(), Fingerprint::default());
    own.add(credit.iter().copied());
    other.add(credit.iter().map(|c| small((p - u64::from(*c)) % p)));
    (own.text(), other.text())
}

fn alive(values: &[u32]) -> usize {
    values.iter().filter(|value| **value != 0).count()
}

fn dot(left: &[u32], right: &[u32], p: u64) -> u32 {
    let chunks = left.chunks(TERMS).zip(right.chunks(TERMS));
    small(chunks.fold(0, |sum, (left, right)| {
        let products = left.iter().zip(right).map(|(a, b)| u64::from(*a) * u64::from(*b));
        (sum + products.sum::<u64>()) % p
    }))
}

fn times(a: u32, b: u32, p: u64) -> u32 {
    small(u64::from(a) * u64::from(b) % p)
}

/// A residue, which is below p < 2²².
#[allow(clippy::cast_possible_truncation)]
fn small(residue: u64) -> u32 {
    residue as u32
}

/// aᵖ⁻² = 1/a, for a below 2³¹.
fn inverse(mut base: u64, p: u64) -> u64 {
    let (mut result, mut exponent) = (1, p - 2);
    while exponent > 0 {
        if exponent % 2 == 1 {
            result = result * base % p;
        }
        base = base * base % p;
        exponent /= 2;
    }
    result
}
