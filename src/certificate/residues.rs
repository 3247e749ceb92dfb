//! Residues by the million: the points of tier P on large networks, and fingerprints of what was found there.

use num_bigint::BigInt;
use num_traits::One;
use sha2::{Digest, Sha256};

/// Uniform residues modulo a prime below 2³².
///
/// Block k is SHA-256(key ‖ k), k in eight bytes, big-endian, for k = 0, 1, …; the key is SHA-256 of
/// `digest/seed/label`, seed in decimal ASCII. A block is eight words of 32 bits, big-endian; of a word the lowest ⌈log₂ p⌉ bits
/// count, and words that are then p or more are left out.
///
/// ```
/// use creditcheck::certificate::residues::Residues;
/// let mut residues = Residues::new("sha256:00", 1, "x", 101);
/// let drawn: Vec<u32> = (0..50).map(|_| residues.next()).collect();
/// assert!(drawn.iter().all(|residue| *residue < 101));
/// assert_ne!(drawn[0], Residues::new("sha256:00", 2, "x", 101).next());
/// ```
#[derive(Clone, Debug)]
pub struct Residues {
    message: [u8; 40],
    counter: u64,
    block: [u32; 8],
    used: usize,
    prime: u32,
    mask: u32,
}

impl Residues {
    /// The stream of one purpose.
    #[must_use]
    pub fn new(case_digest: &str, seed: u64, label: &str, prime: u32) -> Self {
        let mut message = [0; 40];
        message[..32].copy_from_slice(&Sha256::digest(format!("{case_digest}/{seed}/{label}")));
        let mask = u32::MAX >> prime.saturating_sub(1).leading_zeros().min(31);
        Self { message, counter: 0, block: [0; 8], used: 8, prime, mask }
    }

    /// The next residue, in 0..p.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> u32 {
        loop {
            if self.used == 8 {
                self.message[32..].copy_from_slice(&self.counter.to_be_bytes());
                let block = Sha256::digest(self.message);
                let (words, _) = block.as_chunks::<4>();
                for (word, bytes) in self.block.iter_mut().zip(words) {
                    *word = u32::from_be_bytes(*bytes);
                }
                self.counter += 1;
                self.used = 0;
            }
            let residue = self.block[self.used] & self.mask;
            self.used += 1;
            if residue < self.prime {
                return residue;
            }
        }
    }
}

/// SHA-256 of residues in 0..p, each in four bytes, big-endian, in the order in which they are added.
#[derive(Clone, Debug, Default)]
pub struct Fingerprint {
    hash: Sha256,
    bytes: Vec<u8>,
}

impl Fingerprint {
    /// Adds residues.
    pub fn add(&mut self, residues: impl IntoIterator<Item = u32>) {
        self.bytes.clear();
        self.bytes.extend(residues.into_iter().flat_map(u32::to_be_bytes));
        self.hash.update(&self.bytes);
    }

    /// As `sha256:` and 64 hex digits.
    #[must_use]
    pub fn text(self) -> String {
        let hex: String = self.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("sha256:{hex}")
    }
}

/// The smallest number of draws for which (degree/p)^draws ≤ 2⁻¹⁰⁰, with ⌈log₂⌉ of that bound; `None` where no number
/// of draws would do, or more than 64 would be needed.
///
/// ```
/// use creditcheck::certificate::residues::draws;
/// assert_eq!(draws(8, 4_194_301), Some((6, -113)));
/// assert_eq!(draws(4_194_301, 4_194_301), None);
/// ```
#[must_use]
pub fn draws(degree: u64, prime: u32) -> Option<(usize, i64)> {
    let (mut failing, mut all) = (BigInt::one(), BigInt::one());
    for draws in 1..=64 {
        failing *= degree;
        all *= prime;
        // The largest m with 2^m · failing ≤ all.
        let ratio = &all / &failing;
        let m = i64::try_from(ratio.bits()).unwrap_or(i64::MAX) - 1;
        if m >= 100 {
            return Some((draws, -m));
        }
    }
    None
}
