//! Every sentence of a certificate: what was compared, what is taken for granted, and why not.
//!
//! Data, not computation: issuer and verifier share it, so that a certificate cannot claim more in words
//! than its rows are checked for.

use num_rational::BigRational;
use num_traits::One;

use super::Version;
use crate::spec::{Case, Kink, Network};
use crate::verdict::{Claim, Conclusion, Tier};

/// The title of a report on a large certificate: its case may name none.
pub const LARGE_TITLE: &str = "a large network";

/// Why a large certificate whose case names files is unchecked without them.
pub const FILES_UNSEEN: &str = "the case names files, and they are not there: its shape, and that it is large, are not confirmed";

/// What the rows of a large certificate take for granted where its files are not there.
pub const LARGE_SHAPES: &str = "the shapes are those of the files that the case names";

/// What the rows of a large certificate take for granted.
pub const LARGE: [&str; 4] = [
    "the points are those of SHA-256 of the digests of the case and of its files, and of the seed",
    "x and β are given to both sides: what σ and its slope are is not part of the identity",
    LARGE_SHAPES,
    "a fingerprint stands for the residues of which it is the SHA-256",
];

/// The kink convention of a case in words.
#[must_use]
pub fn kink(case: &Case) -> String {
    let of = |kink| match kink {
        Kink::Left => "that of the piece on its left".to_owned(),
        Kink::Right => "that of the piece on its right".to_owned(),
        Kink::Mean => "half the sum of those of the two pieces".to_owned(),
        Kink::Inner => "that of the piece between the two kinks".to_owned(),
        Kink::Outer => "that of the piece beyond the two kinks".to_owned(),
        Kink::Between(share) => {
            let right = share.exact();
            let left = BigRational::one() - &right;
            format!("{left} of that of the piece on its left plus {right} of that on its right")
        }
    };
    let mut text = format!("the slope at a kink is {}", of(case.kink));
    if let Network::Layered(net) = &case.network {
        for (l, layer) in net.layers.iter().enumerate() {
            if let Some(kink) = layer.kink {
                text.push_str(&format!("; in layer {}, {}", l + 1, of(kink)));
            }
        }
    }
    text
}

/// What a row compared.
#[must_use]
pub fn compared(claim: Claim, tier: Tier, layered: bool, given: bool) -> &'static str {
    match (claim, tier, layered) {
        (Claim::Recurrent, ..) if given => {
            "at this equilibrium: (I − Wᵀ diag β) M = I and c = M e, each example, so the credit is the only one"
        }
        (Claim::Credit, Tier::Identity, true) => {
            "c = −x̄ at every neuron and β∘c = −δ at every neuron that is no input, as an identity in W, x, β, e over 𝔽_p"
        }
        (Claim::Credit, Tier::Identity, false) => {
            "c_j = −∂L_b/∂x_j at every neuron, arbiter: tangent, as an identity in W, β, e over 𝔽_p"
        }
        (Claim::Credit, _, true) => {
            "c = −x̄ at every neuron and β∘c = −δ at every neuron that is no input, each example"
        }
        (Claim::Credit, _, false) => {
            "c_j = −∂L_b/∂x_j at every neuron, each example, arbiter: tangent"
        }
        (Claim::Update, Tier::Identity, _) => {
            "ΔW = −η ∂L/∂W and Δb = −η ∂L/∂b, every entry, as an identity in W, x, β, e, η over 𝔽_p"
        }
        (Claim::Update, _, true) => "ΔW = −η ∂L/∂W and Δb = −η ∂L/∂b, every entry",
        (Claim::Update, _, false) => {
            "⟨ΔW, H⟩ = −η times the derivative of L along H, every direction, arbiter: tangent"
        }
        (Claim::Truth, _, true) => {
            "⟨∂L/∂W, H⟩ = the derivative of L along H, and ⟨ΔW, H⟩ = −η times it, every direction"
        }
        (Claim::Truth, _, false) => {
            "c_j = −∂L_b/∂x_j at every neuron, and ⟨ΔW, H⟩ = −η times the derivative of L along H, every direction"
        }
        (Claim::Necessity, ..) => {
            "with β_i + 1 in place of β_i, one neuron with c_i ≠ 0 at a time: the first entry to differ is where the theorem says"
        }
        (Claim::Settling, ..) => {
            "from a random start, each credit after h(j)+1 sweeps and after depth+1 sweeps, each example"
        }
        (Claim::Recurrent, ..) => {
            "at this equilibrium: (I − Wᵀ diag β) M = I and c = M e, each example, and ⟨ΔW, H⟩ = −η times the derivative of L along H"
        }
        (Claim::Locality, ..) => {
            "the reads of relax and plasticity, each example: none but those that D3 and D4 allow"
        }
    }
}

/// What a row is about, as far as its sentences depend on it.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    /// Of the certificate.
    pub version: Version,
    /// Whether the network has layers.
    pub layered: bool,
    /// Whether it has a cycle.
    pub recurrent: bool,
    /// Whether some σ is not rational.
    pub given: bool,
    /// Whether C3 uses every unit direction.
    pub unit_directions: bool,
}

/// What a row takes for granted.
#[must_use]
pub fn assumptions(claim: Claim, tier: Tier, subject: Subject) -> Vec<String> {
    let Subject { version, layered, recurrent, given, unit_directions } = subject;
    let mut list: Vec<&str> = Vec::new();
    if tier == Tier::Identity {
        list.push("given β; slope not checked here");
        list.push("SHA-256 of the case and the seed is as good as uniform");
        list.push("ring operations only");
    } else if given {
        list.push(match version {
            Version::One => "given β; slope not checked here: x and β are taken as exact",
            Version::Two => GIVEN,
        });
        if recurrent && version == Version::Two {
            list.push("the equilibrium is that of the certificate: the case names none");
        }
    }
    match claim {
        Claim::Settling => {
            list.push(
                "the error after n sweeps is linear in the start: a random start stands for any",
            );
        }
        Claim::Locality => {
            list.push(
                "reads recorded by the issuer; a verifier can only count those that are allowed",
            );
        }
        Claim::Update if layered => {}
        Claim::Truth | Claim::Update | Claim::Recurrent
            if !unit_directions && tier == Tier::Exact =>
        {
            list.push("directions uniform in 0..2^20: a wrong update survives with probability at most 2^-100");
        }
        _ => {}
    }
    list.into_iter().map(str::to_owned).collect()
}

/// What a row takes for granted where some σ is not rational.
const GIVEN: &str = "given β: x and β are held to σ and σ′ within one rounding of each step";

/// What stands in the place of a verdict that the issuer alone observed.
pub const OBSERVED: &str = "observed";

/// What the row of C6 says: its reads were seen by the issuer, and a verifier has no verdict on them. The first version wrote `agree`.
#[must_use]
pub fn observed(version: Version) -> Option<Conclusion> {
    match version {
        Version::One => Some(Conclusion::Agree),
        Version::Two => None,
    }
}

/// The verdict of a row in a word.
#[must_use]
pub fn verdict(verdict: Option<Conclusion>) -> &'static str {
    verdict.map_or(OBSERVED, Conclusion::word)
}

/// Why a row whose reference entries are all zero is unchecked.
pub const ALL_ZERO: &str = "every compared entry is zero";

/// Why C1–C3 are unchecked although something is not zero.
pub const HIDDEN_DEAD: &str = "no credit passes any hidden neuron: β∘c is zero at all of them";

/// Why C2 is unchecked although something is not zero: a block of parameters of which nothing was compared but zeros.
#[must_use]
pub fn zero_block(block: &str) -> String {
    format!("{block}: every entry of this block is zero")
}

/// Why C5 is unchecked.
pub const NO_SHORT_WITNESS: &str = "no neuron shows that one sweep fewer is too few";

/// The place of a credit.
#[must_use]
pub fn at_credit(example: usize, neuron: usize) -> String {
    format!("example {example}, credit of neuron {neuron}")
}

/// The place of β∘c.
#[must_use]
pub fn at_delta(example: usize, neuron: usize) -> String {
    format!("example {example}, balance times credit of neuron {neuron}")
}

/// The place of a weight update.
#[must_use]
pub fn at_weight(synapse: usize, post: usize, pre: usize) -> String {
    format!("update of synapse {synapse} (post {post}, pre {pre})")
}

/// The place of a bias update.
#[must_use]
pub fn at_bias(post: usize) -> String {
    format!("update of the bias of neuron {post}")
}

/// The place of a derivative.
#[must_use]
pub fn at_direction(direction: usize, side: &str) -> String {
    format!("direction {direction}, {side}")
}

/// The place of an entry of an inverse.
#[must_use]
pub fn at_inverse(example: usize, row: usize, column: usize) -> String {
    format!("example {example}, (I − Wᵀ diag β) M at row {row}, column {column}")
}

/// The place of an entry of a draw.
#[must_use]
pub fn in_draw(draw: usize, place: &str) -> String {
    format!("draw {draw}, {place}")
}
