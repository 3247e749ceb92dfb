//! The certificate of a large network: the identity of tier P, with fingerprints in place of a million numbers.
//!
//! It says of the *rules* on a network of these shapes that they agree, at points that nobody chose. The weights of the case
//! take no part in it but through the digests of their files, from which the points follow.
//! A certificate of this kind exists only where both claims agree: a disagreement would be an error of this program or of the machine.

use super::digest::{degree, sha256};
use super::residues::draws;
use super::words;
use super::{ClaimRow, Soundness, Version};
use crate::verdict::{Claim, Conclusion, Tier};

/// Primes of large certificates are below 2²².
pub const BELOW: u32 = 1 << 22;

/// The SHA-256 of a file that the case names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// As the case names it.
    pub name: String,
    /// `sha256:` and 64 hex digits.
    pub digest: String,
}

/// What was claimed of a large network, and fingerprints of what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Large {
    /// Of the format.
    pub version: Version,
    /// The RFC 8785 text of the case as given, file references and all.
    pub case_text: String,
    /// Its digest.
    pub case_digest: String,
    /// Every file that the case names.
    pub files: Vec<File>,
    /// The shapes of the network; those of the files, which a verifier without them takes for granted.
    pub shape: Shape,
    /// Where the random points start.
    pub seed: u64,
    /// Names and versions of what computed it: this crate, faer and gemm.
    pub versions: Vec<(String, String)>,
    /// C1 and C2 in tier P.
    pub claims: Vec<ClaimRow>,
    /// One entry per draw.
    pub draws: Vec<Draw>,
}

/// The versions in the lock file that this source was tested with.
#[must_use]
pub fn versions() -> Vec<(String, String)> {
    let versions =
        [("creditcheck", env!("CARGO_PKG_VERSION")), ("faer", "0.24.4"), ("gemm", "0.19.0")];
    versions.map(|(name, version)| (name.to_owned(), version.to_owned())).to_vec()
}

/// The digest from which the points follow: of the case and of every file that it names.
///
/// SHA-256 of the digest of the case and, per file, a line feed, its digest, a blank and its name.
#[must_use]
pub fn ground(case_digest: &str, files: &[File]) -> String {
    let mut text = case_digest.to_owned();
    for file in files {
        text.push_str(&format!("\n{} {}", file.digest, file.name));
    }
    sha256(text.as_bytes())
}

/// The largest prime below 2²² that does not divide B.
#[must_use]
pub fn prime(batch: usize) -> Option<u32> {
    let is_prime =
        |n: u32| n >= 2 && (2..).take_while(|d| d * d <= n).all(|d| !n.is_multiple_of(d));
    (2..BELOW).rev().find(|n| is_prime(*n) && !batch.is_multiple_of(*n as usize))
}

/// The rows of a certificate in which both claims agree; `None` for shapes that no number of draws settles.
///
/// `nonzero` counts credits and balanced credits, and updates, that are not zero.
#[must_use]
pub fn rows(shape: &Shape, nonzero: [usize; 2]) -> Option<Vec<ClaimRow>> {
    let prime = prime(shape.batch)?;
    let degree = degree(shape.depth());
    let (draws, log2_bound) = draws(degree, prime)?;
    let bound = Soundness {
        variables: shape.variables(),
        degree,
        prime: u64::from(prime),
        draws,
        log2_bound,
    };
    let row = |claim, entries: usize, nonzero| ClaimRow {
        claim,
        tier: Tier::Identity,
        verdict: Some(if nonzero > 0 { Conclusion::Agree } else { Conclusion::Unchecked }),
        reason: (nonzero == 0).then(|| "every compared entry is zero".to_owned()),
        compared: words::compared(claim, Tier::Identity, true, true).to_owned(),
        entries: entries * draws,
        nonzero,
        differing: 0,
        soundness: Some(bound.clone()),
        assumptions: words::LARGE.iter().map(|text| (*text).to_owned()).collect(),
    };
    Some(vec![
        row(Claim::Credit, shape.credit_entries(), nonzero[0]),
        row(Claim::Update, shape.parameters(), nonzero[1]),
    ])
}

/// What a verifier must know of a network to draw the points of its identity again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// n_0, n_1, …, n_Λ.
    pub widths: Vec<usize>,
    /// Whether layers 1..=Λ have biases.
    pub biases: Vec<bool>,
    /// B
    pub batch: usize,
}

impl Shape {
    /// Λ
    #[must_use]
    pub fn depth(&self) -> usize {
        self.biases.len()
    }

    /// How many weights and biases there are.
    #[must_use]
    pub fn parameters(&self) -> usize {
        let layers = self.widths.windows(2).zip(&self.biases);
        layers.map(|(pair, bias)| pair[0] * pair[1] + if *bias { pair[1] } else { 0 }).sum()
    }

    /// The free variables of the identity: W, η, and per example x of all layers but the last, β, and e of the outputs.
    #[must_use]
    pub fn variables(&self) -> usize {
        let weights: usize = self.widths.windows(2).map(|pair| pair[0] * pair[1]).sum();
        let depth = self.depth();
        let rates: usize = self.widths[..depth].iter().sum();
        let factors: usize = self.widths[1..].iter().sum();
        weights + 1 + self.batch * (rates + factors + self.widths[depth])
    }

    /// The entries that C1 compares in one draw: c at every neuron and β∘c at every neuron that is no input.
    #[must_use]
    pub fn credit_entries(&self) -> usize {
        self.batch * (2 * self.widths.iter().sum::<usize>() - self.widths[0])
    }
}

/// What both sides found at one point, as SHA-256 of the canonical residues, each in four bytes, big-endian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draw {
    /// c of layers 0..=Λ, example by example.
    pub credits: Vec<String>,
    /// ΔW of layers 1..=Λ, by presynaptic neuron, then Δb if there are any.
    pub updates: Vec<String>,
    /// x̄ of layers 0..=Λ.
    pub adjoints: Vec<String>,
    /// ∂L/∂W and ∂L/∂b of layers 1..=Λ.
    pub gradients: Vec<String>,
}
