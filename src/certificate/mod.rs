//! Certificates: what was claimed of a case, and the numbers that let anybody confirm it.
//!
//! [`issue`] writes one from what the engines found; [`verify()`] confirms it by
//! substitution, calling no engine: every witness is put into the equation that it must solve (D1–D4,
//! D6–D8), and every count and verdict is computed again from the witnesses. In a feed-forward
//! network these systems are triangular, so substitution determines the answer.
//!
//! [`digest`] says how the random points and directions follow from the digest of the case, and
//! [`words`] holds every sentence that a certificate contains.

pub mod digest;
mod evidence;
mod external;
mod issue;
pub mod large;
pub mod residues;
mod rows;
pub mod verify;
pub mod words;

use num_rational::BigRational;

use crate::spec::{Case, PerNeuron, PerSynapse};
use crate::verdict::{Claim, Conclusion, Tier};

pub use evidence::{Evidence, Settling, TangentEvidence};
pub use issue::{draws_of, issue};
pub use verify::{Refusal, Report, Row, verify};

/// Which version of the format a certificate has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// `creditcheck/certificate/1`: no longer issued; read, and held to the rules of the second.
    One,
    /// `creditcheck/certificate/2`.
    #[default]
    Two,
}

impl Version {
    /// Both, with their names.
    pub const ALL: [(&str, Self); 2] =
        [("creditcheck/certificate/2", Self::Two), ("creditcheck/certificate/1", Self::One)];

    /// The name of the format.
    #[must_use]
    pub fn format(self) -> &'static str {
        match self {
            Self::One => Self::ALL[1].0,
            Self::Two => Self::ALL[0].0,
        }
    }
}

/// Up to this many parameters C3 uses every unit direction; above, [`DRAWN_DIRECTIONS`].
pub const MOST_UNIT_DIRECTIONS: usize = 200;

/// How many random directions C3 uses on a network with more parameters: a wrong update survives
/// each with probability at most 2⁻²⁰, hence all of them with at most 2⁻¹⁰⁰.
pub const DRAWN_DIRECTIONS: usize = 5;

/// The fields that no equation can see: the two digests alone cover them.
///
/// `case.name` and `case.expect` are read by no engine, `seed` says only where the random points come from (a
/// certificate with draws or drawn directions is refused when it changes), and the versions are history.
///
/// Without `case.equilibrium` a certificate still proves what it proves at its own rates; a changed number in it is refused.
pub const DIGEST_ONLY: [&str; 7] = [
    "case.name",
    "case.expect",
    "case.equilibrium",
    "seed",
    "versions.creditcheck",
    "versions.num-rational",
    "versions.num-bigint",
];

/// What was claimed of a case, and the witnesses.
///
/// Its bytes are a function of the case and the seed: no time, host or path.
#[derive(Clone, Debug, PartialEq)]
pub struct Certificate {
    /// Of the format.
    pub version: Version,
    /// The case, whole.
    pub case: Case,
    /// The RFC 8785 text of the case as given; the digest is taken of it.
    pub case_text: String,
    /// `sha256:` and 64 hex digits.
    pub case_digest: String,
    /// The kink convention of the case in words.
    pub kink: String,
    /// Where the random points start.
    pub seed: u64,
    /// What computed the certificate.
    pub versions: Versions,
    /// One row per claim and tier.
    pub claims: Vec<ClaimRow>,
    /// The numbers to substitute.
    pub witnesses: Witnesses,
}

/// The versions of the crate and of its arithmetic dependencies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versions {
    /// Of this crate.
    pub creditcheck: String,
    /// Of num-rational.
    pub num_rational: String,
    /// Of num-bigint.
    pub num_bigint: String,
}

/// One row of the table of claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimRow {
    /// Which claim.
    pub claim: Claim,
    /// How it was checked.
    pub tier: Tier,
    /// What came out; none where it was only observed by the issuer (C6).
    pub verdict: Option<Conclusion>,
    /// Why, where it is not agreement: the first entry that differs, or the reason why nothing was checked.
    pub reason: Option<String>,
    /// What was compared, in words.
    pub compared: String,
    /// How many entries were compared.
    pub entries: usize,
    /// How many of them are not zero on the reference side.
    pub nonzero: usize,
    /// How many of them differ.
    pub differing: usize,
    /// The error bound of a probabilistic row.
    pub soundness: Option<Soundness>,
    /// What the row takes for granted.
    pub assumptions: Vec<String>,
}

/// Schwartz–Zippel: a false identity of this degree survives all draws with probability at most 2^log2_bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Soundness {
    /// Free variables of the identity.
    pub variables: usize,
    /// Its total degree is at most this.
    pub degree: u64,
    /// The points are uniform modulo this prime.
    pub prime: u64,
    /// Independent draws.
    pub draws: usize,
    /// ⌈log₂ (degree/prime)^draws⌉.
    pub log2_bound: i64,
}

/// Everything that is substituted; each number stands here once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witnesses {
    /// One entry per example.
    pub examples: Vec<ExampleWitness>,
    /// ΔW and Δb of D4.
    pub update: PerParameter<BigRational>,
    /// ∂L/∂W and ∂L/∂b of D7; layered networks only.
    pub gradient: Option<PerParameter<BigRational>>,
    /// The arbiter, where σ is exact.
    pub tangent: Option<TangentWitness>,
    /// The draws of tier P.
    pub draws: Vec<Draw>,
}

/// Rational numbers by rows.
pub type Matrix = Vec<Vec<BigRational>>;

/// One value per synapse and one per neuron; 0 at neurons without a bias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PerParameter<T> {
    /// In the order of the case.
    pub weights: PerSynapse<T>,
    /// One per neuron.
    pub biases: PerNeuron<T>,
}

/// The equilibrium of one example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExampleWitness {
    /// s; 0 on input neurons.
    pub net_input: PerNeuron<BigRational>,
    /// x.
    pub firing_rate: PerNeuron<BigRational>,
    /// β; 0 on input neurons.
    pub balance_factor: PerNeuron<BigRational>,
    /// c.
    pub credit: PerNeuron<BigRational>,
    /// What backpropagation found; layered networks only.
    pub backprop: Option<BackpropWitness>,
    /// ∂L_b/∂x by the arbiter, one neuron at a time; graph networks only.
    pub response: Option<PerNeuron<BigRational>>,
    /// What makes the credit and the linear response the only ones; networks with a cycle only.
    pub inverses: Option<Inverses>,
}

/// The inverses that an equilibrium of a network with a cycle needs (D9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inverses {
    /// (I − Wᵀ diag β)⁻¹ by rows.
    pub credit: Matrix,
    /// (I − Wᵀ diag σ')⁻¹ by rows, where a balance function is replaced and σ is exact; elsewhere it is the other one.
    pub slope: Option<Matrix>,
}

/// The backward pass of one example, layers counted through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackpropWitness {
    /// x̄.
    pub adjoint: PerNeuron<BigRational>,
    /// δ; 0 on input neurons.
    pub delta: PerNeuron<BigRational>,
}

/// Derivatives of the loss along the directions of [`digest::directions`] (D8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TangentWitness {
    /// One per direction.
    pub derivatives: Vec<BigRational>,
}

/// What both sides computed at one point of 𝔽_p: [`digest::point`] says at which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draw {
    /// One entry per example of the point.
    pub examples: Vec<DrawExample>,
    /// ΔW and Δb.
    pub update: PerParameter<u64>,
    /// ∂L/∂W and ∂L/∂b; layered networks only.
    pub gradient: Option<PerParameter<u64>>,
}

/// One example of a draw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawExample {
    /// c.
    pub credit: PerNeuron<u64>,
    /// x̄; in a graph, where there are no layers, ∂L_b/∂x by the arbiter.
    pub adjoint: PerNeuron<u64>,
}
